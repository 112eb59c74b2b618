"""Lists of rights in SDDL: forms as Windows writes them, and what is no list."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.wire.sddl import CHANGES, lets_many


@pytest.mark.parametrize(
    "rights",
    [
        "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)(A;OICI;0x1301bf;;;LS)",
        "D:P(A;OICI;FA;;;SY)(A;;FA;;;S-1-5-21-1-2-3-1001)",  # one account that an administrator has named
        "D:AI(A;ID;FA;;;S-1-5-80-1-2-3-4-5)",  # a service
        "D:(D;;FA;;;WD)(A;;FA;;;BA)",  # everybody is refused
        "D:",  # a list without an entry lets nobody in
    ],
)
def test_administrators_services_and_single_accounts_are_not_many(rights: str) -> None:
    assert not lets_many(rights)


@pytest.mark.parametrize(
    "rights",
    [
        # a folder below ProgramData, made without further thought
        "D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)",
        "D:(A;;FR;;;WD)",
        "D:(A;;0x2;;;AU)",
        "D:(A;OICIIO;GR;;;IU)",
        "D:(A;;FR;;;S-1-5-21-1-2-3-513)",
        "D:(A;;FR;;;S-1-15-2-1)",
        'D:(XA;;FX;;;S-1-1-0;(@User.Title=="PM" && (Member_of{SID(BA)})))',
        "D:NO_ACCESS_CONTROL",
        "D:P(A;;FA;;;SY)(D;;FW;;;BU)(A;;FR;;;BU)",
    ],
)
def test_everybody_and_common_groups_are_many(rights: str) -> None:
    assert lets_many(rights)


@pytest.mark.parametrize("text", ["", "O:BAG:BA", "D:(A;;FA;;)", "D:(A;;FA;;;?)", "O:SYD:(A;;FR;;;WD)"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="rights"):
        lets_many(text)


@pytest.mark.parametrize("rights", ["0x1200a9", "FR", "FRFX", "GR", "RPLORC", "CC"])
def test_to_read_is_not_to_change(rights: str) -> None:
    assert lets_many(f"D:(A;;{rights};;;BU)")
    assert not lets_many(f"D:(A;;{rights};;;BU)", CHANGES)


@pytest.mark.parametrize("rights", ["DCLCRPCR", "FA", "FW", "GA", "GW", "0x1301bf", "0x2", "SD", "WD", "WO", "DT", "ZZ"])
def test_to_write_delete_or_take_over_is_to_change(rights: str) -> None:
    assert lets_many(f"D:(A;;FR;;;WD)(A;;{rights};;;BU)", CHANGES)


@given(st.text("D:P(A;OICFRBUWS-15x)", max_size=60))
def test_any_text_ends_in_an_answer_or_a_refusal(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(lets_many("D:" + text), bool)
