"""What an inventory says once it is read: names, systems, zones, declared facts, vantage points and the scope."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from scanner.facts.ledger import (
    DeclaredDnsService,
    DeclaredDomain,
    DeclaredMachine,
    DeclaredSmtpService,
    DeclaredTlsService,
    DeclaredWebService,
    Vantage,
)
from scanner.facts.smtp import SmtpTestNames
from scanner.ledger.declared import declarations, declared_dns_service, declared_domain, declared_smtp_service
from scanner.ledger.grading import STANDARD, Axis, Grade, Levels, Scale, SystemClass
from scanner.ledger.inventory import Inventory, targets
from scanner.ledger.inventory_file import parse_inventory
from scanner.ledger.scope import COMMAND_LINE
from scanner.ledger.yamlfile import BadLedger
from scanner.model.target import LOCAL, Domain, Host, Service, parse_target
from scanner.net.pacing import Rate
from scanner.net.scope import Consent, Entry, Level, Match, Window

TOWN = """\
organisation: 架空市
zones:
  - {name: internet, outside: true}
  - {name: office, outside: false, networks: [10.20.0.0/24, "fd20:20::/64"]}
  - {name: annex, outside: false, networks: [10.20.0.128/25]}
  - {name: branch, outside: true, networks: [198.51.100.0/24]}
domains:
  - name: Example.LG.jp.
    sends_mail: true
    receives_mail: false
    dkim_selectors: [2026, S1]
    outbound_addresses: [192.0.2.25, "2001:DB8::/64"]
    internal_names: [Naibu.example.lg.jp]
    public_site: true
    domain_exception: 名前を変えられない
  - 架空市.lg.jp
hosts:
  - {name: db.example.lg.jp, addresses: [10.20.0.80]}
  - 192.0.2.80
services:
  - {at: "ns1.example.lg.jp:53/dns", authoritative_for: [example.lg.jp], resolver_for: []}
  - {at: "192.0.2.54:53/dns", resolver_for: [office]}
  - mx1.example.lg.jp:25/smtp
  - db.example.lg.jp:5432/postgresql
endpoints: [local]
systems:
  - id: mail
    name: 電子メールシステム
    grade: {confidentiality: 機密性2, integrity: 2}
    class: 高
    owner: 総務課
    duty: 課長
    targets: [example.lg.jp]
  - {id: web, name: 公開Webシステム, targets: [example.lg.jp, 架空市.LG.JP]}
  - {id: inner, name: 内部, grade: unknown, zones: [office], targets: [db.example.lg.jp]}
