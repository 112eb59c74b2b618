"""What becomes of a test whose laboratory cannot be raised here: ``--lab`` says whether it fails or is passed over."""

from __future__ import annotations

import pytest


def need_lab(config: pytest.Config, why_not: str | None) -> None:
    """Come back where the laboratory can be raised; ``why_not`` tells why it cannot. Fails the test with ``--lab=require``."""
    mode = config.getoption("--lab")
    reason = "switched off by --lab=off" if mode == "off" else why_not
    if reason and mode == "require":
        pytest.fail(f"--lab=require, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)
