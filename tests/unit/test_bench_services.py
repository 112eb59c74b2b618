"""How a comparison of findings is counted: each fault at each server that has it, and what is named where it is not."""

from __future__ import annotations

import pytest

from bench.services.faults import Compared, Tally, compare, fault

RELAY = fault("relays", "RELAY_OPEN", "is an open relay", ("open", "hidden"))
VERSION = fault("version told", "SOFTWARE_VERSION:9", r"banner: .*\d", ("open",), accuses=False)
UNASKED = fault("bare line ends", "LINE_ENDS_BARE", "", ("open",))


def test_each_fault_counts_at_each_server_and_a_list_accuses_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    named = {"open": {"RELAY_OPEN", "LINE_ENDS_BARE"}, "hidden": set[str](), "closed": {"SOFTWARE_VERSION", "SOFTWARE_VERSION:8"}}
    printed = {
        "open": ("Server is an open relay", "banner: 220 mail 3.7"),
        "hidden": ("", "Server is an open relay"),
        "closed": ("Server is an open relay", "banner: 220 mail 3.7"),
    }
    compared = compare((RELAY, VERSION, UNASKED), named, printed, (2.0, 10.0))
    assert compared == Compared(4, Tally(2.0, 2, 0), Tally(10.0, 3, 1))
    assert capsys.readouterr().out.splitlines() == [
        "  relays (hidden, open): tenken not hidden; nmap all, FALSELY closed",
        "  version told (open): tenken none; nmap all",
        "  bare line ends (open): tenken all; nmap has no script for it",
        "tenken 2.0 s, 2 of 4 found, 0 false alarms; nmap 10.0 s, 3 of 4 found, 1 false alarms; 5.0 times as long",
    ]


def test_comparisons_add_up() -> None:
    one = Compared(4, Tally(2.0, 2, 0), Tally(10.0, 3, 1))
    assert one + one == Compared(8, Tally(4.0, 4, 0), Tally(20.0, 6, 2))
