"""The Windows agent itself, run by CPython for Windows under Wine: it enrols, reports and shows, against a real hub over TLS.

What is proven is the agent, winreg and the reading of code pages; Wine is no Windows, and what it lacks has to come out as unobserved.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.plan import make_plan
from scanner.hub import book, enrolment
from scanner.hub.database import Database
from scanner.hub.keyfile import load_or_make
from scanner.hub.posture import Posture, Rules
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import parse_profile
from scanner.protocol.keys import SigningKey
from tests.agent.enrolled import enrolled, kept_key, put_key
from tests.agent.killing import Pair, wait_for
from tests.agent.wine import PLACE, Wine, windows_path
from tests.lab.needed import need_lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

POLICIES = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft"
EXPLORER = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies"
KEPT: dict[str, dict[str, int | str]] = {
    EXPLORER + r"\Explorer": {"NoDriveTypeAutoRun": 0xFF},
    POLICIES + r"\Windows\Explorer": {"NoAutoplayfornonVolume": 1},
    EXPLORER + r"\System": {"InactivityTimeoutSecs": 600},
    POLICIES + r"\Windows\RemovableStorageDevices": {"Deny_All": 1},
    POLICIES + r"\Windows\TCPIP\v6Transition": {"Teredo_State": "Disabled", "6to4_State": "Disabled", "ISATAP_State": "Disabled"},
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa": {"LmCompatibilityLevel": 5},
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\表計算": {
        "DisplayName": "表計算ソフト（日本語版）",
        "DisplayVersion": "7.1",
    },
}
EXPECTED = {
    "endpoint.autorun.run": "pass",
    "endpoint.autorun.automount": "not-applicable",
    "endpoint.screen-lock.idle": "pass",
    "endpoint.screen-lock.password": "pass",
    "endpoint.screen-lock.enforced": "pass",
    "endpoint.autorun.usb-storage": "pass",
    "endpoint.ntlm.version": "pass",
    "endpoint.remote-desktop.authentication": "pass",
    "endpoint.name-guessing.off": "fail",  # no policy: LLMNR is on
    "endpoint.smb.signing": "fail",
    "ipv6.tunnel.configured": "pass",
    "endpoint.media.encrypted": "not-applicable",  # no USB storage at all
    "host.credentials.automatic-logon": "pass",
    "host.credentials.clear-text": "pass",
    "host.notice.given": "fail",
    "host.software.remote-control": "pass",
    "host.ssh.password": "not-applicable",
    # what Wine has not, or answers with nothing
    "host.accounts.guest": "undetermined",
    "host.boot.secure-boot": "undetermined",
    "host.disk.encryption": "undetermined",
    "host.event-log.size": "undetermined",
    "host.event-log.subjects": "undetermined",
    "host.log.authentication": "undetermined",
    "host.malware.product": "undetermined",
    "host.password.length": "undetermined",
    "host.platform.support": "undetermined",
    "host.updates.security": "undetermined",
    "host.firewall.inbound-ipv4": "undetermined",
    "host.firewall.logging": "undetermined",
}
ONLY = tuple(EXPECTED)
STUBS = """
from scanner.hosts.winapi.live import LiveReader
read = LiveReader()
for words in (["netsh", "advfirewall", "show", "allprofiles"], ["systeminfo"], ["secedit", "/export", "/cfg", "x"]):
    said = read.command(words)
    print(words[0], said.status, len(said.stdout))
print(read.command(["auditpol"]))
"""


LINGERING = """
import time
from scanner.hosts.winapi import programs
from scanner.model.reason import CannotObserve, Reason
start = time.monotonic()
try:
    programs.run(["cmd", "/c", "start /b ping -n 30 127.0.0.1"], 1.0)
except CannotObserve as why:
    assert why.reason is Reason.TIMEOUT
    print(time.monotonic() - start)
"""
LOOPBACK = """
from scanner.hosts.winapi.network import adapters
(one,) = (one for one in adapters().adapters if one.kind == 24)
print(one.tunnel, *(f"{held.address}/{held.prefix}" for held in one.addresses))
"""


RIGHTS = """
import sys
from pathlib import Path
from agent import guard
for path in map(Path, sys.argv[1:]):
    print(guard.is_private(path), guard.is_fixed(path))
"""
EXPORT = """
import os, sys
from agent import cli
modes, real = [], os.mkdir
def told(path, mode=0o777):
    modes.append(oct(mode))
    real(path, mode)
os.mkdir = told
cli.run(["--config", sys.argv[1], "export", sys.argv[2]])
print(*modes)
"""
STATES = """
import contextlib, io, sys
from agent import cli
for config in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        status = cli.run(["--lang", "ja", "--config", config, "status"])
    print(status, out.getvalue(), sep="\\n", end="" if config == sys.argv[-1] else "----\\n")
"""


@pytest.fixture(scope="module")
def room(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A room for prefixes; needs Wine and Python for Windows, which .ci/setup lab puts there."""
    ready = (PLACE / "made").exists() and shutil.which("wine")
    need_lab(request.config, None if ready else ".ci/windows-python was not run or Wine is missing")
    return tmp_path_factory.mktemp("wine")


@pytest.fixture(scope="module")
def japanese(room: Path) -> Iterator[Wine]:
    yield from prefix(room, "ja_JP")


@pytest.fixture(scope="module")
def english(room: Path) -> Iterator[Wine]:
    yield from prefix(room, "en_US")


def prefix(room: Path, language: str) -> Iterator[Wine]:
    one = Wine.copy(room, language)
    one.set(room, KEPT)
    yield one
    one.end()
    shutil.rmtree(one.prefix)


