"""Whether a whole profile is met by a service, and which of its items breaks it: the sum over items and addresses. No check is here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from checks.common import listed
from checks.tls.items import State, stand
from checks.tls.seen import leaves, suites
from scanner.facts.tls import TlsSeen, TlsSurvey, Upgrade
from scanner.model.algorithms import AlgorithmList, Family
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.tls_profile import Duty, Item, NamedGroup, TlsProfile
from scanner.model.verdict import Outcome, Verdict, doubtful, failed, passed

SHOWN: Final = 3
"""Things that one broken item names; the rest is counted."""
MET: Final = "✓"
BROKEN: Final = "✗"
DOUBTED: Final = "?"
UNSEEN: Final = "-"


@dataclass(frozen=True, slots=True)
class LevelSeen:
    """How a service stands to one profile.

    ``broken`` are compliance items that it breaks, ``doubted`` those that it breaks if what we remember of them is right, ``unseen`` those
    that could not be looked at; ``advice`` are the advised items that are not done. Each is ``id: what was seen``.
    """

    profile: TlsProfile
    broken: tuple[str, ...]
    doubted: tuple[str, ...]
    unseen: tuple[str, ...]
    advice: tuple[str, ...]
    why: Unobserved | None
    addresses: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Broken for sure fails; what is doubted, then what is unseen, leaves it open; else it is met."""
        if self.broken:
            return Outcome.FAIL
        return Outcome.UNDETERMINED if self.doubted or self.unseen else Outcome.PASS

    @property
    def summary(self) -> tuple[str, ...]:
        """The level in a list for a sentence: a tick, or all items in the way, (?) behind those to be confirmed, (-) those not seen."""
        doubted = (f"{entry} ({DOUBTED})" for entry in self.doubted)
        return listed((*self.broken, *doubted, *(f"{entry} ({UNSEEN})" for entry in self.unseen))) or (MET,)

    @property
    def mark(self) -> str:
        """The level in one sign."""
        return BROKEN if self.broken else DOUBTED if self.doubted else UNSEEN if self.unseen else MET

    def verdict(self, tags: tuple[str, str, str], **args: str | tuple[str, ...]) -> Verdict | Unobserved:
        """Give the ending: ``tags`` are those of a level met, broken and doubted."""
        met, broken, doubted = tags
        common = {"advice": listed(self.advice) or ("-",), **args}
        if self.broken:
            return failed(broken, breaks=self.summary, address=self.addresses, **common)
        if self.doubted:
            return doubtful(doubted, breaks=self.summary, address=self.addresses, **common)
        if self.why is not None:
            parts = listed(self.unseen)
            seen = cannot_tell(self.why.reason, "確認できない項目がある（{parts}）", "parts were not seen ({parts})", parts=parts)
            return replace(seen, detail=self.why.detail, at=self.why.at)
        return passed(met, **common)


def spoken(survey: TlsSurvey) -> bool:
    """Tell whether any address may speak TLS."""
    gone = {Upgrade.NOT_OFFERED, Upgrade.REFUSED}
    return any(isinstance(seen.tls, Unobserved) or seen.tls.upgrade not in gone for seen in survey.addresses) or bool(survey.left_out)


def level_seen(profile: TlsProfile, survey: TlsSurvey) -> LevelSeen:
    """Judge every item of a profile at every address; an address without TLS has nothing to judge."""
    broken: dict[str, list[str]] = {}
    unseen: dict[str, Unobserved] = {}
    at: dict[str, None] = {}
    missing = [seen.tls for seen in survey.addresses if isinstance(seen.tls, Unobserved)]
    if survey.left_out:
        missing.append(
            cannot_tell(
                Reason.BUDGET_SPENT,
                "ほかのアドレス {count} 件を見ていない",
                "{count} further addresses were not looked at",
                count=survey.left_out,
            )
        )
    if not survey.addresses and not survey.left_out:
        missing.append(cannot_tell(Reason.UNREACHABLE, "サービスにアドレスがない", "the service has no address"))
    for seen in survey.addresses:
        if isinstance(seen.tls, Unobserved) or seen.tls.upgrade in {Upgrade.NOT_OFFERED, Upgrade.REFUSED}:
            continue
        for item in profile.items:
            found = stand(item, profile, seen.tls)
            if found.state is State.BROKEN:
                broken.setdefault(item.id, []).extend(found.seen)
                if item.duty is Duty.COMPLIANCE:
                    at[seen.address] = None
            elif found.state is State.UNSEEN and found.why is not None and item.duty is Duty.COMPLIANCE:
                unseen.setdefault(item.id, found.why)
    must = [item for item in profile.items if item.duty is Duty.COMPLIANCE]
    why = next(iter(unseen.values()), None) or (missing[0] if missing else None)
    return LevelSeen(
        profile=profile,
        broken=_entries((i for i in must if i.firm), broken),
        doubted=_entries((i for i in must if not i.firm), broken),
        unseen=(*(item_id for item_id in unseen if item_id not in broken), *(("addresses",) if missing else ())),
        advice=_entries((i for i in profile.items if i.duty is Duty.ADVICE), broken),
        why=why,
        addresses=listed(at),
    )


def _entries(items: Iterable[Item], broken: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(f"{item.id}: {_some(broken[item.id])}" for item in items if item.id in broken)


def _some(seen: list[str]) -> str:
    found = list(dict.fromkeys(seen))
    rest = len(found) - SHOWN
    return " ".join(found[:SHOWN]) + (f" +{rest}" if rest > 0 else "")


def notes(survey: TlsSurvey, groups: dict[str, NamedGroup] | None, algorithms: AlgorithmList) -> tuple[str, ...]:
    """Name what breaks no level and is worth knowing: DHE, CCM_8, 3DES, groups without a Japanese basis, post-quantum groups, RSA-2048."""
    found: dict[str, None] = {}
    for seen in survey.addresses:
        if not isinstance(seen.tls, Unobserved):
            found.update(dict.fromkeys(_notes(seen.tls, groups or {}, algorithms)))
    return listed(found)


def _notes(tls: TlsSeen, groups: dict[str, NamedGroup], algorithms: AlgorithmList) -> Iterable[str]:
    accepted = suites(tls)
    for word, there in (
        ("DHE", any(s.kx == "DHE" for s in accepted)),
        ("CCM_8", any(s.mode == "CCM_8" for s in accepted)),
        ("3DES", any(s.cipher == "3DES_EDE" for s in accepted)),
    ):
        if there:
            yield word
    for name in dict.fromkeys(name for seen in tls.groups for name in seen.groups):
        standing = groups[name].standing if name in groups else "unlisted"
        if standing in {"unlisted", "post-quantum"}:
            yield f"{name} ({standing})"
    found = leaves(tls)
    for leaf in found if not isinstance(found, Unobserved) else ():
        if leaf.key.type.startswith("RSA"):
            last = algorithms.last_year(algorithms.strength(Family.RSA, leaf.key.bits))
            if last is not None and int(leaf.not_after[:4] or 0) > last:
                yield f"RSA {leaf.key.bits} (-{last})"
