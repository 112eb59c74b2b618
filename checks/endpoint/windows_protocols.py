"""Checks of what machines with Windows offer their neighbours: SMB, remote desktop, guessed names, NTLM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from checks.common import listed
from scanner.facts.readings import Readings
from scanner.facts.windows_protocols import NameGuessing, NtlmProtocol, RemoteDesktop, SmbProtocol
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

NAME_GUESSING_OFF = Value[tuple[str, ...]](
    "name-guessing.off",
    default=("llmnr", "netbios"),
    text=Text(
        ja="無効とする、隣の機器に名前を尋ねる仕組み（llmnr、netbios、mdns）",
        en="ways of asking the neighbours for names that are to be off (llmnr, netbios, mdns)",
    ),
)

NTLM_LEVEL = Value(
    "ntlm.level",
    default=5,
    text=Text(
        ja="LAN Manager 認証レベル（0 から 5。5：NTLMv2 だけを送り、LM と NTLM を拒否する）",
        en="LAN Manager authentication level (0 to 5; 5: NTLMv2 only, LM and NTLM refused)",
    ),
)

REMOTE_ASSISTANCE_USE = Value(
    "remote-assistance.use",
    default="off",
    text=Text(
        ja="リモートアシスタンス（off：使わない、solicited：利用者の求めによるものだけ、offered：申出も認める）",
        en="Remote Assistance (off, solicited: at the user's request, offered: offers too)",
    ),
    choices=("off", "solicited", "offered"),
)


Parts = Sequence[tuple[str, Readings[bool]]]


def _on(parts: Parts) -> tuple[str, ...]:
    """Name the parts that are on now, or will be after a restart."""
    return listed(name for name, readings in parts if True in readings.seen())


def _missing(parts: Parts) -> Unobserved | None:
    return next((why for _, readings in parts if (why := readings.missing())), None)


@check(
    "endpoint.smb.first-version",
    severity=Severity.HIGH,
    title=Text(ja="ファイル共有の旧式の版（SMBv1）が無効である", en="The first version of the file sharing protocol (SMBv1) is off"),
    why=Text(
        ja="SMBv1 は暗号化も改ざんの検知も弱く、端末から端末へ自動で広がる不正プログラムに繰り返し使われてきた。",
        en="SMBv1 protects nothing, and malware that spreads from machine to machine by itself has used it again and again.",
    ),
    remedy=Text(
        ja=(
            "「Windows の機能の有効化または無効化」で「SMB 1.0/CIFS ファイル共有のサポート」を外す"
            "（管理者の PowerShell では「Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol」）。"
            "グループポリシーでは「コンピューターの構成」→「基本設定」→「Windows の設定」→「レジストリ」で "
            "HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters の SMB1 を 0、Services\\mrxsmb10 の Start "
            "を 4 とし、再起動する。"
        ),
        en=(
            "In Turn Windows features on or off, clear SMB 1.0/CIFS File Sharing Support (as administrator in PowerShell: "
            "Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol). By Group Policy: Computer Configuration "
            "> Preferences > Windows "
            "Settings > Registry: set SMB1 = 0 in HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters and Start = 4 in "
            "Services\\mrxsmb10; then restart."
        ),
    ),
    says={
        "SMB1_OFF": Text(ja="SMBv1 はサーバ側もクライアント側も無効である", en="off, as server and as client"),
        "SMB1_ON": Text(ja="SMBv1 が有効である：{parts}", en="on: {parts}"),
        "SMB1_UNTIL_RESTART": Text(
            ja="再起動後は無効だが、今は動作している：{parts}", en="off after a restart, but still at work: {parts}"
        ),
    },
)
def smb_first_version(smb: SmbProtocol) -> Judgement:
    parts = (("server", smb.first_version_served), ("client", smb.first_version_used))
    lasting = listed(name for name, readings in parts if readings.after_restart is True)
    if lasting:
        return failed("SMB1_ON", parts=lasting)
    if now := _on(parts):
        return _missing(parts) or failed("SMB1_UNTIL_RESTART", parts=now)
    return _missing(parts) or passed("SMB1_OFF")


@check(
    "endpoint.smb.signing",
    severity=Severity.MEDIUM,
    title=Text(ja="ファイル共有の通信に署名を必須としている", en="File sharing insists on signed messages"),
    why=Text(
        ja="署名を必須としない通信は、間に入った者に中継され、利用者になりすました操作に使われる。",
        en="Without compulsory signatures whoever sits in between can relay the traffic and act as the user.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成」→「Windows の設定」→「セキュリティの設定」→「ローカル ポリシー」→"
            "「セキュリティ オプション」の「Microsoft ネットワーク サーバー: 常に通信にデジタル署名を行う」と"
            "「Microsoft ネットワーク クライアント: 常に通信にデジタル署名を行う」を有効にする。"
        ),
        en=(
            "Group Policy: Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: enable "
            "Microsoft network server: Digitally sign communications (always) and the same for Microsoft network client."
        ),
    ),
    says={
        "SIGNING_REQUIRED": Text(ja="サーバ側もクライアント側も署名を必須としている", en="required, as server and as client"),
        "SIGNING_OPTIONAL": Text(ja="署名を必須としていない：{parts}", en="not required: {parts}"),
    },
)
def smb_signing(smb: SmbProtocol) -> Judgement:
    parts = (("server", smb.signature_served), ("client", smb.signature_used))
    loose = listed(name for name, readings in parts if False in readings.seen())
    return failed("SIGNING_OPTIONAL", parts=loose) if loose else _missing(parts) or passed("SIGNING_REQUIRED")


@check(
    "endpoint.remote-desktop.authentication",
    severity=Severity.HIGH,
    title=Text(
        ja="リモートデスクトップが無効であるか、接続前に主体認証を求める（NLA）",
        en="Remote Desktop is off, or authenticates before it makes a session (NLA)",
    ),
    why=Text(
        ja="主体認証の前にログオン画面を開くと、認証を経ずに脆弱性を突かれ、総当たりも受けやすい。",
        en="A logon screen that anybody may open exposes the service's flaws without authentication, and invites guessing.",
    ),
    remedy=Text(
        ja=(
            "使わない場合は、グループポリシー「コンピューターの構成」→「管理用テンプレート」→「Windows コンポーネント」→「リモート "
            "デスクトップ サービス」→「リモート デスクトップ セッション ホスト」→「接続」の「ユーザーがリモート デスクトップ "
            "サービスを使ってリモート接続することを許可する」を無効にする。使う場合は、同じ「セキュリティ」の「リモート接続にネットワーク "
            "レベル認証を使用したユーザー認証を必要とする」を有効にする。"
        ),
        en=(
            "Where it is not needed: Group Policy, Computer Configuration > Administrative Templates > Windows Components > Remote "
            "Desktop Services > Remote Desktop Session Host > Connections: disable Allow users to connect remotely by using Remote "
            "Desktop Services. Where it is: under Security enable Require user authentication for remote connections by using Network "
            "Level Authentication."
        ),
    ),
    says={
        "RDP_OFF": Text(ja="リモートデスクトップは無効である（{place}）", en="Remote Desktop is off ({place})"),
        "RDP_AUTHENTICATES": Text(ja="有効であり、接続前に主体認証を求める（{place}）", en="on, with authentication first ({place})"),
        "RDP_WITHOUT": Text(ja="有効であるが、接続前に主体認証を求めない（{place}）", en="on, without authentication first ({place})"),
    },
)
def remote_desktop_authentication(desktop: RemoteDesktop) -> Judgement:
    offered, first = desktop.offered, desktop.authenticates_first
    if set(offered.effective()) == {False}:
        return passed("RDP_OFF", place=offered.source)
    if False in first.seen():
        if True in offered.seen():
            return failed("RDP_WITHOUT", place=first.source)
        if why := offered.missing():
            return why
    # With authentication first it does not matter whether it is offered.
    return first.missing() or passed("RDP_AUTHENTICATES", place=first.source)


@check(
    "endpoint.remote-assistance.use",
    severity=Severity.MEDIUM,
    title=Text(ja="リモートアシスタンスが組織の定めのとおりである", en="Remote Assistance is as the organisation decided"),
    why=Text(
        ja="利用者が画面の操作を他人に渡せる機能は、サポートを装う詐欺に使われる。求めのない申出を受ける設定はさらに危うい。",
        en=(
            "A function by which users hand over their screen serves those who pose as support; offers that nobody asked for "
            "are worse still."
        ),
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成」→「管理用テンプレート」→「システム」→「リモート アシスタンス」の"
            "「要請されたリモート アシスタンスを構成する」と「リモート アシスタンスを提供するを構成する」を無効にする。"
            "使う場合は方針ファイルの remote-assistance.use を solicited とする。"
        ),
        en=(
            "Group Policy: Computer Configuration > Administrative Templates > System > Remote Assistance: disable Configure Solicited "
            "Remote Assistance and Configure Offer Remote Assistance. Where it is needed, set remote-assistance.use to solicited in the "
            "profile."
        ),
    ),
    says={
        "ASSISTANCE_OFF": Text(ja="リモートアシスタンスは無効である", en="off"),
        "ASSISTANCE_ASKED": Text(
            ja="利用者の求めによるものだけが有効であり、組織が認めている", en="on at the user's request only, as the organisation allows"
        ),
        "ASSISTANCE_ON": Text(ja="利用者が画面の操作を他人に渡せる（{place}）", en="users can hand over their screen ({place})"),
        "ASSISTANCE_UNASKED": Text(ja="求めのない申出を受け入れる（{place}）", en="offers that nobody asked for are taken ({place})"),
        "ASSISTANCE_MEANT": Text(ja="組織が申出による使用も認めている", en="the organisation allows offers too"),
    },
)
def remote_assistance_use(
    desktop: RemoteDesktop, *, use: Annotated[str, REMOTE_ASSISTANCE_USE] = REMOTE_ASSISTANCE_USE.default
) -> Judgement:
    if use == "offered":
        return not_applicable("ASSISTANCE_MEANT")
    asked, unasked = desktop.assistance, desktop.unasked_assistance
    if True in unasked.seen():
        return failed("ASSISTANCE_UNASKED", place=unasked.source)
    if True in asked.seen() and use == "off":
        return failed("ASSISTANCE_ON", place=asked.source)
    if why := unasked.missing() or (asked.missing() if use == "off" else None):
        return why
    return passed("ASSISTANCE_ASKED" if True in asked.seen() else "ASSISTANCE_OFF")


@check(
    "endpoint.name-guessing.off",
    severity=Severity.MEDIUM,
    title=Text(
        ja="隣の機器に名前を尋ねる仕組み（LLMNR、NetBIOS 等）が無効である",
        en="Names are not looked up by asking the neighbours (LLMNR, NetBIOS)",
    ),
    why=Text(
        ja="これらの問合せには同じ回線の誰でも答えられ、通信を自分に向けさせて認証情報を取ることができる。",
        en="Anybody on the line may answer these questions, draw the traffic to himself and take credentials from it.",
    ),
    remedy=Text(
        ja=(
            "LLMNR：グループポリシー「コンピューターの構成」→「管理用テンプレート」→「ネットワーク」→「DNS クライアント」の"
            "「マルチキャスト名前解決をオフにする」を有効にする。NetBIOS：同じ場所の「NetBIOS 設定の構成」を「NetBIOS を無効にする」"
            "とするか、"
            "アダプターごとに「NetBIOS over TCP/IP を無効にする」を選ぶ。mDNS：同じ場所の「マルチキャスト DNS (mDNS) プロトコルの構成」"
            "を無効にする。"
        ),
        en=(
            "LLMNR: Group Policy, Computer Configuration > Administrative Templates > Network > DNS Client: enable Turn off multicast "
            "name resolution. NetBIOS: there, set Configure NetBIOS settings to Disable NetBIOS name resolution, or choose Disable "
            "NetBIOS over TCP/IP on each adapter. mDNS: there, disable Configure multicast DNS (mDNS) protocol."
        ),
    ),
    says={
        "GUESSING_OFF": Text(ja="無効である：{ways}", en="off: {ways}"),
        "GUESSING_ON": Text(ja="有効である：{ways}", en="on: {ways}"),
        "GUESSING_MEANT": Text(ja="組織が無効とする仕組みを定めていない", en="the organisation wants none of them off"),
    },
)
def name_guessing_off(names: NameGuessing, *, off: Annotated[tuple[str, ...], NAME_GUESSING_OFF] = NAME_GUESSING_OFF.default) -> Judgement:
    if not off:
        return not_applicable("GUESSING_MEANT")
    parts = [(name, readings) for name, readings in (("llmnr", names.llmnr), ("mdns", names.mdns)) if name in off]
    if "netbios" in off and not isinstance(names.netbios, Unobserved):
        parts += [(f"netbios ({one.adapter})", one.on) for one in names.netbios]
    if on := _on(parts):
        return failed("GUESSING_ON", ways=on)
    if "netbios" in off and isinstance(names.netbios, Unobserved):
        return names.netbios
    return _missing(parts) or passed("GUESSING_OFF", ways=listed(off))


@check(
    "endpoint.ntlm.version",
    severity=Severity.MEDIUM,
    title=Text(ja="旧式のログオン認証（LM、NTLMv1）を使わない", en="The oldest logon protocols (LM, NTLMv1) are refused"),
    why=Text(
        ja="LM と NTLMv1 の応答からは、短時間でパスワードを割り出せる。",
        en="From an answer in LM or NTLMv1 the password is found within hours.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成」→「Windows の設定」→「セキュリティの設定」→「ローカル ポリシー」→「セキュリティ "
            "オプション」の"
            "「ネットワーク セキュリティ: LAN Manager 認証レベル」を「NTLMv2 応答のみ送信する。LM と NTLM を拒否する」とする。"
        ),
        en=(
            "Group Policy: Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: set Network "
            "security: LAN Manager authentication level to Send NTLMv2 response only. Refuse LM & NTLM."
        ),
    ),
    says={
        "NTLM_REFUSED": Text(ja="水準 {level}（求める水準 {wanted}）", en="level {level}, {wanted} is wanted"),
        "NTLM_LOOSE": Text(ja="水準 {level} は、求める水準 {wanted} に満たない", en="level {level} is below {wanted}"),
    },
)
def ntlm_version(ntlm: NtlmProtocol, *, wanted: Annotated[int, NTLM_LEVEL] = NTLM_LEVEL.default) -> Judgement:
    level = min(ntlm.level.seen(), default=wanted)
    if level < wanted:
        return failed("NTLM_LOOSE", level=level, wanted=wanted)
    return ntlm.level.missing() or passed("NTLM_REFUSED", level=level, wanted=wanted)
