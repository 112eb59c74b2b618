"""Puts together what a command works with: baselines, inventory, profile, exceptions and the plan, each from its file or its default."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from baselines.loader import SHIPPED, load, load_shipped
from baselines.model import Baseline
from scanner.cli import console
from scanner.engine.catalogue import Catalogue, catalogue
from scanner.engine.plan import Plan, make_plan
from scanner.engine.run import RunStart
from scanner.ledger import profile as profiles
from scanner.ledger.exceptions import Exceptions, load_exceptions
from scanner.ledger.inventory import Inventory
from scanner.ledger.inventory_file import load_inventory
from scanner.ledger.known import Known
from scanner.ledger.profile import Profile, load_profile
from scanner.model.problem import Problems
from scanner.model.version import VERSION


@dataclass(frozen=True)
class Setup:
    """Everything that a judgement rests on besides the facts."""

    catalogue: Catalogue
    baselines: tuple[Baseline, ...]
    inventory: Inventory
    profile: Profile
    exceptions: Exceptions
    only: tuple[str, ...]

    @cached_property
    def plan(self) -> Plan:
        """The plan for these baselines and values."""
        with _without_collecting():  # it loads the probes that it needs
            return make_plan(self.catalogue, self.baselines, self.profile, self.only)

    def start(self, run: str, started_at: str, zone: str, approved_by: str, targets: int) -> RunStart:
        """Give the head of a run."""
        values = {p.value.key: p.value for v in self.plan.variants for p in v.check.parameters.values() if p.value}
        return RunStart(
            run=run,
            started_at=started_at,
            zone=zone,
            approved_by=approved_by,
            version=VERSION,
            catalogue_digest=self.catalogue.digest,
            baselines=self.baselines,
            profile_file=self.profile.file,
            profile_digest=_digest(self.profile.file),
            inventory_file=self.inventory.file,
            inventory_digest=_digest(self.inventory.file),
            systems=tuple(self.inventory.systems.values()),
            planned_targets=targets,
            planned_checks=len(self.plan.variants),
            values=tuple(value for _, value in sorted(values.items())),
        )


def set_up(
    baselines: Sequence[str] | None,
    inventory: Path | Inventory,
    profile: Path | None,
    exceptions: Path | None,
    only: Sequence[str] | None = None,
) -> Setup:
    """Load everything. Raises ``BadFile`` with file, line, key and nearest right name for every mistake."""
    with _without_collecting():
        known_checks = catalogue()
        found = tuple(load_baselines(baselines or SHIPPED))
    # Decisions and exceptions may speak of every document, also of one that is left out this time.
    others = load_baselines(name for name in SHIPPED if name not in {b.id for b in found})
    controls = {c.id: (b.id, c.ref) for b in (*others, *found) for c in b}
    known = Known(controls=controls, checks=known_checks.checks.keys())
    own = load_profile(profile, known_checks.values, known) if profile else profiles.EMPTY
    listed = inventory if isinstance(inventory, Inventory) else load_inventory(inventory, own.scale)
    known = Known(controls=controls, checks=known_checks.checks.keys(), inventory=listed)
    if profile:  # again, now that the systems are known which its decisions name; the inventory needed its grading scale first
        own = load_profile(profile, known_checks.values, known)
    approved = load_exceptions(exceptions, known) if exceptions else Exceptions()
    _check_prefixes(only or (), known_checks)
    return Setup(known_checks, found, listed, own, approved, tuple(only or ()))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no garbage in cycles: nearly all that is loaded stays, and walking through it again and again takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def load_baselines(names: Iterable[str]) -> list[Baseline]:
    """Load baselines by shipped id, or by the folder that holds one."""
    known = catalogue()
    found = []
    for name in names:
        if name in SHIPPED:
            found.append(load_shipped(name, known.checks, known.digest))
        elif Path(name).is_dir():
            found.append(load(Path(name), known.checks, known.digest))
        else:
            nearest = Problems("").nearest(name, SHIPPED)
            console.refuse(f"{name}: そのような基準文書はない / no such baseline" + (f" → {nearest}" if nearest else ""))
    return found


def _check_prefixes(only: Sequence[str], known: Catalogue) -> None:
    for prefix in only:
        if not known.checks.below(prefix):
            nearest = known.nearest_check(prefix.rstrip(".*"))
            console.refuse(f"--only {prefix}: 該当する点検項目がない / no check begins so" + (f" → {nearest}" if nearest else ""))


def _digest(file: str) -> str:
    return "sha256:" + hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
