"""Lasting definitions of IPv6 tunnels in the files of the programs that set up networks on Linux."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from scanner.facts.ipv6 import Technique, TunnelDefinition
from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.base import drop_ins, enabled, exists, needed, parsed, seen, shown
from scanner.hosts.linux.ifupdown import MAIN, stanzas
from scanner.hosts.linux.kconfig import boolean
from scanner.hosts.linux.netmanager import PROFILES
from scanner.hosts.linux.services import UNITS
from scanner.model import yamltext
from scanner.model.fact import Unobserved
from scanner.model.problem import BadFile, Problems
from scanner.model.reason import CannotObserve
from scanner.wire import keyfile

NETDEV = ("/etc/systemd/network", "/usr/local/lib/systemd/network", "/usr/lib/systemd/network", "/lib/systemd/network")
NETPLAN = ("/etc/netplan", "/usr/lib/netplan", "/lib/netplan")
IFCFG = ("/etc/sysconfig/network-scripts", "/etc/sysconfig/network")
MIREDO = ("/usr/sbin/miredo", "/usr/local/sbin/miredo")
KINDS = {
    "sit": Technique.CONFIGURED,
    "6to4": Technique.SIX_TO_FOUR,
    "v4tunnel": Technique.CONFIGURED,
    "isatap": Technique.ISATAP,
    "6rd": Technique.RAPID,
    "ip6tnl": Technique.OVER_IPV6,
    "ip6ip6": Technique.OVER_IPV6,
    "ipip6": Technique.OVER_IPV6,
    "ip6gre": Technique.OVER_IPV6,
    "ip6gretap": Technique.OVER_IPV6,
    "vti6": Technique.OVER_IPV6,
}
"""Words that these files have for kinds of tunnels."""
NM_MODES = {"3": "sit", "4": "isatap", "6": "ip6ip6", "7": "ipip6", "8": "ip6gre", "9": "vti6", "11": "ip6gretap"}
"""ip-tunnel.mode in NetworkManager's profiles, nm-settings-nmcli(5), NMIPTunnelMode; the others carry IPv4."""
DAEMONS = {"isatapd": Technique.ISATAP, "aiccu": Technique.CONFIGURED, "gogoc": Technique.CONFIGURED}
"""Programs that bring tunnels up by themselves, by the names of their services."""
READS: tuple[Source, ...] = (
    Files(MAIN),
    Files("/etc/network/interfaces.d/*"),
    *(Files(f"{directory}/*.netdev") for directory in NETDEV),
    *(Files(f"{directory}/*.yaml", root=True) for directory in NETPLAN),
    *(Files(f"{directory}/*", root=True) for directory in PROFILES),
    *(Files(f"{directory}/ifcfg-*", root=True) for directory in IFCFG),
    *(Names(path) for path in MIREDO),
    *(Names(f"{place}/{name}") for name in DAEMONS for place in ("/usr/sbin", "/usr/bin")),
    *UNITS,
)
_COMMAND = re.compile(
    r"\bip\s+(?:-6\s+)?(?:tunnel|tun|link)\s+add\s+(?:(?:dev|name)\s+)?(?P<name>\S+)\s.*?\b(?:mode|type)\s+(?P<kind>[a-z0-9]+)"
)


def definitions(read: Reader) -> tuple[tuple[TunnelDefinition, ...], tuple[Unobserved, ...]]:
    """Give what could be read of the definitions, and why the rest could not."""
    found: list[TunnelDefinition] = []
    unread: list[Unobserved] = []
    sources: tuple[Callable[[Reader], Iterator[TunnelDefinition]], ...] = (
        _ifupdown,
        _networkd,
        _netplan,
        _network_manager,
        _ifcfg,
        _miredo,
        _daemons,
    )
    for source in sources:
        try:
            for definition in source(read):
                found.append(definition)
        except CannotObserve as error:
            unread.append(Unobserved.from_error(error))
    return tuple(found), tuple(unread)


def _ifupdown(read: Reader) -> Iterator[TunnelDefinition]:
    for placed in stanzas(read):
        stanza = placed.stanza
        if stanza.family == "inet6" and stanza.method in {"v4tunnel", "6to4"}:
            yield TunnelDefinition(shown(stanza.name), KINDS[stanza.method], placed.starts, placed.where)
        for name, value in stanza.options:
            command = _COMMAND.search(value) if name in {"up", "pre-up", "post-up"} else None
            if command and command["kind"] in KINDS:
                yield TunnelDefinition(shown(command["name"]), KINDS[command["kind"]], placed.starts, placed.where)


def _networkd(read: Reader) -> Iterator[TunnelDefinition]:
    for file in needed(drop_ins(read, NETDEV, ".netdev")):
        held = needed(parsed(file.path, needed(file.data), systemd_conf.parse))
        kind = held.last("NetDev", "Kind") or ""
        if kind not in KINDS:
            continue
        technique = KINDS[kind]
        if boolean(held.last("Tunnel", "ISATAP") or "no"):
            technique = Technique.ISATAP
        elif held.last("Tunnel", "IPv6RapidDeploymentPrefix"):
            technique = Technique.RAPID
        elif kind == "sit" and (held.last("Tunnel", "Remote") or "any") == "any":
            technique = Technique.SIX_TO_FOUR
        starts = seen(partial(enabled, read, "systemd-networkd.service"))
        yield TunnelDefinition(shown(held.last("NetDev", "Name") or "?"), technique, starts, f"{file.path} [NetDev] Kind={kind}")


