"""Checks of resolvers: validation of signatures, and randomness against poisoning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import log2
from typing import Annotated, Final

from checks.dns.recursion import NOT_A_RESOLVER
from scanner.facts.dns_server import Recursion, ResolverBehaviour, ResolverRandomness, Trial
from scanner.facts.ledger import DeclaredDnsService
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Arg, Text
from scanner.model.verdict import Severity, Verdict, failed, not_applicable, passed

DNS_SOURCE_PORT_LEAST_BITS = Value(
    "dns.source-port.least-bits",
    default=10,
    text=Text(ja="キャッシュサーバの送信元ポートの広がりの下限", en="least spread of a resolver's source ports"),
    unit="bit",
    least=1,
    most=16,
)


LEAST_SAMPLES: Final = 12
"""Questions of one source below which a spread says too little."""
LONGEST_STEP: Final = 16
"""The largest step between successive numbers that still is a count, other questions in between allowed for."""


def _resolves(seen: Recursion | Unobserved, ledger: DeclaredDnsService) -> bool | Unobserved:
    """Tell whether the server is a resolver: declared as one, or seen to resolve. ``Unobserved`` when neither is known."""
    if ledger.resolver_for:
        return True
    if isinstance(seen, Unobserved):
        # Name servers of third parties may not be tried, and nobody calls them resolvers.
        return False if ledger.resolver_for is not None or seen.reason is Reason.OUT_OF_SCOPE else seen
    parts = (seen.udp, seen.tcp)
    if any(isinstance(t, Trial) and t.resolved for t in parts):
        return True
    if seen.alive or ledger.resolver_for is not None:
        return False
    return next((p for p in parts if isinstance(p, Unobserved)), False)


@check(
    "dns.resolver.validation",
    severity=Severity.HIGH,
    title=Text(ja="キャッシュサーバが DNSSEC の署名を検証する", en="The resolver validates DNSSEC signatures"),
    why=Text(
        ja="検証しないキャッシュサーバは偽の応答をそのまま利用者へ渡し、署名されたドメインの利用者も守られない。",
        en="A resolver that does not validate hands forged answers on, even for domains that are signed.",
    ),
    remedy=Text(
        ja=(
            '検証を有効にする（BIND「dnssec-validation auto;」、Unbound「module-config: "validator iterator"」「auto-trust-anchor-file」'
            "「val-permissive-mode: no」）。"
        ),
        en=(
            'Switch validation on (BIND "dnssec-validation auto;", Unbound "module-config:" with validator before iterator and '
            '"val-permissive-mode: no").'
        ),
    ),
    says={
        "VALIDATION_ON": Text(
            ja="正しい署名（{signed}）を検証済みとし、壊れた署名（{broken}）を SERVFAIL とした",
            en="a good signature ({signed}) is authenticated, a broken one ({broken}) gives SERVFAIL",
        ),
        "VALIDATION_UPSTREAM": Text(
            ja="壊れた署名（{broken}）は SERVFAIL としたが、検証済み（AD）の表示はない",
            en="a broken signature ({broken}) gives SERVFAIL, but good ones are not marked (AD)",
        ),
        "VALIDATION_OFF": Text(
            ja="壊れた署名（{broken}）の付いた応答をそのまま返した", en="it gave the answer with a broken signature ({broken})"
        ),
        "VALIDATION_PERMISSIVE": Text(
            ja="検証はするが、壊れた署名（{broken}）の付いた応答も返した（permissive）",
            en="it validates, yet gave the answer with a broken signature ({broken})",
        ),
        "NOT_A_RESOLVER": NOT_A_RESOLVER,
    },
)
def resolver_validation(seen: ResolverBehaviour | Unobserved, recursion: Recursion | Unobserved, ledger: DeclaredDnsService) -> Judgement:
    resolves = _resolves(recursion, ledger)
    if isinstance(resolves, Unobserved):
        return resolves
    if not resolves:
        return not_applicable("NOT_A_RESOLVER")
    if isinstance(seen, Unobserved):
        return seen
    broken, signed, unchecked = seen.broken, seen.signed, seen.broken_unchecked
    for trial in (broken, signed):
        if isinstance(trial, Unobserved):
            return trial
        if not trial.ra or trial.rcode == "REFUSED":
            ja, en = "サーバがこの観測点からの名前解決に応じない", "the server does not resolve for this vantage point"
            return cannot_tell(Reason.NO_VANTAGE, ja, en)
    assert isinstance(broken, Trial)
    assert isinstance(signed, Trial)
    if _no_trial(broken):
        return _not_there(broken)
    if broken.resolved:
        return failed("VALIDATION_PERMISSIVE" if signed.ad else "VALIDATION_OFF", broken=broken.name)
    if broken.rcode != "SERVFAIL":
        return _no_conclusion(broken)
    if signed.rcode != "NOERROR":
        return _no_conclusion(signed)
    if signed.ad:
        return passed("VALIDATION_ON", signed=signed.name, broken=broken.name)
    # SERVFAIL may have other causes: only the answer with checking disabled shows that the signature was the cause.
    if isinstance(unchecked, Unobserved):
        return unchecked
    if _no_trial(unchecked):
        return _not_there(unchecked)
    if not unchecked.resolved:
        ja, en = "{name} は検証なしでも解決できない", "{name} cannot be resolved even without validation"
        return cannot_tell(Reason.SERVER_FAILURE, ja, en, name=broken.name)
    return passed("VALIDATION_UPSTREAM", broken=broken.name)


def _no_trial(trial: Trial) -> bool:
    """Tell whether the name that should have a broken signature has none here: it does not exist, as in a closed network, or is sound."""
    return trial.resolved and (trial.records == 0 or trial.ad)


def _not_there(trial: Trial) -> Unobserved:
    ja = "署名が壊れているはずの {name} がここにはないか、正しく署名されている。署名の壊れた名前を台帳の dns_tests の broken に記す"
    en = "{name}, which should have a broken signature, does not exist here or is signed well; enter such a name as broken under dns_tests"
    return cannot_tell(Reason.NO_VANTAGE, ja, en, name=trial.name)


def _no_conclusion(trial: Trial) -> Unobserved:
    ja, en = "{name} への応答が {rcode} であり、結論を出せない", "{name} gave {rcode}: nothing can be told from it"
    return cannot_tell(Reason.SERVER_FAILURE, ja, en, name=trial.name, rcode=trial.rcode)


def _sample(seen: ResolverRandomness) -> tuple[list[tuple[int, int]], Unobserved | None]:
    """Give ports and ids of the source that asked most: a resolver may ask from several addresses, each with its own numbers."""
    sources = Counter(q.source for q in seen.questions)
    if not sources or sources.most_common(1)[0][1] < LEAST_SAMPLES:
        ja = "点検用ゾーンに届いた問合せは {count} 件で、必要な {least} 件に満たない"
        en = "only {count} questions arrived at the probe zone, {least} are needed"
        return [], cannot_tell(Reason.TIMEOUT, ja, en, count=len(seen.questions), least=LEAST_SAMPLES)
    source = sources.most_common(1)[0][0]
    return [(q.port, q.id) for q in seen.questions if q.source == source], None


def _bits(numbers: Sequence[int]) -> float:
    """Estimate the size in bits of the range that numbers were drawn from (maximum spread estimator)."""
    spread = max(numbers) - min(numbers)
    return log2(max(spread * (len(numbers) + 1) / max(len(numbers) - 1, 1), 1))


def _counted(numbers: Sequence[int]) -> bool:
    steps = [(b - a) % 65536 for a, b in pairwise(numbers)]
    small = sum(0 < s <= LONGEST_STEP or s >= 65536 - LONGEST_STEP for s in steps)
    return small >= 0.8 * len(steps)


def _spread(prefix: str, numbers: Sequence[int], least_bits: int, **more: Arg) -> Verdict:
    distinct = len(set(numbers))
    if distinct == 1:
        return failed(f"{prefix}_FIXED", number=numbers[0], count=len(numbers))
    if _counted(numbers):
        return failed(f"{prefix}_COUNTED", numbers=tuple(str(n) for n in numbers[:8]))
    if distinct * 2 <= len(numbers):
        return failed(f"{prefix}_FEW", distinct=distinct, count=len(numbers))
    bits = _bits(numbers)
    if bits < least_bits:
        return failed(f"{prefix}_NARROW", bits=f"{bits:.1f}", least_bits=least_bits)
    return passed(f"{prefix}_SPREAD", distinct=distinct, count=len(numbers), bits=f"{bits:.1f}", **more)


def _randomness(
    seen: ResolverRandomness | Unobserved, recursion: Recursion | Unobserved, ledger: DeclaredDnsService
) -> Judgement | ResolverRandomness:
    resolves = _resolves(recursion, ledger)
    if isinstance(resolves, Unobserved):
        return resolves
    if not resolves:
        return not_applicable("NOT_A_RESOLVER")
    if isinstance(seen, Unobserved) and seen.reason is Reason.NO_VANTAGE:
        ja = "問合せの番号は点検する機器に委任したゾーンでだけ見える。台帳の dns_tests に probe_zone と listen がない"
        en = "its numbers show only at a zone that is delegated to the scanning machine: dns_tests names no probe_zone and listen"
        return cannot_tell(Reason.NO_VANTAGE, ja, en)
    return seen


@check(
    "dns.resolver.ports",
    severity=Severity.HIGH,
    title=Text(ja="キャッシュサーバの送信元ポートが無作為である", en="The resolver asks from random source ports"),
    why=Text(
        ja="送信元ポートが推測できると、偽の応答を送り込まれてキャッシュが汚染される（カミンスキー攻撃、RFC 5452）。",
        en="Where the source port can be guessed forged answers get into the cache (Kaminsky's attack, RFC 5452).",
    ),
    remedy=Text(
        ja=(
            "固定の指定を外し（BIND の「query-source port 53;」、Unbound の「outgoing-port-permit」「outgoing-range」を見直す）、途中の "
            "NAT がポートを変えないことを確かめる。"
        ),
        en=(
            'Remove fixed ports (BIND "query-source port 53;", Unbound "outgoing-port-permit") and see that no NAT on the way rewrites '
            "them."
        ),
    ),
    says={
        "PORTS_SPREAD": Text(
            ja="{count} 件の問合せで {distinct} 個のポート（広がり約 {bits} ビット）",
            en="{distinct} ports in {count} questions (spread of about {bits} bits)",
        ),
        "PORTS_FIXED": Text(ja="{count} 件の問合せがすべてポート {number} から", en="all {count} questions came from port {number}"),
        "PORTS_COUNTED": Text(ja="ポートが順に並ぶ：{numbers}", en="the ports are counted up or down: {numbers}"),
        "PORTS_FEW": Text(ja="{count} 件の問合せで {distinct} 個のポートしか使わない", en="only {distinct} ports in {count} questions"),
        "PORTS_NARROW": Text(
            ja="ポートの広がりが約 {bits} ビットしかない（{least_bits} ビット以上が必要）",
            en="the ports spread over about {bits} bits only ({least_bits} are needed)",
        ),
        "NOT_A_RESOLVER": NOT_A_RESOLVER,
    },
)
def resolver_ports(
    seen: ResolverRandomness | Unobserved,
    recursion: Recursion | Unobserved,
    ledger: DeclaredDnsService,
    *,
    least_bits: Annotated[int, DNS_SOURCE_PORT_LEAST_BITS] = DNS_SOURCE_PORT_LEAST_BITS.default,
) -> Judgement:
    questions = _randomness(seen, recursion, ledger)
    if not isinstance(questions, ResolverRandomness):
        return questions
    sample, missing = _sample(questions)
    return missing or _spread("PORTS", [port for port, _ in sample], least_bits)


@check(
    "dns.resolver.ids",
    severity=Severity.HIGH,
    title=Text(ja="キャッシュサーバの問合せ番号（ID）が無作為である", en="The resolver uses random question ids"),
    why=Text(
        ja="問合せ番号が推測できると、偽の応答を送り込まれてキャッシュが汚染される（RFC 5452）。",
        en="Where the id can be guessed forged answers get into the cache (RFC 5452).",
    ),
    remedy=Text(
        ja="問合せ番号を無作為に選ぶバージョンのキャッシュサーバ（現行の BIND、Unbound、Knot Resolver）へ更新する。",
        en="Update to a resolver that draws ids at random (current BIND, Unbound or Knot Resolver).",
    ),
    says={
        "IDS_SPREAD": Text(
            ja="{count} 件の問合せで {distinct} 個の番号（広がり約 {bits} ビット）。ほかに用いているもの：{besides}",
            en="{distinct} ids in {count} questions (spread of about {bits} bits); used besides: {besides}",
        ),
        "IDS_FIXED": Text(ja="{count} 件の問合せがすべて番号 {number}", en="all {count} questions had the id {number}"),
        "IDS_COUNTED": Text(ja="番号が順に並ぶ：{numbers}", en="the ids are counted up or down: {numbers}"),
        "IDS_FEW": Text(ja="{count} 件の問合せで {distinct} 個の番号しか使わない", en="only {distinct} ids in {count} questions"),
        "IDS_NARROW": Text(
            ja="番号の広がりが約 {bits} ビットしかない（{least_bits} ビット以上が必要）",
            en="the ids spread over about {bits} bits only ({least_bits} are needed)",
        ),
        "NOT_A_RESOLVER": NOT_A_RESOLVER,
    },
)
def resolver_ids(
    seen: ResolverRandomness | Unobserved, recursion: Recursion | Unobserved, ledger: DeclaredDnsService, *, least_bits: int = 14
) -> Judgement:
    questions = _randomness(seen, recursion, ledger)
    if not isinstance(questions, ResolverRandomness):
        return questions
    sample, missing = _sample(questions)
    return missing or _spread("IDS", [number for _, number in sample], least_bits, besides=_besides(questions))


def _besides(seen: ResolverRandomness) -> tuple[str, ...]:
    """Name what else makes the resolver's questions harder to guess, or tells less with them."""
    used = {"0x20": seen.mixed_case, "DNS cookies (RFC 7873)": seen.cookies, "QNAME minimisation (RFC 9156)": seen.minimised}
    return tuple(name for name, is_used in used.items() if is_used) or ("-",)
