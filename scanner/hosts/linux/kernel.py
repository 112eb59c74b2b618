"""The collector for kernel settings of Linux: what /proc/sys says now and what the next start will make of the lasting files.

Where no lasting file names a key, the kernel's own default comes back at the next start. Most defaults are fixed in the kernel's
source; some are chosen when a kernel is built and are read from its configuration file. A default that is neither is unobserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from scanner.facts.kernel import KernelSetting, KernelSettings
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import enabled, first_line, one_file, parsed, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.hosts.linux.services import UNITS
from scanner.hosts.linux.sysctl import Sysctl, Written, settings
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import sysctl

MOST_INTERFACES = 256
IPV4, IPV6 = "net/ipv4/conf", "net/ipv6/conf"

FIXED: Mapping[str, str] = {
    "net/ipv4/tcp_syncookies": "1",
    "net/ipv4/tcp_synack_retries": "5",
    "net/ipv4/icmp_echo_ignore_broadcasts": "1",
    "net/ipv4/icmp_ignore_bogus_error_responses": "1",
    "net/ipv4/ip_forward": "0",
    "net/ipv6/conf/all/forwarding": "0",
    "kernel/kptr_restrict": "0",
    "fs/suid_dumpable": "0",
    "fs/protected_symlinks": "0",
    "fs/protected_hardlinks": "0",
    "fs/protected_fifos": "0",
    "fs/protected_regular": "0",
}
"""Defaults that stand in the kernel's source: Documentation/networking/ip-sysctl.rst, Documentation/admin-guide/sysctl."""
BUILT: Mapping[str, tuple[str, str, str]] = {
    "kernel/dmesg_restrict": ("SECURITY_DMESG_RESTRICT", "1", "0"),
    "kernel/randomize_va_space": ("COMPAT_BRK", "1", "2"),
    "kernel/unprivileged_bpf_disabled": ("BPF_UNPRIV_DEFAULT_OFF", "2", "0"),
    "kernel/sysrq": ("MAGIC_SYSRQ_DEFAULT_ENABLE", "", "1"),
}
"""Defaults chosen at the build: the option, the value where it is set (empty: its own), the value where it is not."""
UNKNOWN = ("net/ipv4/tcp_max_syn_backlog", "kernel/yama/ptrace_scope", "kernel/core_pattern")
"""Keys whose default depends on the memory or on the distribution's patches."""
PER_INTERFACE: Mapping[str, tuple[str, str]] = {
    "rp_filter": ("0", "0"),
    "accept_redirects": ("1", "1"),
    "send_redirects": ("1", "1"),
    "accept_source_route": ("0", "1"),
    "log_martians": ("0", "0"),
}
"""IPv4 settings of each interface: the kernel's defaults of ``all`` and of every other (net/ipv4/devinet.c)."""
PER_INTERFACE_6: Mapping[str, tuple[str, str]] = {"accept_redirects": ("1", "1")}
FORWARD, FORWARD_ALL = "net/ipv4/ip_forward", f"{IPV4}/all/forwarding"
"""Two names of one switch, which sets ``forwarding`` of every interface; afterwards each has its own (net/ipv4/devinet.c)."""

_OPTIONS = "|".join(option for option, _, _ in BUILT.values())
CONFIG = Run(("sh", "-c", f"f=/boot/config-$(uname -r); grep -hsE '^CONFIG_({_OPTIONS})=' $f; if [ -r $f ]; then echo read; fi"))
"""The running kernel's build options that decide on defaults; the last line tells that the file is there."""
UFW = ("/etc/ufw/ufw.conf", "/etc/default/ufw", "/etc/ufw/sysctl.conf")


@collector(
    Platform.LINUX,
    *CONTAINER,
    *UNITS,
    *(Files(f"/proc/sys/{key}", root=key.startswith("fs/protected")) for key in (*FIXED, *BUILT, *UNKNOWN)),
    *(Files(f"/proc/sys/{IPV4}/*/{leaf}") for leaf in (*PER_INTERFACE, "forwarding")),
    *(Files(f"/proc/sys/{IPV6}/*/{leaf}") for leaf in PER_INTERFACE_6),
    Names(f"/proc/sys/{IPV4}"),
    *(Files(path) for path in UFW),
    CONFIG,
)
def kernel_settings(read: Reader) -> KernelSettings:
    """See the kernel's settings that protect the machine and its network."""
    seer = _Seer(read)
    found = [seer.setting(key, seer.default(key)) for key in (*FIXED, *BUILT, *UNKNOWN)]
    names = seen(lambda: _interfaces(read))
    for base, leaves in ((IPV4, PER_INTERFACE), (IPV6, PER_INTERFACE_6)):
        for leaf, (default_all, default) in leaves.items():
            found.append(seer.setting(f"{base}/all/{leaf}", default_all))
            found.append(seer.setting(f"{base}/default/{leaf}", default))
            for name in () if isinstance(names, Unobserved) else names:
                found.append(seer.setting(f"{base}/{name}/{leaf}", default, f"{base}/default/{leaf}"))
    found.append(seer.setting(FORWARD_ALL, "0", FORWARD))
    for name in ("default", *(() if isinstance(names, Unobserved) else names)):
        found.append(seer.setting(f"{IPV4}/{name}/forwarding", "0", f"{IPV4}/default/forwarding", FORWARD_ALL, FORWARD))
    shown_names = names if isinstance(names, Unobserved) else tuple(shown(name) for name in names)
    for setting in found[:12]:
        read.keep(setting.value.source, f"{setting.name}: now {setting.value.in_force}, after a restart {setting.value.after_restart}")
    return KernelSettings(container(read), tuple(found), shown_names)


