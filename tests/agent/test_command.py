"""The agent's command, its configuration, its budget, and the files by which platforms run it."""

from __future__ import annotations

import json
import plistlib
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from random import Random
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

import agent
from agent import cli, clock, collect, config, schedule, service, show
from agent.service import first_report
from agent.trouble import BadConfig
from scanner.codec import canonical
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from scanner.protocol.report import report_in

UNITS = Path(agent.__file__).parent / "units"
COSTLY = ("FileWalk",)
"""Facts whose collector is left out here: it walks over the whole machine, in a program of its own."""
BUDGET_MB = 60
BUDGET_OCTETS = 200_000


def written(folder: Path, text: str) -> Path:
    file = folder / "agent.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_example_configuration_says_nothing_and_all_of_it_is_understood(tmp_path: Path) -> None:
    text = (UNITS / "agent.toml").read_text("utf-8")
    assert tomllib.loads(text) == {}
    lines = [line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line and "/" not in line.split(" = ")[0]]
    assert config.load(written(tmp_path, "\n".join(lines))).withhold == ("ScreenLock",)


@pytest.mark.parametrize(
    "text",
    [
        'hub = "http://hub.example.jp"', 'hub = "ftp://x"', 'hub = "https://u@x"', "hub = 1", "colour = 1", "interval = -1",
        "spool_reports = 0", "withhold = [1]", "= broken", 'hub = "https://[x"', "interval = true",
    ],
)  # fmt: skip
def test_a_configuration_that_is_wrong_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadConfig):
        config.load(written(tmp_path, text))


