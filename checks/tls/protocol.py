"""Checks of TLS being there at all, and of its versions."""

from __future__ import annotations

from typing import Final

from checks.tls.each import Judged, for_each_address
from checks.tls.seen import ALL, NO_TLS, accepts, unsearched, without_tls
from checks.tls.settings import ONLY_NEW
from scanner.facts.tls import AddressSeen, TlsSeen, TlsSurvey, Upgrade, Version
from scanner.model.check import Check, Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed


@check(
    "tls.offered",
    severity=Severity.HIGH,
    title=Text(ja="通信を TLS で暗号化できる", en="The service can be spoken to under TLS"),
    why=Text(
        ja="TLS のない通信は、通信路上の誰にでも読まれ、書き換えられる。STARTTLS の有無は相手が平文で送るかどうかを決める（RFC 3207）。",
        en=(
            "Without TLS anybody on the way reads and changes what is sent; whether STARTTLS is offered decides whether peers send in "
            "the clear (RFC 3207)."
        ),
    ),
    remedy=Text(
        ja=(
            "証明書を導入して TLS を有効にする：Postfix「smtpd_tls_security_level = may」と「smtpd_tls_chain_files = "
            "鍵と証明書のファイル」、Dovecot「ssl = required」、nginx「listen 443 ssl;」、Apache「SSLEngine on」、HAProxy「bind :443 ssl "
            "crt /etc/haproxy/site.pem」。途中の装置が STARTTLS を取り除いていないかも調べる。"
        ),
        en=(
            'Install a certificate and switch TLS on: Postfix "smtpd_tls_security_level = may" with "smtpd_tls_chain_files", Dovecot '
            '"ssl = required", nginx "listen 443 ssl;", Apache "SSLEngine on", HAProxy "bind :443 ssl crt /etc/haproxy/site.pem". See '
            "also that no device on the way strips STARTTLS."
        ),
    ),
    says={
        "TLS_SPOKEN": Text(ja="TLS で通信できる（{versions}）", en="TLS is spoken ({versions})"),
        "TLS_NOT_OFFERED": Text(
            ja="TLS への切替え（STARTTLS 等）を提供していない（{address}）",
            en="no way into TLS (STARTTLS or its like) is offered ({address})",
        ),
        "TLS_REFUSED": Text(
            ja="TLS への切替えを提供しながら拒否する（{address}）", en="the way into TLS is offered and then refused ({address})"
        ),
        "TLS_NO_VERSION": Text(
            ja="どのバージョンの TLS でも接続が成立しない（{address}）", en="no version of TLS could be agreed on ({address})"
        ),
    },
)
def tls_offered(survey: TlsSurvey) -> Judgement:
    return for_each_address(survey, _offered)


def _offered(tls: TlsSeen, _address: AddressSeen) -> Judged:
    if tls.upgrade is Upgrade.NOT_OFFERED:
        return failed("TLS_NOT_OFFERED")
    if tls.upgrade is Upgrade.REFUSED:
        return failed("TLS_REFUSED")
    if versions := tuple(str(seen.version) for seen in tls.versions if seen.accepted):
        return passed("TLS_SPOKEN", versions=versions)
    return unsearched(tls, (Version.SSL2, *ALL)) or failed("TLS_NO_VERSION")


def _off(check_id: str, version: Version, word: str, severity: Severity, why: Text) -> Check:
    tag = check_id.rpartition(".")[2].replace("-", "_").upper()

    @check(
        check_id,
        severity=severity,
        title=Text(ja=f"{word} が無効である", en=f"{word} is off"),
        why=why,
        remedy=Text(
            ja=f"TLS 1.2 と TLS 1.3 だけを有効にする：{ONLY_NEW.ja}。",
            en=f"Leave only TLS 1.2 and TLS 1.3 on: {ONLY_NEW.en}.",
        ),
        says={
            **NO_TLS,
            f"{tag}_OFF": Text(ja=f"{word} を受け付けない", en=f"{word} is not accepted"),
            f"{tag}_ON": Text(ja=f"{word} を受け付ける（{{address}}）", en=f"{word} is accepted ({{address}})"),
        },
    )
    def off(survey: TlsSurvey) -> Judgement:
        def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
            if accepts(tls, version):
                return failed(f"{tag}_ON")
            return without_tls(tls) or unsearched(tls, (version,)) or passed(f"{tag}_OFF")

        return for_each_address(survey, one)

    return off


