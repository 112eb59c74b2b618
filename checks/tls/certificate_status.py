"""Checks of what is said about a certificate from outside: revocation by staple, OCSP and list, stapling itself, transparency logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from checks.common import first_missing
from checks.tls.certificates import NO_CERTIFICATE, each_chain, label, moment
from checks.tls.each import Judged
from scanner.facts.tls import ChainSeen, Path, Revocation, RevocationSeen, TlsRevocation, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_WAYS: Final = {"staple": "OCSP stapling", "ocsp": "OCSP", "crl": "CRL"}
_LIFETIME_OF_TWO: Final = timedelta(days=180)
_CLOCKS: Final = timedelta(minutes=5)
"""What two clocks may differ by."""


@check(
    "tls.certificate.revoked",
    severity=Severity.CRITICAL,
    title=Text(ja="失効していない証明書", en="A certificate that is not revoked"),
    why=Text(
        ja="失効した証明書は、秘密鍵の漏えい等により認証局が無効としたものである。使い続けると接続を拒まれ、なりすましと区別できない。",
        en="An authority revokes a certificate because its key leaked or the like; clients refuse it, and impostors may hold the key.",
    ),
    remedy=Text(
        ja="失効の理由を認証局に確かめ、新しい鍵で証明書の発行を受け直して直ちに入れ替える。鍵の漏えいであれば事故として対応する。",
        en="Ask the authority why, get a certificate for a new key and install it at once; a leaked key is an incident.",
    ),
    says={
        "NOT_REVOKED": Text(ja="失効していない（{way}、{made} 時点）", en="not revoked ({way}, as of {made})"),
        "REVOKED": Text(
            ja="{revoked} に失効している（{address}、{way}、理由：{reason}）：{certificate}",
            en="revoked at {revoked} ({address}, {way}, reason: {reason}): {certificate}",
        ),
        "REVOKED_SELF_SIGNED": Text(ja="自己署名のため、失効を示す者がいない", en="self-signed, so nobody can revoke it"),
        **NO_CERTIFICATE,
    },
)
def revoked(survey: TlsSurvey, revocation: TlsRevocation | Unobserved) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        if own.self_signed:
            return not_applicable("REVOKED_SELF_SIGNED")
        said = tuple(_answers(chain, revocation))
        counting = [(way, one) for way, one in said if isinstance(one, RevocationSeen) and one.signed_by_issuer]
        for way, one in counting:
            if one.state is Revocation.REVOKED:
                return failed(
                    "REVOKED", way=_WAYS[way], revoked=one.revoked_at or "?", reason=one.reason or "unspecified", certificate=label(own)
                )
        for way, one in counting:
            if one.state is Revocation.GOOD and not _stale(one, survey):
                return passed("NOT_REVOKED", way=_WAYS[way], made=one.produced_at)
        return _untold(said, survey)

    return each_chain(survey, judge)


def _answers(chain: ChainSeen, revocation: TlsRevocation | Unobserved) -> Iterator[tuple[str, RevocationSeen | Unobserved]]:
    """What was said of the chain's first certificate, and by which way."""
    if chain.staple is not None:
        yield "staple", chain.staple
    own = chain.certificates[0]
    if isinstance(revocation, Unobserved):
        if own.ocsp_urls or own.crl_urls:
            yield "ocsp", revocation
        return
    status = next((one for one in revocation.certificates if one.sha256 == own.sha256), None)
    if status is None:
        if own.ocsp_urls or own.crl_urls:
            ja, en = "証明書の数が多く、認証局に問い合わせていない", "there are too many certificates to ask about each"
            yield "ocsp", cannot_tell(Reason.BUDGET_SPENT, ja, en)
        return
    if status.ocsp is not None:
        yield "ocsp", status.ocsp
    if status.crl is not None:
        yield "crl", status.crl


def _stale(seen: RevocationSeen, survey: TlsSurvey) -> bool:
    now, made, until = moment(survey.at), moment(seen.produced_at), moment(seen.next_update)
    return now is None or made is None or made > now + _CLOCKS or (until is not None and until < now - _CLOCKS)


