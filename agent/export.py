"""The way without a network: what waits, as a file for approved media, and the hub's receipts from one."""

from __future__ import annotations

from pathlib import Path

from agent import files
from agent.service import Agent
from scanner.protocol.answer import receipt_in
from scanner.protocol.envelope import Sort, open_envelope
from scanner.protocol.refusal import Refused

LARGEST_FILE = 64 * 1024 * 1024


def export(agent: Agent, path: Path) -> int:
    """Write every envelope that waits, one a line. They stay in the spool until a receipt comes. Gives how many."""
    waiting = agent.chain.spool.waiting()
    files.replace(path, b"".join(one.read() + b"\n" for one in waiting))
    return len(waiting)


def take_receipts(agent: Agent, path: Path) -> int:
    """Take receipts that came back on media, in order; what is no receipt of ours is passed over. Gives how many reports they settled."""
    with path.open("rb") as source:
        lines = source.read(LARGEST_FILE).splitlines()
    receipts = {}
    for line in lines:
        try:
            receipt = receipt_in(agent.from_hub(line.decode("ascii", "replace"), Sort.RECEIPT).plain())
        except Refused:
            continue
        if receipt.agent == agent.identity.enrolment.agent:
            receipts[receipt.report] = receipt, line.decode("ascii")
    settled = 0
    for waiting in agent.chain.spool.waiting():
        envelope = waiting.read()
        found = receipts.get(open_envelope(envelope, {Sort.REPORT, Sort.GAP}).claimed().digest)
        if found is None:
            break  # the head moves in order only
        agent.chain.acknowledge(waiting, envelope, *found)
        settled += 1
    return settled
