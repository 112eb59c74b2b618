"""Facts and settings in, results out. Pure: the same facts give the same results, byte for byte.

The engine alone says ``undetermined``: a check never sees a fact that is not there, unless it asked to hear of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scanner.engine.factset import FactSet, OfKind, unsupported
from scanner.engine.plan import Variant
from scanner.engine.references import resolved
from scanner.model.check import Check
from scanner.model.fact import Fact, Observation, Observed, Unobserved, Untold
from scanner.model.reason import WORDS, Reason
from scanner.model.target import Kind, Target
from scanner.model.text import Arg, Text
from scanner.model.verdict import Outcome, Verdict

log = logging.getLogger(__name__)

NO_SUBJECT = "NO_SUBJECT"
OTHER_PLATFORM = "OTHER_PLATFORM"
ENGINE_SAYS: Mapping[str, Text] = {
    NO_SUBJECT: Text(ja="この対象には該当するサーバがない", en="this target has no server of that kind"),
    OTHER_PLATFORM: WORDS[Reason.OTHER_PLATFORM],
}
"""What the engine itself says, beside the reasons of ``scanner.model.reason``."""


class Ending(NamedTuple):
    """How one judgement ended. ``reason`` is set for undetermined and only then.

    ``detail`` is the technical note of a probe: the peer, what was tried and the limit, in English, as a log line would have it.
    ``said`` is the sentence of a check that cannot tell.
    """

    outcome: Outcome
    tag: str
    args: Mapping[str, Arg]
    reason: Reason | None = None
    detail: str = ""
    confirmed: bool = True
    said: Text | None = None


class Result(NamedTuple):
    """One check on one subject of one target: the ending, and the observations it rests on."""

    target: Target
    subject: Target
    variant: Variant
    ending: Ending
    basis: tuple[tuple[type[Fact], Observation[Fact]], ...]

    @property
    def observed_at(self) -> str:
        """When the latest of its facts was seen, or empty."""
        return max((seen.at for _, seen in self.basis), default="")

    def message(self) -> Text:
        """Say in both languages what was seen, or why nothing could be."""
        return says(self.variant.check, self.ending)


def judge(facts: FactSet, variants: Sequence[Variant]) -> Iterator[Result]:
    """Judge every planned variant on every subject of a target. Each variant gives at least one result."""
    by_kind: dict[Kind, OfKind] = {}
    own = facts.seen.get(facts.target, {})
    for variant in variants:
        check = variant.check
        settings = variant.values
        of_kind = by_kind.get(check.of)
        if of_kind is None:
            of_kind = by_kind[check.of] = facts.of_kind(check.of)
        if isinstance(of_kind, Unobserved):
            yield Result(facts.target, facts.target, variant, _undetermined(of_kind), ())
        elif not of_kind:
            ending = Ending(Outcome.NOT_APPLICABLE, NO_SUBJECT, {})
            yield Result(facts.target, facts.target, variant, ending, ())
        else:
            for subject, seen in of_kind:
                basis = tuple(
                    [
                        (need.fact, (seen if need.fact.of is check.of else own).get(need.fact) or unsupported(subject, need.fact))
                        for need in check.needs
                    ]
                )
                yield Result(facts.target, subject, variant, judge_one(check, [one for _, one in basis], settings), basis)


def judge_one(check: Check, observations: Sequence[Observation[Fact]], settings: Mapping[str, object]) -> Ending:
    """Judge one check on one set of observations, in the order of its needs."""
    given: list[Fact | Unobserved] = []
    for need, seen in zip(check.needs, observations, strict=True):
        if isinstance(seen, Observed):
            given.append(seen.fact)
        elif need.takes_absence:
            given.append(seen)
        elif seen.reason is Reason.OTHER_PLATFORM:
            return Ending(Outcome.NOT_APPLICABLE, OTHER_PLATFORM, {})
        else:
            return _undetermined(seen)
    try:
        answer = check.judge(*given, **resolved(check, settings))
        if isinstance(answer, Unobserved):
            return _undetermined(answer)
        return _ending(check, answer)
    except Exception as error:  # a broken check is a visible result, never a lost one
        log.exception("defect in check %s", check.id)
        return _undetermined(Unobserved(Reason.DEFECT, f"{check.id}: {type(error).__name__}: {error}"))


def says(check: Check, ending: Ending) -> Text:
    """Give the sentence of an ending."""
    if ending.tag in check.says and (ending.reason is None or ending.reason is Reason.UNCONFIRMED):
        said = check.says[ending.tag].fill(ending.args)
        if ending.reason is Reason.UNCONFIRMED:
            note = WORDS[Reason.UNCONFIRMED]
            return Text(ja=f"{said.ja}（{note.ja}）", en=f"{said.en} ({note.en})")
        return said
    if ending.reason is not None:
        what, more = WORDS[ending.reason], ending.said
        return what if more is None else Text(ja=f"{what.ja}：{more.ja}", en=f"{what.en}: {more.en}")
    return ENGINE_SAYS[ending.tag]


def _ending(check: Check, verdict: Verdict) -> Ending:
    says = check.says.get(verdict.tag)
    if says is None:
        raise LookupError(f"the tag {verdict.tag} is not declared")
    if (needed := says.placeholders()) and not needed <= verdict.args.keys():
        raise LookupError(f"the tag {verdict.tag} lacks {', '.join(sorted(needed - verdict.args.keys()))}")
    if verdict.outcome is Outcome.FAIL and not verdict.confirmed:
        return Ending(Outcome.UNDETERMINED, verdict.tag, verdict.args, Reason.UNCONFIRMED, confirmed=False)
    if verdict.outcome is Outcome.UNDETERMINED:
        raise LookupError("a check does not say undetermined")
    return Ending(verdict.outcome, verdict.tag, verdict.args)


def _undetermined(why: Unobserved) -> Ending:
    return Ending(Outcome.UNDETERMINED, why.reason.name, {}, why.reason, why.detail, said=why.said if isinstance(why, Untold) else None)
