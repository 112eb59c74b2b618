"""Checks of what pages have to do with other sites: links that lead nowhere, short URLs, parts from elsewhere."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import first_missing, listed
from checks.web.common import ELSEWHERE, unfinished, walked
from scanner.facts.mail import Status
from scanner.facts.web_content import Capped, WebCrawl, WebHost
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

WEB_THIRD_PARTIES = Value[tuple[str, ...]](
    "web.third-parties.approved",
    default=(),
    text=Text(
        ja="ページの部品の読込みを認める組織外のホスト（「.」で始めるとその下の全て）",
        en="other hosts from which pages may load parts (with a leading dot: everything below)",
    ),
)


_SHORTENERS: Final = (
    "bit.ly j.mp bitly.com t.co tinyurl.com x.gd is.gd v.gd ow.ly buff.ly goo.gl lnkd.in cutt.ly rebrand.ly t.ly tiny.cc rb.gy shorturl.at "
    "onl.bz onl.la onl.tw qr.paps.jp urx.space urx2.nu ur0.work ux.nu 00m.in bl.ink s.id shor.by soo.gd clck.ru dlvr.it ift.tt"
)
SHORTENERS: Final = frozenset(_SHORTENERS.split())


@check(
    "web.content.links",
    severity=Severity.MEDIUM,
    title=Text(ja="存在しないドメイン名へのリンクを残さない", en="No link leads to a domain name that does not exist"),
    why=Text(
        ja="失効したドメイン名は誰でも登録でき、公式サイトから偽サイトへ誘導される。部品の読込みであればページごと乗っ取られる。",
        en="Anybody can register a lapsed name; the official site then leads to a fake one, and a part loaded from it takes the page over.",
    ),
    remedy=Text(
        ja="リンクと部品の読込みを除く。ほかの組織のページを示す場合は、確かめた時期を併記し、定期に確かめる。",
        en="Remove such links and parts. Where pages of others are shown, write when they were last looked at, and look again regularly.",
    ),
    says={
        **ELSEWHERE,
        "LINKS_ALIVE": Text(
            ja="ほかのサイトの名前 {count} 件は全て存在する（再登録された名前かどうかは分からない）",
            en="all of {count} names of other sites exist (whether one was registered anew by somebody else cannot be seen)",
        ),
        "LINKS_NONE": Text(ja="見たページにほかのサイトへのリンクはない", en="no page that was looked at has links to other sites"),
        "PARTS_DEAD": Text(
            ja="存在しない名前から部品を読み込んでいる：{hosts}", en="parts are loaded from names that do not exist: {hosts}"
        ),
        "LINKS_DEAD": Text(ja="存在しない名前へのリンクがある：{hosts}", en="links lead to names that do not exist: {hosts}"),
    },
)
def web_content_links(crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    dead = [host for host in crawl.hosts if host.name is Status.NXDOMAIN]
    if parts := [host for host in dead if host.loads]:
        return failed("PARTS_DEAD", hosts=_with_pages(parts))
    if dead:
        return failed("LINKS_DEAD", hosts=_with_pages(dead))
    if (unseen := first_missing(host.name for host in crawl.hosts) or unfinished(crawl, Capped.HOSTS)) is not None:
        return unseen
    if asked := [host for host in crawl.hosts if host.name is not None]:
        return passed("LINKS_ALIVE", count=len(asked))
    return not_applicable("LINKS_NONE")


def _with_pages(hosts: list[WebHost]) -> tuple[str, ...]:
    return listed(f"{host.host} ({host.page})" for host in hosts)


@check(
    "web.content.short-urls",
    severity=Severity.LOW,
    title=Text(ja="短縮 URL を使わない", en="No short URLs are used"),
    why=Text(
        ja="短縮 URL は行き先が分からず、サービスの終了や書換えにより偽サイトへつながることもある。",
        en="A short URL hides where it leads, and may lead elsewhere when the service ends or is changed.",
    ),
    remedy=Text(ja="行き先の URL を直接記す。", en="Write the URL itself."),
    says={
        **ELSEWHERE,
        "SHORT_NONE": Text(ja="見た {count} 件のページに短縮 URL はない", en="none of {count} pages that were looked at has any"),
        "SHORT_USED": Text(ja="短縮 URL がある：{urls}", en="short URLs are used: {urls}"),
    },
)
def web_content_short_urls(crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    if short := [f"{host.url} ({host.page})" for host in crawl.hosts if host.host.removeprefix("www.") in SHORTENERS]:
        return failed("SHORT_USED", urls=listed(short))
    return unfinished(crawl, Capped.HOSTS) or passed("SHORT_NONE", count=len(crawl.pages))


@check(
    "web.content.third-parties",
    severity=Severity.LOW,
    title=Text(ja="必要のない組織外のサーバへ自動的にアクセスさせない", en="Pages make browsers contact no other servers without need"),
    why=Text(
        ja="組織外から部品を読み込むページは、閲覧者の情報をその事業者へ渡し、相手が侵害されれば改ざんされる。",
        en="A page that loads parts from elsewhere tells others who reads it, and is changed when one of them is broken into.",
    ),
    remedy=Text(
        ja="部品を自らのサーバに置く。必要な読込み元は、方針として定めた一覧（web.third-parties.approved）に加える。",
        en="Host the parts yourself, and list the sources that are needed under web.third-parties.approved.",
    ),
    says={
        **ELSEWHERE,
        "PARTIES_NONE": Text(
            ja="見た {count} 件のページの HTML はほかのサーバから何も読み込まない",
            en="the HTML of {count} pages that were looked at loads nothing from elsewhere",
        ),
        "PARTIES_APPROVED": Text(ja="認められたサーバだけから読み込む：{hosts}", en="parts come from approved servers only: {hosts}"),
        "PARTIES_OTHERS": Text(
            ja="認められていないサーバから読み込む：{hosts}", en="parts come from servers that are not approved: {hosts}"
        ),
    },
)
def web_content_third_parties(
    crawl: WebCrawl, *, approved: Annotated[tuple[str, ...], WEB_THIRD_PARTIES] = WEB_THIRD_PARTIES.default
) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    loading = [host for host in crawl.hosts if host.loads]
    others = [host for host in loading if not _among(host.host, approved)]
    if others and not approved:
        return cannot_tell(
            Reason.VALUE_NOT_SET,
            "{hosts} から読み込んでいる。要否は組織が定める（web.third-parties.approved）",
            "parts come from {hosts}; whether they are needed is the organisation's to say (web.third-parties.approved)",
            hosts=listed(f"{host.host} ({', '.join(host.loads)})" for host in others),
        )
    if others:
        return failed("PARTIES_OTHERS", hosts=listed(f"{host.host} ({', '.join(host.loads)})" for host in others))
    if (more := unfinished(crawl, Capped.HOSTS)) is not None:
        return more
    return passed("PARTIES_APPROVED", hosts=listed(h.host for h in loading)) if loading else passed("PARTIES_NONE", count=len(crawl.pages))


def _among(host: str, approved: tuple[str, ...]) -> bool:
    return any(host == name or (name.startswith(".") and (host.endswith(name) or host == name[1:])) for name in approved)


@check(
    "web.content.integrity",
    severity=Severity.LOW,
    title=Text(ja="組織外のスクリプトは内容のハッシュを確かめて読み込む", en="Scripts from elsewhere are loaded with their hash"),
    why=Text(
        ja="ハッシュを示しておけば、配布元で書き換えられたスクリプトは実行されない。",
        en="With the hash given, browsers do not run a script that was changed at its source.",
    ),
    remedy=Text(
        ja="script 要素と link 要素に integrity 属性と crossorigin 属性を加える。",
        en="Add the attributes integrity and crossorigin to the elements.",
    ),
    says={
        **ELSEWHERE,
        "SCRIPTS_SEALED": Text(
            ja="組織外のスクリプトとスタイルにはハッシュがある", en="scripts and styles from elsewhere come with their hashes"
        ),
        "SCRIPTS_NONE": Text(
            ja="見たページは組織外のスクリプトを読み込まない", en="no page that was looked at loads scripts from elsewhere"
        ),
        "SCRIPTS_UNSEALED": Text(ja="ハッシュなしに読み込んでいる：{hosts}", en="loaded without a hash: {hosts}"),
    },
)
def web_content_integrity(crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None:
        return why
    loading = [host for host in crawl.hosts if set(host.loads) & {"script", "style"}]
    if unsealed := [host for host in loading if host.unsealed]:
        return failed("SCRIPTS_UNSEALED", hosts=_with_pages(unsealed))
    if (more := unfinished(crawl, Capped.HOSTS)) is not None:
        return more
    return passed("SCRIPTS_SEALED") if loading else not_applicable("SCRIPTS_NONE")
