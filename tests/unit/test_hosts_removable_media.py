"""Automatic mounting, programs on media and USB storage, seen on machines made of the files that decide."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.facts.readings import Hold, Readings
from scanner.facts.removable_media import AutoMount, AutoRun, BarrierKind, Behaviour, Mounter, MountPermission, UsbStorage
from scanner.hosts.linux.automount import auto_mount
from scanner.hosts.linux.autorun import auto_run
from scanner.hosts.linux.usb import usb_storage
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.host_trees import Machine, gnome, kde, running

Files = Mapping[str, str | bytes]
OFF = "[org/gnome/desktop/media-handling]\nautomount=false\nautomount-open=false\nautorun-never=true\n"
OFF_LOCKS = "/org/gnome/desktop/media-handling/automount\n/org/gnome/desktop/media-handling/autorun-never\n"
POLICY_FILE = "/usr/share/polkit-1/actions/org.freedesktop.UDisks2.policy"
POLICY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN" "http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd">
<policyconfig>
  <action id="org.freedesktop.udisks2.filesystem-mount">
    <description>Mount a filesystem</description>
    <defaults><allow_any>auth_admin</allow_any><allow_inactive>auth_admin</allow_inactive><allow_active>ACTIVE</allow_active></defaults>
  </action>
</policyconfig>
"""
UDISKS: Files = {
    "/usr/share/dbus-1/system-services/org.freedesktop.UDisks2.service": "[D-BUS Service]\nName=org.freedesktop.UDisks2\n",
    POLICY_FILE: POLICY.replace("ACTIVE", "yes"),
}


def mounts(machine: Machine) -> AutoMount:
    """Run the collector."""
    fact = auto_mount.run(machine)
    assert isinstance(fact, AutoMount)
    return fact


def mounters(machine: Machine) -> dict[str, Mounter]:
    """The mounters by program and account."""
    found = mounts(machine).mounters
    assert not isinstance(found, Unobserved)
    return {f"{m.program}:{m.account}" if m.account else m.program: m for m in found}


def permission(machine: Machine) -> MountPermission | Unobserved | None:
    """What the mount service permits."""
    found = mounts(machine).permission
    return None if found is None else found.after_restart


def runs(machine: Machine) -> AutoRun:
    """Run the collector."""
    fact = auto_run.run(machine)
    assert isinstance(fact, AutoRun)
    return fact


def holds(machine: Machine) -> dict[BarrierKind, Readings[Hold]]:
    """The barriers to USB storage."""
    fact = usb_storage.run(machine)
    assert isinstance(fact, UsbStorage)
    return {barrier.kind: barrier.holds for barrier in fact.barriers}


def server(root: Path, files: Files | None = None, live: bool = True) -> Machine:
    """A machine without a desktop."""
    machine = Machine(root, live).write(files or {})
    if live:
        running(machine)
    return machine


def test_a_machine_without_desktop_and_mount_service_mounts_nothing(tmp_path: Path) -> None:
    assert mounts(server(tmp_path)) == AutoMount((), None)
    assert runs(server(tmp_path)) == AutoRun(())


def test_gnome_mounts_unless_told_otherwise(tmp_path: Path) -> None:
    machine = gnome(tmp_path).schemas().write(UDISKS)
    found = mounters(machine)["gnome"]
    assert (found.mounts.after_restart, found.fixed, found.mounts.configured) == (True, False, None)
    assert found.opens is not None
    assert found.opens.after_restart is True
    assert permission(machine) is MountPermission.FREE
    runners = runs(machine).runners
    assert not isinstance(runners, Unobserved)
    assert runners[0].behaviour.after_restart is Behaviour.ASKS


def test_gnome_switched_off_and_locked(tmp_path: Path) -> None:
    machine = gnome(tmp_path).schemas().dconf(OFF, OFF_LOCKS).write(UDISKS)
    found = mounters(machine)["gnome"]
    assert (found.mounts.configured, found.mounts.in_force, found.mounts.after_restart, found.fixed) == (False, False, False, True)
    runners = runs(machine).runners
    assert not isinstance(runners, Unobserved)
    assert (runners[0].behaviour.after_restart, runners[0].fixed) == (Behaviour.NEVER, True)