"""


def town() -> Inventory:
    return parse_inventory("town.yaml", TOWN)


def test_names_are_normalised() -> None:
    assert list(town().entries) == [
        "domain:example.lg.jp",
        "domain:xn--7stw9s1vp.lg.jp",
        "endpoint:local",
        "host:192.0.2.80",
        "host:db.example.lg.jp",
        "service:192.0.2.54:53/dns",
        "service:db.example.lg.jp:5432/postgresql",
        "service:mx1.example.lg.jp:25/smtp",
        "service:ns1.example.lg.jp:53/dns",
    ]


def test_a_domain_declares_what_is_written_and_nothing_else() -> None:
    assert declared_domain(town(), Domain("example.lg.jp"), "internet") == DeclaredDomain(
        sends_mail=True,
        receives_mail=False,
        dkim_selectors=("2026", "s1"),
        outbound_addresses=("192.0.2.25", "2001:db8::/64"),
        internal_names=("naibu.example.lg.jp",),
        public_site=True,
        domain_exception="名前を変えられない",
        vantage_outside=True,
    )
    silent = DeclaredDomain(None, None, (), (), (), None, "", True)
    assert declared_domain(town(), Domain.parse("架空市.lg.jp"), "internet") == silent
    assert declared_domain(town(), Domain("www.example.lg.jp"), "internet") == silent


@pytest.mark.parametrize(("zone", "outside"), [("internet", True), ("branch", True), ("office", False), ("elsewhere", None)])
def test_a_domain_is_looked_at_from_outside_where_the_zone_is_marked_so(zone: str, outside: bool | None) -> None:
    assert declared_domain(town(), Domain("example.lg.jp"), zone).vantage_outside is outside


def test_systems_know_their_grade_class_and_members() -> None:
    mail, web, inner = town().systems.values()
    assert (mail.key, mail.name, mail.classed, mail.owner, mail.duty) == (
        "system:mail",
        "電子メールシステム",
        SystemClass.HIGH,
        "総務課",
        "課長",
    )
    assert mail.grade == Grade(confidentiality=2, integrity=2, availability=None)
    assert [STANDARD.needs_protection(mail.grade, axis) for axis in Axis] == [True, True, None]
    assert inner.grade == web.grade == Grade()
    assert web.targets == ("domain:example.lg.jp", "domain:xn--7stw9s1vp.lg.jp")
    assert inner.targets == ("host:db.example.lg.jp",)


@pytest.mark.parametrize(
    ("key", "systems"),
    [
        ("domain:example.lg.jp", ["mail", "web"]),
        ("host:db.example.lg.jp", ["inner"]),
        ("service:db.example.lg.jp:5432/postgresql", ["inner"]),
        ("service:db.example.lg.jp=10.20.0.80:22/ssh", ["inner"]),
        ("service:ns1.example.lg.jp:53/dns", []),
        ("domain:www.example.lg.jp", []),
        ("endpoint:local", []),
    ],
)
def test_a_target_belongs_to_the_systems_that_name_it_or_its_host(key: str, systems: list[str]) -> None:
    assert [system.id for system in town().systems_of(parse_target(key))] == systems


def test_a_service_seen_at_an_address_answers_to_its_entry_by_name_or_by_address() -> None:
    inventory = town()
    by_name = inventory.entry_of(Service("ns1.example.lg.jp", 53, "dns", "192.0.2.53"))
    by_address = inventory.entry_of(Service("cache.example.lg.jp", 53, "dns", "192.0.2.54"))
    assert by_name == inventory.entries["service:ns1.example.lg.jp:53/dns"]
    assert by_address == inventory.entries["service:192.0.2.54:53/dns"]
    assert inventory.entry_of(Service("ns1.example.lg.jp", 853, "dns", "192.0.2.53")) is None


def test_targets_are_looked_at_from_their_own_zones_else_from_their_systems_else_from_all() -> None:
    inventory = parse_inventory(
        "f",
        """\
zones: [{name: internet, outside: true}, {name: office, outside: false}, {name: lgwan, outside: false}]
domains: [a.jp, {name: b.jp, zones: [lgwan]}, c.jp]
systems:
  - {id: x, name: x, zones: [office], targets: [b.jp, c.jp]}
  - {id: y, name: y, zones: [lgwan], targets: [c.jp]}
