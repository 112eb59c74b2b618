"""Profiles of wireless networks as Windows keeps them: XML files of the WLAN profile schema. Keys of networks are passed over unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

DEEPEST: Final = 40
MOST_OCTETS: Final = 1_000_000
MOST_ELEMENTS: Final = 5_000
PROOFS: Final = ("ServerNames", "TrustedRootCA", "TrustedRootCAHash")
SECRET: Final = frozenset({"keyMaterial", "ConfigBlob", "Credentials", "UserBlob"})


class NotWlanProfile(ValueError):
    """The octets are no such profile, or one beyond the caps."""


@dataclass(frozen=True, slots=True)
class WlanProfile:
    """One profile. Words are those of the schema: ``WPA2PSK``, ``AES``, ``ESS``, ``auto``."""

    ssids: tuple[str, ...]
    kind: str
    mode: str
    authentication: str
    encryption: str
    one_x: bool
    transition: bool
    """Whether the older protection of the network's transition mode is accepted as well (WPA2 beside WPA3, open beside OWE)."""
    validates: bool | None
    """Whether the server has to prove itself by a name or a chosen authority; ``None``: not written, or in a form that is not read."""


class _Reading:
    def __init__(self) -> None:
        self.path: list[str] = []
        self.count = 0
        self.found: dict[str, list[str]] = {}
        self.text: list[str] = []

    def start(self, tag: str, _: dict[str, str]) -> None:
        self.count += 1
        if len(self.path) >= DEEPEST or self.count > MOST_ELEMENTS:
            raise NotWlanProfile("nested too deeply, or too long")
        self.path.append(tag.rpartition(" ")[2])
        self.text = []

    def end(self, _: str) -> None:
        name = self.path.pop()
        parent = self.path[-1] if self.path else ""
        self.found.setdefault(f"{parent}/{name}", []).append("" if name in SECRET else "".join(self.text).strip())
        self.text = []

    def characters(self, text: str) -> None:
        if self.path and self.path[-1] not in SECRET:
            self.text.append(text)


def _of_hex(written: str) -> str:
    try:
        return bytes.fromhex(written).decode("utf-8", "backslashreplace")
    except ValueError:
        return written


def parse(data: bytes) -> WlanProfile:
    """Read one profile. Raises ``NotWlanProfile``."""
    if len(data) > MOST_OCTETS:
        raise NotWlanProfile("longer than any profile")
    reading = _Reading()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters

    def refuse(*_: object) -> None:
        raise NotWlanProfile("it declares entities")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotWlanProfile(str(error)) from error
    found = reading.found
    if "/WLANProfile" not in found:
        raise NotWlanProfile("not a profile of a wireless network")

    def first(*places: str) -> str:
        return next((value for place in places for value in found.get(place, ())), "")

    return WlanProfile(
        ssids=tuple(value for value in found.get("SSID/name", ()) if value) or tuple(map(_of_hex, found.get("SSID/hex", ()))),
        kind=first("WLANProfile/connectionType"),
        mode=first("WLANProfile/connectionMode"),
        authentication=first("authEncryption/authentication"),
        encryption=first("authEncryption/encryption"),
        one_x=first("authEncryption/useOneX").lower() == "true",
        transition=first("authEncryption/transitionMode").lower() == "true",
        validates=_validates(found),
    )


def _validates(found: Mapping[str, Sequence[str]]) -> bool | None:
    """Tell whether the server's certificate has to be the right one.

    Without roots of its own a profile trusts every root that is installed, so that only a name tells the server from others. PEAP and
    EAP-TLS write ``TrustedRootCA``, EAP-TTLS and TEAP ``TrustedRootCAHash``. Inner methods have a switch of their own: where two differ,
    which is whose is not read.
    """
    switches = {value.lower() for place, values in found.items() if place.endswith("/PerformServerValidation") for value in values}
    if len(switches) > 1:
        return None
    if "false" in switches:
        return False
    if not switches and not any(place.endswith("/ServerValidation") for place in found):
        return None
    return any(any(found.get(f"ServerValidation/{name}", ())) for name in PROOFS)