def _untold(said: tuple[tuple[str, RevocationSeen | Unobserved], ...], survey: TlsSurvey) -> Unobserved:
    """Why nothing is known of the certificate's state."""
    heard = [(way, one) for way, one in said if isinstance(one, RevocationSeen)]
    if not said:
        return cannot_tell(
            Reason.NOT_DISCOVERABLE,
            "証明書に失効情報の問合せ先がなく、サーバも OCSP 応答を示さない",
            "the certificate names no place to ask, and the server staples nothing",
        )
    if not heard:
        missing = first_missing(one for _, one in said)
        assert missing is not None, "what was not heard has its reason"
        return missing
    way, one = heard[0]
    if one.state is Revocation.UNKNOWN and not one.problem:
        ja, en = "認証局はこの証明書を知らないと答えた（{way}）", "the authority does not know the certificate ({way})"
        return cannot_tell(Reason.SERVER_FAILURE, ja, en, way=_WAYS[way])
    if one.problem:
        ja, en = "失効情報を使えない（{way}）：{problem}", "what was said of revocation cannot be used ({way}): {problem}"
        return cannot_tell(Reason.PROTOCOL_VIOLATION, ja, en, way=_WAYS[way], problem=one.problem)
    ja, en = "失効情報が古い（{way}、{until} まで）", "what was said of revocation has run out ({way}, at {until})"
    return cannot_tell(Reason.STALE, ja, en, way=_WAYS[way], until=one.next_update or one.produced_at)


