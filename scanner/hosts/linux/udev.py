"""udev's rules on a machine, those of now and those that last, each with its place."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import drop_ins, parsed
from scanner.model.fact import Unobserved
from scanner.wire import udevrules

NOW = ("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
LASTING = tuple(directory for directory in NOW if not directory.startswith("/run/"))


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule and where it stands, ``/etc/udev/rules.d/50-x.rules line 3``."""

    rule: udevrules.Rule
    where: str


@dataclass(frozen=True, slots=True)
class UdevRules:
    """The rules of a machine; ``now`` is ``None`` where it does not run."""

    now: tuple[Placed, ...] | Unobserved | None
    lasting: tuple[Placed, ...] | Unobserved


def udev_rules(read: Reader) -> UdevRules:
    """Read all rules, merged by name as udev does."""
    return UdevRules(_rules(read, NOW) if read.live else None, _rules(read, LASTING))


def _rules(read: Reader, directories: tuple[str, ...]) -> tuple[Placed, ...] | Unobserved:
    files = drop_ins(read, directories, ".rules")
    if isinstance(files, Unobserved):
        return files
    found: list[Placed] = []
    for file in files:
        rules = file.data if isinstance(file.data, Unobserved) else parsed(file.path, file.data, udevrules.parse)
        if isinstance(rules, Unobserved):
            return rules
        found.extend(Placed(rule, f"{file.path} line {rule.line}") for rule in rules)
    return tuple(found)
