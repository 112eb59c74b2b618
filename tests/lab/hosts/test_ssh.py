"""Logging in to a real sshd, by paramiko and by OpenSSH: proofs, keys of hosts, jump hosts, sudo, dead links, many at once."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.engine.catalogue import catalogue
from scanner.facts.accounts import Accounts
from scanner.hosts.base import Files, Names, Run, Source
from scanner.hosts.machine import AnyCollector
from scanner.hosts.ssh import sudo
from scanner.hosts.ssh.entrance import LoginEntrance
from scanner.hosts.ssh.machine import FOURTH, SshMachine
from scanner.hosts.ssh.session import ROUNDS, Session
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.login import Jump, Login, Way
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from tests.lab.hosts.lab import HostsLab, Machine, why_not
from tests.lab.needed import need_lab
from tests.unit.far_shells import asked

pytestmark = pytest.mark.lab

SSHD = "/usr/sbin/sshd -o PidFile=none"
SERVERS = {
    2201: "-o TrustedUserCAKeys=/etc/ssh/ca.pub -o AuthorizedKeysFile=none -o PasswordAuthentication=no",
    2202: "-o KexAlgorithms=curve25519-sha256",
    2203: "-o Ciphers=chacha20-poly1305@openssh.com",
    2204: "-o AuthenticationMethods=publickey,password",
}
NOISE = "printf 'ようこそ\\n\\244\\242\\202\\240\\n'; echo oops >&2; export LC_ALL=ja_JP.eucJP; alias ls=false\n"
SUDO_LOG = "/var/log/sudo-of-audit"
PASSWORD = "correct horse : ' \" $battery"


def collectors() -> list[AnyCollector]:
    """Every collector for Linux but the walk through all files, which has its own time."""
    return [collector for collector in catalogue().collectors_on(Platform.LINUX) if collector.name != "file_walk"]


Seen = Mapping[type[Fact], Observation[Fact]]


class Anywhere:
    """Leave to connect to the machine, whatever its name."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[tuple[str, int]] = []

    def take(self, name: str, port: int, until: float) -> str:
        """Remember who was asked for."""
        del until
        self.asked.append((name, port))
        return self.address


class Place:
    """The machine, and what a test does on it and to it."""

    def __init__(self, lab: HostsLab, machine: Machine) -> None:
        self.lab = lab
        self.machine = machine
        self.known = lab.folder / "known_hosts"
        key = self.inside("cat /etc/ssh/ssh_host_ed25519_key.pub")
        self.known.write_text("".join(f"{name} {key}" for name in ("session", *(f"[session]:{port}" for port in SERVERS))))
        self.permitted = sudo.Permitted(source for collector in collectors() for source in collector.sources)
        self.login = Login("audit", key=str(lab.key), known_hosts=str(self.known))

    def inside(self, line: str, given: str = "") -> str:
        """Run a line of shell on the machine as root."""
        argv = ["nsenter", "-t", str(self.machine.init), "-a", "/bin/sh", "-ec", line]
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    def see(self, login: Login, wanted: Sequence[AnyCollector] = (), seconds: float = 60.0) -> tuple[Seen, SshMachine]:
        """Look at the machine with a login."""
        entrance = LoginEntrance("session", login, Anywhere(self.machine.address))
        machine = SshMachine(entrance, by_sudo=(lambda: self.permitted) if login.sudo else None)
        return self.lab.call(lambda: machine.see(lambda: wanted or few(), lambda: "2026-11-22T00:00:00Z", seconds)), machine

    def failure(self, login: Login, seconds: float = 30.0) -> Unobserved:
        """Give the one reason why nothing could be seen."""
        found, _ = self.see(login, seconds=seconds)
        [why] = set(found.values())
        assert isinstance(why, Unobserved)
        return why

    def session(self, login: Login, work: Callable[[Session], None]) -> None:
        """Begin a session of one's own."""

        def run() -> None:
            shell, _ = LoginEntrance("session", login, Anywhere(self.machine.address)).open(time.monotonic() + 30)
            session = Session(shell, time.monotonic() + 30, by_sudo=self.permitted if login.sudo else None)
            try:
                work(session)
            finally:
                session.close()

        self.lab.call(run)


def refusals(place: Place) -> int:
    """Count what sudo has refused the account so far."""
    return int(place.inside(f"grep -c ': a password is required ;' {SUDO_LOG} || true"))


def few() -> list[AnyCollector]:
    """Collectors that say little and quickly."""
    return [collector for collector in collectors() if collector.name in {"operating_system", "accounts"}]


