"""Checks of how a network device is managed: protocols, access lists, SNMP, administrators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from checks.common import first_missing, listed
from scanner.facts.network_device import ManagementService, NetworkDevice, PasswordForm, SnmpSecurity
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

NETWORK_IDLE = Value(
    "network.idle-seconds",
    default=600,
    text=Text(ja="通信回線装置の管理の接続を放置してよい時間", en="how long a session of management on a network device may be idle"),
    unit="s",
    least=30,
    most=86_400,
)


CLEAR = frozenset({"telnet", "http", "ftp", "xnm-clear-text", "rest-http", "grpc-clear-text"})


def _places(services: Iterable[ManagementService]) -> tuple[str, ...]:
    return listed(f"{service.name} ({service.where})" for service in services)


@check(
    "network.management.clear-text",
    severity=Severity.HIGH,
    title=Text(ja="通信回線装置の管理に平文の通信を使わない", en="A network device is not managed in clear text"),
    why=Text(
        ja="telnet や HTTP では管理者のパスワードと操作の内容が回線上で読め、書き換えられる。",
        en="With telnet or HTTP the administrator's password and every command can be read and changed on the way.",
    ),
    remedy=Text(
        ja="IOS：line vty で transport input ssh、no ip http server。"
        "Junos：delete system services telnet 等。FortiOS：allowaccess から telnet と http を除く。",
        en="IOS: transport input ssh under line vty, no ip http server. Junos: delete system services telnet and the like. FortiOS: take "
        "telnet and http out of allowaccess.",
    ),
    says={
        "CLEAR_TEXT_OFF": Text(ja="平文の管理手段は無効", en="no way of managing it in clear text is on"),
        "CLEAR_TEXT_ON": Text(ja="平文の管理手段が有効：{services}", en="managed in clear text: {services}"),
    },
)
def management_clear_text(device: NetworkDevice) -> Judgement:
    clear = [service for service in device.services if service.name in CLEAR]
    if on := [service for service in clear if service.on is True]:
        return failed("CLEAR_TEXT_ON", services=_places(on))
    return first_missing(service.on for service in clear) or passed("CLEAR_TEXT_OFF")


@check(
    "network.management.limited",
    severity=Severity.MEDIUM,
    title=Text(ja="管理用の通信を決めた端末・ネットワークからだけ受け付ける", en="Management is taken from named networks only"),
    why=Text(
        ja="どこからでも管理画面やログインに届く装置は、パスワードの総当たりと欠陥の悪用の的になる。",
        en="A login that can be reached from everywhere is open to guessing and to attacks on its faults.",
    ),
    remedy=Text(
        ja="IOS：line vty に access-class（IPv6 は ipv6 access-class）、ip http access-class。"
        "Junos：lo0 に inet・inet6 の入力フィルタ。FortiOS：全ての管理者に trusthost。",
        en="IOS: access-class and ipv6 access-class under line vty, ip http access-class. Junos: input filters for inet and inet6 on lo0. "
        "FortiOS: trusthost for every administrator.",
    ),
    says={
        "MANAGEMENT_LIMITED": Text(ja="接続元を限っている：{services}", en="limited by address: {services}"),
        "MANAGEMENT_OPEN": Text(ja="接続元を限っていない：{services}", en="not limited by address: {services}"),
        "MANAGEMENT_NONE": Text(ja="ネットワーク経由の管理手段は全て無効", en="every way of managing it over the network is off"),
    },
)
def management_limited(device: NetworkDevice) -> Judgement:
    maybe = [service for service in device.services if service.on is not False]
    if open_ := [service for service in maybe if service.on is True and service.limited is False]:
        return failed("MANAGEMENT_OPEN", services=_places(open_))
    if not maybe:
        return passed("MANAGEMENT_NONE")
    doubtful = [service for service in maybe if service.limited is not True]
    why = first_missing(part for service in doubtful for part in (service.limited, service.on))
    return why or passed("MANAGEMENT_LIMITED", services=_places(maybe))


@check(
    "network.management.ssh-version",
    severity=Severity.HIGH,
    title=Text(ja="通信回線装置の SSH は第 2 版だけを使う", en="The SSH of a network device is version 2 only"),
    why=Text(ja="SSH 第 1 版は暗号と改ざん検知が破られている。", en="Version 1 of SSH is broken in cipher and integrity."),
    remedy=Text(
        ja="IOS：ip ssh version 2。Junos：set system services ssh protocol-version v2。FortiOS：set admin-ssh-v1 disable。",
        en="IOS: ip ssh version 2. Junos: set system services ssh protocol-version v2. FortiOS: set admin-ssh-v1 disable.",
    ),
    says={
        "SSH_2_ONLY": Text(ja="第 2 版だけ", en="version 2 only"),
        "SSH_1": Text(ja="第 1 版を受け付ける", en="version 1 is taken"),
        "SSH_OFF": Text(ja="SSH による管理は無効", en="not managed by SSH"),
    },
)
def management_ssh_version(device: NetworkDevice) -> Judgement:
    if not any(service.name == "ssh" and service.on is not False for service in device.services):
        return not_applicable("SSH_OFF")
    if isinstance(device.ssh_version_1, Unobserved):
        return device.ssh_version_1
    return failed("SSH_1") if device.ssh_version_1 else device.more or passed("SSH_2_ONLY")


_SNMP = Text(
    ja="SNMP 第 3 版の priv（認証と暗号化）だけとし、コミュニティを消す。止められるものは止める。",
    en="Use SNMP version 3 with priv (authentication and encryption) only and remove communities; switch it off where it is not needed.",
)
_NO_SNMP = Text(ja="SNMP による管理は設定されていない", en="no management by SNMP is configured")


@check(
    "network.snmp.encrypted",
    severity=Severity.MEDIUM,
    title=Text(ja="SNMP は認証と暗号化を伴う第 3 版だけを使う", en="SNMP is version 3 with authentication and encryption only"),
    why=Text(
        ja="第 1・2c 版のコミュニティは平文で流れ、読み取った者は装置の情報を得、書込みの場合は設定を変えられる。",
        en="Communities of versions 1 and 2c travel in clear text; whoever reads one can query the device, or even change it.",
    ),
    remedy=_SNMP,
    says={
        "SNMP_NONE": _NO_SNMP,
        "SNMP_ENCRYPTED": Text(ja="第 3 版 priv だけ：{where}", en="version 3 with priv only: {where}"),
        "SNMP_COMMUNITY": Text(ja="コミュニティによる第 1・2c 版：{where}", en="versions 1 and 2c by community: {where}"),
        "SNMP_WEAK": Text(ja="第 3 版だが暗号化しない：{where}", en="version 3 without encryption: {where}"),
    },
)
def snmp_encrypted(device: NetworkDevice) -> Judgement:
    if communities := [access.where for access in device.snmp if access.security is SnmpSecurity.COMMUNITY]:
        return failed("SNMP_COMMUNITY", where=listed(communities))
    if weak := [access.where for access in device.snmp if access.security is not SnmpSecurity.ENCRYPTED]:
        return failed("SNMP_WEAK", where=listed(weak))
    if device.more:
        return device.more
    return passed("SNMP_ENCRYPTED", where=listed(a.where for a in device.snmp)) if device.snmp else passed("SNMP_NONE")


@check(
    "network.snmp.community",
    severity=Severity.HIGH,
    title=Text(ja="SNMP のコミュニティに推測できる名前を使わない", en="No SNMP community has a name that can be guessed"),
    why=Text(ja="public や private は誰でも最初に試す。", en="Public and private are what everybody tries first."),
    remedy=_SNMP,
    says={
        "COMMUNITY_NONE": Text(ja="コミュニティは設定されていない", en="no community is configured"),
        "COMMUNITY_OWN": Text(ja="よく使われる名前ではない", en="none has a usual name"),
        "COMMUNITY_USUAL": Text(ja="よく使われる名前のコミュニティがある：{where}", en="a community has a usual name: {where}"),
    },
)
def snmp_community(device: NetworkDevice) -> Judgement:
    communities = [access for access in device.snmp if access.security is SnmpSecurity.COMMUNITY]
    if usual := [access.where for access in communities if access.usual]:
        return failed("COMMUNITY_USUAL", where=listed(usual))
    if device.more:
        return device.more
    return passed("COMMUNITY_OWN") if communities else passed("COMMUNITY_NONE")


@check(
    "network.snmp.limited",
    severity=Severity.MEDIUM,
    title=Text(
        ja="SNMP の問合せを監視装置からだけ受け付け、書込みを許さない", en="SNMP is answered to monitoring stations only and never writes"
    ),
    why=Text(
        ja="接続元を限らない SNMP は構成情報を誰にでも渡し、書込みは設定の変更を許す。",
        en="SNMP without limits gives the configuration to anybody; with writing it lets them change it.",
    ),
    remedy=Text(
        ja="コミュニティにアクセスリスト（Junos は clients、FortiOS は hosts）を付け、RW を除く。",
        en="Give each community an access list (clients in Junos, hosts in FortiOS) and remove RW.",
    ),
    says={
        "SNMP_NONE": _NO_SNMP,
        "SNMP_LIMITED": Text(ja="接続元を限り、読取りだけ：{where}", en="limited by address and reading only: {where}"),
        "SNMP_WRITES": Text(ja="書込みを許す：{where}", en="writing is allowed: {where}"),
        "SNMP_OPEN": Text(ja="接続元を限っていない：{where}", en="not limited by address: {where}"),
    },
)
def snmp_limited(device: NetworkDevice) -> Judgement:
    if not device.snmp:
        return device.more or passed("SNMP_NONE")
    by_name = [access for access in device.snmp if access.security is SnmpSecurity.COMMUNITY]
    if writes := [a.where for a in device.snmp if a.writes and a.security is not SnmpSecurity.ENCRYPTED]:
        return failed("SNMP_WRITES", where=listed(writes))
    if open_ := [access.where for access in by_name if access.limited is False]:
        return failed("SNMP_OPEN", where=listed(open_))
    # A version 3 user is known by a key, so its address matters less.
    why = first_missing(access.limited for access in by_name) or device.more
    return why or passed("SNMP_LIMITED", where=listed(a.where for a in device.snmp))


@check(
    "network.access.central",
    severity=Severity.LOW,
    title=Text(ja="装置の管理者を認証サーバで認証する", en="Administrators of the device are authenticated by a server"),
    why=Text(
        ja="装置ごとの共用アカウントでは、誰が操作したかが分からず、異動や退職の際に消し忘れる。",
        en="With accounts on each device nobody knows who did what, and those of people who left stay behind.",
    ),
    remedy=Text(
        ja="IOS：aaa new-model と aaa authentication login default group tacacs+ local。"
        "Junos：authentication-order。FortiOS：管理者に remote-auth。",
        en="IOS: aaa new-model and aaa authentication login default group tacacs+ local. Junos: authentication-order. FortiOS: remote-auth "
        "for administrators.",
    ),
    says={
        "CENTRAL": Text(ja="認証サーバを使う：{kinds}", en="by a server: {kinds}"),
        "LOCAL_ONLY": Text(ja="装置自身のアカウントだけで認証する", en="by accounts of the device alone"),
    },
)
def access_central(device: NetworkDevice) -> Judgement:
    if isinstance(device.central, Unobserved):
        return device.central
    return passed("CENTRAL", kinds=listed(device.central)) if device.central else failed("LOCAL_ONLY")


@check(
    "network.access.passwords",
    severity=Severity.HIGH,
    title=Text(
        ja="装置へのログインにパスワードが要り、復元できない形で保存する",
        en="Logging in to the device takes a password, and none can be turned back",
    ),
    why=Text(
        ja="パスワードのない入口は誰にでも開いている。"
        "設定の控えが漏れれば、平文や type 7 のパスワードはそのまま使われ、古いハッシュは短時間で解かれる。",
        en="A way in without a password is open to all. Once a copy of the configuration leaks, plain and type 7 passwords can be used at "
        "once, and old hashes are soon broken.",
    ),
    remedy=Text(
        ja="IOS：enable secret 9、username … secret 9（又は 8）とし、"
        "password の行と line vty の no login を消す。Junos：$6$。FortiOS：7.4 以降の PBKDF2 に更新する。",
        en="IOS: enable secret 9 and username NAME secret 9 (or 8), without password lines and without no login under line vty. "
        "Junos: $6$. FortiOS: PBKDF2 (7.4 and later).",
    ),
    says={
        "PASSWORDS_HASHED": Text(ja="復元できない形だけ", en="all are hashed with a current method"),
        "PASSWORD_NOT_ASKED": Text(ja="パスワードなしでログインできる：{owners}", en="one may log in without a password: {owners}"),
        "PASSWORDS_READABLE": Text(ja="平文又は復元できる形：{owners}", en="plain, or can be turned back: {owners}"),
        "PASSWORDS_OLD_HASH": Text(ja="古いハッシュ：{owners}", en="an old hash: {owners}"),
        "PASSWORDS_NONE": Text(ja="パスワードの設定がない", en="no password stands in the configuration"),
    },
)
def access_passwords(device: NetworkDevice) -> Judgement:
    if bare := [p.owner for p in device.passwords if p.form is PasswordForm.NONE]:
        return failed("PASSWORD_NOT_ASKED", owners=listed(bare))
    readable = [p.owner for p in device.passwords if p.form in {PasswordForm.PLAIN, PasswordForm.REVERSIBLE}]
    if readable:
        return failed("PASSWORDS_READABLE", owners=listed(readable))
    if old := [p.owner for p in device.passwords if p.form is PasswordForm.OLD_HASH]:
        return failed("PASSWORDS_OLD_HASH", owners=listed(old))
    if why := first_missing(p.form for p in device.passwords) or device.more:
        return why
    return passed("PASSWORDS_HASHED") if device.passwords else not_applicable("PASSWORDS_NONE")


@check(
    "network.access.lockout",
    severity=Severity.MEDIUM,
    title=Text(ja="装置へのログインの失敗が続くと受付けを止める", en="Repeated wrong logins to the device are held off"),
    why=Text(ja="制限がなければパスワードを試し続けられる。", en="Without a limit passwords can be tried without end."),
    remedy=Text(
        ja="IOS：login block-for 300 attempts 5 within 60。Junos：set system login retry-options lockout-period 10。FortiOS："
        "admin-lockout-threshold 3。",
        en="IOS: login block-for 300 attempts 5 within 60. Junos: set system login retry-options lockout-period 10. FortiOS: "
        "admin-lockout-threshold 3.",
    ),
    says={
        "LOCKOUT_ON": Text(ja="失敗が続くと受付けを止める", en="they are held off"),
        "LOCKOUT_OFF": Text(ja="失敗の回数を限っていない", en="wrong logins are not limited"),
    },
)
def access_lockout(device: NetworkDevice) -> Judgement:
    if isinstance(device.lockout, Unobserved):
        return device.lockout
    return passed("LOCKOUT_ON") if device.lockout else failed("LOCKOUT_OFF")


@check(
    "network.access.idle",
    severity=Severity.LOW,
    title=Text(ja="放置された管理の接続が終了する", en="Idle sessions of management are ended"),
    why=Text(
        ja="離席中の接続は、居合わせた者に管理者の権限で使われる。",
        en="A session left open is used by whoever passes, with the administrator's rights.",
    ),
    remedy=Text(
        ja="IOS：line con・vty・aux に exec-timeout 10 0。Junos：login class に idle-timeout 10。FortiOS：admintimeout 10。",
        en="IOS: exec-timeout 10 0 under line con, vty and aux. Junos: idle-timeout 10 in the login class. FortiOS: admintimeout 10.",
    ),
    says={
        "IDLE_ENDED": Text(ja="{seconds} 秒以内に終了する（{where}）", en="ended within {seconds} s ({where})"),
        "IDLE_LATE": Text(ja="{seconds} 秒は上限 {limit} 秒を超える（{where}）", en="{seconds} s exceeds {limit} s ({where})"),
        "IDLE_NEVER": Text(ja="終了しない（{where}）", en="never ended ({where})"),
        "IDLE_NO_SESSIONS": Text(ja="管理の接続を受ける所が設定にない", en="the configuration has no place where sessions begin"),
    },
)
def access_idle(device: NetworkDevice, *, limit: Annotated[int, NETWORK_IDLE] = NETWORK_IDLE.default) -> Judgement:
    waits = [(i.where, i.idle) for i in device.idle if not isinstance(i.idle, Unobserved)]
    if never := [where for where, idle in waits if idle.seconds is None]:
        return failed("IDLE_NEVER", where=listed(never))
    if late := [(where, idle.seconds or 0) for where, idle in waits if (idle.seconds or 0) > limit]:
        return failed("IDLE_LATE", seconds=max(s for _, s in late), limit=limit, where=listed(where for where, _ in late))
    if not device.idle:
        return device.more or not_applicable("IDLE_NO_SESSIONS")
    longest = max((idle.seconds or 0 for _, idle in waits), default=0)
    return first_missing(i.idle for i in device.idle) or passed("IDLE_ENDED", seconds=longest, where=listed(where for where, _ in waits))
