"""A stand-in for the command line of a network device, for a real sshd to start. It is no device: it answers with the texts it is given.

Run as ``python device_cli.py SCRIPT`` on a terminal; SCRIPT is a ``Script`` as JSON. Only what the vendors' manuals say of echo, paging
and refusals is imitated.
"""

from __future__ import annotations

import json
import os
import sys
import tty
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Script:
    """What the stand-in says. ``page`` is in lines, 0 for none; ``erase`` is what takes the pager's words away."""

    prompt: str
    answers: Mapping[str, str]
    refusal: str
    greeting: str = "\n"
    pager: str = ""
    erase: str = ""
    page: int = 0
    unpaged: str = ""
    """The command that ends paging."""
    hangs: str = ""
    """The command that is begun to be answered, and no more."""
    log: str = field(default="")
    """A file that every command is written to."""


def put(text: str) -> None:
    """Write as a terminal in raw mode gets it."""
    data = text.replace("\n", "\r\n").encode()
    while data:
        data = data[os.write(1, data) :]


def show(script: Script, text: str, page: int) -> None:
    """Write an answer, page by page."""
    lines = text.rstrip("\n").split("\n") if text else []
    for number, line in enumerate(lines, 1):
        put(line + "\n")
        if page and number % page == 0 and number < len(lines):
            put(script.pager)
            if os.read(0, 1) != b" ":
                return
            put(script.erase)


def talk(script: Script) -> None:
    """Take commands until the terminal goes away."""
    page = script.page
    tty.setraw(0)
    put(script.greeting + script.prompt)
    line = b""
    while octet := os.read(0, 1):
        if octet not in b"\r\n":
            line += octet
            os.write(1, octet)  # a device echoes what it takes
            continue
        command, line = line.decode("ascii", "replace").strip(), b""
        put("\n")
        with Path(script.log).open("a", encoding="ascii") as log:
            log.write(command + "\n")
        if command and command == script.unpaged:
            page = 0
        elif command and command == script.hangs:
            put("enable secret 9 $9$never$shown\n")
            os.read(0, 1)
        elif command in script.answers:
            show(script, script.answers[command], page)
        elif command:
            put(script.refusal)
        put(script.prompt)


if __name__ == "__main__":
    talk(Script(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
