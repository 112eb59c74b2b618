"""Real nginx and Apache serve one configuration, the collector reads the same one: what it says of each place is what the server does.

Every expectation is written down once, from the programs' manuals, and held against both.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.facts.web_configuration import WebConfiguration, WebProgram, WebTls
from scanner.hosts.base import CommandOutput
from scanner.hosts.linux.web_programs import web_configuration
from scanner.model.fact import Unobserved
from tests.lab.held import absent
from tests.lab.needed import need_lab
from tests.unit.host_trees import Machine

pytestmark = [pytest.mark.lab, pytest.mark.timeout(60)]
MODULES = Path("/usr/lib/apache2/modules")
FIRST = 18_100
NGINX = """{user}
pid {room}/nginx.pid;
error_log {room}/nginx-error.log;
worker_processes 1;
events {{}}
http {{
    access_log {room}/access.log;
    client_body_temp_path {room}/body;
    include conf.d/*.conf;
    # server_tokens off;
    server {{
        listen {at}18101;
        server_name a.test;
        root {room}/srv/a;
        location /list {{ autoindex on; }}
        location /closed {{ autoindex on; deny all; }}
        location = /status {{ stub_status; }}
        location = /own-status {{ stub_status; allow 127.0.0.1; deny all; }}
        location /files {{ alias {room}/srv/files/; }}
        location /safe/ {{ alias {room}/srv/files/; }}
        location /put {{ dav_methods PUT; }}
        location /put-not {{ dav_methods PUT; limit_except GET {{ deny all; }} }}
    }}
    server {{
        listen {at}18102;
        server_name b.test;
        server_tokens off;
        autoindex on;
        access_log off;
        root {room}/srv/a;
        location / {{ autoindex off; }}
        location /list {{ }}
    }}
    server {{
        listen {at}18103;
        server_name c.test;
        autoindex on;
        root {room}/srv/a;
        return 301 https://www.example.jp/;
    }}
}}
"""
NGINX_TLS = """ssl_certificate {room}/pair.pem;
ssl_certificate_key {room}/pair.pem;
server {{ listen {at}18111 ssl; server_name new.test; ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; }}
server {{ listen {at}18112 ssl; server_name old.test; ssl_protocols TLSv1 TLSv1.2; ssl_ciphers ALL:@SECLEVEL=0; }}
server {{ listen {at}18113 ssl; server_name held.test; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; }}
server {{ listen {at}18114 ssl; server_name first.test; ssl_protocols TLSv1.2; }}
server {{ listen {at}18114 ssl; server_name second.test; ssl_protocols TLSv1.3; }}
"""
APACHE = """ServerRoot {room}/etc/apache2
DefaultRuntimeDir {room}
PidFile {room}/apache.pid
Mutex file:{room}
ErrorLog {room}/apache-error.log
User www-data
Group www-data
ServerName main.test
ServerTokens Prod
TraceEnable off
TraceEnable on
{modules}
Listen {at}18201
Listen {at}18202
Listen {at}18203
Listen {at}18211
Listen {at}18212
Listen {at}18213
LogFormat "%h %r" short
CustomLog {room}/apache-access.log short
<Directory />
    Require all denied
    Options None
</Directory>
<IfModule !mod_status.c>
    ServerAdmin nobody@main.test
    Include there-is-no-such-file.conf
</IfModule>
<IfVersion >= 2.4>
    Define SERVED {room}/srv
</IfVersion>
<IfDefine !SERVED>
    Include there-is-no-such-file.conf
</IfDefine>
IncludeOptional nothing/*.conf
IncludeOptional sites/*.conf
"""
SITE_A = """<VirtualHost *:18201>
ServerName a.test
DocumentRoot "${{SERVED}}/a"
TraceEnable off
<Directory ${{SERVED}}/a>
    Options Indexes
    Require all granted
</Directory>
<Directory ${{SERVED}}/a/plain>
    Options -Indexes
</Directory>
<Directory ${{SERVED}}/a/list>
    Options None
</Directory>
<Directory ${{SERVED}}/a/list/deep>
    Options \\
        +Indexes
</Directory>
<Directory ${{SERVED}}/a/closed>
    Require all denied
</Directory>
<Location /put>
    Options -Indexes
</Location>
<Location /status>
    SetHandler server-status
</Location>
</VirtualHost>
"""
SITE_B = """<VirtualHost *:18202>
ServerName b.test
DocumentRoot ${{SERVED}}/b
<Directory ${{SERVED}}/b>
    AllowOverride Options
    Require all granted
</Directory>
<Location /status>
    SetHandler server-status
    Require ip 10.0.0.0/8
</Location>
ScriptAlias /run/ ${{SERVED}}/cgi/
<Directory ${{SERVED}}/cgi>
    Require all granted
</Directory>
</VirtualHost>
<VirtualHost *:18203>
ServerName c.test
DocumentRoot ${{SERVED}}/a
Redirect permanent / https://www.example.jp/
<Directory ${{SERVED}}/a>
    Options Indexes
    Require all granted
</Directory>
</VirtualHost>
# ServerTokens Prod
ServerTokens Full
"""
SITE_TLS = """<VirtualHost *:18211>
ServerName bare.test
SSLEngine on
SSLCertificateFile {room}/pair.pem
SSLProtocol TLSv1.2 TLSv1.3
</VirtualHost>
<VirtualHost *:18212>
ServerName old.test
SSLEngine on
SSLCertificateFile {room}/pair.pem
SSLProtocol all -SSLv3
SSLCipherSuite ALL:@SECLEVEL=0
</VirtualHost>
<VirtualHost *:18213>
ServerName held.test
SSLEngine on
SSLCertificateFile {room}/pair.pem
</VirtualHost>
"""
LOADED = ("mpm_event", "authz_core", "authz_host", "autoindex", "dir", "alias", "status", "cgid", "ssl", "socache_shmcb")
FOLDERS = ("list/deep", "plain", "closed", "put", "put-not")


class Reading(Machine):
    """The tree, with this machine's own OpenSSL and programs."""

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Run what the collector asks for; nothing of it writes."""
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False)
        return CommandOutput(done.returncode, done.stdout, b"")


@dataclass(frozen=True)
class Both:
    """The real servers' folder, and what the collector makes of the same configuration."""

    fact: WebConfiguration

    def program(self, name: str) -> WebProgram:
        assert not isinstance(self.fact.programs, Unobserved)
        return next(program for program in self.fact.programs if program.name == name)


def _files(room: str, at: str, user: str) -> Mapping[str, str]:
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    words = {"room": room, "at": at, "user": user, "modules": modules}
    return {
        "/etc/nginx/nginx.conf": NGINX.format(**words),
        "/etc/nginx/conf.d/tls.conf": NGINX_TLS.format(**words).replace("\n", "\r\n"),
        "/etc/nginx/conf.d/off.disabled": "server_tokens off;",
        "/etc/apache2/apache2.conf": APACHE.format(**words),
        "/etc/apache2/sites/a.conf": SITE_A.format(**words).replace("\n", "\r\n"),
        "/etc/apache2/sites/b.conf": SITE_B.format(**words),
        "/etc/apache2/sites/tls.conf": SITE_TLS.format(**words),
        "/srv/b/.htaccess": "Options +Indexes\n",
        "/srv/b/one/x.txt": "x",
        "/srv/files/x.txt": "x",
        "/srv/secret.txt": "secret",
        "/srv/cgi/hello": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran'\n",
        **{f"/srv/a/{folder}/x.txt": "x" for folder in FOLDERS},
    }


def _listening(port: int, until: float, started: Sequence[subprocess.Popen[bytes]]) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            ended = [process.communicate()[1] for process in started if process.poll() is not None]
            assert not ended, ended
            assert time.monotonic() < until, f"nothing listens at {port}"
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    """Real servers on the loopback, and the same configuration as a machine's tree."""
    need_lab(request.config, absent(("nginx", "apache2", "openssl")))
    room = Path(tempfile.mkdtemp(prefix="tenken-web-"))
    room.chmod(0o755)
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=new.test"]
    subprocess.run([*made, "-keyout", room / "key.pem", "-out", room / "certificate.pem"], check=True, capture_output=True)
    (room / "pair.pem").write_bytes((room / "certificate.pem").read_bytes() + (room / "key.pem").read_bytes())
    real = Machine(room)
    real.write(_files(str(room), "127.0.0.1:", "user root;"))
    for place in [room / "srv", *(room / "srv").rglob("*")]:
        place.chmod(0o755)
    read = Reading(room / "machine").write(
        {
            **_files("", "", "user www-data;"),
            "/usr/sbin/nginx": "",
            "/usr/sbin/apache2": "",
            "/usr/lib/x86_64-linux-gnu/libssl.so.3": "",
            "/pair.pem": "",
            "/etc/passwd": "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n",
            "/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 100 0",
        }
    )
    started = [
        subprocess.Popen(["nginx", "-c", f"{room}/etc/nginx/nginx.conf", "-g", "daemon off;"], stderr=subprocess.PIPE),
        subprocess.Popen(["apache2", "-DFOREGROUND", "-f", f"{room}/etc/apache2/apache2.conf"], stderr=subprocess.PIPE),
    ]
    try:
        until = time.monotonic() + 10
        for port in (18_101, 18_111, 18_201, 18_213):
            _listening(port, until, started)
        fact = web_configuration.run(read)
        assert isinstance(fact, WebConfiguration)
        yield Both(fact)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.communicate(timeout=15)
        shutil.rmtree(room, ignore_errors=True)


def ask(port: int, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str, str]:
    """Give status, Server header and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Server", ""), answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def lists(port: int, path: str) -> bool:
    """Tell whether a folder is listed."""
    return "Index of " in ask(port, path)[2]


@pytest.mark.parametrize(
    ("program", "site", "port", "listed", "not_listed"),
    [
        ("nginx", "a.test", 18_101, {"/list": "/list/", "": ""}, ("/closed/", "/plain/", "/put/")),
        ("nginx", "b.test", 18_102, {"/list": "/list/"}, ("/plain/", "/put/")),
        ("nginx", "c.test", 18_103, {}, ("/list/", "/")),
        ("apache2", "a.test:18201", 18_201, {"/": "/", "/srv/a/list/deep": "/list/deep/"}, ("/list/", "/plain/", "/closed/", "/put/")),
        ("apache2", "b.test:18202", 18_202, {"/": "/one/"}, ()),
        ("apache2", "c.test:18203", 18_203, {}, ("/list/", "/")),
    ],
)
def test_folders_that_are_listed(  # noqa: PLR0917  columns of a table
    both: Both, program: str, site: str, port: int, listed: Mapping[str, str], not_listed: Sequence[str]
) -> None:
    found = {place.partition(" ")[2] for place in both.program(program).listing.found if place.partition(" ")[0] == site}
    assert found == {place for place, path in listed.items() if path}
    assert {path: lists(port, path) for path in listed.values() if path} == {path: True for path in listed.values() if path}
    assert {path: lists(port, path) for path in not_listed} == dict.fromkeys(not_listed, False)


def test_folders_below_one_with_settings_of_its_own_stay_open(both: Both) -> None:
    unseen = both.program("apache2").listing.unseen
    assert unseen is None  # what /srv/b/.htaccess switches on is found already
    assert both.program("nginx").listing.unseen is None


def test_trace(both: Both) -> None:
    assert both.program("apache2").trace.found == ("b.test:18202", "bare.test:18211", "old.test:18212", "held.test:18213")
    assert both.program("nginx").trace.found == ()
    assert [ask(port, "/", "TRACE")[0] for port in (18_201, 18_202, 18_203, 18_101)] == [405, 200, 301, 405]


def test_versions_in_answers(both: Both) -> None:
    included = ("new.test", "old.test", "held.test", "first.test", "second.test")
    assert both.program("nginx").version_told.found == (*included, "a.test", "c.test")
    assert both.program("apache2").version_told.found == ("ServerTokens Full",)
    told = {port: "/" in ask(port, "/")[1] for port in (18_101, 18_102, 18_103, 18_201)}
    assert told == {18_101: True, 18_102: False, 18_103: True, 18_201: True}


def test_status_pages(both: Both) -> None:
    assert both.program("nginx").status_open.found == ("a.test = /status",)
    assert both.program("apache2").status_open.found == ("a.test:18201 /status",)
    assert ask(18_101, "/status")[2].startswith("Active connections")
    assert "Apache Server Status" in ask(18_201, "/status")[2]
    assert ask(18_202, "/status")[0] == 403


def test_an_alias_that_leaves_its_folder(both: Both) -> None:
    assert both.program("nginx").escaping.found == ("a.test /files",)
    assert ask(18_101, "/files../secret.txt")[2] == "secret"
    assert ask(18_101, "/safe../secret.txt")[0] == 404


def test_writing(both: Both) -> None:
    assert both.program("nginx").writing.found == ("a.test /put",)
    assert both.program("apache2").writing.found == ()
    assert [ask(18_101, path, "PUT", b"new")[0] for path in ("/put/new.txt", "/put-not/new.txt", "/plain/new.txt")] == [201, 403, 405]


def test_programs_that_are_run(both: Both) -> None:
    assert both.program("apache2").cgi.found == ("b.test:18202 /run/ (/srv/cgi)",)
    assert ask(18_202, "/run/hello")[2] == "ran"


def test_logs(both: Both) -> None:
    assert both.program("nginx").unlogged.found == ("b.test (access_log)",)
    assert both.program("apache2").unlogged.found == ()


def test_what_is_read_and_what_is_not(both: Both) -> None:
    nginx, apache = both.program("nginx"), both.program("apache2")
    assert (nginx.unread, apache.unread) == (None, None)
    assert apache.slow.found[0] == "a.test:18201 (mod_reqtimeout)"
    assert (nginx.account, apache.account) == ("www-data", "www-data")
    assert apache.keys_open.found == nginx.keys_open.found == ("/pair.pem (0644)",)


def speaks(port: int, version: ssl.TLSVersion, name: str) -> bool:
    """Tell whether a handshake in exactly one version comes to an end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the versions that are asked for here
        context.minimum_version = version
        context.maximum_version = version
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain, server_hostname=name):
            return True
    except (ssl.SSLError, ConnectionResetError):
        return False


NAMES = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}


@pytest.mark.parametrize(
    ("program", "site", "port", "versions", "held"),
    [
        ("nginx", "new.test", 18_111, ("TLS 1.2", "TLS 1.3"), ()),
        ("nginx", "old.test", 18_112, ("TLS 1.0", "TLS 1.2"), ()),
        ("nginx", "held.test", 18_113, ("TLS 1.2",), ("TLS 1.0", "TLS 1.1")),
        ("nginx", "first.test", 18_114, ("TLS 1.2",), ()),
        ("nginx", "second.test", 18_114, ("TLS 1.2",), ()),
        ("apache2", "bare.test:18211", 18_211, ("TLS 1.3",), ()),
        ("apache2", "old.test:18212", 18_212, ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"), ()),
        ("apache2", "held.test:18213", 18_213, ("TLS 1.2", "TLS 1.3"), ("TLS 1.0", "TLS 1.1")),
    ],
)
def test_versions_of_tls(both: Both, program: str, site: str, port: int, versions: tuple[str, ...], held: tuple[str, ...]) -> None:  # noqa: PLR0917  columns of a table
    told = _tls(both, program)[site]
    assert (told.versions, told.held_back) == (versions, held)
    assert tuple(name for name, version in NAMES.items() if speaks(port, version, site.partition(":")[0])) == versions


def _tls(both: Both, program: str) -> Mapping[str, WebTls]:
    found = both.program(program).tls
    assert not isinstance(found, Unobserved)
    return {one.site: one for one in found}


def test_suites_are_those_of_the_installed_library(both: Both) -> None:
    new, old = (_tls(both, "nginx")[site].suites for site in ("new.test", "old.test"))
    thirteen = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"}
    assert not isinstance(new, Unobserved)
    assert not isinstance(old, Unobserved)
    assert set(new) == {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", *thirteen}
    assert "TLS_RSA_WITH_AES_128_CBC_SHA" in old
    assert "TLS_DH_anon_WITH_AES_128_CBC_SHA" in old
    assert not any("_DHE_" in name for name in old)  # nginx has no parameters unless they are given
    apache = _tls(both, "apache2")["old.test:18212"].suites
    assert not isinstance(apache, Unobserved)
    assert not any("anon" in name or "NULL" in name for name in apache)  # mod_ssl takes them out itself
