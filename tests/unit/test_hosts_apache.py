"""Configurations of Apache httpd in trees: corners that the lab's real servers do not reach, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.readings import Audience
from scanner.facts.web_configuration import Places
from scanner.hosts.linux.web_apache_access import lets_in
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import httpd
from tests.unit.host_trees import Machine, running
from tests.unit.web_trees import DEBIAN, OPEN, apache, program

HOST = "<VirtualHost *:80>\nDocumentRoot /srv/www\nOptions Indexes\n"


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


def test_too_many_modules_are_not_cut(tmp_path: Path) -> None:
    loads = "".join(f"LoadModule a{number}_module modules/mod_a{number}.so\n" for number in range(301))
    modules = apache(tmp_path, OPEN + loads).modules
    assert isinstance(modules, Unobserved)
    assert modules.reason is Reason.TOO_LARGE


def test_what_only_takes_away_lets_nobody_in_beside_what_lets_some_in() -> None:
    text = b"Require ip 10.0.0.0/8\n<RequireNone>\nRequire ip 10.1.0.0/16\n</RequireNone>\n"
    assert lets_in([httpd.parse(text)]) is Audience.SOME
    within = b"<RequireAll>\nRequire all granted\n<RequireNone>\nRequire ip 192.0.2.1\n</RequireNone>\n</RequireAll>\n"
    assert lets_in([httpd.parse(within)]) is Audience.EVERYBODY
