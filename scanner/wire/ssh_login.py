"""The question for the ways of authentication, once packets are protected: RFC 4252 section 5. No credential is ever written here."""

from __future__ import annotations

from scanner.wire.ssh import MSG_DEBUG, MSG_DISCONNECT, MSG_IGNORE, NotSsh, names, shown
from scanner.wire.ssh_keys import string, take

MSG_SERVICE_REQUEST = 5
MSG_SERVICE_ACCEPT = 6
MSG_EXT_INFO = 7  # RFC 8308
MSG_NEWKEYS = 21
MSG_USERAUTH_REQUEST = 50
MSG_USERAUTH_FAILURE = 51
MSG_USERAUTH_SUCCESS = 52
MSG_USERAUTH_BANNER = 53
_PASSED_OVER = {MSG_IGNORE, MSG_DEBUG, MSG_EXT_INFO, MSG_USERAUTH_BANNER}

NEWKEYS = bytes([MSG_NEWKEYS])
SERVICE_REQUEST = bytes([MSG_SERVICE_REQUEST]) + string(b"ssh-userauth")


class SaidGoodbye(NotSsh):
    """The server disconnected and said why."""


def none_request(user: str) -> bytes:
    """Ask to be let in without any authentication (section 5.2), which makes a server name the ways that it wants."""
    return bytes([MSG_USERAUTH_REQUEST]) + string(user.encode()) + string(b"ssh-connection") + string(b"none")


def accepted(payload: bytes) -> bool | None:
    """Tell that a message is the answer to ``SERVICE_REQUEST``; ``None``: the next may be. Raises ``NotSsh``."""
    return True if _kind(payload, {MSG_SERVICE_ACCEPT}) else None


def methods_left(payload: bytes) -> tuple[str, ...] | None:
    """Give the ways that the server names, sorted; none: the user was let in; ``None``: the next message may tell. Raises ``NotSsh``."""
    kind = _kind(payload, {MSG_USERAUTH_FAILURE, MSG_USERAUTH_SUCCESS})
    if kind != MSG_USERAUTH_FAILURE:
        return () if kind else None
    found = names(take(payload, 1)[0])
    if not found:
        raise NotSsh("the server refuses the login and names no way of authentication")
    return tuple(sorted(found))


def _kind(payload: bytes, wanted: set[int]) -> int | None:
    kind = payload[0]
    if kind in wanted:
        return kind
    if kind == MSG_DISCONNECT:
        raise SaidGoodbye(f"the server disconnected: {shown(payload[9 : 9 + int.from_bytes(payload[5:9], 'big')])}")
    if kind not in _PASSED_OVER:
        raise NotSsh(f"message {kind} where {' or '.join(map(str, sorted(wanted)))} belongs")
    return None
