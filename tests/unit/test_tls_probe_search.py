"""The searches of a TLS survey against servers that are a few lines of rules: what is accepted is found exactly, in few hellos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.tls import Preference, SniBehaviour
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.probes.tls_features import intolerance
from scanner.probes.tls_groups import old_exchange, tls13_signatures
from scanner.probes.tls_names import UNKNOWN_NAME, OtherNames
from scanner.probes.tls_order import Unusual
from scanner.probes.tls_protocols import Protocols
from scanner.probes.tls_search import Found, Manner, Present, chacha_first, is_chacha, old_suites, order, presence_of, searched
from scanner.probes.tls_search13 import Tls13, tls13, tls13_groups
from scanner.probes.tls_sessions import old_sessions
from scanner.probes.tls_values import Again, Answer, Book, Chosen, Failed, Offer, Refused, Search, Ssl2Offer, Wants
from scanner.wire.tls.client12 import Session
from scanner.wire.tls.groups import groups_for
from scanner.wire.tls.messages import ServerHello
from scanner.wire.tls.names import SSL3, TLS10, TLS11, TLS12, TLS13, Extension
from scanner.wire.tls.schemes import USUAL_SCHEMES
from scanner.wire.tls.suites import SUITES

R = TypeVar("R")
MANNER = Manner("www.lab.test")
NONE_IN_COMMON = Refused("alert handshake_failure", 40)
MODERN = (0xC02F, 0xC030, 0xCCA8)
SILENCE = Failed(Unobserved(Reason.TIMEOUT, "no answer"))


@dataclass
class Server:
    """A server by its rules. ``asked`` holds the offers that came."""

    suites: dict[int, tuple[int, ...]]
    groups: tuple[int, ...] = (29, 23)
    schemes: tuple[int, ...] = (0x0804, 0x0401)
    by: Preference = Preference.SERVER
    most: int = 1000
    secret_first: bool = False
    asked: list[Offer] = field(default_factory=list)

    def answer(self, offer: Offer) -> Answer:
        self.asked.append(offer)
        hello = offer.hello
        if len(hello.suites) > self.most:
            return NONE_IN_COMMON
        versions = hello.versions or (hello.version,)
        fitting = [v for v in sorted(self.suites, reverse=True) if v <= max(versions) and (v == TLS13) <= (TLS13 in versions)]
        if hello.version == TLS13 and hello.versions is None:
            fitting = [v for v in fitting if v == TLS13]
        if not fitting:
            return Refused("alert protocol_version", 70)
        version = fitting[0]
        own = self.suites[version]
        if self.secret_first and any(SUITES[code].auth == "PSK" for code in hello.suites if code in own):
            return Refused("alert unknown_psk_identity", 115)
        theirs = [code for code in hello.suites if code in own]
        if not theirs:
            return NONE_IN_COMMON
        if self.by is Preference.CLIENT:
            suite = theirs[0]
        elif self.by is Preference.SERVER_CHACHA and is_chacha(hello.suites[0]):
            suite = next(code for code in sorted(own, key=lambda code: not is_chacha(code)) if code in theirs)
        else:
            suite = next(code for code in own if code in theirs)
        group = next((code for code in self.groups if code in (hello.groups or self.groups)), None)
        if group is None:
            return NONE_IN_COMMON
        scheme = None
        if version >= TLS12 and (offer.shares or version == TLS12):
            scheme = next((code for code in self.schemes if code in (hello.schemes or USUAL_SCHEMES)), None)
            if scheme is None:
                return NONE_IN_COMMON
        greeting = ServerHello(version, min(version, TLS12), bytes(32), b"", suite, 0, (), b"")
        return Chosen(version, suite, group, scheme, retry=version == TLS13 and not offer.shares, hello=greeting)


def run(search: Search[R], say: Callable[[Offer], Answer]) -> R:
    answer: Answer | None = None
    try:
        while True:
            offer = search.send(answer)  # type: ignore[arg-type]  # a generator begins with nothing
            assert not isinstance(offer, Ssl2Offer)
            answer = say(offer)
    except StopIteration as end:
        result: R = end.value
        return result


def suites_of(server: Server, version: int = TLS12, manner: Manner = MANNER) -> Found:
    present = run(presence_of(manner, None), server.answer)[version]
    return present if isinstance(present, Found) else run(old_suites(manner, version, present), server.answer)


def test_what_is_accepted_is_found_in_the_servers_order() -> None:
    server = Server({TLS12: MODERN})
    found = suites_of(server)
    assert (tuple(found.suites), found.refusal, found.unfinished) == (MODERN, "alert handshake_failure", None)
    # one for 1.2, one that shows that nothing older is there, then one for each suite and one that is refused
    assert len(server.asked) == 2 + len(MODERN) - 1 + 1


def test_ssl3_is_asked_for_by_itself_where_the_version_was_not_named_as_the_fault() -> None:
    server = Server({TLS12: MODERN, SSL3: (0x0005,)})

    def say(offer: Offer) -> Answer:
        return server.answer(offer) if offer.hello.version in {TLS12, SSL3} else Refused("closed")

    seen = run(presence_of(MANNER, Chosen(TLS12, MODERN[0])), say)
    assert isinstance(seen[SSL3], Present)
    assert [seen[version].refusal for version in (TLS11, TLS10)] == ["closed", "closed"]  # type: ignore[union-attr]  # a miss fails the test


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from((TLS12, TLS11, TLS10, SSL3)).flatmap(
        lambda v: st.tuples(st.just(v), st.lists(st.sampled_from(searched(v)), min_size=1, max_size=25, unique=True))
    ),
    st.sampled_from((Preference.SERVER, Preference.CLIENT)),
)
def test_any_set_of_suites_is_found_exactly(what: tuple[int, list[int]], by: Preference) -> None:
    version, suites = what
    server = Server({version: tuple(suites)}, by=by)
    found = suites_of(server, version)
    assert set(found.suites) == set(suites)
    if by is Preference.SERVER:
        assert found.suites == suites
    expected = None if len(suites) < 2 else by
    found.preference = run(order(MANNER, found), server.answer)
    assert run(chacha_first(MANNER, found), server.answer) == expected


@pytest.mark.parametrize(
    ("suites", "by"),
    [((0xCCA8, 0xC030, 0xC02F), Preference.CLIENT), ((0xC02F, 0xC030), Preference.SERVER), ((0xC02F, 0x009C, 0x0005), Preference.SERVER)],
)
def test_the_search_for_suites_shows_by_the_way_whose_order_decides(suites: tuple[int, ...], by: Preference) -> None:
    server = Server({TLS12: suites}, by=by)
    found = suites_of(server)
    hellos = len(server.asked)
    assert run(order(MANNER, found), server.answer) is by
    assert hellos == len(server.asked) == 2 + len(suites)


def test_oddities_go_with_a_hello_that_is_answered_anyway() -> None:
    server, unusual = Server({TLS12: MODERN}, by=Preference.CLIENT), Unusual()
    found = run(old_suites(MANNER, TLS12, Present(Chosen(TLS12, 0xCCA8)), unusual), server.answer)
    assert (set(found.suites), unusual) == (set(MODERN), Unusual(borne=True, tried=True))
    assert [(offer.hello.grease, offer.hello.padding > 0) for offer in server.asked] == [(True, True), (False, False), (False, False)]


def test_who_stumbles_over_oddities_is_asked_again_without() -> None:
    server, unusual = Server({TLS12: MODERN}, by=Preference.CLIENT), Unusual()

    def say(offer: Offer) -> Answer:
        return NONE_IN_COMMON if offer.hello.padding else server.answer(offer)

    found = run(old_suites(MANNER, TLS12, Present(Chosen(TLS12, 0xCCA8)), unusual), say)
    assert (set(found.suites), found.unfinished, unusual) == (set(MODERN), None, Unusual(borne=False, tried=True))
    assert run(intolerance(MANNER, found, unusual), say) == ("long",)


@pytest.mark.parametrize("declines", ["by-alert", "by-silence", "with-its-own"])
def test_application_protocols_are_asked_for_in_hellos_about_schemes(declines: str) -> None:
    server, spoken = Server({TLS12: MODERN}, schemes=(0x0804, 0x0805, 0x0806, 0x0401)), ("h2",)

    def say(offer: Offer) -> Answer:
        answer = server.answer(offer)
        if not isinstance(answer, Chosen) or not offer.hello.alpn:
            return answer
        own = next((name for name in spoken if name in offer.hello.alpn), "h3" if declines == "with-its-own" else None)
        return Refused("alert no_application_protocol", 120) if own is None and declines == "by-alert" else replace(answer, alpn=own)

    protocols = Protocols.of("https")
    out = run(old_exchange(MANNER, TLS12, MODERN, Book(), protocols.search), say)
    assert (out.schemes, out.schemes_why, protocols.open) == ([0x0804, 0x0805, 0x0806, 0x0401], None, False)
    assert protocols.seen() == (("h2", "h3") if declines == "with-its-own" else ("h2",))


FOUR = (0x0804, 0x0805, 0x0806, 0x0401)


def asked_by_other_names(other: Callable[[Answer], Answer], *, schemes: tuple[int, ...] = FOUR) -> tuple[OtherNames, list[int], int]:
    """Find schemes and names together: ``other`` is what becomes of an answer where the name is not the server's own."""
    server, book = Server({TLS12: MODERN}, schemes=schemes), Book()
    names = OtherNames.of(MANNER.name, book)

    def say(offer: Offer) -> Answer:
        answer = server.answer(offer)
        answer = replace(answer, certificates=(b"own",)) if isinstance(answer, Chosen) else answer
        answer = answer if offer.hello.server_name == MANNER.name else other(answer)
        if isinstance(answer, Chosen):
            book.answers.append((offer, answer))
        return answer

    out = run(old_exchange(MANNER, TLS12, MODERN, book, names.search), say)
    assert out.schemes_why is None
    return names, out.schemes, len(server.asked)


