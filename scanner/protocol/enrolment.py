"""How a machine becomes known to a hub: the one-time token, the machine's request and the hub's signed answer."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from scanner.codec import Plain
from scanner.protocol import fields
from scanner.protocol.answer import keys_in
from scanner.protocol.keys import NotAKey, PublicKey
from scanner.protocol.report import AGENT

REQUEST = "tenken-enrolment-request/1"
ENROLMENT = "tenken-enrolment/1"
TOKEN = re.compile(r"tk1-([A-Za-z0-9_-]{32})-([0-9a-f]{32})\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A one-time token: a secret, and the name of the hub's key, so that the machine knows its hub before it has spoken to it."""

    secret: str
    hub_key: str

    @classmethod
    def make(cls, hub_key: str) -> Token:
        """Make a new one."""
        return cls(secrets.token_urlsafe(24), hub_key)

    @classmethod
    def of_text(cls, text: str) -> Token:
        """Read a token. Raises ``Refused``."""
        found = TOKEN.match(text.strip())
        if not found:
            raise fields.refuse("an enrolment token is written tk1-SECRET-KEY")
        return cls(found[1], "ed25519:" + found[2])

    @property
    def text(self) -> str:
        """The token as it is handed over."""
        return f"tk1-{self.secret}-{self.hub_key.removeprefix('ed25519:')}"

    @property
    def digest(self) -> str:
        """What the hub keeps of it."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """A machine asks to be enrolled; the envelope around it is signed with the key that it names."""

    secret: str
    public_key: str
    name: str
    """The machine's own name, for people."""
    platform: str
    version: str

    def plain(self) -> Plain:
        """Give the JSON object."""
        return {
            "schema": REQUEST,
            "secret": self.secret,
            "public_key": self.public_key,
            "name": self.name,
            "platform": self.platform,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The hub's answer: the id by which the machine is known from now on, and the hub's keys to be pinned. Its digest begins the chain."""

    agent: str
    key: str
    enrolled_at: str
    hub_keys: tuple[str, ...]

    def plain(self) -> Plain:
        """Give the JSON object."""
        return {
            "schema": ENROLMENT,
            "agent": self.agent,
            "key": self.key,
            "enrolled_at": self.enrolled_at,
            "hub_keys": list(self.hub_keys),
        }


def request_in(plain: Plain) -> Request:
    """Read a request. Raises ``Refused``."""
    fields.exactly(plain, REQUEST, ("secret", "public_key", "name", "platform", "version"))
    try:
        PublicKey.of_text(fields.text(plain, "public_key", 64))
    except NotAKey as error:
        raise fields.refuse(str(error)) from error
    return Request(
        secret=fields.text(plain, "secret", 64),
        public_key=plain["public_key"],
        name=fields.text(plain, "name", 253),
        platform=fields.text(plain, "platform", 16),
        version=fields.text(plain, "version", 64),
    )


def enrolment_in(plain: Plain) -> Enrolment:
    """Read an answer. Raises ``Refused``."""
    fields.exactly(plain, ENROLMENT, ("agent", "key", "enrolled_at", "hub_keys"))
    return Enrolment(
        agent=fields.matching(plain, "agent", AGENT),
        key=fields.text(plain, "key", 64),
        enrolled_at=fields.moment(plain, "enrolled_at"),
        hub_keys=keys_in(plain, "hub_keys"),
    )
