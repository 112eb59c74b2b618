"""``tenken look``: prints what is there, says what is not, and loads next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.cli import look
from scanner.codec import observation_in
from scanner.facts.ssh import SshOffer, SshSurvey
from scanner.model.fact import Observed
from tests.unit.test_wire_ssh import free_port, opening_of, server


@pytest.fixture
def sshd(tmp_path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (tmp_path / "config").write_text(f"ListenAddress 127.0.0.1\nHostKey {tmp_path / 'key'}\nPidFile none\nUsePAM no\n")
    return str(tmp_path / "config")


def test_what_is_there_is_printed(sshd: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with server("/usr/sbin/sshd", "-D", "-e", "-f", sshd, "-p", str(port), port=port):
        opening_of(port)
        assert look.main([f"127.0.0.1:{port}/ssh"]) == 0
        text = capsys.readouterr().out
        assert look.main([f"127.0.0.1:{port}/ssh", "--format", "json"]) == 0
        plain = json.loads(capsys.readouterr().out)
    assert "type: ssh-ed25519" in text
    assert plain.pop("subject") == f"service:127.0.0.1:{port}/ssh"
    seen = observation_in("SshSurvey", plain)
    assert isinstance(seen, Observed)
    assert isinstance(seen.fact, SshSurvey)
    assert isinstance(seen.fact.addresses[0].offer, SshOffer)


def test_what_is_not_there_is_said_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert look.main([f"127.0.0.1:{free_port()}/https"]) == 3
    text = capsys.readouterr().out
    assert "拒否" in text
    assert "refused" in text


@pytest.mark.parametrize("named", ["127.0.0.1:70000/https", "nonsense", "127.0.0.1:79/finger"])
def test_wrong_use_is_refused(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert look.main([named]) == 2
    assert named.split("/", maxsplit=1)[0] in capsys.readouterr().err


def test_a_look_loads_no_check_document_or_store() -> None:
    code = "import sys; from scanner.cli import entry, look; import scanner.probes.tls; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"typer", "rich", "yaml", "sqlalchemy", "cattrs", "checks", "baselines"} & set(loaded)
