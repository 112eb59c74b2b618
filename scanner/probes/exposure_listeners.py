"""Tells what listens at a host's open TCP ports: from its greeting, or from its answer to one harmless first message of its protocol.

No name, no password and no community is ever guessed, no page printed, no stream started: what is sent is what any client sends before it
logs in. Ports where an octet too many prints or moves something are not spoken to (``NEVER_SPOKEN_TO``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

from scanner.facts.exposure import AddressPorts, HostListeners, HostPorts, Listener, OpenPorts, Speaks, Spoken, Trait
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Host
from scanner.net.net import Net
from scanner.net.stream import Stream
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, part, together
from scanner.probes.web_talk import Caller, Place
from scanner.wire import listeners as text
from scanner.wire import listeners_binary as octets
from scanner.wire.ports import BY_NUMBER, NEVER_SPOKEN_TO

MOST_LISTENERS = 96
SECONDS = 3.0
GREETING_SECONDS = 2.5
PROXY_SECONDS = 5.0
MOST_OCTETS = 65536
MOST_GREETING = 8192
"""Octets in which a greeting or an answer must have shown what it is; a page may be longer."""
BEGIN_WITH_TLS = frozenset({465, 636, 993, 995, 5986, 6443, 10250})
"""Ports that wait for a TLS hello and are not spoken to here: what they are is the TLS and mail checks' to see."""
_MOVED = frozenset({301, 302, 303, 307, 308})

Read = Callable[[bytes], Spoken | None]


@probe(limit=240.0)
async def host_listeners(host: Host, net: Net, ports: HostPorts) -> HostListeners:
    """Look at every open port, at most ``MOST_LISTENERS`` of them."""
    name = "" if is_address(host.name) else host.name
    found = [(seen.address, port) for seen in ports.addresses if isinstance(seen.seen, OpenPorts) for port in seen.seen.open]
    looked = await together(_listener(_Talk(name, address, port, net)) for address, port in found[:MOST_LISTENERS])
    return HostListeners(tuple(looked), tuple(_unseen(ports)), max(0, len(found) - MOST_LISTENERS))


def _unseen(ports: HostPorts) -> Iterator[AddressPorts]:
    """Give the addresses that may have open ports which nobody has seen, and why."""
    for address in ports.addresses:
        why = address.seen if isinstance(address.seen, Unobserved) else address.seen.unsettled
        if why is not None:
            yield AddressPorts(address.address, why)


async def _listener(talk: _Talk) -> Listener:
    seen = await part(_identified(talk))
    if isinstance(seen, Spoken):
        told = " ".join(filter(None, (seen.speaks.value, ", ".join(seen.traits), seen.words)))
        talk.net.keep(f"TCP {talk.address} port {talk.port}", told)
    return Listener(talk.address, talk.port, seen)


async def _identified(talk: _Talk) -> Spoken:
    if talk.port in NEVER_SPOKEN_TO or talk.port in BEGIN_WITH_TLS:
        return Spoken(Speaks.UNKNOWN)
    known = BY_NUMBER.get(talk.port)
    dialogue = _DIALOGUES.get(known.speaks if known else "", _greeted)
    return await dialogue(talk) or Spoken(Speaks.UNKNOWN)


class _Talk:
    """Conversations with one port."""

    def __init__(self, name: str, address: str, port: int, net: Net) -> None:
        self.name = name
        self.address = address
        self.port = port
        self.net = net

    @asynccontextmanager
    async def opened(self, seconds: float = 0.0) -> AsyncIterator[Stream]:
        """Connect; ``seconds`` to the first octet, ``SECONDS`` where nothing is said."""
        seconds = seconds or SECONDS
        async with self.net.connect(
            self.name, self.address, self.port, seconds=seconds, whole=seconds + SECONDS, limit=MOST_OCTETS + 65536
        ) as stream:
            yield stream

    async def ask(self, message: bytes, read: Read, *, whole: bool = False) -> Spoken | None:
        """Say something and read the answer until it is understood; ``whole``: until the peer has said all."""
        async with self.opened() as stream:
            await stream.send(message)
            return await heard(stream, read, whole=whole)


async def heard(stream: Stream, read: Read, *, whole: bool = False) -> Spoken | None:
    """Read until ``read`` understands, or nothing more comes. A peer that says nothing is understood as nobody."""
    data = b""
    try:
        while len(data) < (MOST_OCTETS if whole else MOST_GREETING):
            more = await stream.receive()
            if not more:
                break
            data += more
            if not whole and (found := read(data)) is not None:
                return found
    except CannotObserve as why:
        if why.reason not in {Reason.TIMEOUT, Reason.RESET}:
            raise
    return read(data)