def test_a_hello_with_another_name_that_brings_the_same_certificate_tells_of_schemes_too() -> None:
    alone = Server({TLS12: MODERN}, schemes=FOUR)
    run(old_exchange(MANNER, TLS12, MODERN, Book()), alone.answer)
    names, schemes, hellos = asked_by_other_names(lambda answer: answer)
    assert names.found == {None: SniBehaviour.SAME, UNKNOWN_NAME: SniBehaviour.SAME}
    assert (schemes, hellos, names.open) == (list(FOUR), len(alone.asked), [])


def test_what_another_host_signs_with_is_not_taken_for_this_ones() -> None:
    def other(answer: Answer) -> Answer:
        return Chosen(TLS12, MODERN[0], 29, 0x0203, certificates=(b"other",))

    names, schemes, _ = asked_by_other_names(other)
    assert names.found == {None: SniBehaviour.OTHER, UNKNOWN_NAME: SniBehaviour.OTHER}
    assert schemes == list(FOUR)


def test_a_refusal_is_the_names_fault_only_where_the_same_hello_works_with_the_right_one() -> None:
    names, schemes, _ = asked_by_other_names(lambda _: Refused("alert unrecognized_name", 112))
    assert names.found == {None: SniBehaviour.REFUSED, UNKNOWN_NAME: SniBehaviour.REFUSED}
    assert schemes == list(FOUR)
    names, schemes, _ = asked_by_other_names(lambda _: Refused("alert handshake_failure", 40), schemes=FOUR[:2])
    assert (names.found, names.open, schemes) == ({}, [None, UNKNOWN_NAME], list(FOUR[:2]))


