"""Checks of DNS server programs by their own configuration: recursion, transfers, limits, validation, upkeep."""

from __future__ import annotations

from collections.abc import Callable

from checks.common import listed
from checks.host.programs import ACCOUNT_SAYS, WHY_NOT_ROOT, each, in_use, own_account, switch
from scanner.facts.dns_configuration import DnsConfiguration, DnsProgram
from scanner.facts.readings import Audience
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.root_servers import ADDRESSES

_NONE = Text(ja="DNS サーバのプログラムが動いていない", en="no DNS server program is in use")
_NOT_CONCERNED = Text(ja="該当する機能を使う DNS サーバがない（{programs}）", en="no DNS server here has that function in use ({programs})")


def _each(dns: DnsConfiguration, judge: Callable[[DnsProgram], Judgement | None]) -> Judgement:
    if isinstance(dns.programs, Unobserved):
        return dns.programs
    used = [program for program in dns.programs if in_use(program) is not False]
    if not used:
        return not_applicable("NO_DNS_PROGRAM")
    return each(used, judge) or not_applicable("NOT_CONCERNED", programs=listed(p.name for p in used))


@check(
    "host.dns.recursion",
    severity=Severity.HIGH,
    title=Text(ja="DNS サーバの設定が再帰問合せの相手を限っている", en="The DNS server's configuration limits for whom it recurses"),
    why=Text(
        ja="誰にでも再帰するサーバは、他者への増幅攻撃に使われ、キャッシュを汚される機会も増える。",
        en="A server that recurses for anybody is used in amplification attacks and gives more chances to poison its cache.",
    ),
    remedy=Text(
        ja="BIND：権威サーバは recursion no、キャッシュサーバは allow-recursion に組織のネットワークだけを書く。Unbound：access-control。",
        en="BIND: recursion no on authoritative servers, own networks in allow-recursion on others. Unbound: access-control.",
    ),
    says={
        "RECURSION_OFF": Text(ja="{program} は再帰しない", en="{program} does not recurse"),
        "RECURSION_LIMITED": Text(ja="{program} は決めたネットワークだけに再帰する", en="{program} recurses for named networks only"),
        "RECURSION_OPEN": Text(ja="{program} は誰にでも再帰する（{source}）", en="{program} recurses for everybody ({source})"),
        "NO_DNS_PROGRAM": _NONE,
        "NOT_CONCERNED": _NOT_CONCERNED,
    },
)
def dns_recursion(dns: DnsConfiguration) -> Judgement:
    def one(program: DnsProgram) -> Judgement | None:
        if program.recursion is None or isinstance(program.recursion, Unobserved):
            return program.recursion
        if program.recursion is Audience.EVERYBODY:
            return failed("RECURSION_OPEN", program=program.name, source=program.source)
        return passed("RECURSION_OFF" if program.recursion is Audience.NOBODY else "RECURSION_LIMITED", program=program.name)

    return _each(dns, one)


@check(
    "host.dns.transfer",
    severity=Severity.MEDIUM,
    title=Text(ja="DNS サーバの設定がゾーン転送の相手を限っている", en="The DNS server's configuration limits zone transfers"),
    why=Text(
        ja="誰でもゾーンを写せると、組織の機器の名前とアドレスの一覧を渡すことになる。",
        en="Whoever can copy the zone has a list of the organisation's machines with their addresses.",
    ),
    remedy=Text(
        ja="BIND：allow-transfer に TSIG の鍵又は副サーバだけを書く（9.18 までの既定は any）。NSD：provide-xfr。Knot：acl。",
        en="BIND: a TSIG key or the secondaries alone in allow-transfer (up to 9.18 the default is any). NSD: provide-xfr. Knot: acl.",
    ),
    says={
        "TRANSFER_LIMITED": Text(
            ja="{program} は転送の相手を限っている（{count} ゾーン）", en="{program} limits transfers of {count} zones"
        ),
        "TRANSFER_OPEN": Text(ja="{program} は誰にでも転送する：{zones}", en="{program} lets everybody transfer {zones}"),
        "NO_DNS_PROGRAM": _NONE,
        "NOT_CONCERNED": _NOT_CONCERNED,
    },
)
def dns_transfer(dns: DnsConfiguration) -> Judgement:
    def one(program: DnsProgram) -> Judgement | None:
        if isinstance(program.zones, Unobserved):
            return program.zones
        if open_ := [f"{z.name} ({z.where})" if z.where else z.name for z in program.zones if z.transfers is Audience.EVERYBODY]:
            return failed("TRANSFER_OPEN", program=program.name, zones=listed(open_))
        unseen = next((z.transfers for z in program.zones if isinstance(z.transfers, Unobserved)), None)
        return unseen or (passed("TRANSFER_LIMITED", program=program.name, count=len(program.zones)) if program.zones else None)

    return _each(dns, one)


