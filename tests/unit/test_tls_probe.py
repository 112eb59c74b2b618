"""The survey and the probe for defects beside real servers of OpenSSL, and beside peers that misbehave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from scanner.facts.tls import Features, Preference, SniBehaviour, TlsDefects, TlsSeen, TlsSurvey, Upgrade, Version
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.net import guard
from scanner.net.network import Network
from scanner.net.scope import ALWAYS, Consent, Entry, Level, Match, Scope
from scanner.probes import tls_survey as surveying
from scanner.probes.tls import tls_survey
from scanner.probes.tls_defects import tls_defects
from scanner.probes.tls_search import Manner
from scanner.probes.tls_talk import Talker
from scanner.probes.tls_values import Chosen, Offer, Raw, Wants
from scanner.wire.tls.names import TLS13
from scanner.wire.tls.suites import suite_by_name
from tests.unit.tls_servers import Gate, accepted_by_openssl, certificate, openssl_server, seen, service, settings, survey

EVERYTHING = "ALL:eNULL:@SECLEVEL=0"
INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384"
)


@pytest.fixture(scope="module")
def modern() -> Iterator[int]:
    with openssl_server("-cipher", INTERMEDIATE, "-serverpref", "-alpn", "h2,http/1.1", "-www") as port:
        yield port


def look(port: int, connections: int = 60, protocol: str = "https") -> TlsSeen:
    return seen(asyncio.run(survey(service(port, protocol), settings(connections)))[0])


def openssl_names(one: TlsSeen, version: Version) -> set[str]:
    found = one.version(version)
    assert found
    assert found.unfinished is None
    return {suite.openssl if (suite := suite_by_name(name)) else name for name in found.suites}


def test_the_suites_found_are_those_that_the_library_lists() -> None:
    with openssl_server("-cipher", EVERYTHING, "-www", keys=("rsa", "ec")) as port:
        one = look(port, 400)
    for version, name in ((Version.TLS12, "TLSv1.2"), (Version.TLS11, "TLSv1.1"), (Version.TLS10, "TLSv1")):
        assert openssl_names(one, version) == accepted_by_openssl(EVERYTHING, name)
    assert [found.version for found in one.versions if found.accepted] == [Version.TLS10, Version.TLS11, Version.TLS12, Version.TLS13]
    assert [found.preference for found in one.versions if found.accepted] == [Preference.CLIENT] * 4
    assert not isinstance(one.chains, Unobserved)
    assert {(chain.wanted, chain.sni) for chain in one.chains} == {("RSA", True), ("ECDSA", True), ("RSA", False)}
    assert not isinstance(one.dh, Unobserved)
    assert {(dh.bits, dh.suites) for dh in one.dh} >= {(2048, ("DHE_RSA",))}


def test_a_modern_server_takes_few_connections(modern: int) -> None:
    one = look(modern)
    assert one.connections <= 45  # ten groups of TLS 1.3 and twelve schemes of TLS 1.2 are a connection each
    assert all(found.unfinished is None for found in one.versions)
    twelve, thirteen = one.version(Version.TLS12), one.version(Version.TLS13)
    assert twelve
    assert thirteen
    assert [suite_by_name(name) and suite_by_name(name).openssl for name in twelve.suites] == [  # type: ignore[union-attr]  # the and sees to it
        name for name in INTERMEDIATE.split(":") if "ECDSA" not in name
    ]
    assert (twelve.preference, thirteen.preference) == (Preference.SERVER, Preference.SERVER)
    assert thirteen.suites == ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256")
    groups = {entry.version: (entry.groups, entry.unfinished) for entry in one.groups}
    assert groups[Version.TLS12] == (("x25519", "secp256r1", "x448", "secp521r1", "secp384r1"), None)
    assert groups[Version.TLS13][0][:5] == ("x25519", "secp256r1", "x448", "secp521r1", "secp384r1")
    assert set(groups[Version.TLS13][0][5:]) == {f"ffdhe{bits}" for bits in (2048, 3072, 4096, 6144, 8192)}
    signs = {entry.version: (entry.schemes, entry.unfinished) for entry in one.signs}
    assert signs[Version.TLS13] == (("rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"), None)
    assert set(signs[Version.TLS12][0]) >= {"rsa_pkcs1_sha256", "rsa_pss_rsae_sha256"}
    assert one.features == Features(
        compression=False,
        secure_renegotiation=True,
        client_renegotiation=0,
        extended_master_secret=True,
        encrypt_then_mac=None,
        session_id=True,
        session_ticket=True,
        tls13_ticket=True,
        early_data=0,
        fallback_scsv=True,
        heartbeat=False,
        alpn=("h2", "http/1.1"),
        intolerant=(),
        without_sni=SniBehaviour.SAME,
        unknown_sni=SniBehaviour.SAME,
    )


def test_versions_suites_and_order_take_twenty_connections(modern: int) -> None:
    one = look(modern, 20)
    assert [(found.unfinished, found.preference) for found in one.versions if found.accepted] == [(None, Preference.SERVER)] * 2
    assert all(found.unfinished is None for found in one.versions)
    assert one.connections <= 20


def test_a_small_budget_is_spent_on_versions_first_and_the_rest_says_so(modern: int) -> None:
    one = look(modern, 8)
    assert one.connections == 8
    assert [found.accepted for found in one.versions] == [False, False, False, False, True, True]
    assert [found.unfinished for found in one.versions[:4]] == [None] * 4
    reasons = {found.unfinished.reason for found in one.versions[4:] if found.unfinished}
    reasons |= {entry.unfinished.reason for entry in one.groups if entry.unfinished}
    assert reasons == {Reason.BUDGET_SPENT}
    assert isinstance(one.features, Features)
    assert isinstance(one.features.alpn, Unobserved)
    assert one.features.alpn.reason is Reason.BUDGET_SPENT
    assert not isinstance(one.chains, Unobserved)
    assert one.chains


def test_chacha_first_for_those_who_want_it() -> None:
    with openssl_server("-cipher", INTERMEDIATE, "-serverpref", "-prioritize_chacha", "-tls1_2", "-www") as port:
        one = look(port)
    twelve, thirteen = one.version(Version.TLS12), one.version(Version.TLS13)
    assert twelve
    assert thirteen
    assert (twelve.preference, thirteen.accepted, thirteen.refusal) == (Preference.SERVER_CHACHA, False, "chose TLSv1.2")


@pytest.mark.parametrize(("key", "wanted", "scheme"), [("ec", "ECDSA", "ecdsa_secp256r1_sha256"), ("ed", "EdDSA", "ed25519")])
def test_tls13_alone_shows_its_certificate(key: str, wanted: str, scheme: str) -> None:
    with openssl_server("-tls1_3", "-www", keys=(key,)) as port:
        one = look(port)
    assert not isinstance(one.chains, Unobserved)
    assert {(chain.version, chain.wanted, chain.certificates[0].common_names) for chain in one.chains} == {
        (Version.TLS13, wanted, ("www.lab.test",))
    }
    assert [(entry.version, entry.schemes) for entry in one.signs] == [(Version.TLS13, (scheme,))]
    twelve = one.version(Version.TLS12)
    assert twelve
    assert (twelve.accepted, twelve.refusal) == (False, "alert protocol_version")
    assert isinstance(one.features, Features)
    assert (one.features.compression, one.features.session_id, one.features.fallback_scsv) == (None, None, None)


def test_an_ecdsa_key_on_a_curve_does_not_hide_other_groups() -> None:
    with openssl_server("-tls1_2", "-groups", "x25519:secp256r1:secp384r1", "-www", keys=("ec",)) as port:
        one = look(port)
    assert [(entry.groups, entry.unfinished) for entry in one.groups] == [(("x25519", "secp256r1", "secp384r1"), None)]


def test_early_data_and_its_size() -> None:
    with openssl_server("-tls1_3", "-early_data", "-max_early_data", "4096") as port:
        one = look(port)
    assert isinstance(one.features, Features)
    assert (one.features.tls13_ticket, one.features.early_data) == (True, 4096)


def test_no_tickets() -> None:
    with openssl_server("-no_ticket", "-num_tickets", "0", "-no_cache", "-www") as port:
        one = look(port, 80)
    assert isinstance(one.features, Features)
    assert (one.features.tls13_ticket, one.features.session_ticket, one.features.session_id) == (False, False, False)


def test_renegotiation_that_the_client_begins_is_counted() -> None:
    with openssl_server("-tls1_2", "-client_renegotiation") as port:
        one = look(port)
    assert isinstance(one.features, Features)
    assert one.features.client_renegotiation == 3


def test_other_names() -> None:
    pem, key = certificate("rsa", "www2.lab.test")
    with openssl_server("-servername", "www.lab.test", "-cert2", pem, "-key2", key, "-www") as port:
        one = look(port, 80)
    assert isinstance(one.features, Features)
    assert (one.features.without_sni, one.features.unknown_sni) == (SniBehaviour.OTHER, SniBehaviour.OTHER)


def test_a_name_that_the_server_does_not_know_is_told_from_a_version() -> None:
    pem, key = certificate("rsa")
    with openssl_server("-servername", "else.lab.test", "-servername_fatal", "-cert2", pem, "-key2", key, "-www") as port:
        one = look(port)
    assert [found.accepted for found in one.versions[-2:]] == [True, True]
    assert not isinstance(one.chains, Unobserved)
    assert {chain.sni for chain in one.chains} == {False}


def test_an_address_is_never_sent_as_a_name(modern: int) -> None:
    async def go() -> tuple[TlsSurvey, list[bytes]]:
        gate = Gate(modern)
        async with gate.open() as port:
            fact, _ = await survey(service(port, name="127.0.0.1"), settings())
            return fact, gate.heard

    fact, heard = asyncio.run(go())
    one = seen(fact)
    assert fact.name == ""
    assert isinstance(one.features, Features)
    assert (one.features.without_sni, one.features.unknown_sni) == (None, None)
    assert not any(b"127.0.0.1" in octets for octets in heard)


def test_evidence_is_short_and_holds_no_secrets(modern: int) -> None:
    _, evidence = asyncio.run(survey(service(modern), settings()))
    sources = {each.source.rpartition(f":{modern} ")[2]: each.excerpt for each in evidence}
    assert "TLSv1.2 hello of" in sources["TLSv1.2"]
    assert "→ TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, x25519" in sources["TLSv1.2"]
    assert "master" not in "".join(sources.values())
    assert all(len(excerpt) <= 2000 for excerpt in sources.values())


REASONS = [
    ("silent", Reason.TIMEOUT, "no answer from"),
    ("close", Reason.RESET, "closed at the first hello"),
    ("reset", Reason.RESET, "reset at the first hello"),
    ("http", Reason.PROTOCOL_VIOLATION, 'not TLS but text: "HTTP/1.1 400 Bad Request"'),
    ("drip", Reason.TIMEOUT, "no whole answer from"),
    ("internal-error", Reason.RESET, "alert internal_error at the first hello"),
]


@pytest.mark.alone
@pytest.mark.parametrize(("behaviour", "reason", "words"), REASONS)
def test_each_peer_that_does_not_speak_has_its_reason(monkeypatch: pytest.MonkeyPatch, behaviour: str, reason: Reason, words: str) -> None:
    monkeypatch.setattr(surveying, "FIRST_PATIENCE", 0.4)
    monkeypatch.setattr(surveying, "SECOND_PATIENCE", 0.3)

    async def go() -> tuple[CannotObserve, int, float]:
        gate = Gate(most=0, then=behaviour)
        async with gate.open() as port:
            start = time.monotonic()
            with pytest.raises(CannotObserve) as caught:
                await survey(service(port), settings())
            return caught.value, gate.met, time.monotonic() - start

    why, met, took = asyncio.run(go())
    assert why.reason is reason
    assert words in why.detail
    assert (met <= 3, took < 2) == (True, True)


def test_a_dead_server_costs_five_seconds() -> None:
    assert surveying.FIRST_PATIENCE + surveying.SECOND_PATIENCE <= 5


@pytest.mark.parametrize("after", [2, 5, 9, 14, 25])
@pytest.mark.parametrize(("behaviour", "reason"), [("close", Reason.RESET), ("reset", Reason.RESET), ("internal-error", Reason.RESET)])
def test_a_server_that_begins_to_refuse_leaves_the_rest_unfinished(modern: int, after: int, behaviour: str, reason: Reason) -> None:
    whole = look(modern)

    async def go() -> TlsSeen:
        gate = Gate(modern, most=after, then=behaviour)
        async with gate.open() as port:
            return seen((await survey(service(port), settings()))[0])

    one = asyncio.run(go())
    for found, known in zip(one.versions, whole.versions, strict=True):
        if found.unfinished is None:
            assert (found.accepted, set(found.suites)) == (known.accepted, set(known.suites))
        else:
            assert found.unfinished.reason is reason
            assert set(found.suites) <= set(known.suites)
    for entry in one.groups:
        known_groups = next(other for other in whole.groups if other.version is entry.version)
        assert entry.unfinished is not None or entry.groups == known_groups.groups
    assert isinstance(one.features, Features)
    assert isinstance(one.features.intolerant, Unobserved)


def test_a_server_that_falls_silent_is_asked_no_more(modern: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.probes.tls_server.LEAST_PATIENCE", 0.3)

    async def go() -> tuple[TlsSeen, int]:
        gate = Gate(modern, most=9, then="silent")
        async with gate.open() as port:
            return seen((await survey(service(port), settings()))[0]), gate.met

    one, met = asyncio.run(go())
    assert met <= 9 + 6
    assert {found.unfinished.reason for found in one.versions if found.unfinished} == {Reason.TIMEOUT}
    assert any("no longer does" in found.unfinished.detail for found in one.versions if found.unfinished)


def test_a_third_party_gets_one_handshake(modern: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "special_use", lambda address: None)  # loopback is nobody's public address

    async def go() -> tuple[TlsSurvey, int, CannotObserve]:
        gate = Gate(modern)
        async with gate.open() as port, Network(settings(scope=Scope())) as net:
            fact = await surveyed(net, port)
            with pytest.raises(CannotObserve) as caught:
                await surveyed(net, port)
            return fact, gate.met, caught.value

    async def surveyed(net: Network, port: int) -> TlsSurvey:
        fact = await tls_survey.run(service(port), net.view("domain:lab.test"))
        assert isinstance(fact, TlsSurvey)
        return fact

    fact, met, again = asyncio.run(go())
    one = seen(fact)
    assert (met, one.connections - met >= 0, one.only_once) == (1, True, True)
    thirteen, twelve = one.version(Version.TLS13), one.version(Version.TLS12)
    assert thirteen
    assert twelve
    assert (thirteen.accepted, len(thirteen.suites), twelve.accepted) == (True, 1, False)
    assert all(found.unfinished and found.unfinished.reason is Reason.OUT_OF_SCOPE for found in one.versions)
    assert not isinstance(one.chains, Unobserved)
    assert one.chains[0].certificates[0].common_names == ("www.lab.test",)
    assert isinstance(one.features, Unobserved)
    assert again.reason is Reason.OUT_OF_SCOPE


RETRY = bytes.fromhex(
    "160303003802000034"
    "0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c00130100"  # RFC 8446 section 4.1.3: the random that says so
    "000c002b0002030400330002001d"
)
"""A HelloRetryRequest: TLS 1.3, TLS_AES_128_GCM_SHA256, a share of x25519."""


@pytest.mark.parametrize("after", [b"", b"\x15\x03\x03\x00\x02\x02\x28", b"\x16\x03\x03\x00\x04\x63\x00\x00\x00"])
def test_a_choice_stands_though_the_server_goes_no_further(after: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(RETRY)
        await reader.read(65536)
        writer.write(after)
        await writer.drain()
        writer.close()

    async def go() -> Raw:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server, Network(settings()) as network:
            talker = Talker(network.view("test"), "www.lab.test", "127.0.0.1", server.sockets[0].getsockname()[1], "https")
            return await talker.say(Offer(Manner(talker.sni).hello(TLS13, (0x1301,)), "opening", "hello", Wants.KEYS))

    raw = asyncio.run(go())
    assert isinstance(raw, Chosen)
    assert (raw.version, raw.suite, raw.group, raw.retry) == (TLS13, 0x1301, 29, True)
    assert raw.cut is not None


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mx.lab.test ESMTP\r\n")
    assert await reader.readuntil(b"\r\n") == b"EHLO scanner.test\r\n"
    writer.write(b"250-mx.lab.test\r\n250 STARTTLS\r\n")
    await reader.readuntil(b"\r\n")
    writer.write(b"220 go ahead\r\n250 injected\r\n")


def test_a_mail_server_is_surveyed_behind_starttls(modern: int) -> None:
    async def go() -> TlsSeen:
        async with Gate(modern, before=smtp).open() as port:
            return seen((await survey(service(port, "smtp"), settings()))[0])

    one = asyncio.run(go())
    assert (one.upgrade, one.early) == (Upgrade.OFFERED, "250 injected")
    assert [found.accepted for found in one.versions] == [False] * 4 + [True] * 2


def test_a_mail_server_without_tls_is_a_fact() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.lab.test ESMTP\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250 mx.lab.test\r\n")
        await reader.read()

    async def go() -> TlsSeen:
        async with Gate(1, before=plain).open() as port:
            return seen((await survey(service(port, "smtp"), settings()))[0])

    one = asyncio.run(go())
    assert (one.upgrade, one.versions, one.connections) == (Upgrade.NOT_OFFERED, (), 1)


@pytest.fixture(scope="module")
def lax() -> Iterator[int]:
    with openssl_server("-cipher", EVERYTHING, "-tls1_2", "-www") as port:
        yield port


def defects(port: int, level: Level, *consents: Consent) -> TlsDefects:
    async def go() -> TlsDefects:
        scope = Scope(allowed=(Entry(Match.NETWORK, "127.0.0.0/8", level),))
        given = settings(300, scope=scope, consents=consents)
        fact, _ = await survey(service(port), given)
        async with Network(given) as net:
            found = await tls_defects.run(service(port), net.view("x"), fact)
            assert isinstance(found, TlsDefects)
            return found

    return asyncio.run(go())


def test_a_library_of_today_has_no_known_defects(lax: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.probes.tls_defects.PATIENCE", 1.6)  # s_server sleeps for a second now and then
    (one,) = defects(lax, Level.INTRUSIVE, Consent("127.0.0.0/8", ("tls.robot", "tls.ticketbleed"), ALWAYS, "somebody")).addresses
    assert (one.heartbleed, one.early_ccs, one.ticketbleed, one.robot) == (None, False, False, False)


def test_intrusive_probes_need_a_consent_that_names_them(lax: int, modern: int) -> None:
    (one,) = defects(lax, Level.NORMAL).addresses
    assert isinstance(one.robot, Unobserved)
    assert isinstance(one.ticketbleed, Unobserved)
    assert (one.robot.reason, one.ticketbleed.reason, one.early_ccs) == (Reason.NO_CONSENT, Reason.NO_CONSENT, False)
    (other,) = defects(modern, Level.NORMAL).addresses
    assert other.robot is None
