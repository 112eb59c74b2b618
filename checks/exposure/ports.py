"""Checks of open TCP ports against the ledger, and of the two address families of a host against each other."""

from __future__ import annotations

from checks.common import listed
from checks.each import Judged
from checks.exposure.common import place, together
from scanner.facts.exposure import HostPorts, OpenPorts
from scanner.facts.ledger import DeclaredHost, DeclaredPort
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.ports import name_of, within


def _left_out(ports: HostPorts) -> list[tuple[str, Judged]]:
    if not ports.left_out:
        return []
    ja, en = "ほかのアドレス {count} 件を見ていない", "{count} further addresses were not looked at"
    return [("", cannot_tell(Reason.BUDGET_SPENT, ja, en, count=ports.left_out))]


def _of(services: tuple[DeclaredPort, ...], address: str, port: int) -> list[DeclaredPort]:
    return [s for s in services if s.tcp and s.port == port and s.address in {"", address}]


@check(
    "exposure.ports.unlisted",
    severity=Severity.HIGH,
    title=Text(ja="台帳にないポートが開いていない", en="No port is open that the ledger does not list"),
    why=Text(
        ja="誰も把握していないサービスは、更新も監視もされず、侵入の入口になる。",
        en="A service that nobody knows of is neither updated nor watched, and becomes the way in.",
    ),
    remedy=Text(
        ja="不要なサービスを止めるか閉じる。必要なものは台帳の services に記す（外から使わないものは zones を内側だけにする）。",
        en="Stop what is not needed or close it at the firewall. List what is needed under services, with zones where not meant for all.",
    ),
    says={
        "PORT_UNLISTED": Text(ja="台帳にない {services} が開いている", en="{services} are open and not listed"),
        "PORT_OTHER_ZONE": Text(
            ja="台帳がほかの観測点だけに認める {services} が、ここから開いている",
            en="{services} are listed for other zones only, and open from here",
        ),
        "PORTS_LISTED": Text(ja="開いているのは台帳にある {services} だけである", en="only listed ports are open: {services}"),
        "PORTS_NONE": Text(ja="調べたポートに開いているものはない", en="none of the ports looked at is open"),
    },
)
def exposure_ports_unlisted(ports: HostPorts, ledger: DeclaredHost) -> Judgement:
    endings = _left_out(ports)
    for seen in ports.addresses:
        if isinstance(seen.seen, Unobserved):
            endings.append((seen.address, seen.seen))
            continue
        for port in seen.seen.open:
            where = place(seen.address, port)
            if ledger.services is None:
                ja, en = (
                    "{where} が開いているが、このホストのサービスが台帳にない",
                    "{where} is open, and the ledger lists no service of this host",
                )
                endings.append((where, cannot_tell(Reason.NOT_DECLARED, ja, en, where=where)))
            elif not (known := _of(ledger.services, seen.address, port)):
                endings.append((where, failed("PORT_UNLISTED")))
            elif not any(service.here for service in known):
                endings.append((where, failed("PORT_OTHER_ZONE")))
            else:
                endings.append((where, passed("PORTS_LISTED")))
        if seen.seen.unsettled is not None:
            endings.append((seen.address, seen.seen.unsettled))
    return together(endings, passed("PORTS_NONE"))


@check(
    "exposure.ports.listed-closed",
    severity=Severity.LOW,
    title=Text(ja="台帳にあるポートが開いている", en="What the ledger lists is open"),
    why=Text(
        ja="台帳と実態の食い違いは、止まったサービス又は古い台帳を意味する。",
        en="A difference means a service that is down, or a ledger that is out of date.",
    ),
    remedy=Text(
        ja="サービスの状態を確かめ、使わないものは台帳から除く。",
        en="See whether the service runs; take what is no longer used out of the ledger.",
    ),
    says={
        "PORT_CLOSED": Text(ja="台帳にある {services} が閉じている", en="{services} are listed and closed"),
        "PORTS_OPEN": Text(ja="台帳にある {services} は開いている", en="{services} are listed and open"),
        "NONE_LISTED": Text(
            ja="この観測点から見えるべき TCP のサービスが台帳にない", en="the ledger lists no TCP service for this vantage point"
        ),
    },
)
def exposure_ports_listed_closed(ports: HostPorts, ledger: DeclaredHost) -> Judgement:
    endings = _left_out(ports)
    wanted = [service for service in ledger.services or () if service.tcp and service.here]
    if not wanted:
        return not_applicable("NONE_LISTED")
    for seen in ports.addresses:
        for service in wanted:
            if service.address not in {"", seen.address}:
                continue
            where = place(seen.address, service.port)
            if isinstance(seen.seen, Unobserved):
                endings.append((where, seen.seen))
            elif service.port in seen.seen.open:
                endings.append((where, passed("PORTS_OPEN")))
            elif within(service.port, seen.seen.closed):
                endings.append((where, failed("PORT_CLOSED")))
            else:
                ja, en = "{where} が答えない。途中で捨てられている可能性がある", "{where} does not answer; it may be filtered on the way"
                endings.append((where, cannot_tell(Reason.TIMEOUT, ja, en, where=where)))
    return together(endings, not_applicable("NONE_LISTED"))


@check(
    "exposure.ports.families-differ",
    severity=Severity.MEDIUM,
    title=Text(ja="IPv4 と IPv6 で開いているポートが同じ", en="The same ports are open over IPv4 and IPv6"),
    why=Text(
        ja="IPv6 にフィルタを設定し忘れると、IPv4 で閉じたサービスがそのまま外から使える。",
        en="Filters forgotten for IPv6 leave open what was closed for IPv4.",
    ),
    remedy=Text(
        ja="ファイアウォールの規則を IPv4 と IPv6 で揃える（nftables では table inet に書く）。",
        en='Keep the same filters for both families; with nftables write them in a "table inet".',
    ),
    says={
        "ONLY_OVER_IPV6": Text(ja="{ports} は IPv6 だけで開いている", en="{ports} are open over IPv6 only"),
        "ONLY_OVER_IPV4": Text(ja="{ports} は IPv4 だけで開いている", en="{ports} are open over IPv4 only"),
        "FAMILIES_SAME": Text(ja="IPv4 と IPv6 で同じポートが開いている", en="the same ports are open over IPv4 and IPv6"),
        "ONE_FAMILY": Text(ja="アドレスは一方の種類だけである", en="it has addresses of one family only"),
    },
)
def exposure_ports_families_differ(ports: HostPorts) -> Judgement:
    families = [[seen for seen in ports.addresses if (":" in seen.address) is six] for six in (False, True)]
    if not all(families):
        return not_applicable("ONE_FAMILY")
    for seen in ports.addresses:
        if isinstance(seen.seen, Unobserved):
            return seen.seen
    four, six = ({port for seen in family if isinstance(seen.seen, OpenPorts) for port in seen.seen.open} for family in families)
    unsettled = next((s.seen.unsettled for s in ports.addresses if isinstance(s.seen, OpenPorts) and s.seen.unsettled is not None), None)
    if unsettled is not None:
        return unsettled
    if more := sorted(six - four):
        return failed("ONLY_OVER_IPV6", ports=listed(map(name_of, more)))
    if more := sorted(four - six):
        return failed("ONLY_OVER_IPV4", ports=listed(map(name_of, more)))
    return passed("FAMILIES_SAME")
