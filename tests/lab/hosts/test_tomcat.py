"""What is read of Tomcat's files, held against what the real server does with them.

The files and the program are those of the laboratory's tree, the Java is this machine's, since the tree has none. /usr/share of both is
laid together in a mount namespace of the server's own; it listens in a network namespace of its own.
"""

from __future__ import annotations

import base64
import http.client
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram
from scanner.hosts.linux.web_programs import web_configuration
from scanner.model.fact import Unobserved
from tests.lab import netns
from tests.lab.hosts.lab import why_not
from tests.lab.hosts.trees import place
from tests.lab.needed import need_lab
from tests.unit.host_trees import Machine, running

pytestmark = pytest.mark.lab
T = TypeVar("T")
SECONDS = 60
STRANGER = "10.78.1.9"
"""An address of the machine's own that is not the loopback's: who asks from there is a stranger to lists of addresses."""
VALVE = '<Valve className="org.apache.catalina.valves.RemoteCIDRValve" allow="127.0.0.0/8"/>'
TLS = (
    '<Connector port="8443" SSLEnabled="true"><SSLHostConfig protocols="{}">'
    '<Certificate certificateFile="conf/own.pem" certificateKeyFile="conf/own.key" type="EC"/></SSLHostConfig></Connector></Service>'
)
REPORT = '<Valve className="org.apache.catalina.valves.ErrorReportValve" showServerInfo="false"/></Host>'
KEPT = (
    ("server.xml", 'prefix="localhost_access_log"', 'buffered="false" prefix="localhost_access_log"'),
    ("Catalina/localhost/manager.xml", 'privileged="true" />', f'privileged="true">{VALVE}</Context>'),
    ("Catalina/localhost/host-manager.xml", 'privileged="true" />', f'privileged="true">{VALVE}</Context>'),
    ("server.xml", "</Host>", REPORT),
    ("server.xml", "</Service>", TLS.format("TLSv1.3")),
)
USER = '<user username="ops" password="s3cret" roles="manager-gui"/></tomcat-users>'
INIT = "<init-param><param-name>{}</param-name><param-value>{}</param-value></init-param>"
BAD = (
    ("server.xml", 'port="-1" shutdown', 'port="8005" shutdown'),
    ("server.xml", 'connectionTimeout="20000"', 'connectionTimeout="20000" allowTrace="true"'),
    (
        "server.xml",
        'className="org.apache.catalina.valves.AccessLogValve"',
        'className="org.apache.catalina.valves.StuckThreadDetectionValve"',
    ),
    ("server.xml", "</Service>", TLS.format("TLSv1.2,TLSv1.3")),
    ("tomcat-users.xml", "</tomcat-users>", USER),
    (
        "web.xml",
        "<servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>",
        "<servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>" + INIT.format("readonly", "false"),
    ),
    (
        "web.xml",
        "<param-name>listings</param-name>\n            <param-value>false",
        "<param-name>listings</param-name>\n            <param-value>TRUE",
    ),
)
"""File, what stands there, what the administrator writes instead."""


@dataclass(frozen=True)
class Server:
    """A running server: its process, its files, what was read of them."""

    process: subprocess.Popen[bytes]
    root: Path
    read: WebProgram

    def call(self, work: Callable[[], T]) -> T:
        """Do something in the server's network."""
        return netns.call(Path(f"/proc/{self.process.pid}/ns/net"), work)

    def ask(self, method: str, path: str, *, login: str = "", body: str | None = None) -> tuple[int, bytes]:
        """Ask as a stranger; give status and body."""
        head = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}

        def work() -> tuple[int, bytes]:
            with closing(http.client.HTTPConnection(STRANGER, 8080, timeout=SECONDS, source_address=(STRANGER, 0))) as asking:
                asking.request(method, path, body, head)
                answer = asking.getresponse()
                return answer.status, answer.read()

        return self.call(work)


def prepare(tree: Path, root: Path, edits: tuple[tuple[str, str, str], ...]) -> None:
    """Do what Debian's package does when it is installed, then what the administrator does."""
    base, conf = root / "var/lib/tomcat10", root / "etc/tomcat10"
    shutil.copytree(tree / "usr/share/tomcat10/etc", conf)
    shutil.copytree(tree / "etc/tomcat10", conf, dirs_exist_ok=True)
    shutil.copytree(tree / "usr/share/tomcat10-admin", root / "usr/share/tomcat10-admin")
    for name in ("webapps/own/files", "logs", "work"):
        (base / name).mkdir(parents=True)
    (base / "webapps/own/files/plan.txt").write_text("plan\n")
    (base / "conf").symlink_to("../../../etc/tomcat10")
    curve = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=own")
    key = ("-keyout", str(conf / "own.key"), "-out", str(conf / "own.pem"))
    subprocess.run(["openssl", "req", *curve, *key], check=True, capture_output=True, timeout=SECONDS)
    for name, old, new in edits:
        text = (conf / name).read_text()
        assert old in text, (name, old)
        (conf / name).write_text(text.replace(old, new))