def test_an_accounts_own_wish_counts_where_nothing_is_locked(tmp_path: Path) -> None:
    machine = gnome(tmp_path).schemas().dconf(OFF).write(UDISKS)
    machine.person("hanako")
    machine.own_dconf("hanako", "[org/gnome/desktop/media-handling]\nautomount=true\nautorun-never=false\n")
    assert mounters(machine)["gnome:hanako"].mounts.after_restart is True
    runners = runs(machine).runners
    assert not isinstance(runners, Unobserved)
    assert [(r.account, r.behaviour.after_restart) for r in runners] == [("", Behaviour.NEVER), ("hanako", Behaviour.ASKS)]


@pytest.mark.parametrize(
    ("text", "mounting", "fixed"),
    [
        ("", False, False),
        ("[General]\nAutomountEnabled=true\n", True, False),
        ("[General]\nAutomountEnabled=true\nAutomountOnLogin=false\nAutomountOnPlugin=false\n", False, False),
        ("[General][$i]\nAutomountEnabled=false\n", False, True),
        ("[General]\nAutomountOnPlugin=true\n", False, False),
    ],
)
def test_kde_mounts_only_where_it_is_enabled(tmp_path: Path, text: str, mounting: bool, fixed: bool) -> None:
    found = mounters(kde(tmp_path).write({"/etc/xdg/kded_device_automounterrc": text}))["kde"]
    assert (found.mounts.after_restart, found.fixed) == (mounting, fixed)
    assert runs(kde(tmp_path)) == AutoRun(())


def test_a_desktop_that_is_not_known_is_unknown(tmp_path: Path) -> None:
    machine = server(tmp_path, {"/usr/share/xsessions/xfce.desktop": "[Desktop Entry]\nName=Xfce\nDesktopNames=XFCE\n"})
    value = mounters(machine)["xfce"].mounts.after_restart
    assert isinstance(value, Unobserved)
    assert value.reason is Reason.UNSUPPORTED
    runners = runs(machine).runners
    assert not isinstance(runners, Unobserved)
    assert isinstance(runners[0].behaviour.after_restart, Unobserved)


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        ("yes", MountPermission.FREE),
        ("auth_self_keep", MountPermission.AUTHENTICATED),
        ("auth_admin", MountPermission.ADMINISTRATOR),
        ("auth_admin_keep", MountPermission.ADMINISTRATOR),
        ("no", MountPermission.NOBODY),
    ],
)
def test_the_action_file_says_who_may_mount(tmp_path: Path, active: str, expected: MountPermission) -> None:
    files = {**UDISKS, POLICY_FILE: POLICY.replace("ACTIVE", active)}
    assert permission(server(tmp_path, files)) is expected


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {"/etc/polkit-1/rules.d/50-x.rules": 'if (action.id == "org.freedesktop.udisks2.filesystem-mount") return "no";'},
            Reason.UNSUPPORTED,
        ),
        (
            {"/etc/polkit-1/localauthority/50-local.d/x.pkla": "[x]\nAction=org.freedesktop.udisks2.*\nResultActive=no\n"},
            Reason.UNSUPPORTED,
        ),
        ({POLICY_FILE: "<policyconfig>"}, Reason.PROTOCOL_VIOLATION),
        (
            {POLICY_FILE: '<!DOCTYPE x [<!ENTITY a "b">]><policyconfig>&a;</policyconfig>'},
            Reason.PROTOCOL_VIOLATION,
        ),
    ],
)
def test_rules_that_are_programs_and_broken_files_leave_it_unknown(tmp_path: Path, files: Files, reason: Reason) -> None:
    found = permission(server(tmp_path, {**UDISKS, **files}))
    assert isinstance(found, Unobserved)
    assert found.reason is reason


