"""Facts to plain JSON values and back: the one border where facts enter from files, agents and workers.

Unknown keys, unknown fact types and wrong types are refused. The canonical bytes of a fact (sorted keys, no spaces,
UTF-8) are what its digest is made of.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import pkgutil
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Union

import cattrs
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.strategies import configure_union_passthrough

import scanner.facts
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason

Plain = dict[str, "Any"]  # a JSON object; its values are checked where it is read


class NotAFact(ValueError):
    """The JSON value is not a fact that this version knows; the message names the type and what is wrong."""


@cache
def fact_types() -> Mapping[str, type[Fact]]:
    """Give every fact type by its name. Raises ``TypeError`` where two types share one name."""
    found: dict[str, type[Fact]] = {}
    for module in pkgutil.walk_packages(scanner.facts.__path__, "scanner.facts."):
        for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(member, Fact) and member is not Fact and member.__module__ == module.name:
                if member.__name__ in found:
                    raise TypeError(f"two fact types are called {member.__name__}")
                found[member.__name__] = member
    return types.MappingProxyType(found)


def observation_out(seen: Observation[Fact]) -> Plain:
    """Give an observation as plain JSON values (enumeration members stay; they are written as their text)."""
    if isinstance(seen, Unobserved):
        return {"unobserved": seen.reason.value, "detail": seen.detail, "at": seen.at}
    return {"fact": fact_out(seen.fact), "at": seen.at, "evidence": [{"source": e.source, "excerpt": e.excerpt} for e in seen.evidence]}


def observation_in(name: str, plain: object) -> Observation[Fact]:
    """Read what ``observation_out`` wrote for the fact type ``name``. Raises ``NotAFact``."""
    kind = fact_types().get(name)
    if kind is None:
        raise NotAFact(f"{name!r} is not a fact type of this version")
    if not isinstance(plain, dict):
        raise NotAFact(f"{name}: an object is needed")
    try:
        if "unobserved" in plain:
            return _converter().structure(plain, Unobserved)
        if set(plain) != {"fact", "at", "evidence"} or not isinstance(plain["at"], str):
            raise NotAFact(f"needs fact, at and evidence, has {', '.join(sorted(map(str, plain)))[:200]}")
        fact = _converter().structure(plain["fact"], kind)
        return Observed(fact, plain["at"], tuple(map(_evidence, plain["evidence"])))
    except NotAFact as error:
        raise NotAFact(f"{name}: {error}") from error
    except ForbiddenExtraKeysError as error:
        raise NotAFact(f"{name}: unknown keys {', '.join(sorted(error.extra_fields))[:200]}") from error
    except (cattrs.BaseValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NotAFact(f"{name}: {type(error).__name__}: {str(error)[:200]}") from error


def fact_out(fact: Fact) -> Plain:
    """Give a fact's fields as plain JSON values."""
    plain: Plain = _converter().unstructure(fact)
    return plain


def canonical(plain: object) -> bytes:
    """Give the canonical bytes of a JSON value: sorted keys, no spaces, UTF-8."""
    return _canonical(plain).encode("utf-8", "surrogatepass")


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def digest(seen: Observation[Fact]) -> str:
    """Give the digest of what was seen, apart from when: ``sha256:`` and 64 hex digits."""
    return _digest(seen, canonical(_body(seen)))


def _body(seen: Observation[Fact]) -> Plain:
    return {"reason": seen.reason.value, "detail": seen.detail} if isinstance(seen, Unobserved) else fact_out(seen.fact)


def _digest(seen: Observation[Fact], body: bytes) -> str:
    name = "unobserved" if isinstance(seen, Unobserved) else type(seen.fact).__name__
    return "sha256:" + hashlib.sha256(b'{"body":%b,"type":"%b"}' % (body, name.encode())).hexdigest()


