"""Reads the inventory from YAML: what is listed and declared, systems, zones and scope. Every mistake is noted with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from scanner.facts.dns_server import DnsTestNames
from scanner.facts.ledger import DeclaredBackup
from scanner.facts.smtp import SmtpTestNames
from scanner.ledger.entries import DomainEntry, EndpointEntry, HostEntry, InventoryEntry, ServiceEntry
from scanner.ledger.grading import STANDARD, SYSTEM_CLASSES, Scale, read_grade
from scanner.ledger.inventory import DEFAULT_ZONE, Inventory, System, Zone
from scanner.ledger.logins import read_config, read_login, read_logins
from scanner.ledger.rows import Entries
from scanner.ledger.scope import listed_targets, read_scope, read_zones
from scanner.ledger.words import (
    A_DOMAIN,
    A_HOST,
    A_NETWORK,
    A_SERVICE,
    A_TARGET,
    AN_IDENTIFIER,
    LONGEST,
    domain,
    host,
    identifier,
    name_in,
    network,
    network_around,
    service,
    target,
)
from scanner.ledger.yamlfile import finish, open_file, open_text
from scanner.model.login import Login
from scanner.model.problem import say
from scanner.model.target import Domain, Endpoint, Host, Service, Target
from scanner.model.text import Text
from scanner.model.yamlfields import Fields, Item

A_SELECTOR = Text(
    ja="DKIM のセレクタ（._domainkey を付けない。英数字・ハイフン・アンダースコアを点でつなぐ）",
    en="a DKIM selector (without ._domainkey: letters, digits, hyphens and underscores, joined by dots)",
)
A_ZONE = Text(ja="ゾーンの名前（英小文字・数字・ハイフン）", en="a zone name of small letters, digits and hyphens")

A_LOCAL_PART = Text(
    ja="メールアドレスの @ より前（英数字・点・ハイフン・アンダースコア・プラス）",
    en="the part of a mail address before the @ (letters, digits, dot, hyphen, underscore, plus)",
)
A_PROFILE = Text(ja="プロフィールの URL（https:// で始まり、パスがあるもの）", en="the URL of a profile, with https:// and a path")
A_MAILBOX = Text(ja="メールアドレス（例 canary@relay.example.lg.jp）", en="a mail address such as canary@relay.example.lg.jp")

A_RESULT_FILE = Text(
    ja="ファイルの絶対パス（例 /var/lib/backup/last。* ? [ 等の特殊文字と .. を含まない）",
    en="the absolute path of a file such as /var/lib/backup/last, without wildcards and ..",
)
AWAITED_WORDS = Text(ja="成功したときにファイルの最後の行に含まれる語", en="words that the file's last line holds after a success")

MOST_ZONES = 100
MOST_BACKUPS = 20
"""Result files of one machine."""
MOST_HOURS = 100_000

_SELECTOR = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?){0,8}\Z")
_PROFILE = re.compile(r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)+/[!-~]+\Z", re.I)
_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*\Z")
_RESULT_FILE = re.compile(r"/[^\x00-\x1f\x7f*?\[\]\\'\"$`]*[^\x00-\x1f\x7f*?\[\]\\'\"$`/]\Z")
_ZONE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\Z")

E = TypeVar("E", bound=InventoryEntry)
T = TypeVar("T", bound=Target)


def load_inventory(path: str | Path, scale: Scale = STANDARD) -> Inventory:
    """Read an inventory. ``scale`` is the profile's, for systems' grades. Raises ``BadLedger`` with all that is wrong."""
    return _inventory(open_file(path), scale)


def parse_inventory(file: str, content: bytes | str, scale: Scale = STANDARD) -> Inventory:
    """Do the same for content that is already in memory; ``file`` is the name that problems carry."""
    return _inventory(open_text(file, content), scale)


def _inventory(top: Fields, scale: Scale) -> Inventory:
    organisation = top.text("organisation", "")
    zones = _zones(top)
    listed: dict[str, InventoryEntry] = {}
    _list(top, _DOMAINS, zones, listed)
    _list(top, _hosts(read_logins(top)), zones, listed)
    _list(top, _SERVICES, zones, listed)
    _list(top, _ENDPOINTS, zones, listed)
    systems: dict[str, System] = {}
    for row in top.tables("systems"):
        system = _system(row, scale, zones, listed)
        if system.id and system.id in systems:
            row.note(
                say("「{id}」は {line} 行目にもある", "'{id}' is in line {line} too", id=system.id, line=systems[system.id].line), key="id"
            )
        systems.setdefault(system.id, system)
    member_of: dict[str, list[str]] = {}
    for system in systems.values():
        for key in system.targets:
            member_of.setdefault(key, []).append(system.id)
    scope = top.table("scope")
    if scope is not None:
        permissions = read_scope(scope, zones)
    else:
        permissions = listed_targets((e.target, e.addresses if isinstance(e, HostEntry) else ()) for e in listed.values())
    dns_tests = _dns_tests(top.table("dns_tests"))
    smtp_tests = _smtp_tests(top.table("smtp_tests"))
    if not listed:
        top.note(
            say(
                "対象が一つもない。domains・hosts・services・endpoints のどれかに書く",
                "no target is listed; write some under domains, hosts, services or endpoints",
            )
        )
    finish(top)
    return Inventory(
        organisation,
        MappingProxyType(zones),
        Entries(listed.values()),
        MappingProxyType(systems),
        MappingProxyType({key: tuple(ids) for key, ids in member_of.items()}),
        permissions,
        top.problems.file,
        dns_tests,
        smtp_tests,
    )


def _dns_tests(table: Fields | None) -> DnsTestNames | None:
    """Read the names to try DNS servers with; what is left out stays as shipped."""
    if table is None:
        return None
    shipped = DnsTestNames()
    names = DnsTestNames(
        outside=table.parsed("outside", domain, A_DOMAIN, shipped.outside),
        signed=table.parsed("signed", domain, A_DOMAIN, shipped.signed),
        broken=table.parsed("broken", domain, A_DOMAIN, shipped.broken),
        probe_zone=table.parsed("probe_zone", domain, A_DOMAIN, shipped.probe_zone),
        listen=table.several("listen", _address, _AN_ADDRESS),
    )
    if bool(names.probe_zone) != bool(names.listen):
        table.note(say("probe_zone と listen は両方書く", "probe_zone and listen go together"))
    table.done()
    return names


def _smtp_tests(table: Fields | None) -> SmtpTestNames | None:
    """Read the names to try mail servers with; what is left out stays as shipped."""
    if table is None:
        return None
    shipped = SmtpTestNames()
    names = SmtpTestNames(
        victim=table.parsed("victim", domain, A_DOMAIN, shipped.victim),
        mailbox=table.parsed("mailbox", _local_part, A_LOCAL_PART, shipped.mailbox),
        canary=table.parsed("canary", _mailbox, A_MAILBOX, shipped.canary),
        listen=table.several("listen", _address, _AN_ADDRESS),
    )
    if bool(names.canary) != bool(names.listen):
        table.note(say("canary と listen は両方書く", "canary and listen go together"))
    table.done()
    return names


def _local_part(text: str) -> str:
    if not _LOCAL_PART.match(text):
        raise ValueError(text)
    return text


def _mailbox(text: str) -> str:
    local, at, name = text.rpartition("@")
    if not at:
        raise ValueError(text)
    return f"{_local_part(local)}@{domain(name)}"


def _zones(top: Fields) -> dict[str, Zone]:
    zones: dict[str, Zone] = {}
    for row in top.tables("zones"):
        name = row.parsed("name", _zone_name, A_ZONE, "", required=True)
        zone = Zone(name, row.flag("outside"), row.several("networks", network, A_NETWORK, network_around))
        row.done()
        if name and name in zones:
            row.note(say("「{name}」が二度ある", "'{name}' is there twice", name=name), key="name")
        zones.setdefault(name, zone)
    if len(zones) > MOST_ZONES:
        top.note(
            say("ゾーンが多すぎる（上限は {limit}）", "there are too many zones (the limit is {limit})", limit=MOST_ZONES), key="zones"
        )
    return zones or {DEFAULT_ZONE.name: DEFAULT_ZONE}


def _zone_name(text: str) -> str:
    if not _ZONE.match(text):
        raise ValueError(text)
    return text


def _domain(text: str) -> Domain:
    return Domain(domain(text))


def _host(text: str) -> Host:
    return Host(host(text))


@dataclass(frozen=True, slots=True)
class _Section(Generic[T, E]):
    """A section of the file: under which key an entry has its name, how that is parsed, and how the rest is read."""

    title: str
    key: str
    parse: Callable[[str], T]
    wanted: Text
    plain: Callable[[T], E]
    read: Callable[[Fields, T, Mapping[str, Zone]], E]


def _list(top: Fields, section: _Section[T, E], zones: Mapping[str, Zone], listed: dict[str, InventoryEntry]) -> None:
    """Read one section; an entry is its name alone, or a mapping with the name under the section's key."""
    for item in top.items(section.title):
        row = None
        if item.is_table or item.is_list:
            row = item.table()  # of a list it notes what is wanted instead
            name = row.parsed(section.key, section.parse, section.wanted, None, name_in, required=True) if row else None
        else:
            name = item.parsed(section.parse, section.wanted, name_in)
        if name is None:
            continue
        entry = replace(section.read(row, name, zones) if row else section.plain(name), line=item.place.line)
        before = listed.setdefault(name.key, entry)
        if before is not entry:
            item.note(say("「{key}」は {line} 行目にもある", "'{key}' is in line {line} too", key=name.key, line=before.line))


