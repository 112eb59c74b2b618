"""HAProxy's configuration: the language, and what is made of it. The real program checks the texts that are judged here."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram
from scanner.hosts.linux.web_haproxy import haproxy as haproxy_look
from scanner.hosts.linux.web_programs import web_configuration
from scanner.model.fact import Unobserved
from scanner.wire import haproxy
from scanner.wire.haproxy import Section
from tests.unit.host_trees import Machine, running

GLOBAL = "global\n  log /dev/log local0\n  user haproxy\n  group haproxy\n"
DEFAULTS = (
    "defaults\n  log global\n  mode http\n  timeout connect 5s\n  timeout client 50s\n  timeout server 50s\n  timeout http-request 10s\n"
)
SITE = "frontend web\n  bind *:80\n  default_backend app\n"
APP = "backend app\n  server a 192.0.2.1:80\n"
GOOD = GLOBAL + DEFAULTS + SITE
STATS = "listen stats\n  bind *:8404\n  stats enable\n  stats uri /s\n"


def program(room: Path, text: str, version: str = "2.6.12", more: dict[str, str] | None = None) -> WebProgram:
    said = {"haproxy -v": f"HAProxy version {version}-1 2024/01/01 - https://haproxy.org/\n"} if version else {}
    machine = Machine(room, commands=said)
    machine.write(
        {
            "/usr/sbin/haproxy": "",
            "/etc/haproxy/haproxy.cfg": text,
            "/etc/passwd": "root:x:0:0::/:/bin/sh\nhaproxy:x:105:105::/:/bin/false\n",
            "/etc/group": "root:x:0:\n",
            "/usr/lib/x86_64-linux-gnu/libssl.so.3": "",
            "/etc/systemd/system/multi-user.target.wants/haproxy.service": "",
            **(more or {}),
        }
    )
    running(machine)
    fact = web_configuration.run(machine)
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    assert "s3cret" not in repr(fact)
    return found


def test_a_well_kept_one_has_nothing_open(tmp_path: Path) -> None:
    found = program(tmp_path, GOOD + APP)
    assert (found.account, found.sites, found.unread, found.version) == ("haproxy", ("web",), None, "2.6")
    for part in (
        "listing",
        "cgi",
        "trace",
        "writing",
        "version_told",
        "status_open",
        "unlogged",
        "slow",
        "consoles",
        "console_passwords",
        "orders",
    ):
        assert getattr(found, part) == Places(), part


LINES = [
    ("", STATS, "status_open", ("stats /s",), True),
    ("", STATS + "  stats auth a:9fK2-vQx\n", "status_open", (), True),
    ("", STATS + "  stats auth a:s3cret\n", "console_passwords", ("stats a",), True),
    ("", STATS + "  stats auth a:a\n  stats admin if TRUE\n", "consoles", ("stats /s",), True),
    ("", STATS + "  stats admin if LOCALHOST\n", "consoles", (), False),
    ("", STATS + "  acl own src 192.0.2.0/24\n  http-request deny unless own\n", "status_open", (), False),
    ("", STATS.replace("*:8404", "127.0.0.1:8404"), "status_open", (), True),
    ("", STATS.replace("*:8404", "ipv6@[::1]:8404"), "status_open", (), True),
    ("", "backend shown\n  stats enable\n", "status_open", (), False),
    ("", "backend shown\n  stats auth a:a\n  stats admin if TRUE\n", "console_passwords", ("shown a",), True),
    ("", "backend shown\n  stats auth a:9fK2-vQx\n  stats admin if TRUE\n", "consoles", (), False),
    ("", "backend shown\n  mode tcp\n  stats enable\n", "status_open", (), True),
    ("", "userlist staff\n  user ann insecure-password admin\n  user bob password $6$x$y\n", "console_passwords", ("staff ann",), True),
    ("", "frontend b\n  bind *:81\n  option dontlog-normal\n  default_backend app\n", "unlogged", ("b (log)",), True),
    ("", "defaults\n  mode tcp\n  log global\n  option dontlog-normal\nfrontend b\n  bind *:81\n", "unlogged", ("b (log)",), True),
    ("", "defaults\n  log global\n  option dontlog-normal\nfrontend b\n  bind *:81\n  no option dontlog-normal\n", "unlogged", (), True),
    (
        "",
        "defaults\n  mode http\n  log global\n  timeout http-request 9s\n  stats auth a:9fK2-vQx\n" + STATS,
        "status_open",
        ("stats /s",),
        True,
    ),
    (
        "",
        "frontend b\n  bind *:81\n  no log\n  log 127.0.0.1 len 900 local0 notice\n  default_backend app\n",
        "unlogged",
        ("b (log)",),
        True,
    ),
    ("", "frontend b\n  bind *:81\n  log 127.0.0.1 local0 notice\n  default_backend app\n", "unlogged", (), True),
    ("", "frontend b\n  bind *:81\n  no log\n  log 127.0.0.1 local0\n  default_backend app\n", "unlogged", (), True),
    ("", "frontend b\n  bind *:81\n  log 127.0.0.1 format raw local0 info\n  default_backend app\n", "unlogged", (), True),
    ("", "frontend b\n  bind *:81\n  timeout http-request 0\n  default_backend app\n", "slow", ("b (0)",), True),
    ("  stats socket ipv4@0.0.0.0:9999 level admin\n", "", "orders", ("stats socket ipv4@0.0.0.0:9999",), True),
    ("  stats socket 127.0.0.1:9999\n", "", "orders", ("stats socket 127.0.0.1:9999",), True),
    ("  stats socket 127.0.0.1:9999 level user\n", "", "orders", (), True),
    ("  stats socket /run/admin.sock mode 660 level admin\n", "", "orders", (), True),
    ("  stats socket /run/admin.sock mode 666 level admin\n", "", "orders", ("stats socket /run/admin.sock",), True),
    ("", "frontend b\n  bind *:81\n  no log\n  default_backend app\n", "unlogged", ("b (log)",), True),
    ("", "frontend b\n  bind *:81\n  timeout http-request 10m\n  default_backend app\n", "slow", ("b (10m)",), True),
    (
        "",
        "defaults other\n  mode http\n  log global\nfrontend b\n  bind *:81\n  default_backend app\n",
        "slow",
        ("b (timeout http-request)",),
        True,
    ),
    (
        "",
        "defaults plain\n  mode tcp\n  log global\nfrontend b\n  bind *:81\n  default_backend t\nbackend t\n  server a 192.0.2.1:80\n",
        "slow",
        (),
        True,
    ),
]


@pytest.mark.parametrize(("texts", "part", "places", "known"), [((general, text), *rest) for general, text, *rest in LINES])
def test_one_setting_each(tmp_path: Path, texts: tuple[str, str], part: str, places: tuple[str, ...], known: bool) -> None:
    general, text = texts
    found = getattr(program(tmp_path, GLOBAL + general + DEFAULTS + SITE + APP + text), part)
    assert (found.found, found.unseen is None) == (places, known)


@pytest.mark.lab
def test_the_real_program_takes_these_texts(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    real = shutil.which("haproxy") or "/usr/sbin/haproxy"
    if not Path(real).is_file():
        assert request.config.getoption("--lab") != "require", "haproxy is not installed"
        pytest.skip("haproxy is not installed")
    for general, text, *_ in LINES:
        place = tmp_path / "haproxy.cfg"
        place.write_text("global\n  log /dev/log local0\n" + general + DEFAULTS + SITE + APP + text)
        done = subprocess.run([real, "-c", "-f", place], capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 0, f"{general}{text}: {done.stderr}"


@pytest.mark.parametrize(
    ("general", "line", "version", "versions"),
    [
        ("", "", "2.6.12", ("TLS 1.2", "TLS 1.3")),
        ("", "", "2.0.1", None),  # what the library makes of the older ones is its own
        ("", "", "", None),
        ("  ssl-default-bind-options ssl-min-ver TLSv1.3\n", "", "2.6.12", ("TLS 1.3",)),
        ("  ssl-default-bind-options ssl-min-ver TLSv1.3\n", "ssl-min-ver TLSv1.2", "2.6.12", ("TLS 1.2", "TLS 1.3")),
        ("", "no-tlsv13", "2.6.12", ("TLS 1.2",)),
        ("", "force-tlsv12", "2.6.12", ("TLS 1.2",)),
        ("", "ssl-max-ver TLSv9", "2.6.12", None),
        (
            "  ssl-default-bind-ciphers ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0\n",
            "ssl-min-ver TLSv1.0",
            "2.6.12",
            ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"),
        ),
    ],
)
def test_versions_of_tls(tmp_path: Path, general: str, line: str, version: str, versions: tuple[str, ...] | None) -> None:
    text = f"{GLOBAL}{general}{DEFAULTS}frontend web\n  bind *:443 ssl crt /etc/ssl/web.pem {line}\n"
    found = program(tmp_path, text, version, {"/etc/ssl/web.pem": ""})
    assert not isinstance(found.tls, Unobserved)
    ((one),) = found.tls
    assert one.versions == versions if versions else one.held_back or isinstance(one.versions, Unobserved)
    assert len(found.keys_open.found) == 1


def test_files_behind_two_dashes_are_read(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write({"/etc/a.cfg": GLOBAL + DEFAULTS, "/etc/b.cfg": SITE})
    assert haproxy_look(machine, ("-f", "/etc/a.cfg", "--", "/etc/b.cfg")).sites == ("web",)


def test_further_files_may_be_read_at_the_next_start(tmp_path: Path) -> None:
    more = {"/etc/haproxy/conf.d/b.cfg": STATS}
    assert program(tmp_path, GOOD, more=more).status_open.unseen is not None
    assert haproxy_look(Machine(tmp_path), ("-f", "/etc/haproxy/haproxy.cfg")).doubt is None


def test_a_directory_of_certificates_holds_keys(tmp_path: Path) -> None:
    text = f"{GLOBAL}  crt-base /etc/ssl\n{DEFAULTS}frontend web\n  bind *:443 ssl crt private\n"
    found = program(tmp_path, text, more={"/etc/ssl/private/a.pem": "", "/etc/ssl/private/b.pem": ""})
    assert len(found.keys_open.found) == 2
    listed = program(tmp_path / "list", text.replace("crt private", "crt-list /etc/haproxy/list"))
    assert listed.keys_open.unseen is not None


def test_a_login_without_its_password_is_none(tmp_path: Path) -> None:
    assert program(tmp_path, GOOD + "userlist staff\n  user ann insecure-password\n").console_passwords == Places()


@pytest.mark.parametrize("text", [".if defined(X)\n", 'global\n  user "$WHO"\n', "bind *:80\n", 'global\n  log "x\n'])
def test_what_is_not_followed_leaves_everything_open(tmp_path: Path, text: str) -> None:
    found = program(tmp_path, text)
    assert isinstance(found.sites, Unobserved)
    assert found.status_open == found.consoles == Places((), found.unread)


def test_words_as_the_program_takes_them_apart() -> None:
    text = b'global # all\r\n  log-tag "a \\"b" \'c $d\' e\\ f#g\r\n'
    assert haproxy.parse(text) == (Section("global", (), (("log-tag", 'a "b', "c $d", "e f"),)),)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["global", "frontend a", "bind", '"', "'", "\\", "\n", " ", "#", "$x", ".if", "é"]), max_size=15).map("".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(haproxy.NotHaproxy):
        assert all(one.kind for one in haproxy.parse(text.encode()))
