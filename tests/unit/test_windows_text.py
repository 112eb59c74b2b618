"""What programs of Windows print is read in every coding."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.hosts.windows.text import decoded
from tests.unit.windows_machines import machine

JAPANESE = {r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage": {"OEMCP": "932", "ACP": "932"}}


@pytest.mark.parametrize("coding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_text_is_the_same_in_every_coding(tmp_path: Path, coding: str) -> None:
    text = "AuditPolicy: 成功および失敗 (Success and Failure)\r\n"
    assert decoded(machine(tmp_path, JAPANESE), text.encode(coding)) == text


def test_a_console_that_is_not_known_is_read_as_the_first_one(tmp_path: Path) -> None:
    assert decoded(machine(tmp_path), b"caf\x82") == "café"
    odd = machine(tmp_path / "b", {r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage": {"OEMCP": "99999"}})
    assert decoded(odd, b"caf\x82") == "café"
