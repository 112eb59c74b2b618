"""Whether a kernel module is there, loaded, or kept from being loaded: now, and by lasting settings."""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from scanner.facts.readings import Hold, Readings
from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Text, agreed, boot_options, drop_ins, first_line, is_there, option, parsed, seen, shown
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import modprobe

LASTING = ("/etc/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
NOW = ("/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d")
LIST_LIMIT = 16_000_000
"""Octets of ``modules.dep``; a distribution's kernel has about one million."""
_DOES_NOTHING = frozenset({"false", "true", ":", "nologin"})


class Kept(Enum):
    """How a kernel has a module."""

    BUILT_IN = auto()
    LOADABLE = auto()
    ABSENT = auto()


@dataclass(frozen=True, slots=True)
class Modules:
    """The rules for loading modules on one machine."""

    read: Reader
    now: tuple[modprobe.Directive, ...] | Unobserved
    lasting: tuple[modprobe.Directive, ...] | Unobserved
    options_now: tuple[str, ...] | Unobserved | None
    options_later: tuple[tuple[str, ...], ...] | Unobserved

    def loaded(self, module: str) -> bool | Unobserved | None:
        """Tell whether the running kernel has the module at work, built in or loaded; ``None``: it does not run."""
        if not self.read.live:
            return None
        return seen(lambda: is_there(self.read, f"/sys/module/{modprobe.normal(module)}"))

    def barred(self, module: str) -> Readings[Hold]:
        """Tell how firmly a module is kept from being loaded. One that a kernel does not have is kept out fully."""
        configured = self._written(module)
        later = self._later(module)
        now: Hold | Unobserved | None = None
        if self.read.live:
            now = self._now(module)
        absent = configured[0] is None and later is Hold.FULL
        return Readings(configured[0], now, later, f"/lib/modules: the kernel has no {module}" if absent else configured[1])

    def _written(self, module: str) -> tuple[Hold | Unobserved | None, str]:
        if isinstance(self.lasting, Unobserved):
            return self.lasting, "modprobe.d"
        hold, source = _by_rules(self.lasting, module)
        return (None, f"modprobe.d: no line for {module}") if hold is Hold.NONE else (hold, source)

    def _now(self, module: str) -> Hold | Unobserved:
        loaded = self.loaded(module)
        if isinstance(loaded, Unobserved):
            return loaded
        if loaded:
            return Hold.NONE
        off = seen(lambda: first_line(self.read, "/proc/sys/kernel/modules_disabled"))
        release = seen(lambda: first_line(self.read, "/proc/sys/kernel/osrelease"))
        if isinstance(release, Unobserved):
            return release
        kept = seen(lambda: _kept(self.read, release or "", module))
        if off == "1" or kept is Kept.ABSENT:
            return Hold.FULL
        if isinstance(kept, Unobserved):
            return kept
        return _hold(self.now, self.options_now or (), module) if kept is Kept.LOADABLE else Hold.NONE

    def _later(self, module: str) -> Hold | Unobserved:
        kernels = seen(lambda: self._kernels(module))
        if isinstance(kernels, Unobserved):
            return kernels
        if kernels == {Kept.ABSENT}:
            return Hold.FULL
        if Kept.BUILT_IN in kernels:
            return Hold.NONE
        # A kernel without the module cannot be worse than one with it, so the rules decide for those that have it.
        written = _hold(self.lasting, (), module)
        if written is Hold.FULL:
            return written
        if isinstance(self.options_later, Unobserved):
            return self.options_later
        return agreed([_hold(self.lasting, options, module) for options in self.options_later], module)

    def _kernels(self, module: str) -> set[Kept]:
        releases = self.read.names("/lib/modules") or self.read.names("/usr/lib/modules") or ()
        if not releases and self.read.live:  # started from outside with a kernel that has no files here: the same one comes again
            return {Kept.BUILT_IN if is_there(self.read, f"/sys/module/{modprobe.normal(module)}") else Kept.ABSENT}
        if not releases:
            raise CannotObserve(Reason.UNSUPPORTED, "/lib/modules: the image holds no kernel, so its modules cannot be told")
        return {_kept(self.read, release, module) for release in releases}


def modules(read: Reader) -> Modules:
    """Read the rules of a machine."""
    now, later = boot_options(read)
    return Modules(read, _directives(drop_ins(read, NOW, ".conf")), _directives(drop_ins(read, LASTING, ".conf")), now, later)


def _directives(files: Sequence[Text] | Unobserved) -> tuple[modprobe.Directive, ...] | Unobserved:
    if isinstance(files, Unobserved):
        return files
    found: list[modprobe.Directive] = []
    for file in files:
        directives = file.data if isinstance(file.data, Unobserved) else parsed(file.path, file.data, modprobe.parse)
        if isinstance(directives, Unobserved):
            return directives
        found.extend(directives)
    return tuple(found)


def _hold(rules: tuple[modprobe.Directive, ...] | Unobserved, options: Sequence[str] | Unobserved, module: str) -> Hold | Unobserved:
    if isinstance(options, Unobserved):
        return options
    # The kernel itself refuses what module_blacklist names; modprobe.blacklist is only a blacklist line.
    if modprobe.normal(module) in _listed(options, "module_blacklist"):
        return Hold.FULL
    if isinstance(rules, Unobserved):
        return rules
    hold, _ = _by_rules(rules, module)
    if hold is Hold.NONE and modprobe.normal(module) in _listed(options, "modprobe.blacklist"):
        return Hold.PARTIAL
    return hold


def _listed(options: Sequence[str], name: str) -> set[str]:
    return {modprobe.normal(module) for module in (option(options, name) or "").split(",")}


def _by_rules(rules: tuple[modprobe.Directive, ...], module: str) -> tuple[Hold | Unobserved, str]:
    command = modprobe.install_command(rules, module)
    if command is not None:
        source = f"modprobe.d: install {module} {shown(command)}"
        words = command.split()
        if words and os.path.basename(words[0]) in _DOES_NOTHING:
            return Hold.FULL, source
        return Unobserved(Reason.UNSUPPORTED, f"{source}: what this command does cannot be told"), source
    if modprobe.blacklisted(rules, module):
        return Hold.PARTIAL, f"modprobe.d: blacklist {module}"
    return Hold.NONE, f"modprobe.d: no line for {module}"


def _kept(read: Reader, release: str, module: str) -> Kept:
    wanted = modprobe.normal(module)
    base = next((b for b in (f"/lib/modules/{release}", f"/usr/lib/modules/{release}") if release and read.names(b) is not None), None)
    if base is None:
        return Kept.BUILT_IN if read.live and is_there(read, f"/sys/module/{wanted}") else Kept.ABSENT
    built_in = read.file(f"{base}/modules.builtin", limit=LIST_LIMIT)
    if built_in is not None and wanted in _names(built_in, b"\n"):
        return Kept.BUILT_IN
    loadable = read.file(f"{base}/modules.dep", limit=LIST_LIMIT)
    if loadable is None and built_in is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{base}: no lists of modules")
    return Kept.LOADABLE if loadable is not None and wanted in _names(loadable, b":") else Kept.ABSENT


def _names(data: bytes, end: bytes) -> set[str]:
    """Give the names of modules from lines like ``kernel/net/ipv6/sit.ko.xz: …``."""
    names = set()
    for line in data.split(b"\n"):
        file = line.split(end, 1)[0].rsplit(b"/", 1)[-1].decode("utf-8", "replace")
        if ".ko" in file:
            names.add(modprobe.normal(file.split(".ko", 1)[0]))
    return names
