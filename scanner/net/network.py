"""The network of one run: it owns the sockets, the memory, the turns, the guard and the budgets, and gives out views.

``async with Network(settings) as network: network.view("domain:example.jp")``. Nothing is sent before a view is used;
nothing is left open afterwards.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.model.reason import CannotObserve, Reason
from scanner.model.version import VERSION
from scanner.net import tcp
from scanner.net.budget import Allowance, Budget
from scanner.net.evidence import Writing
from scanner.net.guard import Guard
from scanner.net.matching import truncated
from scanner.net.net import DnsServer
from scanner.net.pacing import Lane, Pace, Pacer
from scanner.net.resolver import Memory, Resolver
from scanner.net.scope import Consent, Scope
from scanner.net.silence import Silence
from scanner.net.udp import Datagram, Udp
from scanner.net.view import Parts, Timing, View

if TYPE_CHECKING:  # see ``_web``
    from scanner.net.http import Web
    from scanner.wire.x509 import Roots

MOST_RESOLVERS = 3  # resolv.conf(5)
MOST_BUDGETS = 4096  # targets whose spending is kept; engines look at a few hundred at once
RESOLVER_SOCKETS = 8
NEAR_EDNS = 4096  # offered to a resolver on this machine: nothing can be fragmented on the way
USUAL_EDNS = 1232
LONGEST_CONTACT = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is allowed and told. No ``resolvers`` means those of ``resolv_conf``; ``ca_file`` adds to the public authorities.

    HTTP requests say ``Tenken/<version> (+contact)``, or ``user_agent`` where that is set.
    """

    scope: Scope = field(default_factory=Scope)
    consents: tuple[Consent, ...] = ()
    zone: str = "internet"
    resolvers: tuple[DnsServer, ...] = ()
    resolv_conf: str = "/etc/resolv.conf"
    pace: Pace = field(default_factory=Pace)
    allowance: Allowance = field(default_factory=Allowance)
    timing: Timing = field(default_factory=Timing)
    memory: Memory = field(default_factory=Memory)
    contact: str = ""
    user_agent: str = ""
    ca_file: str | None = None
    called: str = ""
    """The host name that the scanner gives in EHLO and the like (RFC 5321 section 4.1.1.1); empty: the literal of its address."""


