"""Checks of mailbox services (IMAP, POP3, ManageSieve): a login within TLS only, no weak mechanisms, nothing slipped in before TLS."""

from __future__ import annotations

from checks.common import listed
from checks.each import each_address
from checks.mail.common import cut
from checks.mail.submission import REMEDY_WEAK, WEAK, WHY_WEAK
from scanner.facts.mail_access import AccessSeen, MailAccess
from scanner.facts.smtp import Injected, Upgrade
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.mail_software import told

_ONLY_TLS = Text(
    ja=(
        "TLS に移るまでログインを受け付けない（Dovecot「ssl = required」「disable_plaintext_auth = yes」）。平文のポート（143・110）は"
        "止め、993・995 を用いる。"
    ),
    en=(
        'Take no login before TLS (Dovecot "ssl = required", "disable_plaintext_auth = yes"); close the ports that begin in clear (143, '
        "110) in favour of 993 and 995."
    ),
)


@check(
    "mail.access.encrypted",
    severity=Severity.HIGH,
    title=Text(ja="メールボックスへのログインを TLS の中だけで受け付ける", en="Logins to mailboxes are taken within TLS only"),
    why=Text(
        ja="暗号化されていない通信でのログインは、パスワードとメールの内容を盗み見られる（RFC 8314）。",
        en="A login in clear lets passwords and mail be read on the way (RFC 8314).",
    ),
    remedy=_ONLY_TLS,
    says={
        "ACCESS_ENCRYPTED": Text(ja="ログインは TLS の中だけで受け付ける：{address}", en="logins are taken within TLS only: {address}"),
        "ACCESS_IN_CLEAR": Text(
            ja="暗号化されていない通信でログインを受け付ける（{ways}）：{address}", en="logins are offered in clear ({ways}): {address}"
        ),
        "ACCESS_LOGGED_IN": Text(
            ja="ログインなしに利用できる状態で応答した（PREAUTH）：{address}", en="it greets everybody as logged in (PREAUTH): {address}"
        ),
    },
)
def access_encrypted(seen: MailAccess) -> Judgement:
    def judge(one: AccessSeen) -> Judgement:
        if one.logged_in:
            return failed("ACCESS_LOGGED_IN")
        if one.upgrade is Upgrade.IMPLICIT:
            return passed("ACCESS_ENCRYPTED")
        if isinstance(one.open, Unobserved):
            return one.open
        return failed("ACCESS_IN_CLEAR", ways=listed(one.open.ways)) if one.open.ways else passed("ACCESS_ENCRYPTED")

    return each_address(((at.address, at.seen) for at in seen.addresses), judge, left_out=seen.left_out, worst_first=("ACCESS_LOGGED_IN",))


@check(
    "mail.access.starttls",
    severity=Severity.MEDIUM,
    title=Text(
        ja="平文で始まるメールボックスサービスが TLS への移行を提供する", en="Mailbox services that begin in clear offer the change to TLS"
    ),
    why=Text(
        ja="TLS への移行（STARTTLS・STLS）がなければ、利用者は平文でログインするしかない。",
        en="Without STARTTLS or STLS the users can only log in in clear.",
    ),
    remedy=Text(
        ja="証明書を設定して TLS を有効にする（Dovecot「ssl = required」「ssl_cert」「ssl_key」）。使わないポートは閉じる。",
        en='Set a certificate and switch TLS on (Dovecot "ssl = required", "ssl_cert", "ssl_key"); close ports that nobody uses.',
    ),
    says={
        "ACCESS_TLS_OFFERED": Text(ja="TLS への移行を提供する：{address}", en="the change to TLS is offered: {address}"),
        "ACCESS_TLS_NONE": Text(ja="TLS への移行を提供していない：{address}", en="the change to TLS is not offered: {address}"),
        "ACCESS_TLS_BROKEN": Text(
            ja="TLS への移行を提供するが、移れない（{problem}）：{address}",
            en="the change to TLS is offered but fails ({problem}): {address}",
        ),
        "ACCESS_TLS_IMPLICIT": Text(ja="接続の初めから TLS である：{address}", en="it is TLS from the beginning: {address}"),
    },
)
def access_starttls(seen: MailAccess) -> Judgement:
    def judge(one: AccessSeen) -> Judgement:
        match one.upgrade:
            case Upgrade.IMPLICIT:
                return not_applicable("ACCESS_TLS_IMPLICIT")
            case Upgrade.DONE:
                return passed("ACCESS_TLS_OFFERED")
            case Upgrade.NOT_OFFERED:
                return failed("ACCESS_TLS_NONE")
            case Upgrade.REFUSED | Upgrade.FAILED:
                return failed("ACCESS_TLS_BROKEN", problem=cut(one.tls_problem) or str(one.upgrade))
            case Upgrade.UNKNOWN:
                return (
                    one.protected
                    if isinstance(one.protected, Unobserved)
                    else cannot_tell(Reason.RESET, "尋ねる前に接続が終わった", "the connection ended before it was asked")
                )

    return each_address(((at.address, at.seen) for at in seen.addresses), judge, left_out=seen.left_out)


