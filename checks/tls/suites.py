"""Checks of the cipher suites that a service accepts, and of their order. Whole profiles are judged in ``cryptrec``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Final

from checks.common import listed
from checks.tls.cryptrec import ALGORITHMS
from checks.tls.each import Judged, for_each_address
from checks.tls.items import State, stand, unmeasured_order
from checks.tls.seen import ALL, NO_TLS, offered, suite_of, unknown_suite, unsearched, without_tls
from checks.tls.settings import GOOD_SUITES
from scanner.facts.tls import AddressSeen, Preference, TlsSeen, TlsSurvey, Version
from scanner.model.algorithms import AlgorithmList, Standing
from scanner.model.check import Judgement, Reference, check
from scanner.model.text import Text
from scanner.model.tls_profile import Ask, TlsProfile
from scanner.model.verdict import Severity, doubtful, failed, not_applicable, passed
from scanner.wire.tls.suites import Suite

RECOMMENDED: Final = Reference("tls-profile", "cryptrec/recommended")
_BROKEN: Final = ("RC4", "RC2", "DES", "IDEA")
_LEAST_BITS: Final = 112  # RFC 9325 section 4.1: below it MUST NOT; LS-0003: unusable


def _forbidden(suite: Suite, *, even_anonymous: bool = False) -> bool:
    if suite.auth == "anon" and not even_anonymous:
        return True
    return suite.export or suite.bits < _LEAST_BITS or suite.mac == "MD5" or suite.cipher.startswith(_BROKEN)


def _all(tls: TlsSeen) -> Iterator[Suite]:
    for _, name in offered(tls, (Version.SSL2, *ALL)):
        if (suite := suite_of(name)) is not None:
            yield suite


def _none_of(survey: TlsSurvey, bad: Callable[[Suite], bool], tags: tuple[str, str]) -> Judged:
    good, found = tags

    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if names := [suite.name for suite in _all(tls) if bad(suite)]:
            return failed(found, suites=listed(names))
        return _all_searched(tls) or passed(good)

    return for_each_address(survey, one)


def _all_searched(tls: TlsSeen) -> Judged | None:
    return without_tls(tls) or unsearched(tls, (Version.SSL2, *ALL)) or unknown_suite(tls)


@check(
    "tls.suites.forbidden",
    severity=Severity.HIGH,
    title=Text(
        ja="暗号化や認証をしない、又は破られた暗号スイートを受け付けない",
        en="No suite without encryption or authentication, and no broken one, is accepted",
    ),
    why=Text(
        ja=(
            "NULL、匿名（anon）、輸出用（EXPORT）、RC4、DES、RC2、IDEA、MD5 の暗号スイートは、通信の内容を守らないか、現実の手間で破られる"
            "（RFC 9325 4.1、RFC 7465）。"
        ),
        en=(
            "Suites with NULL, anonymous keys, EXPORT, RC4, DES, RC2, IDEA or MD5 protect nothing or can be broken at real cost (RFC "
            "9325 section 4.1, RFC 7465)."
        ),
    ),
    remedy=Text(ja=f"{GOOD_SUITES.ja}。", en=f"To mend it, {GOOD_SUITES.en}."),
    says={
        **NO_TLS,
        "FORBIDDEN_NONE": Text(ja="禁じられた暗号スイートを受け付けない", en="no forbidden suite is accepted"),
        "FORBIDDEN_ANONYMOUS": Text(
            ja="禁じられた暗号スイートは匿名のものだけで、誰からでも受け取るメールサーバとして許容される（{address}）：{suites}",
            en="only anonymous suites, which are tolerable for a server that takes mail from anybody ({address}): {suites}",
        ),
        "FORBIDDEN_ACCEPTED": Text(
            ja="禁じられた暗号スイートを受け付ける（{address}）：{suites}", en="forbidden suites are accepted ({address}): {suites}"
        ),
    },
)
def forbidden(survey: TlsSurvey) -> Judgement:
    open_to_all = survey.protocol == "smtp"

    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        bad = [suite for suite in _all(tls) if _forbidden(suite)]
        # A sender that takes any server checks no certificate either (RFC 7435; RFC 7672 section 8.2): anonymous is no worse there.
        broken = [suite for suite in bad if not open_to_all or suite.auth != "anon" or _forbidden(suite, even_anonymous=True)]
        if broken:
            return failed("FORBIDDEN_ACCEPTED", suites=listed(suite.name for suite in broken))
        if missing := _all_searched(tls):
            return missing
        return passed("FORBIDDEN_ANONYMOUS", suites=listed(suite.name for suite in bad)) if bad else passed("FORBIDDEN_NONE")

    return for_each_address(survey, one, worst_first=("FORBIDDEN_ACCEPTED", "FORBIDDEN_ANONYMOUS"))


@check(
    "tls.suites.weak",
    severity=Severity.LOW,
    title=Text(ja="3DES 等の 128 ビットに満たない暗号を受け付けない", en="No cipher below 128 bits, such as 3DES, is accepted"),
    why=Text(
        ja=(
            "3DES は 112 ビットの強度しかなく、CRYPTREC 暗号リストでは互換性のためだけの運用監視暗号であり、RFC 9325（4.1）は 128 "
            "ビット未満を避けるよう求める。"
        ),
        en=(
            "3DES has 112 bits and stands on CRYPTREC's list for compatibility only; RFC 9325 section 4.1 advises against anything "
            "below 128 bits."
        ),
    ),
    remedy=Text(ja=f"{GOOD_SUITES.ja}。", en=f"To mend it, {GOOD_SUITES.en}."),
    says={
        **NO_TLS,
        "WEAK_NONE": Text(ja="128 ビットに満たない暗号を受け付けない", en="no cipher below 128 bits is accepted"),
        "WEAK_ACCEPTED": Text(
            ja="128 ビットに満たない暗号を受け付ける（{address}）：{suites}", en="ciphers below 128 bits are accepted ({address}): {suites}"
        ),
    },
)
def weak(survey: TlsSurvey) -> Judgement:
    return _none_of(survey, lambda s: s.bits < 128, ("WEAK_NONE", "WEAK_ACCEPTED"))


_CIPHERS: Final = {
    "AES_128": "AES",
    "AES_256": "AES",
    "CAMELLIA_128": "Camellia",
    "CAMELLIA_256": "Camellia",
    "CHACHA20_POLY1305": "ChaCha20-Poly1305",
    "3DES_EDE": "3-key Triple DES",
}
_EXCHANGES: Final = {"RSA": "RSAES-PKCS1-v1_5", "DH": "DH", "DHE": "DH", "ECDH": "ECDH", "ECDHE": "ECDH"}
_MACS: Final = {"SHA1": "SHA-1", "SHA256": "SHA-256", "SHA384": "SHA-384"}
_SIGNATURES: Final = {"RSA": "RSASSA-PKCS1-v1_5", "ECDSA": "ECDSA", "DSA": "DSA"}
_OPEN: Final = frozenset({"TLS13", "PSK"})
"""What a suite leaves to other parts of the handshake."""


def standing_of(suite: Suite, algorithms: AlgorithmList) -> tuple[Standing, str]:
    """Give the worst standing among a suite's parts on the list, and the part that has it."""
    parts = [_CIPHERS.get(suite.cipher, suite.cipher)]
    if suite.kx not in _OPEN:
        parts.append(_EXCHANGES.get(suite.kx, suite.kx))
    if suite.auth not in _OPEN:
        parts.append(_SIGNATURES.get(suite.auth, suite.auth))
    if suite.mac != "AEAD":
        parts.append(_MACS.get(suite.mac, suite.mac))
    ranked = [(_RANKS.index(algorithms.standing(part)), part) for part in parts]
    rank, part = max(ranked, key=lambda pair: pair[0])
    return _RANKS[rank], part


