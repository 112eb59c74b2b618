"""The collector for wireless networks on Linux: NetworkManager, wpa_supplicant, iwd, ifupdown, and access points of hostapd."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from scanner.facts.wireless import UNREAD, WirelessMode, WirelessNetwork, WirelessNetworks, WirelessSecurity
from scanner.hosts.base import Files, Names, Reader, Run, collector
from scanner.hosts.linux.base import enabled, processes, runs, seen, shown
from scanner.hosts.linux.nmprofiles import READS, WIRELESS, Profile, profiles, ssid
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

OPEN, OWE, WEP, WPA, WPA2, WPA3 = WirelessSecurity
NOW: Final = Run(("nmcli", "-t", "-f", "ACTIVE,SECURITY,SSID", "device", "wifi", "list", "--rescan", "no"))
IW: Final = Run(("iw", "dev"))
CLASS: Final = "/sys/class/net"
SUPPLICANT, IWD, HOSTAPD = "/etc/wpa_supplicant", "/var/lib/iwd", "/etc/hostapd"
INTERFACES: Final = "/etc/network/interfaces"
MOST: Final = 500
_OPENS: Final = re.compile(r"network[ \t]*=[ \t]*\{")
_STRENGTH: Final = (OPEN, WEP, WPA, OWE, WPA2, WPA3)


@collector(
    Platform.LINUX,
    *READS,
    Names(CLASS),
    Names(f"{CLASS}/*/phy80211"),
    Names(SUPPLICANT),
    Files(f"{SUPPLICANT}/*.conf", root=True),
    Names(IWD, root=True),
    Files(f"{IWD}/*.psk", root=True),
    Files(f"{IWD}/*.open", root=True),
    Files(f"{IWD}/*.8021x", root=True),
    Names(HOSTAPD),
    Files(f"{HOSTAPD}/*.conf", root=True),
    Files(INTERFACES, root=True),
    Names(f"{INTERFACES}.d"),
    Files(f"{INTERFACES}.d/*", root=True),
    *PROCESSES,
    *UNITS,
    NOW,
    IW,
)
def wireless_networks(read: Reader) -> WirelessNetworks:
    """See which wireless networks the machine has settings for, and what it uses now."""
    radios = seen(lambda: adapters(read)) if read.live else None
    networks = seen(lambda: _networks(read))
    if not isinstance(networks, Unobserved):
        networks = _with_use(read, networks, radios)
        for network in networks:
            read.keep(network.source, f"{network.name}: {network.accepts}")
    return WirelessNetworks(radios, networks)


def adapters(read: Reader) -> tuple[str, ...]:
    """Name the wireless adapters of a running machine. Raises ``CannotObserve``."""
    return tuple(shown(name) for name in read.names(CLASS) or () if read.state(f"{CLASS}/{name}/phy80211") is not None)


def _networks(read: Reader) -> tuple[WirelessNetwork, ...]:
    found, unread = profiles(read)
    networks = [_of_profile(profile) for profile in found if profile.kind == WIRELESS]
    # A profile that could not be read may be of any kind; without it nothing can be said of all networks.
    networks += [_unread(why) for why in unread]
    networks += other_networks(read)
    networks += _hostapd(read)
    for path in (INTERFACES, *_files(read, f"{INTERFACES}.d", "")):
        networks += _ifupdown(path, seen(partial(read.file, path)))
    if len(networks) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} wireless networks")
    return tuple(networks)


def other_networks(read: Reader) -> list[WirelessNetwork]:
    """Give the networks of wpa_supplicant and iwd. Raises ``CannotObserve``."""
    found = []
    for path in _files(read, SUPPLICANT, ".conf"):
        found += _supplicant(path, seen(partial(read.file, path)))
    return found + _iwd(read)


def _unread(why: Unobserved, source: str = "NetworkManager") -> WirelessNetwork:
    return WirelessNetwork(UNREAD, "", why, why, None, why, why, why, source)


def _files(read: Reader, directory: str, suffix: str) -> tuple[str, ...]:
    return tuple(f"{directory}/{name}" for name in read.names(directory) or () if name.endswith(suffix) and not name.startswith("."))


def _of_profile(profile: Profile) -> WirelessNetwork:
    mode = {"ap": WirelessMode.ACCESS_POINT, "adhoc": WirelessMode.AD_HOC, "mesh": WirelessMode.AD_HOC}
    management = (profile.text("wifi-security", "key-mgmt") or "").lower()
    enterprise = management in {"wpa-eap", "wpa-eap-suite-b-192", "ieee8021x"}
    return WirelessNetwork(
        name=ssid(profile.text("wifi", "ssid") or ""),
        account=profile.account,
        mode=mode.get((profile.text("wifi", "mode") or "").lower(), WirelessMode.CLIENT),
        accepts=_accepted(profile, management),
        uses=None,
        enterprise=enterprise,
        verifies_server=_verifies(profile) if enterprise else None,
        joins=profile.joins,
        source=profile.path,
    )


def _accepted(profile: Profile, management: str) -> tuple[WirelessSecurity, ...] | Unobserved:
    """Give what a profile of NetworkManager takes; nm-settings-nmcli(5): without ``proto`` both WPA and WPA2."""
    protocols = _words(profile.text("wifi-security", "proto"))
    ciphers = _words(profile.text("wifi-security", "pairwise"))
    match management:
        case "":
            return (OPEN,) if not profile.has("wifi-security") else (WEP,)
        case "none" | "ieee8021x":  # static and dynamic WEP
            return (WEP,)
        case "owe":
            return (OWE,)
        case "sae" | "wpa-eap-suite-b-192":
            return (WPA3,)
        case "wpa-psk" | "wpa-eap":
            old = (not protocols or "wpa" in protocols) and (not ciphers or "tkip" in ciphers)
            return (WPA, WPA2, WPA3) if old else (WPA2, WPA3)
        case other:
            return Unobserved(Reason.UNSUPPORTED, f"{profile.path}: key-mgmt={shown(other)}")


def _words(text: str | None) -> set[str]:
    return {word for word in re.split(r"[;,\s]+", (text or "").lower()) if word}


def _verifies(profile: Profile) -> bool | Unobserved:
    """Tell whether the server is verified: an authority is named, or the system's own with the name of the server."""
    methods = _words(profile.text("802-1x", "eap"))
    if methods - {"tls", "peap", "ttls"}:
        return Unobserved(Reason.UNSUPPORTED, f"{profile.path}: eap={';'.join(sorted(methods))}")
    if profile.text("802-1x", "ca-cert") or profile.text("802-1x", "ca-path"):
        return True
    system = (profile.text("802-1x", "system-ca-certs") or "").lower() in {"true", "yes", "1"}
    names = ("domain-suffix-match", "domain-match", "subject-match", "altsubject-matches")
    return system and any(profile.text("802-1x", key) for key in names)


