"""Profiles of wireless networks as Windows keeps them: XML files of the WLAN profile schema. Keys of networks are not looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.wire import xmltree
from scanner.wire.xmltree import Element

PROOFS: Final = ("ServerNames", "TrustedRootCA", "TrustedRootCAHash")
"""What tells the right server from others. PEAP and EAP-TLS write ``TrustedRootCA``, EAP-TTLS and TEAP ``TrustedRootCAHash``."""
NOTHING: Final = Element("", {}, (), "")


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


def parse(data: bytes) -> WlanProfile:
    """Read one profile. Raises ``NotWlanProfile``."""
    try:
        profile = xmltree.parse(data)
    except xmltree.NotXml as error:
        raise NotWlanProfile(str(error)) from error
    if profile.name != "WLANProfile":
        raise NotWlanProfile("not a profile of a wireless network")
    networks = [ssid for config in profile.all("SSIDConfig") for ssid in config.all("SSID")]
    names = tuple(network.say("name") for network in networks if network.say("name"))
    security = _inside(_inside(profile, "MSM"), "security")
    protection = _inside(security, "authEncryption")
    return WlanProfile(
        ssids=names or tuple(_of_hex(network.say("hex")) for network in networks),
        kind=profile.say("connectionType"),
        mode=profile.say("connectionMode"),
        authentication=protection.say("authentication"),
        encryption=protection.say("encryption"),
        one_x=protection.say("useOneX").lower() == "true",
        transition=protection.say("transitionMode").lower() == "true",
        validates=_validates(security),
    )


def _inside(element: Element, name: str) -> Element:
    return next(iter(element.all(name)), NOTHING)


def _of_hex(written: str) -> str:
    try:
        return bytes.fromhex(written).decode("utf-8", "backslashreplace")
    except ValueError:
        return written


def _validates(security: Element) -> bool | None:
    """Tell whether the server's certificate has to be the right one: by the outer method, which comes first; inner ones have their own.

    Without roots of its own a profile trusts every root that is installed, so that only a name tells the server from others.
    """
    method = next((element for element in security.everything() if element.all("ServerValidation")), None)
    if method is None:
        return None
    settings = [below for part in method.children if part.name != "Eap" for below in part.everything()]
    if any(setting.name == "PerformServerValidation" and setting.text.lower() == "false" for setting in settings):
        return False
    return any(proof.text for part in method.all("ServerValidation") for proof in part.children if proof.name in PROOFS)
