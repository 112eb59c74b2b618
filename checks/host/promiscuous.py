"""The check of network interfaces that listen to what others send."""

from __future__ import annotations

from checks.common import listed
from scanner.facts.promiscuous import PromiscuousInterface, PromiscuousInterfaces
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

OUTWARD = frozenset({"", "bond", "team", "vlan", "macvlan", "macvtap", "ipvlan"})
"""Kinds that others' frames reach. What joins parts of one machine (veth, tun, tap) hears nobody else."""
SWITCH = frozenset({"bridge", "openvswitch"})


@check(
    "host.network.promiscuous",
    severity=Severity.MEDIUM,
    title=Text(ja="通信を傍受する状態のネットワークインタフェースがない", en="No network interface listens to what others send"),
    why=Text(
        ja="全ての通信を受け取る状態（プロミスキャスモード）は、通信の傍受に使われる。監視は指定された者だけに認められる。",
        en="An interface that takes every frame serves to listen in; only those who were designated may monitor.",
    ),
    remedy=Text(
        ja=(
            "「ss -0 -p」で採取しているプログラムを調べて止め、「ip link set インタフェース promisc off」を実行する。"
            "監視のために指定した機器は例外措置として登録する。"
        ),
        en=(
            'Find the capturing program by "ss -0 -p" and stop it, and run "ip link set INTERFACE promisc off". Register machines that '
            "were designated for monitoring as exceptions."
        ),
    ),
    says={
        "LISTENS": Text(ja="全ての通信を受け取る状態である：{names}", en="they take every frame: {names}"),
        "LISTENS_AS_PORT": Text(
            ja="ブリッジ等の一部として受け取るものだけである：{names}", en="only as part of a bridge or the like: {names}"
        ),
        "LISTENS_NOT": Text(ja="ない", en="none does"),
    },
)
def promiscuous(receiving: PromiscuousInterfaces) -> Judgement:
    outward = [one for one in receiving.interfaces if one.kind in OUTWARD]
    if alone := [one for one in outward if not one.causes]:
        return failed("LISTENS", names=_named(alone))
    unclear = [one for one in receiving.interfaces if (one in outward and one.asked > len(one.causes)) or one.kind in SWITCH]
    if unclear:
        return cannot_tell(
            Reason.UNSUPPORTED,
            "ブリッジ等のほかにも求めているものがあるか、ブリッジ自身が受け取る状態であり、傍受のためか分からない：{names}",
            "more than a bridge asks for it, or the bridge itself takes every frame, and whether to listen in is unknown: {names}",
            names=_named(unclear),
        )
    return passed("LISTENS_AS_PORT", names=_named(outward)) if outward else passed("LISTENS_NOT")


def _named(interfaces: list[PromiscuousInterface]) -> tuple[str, ...]:
    return listed(f"{one.name} ({', '.join(one.causes)})" if one.causes else one.name for one in interfaces)
