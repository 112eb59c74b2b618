"""Questions that need a script: Windows' management classes (CIM, once WMI) and their methods, its update agent.

Each is one fixed script for PowerShell whose answer is JSON in UTF-8; errors come as the numbers that Windows gives them, so that a missing
right and a missing class are told apart. Properties and numbers are the same in every language. A script changes nothing, and never touches
Win32_Product (which repairs packages) nor a recovery password. Where PowerShell may not run such scripts, there is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scanner.hosts.base import Run
from scanner.hosts.windows.base import WindowsReader
from scanner.model.reason import CannotObserve, Reason

POWERSHELL: Final = "powershell.exe"
MOST_OCTETS: Final = 2_000_000
DENIED: Final = frozenset({2, -2147024891, -2147217405})
"""MI_RESULT_ACCESS_DENIED, E_ACCESSDENIED, WBEM_E_ACCESS_DENIED."""
NO_NAMESPACE, NO_CLASS = 3, 5
_BEGIN: Final = (
    "$ErrorActionPreference='Stop';[Console]::OutputEncoding=New-Object Text.UTF8Encoding($false);"
    "function S($d){if($d){$d.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ',[Globalization.CultureInfo]::InvariantCulture)}};try{"
)
_END: Final = (
    "}catch{$e=$_.Exception;while($e.InnerException){$e=$e.InnerException};"
    "$c=if($e.PSObject.Properties['NativeErrorCode']){[int]$e.NativeErrorCode}else{$e.HResult};"
    "@{error=$c}|ConvertTo-Json -Compress}"
)


@dataclass(frozen=True, slots=True)
class Script:
    """One script. ``about`` names the class or object it asks; ``body`` leaves the answer in ``$a``."""

    about: str
    body: str
    seconds: float = 30.0
    root: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        """The command as it is run."""
        script = f"{_BEGIN}{self.body};@{{answer=$a}}|ConvertTo-Json -Depth 5 -Compress{_END}"
        return (POWERSHELL, "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script)

    @property
    def source(self) -> Run:
        """The form in which a collector declares that it runs this."""
        return Run(self.argv, self.seconds, self.root)


class NoSuchClass(CannotObserve):
    """This Windows has no such class, as an edition or a part that is not installed brings about."""


def ask(read: WindowsReader, script: Script) -> object:
    """Give what a script answers. Raises ``CannotObserve``, and ``NoSuchClass`` where Windows says that it has no such class."""
    out = read.command(script.argv, seconds=script.seconds)
    if out is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{script.about}: there is no PowerShell")
    if len(out.stdout) > MOST_OCTETS:
        raise CannotObserve(Reason.TOO_LARGE, f"{script.about}: more than {MOST_OCTETS} octets")
    try:
        said = json.loads(out.stdout.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # nothing at all, as where scripts are forbidden or the program is a stub
        raise CannotObserve(Reason.UNSUPPORTED, f"{script.about}: PowerShell gave no answer (status {out.status})") from error
    if isinstance(said, dict) and isinstance(code := said.get("error"), int):
        if code in DENIED:
            raise CannotObserve(Reason.ACCESS_DENIED, f"{script.about}: access denied")
        kind = NoSuchClass if code in {NO_NAMESPACE, NO_CLASS} else CannotObserve
        raise kind(Reason.UNSUPPORTED, f"{script.about}: error {code}")
    if not isinstance(said, dict) or "answer" not in said:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{script.about}: not the form that was asked for")
    return said["answer"]


def row(answer: object, about: str) -> Mapping[str, object]:
    """Take an answer for one object of names and values."""
    if isinstance(answer, dict):
        return answer
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{about}: not an object")


def rows(answer: object, about: str) -> tuple[Mapping[str, object], ...]:
    """Take an answer for a list of objects; PowerShell writes a list of one as the object itself, an empty one as ``null`` or ``{}``."""
    if answer is None or answer == {}:
        return ()
    found = answer if isinstance(answer, list) else [answer]
    if isinstance(answer, dict) and set(answer) == {"value", "Count"} and isinstance(answer["value"], list):
        found = answer["value"]  # PowerShell 3 to 5 write some lists so
    return tuple(row(one, about) for one in found)


def whole(value: object, about: str) -> int:
    """Take a value for a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{about}: not a number")


def flag(value: object, about: str) -> bool:
    """Take a value for yes or no."""
    if isinstance(value, bool):
        return value
    raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{about}: neither true nor false")
