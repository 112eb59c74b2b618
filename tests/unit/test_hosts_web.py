"""Web servers whose configuration cannot be read in part or is odd: nothing is hidden, invented or broken."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.facts.web_configuration import WebConfiguration, WebProgram
from scanner.model.fact import Unobserved
from tests.unit.host_trees import Machine, Spy, running
from tests.unit.web_trees import APACHE, DEBIAN, LOADED, OPEN, SSL3, fact, site

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


def test_no_right_to_read_one_thing_neither_hides_nor_invents_a_finding(tmp_path: Path) -> None:
    machine = Spy(tmp_path)
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
