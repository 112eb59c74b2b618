"""What a hub gives: the receipt of a report or gap, and the policy that selects built-in facts. Never a command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scanner.codec import Plain
from scanner.protocol import fields
from scanner.protocol.keys import PUBLIC_LENGTH, NotAKey, PublicKey
from scanner.protocol.report import AGENT, MOST_FACTS

RECEIPT = "tenken-receipt/1"
POLICY = "tenken-policy/1"
MOST_KEYS = 8
LEAST_INTERVAL = 60
MOST_INTERVAL = 7 * 86_400
"""Seconds between reports that an agent accepts from a policy."""
_NONE: Mapping[str, str] = MappingProxyType({})
_NOT_TAKEN = re.compile(r"[a-z-]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub has this report (or this note of a gap) for good. ``report`` is the digest of what was received.

    ``wanted`` names facts that the report referred to and the hub does not hold, ``not_taken`` facts that it could not read, with why.
    """

    agent: str
    sequence: int
    report: str
    received_at: str
    wanted: tuple[str, ...] = ()
    not_taken: Mapping[str, str] = field(default_factory=lambda: _NONE)

    def plain(self) -> Plain:
        """Give the JSON object."""
        return {
            "schema": RECEIPT,
            "agent": self.agent,
            "sequence": self.sequence,
            "report": self.report,
            "received_at": self.received_at,
            "wanted": list(self.wanted),
            "not_taken": dict(self.not_taken),
        }


@dataclass(frozen=True, slots=True)
class Policy:
    """Which built-in facts are wanted (empty: all) and how often; a higher ``serial`` replaces a lower one.

    ``hub_keys`` are all keys that may sign from now on, so that a hub can change its key.
    """

    serial: int
    facts: tuple[str, ...]
    interval: int
    """Seconds between reports."""
    hub_keys: tuple[str, ...]

    def plain(self) -> Plain:
        """Give the JSON object."""
        return {
            "schema": POLICY,
            "serial": self.serial,
            "facts": list(self.facts),
            "interval": self.interval,
            "hub_keys": list(self.hub_keys),
        }


def receipt_in(plain: Plain) -> Receipt:
    """Read a receipt. Raises ``Refused``."""
    fields.exactly(plain, RECEIPT, ("agent", "sequence", "report", "received_at", "wanted", "not_taken"))
    not_taken = plain["not_taken"]
    if not isinstance(not_taken, dict) or len(not_taken) > MOST_FACTS:
        raise fields.refuse("not_taken: an object")
    for name, why in not_taken.items():
        if not fields.NAME.match(name) or not isinstance(why, str) or not _NOT_TAKEN.match(why):
            raise fields.refuse("not_taken: names and short reasons")
    return Receipt(
        agent=fields.matching(plain, "agent", AGENT),
        sequence=fields.whole(plain, "sequence", 1),
        report=fields.matching(plain, "report", fields.DIGEST),
        received_at=fields.moment(plain, "received_at"),
        wanted=fields.names(plain, "wanted", MOST_FACTS),
        not_taken=not_taken,
    )


def policy_in(plain: Plain) -> Policy:
    """Read a policy. Raises ``Refused``."""
    fields.exactly(plain, POLICY, ("serial", "facts", "interval", "hub_keys"))
    interval = fields.whole(plain, "interval", LEAST_INTERVAL)
    if interval > MOST_INTERVAL:
        raise fields.refuse(f"interval: at most {MOST_INTERVAL} s")
    return Policy(
        serial=fields.whole(plain, "serial"),
        facts=fields.names(plain, "facts", MOST_FACTS),
        interval=interval,
        hub_keys=keys_in(plain, "hub_keys"),
    )


def keys_in(plain: Plain, key: str) -> tuple[str, ...]:
    """Read public keys, at least one. Raises ``Refused``."""
    value = plain[key]
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_KEYS:
        raise fields.refuse(f"{key}: 1 to {MOST_KEYS} public keys of {PUBLIC_LENGTH} octets")
    for one in value:
        try:
            PublicKey.of_text(one if isinstance(one, str) else "")
        except NotAKey as error:
            raise fields.refuse(f"{key}: {error}") from error
    return tuple(value)