def _supplicant(path: str, data: bytes | Unobserved | None) -> list[WirelessNetwork]:
    """Read the networks of wpa_supplicant.conf(5). Their keys are passed over."""
    if data is None or isinstance(data, Unobserved):
        return [] if data is None else [_unread(data, shown(path))]
    found = []
    for values in _blocks(data.decode("utf-8", "replace"))[: MOST + 1]:
        management = set(values.get("key_mgmt", "WPA-PSK WPA-EAP").upper().split())
        enterprise = any("EAP" in word or "8021X" in word for word in management) and "eap" in values
        modes = {"1": WirelessMode.AD_HOC, "2": WirelessMode.ACCESS_POINT, "5": WirelessMode.AD_HOC}
        found.append(
            WirelessNetwork(
                name=_quoted(values.get("ssid", "")),
                account="",
                mode=modes.get(values.get("mode", "0"), WirelessMode.CLIENT),
                accepts=_of_supplicant(values, management),
                uses=None,
                enterprise=enterprise,
                verifies_server=bool(values.get("ca_cert") or values.get("ca_path")) if enterprise else None,
                joins=values.get("disabled", "0") != "1",
                source=shown(path),
            )
        )
    return found


def _blocks(text: str) -> list[dict[str, str]]:
    """Give the words of each ``network={ … }``; a block that does not end is none."""
    found: list[dict[str, str]] = []
    inside: dict[str, str] | None = None
    for line in map(str.strip, text.split("\n")):
        if inside is None:
            inside = {} if _OPENS.fullmatch(line) else None
        elif line == "}":
            found.append(inside)
            inside = None
        elif not line.startswith("#"):
            key, equals, value = line.partition("=")
            if equals:
                inside[key.strip()] = value.strip()
    return found


