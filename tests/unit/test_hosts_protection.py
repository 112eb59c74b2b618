"""The collectors for malware protection, encrypted disks, backups and notices on small trees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.facts.backup import Backup, BackupJob, BackupResult, BackupResults
from scanner.facts.disk_encryption import DiskEncryption, KeyFile, Volume, VolumeUse
from scanner.facts.files import FileIntegrity
from scanner.facts.ledger import DeclaredBackup, DeclaredMachine
from scanner.facts.login_notice import LoginNotice
from scanner.facts.malware import MalwareProduct, MalwareProtection, Protection
from scanner.facts.readings import Readings
from scanner.hosts.base import Files, Names
from scanner.hosts.linux.backup import backup, backup_results
from scanner.hosts.linux.disk_encryption import disk_encryption
from scanner.hosts.linux.integrity import file_integrity
from scanner.hosts.linux.login_notice import login_notice
from scanner.hosts.linux.malware import malware_protection
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine, age, running

HEAD = "head -c 512 /var/lib/clamav/daily."
MADE = 1_700_000_000
"""When the machine of ``running`` was started, and the definitions were made."""


def product(made: Machine) -> MalwareProduct:
    """Give the one product that is installed."""
    found = malware_protection.run(made)
    assert isinstance(found, MalwareProtection)
    assert isinstance(found.products, tuple)
    (only,) = found.products
    return only


def test_clamav(tmp_path: Path) -> None:
    cvd = f"ClamAV-VDB:21 Nov 2026 07-23 -0500:27823:2075000:90:md5:sig:builder:{MADE}"
    made = Machine(tmp_path, commands={f"{HEAD}cld": cvd + " " * 400})
    made.write(
        {
            "/usr/sbin/clamd": "",
            "/var/lib/clamav/daily.cld": cvd,
            "/etc/cron.d/scan": "# 0 1 * * * root clamscan /\n0 2 * * 0 root clamdscan --fdpass /srv\n",
            "/etc/systemd/system/multi-user.target.wants/clamav-daemon.service": "[Unit]",
            "/etc/systemd/system/multi-user.target.wants/clamav-clamonacc.service": "[Unit]",
            "/proc/uptime": "180000.12 100.0\n",
        }
    )
    running(made, clamd=MADE + 10, freshclam=MADE + 10)
    assert product(made) == MalwareProduct("ClamAV", Protection.ANTIVIRUS, True, True, False, True, 50, True, False)


def test_clamav_without_definitions_updates_or_scans(tmp_path: Path) -> None:
    made = Machine(tmp_path)
    made.write({"/usr/bin/clamscan": "", "/etc/cron.daily/clam": "#!/bin/sh\nclamscan /\n"})
    running(made)
    found = product(made)
    # the script is not executable, so run-parts passes over it
    assert (found.running, found.updates, found.definitions_hours, found.scans) == (False, False, None, False)


def test_a_head_that_is_none(tmp_path: Path) -> None:
    made = Machine(tmp_path, commands={f"{HEAD}cvd": "nonsense"})
    made.write({"/usr/sbin/clamd": "", "/var/lib/clamav/daily.cvd": "nonsense"})
    running(made)
    assert isinstance(product(made).definitions_hours, Unobserved)


def test_a_product_that_tells_its_state_and_one_that_does_not(tmp_path: Path) -> None:
    health = "healthy : true\nreal_time_protection_enabled : true [managed]\nautomatic_definition_update_enabled : false\n"
    health += 'definitions_updated_minutes_ago : 185\norg_id : "0a1b"\n'
    made = Machine(tmp_path, commands={"mdatp health": health})
    made.write({"/opt/microsoft/mdatp/x": "", "/opt/sophos-spl/x": ""})
    running(made, wdavdaemon=MADE)
    found = malware_protection.run(made)
    assert isinstance(found, MalwareProtection)
    assert isinstance(found.products, tuple)
    defender, sophos = found.products
    assert (defender.realtime, defender.updates, defender.definitions_hours, defender.managed) == (True, False, 3, True)
    assert (sophos.running, isinstance(sophos.realtime, Unobserved)) == (False, True)


LSBLK = {
    "blockdevices": [
        {
            "name": "vda", "kname": "vda", "type": "disk", "fstype": None, "mountpoint": None, "rm": False,
            "children": [
                {"name": "vda1", "type": "part", "mountpoint": "/boot", "rm": False},
                {
                    "name": "vda2", "type": "part", "mountpoint": None, "rm": "0",
                    "children": [
                        {
                            "name": "vault", "type": "crypt", "mountpoint": None, "rm": False,
                            "children": [
                                {"name": "vg-root", "type": "lvm", "mountpoint": "/", "rm": False},
                                {"name": "vg-swap", "type": "lvm", "mountpoint": "[SWAP]", "rm": False},
                            ],
                        }
                    ],
                },
                {"name": "vda3", "type": "part", "mountpoint": "/srv", "rm": False},
            ],
        },
        {"name": "loop0", "type": "loop", "mountpoint": "/snap/x", "rm": False},
        {"name": "zram0", "type": "disk", "mountpoint": "[SWAP]", "rm": False},
    ]
}  # fmt: skip


def test_volumes_on_luks_with_lvm(tmp_path: Path) -> None:
    key = ":64:logon:cryptsetup:0a1b-d0"
    made = Machine(
        tmp_path,
        commands={
            "lsblk -J -o NAME,KNAME,TYPE,FSTYPE,MOUNTPOINT,RM": json.dumps(LSBLK),
            "dmsetup table --target crypt": f"vault: 0 41906176 crypt aes-xts-plain64 {key} 0 253:2 32768\n",
        },
    )
    made.write(
        {
            "/sys/block/dm-0/dm/name": "vault\n",
            "/sys/block/dm-0/dm/uuid": "CRYPT-LUKS2-0a1b2c-vault\n",
            "/etc/crypttab": "# name\nvault UUID=1 none luks\ndata /dev/vdb /root/data.key luks\nswap /dev/vdc /dev/urandom swap\n",
            "/root/data.key": "secret",
        }
    )
    (tmp_path / "root/data.key").chmod(0o640)
    running(made)
    found = disk_encryption.run(made)
    assert isinstance(found, DiskEncryption)
    assert isinstance(found.volumes, tuple)
    assert [(v.name, v.use, v.encrypted, v.method, v.cipher, v.key_bits) for v in found.volumes] == [
        ("/boot", VolumeUse.START, False, "", "", 0),
        ("/", VolumeUse.SYSTEM, True, "LUKS2", "aes-xts-plain64", 512),
        ("swap on vg-swap", VolumeUse.SWAP, True, "LUKS2", "aes-xts-plain64", 512),
        ("/srv", VolumeUse.DATA, False, "", "", 0),
    ]
    assert found.key_files == (KeyFile("/root/data.key", 0o640, (tmp_path / "root/data.key").stat().st_uid, True),)


def disks(machine: Machine, devices: list[dict[str, object]]) -> tuple[Volume, ...] | Unobserved:
    """The volumes of a machine whose lsblk tells of these devices."""
    machine.commands["lsblk -J -o NAME,KNAME,TYPE,FSTYPE,MOUNTPOINT,RM"] = json.dumps({"blockdevices": devices})
    found = disk_encryption.run(machine)
    assert isinstance(found, DiskEncryption)
    return found.volumes


def on(name: str, kind: str, mountpoint: str | None, *children: dict[str, object]) -> dict[str, object]:
    """A device of lsblk's, and what stands on it."""
    return {"name": name, "type": kind, "mountpoint": mountpoint, "rm": False, "children": list(children)}


