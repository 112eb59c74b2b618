"""Checks of an SMTP server's manners: the name it goes by, its limit of size, how it ends lines. Relaying and disclosure are elsewhere."""

from __future__ import annotations

from checks.common import listed
from checks.each import each_address
from checks.mail.common import cut
from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import InputSeen, LineEnd, NameAt, SmtpGreeting, SmtpInput, SmtpNames, SmtpTalk
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, failed, not_applicable, passed


@check(
    "mail.server.name",
    severity=Severity.LOW,
    title=Text(ja="メールサーバの名乗る名前が正引き・逆引きと一致する", en="The name that a mail server gives itself agrees with the DNS"),
    why=Text(
        ja="名乗る名前が正引きや逆引きと一致しないサーバからのメールは、多くの受信側で拒否又は減点される。",
        en="Many receivers refuse or mistrust mail from servers whose own name does not lead to their address and back.",
    ),
    remedy=Text(
        ja=(
            "名乗る名前を公開の DNS にある名前とし（Postfix「myhostname = mx1.example.lg.jp」）、その A・AAAA レコードと、アドレスの PTR "
            "レコードを一致させる。"
        ),
        en=(
            'Let the server go by a name of the public DNS (Postfix "myhostname = mx1.example.lg.jp"), and make its A and AAAA records and '
            "the PTR records of its addresses agree with it."
        ),
    ),
    says={
        "NAME_AGREES": Text(ja="{name} は正引き・逆引きと一致する：{address}", en="{name} leads to its address and back: {address}"),
        "NAME_NOT_QUALIFIED": Text(
            ja="完全修飾名を名乗っていない（{name}）：{address}", en="it gives no fully qualified name ({name}): {address}"
        ),
        "NAME_UNRESOLVED": Text(
            ja="名乗る名前 {name} にアドレスがない：{address}", en="the name {name} that it gives has no address: {address}"
        ),
        "NAME_ELSEWHERE": Text(
            ja="名乗る名前 {name} は別のアドレス（{found}）を指す：{address}",
            en="the name {name} that it gives leads elsewhere ({found}): {address}",
        ),
        "NAME_PTR_NONE": Text(
            ja="アドレスに逆引き名がない（名乗る名前は {name}）：{address}",
            en="the address has no reverse name (it calls itself {name}): {address}",
        ),
        "NAME_PTR_OTHER": Text(
            ja="逆引き名（{found}）が名乗る名前 {name} と異なる：{address}",
            en="its reverse name ({found}) is not the name {name} that it gives: {address}",
        ),
    },
)
def server_name(seen: SmtpNames, ledger: DeclaredSmtpService) -> Judgement:
    if ledger.vantage is not Vantage.OUTSIDER:
        return cannot_tell(
            Reason.NO_VANTAGE,
            "外部から見える名前は、外部の観測点から点検する",
            "the names that strangers see are judged from a zone outside",
        )

    def judge(at: NameAt) -> Judgement:
        if isinstance(at.called, Unobserved):
            return at.called
        name = cut(at.called)
        lower = at.called.lower().rstrip(".")
        if "." not in lower or lower.startswith("["):
            return failed("NAME_NOT_QUALIFIED", name=name)
        if at.forward == ():
            return failed("NAME_UNRESOLVED", name=name)
        if isinstance(at.forward, tuple) and at.address not in at.forward:
            return failed("NAME_ELSEWHERE", name=name, found=listed(at.forward))
        if at.reverse == ():
            return failed("NAME_PTR_NONE", name=name)
        if isinstance(at.reverse, tuple) and lower not in at.reverse:
            return failed("NAME_PTR_OTHER", name=name, found=listed(at.reverse))
        missing = next((part for part in (at.forward, at.reverse) if isinstance(part, Unobserved)), None)
        return missing or passed("NAME_AGREES", name=name)

    return each_address(((at.address, at) for at in seen.addresses), judge, left_out=seen.left_out)


