"""SMB, remote desktop, guessed names and NTLM on Windows: made hives, expectations after Microsoft's documentation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checks.endpoint.windows_protocols import (
    name_guessing_off,
    ntlm_version,
    remote_assistance_use,
    remote_desktop_authentication,
    smb_first_version,
    smb_signing,
)
from scanner.hosts.windows.answers import SERVICE_STATES, RunningService, RunningServices
from scanner.hosts.windows.base import VERSION
from scanner.hosts.windows.ipv6 import NETWORK
from scanner.hosts.windows.protocols import (
    ASSISTANCE,
    CLIENT,
    DRIVERS,
    LINKAGE,
    LISTENER,
    LSA,
    NAMES_LOCAL,
    NAMES_POLICY,
    NETBIOS,
    SERVER,
    TERMINAL,
    TERMINAL_POLICY,
    name_guessing,
    ntlm_protocol,
    remote_desktop,
    smb_protocol,
)
from tests.unit.windows_judged import tag
from tests.unit.windows_machines import Keys, machine

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
WIRED = "{11111111-2222-3333-4444-555555555555}"
SHARES: Keys = {SERVER: {"Start": 2}}
OLD: Keys = {rf"{SERVICES}\srv": {"Start": 3}, rf"{SERVICES}\mrxsmb10": {"Start": 2}}
FILES = {f"{DRIVERS}/{name}": b"MZ" for name in ("SRV.SYS", "mrxsmb10.sys", "srv2.sys")}
NEW_FILES = {f"{DRIVERS}/srv2.sys": b"MZ"}


@pytest.mark.parametrize(
    ("keys", "files", "said"),
    [
        (SHARES, NEW_FILES, "SMB1_OFF"),  # recent Windows, as it ships
        ({**SHARES, **OLD}, NEW_FILES, "SMB1_OFF"),  # the component was removed, its keys stayed
        ({**SHARES, **OLD}, FILES, "SMB1_ON"),
        ({**SHARES, **OLD, SERVER + r"\Parameters": {"SMB1": 0}}, FILES, "SMB1_ON"),  # the client is left
        ({**SHARES, rf"{SERVICES}\srv": {"Start": 3}, SERVER + r"\Parameters": {"SMB1": 0}}, FILES, "SMB1_OFF"),
        ({**SHARES, rf"{SERVICES}\srv": {"Start": 3}, rf"{SERVICES}\mrxsmb10": {"Start": 4}}, FILES, "SMB1_ON"),
        ({SERVER: {"Start": 4}, rf"{SERVICES}\srv": {"Start": 3}, rf"{SERVICES}\mrxsmb10": {"Start": 4}}, FILES, "SMB1_OFF"),
        ({**SHARES, **OLD}, {}, "undetermined"),  # no folder of drivers: not a whole Windows
    ],
)
def test_the_first_version_of_smb(tmp_path: Path, keys: Keys, files: dict[str, bytes], said: str) -> None:
    assert tag(smb_first_version, smb_protocol.run(machine(tmp_path, keys, files=files))) == said


def test_a_driver_that_still_runs_counts(tmp_path: Path) -> None:
    def states(**numbers: int) -> RunningServices:
        return RunningServices(tuple(RunningService(name, number, 0) for name, number in numbers.items()))

    running, stopped = states(srv=4, LanmanServer=4), states(srv=1, LanmanServer=4)
    keys: Keys = {**SHARES, rf"{SERVICES}\srv": {"Start": 3}, SERVER + r"\Parameters": {"SMB1": 0}}
    before = machine(tmp_path / "a", keys, files=FILES, answers=[(SERVICE_STATES, running)])
    assert tag(smb_first_version, smb_protocol.run(before)) == "SMB1_UNTIL_RESTART"
    after = machine(tmp_path / "b", keys, files=FILES, answers=[(SERVICE_STATES, stopped)])
    assert tag(smb_first_version, smb_protocol.run(after)) == "SMB1_OFF"
    assert tag(smb_first_version, smb_protocol.run(machine(tmp_path / "c", keys, files=FILES, answers=[]))) == "undetermined"


def test_signatures(tmp_path: Path) -> None:
    required: Keys = {f"{service}\\Parameters": {"RequireSecuritySignature": 1} for service in (SERVER, CLIENT)}
    assert tag(smb_signing, smb_protocol.run(machine(tmp_path / "a", required))) == "SIGNING_REQUIRED"
    assert tag(smb_signing, smb_protocol.run(machine(tmp_path / "b"))) == "SIGNING_OPTIONAL"
    assert tag(smb_signing, smb_protocol.run(machine(tmp_path / "c", {VERSION: {"CurrentBuild": "26100"}}))) == "undetermined"


def opened(deny: int = 0, policy: Mapping[str, int] | None = None) -> Keys:
    return {TERMINAL: {"fDenyTSConnections": deny}, LISTENER: {"UserAuthentication": 0}, TERMINAL_POLICY: dict(policy or {})}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "RDP_OFF"),
        ({TERMINAL: {"fDenyTSConnections": 1}}, "RDP_OFF"),
        ({TERMINAL: {"fDenyTSConnections": 0}}, "RDP_AUTHENTICATES"),
        (opened(), "RDP_WITHOUT"),
        (opened(policy={"UserAuthentication": 1}), "RDP_AUTHENTICATES"),
        (opened(deny=1, policy={"fDenyTSConnections": 0}), "RDP_WITHOUT"),
        (opened(policy={"fDenyTSConnections": 1}), "RDP_OFF"),
    ],
)
def test_remote_desktop(tmp_path: Path, keys: Keys, said: str) -> None:
    read = machine(tmp_path, {rf"{SERVICES}\TermService": {"Start": 3}}, keys)
    assert tag(remote_desktop_authentication, remote_desktop.run(read)) == said


def test_without_its_service_remote_desktop_is_off(tmp_path: Path) -> None:
    keys: Keys = {TERMINAL: {"fDenyTSConnections": 0}, LISTENER: {"UserAuthentication": 0}, rf"{SERVICES}\TermService": {"Start": 4}}
    assert tag(remote_desktop_authentication, remote_desktop.run(machine(tmp_path, keys))) == "RDP_OFF"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "ASSISTANCE_OFF"),  # servers: the component is not there
        ({ASSISTANCE: {"fAllowToGetHelp": 1}}, "ASSISTANCE_ON"),  # workstations, as they ship
        ({ASSISTANCE: {"fAllowToGetHelp": 0}}, "ASSISTANCE_OFF"),
        ({ASSISTANCE: {"fAllowFullControl": 1}}, "undetermined"),
        ({ASSISTANCE: {"fAllowToGetHelp": 1}, TERMINAL_POLICY: {"fAllowToGetHelp": 0}}, "ASSISTANCE_OFF"),
        ({ASSISTANCE: {"fAllowToGetHelp": 0}, TERMINAL_POLICY: {"fAllowUnsolicited": 1}}, "ASSISTANCE_UNASKED"),
    ],
)
def test_remote_assistance(tmp_path: Path, keys: Keys, said: str) -> None:
    assert tag(remote_assistance_use, remote_desktop.run(machine(tmp_path, keys))) == said


BOUND: Keys = {
    LINKAGE: {
        "Bind": (
            rf"\Device\Tcpip_{WIRED}",
            rf"\Device\Tcpip6_{WIRED}",
        )
    },
    rf"{NETWORK}\{WIRED}\Connection": {"Name": "イーサネット"},
}
LLMNR_OFF: Keys = {NAMES_POLICY: {"EnableMulticast": 0}}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "GUESSING_ON"),
        ({**BOUND, **LLMNR_OFF}, "GUESSING_ON"),  # no value: as the DHCP server says
        ({**BOUND, **LLMNR_OFF, rf"{NETBIOS}\Tcpip_{WIRED}": {"NetbiosOptions": 0}}, "GUESSING_ON"),
        ({**BOUND, **LLMNR_OFF, rf"{NETBIOS}\Tcpip_{WIRED}": {"NetbiosOptions": 2}}, "GUESSING_OFF"),
        ({**BOUND, NAMES_POLICY: {"EnableMulticast": 0, "EnableNetbios": 0}}, "GUESSING_OFF"),
        ({**BOUND, NAMES_POLICY: {"EnableMulticast": 0, "EnableNetbios": 2}}, "GUESSING_ON"),  # on public networks only
        (LLMNR_OFF, "undetermined"),
    ],
)
def test_guessed_names(tmp_path: Path, keys: Keys, said: str) -> None:
    assert tag(name_guessing_off, name_guessing.run(machine(tmp_path, keys))) == said


def test_mdns_is_on_unless_it_is_switched_off(tmp_path: Path) -> None:
    for room, keys, said in (
        ("a", {}, "GUESSING_ON"),
        ("b", {NAMES_LOCAL: {"EnableMDNS": 0}}, "GUESSING_OFF"),
        ("c", {NAMES_LOCAL: {"EnableMDNS": 0}, NAMES_POLICY: {"EnableMDNS": 1}}, "GUESSING_ON"),
    ):
        made: Keys = keys
        assert tag(name_guessing_off, name_guessing.run(machine(tmp_path / room, made)), off=("mdns",)) == said


def test_ntlm(tmp_path: Path) -> None:
    assert tag(ntlm_version, ntlm_protocol.run(machine(tmp_path / "a"))) == "NTLM_LOOSE"
    assert tag(ntlm_version, ntlm_protocol.run(machine(tmp_path / "b", {LSA: {"LmCompatibilityLevel": 5}}))) == "NTLM_REFUSED"
    assert tag(ntlm_version, ntlm_protocol.run(machine(tmp_path / "c", {LSA: {"LmCompatibilityLevel": "high"}}))) == "undetermined"