def _domain_entry(row: Fields, name: Domain, zones: Mapping[str, Zone]) -> DomainEntry:
    entry = DomainEntry(
        target=name,
        sends_mail=row.flag("sends_mail", None),
        receives_mail=row.flag("receives_mail", None),
        dkim_selectors=row.several("dkim_selectors", _selector, A_SELECTOR, _bare_selector),
        outbound_addresses=row.several("outbound_addresses", network, A_NETWORK, network_around),
        internal_names=row.several("internal_names", domain, A_DOMAIN, name_in),
        public_site=row.flag("public_site", None),
        domain_exception=row.text("domain_exception", ""),
        zones=read_zones(row, zones),
    )
    if entry.sends_mail is False:
        for key, given in (("dkim_selectors", entry.dkim_selectors), ("outbound_addresses", entry.outbound_addresses)):
            if given:
                row.note(
                    say("sends_mail が false なのに {key} がある", "sends_mail is false, and yet there is {key}", key=key),
                    key=key,
                )
    if entry.public_site and name.name in entry.internal_names:
        row.note(
            say("public_site が true なのに内部の名前でもある", "public_site is true, and yet the name is an internal one"),
            key="internal_names",
        )
    row.done()
    return entry


def _selector(text: str) -> str:
    selector = text.lower().rstrip(".")
    if not _SELECTOR.match(selector) or "_domainkey" in selector.split("."):
        raise ValueError(text)
    return selector