def test_a_volume_on_two_disks_is_encrypted_where_both_are(tmp_path: Path) -> None:
    volume = on("vg-data", "lvm", "/srv")
    for number, second in enumerate((on("sdb", "disk", None, volume), on("sdb", "disk", None, on("b", "crypt", None, volume)))):
        found = disks(Machine(tmp_path / str(number)), [on("sda", "disk", None, on("a", "crypt", None, volume)), second])
        assert isinstance(found, tuple)
        assert [(one.name, one.encrypted) for one in found] == [("/srv", number == 1)]


@pytest.mark.parametrize(("kind", "encrypted"), [("LUKS2", True), ("VERITY", False), ("INTEGRITY", False)])
def test_what_only_guards_against_changes_encrypts_nothing(tmp_path: Path, kind: str, encrypted: bool) -> None:
    machine = Machine(tmp_path).write({"/sys/block/dm-0/dm/name": "usr\n", "/sys/block/dm-0/dm/uuid": f"CRYPT-{kind}-0a1b-usr\n"})
    found = disks(machine, [on("sda", "disk", None, on("usr", "crypt", "/usr"))])
    assert isinstance(found, tuple)
    assert [one.encrypted for one in found] == [encrypted]


def test_swap_space_in_a_file_is_as_its_file_system_is(tmp_path: Path) -> None:
    head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    machine = Machine(tmp_path).write(
        {"/proc/swaps": f"{head}/swap.img file 4194300 0 -2\n/srv/more\\040swap file 1 0 -3\n/dev/zram0 partition 1 0 5\n"}
    )
    found = disks(machine, [on("sda1", "part", "/"), on("sdb", "disk", None, on("b", "crypt", "/srv"))])
    assert isinstance(found, tuple)
    assert [(one.name, one.encrypted) for one in found if one.use is VolumeUse.SWAP] == [
        ("swap in /swap.img", False),
        ("swap in /srv/more swap", True),
    ]
    alone = disks(machine, [])
    assert isinstance(alone, tuple)
    assert all(isinstance(one.encrypted, Unobserved) for one in alone)


