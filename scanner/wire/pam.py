"""The configuration language of Linux-PAM, pam.conf(5), and what a stack of modules answers when its modules answer this or that.

Pure: what ``include`` names is read by a collector. The walk through a stack follows libpam's dispatch: required, requisite, sufficient,
optional, bracketed actions with jumps, substacks. Nothing knows what a module is for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MOST_LINES: Final = 5_000
MOST_STEPS: Final = 2_000
"""Modules that one walk may ask; jumps only lead forward, so that a walk always ends."""
_TYPES: Final = frozenset({"auth", "account", "password", "session"})

SUCCESS, FAILURE, UNKNOWN_USER, IGNORE = "success", "auth_err", "user_unknown", "ignore"

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "required": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "bad"},
    "requisite": {"success": "ok", "new_authtok_reqd": "ok", "ignore": "ignore", "default": "die"},
    "sufficient": {"success": "done", "new_authtok_reqd": "done", "default": "ignore"},
    "optional": {"success": "ok", "new_authtok_reqd": "ok", "default": "ignore"},
}


class NotPam(ValueError):
    """The text goes beyond the caps, or a line is none of Linux-PAM's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its type, the control as it is written, the module (or the file that is included) and its arguments.

    ``@include`` has the type ``@include``. ``optional`` marks a type with a dash before it: no complaint where the module is missing.
    """

    type: str
    control: str
    module: str
    arguments: tuple[str, ...]
    line: int
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """A module in a stack: its name without directory and ``.so``, its arguments, what follows from which answer."""

    name: str
    arguments: tuple[str, ...]
    actions: Mapping[str, str]
    source: str

    def argument(self, name: str) -> str | None:
        """Give the value of ``name=value``, the last one where it comes twice; empty for a bare word, ``None`` where it is not there."""
        value = None
        for argument in self.arguments:
            key, _, given = argument.partition("=")
            if key == name:
                value = given
        return value


@dataclass(frozen=True, slots=True)
class Stack:
    """Modules and substacks in order; a substack counts as one module for those who jump over it."""

    items: tuple[Module | Stack, ...]

    def modules(self) -> tuple[Module, ...]:
        """Give all modules in order, those of substacks in their place."""
        return tuple(m for item in self.items for m in ((item,) if isinstance(item, Module) else item.modules()))


def parse(data: bytes) -> tuple[Line, ...]:
    """Give the lines of a file of /etc/pam.d. Raises ``NotPam``. Blank lines and comments are left out, a backslash joins lines."""
    text = data.decode("utf-8", "replace").replace("\r", "").replace("\\\n", " ")
    rows = text.split("\n")
    if len(rows) > MOST_LINES:
        raise NotPam(f"more than {MOST_LINES} lines")
    found = []
    for number, row in enumerate(rows, 1):
        words = _words(row.partition("#")[0])
        if not words:
            continue
        if words[0] == "@include":
            if len(words) < 2:
                raise NotPam(f"line {number}: @include names no file")
            found.append(Line("@include", "", words[1], (), number))
            continue
        kind = words[0].lower().lstrip("-")
        if kind not in _TYPES or len(words) < 3:
            raise NotPam(f"line {number}: no type, control and module")
        found.append(Line(kind, words[1], words[2], tuple(words[3:]), number, words[0].startswith("-")))
    return tuple(found)


def _words(row: str) -> list[str]:
    """Split at white space; what stands in brackets is one word, and the brackets of an argument are taken off."""
    words: list[str] = []
    for word in re.findall(r"\[(?:\\.|[^\]\\])*\]|\S+", row[:10_000]):
        inside = word[1:-1].replace("\\]", "]") if word.startswith("[") and word.endswith("]") and len(words) > 1 else word
        words.append(inside)
    return words


def actions(control: str) -> Mapping[str, str]:
    """Give what follows from which answer: ``ok done bad die ignore reset`` or a number to jump. Raises ``NotPam``."""
    if control.lower() in _WORDS:
        return _WORDS[control.lower()]
    if not (control.startswith("[") and control.endswith("]")):
        raise NotPam(f"the control {control[:40]!r} is not known")
    found = {}
    for pair in control[1:-1].split():
        answer, equals, action = pair.partition("=")
        if not equals or not re.fullmatch(r"ok|done|bad|die|ignore|reset|\d{1,3}", action.lower()):
            raise NotPam(f"the control {control[:60]!r} is not understood")
        found[answer.lower()] = action.lower()
    return found


def module_name(word: str) -> str:
    """Give a module's name without directory and ending."""
    return word.rsplit("/", 1)[-1].removesuffix(".so")


