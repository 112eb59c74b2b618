"""Checks of where DMARC reports go, and whether they can arrive there (RFC 9989 section 4.7, RFC 9990 section 4)."""

from __future__ import annotations

from checks.common import first_missing, listed
from checks.mail.common import REPORT_ADDRESSES, beyond_cap, problem
from checks.mail.dmarc import NO_RECORD, applied
from scanner.facts.mail import TextAnswer
from scanner.facts.mail_sender import DmarcRecords, DmarcReportHosts, MailRoute
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.dmarc import DmarcFlaw
from scanner.wire.dmarc_discovery import read_authorisation
from scanner.wire.report_uri import UriFlaw

_NO_ADDRESS = Text(ja="このドメイン自身のレコードに、メールの報告先がない", en="the domain's own record names no mail address for reports")


@check(
    "mail.dmarc.reports",
    severity=Severity.MEDIUM,
    title=Text(
        ja="DMARC の集約レポートの宛先（rua）が正しく指定されている",
        en="The DMARC record names an address for aggregate reports (rua)",
    ),
    why=Text(
        ja="集約レポートは、なりすましの実態と、正規のメールが認証に失敗していないかを知るほぼ唯一の手段である。",
        en="Aggregate reports are nearly the only way to learn of forged mail and of genuine mail that fails.",
    ),
    remedy=Text(
        ja="レコードに「rua=mailto:dmarc@example.lg.jp」を加え、届いたレポートを定期的に確認する。複数の宛先はコンマで区切る。",
        en='Add "rua=mailto:dmarc@example.lg.jp" to the record and read what arrives; separate several addresses by commas.',
    ),
    says={
        "DMARC_REPORTS_FOUND": Text(ja="集約レポートの宛先：{uris}", en="aggregate reports go to {uris}"),
        "DMARC_REPORTS_NONE": Text(ja="集約レポートの宛先（rua）がない", en="no address for aggregate reports (rua) is named"),
        "DMARC_REPORTS_BROKEN": Text(ja="宛先の書き方に誤りがある：{problems}", en="addresses that are written wrongly: {problems}"),
        "DMARC_REPORTS_NO_MAIL": Text(
            ja="メール（mailto:）の宛先がなく、受信側が送れない：{uris}",
            en="no mailto: address, so receivers cannot send: {uris}",
        ),
        "DMARC_REPORTS_NO_RECORD": NO_RECORD,
    },
)
def dmarc_reports(records: DmarcRecords) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_REPORTS_NO_RECORD")
    record = policy.record
    # A size suffix is obsolete and does no harm.
    if broken := [problem(p) for p in record.problems if isinstance(p.kind, UriFlaw) and p.kind is not UriFlaw.URI_SIZE_SUFFIX]:
        return failed("DMARC_REPORTS_BROKEN", problems=listed(broken))
    if not record.rua:
        return failed("DMARC_REPORTS_NONE")
    uris = listed(uri.uri for uri in record.rua)
    if all(uri.scheme != "mailto" for uri in record.rua):
        return failed("DMARC_REPORTS_NO_MAIL", uris=uris)
    if unused := [problem(p) for p in record.problems if p.kind is DmarcFlaw.SCHEME_UNUSED]:
        return failed("DMARC_REPORTS_BROKEN", problems=listed(unused))
    return passed("DMARC_REPORTS_FOUND", uris=uris)


@check(
    "mail.dmarc.report-mailbox",
    severity=Severity.MEDIUM,
    title=Text(ja="DMARC レポートの宛先のドメインがメールを受信できる", en="The domains that DMARC reports go to take mail"),
    why=Text(
        ja="宛先のドメインが存在しない、又は受信しない場合、レポートは失われる。失効したドメインは第三者に取得され、送信状況を知られる。",
        en="Reports to a domain that does not exist or takes no mail are lost; whoever registers a lapsed one learns who sends what.",
    ),
    remedy=Text(
        ja="受信できるドメインのアドレスに改める（例「rua=mailto:dmarc@example.lg.jp」）。",
        en='Name an address in a domain that takes mail ("rua=mailto:dmarc@example.lg.jp").',
    ),
    says={
        "DMARC_REPORT_MAILBOX_OK": Text(ja="宛先のドメインはメールを受信する：{hosts}", en="the domains take mail: {hosts}"),
        "DMARC_REPORT_MAILBOX_DEAD": Text(ja="メールを受信できない宛先のドメイン：{hosts}", en="domains that cannot take mail: {hosts}"),
        "DMARC_REPORT_MAILBOX_NONE": _NO_ADDRESS,
    },
)
def dmarc_report_mailbox(reports: DmarcReportHosts) -> Judgement:
    if not reports.hosts:
        return not_applicable("DMARC_REPORT_MAILBOX_NONE")
    dead = [one for one in reports.hosts if one.route in (MailRoute.NONE, MailRoute.REFUSED, MailRoute.NXDOMAIN)]
    if dead:
        return failed("DMARC_REPORT_MAILBOX_DEAD", hosts=listed(f"{one.host} ({one.route})" for one in dead))
    missing = first_missing(one.route for one in reports.hosts) or beyond_cap(reports.left_out, REPORT_ADDRESSES)
    return missing or passed("DMARC_REPORT_MAILBOX_OK", hosts=listed(one.host for one in reports.hosts))


@check(
    "mail.dmarc.report-authorisation",
    severity=Severity.MEDIUM,
    title=Text(ja="外部の DMARC レポート宛先が受信を承認している", en="Foreign receivers of DMARC reports have agreed to take them"),
    why=Text(
        ja="組織外の宛先には、宛先側の承認レコードがないとレポートが送られない（RFC 9990 4）。",
        en="Reports go to an address outside the organizational domain only if its owner publishes consent (RFC 9990 section 4).",
    ),
    remedy=Text(
        ja='宛先の管理者に「example.lg.jp._report._dmarc.reports.example. IN TXT "v=DMARC1"」の公開を依頼するか、自組織の宛先に改める。',
        en='Have the receiver publish example.lg.jp._report._dmarc.reports.example. IN TXT "v=DMARC1", or use an address of your own.',
    ),
    says={
        "DMARC_CONSENT_GIVEN": Text(ja="外部の宛先はすべて承認している：{hosts}", en="all foreign receivers have agreed: {hosts}"),
        "DMARC_CONSENT_MISSING": Text(ja="承認のない外部の宛先：{hosts}", en="foreign receivers that have not agreed: {hosts}"),
        "DMARC_CONSENT_NOT_NEEDED": Text(ja="外部の宛先はない", en="no report goes to a foreign receiver"),
    },
)
def dmarc_report_authorisation(reports: DmarcReportHosts) -> Judgement:
    foreign = [one for one in reports.hosts if one.consent is not None]
    refused = [
        one.host for one in foreign if isinstance(one.consent, TextAnswer) and not read_authorisation(one.consent.octets, one.host).granted
    ]
    if refused:
        return failed("DMARC_CONSENT_MISSING", hosts=listed(refused))
    if missing := first_missing(one.consent for one in foreign) or beyond_cap(reports.left_out, REPORT_ADDRESSES):
        return missing
    return (
        passed("DMARC_CONSENT_GIVEN", hosts=listed(one.host for one in foreign)) if foreign else not_applicable("DMARC_CONSENT_NOT_NEEDED")
    )
