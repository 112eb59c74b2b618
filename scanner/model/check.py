"""Checks and the values that an organisation may set for them.

A check is one pure function from facts and parameters to a verdict, with its words beside it. Its signature is
its contract: positional parameters are facts, keyword-only parameters are settings.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict

Setting = bool | int | float | str | tuple[str, ...]
"""What a parameter may hold."""

Judgement = Verdict | Unobserved
"""What a check may answer: its verdict, or the ``Unobserved`` part of a fact that it was given."""

T = TypeVar("T", bound=Setting)

_CHOICE = "choice: "

TO_WRITE = "FILL IN"
"""What the template of a new check has where words are still to be written; a check that has it is refused."""

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*){1,3}\Z")
_TAG = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")


@dataclass(frozen=True)  # no slots: Value[...](...) sets an attribute, which Python 3.11 does not refuse cleanly on a slotted class
class Value(Generic[T]):
    """A value that the documents need and do not give: the organisation's policy profile sets it.

    ``key`` names it in the profile, ``default`` is what Tenken ships, shown to readers as a default.
    """

    key: str
    default: T
    text: Text
    unit: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    def accepts(self, value: object) -> Text | None:
        """Tell what is wrong with a proposed value in one sentence, or ``None`` when it may be used."""
        if problem := fits(value, _type_of(self.default)):
            return problem
        if self.choices:
            offered = value if isinstance(value, tuple) else (value,)
            if any(o not in self.choices for o in offered):
                return _one_of(self.choices)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if self.least is not None and value < self.least:
                return Text(ja=f"{self.least:g} 以上でなければならない", en=f"must be at least {self.least:g}")
            if self.most is not None and value > self.most:
                return Text(ja=f"{self.most:g} 以下でなければならない", en=f"must be at most {self.most:g}")
        return None


@dataclass(frozen=True, slots=True)
class Reference:
    """Marks a parameter whose setting is the name of shipped reference data; the check is given what bears that name.

        profile: Annotated[TlsProfile, Reference("tls-profile", "cryptrec/recommended")]

    ``kind`` says which data (``scanner.engine.references`` has the kinds), ``default`` is the name used where nobody sets another.
    """

    kind: str
    default: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of a check: its type as text, its default, and the organisation's value behind it, if any.

    ``reference`` is the kind of reference data that the setting names, or empty.
    """

    name: str
    type: str
    default: Setting
    value: Value[bool] | Value[int] | Value[float] | Value[str] | Value[tuple[str, ...]] | None
    reference: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that it may hold, where they are fixed."""
        if self.value and self.value.choices:
            return self.value.choices
        return tuple(self.type.removeprefix(_CHOICE).split(", ")) if self.type.startswith(_CHOICE) else ()

    def problem_with(self, setting: object) -> Text | None:
        """Tell what is wrong with a setting in one sentence, or ``None``."""
        return self.value.accepts(setting) if self.value else fits(setting, self.type)


@dataclass(frozen=True, slots=True)
class Need:
    """A fact that a check asks for; ``takes_absence`` when it also wants to hear why there is none."""

    fact: type[Fact]
    takes_absence: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A check with its words. ``judge`` is the decorated function.

    ``of`` is the kind of subject that is judged, which its first facts are of; facts of the domain that led to the subject may follow.
    """

    id: str
    of: Kind
    severity: Severity
    title: Text
    why: Text
    remedy: Text
    says: Mapping[str, Text]
    needs: tuple[Need, ...]
    parameters: Mapping[str, Parameter]
    judge: Callable[..., Judgement]
    formerly: tuple[str, ...]
    module: str

    @property
    def references(self) -> tuple[Parameter, ...]:
        """The parameters whose settings name reference data."""
        return tuple(p for p in self.parameters.values() if p.reference)


class BadCheck(TypeError):
    """A check is declared wrongly; raised when its module is imported."""


def is_id(name: str) -> bool:
    """Tell whether a name has the form of a check id: ``family.subject[.aspect]``, lower case."""
    return _ID.match(name) is not None


def check(
    id: str,  # noqa: A002  the field's own word, read at every check
    *,
    severity: Severity,
    title: Text,
    why: Text,
    remedy: Text,
    says: Mapping[str, Text],
    formerly: tuple[str, ...] = (),
) -> Callable[[Callable[..., Judgement]], Check]:
    """Declare a check. Raises ``BadCheck`` where signature, id or words do not follow the rules."""

    def declare(judge: Callable[..., Judgement]) -> Check:
        if not is_id(id):
            raise BadCheck(f"{id!r} is not a check id: family.subject[.aspect], lower case")
        if bad := [tag for tag in says if not _TAG.match(tag)]:
            raise BadCheck(f"{id}: {bad[0]!r} is not a tag: SUBJECT_STATE, upper case")
        words = {"title": title, "why": why, "remedy": remedy, **{f"says {tag}": text for tag, text in says.items()}}
        if unwritten := [name for name, text in words.items() if TO_WRITE in text.ja or TO_WRITE in text.en]:
            raise BadCheck(f"{id} in {judge.__module__} is not finished; write in both languages: {', '.join(unwritten)}")
        needs, parameters = _signature(id, judge)
        kinds = list(dict.fromkeys(need.fact.of for need in needs))
        if not kinds or kinds[1:] not in ([], [Kind.DOMAIN]):
            raise BadCheck(f"{id}: facts of one kind of target are needed, those of the domain that led to it last, not {sorted(kinds)}")
        return Check(
            id=id,
            of=kinds[0],
            severity=severity,
            title=title,
            why=why,
            remedy=remedy,
            says=types.MappingProxyType(dict(says)),
            needs=needs,
            parameters=types.MappingProxyType(parameters),
            judge=judge,
            formerly=formerly,
            module=judge.__module__,
        )

    return declare


