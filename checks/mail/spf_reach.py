"""Checks of whom an SPF policy reaches: ranges, included records, the organisation's own senders, the names of mail hosts."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from checks.common import first_missing, listed
from checks.mail.common import ADDRESSES, MX_HOSTS, beyond_cap, cut, sends_mail, shown
from checks.mail.spf import NOT_PUBLISHED, hidden, unseen
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, Status, TextAnswer
from scanner.facts.mail_sender import SpfOfHosts, SpfPlace, SpfPolicy, SpfResult, SpfSenders, SpfState
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.spf import Kind, Qualifier, parse_record

MAIL_SPF_WIDEST_IPV4 = Value(
    "mail.spf.widest-ipv4-prefix",
    default=14,
    text=Text(
        ja="SPF で許可してよい最も広い IPv4 の範囲（プレフィックス長）", en="widest IPv4 range that SPF may authorise, as a prefix length"
    ),
    least=0,
    most=32,
)

MAIL_SPF_WIDEST_IPV6 = Value(
    "mail.spf.widest-ipv6-prefix",
    default=32,
    text=Text(
        ja="SPF で許可してよい最も広い IPv6 の範囲（プレフィックス長）", en="widest IPv6 range that SPF may authorise, as a prefix length"
    ),
    least=0,
    most=128,
)


@check(
    "mail.spf.ranges",
    severity=Severity.MEDIUM,
    title=Text(ja="SPF が許可するアドレスの範囲が広すぎない", en="SPF permits no over-wide ranges of addresses"),
    why=Text(
        ja="/8 のような範囲を許可すると、その中の無関係な利用者がすべて正規の送信元となる。",
        en="A range such as a /8 makes every stranger inside it a permitted sender.",
    ),
    remedy=Text(
        ja="実際の送信元だけを書く（例「ip4:203.0.113.24/29」）。IPv4 は /{widest_ipv4}、IPv6 は /{widest_ipv6} より広い範囲を許可しない。",
        en=(
            'Name the real senders only ("ip4:203.0.113.24/29"); permit nothing wider than /{widest_ipv4} of IPv4 or /{widest_ipv6} of '
            "IPv6."
        ),
    ),
    says={
        "SPF_RANGES_OK": Text(ja="許可する範囲はいずれも上限以内（{count} 件）", en="no permitted range is too wide ({count})"),
        "SPF_RANGES_WIDE": Text(
            ja="広すぎる範囲（IPv4 は /{widest_ipv4}、IPv6 は /{widest_ipv6} まで）：{ranges}",
            en="over-wide ranges (up to /{widest_ipv4} of IPv4 and /{widest_ipv6} of IPv6 are accepted): {ranges}",
        ),
        "SPF_RANGES_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_ranges(
    policy: SpfPolicy,
    *,
    widest_ipv4: Annotated[int, MAIL_SPF_WIDEST_IPV4] = MAIL_SPF_WIDEST_IPV4.default,
    widest_ipv6: Annotated[int, MAIL_SPF_WIDEST_IPV6] = MAIL_SPF_WIDEST_IPV6.default,
) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_RANGES_NO_RECORD")
    wide = []
    for one in policy.ranges:
        network = ip_network(one.network)
        if network.prefixlen < (widest_ipv4 if network.version == 4 else widest_ipv6):
            wide.append(f"{network} ({cut(one.term)}, {one.domain})")
    if wide:
        return failed("SPF_RANGES_WIDE", ranges=listed(wide), widest_ipv4=widest_ipv4, widest_ipv6=widest_ipv6)
    return unseen(policy) or hidden(policy) or passed("SPF_RANGES_OK", count=policy.ranges_total)


@check(
    "mail.spf.includes",
    severity=Severity.HIGH,
    title=Text(ja="SPF の include と redirect の先がすべて有効である", en="Every include and redirect of SPF leads to a record"),
    why=Text(
        ja=(
            "参照先にレコードがないと評価は permerror となる。参照先の名前が失効していれば、"
            "それを取得した第三者が送信元を自由に追加できる。"
        ),
        en="A reference without a record ends in permerror; whoever registers a name that lapsed can permit senders at will.",
    ),
    remedy=Text(
        ja=(
            "存在しない、又は SPF レコードのない参照先を削除し、送信サービスの現在の案内どおりの名前に直す（例"
            "「include:_spf.provider.example」）。"
        ),
        en=(
            "Remove references to names without an SPF record, or correct them to what the service documents today "
            '("include:_spf.provider.example").'
        ),
    ),
    says={
        "SPF_INCLUDES_OK": Text(ja="{count} 件の参照先すべてに SPF レコードがある", en="every reference leads to an SPF record ({count})"),
        "SPF_INCLUDES_NONE": Text(ja="include も redirect もない", en="there is neither include nor redirect"),
        "SPF_INCLUDES_DEAD": Text(ja="存在しない名前を参照している：{places}", en="references to names that do not exist: {places}"),
        "SPF_INCLUDES_EMPTY": Text(ja="参照先に SPF レコードがない：{places}", en="references without an SPF record: {places}"),
        "SPF_INCLUDES_SEVERAL": Text(ja="参照先に SPF レコードが複数ある：{places}", en="references with several SPF records: {places}"),
        "SPF_INCLUDES_LOOP": Text(ja="参照が循環している：{places}", en="references that go in a circle: {places}"),
        "SPF_INCLUDES_MALFORMED": Text(ja="参照先が名前として正しくない：{places}", en="references to what is no name: {places}"),
        "SPF_INCLUDES_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_includes(policy: SpfPolicy) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_INCLUDES_NO_RECORD")
    below = policy.places[1:]
    absent = [place for place in below if place.state is SpfState.ABSENT]
    for tag, found in (
        ("SPF_INCLUDES_DEAD", [place for place in absent if place.status is Status.NXDOMAIN]),
        ("SPF_INCLUDES_EMPTY", absent),
        ("SPF_INCLUDES_SEVERAL", [place for place in below if place.state is SpfState.SEVERAL]),
        ("SPF_INCLUDES_LOOP", [place for place in below if place.state is SpfState.LOOP]),
        ("SPF_INCLUDES_MALFORMED", [place for place in below if place.state is SpfState.MALFORMED]),
    ):
        if found:
            return failed(tag, places=_places(found))
    if missing := unseen(policy) or hidden(policy):
        return missing
    return passed("SPF_INCLUDES_OK", count=len(below)) if below else not_applicable("SPF_INCLUDES_NONE")


def _places(found: list[SpfPlace]) -> tuple[str, ...]:
    return listed(cut(place.via) for place in found)


@check(
    "mail.spf.senders",
    severity=Severity.HIGH,
    title=Text(ja="台帳にある送信元アドレスがすべて SPF に合格する", en="Every outbound address of the ledger passes SPF"),
    why=Text(
        ja="正規の送信元が SPF に含まれていないと、正当なメールが拒否されるか迷惑メールとして扱われる。",
        en="Mail from a genuine sender that SPF leaves out is refused or treated as junk.",
    ),
    remedy=Text(
        ja="漏れているアドレスを SPF レコードに加える（例「ip4:203.0.113.25」「ip6:2001:db8::25」）。使わない送信元は台帳から除く。",
        en=(
            'Add the missing addresses to the record ("ip4:203.0.113.25", "ip6:2001:db8::25"), or take senders no longer used out of the '
            "ledger."
        ),
    ),
    says={
        "SPF_SENDERS_PASS": Text(
            ja="台帳の送信元 {count} 件（範囲は両端のアドレスで評価）がすべて合格する",
            en="every declared address passes ({count}, both ends of ranges)",
        ),
        "SPF_SENDERS_LEFT_OUT": Text(ja="SPF に合格しない送信元：{senders}", en="outbound addresses that do not pass: {senders}"),
        "SPF_SENDERS_NO_MAIL": Text(ja="メールを送信しないドメイン", en="the domain sends no mail"),
        "SPF_SENDERS_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_senders(
    declared: DeclaredDomain, mx: MailExchangers | Unobserved, policy: SpfPolicy, senders: SpfSenders | Unobserved
) -> Judgement:
    if sends_mail(declared, mx, policy) is False:
        return not_applicable("SPF_SENDERS_NO_MAIL")
    if not policy.published:
        return not_applicable("SPF_SENDERS_NO_RECORD")
    if isinstance(senders, Unobserved) and senders.reason is Reason.NOT_DECLARED:
        ja, en = "このドメインから送信する機器のアドレス（outbound_addresses）がない", "outbound_addresses of the domain are not given"
        return cannot_tell(Reason.NOT_DECLARED, ja, en)
    if isinstance(senders, Unobserved):
        return senders
    wrong = [one for one in senders.results if one.result not in (SpfResult.PASS, SpfResult.TEMPERROR)]
    if wrong:
        return failed("SPF_SENDERS_LEFT_OUT", senders=listed(f"{one.address} ({one.result})" for one in wrong))
    if senders.unreadable:
        ja, en = "台帳の {entry} はアドレスでもネットワークでもない", "{entry} in the ledger is neither an address nor a network"
        return cannot_tell(Reason.NOT_DECLARED, ja, en, entry=shown(senders.unreadable[0]))
    missing = first_missing(one.why for one in senders.results)
    return missing or beyond_cap(senders.left_out, ADDRESSES) or passed("SPF_SENDERS_PASS", count=len(senders.results))


@check(
    "mail.spf.hosts",
    severity=Severity.LOW,
    title=Text(
        ja="自組織の MX ホスト名（HELO 名）にも SPF レコードがある",
        en="The organisation's own mail host names have SPF records too",
    ),
    why=Text(
        ja=(
            "SPF は HELO 名でも評価され、送信者が空のエラー通知等では HELO 名だけが手がかりとなる。"
            "ホスト名を差出人に使うなりすましも防げる。"
        ),
        en=(
            "SPF is evaluated for HELO names as well; for bounces they are all there is. A record also stops forgers from using host "
            "names as senders."
        ),
    ),
    remedy=Text(
        ja='送信も行うホストには「mx1.example.lg.jp. IN TXT "v=spf1 a -all"」、受信専用のホストには「v=spf1 -all」を公開する。',
        en='Publish mx1.example.lg.jp. IN TXT "v=spf1 a -all" for hosts that send too, "v=spf1 -all" for hosts that only receive.',
    ),
    says={
        "SPF_HOSTS_FOUND": Text(ja="SPF レコードを持つ MX ホスト：{hosts}", en="MX hosts with an SPF record: {hosts}"),
        "SPF_HOSTS_NONE": Text(ja="SPF レコードのない MX ホスト：{hosts}", en="MX hosts without an SPF record: {hosts}"),
        "SPF_HOSTS_BROKEN": Text(
            ja="SPF レコードが無効か、誰でも通す MX ホスト：{hosts}",
            en="MX hosts whose SPF record is invalid or lets anybody pass: {hosts}",
        ),
        "SPF_HOSTS_ABSENT": Text(
            ja="このドメインの下の MX ホスト名が DNS に存在しない",
            en="the MX host names below the domain do not exist",
        ),
        "SPF_HOSTS_FOREIGN": Text(ja="このドメインの下に MX ホストがない", en="no MX host stands below the domain"),
    },
)
def spf_hosts(hosts: SpfOfHosts) -> Judgement:
    if not hosts.hosts:
        return not_applicable("SPF_HOSTS_FOREIGN")
    # A host name that does not exist is for mail.mx.resolves.
    there = [one for one in hosts.hosts if isinstance(one.answer, Unobserved) or one.answer.status is not Status.NXDOMAIN]
    if not there:
        return not_applicable("SPF_HOSTS_ABSENT")
    answers = [(one.host, one.answer) for one in there if isinstance(one.answer, TextAnswer)]
    if none := [host for host, answer in answers if not answer.texts]:
        return failed("SPF_HOSTS_NONE", hosts=listed(none))
    if broken := [host for host, answer in answers if not _refuses_strangers(answer)]:
        return failed("SPF_HOSTS_BROKEN", hosts=listed(broken))
    missing = first_missing(one.answer for one in there) or beyond_cap(hosts.left_out, MX_HOSTS)
    return missing or passed("SPF_HOSTS_FOUND", hosts=listed(one.host for one in there))


def _refuses_strangers(answer: TextAnswer) -> bool:
    """One valid record whose own all is not + ; includes of a host name's record are not followed."""
    if len(answer.octets) != 1:
        return False
    record = parse_record(answer.octets[0])
    ending = record.directives[-1] if record.directives else None
    return record.is_valid and not (ending is not None and ending.kind is Kind.ALL and ending.qualifier is Qualifier.PASS)
