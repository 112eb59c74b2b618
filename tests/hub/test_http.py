"""The hub over HTTP and TLS: its limits, the proxy, certificates, and media instead of a network."""

from __future__ import annotations

import http.client
import json
import select
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from agent import cli, collect, export, files, service
from agent.config import Config
from agent.transport import REPORTS, Transport
from agent.trouble import HubAway, HubRefuses, Trouble
from scanner.hub import book, enrolment, media, serve
from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.hub.serve import BadServer, Listen
from scanner.hub.web import STATUS
from scanner.protocol.envelope import LARGEST
from scanner.protocol.keys import SigningKey
from scanner.protocol.refusal import Refusal
from tests.agent.killing import HOST, Pair, trusting, wait_for
from tests.hub.simulated import Simulated, some_facts
from tests.hub.test_hostile import Attacker

MUTATED = 200


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A hub that runs, and an agent's configuration."""
    made = Pair(tmp_path_factory.mktemp("pair"))
    try:
        wait_for(made.port)
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def quick_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two facts without looking at this machine: the collectors have tests of their own."""
    monkeypatch.setattr(collect, "see", lambda asked, withheld, machine=None: some_facts())


def enrolled(pair: Pair, state: Path, proxy: str = "") -> Config:
    """Enrol another agent at the hub of ``pair``."""
    config = Config(state=state, ca_file=str(pair.certificate), proxy=proxy)
    with Database(pair.url) as database:
        token = enrolment.make_token(database, SigningKey.of_text(pair.hub_key.read_text()), "test", note="http", agent=None)
    service.enrol(config, pair.address, token.text, anew=False)
    return config


def test_an_agent_enrols_and_reports_over_tls_with_an_own_ca(pair: Pair, tmp_path: Path) -> None:
    with service.at_work(enrolled(pair, tmp_path)) as agent:
        agent.report()
        agent.report()
        assert agent.deliver() is False
    assert agent.chain.head.sequence == 2
    assert agent.chain.spool.waiting() == []
    with pytest.raises(Trouble, match="enrolled"):
        service.enrol(agent.config, pair.address, "tk1-" + "a" * 32 + "-" + "0" * 32, anew=False)


def test_a_hub_whose_certificate_does_not_verify_gets_nothing(pair: Pair, tmp_path: Path) -> None:
    config = replace(enrolled(pair, tmp_path), ca_file="")
    with service.at_work(config) as agent:
        agent.report()
        with pytest.raises(HubAway, match="certificate"):
            agent.deliver()
    assert len(agent.chain.spool.waiting()) == 1


def test_a_token_of_another_hub_enrols_nowhere(pair: Pair, tmp_path: Path) -> None:
    with Database(pair.url) as database:
        real = enrolment.make_token(database, SigningKey.make(), "test", note="http", agent=None)
    config = Config(state=tmp_path, ca_file=str(pair.certificate))
    with pytest.raises(Trouble, match="does not come from the hub"):
        service.enrol(config, pair.address, real.text, anew=False)


class Proxy(socketserver.ThreadingTCPServer):
    """An HTTP proxy that knows CONNECT only, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__((HOST, 0), _Tunnel)


class _Tunnel(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.request.recv(1)
        assert isinstance(self.server, Proxy)
        self.server.asked.append(head.decode())
        host, port = head.decode().split()[1].split(":")
        with socket.create_connection((host, int(port))) as far:
            self.request.sendall(b"HTTP/1.1 200 yes\r\n\r\n")
            other = {far: self.request, self.request: far}
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    other[ready].sendall(data)


@contextmanager
def proxy() -> Iterator[tuple[int, list[str]]]:
    """Run the proxy; give its port and what it was asked."""
    with Proxy() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], server.asked
        finally:
            server.shutdown()
            thread.join()


def test_a_proxy_is_passed_by_connect_with_its_password(pair: Pair, tmp_path: Path) -> None:
    with proxy() as (port, asked), service.at_work(enrolled(pair, tmp_path, f"http://user:pa%20ss@{HOST}:{port}")) as agent:
        agent.report()
        agent.deliver()
    assert agent.chain.head.sequence == 1
    assert all(head.startswith(f"CONNECT {HOST}:{pair.port}") and "Basic dXNlcjpwYSBzcw==" in head for head in asked)


