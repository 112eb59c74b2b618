"""What a probe may do on the network: the interface ``Net`` and the values it gives. No sockets here; ``network`` has them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from scanner.model.fact import Evidence
from scanner.net.datagrams import Datagrams
from scanner.net.packets import Wanted
from scanner.net.scope import Purpose
from scanner.net.stopwatch import Timer
from scanner.net.stream import MOST_OCTETS, Stream
from scanner.net.sweep import Swept
from scanner.wire.dns import Message, Rclass, Record, Soa, Type

if TYPE_CHECKING:  # certificates take a while to load, and most facts do without
    from scanner.wire.x509 import Roots


@unique
class Status(StrEnum):
    """What a resolver's answer says: records of the asked type, a name without them, or no such name."""

    FOUND = "found"
    EMPTY = "empty"
    NXDOMAIN = "nxdomain"


@unique
class Transport(StrEnum):
    """How a question travels. AUTO: UDP, and TCP when the answer was truncated."""

    AUTO = "auto"
    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class DnsServer:
    """One server address. ``name`` is the host name it was found by, or empty."""

    name: str
    address: str
    port: int = 53


class Answer(NamedTuple):
    """What the operator's resolver says of a name and type.

    ``records`` are of the asked type and belong to the end of the alias chain; ``aliases`` are the CNAME targets followed, in
    order. ``authenticated`` is the AD bit of the operator's own resolver: it is worth as much as that resolver and the path to it.
    ``signatures`` are the RRSIGs over ``records``; ``size`` octets of the message.
    """

    name: str
    type: int
    status: Status
    records: tuple[Record, ...]
    aliases: tuple[str, ...]
    authenticated: bool
    signatures: tuple[Record, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question put to one server and its answer, whatever its rcode.

    ``transport`` is the one that brought the answer, ``sent`` the octets of the question, ``source`` the address that answered.
    """

    message: Message
    transport: Transport
    tries: int
    milliseconds: int
    sent: int
    source: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """How a server answered a request for a whole zone; reading stops once one record beyond the SOA is proven.

    ``given`` is true when it handed out such a record.
    """

    rcode: int
    soa: Soa | None
    records_seen: int
    given: bool


@dataclass(frozen=True, slots=True)
class Post:
    """What a POST sends: its body and the media type of that."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The answer to an HTTP request. ``status`` is 0 and ``certificate_problem`` set when the certificate did not validate."""

    status: int
    content_type: str
    location: str
    body: bytes
    certificate_problem: str | None
    truncated: bool


class Net(Protocol):
    """One probe's view of the network. Every method may raise ``CannotObserve`` with the reason why it could not see."""

    @property
    def zone(self) -> str:
        """The vantage point."""
        ...

    @property
    def rng(self) -> random.Random:
        """Randomness for names and ids of a probe."""
        ...

    def now(self) -> datetime:
        """The time, UTC."""
        ...

    async def resolve(self, name: str, type: Type, *, checking: bool = True) -> Answer:  # noqa: A002  the protocol's own word
        """Ask the operator's resolver, with the DO bit, once per run for each name and type.

        ``checking=False`` sets CD: the resolver hands out data that it could not validate. ``CannotObserve``: TIMEOUT, REFUSED,
        SERVER_FAILURE, PROTOCOL_VIOLATION (a CNAME loop and a text that is no name among them), TOO_LARGE, UNREACHABLE, BUDGET_SPENT.
        """
        ...

    def expect(self, names: Iterable[str], type: Type) -> None:  # noqa: A002  the protocol's own word
        """Put questions to the operator's resolver that ``resolve`` will be called for, so that one answer after the other can be awaited.

        Far cheaper than a task for each; only for what will be asked for in any case. Never raises.
        """
        ...

    async def ask(
        self,
        server: DnsServer,
        name: str,
        type: Type,  # noqa: A002  the protocol's own word
        *,
        transport: Transport = Transport.AUTO,
        rd: bool = False,
        do: bool = False,
        cd: bool = False,
        edns: int | None = 1232,
        rclass: Rclass = Rclass.IN,
        purpose: Purpose = Purpose.ZONE_DATA,
        any_source: bool = False,
    ) -> Exchange:
        """Ask one server address. Every rcode is an answer; an ICMP refusal or TCP reset at connect is ``CannotObserve(REFUSED)``.

        ``any_source`` (UDP only) takes an answer with our id and question from another address too. ``CannotObserve``: TIMEOUT,
        REFUSED, UNREACHABLE, RESET, PROTOCOL_VIOLATION, OUT_OF_SCOPE, NO_CONSENT, TOO_LARGE, BUDGET_SPENT.
        """
        ...

    async def transfer(self, server: DnsServer, zone: str, *, kind: Literal[Type.AXFR, Type.IXFR] = Type.AXFR, serial: int = 0) -> Transfer:
        """Request a zone over TCP and stop reading once one record beyond the SOA is there. Needs the server in scope (TEST)."""
        ...

    async def fetch(
        self,
        url: str,
        *,
        limit: int = 65536,
        seconds: float = 10.0,
        purpose: Purpose = Purpose.PUBLIC_POLICY,
        post: Post | None = None,
    ) -> HttpReply:
        """GET an https URL, or POST to it; no redirects followed, at most ``limit`` octets of body. Guarded by host name and address.

        With ``Purpose.REVOCATION`` an http URL will do, since what comes is signed, and what was got is kept for the rest of the run:
        a thousand servers share an authority and its lists.
        """
        ...

    def connect(
        self,
        name: str,
        address: str,
        port: int,
        *,
        purpose: Purpose = Purpose.TEST,
        test: str = "",
        seconds: float = 5.0,
        whole: float = 0.0,
        limit: int = MOST_OCTETS,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open a TCP connection to an address that was found by the host name ``name`` (may be empty), for one conversation.

        ``seconds`` limits the time to the first octet of the peer, ``whole`` that of everything where it is longer, ``limit`` the octets.
        ``test`` is the id that a consent to an intrusive test names. Keeps no evidence. ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE,
        RESET, TOO_LARGE, OUT_OF_SCOPE, NO_CONSENT, BUDGET_SPENT; the first ones also later, from the stream.
        """
        ...

    async def sweep(self, name: str, address: str, ports: Sequence[int], *, seconds: float = 1.0) -> Swept:
        """Try TCP ports of an address once each, in the order given, without saying anything; ``seconds`` is the patience with each.

        Every port takes its turn in the lanes of looks at ports. Keeps no evidence. ``CannotObserve``: OUT_OF_SCOPE, BUDGET_SPENT,
        UNREACHABLE where this machine cannot send there.
        """
        ...

    async def datagram(
        self,
        name: str,
        address: str,
        port: int,
        payload: bytes,
        *,
        purpose: Purpose = Purpose.TEST,
        test: str = "",
        seconds: float = 1.5,
        tries: int = 2,
    ) -> Datagrams:
        """Send one datagram, again after ``seconds`` of silence, and give all that comes back. Keeps no evidence.

        ``CannotObserve``: TIMEOUT, REFUSED, UNREACHABLE, OUT_OF_SCOPE, NO_CONSENT, BUDGET_SPENT.
        """
        ...

    async def packets(
        self, name: str, address: str, protocol: int, make: Callable[[str], Sequence[bytes]], wanted: Wanted, *, seconds: float, tries: int
    ) -> None:
        """Send packets of an IP protocol, made for the address that they leave from, until one comes back that is ``wanted``.

        Keeps no evidence. ``CannotObserve``: TIMEOUT, REFUSED where ICMP turns the protocol down, UNREACHABLE, OUT_OF_SCOPE, BUDGET_SPENT,
        ACCESS_DENIED without CAP_NET_RAW.
        """
        ...

    def tls_connections(self, protocol: str) -> int:
        """How many connections a survey of one TLS server with this protocol may open."""
        ...

    def roots(self) -> Roots:
        """The authorities that certificates are measured against: the public ones, and those that the organisation adds."""
        ...

    @property
    def called(self) -> str:
        """The host name by which the scanner introduces itself where a protocol wants one; empty: the address literal will do."""
        ...

    @property
    def agent(self) -> str:
        """The User-Agent by which the scanner tells web servers who it is."""
        ...

    def keep(self, source: str, excerpt: str) -> None:
        """Keep evidence; capped. ``resolve``, ``ask``, ``transfer`` and ``fetch`` keep their own."""
        ...

    def evidence(self) -> tuple[Evidence, ...]:
        """What this view has kept, in order, without repetitions."""
        ...

    def stop_with(self, clock: Timer) -> None:
        """Let a deadline stand still while all that the probe does is wait for turns; to be called inside its block."""
        ...


class Network(Protocol):
    """What the engine needs of a run's network; ``scanner.net.network.Network`` is the real one."""

    def view(self, target: str) -> Net:
        """Give a fresh view for one probe run at the target with this key; all views of a target share its budget."""
        ...

    def now(self) -> datetime:
        """The time, UTC."""
        ...
