"""Cases: the way to HTTPS, HSTS, headers, cookies and disclosure of a web site's start page."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.web_entry import WebAddress, WebCookie, WebEnd, WebForm, WebHeader, WebPart
from scanner.facts.web_server import WebError
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.web_sites import (
    ELSEWHERE,
    ERRORS,
    GOOD,
    GOOD_HEADERS,
    HOST,
    HTTP,
    HTTPS,
    OUTSIDE,
    PAGE,
    PLAIN_ONLY,
    REFUSED,
    SECOND,
    SESSION,
    SILENT,
    UNSEEN,
    UNSEEN_METHODS,
    V4,
    V6,
    answer,
    cookies,
    entry,
    headers,
    methods,
    over_http2,
    page,
    plain,
    secure,
    visit,
)

UNTOLD = case(UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT)
NOT_HTML = page(media_type="application/json")
CLOSED = entry(replace(GOOD, plain=REFUSED))
NO_TLS = entry(WebAddress(V4, visit(answer(HTTP)), None))
DENIED = secure(answer(status=403, headers=()))
BUSY = secure(answer(status=429, headers=()))
BROKEN = secure(answer(status=502, headers=()))
MISSING = secure(answer(status=404, headers=()))
LOOPING = secure(answer(status=302, location=HTTPS), end=WebEnd.LOOP)
OTHER = "https://www.example.com/"


def of_page(elsewhere: bool = True) -> list[Case]:
    """What every check of the start page says where there is none."""
    rows = [
        UNTOLD,
        case(DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(BUSY, outcome="undetermined", reason=Reason.REFUSED),
        case(BROKEN, outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(MISSING, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(LOOPING, outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
    ]
    return [*rows, case(ELSEWHERE, says="SITE_ELSEWHERE", args={"host": "www.example.com"})] if elsewhere else rows


HTTP_PART = WebPart("script", "http://cdn.example.com/a.js", False)
HTTP_IMAGE = WebPart("image", f"http://{HOST}/a.png", False)

CASES: dict[str, list[Case]] = {
    "web.https.offered": [
        case(entry(), says="HTTPS_OFFERED"),
        case(PLAIN_ONLY, says="HTTPS_ABSENT", args={"address": (V4,)}),
        case(NO_TLS, says="HTTPS_ABSENT"),
        case(entry(GOOD, replace(SECOND, secure=REFUSED)), says="HTTPS_ABSENT", args={"address": (V6,)}),
        case(entry(GOOD, replace(SECOND, secure=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(entry(replace(GOOD, plain=REFUSED, secure=REFUSED)), outcome="undetermined", reason=Reason.REFUSED),
        case(entry(replace(GOOD, plain=SILENT, secure=None)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(entry(GOOD, left_out=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        UNTOLD,
    ],
    "web.https.redirect": [
        case(entry(), says="PLAIN_REDIRECTED"),
        case(CLOSED, says="PLAIN_CLOSED"),
        case(entry(replace(GOOD, plain=None)), says="PLAIN_NONE"),
        case(plain(answer(HTTP)), says="PLAIN_CONTENT", args={"url": HTTP}),
        case(plain(answer(HTTP, 302, f"{HTTP}top"), answer(f"{HTTP}top")), says="PLAIN_CONTENT", args={"url": f"{HTTP}top"}),
        case(plain(answer(HTTP, 302, f"{HTTP}top"), answer(f"{HTTP}top", 301, HTTPS), answer()), says="PLAIN_REDIRECTED"),
        case(plain(answer(HTTP, 301, OTHER), end=WebEnd.UNFOLLOWED, unfollowed=OUTSIDE), says="PLAIN_REDIRECTED"),
        case(
            plain(answer(HTTP, 301, "http://other.example/"), end=WebEnd.UNFOLLOWED, unfollowed=OUTSIDE),
            outcome="undetermined",
            reason=Reason.OUT_OF_SCOPE,
        ),
        case(plain(answer(HTTP, 302, HTTP), end=WebEnd.LOOP), says="PLAIN_LOOP"),
        case(plain(answer(HTTP, 401, headers=(WebHeader("www-authenticate", 'Basic realm="x"'),))), says="PLAIN_PASSWORD"),
        case(plain(answer(HTTP, 403)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(plain(answer(HTTP, 429)), outcome="undetermined", reason=Reason.REFUSED),
        case(entry(GOOD, replace(SECOND, plain=visit(answer(HTTP)))), says="PLAIN_CONTENT", args={"address": (V6,)}),
        UNTOLD,
    ],
    "web.https.same-host": [
        case(entry(), says="REDIRECT_SAME"),
        case(plain(answer(HTTP, 301, OTHER), end=WebEnd.UNFOLLOWED, unfollowed=OUTSIDE), says="REDIRECT_OTHER", args={"url": OTHER}),
        case(CLOSED, says="REDIRECT_NONE"),
        case(plain(answer(HTTP)), says="REDIRECT_NONE"),
        UNTOLD,
    ],
    "web.https.permanent-redirect": [
        case(entry(), says="REDIRECT_PERMANENT"),
        case(plain(answer(HTTP, 308, HTTPS), answer()), says="REDIRECT_PERMANENT"),
        case(plain(answer(HTTP, 302, HTTPS), answer()), says="REDIRECT_TEMPORARY", args={"status": 302}),
        case(CLOSED, says="REDIRECT_NONE"),
        UNTOLD,
    ],
    "web.https.kept": [
        case(entry(), says="HTTPS_KEPT"),
        case(secure(answer(HTTPS, 302, HTTP), answer(HTTP)), says="HTTPS_LOST", args={"url": HTTPS}),
        case(entry(replace(GOOD, http2=visit(answer(HTTPS, 302, HTTP), answer(HTTP)))), says="HTTPS_LOST"),
        case(secure(answer(HTTPS, 302, HTTP), end=WebEnd.LOOP), says="HTTPS_LOST"),
        case(ELSEWHERE, says="HTTPS_KEPT"),
        case(PLAIN_ONLY, says="HTTPS_NONE"),
        case(
            secure(answer(HTTPS, 302, f"https://{HOST}:8443/"), end=WebEnd.UNFOLLOWED, unfollowed=SILENT),
            outcome="undetermined",
            reason=Reason.TIMEOUT,
        ),
        UNTOLD,
    ],
    "web.https.http2-agrees": [
        case(entry(replace(GOOD, http2=visit(answer()))), says="HTTP2_SAME"),
        case(entry(), says="HTTP2_NONE"),
        case(
            entry(replace(GOOD, http2=visit(answer(headers=GOOD_HEADERS[1:])))),
            says="HTTP2_DIFFERS",
            args={"parts": ("strict-transport-security",)},
        ),
        case(
            entry(
                replace(
                    GOOD,
                    secure=visit(answer(status=302, location=f"{HTTPS}ja/"), answer()),
                    http2=visit(answer(status=302, location=f"{HTTPS}ja/"), answer(headers=GOOD_HEADERS[1:])),
                )
            ),
            says="HTTP2_DIFFERS",
            args={"parts": ("strict-transport-security",)},
        ),
        case(entry(replace(GOOD, http2=visit(answer(status=421)))), says="HTTP2_DIFFERS", args={"parts": ("status",)}),
        case(entry(replace(GOOD, http2=visit(answer(status=301, location=OTHER, headers=GOOD_HEADERS)))), says="HTTP2_DIFFERS"),
        case(entry(replace(GOOD, http2=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(PLAIN_ONLY, says="HTTPS_NONE"),
        UNTOLD,
    ],
    "web.https.mixed-content": [
        case(entry(), says="MIXED_NONE"),
        case(page(parts=(HTTP_PART, HTTP_IMAGE)), says="MIXED_ACTIVE", args={"urls": (HTTP_PART.url,)}),
        case(page(parts=(HTTP_IMAGE,)), says="MIXED_PASSIVE"),
        case(page(parts=(HTTP_IMAGE,), cut=True), says="MIXED_PASSIVE"),
        case(page(cut=True), outcome="undetermined", reason=Reason.TOO_LARGE),
        case(page(forms=(WebForm(f"{HTTP}send", "post", False),)), says="MIXED_FORM"),
        case(
            secure(
                answer(headers=(WebHeader("content-security-policy", "upgrade-insecure-requests"),)), page=replace(PAGE, parts=(HTTP_PART,))
            ),
            says="MIXED_UPGRADED",
        ),
        case(page(parts=(HTTP_PART,), policy="upgrade-insecure-requests"), says="MIXED_UPGRADED"),
        case(page(encoded=True), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(PLAIN_ONLY, says="HTTPS_NONE"),
        *of_page(),
    ],
    "web.hsts.set": [
        case(entry(), says="HSTS_SET"),
        case(headers("strict-transport-security"), says="HSTS_ABSENT"),
        case(headers(strict_transport_security="max-age"), says="HSTS_BROKEN"),
        case(headers(strict_transport_security="max-age=1; max-age=2"), says="HSTS_BROKEN"),
        case(headers(strict_transport_security="max-age=0"), says="HSTS_OFF"),
        case(headers(strict_transport_security='MAX-AGE="600";'), says="HSTS_SET"),
        case(ELSEWHERE, says="HSTS_SET"),
        case(LOOPING, says="HSTS_ABSENT"),
        case(DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(secure(answer(status=403, headers=GOOD_HEADERS)), says="HSTS_SET"),
        case(PLAIN_ONLY, says="HTTPS_NONE"),
        case(entry(GOOD, replace(SECOND, secure=visit(answer(headers=())))), says="HSTS_ABSENT", args={"address": (V6,)}),
        case(over_http2(), says="HSTS_SET"),
        case(over_http2("strict-transport-security"), says="HSTS_ABSENT", args={"address": (f"{V4} (HTTP/2)",)}),
        case(
            entry(replace(GOOD, secure=visit(answer(headers=())), http2=visit())),
            says="HSTS_ABSENT",
            args={"address": (f"{V4} (HTTP/1.1)",)},
        ),
        case(
            entry(replace(GOOD, secure=visit(answer(headers=())), http2=visit(answer(headers=())))),
            says="HSTS_ABSENT",
            args={"address": (V4,)},
        ),
        case(entry(replace(GOOD, http2=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(entry(replace(GOOD, http2=REFUSED)), outcome="undetermined", reason=Reason.REFUSED),
        UNTOLD,
    ],
    "web.hsts.duration": [
        case(entry(), says="HSTS_LONG", args={"seconds": 63072000}),
        case(headers(strict_transport_security="max-age=3600"), says="HSTS_SHORT", args={"seconds": 3600}),
        case(headers(strict_transport_security="max-age=3600"), says="HSTS_LONG", with_={"least": 600}),
        case(headers("strict-transport-security"), says="HSTS_NONE"),
        case(PLAIN_ONLY, says="HTTPS_NONE"),
        UNTOLD,
    ],
    "web.hsts.subdomains": [
        case(entry(), says="SUBDOMAINS_COVERED"),
        case(headers(strict_transport_security="max-age=63072000"), says="SUBDOMAINS_OPEN"),
        case(headers(strict_transport_security="max-age=0"), says="HSTS_NONE"),
        case(PLAIN_ONLY, says="HTTPS_NONE"),
        UNTOLD,
    ],
    "web.headers.content-type-options": [
        case(entry(), says="NOSNIFF_SET"),
        case(headers("x-content-type-options"), says="NOSNIFF_ABSENT"),
        case(headers(x_content_type_options="no-sniff"), says="NOSNIFF_ABSENT"),
        *of_page(),
    ],
    "web.headers.frame": [
        case(over_http2("x-frame-options"), says="FRAME_OPEN", args={"address": (f"{V4} (HTTP/2)",)}),
        case(entry(), says="FRAME_BARRED", args={"by": "X-Frame-Options"}),
        case(headers("x-frame-options"), says="FRAME_OPEN"),
        case(headers(x_frame_options="ALLOW-FROM https://a.example/"), says="FRAME_OPEN"),
        case(
            headers("x-frame-options", content_security_policy="frame-ancestors 'none'"),
            says="FRAME_BARRED",
            args={"by": "frame-ancestors"},
        ),
        case(headers(content_security_policy="frame-ancestors *"), says="FRAME_OPEN"),
        case(NOT_HTML, says="PAGE_NONE"),
        *of_page(),
    ],
    "web.headers.csp": [
        case(entry(), says="CSP_LIMITS"),
        case(headers("content-security-policy"), says="CSP_ABSENT"),
        case(headers(content_security_policy="frame-ancestors 'none'"), says="CSP_ABSENT"),
        case(secure(answer(headers=()), page=replace(PAGE, policy="script-src 'self'")), says="CSP_LIMITS"),
        case(headers("content-security-policy", content_security_policy_report_only="default-src 'self'"), says="CSP_REPORTS_ONLY"),
        case(headers(content_security_policy="default-src 'self' 'unsafe-inline'"), says="CSP_WIDE", args={"sources": ("unsafe-inline",)}),
        case(headers(content_security_policy="script-src 'self' 'unsafe-inline' 'nonce-abc'"), says="CSP_LIMITS"),
        case(headers(content_security_policy="script-src https:"), says="CSP_WIDE"),
        case(headers(content_security_policy="script-src https: 'nonce-abc' 'strict-dynamic'"), says="CSP_LIMITS"),
        case(NOT_HTML, says="PAGE_NONE"),
        *of_page(),
    ],
    "web.headers.referrer-policy": [
        case(entry(), says="REFERRER_LIMITED"),
        case(headers("referrer-policy"), says="REFERRER_UNSET"),
        case(secure(answer(headers=()), page=replace(PAGE, referrer="no-referrer")), says="REFERRER_LIMITED"),
        case(headers(referrer_policy="no-referrer, unsafe-url"), says="REFERRER_WIDE", args={"value": "unsafe-url"}),
        case(headers(referrer_policy="whatever"), says="REFERRER_UNSET"),
        *of_page(),
    ],
    "web.headers.charset": [
        case(entry(), says="CHARSET_GIVEN", args={"charset": "utf-8"}),
        case(page(charset=""), says="CHARSET_ABSENT"),
        case(page(charset="", encoded=True), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(NOT_HTML, says="PAGE_NONE"),
        *of_page(),
    ],
    "web.headers.cross-origin": [
        case(methods(), says="ORIGIN_LIMITED"),
        case(methods(origin_answer="https://tenken.invalid", credentials=True), says="ORIGIN_ANY"),
        case(methods(origin_answer="https://tenken.invalid"), says="ORIGIN_LIMITED"),
        case(methods(origin_answer="*", credentials=True), says="ORIGIN_LIMITED"),
        case(methods(origin_answer=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(UNSEEN_METHODS, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "web.cookies.secure": [
        case(cookies(), says="COOKIE_SECURE"),
        case(cookies(replace(SESSION, secure=False), replace(SESSION, name="a")), says="COOKIE_IN_CLEAR", args={"names": ("JSESSIONID",)}),
        case(
            plain(answer(HTTP, 301, HTTPS, cookies=(WebCookie("lb", False, False, "", "", "/", False),)), answer()), says="COOKIE_IN_CLEAR"
        ),
        case(entry(), says="COOKIE_NONE"),
        case(secure(answer(HTTPS, 302, OTHER), answer(OTHER, cookies=(replace(SESSION, secure=False),))), says="COOKIE_NONE"),
        case(CLOSED, says="COOKIE_NONE"),
        case(entry(replace(GOOD, plain=REFUSED, secure=REFUSED)), outcome="undetermined", reason=Reason.REFUSED),
        UNTOLD,
    ],
    "web.cookies.http-only": [
        case(cookies(), says="COOKIE_HIDDEN"),
        case(cookies(replace(SESSION, http_only=False)), says="COOKIE_READABLE", args={"names": ("JSESSIONID",)}),
        case(cookies(replace(SESSION, name="XSRF-TOKEN", http_only=False)), says="COOKIE_OTHERS"),
        case(cookies(replace(SESSION, name="lang", http_only=False)), says="COOKIE_OTHERS", args={"names": ("lang",)}),
        case(entry(), says="COOKIE_NONE"),
        UNTOLD,
    ],
    "web.cookies.same-site": [
        case(cookies(), says="COOKIE_KEPT_HOME"),
        case(cookies(replace(SESSION, same_site="")), says="COOKIE_SAMESITE_UNSET"),
        case(cookies(replace(SESSION, same_site="none")), says="COOKIE_SENT_ANYWHERE"),
        case(cookies(replace(SESSION, name="lang")), says="COOKIE_OTHERS"),
        case(entry(), says="COOKIE_NONE"),
        UNTOLD,
    ],
    "web.disclosure.server": [
        case(entry(), says="SERVER_QUIET"),
        case(headers(server="Apache/2.4.57 (Debian)"), says="SERVER_VERSION", args={"values": ("server: Apache/2.4.57 (Debian)",)}),
        case(headers("server"), says="SERVER_QUIET"),
        case(plain(answer(HTTP, 301, HTTPS, headers=(WebHeader("server", "nginx/1.22.1"),)), answer()), says="SERVER_VERSION"),
        case(entry(replace(GOOD, secure=SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(CLOSED, says="SERVER_QUIET"),
        UNTOLD,
    ],
    "web.disclosure.framework": [
        case(entry(), says="FRAMEWORK_QUIET"),
        case(headers(x_powered_by="PHP/8.2.1"), says="FRAMEWORK_VERSION"),
        case(headers(x_powered_by="Express"), says="FRAMEWORK_NAMED"),
        case(headers(via="1.1 varnish"), says="FRAMEWORK_NAMED"),
        case(headers(via="1.1 proxy (squid/5.7)"), says="FRAMEWORK_VERSION"),
        UNTOLD,
    ],
    "web.disclosure.generator": [
        case(entry(), says="GENERATOR_QUIET"),
        case(page(generator="WordPress 6.4.2"), says="GENERATOR_VERSION", args={"value": "WordPress 6.4.2"}),
        case(page(generator="Hugo"), says="GENERATOR_QUIET"),
        case(page(encoded=True), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *of_page(),
    ],
    "web.disclosure.errors": [
        case(methods(), says="ERRORS_QUIET"),
        case(methods(errors=(WebError("missing", 500, trace="Python traceback"),)), says="ERRORS_TRACE"),
        case(methods(errors=(WebError("missing", 404, ("nginx 1.22.1",)),)), says="ERRORS_VERSION", args={"values": ("nginx 1.22.1",)}),
        case(methods(errors=(*ERRORS, SILENT)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(UNSEEN_METHODS, outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "web.disclosure.internal-address": [
        case(entry(), says="INSIDE_HIDDEN"),
        case(
            secure(answer(HTTPS, 302, "http://10.1.2.3/top"), end=WebEnd.UNFOLLOWED, unfollowed=OUTSIDE),
            says="INSIDE_IN_REDIRECT",
            args={"value": "10.1.2.3"},
        ),
        case(
            cookies(replace(SESSION, name="BIGipServerpool", internal_address="10.1.1.100")),
            says="INSIDE_IN_COOKIE",
            args={"value": "10.1.1.100"},
        ),
        UNTOLD,
    ],
    "web.default-page.replaced": [
        case(entry(), says="OWN_PAGE"),
        case(page(default_page="nginx"), says="DEFAULT_PAGE", args={"product": "nginx"}),
        case(page(listing="IIS"), says="DEFAULT_LISTING"),
        case(page(encoded=True), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(PLAIN_ONLY, says="OWN_PAGE"),
        *of_page(),
    ],
    "web.content.official-domain": [
        case(entry(), says="OFFICIAL", with_={"suffixes": ("example.jp",)}),
        case(ELSEWHERE, says="UNOFFICIAL", args={"host": "www.example.com"}, with_={"suffixes": ("example.jp",)}),
        case(entry(), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT, with_={"suffixes": ("example.jp",)}),
    ],
}
