"""Checks of logging in to send mail: that submission needs it, that it goes through TLS, and with which mechanisms."""

from __future__ import annotations

from typing import Final

from checks.common import listed
from checks.each import each_address
from checks.mail.common import cut
from scanner.facts.smtp import Said, SmtpGreeting, SmtpTalk, SubmissionAt, SubmissionOpening, Upgrade
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

WEAK: Final = ("ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "NTLM", "SKEY", "KERBEROS_V4")
"""Mechanisms that let anybody in, rest on MD5, MD4 or DES, or were withdrawn (RFC 6331, RFC 4120)."""

WHY_WEAK: Final = Text(
    ja=(
        "MD5 等に基づく古い方式は、サーバにパスワードの復元可能な保存を求め、盗聴された応答から総当たりで破られる。匿名の方式は誰でも通す。"
    ),
    en=(
        "Old mechanisms built on MD5 make servers keep passwords that can be recovered, and overheard answers can be guessed offline; "
        "anonymous ones let everybody in."
    ),
)
REMEDY_WEAK: Final = Text(
    ja="TLS の中の PLAIN、又は SCRAM-SHA-256、OAUTHBEARER 等に限る（Dovecot「auth_mechanisms = plain」）。外すもの：{weak}。",
    en='Keep PLAIN within TLS, or SCRAM-SHA-256, OAUTHBEARER and the like (Dovecot "auth_mechanisms = plain"). Remove {weak}.',
)
NO_LOGIN: Final = Text(ja="主体認証（AUTH）を提供していない：{address}", en="no login (AUTH) is offered: {address}")


@check(
    "mail.submission.login",
    severity=Severity.HIGH,
    title=Text(ja="メールの投稿に主体認証を要する", en="Submitting mail needs a login"),
    why=Text(
        ja="主体認証なしに投稿を受け付けると、誰でも組織の利用者を名乗って送信できる（RFC 6409 4.3）。",
        en="Where mail is taken without a login anybody can send in the name of the organisation's people (RFC 6409 section 4.3).",
    ),
    remedy=Text(
        ja=(
            "投稿ポート（587・465）では、主体認証を終えた相手だけに送信を認める（Postfix の master.cf「-o smtpd_sasl_auth_enable=yes -o "
            "smtpd_relay_restrictions=permit_sasl_authenticated,reject」）。"
        ),
        en=(
            "Let only clients that have logged in send on ports 587 and 465 (in Postfix's master.cf \"-o smtpd_sasl_auth_enable=yes -o "
            'smtpd_relay_restrictions=permit_sasl_authenticated,reject").'
        ),
    ),
    says={
        "SUBMISSION_LOGIN": Text(
            ja="主体認証のない投稿を拒否した（{text}）：{address}", en="mail without a login was refused ({text}): {address}"
        ),
        "SUBMISSION_OPEN": Text(
            ja="主体認証なしに、他組織宛ての宛先を受け入れた：{address}", en="a recipient elsewhere was accepted without a login: {address}"
        ),
        "SUBMISSION_LOCAL": Text(
            ja="主体認証なしに、自組織宛ての宛先を受け入れた：{address}", en="a local recipient was accepted without a login: {address}"
        ),
    },
)
def submission_login(seen: SubmissionOpening) -> Judgement:
    def judge(at: SubmissionAt) -> Judgement:
        if isinstance(at.mail, Unobserved):
            return at.mail
        answers = [at.mail_said, at.own, at.foreign] if at.mail_said is Said.ACCEPTED else [at.mail_said]
        taken = [answer for answer in answers[1:] if answer is Said.ACCEPTED]
        if taken and seen.trusted is not False:
            return cannot_tell(
                Reason.NO_VANTAGE,
                "主体認証なしに受け入れたが、この観測点は台帳で認められた相手であるか、その記載がない（サービスの relays_for）",
                "mail was taken without a login, but the ledger lets this vantage zone send so or does not say (relays_for of the service)",
            )
        if taken:
            return failed("SUBMISSION_OPEN" if at.foreign is Said.ACCEPTED else "SUBMISSION_LOCAL")
        if (missing := next((a for a in answers if isinstance(a, Unobserved)), None)) is not None:
            return missing
        if Said.LATER in answers:
            return cannot_tell(Reason.SERVER_FAILURE, "一時的に拒否された（{text}）", "it was deferred ({text})", text=cut(at.mail.text))
        return passed("SUBMISSION_LOGIN", text=f"MAIL: {at.mail.code} {cut(at.mail.text)}")

    return each_address(
        ((at.address, at) for at in seen.addresses), judge, left_out=seen.left_out, worst_first=("SUBMISSION_OPEN", "SUBMISSION_LOCAL")
    )


def _offers(talk: SmtpTalk) -> tuple[tuple[str, ...], tuple[str, ...] | Unobserved]:
    """Give the mechanisms offered in clear and those within TLS."""
    if talk.upgrade is Upgrade.IMPLICIT:
        return (), talk.offer.mechanisms
    after = talk.tls_offer
    return talk.offer.mechanisms, after if isinstance(after, Unobserved) else after.mechanisms if after is not None else ()


@check(
    "mail.submission.encrypted",
    severity=Severity.HIGH,
    title=Text(ja="送信時の主体認証を TLS の中だけで行う", en="Logging in to send mail is offered within TLS only"),
    why=Text(
        ja="暗号化されていない通信で主体認証を受け付けると、利用者のパスワードが盗み見られる（RFC 8314）。",
        en="A login that is offered in clear lets passwords be read on the way (RFC 8314).",
    ),
    remedy=Text(
        ja=(
            "TLS に移るまで AUTH を提供しない（Postfix「smtpd_tls_auth_only = yes」、Exim「auth_advertise_hosts = ${{if "
            "eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}」）。"
        ),
        en=(
            'Offer AUTH after the change to TLS only (Postfix "smtpd_tls_auth_only = yes", Exim "auth_advertise_hosts = ${{if '
            'eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}").'
        ),
    ),
    says={
        "AUTH_ENCRYPTED": Text(ja="主体認証は TLS の中だけで提供される：{address}", en="a login is offered within TLS only: {address}"),
        "AUTH_IN_CLEAR": Text(
            ja="暗号化されていない通信で主体認証を提供している（{mechanisms}）：{address}",
            en="a login is offered in clear ({mechanisms}): {address}",
        ),
        "AUTH_NOT_OFFERED": NO_LOGIN,
    },
)
def submission_encrypted(greeting: SmtpGreeting) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        clear, within = _offers(talk)
        if clear:
            return failed("AUTH_IN_CLEAR", mechanisms=listed(clear))
        if isinstance(within, Unobserved):
            return within
        return passed("AUTH_ENCRYPTED") if within else not_applicable("AUTH_NOT_OFFERED")

    return each_address(((at.address, at.seen) for at in greeting.addresses), judge, left_out=greeting.left_out)


@check(
    "mail.submission.mechanisms",
    severity=Severity.MEDIUM,
    title=Text(ja="送信時の主体認証に弱い方式を提供しない", en="No weak mechanism is offered for logging in to send mail"),
    why=WHY_WEAK,
    remedy=REMEDY_WEAK,
    says={
        "MECHANISMS_FINE": Text(ja="提供する方式：{mechanisms}：{address}", en="offered: {mechanisms}: {address}"),
        "MECHANISMS_WEAK": Text(
            ja="弱い方式を提供している（{mechanisms}）：{address}", en="weak mechanisms are offered ({mechanisms}): {address}"
        ),
        "MECHANISMS_NONE": NO_LOGIN,
    },
)
def submission_mechanisms(greeting: SmtpGreeting, *, weak: tuple[str, ...] = WEAK) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        clear, within = _offers(talk)
        offered = (*clear, *(() if isinstance(within, Unobserved) else within))
        if bad := [m for m in dict.fromkeys(offered) if m in weak]:
            return failed("MECHANISMS_WEAK", mechanisms=listed(bad))
        if isinstance(within, Unobserved):
            return within
        return passed("MECHANISMS_FINE", mechanisms=listed(offered)) if offered else not_applicable("MECHANISMS_NONE")

    return each_address(((at.address, at.seen) for at in greeting.addresses), judge, left_out=greeting.left_out)