def seen(found: Mapping[type[Fact], Observation[Fact]]) -> bool:
    return all(isinstance(observation, Observed) for observation in found.values())


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    need_lab(request.config, why_not())
    with HostsLab.up("session") as lab:
        found = Place(lab, lab.machines["session"])
        run = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
        subprocess.run([*run, str(lab.folder / "ca")], check=True)
        subprocess.run([*run, str(lab.folder / "certified")], check=True)
        sign = ["ssh-keygen", "-q", "-s", str(lab.folder / "ca"), "-I", "audit", "-n", "audit", str(lab.folder / "certified.pub")]
        subprocess.run(sign, check=True)
        found.inside("cat > /etc/ssh/ca.pub", (lab.folder / "ca.pub").read_text())
        found.inside("chpasswd", f"audit:{PASSWORD}\n")
        secret = lab.folder / "password"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        for port, options in SERVERS.items():
            found.inside(f"{SSHD} -p {port} {options}")
        yield found


@pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
def test_key_password_certificate_and_agent_let_us_in(place: Place, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    by_key = replace(place.login, transport=way)
    folder = place.lab.folder
    by_password = replace(by_key, key="", password_file=str(folder / "password"))
    by_certificate = replace(by_key, key=str(folder / "certified"), certificate=str(folder / "certified-cert.pub"), port=2201)
    for login in (by_key, by_password, by_certificate, replace(by_password, key=str(place.lab.key), port=2204)):
        found, _ = place.see(login)
        assert seen(found), (login, found)
    assert place.failure(replace(by_key, port=2201)).reason is Reason.ACCESS_DENIED
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(folder / f"agent-{way}")], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(folder / f"agent-{way}"))
        until = time.monotonic() + 10
        while not (folder / f"agent-{way}").exists() and time.monotonic() < until:
            time.sleep(0.01)
        assert place.failure(replace(by_key, key="", agent=True)).reason is Reason.ACCESS_DENIED
        subprocess.run(["ssh-add", "-q", str(place.lab.key)], check=True, stderr=subprocess.DEVNULL)
        found, _ = place.see(replace(by_key, key="", agent=True))
        assert seen(found)
    finally:
        agent.kill()
        agent.wait()


@pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
def test_a_login_that_fails_is_one_reason_that_says_what_to_do(place: Place, way: Way, tmp_path: Path) -> None:
    login = replace(place.login, transport=way)
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    assert place.failure(replace(login, key=str(other))).reason is Reason.ACCESS_DENIED
    wrong = tmp_path / "wrong"
    wrong.write_text("no such password\n")
    wrong.chmod(0o600)
    told = place.failure(replace(login, key="", password_file=str(wrong)))
    assert told.reason is Reason.ACCESS_DENIED
    assert "no such password" not in told.detail
    wrong.chmod(0o644)
    assert "chmod 600" in place.failure(replace(login, key="", password_file=str(wrong))).detail
    assert place.failure(replace(login, port=9)).reason is Reason.REFUSED
    place.inside("usermod -s /usr/sbin/nologin audit")
    try:
        told = place.failure(login)
        assert "This account is currently not available" in told.detail
    finally:
        place.inside("usermod -s /bin/sh audit")


@pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
def test_a_server_whose_key_is_not_the_known_one_is_told_nothing(place: Place, way: Way, tmp_path: Path) -> None:
    shown = place.inside("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    key = place.inside("cat /etc/ssh/ssh_host_ed25519_key.pub")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    other = (tmp_path / "other.pub").read_text()
    files = {
        "unknown": other.replace("ssh-ed25519", "elsewhere ssh-ed25519", 1),
        "changed": f"session {other}",
        "revoked": f"session {key}@revoked * {key}",
        "negated": f"!session,* {key}",
    }
    place.inside("echo 0 > /tmp/tries; cat > /etc/ssh/try && chmod 755 /etc/ssh/try", "#!/bin/sh\necho x >> /tmp/tries\n")
    for name, content in files.items():
        known = tmp_path / name
        known.write_text(content)
        why = place.failure(replace(place.login, known_hosts=str(known), transport=way))
        assert why.reason is Reason.UNVERIFIED, name
        assert shown in why.detail, name
        assert ("ANOTHER" in why.detail) == (name == "changed")
        assert ("REVOKED" in why.detail) == (name == "revoked")
    known = tmp_path / "hashed"
    known.write_text(f"session {key}")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True, capture_output=True)
    assert "session" not in known.read_text()
    assert seen(place.see(replace(place.login, known_hosts=str(known), transport=way))[0])


