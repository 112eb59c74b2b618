"""The collector for uncommon protocols and file systems of the Linux kernel: are they kept out. ``modules`` holds how that is told."""

from __future__ import annotations

from scanner.facts.kernel import BarredModule, KernelModules
from scanner.hosts.base import Files, Names, Reader, Source, collector
from scanner.hosts.linux.base import shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.hosts.linux.modules import LIST_LIMIT, NOW, modules
from scanner.model.platform import Platform
from scanner.wire import modprobe

PROTOCOLS = ("dccp", "sctp", "rds", "tipc")
"""Transports that almost nobody uses, that an ordinary account may have loaded by opening a socket, and that had flaws again and again."""
FILE_SYSTEMS = ("cramfs", "freevxfs", "hfs", "hfsplus", "jffs2")
"""File systems of old or foreign machines that a crafted medium may have loaded."""

READS: tuple[Source, ...] = (
    *(Names(directory) for directory in NOW),
    *(Files(f"{directory}/*.conf") for directory in NOW),
    Names("/lib/modules"),
    *(Names(f"/sys/module/{modprobe.normal(name)}") for name in (*PROTOCOLS, *FILE_SYSTEMS)),
    Files("/proc/sys/kernel/modules_disabled"),
    Files("/proc/sys/kernel/osrelease"),
    Files("/lib/modules/*/modules.builtin", limit=LIST_LIMIT),
    Files("/lib/modules/*/modules.dep", limit=LIST_LIMIT),
    Files("/proc/cmdline"),
    Files("/boot/grub/grub.cfg", limit=4_000_000, root=True),
    Files("/boot/grub2/grub.cfg", limit=4_000_000, root=True),
)


@collector(Platform.LINUX, *CONTAINER, *READS)
def kernel_modules(read: Reader) -> KernelModules:
    """See whether uncommon protocols and file systems can be loaded."""
    rules = modules(read)
    found = {name: BarredModule(name, rules.barred(name)) for name in (*PROTOCOLS, *FILE_SYSTEMS)}
    for name, module in found.items():
        read.keep(shown(module.holds.source), f"{name}: now {module.holds.in_force}, after a restart {module.holds.after_restart}")
    return KernelModules(container(read), tuple(found[name] for name in PROTOCOLS), tuple(found[name] for name in FILE_SYSTEMS))