def _bare_selector(text: str) -> str | None:
    selector, found, _ = text.lower().partition("._domainkey")
    return selector if found and _SELECTOR.match(selector) else None


def _hosts(logins: Mapping[str, Login]) -> _Section[Host, HostEntry]:
    def read(row: Fields, name: Host, zones: Mapping[str, Zone]) -> HostEntry:
        entry = HostEntry(
            name,
            row.several("addresses", _address, _AN_ADDRESS),
            read_zones(row, zones),
            login=read_login(row, logins),
            config=read_config(row),
            backups=_backups(row),
        )
        if entry.login and entry.config:
            row.note(say("login と config は一方だけ書く", "write either login or config, not both"), key="config")
        row.done()
        return entry

    return _Section("hosts", "name", _host, A_HOST, HostEntry, read)


def _backups(row: Fields) -> tuple[DeclaredBackup, ...]:
    """Read a host's ``backups``: files on it, in which jobs write how the last backup ended."""
    found: dict[str, DeclaredBackup] = {}
    for one in row.tables("backups"):
        backup = DeclaredBackup(
            path=one.parsed("result", _result_file, A_RESULT_FILE, "", required=True),
            says=one.parsed("says", _awaited, AWAITED_WORDS, "", required=True),
            hours=one.whole("hours", None, least=1, most=MOST_HOURS),
        )
        one.done()
        if backup.path in found:
            one.note(say("「{path}」が二度ある", "'{path}' is there twice", path=backup.path), key="result")
        found.setdefault(backup.path, backup)
    if len(found) > MOST_BACKUPS:
        row.note(say("多すぎる（上限は {limit}）", "there are too many (the limit is {limit})", limit=MOST_BACKUPS), key="backups")
    return tuple(found.values())


def _result_file(text: str) -> str:
    if len(text) > LONGEST or not _RESULT_FILE.match(text) or "//" in text or {".", ".."} & set(text.split("/")):
        raise ValueError(text)
    return text


def _awaited(text: str) -> str:
    if not text.strip() or len(text) > LONGEST or not text.isprintable():
        raise ValueError(text)
    return text


_AN_ADDRESS = Text(ja="IP アドレス", en="an IP address")


def _address(text: str) -> str:
    found = network(text)
    if "/" in found:
        raise ValueError(text)
    return found


_ONLY = {
    "authoritative_for": ("dns",),
    "resolver_for": ("dns",),
    "mail_for": ("smtp", "smtps", "submission", "submissions"),
    "relays_for": ("smtp", "smtps", "submission", "submissions"),
    "social_profiles": ("http", "https"),
}
"""Key of a service's entry → the protocols of which it can be said."""


