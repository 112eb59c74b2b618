"""Windows machines for tests: hives that hivexsh(1), a real tool, wrote in the real format, and answers that a test gives.

No hive here was ever made by Windows. What a test gives as a command's output or as Windows' own answer says by itself whether it was
recorded or written after the vendor's documentation.
"""

from __future__ import annotations

import functools
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from scanner.hosts.base import Collector, CommandOutput
from scanner.hosts.windows.answers import Api
from scanner.hosts.windows.base import VERSION
from scanner.hosts.windows_image import CONFIG, ImageReader
from scanner.model.fact import Fact
from scanner.model.reason import CannotObserve, Reason

A = TypeVar("A")
F = TypeVar("F", bound=Fact)
Made = int | str | tuple[str, ...] | bytes
Keys = Mapping[str, Mapping[str, Made]]
"""Keys as collectors write them (``HKLM\\SOFTWARE\\...``, ``HKU\\<SID>\\...``) and their values; an empty mapping makes the key alone."""

TARO = "S-1-5-21-1004336348-1177238915-682003330-1001"
HANAKO = "S-1-5-21-1004336348-1177238915-682003330-1002"
_SYSTEM, _ADMINISTRATORS = "010100000000000512000000", "01020000000000052000000020020000"
_RIGHTS = bytes.fromhex(
    f"01000480480000005400000000000000140000000200340002000000000214003f000f00{_SYSTEM}000218003f000f00{_ADMINISTRATORS}{_SYSTEM}{_SYSTEM}"
)

WINDOWS_11: Keys = {
    VERSION: {
        "CurrentBuild": "22631",
        "CurrentBuildNumber": "22631",
        "UBR": 4317,
        "DisplayVersion": "23H2",
        "EditionID": "Professional",
        "InstallationType": "Client",
        "ProductName": "Windows 10 Pro",
        "SystemRoot": r"C:\Windows",
    },
    r"HKLM\SYSTEM\ControlSet001\Control\ProductOptions": {"ProductType": "WinNT"},
}
"""The values that tell the version, as a Windows 11 Pro 23H2 has them."""


def _cell(body: bytes) -> bytes:
    size = 4 + len(body)
    size += -size % 8
    return struct.pack("<i", -size) + body + bytes(size - 4 - len(body))


def empty_hive(when: int = 133_000_000_000_000_000) -> bytes:
    """Make the smallest valid hive, which hivex cannot: header, one block with a root key and its rights."""
    root, none, name = 0x20, 0xFFFFFFFF, b"ROOT"
    rights_at = root + len(_cell(bytes(76 + len(name))))
    key = b"nk" + struct.pack("<HQ15IHH", 0x2C, when, 0, none, 0, 0, none, none, 0, none, rights_at, none, 0, 0, 0, 0, 0, len(name), 0)
    rights = b"sk" + struct.pack("<HIIII", 0, rights_at, rights_at, 1, len(_RIGHTS)) + _RIGHTS
    body = _cell(key + name) + _cell(rights)
    free = 4096 - 0x20 - len(body)
    block = b"hbin" + struct.pack("<IIQQI", 0, 4096, 0, when, 0) + body + struct.pack("<i", free) + bytes(free - 4)
    head = bytearray(4096)
    head[:4] = b"regf"
    struct.pack_into("<IIQIIIIIII", head, 4, 1, 1, when, 1, 3, 0, 1, root, 4096, 1)
    checksum = 0
    for (word,) in struct.iter_unpack("<I", head[:508]):
        checksum ^= word
    struct.pack_into("<I", head, 508, checksum)
    return bytes(head) + block


def _written(value: Made) -> str:
    """Write a value as hivexsh takes it: the number of its type and its octets."""
    match value:
        case int():
            kind, data = (4, struct.pack("<I", value)) if value < 2**32 else (11, struct.pack("<Q", value))
        case str():
            kind, data = 1, (value + "\0").encode("utf-16-le")
        case tuple():
            kind, data = 7, ("".join(part + "\0" for part in value) + "\0").encode("utf-16-le")
        case bytes():
            kind, data = 3, value
    return f"hex:{kind}:{','.join(f'{octet:02x}' for octet in data)}"