@pytest.mark.parametrize("end", [SILENCE, Chosen(TLS12, MODERN[0], 29, cut=SILENCE.why)])
def test_a_hello_with_another_name_that_is_not_answered_to_the_end_tells_nothing(end: Answer) -> None:
    names, schemes, _ = asked_by_other_names(lambda _: end)
    assert (names.found, names.open, schemes) == ({}, [None, UNKNOWN_NAME], list(FOUR))


SESSION = Session(TLS12, MODERN[0], bytes(48), b"id", b"", extended=True)


@pytest.mark.parametrize("becomes", ["taken-up", "begun-anew", "begun-anew-with-the-scheme-of-the-session", "refused"])
def test_a_session_is_offered_again_in_a_hello_about_schemes(becomes: str) -> None:
    server = Server({TLS12: MODERN}, schemes=FOUR)
    first: list[int | None] = []

    def say(offer: Offer) -> Answer:
        answer = server.answer(offer)
        assert isinstance(answer, Chosen) or offer.wants is not Wants.AGAIN
        if not isinstance(answer, Chosen):
            return answer
        if offer.wants is Wants.SESSION:
            first.append(answer.scheme)
            return replace(answer, session=SESSION)
        if offer.wants is not Wants.AGAIN:
            return answer
        assert (offer.session, offer.hello.session_id) == (SESSION, b"id")
        match becomes:
            case "taken-up":
                return replace(answer, scheme=None, again=Again(taken_up=True, renegotiations=2))
            case "begun-anew":
                return replace(answer, again=Again(taken_up=False, renegotiations=0))
            case "refused":
                return NONE_IN_COMMON
        return replace(answer, scheme=first[0], again=Again(taken_up=False, renegotiations=0))

    out = run(old_exchange(MANNER, TLS12, MODERN, Book()), say)
    assert (out.schemes, out.schemes_why, out.session) == (list(FOUR), None, SESSION)
    assert [offer.wants for offer in server.asked].count(Wants.AGAIN) == 1
    whole = run(old_sessions(MANNER, Found(TLS12, list(MODERN)), out.session), say) if out.again is None else out.again
    match becomes:
        case "taken-up":
            assert whole == Again(taken_up=True, renegotiations=2)
        case "refused":
            assert out.again is None
            assert isinstance(whole.taken_up, Unobserved)
        case _:
            assert whole == Again(taken_up=False, renegotiations=0)


