"""The fictional town, scanned once for all end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import LEDGER, scan
from tests.lab import Lab


@pytest.fixture(scope="session")
def town(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of reports, with the store beside them."""
    folder = tmp_path_factory.mktemp("town")
    ran = scan(lab, *LEDGER, f"--out={folder}", f"--store={folder / 'runs.sqlite3'}", "--lang=en")
    assert (ran.status, (folder / "record.jsonl").exists()) == (1, True), ran.err
    return folder
