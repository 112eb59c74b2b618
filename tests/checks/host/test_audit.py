"""Cases of the checks of the audit record."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.audit_trail import AuditStore, AuditSubject, AuditSwitch, AuditTrail
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown

EVERYTHING = tuple(AuditSubject)
WELL = AuditTrail(
    container=False,
    installed=True,
    running=True,
    starts=True,
    switch=always(AuditSwitch.FIXED),
    subjects=always(EVERYTHING),
    compat=always(True),
    compat_subjects=always(EVERYTHING),
    store=AuditStore("keep_logs", "email", "halt"),
)
CONTAINER = replace(WELL, container=True)
NONE = replace(WELL, installed=False, switch=always(AuditSwitch.OFF), subjects=always(()))
UNSEEN = replace(WELL, installed=DENIED)
UNTOLD = replace(WELL, container=DENIED)


def switch(readings: Readings[AuditSwitch]) -> AuditTrail:
    """A record that is switched so."""
    return replace(WELL, switch=readings)


def subjects(readings: Readings[tuple[AuditSubject, ...]]) -> AuditTrail:
    """A record of these subjects."""
    return replace(WELL, subjects=readings)


def in_32_bit(readings: Readings[tuple[AuditSubject, ...]], taken: Readings[bool] | None = None) -> AuditTrail:
    """A record of everything that has these subjects of 32-bit calls."""
    return replace(WELL, compat_subjects=readings, compat=taken or always(True))


def store(full: str, short: str, disk: str) -> AuditTrail:
    """A record that is kept so."""
    return replace(WELL, store=AuditStore(full, short, disk))


FEW = (AuditSubject.IDENTITIES, AuditSubject.TIME)
ON, OFF, FIXED = AuditSwitch.ON, AuditSwitch.OFF, AuditSwitch.FIXED
EVERYWHERE = [case(CONTAINER, says="CONTAINER"), case(NONE, says="NOT_INSTALLED")]
EVERYWHERE += [case(fact, outcome="undetermined", reason=Reason.ACCESS_DENIED) for fact in (UNSEEN, UNTOLD)]
NO_KERNEL: Readings[AuditSwitch] = unknown()
CASES: dict[str, list[Case]] = {
    "host.audit.running": [
        *EVERYWHERE,
        case(WELL, says="AUDIT_ON"),
        case(switch(always(ON)), says="AUDIT_ON"),
        case(replace(switch(off(ON)), running=None), says="AUDIT_ON"),
        case(switch(always(OFF)), says="AUDIT_OFF"),
        case(replace(switch(off(OFF)), running=None), says="AUDIT_OFF"),
        case(switch(Readings(None, ON, OFF, "place")), says="AUDIT_OFF_LATER"),
        case(replace(WELL, running=False), says="DAEMON_STOPPED"),
        case(replace(WELL, running=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(switch(NO_KERNEL), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.audit.subjects": [
        *EVERYWHERE,
        case(WELL, says="COVERED"),
        case(subjects(off(EVERYTHING)), says="COVERED"),
        case(subjects(always(FEW)), says="NOT_COVERED", args={"subjects": ("privilege-rules", "privilege-use", "logins", "modules")}),
        case(subjects(off(FEW)), says="NOT_COVERED"),
        case(subjects(always(FEW)), says="COVERED", with_={"wanted": ("time",)}),
        case(subjects(Readings(EVERYTHING, FEW, EVERYTHING, "place")), says="NOT_LOADED"),
        case(subjects(Readings(None, EVERYTHING, (), "place")), says="NOT_AFTER_RESTART"),
        case(subjects(Readings(None, DENIED, EVERYTHING, "place")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(subjects(Readings(None, DENIED, FEW, "place")), says="NOT_COVERED"),
    ],
    "host.audit.32-bit": [
        *EVERYWHERE,
        case(WELL, says="FORM_COVERED"),
        case(in_32_bit(off(EVERYTHING), off(True)), says="FORM_COVERED"),
        case(in_32_bit(always(FEW)), says="FORM_MISSED", args={"subjects": ("privilege-rules", "privilege-use", "logins", "modules")}),
        case(in_32_bit(off(FEW), Readings(None, None, True, "x")), says="FORM_MISSED"),
        case(in_32_bit(always(FEW)), says="FORM_COVERED", with_={"wanted": ("time",)}),
        case(in_32_bit(always(FEW), always(False)), says="FORM_REFUSED"),
        case(in_32_bit(always(EVERYTHING), always(False)), says="FORM_REFUSED"),
        case(in_32_bit(Readings(None, EVERYTHING, FEW, "x"), Readings(None, True, False, "x")), says="FORM_COVERED"),
        case(in_32_bit(Readings(None, FEW, EVERYTHING, "x"), Readings(None, True, False, "x")), says="FORM_MISSED"),
        case(in_32_bit(always(FEW), unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(in_32_bit(always(EVERYTHING), unknown()), says="FORM_COVERED"),
        case(in_32_bit(unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(in_32_bit(Readings(None, DENIED, FEW, "x")), says="FORM_MISSED"),
    ],
    "host.audit.fixed": [
        *EVERYWHERE,
        case(WELL, says="FIXED"),
        case(switch(always(ON)), says="NOT_FIXED"),
        case(switch(Readings(None, FIXED, ON, "place")), says="NOT_FIXED"),
        case(switch(Readings(FIXED, ON, FIXED, "place")), says="FIXED_LATER"),
        case(switch(NO_KERNEL), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "host.audit.full": [
        *EVERYWHERE,
        case(WELL, says="SETTLED"),
        case(store("rotate", "syslog", "syslog"), says="SETTLED"),
        case(store("rotate", "syslog", "suspend"), says="NOT_SETTLED", args={"settings": ("disk_full_action = suspend",)}),
        case(store("ignore", "ignore", "halt"), says="NOT_SETTLED"),
        case(replace(WELL, store=Unobserved(Reason.ACCESS_DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
