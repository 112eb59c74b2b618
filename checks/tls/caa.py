"""Check of a certificate's issuer against the CAA records of the name (RFC 8659), as far as a small table knows the authorities' domains.

Whether there should be CAA records at all is judged with the domain; no document asks for them.
"""

from __future__ import annotations

import re
from typing import Final

from checks.common import listed
from checks.tls.certificates import NO_CERTIFICATE, each_chain
from checks.tls.each import Judged
from scanner.facts.tls import CertificateSeen, ChainSeen, Path, ServiceCaa, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, not_applicable, passed
from scanner.wire.x509.names import WILDCARD, covers

_ORGANISATION: Final = re.compile(r"(?:^|,|\+)O=((?:\\.|[^,+\\])*)")
_ESCAPE: Final = re.compile(r"\\(.)")

DOMAINS: Final = {
    # Organisations as their intermediates write them (lower case), and the domains that their practice statements name for CAA. What is not
    # here is not judged: a table of all authorities would be out of date every week.
    "amazon": ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"),
    "cybertrust japan co., ltd.": ("cybertrust.ne.jp", "cybertrust.co.jp", "secomtrust.net"),
    "digicert inc": ("digicert.com", "digicert.ne.jp", "symantec.com", "thawte.com", "geotrust.com", "rapidssl.com", "cybertrust.ne.jp"),
    "globalsign nv-sa": ("globalsign.com",),
    "godaddy.com, inc.": ("godaddy.com", "starfieldtech.com"),
    "google trust services": ("pki.goog",),
    "identrust": ("identrust.com",),
    "japan registry services co., ltd.": ("jprs.jp",),
    "let's encrypt": ("letsencrypt.org",),
    "secom trust systems co.,ltd.": ("secomtrust.net",),
    "secom trust systems co., ltd.": ("secomtrust.net",),
    "sectigo limited": ("sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "trust-provider.com"),
    "ssl corporation": ("ssl.com",),
}


@check(
    "tls.caa.agrees",
    severity=Severity.LOW,
    title=Text(ja="CAA レコードの許す認証局による発行", en="The issuer is one that the CAA records permit"),
    why=Text(
        ja="CAA が許さない認証局の証明書は、CAA を定める前に発行されたものか、手続によらずに発行されたものである。",
        en="A certificate by an authority that CAA does not permit was issued before the records, or not in the proper way.",
    ),
    remedy=Text(
        ja="証明書の発行の経緯を確かめる。正規の認証局であれば「example.lg.jp. IN CAA 0 issue "
        '"（認証局のドメイン名）"」を加え、そうでなければ認証局に失効を求める。',
        en='Find out how it was issued. If the authority is the right one add example.lg.jp. IN CAA 0 issue "(its domain)"; if not, '
        "have the certificate revoked.",
    ),
    says={
        "CAA_AGREES": Text(ja="発行者 {issuer} は CAA（{owner}）が許す", en="the CAA of {owner} permits the issuer {issuer}"),
        "CAA_DIFFERS": Text(
            ja="発行者 {issuer} は CAA（{owner}）の許す認証局にない（{address}）：{permitted}",
            en="the CAA of {owner} does not permit the issuer {issuer} ({address}): {permitted}",
        ),
        "CAA_UNRESTRICTED": Text(ja="CAA レコードは発行を限っていない", en="no CAA record limits who may issue"),
        "CAA_ISSUER_UNKNOWN": Text(
            ja="発行者 {issuer} の CAA 用のドメイン名が分からないため、判定しない",
            en="the domain that {issuer} uses for CAA is not known, so this is not judged",
        ),
        "CAA_NOT_PUBLIC": Text(ja="公開の認証局の証明書でない", en="not a certificate of a public authority"),
        "CAA_OTHER_NAME": Text(
            ja="証明書の名前に対する CAA レコードを見ていないため、判定しない",
            en="the CAA records of the names in the certificate were not looked at, so this is not judged",
        ),
        **NO_CERTIFICATE,
    },
)
def agrees(survey: TlsSurvey, caa: ServiceCaa) -> Judgement:
    """CAA binds when a certificate is issued, and the records may have changed since; the table is from memory. Nothing is a violation."""

    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        if chain.path.end is not Path.PUBLIC:
            return not_applicable("CAA_NOT_PUBLIC")
        by_wildcard = _by_wildcard(survey.name, own)
        if by_wildcard is None or (by_wildcard and caa.owner == survey.name):
            return not_applicable("CAA_OTHER_NAME")
        values = caa.issuewild or caa.issue if by_wildcard else caa.issue
        if not values:
            return not_applicable("CAA_UNRESTRICTED")
        issuer = _organisation(own.issuer)
        domains = DOMAINS.get(issuer.lower())
        if domains is None:
            return not_applicable("CAA_ISSUER_UNKNOWN", issuer=issuer or own.issuer or "-")
        permitted = [value.partition(";")[0].strip().lower().removesuffix(".") for value in values]
        if set(permitted) & set(domains):
            return passed("CAA_AGREES", issuer=issuer, owner=caa.owner)
        return doubtful("CAA_DIFFERS", issuer=issuer, owner=caa.owner, permitted=listed(one or ";" for one in permitted))

    return each_chain(survey, judge)


def _by_wildcard(name: str, own: CertificateSeen) -> bool | None:
    """Whether the certificate names the service by a wildcard only; ``None`` where it does not name it."""
    found = [one for one in own.dns_names if covers(one, name)]
    return all(one.startswith(WILDCARD) for one in found) if found else None


def _organisation(name: str) -> str:
    """The organisation in a name as RFC 4514 writes it."""
    found = _ORGANISATION.search(name)
    return _ESCAPE.sub(r"\1", found[1]) if found else ""
