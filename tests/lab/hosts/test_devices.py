"""Logging in to network devices: a real sshd, by paramiko and by OpenSSH, that starts a stand-in for a device's command line.

What the stand-in answers are the hand-written texts of the unit tests; no device was to be had.
"""

from __future__ import annotations

import getpass
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from scanner.facts.network_device import NetworkDevice
from scanner.hosts.machine import AnyCollector
from scanner.hosts.ssh import dialogue
from scanner.hosts.ssh.device import QUESTIONS, DeviceMachine
from scanner.hosts.ssh.entrance import LoginEntrance
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.login import Login, Way
from scanner.model.platform import Platform
from scanner.model.reason import Reason
from tests.lab.hosts import device_cli
from tests.lab.hosts.device_cli import Script
from tests.unit.test_devices import COLLECTORS, FORTI_KEPT, IOS_KEPT, JUNOS_KEPT, KEPT, tags

pytestmark = pytest.mark.lab

WAYS = pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
NVRAM = IOS_KEPT.replace(
    " certificate self-signed 01\n  30820330 30820218 A0030201 02020101\n  quit\n", " certificate self-signed 01 nvram:IOS#1.cer\n"
)
IOS = Script(
    prompt="edge1#",
    answers={
        "terminal width 511": "",
        "show privilege": "Current privilege level is 15\n",
        "show parser view": "No view is active ! Currently in Privilege Level Context\n",
        "show running-config": IOS_KEPT.removesuffix("edge1#\n"),
        "show startup-config": NVRAM.removesuffix("edge1#\n").replace(
            "Current configuration : 2000 bytes", "Using 1999 out of 65536 bytes"
        ),
    },
    unpaged="terminal length 0",
    pager=" --More-- ",
    erase="\b" * 10 + " " * 10 + "\b" * 10,
    page=24,
    refusal="      ^\n% Invalid input detected at '^' marker.\n\n",
    greeting="\nAuthorised use only. Call +81-3 #100>\n\n",
)
# As Junos shows it with what groups bring put in.
INHERITED = JUNOS_KEPT.replace(
    "    authentication-order", "    syslog { host 192.0.2.9 { any notice; transport tls; } }\n    authentication-order"
)
JUNOS = Script(
    prompt="{master:0}\naudit@r1> ",
    answers={
        "set cli screen-length 0": "Screen length set to 0",
        "set cli screen-width 0": "Screen width set to 0",
        "show configuration | display inheritance no-comments | no-more": "## Last commit: 2026-11-20 10:00:00 JST by admin\n" + INHERITED,
    },
    refusal="           ^\nunknown command.\n\n",
    greeting="\nLast login: Fri Nov 20 2026\n--- JUNOS 22.4R1 Kernel 64-bit\n",
)
FORTIOS = Script(
    prompt="fw1 # ",
    answers={"show full-configuration": FORTI_KEPT},
    pager="--More-- ",
    erase="\r         \r",
    page=5,
    refusal="Unknown action 0\nCommand fail. Return code -1\n",
)
DEVICES = {Platform.IOS: IOS, Platform.JUNOS: JUNOS, Platform.FORTIOS: FORTIOS}


def answered(script: Script, command: str, text: str) -> Script:
    """Change one answer."""
    return replace(script, answers={**script.answers, command: text})


class Anywhere:
    """Leave to connect to this machine."""

    def take(self, name: str, port: int, until: float) -> str:
        """Give the loopback."""
        del name, port, until
        return "127.0.0.1"