def shown(windows: Wine, *words: str) -> dict[str, object]:
    """Give the report that ``show`` prints."""
    said = windows.python("-m", "agent.cli", "--lang", "ja", *words, "show")
    found = json.loads(said[said.index("\n{\n") :])
    assert isinstance(found, dict)
    return found


def test_it_enrols_reports_and_is_judged(japanese: Wine, tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    config = tmp_path / "windows.toml"
    config.write_text(f"state = '{windows_path(tmp_path / 'state')}'\nca_file = '{windows_path(pair.certificate)}'\n", "utf-8")

    def agent(*words: str, given: bytes = b"") -> str:
        return japanese.python("-m", "agent.cli", "--lang", "ja", "--config", windows_path(config), *words, given=given)

    try:
        wait_for(pair.port)
        with Database(pair.url) as database:
            key = load_or_make(pair.hub_key)
            enrolment.set_policy(database, key, "test", (), 3600)
            token = enrolment.make_token(database, key, "test", note="wine", agent=None)
        assert "登録した" in agent("enroll", "--hub", pair.address, given=token.text.encode())
        assert "集約サーバが受領した" in agent("report", "--once")
    finally:
        pair.hub.kill()
        pair.hub.wait()
    assert kept_key(tmp_path / "state").startswith("dpapi:")
    assert all(not (tmp_path / place).stat().st_mode & 0o007 for place in ("state", "state/identity.json"))
    with Database(pair.url) as database:
        profile = parse_profile("p", "values: {usb-storage.use: blocked}\n", catalogue().values)
        posture = Posture(database, Rules.of(make_plan(catalogue(), (), profile, ONLY), Inventory.of_targets([])))
        assert posture.bring_up_to_date() == 1
        (row,) = book.agent_rows(database)
        found = {line["check"]: line["outcome"] for line in book.result_lines(database, row.agent)}
    assert {name: found[name] for name in EXPECTED} == EXPECTED


def test_facts_are_the_same_in_every_language(japanese: Wine, english: Wine) -> None:
    """What a console's code page has not is printed as JSON escapes it, so that both can be compared."""
    first, second = shown(japanese), shown(english)
    assert first["platform"] == "windows"
    assert first["asked"] == second["asked"]
    ours, theirs = first["answered"], second["answered"]
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    # Wine has the sockets of the machine itself, where others open and close theirs between the two looks; its own services come and go
    assert {name for name in ours if ours[name] != theirs.get(name)} <= {"ListeningSockets", "Services"}
    assert "表計算ソフト（日本語版）" in json.dumps(first, ensure_ascii=False)
    assert '"defect"' not in json.dumps(first)


def test_the_key_is_sealed_and_what_does_not_open_is_told(japanese: Wine, tmp_path: Path) -> None:
    """Wine's data protection takes no notice of the machine, so a copied key is shown by one that was altered."""
    state, key = tmp_path / "state", SigningKey.make()
    enrolled(state, key)
    assert kept_key(state) == key.secret, "as an earlier version kept it"

    def configured(name: str) -> str:
        config = tmp_path / f"{name}.toml"
        config.write_text(f"state = '{windows_path(tmp_path / name)}'\n", "utf-8")
        return windows_path(config)

    modes = japanese.python("-c", EXPORT, configured("state"), windows_path(tmp_path / "medium")).splitlines()[-1].split()
    assert set(modes) == {"0o777"}, "of directories, so that they have the rights of the one above"
    sealed = kept_key(state)
    assert sealed.startswith("dpapi:")
    blob = bytearray(base64.b64decode(sealed.removeprefix("dpapi:")))
    assert base64.b64decode(key.secret) not in blob
    for name in ("altered", "open"):
        shutil.copytree(state, tmp_path / name)
    blob[-5] ^= 1
    put_key(tmp_path / "altered", "dpapi:" + base64.b64encode(blob).decode())
    (tmp_path / "open/identity.json").chmod(0o644)
    whole, altered, lies_open = japanese.python("-c", STATES, *map(configured, ("state", "altered", "open"))).split("----\n")
    assert whole.startswith(f"0\n端末の番号 a-1（2026-11-22T00:00:00Z 登録、鍵 {key.id}）")
    assert "次はSYSTEM（S-1-5-18）でなければ読めない場合がある" in whole
    assert r"  AutoRun：HKU\*\Software" in whole
    assert "鍵をこの端末では開けない" in altered
    assert "他の利用者が読める" in lies_open
    assert [altered[0], lies_open[0]] == ["2", "2"]


def test_what_a_program_leaves_behind_does_not_hold_the_reader(japanese: Wine) -> None:
    """The program itself ends at once; what it started would hold its output for half a minute."""
    assert float(japanese.python("-c", LINGERING)) < 15


def test_what_ordinary_accounts_can_change_is_told_from_what_they_can_read(japanese: Wine, tmp_path: Path) -> None:
    modes = {"closed": 0o700, "to read": 0o755, "to change": 0o777}
    for name, mode in modes.items():
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(mode)
    told = japanese.python("-c", RIGHTS, *(windows_path(tmp_path / name) for name in modes)).splitlines()
    assert told == ["True True", "False True", "False False"]


def test_addresses_are_read_as_windows_lays_them_out(japanese: Wine) -> None:
    """Every machine has the loopback adapter; what stands behind its addresses proves where each field of the list begins."""
    seen = japanese.python("-c", LOOPBACK).split()
    assert "127.0.0.1/8" in seen
    assert seen[0] == "0", "no tunnel"


def test_programs_that_print_nothing_are_seen_to(japanese: Wine) -> None:
    """The premise of the rest: these are there, say nothing and claim to have done well."""
    assert japanese.python("-c", STUBS).splitlines() == ["netsh 0 0", "systeminfo 0 0", "secedit 0 0", "None"]