class Bodies:
    """The canonical bytes and digests of observations, made once although record and store both write them; the latest are kept."""

    MOST = 512

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Observation[Fact], bytes, str]] = {}

    def digest(self, seen: Observation[Fact]) -> str:
        """Give what ``digest`` gives."""
        return self._of(seen)[2]

    def observation(self, seen: Observation[Fact]) -> bytes:
        """Give the canonical bytes of what ``observation_out`` gives."""
        if isinstance(seen, Unobserved):
            return canonical(observation_out(seen))
        evidence = b",".join([b'{"excerpt":%b,"source":%b}' % (_text(e.excerpt), _text(e.source)) for e in seen.evidence])
        return b'{"at":%b,"evidence":[%b],"fact":%b}' % (_text(seen.at), evidence, self._of(seen)[1])

    def _of(self, seen: Observation[Fact]) -> tuple[Observation[Fact], bytes, str]:
        found = self._kept.get(id(seen))  # the observation is kept alive beside it, so its id is not given to another
        if found is None:
            body = canonical(_body(seen))
            found = self._kept[id(seen)] = (seen, body, _digest(seen, body))
            if len(self._kept) > self.MOST:
                del self._kept[next(iter(self._kept))]
        return found


def _text(text: str) -> bytes:
    return encode_basestring(text).encode("utf-8", "surrogatepass")


@cache
def _converter() -> cattrs.Converter:
    made = cattrs.Converter(forbid_extra_keys=True, detailed_validation=False)
    configure_union_passthrough(str | int | float | bool | None, made)
    made.register_unstructure_hook(Unobserved, lambda u: {"unobserved": u.reason.value, "detail": u.detail, "at": u.at})
    made.register_structure_hook(Unobserved, lambda v, _: _unobserved(v))
    made.register_structure_hook_factory(_may_be_unobserved, lambda union: _seen_or_not(made, union))
    made.register_structure_hook_factory(_is_tuple, lambda hint: _list_of(made, hint))
    made.register_structure_hook(type(None), lambda v, _: _exactly_one_of(v, (type(None),)))
    for scalar in (str, int, bool):
        made.register_structure_hook(scalar, _exactly(scalar))
    made.register_structure_hook(float, lambda v, _: float(_exactly_one_of(v, (int, float))))
    return made


def _evidence(value: object) -> Evidence:
    if not isinstance(value, dict) or set(value) != {"source", "excerpt"}:
        raise NotAFact("a piece of evidence needs source and excerpt")
    return Evidence(_exactly_one_of(value["source"], (str,)), _exactly_one_of(value["excerpt"], (str,)))


def _unobserved(value: object) -> Unobserved:
    if not isinstance(value, dict) or set(value) != {"unobserved", "detail", "at"}:
        raise NotAFact("an unobserved part needs unobserved, detail and at")
    reason, detail, at = (_exactly_one_of(value[key], (str,)) for key in ("unobserved", "detail", "at"))
    return Unobserved(Reason(reason), detail, at)


def _exactly(scalar: type) -> Callable[[object, type], object]:
    """Refuse what Python would convert silently, such as the text "no" to a true bool."""

    def structure(value: object, hint: type) -> object:
        exact = _exactly_one_of(value, (scalar,))
        return exact if hint is scalar else hint(exact)  # a StrEnum is reached through the hook of str

    return structure


def _exactly_one_of(value: Any, kinds: tuple[type, ...]) -> Any:  # the border: any JSON value may stand here
    if type(value) not in kinds:
        raise NotAFact(f"{type(value).__name__} where {' or '.join(k.__name__ for k in kinds)} is needed")
    return value


def _is_tuple(hint: Any) -> bool:  # a type as written in a field
    origin: object = typing.get_origin(hint)
    return origin is tuple


def _list_of(made: cattrs.Converter, hint: object) -> Callable[[object, object], object]:
    """Take a JSON list and nothing else that can be iterated, such as a text or an object."""
    members = typing.get_args(hint)
    alike = len(members) == 2 and members[1] is Ellipsis

    def structure(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise NotAFact(f"{type(value).__name__} where a list is needed")
        if alike:
            return tuple(made.structure(item, members[0]) for item in value)
        if len(value) != len(members):
            raise NotAFact(f"{len(value)} items where {len(members)} are needed")
        return tuple(made.structure(item, member) for item, member in zip(value, members, strict=True))

    return structure


def _may_be_unobserved(hint: object) -> bool:
    return typing.get_origin(hint) in {Union, types.UnionType} and Unobserved in typing.get_args(hint)


def _seen_or_not(made: cattrs.Converter, union: Any) -> Callable[[object, object], object]:
    members = tuple(member for member in typing.get_args(union) if member is not Unobserved)
    rest: Any = Union.__getitem__(members)  # a type made at run time; Union of one member is that member

    def structure(value: object, _: object) -> object:
        if isinstance(value, dict) and "unobserved" in value:
            return _unobserved(value)
        return made.structure(value, rest)

    return structure
