"""Checks of the cookies that a site sets on the way to its start page. Values were never kept."""

from __future__ import annotations

import re
from collections.abc import Callable

from checks.common import listed
from checks.each import Judged
from checks.web.common import each_secure, host_of
from scanner.facts.web_entry import WebAddress, WebCookie, WebEntry, WebVisit
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_SESSION = re.compile(r"sess|(?:^|[_.-])s?id\Z|sid\Z|auth|token|login|jwt|remember|^asp\.net|cfid|cftoken", re.IGNORECASE)
_FOR_SCRIPTS = re.compile(r"csrf|xsrf", re.IGNORECASE)
"""Tokens against forged requests are read by the page's own scripts, which is what they are for."""
_NONE = Text(ja="トップページまでに Cookie は設定されない", en="no cookie is set on the way to the start page")


def _each(entry: WebEntry, judge: Callable[[tuple[WebCookie, ...]], Judged]) -> Judged:
    def one(seen: WebAddress) -> Judged:
        cookies: dict[str, WebCookie] = {}
        for visit in (seen.secure, seen.plain):
            if isinstance(visit, WebVisit):
                for answer in visit.answers:
                    if host_of(answer.url) == entry.host:
                        cookies |= {cookie.name: cookie for cookie in answer.cookies if cookie.name not in cookies}
        if cookies:
            return judge(tuple(cookies.values()))
        unseen = next((v for v in (seen.secure, seen.plain) if isinstance(v, Unobserved) and v.reason is not Reason.REFUSED), None)
        if unseen is None and not any(isinstance(v, WebVisit) for v in (seen.secure, seen.plain)):
            unseen = next((v for v in (seen.secure, seen.plain) if isinstance(v, Unobserved)), None)
        return unseen or not_applicable("COOKIE_NONE")

    return each_secure(entry, one)


@check(
    "web.cookies.secure",
    severity=Severity.MEDIUM,
    title=Text(ja="Cookie は暗号化された通信でだけ送らせる（Secure 属性）", en="Cookies travel within TLS only (attribute Secure)"),
    why=Text(
        ja="Secure 属性がない Cookie は http:// の通信でも送られ、途中で読み取られる。",
        en="Without Secure a cookie is also sent over plain HTTP, where it can be read.",
    ),
    remedy=Text(ja="Set-Cookie に「Secure」を加える。", en='Add "Secure" to Set-Cookie.'),
    says={
        "COOKIE_SECURE": Text(ja="全ての Cookie に Secure 属性がある", en="every cookie is Secure"),
        "COOKIE_IN_CLEAR": Text(ja="{address} の Cookie に Secure 属性がない：{names}", en="cookies of {address} without Secure: {names}"),
        "COOKIE_NONE": _NONE,
    },
)
def web_cookies_secure(entry: WebEntry) -> Judgement:
    def one(cookies: tuple[WebCookie, ...]) -> Judged:
        bare = [cookie.name for cookie in cookies if not cookie.secure]
        return failed("COOKIE_IN_CLEAR", names=listed(bare)) if bare else passed("COOKIE_SECURE")

    return _each(entry, one)


@check(
    "web.cookies.http-only",
    severity=Severity.MEDIUM,
    title=Text(
        ja="セッションの Cookie をスクリプトから読ませない（HttpOnly 属性）", en="Scripts cannot read session cookies (attribute HttpOnly)"
    ),
    why=Text(
        ja="埋め込まれたスクリプトに読み取られると、ログイン中の利用者になりすまされる。",
        en="An injected script that reads it takes over the visitor's login.",
    ),
    remedy=Text(ja="セッションの Set-Cookie に「HttpOnly」を加える。", en='Add "HttpOnly" to the Set-Cookie of the session.'),
    says={
        "COOKIE_HIDDEN": Text(ja="セッションの Cookie はスクリプトから読めない", en="scripts cannot read the session cookies"),
        "COOKIE_READABLE": Text(
            ja="{address} のセッションの Cookie に HttpOnly 属性がない：{names}",
            en="session cookies of {address} without HttpOnly: {names}",
        ),
        "COOKIE_OTHERS": Text(ja="セッションのものと見られる Cookie はない（{names}）", en="none looks like a session cookie ({names})"),
        "COOKIE_NONE": _NONE,
    },
)
def web_cookies_http_only(entry: WebEntry) -> Judgement:
    def one(cookies: tuple[WebCookie, ...]) -> Judged:
        sessions = _sessions(cookies)
        if not sessions:
            return not_applicable("COOKIE_OTHERS", names=listed(cookie.name for cookie in cookies))
        bare = [cookie.name for cookie in sessions if not cookie.http_only]
        return failed("COOKIE_READABLE", names=listed(bare)) if bare else passed("COOKIE_HIDDEN")

    return _each(entry, one)


@check(
    "web.cookies.same-site",
    severity=Severity.LOW,
    title=Text(
        ja="セッションの Cookie をほかのサイトからの要求に付けさせない（SameSite 属性）",
        en="Session cookies stay out of requests that other sites make (SameSite)",
    ),
    why=Text(
        ja="ほかのサイトから送られた要求にも Cookie が付くと、利用者の意図しない操作を実行させられる（CSRF）。",
        en="Where a request made by another site carries the session, it acts in the visitor's name (CSRF).",
    ),
    remedy=Text(
        ja="セッションの Set-Cookie に「SameSite=Lax」又は「SameSite=Strict」を加える。",
        en='Add "SameSite=Lax" or "SameSite=Strict" to the Set-Cookie of the session.',
    ),
    says={
        "COOKIE_KEPT_HOME": Text(ja="セッションの Cookie は SameSite により限られている", en="SameSite limits the session cookies"),
        "COOKIE_SAMESITE_UNSET": Text(
            ja="{address} のセッションの Cookie に SameSite 属性がなく、ブラウザの既定に任せている：{names}",
            en="session cookies of {address} leave SameSite to the browser: {names}",
        ),
        "COOKIE_SENT_ANYWHERE": Text(
            ja="{address} のセッションの Cookie は SameSite=None で、どのサイトからの要求にも付く：{names}",
            en="session cookies of {address} go with every site's requests (SameSite=None): {names}",
        ),
        "COOKIE_OTHERS": Text(ja="セッションのものと見られる Cookie はない（{names}）", en="none looks like a session cookie ({names})"),
        "COOKIE_NONE": _NONE,
    },
)
def web_cookies_same_site(entry: WebEntry) -> Judgement:
    def one(cookies: tuple[WebCookie, ...]) -> Judged:
        sessions = _sessions(cookies)
        if not sessions:
            return not_applicable("COOKIE_OTHERS", names=listed(cookie.name for cookie in cookies))
        if wide := [cookie.name for cookie in sessions if cookie.same_site == "none"]:
            return failed("COOKIE_SENT_ANYWHERE", names=listed(wide))
        unset = [cookie.name for cookie in sessions if cookie.same_site not in {"lax", "strict"}]
        return failed("COOKIE_SAMESITE_UNSET", names=listed(unset)) if unset else passed("COOKIE_KEPT_HOME")

    return _each(entry, one)


def _sessions(cookies: tuple[WebCookie, ...]) -> list[WebCookie]:
    return [cookie for cookie in cookies if _SESSION.search(cookie.name) and not _FOR_SCRIPTS.search(cookie.name)]