@pytest.mark.parametrize("port", [2202, 2203])
def test_openssh_reaches_what_paramiko_has_no_algorithm_for(place: Place, port: int) -> None:
    found, machine = place.see(replace(place.login, port=port))
    assert machine.counts["rounds"] <= ROUNDS
    for observation in found.values():
        assert isinstance(observation, Observed)
        assert any(e.source == "ssh" and "paramiko has no algorithm in common" in e.excerpt for e in observation.evidence)
    assert place.failure(replace(place.login, port=port, transport=Way.PARAMIKO)).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
def test_a_jump_host_is_asked_leave_for_and_known_by_its_key(place: Place, way: Way, tmp_path: Path) -> None:
    jump = (Jump("session", 2202), Jump("session")) if way is Way.OPENSSH else (Jump("session"),)
    login = replace(place.login, transport=way, jump=jump, port=2203 if way is Way.OPENSSH else 22)
    leave = Anywhere(place.machine.address)
    machine = SshMachine(LoginEntrance("session", login, leave))
    assert seen(place.lab.call(lambda: machine.see(few, lambda: "", 60)))
    assert leave.asked == [*((j.host, j.port) for j in jump), ("session", login.port)]
    lines = [line for line in place.known.read_text().splitlines(keepends=True) if not line.startswith(("session", "[session]:2202"))]
    (tmp_path / "known").write_text("".join(lines))
    assert place.failure(replace(login, known_hosts=str(tmp_path / "known"))).reason is Reason.UNVERIFIED


def test_all_collectors_need_three_rounds_at_most_and_none_breaks(place: Place) -> None:
    found, machine = place.see(place.login, collectors())
    assert machine.counts["rounds"] <= ROUNDS
    assert {t.__name__ for t, o in found.items() if FOURTH in repr(o)} == set()
    assert {t.__name__ for t, o in found.items() if isinstance(o, Unobserved) and o.reason is Reason.DEFECT} == set()
    assert any(Reason.ACCESS_DENIED.value in repr(o) for o in found.values())


def test_the_printed_sudoers_permits_what_is_needed_and_nothing_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Run(("sh", "-c", "id -u; echo a=b '[x]' '*' '?' '!' '^' '\\' , : '#' \" '\""), root=True)
    extra: list[Source] = [
        Files("/etc/shadow", root=True),
        Files("/etc/sudoers", root=True),
        Files("/etc/sudoers.d/*", root=True),
        Files("/etc/root-only/*/x.conf", root=True),
        Names("/etc/root-only", root=True),
        odd,
    ]
    place.inside("mkdir -p /etc/root-only/a /etc/root-only/b; chmod 700 /etc/root-only; echo one > /etc/root-only/a/x.conf")
    place.inside("ln -s /etc/shadow /etc/root-only/b/x.conf")
    sources = [*extra, *(source for collector in collectors() for source in collector.sources)]
    monkeypatch.setattr(place, "permitted", sudo.Permitted(sources))
    text = sudo.sudoers("audit", place.permitted.lines(sources), "test") + f"Defaults:audit logfile={SUDO_LOG}, loglinelen=0\n"
    place.inside("cat > /etc/sudoers.d/tenken; chmod 440 /etc/sudoers.d/tenken; visudo -c -q", text)
    try:
        login = replace(place.login, sudo=True)

        def look(session: Session) -> None:
            session.begin(extra)
            shadow = asked(session, lambda read: read.file("/etc/shadow"))
            assert shadow is not None
            assert b"audit:$y$-:" in shadow
            assert asked(session, lambda read: read.names("/etc/root-only")) == ("a", "b")
            assert asked(session, lambda read: read.file("/etc/root-only/a/x.conf")) == b"one\n"
            assert asked(session, lambda read: read.file("/etc/root-only/c/x.conf")) is None
            with pytest.raises(CannotObserve):
                asked(session, lambda read: read.file("/etc/root-only/b/x.conf"))  # a link is not followed by root
            assert "tenken" in (asked(session, lambda read: read.names("/etc/sudoers.d")) or ())
            output = asked(session, lambda read: read.command(odd.argv))
            assert output is not None
            assert output.stdout == b"0\na=b [x] * ? ! ^ \\ , : #  '\n"

        place.session(login, look)
        head, sed = "timeout -s KILL 10 head -c 1000001 -- /etc/shadow", "timeout -s KILL 10 sed -e p -- /etc/shadow"
        for line in ("cat /etc/shadow", head, sed, "id"):
            refused = ["setpriv", "--reuid", "audit", "--regid", "audit", "--clear-groups", "sudo", "-n", *line.split()]
            argv = ["nsenter", "-t", str(place.machine.init), "-a", *refused]
            assert subprocess.run(argv, capture_output=True, check=False).returncode != 0, line
        refused_here = refusals(place)
        assert refused_here == 4  # those above
        found, machine = place.see(login, collectors())
        assert refusals(place) == refused_here  # what is printed is what is used
        assert machine.counts["rounds"] <= ROUNDS
        assert {t.__name__ for t, o in found.items() if FOURTH in repr(o)} == set()
        accounts = found[Accounts]
        assert isinstance(accounts, Observed)
        assert re.findall(r"access-denied.{0,200}", repr(accounts.fact)) == []
    finally:
        place.inside("rm /etc/sudoers.d/tenken; rm -r /etc/root-only")


