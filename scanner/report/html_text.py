"""Text of the record made fit for a page: escaped, everything invisible made visible, in both languages. Nothing here knows the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache

from markupsafe import Markup, escape

from scanner.model.text import Text

LONGEST_TEXT = 1_500
"""Characters of one text that the page shows; the record holds the whole."""
LONGEST_REMEDY = 4_000
"""The same of a remedy, which is ours but for the values in it."""
JST = timezone(timedelta(hours=9))

_MARK = "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ODD = re.compile(
    # Control characters, soft hyphen, fillers, zero-width and direction characters, separators, lone surrogates, non-characters, tags.
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    # Marks piled upon one letter paint over the lines around them.
    f"|(?<=[{_MARK}]{{3}})[{_MARK}]+"
)
_PATH = r"(?P<path>(?<![^\s、。（：])(?:/[\w.*@-]*[a-z0-9*]){2,}(?![\w/]))"
_VALUE = r"(?P<value>(?<![\w\"])[\w.-]+ ?= ?[\w./:-]*\w(?: \d+)?)"
_TYPED = {
    # What the remedies of the checks put in quotes, and what can be told as typed without any.
    "ja": re.compile(rf"「(?P<quoted>[^「」]*)」|{_PATH}", re.ASCII),
    "en": re.compile(
        r"(?P<record>[^\s'\"(]+\. IN [A-Z0-9]+ (?:\"[^\"]*\"|[^\"\s;,]+(?: [^\"\s;,a-z]+)*?(?=[;,.]?(?:\s|$))))"
        rf"|\"(?P<quoted>[^\"]*)\"|(?<!\w)'(?P<single>[^']*)'(?!\w)|{_PATH}|{_VALUE}",
        re.ASCII,
    ),
}
_SIGN = re.compile(r"[!-/:-@\[-`{-~0-9]|[a-z-]+ [a-z]")
_MOSTLY = 0.6


def shown(text: str, *, lines: bool = False) -> Markup:
    """Escape a text and write out each character that cannot be seen as ``U+202E``; ``lines`` keeps line breaks and tabs.

    Texts beyond ``LONGEST_TEXT`` end in a sentence that says how long they are.
    """
    rest = len(text) - LONGEST_TEXT
    made = _visible(text[:LONGEST_TEXT] if rest > 0 else text, lines=lines)
    if rest <= 0:
        return made
    return made + Markup("… ") + words("（続き {n} 字は record.jsonl にある）", "({n} more characters in record.jsonl)", n=number(rest))


def _visible(text: str, *, lines: bool) -> Markup:
    if text.isascii() and text.isprintable():
        return escape(text)
    pieces, at = [], 0
    for odd in _ODD.finditer(text):
        if lines and odd[0] in "\n\t":
            continue
        pieces += [escape(text[at : odd.start()]), _code_point(odd[0])]
        at = odd.end()
    return Markup().join([*pieces, escape(text[at:])])


def _code_point(odd: str) -> Markup:
    times = f" ×{len(odd)}" if len(odd) > 1 else ""
    return Markup('<span class="x">U+{:04X}{}</span>').format(ord(odd[0]), times)


def _pair(ja: Markup, en: Markup) -> Markup:
    # As short as can be: these make up a good part of a page. The style sheet hides the element ``i`` of the language not asked for.
    return Markup("<i lang=ja>") + ja + Markup("</i><i lang=en>") + en + Markup("</i>")


def words(ja: str, en: str, **args: object) -> Markup:
    """Give a sentence of ours in both languages; the arguments are escaped unless they are markup already."""
    if not args:
        return _fixed(ja, en)
    return _pair(Markup(ja).format(**args), Markup(en).format(**args))  # noqa: S704  sentences of this package; format escapes


@cache
def _fixed(ja: str, en: str) -> Markup:
    return _pair(Markup(ja), Markup(en))  # noqa: S704  sentences of this package, not of a record


def of(text: Text) -> Markup:
    """Give a sentence of the program's own in both languages."""
    return _pair(escape(text.ja), escape(text.en))


def both(text: Mapping[str, str]) -> Markup:
    """Give a sentence of the record in both languages."""
    return _pair(shown(text["ja"]), shown(text["en"]))


def remedy(text: Mapping[str, str]) -> Markup:
    """Give a remedy in both languages, with what is to be typed set as code."""
    return _pair(_with_code(text["ja"], _TYPED["ja"]), _with_code(text["en"], _TYPED["en"]))


def _with_code(text: str, typed: re.Pattern[str]) -> Markup:
    text, rest = text[:LONGEST_REMEDY], text[LONGEST_REMEDY:]
    pieces, at = [], 0
    for found in typed.finditer(text):
        group = found.lastgroup or ""
        if group != "quoted" or _is_typed(found[group]):
            pieces += [shown(text[at : found.start(group)]), Markup("<code>") + shown(found[group]) + Markup("</code>")]
            at = found.end(group)
    return Markup().join([*pieces, shown(text[at:]), Markup("…") if rest else Markup()])


def _is_typed(quoted: str) -> bool:
    """Tell a line of configuration or a command from a word that is merely quoted."""
    return _SIGN.search(quoted) is not None and sum(map(str.isascii, quoted)) >= _MOSTLY * len(quoted)


def number(n: int) -> str:
    """Write a number with its thousands apart."""
    return f"{n:,}"


def moment(at: str) -> Markup:
    """Write a time of the record in Japan's time, which is said beside it."""
    try:
        here = datetime.fromisoformat(at).astimezone(JST)
    except (ValueError, OverflowError):
        return shown(at)
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M:%S} JST</time>').format(at, here)


def kind(key: str) -> Markup:
    """Name the kind of a subject from its canonical key."""
    match key.partition(":")[0]:
        case "domain":
            return words("ドメイン", "domain")
        case "service":
            return words("サービス", "service")
        case "host":
            return words("ホスト", "host")
        case "endpoint":
            return words("端末", "endpoint")
        case _:
            return Markup()
