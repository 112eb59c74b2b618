"""Kernel settings as the cases of several checks write them."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.facts.kernel import KernelSetting, KernelSettings
from scanner.facts.readings import Readings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED, always, off, unknown

CONTAINER = "systemd-nspawn"


def kernel(
    values: Mapping[str, Readings[str]], *, container: str | Unobserved = "", interfaces: tuple[str, ...] | Unobserved = ()
) -> KernelSettings:
    """A kernel with these settings."""
    return KernelSettings(container, tuple(KernelSetting(name, value) for name, value in values.items()), interfaces)


def plain(name: str, good: str, bad: str, *, own_kernel: bool = True, others: Mapping[str, Readings[str]] | None = None) -> list[Case]:
    """The cases of a check that asks for one setting (beside others that are good): every tag and every missing reading."""

    def one(value: Readings[str], container: str | Unobserved = "") -> KernelSettings:
        return kernel({**(others or {}), name: value}, container=container)

    bare = kernel({n: always("") for n in (*(others or {}), name)})
    found = [
        case(one(always(good)), says="SETTING_GOOD"),
        case(one(off(good)), says="SETTING_GOOD"),
        case(one(always(bad)), says="SETTING_BAD"),
        case(one(off(bad)), says="SETTING_BAD"),
        case(one(Readings(good, bad, good, "file line 1")), says="SETTING_NOT_APPLIED"),
        case(one(Readings(None, good, bad, "place")), says="SETTING_RETURNS"),
        # what was seen to be wrong outranks what was not seen
        case(one(Readings(DENIED, bad, DENIED, "place")), says="SETTING_BAD"),
        case(one(Readings(DENIED, good, DENIED, "place")), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(one(unknown()), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(bare, says="SETTING_ABSENT"),
        case(Unobserved(Reason.UNREACHABLE), outcome="undetermined", reason=Reason.UNREACHABLE),
    ]
    if own_kernel:
        found.append(case(one(always(bad), CONTAINER), says="IN_CONTAINER", args={"keeper": CONTAINER}))
        found.append(case(one(always(good), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED))
    else:
        found.append(case(one(always(bad), CONTAINER), says="SETTING_BAD"))
    return found
