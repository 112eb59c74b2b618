"""Checks of what an SMTP server tells strangers: its software, names of machines inside, who has a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.common import first_missing, listed
from checks.each import each_address
from checks.mail.common import cut
from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import Offer, ReplySeen, SmtpGreeting, SmtpTalk
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed
from scanner.wire.mail_software import internal_names, is_internal, told

_NO_SUCH: Final = frozenset({550, 551, 553})
"""RFC 5321 section 4.2.3: the mailbox is not there, not local, not a name. Others refuse VRFY, or the client."""


def _texts(talk: SmtpTalk) -> Iterator[str]:
    """Give what the server says of itself: the banner, its greeting to EHLO, its help."""
    yield talk.banner.text
    yield talk.offer.name
    if isinstance(talk.tls_offer, Offer):
        yield talk.tls_offer.name
    if isinstance(talk.help, ReplySeen) and talk.help.positive:
        yield talk.help.text


@check(
    "mail.disclosure.software",
    severity=Severity.LOW,
    title=Text(ja="メールサーバが製品の版を示さない", en="The mail server does not tell the version of its software"),
    why=Text(
        ja="製品と版が分かると、既知の脆弱性を狙いやすくなる。",
        en="Product and version point attackers to known vulnerabilities.",
    ),
    remedy=Text(
        ja="応答の文言から版を除く（Postfix「smtpd_banner = $myhostname ESMTP」、Exim「smtp_banner = $smtp_active_hostname ESMTP」）。",
        en=(
            'Take the version out of the greeting (Postfix "smtpd_banner = $myhostname ESMTP", Exim "smtp_banner = '
            '$smtp_active_hostname ESMTP").'
        ),
    ),
    says={
        "SOFTWARE_VERSION": Text(ja="製品の版を示している（{text}）：{address}", en="it tells a version ({text}): {address}"),
        "SOFTWARE_NAME": Text(ja="製品名だけを示している（{text}）：{address}", en="it tells the product, no version ({text}): {address}"),
        "SOFTWARE_HIDDEN": Text(ja="製品名も版も示していない：{address}", en="it tells neither product nor version: {address}"),
    },
)
def disclosure_software(greeting: SmtpGreeting) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        texts = list(_texts(talk))
        if text := next((text for text in texts if told(text).versions), None):
            return failed("SOFTWARE_VERSION", text=cut(text))
        if text := next((text for text in texts if told(text).products), None):
            return passed("SOFTWARE_NAME", text=cut(text))
        return passed("SOFTWARE_HIDDEN")

    return each_address(
        ((at.address, at.seen) for at in greeting.addresses),
        judge,
        left_out=greeting.left_out,
        worst_first=("SOFTWARE_VERSION", "SOFTWARE_NAME"),
    )


@check(
    "mail.disclosure.names",
    severity=Severity.LOW,
    title=Text(
        ja="メールサーバが外部に内部の名前やアドレスを示さない", en="The mail server tells outsiders no names or addresses from inside"
    ),
    why=Text(
        ja="応答に含まれる内部のホスト名やプライベートアドレスは、内部の構成を推測する手掛かりになる。",
        en="Names and private addresses from inside in its answers tell strangers how the network is built.",
    ),
    remedy=Text(
        ja="公開の名前を名乗らせる（Postfix「myhostname = mx1.example.lg.jp」、Exim「primary_hostname = mx1.example.lg.jp」）。",
        en='Let it go by its public name (Postfix "myhostname = mx1.example.lg.jp", Exim "primary_hostname = mx1.example.lg.jp").',
    ),
    says={
        "NAMES_PUBLIC": Text(ja="内部の名前やアドレスを示していない：{address}", en="no name or address from inside is told: {address}"),
        "NAMES_INTERNAL": Text(
            ja="内部の名前やアドレスを示している（{names}）：{address}", en="it tells names or addresses from inside ({names}): {address}"
        ),
    },
)
def disclosure_names(greeting: SmtpGreeting, ledger: DeclaredSmtpService) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        called = [name for name in (talk.offer.name, talk.banner.text.partition(" ")[0]) if name and is_internal(name)]
        found = [*called, *(name for text in _texts(talk) for name in internal_names(text))]
        if not found:
            return passed("NAMES_PUBLIC")
        if ledger.vantage is not Vantage.OUTSIDER:
            return cannot_tell(
                Reason.NO_VANTAGE,
                "内部の名前を示すが、この観測点が外部かどうかが分からない。外部から点検する",
                "it tells names from inside, but not to an outsider as far as the ledger says; scan from outside",
            )
        return failed("NAMES_INTERNAL", names=listed(found))

    return each_address(((at.address, at.seen) for at in greeting.addresses), judge, left_out=greeting.left_out)


@check(
    "mail.disclosure.vrfy",
    severity=Severity.MEDIUM,
    title=Text(ja="VRFY で利用者の有無が分からない", en="VRFY does not tell which mailboxes exist"),
    why=Text(
        ja="利用者の有無を答えるサーバからは、攻撃者が標的型メール等の宛先を集められる（RFC 5321 7.3）。",
        en="A server that tells who is there helps attackers to collect addresses (RFC 5321 section 7.3).",
    ),
    remedy=Text(
        ja="VRFY を止めるか、常に同じ応答（252）を返す（Postfix「disable_vrfy_command = yes」、sendmail「O PrivacyOptions=novrfy」）。",
        en='Switch VRFY off or answer 252 always (Postfix "disable_vrfy_command = yes", sendmail "O PrivacyOptions=novrfy").',
    ),
    says={
        "VRFY_OFF": Text(ja="VRFY に応じない（{code}）：{address}", en="VRFY is not answered ({code}): {address}"),
        "VRFY_NEUTRAL": Text(
            ja="宛先によらず同じ応答を返す（{code}）：{address}", en="every name gets the same answer ({code}): {address}"
        ),
        "VRFY_TELLS": Text(
            ja="存在する宛先と存在しない宛先で応答が異なる（{known}、{unknown}）：{address}",
            en="mailboxes that exist and ones that do not get different answers ({known}, {unknown}): {address}",
        ),
    },
)
def disclosure_vrfy(greeting: SmtpGreeting) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        known, unknown = talk.vrfy_postmaster, talk.vrfy_nobody
        if not isinstance(known, ReplySeen) or not isinstance(unknown, ReplySeen):
            return first_missing((known, unknown)) or cannot_tell(
                Reason.RESET, "尋ねる前に接続が終わった", "the connection ended before it was asked"
            )
        if known.positive and unknown.code in _NO_SUCH:
            return failed("VRFY_TELLS", known=f"{known.code} {cut(known.text)}", unknown=f"{unknown.code} {cut(unknown.text)}")
        if known.code >= 500 or unknown.code >= 500:
            return passed("VRFY_OFF", code=max(known.code, unknown.code))
        if known.code // 100 == 4 or unknown.code // 100 == 4:
            return cannot_tell(
                Reason.SERVER_FAILURE, "VRFY を一時的に拒否した（{text}）", "VRFY was deferred ({text})", text=cut(known.text)
            )
        return passed("VRFY_NEUTRAL", code=known.code)

    return each_address(((at.address, at.seen) for at in greeting.addresses), judge, left_out=greeting.left_out)


@check(
    "mail.disclosure.expn",
    severity=Severity.MEDIUM,
    title=Text(ja="EXPN で配布先の一覧が分からない", en="EXPN does not tell who is behind an address"),
    why=Text(
        ja="メーリングリスト等の展開に応じると、利用者のアドレスや内部の転送先が外部に知られる。",
        en="A server that expands lists and aliases tells strangers people's addresses and where mail goes inside.",
    ),
    remedy=Text(
        ja="EXPN を止める（Exim では acl_smtp_expn を設定しない、sendmail「O PrivacyOptions=noexpn」。Postfix は EXPN を備えない）。",
        en='Switch EXPN off (in Exim leave acl_smtp_expn unset, sendmail "O PrivacyOptions=noexpn"; Postfix has none).',
    ),
    says={
        "EXPN_OFF": Text(ja="EXPN に応じない（{code}）：{address}", en="EXPN is not answered ({code}): {address}"),
        "EXPN_EMPTY": Text(
            ja="EXPN に応じたが、宛先は示さない（{text}）：{address}", en="EXPN is answered, but tells no address ({text}): {address}"
        ),
        "EXPN_ON": Text(ja="EXPN に応じた（{code} {text}）：{address}", en="EXPN was answered ({code} {text}): {address}"),
    },
)
def disclosure_expn(greeting: SmtpGreeting) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        seen = talk.expn
        if not isinstance(seen, ReplySeen):
            return seen or cannot_tell(Reason.RESET, "尋ねる前に接続が終わった", "the connection ended before it was asked")
        if seen.positive and seen.code != 252 and "@" not in seen.text:
            return passed("EXPN_EMPTY", text=cut(seen.text))
        if seen.code in {250, 251}:
            return failed("EXPN_ON", code=seen.code, text=cut(seen.text))
        if seen.code // 100 == 4:
            return cannot_tell(
                Reason.SERVER_FAILURE, "EXPN を一時的に拒否した（{text}）", "EXPN was deferred ({text})", text=cut(seen.text)
            )
        return passed("EXPN_OFF", code=seen.code)

    return each_address(((at.address, at.seen) for at in greeting.addresses), judge, left_out=greeting.left_out)
