"""Packages: their updates, sources and versions, and the restarts that they ask for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.software import AutomaticUpdates, InstalledSoftware, PackageSources, RestartNeed, SecurityUpdates
from scanner.hosts.linux.package_sources import package_sources
from scanner.hosts.linux.restart import RPM_TIMES, STALE, restart_need
from scanner.hosts.linux.software import DPKG_LIST, RPM_LIST, installed_software
from scanner.hosts.linux.unattended import APT_DUMP, automatic_updates
from scanner.hosts.linux.updates import APT_OFFERS, DNF_OFFERS, security_updates
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import apt, package_versions
from tests.unit.host_trees import DEBIAN, NOW, RED_HAT, age, look, machine, said


def test_security_updates_are_what_security_lists_hold_beyond_what_is_installed(tmp_path: Path) -> None:
    lists = "/var/lib/apt/lists/mirror.example_debian-security_dists_bookworm-security"
    listed = "ii |openssl|3.0.11-1~deb12u2|amd64\nhi |nginx|1.22-9|amd64\nrc |gone|1|amd64\nii |tzdata|2024a|all\n"
    offered = "openssl|3.0.9-1|amd64\nopenssl|3.0.15-1~deb12u1|amd64\nopenssl|4|i386\ngone|9|amd64\ntzdata|2024a|all\nend\n"
    made = machine(
        tmp_path,
        {**DEBIAN, f"{lists}_InRelease": "", f"{lists}_main_binary-amd64_Packages": ""},
        {said(DPKG_LIST.argv): listed, said(APT_OFFERS.argv): offered},
    )
    age(made, f"{lists}_InRelease", NOW - 3 * 86_400 - 5)
    fact = look(SecurityUpdates, security_updates, made)
    assert not isinstance(fact.offered, Unobserved)
    assert [(u.name, u.offered) for u in fact.offered] == [("openssl", "3.0.15-1~deb12u1")]
    assert (fact.has_lists, fact.lists_days, fact.held) == (True, 3, ("nginx",))


@pytest.mark.parametrize("suite", ["bullseye-security", "bookworm", "bookworm-updates"])
def test_lists_of_another_release_or_suite_are_no_security_lists(tmp_path: Path, suite: str) -> None:
    made = machine(tmp_path, {**DEBIAN, f"/var/lib/apt/lists/m_dists_{suite}_main_binary-amd64_Packages": ""}, {said(DPKG_LIST.argv): ""})
    fact = look(SecurityUpdates, security_updates, made)
    assert fact.has_lists is False
    assert isinstance(fact.offered, Unobserved)


def test_lists_that_end_before_their_end_are_no_answer(tmp_path: Path) -> None:
    name = "/var/lib/apt/lists/m_dists_bookworm-security_main_binary-amd64_Packages"
    made = machine(tmp_path, {**DEBIAN, name: ""}, {said(DPKG_LIST.argv): "", said(APT_OFFERS.argv): "openssl|9|amd64\n"})
    assert isinstance(look(SecurityUpdates, security_updates, made).offered, Unobserved)


def test_the_red_hat_family_is_read_from_what_dnf_has(tmp_path: Path) -> None:
    notices = "RHSA-2024:1 Important/Sec. openssl-3.0.7-27.el9.x86_64\nRHSA-2024:2 Low/Sec. openssl-1:3.0.7-28.el9.x86_64\njunk\n"
    made = machine(
        tmp_path,
        {**RED_HAT, "/var/cache/dnf/baseos-1/repodata/repomd.xml": "", "/var/cache/dnf/baseos-1/repodata/a-updateinfo.xml.gz": ""},
        {said(RPM_LIST.argv): "openssl|0:3.0.7-24.el9|x86_64\ngpg-pubkey|0:1-1|(none)\n", said(DNF_OFFERS.argv): notices},
    )
    age(made, "/var/cache/dnf/baseos-1/repodata/repomd.xml", NOW - 10)
    fact = look(SecurityUpdates, security_updates, made)
    assert not isinstance(fact.offered, Unobserved)
    assert [(u.name, u.installed, u.offered, u.notice) for u in fact.offered] == [
        ("openssl", "3.0.7-24.el9", "1:3.0.7-28.el9", "RHSA-2024:2")
    ]
    packages = look(InstalledSoftware, installed_software, made).packages
    assert not isinstance(packages, Unobserved)
    assert [p.name for p in packages] == ["openssl"]


def test_repositories_without_notices_say_nothing_of_security(tmp_path: Path) -> None:
    made = machine(tmp_path, {**RED_HAT, "/var/cache/dnf/x-1/repodata/repomd.xml": ""}, {said(RPM_LIST.argv): "a|0:1-1|noarch\n"})
    fact = look(SecurityUpdates, security_updates, made)
    assert (fact.has_lists, isinstance(fact.offered, Unobserved)) == (False, True)


def test_what_dnf5_has_fetched_is_not_taken_for_nothing(tmp_path: Path) -> None:
    made = machine(tmp_path, {**RED_HAT, "/var/cache/libdnf5/fedora-1/repodata/repomd.xml": ""}, {said(RPM_LIST.argv): "a|0:1-1|noarch\n"})
    has = look(SecurityUpdates, security_updates, made).has_lists
    assert isinstance(has, Unobserved)
    assert has.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("modules", "running_now", "newest"),
    [
        (("6.1.0-9-amd64", "6.1.0-25-amd64"), "6.1.0-9-amd64", "6.1.0-25-amd64"),
        (("6.1.0-9-amd64", "6.1.0-25-cloud-amd64"), "6.1.0-9-amd64", "6.1.0-9-amd64"),
        (("5.14.0-362.el9.x86_64", "5.14.0-362.8.1.el9_3.x86_64"), "5.14.0-362.el9.x86_64", "5.14.0-362.8.1.el9_3.x86_64"),
        (("6.8.0-40-generic", "6.8.0-9-generic"), "6.8.0-40-generic", "6.8.0-40-generic"),
        (("6.1.0-9-amd64",), "6.9-host", None),
    ],
)
def test_the_newest_kernel_of_the_running_one_s_kind(
    tmp_path: Path, modules: tuple[str, ...], running_now: str, newest: str | None
) -> None:
    files = {f"/lib/modules/{name}/modules.dep": "" for name in modules}
    made = machine(tmp_path, {**DEBIAN, **files, "/proc/sys/kernel/osrelease": running_now}, {said(STALE.argv): "sshd\nend\n"})
    fact = look(RestartNeed, restart_need, made)
    assert (fact.newest_kernel, fact.stale_programs, fact.asked) == (newest, ("sshd",), False)


def test_a_kernel_built_anew_under_the_same_name_is_newer(tmp_path: Path) -> None:
    files = {"/lib/modules/6.1.0-25-amd64/modules.dep": "", "/proc/sys/kernel/osrelease": "6.1.0-25-amd64"}
    made = machine(
        tmp_path,
        {**DEBIAN, **files, "/proc/version": "Linux version 6.1.0-25-amd64 (x) #1 SMP Debian 6.1.106-3 (2024-08-26)\n"},
        {said(DPKG_LIST.argv): "ii |linux-image-6.1.0-25-amd64|6.1.106-4|amd64\n"},
    )
    assert look(RestartNeed, restart_need, made).newest_kernel == "6.1.0-25-amd64 (6.1.106-4)"


def test_packages_installed_after_the_start_ask_for_a_restart_in_the_red_hat_family(tmp_path: Path) -> None:
    made = machine(
        tmp_path, RED_HAT, {said(RPM_TIMES.argv): "glibc 1700000100\nsystemd 1600000000\npackage dbus-daemon is not installed\n"}
    )
    fact = look(RestartNeed, restart_need, made)
    assert (fact.asked, fact.asked_by) == (True, ("glibc",))
    assert isinstance(fact.stale_programs, Unobserved)


def test_apt_settings_are_read_as_apt_prints_them(tmp_path: Path) -> None:
    text = 'A::B "1";\n// no\nA { C "x y"; D:: "i"; /* "q" */ E { "j"; "k"; }; };\n#clear A::B;\nA::B "2"; # no\n'
    (tmp_path / "conf").write_text(text)
    dump = subprocess.run(["apt-config", "-c", str(tmp_path / "conf"), "dump"], capture_output=True, check=True).stdout

    def wanted(data: bytes) -> list[tuple[str, str | None]]:
        return [(line.name, line.value) for line in apt.configuration(data) if line.name.startswith("a::") and line.value]

    assert sorted(set(wanted(dump))) == sorted({("a::b", "2"), ("a::c", "x y"), ("a::d::", "i"), ("a::e::", "j"), ("a::e::", "k")})
    # the files hold the older value of a setting too; the last one counts
    assert [v for n, v in wanted(text.encode()) if n == "a::b"][-1] == "2"


@pytest.mark.parametrize(
    ("dump", "installs", "security"),
    [
        ('APT::Periodic::Update-Package-Lists "1";APT::Periodic::Unattended-Upgrade "1";', True, False),
        ('APT::Periodic::Update-Package-Lists "1";APT::Periodic::Unattended-Upgrade "0";', False, False),
        ('APT::Periodic::Update-Package-Lists "1";APT::Periodic::Unattended-Upgrade "1";APT::Periodic::Enable "0";', False, False),
        ('APT::Periodic::Unattended-Upgrade "1";Unattended-Upgrade::Allowed-Origins:: "Ubuntu:jammy-security";', False, True),
    ],
)
def test_unattended_upgrades_need_both_switches_and_their_timers(tmp_path: Path, dump: str, installs: bool, security: bool) -> None:
    links = {f"/etc/systemd/system/timers.target.wants/{timer}": "" for timer in ("apt-daily.timer", "apt-daily-upgrade.timer")}
    made = machine(tmp_path, {**DEBIAN, **links, "/usr/bin/unattended-upgrade": ""}, {said(APT_DUMP.argv): dump})
    updaters = look(AutomaticUpdates, automatic_updates, made).updaters
    assert not isinstance(updaters, Unobserved)
    assert (updaters[0].installs.after_restart, updaters[0].security) == (installs, security)


def test_dnf_automatic_is_its_section_and_a_timer_may_beat_it(tmp_path: Path) -> None:
    conf = "[emitters]\napply_updates = yes\n[commands]\napply_updates = no\nupgrade_type = security\n"
    by_file = machine(tmp_path / "a", {**RED_HAT, "/etc/dnf/automatic.conf": conf}, live=False)
    updaters = look(AutomaticUpdates, automatic_updates, by_file).updaters
    assert not isinstance(updaters, Unobserved)
    assert updaters[0].installs.after_restart is False
    link = {"/etc/systemd/system/timers.target.wants/dnf-automatic-install.timer": ""}
    updaters = look(
        AutomaticUpdates, automatic_updates, machine(tmp_path / "b", {**RED_HAT, "/etc/dnf/automatic.conf": conf, **link}, live=False)
    ).updaters
    assert not isinstance(updaters, Unobserved)
    assert (updaters[0].installs.after_restart, updaters[0].security) == (True, True)


def test_dnf5_has_a_timer_of_its_own(tmp_path: Path) -> None:
    files = {
        "/etc/dnf/automatic.conf": "[commands]\napply_updates = yes\n",
        "/usr/lib/systemd/system/dnf5-automatic.timer": "",
        "/etc/systemd/system/timers.target.wants/dnf5-automatic.timer": "",
    }
    updaters = look(AutomaticUpdates, automatic_updates, machine(tmp_path, {**RED_HAT, **files}, live=False)).updaters
    assert not isinstance(updaters, Unobserved)
    assert updaters[0].installs.after_restart is True


def test_sources_in_both_forms_and_without_credentials(tmp_path: Path) -> None:
    files = {
        "/etc/apt/sources.list": "deb [trusted=yes arch=amd64] https://user:secret@a.example/x stable main\n#deb http://no/ x y\n",
        "/etc/apt/sources.list.d/b.sources": "Types: deb\nURIs: http://b.example/1\n http://c.example:8080/2?key=secret\nSuites: s\n\n"
        "Types: deb\nEnabled: no\nURIs: http://off.example\nSuites: s\n\nTypes: deb\nURIs: file:/srv/x\nSuites: s\nAllow-Insecure: yes\n",
        "/etc/apt/sources.list.d/old.list.save": "deb http://old.example/ x y\n",
    }
    fact = look(
        PackageSources,
        package_sources,
        machine(tmp_path, {**DEBIAN, **files}, {said(APT_DUMP.argv): 'APT::Get::AllowUnauthenticated "true";'}),
    )
    assert not isinstance(fact.sources, Unobserved)
    assert [(s.address, s.host, s.signed) for s in fact.sources] == [
        ("https://a.example/x", "a.example", False),
        ("http://b.example/1", "b.example", True),
        ("http://c.example:8080/2", "c.example", True),
        ("file:/srv/x", "", False),
    ]
    assert fact.lax == ("APT::Get::AllowUnauthenticated true",)
    assert "secret" not in repr(fact)


def test_a_repository_is_signed_where_it_or_the_main_file_says_so(tmp_path: Path) -> None:
    files = {
        "/etc/dnf/dnf.conf": "[main]\ngpgcheck=1\n",
        "/etc/yum.repos.d/a.repo": "[a]\nbaseurl=https://a.example/\n[b]\nbaseurl=https://b.example/\ngpgcheck=0\nsslverify=0\n[c]\nenabled=0\nbaseurl=http://c/\n",
    }
    fact = look(PackageSources, package_sources, machine(tmp_path, {**RED_HAT, **files}))
    assert not isinstance(fact.sources, Unobserved)
    assert [(s.host, s.signed) for s in fact.sources] == [("a.example", True), ("b.example", False)]
    assert fact.lax == ("/etc/yum.repos.d/a.repo [b] sslverify=0",)


def test_what_peers_show_need_not_be_verified_for_one_host(tmp_path: Path) -> None:
    dump = 'Acquire::https::repo.example::Verify-Peer "false";\nAcquire::https::other.example::Verify-Host "true";\n'
    fact = look(PackageSources, package_sources, machine(tmp_path, DEBIAN, {said(APT_DUMP.argv): dump}))
    assert fact.lax == ("acquire::https::repo.example::verify-peer false",)


def test_repositories_of_dnf_as_its_language_has_them(tmp_path: Path) -> None:
    files = {
        "/etc/dnf/dnf.conf": "[main]\ngpgcheck='1'\n[own]\nbaseurl=http://own.example/\n",
        "/etc/yum.repos.d/a.repo": '[a]\nenabled="1"\nbaseurl=https://a.example/\n  http://b.example/?x=1\n\t# more\ngpgcheck=0\n',
    }
    fact = look(PackageSources, package_sources, machine(tmp_path / "a", {**RED_HAT, **files}))
    assert not isinstance(fact.sources, Unobserved)
    found = [(source.address, source.signed) for source in fact.sources if source.host]
    assert found == [("http://own.example/", True), ("https://a.example/", False), ("http://b.example/", False)]
    elsewhere = {**RED_HAT, "/etc/dnf/dnf.conf": "[main]\nreposdir=/srv/repos\n"}
    assert isinstance(look(PackageSources, package_sources, machine(tmp_path / "b", elsewhere)).sources, Unobserved)


@pytest.mark.parametrize("dnf5", [False, True])
def test_dnf5_has_settings_below_its_main_file_and_over_its_repositories(tmp_path: Path, dnf5: bool) -> None:
    files = {
        "/etc/dnf/dnf.conf": "[main]\nsslverify=1\n",
        "/usr/share/dnf5/libdnf.conf.d/20-vendor.conf": "[main]\npkg_gpgcheck=0\n",
        "/etc/dnf/libdnf5.conf.d/20-vendor.conf": "[main]\npkg_gpgcheck=1\nsslverify=0\n",
        "/etc/yum.repos.d/a.repo": "[fedora]\nbaseurl=https://a.example/\n[extra]\nbaseurl=https://b.example/\ngpgcheck=1\n[off]\nenabled=0\n"
        "baseurl=https://c.example/\n",
        "/etc/dnf/repos.override.d/99-config_manager.repo": "[ext*]\ngpgcheck=0\nsslverify=0\n[off]\nenabled=1\n",
    }
    fact = look(PackageSources, package_sources, machine(tmp_path, {**RED_HAT, **files, **({"/usr/bin/dnf5": ""} if dnf5 else {})}))
    assert not isinstance(fact.sources, Unobserved)
    seen = {source.host: source.signed for source in fact.sources}
    if dnf5:
        assert seen == {"a.example": True, "b.example": False, "c.example": True}
        assert fact.lax == ("/etc/yum.repos.d/a.repo [extra] sslverify=0",)
    else:
        assert (seen, fact.lax) == ({"a.example": False, "b.example": True}, ())


# --- versions --------------------------------------------------------------------------------------------------------

VERSION = st.text(alphabet="0123456789abzAZ.+~:-^_", max_size=12)


@given(VERSION, VERSION, VERSION)
@settings(max_examples=150, deadline=None)
def test_versions_have_one_order(a: str, b: str, c: str) -> None:
    for compare in (package_versions.debian, package_versions.rpm):
        assert compare(a, a) == 0
        assert compare(a, b) == -compare(b, a)
        if compare is package_versions.debian and compare(a, b) <= 0 and compare(b, c) <= 0:
            assert compare(a, c) <= 0


@pytest.mark.parametrize(
    ("a", "b"),
    [("1.0~rc1-1", "1.0-1"), ("1.0-1", "1.0-1+deb12u1"), ("1.0-9", "1.0-10"), ("2.0", "1:1.0"), ("1.0", "1.0a"), ("1.0a", "1.0+")],
)
def test_debian_s_order_is_dpkg_s(a: str, b: str) -> None:
    assert package_versions.debian(a, b) == -1
    assert subprocess.run(["dpkg", "--compare-versions", a, "lt", b], check=False).returncode == 0


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.0~rc1-1", "1.0-1"),
        ("1.0-1", "1.0^git1-1"),
        ("1.0^git1-1", "1.0.1-1"),
        ("1.0-9.el9", "1.0-10.el9"),
        ("1.a-1", "1.0-1"),
        ("9-1", "1:1-1"),
    ],
)
def test_rpm_s_order(a: str, b: str) -> None:
    assert package_versions.rpm(a, b) == -1
