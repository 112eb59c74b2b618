"""Checks of a domain's public records: nothing internal among them, nothing that points to nowhere, CAA."""

from __future__ import annotations

from typing import Final

from checks.common import first_missing, listed
from checks.dns.common import NAME_ABSENT
from scanner.facts.dns import CaaPolicy, Delegation, InternalNames, PublicRecords, RecordTarget, TargetState, Visibility
from scanner.facts.ledger import DeclaredDomain
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.addresses import Reach, published

CRITICAL: Final = 0x80  # RFC 8659 section 4.1
KNOWN_PROPERTIES: Final = frozenset({"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"})


def _private(address: str) -> str:
    """Name the source of a block that has a meaning inside a network only, or nothing."""
    block = published(address)
    return block.source if block is not None and block.reach is Reach.LOCAL else ""


@check(
    "dns.records.private-addresses",
    severity=Severity.MEDIUM,
    title=Text(ja="公開された名前がプライベートアドレスを指さない", en="No public name points to a private address"),
    why=Text(
        ja="内部のアドレスを公開すると、組織内ネットワークの構成が漏れ、利用者のネットワーク内の別の機器へ接続させることにもなる。",
        en="Internal addresses in public records show how the network is built, and lead users to some machine of their own network.",
    ),
    remedy=Text(
        ja="該当の A/AAAA レコードを公開ゾーンから削除し、内部向けのゾーン（BIND の view、Unbound の local-data 等）へ移す。",
        en="Delete these A and AAAA records from the public zone; keep them in a zone for inside use (a BIND view, Unbound local-data).",
    ),
    says={
        **NAME_ABSENT,
        "PRIVATE_NONE": Text(
            ja="調べた {count} 件のアドレスに、プライベートアドレス等はない", en="none of the {count} addresses looked at is private"
        ),
        "PRIVATE_FOUND": Text(ja="プライベートアドレス等を指す名前：{records}", en="names that point to private addresses: {records}"),
    },
)
def records_private_addresses(records: PublicRecords) -> Judgement:
    if not records.exists:
        return not_applicable("NAME_ABSENT")
    found = [(a, source) for a in records.addresses if (source := _private(a.address))]
    if found:
        return failed("PRIVATE_FOUND", records=listed(f"{a.name} → {a.address} ({source})" for a, source in found))
    missing = next((g.why for g in records.gaps if g.type in {"A", "AAAA", "MX"}), None)
    return missing or passed("PRIVATE_NONE", count=len(records.addresses))


@check(
    "dns.records.internal-names",
    severity=Severity.HIGH,
    title=Text(ja="内部向けの名前が外部から引けない", en="Names for inside use cannot be looked up from outside"),
    why=Text(
        ja="内部向けの名前が外部から引けると、サーバの存在と役割が攻撃者に知られる。",
        en="Internal names that resolve outside tell an attacker which servers there are and what they do.",
    ),
    remedy=Text(
        ja=(
            "内部向けの名前を公開ゾーンから外し、内部専用のサーバ又は view（BIND「view inside {{ match-clients {{ 10.0.0.0/8; }}; … }};」）"
            "で提供する。"
        ),
        en=(
            'Take these names out of the public zone and serve them on inside servers or in a view (BIND "view inside '
            '{{ match-clients {{ 10.0.0.0/8; }}; }};").'
        ),
    ),
    says={
        "INTERNAL_HIDDEN": Text(ja="{count} 個の内部向けの名前は外部から見えない", en="none of the {count} internal names shows outside"),
        "INTERNAL_SHOWN": Text(ja="外部から見える内部向けの名前：{names}", en="internal names that show outside: {names}"),
        "INTERNAL_UNDECLARED": Text(ja="台帳に内部向けの名前がない", en="the ledger declares no names for inside use"),
    },
)
def records_internal_names(seen: InternalNames, ledger: DeclaredDomain) -> Judgement:
    if not seen.names:
        return not_applicable("INTERNAL_UNDECLARED")
    if ledger.vantage_outside is None:
        ja = "観測点 {zone} が組織の外にあるかどうかが台帳にない"
        en = "the ledger does not say whether the zone {zone} stands outside the organisation"
        return cannot_tell(Reason.NO_VANTAGE, ja, en, zone=seen.vantage)
    if not ledger.vantage_outside:
        ja = "観測点 {zone} は組織の内にあり、これらの名前が見えてよい。組織の外から点検する"
        en = "the zone {zone} stands inside, where these names may show; scan from outside"
        return cannot_tell(Reason.NO_VANTAGE, ja, en, zone=seen.vantage)
    shown = [n for n in seen.names if n.visible in {Visibility.RECORDS, Visibility.NAME}]
    if shown:
        return failed("INTERNAL_SHOWN", names=listed(f"{n.name} ← {n.where}" for n in shown))
    if (missing := first_missing(n.visible for n in seen.names)) is not None:
        return missing
    if seen.left_out:
        ja, en = "ほかの内部向けの名前 {count} 件を引いていない", "{count} further internal names were not looked up"
        return cannot_tell(Reason.TOO_LARGE, ja, en, count=seen.left_out)
    return passed("INTERNAL_HIDDEN", count=len(seen.names))


