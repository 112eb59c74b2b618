"""Checks of a certificate's key and signature: strong enough now and until it expires, and meant for what the server does with it."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import listed
from checks.tls.certificates import NO_CERTIFICATE, each_chain, key_label, label, moment, sent_below_roots
from checks.tls.each import Judged, for_each_address, worst_of
from checks.tls.seen import without_tls
from scanner.facts.tls import AddressSeen, CertificateSeen, ChainSeen, TlsSeen, TlsSurvey, Version
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, doubtful, failed, not_applicable, passed

TLS_CERTIFICATE_LEAST_EC_BITS = Value(
    "tls.certificate.least-ec-bits",
    default=256,
    text=Text(ja="サーバ証明書の楕円曲線の鍵の最小の長さ", en="least length of elliptic-curve keys in server certificates"),
    unit="bit",
    least=224,
    most=521,
)

TLS_CERTIFICATE_LEAST_RSA_BITS = Value(
    "tls.certificate.least-rsa-bits",
    default=2048,
    text=Text(ja="サーバ証明書の RSA 鍵の最小の長さ", en="least length of RSA keys in server certificates"),
    unit="bit",
    least=1024,
    most=8192,
)


_RSA: Final = frozenset({"RSA", "RSA-PSS"})
_EDWARDS: Final = frozenset({"Ed25519", "Ed448"})
_WEAK_HASHES: Final = frozenset({"MD2", "MD4", "MD5", "SHA1"})
_SMALL_EXPONENT: Final = 65537
_LAST_YEAR_OF_112_BITS: Final = 2030
_RSA_128_BITS: Final = 3072


@check(
    "tls.certificate.key-strength",
    severity=Severity.HIGH,
    title=Text(ja="十分な強度の証明書の鍵", en="Strong keys in certificates"),
    why=Text(
        ja="強度が 112 ビットに満たない鍵（RSA 2048 ビット未満等）は解読され得る。秘密鍵を割り出した者は、サーバになりすませる。",
        en="Keys under 112 bits of strength (RSA under 2048 bits) can be broken; whoever finds the private key can pose as the server.",
    ),
    remedy=Text(
        ja="RSA {least_rsa_bits} ビット以上、又は ECDSA P-256・P-384 の鍵を新しく作り、証明書の発行を受け直す。",
        en="Make a new key, RSA of {least_rsa_bits} bits or more or ECDSA with P-256 or P-384, and have a new certificate issued.",
    ),
    says={
        "KEY_STRONG": Text(ja="十分な強度の鍵である：{key}", en="strong keys: {key}"),
        "KEY_EXPONENT_SMALL": Text(
            ja="強度は足りるが、RSA の公開指数が小さい：{key}、e={exponent}",
            en="strong enough, with a small RSA exponent: {key}, e={exponent}",
        ),
        "KEY_SHORT": Text(
            ja="鍵 {key} は {least} ビットに満たない（{address}）：{certificate}",
            en="the key {key} has fewer than {least} bits ({address}): {certificate}",
        ),
        "KEY_EXPONENT": Text(
            ja="RSA の公開指数 {exponent} では鍵の意味がない（{address}）：{certificate}",
            en="with the RSA exponent {exponent} the key protects nothing ({address}): {certificate}",
        ),
        "KEY_EXPLICIT": Text(
            ja="楕円曲線を名前でなくパラメータで示しており、規格に反する（RFC 5480 2.1.1）（{address}）：{certificate}",
            en="the curve is given by parameters and not by name, against RFC 5480 section 2.1.1 ({address}): {certificate}",
        ),
        "KEY_DSA": Text(
            ja="DSA の鍵であり、現在の利用者は受け付けない（{address}）：{certificate}",
            en="a DSA key, which clients of today do not take ({address}): {certificate}",
        ),
        **NO_CERTIFICATE,
    },
)
def key_strength(
    survey: TlsSurvey,
    *,
    least_rsa_bits: Annotated[int, TLS_CERTIFICATE_LEAST_RSA_BITS] = TLS_CERTIFICATE_LEAST_RSA_BITS.default,
    least_ec_bits: Annotated[int, TLS_CERTIFICATE_LEAST_EC_BITS] = TLS_CERTIFICATE_LEAST_EC_BITS.default,
) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        worst = worst_of((_strength(one, least_rsa_bits, least_ec_bits) for one in sent_below_roots(chain)), worst_first=_WORST_KEYS)
        assert worst is not None, "a chain has a first certificate"
        return worst

    return each_chain(survey, judge, worst_first=_WORST_KEYS)


_WORST_KEYS: Final = ("KEY_EXPONENT", "KEY_SHORT", "KEY_EXPLICIT", "KEY_DSA", "KEY_EXPONENT_SMALL")


def _strength(certificate: CertificateSeen, least_rsa: int, least_ec: int) -> Judged:
    key, own = certificate.key, label(certificate)
    shown = key_label(certificate)
    if key.type in _RSA:
        if key.bits < least_rsa:
            return failed("KEY_SHORT", key=shown, least=least_rsa, certificate=own)
        if key.exponent and (key.exponent < 3 or key.exponent % 2 == 0):
            return failed("KEY_EXPONENT", exponent=key.exponent, certificate=own)
        if key.exponent and key.exponent < _SMALL_EXPONENT:
            return passed("KEY_EXPONENT_SMALL", key=shown, exponent=key.exponent)
        return passed("KEY_STRONG", key=shown)
    if key.type == "DSA":
        return failed("KEY_DSA", certificate=own)
    if key.type in _EDWARDS:
        return passed("KEY_STRONG", key=shown)
    if key.type == "ECDSA" and key.bits:
        if key.bits < least_ec:
            return failed("KEY_SHORT", key=shown, least=least_ec, certificate=own)
        if key.curve == "explicit":
            return failed("KEY_EXPLICIT", certificate=own)
        if key.curve[:1].isalpha():
            return passed("KEY_STRONG", key=shown)
    ja, en = "鍵の種類 {key} の強度は分からない：{certificate}", "the strength of a key of the type {key} is not known: {certificate}"
    return cannot_tell(Reason.UNSUPPORTED, ja, en, key=shown, certificate=own)


@check(
    "tls.certificate.signature-hash",
    severity=Severity.HIGH,
    title=Text(ja="安全なハッシュ関数による証明書の署名", en="Certificates signed with a safe hash"),
    why=Text(
        ja="MD5 と SHA-1 は衝突を作れるため、同じ署名の付いた偽の証明書を作られるおそれがあり、CRYPTREC も署名での使用を認めていない。",
        en="Collisions can be made for MD5 and SHA-1, so a false certificate may bear the same signature; CRYPTREC rules them out as well.",
    ),
    remedy=Text(
        ja="SHA-256 以上で署名された証明書の発行を受け直し、中間証明書も現行のものに替える。",
        en="Have the certificate issued anew with SHA-256 or stronger, and put the present intermediates beside it.",
    ),
    says={
        "SIGNATURE_SAFE": Text(ja="安全なハッシュ関数で署名されている：{signature}", en="signed with a safe hash: {signature}"),
        "SIGNATURE_WEAK": Text(
            ja="危殆化したハッシュ関数による署名である（{address}）：{certificates}",
            en="signed with a broken hash ({address}): {certificates}",
        ),
        **NO_CERTIFICATE,
    },
)
def signature_hash(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        looked_at = tuple(sent_below_roots(chain))
        if weak := [one for one in looked_at if one.signature_hash in _WEAK_HASHES]:
            return failed("SIGNATURE_WEAK", certificates=listed(f"{label(one)}: {one.signature}" for one in weak))
        odd = next((one for one in looked_at if not one.signature or one.signature[:1].isdigit()), None)
        if odd is not None:
            ja, en = "署名方式が分からない：{certificate} {signature}", "an unknown way of signing: {certificate} {signature}"
            return cannot_tell(Reason.UNSUPPORTED, ja, en, certificate=label(odd), signature=odd.signature or "-")
        return passed("SIGNATURE_SAFE", signature=listed(one.signature for one in looked_at))

    return each_chain(survey, judge)


@check(
    "tls.certificate.purpose",
    severity=Severity.MEDIUM,
    title=Text(ja="サーバ用に発行された証明書", en="A certificate issued for servers"),
    why=Text(
        ja="用途にサーバ認証を含まない証明書や、認証局用の証明書をサーバに使うと、多くの利用者のソフトウェアが拒否する。",
        en="Many clients refuse a certificate that is not for server authentication, or one of an authority used for a server.",
    ),
    remedy=Text(
        ja="拡張鍵用途に serverAuth を含み、基本制約が CA でない（cA=FALSE）証明書の発行を受け直す。",
        en="Have a certificate issued with serverAuth among its extended key usages and cA=FALSE in its basic constraints.",
    ),
    says={
        "PURPOSE_SERVER": Text(ja="サーバ用の証明書である", en="it is for servers"),
        "PURPOSE_OTHER": Text(
            ja="用途にサーバ認証（serverAuth）がない（{address}、{certificate}）：{uses}",
            en="server authentication is not among its uses ({address}, {certificate}): {uses}",
        ),
        "PURPOSE_AUTHORITY": Text(
            ja="認証局用（cA=TRUE）の証明書をサーバに使っている（{address}）：{certificate}",
            en="a certificate of an authority (cA=TRUE) is used for the server ({address}): {certificate}",
        ),
        **NO_CERTIFICATE,
    },
)
def purpose(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        uses = own.extended_usage
        if uses is not None and not {"serverAuth", "anyExtendedKeyUsage"} & set(uses):
            return failed("PURPOSE_OTHER", certificate=label(own), uses=listed(uses) or ("-",))
        if own.is_ca:
            return failed("PURPOSE_AUTHORITY", certificate=label(own))
        return passed("PURPOSE_SERVER")

    return each_chain(survey, judge, worst_first=("PURPOSE_OTHER",))


@check(
    "tls.certificate.key-usage",
    severity=Severity.LOW,
    title=Text(ja="鍵の使い方に合う鍵用途", en="A key usage that fits the key exchange"),
    why=Text(
        ja="鍵用途が鍵交換の方式に合わないと、規格どおりに確かめる利用者は接続を拒む（RFC 5246 7.4.2）。",
        en="Clients that go by the standard refuse a key usage that does not fit the exchange of keys (RFC 5246 section 7.4.2).",
    ),
    remedy=Text(
        ja="digitalSignature を含む証明書の発行を受け直す。RSA 鍵交換のスイートは無効にする（残す場合は keyEncipherment も要る）。",
        en="Have a certificate issued with digitalSignature; switch off suites with RSA key exchange, or have keyEncipherment too.",
    ),
    says={
        "USAGE_FITS": Text(ja="鍵用途は鍵交換の方式に合う：{usage}", en="the key usage fits: {usage}"),
        "USAGE_ANY": Text(ja="鍵用途は限定されていない", en="the key usage is not limited"),
        "USAGE_NO_SIGNING": Text(
            ja="ECDHE・DHE・TLS 1.3 に要る digitalSignature がない（{address}、{certificate}）：{usage}",
            en="digitalSignature, which ECDHE, DHE and TLS 1.3 need, is missing ({address}, {certificate}): {usage}",
        ),
        "USAGE_NO_ENCIPHERMENT": Text(
            ja="受け付けている RSA 鍵交換に要る keyEncipherment がない（{address}、{certificate}）：{usage}",
            en="keyEncipherment, which the accepted RSA key exchange needs, is missing ({address}, {certificate}): {usage}",
        ),
        **NO_CERTIFICATE,
    },
)
def key_usage(survey: TlsSurvey) -> Judgement:
    def at_one(tls: TlsSeen, seen: AddressSeen) -> Judged:
        if ending := without_tls(tls):
            return ending
        signs, enciphers = _exchanges(tls)
        alone = TlsSurvey(survey.name, survey.port, survey.protocol, survey.at, (AddressSeen(seen.address, tls),))
        return each_chain(alone, lambda chain: _usage(chain.certificates[0], signs=signs, enciphers=enciphers))

    return for_each_address(survey, at_one)


def _exchanges(tls: TlsSeen) -> tuple[bool, bool]:
    """Whether the server was seen to sign an exchange with its key, and to have clients encrypt to it."""
    suites = {suite for seen in tls.versions if seen.accepted and seen.version is not Version.TLS13 for suite in seen.suites}
    newest = tls.version(Version.TLS13)
    signs = (newest is not None and newest.accepted) or any("DHE_RSA" in s or "DHE_ECDSA" in s or "DHE_DSS" in s for s in suites)
    return signs, any(suite.startswith(("TLS_RSA_WITH_", "SSL_RSA_WITH_")) for suite in suites)


def _usage(own: CertificateSeen, *, signs: bool, enciphers: bool) -> Judged:
    if own.usage is None:
        return passed("USAGE_ANY")
    shown = listed(own.usage) or ("-",)
    if signs and "digitalSignature" not in own.usage:
        return failed("USAGE_NO_SIGNING", certificate=label(own), usage=shown)
    if enciphers and own.key.type == "RSA" and "keyEncipherment" not in own.usage:
        return failed("USAGE_NO_ENCIPHERMENT", certificate=label(own), usage=shown)
    return passed("USAGE_FITS", usage=shown)


@check(
    "tls.certificate.rsa-horizon",
    severity=Severity.INFO,
    title=Text(ja="2031 年以降に使わない 112 ビット強度の鍵", en="No 112-bit key beyond 2030"),
    why=Text(
        ja=(
            "RSA 2048 ビットの強度は 112 ビットであり、CRYPTREC LS-0003-2022R1 は、新規の使用を 2030 年までの移行完遂期間に限る。"
            "それまでに、より強い鍵への移行を終える必要がある。"
        ),
        en=(
            "RSA of 2048 bits has 112 bits of strength, and CRYPTREC LS-0003-2022R1 lets new use run only until 2030; the move to stronger "
            "keys has to be finished by then."
        ),
    ),
    remedy=Text(
        ja="2031 年以降も使う証明書には、RSA 3072 ビット以上、又は ECDSA P-256 以上の鍵を使う。",
        en="Use RSA of 3072 bits or more, or ECDSA with P-256 or more, for certificates in use after 2030.",
    ),
    says={
        "HORIZON_WITHIN": Text(ja="{key} の証明書の期限は 2030 年以内：{until}", en="the certificate with {key} ends by 2030: {until}"),
        "HORIZON_STRONG": Text(ja="128 ビット以上の強度の鍵である：{key}", en="a key of 128 bits of strength or more: {key}"),
        "HORIZON_BEYOND": Text(
            ja="{key} の証明書の期限が 2031 年以降である（{address}、{until}）：{certificate}",
            en="a certificate with {key} ends after 2030 ({address}, {until}): {certificate}",
        ),
        "HORIZON_OTHER": Text(
            ja="RSA 2048 ビット以上 3072 ビット未満の鍵でなく、この項目の対象でない",
            en="not an RSA key of 2048 to 3071 bits, so this is not asked",
        ),
        **NO_CERTIFICATE,
    },
)
def rsa_horizon(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        key, shown = own.key, key_label(own)
        if key.type in _RSA and key.bits >= _RSA_128_BITS:
            return passed("HORIZON_STRONG", key=shown)
        if key.type not in _RSA or key.bits < 2048:
            return not_applicable("HORIZON_OTHER")
        end = moment(own.not_after)
        if end is None:
            ja, en = "証明書 {certificate} の期限を読み取れない", "the end of the certificate {certificate} cannot be read"
            return cannot_tell(Reason.PROTOCOL_VIOLATION, ja, en, certificate=label(own))
        if end.year > _LAST_YEAR_OF_112_BITS:
            return doubtful("HORIZON_BEYOND", key=shown, until=own.not_after, certificate=label(own))
        return passed("HORIZON_WITHIN", key=shown, until=own.not_after)

    return each_chain(survey, judge)
