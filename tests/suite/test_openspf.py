"""The OpenSPF test suite for RFC 7208, run against ``check_host()``: one test per case of the suite.

The suite is no part of this project. It is fetched once, checked against its digest and kept under ``build/``; when that fails, so does the
test. Every case applies. Only the runner belongs here; cases of our own are in tests/unit.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any  # the suite's YAML is checked by what the cases make of it

import pytest
import yaml

from scanner.wire.spf import Answer, MxName, Question, Record, Status, check_host, drive

PACKAGE = "pyspf==2.0.14"
DIGEST = "57a7ef01bda090173aafb6af0106251686ed73f03db4e911fcd34c57fc347186"
ARCHIVE = "pyspf-2.0.14.tar.gz"
MEMBER = "pyspf-2.0.14/test/rfc7208-tests.yml"
CASES_IN_SUITE = 203
STORE = Path(__file__).resolve().parents[2] / "build" / "openspf"
FETCH_SECONDS = 100

CNAME_CHAIN = 8  # a chain longer than this is a loop to our small DNS


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what arrives, the zones it meets, and the results the suite allows (``None`` explanation: not tested)."""

    name: str
    ip: str
    helo: str
    sender: str
    results: tuple[str, ...]
    explanation: str | None
    zones: dict[str, list[Any]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why there are no cases. Stands in for one, so that the run fails with the reason."""

    why: str
    name: str = "suite-not-fetched"


def archive() -> Path:
    """Give the path of the source package, fetched with pip if it is not there; raises ``OSError`` with the reason."""
    path = STORE / ARCHIVE
    if not path.exists():
        STORE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=STORE) as place:
            os.replace(fetch(Path(place)), path)  # whole or not at all, also when two runs fetch at once
    seen = hashlib.sha256(path.read_bytes()).hexdigest()
    if seen != DIGEST:
        raise OSError(f"{path} has the digest {seen}, not {DIGEST}: remove it and run again")
    return path


def fetch(place: Path) -> Path:
    """Let pip download the package into a folder; pip compares the digest before it looks inside."""
    wanted = place / "requirements.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{DIGEST}\n")
    # Not ":all:", which would make pip build the package's build tools from source as well.
    source_only = ["--no-binary", PACKAGE.partition("==")[0]]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", *source_only]
    command += ["--dest", str(place), "--requirement", str(wanted)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired as e:
        raise OSError(f"pip did not fetch {PACKAGE} within {FETCH_SECONDS} s") from e
    if done.returncode != 0 or not (place / ARCHIVE).exists():
        raise OSError(f"pip could not fetch the source package {PACKAGE} (exit {done.returncode}):\n{done.stderr.strip()[-1500:]}")
    return place / ARCHIVE


def read_suite() -> list[Case]:
    with tarfile.open(archive()) as packed:
        member = packed.extractfile(MEMBER)
        assert member is not None
        text = member.read().decode("utf-8")
    return [case for scenario in yaml.safe_load_all(text) for case in scenario_cases(scenario)]


def scenario_cases(scenario: dict[str, Any]) -> Iterator[Case]:
    zones = {str(name).lower(): entries for name, entries in scenario["zonedata"].items()}
    for name, test in scenario["tests"].items():
        allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
        yield Case(name, test["host"], test["helo"], test["mailfrom"], tuple(allowed), test.get("explanation"), zones)


def cases() -> list[Case] | list[NotFetched]:
    try:
        return read_suite()
    except OSError as e:
        return [NotFetched(str(e))]


CASES = cases()


class SuiteDns:
    """A DNS made of one scenario's zone data.

    The suite writes ``SPF`` where a TXT record is meant, unless the name has TXT entries of its own (``NONE`` being one that says there is
    none). A bare ``TIMEOUT`` leaves every type unanswered that the name does not list before it.
    """

    def __init__(self, zones: dict[str, list[Any]]) -> None:
        self.zones = zones

    def __call__(self, question: Question) -> Answer:
        name = question.name
        for _ in range(CNAME_CHAIN):
            entries = self.zones.get(name)
            if entries is None:
                return Answer(Status.NXDOMAIN)
            alias = next((e["CNAME"] for e in entries if isinstance(e, dict) and "CNAME" in e), None)
            if alias is None:
                return answer_from(entries, question.type)
            name = alias.lower().rstrip(".")
        return Answer(Status.FAILED)


def answer_from(entries: list[Any], wanted: str) -> Answer:
    own_txt = any(isinstance(e, dict) and "TXT" in e for e in entries)
    written = "SPF" if wanted == "TXT" and not own_txt else wanted
    found: list[Record] = [record(wanted, e[written]) for e in entries if isinstance(e, dict) and written in e and e[written] != "NONE"]
    if found:
        return Answer(Status.FOUND, tuple(found))
    return Answer(Status.FAILED if "TIMEOUT" in entries else Status.EMPTY)


def record(kind: str, value: Any) -> Record:
    match kind:
        case "TXT":
            strings = value if isinstance(value, list) else [value]
            return tuple(s.encode("latin-1") for s in strings)  # the suite writes octets as \xNN
        case "MX":
            return MxName(value[0], value[1])
        case "A":
            return IPv4Address(value)
        case "AAAA":
            return IPv6Address(value)
        case _:
            assert isinstance(value, str)
            return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_result_is_one_the_suite_allows(case: Case | NotFetched) -> None:
    if isinstance(case, NotFetched):
        pytest.fail(f"The OpenSPF suite is not here, so nothing was tested: {case.why}", pytrace=False)
    domain = case.sender.rpartition("@")[2] or case.helo
    seen = drive(check_host(ip_address(case.ip), domain, case.sender, case.helo), SuiteDns(case.zones))
    assert seen.result in case.results, seen
    if case.explanation is not None:
        assert (seen.explanation or "DEFAULT") == case.explanation, seen


def test_no_case_of_the_suite_is_lost() -> None:
    assert len(CASES) == CASES_IN_SUITE
