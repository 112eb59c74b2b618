"""Asks an ASGI application one question, without a server between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp


def ask(
    app: ASGIApp, method: str, path: str, body: object = None, authorization: str = "", *, site: str = ""
) -> tuple[int, dict[str, Any]]:
    """Give status and JSON of the answer."""
    sent: list[MutableMapping[str, Any]] = []
    content = b"" if body is None else json.dumps(body).encode()
    waiting: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "https",
        "query_string": b"",
        "headers": [(name, value.encode()) for name, value in ((b"authorization", authorization), (b"sec-fetch-site", site)) if value],
        "client": ("192.0.2.1", 1),
        "server": ("hub.test", 443),
        "state": {},
    }

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]) or b"{}")
