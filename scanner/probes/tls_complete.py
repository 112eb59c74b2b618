"""Handshakes of TLS 1.2 and older completed, and what only a completed one shows: sessions, and renegotiation that the client begins."""

from __future__ import annotations

from collections.abc import Callable

from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.probes.tls_hearing import Hearing, unless, until
from scanner.probes.tls_line import Line
from scanner.probes.tls_values import Failed, Refused, Unsure
from scanner.wire.tls.client12 import Client12
from scanner.wire.tls.messages import Finished, ServerHelloDone
from scanner.wire.tls.names import RecordType
from scanner.wire.tls.protect12 import can_protect
from scanner.wire.tls.suites import SUITES

CLOSE_NOTIFY = b"\x01\x00"
MOST_RENEGOTIATIONS = 3
"""A server that carries out so many sets no limit worth speaking of; more would be a burden on it."""


def completable(code: int) -> bool:
    """Whether a handshake of TLS 1.2 or older with this suite can be completed here."""
    suite = SUITES.get(code)
    return suite is not None and can_protect(suite) and suite.auth in {"RSA", "ECDSA", "DSA"}


async def completed(line: Line, client: Client12, hearing: Hearing, *, greeted: bool = False) -> None:
    """Complete a handshake of TLS 1.2 or older; ``greeted``: the server has had its first turn.

    Raises ``CannotObserve``, ``NotTls``, ``CannotCompute``.
    """
    if not greeted:
        await line.send(client.start())
        unless(await until(line, client, hearing, lambda m: isinstance(m, ServerHelloDone | Finished)), "answering a hello", hearing)
    await line.send(client.finish())
    if not client.resumed:
        unless(await until(line, client, hearing, lambda m: isinstance(m, Finished)), "completing a handshake", hearing)


async def ended(line: Line, client: Client12, hearing: Hearing) -> None:
    """End in order: a server may forget a session whose connection was cut off (RFC 2246 section 7.2.1). Raises as ``completed``."""
    await line.send(client.send(CLOSE_NOTIFY, RecordType.ALERT))
    await until(line, client, hearing, lambda m: False)


async def renegotiated(line: Line, client: Client12, hearing: Hearing, random: Callable[[int], bytes]) -> int | Unsure | Unobserved:
    """How often the server negotiates anew at our wish, behind a completed handshake. Raises ``NotTls``, ``CannotCompute``."""
    for count in range(MOST_RENEGOTIATIONS):
        try:
            await line.send(client.renegotiate(random(32)))
            seen = await until(line, client, hearing, lambda m: isinstance(m, ServerHelloDone))
            if isinstance(seen, ServerHelloDone):
                await line.send(client.finish())
                seen = await until(line, client, hearing, lambda m: isinstance(m, Finished))
        except CannotObserve as why:
            if why.reason is not Reason.RESET:
                return count or Unobserved(why.reason, why.detail)
            seen = Unsure("reset")
        if isinstance(seen, Failed):
            return count or seen.why
        if isinstance(seen, Unsure) and not count:
            return seen
        if isinstance(seen, Refused | Unsure):
            return count
    return MOST_RENEGOTIATIONS
