"""Checks of MTA-STS (RFC 8461) and of the reports about TLS (RFC 8460): records, the policy file, and whether it fits the MX hosts."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from checks.common import listed
from checks.mail.common import problem, shown, takes_mail, use_undeclared
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, MtaStsPolicy, MtaStsRecord, PolicyReply, TlsReportRecord
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, failed, not_applicable, passed
from scanner.wire import mta_sts, tls_rpt
from scanner.wire.mta_sts import Mode, MtaStsFlaw
from scanner.wire.txt import Selection

MAIL_MTA_STS_LEAST_MAX_AGE = Value(
    "mail.mta-sts.least-max-age",
    default=604800,
    text=Text(ja="MTA-STS ポリシーの最短の有効期間", en="shortest validity of an MTA-STS policy"),
    unit="s",
    least=0,
    most=31557600,
)


NO_MAIL: Final = Text(ja="メールを受信しないドメイン", en="the domain takes no mail")
NO_POLICY: Final = Text(ja="判定できる MTA-STS ポリシーがない", en="there is no MTA-STS policy to judge")
_NOTED: Final = frozenset({MtaStsFlaw.REPEATED_FIELD, MtaStsFlaw.BLANK_LINE, MtaStsFlaw.LINE_SYNTAX, MtaStsFlaw.ODD_OCTET})
_RANK: Final = {Mode.NONE: 0, Mode.TESTING: 1, Mode.ENFORCE: 2}
HTTP_OK: Final = 200


@check(
    "mail.mta-sts.record",
    severity=Severity.LOW,
    title=Text(ja="MTA-STS のレコードが公開されている", en="An MTA-STS record is published"),
    why=Text(
        ja=(
            "STARTTLS だけでは、通信路上の攻撃者に暗号化を外され、メールが平文で送られ得る。MTA-STS は、証明書を検証した TLS "
            "でだけ送るよう送信側に求める。"
        ),
        en=(
            "STARTTLS that somebody strips on the way leaves mail in the clear; MTA-STS asks senders for TLS with a verified certificate "
            "only."
        ),
    ),
    remedy=Text(
        ja='「_mta-sts.example.lg.jp. IN TXT "v=STSv1; id=20261101T000000;"」を 1 件だけ公開し、ポリシーを変えるたびに id を改める。',
        en=(
            'Publish one record, _mta-sts.example.lg.jp. IN TXT "v=STSv1; id=20261101T000000;", and change the id with every change of '
            "the policy."
        ),
    ),
    says={
        "MTA_STS_FOUND": Text(ja="レコードがある（id={id}）", en="there is a record (id={id})"),
        "MTA_STS_NONE": Text(ja="MTA-STS のレコードがない", en="there is no MTA-STS record"),
        "MTA_STS_SEVERAL": Text(
            ja="レコードが {count} 件あり、ポリシーがないものと扱われる",
            en="there are {count} records, which counts as none",
        ),
        "MTA_STS_NEAR_MISS": Text(
            ja="送信側が無視する形のレコードしかない：{records}",
            en="only records of a form that senders drop: {records}",
        ),
        "MTA_STS_INVALID": Text(ja="レコードの誤り：{problems}", en="errors in the record: {problems}"),
        "MTA_STS_NO_MAIL": NO_MAIL,
    },
)
def mta_sts_record(declared: DeclaredDomain, mx: MailExchangers | Unobserved, record: MtaStsRecord) -> Judgement:
    chosen = mta_sts.select(record.answer.octets)
    if ending := _receiver(declared, mx, published=bool(chosen.records), tag="MTA_STS_NO_MAIL"):
        return ending
    if chosen.record is None:
        return _none(chosen, "MTA_STS")
    read = mta_sts.parse(chosen.record)
    if not read.valid:
        return failed("MTA_STS_INVALID", problems=listed(map(problem, read.problems)))
    return passed("MTA_STS_FOUND", id=read.id)


def _none(chosen: Selection, words: str) -> Verdict:
    """Say why no record counts; the tags begin with ``words``."""
    if chosen.records:
        return failed(f"{words}_SEVERAL", count=len(chosen.records))
    if chosen.near:
        return failed(f"{words}_NEAR_MISS", records=listed(map(shown, chosen.near)))
    return failed(f"{words}_NONE")


def _receiver(declared: DeclaredDomain, mx: MailExchangers | Unobserved, *, published: bool, tag: str) -> Verdict | Unobserved | None:
    """The ending for a domain that takes no mail, or of which that cannot be told; a record that is there is judged all the same."""
    if isinstance(mx, Unobserved):
        return None if published or declared.receives_mail else mx
    match takes_mail(declared, mx):
        case False:
            return not_applicable(tag)
        case None:
            return None if published else use_undeclared(mx.name, "takes")
        case True:
            return None


@check(
    "mail.mta-sts.policy",
    severity=Severity.MEDIUM,
    title=Text(ja="MTA-STS のポリシーを送信側が取得できる", en="Senders can fetch the MTA-STS policy"),
    why=Text(
        ja="レコードがあってもポリシーを取得できなければ、送信側は MTA-STS がないものとして扱う。",
        en="With a record but no policy to be fetched, senders act as if there were no MTA-STS.",
    ),
    remedy=Text(
        ja=(
            "https://mta-sts.example.lg.jp/.well-known/mta-sts.txt を、有効な証明書、ステータスコード 200、リダイレクトなし、"
            "text/plain で提供する。内容は「version: STSv1」「mode: enforce」「mx: mx1.example.lg.jp」「max_age: "
            "1209600」の各行とする。"
        ),
        en=(
            "Serve https://mta-sts.example.lg.jp/.well-known/mta-sts.txt with a valid certificate, status 200, no redirect, as "
            'text/plain, with the lines "version: STSv1", "mode: enforce", "mx: mx1.example.lg.jp" and "max_age: 1209600".'
        ),
    ),
    says={
        "MTA_STS_POLICY_OK": Text(ja="ポリシーを取得でき、正しく書かれている", en="the policy can be fetched and is well formed"),
        "MTA_STS_POLICY_ODD": Text(
            ja="ポリシーは有効だが、注意すべき記述がある：{problems}",
            en="the policy is valid, with oddities: {problems}",
        ),
        "MTA_STS_NO_HOST": Text(ja="ポリシーのサーバ（mta-sts.）にアドレスがない", en="the policy host (mta-sts.) has no address"),
        "MTA_STS_CERTIFICATE": Text(
            ja="ポリシーのサーバの証明書が検証に失敗する：{problem}",
            en="the certificate of the policy host does not validate: {problem}",
        ),
        "MTA_STS_REDIRECT": Text(
            ja="リダイレクト（{status}）が返り、送信側は従わない：{location}",
            en="a redirect ({status}), which senders do not follow: {location}",
        ),
        "MTA_STS_STATUS": Text(ja="ポリシーの取得にステータスコード {status} が返る", en="fetching the policy gives status {status}"),
        "MTA_STS_TYPE": Text(ja="Content-Type が text/plain でない：{type}", en="the content type is not text/plain: {type}"),
        "MTA_STS_TOO_LARGE": Text(ja="ポリシーが大きすぎ、送信側が最後まで読まない", en="the policy is larger than senders read"),
        "MTA_STS_BROKEN": Text(ja="ポリシーの誤り：{problems}", en="errors in the policy: {problems}"),
        "MTA_STS_POLICY_NOT_ANNOUNCED": Text(
            ja="有効な MTA-STS のレコードがなく、ポリシーは使われない",
            en="no valid MTA-STS record announces a policy",
        ),
    },
)
def mta_sts_policy(policy: MtaStsPolicy) -> Judgement:
    reply = policy.reply
    if not policy.announced:
        return not_applicable("MTA_STS_POLICY_NOT_ANNOUNCED")
    if reply is None:
        return failed("MTA_STS_NO_HOST")
    if reply.certificate_problem:
        return failed("MTA_STS_CERTIFICATE", problem=shown(reply.certificate_problem))
    if 300 <= reply.status < 400:
        return failed("MTA_STS_REDIRECT", status=reply.status, location=shown(reply.location))
    if reply.status != HTTP_OK:
        return failed("MTA_STS_STATUS", status=reply.status)
    if not is_text(reply):
        return failed("MTA_STS_TYPE", type=shown(reply.content_type) or "-")
    if reply.truncated:
        return failed("MTA_STS_TOO_LARGE")
    read = mta_sts.parse_policy(reply.body.encode("latin-1"))
    if not read.valid:
        return failed("MTA_STS_BROKEN", problems=listed(problem(p) for p in read.problems))
    if worse := [problem(p) for p in read.problems if p.kind not in _NOTED]:
        return failed("MTA_STS_BROKEN", problems=listed(worse))
    return passed("MTA_STS_POLICY_ODD", problems=listed(map(problem, read.problems))) if read.problems else passed("MTA_STS_POLICY_OK")


def is_text(reply: PolicyReply) -> bool:
    """Whether the policy comes as the media type that senders look for (RFC 8461 section 3.2)."""
    return reply.content_type.partition(";")[0].strip().lower() == "text/plain"


def usable_policy(policy: MtaStsPolicy) -> mta_sts.MtaStsPolicy | None:
    """Give the policy as senders would use it, or ``None`` where they could not."""
    reply: PolicyReply | None = policy.reply
    if reply is None or reply.status != HTTP_OK or reply.truncated or reply.certificate_problem:
        return None
    read = mta_sts.parse_policy(reply.body.encode("latin-1"))
    return read if read.valid else None


@check(
    "mail.mta-sts.mode",
    severity=Severity.LOW,
    title=Text(ja="MTA-STS の mode が enforce である", en="The MTA-STS mode is enforce"),
    why=Text(
        ja="testing では検証に失敗しても配送され、none では検証もされない。盗聴を防ぐのは enforce だけである。",
        en=(
            "In testing mode mail is delivered even when verification fails, in mode none nothing is verified; only enforce stops "
            "eavesdroppers."
        ),
    ),
    remedy=Text(
        ja="TLS-RPT のレポートで失敗がないことを確かめ、ポリシーを「mode: {least}」以上とし、レコードの id を改める。",
        en='Once TLS reports show no failures, set "mode: {least}" or stricter in the policy and change the id of the record.',
    ),
    says={
        "MTA_STS_MODE_MET": Text(ja="mode は {mode}", en="the mode is {mode}"),
        "MTA_STS_MODE_WEAK": Text(ja="mode が {mode} で、求める {least} より緩い", en="the mode is {mode}, milder than {least}"),
        "MTA_STS_MODE_NO_POLICY": NO_POLICY,
    },
)
def mta_sts_mode(policy: MtaStsPolicy, *, least: Literal["none", "testing", "enforce"] = "enforce") -> Judgement:
    read = usable_policy(policy)
    if read is None or read.mode is None:
        return not_applicable("MTA_STS_MODE_NO_POLICY")
    if _RANK[read.mode] < _RANK[Mode(least)]:
        return failed("MTA_STS_MODE_WEAK", mode=read.mode.value, least=least)
    return passed("MTA_STS_MODE_MET", mode=read.mode.value)


@check(
    "mail.mta-sts.max-age",
    severity=Severity.LOW,
    title=Text(ja="MTA-STS ポリシーの有効期間が十分に長い", en="The MTA-STS policy is valid for long enough"),
    why=Text(
        ja="有効期間が短いと、送信側が保存したポリシーがすぐに失効し、攻撃者はポリシーの取得を妨げるだけで MTA-STS を無効にできる。",
        en="With a short validity senders soon forget the policy, and whoever blocks its retrieval switches MTA-STS off.",
    ),
    remedy=Text(
        ja="ポリシーの「max_age:」を {least_seconds} 以上とする（例「max_age: 1209600」）。",
        en='Set "max_age:" to {least_seconds} or more ("max_age: 1209600").',
    ),
    says={
        "MTA_STS_AGE_MET": Text(ja="有効期間は {seconds} 秒", en="valid for {seconds} s"),
        "MTA_STS_AGE_SHORT": Text(
            ja="有効期間 {seconds} 秒は、求める {least_seconds} 秒に満たない",
            en="valid for {seconds} s, less than {least_seconds} s",
        ),
        "MTA_STS_AGE_OFF": Text(ja="mode が none のため、有効期間は問わない", en="the mode is none, so the validity does not matter"),
        "MTA_STS_AGE_NO_POLICY": NO_POLICY,
    },
)
def mta_sts_max_age(
    policy: MtaStsPolicy, *, least_seconds: Annotated[int, MAIL_MTA_STS_LEAST_MAX_AGE] = MAIL_MTA_STS_LEAST_MAX_AGE.default
) -> Judgement:
    read = usable_policy(policy)
    if read is None or read.max_age is None:
        return not_applicable("MTA_STS_AGE_NO_POLICY")
    if read.mode is Mode.NONE:
        return not_applicable("MTA_STS_AGE_OFF")
    if read.max_age < least_seconds:
        return failed("MTA_STS_AGE_SHORT", seconds=read.max_age, least_seconds=least_seconds)
    return passed("MTA_STS_AGE_MET", seconds=read.max_age)


@check(
    "mail.mta-sts.mx",
    severity=Severity.HIGH,
    title=Text(ja="すべての MX ホストが MTA-STS ポリシーに含まれている", en="The MTA-STS policy names every MX host"),
    why=Text(
        ja="enforce では、ポリシーにない MX ホストへは配送されず、メールが届かなくなる。",
        en="In enforce mode senders deliver nothing to an MX host that the policy leaves out.",
    ),
    remedy=Text(
        ja="MX を変える前にポリシーへ「mx: mx1.example.lg.jp」の行を加え、レコードの id を改める。",
        en='Add a line "mx: mx1.example.lg.jp" to the policy before the MX records change, and change the id of the record.',
    ),
    says={
        "MTA_STS_MX_COVERED": Text(ja="すべての MX ホストが含まれている", en="every MX host is named"),
        "MTA_STS_MX_LEFT_OUT": Text(
            ja="ポリシーにない MX ホスト：{hosts}（ポリシー：{patterns}）",
            en="MX hosts that the policy leaves out: {hosts} (policy: {patterns})",
        ),
        "MTA_STS_MX_OFF": Text(ja="mode が none のため、照合されない", en="the mode is none, so nothing is compared"),
        "MTA_STS_MX_NO_POLICY": NO_POLICY,
        "MTA_STS_MX_NO_HOSTS": Text(ja="MX ホストがない", en="there is no MX host"),
    },
)
def mta_sts_mx(mx: MailExchangers, policy: MtaStsPolicy) -> Judgement:
    read = usable_policy(policy)
    if read is None:
        return not_applicable("MTA_STS_MX_NO_POLICY")
    if read.mode is Mode.NONE:
        return not_applicable("MTA_STS_MX_OFF")
    if not mx.hosts:
        return not_applicable("MTA_STS_MX_NO_HOSTS")
    if left_out := [host for host in mx.hosts if not read.covers(host)]:
        return failed("MTA_STS_MX_LEFT_OUT", hosts=listed(left_out), patterns=listed(read.mx))
    return passed("MTA_STS_MX_COVERED")


@check(
    "mail.tls-rpt.record",
    severity=Severity.LOW,
    title=Text(ja="TLS の失敗を報告する宛先（TLS-RPT）が公開されている", en="A TLS-RPT record names where TLS failures are reported"),
    why=Text(
        ja="配送時の TLS の失敗や、盗聴目的のダウングレードの兆候を送信側から知らせてもらえる。",
        en="Senders then report failures of TLS, which may be signs of a downgrade by somebody who listens.",
    ),
    remedy=Text(
        ja='「_smtp._tls.example.lg.jp. IN TXT "v=TLSRPTv1; rua=mailto:tlsrpt@example.lg.jp"」を 1 件だけ公開する。',
        en='Publish one record: _smtp._tls.example.lg.jp. IN TXT "v=TLSRPTv1; rua=mailto:tlsrpt@example.lg.jp".',
    ),
    says={
        "TLS_RPT_FOUND": Text(ja="報告の宛先：{uris}", en="reports go to {uris}"),
        "TLS_RPT_NONE": Text(ja="TLS-RPT のレコードがない", en="there is no TLS-RPT record"),
        "TLS_RPT_SEVERAL": Text(ja="レコードが {count} 件あり、ないものと扱われる", en="there are {count} records, which counts as none"),
        "TLS_RPT_NEAR_MISS": Text(
            ja="送信側が無視する形のレコードしかない：{records}",
            en="only records of a form that senders drop: {records}",
        ),
        "TLS_RPT_BROKEN": Text(ja="使える宛先がない：{problems}", en="no usable address: {problems}"),
        "TLS_RPT_ODD": Text(ja="使えるが、誤りのある記述がある：{problems}", en="usable, with errors: {problems}"),
        "TLS_RPT_NO_MAIL": NO_MAIL,
    },
)
def tls_rpt_record(declared: DeclaredDomain, mx: MailExchangers | Unobserved, record: TlsReportRecord) -> Judgement:
    chosen = tls_rpt.select(record.answer.octets)
    if ending := _receiver(declared, mx, published=bool(chosen.records), tag="TLS_RPT_NO_MAIL"):
        return ending
    if chosen.record is None:
        return _none(chosen, "TLS_RPT")
    read = tls_rpt.parse(chosen.record)
    if not read.usable:
        return failed("TLS_RPT_BROKEN", problems=listed(map(problem, read.problems)))
    if read.problems:
        return passed("TLS_RPT_ODD", problems=listed(map(problem, read.problems)))
    return passed("TLS_RPT_FOUND", uris=listed(uri.uri for uri in read.rua))
