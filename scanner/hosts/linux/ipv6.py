"""The collector for IPv6 as such on Linux: the protocol, its interfaces, router advertisements and forwarding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from scanner.facts.ipv6 import Ipv6Interface, Ipv6Native, Technique
from scanner.facts.readings import Hold, Readings
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux.base import agreed, first_line, option, seen, shown
from scanner.hosts.linux.ifupdown import MAIN, stanzas
from scanner.hosts.linux.inet6 import TUNNEL_TYPES, addresses, flags
from scanner.hosts.linux.modules import Modules, modules
from scanner.hosts.linux.netmanager import PROFILES, Managed, manager
from scanner.hosts.linux.reads import MODULES, SYSCTL
from scanner.hosts.linux.sysctl import Sysctl, Written, settings
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import modprobe

T = TypeVar("T")
CONF = "net/ipv6/conf"
MOST_INTERFACES = 4_096
UP = 0x1  # IFF_UP, netdevice(7)
LOOPBACK = 0x8


@collector(
    Platform.LINUX,
    *SYSCTL,
    *MODULES,
    Files("/proc/net/if_inet6", limit=16_000_000),
    Names("/sys/module/ipv6"),
    Names(f"/proc/sys/{CONF}"),
    *(Files(f"/proc/sys/{CONF}/*/{leaf}") for leaf in ("disable_ipv6", "forwarding", "accept_ra")),
    *(Files(f"/sys/class/net/*/{leaf}") for leaf in ("flags", "type", "ifindex")),
    Files("/run/systemd/netif/links/*"),
    Files("/run/NetworkManager/devices/*"),
    *(Files(f"{directory}/*", root=True) for directory in PROFILES),
    Files(MAIN),
    Files("/etc/network/interfaces.d/*"),
)
def ipv6_native(read: Reader) -> Ipv6Native:
    """See IPv6 on the machine: there, in use, and to be in use after a restart."""
    seer = _Seer(read, settings(read), modules(read))
    stack = seer.stack()
    interfaces = seen(seer.interfaces)
    fact = Ipv6Native(stack, seer.forwards(), interfaces)
    if not isinstance(interfaces, Unobserved):
        for interface in interfaces:
            read.keep(
                interface.enabled.source,
                f"{interface.name or 'default'}: IPv6 now {interface.enabled.in_force}, after a restart {interface.enabled.after_restart}",
            )
    return fact


@dataclass(frozen=True, slots=True)
class _Seer:
    """What the parts of the fact have in common."""

    read: Reader
    lasting: Sysctl
    rules: Modules

    def stack(self) -> Readings[bool]:
        """Tell whether the kernel has IPv6: missing files under /proc mean that it has not, or was started without."""
        now: bool | Unobserved | None = None
        if self.read.live:
            now = seen(lambda: self.read.state("/proc/net/if_inet6") is not None)
        return Readings(None, now, self._stack_later(), "/proc/net/if_inet6, kernel option ipv6.disable")

    def _stack_later(self) -> bool | Unobserved:
        barred = self.rules.barred("ipv6").after_restart
        if barred is Hold.FULL:
            return False
        off = self._option("disable")
        if isinstance(off, Unobserved):
            return off
        return off not in {"1", "y", "Y"}

    def _option(self, name: str) -> str | Unobserved | None:
        """Give a parameter of the ipv6 module at the next start: from the kernel's options, or from modprobe.d."""
        given: str | Unobserved | None = None
        if not isinstance(self.rules.lasting, Unobserved):
            given = modprobe.options(self.rules.lasting, "ipv6").get(name)
        if isinstance(self.rules.options_later, Unobserved):
            return given or self.rules.options_later
        words = agreed([option(options, f"ipv6.{name}") for options in self.rules.options_later], f"ipv6.{name}")
        return given if words is None else words

    def forwards(self) -> Readings[bool]:
        """Tell whether the machine routes IPv6."""
        key = f"{CONF}/all/forwarding"
        now = self._now(key)
        later = self.lasting.get(key)
        configured, source = _configured(later, "1"), later.source if isinstance(later, Written) else f"/proc/sys/{key}"
        return Readings(
            configured,
            now if now is None or isinstance(now, Unobserved) else now == "1",
            later if isinstance(later, Unobserved) else later is not None and later.value == "1",
            source,
        )

    def interfaces(self) -> tuple[Ipv6Interface, ...]:
        """Give the entry for all others first, then the interfaces that are up. Raises ``CannotObserve``."""
        found = [self._interface("", None, ())]
        if not self.read.live:
            return tuple(found)
        held = seen(lambda: addresses(self.read))
        names = self.read.names(f"/proc/sys/{CONF}") or ()
        if len(names) > MOST_INTERFACES:
            raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_INTERFACES} network interfaces")
        for name in names:
            if name in {"all", "default", "lo"} or not self._counts(name):
                continue
            index = first_line(self.read, f"/sys/class/net/{name}/ifindex") or ""
            managed = seen(partial(manager, self.read, index)) if index.isdecimal() else None
            of_name = () if isinstance(held, Unobserved) else [a for a in held if a.interface == shown(name)]
            if any(a.technique is Technique.TEREDO for a in of_name):
                continue  # a tun device: only its address tells that it is a tunnel
            mine = held if isinstance(held, Unobserved) else tuple(f"{a.address}/{a.length}" for a in of_name)
            found.append(self._interface(name, managed, mine))
        return tuple(found)

    def _counts(self, name: str) -> bool:
        """Leave out what is down, loops back or is a tunnel: tunnels are a fact of their own."""
        held = flags(self.read, name)
        state = UP if held is None else held
        kind = first_line(self.read, f"/sys/class/net/{name}/type") or "1"
        return bool(state & UP) and not state & LOOPBACK and not (kind.isdecimal() and int(kind) in TUNNEL_TYPES)

    def _interface(self, name: str, managed: Managed | Unobserved | None, held: tuple[str, ...] | Unobserved) -> Ipv6Interface:
        by = managed.by if isinstance(managed, Managed) else ""
        return Ipv6Interface(shown(name), by, self._enabled(name, managed), self._advertisements(name, managed), held)

    def _enabled(self, name: str, managed: Managed | Unobserved | None) -> Readings[bool]:
        off = self._setting(name, "disable_ipv6", reaches_all=True)
        default = self._option("disable_ipv6")
        readings = off.readings(lambda value: value == "0", default if isinstance(default, Unobserved) else default not in {"1", "y", "Y"})
        later = readings.after_restart
        if isinstance(managed, Unobserved):
            later = managed
        elif managed is not None and managed.lasting:
            if managed.off is True:
                later = (
                    later if later is False else Unobserved(Reason.UNSUPPORTED, f"{managed.source}: whether IPv6 is switched off with it")
                )
            elif later is False:
                # Both programs switch IPv6 on where their own settings ask for it, over what sysctl had set.
                later = Unobserved(Reason.UNSUPPORTED, f"{managed.by} may switch IPv6 on again ({managed.source})")
        return Readings(readings.configured, readings.in_force, later, readings.source)

    def _advertisements(self, name: str, managed: Managed | Unobserved | None) -> Readings[bool]:
        forwarding = self._setting(name, "forwarding", reaches_all=True).readings(lambda value: value not in {"0", ""}, False)
        accept = self._setting(name, "accept_ra", reaches_all=False).readings(_number, 1)
        routes_now, routes_later = forwarding.in_force, forwarding.after_restart

        def kernel(value: int | Unobserved, routes: bool | Unobserved) -> bool | Unobserved:
            if isinstance(value, Unobserved):
                return value
            # Documentation/networking/ip-sysctl.rst: 1 only while it does not forward, 2 always
            if value == 1:
                return routes if isinstance(routes, Unobserved) else not routes
            return value > 1

        now = None if accept.in_force is None or routes_now is None else kernel(accept.in_force, routes_now)
        later = kernel(accept.after_restart, routes_later)
        configured = accept.configured if accept.configured is None or isinstance(accept.configured, Unobserved) else accept.configured > 0
        source = accept.source
        if isinstance(managed, Unobserved):
            now, later, source = managed, managed, "network manager"
        elif managed is not None and managed.advertisements is not None:
            configured, now, source = managed.advertisements, managed.advertisements, managed.source
            later = managed.advertisements if managed.lasting else later
        elif name:
            by_stanza = seen(lambda: self._by_ifupdown(name))
            if by_stanza is not None:
                later = by_stanza if isinstance(by_stanza, Unobserved) else kernel(by_stanza[0], routes_later)
                source = source if isinstance(by_stanza, Unobserved) else by_stanza[1]
        return Readings(configured, now, later, source)

    def _by_ifupdown(self, name: str) -> tuple[int, str] | None:
        """Give the accept_ra that ifupdown writes when it brings the interface up, interfaces(5), if it writes one."""
        for placed in stanzas(self.read):
            given = placed.stanza.option("accept_ra") if placed.stanza.name == name and placed.stanza.family == "inet6" else None
            if given is not None and given.isdecimal() and placed.starts:
                return int(given), placed.where
        return None

    def _setting(self, name: str, leaf: str, *, reaches_all: bool) -> _Setting:
        """Read one setting. ``reaches_all``: writing it for ``all`` changes every interface; accept_ra has no such effect."""
        here = name or "default"
        now = self._now(f"{CONF}/{here}/{leaf}")
        own = self.lasting.get(f"{CONF}/{here}/{leaf}")
        general = self.lasting.get(f"{CONF}/all/{leaf}") if reaches_all else None
        default = None if here == "default" else self.lasting.get(f"{CONF}/default/{leaf}")
        return _Setting(shown(f"/proc/sys/{CONF}/{here}/{leaf}"), now, own, general, default)

    def _now(self, key: str) -> str | Unobserved | None:
        if not self.read.live:
            return None
        value = seen(lambda: first_line(self.read, f"/proc/sys/{key}"))
        # No such file: the kernel has no IPv6, so nothing is on.
        return "" if value is None else value


