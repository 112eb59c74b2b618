"""Broken files of the ledger, one mistake after the other: each is told with file, line, key and the nearest right name.

An expectation reads ``LINE KEY -> NEAREST | WORDS``: the key path (``.`` is the top), the nearest name where there is one, and words
of the English message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from textwrap import dedent

import pytest

from scanner.ledger.exceptions import parse_exceptions
from scanner.ledger.inventory_file import parse_inventory
from scanner.ledger.known import Known
from scanner.ledger.profile import AnyValue, parse_profile
from scanner.ledger.yamlfile import BadLedger
from scanner.model.check import Value
from scanner.model.problem import Problem
from scanner.model.text import Text

W = Text(ja="値", en="value")
ENDINGS: Value[tuple[str, ...]] = Value("mail.spf.endings", default=("-",), text=W, choices=("-", "~", "?"))
SUFFIXES: Value[tuple[str, ...]] = Value("domain.suffixes", default=("go.jp",), text=W)
VALUES: dict[str, AnyValue] = {
    "screen-lock.idle-seconds": Value("screen-lock.idle-seconds", default=900, text=W, unit="s", least=1, most=86400),
    "mail.dmarc.least-policy": Value("mail.dmarc.least-policy", default="quarantine", text=W, choices=("none", "quarantine", "reject")),
    "mail.spf.endings": ENDINGS,
    "dns.redundancy.asked": Value("dns.redundancy.asked", default=True, text=W),
    "dns.amplification.most": Value("dns.amplification.most", default=4.0, text=W, least=1, most=100),
    "domain.suffixes": SUFFIXES,
}
INVENTORY = parse_inventory(
    "known.yaml",
    "domains: [example.lg.jp]\nhosts: [db.example.lg.jp]\nsystems: [{id: mail, name: メール, targets: [example.lg.jp]}]",
)
KNOWN = Known(
    controls={
        "nite-054-3-a": ("nite", "第54条第3項"),
        "nite-054-3-b": ("nite", "第54条第3項"),
        "kochi-98-1": ("kochi", "第98条第1項"),
    },
    checks={"mail.spf.all", "mail.dmarc.policy"},
    inventory=INVENTORY,
)
EXCEPTION = """\
exceptions:
  - id: ex-1
    control: nite-054-3-a
    targets: [example.lg.jp]
    reason: 更改待ち
    substitute: 監視する
    applicant: 課長
    approver: 部長
    start: 2026-04-01
    end: 2027-03-31
    end_report: 終了届
