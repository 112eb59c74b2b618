"""Checks of a zone's signatures: signed, chain, algorithms, digests, expiry, denial of existence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from checks.common import listed
from checks.dns.common import NAME_ABSENT
from scanner.facts.dns import Chain, ChainProblem, DenialKind, Dnssec, SignatureSeen, SignatureState, Validation, ZoneWalk
from scanner.model.algorithms import AlgorithmList, Standing
from scanner.model.check import Judgement, Reference, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, failed, not_applicable, passed
from scanner.wire.dnssec import ALGORITHMS, DIGESTS, PARTS, Level, Rule, algorithm_name, digest_name

DNS_DNSSEC_LEAST_EXPIRY_DAYS = Value(
    "dns.dnssec.least-expiry-days",
    default=3,
    text=Text(ja="DNSSEC の署名の期限までに残すべき日数", en="days that must be left before a DNSSEC signature expires"),
    unit="d",
    least=0,
    most=365,
)

DNS_DNSSEC_LEAST_RSA_BITS = Value(
    "dns.dnssec.least-rsa-bits",
    default=2048,
    text=Text(ja="DNSSEC の RSA 鍵の最小の長さ", en="least length of RSA keys for DNSSEC"),
    unit="bit",
    least=1024,
    most=4096,
)

DNS_DNSSEC_MOST_ITERATIONS = Value(
    "dns.dnssec.most-nsec3-iterations",
    default=0,
    text=Text(ja="NSEC3 の繰返しの上限", en="most NSEC3 iterations"),
    least=0,
    most=2500,
)


DAY: Final = 86_400
RSA: Final = frozenset({1, 5, 7, 8, 10})
_UNSIGNED = Text(ja="ゾーンは署名されていない", en="the zone is not signed")


@check(
    "dns.dnssec.signed",
    severity=Severity.MEDIUM,
    title=Text(
        ja="ゾーンが DNSSEC で署名され、上位ゾーンに DS レコードがある", en="The zone is signed with DNSSEC and its parent holds a DS"
    ),
    why=Text(
        ja="署名がなければ、偽の DNS 応答で利用者やメールを偽のサーバへ導かれても誰も気付けない。",
        en="Without signatures nobody notices forged answers that lead users and mail to false servers.",
    ),
    remedy=Text(
        ja=(
            "ゾーンに署名し（BIND「dnssec-policy default; inline-signing yes;」、Knot「dnssec-signing: on」）、できた DS "
            "レコードをレジストラ経由で上位ゾーンに登録する。"
        ),
        en=(
            'Sign the zone (BIND "dnssec-policy default; inline-signing yes;", Knot "dnssec-signing: on") and have the DS record entered '
            "in the parent zone by the registrar."
        ),
    ),
    says={
        **NAME_ABSENT,
        "DNSSEC_SIGNED": Text(ja="上位ゾーンに DS があり、ゾーンに DNSKEY がある", en="the parent holds a DS and the zone a DNSKEY"),
        "DNSSEC_UNSIGNED": Text(ja="DS も DNSKEY もない", en="there is neither DS nor DNSKEY"),
        "DNSSEC_ISLAND": Text(
            ja="DNSKEY はあるが上位ゾーンに DS がなく、未署名と同じに扱われる",
            en="there is a DNSKEY but no DS at the parent, which counts as unsigned",
        ),
        "DNSSEC_NO_KEYS": Text(
            ja="上位ゾーンに DS があるのにゾーンに DNSKEY がない", en="the parent holds a DS but the zone has no DNSKEY"
        ),
    },
)
def dnssec_signed(state: Dnssec) -> Judgement:
    if not state.exists:
        return not_applicable("NAME_ABSENT")
    if state.chain is Chain.UNSIGNED:
        return failed("DNSSEC_UNSIGNED")
    if state.chain is Chain.ISLAND:
        return failed("DNSSEC_ISLAND")
    if state.problem is ChainProblem.NO_DNSKEY:
        return failed("DNSSEC_NO_KEYS")
    return passed("DNSSEC_SIGNED")


_BROKEN: Final[Mapping[ChainProblem, str]] = {
    ChainProblem.NO_DNSKEY: "CHAIN_NO_KEYS",
    ChainProblem.NO_MATCHING_KEY: "CHAIN_NO_MATCH",
    ChainProblem.KEYS_NOT_SIGNED: "CHAIN_KEYS_UNSIGNED",
    ChainProblem.DATA_NOT_SIGNED: "CHAIN_DATA_UNSIGNED",
}


@check(
    "dns.dnssec.chain",
    severity=Severity.CRITICAL,
    title=Text(ja="DNSSEC の信頼の連鎖が切れていない", en="The DNSSEC chain of trust is whole"),
    why=Text(
        ja="連鎖が切れたゾーンは、署名を検証するキャッシュサーバの利用者からは存在しないのと同じで、ウェブもメールも使えない。",
        en="For everybody behind a validating resolver a broken chain makes the domain vanish, web and mail alike.",
    ),
    remedy=Text(
        ja=(
            "上位ゾーンの DS を今の鍵署名鍵（KSK）から作り直して登録し（「dnssec-dsfromkey -2 Kexample.lg.jp.+013+12345」）、署名をやり"
            "直す。鍵の交換は、新しい DS が行き渡ってから古い鍵を外す。"
        ),
        en=(
            'Make the DS from the present key signing key ("dnssec-dsfromkey -2 Kexample.lg.jp.+013+12345"), have it entered, and sign '
            "again. In a roll-over take the old key out only when the new DS has spread."
        ),
    ),
    says={
        **NAME_ABSENT,
        "CHAIN_VALID": Text(
            ja="DS から署名まで検証でき、点検に使ったキャッシュサーバも検証済みとした",
            en="verified from the DS down, and the resolver agrees",
        ),
        "CHAIN_NONE": _UNSIGNED,
        "CHAIN_NO_KEYS": Text(ja="上位ゾーンに DS があるのに DNSKEY がない", en="there is a DS but no DNSKEY"),
        "CHAIN_NO_MATCH": Text(
            ja="上位ゾーンの DS（鍵タグ {tags}）に合う DNSKEY がない", en="no DNSKEY fits the DS at the parent (key tag {tags})"
        ),
        "CHAIN_KEYS_UNSIGNED": Text(
            ja="DNSKEY の署名が、DS に合う鍵で検証できない：{signatures}",
            en="the signature over the DNSKEY set does not verify with the key of the DS: {signatures}",
        ),
        "CHAIN_DATA_UNSIGNED": Text(ja="有効な署名のないレコード：{signatures}", en="records without a valid signature: {signatures}"),
        "CHAIN_BOGUS": Text(
            ja="点検に使ったキャッシュサーバが検証に失敗した（SERVFAIL）", en="the resolver finds the zone bogus (SERVFAIL)"
        ),
        "CHAIN_NOT_ANCHORED": Text(
            ja=(
                "DS から下は検証できるが、点検に使ったキャッシュサーバは検証済みとしない（上位ゾーンの連鎖が切れているか、"
                "方式に対応していない）"
            ),
            en=(
                "it verifies from the DS down, but the resolver does not call it secure: the chain above is broken, or the method "
                "unsupported"
            ),
        ),
    },
)
def dnssec_chain(state: Dnssec) -> Judgement:
    if not state.exists:
        return not_applicable("NAME_ABSENT")
    if state.chain in {Chain.UNSIGNED, Chain.ISLAND}:
        return not_applicable("CHAIN_NONE")
    if state.chain is Chain.BROKEN:
        return failed(
            _BROKEN[state.problem],
            tags=listed(str(d.key_tag) for d in state.ds),
            signatures=listed(_without_valid(state)) or ("RRSIG=0",),
        )
    if isinstance(state.validation, Unobserved):
        return state.validation
    if state.validation is Validation.BOGUS:
        return failed("CHAIN_BOGUS")
    if state.validation is Validation.SECURE:
        return state.missing or passed("CHAIN_VALID")
    if state.chain is Chain.UNSUPPORTED:
        ja, en = "{zone} の署名はここでは検証できない種類である", "the signatures of {zone} are of a kind that cannot be verified here"
        return cannot_tell(Reason.UNSUPPORTED, ja, en, zone=state.zone)
    if state.validation is Validation.OFF:
        ja = "使用している名前解決サーバが検証しないため、{zone} より上の信頼の連鎖を確かめていない"
        en = "the resolver in use does not validate, so the chain above {zone} was not checked"
        return cannot_tell(Reason.UNSUPPORTED, ja, en, zone=state.zone)
    return failed("CHAIN_NOT_ANCHORED")


def _without_valid(state: Dnssec) -> Iterator[str]:
    good = {(s.name, s.type) for s in state.signatures if s.state is SignatureState.VALID}
    yield from (f"{kind} {state.zone} RRSIG=0" for kind in state.unsigned)
    yield from (f"{s.type} {s.name} {s.state} ({s.key_tag})" for s in state.signatures if (s.name, s.type) not in good)


@check(
    "dns.dnssec.algorithms",
    severity=Severity.HIGH,
    title=Text(ja="署名に使ってよい方式と鍵長だけを使っている", en="Only algorithms and key lengths fit for use sign the zone"),
    why=Text(
        ja="SHA-1 や GOST による署名（RFC 9905、RFC 9906）は未署名として扱うキャッシュサーバがあり、短い RSA 鍵は解読され得る。",
        en="Signatures with SHA-1 or GOST (RFC 9905, RFC 9906) count as none for some resolvers, and short RSA keys can be broken.",
    ),
    remedy=Text(
        ja=(
            "ECDSAP256SHA256（13）へ鍵を移す（BIND の dnssec-policy で「algorithm ecdsa256」、Knot「algorithm: ecdsap256sha256」）。RSA "
            "を続けるなら RSASHA256（8）の {least_rsa_bits} ビット以上とする。"
        ),
        en=(
            'Roll over to ECDSAP256SHA256 (13) (BIND dnssec-policy "algorithm ecdsa256", Knot "algorithm: ecdsap256sha256"); where RSA '
            "stays, RSASHA256 (8) with {least_rsa_bits} bits or more."
        ),
    ),
    says={
        **NAME_ABSENT,
        "ALGORITHMS_GOOD": Text(ja="署名方式：{algorithms}", en="algorithms: {algorithms}"),
        "ALGORITHMS_NONE": _UNSIGNED,
        "ALGORITHMS_FORBIDDEN": Text(ja="使ってはならない署名方式：{algorithms}", en="algorithms that must not be used: {algorithms}"),
        "ALGORITHMS_DISCOURAGED": Text(ja="推奨されない署名方式を含む：{algorithms}", en="discouraged algorithms among them: {algorithms}"),
        "ALGORITHMS_UNLISTED": Text(
            ja="CRYPTREC 暗号リストにない方式で署名している：{algorithms}",
            en="signed with algorithms that are not on CRYPTREC's list: {algorithms}",
        ),
        "KEYS_SHORT": Text(ja="{least_rsa_bits} ビットに満たない RSA 鍵：{keys}", en="RSA keys below {least_rsa_bits} bits: {keys}"),
    },
)
def dnssec_algorithms(
    state: Dnssec,
    *,
    least_rsa_bits: Annotated[int, DNS_DNSSEC_LEAST_RSA_BITS] = DNS_DNSSEC_LEAST_RSA_BITS.default,
    approved: Annotated[AlgorithmList, Reference("algorithm-list", "ls-0001-2022r2")],
) -> Judgement:
    if not state.exists:
        return not_applicable("NAME_ABSENT")
    if not state.keys:
        return not_applicable("ALGORITHMS_NONE")
    numbers = sorted({k.algorithm for k in state.keys})
    forbidden = [n for n in numbers if _level(ALGORITHMS, n) is Level.FORBIDDEN]
    if forbidden:
        say = failed if any(ALGORITHMS[n].confirmed for n in forbidden) else doubtful
        return say("ALGORITHMS_FORBIDDEN", algorithms=listed(algorithm_name(n) for n in forbidden))
    short = [k for k in state.keys if k.algorithm in RSA and k.bits is not None and k.bits < least_rsa_bits and not k.revoked]
    if short:
        return failed("KEYS_SHORT", least_rsa_bits=least_rsa_bits, keys=listed(f"{k.key_tag} ({k.bits})" for k in short))
    off_list = [f"{part} ({n})" for n in numbers for part in PARTS.get(n, ()) if approved.standing(part) is Standing.UNLISTED]
    if off_list:
        return failed("ALGORITHMS_UNLISTED", algorithms=listed(off_list))
    if unknown := [n for n in numbers if n not in ALGORITHMS]:
        ja = "DNSSEC のアルゴリズム {number} を使ってよいかを示す基準がここにない"
        en = "no reference here says whether DNSSEC algorithm {number} is fit for use"
        return cannot_tell(Reason.UNCONFIRMED, ja, en, number=unknown[0])
    if discouraged := [n for n in numbers if _level(ALGORITHMS, n) is Level.DISCOURAGED]:
        return passed("ALGORITHMS_DISCOURAGED", algorithms=listed(algorithm_name(n) for n in discouraged))
    return passed("ALGORITHMS_GOOD", algorithms=listed(algorithm_name(n) for n in numbers))


def _level(table: Mapping[int, Rule], number: int) -> Level | None:
    rule = table.get(number)
    return rule.level if rule else None


@check(
    "dns.dnssec.digests",
    severity=Severity.MEDIUM,
    title=Text(ja="上位ゾーンの DS が使ってよいハッシュ方式で登録されている", en="The DS set at the parent uses a digest fit for use"),
    why=Text(
        ja="SHA-1（1）や GOST（3）だけの DS は、対応しないキャッシュサーバからは未署名として扱われる（RFC 9905、RFC 9906）。",
        en="A DS set of SHA-1 (1) or GOST (3) alone counts as unsigned for resolvers that dropped them (RFC 9905, RFC 9906).",
    ),
    remedy=Text(
        ja="SHA-256（2）の DS を作り（「dnssec-dsfromkey -2 鍵ファイル」）、レジストラ経由で登録して古い DS を外す。",
        en='Make a DS with SHA-256 (2) ("dnssec-dsfromkey -2 KEYFILE"), have it entered by the registrar and the old one removed.',
    ),
    says={
        **NAME_ABSENT,
        "DIGESTS_GOOD": Text(ja="DS のハッシュ方式：{digests}", en="DS digests: {digests}"),
        "DIGESTS_NONE": Text(ja="上位ゾーンに DS がない", en="the parent holds no DS"),
        "DIGESTS_FORBIDDEN": Text(
            ja="使ってはならないハッシュ方式の DS しかない：{digests}", en="DS with digests that must not be used only: {digests}"
        ),
        "DIGESTS_MIXED": Text(
            ja="古いハッシュ方式の DS も残っている：{digests}", en="DS with outdated digests stand beside good ones: {digests}"
        ),
    },
)
def dnssec_digests(state: Dnssec) -> Judgement:
    if not state.exists:
        return not_applicable("NAME_ABSENT")
    if not state.ds:
        return not_applicable("DIGESTS_NONE")
    numbers = sorted({d.digest_type for d in state.ds})
    forbidden = [n for n in numbers if _level(DIGESTS, n) is Level.FORBIDDEN]
    good = [n for n in numbers if _level(DIGESTS, n) in {Level.USE, Level.ALLOWED}]
    if forbidden and len(forbidden) == len(numbers):
        say = failed if any(DIGESTS[n].confirmed for n in forbidden) else doubtful
        return say("DIGESTS_FORBIDDEN", digests=listed(digest_name(n) for n in forbidden))
    if not good:
        unknown = [n for n in numbers if n not in DIGESTS]
        ja = "DS のダイジェスト {number} を使ってよいかを示す基準がここにない"
        en = "no reference here says whether DS digest {number} is fit for use"
        return cannot_tell(Reason.UNCONFIRMED, ja, en, number=unknown[0])
    if forbidden:
        return passed("DIGESTS_MIXED", digests=listed(digest_name(n) for n in forbidden))
    return passed("DIGESTS_GOOD", digests=listed(digest_name(n) for n in numbers))


@check(
    "dns.dnssec.expiry",
    severity=Severity.HIGH,
    title=Text(ja="署名の有効期限に余裕がある", en="The signatures do not expire soon"),
    why=Text(
        ja=(
            "署名が切れると、署名を検証するキャッシュサーバの利用者は、全員がこのドメインの名前を引けなくなる。"
            "自動の再署名が止まった兆候でもある。"
        ),
        en="When a signature expires the domain vanishes behind validating resolvers; little time left means that re-signing has stopped.",
    ),
    remedy=Text(
        ja=(
            "再署名を直ちに行い（BIND「rndc sign ゾーン」、Knot「knotc zone-sign ゾーン」、NSD は署名プログラムを再実行）、"
            "自動の再署名と、残り {least_days} 日での警報を設ける。"
        ),
        en=(
            'Sign again now (BIND "rndc sign ZONE", Knot "knotc zone-sign ZONE", for NSD run the signer), automate it, and raise an alarm '
            "at {least_days} days left."
        ),
    ),
    says={
        **NAME_ABSENT,
        "EXPIRY_FAR": Text(ja="最も早い期限まで {left}（{record}）", en="the earliest expires in {left} ({record})"),
        "EXPIRY_NONE": Text(ja="期限を判定できる署名がない", en="there is no signature to judge"),
        "EXPIRY_NEAR": Text(ja="期限まで {left} しかない署名：{record}", en="a signature has only {left} left: {record}"),
        "EXPIRY_PAST": Text(ja="期限切れの署名：{records}", en="expired signatures: {records}"),
        "EXPIRY_FUTURE": Text(ja="有効期間がまだ始まっていない署名：{records}", en="signatures not valid yet: {records}"),
    },
)
def dnssec_expiry(
    state: Dnssec, *, least_days: Annotated[int, DNS_DNSSEC_LEAST_EXPIRY_DAYS] = DNS_DNSSEC_LEAST_EXPIRY_DAYS.default
) -> Judgement:
    if not state.exists:
        return not_applicable("NAME_ABSENT")
    sets: dict[str, list[SignatureSeen]] = {}
    for signature in state.signatures:
        sets.setdefault(f"{signature.type} {signature.name}", []).append(signature)
    valid = {record: [s for s in of_set if s.state is SignatureState.VALID] for record, of_set in sets.items()}
    for wrong, tag in ((SignatureState.EXPIRED, "EXPIRY_PAST"), (SignatureState.EARLY, "EXPIRY_FUTURE")):
        if found := [record for record, of_set in sets.items() if not valid[record] and any(s.state is wrong for s in of_set)]:
            return failed(tag, records=listed(found))
    best = {record: max(of_set, key=lambda s: s.seconds_left) for record, of_set in valid.items() if of_set}
    if not best:
        return state.missing or not_applicable("EXPIRY_NONE")
    # Zones signed for each question carry signatures of a day or two: for them a quarter of the lifetime is margin enough.
    near = {record: s for record, s in best.items() if s.seconds_left < min(least_days * DAY, s.lifetime_seconds / 4)}
    record, soonest = min((near or best).items(), key=lambda item: item[1].seconds_left)
    if near:
        return failed("EXPIRY_NEAR", left=_left(soonest.seconds_left), record=record)
    return state.missing or passed("EXPIRY_FAR", left=_left(soonest.seconds_left), record=record)


def _left(seconds: int) -> str:
    """Write a span: days from two days up, else hours."""
    return f"{seconds // DAY} d" if seconds >= 2 * DAY else f"{max(seconds, 0) // 3600} h"


@check(
    "dns.dnssec.nsec3",
    severity=Severity.LOW,
    title=Text(ja="不在証明が正しく付き、NSEC3 の繰返しが 0 回である", en="Denials are proven, and NSEC3 uses no extra iterations"),
    why=Text(
        ja=(
            "NSEC3 の繰返しは安全性を高めずに負荷だけを増やし、多いと未署名として扱われる（RFC 9276）。不在証明がないと、"
            "存在しない名前への問合せが SERVFAIL になる。"
        ),
        en="Extra NSEC3 iterations only cost work, and above a limit resolvers treat the zone as unsigned (RFC 9276).",
    ),
    remedy=Text(
        ja=(
            "繰返しを {most_iterations} 回、ソルトなしにする（BIND「nsec3param iterations 0 optout no salt-length 0;」、Knot"
            "「nsec3-iterations: 0」「nsec3-salt-length: 0」）。"
        ),
        en=(
            'Use {most_iterations} iterations and no salt (BIND "nsec3param iterations 0 optout no salt-length 0;", Knot '
            '"nsec3-iterations: 0").'
        ),
    ),
    says={
        **NAME_ABSENT,
        "NSEC3_PLAIN": Text(ja="繰返し {iterations} 回、ソルトなし", en="{iterations} iterations, no salt"),
        "NSEC3_SALTED": Text(
            ja="繰返し {iterations} 回。{salt} オクテットのソルトは不要（RFC 9276）",
            en="{iterations} iterations; the salt of {salt} octets is not needed (RFC 9276)",
        ),
        "NSEC3_OPT_OUT": Text(
            ja="繰返し {iterations} 回。opt-out のため、未署名の委任は不在を証明されない",
            en="{iterations} iterations; with opt-out unsigned delegations are not denied",
        ),
        "NSEC3_ITERATIONS": Text(
            ja="繰返しが {iterations} 回（上限 {most_iterations} 回）", en="{iterations} iterations (limit {most_iterations})"
        ),
        "NSEC3_UNUSED": Text(ja="NSEC による不在証明", en="denials are proven by NSEC"),
        "NSEC3_UNSIGNED": _UNSIGNED,
        "DENIAL_MISSING": Text(
            ja="存在しない名前への応答に不在証明（NSEC/NSEC3）がない",
            en="the answer for a name that does not exist has no proof (NSEC, NSEC3)",
        ),
    },
)
def dnssec_nsec3(
    state: Dnssec, *, most_iterations: Annotated[int, DNS_DNSSEC_MOST_ITERATIONS] = DNS_DNSSEC_MOST_ITERATIONS.default
) -> Judgement:
    if not state.exists:
        return not_applicable("NAME_ABSENT")
    denial = state.denial
    if denial is None:
        return not_applicable("NSEC3_UNSIGNED")
    if isinstance(denial, Unobserved):
        return denial
    match denial.kind:
        case DenialKind.NONE:
            return failed("DENIAL_MISSING")
        case DenialKind.NSEC | DenialKind.MINIMAL:
            return not_applicable("NSEC3_UNUSED")
        case DenialKind.NSEC3:
            if denial.iterations > most_iterations:
                return failed("NSEC3_ITERATIONS", iterations=denial.iterations, most_iterations=most_iterations)
            if denial.salt:
                return passed("NSEC3_SALTED", iterations=denial.iterations, salt=denial.salt)
            return passed("NSEC3_OPT_OUT" if denial.opt_out else "NSEC3_PLAIN", iterations=denial.iterations)


@check(
    "dns.dnssec.walking",
    severity=Severity.MEDIUM,
    title=Text(ja="内部向けの名前がゾーン列挙（NSEC）で見えない", en="Names for inside use cannot be listed by walking NSEC"),
    why=Text(
        ja="NSEC をたどるとゾーンのすべての名前を列挙でき、内部向けの名前があればそれも知られる。",
        en="Following NSEC records lists every name of a zone, those meant for inside use among them.",
    ),
    remedy=Text(
        ja=(
            "内部向けの名前を公開ゾーンから外して内部専用のゾーンに移す。外せないときは NSEC3 にする（BIND の dnssec-policy に"
            "「nsec3param;」、Knot「nsec3: on」）。"
        ),
        en=(
            'Move names for inside use to a zone that is served inside only; otherwise use NSEC3 (BIND dnssec-policy "nsec3param;", '
            'Knot "nsec3: on").'
        ),
    ),
    says={
        "WALK_SHOWS": Text(ja="列挙で見えた内部向けの名前：{names}", en="names for inside use that the walk showed: {names}"),
        "WALK_CLEAN": Text(ja="{steps} 個の名前をたどったが、内部向けの名前はない", en="{steps} names were walked, none for inside use"),
        "WALK_HASHED": Text(ja="NSEC3 のため名前を直接は列挙できない", en="NSEC3 hides the names from a plain walk"),
        "WALK_MINIMAL": Text(
            ja="問合せごとに作られる NSEC のため列挙できない", en="NSEC records are made for each question, nothing can be walked"
        ),
        "WALK_NOTHING_INTERNAL": Text(
            ja="列挙できるが、台帳に、このゾーンの内部向けの名前はない",
            en="it can be walked, but the ledger declares no name for inside use here",
        ),
        "WALK_UNSIGNED": Text(ja="NSEC がなく、列挙できない", en="there is no NSEC to walk"),
    },
)
def dnssec_walking(walk: ZoneWalk) -> Judgement:
    match walk.denial:
        case DenialKind.NONE:
            return not_applicable("WALK_UNSIGNED")
        case DenialKind.NSEC3:
            return passed("WALK_HASHED")
        case DenialKind.MINIMAL:
            return passed("WALK_MINIMAL")
        case DenialKind.NSEC:
            if not walk.declared:
                return not_applicable("WALK_NOTHING_INTERNAL")
            if walk.internal:
                return failed("WALK_SHOWS", names=listed(walk.internal))
            if walk.complete:
                return passed("WALK_CLEAN", steps=walk.steps)
            ja = "{zone} の名前を {steps} 個たどったところで上限に達した"
            return cannot_tell(
                Reason.BUDGET_SPENT, ja, "the walk of {zone} was not finished after {steps} names", zone=walk.zone, steps=walk.steps
            )
