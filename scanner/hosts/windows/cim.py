"""Asking Windows' management instrumentation (CIM, once WMI) through PowerShell. Numbers and identifiers are the same in every language.

Only named properties of a class are asked for, and only by reading; a class whose mere listing changes a machine is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from scanner.hosts.base import Run
from scanner.hosts.windows.base import WindowsReader
from scanner.hosts.windows.text import decoded
from scanner.model.reason import CannotObserve, Reason

SECONDS = 20.0
MOST_ROWS = 2_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_FORBIDDEN = {"win32_product"}  # it checks every installed package and repairs those that it finds wanting
Value = int | float | str | bool | None


def command(namespace: str, name: str, properties: Sequence[str]) -> tuple[str, ...]:
    """Write the command line; an empty list is printed as ``[]``, so that silence is no answer."""
    if name.lower() in _FORBIDDEN or not all(_NAME.fullmatch(word) for word in (name, *properties, *namespace.split("/"))):
        raise ValueError(f"{namespace} {name}: not a class that is asked for")
    listed = ",".join(properties)
    script = (
        "[Console]::OutputEncoding=[Text.Encoding]::UTF8;$ErrorActionPreference='Stop';"
        f"ConvertTo-Json -Compress -InputObject @(Get-CimInstance -Namespace {namespace} -ClassName {name} -Property {listed}"
        f"|Select-Object {listed})"
    )
    return ("powershell", "-NoProfile", "-NonInteractive", "-Command", script)


def source(namespace: str, name: str, properties: Sequence[str]) -> Run:
    """The form in which a collector declares that it asks this."""
    return Run(command(namespace, name, properties), SECONDS)


def cim(read: WindowsReader, namespace: str, name: str, properties: Sequence[str]) -> tuple[Mapping[str, Value], ...]:
    """Give the rows of a class with the properties asked for. Raises ``CannotObserve``: silence and errors are no empty list."""
    said = read.command(command(namespace, name, properties), seconds=SECONDS)
    if said is None or said.status or not said.stdout.strip():
        state = "is not there" if said is None else f"ended with {said.status} and {len(said.stdout)} octets"
        raise CannotObserve(Reason.UNSUPPORTED, f"{namespace} {name}: PowerShell {state}")
    try:
        rows = json.loads(decoded(read, said.stdout))
    except (ValueError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{namespace} {name}: no JSON") from error
    if not isinstance(rows, list) or len(rows) > MOST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{namespace} {name}: no list of rows")
    return tuple({key: _plain(row.get(key)) for key in properties} for row in rows)


def _plain(value: object) -> Value:
    return value if value is None or isinstance(value, int | float | str) else str(value)[:2000]
