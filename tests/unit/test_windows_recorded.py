"""Collectors on registries that real machines with Windows wrote. What is expected was read out of the recordings by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.endpoint.autorun import autorun_run, autorun_usb_storage
from checks.endpoint.windows_protocols import (
    name_guessing_off,
    ntlm_version,
    remote_assistance_use,
    remote_desktop_authentication,
    smb_first_version,
    smb_signing,
)
from checks.host.firewall import firewall_inbound_ipv6, firewall_logging
from checks.host.firewall_openings import firewall_management
from checks.ipv6.native import native_unused
from checks.ipv6.tunnel import tunnel_configured
from scanner.facts.firewall import Filter, Firewall
from scanner.facts.ipv6 import Ipv6Native
from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.hosts.windows.autorun import auto_run
from scanner.hosts.windows.firewall import firewall
from scanner.hosts.windows.ipv6 import ipv6_native, ipv6_tunnels
from scanner.hosts.windows.protocols import name_guessing, ntlm_protocol, remote_desktop, smb_protocol
from scanner.hosts.windows.usb import media_insertions, usb_storage
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.recorded.windows import replay
from tests.unit.windows_judged import tag

DRIVERS = "/Windows/System32/drivers"
OLD = {f"{DRIVERS}/{name}.sys": b"MZ" for name in ("srv", "srv2", "mrxsmb10")}
NEW = {f"{DRIVERS}/srv2.sys": b"MZ"}
"""The folder of drivers is no part of the recordings: with and without the component, as Windows 10 1709 and later have it."""
UNSEEN = Unobserved(Reason.UNSUPPORTED)


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        # RDP: fDenyTSConnections 1 in both of Windows 10, 0 in Windows 7 with UserAuthentication 0; there tcp/3389 is open to all
        ("windows_10_1709", OLD, ("SMB1_ON", "RDP_OFF", "MANAGEMENT_OPEN", "USB_OPEN")),
        # Dell's filter for disks (stdcfltn) may hold storage back
        ("windows_10_laptop", NEW, ("SMB1_OFF", "RDP_OFF", "MANAGEMENT_SHUT", "undetermined")),
        ("windows_7", OLD, ("SMB1_ON", "RDP_WITHOUT", "MANAGEMENT_OPEN", "USB_OPEN")),
    ],
)
def test_a_real_registry(tmp_path: Path, name: str, files: dict[str, bytes], expected: tuple[str, str, str, str]) -> None:
    smb, rdp, management, usb = expected
    read = replay(name, tmp_path, files)
    shares, desktop, wall = smb_protocol.run(read), remote_desktop.run(read), firewall.run(read)
    assert tag(smb_first_version, shares) == smb
    assert tag(smb_signing, shares) == "SIGNING_OPTIONAL"
    assert tag(remote_desktop_authentication, desktop) == rdp
    assert tag(firewall_inbound_ipv6, wall, UNSEEN) == "INBOUND_REFUSED"
    assert tag(firewall_management, wall, UNSEEN) == management
    assert tag(firewall_logging, wall, UNSEEN) == "REFUSALS_NOT_LOGGED"
    assert tag(autorun_usb_storage, usb_storage.run(read), use="blocked") == usb
    # nothing of it was ever set on any of the three
    assert tag(autorun_run, auto_run.run(read)) == "AUTORUN_ASKS"
    assert tag(name_guessing_off, name_guessing.run(read)) == "GUESSING_ON"
    assert tag(ntlm_version, ntlm_protocol.run(read)) == "NTLM_LOOSE"
    assert tag(tunnel_configured, ipv6_tunnels.run(read)) == "undetermined"
    assert tag(native_unused, ipv6_native.run(read), use="unused") == "IPV6_RETURNS"
    assert tag(remote_assistance_use, desktop) == "ASSISTANCE_ON"


def test_every_rule_of_real_firewalls_is_understood(tmp_path: Path) -> None:
    for name in ("windows_10_1709", "windows_10_laptop", "windows_7"):
        fact = firewall.run(replay(name, tmp_path / name, NEW))
        assert isinstance(fact, Firewall)
        inbound = fact.inbound_ipv4.after_restart
        assert isinstance(inbound, Filter)
        assert inbound.unclear == ()
        assert ("udp", 68) in {(opening.protocol, opening.first) for opening in inbound.openings}


def test_tunnels_are_no_interfaces(tmp_path: Path) -> None:
    """The laptop has a Teredo adapter with a name of its own, Windows 7 an ISATAP one."""
    names = {}
    for name in ("windows_10_laptop", "windows_7"):
        fact = ipv6_native.run(replay(name, tmp_path / name, NEW))
        assert isinstance(fact, Ipv6Native)
        assert not isinstance(fact.interfaces, Unobserved)
        names[name] = {one.name for one in fact.interfaces if one.name}
    assert names["windows_7"] == {"Local Area Connection"}
    assert names["windows_10_laptop"] == {
        "Ethernet",
        "Bluetooth Network Connection",
        "Local Area Connection* 1",
        "Wi-Fi",
        "Ethernet (Kernel Debugger)",
    }


def test_devices_that_were_plugged_in(tmp_path: Path) -> None:
    fact = media_insertions.run(replay("windows_10_1709", tmp_path, OLD))
    assert isinstance(fact, MediaInsertions)
    assert fact.media == (
        InsertedMedium("", "152d:0567", "160087320341700000F9", "2019-06-19"),
        InsertedMedium("", "0781:558c", "313735303835343230333437", "2020-03-17"),
        InsertedMedium("SanDisk Cruzer", "0781:5530", "200608767007B7C08A6A", "2020-03-17"),
    )
