"""Cases of the checks of web servers by their own configuration."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram, WebTls
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
MANY = Unobserved(Reason.TOO_LARGE)
STALE = Unobserved(Reason.STALE)
NOWHERE = Places()
GOOD_SUITES = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256")
TLS = WebTls("www.example.jp", ("TLS 1.2", "TLS 1.3"), (), GOOD_SUITES)
NGINX = WebProgram(
    name="nginx",
    version="1.22.1",
    running=True,
    starts=True,
    applied=None,
    source="/etc/nginx/nginx.conf",
    account="www-data",
    sites=("www.example.jp",),
    unread=None,
    modules=("dir_module", "mime_module"),
    listing=NOWHERE,
    cgi=NOWHERE,
    trace=NOWHERE,
    writing=NOWHERE,
    version_told=NOWHERE,
    status_open=NOWHERE,
    samples=NOWHERE,
    unlogged=NOWHERE,
    escaping=NOWHERE,
    slow=NOWHERE,
    roots_writable=NOWHERE,
    consoles=None,
    console_passwords=None,
    orders=None,
    keys_open=NOWHERE,
    tls=(TLS,),
)


def nginx(**changes: object) -> WebConfiguration:
    """The well kept nginx, with changes."""
    return WebConfiguration((replace(NGINX, **changes),), ())  # type: ignore[arg-type]  # fields of the fact


def tls(**changes: object) -> WebConfiguration:
    """The well kept nginx with a second site whose TLS is changed."""
    return nginx(tls=(TLS, replace(TLS, site="old.example.jp", **changes)))  # type: ignore[arg-type]  # fields of the fact


def in_use(good: str) -> list[Case]:
    """What holds where the program may not be in use, or does not go by its files."""
    return [
        case(nginx(), says=good),
        case(nginx(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(nginx(running=DENIED, starts=False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(running=False), says=good),
        case(nginx(running=None), says=good),
        case(nginx(running=False, starts=False), says="NO_WEB_PROGRAM"),
        case(WebConfiguration((), ()), says="NO_WEB_PROGRAM"),
        case(WebConfiguration(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


def nowhere(part: str, good: str, bad: str) -> list[Case]:
    """What holds for every check of something that should be nowhere."""
    return [
        *in_use(good),
        case(nginx(**{part: Places(("www.example.jp /x",))}), says=bad, args={"places": ("www.example.jp /x",)}),
        case(nginx(**{part: Places(("www.example.jp /x",), DENIED)}), says=bad),
        case(nginx(**{part: Places(("www.example.jp /x",))}, applied=STALE), says=bad),
        case(nginx(**{part: Places((), DENIED)}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "host.web.listing": [
        *nowhere("listing", "LISTING_OFF", "LISTING_ON"),
        case(
            WebConfiguration((NGINX, replace(NGINX, name="apache2", listing=Places(("*:80 /",)))), ()),
            says="LISTING_ON",
            args={"program": "apache2"},
        ),
    ],
    "host.web.cgi": [
        *in_use("CGI_OFF"),
        case(nginx(cgi=Places(("www.example.jp /cgi-bin/ (/usr/lib/cgi-bin)",))), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(nginx(cgi=Places(("a /cgi-bin/ (/b)",))), says="CGI_APPROVED", with_={"approved": ("/cgi-bin/",)}),
        case(
            nginx(cgi=Places(("a /cgi-bin/ (/b)", "a /x"))), says="CGI_ON", args={"places": ("a /x",)}, with_={"approved": ("/cgi-bin/",)}
        ),
        case(nginx(cgi=Places((), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(cgi=Places(("a /x",), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"approved": ("/x",)}),
    ],
    "host.web.modules": [
        case(nginx(running=False, starts=False), says="NO_WEB_PROGRAM"),
        case(WebConfiguration(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(nginx(modules=()), says="MODULES_NONE"),
        case(nginx(modules=(), unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(), says="MODULES_APPROVED", with_={"approved": ("dir_module", "mime_module")}),
        case(nginx(), says="MODULES_OTHER", args={"modules": ("mime_module",)}, with_={"approved": ("dir_module",)}),
        case(nginx(unread=DENIED), says="MODULES_OTHER", with_={"approved": ("dir_module",)}),
        case(nginx(modules=MANY), outcome="undetermined", reason=Reason.TOO_LARGE),
        case(nginx(unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_={"approved": ("dir_module", "mime_module")}),
    ],
    "host.web.trace": nowhere("trace", "TRACE_OFF", "TRACE_ON"),
    "host.web.writing": nowhere("writing", "WRITING_CLOSED", "WRITING_OPEN"),
    "host.web.version-hidden": nowhere("version_told", "VERSION_HIDDEN", "VERSION_TOLD"),
    "host.web.status": nowhere("status_open", "STATUS_CLOSED", "STATUS_OPEN"),
    "host.web.samples": nowhere("samples", "SAMPLES_NONE", "SAMPLES_SERVED"),
    "host.web.log": nowhere("unlogged", "LOG_KEPT", "LOG_MISSING"),
    "host.web.alias": nowhere("escaping", "ALIAS_CLOSED", "ALIAS_OPEN"),
    "host.web.slow-requests": nowhere("slow", "SLOW_LIMITED", "SLOW_WAITED_FOR"),
    "host.web.root-rights": nowhere("roots_writable", "ROOT_KEPT", "ROOT_WRITABLE"),
    "host.web.account": [
        *in_use("ACCOUNT_OWN"),
        case(nginx(account="root"), says="ACCOUNT_ROOT"),
        case(nginx(account="#0"), says="ACCOUNT_ROOT"),
        case(nginx(account=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.web.tls-versions": [
        *in_use("WEB_TLS_NEW"),
        case(tls(versions=("TLS 1.0", "TLS 1.2")), says="WEB_TLS_OLD", args={"sites": ("old.example.jp (TLS 1.0)",)}),
        case(tls(versions=("TLS 1.2",), held_back=("TLS 1.0",)), says="WEB_TLS_HELD_BACK"),
        case(tls(versions=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(tls=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(tls=(), unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(tls=()), says="NO_WEB_TLS"),
        case(nginx(tls=(), running=False, starts=False), says="NO_WEB_PROGRAM"),
    ],
    "host.web.tls-listed": [
        *in_use("WEB_LISTED_ALL"),
        case(tls(suites=(*GOOD_SUITES, "TLS_RSA_WITH_RC4_128_SHA")), says="WEB_LISTED_NOT", args={"parts": ("RC4_128",)}),
        case(tls(suites=(*GOOD_SUITES, "TLS_RSA_WITH_3DES_EDE_CBC_SHA")), says="WEB_LISTED_MONITORED"),
        case(tls(suites=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(tls=()), says="NO_WEB_TLS"),
    ],
    "host.web.tls-level": [
        *in_use("WEB_LEVEL_MET"),
        case(tls(suites=(*GOOD_SUITES, "TLS_RSA_WITH_RC4_128_SHA")), says="WEB_LEVEL_DOUBTED", args={"sites": ("old.example.jp",)}),
        case(tls(versions=("TLS 1.0", "TLS 1.2", "TLS 1.3")), says="WEB_LEVEL_BROKEN", args={"sites": ("old.example.jp",)}),
        case(tls(suites=(*GOOD_SUITES, "TLS_RSA_WITH_AES_128_CBC_SHA")), says="WEB_LEVEL_BROKEN", with_={"level": "high"}),
        case(tls(suites=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(tls(versions=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(unread=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(nginx(tls=()), says="NO_WEB_TLS"),
    ],
}

CASES["host.web.tls-key"] = [
    *nowhere("keys_open", "KEY_KEPT", "KEY_OPEN"),
    case(nginx(tls=()), says="NO_WEB_TLS"),
    case(nginx(tls=(), keys_open=Places((), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
]

TOMCAT = replace(NGINX, name="tomcat10", consoles=NOWHERE, console_passwords=NOWHERE, orders=NOWHERE)


def _managed(part: str, good: str, bad: str) -> list[Case]:
    """What holds for checks of programs that are managed over the network."""

    def tomcat(places: Places) -> WebConfiguration:
        return WebConfiguration((NGINX, replace(TOMCAT, **{part: places})), ())  # type: ignore[arg-type]  # a field of the fact

    return [
        case(nginx(), says="NO_CONSOLE"),
        case(nginx(running=False, starts=False), says="NO_WEB_PROGRAM"),
        case(WebConfiguration((), ()), says="NO_WEB_PROGRAM"),
        case(WebConfiguration(DENIED, ()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(tomcat(NOWHERE), says=good),
        case(tomcat(Places(("localhost /x",), DENIED)), says=bad, args={"program": "tomcat10", "places": ("localhost /x",)}),
        case(tomcat(Places((), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(WebConfiguration((NGINX, replace(TOMCAT, applied=STALE)), ()), outcome="undetermined", reason=Reason.STALE),
    ]


CASES["host.web.console"] = _managed("consoles", "CONSOLE_LIMITED", "CONSOLE_OPEN")
CASES["host.web.console-password"] = _managed("console_passwords", "PASSWORDS_OWN", "PASSWORDS_KNOWN")
CASES["host.web.orders"] = _managed("orders", "ORDERS_NONE", "ORDERS_TAKEN")