@dataclass(frozen=True, slots=True)
class _Setting:
    """One sysctl of one interface: its value now, and what lasting files say to it, to all and to the default."""

    path: str
    now: str | Unobserved | None
    own: Written | Unobserved | None
    general: Written | Unobserved | None
    default: Written | Unobserved | None

    def readings(self, make: Callable[[str], T], unset: T | Unobserved) -> Readings[T]:
        """Give the three readings; ``unset`` is the kernel's own default."""
        written = next((w for w in (self.own, self.general, self.default) if w is not None), None)
        later = self._later()
        return Readings(
            configured=written if written is None or isinstance(written, Unobserved) else make(written.value),
            in_force=self.now if self.now is None or isinstance(self.now, Unobserved) else make(self.now),
            after_restart=unset if later is None else later if isinstance(later, Unobserved) else make(later),
            source=written.source if isinstance(written, Written) else self.path,
        )

    def _later(self) -> str | Unobserved | None:
        if self.own is not None:
            return self.own if isinstance(self.own, Unobserved) else self.own.value
        if isinstance(self.general, Unobserved) or isinstance(self.default, Unobserved):
            return self.general if isinstance(self.general, Unobserved) else self.default  # type: ignore[return-value]  # one of them is
        if self.general and self.default and self.general.value != self.default.value:
            return Unobserved(Reason.UNSUPPORTED, f"{self.path}: {self.general.source} and {self.default.source} contradict each other")
        if self.general:
            return self.general.value
        if self.default is None or self.now is None or self.now == self.default.value:
            return None if self.default is None else self.default.value
        # "default" only reaches interfaces that appear after it is set, and this one goes by another value now.
        return Unobserved(Reason.UNSUPPORTED, f"{self.path}: {self.default.source} reaches it only if it appears after that is read")


def _configured(written: Written | Unobserved | None, yes: str) -> bool | Unobserved | None:
    return written if written is None or isinstance(written, Unobserved) else written.value == yes


def _number(value: str) -> int:
    """Give a number; what is missing or is none switches nothing on."""
    return int(value) if value.isdecimal() else 0