def test_a_rule_that_only_mentions_mounting_in_a_comment_decides_nothing(tmp_path: Path) -> None:
    files = {**UDISKS, "/usr/share/polkit-1/rules.d/x.rules": "// org.freedesktop.udisks2 is left alone\npolkit.addRule(function() {});\n"}
    assert permission(server(tmp_path, files)) is MountPermission.FREE


def test_a_masked_mount_service_is_none(tmp_path: Path) -> None:
    machine = server(tmp_path, UDISKS)
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/udisks2.service").symlink_to("/dev/null")
    assert permission(machine) is None


AUTOFS: Files = {
    "/usr/sbin/automount": "",
    "/lib/systemd/system/autofs.service": "[Unit]\n",
    "/etc/auto.master": "/media /etc/auto.media\n",
}


def test_autofs_counts_where_a_map_names_a_device_of_the_machine(tmp_path: Path) -> None:
    machine = server(tmp_path, {**AUTOFS, "/etc/auto.media": "# media\ncd -fstype=iso9660,ro :/dev/cdrom\n"})
    found = mounters(machine)["autofs"].mounts
    assert (found.configured, found.in_force, found.after_restart) == (True, False, False)  # installed, not enabled
    machine.write({"/etc/systemd/system/multi-user.target.wants/autofs.service": ""})
    running(machine, automount=1_700_000_100)
    found = mounters(machine)["autofs"].mounts
    assert (found.in_force, found.after_restart, found.source) == (True, True, "/etc/auto.media: cd -fstype=iso9660,ro :/dev/cdrom")


def test_autofs_of_network_shares_alone_is_no_mounter_of_media(tmp_path: Path) -> None:
    machine = server(tmp_path, {**AUTOFS, "/etc/auto.media": "home -rw server.example.jp:/home\n"})
    assert mounters(machine)["autofs"].mounts.after_restart is False


@pytest.mark.parametrize(
    ("master", "extra"),
    [
        ("/x program:/usr/local/bin/map\n", {}),
        ("/x ldap:ou=maps\n", {}),
        ("+auto.master\n", {"/etc/nsswitch.conf": "automount: files sss\n"}),
    ],
)
def test_autofs_maps_from_elsewhere_are_unknown_where_autofs_works(tmp_path: Path, master: str, extra: Files) -> None:
    machine = server(
        tmp_path, {**AUTOFS, **extra, "/etc/auto.master": master, "/etc/systemd/system/multi-user.target.wants/autofs.service": ""}
    )
    value = mounters(machine)["autofs"].mounts.after_restart
    assert isinstance(value, Unobserved)
    assert value.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("files", "program"),
    [
        ({"/etc/fstab": "/dev/sr0 /media/cdrom auto noauto,x-systemd.automount 0 0\n"}, "systemd"),
        ({"/etc/fstab": "UUID=1234-ABCD /media/usb vfat nofail,x-systemd.automount 0 0\n"}, "systemd"),
        ({"/etc/systemd/system/mnt-usb.automount": "[Automount]\nWhere=/mnt/usb\n"}, "systemd"),
        ({"/etc/udev/rules.d/99-usb.rules": 'ACTION=="add", KERNEL=="sd[a-z][0-9]", RUN+="/bin/mount /dev/%k /mnt"\n'}, "udev"),
        ({"/etc/udev/rules.d/99-usb.rules": 'SUBSYSTEM=="block", TAG+="systemd", ENV{SYSTEMD_WANTS}="usb-mount@%k.service"\n'}, "udev"),
        ({"/usr/bin/udiskie": ""}, "udiskie"),
    ],
)
def test_other_ways_of_mounting_are_found(tmp_path: Path, files: Files, program: str) -> None:
    assert program in mounters(server(tmp_path, files))


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/fstab": "UUID=1 /boot/efi vfat x-systemd.automount 0 0\n/dev/sr0 /media/cdrom auto noauto 0 0\n"},
        {"/usr/lib/udev/rules.d/99-systemd.rules": 'SUBSYSTEM=="module", KERNEL=="fuse", ENV{SYSTEMD_WANTS}+="sys-fs-fuse.mount"\n'},
        {"/etc/udev/rules.d/x.rules": 'SUBSYSTEM=="block", ENV{ID_PART_TABLE}=="gpt", RUN+="/bin/true amount"\n'},
        {"/lib/systemd/system/proc-sys-fs-binfmt_misc.automount": "[Automount]\nWhere=/proc/sys/fs/binfmt_misc\n"},
    ],
)
def test_what_only_looks_like_it_is_no_mounter(tmp_path: Path, files: Files) -> None:
    assert mounters(server(tmp_path, files)) == {}