class Server:
    """A sshd on the loopback whose only program is the stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "commands"
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        (folder / "known").write_text(f"[device]:{self.port} {(folder / 'host.pub').read_text()}")
        forced = shlex.join([sys.executable, device_cli.__file__, str(folder / "script")])
        words = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "yes",
            "PrintMotd": "no",
            "PrintLastLog": "no",
            "ForceCommand": forced,
        }
        (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in words.items()))
        Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")], stderr=subprocess.DEVNULL)
        self.login = Login(getpass.getuser(), port=self.port, key=str(folder / "user"), known_hosts=str(folder / "known"))
        until = time.monotonic() + 10
        while not self._answers() and time.monotonic() < until:
            time.sleep(0.02)

    def _answers(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def machine(self, script: Script, way: Way = Way.PARAMIKO) -> DeviceMachine:
        """Set the stand-in up and give the way into it."""
        self.log.write_text("")
        (self.folder / "script").write_text(json.dumps(asdict(replace(script, log=str(self.log)))))
        platform = next(name for name, one in DEVICES.items() if one.refusal == script.refusal)
        return DeviceMachine(LoginEntrance("device", replace(self.login, platform=platform, transport=way), Anywhere()), platform)

    def see(self, script: Script, way: Way = Way.PARAMIKO, seconds: float = 30) -> Observation[Fact]:
        """Look at the stand-in as the engine does."""
        machine = self.machine(script, way)
        collector: AnyCollector = COLLECTORS[machine.platform.value]
        return machine.see(lambda: [collector], lambda: "2026-11-22T00:00:00Z", seconds)[NetworkDevice]

    def commands(self) -> list[str]:
        """Give what the stand-in was sent."""
        return self.log.read_text().splitlines()


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.config.getoption("--lab") == "off":
        pytest.skip("switched off by --lab=off")
    if os.geteuid() != 0 or not Path("/usr/sbin/sshd").exists():
        pytest.fail("sshd and root are needed") if request.config.getoption("--lab") == "require" else pytest.skip(
            "sshd and root are needed"
        )
    found = Server(tmp_path_factory.mktemp("device"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialogue, "QUIET_AT_FIRST", 0.1)  # this machine's stand-in has no pauses
        yield found
    found.process.terminate()
    found.process.wait(10)


def fact(observation: Observation[Fact]) -> NetworkDevice:
    assert isinstance(observation, Observed), observation
    assert isinstance(observation.fact, NetworkDevice)
    return observation.fact


@WAYS
def test_a_device_is_asked_for_both_configurations_and_judged_like_a_file(server: Server, way: Way) -> None:
    seen = server.see(IOS, way)
    assert tags(fact(seen)) == KEPT
    assert not [word for word in ("$9$salt", "hmac-sha2-256 X") if word in repr(seen)]
    asked = ["show privilege", "show parser view", "show running-config", "show startup-config"]
    assert server.commands() == ["terminal length 0", "terminal width 511", *asked]


@pytest.mark.parametrize("platform", [Platform.JUNOS, Platform.FORTIOS])
def test_nothing_but_the_fixed_commands_is_sent_and_gives_what_a_file_gives(server: Server, platform: Platform) -> None:
    ports = {} if platform is Platform.JUNOS else {"ipv6.ra-guard": "NO_ACCESS_PORTS"}
    assert tags(fact(server.see(DEVICES[platform]))) == KEPT | ports
    questions = QUESTIONS[platform]
    assert server.commands() == [*questions.settings, *questions.texts.values()]
    assert all(command.startswith(("show ", "set cli screen-")) for command in server.commands())


def test_pages_are_turned_where_the_device_cannot_be_told_not_to_page(server: Server) -> None:
    assert tags(fact(server.see(replace(IOS, unpaged="", page=7)))) == KEPT


def test_what_runs_and_is_not_saved_fails(server: Server) -> None:
    for startup in (IOS_KEPT.replace("no vstack\n", ""), "startup-config is not present\n"):
        assert tags(fact(server.see(answered(IOS, "show startup-config", startup))))["config.saved"] == "CONFIG_UNSAVED"


def test_a_refused_startup_configuration_leaves_the_rest(server: Server) -> None:
    kept = {name: text for name, text in IOS.answers.items() if name != "show startup-config"}
    assert tags(fact(server.see(replace(IOS, answers=kept)))) == KEPT | {"config.saved": "ACCESS_DENIED"}


@pytest.mark.parametrize(
    ("script", "reason", "words"),
    [
        (replace(IOS, prompt="edge1>"), Reason.ACCESS_DENIED, "enable is never entered"),
        (replace(IOS, answers={}), Reason.ACCESS_DENIED, "show privilege: the device says: % Invalid input"),
        (answered(IOS, "show privilege", "Current privilege level is 7\n"), Reason.ACCESS_DENIED, "level 15 only"),
        (answered(IOS, "show parser view", "Current view is 'audit'\n"), Reason.ACCESS_DENIED, "within a view"),
        (answered(FORTIOS, "show full-configuration", FORTI_KEPT.replace("log syslogd", "log disk")), Reason.UNSUPPORTED, "log syslogd"),
        (replace(JUNOS, prompt="root@r1:~ # "), Reason.ACCESS_DENIED, "Unix shell"),
        (replace(JUNOS, answers={}), Reason.ACCESS_DENIED, "unknown command"),
        (replace(FORTIOS, answers={}), Reason.ACCESS_DENIED, "Unknown action"),
        (replace(FORTIOS, prompt="(Press 'a' to accept):"), Reason.UNSUPPORTED, "a person's to do"),
        (answered(IOS, "show running-config", "hostname x\nline vty 0 4\n"), Reason.PROTOCOL_VIOLATION, "does not end"),
    ],
)
def test_what_a_device_does_not_give_is_one_reason(server: Server, script: Script, reason: Reason, words: str) -> None:
    seen = server.see(script)
    assert isinstance(seen, Unobserved)
    assert seen.reason is reason
    assert words in seen.detail
    assert bool(server.commands()) is (script.prompt in {"edge1#", "{master:0}\naudit@r1> ", "fw1 # "})  # else nothing is asked at all


INVENTORY = """hosts:
  - {{name: 127.0.0.1, login: {{user: {user}, port: {port}, key: {folder}/user, known_hosts: {folder}/known, platform: ios}}}}
