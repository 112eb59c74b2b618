"""Texts that can be kept everywhere: PostgreSQL takes no NUL, and no encoding halves of characters, both of which JSON can carry."""

from __future__ import annotations

import re

_UNFIT = re.compile("[\0\ud800-\udfff]")


def is_fit(text: str) -> bool:
    """Tell whether a text can be kept as it is."""
    return _UNFIT.search(text) is None


def fit(text: str, most: int) -> str:
    """Cut a text, and put a mark where something in it cannot be kept."""
    return _UNFIT.sub("\ufffd", text[:most])
