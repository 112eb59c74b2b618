"""Cases: the small files of a site, and what its pages hold."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.ledger import DeclaredWebService
from scanner.facts.mail import Status
from scanner.facts.web_content import (
    Capped,
    WebDocument,
    WebFile,
    WebFormSeen,
    WebHost,
    WebPageSeen,
    WebProfile,
    WebProfiles,
    WebProfileSeen,
    WebProperty,
    WebReading,
    WebRobots,
    WebSecurityTxt,
)
from scanner.facts.web_entry import WebForm
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.web_sites import (
    CRAWL_DENIED,
    CRAWL_ELSEWHERE,
    CRAWL_LOOP,
    HTTPS,
    NEWS,
    SILENT,
    START,
    crawl,
    files,
)

ABSENT = files(security=WebSecurityTxt(404, False))
SHUT = files(security=WebSecurityTxt(403, False))
MOVED = files(security=WebSecurityTxt(301, False))
UNSEEN = files(security=SILENT, robots=SILENT)
OF_FILE = [
    case(SHUT, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(MOVED, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
    case(UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
]
OF_WALK = [
    case(CRAWL_ELSEWHERE, says="SITE_ELSEWHERE", args={"host": "www.example.com"}),
    case(CRAWL_DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(CRAWL_LOOP, outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
    case(crawl(replace(START, status=503)), outcome="undetermined", reason=Reason.SERVER_FAILURE),
]
UNFINISHED = [
    case(crawl(left=5), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    case(crawl(ended=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
]


def beyond(kind: Capped) -> Case:
    """More of a kind than is kept."""
    return case(crawl(beyond=(kind,)), outcome="undetermined", reason=Reason.TOO_LARGE)


LINKED = WebHost("www.lg.example", "https://www.lg.example/", "/", name=Status.FOUND)
SCRIPT = WebHost("cdn.example.com", "https://cdn.example.com/a.js", "/", ("script",), True, Status.FOUND)
IMAGE = WebHost("img.example.com", "https://img.example.com/a.png", "/", ("image",), False, Status.FOUND)
PDF = WebDocument(f"{HTTPS}a.pdf", "pdf", (WebProperty("producer", "x"),))
JPEG = WebDocument(f"{HTTPS}a.jpg", "jpeg")
X = "https://x.com/kakuu_city"
SILENT_LEDGER, NAMES_X, NAMES_NONE = DeclaredWebService(True), DeclaredWebService(True, (X,)), DeclaredWebService(True, ())


def profiles(*seen: WebProfile | Unobserved) -> WebProfiles:
    return WebProfiles(tuple(WebProfileSeen(X, page) for page in seen))


def document(*properties: WebProperty, **changes: str) -> WebDocument:
    return replace(PDF, properties=properties, **changes)


def picture(*properties: WebProperty, **changes: str) -> WebDocument:
    return replace(JPEG, properties=properties, **changes)


CASES: dict[str, list[Case]] = {
    "web.security-txt.published": [
        case(files(), says="SECURITY_TXT", args={"contacts": ("mailto:csirt@example.jp",)}),
        case(ABSENT, says="SECURITY_TXT_ABSENT"),
        case(files(at="/security.txt"), says="SECURITY_TXT_OLD_PLACE", args={"path": "/security.txt"}),
        case(files(url="http://www.example.jp"), says="SECURITY_TXT_IN_CLEAR"),
        *OF_FILE,
    ],
    "web.security-txt.valid": [
        case(files(), says="SECURITY_TXT_VALID"),
        case(files(expires="2026-11-21T23:59:59+00:00"), says="SECURITY_TXT_EXPIRED"),
        case(files(expires="2026-11-22T00:00:01+00:00"), says="SECURITY_TXT_VALID"),
        case(files(expires="", flaws=("expires-missing",)), says="SECURITY_TXT_FLAWED", args={"fields": ("Expires",)}),
        case(files(flaws=("contact-no-uri",)), says="SECURITY_TXT_FLAWED"),
        case(ABSENT, says="SECURITY_TXT_ABSENT"),
        *OF_FILE,
    ],
    "web.security-txt.signed": [
        case(files(), says="SIGNATURE_THERE"),
        case(files(signed=False), says="SIGNATURE_NONE"),
        case(ABSENT, says="SECURITY_TXT_ABSENT"),
        *OF_FILE,
    ],
    "web.content.crawlers": [
        case(files(), crawl(), says="CRAWLERS_WELCOME"),
        case(files(robots=WebRobots(200)), crawl(), says="CRAWLERS_WELCOME"),
        case(files(robots=WebRobots(200, ("*",))), crawl(), says="CRAWLERS_SHUT_OUT", args={"agents": ("*",)}),
        case(files(robots=WebRobots(200, ("googlebot",))), CRAWL_DENIED, says="CRAWLERS_SHUT_OUT"),
        case(files(), crawl(replace(START, robots="noindex, nofollow"), NEWS), says="CRAWLERS_NOINDEX", args={"pages": ("/",)}),
        case(files(), crawl(START, replace(NEWS, robots="noindex")), says="CRAWLERS_WELCOME"),
        case(files(), CRAWL_ELSEWHERE, says="SITE_ELSEWHERE"),
        case(files(), CRAWL_DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(files(robots=WebRobots(503)), crawl(), outcome="undetermined", reason=Reason.SERVER_FAILURE),
        case(files(robots=SILENT), crawl(), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "web.content.cookies": [
        case(crawl(), says="COOKIES_NOT_SET"),
        case(crawl(with_cookies=WebReading(200, 2000, False)), says="COOKIES_NOT_NEEDED"),
        case(
            crawl(bare=WebReading(200, 60, False), with_cookies=WebReading(200, 3000, False)),
            says="COOKIES_NEEDED",
            args={"bare": 60, "kept": 3000},
        ),
        case(crawl(bare=WebReading(403, 60, False), with_cookies=WebReading(200, 100, False)), says="COOKIES_NEEDED"),
        case(replace(CRAWL_LOOP, with_cookies=WebReading(200, 900, False)), says="COOKIES_LOOP"),
        case(replace(CRAWL_LOOP, with_cookies=WebReading(302, 0, True)), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(crawl(with_cookies=WebReading(403, 0, False)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(crawl(with_cookies=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(CRAWL_LOOP, outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        case(CRAWL_DENIED, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "web.content.titles": [
        case(crawl(), says="TITLES_GOOD", args={"count": 2}),
        case(crawl(START, replace(NEWS, title=None)), says="TITLES_MISSING", args={"pages": ("/news.html",)}),
        case(crawl(START, replace(NEWS, title="")), says="TITLES_MISSING"),
        case(crawl(START, replace(NEWS, title=START.title)), says="TITLES_SAME"),
        case(crawl(START, replace(NEWS, status=404, title=None)), says="TITLES_GOOD", args={"count": 1}),
        case(crawl(), says="TITLES_GOOD", with_={"names": ("架空市",)}),
        case(crawl(), says="TITLES_NAMELESS", with_={"names": ("別の市",)}),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.broken-links": [
        case(crawl(), says="PAGES_THERE"),
        case(crawl(START, WebPageSeen("/old", 404, None, 0)), says="PAGES_MISSING", args={"pages": ("/old",)}),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.forms": [
        case(crawl(forms=(WebFormSeen("/", WebForm(f"{HTTPS}send", "post", True)),)), says="FORMS_SAFE", args={"count": 1}),
        case(crawl(), says="FORMS_NONE"),
        case(crawl(forms=(WebFormSeen("/q", WebForm("http://www.example.jp/send", "post", False)),)), says="FORMS_IN_CLEAR"),
        case(crawl(forms=(WebFormSeen("/login", WebForm("http://www.example.jp/in", "post", True)),)), says="FORMS_PASSWORD_IN_CLEAR"),
        beyond(Capped.FORMS),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.executables": [
        case(crawl(), says="EXECUTABLES_NONE", args={"count": 2}),
        case(crawl(files=(WebFile(f"{HTTPS}setup.exe", "exe"),)), says="EXECUTABLES_OFFERED"),
        case(crawl(files=(WebFile(f"{HTTPS}form.xlsm", "xlsm"),)), says="MACROS_OFFERED"),
        case(crawl(files=(WebFile(f"{HTTPS}a.pdf", "pdf"),)), says="EXECUTABLES_NONE"),
        beyond(Capped.FILES),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.documents": [
        case(crawl(documents=(PDF,)), says="DOCUMENTS_CLEAN", args={"count": 1}),
        case(crawl(), says="DOCUMENTS_NONE"),
        case(crawl(documents=(document(WebProperty("author", "山田")),)), says="DOCUMENTS_NAMES", args={"documents": ("a.pdf (author)",)}),
        case(crawl(documents=(document(WebProperty("author", "架空市")),)), says="DOCUMENTS_CLEAN", with_={"approved": ("架空市",)}),
        case(crawl(documents=(document(WebProperty("tracked-changes", "")),)), says="DOCUMENTS_MARKS"),
        case(
            crawl(documents=(document(WebProperty("path", "C:\\Users\\x")), document(WebProperty("author", "y")))), says="DOCUMENTS_MARKS"
        ),
        case(crawl(documents=(PDF, document(problem="encrypted"))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(crawl(documents=(PDF,), documents_left=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.images": [
        case(crawl(images=(JPEG,)), says="IMAGES_CLEAN", args={"count": 1}),
        case(crawl(), says="IMAGES_NONE"),
        case(crawl(images=(JPEG, picture(WebProperty("location", "")))), says="IMAGES_LOCATED", args={"images": ("a.jpg (location)",)}),
        case(crawl(images=(picture(WebProperty("author", "山田")),)), says="IMAGES_NAMES", args={"images": ("a.jpg (author)",)}),
        case(crawl(images=(picture(WebProperty("owner", "山田")),)), says="IMAGES_NAMES"),
        case(crawl(images=(picture(WebProperty("author", "架空市")),)), says="IMAGES_CLEAN", with_={"approved": ("架空市",)}),
        case(crawl(images=(picture(WebProperty("location", "")),), images_left=3), says="IMAGES_LOCATED"),
        case(crawl(images=(JPEG, picture(problem="too-large"))), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(crawl(images=(JPEG,), images_left=3), outcome="undetermined", reason=Reason.BUDGET_SPENT),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.links": [
        case(crawl(hosts=(LINKED,)), says="LINKS_ALIVE", args={"count": 1}),
        case(crawl(), says="LINKS_NONE"),
        case(crawl(hosts=(replace(LINKED, name=Status.EMPTY),)), says="LINKS_ALIVE"),
        case(crawl(hosts=(replace(LINKED, name=Status.NXDOMAIN),)), says="LINKS_DEAD", args={"hosts": ("www.lg.example (/)",)}),
        case(crawl(hosts=(replace(LINKED, name=Status.NXDOMAIN), replace(SCRIPT, name=Status.NXDOMAIN))), says="PARTS_DEAD"),
        case(crawl(hosts=(LINKED, replace(SCRIPT, name=SILENT))), outcome="undetermined", reason=Reason.TIMEOUT),
        beyond(Capped.HOSTS),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.short-urls": [
        case(crawl(hosts=(LINKED,)), says="SHORT_NONE"),
        case(
            crawl(hosts=(WebHost("bit.ly", "https://bit.ly/abc", "/news.html"),)),
            says="SHORT_USED",
            args={"urls": ("https://bit.ly/abc (/news.html)",)},
        ),
        beyond(Capped.HOSTS),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.third-parties": [
        case(crawl(hosts=(LINKED,)), says="PARTIES_NONE"),
        case(crawl(hosts=(SCRIPT,)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(crawl(hosts=(SCRIPT, IMAGE)), says="PARTIES_APPROVED", with_={"approved": (".example.com",)}),
        case(crawl(hosts=(SCRIPT, IMAGE)), says="PARTIES_OTHERS", with_={"approved": ("cdn.example.com",)}),
        beyond(Capped.HOSTS),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.integrity": [
        case(crawl(hosts=(replace(SCRIPT, unsealed=False),)), says="SCRIPTS_SEALED"),
        case(crawl(hosts=(IMAGE,)), says="SCRIPTS_NONE"),
        case(crawl(hosts=(SCRIPT,)), says="SCRIPTS_UNSEALED"),
        beyond(Capped.HOSTS),
        *UNFINISHED,
        *OF_WALK,
    ],
    "web.content.social": [
        case(crawl(), SILENT_LEDGER, outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(crawl(profiles=("https://twitter.com/Kakuu_City/",)), SILENT_LEDGER, says="PROFILES_NAMED", with_={"profiles": (X,)}),
        case(crawl(), SILENT_LEDGER, outcome="undetermined", reason=Reason.NOT_DECLARED, with_={"profiles": (X,)}),
        case(crawl(profiles=(X,)), NAMES_X, says="PROFILES_NAMED", args={"count": 1}),
        case(crawl(), NAMES_X, says="PROFILES_MISSING", args={"urls": (X,)}, with_={"profiles": ("https://x.com/other",)}),
        case(crawl(), NAMES_NONE, says="PROFILES_NOT_HERE", with_={"profiles": (X,)}),
        case(crawl(left=3), NAMES_X, outcome="undetermined", reason=Reason.BUDGET_SPENT),
        case(crawl(beyond=(Capped.PROFILES,)), NAMES_X, outcome="undetermined", reason=Reason.TOO_LARGE),
        case(crawl(beyond=(Capped.FILES,)), NAMES_X, says="PROFILES_MISSING"),
        *(replace(each, facts=(*each.facts, SILENT_LEDGER)) for each in OF_WALK),
    ],
    "web.content.social-back": [
        case(profiles(), SILENT_LEDGER, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(profiles(), NAMES_NONE, says="PROFILES_NOT_HERE"),
        case(profiles(WebProfile(200, True)), NAMES_X, says="PROFILES_BACK", args={"count": 1}),
        case(profiles(WebProfile(404, True), SILENT), NAMES_X, says="PROFILES_GONE", args={"urls": (X,)}),
        case(profiles(WebProfile(200, False)), NAMES_X, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(profiles(WebProfile(403, True)), NAMES_X, outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(profiles(WebProfile(200, True), SILENT), NAMES_X, outcome="undetermined", reason=Reason.TIMEOUT),
        case(WebProfiles(profiles(WebProfile(200, True)).profiles, 2), NAMES_X, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
}
