"""Checks of the change to TLS in SMTP: that it is offered and works, is not demanded of the public, and nothing slips in before it.

How good the TLS is that comes of it is for the checks of family ``tls``.
"""

from __future__ import annotations

from checks.each import each_address
from checks.mail.common import cut
from scanner.facts.smtp import Injected, InputSeen, ReplySeen, Said, SmtpGreeting, SmtpInput, SmtpRelay, SmtpTalk, Stage, Upgrade
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


@check(
    "mail.starttls.offered",
    severity=Severity.MEDIUM,
    title=Text(ja="SMTP の通信を TLS で暗号化できる", en="SMTP connections can be encrypted with TLS"),
    why=Text(
        ja="STARTTLS を提供しないサーバとの間では、メールが平文で流れ、経路上で読まれ書き換えられる。",
        en="Without STARTTLS mail travels in clear and can be read and changed on the way.",
    ),
    remedy=Text(
        ja=(
            "証明書を設定して STARTTLS を有効にする（Postfix「smtpd_tls_security_level = may」「smtpd_tls_chain_files = "
            "/etc/ssl/mx1.pem」）。"
        ),
        en=(
            'Set a certificate and switch STARTTLS on (Postfix "smtpd_tls_security_level = may", "smtpd_tls_chain_files = '
            '/etc/ssl/mx1.pem").'
        ),
    ),
    says={
        "STARTTLS_WORKS": Text(ja="STARTTLS で TLS に移れる：{address}", en="STARTTLS is offered and works: {address}"),
        "STARTTLS_NONE": Text(ja="STARTTLS を提供していない：{address}", en="STARTTLS is not offered: {address}"),
        "STARTTLS_BROKEN": Text(
            ja="STARTTLS を提供するが、TLS に移れない（{problem}）：{address}", en="STARTTLS is offered but fails ({problem}): {address}"
        ),
        "STARTTLS_IMPLICIT": Text(ja="接続の初めから TLS である：{address}", en="it is TLS from the beginning: {address}"),
    },
)
def starttls_offered(greeting: SmtpGreeting) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        match talk.upgrade:
            case Upgrade.IMPLICIT:
                return not_applicable("STARTTLS_IMPLICIT")
            case Upgrade.DONE:
                return passed("STARTTLS_WORKS")
            case Upgrade.NOT_OFFERED:
                return failed("STARTTLS_NONE")
            case Upgrade.REFUSED | Upgrade.FAILED:
                return failed("STARTTLS_BROKEN", problem=cut(talk.tls_problem))
            case Upgrade.UNKNOWN:
                return (
                    talk.tls_offer
                    if isinstance(talk.tls_offer, Unobserved)
                    else cannot_tell(Reason.RESET, "尋ねる前に接続が終わった", "the connection ended before it was asked")
                )

    return each_address(
        ((at.address, at.seen) for at in greeting.addresses),
        judge,
        left_out=greeting.left_out,
        worst_first=("STARTTLS_NONE", "STARTTLS_BROKEN"),
    )


@check(
    "mail.starttls.public",
    severity=Severity.LOW,
    title=Text(ja="公開の受信サーバが TLS を必須としていない", en="A public receiving server does not demand TLS"),
    why=Text(
        ja="公開の受信サーバ（25 番ポート）が TLS を必須とすると、TLS を使えない送信者のメールを受け取れない（RFC 3207 4）。",
        en="A public server on port 25 that demands TLS loses mail of senders that have none (RFC 3207 section 4).",
    ),
    remedy=Text(
        ja=(
            "受信では「可能なら TLS」とする（Postfix「smtpd_tls_security_level = may」）。相手を限って必須とする場合は MTA-STS や DANE、"
            "相手ごとの設定による。"
        ),
        en=(
            'Let receiving be opportunistic (Postfix "smtpd_tls_security_level = may"); to hold senders to TLS publish MTA-STS or DANE, or '
            "agree on it with each of them."
        ),
    ),
    says={
        "PUBLIC_TLS_OPTIONAL": Text(ja="TLS を使わない送信者も受け付ける：{address}", en="senders without TLS are served: {address}"),
        "PUBLIC_TLS_DEMANDED": Text(
            ja="TLS を使わない送信者を拒否する（{text}）：{address}", en="senders without TLS are refused ({text}): {address}"
        ),
        "PUBLIC_TLS_NOT_MX": Text(
            ja="受信用のサービス（25 番ポートの SMTP）ではない", en="the service is not for receiving (SMTP on port 25)"
        ),
    },
)
def starttls_public(greeting: SmtpGreeting, relay: SmtpRelay | Unobserved) -> Judgement:
    if greeting.protocol != "smtp" or greeting.port != 25:
        return not_applicable("PUBLIC_TLS_NOT_MX")
    demanding: dict[str, str] = {}
    for at in () if isinstance(relay, Unobserved) else relay.addresses:
        if not isinstance(at.seen, Unobserved):
            for trial in at.seen.trials:
                if trial.stage is Stage.EHLO and trial.ended is Said.TLS:
                    demanding[at.address] = trial.text

    def judge(one: tuple[str, SmtpTalk]) -> Judgement:
        address, talk = one
        if address in demanding:
            return failed("PUBLIC_TLS_DEMANDED", text=cut(demanding[address]))
        mail = talk.mail
        if not isinstance(mail, ReplySeen):
            return mail or cannot_tell(Reason.RESET, "尋ねる前に接続が終わった", "the connection ended before it was asked")
        if mail.code == 530 and "tls" in mail.text.lower():
            return failed("PUBLIC_TLS_DEMANDED", text=cut(mail.text))
        return passed("PUBLIC_TLS_OPTIONAL")

    parts = ((at.address, at.seen if isinstance(at.seen, Unobserved) else (at.address, at.seen)) for at in greeting.addresses)
    return each_address(parts, judge, left_out=greeting.left_out)


@check(
    "mail.starttls.injection",
    severity=Severity.MEDIUM,
    title=Text(ja="TLS に移る前に届いた命令を TLS の中で実行しない", en="Commands that came in clear before TLS are dropped"),
    why=Text(
        ja=(
            "STARTTLS の前に平文で差し込まれた命令を TLS の中で実行すると、経路上の攻撃者の命令が利用者のものとして扱われる"
            "（CVE-2011-0411 等）。"
        ),
        en="Commands that an attacker put in behind STARTTLS would be carried out as the client's own (CVE-2011-0411 and others).",
    ),
    remedy=Text(
        ja="製品を修正済みの版に更新する。投稿には接続の初めから TLS の 465 番ポートを用いれば影響を受けない。",
        en="Update to a version in which this is mended; submission on port 465, which begins with TLS, is not affected.",
    ),
    says={
        "INJECTION_NONE": Text(ja="移行前の命令を実行しなかった：{address}", en="what came before TLS was not carried out: {address}"),
        "INJECTION_RUN": Text(
            ja="移行前に平文で送った命令を TLS の中で実行した：{address}",
            en="a command sent in clear was carried out within TLS: {address}",
        ),
        "INJECTION_IDLE": Text(ja="TLS への移行がない：{address}", en="there is no change to TLS: {address}"),
    },
)
def starttls_injection(seen: SmtpInput) -> Judgement:
    def judge(one: InputSeen) -> Judgement:
        if isinstance(one.injected, Unobserved):
            return one.injected
        if one.injected is None:
            return not_applicable("INJECTION_IDLE")
        return failed("INJECTION_RUN") if one.injected is Injected.EXECUTED else passed("INJECTION_NONE")

    return each_address(((at.address, at.seen) for at in seen.addresses), judge, left_out=seen.left_out)
