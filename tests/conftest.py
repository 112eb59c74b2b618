"""Options and fixtures that all tests share: the laboratory, and the order of the tests.

Fixtures of one subject belong beside its tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

from tests.lab import Lab, why_not
from tests.lab.needed import need_lab


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--lab=require`` makes a machine without laboratory a failure (CI), ``auto`` skips there (laptops), ``off`` skips always."""
    parser.addoption("--lab", choices=("require", "auto", "off"), default="auto", help="tests in network namespaces: require, auto or off")


def pytest_configure(config: pytest.Config) -> None:
    """Keep what is kept between runs (``baselines/kept.py``) away from the account that runs the tests; processes of one run share it."""
    if not hasattr(config, "workerinput"):  # of pytest-xdist, whose processes inherit the environment
        place = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="tenken-cache-")
        config.add_cleanup(lambda: shutil.rmtree(place))


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The laboratory, raised once for the whole run. Tests must leave it as they found it."""
    need_lab(request.config, why_not())
    with Lab.up() as raised:
        yield raised


WAITING = ("tests/e2e", "tests/lab/mail", "tests/lab")
"""Folders whose tests mostly wait for servers. They come first: the files go to several processes in this order (see Makefile), and
nobody should wait for a long one at the end."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what waits. Whatever uses the laboratory carries the marker ``lab``, so that ``-m 'not lab'`` needs no care of authors.

    A file's tests go to one process, and those of all files that use the laboratory's machines to one too: raised twice at a time they
    would need more inotify instances than systems allow an account (128).
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "lab" in fixtures:
            item.add_marker(pytest.mark.lab)
        item.add_marker(pytest.mark.xdist_group("machines" if "hosts_lab" in fixtures else item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: next((n for n, folder in enumerate(WAITING) if item.nodeid.startswith(folder)), len(WAITING)))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name octets by their argument: fresh keys would give a test another name in each of the processes that share the work."""
    return argname if isinstance(val, bytes) else None