scope: {{approved_by: 部長, allow: [{{network: 127.0.0.1/32}}]}}
"""


def test_a_scan_of_an_inventory_logs_in_to_a_device(server: Server, tmp_path: Path) -> None:
    server.machine(IOS)
    known = server.folder / "known"
    known.write_text(known.read_text() + known.read_text().replace("[device]", "[127.0.0.1]"))
    (tmp_path / "inventory.yaml").write_text(INVENTORY.format(user=server.login.user, port=server.port, folder=server.folder))
    argv = [
        str(Path(sys.executable).with_name("tenken")),
        "scan",
        f"--inventory={tmp_path / 'inventory.yaml'}",
        "--format=jsonl",
        "--no-store",
    ]
    done = subprocess.run([*argv, "--only=network"], capture_output=True, text=True, check=False, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    said = {line["check"].removeprefix("network."): line["tag"] for line in lines if line["type"] == "result"}
    assert (done.returncode, said) == (0, KEPT), done.stderr
    assert "$9$" not in done.stdout + done.stderr


@WAYS
def test_a_device_that_hangs_is_left_in_time_and_its_words_are_not_told(server: Server, way: Way) -> None:
    started = time.monotonic()
    seen = server.see(replace(IOS, hangs="show running-config"), way, seconds=2)
    assert time.monotonic() - started < 25  # the time was two seconds; machines may be busy
    assert isinstance(seen, Unobserved)
    assert seen.reason is Reason.TIMEOUT
    assert "$9$" not in seen.detail


def test_a_look_at_a_device_can_be_stopped(server: Server) -> None:
    machine = server.machine(replace(IOS, hangs="show running-config"))

    def stop() -> None:
        until = time.monotonic() + 20
        while "show running-config" not in server.commands() and time.monotonic() < until:
            time.sleep(0.02)
        machine.stop()

    with ThreadPoolExecutor(1) as other:
        other.submit(stop)
        started = time.monotonic()
        machine.see(lambda: [COLLECTORS["ios"]], lambda: "", 60)
    assert time.monotonic() - started < 50  # of sixty
