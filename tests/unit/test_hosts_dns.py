"""Configurations of DNS servers as administrators write them, to what the programs make of them; texts are checked by the real programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.dns_configuration import DnsConfiguration, DnsProgram
from scanner.facts.readings import Audience
from scanner.hosts.linux.dns_programs import dns_configuration
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import dnsconf, named
from scanner.wire.root_servers import ADDRESSES
from tests.unit.host_trees import Machine

UNIT = "/usr/lib/systemd/system/{0}.service"
WANTS = "/etc/systemd/system/multi-user.target.wants/{0}.service"
EXECUTABLES = {"named": "/usr/sbin/named", "unbound": "/usr/sbin/unbound", "nsd": "/usr/sbin/nsd", "knot": "/usr/sbin/knotd"}


def image(room: Path, unit: str, files: dict[str, str]) -> Machine:
    """A machine that does not run, with one program installed and enabled."""
    return Machine(room, live=False).write({EXECUTABLES[unit]: "", UNIT.format(unit): "", WANTS.format(unit): "", **files})


def program(machine: Machine) -> DnsProgram:
    fact = dns_configuration.run(machine)
    assert isinstance(fact, DnsConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    return found


def bind(room: Path, text: str, version: str = "9.18.49", **more: str) -> DnsProgram:
    """What BIND makes of a text: its own checker reads it first, and prints it for us."""
    room.mkdir(exist_ok=True)
    machine = image(room, "named", {"/etc/bind/named.conf": text, **more})
    machine.live = True
    machine.commands = {"named -v": f"BIND {version}-1-Debian (Extended Support Version) <id:>\n"}
    own = room / "own.conf"
    own.write_text(text)
    printed = subprocess.run(["named-checkconf", "-px", str(own)], capture_output=True, text=True, check=False)
    assert printed.returncode == 0, printed.stdout + printed.stderr
    by_program = program(machine)  # from the file
    machine.commands["named-checkconf -px"] = printed.stdout
    printed_program = program(machine)
    assert (by_program.recursion, by_program.zones, by_program.hides_version, by_program.rate_limit) == (
        printed_program.recursion,
        printed_program.zones,
        printed_program.hides_version,
        printed_program.rate_limit,
    )
    return printed_program


ZONE = 'zone "example.jp" { type primary; file "/dev/null"; %s };\n'


@pytest.mark.parametrize(
    ("text", "recursion"),
    [
        ("options { };", Audience.ITSELF),
        ("options { recursion no; };", Audience.NOBODY),
        ("options { allow-recursion { any; }; };", Audience.EVERYBODY),
        ("options { allow-query { any; }; };", Audience.EVERYBODY),
        ("options { allow-query { 10.0.0.0/8; }; };", Audience.SOME),
        ("options { allow-query-cache { any; }; allow-query { 10.0.0.0/8; }; };", Audience.SOME),
        ("options { allow-query { any; }; allow-recursion { localhost; }; };", Audience.ITSELF),
        ("options { allow-recursion { !10.0.0.0/8; any; }; };", Audience.EVERYBODY),
        ("options { allow-recursion { !any; 10.0.0.0/8; }; };", Audience.NOBODY),
        ("options { allow-recursion { none; }; };", Audience.NOBODY),
        ("acl office { 192.0.2.0/24; }; options { allow-recursion { office; localhost; }; };", Audience.SOME),
        ("acl all { 0.0.0.0/0; }; acl more { all; }; options { allow-recursion { more; }; };", Audience.EVERYBODY),
        ("# options { recursion no; };\noptions { /* recursion no; */ allow-recursion { any; }; // recursion no;\n};", Audience.EVERYBODY),
        ("view in { match-clients { 10.0.0.0/8; }; allow-recursion { any; }; };\nview out { recursion no; };", Audience.SOME),
        (
            "view in { match-clients { 10.0.0.0/8; }; };\nview out { match-clients { any; }; allow-recursion { any; }; };",
            Audience.EVERYBODY,
        ),
        ("options { recursion no; };\r\n", Audience.NOBODY),
        ("options { allow-recursion { 128/1; 0.0.0.0/1; }; };", Audience.EVERYBODY),
        ("options { allow-recursion { 133/8; }; };", Audience.EVERYBODY),
        ("options { allow-recursion { !133/8; 10/8; }; };", Audience.SOME),
        ("options { allow-recursion { !133/8; any; }; };", Audience.EVERYBODY),
        ("options { allow-recursion { 2400::/16; }; };", Audience.EVERYBODY),
    ],
)
def test_for_whom_bind_recurses(tmp_path: Path, text: str, recursion: Audience) -> None:
    assert bind(tmp_path, text + "\n").recursion is recursion


@pytest.mark.parametrize(
    ("version", "options", "zone", "transfers"),
    [
        ("9.18.49", "", "", Audience.EVERYBODY),
        ("9.20.4", "", "", Audience.NOBODY),
        ("9.18.49", "allow-transfer { none; };", "", Audience.NOBODY),
        ("9.18.49", "allow-transfer { none; };", "allow-transfer { any; };", Audience.EVERYBODY),
        ("9.18.49", "", "allow-transfer { key k; };", Audience.ITSELF),
        ("9.18.49", "", "allow-transfer { 192.0.2.5; };", Audience.SOME),
    ],
)
def test_who_may_transfer_from_bind(tmp_path: Path, version: str, options: str, zone: str, transfers: Audience) -> None:
    key = 'key k { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0"; };\n'
    text = f"{key}options {{ {options} }};\n{ZONE % zone}"
    found = bind(tmp_path, text, version)
    assert not isinstance(found.zones, Unobserved)
    assert [(z.name, z.transfers) for z in found.zones] == [("example.jp", transfers)]
    assert "c2VjcmV0" not in repr(found)


def test_bind_includes_are_followed_in_a_mounted_root(tmp_path: Path) -> None:
    files = {
        "/etc/bind/named.conf": 'include "/etc/bind/named.conf.options";\ninclude "/etc/bind/zones";\n',
        "/etc/bind/named.conf.options": "options { recursion no; version none; rate-limit { responses-per-second 5; }; };\n",
        "/etc/bind/zones": ZONE % "",
    }
    found = program(image(tmp_path, "named", files))
    assert (found.running, found.starts, found.recursion, found.hides_version, found.rate_limit) == (
        None,
        True,
        Audience.NOBODY,
        True,
        True,
    )
    assert not isinstance(found.zones, Unobserved)
    assert isinstance(found.zones[0].transfers, Unobserved)  # the version decides on the default, and nothing tells it


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("options { };", True),
        ("options { dnssec-validation auto; };", True),
        ("options { dnssec-validation no; };", None),
        ('options { dnssec-validation yes; };\ntrust-anchors { . initial-key 257 3 8 "AwEAAQ=="; };', True),
        ('options { dnssec-validation yes; };\ntrust-anchors { example.jp. static-key 257 3 8 "AwEAAQ=="; };', False),
        ("options { recursion no; };", None),
        ("view in { recursion no; dnssec-validation no; };\nview out { };", True),
        ('view in { };\nview out { dnssec-validation yes; trust-anchors { . static-key 257 3 8 "AwEAAQ=="; }; };', False),
    ],
)
def test_whether_bind_keeps_its_anchor(tmp_path: Path, text: str, kept: bool | None) -> None:
    assert bind(tmp_path, text + "\n").anchor_kept is kept


@pytest.mark.parametrize(
    ("text", "validates"),
    [
        ("view in { match-clients { 10/8; }; dnssec-validation no; };\nview out { };", False),
        ("options { dnssec-validation no; };\nview out { dnssec-validation auto; };", True),
        ("view in { recursion no; dnssec-validation no; };\nview out { };", True),
    ],
)
def test_each_view_of_bind_that_resolves_has_to_validate(tmp_path: Path, text: str, validates: bool) -> None:
    assert bind(tmp_path, text + "\n").validates is validates


def test_zones_that_a_running_bind_may_add_leave_transfers_open(tmp_path: Path) -> None:
    closed = ZONE % "allow-transfer { none; };"
    for number, options in enumerate(["allow-new-zones yes;", 'catalog-zones { zone "c.example"; };']):
        text = f"options {{ {options} }};\n{closed}"
        added = bind(
            tmp_path / str(number), text + 'zone "c.example" { type secondary; primaries { 192.0.2.1; }; allow-transfer { none; }; };\n'
        )
        assert isinstance(added.zones, Unobserved)
    seen = bind(tmp_path / "open", "options { allow-new-zones yes; };\n" + closed + ZONE.replace("example.jp", "open.jp") % "")
    assert not isinstance(seen.zones, Unobserved)
    assert [(zone.name, zone.transfers) for zone in seen.zones] == [("open.jp", Audience.EVERYBODY)]


def test_a_version_that_bind_is_told_to_tell_is_not_hidden(tmp_path: Path) -> None:
    for number, (version, hidden) in enumerate([("none", True), ('"unknown"', True), ('"BIND 9.18"', False)]):
        assert bind(tmp_path / str(number), f"options {{ version {version}; }};\n").hides_version is hidden


def test_root_hints_of_the_machine_and_old_ones(tmp_path: Path) -> None:
    hint = 'options { directory "/var"; };\nzone "." { type hint; file "hints"; };\n'
    text = ". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A 198.41.0.4\nb.root-servers.net. 3600000 A 199.9.14.201 ; old\n"
    found = bind(tmp_path, hint, **{"/var/hints": text})
    assert found.hints == ("198.41.0.4", "199.9.14.201")
    assert set(found.hints) - ADDRESSES == {"199.9.14.201"}


def test_files_newer_than_the_program_are_not_in_force(tmp_path: Path) -> None:
    machine = image(tmp_path, "named", {"/etc/bind/named.conf": "options { recursion no; };"})
    machine.live = True
    machine.write({"/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 100 0", "/proc/stat": "btime 1000\n"})
    machine.write({"/proc/77/stat": "77 (named) S" + " 0" * 18 + " 100 0"})
    found = program(machine)
    assert found.running is True
    assert found.applied is not None
    assert found.applied.reason is Reason.STALE


def checked(argv: list[str], text: str, room: Path) -> None:
    """Have the real program read a text."""
    own = room / "own.conf"
    own.write_text(text)
    done = subprocess.run([*argv, str(own)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "recursion"),
    [
        ("server:\n  verbosity: 1\n", Audience.ITSELF),
        ("server:\n  interface: 0.0.0.0\n", Audience.ITSELF),
        ("server:\n  interface: 0.0.0.0\n  access-control: 0.0.0.0/0 allow\n", Audience.EVERYBODY),
        ("server: interface: ::0\nserver: access-control: ::0/0 allow_snoop\n", Audience.EVERYBODY),
        ("server:\n  interface: 0.0.0.0\n  access-control: 0.0.0.0/0 allow\n  access-control: 0.0.0.0/0 refuse\n", Audience.ITSELF),
        ("server:\n  interface: 0.0.0.0\n  access-control: 10.0.0.0/8 allow # office\n", Audience.SOME),
        ("server:\n  access-control: 0.0.0.0/0 allow\n", Audience.ITSELF),
        ("server:\n  interface: 0.0.0.0\n  access-control: 0.0.0.0/1 allow\n  access-control: 128.0.0.0/1 allow\n", Audience.EVERYBODY),
        ("server:\n  interface: 0.0.0.0\n  access-control: 192.0.2.0/24 allow\n", Audience.SOME),
    ],
)
def test_for_whom_unbound_recurses(tmp_path: Path, text: str, recursion: Audience) -> None:
    checked(["/usr/sbin/unbound-checkconf"], text, tmp_path)
    assert program(image(tmp_path, "unbound", {"/etc/unbound/unbound.conf": text})).recursion is recursion


def test_unbound_reads_its_folder_within_and_beside_the_clause(tmp_path: Path) -> None:
    files = {
        "/etc/unbound/unbound.conf": 'include-toplevel: "/etc/unbound/unbound.conf.d/*.conf"\nserver:\n  include: "/etc/unbound/more"\n',
        "/etc/unbound/unbound.conf.d/a.conf": 'server:\n    auto-trust-anchor-file: "/var/lib/unbound/root.key"\n',
        "/etc/unbound/more": "hide-version: yes\nip-ratelimit: 50\n",
    }
    found = program(image(tmp_path, "unbound", files))
    assert (found.validates, found.anchor_kept, found.hides_version, found.rate_limit, found.hints) == (True, True, True, True, None)


def test_unbound_without_anchor_or_validator_does_not_validate(tmp_path: Path) -> None:
    anchor = '  trust-anchor-file: "/etc/k"\n'
    for number, (text, validates, kept) in enumerate(
        [
            ("server:\n", False, None),
            ("server:\n" + anchor, True, False),
            ("server:\n" + anchor + '  module-config: "iterator"\n', False, None),
        ]
    ):
        found = program(image(tmp_path / str(number), "unbound", {"/etc/unbound/unbound.conf": text}))
        assert (found.validates, found.anchor_kept) == (validates, kept)


NSD = """
server:
    hide-version: yes
    rrl-ratelimit: 200
