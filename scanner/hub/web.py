"""HTTP for agents, as plain ASGI: two paths, a cap on every body and every wait, and many reports in one transaction."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from scanner.codec import canonical
from scanner.hub import enrolment
from scanner.hub.door import POLICY_SECONDS, Door
from scanner.hub.ingest import Item, Outcome
from scanner.protocol.envelope import LARGEST
from scanner.protocol.refusal import Refusal, Refused
from scanner.protocol.report import Report

log = logging.getLogger(__name__)

REPORTS = "/agent/1/reports"
ENROL = "/agent/1/enrol"
HEALTH = "/health"
BODY_SECONDS = 30.0
"""For the whole body of a question."""
MOST_IN_BATCH = 500
GATHER_SECONDS = 0.015
"""How long a report waits for others to be written with it: of sixty in one transaction each costs half of what it costs among sixteen."""
MOST_WAITING = 5_000
"""Reports that may wait for the disk; beyond that agents are asked to come again later."""
RETRY_AFTER = 30
FLUSH_SECONDS = 2.0
"""How often the book of refusals is written."""
MOST_OCTETS = 268_435_456
"""Of bodies that are being read at a time, by whomever they are sent; beyond that agents are asked to come again later."""
ENROLLING = 8
"""Enrolments under way; each costs a transaction of its own."""
STATUS = {
    Refusal.TOO_LARGE: 413,
    Refusal.TOO_LARGE_UNPACKED: 413,
    Refusal.UNKNOWN_KEY: 401,
    Refusal.BAD_SIGNATURE: 401,
    Refusal.REVOKED: 403,
    Refusal.WRONG_AGENT: 403,
    Refusal.BAD_TOKEN: 403,
    Refusal.REPLAY: 409,
    Refusal.FORKED: 409,
    Refusal.CHAIN_BROKEN: 409,
}
"""The HTTP status of a refusal; 400 for what is not named here."""

Scope = MutableMapping[str, Any]  # as ASGI gives it
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Busy(Exception):
    """Too much waits already."""


class Writer:
    """One thread that writes what many questions bring, as many as there are at a time in one transaction."""

    def __init__(self, door: Door, written: Callable[[], None]) -> None:
        self._door = door
        self._written = written
        self._waiting: queue.SimpleQueue[tuple[Item, asyncio.Future[Outcome], asyncio.AbstractEventLoop] | None] = queue.SimpleQueue()
        self._flushed = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="hub writer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    async def take(self, item: Item) -> Outcome:
        """Give the outcome when it is on the disk. Raises ``Busy``."""
        if self._waiting.qsize() >= MOST_WAITING:
            raise Busy
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.put((item, future, loop))
        return await future

    def _work(self) -> None:
        going = True
        while going:
            try:
                batch = [self._waiting.get(timeout=FLUSH_SECONDS)]
            except queue.Empty:
                self._flush()
                continue
            time.sleep(GATHER_SECONDS)
            while len(batch) < MOST_IN_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            going = None not in batch
            if time.monotonic() - self._flushed > FLUSH_SECONDS or not going:
                self._flush()
            work = [one for one in batch if one is not None]
            if not work:
                continue
            outcomes: list[Outcome]
            try:
                outcomes = self._door.take([item for item, _, _ in work])
            except Exception as error:  # nobody may be left waiting
                log.exception("defect while writing reports")
                outcomes = [error] * len(work)
            loop = work[0][2]
            loop.call_soon_threadsafe(_tell, [(future, outcome) for (_, future, _), outcome in zip(work, outcomes, strict=True)])
            self._written()

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        try:
            self._door.refusals.flush()
        except Exception:
            log.exception("the book of refusals could not be written")


def _tell(told: list[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
    for future, outcome in told:
        if not future.done():
            future.set_result(outcome)


class AgentApp:
    """The ASGI application for agents; everything else goes to ``rest``."""

    def __init__(self, door: Door, writer: Writer, rest: App) -> None:
        self._door = door
        self._writer = writer
        self._rest = rest
        self._enrolling = asyncio.Semaphore(ENROLLING)
        self._policy: tuple[str, bytes] | None = None
        self._policy_until = 0.0
        self._octets = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question."""
        path = scope.get("path")
        if scope["type"] != "http" or path not in {REPORTS, ENROL, HEALTH}:
            await self._rest(scope, receive, send)
            return
        if path == HEALTH:
            await _answer(send, 200, b'{"hub":"ok"}')
            return
        if scope["method"] != "POST":
            await _answer(send, 405, b'{"refused":"method"}', ((b"allow", b"POST"),))
            return
        client = scope.get("client")
        address = client[0] if client else ""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._body(scope, receive)
            await (self._report if path == REPORTS else self._enrol)(body, address, send)
        except Refused as refused:
            if refused.reason is Refusal.TOO_LARGE:
                self._door.refusals.note(refused, "", address)
            await _refuse(send, refused)
        except TimeoutError:
            await _answer(send, 408, b'{"refused":"timeout"}', ((b"connection", b"close"),))
        except Busy:
            await _answer(send, 503, b'{"refused":"busy"}', ((b"retry-after", str(RETRY_AFTER).encode()), (b"connection", b"close")))
        except _Gone:
            return

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        """Read the body, no more than an envelope may have. Raises ``Busy`` where all bodies together are too much."""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and (len(value) > 9 or int(value) > LARGEST):
                raise Refused(Refusal.TOO_LARGE, f"the most is {LARGEST} octets")
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _Gone
                part = message.get("body", b"")
                size += len(part)
                self._octets += len(part)
                if size > LARGEST:
                    raise Refused(Refusal.TOO_LARGE, f"the most is {LARGEST} octets")
                if self._octets > MOST_OCTETS:
                    raise Busy
                parts.append(part)
                if not message.get("more_body"):
                    return b"".join(parts)
        finally:
            self._octets -= size

    async def _report(self, body: bytes, address: str, send: Send) -> None:
        try:
            item = self._door.read(body, address)
        except Refused as refused:
            await _refuse(send, refused)
            return
        outcome = await self._writer.take(item)
        if isinstance(outcome, Refused):
            await _refuse(send, outcome)
        elif isinstance(outcome, Exception):
            await _answer(send, 503, b'{"refused":"defect"}', ((b"retry-after", str(RETRY_AFTER).encode()),))
        else:
            policy = await self._current_policy()
            other = policy is not None and isinstance(item.said, Report) and item.said.policy != policy[0]
            answer = {"receipt": self._door.sign(outcome), "policy": policy[1].decode("ascii") if policy and other else None}
            await _answer(send, 200, canonical(answer))

    async def _enrol(self, body: bytes, address: str, send: Send) -> None:
        try:
            async with self._enrolling:
                answer = await asyncio.to_thread(self._door.enrol, body, address)
        except Refused as refused:
            await _refuse(send, refused)
            return
        await _answer(send, 200, canonical(answer))

    async def _current_policy(self) -> tuple[str, bytes] | None:
        if time.monotonic() >= self._policy_until:
            self._policy_until = time.monotonic() + POLICY_SECONDS
            self._policy = await asyncio.to_thread(enrolment.policy, self._door.database)
        return self._policy


class _Gone(Exception):
    """Whoever asked has gone."""


async def _refuse(send: Send, refused: Refused) -> None:
    status = STATUS.get(refused.reason, 400)
    # What was not read to its end cannot be followed by another question.
    more = ((b"connection", b"close"),) if refused.reason is Refusal.TOO_LARGE else ()
    await _answer(send, status, canonical({"refused": refused.reason.value, "detail": refused.detail}), more)


async def _answer(send: Send, status: int, body: bytes, more: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    headers = ((b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *more)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
