"""Cases: what a DNS server tells about itself."""

from __future__ import annotations

from scanner.facts.dns_server import IdentityAnswer, IdentityPart, ServerIdentity
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.dns_zones import SILENT

NAMES = ("version.bind", "version.server", "hostname.bind", "id.server")


def identity(**told: str | Unobserved) -> ServerIdentity:
    """A server that refuses all but what is given, by the name with an underscore."""

    def part(name: str) -> IdentityPart:
        said = told.get(name.replace(".", "_"))
        if isinstance(said, Unobserved):
            return IdentityPart(name, said)
        return IdentityPart(name, IdentityAnswer(name, "NOERROR" if said else "REFUSED", (said,) if said else ()))

    return ServerIdentity("ns1.kakuu.lg.jp", tuple(part(n) for n in NAMES))


CASES: dict[str, list[Case]] = {
    "dns.disclosure.version": [
        case(identity(), says="VERSION_HIDDEN"),
        case(
            identity(version_bind="9.18.33-1~deb12u2-Debian"),
            says="VERSION_SHOWN",
            args={"answers": ("version.bind “9.18.33-1~deb12u2-Debian”",)},
        ),
        case(identity(version_server="NSD"), says="VERSION_SHOWN"),
        case(identity(version_bind="not told"), says="VERSION_MASKED"),
        case(identity(version_bind=" "), says="VERSION_HIDDEN"),
        case(identity(version_bind="unbound 1.17.1", version_server=SILENT), says="VERSION_SHOWN"),
        case(identity(version_bind=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        # Silence about the host name is another check's question.
        case(identity(id_server=SILENT), says="VERSION_HIDDEN"),
        case(identity(version_bind="bind\x00\x1b[2J 9.9.9" + "x" * 300), says="VERSION_SHOWN"),
    ],
    "dns.disclosure.identity": [
        case(identity(), says="IDENTITY_HIDDEN"),
        case(identity(hostname_bind="srv-dns03.honcho.local"), says="IDENTITY_SHOWN"),
        case(identity(id_server="NS1.kakuu.lg.jp."), says="IDENTITY_KNOWN"),
        case(identity(id_server=SILENT), outcome="undetermined", reason=Reason.TIMEOUT),
        case(identity(version_bind="9.18"), says="IDENTITY_HIDDEN"),
    ],
}
