"""Every fact type there is survives its way to JSON and back, and junk ends in ``NotAFact``."""

from __future__ import annotations

import json
import typing
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner import codec
from scanner.facts.readings import Readings
from scanner.model.fact import Evidence, Fact, Observed, Unobserved
from scanner.model.reason import Reason

FACTS = codec.fact_types()
SOME = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)


def _readings(hint: Any) -> st.SearchStrategy[Readings[Any]]:  # a generic type with its argument
    (held,) = typing.get_args(hint)
    part = st.from_type(held) | st.from_type(Unobserved)
    return st.builds(Readings, part | st.none(), part | st.none(), part, st.text(max_size=5))


st.register_type_strategy(Readings, _readings)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False, width=32))


def _travelled(name: str, seen: Observed[Fact] | Unobserved) -> object:
    return codec.observation_in(name, json.loads(codec.canonical(codec.observation_out(seen))))


@pytest.mark.parametrize("name", sorted(FACTS))
@SOME
@given(data=st.data())
def test_a_fact_comes_back_as_it_went(name: str, data: st.DataObject) -> None:
    seen = Observed(data.draw(st.from_type(FACTS[name])), "2026-11-22T00:00:00Z", (Evidence("a", "b"),))
    back = _travelled(name, seen)
    assert back == seen
    assert isinstance(back, Observed)
    assert codec.digest(back) == codec.digest(seen)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_comes_back_as_it_went(reason: Reason) -> None:
    seen = Unobserved(reason, "詳細", "2026-11-22T00:00:00Z")
    assert _travelled(sorted(FACTS)[0], seen) == seen


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["fact", "at", "evidence", "unobserved", "detail", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@SOME
@given(name=st.sampled_from(sorted(FACTS)), junk=json_values)
def test_junk_is_not_a_fact(name: str, junk: object) -> None:
    with suppress(codec.NotAFact):
        assert isinstance(codec.observation_in(name, junk), (Observed, Unobserved))


def _spoilt(plain: Any, at: int, by: object) -> tuple[Any, int]:  # any JSON value
    """Put ``by`` in the place of leaf number ``at``."""
    if isinstance(plain, dict):
        made = {}
        for key, value in plain.items():
            made[key], at = _spoilt(value, at, by)
        return made, at
    if isinstance(plain, list):
        items = []
        for value in plain:
            item, at = _spoilt(value, at, by)
            items.append(item)
        return items, at
    return (by if at == 0 else plain), at - 1


@pytest.mark.parametrize("name", sorted(FACTS))
@SOME
@given(data=st.data())
def test_a_value_of_a_wrong_type_never_passes_silently(name: str, data: st.DataObject) -> None:
    fact = data.draw(st.from_type(FACTS[name]))
    plain = json.loads(codec.canonical(codec.observation_out(Observed(fact, "t"))))
    spoilt, _ = _spoilt(plain["fact"], data.draw(st.integers(0, 30)), {"strange": 1})
    try:
        back = codec.observation_in(name, plain | {"fact": spoilt})
    except codec.NotAFact:
        return
    assert spoilt == plain["fact"], back


def test_an_unknown_fact_type_is_refused() -> None:
    with pytest.raises(codec.NotAFact, match="Surprise"):
        codec.observation_in("Surprise", {})