class Network:
    """See the module. ``clock`` gives monotonic seconds, ``now`` the time in UTC; ``rng`` draws ids, so it must not be guessable."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rng: random.Random | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._now = now
        self._rng = rng or random.SystemRandom()
        self._parts: Parts | None = None
        self._agent = settings.user_agent
        self._web: Web | None = None
        self._roots: Roots | None = None
        self._budgets: OrderedDict[str, Budget] = OrderedDict()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Network:
        settings = self._settings
        check_contact(settings.contact)
        servers = settings.resolvers or resolvers_of(Path(settings.resolv_conf))
        pacer = Pacer(settings.pace, clock=self._clock)
        udp = Udp(asyncio.get_running_loop(), self._rng)
        self._lanes = {(server.address, server.port): pacer.resolver() for server in servers}
        near = bool(servers) and all(ip_address(server.address.partition("%")[0]).is_loopback for server in servers)
        self._parts = Parts(
            zone=settings.zone,
            timing=settings.timing,
            guard=Guard(settings.scope, settings.consents, zone=settings.zone, resolvers=((s.address, s.port) for s in servers)),
            pacer=pacer,
            udp=udp,
            silence=Silence(self._clock),
            resolver=Resolver(servers, self._ask, memory=settings.memory, clock=self._clock, edns=NEAR_EDNS if near else USUAL_EDNS),
            rng=self._rng,
            clock=self._clock,
            now=self._now,
            web=self._the_web,
            roots=self._the_roots,
            called=settings.called,
            agent=self._the_agent,
            writing=Writing(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        parts, self._parts = self._parts, None
        if parts:
            parts.resolver.close()  # before questions under way end: none of them is put to the next resolver any more
            parts.udp.close()

    def now(self) -> datetime:
        """The time, UTC."""
        return self._now()

    def view(self, target: str) -> View:
        """Give a fresh view for one probe run at the target with this key; all views of a target share its budget."""
        budget = self._budgets.get(target)
        if budget is None:
            budget = self._budgets[target] = Budget(target, self._settings.allowance)
            if len(self._budgets) > MOST_BUDGETS:
                self._budgets.popitem(last=False)
        return View(self._open(), budget)

    def forget(self, target: str) -> None:
        """Drop the budget of a target that has been seen to its end."""
        self._budgets.pop(target, None)

    def _open(self) -> Parts:
        if self._parts is None:
            raise RuntimeError("the network is not open: use `async with`")
        return self._parts

    def _the_web(self) -> Web:
        if self._web is None:
            from scanner.net.http import Web  # of the extra [server]; reading the authorities takes 20 ms

            self._web = Web(self._the_agent(), self._settings.ca_file)
        return self._web

    def _the_agent(self) -> str:
        if not self._agent:
            self._agent = agent_name(self._settings.contact)
        return self._agent

    def _the_roots(self) -> Roots:
        if self._roots is None:
            from scanner.wire.x509 import BadRoots, Roots  # loaded when first needed, with what reading certificates takes

            try:
                self._roots = Roots.with_file(self._settings.ca_file)
            except BadRoots as error:
                raise CannotObserve(Reason.UNSUPPORTED, str(error)) from error
        return self._roots

    def _ask(self, server: DnsServer, wire: bytes, tries: int, ended: Callable[[bytes | CannotObserve], None]) -> None:
        lane = self._lanes[server.address, server.port]

        def heard(how: Datagram | CannotObserve) -> None:
            lane.give()
            if isinstance(how, CannotObserve):
                ended(how)
            elif truncated(how.data):
                talk = asyncio.get_running_loop().create_task(self._ask_over_tcp(server, wire, ended))
                self._talks.add(talk)
                talk.add_done_callback(self._talks.discard)
            else:
                ended(how.data)

        def go() -> None:
            if self._parts is None:  # the run is over: nobody waits for the answer
                return
            seconds = self._settings.timing.resolver
            try:
                self._parts.udp.ask(server.address, server.port, wire, seconds=seconds, tries=tries, width=RESOLVER_SOCKETS, ended=heard)
            except CannotObserve as why:
                heard(why)

        lane.enter(go)

    async def _ask_over_tcp(self, server: DnsServer, wire: bytes, ended: Callable[[bytes | CannotObserve], None]) -> None:
        lane = self._lanes[server.address, server.port]
        number = self._rng.getrandbits(16).to_bytes(2, "big")
        how: bytes | CannotObserve
        await lane.take()
        try:
            how = await tcp.exchange(server.address, server.port, number + wire[2:], seconds=self._settings.timing.tcp)
        except CannotObserve as why:
            how = why
        finally:
            lane.give()
        ended(how)


def check_contact(contact: str) -> None:
    """Raise ``ValueError`` for a contact that no header can hold."""
    if not contact.isascii() or not (contact + "x").isprintable() or len(contact) > LONGEST_CONTACT:
        raise ValueError(f"the contact must be printable ASCII of at most {LONGEST_CONTACT} characters: {contact[:50]!r}")


def agent_name(contact: str) -> str:
    """Make the User-Agent of a scan: name, version and where to complain. Raises ``ValueError`` like ``check_contact``."""
    check_contact(contact)
    return f"Tenken/{VERSION} (+{contact})" if contact else f"Tenken/{VERSION}"


def resolvers_of(path: Path) -> tuple[DnsServer, ...]:
    """Read the name servers of a resolv.conf(5), at most three; none when there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ip_address(words[1].partition("%")[0])
            except ValueError:
                continue
            found.append(DnsServer("", words[1]))
    return tuple(dict.fromkeys(found))[:MOST_RESOLVERS]
