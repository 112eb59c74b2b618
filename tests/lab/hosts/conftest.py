"""The machines of the laboratory, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.hosts.lab import HostsLab, why_not


@pytest.fixture(scope="session")
def hosts_lab(request: pytest.FixtureRequest) -> Iterator[HostsLab]:
    """All machines, raised once for the whole run."""
    mode = request.config.getoption("--lab")
    reason = "switched off by --lab=off" if mode == "off" else why_not()
    if reason is not None:
        if mode == "require":
            pytest.fail(f"--lab=require, but {reason}", pytrace=False)
        pytest.skip(reason)
    with HostsLab.up() as raised:
        yield raised
