"""Cases of the checks of the network stack. What all and one interface come to together is the kernel's own rule for each setting."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.facts.kernel import KernelSettings
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off
from tests.checks.kernel_cases import CONTAINER, kernel, plain

FOUR, SIX = "net.ipv4.conf", "net.ipv6.conf"


def faces(
    leaf: str,
    whole: str,
    default: str,
    *own: str,
    routes: str = "0",
    six: str = "0",
    more: Mapping[str, Readings[str]] | None = None,
    interfaces: tuple[str, ...] | Unobserved | None = None,
) -> KernelSettings:
    """A machine with interfaces eth0, eth1 …; ``whole`` is what stands at all, ``own`` what stands at each."""
    names = tuple(f"eth{n}" for n in range(len(own)))
    values = {f"{FOUR}.all.{leaf}": always(whole), f"{FOUR}.default.{leaf}": always(default), "net.ipv4.ip_forward": always(routes)}
    values |= {f"{FOUR}.{name}.{leaf}": always(value) for name, value in zip(names, own, strict=True)}
    values |= {f"{SIX}.{name}.{leaf}": always(six) for name in ("default", *names)}
    return kernel(values | dict(more or {}), interfaces=names if interfaces is None else interfaces)


def common(leaf: str, good: str, bad: str, *, both_bad: bool = False) -> list[Case]:
    """The cases that all checks over interfaces share. ``both_bad``: only where all and the interface are bad is it bad."""
    whole = {f"{FOUR}.all.{leaf}": always(bad if both_bad else good)}
    default = f"{FOUR}.default.{leaf}"
    six = {f"{SIX}.default.{leaf}": always("0")}
    return [
        case(faces(leaf, good, good, good), says="SETTING_GOOD"),
        case(faces(leaf, bad, bad, bad), says="SETTING_BAD"),
        case(kernel(whole | six | {default: Readings(good, bad, good, "file line 2")} | _weak(leaf, bad)), says="SETTING_NOT_APPLIED"),
        case(kernel(whole | six | {default: Readings(None, good, bad, "place")} | _weak(leaf, bad)), says="SETTING_RETURNS"),
        case(kernel(whole | six | {default: Readings(None, good, DENIED, "place")}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(kernel({f"{FOUR}.all.{leaf}": always(""), default: always("")}), says="SETTING_ABSENT"),
        case(faces(leaf, good, good, interfaces=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(faces(leaf, bad, bad, interfaces=DENIED), says="SETTING_BAD"),
        case(
            kernel({f"{FOUR}.all.{leaf}": off(good), default: off(good), f"{SIX}.default.{leaf}": off("0")}),
            says="SETTING_GOOD",
        ),
    ]


def _weak(leaf: str, bad: str) -> dict[str, Readings[str]]:
    """What stands at all so that the interface alone decides."""
    ones = {"rp_filter": "0", "log_martians": "0", "accept_redirects": "0", "send_redirects": "0", "accept_source_route": "1"}
    return {f"{FOUR}.all.{leaf}": Readings(ones[leaf], ones[leaf], ones[leaf], "place")}


CASES: dict[str, list[Case]] = {
    "host.network.reverse-path": [
        *common("rp_filter", "1", "0"),
        # the larger of the two counts
        case(faces("rp_filter", "1", "0", "0"), says="SETTING_GOOD"),
        case(faces("rp_filter", "0", "1", "2"), says="SETTING_GOOD"),
        case(faces("rp_filter", "0", "1", "1", "0"), says="SETTING_BAD", args={"seen": (f"{FOUR}.eth1.rp_filter=0",)}),
    ],
    "host.network.redirects": [
        *common("accept_redirects", "0", "1"),
        # not a router: one of the two is enough to follow; a router: both are needed
        case(faces("accept_redirects", "0", "0", "1"), says="SETTING_BAD"),
        case(faces("accept_redirects", "1", "0", "0"), says="SETTING_BAD"),
        case(faces("accept_redirects", "0", "0", "1", routes="1"), says="SETTING_GOOD"),
        case(faces("accept_redirects", "0", "0", "0", six="1"), says="SETTING_BAD"),
        # each interface by its own forwarding, whatever the switch for all says; one that stops to route at the next start is no router
        case(faces("accept_redirects", "0", "0", "1", routes="1", more={f"{FOUR}.eth0.forwarding": always("0")}), says="SETTING_BAD"),
        case(faces("accept_redirects", "0", "0", "1", more={f"{FOUR}.eth0.forwarding": always("1")}), says="SETTING_GOOD"),
        case(faces("accept_redirects", "0", "0", "1", more={"net.ipv4.ip_forward": Readings(None, "1", "0", "x")}), says="SETTING_BAD"),
    ],
    "host.network.redirects-sent": [
        *common("send_redirects", "0", "1"),
        case(faces("send_redirects", "0", "0", "1"), says="SETTING_BAD"),
    ],
    "host.network.source-routing": [
        *common("accept_source_route", "0", "1", both_bad=True),
        # both are needed to accept
        case(faces("accept_source_route", "0", "1", "1"), says="SETTING_GOOD"),
        case(faces("accept_source_route", "1", "0", "1"), says="SETTING_BAD"),
    ],
    "host.network.martians": [
        *common("log_martians", "1", "0"),
        case(faces("log_martians", "1", "0", "0"), says="SETTING_GOOD"),
    ],
    "host.network.forwarding": [
        *plain("net.ipv4.ip_forward", "0", "1", own_kernel=False, others={"net.ipv6.conf.all.forwarding": always("0")}),
        case(
            kernel({"net.ipv4.ip_forward": always("0"), "net.ipv6.conf.all.forwarding": always("1")}, container=CONTAINER),
            says="SETTING_BAD",
        ),
        case(
            faces("forwarding", "0", "0", "1", more={f"{SIX}.all.forwarding": always("0")}),
            says="SETTING_BAD",
            args={"seen": (f"{FOUR}.eth0.forwarding=1",)},
        ),
        case(
            faces("forwarding", "0", "0", "1", routes="1", more={f"{SIX}.all.forwarding": always("0")}),
            says="SETTING_BAD",
            args={"seen": ("net.ipv4.ip_forward=1",)},
        ),
        case(faces("forwarding", "0", "0", interfaces=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        # a kernel without IPv6
        case(kernel({"net.ipv4.ip_forward": always("0"), "net.ipv6.conf.all.forwarding": always("")}), says="SETTING_GOOD"),
    ],
    "host.network.syn-cookies": [
        *plain("net.ipv4.tcp_syncookies", "1", "0", own_kernel=False),
        case(kernel({"net.ipv4.tcp_syncookies": always("2")}), says="SETTING_GOOD"),
    ],
    "host.network.syn-wait": [
        *plain("net.ipv4.tcp_synack_retries", "3", "5", own_kernel=False),
        case(kernel({"net.ipv4.tcp_synack_retries": always("5")}), says="SETTING_GOOD", with_={"limit": 5}),
    ],
    "host.network.syn-backlog": [
        *plain("net.ipv4.tcp_max_syn_backlog", "4096", "128", own_kernel=False),
        case(kernel({"net.ipv4.tcp_max_syn_backlog": always("128")}), says="SETTING_GOOD", with_={"least": 128}),
    ],
    "host.network.icmp": plain(
        "net.ipv4.icmp_echo_ignore_broadcasts",
        "1",
        "0",
        own_kernel=False,
        others={"net.ipv4.icmp_ignore_bogus_error_responses": always("1")},
    ),
}