def test_one_hello_shows_that_older_versions_are_not_spoken() -> None:
    server = Server({TLS12: MODERN})
    seen = run(presence_of(MANNER, Chosen(TLS12, MODERN[0])), server.answer)
    assert [type(seen[version]) for version in (TLS12, TLS11, TLS10, SSL3)] == [Present, Found, Found, Found]
    assert len(server.asked) == 1


def test_a_server_that_dies_of_something_else_in_the_hello_still_speaks_the_version() -> None:
    server = Server({TLS12: MODERN})

    def say(offer: Offer) -> Answer:
        return server.answer(offer) if offer.hello.schemes is None or len(offer.hello.schemes) < 12 else Refused("closed")

    seen = run(presence_of(MANNER, None), say)[TLS12]
    assert isinstance(seen, Present)
    assert set(run(old_suites(MANNER, TLS12, seen), say).suites) == set(MODERN)


def test_a_gap_between_versions_is_seen() -> None:
    server = Server({TLS12: MODERN, TLS10: (0x002F,), SSL3: (0x0005,)})
    seen = run(presence_of(MANNER, None), server.answer)
    gap = seen[TLS11]
    assert isinstance(gap, Found)
    assert gap.refusal == "chose TLSv1.0"
    assert all(isinstance(seen[version], Present) for version in (TLS12, TLS10, SSL3))


def test_a_server_that_stumbles_over_many_suites_is_asked_in_parts() -> None:
    suites = (*MODERN, 0x002F, 0x0035, 0x000A)
    server = Server({TLS12: suites}, most=128)
    found = suites_of(server)
    assert (set(found.suites), found.unfinished) == (set(suites), None)


def test_a_plain_manner_keeps_hellos_short() -> None:
    server = Server({TLS12: MODERN}, most=60)
    found = suites_of(server, manner=Manner("www.lab.test", plain=True))
    assert set(found.suites) == set(MODERN)


