"""security.txt (RFC 9116): whom to tell of a weakness, and until when that holds. A signature is seen, not verified."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum, unique

MOST_OCTETS = 32 * 1024
"""RFC 9116 section 5.6 asks parsers for a limit."""
MOST_FIELDS = 64
LONGEST_VALUE = 300
_FIELD = re.compile(r"([A-Za-z0-9-]{1,64})[ \t]*:[ \t]*(.*)\Z")
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_URI = re.compile(r"[a-z][a-z0-9+.-]{1,30}:\S+\Z", re.IGNORECASE)


@unique
class Flaw(StrEnum):
    """What is wrong with a file's form."""

    CONTACT_MISSING = "contact-missing"
    CONTACT_NO_URI = "contact-no-uri"
    EXPIRES_MISSING = "expires-missing"
    EXPIRES_TWICE = "expires-twice"
    EXPIRES_NO_DATE = "expires-no-date"


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """The file. ``expires`` is UTC, ISO 8601, or empty where it is missing or no date."""

    contacts: tuple[str, ...]
    expires: str
    canonical: tuple[str, ...]
    policy: tuple[str, ...]
    signed: bool
    flaws: tuple[Flaw, ...]


def parse(octets: bytes) -> SecurityTxt | None:
    """Read a file. ``None`` where nothing in it is a field of the format: some page that is no security.txt."""
    text = octets[:MOST_OCTETS].decode("utf-8", "replace").removeprefix("\ufeff")
    signed = text.lstrip().startswith(_SIGNED) and _SIGNATURE in text
    fields: list[tuple[str, str]] = []
    for line in text.partition(_SIGNATURE)[0].splitlines():
        found = _FIELD.match(line.removeprefix("- ").strip())
        if found and len(fields) < MOST_FIELDS:
            fields.append((found[1].lower(), found[2].strip()[:LONGEST_VALUE]))
    contacts = tuple(value for key, value in fields if key == "contact" and value)
    dates = [value for key, value in fields if key == "expires"]
    if not contacts and not dates:
        return None
    expires = _moment(dates[0]) if len(dates) == 1 else ""
    flaws = []
    if not contacts:
        flaws.append(Flaw.CONTACT_MISSING)
    elif not all(_URI.match(contact) for contact in contacts):
        flaws.append(Flaw.CONTACT_NO_URI)
    if not dates:
        flaws.append(Flaw.EXPIRES_MISSING)
    elif len(dates) > 1:
        flaws.append(Flaw.EXPIRES_TWICE)
    elif not expires:
        flaws.append(Flaw.EXPIRES_NO_DATE)
    others = {name: tuple(value for key, value in fields if key == name) for name in ("canonical", "policy")}
    return SecurityTxt(contacts, expires, others["canonical"], others["policy"], signed, tuple(flaws))


def _moment(text: str) -> str:
    """Read a date of RFC 3339; ``fromisoformat`` takes more, so the form is looked at first."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", text):
        return ""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ""
