"""Checks of a certificate's time: inside it, renewed early enough, not longer than public authorities may grant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from checks.tls.certificates import NO_CERTIFICATE, OPPORTUNISTIC, each_chain, label, moment, no_time, opportunistic
from checks.tls.each import Judged
from scanner.facts.tls import CertificateSeen, ChainSeen, Path, TlsSurvey
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

TLS_CERTIFICATE_REMAINING_DAYS = Value(
    "tls.certificate.remaining-days",
    default=14,
    text=Text(
        ja="サーバ証明書の期限までに残すべき日数（短い証明書では有効期間の 4 分の 1 まで）",
        en="days that must be left before a server certificate expires (for short ones at most a quarter of their lifetime)",
    ),
    unit="d",
    least=0,
    most=365,
)


DAY: Final = timedelta(days=1)
_MOST_DAYS: Final = (  # CA/Browser Forum, Baseline Requirements section 6.3.2 (ballot SC-081v3), by day of issue, the latest first
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
)
_MOST_DAYS_BEFORE: Final = 398


def _times(certificate: CertificateSeen) -> tuple[datetime, datetime] | Unobserved:
    begin, end = moment(certificate.not_before), moment(certificate.not_after)
    return (begin, end) if begin is not None and end is not None else no_time(certificate)


def _now(survey: TlsSurvey) -> datetime:
    now = moment(survey.at)
    assert now is not None, "the prober writes the time of its survey"
    return now


@check(
    "tls.certificate.validity",
    severity=Severity.HIGH,
    title=Text(ja="有効期間内の証明書", en="A certificate within its validity"),
    why=Text(
        ja="有効期間外の証明書では、利用者のソフトウェアが接続を拒むか警告を出し、業務が止まる。",
        en="Outside its validity clients refuse the certificate or warn, and the service stands still.",
    ),
    remedy=Text(
        ja="直ちに証明書を更新してサーバに再読込みさせる。更新を自動化し（ACME 等）、期限を監視する。サーバの時計も確かめる。",
        en="Renew the certificate at once and reload the server; automate renewal (ACME), watch the expiry, check the server's clock.",
    ),
    says={
        "VALID": Text(ja="{until} まで有効", en="valid until {until}"),
        "EXPIRED": Text(ja="{until} に期限が切れている（{address}）：{certificate}", en="expired at {until} ({address}): {certificate}"),
        "NOT_YET_VALID": Text(
            ja="{start} まで有効にならない（{address}）：{certificate}", en="not valid before {start} ({address}): {certificate}"
        ),
        "EXPIRED_ABOVE": Text(
            ja="経路上の中間証明書が有効期間外である（{address}、{until} まで）：{certificate}",
            en="an intermediate of the chain is outside its validity ({address}, until {until}): {certificate}",
        ),
        "VALIDITY_OPPORTUNISTIC": OPPORTUNISTIC,
        **NO_CERTIFICATE,
    },
)
def validity(survey: TlsSurvey) -> Judgement:
    now = _now(survey)

    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        times = _times(own)
        if isinstance(times, Unobserved):
            return times
        begin, end = times
        above = [chain.certificates[at] for at in chain.path.expired if 0 < at < len(chain.certificates)]
        if begin <= now <= end and not above:
            return passed("VALID", until=own.not_after)
        if opportunistic(survey):
            return not_applicable("VALIDITY_OPPORTUNISTIC", seen=f"{label(own)}: {own.not_before} - {own.not_after}")
        if now > end:
            return failed("EXPIRED", until=own.not_after, certificate=label(own))
        if now < begin:
            return failed("NOT_YET_VALID", start=own.not_before, certificate=label(own))
        return failed("EXPIRED_ABOVE", until=above[0].not_after, certificate=label(above[0]))

    return each_chain(survey, judge, worst_first=("EXPIRED", "NOT_YET_VALID"))


@check(
    "tls.certificate.remaining-days",
    severity=Severity.MEDIUM,
    title=Text(ja="期限に余裕のある証明書の更新", en="Certificates are renewed in good time"),
    why=Text(
        ja="更新が遅れている証明書は、担当者の不在や自動更新の失敗に気付かないまま期限切れとなり、業務を止める。",
        en="A certificate that is renewed late expires unnoticed when somebody is away or automation has failed, and stops the service.",
    ),
    remedy=Text(
        ja="証明書を更新し、残り {least_days} 日を切る前に更新が済むように、自動更新と期限の監視を設定する。",
        en="Renew the certificate, and set up renewal and monitoring so that it is done before {least_days} days are left.",
    ),
    says={
        "DAYS_LEFT": Text(ja="期限まで {days} 日", en="{days} days are left"),
        "DAYS_FEW": Text(
            ja="期限（{until}）まで {days} 日で、{least} 日を切っている（{address}）：{certificate}",
            en="{days} days are left until {until}, fewer than {least} ({address}): {certificate}",
        ),
        "DAYS_OUTSIDE": Text(ja="すでに有効期間外である（{address}）", en="already outside its validity ({address})"),
        **NO_CERTIFICATE,
    },
)
def remaining_days(
    survey: TlsSurvey, *, least_days: Annotated[int, TLS_CERTIFICATE_REMAINING_DAYS] = TLS_CERTIFICATE_REMAINING_DAYS.default
) -> Judgement:
    """A certificate that is renewed by program when a third of its time is left is not late at a quarter: short ones are held to that."""
    now = _now(survey)

    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        times = _times(own)
        if isinstance(times, Unobserved):
            return times
        begin, end = times
        if not begin <= now <= end:
            return not_applicable("DAYS_OUTSIDE")
        days = (end - now) // DAY
        least = min(least_days, (end - begin) // (4 * DAY))
        if days < least:
            return failed("DAYS_FEW", days=days, least=least, until=own.not_after, certificate=label(own))
        return passed("DAYS_LEFT", days=days)

    return each_chain(survey, judge)


@check(
    "tls.certificate.lifetime",
    severity=Severity.LOW,
    title=Text(ja="有効期間の上限に収まる公開の証明書", en="Public certificates within the longest lifetime"),
    why=Text(
        ja=(
            "CA/Browser Forum の要件は、公開の認証局が発行する証明書の有効期間を発行日ごとに制限しており、超えるものをブラウザは拒否する。"
            "CRYPTREC の文書が求めるものではない。"
        ),
        en=(
            "The CA/Browser Forum limits the lifetime of public certificates by their date of issue, and browsers refuse longer ones. "
            "No CRYPTREC document asks for this."
        ),
    ),
    remedy=Text(
        ja="現在の要件に従う認証局から発行を受け直し、短くなる有効期間に備えて更新を自動化する。",
        en="Have it issued anew by an authority that keeps the present limit, and automate renewal, since lifetimes get shorter.",
    ),
    says={
        "LIFETIME_WITHIN": Text(
            ja="有効期間 {days} 日は、{issued} に発行された証明書の上限 {most} 日以内",
            en="a lifetime of {days} days, at most {most} for one issued at {issued}",
        ),
        "LIFETIME_LONG": Text(
            ja="有効期間 {days} 日は、{issued} に発行された証明書の上限 {most} 日を超える（{address}）：{certificate}",
            en="a lifetime of {days} days, more than the {most} for one issued at {issued} ({address}): {certificate}",
        ),
        "LIFETIME_NOT_PUBLIC": Text(
            ja="公開の認証局の証明書でないため、上限はない", en="not of a public authority, so there is no such limit"
        ),
        **NO_CERTIFICATE,
    },
)
def lifetime(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        if chain.path.end is not Path.PUBLIC:
            return not_applicable("LIFETIME_NOT_PUBLIC")
        times = _times(own)
        if isinstance(times, Unobserved):
            return times
        begin, end = times
        most = next((days for since, days in _MOST_DAYS if begin >= since), _MOST_DAYS_BEFORE)
        days = -((begin - end - timedelta(seconds=1)) // DAY)  # both ends count, and a part of a day is a day
        issued = own.not_before[:10]
        if days <= most:
            return passed("LIFETIME_WITHIN", days=days, most=most, issued=issued)
        return failed("LIFETIME_LONG", days=days, most=most, issued=issued, certificate=label(own))

    return each_chain(survey, judge)
