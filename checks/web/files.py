"""Checks of the small files of a site: security.txt (RFC 9116) and robots.txt (RFC 9309)."""

from __future__ import annotations

from checks.common import listed
from checks.web.common import ELSEWHERE, denied, walked
from scanner.facts.web_content import WebCrawl, WebFiles, WebRobots, WebSecurityTxt
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_ABSENT = frozenset({404, 410})
_NONE = Text(ja="security.txt がない", en="there is no security.txt")
_RULES = {
    "contact-missing": "Contact",
    "contact-no-uri": "Contact (URI)",
    "expires-missing": "Expires",
    "expires-twice": "Expires (2)",
    "expires-no-date": "Expires (RFC 3339)",
}


def _file(files: WebFiles) -> WebSecurityTxt | Unobserved | None:
    """Give the file, ``None`` where there certainly is none."""
    found = files.security
    if isinstance(found, Unobserved) or found.found:
        return found
    if 300 <= found.status < 400:
        return cannot_tell(
            Reason.OUT_OF_SCOPE, "別の場所へ転送され、そこは見ていない", "it is redirected elsewhere, and nobody looked there"
        )
    return None if found.status in _ABSENT else denied(found.status)


@check(
    "web.security-txt.published",
    severity=Severity.LOW,
    title=Text(ja="脆弱性等の通報先を security.txt により公開する", en="A security.txt tells where weaknesses are reported"),
    why=Text(
        ja="通報先が分からないと、脆弱性や偽サイトに気付いた人から知らせを受けられない。",
        en="Whoever notices a weakness or a fake site cannot tell anybody when no contact is known.",
    ),
    remedy=Text(
        ja="/.well-known/security.txt に Contact と Expires を記し、HTTPS により text/plain で公開する。",
        en="Put Contact and Expires into /.well-known/security.txt and serve it over HTTPS as text/plain.",
    ),
    says={
        "SECURITY_TXT": Text(ja="公開している（連絡先：{contacts}）", en="it is published (contacts: {contacts})"),
        "SECURITY_TXT_ABSENT": _NONE,
        "SECURITY_TXT_OLD_PLACE": Text(ja="古い場所（{path}）だけにある", en="it stands at the old place only ({path})"),
        "SECURITY_TXT_IN_CLEAR": Text(ja="HTTP だけで公開している", en="it is published over plain HTTP only"),
    },
)
def web_security_txt_published(files: WebFiles) -> Judgement:
    found = _file(files)
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return failed("SECURITY_TXT_ABSENT")
    if not files.url.startswith("https:"):
        return failed("SECURITY_TXT_IN_CLEAR")
    if found.at != "/.well-known/security.txt":
        return failed("SECURITY_TXT_OLD_PLACE", path=found.at)
    return passed("SECURITY_TXT", contacts=listed(found.contacts))


@check(
    "web.security-txt.valid",
    severity=Severity.LOW,
    title=Text(ja="security.txt の書式と期限を正しく保つ", en="The security.txt is well-formed and has not expired"),
    why=Text(
        ja="期限の切れた通報先は信用されず、通報が届かない。",
        en="An expired contact is not trusted, and reports stay away.",
    ),
    remedy=Text(
        ja="Contact を URI（mailto: 等）で、Expires を 1 年以内の日時で一つだけ記す。",
        en="Write every Contact as a URI (mailto: and so on), and one Expires within a year.",
    ),
    says={
        "SECURITY_TXT_VALID": Text(ja="{expires} まで有効である", en="it holds until {expires}"),
        "SECURITY_TXT_EXPIRED": Text(ja="{expires} に期限が切れた", en="it expired at {expires}"),
        "SECURITY_TXT_FLAWED": Text(ja="次の項目が規格に合わない：{fields}", en="these fields break the standard: {fields}"),
        "SECURITY_TXT_ABSENT": _NONE,
    },
)
def web_security_txt_valid(files: WebFiles) -> Judgement:
    found = _file(files)
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return not_applicable("SECURITY_TXT_ABSENT")
    if found.expires and found.expires[:19] <= files.seen_at[:19]:  # both UTC, to the second
        return failed("SECURITY_TXT_EXPIRED", expires=found.expires)
    if found.flaws:
        return failed("SECURITY_TXT_FLAWED", fields=listed(_RULES.get(flaw, flaw) for flaw in found.flaws))
    return passed("SECURITY_TXT_VALID", expires=found.expires)


