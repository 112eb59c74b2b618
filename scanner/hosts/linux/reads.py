"""What the functions that collectors share read, declared so that a far machine is asked for all of it at once. No collector here."""

from __future__ import annotations

from scanner.hosts.base import Files, Names, Source
from scanner.hosts.linux import desktops, gsettings, modules, sysctl, udev
from scanner.hosts.linux.modules import LIST_LIMIT

GRUB_LIMIT = 4_000_000

INIT: tuple[Source, ...] = tuple(
    Names(path)
    for path in (
        "/run/systemd/system",
        "/sbin/init",
        "/usr/lib/systemd/systemd",
        "/lib/systemd/systemd",
        "/sbin/openrc",
        "/usr/sbin/openrc",
        "/sbin/openrc-init",
        "/etc/inittab",
    )
)
"""``base.init``."""
BOOT: tuple[Source, ...] = (
    Files("/proc/cmdline"),
    Files("/boot/grub/grub.cfg", limit=GRUB_LIMIT, root=True),
    Files("/boot/grub2/grub.cfg", limit=GRUB_LIMIT, root=True),
    Files("/boot/grub2/grubenv"),
    *(Files(f"{place}/loader/entries/*.conf", root=True) for place in ("/boot", "/efi", "/boot/efi")),
)
"""``base.boot_options``."""
MODULES: tuple[Source, ...] = (
    *BOOT,
    *(Files(f"{directory}/*.conf") for directory in modules.NOW),
    Names("/lib/modules"),
    Files("/lib/modules/*/modules.builtin", limit=LIST_LIMIT),
    Files("/lib/modules/*/modules.dep", limit=LIST_LIMIT),
    Files("/proc/sys/kernel/modules_disabled"),
    Files("/proc/sys/kernel/osrelease"),
)
"""``modules.modules``; /sys/module of each module is the collector's."""
SYSCTL: tuple[Source, ...] = (*INIT, *(Files(f"{directory}/*.conf") for directory in sysctl.DIRECTORIES), Files(sysctl.MAIN))
"""``sysctl.settings``."""
UDEV: tuple[Source, ...] = tuple(Files(f"{directory}/*.rules") for directory in udev.NOW)
"""``udev.udev_rules``."""
ACCOUNTS: tuple[Source, ...] = (Files("/etc/login.defs"), Files("/etc/passwd", limit=10_000_000))
"""``base.accounts``."""
SESSIONS: tuple[Source, ...] = (
    *(Files(f"{directory}/*.desktop") for directory in desktops.SESSIONS),
    Files("/etc/environment"),
    *(Files(path, limit=gsettings.DATABASE_LIMIT) for path in gsettings.SCHEMAS),
    *(Files(f"{where}/user") for where in gsettings.PROFILES),
    *(Files(f"/etc/dconf/db/{name}", limit=gsettings.DATABASE_LIMIT) for name in ("local", "site", "distro")),
    *(Files(f"/etc/dconf/db/{name}.d/*") for name in ("local", "site", "distro")),
    Names("/usr/bin/gnome-session"),
    Names("/usr/bin/startplasma-x11"),
    Names("/usr/bin/startplasma-wayland"),
)
"""``desktops.sessions`` and what the desktops' settings begin with."""
