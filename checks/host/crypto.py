"""Checks of a machine's cryptographic policy: what its libraries let in for programs that set nothing of their own, and FIPS mode."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed
from checks.host.settings import IN_CONTAINER, in_container
from checks.tls.cryptrec import CRYPTREC, TLS_CRYPTREC_LEVEL
from scanner.facts.crypto_policy import CryptoPolicy, LibraryDefault
from scanner.facts.tls import Version
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.tls_profile import Ask, Duty, TlsGuideline
from scanner.model.verdict import Severity, failed, not_applicable, passed

CRYPTO_FIPS_REQUIRED = Value(
    "crypto.fips-required",
    default=False,
    text=Text(
        ja="認証を受けた暗号モジュールだけを使う動作（FIPS モード）を求めるか",
        en="whether machines must run in FIPS mode, which uses validated cryptographic modules only",
    ),
)


@check(
    "host.crypto.tls-versions",
    severity=Severity.MEDIUM,
    title=Text(
        ja="機器全体の暗号の設定が、TLS 暗号設定ガイドラインの型が禁じる版を断る",
        en="The machine's own defaults refuse versions of TLS that the chosen level of CRYPTREC's guideline rules out",
    ),
    why=Text(
        ja="自ら版を定めないプログラムは、サーバもクライアントも、ライブラリの設定に従う。緩めると、気付かないうちに全てが古い版を使う。",
        en="Programs that set no version, servers and clients, follow the library: loosened there, all speak old versions unnoticed.",
    ),
    remedy=Text(
        ja=(
            "Red Hat 系：「update-crypto-policies --set DEFAULT」を実行し、再起動する。Debian 系：openssl.cnf の system_default が指す節を"
            "「MinProtocol = TLSv1.2」「CipherString = DEFAULT:@SECLEVEL=2」とする。"
            "GnuTLS：/etc/gnutls/config の [overrides] で tls1.0 と tls1.1 を disabled-version とする。"
        ),
        en=(
            'Red Hat family: run "update-crypto-policies --set DEFAULT" and restart. Debian family: in openssl.cnf, in the section that '
            'system_default names, write "MinProtocol = TLSv1.2" and "CipherString = DEFAULT:@SECLEVEL=2". GnuTLS: disabled-version = '
            "tls1.0 and tls1.1 under [overrides] of /etc/gnutls/config."
        ),
    ),
    says={
        "OLD_LET_IN": Text(ja="型（{level}）が禁じる版を許す：{libraries}", en="they let in what the level {level} rules out: {libraries}"),
        "OLD_REFUSED": Text(ja="最も古い版は次のとおり：{libraries}", en="the oldest versions are: {libraries}"),
        "NO_LIBRARY": Text(ja="OpenSSL も GnuTLS もない", en="there is neither OpenSSL nor GnuTLS"),
    },
)
def crypto_tls_versions(
    policy: CryptoPolicy,
    *,
    level: Annotated[str, TLS_CRYPTREC_LEVEL] = TLS_CRYPTREC_LEVEL.default,
    guideline: Annotated[TlsGuideline, CRYPTREC],
) -> Judgement:
    items = [item for item in guideline.level(level).items if item.ask is Ask.VERSION_OFF and item.duty is Duty.COMPLIANCE and item.firm]
    ruled_out = {Version(name) for item in items for name in item.names}
    if old := [one for one in policy.libraries if one.oldest in ruled_out]:
        return failed("OLD_LET_IN", level=level, libraries=_named(old))
    if unseen := next((one.oldest for one in policy.libraries if isinstance(one.oldest, Unobserved)), None):
        return unseen
    return passed("OLD_REFUSED", libraries=_named(policy.libraries)) if policy.libraries else not_applicable("NO_LIBRARY")


def _named(libraries: tuple[LibraryDefault, ...] | list[LibraryDefault]) -> tuple[str, ...]:
    return listed(f"{one.library} {one.oldest} ({one.source})" for one in libraries)


@check(
    "host.crypto.policy-applied",
    severity=Severity.LOW,
    title=Text(
        ja="定めた機器全体の暗号ポリシーが反映されている", en="The cryptographic policy that is asked for is the one that was applied"
    ),
    why=Text(
        ja="ファイルに書くだけでは、各ライブラリの設定は元のままである。",
        en="Writing a name into the file alone leaves every library's settings as they were.",
    ),
    remedy=Text(
        ja="「update-crypto-policies」を実行して反映し、再起動する。", en='Run "update-crypto-policies" to apply it, then restart.'
    ),
    says={
        "POLICY_APPLIED": Text(ja="{policy} が反映されている", en="{policy} is applied"),
        "POLICY_NOT_APPLIED": Text(
            ja="{asked} と定めているが、反映されているのは {applied}", en="{asked} is asked for, {applied} is applied"
        ),
        "NO_POLICY": Text(ja="この機器には機器全体の暗号ポリシーの仕組みがない", en="the system has no such mechanism"),
    },
)
def crypto_policy_applied(policy: CryptoPolicy) -> Judgement:
    if policy.policy is None:
        return not_applicable("NO_POLICY")
    asked, applied = policy.policy.configured, policy.policy.after_restart
    if isinstance(asked, Unobserved):
        return asked
    if isinstance(applied, Unobserved):
        return applied
    if not asked or not applied:
        return cannot_tell(
            Reason.UNSUPPORTED,
            "{place} に名前がなく、どのポリシーを求めているか分からない",
            "{place} has no name, so which policy is asked for is unknown",
            place=policy.policy.source,
        )
    return passed("POLICY_APPLIED", policy=applied) if asked == applied else failed("POLICY_NOT_APPLIED", asked=asked, applied=applied)


@check(
    "host.crypto.fips",
    severity=Severity.LOW,
    title=Text(
        ja="認証を受けた暗号モジュールだけを使う動作（FIPS モード）が、今も再起動後も有効である",
        en="FIPS mode is on, now and after a restart",
    ),
    why=Text(
        ja="FIPS モードでない機器では、認証を受けた暗号モジュールを入れていても、認証の範囲外の動作をする。",
        en="Out of FIPS mode even a validated cryptographic module does not work as it was validated.",
    ),
    remedy=Text(
        ja=(
            "Red Hat 系：9 までは「fips-mode-setup --enable」を実行して再起動する。10 以降は導入時に fips=1 を付ける。"
            "Ubuntu：「pro enable fips-updates」を実行して再起動する。"
        ),
        en=(
            'Red Hat family: up to 9 run "fips-mode-setup --enable" and restart, from 10 on install with fips=1. Ubuntu: run '
            '"pro enable fips-updates" and restart.'
        ),
    ),
    says={
        "FIPS_ON": Text(ja="有効である", en="it is on"),
        "FIPS_OFF": Text(ja="有効でない（{place}）", en="it is not on ({place})"),
        "FIPS_OFF_LATER": Text(ja="今は有効であるが、再起動すると無効になる（{place}）", en="on now, but off after a restart ({place})"),
        "FIPS_NOT_ASKED": Text(ja="組織はこれを求めていない（crypto.fips-required）", en="the organisation does not ask for it"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def crypto_fips(policy: CryptoPolicy, *, required: Annotated[bool, CRYPTO_FIPS_REQUIRED] = CRYPTO_FIPS_REQUIRED.default) -> Judgement:
    if not required:
        return not_applicable("FIPS_NOT_ASKED")
    if ending := in_container(policy.container):
        return ending
    fips = policy.fips
    if fips.in_force is False:
        return failed("FIPS_OFF", place=fips.source)
    if fips.after_restart is False:
        return failed("FIPS_OFF_LATER" if fips.in_force is True else "FIPS_OFF", place=fips.source)
    return fips.missing() or passed("FIPS_ON")
