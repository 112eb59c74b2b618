"""Web sites of the laboratory, well kept, badly kept and odd, over IPv4 and IPv6, beside nmap's http scripts.

The truth stands here fault by fault, as the content and configuration of the sites have it (``tests.lab.web``).
"""

from __future__ import annotations

import time

from bench.services.faults import Compared, compare, failing, fault
from bench.services.nmap import nmap_both
from scanner.net.pacing import Pace
from tests.lab.web.lab import WebLab
from tests.lab.web.sites import BY_NAME
from tests.lab.web_scan import scan

_WELL_SERVED = ("nginx-good", "apache-good", "late", "vhost", "split", "one-sided")
_BADLY_SERVED = ("nginx-bad", "apache-bad", "nginx-default")
_ODD = ("always-200", "always-login", "circle", "traceback", "inside", "stranger-reads")
NAMES = (*_WELL_SERVED, *_BADLY_SERVED, *_ODD)
SCRIPTS = (
    "http-methods,http-trace,http-headers,http-security-headers,http-cookie-flags,http-git,http-config-backup,http-backup-finder,http-enum,"
    "http-server-header,http-title,http-ls,http-webdav-scan,http-open-proxy,http-cors,http-php-version,http-robots.txt,http-passwd,http-put,"
    "http-apache-server-status,http-generator,http-bigip-cookie,http-exif-spider,http-errors,http-referer-checker"
)
PUT = "/put-by-nmap.txt"
# No header that protects is set: the odd sites, the default pages, and one of split's two addresses.
_BARE = ("nginx-bad", "apache-bad", "nginx-default", "split", "always-200", "always-login", "traceback", "inside", "stranger-reads")
_NO_HSTS = (*(name for name in _BARE if name != "nginx-default"), "one-sided", "circle")

FAULTS = (
    fault(
        "pages in clear",
        "PLAIN_CONTENT",
        r"\n80/tcp [\s\S]*?http-title: (?!Did not follow)",
        ("nginx-bad", "apache-bad", "nginx-default"),
        accuses=False,
    ),
    fault("no HTTPS", "HTTPS_ABSENT", r"443/tcp +closed", ("nginx-default",), accuses=False),
    fault("redirects in a circle", "PLAIN_LOOP", "", ("circle",)),
    fault("no HSTS", "HSTS_ABSENT", r"HSTS not configured", _NO_HSTS),
    fault("HSTS for an hour", "HSTS_SHORT", r"Strict-Transport-Security: max-age=\d{1,4}\b", ("late",), accuses=False),
    fault("may be framed", "FRAME_OPEN", r"\A(?![\s\S]*X-Frame-Options:)", _BARE, accuses=False),
    fault("no nosniff", "NOSNIFF_ABSENT", r"\A(?![\s\S]*X-Content-Type-Options:)", _BARE, accuses=False),
    fault("no content security policy", "CSP_ABSENT", r"\A(?![\s\S]*Content-Security-Policy:)", _BARE, accuses=False),
    fault("cookie without HttpOnly", "COOKIE_READABLE", r"httponly flag not set", ("nginx-bad",)),
    fault("cookie without Secure", "COOKIE_IN_CLEAR", r"secure flag not set", ("nginx-bad",)),
    fault("session cookie without SameSite", "COOKIE_SAMESITE_UNSET", "", ("nginx-bad",)),
    fault("server tells its version", "SERVER_VERSION", r"http-server-header: \S+/\d", ("nginx-bad", "apache-bad"), accuses=False),
    fault("pages tell the generator's version", "GENERATOR_VERSION", r"http-generator: .*\d", ("nginx-bad",), accuses=False),
    fault("errors tell the version", "ERRORS_VERSION", "", ("nginx-bad", "apache-bad")),
    fault("errors show the inside", "ERRORS_TRACE", "", ("traceback",)),
    fault("internal address in a cookie", "INSIDE_IN_COOKIE", r"http-bigip-cookie:", ("inside",)),
    fault(".git", "REPOSITORY_PUBLIC", r"Git repository found|Git folder", ("nginx-bad", "split", "one-sided")),
    fault(".env or .htpasswd", "SETTINGS_PUBLIC", r"/\.htpasswd: |/\.env: ", ("nginx-bad", "vhost", "apache-bad")),
    fault("backups", "BACKUP_PUBLIC", r"Possible backup|http-backup-finder:[\s\S]*?\n\|[ _]+http", ("nginx-bad",)),
    fault("phpinfo or server-status", "STATUS_PUBLIC", r"Possible information file|Apache Server Status", ("nginx-bad", "apache-bad")),
    fault("page of administration", "ADMIN_EXPOSED", r"Possible admin folder|login page", ("nginx-bad",)),
    fault("interface of a content management system", "CMS_OPEN", r"xmlrpc", ("nginx-bad",)),
    fault("directory listed", "LISTING_SHOWN", r"w/ (?:directory )?listing|http-ls: Volume", ("nginx-bad", "apache-bad", "one-sided")),
    fault("sample CGI", "CGI_SAMPLE", r"/cgi-bin/printenv", ("apache-bad",)),
    fault("manual left", "SAMPLES_LEFT", r"/manual/: ", ("apache-bad",)),
    fault("default page", "DEFAULT_PAGE", r"Welcome to nginx|Apache\d? .*Default Page", ("nginx-default", "apache-bad"), accuses=False),
    fault("TRACE", "TRACE_ON", r"TRACE is enabled", ("apache-bad",)),
    fault("WebDAV", "DAV_NAMED DAV_ANSWERS", r"http-webdav-scan:", ("apache-bad",)),
    fault(
        "methods that change content",
        "CHANGING_OFFERED",
        r"successfully created|risky methods:.*(?:PUT|DELETE)",
        ("nginx-bad", "apache-bad"),
    ),
    fault("other origins may read", "ORIGIN_ANY", r"http-cors:", ("stranger-reads",)),
    fault("crawlers shut out", "CRAWLERS_SHUT_OUT", r"http-robots\.txt: .*\n\|_/ *\n", ("nginx-bad",), accuses=False),
    fault("scripts over HTTP", "MIXED_ACTIVE", r"http-referer-checker:[\s\S]*?http://cdn", ("nginx-bad",), accuses=False),
    fault("password form in clear", "FORMS_PASSWORD_IN_CLEAR", "", ("nginx-bad",)),
    fault("place in a picture", "IMAGES_LOCATED", r"GPS:", ("nginx-bad",)),
    fault("author in a document", "DOCUMENTS_MARKS", "", ("nginx-bad",)),
    fault("links to pages that are missing", "PAGES_MISSING", r"Error Code: 404", ("nginx-bad",)),
    fault("links to names that are gone", "LINKS_DEAD", "", ("nginx-bad",)),
    fault("security.txt out of date", "SECURITY_TXT_EXPIRED", "", ("late", "split", "one-sided")),
)


def web(lab: WebLab) -> Compared:
    """Compare the faults found, and the time."""
    sites = [BY_NAME[name] for name in NAMES]
    start = time.monotonic()
    results = scan(lab, sites, pace=Pace())
    ours = time.monotonic() - start
    content = lab.folder / "put"
    content.write_text("by nmap's http-put\n")
    arguments = f"http-put.url={PUT},http-put.file={content}"
    options = ("-p", "80,443", "--script", SCRIPTS, "--script-args", arguments)
    hosts = {site.name: site.host for site in sites}
    print(f"{len(sites)} sites")
    printed, theirs = nmap_both(lab.run, options, hosts, hosts)
    return compare(FAULTS, {name: failing(results[name]) for name in NAMES}, printed, (ours, theirs))