def test_the_hub_caps_what_it_reads_and_goes_on_answering(pair: Pair) -> None:
    context = trusting(pair.certificate)
    for length, status in ((LARGEST + 1, 413), (10, 400)):
        connection = http.client.HTTPSConnection(HOST, pair.port, context=context, timeout=30)
        connection.request("POST", REPORTS, body=b"x" * min(length, 10), headers={"Content-Length": str(length)})
        assert connection.getresponse().status == status
        connection.close()
    for junk in (b"\x00" * 100, b"GET " + b"/" * 70_000, b"POST /agent/1/reports HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000):
        with context.wrap_socket(socket.create_connection((HOST, pair.port), 30), server_hostname=HOST) as raw:
            try:
                raw.sendall(junk)
                answer = raw.recv(100)
            except OSError:
                answer = b""
            assert not answer.startswith(b"HTTP/1.1 2")
    transport = Transport(Config(ca_file=str(pair.certificate)), pair.address)
    with pytest.raises(HubRefuses):
        transport.post(REPORTS, b"{}")
    transport.close()
    connection = http.client.HTTPSConnection(HOST, pair.port, context=context, timeout=30)
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_mutated_reports_are_refused_over_tls_as_they_are_at_the_door(pair: Pair) -> None:
    context = trusting(pair.certificate)
    connection = http.client.HTTPSConnection(HOST, pair.port, context=context, timeout=30)

    def answer(line: bytes) -> tuple[int, dict[str, object]]:
        connection.request("POST", REPORTS, body=line)
        got = connection.getresponse()
        return got.status, json.loads(got.read())

    with Database(pair.url) as database:
        door = Door(database, SigningKey.of_text(pair.hub_key.read_text()))
        victim = Simulated.enrol(door, "victim")
        old = victim.report()
        assert answer(old)[0] == 200
        attacker = Attacker.after(victim, old, door, Random(7))
        for number in range(MUTATED):
            line, expected = attacker.one(costly=number % 25 == 0)
            if line.startswith(attacker.fresh) and len(line) > len(attacker.fresh):  # too large: it is not read to its end
                connection.close()
                continue
            status, said = answer(line)
            assert status == STATUS.get(Refusal(str(said["refused"])), 400), said
            assert not expected or said["refused"] in expected
        assert book.agent_row(database, victim.agent).reports == 1
        assert answer(attacker.fresh)[0] == 200, "the honest one is still taken"
    connection.close()


def test_without_tls_only_loopback_is_listened_on() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "hub.example.jp"):
        with pytest.raises(BadServer):
            Listen(host).check()
    for host in ("127.0.0.1", "::1", "localhost"):
        Listen(host).check()
    assert serve.is_loopback("127.8.9.1")


def test_reports_travel_on_media_and_receipts_come_back(door: Door, tmp_path: Path) -> None:
    token = enrolment.make_token(door.database, door.hub_key, "test", note="media", agent=None)
    state = tmp_path / "agent"

    class Post:
        config = Config(state=state)
        url = ""

        def __init__(self, *_: object) -> None: ...

        def post(self, _: str, body: bytes) -> object:
            return door.enrol(body, "test")

        def close(self) -> None: ...

    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(service, "Transport", Post)
        service.enrol(Config(state=state), "https://hub.test", token.text, anew=False)
    agent = service.Agent(Config(state=state))
    agent.chain.take_over()
    for _ in range(3):
        agent.report()
    medium, receipts = tmp_path / "medium", tmp_path / "receipts"
    assert export.export(agent, medium) == 3
    for expected in (3, 0):  # the second time the hub gives the same receipts, and the agent has nothing left to settle
        with medium.open("rb") as source, receipts.open("wb") as out:
            lines = list(media.take(door, source, out))
        assert [line.sequence for line in lines] == [1, 2, 3]
        assert export.take_receipts(agent, receipts) == expected
    assert agent.chain.head.sequence == 3
    assert book.chain_book(door.database, agent.identity.enrolment.agent)[0]["received"] == 3


def test_a_person_may_look_while_the_agent_is_at_work(pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = enrolled(pair, tmp_path / "state")
    file = tmp_path / "agent.toml"
    file.write_text(f'state = "{config.state}"\nca_file = "{config.ca_file}"\n', "utf-8")
    words = ["--config", str(file), "--lang", "en"]
    with service.at_work(config) as agent:
        agent.report()
        half = agent.chain.spool.waiting()[0].path.with_name("next" + files.UNFINISHED)
        half.write_bytes(b"being written")
        assert cli.run([*words, "status"]) == cli.FINE
        assert cli.run([*words, "show"]) == cli.FINE
        assert cli.run([*words, "report"]) == cli.WRONG_USE
        assert half.exists(), "what another process is writing is not cleared away"
    shown = capsys.readouterr()
    assert "waiting to be sent: 1" in shown.out
    assert "Report 2," in shown.out
    assert "another tenken-agent is running" in shown.err


def test_the_agent_ends_at_once_when_it_is_told_to(pair: Pair, tmp_path: Path) -> None:
    config = enrolled(pair, tmp_path / "state")
    file = tmp_path / "agent.toml"
    file.write_text(f'state = "{config.state}"\nca_file = "{config.ca_file}"\n', "utf-8")
    process = subprocess.Popen([sys.executable, "-m", "agent.cli", "--config", str(file), "run"])
    process.terminate()
    assert process.wait(60) in {0, -15}
