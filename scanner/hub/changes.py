"""What changed on a machine between two of its reports: a pure comparison of what the report before and the report now say.

Days on a machine are its own clock's, and no finer than a day: what was joined or put in again on the day of the report before does not
show. What cannot be compared is itself among the changes, with why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, unique
from typing import TypeVar

from scanner.facts.accounts import Accounts
from scanner.facts.administrators import who_administers
from scanner.facts.media_history import MediaInsertions
from scanner.facts.network_history import NetworksJoined
from scanner.facts.software import InstalledSoftware
from scanner.facts.sudo import SudoRule, SudoRules
from scanner.model.fact import Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.protocol.texts import fit

MOST = 200
"""Changes of one sign that one comparison names; the rest is counted."""
LONGEST = 200
"""Characters of a name that are kept."""

F = TypeVar("F", bound=Fact)
K = TypeVar("K")
State = Mapping[type[Fact], Observation[Fact]]
"""How a machine stood, as far as it is known."""


@unique
class Sign(StrEnum):
    """What changed. Stored; members are only ever added."""

    NETWORK_NEW = "network-new"
    """A network was joined that the machine did not remember before."""
    NETWORK_AGAIN = "network-again"
    """A network that it remembered was joined on a later day, or is still joined on it."""
    MEDIUM_NEW = "medium-new"
    MEDIUM_AGAIN = "medium-again"
    SOFTWARE_INSTALLED = "software-installed"
    SOFTWARE_REMOVED = "software-removed"
    ADMINISTRATOR_ADDED = "administrator-added"
    ADMINISTRATOR_REMOVED = "administrator-removed"
    MORE = "more"
    """More of one sign than are named: the sign, and how many."""
    NOT_COMPARED = "not-compared"
    """A fact, or a part of it, could not be compared: its name, and a member of ``Why``."""


@unique
class Why(StrEnum):
    """Why something could not be compared. Stored; members are only ever added."""

    FIRST = "first-report"
    ENROLLED_ANEW = "enrolled-anew"
    """The machine may have been installed anew as well."""
    UNOBSERVED = "not-observed"
    CLOCK = "clock-set-back"
    """Days before and after do not belong to one clock."""
    FORGOTTEN = "record-begins-later"
    """The machine's own record no longer reaches back to the report before."""
    DAYS = "no-days"
    """The machine keeps no days, so that what happened again does not show."""
    ACCOUNTS = "not-all-accounts"
    """What accounts installed for themselves could be read in one of the two reports only."""
    MANAGER = "other-manager"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. ``subject`` names it, ``detail`` what the machine says of it, ``day`` is its day by the machine's clock."""

    sign: Sign
    subject: str
    detail: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """From one report to the next: the times at which they were made. ``before_at`` is empty where there is nothing before."""

    before_at: str
    at: str

    @property
    def backwards(self) -> bool:
        """Whether the machine's clock was set back in between."""
        return self.at < self.before_at


def compare(step: Step, subject: type[Fact], before: State, now: State) -> tuple[Change, ...]:
    """Give what changed in what one of the ``SUBJECTS`` tells."""
    found = _COMPARED[subject](step, before, now)
    named: list[Change] = []
    for sign in dict.fromkeys(change.sign for change in found):
        alike = [change for change in found if change.sign is sign]
        named += alike[:MOST]
        if len(alike) > MOST:
            named.append(Change(Sign.MORE, sign.value, str(len(alike) - MOST)))
    return tuple(Change(c.sign, fit(c.subject, LONGEST), fit(c.detail, LONGEST), c.day) for c in named)


def not_compared(fact: type[Fact], why: Why) -> Change:
    """Say that a fact was not compared."""
    return Change(Sign.NOT_COMPARED, fact.__name__, why.value)


def _networks(step: Step, before: State, now: State) -> list[Change]:
    was, is_ = _fact(before, NetworksJoined), _fact(now, NetworksJoined)
    if was is None or is_ is None or isinstance(was.networks, Unobserved) or isinstance(is_.networks, Unobserved):
        return [not_compared(NetworksJoined, Why.UNOBSERVED)]
    old, new = (_latest(((n.kind, n.name), n.last_day) for n in networks) for networks in (was.networks, is_.networks))
    found = []
    for (kind, name), day in new.items():
        happened = _happened(step, (kind, name) in old, old.get((kind, name)), day)
        if happened:
            sign = Sign.NETWORK_AGAIN if happened is _Happened.AGAIN else Sign.NETWORK_NEW
            found.append(Change(sign, name, kind.value, _written(day)))
    return found + _limits(step, NetworksJoined, [*old.values(), *new.values()])


def _media(step: Step, before: State, now: State) -> list[Change]:
    was, is_ = _fact(before, MediaInsertions), _fact(now, MediaInsertions)
    if was is None or is_ is None or isinstance(was.media, Unobserved) or isinstance(is_.media, Unobserved):
        return [not_compared(MediaInsertions, Why.UNOBSERVED)]
    old, new = (_latest(((m.ids, m.serial, m.model), m.last_day or _NO_DAY) for m in media) for media in (was.media, is_.media))
    found = []
    for (ids, serial, model), day in new.items():
        happened = _happened(step, (ids, serial, model) in old, old.get((ids, serial, model)), day)
        if happened:
            sign = Sign.MEDIUM_AGAIN if happened is _Happened.AGAIN else Sign.MEDIUM_NEW
            name = " ".join(part for part in (model or ids, serial) if part)
            found.append(Change(sign, name or "?", ids, _written(day)))
    found += _limits(step, MediaInsertions, [*old.values(), *new.values()])
    if isinstance(is_.since, Unobserved) or (is_.since is not None and is_.since > step.before_at[:10]):
        found.append(not_compared(MediaInsertions, Why.FORGOTTEN))
    return found