@check(
    "tls.certificate.staple",
    severity=Severity.LOW,
    title=Text(ja="有効な OCSP ステープリング", en="Stapled OCSP answers are valid"),
    why=Text(
        ja="期限切れや別の証明書の OCSP 応答を示すと、失効を確かめる利用者は接続に失敗するか、失効の有無を知ることができない。",
        en="A stale OCSP answer, or one about another certificate, makes clients that check revocation fail or leaves them in the dark.",
    ),
    remedy=Text(
        ja=(
            "サーバから認証局の OCSP 応答者へ通信でき、応答を更新できるようにする（nginx の ssl_stapling、Apache の SSLUseStapling）。"
            "認証局が OCSP をやめている場合は、ステープリングを無効にする。"
        ),
        en=(
            "Let the server reach the authority's responder and refresh the answer (ssl_stapling of nginx, SSLUseStapling of Apache); "
            "switch stapling off where the authority has given up OCSP."
        ),
    ),
    says={
        "STAPLE_VALID": Text(ja="有効な OCSP 応答を示す（{until} まで）", en="a valid OCSP answer is stapled (until {until})"),
        "STAPLE_STALE": Text(
            ja="期限切れの OCSP 応答を示している（{address}、{until} まで）", en="the stapled OCSP answer ran out at {until} ({address})"
        ),
        "STAPLE_BROKEN": Text(
            ja="使えない OCSP 応答を示している（{address}）：{problem}", en="the stapled OCSP answer cannot be used ({address}): {problem}"
        ),
        "STAPLE_NOT_USED": Text(
            ja="OCSP ステープリングを使っていない（OCSP をやめた認証局もあり、不備とはしない）",
            en="no OCSP answer is stapled (no fault, since some authorities have given up OCSP)",
        ),
        **NO_CERTIFICATE,
    },
)
def staple(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        one = chain.staple
        if one is None:
            return not_applicable("STAPLE_NOT_USED")
        if one.problem and chain.path.end in {Path.INCOMPLETE, Path.UNCHECKED} and one.produced_at:
            ja, en = "発行者の証明書がなく、OCSP 応答の署名を検証できない：{problem}", "the signature cannot be verified: {problem}"
            return cannot_tell(Reason.UNSUPPORTED, ja, en, problem=one.problem)
        if one.problem:
            return failed("STAPLE_BROKEN", problem=one.problem)
        if _stale(one, survey):
            return failed("STAPLE_STALE", until=one.next_update or one.produced_at)
        return passed("STAPLE_VALID", until=one.next_update or "-")

    return each_chain(survey, judge)


@check(
    "tls.certificate.must-staple",
    severity=Severity.HIGH,
    title=Text(ja="Must-Staple の証明書での OCSP 応答の提示", en="Must-Staple is honoured"),
    why=Text(
        ja="Must-Staple（RFC 7633）の証明書に OCSP 応答を添えないと、対応する利用者は接続を拒む。",
        en="Clients that know Must-Staple (RFC 7633) refuse such a certificate without a stapled OCSP answer.",
    ),
    remedy=Text(
        ja="OCSP ステープリングを有効にするか、Must-Staple のない証明書の発行を受け直す。",
        en="Switch OCSP stapling on, or have a certificate issued without Must-Staple.",
    ),
    says={
        "MUST_STAPLE_HONOURED": Text(ja="OCSP 応答を添えている", en="an OCSP answer is stapled"),
        "MUST_STAPLE_BROKEN": Text(
            ja="Must-Staple の証明書だが、OCSP 応答を添えていない（{address}）：{certificate}",
            en="a Must-Staple certificate without a stapled OCSP answer ({address}): {certificate}",
        ),
        "MUST_STAPLE_NOT_ASKED": Text(ja="Must-Staple の証明書でない", en="not a Must-Staple certificate"),
        **NO_CERTIFICATE,
    },
)
def must_staple(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        if not own.must_staple:
            return not_applicable("MUST_STAPLE_NOT_ASKED")
        return passed("MUST_STAPLE_HONOURED") if chain.staple is not None else failed("MUST_STAPLE_BROKEN", certificate=label(own))

    return each_chain(survey, judge)


@check(
    "tls.certificate.transparency",
    severity=Severity.INFO,
    title=Text(ja="ブラウザの求める CT ログへの登録", en="Certificates are in the logs that browsers ask for"),
    why=Text(
        ja="主要なブラウザは、複数の CT ログに登録した証拠（SCT）のない公開の証明書を拒否する。CRYPTREC の文書が求めるものではない。",
        en="Browsers refuse public certificates without proof (SCT) from several logs. No CRYPTREC document asks for this.",
    ),
    remedy=Text(
        ja="証明書に SCT を埋め込む認証局から発行を受け直す。",
        en="Have the certificate issued by an authority that embeds SCTs.",
    ),
    says={
        "CT_ENOUGH": Text(
            ja="{logs} 個のログの SCT がある（ログの署名は確かめていない）", en="SCTs of {logs} logs (whose signatures are not verified)"
        ),
        "CT_FEW": Text(
            ja="SCT のあるログは {logs} 個で、ブラウザの求める {least} 個に満たない（{address}）：{certificate}",
            en="SCTs of {logs} logs, fewer than the {least} that browsers ask for ({address}): {certificate}",
        ),
        "CT_NOT_ASKED": Text(
            ja="ブラウザが使うサービスの公開の証明書でないため、求められない",
            en="not a public certificate of a service for browsers, so nobody asks",
        ),
        **NO_CERTIFICATE,
    },
)
def transparency(survey: TlsSurvey) -> Judgement:
    """Two logs up to 180 days of lifetime, three beyond, as the policies of the large browsers say; logs' signatures are not looked at."""

    def judge(chain: ChainSeen) -> Judged:
        if survey.protocol != "https" or chain.path.end is not Path.PUBLIC:
            return not_applicable("CT_NOT_ASKED")
        own = chain.certificates[0]
        logs = len({sct.log for sct in (*own.scts, *chain.scts)})
        begin, end = moment(own.not_before), moment(own.not_after)
        short = begin is not None and end is not None and end - begin <= _LIFETIME_OF_TWO
        least = 2 if short else 3
        return passed("CT_ENOUGH", logs=logs) if logs >= least else failed("CT_FEW", logs=logs, least=least, certificate=label(own))

    return each_chain(survey, judge)