""",
    )
    seen = {zone: [t.key.removeprefix("domain:") for t in targets(inventory, zone)] for zone in (*inventory.zones, "nowhere")}
    assert seen == {"internet": ["a.jp"], "office": ["a.jp", "c.jp"], "lgwan": ["a.jp", "b.jp", "c.jp"], "nowhere": []}


def dns(resolver_for: str, zone: str) -> Vantage:
    """The vantage of a zone towards a server with these clients."""
    listed = f"services: [{{at: 'r.a.jp:53/dns'{resolver_for}}}]\n{TOWN[TOWN.index('zones:') : TOWN.index('domains:')]}"
    return declared_dns_service(parse_inventory("f", listed), Service("r.a.jp", 53, "dns", "192.0.2.1"), zone).vantage


@pytest.mark.parametrize(
    ("resolver_for", "zone", "vantage"),
    [
        (", resolver_for: [office]", "office", Vantage.CLIENT),
        (", resolver_for: [office]", "internet", Vantage.OUTSIDER),
        (", resolver_for: [internet]", "internet", Vantage.CLIENT),
        (", resolver_for: [10.0.0.0/8, 'fd00::/8']", "office", Vantage.CLIENT),
        (", resolver_for: [office]", "annex", Vantage.CLIENT),
        (", resolver_for: [annex]", "office", Vantage.UNKNOWN),
        (", resolver_for: [10.0.0.0/8]", "office", Vantage.UNKNOWN),
        (", resolver_for: [10.0.0.0/8]", "internet", Vantage.OUTSIDER),
        (", resolver_for: [10.0.0.0/8]", "branch", Vantage.OUTSIDER),
        (", resolver_for: [198.51.0.0/16]", "branch", Vantage.CLIENT),
        (", resolver_for: [198.51.100.0/25]", "branch", Vantage.UNKNOWN),
        (", resolver_for: [0.0.0.0/0, '::/0']", "internet", Vantage.CLIENT),
        (", resolver_for: [0.0.0.0/0]", "internet", Vantage.OUTSIDER),
        (", resolver_for: []", "internet", Vantage.OUTSIDER),
        (", resolver_for: []", "office", Vantage.UNKNOWN),
        ("", "internet", Vantage.OUTSIDER),
        ("", "office", Vantage.UNKNOWN),
        (", resolver_for: [office]", "a-zone-nobody-wrote", Vantage.UNKNOWN),
    ],
)
def test_where_the_scanner_stands_seen_from_a_resolver(resolver_for: str, zone: str, vantage: Vantage) -> None:
    assert dns(resolver_for, zone) is vantage


def test_a_server_that_the_ledger_does_not_list_sees_an_outsider_from_outside_only() -> None:
    stranger = Service("ns.example.net", 53, "dns", "203.0.113.1")
    assert declared_dns_service(town(), stranger, "internet") == DeclaredDnsService(None, None, Vantage.OUTSIDER)
    assert declared_dns_service(town(), stranger, "office") == DeclaredDnsService(None, None, Vantage.UNKNOWN)


def test_a_declared_resolver_for_nobody_differs_from_one_of_which_nothing_is_declared() -> None:
    inventory = parse_inventory("f", "services: [{at: 'a.jp:53/dns', resolver_for: []}, 'b.jp:53/dns']")
    assert declared_dns_service(inventory, Service("a.jp", 53, "dns"), "internet").resolver_for == ()
    assert declared_dns_service(inventory, Service("b.jp", 53, "dns"), "internet").resolver_for is None


def test_declarations_are_made_for_the_kinds_that_have_some() -> None:
    declare = declarations(town(), "internet")
    assert set(declare(Domain("example.lg.jp"))) == {DeclaredDomain}
    assert set(declare(Service("ns1.example.lg.jp", 53, "dns", "192.0.2.53"))) == {DeclaredDnsService}
    assert set(declare(Service("mx1.example.lg.jp", 25, "smtp"))) == {DeclaredSmtpService, DeclaredTlsService}
    assert set(declare(LOCAL)) == {DeclaredMachine}


def test_who_may_relay_through_a_mail_server_follows_the_ledger() -> None:
    inventory = parse_inventory(
        "f",
        """
        zones: [{name: internet, outside: true}, {name: office, outside: false, networks: [10.20.0.0/24]}, {name: lab, outside: false}]
        services:
        - {at: "mx.a.jp:25/smtp", mail_for: [A.jp], relays_for: [10.20.0.0/16]}
        - {at: "out.a.jp:587/submission", relays_for: []}
        smtp_tests: {victim: relay-test.a.jp, canary: canary@relay.a.jp, listen: [192.0.2.9]}
        """,
    )
    mx, out = Service("mx.a.jp", 25, "smtp"), Service("out.a.jp", 587, "submission")
    seen = {zone: declarations(inventory, zone)(mx)[DeclaredSmtpService] for zone in ("internet", "office", "lab", "elsewhere")}
    assert {zone: fact.vantage for zone, fact in seen.items() if isinstance(fact, DeclaredSmtpService)} == {
        "internet": Vantage.OUTSIDER,
        "office": Vantage.CLIENT,
        "lab": Vantage.UNKNOWN,
        "elsewhere": Vantage.UNKNOWN,
    }
    assert seen["office"] == DeclaredSmtpService(("a.jp",), ("10.20.0.0/16",), Vantage.CLIENT)
    assert declared_smtp_service(inventory, out, "lab") == DeclaredSmtpService(None, (), Vantage.UNKNOWN)
    assert declarations(inventory, "lab")(out)[SmtpTestNames] == SmtpTestNames(
        victim="relay-test.a.jp", canary="canary@relay.a.jp", listen=("192.0.2.9",)
    )


def test_targets_from_the_command_line_make_an_inventory_that_is_its_own_scope() -> None:
    inventory = Inventory.of_targets(
        [parse_target(t) for t in ("example.go.jp", "EXAMPLE.go.jp.", "192.0.2.1", "ns.a.jp=192.0.2.2:53/dns", "local")]
    )
    assert [t.key for t in targets(inventory, "internet")] == [
        "domain:example.go.jp",
        "endpoint:local",
        "host:192.0.2.1",
        "service:ns.a.jp=192.0.2.2:53/dns",
    ]
    assert [(e.match, e.what, e.level, e.approved_by) for e in inventory.permissions.scope.allowed] == [
        (Match.DOMAIN, "example.go.jp", Level.NORMAL, COMMAND_LINE),
        (Match.NETWORK, "192.0.2.1", Level.NORMAL, COMMAND_LINE),
        (Match.HOST, "ns.a.jp", Level.NORMAL, COMMAND_LINE),
        (Match.NETWORK, "192.0.2.2", Level.NORMAL, COMMAND_LINE),
    ]
    assert inventory.permissions.scope.third_parties
    assert not inventory.permissions.scope.revocation
    assert inventory.permissions.consents == ()
    assert inventory.systems_of(Domain("example.go.jp")) == ()


def test_an_inventory_without_a_scope_allows_exactly_what_it_lists() -> None:
    assert {(e.match, e.what) for e in town().permissions.scope.allowed} == {
        (Match.DOMAIN, "example.lg.jp"),
        (Match.DOMAIN, "xn--7stw9s1vp.lg.jp"),
        (Match.HOST, "db.example.lg.jp"),
        (Match.NETWORK, "10.20.0.80"),
        (Match.NETWORK, "192.0.2.80"),
        (Match.HOST, "ns1.example.lg.jp"),
        (Match.NETWORK, "192.0.2.54"),
        (Match.HOST, "mx1.example.lg.jp"),
    }


SCOPE = """\
scope:
  approved_by: 部長
  allow:
    - {domain: a.jp}
    - {host: 192.0.2.1, level: intrusive, zones: [internet], approved_by: 課長}
    - network: 2001:db8::/32
      level: passive
      window:
        from: 2026-04-01T00:00+09:00
        until: 2026-05-01T00:00+09:00
        hours: 22:00-05:00
        weekdays: [土, sun]
        utc_offset: "+00:00"
  forbid:
    - {host: b.a.jp, reason: 古い}
  control_networks: [10.99.0.0/16]
  third_parties: no
  revocation: yes
  consents:
    - {target: "*.A.jp", tests: [relay-delivery], approved_by: 部長, window: {until: "2026-05-01T00:00+09:00"}}
