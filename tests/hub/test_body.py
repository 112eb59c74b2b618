"""Bodies of people's questions that are too large or never end, and what keeps answers to those who asked."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import pytest
from starlette.types import ASGIApp

from scanner.hub import body, web
from scanner.hub.door import Door
from scanner.hub.permission import Permission
from scanner.pages.app import people
from scanner.pages.names import Names


def answer(app: ASGIApp, path: str, *parts: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Give status and headers of the answer to a body of which these parts come, and no end."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "client": ("192.0.2.1", 1), "state": {}}

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return sent[0]["status"], dict(sent[0]["headers"])


def test_many_bodies_at_a_time_do_not_fill_the_memory(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_OCTETS", 10_000)
    app = web.AgentApp(door, web.Writer(door, lambda: None), people(door.hub_key, Permission(door.database, lambda _: ()), Names()))
    for path in (web.REPORTS, web.ENROL, web.REPORTS):  # each gives back what it held
        status, headers = answer(app, path, b"x" * 9_000, b"x" * 9_000)
        assert (status, headers[b"connection"]) == (HTTPStatus.SERVICE_UNAVAILABLE, b"close")
    monkeypatch.setattr(web, "BODY_SECONDS", 0.01)
    assert answer(app, web.REPORTS, b"x" * 9_000)[0] == HTTPStatus.REQUEST_TIMEOUT


@pytest.mark.parametrize("path", ["/login", "/admin/1/login"])
def test_nobody_holds_a_connection_by_a_body_without_end(door: Door, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    app = people(door.hub_key, Permission(door.database, lambda _: ()), Names())
    monkeypatch.setattr(body, "SECONDS", 0.01)
    for parts, expected in (((b"user=",), HTTPStatus.REQUEST_TIMEOUT), ((b"x" * 70_000,), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)):
        status, headers = answer(app, path, *parts)
        assert status == expected
        assert headers[b"connection"] == b"close"
        assert (headers[b"cache-control"], headers[b"x-content-type-options"]) == (b"no-store", b"nosniff")
