"""What the start-up files of login shells do to a session, told without running them: the ``umask`` commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scanner.hosts.base import Reader
from scanner.hosts.linux.base import Text, drop_ins, needed, one_file, parsed
from scanner.wire import shellvars

FILES: Final = ("/etc/profile", "/etc/bash.bashrc", "/etc/bashrc")


@dataclass(frozen=True, slots=True)
class UmaskCommand:
    """One ``umask`` command with its argument, and whether it stands under a condition."""

    value: str
    conditional: bool
    source: str


def umasks(read: Reader) -> Iterator[UmaskCommand]:
    """Give the ``umask`` commands of the machine's start-up files in the order in which a login shell meets them.

    Raises ``CannotObserve``. A command under a condition that asks for the umask itself, as the Red Hat family has it for shells that
    got none, is left out.
    """
    files: list[Text] = [text for path in FILES if (text := one_file(read, path))]
    files.extend(needed(drop_ins(read, ("/etc/profile.d",), ".sh")))
    for text in files:
        data = needed(text.data)
        if b"umask" not in data:
            continue
        for command in needed(parsed(text.path, data, lambda held: shellvars.commands(held.decode("utf-8", "replace"), "umask"))):
            if command.words and not command.words[0].startswith("-"):
                if command.conditional and "umask" in command.condition:
                    continue
                yield UmaskCommand(command.words[0], command.conditional, f"{text.path} line {command.line}")
