"""A real agent and a real hub over TLS, killed at random points. 20 kills here; ``python -m bench.agent_kill`` does 200 and more."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.agent.killing import Pair, kill_often

KILLS = 20


@pytest.mark.timeout(600)  # 15 s on an idle machine
def test_no_report_is_lost_and_none_counted_twice_whoever_is_killed(tmp_path: Path) -> None:
    verdict = kill_often(Pair(tmp_path), KILLS, 0.2, Random(6))
    assert verdict.lost == ()
    assert verdict.doubled == 0
    assert verdict.whole
    assert verdict.odd == ()
    assert verdict.made > KILLS, "they did work between the kills"
