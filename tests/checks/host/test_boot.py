"""Cases of the checks of modules, mandatory access control and the start of a machine."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.kernel import (
    BarredModule,
    BootFile,
    Confinement,
    Enforcement,
    Flaw,
    KernelModules,
    MandatoryAccessControl,
    Startup,
)
from scanner.facts.readings import Hold, Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown

FULL, NONE, PARTIAL = always(Hold.FULL), always(Hold.NONE), always(Hold.PARTIAL)
OPEN = Unobserved(Reason.ACCESS_DENIED)


def modules(*holds: Readings[Hold], container: str | Unobserved = "") -> KernelModules:
    """The same modules on both lists."""
    found = tuple(BarredModule(name, hold) for name, hold in zip(("dccp", "sctp", "rds"), holds, strict=False))
    return KernelModules(container, found, found)


MODULES = [
    case(modules(FULL, FULL), says="MODULES_BARRED", args={"names": ("dccp", "sctp")}),
    case(modules(off(Hold.FULL)), says="MODULES_BARRED"),
    case(modules(FULL, NONE), says="MODULES_LOADABLE", args={"names": ("sctp",)}),
    # a blacklist line alone leaves loading by name
    case(modules(FULL, PARTIAL), says="MODULES_LOADABLE"),
    case(modules(Readings(Hold.FULL, Hold.NONE, Hold.FULL, "x")), says="MODULES_LOADED"),
    case(modules(FULL, unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(modules(unknown(), NONE), says="MODULES_LOADABLE"),
    case(modules(NONE, container="docker"), says="IN_CONTAINER"),
    case(modules(FULL, container=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
]
ENFORCING, PERMISSIVE, OFF = Enforcement.ENFORCING, Enforcement.PERMISSIVE, Enforcement.OFF


def mac(*systems: Confinement, container: str | Unobserved = "") -> MandatoryAccessControl:
    """A machine with these systems."""
    return MandatoryAccessControl(container, systems)


def armor(
    state: Readings[Enforcement],
    permissive: tuple[str, ...] | Unobserved = (),
    unconfined: tuple[str, ...] | Unobserved = (),
    system: str = "apparmor",
) -> Confinement:
    """One system."""
    return Confinement(system, state, permissive, unconfined, 10)


START = Startup(
    container="",
    firmware="uefi",
    secure_boot=True,
    loader="grub",
    loader_password=True,
    loader_files=(BootFile("/boot/grub/grub.cfg", 0o400, 0, 0),),
    restarts_on_keys=always(False),
    rescue_asks=True,
    lockdown="integrity",
    flaws=(Flaw("meltdown", "Mitigation: PTI"), Flaw("l1tf", "Not affected")),
    mitigations_off=always(False),
)
INSIDE = replace(START, container="lxc")
UNCLEAR = replace(START, container=DENIED)
BLIND = Startup(DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED, DENIED)
ELSEWHERE = [
    case(INSIDE, says="IN_CONTAINER", args={"keeper": "lxc"}),
    case(UNCLEAR, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(BLIND, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(replace(BLIND, container=""), outcome="undetermined", reason=Reason.ACCESS_DENIED),
]
CASES: dict[str, list[Case]] = {
    "host.modules.protocols": MODULES,
    "host.modules.file-systems": MODULES,
    "host.mac.enforced": [
        case(mac(armor(always(ENFORCING))), says="MAC_ENFORCED", args={"system": "apparmor"}),
        case(mac(armor(off(ENFORCING))), says="MAC_ENFORCED"),
        case(mac(), says="MAC_NONE"),
        case(mac(armor(always(OFF))), says="MAC_OFF"),
        case(mac(armor(always(PERMISSIVE, ENFORCING), system="selinux")), says="MAC_PERMISSIVE", args={"system": "selinux"}),
        case(mac(armor(Readings(None, ENFORCING, OFF, "x"))), says="MAC_UNTIL_RESTART"),
        case(mac(armor(Readings(ENFORCING, OFF, ENFORCING, "x"))), says="MAC_AFTER_RESTART"),
        # files of the one lie beside the other that works
        case(mac(armor(always(OFF)), armor(always(ENFORCING), system="selinux")), says="MAC_ENFORCED", args={"system": "selinux"}),
        case(mac(armor(unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mac(armor(Readings(None, PERMISSIVE, OPEN, "x"))), says="MAC_PERMISSIVE"),
        case(MandatoryAccessControl("", DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mac(container="docker"), says="IN_CONTAINER"),
        case(mac(container=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.mac.exceptions": [
        case(mac(armor(always(ENFORCING))), says="MAC_COMPLETE"),
        case(mac(armor(always(ENFORCING), ("named",))), says="MAC_COMPLAINING", args={"names": ("named",)}),
        case(mac(armor(always(ENFORCING), (), ("/usr/sbin/cupsd",))), says="MAC_UNCONFINED"),
        case(mac(armor(always(ENFORCING), DENIED, ("/usr/sbin/cupsd",))), says="MAC_UNCONFINED"),
        case(mac(armor(always(ENFORCING), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mac(armor(always(ENFORCING), (), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mac(armor(always(OFF), ("named",))), says="MAC_NOT_USED"),
        case(mac(), says="MAC_NOT_USED"),
        case(mac(armor(unknown())), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(MandatoryAccessControl("", DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mac(container="docker"), says="IN_CONTAINER"),
    ],
    "host.boot.secure-boot": [
        *ELSEWHERE,
        case(START, says="SECURE_BOOT_ON"),
        case(replace(START, secure_boot=False), says="SECURE_BOOT_OFF"),
        case(replace(START, firmware="bios", secure_boot=None), says="FIRMWARE_OLD"),
        case(replace(START, firmware=None, secure_boot=None), says="NOT_RUNNING"),
        case(replace(START, secure_boot=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.boot.password": [
        *ELSEWHERE,
        case(START, says="LOADER_PROTECTED", args={"loader": "grub"}),
        case(replace(START, loader_password=False), says="LOADER_OPEN"),
        case(replace(START, loader="", loader_password=None), says="LOADER_NONE"),
        case(replace(START, loader_password=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.boot.files": [
        *ELSEWHERE,
        case(START, says="LOADER_FILES_CLOSED"),
        # Debian's own mode where the file holds no password
        case(replace(START, loader_password=False, loader_files=(BootFile("/g", 0o444, 0, 0),)), says="LOADER_FILES_CLOSED"),
        case(replace(START, loader_files=(BootFile("/g", 0o444, 0, 0),)), says="LOADER_FILES_OPEN", args={"paths": ("/g 0444 0:0",)}),
        case(replace(START, loader_password=False, loader_files=(BootFile("/g", 0o666, 0, 0),)), says="LOADER_FILES_OPEN"),
        case(replace(START, loader_files=(BootFile("/g", 0o400, 1000, 0),)), says="LOADER_FILES_OPEN"),
        case(replace(START, loader_files=()), says="LOADER_NONE"),
    ],
    "host.boot.console-keys": [
        *ELSEWHERE,
        case(START, says="KEYS_OFF"),
        case(replace(START, restarts_on_keys=off(False)), says="KEYS_OFF"),
        case(replace(START, restarts_on_keys=always(True)), says="KEYS_RESTART", args={"place": "place"}),
        case(replace(START, restarts_on_keys=Readings(None, False, True, "x")), says="KEYS_RESTART"),
        case(replace(START, restarts_on_keys=Readings(None, False, OPEN, "x")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.boot.rescue": [
        *ELSEWHERE,
        case(START, says="RESCUE_ASKS"),
        case(replace(START, rescue_asks=False), says="RESCUE_OPEN"),
        case(replace(START, rescue_asks=None), says="RESCUE_NONE"),
    ],
    "host.boot.processor-flaws": [
        *ELSEWHERE,
        case(START, says="FLAWS_MITIGATED"),
        case(replace(START, flaws=(Flaw("mds", "Vulnerable; SMT vulnerable"),)), says="FLAWS_OPEN"),
        case(replace(START, mitigations_off=always(True)), says="FLAWS_SWITCHED_OFF"),
        case(replace(START, mitigations_off=Readings(None, False, True, "x")), says="FLAWS_SWITCHED_OFF"),
        case(replace(START, flaws=None), says="NOT_RUNNING"),
        case(replace(START, flaws=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(START, mitigations_off=unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(replace(START, mitigations_off=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
