"""What is kept of a baseline between two runs: the same as what its files say, or not used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from baselines import kept, loader
from baselines.loader import HERE, SHIPPED, load
from baselines.model import Baseline
from baselines.written import read_back, written
from scanner.engine.catalogue import catalogue
from scanner.model.problem import BadFile, Problems
from scanner.model.yamltext import Pairs, parse

CHECKS = catalogue().checks
SMALLEST = "nisc-r5"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A baseline of an organisation's own; the cache directory beside it is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Path(shutil.copytree(HERE / SMALLEST, tmp_path / "own"))


def memory(folder: Path) -> Path:
    """The one file in which it is kept."""
    (found,) = (folder.parent / "cache/tenken").iterdir()
    return found


def parsed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[Baseline, int]:
    """A baseline, and how many files were parsed for it."""
    files: list[str] = []

    def counting(content: bytes | str, problems: Problems) -> Pairs:
        files.append(problems.file)
        return parse(content, problems)

    with monkeypatch.context() as patch:
        patch.setattr(loader, "parse", counting)
        return load(folder, CHECKS), len(files)


def test_every_document_comes_back_as_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "")
    for name in SHIPPED:
        read = load(HERE / name, CHECKS)
        assert read_back(iter([json.loads(json.dumps(value)) for value in written(read)])) == read
    assert kept.folder() is None


def test_what_was_read_before_is_not_parsed_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, files = parsed(monkeypatch, folder)
    assert files == 2
    assert parsed(monkeypatch, folder) == (first, 0)
    assert memory(folder).stat().st_mode & 0o777 == 0o600


def test_an_edited_baseline_is_read_anew_whatever_its_times_say(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    controls = folder / "controls.yaml"
    before = load(folder, CHECKS)
    text = controls.read_text()
    judged = (control for control in before if control.checks)
    first, other = next((c, name) for c in judged for name in CHECKS if len(name) == len(c.checks[0].check) and name not in text)
    times = controls.stat()
    edited = text.replace(f"use: {first.checks[0].check}\n", f"use: {other}\n")
    controls.write_text(edited)
    os.utime(controls, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert controls.stat().st_size == times.st_size
    after, files = parsed(monkeypatch, folder)
    assert files == 2
    assert next(control for control in after if control.id == first.id).checks[0].check == other
    controls.write_text(text)
    assert parsed(monkeypatch, folder) == (before, 2)  # one form of a folder is kept, the latest


def test_other_checks_and_other_places_are_other_baselines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(folder, CHECKS)
    used = next(use.check for control in first for use in control.checks)
    with pytest.raises(BadFile, match=used):
        load(folder, {name: check for name, check in CHECKS.items() if name != used})
    moved = folder.rename(folder.with_name("moved"))
    again, files = parsed(monkeypatch, moved)
    assert (files, again.controls[0].file) == (2, str(moved / "controls.yaml"))


def test_a_baseline_with_mistakes_is_never_kept(folder: Path) -> None:
    (folder / "controls.yaml").write_text((folder / "controls.yaml").read_text().replace("- use: ", "- use: x", 1))
    for _ in range(2):
        with pytest.raises(BadFile):
            load(folder, CHECKS)
    assert not (folder.parent / "cache").exists()


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "huge", "key", "open to others", "link", "pipe", "folder", "deep", "words"])
def test_what_is_damaged_or_not_ours_alone_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    first = load(folder, CHECKS)
    file = memory(folder)
    content = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "bit":
            file.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
        case "empty":
            file.write_bytes(b"")
        case "huge":
            os.truncate(file, kept.LARGEST + 1)
        case "key":
            body = b"0" * 64 + b"\n" + content.split(b"\n", 2)[2]
            file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        case "open to others":
            file.chmod(0o620)
        case "link":
            file.rename(folder / "elsewhere")
            file.symlink_to(folder / "elsewhere")
        case "pipe":
            file.unlink()
            os.mkfifo(file)
        case "folder":
            file.unlink()
            file.mkdir()
        case "deep" | "words":
            body = content.split(b"\n", 2)[1] + b"\n" + (b"[" * 100_000 if damage == "deep" else b"none")
            file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    assert parsed(monkeypatch, folder) == (first, 2)


def test_where_nothing_can_be_kept_everything_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "cache").write_text("in the way")
    first = load(folder, CHECKS)
    assert parsed(monkeypatch, folder) == (first, 2)


def test_another_account_s_file_is_not_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(folder, CHECKS)
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert parsed(monkeypatch, folder) == (first, 2)


def test_the_newest_by_use_stay_and_nothing_of_others_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "MOST", 2)
    place = tmp_path / "tenken"
    for n, name in enumerate(("baseline-used", "baseline-read")):
        kept.keep(name, "key", [name])
        os.utime(place / name, (n, n))
    for name, at in (("plan-other", 0), (".baseline-x-broken", 0), (".baseline-x-going-on", time.time())):
        (place / name).write_text("x")
        os.utime(place / name, (at, at))
    reading = kept.recall("baseline-read", "key")
    os.utime(place / "baseline-read", (1, 1))
    assert list(kept.recall("baseline-used", "key") or ()) == ["baseline-used"]
    kept.keep("baseline-last", "key", [])
    assert {file.name for file in place.iterdir()} == {"baseline-used", "baseline-last", "plan-other", ".baseline-x-going-on"}
    assert list(reading or ()) == ["baseline-read"], "whoever reads it reads on"


def test_many_processes_may_keep_and_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "MOST", 2)

    def work(worker: int) -> None:
        for n in range(100):
            name = f"baseline-{(worker + n) % 5}"
            kept.keep(name, "key", [name] * 50)
            found = kept.recall(name, "key")
            assert found is None or list(found) == [name] * 50

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(list((tmp_path / "tenken").iterdir())) <= 2
