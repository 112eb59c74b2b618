"""Checks of the way to HTTPS: offered, led to, kept, and nothing loaded without it."""

from __future__ import annotations

from checks.common import listed
from checks.each import Judged
from checks.web.common import ELSEWHERE, denied, each, each_secure, host_of, is_https, own_page, unread
from scanner.facts.web_entry import WebAddress, WebAnswer, WebEnd, WebEntry, WebVisit
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, failed, not_applicable, passed
from scanner.wire.web.headers import csp

ACTIVE = frozenset({"script", "style", "frame", "object"})


@check(
    "web.https.offered",
    severity=Severity.HIGH,
    title=Text(ja="ウェブサイトは HTTPS で提供する", en="The site is served over HTTPS"),
    why=Text(
        ja="暗号化しない通信は、途中で読まれ、書き換えられる。利用者は本物のサイトかどうかも確かめられない。",
        en="Traffic in clear can be read and changed on the way, and nobody can tell whether the site is the real one.",
    ),
    remedy=Text(
        ja="サーバ証明書を設定し、443 番ポートで全てのページを提供する。",
        en="Install a server certificate and serve every page at port 443.",
    ),
    says={
        "HTTPS_OFFERED": Text(ja="HTTPS で応答する", en="it answers over HTTPS"),
        "HTTPS_ABSENT": Text(ja="{address} は HTTP だけで応答し、HTTPS では応答しない", en="{address} answers over plain HTTP only"),
    },
)
def web_https_offered(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        if isinstance(seen.secure, WebVisit):
            return passed("HTTPS_OFFERED")
        if isinstance(seen.plain, WebVisit) and (seen.secure is None or seen.secure.reason is Reason.REFUSED):
            return failed("HTTPS_ABSENT")
        if isinstance(seen.secure, Unobserved):
            return seen.secure
        return seen.plain if isinstance(seen.plain, Unobserved) else cannot_tell(Reason.UNREACHABLE, "応答がない", "there is no answer")

    return each(entry, one)


@check(
    "web.https.redirect",
    severity=Severity.HIGH,
    title=Text(ja="HTTP による閲覧は内容を送る前に HTTPS へ移す", en="Plain HTTP leads to HTTPS before any content is sent"),
    why=Text(
        ja="HTTP で内容を返すと、利用者は気付かないまま暗号化されない通信を続ける。",
        en="Where content comes over plain HTTP, people go on in clear without noticing.",
    ),
    remedy=Text(
        ja=(
            "80 番ポートでは、同じホスト名の https:// への恒久的な転送（301 又は 308）だけを返す。例（nginx）：「return "
            "301 https://$host$request_uri;」"
        ),
        en=(
            'At port 80 answer nothing but a permanent redirect (301 or 308) to https:// of the same name. nginx: "return '
            '301 https://$host$request_uri;".'
        ),
    ),
    says={
        "PLAIN_CLOSED": Text(ja="HTTP では接続を受け付けない", en="no connection is taken over plain HTTP"),
        "PLAIN_NONE": Text(ja="このサービスに HTTP の側はない", en="the service has no side in plain HTTP"),
        "PLAIN_REDIRECTED": Text(ja="HTTP から HTTPS へ移す", en="plain HTTP leads to HTTPS"),
        "PLAIN_CONTENT": Text(ja="{address} が HTTP で内容を返す（{url}）", en="{address} sends content over plain HTTP ({url})"),
        "PLAIN_PASSWORD": Text(
            ja="{address} が HTTP のまま認証を求める（{url}）", en="{address} asks for a password over plain HTTP ({url})"
        ),
        "PLAIN_LOOP": Text(
            ja="{address} では転送が終わらず、HTTPS に至らない", en="at {address} the redirects never end and never reach HTTPS"
        ),
    },
)
def web_https_redirect(entry: WebEntry) -> Judgement:
    return each(entry, _plain, worst_first=("PLAIN_PASSWORD", "PLAIN_CONTENT", "PLAIN_LOOP", "PLAIN_REDIRECTED"))


def _plain(seen: WebAddress) -> Judged:
    visit = seen.plain
    if visit is None:
        return not_applicable("PLAIN_NONE")
    if isinstance(visit, Unobserved):
        return passed("PLAIN_CLOSED") if visit.reason is Reason.REFUSED else visit
    clear = _in_clear(visit)
    last = clear[-1]
    if is_https(last.location):
        return passed("PLAIN_REDIRECTED")
    if visit.end in {WebEnd.LOOP, WebEnd.TOO_MANY}:
        return failed("PLAIN_LOOP")
    if visit.unfollowed is not None:
        return visit.unfollowed
    if 200 <= last.status < 300:
        return failed("PLAIN_CONTENT", url=last.url)
    if last.status == 401 and last.header("www-authenticate"):
        return failed("PLAIN_PASSWORD", url=last.url)
    return denied(last.status)


def _secure(seen: WebAddress) -> WebVisit | Judged:
    """Give the visit over HTTPS, or what is said where there was none."""
    visit = seen.secure
    if visit is None or (isinstance(visit, Unobserved) and visit.reason is Reason.REFUSED):
        return not_applicable("HTTPS_NONE")
    return visit


def _in_clear(visit: WebVisit) -> list[WebAnswer]:
    """Give the answers up to the first one over HTTPS."""
    found = []
    for answer in visit.answers:
        if is_https(answer.url):
            break
        found.append(answer)
    return found


def _first_redirect(seen: WebAddress) -> WebAnswer | Judged:
    visit = seen.plain
    if visit is None or (isinstance(visit, Unobserved) and visit.reason is Reason.REFUSED):
        return not_applicable("REDIRECT_NONE")
    if isinstance(visit, Unobserved):
        return visit
    return visit.answers[0] if visit.answers[0].location else not_applicable("REDIRECT_NONE")


@check(
    "web.https.same-host",
    severity=Severity.LOW,
    title=Text(ja="HTTP からの転送先は同じホスト名の HTTPS とする", en="Plain HTTP redirects to HTTPS of the same name first"),
    why=Text(
        ja="別の名前へ直接移すと、この名前には HSTS が設定されず、次の閲覧も暗号化されない通信から始まる。",
        en="Where it leads to another name at once, this name never gets HSTS, and the next visit begins in clear again.",
    ),
    remedy=Text(
        ja="まず同じホスト名の https:// へ移し、そこから別の名前へ移す。",
        en="Redirect to https:// of the same name first, and from there to the other name.",
    ),
    says={
        "REDIRECT_SAME": Text(ja="同じホスト名の HTTPS へ移す", en="it leads to HTTPS of the same name"),
        "REDIRECT_OTHER": Text(ja="{address} は直接 {url} へ移す", en="{address} leads to {url} at once"),
        "REDIRECT_NONE": Text(ja="HTTP からの転送がない", en="there is no redirect from plain HTTP"),
    },
)
def web_https_same_host(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        first = _first_redirect(seen)
        if not isinstance(first, WebAnswer):
            return first
        if is_https(first.location) and host_of(first.location) == entry.host:
            return passed("REDIRECT_SAME")
        return failed("REDIRECT_OTHER", url=first.location)

    return each(entry, one)


@check(
    "web.https.permanent-redirect",
    severity=Severity.INFO,
    title=Text(ja="HTTPS への転送は恒久的なもの（301、308）とする", en="The redirect to HTTPS is a permanent one (301, 308)"),
    why=Text(
        ja="一時的な転送は記憶されず、閲覧のたびに暗号化されない要求が送られる。",
        en="Temporary redirects are not remembered: every visit sends a request in clear again.",
    ),
    remedy=Text(ja="転送の状態コードを 301 又は 308 とする。", en="Answer the redirect with status 301 or 308."),
    says={
        "REDIRECT_PERMANENT": Text(ja="恒久的な転送である", en="the redirect is permanent"),
        "REDIRECT_TEMPORARY": Text(ja="{address} の転送は一時的である（{status}）", en="the redirect of {address} is temporary ({status})"),
        "REDIRECT_NONE": Text(ja="HTTP からの転送がない", en="there is no redirect from plain HTTP"),
    },
)
def web_https_permanent_redirect(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        first = _first_redirect(seen)
        if not isinstance(first, WebAnswer):
            return first
        return passed("REDIRECT_PERMANENT") if first.status in {301, 308} else failed("REDIRECT_TEMPORARY", status=first.status)

    return each(entry, one)


@check(
    "web.https.kept",
    severity=Severity.HIGH,
    title=Text(ja="HTTPS で始めた閲覧を HTTP へ戻さない", en="A visit over HTTPS never leads back to plain HTTP"),
    why=Text(
        ja="HTTPS から HTTP への転送は、安全な通信を求めた利用者を暗号化されない通信へ移す。",
        en="A redirect from HTTPS to plain HTTP takes people who asked for safety into the clear.",
    ),
    remedy=Text(ja="転送先を https:// で始まる URL に直す。", en="Make the target of the redirect a URL that begins with https://."),
    says={
        "HTTPS_KEPT": Text(ja="閲覧は HTTPS のまま終わる", en="the visit stays within HTTPS"),
        "HTTPS_LOST": Text(ja="{address} の {url} が HTTP へ移す", en="{url} at {address} leads to plain HTTP"),
        "HTTPS_NONE": Text(ja="HTTPS で応答しない", en="it does not answer over HTTPS"),
    },
)
def web_https_kept(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        visit = _secure(seen)
        if not isinstance(visit, WebVisit):
            return visit
        lost = next((answer for answer in visit.answers if is_https(answer.url) and answer.location.startswith("http:")), None)
        if lost is not None:
            return failed("HTTPS_LOST", url=lost.url)
        return (
            visit.unfollowed if visit.unfollowed is not None and host_of(visit.answers[-1].location) == entry.host else passed("HTTPS_KEPT")
        )

    return each_secure(entry, one)


@check(
    "web.https.http2-agrees",
    severity=Severity.LOW,
    title=Text(ja="HTTP/2 でも同じ設定で応答する", en="HTTP/2 is answered with the same settings"),
    why=Text(
        ja="多くの利用者は HTTP/2 で閲覧する。片方だけに設定された対策は、その利用者を守らない。",
        en="Most people come over HTTP/2; what is set for HTTP/1.1 only does not protect them.",
    ),
    remedy=Text(
        ja="前段の装置を含め、HTTP/1.1 と HTTP/2 に同じヘッダと転送を設定する。",
        en="Set the same headers and redirects for HTTP/1.1 and HTTP/2, in front-end devices too.",
    ),
    says={
        "HTTP2_SAME": Text(ja="HTTP/2 と HTTP/1.1 の応答は同じである", en="the answers over HTTP/2 and HTTP/1.1 agree"),
        "HTTP2_DIFFERS": Text(
            ja="{address} では HTTP/2 と HTTP/1.1 で次が異なる：{parts}", en="at {address} HTTP/2 and HTTP/1.1 differ in {parts}"
        ),
        "HTTP2_NONE": Text(ja="HTTP/2 では応答しない", en="HTTP/2 is not spoken"),
        "HTTPS_NONE": Text(ja="HTTPS で応答しない", en="it does not answer over HTTPS"),
    },
)
def web_https_http2_agrees(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        visit = _secure(seen)
        if not isinstance(visit, WebVisit):
            return visit
        if seen.http2 is None:
            return not_applicable("HTTP2_NONE")
        if isinstance(seen.http2, Unobserved):
            return seen.http2
        differing = _differing(visit, seen.http2)
        return failed("HTTP2_DIFFERS", parts=listed(differing)) if differing else passed("HTTP2_SAME")

    return each(entry, one)


_COMPARED = (
    "strict-transport-security",
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "server",
)


def _differing(one: WebVisit, other: WebVisit) -> list[str]:
    """Name what differs in the first or the last answer: the kind of status, where it leads, and headers that one of the two lacks."""
    found: dict[str, None] = {}
    for place in (0, -1):
        here, there = one.answers[place], other.answers[place]
        if here.status // 100 != there.status // 100:
            found["status"] = None
        if here.location != there.location:
            found["location"] = None
        found |= dict.fromkeys(name for name in _COMPARED if (here.header(name) is None) is not (there.header(name) is None))
    return list(found)


@check(
    "web.https.mixed-content",
    severity=Severity.MEDIUM,
    title=Text(ja="HTTPS のページに HTTP の部品を混ぜない", en="Pages over HTTPS load nothing over plain HTTP"),
    why=Text(
        ja="HTTP で読み込むスクリプト等は途中で書き換えられ、ページ全体を乗っ取られる。読込みが拒まれ、表示が崩れることもある。",
        en="What is loaded in clear can be changed on the way, and a changed script owns the page; browsers may refuse it.",
    ),
    remedy=Text(
        ja="部品と送信先の URL を https:// に改める。数が多ければ Content-Security-Policy に upgrade-insecure-requests を加える。",
        en='Write https:// in URLs of parts and forms. With many old pages add "upgrade-insecure-requests" to the policy.',
    ),
    says={
        **ELSEWHERE,
        "MIXED_NONE": Text(ja="トップページに HTTP の部品はない", en="the start page loads nothing over plain HTTP"),
        "MIXED_UPGRADED": Text(
            ja="HTTP の部品は upgrade-insecure-requests により HTTPS で読み込まれる",
            en="parts over plain HTTP are upgraded by the site's policy",
        ),
        "MIXED_ACTIVE": Text(
            ja="{address} のページが HTTP でスクリプト等を読み込む：{urls}",
            en="the page of {address} loads active content in clear: {urls}",
        ),
        "MIXED_FORM": Text(ja="{address} のフォームが HTTP で送信する：{urls}", en="a form at {address} sends in clear: {urls}"),
        "MIXED_PASSIVE": Text(
            ja="{address} のページが HTTP で画像等を読み込む：{urls}", en="the page of {address} loads images or media in clear: {urls}"
        ),
        "HTTPS_NONE": Text(ja="HTTPS で応答しない", en="it does not answer over HTTPS"),
    },
)
def web_https_mixed_content(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        visit = _secure(seen)
        if not isinstance(visit, WebVisit):
            return visit
        found = own_page(entry, visit)
        if isinstance(found, Verdict | Unobserved):
            return found
        answer, page = found
        if (why := unread(page)) is not None:
            return why
        if not is_https(answer.url):
            return not_applicable("HTTPS_NONE")
        clear = [part for part in page.parts if part.url.startswith("http:")]
        forms = [form.action for form in page.forms if form.action.startswith("http:")]
        if (clear or forms) and any(
            "upgrade-insecure-requests" in csp(value) for value in (*answer.all("content-security-policy"), page.policy)
        ):
            return passed("MIXED_UPGRADED")
        active = [part.url for part in clear if part.load in ACTIVE]
        if active:
            return failed("MIXED_ACTIVE", urls=listed(active))
        if forms:
            return failed("MIXED_FORM", urls=listed(forms))
        if clear:
            return failed("MIXED_PASSIVE", urls=listed(part.url for part in clear))
        if page.cut:
            return cannot_tell(Reason.TOO_LARGE, "ページが大きく、全ては読んでいない", "the page is large and was not read to its end")
        return passed("MIXED_NONE")

    order = ("MIXED_ACTIVE", "MIXED_FORM", "MIXED_PASSIVE", "MIXED_UPGRADED")
    return each_secure(entry, one, worst_first=order)
