"""Configurations of nginx in trees: corners that the lab's real servers do not reach, and what cannot be told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.web_configuration import Places, WebProgram
from scanner.hosts.linux.web_reloads import RELOADS
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine, age, running
from tests.unit.web_trees import ACCOUNTS, SSL3, program, site


def nginx(
    room: Path, http: str, top: str = "user www-data;\n", version: str = "1.22.1", more: Mapping[str, str] | None = None
) -> WebProgram:
    machine = Machine(room, commands={"sh -c nginx -V 2>&1": f"nginx version: nginx/{version}\n"} if version else {})
    machine.write(
        {"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": f"{top}events {{ }}\nhttp {{\n{http}\n}}\n", **ACCOUNTS, **SSL3, **(more or {})}
    )
    running(machine)
    return program(machine)


@pytest.mark.parametrize(
    ("inside", "listed"),
    [
        ("location / { autoindex on; }", True),
        ("autoindex on;", True),
        ("autoindex on; location / { proxy_pass http://127.0.0.1:8000; }", False),
        ("autoindex on; location = / { return 204; }", True),
        ("location /x { fancyindex on; }", True),
        ("location /x { autoindex on; allow 127.0.0.1; deny all; }", False),
        ("location /x { autoindex on; deny all; allow 10.0.0.0/8; }", False),
        ("location /x { autoindex on; allow 10.0.0.0/8; deny all; }", True),  # listed, if not to everybody
        ("location /x { autoindex on; internal; }", False),
        ("location /x { autoindex on; satisfy any; allow 127.0.0.1; deny all; auth_basic a; }", True),
        ("location /x { autoindex on; satisfy all; allow 127.0.0.1; deny all; auth_basic a; }", False),
        ("location /x { autoindex on; location /x/y { autoindex off; } }", True),
        ("deny all; location /x { autoindex on; }", False),
        ("deny all; location /x { autoindex on; allow all; }", True),
        ("# autoindex on;", False),
        ("return 404; autoindex on;", False),
        ("if ($http_x) { return 404; } autoindex on;", True),
    ],
)
def test_where_nginx_lists_folders(tmp_path: Path, inside: str, listed: bool) -> None:
    found = nginx(tmp_path, site(inside)).listing
    assert (bool(found.found), found.unseen) == (listed, None)


def test_a_site_for_the_machine_itself_is_open_to_nobody_else(tmp_path: Path) -> None:
    found = nginx(tmp_path, site("autoindex on; location /s { stub_status; }", "127.0.0.1:80"))
    assert (found.listing.found, found.status_open.found) == ((), ())


@pytest.mark.parametrize(
    ("http", "more", "reason"),
    [
        (f"{site('location /x { autoindex on; }')} include missing.conf;", {}, Reason.UNSUPPORTED),
        (f"{site('location /x { autoindex on; }')} include broken.conf;", {"/etc/nginx/broken.conf": "a {"}, Reason.PROTOCOL_VIOLATION),
        (
            f"{site('location /x { autoindex on; }')} include again.conf;",
            {"/etc/nginx/again.conf": "include again.conf;"},
            Reason.TOO_LARGE,
        ),
        (f"{site('location /x { autoindex on; }')} server_tokens on; server_tokens off;", {}, Reason.UNSUPPORTED),
    ],
)
def test_what_cannot_be_read_leaves_everything_open_but_what_was_found(
    tmp_path: Path, http: str, more: Mapping[str, str], reason: Reason
) -> None:
    found = nginx(tmp_path, http, more=more)
    assert found.listing.found == ("a.test /x",)
    for part in (found.listing, found.cgi, found.unlogged, found.roots_writable, found.keys_open):
        assert part.unseen is not None
        assert part.unseen.reason is reason


def test_a_pattern_without_files_is_nothing(tmp_path: Path) -> None:
    assert nginx(tmp_path, f"include conf.d/*.conf; include /etc/nginx/*/x[12].conf; {site('')}").unread is None


def test_a_missing_right_is_told(tmp_path: Path) -> None:
    class Closed(Machine):
        def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
            if path.endswith("closed.conf"):
                raise CannotObserve(Reason.ACCESS_DENIED, path)
            return super().file(path, limit=limit)

    machine = Closed(tmp_path).write({"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "http { include closed.conf; }", **ACCOUNTS})
    running(machine)
    unread = program(machine).unread
    assert unread is not None
    assert unread.reason is Reason.ACCESS_DENIED


@pytest.mark.parametrize(
    ("passed", "found", "open_"),
    [
        ("location /c { fastcgi_pass unix:/run/fcgiwrap.socket; }", True, False),
        ("location ~ \\.php$ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; }", False, False),
        ("location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }", False, False),
        ("location /c { fastcgi_pass 127.0.0.1:9000; }", False, True),
        ("location /c { fastcgi_pass wrapped; }", True, False),
        ("location /c { proxy_pass http://127.0.0.1:9000; }", False, False),
    ],
)
def test_cgi_behind_nginx(tmp_path: Path, passed: str, found: bool, open_: bool) -> None:
    cgi = nginx(tmp_path, "upstream wrapped { server unix:/run/fcgiwrap.socket; }" + site(passed)).cgi
    assert (bool(cgi.found), cgi.unseen is not None) == (found, open_)


@pytest.mark.parametrize(
    ("version", "written", "versions", "held"),
    [
        ("1.22.1", "", ("TLS 1.2",), ("TLS 1.0", "TLS 1.1")),
        ("1.24.0", "", ("TLS 1.2", "TLS 1.3"), ("TLS 1.0", "TLS 1.1")),
        ("1.27.3", "", ("TLS 1.2", "TLS 1.3"), ()),
        ("", "", None, ()),
        ("", "ssl_protocols TLSv1.3;", ("TLS 1.3",), ()),
        ("1.22.1", "ssl_protocols TLSv1; ssl_ciphers HIGH:@SECLEVEL=1;", None, ()),
        ("1.22.1", "ssl_protocols TLSv1; ssl_ciphers HIGH:@SECLEVEL=0;", ("TLS 1.0",), ()),
        ("1.22.1", "ssl_protocols TLSv9;", None, ()),
        ("1.22.1", "ssl_protocols TLSv1.2; ssl_conf_command MinProtocol TLSv1;", None, ()),
    ],
)
def test_versions_of_tls_by_version_and_library(
    tmp_path: Path, version: str, written: str, versions: tuple[str, ...] | None, held: tuple[str, ...]
) -> None:
    found = nginx(tmp_path, site(f"ssl_certificate_key /k.pem; {written}", "443 ssl"), version=version, more={"/k.pem": ""})
    assert not isinstance(found.tls, Unobserved)
    (one,) = found.tls
    assert one.held_back == held
    assert isinstance(one.versions, Unobserved) if versions is None else one.versions == versions


@pytest.mark.parametrize(
    ("files", "versions"),
    [
        ({"/usr/lib/x86_64-linux-gnu/libssl.so.1.1": ""}, None),  # two libraries: which one nginx was built with is not known
        ({"/etc/ssl/openssl.cnf": "[d]\nCipherString = DEFAULT@SECLEVEL=0\n"}, ("TLS 1.0",)),
        ({"/etc/ssl/openssl.cnf": "# CipherString = DEFAULT@SECLEVEL=0\n"}, ()),
    ],
)
def test_the_library_decides_on_old_versions(tmp_path: Path, files: Mapping[str, str], versions: tuple[str, ...] | None) -> None:
    found = nginx(tmp_path, site("ssl_certificate_key /k.pem; ssl_protocols TLSv1;", "443 ssl"), more={"/k.pem": "", **files})
    assert not isinstance(found.tls, Unobserved)
    assert isinstance(found.tls[0].versions, Unobserved) if versions is None else found.tls[0].versions == versions


def test_suites_without_the_program_that_makes_them(tmp_path: Path) -> None:
    tls = nginx(tmp_path, site("ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:!aNULL;", "443 ssl")).tls
    assert not isinstance(tls, Unobserved)
    assert tls[0].suites == ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)
    tls = nginx(tmp_path, site("", "443 ssl")).tls
    assert not isinstance(tls, Unobserved)
    assert isinstance(tls[0].suites, Unobserved)


@pytest.mark.parametrize(
    ("wait", "found", "open_"),
    [("60s", False, False), ("5m", True, False), ("1m 30s", False, False), ("500ms", False, False), ("$x", False, True)],
)
def test_how_long_nginx_waits(tmp_path: Path, wait: str, found: bool, open_: bool) -> None:
    slow = nginx(tmp_path, site(f"client_header_timeout '{wait}';")).slow
    assert (bool(slow.found), slow.unseen is not None) == (found, open_)


def test_rights_of_roots_and_keys(tmp_path: Path) -> None:
    inside = "ssl_certificate_key /etc/letsencrypt/live/a/privkey.pem; ssl_certificate_key /k.pem;"
    files = {"/srv/www/index.html": "", "/srv/www/open.html": "", "/k.pem": "", "/etc/letsencrypt/archive/a/privkey1.pem": ""}
    live = tmp_path / "etc/letsencrypt/live/a"
    live.mkdir(parents=True)
    (live / "privkey.pem").symlink_to("../../archive/a/privkey1.pem")
    for path, mode in (
        ("srv/www", 0o755),
        ("etc/letsencrypt/archive/a", 0o755),
        ("etc/letsencrypt/archive", 0o700),
        ("etc/letsencrypt/live", 0o700),
    ):
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
        (tmp_path / path).chmod(mode)
    for path, mode in (("srv/www/index.html", 0o644), ("srv/www/open.html", 0o666), ("k.pem", 0o640)):
        (tmp_path / path).touch()
        (tmp_path / path).chmod(mode)
    found = nginx(tmp_path, site(inside, "443 ssl"), more=files)
    assert (found.roots_writable, found.keys_open) == (Places(("/srv/www/open.html",)), Places())
    (tmp_path / "k.pem").chmod(0o644)
    (tmp_path / "srv/www").chmod(0o777)
    (tmp_path / "etc/letsencrypt/archive").chmod(0o755)
    found = nginx(tmp_path, site(inside, "443 ssl"), more=files)
    assert found.roots_writable.found == ("/srv/www", "/srv/www/open.html")
    assert found.keys_open.found == ("/etc/letsencrypt/archive/a/privkey1.pem (0644)", "/k.pem (0644)")


def test_an_account_that_is_not_there_leaves_rights_open(tmp_path: Path) -> None:
    assert nginx(tmp_path, site(""), top="user ghost;\n").roots_writable.unseen is not None
    assert nginx(tmp_path, site(""), top="").account == "nobody"  # the account of a build without other words
    assert isinstance(nginx(tmp_path, site(""), top="", version="").account, Unobserved)


def _started(machine: Machine, number: int, parent: int, name: str, line: bytes) -> None:
    fields = " ".join(["0"] * 17)
    stat = f"{number} ({name}) S {parent} {fields} 100 0 0\n"
    machine.write({f"/proc/{number}/stat": stat, f"/proc/{number}/cmdline": line})


def test_the_running_program_says_which_file_it_reads(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write({"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "http { }", **ACCOUNTS})
    machine.write({"/srv/own.conf": "http { server { autoindex on; root /srv; } }"})
    running(machine)
    _started(machine, 7, 1, "nginx", b"nginx: master process /usr/sbin/nginx -g daemon on; user root; -c /srv/own.conf\0\0\0")
    _started(machine, 8, 7, "nginx", b"nginx: worker process\0\0")
    found = program(machine)
    assert (found.source, found.running, found.listing.found) == ("/srv/own.conf", True, ("*:80",))
    _started(machine, 9, 1, "nginx", b"nginx: master process /usr/sbin/nginx\0")
    unread = program(machine).unread
    assert unread is not None
    assert "2 times" in unread.detail


def test_a_file_newer_than_the_program_may_not_be_in_force(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write({"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "http { }", **ACCOUNTS})
    running(machine, nginx=1_700_000_100)
    age(machine, "/etc/nginx/nginx.conf", 1_700_000_000)
    assert program(machine).applied is None
    age(machine, "/etc/nginx/nginx.conf", 1_700_000_200)
    applied = program(machine).applied
    assert applied is not None
    assert applied.reason is Reason.STALE
    answer = (
        "Id=nginx.service\nExecReload={ path=/usr/sbin/nginx ; start_time=[@%d] ; stop_time=[@%d] ; pid=9 ; code=exited ; status=%d }\n"
    )
    for at, status, told in ((1_700_000_300, 0, True), (1_700_000_300, 1, False), (1_700_000_150, 0, False)):
        machine.commands[" ".join(RELOADS)] = "Id=apache2.service\n\n" + answer % (at, at, status)
        assert (program(machine).applied is None) is told


def test_a_change_at_the_end_of_a_link_is_seen_like_one_of_the_link(tmp_path: Path) -> None:
    files = {
        "/usr/sbin/nginx": "",
        "/etc/nginx/nginx.conf": "http { include sites-enabled/*; }",
        "/etc/nginx/sites-available/a": "",
        **ACCOUNTS,
    }
    machine = Machine(tmp_path).write(files)
    running(machine, nginx=1_700_000_100)
    link = tmp_path / "etc/nginx/sites-enabled/a"
    link.parent.mkdir()
    link.symlink_to("../sites-available/a")
    for path in ("nginx.conf", "sites-available/a"):
        age(machine, f"/etc/nginx/{path}", 1_700_000_000)
    for of_link, of_file, in_force in ((0, 0, True), (200, 0, False), (0, 200, False)):
        os.utime(link, (1_700_000_000 + of_link,) * 2, follow_symlinks=False)
        age(machine, "/etc/nginx/sites-available/a", 1_700_000_000 + of_file)
        assert (program(machine).applied is None) is in_force
