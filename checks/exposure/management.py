"""Checks of remote management, remote desktops, printers, cameras, control systems, tunnels and proxies that the network shows."""

from __future__ import annotations

from checks.each import Judged
from checks.exposure.common import REACH_SAYS, UNTOLD, VANTAGE_UNKNOWN, Group, each_datagram, each_listener, of_sort, reach
from scanner.facts.exposure import HostDatagrams, HostListeners, Speaks, Spoken, Trait
from scanner.facts.ledger import DeclaredHost
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.ports import Sort

_SSH = frozenset({22, 2222})  # the checks of SSH judge how it lets people in
_MANAGEMENT = Group(
    frozenset({Speaks.RDP, Speaks.VNC, Speaks.X11, Speaks.DOCKER, Speaks.KUBELET, Speaks.TELNET}), of_sort(Sort.MANAGEMENT) - _SSH
)
_PRINTERS = Group(frozenset({Speaks.IPP}), of_sort(Sort.PRINTER))
_CAMERAS = Group(frozenset({Speaks.RTSP}), of_sort(Sort.CAMERA))
_CONTROL = Group(frozenset(), of_sort(Sort.CONTROL))
_SMART_INSTALL = Group(frozenset(), frozenset({4786}))
_PAGES = frozenset({80, 81, 443, 8000, 8080, 8443, 10000})
_PPTP = Group(frozenset(), frozenset({1723}))

_CLOSE = Text(
    ja="ファイアウォールで外からの接続を閉じ、VPN 又は踏み台を通してだけ使えるようにする。",
    en="Close it to outside at the firewall and reach it through a VPN or a jump host only.",
)


@check(
    "exposure.management.outside",
    severity=Severity.CRITICAL,
    title=Text(ja="遠隔管理の口に組織の外から接続できない", en="Remote management cannot be reached from outside"),
    why=Text(
        ja="遠隔操作・管理の口は総当たりと欠陥の標的であり、破られれば機器の全権を奪われる。",
        en="Ways of remote control are tried and attacked all the time; whoever gets in has the whole machine.",
    ),
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_management_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _MANAGEMENT)