class _Happened(Enum):
    NEW, AGAIN = range(1, 3)


_Day = str | Unobserved | None
"""A last day; ``None``: never."""
_NO_DAY = Unobserved(Reason.UNSUPPORTED, "the record gives no day")


def _latest(days: Iterable[tuple[K, _Day]]) -> dict[K, _Day]:
    """Give each name once, with its latest day; what is not known counts above "never" and below any day."""
    found: dict[K, _Day] = {}
    for name, day in days:
        found[name] = max(found.get(name), day, key=lambda one: (one is not None, _written(one)))
    return found


def _happened(step: Step, known: bool, was: _Day, is_: _Day) -> _Happened | None:
    """Tell whether something happened since the report before, for the first time or again; ``None`` where it did not or does not show."""
    if not isinstance(is_, str):
        return _Happened.NEW if isinstance(is_, Unobserved) and not known else None
    if step.backwards:
        return None if known else _Happened.NEW
    if known and isinstance(was, str):
        return _Happened.AGAIN if is_ > was else None
    if known and isinstance(was, Unobserved):
        return _Happened.AGAIN if is_ > step.before_at[:10] else None
    # with an earlier day it came into the record late, but did not happen since
    return _Happened.NEW if is_ >= step.before_at[:10] else None


def _written(day: _Day) -> str:
    return fit(day, LONGEST) if isinstance(day, str) else ""


def _limits(step: Step, fact: type[Fact], days: Iterable[_Day]) -> list[Change]:
    if step.backwards:
        return [not_compared(fact, Why.CLOCK)]
    return [not_compared(fact, Why.DAYS)] if any(isinstance(day, Unobserved) for day in days) else []


def _software(_: Step, before: State, now: State) -> list[Change]:
    was, is_ = _fact(before, InstalledSoftware), _fact(now, InstalledSoftware)
    if was is None or is_ is None or isinstance(was.packages, Unobserved) or isinstance(is_.packages, Unobserved):
        return [not_compared(InstalledSoftware, Why.UNOBSERVED)]
    if was.manager != is_.manager:
        return [not_compared(InstalledSoftware, Why.MANAGER)]
    old, new = {p.name: p.version for p in was.packages}, {p.name: p.version for p in is_.packages}
    installed = [Change(Sign.SOFTWARE_INSTALLED, name, new[name]) for name in sorted(new.keys() - old.keys())]
    removed = [Change(Sign.SOFTWARE_REMOVED, name, old[name]) for name in sorted(old.keys() - new.keys())]
    if (was.unread is None) == (is_.unread is None):
        return installed + removed
    # what could be read in one of the two only seems to come or to go
    return [*(removed if was.unread else installed), not_compared(InstalledSoftware, Why.ACCOUNTS)]


def _administrators(_: Step, before: State, now: State) -> list[Change]:
    rules = _rules(before), _rules(now)
    # rules that are known of one state only would make administrators come or go
    old = _holders(_fact(before, Accounts), () if None in rules else rules[0])
    new = _holders(_fact(now, Accounts), () if None in rules else rules[1])
    if old is None or new is None:
        return [not_compared(Accounts, Why.UNOBSERVED)]
    found = [Change(Sign.ADMINISTRATOR_ADDED, name, new[name]) for name in sorted(new.keys() - old.keys())]
    found += [Change(Sign.ADMINISTRATOR_REMOVED, name, old[name]) for name in sorted(old.keys() - new.keys())]
    return [*found, not_compared(SudoRules, Why.UNOBSERVED)] if None in rules else found


def _holders(accounts: Accounts | None, rules: tuple[SudoRule, ...] | None) -> dict[str, str] | None:
    if accounts is None or isinstance(accounts.accounts, Unobserved) or isinstance(accounts.groups, Unobserved):
        return None
    return who_administers(accounts.accounts, accounts.groups, rules or ())


def _rules(state: State) -> tuple[SudoRule, ...] | None:
    """Give the rules of sudo; none where there is no such program on the platform, ``None`` where they are not known."""
    seen = state.get(SudoRules)
    if isinstance(seen, Unobserved) and seen.reason is Reason.OTHER_PLATFORM:
        return ()
    sudo = _fact(state, SudoRules)
    return None if sudo is None or isinstance(sudo.rules, Unobserved) else sudo.rules


def _fact(state: State, wanted: type[F]) -> F | None:
    seen = state.get(wanted)
    return seen.fact if isinstance(seen, Observed) and isinstance(seen.fact, wanted) else None


_COMPARED: Mapping[type[Fact], Callable[[Step, State, State], list[Change]]] = {
    NetworksJoined: _networks,
    MediaInsertions: _media,
    InstalledSoftware: _software,
    Accounts: _administrators,
}
SUBJECTS: Mapping[type[Fact], tuple[type[Fact], ...]] = {
    NetworksJoined: (NetworksJoined,),
    MediaInsertions: (MediaInsertions,),
    InstalledSoftware: (InstalledSoftware,),
    Accounts: (Accounts, SudoRules),
}
"""What is compared, each with the facts that it is told by."""
