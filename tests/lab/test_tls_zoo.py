"""The survey of TLS services beside what the servers' own libraries say they allow: equal, exactly. And peers that misbehave."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import pytest

from scanner.facts.tls import ChainSeen, Revocation, SniBehaviour, TlsDefects, TlsSeen, TlsSurvey, Upgrade, Version
from scanner.facts.tls import Path as Way
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.lab.needed import need_lab
from tests.lab.tls_scan import defects, differences, surveys
from tests.lab.tls_zoo import Zoo, why_no_zoo, world
from tests.lab.tls_zoo.certificates import DOMAIN, RECIPES
from tests.lab.tls_zoo.entries import BY_NAME, ENTRIES, LIMITS
from tests.lab.tls_zoo.kinds_odd import BEHAVIOURS

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

HONEST = [entry for entry in ENTRIES if entry.truth and entry.name not in LIMITS]
Seen = Mapping[str, TlsSurvey | Unobserved]


@pytest.fixture(scope="module")
def zoo(request: pytest.FixtureRequest) -> Iterator[Zoo]:
    """The zoo, raised once for this file."""
    need_lab(request.config, why_no_zoo())
    with Zoo.up() as raised:
        yield raised


@pytest.fixture(scope="module")
def seen(zoo: Zoo) -> Seen:
    """What the probe saw of every well-behaved server, all looked at in one run."""
    return surveys(zoo, [entry.service for entry in HONEST])


@pytest.fixture(scope="module")
def odd(zoo: Zoo) -> Seen:
    """What the probe saw of every peer that misbehaves."""
    found = surveys(zoo, [BY_NAME[f"odd-{behaviour}"].service for behaviour in BEHAVIOURS])
    return {behaviour: found[BY_NAME[f"odd-{behaviour}"].service] for behaviour in BEHAVIOURS}


def one(seen: Seen, name: str, family: int = 0) -> TlsSeen:
    """What was seen at an address of an entry."""
    survey = seen[BY_NAME[name].service]
    assert isinstance(survey, TlsSurvey), survey
    tls = survey.addresses[family].tls
    assert isinstance(tls, TlsSeen), tls
    return tls


@pytest.mark.parametrize("name", [entry.name for entry in HONEST])
def test_what_is_seen_is_what_the_servers_own_library_says(zoo: Zoo, seen: Seen, name: str) -> None:
    """Versions, suites, whose order, groups, DH parameters and certificates of both addresses."""
    entry = BY_NAME[name]
    survey = seen[entry.service]
    assert isinstance(survey, TlsSurvey), survey
    place = zoo.place(name)
    both = {"v4": place.v4, "v6": place.v6}
    assert [one.address for one in survey.addresses] == [both[family] for family in entry.answers]
    for address in survey.addresses:
        truth = zoo.truth(name, address.address)
        assert truth.suites, "a truth that allows nothing proves nothing"
        assert list(differences(truth, address, zoo.certificates(name), name)) == []
        assert isinstance(address.tls, TlsSeen)
        assert address.tls.upgrade is entry.upgrade


def test_the_zoo_has_what_the_project_asks_for(zoo: Zoo) -> None:
    """Guards the zoo itself: a library that has quietly lost its old protocols would make the tests above easy."""
    suites: dict[Version, set[str]] = {}
    for entry in HONEST:
        for version, names in zoo.truth(entry.name).suites.items():
            suites.setdefault(version, set()).update(names)
    assert set(suites) == set(Version)
    every = " ".join(sorted(set().union(*suites.values())))
    for word in ("EXPORT", "RC4", "3DES", "_DES_CBC", "NULL", "anon", "PSK", "SEED", "CAMELLIA", "CCM_8", "CHACHA20", "IDEA"):
        assert word in every, word
    groups = frozenset().union(*(names for entry in HONEST for names in zoo.truth(entry.name).groups.values()))
    assert {"X25519MLKEM768", "x448", "ffdhe2048", "secp521r1"} <= groups
    bits = frozenset().union(*(zoo.truth(entry.name).dh or () for entry in HONEST))
    assert {512, 768, 1024, 2048} <= bits


@pytest.mark.parametrize("name", sorted(RECIPES.keys() - {"rsa-512", "must-staple", "p384", "ed25519"}))
def test_chains_and_names_of_certificates(seen: Seen, name: str) -> None:
    """How the way to a root ends, and which names stand in the certificate."""
    recipe = RECIPES[name]
    chain = next(iter(_chains(one(seen, f"cert-{name}"))))
    assert chain.path.end is recipe.end
    assert len(chain.certificates) == {"no-intermediate": 1, "self-signed": 1, "wrong-order": 3, "extra": 4, "crowd": 14}.get(name, 2)
    assert chain.path.in_order is (name not in {"wrong-order", "crowd", "extra"})
    host = f"cert-{name}.{DOMAIN}"
    names = {"wrong-name": (f"mail.elsewhere.{DOMAIN}",), "wildcard": (f"*.{DOMAIN}",), "cn-only": (), "ip-name": ()}
    assert chain.certificates[0].dns_names == names.get(name, (host,))
    leaf = chain.certificates[0]
    assert leaf.signature_hash == {"sha1": "SHA1", "md5": "MD5"}.get(name, "SHA256")
    assert leaf.self_signed is (recipe.end is Way.SELF_SIGNED)


def _chains(tls: TlsSeen) -> tuple[ChainSeen, ...]:
    assert not isinstance(tls.chains, Unobserved), tls.chains
    return tls.chains


def test_stapled_answer(seen: Seen) -> None:
    """A good OCSP answer by the issuer itself comes with the handshake."""
    staples = [chain.staple for chain in _chains(one(seen, "openssl-stapled"))]
    assert [staple.state for staple in staples if staple] == [Revocation.GOOD] * len(staples)
    assert all(staple.signed_by_issuer for staple in staples if staple)
    assert all(chain.staple is None for chain in _chains(one(seen, "openssl")))


def test_timestamps_in_the_hello(seen: Seen) -> None:
    """A certificate timestamp in a TLS extension; the log's id is the zoo's own invention."""
    assert {stamp.log for chain in _chains(one(seen, "openssl-scts")) for stamp in chain.scts} == {"11" * 32}


def test_two_addresses_that_differ_are_told_apart(seen: Seen) -> None:
    """One name, two configurations."""
    four, six = one(seen, "nginx-differs", 0), one(seen, "nginx-differs", 1)
    assert not [found for found in four.versions if found.accepted and found.version in {Version.TLS10, Version.TLS11}]
    assert [found for found in six.versions if found.accepted and found.version is Version.TLS10]


DEFECTS = {
    "node-0.10.0": (True, True),  # OpenSSL 1.0.1e
    "node-0.10": (None, False),  # 1.0.1r without heartbeats; CVE-2014-0224 was mended in 1.0.1h
    "gnutls-weak": (False, False),
    "openssl-weak": (None, False),
    "java": (None, False),
    "tlslite": (False, False),
}
"""Entry → Heartbleed and CVE-2014-0224, as the advisories say of its library; ``None``: it has no heartbeats."""


def test_defects_are_found_where_a_library_has_them(zoo: Zoo, seen: Seen) -> None:
    """Real libraries before and after their mending, and others that were never concerned."""
    services = {BY_NAME[name].service: name for name in DEFECTS}
    surveyed = {service: one for service in services if isinstance(one := seen[service], TlsSurvey)}
    found = defects(zoo, surveyed)
    assert found.keys() == services.keys()
    for service, name in services.items():
        trial = found[service]
        assert isinstance(trial, TlsDefects), trial
        bleeds, early = DEFECTS[name]
        if zoo.truth(name).features.get("heartbeat") is False:
            bleeds = None
        assert [(one.heartbleed, one.early_ccs) for one in trial.addresses] == [(bleeds, early)] * 2, name


REASONS = {
    "silent": Reason.TIMEOUT,
    "mute": Reason.TIMEOUT,
    "drip": Reason.TIMEOUT,
    "half-close": Reason.RESET,
    "reset": Reason.RESET,
    "close": Reason.RESET,
    "http": Reason.PROTOCOL_VIOLATION,
    "ssh": Reason.PROTOCOL_VIOLATION,
    "noise": Reason.PROTOCOL_VIOLATION,
    "endless-hellos": Reason.PROTOCOL_VIOLATION,
}


@pytest.mark.parametrize("behaviour", sorted(REASONS))
def test_peers_that_do_not_speak_tls_give_their_own_reason(odd: Seen, behaviour: str) -> None:
    """Nothing is claimed of what was not seen."""
    found = odd[behaviour]
    assert isinstance(found, Unobserved)
    assert found.reason is REASONS[behaviour]
    assert found.detail


@pytest.mark.parametrize("behaviour", ["endless-records", "huge-certificate"])
def test_messages_without_end_are_cut_off(odd: Seen, behaviour: str) -> None:
    """The hello was good, so that one version is known; nothing else is, and no version is called refused that was not asked for."""
    found = odd[behaviour]
    assert isinstance(found, TlsSurvey)
    tls = found.addresses[0].tls
    assert isinstance(tls, TlsSeen)
    assert [one.version for one in tls.versions if one.accepted] == [Version.TLS12]
    assert isinstance(tls.chains, Unobserved)
    assert tls.chains.reason is Reason.PROTOCOL_VIOLATION
    assert all(one.unfinished for one in tls.versions if not one.accepted and one.version is not Version.TLS13)


@pytest.mark.parametrize(("behaviour", "sni"), [("no-sni", {False}), ("only-sni", {True})])
def test_servers_that_care_about_the_name(zoo: Zoo, odd: Seen, behaviour: str, sni: set[bool]) -> None:
    """A refusal because of the name is not a refusal of versions: all that the server behind it has is seen."""
    found = odd[behaviour]
    assert isinstance(found, TlsSurvey)
    tls = found.addresses[0].tls
    assert isinstance(tls, TlsSeen)
    assert {one.version: frozenset(one.suites) for one in tls.versions if one.accepted} == {
        version: frozenset(names) for version, names in zoo.truth("nginx-modern").suites.items()
    }
    assert {chain.sni for chain in _chains(tls)} == sni
    assert not isinstance(tls.features, Unobserved)
    if behaviour == "only-sni":
        assert tls.features.without_sni is SniBehaviour.REFUSED


def test_addresses_and_internationalised_names(zoo: Zoo) -> None:
    """An address is never sent as a server name (RFC 6066 section 3); a name is sent as A-labels."""
    address = zoo.place("odd-no-sni").v4
    found = surveys(zoo, [f"{address}:443/https", f"点検.{DOMAIN}:443/https"])
    by_address, by_name = (found[text] for text in (f"{address}:443/https", f"点検.{DOMAIN}:443/https"))
    assert isinstance(by_address, TlsSurvey)
    assert isinstance(by_name, TlsSurvey)
    assert (by_address.name, by_name.name) == ("", f"xn--f4v75n.{DOMAIN}")
    tls = by_address.addresses[0].tls
    assert isinstance(tls, TlsSeen)
    assert [one.version for one in tls.versions if one.accepted] == [Version.TLS12, Version.TLS13]
    assert {chain.sni for chain in _chains(tls)} == {False}


def test_intolerant_server(odd: Seen) -> None:
    """What it stumbles on is told; what it would speak otherwise is seen all the same."""
    found = odd["intolerant"]
    assert isinstance(found, TlsSurvey)
    tls = found.addresses[0].tls
    assert isinstance(tls, TlsSeen)
    assert [one.version for one in tls.versions if one.accepted] == [Version.TLS12]
    assert not isinstance(tls.features, Unobserved)
    assert not isinstance(tls.features.intolerant, Unobserved)
    assert "long" in tls.features.intolerant


def test_servers_without_tls_are_told_from_those_that_promise_it_in_vain(zoo: Zoo) -> None:
    """InterNetNews lists STARTTLS without a certificate too, and then says 580; xrdp chooses RDP's own encryption."""
    wanted = {"inn-plain": Upgrade.REFUSED, "xrdp-plain": Upgrade.NOT_OFFERED}
    found = surveys(zoo, [BY_NAME[name].service for name in wanted])
    for name, upgrade in wanted.items():
        survey = found[BY_NAME[name].service]
        assert isinstance(survey, TlsSurvey), survey
        assert [one.tls.upgrade for one in survey.addresses if isinstance(one.tls, TlsSeen)] == [upgrade] * 2