async def _greeted(talk: _Talk) -> Spoken | None:
    """Wait for what the server says by itself."""
    async with talk.opened(GREETING_SECONDS) as stream:
        seen = await heard(stream, lambda data: text.greeting(data) or octets.mysql(data))
        if seen is not None and seen.speaks is Speaks.FTP:
            return await _ftp_tls(stream, seen)
        return seen


async def _ftp_tls(stream: Stream, seen: Spoken) -> Spoken:
    """Ask an FTP server whether it can change to TLS (RFC 4217 section 4)."""

    def read(reply: bytes) -> Spoken | None:
        trait = text.ftp_tls(reply)
        return Spoken(Speaks.FTP, (trait,), seen.words) if trait else None

    await stream.send(text.AUTH_TLS)
    return await heard(stream, read) or seen


def _asking(message: bytes, read: Read) -> Callable[[_Talk], Awaitable[Spoken | None]]:
    """Make the dialogue of a client that speaks first; somebody else's greeting is understood too."""

    async def dialogue(talk: _Talk) -> Spoken | None:
        return await talk.ask(message, lambda data: read(data) or text.greeting(data) or octets.mysql(data))

    return dialogue


def _getting(path: str, read: Read) -> Callable[[_Talk], Awaitable[Spoken | None]]:
    async def dialogue(talk: _Talk) -> Spoken | None:
        moved = ""

        def reading(data: bytes) -> Spoken | None:
            nonlocal moved
            if text.status_of(data) in _MOVED:
                moved = _own_path(text.header(data, b"Location"), talk)
            return read(data) or text.greeting(data)

        host = talk.name or talk.address
        seen = await talk.ask(text.http_get(path, host, talk.net.agent), reading, whole=True)
        if moved and moved != path:  # devices send one on to their page for logging in; one step is followed, on the same port
            return await talk.ask(text.http_get(moved, host, talk.net.agent), read, whole=True) or seen
        return seen

    return dialogue


def _own_path(location: str, talk: _Talk) -> str:
    """Give the path of a redirection that stays where it is, or nothing."""
    host = f"[{talk.address}]" if ":" in talk.address else talk.address
    for origin in (f"http://{host}", f"http://{host}:{talk.port}", f"http://{talk.name}" if talk.name else ""):
        if origin and location.startswith(f"{origin}/"):
            location = location.removeprefix(origin)
    return location if location.startswith("/") and not location.startswith("//") and location.isascii() and " " not in location else ""


async def _https(talk: _Talk) -> Spoken | None:
    """See the page within TLS, whatever the certificate."""
    place = Place(talk.name or talk.address, talk.address, talk.port, tls=True)
    async with Caller(talk.net, place) as caller:
        answer = await caller.ask("/", limit=MOST_OCTETS)
        location = (answer.header("location") or "").removeprefix(place.origin)
        if answer.status in _MOVED and location.startswith("/") and not location.startswith("//"):
            answer = await caller.ask(location, limit=MOST_OCTETS)
    head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    seen = text.http(f"HTTP/1.1 {answer.status} x\r\n{head}\r\n".encode("utf-8", "replace") + answer.body)
    return _with(seen, Trait.TLS) if seen else None


async def _rsync(talk: _Talk) -> Spoken | None:
    return await talk.ask(text.RSYNC_LIST, text.rsync, whole=True)


async def _rtsp(talk: _Talk) -> Spoken | None:
    return await talk.ask(text.rtsp_request("DESCRIBE", talk.address, 1), text.rtsp)


async def _ipp(talk: _Talk) -> Spoken | None:
    return await talk.ask(text.ipp_request(talk.address, talk.port), text.ipp, whole=True)


async def _smb(talk: _Talk) -> Spoken | None:
    old = await talk.ask(octets.smb1_negotiate(), lambda data: Spoken(Speaks.SMB, (Trait.SMB1,)) if octets.smb1(data) else None)
    new = await talk.ask(octets.smb2_negotiate(), octets.smb2)
    if new is None:
        return old
    return Spoken(Speaks.SMB, ((Trait.SMB1 if old else Trait.NO_SMB1), *new.traits), new.words)