"""


def inventory(text: str) -> object:
    return parse_inventory("f.yaml", text)


def profile(text: str) -> object:
    return parse_profile("f.yaml", text, VALUES, KNOWN)


def exceptions(text: str) -> object:
    return parse_exceptions("f.yaml", text, KNOWN)


def without(key: str) -> str:
    """The exception above without one of its lines."""
    return re.sub(rf"^    {key}: .*\n", "", EXCEPTION, flags=re.MULTILINE)


def changed(key: str, value: str) -> str:
    """The exception above with another value in one of its lines."""
    return re.sub(rf"^(    {key}: ).*\n", lambda m: f"{m[1]}{value}\n", EXCEPTION, flags=re.MULTILINE)


Case = tuple[Callable[[str], object], str, list[str]]

YAML: list[Case] = [
    (inventory, "", ["0 . | nothing in it"]),
    (inventory, "# only a comment\n", ["0 . | nothing in it"]),
    (inventory, "- a\n- b\n", ["1 . | 'key: value'"]),
    (inventory, "just words", ["1 . | 'key: value'"]),
    (inventory, "domains:\n\t- example.jp\n", ["2 . | a tab; use spaces"]),
    (inventory, "domains: [example.jp\nhosts: []\n", ["1 . | not closed"]),
    (inventory, "organisation: 'x\ndomains: [a.jp]\n", ["1 . | a quote is not closed"]),
    (inventory, "organisation: a: b\n", ["1 . | 'key: value' cannot stand here"]),
    (inventory, "domains:\n  - a.jp\n - b.jp\n", ["3 . | indentation"]),
    (inventory, "organisation: @town\ndomains: [a.jp]\n", ["1 . | cannot begin with this character"]),
    (inventory, 'organisation: "\\q"\n', ["1 . | after \\ is not right"]),
    (inventory, "domains: [a.jp]\n---\ndomains: [b.jp]\n", ["2 . | one document only"]),
    (inventory, "domains: [a.jp]\ndomains: [b.jp]\n", ["2 domains | twice (first in line 1)"]),
    (inventory, "domains:\n- name: a.jp\n  sends_mail: true\n  sends_mail: false\n", ["4 domains[0].sends_mail | twice (first in line 3)"]),
    (inventory, "domains: [a.jp]\nyes: 1\n", ["2 yes | keys must be text"]),
    (inventory, "domains: [a.jp]\n2026: 1\n", ["2 2026 | reads as a number"]),
    (inventory, "domains: [a.jp]\n? [x]\n: 1\n", ["2 . | cannot be a key"]),
    (inventory, "domains: !!python/object:os.system [a.jp]\n", ["1 domains | cannot be used here"]),
    (inventory, "organisation: !secret x\ndomains: [a.jp]\n", ["1 organisation | the tag !secret"]),
    (inventory, "domains: *later\nhosts: [h.a.jp]\n", ["1 domains | no finished &later"]),
    (inventory, "a: &a [x, *a]\ndomains: [a.jp]", ["1 a | no key 'a'", "1 a[1] | no finished &a"]),
    (inventory, "base: &b {x: 1}\n<<: *b\ndomains: [a.jp]", ["1 base | no key 'base'", '2 ["<<"] | reads as a merge']),
    (inventory, "domains: [a.jp]\x00\n", ["1 . | control character U+0000"]),
    (inventory, "domains: [a.jp]\norganisation: a\u2028b\n", ["2 . | control character U+2028"]),
    (inventory, 'domains: [a.jp]\norganisation: "a\\u202eb"\n', ["2 organisation | has a control character"]),
    (inventory, "a: " + "[" * 40 + "]" * 40, ["1 a" + "[0]" * 31 + " | too deep"]),
]

INVENTORIES: list[Case] = [
    (inventory, "organisation: x\n", ["1 . | no target is listed"]),
    (inventory, "domain: [a.jp]\n", ["1 . | no target is listed", "1 domain -> domains | no key 'domain'"]),
    (inventory, "domains: a.jp\n", ["1 . | no target is listed", "1 domains | must be a list"]),
    (inventory, "domains:\n- nmae: a.jp\n", ["1 . | no target is listed", "2 domains[0].name | 'name' is missing"]),
    (inventory, "domains:\n- name: a.jp\n  send_mail: no\n", ["3 domains[0].send_mail -> sends_mail | no key"]),
    (inventory, "domains:\n- name: a.jp\n  sends_mail: maybe\n", ["3 domains[0].sends_mail | not true or false"]),
    (inventory, "domains:\n- name: a.jp\n  sends_mail: 'false'\n", ["3 domains[0].sends_mail | without quotes"]),
    (inventory, "domains:\n- name: a.jp\n  sends_mail:\n", ["3 domains[0].sends_mail | the value is empty"]),
    (inventory, "domains:\n- name: a.jp\n  sends_mail: [true]\n", ["3 domains[0].sends_mail | true or false, not a list"]),
    (inventory, "domains: [ex ample.jp, a.jp]\n", ["1 domains[0] | not a domain name"]),
    (inventory, "domains: [a.jp, 'https://www.a.jp/top']\n", ["1 domains[1] -> www.a.jp | not a domain name"]),
    (inventory, "domains: [a.jp, info@a.jp]\n", ["1 domains[1] -> a.jp | not a domain name"]),
    (inventory, "domains: [a.jp, '*.a.jp']\n", ["1 domains[1] -> a.jp | not a domain name"]),
    (inventory, "domains: [a.jp, localhost]\n", ["1 domains[1] | not a domain name"]),
    (inventory, "domains: [a.jp, 192.0.2.300]\n", ["1 domains[1] | not a domain name"]),
    (inventory, "domains: [a.jp, [b.jp]]\n", ["1 domains[1] | 'key: value'"]),
    (inventory, "domains:\n- a.jp\n- A.JP.\n", ["3 domains[1] | 'domain:a.jp' is in line 2 too"]),
    (inventory, "domains:\n- 架空市.lg.jp\n- xn--7stw9s1vp.lg.jp\n", ["3 domains[1] | in line 2 too"]),
    (
        inventory,
        "domains:\n- name: a.jp\n  sends_mail: false\n  dkim_selectors: [s1]\n  outbound_addresses: [192.0.2.1]\n",
        ["4 domains[0].dkim_selectors | sends_mail is false", "5 domains[0].outbound_addresses | sends_mail is false"],
    ),
    (inventory, "domains:\n- name: a.jp\n  dkim_selectors: [s1._domainkey]\n", ["3 domains[0].dkim_selectors[0] -> s1 | DKIM selector"]),
    (inventory, "domains:\n- name: a.jp\n  dkim_selectors: [s1, S1]\n", ["3 domains[0].dkim_selectors[1] | the same is there twice"]),
    (
        inventory,
        "domains:\n- name: a.jp\n  outbound_addresses: [192.0.2.5/24]\n",
        ["3 domains[0].outbound_addresses[0] -> 192.0.2.0/24 | not a network"],
    ),
    (inventory, "domains:\n- name: a.jp\n  outbound_addresses: [192.0.2.1-9]\n", ["3 domains[0].outbound_addresses[0] | not a network"]),
    (
        inventory,
        "domains:\n- name: a.jp\n  public_site: yes\n  internal_names: [a.jp]\n",
        ["4 domains[0].internal_names | public_site is true"],
    ),
    (inventory, "domains:\n- name: a.jp\n  zones: [internt]\n", ["3 domains[0].zones[0] -> internet | no zone 'internt'"]),
    (inventory, "hosts:\n- name: h.a.jp\n  addresses: [192.0.2.0/24]\n", ["3 hosts[0].addresses[0] | not an IP address"]),
    (inventory, "hosts: ['fe80::1%eth0']\n", ["1 . | no target is listed", "1 hosts[0] | not a host name"]),
    (inventory, "services: [ns1.a.jp:53]\n", ["1 . | no target is listed", "1 services[0] | not a service"]),
    (inventory, "services: [ns1.a.jp:0/dns]\n", ["1 . | no target is listed", "1 services[0] | not a service"]),
    (inventory, "services:\n- ns.a.jp:53/dns\n- at: NS.a.jp.:53/dns\n", ["3 services[1] | in line 2 too"]),
    (inventory, "services:\n- at: mx.a.jp:25/smtp\n  resolver_for: []\n", ["3 services[0].resolver_for | for dns services only"]),
    (inventory, "services:\n- at: ns.a.jp:53/dns\n  relays_for: []\n", ["3 services[0].relays_for | for smtp, smtps, submission"]),
    (inventory, "services:\n- at: mx.a.jp:25/smtp\n  social_profiles: []\n", ["3 services[0].social_profiles | for http, https"]),
    (inventory, "services:\n- at: a.jp:443/https\n  social_profiles: [x.com/a]\n", ["3 services[0].social_profiles[0] | "]),
    (inventory, "services:\n- at: mx.a.jp:25/smtp\n  relays_for:\n", ["3 services[0].relays_for | write [] if there is none"]),
    (inventory, "services:\n- at: mx.a.jp:25/smtp\n  relays_for: [0.0.0.0/0]\n", ["3 services[0].relays_for | relays for everybody"]),
    (
        inventory,
        "zones: [{name: office, outside: false}]\nservices:\n- at: mx.a.jp:25/smtp\n  relays_for: [ofice]\n",
        ["4 services[0].relays_for[0] -> office | neither a network nor a zone under zones"],
    ),
    (inventory, "services:\n- at: mx.a.jp:25/smtp\n  mail_for: ['a..jp']\n", ["3 services[0].mail_for[0] | "]),
    (inventory, "domains: [a.jp]\nsmtp_tests: {canary: c@a.jp}\n", ["2 smtp_tests | canary and listen go together"]),
    (inventory, "domains: [a.jp]\nsmtp_tests: {victm: a.jp}\n", ["2 smtp_tests.victm -> victim | "]),
    (inventory, "domains: [a.jp]\nsmtp_tests: {mailbox: 'a b'}\n", ["2 smtp_tests.mailbox | "]),
    (inventory, "services:\n- at: ns.a.jp:53/dns\n  resolver_for:\n", ["3 services[0].resolver_for | write [] if there is none"]),
    (
        inventory,
        "zones: [{name: office, outside: false}]\nservices:\n- at: ns.a.jp:53/dns\n  resolver_for: [offise, 192.0.2.1/24]\n",
        [
            "4 services[0].resolver_for[0] -> office | neither a network nor a zone",
            "4 services[0].resolver_for[1] -> 192.0.2.0/24 | neither",
        ],
    ),
    (inventory, "endpoints: [pc 1]\n", ["1 . | no target is listed", "1 endpoints[0] | not an identifier"]),
    (inventory, "domains: [a.jp]\nzones:\n- name: LGWAN!\n  outside: false\n", ["3 zones[0].name | not a zone name"]),
    (inventory, "domains: [a.jp]\nzones:\n- name: lgwan\n", ["3 zones[0].outside | 'outside' is missing"]),
    (inventory, "domains: [a.jp]\nzones:\n- {name: x, outside: no}\n- {name: x, outside: yes}\n", ["4 zones[1].name | twice"]),
    (inventory, "domains: [a.jp]\nsystems:\n- name: x\n", ["3 systems[0].id | 'id' is missing"]),
    (inventory, "domains: [a.jp]\nsystems:\n- {id: メール, name: x}\n", ["3 systems[0].id | not an identifier"]),
    (inventory, "domains: [a.jp]\nsystems:\n- {id: x, name: x}\n- {id: x, name: y}\n", ["4 systems[1].id | in line 3 too"]),
    (
        inventory,
        "domains: [example.jp]\nsystems:\n- {id: x, name: x, targets: [exmaple.jp]}\n",
        ["3 systems[0].targets[0] -> example.jp | not listed"],
    ),
    (
        inventory,
        "domains: [a.jp]\nsystems:\n- {id: x, name: x, targets: ['domain:b.jp']}\n",
        ["3 systems[0].targets[0] -> domain:a.jp | not listed"],
    ),
    (inventory, "domains: [a.jp]\nsystems:\n- {id: x, name: x, targets: [a.jp, A.jp]}\n", ["3 systems[0].targets[1] | twice"]),
    (
        inventory,
        "domains: [a.jp]\nsystems:\n- {id: x, name: x, class: 最高}\n",
        ["3 systems[0].class -> 高 | '最高' is none of 高, 中, 低"],
    ),
    (inventory, "domains: [a.jp]\nsystems:\n- {id: x, name: x, grade: 2}\n", ["3 systems[0].grade | a level for each of"]),
    (
        inventory,
        "domains: [a.jp]\nsystems:\n- id: x\n  name: x\n  grade: {confidentiality: 4, availability: 可用性3, secrecy: 1}\n",
        [
            "5 systems[0].grade.confidentiality | no level: write a number from 1 to 3",
            "5 systems[0].grade.availability -> 可用性2 | no level",
            "5 systems[0].grade.secrecy | no key",
        ],
    ),
]

SCOPES: list[Case] = [
    (inventory, "domains: [a.jp]\nscope: normal\n", ["2 scope | 'key: value'"]),
    (inventory, "domains: [a.jp]\nscope: {approved_by: x}\n", ["2 scope | nothing is allowed"]),
    (inventory, "domains: [a.jp]\nscope:\n  allow: [{domain: a.jp}]\n", ["3 scope.allow[0] | nobody approved this"]),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{}]\n",
        ["4 scope.allow | nothing is allowed", "4 scope.allow[0] | exactly one of"],
    ),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{domain: a.jp, host: b.a.jp}]\n",
        ["4 scope.allow[0] | exactly one of"],
    ),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{domain: a.jp, level: agressive}]\n",
        ["4 scope.allow[0].level -> passive | none of passive"],
    ),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{domain: a.jp, level: intrusiv}]\n",
        ["4 scope.allow[0].level -> intrusive |"],
    ),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{domain: a.jp}]\n  forbid: [{domain: a.jp}]\n",
        ["5 scope.forbid[0] | is allowed too"],
    ),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{domain: a.jp}]\n  control_network: [10.0.0.0/8]\n",
        ["5 scope.control_network -> control_networks |"],
    ),
    (
        inventory,
        """\
