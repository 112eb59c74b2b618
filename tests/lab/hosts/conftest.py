"""The machines of the laboratory, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.hosts.lab import HostsLab, why_not
from tests.lab.needed import need_lab


@pytest.fixture(scope="session")
def hosts_lab(request: pytest.FixtureRequest) -> Iterator[HostsLab]:
    """All machines, raised once for the whole run."""
    need_lab(request.config, why_not())
    with HostsLab.up() as raised:
        yield raised
