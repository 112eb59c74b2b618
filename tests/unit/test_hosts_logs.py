"""The collectors for logs and the audit record on small trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.audit_trail import AuditStore, AuditSubject, AuditSwitch, AuditTrail
from scanner.facts.log_keeping import LogFiles, LogKeeping, LogStore, RecordKind
from scanner.hosts.linux import compat
from scanner.hosts.linux.audit_trail import audit_trail
from scanner.hosts.linux.log_files import log_files
from scanner.hosts.linux.log_keeping import log_keeping
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine, age, running, said

LATER = 4_000_000_000
"""A start after the files of the test were written."""
AUTHENTICATION, SYSTEM = RecordKind.AUTHENTICATION, RecordKind.SYSTEM
CONF = "$IncludeConfig /etc/rsyslog.d/*.conf\n*.*;auth,authpriv.none -/var/log/syslog\nauth,authpriv.* /var/log/auth.log\n"
ROTATE = "weekly\nrotate 4\ninclude /etc/logrotate.d\n"
ENABLED = "/etc/systemd/system/multi-user.target.wants/rsyslog.service"


def machine(tmp_path: Path, live: bool = True) -> Machine:
    """A machine with journald, rsyslog and logrotate as Debian has them."""
    made = Machine(tmp_path, live)
    made.write(
        {
            "/usr/lib/systemd/systemd-journald": "",
            "/usr/sbin/rsyslogd": "",
            "/usr/sbin/logrotate": "",
            "/etc/rsyslog.conf": CONF,
            ENABLED: "[Unit]",
            "/etc/logrotate.conf": ROTATE,
            "/etc/logrotate.d/rsyslog": "/var/log/syslog\n/var/log/auth.log\n{\n  rotate 53\n}\n",
            "/etc/systemd/system/timers.target.wants/logrotate.timer": "[Unit]",
        }
    )
    running(made, rsyslogd=LATER, **{"systemd-journal": LATER})
    return made


def look(made: Machine) -> LogKeeping:
    """Run the collector."""
    found = log_keeping.run(made)
    assert isinstance(found, LogKeeping)
    return found


def stores(found: LogKeeping) -> dict[str, LogStore]:
    """Give the places by name."""
    assert isinstance(found.stores, tuple)
    return {store.name: store for store in found.stores}


def test_a_machine_as_debian_has_it(tmp_path: Path) -> None:
    found = look(machine(tmp_path))
    assert isinstance(found.programs, tuple)
    assert [(one.name, one.running, one.starts) for one in found.programs] == [("rsyslog", True, True), ("systemd-journald", True, True)]
    held = stores(found)
    assert held["/var/log/auth.log"] == LogStore("/var/log/auth.log", (AUTHENTICATION,), True, 53 * 604_800, None, "logrotate")
    assert held["/var/log/syslog"].kinds == (SYSTEM,)
    # Storage=auto without /var/log/journal
    assert held["journal"].lasting is False
    assert (found.targets, found.entrances, found.rotates.after_restart) == ((), (), True)


def test_a_stop_in_a_drop_in_takes_the_records_away(tmp_path: Path) -> None:
    made = machine(tmp_path).write({"/etc/rsyslog.d/10-quiet.conf": "authpriv.* stop\n"})
    assert AUTHENTICATION not in stores(look(made))["/var/log/auth.log"].kinds


def test_two_lines_to_one_file_make_one_record(tmp_path: Path) -> None:
    made = machine(tmp_path).write({"/etc/rsyslog.conf": "auth.* /var/log/a\nauthpriv.* /var/log/a\n"})
    assert stores(look(made))["/var/log/a"].kinds == (AUTHENTICATION,)


@pytest.mark.parametrize(
    ("main", "drop_in", "directory", "lasting"),
    [
        ("[Journal]\nStorage=persistent\n", "", False, True),
        ("[Journal]\nStorage=persistent\n", "[Journal]\r\nStorage=volatile\r\n", True, False),
        ("[Journal]\n#Storage=persistent\n", "", False, False),
        ("Storage=persistent\n", "", False, False),
        ("[Journal]\nStorage=auto\n", "", True, True),
    ],
)
def test_where_the_journal_is(tmp_path: Path, main: str, drop_in: str, directory: bool, lasting: bool) -> None:
    made = machine(tmp_path).write({"/etc/systemd/journald.conf": main, "/etc/systemd/journald.conf.d/50.conf": drop_in})
    if directory:
        made.write({"/var/log/journal/0123/system.journal": ""})
    assert stores(look(made))["journal"].lasting is lasting


def test_the_journal_is_kept_by_size_and_at_most_for_a_time(tmp_path: Path) -> None:
    made = machine(tmp_path).write({"/etc/systemd/journald.conf": "[Journal]\nMaxRetentionSec=2week\n"})
    journal = stores(look(made))["journal"]
    assert isinstance(journal.kept_seconds, Unobserved)
    assert journal.most_seconds == 14 * 86_400


def test_a_stopped_syslog_program_keeps_nothing(tmp_path: Path) -> None:
    made = machine(tmp_path)
    (tmp_path / "proc/2/stat").unlink()
    (tmp_path / "proc/2").rmdir()
    assert "/var/log/auth.log" not in stores(look(made))


def test_a_configuration_that_cannot_be_read_leaves_it_open(tmp_path: Path) -> None:
    made = machine(tmp_path).write({"/etc/rsyslog.conf": 'action(type="omfwd"'})
    found = look(made)
    assert isinstance(found.stores, Unobserved)
    assert isinstance(found.targets, Unobserved)


def test_files_changed_after_the_start_leave_it_open(tmp_path: Path) -> None:
    made = machine(tmp_path)
    age(made, "/etc/rsyslog.conf", LATER + 60)
    stores_seen, targets = look(made).stores, look(made).targets
    assert isinstance(stores_seen, Unobserved)
    assert isinstance(targets, Unobserved)
    assert targets.reason is Reason.STALE


def test_files_and_room(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.write({"/var/log/auth.log": "x", "/var/log/audit/audit.log": "x"})
    (tmp_path / "var/log/auth.log").chmod(0o646)
    made.commands["df -P -k -- /var/log"] = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 100 60 20 75% /var/log\n"
    found = log_files.run(made)
    assert isinstance(found, LogFiles)
    assert isinstance(found.files, tuple)
    assert {(one.path, one.mode & 0o777) for one in found.files if not one.directory} >= {("/var/log/auth.log", 0o646)}
    assert "/var/log/audit/audit.log" in {one.path for one in found.files}
    assert found.free_percent == 25.0


@pytest.mark.parametrize("ending", [".disabled", ".dpkg-old", ".dpkg-tmp", "~", ".rpmsave", ".bak"])
def test_what_logrotate_passes_over_rotates_nothing(tmp_path: Path, ending: str) -> None:
    made = machine(tmp_path, live=False)
    (tmp_path / "etc/logrotate.d/rsyslog").rename(tmp_path / f"etc/logrotate.d/rsyslog{ending}")
    stores = look(made).stores
    assert isinstance(stores, tuple)
    assert {one.source for one in stores if one.name == "/var/log/syslog"} == {"no rotation"}


@pytest.mark.parametrize(("mode", "left"), [(0o750, 0), (0o711, 1)])
def test_a_directory_that_others_can_enter_and_we_cannot_list_leaves_files_out(tmp_path: Path, mode: int, left: int) -> None:
    class Shut(Machine):
        def names(self, directory: str) -> tuple[str, ...] | None:
            if directory == "/var/log/audit":
                raise CannotObserve(Reason.ACCESS_DENIED, directory)
            return super().names(directory)

    made = Shut(tmp_path).write({"/var/log/audit/audit.log": "x"})
    (tmp_path / "var/log/audit").chmod(mode)
    found = log_files.run(made)
    assert isinstance(found, LogFiles)
    assert found.left_out == left


@pytest.mark.parametrize(
    ("settings", "encrypted", "verified"),
    [
        ("URL=https://logs.example.jp\n", True, True),
        ("URL=logs.example.jp\n", True, True),
        ("URL=http://logs.example.jp\n", False, False),
        ("URL=https://logs.example.jp\nTrustedCertificateFile=all\n", True, False),
        ("URL=https://logs.example.jp\nTrustedCertificateFile=-\n", True, False),
        ("URL=https://logs.example.jp\nTrustedCertificateFile=/etc/ssl/ca.pem\n", True, True),
    ],
)
def test_where_the_journal_is_sent_is_verified_unless_told_otherwise(
    tmp_path: Path, settings: str, encrypted: bool, verified: bool
) -> None:
    made = machine(tmp_path, live=False).write(
        {
            "/etc/systemd/journal-upload.conf": f"[Upload]\n{settings}",
            "/etc/systemd/system/multi-user.target.wants/systemd-journal-upload.service": "[Unit]",
        }
    )
    targets = look(made).targets
    assert isinstance(targets, tuple)
    assert [(one.host, one.encrypted, one.verified) for one in targets] == [("logs.example.jp", encrypted, verified)]


RULES = "-w /etc/passwd -p wa\n-w /etc/shadow -p wa\n-w /etc/group -p wa\n-w /etc/gshadow -p wa\n"


def audited(tmp_path: Path, live: bool = True) -> Machine:
    """A machine with auditd that is enabled and runs."""
    made = Machine(tmp_path, live, {"auditctl -s": "enabled 1\nfailure 1\npid 77\n", "auditctl -l": RULES})
    made.write(
        {
            "/usr/sbin/auditd": "",
            "/etc/systemd/system/multi-user.target.wants/auditd.service": "[Unit]",
            "/etc/audit/rules.d/10-start.rules": "-e 2\n-D\n-b 8192\n",
            "/etc/audit/rules.d/50-own.rules": RULES + "-a always,exit -F arch=b64 -S settimeofday,clock_settime\r\n",
            "/etc/audit/auditd.conf": "max_log_file = 8\nnum_logs = 5\nMAX_LOG_FILE_ACTION = ROTATE\n#disk_full_action = HALT\n",
        }
    )
    running(made, auditd=1_700_000_100)
    return made


def test_the_audit_record_now_and_later(tmp_path: Path) -> None:
    found = audit_trail.run(audited(tmp_path))
    assert isinstance(found, AuditTrail)
    assert (found.container, found.installed, found.running, found.starts) == (False, True, True, True)
    assert (found.switch.in_force, found.switch.after_restart) == (AuditSwitch.ON, AuditSwitch.FIXED)
    assert found.subjects.in_force == (AuditSubject.IDENTITIES,)
    assert found.subjects.after_restart == (AuditSubject.IDENTITIES, AuditSubject.TIME)
    assert found.store == AuditStore("rotate", "ignore", "ignore")


def test_a_mark_tells_a_container_and_without_auditctl_nothing_is_on(tmp_path: Path) -> None:
    made = audited(tmp_path)
    made.commands.clear()
    made.write({"/run/systemd/container": "systemd-nspawn"})
    found = audit_trail.run(made)
    assert isinstance(found, AuditTrail)
    assert found.container is True
    assert found.switch.in_force is AuditSwitch.OFF


def test_an_image_shows_what_will_be(tmp_path: Path) -> None:
    found = audit_trail.run(audited(tmp_path, live=False))
    assert isinstance(found, AuditTrail)
    assert (found.running, found.switch.in_force, found.switch.after_restart) == (None, None, AuditSwitch.FIXED)
    (tmp_path / "etc/systemd/system/multi-user.target.wants/auditd.service").unlink()
    later = audit_trail.run(Machine(tmp_path, live=False))
    assert isinstance(later, AuditTrail)
    assert later.switch.after_restart is AuditSwitch.OFF


@pytest.mark.parametrize(("words", "known"), [("-n -iNONE", True), ("-n -f /etc/rsyslog.conf", True), ("-n -f/srv/own.conf", False)])
def test_a_syslog_program_that_goes_by_another_file_is_not_known_by_the_usual_one(tmp_path: Path, words: str, known: bool) -> None:
    made = machine(tmp_path)
    made.write({"/proc/2/cmdline": f"/usr/sbin/rsyslogd {words}".replace(" ", "\0") + "\0"})
    assert isinstance(look(made).targets, Unobserved) is not known


BUILD_SAYS = "x86_64\nread\n"
TAKES = {"/proc/sys/abi/vsyscall32": "1\n", "/proc/sys/kernel/osrelease": "6.12.48+deb13-amd64\n"}
REFUSES = {"/proc/cmdline": "quiet ia32_emulation=off\n"}


@pytest.mark.parametrize(
    ("files", "build", "takes"),
    [
        (TAKES, BUILD_SAYS, True),
        ({**TAKES, **REFUSES}, BUILD_SAYS, False),
        ({**TAKES, "/proc/cmdline": "ia32_emulation=1\n"}, f"x86_64\n{compat.DISABLED}\nread\n", True),
        (TAKES, f"x86_64\n{compat.DISABLED}\nread\n", False),
        (TAKES, "x86_64\n", Reason.UNSUPPORTED),
        ({**TAKES, **REFUSES, "/proc/sys/kernel/osrelease": "5.14.0-503.el9.x86_64\n"}, "x86_64\n", True),  # it does not know the option
        ({"/proc/sys/kernel/osrelease": "6.12.0\n"}, BUILD_SAYS, False),
        (TAKES, "aarch64\nread\n", Reason.UNSUPPORTED),
        (TAKES, None, Reason.UNSUPPORTED),
    ],
)
def test_whether_the_kernel_takes_calls_of_the_32_bit_form(
    tmp_path: Path, files: dict[str, str], build: str | None, takes: bool | Reason
) -> None:
    made = audited(tmp_path).write(files)
    if build is not None:
        made.commands[said(compat.BUILD.argv)] = build
    found = audit_trail.run(made)
    assert isinstance(found, AuditTrail)
    for part in (found.compat.in_force, found.compat.after_restart):
        assert (part.reason if isinstance(part, Unobserved) else part) is takes
    assert found.compat_subjects.in_force == found.compat_subjects.after_restart == (AuditSubject.IDENTITIES,)


def test_the_next_start_may_refuse_32_bit_calls(tmp_path: Path) -> None:
    made = audited(tmp_path).write({**TAKES, "/boot/loader/entries/a.conf": "options root=/dev/sda1 ia32_emulation=0\n"})
    made.commands[said(compat.BUILD.argv)] = BUILD_SAYS
    found = audit_trail.run(made)
    assert isinstance(found, AuditTrail)
    assert (found.compat.in_force, found.compat.after_restart) == (True, False)