_RANKS: Final = (Standing.RECOMMENDED, Standing.RECOMMENDED_PQC, Standing.CANDIDATE, Standing.MONITORED, Standing.UNLISTED)


@check(
    "tls.suites.listed",
    severity=Severity.LOW,
    title=Text(ja="暗号スイートが CRYPTREC 暗号リストの暗号技術だけからなる", en="All suites are made of algorithms on CRYPTREC's list"),
    why=Text(
        ja=(
            "電子政府推奨暗号リスト（LS-0001）にない暗号技術は国による評価を受けていない。政府統一基準は、"
            "方式と鍵長をこのリストに基づいて定めるよう求めている。"
        ),
        en=(
            "Algorithms that are not on the list (LS-0001) were not evaluated for government; the common standards have methods and key "
            "lengths chosen from it."
        ),
    ),
    remedy=Text(ja=f"{GOOD_SUITES.ja}。", en=f"To mend it, {GOOD_SUITES.en}."),
    says={
        **NO_TLS,
        "LISTED_ALL": Text(ja="すべての暗号スイートが推奨暗号だけからなる", en="all suites are made of recommended algorithms"),
        "LISTED_MONITORED": Text(
            ja="互換性のためだけに使える運用監視暗号を含む（{address}）：{parts}",
            en="some suites use algorithms kept for compatibility only ({address}): {parts}",
        ),
        "LISTED_NOT": Text(
            ja="リストにない暗号技術を受け付ける（{address}）：{parts}",
            en="algorithms that are on no list are accepted ({address}): {parts}",
        ),
    },
)
def listed_only(survey: TlsSurvey, *, algorithms: Annotated[AlgorithmList, ALGORITHMS]) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        standings = [standing_of(suite, algorithms) for suite in _all(tls)]
        if off := _parts(standings, Standing.UNLISTED):
            return failed("LISTED_NOT", parts=off)
        if missing := without_tls(tls) or unsearched(tls, ALL) or unknown_suite(tls):
            return missing
        watched = _parts(standings, Standing.MONITORED)
        return passed("LISTED_MONITORED", parts=watched) if watched else passed("LISTED_ALL")

    return for_each_address(survey, one, worst_first=("LISTED_NOT", "LISTED_MONITORED"))


