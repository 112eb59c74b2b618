"""Who may ask the hub: users, their roles, password and second factor or client certificate, and sessions.

Passwords are kept as argon2id; a code of the second factor is good once; a session is a random token of which only a digest is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from functools import cache
from urllib.parse import quote

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select, update

from scanner.hub import audit, clock
from scanner.hub.database import Database, for_update
from scanner.hub.schema import sessions, users

LEAST_PASSWORD = 12
LONGEST_PASSWORD = 1024
SESSION = timedelta(hours=8)
FREE_FAILURES = 5
"""Wrong passwords or codes before a user is locked out, for a time that doubles with each further one."""
LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=12)
STEP = 30
DIGITS = 6
SKEW = 1
"""RFC 6238: steps of 30 s, six digits, one step of skew in either direction."""


@unique
class Role(StrEnum):
    """What a user may: everything; read everything; read what belongs to systems of their own."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has shown who they are."""

    name: str
    role: Role
    systems: tuple[str, ...]


class NotAdmitted(Exception):
    """The credentials are not accepted. Which part was wrong is in the audit log and nowhere else."""


class BadUser(Exception):
    """A user cannot be made or changed like this; the message says why."""


def add_user(
    database: Database,
    actor: str,
    name: str,
    role: Role,
    *,
    password: str = "",
    certificate: str = "",
    systems: Sequence[str] = (),
) -> str:
    """Make a user with a password and a second factor, or with a client certificate. Raises ``BadUser``.

    Gives the ``otpauth`` URI of the second factor, which is shown this once, or empty.
    """
    if not name or len(name) > 64 or not name.isprintable() or ":" in name:
        raise BadUser("a name of 1 to 64 characters without colon is needed")
    if password and not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadUser(f"a password has at least {LEAST_PASSWORD} characters")
    if not password and not certificate:
        raise BadUser("a password or the fingerprint of a client certificate is needed")
    fingerprint = certificate.replace(":", "").lower()
    if fingerprint and (len(fingerprint) != 64 or not set(fingerprint) <= set("0123456789abcdef")):
        raise BadUser("a fingerprint is SHA-256 in 64 hex digits")
    secret = base64.b32encode(secrets.token_bytes(20)).decode() if password else ""
    with database.writing() as db:
        if db.execute(select(users.c.name).where(users.c.name == name)).first():
            raise BadUser(f"{name} is there already")
        db.execute(
            insert(users).values(
                name=name,
                role=role.value,
                systems=json.dumps(sorted(systems)),
                password=_hasher().hash(password) if password else "",
                totp=secret,
                totp_step=0,
                certificate=fingerprint,
                failures=0,
                locked_until="",
                made_at=clock.now(),
            )
        )
        audit.note(db, actor, "user.add", name, f"{role.value} {' '.join(sorted(systems))}".strip())
    return f"otpauth://totp/Tenken:{quote(name)}?secret={secret}&issuer=Tenken" if secret else ""


def disable_user(database: Database, actor: str, name: str) -> None:
    """Let a user in no more, and end their sessions. Raises ``BadUser``."""
    with database.writing() as db:
        if db.execute(update(users).where(users.c.name == name).values(disabled_at=clock.now())).rowcount != 1:
            raise BadUser(f"there is no user {name}")
        db.execute(delete(sessions).where(sessions.c.user == name))
        audit.note(db, actor, "user.disable", name)


def log_in(database: Database, name: str, password: str, code: str, address: str) -> str:
    """Give the token of a new session. Raises ``NotAdmitted``; every attempt is in the audit log."""
    now = clock.now()
    refused = ""
    token = secrets.token_urlsafe(32)
    # The costly part comes before the transaction, and is as costly for names that do not exist.
    with database.reading() as db:
        row = db.execute(select(users.c.password).where(users.c.name == name)).first()
    right = _verifies(row.password if row and row.password else _nobody(), password)
    with database.writing() as db:
        user = db.execute(for_update(db, select(users).where(users.c.name == name))).first()
        step = matching_step(user.totp, code, clock.read(now).timestamp()) if user and user.totp else None
        if user is None or user.disabled_at or not user.password:
            refused = "no such user"
        elif user.locked_until > now:
            refused = f"locked until {user.locked_until}"
        elif not right:
            refused = "wrong password"
        elif step is None or step <= user.totp_step:
            refused = "wrong or used code"
        if not refused:
            db.execute(update(users).where(users.c.name == name).values(failures=0, locked_until="", totp_step=step))
            _begin_session(db, name, token)
        elif user is not None and not refused.startswith("locked"):
            failures = user.failures + 1
            wait = min(LONGEST_LOCK, LOCK * 2 ** min(failures - FREE_FAILURES, 20)) if failures >= FREE_FAILURES else None
            until = clock.written(clock.read(now) + wait) if wait else ""
            db.execute(update(users).where(users.c.name == name).values(failures=failures, locked_until=until))
        audit.note(db, f"user:{name[:64]}", "login.refuse" if refused else "login", "", f"{refused} from {address}".strip())
    if refused:
        raise NotAdmitted
    return token


def log_in_by_certificate(database: Database, certificate: bytes, address: str) -> str:
    """Give the token of a new session to the user of a client certificate that TLS has verified. Raises ``NotAdmitted``."""
    user = by_certificate(database, certificate)
    token = secrets.token_urlsafe(32)
    with database.writing() as db:
        _begin_session(db, user.name, token)
        audit.note(db, f"user:{user.name}", "login", "", f"by certificate from {address}")
    return token


def log_out(database: Database, token: str) -> None:
    """End a session."""
    with database.writing() as db:
        db.execute(delete(sessions).where(sessions.c.digest == _digest(token)))


def by_session(database: Database, token: str) -> User:
    """Give the user of a session. Raises ``NotAdmitted``."""
    wanted = select(users).join_from(sessions, users).where((sessions.c.digest == _digest(token)) & (sessions.c.expires_at > clock.now()))
    with database.reading() as db:
        return _user(db, wanted)


def by_certificate(database: Database, certificate: bytes) -> User:
    """Give the user of a client certificate (DER) that TLS has verified. Raises ``NotAdmitted``."""
    with database.reading() as db:
        return _user(db, select(users).where(users.c.certificate == hashlib.sha256(certificate).hexdigest()))


def matching_step(secret: str, code: str, at: float) -> int | None:
    """Give the time step that a code belongs to (RFC 6238), or ``None``."""
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    now = int(at) // STEP
    for step in range(now - SKEW, now + SKEW + 1):
        if hmac.compare_digest(one_time_code(secret, step), code):
            return step
    return None


def one_time_code(secret: str, step: int) -> str:
    """Give the code of a time step, RFC 4226 section 5.3."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 15
    return f"{(struct.unpack_from('>I', mac, offset)[0] & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def _user(db: Connection, wanted: object) -> User:
    row = db.execute(wanted).first()  # type: ignore[call-overload]  # a selection of users
    if row is None or row.disabled_at:
        raise NotAdmitted
    return User(row.name, Role(row.role), tuple(json.loads(row.systems)))


def _begin_session(db: Connection, name: str, token: str) -> None:
    now = clock.now()
    db.execute(delete(sessions).where(sessions.c.expires_at < now))
    expires = clock.written(clock.read(now) + SESSION)
    db.execute(insert(sessions).values(digest=_digest(token), user=name, expires_at=expires))


def _verifies(hashed: str, password: str) -> bool:
    try:
        return len(password) <= LONGEST_PASSWORD and _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # RFC 9106, the second recommended setting: 64 MiB, 3 passes


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
