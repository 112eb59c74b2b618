"""Images of real trees as an administrator left them: what a container cannot show, because its kernel is another's.

The parts of a tree that decide are copied, edited as an administrator would, and read as a mounted root, so every verdict speaks of the
next start.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scanner.engine.catalogue import catalogue
from scanner.engine.factset import FactSet
from scanner.engine.judge import judge
from scanner.engine.plan import make_plan
from scanner.facts.files import Mounts
from scanner.facts.kernel import KernelModules, KernelSettings, MandatoryAccessControl, Startup
from scanner.hosts.base import Collector
from scanner.hosts.local import RootReader
from scanner.hosts.machine import observe
from scanner.ledger.profile import Profile
from scanner.model.platform import Platform
from scanner.model.target import Host, Kind
from tests.lab.hosts.lab import why_not
from tests.lab.hosts.trees import place
from tests.lab.needed import need_lab

pytestmark = pytest.mark.lab
AT = "2026-11-22T00:00:00Z"
FACTS = (KernelSettings, KernelModules, MandatoryAccessControl, Startup, Mounts)
COPIED = ("etc", "usr/lib/sysctl.d", "usr/lib/modprobe.d", "usr/lib/systemd/system", "usr/lib/os-release", "usr/lib/systemd/systemd")
LINKS = ("bin", "sbin", "lib", "usr/sbin/init")

DEP = "".join(
    f"kernel/x/{name}.ko: \n" for name in ("dccp", "sctp", "rds", "tipc", "cramfs", "freevxfs", "hfs", "hfsplus", "jffs2", "ext4")
)
KERNEL = {"lib/modules/6.1.0-25-amd64/modules.dep": DEP, "lib/modules/6.1.0-25-amd64/modules.builtin": "kernel/fs/ext4/ext4.ko\n"}
APPARMOR = {
    "usr/sbin/apparmor_parser": "",
    "etc/apparmor.d/usr.sbin.cupsd": "profile cupsd /usr/sbin/cupsd {\n}\n",
    "usr/lib/systemd/system/apparmor.service": "[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=sysinit.target\n",
}
WANTED = "etc/systemd/system/sysinit.target.wants/apparmor.service"
MENU = "menuentry 'Debian GNU/Linux' --unrestricted {{\n  linux /vmlinuz-6.1.0-25-amd64 root=/dev/vda1 ro {options}\n}}\n"
LOCKED = 'set superusers="root"\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.AA.BB\n'
# The Red Hat family's file asks for a password only where user.cfg holds one.
CONDITIONAL = 'if [ -n "${GRUB2_PASSWORD}" ]; then\n  set superusers="root"\n  password_pbkdf2 root ${GRUB2_PASSWORD}\nfi\n'
SELF = {
    "kernel.kptr_restrict": "1",
    "kernel.dmesg_restrict": "1",
    "kernel.randomize_va_space": "2",
    "kernel.yama.ptrace_scope": "1",
    "kernel.unprivileged_bpf_disabled": "1",
    "fs.suid_dumpable": "0",
    "kernel.sysrq": "0",
    "fs.protected_symlinks": "1",
    "fs.protected_hardlinks": "1",
    "fs.protected_fifos": "1",
    "fs.protected_regular": "2",
}
CHECKS = ("pointers", "messages", "aslr", "ptrace", "bpf", "core-dumps", "sysrq", "links", "shared-files")
TMP = "tmpfs /tmp tmpfs defaults,nosuid,nodev,noexec 0 0\ntmpfs /var/tmp tmpfs nodev,nosuid,noexec 0 0\n"
FSTAB = f"{TMP}tmpfs /dev/shm tmpfs noexec,nodev,nosuid 0 0\n/dev/vda2 /home ext4 nodev,nosuid 0 2\n/dev/vda3 /var ext4 defaults 0 2\n"


def lines(values: Mapping[str, str], end: str = "\n") -> str:
    """Write a file of sysctl.d."""
    return "".join(f"{name} = {value}{end}" for name, value in values.items())


@dataclass(frozen=True)
class Image:
    """What was done to a tree, and what must be said of it."""

    files: Mapping[str, str]
    expects: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)


IMAGES = {
    "kept": Image(
        files={
            **KERNEL,
            **APPARMOR,
            "etc/sysctl.d/60-kernel.conf": lines(SELF),
            # a key with a dash is kept out of patterns; a full name beats a pattern, also one that stands later
            "etc/sysctl.d/50-pattern.conf": "-kernel.sysrq\nfs.protected_* = 1\n",
            "etc/modprobe.d/unused.conf": "".join(f"install {n} /bin/false\nblacklist {n}\n" for n in ("dccp", "sctp", "rds", "tipc"))
            + "".join(f"install {n} /bin/true\n" for n in ("cramfs", "freevxfs", "hfs", "hfsplus", "jffs2")),
            "boot/grub/grub.cfg": LOCKED + MENU.format(options="quiet"),
            "etc/systemd/system.conf.d/keys.conf": "[Manager]\nCtrlAltDelBurstAction=none\n",
            "etc/fstab": FSTAB,
        },
        links={WANTED: "/usr/lib/systemd/system/apparmor.service", "etc/systemd/system/ctrl-alt-del.target": "/dev/null"},
        modes={"boot/grub/grub.cfg": 0o400},
        expects={
            **{f"host.kernel.{name}": "SETTING_GOOD" for name in CHECKS},
            "host.modules.protocols": "MODULES_BARRED",
            "host.modules.file-systems": "MODULES_BARRED",
            "host.mac.enforced": "MAC_ENFORCED",
            "host.mac.exceptions": "MAC_COMPLETE",
            "host.boot.password": "LOADER_PROTECTED",
            "host.boot.files": "LOADER_FILES_CLOSED",
            "host.boot.console-keys": "KEYS_OFF",
            "host.boot.rescue": "RESCUE_ASKS",
            "host.boot.secure-boot": "NOT_RUNNING",
            "host.boot.processor-flaws": "NOT_RUNNING",
            "host.mounts.options": "OPTIONS_SET",
            "host.mounts.separate": "PLACES_APART",
        },
    ),
    "bad": Image(
        files={
            **KERNEL,
            **APPARMOR,
            # Windows line ends; the last file by name counts, whatever its directory
            "etc/sysctl.d/10-kernel.conf": lines(SELF, "\r\n"),
            "usr/lib/sysctl.d/zz-vendor.conf": lines(dict.fromkeys(SELF, "0") | {"fs.suid_dumpable": "1", "kernel.sysrq": "1"}),
            # Debian's link 99-sysctl.conf gives /etc/sysctl.conf its place, before a name in letters
            "etc/sysctl.conf": lines(SELF),
            "etc/modprobe.d/unused.conf": "blacklist dccp\n# install sctp /bin/false\ninstall hfs /bin/false\n",
            "etc/apparmor.d/usr.sbin.cupsd": "profile cupsd /usr/sbin/cupsd flags=(complain) {\n}\n",
            "boot/grub2/grub.cfg": CONDITIONAL + MENU.format(options="quiet mitigations=off"),
            "etc/systemd/system/rescue.service.d/open.conf": "[Service]\nEnvironment=SYSTEMD_SULOGIN_FORCE=1\n",
            # a later exec takes noexec back; a commented line does nothing
            "etc/fstab": "tmpfs /tmp tmpfs noexec,nosuid,nodev,exec 0 0\n#/dev/vda2 /home ext4 nodev,nosuid 0 2\n",
        },
        modes={"boot/grub2/grub.cfg": 0o666},
        expects={
            **{f"host.kernel.{name}": "SETTING_BAD" for name in CHECKS},
            "host.modules.protocols": "MODULES_LOADABLE",
            "host.modules.file-systems": "MODULES_LOADABLE",
            "host.mac.enforced": "MAC_OFF",
            "host.mac.exceptions": "MAC_NOT_USED",
            "host.boot.password": "LOADER_OPEN",
            "host.boot.files": "LOADER_FILES_OPEN",
            "host.boot.console-keys": "KEYS_RESTART",
            "host.boot.rescue": "RESCUE_OPEN",
            "host.boot.processor-flaws": "FLAWS_SWITCHED_OFF",
            "host.mounts.options": "OPTIONS_MISSING",
            "host.mounts.separate": "PLACES_TOGETHER",
        },
    ),
    "odd": Image(
        files={
            **KERNEL,
            **APPARMOR,
            "etc/apparmor.d/usr.sbin.cupsd": "profile cupsd /usr/sbin/cupsd flags=(complain, attach_disconnected) {\n}\n",
            "boot/grub2/grub.cfg": CONDITIONAL + MENU.format(options="quiet selinux=0"),
            "boot/grub2/user.cfg": "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.AA.BB\n",
            # a mask in a directory with less weight hides nothing
            "usr/lib/systemd/system.conf.d/keys.conf": "[Manager]\nCtrlAltDelBurstAction=none\n",
            "etc/systemd/system.conf.d/keys.conf": "[Manager]\nCtrlAltDelBurstAction=reboot-force\n",
        },
        links={WANTED: "/usr/lib/systemd/system/apparmor.service", "etc/systemd/system/ctrl-alt-del.target": "/dev/null"},
        modes={"boot/grub2/grub.cfg": 0o600, "boot/grub2/user.cfg": 0o600},
        expects={
            "host.mac.enforced": "MAC_ENFORCED",
            "host.mac.exceptions": "MAC_COMPLAINING",
            "host.boot.password": "LOADER_PROTECTED",
            "host.boot.files": "LOADER_FILES_CLOSED",
            "host.boot.console-keys": "KEYS_RESTART",
        },
    ),
    "permissive": Image(
        files={"etc/selinux/config": "SELINUX=enforcing\nSELINUX=Permissive\n", "boot/grub/grub.cfg": MENU.format(options="quiet")},
        expects={"host.mac.enforced": "MAC_PERMISSIVE", "host.mac.exceptions": "MAC_NOT_USED", "host.boot.password": "LOADER_OPEN"},
    ),
    "bare": Image(
        files={}, expects={"host.mac.enforced": "MAC_NONE", "host.boot.password": "LOADER_NONE", "host.boot.files": "LOADER_NONE"}
    ),
}


@pytest.fixture(scope="module", autouse=True)
def possible(request: pytest.FixtureRequest) -> None:
    """Needs the trees."""
    need_lab(request.config, why_not())


def image(root: Path, made: Image) -> RootReader:
    """Copy the parts of a tree that decide and do to them what the image says."""
    tree = place("bookworm")
    for part in (*COPIED, *LINKS):
        if (tree / part).is_symlink() or (tree / part).exists():
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", "--", str(tree / part), str(root / part)], check=True, stdin=subprocess.DEVNULL)
    for path, text in made.files.items():
        target = root / ("usr" if path.startswith("lib/") else "") / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")
    for path, to in made.links.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).unlink(missing_ok=True)
        (root / path).symlink_to(to)
    for path, mode in made.modes.items():
        (root / path).chmod(mode)
    return RootReader(root)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_gives_the_tags_that_it_was_made_to_give(tmp_path: Path, name: str) -> None:
    made = IMAGES[name]
    reader_root = tmp_path / "root"
    reader_root.mkdir()
    image(reader_root, made)
    host = Host("image.example.jp")
    facts = FactSet(host)
    for fact in FACTS:
        for observer in catalogue().observers[fact]:
            if isinstance(observer, Collector) and observer.on is Platform.LINUX:
                facts.put(host, fact, observe(observer, RootReader(reader_root), lambda: AT))
    variants = [v for v in make_plan(catalogue(), (), Profile()).variants if v.check.id in made.expects and v.check.of is Kind.MACHINE]
    found = {result.variant.check.id: result.ending.tag or str(result.ending.reason) for result in judge(facts, variants)}
    shutil.rmtree(reader_root)
    assert found == dict(made.expects)
