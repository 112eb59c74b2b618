"""Configurations of nginx, Apache httpd and PHP in trees: corners that the lab's real servers do not reach, and what cannot be told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner import codec
from scanner.facts.readings import Audience
from scanner.facts.web_configuration import PhpProgram, Places, WebConfiguration, WebProgram
from scanner.hosts.base import FileState
from scanner.hosts.linux.web_apache_access import lets_in
from scanner.hosts.linux.web_programs import web_configuration
from scanner.hosts.linux.web_reloads import RELOADS
from scanner.model.fact import Observed, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import httpd
from tests.unit.host_trees import Machine, age, running

ACCOUNTS = {
    "/etc/passwd": "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n",
    "/etc/group": "root:x:0:\nwww-data:x:33:\nweb:x:50:www-data\n",
}
SSL3 = {"/usr/lib/x86_64-linux-gnu/libssl.so.3": ""}
DEBIAN = {
    "/usr/sbin/apache2": "",
    "/etc/systemd/system/multi-user.target.wants/apache2.service": "",
    "/etc/apache2/envvars": "export APACHE_RUN_USER=www-data\nexport APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n",
    **ACCOUNTS,
}
LOADED = "".join(
    f"LoadModule {name}_module modules/mod_{name}.so\n" for name in ("autoindex", "alias", "status", "cgid", "dav", "reqtimeout", "userdir")
)
APACHE = f"User ${{APACHE_RUN_USER}}\nListen 80\n{LOADED}CustomLog ${{APACHE_LOG_DIR}}/access.log combined\nDocumentRoot /srv/www\n"
HOST = "<VirtualHost *:80>\nDocumentRoot /srv/www\nOptions Indexes\n"
OPEN = "<Directory /srv/www>\nRequire all granted\n</Directory>\n"


def fact(machine: Machine) -> WebConfiguration:
    found = web_configuration.run(machine)
    assert isinstance(found, WebConfiguration)
    seen = Observed(found, "2026-11-22T00:00:00Z")
    assert codec.observation_in("WebConfiguration", codec.observation_out(seen)) == seen
    return found


def program(machine: Machine) -> WebProgram:
    found = fact(machine).programs
    assert not isinstance(found, Unobserved)
    (one,) = found
    return one


def nginx(
    room: Path, http: str, top: str = "user www-data;\n", version: str = "1.22.1", more: Mapping[str, str] | None = None
) -> WebProgram:
    machine = Machine(room, commands={"sh -c nginx -V 2>&1": f"nginx version: nginx/{version}\n"} if version else {})
    machine.write(
        {"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": f"{top}events {{ }}\nhttp {{\n{http}\n}}\n", **ACCOUNTS, **SSL3, **(more or {})}
    )
    running(machine)
    return program(machine)


def site(inside: str, listen: str = "80") -> str:
    return f"server {{ listen {listen}; server_name a.test; root /srv/www;\n{inside}\n}}"


def apache(room: Path, text: str, more: Mapping[str, str] | None = None, *, live: bool = True) -> WebProgram:
    machine = Machine(room, live, commands={"apache2 -v": "Server version: Apache/2.4.62 (Debian)\n"})
    machine.write({**DEBIAN, "/etc/apache2/apache2.conf": APACHE + text, **(more or {})})
    if live:
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


@pytest.mark.parametrize(
    ("text", "listed", "open_"),
    [
        (OPEN, False, False),
        (OPEN + "<Directory /srv/www/x>\nOptions +Indexes\n</Directory>", True, False),
        ("<Directory />\nOptions All\n</Directory>\n" + OPEN, True, False),
        ("<Directory /srv/www/>\nOptions Indexes\nRequire all denied\n</Directory>", False, False),
        ("<Directory /srv/www>\nOptions Indexes\nRequire local\n</Directory>", False, False),
        ("<Directory /srv/www>\nOptions Indexes\nRequire valid-user\n</Directory>", True, False),
        ("<Directory /srv/www>\nOptions Indexes\nOrder allow,deny\nAllow from all\n</Directory>", True, False),
        ("<Directory /srv/www>\nOptions Indexes\nOrder deny,allow\nDeny from all\nAllow from 127.0.0.1\n</Directory>", False, False),
        ("<Directory /srv/*>\nOptions +Indexes\n</Directory>", True, True),
        ('<Directory ~ "^/srv/w">\nOptions +Indexes\n</Directory>', True, True),
        ('<DirectoryMatch "^/srv/(w|v)*">\nOptions +Indexes\n</DirectoryMatch>', False, True),
        (OPEN + "<If \"%{REMOTE_ADDR} == 'x'\">\nOptions +Indexes\n</If>", False, True),
        (OPEN + "<Directory /srv/www>\nAllowOverride All\n</Directory>", False, True),
        (OPEN + "Use Listing /srv/www", False, True),
        (OPEN + "<IfModule mod_none.c>\nOptions Indexes\n</IfModule>", False, False),
        (OPEN + "<IfVersion < 2.4>\nOptions Indexes\n</IfVersion>", False, False),
        (OPEN + "<IfVersion >= 2.4.60>\nOptions Indexes\n</IfVersion>", True, False),
        (OPEN + "<IfVersion ~ x>\nOptions Indexes\n</IfVersion>", False, True),
        (OPEN + "Define A\n<IfDefine A>\nOptions Indexes\n</IfDefine>", True, False),
        (OPEN + "<IfFile /etc/passwd>\nOptions Indexes\n</IfFile>", True, False),
        ("<VirtualHost *:80>\nDocumentRoot /srv/www\nProxyPass / http://127.0.0.1:1/\nOptions Indexes\n</VirtualHost>", False, False),
        ("<VirtualHost 127.0.0.1:80>\nDocumentRoot /srv/x\nOptions Indexes\n</VirtualHost>", False, False),
        ("Alias /more /srv/more\n<Directory /srv/more>\nOptions Indexes\n</Directory>", True, False),
        ("UserDir public_html\n<Directory /home/*/public_html>\nOptions Indexes\n</Directory>", True, True),
        (OPEN + "Options Indexes\nOptions -Indexes", False, False),
        (f"{HOST}RewriteEngine on\nRewriteCond %{{HTTPS}} off\nRewriteRule ^ https://a.test [R]\n</VirtualHost>", False, False),
        (f"{HOST}RewriteEngine on\nRewriteCond %{{HTTP_HOST}} b\nRewriteRule ^ https://a.test [R]\n</VirtualHost>", True, False),
        (f"{HOST}SSLEngine on\nRewriteEngine on\nRewriteCond %{{HTTPS}} off\nRewriteRule ^ https://a.test\n</VirtualHost>", True, False),
        (f"{HOST}RewriteRule ^ https://a.test [R]\n</VirtualHost>", True, False),
        (f"{HOST}RewriteEngine on\nRewriteRule ^/(.*)$ http://127.0.0.1:1/$1 [P,L]\n</VirtualHost>", False, False),
        (f"{HOST}Redirect permanent / https://a.test/\n</VirtualHost>", False, False),
        (f"{HOST}Redirect permanent /x https://a.test/\n</VirtualHost>", True, False),
        (OPEN + "Include nothing.conf", False, True),
        (OPEN + "IncludeOptional nothing*.conf", False, False),
    ],
)
def test_where_apache_lists_folders(tmp_path: Path, text: str, listed: bool, open_: bool) -> None:
    found = apache(tmp_path, text).listing
    assert (bool(found.found), found.unseen is not None) == (listed, open_)


@pytest.mark.parametrize(
    ("rules", "open_", "unseen"),
    [
        ("", True, False),
        ("Require all granted", True, False),
        ("Require local", False, False),
        ("Require ip 192.0.2.0/24", False, False),
        ("Require ip 0.0.0.0/0", True, False),
        ("Require host example.jp", False, False),
        ("Require expr %{HTTP_X} == 'y'", False, True),
        ("<RequireAll>\nRequire all granted\nRequire not ip 192.0.2.1\n</RequireAll>", True, False),
        ("<RequireAny>\nRequire local\nRequire all granted\n</RequireAny>", True, False),
        ("<RequireAll>\nRequire local\nRequire all granted\n</RequireAll>", False, False),
        ("Order deny,allow\nDeny from all\nAllow from 192.0.2.1", False, False),
        ("Order allow,deny\nAllow from all", True, False),
        ("Order allow,deny", False, False),
        ("Order mutual-failure", False, False),
        ("Order mutual-failure\nAllow from all", True, False),
        ("Order deny,allow\nDeny from all\nAllow from env=ok", False, True),
        ("Satisfy Any\nRequire valid-user\nOrder allow,deny\nAllow from all", True, False),
    ],
)
def test_who_may_read_the_state_of_apache(tmp_path: Path, rules: str, open_: bool, unseen: bool) -> None:
    found = apache(tmp_path, f"{OPEN}<Location /server-status>\nSetHandler server-status\n{rules}\n</Location>").status_open
    assert (bool(found.found), found.unseen is not None) == (open_, unseen)


@pytest.mark.parametrize(
    ("before", "after", "who"),
    [
        ("denied", "AuthMerging And\nRequire all granted", Audience.NOBODY),
        ("denied", "AuthMerging Or\nRequire all granted", Audience.EVERYBODY),
        ("granted", "AuthMerging Or\nRequire all denied", Audience.EVERYBODY),
        ("granted", "AuthMerging And\nRequire local", Audience.ITSELF),
        ("granted", "AuthMerging Off\nRequire local", Audience.ITSELF),
        ("denied\nAuthMerging And", "Require all granted", Audience.EVERYBODY),
        ("denied", "AuthMerging And\nRequire env ok", Audience.NOBODY),
        ("granted", "AuthMerging And\nRequire env ok", None),
    ],
)
def test_rules_of_apache_are_joined_with_those_before_where_they_say_so(before: str, after: str, who: Audience | None) -> None:
    assert lets_in([httpd.parse(f"Require all {before}\n".encode()), httpd.parse(b"Options None\n"), httpd.parse(after.encode())]) is who


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("<Location /dav>\nDav On\n</Location>", True),
        ("<Location /dav>\nDav On\nRequire valid-user\n</Location>", False),
        ("<Location /dav>\nDav On\n<LimitExcept GET HEAD>\nRequire valid-user\n</LimitExcept>\n</Location>", False),
        ("<Location /dav>\nDav On\n<Limit GET>\nRequire valid-user\n</Limit>\n</Location>", True),
        ("<Location /dav>\nDav Off\n</Location>", False),
    ],
)
def test_who_may_write(tmp_path: Path, text: str, open_: bool) -> None:
    assert bool(apache(tmp_path, OPEN + text).writing.found) is open_


def test_what_conditions_and_macros_hold_stays_where_it_is(tmp_path: Path) -> None:
    text = OPEN + "<If \"%{HTTP:X-Key} == 'geheim'\">\nOptions +Indexes\n</If>\nUse Site geheim\n<IfDirective geheim>\n</IfDirective>\n"
    found = apache(tmp_path, text)
    assert found.listing.unseen is not None
    assert "geheim" not in repr(found)


def test_programs_of_apache(tmp_path: Path) -> None:
    text = "ScriptAlias /cgi-bin/ /srv/cgi\n"
    assert apache(tmp_path, text).cgi == Places()  # nothing lies there
    assert apache(tmp_path, text, {"/srv/cgi/x": ""}).cgi.found == ("main /cgi-bin/ (/srv/cgi)",)
    assert apache(tmp_path, text.replace("/srv/cgi", "/srv/c2")).cgi.found == ()
    handled = OPEN + "<Directory /srv/www/run>\nOptions +ExecCGI\nAddHandler cgi-script .cgi\n</Directory>"
    assert apache(tmp_path, handled).cgi.found == ("main /srv/www/run",)


@pytest.mark.parametrize(
    ("text", "status", "cgi", "listing"),
    [
        ('<LocationMatch "^/s">\nSetHandler server-status\n</LocationMatch>', True, False, False),
        ('<LocationMatch "^/s">\nSetHandler server-status\nRequire local\n</LocationMatch>', False, False, False),
        ("<Location ~ /x>\nOptions +Indexes\n</Location>", False, False, True),
        ("<Files s>\nSetHandler server-status\n</Files>", None, False, False),
        ('<Directory /srv/www>\n<FilesMatch "c$">\nOptions +ExecCGI\n</FilesMatch>\n</Directory>', False, None, False),
        ("<Files x.cgi>\nSetHandler cgi-script\n</Files>", False, None, False),
        ('<FilesMatch "\\.php$">\nSetHandler "proxy:unix:/run/php.sock|fcgi://x"\n</FilesMatch>', False, False, False),
        ("<Directory /srv/www>\nAllowOverride Options\n</Directory>", False, None, None),
        ("VirtualDocumentRoot /srv/%0", False, None, None),
    ],
)
def test_settings_by_expression_and_by_name(tmp_path: Path, text: str, status: bool | None, cgi: bool | None, listing: bool | None) -> None:
    found = apache(tmp_path, OPEN + text)
    told = [None if part.unseen else bool(part.found) for part in (found.status_open, found.cgi, found.listing)]
    assert told == [status, cgi, listing]


def test_apache_without_its_lines(tmp_path: Path) -> None:
    machine = Machine(tmp_path, commands={}).write({**DEBIAN, "/etc/apache2/apache2.conf": "Listen 80\n"})
    running(machine)
    found = program(machine)
    assert isinstance(found.version, Unobserved)
    assert found.version_told.found == ("ServerTokens Full",)
    assert found.trace.found == found.sites == ("main",)
    assert found.unlogged.found == ("main (CustomLog)",)
    assert found.slow.found == ("main (mod_reqtimeout)",)
    assert isinstance(found.account, Unobserved)


def test_an_image_of_the_red_hat_family(tmp_path: Path) -> None:
    files = {
        "/usr/sbin/httpd": "",
        "/etc/systemd/system/multi-user.target.wants/httpd.service": "",
        "/etc/httpd/conf/httpd.conf": 'ServerRoot "/etc/httpd"\nListen 80\nInclude conf.modules.d/*.conf\n'
        'User apache\nDocumentRoot "/var/www/html"\n'
        '<IfModule log_config_module>\nCustomLog "logs/access_log" combined\n</IfModule>\n'
        '<IfModule alias_module>\nScriptAlias /cgi-bin/ "/var/www/cgi-bin/"\n</IfModule>\n'
        "<Directory /var/www/html>\nOptions Indexes FollowSymLinks\nRequire all granted\n</Directory>\nIncludeOptional conf.d/*.conf\n",
        "/etc/httpd/conf.modules.d/00-base.conf": "LoadModule log_config_module modules/mod_log_config.so\n"
        "LoadModule alias_module modules/mod_alias.so\n"
        ""
        "LoadModule autoindex_module modules/mod_autoindex.so\nLoadModule reqtimeout_module modules/mod_reqtimeout.so\n",
        "/etc/httpd/conf.modules.d/01-cgi.conf": "<IfModule mpm_event_module>\nLoadModule cgid_module modules/mod_cgid.so\n</IfModule>\n"
        "<IfModule !mpm_event_module>\nLoadModule cgi_module modules/mod_cgi.so\n</IfModule>\n",
        "/etc/httpd/conf.d/ssl.conf": "Listen 443 https\n<VirtualHost _default_:443>\nSSLEngine on\nSSLCertificateFile /k.pem\n"
        "SSLCipherSuite PROFILE=SYSTEM\n"
        "</VirtualHost>\n",
        "/etc/crypto-policies/back-ends/opensslcnf.config": "CipherString = @SECLEVEL=2:kEECDH\nTLS.MinProtocol = TLSv1.2\n"
        "TLS.MaxProtocol = TLSv1.3\n",
        "/usr/lib64/libssl.so.3": "",
        "/k.pem": "",
        "/var/www/cgi-bin/x": "",
    }
    found = program(Machine(tmp_path, live=False).write(files))
    assert (found.running, found.starts, found.account) == (None, True, "apache")
    assert found.sites == ("main", "_default_:443")
    assert found.listing.found == ("main /", "_default_:443 /")
    assert found.cgi.found == ("main /cgi-bin/ (/var/www/cgi-bin)", "_default_:443 /cgi-bin/ (/var/www/cgi-bin)")
    assert (found.unlogged.found, found.slow.found) == ((), ())
    assert not isinstance(found.tls, Unobserved)
    assert (found.tls[0].versions, found.tls[0].held_back) == (("TLS 1.2", "TLS 1.3"), ())
    assert isinstance(found.tls[0].suites, Unobserved)


def php(machine: Machine) -> PhpProgram:
    found = fact(machine).php
    assert not isinstance(found, Unobserved)
    (one,) = found
    return one


FPM = {
    "/usr/sbin/nginx": "",
    "/etc/nginx/nginx.conf": "http { }",
    "/usr/sbin/php-fpm8.2": "",
    "/etc/php/8.2/fpm/php-fpm.conf": "[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n",
    **ACCOUNTS,
}


def test_php_without_settings_is_as_it_was_built(tmp_path: Path) -> None:
    found = php(Machine(tmp_path, live=False).write(FPM))
    assert (found.name, found.addresses_included) == ("php-fpm8.2", Places())
    assert (found.version_told.found, found.errors_shown.found) == (("expose_php (default)",), ("display_errors (default)",))


def test_later_files_of_php_and_pools(tmp_path: Path) -> None:
    files = {
        "/etc/php/8.2/fpm/php.ini": "[PHP]\nexpose_php = On\n;display_errors = On\ndisplay_errors = Off\r\nallow_url_include = Off\n"
        "[HOST=old.test]\ndisplay_errors = On\n",
        "/etc/php/8.2/fpm/conf.d/99-own.ini": "expose_php = 0\n",
        "/etc/php/8.2/fpm/pool.d/www.conf": "[www]\nphp_admin_flag[allow_url_include] = on\n;php_flag[expose_php] = on\n",
    }
    found = php(Machine(tmp_path, live=False).write({**FPM, **files}))
    assert found.version_told == Places()
    assert found.errors_shown.found == ("display_errors ([HOST=old.test])",)
    assert found.addresses_included.found == ("allow_url_include ([www])",)


@pytest.mark.parametrize(
    ("ini", "pools", "told"),
    [
        ("expose_php = On\n", {"www": "php_admin_flag[expose_php] = off\n"}, ()),
        ("", {"a": "php_admin_value[expose_php] = 0\n", "b": "php_flag[expose_php] = no\n"}, ()),
        ("expose_php = On\n", {"a": "php_admin_flag[expose_php] = off\n", "b": ""}, ("expose_php (php.ini)",)),
        ("expose_php = Off\n", {"a": "", "b": "php_admin_flag[expose_php] = on\n"}, ("expose_php ([b])",)),
        ("expose_php = Off\n", {"a": "php_flag[expose_php] = on\nphp_admin_flag[expose_php] = off\n"}, None),
        ("[HOST=www.example.jp]\nexpose_php = On\n", {"a": "php_admin_flag[expose_php] = off\n"}, ("expose_php ([HOST=www.example.jp])",)),
    ],
)
def test_what_every_pool_says_holds_over_php_ini(tmp_path: Path, ini: str, pools: dict[str, str], told: tuple[str, ...] | None) -> None:
    files = {f"/etc/php/8.2/fpm/pool.d/{name}.conf": f"[{name}]\npm = static\n{lines}" for name, lines in pools.items()}
    found = php(Machine(tmp_path, live=False).write({**FPM, "/etc/php/8.2/fpm/php.ini": ini, **files})).version_told
    assert (None if found.unseen else found.found) == told


def test_a_line_for_the_whole_server_holds_over_php_ini(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            "/usr/sbin/apache2": "",
            "/etc/apache2/apache2.conf": f"{APACHE}LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so\n"
            "php_admin_flag expose_php off\n",
            "/etc/php/8.2/apache2/php.ini": "expose_php = On\ndisplay_errors = On\n",
        }
    )
    found = php(machine)
    assert (found.version_told.found, found.errors_shown.found) == ((), ("display_errors (php.ini)",))


def test_too_many_modules_are_not_cut(tmp_path: Path) -> None:
    loads = "".join(f"LoadModule a{number}_module modules/mod_a{number}.so\n" for number in range(301))
    modules = apache(tmp_path, OPEN + loads).modules
    assert isinstance(modules, Unobserved)
    assert modules.reason is Reason.TOO_LARGE


def test_too_many_versions_of_php_are_not_cut(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write({"/usr/sbin/apache2": "", "/etc/apache2/apache2.conf": APACHE})
    machine.write({f"/etc/php/{number // 10 + 1}.{number % 10}/x": "" for number in range(21)})
    why = fact(machine).php
    assert isinstance(why, Unobserved)
    assert why.reason is Reason.TOO_LARGE


def test_an_expression_of_php_is_not_decided(tmp_path: Path) -> None:
    found = php(Machine(tmp_path, live=False).write({**FPM, "/etc/php/8.2/fpm/php.ini": "expose_php = ${SHOW}\ndisplay_errors = 0\n"}))
    assert found.version_told.unseen is not None


def test_php_within_apache(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            **DEBIAN,
            "/etc/apache2/apache2.conf": f"{APACHE}LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so\n"
            "<Directory /srv/www>\nphp_admin_flag display_errors On\n</Directory>\n",
            "/etc/php/8.2/apache2/php.ini": "expose_php = Off\ndisplay_errors = Off\n",
        }
    )
    found = php(machine)
    assert (found.name, found.starts, found.version_told.found) == ("mod_php", True, ())
    assert found.errors_shown.found == ("display_errors (directory /srv/www)",)


RICH = {
    "/usr/sbin/nginx": "",
    "/etc/nginx/nginx.conf": "user www-data;\nhttp { include conf.d/*.conf; }",
    "/etc/nginx/conf.d/a.conf": site(
        "include x.inc; include logs.inc; location /l { autoindex on; } location /s { stub_status; } location /w { dav_methods PUT; }"
        "location /f { alias /srv/f/; } ssl_certificate_key /k.pem; ssl_protocols TLSv1.2; ssl_ciphers RC4-SHA;",
        "443 ssl",
    ),
    "/etc/nginx/x.inc": "client_header_timeout 1h;",
    "/etc/nginx/logs.inc": "access_log off;",
    **DEBIAN,
    "/etc/apache2/apache2.conf": f"{APACHE}{OPEN}Include conf/*.conf\n<Location /s>\nSetHandler server-status\n</Location>\n"
    "<Location /dav>\nDav On\n</Location>\nScriptAlias /c /srv/c\nAlias /manual /usr/share/doc/manual\n",
    "/etc/apache2/conf/a.conf": "<Directory /srv/www>\nAllowOverride All\n</Directory>\nErrorLog /dev/null\n",
    "/etc/apache2/conf/b.conf": "ServerTokens OS\nTraceEnable On\nRequestReadTimeout header=0\n",
    "/srv/www/.htaccess": "Options +Indexes\n",
    "/srv/www/index.html": "Welcome to nginx!",
    "/srv/www/open": "",
    "/srv/c/x": "",
    "/k.pem": "",
    **SSL3,
}
PARTS = (
    *("listing", "cgi", "trace", "writing", "version_told", "status_open", "samples", "unlogged", "escaping", "slow", "roots_writable"),
    "keys_open",
)


class Denying(Machine):
    """Notes what is asked for; there is no right to read ``deny``."""

    deny = ""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: set[str] = set()

    def _note(self, path: str) -> None:
        self.asked.add(path)
        if path == self.deny:
            raise CannotObserve(Reason.ACCESS_DENIED, path)

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        self._note(path)
        return super().file(path, limit=limit)

    def names(self, directory: str) -> tuple[str, ...] | None:
        self._note(directory)
        return super().names(directory)

    def state(self, path: str) -> FileState | None:
        self._note(path)
        return super().state(path)


def test_no_right_to_read_one_thing_neither_hides_nor_invents_a_finding(tmp_path: Path) -> None:
    machine = Denying(tmp_path)
    machine.write(RICH)
    running(machine)
    (tmp_path / "srv/www/open").chmod(0o666)
    whole = {one.name: one for one in _programs(fact(machine))}
    assert {name: [part for part in PARTS if getattr(one, part).found] for name, one in whole.items()} == {
        "nginx": [part for part in PARTS if part not in {"cgi", "trace"}],
        "apache2": [part for part in PARTS if part not in {"escaping", "keys_open"}],
    }
    denied = sorted(machine.asked - {"/proc", "/proc/stat"})
    assert len(denied) > 50
    for path in denied:
        machine.deny = path
        found = fact(machine)
        if isinstance(found.programs, Unobserved):
            continue
        seen = {one.name: one for one in found.programs}
        for name, one in whole.items():
            if name not in seen:
                raise AssertionError(f"{path}: {name} is gone")
            for part in PARTS:
                before, after = getattr(one, part), getattr(seen[name], part)
                assert set(after.found) <= set(before.found), f"{path}: {name} {part}"
                assert after.unseen is not None or set(after.found) == set(before.found), f"{path}: {name} {part}"


def _programs(found: WebConfiguration) -> tuple[WebProgram, ...]:
    assert not isinstance(found.programs, Unobserved)
    return found.programs


PIECES = st.sampled_from(
    """<Directory /srv/www>|</Directory>|<Location ~ (a+)+>|</Location>|Options +Indexes -X|Require|Allow from