def test_suites_for_shared_secrets_do_not_hide_the_others() -> None:
    psk = next(code for code, suite in SUITES.items() if suite.auth == "PSK" and suite.newest >= TLS12)
    server = Server({TLS12: (psk, *MODERN)}, secret_first=True)
    found = suites_of(server)
    assert set(found.suites) == set(MODERN)
    assert found.unfinished is not None
    assert "unknown_psk_identity" in found.unfinished.detail


@pytest.mark.parametrize("after", range(6))
def test_silence_in_the_middle_leaves_the_search_unfinished(after: int) -> None:
    server = Server({TLS12: MODERN})

    def say(offer: Offer) -> Answer:
        return server.answer(offer) if len(server.asked) < after else SILENCE

    seen = run(presence_of(MANNER, None), say)[TLS12]
    found = seen if isinstance(seen, Found) else run(old_suites(MANNER, TLS12, seen), say)
    assert (found.unfinished is None) == (after >= 5)
    assert found.unfinished is None or found.unfinished.reason is Reason.TIMEOUT
    assert found.seen().accepted == bool(found.suites)


def test_a_choice_that_was_not_offered_is_a_violation() -> None:
    found = run(old_suites(MANNER, TLS12, Present(Chosen(TLS12, MODERN[0]))), lambda offer: Chosen(TLS12, MODERN[0]))
    assert found.unfinished is not None
    assert (found.unfinished.reason, found.unfinished.detail) == (
        Reason.PROTOCOL_VIOLATION,
        "chose TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, which was not offered",
    )


@pytest.mark.parametrize(
    ("suites", "by"),
    [
        ((0xC02F, 0xC030, 0xCCA8), Preference.SERVER_CHACHA),
        ((0xC02F, 0xCCA8), Preference.SERVER_CHACHA),
        ((0xC02F, 0xCCA8), Preference.SERVER),
        ((0xCCA8, 0xC02F), Preference.SERVER),
        ((0xC02F, 0xCCA8), Preference.CLIENT),
        ((0xC02F, 0xC030), Preference.CLIENT),
    ],
)
def test_whose_order_decides(suites: tuple[int, ...], by: Preference) -> None:
    server = Server({TLS12: suites}, by=by)
    found = Found(TLS12, list(suites))
    found.preference = run(order(MANNER, found), server.answer)
    assert run(chacha_first(MANNER, found), server.answer) is by


def test_an_order_that_cannot_be_told_is_not_told() -> None:
    assert run(order(MANNER, Found(TLS12, [0xC02F])), lambda offer: SILENCE) is None
    assert run(order(MANNER, Found(TLS12, list(MODERN))), lambda offer: SILENCE) == SILENCE.why


GROUPS = tuple(groups_for(TLS13))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(searched(TLS13)), min_size=1, max_size=6, unique=True),
    st.lists(st.sampled_from(GROUPS), min_size=1, max_size=12, unique=True),
    st.sampled_from((Preference.SERVER, Preference.CLIENT)),
)
def test_suites_and_groups_of_tls13_are_found_together(suites: list[int], groups: list[int], by: Preference) -> None:
    server = Server({TLS13: tuple(suites)}, groups=tuple(groups), by=by)
    state = tls13_of(server)
    assert (set(state.found().suites), state.found().unfinished) == (set(suites), None)
    assert (set(state.two.found[1]), state.groups().unfinished) == (set(groups), None)
    assert len(server.asked) <= max(len(suites), len(groups)) + 4


def tls13_of(server: Server) -> Tls13:
    state = run(tls13(MANNER, SILENCE), server.answer)
    run(tls13_groups(state), server.answer)
    return state


def test_tls13_that_is_not_spoken_takes_no_hello_of_its_own() -> None:
    server = Server({TLS12: MODERN})
    state = run(tls13(MANNER, Chosen(TLS12, MODERN[0])), server.answer)
    assert (state.found().seen().accepted, state.found().refusal, server.asked) == (False, "chose TLSv1.2", [])


