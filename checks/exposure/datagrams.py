"""Checks of what answers to datagrams: amplifiers, services of another age, NTP, SNMP, discovery, what the ledger does not list."""

from __future__ import annotations

from typing import Annotated

from checks.each import Judged
from checks.exposure.common import VANTAGE_UNKNOWN, each_datagram
from scanner.facts.exposure import Answered, HostDatagrams, Speaks, Trait, UdpPort
from scanner.facts.ledger import DeclaredHost
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

EXPOSURE_MOST_FACTOR = Value(
    "exposure.udp.most-factor",
    default=3.0,
    text=Text(ja="UDP の応答が問合せの何倍まで大きくてよいか", en="how many times larger than the question a UDP answer may be"),
    least=1,
)


_AMPLIFIERS = frozenset(Speaks) - {Speaks.DNS}  # name servers have checks of their own
_SMALL = frozenset({Speaks.ECHO, Speaks.CHARGEN, Speaks.QOTD})
_DISCOVERY = frozenset({Speaks.SSDP, Speaks.WS_DISCOVERY, Speaks.MDNS, Speaks.NETBIOS, Speaks.CLDAP, Speaks.PORTMAP, Speaks.COAP})


@check(
    "exposure.udp.amplification",
    severity=Severity.HIGH,
    title=Text(ja="UDP の応答が攻撃の増幅に使えない", en="No UDP service amplifies attacks"),
    why=Text(
        ja="送信元を偽った小さな問合せに大きく答えるサービスは、他者へのサービス不能攻撃に使われる。",
        en="A service that answers small forged questions with much is used to flood others.",
    ),
    remedy=Text(
        ja="外から使わない UDP のサービスを止めるか閉じる。問合せの {most_factor} 倍を超えて答えないようにする。",
        en="Stop or close UDP services not meant for outside; none should answer with more than {most_factor} times the question.",
    ),
    says={
        "UDP_AMPLIFIES": Text(ja="{services} が問合せの {factor} 倍を返す", en="{services} answer with {factor} times the question"),
        "UDP_AMPLIFIES_INSIDE": Text(
            ja="{services} が問合せの {factor} 倍を返すが、この観測点は組織の内側である",
            en="{services} answer with {factor} times the question, and this vantage point is inside",
        ),
        "UDP_SMALL": Text(ja="{services} の応答は小さい", en="the answers of {services} are small"),
        "UDP_SILENT": Text(ja="問い合わせた UDP のサービスは応答しない", en="none of the UDP services asked answers"),
    },
)
def exposure_udp_amplification(
    datagrams: HostDatagrams, ledger: DeclaredHost, *, most_factor: Annotated[float, EXPOSURE_MOST_FACTOR] = EXPOSURE_MOST_FACTOR.default
) -> Judgement:
    def one(_: UdpPort, seen: Answered) -> Judged:
        if seen.factor <= most_factor:
            return passed("UDP_SMALL")
        if ledger.vantage_outside is None:
            return VANTAGE_UNKNOWN
        return (
            failed("UDP_AMPLIFIES", factor=seen.factor)
            if ledger.vantage_outside
            else not_applicable("UDP_AMPLIFIES_INSIDE", factor=seen.factor)
        )

    return each_datagram(_with_consent(datagrams), _AMPLIFIERS, one, none=passed("UDP_SILENT"))


def _with_consent(datagrams: HostDatagrams) -> HostDatagrams:
    """Leave out the community test, which has a check of its own: without consent it would keep every other answer open."""
    return HostDatagrams(tuple(p for p in datagrams.ports if p.speaks is not Speaks.SNMP_COMMUNITY), datagrams.left_out)


@check(
    "exposure.udp.small-services",
    severity=Severity.MEDIUM,
    title=Text(ja="echo・chargen・qotd を提供していない", en="No echo, chargen or qotd is served"),
    why=Text(ja="今日では使い道がなく、攻撃の増幅とループに使われる。", en="Nobody needs them today; they serve amplification and loops."),
    remedy=Text(
        ja="inetd 等の設定から取り除く（Cisco では「no service udp-small-servers」）。",
        en='Remove them from inetd (Cisco: "no service udp-small-servers").',
    ),
    says={
        "SMALL_SERVED": Text(ja="{services} が応答する", en="{services} answer"),
        "SMALL_NONE": Text(ja="echo・chargen・qotd の応答はない", en="no echo, chargen or qotd answers"),
    },
)
def exposure_udp_small_services(datagrams: HostDatagrams) -> Judgement:
    return each_datagram(datagrams, _SMALL, lambda *_: failed("SMALL_SERVED"), none=passed("SMALL_NONE"))


