"""A whole scan of an inventory: a server that is logged in to, one that is not, and a network device by its saved configuration."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.hosts.lab import HostsLab
from tests.unit.test_devices import IOS_BAD

pytestmark = pytest.mark.lab
PROGRAM = Path(sys.executable).with_name("tenken")
INVENTORY = """organisation: 架空市
zones:
  - {{name: office, outside: false, networks: [10.78.0.0/24]}}
logins:
  audit: {{user: root, key: {key}, known_hosts: known_hosts}}
hosts:
  - name: mail.naibu.example.lg.jp
    addresses: [{address}]
    login: audit
    backups:
      - {{result: /srv/日次 1/last, says: 正常終了, hours: 30}}
      - {{result: /srv/weekly, says: 正常終了}}
  - {{name: other.naibu.example.lg.jp, addresses: [{address}]}}
  - {{name: sw1.naibu.example.lg.jp, addresses: [10.78.0.251], config: {{platform: ios, file: sw1.txt}}}}
"""


def test_an_inventory_of_servers_and_devices_is_scanned_from_within(hosts_lab: HostsLab, tmp_path: Path) -> None:
    machine = hosts_lab.machines["servers-kept"]
    root = Path(f"/proc/{machine.init}/root")
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    (root / "root/.ssh/authorized_keys").write_text(hosts_lab.key.with_suffix(".pub").read_text())
    host_key = (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
    (tmp_path / "known_hosts").write_text(f"mail.naibu.example.lg.jp {' '.join(host_key)}\n")
    (tmp_path / "sw1.txt").write_text(IOS_BAD)
    (tmp_path / "inventory.yaml").write_text(INVENTORY.format(key=hosts_lab.key, address=machine.address))
    argv = [PROGRAM, "scan", f"--inventory={tmp_path / 'inventory.yaml'}", "--zone=office", "--format=jsonl", "--no-store"]
    (root / "srv/日次 1").mkdir()
    (root / "srv/日次 1/last").write_text("2026-11-21 異常終了\n2026-11-22 正常終了 0 件の誤り\n\n")
    (root / "srv/weekly").write_text("2026-11-21 正常終了\n2026-11-22 異常終了\n")
    argv += ["--only=host.backup.result", "--only=host.dns", "--only=host.mail", "--only=network"]
    done = subprocess.run(hosts_lab.command([str(word) for word in argv]), capture_output=True, text=True, check=False, timeout=100)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    tags = {
        (line["target"].split(":")[1].split(".")[0], line["check"]): line["tag"] or line["reason"]
        for line in lines
        if line["type"] == "result"
    }
    assert done.returncode == 1, done.stderr
    assert tags["mail", "host.mail.relay"] == "RELAY_REFUSED"
    assert tags["mail", "host.backup.result"] == "RESULT_BAD"
    assert [line["args"]["paths"] for line in lines if line.get("tag") == "RESULT_BAD"] == [["/srv/weekly"]]
    assert tags["other", "host.backup.result"] == "NO_RESULT_NAMED"
    assert tags["mail", "host.dns.recursion"] == "RECURSION_LIMITED"
    assert tags["mail", "network.management.clear-text"] == "OTHER_PLATFORM"
    assert tags["other", "host.mail.relay"] == "NOT_DECLARED"  # nobody can log in there
    assert tags["sw1", "network.management.clear-text"] == "CLEAR_TEXT_ON"
    assert tags["sw1", "network.access.passwords"] == "PASSWORDS_READABLE"
    assert tags["sw1", "host.mail.relay"] == "OTHER_PLATFORM"
