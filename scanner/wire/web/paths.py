"""Files and pages that a web site should not serve, and what proves that one is there. Data and one judgement of an answer's body.

Every entry needs words or octets that only the thing itself has: that a server answers 200 proves nothing. What is kept of the body is
never more than a name for the proof, since the body may hold secrets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final


@unique
class Topic(StrEnum):
    """What an entry is a matter of."""

    REPOSITORY = "repository"
    SETTINGS = "settings"
    BACKUP = "backup"
    KEY = "key"
    STATUS = "status"
    SAMPLE = "sample"
    CGI = "cgi"
    ADMIN = "admin"
    CMS = "cms"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry. ``proof`` is searched for in the beginning of the body (as Latin-1); ``says`` is what the proof is called in reports.

    ``login`` is a realm searched for in WWW-Authenticate: a page that asks for a password is there too.
    """

    path: str
    topic: Topic
    says: str
    proof: re.Pattern[str]
    login: re.Pattern[str] | None = None


MOST_SEARCHED: Final = 64 * 1024
_ASKS = r"<input[^>]{0,300}type=[\"']?password"


def _all(topic: Topic, *rows: tuple[str, str, str]) -> tuple[Wanted, ...]:
    return tuple(Wanted(path, topic, says, re.compile(proof, re.IGNORECASE | re.MULTILINE)) for path, says, proof in rows)


_ENV = r"\A(?:#[^\n]{0,200}\n|[ \t\r]{0,20}\n){0,40}(?:export )?(?-i:[A-Z][A-Z0-9_]{1,60}) ?=[^\n<]{0,500}(?:\n|\Z)"
_SQL = (
    r"\A(?:\xef\xbb\xbf)?\s{0,20}(?:-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin|Adminer|SQLite)|--\s{0,5}\n-- PostgreSQL|PRAGMA foreign_keys"
    r"|CREATE TABLE|DROP TABLE|INSERT INTO|/\*!\d{5})"
)
_PHP = r"\A\s{0,20}<\?php\b"
_COPIES = (
    "/wp-config.php.bak",
    "/wp-config.php~",
    "/wp-config.php.old",
    "/wp-config.php.save",
    "/config.php.bak",
    "/config.php.old",
    "/configuration.php.bak",  # Joomla
    "/configuration.php~",
    "/configuration.php.old",
    "/LocalSettings.php.bak",  # MediaWiki
    "/LocalSettings.php~",
    "/sites/default/settings.php.bak",  # Drupal
    "/sites/default/settings.php~",
)
"""What editors and people leave beside the settings of content management systems; under such a name PHP does not run them."""
_MOVABLE_TYPE = r"^CGIPath[ \t]"