def test_a_key_that_systemd_finds_by_the_volumes_name(tmp_path: Path) -> None:
    machine = Machine(tmp_path).write(
        {"/etc/crypttab": "data /dev/vdb\nmore /dev/vdc none luks\n", "/etc/cryptsetup-keys.d/data.key": "secret"}
    )
    found = disk_encryption.run(machine)
    assert isinstance(found, DiskEncryption)
    assert isinstance(found.key_files, tuple)
    assert [(one.path, one.there) for one in found.key_files] == [("/etc/cryptsetup-keys.d/data.key", True)]


def test_pools_of_zfs_that_nothing_tells_of_and_more_volumes_than_are_kept(tmp_path: Path) -> None:
    def volumes(devices: list[dict[str, object]]) -> object:
        said = json.dumps({"blockdevices": devices})
        made = Machine(tmp_path, commands={"lsblk -J -o NAME,KNAME,TYPE,FSTYPE,MOUNTPOINT,RM": said})
        found = disk_encryption.run(made)
        assert isinstance(found, DiskEncryption)
        return found.volumes

    part: dict[str, object] = {"name": "a", "type": "part", "fstype": "ext4", "mountpoint": "/", "rm": False}
    assert isinstance(volumes([part]), tuple)
    assert isinstance(volumes([part, {"name": "b", "type": "part", "fstype": "zfs_member", "mountpoint": None, "rm": False}]), Unobserved)
    assert isinstance(volumes([{**part, "mountpoint": f"/m{number}"} for number in range(501)]), Unobserved)


@pytest.mark.parametrize(("plain", "encrypted"), [(False, True), (True, None)])
def test_what_zfs_does_not_encrypt_may_stand_on_encrypted_devices(tmp_path: Path, plain: bool, encrypted: bool | None) -> None:
    table = "z: 0 41906176 crypt aes-xts-plain64 :64:logon:cryptsetup:0a 0 253:2 32768\n"
    asked = "zfs get -H -p -t filesystem -o name,property,value encryption,mountpoint,mounted"
    told = "tank\tencryption\toff\ntank\tmountpoint\t/srv\ntank\tmounted\tyes\n"
    machine = Machine(tmp_path, commands={asked: told, "dmsetup table --target crypt": table})
    member: dict[str, object] = {"type": "part", "fstype": "zfs_member", "mountpoint": None, "rm": False}
    devices = [on("sda", "disk", None, {**member, "name": "z", "type": "crypt"}), *([{**member, "name": "b"}] if plain else [])]
    found = disks(machine, devices)
    assert isinstance(found, tuple)
    ((one),) = found
    assert (one.name, None if isinstance(one.encrypted, Unobserved) else one.encrypted) == ("/srv", encrypted)
    assert plain or (one.method, one.cipher, one.key_bits) == ("dm-crypt", "aes-xts-plain64", 512)


def test_an_answer_that_is_no_tree_of_devices(tmp_path: Path) -> None:
    for said in ("", "[]", '{"blockdevices": [1]}', '{"blockdevices": [{"children": 7}]}'):
        made = Machine(tmp_path, commands={"lsblk -J -o NAME,KNAME,TYPE,FSTYPE,MOUNTPOINT,RM": said})
        found = disk_encryption.run(made)
        assert isinstance(found, DiskEncryption)
        assert isinstance(found.volumes, Unobserved)


