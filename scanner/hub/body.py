"""The bodies of people's questions: a cap on their size, and on how long they may take to come. What they say is read elsewhere."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import Request

SECONDS = 30.0
"""For the whole body of a question: nobody who has not logged in holds a connection for longer."""


class BadBody(Exception):
    """It is too large or comes too slowly; the connection has to be closed."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


async def body_of(request: Request, most: int) -> bytes:
    """Give the body, of at most so many octets. Raises ``BadBody``."""
    body = b""
    try:
        async with asyncio.timeout(SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise BadBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {most} octets")
    except TimeoutError as error:
        raise BadBody(HTTPStatus.REQUEST_TIMEOUT, f"at most {SECONDS:.0f} s for a body") from error
    return body
