"""A Red Hat-like root made with the real rpm, createrepo_c and dnf: empty packages, a repository, a security notice."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from scanner.facts.software import InstalledSoftware, PackageSources, RestartNeed, SecurityUpdates
from scanner.hosts.base import CommandOutput
from scanner.hosts.linux.package_sources import package_sources
from scanner.hosts.linux.restart import restart_need
from scanner.hosts.linux.software import installed_software
from scanner.hosts.linux.updates import security_updates
from scanner.hosts.local import ENVIRONMENT, RootReader
from scanner.model.fact import Unobserved
from tests.lab.held import absent
from tests.lab.needed import need_lab

pytestmark = pytest.mark.lab
NEEDED = ("rpm", "rpmbuild", "dnf", "createrepo_c", "modifyrepo_c")
SPEC = "Name: {}\nVersion: {}\nRelease: {}\nSummary: t\nLicense: MIT\nBuildArch: noarch\n%description\nt\n%files\n"
NOTICE = (
    '<update from="x" status="final" type="{}" version="1"><id>{}</id><title>t</title><issued date="2026-05-01"/>'
    "<severity>Important</severity><summary>s</summary><description>d</description><references/>"
    '<pkglist><collection short="a"><name>a</name><package name="{}" version="{}" release="{}" epoch="0" arch="noarch" src="x.src.rpm">'
    "<filename>x</filename></package></collection></pkglist></update>"
)


class RedHat(RootReader):
    """The tree as a running machine: its own rpm and dnf are this machine's, told to work on the tree."""

    live = True

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = root

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Run rpm or dnf on the tree, dnf by the shell that sets its writing aside too; there is no other program."""
        dnf = ["--installroot", str(self.root), "--releasever", "9", f"--setopt=reposdir={self.root}/etc/yum.repos.d"]
        match argv[0]:
            case "rpm":
                words = ["rpm", "--root", str(self.root), "--dbpath", "/var/lib/rpm", *argv[1:]]
            case "dnf":
                words = ["dnf", *dnf, *argv[1:]]
            case "unshare":
                words = [*argv[:-1], argv[-1].replace("/var/", f"{self.root}/var/").replace("dnf -q", shlex.join(["dnf", *dnf, "-q"]))]
            case _:
                return None
        env = {**ENVIRONMENT, "HOME": str(self.root)}
        done = subprocess.run(words, capture_output=True, env=env, timeout=60, check=False)
        return CommandOutput(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def red_hat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RedHat:
    """A machine with four packages, of which one has a security notice and one only a newer version."""
    need_lab(request.config, absent(NEEDED))
    room = tmp_path_factory.mktemp("red-hat")
    root, repository = room / "root", room / "repository"
    for folder in (
        root / "etc/yum.repos.d",
        root / "etc/dnf",
        root / "proc",
        root / "var/lib/rpm",
        root / "var/lib/dnf",
        repository / "Packages",
    ):
        folder.mkdir(parents=True)
    old = [built(room, *words) for words in (("openssl", "3.0.7", "24.el9"), ("curl", "7.76.1", "9.el9"), ("glibc", "2.34", "60.el9"))]
    run("rpm", "--root", str(root), "--dbpath", "/var/lib/rpm", "-i", "--nodeps", *map(str, old))
    for words in (("openssl", "3.0.7", "27.el9"), ("curl", "7.76.1", "29.el9")):
        shutil.copy(built(room, *words), repository / "Packages")
    notices = NOTICE.format("security", "RHSA-2026:1", "openssl", "3.0.7", "27.el9") + NOTICE.format(
        "bugfix", "RHBA-2026:2", "curl", "7.76.1", "29.el9"
    )
    (room / "updateinfo.xml").write_text(f'<?xml version="1.0"?><updates>{notices}</updates>')
    run("createrepo_c", "-q", str(repository))
    run("modifyrepo_c", "--mdtype=updateinfo", str(room / "updateinfo.xml"), str(repository / "repodata"))
    # Debian's rpm keeps its database elsewhere; dnf uses the same library
    (root / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
    (root / "etc/dnf/dnf.conf").write_text("[main]\ngpgcheck=1\n")
    (root / "etc/yum.repos.d/a.repo").write_text(
        f"[baseos]\nname=a\nbaseurl=file://{repository}\n\n[off]\nname=b\nbaseurl=http://x\nenabled=0\n"
    )
    (root / "etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.4"\n')
    (root / "proc/stat").write_text(f"btime {int(time.time()) - 100_000}\n")
    (root / "proc/uptime").write_text("100000.5 1\n")
    return RedHat(root)


def run(*argv: str) -> None:
    """Run a program that has to succeed."""
    subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)


def built(room: Path, name: str, version: str, release: str) -> Path:
    """Build an empty package."""
    spec = room / f"{name}.spec"
    spec.write_text(SPEC.format(name, version, release))
    run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {room}/build", "--define", f"_rpmdir {room}/out", str(spec))
    return room / "out/noarch" / f"{name}-{version}-{release}.noarch.rpm"


def updates(machine: RedHat) -> SecurityUpdates:
    """What is offered."""
    fact = security_updates.run(machine)
    assert isinstance(fact, SecurityUpdates)
    return fact


def written(root: Path) -> dict[Path, tuple[int, int]]:
    """Every file and directory of the tree with its size and the time of its last change; rpm's memory that its readers share left out."""
    states = {path: path.lstat() for path in root.rglob("*") if not path.name.endswith("-shm")}
    return {path: (state.st_size, state.st_mtime_ns) for path, state in states.items()}


def test_nothing_is_known_before_lists_were_fetched_and_nothing_is_fetched_to_know(red_hat: RedHat) -> None:
    fact = updates(red_hat)
    assert (fact.has_lists, isinstance(fact.offered, Unobserved)) == (False, True)
    assert not (red_hat.root / "var/cache/dnf").exists()


def test_the_security_notice_counts_and_the_newer_version_without_one_does_not(red_hat: RedHat) -> None:
    done = red_hat.command(["dnf", "-q", "makecache"])
    assert done is not None
    assert done.status == 0, done.stderr
    os.utime(next((red_hat.root / "var/cache/dnf").glob("*/repodata/repomd.xml")), (time.time() - 5 * 86_400 - 60,) * 2)
    before = written(red_hat.root)
    fact = updates(red_hat)
    assert not isinstance(fact.offered, Unobserved)
    assert [(u.name, u.installed, u.offered, u.notice) for u in fact.offered] == [
        ("openssl", "3.0.7-24.el9", "3.0.7-27.el9", "RHSA-2026:1")
    ]
    assert (fact.has_lists, fact.lists_days, fact.held) == (True, 5, ())
    assert written(red_hat.root) == before


def test_packages_restart_and_sources_are_what_the_programs_say(red_hat: RedHat) -> None:
    software, restart, sources = installed_software.run(red_hat), restart_need.run(red_hat), package_sources.run(red_hat)
    assert isinstance(software, InstalledSoftware)
    assert not isinstance(software.packages, Unobserved)
    assert [p.name for p in software.packages] == ["curl", "glibc", "openssl"]
    assert isinstance(restart, RestartNeed)
    assert (restart.asked, restart.asked_by) == (True, ("glibc",))  # installed after the start that /proc/stat tells
    assert isinstance(sources, PackageSources)
    assert not isinstance(sources.sources, Unobserved)
    assert [(s.scheme, s.signed) for s in sources.sources] == [("file", True)]
