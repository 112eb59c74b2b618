"""The language of the terminal and the few words that the command line itself says."""

from __future__ import annotations

import os
from enum import StrEnum, unique

from scanner.model.text import Text
from scanner.model.verdict import Outcome


@unique
class Language(StrEnum):
    """Japanese or English."""

    JA = "ja"
    EN = "en"

    def of(self, text: Text) -> str:
        """Give a sentence in this language."""
        return text.ja if self is Language.JA else text.en


def usual_language() -> Language:
    """Give English where the locale asks for it, else Japanese."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return Language.EN if value.startswith("en") else Language.JA
    return Language.JA


OUTCOMES = {
    Outcome.FAIL: Text(ja="不適合", en="fail"),
    Outcome.UNDETERMINED: Text(ja="判定不能", en="undetermined"),
    Outcome.PASS: Text(ja="適合", en="pass"),
    Outcome.NOT_APPLICABLE: Text(ja="対象外", en="not applicable"),
}
