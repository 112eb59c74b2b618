"""What LibreOffice's configuration makes of macros, on every platform. Pure; reads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from scanner.facts.office_macros import MacroRule, OfficeProgram
from scanner.model.fact import Unobserved
from scanner.wire.xcu import Property

NAME: Final = "libreoffice"
PLACE: Final = "/org.openoffice.Office.Common/Security/Scripting/"
LEVEL, OFF, PLACES = PLACE + "MacroSecurityLevel", PLACE + "DisableMacrosExecution", PLACE + "SecureURL"
LEVELS: Final = {"0": MacroRule.ALL, "1": MacroRule.ASKS, "2": MacroRule.SIGNED, "3": MacroRule.TRUSTED_PLACES}
"""Low, medium, high, very high."""
DEFAULT: Final = "2"
"""The default of the schema (officecfg, Common.xcs) from OpenOffice.org 2.0 on; read in main.xcd of LibreOffice 7.4."""
PRODUCT: Final = ("main", "Langpack-", "lingucomponent", "pdfimport", "xsltfilter", "writer", "calc", "base", "impress", "draw", "math")
PRODUCT_MORE: Final = (
    "graphicfilter",
    "ogltrans",
    "pyuno",
    "gnome",
    "kf",
    "ctl_",
    "cjk_",
    "librelogo",
    "reportbuilder",
    "fcfg_",
    "postgresql",
)
"""Files that belong to the product itself, by the beginnings of their names. They say nothing of macros beyond the schema's defaults."""

Layer = Mapping[str, Property]


def is_product(name: str) -> bool:
    """Whether a configuration file is part of the product, so that an administrator wrote nothing into it."""
    return name.startswith((*PRODUCT, *PRODUCT_MORE))


def program(machine: Sequence[Layer] | Unobserved, own: Layer | Unobserved | None, account: str, source: str) -> OfficeProgram:
    """Give LibreOffice for one account (``own``), or for all without settings of their own; layers come most general first."""
    if isinstance(machine, Unobserved):
        return OfficeProgram(NAME, account, machine, machine, None, machine, source)
    level, level_fixed = _value(machine, LEVEL)
    off, off_fixed = _value(machine, OFF)
    places, places_fixed = _value(machine, PLACES)
    if isinstance(own, Unobserved):
        decided = level_fixed and off_fixed
        rule = _rule(level, off) if decided or (off_fixed and _is_true(off)) else own
        return OfficeProgram(NAME, account, rule, level_fixed, None, places if places_fixed else own, source)
    if own is not None:
        level = level if level_fixed else _own(own, LEVEL, level)
        off = off if off_fixed else _own(own, OFF, off)
        places = places if places_fixed else _own(own, PLACES, places)
    fixed = level_fixed or (off_fixed and _is_true(off))
    return OfficeProgram(NAME, account, _rule(level, off), fixed, None, places, source)


def _value(layers: Sequence[Layer], path: str) -> tuple[tuple[str, ...], bool]:
    values: tuple[str, ...] = ()
    for layer in layers:
        found = layer.get(path)
        if found is not None:
            values = found.values
            if found.finalized:
                return values, True
    return values, False


def _own(layer: Layer, path: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    found = layer.get(path)
    return otherwise if found is None else found.values


def _is_true(values: tuple[str, ...]) -> bool:
    return values[:1] == ("true",)


def _rule(level: tuple[str, ...], off: tuple[str, ...]) -> MacroRule:
    if _is_true(off):
        return MacroRule.NEVER
    return LEVELS.get((level or (DEFAULT,))[0], MacroRule.ALL)