def _signature(check_id: str, judge: Callable[..., Judgement]) -> tuple[tuple[Need, ...], dict[str, Parameter]]:
    hints = typing.get_type_hints(judge, include_extras=True)
    needs: list[Need] = []
    parameters: dict[str, Parameter] = {}
    for name, given in inspect.signature(judge).parameters.items():
        hint = hints.get(name)
        if given.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            needs.append(_need(check_id, name, hint))
        elif given.kind is inspect.Parameter.KEYWORD_ONLY:
            parameters[name] = _parameter(check_id, name, hint, given.default)
        else:
            raise BadCheck(f"{check_id}: {name} is neither a fact nor a setting")
    if not needs:
        raise BadCheck(f"{check_id}: asks for no fact")
    return tuple(needs), parameters


def _need(check_id: str, name: str, hint: object) -> Need:
    members = typing.get_args(hint) or (hint,)
    facts = [m for m in members if isinstance(m, type) and issubclass(m, Fact)]
    if len(facts) != 1 or any(m is not facts[0] and m is not Unobserved for m in members):
        raise BadCheck(f"{check_id}: {name} must be one fact type, or a fact type | Unobserved")
    return Need(facts[0], Unobserved in members)


def _parameter(check_id: str, name: str, hint: object, default: object) -> Parameter:
    value: object = None
    if typing.get_origin(hint) is Annotated:
        hint, *notes = typing.get_args(hint)
        value = next((n for n in notes if isinstance(n, Value)), None)
        if reference := next((n for n in notes if isinstance(n, Reference)), None):
            if default is not inspect.Parameter.empty or (value and value.default != reference.default):
                raise BadCheck(f"{check_id}: the default of {name} is the one of its reference")
            return Parameter(name, "str", reference.default, typing.cast(Value[str] | None, value), reference.kind)
    kind = _CHOICE + ", ".join(typing.get_args(hint)) if typing.get_origin(hint) is Literal else _NAMES.get(hint)
    if kind is None or fits(default, kind):
        raise BadCheck(f"{check_id}: {name} needs a type of bool, int, float, str, tuple[str, ...] or Literal, and a default of that type")
    if isinstance(value, Value) and value.default != default:
        raise BadCheck(f"{check_id}: the default of {name} must be that of the value {value.key}")
    return Parameter(name, kind, typing.cast(Setting, default), typing.cast(Value[str] | None, value))


_NAMES: dict[object, str] = {bool: "bool", int: "int", float: "float", str: "str", tuple[str, ...]: "list of str"}


def _type_of(default: Setting) -> str:
    return "list of str" if isinstance(default, tuple) else _NAMES[type(default)]


_KINDS: Mapping[str, Text] = {
    "bool": Text(ja="true 又は false でなければならない", en="must be true or false"),
    "int": Text(ja="整数でなければならない", en="must be a whole number"),
    "float": Text(ja="数でなければならない", en="must be a number"),
    "str": Text(ja="文字列でなければならない", en="must be text"),
    "list of str": Text(ja="文字列の一覧でなければならない", en="must be a list of texts"),
}


def _one_of(choices: Iterable[str]) -> Text:
    offered = tuple(choices)
    return Text(ja=f"{'、'.join(offered)} のいずれかでなければならない", en=f"must be one of {', '.join(offered)}")


def fits(setting: object, kind: str) -> Text | None:
    """Tell in one sentence why ``setting`` is not of the parameter type ``kind``, or ``None``."""
    match kind:
        case "bool":
            fine = isinstance(setting, bool)
        case "int":
            fine = isinstance(setting, int) and not isinstance(setting, bool)
        case "float":
            fine = isinstance(setting, (int, float)) and not isinstance(setting, bool)
        case "str":
            fine = isinstance(setting, str)
        case "list of str":
            fine = isinstance(setting, tuple) and all(isinstance(s, str) for s in setting)
        case _:
            choices = kind.removeprefix(_CHOICE).split(", ")
            return None if setting in choices else _one_of(choices)
    return None if fine else _KINDS[kind]
