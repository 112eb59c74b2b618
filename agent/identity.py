"""Who this machine is to its hub: its key, which never leaves it, and what the hub answered when it was enrolled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from agent import files, guard
from agent.trouble import NotEnrolled, Trouble
from scanner.codec import Plain
from scanner.protocol.enrolment import Enrolment, enrolment_in
from scanner.protocol.envelope import Sort, open_envelope
from scanner.protocol.keys import PublicKey, SigningKey
from scanner.protocol.refusal import Refused

IDENTITY_FILE = "identity.json"
"""Key and enrolment in one file, so that they are replaced together."""
NEXT_KEY_FILE = "key.next"
"""The key of an enrolment that is under way: asked again after a stop, the hub knows it and gives the same answer."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled machine. ``genesis`` is the digest that report number 1 follows."""

    key: SigningKey
    hub: str
    enrolment: Enrolment
    genesis: str


def prepare(state: Path) -> None:
    """Make the directory of the state, for its owner only."""
    files.make_directory(state)
    if not guard.is_private(state):
        guard.make_private(state)


def next_key(state: Path) -> SigningKey:
    """Give the key to enrol with; make it if there is none, in a directory with the rights that belong to it, whatever it had."""
    path = state / NEXT_KEY_FILE
    if not path.exists():
        guard.make_private(state)
        _keep(path, guard.seal(SigningKey.make().secret))
    _private(path)
    kept = path.read_bytes()
    try:
        return SigningKey.of_text(guard.unseal(kept.decode("ascii")))
    except (OSError, ValueError) as error:
        raise Trouble(f"{path}：鍵を読めない。削除してやり直す", f"{path}: no key; remove it and try again") from error


def keep(state: Path, hub: str, key: SigningKey, answer: bytes) -> None:
    """Keep the key and the hub's answer as it was signed; from here on this is who the machine is."""
    _keep(state / IDENTITY_FILE, json.dumps({"hub": hub, "key": guard.seal(key.secret), "answer": answer.decode("ascii")}))
    files.remove(state / NEXT_KEY_FILE)


def load(state: Path) -> Identity:
    """Give the identity. Raises ``NotEnrolled``, and ``Trouble`` where the file is damaged or others may read it."""
    path = state / IDENTITY_FILE
    if not path.exists():
        raise NotEnrolled(
            "この端末は登録されていない。tenken-agent enroll を実行する", "this machine is not enrolled: run tenken-agent enroll"
        )
    _private(path)
    content = path.read_bytes()
    try:
        kept: Plain = json.loads(content)
        # The answer was verified when it came; the key that stands beside it is guarded no better.
        opened = open_envelope(kept["answer"].encode(), {Sort.ENROLMENT}).claimed()
        return Identity(SigningKey.of_text(guard.unseal(kept["key"])), str(kept["hub"]), enrolment_in(opened.plain()), opened.digest)
    except OSError as error:
        raise Trouble(
            f"{path}：鍵をこの端末では開けない（{error.strerror}）。別の端末のものか、壊れている。tenken-agent enroll --again で登録し直す",
            f"{path}: its key does not open here ({error.strerror}): another machine's, or damaged. Run tenken-agent enroll --again",
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, Refused) as error:
        raise Trouble(f"{path}：壊れている。登録し直す", f"{path} is damaged: enrol this machine again") from error


def seal_key(state: Path) -> None:
    """Seal a key that an earlier version kept in the clear, where this machine can. Only for the one process that holds the lock."""
    path = state / IDENTITY_FILE
    kept: Plain = json.loads(path.read_bytes())
    if not guard.is_sealed(kept["key"]):
        _keep(path, json.dumps({**kept, "key": guard.seal(kept["key"])}))


def _keep(path: Path, content: str) -> None:
    files.replace(path, content.encode())
    guard.make_private(path)


def _private(path: Path) -> None:
    if not guard.is_private(path):
        raise Trouble(
            f"{path}：他の利用者が読める。鍵が漏れた可能性があるため、登録し直す",
            f"{path}: others may read it, so the key may have leaked: enrol this machine again",
        )


def accept(answer: bytes, key: SigningKey, hub_key: str) -> Enrolment:
    """Read the hub's answer: signed with the key that the token named, and about our key. Raises ``Refused``, ``Trouble``."""
    envelope = open_envelope(answer, {Sort.ENROLMENT})
    enrolment = enrolment_in(envelope.claimed().plain())
    signer = next((k for k in map(PublicKey.of_text, enrolment.hub_keys) if k.id == hub_key), None)
    if signer is None:
        raise Trouble("応答は、登録用の符号が示す集約サーバのものではない", "the answer does not come from the hub that the token names")
    envelope.open(signer)
    if enrolment.key != key.id:
        raise Trouble("応答は別の鍵についてのものである", "the answer is about another key")
    return enrolment