WANTED: Final[tuple[Wanted, ...]] = (
    *_all(
        Topic.REPOSITORY,
        ("/.git/HEAD", "ref: refs/", r"\A(?:ref: refs/[\w./-]{1,200}|[0-9a-f]{40}|[0-9a-f]{64})\s*\Z"),
        ("/.git/config", "[core]", r"\A\s{0,20}\[core\]"),
        ("/.svn/entries", "svn entries", r"\A\d{1,2}\r?\n(?:\r?\n)?(?:dir|\Z)"),
        ("/.svn/wc.db", "SQLite format 3", r"\ASQLite format 3\x00"),
        ("/.hg/requires", "hg requires", r"\A(?:[a-z0-9-]{3,40}\n){1,20}\Z(?<=\n)"),
        ("/.bzr/README", "Bazaar", r"\AThis is a Bazaar control directory"),
        ("/CVS/Entries", "CVS entries", r"\A(?:D?/[^/\n]{1,200}/[^/\n]{0,60}/[^/\n]{0,60}/|D\r?\n\Z)"),
        ("/.DS_Store", "Bud1", r"\A\x00\x00\x00\x01Bud1"),
        ("/.gitlab-ci.yml", "stages:", r"^(?:stages|before_script|image):"),
    ),
    *_all(
        Topic.SETTINGS,
        ("/.env", "NAME=value", _ENV),
        ("/.env.production", "NAME=value", _ENV),
        ("/.htaccess", "Apache directives", r"^[ \t]{0,40}(?:RewriteEngine (?:on|off)|AuthType |Options [+-]?\w|<IfModule )"),
        (
            "/web.config",
            "<configuration>",
            r"\A(?:\xef\xbb\xbf)?\s{0,20}(?:<\?xml[^>]{0,100}\?>\s{0,20})?(?:<!--[\s\S]{0,500}?-->\s{0,20})?<configuration[\s>]",
        ),
        ("/WEB-INF/web.xml", "<web-app>", r"<web-app[\s>]"),
        *((path, "<?php", _PHP) for path in _COPIES),
        ("/.wp-config.php.swp", "vim swap file", r"\Ab0VIM "),
        ("/mt-config.cgi", "CGIPath", _MOVABLE_TYPE),
        ("/mt/mt-config.cgi", "CGIPath", _MOVABLE_TYPE),
        ("/docker-compose.yml", "services:", r"^services:"),
        (
            "/appsettings.json",
            "settings in JSON",
            r"\A(?:\xef\xbb\xbf)?\s{0,20}\{[\s\S]{0,4000}\"(?:ConnectionStrings|Logging|AllowedHosts)\"\s{0,5}:",
        ),
    ),
    *_all(
        Topic.KEY,
        ("/.htpasswd", "user and hash", r"\A[^\s:<]{1,64}:(?:\$apr1\$|\$2[aby]\$|\$[156]\$|\{SHA\}|[./0-9A-Za-z]{13}$)"),
        ("/server.key", "BEGIN PRIVATE KEY", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
        ("/privkey.pem", "BEGIN PRIVATE KEY", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
        ("/.ssh/id_rsa", "BEGIN PRIVATE KEY", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
        ("/id_rsa", "BEGIN PRIVATE KEY", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
        ("/.aws/credentials", "aws_access_key_id", r"^[ \t]{0,40}aws_access_key_id[ \t]{0,9}="),
    ),
    *_all(
        Topic.BACKUP,
        ("/index.php~", "<?php", _PHP),
        ("/index.php.bak", "<?php", _PHP),
        ("/.index.php.swp", "vim swap file", r"\Ab0VIM "),
        ("/backup.zip", "zip archive", r"\APK\x03\x04"),
        ("/backup.tar.gz", "gzip archive", r"\A\x1f\x8b\x08"),
        ("/backup.sql", "SQL dump", _SQL),
        ("/dump.sql", "SQL dump", _SQL),
        ("/database.sql", "SQL dump", _SQL),
        ("/www.zip", "zip archive", r"\APK\x03\x04"),
        ("/site.tar.gz", "gzip archive", r"\A\x1f\x8b\x08"),
        ("/error_log", "log lines", r"\A\[\d\d-[A-Z][a-z]{2}-\d{4} [^\]]{1,60}\] PHP "),
        ("/core", "core dump", r"\A\x7fELF"),
    ),
    *_all(
        Topic.STATUS,
        ("/server-status", "Apache Server Status for", r"<(?:title|h1)>Apache (?:Server )?Status|Apache Server Status for "),
        ("/server-info", "Apache Server Information", r"<title>Server Information</title>|<h1[^>]{0,60}>Apache Server Information"),
        ("/nginx_status", "Active connections:", r"\AActive connections: \d+"),
        ("/basic_status", "Active connections:", r"\AActive connections: \d+"),
        ("/phpinfo.php", "phpinfo()", r"<title>(?:PHP [\d.]+ - )?phpinfo\(\)</title>"),
        ("/info.php", "phpinfo()", r"<title>(?:PHP [\d.]+ - )?phpinfo\(\)</title>"),
        ("/test.php", "phpinfo()", r"<title>(?:PHP [\d.]+ - )?phpinfo\(\)</title>"),
        ("/trace.axd", "Application Trace", r"<title>Application Trace|<h1>Application Trace"),
        ("/elmah.axd", "Error Log for", r"<title>Error log for "),
        ("/actuator/env", "propertySources", r"\"propertySources\"\s{0,5}:"),
        ("/actuator", "actuator", r"\A\s{0,10}\{\s{0,10}\"_links\"\s{0,5}:[\s\S]{0,400}/actuator"),
        ("/metrics", "# HELP", r"^# HELP [a-z_][a-z0-9_]{2,80} "),
        ("/debug/vars", "cmdline", r"\A\s{0,10}\{\s{0,10}\"cmdline\"\s{0,5}:"),
    ),
    *_all(
        Topic.SAMPLE,
        (
            "/manual/",
            "Apache HTTP Server Documentation",
            r"<title>Apache HTTP Server (?:Version [\d.]+ )?Documentation|<title>Documentation [^<]{0,20}Apache HTTP",
        ),
        ("/icons/README", "Public Domain Icons", r"\A\s{0,10}Public Domain Icons"),
        ("/examples/", "Apache Tomcat Examples", r"<title>Apache Tomcat Examples"),
        ("/docs/", "Tomcat documentation", r"<title>Apache Tomcat \d+[^<]{0,60}Documentation"),
        ("/iisstart.htm", "IIS start page", r"<title>IIS|iisstart\.png|iis-85\.png"),
        ("/phpmyadmin/doc/html/index.html", "phpMyAdmin documentation", r"<title>Welcome to phpMyAdmin"),
        ("/swagger-ui.html", "Swagger UI", r"<title>Swagger UI"),
        ("/swagger-ui/index.html", "Swagger UI", r"<title>Swagger UI"),
        ("/graphiql", "GraphiQL", r"<title>GraphiQL|graphiql\.(?:min\.)?js"),
    ),
    *_all(
        Topic.CGI,
        (
            "/cgi-bin/printenv",
            "printenv",
            r"^(?:<[^>]{1,20}>)?(?:GATEWAY_INTERFACE|SERVER_SOFTWARE)\s?=\s?\"?CGI|^SERVER_SOFTWARE\s?=|^GATEWAY_INTERFACE\s?=",
        ),
        ("/cgi-bin/printenv.pl", "printenv", r"^(?:<[^>]{1,20}>)?GATEWAY_INTERFACE\s?="),
        ("/cgi-bin/test-cgi", "test-cgi", r"^CGI/1\.0 test script report"),
        ("/cgi-bin/", "list of CGI programs", r"<title>Index of /cgi-bin"),
    ),
    *_all(
        Topic.CMS,
        ("/xmlrpc.php", "XML-RPC server accepts POST requests only", r"\AXML-RPC server accepts POST requests only"),
        ("/wp-json/wp/v2/users", "user names", r"\A\s{0,10}\[\{\"id\":\d+,\"name\":[\s\S]{0,2000}\"slug\":"),
        ("/wp-admin/install.php", "WordPress installation", r"<title>WordPress &rsaquo; Installation"),
        ("/readme.html", "WordPress readme", r"<title>WordPress &#8250; ReadMe|<title>WordPress &rsaquo; ReadMe"),
        ("/CHANGELOG.txt", "Drupal change log", r"\A\s{0,10}Drupal \d+\.\d+"),
        ("/core/CHANGELOG.txt", "Drupal change log", r"\A\s{0,10}Drupal \d+\.\d+"),
        ("/core/install.php", "Drupal installation", r"<title>[^<]{0,80}\| Drupal</title>[\s\S]{0,3000}install-page"),
        ("/installation/index.php", "Joomla installation", r"<title>Joomla! Web Installer"),
        ("/mt/mt-check.cgi", "Movable Type check", r"<title>Movable Type System Check"),
        ("/mt/mt-upgrade.cgi", "Movable Type upgrade", r"<title>[^<]{0,60}Upgrade[^<]{0,60}</title>[\s\S]{0,3000}Movable Type"),
    ),
    *_all(
        Topic.ADMIN,
        ("/wp-login.php", "WordPress login", r"(?:id|name)=[\"']?wp-submit|id=[\"']?user_login"),
        ("/administrator/", "Joomla login", r"com_login[\s\S]{0,3000}" + _ASKS + "|" + _ASKS + r"[\s\S]{0,3000}com_login"),
        ("/admin/", "login", _ASKS),
        ("/admin/login/", "login", _ASKS),
        ("/phpmyadmin/", "phpMyAdmin", r"<title>[^<]{0,60}phpMyAdmin|pma_username"),
        ("/adminer.php", "Adminer", r"<title>[^<]{0,60}Adminer"),
        ("/mt/mt.cgi", "Movable Type login", r"<title>[^<]{0,60}Movable Type"),
        ("/user/login", "Drupal login", r"id=[\"']?user-login-form|data-drupal-selector=[\"']?user-login-form"),
        ("/solr/", "Solr", r"<title>Solr Admin"),
    ),
    Wanted(
        "/manager/html", Topic.ADMIN, "Tomcat Manager", re.compile(r"<title>/manager</title>"), re.compile(r"Tomcat Manager Application")
    ),
    Wanted(
        "/host-manager/html",
        Topic.ADMIN,
        "Tomcat Host Manager",
        re.compile(r"<title>/host-manager</title>"),
        re.compile(r"Tomcat (?:Host )?Manager Application"),
    ),
)


def proof(wanted: Wanted, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> str:
    """Give the name of the proof that the thing is there, or empty."""
    if status == 401 and wanted.login is not None:
        realms = " ".join(value for name, value in headers if name == "www-authenticate")
        return wanted.says if wanted.login.search(realms) else ""
    if not 200 <= status < 300 and not (wanted.path == "/xmlrpc.php" and status == 405):
        return ""
    return wanted.says if wanted.proof.search(body[:MOST_SEARCHED].decode("latin-1")) else ""
