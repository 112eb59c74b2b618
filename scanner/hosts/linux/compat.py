"""Whether a Linux kernel takes the calls of 32-bit programs beside its own: they have other numbers, so that rules may miss them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, Run, Source
from scanner.hosts.linux.base import agreed, boot_options, exists, first_line, needed, option, seen, shown
from scanner.hosts.linux.reads import BOOT
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason

BUILT_IN = "/proc/sys/abi/vsyscall32"
"""There where the kernel of an x86_64 machine was built to take them (Documentation/admin-guide/sysctl/abi.rst)."""
RELEASE = "/proc/sys/kernel/osrelease"
OPTION = "ia32_emulation"
SWITCHED_FROM = (6, 7)
"""The kernel that knows the option first (Documentation/admin-guide/kernel-parameters.txt)."""
DISABLED = "CONFIG_IA32_EMULATION_DEFAULT_DISABLED=y"
BUILD = Run(("sh", "-c", f"uname -m; f=/boot/config-$(uname -r); grep -hsx {DISABLED} $f; if [ -r $f ]; then echo read; fi"))
READS: tuple[Source, ...] = (*BOOT, Names(BUILT_IN), Files(RELEASE), BUILD)


def takes_32_bit_calls(read: Reader) -> Readings[bool]:
    """Tell whether the running kernel takes calls of the 32-bit form, and whether it will after a restart, of the same kernel."""
    if not read.live:
        return Readings(None, None, Unobserved(Reason.UNSUPPORTED, "which kernel a mounted root is started with cannot be told"), OPTION)
    options, entries = boot_options(read)
    now = options if isinstance(options, Unobserved) else seen(partial(_takes, read, options or ()))
    later = entries if isinstance(entries, Unobserved) else seen(lambda: needed(agreed([_takes(read, one) for one in entries], OPTION)))
    return Readings(None, now, later, OPTION)


def _takes(read: Reader, options: Sequence[str]) -> bool:
    """Tell what the kernel does when it is started with these options. Raises ``CannotObserve``."""
    said = read.command(BUILD.argv)
    machine, *build = (said.stdout.decode("ascii", "replace").split() if said is not None else []) or [""]
    if machine != "x86_64":
        raise CannotObserve(Reason.UNSUPPORTED, f"whether 32-bit calls are taken is not known of machines of this kind: {shown(machine)}")
    if not exists(read, BUILT_IN):
        return False
    version = re.match(r"(\d{1,4})\.(\d{1,4})", first_line(read, RELEASE) or "")
    if version is not None and (int(version[1]), int(version[2])) < SWITCHED_FROM:
        return True
    asked = option(options, OPTION)
    if asked is not None:
        return asked.lower() not in {"0", "n", "no", "off", "f", "false"}
    if "read" not in build:
        raise CannotObserve(Reason.UNSUPPORTED, "/boot/config-*: whether 32-bit calls are off by the kernel's build is not known")
    return DISABLED not in build