async def _rdp(talk: _Talk) -> Spoken | None:
    tls = await talk.ask(octets.rdp_request(octets.TLS_ONLY), lambda data: octets.rdp(data, octets.TLS_ONLY))
    old = await talk.ask(octets.rdp_request(octets.OLD_ONLY), lambda data: octets.rdp(data, octets.OLD_ONLY))
    traits = {trait for spoken in (tls, old) if spoken for trait in spoken.traits}
    if Trait.WITHOUT_NLA in traits:
        traits.discard(Trait.NLA)
    return Spoken(Speaks.RDP, tuple(sorted(traits))) if tls or old else None


async def _vnc(talk: _Talk) -> Spoken | None:
    async with talk.opened() as stream:
        seen = await heard(stream, text.greeting)
        if seen is None or seen.speaks is not Speaks.VNC:
            return seen
        version = (seen.words + "\n").encode("ascii", "replace")
        await stream.send(version if len(version) == 12 else b"RFB 003.003\n")
        return await heard(stream, lambda data: octets.vnc_security(version, data)) or seen


async def _postgresql(talk: _Talk) -> Spoken | None:
    def read(data: bytes) -> Spoken | None:
        return {b"S": Spoken(Speaks.POSTGRESQL, (Trait.TLS,)), b"N": Spoken(Speaks.POSTGRESQL, (Trait.NO_TLS,))}.get(data[:1])

    change = await talk.ask(octets.PG_SSL, read)
    seen = await talk.ask(octets.pg_startup(), octets.postgresql)
    if seen is None:
        return None
    return Spoken(seen.speaks, (*seen.traits, *(change.traits if change else ())), seen.words)


async def _portmap(talk: _Talk) -> Spoken | None:
    number = talk.net.rng.getrandbits(32)
    return await talk.ask(octets.portmap_record(number), lambda data: octets.portmap(data[4:], number))


async def _socks(talk: _Talk) -> Spoken | None:
    seen = await talk.ask(octets.SOCKS_HELLO, lambda data: octets.socks(data) or text.http(data) or text.greeting(data))
    if seen is None or seen.speaks is not Speaks.SOCKS or Trait.NO_LOGIN not in seen.traits:
        return seen
    return _with(seen, Trait.FORWARDS) if await _forwards(talk, octets.socks_connect, greeting=octets.SOCKS_HELLO) else seen


async def _proxy(talk: _Talk) -> Spoken | None:
    seen = await _getting("/", text.http)(talk)
    if seen is not None and seen.speaks in {Speaks.HTTP, Speaks.PROXY} and await _forwards(talk, text.connect_request):
        return _with(Spoken(Speaks.PROXY, seen.traits, seen.words), Trait.FORWARDS)
    return seen


def _with(seen: Spoken, trait: Trait) -> Spoken:
    return Spoken(seen.speaks, (*seen.traits, trait), seen.words)


async def _forwards(talk: _Talk, request: Callable[[str, int], bytes], *, greeting: bytes = b"") -> bool:
    """Ask a proxy for a connection to a port of our own, open for this moment, and see whether it comes."""
    arrived = asyncio.Event()

    def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        writer.transport.abort()

    async with talk.opened(PROXY_SECONDS) as stream:
        try:
            server = await asyncio.start_server(take, stream.local, 0)
        except OSError:
            return False
        try:
            if greeting:
                await stream.send(greeting)
                await stream.receive()
            await stream.send(request(stream.local, server.sockets[0].getsockname()[1]))
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await arrived.wait()
        except CannotObserve:
            pass
        finally:
            server.close()
            await server.wait_closed()
    return arrived.is_set()


_DIALOGUES: dict[str, Callable[[_Talk], Awaitable[Spoken | None]]] = {
    "ftp": _greeted,
    "redis": _asking(text.REDIS_PING, text.redis),
    "memcached": _asking(text.MEMCACHED_VERSION, text.memcached),
    "mongodb": _asking(octets.mongo_hello(), octets.mongodb),
    "ldap": _asking(octets.LDAP_QUESTION, octets.ldap),
    "x11": _asking(octets.X11_HELLO, octets.x11),
    "http": _getting("/", text.http),
    "https": _https,
    "docker": _getting("/version", text.docker),
    "etcd": _getting("/version", text.etcd),
    "kubelet": _getting("/healthz", text.kubelet),
    "rsync": _rsync,
    "rtsp": _rtsp,
    "ipp": _ipp,
    "smb": _smb,
    "rdp": _rdp,
    "vnc": _vnc,
    "postgresql": _postgresql,
    "portmap": _portmap,
    "socks": _socks,
    "proxy": _proxy,
}
