"""Cases of the checks of the kernel's self-protection."""

from __future__ import annotations

from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import always
from tests.checks.kernel_cases import kernel, plain

DUMPABLE, PATTERN = "fs.suid_dumpable", "kernel.core_pattern"
DENIED = Unobserved(Reason.ACCESS_DENIED)
CASES: dict[str, list[Case]] = {
    "host.kernel.pointers": [
        *plain("kernel.kptr_restrict", "1", "0"),
        case(kernel({"kernel.kptr_restrict": always("2")}), says="SETTING_GOOD"),
    ],
    "host.kernel.messages": plain("kernel.dmesg_restrict", "1", "0"),
    "host.kernel.aslr": [
        *plain("kernel.randomize_va_space", "2", "0"),
        case(kernel({"kernel.randomize_va_space": always("1")}), says="SETTING_BAD"),
    ],
    "host.kernel.ptrace": [
        *plain("kernel.yama.ptrace_scope", "1", "0"),
        case(kernel({"kernel.yama.ptrace_scope": always("3")}), says="SETTING_GOOD"),
        case(kernel({"kernel.yama.ptrace_scope": always("4")}), says="SETTING_BAD"),
    ],
    "host.kernel.bpf": [
        *plain("kernel.unprivileged_bpf_disabled", "2", "0"),
        case(kernel({"kernel.unprivileged_bpf_disabled": always("1")}), says="SETTING_GOOD"),
    ],
    "host.kernel.core-dumps": [
        *plain(DUMPABLE, "0", "1"),
        case(kernel({DUMPABLE: always("2"), PATTERN: always("|/lib/systemd/systemd-coredump %P")}), says="SETTING_GOOD"),
        case(kernel({DUMPABLE: always("2"), PATTERN: always("core")}), says="SETTING_BAD"),
        case(kernel({DUMPABLE: Readings("2", None, "2", "x"), PATTERN: Readings("core", None, "core", "x")}), says="SETTING_BAD"),
        case(kernel({DUMPABLE: always("2"), PATTERN: Readings(None, "|/x", DENIED, "x")}), outcome="undetermined", reason=DENIED.reason),
        case(kernel({DUMPABLE: always("0"), PATTERN: Readings(None, DENIED, DENIED, "x")}), says="SETTING_GOOD"),
        case(kernel({DUMPABLE: always("1"), PATTERN: always("|/lib/systemd/systemd-coredump %P")}), says="SETTING_BAD"),
    ],
    "host.kernel.sysrq": [
        *plain("kernel.sysrq", "0", "1"),
        case(kernel({"kernel.sysrq": always("438")}), says="SETTING_GOOD"),
        case(kernel({"kernel.sysrq": always("16")}), says="SETTING_GOOD"),
        case(kernel({"kernel.sysrq": always("502")}), says="SETTING_BAD"),  # 438 and 64: signals
        case(kernel({"kernel.sysrq": always("8")}), says="SETTING_BAD"),
        case(kernel({"kernel.sysrq": always("nonsense")}), says="SETTING_BAD"),
    ],
    "host.kernel.links": [
        *plain("fs.protected_symlinks", "1", "0", others={"fs.protected_hardlinks": always("1")}),
        case(kernel({"fs.protected_symlinks": always("1"), "fs.protected_hardlinks": always("0")}), says="SETTING_BAD"),
    ],
    "host.kernel.shared-files": [
        *plain("fs.protected_regular", "2", "0", others={"fs.protected_fifos": always("1")}),
        case(kernel({"fs.protected_regular": always("1"), "fs.protected_fifos": always("0")}), says="SETTING_BAD"),
    ],
}
