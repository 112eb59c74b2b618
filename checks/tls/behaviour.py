"""Checks of what a service does beside the choice of ciphers: renegotiation, compression, downgrade, sessions, tolerance, names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from checks.common import listed
from checks.tls.each import Judged, for_each_address
from checks.tls.seen import ALL, NO_TLS, OLD, accepts, features, suites, unsearched, without_tls
from checks.tls.settings import GOOD_SUITES, ONLY_NEW
from scanner.facts.tls import AddressSeen, Features, SniBehaviour, TlsSeen, TlsSurvey, Version
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, doubtful, failed, not_applicable, passed

_ONLY_13: Final = Text(ja="TLS 1.3 だけを使い、この機能がない", en="only TLS 1.3 is spoken, which has no such thing")
_BELOW_12: Final = (Version.SSL3, Version.TLS10, Version.TLS11)


def _each(
    survey: TlsSurvey, judge: Callable[[Features, TlsSeen], Judged | None], none_tag: str, *, worst_first: tuple[str, ...] = ()
) -> Judged:
    """Judge the features of every address; ``judge`` answers ``None`` where the feature has no meaning, which ends with ``none_tag``."""

    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if ending := without_tls(tls):
            return ending
        found = features(tls)
        if isinstance(found, Unobserved):
            return found
        answer = judge(found, tls)
        # "No meaning" is only sure when the versions are known.
        return answer if answer is not None else unsearched(tls, ALL) or not_applicable(none_tag)

    return for_each_address(survey, one, worst_first=worst_first)


def _flag(value: bool | Unobserved | None, yes: Verdict, no: Verdict) -> Judged | None:
    if value is None or isinstance(value, Unobserved):
        return value
    return yes if value else no


@check(
    "tls.renegotiation.secure",
    severity=Severity.HIGH,
    title=Text(ja="再ネゴシエーションが安全である（RFC 5746）", en="Renegotiation is secure (RFC 5746)"),
    why=Text(
        ja=(
            "安全でない再ネゴシエーションでは、攻撃者が利用者の通信の前に自分の要求を差し込める（CVE-2009-3555）。RFC 9325（3.5）"
            "は対応を必須とする。"
        ),
        en=(
            "Without it an attacker puts requests of his own before those of the user (CVE-2009-3555); RFC 9325 section 3.5 makes "
            "support a must."
        ),
    ),
    remedy=Text(
        ja="TLS ライブラリを更新し（OpenSSL 0.9.8m 以降は標準で対応）、Apache の「SSLInsecureRenegotiation on」等の回避設定を外す。",
        en='Renew the TLS library (OpenSSL since 0.9.8m has it) and remove workarounds such as Apache\'s "SSLInsecureRenegotiation on".',
    ),
    says={
        **NO_TLS,
        "RENEGOTIATION_NONE": _ONLY_13,
        "RENEGOTIATION_SECURE": Text(ja="安全な再ネゴシエーションに対応している", en="renegotiation_info is supported"),
        "RENEGOTIATION_INSECURE": Text(
            ja="安全な再ネゴシエーションに対応していない（{address}）", en="renegotiation_info is not supported ({address})"
        ),
    },
)
def renegotiation_secure(survey: TlsSurvey) -> Judgement:
    return _each(
        survey,
        lambda f, _: _flag(f.secure_renegotiation, passed("RENEGOTIATION_SECURE"), failed("RENEGOTIATION_INSECURE")),
        "RENEGOTIATION_NONE",
    )


@check(
    "tls.renegotiation.client",
    severity=Severity.LOW,
    title=Text(ja="クライアントからの再ネゴシエーションを受け付けない", en="Renegotiation begun by the client is refused"),
    why=Text(
        ja="一つの接続で鍵交換を何度も求められ、サーバの計算資源を使い尽くされ得る（CVE-2011-1473）。",
        en="A client may ask for key exchanges again and again within one connection and use up the server (CVE-2011-1473).",
    ),
    remedy=Text(
        ja=(
            "TLS ライブラリとサーバを更新する（nginx 0.8.23 以降と Apache 2.2.15 以降は標準で拒否）。Postfix「tls_ssl_options = "
            "NO_RENEGOTIATION」、OpenSSL 3 の「Options = NoRenegotiation」。"
        ),
        en=(
            'Renew library and server (nginx since 0.8.23 and Apache since 2.2.15 refuse it); Postfix "tls_ssl_options = '
            'NO_RENEGOTIATION", OpenSSL 3 "Options = NoRenegotiation".'
        ),
    ),
    says={
        **NO_TLS,
        "CLIENT_RENEGOTIATION_NONE": _ONLY_13,
        "CLIENT_RENEGOTIATION_REFUSED": Text(
            ja="クライアントからの再ネゴシエーションを拒否する", en="renegotiation begun by the client is refused"
        ),
        "CLIENT_RENEGOTIATION_DONE": Text(
            ja="クライアントからの再ネゴシエーションに {count} 回応じた（{address}）",
            en="{count} renegotiations begun by the client were carried out ({address})",
        ),
    },
)
def renegotiation_client(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, _tls: TlsSeen) -> Judged | None:
        done = seen.client_renegotiation
        if done is None or isinstance(done, Unobserved):
            return done
        # That the guideline asks for it is remembered with medium confidence only.
        return doubtful("CLIENT_RENEGOTIATION_DONE", count=done) if done else passed("CLIENT_RENEGOTIATION_REFUSED")

    return _each(survey, judge, "CLIENT_RENEGOTIATION_NONE")


@check(
    "tls.compression.off",
    severity=Severity.MEDIUM,
    title=Text(ja="TLS の圧縮機能が無効である", en="TLS compression is off"),
    why=Text(
        ja="圧縮後の長さから、Cookie 等の秘密の値を推測される（CRIME、CVE-2012-4929）。RFC 9325（3.3）も使わないよう求める。",
        en=(
            "The length after compression gives away cookies and other secrets (CRIME, CVE-2012-4929); RFC 9325 section 3.3 advises "
            "against it too."
        ),
    ),
    remedy=Text(
        ja=(
            "圧縮を無効にする：Apache「SSLCompression off」、Postfix「tls_ssl_options = NO_COMPRESSION」、Dovecot「ssl_options = "
            "no_compression」。nginx と HAProxy は新しい OpenSSL に更新する。"
        ),
        en=(
            'Switch it off: Apache "SSLCompression off", Postfix "tls_ssl_options = NO_COMPRESSION", Dovecot "ssl_options = '
            'no_compression"; for nginx and HAProxy renew OpenSSL.'
        ),
    ),
    says={
        **NO_TLS,
        "COMPRESSION_NONE": _ONLY_13,
        "COMPRESSION_OFF": Text(ja="圧縮しない", en="nothing is compressed"),
        "COMPRESSION_ON": Text(ja="圧縮に応じる（{address}）", en="compression is agreed to ({address})"),
    },
)
def compression(survey: TlsSurvey) -> Judgement:
    return _each(survey, lambda f, _: _flag(f.compression, failed("COMPRESSION_ON"), passed("COMPRESSION_OFF")), "COMPRESSION_NONE")


@check(
    "tls.downgrade.scsv",
    severity=Severity.LOW,
    title=Text(
        ja="古いバージョンへ引き下げられた接続を拒否する（RFC 7507）",
        en="Connections that were pushed down to an older version are refused (RFC 7507)",
    ),
    why=Text(
        ja="新しい版での接続を攻撃者に妨げられた相手は、古い版でつなぎ直すことがある。TLS_FALLBACK_SCSV を知るサーバはそれを見破る。",
        en="A client whose newer hello an attacker blocks may come back with an older one; a server that knows TLS_FALLBACK_SCSV notices.",
    ),
    remedy=Text(
        ja=f"TLS 1.2 より古い版を無効にすれば要らなくなる：{ONLY_NEW.ja}。残す場合は TLS ライブラリを更新する（OpenSSL 1.0.1j 以降）。",
        en=(
            f"It is not needed once everything below TLS 1.2 is off: {ONLY_NEW.en}. Where older versions stay, renew the library "
            "(OpenSSL since 1.0.1j)."
        ),
    ),
    says={
        **NO_TLS,
        "SCSV_NOT_NEEDED": Text(
            ja="TLS 1.2 より古い版を使わず、引下げの余地がない", en="nothing below TLS 1.2 is spoken, so there is nowhere to push down to"
        ),
        "SCSV_HEEDED": Text(ja="引下げを見破って拒否する", en="a push down is noticed and refused"),
        "SCSV_IGNORED": Text(ja="引下げを見破らない（{address}）", en="a push down is not noticed ({address})"),
    },
)
def scsv(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, tls: TlsSeen) -> Judged | None:
        if not any(accepts(tls, version) for version in _BELOW_12):
            return unsearched(tls, _BELOW_12) or not_applicable("SCSV_NOT_NEEDED")
        return _flag(seen.fallback_scsv, passed("SCSV_HEEDED"), failed("SCSV_IGNORED"))

    return _each(survey, judge, "SCSV_NOT_NEEDED")


@check(
    "tls.session.extended-master-secret",
    severity=Severity.LOW,
    title=Text(ja="拡張マスターシークレットに対応している（RFC 7627）", en="Extended master secret is supported (RFC 7627)"),
    why=Text(
        ja="これがないと、二つの接続に同じ鍵を持たせて利用者になりすます攻撃（triple handshake）の余地が残る。",
        en="Without it two connections can be made to share their keys, by which a user is impersonated (triple handshake).",
    ),
    remedy=Text(
        ja="TLS ライブラリを更新する（OpenSSL 1.1.0 以降、GnuTLS 3.4 以降、Java 8u161 以降は標準で対応）。",
        en="Renew the TLS library: OpenSSL since 1.1.0, GnuTLS since 3.4 and Java since 8u161 have it.",
    ),
    says={
        **NO_TLS,
        "EMS_NONE": _ONLY_13,
        "EMS_ON": Text(ja="対応している", en="it is supported"),
        "EMS_OFF": Text(ja="対応していない（{address}）", en="it is not supported ({address})"),
    },
)
def extended_master_secret(survey: TlsSurvey) -> Judgement:
    # No Japanese document that could be read asks for it, so its absence is to be confirmed.
    return _each(survey, lambda f, _: _flag(f.extended_master_secret, passed("EMS_ON"), doubtful("EMS_OFF")), "EMS_NONE")


@check(
    "tls.session.encrypt-then-mac",
    severity=Severity.LOW,
    title=Text(ja="CBC の暗号スイートを encrypt-then-MAC とともに使う", en="CBC suites go with encrypt-then-MAC"),
    why=Text(
        ja=(
            "CBC の暗号スイートは、復号の失敗の仕方から内容を推測される攻撃（Lucky Thirteen 等）を受けてきた。RFC 9325（4.2）は "
            "encrypt-then-MAC（RFC 7366）がなければ使わないよう求める。"
        ),
        en=(
            "CBC suites were read through the ways in which decryption fails (Lucky Thirteen and others); RFC 9325 section 4.2 advises "
            "against them without encrypt-then-MAC (RFC 7366)."
        ),
    ),
    remedy=Text(
        ja=f"CBC を外す：{GOOD_SUITES.ja}。残す場合は encrypt-then-MAC に対応した版（OpenSSL 1.1.0 以降等）に更新する。",
        en=f"Do without CBC: {GOOD_SUITES.en}. Where it stays, move to a library with encrypt-then-MAC (OpenSSL since 1.1.0).",
    ),
    says={
        **NO_TLS,
        "ETM_NO_CBC": Text(ja="CBC の暗号スイートを受け付けない", en="no CBC suite is accepted"),
        "ETM_ON": Text(
            ja="CBC を受け付けるが、encrypt-then-MAC に対応している（{address}）", en="CBC is accepted, with encrypt-then-MAC ({address})"
        ),
        "ETM_OFF": Text(
            ja="encrypt-then-MAC なしで CBC を受け付ける（{address}）", en="CBC is accepted without encrypt-then-MAC ({address})"
        ),
    },
)
def encrypt_then_mac(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, tls: TlsSeen) -> Judged | None:
        if not any(suite.mode == "CBC" for suite in suites(tls, OLD)):
            return unsearched(tls, OLD) or not_applicable("ETM_NO_CBC")
        if seen.encrypt_then_mac is None:
            return cannot_tell(Reason.UNSUPPORTED, "encrypt-then-MAC を調べていない", "encrypt-then-MAC was not asked for")
        return _flag(seen.encrypt_then_mac, passed("ETM_ON"), failed("ETM_OFF"))

    return _each(survey, judge, "ETM_NO_CBC")


@check(
    "tls.session.tickets",
    severity=Severity.INFO,
    title=Text(ja="セッションの再開の方法が分かる", en="It is known how sessions are resumed"),
    why=Text(
        ja="セッションチケットの鍵を長く使い続けると前方秘匿性が失われる。RFC 9325（3.4）は鍵の定期的な交換を求めるが、外からは見えない。",
        en=(
            "Keys of tickets that are never changed undo forward secrecy. RFC 9325 section 3.4 asks for their change, which cannot be "
            "seen from outside."
        ),
    ),
    remedy=Text(
        ja=(
            "チケットの鍵を日ごとに替えるか、チケットを無効にする：nginx「ssl_session_tickets off;」、Apache「SSLSessionTickets off」、"
            "HAProxy「no-tls-tickets」。"
        ),
        en=(
            'Change the keys daily or switch tickets off: nginx "ssl_session_tickets off;", Apache "SSLSessionTickets off", HAProxy '
            '"no-tls-tickets".'
        ),
    ),
    says={
        **NO_TLS,
        "TICKETS_ISSUED": Text(
            ja="セッションチケットを発行する（鍵の交換は記録で確かめる）",
            en="tickets are issued; that their keys change is for a record to show",
        ),
        "TICKETS_NONE": Text(ja="セッションチケットを発行しない", en="no tickets are issued"),
        "TICKETS_UNKNOWN": Text(ja="セッションの再開に関わる版を使わない", en="no version with tickets is spoken"),
    },
)
def tickets(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, _tls: TlsSeen) -> Judged | None:
        both = (seen.session_ticket, seen.tls13_ticket)
        if True in both:
            return passed("TICKETS_ISSUED")
        missing = next((value for value in both if isinstance(value, Unobserved)), None)
        return missing or (passed("TICKETS_NONE") if False in both else None)

    return _each(survey, judge, "TICKETS_UNKNOWN", worst_first=("TICKETS_ISSUED",))


@check(
    "tls.session.early-data",
    severity=Severity.LOW,
    title=Text(ja="TLS 1.3 の 0-RTT を使わない", en="TLS 1.3 early data (0-RTT) is off"),
    why=Text(
        ja="0-RTT で送られた要求は、記録した攻撃者がそのまま送り直せる。RFC 9325（3.10）は、再送への備えを定めた用途でだけ使うよう求める。",
        en=(
            "What is sent as early data can be recorded and sent again; RFC 9325 section 3.10 wants it only where the application "
            "provides for replays."
        ),
    ),
    remedy=Text(
        ja=(
            "0-RTT を無効にする：nginx「ssl_early_data off;」、HAProxy「allow-0rtt」を外す。使う場合は、再送されて困る要求を 425（Too "
            "Early）で断る。"
        ),
        en=(
            'Switch it off: nginx "ssl_early_data off;", HAProxy: remove "allow-0rtt". Where it is used, answer requests that must not '
            "be repeated with 425 (Too Early)."
        ),
    ),
    says={
        **NO_TLS,
        "EARLY_DATA_OLD": Text(ja="TLS 1.3 を使わない", en="TLS 1.3 is not spoken"),
        "EARLY_DATA_OFF": Text(ja="0-RTT を使わない", en="no early data is taken"),
        "EARLY_DATA_ON": Text(
            ja="0-RTT を {octets} オクテットまで受け付ける（{address}）", en="up to {octets} octets of early data are taken ({address})"
        ),
    },
)
def early_data(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, tls: TlsSeen) -> Judged | None:
        octets = seen.early_data
        if not accepts(tls, Version.TLS13) and unsearched(tls, (Version.TLS13,)) is None:
            return not_applicable("EARLY_DATA_OLD")
        if octets is None or isinstance(octets, Unobserved):
            return octets
        # The section of RFC 9325 is remembered with medium confidence only.
        return doubtful("EARLY_DATA_ON", octets=octets) if octets else passed("EARLY_DATA_OFF")

    return _each(survey, judge, "EARLY_DATA_OLD")


@check(
    "tls.tolerance.hello",
    severity=Severity.LOW,
    title=Text(
        ja="新しい版や未知の拡張を含む ClientHello を受け付ける", en="Hellos with newer versions and unknown extensions are accepted"
    ),
    why=Text(
        ja="未知の値を読み飛ばせないサーバ（RFC 8701）は、将来のブラウザや耐量子の鍵交換を使う相手から突然つながらなくなる。",
        en="A server that stumbles on unknown values (RFC 8701) will one day be out of reach for new browsers and for post-quantum hellos.",
    ),
    remedy=Text(
        ja="サーバ又は前段の負荷分散装置・WAF の TLS ソフトウェアを更新し、そこで設けた上限を外す。",
        en="Renew the TLS software of the server or of the balancer or WAF before it, and lift limits set there.",
    ),
    says={
        **NO_TLS,
        "TOLERANCE_GOOD": Text(ja="試した ClientHello をすべて受け付ける", en="all hellos that were tried are accepted"),
        "TOLERANCE_BAD": Text(
            ja="受け付けられない ClientHello がある（{address}）：{hellos}", en="some hellos are not accepted ({address}): {hellos}"
        ),
    },
)
def tolerance(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, tls: TlsSeen) -> Judged | None:
        if isinstance(seen.intolerant, Unobserved):
            return seen.intolerant
        if seen.intolerant:
            return failed("TOLERANCE_BAD", hellos=listed(seen.intolerant))
        return unsearched(tls, ()) or passed("TOLERANCE_GOOD")

    return _each(survey, judge, "NO_TLS")


@check(
    "tls.sni.unknown-name",
    severity=Severity.INFO,
    title=Text(ja="知らない名前への応答が分かる", en="It is known what becomes of hellos for unknown names"),
    why=Text(
        ja="知らない名前や名前のない接続に別の証明書を示すサーバは、その証明書に書かれたほかの名前を誰にでも教える。",
        en="A server that shows another certificate to unknown names tells everybody the names that stand in it.",
    ),
    remedy=Text(
        ja="見せたくない名前があれば、既定のサーバで接続を断る：nginx「ssl_reject_handshake on;」、HAProxy「strict-sni」。",
        en='Where such names are to stay hidden, refuse in the default server: nginx "ssl_reject_handshake on;", HAProxy "strict-sni".',
    ),
    says={
        **NO_TLS,
        "SNI_NO_NAME": Text(ja="名前で呼ばれるサービスでない", en="the service is not addressed by a name"),
        "SNI_SAME": Text(ja="どの名前にも同じ証明書を示す", en="the same certificate is shown whatever the name"),
        "SNI_OTHER": Text(
            ja="知らない名前又は名前のない接続に別の証明書を示す（{address}）",
            en="another certificate is shown for unknown names or none ({address})",
        ),
        "SNI_REFUSED": Text(
            ja="知らない名前又は名前のない接続を拒否する（{address}）", en="unknown names, or hellos without one, are refused ({address})"
        ),
    },
)
def unknown_name(survey: TlsSurvey) -> Judgement:
    def judge(seen: Features, _tls: TlsSeen) -> Judged | None:
        both = (seen.without_sni, seen.unknown_sni)
        if SniBehaviour.OTHER in both:
            return passed("SNI_OTHER")
        if missing := next((value for value in both if isinstance(value, Unobserved)), None):
            return missing
        if SniBehaviour.REFUSED in both:
            return passed("SNI_REFUSED")
        return passed("SNI_SAME") if SniBehaviour.SAME in both else None

    return _each(survey, judge, "SNI_NO_NAME", worst_first=("SNI_OTHER", "SNI_REFUSED"))
