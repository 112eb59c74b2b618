"""Options and fixtures that all tests share: the laboratory, and the order of the tests.

Fixtures of one subject belong beside its tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # it comes without types
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it comes without types

from tests.lab import Lab, why_not
from tests.lab.needed import need_lab

ROOT = Path(__file__).resolve().parents[1]


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


class Files(LoadFileScheduling):  # type: ignore[misc]  # its base has no types
    """Gives each process whole files, and one process all files that use the laboratory's machines.

    Raised twice at a time these would need more inotify instances than systems allow an account (128).
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "machines" if _uses_machines(path) else path


@cache
def _uses_machines(path: str) -> bool:
    return "hosts_lab:" in (ROOT / path).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Files | None:
    """Share the files out as ``Files`` does."""
    return Files(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what waits. Whatever uses the laboratory carries the marker ``lab``, so that ``-m 'not lab'`` needs no care of authors."""
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)
    items.sort(key=lambda item: next((n for n, folder in enumerate(WAITING) if item.nodeid.startswith(folder)), len(WAITING)))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name octets by their argument: fresh keys would give a test another name in each of the processes that share the work."""
    return argname if isinstance(val, bytes) else None