@check(
    "dns.records.dangling",
    severity=Severity.HIGH,
    title=Text(ja="レコードの指す先（CNAME・MX・NS）がすべて存在する", en="Everything that CNAME, MX and NS records point to exists"),
    why=Text(
        ja=(
            "使い終えたサービスや失効したドメインを指すレコードが残ると、第三者がその名前を取得して、"
            "なりすましサイトやメールの受信に使える。"
        ),
        en="A record left pointing to a retired service or a lapsed domain lets somebody else take that name and pose as the organisation.",
    ),
    remedy=Text(
        ja="該当のレコードを削除する。サービスを解約するときは、先に DNS レコードを消してから解約する。",
        en="Delete the record. When a service is given up, remove its DNS records first and end the contract afterwards.",
    ),
    says={
        **NAME_ABSENT,
        "TARGETS_EXIST": Text(ja="調べた {count} 件の指す先はすべて存在する", en="all {count} targets looked at exist"),
        "TARGETS_NONE": Text(ja="他の名前を指すレコードがない", en="no record points to another name"),
        "TARGETS_FREE": Text(
            ja="登録されていない、誰でも取得できるドメインを指すレコード：{records}",
            en="records that point into a domain that nobody holds and anybody can register: {records}",
        ),
        "TARGETS_TAKEOVER": Text(
            ja="ホスティングサービス上の、今は存在しない名前を指すレコード（乗っ取られ得る）：{records}",
            en="records that point to a name at a hosting service that is gone and can be taken over: {records}",
        ),
        "TARGETS_MISSING": Text(
            ja="存在しない名前を指すレコード：{records}", en="records that point to names that do not exist: {records}"
        ),
        "TARGETS_EMPTY": Text(
            ja="アドレスのない名前を指す MX・NS：{records}", en="MX or NS records that point to names without address: {records}"
        ),
    },
)
def records_dangling(records: PublicRecords) -> Judgement:
    if not records.exists:
        return not_applicable("NAME_ABSENT")
    gone = [t for t in records.targets if t.state in {TargetState.NXDOMAIN, TargetState.FREE}]
    # A hosting service gives a name below its suffix to its customers only.
    free = [t for t in gone if t.state is TargetState.FREE and not t.service]
    empty = [t for t in records.targets if t.state is TargetState.EMPTY and t.type != "CNAME"]
    if free:
        return failed("TARGETS_FREE", records=listed(map(_record, free)))
    if hosted := [t for t in gone if t.service]:
        return failed("TARGETS_TAKEOVER", records=listed(f"{_record(t)} [{t.service}]" for t in hosted))
    if gone:
        return failed("TARGETS_MISSING", records=listed(map(_record, gone)))
    if empty:
        return failed("TARGETS_EMPTY", records=listed(map(_record, empty)))
    missing = first_missing(t.state for t in records.targets) or first_missing(g.why for g in records.gaps)
    if missing is not None:
        return missing
    return passed("TARGETS_EXIST", count=len(records.targets)) if records.targets else not_applicable("TARGETS_NONE")


def _record(target: RecordTarget) -> str:
    return f"{target.owner} {target.type} {target.target}"


