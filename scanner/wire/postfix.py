"""Postfix: main.cf and what ``postconf`` prints, lists of restrictions, and whom a list lets relay. Defaults are not known here."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

MOST_LINES = 100_000
_NAME = re.compile(r"([A-Za-z0-9_./-]+)\s*=\s*(.*)\Z", re.DOTALL)
_REFUSES = frozenset({"reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit"})
_OURS = frozenset({"permit_mynetworks", "permit_sasl_authenticated", "permit_inet_interfaces", "permit_auth_destination"})
"""Words that permit what is the organisation's own: its networks, its people, mail to its domains."""
_WITH_ARGUMENT = re.compile(r"check_\w+|reject_(?:rbl|rhsbl)_\w+|permit_(?:dnswl|rhswl)_client|sleep")
_NEVER_PERMITS = re.compile(r"reject_\w+|defer_if_reject|sleep")


class NotPostfix(ValueError):
    """The text goes beyond the caps."""


@unique
class Relaying(StrEnum):
    """What a list of restrictions does with a stranger who wants mail sent to a foreign domain."""

    REFUSED = "refused"
    PERMITTED = "permitted"
    BY_TABLE = "by-table"
    """A table, a policy service or a client certificate decides before anything refuses."""
    OPEN_END = "open-end"
    """The list ends without refusing."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service of master.cf: its name, type and command."""

    name: str
    kind: str
    command: str


def parameters(data: bytes) -> dict[str, str]:
    """Read ``name = value`` lines; a line that begins with white space goes on, a later one beats an earlier one. Raises ``NotPostfix``."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if len(lines) > MOST_LINES:
        raise NotPostfix(f"more than {MOST_LINES} lines")
    logical: list[str] = []
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and logical:
            logical[-1] += " " + line.strip()
        else:
            logical.append(line.strip())
    return {found[1]: found[2].strip() for line in logical if (found := _NAME.match(line))}


def services(data: bytes) -> tuple[Service, ...]:
    """Read the services of master.cf, or of ``postconf -M``; their options are in ``postconf -P``. Raises ``NotPostfix``."""
    lines = data.decode("utf-8", "replace").split("\n")
    if len(lines) > MOST_LINES:
        raise NotPostfix(f"more than {MOST_LINES} lines")
    found = []
    for line in lines:
        words = line.split()
        if len(words) > 7 and not line[0].isspace() and not line.startswith("#"):
            found.append(Service(words[0], words[1], words[7]))
    return tuple(found)


def words(value: str) -> list[str]:
    """Split a list as Postfix does: at commas and white space. Braces only hold a word and its table together, so they are left out."""
    return re.findall(r"[^\s,{}]+", value)


def expanded(value: str, known: Mapping[str, str], depth: int = 0) -> str:
    """Put in ``$name`` and ``${name}``; conditionals and what is nested too deep stay as they are."""
    if depth > 8 or len(value) > 100_000:
        return value

    def one(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return expanded(known[name], known, depth + 1) if name in known else found[0]

    return re.sub(r"\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))", one, value)


def relaying(restrictions: Sequence[str]) -> Relaying:
    """Say what a list does with a stranger: the first restriction that applies decides (SMTPD_ACCESS_README).

    ``warn_if_reject`` makes the next word a mere warning. A word that is not known, such as a class of restrictions, may permit.
    """
    by_table = False
    words = iter(restrictions)
    for word in words:
        if word == "warn_if_reject":
            if _WITH_ARGUMENT.fullmatch(next(words, "")):
                next(words, None)
        elif word in _REFUSES:
            return Relaying.BY_TABLE if by_table else Relaying.REFUSED
        elif word == "permit":
            return Relaying.BY_TABLE if by_table else Relaying.PERMITTED
        elif word not in _OURS:
            by_table = by_table or not _NEVER_PERMITS.fullmatch(word)
            if _WITH_ARGUMENT.fullmatch(word):
                next(words, None)
    return Relaying.BY_TABLE if by_table else Relaying.OPEN_END


def networks(value: str) -> tuple[str, ...] | None:
    """Give the networks of ``mynetworks`` in CIDR form; ``None`` where a table or a pattern names them."""
    found = []
    for word in words(value):
        text = word.replace("[", "").replace("]", "")
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return None
        if network.version == 6 and (mapped := network.network_address.ipv4_mapped) and network.prefixlen >= 96:
            network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}", strict=False)
        found.append(str(network))
    return tuple(dict.fromkeys(found))