@check(
    "exposure.management.no-login",
    severity=Severity.CRITICAL,
    title=Text(ja="管理用の口は認証を求める", en="Management interfaces ask for a login"),
    why=Text(ja="接続できる者は誰でも機器を操作できる。", en="Whoever can connect controls the machine."),
    remedy=Text(
        ja="Docker と kubelet は TLS のクライアント証明書を求める設定とし、X11 は TCP の待受けを止める（-nolisten tcp）。",
        en='Have Docker and kubelet ask for TLS client certificates; stop X11 from listening ("-nolisten tcp").',
    ),
    says={
        "CONTROL_NO_LOGIN": Text(ja="{services} が認証なしで応答する", en="{services} answer without a login"),
        "CONTROL_LOGIN": Text(ja="{services} は認証を求める", en="{services} ask for a login"),
        "CONTROL_NONE": Text(ja="Docker・kubelet・X11 として応答するポートはない", en="no port answers as Docker, kubelet or X11"),
    },
)
def exposure_management_no_login(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.NO_LOGIN in seen.traits:
            return failed("CONTROL_NO_LOGIN")
        return passed("CONTROL_LOGIN") if Trait.LOGIN in seen.traits else UNTOLD

    speaks = frozenset({Speaks.DOCKER, Speaks.KUBELET, Speaks.X11})
    return each_listener(listeners, speaks, one, none=passed("CONTROL_NONE"), ports=frozenset({2375, 6000, 10255}))


@check(
    "exposure.management.ipmi",
    severity=Severity.CRITICAL,
    title=Text(ja="IPMI に組織の外から届かない", en="IPMI cannot be reached from outside"),
    why=Text(
        ja="IPMI 2.0 は認証の前にパスワードのハッシュを渡す。破られれば電源とコンソールを奪われる。",
        en="IPMI 2.0 hands out password hashes before any login; whoever gets in has power and console.",
    ),
    remedy=Text(
        ja="管理用の網を分け、UDP 623 を閉じる。使わない IPMI over LAN は止める。",
        en="Keep management networks apart, close UDP 623, and switch IPMI over LAN off where it is not used.",
    ),
    says={
        "IPMI_OUTSIDE": Text(ja="{services} が組織の外からの問合せに応答する", en="{services} answer to outside"),
        "IPMI_INSIDE": Text(
            ja="{services} が応答するが、この観測点は組織の内側である", en="{services} answer, and this vantage point is inside"
        ),
        "IPMI_NONE": Text(ja="IPMI の応答はない", en="nothing answers to IPMI"),
    },
)
def exposure_management_ipmi(datagrams: HostDatagrams, ledger: DeclaredHost) -> Judgement:
    def one(*_: object) -> Judged:
        if ledger.vantage_outside is None:
            return VANTAGE_UNKNOWN
        return failed("IPMI_OUTSIDE") if ledger.vantage_outside else not_applicable("IPMI_INSIDE")

    return each_datagram(datagrams, frozenset({Speaks.IPMI}), one, none=passed("IPMI_NONE"))


@check(
    "exposure.management.smart-install",
    severity=Severity.CRITICAL,
    title=Text(ja="Smart Install に組織の外から接続できない", en="Smart Install cannot be reached from outside"),
    why=Text(
        ja="Cisco の Smart Install は認証なしで設定と OS を書き換えさせる。",
        en="Cisco's Smart Install lets anybody rewrite settings and system.",
    ),
    remedy=Text(ja="スイッチで「no vstack」とし、TCP 4786 を閉じる。", en='Set "no vstack" on switches and close TCP 4786.'),
    says=REACH_SAYS,
)
def exposure_management_smart_install(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _SMART_INSTALL)


@check(
    "exposure.management.web",
    severity=Severity.HIGH,
    title=Text(ja="機器の管理画面に組織の外から接続できない", en="Administration pages of devices cannot be reached from outside"),
    why=Text(
        ja="ルータ・カメラ・複合機の管理画面は、欠陥や既定のパスワードを突かれて乗っ取られる。",
        en="Routers, cameras and printers are taken over through defects and default passwords of their pages.",
    ),
    remedy=_CLOSE,
    says={
        "PAGE_OUTSIDE": Text(
            ja="{services} の管理画面に組織の外から接続できる", en="the administration pages at {services} can be reached from outside"
        ),
        "PAGE_INSIDE": Text(
            ja="{services} の管理画面に接続できるが、この観測点は組織の内側である",
            en="the administration pages at {services} can be reached, and this vantage point is inside",
        ),
        "PAGE_OTHER": Text(ja="{services} の画面は機器のものと見えない", en="the pages at {services} do not look like a device's"),
        "PAGE_NONE": Text(ja="HTTP で応答するポートはない", en="no port answers with HTTP"),
    },
)
def exposure_management_web(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.DEVICE not in seen.traits:
            return passed("PAGE_OTHER")
        if ledger.vantage_outside is None:
            return VANTAGE_UNKNOWN
        return failed("PAGE_OUTSIDE") if ledger.vantage_outside else not_applicable("PAGE_INSIDE")

    return each_listener(listeners, frozenset({Speaks.HTTP}), one, none=passed("PAGE_NONE"), ports=_PAGES)


@check(
    "exposure.rdp.nla",
    severity=Severity.HIGH,
    title=Text(ja="リモートデスクトップはネットワークレベル認証を求める", en="Remote desktop demands network level authentication"),
    why=Text(
        ja="認証の前に画面と処理系が動き出し、認証前の欠陥（BlueKeep 等）を突かれる。",
        en="Without it a session begins before anybody logs in, and defects such as BlueKeep can be used.",
    ),
    remedy=Text(
        ja="「ネットワーク レベル認証でリモート デスクトップを実行しているコンピューターからのみ接続を許可する」を有効にする。",
        en='Turn on "Allow connections only from computers running Remote Desktop with Network Level Authentication".',
    ),
    says={
        "RDP_WITHOUT_NLA": Text(ja="{services} がネットワークレベル認証なしの接続を始める", en="{services} begin sessions without it"),
        "RDP_NLA": Text(ja="{services} はネットワークレベル認証を求める", en="{services} demand it"),
        "RDP_NONE": Text(ja="RDP で応答するポートはない", en="no port answers with RDP"),
    },
)
def exposure_rdp_nla(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.WITHOUT_NLA in seen.traits:
            return failed("RDP_WITHOUT_NLA")
        return passed("RDP_NLA") if Trait.NLA in seen.traits else UNTOLD

    return each_listener(listeners, frozenset({Speaks.RDP}), one, none=passed("RDP_NONE"), ports=frozenset({3389}))


@check(
    "exposure.vnc.no-login",
    severity=Severity.CRITICAL,
    title=Text(ja="VNC は認証を求める", en="VNC asks for a login"),
    why=Text(ja="接続できる者は誰でも画面を見て操作できる。", en="Whoever can connect sees and uses the screen."),
    remedy=Text(
        ja="認証方式「None」を外し、VNC を SSH 又は VPN の中だけで使う。",
        en='Remove the security type "None" and use VNC within SSH or a VPN only.',
    ),
    says={
        "VNC_NO_LOGIN": Text(ja="{services} が認証なしの接続を認める", en="{services} let anybody in"),
        "VNC_LOGIN": Text(ja="{services} は認証を求める", en="{services} ask for a login"),
        "VNC_NONE": Text(ja="VNC で応答するポートはない", en="no port answers with VNC"),
    },
)
def exposure_vnc_no_login(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.NO_LOGIN in seen.traits:
            return failed("VNC_NO_LOGIN")
        return passed("VNC_LOGIN") if Trait.LOGIN in seen.traits else UNTOLD

    return each_listener(listeners, frozenset({Speaks.VNC}), one, none=passed("VNC_NONE"), ports=frozenset({5900, 5901}))


@check(
    "exposure.printer.outside",
    severity=Severity.HIGH,
    title=Text(ja="印刷の口に組織の外から接続できない", en="Printers cannot be reached from outside"),
    why=Text(
        ja="誰でも印刷でき、機種によっては保存された文書や宛先を読み出される。",
        en="Anybody could print, and with some models read stored documents and addresses.",
    ),
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_printer_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _PRINTERS)


@check(
    "exposure.camera.outside",
    severity=Severity.HIGH,
    title=Text(ja="カメラの映像の口に組織の外から接続できない", en="Streams of cameras cannot be reached from outside"),
    why=Text(ja="映像をのぞかれ、機器の欠陥から内部へ侵入される。", en="Strangers watch, and get in through defects of the device."),
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_camera_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _CAMERAS)


@check(
    "exposure.camera.no-login",
    severity=Severity.HIGH,
    title=Text(ja="映像の配信（RTSP）は認証を求める", en="Streams (RTSP) ask for a login"),
    why=Text(ja="接続できる者は誰でも映像を見られる。", en="Whoever can connect watches."),
    remedy=Text(ja="機器の設定で RTSP の認証を有効にする。", en="Turn authentication of RTSP on in the device."),
    says={
        "STREAM_NO_LOGIN": Text(ja="{services} が認証なしで映像の内容を示す", en="{services} describe their stream without a login"),
        "STREAM_LOGIN": Text(ja="{services} は認証を求める", en="{services} ask for a login"),
        "STREAM_NONE": Text(ja="RTSP で応答するポートはない", en="no port answers with RTSP"),
    },
)
def exposure_camera_no_login(listeners: HostListeners) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.NO_LOGIN in seen.traits:
            return failed("STREAM_NO_LOGIN")
        return passed("STREAM_LOGIN") if Trait.LOGIN in seen.traits else UNTOLD

    return each_listener(listeners, frozenset({Speaks.RTSP}), one, none=passed("STREAM_NONE"), ports=frozenset({554, 8554}))


@check(
    "exposure.control.outside",
    severity=Severity.CRITICAL,
    title=Text(ja="制御系の口に組織の外から接続できない", en="Control systems cannot be reached from outside"),
    why=Text(ja="制御の通信には認証がなく、設備を操作される。", en="Their protocols know no logins: plants could be operated by anybody."),
    remedy=_CLOSE,
    says=REACH_SAYS,
)
def exposure_control_outside(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _CONTROL)


@check(
    "exposure.tunnel.pptp",
    severity=Severity.HIGH,
    title=Text(ja="PPTP を提供していない", en="No PPTP is served to outside"),
    why=Text(ja="PPTP の暗号（MPPE・MS-CHAPv2）は破られている。", en="The encryption of PPTP (MPPE with MS-CHAPv2) is broken."),
    remedy=Text(ja="PPTP を止め、IKEv2/IPsec 等の VPN に替える。", en="Stop PPTP and use IKEv2/IPsec or another current VPN."),
    says=REACH_SAYS,
)
def exposure_tunnel_pptp(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    return reach(listeners, ledger, _PPTP)


@check(
    "exposure.proxy.open",
    severity=Severity.CRITICAL,
    title=Text(ja="誰にでも開かれたプロキシがない", en="No proxy serves strangers"),
    why=Text(
        ja="攻撃の踏み台になり、内部のサーバへの抜け道にもなる。", en="It becomes a base for attacks on others and a way to servers inside."
    ),
    remedy=Text(
        ja="プロキシの利用を内部のアドレスに限り、認証を求める（Squid では「http_access deny all」を最後に置く）。",
        en='Limit the proxy to inside addresses and ask for a login (Squid: end with "http_access deny all").',
    ),
    says={
        "PROXY_OPEN": Text(ja="{services} が組織の外からの接続を中継した", en="{services} passed on a connection from outside"),
        "PROXY_INSIDE": Text(
            ja="{services} が中継するが、この観測点は組織の内側である",
            en="{services} pass connections on, and this vantage point is inside",
        ),
        "PROXY_REFUSED": Text(ja="{services} は中継しなかった", en="{services} passed nothing on"),
        "PROXY_NONE": Text(ja="プロキシとして応答するポートはない", en="no port answers as a proxy"),
    },
)
def exposure_proxy_open(listeners: HostListeners, ledger: DeclaredHost) -> Judgement:
    def one(seen: Spoken) -> Judged:
        if Trait.FORWARDS not in seen.traits:
            return passed("PROXY_REFUSED")
        if ledger.vantage_outside is None:
            return VANTAGE_UNKNOWN
        return failed("PROXY_OPEN") if ledger.vantage_outside else not_applicable("PROXY_INSIDE")

    speaks = frozenset({Speaks.PROXY, Speaks.SOCKS})
    return each_listener(listeners, speaks, one, none=passed("PROXY_NONE"), ports=of_sort(Sort.PROXY))