domains: [a.jp]
scope:
  approved_by: x
  allow:
  - domain: a.jp
    window: {from: 2026-04-02, until: 2026-04-01T00:00, hours: 9-17}
""",
        [
            "6 scope.allow[0].window.from | a time with its offset",
            "6 scope.allow[0].window.until | a time with its offset",
            "6 scope.allow[0].window.hours | not hours such as",
        ],
    ),
    (
        inventory,
        "domains: [a.jp]\nscope:\n  approved_by: x\n  allow: [{domain: a.jp, window: {weekdays: [mon, 月, tues], utc_offset: JST}}]\n",
        [
            "4 scope.allow[0].window.weekdays[1] | the same day",
            "4 scope.allow[0].window.weekdays[2] -> tue | none of",
            "4 scope.allow[0].window.utc_offset | not an offset",
        ],
    ),
    (
        inventory,
        dedent("""\
            domains: [a.jp]
            scope:
              approved_by: x
              allow: [{domain: a.jp}]
              consents:
                - {target: mx.a.jp, tests: [relay], window: {from: "2026-04-02T00:00+09:00"}}
            """),
        ["6 scope.consents[0].window | needs an end", "6 scope.consents[0].approved_by | is missing"],
    ),
]

PROFILES: list[Case] = [
    (profile, "values:\n  screen-lock.idle-second: 600\n", ['2 values["screen-lock.idle-second"] -> screen-lock.idle-seconds | no value']),
    (profile, "values:\n  screen-lock.idle-seconds: ten\n", ['2 values["screen-lock.idle-seconds"] | not a whole number']),
    (profile, "values:\n  screen-lock.idle-seconds: '600'\n", ['2 values["screen-lock.idle-seconds"] | without quotes']),
    (profile, "values:\n  screen-lock.idle-seconds: 0600\n", ['2 values["screen-lock.idle-seconds"] | not a whole number']),
    (profile, "values:\n  screen-lock.idle-seconds: 0\n", ['2 values["screen-lock.idle-seconds"] | at least 1']),
    (profile, "values:\n  screen-lock.idle-seconds: 86401\n", ['2 values["screen-lock.idle-seconds"] | at most 86400']),
    (
        profile,
        "values:\n  screen-lock.idle-seconds: {value: 1, sorce: x}\n",
        ['2 values["screen-lock.idle-seconds"].sorce -> source | no key'],
    ),
    (
        profile,
        "values:\n  screen-lock.idle-seconds: {source: {document: x}}\n",
        ["2 values[\"screen-lock.idle-seconds\"] | 'value' is missing"],
    ),
    (
        profile,
        "values:\n  screen-lock.idle-seconds: {value: 60, source: {clause: 5, date: yesterday}}\n",
        [
            '2 values["screen-lock.idle-seconds"].source.document | is missing',
            '2 values["screen-lock.idle-seconds"].source.date | a date such as',
        ],
    ),
    (profile, "values:\n  mail.dmarc.least-policy: rejct\n", ['2 values["mail.dmarc.least-policy"] -> reject | none of none, quarantine']),
    (profile, "values:\n  mail.spf.endings: '-'\n", ['2 values["mail.spf.endings"] | must be a list']),
    (profile, "values:\n  mail.spf.endings: ['-', '!']\n", ['2 values["mail.spf.endings"][1] | none of']),
    (profile, "values:\n  dns.redundancy.asked: 1\n", ['2 values["dns.redundancy.asked"] | not true or false']),
    (profile, "values:\n  dns.amplification.most: .nan\n", ['2 values["dns.amplification.most"] | not a number']),
    (profile, "values:\n  domain.suffixes: [{}]\n", ['2 values["domain.suffixes"][0] | must be text, not a mapping']),
    (profile, "value: {}\n", ["1 value -> values | no key"]),
    (profile, "grading: {integrity: {names: [低]}}\n", ["1 grading.integrity.names | 2 to 9 levels"]),
    (profile, "grading: {integrity: {names: [低, 高], protected_from: 3}}\n", ["1 grading.integrity.protected_from | at most 2"]),
    (profile, "grading: {integrty: {names: [低, 高]}}\n", ["1 grading.integrty -> integrity | no key"]),
    (
        profile,
        "decisions:\n- {control: nite-054-3-c, decision: not-need, by: 課長, decided: 2026-04-01}\n",
        [
            "2 decisions[0].reason | is missing",
            "2 decisions[0].control -> nite-054-3-b | no baseline has a control",
            "2 decisions[0].decision -> not-needed | none of",
        ],
    ),
    (
        profile,
        "decisions:\n- {control: kochi-98-1, decision: substitute, by: a, decided: 2026-04-01, reason: b, until: 2026-03-31}\n",
        ["2 decisions[0].substitute | is missing", "2 decisions[0].until | before decided"],
    ),
    (
        profile,
        """\
