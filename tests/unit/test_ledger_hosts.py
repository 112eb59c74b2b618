"""What the ledger declares of a host as the network sees it, and which of its ports are to be looked at."""

from __future__ import annotations

import pytest

from scanner.facts.ledger import DeclaredBackup, DeclaredHost, DeclaredMachine, DeclaredPort
from scanner.ledger.declared import declarations
from scanner.ledger.inventory import Inventory
from scanner.ledger.inventory_file import parse_inventory
from scanner.ledger.yamlfile import BadLedger
from scanner.model.target import Host, Kind

LISTED = """
zones:
  - {name: internet, outside: true}
  - {name: office, outside: false}
hosts:
  - {name: www.example.lg.jp, addresses: [192.0.2.1, "2001:db8::1"]}
  - alone.example.lg.jp
services:
  - www.example.lg.jp:443/https
  - {at: "192.0.2.1:123/ntp"}
  - {at: "www.example.lg.jp=192.0.2.1:53/dns"}
  - {at: "www.example.lg.jp:22/ssh", zones: [office]}
  - other.example.lg.jp:25/smtp
"""
SCOPE = "domains: [a.jp]\nscope:\n  approved_by: 部長\n  allow: [{domain: a.jp}]\n"


def declared(name: str, zone: str = "internet", content: str = LISTED) -> DeclaredHost:
    fact = declarations(parse_inventory("f", content), zone)(Host(name))[DeclaredHost]
    assert isinstance(fact, DeclaredHost)
    return fact


def test_a_host_has_the_services_listed_by_its_name_or_by_one_of_its_addresses() -> None:
    host = declared("www.example.lg.jp")
    assert host.addresses == ("192.0.2.1", "2001:db8::1")
    assert host.services is not None
    assert set(host.services) == {
        DeclaredPort(443, "https", tcp=True, udp=False),
        DeclaredPort(123, "ntp", tcp=False, udp=True, address="192.0.2.1"),
        DeclaredPort(53, "dns", tcp=True, udp=True, address="192.0.2.1"),
        DeclaredPort(22, "ssh", tcp=True, udp=False, here=False),
    }
    assert (host.vantage_outside, host.zone, host.ports) == (True, "internet", None)


def test_a_service_meant_for_a_zone_is_known_as_such_there() -> None:
    services = declared("www.example.lg.jp", "office").services or ()
    assert all(service.here for service in services)
    assert declared("www.example.lg.jp", "office").vantage_outside is False


def test_a_host_of_which_nothing_is_listed_has_no_services_rather_than_an_empty_list() -> None:
    assert declared("alone.example.lg.jp").services is None
    scanned = declarations(Inventory.of_targets([Host("192.0.2.9")]), "internet")(Host("192.0.2.9"))[DeclaredHost]
    assert isinstance(scanned, DeclaredHost)
    assert scanned.services is None


def test_a_host_is_seen_from_the_network_and_from_within() -> None:
    assert Host("192.0.2.1").kinds == (Kind.HOST, Kind.MACHINE)


@pytest.mark.parametrize(
    ("written", "spans"),
    [
        ("listed", None),
        ("all", ((1, 65535),)),
        ("[22, 8000-8100, 443]", ((22, 22), (443, 443), (8000, 8100))),
    ],
)
def test_the_scope_says_which_ports_are_looked_at(written: str, spans: object) -> None:
    assert parse_inventory("f", f"{SCOPE}  ports: {written}\n").permissions.ports == spans


@pytest.mark.parametrize(
    ("written", "key", "nearest"),
    [
        ("lsited", "scope.ports", "listed"),
        ("[0]", "scope.ports[0]", None),
        ("[22, 70000]", "scope.ports[1]", None),
        ("[100-20]", "scope.ports[0]", None),
        ("[22, 22]", "scope.ports[1]", None),
        ("[]", "scope.ports", None),
        ("[ssh]", "scope.ports[0]", None),
    ],
)
def test_wrong_ports_are_refused_with_their_place(written: str, key: str, nearest: str | None) -> None:
    with pytest.raises(BadLedger) as caught:
        parse_inventory("f", f"{SCOPE}  ports: {written}\n")
    assert (5, key, nearest) in [(p.line, p.key_path, p.nearest) for p in caught.value.problems]


def test_result_files_of_backups_are_declared_of_their_machine() -> None:
    content = """
hosts:
  - name: db.example.lg.jp
    backups:
      - {result: /var/log/backup/日次 last, says: 'rc=0'}
      - {result: /srv/weekly, says: OK, hours: 200}
  - other.example.lg.jp
"""
    declare = declarations(parse_inventory("f", content), "internet")
    machine = declare(Host("db.example.lg.jp"))[DeclaredMachine]
    assert machine == DeclaredMachine(None, (DeclaredBackup("/var/log/backup/日次 last", "rc=0"), DeclaredBackup("/srv/weekly", "OK", 200)))
    assert declare(Host("other.example.lg.jp"))[DeclaredMachine] == DeclaredMachine(None)


@pytest.mark.parametrize(
    ("backup", "key"),
    [
        ("{result: srv/last, says: OK}", "result"),
        ("{result: /srv/*, says: OK}", "result"),
        ("{result: /srv/../etc/shadow, says: OK}", "result"),
        ("{result: /srv/last/, says: OK}", "result"),
        ('{result: "/srv/a\\nb", says: OK}', "result"),
        ('{result: "/srv/$(id)", says: OK}', "result"),
        ("{result: /srv/last, says: ' '}", "says"),
        ('{result: /srv/last, says: "O\\tK"}', "says"),
        ("{result: /srv/last}", "says"),
        ("{says: OK}", "result"),
        ("{result: /srv/last, says: OK, hours: 0}", "hours"),
        ("{result: /srv/last, says: OK, days: 1}", "days"),
    ],
)
def test_a_result_file_is_one_plain_path_with_words_to_wait_for(backup: str, key: str) -> None:
    with pytest.raises(BadLedger) as told:
        parse_inventory("f", f"hosts:\n  - name: db.example.lg.jp\n    backups: [{backup}]\n")
    assert f"hosts[0].backups[0].{key}" in str(told.value) or f"'{key}'" in str(told.value)
