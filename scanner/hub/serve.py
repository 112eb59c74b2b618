"""Runs the hub's server: TLS, client certificates, limits on idle connections, and the threads that write and judge beside it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.hub.web import AgentApp, App, Writer
from scanner.protocol.keys import SigningKey

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 4_000
IDLE_SECONDS = 30
LARGEST_HEAD = 32_768
HSTS = "max-age=31536000"
"""RFC 6797; without its subdomains, which may be anybody's."""
HEAD_SECONDS = 15.0
"""From the beginning of a connection or question to the end of its head."""
CERTIFICATE = "tenken.certificate"
"""Key in the state of a question under which the client's certificate stands, as DER."""


class BadServer(Exception):
    """The server is not started like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and how to listen. ``client_ca`` asks for client certificates, ``require`` refuses whoever has none."""

    host: str = "127.0.0.1"
    port: int = 8443
    certificate: str = ""
    key: str = ""
    client_ca: str = ""
    require: bool = False
    share: bool = False
    """Whether other processes of the same hub listen on the same port (PostgreSQL; not on Windows)."""

    def check(self) -> None:
        """Raise ``BadServer`` where this would put an unprotected hub before others than this machine."""
        if not self.certificate and not is_loopback(self.host):
            raise BadServer(f"{self.host}: without TLS only loopback addresses are listened on; give --certificate and --key")
        if self.require and not self.client_ca:
            raise BadServer("client certificates can only be required with --client-ca")


def is_loopback(host: str) -> bool:
    """Tell whether an address reaches nobody but this machine."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class _Protocol(HttpToolsProtocol):
    """Hands the client's certificate on, and does not wait for ever for a head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent has it
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls else None
        self.app_state = {**self.app_state, CERTIFICATE: certificate}
        self._head = self.loop.call_later(HEAD_SECONDS, self._too_slow)
        self._head_octets: int | None = 0  # None while no head is being read

    def data_received(self, data: bytes) -> None:
        if self._head_octets is not None:
            self._head_octets += len(data)
        super().data_received(data)
        if self._head_octets is not None and self._head_octets > LARGEST_HEAD:
            self._too_slow()

    def on_message_begin(self) -> None:
        self._head_octets = 0
        self._head.cancel()
        self._head = self.loop.call_later(HEAD_SECONDS, self._too_slow)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_octets = None
        self._head.cancel()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head.cancel()
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class Hub:
    """A hub: its door for agents, the rest of its pages, and its server."""

    def __init__(self, database: Database, hub_key: SigningKey, rest: App, written: Callable[[], None] = lambda: None) -> None:
        self.door = Door(database, hub_key)
        self.writer = Writer(self.door, written)
        self.app = AgentApp(self.door, self.writer, rest)

    def serve(self, listen: Listen, ready: Callable[[int], None] = lambda _: None) -> None:
        """Serve until told to end by a signal. ``ready`` is told the port. Raises ``BadServer``."""
        listen.check()
        server = _Server(self._config(listen), ready)
        self.writer.start()
        try:
            server.run([_shared(listen)] if listen.share else None)
        finally:
            self.writer.stop()

    def _config(self, listen: Listen) -> uvicorn.Config:
        config = uvicorn.Config(
            self.app,
            host=listen.host,
            port=listen.port,
            http=_Protocol,
            loop="asyncio" if sys.platform == "win32" else "uvloop",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            backlog=2048,
            headers=[("Strict-Transport-Security", HSTS)] if listen.certificate else [],
            ssl_certfile=listen.certificate or None,
            ssl_keyfile=listen.key or None,
            ssl_ca_certs=listen.client_ca or None,
            ssl_cert_reqs=(ssl.CERT_REQUIRED if listen.require else ssl.CERT_OPTIONAL) if listen.client_ca else ssl.CERT_NONE,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise BadServer(f"the certificate or key cannot be used: {error}") from error
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        return config


def _shared(listen: Listen) -> socket.socket:
    """Bind so that the system spreads connections over all processes that do the same."""
    found = socket.socket(socket.AF_INET6 if ":" in listen.host else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((listen.host, listen.port))
    return found


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[int], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[Any] | None = None) -> None:  # as its parent has it
        await super().startup(sockets)
        if self.started:
            self._ready(sockets[0].getsockname()[1] if sockets else self.servers[0].sockets[0].getsockname()[1])
