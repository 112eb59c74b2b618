"""Client certificates at a hub that runs as its command starts it: who gets in over TLS, as whom, and who does not."""

from __future__ import annotations

import hashlib
import http.client
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from agent import collect, service
from agent.config import Config
from agent.trouble import HubAway
from scanner.hub import access, enrolment
from scanner.hub.access import Role
from scanner.hub.database import Database
from scanner.hub.keyfile import load_or_make
from tests.agent.killing import HOST, free_port, wait_for
from tests.hub.browser import Browser
from tests.hub.simulated import some_facts
from tests.unit.certificates import Made, make

NOBODYS = "nobodys"
STRANGER = "stranger"


@dataclass(frozen=True)
class Asked:
    """A hub that asks for client certificates, the folder of all keys, and its port."""

    folder: Path
    url: str
    port: int

    def get(self, path: str, certificate: str = "") -> int:
        """Give the status of an answer. Raises ``ssl.SSLError`` or ``OSError`` where TLS lets nobody in."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if certificate:
            context.load_cert_chain(self.folder / f"{certificate}.pem")
        connection = http.client.HTTPSConnection(HOST, self.port, context=context, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


def written(folder: Path, name: str, made: Made) -> Made:
    """Write a certificate and its key into one file."""
    key = made.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(made.pem + key)
    return made


@pytest.fixture(scope="module", params=["asked", "required"])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A hub over TLS with an own authority for clients, once asking for their certificates and once requiring them."""
    folder = tmp_path_factory.mktemp(request.param)
    authority = written(folder, "ca", make("authority", ca=True, uses=("key_cert_sign", "crl_sign")))
    others = make("authority of others", ca=True, uses=("key_cert_sign", "crl_sign"))
    client = [ExtendedKeyUsageOID.CLIENT_AUTH]
    written(folder, "hub", make("hub", authority, ips=[HOST], purposes=[ExtendedKeyUsageOID.SERVER_AUTH]))
    card = written(folder, "card", make("card", authority, purposes=client))
    written(folder, NOBODYS, make("card", authority, purposes=client))
    stranger = written(folder, STRANGER, make("card", others, purposes=client))
    url = f"sqlite:///{folder / 'hub.sqlite3'}"
    with Database(url) as database:
        for name, made in (("card", card), (STRANGER, stranger)):
            access.add_user(database, "test", name, Role.AUDITOR, certificate=hashlib.sha256(made.der).hexdigest())
    port = free_port()
    words = ["--port", str(port), "--certificate", str(folder / "hub.pem"), "--private-key", str(folder / "hub.pem")]
    words += ["--client-ca", str(folder / "ca.pem"), "--receive-only", "--key-file", str(folder / "hub.key"), "--database", url]
    words += ["--require-certificate"] if request.param == "required" else []
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("tenken")), "hub", "serve", *words], env={**os.environ, "LANG": "C.UTF-8"}
    )
    try:
        wait_for(port)
        yield Asked(folder, url, port)
    finally:
        process.terminate()
        process.wait(30)


def test_a_users_certificate_lets_in_and_no_other(hub: Asked) -> None:
    assert hub.get("/admin/1/agents", "card") == 200
    assert hub.get("/admin/1/agents", NOBODYS) == 401
    with pytest.raises(OSError, match=r"alert|reset|closed|EOF"):  # its authority is another, though a user was entered with it
        hub.get("/admin/1/agents", STRANGER)


def test_a_users_certificate_opens_the_pages_and_no_other(hub: Asked) -> None:
    browsers = [Browser(hub.folder / "ca.pem", hub.port, hub.folder / f"{name}.pem") for name in ("card", NOBODYS)]
    card, nobody = browsers
    assert card.get("/machines").status == 303, "it is nobody's wish to be logged in before they say so"
    assert "/login/certificate" in card.get("/login").text
    assert card.post("/login/certificate", {}, Sec_Fetch_Site="cross-site").status == 403
    assert card.post("/login/certificate", {}).status == 303
    assert card.get("/machines").status == 200
    assert nobody.post("/login/certificate", {}).status == 401
    assert nobody.session == ""


def test_without_a_certificate_nobody_is_a_user(hub: Asked, request: pytest.FixtureRequest) -> None:
    if "required" in str(hub.folder):
        with pytest.raises(OSError, match=r"alert|reset|closed|EOF"):
            hub.get("/health")
    else:
        assert hub.get("/health") == 200
        assert hub.get("/admin/1/agents") == 401


def test_an_agent_shows_its_certificate(hub: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "see", lambda asked, withheld, machine=None: some_facts())
    with Database(hub.url) as database:
        token = enrolment.make_token(database, load_or_make(hub.folder / "hub.key"), "test", note="tls", agent=None)
    ca, own = str(hub.folder / "ca.pem"), str(hub.folder / f"{NOBODYS}.pem")
    with_it = Config(state=tmp_path / "with", ca_file=ca, client_certificate=own)
    if "required" in str(hub.folder):
        with pytest.raises(HubAway):
            service.enrol(Config(state=tmp_path / "without", ca_file=ca), f"https://{HOST}:{hub.port}", token.text, anew=False)
    service.enrol(with_it, f"https://{HOST}:{hub.port}", token.text, anew=False)
    with service.at_work(with_it) as agent:
        agent.report()
        agent.deliver()
    assert agent.chain.head.sequence == 1
