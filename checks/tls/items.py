"""How one item of a profile is judged against what one address showed. What items there are is data; no check is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from checks.tls.seen import ALL, OLD, accepts, features, leaves, offered, once, signs, suite_of, suites, unknown_suite, unsearched
from scanner.facts.tls import CertificateSeen, Preference, TlsSeen, Version, VersionSeen
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.tls_profile import Ask, Item, TlsProfile
from scanner.wire.tls.groups import Group, group_by_name
from scanner.wire.tls.schemes import scheme_by_name
from scanner.wire.tls.suites import Suite

_SIZES: Final = {"x25519": 256}
"""Curves that stand with longer ones: Curve25519 has the strength of P-256 (LS-0003 gives both 128 bits)."""


class State(Enum):
    """How an item stands."""

    MET = auto()
    BROKEN = auto()
    UNSEEN = auto()
    IDLE = auto()
    """The question does not arise, or a handshake does not show it."""


@dataclass(frozen=True, slots=True)
class Stand:
    """An item's state: ``seen`` names what broke it, in the peer's terms, ``why`` says what kept it from being seen."""

    state: State
    seen: tuple[str, ...] = ()
    why: Unobserved | None = None


MET: Final = Stand(State.MET)
IDLE: Final = Stand(State.IDLE)


def stand(item: Item, profile: TlsProfile, tls: TlsSeen) -> Stand:
    """Judge one item. A thing seen outranks a part that nobody saw; it is met only where everything that could break it was looked at."""
    return _JUDGES[item.ask](item, profile, tls)


def _ended(broken: Iterable[str], why: Unobserved | None) -> Stand:
    if seen := tuple(dict.fromkeys(broken)):
        return Stand(State.BROKEN, seen)
    return Stand(State.UNSEEN, why=why) if why is not None else MET


def _version_on(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    missing = [Version(name) for name in item.names if not accepts(tls, Version(name))]
    if not missing:
        return MET
    if why := unsearched(tls, missing):
        return Stand(State.UNSEEN, why=why)
    return Stand(State.BROKEN, tuple(f"no {version}" for version in missing))


def _version_off(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    versions = [Version(name) for name in item.names]
    return _ended([v for v in versions if accepts(tls, v)], unsearched(tls, versions))


def _newest_first(_item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    """A version counts as accepted when the server chose it where it was the newest offered, so a lower choice shows as a refusal."""
    chosen = [f"{s.version}: {s.refusal}" for s in tls.versions if s.accepted and s.refusal.startswith("chose ")]
    return _ended(chosen, unsearched(tls, ALL) if not any(s.accepted for s in tls.versions) else None)


def _classes(profile: TlsProfile, tls: TlsSeen) -> Iterable[tuple[str, str]]:
    classes = profile.classes()
    return ((name, classes.get(name, profile.default_class)) for _, name in offered(tls))


def _only_classes(item: Item, profile: TlsProfile, tls: TlsSeen) -> Stand:
    return _ended((name for name, classed in _classes(profile, tls) if classed not in item.names), unsearched(tls, ALL))


def _no_classes(item: Item, profile: TlsProfile, tls: TlsSeen) -> Stand:
    return _ended((name for name, classed in _classes(profile, tls) if classed in item.names), unsearched(tls, ALL) or unknown_suite(tls))


def _no_exchange(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    found = (suite.name for suite in suites(tls, OLD) if suite.kx in item.names)
    return _ended(found, unsearched(tls, OLD) or unknown_suite(tls))


def _no_block_mode(_item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    cbc = [suite.name for suite in suites(tls, OLD) if suite.mode == "CBC"]
    if not cbc:
        return _ended((), unsearched(tls, OLD))
    match _feature(tls, "encrypt_then_mac"):
        case True:
            return MET
        case False:
            return Stand(State.BROKEN, tuple(cbc))
        case Unobserved() as why:
            return Stand(State.UNSEEN, why=why)
        case _:
            return Stand(
                State.UNSEEN, why=cannot_tell(Reason.UNSUPPORTED, "encrypt-then-MAC を調べていない", "encrypt-then-MAC was not asked for")
            )


def _forward_secret(_item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    # Anonymous exchanges are ephemeral too; what they lack is authentication.
    return _ended((s.name for s in suites(tls) if not s.forward_secret and s.auth != "anon"), unsearched(tls, ALL) or unknown_suite(tls))


def _cipher_bits(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    return _ended((s.name for s in suites(tls) if s.bits < item.least), unsearched(tls, ALL) or unknown_suite(tls))


def _one_of(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    if not accepts(tls, Version.TLS12):
        why = unsearched(tls, (Version.TLS12,))
        return Stand(State.UNSEEN, why=why) if why else IDLE
    if any(name in item.names for _, name in offered(tls, (Version.TLS12,))):
        return MET
    return _ended(("none of them",) if unsearched(tls, (Version.TLS12,)) is None else (), unsearched(tls, (Version.TLS12,)))


def _group_order(_item: Item, profile: TlsProfile, tls: TlsSeen) -> Stand:
    ranks = {name: group.rank for group in profile.groups if group.order_known for name in group.suites}
    broken, judged = [], False
    unmeasured: list[VersionSeen] = []
    untold = False
    for seen in _several(tls):
        # A server that puts ChaCha20 first for clients that do so has no single place for it.
        loose = seen.preference in {Preference.SERVER_CHACHA, Preference.SERVER_OR_CHACHA}
        known = [n for n in seen.suites if n in ranks and not (loose and "CHACHA20" in n)]
        untold |= seen.preference is Preference.SERVER_OR_CHACHA
        if len(known) < 2:
            continue
        if not isinstance(seen.preference, Preference):
            unmeasured.append(seen)
        elif seen.preference is not Preference.CLIENT:
            judged = True
            broken += [f"{a} > {b}" for a, b in pairwise(known) if ranks[a] > ranks[b]]
    why = unsearched(tls, ALL) or unmeasured_order(unmeasured) or (_unmeasured_chacha() if untold else None)
    return _ended(broken, why) if broken or why or judged else IDLE


def _server_order(_item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    several = _several(tls)
    broken = [str(seen.version) for seen in several if seen.preference is Preference.CLIENT]
    why = unsearched(tls, ALL) or unmeasured_order(several)
    return _ended(broken, why) if several or why else IDLE


def unmeasured_order(several: Iterable[VersionSeen]) -> Unobserved | None:
    """Give why it is not known whose order decides in some of the versions that have several suites; ``None`` where it is."""
    for seen in several:
        if isinstance(seen.preference, Unobserved):
            return seen.preference
        if seen.preference is None:
            return cannot_tell(
                Reason.UNSUPPORTED, "どちらの優先順位で選ぶかを測っていない", "whose order of suites decides was not measured"
            )
    return None


def _unmeasured_chacha() -> Unobserved:
    return cannot_tell(
        Reason.BUDGET_SPENT,
        "ChaCha20-Poly1305 を先頭に挙げる相手にそれを選ぶかを調べる前に、接続数の上限に達した",
        "the connections were spent before it was asked whether clients that name ChaCha20-Poly1305 first get it",
    )


def unmeasured_signatures() -> Unobserved:
    """Say that nobody looked at the signatures of the handshake."""
    return cannot_tell(Reason.UNSUPPORTED, "ハンドシェイクの署名を調べていない", "the signatures of the handshake were not looked at")


def _several(tls: TlsSeen) -> list[VersionSeen]:
    return [seen for seen in tls.versions if seen.accepted and len(seen.suites) > 1 and seen.version is not Version.SSL2]


def curves(tls: TlsSeen) -> tuple[Group, ...]:
    """Give the elliptic curves that the server takes by themselves, each once."""
    return tuple(g for name in _group_names(tls) if (g := group_by_name(name)) is not None and g.kind == "ecdhe")


def curve_bits(group: Group) -> int:
    """Give the size by which a curve is judged."""
    return _SIZES.get(group.name, group.bits)


def primes(tls: TlsSeen) -> tuple[tuple[str, int], ...] | Unobserved:
    """Give the finite fields that the server takes with their bits: those of its own making, and named groups."""
    named = [(g.name, g.bits) for name in _group_names(tls) if (g := group_by_name(name)) is not None and g.kind == "dhe"]
    own = () if isinstance(tls.dh, Unobserved) else [(f"DH {p.bits}", p.bits) for p in tls.dh]
    found = tuple(dict.fromkeys((*own, *named)))
    return tls.dh if isinstance(tls.dh, Unobserved) and not found else found


def unsearched_groups(tls: TlsSeen, kind: str) -> Unobserved | None:
    """Give why not all groups of a kind (``ECDHE``, ``DHE``) are known; ``None`` where all are."""
    if tls.only_once:
        return once()
    if kind == "DHE":
        if isinstance(tls.dh, Unobserved):
            return tls.dh
        if not tls.dh and any(s.auth != "PSK" for s in _ephemeral(tls)):
            return cannot_tell(
                Reason.UNSUPPORTED, "DH 鍵交換のパラメータを調べていない", "the parameters of the finite-field exchange were not looked at"
            )
    seen13 = [seen for seen in tls.groups if seen.version is Version.TLS13]
    seen_old = [seen for seen in tls.groups if seen.version is not Version.TLS13]  # measured once for all older versions together
    needed = [(Version.TLS13, seen13)] if accepts(tls, Version.TLS13) else []
    if kind == "ECDHE" and (using := [v for v in OLD if _uses(tls, v, "ECDHE")]):
        needed.append((using[-1], seen_old))
    for version, measured in needed:
        if not measured:
            ja, en = "{version} の鍵交換の群を調べていない", "the groups of {version} were not looked at"
            return cannot_tell(Reason.UNSUPPORTED, ja, en, version=str(version))
        if cut := next((seen.unfinished for seen in measured if seen.unfinished is not None), None):
            return cut
    return unsearched(tls, ALL)


def _ephemeral(tls: TlsSeen) -> list[Suite]:
    return [s for s in suites(tls, OLD) if s.kx == "DHE" or (s.kx == "DH" and s.auth == "anon")]


def _uses(tls: TlsSeen, version: Version, kx: str) -> bool:
    return any((s := suite_of(name)) is not None and s.kx == kx for _, name in offered(tls, (version,)))


def _group_names(tls: TlsSeen) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for seen in tls.groups for name in seen.groups))


def _ecdhe_bits(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    short = [group.name for group in curves(tls) if curve_bits(group) < item.least]
    why = unsearched_groups(tls, "ECDHE")
    return _ended(short, why) if short or why or curves(tls) else IDLE


def _dhe_bits(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    found = primes(tls)
    why = unsearched_groups(tls, "DHE")
    if isinstance(found, Unobserved):
        return Stand(State.UNSEEN, why=found)
    short = [name for name, bits in found if bits < item.least]
    return _ended(short, why) if short or why or found else IDLE


def _one_group_of(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    if any(name in item.names for name in _group_names(tls)):
        return MET
    if why := unsearched_groups(tls, "ECDHE"):
        return Stand(State.UNSEEN, why=why)
    return Stand(State.BROKEN, ("none of them",)) if curves(tls) else IDLE


def _certificates(tls: TlsSeen, broken: Callable[[CertificateSeen], str]) -> Stand:
    found = leaves(tls)
    if isinstance(found, Unobserved):
        return Stand(State.UNSEEN, why=found)
    if not found:
        if why := unsearched(tls, ALL):
            return Stand(State.UNSEEN, why=why)
        if all(s.auth in {"anon", "PSK", "SRP", "KRB5"} for s in suites(tls)):
            return IDLE
        return Stand(State.UNSEEN, why=cannot_tell(Reason.UNSUPPORTED, "証明書を取得していない", "no certificate was looked at"))
    return _ended((words for leaf in found if (words := broken(leaf))), once() if tls.only_once else None)


def _key_bits(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    def short(leaf: CertificateSeen) -> str:
        kind = leaf.key.type.partition("-")[0]  # RSA-PSS is RSA too
        return f"{leaf.key.type} {leaf.key.bits}" if kind in item.names and leaf.key.bits < item.least else ""

    return _certificates(tls, short)


def _signature_hash(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    return _certificates(tls, lambda leaf: leaf.signature_hash if leaf.signature_hash and leaf.signature_hash not in item.names else "")


def _no_handshake_hash(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    if not accepts(tls, Version.TLS12):
        why = unsearched(tls, (Version.TLS12,))
        return Stand(State.UNSEEN, why=why) if why else IDLE
    seen = next((s for s in tls.signs if s.version is Version.TLS12), None)
    bad = [n for n in (seen.schemes if seen else ()) if (scheme := scheme_by_name(n)) is not None and scheme.hash in item.names]
    why = once() if tls.only_once else seen.unfinished if seen else None
    if seen is None and why is None:
        if not any(signs(s) for s in suites(tls, (Version.TLS12,))):
            return IDLE
        why = unmeasured_signatures()
    return _ended(bad, why)


def _feature(tls: TlsSeen, name: str) -> bool | int | Unobserved | None:
    found = features(tls)
    if isinstance(found, Unobserved):
        return found
    value: object = getattr(found, name)
    assert value is None or isinstance(value, (bool, int, Unobserved))
    return value


def _features(item: Item, tls: TlsSeen, wanted: bool) -> Stand:
    found = {name: _feature(tls, name) for name in item.names}
    broken = [
        name for name, value in found.items() if value is not None and not isinstance(value, Unobserved) and bool(value) is not wanted
    ]
    if not broken and all(value is None for value in found.values()):
        return IDLE
    return _ended(broken, next((value for value in found.values() if isinstance(value, Unobserved)), None))


def _feature_on(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    return _features(item, tls, True)


def _feature_off(item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    return _features(item, tls, False)


def _staple(_item: Item, _profile: TlsProfile, tls: TlsSeen) -> Stand:
    if isinstance(tls.chains, Unobserved):
        return Stand(State.UNSEEN, why=tls.chains)
    asked = [chain for chain in tls.chains if chain.certificates and chain.certificates[0].ocsp_urls]
    if not asked:
        return IDLE
    # A server may staple for one of its certificates only; one answer shows that it is set up.
    return MET if any(chain.staple is not None for chain in asked) else Stand(State.BROKEN, ("no staple",))


def _elsewhere(_item: Item, _profile: TlsProfile, _tls: TlsSeen) -> Stand:
    return IDLE


_JUDGES: Final[Mapping[Ask, Callable[[Item, TlsProfile, TlsSeen], Stand]]] = MappingProxyType(
    {
        Ask.VERSION_ON: _version_on,
        Ask.VERSION_OFF: _version_off,
        Ask.NEWEST_FIRST: _newest_first,
        Ask.ONLY_CLASSES: _only_classes,
        Ask.NO_CLASSES: _no_classes,
        Ask.NO_EXCHANGE: _no_exchange,
        Ask.NO_BLOCK_MODE: _no_block_mode,
        Ask.FORWARD_SECRET: _forward_secret,
        Ask.CIPHER_BITS: _cipher_bits,
        Ask.ONE_OF: _one_of,
        Ask.GROUP_ORDER: _group_order,
        Ask.SERVER_ORDER: _server_order,
        Ask.ECDHE_BITS: _ecdhe_bits,
        Ask.DHE_BITS: _dhe_bits,
        Ask.ONE_GROUP_OF: _one_group_of,
        Ask.KEY_BITS: _key_bits,
        Ask.SIGNATURE_HASH: _signature_hash,
        Ask.NO_HANDSHAKE_HASH: _no_handshake_hash,
        Ask.FEATURE_ON: _feature_on,
        Ask.FEATURE_OFF: _feature_off,
        Ask.STAPLE: _staple,
        Ask.ELSEWHERE: _elsewhere,
    }
)
