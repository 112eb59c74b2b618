"""The sites of the web laboratory: where each one lives, and what must and must not be said of it. Nothing is served from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tests.lab.tls_zoo import world

DOMAIN: Final = "web.or.jp"
RESOLVER: Final = "resolver"
DEAD: Final = "gone.or.jp"
"""A name that the resolver does not know."""
ALIVE: Final = f"cdn.{DOMAIN}"


class By(Enum):
    """What serves a site."""

    NGINX = auto()
    APACHE_GOOD = auto()
    APACHE_BAD = auto()
    ODD = auto()


@dataclass(frozen=True, slots=True)
class Site:
    """A site. ``says`` are pairs of check and tag that must appear, ``never`` tags that must not.

    ``clean`` promises that no check fails but those in ``says``; ``lives_with`` names the site whose address it shares. ``protocol`` is
    that of the subject.
    """

    name: str
    by: By
    says: frozenset[tuple[str, str]] = frozenset()
    never: frozenset[str] = frozenset()
    clean: bool = False
    ipv4: bool = True
    lives_with: str = ""
    protocol: str = "https"

    @property
    def host(self) -> str:
        """Its name in the DNS."""
        return f"{self.name}.{DOMAIN}"


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    words = text.split()
    return frozenset(zip(words[::2], words[1::2], strict=True))


_PROOFS: Final = (
    "REPOSITORY_PUBLIC SETTINGS_PUBLIC BACKUP_PUBLIC STATUS_PUBLIC CGI_SAMPLE CMS_OPEN LISTING_SHOWN SAMPLES_LEFT ADMIN_EXPOSED"
    " DEFAULT_PAGE DEFAULT_LISTING TRACE_ON DAV_ANSWERS"
)
PROOFS: Final = frozenset(_PROOFS.split())
"""Tags that say that something is there: none may appear where nothing is."""
_ABSENCES: Final = "REPOSITORY_NONE SETTINGS_NONE BACKUP_NONE STATUS_NONE CGI_NOT_SEEN CMS_NONE LISTING_NONE SAMPLES_NONE ADMIN_NOT_SEEN"
ABSENCES: Final = frozenset(_ABSENCES.split())
"""Tags that say that nothing is there: none may appear where nobody could see."""

_WELL_KEPT = """
web.https.offered HTTPS_OFFERED web.https.redirect PLAIN_REDIRECTED web.https.same-host REDIRECT_SAME
web.https.permanent-redirect REDIRECT_PERMANENT web.https.kept HTTPS_KEPT web.https.mixed-content MIXED_NONE web.hsts.set HSTS_SET
web.hsts.duration HSTS_LONG web.hsts.subdomains SUBDOMAINS_COVERED web.headers.content-type-options NOSNIFF_SET
web.headers.frame FRAME_BARRED web.headers.csp CSP_LIMITS web.headers.referrer-policy REFERRER_LIMITED
web.headers.charset CHARSET_GIVEN web.headers.cross-origin ORIGIN_LIMITED web.disclosure.server SERVER_QUIET
web.disclosure.errors ERRORS_QUIET web.methods.trace TRACE_OFF web.methods.webdav DAV_OFF web.paths.repository REPOSITORY_NONE
web.paths.settings SETTINGS_NONE web.paths.backup BACKUP_NONE web.paths.status STATUS_NONE web.paths.cgi CGI_NOT_SEEN
web.listing.off LISTING_NONE web.default-page.samples SAMPLES_NONE web.default-page.replaced OWN_PAGE web.admin.exposed ADMIN_NOT_SEEN
web.security-txt.published SECURITY_TXT web.security-txt.valid SECURITY_TXT_VALID web.security-txt.signed SIGNATURE_THERE
web.content.crawlers CRAWLERS_WELCOME web.content.cookies COOKIES_NOT_SET web.content.titles TITLES_GOOD web.content.forms FORMS_SAFE
web.content.executables EXECUTABLES_NONE web.content.documents DOCUMENTS_CLEAN web.content.images IMAGES_CLEAN
web.content.links LINKS_ALIVE
web.content.short-urls SHORT_NONE web.content.third-parties PARTIES_NONE web.content.broken-links PAGES_THERE
"""
_BOTH = "web.https.http2-agrees HTTP2_SAME"

SITES: Final = (
    Site("nginx-good", By.NGINX, _pairs(_WELL_KEPT + _BOTH), clean=True),
    Site("apache-good", By.APACHE_GOOD, _pairs(_WELL_KEPT + _BOTH) | _pairs("web.methods.changing CHANGING_ABSENT"), clean=True),
    Site("nginx-v6", By.NGINX, _pairs(_WELL_KEPT + _BOTH), clean=True, ipv4=False),
    # What these two show over HTTP/2 only: see the texts of their configuration.
    Site(
        "one-sided",
        By.NGINX,
        _pairs(
            """
            web.https.http2-agrees HTTP2_DIFFERS web.hsts.set HSTS_ABSENT web.paths.repository REPOSITORY_PUBLIC
            web.listing.off LISTING_SHOWN web.headers.frame FRAME_BARRED
            """
        ),
        never=PROOFS - {"REPOSITORY_PUBLIC", "LISTING_SHOWN"},
    ),
    Site(
        "apache-one-sided",
        By.APACHE_GOOD,
        _pairs(
            """
            web.https.http2-agrees HTTP2_DIFFERS web.hsts.set HSTS_SET web.headers.frame FRAME_OPEN web.https.kept HTTPS_LOST
            web.listing.off LISTING_SHOWN web.methods.changing CHANGING_OFFERED
            """
        ),
        never=PROOFS - {"LISTING_SHOWN"},
        lives_with="apache-good",
    ),
    Site("vhost", By.NGINX, _pairs("web.paths.settings SETTINGS_PUBLIC web.paths.repository REPOSITORY_NONE"), lives_with="nginx-good"),
    Site("split", By.NGINX, _pairs("web.paths.repository REPOSITORY_PUBLIC web.hsts.set HSTS_ABSENT web.paths.settings SETTINGS_NONE")),
    Site(
        "nginx-bad",
        By.NGINX,
        _pairs(
            """
            web.https.redirect PLAIN_CONTENT web.hsts.set HSTS_ABSENT web.headers.content-type-options NOSNIFF_ABSENT
            web.headers.frame FRAME_OPEN web.headers.csp CSP_ABSENT web.https.mixed-content MIXED_ACTIVE web.cookies.secure COOKIE_IN_CLEAR
            web.cookies.http-only COOKIE_READABLE web.cookies.same-site COOKIE_SAMESITE_UNSET web.disclosure.server SERVER_VERSION
            web.disclosure.errors ERRORS_VERSION web.disclosure.generator GENERATOR_VERSION web.paths.repository REPOSITORY_PUBLIC
            web.paths.settings SETTINGS_PUBLIC web.paths.backup BACKUP_PUBLIC web.paths.status STATUS_PUBLIC web.paths.cms CMS_OPEN
            web.listing.off LISTING_SHOWN web.admin.exposed ADMIN_EXPOSED web.security-txt.published SECURITY_TXT_ABSENT
            web.content.crawlers CRAWLERS_SHUT_OUT web.content.titles TITLES_SAME web.content.forms FORMS_PASSWORD_IN_CLEAR
            web.content.executables EXECUTABLES_OFFERED web.content.documents DOCUMENTS_MARKS web.content.images IMAGES_LOCATED
            web.content.links LINKS_DEAD
            web.content.short-urls SHORT_USED web.content.integrity SCRIPTS_UNSEALED web.content.broken-links PAGES_MISSING
            """
        ),
        never=frozenset({"TRACE_ON", "SAMPLES_LEFT", "CGI_SAMPLE", "DEFAULT_PAGE"}),
    ),
    Site(
        "nginx-default",
        By.NGINX,
        _pairs(
            """
            web.https.offered HTTPS_ABSENT web.https.redirect PLAIN_CONTENT web.default-page.replaced DEFAULT_PAGE
            web.hsts.set HTTPS_NONE
            """
        ),
        never=PROOFS - {"DEFAULT_PAGE"},
        protocol="http",
    ),
    Site(
        "elsewhere",
        By.NGINX,
        _pairs(
            """
            web.https.redirect PLAIN_REDIRECTED web.https.same-host REDIRECT_OTHER web.headers.csp SITE_ELSEWHERE
            web.content.titles SITE_ELSEWHERE
            """
        ),
        never=PROOFS,
    ),
    Site(
        "late",
        By.NGINX,
        _pairs(
            """
            web.https.permanent-redirect REDIRECT_TEMPORARY web.hsts.duration HSTS_SHORT web.hsts.subdomains SUBDOMAINS_OPEN
            web.security-txt.valid SECURITY_TXT_EXPIRED web.security-txt.signed SIGNATURE_NONE web.headers.csp CSP_WIDE
            web.https.http2-agrees HTTP2_NONE
            """
        ),
        never=PROOFS,
    ),
    Site(
        "login",
        By.NGINX,
        _pairs("web.https.offered HTTPS_OFFERED web.https.redirect PLAIN_REDIRECTED"),
        never=PROOFS | ABSENCES | {"CSP_ABSENT"},
    ),
    Site("denied", By.NGINX, never=PROOFS | ABSENCES | {"FRAME_OPEN", "TITLES_MISSING", "HSTS_ABSENT"}),
    Site("password-in-clear", By.NGINX, _pairs("web.https.redirect PLAIN_PASSWORD"), never=PROOFS),
    Site(
        "apache-bad",
        By.APACHE_BAD,
        _pairs(
            """
            web.https.redirect PLAIN_CONTENT web.methods.trace TRACE_ON web.methods.webdav DAV_NAMED web.methods.changing CHANGING_OFFERED
            web.disclosure.server SERVER_VERSION web.disclosure.errors ERRORS_VERSION web.paths.status STATUS_PUBLIC
            web.paths.cgi CGI_SAMPLE web.listing.off LISTING_SHOWN web.default-page.samples SAMPLES_LEFT
            web.default-page.replaced DEFAULT_PAGE web.paths.settings SETTINGS_PUBLIC
            """
        ),
        never=frozenset({"REPOSITORY_PUBLIC", "BACKUP_PUBLIC", "ADMIN_EXPOSED", "CMS_OPEN"}),
    ),
    Site("always-200", By.ODD, _pairs("web.paths.repository REPOSITORY_NONE web.methods.trace TRACE_OFF"), never=PROOFS),
    Site("always-login", By.ODD, _pairs("web.admin.exposed ADMIN_NOT_SEEN"), never=PROOFS),
    Site("circle", By.ODD, _pairs("web.https.redirect PLAIN_LOOP"), never=PROOFS | {"CSP_ABSENT", "COOKIES_LOOP"}),
    Site("endless", By.ODD, never=PROOFS | {"SECURITY_TXT"}),
    Site("drip", By.ODD, never=PROOFS | ABSENCES | {"CSP_ABSENT", "HSTS_ABSENT"}),
    Site("silent", By.ODD, never=PROOFS | ABSENCES | {"CSP_ABSENT", "HSTS_ABSENT"}),
    Site("cookie-circle", By.ODD, _pairs("web.content.cookies COOKIES_LOOP"), never=PROOFS),
    Site("cookie-text", By.ODD, _pairs("web.content.cookies COOKIES_NEEDED"), never=PROOFS),
    Site("cookie-polite", By.ODD, _pairs("web.content.cookies COOKIES_NOT_NEEDED"), never=PROOFS),
    Site("chunks", By.ODD, never=PROOFS | ABSENCES | {"CSP_ABSENT"}),
    Site("headers", By.ODD, never=PROOFS | ABSENCES | {"CSP_ABSENT"}),
    Site("busy", By.ODD, never=PROOFS | ABSENCES),
    Site("no-tls", By.ODD, never=PROOFS | {"HTTPS_OFFERED", "HSTS_ABSENT"}),
    Site("traceback", By.ODD, _pairs("web.disclosure.errors ERRORS_TRACE"), never=PROOFS),
    Site("inside", By.ODD, _pairs("web.disclosure.internal-address INSIDE_IN_COOKIE"), never=PROOFS),
    Site("compressed", By.ODD, never=PROOFS | {"TITLES_GOOD", "OWN_PAGE", "MIXED_NONE"}),
    Site("garbage", By.ODD, never=PROOFS | ABSENCES | {"CSP_ABSENT", "HSTS_ABSENT"}),
    Site("stranger-reads", By.ODD, _pairs("web.headers.cross-origin ORIGIN_ANY"), never=PROOFS),
)
BY_NAME: Final = {site.name: site for site in SITES}


def addresses() -> dict[str, tuple[str, str]]:
    """Name → its IPv4 and IPv6 address, for everything that has one of its own; the resolver among them."""
    owners = [RESOLVER, *(site.name for site in SITES if not site.lives_with)]
    return {name: (world.address4(number), world.address6(number)) for number, name in enumerate(owners, start=10)}


def pair(site: Site) -> tuple[str, str]:
    """Give the addresses of a site."""
    return addresses()[site.lives_with or site.name]


def names() -> list[tuple[str, str, str]]:
    """Name, type and address of every record that the resolver gives."""
    found = [(ALIVE, "A", world.address4(9)), ("www.lg.example", "A", world.address4(9))]
    for site in SITES:
        v4, v6 = pair(site)
        found += [(site.host, "AAAA", v6), *([(site.host, "A", v4)] if site.ipv4 else [])]
    return found
