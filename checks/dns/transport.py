"""Checks of the way to a zone's servers: UDP and TCP, EDNS, sizes, IPv6."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.dns.common import NAME_ABSENT, serving, unlooked, unserved, who
from scanner.facts.dns import EdnsHandling, EdnsSeen, ServerView, SizeSeen, SoaAnswer, ZoneServers
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

DNS_AUTHORITY_MOST_FACTOR = Value(
    "dns.authority.most-factor",
    default=40.0,
    text=Text(
        ja="権威サーバの応答が問合せの何倍まで大きくてよいか", en="how many times larger than the question an authoritative answer may be"
    ),
    least=1,
)

DNS_UDP_MOST_OCTETS = Value(
    "dns.udp.most-octets",
    default=1232,
    text=Text(ja="DNS の UDP 応答の大きさの上限", en="largest DNS answer over UDP"),
    unit="octet",
    least=512,
    most=4096,
)


SHUT = frozenset({Reason.REFUSED, Reason.RESET})
"""What a host that is up says of a port where nothing listens."""
MUTE = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE})
"""Silence, or a firewall's word: proof only where the same address answers on the other transport."""


def _ends(views: tuple[ServerView, ...]) -> tuple[str, ...]:
    return listed(who(v.name, v.address) for v in views)


@check(
    "dns.transport.udp",
    severity=Severity.HIGH,
    title=Text(ja="すべての権威サーバが UDP で応答する", en="All name servers answer over UDP"),
    why=Text(
        ja="名前解決はまず UDP で行われ、応答しないサーバがあると解決が遅れ、あるいは失敗する。",
        en="Resolvers ask over UDP first; a server that does not answer delays resolution or makes it fail.",
    ),
    remedy=Text(
        ja=(
            "ファイアウォールで 53/udp の受信と応答を許可し、サーバが全アドレスで待ち受けるようにする（BIND「listen-on {{ any; }}; "
            "listen-on-v6 {{ any; }};」）。"
        ),
        en=(
            'Let 53/udp through the firewall in both directions and listen on all addresses (BIND "listen-on {{ any; }}; listen-on-v6 '
            '{{ any; }};").'
        ),
    ),
    says={
        **NAME_ABSENT,
        "UDP_ANSWERED": Text(ja="{count} 個のアドレスすべてが UDP で応答した", en="all {count} addresses answered over UDP"),
        "UDP_MUTE": Text(
            ja="TCP では応答するが UDP では応答しないサーバ：{servers}", en="servers that answer over TCP but not over UDP: {servers}"
        ),
    },
)
def transport_udp(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    mute = tuple(v for v in zone.views if isinstance(v.tcp, SoaAnswer) and isinstance(v.udp, Unobserved) and v.udp.reason in SHUT | MUTE)
    if mute:
        return failed("UDP_MUTE", servers=_ends(mute))
    if not zone.views:
        return unserved(zone)
    return unlooked(zone) or first_missing(v.udp for v in zone.views) or passed("UDP_ANSWERED", count=len(zone.views))


@check(
    "dns.transport.tcp",
    severity=Severity.HIGH,
    title=Text(ja="すべての権威サーバが TCP でも応答する", en="All name servers answer over TCP as well"),
    why=Text(
        ja=(
            "大きな応答（DNSSEC、長い TXT 等）や応答制限時の再問合せは TCP で行われ、TCP が使えないと名前解決に失敗する（RFC 7766、RFC "
            "9210）。"
        ),
        en="Large answers (DNSSEC, long TXT) and retries under rate limiting need TCP; without it resolution fails (RFC 7766, RFC 9210).",
    ),
    remedy=Text(
        ja=(
            "ファイアウォールと負荷分散装置で 53/tcp を許可し、サーバの TCP を有効にする（NSD「do-ip4: yes」「tcp-count: 100」、BIND"
            "「tcp-clients 150;」）。"
        ),
        en='Let 53/tcp through firewalls and load balancers and serve TCP (NSD "tcp-count: 100", BIND "tcp-clients 150;").',
    ),
    says={
        **NAME_ABSENT,
        "TCP_ANSWERED": Text(ja="{count} 個のアドレスすべてが TCP で応答した", en="all {count} addresses answered over TCP"),
        "TCP_SHUT": Text(
            ja="UDP では応答するが TCP では応答しないサーバ：{servers}", en="servers that answer over UDP but not over TCP: {servers}"
        ),
        "TCP_DIFFERS": Text(
            ja="UDP と TCP で異なる応答を返すサーバ：{servers}", en="servers whose answers over UDP and TCP differ: {servers}"
        ),
    },
)
def transport_tcp(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    # Silence of every server may be our own firewall: then only a server elsewhere that answers over TCP makes it theirs.
    proven = SHUT | MUTE if zone.tcp_elsewhere is not False and _tcp_gets_out(zone) else SHUT
    shut = tuple(v for v in zone.views if isinstance(v.udp, SoaAnswer) and isinstance(v.tcp, Unobserved) and v.tcp.reason in proven)
    if shut:
        return failed("TCP_SHUT", servers=_ends(shut))
    different = tuple(v for v in zone.views if _differs(v.udp, v.tcp))
    if different:
        return failed("TCP_DIFFERS", servers=_ends(different))
    if not zone.views:
        return unserved(zone)
    return unlooked(zone) or first_missing(v.tcp for v in zone.views) or passed("TCP_ANSWERED", count=len(zone.views))


def _differs(udp: SoaAnswer | Unobserved, tcp: SoaAnswer | Unobserved) -> bool:
    """A truncated answer over UDP only sends the asker to TCP; it differs from nothing."""
    return isinstance(udp, SoaAnswer) and isinstance(tcp, SoaAnswer) and not udp.truncated and udp.serves != tcp.serves


def _tcp_gets_out(zone: ZoneServers) -> bool:
    return zone.tcp_elsewhere is True or any(isinstance(v.tcp, SoaAnswer) for v in zone.views)


@check(
    "dns.transport.edns",
    severity=Severity.MEDIUM,
    title=Text(ja="すべての権威サーバが EDNS に対応している", en="All name servers support EDNS"),
    why=Text(
        ja=(
            "EDNS（RFC 6891）に対応しないサーバでは 512 オクテットを超える応答や DNSSEC が使えない。EDNS "
            "の付いた問合せに応答しないサーバは、名前解決の失敗を招く。"
        ),
        en=(
            "Without EDNS (RFC 6891) answers above 512 octets and DNSSEC are impossible; a server that drops such questions makes "
            "resolution fail."
        ),
    ),
    remedy=Text(
        ja="サーバを EDNS に対応したバージョンに更新し、EDNS の付いた問合せを捨てるファイアウォールの DNS 検査機能を止める。",
        en="Update the server to a release with EDNS, and switch off firewall inspection that drops questions with EDNS.",
    ),
    says={
        **NAME_ABSENT,
        "EDNS_SUPPORTED": Text(ja="{count} 個のアドレスすべてが EDNS で応答した", en="all {count} addresses answered with EDNS"),
        "EDNS_DROPPED": Text(ja="EDNS の付いた問合せに応答しないサーバ：{servers}", en="servers that drop questions with EDNS: {servers}"),
        "EDNS_REJECTED": Text(
            ja="EDNS の付いた問合せをエラーとするサーバ：{servers}", en="servers that answer EDNS with an error: {servers}"
        ),
        "EDNS_IGNORED": Text(ja="EDNS を無視するサーバ：{servers}", en="servers that ignore EDNS: {servers}"),
    },
)
def transport_edns(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    for handling, tag in (
        (EdnsHandling.DROPPED, "EDNS_DROPPED"),
        (EdnsHandling.REJECTED, "EDNS_REJECTED"),
        (EdnsHandling.IGNORED, "EDNS_IGNORED"),
    ):
        found = tuple(v for v in serving(zone) if isinstance(v.edns, EdnsSeen) and v.edns.handling is handling)
        if found:
            return failed(tag, servers=_ends(found))
    if not serving(zone):
        return unserved(zone)
    return unlooked(zone) or first_missing(v.edns for v in zone.views) or passed("EDNS_SUPPORTED", count=len(serving(zone)))


@check(
    "dns.transport.size",
    severity=Severity.LOW,
    title=Text(ja="UDP の応答が断片化しない大きさに抑えられている", en="Answers over UDP are kept to a size that is not fragmented"),
    why=Text(
        ja=(
            "断片化した UDP 応答は経路で捨てられやすく、キャッシュ汚染にも悪用される。1232 オクテットが広く推奨されている（DNS flag day "
            "2020）。"
        ),
        en="Fragmented answers are often dropped and help cache poisoning; 1232 octets is the common advice (DNS flag day 2020).",
    ),
    remedy=Text(
        ja=(
            "UDP の上限を {limit} オクテットにする（BIND「edns-udp-size {limit}; max-udp-size {limit};」、NSD「ipv4-edns-size: {limit}」"
            "「ipv6-edns-size: {limit}」、Knot「udp-max-payload: {limit}」、Unbound「edns-buffer-size: {limit}」）。"
        ),
        en=(
            'Cap UDP at {limit} octets (BIND "edns-udp-size {limit}; max-udp-size {limit};", NSD "ipv4-edns-size: {limit}", '
            '"ipv6-edns-size: {limit}", Knot "udp-max-payload: {limit}", Unbound "edns-buffer-size: {limit}").'
        ),
    ),
    says={
        **NAME_ABSENT,
        "SIZE_FITTING": Text(
            ja="上限 {limit} オクテット以内（最大の応答 {largest} オクテット）", en="within {limit} octets (largest answer {largest})"
        ),
        "SIZE_SENT": Text(ja="{limit} オクテットを超える UDP 応答：{servers}", en="answers over UDP larger than {limit} octets: {servers}"),
        "SIZE_ANNOUNCED": Text(
            ja="{limit} オクテットを超える上限を通知するサーバ：{servers}", en="servers that announce more than {limit} octets: {servers}"
        ),
    },
)
def transport_size(zone: ZoneServers, *, limit: Annotated[int, DNS_UDP_MOST_OCTETS] = DNS_UDP_MOST_OCTETS.default) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    sizes = [(c, s) for c in zone.contents for s in (c.keys, c.everything) if isinstance(s, SizeSeen)]
    if large := [f"{who(c.name, c.address)} {s.type} {s.received}" for c, s in sizes if s.received > limit]:
        return failed("SIZE_SENT", limit=limit, servers=listed(large))
    announced = [(v, v.edns.size) for v in serving(zone) if isinstance(v.edns, EdnsSeen) and v.edns.size is not None]
    if above := [f"{who(v.name, v.address)} {size}" for v, size in announced if size > limit]:
        return failed("SIZE_ANNOUNCED", limit=limit, servers=listed(above))
    if not serving(zone):
        return unserved(zone)
    missing = unlooked(zone) or first_missing(v.edns for v in zone.views) or first_missing(c.keys for c in zone.contents)
    return missing or passed("SIZE_FITTING", limit=limit, largest=max((s.received for _, s in sizes), default=0))


@check(
    "dns.transport.amplification",
    severity=Severity.LOW,
    title=Text(
        ja="権威サーバの応答が踏み台攻撃に使えるほど大きくならない", en="Answers of the name servers do not serve to amplify attacks"
    ),
    why=Text(
        ja="小さな問合せに大きな応答を返すサーバは、送信元を偽った問合せによる増幅攻撃（DNS リフレクション攻撃）の踏み台にされる。",
        en="A server that answers small questions with large answers is used to flood others by questions with forged sources.",
    ),
    remedy=Text(
        ja=(
            "ANY への応答を絞り、UDP 応答の大きさと頻度を制限する（BIND「minimal-any yes; minimal-responses yes; rate-limit {{ "
            "responses-per-second 10; }};」、NSD「refuse-any: yes」「rrl-ratelimit: 200」、Knot の mod-rrl）。"
        ),
        en=(
            'Answer ANY sparsely and limit size and rate (BIND "minimal-any yes; minimal-responses yes; rate-limit '
            '{{ responses-per-second 10; }};", NSD "refuse-any: yes", "rrl-ratelimit: 200", Knot mod-rrl).'
        ),
    ),
    says={
        **NAME_ABSENT,
        "AMPLIFICATION_LOW": Text(
            ja="応答は問合せの最大 {factor} 倍（上限 {limit} 倍）", en="answers are at most {factor} times the question (limit {limit})"
        ),
        "AMPLIFICATION_HIGH": Text(
            ja="応答が問合せの {limit} 倍を超える：{servers}", en="answers of more than {limit} times the question: {servers}"
        ),
    },
)
def transport_amplification(
    zone: ZoneServers, *, limit: Annotated[float, DNS_AUTHORITY_MOST_FACTOR] = DNS_AUTHORITY_MOST_FACTOR.default
) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    factors = [(c, s, s.received / max(s.sent, 1)) for c in zone.contents for s in (c.keys, c.everything) if isinstance(s, SizeSeen)]
    if high := [f"{who(c.name, c.address)} {s.type} ×{factor:.1f}" for c, s, factor in factors if factor > limit]:
        return failed("AMPLIFICATION_HIGH", limit=f"{limit:g}", servers=listed(high))
    if not zone.contents:
        return unserved(zone)
    missing = unlooked(zone) or first_missing(part for c in zone.contents for part in (c.keys, c.everything))
    return missing or passed("AMPLIFICATION_LOW", limit=f"{limit:g}", factor=f"{max(f for _, _, f in factors):.1f}")


@check(
    "dns.transport.ipv6",
    severity=Severity.LOW,
    title=Text(ja="IPv6 でもゾーンを引ける", en="The zone can be looked up over IPv6"),
    why=Text(
        ja="IPv6 だけのネットワークにある利用者は、IPv6 で応答する権威サーバがなければ名前を解決できない。",
        en="Users in networks with IPv6 only cannot resolve the name unless a name server answers over IPv6.",
    ),
    remedy=Text(
        ja=(
            "権威サーバに IPv6 アドレスを与え、「ns1.example.jp. IN AAAA 2001:db8::53」とグルーを登録し、53/udp・53/tcp を IPv6 "
            "でも許可する。"
        ),
        en='Give a name server an IPv6 address, publish "ns1.example.jp. IN AAAA 2001:db8::53" and its glue, and open port 53 over IPv6.',
    ),
    says={
        **NAME_ABSENT,
        "IPV6_SERVED": Text(ja="IPv6 で応答した権威サーバ：{servers}", en="name servers that answered over IPv6: {servers}"),
        "IPV6_NONE": Text(ja="IPv6 アドレスを持つ権威サーバがない", en="no name server has an IPv6 address"),
        "IPV6_NOT_SERVING": Text(ja="IPv6 ではゾーンに応答しない：{servers}", en="the zone is not served over IPv6: {servers}"),
    },
)
def transport_ipv6(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    over_v6 = tuple(v for v in zone.views if ":" in v.address)
    if served := tuple(v for v in over_v6 if v in serving(zone)):
        return passed("IPV6_SERVED", servers=_ends(served))
    if missing := unlooked(zone):
        return missing
    if not over_v6:
        return failed("IPV6_NONE")
    if not serving(zone):  # nobody serves it at all: that is no matter of IPv6
        return unserved(zone)
    return first_missing(v.answer for v in over_v6) or failed("IPV6_NOT_SERVING", servers=_ends(over_v6))
