"""Whether the agent of a machine still reports: what was seen long ago says nothing of today."""

from __future__ import annotations

from typing import Annotated

from scanner.facts.agent import AgentContact
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, not_applicable, passed

ENDPOINT_MOST_SILENCE_HOURS = Value(
    "endpoint.agent.most-silence-hours",
    default=72,
    text=Text(
        ja="端末の報告が途絶えてから、その結果を古いとみなすまでの時間",
        en="hours without a report after which what a terminal reported counts as out of date",
    ),
    unit="h",
    least=1,
    most=8760,
)


@check(
    "endpoint.agent.reporting",
    severity=Severity.MEDIUM,
    title=Text(ja="端末の状態が継続して報告されている", en="The machine keeps reporting its state"),
    why=Text(
        ja="報告が途絶えた端末は、更新や対策が止まっていても、紛失や持出しがあっても気付くことができない。",
        en="Of a machine that has fallen silent nobody notices that its updates have stopped, or that it is gone.",
    ),
    remedy=Text(
        ja=(
            "端末が使われているかを確かめる。使われていれば、端末で「tenken-agent status」を実行し、集約サーバへの経路と証明書を確かめる。"
            "廃棄したものは集約サーバで「tenken hub revoke」により登録を取り消す。"
        ),
        en=(
            'See whether the machine is in use. If so, run "tenken-agent status" on it and look at the way to the hub and its certificate; '
            'if it was disposed of, revoke it at the hub with "tenken hub revoke".'
        ),
    ),
    says={
        "REPORTING": Text(ja="最後の報告から {hours} 時間", en="last heard of {hours} hours ago"),
        "NO_AGENT": Text(ja="エージェントによる報告の対象ではない", en="this machine is not looked at through an agent"),
    },
)
def endpoint_agent_reporting(
    contact: AgentContact | Unobserved, *, silence_hours: Annotated[int, ENDPOINT_MOST_SILENCE_HOURS] = 72
) -> Judgement:
    if isinstance(contact, Unobserved):
        return not_applicable("NO_AGENT") if contact.reason is Reason.UNSUPPORTED else contact
    if not contact.heard or contact.silent_hours >= silence_hours:
        return cannot_tell(
            Reason.STALE,
            "{hours} 時間報告がない（上限 {limit} 時間）",
            "no report for {hours} hours; {limit} are allowed",
            hours=contact.silent_hours,
            limit=silence_hours,
        )
    return passed("REPORTING", hours=contact.silent_hours)
