"""Shows a person what the agent would send, word for word, and how things stand; in Japanese or English."""

from __future__ import annotations

import json
from collections.abc import Iterator

from agent import rights
from agent.service import Agent
from scanner.codec import canonical
from scanner.model.text import Text
from scanner.protocol.envelope import Sort, seal
from scanner.protocol.keys import SigningKey
from scanner.protocol.report import Report

HEAD = Text(
    ja="# 集約サーバに送る内容（このほかには何も送らない）。報告 {sequence} 番、圧縮後 {octets} バイト",
    en="# What is sent to the hub, and nothing else. Report {sequence}, {octets} bytes compressed",
)
UNSENT = Text(
    ja="# 未登録のため、登録後の最初の報告として示す",
    en="# This machine is not enrolled: shown as its first report would be",
)
KNOWN = Text(
    ja="# 集約サーバにある値と同じため、要約値だけを送る：{names}",
    en="# The hub holds the same value already, so only its digest is sent: {names}",
)
MISSING = Text(ja="# 読み取れなかったもの", en="# What could not be read")


def shown(report: Report, *, enrolled: bool) -> Iterator[Text]:
    """Give what ``tenken-agent show`` prints: remarks in both languages, and the report itself, which has no language."""
    # The signature of another key has the same length, and the machine's own key stays out of this.
    octets = len(seal(Sort.REPORT, report.plain(), SigningKey.make()))
    yield HEAD.fill({"sequence": report.sequence, "octets": octets})
    if not enrolled:
        yield UNSENT
    known = tuple(name for name, value in report.answered.items() if value not in report.observations)
    if known:
        yield KNOWN.fill({"names": known})
    missing = tuple(rights.unseen(report))
    if missing:
        yield MISSING
        yield from missing
    text = json.dumps(json.loads(canonical(report.plain())), ensure_ascii=False, indent=2, sort_keys=True)
    yield Text(ja=text, en=text)


def status(agent: Agent) -> Iterator[Text]:
    """Give what ``tenken-agent status`` prints."""
    head, enrolment = agent.chain.head, agent.identity.enrolment
    waiting = agent.chain.spool.waiting()
    gaps = [w for w in waiting if w.gap]
    sequence, _ = agent.chain.last()
    hub = agent.transport.url
    yield Text(
        ja=f"端末の番号 {enrolment.agent}（{enrolment.enrolled_at} 登録、鍵 {agent.identity.key.id}）",
        en=f"agent {enrolment.agent}, enrolled {enrolment.enrolled_at}, key {agent.identity.key.id}",
    )
    yield Text(ja=f"集約サーバ {hub}", en=f"hub {hub}")
    yield Text(ja=f"作成した報告 {sequence} 件、受領済み {head.sequence} 件", en=f"reports made {sequence}, acknowledged {head.sequence}")
    if head.received_at:
        yield Text(ja=f"最後の受領 {head.received_at}", en=f"last receipt {head.received_at}")
    yield Text(ja=f"送信待ち {len(waiting) - len(gaps)} 件", en=f"waiting to be sent: {len(waiting) - len(gaps)}")
    for gap in gaps:
        yield Text(ja=f"失われた報告 {gap.first}〜{gap.last}", en=f"reports let go: {gap.first} to {gap.last}")
    policy = agent.policy
    yield Text(
        ja=f"集約サーバの方針 第 {policy.serial} 版" if policy else "集約サーバの方針はない（組込みの全項目）",
        en=f"policy of the hub: serial {policy.serial}" if policy else "no policy of the hub: all that is built in",
    )
    yield Text(ja=f"報告の間隔 {agent.interval():.0f} 秒", en=f"interval between reports {agent.interval():.0f} s")
    yield from rights.beyond()
