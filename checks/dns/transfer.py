"""Checks that nobody but the secondaries is given the whole zone."""

from __future__ import annotations

from collections.abc import Iterable

from checks.common import first_missing, listed
from checks.dns.common import NAME_ABSENT, unlooked, who
from scanner.facts.dns import TransferEnd, TransferTrial, ZoneTransfers
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_WHY = Text(
    ja="ゾーン全体が渡ると、内部向けを含むすべての名前とアドレスが攻撃者の手に入る。",
    en="The whole zone hands an attacker every name and address in it, those for inside use too.",
)
_REMEDY = Text(
    ja=(
        "転送をセカンダリのアドレスと TSIG 鍵に限る（BIND「allow-transfer {{ key xfer; }};」、NSD「provide-xfr: 203.0.113.2 xfer」、"
        "Knot「acl: action: transfer」と「key: xfer」）。"
    ),
    en=(
        'Limit transfers to the addresses of the secondaries and a TSIG key (BIND "allow-transfer {{ key xfer; }};", NSD '
        '"provide-xfr: 203.0.113.2 xfer", Knot an acl with "action: transfer" and "key: xfer").'
    ),
)

Trials = list[tuple[str, TransferTrial | Unobserved]]


@check(
    "dns.transfer.axfr",
    severity=Severity.HIGH,
    title=Text(ja="外部からのゾーン転送（AXFR）を拒否する", en="Zone transfer (AXFR) is refused to outsiders"),
    why=_WHY,
    remedy=_REMEDY,
    says={
        **NAME_ABSENT,
        "AXFR_REFUSED": Text(ja="{count} 個のアドレスすべてで拒否された", en="refused at all {count} addresses"),
        "AXFR_GIVEN": Text(ja="ゾーン全体を渡したサーバ：{servers}", en="servers that gave the whole zone: {servers}"),
    },
)
def transfer_axfr(zone: ZoneTransfers) -> Judgement:
    return _judge(zone, "AXFR", [(who(s.name, s.address), s.axfr) for s in zone.servers])


@check(
    "dns.transfer.ixfr",
    severity=Severity.HIGH,
    title=Text(ja="外部からの差分ゾーン転送（IXFR）を拒否する", en="Incremental zone transfer (IXFR) is refused to outsiders"),
    why=_WHY,
    remedy=_REMEDY,
    says={
        **NAME_ABSENT,
        "IXFR_REFUSED": Text(ja="{count} 個のアドレスすべてで拒否された", en="refused at all {count} addresses"),
        "IXFR_GIVEN": Text(ja="ゾーンの内容を渡したサーバ：{servers}", en="servers that gave the zone's contents: {servers}"),
    },
)
def transfer_ixfr(zone: ZoneTransfers) -> Judgement:
    return _judge(zone, "IXFR", [(who(s.name, s.address), s.ixfr) for s in zone.servers])


def _judge(zone: ZoneTransfers, kind: str, trials: Trials) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    if given := [server for server, trial in trials if isinstance(trial, TransferTrial) and trial.end is TransferEnd.GIVEN]:
        return failed(f"{kind}_GIVEN", servers=listed(given))
    if (missing := unlooked(zone)) is not None:
        return missing
    if not trials:
        ja, en = "{zone} のネームサーバのアドレスが一つも分からない", "no address of any name server of {zone} is known"
        return cannot_tell(Reason.NOT_DISCOVERABLE, ja, en, zone=zone.zone)
    return _first_gap(trials) or passed(f"{kind}_REFUSED", count=len(trials))


def _first_gap(trials: Iterable[tuple[str, TransferTrial | Unobserved]]) -> Unobserved | None:
    return first_missing(trial for _, trial in trials)