key:
    name: "k"
    algorithm: hmac-sha256
    secret: "c2VjcmV0c2VjcmV0"
pattern:
    name: "p"
    provide-xfr: 192.0.2.1 NOKEY
zone:
    name: "a.example"
    zonefile: a
    include-pattern: p
zone:
    name: "b.example"
    zonefile: b
    provide-xfr: 0.0.0.0/0 NOKEY
zone:
    name: "c.example"
    zonefile: c
    provide-xfr: 0.0.0.0/0 k
zone:
    name: "d.example"
    zonefile: d
"""


def test_who_may_transfer_from_nsd(tmp_path: Path) -> None:
    checked(["/usr/sbin/nsd-checkconf"], NSD, tmp_path)
    found = program(image(tmp_path, "nsd", {"/etc/nsd/nsd.conf": NSD}))
    assert not isinstance(found.zones, Unobserved)
    assert [z.transfers for z in found.zones] == [Audience.SOME, Audience.EVERYBODY, Audience.ITSELF, Audience.NOBODY]
    assert (found.recursion, found.rate_limit, found.hides_version) == (None, True, True)
    assert "c2VjcmV0" not in repr(found)


NESTED = """
pattern:
    name: "inner"
    provide-xfr: 0.0.0.0&0.0.0.0 NOKEY
