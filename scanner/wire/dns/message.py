"""Whole messages: questions written, answers read."""

from __future__ import annotations

from scanner.wire.dns.values import Message, Rclass


def query(
    name: str,
    type: int,  # noqa: A002  the protocol's own word, as in every DNS interface
    *,
    id: int,  # noqa: A002  the same
    rd: bool = False,
    cd: bool = False,
    edns: int | None = 1232,
    do: bool = False,
    rclass: int = Rclass.IN,
    ixfr_serial: int | None = None,
) -> bytes:
    """Write one question. Raises ``BadName``."""
    raise NotImplementedError


def parse(wire: bytes) -> Message:
    """Read a message. Raises ``NotDns``."""
    raise NotImplementedError