"""


def test_a_scope_says_what_by_whom_how_far_and_when() -> None:
    permissions = parse_inventory("f", "domains: [a.jp]\n" + SCOPE).permissions
    end = datetime(2026, 4, 30, 15, 0, tzinfo=UTC)
    night = Window(datetime(2026, 3, 31, 15, 0, tzinfo=UTC), end, (time(22), time(5)), (5, 6), 0)
    assert permissions.scope.allowed == (
        Entry(Match.DOMAIN, "a.jp", approved_by="部長"),
        Entry(Match.NETWORK, "192.0.2.1", Level.INTRUSIVE, ("internet",), approved_by="課長"),
        Entry(Match.NETWORK, "2001:db8::/32", Level.PASSIVE, window=night, approved_by="部長"),
    )
    assert permissions.scope.forbidden == (Entry(Match.HOST, "b.a.jp"),)
    assert permissions.scope.control_networks == ("10.99.0.0/16",)
    assert not permissions.scope.third_parties
    assert permissions.scope.revocation
    assert permissions.consents == (Consent("*.a.jp", ("relay-delivery",), Window(end=end), "部長"),)


PACE = """\
scope:
  approved_by: 部長
  allow: [{domain: a.jp}]
  pace:
    - {network: 192.0.2.7, per_second: 500, at_once: 32}
    - {network: "2001:DB8::/32", per_second: 1.5, approved_by: 課長}
