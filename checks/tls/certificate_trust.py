"""Checks of the way from a service's certificate to a trusted authority: does it get there, and is what the server sends whole and tidy."""

from __future__ import annotations

from typing import Final

from checks.common import listed
from checks.tls.certificates import NO_CERTIFICATE, OPPORTUNISTIC, each_chain, label, opportunistic, unchecked
from checks.tls.each import Judged
from scanner.facts.ledger import DeclaredTlsService
from scanner.facts.tls import ChainSeen, Path, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_TRUSTED: Final = frozenset({Path.PUBLIC, Path.ORGANISATION})


@check(
    "tls.certificate.trusted",
    severity=Severity.HIGH,
    title=Text(ja="信頼できる認証局の証明書", en="A certificate of a trusted authority"),
    why=Text(
        ja="信頼できる認証局に至らない証明書では、利用者は本物のサーバと偽のサーバを区別できず、警告を無視する習慣もつく。",
        en="Without a way to a trusted authority users cannot tell the server from an impostor, and learn to click warnings away.",
    ),
    remedy=Text(
        ja=(
            "公開の認証局から発行を受けた証明書に替え、中間証明書とともに設定する。組織内だけで使うサーバで独自の認証局を使う場合は、"
            "そのルート証明書を利用端末に配布し、点検の設定にも加え、台帳にそのサーバの zones を記す。"
        ),
        en=(
            "Use a certificate of a public authority and configure it with its intermediates. Where servers for insiders only use the "
            "organisation's own authority, install its root on the machines that use them, give it to the scanner as well, and write their "
            "zones in the inventory."
        ),
    ),
    says={
        "TRUST_PUBLIC": Text(ja="公開の認証局に至る：{anchor}", en="leads to a public authority: {anchor}"),
        "TRUST_ORGANISATION": Text(
            ja="組織が登録した認証局に至る：{anchor}", en="leads to an authority that the organisation added: {anchor}"
        ),
        "TRUST_ORGANISATION_ONLY": Text(
            ja="組織が登録した認証局にだけ至り、一般の利用者は検証できない（{address}）：{anchor}",
            en="leads only to an authority that the organisation added, so the public cannot verify it ({address}): {anchor}",
        ),
        "TRUST_SELF_SIGNED": Text(ja="自己署名証明書である（{address}）：{certificate}", en="self-signed ({address}): {certificate}"),
        "TRUST_UNKNOWN_ROOT": Text(
            ja="信頼する認証局の一覧にないルートに至る（{address}）：{anchor}",
            en="leads to a root that is on no list of trusted authorities ({address}): {anchor}",
        ),
        "TRUST_INCOMPLETE": Text(
            ja="サーバが送る証明書だけでは信頼する認証局に至らない（{address}、{certificate}）：{problem}",
            en="what the server sends does not lead to a trusted authority ({address}, {certificate}): {problem}",
        ),
        "TRUST_BAD_SIGNATURE": Text(
            ja="証明書の署名が正しくない（{address}、{certificate}）：{problem}",
            en="a signature of the chain is wrong ({address}, {certificate}): {problem}",
        ),
        "TRUST_NOT_PERMITTED": Text(
            ja="発行者に許されていない発行である（{address}、{certificate}）：{problem}",
            en="an issuer was not permitted to issue it ({address}, {certificate}): {problem}",
        ),
        "TRUST_OPPORTUNISTIC": OPPORTUNISTIC,
        **NO_CERTIFICATE,
    },
)
def trusted(survey: TlsSurvey, ledger: DeclaredTlsService | Unobserved, *, public_only: bool = False) -> Judgement:
    """``public_only``: an authority that only the organisation trusts is not enough, but for a service to insiders."""
    to_insiders = not isinstance(ledger, Unobserved) and ledger.for_insiders
    to_the_public = not isinstance(ledger, Unobserved) and (ledger.for_insiders is False or ledger.vantage_outside)

    def judge(chain: ChainSeen) -> Judged:
        path = chain.path
        end = path.end
        if end is Path.PUBLIC:
            return passed("TRUST_PUBLIC", anchor=path.anchor)
        if end is Path.ORGANISATION and (to_insiders or not public_only):
            return passed("TRUST_ORGANISATION", anchor=path.anchor)
        if end is Path.UNCHECKED:
            return unchecked(chain)
        own = label(chain.certificates[0])
        if opportunistic(survey):
            return not_applicable("TRUST_OPPORTUNISTIC", seen=f"{own}: {end}")
        match end:
            case Path.ORGANISATION if to_the_public:
                return failed("TRUST_ORGANISATION_ONLY", anchor=path.anchor)
            case Path.ORGANISATION:
                return cannot_tell(
                    Reason.NOT_DECLARED,
                    "組織が登録した認証局（{anchor}）にだけ至る。一般の利用者に向けたサービスかどうかが台帳（zones）にない",
                    "leads only to an authority that the organisation added ({anchor}), and the ledger (zones) does not say whether the "
                    "service is for the public",
                    anchor=path.anchor,
                )
            case Path.SELF_SIGNED:
                return failed("TRUST_SELF_SIGNED", certificate=own)
            case Path.UNKNOWN_ROOT:
                return failed("TRUST_UNKNOWN_ROOT", anchor=path.anchor)
            case Path.BAD_SIGNATURE:
                return failed("TRUST_BAD_SIGNATURE", certificate=own, problem=path.problem)
            case Path.NOT_PERMITTED:
                return failed("TRUST_NOT_PERMITTED", certificate=own, problem=path.problem)
            case _:
                return failed("TRUST_INCOMPLETE", certificate=own, problem=path.problem)

    return each_chain(survey, judge, worst_first=("TRUST_BAD_SIGNATURE", "TRUST_NOT_PERMITTED", "TRUST_ORGANISATION"))


