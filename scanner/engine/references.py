"""Turns the names of reference data in settings (``cryptrec/recommended``) into the data, for checks that ask for it.

The record keeps the name; the check gets the value. What data there is stands in ``baselines/profiles``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from baselines.profiles import algorithms, support
from baselines.profiles import loader as tls_profiles
from scanner.model.check import BadCheck, Check, Parameter


@dataclass(frozen=True, slots=True)
class Source:
    """Where one kind of reference data comes from: the names there are, and the value of each. Both are cheap when called again."""

    names: Callable[[], tuple[str, ...]]
    value: Callable[[str], object]


KINDS: Mapping[str, Source] = {
    "tls-profile": Source(tls_profiles.profile_names, tls_profiles.profile),
    "tls-guideline": Source(tls_profiles.guideline_names, tls_profiles.guideline),
    "algorithm-list": Source(algorithms.list_names, algorithms.algorithm_list),
    "support-table": Source(support.table_names, support.support_table),
}


def with_choices(check: Check) -> Check:
    """Give a check whose reference settings, and the values behind them, accept shipped names only. Raises ``BadCheck``."""
    if not check.references:
        return check
    return replace(check, parameters={name: _with_choices(check, p) for name, p in check.parameters.items()})


def _with_choices(check: Check, parameter: Parameter) -> Parameter:
    if not parameter.reference:
        return parameter
    if parameter.reference not in KINDS:
        raise BadCheck(f"{check.id}: there is no reference data of the kind {parameter.reference}")
    names = KINDS[parameter.reference].names()
    if parameter.default not in names:
        raise BadCheck(f"{check.id}: there is no {parameter.reference} {parameter.default}")
    value = replace(parameter.value, choices=names) if parameter.value else None
    return replace(parameter, type="choice: " + ", ".join(names), value=value)


def resolved(check: Check, settings: Mapping[str, object]) -> Mapping[str, object]:
    """Give the settings as the function of a check takes them, every name of reference data replaced by the data itself."""
    if not check.parameters or not (references := check.references):
        return settings
    return {**settings, **{p.name: KINDS[p.reference].value(str(settings.get(p.name, p.default))) for p in references}}