def _service_entry(row: Fields, name: Service, zones: Mapping[str, Zone]) -> ServiceEntry:
    entry = ServiceEntry(
        name,
        authoritative_for=row.several("authoritative_for", domain, A_DOMAIN, name_in) if "authoritative_for" in row else None,
        resolver_for=_clients(row, "resolver_for", zones) if "resolver_for" in row else None,
        mail_for=row.several("mail_for", domain, A_DOMAIN, name_in) if "mail_for" in row else None,
        relays_for=_clients(row, "relays_for", zones) if "relays_for" in row else None,
        social_profiles=row.several("social_profiles", _profile, A_PROFILE) if "social_profiles" in row else None,
        zones=read_zones(row, zones),
    )
    for key, protocols in _ONLY.items():
        given = row.item(key)
        if given is not None and given.is_empty:  # a bare "resolver_for:" must not pass for "resolves for nobody"
            given.note(say("値が空である。何もないなら [] と書く", "the value is empty; write [] if there is none"))
        if given is not None and name.protocol not in protocols:
            kinds = ", ".join(protocols)
            row.note(
                say("{key} は {kinds} のサービスにだけ書ける", "{key} can be written for {kinds} services only", key=key, kinds=kinds),
                key=key,
            )
    if entry.relays_for and any(client in {"0.0.0.0/0", "::/0"} for client in entry.relays_for):
        row.note(
            say("誰にでも中継するサーバは宣言できない", "a server that relays for everybody cannot be declared"),
            key="relays_for",
        )
    row.done()
    return entry


def _profile(text: str) -> str:
    if len(text) > LONGEST or not _PROFILE.match(text):
        raise ValueError(text)
    return text


def _clients(row: Fields, key: str, zones: Mapping[str, Zone]) -> tuple[str, ...]:
    """Read networks and names of zones."""
    found: dict[str, None] = {}
    for item in row.items(key):
        text = item.text()
        if text is None:
            continue
        try:
            client = text if text in zones else network(text)
        except ValueError:
            item.note(
                say(
                    "「{text}」はアドレス範囲でも zones にあるゾーンの名前でもない",
                    "'{text}' is neither a network nor a zone under zones",
                    text=text,
                ),
                network_around(text) or item.problems.nearest(text, zones),
            )
            continue
        if client in found:
            item.note(say("「{text}」が二度ある", "'{text}' is there twice", text=text))
        found[client] = None
    return tuple(found)


def _endpoint_entry(row: Fields, name: Endpoint, zones: Mapping[str, Zone]) -> EndpointEntry:
    entry = EndpointEntry(name, read_zones(row, zones))
    row.done()
    return entry


_DOMAINS = _Section("domains", "name", _domain, A_DOMAIN, DomainEntry, _domain_entry)
_SERVICES = _Section("services", "at", service, A_SERVICE, ServiceEntry, _service_entry)
_ENDPOINTS = _Section("endpoints", "id", Endpoint.parse, AN_IDENTIFIER, EndpointEntry, _endpoint_entry)


def _system(row: Fields, scale: Scale, zones: Mapping[str, Zone], listed: Mapping[str, InventoryEntry]) -> System:
    members: dict[str, None] = {}
    for item in row.items("targets"):
        key = listed_key(item, listed)
        if key is not None and key in members:
            item.note(say("「{key}」が二度ある", "'{key}' is there twice", key=key))
        elif key is not None:
            members[key] = None
    system = System(
        id=row.parsed("id", identifier, AN_IDENTIFIER, "", required=True),
        name=row.text("name"),
        grade=read_grade(row.item("grade"), scale),
        classed=row.choice("class", SYSTEM_CLASSES, None),
        owner=row.text("owner", ""),
        duty=row.text("duty", ""),
        zones=read_zones(row, zones),
        targets=tuple(members),
        line=row.place.line,
    )
    row.done()
    return system


def listed_key(item: Item, listed: Mapping[str, InventoryEntry]) -> str | None:
    """Read a target that the inventory must list, and give its key. A bare name is a domain, or a host where only that is listed."""
    found = item.parsed(target, A_TARGET, name_in)
    if found is None:
        return None
    if found.key not in listed and isinstance(found, Domain) and Host(found.name).key in listed:
        found = Host(found.name)
    if found.key not in listed:
        text = item.text() or ""
        item.unknown(
            say("「{text}」は台帳に載っていない", "'{text}' is not listed in the inventory", text=text),
            found.key if ":" in text else found.key.partition(":")[2],
            listed if ":" in text else (key.partition(":")[2] for key in listed),
        )
        return None
    return found.key
