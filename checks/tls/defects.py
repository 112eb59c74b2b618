"""Checks of known defects, each by its common name: of implementations, by a probe of their own; of old ciphers, by what is accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from checks.common import listed
from checks.each import each_address
from checks.tls.each import Judged, for_each_address
from checks.tls.seen import ALL, NO_TLS, OLD, accepts, offered, suite_of, suites, unknown_suite, unsearched, without_tls
from checks.tls.settings import GOOD_SUITES, ONLY_NEW
from scanner.facts.tls import AddressSeen, DefectsSeen, TlsDefects, TlsSeen, TlsSurvey, Upgrade, Version
from scanner.model.check import Check, Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.tls.suites import Suite

_BREAKABLE: Final = 1024  # a prime of this length is within reach of states (Logjam)


def _probed(
    name: str,
    words: tuple[str, str, str],
    *,
    severity: Severity,
    why: Text,
    remedy: Text,
    seen: Callable[[DefectsSeen], bool | Unobserved | None],
) -> Check:
    """Make the check of one defect that a probe of its own looks for; ``words`` are its name, its CVE and its name in tags."""
    word, cve, tag = words

    @check(
        f"tls.defect.{name}",
        severity=severity,
        title=Text(ja=f"{word}（{cve}）の欠陥がない", en=f"{word} ({cve}) is not there"),
        why=why,
        remedy=remedy,
        says={
            f"{tag}_ABSENT": Text(ja="欠陥は見られない", en="the defect did not show"),
            f"{tag}_FOUND": Text(ja="欠陥がある（{address}）", en="the defect is there ({address})"),
            f"{tag}_NONE": Text(ja="この欠陥があり得る機能を使わない", en="what the defect needs is not in use"),
        },
    )
    def defect(defects: TlsDefects) -> Judgement:
        def one(of: DefectsSeen) -> Judged:
            found = seen(of)
            if found is None or isinstance(found, Unobserved):
                return found if found is not None else not_applicable(f"{tag}_NONE")
            return failed(f"{tag}_FOUND") if found else passed(f"{tag}_ABSENT")

        return each_address(((of.address, of) for of in defects.addresses), one)

    return defect


heartbleed: Final = _probed(
    "heartbleed",
    ("Heartbleed", "CVE-2014-0160", "HEARTBLEED"),
    severity=Severity.CRITICAL,
    why=Text(
        ja="誰でもサーバのメモリを読み出せ、秘密鍵やパスワードが痕跡なく漏れる。",
        en="Anybody can read the server's memory, keys and passwords among it, and leave no trace.",
    ),
    remedy=Text(
        ja="直ちに OpenSSL を 1.0.1g 以降へ更新する。漏れた前提で、鍵対と証明書を作り直し、古い証明書を失効させ、パスワードを替える。",
        en=(
            "Renew OpenSSL (1.0.1g or later) at once. Take everything as leaked: make new keys and certificates, revoke the old, change "
            "passwords."
        ),
    ),
    seen=lambda of: of.heartbleed,
)
early_ccs: Final = _probed(
    "early-ccs",
    ("CCS Injection", "CVE-2014-0224", "EARLY_CCS"),
    severity=Severity.HIGH,
    why=Text(
        ja="通信路上の攻撃者が、弱い鍵を使わせて通信を読み、書き換えられる。",
        en="An attacker on the way can have weak keys used, and then reads and changes what is sent.",
    ),
    remedy=Text(
        ja="OpenSSL を 0.9.8za、1.0.0m、1.0.1h 以降へ更新する。",
        en="Renew OpenSSL: 0.9.8za, 1.0.0m, 1.0.1h or later.",
    ),
    seen=lambda of: of.early_ccs,
)
ticketbleed: Final = _probed(
    "ticketbleed",
    ("Ticketbleed", "CVE-2016-9244", "TICKETBLEED"),
    severity=Severity.HIGH,
    why=Text(
        ja="負荷分散装置のメモリが 31 オクテットずつ漏れ、ほかの利用者のセッションの値が含まれ得る。",
        en="The balancer's memory leaks 31 octets at a time, sessions of other users among it.",
    ),
    remedy=Text(
        ja=(
            "F5 BIG-IP を修正版（11.6.1 HF2、12.1.2 HF1 等）へ更新する。間に合わなければ Client SSL プロファイルで Session Ticket "
            "を無効にする。"
        ),
        en="Renew F5 BIG-IP (11.6.1 HF2, 12.1.2 HF1 and later); until then switch Session Ticket off in the Client SSL profile.",
    ),
    seen=lambda of: of.ticketbleed,
)
robot: Final = _probed(
    "robot",
    ("ROBOT", "CVE-2017-13099", "ROBOT"),
    severity=Severity.HIGH,
    why=Text(
        ja="復号の失敗の仕方が違うことから、記録された通信を解読され、署名も偽造され得る。",
        en="Differences in how decryption fails let recorded traffic be read and signatures be forged.",
    ),
    remedy=Text(
        ja=f"静的 RSA の鍵交換をやめ、{GOOD_SUITES.ja}。TLS の実装も修正版へ更新する。",
        en=f"Give up static RSA key exchange: {GOOD_SUITES.en}. Renew the TLS implementation too.",
    ),
    seen=lambda of: of.robot,
)


def _offering(
    name: str,
    word: str,
    cve: str,
    *,
    severity: Severity,
    why: Text,
    remedy: Text,
    bad: Callable[[Suite], bool],
    versions: tuple[Version, ...] = OLD,
) -> Check:
    """Make the check of a defect that accepted suites of some versions show."""
    tag = name.upper()

    @check(
        f"tls.defect.{name}",
        severity=severity,
        title=Text(ja=f"{word}（{cve}）の攻撃を受けない", en=f"{word} ({cve}) does not work"),
        why=why,
        remedy=remedy,
        says={
            **NO_TLS,
            f"{tag}_ABSENT": Text(ja="この攻撃に使われる設定はない", en="nothing that the attack needs is accepted"),
            f"{tag}_FOUND": Text(
                ja="この攻撃に使われる暗号スイートを受け付ける（{address}）：{suites}",
                en="suites that the attack needs are accepted ({address}): {suites}",
            ),
        },
    )
    def defect(survey: TlsSurvey) -> Judgement:
        def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
            if found := [suite.name for suite in suites(tls, versions) if bad(suite)]:
                return failed(f"{tag}_FOUND", suites=listed(found))
            return without_tls(tls) or unsearched(tls, versions) or unknown_suite(tls) or passed(f"{tag}_ABSENT")

        return for_each_address(survey, one)

    return defect


_BETTER_SUITES: Final = Text(ja=f"{GOOD_SUITES.ja}。", en=f"To mend it, {GOOD_SUITES.en}.")

poodle: Final = _offering(
    "poodle",
    "POODLE",
    "CVE-2014-3566",
    severity=Severity.HIGH,
    why=Text(
        ja="SSL 3.0 の CBC では、通信路上の攻撃者が Cookie 等を 1 オクテットずつ解読できる。",
        en="With CBC in SSL 3.0 an attacker on the way reads cookies octet by octet.",
    ),
    remedy=Text(ja=f"SSL 3.0 を無効にする：{ONLY_NEW.ja}。", en=f"Switch SSL 3.0 off: {ONLY_NEW.en}."),
    bad=lambda suite: suite.mode == "CBC",
    versions=(Version.SSL3,),
)
freak: Final = _offering(
    "freak",
    "FREAK",
    "CVE-2015-0204",
    severity=Severity.HIGH,
    why=Text(
        ja="輸出用の RSA（512 ビット）を受け付けるサーバは、相手の不備と合わさると通信を解読され、書き換えられる。",
        en="A server that accepts export RSA (512 bits) lets flawed clients be pushed down to it, and their traffic be read and changed.",
    ),
    remedy=_BETTER_SUITES,
    bad=lambda suite: suite.export and suite.kx == "RSA",
)
sweet32: Final = _offering(
    "sweet32",
    "Sweet32",
    "CVE-2016-2183",
    severity=Severity.LOW,
    why=Text(
        ja=(
            "64 ビットブロックの暗号（3DES 等）では、同じ鍵で数百 GB を送るうちに Cookie 等の値を推測される。LS-0001 は一つの鍵で 2 の "
            "20 乗ブロックまでとしている。"
        ),
        en=(
            "With blocks of 64 bits (3DES and others) a few hundred gigabytes under one key give away cookies; LS-0001 allows 2^20 "
            "blocks a key."
        ),
    ),
    remedy=_BETTER_SUITES,
    bad=lambda suite: suite.block_64,
)


@check(
    "tls.defect.logjam",
    severity=Severity.HIGH,
    title=Text(ja="Logjam（CVE-2015-4000）の攻撃を受けない", en="Logjam (CVE-2015-4000) does not work"),
    why=Text(
        ja=(
            "輸出用の DHE を受け付けるサーバは接続を 512 ビットへ引き下げられる。広く共有された 1024 ビット以下の素数は、事前計算により"
            "解読され得る。"
        ),
        en=(
            "A server with export DHE lets connections be pushed down to 512 bits; common primes of 1024 bits or less can be broken by "
            "precomputation."
        ),
    ),
    remedy=Text(
        ja=f"DHE を外す：{GOOD_SUITES.ja}。DHE を残す場合は「openssl dhparam -out dh.pem 2048」で作った 2048 ビット以上の素数を使う。",
        en=(
            f'Do without DHE: {GOOD_SUITES.en}. Where DHE stays, use a prime of 2048 bits or more, made with "openssl dhparam -out '
            'dh.pem 2048".'
        ),
    ),
    says={
        **NO_TLS,
        "LOGJAM_ABSENT": Text(ja="この攻撃に使われる設定はない", en="nothing that the attack needs is accepted"),
        "LOGJAM_EXPORT": Text(ja="輸出用の DHE を受け付ける（{address}）：{suites}", en="export DHE is accepted ({address}): {suites}"),
        "LOGJAM_COMMON": Text(
            ja="広く共有された短い素数を使う（{address}）：{primes}",
            en="short primes that many servers share are used ({address}): {primes}",
        ),
    },
)
def logjam(survey: TlsSurvey) -> Judgement:
    return for_each_address(survey, _logjam, worst_first=("LOGJAM_EXPORT", "LOGJAM_COMMON"))


def _logjam(tls: TlsSeen, _address: AddressSeen) -> Judged:
    accepted = suites(tls, OLD)
    if export := [suite.name for suite in accepted if suite.export and suite.kx in {"DHE", "DH"}]:
        return failed("LOGJAM_EXPORT", suites=listed(export))
    if not isinstance(tls.dh, Unobserved) and (shared := [f"{p.known} {p.bits}" for p in tls.dh if p.known and p.bits <= _BREAKABLE]):
        return failed("LOGJAM_COMMON", primes=listed(shared))
    if missing := without_tls(tls) or unsearched(tls, OLD) or unknown_suite(tls):
        return missing
    if isinstance(tls.dh, Unobserved) and any(suite.kx in {"DHE", "DH"} for suite in accepted):
        return tls.dh
    return passed("LOGJAM_ABSENT")


@check(
    "tls.defect.drown",
    severity=Severity.HIGH,
    title=Text(ja="DROWN（CVE-2016-0800）の攻撃を受けない", en="DROWN (CVE-2016-0800) does not work"),
    why=Text(
        ja="SSL 2.0 を受け付けるサーバは、同じ RSA 鍵を使うすべての TLS の通信を解読する手掛かりになる。",
        en="A server that speaks SSL 2.0 helps to read the TLS traffic of every server that has the same RSA key.",
    ),
    remedy=Text(
        ja=f"SSL 2.0 を無効にし（{ONLY_NEW.ja}）、同じ鍵を使うメールサーバ等でも無効にする。",
        en=f"Switch SSL 2.0 off ({ONLY_NEW.en}), on mail and other servers with the same key too.",
    ),
    says={
        **NO_TLS,
        "DROWN_ABSENT": Text(ja="SSL 2.0 を受け付けない", en="SSL 2.0 is not accepted"),
        "DROWN_FOUND": Text(ja="SSL 2.0 を受け付ける（{address}）：{suites}", en="SSL 2.0 is accepted ({address}): {suites}"),
    },
)
def drown(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if accepts(tls, Version.SSL2):
            kinds = [name for _, name in offered(tls, (Version.SSL2,)) if suite_of(name)]
            # Some servers list no kind and still answer (CVE-2015-3197).
            return failed("DROWN_FOUND", suites=listed(kinds) or ("-",))
        return without_tls(tls) or unsearched(tls, (Version.SSL2,)) or passed("DROWN_ABSENT")

    return for_each_address(survey, one)


@check(
    "tls.defect.heartbeat",
    severity=Severity.INFO,
    title=Text(ja="ハートビート拡張を使わない", en="The heartbeat extension is off"),
    why=Text(
        ja="TLS のハートビート（RFC 6520）を使う相手はほとんどなく、Heartbleed の入り口となった。要らない機能は外しておくのがよい。",
        en="Hardly anybody uses TLS heartbeats (RFC 6520), through which Heartbleed came; what is not needed is best left out.",
    ),
    remedy=Text(
        ja="OpenSSL を 1.1.1 以降へ更新する（TLS のハートビートは外された）。",
        en="Move to OpenSSL 1.1.1 or later, which no longer has heartbeats for TLS.",
    ),
    says={
        **NO_TLS,
        "HEARTBEAT_OFF": Text(ja="ハートビート拡張に応じない", en="the extension is not answered"),
        "HEARTBEAT_ON": Text(
            ja="ハートビート拡張に応じる（{address}）。欠陥の有無は Heartbleed の項で見る",
            en="the extension is answered ({address}); for the defect itself see Heartbleed",
        ),
        "HEARTBEAT_NONE": Text(ja="この拡張のある版を使わない", en="no version that has the extension is spoken"),
    },
)
def heartbeat(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if ending := without_tls(tls):
            return ending
        found = tls.features if isinstance(tls.features, Unobserved) else tls.features.heartbeat
        if found is None or isinstance(found, Unobserved):
            return found or unsearched(tls, ALL) or not_applicable("HEARTBEAT_NONE")
        return passed("HEARTBEAT_ON") if found else passed("HEARTBEAT_OFF")

    return for_each_address(survey, one, worst_first=("HEARTBEAT_ON",))


@check(
    "tls.defect.starttls-injection",
    severity=Severity.HIGH,
    title=Text(ja="TLS への切替えの前後の平文が混ざらない", en="Nothing sent in clear is mixed into the TLS session"),
    why=Text(
        ja=(
            "切替えの直後に平文で届いた応答を TLS の中のものとして扱うと、通信路上の攻撃者が命令や応答を差し込める（CVE-2011-0411、"
            "CVE-2021-38371）。"
        ),
        en=(
            "Where words in clear right behind the go-ahead count as sent under TLS, an attacker on the way slips in commands or "
            "answers (CVE-2011-0411, CVE-2021-38371)."
        ),
    ),
    remedy=Text(
        ja=(
            "メールサーバ等を修正版へ更新し、切替えの際に受信済みの平文を捨てるようにする（Postfix 2.8 以降、Dovecot 2.3.15 以降、Exim "
            "4.95 以降等）。"
        ),
        en="Renew the server so that it drops what it has read in clear at the change (Postfix 2.8, Dovecot 2.3.15, Exim 4.95 or later).",
    ),
    says={
        **NO_TLS,
        "INJECTION_ABSENT": Text(ja="切替えの直後に平文は送られてこない", en="nothing came in clear behind the go-ahead"),
        "INJECTION_FOUND": Text(
            ja="切替えの許可に続けて平文が送られてきた（{address}）：{text}", en="words in clear followed the go-ahead ({address}): {text}"
        ),
        "INJECTION_NONE": Text(ja="最初から TLS で始まるサービス", en="the service begins with TLS"),
    },
)
def starttls_injection(survey: TlsSurvey) -> Judgement:
    def one(tls: TlsSeen, _address: AddressSeen) -> Judged:
        if tls.upgrade is Upgrade.IMPLICIT:
            return not_applicable("INJECTION_NONE")
        if tls.upgrade is not Upgrade.OFFERED:
            return not_applicable("NO_TLS")
        return failed("INJECTION_FOUND", text=tls.early) if tls.early else passed("INJECTION_ABSENT")

    return for_each_address(survey, one)