def _quoted(text: str) -> str:
    """Give a name that is written in quotes, as ``P"…"`` with escapes, or as hexadecimal digits."""
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return shown(text[1:-1])
    if re.fullmatch(r"([0-9A-Fa-f]{2})+", text):
        return shown(bytes.fromhex(text).decode("utf-8", "surrogateescape"))
    return shown(text.removeprefix("P").strip('"'))


def _of_supplicant(values: dict[str, str], management: set[str]) -> tuple[WirelessSecurity, ...]:
    if "NONE" in management:
        return (WEP,) if any(key.startswith("wep_key") for key in values) else (OPEN,)
    if management <= {"IEEE8021X"}:
        return (WEP,)
    if management <= {"OWE"}:
        return (OWE,)
    if management <= {"SAE", "FT-SAE", "WPA-EAP-SUITE-B-192", "WPA-EAP-SUITE-B"}:
        return (WPA3,)
    protocols = set(values.get("proto", "WPA RSN").upper().split())
    ciphers = set(values.get("pairwise", "CCMP TKIP").upper().split())
    old = "WPA" in protocols and "TKIP" in ciphers
    return (WPA, WPA2, WPA3) if old else (WPA2, WPA3)


def _iwd(read: Reader) -> list[WirelessNetwork]:
    """Read iwd's known networks; iwd.network(5). The name of a file is that of its network, or ``=`` and hexadecimal digits."""
    names = seen(lambda: read.names(IWD))
    if names is None or isinstance(names, Unobserved):
        return [] if names is None else [_unread(names, IWD)]
    kinds = {"psk": (WPA, WPA2, WPA3), "open": (OPEN,), "8021x": (WPA, WPA2, WPA3)}
    found = []
    for file in names:
        stem, _, kind = file.rpartition(".")
        if kind not in kinds or not stem:
            continue
        path = f"{IWD}/{file}"
        data = seen(partial(read.file, path))
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
        why = data if isinstance(data, Unobserved) else None
        joins = not re.search(r"(?im)^[ \t]*AutoConnect[ \t]*=[ \t]*(false|0)[ \t]*$", text)
        proof = bool(re.search(r"(?m)^[ \t]*EAP-[A-Za-z0-9-]{0,40}CACert[ \t]*=[ \t]*\S", text))
        name = _quoted(stem[1:]) if stem.startswith("=") else shown(stem)
        verifies = (why or proof) if kind == "8021x" else None
        found.append(
            WirelessNetwork(name, "", WirelessMode.CLIENT, kinds[kind], None, kind == "8021x", verifies, why or joins, shown(path))
        )
    return found


def _hostapd(read: Reader) -> list[WirelessNetwork]:
    """Give the access points that hostapd(8) opens, where it starts or runs; each file may have a service of its own, ``hostapd@NAME``."""
    files = _files(read, HOSTAPD, ".conf")
    running = runs(processes(read), "hostapd") if files else None
    found = []
    for path in files:
        starts = seen(partial(_starts_hostapd, read, path)) or running or False
        if starts is False:
            continue
        data = seen(partial(read.file, path))
        if isinstance(data, Unobserved):
            found.append(_unread(data, shown(path)))
        elif data:
            found += _access_points(data.decode("utf-8", "replace"), starts, shown(path))
    return found


