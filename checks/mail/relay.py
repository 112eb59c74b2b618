"""Checks of third-party relaying: whom a mail server passes mail on for, as far as its answers to RCPT and a consented delivery tell.

A server that takes a recipient has promised nothing: it may return the message later or drop it. So a failure needs a recipient that nobody
there may accept and a control that the same server refused; where it takes everything the result stays open, and delivery alone can prove
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from checks.common import first_missing, listed
from checks.each import each_address
from checks.mail.common import cut
from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import (
    Delivery,
    DeliveryAt,
    RelayAt,
    RelayDelivery,
    RelaySeen,
    Said,
    Shape,
    SmtpGreeting,
    SmtpRelay,
    SmtpTalk,
    SmtpTestNames,
    TrialSeen,
)
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, failed, not_applicable, passed
from scanner.wire.relay import ENCAPSULATED, home_of

_LOGIN_PROTOCOLS: Final = frozenset({"submission", "submissions"})
_NEVER_OPEN: Final = Text(
    ja=(
        "認証していない外部の相手からは、自組織宛てだけを受け取る（Postfix「smtpd_relay_restrictions = permit_mynetworks, "
        "permit_sasl_authenticated, reject_unauth_destination」。mynetworks は自組織のアドレスに限る。Exim では RCPT の ACL で "
        "local_domains と relay_to_domains 以外を拒否する）。"
    ),
    en=(
        'Take mail for your own domains only from strangers who have not logged in (Postfix "smtpd_relay_restrictions = permit_mynetworks, '
        'permit_sasl_authenticated, reject_unauth_destination" with mynetworks limited to your own addresses; in Exim deny in the RCPT '
        "ACL what is not in local_domains or relay_to_domains)."
    ),
)
_YES_TO_ALL: Final = Text(
    ja="宛先でないもの（「<>」）まで受け入れるため、中継の可否は応答から分からない（何にでも応じる囮等の可能性がある）：{address}",
    en='it accepts even what is no recipient ("<>"), so its answers tell nothing of relaying (perhaps a decoy): {address}',
)


def _insider(ledger: DeclaredSmtpService) -> Unobserved | None:
    """Say why this vantage point cannot tell how outsiders are treated. Everybody is one to a server that relays for nobody."""
    if ledger.vantage is Vantage.OUTSIDER or ledger.relays_for == ():
        return None
    if ledger.vantage is Vantage.CLIENT:
        return cannot_tell(
            Reason.NO_VANTAGE,
            "この観測点は、台帳で中継を認められた相手に含まれる",
            "the ledger lets this vantage zone relay through the server",
        )
    return cannot_tell(
        Reason.NO_VANTAGE,
        "この観測点が中継を認められた相手かどうかが台帳にない（サービスの relays_for）",
        "the ledger does not say whether this vantage zone may relay through the server (relays_for of the service)",
    )


def _telling(seen: RelaySeen, trial: TrialSeen) -> bool:
    """Tell whether an acceptance means something: the server refused a control that a catch-all would have taken.

    A foreign address may be taken by nobody there, so any refused control does. A trick may be the name of a mailbox: the unknown mailbox
    in the same place must have been refused.
    """
    refused = [t for t in seen.of(Shape.UNKNOWN) if t.ended is Said.REFUSED]
    if trial.shape is Shape.TRICK:
        return any(home_of(t.recipient) == home_of(trial.recipient) for t in refused)
    return bool(refused) or any(t.ended in {Said.REFUSED, Said.NAME} for t in seen.of(Shape.NOWHERE))


def _open_question(seen: RelaySeen, trials: Iterable[TrialSeen], login: bool) -> Unobserved | None:
    """Give what keeps "nothing was accepted" from meaning "nothing is relayed"."""
    looked = list(trials)
    if (missing := first_missing(t.ended for t in looked)) is not None:
        return missing
    for trial in looked:
        match trial.ended:
            case Said.LATER:
                return cannot_tell(
                    Reason.SERVER_FAILURE,
                    "宛先を一時的に拒否した（グレイリスティング等）。時間を置いて点検する：{text}",
                    "it deferred the recipient (greylisting, perhaps); scan again later: {text}",
                    text=cut(trial.text),
                )
            case Said.NAME:
                return cannot_tell(
                    Reason.NOT_DECLARED,
                    "中継の可否より先に宛先のドメイン名を理由に拒否した。他所でメールを受け取るドメイン名を台帳の smtp_tests の victim "
                    "に記す：{text}",
                    "it refused the recipient for its domain, which tells nothing of relaying; enter a domain that takes mail elsewhere as "
                    "victim of smtp_tests in the inventory: {text}",
                    text=cut(trial.text),
                )
            case Said.CLIENT if not login:
                return cannot_tell(
                    Reason.NO_VANTAGE,
                    "宛先ではなく点検する側のアドレスを理由に拒否した：{text}",
                    "it refused the scanner's own address, not the recipient: {text}",
                    text=cut(trial.text),
                )
            case _:
                pass
    if looked and all(t.ended is Said.TLS for t in looked):
        return cannot_tell(Reason.UNSUPPORTED, "TLS を求められたが、TLS に移れなかった", "TLS was demanded, and no TLS came about")
    senders = [t for t in looked if not t.name.startswith("sender-")]
    if senders and all(t.ended is Said.SENDER for t in senders):
        return cannot_tell(
            Reason.NO_VANTAGE,
            "宛先を調べる前に送信者を拒否した：{text}",
            "it refused the sender before it looked at any recipient: {text}",
            text=cut(senders[0].text),
        )
    return None


def _offers_login(greeting: SmtpGreeting, address: str) -> bool:
    """Tell whether strangers are meant to log in there: then being turned away is the state wished for."""
    if greeting.protocol in _LOGIN_PROTOCOLS:
        return True
    talk = next((at.seen for at in greeting.addresses if at.address == address), None)
    if not isinstance(talk, SmtpTalk):
        return False
    after = talk.tls_offer
    return bool(talk.offer.mechanisms or (after is not None and not isinstance(after, Unobserved) and after.mechanisms))


def _says_yes_to_all(seen: RelaySeen) -> bool:
    return any(t.accepted for t in seen.of(Shape.NONSENSE))


def _recipients(trials: Iterable[TrialSeen]) -> tuple[str, ...]:
    return listed(f"RCPT TO:{t.recipient}" + ("" if t.stage == "ehlo" else f" ({t.stage.upper()})") for t in trials)


@check(
    "mail.relay.recipients",
    severity=Severity.CRITICAL,
    title=Text(ja="メールの第三者中継をしない", en="Mail of strangers is not relayed to other domains"),
    why=Text(
        ja="誰からでも他組織宛てのメールを中継するサーバは迷惑メールの踏み台にされ、自組織のメールも各所で拒否されるようになる。",
        en=(
            "A server that passes on anybody's mail is abused for spam, and the organisation's own mail is refused everywhere in "
            "consequence."
        ),
    ),
    remedy=_NEVER_OPEN,
    says={
        "RELAY_REFUSED": Text(
            ja="他組織宛ての宛先を拒否した（{count} 通りを試行）：{address}",
            en="recipients elsewhere were refused ({count} tried): {address}",
        ),
        "RELAY_LOGIN": Text(
            ja="主体認証をしない相手の宛先を拒否した：{address}", en="clients that have not logged in were refused: {address}"
        ),
        "RELAY_OPEN": Text(
            ja=(
                "他組織宛ての宛先を受け入れ、存在しない自組織宛ては拒否した（{trials}）。メールは送っておらず、"
                "配送されることまでは確かめていない：{address}"
            ),
            en=(
                "it accepted recipients elsewhere and refused a mailbox of its own that does not exist ({trials}); no message was sent, so "
                "delivery is not proven: {address}"
            ),
        ),
        "RELAY_CATCH_ALL": Text(
            ja=(
                "他組織宛てを含めあらゆる宛先を受け入れた（{trials}）。中継するのか、後で返送・破棄するのかは、配送の検査によらなければ"
                "分からない：{address}"
            ),
            en=(
                "it accepted every recipient, those elsewhere among them ({trials}); whether it relays, returns or drops the mail only the "
                "delivery test can tell: {address}"
            ),
        ),
        "RELAY_YES_TO_ALL": _YES_TO_ALL,
    },
)
def relay_recipients(relay: SmtpRelay, greeting: SmtpGreeting, ledger: DeclaredSmtpService) -> Judgement:
    if (why := _insider(ledger)) is not None:
        return why

    def judge(at: RelayAt) -> Judgement:
        seen = at.seen
        if isinstance(seen, Unobserved):
            return seen
        trials = seen.of(Shape.FOREIGN)
        if _says_yes_to_all(seen):
            return doubtful("RELAY_YES_TO_ALL")
        if accepted := [t for t in trials if t.accepted]:
            if telling := [t for t in accepted if _telling(seen, t)]:
                return failed("RELAY_OPEN", trials=_recipients(telling))
            return doubtful("RELAY_CATCH_ALL", trials=_recipients(accepted))
        login = _offers_login(greeting, at.address)
        if (question := _open_question(seen, trials, login)) is not None:
            return question
        refused_for_login = login and all(t.ended in {Said.AUTH, Said.TLS, Said.CLIENT} for t in trials)
        return passed("RELAY_LOGIN") if refused_for_login else passed("RELAY_REFUSED", count=len(trials))

    return each_address(((at.address, at) for at in relay.addresses), judge, left_out=relay.left_out, worst_first=("RELAY_OPEN",))


@check(
    "mail.relay.tricks",
    severity=Severity.HIGH,
    title=Text(ja="宛先の書き方を変えても第三者中継をしない", en="No way of writing an address makes the server relay"),
    why=Text(
        ja="「%」「!」、引用符、経路指定等を含む古い形式の宛先を解釈するサーバは、通常の宛先を拒否していても中継に悪用される。",
        en=(
            "A server that still reads old forms of address, with percent signs, exclamation marks, quotes or routes, can be made to relay "
            "although it refuses plain ones."
        ),
    ),
    remedy=Text(
        ja=(
            "宛先中の経路指定を解釈しない（Postfix「allow_percent_hack = no」「swap_bangpath = no」「allow_untrusted_routing = no」"
            "「resolve_dequoted_address = yes」）。受信だけを担うサーバには宛先の一覧を持たせ（「relay_recipient_maps」）、後段のサーバでも"
            "前段からの中継を自組織宛てに限る。"
        ),
        en=(
            'Do not let addresses carry routes (Postfix "allow_percent_hack = no", "swap_bangpath = no", "allow_untrusted_routing = no", '
            '"resolve_dequoted_address = yes"). Give gateways a list of recipients ("relay_recipient_maps"), and let the server behind '
            "them relay for them to your own domains only."
        ),
    ),
    says={
        "TRICKS_REFUSED": Text(
            ja="試した {count} 通りの書き方はいずれも中継されない：{address}", en="none of {count} ways of writing was relayed: {address}"
        ),
        "TRICKS_ACCEPTED": Text(
            ja=(
                "他組織宛てと解釈され得る宛先を受け入れ、同じドメイン名の存在しない宛先は拒否した（{trials}）。メールは送っておらず、"
                "配送されることまでは確かめていない：{address}"
            ),
            en=(
                "it accepted addresses that lead elsewhere, and refused an unknown mailbox in the same place ({trials}); no message was "
                "sent, so delivery is not proven: {address}"
            ),
        ),
        "TRICKS_CATCH_ALL": Text(
            ja=(
                "自組織のあらゆる宛先を受け入れるため、{trials} が中継されるのか自組織の宛先とみなされるのかは、配送の検査によらなければ"
                "分からない：{address}"
            ),
            en=(
                "it accepts every mailbox of its own, so whether {trials} would be relayed or is taken for such a mailbox only the "
                "delivery test can tell: {address}"
            ),
        ),
        "TRICKS_YES_TO_ALL": _YES_TO_ALL,
    },
)
def relay_tricks(relay: SmtpRelay, greeting: SmtpGreeting, ledger: DeclaredSmtpService) -> Judgement:
    if (why := _insider(ledger)) is not None:
        return why

    def judge(at: RelayAt) -> Judgement:
        seen = at.seen
        if isinstance(seen, Unobserved):
            return seen
        if _says_yes_to_all(seen):
            return doubtful("TRICKS_YES_TO_ALL")
        trials = seen.of(Shape.ROUTE, Shape.TRICK)
        if accepted := [t for t in trials if t.accepted]:
            if telling := [t for t in accepted if _telling(seen, t)]:
                return failed("TRICKS_ACCEPTED", trials=_recipients(telling))
            if unclear := [t for t in accepted if t.name != ENCAPSULATED]:
                return doubtful("TRICKS_CATCH_ALL", trials=_recipients(unclear))
            trials = tuple(t for t in trials if t not in accepted)
        question = _open_question(seen, trials, _offers_login(greeting, at.address))
        return question or passed("TRICKS_REFUSED", count=len({t.name for t in trials}))

    return each_address(((at.address, at) for at in relay.addresses), judge, left_out=relay.left_out, worst_first=("TRICKS_ACCEPTED",))


@check(
    "mail.relay.families",
    severity=Severity.HIGH,
    title=Text(
        ja="中継の制限がどのアドレス（IPv4・IPv6）でも同じである", en="Relaying is limited alike at every address, over IPv4 and IPv6"
    ),
    why=Text(
        ja="IPv4 だけを制限し、IPv6 や別のアドレスからの中継を許している設定誤りは見落とされやすい。",
        en="Limits that cover IPv4 and forget IPv6, or one of several addresses, are easily overlooked.",
    ),
    remedy=Text(
        ja=(
            "中継を認めるネットワークを IPv6 でも明示し（Postfix「mynetworks = 192.0.2.0/24 [2001:db8::]/64」）、全アドレスに同じ制限を"
            "適用する。"
        ),
        en=(
            'State the networks that may relay for IPv6 too (Postfix "mynetworks = 192.0.2.0/24 [2001:db8::]/64") and apply the limits '
            "everywhere."
        ),
    ),
    says={
        "FAMILIES_SAME": Text(ja="{count} 件のアドレスで扱いが同じである", en="{count} addresses treat recipients elsewhere alike"),
        "FAMILIES_DIFFER": Text(
            ja="他組織宛ての宛先を {accepting} では受け入れ、{refusing} では拒否した",
            en="recipients elsewhere are accepted at {accepting} and refused at {refusing}",
        ),
        "FAMILIES_ONE": Text(ja="アドレスは一つである", en="there is one address only"),
    },
)
def relay_families(relay: SmtpRelay, greeting: SmtpGreeting, ledger: DeclaredSmtpService) -> Judgement:
    if (why := _insider(ledger)) is not None:
        return why
    if len(relay.addresses) < 2 and not relay.left_out:
        return not_applicable("FAMILIES_ONE")
    accepting, refusing, missing = [], [], []
    for at in relay.addresses:
        if isinstance(at.seen, Unobserved):
            missing.append(at.seen)
            continue
        trials = at.seen.of(Shape.FOREIGN)
        if any(t.accepted for t in trials):
            accepting.append(at.address)
        elif (question := _open_question(at.seen, trials, _offers_login(greeting, at.address))) is not None:
            missing.append(question)
        else:
            refusing.append(at.address)
    if accepting and refusing:
        return failed("FAMILIES_DIFFER", accepting=listed(accepting), refusing=listed(refusing))
    if missing:
        return missing[0]
    if relay.left_out:
        return cannot_tell(
            Reason.BUDGET_SPENT,
            "ほかのアドレス {count} 件を見ていない",
            "{count} further addresses were not looked at",
            count=relay.left_out,
        )
    return passed("FAMILIES_SAME", count=len(relay.addresses))


@check(
    "mail.relay.delivery",
    severity=Severity.CRITICAL,
    title=Text(ja="印を付けたメールが第三者中継で配送されない", en="A marked message is not passed on by the server"),
    why=Text(
        ja="宛先を受け入れただけでは中継の証拠にならない。組織自身の確認用の宛先に 1 通を送り、実際に届くかどうかで確かめる。",
        en=(
            "That a recipient was accepted proves no relaying. One message to a mailbox that the organisation keeps for it shows whether "
            "mail is really passed on."
        ),
    ),
    remedy=_NEVER_OPEN,
    says={
        "DELIVERY_ARRIVED": Text(
            ja="印を付けたメールが {source} から確認用の宛先に届いた（{seconds} 秒後、{trial} の形式）：{address}",
            en='the marked message came to the canary mailbox from {source} (after {seconds} s, form "{trial}"): {address}',
        ),
        "DELIVERY_REFUSED": Text(
            ja="確認用の宛先を受け入れなかった（{text}）：{address}", en="the canary mailbox was refused ({text}): {address}"
        ),
        "DELIVERY_NOT_ASKED": Text(
            ja="台帳に確認用の宛先（smtp_tests の canary）がなく、検査を行っていない",
            en="the inventory names no canary mailbox (canary of smtp_tests), so the test was not made",
        ),
    },
)
def relay_delivery(names: SmtpTestNames, seen: RelayDelivery | Unobserved, ledger: DeclaredSmtpService) -> Judgement:
    if not names.canary:
        return not_applicable("DELIVERY_NOT_ASKED")
    if isinstance(seen, Unobserved):
        return seen
    if (why := _insider(ledger)) is not None:
        return why

    def judge(at: DeliveryAt) -> Judgement:
        if isinstance(at.ended, Unobserved):
            return at.ended
        match at.ended:
            case Delivery.ARRIVED:
                return failed("DELIVERY_ARRIVED", source=at.came_from, seconds=at.seconds, trial=at.trial)
            case Delivery.REFUSED:
                return passed("DELIVERY_REFUSED", text=cut(at.text))
            case Delivery.NOT_SEEN:
                return cannot_tell(
                    Reason.TIMEOUT,
                    "メールは受け取られたが、{seconds} 秒以内に確認用の宛先に届かなかった（{text}）",
                    "the server took the message, but it did not come to the canary mailbox within {seconds} s ({text})",
                    seconds=at.seconds,
                    text=cut(at.text),
                )

    return each_address(((at.address, at) for at in seen.addresses), judge)
