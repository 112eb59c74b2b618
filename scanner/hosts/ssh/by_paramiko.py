"""Logging in with paramiko: every hop's key is checked before anything that proves who we are is sent to it."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import paramiko
from paramiko.ssh_exception import IncompatiblePeer

from scanner.hosts.ssh.hostkeys import HostKeys
from scanner.hosts.ssh.secretfile import check_private
from scanner.hosts.ssh.shell import Hop, NoCommonAlgorithm, Route
from scanner.model.reason import CannotObserve, Reason
from scanner.net.trouble import cannot

CHUNK = 65536
LOGIN = 30.0
"""Seconds that one hop may take from the connection to the end of authentication."""
TERMINAL = (511, 1000)
"""Columns and lines of the terminal that network devices are shown, so that they break few lines and pages."""
_LOG = "scanner.hosts.ssh.paramiko"
# paramiko would still speak these; OpenSSH takes none of them by default.
_WEAK = ("cbc", "md5", "sha1-96")
logging.getLogger(_LOG).setLevel(logging.CRITICAL + 1)  # every failure reaches us as an exception; its log holds tracebacks of guesses


class ParamikoShell:
    """The ``Shell`` of a channel, and the transports below it."""

    def __init__(self) -> None:
        self._below: list[paramiko.Transport | socket.socket] = []
        self._channel: paramiko.Channel | None = None
        self._closed = threading.Event()

    def open(self, route: Route, until: float) -> None:
        """Log in and start ``sh``, or a device's command line. Raises ``CannotObserve``, and ``NoCommonAlgorithm``."""
        keys = HostKeys(route.login.known_hosts)
        transport: paramiko.Transport | None = None
        for hop in route.hops:
            limit = min(until, time.monotonic() + LOGIN)
            with _translated(hop, self._closed):
                way = self._connect(transport, hop, limit)
                transport = paramiko.Transport(way)
                self._hold(transport)
                _agree(transport, keys.kinds(hop.known_as), limit)
            keys.check(hop.known_as, *_shown(transport))
            _authenticate(transport, hop, route, limit)
        assert transport
        with _translated(route.hops[-1], self._closed):
            self._channel = transport.open_session(timeout=_left(until))
            if route.login.terminal:
                self._channel.get_pty("vt100", *TERMINAL)
                self._channel.invoke_shell()
            else:
                self._channel.exec_command("sh")

    def key_of(self, hop: Hop, until: float) -> tuple[str, bytes]:
        """Give the key that a server shows, without a login. Raises ``CannotObserve``, and ``NoCommonAlgorithm``."""
        with _translated(hop, self._closed):
            transport = paramiko.Transport(self._connect(None, hop, until))
            self._hold(transport)
            _agree(transport, (), until)
            return _shown(transport)

    def send(self, data: bytes, until: float) -> None:
        """See ``Shell.send``."""
        channel = self._here()
        with _talking():
            channel.settimeout(_left(until))
            channel.sendall(data)

    def receive(self, until: float) -> bytes:
        """See ``Shell.receive``."""
        channel = self._here()
        with _talking():
            while channel.recv_stderr_ready():  # or it fills the window
                channel.recv_stderr(CHUNK)
            channel.settimeout(_left(until))
            return channel.recv(CHUNK)

    def close(self) -> None:
        """See ``Shell.close``."""
        self._closed.set()
        for held in reversed(self._below):
            with suppress(OSError, EOFError, paramiko.SSHException):
                held.close()

    def _here(self) -> paramiko.Channel:
        if self._channel is None or self._closed.is_set():
            raise CannotObserve(Reason.RESET, "the connection was closed")
        return self._channel

    def _connect(self, transport: paramiko.Transport | None, hop: Hop, until: float) -> socket.socket | paramiko.Channel:
        if transport is not None:
            return transport.open_channel("direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=_left(until))
        connection = socket.create_connection((hop.address, hop.port), _left(until))
        self._hold(connection)
        return connection

    def _hold(self, held: paramiko.Transport | socket.socket) -> None:
        self._below.append(held)
        if self._closed.is_set():
            held.close()
            raise CannotObserve(Reason.BUDGET_SPENT, "stopped")


def _agree(transport: paramiko.Transport, kinds: Sequence[str], until: float) -> None:
    """Exchange keys. ``kinds`` of host keys, those that are known of the server, are asked for first."""
    transport.set_log_channel(_LOG)
    transport.banner_timeout = transport.auth_timeout = transport.channel_timeout = _left(until)
    options = transport.get_security_options()
    options.ciphers = [name for name in options.ciphers if not any(weak in name for weak in _WEAK)]
    options.digests = [name for name in options.digests if not any(weak in name for weak in _WEAK)]
    known = {kind if kind != "ssh-rsa" else "rsa-sha2-512" for kind in kinds}
    first = [name for name in options.key_types if name in known or (name == "rsa-sha2-256" and "rsa-sha2-512" in known)]
    options.key_types = [*first, *(name for name in options.key_types if name not in first)]
    transport.start_client(timeout=_left(until))
    if not transport.initial_kex_done:
        raise TimeoutError


def _shown(transport: paramiko.Transport) -> tuple[str, bytes]:
    key = transport.get_remote_server_key()
    return key.get_name(), key.asbytes()


def _authenticate(transport: paramiko.Transport, hop: Hop, route: Route, until: float) -> None:
    """Try what the login has, in this order: key, certificate, agent, password. Raises ``CannotObserve(ACCESS_DENIED)``."""
    refused: list[str] = []
    transport.auth_timeout = _left(until)
    for what, attempt in _proofs(transport, hop, route):
        try:
            missing = attempt()
        except paramiko.BadAuthenticationType as error:
            refused.append(f"{what}: not taken, the server takes {', '.join(error.allowed_types)}")
        except paramiko.AuthenticationException as error:
            if "timeout" in str(error).lower():
                raise CannotObserve(Reason.TIMEOUT, f"{hop}: no answer to the login in time") from error
            refused.append(f"{what}: not accepted")
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise CannotObserve(
                Reason.RESET, f"{hop}: cut off during the login ({what}); refused so far: {refused or 'nothing'}"
            ) from error
        else:
            if not missing:
                return
            refused.append(f"{what}: accepted, but the server wants {', '.join(missing)} too")
    raise CannotObserve(Reason.ACCESS_DENIED, f"{hop}: login refused: {'; '.join(refused) or 'there is nothing to log in with'}")


def _proofs(transport: paramiko.Transport, hop: Hop, route: Route) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    login = route.login
    if login.key:
        key, what = _key(login.key), f"key {login.key}"
        if login.certificate:
            what = f"certificate {login.certificate}"
            try:
                key.load_certificate(os.path.expanduser(login.certificate))
            except (OSError, ValueError, paramiko.SSHException) as error:
                raise CannotObserve(Reason.ACCESS_DENIED, f"{login.certificate}: not a certificate that fits the key") from error
        yield what, lambda: transport.auth_publickey(hop.user, key)
    if login.agent:
        agent = paramiko.Agent()
        try:
            offered = agent.get_keys()
            for one in offered[:5]:  # servers give up after six
                yield f"agent's key {one.fingerprint}", partial(transport.auth_publickey, hop.user, one)
            if not offered:
                yield "agent", _nothing
        finally:
            agent.close()
    if route.password is not None:
        password = route.password
        yield "password", lambda: transport.auth_password(hop.user, password)


def _nothing() -> list[str]:
    raise paramiko.AuthenticationException


def _key(path: str) -> paramiko.PKey:
    full = check_private(path)
    try:
        return paramiko.PKey.from_path(full)
    except paramiko.PasswordRequiredException as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: it has a passphrase; load it into an agent and write 'agent: true'") from error
    except (OSError, ValueError, TypeError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
        raise CannotObserve(Reason.ACCESS_DENIED, f"{path}: not a private key that can be used") from error


@contextmanager
def _translated(hop: Hop, closed: threading.Event) -> Iterator[None]:
    """Turn what a connection, a key exchange or a channel says into a reason."""
    what = f"a login to {hop}"
    try:
        yield
    except IncompatiblePeer as error:
        raise NoCommonAlgorithm(f"{hop}: {error}") from error
    except TimeoutError as error:
        raise CannotObserve(Reason.TIMEOUT, f"{what}: no answer in time") from error
    except paramiko.ChannelException as error:
        raise CannotObserve(Reason.REFUSED, f"{what}: the host before it refused the way ({error.text})") from error
    except (paramiko.SSHException, EOFError) as error:
        if closed.is_set():
            raise CannotObserve(Reason.BUDGET_SPENT, f"{what}: stopped") from error
        text = str(error)
        if "imeout" in text:
            raise CannotObserve(Reason.TIMEOUT, f"{what}: no answer in time") from error
        if isinstance(error, EOFError) or "banner" not in text:
            raise CannotObserve(Reason.RESET, f"{what}: cut off during the key exchange {text[:200]}".strip()) from error
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{what}: not an SSH server, or none that answers: {text[:200]}") from error
    except OSError as error:
        if closed.is_set():
            raise CannotObserve(Reason.BUDGET_SPENT, f"{what}: stopped") from error
        raise cannot(error, what) from error


@contextmanager
def _talking() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise CannotObserve(Reason.TIMEOUT, "no answer from the far shell in time") from error
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise CannotObserve(Reason.RESET, "the connection to the far shell ended") from error


def _left(until: float) -> float:
    return max(0.01, until - time.monotonic())