ssl2: Final = _off(
    "tls.protocol.sslv2",
    Version.SSL2,
    "SSL 2.0",
    Severity.CRITICAL,
    Text(
        ja="SSL 2.0 は暗号も鍵交換も破られており（RFC 6176）、同じ鍵を使うほかのサーバの通信まで解読される（DROWN、CVE-2016-0800）。",
        en=(
            "SSL 2.0 is broken through and through (RFC 6176) and lets the traffic of every server with the same key be read (DROWN, "
            "CVE-2016-0800)."
        ),
    ),
)
ssl3: Final = _off(
    "tls.protocol.sslv3",
    Version.SSL3,
    "SSL 3.0",
    Severity.HIGH,
    Text(
        ja="SSL 3.0 の暗号文は、通信路上の攻撃者に少しずつ解読される（POODLE、CVE-2014-3566）。RFC 7568 が使用を禁じている。",
        en="What SSL 3.0 encrypts can be read octet by octet from the network (POODLE, CVE-2014-3566); RFC 7568 forbids its use.",
    ),
)
tls10: Final = _off(
    "tls.protocol.tls-1-0",
    Version.TLS10,
    "TLS 1.0",
    Severity.MEDIUM,
    Text(
        ja=(
            "TLS 1.0 は SHA-1 と MD5 に頼り、認証付き暗号を使えない。RFC 8996 が使用を禁じ、TLS "
            "暗号設定ガイドラインはセキュリティ例外型でだけ一時的に認める。"
        ),
        en=(
            "TLS 1.0 leans on SHA-1 and MD5 and has no authenticated encryption; RFC 8996 forbids it, CRYPTREC's guideline lets only "
            "the exception level keep it for a while."
        ),
    ),
)
tls11: Final = _off(
    "tls.protocol.tls-1-1",
    Version.TLS11,
    "TLS 1.1",
    Severity.MEDIUM,
    Text(
        ja=(
            "TLS 1.1 は SHA-1 と MD5 に頼り、認証付き暗号を使えない。RFC 8996 が使用を禁じ、TLS "
            "暗号設定ガイドラインはセキュリティ例外型でだけ一時的に認める。"
        ),
        en=(
            "TLS 1.1 leans on SHA-1 and MD5 and has no authenticated encryption; RFC 8996 forbids it, CRYPTREC's guideline lets only "
            "the exception level keep it for a while."
        ),
    ),
)


@check(
    "tls.protocol.modern",
    severity=Severity.HIGH,
    title=Text(ja="TLS 1.2 又は TLS 1.3 で通信できる", en="TLS 1.2 or TLS 1.3 is spoken"),
    why=Text(
        ja=(
            "新しいブラウザやメールサーバは TLS 1.2 より古い版では接続せず、接続できる相手との通信も弱い暗号で守られるだけになる（RFC "
            "8996）。"
        ),
        en="Current clients refuse anything older than TLS 1.2, and those that connect get no more than weak protection (RFC 8996).",
    ),
    remedy=Text(
        ja=f"TLS 1.2 と TLS 1.3 を有効にする：{ONLY_NEW.ja}。対応しない古い TLS ライブラリは更新する。",
        en=f"Switch on TLS 1.2 and TLS 1.3: {ONLY_NEW.en}. Renew a TLS library that cannot.",
    ),
    says={
        **NO_TLS,
        "MODERN_SPOKEN": Text(ja="{versions} で通信できる", en="{versions} can be spoken"),
        "MODERN_MISSING": Text(
            ja="TLS 1.2 でも TLS 1.3 でも通信できない（{address}）", en="neither TLS 1.2 nor TLS 1.3 is spoken ({address})"
        ),
    },
)
def modern(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        new = (Version.TLS12, Version.TLS13)
        if found := tuple(str(version) for version in new if accepts(tls, version)):
            return passed("MODERN_SPOKEN", versions=found)
        return without_tls(tls) or unsearched(tls, new) or failed("MODERN_MISSING")

    return for_each_address(survey, one)


@check(
    "tls.protocol.tls-1-3",
    severity=Severity.LOW,
    title=Text(ja="TLS 1.3 で通信できる", en="TLS 1.3 is spoken"),
    why=Text(
        ja=(
            "TLS 1.3 は古い暗号と鍵交換をすべて外し、証明書も暗号化して送る。RFC 9325 は対応を推奨し、TLS 暗号設定ガイドラインも有効化を"
            "求める。"
        ),
        en=(
            "TLS 1.3 drops every old cipher and key exchange and encrypts the certificate too; RFC 9325 recommends it, and CRYPTREC's "
            "guideline asks for it."
        ),
    ),
    remedy=Text(
        ja=f"TLS 1.3 に対応した版（OpenSSL 1.1.1 以降等）に更新し、有効にする：{ONLY_NEW.ja}。",
        en=f"Move to a library that has TLS 1.3 (OpenSSL 1.1.1 or later) and switch it on: {ONLY_NEW.en}.",
    ),
    says={
        **NO_TLS,
        "TLS_1_3_ON": Text(ja="TLS 1.3 で通信できる", en="TLS 1.3 is spoken"),
        "TLS_1_3_OFF": Text(ja="TLS 1.3 で通信できない（{address}）", en="TLS 1.3 is not spoken ({address})"),
    },
)
def tls13(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if accepts(tls, Version.TLS13):
            return passed("TLS_1_3_ON")
        return without_tls(tls) or unsearched(tls, (Version.TLS13,)) or failed("TLS_1_3_OFF")

    return for_each_address(survey, one)
