"""Who may ask the hub: users, their roles, password and second factor or client certificate, and sessions.

Passwords are kept as argon2id; a code of the second factor is good once; a session is a random token of which only a digest is kept.
Failures lock a user out, but not where the user is known: else anybody could keep everybody from logging in.
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
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from scanner.hub import audit, clock
from scanner.hub.database import Database, for_update
from scanner.hub.place import place_of
from scanner.hub.schema import sessions, user_places, users

LEAST_PASSWORD = 12
LONGEST_PASSWORD = 1024
SESSION = timedelta(hours=8)
FREE_FAILURES = 5
"""Wrong passwords or codes before a user is locked out, for a time that doubles with each further one."""
LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=12)
KNOWN = timedelta(days=90)
"""After a log-in from a place, failures elsewhere do not lock the user out there for so long. It has free failures of its own."""
STEP = 30
DIGITS = 6
SKEW = 1
"""RFC 6238: steps of 30 s, six digits, one step of skew in either direction."""
_NO_FAILURES = {"failures": 0, "locked_until": ""}


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
    if password:
        _check_password(password)
    elif not certificate:
        raise BadUser("a password or the fingerprint of a client certificate is needed")
    fingerprint = certificate.replace(":", "").lower()
    if fingerprint and (len(fingerprint) != 64 or not set(fingerprint) <= set("0123456789abcdef")):
        raise BadUser("a fingerprint is SHA-256 in 64 hex digits")
    secret = _new_secret() if password else ""
    with database.writing() as db:
        if db.execute(select(users.c.name).where(users.c.name == name)).first():
            raise BadUser(f"{name} is there already")
        if fingerprint and (other := db.execute(select(users.c.name).where(users.c.certificate == fingerprint)).scalar()):
            raise BadUser(f"the certificate is that of {other}: it can stand for one user only")
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
    return _uri(name, secret) if secret else ""


def renew_user(database: Database, actor: str, name: str, password: str) -> str:
    """Give a user a new password and second factor, and let them in again. Raises ``BadUser``.

    The way back for who has lost either, is locked out or disabled, or used a code while the hub's clock ran ahead.
    """
    _check_password(password)
    secret = _new_secret()
    fresh = {"password": _hasher().hash(password), "totp": secret, "totp_step": 0, "disabled_at": None, **_NO_FAILURES}
    with database.writing() as db:
        if db.execute(update(users).where(users.c.name == name).values(**fresh)).rowcount != 1:
            raise BadUser(f"there is no user {name}")
        db.execute(delete(sessions).where(sessions.c.user == name))
        db.execute(delete(user_places).where(user_places.c.user == name))
        audit.note(db, actor, "user.renew", name)
    return _uri(name, secret)


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
    place = place_of(address)
    # The costly part comes before the transaction, and is as costly for names that do not exist.
    nobody = _nobody()
    with database.reading() as db:
        row = db.execute(select(users.c.password).where(users.c.name == name)).first()
    right = _verifies(row.password if row and row.password else nobody, password)
    with database.writing() as db:
        user = db.execute(for_update(db, select(users).where(users.c.name == name))).first()
        known = db.execute(select(user_places).where(_at(name, place) & (user_places.c.at > _after(now, -KNOWN)))).first()
        step = matching_step(user.totp, code, clock.read(now).timestamp()) if user and user.totp else None
        if user is None or user.disabled_at or not user.password:
            refused = "no such user"
        elif _locked(until := (known or user).locked_until, now):
            refused = f"locked until {until}"
        elif not right:
            refused = "wrong password"
        elif step is None or step <= user.totp_step:
            refused = "wrong or used code"
        if not refused:
            db.execute(update(users).where(users.c.name == name).values(totp_step=step, **({} if known else _NO_FAILURES)))
            db.execute(delete(user_places).where(_at(name, place)))
            db.execute(insert(user_places).values(user=name, place=place, at=now, **_NO_FAILURES))
            _begin_session(db, name, token)
        elif user is not None and not refused.startswith("locked"):
            _count_failure(db, user, known, now)
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
    now = clock.now()
    # A session that ends later than any can that begins now was made while the hub's clock ran ahead.
    good = sessions.c.expires_at.between(_after(now, timedelta(seconds=1)), _after(now, SESSION + clock.TOLERANCE))
    wanted = select(users).join_from(sessions, users).where((sessions.c.digest == _digest(token)) & good)
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


def _count_failure(db: Connection, user: Row[tuple[object, ...]], known: Row[tuple[object, ...]] | None, now: str) -> None:
    """Count a failure where it belongs: at a place that the user is known at, else with the user."""
    failures = (known or user).failures + 1
    until = _after(now, min(LONGEST_LOCK, LOCK * 2 ** min(failures - FREE_FAILURES, 20))) if failures >= FREE_FAILURES else ""
    counted = update(user_places).where(_at(user.name, known.place)) if known else update(users).where(users.c.name == user.name)
    db.execute(counted.values(failures=failures, locked_until=until))


def _locked(until: str, now: str) -> bool:
    """Tell whether a lock holds. One that lasts longer than any was set while the hub's clock ran ahead."""
    return now < until <= _after(now, LONGEST_LOCK + clock.TOLERANCE)


def _at(name: str, place: str) -> ColumnElement[bool]:
    return (user_places.c.user == name) & (user_places.c.place == place)


def _after(now: str, span: timedelta) -> str:
    return clock.written(clock.read(now) + span)


def _begin_session(db: Connection, name: str, token: str) -> None:
    now = clock.now()
    db.execute(delete(sessions).where(sessions.c.expires_at < now))
    db.execute(insert(sessions).values(digest=_digest(token), user=name, expires_at=_after(now, SESSION)))


def _check_password(password: str) -> None:
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadUser(f"a password has {LEAST_PASSWORD} to {LONGEST_PASSWORD} characters")


def _new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


def _uri(name: str, secret: str) -> str:
    return f"otpauth://totp/Tenken:{quote(name)}?secret={secret}&issuer=Tenken"


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
