"""What the operating system's network errors mean: one table from error numbers to reasons, used by every transport."""

from __future__ import annotations

import errno
import os

from scanner.model.reason import CannotObserve, Reason

_REASONS = {
    errno.ECONNREFUSED: (Reason.REFUSED, "refused"),
    errno.EHOSTUNREACH: (Reason.UNREACHABLE, "no route to the host, or filtered"),
    errno.ENETUNREACH: (Reason.UNREACHABLE, "no route to the network"),
    errno.EHOSTDOWN: (Reason.UNREACHABLE, "host down"),
    errno.ENETDOWN: (Reason.UNREACHABLE, "network down"),
    # An ICMPv6 "administratively prohibited" arrives as EACCES, our own packet filter's drop as EPERM; neither is about file rights.
    errno.EACCES: (Reason.UNREACHABLE, "filtered: administratively prohibited"),
    errno.EPERM: (Reason.UNREACHABLE, "filtered by this machine's own packet filter"),
    errno.EADDRNOTAVAIL: (Reason.UNREACHABLE, "this machine has no address to reach it from"),
    errno.EAFNOSUPPORT: (Reason.UNREACHABLE, "this machine does not speak the address family"),
    errno.EINVAL: (Reason.UNREACHABLE, "not an address that can be reached"),
    errno.EPROTO: (Reason.UNREACHABLE, "filtered: protocol unreachable"),
    errno.ENOPROTOOPT: (Reason.UNREACHABLE, "filtered: protocol unreachable"),
    # ICMP that anybody on the way can send: host isolated, source route failed, fragmentation needed (RFC 792, 1122 section 3.2.2.1).
    errno.ENONET: (Reason.UNREACHABLE, "host isolated"),
    errno.EOPNOTSUPP: (Reason.UNREACHABLE, "source route failed"),
    errno.EMSGSIZE: (Reason.UNREACHABLE, "too large for a network on the way"),
    errno.ETIMEDOUT: (Reason.TIMEOUT, "no answer in time"),
    errno.ECONNRESET: (Reason.RESET, "reset by the peer"),
    errno.ECONNABORTED: (Reason.RESET, "aborted"),
    errno.EPIPE: (Reason.RESET, "closed by the peer"),
}


def cannot(error: OSError, what: str) -> CannotObserve:
    """Translate an error met while doing ``what`` (``a question to 192.0.2.53:53/udp``).

    Errors that are this machine's own trouble, such as too many open files, are raised again: they are no finding.
    """
    known = _REASONS.get(error.errno or 0)
    if known is None:
        raise error
    reason, words = known
    return CannotObserve(reason, f"{what}: {words} ({os.strerror(error.errno or 0)})")


def peer(address: str, port: int) -> str:
    """Write an address and port: ``192.0.2.53:53``, ``[2001:db8::53]:53``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
