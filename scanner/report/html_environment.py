"""What every page of ours is made with: templates that escape, words in both languages, the report's style. No page is here."""

from __future__ import annotations

import jinja2
from markupsafe import Markup

from scanner.report import html_text, html_words
from scanner.report.names import bare, readable


def environment(package: str) -> jinja2.Environment:
    """Give the environment of a package's templates."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals.update(
        w=html_text.words, both=html_text.both, moment=html_text.moment, kind=html_text.kind, remedy=html_text.remedy, words=html_words
    )
    made.filters.update(shown=html_text.shown, n=html_text.number, bare=bare, name=readable)
    return made


def asset(package: str, name: str) -> Markup:
    """Give a file that stands beside a package's templates: a style sheet, a script."""
    source, _, _ = jinja2.PackageLoader(package).get_source(jinja2.Environment(autoescape=True), name)
    return Markup(source)  # noqa: S704  our own file
