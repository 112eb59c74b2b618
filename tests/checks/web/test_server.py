"""Cases: methods of a web server, and files and pages that it should not serve."""

from __future__ import annotations

from scanner.facts.ledger import DeclaredWebService
from scanner.facts.web_server import WebMethod, WebPath
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.web_sites import OUTSIDE, SILENT, UNSEEN_METHODS, UNSEEN_PATHS, V4, methods, other_over_http2, paths

UNTOLD = case(UNSEEN_METHODS, outcome="undetermined", reason=Reason.TIMEOUT)
INSIDE, FROM_OUTSIDE, NOBODY_KNOWS = DeclaredWebService(False), DeclaredWebService(True), DeclaredWebService(None)


def there(path: str, topic: str, proof: str = "proof", status: int = 200) -> WebPath:
    return WebPath(path, topic, status, proof)


def topic(path: str, name: str, found: str, none: str, *facts: DeclaredWebService) -> list[Case]:
    """What every check of a topic says."""
    return [
        case(paths(), *facts, says=none),
        case(paths(there(path, name)), *facts, says=found, args={"address": (V4,), "paths": (f"{path} (proof)",)}),
        case(paths(there(path, name), statuses=(200, 200, 200)), *facts, says=found),
        case(paths(WebPath(path, name, 200)), *facts, says=none),
        case(paths(WebPath(path, name, 403)), *facts, says=none),
        case(paths(statuses=(200, 200, 200)), *facts, says=none),
        case(paths(statuses=(302, 302, 302)), *facts, says=none),
        case(paths(statuses=(403, 403, 403)), *facts, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(paths(statuses=(429, 429, 429)), *facts, outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(paths(WebPath(path, name, 429)), *facts, outcome="undetermined", reason=Reason.TIMEOUT),
        case(paths(WebPath(path, name, 0)), *facts, outcome="undetermined", reason=Reason.TIMEOUT),
        case(paths(ended=OUTSIDE), *facts, outcome="undetermined", reason=Reason.OUT_OF_SCOPE),
        case(paths(there(path, name), ended=OUTSIDE), *facts, says=found),
        case(UNSEEN_PATHS, *facts, outcome="undetermined", reason=Reason.TIMEOUT),
    ]


CASES: dict[str, list[Case]] = {
    "web.methods.trace": [
        case(methods(), says="TRACE_OFF", args={"status": 405}),
        case(methods(WebMethod("TRACE", 200, echoed=True)), says="TRACE_ON"),
        case(
            other_over_http2(methods(), methods(WebMethod("TRACE", 200, echoed=True))),
            says="TRACE_ON",
            args={"address": (f"{V4} (HTTP/2)",)},
        ),
        case(other_over_http2(methods(), UNSEEN_METHODS), outcome="undetermined", reason=Reason.TIMEOUT),
        case(methods(WebMethod("TRACE", 200)), says="TRACE_OFF"),
        case(methods(WebMethod("TRACE", 429)), outcome="undetermined", reason=Reason.REFUSED),
        case(methods(SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        UNTOLD,
    ],
    "web.methods.changing": [
        case(methods(), says="CHANGING_ABSENT", args={"allow": ("GET", "HEAD", "POST")}),
        case(methods(WebMethod("OPTIONS", 200, ("GET", "PUT", "DELETE"))), says="CHANGING_OFFERED", args={"names": ("PUT", "DELETE")}),
        case(methods(WebMethod("OPTIONS", 405), WebMethod("TENKEN", 405, ("GET", "HEAD"))), says="CHANGING_ABSENT"),
        case(methods(WebMethod("OPTIONS", 405)), outcome="undetermined", reason=Reason.NOT_DISCOVERABLE),
        case(methods(WebMethod("OPTIONS", 503)), outcome="undetermined", reason=Reason.REFUSED),
        UNTOLD,
    ],
    "web.methods.webdav": [
        case(methods(), says="DAV_OFF"),
        case(methods(WebMethod("PROPFIND", 207)), says="DAV_ANSWERS", args={"status": 207}),
        case(methods(WebMethod("OPTIONS", 200, ("GET",), "1,2")), says="DAV_NAMED", args={"dav": "1,2"}),
        case(methods(WebMethod("MKCOL", 405, (), "1", path="/x/")), says="DAV_NAMED"),
        case(methods(SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        UNTOLD,
    ],
    "web.paths.repository": [
        *topic("/.git/HEAD", "repository", "REPOSITORY_PUBLIC", "REPOSITORY_NONE"),
        case(
            other_over_http2(paths(), paths(there("/.git/HEAD", "repository"))),
            says="REPOSITORY_PUBLIC",
            args={"address": (f"{V4} (HTTP/2)",)},
        ),
        case(other_over_http2(paths(), paths()), says="REPOSITORY_NONE"),
        case(other_over_http2(paths(), UNSEEN_PATHS), outcome="undetermined", reason=Reason.TIMEOUT),
    ],
    "web.paths.settings": [
        *topic("/.env", "settings", "SETTINGS_PUBLIC", "SETTINGS_NONE"),
        case(paths(there("/.htpasswd", "key")), says="SETTINGS_PUBLIC"),
    ],
    "web.paths.backup": topic("/backup.zip", "backup", "BACKUP_PUBLIC", "BACKUP_NONE"),
    "web.paths.status": topic("/server-status", "status", "STATUS_PUBLIC", "STATUS_NONE"),
    "web.paths.cgi": topic("/cgi-bin/test-cgi", "cgi", "CGI_SAMPLE", "CGI_NOT_SEEN"),
    "web.paths.cms": topic("/xmlrpc.php", "cms", "CMS_OPEN", "CMS_NONE"),
    "web.listing.off": topic("/images/", "listing", "LISTING_SHOWN", "LISTING_NONE"),
    "web.default-page.samples": topic("/manual/", "sample", "SAMPLES_LEFT", "SAMPLES_NONE"),
    "web.admin.exposed": [
        *topic("/wp-login.php", "admin", "ADMIN_EXPOSED", "ADMIN_NOT_SEEN", FROM_OUTSIDE),
        case(paths(there("/wp-login.php", "admin")), INSIDE, says="ADMIN_INSIDE"),
        case(paths(), INSIDE, says="ADMIN_INSIDE"),
        case(paths(there("/wp-login.php", "admin")), NOBODY_KNOWS, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(paths(), NOBODY_KNOWS, outcome="undetermined", reason=Reason.NOT_DECLARED),
    ],
}