def test_firewall_that_resets_after_some_connections(zoo: Zoo) -> None:
    """What was not finished is undetermined with its reason, and nothing of it is called unsupported."""
    found = surveys(zoo, [BY_NAME["refuses-later"].service])[BY_NAME["refuses-later"].service]
    assert isinstance(found, TlsSurvey)
    truth = zoo.truth("refuses-later").suites
    for address in found.addresses:
        if isinstance(address.tls, Unobserved):
            continue
        unfinished = [one for one in address.tls.versions if one.unfinished]
        assert unfinished
        assert {one.unfinished.reason for one in unfinished if one.unfinished} == {Reason.REFUSED}
        for one in address.tls.versions:
            assert set(one.suites) <= set(truth.get(one.version, ()))
            assert one.accepted or one.unfinished or one.version not in truth


def test_firewall_that_drops_what_comes_too_fast(zoo: Zoo) -> None:
    """Either everything is found, or what is missing is said to be."""
    found = surveys(zoo, [BY_NAME["rate-limited"].service])[BY_NAME["rate-limited"].service]
    assert isinstance(found, TlsSurvey)
    truth = zoo.truth("rate-limited").suites
    for address in found.addresses:
        assert isinstance(address.tls, TlsSeen)
        for one in address.tls.versions:
            wanted = set(truth.get(one.version, ()))
            assert set(one.suites) <= wanted
            assert one.unfinished or set(one.suites) == wanted


def test_five_of_fifty_two_that_never_answer_hold_nobody_up(zoo: Zoo) -> None:
    """At most ten seconds: the deaf ones cost their time-out once, side by side."""
    deaf = {f"h{number}.{DOMAIN}:443/https" for number in range(len(world.HERD) + 1, len(world.HERD) + len(world.DEAF) + 1)}
    lively = {f"h{number}.{DOMAIN}:443/https" for number in range(1, 48)}
    began = time.monotonic()
    found = surveys(zoo, sorted(deaf | lively), width=52)
    assert time.monotonic() - began < 10
    assert {name for name, one in found.items() if isinstance(one, Unobserved)} == deaf
    assert {one.reason for one in found.values() if isinstance(one, Unobserved)} == {Reason.TIMEOUT}
    truth = {version: frozenset(names) for version, names in zoo.truth("herd").suites.items()}
    for name in lively:
        survey = found[name]
        assert isinstance(survey, TlsSurvey)
        tls = survey.addresses[0].tls
        assert isinstance(tls, TlsSeen)
        assert {one.version: frozenset(one.suites) for one in tls.versions if one.accepted} == truth
