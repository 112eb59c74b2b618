"""Checks that all servers of a zone hold the same zone."""

from __future__ import annotations

from checks.common import first_missing, listed
from checks.dns.common import NAME_ABSENT, serving, silent_names, unserved, who
from scanner.facts.dns import ZoneServers
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_ALONE = Text(ja="応答した権威サーバが 1 台だけで、比べる相手がない", en="there is only one name server, so there is nothing to compare")
_REMEDY = Text(
    ja=(
        "プライマリで SOA のシリアルを上げて再読込し、セカンダリへの通知と転送を確かめる（BIND「rndc notify ゾーン」「rndc retransfer"
        " ゾーン」、"
        "NSD「nsd-control transfer ゾーン」、Knot「knotc zone-retransfer ゾーン」）。"
    ),
    en=(
        'Raise the SOA serial on the primary and reload; check notification and transfer to the secondaries (BIND "rndc notify ZONE", '
        '"rndc retransfer ZONE", NSD "nsd-control transfer ZONE", Knot "knotc zone-retransfer ZONE").'
    ),
)


def _silent(zone: ZoneServers) -> Unobserved | None:
    """A server that was silent may hold anything: the others agreeing does not prove that all do."""
    return next(iter(silent_names(zone).values()), None)


@check(
    "dns.consistency.serial",
    severity=Severity.MEDIUM,
    title=Text(
        ja="すべての権威サーバのゾーンの版（SOA シリアル）が同じ", en="All name servers hold the same version (SOA serial) of the zone"
    ),
    why=Text(
        ja="版が食い違うと、どのサーバが応答するかによって内容が変わる。転送が止まったセカンダリはやがてゾーンを失効させる。",
        en=(
            "With different versions the answer depends on which server is hit, and a secondary whose transfers stopped will let the zone"
            " expire."
        ),
    ),
    remedy=_REMEDY,
    says={
        **NAME_ABSENT,
        "SERIAL_SAME": Text(ja="シリアルは {serial} で一致", en="the serial is {serial} everywhere"),
        "SERIAL_DIFFERS": Text(ja="シリアルが食い違う：{serials}", en="the serials differ: {serials}"),
        "SERIAL_ALONE": _ALONE,
    },
)
def consistency_serial(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    seen = [(v, v.answer.soa.serial) for v in serving(zone) if not isinstance(v.answer, Unobserved) and v.answer.soa]
    serials = sorted({serial for _, serial in seen})
    if len(serials) > 1:
        return failed("SERIAL_DIFFERS", serials=listed(f"{who(v.name, v.address)} {serial}" for v, serial in seen))
    if not seen:
        return unserved(zone)
    if (missing := _silent(zone)) is not None:
        return missing
    if len(seen) == 1:
        return not_applicable("SERIAL_ALONE")
    return passed("SERIAL_SAME", serial=serials[0])


@check(
    "dns.consistency.ns",
    severity=Severity.MEDIUM,
    title=Text(ja="すべての権威サーバの応答する NS の一覧が一致する", en="All name servers give the same NS set"),
    why=Text(
        ja="NS の一覧がサーバごとに違うと、問合せ先が時によって変わり、障害の切り分けも難しくなる。",
        en="Where the NS set depends on the server, questions go to changing places and faults are hard to find.",
    ),
    remedy=_REMEDY,
    says={
        **NAME_ABSENT,
        "NS_SAME": Text(ja="NS の一覧が一致：{servers}", en="the NS sets agree: {servers}"),
        "NS_DIFFERS": Text(ja="一部のサーバだけが応答に含める NS：{servers}", en="named by some of the servers only: {servers}"),
        "NS_ALONE": _ALONE,
    },
)
def consistency_ns(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    seen = [(c.name, frozenset(c.names)) for c in zone.contents if isinstance(c.names, tuple)]
    sets = {names for _, names in seen}
    if len(sets) > 1:
        common = frozenset.intersection(*sets)
        return failed(
            "NS_DIFFERS", servers=listed(sorted({f"{n} ← {by}" for by, names in seen for n in names - common} or {by for by, _ in seen}))
        )
    missing = _silent(zone) or first_missing(c.names for c in zone.contents)
    if missing is not None:
        return missing
    if not seen:
        return unserved(zone)
    if len(seen) == 1:
        return not_applicable("NS_ALONE")
    return passed("NS_SAME", servers=listed(sorted(sets.pop())))


@check(
    "dns.consistency.answers",
    severity=Severity.MEDIUM,
    title=Text(ja="すべての権威サーバの応答する内容が一致する", en="All name servers give the same answers"),
    why=Text(
        ja="A・MX・TXT 等がサーバごとに違うと、どのサーバが応答するかによって、接続先や送信ドメイン認証の結果が変わる。",
        en="Where addresses, MX or TXT records depend on the server, so do delivery and the protection against forged mail.",
    ),
    remedy=_REMEDY,
    says={
        **NAME_ABSENT,
        "ANSWERS_SAME": Text(ja="{count} 台の応答が一致（{types}）", en="{count} servers give the same answers ({types})"),
        "ANSWERS_DIFFER": Text(ja="サーバによって内容が異なるレコード：{records}", en="records that differ: {records}"),
        "ANSWERS_ALONE": _ALONE,
    },
)
def consistency_answers(zone: ZoneServers) -> Judgement:
    if not zone.exists:
        return not_applicable("NAME_ABSENT")
    held: dict[str, set[tuple[str, str]]] = {}
    for content in zone.contents:
        for answer in content.answers:
            held.setdefault(f"{answer.name} {answer.type}", set()).add((answer.state, answer.digest))
    if different := [record for record, answers in held.items() if len(answers) > 1]:
        return failed("ANSWERS_DIFFER", records=listed(different))
    missing = _silent(zone) or next((c.missing for c in zone.contents if c.missing is not None), None)
    if missing is not None:
        return missing
    if not held:
        return unserved(zone)
    if len(zone.contents) == 1:
        return not_applicable("ANSWERS_ALONE")
    return passed("ANSWERS_SAME", count=len(zone.contents), types=listed(record.split()[-1] for record in held))
