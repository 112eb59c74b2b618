"""Reads guidelines for TLS settings from YAML: every mistake is told with file, line, key and the nearest right name.

A guideline is a folder with ``guideline.yaml`` and one file for each of its levels; a further one needs no code. The lists of algorithms
are read in ``baselines.profiles.algorithms``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from scanner.model.problem import Problems, say
from scanner.model.text import Text
from scanner.model.tls_profile import Ask, Confidence, Duty, Item, NamedGroup, Provenance, SuiteGroup, TlsGuideline, TlsProfile
from scanner.model.yamlfields import Fields, fields
from scanner.model.yamltext import parse

HERE = Path(__file__).parent
ABOUT = "guideline.yaml"

VERSIONS = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
EXCHANGES = ("RSA", "DH", "ECDH", "DHE", "PSK")
KEYS = ("RSA", "ECDSA", "DSA")
HASHES = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
FEATURES = ("compression", "secure_renegotiation", "client_renegotiation", "extended_master_secret", "encrypt_then_mac", "early_data")
STANDINGS = ("allowed", "weak", "unlisted", "post-quantum")

_DUTIES = {d.value: d for d in Duty}
_ASKS = {a.value: a for a in Ask}
_PROVENANCES = {p.value: p for p in Provenance}
_CONFIDENCES = {c.value: c for c in Confidence}
_ORDERS = {"read": True, "unread": False}

_NAMES: Mapping[Ask, tuple[str, ...]] = {
    Ask.VERSION_ON: VERSIONS,
    Ask.VERSION_OFF: VERSIONS,
    Ask.NO_EXCHANGE: EXCHANGES,
    Ask.KEY_BITS: KEYS,
    Ask.SIGNATURE_HASH: HASHES,
    Ask.NO_HANDSHAKE_HASH: HASHES,
    Ask.FEATURE_ON: FEATURES,
    Ask.FEATURE_OFF: FEATURES,
}
"""The words that ``of`` may hold, for asks whose words are fixed."""
_NAMED = frozenset({*_NAMES, Ask.ONLY_CLASSES, Ask.NO_CLASSES, Ask.ONE_OF, Ask.ONE_GROUP_OF})
_MEASURED = frozenset({Ask.CIPHER_BITS, Ask.ECDHE_BITS, Ask.DHE_BITS, Ask.KEY_BITS})


@cache
def guideline_names() -> tuple[str, ...]:
    """Name the guidelines that are shipped."""
    return tuple(sorted(found.parent.name for found in HERE.glob(f"*/{ABOUT}")))


@cache
def profile_names() -> tuple[str, ...]:
    """Name the shipped profiles, ``guideline/level``."""
    return tuple(sorted(f"{g}/{f.stem}" for g in guideline_names() for f in (HERE / g).glob("*.yaml") if f.name != ABOUT))


@cache
def guideline(name: str) -> TlsGuideline:
    """Give a shipped guideline. Raises ``KeyError`` for a name that is not shipped and ``BadFile`` for broken data."""
    if name not in guideline_names():
        raise KeyError(name)
    return load(HERE / name)


@cache
def profile(name: str) -> TlsProfile:
    """Give a shipped profile by ``guideline/level``. Raises as ``guideline`` does."""
    of, _, level = name.partition("/")
    return guideline(of).level(level)


@cache
def digest() -> str:
    """Digest all reference data under this folder: a changed reference is a changed judgement."""
    found = sorted(HERE.glob("**/*.yaml"))
    return hashlib.sha256(b"".join(file.relative_to(HERE).as_posix().encode() + file.read_bytes() for file in found)).hexdigest()


def load(folder: Path) -> TlsGuideline:
    """Read the guideline in ``folder``. Raises ``BadFile`` with all problems of a file, ``OSError`` where one is missing."""
    about = _open(folder / ABOUT)
    guideline_id = about.text("id")
    title, edition = Text(ja=about.text("title_ja"), en=about.text("title_en")), about.text("edition")
    levels = about.texts("levels")
    about.texts("notes", ())
    shared = [_group(row, rank) for rank, row in enumerate(about.tables("suites"))]
    named = {group.name: group for group in map(_named_group, about.tables("groups"))}
    about.done()
    about.problems.close()
    profiles = tuple(_level(folder / f"{level}.yaml", guideline_id, level, shared) for level in levels)
    return TlsGuideline(guideline_id, title, edition, profiles, MappingProxyType(named))


def _open(path: Path) -> Fields:
    problems = Problems(str(path))
    return fields(parse(path.read_bytes(), problems), problems)


def _level(path: Path, guideline_id: str, level: str, shared: list[SuiteGroup]) -> TlsProfile:
    top = _open(path)
    title = Text(ja=top.text("title_ja"), en=top.text("title_en"))
    use_when = Text(ja=top.text("use_when_ja"), en=top.text("use_when_en"))
    groups = tuple(shared) + tuple(_group(row, rank) for rank, row in enumerate(top.tables("suites"), len(shared)))
    default_class = top.text("other_suites")
    classes = {group.classed for group in groups} | {default_class}
    seen: dict[str, int] = {}
    items = tuple(_item(row, classes, seen) for row in top.tables("items"))
    _once(top, groups)
    top.done()
    top.problems.close()
    return TlsProfile(f"{guideline_id}/{level}", title, use_when, groups, default_class, items)


def _once(top: Fields, groups: tuple[SuiteGroup, ...]) -> None:
    seen: set[str] = set()
    for group in groups:
        for suite in group.suites:
            if suite in seen:
                top.note(say("{suite} が二つの群にある", "{suite} stands in two groups", suite=suite), key="suites")
            seen.add(suite)


def _group(row: Fields, rank: int) -> SuiteGroup:
    group = SuiteGroup(
        letter=row.text("letter", ""),
        classed=row.text("class"),
        version=row.text("version", ""),
        suites=row.texts("names"),
        rank=rank,
        order_known=row.choice("order", _ORDERS, False),
        provenance=row.choice("provenance", _PROVENANCES),
        confidence=row.choice("confidence", _CONFIDENCES, Confidence.HIGH),
    )
    row.text("why", "")
    row.done()
    return group


def _named_group(row: Fields) -> NamedGroup:
    group = NamedGroup(
        name=row.text("name"),
        standing=row.choice("standing", {s: s for s in STANDINGS}),
        strength=row.whole("strength", 0, least=0, most=512),
        classical=row.text("classical", ""),
    )
    row.done()
    return group


def _item(row: Fields, classes: Collection[str], seen: dict[str, int]) -> Item:
    item_id = row.text("id")
    if item_id in seen:
        row.note(say("「{id}」は {line} 行目にもある", "'{id}' is at line {line} too", id=item_id, line=seen[item_id]), key="id")
    seen[item_id] = row.place.line
    ask = row.choice("ask", _ASKS)
    provenance = row.choice("provenance", _PROVENANCES)
    confidence = row.choice("confidence", _CONFIDENCES, None)
    if provenance is Provenance.REMEMBERED and confidence is None:
        row.note(say("remembered の項目には confidence が要る", "a remembered item needs its confidence"), key="provenance")
    names = row.texts("of", ())
    if bool(names) != (ask in _NAMED):
        row.note(
            say(
                "of は {ask} に対して{must}",
                "of {must_en} with {ask}",
                ask=ask,
                must="要る" if ask in _NAMED else "書けない",
                must_en=_must(ask),
            ),
            key="of",
        )
    allowed = classes if ask in {Ask.ONLY_CLASSES, Ask.NO_CLASSES} else _NAMES.get(ask, names)
    for item in row.items("of"):
        if (word := item.text()) is not None and word not in allowed:
            item.unknown(say("「{word}」は {ask} では選べない", "'{word}' cannot go with {ask}", word=word, ask=ask), word, allowed)
    least = row.whole("least", 0, least=1, most=100_000)
    if bool(least) != (ask in _MEASURED):
        row.note(say("least は長さを問う項目にだけ書く", "least goes with items that ask for a length, and only with these"), key="least")
    item_read = Item(
        id=item_id,
        duty=row.choice("duty", _DUTIES),
        text=Text(ja=row.text("ja"), en=row.text("en")),
        ask=ask,
        names=names,
        least=least,
        provenance=provenance,
        confidence=confidence or Confidence.HIGH,
        source=row.text("source"),
    )
    row.done()
    return item_read


def _must(ask: Ask) -> str:
    return "is needed" if ask in _NAMED else "does not go"
