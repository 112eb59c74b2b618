"""Checks of the methods that a web server answers. What changes anything was never sent; see the probe."""

from __future__ import annotations

from collections.abc import Callable

from checks.common import first_missing, listed
from checks.each import Judged
from checks.web.common import each_protocol
from scanner.facts.web_server import WebMethod, WebMethods, WebMethodsAddress
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

CHANGING = frozenset({"PUT", "DELETE", "PATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "PROPPATCH", "CONNECT"})
_BUSY = frozenset({429, 503})


def _each(methods: WebMethods, judge: Callable[[tuple[WebMethod | Unobserved, ...]], Judged]) -> Judged:
    def one(seen: WebMethodsAddress) -> Judged:
        return seen.methods if isinstance(seen.methods, Unobserved) else judge(seen.methods)

    return each_protocol(((seen.address, seen.over_http2, one(seen)) for seen in methods.addresses), left_out=methods.left_out)


def _of(answers: tuple[WebMethod | Unobserved, ...], name: str) -> WebMethod | Unobserved:
    """Give the answer to a method; a part that is missing stands for whatever it would have been."""
    found = next((answer for answer in answers if isinstance(answer, WebMethod) and answer.method == name), None)
    if found is None:
        return first_missing(answers) or cannot_tell(Reason.UNREACHABLE, "応答がない", "there is no answer")
    if found.status in _BUSY:
        return cannot_tell(
            Reason.REFUSED, "要求が多すぎるとして拒まれた（{status}）", "refused for too many requests ({status})", status=found.status
        )
    return found


@check(
    "web.methods.trace",
    severity=Severity.MEDIUM,
    title=Text(ja="TRACE メソッドを受け付けない", en="The method TRACE is off"),
    why=Text(
        ja="TRACE は送られた要求をそのまま返すため、スクリプトから読めないはずの情報（Cookie 等）を読み取る手段になる。",
        en="TRACE sends a request back as it came, and so can show what scripts must not see, such as cookies.",
    ),
    remedy=Text(ja="Apache では「TraceEnable off」とする。", en='Apache: "TraceEnable off".'),
    says={
        "TRACE_OFF": Text(ja="TRACE を受け付けない（{status}）", en="TRACE is not answered ({status})"),
        "TRACE_ON": Text(
            ja="{address} は TRACE に応じ、送ったヘッダをそのまま返す", en="{address} answers TRACE and gives our own header back"
        ),
    },
)
def web_methods_trace(methods: WebMethods) -> Judgement:
    def one(answers: tuple[WebMethod | Unobserved, ...]) -> Judged:
        trace = _of(answers, "TRACE")
        if isinstance(trace, Unobserved):
            return trace
        return failed("TRACE_ON") if trace.echoed else passed("TRACE_OFF", status=trace.status)

    return _each(methods, one)


@check(
    "web.methods.changing",
    severity=Severity.MEDIUM,
    title=Text(ja="内容を書き換えるメソッドを提供しない", en="No method that changes content is offered"),
    why=Text(
        ja="PUT、DELETE 等が有効だと、設定の誤り一つでファイルを置かれ、又は消される。",
        en="With PUT, DELETE and the like on, one slip in the settings lets strangers add or remove files.",
    ),
    remedy=Text(
        ja="GET、HEAD、POST 以外を拒む。例（Apache）：「<LimitExcept GET HEAD POST> Require all denied </LimitExcept>」",
        en='Refuse all but GET, HEAD and POST. Apache: "<LimitExcept GET HEAD POST> Require all denied </LimitExcept>".',
    ),
    says={
        "CHANGING_ABSENT": Text(ja="書き換えるメソッドを挙げない（{allow}）", en="none is named ({allow})"),
        "CHANGING_OFFERED": Text(ja="{address} は次のメソッドを受け付けると答えた：{names}", en="{address} says that it takes {names}"),
    },
)
def web_methods_changing(methods: WebMethods) -> Judgement:
    def one(answers: tuple[WebMethod | Unobserved, ...]) -> Judged:
        allow = [method for answer in answers if isinstance(answer, WebMethod) for method in answer.allow]
        if changing := [method for method in allow if method in CHANGING]:
            return failed("CHANGING_OFFERED", names=listed(changing))
        if allow:
            return passed("CHANGING_ABSENT", allow=listed(allow))
        options = _of(answers, "OPTIONS")
        if isinstance(options, Unobserved):
            return options
        return cannot_tell(
            Reason.NOT_DISCOVERABLE,
            "サーバは受け付けるメソッドを示さない。書き換えるメソッドは試していない",
            "the server names no methods, and those that change content were not tried",
        )

    return _each(methods, one)


@check(
    "web.methods.webdav",
    severity=Severity.MEDIUM,
    title=Text(ja="WebDAV を公開しない", en="WebDAV is not open to the public"),
    why=Text(
        ja="WebDAV はファイルの一覧と書換えの手段であり、公開するサイトには要らない。",
        en="WebDAV lists and changes files; a site for the public has no use for it.",
    ),
    remedy=Text(ja="WebDAV のモジュールを止める（Apache では「Dav off」）。", en='Switch the module off (Apache: "Dav off").'),
    says={
        "DAV_OFF": Text(ja="WebDAV に応じない", en="WebDAV is not answered"),
        "DAV_ANSWERS": Text(ja="{address} は PROPFIND に応じる（{status}）", en="{address} answers PROPFIND ({status})"),
        "DAV_NAMED": Text(
            ja="{address} は WebDAV に対応すると答えた（DAV: {dav}）", en="{address} says that it speaks WebDAV (DAV: {dav})"
        ),
    },
)
def web_methods_webdav(methods: WebMethods) -> Judgement:
    def one(answers: tuple[WebMethod | Unobserved, ...]) -> Judged:
        find, options = _of(answers, "PROPFIND"), _of(answers, "OPTIONS")
        options = next((each for each in answers if isinstance(each, WebMethod) and each.dav), options)
        if isinstance(find, WebMethod) and find.status == 207:
            return failed("DAV_ANSWERS", status=find.status)
        if isinstance(options, WebMethod) and options.dav:
            return failed("DAV_NAMED", dav=options.dav)
        unseen = next((each for each in (find, options) if isinstance(each, Unobserved)), None)
        return unseen or passed("DAV_OFF")

    return _each(methods, one)
