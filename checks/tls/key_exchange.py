"""Checks of how a service exchanges keys: forward secrecy, finite fields, curves, post-quantum groups; and of the signatures beneath."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import listed
from checks.tls.cryptrec import CRYPTREC
from checks.tls.each import Judged, for_each_address
from checks.tls.items import curve_bits, curves, primes, unmeasured_signatures, unsearched_groups
from checks.tls.seen import ALL, NO_TLS, accepts, once, signs, suites, unknown_suite, unsearched, without_tls
from checks.tls.settings import GOOD_GROUPS, GOOD_SUITES
from scanner.facts.tls import AddressSeen, TlsSeen, TlsSurvey, Version
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.tls_profile import TlsGuideline
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.tls.groups import group_by_name
from scanner.wire.tls.schemes import scheme_by_name

TLS_LEAST_DH_BITS = Value(
    "tls.key-exchange.least-dh-bits",
    default=2048,
    text=Text(ja="TLS の DH 鍵交換の鍵長の下限", en="least length of the prime in DH key exchanges of TLS"),
    unit="bit",
    least=1024,
    most=16384,
)


_WEAK_CURVE: Final = 256
_NO_DH: Final = Text(ja="有限体の DH 鍵交換を使わない", en="no finite-field key exchange is used")
_BAD_HASHES: Final = frozenset({"MD5", "SHA1"})


@check(
    "tls.key-exchange.forward-secrecy",
    severity=Severity.MEDIUM,
    title=Text(ja="鍵交換に前方秘匿性がある", en="Key exchange is forward secret"),
    why=Text(
        ja="前方秘匿性のない鍵交換（静的 RSA 等）では、記録された過去の通信が、サーバの秘密鍵の漏えいですべて解読される（RFC 9325 4.1）。",
        en=(
            "Without forward secrecy (static RSA and the like) all recorded traffic is read once the server's key leaks (RFC 9325 "
            "section 4.1)."
        ),
    ),
    remedy=Text(
        ja=f"ECDHE の{GOOD_SUITES.ja}。",
        en=f"Use ECDHE only: {GOOD_SUITES.en}.",
    ),
    says={
        **NO_TLS,
        "SECRECY_ALL": Text(ja="すべての暗号スイートに前方秘匿性がある", en="every suite is forward secret"),
        "SECRECY_PARTLY": Text(
            ja="前方秘匿性のある暗号スイートのほかに、ないものも受け付ける（{address}）：{suites}",
            en="beside forward secret suites others are accepted ({address}): {suites}",
        ),
        "SECRECY_NOT_ALL": Text(
            ja="前方秘匿性のない暗号スイートを受け付ける（{address}）：{suites}",
            en="suites that are not forward secret are accepted ({address}): {suites}",
        ),
        "SECRECY_NONE": Text(ja="前方秘匿性のある暗号スイートがない（{address}）", en="no suite is forward secret ({address})"),
    },
)
def forward_secrecy(survey: TlsSurvey, *, every: bool = False) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        accepted = suites(tls)
        without = [suite.name for suite in accepted if not suite.forward_secret and suite.auth != "anon"]  # anonymous ones are ephemeral
        if every and without:
            return failed("SECRECY_NOT_ALL", suites=listed(without))
        if missing := without_tls(tls) or unsearched(tls, ALL) or unknown_suite(tls):
            return missing
        if not without:
            return passed("SECRECY_ALL") if accepted else failed("SECRECY_NONE")
        return passed("SECRECY_PARTLY", suites=listed(without)) if len(without) < len(accepted) else failed("SECRECY_NONE")

    return for_each_address(survey, one, worst_first=("SECRECY_NONE", "SECRECY_NOT_ALL", "SECRECY_PARTLY"))


@check(
    "tls.key-exchange.dh-bits",
    severity=Severity.HIGH,
    title=Text(ja="DH 鍵交換の鍵長が十分である", en="Finite-field key exchange uses long primes"),
    why=Text(
        ja=(
            "1024 ビットの DH は国家規模の攻撃者に解読され得る（Logjam）。RFC 9325（4.5）は 2048 ビット以上を必須とし、LS-0003 でも 2048"
            " ビットが 112 ビット安全性の下限である。"
        ),
        en=(
            "DH of 1024 bits is within reach of states (Logjam). RFC 9325 section 4.5 requires 2048 bits, the least for 112 bits of "
            "strength in LS-0003 too."
        ),
    ),
    remedy=Text(
        ja=(
            "DHE を外して ECDHE だけにするか、{least_bits} ビット以上の群を設定する：「openssl dhparam -out dh.pem {least_bits}」で作り、"
            "nginx「ssl_dhparam dh.pem;」、Postfix「smtpd_tls_dh1024_param_file = auto」（3.7 以降）、Dovecot「ssl_dh = "
            "</etc/dovecot/dh.pem」、HAProxy「ssl-dh-param-file /etc/haproxy/dh.pem」。"
        ),
        en=(
            'Do without DHE, or set a group of {least_bits} bits or more: make it with "openssl dhparam -out dh.pem {least_bits}"; '
            'nginx "ssl_dhparam dh.pem;", Postfix "smtpd_tls_dh1024_param_file = auto" (3.7 or later), Dovecot "ssl_dh = '
            '</etc/dovecot/dh.pem", HAProxy "ssl-dh-param-file /etc/haproxy/dh.pem".'
        ),
    ),
    says={
        **NO_TLS,
        "DH_NONE": _NO_DH,
        "DH_LONG": Text(ja="{least_bits} ビット以上である：{groups}", en="{least_bits} bits or more: {groups}"),
        "DH_SHORT": Text(ja="{least_bits} ビットに満たない（{address}）：{groups}", en="below {least_bits} bits ({address}): {groups}"),
    },
)
def dh_bits(survey: TlsSurvey, *, least_bits: Annotated[int, TLS_LEAST_DH_BITS] = TLS_LEAST_DH_BITS.default) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        found = primes(tls)
        if not isinstance(found, Unobserved) and (short := [name for name, bits in found if bits < least_bits]):
            return failed("DH_SHORT", groups=listed(short), least_bits=least_bits)
        if missing := without_tls(tls) or unsearched_groups(tls, "DHE"):
            return missing
        if isinstance(found, Unobserved):
            return found
        return passed("DH_LONG", groups=listed(name for name, _ in found), least_bits=least_bits) if found else not_applicable("DH_NONE")

    return for_each_address(survey, one)


@check(
    "tls.key-exchange.dh-prime",
    severity=Severity.MEDIUM,
    title=Text(ja="DH 鍵交換の素数が安全素数である", en="The primes of finite-field key exchange are safe primes"),
    why=Text(
        ja=(
            "安全素数でない法では小さな部分群が使われ、秘密の値の一部が漏れ得る（RFC 7919）。広く使われる 1024 ビットの素数は、まとめて"
            "事前計算の標的になる。"
        ),
        en=(
            "With a modulus that is no safe prime small subgroups can leak part of the secret (RFC 7919); widespread primes of 1024 "
            "bits are worth a common precomputation."
        ),
    ),
    remedy=Text(
        ja=(
            "RFC 7919 の群（ffdhe2048 以上）を使う：「openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh.pem」"
            "で作り、nginx「ssl_dhparam dh.pem;」、HAProxy「ssl-dh-param-file /etc/haproxy/dh.pem」等で設定する。又は DHE を外す。"
        ),
        en=(
            'Use a group of RFC 7919 (ffdhe2048 or longer): make it with "openssl genpkey -genparam -algorithm DH -pkeyopt '
            'group:ffdhe2048 -out dh.pem" and set it (nginx "ssl_dhparam dh.pem;", HAProxy "ssl-dh-param-file /etc/haproxy/dh.pem"); or '
            "do without DHE."
        ),
    ),
    says={
        **NO_TLS,
        "PRIME_NONE": _NO_DH,
        "PRIME_KNOWN": Text(ja="公開された素数である（{address}）：{groups}", en="published primes ({address}): {groups}"),
        "PRIME_OWN": Text(ja="独自の安全素数である：{groups}", en="safe primes of its own: {groups}"),
        "PRIME_UNSAFE": Text(ja="安全素数でない（{address}）：{groups}", en="not safe primes ({address}): {groups}"),
    },
)
def dh_prime(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        own = () if isinstance(tls.dh, Unobserved) else tls.dh
        if unsafe := [f"{p.known or p.sha256[:16]} {p.bits}" for p in own if p.safe is False]:
            return failed("PRIME_UNSAFE", groups=listed(unsafe))
        if missing := without_tls(tls) or unsearched_groups(tls, "DHE"):
            return missing
        if any(p.safe is None and not p.known for p in own):
            return cannot_tell(
                Reason.TOO_LARGE,
                "サーバ独自の素数が長く、安全素数かどうかを確かめていない",
                "a prime of the server's own is too long to be tested",
            )
        if known := [f"{p.known} {p.bits}" for p in own if p.known]:
            return passed("PRIME_KNOWN", groups=listed(known))
        return passed("PRIME_OWN", groups=listed(f"DH {p.bits}" for p in own)) if own else not_applicable("PRIME_NONE")

    return for_each_address(survey, one, worst_first=("PRIME_UNSAFE", "PRIME_KNOWN"))


@check(
    "tls.key-exchange.curves",
    severity=Severity.MEDIUM,
    title=Text(ja="楕円曲線の鍵長が 256 ビット以上である", en="Elliptic curves have 256 bits or more"),
    why=Text(
        ja="TLS 暗号設定ガイドラインは ECDHE に 256 ビット以上を求める。RFC 9325（4.5）は 224 ビット未満を禁じる。",
        en="CRYPTREC's guideline asks for 256 bits or more in ECDHE; RFC 9325 section 4.5 forbids less than 224.",
    ),
    remedy=Text(ja=f"使う曲線を定める：{GOOD_GROUPS.ja}。", en=f"Name the curves to use: {GOOD_GROUPS.en}."),
    says={
        **NO_TLS,
        "CURVES_NONE": Text(ja="楕円曲線を使わない", en="no elliptic curve is used"),
        "CURVES_GOOD": Text(ja="すべて 256 ビット以上である：{groups}", en="256 bits or more: {groups}"),
        "CURVES_UNLISTED": Text(
            ja="すべて 256 ビット以上であるが、国内の基準に根拠のない曲線を含む（{address}）：{groups}",
            en="256 bits or more, some of which no Japanese document names ({address}): {groups}",
        ),
        "CURVES_WEAK": Text(
            ja="256 ビットに満たない曲線を受け付ける（{address}）：{groups}", en="curves below 256 bits are taken ({address}): {groups}"
        ),
    },
)
def curves_long(survey: TlsSurvey, *, guideline: Annotated[TlsGuideline, CRYPTREC]) -> Judgement:
    known = guideline.named_groups

    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        taken = curves(tls)
        if short := [group.name for group in taken if curve_bits(group) < _WEAK_CURVE]:
            return failed("CURVES_WEAK", groups=listed(short))
        if missing := without_tls(tls) or unsearched_groups(tls, "ECDHE"):
            return missing
        if odd := [group.name for group in taken if group.name not in known or known[group.name].standing == "unlisted"]:
            return passed("CURVES_UNLISTED", groups=listed(odd))
        return passed("CURVES_GOOD", groups=listed(group.name for group in taken)) if taken else not_applicable("CURVES_NONE")

    return for_each_address(survey, one, worst_first=("CURVES_WEAK", "CURVES_UNLISTED"))


@check(
    "tls.key-exchange.post-quantum",
    severity=Severity.INFO,
    title=Text(ja="耐量子計算機暗号の鍵交換の対応状況が分かる", en="It is known whether post-quantum key exchange is offered"),
    why=Text(
        ja=(
            "今記録された通信も、将来の量子計算機で解読され得る。ML-KEM-768 と ML-KEM-1024 は電子政府推奨暗号リストに載るが、対応はまだ"
            "求められていない。"
        ),
        en=(
            "Traffic recorded today may be read by quantum computers later. ML-KEM-768 and ML-KEM-1024 are on the list for "
            "e-government; nothing asks for them yet."
        ),
    ),
    remedy=Text(
        ja="対応は任意である。OpenSSL 3.5 以降では、nginx「ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1;」のように加える。",
        en='Optional. With OpenSSL 3.5 or later add it, as in nginx "ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1;".',
    ),
    says={
        **NO_TLS,
        "QUANTUM_OFFERED": Text(ja="耐量子の鍵交換に対応している：{groups}", en="post-quantum groups are taken: {groups}"),
        "QUANTUM_NOT": Text(
            ja="耐量子の鍵交換には対応していない（求める基準はない）", en="no post-quantum group is taken; no document asks for one"
        ),
        "QUANTUM_OLD": Text(ja="TLS 1.3 を使わない", en="TLS 1.3 is not spoken"),
    },
)
def post_quantum(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        names = dict.fromkeys(name for seen in tls.groups for name in seen.groups)
        if found := [name for name in names if (group := group_by_name(name)) is not None and group.kind in {"hybrid", "kem"}]:
            return passed("QUANTUM_OFFERED", groups=listed(found))
        if not accepts(tls, Version.TLS13):
            return without_tls(tls) or unsearched(tls, (Version.TLS13,)) or not_applicable("QUANTUM_OLD")
        return unsearched_groups(tls, "ECDHE") or passed("QUANTUM_NOT")

    return for_each_address(survey, one, worst_first=("QUANTUM_NOT", "QUANTUM_OFFERED"))


@check(
    "tls.signature.handshake",
    severity=Severity.MEDIUM,
    title=Text(ja="ハンドシェイクの署名に SHA-1 も MD5 も使わない", en="No handshake is signed with SHA-1 or MD5"),
    why=Text(
        ja="SHA-1 や MD5 の署名は衝突を作れるため、サーバになりすまされ得る。RFC 9155 は TLS 1.2 での使用を禁じている。",
        en="Collisions in SHA-1 and MD5 let signatures be forged and servers be impersonated; RFC 9155 forbids both in TLS 1.2.",
    ),
    remedy=Text(
        ja=(
            "SHA-1 の署名方式を外す：OpenSSL 3 の「SignatureAlgorithms = ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256」（openssl.cnf の "
            "system_default_sect）、Apache「SSLOpenSSLConfCmd SignatureAlgorithms ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256」、nginx"
            "「ssl_conf_command SignatureAlgorithms ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256;」。"
        ),
        en=(
            'Take SHA-1 out of the signature algorithms: in openssl.cnf (system_default_sect) "SignatureAlgorithms = '
            'ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256", Apache "SSLOpenSSLConfCmd SignatureAlgorithms '
            'ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256", nginx "ssl_conf_command SignatureAlgorithms '
            'ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256;".'
        ),
    ),
    says={
        **NO_TLS,
        "SIGNED_WELL": Text(ja="SHA-1 も MD5 も使わない：{schemes}", en="neither SHA-1 nor MD5: {schemes}"),
        "SIGNED_WEAKLY": Text(ja="SHA-1 又は MD5 で署名する（{address}）：{schemes}", en="signs with SHA-1 or MD5 ({address}): {schemes}"),
        "SIGNED_NOTHING": Text(ja="TLS 1.2 で署名を伴う鍵交換をしない", en="TLS 1.2 exchanges no keys that are signed"),
    },
)
def handshake_signature(survey: TlsSurvey) -> Judgement:
    return for_each_address(survey, _signed)


def _signed(tls: TlsSeen, _address: AddressSeen) -> Judged:
    seen = next((signed for signed in tls.signs if signed.version is Version.TLS12), None)
    schemes = seen.schemes if seen else ()
    if bad := [name for name in schemes if (scheme := scheme_by_name(name)) is not None and scheme.hash in _BAD_HASHES]:
        return failed("SIGNED_WEAKLY", schemes=listed(bad))
    if missing := without_tls(tls) or unsearched(tls, (Version.TLS12,)):
        return missing
    if not any(signs(suite) for suite in suites(tls, (Version.TLS12,))):
        return not_applicable("SIGNED_NOTHING")
    if seen is None:
        return unmeasured_signatures()
    return seen.unfinished or (once() if not schemes else passed("SIGNED_WELL", schemes=listed(schemes)))
