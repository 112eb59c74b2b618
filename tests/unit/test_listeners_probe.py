"""The probe of listeners against peers on loopback that stay silent, babble, drip, cut off, and a proxy that passes connections on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from scanner.facts.exposure import AddressPorts, HostListeners, HostPorts, OpenPorts, Speaks, Spoken, Trait
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Host
from scanner.net.net import DnsServer
from scanner.net.network import Network, Settings
from scanner.probes import exposure_listeners
from scanner.wire import ports
from tests.unit.net_servers import LOOPBACK

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def seen(peer: Peer, speaks: str, monkeypatch: pytest.MonkeyPatch) -> Spoken | Unobserved:
    """Have a server looked at as if its port were known for a protocol."""
    monkeypatch.setattr(exposure_listeners, "SECONDS", 0.25)
    monkeypatch.setattr(exposure_listeners, "PROXY_SECONDS", 1.0)
    monkeypatch.setattr(exposure_listeners, "GREETING_SECONDS", 0.2)

    async def go() -> Spoken | Unobserved:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await peer(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(exposure_listeners, "BY_NUMBER", {port: ports.Port(port, "test", ports.Sort.OTHER, speaks)})
        found = HostPorts((AddressPorts("127.0.0.1", OpenPorts(((port, port),), (port,), (), ())),))
        async with Network(Settings(scope=LOOPBACK, resolvers=(DnsServer("", "127.0.0.1", 1),))) as network:
            fact = await exposure_listeners.host_listeners.run(Host("127.0.0.1"), network.view("host:127.0.0.1"), found)
        server.close()
        await server.wait_closed()
        assert isinstance(fact, HostListeners)
        (listener,) = fact.listeners
        return listener.seen

    return asyncio.run(go())


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\x00\xff<title>" * 2000)
        await writer.drain()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"H")
        await writer.drain()
        await asyncio.sleep(0.01)


async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    "speaks", ["", "http", "redis", "smb", "rdp", "vnc", "postgresql", "ldap", "rsync", "portmap", "ipp", "socks", "proxy"]
)
@pytest.mark.parametrize("peer", [silent, babbling, dripping, cut_off], ids=lambda p: p.__name__)
def test_a_peer_that_misbehaves_is_nobody_and_ends_in_time(peer: Peer, speaks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(peer, speaks, monkeypatch)
    if isinstance(found, Unobserved):
        assert found.reason in {Reason.RESET, Reason.TIMEOUT, Reason.TOO_LARGE}
    else:
        assert found == Spoken(Speaks.UNKNOWN)


async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).split()
    if request[0] == b"CONNECT":
        host, _, port = request[1].decode().rpartition(":")
        _, onward = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        onward.close()
        await reader.read()
    else:
        writer.write(b"HTTP/1.0 400 Bad Request\r\nServer: squid/6\r\n\r\n")


async def boaster(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 200 OK\r\nServer: squid/6\r\n\r\n")


def test_a_proxy_is_open_only_where_the_connection_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(proxy, "proxy", monkeypatch) == Spoken(Speaks.PROXY, (Trait.FORWARDS,), "squid/6")
    assert seen(boaster, "proxy", monkeypatch) == Spoken(Speaks.PROXY, (), "squid/6")


async def moving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
    if path == b"/":
        writer.write(b"HTTP/1.0 302 Found\r\nLocation: /login\r\n\r\n")
    else:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n<title>Network Camera</title>")


async def away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 302 Found\r\nLocation: http://192.0.2.77/login\r\n\r\n")


def test_one_redirection_on_the_same_port_is_followed_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(moving, "http", monkeypatch) == Spoken(Speaks.HTTP, (Trait.DEVICE,), "Network Camera")
    assert seen(away, "http", monkeypatch) == Spoken(Speaks.HTTP)
