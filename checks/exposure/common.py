"""What the exposure checks share: one verdict out of all ports of a host, and what reaching from outside means. No check is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from checks.common import listed
from checks.each import Judged, worst_of
from scanner.facts.exposure import Answered, HostDatagrams, HostListeners, Listener, Speaks, Spoken, UdpPort
from scanner.facts.ledger import DeclaredHost
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Verdict, doubtful, failed, not_applicable, passed
from scanner.wire.ports import PORTS, Sort, name_of

VANTAGE_UNKNOWN = cannot_tell(
    Reason.NO_VANTAGE,
    "この観測点が組織の外にあるかどうかが台帳にない",
    "the ledger does not say whether this vantage point is outside",
)
UNTOLD = cannot_tell(
    Reason.NOT_DISCOVERABLE,
    "サービスの答えからは分からない",
    "what the service answers does not tell",
)


def of_sort(*sorts: Sort) -> frozenset[int]:
    """Give the ports of the maintained list that are of these sorts."""
    return frozenset(port.number for port in PORTS if port.sort in sorts)


def place(address: str, port: int) -> str:
    """Name a port for a sentence: ``192.0.2.1 port 6379 (redis)``."""
    return f"{address} {name_of(port)}"


def together(endings: Iterable[tuple[str, Judged]], none: Verdict) -> Judged:
    """Give the worst of what was found at several places; its argument ``services`` names the places that ended alike."""
    found = list(endings)
    worst = worst_of(ending for _, ending in found)
    if worst is None:
        return none
    if isinstance(worst, Unobserved):
        return worst
    same = [
        where for where, ending in found if isinstance(ending, Verdict) and (ending.tag, ending.confirmed) == (worst.tag, worst.confirmed)
    ]
    return worst._replace(args={**worst.args, "services": listed(same)})


def left_out(count: int) -> list[tuple[str, Judged]]:
    """What was beyond a cap, as an ending: none where nothing was."""
    if not count:
        return []
    ja, en = "ほかの {count} 件を見ていない", "{count} more were not looked at"
    return [("", cannot_tell(Reason.BUDGET_SPENT, ja, en, count=count))]


def _unlooked(fact: HostListeners | HostDatagrams) -> list[tuple[str, Judged]]:
    """What was not looked at, as endings."""
    unseen = fact.unseen if isinstance(fact, HostListeners) else ()
    return [*((seen.address, seen.seen) for seen in unseen if isinstance(seen.seen, Unobserved)), *left_out(fact.left_out)]


def each_listener(
    fact: HostListeners, speaks: frozenset[Speaks], judge: Callable[[Spoken], Judged], *, none: Verdict, ports: frozenset[int] = frozenset()
) -> Judged:
    """Judge every listener that speaks one of the protocols; ``none`` holds where there is none.

    ``ports`` are where such services usually are: an open port among them that could not be understood keeps a pass away.
    """
    endings = _unlooked(fact)
    for listener in fact.listeners:
        where = place(listener.address, listener.port)
        if isinstance(listener.seen, Unobserved):
            if listener.port in ports:
                endings.append((where, listener.seen))
        elif listener.seen.speaks in speaks:
            endings.append((where, judge(listener.seen)))
        elif listener.seen.speaks is Speaks.UNKNOWN and listener.port in ports:
            ja, en = "{where} が開いているが、何も答えない", "{where} is open and does not answer"
            endings.append((where, cannot_tell(Reason.NOT_DISCOVERABLE, ja, en, where=where)))
    return together(endings, none)


def each_datagram(fact: HostDatagrams, speaks: frozenset[Speaks], judge: Callable[[UdpPort, Answered], Judged], *, none: Verdict) -> Judged:
    """Judge every answer of the protocols; ``none`` holds where nothing answers."""
    return together(datagram_endings(fact, speaks, judge), none)


def datagram_endings(
    fact: HostDatagrams, speaks: frozenset[Speaks], judge: Callable[[UdpPort, Answered], Judged]
) -> list[tuple[str, Judged]]:
    """Judge every answer of the protocols, each with its place."""
    answered = [(port, port.seen) for port in fact.ports if port.speaks in speaks and port.seen is not None]
    return [
        *_unlooked(fact),
        *((place_udp(port), seen if isinstance(seen, Unobserved) else judge(port, seen)) for port, seen in answered),
    ]


def place_udp(port: UdpPort) -> str:
    """Name a UDP port for a sentence."""
    return f"{port.address} {port.port}/udp ({port.speaks})"


@dataclass(frozen=True, slots=True)
class Group:
    """Things that nobody outside should reach: the protocols that prove them, and the ports that make one suspect them."""

    speaks: frozenset[Speaks]
    ports: frozenset[int]


REACHED = "REACHED_OUTSIDE"
REACH_SAYS = {
    REACHED: Text(ja="組織の外から {services} に接続できる", en="{services} can be reached from outside"),
    "REACHED_INSIDE": Text(
        ja="{services} に接続できるが、この観測点は組織の内側である", en="{services} can be reached, and this vantage point is inside"
    ),
    "NOT_REACHED": Text(ja="接続できるものはない", en="none can be reached"),
}


def reach(fact: HostListeners, ledger: DeclaredHost, group: Group) -> Judged:
    """Judge whether something of a group is reached from outside. Where only the port's number suggests it, that is to be confirmed."""
    endings = _unlooked(fact)
    for listener in fact.listeners:
        proven = _suspects(listener, group)
        if proven is None:
            continue
        where = place(listener.address, listener.port)
        ending: Judged
        match ledger.vantage_outside:
            case None:
                ending = VANTAGE_UNKNOWN
            case True:
                ending = failed(REACHED) if proven else doubtful(REACHED)
            case _:
                ending = not_applicable("REACHED_INSIDE")
        endings.append((where, ending))
    return together(endings, passed("NOT_REACHED"))


def _suspects(listener: Listener, group: Group) -> bool | None:
    """Tell whether a listener surely belongs to a group, perhaps (``False``), or does not (``None``)."""
    if isinstance(listener.seen, Spoken):
        if listener.seen.speaks in group.speaks:
            return True
        if listener.seen.speaks not in {Speaks.UNKNOWN, Speaks.HTTP}:
            return None
    return False if listener.port in group.ports else None