pattern:
    name: "outer"
    include-pattern: "inner"
pattern:
    name: "few"
    provide-xfr: 192.0.2.4-192.0.2.9 NOKEY
    provide-xfr: 2001:db8::5@5353 NOKEY
pattern:
    name: "range"
    provide-xfr: 1.0.0.0-223.255.255.255 NOKEY
zone:
    name: "a.example"
    zonefile: a
    include-pattern: outer
zone:
    name: "b.example"
    zonefile: b
    include-pattern: few
zone:
    name: "c.example"
    zonefile: c
    include-pattern: range
"""


def test_patterns_of_nsd_within_patterns_and_addresses_by_mask_and_range(tmp_path: Path) -> None:
    checked(["/usr/sbin/nsd-checkconf"], NESTED, tmp_path)
    found = program(image(tmp_path, "nsd", {"/etc/nsd/nsd.conf": NESTED}))
    assert not isinstance(found.zones, Unobserved)
    assert [z.transfers for z in found.zones] == [Audience.EVERYBODY, Audience.SOME, Audience.EVERYBODY]


def test_zones_added_to_a_running_nsd_are_those_of_its_list(tmp_path: Path) -> None:
    listed = "# NSD zone list\nadd d.example outer\nadd e.example few\nadd f.example gone\n"
    found = program(image(tmp_path, "nsd", {"/etc/nsd/nsd.conf": NESTED, "/var/lib/nsd/zone.list": listed}))
    assert not isinstance(found.zones, Unobserved)
    assert [(z.name, z.transfers) for z in found.zones[3:5]] == [("d.example", Audience.EVERYBODY), ("e.example", Audience.SOME)]
    assert isinstance(found.zones[5].transfers, Unobserved)


KNOT = """
server:
    version: ""
    listen: 127.0.0.1@5355
