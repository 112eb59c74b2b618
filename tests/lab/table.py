"""Read tests/lab/domains/*.yaml: one entry per domain of the laboratory, each with a sentence saying what is wrong with it.

The format is explained in tests/lab/domains/README.md. Building zones from entries is the business of zones.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

import yaml

FOLDER = Path(__file__).parent / "domains"
HOSTING = ("ns1.hosting.or.jp", "ns2.hosting.or.jp")
BASES = ("kept", "no-mail", "bare", "none")
DNSSEC = (
    "kept", "unsigned", "no-ds", "wrong-ds", "sha1-ds", "sha384-ds", "ds-without-key", "expired", "mx-expired", "soon", "future",
    "algorithm-5", "algorithm-7", "algorithm-8", "algorithm-10", "algorithm-14", "algorithm-15", "algorithm-16",
    "nsec3", "nsec3-iterations", "nsec3-optout",
)  # fmt: skip


class BadTable(Exception):
    """An entry of the domain table is wrong: file, domain and key are named."""


@dataclass(frozen=True, slots=True)
class Domain:
    """One zone of the laboratory, as its entry says."""

    name: str  # A-labels, lower case, no final dot
    fault: str  # what is wrong with it, or what it is for
    base: str = "kept"  # what it starts from, one of BASES
    records: str = ""  # zone lines; each replaces all records of its owner and type in the base
    without: tuple[str, ...] = ()  # "OWNER TYPE" of the base to leave out
    servers: tuple[str, ...] = HOSTING  # where the parent sends resolvers
    child_servers: tuple[str, ...] | None = None  # the zone's own NS records when they differ
    loaded_on: tuple[str, ...] | None = None  # server names that really carry the zone when they differ from ``servers``
    glue: str = "auto"  # "auto", "none", or zone lines for the parent
    dnssec: str = "kept"  # one of DNSSEC
    variants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # host → zone lines that only this host serves
    ptr: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # place → name its addresses point to; "" for none
    policy: str = ""  # MTA-STS policy the web server gives, see policies.POLICIES; "" is the good one where the base has mail
    selectors: tuple[str, ...] = ("selector1", "s2026")  # DKIM selectors the operator knows of
    expect: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # check id → tag, outcome, or "!TAG" for "must not"

    @property
    def well_kept(self) -> bool:
        """The entry is meant to have no fault at all."""
        return self.fault.startswith("well kept")


_KEYS = {f.name for f in fields(Domain)} - {"name"}


def entry(place: str, name: str, raw: object) -> Domain:
    """Check one entry; ``place`` is the file for messages."""
    if not isinstance(raw, dict) or not isinstance(raw.get("fault"), str):
        raise BadTable(f"{place}: {name}: an entry is a mapping with at least 'fault'")
    if unknown := set(raw) - _KEYS:
        raise BadTable(f"{place}: {name}: unknown keys {sorted(map(str, unknown))}")
    values = dict(raw)
    for key in ("without", "servers", "child_servers", "loaded_on", "selectors"):
        if key in values:
            values[key] = tuple(values[key])
    for key in ("variants", "ptr", "expect"):
        values[key] = MappingProxyType({str(k): str(v) for k, v in (values.get(key) or {}).items()})
    made = Domain(name=name.encode("idna").decode().lower().rstrip("."), **values)
    if made.base not in BASES:
        raise BadTable(f"{place}: {name}: base {made.base!r} is none of {BASES}")
    if made.dnssec not in DNSSEC:
        raise BadTable(f"{place}: {name}: dnssec {made.dnssec!r} is none of {DNSSEC}")
    return made


def load(folder: Path = FOLDER) -> dict[str, Domain]:
    """All entries by name (A-labels, no final dot). BadTable names the file, the domain and the key."""
    found: dict[str, Domain] = {}
    for file in sorted(folder.glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        if not isinstance(content, dict):
            raise BadTable(f"{file.name}: a mapping of domain names is wanted")
        for name, raw in content.items():
            made = entry(file.name, str(name), raw)
            if made.name in found:
                raise BadTable(f"{file.name}: {made.name} is there twice")
            found[made.name] = made
    return found