@pytest.mark.parametrize("after", range(1, 12))
def test_silence_in_the_middle_of_tls13_is_never_an_absence(after: int) -> None:
    server = Server({TLS13: (0x1301, 0x1302)}, groups=(29, 23, 24, 25))

    def say(offer: Offer) -> Answer:
        return server.answer(offer) if len(server.asked) < after else SILENCE

    state = run(tls13(MANNER, SILENCE), say)
    run(tls13_groups(state), say)
    found, groups = state.found(), state.groups()
    assert found.unfinished is not None or set(found.suites) == {0x1301, 0x1302}
    assert groups.unfinished is not None or set(state.two.found[1]) == {29, 23, 24, 25}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(groups_for(TLS12, "ecdhe")), min_size=1, max_size=8, unique=True),
    st.lists(st.sampled_from((0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201)), min_size=1, max_size=7, unique=True),
)
def test_groups_and_signatures_of_tls12_are_found_together(groups: list[int], schemes: list[int]) -> None:
    server = Server({TLS12: MODERN}, groups=tuple(groups), schemes=tuple(schemes))
    out = run(old_exchange(MANNER, TLS12, MODERN, Book()), server.answer)
    assert (out.groups, out.schemes) == (groups, schemes)
    assert (out.groups_why, out.schemes_why) == (None, None)
    assert len(server.asked) <= max(len(groups), len(schemes)) + 4


@pytest.mark.parametrize("after", range(1, 8))
def test_silence_in_the_middle_of_groups_is_never_an_absence(after: int) -> None:
    server = Server({TLS12: MODERN}, groups=(29, 23, 24), schemes=(0x0804, 0x0401))

    def say(offer: Offer) -> Answer:
        return server.answer(offer) if len(server.asked) < after else SILENCE

    out = run(old_exchange(MANNER, TLS12, MODERN, Book()), say)
    assert out.groups_why is not None or out.groups == [29, 23, 24]
    assert out.schemes_why is not None or out.schemes == [0x0804, 0x0401]


def test_signatures_of_tls13_leave_certificates_open() -> None:
    server = Server({TLS13: (0x1301,)}, schemes=(0x0804, 0x0805))
    out = run(tls13_signatures(MANNER, (0x1301,), (29,), Book()), server.answer)
    assert (out.schemes, out.why, len(server.asked)) == ([0x0804, 0x0805], None, 3)
    assert all(Extension.SIGNATURE_ALGORITHMS_CERT in dict(offer.hello.extra) for offer in server.asked)


def test_signatures_that_an_earlier_answer_has_shown_are_not_asked_for_again() -> None:
    server = Server({TLS13: (0x1301,)}, schemes=(0x0804, 0x0805))
    book = Book([(MANNER.offer(TLS13, (0x1301,), "opening"), Chosen(TLS13, 0x1301, 29, 0x0804))])
    out = run(tls13_signatures(MANNER, (0x1301,), (29,), book), server.answer)
    assert (out.schemes, out.why, len(server.asked)) == ([0x0804, 0x0805], None, 2)


def test_a_ticket_is_awaited_though_the_key_signs_in_one_way_that_is_known() -> None:
    server = Server({TLS13: (0x1301,)}, schemes=(0x0403,))
    book = Book([(MANNER.offer(TLS13, (0x1301,), "opening"), Chosen(TLS13, 0x1301, 29, 0x0403))])

    def say(offer: Offer) -> Answer:
        answer = server.answer(offer)
        return replace(answer, ticket=True) if isinstance(answer, Chosen) and offer.wants is Wants.TICKET else answer

    out = run(tls13_signatures(MANNER, (0x1301,), (29,), book), say)
    assert (out.schemes, out.why, len(server.asked)) == ([0x0403], None, 2)
    assert out.whole is not None


def test_signatures_over_a_group_that_cannot_be_computed_with_are_not_told() -> None:
    out = run(tls13_signatures(MANNER, (0x1301,), (41,), Book()), lambda offer: SILENCE)
    assert out.why is not None
    assert out.why.reason is Reason.UNSUPPORTED
