"""Lines of authorized_keys files, sshd(8): which kinds of keys with which options. The keys themselves and comments are not given on."""

from __future__ import annotations

import base64
import binascii
from ipaddress import ip_network
from typing import Final

from scanner.facts.ssh_server import AuthorizedKey
from scanner.wire.addresses import wide
from scanner.wire.ssh import NotSsh
from scanner.wire.ssh_keys import read_key

MOST_KEYS: Final = 1_000
MOST_OPTIONS: Final = 50
LONGEST_LINE: Final = 65_536
_EVERYWHERE: Final = frozenset({"*", "*.*.*.*", "?*"})
_TYPES: Final = ("ssh-", "ecdsa-", "sk-", "rsa-sha2-")


class NotKeys(ValueError):
    """The file goes beyond the caps."""


def parse(data: bytes) -> tuple[AuthorizedKey, ...]:
    """Give the keys of a file. Lines that sshd would pass over (empty, comments, no key in them) are left out. Raises ``NotKeys``."""
    found = []
    for line in data.split(b"\n"):
        if len(line) > LONGEST_LINE:
            raise NotKeys(f"a line of more than {LONGEST_LINE} octets")
        text = line.decode("ascii", "replace").strip()
        if not text or text.startswith("#"):
            continue
        key = _key(text)
        if key is not None:
            found.append(key)
        if len(found) > MOST_KEYS:
            raise NotKeys(f"more than {MOST_KEYS} keys")
    return tuple(found)


def _key(text: str) -> AuthorizedKey | None:
    words = text.split(None, 2)
    options: tuple[str, ...] = ()
    if not words[0].startswith(_TYPES):
        end = _end_of_options(text)
        options = _names(text[:end])
        words = text[end:].split(None, 2)
    if len(words) < 2 or not words[0].startswith(_TYPES):
        return None
    try:
        read = read_key(base64.b64decode(words[1], validate=True))
    except (binascii.Error, ValueError, NotSsh):
        return AuthorizedKey(_shown(words[0]), 0, options)
    return AuthorizedKey(_shown(read.type), read.bits, options)


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in name[:64])


def _end_of_options(text: str) -> int:
    """Give where the options end: the first space outside of quotation marks."""
    quoted = False
    for at, letter in enumerate(text):
        if letter == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif letter in " \t" and not quoted:
            return at
    return len(text)


def _names(options: str) -> tuple[str, ...]:
    """Give the names of options in lower case, without their values. A ``from`` that strangers fit is no limit and is left out."""
    names: list[str] = []
    quoted, start = False, 0
    for at, letter in enumerate(options + ","):
        if letter == '"' and options[at - 1 : at] != "\\":
            quoted = not quoted
        elif letter == "," and not quoted:
            name, _, value = options[start:at].partition("=")
            start = at + 1
            key = name.strip().lower()
            if key and not (key == "from" and any(_is_everywhere(part.strip()) for part in value.strip('"').split(","))):
                names.append(_shown(key))
    return tuple(dict.fromkeys(names))[:MOST_OPTIONS]


def _is_everywhere(pattern: str) -> bool:
    if "/" not in pattern:
        return pattern in _EVERYWHERE
    try:
        return wide(ip_network(pattern, strict=False))
    except ValueError:
        return False
