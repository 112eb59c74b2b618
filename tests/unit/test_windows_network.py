"""IPv6, tunnels and the firewall of Windows: made hives and answers, expectations after Microsoft's documentation.

The rules of the firewall are in the form that [MS-GPFAS] gives; the first three are worded as Windows 10 ships them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.host.firewall import firewall_inbound_ipv6, firewall_logging, firewall_outbound
from checks.host.firewall_openings import firewall_management
from checks.ipv6.native import native_router_advertisements, native_unused
from checks.ipv6.tunnel import tunnel_addresses, tunnel_configured, tunnel_interfaces
from scanner.facts.firewall import Filter, Firewall
from scanner.facts.ipv6 import Ipv6Native
from scanner.hosts.windows.answers import (
    ADAPTERS,
    SERVICE_STATES,
    Adapter,
    AdapterAddress,
    Adapters,
    RunningService,
    RunningServices,
)
from scanner.hosts.windows.firewall import LOCAL, POLICY, PRODUCTS, SERVICE, firewall
from scanner.hosts.windows.ipv6 import HELPER, HTTPS, LINKAGE, NETWORK, PARAMETERS, TRANSITION, ipv6_native, ipv6_tunnels
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import windowsfirewall
from tests.unit.windows_judged import tag
from tests.unit.windows_machines import Keys, Made, MadeReader, machine

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
WIRED = "{11111111-2222-3333-4444-555555555555}"
BOUND: Keys = {
    LINKAGE: {"Bind": (rf"\Device\{WIRED}", r"\Device\{99999999-0000-0000-0000-000000000000}")},
    rf"{NETWORK}\{WIRED}\Connection": {"Name": "イーサネット", "PnPInstanceId": r"PCI\VEN_8086&DEV_10D3"},
}
ASKED = " ".join(PRODUCTS.argv)


def adapter(
    name: str = "イーサネット", *, kind: int = 6, tunnel: int = 0, up: bool = True, ipv6: bool = True, addresses: tuple[str, ...] = ()
) -> Adapter:
    return Adapter(WIRED, name, name, kind, tunnel, up, ipv6, tuple(AdapterAddress(address, 64) for address in addresses))


def live(room: Path, *adapters: Adapter, keys: Keys | None = None) -> MadeReader:
    loopback = adapter("Loopback Pseudo-Interface 1", kind=24, addresses=("::1", "127.0.0.1"))
    return machine(room, BOUND, keys or {}, answers=[(ADAPTERS, Adapters((loopback, *adapters)))])


def test_an_adapter_with_an_address_speaks_ipv6(tmp_path: Path) -> None:
    fact = ipv6_native.run(live(tmp_path, adapter(addresses=("fe80::1", "2001:db8::1", "192.0.2.1"))))
    assert tag(native_unused, fact, use="unused") == "IPV6_GLOBAL"
    local = ipv6_native.run(live(tmp_path / "b", adapter(addresses=("fe80::1",))))
    assert tag(native_unused, local, use="unused") == "IPV6_LINK_LOCAL"


def test_an_adapter_that_the_protocol_is_not_bound_to_is_off_but_a_new_one_is_on(tmp_path: Path) -> None:
    keys: Keys = {LINKAGE: {"Bind": ()}}
    fact = ipv6_native.run(live(tmp_path, adapter(ipv6=False), keys=keys))
    assert tag(native_unused, fact, use="unused") == "IPV6_NEW_INTERFACES"


def test_an_address_by_an_advertisement_proves_that_they_are_heeded(tmp_path: Path) -> None:
    held = AdapterAddress("2001:db8::1", 64, advertised=True)
    one = Adapter(WIRED, "LAN", "LAN", 6, 0, up=True, ipv6=True, addresses=(held,))
    fact = ipv6_native.run(live(tmp_path / "a", one))
    assert tag(native_router_advertisements, fact, advertisements="refused") == "RA_ACCEPTED"
    silent = ipv6_native.run(live(tmp_path / "b", adapter(addresses=("2001:db8::1",))))
    assert tag(native_router_advertisements, silent, advertisements="refused") == "undetermined"


def test_all_components_off_is_no_ipv6_after_the_restart(tmp_path: Path) -> None:
    keys: Keys = {PARAMETERS: {"DisabledComponents": 0xFF}}
    assert tag(native_unused, ipv6_native.run(live(tmp_path / "a", adapter(ipv6=False), keys=keys)), use="unused") == "IPV6_NO_STACK"
    assert tag(native_unused, ipv6_native.run(live(tmp_path / "b", adapter(), keys=keys)), use="unused") == "IPV6_LINK_LOCAL"
    assert tag(native_unused, ipv6_native.run(machine(tmp_path / "c", BOUND, keys)), use="unused") == "IPV6_NO_STACK"


def test_components_off_that_are_not_ipv6_itself_do_not_count(tmp_path: Path) -> None:
    for value in (0x20, 0x0E, 0x01):
        fact = ipv6_native.run(live(tmp_path / str(value), adapter(), keys={PARAMETERS: {"DisabledComponents": value}}))
        assert tag(native_unused, fact, use="unused") == "IPV6_LINK_LOCAL"


def test_an_image_tells_what_will_be(tmp_path: Path) -> None:
    fact = ipv6_native.run(machine(tmp_path, BOUND))
    assert isinstance(fact, Ipv6Native)
    assert not isinstance(fact.interfaces, Unobserved)
    assert [one.name for one in fact.interfaces] == ["", "イーサネット"]
    assert tag(native_unused, fact, use="unused") == "IPV6_RETURNS"
    assert tag(native_unused, ipv6_native.run(machine(tmp_path / "b")), use="unused") == "undetermined"


WAITING = adapter("isatap.{x}", kind=131, tunnel=13, up=False, addresses=("fe80::5efe:192.0.2.1",))
"""As Windows 7 leaves it where no ISATAP router answers."""
TEREDO = adapter("Teredo", kind=131, tunnel=14, addresses=("2001:0:4136:e378:8000:63bf:3fff:fdd2",))


@pytest.mark.parametrize(
    ("adapters", "interfaces", "addresses"),
    [
        ((adapter(),), "TUNNEL_NONE", "TUNNEL_ADDRESS_NONE"),
        ((WAITING,), "TUNNEL_FALLBACK", "TUNNEL_ADDRESS_NONE"),
        ((TEREDO,), "TUNNEL_FOUND", "TUNNEL_ADDRESS_FOUND"),
        ((adapter("6TO4 Adapter", kind=131, tunnel=11, addresses=("2002:c000:201::c000:201",)),), "TUNNEL_FOUND", "TUNNEL_ADDRESS_FOUND"),
        ((adapter("iphttpsinterface", kind=131, tunnel=15, addresses=("fe80::1",)),), "TUNNEL_FOUND", "TUNNEL_ADDRESS_NONE"),
        ((adapter("LAN", addresses=("2002:c000:201::1",)),), "TUNNEL_NONE", "TUNNEL_ADDRESS_FOUND"),
    ],
)
def test_tunnels_that_are_there_now(tmp_path: Path, adapters: tuple[Adapter, ...], interfaces: str, addresses: str) -> None:
    fact = ipv6_tunnels.run(live(tmp_path, *adapters))
    assert (tag(tunnel_interfaces, fact), tag(tunnel_addresses, fact)) == (interfaces, addresses)


def test_a_declared_tunnel_is_named_by_its_technique_in_every_language(tmp_path: Path) -> None:
    fact = ipv6_tunnels.run(live(tmp_path, adapter("Teredo トンネリング擬似インターフェイス", kind=131, tunnel=14)))
    assert tag(tunnel_interfaces, fact, declared=("Teredo",)) == "TUNNEL_DECLARED"


ALL_OFF: Keys = {TRANSITION: {"Teredo_State": "Disabled", "6to4_State": "Disabled", "ISATAP_State": "Disabled"}}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (ALL_OFF, "TUNNEL_CONFIGURED_OFF"),
        ({}, "undetermined"),  # the tunnels' own settings are not read
        ({PARAMETERS: {"DisabledComponents": 0x01}}, "TUNNEL_CONFIGURED_OFF"),
        ({PARAMETERS: {"DisabledComponents": 0x0E}}, "TUNNEL_CONFIGURED_OFF"),
        ({PARAMETERS: {"DisabledComponents": 0x08}}, "undetermined"),
        ({rf"{SERVICES}\{HELPER}": {"Start": 4}}, "TUNNEL_CONFIGURED_OFF"),
        ({TRANSITION: {"Teredo_State": "Enterprise Client"}}, "TUNNEL_CONFIGURED"),
        ({TRANSITION: {"Teredo_State": "Default", "6to4_State": "Default", "ISATAP_State": "Disabled"}}, "undetermined"),
        ({**ALL_OFF, HTTPS: {"IPHTTPS_ClientUrl": "https://da.example.jp/", "IPHTTPS_ClientState": 2}}, "TUNNEL_CONFIGURED"),
        ({**ALL_OFF, HTTPS: {"IPHTTPS_ClientUrl": "https://da.example.jp/", "IPHTTPS_ClientState": 3}}, "TUNNEL_CONFIGURED_OFF"),
    ],
)
def test_what_policies_say_of_tunnels(tmp_path: Path, keys: Keys, said: str) -> None:
    assert tag(tunnel_configured, ipv6_tunnels.run(machine(tmp_path, keys))) == said


# ---------------------------------------------------------------- the firewall

SHIPPED: dict[str, Made] = {
    "RemoteDesktop-UserMode-In-TCP": (
        r"v2.31|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice"
        "|Name=@FirewallAPI.dll,-28775|Desc=@FirewallAPI.dll,-28756|EmbedCtxt=@FirewallAPI.dll,-28752|"
    ),
    "CoreNet-DHCP-In": (
        r"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=68|RPort=67|App=%SystemRoot%\system32\svchost.exe|Svc=dhcp"
        "|Name=@FirewallAPI.dll,-25301|"
    ),
    "CoreNet-ICMP4-DUFRAG-In": "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=3:4|App=System|Name=@FirewallAPI.dll,-25251|",
}


def kept(*, state: int = 1, rules: dict[str, Made] | None = None, more: Keys | None = None, start: int = 2) -> Keys:
    profiles: dict[str, dict[str, Made]] = {
        rf"{LOCAL}\{name}": {"EnableFirewall": state} for name in ("DomainProfile", "StandardProfile", "PublicProfile")
    }
    found: dict[str, dict[str, Made]] = {
        **profiles,
        rf"{LOCAL}\FirewallRules": SHIPPED if rules is None else rules,
        rf"{SERVICES}\{SERVICE}": {"Start": start},
    }
    for key, values in (more or {}).items():
        found.setdefault(key, {}).update(values)
    return found


def walled(read: MadeReader) -> Firewall:
    fact = firewall.run(read)
    assert isinstance(fact, Firewall)
    return fact


UNSEEN = Unobserved(Reason.UNSUPPORTED)


def test_as_windows_ships_it_unasked_connections_are_refused(tmp_path: Path) -> None:
    fact = walled(machine(tmp_path, kept()))
    assert tag(firewall_inbound_ipv6, fact, UNSEEN) == "INBOUND_REFUSED"
    assert tag(firewall_management, fact, UNSEEN) == "MANAGEMENT_SHUT"
    assert tag(firewall_outbound, fact, UNSEEN, outbound="restricted") == "OUTBOUND_FREE"
    assert tag(firewall_logging, fact, UNSEEN) == "REFUSALS_NOT_LOGGED"
    inbound = fact.inbound_ipv4.after_restart
    assert isinstance(inbound, Filter)
    assert [(o.protocol, o.first) for o in inbound.openings] == [("udp", 68)]


def test_one_profile_that_is_off_is_enough_to_be_open(tmp_path: Path) -> None:
    off: Keys = {rf"{LOCAL}\PublicProfile": {"EnableFirewall": 0}}
    server: Keys = {r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions": {"ProductType": "ServerNT"}}
    fact = walled(machine(tmp_path, kept(more={**off, **server})))
    inbound = fact.inbound_ipv4.after_restart
    assert isinstance(inbound, Filter)
    assert inbound.let_through_on == ("profile:public",)


def test_a_policy_beats_the_local_value(tmp_path: Path) -> None:
    policy: Keys = {rf"{POLICY}\{name}": {"EnableFirewall": 1} for name in ("DomainProfile", "PrivateProfile", "PublicProfile")}
    assert tag(firewall_inbound_ipv6, walled(machine(tmp_path, kept(state=0, more=policy))), UNSEEN) == "INBOUND_REFUSED"


def states(number: int) -> RunningServices:
    return RunningServices((RunningService(SERVICE, number, 0),))


def test_off_on_a_workstation_another_product_may_stand_in(tmp_path: Path) -> None:
    def seen(room: str, said: bytes | None) -> str:
        commands = {} if said is None else {ASKED: said}
        read = machine(tmp_path / room, kept(state=0), commands=commands, answers=[(SERVICE_STATES, states(4))])
        return tag(firewall_inbound_ipv6, walled(read), UNSEEN)

    assert seen("none", b'{"answer":[]}') not in {"INBOUND_REFUSED", "undetermined"}
    assert seen("on", b'{"answer":[{"name":"ESET Firewall","state":266256}]}') == "undetermined"
    assert seen("off", b'{"answer":[{"name":"ESET Firewall","state":262160}]}') not in {"INBOUND_REFUSED", "undetermined"}
    assert seen("silent", b"") == seen("not there", None) == "undetermined"


def test_without_its_service_nothing_is_filtered(tmp_path: Path) -> None:
    stopped = machine(tmp_path / "a", kept(), commands={ASKED: b'{"answer":[]}'}, answers=[(SERVICE_STATES, states(1))])
    assert tag(firewall_inbound_ipv6, walled(stopped), UNSEEN) not in {"INBOUND_REFUSED", "undetermined"}
    disabled = machine(tmp_path / "b", kept(start=4), commands={ASKED: b'{"answer":[]}'}, answers=[(SERVICE_STATES, states(4))])
    later = walled(disabled).inbound_ipv4.after_restart
    assert isinstance(later, Filter)
    assert later.let_through_on == ("*",)


def test_what_is_missing_on_every_windows_is_no_answer(tmp_path: Path) -> None:
    """Wine has neither the service nor the settings."""
    assert tag(firewall_inbound_ipv6, walled(machine(tmp_path, {rf"{SERVICES}\{SERVICE}": {"Start": 2}})), UNSEEN) == "undetermined"
    with pytest.raises(Exception, match=SERVICE):
        firewall.run(machine(tmp_path / "b"))


RDP = r"v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"a": RDP}, "MANAGEMENT_OPEN"),
        ({"a": RDP + "RA4=192.0.2.0/255.255.255.0|"}, "MANAGEMENT_LIMITED"),
        ({"a": RDP + "RA42=LocalSubnet|RA62=LocalSubnet|"}, "MANAGEMENT_LIMITED"),
        ({"a": RDP + "Profile=Domain|"}, "MANAGEMENT_OPEN"),
        ({"a": RDP, "b": "v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|"}, "MANAGEMENT_SHUT"),
        ({"a": RDP, "b": "v2.31|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|RA4=192.0.2.1|"}, "MANAGEMENT_OPEN"),
        ({"a": RDP.replace("TRUE", "FALSE")}, "MANAGEMENT_SHUT"),
        ({"a": RDP.replace("Dir=In", "Dir=Out")}, "MANAGEMENT_SHUT"),
        ({"a": RDP.replace("LPort=3389", "LPort2_10=3000-4000")}, "MANAGEMENT_OPEN"),
        ({"a": "not a rule"}, "undetermined"),
        ({"a": b"\0"}, "undetermined"),
    ],
)
def test_rules_are_heeded(tmp_path: Path, rules: dict[str, Made], said: str) -> None:
    assert tag(firewall_management, walled(machine(tmp_path, kept(rules=rules))), UNSEEN) == said


def test_a_profile_without_exceptions_or_local_rules_has_none(tmp_path: Path) -> None:
    names = ("DomainProfile", "PrivateProfile", "PublicProfile")
    merge: Keys = {rf"{POLICY}\{name}": {"AllowLocalPolicyMerge": 0} for name in names}
    assert tag(firewall_management, walled(machine(tmp_path / "a", kept(rules={"a": RDP}, more=merge))), UNSEEN) == "MANAGEMENT_SHUT"
    shields: Keys = {rf"{POLICY}\{name}": {"DoNotAllowExceptions": 1} for name in names}
    assert tag(firewall_management, walled(machine(tmp_path / "b", kept(rules={"a": RDP}, more=shields))), UNSEEN) == "MANAGEMENT_SHUT"
    both: Keys = {**merge, rf"{POLICY}\FirewallRules": {"x": RDP}}
    assert tag(firewall_management, walled(machine(tmp_path / "c", kept(rules={}, more=both))), UNSEEN) == "MANAGEMENT_OPEN"


def test_logging_is_asked_of_every_profile(tmp_path: Path) -> None:
    names = ("DomainProfile", "PrivateProfile", "PublicProfile")
    logged: Keys = {rf"{POLICY}\{name}\Logging": {"LogDroppedPackets": 1} for name in names}
    assert tag(firewall_logging, walled(machine(tmp_path / "a", kept(more=logged))), UNSEEN) == "REFUSALS_LOGGED"
    two: Keys = {key: values for key, values in logged.items() if "Public" not in key}
    assert tag(firewall_logging, walled(machine(tmp_path / "b", kept(more=two))), UNSEEN) == "REFUSALS_NOT_LOGGED"


@given(st.text(max_size=200) | st.builds("v2.{}|{}".format, st.integers(0, 99), st.text(alphabet="ActionDrPLtIO=|6,-%013", max_size=120)))
def test_any_text_is_a_rule_or_not_one(text: str) -> None:
    try:
        rule = windowsfirewall.parse(text)
    except windowsfirewall.NotARule:
        return
    assert all(0 <= part.first <= part.last <= 65_535 for part in rule.ports)