def test_a_login_shell_with_noise_and_another_locale_does_no_harm(place: Place) -> None:
    place.inside("usermod -s /bin/bash audit; mv /home/audit/.bashrc /tmp/; cat > /home/audit/.bashrc", NOISE)
    try:
        assert seen(place.see(place.login)[0])
    finally:
        place.inside("usermod -s /bin/sh audit; mv /tmp/.bashrc /home/audit/")


@pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
def test_a_link_that_dies_in_the_middle_leaves_what_had_arrived(place: Place, way: Way) -> None:
    port = 22 if way is Way.PARAMIKO else 2202
    rules = f"table inet dead {{ chain out {{ type filter hook output priority 0; tcp sport {port} quota over 60 kbytes drop; }}; }}"
    slow = [Run(("sh", "-c", f"sleep 0.1; head -c 20000 /dev/zero; : {n}"), float(n)) for n in range(2, 12)]
    argv = ["nsenter", "-t", str(place.machine.init), "-n", "nft"]
    subprocess.run([*argv, "-f", "-"], input=rules.encode(), check=True)
    started = time.monotonic()
    try:

        def look(session: Session) -> None:
            session._until = time.monotonic() + 6
            session.begin([Files("/etc/hostname"), *slow])
            assert session.over is not None
            assert session.over.reason is Reason.TIMEOUT
            assert asked(session, lambda read: read.file("/etc/hostname")) == b"session\n"
            with pytest.raises(CannotObserve) as told:
                asked(session, lambda read: read.command(slow[-1].argv))
            assert told.value.reason is Reason.TIMEOUT

        place.session(replace(place.login, transport=way, port=port), look)
        assert time.monotonic() - started < 30
    finally:
        subprocess.run([*argv, "delete", "table", "inet", "dead"], check=True)


@pytest.mark.parametrize("way", [Way.PARAMIKO, Way.OPENSSH])
def test_a_look_can_be_stopped_from_another_thread(place: Place, way: Way) -> None:
    nap = f"50.{len(way)}"  # no other test's
    hanging = replace(few()[0], reads=(Run(("sleep", nap), 60.0),))
    machine = SshMachine(LoginEntrance("session", replace(place.login, transport=way), Anywhere(place.machine.address)))

    def stop() -> None:
        wait_for(lambda: f"sleep {nap}" in place.inside("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))
        machine.stop()

    def look() -> float:
        with ThreadPoolExecutor(1) as other:
            other.submit(stop)
            started = time.monotonic()
            machine.see(lambda: [hanging], lambda: "", 60)
            return time.monotonic() - started

    assert place.lab.call(look) < 15


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)


def test_many_at_once_say_the_same_as_one(place: Place) -> None:
    alone, _ = place.see(place.login)

    def all_at_once() -> list[Mapping[type[Fact], Observation[Fact]]]:
        logins = [replace(place.login, transport=Way.OPENSSH if n == 0 else Way.PARAMIKO) for n in range(8)]
        with ThreadPoolExecutor(len(logins)) as threads:
            entrances = [LoginEntrance("session", login, Anywhere(place.machine.address)) for login in logins]
            return list(threads.map(lambda entrance: SshMachine(entrance).see(few, lambda: "2026-11-22T00:00:00Z", 60), entrances))

    for found in place.lab.call(all_at_once):
        assert found == alone


def test_no_secret_shows_in_processes_logs_or_texts(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    secret = place.lab.folder / "password"
    login = replace(place.login, key="", password_file=str(secret), transport=Way.OPENSSH)
    texts: list[str] = []

    def watch() -> None:
        for path in Path("/proc").glob("[0-9]*"):
            for leaf in ("cmdline", "environ"):
                try:
                    texts.append((path / leaf).read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue

    caplog.set_level("DEBUG")

    def look(session: Session) -> None:
        watch()
        session.begin([Files("/etc/hostname")])

    place.session(login, look)
    place.see(replace(login, transport=Way.PARAMIKO))
    texts += [repr(login), caplog.text]
    assert not [text for text in texts if PASSWORD in text]
    assert hashlib.sha256(secret.read_bytes()).digest()
    assert os.stat(secret).st_mode & 0o077 == 0