def _access_points(text: str, starts: bool | Unobserved, source: str) -> Iterator[WirelessNetwork]:
    """Read hostapd.conf: each line ``bss`` begins a further network with settings of its own."""
    for part in re.split(r"(?m)^[ \t]*bss[ \t]*=.*$", text):
        lines = (line.partition("=") for line in part.split("\n"))
        values = {key.strip(): value.strip() for key, equals, value in lines if equals}
        name = values.get("ssid") or values.get("ssid2", "").strip('"')
        bits = int(values["wpa"]) if re.fullmatch(r"\d", values.get("wpa", "")) else 0
        accepts = tuple(kind for bit, kind in ((1, WPA), (2, WPA2)) if bits & bit) or (OPEN,)
        if name:
            yield WirelessNetwork(shown(name), "", WirelessMode.ACCESS_POINT, accepts, None, False, None, starts, source)


def _starts_hostapd(read: Reader, path: str) -> bool:
    own = path.rpartition("/")[2].removesuffix(".conf")
    return any(enabled(read, unit) for unit in ("hostapd.service", f"hostapd@{own}.service"))


def _ifupdown(path: str, data: bytes | Unobserved | None) -> list[WirelessNetwork]:
    """Give the networks that ifupdown's hooks for wpa_supplicant and wireless-tools name."""
    if data is None or isinstance(data, Unobserved):
        return [] if data is None else [_unread(data, shown(path))]
    text = data.decode("utf-8", "replace")
    found = []
    started = {name for names in re.findall(r"(?m)^[ \t]*(?:auto|allow-\w+)[ \t](.*)$", text) for name in names.split()}
    stanzas = re.split(r"(?m)^[ \t]*(?=iface[ \t])", text)[1:]
    if len(stanzas) > MOST:
        found.append(_unread(Unobserved(Reason.TOO_LARGE, f"{shown(path)}: more than {MOST} interfaces"), shown(path)))
    for stanza in stanzas[:MOST]:
        starts = any(interface in started for interface in stanza.split(None, 2)[1:2])
        found += _of_stanza(stanza, starts, shown(path))
    return found


def _of_stanza(stanza: str, starts: bool, source: str) -> Iterator[WirelessNetwork]:
    words = {m[1]: m[2].strip().strip('"') for m in re.finditer(r"(?m)^[ \t]*((?:wpa|wireless)-[a-z0-9-]+)[ \t](.+)$", stanza)}
    for elsewhere in (words[key] for key in ("wpa-conf", "wpa-roam") if key in words):
        if not re.fullmatch(rf"{SUPPLICANT}/[^/.][^/]*\.conf", elsewhere) and elsewhere not in {"managed", "manual"}:
            yield _unread(Unobserved(Reason.UNSUPPORTED, f"{source}: {shown(elsewhere)} is not read"), source)
    name = words.get("wpa-ssid") or words.get("wireless-essid")
    if not name:
        return
    keys = {key.removeprefix("wpa-").replace("-", "_"): value for key, value in words.items() if key.startswith("wpa-")}
    if "wpa-ssid" in words:
        default = "WPA-PSK" if "psk" in keys else "NONE"
        accepts = _of_supplicant(keys, set(keys.get("key_mgmt", default).upper().split()))
    else:
        accepts = (WEP,) if "wireless-key" in words or "wireless-key1" in words else (OPEN,)
    enterprise = "EAP" in keys.get("key_mgmt", "").upper()
    verifies = bool(keys.get("ca_cert")) if enterprise else None
    yield WirelessNetwork(shown(name), "", WirelessMode.CLIENT, accepts, None, enterprise, verifies, starts, source)


