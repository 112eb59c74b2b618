"""Checks of the links between a web site and the organisation's profiles in social media, in both directions."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed, value_not_set
from checks.web.common import ELSEWHERE, unfinished, walked
from scanner.facts.ledger import DeclaredWebService
from scanner.facts.web_content import Capped, WebCrawl, WebProfiles
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

WEB_SOCIAL_PROFILES = Value[tuple[str, ...]](
    "web.social.profiles",
    default=(),
    text=Text(ja="組織の公式アカウントのプロフィールの URL", en="URLs of the organisation's own profiles in social media"),
)


_NOT_THIS_SITE = Text(
    ja="台帳によれば、このサイトには公式アカウントを掲載しない", en="by the ledger this site is not the one that names the accounts"
)
_WHY = Text(
    ja="公式サイトに載っていないアカウントは、なりすましと見分けられない。",
    en="An account that the official site does not name cannot be told from an impostor's.",
)


@check(
    "web.content.social",
    severity=Severity.LOW,
    title=Text(ja="公式アカウントをサイトに掲載する", en="The site names the organisation's accounts in social media"),
    why=_WHY,
    remedy=Text(
        ja="公式アカウントの一覧のページを設ける。どのサイトに載せるかは、台帳のそのサイトの social_profiles に記す。",
        en="Give a page that lists the official accounts, and write them under social_profiles of that site in the inventory.",
    ),
    says={
        **ELSEWHERE,
        "PROFILES_NOT_HERE": _NOT_THIS_SITE,
        "PROFILES_NAMED": Text(ja="登録された {count} 件は全て掲載されている", en="all {count} that are registered are linked to"),
        "PROFILES_MISSING": Text(ja="サイトに掲載されていないアカウントがある：{urls}", en="accounts that the site does not name: {urls}"),
    },
)
def web_content_social(
    crawl: WebCrawl, ledger: DeclaredWebService, *, profiles: Annotated[tuple[str, ...], WEB_SOCIAL_PROFILES] = WEB_SOCIAL_PROFILES.default
) -> Judgement:
    if ledger.profiles == ():
        return not_applicable("PROFILES_NOT_HERE")
    if (why := walked(crawl)) is not None:
        return why
    wanted = profiles if ledger.profiles is None else ledger.profiles
    if not wanted:
        return value_not_set(WEB_SOCIAL_PROFILES)
    linked = {_plain(url) for url in crawl.profiles}
    missing = [url for url in wanted if _plain(url) not in linked]
    if not missing:
        return passed("PROFILES_NAMED", count=len(wanted))
    if ledger.profiles is None:
        return cannot_tell(
            Reason.NOT_DECLARED,
            "このサイトは {urls} を載せていない。載せるべきサイトかどうかが台帳（social_profiles）にない",
            "this site does not name {urls}, and the ledger (social_profiles) does not say whether it is the one to name them",
            urls=listed(missing),
        )
    more: Unobserved | None = unfinished(crawl, Capped.PROFILES)
    return more or failed("PROFILES_MISSING", urls=listed(missing))


@check(
    "web.content.social-back",
    severity=Severity.LOW,
    title=Text(ja="公式アカウントのプロフィールが公式サイトを示す", en="The profiles in social media name the official site"),
    why=_WHY,
    remedy=Text(
        ja="プロフィール欄に公式サイトの URL を記す。使わなくなったアカウントは、サイトと台帳から除く（名前は他者に取られ得る）。",
        en="Write the site's URL into the profile. Take accounts no longer used off the site and the ledger; others may take the name.",
    ),
    says={
        "PROFILES_NOT_HERE": _NOT_THIS_SITE,
        "PROFILES_BACK": Text(ja="{count} 件のプロフィールは全てこのサイトを示す", en="all of {count} profiles name this site"),
        "PROFILES_GONE": Text(
            ja="台帳にあるプロフィールのページがない：{urls}", en="pages of profiles in the ledger are not there: {urls}"
        ),
    },
)
def web_content_social_back(seen: WebProfiles, ledger: DeclaredWebService) -> Judgement:
    if ledger.profiles is None:
        return cannot_tell(
            Reason.NOT_DECLARED,
            "このサイトに載せる公式アカウントが台帳（social_profiles）にない",
            "the ledger (social_profiles) does not say which accounts this site names",
        )
    if not ledger.profiles:
        return not_applicable("PROFILES_NOT_HERE")
    pages = [(profile.url, profile.seen) for profile in seen.profiles]
    if gone := [url for url, page in pages if not isinstance(page, Unobserved) and page.status in {404, 410}]:
        return failed("PROFILES_GONE", urls=listed(gone))
    if (unseen := next((page for _, page in pages if isinstance(page, Unobserved)), None)) is not None:
        return unseen
    # Most such pages are written by programs in the browser: what is not in the octets may stand on the screen all the same.
    if silent := [url for url, page in pages if not isinstance(page, Unobserved) and not (page.status == 200 and page.names_site)]:
        return cannot_tell(
            Reason.NOT_DISCOVERABLE,
            "ログインしない者に返るページからは、{urls} がこのサイトを示すかどうか分からない",
            "what strangers get of {urls} does not tell whether it names this site",
            urls=listed(silent),
        )
    if seen.left_out:
        return cannot_tell(
            Reason.BUDGET_SPENT,
            "ほかのプロフィール {count} 件を見ていない",
            "{count} further profiles were not looked at",
            count=seen.left_out,
        )
    return passed("PROFILES_BACK", count=len(pages))


def _plain(url: str) -> str:
    """Write a profile's URL so that spellings of the same one agree."""
    text = url.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").removeprefix("m.").rstrip("/")
    return text.replace("twitter.com/", "x.com/")