def look(root: Path) -> WebProgram:
    machine = Machine(root)
    machine.write({"/etc/passwd": "root:x:0:0::/:/bin/sh\n", "/usr/lib/systemd/system/tomcat10.service": "[Service]\nUser=tomcat\n"})
    running(machine)
    fact = web_configuration.run(machine)
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    return found


@pytest.fixture(scope="module", params=["kept", "bad"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Tomcat, well and badly kept."""
    need_lab(request.config, why_not() or (None if shutil.which("java") else "not installed: java"))
    root, tree = tmp_path_factory.mktemp("tomcat"), place("bookworm")
    prepare(tree, root, KEPT if request.param == "kept" else BAD)
    read = look(root)
    base, home = shlex.quote(str(root / "var/lib/tomcat10")), "/usr/share/tomcat10"
    path = f"{home}/bin/bootstrap.jar:{home}/bin/tomcat-juli.jar"
    java = f"java -XX:TieredStopAtLevel=1 -Dcatalina.base={base} -Dcatalina.home={home} -cp {path}"
    line = (
        f"mount -t overlay overlay -o lowerdir={shlex.quote(str(tree))}/usr/share:/usr/share /usr/share; ip link set lo up; "
        f"ip addr add {STRANGER}/32 dev lo; cd {base}; exec {java} org.apache.catalina.startup.Bootstrap start"
    )
    with (root / "said").open("wb") as said:
        process = subprocess.Popen(["unshare", "--mount", "--net", "sh", "-ec", line], stdout=said, stderr=said)
    started = Server(process, root, read)
    try:
        until = time.monotonic() + SECONDS
        while b"Server startup in" not in (root / "said").read_bytes():
            assert process.poll() is None, (root / "said").read_text()[-2000:]
            assert time.monotonic() < until
            time.sleep(0.1)
        yield started
    finally:
        process.kill()
        process.wait()


def found(places: Places | None) -> bool:
    """Tell whether any place was found; that there is none is known only where all were seen."""
    assert places is not None
    assert places.found or places.unseen is None, places.unseen
    return bool(places.found)


def test_the_manager_is_reached_by_whom_its_files_let_in(server: Server) -> None:
    status, _ = server.ask("GET", "/manager/html")
    assert status == (401 if found(server.read.consoles) else 403)
    status, _ = server.ask("GET", "/manager/html", login="ops:s3cret")
    assert (status == 200) is found(server.read.console_passwords)


def test_listing_and_writing(server: Server) -> None:
    status, body = server.ask("GET", "/own/files/")
    assert (status == 200 and b"plan.txt" in body) is found(server.read.listing)
    status, _ = server.ask("PUT", "/own/files/new.txt", body="new")
    assert (status == 201) is found(server.read.writing)


def test_trace_and_error_pages(server: Server) -> None:
    assert (server.ask("TRACE", "/own/files/plan.txt")[0] == 200) is found(server.read.trace)
    status, body = server.ask("GET", "/own/none")
    assert status == 404
    assert (b"Apache Tomcat/10" in body) is found(server.read.version_told)


def test_requests_are_logged(server: Server) -> None:
    logs = server.root / "var/lib/tomcat10/logs"

    def written() -> bool:
        return any(b"/own/seen" in path.read_bytes() for path in logs.glob("*access_log*"))

    server.ask("GET", "/own/seen")
    logged = not found(server.read.unlogged)
    until = time.monotonic() + SECONDS
    while logged and not written() and time.monotonic() < until:
        time.sleep(0.05)
    assert written() is logged


def test_versions_of_tls(server: Server) -> None:
    assert isinstance(server.read.tls, tuple)
    (tls,) = server.read.tls
    assert not isinstance(tls.versions, Unobserved)
    for flag, version in (("-tls1_2", "TLS 1.2"), ("-tls1_3", "TLS 1.3")):
        ask = partial(
            subprocess.run,
            ["nsenter", f"--net=/proc/{server.process.pid}/ns/net", "openssl", "s_client", "-connect", f"{STRANGER}:8443", flag],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        assert (ask().returncode == 0) is (version in tls.versions), version


def test_the_word_that_stops_it_is_taken_last(server: Server) -> None:
    def order() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", 8005), SECONDS) as connection:
                connection.sendall(b"SHUTDOWN\r\n")
        except ConnectionRefusedError:
            return False
        return True

    assert server.call(order) is found(server.read.orders)
    if found(server.read.orders):
        assert server.process.wait(SECONDS) is not None