@check(
    "host.dns.rate-limit",
    severity=Severity.LOW,
    title=Text(ja="権威サーバが応答の頻度を制限している", en="An authoritative server limits the rate of its answers"),
    why=Text(
        ja="送信元を偽った問合せに応答し続けると、攻撃の踏み台になり、サーバ自身も止まる。",
        en="A server that keeps answering questions with forged senders takes part in attacks and may go down itself.",
    ),
    remedy=Text(
        ja="BIND：options の rate-limit に responses-per-second 10。NSD：rrl-ratelimit。Knot：mod-rrl。Unbound：ip-ratelimit。",
        en="BIND: responses-per-second 10 under rate-limit in options. NSD: rrl-ratelimit. Knot: mod-rrl. Unbound: ip-ratelimit.",
    ),
    says={
        "RATE_LIMITED": Text(ja="{program} は頻度を制限している", en="{program} does"),
        "RATE_UNLIMITED": Text(ja="{program} は頻度を制限していない（{source}）", en="{program} does not ({source})"),
        "NO_DNS_PROGRAM": _NONE,
        "NOT_CONCERNED": _NOT_CONCERNED,
    },
)
def dns_rate_limit(dns: DnsConfiguration) -> Judgement:
    def one(program: DnsProgram) -> Judgement | None:
        if not isinstance(program.zones, Unobserved) and not program.zones and program.recursion is not Audience.EVERYBODY:
            return None  # it answers nobody that it does not know
        bad = failed("RATE_UNLIMITED", program=program.name, source=program.source)
        return switch(program.rate_limit, passed("RATE_LIMITED", program=program.name), bad)

    return _each(dns, one)


@check(
    "host.dns.version-hidden",
    severity=Severity.LOW,
    title=Text(ja="DNS サーバが版を答えない設定である", en="The DNS server is set not to tell its version"),
    why=Text(ja="版が分かると、既知の欠陥を狙いやすい。", en="A known version makes known faults easy to aim at."),
    remedy=Text(
        ja='BIND：options に version "none";。Unbound・NSD：hide-version: yes。Knot：server の version に空の文字列。',
        en='BIND: version "none"; in options. Unbound, NSD: hide-version: yes. Knot: an empty version in server.',
    ),
    says={
        "VERSION_HIDDEN": Text(ja="{program} は版を答えない", en="{program} does not tell it"),
        "VERSION_TOLD": Text(ja="{program} は版を答える（{source}）", en="{program} tells it ({source})"),
        "NO_DNS_PROGRAM": _NONE,
    },
)
def dns_version_hidden(dns: DnsConfiguration) -> Judgement:
    return _each(
        dns,
        lambda p: switch(
            p.hides_version, passed("VERSION_HIDDEN", program=p.name), failed("VERSION_TOLD", program=p.name, source=p.source)
        ),
    )


@check(
    "host.dns.validation",
    severity=Severity.MEDIUM,
    title=Text(ja="キャッシュサーバの設定が DNSSEC の検証を行う", en="The resolver's configuration validates with DNSSEC"),
    why=Text(ja="検証しないサーバは、偽の応答を利用者に渡す。", en="A resolver that does not validate hands forged answers to its users."),
    remedy=Text(
        ja="BIND：dnssec-validation auto。Unbound：auto-trust-anchor-file と module-config の validator。",
        en="BIND: dnssec-validation auto. Unbound: auto-trust-anchor-file, and validator in module-config.",
    ),
    says={
        "VALIDATES": Text(ja="{program} は検証する", en="{program} validates"),
        "VALIDATES_NOT": Text(ja="{program} は検証しない（{source}）", en="{program} does not ({source})"),
        "NO_DNS_PROGRAM": _NONE,
        "NOT_CONCERNED": _NOT_CONCERNED,
    },
)
def dns_validation(dns: DnsConfiguration) -> Judgement:
    return _each(
        dns,
        lambda p: switch(p.validates, passed("VALIDATES", program=p.name), failed("VALIDATES_NOT", program=p.name, source=p.source)),
    )