@pytest.mark.parametrize("place", ["etc", "etc/agent.toml"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_a_configuration_that_others_can_change_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, mode: int) -> None:
    (tmp_path / "etc").mkdir(mode=0o755)
    usual = written(tmp_path / "etc", "interval = 60\n")
    usual.chmod(0o644)
    monkeypatch.setattr(config, "usual_places", lambda: (usual, tmp_path))
    assert config.load(None).interval == 60
    changed = tmp_path / place
    changed.chmod(changed.stat().st_mode | mode)
    with pytest.raises(BadConfig, match="can change it"):
        config.load(None)


def test_every_fact_that_is_asked_is_answered_also_those_that_are_withheld_or_unknown() -> None:
    answers = collect.see(("Ipv6Native", "NoSuchFact", "ScreenLock"), ("ScreenLock",))
    reasons = {name: seen.reason if isinstance(seen, Unobserved) else None for name, seen in answers.items()}
    assert reasons["ScreenLock"] is Reason.NO_CONSENT
    assert reasons["NoSuchFact"] is Reason.UNSUPPORTED
    assert set(answers) == {"Ipv6Native", "NoSuchFact", "ScreenLock"}


def test_show_prints_exactly_what_is_sent(tmp_path: Path) -> None:
    report = first_report(config.Config(state=tmp_path, withhold=COSTLY))
    texts = list(show.shown(report, enrolled=False))
    assert canonical(json.loads(texts[-1].ja)) == canonical(report.plain())
    report_in(json.loads(texts[-1].ja))
    assert texts[-1].ja == texts[-1].en
    assert all(text.ja != text.en for text in texts[:-1])
    assert set(report.asked) == set(collect.collectors(Platform.LINUX))
    assert len(zlib.compress(canonical(report.plain()))) < BUDGET_OCTETS


def test_the_agent_stays_within_its_memory(tmp_path: Path) -> None:
    program = (
        "import resource; from pathlib import Path; from agent.service import first_report; from agent.config import Config;"
        "import agent.transport, ssl; ssl.create_default_context();"
        f"first_report(Config(state=Path({str(tmp_path)!r}), withhold={COSTLY!r}));"
        "status = Path('/proc/self/status').read_text().splitlines();"
        "print([line for line in status if line.startswith('VmRSS')][0].split()[1])"
    )
    resident = int(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout) / 1024
    assert resident < BUDGET_MB, f"{resident:.0f} MB"


def test_the_agent_loads_nothing_of_the_scanner_s_network_or_of_other_platforms() -> None:
    program = (
        "import sys, agent.cli, agent.service, agent.show, agent.export; from agent import collect;"
        "collect.collectors(collect.this_platform()); print('\\n'.join(sys.modules))"
    )
    loaded = set(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split())
    assert not {"asyncio", "sqlite3", "paramiko", "sqlalchemy", "typer", "scanner.net", "scanner.engine", "scanner.hosts.windows"} & loaded


def test_commands_tell_in_the_reader_s_language_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(written(tmp_path, f'state = "{tmp_path / "state"}"'))
    assert cli.run(["--config", file, "--lang", "ja", "status"]) == cli.WRONG_USE
    assert cli.run(["--config", file, "--lang", "en", "report"]) == cli.WRONG_USE
    said = capsys.readouterr().err
    assert "登録されていない" in said
    assert "not enrolled" in said


def test_waits_grow_and_are_spread() -> None:
    back_off = schedule.BackOff(Random(1))
    waits = [back_off.next(0) for _ in range(12)]
    assert waits[0] <= schedule.FIRST_WAIT
    assert schedule.LONGEST_WAIT / 2 <= waits[-1] <= schedule.LONGEST_WAIT
    assert back_off.next(5000) == 5000
    back_off.reset()
    assert back_off.next(0) <= schedule.FIRST_WAIT
    assert len({round(schedule.next_interval(3600, Random(n))) for n in range(50)}) > 40


class Sleeper:
    """An agent on a machine that sleeps for a night: its clock goes on, its waits stand still."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.reports: list[float] = []
        self.transport = SimpleNamespace(close=lambda: None)
        monkeypatch.setattr(clock, "running", lambda: self.now)

    def interval(self) -> float:
        return 4 * 3600.0

    def report(self) -> None:
        self.reports.append(self.now)

    def deliver(self) -> bool:
        return False

    def is_set(self) -> bool:
        return len(self.reports) == 2

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if len(self.reports) == 1 and self.now < 30_000:
            self.now += 60_000


def test_a_machine_that_was_asleep_when_a_report_was_due_reports_within_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = Sleeper(monkeypatch)
    service.Agent.run(sleeper, sleeper, Random(1))  # type: ignore[arg-type]  # as much of an agent and of an event as it needs
    first, second = sleeper.reports
    assert first < 1000 + 300
    assert second <= first + service.LONGEST_REST + 60_000


def test_the_clock_says_what_a_report_needs() -> None:
    assert clock.boot() != ""
    assert clock.uptime() > 0
    assert clock.now().endswith("Z")


def test_the_files_for_launchd_and_the_task_scheduler_are_well_formed_and_run_the_same_command() -> None:
    with (UNITS / "jp.tenken.agent.plist").open("rb") as file:
        assert plistlib.load(file)["ProgramArguments"][1:] == ["run"]
    written = (UNITS / "tenken-agent-task.xml").read_bytes()
    assert written.isascii(), "read alike by schtasks and by Register-ScheduledTask, which takes text"
    task = ElementTree.fromstring(written)
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    assert task.findtext(".//t:Exec/t:Arguments", namespaces=space) == "-m agent.cli run"
    assert task.findtext(".//t:UserId", namespaces=space) == "S-1-5-19"
    assert task.findtext(".//t:RestartOnFailure/t:Count", namespaces=space) == "255", "the schema has an octet for it"
    assert task.findtext(".//t:TimeTrigger/t:Repetition/t:Interval", namespaces=space) == "PT1H"
    assert task.findtext(".//t:MultipleInstancesPolicy", namespaces=space) == "IgnoreNew"


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (UNITS / "tenken-agent.service").read_text("utf-8").replace("/usr/bin/tenken-agent", "/bin/true")
    unit = tmp_path / "tenken-agent.service"
    unit.write_text(text, "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], check=False, capture_output=True, text=True)
    about_ours = [line for line in done.stderr.splitlines() if "tenken" in line]
    assert about_ours == [], done.stderr