def test_a_rule_that_is_gone_after_a_restart_counts_now_only(tmp_path: Path) -> None:
    rule = 'KERNEL=="sd*", RUN+="/usr/bin/systemd-mount %N"\n'
    found = mounters(server(tmp_path, {"/run/udev/rules.d/99.rules": rule}))["udev"].mounts
    assert (found.configured, found.in_force, found.after_restart) == (None, True, False)


KERNEL: Files = {
    "/proc/sys/kernel/osrelease": "6.1.0-41-amd64\n",
    "/proc/cmdline": "root=/dev/vda1 quiet\n",
    "/lib/modules/6.1.0-41-amd64/modules.dep": (
        "kernel/drivers/usb/storage/uas.ko: x\nkernel/drivers/usb/storage/usb-storage.ko: y\nkernel/drivers/usb/core/usbcore.ko:\n"
    ),
    "/lib/modules/6.1.0-41-amd64/modules.builtin": "kernel/fs/ext4/ext4.ko\n",
    "/sys/bus/usb/devices/usb1/authorized_default": "1\n",
}


def pc(root: Path, files: Files | None = None) -> Machine:
    """A running machine with USB."""
    return server(root, {**KERNEL, **(files or {})})


def test_usb_storage_as_it_comes_is_open(tmp_path: Path) -> None:
    found = holds(pc(tmp_path))
    assert {kind: (held.in_force, held.after_restart) for kind, held in found.items()} == dict.fromkeys(BarrierKind, (Hold.NONE, Hold.NONE))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("install usb-storage /bin/false\n", Hold.FULL),
        ("install usb_storage /bin/true\n", Hold.FULL),
        ("install usb* /usr/bin/false\n", Hold.FULL),
        ("blacklist usb-storage\nblacklist uas\n", Hold.PARTIAL),
        ("# install usb-storage /bin/false\n", Hold.NONE),
        ("options usb-storage quirks=1\n", Hold.NONE),
    ],
)
def test_the_driver_is_barred_by_an_install_line_and_made_harder_by_a_blacklist(tmp_path: Path, lines: str, expected: Hold) -> None:
    held = holds(pc(tmp_path, {"/etc/modprobe.d/usb.conf": lines}))[BarrierKind.DRIVER]
    assert (held.in_force, held.after_restart) == (expected, expected)