@check(
    "exposure.udp.discovery",
    severity=Severity.MEDIUM,
    title=Text(ja="機器探索の仕組みが組織の外に応答しない", en="Discovery protocols do not answer to outside"),
    why=Text(
        ja="UPnP・WS-Discovery・mDNS・NetBIOS 等は構内のためのもので、外へは機器の情報を漏らし、攻撃の増幅に使われる。",
        en="UPnP, WS-Discovery, mDNS, NetBIOS and the like are for the local network; to outside they disclose and amplify.",
    ),
    remedy=Text(
        ja="UDP 111、137、389、1900、3702、5353、5683 を境界で閉じ、使わないものを止める。",
        en="Close UDP 111, 137, 389, 1900, 3702, 5353 and 5683 at the border and stop what is not used.",
    ),
    says={
        "DISCOVERY_OUTSIDE": Text(ja="{services} が組織の外からの問合せに応答する", en="{services} answer to outside"),
        "DISCOVERY_INSIDE": Text(
            ja="{services} が応答するが、この観測点は組織の内側である", en="{services} answer, and this vantage point is inside"
        ),
        "DISCOVERY_NONE": Text(ja="探索の問合せに応答するものはない", en="nothing answers to discovery"),
    },
)
def exposure_udp_discovery(datagrams: HostDatagrams, ledger: DeclaredHost) -> Judgement:
    def one(*_: object) -> Judged:
        if ledger.vantage_outside is None:
            return VANTAGE_UNKNOWN
        return failed("DISCOVERY_OUTSIDE") if ledger.vantage_outside else not_applicable("DISCOVERY_INSIDE")

    return each_datagram(datagrams, _DISCOVERY, one, none=passed("DISCOVERY_NONE"))


@check(
    "exposure.udp.unlisted",
    severity=Severity.MEDIUM,
    title=Text(ja="台帳にない UDP のサービスが応答しない", en="No UDP service answers that the ledger does not list"),
    why=Text(
        ja="誰も把握していないサービスは、更新も監視もされず、侵入の入口になる。",
        en="A service that nobody knows of is neither updated nor watched, and becomes the way in.",
    ),
    remedy=Text(
        ja="不要なサービスを止めるか閉じる。必要なものは台帳の services に記す。",
        en="Stop or close what is not needed; list what is under services.",
    ),
    says={
        "UDP_UNLISTED": Text(ja="台帳にない {services} が応答する", en="{services} answer and are not listed"),
        "UDP_LISTED": Text(ja="応答するのは台帳にある {services} だけである", en="only listed services answer: {services}"),
        "UDP_SILENT": Text(ja="問い合わせた UDP のサービスは応答しない", en="none of the UDP services asked answers"),
    },
)
def exposure_udp_unlisted(datagrams: HostDatagrams, ledger: DeclaredHost) -> Judgement:
    def one(port: UdpPort, _: Answered) -> Judged:
        if ledger.services is None:
            ja, en = "応答があるが、このホストのサービスが台帳にない", "there are answers, and the ledger lists no service of this host"
            return cannot_tell(Reason.NOT_DECLARED, ja, en)
        known = any(s.udp and s.port == port.port and s.here and s.address in {"", port.address} for s in ledger.services)
        return passed("UDP_LISTED") if known else failed("UDP_UNLISTED")

    return each_datagram(_with_consent(datagrams), frozenset(Speaks), one, none=passed("UDP_SILENT"))


@check(
    "exposure.ntp.control",
    severity=Severity.LOW,
    title=Text(ja="NTP サーバが内部の状態を誰にでも示さない", en="NTP servers do not show their state to strangers"),
    why=Text(
        ja="モード 6 の問合せは版や上位サーバを明かし、攻撃の増幅にも使われる。",
        en="Mode 6 questions disclose versions and upstream servers, and amplify attacks.",
    ),
    remedy=Text(ja="ntp.conf に「restrict default noquery」を加える。", en='Add "restrict default noquery" to ntp.conf.'),
    says={
        "NTP_CONTROL": Text(ja="{services} がモード 6 の問合せに答える", en="{services} answer mode 6 questions"),
        "NTP_REFUSED": Text(ja="{services} はモード 6 の問合せに答えない", en="{services} do not answer mode 6 questions"),
        "NTP_NONE": Text(ja="NTP の応答はない", en="nothing answers to NTP"),
    },
)
def exposure_ntp_control(datagrams: HostDatagrams) -> Judgement:
    return _ntp(datagrams, Trait.MODE_6, "NTP_CONTROL")


