"""Trees of web servers, and the ways in which the tests of nginx, Apache httpd and PHP look at them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scanner import codec
from scanner.facts.web_configuration import WebConfiguration, WebProgram
from scanner.hosts.linux.web_programs import web_configuration
from scanner.model.fact import Observed, Unobserved
from tests.unit.host_trees import Machine, running

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


def site(inside: str, listen: str = "80") -> str:
    return f"server {{ listen {listen}; server_name a.test; root /srv/www;\n{inside}\n}}"


def apache(room: Path, text: str, more: Mapping[str, str] | None = None, *, live: bool = True) -> WebProgram:
    machine = Machine(room, live, commands={"apache2 -v": "Server version: Apache/2.4.62 (Debian)\n"})
    machine.write({**DEBIAN, "/etc/apache2/apache2.conf": APACHE + text, **(more or {})})
    if live:
        running(machine)
    return program(machine)
