"""The collector for removable media that were put into a Linux machine, from the kernel's messages in the journal."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from scanner.facts.media_history import InsertedMedium, MediaInsertions
from scanner.hosts.base import Reader, Run, collector
from scanner.hosts.linux.base import shown
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

DEVICES: Final = Run(
    ("journalctl", "-q", "--no-pager", "--output=short-unix", "_KERNEL_SUBSYSTEM=usb", "+", "_KERNEL_SUBSYSTEM=scsi"),
    seconds=20.0,
    root=True,
)
"""The kernel's messages about devices of these two kinds; the journal is indexed by them."""
ANY: Final = Run(("journalctl", "-q", "--no-pager", "--output=short-unix", "--lines=1", "_TRANSPORT=kernel"), seconds=20.0, root=True)
"""Whether messages of the kernel can be seen at all: without the right to them the journal looks empty."""
BOOTS: Final = Run(("journalctl", "-q", "--no-pager", "--list-boots"), seconds=20.0, root=True)
MOST: Final = 500
_LINE: Final = re.compile(r"^(?P<time>\d+)\.\d+ \S+ kernel: (?P<text>.*)$")
_FOUND: Final = re.compile(
    r"usb (?P<port>[\d.-]+): New USB device found, idVendor=(?P<maker>[0-9a-f]{4}), idProduct=(?P<product>[0-9a-f]{4})"
)
_WORD: Final = re.compile(r"usb (?P<port>[\d.-]+): (?P<what>Product|Manufacturer|SerialNumber): (?P<value>.*)$")
_STORAGE: Final = re.compile(r"(?:usb-storage|uas) (?P<port>[\d.-]+):[\d.]+: ")
_UAS: Final = re.compile(r"scsi host\d+: uas")


@collector(Platform.LINUX, DEVICES, ANY, BOOTS)
def media_insertions(read: Reader) -> MediaInsertions:
    """See which USB storage the journal names, and since when."""
    if _output(read, ANY) == "":
        raise CannotObserve(Reason.ACCESS_DENIED, "the journal shows no messages of the kernel: no right to them, or none are kept")
    return MediaInsertions(media(_output(read, DEVICES)), _since(_output(read, BOOTS)), "systemd journal")


def _output(read: Reader, asked: Run) -> str:
    answer = read.command(asked.argv, seconds=asked.seconds)
    if answer is None:
        raise CannotObserve(Reason.UNSUPPORTED, "there is no journal")
    if answer.status not in {0, 1}:  # 1: nothing matched
        raise CannotObserve(Reason.UNSUPPORTED, f"journalctl ended with {answer.status}")
    return answer.stdout.decode("utf-8", "replace").strip()


def media(log: str) -> tuple[InsertedMedium, ...] | Unobserved:
    """Gather storage devices from the kernel's messages: a device is found, describes itself, and a storage driver takes it."""
    ports: dict[str, dict[str, str]] = {}
    found: dict[tuple[str, str, str], InsertedMedium] = {}
    last = ""
    for line in log.split("\n"):
        match = _LINE.match(line)
        if not match:
            continue
        text, day = match["text"], datetime.fromtimestamp(min(int(match["time"]), 1 << 36), UTC).date().isoformat()
        if new := _FOUND.match(text):
            last = new["port"]
            ports[last] = {"ids": f"{new['maker']}:{new['product']}"}
        elif (word := _WORD.match(text)) and word["port"] in ports:
            ports[word["port"]][word["what"]] = shown(word["value"].strip())
        elif (storage := _STORAGE.match(text)) or _UAS.match(text):
            device = ports.get(storage["port"] if storage else last)
            if device is not None:
                model = " ".join(dict.fromkeys(device[key] for key in ("Manufacturer", "Product") if device.get(key)))
                serial = device.get("SerialNumber", "")
                found[device["ids"], serial, model] = InsertedMedium(model, device["ids"], serial, day)
                if len(found) > MOST:
                    return Unobserved(Reason.TOO_LARGE, f"more than {MOST} storage devices in the journal")
    return tuple(sorted(found.values(), key=lambda medium: (medium.ids, medium.serial, medium.model)))


def _since(boots: str) -> str | Unobserved:
    """Give the day on which the oldest start in the journal began: the first date of the first line that has one."""
    day = re.search(r"\b(\d{4}-\d\d-\d\d)\b", boots)
    return day[1] if day else Unobserved(Reason.UNSUPPORTED, "journalctl --list-boots names no day")
