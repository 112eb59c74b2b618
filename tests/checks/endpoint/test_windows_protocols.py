"""Cases of the checks of what machines with Windows offer their neighbours."""

from __future__ import annotations

from typing import TypeVar

from scanner.facts.readings import Readings
from scanner.facts.windows_protocols import NameGuessing, NetbiosAdapter, NtlmProtocol, RemoteDesktop, SmbProtocol
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

T = TypeVar("T")
DENIED = Unobserved(Reason.ACCESS_DENIED)


def held(now: T | Unobserved | None, later: T | Unobserved, source: str = "registry") -> Readings[T]:
    return Readings(None, now, later, source)


ON, OFF = held(True, True), held(False, False)
LOST: Readings[bool] = Readings(None, DENIED, DENIED, "registry")


def desktop(
    offered: Readings[bool], first: Readings[bool] = ON, assistance: Readings[bool] = OFF, unasked: Readings[bool] = OFF
) -> RemoteDesktop:
    return RemoteDesktop(offered, first, assistance, unasked)


def netbios(*adapters: Readings[bool]) -> tuple[NetbiosAdapter, ...]:
    return tuple(NetbiosAdapter(f"イーサネット {number}", on) for number, on in enumerate(adapters))


CASES: dict[str, list[Case]] = {
    "endpoint.smb.first-version": [
        case(SmbProtocol(OFF, OFF, ON, ON), says="SMB1_OFF"),
        case(SmbProtocol(ON, OFF, ON, ON), says="SMB1_ON", args={"parts": ("server",)}),
        case(SmbProtocol(ON, ON, ON, ON), says="SMB1_ON", args={"parts": ("server", "client")}),
        case(SmbProtocol(LOST, ON, ON, ON), says="SMB1_ON", args={"parts": ("client",)}),
        case(SmbProtocol(OFF, held(False, True), ON, ON), says="SMB1_ON"),
        case(SmbProtocol(OFF, held(None, True), ON, ON), says="SMB1_ON"),
        case(SmbProtocol(held(True, False), OFF, ON, ON), says="SMB1_UNTIL_RESTART", args={"parts": ("server",)}),
        case(SmbProtocol(held(True, False), LOST, ON, ON), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(SmbProtocol(LOST, OFF, ON, ON), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(SmbProtocol(held(DENIED, False), OFF, ON, ON), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.smb.signing": [
        case(SmbProtocol(OFF, OFF, ON, ON), says="SIGNING_REQUIRED"),
        case(SmbProtocol(OFF, OFF, OFF, ON), says="SIGNING_OPTIONAL", args={"parts": ("server",)}),
        case(SmbProtocol(OFF, OFF, LOST, OFF), says="SIGNING_OPTIONAL", args={"parts": ("client",)}),
        case(SmbProtocol(OFF, OFF, LOST, ON), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.remote-desktop.authentication": [
        case(desktop(OFF, OFF), says="RDP_OFF"),
        case(desktop(held(None, False), OFF), says="RDP_OFF"),
        case(desktop(ON), says="RDP_AUTHENTICATES"),
        case(desktop(LOST, ON), says="RDP_AUTHENTICATES"),
        case(desktop(ON, OFF), says="RDP_WITHOUT"),
        case(desktop(held(False, True), OFF), says="RDP_WITHOUT"),
        case(desktop(LOST, OFF), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(desktop(ON, LOST), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(desktop(held(DENIED, False), OFF), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.remote-assistance.use": [
        case(desktop(OFF), says="ASSISTANCE_OFF"),
        case(desktop(OFF, assistance=ON), says="ASSISTANCE_ON"),
        case(desktop(OFF, assistance=ON), says="ASSISTANCE_ASKED", with_={"use": "solicited"}),
        case(desktop(OFF, assistance=OFF), says="ASSISTANCE_OFF", with_={"use": "solicited"}),
        case(desktop(OFF, assistance=ON, unasked=ON), says="ASSISTANCE_UNASKED", with_={"use": "solicited"}),
        case(desktop(OFF, assistance=ON, unasked=ON), says="ASSISTANCE_MEANT", with_={"use": "offered"}),
        case(desktop(OFF, assistance=LOST), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(desktop(OFF, assistance=LOST, unasked=ON), says="ASSISTANCE_UNASKED"),
        case(desktop(OFF, unasked=LOST), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.name-guessing.off": [
        case(NameGuessing(OFF, ON, netbios(OFF, OFF)), says="GUESSING_OFF"),
        case(NameGuessing(OFF, ON, ()), says="GUESSING_OFF"),
        case(NameGuessing(ON, ON, netbios(OFF)), says="GUESSING_ON", args={"ways": ("llmnr",)}),
        case(NameGuessing(OFF, ON, netbios(OFF, ON)), says="GUESSING_ON", args={"ways": ("netbios (イーサネット 1)",)}),
        case(NameGuessing(OFF, ON, ()), says="GUESSING_ON", args={"ways": ("mdns",)}, with_={"off": ("mdns",)}),
        case(NameGuessing(ON, ON, netbios(ON)), says="GUESSING_MEANT", with_={"off": ()}),
        case(NameGuessing(ON, ON, DENIED), says="GUESSING_ON"),
        case(NameGuessing(OFF, ON, DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NameGuessing(OFF, ON, DENIED), says="GUESSING_OFF", with_={"off": ("llmnr",)}),
        case(NameGuessing(LOST, ON, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NameGuessing(OFF, ON, netbios(LOST)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.ntlm.version": [
        case(NtlmProtocol(held(5, 5)), says="NTLM_REFUSED", args={"level": 5}),
        case(NtlmProtocol(held(3, 3)), says="NTLM_LOOSE", args={"level": 3, "wanted": 5}),
        case(NtlmProtocol(held(None, 3)), says="NTLM_REFUSED", with_={"wanted": 3}),
        case(NtlmProtocol(Readings(3, 3, DENIED, "registry")), says="NTLM_LOOSE"),
        case(NtlmProtocol(Readings(5, 5, DENIED, "registry")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(NtlmProtocol(Readings(None, DENIED, DENIED, "registry")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
