r"""Recorded registries: what collectors read in hives that real Windows machines wrote, replayed in hives made by hivexsh(1).

``python -m tests.recorded.windows HIVE NAME "PROVENANCE"`` reads a SYSTEM hive and keeps what the collectors of ``COLLECTORS`` ask of it,
names of persons cut. Of the firewall's rules those stay that are active. A hive whose last changes stand in its logs is taken as it is:
for a recording of form and habits that is enough.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scanner.hosts.windows import autorun, firewall, ipv6, protocols, usb
from scanner.hosts.windows.base import RegistryValue
from scanner.hosts.windows_image import CONFIG, ImageReader
from tests.unit.windows_machines import Made, MadeReader, machine, write_hive

HERE = Path(__file__).parent
COLLECTORS = (
    autorun.auto_run,
    usb.usb_storage,
    usb.media_insertions,
    ipv6.ipv6_native,
    ipv6.ipv6_tunnels,
    firewall.firewall,
    protocols.smb_protocol,
    protocols.remote_desktop,
    protocols.name_guessing,
    protocols.ntlm_protocol,
)
_PERSON = re.compile(r"(?i)(\\Users\\)[^\\|]+")


class _Recorder(ImageReader):
    """Keeps what is asked of HKLM\\SYSTEM."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.kept: dict[str, dict[str, RegistryValue]] = {}

    def _keep(self, key: str, values: Mapping[str, RegistryValue]) -> None:
        if key.upper().startswith("HKLM\\SYSTEM\\"):
            held = self.kept.setdefault(key, {})
            held.update({str(_cleaned(name)): _cleaned(value) for name, value in values.items() if "Active=FALSE" not in str(value)})

    def value(self, key: str, name: str) -> RegistryValue | None:
        found = super().value(key, name)
        if found is not None:
            self._keep(key, {name: found})
        elif super().subkeys(key) is not None:
            self._keep(key, {})
        return found

    def values(self, key: str) -> Mapping[str, RegistryValue] | None:
        found = super().values(key)
        if found is not None:
            self._keep(key, found)
        return found

    def subkeys(self, key: str) -> tuple[str, ...] | None:
        found = super().subkeys(key)
        for name in found or ():
            self._keep(rf"{key}\{name}", {})
        return found


def _cleaned(value: RegistryValue) -> RegistryValue:
    if isinstance(value, str):
        value = re.sub(r"\|(?:Desc|EmbedCtxt)=[^|]*", "", value) if value.startswith("v2.") else value
        return _PERSON.sub(r"\1user", value)
    return value


def record(hive: Path, name: str, provenance: str) -> None:
    """Record one SYSTEM hive."""
    data = bytearray(hive.read_bytes())
    struct.pack_into("<I", data, 8, struct.unpack_from("<I", data, 4)[0])
    total = 0
    for (word,) in struct.iter_unpack("<I", data[:508]):
        total ^= word
    struct.pack_into("<I", data, 508, total)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_hive(root / f"{CONFIG}SOFTWARE".lstrip("/"), {})
        (root / f"{CONFIG}SYSTEM".lstrip("/")).write_bytes(data)
        (root / "Windows/System32/drivers").mkdir()
        reader = _Recorder(root)
        for collector in COLLECTORS:
            collector.run(reader)
        keys = {
            key: {value: {"octets": found.hex()} if isinstance(found, bytes) else found for value, found in sorted(values.items())}
            for key, values in sorted(reader.kept.items())
        }
    text = json.dumps({"provenance": provenance, "keys": keys}, ensure_ascii=False, indent=0)
    (HERE / f"{name}.json").write_text(text + "\n", "utf-8")


def replay(name: str, room: Path, files: Mapping[str, bytes]) -> MadeReader:
    """Give a machine with a recorded registry."""
    recorded = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    keys: dict[str, dict[str, Made]] = {}
    for key, values in recorded["keys"].items():
        keys[key] = {value: _back(found) for value, found in values.items()}
    return machine(room, keys, files=files)


def _back(value: object) -> Made:
    match value:
        case int() | str():
            return value
        case list():
            return tuple(value)
        case {"octets": str(octets)}:
            return bytes.fromhex(octets)
        case _:
            raise ValueError(f"{value!r}: no value of a registry")


if __name__ == "__main__":
    record(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