def test_backups_by_timer_and_cron(tmp_path: Path) -> None:
    shown = "Id=nightly.service\nResult=success\nExecMainStatus=0\nExecMainExitTimestampMonotonic=36000000000\n"
    argv = "systemctl show --property=Id,Result,ExecMainStatus,ExecMainExitTimestampMonotonic nightly.service"
    made = Machine(tmp_path, commands={argv: shown})
    made.write(
        {
            "/etc/systemd/system/timers.target.wants/nightly.timer": "[Timer]\nOnCalendar=daily\n",
            "/etc/systemd/system/nightly.timer": "[Timer]\nOnCalendar=daily\n",
            "/etc/systemd/system/nightly.service": "[Service]\nExecStart=/usr/bin/restic backup /srv\n",
            "/etc/cron.d/db": "PGPASSWORD=secret\n0 3 * * * postgres /usr/bin/pg_dump town > /srv/town.sql\n",
            "/etc/cron.d/other": "0 3 * * * root rsync -a /a /b\n0 4 * * * root tar cf /x /y\n#0 4 * * * root borg create\n",
            "/proc/uptime": "72000.00 1.0\n",
        }
    )
    running(made, **{"bareos-fd": MADE})
    found = backup.run(made)
    assert isinstance(found, Backup)
    assert isinstance(found.jobs, tuple)
    assert {(job.tool, job.place) for job in found.jobs} == {("restic", "nightly.timer"), ("pg_dump", "/etc/cron.d/db")}
    assert BackupJob("restic", "nightly.timer", True, 10) in found.jobs
    assert found.agents == ("bareos-fd",)
    assert "secret" not in repr(found)


def test_backups_by_tables_of_accounts_and_timers_that_anything_asks_for(tmp_path: Path) -> None:
    made = Machine(tmp_path, live=False).write(
        {
            "/var/spool/cron/crontabs/postgres": "0 3 * * * /usr/bin/pg_dump town\n",
            "/var/spool/cron/borg": "0 3 * * * borg create\n",
            "/var/spool/cron/atjobs/x": "restic backup\n",
            "/etc/systemd/system/multi-user.target.wants/nightly.timer": "[Timer]\nUnit=own.service\n",
            "/etc/systemd/system/nightly.timer": "[Timer]\nUnit=own.service\n",
            "/etc/systemd/system/own.service": "[Service]\nExecStart=/usr/bin/restic backup /srv\n",
        }
    )
    found = backup.run(made)
    assert isinstance(found, Backup)
    assert isinstance(found.jobs, tuple)
    assert {(job.tool, job.place) for job in found.jobs} == {
        ("pg_dump", "/var/spool/cron/crontabs/postgres"),
        ("borg", "/var/spool/cron/borg"),
        ("restic", "nightly.timer"),
    }


def test_an_agent_counts_on_an_image_where_its_service_will_start(tmp_path: Path) -> None:
    unit = {"/usr/lib/systemd/system/bareos-fd.service": "[Service]\n", "/usr/lib/systemd/system/bacula-fd.service": "[Service]\n"}
    made = Machine(tmp_path, live=False).write({**unit, "/etc/systemd/system/multi-user.target.wants/bareos-fd.service": ""})
    found = backup.run(made)
    assert isinstance(found, Backup)
    assert found.agents == ("bareos-fd",)


def test_no_backup_is_no_finding_where_a_table_or_a_timer_was_not_read(tmp_path: Path) -> None:
    many = {f"/etc/systemd/system/timers.target.wants/t{number}.timer": "" for number in range(201)}
    found = backup.run(Machine(tmp_path / "a", live=False).write(many))
    assert isinstance(found, Backup)
    assert isinstance(found.jobs, Unobserved)
    assert found.jobs.reason is Reason.TOO_LARGE
    shut = Shut(tmp_path / "b", live=False).write({"/var/spool/cron/crontabs/x": "", "/etc/cron.d/y": "0 3 * * * root borg create\n"})
    found = backup.run(shut)
    assert isinstance(found, Backup)
    assert isinstance(found.jobs, tuple)
    assert [job.tool for job in found.jobs] == ["borg"]
    (tmp_path / "b/etc/cron.d/y").unlink()
    found = backup.run(shut)
    assert isinstance(found, Backup)
    assert isinstance(found.jobs, Unobserved)
    assert found.jobs.reason is Reason.ACCESS_DENIED


class Shut(Machine):
    """A machine whose accounts' tables may not be read."""

    def names(self, directory: str) -> tuple[str, ...] | None:
        """List anything else."""
        if directory.startswith("/var/spool/cron"):
            raise CannotObserve(Reason.ACCESS_DENIED, directory)
        return super().names(directory)


