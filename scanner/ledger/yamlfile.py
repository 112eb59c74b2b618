"""The ledger's door to the file system: one YAML file in, a typed reader out. Nothing else of this room opens files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from scanner.model.problem import WHOLE_FILE, BadFile, Problems, say, system_says
from scanner.model.yamlfields import Fields, fields
from scanner.model.yamltext import LARGEST, parse, refuse_size


class BadLedger(BadFile):
    """A file of the ledger cannot be used. ``problems`` holds every mistake found in it, by line."""


def open_file(path: str | Path) -> Fields:
    """Read one file of the ledger as far as its top mapping.

    Raises ``BadLedger`` when it cannot be read, is larger than ``LARGEST`` bytes (nothing is read then) or is no YAML. The
    caller asks for the keys and then calls ``finish``.
    """
    problems = Problems(str(path), BadLedger)
    return fields(parse(_content(Path(path), problems), problems), problems)


def open_text(file: str, content: bytes | str) -> Fields:
    """Do the same for content that is already in memory; ``file`` is the name that problems carry."""
    problems = Problems(file, BadLedger)
    return fields(parse(content, problems), problems)


def finish(top: Fields) -> None:
    """Refuse unknown keys at the top and raise every problem of the file, if there is any."""
    top.done()
    top.problems.close()


def _content(path: Path, problems: Problems) -> bytes:
    try:
        # Not blocking, so that a named pipe in the place of a file cannot hold the program.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                problems.note(WHOLE_FILE, "", say("通常のファイルではない", "not a regular file"))
                problems.close()
            # One byte more than allowed: the parser then says how large the file is allowed to be.
            size = os.fstat(handle).st_size
            if size > LARGEST:
                refuse_size(size, problems)
            return file.read(LARGEST + 1)  # it may grow while it is read
    except OSError as error:
        problems.note(WHOLE_FILE, "", system_says(error))
    except ValueError:  # a NUL in the name
        problems.note(WHOLE_FILE, "", say("ファイル名が正しくない", "not a file name"))
    problems.close()
    raise AssertionError("close raises what was noted")
