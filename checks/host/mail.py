"""Checks of mail server programs by their own configuration: relaying, logins, TLS, disclosure, judging of senders."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.common import first_missing, listed
from checks.host.programs import each_of, opposite, switch
from scanner.facts.mail_configuration import MailboxProgram, MailConfiguration, MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

NO_MAIL_PROGRAM = Text(ja="メールサーバのプログラムが動いていない", en="no mail server program is in use")
_NOT_LISTENING = Text(ja="ネットワークからメールを受け取らない", en="it takes no mail from the network")
_NO_MAILBOXES = Text(ja="IMAP・POP3 のプログラムが動いていない", en="no program for IMAP or POP3 is in use")


def _smtp(mail: MailConfiguration, judge: Callable[[MailProgram], Judgement | None]) -> Judgement:
    return each_of(mail.programs, judge, "NO_MAIL_PROGRAM")


def _mailboxes(mail: MailConfiguration, judge: Callable[[MailboxProgram], Judgement | None]) -> Judgement:
    return each_of(mail.mailboxes, judge, "NO_MAILBOX_PROGRAM")


def _listening(program: MailProgram, judge: Callable[[Sequence[MailListener]], Judgement | None]) -> Judgement | None:
    if isinstance(program.listeners, Unobserved):
        return program.listeners
    return judge(program.listeners) if program.listeners else not_applicable("NOT_LISTENING")


@check(
    "host.mail.relay",
    severity=Severity.CRITICAL,
    title=Text(ja="メールサーバの設定が第三者の中継を断る", en="The mail server's configuration refuses to relay for strangers"),
    why=Text(
        ja="誰のメールでも中継するサーバは迷惑メールの踏み台になり、組織のアドレスが拒否リストに載る。",
        en="A server that relays for anybody sends spam in the organisation's name until its address is blocked everywhere.",
    ),
    remedy=Text(
        ja="Postfix：smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination とし、"
        "mynetworks を自組織に限る。Exim：acl_smtp_rcpt の ACL で accept hosts = +relay_from_hosts の後に "
        "require domains = +local_domains : +relay_to_domains とし、relay_from_hosts を自組織に限る。"
        "OpenSMTPD：match from any for any と relay の action を組み合わせず、from local、from src、from auth に限る。",
        en="Postfix: smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, and own networks "
        "only in mynetworks. Exim: in the ACL of acl_smtp_rcpt require domains = +local_domains : +relay_to_domains behind accept hosts = "
        "+relay_from_hosts, and own networks only in relay_from_hosts. OpenSMTPD: no match from any for any with an action that relays, "
        "but from local, from src or from auth.",
    ),
    says={
        "RELAY_REFUSED": Text(ja="{program} は第三者の中継を断る（{listeners}）", en="{program} refuses strangers ({listeners})"),
        "RELAY_OPEN": Text(ja="{program} は誰のメールでも中継する（{listeners}）", en="{program} relays for anybody ({listeners})"),
        "NOT_LISTENING": _NOT_LISTENING,
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_relay(mail: MailConfiguration) -> Judgement:
    def one(program: MailProgram) -> Judgement | None:
        def judge(listeners: Sequence[MailListener]) -> Judgement:
            if open_ := [listener.name for listener in listeners if listener.relays is Audience.EVERYBODY]:
                return failed("RELAY_OPEN", program=program.name, listeners=listed(open_))
            names = listed(listener.name for listener in listeners)
            return first_missing(x.relays for x in listeners) or passed("RELAY_REFUSED", program=program.name, listeners=names)

        return _listening(program, judge)

    return _smtp(mail, one)


@check(
    "host.mail.authentication",
    severity=Severity.HIGH,
    title=Text(ja="メールサーバがパスワードを暗号化された通信でだけ受け取る", en="The mail server takes passwords over TLS only"),
    why=Text(ja="平文で送ったパスワードは途中で読み取られる。", en="A password sent in clear text can be read on the way."),
    remedy=Text(
        ja="Postfix：smtpd_tls_auth_only = yes（投稿のサービスは smtpd_tls_security_level = encrypt）。"
        "Exim：auth_advertise_hosts を、$tls_in_cipher が空でない（TLS の中の）ときだけ * とする。",
        en="Postfix: smtpd_tls_auth_only = yes (and smtpd_tls_security_level = encrypt for submission). "
        "Exim: let auth_advertise_hosts be * only where $tls_in_cipher is not empty.",
    ),
    says={
        "AUTHENTICATION_BY_TLS": Text(ja="TLS の中でだけ受け取る（{listeners}）", en="within TLS only ({listeners})"),
        "AUTHENTICATION_CLEAR": Text(ja="平文でも受け取る（{listeners}）", en="in clear text too ({listeners})"),
        "AUTHENTICATION_NONE": Text(ja="パスワードを受け取らない", en="it takes no passwords"),
        "NOT_LISTENING": _NOT_LISTENING,
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_authentication(mail: MailConfiguration) -> Judgement:
    def judge(listeners: Sequence[MailListener]) -> Judgement:
        if clear := [listener.name for listener in listeners if listener.clear_authentication is True]:
            return failed("AUTHENTICATION_CLEAR", listeners=listed(clear))
        if why := first_missing(part for x in listeners for part in (x.clear_authentication, x.authenticates)):
            return why
        asked = [listener.name for listener in listeners if listener.authenticates is True]
        return passed("AUTHENTICATION_BY_TLS", listeners=listed(asked)) if asked else not_applicable("AUTHENTICATION_NONE")

    return _smtp(mail, lambda program: _listening(program, judge))


@check(
    "host.mail.tls-in",
    severity=Severity.MEDIUM,
    title=Text(ja="メールサーバの設定が受信の際に TLS を提供する", en="The mail server is set to offer TLS for incoming mail"),
    why=Text(ja="提供しなければ、届くメールは全て平文で運ばれる。", en="Without it all incoming mail travels in clear text."),
    remedy=Text(
        ja="Postfix：smtpd_tls_security_level = may と smtpd_tls_chain_files。Exim：tls_advertise_hosts = * と tls_certificate。"
        "OpenSMTPD：pki と、listen の行の tls。",
        en="Postfix: smtpd_tls_security_level = may and smtpd_tls_chain_files. Exim: tls_advertise_hosts = * and tls_certificate. "
        "OpenSMTPD: pki, and tls on the listen line.",
    ),
    says={
        "TLS_OFFERED": Text(ja="提供する（{listeners}）", en="offered ({listeners})"),
        "TLS_NOT_OFFERED": Text(ja="提供しない（{listeners}）", en="not offered ({listeners})"),
        "NOT_LISTENING": _NOT_LISTENING,
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_tls_in(mail: MailConfiguration) -> Judgement:
    def judge(listeners: Sequence[MailListener]) -> Judgement:
        if without := [listener.name for listener in listeners if listener.tls == "none"]:
            return failed("TLS_NOT_OFFERED", listeners=listed(without))
        return first_missing(x.tls for x in listeners) or passed("TLS_OFFERED", listeners=listed(x.name for x in listeners))

    return _smtp(mail, lambda program: _listening(program, judge))


@check(
    "host.mail.tls-out",
    severity=Severity.MEDIUM,
    title=Text(ja="メールサーバが送信の際に TLS を使う", en="The mail server uses TLS for outgoing mail"),
    why=Text(
        ja="相手のサーバが TLS を提供していても、使わない設定では平文で送られる。",
        en="Even where the other server offers TLS, mail goes in clear text unless it is used.",
    ),
    remedy=Text(
        ja="Postfix：smtp_tls_security_level = dane（smtp_dns_support_level = dnssec とともに）又は may。Exim：hosts_avoid_tls を除く。"
        "OpenSMTPD：smtp+notls:// を使わない。",
        en="Postfix: smtp_tls_security_level = dane (with smtp_dns_support_level = dnssec), or may. Exim: no hosts_avoid_tls. "
        "OpenSMTPD: no smtp+notls://.",
    ),
    says={
        "TLS_USED": Text(ja="{program} は使う（{level}）", en="{program} does ({level})"),
        "TLS_NOT_USED": Text(ja="{program} は使わない（{source}）", en="{program} does not ({source})"),
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_tls_out(mail: MailConfiguration) -> Judgement:
    def one(program: MailProgram) -> Judgement | None:
        level = program.sends_with_tls
        if isinstance(level, Unobserved):
            return level
        if level == "none":
            return failed("TLS_NOT_USED", program=program.name, source=program.source)
        return passed("TLS_USED", program=program.name, level=level)

    return _smtp(mail, one)


@check(
    "host.mail.vrfy",
    severity=Severity.LOW,
    title=Text(ja="メールサーバが VRFY でアドレスの有無を答えない", en="The mail server does not confirm addresses by VRFY"),
    why=Text(ja="存在するアドレスを集める手段になる。", en="It lets anybody collect addresses that exist."),
    remedy=Text(
        ja="Postfix：disable_vrfy_command = yes。Exim：acl_smtp_vrfy を除く。",
        en="Postfix: disable_vrfy_command = yes. Exim: remove acl_smtp_vrfy.",
    ),
    says={
        "VRFY_OFF": Text(ja="{program} は答えない", en="{program} does not"),
        "VRFY_ON": Text(ja="{program} は VRFY に答える（{source}）", en="{program} answers VRFY ({source})"),
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_vrfy(mail: MailConfiguration) -> Judgement:
    def one(p: MailProgram) -> Judgement | None:
        good, bad = passed("VRFY_OFF", program=p.name), failed("VRFY_ON", program=p.name, source=p.source)
        return switch(opposite(p.answers_vrfy), good, bad)

    return _smtp(mail, one)


@check(
    "host.mail.banner",
    severity=Severity.LOW,
    title=Text(ja="メールサーバの挨拶に版を含めない", en="The mail server's greeting names no version"),
    why=Text(ja="版が分かると、既知の欠陥を狙いやすい。", en="A known version makes known faults easy to aim at."),
    remedy=Text(
        ja="Postfix：smtpd_banner から $mail_version を除く。Exim：smtp_banner から $version_number を除く。",
        en="Postfix: leave $mail_version out of smtpd_banner. Exim: leave $version_number out of smtp_banner.",
    ),
    says={
        "BANNER_PLAIN": Text(ja="{program} の挨拶に版はない", en="that of {program} does not"),
        "BANNER_VERSION": Text(ja="{program} の挨拶に版がある（{source}）", en="that of {program} does ({source})"),
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_banner(mail: MailConfiguration) -> Judgement:
    def one(p: MailProgram) -> Judgement | None:
        good, bad = passed("BANNER_PLAIN", program=p.name), failed("BANNER_VERSION", program=p.name, source=p.source)
        return switch(opposite(p.tells_version), good, bad)

    return _smtp(mail, one)


@check(
    "host.mail.dmarc-on-receipt",
    severity=Severity.MEDIUM,
    title=Text(ja="受信したメールの送信ドメインを検証する", en="Senders of incoming mail are verified"),
    why=Text(
        ja="受信側で DMARC を評価しなければ、組織や取引先を名乗る偽のメールがそのまま届く。",
        en="Unless DMARC is evaluated on receipt, forged mail in the name of the organisation or its partners arrives unmarked.",
    ),
    remedy=Text(
        ja="OpenDMARC 又は Rspamd を入れ、Postfix の smtpd_milters につなぐ。Exim：acl_smtp_data の ACL で dmarc_status を見る。"
        "OpenSMTPD：filter-rspamd を listen の行につなぐ。",
        en="Install OpenDMARC or Rspamd and attach it by smtpd_milters. Exim: look at dmarc_status in the ACL of acl_smtp_data. "
        "OpenSMTPD: attach filter-rspamd on the listen line.",
    ),
    says={
        "DMARC_EVALUATED": Text(ja="{program} に検証するプログラムがつながっている", en="a program that does is attached to {program}"),
        "DMARC_NOT_EVALUATED": Text(
            ja="{program} に検証するプログラムがつながっていない", en="no program that would is attached to {program}"
        ),
        "OWN_MAIL_ONLY": Text(ja="組織の利用者のメールだけを受け取る", en="it takes mail of the organisation's own people only"),
        "NOT_LISTENING": _NOT_LISTENING,
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_dmarc_on_receipt(mail: MailConfiguration) -> Judgement:
    def one(p: MailProgram) -> Judgement | None:
        good, bad = passed("DMARC_EVALUATED", program=p.name), failed("DMARC_NOT_EVALUATED", program=p.name)
        return _listening(p, lambda _: not_applicable("OWN_MAIL_ONLY") if p.judges_senders is None else switch(p.judges_senders, good, bad))

    return _smtp(mail, one)


@check(
    "host.mail.line-ends",
    severity=Severity.MEDIUM,
    title=Text(ja="メールサーバが改行の崩れたメールを受け付けない設定である", en="The mail server is set against lone line feeds"),
    why=Text(
        ja="改行の解釈の違いを使い、送信元の検証をすり抜けたメールを紛れ込ませる攻撃（CVE-2023-51764）がある。",
        en="Servers that read line ends differently let a second, unverified message be smuggled in (CVE-2023-51764).",
    ),
    remedy=Text(
        ja="Postfix：smtpd_forbid_bare_newline = normalize（3.9 からの既定）。Exim：4.97.1 以降にする。",
        en="Postfix: smtpd_forbid_bare_newline = normalize (the default from 3.9). Exim: version 4.97.1 or later.",
    ),
    says={
        "LINE_ENDS_KEPT": Text(ja="{program} は直すか断る", en="{program} mends or refuses them"),
        "LINE_ENDS_TAKEN": Text(ja="{program} はそのまま受け取る（{source}）", en="{program} takes them as they are ({source})"),
        "NOT_LISTENING": _NOT_LISTENING,
        "NO_MAIL_PROGRAM": NO_MAIL_PROGRAM,
    },
)
def mail_line_ends(mail: MailConfiguration) -> Judgement:
    def one(p: MailProgram) -> Judgement | None:
        good, bad = passed("LINE_ENDS_KEPT", program=p.name), failed("LINE_ENDS_TAKEN", program=p.name, source=p.source)
        return _listening(p, lambda _: switch(p.keeps_line_ends, good, bad))

    return _smtp(mail, one)


@check(
    "host.mailbox.authentication",
    severity=Severity.HIGH,
    title=Text(ja="IMAP・POP3 のパスワードを暗号化された通信でだけ受け取る", en="IMAP and POP3 take passwords over TLS only"),
    why=Text(
        ja="平文で送ったパスワードは途中で読み取られ、全てのメールを読まれる。",
        en="A password sent in clear text can be read on the way, and all mail with it.",
    ),
    remedy=Text(
        ja="Dovecot：ssl = required とし、disable_plaintext_auth = no（2.4 は auth_allow_cleartext = yes）を除く。",
        en="Dovecot: ssl = required, and no disable_plaintext_auth = no (from 2.4 auth_allow_cleartext = yes).",
    ),
    says={
        "MAILBOX_BY_TLS": Text(ja="{program} は TLS の中でだけ受け取る", en="{program} takes them within TLS only"),
        "MAILBOX_CLEAR": Text(ja="{program} は平文でも受け取る（{source}）", en="{program} takes them in clear text too ({source})"),
        "MAILBOX_NO_TLS": Text(ja="{program} は TLS を使わない（{source}）", en="{program} does not use TLS ({source})"),
        "NO_MAILBOX_PROGRAM": _NO_MAILBOXES,
    },
)
def mailbox_authentication(mail: MailConfiguration) -> Judgement:
    def one(p: MailboxProgram) -> Judgement:
        if p.tls == "no":
            return failed("MAILBOX_NO_TLS", program=p.name, source=p.source)
        if isinstance(p.tls, Unobserved):
            return p.tls
        clear = p.clear_authentication
        if p.tls == "required" or clear is False:
            return passed("MAILBOX_BY_TLS", program=p.name)
        return clear if isinstance(clear, Unobserved) else failed("MAILBOX_CLEAR", program=p.name, source=p.source)

    return _mailboxes(mail, one)


@check(
    "host.mailbox.tls-version",
    severity=Severity.MEDIUM,
    title=Text(ja="IMAP・POP3 の設定が TLS 1.2 より前を断る", en="IMAP and POP3 are set against TLS before 1.2"),
    why=Text(ja="TLS 1.1 以前には破られた仕組みが残る。", en="TLS 1.1 and before rest on broken constructions."),
    remedy=Text(ja="Dovecot：ssl_min_protocol = TLSv1.2。", en="Dovecot: ssl_min_protocol = TLSv1.2."),
    says={
        "MAILBOX_TLS_NEW": Text(ja="{program} は {version} 以降だけ", en="{program}: {version} and later only"),
        "MAILBOX_TLS_OLD": Text(ja="{program} は {version} も受け付ける（{source}）", en="{program} takes {version} too ({source})"),
        "MAILBOX_NO_TLS": Text(ja="{program} は TLS を使わない", en="{program} does not use TLS"),
        "NO_MAILBOX_PROGRAM": _NO_MAILBOXES,
    },
)
def mailbox_tls_version(mail: MailConfiguration) -> Judgement:
    def one(p: MailboxProgram) -> Judgement:
        if p.tls == "no":
            return not_applicable("MAILBOX_NO_TLS", program=p.name)
        version = p.least_version
        if isinstance(version, Unobserved):
            return version
        if version in {"TLSv1.2", "TLSv1.3"}:
            return passed("MAILBOX_TLS_NEW", program=p.name, version=version)
        return failed("MAILBOX_TLS_OLD", program=p.name, version=version, source=p.source)

    return _mailboxes(mail, one)
