"""Answers to browsers: pages and redirections, each with the headers that keep a page to itself, and the two cookies."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from http import HTTPStatus

import jinja2
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from scanner.hub import change_words
from scanner.hub.access import SESSION
from scanner.hub.agent_words import EVENT_WORDS, FLAG_WORDS, GAP_WORDS, ROLE_WORDS, STATE_WORDS
from scanner.hub.change_words import LINK_WORDS, SIGN_WORDS
from scanner.hub.permission import ADMINISTRATORS, READERS
from scanner.model.text import Text
from scanner.pages.asked import COOKIE, LANGUAGE_COOKIE, LANGUAGES, PROOF, Asked
from scanner.protocol.refusal import REFUSAL_WORDS
from scanner.report import html_text, html_words
from scanner.report.html_environment import asset, environment

PACKAGE = "scanner.pages"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, browsers would not say where a form comes from either
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
YEAR = 31_536_000


def page(asked: Asked, template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    """Give a page in the language asked for."""
    text = (
        _templates()
        .get_template(template)
        .render(
            asked=asked,
            user=asked.user,
            reads=asked.user is not None and asked.user.role in READERS,
            administers=asked.user is not None and asked.user.role in ADMINISTRATORS,
            **values,
        )
    )
    answer = HTMLResponse(text.encode("utf-8", "backslashreplace"), status, HEADERS)
    if asked.query("lang") in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, asked.language, YEAR, secure=True, httponly=True, samesite="lax")
    return answer


def go(place: str) -> Response:
    """Send the browser elsewhere on this hub."""
    return RedirectResponse(place, HTTPStatus.SEE_OTHER, HEADERS)


def begin(place: str, session: str) -> Response:
    """Send the browser on with a new session."""
    answer = go(place)
    answer.set_cookie(COOKIE, session, int(SESSION.total_seconds()), secure=True, httponly=True, samesite="strict")
    return answer


def end(place: str) -> Response:
    """Send the browser on without its session."""
    answer = go(place)
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")
    return answer


@cache
def style() -> bytes:
    """Give the one style sheet: the report's, and what only pages have."""
    return (asset("scanner.report", "report.css") + asset(PACKAGE, "pages.css")).encode()


def style_answer() -> Response:
    """Give the style sheet to a browser, which may keep it: its address changes with it."""
    return Response(style(), media_type="text/css", headers={**HEADERS, "Cache-Control": f"public, max-age={YEAR}, immutable"})


@cache
def _templates() -> jinja2.Environment:
    made = environment(PACKAGE)
    made.globals.update(
        style=f"/style.css?{sha256(style()).hexdigest()[:16]}",
        proof=PROOF,
        say=_say,
        states=STATE_WORDS,
        flags=FLAG_WORDS,
        events=EVENT_WORDS,
        gaps=GAP_WORDS,
        roles=ROLE_WORDS,
        signs=SIGN_WORDS,
        refusals=REFUSAL_WORDS,
        links=LINK_WORDS,
        change_subject=change_words.subject,
        change_detail=change_words.detail,
        severities=html_words.SEVERITIES,
    )
    return made


def _say(text: Text | str) -> Markup:
    """Write our own words in both languages, and what others said as it is."""
    return html_text.shown(text) if isinstance(text, str) else html_text.of(text)
