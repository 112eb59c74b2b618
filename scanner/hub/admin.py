"""The JSON interface for people: who may ask what, each access written into the audit log before it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scanner.codec import Plain
from scanner.hub import access, audit, book, enrolment, history
from scanner.hub.access import NotAdmitted, Role, User
from scanner.hub.body import BadBody, body_of
from scanner.hub.database import Database
from scanner.hub.enrolment import NoSuchAgent
from scanner.hub.logins import Logins, TooManyTries
from scanner.hub.origin import is_foreign
from scanner.hub.permission import ADMINISTRATORS, ALL, READERS, NotPermitted, Permission
from scanner.hub.serve import CERTIFICATE
from scanner.protocol.keys import SigningKey
from scanner.protocol.refusal import Refused
from scanner.protocol.report import AGENT
from scanner.protocol.texts import is_fit

PREFIX = "/admin/1"
LARGEST_BODY = 65_536
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
"""On every answer: tokens and weaknesses stay in no cache, and are no other site's to load by a visitor's certificate."""


class _Denied(Exception):
    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass
class Admin:
    """Everything behind ``/admin/1``."""

    hub_key: SigningKey
    permission: Permission
    logins: Logins

    @property
    def database(self) -> Database:
        """The hub's database."""
        return self.permission.database

    def routes(self) -> list[Route]:
        """Give the paths of the ASGI application."""
        return [
            self._route("/login", "POST", self._login),
            self._route("/logout", "POST", self._logout),
            self._route("/agents", "GET", self._agents),
            self._route("/agents/{agent}", "GET", self._agent),
            self._route("/agents/{agent}/results", "GET", self._results),
            self._route("/agents/{agent}/changes", "GET", self._changes),
            self._route("/agents/{agent}/revoke", "POST", self._revoke),
            self._route("/tokens", "POST", self._token),
            self._route("/policy", "POST", self._policy),
            self._route("/refusals", "GET", self._refusals),
            self._route("/audit", "GET", self._audit),
        ]

    def _route(self, path: str, method: str, handler: Callable[[Request, Plain], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            answer = await answered(request)
            answer.headers.update(HEADERS)
            return answer

        async def answered(request: Request) -> Response:
            try:
                if method == "POST" and is_foreign(request.headers):  # a certificate goes along whichever site leads a browser here
                    raise NotPermitted
                body = await _json(request) if method == "POST" else {}
                return await run_in_threadpool(handler, request, body)
            except BadBody as bad:
                return JSONResponse({"error": str(bad)}, bad.status, {"Connection": "close"})
            except _Denied as denied:
                return JSONResponse({"error": str(denied)}, denied.status)
            except NotAdmitted:
                return JSONResponse({"error": "not admitted"}, HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
            except NotPermitted:
                return JSONResponse({"error": "not permitted"}, HTTPStatus.FORBIDDEN)
            except TooManyTries as many:
                return JSONResponse({"error": str(many)}, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(many.seconds)})
            except NoSuchAgent:
                return JSONResponse({"error": "no such agent"}, HTTPStatus.NOT_FOUND)
            except Refused as refused:
                return JSONResponse({"error": str(refused)}, HTTPStatus.BAD_REQUEST)

        return Route(PREFIX + path, endpoint, methods=[method])

    def _user(self, request: Request, may: frozenset[Role], action: str, agent: str = "") -> User:
        """Give the user who asks, and write down that they did. Raises ``NotAdmitted`` or ``NotPermitted``."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        certificate = getattr(request.state, CERTIFICATE, None)
        if scheme.lower() == "bearer":
            user = access.by_session(self.database, token)
        elif certificate:
            user = access.by_certificate(self.database, certificate)
        else:
            raise NotAdmitted
        self.permission.demand(user, may, action, address_of(request), agent)
        return user

    def _login(self, request: Request, body: Plain) -> Response:
        name, password, code = (body.get(key) for key in ("user", "password", "code"))
        if not (isinstance(name, str) and isinstance(password, str) and isinstance(code, str)):
            raise _Denied(HTTPStatus.BAD_REQUEST, "user, password and code are needed")
        return JSONResponse({"token": self.logins.log_in(name, password, code, address_of(request))})

    def _logout(self, request: Request, _: Plain) -> Response:
        self._user(request, ALL, "logout")
        access.log_out(self.database, request.headers.get("authorization", "").partition(" ")[2])
        return JSONResponse({})

    def _agents(self, request: Request, _: Plain) -> Response:
        user = self._user(request, ALL, "agents.list")
        rows = [row for row in book.agent_rows(self.database) if self.permission.sees(user, row.agent)]
        return JSONResponse({"agents": [{**row.plain(), "systems": list(self.permission.systems_of(row.agent))} for row in rows]})

    def _agent(self, request: Request, _: Plain) -> Response:
        agent = agent_of(request)
        self._user(request, ALL, "agent.read", agent)
        row = book.agent_row(self.database, agent)
        return JSONResponse({**row.plain(), "chains": book.chain_book(self.database, agent)})

    def _results(self, request: Request, _: Plain) -> Response:
        agent = agent_of(request)
        self._user(request, ALL, "results.read", agent)
        return JSONResponse({"results": list(book.result_lines(self.database, agent))})

    def _changes(self, request: Request, _: Plain) -> Response:
        agent = agent_of(request)
        self._user(request, ALL, "changes.read", agent)
        changes, returns = history.change_rows(self.database, agent), history.returns_of(self.database, agent)
        return JSONResponse({"changes": [row.plain() for row in changes], "returns": [one.plain() for one in returns]})

    def _revoke(self, request: Request, body: Plain) -> Response:
        agent = agent_of(request)
        user = self._user(request, ADMINISTRATORS, "agent.revoke.ask", agent)
        enrolment.revoke(self.database, f"user:{user.name}", agent, _text(body, "why"))
        return JSONResponse({})

    def _token(self, request: Request, body: Plain) -> Response:
        user = self._user(request, ADMINISTRATORS, "token.make.ask")
        again = body.get("agent")
        token = enrolment.make_token(
            self.database, self.hub_key, f"user:{user.name}", note=_text(body, "note"), agent=again if isinstance(again, str) else None
        )
        return JSONResponse({"token": token.text})

    def _policy(self, request: Request, body: Plain) -> Response:
        user = self._user(request, ADMINISTRATORS, "policy.set.ask")
        facts, interval = body.get("facts"), body.get("interval")
        if not isinstance(facts, list) or not all(isinstance(f, str) for f in facts) or type(interval) is not int:
            raise _Denied(HTTPStatus.BAD_REQUEST, "facts and interval are needed")
        policy = enrolment.set_policy(self.database, self.hub_key, f"user:{user.name}", facts, interval)
        return JSONResponse({"serial": policy.serial})

    def _refusals(self, request: Request, _: Plain) -> Response:
        self._user(request, READERS, "refusals.read")
        return JSONResponse({"refusals": book.refusal_rows(self.database)})

    def _audit(self, request: Request, _: Plain) -> Response:
        self._user(request, READERS, "audit.read")
        after = request.query_params.get("after", "0")
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 16 else 0
        return JSONResponse({"entries": [asdict(entry) for entry in audit.entries(self.database, start)]})


async def _json(request: Request) -> Plain:
    try:
        plain = json.loads(await body_of(request, LARGEST_BODY) or b"{}")
    except (ValueError, RecursionError) as error:
        raise _Denied(HTTPStatus.BAD_REQUEST, "a JSON object is needed") from error
    if not isinstance(plain, dict) or not all(is_fit(value) for value in plain.values() if isinstance(value, str)):
        raise _Denied(HTTPStatus.BAD_REQUEST, "a JSON object is needed, whose texts can be kept")
    return plain


def _text(body: Plain, key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > 200:
        raise _Denied(HTTPStatus.BAD_REQUEST, f"{key}: a text of at most 200 characters is needed")
    return value


def agent_of(request: Request) -> str:
    """Give the agent that a path names. Raises ``NoSuchAgent`` for what cannot be one."""
    agent: str = request.path_params["agent"]
    if not AGENT.match(agent):
        raise NoSuchAgent(agent)
    return agent


def address_of(request: Request) -> str:
    """Give the address that a question came from."""
    return request.client.host if request.client else ""
