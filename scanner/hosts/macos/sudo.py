"""The collector for sudo on macOS: the same program and the same files as on Linux, read by the same means."""

from __future__ import annotations

from scanner.facts.sudo import SudoRules
from scanner.hosts.base import Reader, collector
from scanner.hosts.linux import sudo
from scanner.model.platform import Platform


@collector(Platform.MACOS, *sudo.sudo_rules.reads)
def sudo_rules(read: Reader) -> SudoRules:
    """See who may act as whom."""
    found = sudo.sudo_rules.run(read)
    assert isinstance(found, SudoRules)
    return found