@dataclass(slots=True)
class _State:
    """libpam's impression of the stack so far: undefined, positive or negative, and the status that goes with it."""

    positive: bool | None = None
    good: bool = False
    steps: int = 0


def walk(stack: Stack, answer: Callable[[Module], str]) -> tuple[bool, tuple[Module, ...]]:
    """Tell whether a stack lets somebody in when its modules answer so, and which modules were asked on the way. Raises ``NotPam``."""
    state = _State()
    asked: list[Module] = []
    _walk(stack, answer, state, asked)
    return state.positive is True and state.good, tuple(asked)


def _walk(stack: Stack, answer: Callable[[Module], str], state: _State, asked: list[Module]) -> None:
    """One level of libpam's ``_pam_dispatch_aux``: ``done`` and ``die`` end this level only."""
    before = (state.positive, state.good)
    at = 0
    while at < len(stack.items):
        item = stack.items[at]
        at += 1
        if isinstance(item, Stack):
            _walk(item, answer, state, asked)
            # a die within a substack leaves a bad impression, and what follows is still asked
            continue
        state.steps += 1
        if state.steps > MOST_STEPS:
            raise NotPam("the stack is too long")
        asked.append(item)
        said = answer(item)
        action = item.actions.get(said, item.actions.get("default", "bad"))
        if action == "ignore":
            continue
        if action == "reset":
            state.positive, state.good = before
        elif action in {"ok", "done"}:
            if state.positive is None or (state.positive and state.good):
                if said != IGNORE:
                    state.positive = True if said == SUCCESS else state.positive
                    state.good = said in {SUCCESS, "new_authtok_reqd"}
                if action == "done" and state.positive:
                    return
        elif action in {"bad", "die"}:
            state.positive, state.good = False, False
            if action == "die":
                return
        else:
            at += int(action)


def settings(data: bytes) -> tuple[tuple[str, str], ...]:
    """Read the files of pwquality, faillock and pwhistory: ``name = value`` or a bare name, comments behind ``#``. Raises ``NotPam``."""
    rows = data.decode("utf-8", "replace").split("\n")
    if len(rows) > MOST_LINES:
        raise NotPam(f"more than {MOST_LINES} lines")
    found = []
    for row in rows:
        text = row.partition("#")[0].strip()
        if text:
            name, _, value = text.partition("=")
            found.append((name.strip().lower(), value.strip()))
    return tuple(found)


def variable(data: bytes, name: str, *, last: bool) -> str | None:
    """Give a value of /etc/login.defs: the last line counts for the programs of shadow, the first one for PAM's modules."""
    value = None
    for row in data.decode("utf-8", "replace").split("\n"):
        words = row.strip().split(None, 1)
        if len(words) == 2 and not words[0].startswith("#") and (words[0] == name or (not last and words[0].lower() == name.lower())):
            value = words[1].strip().strip('"').split()[0] if words[1].strip().strip('"').split() else ""
            if not last:
                return value
    return value


def always(stack: Stack, answer: Callable[[Module], str], wild: frozenset[str], wanted: Callable[[bool, Sequence[Module]], bool]) -> bool:
    """Tell whether ``wanted`` holds however the modules named ``wild`` answer, whose answer depends on more than the configuration.

    Raises ``NotPam`` where there are too many of them.
    """
    free = [module for module in stack.modules() if module.name in wild]
    if len(free) > MOST_FREE:
        raise NotPam(f"more than {MOST_FREE} modules whose answer depends on the user")
    places = {id(module): place for place, module in enumerate(free)}
    for choice in range(1 << len(free)):

        def chosen(module: Module, choice: int = choice) -> str:
            place = places.get(id(module))
            return answer(module) if place is None else SUCCESS if choice >> place & 1 else FAILURE

        if not wanted(*walk(stack, chosen)):
            return False
    return True


MOST_FREE: Final = 8