def _interfaces(read: Reader) -> tuple[str, ...]:
    if not read.live:
        return ()
    names = tuple(name for name in read.names(f"/proc/sys/{IPV4}") or () if name not in {"all", "default", "lo"})
    if len(names) > MOST_INTERFACES:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_INTERFACES} network interfaces")
    return names


class _Seer:
    """What the settings have in common: the lasting files, the firewall program that sets some anew, the kernel's build options."""

    def __init__(self, read: Reader) -> None:
        self.read = read
        self.lasting = settings(read)
        self.firewall = seen(lambda: _ufw(read))
        self.built = _built(read)

    def default(self, key: str) -> str | Unobserved:
        """Give the kernel's own default of a key."""
        if key in FIXED:
            return FIXED[key]
        if key not in BUILT:
            return Unobserved(Reason.UNSUPPORTED, f"{key}: nothing sets it for good, and this kernel's own default cannot be told")
        if isinstance(self.built, Unobserved):
            return self.built
        option, given, absent = BUILT[key]
        if option not in self.built:
            return absent
        return given or _number(self.built[option])

    def setting(self, key: str, default: str | Unobserved, *instead: str) -> KernelSetting:
        """Give a setting's readings. ``instead`` are keys whose lasting value, the first there is, holds where it has none of its own."""
        now: str | Unobserved | None = None
        if self.read.live:
            now = seen(partial(self._now, key))
        written = next((found for one in (key, *instead) if (found := self._written(one)) is not None), None)
        if isinstance(written, Unobserved):
            return KernelSetting(_name(key), Readings(written, now, written, f"/proc/sys/{key}"))
        if written is None:
            later = "" if now == "" else default
            return KernelSetting(_name(key), Readings(None, now, later, f"/proc/sys/{key}"))
        later = "" if now == "" else _number(written.value)
        return KernelSetting(_name(key), Readings(_number(written.value), now, later, written.source))

    def _now(self, key: str) -> str:
        line = first_line(self.read, f"/proc/sys/{key}")
        return "" if line is None else shown(line)

    def _written(self, key: str) -> Written | Unobserved | None:
        if isinstance(self.firewall, Unobserved):
            return self.firewall
        found = self.firewall.get(key) if self.firewall else None
        return found or self.lasting.get(key)


def _ufw(read: Reader) -> Sysctl | None:
    """Give the settings that ufw makes after all others when it starts: the file that IPT_SYSCTL names (ufw(8), ufw-framework(8))."""
    on = ["ENABLED", "yes"] in _assignments(read, UFW[0])
    if not on or not enabled(read, "ufw.service"):
        return None
    path = next((words[1] for words in reversed(_assignments(read, UFW[1])) if words[0] == "IPT_SYSCTL"), "")
    text = one_file(read, path) if path.startswith("/") else None
    if text is None:
        return None
    lines = text.data if isinstance(text.data, Unobserved) else parsed(text.path, text.data, sysctl.parse)
    return Sysctl((((text.path, lines),),))


def _assignments(read: Reader, path: str) -> list[list[str]]:
    lines = (read.file(path) or b"").decode("utf-8", "replace").split("\n")
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#")]
    return [[name.strip(), value.strip().strip("\"'")] for name, value in pairs]


def _built(read: Reader) -> Mapping[str, str] | Unobserved:
    if not read.live:
        return Unobserved(Reason.UNSUPPORTED, "which kernel a mounted root is started with cannot be told")
    said = seen(lambda: read.command(CONFIG.argv))
    if isinstance(said, Unobserved):
        return said
    lines = [] if said is None else said.stdout.decode("utf-8", "replace").split()
    if "read" not in lines:
        return Unobserved(Reason.UNSUPPORTED, "/boot/config-*: the build options of the running kernel are not there")
    return {name.removeprefix("CONFIG_"): value for name, equals, value in (line.partition("=") for line in lines) if equals}


def _number(value: str) -> str:
    """Write a number as the kernel prints it; other values stay."""
    for base in (0, 8):  # 010 is eight to the kernel; int() takes it only as octal by order
        with suppress(ValueError):
            return str(int(value, base))
    return shown(value.strip())


def _name(key: str) -> str:
    # sysctl(8) writes a dot in an interface's name as a slash
    return shown(key.translate(str.maketrans("./", "/.")))