def _netplan(read: Reader) -> Iterator[TunnelDefinition]:
    for file in needed(drop_ins(read, NETPLAN, ".yaml")):
        for name, mode in needed(parsed(file.path, needed(file.data), _netplan_tunnels)):
            yield TunnelDefinition(shown(name), KINDS[mode], True, f"{file.path} tunnels: {shown(name)} mode: {mode}")


def _netplan_tunnels(data: bytes) -> list[tuple[str, str]]:
    """Give names and modes. Broken YAML is a ``ValueError``."""
    if not data.strip():
        return []
    try:
        plan = yamltext.parse(data, Problems("netplan"))
    except BadFile as error:
        raise ValueError(f"not read as YAML: {error}"[:300]) from error
    tunnels = _entry(_entry(plan, "network"), "tunnels")
    found = [(name, _entry(tunnel, "mode")) for name, _, tunnel in (tunnels.entries if isinstance(tunnels, yamltext.Pairs) else ())]
    return [(name, mode.text) for name, mode in found if isinstance(mode, yamltext.Leaf) and mode.text in KINDS]


def _entry(node: yamltext.Node | None, key: str) -> yamltext.Node | None:
    if not isinstance(node, yamltext.Pairs):
        return None
    return next((entry.node for entry in node.entries if entry.key == key), None)


def _network_manager(read: Reader) -> Iterator[TunnelDefinition]:
    for directory in PROFILES:
        if directory.startswith("/run/"):
            continue
        for name in read.names(directory) or ():
            path = f"{directory}/{name}"
            held = needed(parsed(path, read.file(path) or b"", keyfile.parse))
            mode = NM_MODES.get(held.last("ip-tunnel", "mode") or "") if held.last("connection", "type") == "ip-tunnel" else None
            if mode:
                starts = boolean(held.last("connection", "autoconnect") or "true")
                tunnel = held.last("connection", "interface-name") or held.last("connection", "id") or "?"
                yield TunnelDefinition(shown(tunnel), KINDS[mode], starts, f"{shown(path)} [ip-tunnel] mode={mode}")


def _ifcfg(read: Reader) -> Iterator[TunnelDefinition]:
    """Read the ifcfg files of the Red Hat and SUSE families."""
    for directory in IFCFG:
        for name in read.names(directory) or ():
            if not name.startswith("ifcfg-") or name.endswith(("~", ".bak", ".rpmsave", ".rpmnew", ".orig")):
                continue
            path = f"{directory}/{name}"
            held = needed(parsed(path, read.file(path) or b"", _shell_settings))
            device = held.get("DEVICE") or name.removeprefix("ifcfg-")
            starts = held.get("ONBOOT", "no").lower() == "yes" or held.get("STARTMODE", "").lower() in {"auto", "onboot", "boot", "hotplug"}
            if held.get("IPV6TUNNELIPV4"):
                yield TunnelDefinition(shown(device), Technique.CONFIGURED, starts, f"{shown(path)} IPV6TUNNELIPV4")
            if held.get("IPV6TO4INIT", "no").lower() == "yes":
                yield TunnelDefinition("tun6to4", Technique.SIX_TO_FOUR, starts, f"{shown(path)} IPV6TO4INIT")
            kind = held.get("TUNNEL", "").lower()
            if kind in KINDS:
                yield TunnelDefinition(shown(device), KINDS[kind], starts, f"{shown(path)} TUNNEL={kind}")


def _shell_settings(data: bytes) -> dict[str, str]:
    pairs = [line.strip().partition("=") for line in data.decode("utf-8", "replace").split("\n") if not line.lstrip().startswith("#")]
    return {key.removeprefix("export ").strip(): value.strip().strip("\"'") for key, equals, value in pairs if equals}


def _miredo(read: Reader) -> Iterator[TunnelDefinition]:
    if not exists(read, *MIREDO):
        return
    path = exists(read, "/etc/miredo/miredo.conf", "/etc/miredo.conf")
    name = "teredo"
    for line in (read.file(path) or b"").decode("utf-8", "replace").split("\n") if path else ():
        words = line.split()
        if len(words) == 2 and words[0] == "InterfaceName":
            name = words[1]
    yield TunnelDefinition(shown(name), Technique.TEREDO, seen(partial(enabled, read, "miredo.service")), path or "miredo is installed")


def _daemons(read: Reader) -> Iterator[TunnelDefinition]:
    for name, technique in DAEMONS.items():
        if exists(read, f"/usr/sbin/{name}", f"/usr/bin/{name}"):
            yield TunnelDefinition(name, technique, seen(partial(enabled, read, f"{name}.service")), f"{name} is installed")
