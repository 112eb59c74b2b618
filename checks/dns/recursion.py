"""Checks of who a DNS server resolves names for: not for outsiders, and still for its own clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from checks.common import first_missing, listed
from scanner.facts.dns_server import Recursion, Trial
from scanner.facts.ledger import DeclaredDnsService, Vantage
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

DNS_RECURSION_MOST_FACTOR = Value(
    "dns.recursion.most-factor",
    default=10.0,
    text=Text(
        ja="外部への応答が問合せの何倍まで大きくてよいか", en="how many times larger than the question an answer to outsiders may be"
    ),
    least=1,
)


QUIET: Final = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.RESET, Reason.UNREACHABLE})
"""Endings that a server which answers something else may well have meant as a refusal. A spent budget or the scope is none of them."""
EVERYBODY: Final = frozenset({"0.0.0.0/0", "::/0"})
_ACL = Text(
    ja=(
        "再帰問合せを利用者のネットワークに限る（BIND「allow-recursion {{ 192.0.2.0/24; }}; allow-query-cache {{ 192.0.2.0/24; }};」、"
        "Unbound「access-control: 192.0.2.0/24 allow」）。権威サーバでは「recursion no;」とする。"
    ),
    en=(
        'Limit recursion to the networks of the clients (BIND "allow-recursion {{ 192.0.2.0/24; }}; allow-query-cache '
        '{{ 192.0.2.0/24; }};", Unbound "access-control: 192.0.2.0/24 allow"); on authoritative servers set "recursion no;".'
    ),
)
_SILENT = Text(
    ja="外部からの問合せには応答しない（サーバ自身は他の問合せに応答している）",
    en="it does not answer outsiders, though it answers other questions",
)
_PUBLIC = Text(ja="台帳で、誰にでも名前解決を提供するサーバとされている", en="the ledger declares it a resolver for everybody")


NOT_A_RESOLVER: Final = Text(
    ja="台帳にキャッシュサーバとしての記載がなく、再帰問合せに応じることも確認されていない",
    en="the ledger does not declare it a resolver, and it was not seen to resolve",
)


def _not_a_resolver(seen: Recursion | Unobserved, ledger: DeclaredDnsService, of: str) -> bool:
    """Tell whether a clause on resolvers (``of`` is "resolvers") passes the server by: nobody declared it one, nor does it act as one.

    A third party's name server, which may not be tried, is none.
    """
    if of != "resolvers" or ledger.resolver_for:
        return False
    if isinstance(seen, Unobserved):
        return seen.reason is Reason.OUT_OF_SCOPE
    return seen.alive and not any(t.resolved for t in _trials((seen.udp, seen.tcp)))


def _for_everybody(ledger: DeclaredDnsService) -> bool:
    return bool(EVERYBODY & set(ledger.resolver_for or ()))


def _no_outsider(ledger: DeclaredDnsService) -> Unobserved | None:
    """Say why this vantage point cannot tell how outsiders are treated. Everybody is an outsider to a server that resolves for nobody."""
    if ledger.vantage is Vantage.OUTSIDER or ledger.resolver_for == ():
        return None
    if ledger.vantage is Vantage.CLIENT:
        ja = "この観測点はサーバの利用者に含まれる。利用者でない観測点から点検する"
        return cannot_tell(Reason.NO_VANTAGE, ja, "this vantage zone is one of the server's clients; scan from outside")
    ja = "この観測点がサーバの利用者に含まれるかどうかが台帳にない"
    return cannot_tell(Reason.NO_VANTAGE, ja, "the ledger does not say whether this vantage zone is one of the server's clients")


def _trials(parts: Iterable[Trial | Unobserved]) -> list[Trial]:
    return [p for p in parts if isinstance(p, Trial)]


def _gap(seen: Recursion, parts: Iterable[Trial | Unobserved]) -> Unobserved | None:
    """Give the part whose absence leaves the question open: silence is none where the server answers something else."""
    missing = [p for p in parts if isinstance(p, Unobserved)]
    return next((p for p in missing if not (seen.alive and p.reason in QUIET)), None)


@check(
    "dns.recursion.closed",
    severity=Severity.HIGH,
    title=Text(ja="外部からの再帰問合せに応じない", en="Recursive questions from outsiders are not answered"),
    why=Text(
        ja="誰にでも再帰問合せに応じるサーバ（オープンリゾルバ）は、DDoS 攻撃の踏み台とキャッシュ汚染の標的になる（RFC 5358）。",
        en="A server that resolves for everybody is used to flood others and is open to cache poisoning (RFC 5358).",
    ),
    remedy=_ACL,
    says={
        "RECURSION_OPEN": Text(
            ja="外部から {name} の名前解決に応じた（{transports}）", en="it resolved {name} for an outsider (over {transports})"
        ),
        "RECURSION_REFUSED": Text(ja="再帰問合せを拒否した（{rcodes}）", en="it refused to recurse ({rcodes})"),
        "RECURSION_REFERRAL": Text(
            ja="名前解決をせず、委任先の案内だけを返した", en="it resolved nothing and only referred to other servers"
        ),
        "RECURSION_FLAG_ONLY": Text(
            ja="再帰可能（RA）の表示はあるが、名前解決には応じなかった（{rcodes}）", en="it sets the RA bit but resolved nothing ({rcodes})"
        ),
        "RECURSION_CACHE": Text(
            ja="再帰問合せには応じず、キャッシュにある内容だけを応答した", en="it did not recurse, but gave an answer out of its cache"
        ),
        "RECURSION_OWN": Text(ja="自らの管理するゾーンとして応答した（AA）", en="it answered as for a zone of its own (AA)"),
        "RECURSION_SILENT": _SILENT,
        "RECURSION_FOR_ALL": _PUBLIC,
        "RECURSION_NOT_A_RESOLVER": NOT_A_RESOLVER,
    },
)
def recursion_closed(seen: Recursion | Unobserved, ledger: DeclaredDnsService, *, of: Literal["all", "resolvers"] = "all") -> Judgement:
    if _not_a_resolver(seen, ledger, of):
        return not_applicable("RECURSION_NOT_A_RESOLVER")
    if isinstance(seen, Unobserved):
        return seen
    if _for_everybody(ledger):
        return not_applicable("RECURSION_FOR_ALL")
    if (why := _no_outsider(ledger)) is not None:
        return why
    parts = (seen.udp, seen.tcp)
    trials = _trials(parts)
    if opened := [t for t in trials if t.resolved]:
        return failed("RECURSION_OPEN", name=opened[0].name, transports=listed(t.transport for t in opened))
    if any(t.ra and t.rcode == "SERVFAIL" for t in trials):
        ja = "{address} は再帰問合せに応じるが、試験用の名前を解決できなかった。あらためて点検する"
        en = "{address} offers recursion but failed to resolve the test name: scan again"
        return cannot_tell(Reason.SERVER_FAILURE, ja, en, address=seen.address)
    if (missing := _gap(seen, parts)) is not None:
        return missing
    rcodes = listed(t.rcode for t in trials)
    if not trials:
        return passed("RECURSION_SILENT")
    if any(t.aa for t in trials):
        return _offered_beside(trials) or passed("RECURSION_OWN")
    if any(t.records for t in trials):
        return _not_from_cache(seen, next(t for t in trials if t.records)) or passed("RECURSION_CACHE")
    if any(t.ra for t in trials):
        return passed("RECURSION_FLAG_ONLY", rcodes=rcodes)
    if any(t.referral for t in trials):
        return passed("RECURSION_REFERRAL")
    return passed("RECURSION_REFUSED", rcodes=rcodes)


def _offered_beside(trials: Iterable[Trial]) -> Unobserved | None:
    """Its own zone hides what a server that offers recursion (RA) does with other names; some relay the AA bit of those they ask."""
    both = next((t for t in trials if t.aa and t.ra), None)
    if both is None:
        return None
    ja = (
        "再帰可能（RA）と表示しながら、{name} には自らのゾーンとして（AA）応答した。"
        "サーバの持たない名前を台帳の dns_tests の outside に記す"
    )
    en = "it offers recursion (RA) but answered {name} as a zone of its own (AA): enter a name it does not hold as outside under dns_tests"
    return cannot_tell(Reason.NO_VANTAGE, ja, en, name=both.name)


def _not_from_cache(seen: Recursion, trial: Trial) -> Unobserved | None:
    """An answer without RA comes out of the cache where the cache also answers who asks for no recursion; else nobody knows."""
    if isinstance(seen.cached, Trial) and seen.cached.records:
        return None
    ja = "再帰可能（RA）と表示せずに {name} に応答したが、キャッシュの内容か、名前解決の結果かを見分けられない"
    en = "it answered {name} without offering recursion (RA); whether out of its cache or by resolving cannot be told"
    return cannot_tell(Reason.NOT_DISCOVERABLE, ja, en, name=trial.name)


@check(
    "dns.recursion.forwarder",
    severity=Severity.HIGH,
    title=Text(ja="問合せを他のサーバへ中継する機器が外部に開いていない", en="No device relays questions of outsiders to another server"),
    why=Text(
        ja="問い合わせた先と別のアドレスから応答が返るのは、家庭用ルータ等が問合せを中継していることを示し、攻撃の踏み台になる。",
        en="An answer from another address than the one asked shows a router or other device that relays questions and can be abused.",
    ),
    remedy=Text(
        ja="機器の WAN 側で DNS 中継（DNS プロキシ）を止め、外部からの 53/udp・53/tcp を遮断する。",
        en="Switch off the DNS proxy on the outer side of the device and block 53/udp and 53/tcp from outside.",
    ),
    says={
        "FORWARDER_NONE": Text(ja="問い合わせたアドレス自身が応答した", en="the address that was asked answered itself"),
        "FORWARDER_SEEN": Text(ja="{address} への問合せに {source} が応答した", en="{source} answered the question put to {address}"),
        "FORWARDER_SILENT": _SILENT,
        "FORWARDER_NOT_A_RESOLVER": NOT_A_RESOLVER,
    },
)
def recursion_forwarder(seen: Recursion | Unobserved, ledger: DeclaredDnsService, *, of: Literal["all", "resolvers"] = "all") -> Judgement:
    if _not_a_resolver(seen, ledger, of):
        return not_applicable("FORWARDER_NOT_A_RESOLVER")
    if isinstance(seen, Unobserved):
        return seen
    if (why := _no_outsider(ledger)) is not None:
        return why
    over_udp = [t for t in _trials((seen.udp, seen.cached, seen.largest)) if t.source]
    if elsewhere := [t.source for t in over_udp if t.source != seen.address]:
        return failed("FORWARDER_SEEN", address=seen.address, source=elsewhere[0])
    if (missing := _gap(seen, (seen.udp,))) is not None:
        return missing
    return passed("FORWARDER_NONE") if over_udp else passed("FORWARDER_SILENT")


@check(
    "dns.recursion.amplification",
    severity=Severity.MEDIUM,
    title=Text(ja="外部からの問合せへの応答が増幅に使えない", en="Answers to outsiders do not amplify"),
    why=Text(
        ja="送信元を偽った小さな問合せに大きな応答を返すと、第三者への攻撃（DNS リフレクション攻撃）の踏み台にされる。",
        en="Large answers to small questions with forged sources flood third parties (DNS reflection).",
    ),
    remedy=_ACL,
    says={
        "AMPLIFY_LOW": Text(ja="応答は問合せの最大 {factor} 倍", en="answers are at most {factor} times the question"),
        "AMPLIFY_HIGH": Text(
            ja="{sent} オクテットの問合せに {received} オクテットを返した（{factor} 倍、上限 {limit} 倍）",
            en="{sent} octets asked, {received} answered ({factor} times, limit {limit})",
        ),
        "AMPLIFY_SILENT": _SILENT,
    },
)
def recursion_amplification(
    seen: Recursion, ledger: DeclaredDnsService, *, limit: Annotated[float, DNS_RECURSION_MOST_FACTOR] = DNS_RECURSION_MOST_FACTOR.default
) -> Judgement:
    if (why := _no_outsider(ledger)) is not None:
        return why
    parts = (seen.udp, seen.cached, seen.largest)
    trials = _trials(parts)
    worst = max(trials, key=lambda t: t.received / max(t.sent, 1), default=None)
    if worst is not None and worst.received / max(worst.sent, 1) > limit:
        factor = f"{worst.received / max(worst.sent, 1):.1f}"
        return failed("AMPLIFY_HIGH", sent=worst.sent, received=worst.received, factor=factor, limit=f"{limit:g}")
    if (missing := _gap(seen, parts)) is not None:
        return missing
    if worst is None:
        return passed("AMPLIFY_SILENT")
    return passed("AMPLIFY_LOW", factor=f"{worst.received / max(worst.sent, 1):.1f}")


@check(
    "dns.recursion.snooping",
    severity=Severity.LOW,
    title=Text(ja="キャッシュの内容を外部へ応答しない", en="The cache is not shown to outsiders"),
    why=Text(
        ja="キャッシュの内容を外部へ応答すると、利用者がどこへ接続しているかを推測される。",
        en="Answers out of the cache tell outsiders which names the clients look up.",
    ),
    remedy=_ACL,
    says={
        "SNOOP_OPEN": Text(
            ja="再帰を求めない問合せに、キャッシュから {records} 件を応答した（{name} {type}）",
            en="without recursion it gave {records} records out of its cache ({name} {type})",
        ),
        "SNOOP_NOTHING": Text(ja="キャッシュの内容を応答しなかった（{rcode}）", en="it gave nothing out of its cache ({rcode})"),
        "SNOOP_OWN": Text(ja="自らの管理するゾーンとして応答した（AA）", en="it answered as for a zone of its own (AA)"),
        "SNOOP_SILENT": _SILENT,
        "SNOOP_FOR_ALL": _PUBLIC,
        "SNOOP_NOT_A_RESOLVER": NOT_A_RESOLVER,
    },
)
def recursion_snooping(seen: Recursion | Unobserved, ledger: DeclaredDnsService, *, of: Literal["all", "resolvers"] = "all") -> Judgement:
    if _not_a_resolver(seen, ledger, of):
        return not_applicable("SNOOP_NOT_A_RESOLVER")
    if isinstance(seen, Unobserved):
        return seen
    if _for_everybody(ledger):
        return not_applicable("SNOOP_FOR_ALL")
    if (why := _no_outsider(ledger)) is not None:
        return why
    trial = seen.cached
    if isinstance(trial, Unobserved):
        return _gap(seen, (trial,)) or passed("SNOOP_SILENT")
    if trial.aa:
        return passed("SNOOP_OWN")
    if trial.rcode == "NOERROR" and trial.records:
        return failed("SNOOP_OPEN", records=trial.records, name=trial.name, type=trial.type)
    return passed("SNOOP_NOTHING", rcode=trial.rcode)


@check(
    "dns.recursion.inside",
    severity=Severity.HIGH,
    title=Text(ja="キャッシュサーバが組織内の利用者の問合せに応じる", en="The resolver answers its own clients"),
    why=Text(
        ja="キャッシュサーバが応じなければ、利用者は業務に必要な名前を引けず、組織の管理外のサーバを使うことにもなる。",
        en="Without their resolver the clients reach nothing, or turn to resolvers that nobody controls.",
    ),
    remedy=Text(
        ja=(
            "利用者のネットワークを許可し（BIND「allow-recursion」、Unbound「access-control: 192.0.2.0/24 allow」）、"
            "ルートサーバや転送先のサーバと通信できることを確かめる。"
        ),
        en=(
            'Allow the networks of the clients (BIND "allow-recursion", Unbound "access-control: 192.0.2.0/24 allow") and check the way to '
            "the root."
        ),
    ),
    says={
        "INSIDE_RESOLVED": Text(ja="{name} を名前解決した（{transports}）", en="it resolved {name} (over {transports})"),
        "INSIDE_REFUSED": Text(
            ja="利用者からの問合せに応じない（{transports}：{rcodes}）",
            en="it does not resolve for its clients (over {transports}: {rcodes})",
        ),
        "INSIDE_NOT_A_RESOLVER": Text(
            ja="台帳で、利用者のためのキャッシュサーバとされていない", en="the ledger does not declare it a resolver for anybody"
        ),
    },
)
def recursion_inside(seen: Recursion | Unobserved, ledger: DeclaredDnsService) -> Judgement:
    if not ledger.resolver_for:
        return not_applicable("INSIDE_NOT_A_RESOLVER")
    if ledger.vantage is not Vantage.CLIENT:
        ja = "利用者に応じるかどうかは、利用者の観測点からしか見えない"
        return cannot_tell(Reason.NO_VANTAGE, ja, "whether clients are served can be seen from a zone of its clients only")
    if isinstance(seen, Unobserved):
        return seen
    parts = (seen.udp, seen.tcp)
    trials = _trials(parts)
    if any(t.rcode == "SERVFAIL" for t in trials):
        ja, en = "{address} が試験用の名前を解決できなかった。あらためて点検する", "{address} could not resolve the test name: scan again"
        return cannot_tell(Reason.SERVER_FAILURE, ja, en, address=seen.address)
    if unresolved := [t for t in trials if not t.resolved and not t.aa]:
        transports, rcodes = listed(t.transport for t in unresolved), listed(t.rcode for t in unresolved)
        return failed("INSIDE_REFUSED", transports=transports, rcodes=rcodes)
    return first_missing(parts) or passed("INSIDE_RESOLVED", name=trials[0].name, transports=listed(t.transport for t in trials))