@check(
    "dns.records.apex-alias",
    severity=Severity.HIGH,
    title=Text(ja="ゾーンの頂点（ドメイン名そのもの）が別名（CNAME）でない", en="The zone's own name is no alias (CNAME)"),
    why=Text(
        ja=(
            "CNAME のある名前にほかのレコードは置けない（RFC 1034 3.6.2）。ドメイン名そのものが CNAME だと、その MX や SPF は無視され、"
            "メールが届かない、なりすまされる、名前解決が不安定になる等の障害が起こる。"
        ),
        en=(
            "A name that is an alias can have no other records (RFC 1034 section 3.6.2). Where the zone's own name is one, its MX and SPF "
            "records are passed over: mail is lost or forged, and resolution becomes flaky."
        ),
    ),
    remedy=Text(
        ja=(
            "頂点の CNAME を削除し、A/AAAA レコードを置く（例「example.lg.jp. IN A 203.0.113.80」）。アドレスの変わる配信サービスには、"
            "DNS 事業者が A/AAAA として応答する機能（ALIAS、CNAME の平坦化等）を使う。"
        ),
        en=(
            'Replace the CNAME by address records ("example.lg.jp. IN A 203.0.113.80"). For a service whose addresses change use what the '
            "DNS provider offers to answer with addresses (ALIAS, CNAME flattening)."
        ),
    ),
    says={
        **NAME_ABSENT,
        "APEX_PLAIN": Text(ja="{name} は CNAME でない", en="{name} is no CNAME"),
        "APEX_ALIAS": Text(
            ja="ゾーンの頂点 {name} が {target} への CNAME である", en="the zone's own name, {name}, is a CNAME for {target}"
        ),
        "APEX_ABOVE": Text(ja="{zone} のゾーンの中の名前で、ゾーンの頂点でない", en="a name within the zone {zone}, not its apex"),
    },
)
def records_apex_alias(tree: Delegation, records: PublicRecords) -> Judgement:
    if not records.exists:
        return not_applicable("NAME_ABSENT")
    if tree.zone != tree.domain:
        return not_applicable("APEX_ABOVE", zone=tree.zone)
    if alias := next((t for t in records.targets if t.type == "CNAME" and t.owner == tree.zone), None):
        return failed("APEX_ALIAS", name=alias.owner, target=alias.target)
    gaps = [g.why for g in records.gaps if g.name == tree.zone and g.type in {"A", "AAAA"}]
    # An alias shows in the answer for either family.
    return gaps[0] if len(gaps) > 1 else passed("APEX_PLAIN", name=tree.zone)


@check(
    "dns.records.caa",
    severity=Severity.LOW,
    title=Text(ja="証明書を発行できる認証局を CAA レコードで限っている", en="CAA records limit which authorities may issue certificates"),
    why=Text(
        ja="CAA（RFC 8659）があれば、契約していない認証局はこのドメインの証明書を発行できず、不正な証明書の発行を防げる。",
        en="With CAA (RFC 8659) authorities that are not named must not issue for the domain, which hinders fraudulent certificates.",
    ),
    remedy=Text(
        ja=(
            '使う認証局を「example.lg.jp. IN CAA 0 issue "ca.example.net"」のように公開する。証明書を使わないなら「CAA 0 issue ";"」'
            "とする。"
        ),
        en=(
            'Publish the authority in use: example.lg.jp. IN CAA 0 issue "ca.example.net"; where no certificate is used, '
            'example.lg.jp. IN CAA 0 issue ";".'
        ),
    ),
    says={
        **NAME_ABSENT,
        "CAA_SET": Text(ja="{found_at} の CAA が発行を限る：{issuers}", en="the CAA of {found_at} limits issuance to {issuers}"),
        "CAA_FORBIDS": Text(ja="{found_at} の CAA がすべての発行を禁じる", en="the CAA of {found_at} forbids all issuance"),
        "CAA_OPEN": Text(
            ja="{found_at} に CAA はあるが issue がなく、発行を限っていない",
            en="there is a CAA at {found_at}, but without issue it limits nothing",
        ),
        "CAA_CRITICAL": Text(
            ja="{found_at} の CAA に、認証局が対応していない必須（critical）の項目（{tags}）があり、どの認証局も発行できない",
            en="the CAA of {found_at} has a critical property that authorities do not know ({tags}), so none may issue",
        ),
        "CAA_NONE": Text(ja="CAA レコードがない", en="there is no CAA record"),
    },
)
def records_caa(policy: CaaPolicy) -> Judgement:
    if not policy.exists:
        return not_applicable("NAME_ABSENT")
    if not policy.found_at:
        return failed("CAA_NONE")
    if unknown := [r.tag for r in policy.records if r.flags & CRITICAL and r.tag.lower() not in KNOWN_PROPERTIES]:
        return failed("CAA_CRITICAL", found_at=policy.found_at, tags=listed(unknown))
    issue = [r.value.split(";")[0].strip() for r in policy.records if r.tag.lower() == "issue"]
    if not issue:
        return failed("CAA_OPEN", found_at=policy.found_at)
    if issuers := sorted(i for i in issue if i):
        return passed("CAA_SET", found_at=policy.found_at, issuers=listed(issuers))
    return passed("CAA_FORBIDS", found_at=policy.found_at)
