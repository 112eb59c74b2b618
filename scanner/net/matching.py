"""Whether octets that came are the answer to a question that we sent, told before anything is parsed. Pure."""

from __future__ import annotations

HEADER = 12
_BARE = frozenset((1, 2, 4, 5))  # old servers send FORMERR, SERVFAIL, NOTIMP, REFUSED as a header without the question


def question_of(wire: bytes) -> bytes:
    """Cut the question out of a message that we wrote, in lower case: what an answer must repeat."""
    at = HEADER
    while wire[at]:
        at += 1 + wire[at]
    return wire[HEADER : at + 5].lower()


def same_question(data: bytes, question: bytes) -> bool:
    """Tell whether a message carries exactly this question."""
    return data[4:6] == b"\0\x01" and data[HEADER : HEADER + len(question)].lower() == question


def answers(data: bytes, question: bytes) -> bool:
    """Tell whether a message of at least a header's length is a response to this question. The id is the caller's to compare."""
    return data[2] >= 0x80 and (same_question(data, question) or (data[4:10] == bytes(6) and data[3] & 0x0F in _BARE))


def truncated(data: bytes) -> bool:
    """Tell whether the TC bit is set."""
    return bool(data[2] & 0x02)
