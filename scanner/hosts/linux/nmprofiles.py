"""The connection profiles of NetworkManager. Keys and passwords are cut as soon as a profile is read. No fact is made here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import parsed, seen, shown
from scanner.hosts.linux.netmanager import PROFILES
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import keyfile

READS: Final[tuple[Source, ...]] = (
    *(Names(directory) for directory in PROFILES),
    *(Files(f"{directory}/*", root=True) for directory in PROFILES),
    Names("/etc/sysconfig/network-scripts"),
    Files("/etc/sysconfig/network-scripts/ifcfg-*"),
)
MOST: Final = 500
SECRETS: Final = (b"psk", b"password", b"wep-key", b"private-key", b"preshared-key", b"secret")
"""Beginnings and parts of keys whose values are cut: everything of the kind, ``wifi-security.psk`` and a VPN's own words alike."""
WIRELESS, WIRED, WIREGUARD = "wifi", "ethernet", "wireguard"
_KINDS: Final = {"802-11-wireless": WIRELESS, "802-3-ethernet": WIRED}


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile without its secrets."""

    path: str
    held: keyfile.KeyFile

    def text(self, group: str, key: str) -> str | None:
        """Give a value, ``None`` where it is not set. The long names of groups are older spellings of the short ones."""
        older = {"wifi": "802-11-wireless", "wifi-security": "802-11-wireless-security", "ethernet": "802-3-ethernet"}
        value = self.held.last(group, key)
        return self.held.last(older[group], key) if value is None and group in older else value

    def has(self, group: str) -> bool:
        """Whether there is a group, by either spelling."""
        names = {"wifi-security": ("wifi-security", "802-11-wireless-security")}.get(group, (group,))
        return any(held.name in names for held in self.held.groups)

    @property
    def kind(self) -> str:
        """``wifi``, ``ethernet``, ``vpn``, ``wireguard``, ``gsm`` …"""
        kind = self.text("connection", "type") or ""
        return _KINDS.get(kind, kind)

    @property
    def name(self) -> str:
        """What people see it called."""
        return shown(self.text("connection", "id") or self.path.rsplit("/", 1)[-1])

    @property
    def joins(self) -> bool:
        """Whether it is brought up without anybody's doing; nm-settings-keyfile(5): by default it is."""
        return (self.text("connection", "autoconnect") or "true").strip().lower() not in {"false", "no", "0", "off"}

    @property
    def account(self) -> str:
        """Whose own it is; empty where everybody may use it."""
        users = [part.split(":")[1] for part in (self.text("connection", "permissions") or "").split(";") if part.startswith("user:")]
        return shown(users[0]) if users else ""


def profiles(read: Reader) -> tuple[tuple[Profile, ...], tuple[Unobserved, ...]]:
    """Give the profiles that could be read, and why others could not."""
    found: list[Profile] = []
    unread: list[Unobserved] = []
    hidden: set[str] = set()
    for directory in PROFILES:
        names = seen(partial(read.names, directory))
        if isinstance(names, Unobserved):
            unread.append(names)
            continue
        for name in _profile_names(names or ()):
            if name in hidden:  # the same name in an earlier directory comes first
                continue
            hidden.add(name)
            path = f"{directory}/{name}"
            if len(found) >= MOST:
                unread.append(Unobserved(Reason.TOO_LARGE, f"NetworkManager: more than {MOST} profiles"))
                return tuple(found), tuple(unread)
            data = seen(partial(read.file, path))
            if data is None:
                continue
            held = data if isinstance(data, Unobserved) else parsed(path, _without_secrets(data), keyfile.parse)
            if isinstance(held, Unobserved):
                unread.append(held)
            else:
                found.append(Profile(shown(path), held))
    unread.extend(_old_scripts(read))
    return tuple(found), tuple(unread)


def _without_secrets(data: bytes) -> bytes:
    return b"\n".join(line for line in data.split(b"\n") if not _is_secret(line))


def _is_secret(line: bytes) -> bool:
    name, equals, _ = line.partition(b"=")
    key = name.strip().lower()
    return bool(equals) and (key == b"pin" or any(word in key for word in SECRETS))


def _profile_names(names: Sequence[str]) -> list[str]:
    # NetworkManager passes over hidden files, backups and what package managers leave behind (nm-keyfile-utils.c)
    return [n for n in names if not n.startswith(".") and not n.endswith(("~", ".bak", ".orig", ".rpmnew", ".rpmsave", ".pem", ".der"))]


def _old_scripts(read: Reader) -> list[Unobserved]:
    """Say of profiles in the ifcfg format of Red Hat, where they are for wireless networks, that they are not understood."""
    directory = "/etc/sysconfig/network-scripts"
    names = seen(lambda: read.names(directory))
    if isinstance(names, Unobserved):
        return [names]
    found = []
    for name in names or ():
        if name.startswith("ifcfg-"):
            data = seen(partial(read.file, f"{directory}/{name}"))
            if isinstance(data, bytes) and re.search(rb"(?m)^[ \t]*(TYPE=[\"']?Wireless|ESSID=)", data):
                found.append(Unobserved(Reason.UNSUPPORTED, f"{shown(name)}: a wireless network in the ifcfg format"))
    return found


def ssid(text: str) -> str:
    """Give the name on the air as NetworkManager writes it: text, or its octets as ``104;105;``. What is no UTF-8 is shown escaped."""
    if re.fullmatch(r"(\d{1,3};)+", text) and all(int(part) < 256 for part in text.split(";") if part):
        raw = bytes(int(part) for part in text.split(";") if part)
        return shown(raw.decode("utf-8", "surrogateescape"))
    plain = re.sub(r"\\([sntr\\])", lambda m: {"s": " ", "n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), text)
    return shown(plain.replace("\\;", ";"))  # escaped once more, since a semicolon would make it a list of octets