@check(
    "mail.access.mechanisms",
    severity=Severity.MEDIUM,
    title=Text(ja="メールボックスへのログインに弱い方式を提供しない", en="No weak mechanism is offered for logins to mailboxes"),
    why=WHY_WEAK,
    remedy=REMEDY_WEAK,
    says={
        "ACCESS_MECHANISMS_FINE": Text(ja="提供する方式：{mechanisms}：{address}", en="offered: {mechanisms}: {address}"),
        "ACCESS_MECHANISMS_WEAK": Text(
            ja="弱い方式を提供している（{mechanisms}）：{address}", en="weak mechanisms are offered ({mechanisms}): {address}"
        ),
    },
)
def access_mechanisms(seen: MailAccess, *, weak: tuple[str, ...] = WEAK) -> Judgement:
    def judge(one: AccessSeen) -> Judgement:
        parts = [part for part in (one.open, one.protected) if part is not None]
        offered = tuple(dict.fromkeys(way for part in parts if not isinstance(part, Unobserved) for way in part.ways))
        if bad := [way for way in offered if way in weak]:
            return failed("ACCESS_MECHANISMS_WEAK", mechanisms=listed(bad))
        missing = next((part for part in parts if isinstance(part, Unobserved)), None)
        return missing or passed("ACCESS_MECHANISMS_FINE", mechanisms=listed(offered))

    return each_address(((at.address, at.seen) for at in seen.addresses), judge, left_out=seen.left_out)


@check(
    "mail.access.injection",
    severity=Severity.MEDIUM,
    title=Text(
        ja="TLS に移る前に届いた命令を TLS の中で実行しない（メールボックス）", en="Mailbox services drop what came in clear before TLS"
    ),
    why=Text(
        ja="移行前に平文で差し込まれた命令を TLS の中で実行すると、経路上の攻撃者の命令が利用者のものとして扱われる。",
        en="Commands that an attacker put in before the change to TLS would be carried out as the user's own.",
    ),
    remedy=Text(
        ja="製品を修正済みの版に更新する。平文で始まるポートを止め、993・995 を用いれば影響を受けない。",
        en="Update to a version in which this is mended; ports 993 and 995, which begin with TLS, are not affected.",
    ),
    says={
        "ACCESS_INJECTION_NONE": Text(
            ja="移行前の命令を実行しなかった：{address}", en="what came before TLS was not carried out: {address}"
        ),
        "ACCESS_INJECTION_RUN": Text(
            ja="移行前に平文で送った命令を TLS の中で実行した：{address}",
            en="a command sent in clear was carried out within TLS: {address}",
        ),
        "ACCESS_INJECTION_IDLE": Text(ja="TLS への移行がない：{address}", en="there is no change to TLS: {address}"),
    },
)
def access_injection(seen: MailAccess) -> Judgement:
    def judge(one: AccessSeen) -> Judgement:
        if isinstance(one.injected, Unobserved):
            return one.injected
        if one.injected is None:
            return not_applicable("ACCESS_INJECTION_IDLE")
        return failed("ACCESS_INJECTION_RUN") if one.injected is Injected.EXECUTED else passed("ACCESS_INJECTION_NONE")

    return each_address(((at.address, at.seen) for at in seen.addresses), judge, left_out=seen.left_out)


@check(
    "mail.access.software",
    severity=Severity.LOW,
    title=Text(ja="メールボックスサービスが製品の版を示さない", en="Mailbox services do not tell the version of their software"),
    why=Text(
        ja="製品と版が分かると、既知の脆弱性を狙いやすくなる。",
        en="Product and version point attackers to known vulnerabilities.",
    ),
    remedy=Text(
        ja="応答の文言から版を除く（Dovecot「login_greeting = ready」「imap_id_send」を空にする）。",
        en='Take the version out of the greeting (Dovecot "login_greeting = ready", an empty "imap_id_send").',
    ),
    says={
        "ACCESS_SOFTWARE_VERSION": Text(ja="製品の版を示している（{text}）：{address}", en="it tells a version ({text}): {address}"),
        "ACCESS_SOFTWARE_NAME": Text(
            ja="製品名だけを示している（{text}）：{address}", en="it tells the product, no version ({text}): {address}"
        ),
        "ACCESS_SOFTWARE_HIDDEN": Text(ja="製品名も版も示していない：{address}", en="it tells neither product nor version: {address}"),
    },
)
def access_software(seen: MailAccess) -> Judgement:
    def judge(one: AccessSeen) -> Judgement:
        text = " ".join(part for part in (one.banner, one.implementation) if part)
        found = told(text)
        if found.versions:
            return failed("ACCESS_SOFTWARE_VERSION", text=cut(text))
        return passed("ACCESS_SOFTWARE_NAME", text=cut(text)) if found.products else passed("ACCESS_SOFTWARE_HIDDEN")

    return each_address(
        ((at.address, at.seen) for at in seen.addresses),
        judge,
        left_out=seen.left_out,
        worst_first=("ACCESS_SOFTWARE_VERSION", "ACCESS_SOFTWARE_NAME"),
    )
