"""What the documents name is there: links lead somewhere, and modules and folders that are named exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("agent", "baselines", "bench", "checks", "docs", "scanner", "tests")
FILES = [path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in {".md", ".py"}]
DOCUMENTS = sorted([*(name for name in FILES if name.endswith(".md")), *(path.name for path in ROOT.glob("*.md"))])
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
MODULE = re.compile(r"`([\w./-]+\.py)`")
PLACE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)`")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_is_there(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    here = (ROOT / document).parent
    links = [link for link in LINK.findall(text) if not (here / link).exists()]
    modules = [name for name in MODULE.findall(text) if not any(f"/{file}".endswith("/" + name.removeprefix("../")) for file in FILES)]
    places = [name for name in PLACE.findall(text) if name.split("/")[0] in ROOMS and not (ROOT / name).exists()]
    assert (links, modules, places) == ([], [], [])
