"""Checks of TLS of web servers by their own configuration, as the installed library would speak it. What is spoken is in ``checks/tls``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from checks.common import listed
from checks.host.programs import each
from checks.host.web import NONE, programs
from checks.tls.cryptrec import ALGORITHMS, CRYPTREC, TLS_CRYPTREC_LEVEL
from checks.tls.items import State, stand
from checks.tls.settings import GOOD_SUITES, ONLY_NEW
from checks.tls.suites import standing_of
from scanner.facts.tls import TlsSeen, Upgrade, Version, VersionSeen
from scanner.facts.web_configuration import WebConfiguration, WebProgram, WebTls
from scanner.model.algorithms import AlgorithmList, Standing
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.tls_profile import Ask, Duty, TlsGuideline, TlsProfile
from scanner.model.verdict import Severity, doubtful, failed, not_applicable, passed
from scanner.wire.tls.suites import suite_by_name

TOLD = frozenset({Ask.VERSION_ON, Ask.VERSION_OFF, Ask.ONLY_CLASSES, Ask.NO_CLASSES, Ask.NO_EXCHANGE, Ask.FORWARD_SECRET})
TOLD |= {Ask.CIPHER_BITS, Ask.ONE_OF}
"""What a configuration tells. Keys, curves, order and features show in a handshake only."""
_VERSIONS = {
    "SSL 2.0": (Version.SSL2, 0x0002),
    "SSL 3.0": (Version.SSL3, 0x0300),
    "TLS 1.0": (Version.TLS10, 0x0301),
    "TLS 1.1": (Version.TLS11, 0x0302),
    "TLS 1.2": (Version.TLS12, 0x0303),
    "TLS 1.3": (Version.TLS13, 0x0304),
}


def _each(web: WebConfiguration, judge: Callable[[WebProgram, tuple[WebTls, ...]], Judgement]) -> Judgement:
    def one(program: WebProgram) -> Judgement | None:
        if isinstance(program.tls, Unobserved):
            return program.tls
        return judge(program, program.tls) if program.tls else program.unread

    return programs(web, one) if _any(web) else not_applicable("NO_WEB_TLS")


def _any(web: WebConfiguration) -> bool:
    """Tell whether any web server in use may speak TLS; where none is in use, ``programs`` says so."""
    if isinstance(web.programs, Unobserved):
        return True
    used = [p for p in web.programs if each((p,), lambda _: not_applicable("NO_WEB_TLS")) is not None]
    return not used or any(isinstance(p.tls, Unobserved) or p.tls or p.unread for p in used)


_NO_TLS = Text(ja="TLS を使うサイトが設定にない", en="no site is set to speak TLS")


@check(
    "host.web.tls-versions",
    severity=Severity.MEDIUM,
    title=Text(ja="ウェブサーバの設定が TLS 1.2 より前を断る", en="The web server is set against TLS before 1.2"),
    why=Text(ja="TLS 1.1 以前には破られた仕組みが残る（RFC 8996）。", en="TLS 1.1 and before rest on broken constructions (RFC 8996)."),
    remedy=Text(ja=f"TLS 1.2 と TLS 1.3 だけを有効にする：{ONLY_NEW.ja}。", en=f"Leave only TLS 1.2 and TLS 1.3 on: {ONLY_NEW.en}."),
    says={
        "WEB_TLS_NEW": Text(ja="{program} は TLS 1.2 以降だけを使う（{sites}）", en="{program} speaks TLS 1.2 and later only ({sites})"),
        "WEB_TLS_HELD_BACK": Text(
            ja="{program} の設定は古い版も挙げるが、導入されている OpenSSL が断るため TLS 1.2 以降だけになる（{sites}）",
            en="{program} is set to take old versions too, but the OpenSSL that is installed refuses them ({sites})",
        ),
        "WEB_TLS_OLD": Text(ja="{program} は古い版も受け付ける：{sites}", en="{program} takes old versions too: {sites}"),
        "NO_WEB_TLS": _NO_TLS,
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_tls_versions(web: WebConfiguration) -> Judgement:
    def judge(program: WebProgram, sites: tuple[WebTls, ...]) -> Judgement:
        new = {"TLS 1.2", "TLS 1.3"}
        known = [(site.site, site.versions) for site in sites if not isinstance(site.versions, Unobserved)]
        if old := [
            f"{name} ({', '.join(v for v in versions if v not in new)})" for name, versions in known if not new.issuperset(versions)
        ]:
            return failed("WEB_TLS_OLD", program=program.name, sites=listed(old))
        if missing := next((site.versions for site in sites if isinstance(site.versions, Unobserved)), None) or program.unread:
            return missing
        if held := [f"{site.site} ({', '.join(site.held_back)})" for site in sites if site.held_back]:
            return passed("WEB_TLS_HELD_BACK", program=program.name, sites=listed(held))
        return passed("WEB_TLS_NEW", program=program.name, sites=listed(site.site for site in sites))

    return _each(web, judge)


@check(
    "host.web.tls-level",
    severity=Severity.MEDIUM,
    title=Text(
        ja="ウェブサーバの設定の TLS の版と暗号スイートが CRYPTREC の TLS 暗号設定ガイドラインの型に収まる",
        en="Versions and suites in the web server's configuration fit the level of CRYPTREC's TLS guideline",
    ),
    why=Text(
        ja="ガイドラインは政府機関等のサーバの設定の拠り所であり、型にない暗号スイートを一つでも残すと、その型に準拠しているとはいえない。",
        en="Government points to the guideline for settings of servers; one suite beyond the level is enough not to meet it.",
    ),
    remedy=Text(
        ja=f"{ONLY_NEW.ja}とし、{GOOD_SUITES.ja}。型は tls.cryptrec.level で選ぶ。",
        en=f"Set {ONLY_NEW.en}, and {GOOD_SUITES.en}. The level is chosen by tls.cryptrec.level.",
    ),
    says={
        "WEB_LEVEL_MET": Text(ja="{program} の版と暗号スイートは型に収まる（{level}）", en="those of {program} do ({level})"),
        "WEB_LEVEL_BROKEN": Text(
            ja="{program} の設定が型（{level}）を超えて許す（{sites}）：{breaks}",
            en="those of {program} do not ({level}; {sites}): {breaks}",
        ),
        "WEB_LEVEL_DOUBTED": Text(
            ja="{program} の設定が型（{level}）を超えるとみられるが、根拠とした項目の原文を確認できていない（{sites}）：{breaks}",
            en="those of {program} seem not to ({level}; {sites}), by items whose text is yet to be confirmed: {breaks}",
        ),
        "NO_WEB_TLS": _NO_TLS,
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_tls_level(
    web: WebConfiguration,
    *,
    level: Annotated[str, TLS_CRYPTREC_LEVEL] = TLS_CRYPTREC_LEVEL.default,
    guideline: Annotated[TlsGuideline, CRYPTREC],
) -> Judgement:
    profile = guideline.level(level)

    def judge(program: WebProgram, sites: tuple[WebTls, ...]) -> Judgement:
        found = [(site.site, _against(profile, site)) for site in sites]
        for firm, verdict, tag in ((True, failed, "WEB_LEVEL_BROKEN"), (False, doubtful, "WEB_LEVEL_DOUBTED")):
            broken = {site: seen.broken(firm=firm) for site, seen in found if seen.broken(firm=firm)}
            if broken:
                breaks = listed(line for lines in broken.values() for line in lines)
                return verdict(tag, program=program.name, level=level, sites=listed(broken), breaks=breaks)
        missing = next((seen.why for _, seen in found if seen.why is not None), None) or program.unread
        return missing or passed("WEB_LEVEL_MET", program=program.name, level=level)

    return _each(web, judge)


@check(
    "host.web.tls-listed",
    severity=Severity.LOW,
    title=Text(
        ja="ウェブサーバの設定の暗号スイートが CRYPTREC 暗号リストの暗号技術だけからなる",
        en="The suites in the web server's configuration are made of algorithms on CRYPTREC's list",
    ),
    why=Text(
        ja="電子政府推奨暗号リスト（LS-0001）にない暗号技術は、国による評価を受けていない。",
        en="Algorithms that are not on the list (LS-0001) were not evaluated for government.",
    ),
    remedy=Text(ja=f"{GOOD_SUITES.ja}。", en=f"To mend it, {GOOD_SUITES.en}."),
    says={
        "WEB_LISTED_ALL": Text(ja="{program} の暗号スイートは推奨暗号だけからなる", en="those of {program} are"),
        "WEB_LISTED_MONITORED": Text(
            ja="{program} の暗号スイートは、互換性のためだけに使える運用監視暗号を含む（{sites}）：{parts}",
            en="some of {program} use algorithms kept for compatibility only ({sites}): {parts}",
        ),
        "WEB_LISTED_NOT": Text(
            ja="{program} の暗号スイートに、リストにない暗号技術がある（{sites}）：{parts}",
            en="some of {program} use algorithms that are on no list ({sites}): {parts}",
        ),
        "NO_WEB_TLS": _NO_TLS,
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_tls_listed(web: WebConfiguration, *, algorithms: Annotated[AlgorithmList, ALGORITHMS]) -> Judgement:
    def judge(program: WebProgram, sites: tuple[WebTls, ...]) -> Judgement:
        found: dict[Standing, dict[str, dict[str, None]]] = {}
        for site in sites:
            names = () if isinstance(site.suites, Unobserved) else site.suites
            for suite in (suite for name in names if (suite := suite_by_name(name)) is not None):
                standing, part = standing_of(suite, algorithms)
                found.setdefault(standing, {}).setdefault(part, {})[site.site] = None

        def told(standing: Standing) -> dict[str, tuple[str, ...]]:
            parts = found.get(standing, {})
            return {"sites": listed(site for at in parts.values() for site in at), "parts": listed(parts)}

        if Standing.UNLISTED in found:
            return failed("WEB_LISTED_NOT", program=program.name, **told(Standing.UNLISTED))
        if missing := next((site.suites for site in sites if isinstance(site.suites, Unobserved)), None) or program.unread:
            return missing
        if Standing.MONITORED in found:
            return passed("WEB_LISTED_MONITORED", program=program.name, **told(Standing.MONITORED))
        return passed("WEB_LISTED_ALL", program=program.name)

    return _each(web, judge)


class _Against:
    """How one site stands to the compliance items of a profile that a configuration tells of."""

    def __init__(self) -> None:
        self.lines: list[tuple[bool, str]] = []
        self.why: Unobserved | None = None

    def broken(self, *, firm: bool) -> tuple[str, ...]:
        """Give the broken items, those that we are sure of or those to be confirmed."""
        return tuple(line for sure, line in self.lines if sure is firm)


def _against(profile: TlsProfile, site: WebTls) -> _Against:
    found = _Against()
    if isinstance(site.versions, Unobserved):
        found.why = site.versions
        return found
    seen = _as_seen(site, site.versions)
    for item in profile.items:
        if item.duty is Duty.COMPLIANCE and item.ask in TOLD:
            one = stand(item, profile, seen)
            if one.state is State.BROKEN:
                more = f" +{len(one.seen) - 3}" if len(one.seen) > 3 else ""
                found.lines.append((item.firm, f"{item.id}: {' '.join(one.seen[:3])}{more}"))
            elif one.state is State.UNSEEN:
                found.why = found.why or one.why
    return found


def _as_seen(site: WebTls, versions: tuple[str, ...]) -> TlsSeen:
    """Put a site's configuration into the form in which a survey would see it."""
    unfinished = site.suites if isinstance(site.suites, Unobserved) else None
    names = () if isinstance(site.suites, Unobserved) else site.suites
    table = [suite for name in names if (suite := suite_by_name(name)) is not None]
    found = []
    for name, (version, number) in _VERSIONS.items():
        if name not in versions:
            found.append(VersionSeen(version, accepted=False))
        else:
            fitting = tuple(suite.name for suite in table if suite.oldest <= number <= suite.newest)
            found.append(VersionSeen(version, accepted=True, suites=fitting, unfinished=unfinished))
    return TlsSeen(Upgrade.IMPLICIT, versions=tuple(found))
