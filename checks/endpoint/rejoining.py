"""The check of terminals that were on networks outside: how they stood when they were back, by what the hub compared of their reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from checks.common import first_missing, listed, value_not_set
from checks.endpoint.network import BY_AIR
from checks.host.malware import MALWARE_MOST_DEFINITION_HOURS, malware_definitions, malware_realtime
from checks.host.updates import UPDATES_MOST_LIST_DAYS, updates_security
from scanner.facts.network_history import JoinedNetwork, NetworksJoined
from scanner.facts.rejoining import Rejoinings
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity, Verdict, failed, not_applicable, passed

NETWORKS_INSIDE = Value[tuple[str, ...]](
    "networks.inside",
    default=(),
    text=Text(
        ja="組織の内部の無線 LAN（SSID）及び移動体通信網の名前",
        en="names of the organisation's own wireless networks (SSID) and mobile lines",
    ),
)

NO_HUB = cannot_tell(
    Reason.UNSUPPORTED,
    "戻ったときの状態は、エージェントの続く報告を集約サーバが比べて分かる",
    "how it came back shows where a hub compares the reports of an agent",
)


@check(
    "endpoint.network.rejoining",
    severity=Severity.MEDIUM,
    title=Text(ja="外部の網につないだ端末は、対策が有効な状態で戻る", en="A terminal that was on outside networks comes back protected"),
    why=Text(
        ja="外部の網で感染した端末や、その間に更新されなかった端末をそのまま内部につなぐと、内部に被害が広がる。",
        en="A terminal that was infected outside, or not updated meanwhile, carries the harm inside when it rejoins.",
    ),
    remedy=Text(
        ja=(
            "内部につなぐ前に、定義ファイルとセキュリティ更新を適用し、リアルタイム保護を有効にする。"
            "組織の無線 LAN は方針ファイルの networks.inside に書く。接続前の検疫（NAC 等）があれば、この条件を加える。"
        ),
        en=(
            "Before it rejoins, update definitions and system and switch real-time protection on. Enter the organisation's own "
            "networks under networks.inside of the profile; where there is quarantine before admission (NAC), make these its conditions."
        ),
    ),
    says={
        "RETURNED_PROTECTED": Text(
            ja="{at} の報告で、対策が有効な状態で戻った（つないだ網：{networks}）",
            en="it came back protected, report of {at} (joined: {networks})",
        ),
        "RETURNED_UNGUARDED": Text(
            ja="{at} の報告で、リアルタイム保護が有効でないまま戻った（つないだ網：{networks}）",
            en="it came back without real-time protection, report of {at} (joined: {networks})",
        ),
        "RETURNED_OLD": Text(
            ja="{at} の報告で、定義ファイルが古いまま戻った（つないだ網：{networks}）",
            en="it came back with old definitions, report of {at} (joined: {networks})",
        ),
        "RETURNED_UNPATCHED": Text(
            ja="{at} の報告で、セキュリティ更新が未適用のまま戻った（つないだ網：{networks}）",
            en="it came back with security updates missing, report of {at} (joined: {networks})",
        ),
        "STAYED_INSIDE": Text(
            ja="最近の報告の間に、組織のもの以外の網につないでいない",
            en="no network but the organisation's own was joined between recent reports",
        ),
        "NO_NETWORKS": Text(ja="無線 LAN や移動体通信網に接続した記録がない", en="no wireless network or mobile line is remembered"),
    },
)
def network_rejoining(
    joined: NetworksJoined | Unobserved,
    rejoinings: Rejoinings | Unobserved,
    *,
    inside: Annotated[tuple[str, ...], NETWORKS_INSIDE] = NETWORKS_INSIDE.default,
    hours: Annotated[int, MALWARE_MOST_DEFINITION_HOURS] = MALWARE_MOST_DEFINITION_HOURS.default,
    most_days: Annotated[int, UPDATES_MOST_LIST_DAYS] = UPDATES_MOST_LIST_DAYS.default,
) -> Judgement:
    returns = () if isinstance(rejoinings, Unobserved) else rejoinings.returns
    by_air = [(one, names) for one in returns if (names := _by_air(one.networks))]
    if not by_air and not isinstance(joined, Unobserved) and isinstance(joined.networks, tuple) and not _by_air(joined.networks):
        return not_applicable("NO_NETWORKS")
    if isinstance(rejoinings, Unobserved):
        return NO_HUB if rejoinings.reason is Reason.UNSUPPORTED else rejoinings
    if by_air and not inside:
        return value_not_set(NETWORKS_INSIDE)
    outside = [(one, others) for one, names in by_air if (others := [name for name in names if name not in inside])]
    if not outside:
        return rejoinings.untold or not_applicable("STAYED_INSIDE")
    last, networks = outside[0]
    stood: dict[str, Judgement] = {
        "RETURNED_UNGUARDED": _then(last.protection) or malware_realtime.judge(last.protection),
        "RETURNED_OLD": _then(last.protection) or malware_definitions.judge(last.protection, hours=hours),
        "RETURNED_UNPATCHED": _then(last.updates) or updates_security.judge(last.updates, most_days=most_days),
    }
    for tag, one in stood.items():
        if isinstance(one, Verdict) and one.outcome is Outcome.FAIL:
            return failed(tag, at=last.at, networks=listed(networks))
    return rejoinings.untold or first_missing(stood.values()) or passed("RETURNED_PROTECTED", at=last.at, networks=listed(networks))


def _by_air(networks: Iterable[JoinedNetwork]) -> list[str]:
    """Name the networks that have names of their own: a wired one cannot be told from another."""
    return [network.name for network in networks if network.kind in BY_AIR]


def _then(part: object) -> Unobserved | None:
    return part if isinstance(part, Unobserved) else None