@check(
    "web.security-txt.signed",
    severity=Severity.INFO,
    title=Text(ja="security.txt に署名する", en="The security.txt is signed"),
    why=Text(
        ja="署名があると、書き換えられた通報先に気付ける。RFC 9116 は署名を勧めている。",
        en="A signature shows when somebody has changed the contact; RFC 9116 recommends one.",
    ),
    remedy=Text(ja="OpenPGP のクリアテキスト署名を付ける（gpg --clearsign）。", en='Sign it in clear with OpenPGP ("gpg --clearsign").'),
    says={
        "SIGNATURE_THERE": Text(ja="署名がある（検証はしていない）", en="there is a signature (it was not verified)"),
        "SIGNATURE_NONE": Text(ja="署名がない", en="there is no signature"),
        "SECURITY_TXT_ABSENT": _NONE,
    },
)
def web_security_txt_signed(files: WebFiles) -> Judgement:
    found = _file(files)
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return not_applicable("SECURITY_TXT_ABSENT")
    return passed("SIGNATURE_THERE") if found.signed else failed("SIGNATURE_NONE")


@check(
    "web.content.crawlers",
    severity=Severity.LOW,
    title=Text(ja="検索サイトのクローラを排除しない", en="Crawlers of search engines are not shut out"),
    why=Text(
        ja="公式サイトが検索結果に現れないと、利用者が偽サイトへ誘導されやすくなる。",
        en="Where the official site is missing from search results, people are led to fake ones.",
    ),
    remedy=Text(
        ja="robots.txt の「Disallow: /」と、公開ページの noindex（meta 要素、X-Robots-Tag）を除く。",
        en='Remove "Disallow: /" from robots.txt, and noindex (meta element, X-Robots-Tag) from pages for the public.',
    ),
    says={
        **ELSEWHERE,
        "CRAWLERS_WELCOME": Text(ja="排除していない", en="they are not shut out"),
        "CRAWLERS_SHUT_OUT": Text(ja="robots.txt がクローラを排除している：{agents}", en="robots.txt shuts out {agents}"),
        "CRAWLERS_NOINDEX": Text(ja="次のページが検索結果への掲載を拒んでいる：{pages}", en="these pages ask not to be indexed: {pages}"),
    },
)
def web_content_crawlers(files: WebFiles, crawl: WebCrawl) -> Judgement:
    if (why := walked(crawl)) is not None and not isinstance(why, Unobserved):
        return why
    if isinstance(files.robots, WebRobots) and files.robots.shut_out:
        return failed("CRAWLERS_SHUT_OUT", agents=listed(files.robots.shut_out))
    if why is not None:
        return why
    closed = [page.path for page in crawl.pages if page.status == 200 and _noindex(page.robots)]
    if closed and (closed[0] == crawl.pages[0].path or len(closed) * 2 > len(crawl.pages)):
        return failed("CRAWLERS_NOINDEX", pages=listed(closed))
    if isinstance(files.robots, Unobserved):
        return files.robots
    if (
        files.robots.status != 200 and not 400 <= files.robots.status < 429
    ):  # crawlers take a missing file for consent, RFC 9309 section 2.3.1.3
        return cannot_tell(
            Reason.SERVER_FAILURE,
            "robots.txt を読めない（{status}）",
            "robots.txt could not be read ({status})",
            status=files.robots.status,
        )
    return passed("CRAWLERS_WELCOME")


def _noindex(text: str) -> bool:
    words = {word.strip() for word in text.lower().replace(":", ",").split(",")}
    return bool(words & {"noindex", "none"})
