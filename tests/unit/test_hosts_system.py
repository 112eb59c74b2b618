"""Kernel, start-up, services, files and containers of machines made of the files and answers that decide."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.container_host import ContainerHost
from scanner.facts.files import FileWalk, Mounts, SensitiveFiles
from scanner.facts.kernel import Enforcement, KernelSettings, MandatoryAccessControl, Startup
from scanner.facts.readings import Readings
from scanner.facts.services import ListeningSockets, Services
from scanner.hosts.linux.engines import STARTED, container_host
from scanner.hosts.linux.kernel import CONFIG, kernel_settings
from scanner.hosts.linux.listening import LIST, listening_sockets
from scanner.hosts.linux.mac import APPARMOR_STATUS, LABELS, mandatory_access_control
from scanner.hosts.linux.mounts import mounts
from scanner.hosts.linux.rights import sensitive_files
from scanner.hosts.linux.running import UNITS
from scanner.hosts.linux.running import services as running_services
from scanner.hosts.linux.startup import KEYS_UNIT, startup
from scanner.hosts.linux.walk import WALK, file_walk
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import apt, sockets
from tests.unit.host_trees import Machine, look, machine, said


def setting(found: Machine, name: str) -> Readings[str]:
    """One kernel setting."""
    return next(s.value for s in look(KernelSettings, kernel_settings, found).settings if s.name == name)


# --- kernel ----------------------------------------------------------------------------------------------------------


def test_a_setting_made_by_hand_is_lost_where_the_kernel_s_default_is_known(tmp_path: Path) -> None:
    made = machine(tmp_path, {"/proc/sys/kernel/kptr_restrict": "1\n", "/proc/sys/kernel/dmesg_restrict": "1\n"})
    assert setting(made, "kernel.kptr_restrict") == Readings(None, "1", "0", "/proc/sys/kernel/kptr_restrict")
    # this one's default is chosen when a kernel is built
    assert isinstance(setting(made, "kernel.dmesg_restrict").after_restart, Unobserved)


@pytest.mark.parametrize(
    ("config", "expected"),
    [("CONFIG_SECURITY_DMESG_RESTRICT=y\nread\n", "1"), ("read\n", "0"), ("CONFIG_MAGIC_SYSRQ_DEFAULT_ENABLE=0x1b6\nread\n", "0")],
)
def test_a_default_chosen_at_the_build_is_read_from_the_kernel_s_configuration(tmp_path: Path, config: str, expected: str) -> None:
    made = machine(tmp_path, {"/proc/sys/kernel/dmesg_restrict": "1\n"}, {said(CONFIG.argv): config})
    assert setting(made, "kernel.dmesg_restrict").after_restart == expected
    if "0x1b6" in config:
        assert setting(made, "kernel.sysrq").after_restart == ""  # the running kernel has no such key


def test_lasting_files_decide_over_the_default_and_numbers_are_written_as_the_kernel_does(tmp_path: Path) -> None:
    made = machine(tmp_path, {"/proc/sys/kernel/sysrq": "16\n", "/etc/sysctl.d/a.conf": "kernel.sysrq = 0x10\n"})
    assert setting(made, "kernel.sysrq") == Readings("16", "16", "16", "/etc/sysctl.d/a.conf line 1")


def test_an_interface_gets_what_stands_for_it_and_otherwise_the_default(tmp_path: Path) -> None:
    files = {f"/proc/sys/net/ipv4/conf/{name}/rp_filter": "2\n" for name in ("all", "default", "eth0", "lo")}
    made = machine(tmp_path, {**files, "/etc/sysctl.d/a.conf": "net.ipv4.conf.default.rp_filter = 1\nnet.ipv4.conf.eth1.rp_filter = 0\n"})
    assert setting(made, "net.ipv4.conf.eth0.rp_filter").after_restart == "1"
    assert look(KernelSettings, kernel_settings, made).interfaces == ("eth0",)


def test_an_interface_forwards_by_its_own_line_and_otherwise_as_the_switch_for_all_says(tmp_path: Path) -> None:
    here = {f"/proc/sys/net/ipv4/conf/{name}/forwarding": "0\n" for name in ("all", "default", "eth0", "eth1")}
    lines = "net.ipv4.conf.eth0.forwarding = 1\nnet.ipv4.conf.all.forwarding = 0\n"
    own = machine(tmp_path / "own", {**here, "/etc/sysctl.d/a.conf": lines})
    later = {name: setting(own, f"net.ipv4.conf.{name}.forwarding").after_restart for name in ("all", "default", "eth0", "eth1")}
    assert later == {"all": "0", "default": "0", "eth0": "1", "eth1": "0"}
    router = machine(tmp_path / "router", {**here, "/etc/sysctl.d/a.conf": "net.ipv4.ip_forward = 1\n"})
    assert {setting(router, f"net.ipv4.conf.{name}.forwarding").after_restart for name in later} == {"1"}


def test_ufw_sets_its_own_file_after_all_others(tmp_path: Path) -> None:
    files = {
        "/etc/sysctl.d/a.conf": "net.ipv4.tcp_syncookies = 0\n",
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
        "/etc/default/ufw": 'IPT_SYSCTL="/etc/ufw/sysctl.conf"\n',
        "/etc/ufw/sysctl.conf": "net/ipv4/tcp_syncookies=1\n",
        "/proc/sys/net/ipv4/tcp_syncookies": "1\n",
    }
    wants = {"/etc/systemd/system/multi-user.target.wants/ufw.service": ""}
    assert setting(machine(tmp_path / "off", files), "net.ipv4.tcp_syncookies").after_restart == "0"
    assert setting(machine(tmp_path / "on", {**files, **wants}), "net.ipv4.tcp_syncookies").after_restart == "1"


@pytest.mark.parametrize(("mark", "keeper"), [("/.dockerenv", "docker"), ("/run/.containerenv", "podman"), ("/proc/vz/x", "openvz")])
def test_a_container_is_told_by_its_mark(tmp_path: Path, mark: str, keeper: str) -> None:
    assert look(KernelSettings, kernel_settings, machine(tmp_path, {mark: ""})).container == keeper


def test_rights_of_what_steers_logs_and_logins_are_looked_at(tmp_path: Path) -> None:
    paths = ("/etc/rsyslog.conf", "/etc/audit/auditd.conf", "/etc/login.defs", "/etc/security/faillock.conf", "/etc/sysctl.d/a.conf")
    found = look(SensitiveFiles, sensitive_files, machine(tmp_path, dict.fromkeys(paths, ""))).files
    assert {"/etc/rsyslog.conf", "/etc/audit", "/etc/login.defs", "/etc/security/faillock.conf", "/etc/sysctl.d"} <= {f.path for f in found}


# --- access control and start ----------------------------------------------------------------------------------------

STATUS = (
    '{"version":"2","profiles":{"named":"enforce","cupsd":"complain"},'
    '"processes":{"/usr/sbin/named":[{"profile":"named","pid":"1","status":"%s"}]}}'
)


def test_apparmor_is_what_aa_status_says(tmp_path: Path) -> None:
    files = {"/sys/module/apparmor/parameters/enabled": "Y\n", "/etc/apparmor.d/usr.sbin.named": "profile named {}\n"}
    made = machine(tmp_path, files, {said(APPARMOR_STATUS.argv): STATUS % "unconfined"})
    systems = look(MandatoryAccessControl, mandatory_access_control, made).systems
    assert not isinstance(systems, Unobserved)
    assert (systems[0].state.in_force, systems[0].permissive, systems[0].unconfined) == (
        Enforcement.ENFORCING,
        ("cupsd",),
        ("/usr/sbin/named",),
    )
    # nothing loads the profiles at the next start
    assert systems[0].state.after_restart is Enforcement.OFF


@pytest.mark.parametrize("answer", ["", "[]", '{"profiles": 1}', '{"profiles":{},"processes":{"a":[1]}}', "[" * 5000])
def test_an_answer_of_aa_status_that_cannot_be_read_is_unknown(tmp_path: Path, answer: str) -> None:
    made = machine(tmp_path, {"/sys/module/apparmor/parameters/enabled": "Y\n"}, {said(APPARMOR_STATUS.argv): answer})
    systems = look(MandatoryAccessControl, mandatory_access_control, made).systems
    assert not isinstance(systems, Unobserved)
    assert isinstance(systems[0].state.in_force, Unobserved)


@pytest.mark.parametrize(
    ("config", "options", "now", "expected"),
    [
        ("SELINUX=enforcing\n", "", "1", (Enforcement.ENFORCING, Enforcement.ENFORCING)),
        ("SELINUX=enforcing\n", "enforcing=0", "0", (Enforcement.PERMISSIVE, Enforcement.PERMISSIVE)),
        ("SELINUX=enforcing\n", "selinux=0", None, (Enforcement.OFF, Enforcement.OFF)),
        ("# SELINUX=enforcing\nSELINUX=disabled\n", "", "1", (Enforcement.ENFORCING, Enforcement.OFF)),
        ("SELINUX=permissive\n", "enforcing=1", "1", (Enforcement.ENFORCING, Enforcement.ENFORCING)),
    ],
)
def test_selinux_is_the_file_unless_the_kernel_was_told_otherwise(
    tmp_path: Path, config: str, options: str, now: str | None, expected: tuple[Enforcement, Enforcement]
) -> None:
    files = {"/etc/selinux/config": config, "/proc/cmdline": f"ro {options}\n", "/boot/grub2/grub.cfg": f"linux /vmlinuz ro {options}\n"}
    files |= {"/sys/fs/selinux/enforce": now} if now else {}
    labels = "system_u:system_r:unconfined_service_t:s0 myapp\nsystem_u:system_r:sshd_t:s0 sshd\n"
    systems = look(MandatoryAccessControl, mandatory_access_control, machine(tmp_path, files, {said(LABELS.argv): labels})).systems
    assert not isinstance(systems, Unobserved)
    assert (systems[0].state.in_force, systems[0].state.after_restart) == expected
    assert systems[0].unconfined == (() if now is None else ("myapp",))


def test_the_start_of_a_running_machine(tmp_path: Path) -> None:
    variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    files: dict[str, str | bytes] = {
        variable: b"\x06\0\0\0\x01",
        "/sys/devices/system/cpu/vulnerabilities/mds": "Vulnerable\n",
        "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
        "/proc/cmdline": "ro mds=off\n",
        "/boot/grub/grub.cfg": "if [ x = y ]; then\nset superusers=root\npassword root x\nfi\nlinux /v ro\n",
        "/etc/systemd/system.conf": "[Manager]\nCtrlAltDelBurstAction=none\n",
        "/usr/lib/systemd/system/ctrl-alt-del.target": "[Unit]\n",
    }
    fact = look(Startup, startup, machine(tmp_path, files, {said(KEYS_UNIT.argv): "LoadState=masked\n"}))
    assert (fact.firmware, fact.secure_boot, fact.lockdown) == ("uefi", True, "integrity")
    assert isinstance(fact.loader_password, Unobserved)  # it stands under a condition that is not known
    assert isinstance(fact.restarts_on_keys, Readings)
    assert (fact.restarts_on_keys.in_force, fact.restarts_on_keys.after_restart) == (False, True)
    assert isinstance(fact.mitigations_off, Readings)
    assert (fact.mitigations_off.in_force, fact.mitigations_off.after_restart) == (True, False)


# --- sockets ---------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_octets_end_in_a_value_or_a_refusal(junk: bytes) -> None:
    readers = (apt.configuration, apt.one_line_sources, apt.stanza_sources, sockets.of_ss, lambda d: sockets.of_proc(d, "tcp"))
    for read in readers:
        with suppress(apt.NotApt, sockets.NotSockets):
            assert isinstance(read(junk), tuple)


def test_sockets_of_ss_and_of_the_kernel_s_tables() -> None:
    text = (
        b'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))\n'
        b"udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:*\ntcp LISTEN 0 128 [::1]:631 [::]:*\nudp UNCONN 0 0 [fe80::1]%eth0:546 [::]:*\n"
        b"tcp LISTEN 0 4 *:80 *:*\n"
    )
    assert [(w.protocol, w.address, w.port, w.program) for w in sockets.of_ss(text)] == [
        ("tcp", None, 22, "sshd"),
        ("udp", "127.0.0.53", 53, None),
        ("tcp", "::1", 631, None),
        ("udp", "fe80::1", 546, None),
        ("tcp", None, 80, None),
    ]
    table = b"  sl local rem st\n 0: 0100007F:1538 00000000:0000 0A 0\n 1: 00000000:0016 0:0 0A\n 2: 0100007F:9999 0100007F:1 01\n"
    assert [(w.address, w.port) for w in sockets.of_proc(table, "tcp")] == [("127.0.0.1", 5432), (None, 22)]
    six = b"head\n 0: 00000000000000000000000001000000:0277 0:0 0A\n"
    assert [(w.address, w.port) for w in sockets.of_proc(six, "tcp")] == [("::1", 631)]


def test_without_root_the_programs_are_unknown_and_a_machine_without_ss_is_read_from_its_tables(tmp_path: Path) -> None:
    fact = look(ListeningSockets, listening_sockets, machine(tmp_path, {}, {said(LIST.argv): "tcp LISTEN 0 1 *:22 *:*\n"}))
    assert isinstance(fact.sockets[0].program, Unobserved)
    bare = machine(
        tmp_path / "b", {"/proc/net/tcp": "h\n 0: 00000000:0016 0:0 0A\n", "/proc/sys/net/ipv4/ip_local_port_range": "1024 2000\n"}
    )
    fact = look(ListeningSockets, listening_sockets, bare)
    assert ([(s.port, s.loopback) for s in fact.sockets], fact.short_lived) == ([(22, False)], (1024, 2000))


# --- services, files, containers -------------------------------------------------------------------------------------


def test_services_that_start_run_or_failed(tmp_path: Path) -> None:
    made = machine(
        tmp_path,
        {
            "/etc/systemd/system/multi-user.target.wants/ssh.service": "",
            "/etc/systemd/system/sockets.target.wants/cups.socket": "",
            "/etc/systemd/system/rescue.target.wants/x.service": "",
            "/etc/systemd/system/multi-user.target.wants/masked.service": "",
            "/etc/systemd/system/masked.service": "",
            "/etc/inetd.conf": "#ftp stream tcp nowait root x\ntelnet stream tcp nowait root /usr/sbin/tcpd in.telnetd\n",
        },
        {
            said(
                UNITS.argv
            ): "ssh.service loaded active running OpenSSH\n● auditd.service loaded failed failed x\ncups.service loaded inactive dead x\n",
        },
    )
    found = look(Services, running_services, made).services
    assert not isinstance(found, Unobserved)
    assert {(s.name, s.kind): (s.starts, s.running, s.failed) for s in found} == {
        ("ssh", "service"): (True, True, False),
        ("cups", "socket"): (True, False, False),
        ("auditd", "service"): (False, False, True),
        ("telnet", "inetd"): (False, False, False),
    }


def test_a_walk_s_answer_and_what_cut_it_short(tmp_path: Path) -> None:
    files = {"/etc/passwd": "root:x:0:0::/:/x\nhanako:x:1000:1000::/:/x\n", "/etc/group": "root:x:0:\nshadow:x:42:\n"}
    answer = (
        "- /srv/nfs nfs4\n0\ns|4755|0|0|/usr/bin/su\nw|666|1000|1000|/srv/a|b\nd|777|0|0|/srv/d\n"
        "u|644|5555|0|/srv/u\nu|644|6000|0|/srv/known\n"
    )
    getent = {"getent passwd 5555 6000": "ldapuser:*:6000:6000::/:/x\n", "getent group 1000": ""}
    fact = look(FileWalk, file_walk, machine(tmp_path / "a", files, {said(WALK.argv): answer + "= 0\n", **getent}))
    assert [(f.path, f.mode, f.owner) for f in (*fact.privileged, *fact.open_files)] == [
        ("/usr/bin/su", 0o4755, "root"),
        ("/srv/a|b", 0o666, "hanako"),
    ]
    assert ([f.path for f in fact.unowned], fact.complete, fact.left_out) == (["/srv/u"], True, ("/srv/nfs nfs4",))
    for cut in (answer, answer + "= 124\n", answer.replace("\n0\n", "\n1000\n") + "= 1\n"):
        assert look(FileWalk, file_walk, machine(tmp_path / str(len(cut)), files, {said(WALK.argv): cut})).complete is False


def test_the_walk_s_command_finds_what_is_there(tmp_path: Path) -> None:
    """The script itself, run by a real shell over a small tree in the place of the root."""
    (tmp_path / "bin").mkdir()
    for name, mode in (("suid", 0o4755), ("open", 0o666), ("fine", 0o644)):
        (tmp_path / "bin" / name).write_text("x")
        (tmp_path / "bin" / name).chmod(mode)
    (tmp_path / "drop").mkdir(mode=0o777)
    (tmp_path / "drop").chmod(0o777)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    script = WALK.argv[2].replace("find $own", f"find {tmp_path}")
    out = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.split("\n")
    found = {line.split("|")[0] + line.split("|")[4].removeprefix(str(tmp_path)) for line in out if line.count("|") == 4}
    assert {"s/bin/suid", "w/bin/open", "d/drop"} <= found
    assert not {one for one in found if one.endswith(("/fine", "/shared"))}
    assert "= 0" in out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("noexec,nosuid,nodev", {"noexec", "nosuid", "nodev"}),
        ("user", {"user", "noexec", "nosuid", "nodev"}),
        ("user,exec", {"user", "exec", "nosuid", "nodev"}),
        ("noexec,defaults", {"defaults"}),
        ("owner", {"owner", "nosuid", "nodev"}),
    ],
)
def test_options_of_fstab_mean_what_mount_makes_of_them(tmp_path: Path, options: str, expected: set[str]) -> None:
    files = {"/etc/fstab": f"tmpfs /tmp tmpfs {options} 0 0\n", "/proc/self/mounts": "tmpfs /tmp tmpfs rw 0 0\n"}
    place = next(m for m in look(Mounts, mounts, machine(tmp_path, files)).places if m.path == "/tmp")
    assert isinstance(place.options.after_restart, tuple)
    assert (set(place.options.after_restart), place.options.in_force) == (expected, ("rw",))


def test_systemd_mounts_tmp_by_its_unit_and_shared_memory_by_itself(tmp_path: Path) -> None:
    unit = "[Mount]\nOptions=mode=1777,strictatime,nosuid,nodev\n"
    files = {"/usr/lib/systemd/system/tmp.mount": unit, "/usr/lib/systemd/system/local-fs.target.wants/tmp.mount": ""}
    places = {m.path: m.options.after_restart for m in look(Mounts, mounts, machine(tmp_path, files, live=False)).places}
    assert places["/tmp"] == ("mode=1777", "strictatime", "nosuid", "nodev")
    assert (places["/dev/shm"], places["/home"]) == (("nosuid", "nodev"), ())


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # seen on Debian 12 (systemd 252): each was started with these files
        ({"/etc/systemd/system/tmp.mount": "[Mount]\nOptions=nosuid\n"}, ("nosuid",)),
        ({"/usr/lib/systemd/system/tmp.mount": "[Mount]\nOptions=nosuid\n"}, ("nosuid", "nodev", "noexec")),
        ({"/etc/systemd/system/tmp.mount.d/x.conf": "[Mount]\nOptions=nodev\n"}, ("nodev",)),
        ({"/etc/systemd/system/tmp.mount": ""}, ()),
        # systemd.mount(5): without the setting, and where it is taken back, nothing but the defaults
        ({"/etc/systemd/system/tmp.mount": "[Mount]\nWhere=/tmp\n"}, ("defaults",)),
        ({"/etc/systemd/system/tmp.mount.d/x.conf": "[Mount]\nOptions=\n"}, ("defaults",)),
        ({"/etc/systemd/system/tmp.mount.d/x.conf": "[Mount]\nTimeoutSec=9\n"}, ("nosuid", "nodev", "noexec")),
    ],
)
def test_a_unit_in_etc_and_drop_ins_outrank_the_line_of_fstab(tmp_path: Path, files: Mapping[str, str], expected: tuple[str, ...]) -> None:
    read = machine(tmp_path, {"/etc/fstab": "tmpfs /tmp tmpfs nosuid,nodev,noexec 0 0\n", **files}, live=False)
    assert next(m for m in look(Mounts, mounts, read).places if m.path == "/tmp").options.after_restart == expected


def test_any_place_may_be_mounted_by_a_unit_whose_last_options_count(tmp_path: Path) -> None:
    unit = "[Mount]\nWhere=/var/tmp\nOptions=nosuid\nOptions=nodev,noexec\n"
    files = {"/etc/systemd/system/var-tmp.mount": unit, "/etc/systemd/system/local-fs.target.wants/var-tmp.mount": ""}
    places = {m.path: m.options.after_restart for m in look(Mounts, mounts, machine(tmp_path, files, live=False)).places}
    assert (places["/var/tmp"], places["/home"]) == (("nodev", "noexec"), ())


@pytest.mark.parametrize(
    ("settings_", "command", "open_"),
    [
        ('{"hosts": ["tcp://0.0.0.0:2375"]}', "", ("tcp://0.0.0.0:2375",)),
        ('{"hosts": ["tcp://0.0.0.0:2376"], "tlsverify": true}', "", ()),
        ("{}", "{ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// -H tcp://:2375 ; ignore=no }", ("tcp://:2375",)),
        ("{}", "{ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd --tlsverify -H=tcp://:2376 ; ignore=no }", ()),
        ("", "", ()),
    ],
)
def test_docker_listens_where_its_file_or_its_unit_says(tmp_path: Path, settings_: str, command: str, open_: tuple[str, ...]) -> None:
    files = {"/usr/bin/dockerd": "", "/etc/docker/daemon.json": settings_, "/etc/group": "docker:x:99:hanako\n", "/run/docker.sock": ""}
    made = machine(tmp_path, files, {said(STARTED.argv): f"Id=docker.service\nExecStart={command}\n\nId=libvirtd.service\n"})
    engines = look(ContainerHost, container_host, made).engines
    assert not isinstance(engines, Unobserved)
    assert isinstance(engines[0].open_addresses, Readings)
    assert (engines[0].open_addresses.after_restart, engines[0].members) == (open_, ("hanako",))


def test_a_file_that_docker_refuses_is_unknown(tmp_path: Path) -> None:
    engines = look(ContainerHost, container_host, machine(tmp_path, {"/usr/bin/dockerd": "", "/etc/docker/daemon.json": "{,}"})).engines
    assert not isinstance(engines, Unobserved)
    assert isinstance(engines[0].isolates, Unobserved)


def test_what_only_a_running_machine_shows_is_unsupported_on_an_image(tmp_path: Path) -> None:
    for collector in (listening_sockets, file_walk):
        with pytest.raises(CannotObserve) as why:
            collector.run(machine(tmp_path, {}, live=False))
        assert why.value.reason is Reason.UNSUPPORTED
