"""What containers cannot show: settings in force, the audit trail, AppArmor and encrypted swap of a machine with a kernel of its own.

Expectations are from sysctl(8), auditctl(8), augenrules(8), apparmor(7) and cryptsetup(8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from scanner.engine.catalogue import catalogue
from scanner.hosts.ssh.entrance import LoginEntrance
from scanner.hosts.ssh.machine import SshMachine
from scanner.model.login import Login
from scanner.model.platform import Platform
from tests.lab import netns
from tests.lab.hosts.judging import endings
from tests.lab.hosts.lab import Machine
from tests.lab.hosts.own_kernel import ADDRESS, OwnKernel, own_kernel, why_not
from tests.lab.hosts.state import State
from tests.lab.hosts.test_ssh import Anywhere
from tests.lab.needed import need_lab

pytestmark = pytest.mark.lab
COLLECTORS = {"kernel_settings", "audit_trail", "mandatory_access_control", "disk_encryption"}
RULES = "\n".join(
    [
        *(f"-w /etc/{name} -p wa -k identities" for name in ("passwd", "shadow", "group", "gshadow", "security/opasswd")),
        *(f"-w /etc/{name} -p wa -k rights" for name in ("sudoers", "sudoers.d")),
        "-w /var/log/wtmp -p wa -k logins",
        "-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime -k time",
        "-a always,exit -F arch=b64 -S init_module,finit_module -k modules",
        "-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0 -k use",
        "-e 2",
    ]
)
WEAK = {
    "host.kernel.pointers": "SETTING_BAD",
    "host.kernel.aslr": "SETTING_BAD",
    "host.kernel.messages": "SETTING_NOT_APPLIED",
    "host.kernel.ptrace": "SETTING_RETURNS",
    "host.audit.running": "AUDIT_OFF",
    "host.audit.subjects": "NOT_LOADED",
    "host.audit.32-bit": "FORM_REFUSED",
    "host.audit.fixed": "FIXED_LATER",
    "host.mac.enforced": "MAC_AFTER_RESTART",
    "host.disk.swap": "SWAP_PLAIN",
}
KEPT = {
    **dict.fromkeys(("host.kernel.pointers", "host.kernel.aslr", "host.kernel.messages", "host.kernel.ptrace"), "SETTING_GOOD"),
    "host.audit.running": "AUDIT_ON",
    "host.audit.subjects": "COVERED",
    "host.audit.32-bit": "FORM_REFUSED",
    "host.audit.fixed": "FIXED",
    "host.mac.enforced": "MAC_ENFORCED",
    "host.disk.swap": "SWAP_ENCRYPTED",
}


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest) -> Iterator[OwnKernel]:
    need_lab(request.config, why_not())
    with own_kernel() as raised:
        yield raised


def tags(machine: OwnKernel) -> Mapping[str, str]:
    """Look over SSH as root; check → tag."""
    login = Login("root", key=str(machine.key), known_hosts=str(machine.known_hosts))
    chosen = [collector for collector in catalogue().collectors_on(Platform.LINUX) if collector.name in COLLECTORS]
    look = SshMachine(LoginEntrance(ADDRESS, login, Anywhere(ADDRESS)))
    seen = netns.call(machine.network, lambda: look.see(lambda: chosen, lambda: "2026-11-22T00:00:00Z", 120))
    found = endings(Machine("kernel", ADDRESS, 0, State("kernel", {})), seen)
    return {check: ending.tag or repr(ending.reason) for check in WEAK for ending in found[check]}


def test_what_the_kernel_has_in_force_counts_beside_what_files_say(machine: OwnKernel) -> None:
    machine.set(
        "printf 'kernel.dmesg_restrict = 1\\nkernel.yama.ptrace_scope = 0\\n' > /etc/sysctl.d/90-town.conf",
        "sysctl -w kernel.dmesg_restrict=0 kernel.yama.ptrace_scope=1 kernel.randomize_va_space=0",
        f"cat > /etc/audit/rules.d/50-town.rules <<'E'\n{RULES}\nE",
        "auditctl -e 0",
        "aa-teardown",
        "mkswap /dev/ubdb; swapon /dev/ubdb",
    )
    assert tags(machine) == WEAK
    machine.set(
        "sed -i s/ptrace_scope.*/ptrace_scope=1/ /etc/sysctl.d/90-town.conf",
        "printf 'kernel.kptr_restrict=1\\nkernel.randomize_va_space=2\\n' >> /etc/sysctl.d/90-town.conf; sysctl --system",
        "auditctl -e 1; mkdir -p /etc/sudoers.d; touch /etc/sudoers /etc/security/opasswd; augenrules --load",
        "systemctl restart apparmor",
        "swapoff -a; printf secret > /run/key; modprobe dm-crypt",
        "cryptsetup -q luksFormat --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file /run/key /dev/ubda",
        "cryptsetup open --key-file /run/key /dev/ubda swap; mkswap /dev/mapper/swap; swapon /dev/mapper/swap",
    )
    assert tags(machine) == KEPT