@check(
    "tls.certificate.self-signed",
    severity=Severity.MEDIUM,
    title=Text(ja="自己署名でないサーバ証明書", en="A server certificate that is not self-signed"),
    why=Text(
        ja="自己署名証明書は誰でも同じ名前で作れ、失効させることもできないため、サーバの正当性を示さない。",
        en="Anybody can make a self-signed certificate with the same name, and nobody can revoke it, so it proves nothing of the server.",
    ),
    remedy=Text(
        ja="認証局が発行した証明書に替える。機器の初期設定の証明書が残っている場合は、導入時に必ず入れ替える。",
        en="Replace it with one issued by an authority; replace the certificates that devices come with when they are installed.",
    ),
    says={
        "ISSUED": Text(ja="認証局が発行した証明書である", en="issued by an authority"),
        "SELF_SIGNED": Text(ja="自己署名証明書である（{address}）：{certificate}", en="self-signed ({address}): {certificate}"),
        "SELF_SIGNED_REGISTERED": Text(
            ja="自己署名だが、組織が信頼する証明書として登録している：{certificate}",
            en="self-signed, and registered by the organisation as trusted: {certificate}",
        ),
        "SELF_SIGNED_OPPORTUNISTIC": OPPORTUNISTIC,
        **NO_CERTIFICATE,
    },
)
def self_signed(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        own = chain.certificates[0]
        if not own.self_signed:
            return passed("ISSUED")
        if chain.path.end in _TRUSTED:
            return passed("SELF_SIGNED_REGISTERED", certificate=label(own))
        if opportunistic(survey):
            return not_applicable("SELF_SIGNED_OPPORTUNISTIC", seen=label(own))
        return failed("SELF_SIGNED", certificate=label(own))

    return each_chain(survey, judge, worst_first=("SELF_SIGNED_REGISTERED",))


@check(
    "tls.certificate.sent-whole",
    severity=Severity.MEDIUM,
    title=Text(ja="検証に要る中間証明書の送信", en="The intermediates needed for verification are sent"),
    why=Text(
        ja=(
            "サーバが中間証明書を送らないと、自ら取得しない利用者のソフトウェア（業務システム、スマートフォンのアプリ、メールサーバ等）は"
            "検証に失敗する。"
        ),
        en=(
            "Without the intermediates the software that does not fetch them itself (business systems, apps, mail servers) fails to "
            "verify the server."
        ),
    ),
    remedy=Text(
        ja=(
            "サーバ証明書の後ろに中間証明書を続けたファイルを設定する（nginx の ssl_certificate、Apache の SSLCertificateFile、Postfix の "
            "smtpd_tls_chain_files）。発行者が組織の認証局であれば、そのルート証明書を点検の設定に加える。"
        ),
        en=(
            "Configure a file with the server's certificate followed by its intermediates (ssl_certificate of nginx, SSLCertificateFile "
            "of Apache, smtpd_tls_chain_files of Postfix). If the issuer is the organisation's own authority, give its root to the scanner."
        ),
    ),
    says={
        "CHAIN_WHOLE": Text(ja="ルートに至る証明書をすべて送っている", en="all certificates up to the root are sent"),
        "CHAIN_INCOMPLETE": Text(
            ja="発行者の証明書が送られておらず、信頼するルートの一覧にもない（{address}、{certificate}）：{problem}",
            en="an issuer was neither sent nor is it a known root ({address}, {certificate}): {problem}",
        ),
        "CHAIN_FETCHED": Text(
            ja="中間証明書を送らず、利用者側の取得に頼っている（{address}）：{places}",
            en="an intermediate is not sent and has to be fetched by clients ({address}): {places}",
        ),
        "CHAIN_SELF_SIGNED": Text(ja="自己署名のため、中間証明書はない", en="self-signed, so there are no intermediates"),
        "CHAIN_BROKEN": Text(
            ja="経路が別の理由で成り立たないため、この項目では判定しない（{address}）：{problem}",
            en="the chain fails for another reason, which another check judges ({address}): {problem}",
        ),
        "CHAIN_OPPORTUNISTIC": OPPORTUNISTIC,
        **NO_CERTIFICATE,
    },
)
def sent_whole(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        path = chain.path
        own = label(chain.certificates[0])
        match path.end:
            case Path.SELF_SIGNED:
                return not_applicable("CHAIN_SELF_SIGNED")
            case Path.UNCHECKED:
                return unchecked(chain)
            case Path.BAD_SIGNATURE | Path.NOT_PERMITTED:
                return not_applicable("CHAIN_BROKEN", problem=path.problem)
            case Path.INCOMPLETE if opportunistic(survey):
                return not_applicable("CHAIN_OPPORTUNISTIC", seen=f"{own}: {path.problem}")
            case Path.INCOMPLETE:
                return failed("CHAIN_INCOMPLETE", certificate=own, problem=path.problem)
            case _ if path.fetched:
                return failed("CHAIN_FETCHED", places=listed(path.fetched))
            case _:
                return passed("CHAIN_WHOLE")

    return each_chain(survey, judge)


@check(
    "tls.certificate.order",
    severity=Severity.LOW,
    title=Text(ja="正しい順序での証明書の送信", en="Certificates are sent in order"),
    why=Text(
        ja="TLS 1.2 までの規格は、各証明書がその前のものを証明する順序を求め（RFC 5246 7.4.2）、順序を直さずに検証に失敗する利用者もある。",
        en="Up to TLS 1.2 each certificate must certify the one before it (RFC 5246 section 7.4.2); some clients go by that order.",
    ),
    remedy=Text(
        ja="証明書ファイルを、サーバ証明書、それを発行した中間証明書、その発行者の順に並べ直す。",
        en="Put the file in order: the server's certificate, the intermediate that issued it, then that one's issuer.",
    ),
    says={
        "ORDER_RIGHT": Text(ja="順序は正しい", en="the order is right"),
        "ORDER_WRONG": Text(ja="順序が正しくない（{address}）：{certificates}", en="the order is wrong ({address}): {certificates}"),
        **NO_CERTIFICATE,
    },
)
def order(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        if chain.path.in_order:
            return passed("ORDER_RIGHT")
        return failed("ORDER_WRONG", certificates=listed(f"{at + 1}: {one.subject}" for at, one in enumerate(chain.certificates)))

    return each_chain(survey, judge)


@check(
    "tls.certificate.extra",
    severity=Severity.INFO,
    title=Text(ja="余分な証明書のない送信", en="No needless certificates are sent"),
    why=Text(
        ja="余分な証明書は接続のたびに通信量を増やし、期限切れのものが混じると古い利用者の検証を誤らせる。",
        en="Needless certificates cost octets at every connection, and an expired one among them can mislead old clients.",
    ),
    remedy=Text(
        ja="証明書ファイルから、サーバ証明書とその中間証明書以外を除く。ルート証明書も要らない。",
        en="Take everything but the server's certificate and its intermediates out of the file; the root is not needed either.",
    ),
    says={
        "EXTRA_NONE": Text(ja="余分な証明書はない", en="nothing needless is sent"),
        "EXTRA_ROOT": Text(
            ja="ルート証明書も送っている（不要だが害はない）（{address}）：{certificates}",
            en="the root is sent too, needless and harmless ({address}): {certificates}",
        ),
        "EXTRA_CROSS": Text(
            ja="古い利用者のための別の経路（クロス署名）の証明書も送っている（{address}）：{certificates}",
            en="a cross-signed certificate for older clients is sent too ({address}): {certificates}",
        ),
        "EXTRA_UNRELATED": Text(
            ja="経路に関係のない証明書を送っている（{address}）：{certificates}",
            en="certificates that have no part in the chain are sent ({address}): {certificates}",
        ),
        "EXTRA_NO_PATH": Text(
            ja="信頼する認証局に至らないため、余分かどうかは判定しない",
            en="the chain leads to no trusted authority, so what is needless cannot be said",
        ),
        **NO_CERTIFICATE,
    },
)
def extra(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        path = chain.path
        if path.end not in _TRUSTED:
            return not_applicable("EXTRA_NO_PATH")
        needless = [chain.certificates[at] for at in path.extra if at < len(chain.certificates)]
        if not needless:
            return passed("EXTRA_NONE")
        on_the_way = {(one.subject, one.spki_sha256) for at, one in enumerate(chain.certificates) if at not in path.extra}
        roots = [one for one in needless if one.self_signed and one.subject == path.anchor]
        cross = [one for one in needless if one.is_ca and (one.subject == path.anchor or (one.subject, one.spki_sha256) in on_the_way)]
        if unrelated := [one for one in needless if one not in roots and one not in cross]:
            return failed("EXTRA_UNRELATED", certificates=listed(map(label, unrelated)))
        if other := [one for one in cross if one not in roots]:
            return passed("EXTRA_CROSS", certificates=listed(map(label, other)))
        return passed("EXTRA_ROOT", certificates=listed(map(label, roots)))

    return each_chain(survey, judge, worst_first=("EXTRA_CROSS", "EXTRA_ROOT"))