@check(
    "exposure.ntp.monlist",
    severity=Severity.HIGH,
    title=Text(ja="NTP サーバがモード 7 の一覧（monlist）を返さない", en="NTP servers do not give the mode 7 list (monlist)"),
    why=Text(ja="数百倍の増幅攻撃に使われてきた。", en="It has been used for attacks amplified several hundred times."),
    remedy=Text(
        ja="ntpd を 4.2.7p26 以降に更新し、「disable monitor」と「restrict default noquery」を設定する。",
        en='Update ntpd to 4.2.7p26 or newer; set "disable monitor" and "restrict default noquery".',
    ),
    says={
        "NTP_MONLIST": Text(ja="{services} が monlist を返す", en="{services} give the list"),
        "NTP_REFUSED": Text(ja="{services} は monlist を返さない", en="{services} do not give the list"),
        "NTP_NONE": Text(ja="NTP の応答はない", en="nothing answers to NTP"),
    },
)
def exposure_ntp_monlist(datagrams: HostDatagrams) -> Judgement:
    return _ntp(datagrams, Trait.MODE_7, "NTP_MONLIST")


def _ntp(datagrams: HostDatagrams, trait: Trait, tag: str) -> Judged:
    def one(_: UdpPort, seen: Answered) -> Judged:
        return failed(tag) if trait in seen.traits else passed("NTP_REFUSED")

    return each_datagram(datagrams, frozenset({Speaks.NTP}), one, none=passed("NTP_NONE"))


@check(
    "exposure.snmp.outside",
    severity=Severity.HIGH,
    title=Text(ja="SNMP が組織の外に応答しない", en="SNMP does not answer to outside"),
    why=Text(
        ja="機器の構成が読み取られ、書込みの権限があれば設定を変えられる。攻撃の増幅にも使われる。",
        en="It tells how devices are set up, lets settings be changed where writing is allowed, and amplifies attacks.",
    ),
    remedy=Text(
        ja="UDP 161 を境界で閉じ、監視サーバのアドレスだけに許可する。SNMPv3 の認証と暗号（authPriv）だけを使う。",
        en="Close UDP 161 at the border, admit monitoring servers only, and use SNMPv3 with authPriv.",
    ),
    says={
        "SNMP_OUTSIDE": Text(ja="{services} が組織の外からの問合せに応答する", en="{services} answer to outside"),
        "SNMP_INSIDE": Text(
            ja="{services} が応答するが、この観測点は組織の内側である", en="{services} answer, and this vantage point is inside"
        ),
        "SNMP_NONE": Text(ja="SNMPv3 の問合せへの応答はない", en="nothing answers to SNMPv3"),
    },
)
def exposure_snmp_outside(datagrams: HostDatagrams, ledger: DeclaredHost) -> Judgement:
    def one(*_: object) -> Judged:
        if ledger.vantage_outside is None:
            return VANTAGE_UNKNOWN
        return failed("SNMP_OUTSIDE") if ledger.vantage_outside else not_applicable("SNMP_INSIDE")

    return each_datagram(datagrams, frozenset({Speaks.SNMP}), one, none=passed("SNMP_NONE"))


@check(
    "exposure.snmp.default-community",
    severity=Severity.HIGH,
    title=Text(ja="SNMP が既定のコミュニティ名「public」に答えない", en='SNMP does not answer to the default community "public"'),
    why=Text(
        ja="v1 と v2c のコミュニティ名は平文のパスワードであり、「public」は誰もが知っている。",
        en='The community of v1 and v2c is a password in clear text, and everybody knows "public".',
    ),
    remedy=Text(
        ja="SNMP の v1 と v2c を止めて v3（authPriv）に替える。この検査には台帳の同意（tests: exposure.snmp-default）が要る。",
        en='Stop versions 1 and 2c and use v3 with authPriv. This test needs a consent in the inventory ("tests: exposure.snmp-default").',
    ),
    says={
        "SNMP_PUBLIC": Text(ja="{services} が「public」に答える", en='{services} answer to "public"'),
        "SNMP_NO_PUBLIC": Text(ja="「public」への応答はない", en='nothing answers to "public"'),
    },
)
def exposure_snmp_default_community(datagrams: HostDatagrams) -> Judgement:
    return each_datagram(datagrams, frozenset({Speaks.SNMP_COMMUNITY}), lambda *_: failed("SNMP_PUBLIC"), none=passed("SNMP_NO_PUBLIC"))
