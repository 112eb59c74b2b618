"""Registrable domains: what the part of the list below one top-level domain says equals what the whole list says."""

from __future__ import annotations

from pathlib import Path

import publicsuffixlist
import pytest
from publicsuffixlist import PublicSuffixList

from scanner.net.suffixes import registrable


def rules(top: str) -> list[str]:
    lines = Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8").lower().splitlines()
    found = [line.split(" ")[0] for line in lines if line and not line.startswith("//")]
    return [rule for rule in found if rule == top or rule.endswith(f".{top}")]


@pytest.mark.parametrize("top", ["jp", "com", "ck", "no", "xn--p1ai", "рф", "unlisted"])
def test_a_part_says_what_the_whole_says(top: str) -> None:
    whole = PublicSuffixList()
    names = [top]
    for rule in rules(top):
        suffix = rule.lstrip("!").replace("*", "any")
        names += [suffix, f"a.{suffix}", f"c.b.a.{suffix}", suffix.encode("idna").decode(), f"B.A.{suffix.encode('idna').decode()}"]
    names += [f"www.example.{top}", f"www.example.{top}".upper(), f"www.example.{top}."]
    assert {name: registrable(name) for name in names} == {name: whole.privatesuffix(name) for name in names}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("www.example.co.jp", "example.co.jp"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("co.jp", None),
        ("", None),
        ("a..jp", None),
        ("www.example.xn--wgv71a119e", "example.xn--wgv71a119e"),
        ("192.0.2.1", "2.1"),
    ],
)
def test_registrable_domain(name: str, owner: str | None) -> None:
    assert registrable(name) == owner
