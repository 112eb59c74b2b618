"""What an agent sends: reports of facts, and notes of gaps where its spool let reports go. Values, and their way to JSON and back."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.codec import Plain, canonical
from scanner.protocol import fields

REPORT = "tenken-report/1"
GAP = "tenken-gap/1"
AGENT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
BOOT = re.compile(r"[A-Za-z0-9-]{1,64}\Z")
UNKNOWN_BOOT = "unknown"
"""Where the system has no name for its start."""
MOST_FACTS = 500
"""Fact types in one report."""
GAP_REASONS = ("spool-full", "damaged", "refused")


@dataclass(frozen=True, slots=True)
class Report:
    """One report. ``answered`` gives the digest of the observation of every fact asked; ``observations`` holds those not sent before.

    ``previous`` is the digest of the report before it, or of the enrolment for number 1. Times are UTC.
    """

    agent: str
    sequence: int
    previous: str
    made_at: str
    boot: str
    uptime: int
    """Seconds since the machine started, by a clock that nobody sets."""
    version: str
    platform: str
    policy: str
    """Digest of the policy that asked; empty for the built-in one."""
    asked: tuple[str, ...]
    answered: Mapping[str, str]
    observations: Mapping[str, Plain]

    @property
    def state(self) -> str:
        """The digest of all answers together: equal for two reports exactly where nothing has changed between them."""
        return hashlib.sha256(canonical(self.answered)).hexdigest()

    def plain(self) -> Plain:
        """Give the JSON object."""
        return {
            "schema": REPORT,
            "agent": self.agent,
            "sequence": self.sequence,
            "previous": self.previous,
            "made_at": self.made_at,
            "boot": self.boot,
            "uptime": self.uptime,
            "version": self.version,
            "platform": self.platform,
            "policy": self.policy,
            "asked": list(self.asked),
            "answered": dict(self.answered),
            "observations": dict(self.observations),
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """Reports ``first`` to ``last`` will not come. ``digest`` is that of the last one, so that the chain goes on behind the gap."""

    agent: str
    first: int
    last: int
    digest: str
    noted_at: str
    reason: str

    def plain(self) -> Plain:
        """Give the JSON object."""
        return {
            "schema": GAP,
            "agent": self.agent,
            "first": self.first,
            "last": self.last,
            "digest": self.digest,
            "noted_at": self.noted_at,
            "reason": self.reason,
        }


_REPORT_KEYS = frozenset(
    ["agent", "sequence", "previous", "made_at", "boot", "uptime", "version", "platform", "policy", "asked", "answered", "observations"],
)
_GAP_KEYS = frozenset(["agent", "first", "last", "digest", "noted_at", "reason"])
_PLATFORM = re.compile(r"[a-z][a-z0-9]{0,15}\Z")
_POLICY = re.compile(r"(sha256:[0-9a-f]{64})?\Z")


def report_in(plain: Plain) -> Report:
    """Read a report. Raises ``Refused``. The observations themselves are read by ``scanner.codec``, where they are kept."""
    fields.exactly(plain, REPORT, _REPORT_KEYS)
    asked = fields.names(plain, "asked", MOST_FACTS)
    answered = plain["answered"]
    if not isinstance(answered, dict) or answered.keys() != set(asked):
        raise fields.refuse("answered: one digest for each fact that was asked")
    if not fields.digests(answered.values()):
        raise fields.refuse("answered: sha256: and 64 hex digits")
    observations = plain["observations"]
    if not isinstance(observations, dict) or not observations.keys() <= set(answered.values()):
        raise fields.refuse("observations: only what is answered")
    if not all(isinstance(value, dict) for value in observations.values()):
        raise fields.refuse("observations: objects")
    return Report(
        agent=fields.matching(plain, "agent", AGENT),
        sequence=fields.whole(plain, "sequence", 1),
        previous=fields.matching(plain, "previous", fields.DIGEST),
        made_at=fields.moment(plain, "made_at"),
        boot=fields.matching(plain, "boot", BOOT),
        uptime=fields.whole(plain, "uptime"),
        version=fields.text(plain, "version", 64),
        platform=fields.matching(plain, "platform", _PLATFORM),
        policy=fields.matching(plain, "policy", _POLICY),
        asked=asked,
        answered=answered,
        observations=observations,
    )


def gap_in(plain: Plain) -> Gap:
    """Read a note of a gap. Raises ``Refused``."""
    fields.exactly(plain, GAP, _GAP_KEYS)
    gap = Gap(
        agent=fields.matching(plain, "agent", AGENT),
        first=fields.whole(plain, "first", 1),
        last=fields.whole(plain, "last", 1),
        digest=fields.matching(plain, "digest", fields.DIGEST),
        noted_at=fields.moment(plain, "noted_at"),
        reason=fields.text(plain, "reason", 32),
    )
    if gap.first > gap.last or gap.reason not in GAP_REASONS:
        raise fields.refuse("a gap reaches from its first report to its last, for a known reason")
    return gap
