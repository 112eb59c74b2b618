"""Checks of the wireless networks that a machine knows: how the radio path is protected, who has to prove what, what it offers itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from checks.common import first_missing, listed, value_not_set
from scanner.facts.wireless import UNREAD, WirelessMode, WirelessNetwork, WirelessNetworks, WirelessSecurity
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

NETWORKS_OWN_WIRELESS = Value[tuple[str, ...]](
    "networks.own-wireless",
    default=(),
    text=Text(ja="組織の無線 LAN の名前（SSID）", en="names (SSID) of the organisation's own wireless networks"),
)


Whose = Literal["all", "own"]
"""Every network that a machine joins, or the organisation's own only, where a clause speaks of these."""

NO_WIRELESS = Text(ja="無線 LAN の設定を持たない機器", en="the machine has no settings of wireless networks")
OWN_NOT_KNOWN = Text(ja="この機器は組織の無線 LAN の設定を持たない", en="the machine knows none of the organisation's networks")
UNENCRYPTED = frozenset({WirelessSecurity.OPEN, WirelessSecurity.WEP})
WEAK = UNENCRYPTED | {WirelessSecurity.WPA}
REMEDY_JA = (
    "無線 LAN 装置を WPA3（又は WPA2-AES）に設定し、端末に残る古い接続設定を消す。Linux（NetworkManager）：「nmcli "
    "connection delete 名前」。"
    "Windows：「netsh wlan delete profile name=名前」。macOS：「networksetup -removepreferredwirelessnetwork en0 名前」。"
)
REMEDY_EN = (
    "Set the access points to WPA3 (or WPA2-AES) and remove old settings from the machine. Linux (NetworkManager): nmcli connection delete "
    "NAME. Windows: netsh wlan delete profile name=NAME. macOS: networksetup -removepreferredwirelessnetwork en0 NAME."
)


def _joined(known: WirelessNetworks) -> tuple[WirelessNetwork, ...] | Unobserved:
    """Give the networks that the machine joins, without those that it offers to others."""
    if isinstance(known.networks, Unobserved):
        return known.networks
    return tuple(n for n in known.networks if n.mode is not WirelessMode.ACCESS_POINT)


def _judged(
    known: WirelessNetworks, whose: Whose, own: tuple[str, ...], judge: Callable[[tuple[WirelessNetwork, ...]], Judgement]
) -> Judgement:
    """Judge the networks that are asked about; say so where the machine joins none of them."""
    networks = _joined(known)
    if isinstance(networks, Unobserved):
        return networks
    if not networks:
        return not_applicable("NO_WIRELESS")
    if whose == "all":
        return judge(networks)
    if not own:
        return value_not_set(NETWORKS_OWN_WIRELESS)
    ours = tuple(n for n in networks if n.name in own or (n.name == UNREAD and isinstance(n.mode, Unobserved)))  # it may be one of them
    return judge(ours) if ours else not_applicable("OWN_NOT_KNOWN")


def _names(networks: Iterable[WirelessNetwork]) -> tuple[str, ...]:
    return listed(n.name for n in networks)


def _sorted_out(
    networks: Iterable[WirelessNetwork], ask: Callable[[WirelessNetwork], bool | Unobserved]
) -> tuple[list[WirelessNetwork], Unobserved | None]:
    """Give the networks of which something is true, and why others could not be told."""
    told = [(network, ask(network)) for network in networks]
    return [network for network, answer in told if answer is True], first_missing(answer for _, answer in told)


def _uses(weak: frozenset[WirelessSecurity]) -> Callable[[WirelessNetwork], bool | Unobserved]:
    def ask(network: WirelessNetwork) -> bool | Unobserved:
        return network.uses if isinstance(network.uses, Unobserved) else network.uses in weak

    return ask


def _joins_with(weak: frozenset[WirelessSecurity]) -> Callable[[WirelessNetwork], bool | Unobserved]:
    def ask(network: WirelessNetwork) -> bool | Unobserved:
        if network.joins is False:
            return False
        if isinstance(network.accepts, Unobserved):
            return network.accepts
        return network.joins if weak & set(network.accepts) else False

    return ask