def _with_use(
    read: Reader, networks: tuple[WirelessNetwork, ...], radios: tuple[str, ...] | Unobserved | None
) -> tuple[WirelessNetwork, ...]:
    """Add what is used now to the networks that are joined. A joined network without settings of its own is added."""
    if radios is None or radios == ():
        return networks
    now = seen(lambda: _now(read))
    if isinstance(now, Unobserved):
        return tuple(network if _is_offered(network) else replace(network, uses=now) for network in networks)
    known = tuple(
        replace(network, uses=_strongest(now[network.name], network.accepts))
        if network.name in now and not _is_offered(network)
        else network
        for network in networks
    )
    named = {network.name for network in networks}
    source = " ".join(NOW.argv)
    others = (_found(name, offered, source) for name, offered in now.items() if name not in named)
    return (*known, *others)


def _is_offered(network: WirelessNetwork) -> bool:
    return network.mode is WirelessMode.ACCESS_POINT


def _found(name: str, offered: tuple[WirelessSecurity, ...] | Unobserved, source: str) -> WirelessNetwork:
    uses = _strongest(offered, offered)
    return WirelessNetwork(name, "", WirelessMode.CLIENT, offered, uses, _unknown_kind(), None, False, source)


def _unknown_kind() -> Unobserved:
    return Unobserved(Reason.UNSUPPORTED, "joined now, and no settings of it were found")


def _strongest(
    offered: tuple[WirelessSecurity, ...] | Unobserved, accepted: tuple[WirelessSecurity, ...] | Unobserved
) -> WirelessSecurity | Unobserved:
    """Tell which protection is in use: clients take the best that both sides have."""
    if isinstance(offered, Unobserved):
        return offered
    shared = set(offered) if isinstance(accepted, Unobserved) else set(offered) & set(accepted)
    return max(shared or set(offered), key=_STRENGTH.index)


def _now(read: Reader) -> dict[str, tuple[WirelessSecurity, ...] | Unobserved]:
    """Give the networks that are joined now with what their access points offer. Raises ``CannotObserve``."""
    answer = read.command(NOW.argv)
    if answer is not None and answer.status == 0:
        return dict(_lines(answer.stdout))
    joined = read.command(IW.argv)
    if joined is None:
        raise CannotObserve(Reason.UNSUPPORTED, "neither nmcli nor iw tells which wireless network is joined")
    if joined.status != 0:
        raise CannotObserve(Reason.UNSUPPORTED, f"iw dev ended with {joined.status}")
    why = Unobserved(Reason.UNSUPPORTED, "iw does not tell the protection that is in use")
    return {shown(name.strip()): why for name in re.findall(r"(?m)^[ \t]*ssid (.+)$", joined.stdout.decode("utf-8", "replace"))}


def _lines(output: bytes) -> Iterable[tuple[str, tuple[WirelessSecurity, ...] | Unobserved]]:
    for line in output.decode("utf-8", "replace").split("\n"):
        fields = [part.replace("\\:", ":").replace("\\\\", "\\") for part in re.split(r"(?<!\\):", line)]
        if len(fields) == 3 and fields[0] == "yes":
            yield shown(fields[2]), _offered(fields[1])


def _offered(text: str) -> tuple[WirelessSecurity, ...] | Unobserved:
    """Read nmcli's column SECURITY: ``WPA1 WPA2 802.1X``, ``WPA3``, ``OWE``, ``WEP``; empty or ``--`` is an open network."""
    words = set(text.split()) - {"802.1X", "--"}
    known = {"WPA1": WPA, "WPA2": WPA2, "WPA3": WPA3, "OWE": OWE, "WEP": WEP, "OWE-TM": OWE}
    if words - known.keys():
        return Unobserved(Reason.UNSUPPORTED, f"nmcli: SECURITY {shown(text)}")
    return tuple(sorted({known[word] for word in words}, key=_STRENGTH.index)) or (OPEN,)
