"""Checks of headers by which a site tells browsers to be careful, on its start page."""

from __future__ import annotations

from checks.each import Judged
from checks.web.common import ELSEWHERE, each_page, each_protocol, unread
from scanner.facts.web_entry import WebAnswer, WebEntry, WebPage
from scanner.facts.web_server import WebMethods, WebMethodsAddress
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.web.headers import csp

HTML = frozenset({"text/html", "application/xhtml+xml", ""})
NO_PAGE = Text(ja="トップページは HTML ではない（{type}）", en="the start page is not HTML ({type})")


@check(
    "web.headers.content-type-options",
    severity=Severity.LOW,
    title=Text(ja="内容の種別をブラウザに推測させない", en="Browsers are told not to guess the type of content"),
    why=Text(
        ja="推測を許すと、投稿された画像等がスクリプトとして実行されることがある。",
        en="Where browsers guess, an uploaded picture may run as a script.",
    ),
    remedy=Text(
        ja="全ての応答に「X-Content-Type-Options: nosniff」を付ける。", en='Send "X-Content-Type-Options: nosniff" with every answer.'
    ),
    says={
        **ELSEWHERE,
        "NOSNIFF_SET": Text(ja="nosniff を設定している", en="nosniff is set"),
        "NOSNIFF_ABSENT": Text(ja="{address} の応答に nosniff がない", en="the answer of {address} has no nosniff"),
    },
)
def web_headers_content_type_options(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        first = (answer.header("x-content-type-options") or "").partition(",")[0].strip().lower()
        return passed("NOSNIFF_SET") if first == "nosniff" else failed("NOSNIFF_ABSENT")

    return each_page(entry, one)


@check(
    "web.headers.frame",
    severity=Severity.MEDIUM,
    title=Text(ja="ほかのサイトの枠の中に表示させない", en="No other site can show the pages in a frame"),
    why=Text(
        ja="透明な枠に重ねて表示されると、利用者は気付かずにボタンを押させられる（クリックジャッキング）。",
        en="Laid invisibly under another page, its buttons are pressed by people who do not see them (clickjacking).",
    ),
    remedy=Text(
        ja="「X-Frame-Options: SAMEORIGIN」を付けるか、Content-Security-Policy の frame-ancestors を self とする。",
        en='Send "X-Frame-Options: SAMEORIGIN", or a Content-Security-Policy with frame-ancestors set to self.',
    ),
    says={
        **ELSEWHERE,
        "FRAME_BARRED": Text(ja="ほかのサイトの枠の中には表示されない（{by}）", en="other sites cannot frame it ({by})"),
        "FRAME_OPEN": Text(ja="{address} のページはどのサイトの枠の中にも表示できる", en="any site can frame the page of {address}"),
        "PAGE_NONE": NO_PAGE,
    },
)
def web_headers_frame(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        if page.media_type not in HTML:
            return not_applicable("PAGE_NONE", type=page.media_type)
        for policy in map(csp, answer.all("content-security-policy")):
            if "frame-ancestors" in policy and not _anybody(policy["frame-ancestors"]):
                return passed("FRAME_BARRED", by="frame-ancestors")
        option = (answer.header("x-frame-options") or "").strip().lower()
        # With frame-ancestors in force browsers no longer look at X-Frame-Options.
        named = any("frame-ancestors" in csp(value) for value in answer.all("content-security-policy"))
        return passed("FRAME_BARRED", by="X-Frame-Options") if option in {"deny", "sameorigin"} and not named else failed("FRAME_OPEN")

    return each_page(entry, one)


def _anybody(sources: tuple[str, ...]) -> bool:
    return any(source in {"*", "http:", "https:", "http://*", "https://*"} for source in sources)


@check(
    "web.headers.csp",
    severity=Severity.LOW,
    title=Text(ja="Content-Security-Policy によりスクリプトの出所を限る", en="A Content-Security-Policy limits where scripts come from"),
    why=Text(
        ja="入力の処理に誤りがあっても、埋め込まれたスクリプトの実行を止められる。",
        en="Should the handling of input fail somewhere, injected scripts still do not run.",
    ),
    remedy=Text(
        ja="Content-Security-Policy の script-src（又は default-src）に読込み元を挙げ、unsafe-inline に代えて nonce やハッシュを用いる。",
        en="List the sources in script-src (or default-src) of a Content-Security-Policy, with nonces or hashes in place of unsafe-inline.",
    ),
    says={
        **ELSEWHERE,
        "CSP_LIMITS": Text(ja="スクリプトの出所を限っている", en="the sources of scripts are limited"),
        "CSP_ABSENT": Text(
            ja="{address} のページにスクリプトの出所を限る方針がない", en="no policy of {address} limits the sources of scripts"
        ),
        "CSP_REPORTS_ONLY": Text(
            ja="{address} の方針は報告のみで、実行を止めない", en="the policy of {address} only reports and stops nothing"
        ),
        "CSP_WIDE": Text(ja="{address} の方針は広すぎる（{sources}）", en="the policy of {address} is too wide ({sources})"),
        "PAGE_NONE": NO_PAGE,
    },
)
def web_headers_csp(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        if page.media_type not in HTML:
            return not_applicable("PAGE_NONE", type=page.media_type)
        wide: list[str] = []
        for policy in map(csp, (*answer.all("content-security-policy"), page.policy)):
            sources = policy.get("script-src", policy.get("default-src"))
            if sources is None:
                continue
            if not (wide_ones := _wide(sources)):
                return passed("CSP_LIMITS")
            wide += wide_ones
        if wide:
            return failed("CSP_WIDE", sources=tuple(dict.fromkeys(wide)))
        return failed("CSP_REPORTS_ONLY") if answer.header("content-security-policy-report-only") else failed("CSP_ABSENT")

    return each_page(entry, one, worst_first=("CSP_ABSENT", "CSP_REPORTS_ONLY", "CSP_WIDE"))


def _wide(sources: tuple[str, ...]) -> list[str]:
    """Give the sources that let nearly every script in. A nonce or hash makes browsers ignore unsafe-inline (CSP level 2)."""
    sealed = any(source.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for source in sources)
    strict = "'strict-dynamic'" in sources and sealed
    found = [] if strict else [source for source in sources if source in {"*", "http:", "https:", "data:", "http://*", "https://*"}]
    return found + (["unsafe-inline"] if "'unsafe-inline'" in sources and not sealed else [])


@check(
    "web.headers.referrer-policy",
    severity=Severity.INFO,
    title=Text(ja="参照元の URL をほかのサイトへ渡しすぎない", en="Other sites are not told more of the referring URL than needed"),
    why=Text(
        ja="URL に含まれる情報（検索語、識別子等）がリンク先のサイトへ伝わる。",
        en="What a URL holds (search words, identifiers) goes to every site that is linked to.",
    ),
    remedy=Text(
        ja="「Referrer-Policy: strict-origin-when-cross-origin」を付ける。", en='Send "Referrer-Policy: strict-origin-when-cross-origin".'
    ),
    says={
        **ELSEWHERE,
        "REFERRER_LIMITED": Text(ja="参照元の扱いを定めている（{value}）", en="a policy is set ({value})"),
        "REFERRER_UNSET": Text(ja="{address} は参照元の扱いを定めず、ブラウザの既定に任せている", en="{address} leaves it to the browser"),
        "REFERRER_WIDE": Text(
            ja="{address} は URL の全体をほかのサイトへ渡す（{value}）", en="{address} hands whole URLs to other sites ({value})"
        ),
    },
)
def web_headers_referrer_policy(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        words = [word.strip().lower() for value in (*answer.all("referrer-policy"), page.referrer) for word in value.split(",")]
        known = [word for word in words if word in _REFERRER]
        if not known:
            return failed("REFERRER_UNSET")
        return failed("REFERRER_WIDE", value=known[-1]) if known[-1] in _WIDE_REFERRER else passed("REFERRER_LIMITED", value=known[-1])

    return each_page(entry, one, worst_first=("REFERRER_WIDE",))


_WIDE_REFERRER = frozenset({"unsafe-url", "no-referrer-when-downgrade"})
_REFERRER = _WIDE_REFERRER | {
    "no-referrer",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}


@check(
    "web.headers.charset",
    severity=Severity.LOW,
    title=Text(ja="文字コードを明示する", en="The character set is declared"),
    why=Text(
        ja="明示しないとブラウザが推測し、推測を悪用したスクリプトの埋込みの余地が生じる。",
        en="Where it is left to guessing, the guess can be abused to inject scripts.",
    ),
    remedy=Text(ja="「Content-Type: text/html; charset=utf-8」とする。", en='Send "Content-Type: text/html; charset=utf-8".'),
    says={
        **ELSEWHERE,
        "CHARSET_GIVEN": Text(ja="文字コードを明示している（{charset}）", en="it is declared ({charset})"),
        "CHARSET_ABSENT": Text(ja="{address} のページは文字コードを明示しない", en="the page of {address} does not declare one"),
        "PAGE_NONE": NO_PAGE,
    },
)
def web_headers_charset(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        if page.media_type not in HTML:
            return not_applicable("PAGE_NONE", type=page.media_type)
        if not page.charset:
            return unread(page) or failed("CHARSET_ABSENT")
        return passed("CHARSET_GIVEN", charset=page.charset)

    return each_page(entry, one)


@check(
    "web.headers.cross-origin",
    severity=Severity.MEDIUM,
    title=Text(ja="ほかのサイトに認証済みの内容を読ませない", en="Other sites cannot read what a logged-in visitor sees"),
    why=Text(
        ja="どの出所にも Cookie 付きの読取りを許すと、悪意のあるサイトが利用者になりすまして内容を読める。",
        en="Where any origin may read with cookies, a hostile site reads whatever its visitor may.",
    ),
    remedy=Text(
        ja="Access-Control-Allow-Origin には許す出所だけを返し、求められた値をそのまま返さない。",
        en="Name allowed origins only in Access-Control-Allow-Origin, and never echo the one that asks.",
    ),
    says={
        "ORIGIN_LIMITED": Text(ja="見知らぬ出所に Cookie 付きの読取りを許さない", en="a strange origin may not read with cookies"),
        "ORIGIN_ANY": Text(
            ja="{address} は見知らぬ出所に Cookie 付きの読取りを許す", en="{address} lets a strange origin read with cookies"
        ),
    },
)
def web_headers_cross_origin(methods: WebMethods) -> Judgement:
    def one(seen: WebMethodsAddress) -> Judged:
        if isinstance(seen.methods, Unobserved):
            return seen.methods
        if isinstance(seen.origin_answer, Unobserved):
            return seen.origin_answer
        return failed("ORIGIN_ANY") if seen.credentials and seen.origin_answer.endswith("tenken.invalid") else passed("ORIGIN_LIMITED")

    return each_protocol(((seen.address, seen.over_http2, one(seen)) for seen in methods.addresses), left_out=methods.left_out)
