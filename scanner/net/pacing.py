"""Turns: how many conversations an address and its operator bear at once, and how quickly they may follow. No sockets here.

A turn is first taken for the address and then for the operator, always in this order, so that nobody waits in a circle and
a queue at one address does not hold the operator's other addresses up. Queues are first come, first served.
"""

from __future__ import annotations

import asyncio
import resource
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_network

from scanner.wire.addresses import is_address, parse_address

MOST_LANES = 4096  # idle ones are swept out above this
OTHER_FILES = 512  # files and sockets that everything else may need
MOST_OPERATORS = 8192  # names whose operator is kept at hand


@dataclass(frozen=True, slots=True)
class Rate:
    """``width`` conversations at once, ``per_second`` new ones on average (0: no limit), ``burst`` of them at once at the start."""

    width: int
    per_second: float = 0.0
    burst: int = 1

    def share(self, shares: int) -> Rate:
        """Give what each of so many processes may do, so that together they keep to this rate."""
        return Rate(max(1, self.width // shares), self.per_second / shares, max(1, self.burst // shares))


@dataclass(frozen=True, slots=True)
class Pace:
    """The rates of a run. ``resolver`` holds for each of the operator's own resolvers and is far higher: that is our own server.

    ``own`` are networks whose owner has said what each address in them bears; ``address`` and ``operator`` do not hold there.
    ``ports`` and ``ports_operator`` are those of a look at ports, whose connections end before anything is said; ``ports_run`` is how
    many of them the scanner keeps open in all, as far as the system lets it have so many sockets.
    """

    address: Rate = Rate(width=4, per_second=50.0, burst=40)
    operator: Rate = Rate(width=16, per_second=200.0, burst=40)
    resolver: Rate = Rate(width=256)
    ports: Rate = Rate(width=128, per_second=300.0, burst=32)
    ports_operator: Rate = Rate(width=4096, per_second=5000.0, burst=500)
    ports_run: Rate = Rate(width=4096)
    own: tuple[tuple[str, Rate], ...] = ()

    def share(self, shares: int) -> Pace:
        """Give what each of so many processes may do."""
        own = tuple((network, rate.share(shares)) for network, rate in self.own)
        return Pace(
            address=self.address.share(shares),
            operator=self.operator.share(shares),
            resolver=self.resolver.share(shares),
            ports=self.ports.share(shares),
            ports_operator=self.ports_operator.share(shares),
            ports_run=self.ports_run,
            own=own,
        )


def sockets(wanted: int) -> int:
    """Give how many sockets beside those for conversations may be open at once, after asking the system for as many as are wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < enough:
        soft = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft - OTHER_FILES))


class Lane:
    """The turns of one address, operator or resolver: places, first come, first served, and a schedule (generic cell rate algorithm)."""

    __slots__ = ("_clock", "_free", "_interval", "_next", "_slack", "_sleep", "_waiting", "users")

    def __init__(self, rate: Rate, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._free = rate.width
        # Not asyncio.Semaphore: of Python 3.11's each release looks through all who have been woken and have not run yet.
        self._waiting: deque[asyncio.Future[None] | Callable[[], None]] = deque()
        self._interval = 1.0 / rate.per_second if rate.per_second > 0 else 0.0
        self._slack = self._interval * (rate.burst - 1)
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self.users = 0

    @property
    def idle(self) -> bool:
        """Whether nobody holds or awaits a turn and the schedule has been caught up."""
        return self.users == 0 and self._next <= self._clock()

    @property
    def busy(self) -> bool:
        """Whether a newcomer would have to wait."""
        return self._free == 0 or (self._interval > 0 and self._next - self._slack > self._clock())

    async def take(self) -> None:
        """Wait for a place and for its moment. Cancelled while it waits, it leaves the place to the next."""
        self.users += 1
        if self._free:
            self._free -= 1
        else:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            try:
                await place
            except BaseException:
                self.users -= 1
                if place.done() and not place.cancelled():  # it had been given to us already
                    self._hand_on()
                raise
        if (wait := self._wait()) > 0:
            try:
                await self._sleep(wait)
            except BaseException:
                self.give()
                raise

    def enter(self, go: Callable[[], None]) -> None:
        """Call ``go`` once there is a place and its moment has come: at once where both are so. It gives the place back."""
        self.users += 1
        if self._free:
            self._free -= 1
            self._begin(go)
        else:
            self._waiting.append(go)

    def _begin(self, go: Callable[[], None]) -> None:
        if (wait := self._wait()) > 0:
            asyncio.get_running_loop().call_later(wait, go)
        else:
            go()

    def _wait(self) -> float:
        """Take the next moment of the schedule and give the seconds until it comes."""
        if not self._interval:
            return 0.0
        now = self._clock()
        moment = max(now, self._next)
        self._next = moment + self._interval
        return moment - self._slack - now

    def give(self) -> None:
        """Hand the place back."""
        self.users -= 1
        self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not isinstance(place, asyncio.Future):
                asyncio.get_running_loop().call_soon(self._begin, place)
                return
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


class Pacer:
    """All lanes of one run."""

    def __init__(self, pace: Pace, *, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep
        self._own = sorted(((ip_network(network), rate) for network, rate in pace.own), key=lambda own: -own[0].prefixlen)
        self._lanes: dict[str, Lane] = {}
        self._operators: dict[str, str] = {}
        self._room: Lane | None = None

    def turn(self, name: str, address: str) -> Turn:
        """Give a turn at ``address``, which was found by the host name ``name`` (may be empty); it is held inside ``async with``."""
        return Turn(self, name, address)

    async def take(self, name: str, address: str, held: list[Lane]) -> None:
        """Wait for a place in every lane, and put those that are had into ``held``."""
        own = self._borne(address) if self._own else None
        place = self._lane(address, own or self._pace.address)
        await place.take()
        held.append(place)
        if own is None:
            owner = self._lane(f"operator {self.operator(name, address)}", self._pace.operator)
            await owner.take()
            held.append(owner)

    def ports(self, name: str, address: str) -> tuple[Lane, ...]:
        """Give the lanes in which every connection of a look at an address's ports takes its turn, in this order."""
        own = self._borne(address) if self._own else None
        usual = self._pace.ports
        # How many wait for an answer side by side costs nobody anything: only how quickly they come is the owner's to say.
        place = self._lane(f"ports {address}", replace(own, width=max(own.width, usual.width)) if own else usual)
        if self._room is None:
            self._room = Lane(Rate(sockets(self._pace.ports_run.width)), self._clock, self._sleep)
        if own:
            return place, self._room
        return place, self._lane(f"ports of operator {self.operator(name, address)}", self._pace.ports_operator), self._room

    def _borne(self, address: str) -> Rate | None:
        """Give what the smallest network that holds an address says of it."""
        parsed = parse_address(address)
        return next((rate for network, rate in self._own if parsed in network), None)

    def resolver(self) -> Lane:
        """A new lane for one of the operator's own resolvers."""
        return Lane(self._pace.resolver, self._clock, self._sleep)

    def operator(self, name: str, address: str) -> str:
        """Name the operator, see ``operator_of``; remembered."""
        key = name or address
        known = self._operators.get(key)
        if known is None:
            if len(self._operators) >= MOST_OPERATORS:
                self._operators.clear()
            known = self._operators[key] = operator_of(name, address)
        return known

    def _lane(self, key: str, rate: Rate) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= MOST_LANES:
                self._lanes = {k: v for k, v in self._lanes.items() if not v.idle}
            lane = self._lanes[key] = Lane(rate, self._clock, self._sleep)
        return lane


class Turn:
    """A turn that is waited for and given back by ``async with``."""

    # Not ``asynccontextmanager``: every conversation has a turn, and a generator costs several times as much as what it does here.
    __slots__ = ("_address", "_held", "_name", "_pacer")

    def __init__(self, pacer: Pacer, name: str, address: str) -> None:
        self._pacer = pacer
        self._name = name
        self._address = address
        self._held: list[Lane] = []

    async def __aenter__(self) -> None:
        try:
            await self._pacer.take(self._name, self._address, self._held)
        except BaseException:
            self._give()
            raise

    async def __aexit__(self, *ended: object) -> None:
        self._give()

    def _give(self) -> None:
        while self._held:
            self._held.pop().give()


def operator_of(name: str, address: str) -> str:
    """Name the operator by default: the registrable domain of the host name, or the /24 or /48 of a nameless address."""
    if not name or is_address(name):
        return _network(address)
    from scanner.net.suffixes import registrable  # only names need the list

    return registrable(name) or name


def _network(address: str) -> str:
    parsed = parse_address(address)
    return str(ip_network((parsed, 24 if isinstance(parsed, IPv4Address) else 48), strict=False))