"""


def test_owners_say_how_quickly_their_servers_may_be_asked() -> None:
    permissions = parse_inventory("f", "domains: [a.jp]\n" + PACE).permissions
    assert permissions.pace == (("192.0.2.7", Rate(32, 500.0, 100)), ("2001:db8::/32", Rate(4, 1.5, 1)))


@pytest.mark.parametrize(
    ("row", "key", "nearest"),
    [
        ("{network: 192.0.2.0/24}", "scope.pace[0].per_second", None),
        ("{network: 192.0.2.1/24, per_second: 5}", "scope.pace[0].network", "192.0.2.0/24"),
        ("{network: 192.0.2.0/24, per_second: 0}", "scope.pace[0].per_second", None),
        ("{network: 192.0.2.0/24, per_second: 20000}", "scope.pace[0].per_second", None),
        ("{network: 192.0.2.0/24, per_second: 5, at_once: 0}", "scope.pace[0].at_once", None),
        ("{network: 192.0.2.0/24, per_seconds: 5}", "scope.pace[0].per_seconds", "per_second"),
    ],
)
def test_a_pace_that_cannot_be_kept_is_refused_with_its_place(row: str, key: str, nearest: str | None) -> None:
    with pytest.raises(BadLedger) as caught:
        parse_inventory("f", f"domains: [a.jp]\nscope:\n  approved_by: 部長\n  allow: [{{domain: a.jp}}]\n  pace: [{row}]\n")
    assert (5, key, nearest) in [(p.line, p.key_path, p.nearest) for p in caught.value.problems]


def test_a_pace_needs_an_approver_and_is_said_once() -> None:
    row = "{network: 192.0.2.0/24, per_second: 5}"
    with pytest.raises(BadLedger) as caught:
        parse_inventory("f", f"domains: [a.jp]\nscope:\n  allow: [{{domain: a.jp, approved_by: 部長}}]\n  pace: [{row}, {row}]\n")
    assert [p.key_path for p in caught.value.problems] == ["scope.pace[0]", "scope.pace[1]", "scope.pace[1]"]


def test_a_scale_of_its_own_names_the_levels() -> None:
    scale = Scale(confidentiality=Levels(("公開", "庁内", "秘", "極秘"), 3))
    inventory = parse_inventory("f", "domains: [a.jp]\nsystems: [{id: x, name: x, grade: {confidentiality: 庁内, availability: 2}}]", scale)
    grade = inventory.systems["x"].grade
    assert grade == Grade(confidentiality=2, availability=2)
    assert [scale.needs_protection(grade, axis) for axis in Axis] == [False, None, True]


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("example.lg.jp", True),
        ("www.example.lg.jp", True),
        ("ns9.example.lg.jp=203.0.113.1:53/dns", True),
        ("host:db.example.lg.jp", True),
        ("192.0.2.80:22/ssh", True),
        ("endpoint:local", True),
        ("endpoint:pc-1", False),
        ("lg.jp", False),
        ("notexample.lg.jp", False),
        ("192.0.2.81", False),
    ],
)
def test_what_lies_below_a_listed_name_is_known(key: str, known: bool) -> None:
    assert town().knows(parse_target(key)) is known


def test_a_bare_name_in_a_system_is_a_host_where_only_that_is_listed() -> None:
    both = "domains: [x.a.jp]\nhosts: [x.a.jp]\nsystems: [{id: s, name: s, targets: [x.a.jp, 'host:x.a.jp']}]"
    assert parse_inventory("f", both).systems["s"].targets == ("domain:x.a.jp", "host:x.a.jp")
    assert parse_inventory("f", both.replace("domains: [x.a.jp]\n", "").replace("x.a.jp, ", "")).systems["s"].targets == ("host:x.a.jp",)


def test_large_inventories_load_in_time_and_their_systems_are_found_at_once() -> None:
    names = [f"d{i}.example.lg.jp" for i in range(20_000)]
    text = (
        "domains:\n"
        + "".join(f"- {n}\n" for n in names)
        + "systems:\n- id: s\n  name: s\n  targets:\n"
        + "".join(f"  - {n}\n" for n in names)
    )
    inventory = parse_inventory("f", text)
    assert len(targets(inventory, "internet")) == 20_000
    assert all(inventory.systems_of(Domain(n)) for n in names)
    assert inventory.systems_of(Host(names[0])) == ()


def test_the_names_for_dns_tests_are_the_shipped_ones_unless_the_organisation_has_its_own() -> None:
    plain = parse_inventory("inventory.yaml", "domains: [example.jp]\n")
    assert plain.dns_tests is None
    own = parse_inventory(
        "inventory.yaml", "domains: [example.jp]\ndns_tests: {outside: example.org., probe_zone: p.example.jp, listen: [192.0.2.1]}\n"
    )
    assert own.dns_tests is not None
    assert (own.dns_tests.outside, own.dns_tests.signed, own.dns_tests.listen) == ("example.org", "jp", ("192.0.2.1",))
    with pytest.raises(BadLedger) as error:
        parse_inventory("inventory.yaml", "domains: [example.jp]\ndns_tests: {listen: [192.0.2.1]}\n")
    assert [(p.line, p.key_path) for p in error.value.problems] == [(2, "dns_tests")]


def test_connections_of_a_tls_survey_are_given_by_protocol() -> None:
    text = "domains: [a.jp]\nscope:\n  approved_by: 部長\n  allow: [{domain: a.jp}]\n  tls_connections: {smtp: 30, https: 100}\n"
    assert dict(parse_inventory("f", text).permissions.tls_connections) == {"https": 100, "smtp": 30}


@pytest.mark.parametrize(
    ("given", "key", "nearest"),
    [
        ("{smtp: 0}", "scope.tls_connections.smtp", None),
        ("{smtp: 5000}", "scope.tls_connections.smtp", None),
        ("{htps: 60}", "scope.tls_connections.htps", "https"),
        ("60", "scope.tls_connections", None),
    ],
)
def test_other_connections_are_refused_with_their_place(given: str, key: str, nearest: str | None) -> None:
    with pytest.raises(BadLedger) as caught:
        parse_inventory("f", f"domains: [a.jp]\nscope:\n  approved_by: 部長\n  allow: [{{domain: a.jp}}]\n  tls_connections: {given}\n")
    assert [(p.key_path, p.nearest) for p in caught.value.problems] == [(key, nearest)]


def test_a_site_is_listed_with_the_profiles_that_it_is_to_name() -> None:
    inventory = parse_inventory(
        "f",
        """
        services:
        - {at: "www.a.jp:443/https", social_profiles: ["https://x.com/a_city"]}
        - {at: "db.a.jp:443/https", social_profiles: []}
        - {at: "old.a.jp:443/https"}
        """,
    )
    declare = declarations(inventory, "internet")
    seen = [declare(Service(f"{name}.a.jp", 443, "https"))[DeclaredWebService] for name in ("www", "db", "old")]
    assert [fact.profiles for fact in seen if isinstance(fact, DeclaredWebService)] == [("https://x.com/a_city",), (), None]


@pytest.mark.parametrize(
    ("service", "for_insiders"),
    [
        ("www.a.jp:443/https", None),
        ("portal.a.jp:443/https", True),
        ("both.a.jp:443/https", False),
        ("db.a.jp:443/https", True),
        ("db.a.jp=10.20.0.80:443/https", True),
        ("kyuyo.a.jp:443/https", True),
        ("www.naibu.a.jp:443/https", True),
        ("naibu.a.jp.example:443/https", None),
    ],
)
def test_a_service_is_for_insiders_by_its_zones_or_its_hosts_or_as_an_internal_name(service: str, for_insiders: bool | None) -> None:
    inventory = parse_inventory(
        "f",
        """
        zones: [{name: internet, outside: true}, {name: office, outside: false}]
        domains: [{name: a.jp, internal_names: [naibu.a.jp]}]
        hosts: [{name: db.a.jp, zones: [office]}]
        services:
        - {at: "www.a.jp:443/https"}
        - {at: "portal.a.jp:443/https", zones: [office]}
        - {at: "both.a.jp:443/https", zones: [office, internet]}
        - {at: "kyuyo.a.jp:443/https"}
        systems: [{id: pay, name: 給与, zones: [office], targets: ["kyuyo.a.jp:443/https"]}]
        """,
    )
    target = Service.parse(service)
    declared = [declarations(inventory, zone)(target)[DeclaredTlsService] for zone in ("internet", "office", "elsewhere")]
    assert declared == [DeclaredTlsService(for_insiders, outside) for outside in (True, False, None)]
