"""Cases of the checks of removable media."""

from __future__ import annotations

from scanner.facts.readings import Hold, Readings
from scanner.facts.removable_media import AutoMount, AutoRun, Barrier, BarrierKind, Behaviour, Mounter, MountPermission, Runner, UsbStorage
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, STALE, always, off, unknown

FREE = always(MountPermission.FREE)


def gnome(mounts: Readings[bool], fixed: bool | Unobserved = True, account: str = "") -> Mounter:
    """A desktop that mounts through the mount service."""
    return Mounter("gnome", account, mounts, always(True), fixed, True)


def autofs(mounts: Readings[bool]) -> Mounter:
    """A mounter that needs no service."""
    return Mounter("autofs", "", mounts, None, True, False)


def mount(*mounters: Mounter, permission: Readings[MountPermission] | None = FREE) -> AutoMount:
    """Who mounts."""
    return AutoMount(mounters, permission)


def run(behaviour: Readings[Behaviour], fixed: bool | Unobserved = True, account: str = "") -> Runner:
    """A desktop that looks for programs."""
    return Runner("gnome", account, ("removable", "optical"), behaviour, fixed)


def usb(**holds: Readings[Hold]) -> UsbStorage:
    """Barriers by kind; all others hold nothing back."""
    return UsbStorage(tuple(Barrier(kind, holds.get(kind.name.lower(), always(Hold.NONE))) for kind in BarrierKind))


NEVER, ASKS = always(Behaviour.NEVER), always(Behaviour.ASKS)
BLOCKED = {"use": "blocked"}
CASES: dict[str, list[Case]] = {
    "endpoint.autorun.automount": [
        case(mount(permission=None), says="NOTHING_MOUNTS"),
        # a desktop without the service that mounts for it
        case(mount(gnome(always(True), False), permission=None), says="NOTHING_MOUNTS"),
        case(mount(gnome(always(False))), says="AUTOMOUNT_OFF", args={"by": ("gnome",)}),
        case(mount(gnome(off(False)), permission=off(MountPermission.FREE)), says="AUTOMOUNT_OFF"),
        case(mount(gnome(always(False), False)), says="AUTOMOUNT_OFF_CHANGEABLE"),
        case(mount(gnome(always(False), False)), says="AUTOMOUNT_OFF", with_={"locked": False}),
        case(mount(gnome(always(False), DENIED)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mount(gnome(always(True)), permission=always(MountPermission.ADMINISTRATOR)), says="AUTOMOUNT_ASKS"),
        case(mount(gnome(always(True)), permission=always(MountPermission.NOBODY)), says="AUTOMOUNT_ASKS"),
        case(mount(gnome(always(True))), says="AUTOMOUNT_ON", args={"by": ("gnome",), "places": ("place",)}),
        case(mount(gnome(off(True)), permission=off(MountPermission.FREE)), says="AUTOMOUNT_ON"),
        case(mount(gnome(always(False)), gnome(always(True), account="hanako")), says="AUTOMOUNT_ON", args={"by": ("gnome:hanako",)}),
        case(mount(autofs(always(True)), permission=None), says="AUTOMOUNT_ON", args={"by": ("autofs",)}),
        case(mount(gnome(always(True, False))), says="AUTOMOUNT_NOT_APPLIED"),
        case(mount(autofs(Readings(True, False, True, "place"))), says="AUTOMOUNT_RETURNS"),
        # a fail that was seen outranks what was not
        case(mount(gnome(unknown()), autofs(always(True))), says="AUTOMOUNT_ON"),
        case(mount(gnome(always(False)), gnome(unknown(), account="taro")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mount(gnome(always(True)), permission=unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mount(gnome(always(False)), permission=unknown()), says="AUTOMOUNT_OFF"),
        case(AutoMount(DENIED, None), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Unobserved(Reason.UNREACHABLE), outcome="undetermined", reason=Reason.UNREACHABLE),
    ],
    "endpoint.autorun.run": [
        case(AutoRun(()), says="NOTHING_RUNS"),
        case(AutoRun((run(NEVER),)), says="AUTORUN_NEVER"),
        case(AutoRun((run(NEVER, False),)), says="AUTORUN_NEVER_CHANGEABLE"),
        case(AutoRun((run(NEVER, False),)), says="AUTORUN_NEVER", with_={"locked": False}),
        case(AutoRun((run(NEVER, DENIED),)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(AutoRun((run(ASKS, False),)), says="AUTORUN_ASKS", args={"by": ("gnome",), "places": ("place",)}),
        case(AutoRun((run(NEVER), run(ASKS, account="hanako"))), says="AUTORUN_ASKS", args={"by": ("gnome:hanako",)}),
        case(AutoRun((run(always(Behaviour.STARTS)), run(ASKS))), says="AUTORUN_STARTS"),
        case(AutoRun((run(always(Behaviour.ASKS, Behaviour.NEVER)),)), says="AUTORUN_NOT_APPLIED"),
        case(AutoRun((run(unknown()), run(ASKS))), says="AUTORUN_ASKS"),
        case(AutoRun((run(NEVER), run(unknown()))), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(AutoRun(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
    "endpoint.autorun.usb-storage": [
        case(usb(), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(usb(driver=unknown()), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        # what cannot be used needs no decision
        case(usb(driver=always(Hold.FULL)), says="USB_BLOCKED"),
        case(usb(), says="USB_USE_ALLOWED", with_={"use": "allowed"}),
        case(usb(), says="USB_OPEN", with_=BLOCKED),
        case(usb(driver=always(Hold.FULL)), says="USB_BLOCKED", with_=BLOCKED, args={"by": ("place",)}),
        case(usb(driver=always(Hold.FULL), device_list=unknown()), says="USB_BLOCKED", with_=BLOCKED),
        case(UsbStorage((Barrier(BarrierKind.DRIVER, off(Hold.FULL)),)), says="USB_BLOCKED", with_=BLOCKED),
        case(UsbStorage((Barrier(BarrierKind.DRIVER, off(Hold.NONE)),)), says="USB_OPEN", with_=BLOCKED),
        case(usb(driver=always(Hold.PARTIAL)), says="USB_WEAK", with_=BLOCKED),
        case(usb(bus=Readings(None, Hold.FULL, Hold.NONE, "bus")), says="USB_UNTIL_RESTART", with_=BLOCKED, args={"by": ("bus",)}),
        case(usb(driver=Readings(Hold.FULL, Hold.NONE, Hold.FULL, "file")), says="USB_AFTER_RESTART", with_=BLOCKED),
        case(usb(device_list=unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=BLOCKED),
        case(usb(driver=Readings(None, Hold.FULL, STALE, "x")), outcome="undetermined", reason=Reason.STALE, with_=BLOCKED),
    ],
}
