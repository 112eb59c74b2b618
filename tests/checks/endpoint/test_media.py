"""Cases of the check of removable media that were put in."""

from __future__ import annotations

from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.facts.readings import Hold
from scanner.facts.removable_media import Barrier, BarrierKind, RemovableEncryption, UsbStorage
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown


def stick(serial: str = "4C530001", day: str | None = "2026-11-20") -> InsertedMedium:
    """A USB stick."""
    return InsertedMedium("SanDisk Ultra", "0781:5581", serial, day)


def put_in(*media: InsertedMedium, since: str | Unobserved | None = "2026-10-01") -> MediaInsertions:
    """What the records name."""
    return MediaInsertions(media, since, "journal")


def usb(hold: Hold) -> UsbStorage:
    """A machine whose driver of USB storage is held back so."""
    return UsbStorage((Barrier(BarrierKind.DRIVER, always(hold)),))


LEDGER = {"registered": ("4c530001", "AA00")}
CASES: dict[str, list[Case]] = {
    "endpoint.media.registered": [
        case(put_in(stick()), says="MEDIA_REGISTERED", args={"count": 1}, with_=LEDGER),
        case(put_in(stick(), stick("9999")), says="MEDIA_OTHER", args={"media": ("SanDisk Ultra 9999 2026-11-20",)}, with_=LEDGER),
        # without a serial number it cannot be the one in the ledger
        case(put_in(stick("", None)), says="MEDIA_OTHER", args={"media": ("SanDisk Ultra - -",)}, with_=LEDGER),
        case(put_in(), says="MEDIA_NONE", args={"since": "2026-10-01"}),
        case(put_in(stick(), since=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=LEDGER),
        case(put_in(since=None), says="MEDIA_NONE"),
        case(put_in(since=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(put_in(stick()), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(MediaInsertions(DENIED, None, "journal"), outcome="undetermined", reason=Reason.ACCESS_DENIED, with_=LEDGER),
    ],
    "endpoint.media.encrypted": [
        case(RemovableEncryption(always(True)), usb(Hold.NONE), says="PLAIN_REFUSED"),
        case(RemovableEncryption(off(True)), DENIED, says="PLAIN_REFUSED"),
        case(RemovableEncryption(always(False)), usb(Hold.PARTIAL), says="PLAIN_WRITTEN"),
        case(RemovableEncryption(always(False)), usb(Hold.FULL), says="MEDIA_BARRED"),
        case(RemovableEncryption(always(False)), DENIED, says="PLAIN_WRITTEN"),
        case(RemovableEncryption(unknown()), usb(Hold.NONE), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ],
}
