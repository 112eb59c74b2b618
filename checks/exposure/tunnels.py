"""Checks of what unpacks strangers' packets: tunnels at the layer of IP, and Teredo."""

from __future__ import annotations

from checks.each import Judged
from checks.exposure.common import VANTAGE_UNKNOWN, datagram_endings, left_out, together
from scanner.facts.exposure import HostDatagrams, Speaks
from scanner.facts.ledger import DeclaredHost
from scanner.facts.tunnels import HostTunnels, Taken
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


@check(
    "exposure.tunnel.strangers",
    severity=Severity.HIGH,
    title=Text(
        ja="トンネルのパケットを誰からでも受け取って展開しない",
        en="Packets inside packets are not taken from strangers",
    ),
    why=Text(
        ja="誰からのトンネルも展開する機器は、境界の検査を通らない通信の入口になり、送信元を偽った攻撃の踏み台にもなる。",
        en="Who unpacks anybody's tunnel lets in traffic that no border filter has looked at, and is used to send with forged addresses.",
    ),
    remedy=Text(
        ja="使わないトンネル（IPv4 のプロトコル 4、41、47、UDP 3544）を境界で閉じ、機器のトンネルを止める。"
        "必要なものは、相手のアドレスを決めるか IPsec で守る。",
        en="Close tunnels that are not used (IP protocols 4, 41 and 47, UDP 3544) at the border and stop them on the machine. "
        "Give those that are needed one far end, or protect them by IPsec.",
    ),
    says={
        "TUNNEL_TAKEN": Text(
            ja="{services} で、中に入れた要求に組織の外へ応答した", en="what was inside was unpacked and answered to outside by {services}"
        ),
        "TUNNEL_TAKEN_INSIDE": Text(
            ja="{services} で、中に入れた要求に応答したが、この観測点は組織の内側である",
            en="what was inside was unpacked and answered by {services}, and this vantage point is inside",
        ),
        "TUNNEL_REFUSED": Text(
            ja="IP プロトコル 4、41、47 のパケットは退けられ、Teredo の応答もない",
            en="packets of IP protocols 4, 41 and 47 were turned down, and no Teredo server answers",
        ),
    },
)
def exposure_tunnel_strangers(tunnels: HostTunnels, datagrams: HostDatagrams, ledger: DeclaredHost) -> Judgement:
    if ledger.vantage_outside is None:
        taken: Judged = VANTAGE_UNKNOWN
    else:
        taken = failed("TUNNEL_TAKEN") if ledger.vantage_outside else not_applicable("TUNNEL_TAKEN_INSIDE")

    endings = left_out(tunnels.left_out)
    for end in tunnels.ends:
        if end.seen is not Taken.TURNED_DOWN:
            endings.append((f"{end.address} ({end.carrier})", end.seen if isinstance(end.seen, Unobserved) else taken))
    endings += datagram_endings(datagrams, frozenset({Speaks.TEREDO}), lambda *_: taken)
    return together(endings, passed("TUNNEL_REFUSED"))