@check(
    "mail.server.size",
    severity=Severity.INFO,
    title=Text(ja="受け取るメールの大きさに上限がある", en="There is a limit to the size of mail"),
    why=Text(
        ja="上限がないと、大きなメールを繰り返し送られて記憶域や回線を使い尽くされる。",
        en="Without a limit large messages can fill the disks and the line.",
    ),
    remedy=Text(
        ja="上限を設ける（Postfix「message_size_limit = 52428800」、Exim「message_size_limit = 50M」）。",
        en='Set one (Postfix "message_size_limit = 52428800", Exim "message_size_limit = 50M").',
    ),
    says={
        "SIZE_LIMITED": Text(ja="上限は {octets} オクテット：{address}", en="at most {octets} octets: {address}"),
        "SIZE_UNLIMITED": Text(ja="上限がないと示している（SIZE 0）：{address}", en="it says that there is none (SIZE 0): {address}"),
        "SIZE_UNSAID": Text(ja="上限を示していない：{address}", en="it does not tell: {address}"),
    },
)
def server_size(greeting: SmtpGreeting) -> Judgement:
    def judge(talk: SmtpTalk) -> Judgement:
        told = talk.offer.get("SIZE")
        if told is None or not told.parameters or not told.parameters[0].isdigit():
            return not_applicable("SIZE_UNSAID")
        octets = int(told.parameters[0][:20])
        return passed("SIZE_LIMITED", octets=octets) if octets else failed("SIZE_UNLIMITED")  # RFC 1870 section 4: 0 is "no limit"

    return each_address(((at.address, at.seen) for at in greeting.addresses), judge, left_out=greeting.left_out)


@check(
    "mail.server.line-ends",
    severity=Severity.LOW,
    title=Text(
        ja="改行の扱いが規格どおりである（メールの密輸を許さない）", en="Lines end as the standard says, so that no mail can be smuggled"
    ),
    why=Text(
        ja=(
            "LF だけの改行を行末とみなすサーバが、本文の終わりも同様に扱うと、送信側のサーバとの食い違いを突いて、"
            "検査を通らない別のメールを紛れ込ませることができる（SMTP smuggling）。"
        ),
        en=(
            "Where a server takes a bare LF for the end of a line, and of a message too, attackers can slip a second, unchecked message "
            "past a sender that sees it otherwise (SMTP smuggling)."
        ),
    ),
    remedy=Text(
        ja=(
            "LF だけの改行を受け付けない設定とする（Postfix 3.9 以降、3.8.4・3.7.9 等「smtpd_forbid_bare_newline = normalize」）。"
            "製品を更新する。"
        ),
        en=(
            'Do not take bare LF (Postfix 3.9, 3.8.4, 3.7.9 and later "smtpd_forbid_bare_newline = normalize"), and keep the product '
            "up to date."
        ),
    ),
    says={
        "LINE_ENDS_STRICT": Text(ja="LF だけの改行を命令の終わりとみなさない：{address}", en="a bare LF does not end a command: {address}"),
        "LINE_ENDS_BARE": Text(
            ja=(
                "{ends} だけの改行を命令の終わりとして受け付けた。本文の終わりも同様に扱うかは、メールを送らずには分からないため、"
                "製品の設定で確かめる：{address}"
            ),
            en=(
                "it takes a bare {ends} for the end of a command; whether for the end of a message too cannot be told without sending one, "
                "so look at the product's settings: {address}"
            ),
        ),
    },
)
def server_line_ends(seen: SmtpInput) -> Judgement:
    def judge(one: InputSeen) -> Judgement:
        parts = {"LF": one.bare_lf, "CR": one.bare_cr}
        if taken := [name for name, part in parts.items() if part is LineEnd.ACCEPTED]:
            return doubtful("LINE_ENDS_BARE", ends=listed(taken))
        missing = next((part for part in parts.values() if isinstance(part, Unobserved)), None)
        return missing or passed("LINE_ENDS_STRICT")

    return each_address(((at.address, at.seen) for at in seen.addresses), judge, left_out=seen.left_out)