@check(
    "endpoint.wireless.encryption",
    severity=Severity.HIGH,
    title=Text(ja="無線 LAN の通信が暗号化されている", en="The radio path of wireless networks is encrypted"),
    why=Text(
        ja=(
            "暗号化されない、又は WEP 等の破られた方式の無線 LAN では、近くにいる者が通信を読み、書き換えられる。"
            "自動接続の設定が残っていると、同じ名前の偽のアクセスポイントにもつながる。"
        ),
        en=(
            "On a network without encryption, or with a broken one such as WEP, whoever is near reads and alters the traffic. "
            "Where such a network is joined by itself, a false access point of that name is joined as well."
        ),
    ),
    remedy=Text(ja=REMEDY_JA, en=REMEDY_EN),
    says={
        "WIRELESS_ENCRYPTED": Text(
            ja="接続中及び自動接続する無線 LAN は全て暗号化される（{count} 件）",
            en="every network that is joined is encrypted ({count} known)",
        ),
        "WIRELESS_WEAK_NOW": Text(
            ja="保護の弱い無線 LAN に接続している：{networks}", en="joined to networks with weak protection: {networks}"
        ),
        "WIRELESS_WEAK_JOINS": Text(
            ja="暗号化されない（又は WEP の）無線 LAN に自動で接続する：{networks}",
            en="joins networks without encryption (or with WEP) by itself: {networks}",
        ),
        "OWN_NOT_KNOWN": OWN_NOT_KNOWN,
        "NO_WIRELESS": NO_WIRELESS,
    },
)
def wireless_encryption(
    known: WirelessNetworks, *, whose: Whose = "all", own: Annotated[tuple[str, ...], NETWORKS_OWN_WIRELESS] = NETWORKS_OWN_WIRELESS.default
) -> Judgement:
    def judge(networks: tuple[WirelessNetwork, ...]) -> Judgement:
        now, unseen_now = _sorted_out(networks, _uses(WEAK))
        if now:
            return failed("WIRELESS_WEAK_NOW", networks=listed(f"{n.name} ({n.uses})" for n in now))
        later, unseen_later = _sorted_out(networks, _joins_with(UNENCRYPTED))
        if later:
            return failed("WIRELESS_WEAK_JOINS", networks=_names(later))
        return unseen_now or unseen_later or passed("WIRELESS_ENCRYPTED", count=len(networks))

    return _judged(known, whose, own, judge)


@check(
    "endpoint.wireless.old-protection",
    severity=Severity.LOW,
    title=Text(
        ja="自動接続する無線 LAN の設定が古い方式（WPA/TKIP）を認めない",
        en="Networks joined by themselves take no old protection (WPA, TKIP)",
    ),
    why=Text(
        ja="WPA2 と併せて旧い WPA（TKIP）を認める設定では、偽のアクセスポイントが弱い方式に引き下げられる。",
        en="Where the old WPA (TKIP) is taken beside WPA2, a false access point can bring the connection down to it.",
    ),
    remedy=Text(
        ja="Linux（NetworkManager）：「nmcli connection modify 名前 wifi-sec.proto rsn」。" + REMEDY_JA,
        en="Linux (NetworkManager): nmcli connection modify NAME wifi-sec.proto rsn. " + REMEDY_EN,
    ),
    says={
        "WIRELESS_ONLY_NEW": Text(ja="WPA2 以降の方式だけを認める", en="only WPA2 and later are taken"),
        "WIRELESS_OLD_ACCEPTED": Text(ja="WPA（TKIP）も認める：{networks}", en="WPA (TKIP) is taken as well: {networks}"),
        "OWN_NOT_KNOWN": OWN_NOT_KNOWN,
        "NO_WIRELESS": NO_WIRELESS,
    },
)
def wireless_old_protection(
    known: WirelessNetworks, *, whose: Whose = "all", own: Annotated[tuple[str, ...], NETWORKS_OWN_WIRELESS] = NETWORKS_OWN_WIRELESS.default
) -> Judgement:
    def judge(networks: tuple[WirelessNetwork, ...]) -> Judgement:
        old, unseen = _sorted_out(networks, _joins_with(WEAK))
        return failed("WIRELESS_OLD_ACCEPTED", networks=_names(old)) if old else unseen or passed("WIRELESS_ONLY_NEW")

    return _judged(known, whose, own, judge)


@check(
    "endpoint.wireless.own-authentication",
    severity=Severity.MEDIUM,
    title=Text(
        ja="組織の無線 LAN で利用者又は端末を個別に認証する",
        en="On the organisation's own wireless network each user or machine proves itself",
    ),
    why=Text(
        ja="全員が同じ鍵を使う方式では、誰が接続したかを区別できず、退職者や紛失した端末だけを締め出せない。",
        en="With one key for all nobody can be told from another, and a lost machine or a leaver cannot be shut out alone.",
    ),
    remedy=Text(
        ja="無線 LAN を IEEE 802.1X（WPA2/WPA3 エンタープライズ、EAP-TLS が望ましい）で構成し、端末に配布する。",
        en="Set the wireless network up with IEEE 802.1X (WPA2/WPA3 Enterprise, EAP-TLS at best) and hand it out to the machines.",
    ),
    says={
        "OWN_INDIVIDUAL": Text(ja="個別に認証する：{networks}", en="each proves itself: {networks}"),
        "OWN_SHARED_KEY": Text(ja="全員が同じ鍵を使うか、認証しない：{networks}", en="one key for all, or none: {networks}"),
        "OWN_NOT_KNOWN": OWN_NOT_KNOWN,
        "NO_WIRELESS": NO_WIRELESS,
    },
)
def wireless_own_authentication(
    known: WirelessNetworks, *, own: Annotated[tuple[str, ...], NETWORKS_OWN_WIRELESS] = NETWORKS_OWN_WIRELESS.default
) -> Judgement:
    def judge(networks: tuple[WirelessNetwork, ...]) -> Judgement:
        shared, unseen = _sorted_out(networks, lambda n: n.enterprise if isinstance(n.enterprise, Unobserved) else not n.enterprise)
        return (
            failed("OWN_SHARED_KEY", networks=_names(shared)) if shared else unseen or passed("OWN_INDIVIDUAL", networks=_names(networks))
        )

    return _judged(known, "own", own, judge)