def _parts(standings: Iterable[tuple[Standing, str]], wanted: Standing) -> tuple[str, ...]:
    return listed(part for standing, part in standings if standing is wanted)


@check(
    "tls.suites.preference",
    severity=Severity.LOW,
    title=Text(ja="サーバが自らの優先順位で暗号スイートを選ぶ", en="The server chooses suites by its own order"),
    why=Text(
        ja="相手の順位に従うと、古い相手が弱い暗号スイートを先に挙げただけで、双方の使えるより強いものが選ばれなくなる。",
        en="A server that follows the client's order takes a weak suite just because the client named it first.",
    ),
    remedy=Text(
        ja=(
            "サーバ側の優先順位を有効にする：nginx「ssl_prefer_server_ciphers on;」、Apache「SSLHonorCipherOrder on」、Postfix"
            "「tls_preempt_cipherlist = yes」、Dovecot「ssl_prefer_server_ciphers = yes」。HAProxy は「prefer-client-ciphers」を外す。"
        ),
        en=(
            'Let the server\'s order decide: nginx "ssl_prefer_server_ciphers on;", Apache "SSLHonorCipherOrder on", Postfix '
            '"tls_preempt_cipherlist = yes", Dovecot "ssl_prefer_server_ciphers = yes"; in HAProxy remove "prefer-client-ciphers".'
        ),
    ),
    says={
        **NO_TLS,
        "PREFERENCE_SERVER": Text(ja="サーバの優先順位で選ぶ", en="the server's order decides"),
        "PREFERENCE_NO_CHOICE": Text(ja="選ぶ余地がない（暗号スイートが一つ以下）", en="there is nothing to choose: one suite at most"),
        "PREFERENCE_HARMLESS": Text(
            ja="相手の優先順位に従うが、受け付けるのはすべて推奨の暗号スイートである（{address}）",
            en="the client's order decides, among recommended suites only ({address})",
        ),
        "PREFERENCE_CLIENT": Text(
            ja="相手の優先順位に従い、推奨でない暗号スイートも選ばれ得る（{address}）：{versions}",
            en="the client's order decides and may choose suites that are not recommended ({address}): {versions}",
        ),
    },
)
def preference(survey: TlsSurvey, *, profile: Annotated[TlsProfile, RECOMMENDED]) -> Judgement:
    good = frozenset(profile.of_class("recommended"))

    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        choosing = [seen for seen in tls.versions if seen.accepted and len(seen.suites) > 1 and seen.version in ALL]
        followed = [seen for seen in choosing if seen.preference is Preference.CLIENT]
        if loose := [str(seen.version) for seen in followed if not good.issuperset(seen.suites)]:
            return doubtful("PREFERENCE_CLIENT", versions=tuple(loose))
        if missing := without_tls(tls) or unsearched(tls, ALL):
            return missing
        if missing := unmeasured_order(choosing):
            return missing
        if followed:
            return passed("PREFERENCE_HARMLESS")
        return passed("PREFERENCE_SERVER") if choosing else not_applicable("PREFERENCE_NO_CHOICE")

    return for_each_address(survey, one, worst_first=("PREFERENCE_CLIENT", "PREFERENCE_HARMLESS"))


