"""The Windows agent under Wine: what its set-up needs, and how it is run. Wine 8 with CPython 3.11 for Windows from build/windows-python.

What Wine is not: its netsh, secedit, systeminfo, powershell print nothing and end with 0, it has no audit policy, no firewall, no
management instrumentation. Facts that rest on those have to come out as unobserved.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "windows-python"
PACKAGES = frozenset(
    [
        "attrs",
        "cattrs",
        "cffi",
        "cryptography",
        "dnspython",
        "idna",
        "psutil",
        "publicsuffixlist",
        "pycparser",
        "pyyaml",
        "typing-extensions",
    ]
)
"""What the agent needs of the lock file."""
SECONDS = 120.0


def wheels() -> str:
    """Give the lines of the lock file for the agent's packages, with their hashes."""
    text = (ROOT / "requirements.lock").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if (name := re.match(r"([A-Za-z0-9._-]+)==", line)) and name[1].lower() in PACKAGES]
    assert len(lines) == len(PACKAGES), lines
    return "\n".join(line.partition(";")[0] + " " + " ".join(re.findall(r"--hash=\S+", line.partition(";")[2])) for line in lines) + "\n"


def forwarder() -> bytes:
    """Make bcryptprimitives.dll, which Wine 8 lacks and programs in Rust ask for: one export that leads to RtlGenRandom of advapi32.

    ``ProcessPrng(PBYTE, SIZE_T)`` and ``RtlGenRandom(PVOID, ULONG)``, exported as SystemFunction036, take the same arguments.
    """
    name, export, target = b"bcryptprimitives.dll\0", b"ProcessPrng\0", b"advapi32.SystemFunction036\0"
    base, directory = 0x1000, 40
    functions, names, ordinals, text = (base + directory + step for step in (0, 4, 8, 12))
    body = struct.pack("<IIHH7I", 0, 0, 0, 0, text, 1, 1, 1, functions, names, ordinals)
    body += struct.pack("<IIHH", text + len(name) + len(export), text + len(name), 0, 0) + name + export + target
    size, raw = len(body), -(-len(body) // 512) * 512
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x2022)
    head += struct.pack("<HBB5I", 0x20B, 14, 0, 0, raw, 0, 0, base)
    head += struct.pack("<QII6H4I2H", 0x1_8000_0000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000, 0x200, 0, 3, 0x160)
    head += struct.pack("<4QII", 0x10_0000, 0x1000, 0x10_0000, 0x1000, 0, 16) + struct.pack("<II", base, size) + bytes(15 * 8)
    head += b".rdata\0\0" + struct.pack("<6I2HI", size, base, raw, 0x200, 0, 0, 0, 0, 0x4000_0040)
    return head.ljust(512, b"\0") + body.ljust(raw, b"\0")


def finish(place: Path) -> None:
    """Tell Python where its packages and the agent are, and make a prefix for Wine in each of two languages."""
    paths = ("python311.zip", ".", r"..\packages", r"..\..\..")  # seen from python.exe, so that the folder may be copied
    (place / "python" / "python311._pth").write_text("\n".join(paths) + "\n", "ascii")
    (place / "python" / "bcryptprimitives.dll").write_bytes(forwarder())
    for language in ("ja_JP", "en_US"):
        prefix = Wine(place / f"prefix.{language}", language)
        prefix.run("wineboot", "-i")
        prefix.run("winecfg", "-v", "win10")
        prefix.end()


def windows_path(path: Path) -> str:
    """Write a path as programs under Wine see it."""
    return "Z:" + str(path).replace("/", "\\")


@dataclass(frozen=True)
class Wine:
    """One prefix: a Windows of its own, in one language."""

    prefix: Path
    language: str

    @classmethod
    def copy(cls, room: Path, language: str) -> Wine:
        """Give a copy of a prefix. Its programs are shared, its registry is not: the server writes those files anew."""
        prefix = room / language
        shutil.copytree(PLACE / f"prefix.{language}", prefix, symlinks=True, copy_function=os.link)
        return cls(prefix, language)

    def run(self, *words: str, given: bytes = b"") -> bytes:
        """Run a program and give its output. Its streams are pipes: Python for Windows takes no others from Wine."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.prefix),
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            "LOCPATH": str(PLACE / "locale"),
            "LC_ALL": f"{self.language}.UTF-8",
        }
        done = subprocess.run(["wine", *words], input=given, capture_output=True, env=environment, timeout=SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.returncode}\n{self.text(done.stdout)}\n{self.text(done.stderr)}")
        return done.stdout

    def python(self, *words: str, given: bytes = b"") -> str:
        """Run Python for Windows and give its output as text."""
        return self.text(self.run(str(PLACE / "python" / "python.exe"), *words, given=given))

    def text(self, data: bytes) -> str:
        """Read what a program wrote in the language's code page."""
        return data.decode("cp932" if self.language == "ja_JP" else "cp1252", "replace").replace("\r\n", "\n")

    def set(self, room: Path, keys: dict[str, dict[str, int | str]]) -> None:
        """Write values to the registry, as an administrator would from a file."""
        lines = ["Windows Registry Editor Version 5.00", ""]
        for key, values in keys.items():
            lines.append(f"[{key}]")
            for name, value in values.items():
                written = f"dword:{value:08x}" if isinstance(value, int) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
                lines.append(f'"{name}"={written}')
            lines.append("")
        file = room / "values.reg"
        file.write_bytes("\r\n".join(lines).encode("utf-16"))
        self.run("regedit", "/S", windows_path(file))

    def end(self) -> None:
        """End what still runs in the prefix."""
        environment = {"PATH": os.environ["PATH"] + ":/usr/lib/wine", "WINEPREFIX": str(self.prefix)}
        for word in ("-k", "-w"):
            subprocess.run(["wineserver", word], env=environment, check=False)


def main(words: Sequence[str]) -> None:
    """What .ci/windows-python asks."""
    match words:
        case ["wheels"]:
            print(wheels(), end="")
        case ["finish", place]:
            finish(Path(place))
        case _:
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
