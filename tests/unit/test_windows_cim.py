"""What programs of Windows print is read in every coding, and silence of PowerShell is no empty list."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.hosts.base import CommandOutput
from scanner.hosts.windows.cim import cim, command
from scanner.hosts.windows.text import decoded
from scanner.model.reason import CannotObserve, Reason
from tests.unit.windows_machines import machine

ASKED = ("root/SecurityCenter2", "FirewallProduct", ("displayName", "productState"))
LINE = " ".join(command(*ASKED))
JAPANESE = {r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage": {"OEMCP": "932", "ACP": "932"}}


@pytest.mark.parametrize("coding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_text_is_the_same_in_every_coding(tmp_path: Path, coding: str) -> None:
    text = "AuditPolicy: 成功および失敗 (Success and Failure)\r\n"
    assert decoded(machine(tmp_path, JAPANESE), text.encode(coding)) == text


def test_a_console_that_is_not_known_is_read_as_the_first_one(tmp_path: Path) -> None:
    assert decoded(machine(tmp_path), b"caf\x82") == "café"
    odd = machine(tmp_path / "b", {r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage": {"OEMCP": "99999"}})
    assert decoded(odd, b"caf\x82") == "café"


def test_rows_are_read(tmp_path: Path) -> None:
    """The output is written after Microsoft's documentation of ConvertTo-Json; none was recorded."""
    said = '[{"displayName":"ウイルスバスター","productState":266240,"more":1},{"displayName":"x","productState":{"a":1}}]'
    read = machine(tmp_path, JAPANESE, commands={LINE: said.encode("cp932")})
    first, second = cim(read, *ASKED)
    assert first == {"displayName": "ウイルスバスター", "productState": 266240}
    assert second["productState"] == "{'a': 1}"
    assert cim(machine(tmp_path / "none", commands={LINE: b"[]\r\n"}), *ASKED) == ()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", Reason.UNSUPPORTED),  # Wine's PowerShell prints nothing and ends with 0
        (CommandOutput(1, b"[]", b""), Reason.UNSUPPORTED),
        (b"Get-CimInstance : Invalid namespace", Reason.PROTOCOL_VIOLATION),
        (b"[" * 100_000, Reason.PROTOCOL_VIOLATION),
        (b'{"displayName": "x"}', Reason.PROTOCOL_VIOLATION),
        (b"[1, 2]", Reason.PROTOCOL_VIOLATION),
    ],
)
def test_what_is_no_list_of_rows_is_a_reason(tmp_path: Path, said: bytes | CommandOutput, reason: Reason) -> None:
    with pytest.raises(CannotObserve) as why:
        cim(machine(tmp_path, commands={LINE: said}), *ASKED)
    assert why.value.reason is reason
    with pytest.raises(CannotObserve):
        cim(machine(tmp_path / "gone", commands={}), *ASKED)


def test_only_words_make_a_question() -> None:
    for asked in (("root/cimv2", "Win32_Product", ("Name",)), ("root/cimv2", "x;calc", ("a",)), ("root/cimv2", "x", ("a)|calc",))):
        with pytest.raises(ValueError, match="not a class"):
            command(*asked)