def test_a_comparison_of_files_may_be_started_by_the_table_of_an_account_or_a_timer_of_its_own(tmp_path: Path) -> None:
    aide = {"/usr/bin/aide": "", "/var/lib/aide/aide.db": "x"}

    def scheduled(name: str, files: dict[str, str]) -> object:
        fact = file_integrity.run(Machine(tmp_path / name, live=False).write({**aide, **files}))
        assert isinstance(fact, FileIntegrity)
        assert not isinstance(fact.tools, Unobserved)
        (tool,) = fact.tools
        return tool.scheduled.after_restart if isinstance(tool.scheduled, Readings) else tool.scheduled

    assert scheduled("a", {}) is False
    assert scheduled("b", {"/var/spool/cron/crontabs/root": "0 5 * * * /usr/bin/aide --check\n"}) is True
    assert scheduled("c", {"/var/spool/cron/crontabs/root": "0 5 * * * /usr/bin/aidendale\n"}) is False
    own = {
        "/etc/systemd/system/timers.target.wants/own.timer": "",
        "/etc/systemd/system/own.timer": "[Timer]\n",
        "/etc/systemd/system/own.service": "[Service]\nExecStart=aide --config /etc/aide.conf -C\n",
    }
    assert scheduled("d", own) is True


def results(made: Machine, *backups: DeclaredBackup) -> BackupResults:
    fact = backup_results.on_machine({DeclaredMachine: DeclaredMachine(None, backups)}).run(made)
    assert isinstance(fact, BackupResults)
    return fact


def test_result_files_that_the_ledger_names(tmp_path: Path) -> None:
    made = Machine(tmp_path)
    made.write({"/proc/uptime": "72000.00 1.0\n", "/srv/good": "NG\npassword=secret OK \r\n\n", "/srv/bad": "OK\nNG\n", "/srv/none/x": ""})
    running(made)
    boot = 1_700_000_000
    age(made, "/srv/good", boot + 72_000 - 7200)
    age(made, "/srv/bad", boot + 72_000 + 7200)
    (made.root / "srv/link").symlink_to("good")
    (made.root / "srv/empty").write_bytes(b"")
    named = [DeclaredBackup(f"/srv/{name}", "OK") for name in ("good", "bad", "gone", "link", "none", "empty")]
    found = {result.path: result for result in results(made, *named).results}
    assert found["/srv/good"] == BackupResult("/srv/good", True, 2)
    assert found["/srv/bad"].good is False
    assert isinstance(found["/srv/bad"].hours, Unobserved)  # it was written in time to come
    assert found["/srv/gone"] == BackupResult("/srv/gone", None, None)
    assert isinstance(found["/srv/link"].good, Unobserved)
    assert isinstance(found["/srv/none"].good, Unobserved)
    assert found["/srv/empty"].good is False
    assert "secret" not in repr(found)


def test_the_age_of_a_result_is_not_known_on_an_image(tmp_path: Path) -> None:
    made = Machine(tmp_path, live=False).write({"/srv/good": "OK\n"})
    (found,) = results(made, DeclaredBackup("/srv/good", "OK")).results
    assert found.good is True
    assert isinstance(found.hours, Unobserved)


def test_a_collector_that_needs_the_ledger_says_so_without_it_and_asks_for_what_it_names(tmp_path: Path) -> None:
    with pytest.raises(CannotObserve) as told:
        backup_results.run(Machine(tmp_path))
    assert told.value.reason is Reason.NOT_DECLARED
    named = backup_results.on_machine({DeclaredMachine: DeclaredMachine(None, (DeclaredBackup("/srv/a b", "OK"),))})
    assert set(named.sources) >= {Files("/srv/a b"), Names("/srv/a b")}
    assert backup.on_machine({DeclaredMachine: DeclaredMachine(None)}) is backup


def test_notices(tmp_path: Path) -> None:
    made = Machine(tmp_path)
    made.write(
        {
            "/etc/os-release": 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n',
            "/etc/issue": "Debian GNU/Linux 12 \\n \\l\n",
            "/etc/issue.net": "許可された利用者に限る。操作は全て記録される。\n",
            "/etc/motd": "The programs included with the Debian system are free software; without warranty as permitted by law.\n",
        }
    )
    found = login_notice.run(made)
    assert isinstance(found, LoginNotice)
    assert isinstance(found.before, tuple)
    assert [(one.place, one.warns, one.tells_system) for one in found.before] == [
        ("/etc/issue", False, True),
        ("/etc/issue.net", True, False),
    ]
    assert isinstance(found.after, tuple)
    assert [one.warns for one in found.after] == [False]