@check(
    "endpoint.wireless.server-proof",
    severity=Severity.MEDIUM,
    title=Text(ja="802.1X の無線 LAN で認証サーバの証明書を検証する", en="On 802.1X networks the server's certificate is verified"),
    why=Text(
        ja="検証しない端末は、同じ名前の偽のアクセスポイントに利用者の認証情報を渡す。",
        en="A machine that does not verify it hands its user's credentials to a false access point of that name.",
    ),
    remedy=Text(
        ja=(
            "接続設定に認証局の証明書とサーバ名を指定する。Linux（NetworkManager）：802-1x.ca-cert と 802-1x.domain-suffix-match。"
            "Windows：グループポリシーの無線ネットワーク（IEEE 802.11）ポリシーで「証明書を検証してサーバーの ID を検証する」。"
            "macOS：構成プロファイルの信頼する証明書とサーバ名。"
        ),
        en=(
            "Name the authority's certificate and the server in the settings. Linux (NetworkManager): 802-1x.ca-cert and "
            "802-1x.domain-suffix-match. Windows: Wireless Network (IEEE 802.11) Policies in Group Policy, \"Verify the server's "
            "identity by "
            'validating the certificate". macOS: trusted certificates and server names in the configuration profile.'
        ),
    ),
    says={
        "SERVER_VERIFIED": Text(ja="検証する：{networks}", en="verified: {networks}"),
        "SERVER_UNVERIFIED": Text(ja="検証しない：{networks}", en="not verified: {networks}"),
        "NO_ENTERPRISE": Text(ja="802.1X の無線 LAN の設定がない", en="the machine knows no 802.1X network"),
    },
)
def wireless_server_proof(known: WirelessNetworks) -> Judgement:
    networks = _joined(known)
    if isinstance(networks, Unobserved):
        return networks
    enterprise, unseen_kind = _sorted_out(networks, lambda n: n.enterprise)
    loose, unseen = _sorted_out(enterprise, lambda n: _is_false(n.verifies_server))
    if loose:
        return failed("SERVER_UNVERIFIED", networks=_names(loose))
    if why := unseen or unseen_kind:
        return why
    return passed("SERVER_VERIFIED", networks=_names(enterprise)) if enterprise else not_applicable("NO_ENTERPRISE")


def _is_false(answer: bool | Unobserved | None) -> bool | Unobserved:
    return answer if isinstance(answer, Unobserved) else not answer


@check(
    "endpoint.wireless.hotspot",
    severity=Severity.MEDIUM,
    title=Text(
        ja="機器が無線のアクセスポイントやアドホックの網にならない", en="The machine is no access point and no part of an ad-hoc network"
    ),
    why=Text(
        ja="端末が開く無線の網は、管理されない入口として内部のネットワークへの道になり得る。",
        en="A network that a terminal opens is an entrance that nobody manages and may lead into the inner network.",
    ),
    remedy=Text(
        ja=(
            "その接続設定を消す。Linux：「nmcli connection delete 名前」、hostapd を止める。Windows："
            "モバイルホットスポットをグループポリシー「コンピューターの構成＞管理用テンプレート＞ネットワーク＞ネットワーク接続＞DNS "
            "ドメイン ネットワーク上でのインターネット接続の共有の使用を禁止する」で禁じる。macOS：インターネット共有を切る。"
        ),
        en=(
            "Remove the settings. Linux: nmcli connection delete NAME; stop hostapd. Windows: Computer Configuration > Administrative "
            'Templates > Network > Network Connections > "Prohibit use of Internet Connection Sharing on your DNS domain network". macOS: '
            "switch Internet Sharing off."
        ),
    ),
    says={
        "HOTSPOT_NONE": Text(ja="そのような設定はない", en="nothing of the kind is set up"),
        "HOTSPOT_SET_UP": Text(ja="設定がある：{networks}", en="set up: {networks}"),
        "NO_WIRELESS": NO_WIRELESS,
    },
)
def wireless_hotspot(known: WirelessNetworks) -> Judgement:
    if isinstance(known.networks, Unobserved):
        return known.networks
    if not known.networks:
        return not_applicable("NO_WIRELESS")
    open_ones, unseen = _sorted_out(
        known.networks, lambda n: n.mode if isinstance(n.mode, Unobserved) else n.mode is not WirelessMode.CLIENT
    )
    return failed("HOTSPOT_SET_UP", networks=_names(open_ones)) if open_ones else unseen or passed("HOTSPOT_NONE")
