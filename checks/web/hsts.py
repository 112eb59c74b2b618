"""Checks of HTTP Strict Transport Security (RFC 6797), as the first answer over HTTPS under the site's own name sends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from checks.each import Judged
from checks.web.common import denied, each_secure
from scanner.facts.web_entry import WebAddress, WebEntry
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.web.headers import Hsts, hsts

WEB_HSTS_LEAST_SECONDS = Value(
    "web.hsts.least-seconds",
    default=31_536_000,
    text=Text(ja="HSTS の期間（max-age）の下限", en="least duration (max-age) of HSTS"),
    unit="s",
    least=0,
)


NAME = "strict-transport-security"
_NONE = Text(ja="HTTPS で応答しない", en="it does not answer over HTTPS")
_UNSET = Text(ja="有効な HSTS がない", en="there is no valid HSTS policy")


def _value(seen: WebAddress) -> str | Judged | None:
    """Give the header that browsers act upon, ``None`` where an answer that should have it has none."""
    if seen.secure is None or (isinstance(seen.secure, Unobserved) and seen.secure.reason is Reason.REFUSED):
        return not_applicable("HTTPS_NONE")
    if isinstance(seen.secure, Unobserved):
        return seen.secure
    first = seen.secure.answers[0]
    value = first.header(NAME)
    if value is None and first.status >= 400:
        return denied(first.status)  # nginx and others leave the header out of error answers
    return value


def _each_policy(entry: WebEntry, judge: Callable[[Hsts], Judged]) -> Judged:
    def one(seen: WebAddress) -> Judged:
        value = _value(seen)
        if value is not None and not isinstance(value, str):
            return value
        policy = hsts(value) if value is not None else None
        return not_applicable("HSTS_NONE") if policy is None or not policy.max_age else judge(policy)

    return each_secure(entry, one)


@check(
    "web.hsts.set",
    severity=Severity.MEDIUM,
    title=Text(ja="HSTS を設定する", en="HSTS is set"),
    why=Text(
        ja="HSTS がないと、利用者が http:// から始めたり証明書の警告を無視したりした時に、通信を乗っ取られる。",
        en="Without HSTS a visit that begins with http://, or in spite of a certificate warning, can be taken over.",
    ),
    remedy=Text(
        ja="HTTPS の全ての応答に「Strict-Transport-Security: max-age=31536000; includeSubDomains」を付ける。",
        en='Send "Strict-Transport-Security: max-age=31536000; includeSubDomains" with every answer over HTTPS.',
    ),
    says={
        "HSTS_SET": Text(ja="HSTS を設定している（{value}）", en="HSTS is set ({value})"),
        "HSTS_ABSENT": Text(ja="{address} の応答に HSTS がない", en="the answer of {address} has no HSTS"),
        "HSTS_BROKEN": Text(
            ja="{address} の HSTS は書式を誤り、無視される（{value}）", en="the HSTS header of {address} is malformed and ignored ({value})"
        ),
        "HSTS_OFF": Text(ja="{address} は max-age=0 により HSTS を取り消している", en="{address} takes HSTS back with max-age=0"),
        "HTTPS_NONE": _NONE,
    },
)
def web_hsts_set(entry: WebEntry) -> Judgement:
    def one(seen: WebAddress) -> Judged:
        value = _value(seen)
        if value is None:
            return failed("HSTS_ABSENT")
        if not isinstance(value, str):
            return value
        policy = hsts(value)
        if policy is None:
            return failed("HSTS_BROKEN", value=value[:100])
        return passed("HSTS_SET", value=value[:100]) if policy.max_age else failed("HSTS_OFF")

    return each_secure(entry, one)


@check(
    "web.hsts.duration",
    severity=Severity.LOW,
    title=Text(ja="HSTS の期間を十分に長くする", en="HSTS holds long enough"),
    why=Text(
        ja="期間が短いと、しばらく閲覧しなかった利用者は再び保護のない通信から始める。",
        en="With a short one, people who have not come for a while begin without protection again.",
    ),
    remedy=Text(ja="max-age を {least} 以上にする。", en="Set max-age to {least} or more."),
    says={
        "HSTS_LONG": Text(ja="max-age は {seconds} 秒である", en="max-age is {seconds} s"),
        "HSTS_SHORT": Text(ja="{address} の max-age は {seconds} 秒で、短い", en="max-age at {address} is only {seconds} s"),
        "HSTS_NONE": _UNSET,
        "HTTPS_NONE": _NONE,
    },
)
def web_hsts_duration(entry: WebEntry, *, least: Annotated[int, WEB_HSTS_LEAST_SECONDS] = WEB_HSTS_LEAST_SECONDS.default) -> Judgement:
    def one(policy: Hsts) -> Judged:
        return (passed if policy.max_age >= least else failed)(
            "HSTS_LONG" if policy.max_age >= least else "HSTS_SHORT", seconds=policy.max_age
        )

    return _each_policy(entry, one)


@check(
    "web.hsts.subdomains",
    severity=Severity.INFO,
    title=Text(ja="HSTS をサブドメインにも及ぼす", en="HSTS covers the names below"),
    why=Text(
        ja="サブドメインに及ばないと、偽のサブドメインから Cookie を書き換えられる。",
        en="Otherwise a made-up name below can change the site's cookies over plain HTTP.",
    ),
    remedy=Text(
        ja="全てのサブドメインが HTTPS に対応した後、includeSubDomains を加える。",
        en='Once every name below has HTTPS, add "includeSubDomains".',
    ),
    says={
        "SUBDOMAINS_COVERED": Text(ja="サブドメインにも及ぶ", en="the names below are covered"),
        "SUBDOMAINS_OPEN": Text(ja="{address} の HSTS はサブドメインに及ばない", en="HSTS of {address} leaves out the names below"),
        "HSTS_NONE": _UNSET,
        "HTTPS_NONE": _NONE,
    },
)
def web_hsts_subdomains(entry: WebEntry) -> Judgement:
    return _each_policy(entry, lambda policy: passed("SUBDOMAINS_COVERED") if policy.subdomains else failed("SUBDOMAINS_OPEN"))
