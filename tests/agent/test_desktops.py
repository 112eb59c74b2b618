"""The agent on this machine as it would be with GNOME, with Plasma and with no desktop: real processes, a real hub over TLS.

Each tree holds what a desktop brings and what an administrator set, written by the programs that own the files. It is laid over this
machine's directories in a mount namespace, so that the agent runs where it is and reads a machine that runs. What arrives is judged.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.hub import book, enrolment
from scanner.hub.database import Database
from scanner.hub.keyfile import load_or_make
from tests.agent.killing import Pair, wait_for
from tests.hub.test_posture import posture_of
from tests.unit.host_trees import gnome, kde
from tests.unit.test_hosts_screen_lock import KEYS, LOCKS

OVERLAID = ("etc", "usr/bin", "usr/share")
HIDDEN = ("etc/dconf", "usr/share/xsessions", "usr/share/wayland-sessions")
"""This machine's own desktops."""
LAY = 'tree=$1; shift; for d in $OVERLAID; do mount -t overlay overlay -o "lowerdir=$tree/$d:/$d" "/$d"; done; exec "$@"'


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A hub that runs, and asks for few facts."""
    made = Pair(tmp_path_factory.mktemp("hub"))
    try:
        wait_for(made.port)
        with Database(made.url) as database:
            enrolment.set_policy(database, load_or_make(made.hub_key), "test", ["ScreenLock", "AutoRun"], 3600)
        yield made
    finally:
        made.close()


def tags(hub: Pair, tree: Path) -> dict[str, str]:
    """Enrol and report from this machine with a tree laid over it; give what the hub judges, by check."""
    for name in (*OVERLAID, *HIDDEN):
        (tree / name).mkdir(parents=True, exist_ok=True)
    for name in HIDDEN:
        os.setxattr(tree / name, "trusted.overlay.opaque", b"y")
    state = tree.with_name(f"{tree.name}-agent")
    configuration = tree.with_name(f"{tree.name}.toml")
    configuration.write_text(f'state = "{state}"\nca_file = "{hub.certificate}"\n', "utf-8")
    with Database(hub.url) as database:
        token = enrolment.make_token(database, load_or_make(hub.hub_key), "test", note=tree.name, agent=None)
    for words in (["enroll", "--hub", hub.address, "--token", token.text], ["report"]):
        agent = [str(Path(sys.executable).with_name("tenken-agent")), "--config", str(configuration), *words]
        inside = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", LAY, "sh", str(tree), *agent]
        subprocess.run(
            inside, check=True, stdin=subprocess.DEVNULL, env={"OVERLAID": " ".join(OVERLAID), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        )
    with Database(hub.url) as database:
        posture_of(database).bring_up_to_date()
        (row,) = (row for row in book.agent_rows(database) if row.note == tree.name)
        return {line["check"]: line["tag"] or line["reason"] for line in book.result_lines(database, row.agent)}


def test_gnome_with_locks(hub: Pair, tmp_path: Path) -> None:
    tree = tmp_path / "gnome"
    gnome(tree, live=False).schemas().dconf(KEYS, LOCKS)
    found = tags(hub, tree)
    assert found["endpoint.screen-lock.idle"] == "LOCK_OK"
    assert found["endpoint.screen-lock.enforced"] == "LOCK_FIXED"


def test_plasma_as_it_comes(hub: Pair, tmp_path: Path) -> None:
    tree = tmp_path / "plasma"
    kde(tree, live=False)
    found = tags(hub, tree)
    assert found["endpoint.screen-lock.idle"] == "LOCK_OK"
    assert found["endpoint.screen-lock.enforced"] == "LOCK_CHANGEABLE"


def test_no_desktop(hub: Pair, tmp_path: Path) -> None:
    found = tags(hub, tmp_path / "none")
    assert found["endpoint.screen-lock.idle"] == "NO_DISPLAY"
