"""The languages of nginx, Apache httpd and PHP: what is written is read back, and junk gives nothing else than a refusal."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.wire import httpd, nginxconf, phpini
from scanner.wire.httpd import Node
from scanner.wire.nginxconf import Directive

LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=("Cs", "Zl", "Zp", "Cc")), max_size=12)
NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda name: not name.endswith("_by_lua_block"))


def _directives() -> st.SearchStrategy[tuple[Directive, ...]]:
    words = st.tuples(NAMES, LETTERS)
    return st.recursive(
        st.lists(words.map(Directive), max_size=4).map(tuple),
        lambda inner: st.lists(st.builds(Directive, words, inner), max_size=3).map(tuple),
        max_leaves=8,
    )


def _written(block: tuple[Directive, ...]) -> str:
    def word(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    found = []
    for directive in block:
        words = " ".join([directive.name, *map(word, directive.words[1:])])
        found.append(f"{words} {{ # }}\n{_written(directive.block)} }}" if directive.block is not None else f"{words};")
    return "\r\n".join(found)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_directives())
def test_what_is_written_for_nginx_is_read_back(block: tuple[Directive, ...]) -> None:
    assert nginxconf.parse(_written(block).encode()) == block


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("#a on;\nb off; # c on;", (Directive(("b", "off")),)),
        ("a b#c;", (Directive(("a", "b#c")),)),  # a comment begins where a word could
        ("a ${b}c;", (Directive(("a", "${b}c")),)),
        ("a 'x;{}';", (Directive(("a", "x;{}")),)),
        ('a "x\\"y";', (Directive(("a", 'x"y')),)),
        ("a x\\ y;", (Directive(("a", "x\\ y")),)),
        ("a{b c;}", (Directive(("a",), (Directive(("b", "c")),)),)),
        ("x_by_lua_block { if a then b = '}' end --[[ } ]] } y z;", (Directive(("x_by_lua_block",), ()), Directive(("y", "z")))),
    ],
)
def test_nginx_as_it_takes_words_apart(text: str, read: tuple[Directive, ...]) -> None:
    assert nginxconf.parse(text.encode()) == read


@pytest.mark.parametrize("text", ["a", "a {", "}", "a };", ";", 'a "b', 'a "b"c;', "a\0;", "{ }", "a {" * 100, "x_by_lua_block { '"])
def test_nginx_refuses(text: str) -> None:
    with pytest.raises(nginxconf.NotNginx):
        nginxconf.parse(text.encode())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("# A b\n  C  d e \r\n", (Node("c", "d e"),)),
        ("A b # c\n", (Node("a", "b # c"),)),  # a comment is a whole line
        ("A b \\\r\n c\\\nd\n", (Node("a", "b  cd"),)),
        ("<IfModule !mod_x.c>\nA\n</IfModule>\n", (Node("ifmodule", "!mod_x.c", (Node("a", ""),)),)),
        ("<If \"%{HTTP_HOST} == 'x' && 2 > 1\">\n</IF>", (Node("if", "\"%{HTTP_HOST} == 'x' && 2 > 1\"", ()),)),
        ("# <Directory />\nA b", (Node("a", "b"),)),
    ],
)
def test_httpd_as_it_takes_lines(text: str, read: tuple[Node, ...]) -> None:
    assert httpd.parse(text.encode()) == read


@pytest.mark.parametrize("text", ["<A>", "</A>", "<A>\n</B>", "<A\n", "A\0", "<A>\n" * 100])
def test_httpd_refuses(text: str) -> None:
    with pytest.raises(httpd.NotHttpd):
        httpd.parse(text.encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ("a", "b")),
        ('"a b" c', ("a b", "c")),
        ('"a \\"b\\"" c', ('a "b"', "c")),
        ("'a b' \"c", ("a b", '"c')),
        ('a="b c"', ('a="b', 'c"')),
        ("", ()),
    ],
)
def test_arguments_of_httpd(text: str, words: tuple[str, ...]) -> None:
    assert httpd.split(text) == words


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text("ab <>/{};\"'\\\n#$[]=!|", max_size=80).map(str.encode)))
def test_junk_ends_in_a_value_or_a_refusal(junk: bytes) -> None:
    for parse in (nginxconf.parse, httpd.parse, phpini.parse):
        with suppress(nginxconf.NotNginx, httpd.NotHttpd, phpini.NotPhpIni):
            parse(junk)


def test_php_ini() -> None:
    text = b'; a = 1\r\n[PHP]\r\nexpose_php = Off ; why\ndisplay_errors="On"\n[HOST=x]\nempty =\nphp_admin_flag[a.b] = on\nbare\n'
    assert [(s.section, s.name, s.value, s.for_pool) for s in phpini.parse(text)] == [
        ("PHP", "expose_php", "Off", ""),
        ("PHP", "display_errors", "On", ""),
        ("HOST=x", "empty", "", ""),
        ("HOST=x", "php_admin_flag[a.b]", "on", "a.b"),
        ("HOST=x", "bare", "", ""),
    ]


@pytest.mark.parametrize(
    ("value", "on"),
    [
        ("On", True),
        ("yes", True),
        ("1", True),
        ("-1", True),
        ("stderr", True),
        ("0", False),
        ("", False),
        ("None", False),
        ("E_ALL & 1", None),
    ],
)
def test_switches_of_php(value: str, on: bool | None) -> None:
    assert phpini.is_on(value) is on
