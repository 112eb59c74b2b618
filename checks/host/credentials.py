"""Checks of the secrets of log-ons that a Windows machine keeps: in memory, for automatic log-ons, for a domain out of reach."""

from __future__ import annotations

from typing import Annotated

from scanner.facts.credentials import KeptCredentials
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

CREDENTIALS_MOST_CACHED = Value(
    "credentials.most-cached-logons",
    default=4,
    text=Text(
        ja="ドメインに届かないときのために残すログオンの控えの数の上限",
        en="most log-ons to a domain that are kept for when it cannot be reached",
    ),
    least=0,
)


OPTIONS_JA = "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞セキュリティ オプション」の"
OPTIONS_EN = "Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: "


@check(
    "host.credentials.clear-text",
    severity=Severity.HIGH,
    title=Text(
        ja="ログオン中の利用者のパスワードを平文でメモリに残さない",
        en="Passwords of people who are logged on are not kept in memory in clear text",
    ),
    why=Text(
        ja="管理者の権限を得た者が、ログオンしている全ての者のパスワードをそのまま取り出せる。",
        en="Whoever gains an administrator's rights can simply take the passwords of all who are logged on.",
    ),
    remedy=Text(
        ja=r"レジストリ HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\WDigest の UseLogonCredential を 0 とし、再起動する。",
        en=r"Set UseLogonCredential to 0 in HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\WDigest and restart.",
    ),
    says={
        "CLEAR_TEXT_KEPT": Text(ja="平文で残す（WDigest）", en="they are kept (WDigest)"),
        "CLEAR_TEXT_NONE": Text(ja="平文では残さない", en="they are not kept"),
    },
)
def credentials_clear_text(kept: KeptCredentials) -> Judgement:
    if isinstance(kept.clear_text, Unobserved):
        return kept.clear_text
    return failed("CLEAR_TEXT_KEPT") if kept.clear_text else passed("CLEAR_TEXT_NONE")


@check(
    "host.credentials.protected-process",
    severity=Severity.MEDIUM,
    title=Text(ja="認証情報を扱うプロセス（LSA）が保護されている", en="The process that holds credentials (LSA) is protected"),
    why=Text(
        ja="保護されていなければ、管理者の権限で動くプログラムがその中の認証情報を読み出せる。",
        en="Without protection any program with an administrator's rights reads the credentials in it.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞管理用テンプレート＞システム＞ローカル セキュリティ機関」の"
            "「LSASS を保護されたプロセスとして実行するように構成する」を有効にし、再起動する。"
        ),
        en=(
            "Group Policy, Computer Configuration > Administrative Templates > System > Local Security Authority: Configures LSASS to run "
            "as a protected process; then restart."
        ),
    ),
    says={
        "LSA_PROTECTED": Text(ja="保護されている（{place}）", en="it is protected ({place})"),
        "LSA_OPEN": Text(ja="保護されていない（{place}）", en="it is not protected ({place})"),
    },
)
def credentials_protected_process(kept: KeptCredentials) -> Judgement:
    place = kept.protected.source
    if False in kept.protected.effective():
        return failed("LSA_OPEN", place=place)
    return kept.protected.missing() or passed("LSA_PROTECTED", place=place)


@check(
    "host.credentials.automatic-logon",
    severity=Severity.HIGH,
    title=Text(ja="起動時に自動でログオンしない", en="Nobody is logged on by the start of the machine itself"),
    why=Text(
        ja="機器の電源を入れた者が、主体認証なしに利用者として操作できる。そのためのパスワードも機器に残っている。",
        en="Whoever switches the machine on works as its user, without any proof; and the password for it lies on the machine.",
    ),
    remedy=Text(
        ja=(
            r"レジストリ HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon の AutoAdminLogon を 0 とし、"
            "DefaultPassword を消して、そのパスワードを変える。"
        ),
        en=(
            r"Set AutoAdminLogon to 0 in HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon, delete DefaultPassword and "
            "change that password."
        ),
    ),
    says={
        "AUTOMATIC_LOGON": Text(ja="自動でログオンする", en="somebody is logged on automatically"),
        "NO_AUTOMATIC_LOGON": Text(ja="自動でログオンしない", en="nobody is logged on automatically"),
    },
)
def credentials_automatic_logon(kept: KeptCredentials) -> Judgement:
    if isinstance(kept.logs_on_alone, Unobserved):
        return kept.logs_on_alone
    return failed("AUTOMATIC_LOGON") if kept.logs_on_alone else passed("NO_AUTOMATIC_LOGON")


@check(
    "host.credentials.cached",
    severity=Severity.LOW,
    title=Text(
        ja="ドメインのログオンの控えが組織の定め以下である", en="No more log-ons to the domain are kept than the organisation allows"
    ),
    why=Text(
        ja="控えからはパスワードを総当たりで求められる。多くの者が使う機器ほど、他の者の控えが残る。",
        en="Passwords can be found from what is kept by trying; on machines of many people it is kept of many.",
    ),
    remedy=Text(
        ja=OPTIONS_JA + "「対話型ログオン: キャッシュする過去のログオン数」を {most} 以下とする。",
        en=OPTIONS_EN + "Interactive logon: Number of previous logons to cache, {most} or fewer.",
    ),
    says={
        "CACHED_MANY": Text(ja="{found} 件まで残す（上限 {most}）", en="{found} are kept (limit {most})"),
        "CACHED_FEW": Text(ja="{found} 件まで残す", en="{found} are kept at most"),
        "NO_DOMAIN": Text(ja="ドメインに参加していない", en="the machine belongs to no domain"),
    },
)
def credentials_cached(
    kept: KeptCredentials, *, most: Annotated[int, CREDENTIALS_MOST_CACHED] = CREDENTIALS_MOST_CACHED.default
) -> Judgement:
    if kept.joined is False:
        return not_applicable("NO_DOMAIN")
    if isinstance(kept.cached, Unobserved):
        return kept.cached
    if kept.cached <= most:
        return passed("CACHED_FEW", found=kept.cached)
    return kept.joined if isinstance(kept.joined, Unobserved) else failed("CACHED_MANY", found=kept.cached, most=most)


@check(
    "host.credentials.local-administrator",
    severity=Severity.MEDIUM,
    title=Text(
        ja="機器の管理者のパスワードが機器ごとに自動で変えられる（LAPS）",
        en="The local administrator's password is changed by itself on every machine (LAPS)",
    ),
    why=Text(
        ja="同じパスワードの機器が並ぶと、一台から得たパスワードで全ての機器に入れる。",
        en="Where machines share a password, what is taken from one opens all of them.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞管理用テンプレート＞システム＞LAPS」の「パスワードのバックアップ "
            "ディレクトリを構成する」をActive Directory 又は Microsoft Entra とする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Administrative Templates > System > LAPS: Configure password backup directory, Active "
            "Directory or Microsoft Entra."
        ),
    ),
    says={
        "LAPS_ON": Text(ja="自動で変えられる（{place}）", en="it is changed by itself ({place})"),
        "LAPS_OFF": Text(ja="LAPS の設定がない（{place}）", en="LAPS is not set up ({place})"),
    },
)
def credentials_local_administrator(kept: KeptCredentials) -> Judgement:
    if isinstance(kept.rotates, Unobserved):
        return kept.rotates
    return passed("LAPS_ON", place=kept.source) if kept.rotates else failed("LAPS_OFF", place=kept.source)