key:
  - id: k
    algorithm: hmac-sha256
    secret: c2VjcmV0c2VjcmV0
remote:
  - id: second
    address: 192.0.2.5
acl:
  - id: keyed
    key: k
    action: transfer
  - id: some
    address: [192.0.2.0/24, 198.51.100.1]
    action: [notify, transfer]
  - id: open
    action: transfer
  - id: notify
    action: notify
mod-rrl:
  - id: default
    rate-limit: 200
template:
  - id: default
    global-module: mod-rrl/default
    acl: keyed
zone:
  - domain: a.example
  - domain: b.example
    acl: [some, keyed]
  - domain: c.example
    acl: open
  - domain: d.example
    acl: notify
"""


def test_who_may_transfer_from_knot(tmp_path: Path) -> None:
    own = tmp_path / "own.conf"
    own.write_text(KNOT)
    subprocess.run(["/usr/sbin/knotc", "-c", str(own), "conf-check"], check=True, capture_output=True)
    found = program(image(tmp_path, "knot", {"/etc/knot/knot.conf": KNOT}))
    assert not isinstance(found.zones, Unobserved)
    assert [z.transfers for z in found.zones] == [Audience.ITSELF, Audience.SOME, Audience.EVERYBODY, Audience.NOBODY]
    assert (found.rate_limit, found.hides_version) == (True, True)
    assert "c2VjcmV0" not in repr(found)


def test_a_knot_without_limit_or_hidden_version(tmp_path: Path) -> None:
    found = program(image(tmp_path, "knot", {"/etc/knot/knot.conf": "server:\n    rundir: /run/knot\nzone:\n  - domain: a.example\n"}))
    assert (found.rate_limit, found.hides_version) == (False, False)


def test_a_catalog_zone_of_knot_leaves_transfers_open(tmp_path: Path) -> None:
    text = KNOT.replace("    acl: open\n", "").replace(
        "a.example\n", "a.example\n    catalog-role: interpret\n    catalog-template: default\n"
    )
    assert isinstance(program(image(tmp_path, "knot", {"/etc/knot/knot.conf": text})).zones, Unobserved)


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/bind/named.conf": "options { recursion no;"},
        {"/etc/bind/named.conf": "options } {"},
        {"/etc/bind/named.conf": 'include "/etc/bind/named.conf";'},
        {"/etc/bind/named.conf": 'include "/etc/gone";'},
        {"/etc/bind/named.conf": "acl a { b; }; acl b { a; }; options { allow-recursion { a; }; };"},
        {"/etc/bind/named.conf": "a { " * 40 + "};" * 40},
    ],
)
def test_a_text_that_cannot_be_read_gives_no_part(tmp_path: Path, files: dict[str, str]) -> None:
    assert isinstance(program(image(tmp_path, "named", files)).recursion, Unobserved)


def test_lists_and_patterns_that_multiply_are_followed_once_each(tmp_path: Path) -> None:
    acls = "".join(f"acl a{n} {{ {f'a{n - 1};' * 60 if n else '192.0.2.1;'} }};\n" for n in range(24))
    found = program(image(tmp_path / "b", "named", {"/etc/bind/named.conf": acls + "options { allow-recursion { a23; }; };"}))
    assert found.recursion is Audience.SOME
    lines = [f"pattern:\n name: p{n}\n" + f" include-pattern: p{n - 1}\n" * (60 if n else 0) for n in range(24)]
    text = "".join(lines) + " provide-xfr: 192.0.2.1 NOKEY\nzone:\n name: a.example\n include-pattern: p23\n"
    served = program(image(tmp_path / "n", "nsd", {"/etc/nsd/nsd.conf": text})).zones
    assert not isinstance(served, Unobserved)
    assert [zone.transfers for zone in served] == [Audience.SOME]


def value_or_refusal(parse: Callable[[bytes], object], refusal: type[ValueError], data: bytes) -> object:
    try:
        return (parse(data),)
    except refusal as error:
        return str(error)


PIECES = st.sampled_from(
    [*NSD.split(), *KNOT.split("\n"), "{", "}", ";", '"', "/*", "*/", "//", "#", "!", "any;", "include:", "zone:", " ", "\n"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=40).map(" ".join).map(str.encode) | st.binary(max_size=200))
def test_no_octets_break_a_parser(data: bytes) -> None:
    assert value_or_refusal(named.parse, named.NotNamed, data)
    assert value_or_refusal(dnsconf.parse, dnsconf.NotDnsConf, data)
    assert value_or_refusal(dnsconf.parse_knot, dnsconf.NotDnsConf, data)
