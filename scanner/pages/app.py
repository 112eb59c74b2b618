"""The paths of the hub for people: the JSON interface, and the pages with who may see which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scanner.hub import access, audit, book, enrolment, history
from scanner.hub.access import NotAdmitted, User
from scanner.hub.admin import Admin, agent_of
from scanner.hub.body import BadBody
from scanner.hub.database import Database
from scanner.hub.enrolment import NoSuchAgent
from scanner.hub.logins import Logins, TooManyTries
from scanner.hub.permission import ADMINISTRATORS, ALL, READERS, NotPermitted, Permission
from scanner.pages.answer import begin, end, go, page, style_answer
from scanner.pages.asked import COOKIE, Asked, BadForm, Forged, form_of
from scanner.pages.machine import findings_of
from scanner.pages.machines import Machine, Show, machine_of, part_of
from scanner.pages.names import Names
from scanner.protocol.keys import SigningKey

LONGEST_NOTE = 200
ENTRIES = 200


def people(hub_key: SigningKey, permission: Permission, names: Names) -> Starlette:
    """Give the application for people: everything of the hub but what agents ask."""
    logins = Logins(permission.database)
    return Starlette(
        routes=[*Admin(hub_key, permission, logins).routes(), *Pages(hub_key, permission, logins, names).routes()],
    )


@dataclass(frozen=True)
class Pages:
    """The pages. Every one but the log-in is for who has a session, and is written into the audit log before it is shown."""

    hub_key: SigningKey
    permission: Permission
    logins: Logins
    names: Names

    @property
    def _database(self) -> Database:
        return self.permission.database

    def routes(self) -> list[Route]:
        """Give the paths."""
        return [
            Route("/", _root, methods=["GET"]),
            Route("/style.css", _style, methods=["GET"]),
            self._route("/login", self._show_login, "GET"),
            self._route("/login", self._log_in, "POST"),
            self._route("/login/certificate", self._log_in_by_certificate, "POST"),
            self._route("/logout", self._log_out, "POST"),
            self._route("/machines", self._machines, "GET"),
            self._route("/machines/{agent}", self._machine, "GET"),
            self._route("/machines/{agent}/revoke", self._revoke, "POST"),
            self._route("/tokens", self._tokens, "GET"),
            self._route("/tokens", self._make_token, "POST"),
            self._route("/refusals", self._refusals, "GET"),
            self._route("/audit", self._audit, "GET"),
        ]

    def _route(self, path: str, handler: Callable[[Asked], Response], method: str) -> Route:
        async def endpoint(request: Request) -> Response:
            asked = Asked(request, {})
            try:
                asked = Asked(request, await form_of(request) if method == "POST" else {})
                return await run_in_threadpool(handler, asked)
            except NotAdmitted:
                return go("/login") if method == "GET" else page(asked, "login.html.j2", HTTPStatus.UNAUTHORIZED, trouble="ended")
            except NotPermitted:
                return page(asked, "trouble.html.j2", HTTPStatus.FORBIDDEN, trouble="permission")
            except Forged:
                return page(asked, "trouble.html.j2", HTTPStatus.FORBIDDEN, trouble="forged")
            except BadBody as bad:
                answer = page(asked, "trouble.html.j2", bad.status, trouble="form")
                answer.headers["Connection"] = "close"
                return answer
            except BadForm:
                return page(asked, "trouble.html.j2", HTTPStatus.BAD_REQUEST, trouble="form")
            except NoSuchAgent:
                return page(asked, "trouble.html.j2", HTTPStatus.NOT_FOUND, trouble="machine")

        return Route(path, endpoint, methods=[method])

    def _admitted(self, asked: Asked) -> tuple[Asked, User]:
        """Give the question with who asks it; what a form changes must come from a page of ours. Raises ``NotAdmitted``, ``Forged``."""
        session = asked.request.cookies.get(COOKIE, "")
        user = access.by_session(self._database, session)
        known = Asked(asked.request, asked.form, user, session)
        if asked.request.method == "POST":
            known.check_form()
        return known, user

    def _show_login(self, asked: Asked) -> Response:
        return page(asked, "login.html.j2", trouble="")

    def _log_in(self, asked: Asked) -> Response:
        asked.check_form()
        name, password, code = (asked.form.get(key, "") for key in ("user", "password", "code"))
        try:
            session = self.logins.log_in(name, password, code.replace(" ", ""), asked.address)
        except NotAdmitted:
            return page(asked, "login.html.j2", HTTPStatus.UNAUTHORIZED, trouble="refused")
        except TooManyTries as many:
            answer = page(asked, "login.html.j2", HTTPStatus.TOO_MANY_REQUESTS, trouble="often")
            answer.headers["Retry-After"] = str(many.seconds)
            return answer
        return begin("/machines", session)

    def _log_in_by_certificate(self, asked: Asked) -> Response:
        asked.check_form()
        try:
            if asked.certificate is None:
                raise NotAdmitted
            session = access.log_in_by_certificate(self._database, asked.certificate, asked.address)
        except NotAdmitted:
            return page(asked, "login.html.j2", HTTPStatus.UNAUTHORIZED, trouble="refused")
        return begin("/machines", session)

    def _log_out(self, asked: Asked) -> Response:
        asked, user = self._admitted(asked)
        self.permission.demand(user, ALL, "logout", asked.address)
        access.log_out(self._database, asked.session)
        return end("/login")

    def _machines(self, asked: Asked) -> Response:
        asked, user = self._admitted(asked)
        self.permission.demand(user, ALL, "agents.list", asked.address)
        rows = [row for row in book.agent_rows(self._database) if self.permission.sees(user, row.agent)]
        show = Show(asked.query("show")) if asked.query("show") in set(Show) else Show.ALL
        machines = [self._machine_of(row) for row in rows]
        text = asked.query("q")
        part = part_of(machines, show, text, asked.number("page"))
        return page(asked, "machines.html.j2", part=part, show=show, text=text, sorts=list(Show))

    def _machine(self, asked: Asked) -> Response:
        agent = agent_of(asked.request)
        asked, user = self._admitted(asked)
        self.permission.demand(user, ALL, "agent.read", asked.address, agent)
        row = book.agent_row(self._database, agent)
        wanted = asked.query("document")
        return page(
            asked,
            "machine.html.j2",
            machine=self._machine_of(row),
            found=findings_of(book.result_lines(self._database, agent), self.names.documents, wanted),
            documents=self.names.documents,
            wanted=wanted if wanted in self.names.documents else "",
            chains=book.chain_book(self._database, agent),
            changes=history.change_rows(self._database, agent),
            returns=history.returns_of(self._database, agent),
        )

    def _machine_of(self, row: book.AgentRow) -> Machine:
        return machine_of(row, self.names.of_systems(self.permission.systems_of(row.agent)))

    def _revoke(self, asked: Asked) -> Response:
        agent = agent_of(asked.request)
        asked, user = self._admitted(asked)
        self.permission.demand(user, ADMINISTRATORS, "agent.revoke.ask", asked.address, agent)
        why = asked.form.get("why", "").strip()[:LONGEST_NOTE]
        if not why:
            raise BadForm
        enrolment.revoke(self._database, f"user:{user.name}", agent, why)
        return go(f"/machines/{agent}")

    def _tokens(self, asked: Asked) -> Response:
        asked, user = self._admitted(asked)
        self.permission.demand(user, ADMINISTRATORS, "tokens.list", asked.address)
        return self._token_page(asked, "")

    def _make_token(self, asked: Asked) -> Response:
        asked, user = self._admitted(asked)
        self.permission.demand(user, ADMINISTRATORS, "token.make.ask", asked.address)
        note, again = (asked.form.get(key, "").strip()[:LONGEST_NOTE] for key in ("note", "agent"))
        if not note:
            raise BadForm
        token = enrolment.make_token(self._database, self.hub_key, f"user:{user.name}", note=note, agent=again or None)
        return self._token_page(asked, token.text)

    def _token_page(self, asked: Asked, made: str) -> Response:
        return page(asked, "tokens.html.j2", rows=enrolment.token_rows(self._database), most=enrolment.MOST_TOKENS, made=made)

    def _refusals(self, asked: Asked) -> Response:
        asked, user = self._admitted(asked)
        self.permission.demand(user, READERS, "refusals.read", asked.address)
        return page(asked, "refusals.html.j2", rows=book.refusal_rows(self._database), most=book.MOST)

    def _audit(self, asked: Asked) -> Response:
        asked, user = self._admitted(asked)
        self.permission.demand(user, READERS, "audit.read", asked.address)
        entries = audit.newest(self._database, asked.number("before") or None, ENTRIES)
        return page(asked, "audit.html.j2", entries=entries, more=len(entries) == ENTRIES)


async def _root(_: Request) -> Response:
    return go("/machines")


async def _style(_: Request) -> Response:
    return style_answer()