@check(
    "tls.suites.order",
    severity=Severity.INFO,
    title=Text(ja="暗号スイートの優先順位がガイドラインの並びに沿う", en="Suites stand in the guideline's order"),
    why=Text(
        ja=(
            "TLS 暗号設定ガイドラインは、推奨セキュリティ型では 128 ビットの群を 256 ビットの群より先に、"
            "高セキュリティ型ではその逆に並べている。"
        ),
        en=(
            "CRYPTREC's guideline puts groups of 128 bits before those of 256 at the recommended level, and the other way round at the "
            "high level."
        ),
    ),
    remedy=Text(
        ja=(
            f"{GOOD_SUITES.ja}。TLS 1.3 では nginx「ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
            f"TLS_CHACHA20_POLY1305_SHA256;」のように並べる（準拠するプロファイル：{{profile}}）。"
        ),
        en=(
            f'To mend it, {GOOD_SUITES.en}. For TLS 1.3: nginx "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:'
            f'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;" (profile: {{profile}}).'
        ),
    ),
    says={
        **NO_TLS,
        "ORDER_FITS": Text(ja="ガイドラインの並びに沿っている", en="the order is the guideline's"),
        "ORDER_OPEN": Text(
            ja="サーバの決める順位がないか、順位の定まった暗号スイートが一つ以下である",
            en="the server sets no order, or has one suite at most whose place is given",
        ),
        "ORDER_DIFFERS": Text(ja="並びが異なる（{address}）：{pairs}", en="the order differs ({address}): {pairs}"),
    },
)
def order(survey: TlsSurvey, *, profile: Annotated[TlsProfile, RECOMMENDED]) -> Judgement:
    asked = next((item for item in profile.items if item.ask is Ask.GROUP_ORDER), None)

    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if ending := without_tls(tls):
            return ending
        if asked is None:
            return not_applicable("ORDER_OPEN")
        found = stand(asked, profile, tls)
        match found.state:
            case State.BROKEN:
                # That the guideline lists them so was read; whether it demands the order was not.
                return doubtful("ORDER_DIFFERS", pairs=listed(found.seen))
            case State.MET:
                return passed("ORDER_FITS")
            case State.IDLE:
                return not_applicable("ORDER_OPEN")
            case State.UNSEEN:
                assert found.why is not None
                return found.why

    return for_each_address(survey, one)
