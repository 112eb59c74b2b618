"""The state of a machine that is enrolled, made without a hub."""

from __future__ import annotations

import json
from pathlib import Path

from agent import identity
from scanner.protocol.enrolment import Enrolment
from scanner.protocol.envelope import Sort, seal
from scanner.protocol.keys import SigningKey

HUB = SigningKey.make()


def enrolled(state: Path, key: SigningKey) -> None:
    """Make the state as this platform's agent keeps it."""
    identity.prepare(state)
    answer = Enrolment("a-1", key.id, "2026-11-22T00:00:00Z", (HUB.public.text,)).plain()
    identity.keep(state, "https://hub.test", key, seal(Sort.ENROLMENT, answer, HUB))


def kept_key(state: Path) -> str:
    """Give what stands in the file for the key."""
    return str(json.loads((state / identity.IDENTITY_FILE).read_bytes())["key"])


def put_key(state: Path, kept: object) -> None:
    """Put something else where the key stands."""
    file = state / identity.IDENTITY_FILE
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "key": kept}), "ascii")
