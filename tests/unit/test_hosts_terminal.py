"""Wireless networks, joined networks, inserted media, VPNs and web proxies of Linux machines made of the files that decide.

The profiles of NetworkManager were written by ``nmcli --offline connection add`` (nmcli 1.42.4 of Debian 12).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import codec
from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.network_history import ActiveLink, LinkKind, NetworksJoined
from scanner.facts.network_path import ProxyMode, VpnConnections, WebProxies
from scanner.facts.wireless import WirelessMode, WirelessNetwork, WirelessNetworks, WirelessSecurity
from scanner.hosts.base import CommandOutput
from scanner.hosts.linux.browsers import browsers
from scanner.hosts.linux.mail_client import mail_clients
from scanner.hosts.linux.media_history import ANY, BOOTS, DEVICES, media, media_insertions
from scanner.hosts.linux.network_history import ADDRESSES, TIMES, networks_joined
from scanner.hosts.linux.nmprofiles import ssid
from scanner.hosts.linux.office_macros import office_macros
from scanner.hosts.linux.vpn import ACTIVE, vpn_connections
from scanner.hosts.linux.web_proxies import web_proxies
from scanner.hosts.linux.wireless import IW, NOW, wireless_networks
from scanner.hosts.proxy_address import script, server
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import GNOME_SESSION, KDE_SESSION, Machine, look

OPEN, OWE, WEP, WPA, WPA2, WPA3 = WirelessSecurity
PLACE = "/etc/NetworkManager/system-connections"
HEAD = "[connection]\nid={0}\nuuid={0}-uuid\ntype=wifi\n{1}\n[wifi]\nmode=infrastructure\nssid={2}\n\n"
SECRET = "himitsu-no-kagi"
OFFICE = (
    HEAD.format("office", "", "229;186;129;229;134;133;76;65;78;")
    + "[wifi-security]\nkey-mgmt=wpa-eap\n\n[802-1x]\nca-cert=/etc/ssl/ca.pem\n"
    "eap=peap;\nidentity=taro\npassword=" + SECRET + "\nphase2-auth=mschapv2\n"
)
EDUROAM = HEAD.format("eduroam", "", "eduroam") + "[wifi-security]\nkey-mgmt=wpa-eap\n\n[802-1x]\neap=ttls;\npassword=" + SECRET + "\n"
HOME = HEAD.format("home", "", "home") + "[wifi-security]\nkey-mgmt=wpa-psk\npsk=" + SECRET + "\n"
STRICT = HEAD.format("strict", "autoconnect=false", "strict") + "[wifi-security]\nkey-mgmt=wpa-psk\nproto=rsn;\npsk=" + SECRET + "\n"
CAFE = HEAD.format("cafe", "permissions=user:taro:;", "cafe")
OLD = HEAD.format("old", "", "old") + "[wifi-security]\nkey-mgmt=none\nwep-key-type=1\nwep-key0=abcde\n"
HOTSPOT = "[connection]\nid=Hotspot\nuuid=h\ntype=wifi\n\n[wifi]\nmode=ap\nssid=mine\n\n[wifi-security]\nkey-mgmt=sae\npsk=" + SECRET + "\n"
GSM = "[connection]\nid=docomo\nuuid=gsm-uuid\ntype=gsm\n\n[gsm]\napn=spmode.ne.jp\n"
PPTP = (
    "[connection]\nid=oldvpn\nuuid=o\ntype=vpn\n\n[vpn]\n"
    "service-type=org.freedesktop.NetworkManager.pptp\n\n[ipv4]\nmethod=auto\nnever-default=true\n"
)
OVPN = (
    "[connection]\nid=head\nuuid=u\ntype=vpn\nautoconnect=false\n\n[vpn]\n"
    "service-type=org.freedesktop.NetworkManager.openvpn\n\n[ipv4]\nmethod=auto\n"
)
PROFILES = {"office": OFFICE, "eduroam": EDUROAM, "home": HOME, "strict": STRICT, "cafe": CAFE, "old": OLD, "Hotspot": HOTSPOT}


def profiles(names: Mapping[str, str]) -> dict[str, str]:
    """Files of NetworkManager."""
    return {f"{PLACE}/{name}.nmconnection": text for name, text in names.items()}


def said(argv: tuple[str, ...]) -> str:
    """The command as the test machine knows it."""
    return " ".join(argv)


def known(machine: Machine) -> dict[str, WirelessNetwork]:
    """The networks by name."""
    found = look(WirelessNetworks, wireless_networks, machine).networks
    assert not isinstance(found, Unobserved)
    return {network.name: network for network in found}


def test_profiles_of_networkmanager_tell_what_a_machine_joins(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(profiles(PROFILES))
    found = known(machine)
    assert {name: network.accepts for name, network in found.items()} == {
        "庁内LAN": (WPA, WPA2, WPA3),
        "eduroam": (WPA, WPA2, WPA3),
        "home": (WPA, WPA2, WPA3),
        "strict": (WPA2, WPA3),
        "cafe": (OPEN,),
        "old": (WEP,),
        "mine": (WPA3,),
    }
    assert (found["庁内LAN"].enterprise, found["庁内LAN"].verifies_server) == (True, True)
    assert (found["eduroam"].enterprise, found["eduroam"].verifies_server) == (True, False)
    assert (found["home"].enterprise, found["home"].verifies_server) == (False, None)
    assert [name for name, network in found.items() if network.joins is False] == ["strict"]
    assert found["mine"].mode is WirelessMode.ACCESS_POINT
    assert found["cafe"].account == "taro"
    assert all(network.uses is None for network in found.values())


def test_no_key_or_password_reaches_the_fact_or_its_evidence(tmp_path: Path) -> None:
    supplicant = f'network={{\n ssid="lab"\n psk="{SECRET}"\n}}\n'
    machine = Machine(tmp_path, live=False).write({**profiles(PROFILES), "/etc/wpa_supplicant/wpa_supplicant.conf": supplicant})
    told = codec.canonical(codec.fact_out(look(WirelessNetworks, wireless_networks, machine))).decode() + repr(machine.evidence())
    assert SECRET not in told
    assert "lab" in told


def test_an_unreadable_profile_leaves_it_open_whether_all_is_well(tmp_path: Path) -> None:
    class Closed(Machine):
        def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
            if path.endswith("home.nmconnection"):
                raise CannotObserve(Reason.ACCESS_DENIED, path)
            return super().file(path, limit=limit)

    machine = Closed(tmp_path, live=False)
    machine.write(profiles({"home": HOME, "cafe": CAFE}))
    found = known(machine)
    assert found["cafe"].accepts == (OPEN,)
    assert isinstance(found["?"].accepts, Unobserved)
    assert found["?"].accepts.reason is Reason.ACCESS_DENIED
    assert look(NetworksJoined, networks_joined, machine).networks == found["?"].accepts


def test_what_is_used_now_is_the_best_that_both_sides_have(tmp_path: Path) -> None:
    output = "yes:WPA1 WPA2:home\nno:WPA3:strict\nyes::cafe\nyes:WPA2 802.1X:a\\:b\nno:WEP:old\n"
    machine = Machine(tmp_path, live=True, commands={said(NOW.argv): output}).write(
        {**profiles(PROFILES), "/sys/class/net/wlan0/phy80211/name": "phy0", "/sys/class/net/eth0/type": "1"}
    )
    fact = look(WirelessNetworks, wireless_networks, machine)
    found = known(machine)
    assert fact.adapters == ("wlan0",)
    assert {name: network.uses for name, network in found.items() if network.uses} == {"home": WPA2, "cafe": OPEN, "a:b": WPA2}
    assert found["a:b"].joins is False


def test_without_networkmanager_iw_tells_the_name_and_nothing_of_the_protection(tmp_path: Path) -> None:
    files = {
        "/etc/wpa_supplicant/wpa_supplicant.conf": (
            'ctrl_interface=/run\nnetwork={\n  ssid="lab"\n  key_mgmt=WPA-PSK\n  proto=RSN\n  pairwise=CCMP\n}\n'
            'network={\n  ssid=6c6f6262\n  key_mgmt=NONE\n  disabled=1\n}\n#network={\n#  ssid="x"\n#}\n'
            'network={\n  ssid="ent"\n  key_mgmt=WPA-EAP\n  eap=TLS\n  ca_cert="/etc/ca.pem"\n}\n'
        ),
        "/sys/class/net/wlan0/phy80211/name": "phy0",
    }
    machine = Machine(tmp_path, live=True, commands={said(IW.argv): "phy#0\n\tInterface wlan0\n\t\tssid lab\n\t\ttype managed\n"}).write(
        files
    )
    found = known(machine)
    assert {name: (network.accepts, network.joins) for name, network in found.items()} == {
        "lab": ((WPA2, WPA3), True),
        "lobb": ((OPEN,), False),
        "ent": ((WPA, WPA2, WPA3), True),
    }
    assert isinstance(found["lab"].uses, Unobserved)
    assert found["lobb"].uses is None
    assert found["ent"].verifies_server is True


def test_with_a_radio_and_no_program_to_ask_the_use_is_unknown(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=True).write({**profiles({"home": HOME}), "/sys/class/net/wlan0/phy80211/name": "phy0"})
    assert isinstance(known(machine)["home"].uses, Unobserved)
    (tmp_path / "two").mkdir()
    assert known(Machine(tmp_path / "two", live=True).write(profiles({"home": HOME})))["home"].uses is None


def test_iwd_ifupdown_and_hostapd_are_read(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            "/var/lib/iwd/home.psk": f"[Security]\nPassphrase={SECRET}\n",
            "/var/lib/iwd/=e5ba81.open": "[Settings]\nAutoConnect=false\n",
            "/var/lib/iwd/ent.8021x": "[Security]\nEAP-Method=PEAP\nEAP-PEAP-CACert=/etc/ca.pem\n",
            "/etc/network/interfaces": (
                f"auto wlan0\niface wlan0 inet dhcp\n  wpa-ssid lab\n  wpa-psk {SECRET}\niface wlan1 inet dhcp\n  wireless-essid town\n"
            ),
            "/etc/hostapd/hostapd.conf": f"interface=wlan2\nssid=mine\nwpa=2\nwpa_passphrase={SECRET}\n",
            "/etc/systemd/system/multi-user.target.wants/hostapd.service": "",
            "/etc/systemd/system/hostapd.service": "[Service]\n",
        }
    )
    found = known(machine)
    assert (found["home"].accepts, found["home"].joins) == ((WPA, WPA2, WPA3), True)
    assert (found["庁"].accepts, found["庁"].joins) == ((OPEN,), False)
    assert found["ent"].verifies_server is True
    assert (found["lab"].accepts, found["lab"].joins) == ((WPA, WPA2, WPA3), True)
    assert (found["town"].accepts, found["town"].joins) == ((OPEN,), False)
    assert (found["mine"].mode, found["mine"].accepts) == (WirelessMode.ACCESS_POINT, (WPA2,))
    assert SECRET not in repr(found)


def test_every_network_of_an_access_point_and_of_a_file_elsewhere_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            "/etc/hostapd/hostapd.conf": f"ssid=mine\nwpa=2\nwpa_passphrase={SECRET}\nbss=wlan2_1\nssid=guests\n",
            "/etc/systemd/system/multi-user.target.wants/hostapd.service": "",
            "/etc/systemd/system/hostapd.service": "[Service]\n",
            "/etc/network/interfaces": "auto wlan0\niface wlan0 inet dhcp\n  wpa-conf /etc/wpa.conf\n",
        }
    )
    found = known(machine)
    assert (found["mine"].accepts, found["guests"].accepts, found["guests"].joins) == ((WPA2,), (OPEN,), True)
    assert isinstance(found["?"].accepts, Unobserved)


def test_an_access_point_may_start_by_a_service_of_its_own(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            "/etc/hostapd/wlan0.conf": "ssid=lobby\n",
            "/etc/hostapd/spare.conf": "ssid=spare\n",
            "/usr/lib/systemd/system/hostapd@.service": "[Service]\n",
            "/etc/systemd/system/multi-user.target.wants/hostapd@wlan0.service": "",
        }
    )
    found = known(machine)
    assert (set(found), found["lobby"].accepts, found["lobby"].joins) == ({"lobby"}, (OPEN,), True)


def test_names_on_the_air_are_read_as_networkmanager_writes_them() -> None:
    assert ssid("229;186;129;") == "庁"
    assert ssid("a\\\\;b=c") == "a;b=c"
    assert ssid("two\\swords") == "two words"
    assert ssid("255;254;") == "\\xff\\xfe"


def test_joined_networks_carry_the_day_of_their_last_use(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=True, commands={said(ADDRESSES.argv): ADDRESS}).write(
        {
            **profiles({"home": HOME, "cafe": CAFE, "docomo": GSM}),
            TIMES: "[timestamps]\nhome-uuid=1763625600\ngsm-uuid=0\n",
            "/var/lib/iwd/town.open": "",
            "/sys/class/net/eth0/device/vendor": "",
            "/sys/class/net/wlan0/phy80211/name": "",
            "/sys/class/net/wwan0/uevent": "DEVTYPE=wwan\nINTERFACE=wwan0\n",
            "/sys/class/net/docker0/uevent": "DEVTYPE=bridge\n",
        }
    )
    os.utime(tmp_path / "var/lib/iwd/town.open", (1_763_712_000, 1_763_712_000))
    fact = look(NetworksJoined, networks_joined, machine)
    assert not isinstance(fact.networks, Unobserved)
    assert {(n.name, n.kind, n.last_day) for n in fact.networks} == {
        ("home", LinkKind.WIRELESS, "2025-11-20"),
        ("cafe", LinkKind.WIRELESS, None),
        ("docomo", LinkKind.MOBILE, None),
        ("town", LinkKind.WIRELESS, "2025-11-21"),
    }
    assert fact.active == (
        ActiveLink("eth0", LinkKind.WIRED),
        ActiveLink("wlan0", LinkKind.WIRELESS),
        ActiveLink("wwan0", LinkKind.MOBILE),
        ActiveLink("tun0", LinkKind.VPN),
    )
    machine.live = False
    assert look(NetworksJoined, networks_joined, machine).active is None


ADDRESS = (
    "2: eth0    inet 192.0.2.5/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever\n"
    "3: wlan0    inet 198.51.100.5/24 scope global wlan0\n3: wlan0    inet6 2001:db8::5/64 scope global\n"
    "4: wwan0    inet 203.0.113.9/30 scope global wwan0\n5: docker0    inet 172.17.0.1/16 scope global docker0\n"
    "6: tun0    inet 10.8.0.2/24 scope global tun0\n"
)

# Written after the kernel's own sources (drivers/usb/core/hub.c, drivers/usb/storage/usb.c, uas.c); not recorded.
LOG = """\
1763625600.100000 pc kernel: usb 1-0: New USB device found, idVendor=1d6b, idProduct=0002, bcdDevice= 6.01
1763625600.100001 pc kernel: usb 1-0: Product: xHCI Host Controller
1763712000.200000 pc kernel: usb 1-2: new high-speed USB device number 5 using xhci_hcd
1763712000.200001 pc kernel: usb 1-2: New USB device found, idVendor=0781, idProduct=5581, bcdDevice= 1.00
1763712000.200002 pc kernel: usb 1-2: New USB device strings: Mfr=1, Product=2, SerialNumber=3
1763712000.200003 pc kernel: usb 1-2: Product: Ultra
1763712000.200004 pc kernel: usb 1-2: Manufacturer: SanDisk
1763712000.200005 pc kernel: usb 1-2: SerialNumber: 4C530001
1763712000.200006 pc kernel: usb-storage 1-2:1.0: USB Mass Storage device detected
1763798400.200001 pc kernel: usb 2-1.4: New USB device found, idVendor=174c, idProduct=55aa, bcdDevice= 1.00
1763798400.200003 pc kernel: usb 2-1.4: Product: 外付け
1763798400.200006 pc kernel: scsi host6: uas
1763884800.200001 pc kernel: usb 1-2: New USB device found, idVendor=0781, idProduct=5581, bcdDevice= 1.00
1763884800.200003 pc kernel: usb 1-2: Product: Ultra
1763884800.200004 pc kernel: usb 1-2: Manufacturer: SanDisk
1763884800.200005 pc kernel: usb 1-2: SerialNumber: 4C530001
1763884800.200006 pc kernel: usb-storage 1-2:1.0: USB Mass Storage device detected
1763884801.200001 pc kernel: usb 1-3: New USB device found, idVendor=046d, idProduct=c31c, bcdDevice=64.00
1763884801.200003 pc kernel: usb 1-3: Product: USB Keyboard
"""
BOOT = " 0 5d1b1a2ba3f14f0f9e4ed3c9a8b2f0aa Thu 2025-11-20 09:00:01 JST—Sun 2025-11-23 18:00:00 JST\n"


def test_storage_that_was_put_in_is_told_from_other_devices(tmp_path: Path) -> None:
    commands = {said(DEVICES.argv): LOG, said(ANY.argv): LOG.split("\n", 1)[0], said(BOOTS.argv): BOOT}
    fact = look(MediaInsertions, media_insertions, Machine(tmp_path, live=True, commands=commands))
    assert fact.media == (
        InsertedMedium("SanDisk Ultra", "0781:5581", "4C530001", "2025-11-23"),
        InsertedMedium("外付け", "174c:55aa", "", "2025-11-22"),
    )
    assert fact.since == "2025-11-20"


def test_a_journal_without_the_kernels_messages_proves_nothing(tmp_path: Path) -> None:
    for commands in ({}, {said(ANY.argv): "", said(DEVICES.argv): "", said(BOOTS.argv): BOOT}):
        with pytest.raises(CannotObserve):
            look(MediaInsertions, media_insertions, Machine(tmp_path, live=True, commands=commands))


@given(
    st.text(st.characters(codec="utf-8"), max_size=300)
    | st.text("usb 1-2:NewUSBdevicefound,idVendor=0123\n .kernelscsihost:uas", max_size=300)
)
@settings(max_examples=200)
def test_any_log_ends_in_media_or_a_reason(log: str) -> None:
    assert isinstance(media(log), (tuple, Unobserved))
    assert isinstance(media(f"1.0 x kernel: {log}"), (tuple, Unobserved))


def test_virtual_private_networks_of_every_program_are_found(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=True, commands={said(ACTIVE.argv): "u\nother\n"}).write(
        {
            **profiles({"old": PPTP, "head": OVPN, "home": HOME}),
            "/etc/wireguard/wg0.conf": (
                f"[Interface]\nPrivateKey = {SECRET}\n[Peer]\nEndpoint = vpn.example.jp:51820\nAllowedIPs = 0.0.0.0/0, ::/0\n"
            ),
            "/etc/wireguard/wg1.conf": "[Interface]\n[Peer]\nEndpoint = vpn.example.jp:51820\nAllowedIPs = 10.0.0.0/8\n",
            "/etc/wireguard/called.conf": "[Interface]\nListenPort = 51820\n[Peer]\nAllowedIPs = 10.9.0.2/32\n",
            "/sys/class/net/wg0/type": "",
            "/etc/openvpn/client/tele.conf": "client\nremote vpn.example.jp\nredirect-gateway def1 ipv6\n",
            "/etc/openvpn/client/part.conf": "client\nremote vpn.example.jp\nroute-nopull\n",
            "/etc/openvpn/client/pushed.conf": "client\nremote vpn.example.jp\n",
            "/etc/openvpn/server.conf": "server 10.8.0.0 255.255.255.0\n",
            "/etc/ppp/peers/work": 'pty "pptp vpn.example.jp --nolaunchpppd"\n',
            "/etc/ppp/peers/isp": "plugin rp-pppoe.so\n",
            "/etc/ipsec.conf": (
                "config setup\nconn %default\n\tike=aes256\nconn branch\n"
                "\tleftsubnet=10.1.0.0/16\n\trightsubnet=10.2.0.0/16\n"
                "conn road\n\trightsubnet=0.0.0.0/0,::/0\n\tauto=start\n"
            ),
        }
    )
    found = look(VpnConnections, vpn_connections, machine).connections
    assert not isinstance(found, Unobserved)
    assert {c.name: (c.technique, c.takes_all if isinstance(c.takes_all, bool) else None) for c in found} == {
        "oldvpn": ("pptp", False),
        "head": ("openvpn", None),
        "wg0": ("wireguard", True),
        "wg1": ("wireguard", False),
        "tele": ("openvpn", True),
        "part": ("openvpn", False),
        "pushed": ("openvpn", None),
        "work": ("pptp", False),
        "road": ("ipsec", True),
    }
    assert {c.name: c.up for c in found if isinstance(c.up, bool)} == {"oldvpn": False, "head": True, "wg0": True, "wg1": False}
    assert {c.name for c in found if c.starts is True} == {"oldvpn", "road"}
    assert SECRET not in repr(found)


def ipsec(room: Path, files: Mapping[str, str]) -> dict[str, tuple[object, object]] | Unobserved:
    """The connections of an image by name: whether each starts, and takes everything."""
    found = look(VpnConnections, vpn_connections, Machine(room, live=False).write(files)).connections
    return found if isinstance(found, Unobserved) else {c.name: (c.starts, c.takes_all) for c in found}


def test_connections_of_ipsec_stand_in_what_is_included_too_and_take_over_sections(tmp_path: Path) -> None:
    files = {
        "/etc/ipsec.conf": "version 2.0\nconfig setup\n\tuniqueids = no\nconn %default\n\tauto=start\ninclude /etc/ipsec.d/*.conf\n",
        "/etc/ipsec.d/a.conf": (
            "conn base\r\n\tauto=ignore\r\n\trightsubnet = 0.0.0.0/0,::/0\r\nconn road\r\n\talso=base  # both\r\n\tauto=route\r\n"
            'conn part\n\talso=base\n\tauto="add"\n\trightsubnet=10.0.0.0/8\n'
        ),
        "/etc/ipsec.d/b.conf": "conn branch\n\talso=nets\nconn nets\n\tleftsubnet=10.1.0.0/16\ninclude more/*.inc\n",
        "/etc/ipsec.d/more/c.inc": "conn third\n\trightsubnet=192.0.2.0/24\n",
        "/etc/ipsec.d/d.txt": "conn no\n",
    }
    assert ipsec(tmp_path, files) == {"road": (True, True), "part": (False, False), "third": (True, False)}


@pytest.mark.parametrize("text", ["conn a\n\talso=none\n", "conn a\n\talso=b\nconn b\n\talso=a\n", "include /etc/ipsec.conf\n"])
def test_sections_of_ipsec_that_lead_nowhere_are_unknown(tmp_path: Path, text: str) -> None:
    assert isinstance(ipsec(tmp_path, {"/etc/ipsec.conf": text}), Unobserved)


def test_connections_of_swanctl_are_found_wherever_they_stand_and_not_understood(tmp_path: Path) -> None:
    main = "# connections {\n# }\n\ninclude conf.d/*.conf\n"
    assert ipsec(tmp_path / "a", {"/etc/swanctl/swanctl.conf": main, "/etc/swanctl/conf.d/k.conf": "secrets {\n}\n"}) == {}
    found = ipsec(tmp_path / "b", {"/etc/swanctl/swanctl.conf": "connections {\n road {\n }\n}\n" + main})
    assert not isinstance(found, Unobserved)
    assert [isinstance(takes_all, Unobserved) for _, takes_all in found.values()] == [True]
    assert isinstance(ipsec(tmp_path / "c", {"/etc/swanctl/swanctl.conf": main + "include /srv/own.conf\n"}), Unobserved)


def test_proxies_of_desktops_and_browsers_are_read_without_credentials(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            "/etc/environment": 'https_proxy="http://taro:himitsu@proxy.example.lg.jp:8080/"\n',
            "/usr/share/xsessions/plasma.desktop": KDE_SESSION,
            "/etc/xdg/kioslaverc": "[Proxy Settings][$i]\nProxyType=3\n",
            "/usr/bin/firefox-esr": "",
            "/etc/firefox/policies/policies.json": '{"policies": {"Proxy": {"Mode": "autoConfig", "Locked": true, '
            '"AutoConfigURL": "http://proxy.example.lg.jp/proxy.pac"}}}',
            "/usr/bin/chromium": "",
            "/etc/chromium/policies/managed/10.json": '{"ProxySettings": {"ProxyMode": "direct"}}',
            "/etc/chromium/policies/managed/20.json": '{"ProxySettings": {"ProxyMode": "fixed_servers", "ProxyServer": '
            '"https=p.example.jp:3128"}}',
            "/opt/google/chrome/chrome": "",
        }
    )
    found = look(WebProxies, web_proxies, machine).settings
    assert not isinstance(found, Unobserved)
    assert [(s.program, s.mode, s.server, s.fixed) for s in found] == [
        ("environment", ProxyMode.FIXED, "proxy.example.lg.jp:8080", False),
        ("kde", ProxyMode.DISCOVERY, "", True),
        ("firefox", ProxyMode.SCRIPT, "http://proxy.example.lg.jp/proxy.pac", True),
        ("chromium", ProxyMode.FIXED, "p.example.jp:3128", True),
        ("chrome", ProxyMode.SYSTEM, "", False),
    ]


def test_a_proxy_of_gnome_is_read_from_dconf_and_its_locks(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False)
    machine.write({"/usr/share/wayland-sessions/gnome.desktop": GNOME_SESSION, "/usr/bin/gnome-session": ""})
    machine.dconf(
        "[system/proxy]\nmode='manual'\n[system/proxy/https]\nhost='proxy.example.lg.jp'\nport=8080\n",
        "/system/proxy/mode\n/system/proxy/https/host\n",
    )
    found = look(WebProxies, web_proxies, machine).settings
    assert not isinstance(found, Unobserved)
    (setting,) = found
    assert (setting.mode, setting.server, setting.fixed) == (ProxyMode.FIXED, "proxy.example.lg.jp:8080", True)


def test_addresses_of_proxies_are_cut_to_what_names_them() -> None:
    assert server("http://u:p@[2001:db8::1]:3128/x?y") == "[2001:db8::1]:3128"
    assert server("proxy.example.jp:8080") == "proxy.example.jp:8080"
    assert server("http://x:99999999") == "?"
    assert script("https://u:p@w.example.jp/a.pac?token=1") == "https://w.example.jp/a.pac"


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_any_profile_ends_in_networks_or_a_reason(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as room:
        machine = Machine(Path(room), live=False).write(
            {f"{PLACE}/x": data, "/etc/wpa_supplicant/a.conf": data, "/etc/wireguard/a.conf": data, "/etc/ipsec.conf": data}
        )
        for collector in (wireless_networks, networks_joined, vpn_connections):
            with suppress(CannotObserve):
                assert codec.canonical(codec.fact_out(collector.run(machine)))


COLLECTORS = (
    wireless_networks,
    networks_joined,
    media_insertions,
    vpn_connections,
    web_proxies,
    browsers,
    mail_clients,
    office_macros,
)


class Odd(Machine):
    """A machine whose every file and every answer is the same odd octets, and whose every folder holds files that are looked for."""

    octets = b""

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        if path == "/etc/passwd":
            return b"taro:x:1000:1000::/home/taro:/bin/sh\n"
        return self.octets

    def names(self, directory: str) -> tuple[str, ...] | None:
        return ("a.conf", "a.json", "a.psk", "a.nmconnection", "a.xcd", "ifcfg-a", "wlan0", "x.desktop", "odd\udcff")

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        return CommandOutput(0, self.octets, b"")


@given(st.binary(max_size=300) | st.text("[]{}=:;,\"'<>\n wifi network psk policies", max_size=300).map(str.encode))
@settings(max_examples=80, deadline=None)
def test_any_octets_in_every_file_end_in_facts_or_reasons(octets: bytes) -> None:
    machine = Odd(Path("/"))
    machine.octets = octets
    for collector in COLLECTORS:
        try:
            fact = collector.run(machine)
        except CannotObserve:
            continue
        assert codec.canonical(codec.fact_out(fact))