SSLEngine on|Include *|Alias /x|SSLProtocol +x|Alias|UserDir|RewriteEngine on|RewriteRule ^ https://x|Define|${
Listen|<VirtualHost>|</VirtualHost>|RequestReadTimeout header=|SetHandler|Dav|ProxyPass /|SSLCipherSuite -v
AllowOverride All|http {|server {|location|location / {|}|listen;|alias|ssl_protocols;|include *;|allow;
return;|dav_methods;|fastcgi_pass;|listen 443 ssl;|ssl_ciphers -x;|ssl_certificate_key;|user;|root;
server_name;|upstream a {""".replace("\n", "|").split("|")
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=14).map("\n".join))
def test_no_configuration_breaks_the_reader(tmp_path: Path, text: str) -> None:
    machine = Machine(tmp_path).write(
        {**DEBIAN, "/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": text, "/etc/apache2/apache2.conf": LOADED + text}
    )
    running(machine)
    assert len(fact(machine).programs) == 2  # type: ignore[arg-type]  # a reason would have no length


def test_what_only_takes_away_lets_nobody_in_beside_what_lets_some_in() -> None:
    text = b"Require ip 10.0.0.0/8\n<RequireNone>\nRequire ip 10.1.0.0/16\n</RequireNone>\n"
    assert lets_in([httpd.parse(text)]) is Audience.SOME
    within = b"<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 192.0.2.1\n</RequireNone>\n</RequireAll>\n"
    assert lets_in([httpd.parse(within)]) is Audience.EVERYBODY