decisions:
- {control: kochi-98-1, decision: needed, by: a, decided: 2026-04-01, reason: b}
- {control: kochi-98-1, decision: not-needed, by: a, decided: 2026-05-01, reason: b}
""",
        ["3 decisions[1].decided | same time as the decision in line 2"],
    ),
    (
        profile,
        "attestations:\n- {control: kochi-98-1, statement: a, document: b, by: c, valid_from: 2026-04-31, systems: [mial]}\n",
        [
            "2 attestations[0].valid_until | is missing",
            "2 attestations[0].valid_from | a date such as",
            "2 attestations[0].systems[0] -> mail | no system",
        ],
    ),
]

EXCEPTIONS: list[Case] = [
    (exceptions, "exception: []\n", ["1 . | 'exceptions' is missing", "1 exception -> exceptions | no key"]),
    (exceptions, without("end"), ["2 exceptions[0].end | 'end' is missing"]),
    (exceptions, without("reason"), ["2 exceptions[0].reason | 'reason' is missing"]),
    (exceptions, without("approver"), ["2 exceptions[0].approver | 'approver' is missing"]),
    (exceptions, without("substitute"), ["2 exceptions[0].substitute | is missing"]),
    (exceptions, without("end_report"), ["2 exceptions[0].end_report | is missing"]),
    (exceptions, without("targets"), ["2 exceptions[0] | write targets or systems"]),
    (exceptions, without("control"), ["2 exceptions[0].control | is missing"]),
    (exceptions, changed("reason", "''"), ["5 exceptions[0].reason | the value is empty"]),
    (exceptions, changed("end", "2026-03-31"), ["10 exceptions[0].end | end is before start"]),
    (exceptions, changed("end", "令和9年3月31日"), ["10 exceptions[0].end | a date such as"]),
    (exceptions, changed("control", "nite-54-3-a"), ["3 exceptions[0].control -> nite-054-3-a | no baseline has"]),
    (exceptions, changed("targets", "[exmaple.lg.jp]"), ["4 exceptions[0].targets[0] -> domain:example.lg.jp | not listed"]),
    (exceptions, changed("approver", "課長"), ["8 exceptions[0].approver | applicant and approver are the same"]),
    (exceptions, EXCEPTION + "    check: mail.spf.al\n", ["12 exceptions[0].check -> mail.spf.all | no check"]),
    (exceptions, EXCEPTION + "    baseline: kochi\n", ["12 exceptions[0].baseline -> nite | the baseline of nite-054-3-a is 'nite'"]),
    (exceptions, EXCEPTION + "    systems: [main]\n", ["12 exceptions[0].systems[0] -> mail | no system"]),
    (exceptions, EXCEPTION + EXCEPTION.partition("\n")[2], ["12 exceptions[1].id | 'ex-1' is in line 2 too"]),
    (exceptions, without("control") + "    baseline: nit\n    ref: 第54条第3項\n", ["11 exceptions[0].baseline -> nite | no baseline"]),
    (exceptions, without("control") + "    baseline: nite\n    ref: 第54条3項\n", ["12 exceptions[0].ref -> 第54条第3項 | nite has no"]),
]

CASES = YAML + INVENTORIES + SCOPES + PROFILES + EXCEPTIONS


def told(problem: Problem) -> str:
    """One problem in the form of the expectations, without the words."""
    return f"{problem.line} {problem.key_path or '.'}" + (f" -> {problem.nearest}" if problem.nearest else "")


@pytest.mark.parametrize(("read", "text", "expected"), CASES)
def test_every_mistake_is_told_with_its_line_key_and_nearest_name(read: Callable[[str], object], text: str, expected: list[str]) -> None:
    with pytest.raises(BadLedger) as caught:
        read(text)
    found = sorted(caught.value.problems, key=lambda p: (p.line, told(p)))
    wanted = sorted((tuple(e.split(" |", 1)) for e in expected), key=lambda e: (int(e[0].split()[0]), e[0]))
    assert [told(p) for p in found] == [place for place, _ in wanted]
    for problem, (_, words) in zip(found, wanted, strict=True):
        assert words.strip() in problem.message.en


@pytest.mark.parametrize(("read", "text", "expected"), CASES)
def test_every_mistake_is_told_in_both_languages(read: Callable[[str], object], text: str, expected: list[str]) -> None:
    with pytest.raises(BadLedger) as caught:
        read(text)
    assert len(caught.value.problems) == len(expected)
    for problem in caught.value.problems:
        assert re.search("[ぁ-んァ-ン]", problem.message.ja)
        assert not re.search("[ぁ-ん]", problem.message.en)
        assert problem.text.en.startswith(f"f.yaml:{problem.line}:{problem.column}: " if problem.line else "f.yaml: ")
        assert not re.search(r"[{][a-z_]+[}]|None", problem.text.ja + problem.text.en)


def test_there_are_enough_broken_files() -> None:
    assert len(CASES) >= 60


def test_the_files_that_are_broken_here_load_when_they_are_not() -> None:
    assert parse_exceptions("f.yaml", EXCEPTION, KNOWN).entries[0].article.controls == ("nite-054-3-a",)
    assert parse_inventory("f.yaml", "domains: [a.jp]\nscope: {approved_by: x, allow: [{domain: a.jp}]}\n").entries.keys() == {
        "domain:a.jp"
    }
