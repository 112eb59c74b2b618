"""Trees of web servers, and the ways in which the tests of nginx, Apache httpd and PHP look at them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

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


def site(inside: str, listen: str = "80") -> str:
    return f"server {{ listen {listen}; server_name a.test; root /srv/www;\n{inside}\n}}"


def apache(room: Path, text: str, more: Mapping[str, str] | None = None, *, live: bool = True) -> WebProgram:
    machine = Machine(room, live, commands={"apache2 -v": "Server version: Apache/2.4.62 (Debian)\n"})
    machine.write({**DEBIAN, "/etc/apache2/apache2.conf": APACHE + text, **(more or {})})
    if live:
        running(machine)
    return program(machine)


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
