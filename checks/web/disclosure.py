"""Checks of what a web server tells about itself without being asked: products and versions, error pages, addresses inside."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address

from checks.common import listed
from checks.each import Judged
from checks.web.common import ELSEWHERE, each_page, each_protocol, each_secure, host_of, unread
from scanner.facts.web_entry import WebAddress, WebAnswer, WebEntry, WebPage, WebVisit
from scanner.facts.web_server import WebError, WebMethods, WebMethodsAddress
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity, Verdict, failed, passed
from scanner.wire.web.marks import has_number

_PRODUCTS = ("x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "x-powered-cms", "via")
_PSEUDONYM = re.compile(r"\A(?:\d(?:\.\d)? )")
_REMEDY = Text(
    ja="版を示さない設定にする。例：nginx「server_tokens off;」、Apache「ServerTokens Prod」、PHP「expose_php = Off」",
    en='Leave versions out: nginx "server_tokens off;", Apache "ServerTokens Prod", PHP "expose_php = Off".',
)
_WHY = Text(
    ja="製品名と版から既知の脆弱性を調べられ、攻撃の手掛かりになる。",
    en="Product and version tell an attacker which known weaknesses to try.",
)


def _judge(seen: WebAddress, judge: Callable[[tuple[WebVisit, ...]], Verdict]) -> Judged:
    """Judge what was seen of both sides of an address. One that refuses connections tells nothing; one nobody saw spoils a pass."""
    found = tuple(visit for visit in (seen.secure, seen.plain) if isinstance(visit, WebVisit))
    missing = [visit for visit in (seen.secure, seen.plain) if isinstance(visit, Unobserved)]
    if not found:
        return missing[0]
    verdict = judge(found)
    unseen = next((each for each in missing if each.reason is not Reason.REFUSED), None)
    return verdict if unseen is None or verdict.outcome is Outcome.FAIL else unseen


def _headers(entry: WebEntry, visits: tuple[WebVisit, ...], names: tuple[str, ...]) -> list[str]:
    own = [answer for visit in visits for answer in visit.answers if host_of(answer.url) == entry.host]
    return [f"{header.name}: {header.value}"[:120] for answer in own for header in answer.headers if header.name in names]


@check(
    "web.disclosure.server",
    severity=Severity.LOW,
    title=Text(ja="ウェブサーバの版を示さない", en="The web server does not tell its version"),
    why=_WHY,
    remedy=_REMEDY,
    says={
        "SERVER_QUIET": Text(ja="版を示さない", en="no version is told"),
        "SERVER_VERSION": Text(ja="{address} が版を示す：{values}", en="{address} tells versions: {values}"),
    },
)
def web_disclosure_server(entry: WebEntry) -> Judgement:
    def one(visits: tuple[WebVisit, ...]) -> Verdict:
        telling = [line for line in _headers(entry, visits, ("server",)) if has_number(line)]
        return failed("SERVER_VERSION", values=listed(telling)) if telling else passed("SERVER_QUIET")

    return each_secure(entry, lambda seen: _judge(seen, one))


@check(
    "web.disclosure.framework",
    severity=Severity.LOW,
    title=Text(ja="アプリケーションの基盤の版を示さない", en="The application's framework does not tell its version"),
    why=_WHY,
    remedy=Text(
        ja="X-Powered-By、X-AspNet-Version 等のヘッダを送らない。例：PHP「expose_php = Off」",
        en='Do not send X-Powered-By, X-AspNet-Version and the like. PHP: "expose_php = Off".',
    ),
    says={
        "FRAMEWORK_QUIET": Text(ja="版を示さない", en="no version is told"),
        "FRAMEWORK_VERSION": Text(ja="{address} が版を示す：{values}", en="{address} tells versions: {values}"),
        "FRAMEWORK_NAMED": Text(ja="製品名だけを示す：{values}", en="names without versions are told: {values}"),
    },
)
def web_disclosure_framework(entry: WebEntry) -> Judgement:
    def one(visits: tuple[WebVisit, ...]) -> Verdict:
        lines = _headers(entry, visits, _PRODUCTS)
        # Via begins with the version of the protocol, which tells nothing of the product.
        telling = [line for line in lines if has_number(_PSEUDONYM.sub("", line.partition(": ")[2]) if line.startswith("via:") else line)]
        if telling:
            return failed("FRAMEWORK_VERSION", values=listed(telling))
        return passed("FRAMEWORK_NAMED", values=listed(lines)) if lines else passed("FRAMEWORK_QUIET")

    return each_secure(entry, lambda seen: _judge(seen, one), worst_first=("FRAMEWORK_NAMED",))


@check(
    "web.disclosure.generator",
    severity=Severity.LOW,
    title=Text(ja="ページに作成した製品の版を記さない", en="Pages do not tell the version of what made them"),
    why=_WHY,
    remedy=Text(ja="meta 要素の generator を除く。", en="Remove the meta element generator."),
    says={
        **ELSEWHERE,
        "GENERATOR_QUIET": Text(ja="版を記していない", en="no version is told"),
        "GENERATOR_VERSION": Text(ja="{address} のページに版がある：{value}", en="the page of {address} tells a version: {value}"),
    },
)
def web_disclosure_generator(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        if has_number(page.generator):
            return failed("GENERATOR_VERSION", value=page.generator[:100])
        return unread(page) or passed("GENERATOR_QUIET")

    return each_page(entry, one)


@check(
    "web.disclosure.errors",
    severity=Severity.MEDIUM,
    title=Text(ja="エラーページに内部の情報を出さない", en="Error pages tell nothing of the inside"),
    why=Text(
        ja="エラーの経過やファイルの場所は、攻撃の手掛かりになる。開発用の設定のまま公開しているおそれもある。",
        en="Error traces and paths help attackers, and often mean that settings of development are live.",
    ),
    remedy=Text(
        ja="デバッグ表示を止め、独自のエラーページを返す。版の表示も止める（Apache「ServerSignature Off」）。",
        en='Switch debugging off and serve own error pages without versions (Apache: "ServerSignature Off").',
    ),
    says={
        "ERRORS_QUIET": Text(ja="エラーページに内部の情報はない", en="error pages tell nothing of the inside"),
        "ERRORS_TRACE": Text(
            ja="{address} のエラーページに処理の経過が出る（{kind}、{status}）",
            en="an error page of {address} shows a trace ({kind}, {status})",
        ),
        "ERRORS_VERSION": Text(ja="{address} のエラーページに版が出る：{values}", en="error pages of {address} tell versions: {values}"),
    },
)
def web_disclosure_errors(methods: WebMethods) -> Judgement:
    def one(seen: WebMethodsAddress) -> Judged:
        if isinstance(seen.methods, Unobserved):
            return seen.methods
        errors = [error for error in seen.errors if isinstance(error, WebError)]
        if trace := next((error for error in errors if error.trace), None):
            return failed("ERRORS_TRACE", kind=trace.trace, status=trace.status)
        if versions := [version for error in errors for version in error.versions]:
            return failed("ERRORS_VERSION", values=listed(versions))
        unseen = next((error for error in seen.errors if isinstance(error, Unobserved)), None)
        return unseen or passed("ERRORS_QUIET")

    endings = ((seen.address, seen.over_http2, one(seen)) for seen in methods.addresses)
    return each_protocol(endings, left_out=methods.left_out, worst_first=("ERRORS_TRACE", "ERRORS_VERSION"))


@check(
    "web.disclosure.internal-address",
    severity=Severity.LOW,
    title=Text(ja="内部のアドレスを示さない", en="No address of the inside network is told"),
    why=Text(
        ja="内部のアドレスは、ネットワークの構成を知る手掛かりになる。",
        en="Addresses of the inside tell how the network is built.",
    ),
    remedy=Text(
        ja="転送先は公開する名前で示す。負荷分散装置の Cookie は暗号化する。",
        en="Write redirects with the public name, and have load balancers encrypt their cookies.",
    ),
    says={
        "INSIDE_HIDDEN": Text(ja="内部のアドレスは見えない", en="no address of the inside is told"),
        "INSIDE_IN_REDIRECT": Text(
            ja="{address} の転送先が内部のアドレスである：{value}", en="{address} redirects to an address of the inside: {value}"
        ),
        "INSIDE_IN_COOKIE": Text(
            ja="{address} の Cookie {name} から内部のアドレスが分かる：{value}",
            en="cookie {name} of {address} tells an address of the inside: {value}",
        ),
    },
)
def web_disclosure_internal_address(entry: WebEntry) -> Judgement:
    def one(visits: tuple[WebVisit, ...]) -> Verdict:
        for answer in (answer for visit in visits for answer in visit.answers):
            host = answer.location.split("/")[2] if answer.location.count("/") >= 2 else ""
            if host != entry.host and _inside(host):
                return failed("INSIDE_IN_REDIRECT", value=host)
            if cookie := next((c for c in answer.cookies if c.internal_address and _inside(c.internal_address)), None):
                return failed("INSIDE_IN_COOKIE", name=cookie.name, value=cookie.internal_address)
        return passed("INSIDE_HIDDEN")

    return each_secure(entry, lambda seen: _judge(seen, one))


def _inside(host: str) -> bool:
    text = host.removeprefix("[").partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return ip_address(text).is_private
    except ValueError:
        return False