def test_the_rules_are_those_that_modprobe_itself_takes(tmp_path: Path) -> None:
    pc(tmp_path, {"/etc/modprobe.d/a.conf": "install usb-storage \\\n /bin/false\nblacklist  uas\n# blacklist sit\n"})
    argv = ["/usr/sbin/modprobe", "-C", str(tmp_path / "etc/modprobe.d"), "-c"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.split("\n")
    assert any(line.split() == ["install", "usb_storage", "/bin/false"] for line in said)
    assert "blacklist uas" in said
    assert holds(Machine(tmp_path))[BarrierKind.DRIVER].configured is Hold.FULL


def test_an_install_command_that_does_something_is_unknown(tmp_path: Path) -> None:
    held = holds(pc(tmp_path, {"/etc/modprobe.d/x.conf": "install usb-storage /usr/local/bin/ask-first\n"}))[BarrierKind.DRIVER]
    assert isinstance(held.after_restart, Unobserved)


def test_a_driver_that_is_loaded_is_not_barred_now(tmp_path: Path) -> None:
    machine = pc(tmp_path, {"/etc/modprobe.d/usb.conf": "install usb-storage /bin/false\n", "/sys/module/usb_storage/initstate": "live\n"})
    held = holds(machine)[BarrierKind.DRIVER]
    assert (held.configured, held.in_force, held.after_restart) == (Hold.FULL, Hold.NONE, Hold.FULL)


def test_a_rule_below_run_is_gone_after_a_restart_and_hides_one_of_the_same_name(tmp_path: Path) -> None:
    machine = pc(
        tmp_path,
        {"/run/modprobe.d/usb.conf": "install usb-storage /bin/false\n", "/usr/lib/modprobe.d/usb.conf": "blacklist usb-storage\n"},
    )
    held = holds(machine)[BarrierKind.DRIVER]
    assert (held.in_force, held.after_restart) == (Hold.FULL, Hold.PARTIAL)


def test_a_driver_built_into_the_kernel_cannot_be_barred_by_files(tmp_path: Path) -> None:
    files = {"/etc/modprobe.d/usb.conf": "install usb-storage /bin/false\n", "/sys/module/usb_storage/parameters/x": ""}
    files["/lib/modules/6.1.0-41-amd64/modules.builtin"] = "kernel/drivers/usb/storage/usb-storage.ko\n"
    held = holds(pc(tmp_path, files))[BarrierKind.DRIVER]
    assert (held.in_force, held.after_restart) == (Hold.NONE, Hold.NONE)


@pytest.mark.parametrize(
    ("cmdline", "kind", "now"),
    [
        ("module_blacklist=usb_storage,uas", BarrierKind.DRIVER, Hold.FULL),
        ("modprobe.blacklist=usb-storage", BarrierKind.DRIVER, Hold.PARTIAL),
        ("nousb", BarrierKind.BUS, Hold.NONE),
        ("usbcore.authorized_default=0", BarrierKind.AUTHORISATION, Hold.NONE),
    ],
)
def test_kernel_options_of_the_boot_entries_hold_after_a_restart(tmp_path: Path, cmdline: str, kind: BarrierKind, now: Hold) -> None:
    grub = f"menuentry 'x' {{\n  linux /vmlinuz root=/dev/vda1 {cmdline}\n}}\nmenuentry 'x (recovery)' {{\n  linux /vmlinuz single\n}}\n"
    held = holds(pc(tmp_path, {"/boot/grub/grub.cfg": grub}))[kind]
    assert held.in_force is Hold.NONE
    assert held.after_restart is (Hold.FULL if kind is not BarrierKind.DRIVER else now)
    held = holds(pc(tmp_path, {"/boot/grub/grub.cfg": grub, "/proc/cmdline": f"root=/dev/vda1 {cmdline}"}))[kind]
    assert held.in_force is now


def test_boot_entries_that_do_not_agree_are_unknown(tmp_path: Path) -> None:
    grub = "  linux /a nousb usbcore.authorized_default=0\n  linux /b\n"
    held = holds(pc(tmp_path, {"/boot/grub/grub.cfg": grub}))
    assert isinstance(held[BarrierKind.AUTHORISATION].after_restart, Unobserved)
    assert held[BarrierKind.BUS].after_restart is not Hold.FULL


def test_loader_entries_and_grubenv_are_read(tmp_path: Path) -> None:
    machine = pc(
        tmp_path,
        {
            "/boot/loader/entries/x.conf": "title x\nlinux /vmlinuz\noptions root=/dev/sda $kernelopts\n",
            "/boot/grub2/grubenv": "# GRUB Environment Block\nkernelopts=ro module_blacklist=usb-storage\n",
        },
    )
    assert holds(machine)[BarrierKind.DRIVER].after_restart is Hold.FULL


def test_every_bus_has_to_be_shut(tmp_path: Path) -> None:
    machine = pc(tmp_path, {"/sys/bus/usb/devices/usb1/authorized_default": "0\n", "/sys/bus/usb/devices/usb2/authorized_default": "2\n"})
    assert holds(machine)[BarrierKind.AUTHORISATION].in_force is Hold.FULL
    machine.write({"/sys/bus/usb/devices/usb2/authorized_default": "1\n"})
    assert holds(machine)[BarrierKind.AUTHORISATION].in_force is Hold.PARTIAL


GUARD: Files = {
    "/usr/sbin/usbguard-daemon": "",
    "/lib/systemd/system/usbguard.service": "[Unit]\n",
    "/etc/systemd/system/basic.target.wants/usbguard.service": "",
    "/etc/usbguard/usbguard-daemon.conf": "RuleFile=/etc/usbguard/rules.conf\nImplicitPolicyTarget=block\n",
    "/etc/usbguard/rules.conf": 'allow id 1d6b:0002 serial "0000" name "xHCI" with-interface 09:00:00\n',
}


def test_usbguard_holds_where_it_runs_and_blocks_what_it_does_not_know(tmp_path: Path) -> None:
    machine = pc(tmp_path, GUARD)
    held = holds(machine)[BarrierKind.DEVICE_LIST]
    assert (held.configured, held.in_force, held.after_restart) == (Hold.FULL, Hold.NONE, Hold.FULL)
    running(machine, **{"usbguard-daemon": 1_700_000_001})
    assert holds(machine)[BarrierKind.DEVICE_LIST].in_force is Hold.FULL


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/etc/usbguard/usbguard-daemon.conf": "ImplicitPolicyTarget=allow\n"}, Hold.NONE),
        ({"/etc/usbguard/rules.conf": "allow with-interface 08:06:50\n"}, Hold.PARTIAL),
        ({"/etc/usbguard/rules.conf": "allow\n"}, Hold.PARTIAL),
        ({"/etc/usbguard/rules.conf": "allow with-interface one-of { 03:00:01 03:01:01 }\n"}, Hold.FULL),
        ({"/etc/usbguard/rules.conf": 'allow id 0781:5567 serial "4C53" with-interface 08:06:50\n'}, Hold.FULL),
    ],
)
def test_usbguard_rules_that_let_any_storage_in_weaken_it(tmp_path: Path, files: Files, expected: Hold) -> None:
    assert holds(pc(tmp_path, {**GUARD, **files}))[BarrierKind.DEVICE_LIST].after_restart is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ACTION=="add", SUBSYSTEM=="usb", ATTR{bInterfaceClass}=="08", ATTR{authorized}="0"\n', Hold.FULL),
        ('SUBSYSTEM=="usb", ATTR{bInterfaceClass}=="08", ATTRS{idVendor}=="0781", ATTR{authorized}="0"\n', Hold.PARTIAL),
        ('SUBSYSTEM=="usb", ATTR{bInterfaceClass}=="03", ATTR{authorized}="0"\n', Hold.NONE),
        ('SUBSYSTEMS=="usb", KERNEL=="sd*", ENV{UDISKS_IGNORE}="1"\n', Hold.PARTIAL),
        ('ENV{DM_LV_NAME}=="*.e2scrub", ENV{UDISKS_IGNORE}="1"\n', Hold.NONE),
    ],
)
def test_udev_rules_refuse_or_hide_storage(tmp_path: Path, rule: str, expected: Hold) -> None:
    assert holds(pc(tmp_path, {"/etc/udev/rules.d/10.rules": rule}))[BarrierKind.ACCESS].after_restart is expected


def test_a_machine_without_usb_has_the_barrier_of_all(tmp_path: Path) -> None:
    machine = server(tmp_path, {"/proc/sys/kernel/osrelease": "6.18\n", "/proc/cmdline": "quiet\n"})
    held = holds(machine)
    assert (held[BarrierKind.BUS].in_force, held[BarrierKind.BUS].after_restart) == (Hold.FULL, Hold.FULL)
    assert held[BarrierKind.DRIVER].after_restart is Hold.FULL


def test_an_image_without_a_kernel_says_nothing_of_drivers(tmp_path: Path) -> None:
    held = holds(server(tmp_path, live=False))
    assert isinstance(held[BarrierKind.DRIVER].after_restart, Unobserved)
    assert held[BarrierKind.DRIVER].in_force is None