def write_hive(path: Path, keys: Keys) -> None:
    r"""Write a hive whose keys are named from its root on (``Microsoft\Windows``)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_hive(tuple((key, tuple(values.items())) for key, values in sorted(keys.items()))))


@functools.cache
def _hive(keys: tuple[tuple[str, tuple[tuple[str, Made], ...]], ...]) -> bytes:
    """Make a hive once for every content that tests ask for; it costs a process."""
    import tempfile

    lines = []
    there: dict[str, str] = {"": ""}  # as Windows has them: case means nothing
    for key, values in keys:
        path = ""
        for name in filter(None, key.split("\\")):
            parent = there[path.upper()]
            path = f"{path}\\{name}"
            if path.upper() not in there:
                there[path.upper()] = f"{parent}\\{name}"
                lines += [f"cd {parent or chr(92)}", f"add {name}"]
        lines.append(f"cd {there[path.upper()] or chr(92)}")
        lines.append(f"setval {len(values)}")
        for name, value in values:
            lines += [name or "@", _written(value)]
    lines.append("commit")
    with tempfile.TemporaryDirectory() as room:
        place = Path(room, "hive")
        place.write_bytes(empty_hive())
        run = subprocess.run(["hivexsh", "-w", str(place)], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
        assert (run.returncode, run.stderr) == (0, ""), lines
        return place.read_bytes()


class MadeReader(ImageReader):
    """Reads a made machine. A live one answers what the test gave; every other command is not there, every other question unsupported."""

    def __init__(self, root: Path, live: bool, commands: Mapping[str, CommandOutput], answers: Mapping[str, object]) -> None:
        super().__init__(root)
        self.live = live
        self._commands = commands
        self._answers = answers

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Give what the test gave."""
        return self._commands.get(" ".join(argv)) if self.live else super().command(argv, seconds=seconds)

    def ask(self, question: Api[A]) -> A:
        """Give what the test gave."""
        if not self.live:
            return super().ask(question)
        found = self._answers.get(question.name)
        if found is None:
            raise CannotObserve(Reason.UNSUPPORTED, f"{question.call}: not given")
        assert isinstance(found, question.answers)
        return found


def fact_of(kind: type[F], collector: Collector[Any], read: MadeReader) -> F:
    """Run a collector and give the fact that it makes."""
    found = collector.run(read)
    assert isinstance(found, kind)
    return found


def machine(
    room: Path,
    *keys: Keys,
    users: Sequence[str] = (),
    files: Mapping[str, bytes] | None = None,
    commands: Mapping[str, bytes | CommandOutput] | None = None,
    answers: Sequence[tuple[Api[Any], object]] | None = None,  # an answer is of the type that its question names
    version: Keys = WINDOWS_11,
) -> MadeReader:
    r"""Make a machine in ``room``: keys (``CurrentControlSet`` is written into ``ControlSet001``), profiles of ``users``, files by path.

    It is live where ``commands`` or ``answers`` are given, be they empty.
    """
    merged: dict[str, dict[str, Made]] = {r"HKLM\SYSTEM\Select": {"Current": 1, "Default": 1}, r"HKLM\SOFTWARE": {}}
    for sid in {*users, *(key.split("\\")[1] for part in keys for key in part if key.upper().startswith("HKU\\S-"))}:
        merged[rf"{VERSION}\ProfileList\{sid}"] = {"ProfileImagePath": rf"%SystemDrive%\Users\{sid[-4:]}"}
        merged.setdefault(rf"HKU\{sid}", {})
    for part in (version, *keys):
        for key, values in part.items():
            key = key.replace("CurrentControlSet", "ControlSet001")  # noqa: PLW2901  the same key
            merged.setdefault(key, {}).update(values)
    hives: dict[str, dict[str, Mapping[str, Made]]] = {}
    for key, found in merged.items():
        root, name, *rest = key.split("\\", 2)
        place = f"{CONFIG}{name.upper()}" if root == "HKLM" else f"/Users/{name[-4:]}/NTUSER.DAT"
        if name == ".DEFAULT":
            place = CONFIG + "DEFAULT"
        hives.setdefault(place, {})[rest[0] if rest else ""] = found
    for place, contents in hives.items():
        write_hive(room / place.lstrip("/"), contents)
    for path, data in (files or {}).items():
        (room / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (room / path.lstrip("/")).write_bytes(data)
    said = {words: out if isinstance(out, CommandOutput) else CommandOutput(0, out, b"") for words, out in (commands or {}).items()}
    return MadeReader(room, commands is not None or answers is not None, said, {question.name: given for question, given in answers or ()})