@check(
    "host.dns.trust-anchor",
    severity=Severity.MEDIUM,
    title=Text(ja="DNSSEC のトラストアンカーが自動で更新される", en="DNSSEC trust anchors are kept up to date"),
    why=Text(
        ja="ルートの鍵が替わったとき、古いアンカーのままのサーバは名前解決が止まる。",
        en="When the root's key changes, a server with an old anchor stops resolving.",
    ),
    remedy=Text(
        ja="BIND：dnssec-validation auto（trust-anchors は initial-key）。Unbound：trust-anchor-file ではなく auto-trust-anchor-file。",
        en="BIND: dnssec-validation auto (initial-key in trust-anchors). Unbound: auto-trust-anchor-file instead of trust-anchor-file.",
    ),
    says={
        "ANCHOR_KEPT": Text(ja="{program} は自動で更新する（RFC 5011）", en="{program} keeps them itself (RFC 5011)"),
        "ANCHOR_FIXED": Text(ja="{program} のアンカーは固定である（{source}）", en="{program} has fixed ones ({source})"),
        "NO_DNS_PROGRAM": _NONE,
        "NOT_CONCERNED": _NOT_CONCERNED,
    },
)
def dns_trust_anchor(dns: DnsConfiguration) -> Judgement:
    return _each(
        dns,
        lambda p: switch(p.anchor_kept, passed("ANCHOR_KEPT", program=p.name), failed("ANCHOR_FIXED", program=p.name, source=p.source)),
    )


@check(
    "host.dns.root-hints",
    severity=Severity.LOW,
    title=Text(ja="ルートヒントが現在のルートサーバを指す", en="Root hints name the present root servers"),
    why=Text(
        ja="廃止されたアドレスへの問合せは失敗し、他人の手に渡ったアドレスは偽の応答を返し得る。",
        en="Questions to addresses that were given up fail, or reach whoever holds the address today.",
    ),
    remedy=Text(ja="IANA の named.root（root hints）を取り直して入れ替える。", en="Fetch IANA's root hints (named.root) anew."),
    says={
        "HINTS_CURRENT": Text(ja="{program} のルートヒントは現在のもの（{count} 件）", en="those of {program} are current ({count})"),
        "HINTS_BUILT_IN": Text(ja="{program} は内蔵のルートヒントを使う", en="{program} uses those built into it"),
        "HINTS_OLD": Text(
            ja="{program} のルートヒントに現在のものでないアドレスがある：{addresses}", en="{program} has old ones: {addresses}"
        ),
        "NO_DNS_PROGRAM": _NONE,
        "NOT_CONCERNED": _NOT_CONCERNED,
    },
)
def dns_root_hints(dns: DnsConfiguration) -> Judgement:
    def one(program: DnsProgram) -> Judgement | None:
        if program.recursion in {None, Audience.NOBODY}:
            return None
        if isinstance(program.hints, Unobserved):
            return program.hints
        if program.hints is None:
            return passed("HINTS_BUILT_IN", program=program.name)
        if old := [address for address in program.hints if address not in ADDRESSES]:
            return failed("HINTS_OLD", program=program.name, addresses=listed(old))
        if not program.hints:
            return cannot_tell(
                Reason.PROTOCOL_VIOLATION, ja="ルートヒントのファイルにアドレスがない", en="the file of root hints holds no address"
            )
        return passed("HINTS_CURRENT", program=program.name, count=len(program.hints))

    return _each(dns, one)


@check(
    "host.dns.account",
    severity=Severity.MEDIUM,
    title=Text(ja="DNS サーバを管理者以外のアカウントで動かす", en="The DNS server does not run as root"),
    why=WHY_NOT_ROOT,
    remedy=Text(
        ja="BIND：named -u bind。Unbound：username。NSD：username。Knot：user。",
        en="BIND: named -u bind. Unbound: username. NSD: username. Knot: user.",
    ),
    says={
        **ACCOUNT_SAYS,
        "NO_DNS_PROGRAM": _NONE,
    },
)
def dns_account(dns: DnsConfiguration) -> Judgement:
    return _each(dns, own_account)
