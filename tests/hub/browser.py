"""A browser of a few lines: it keeps cookies, says where a form comes from, and fills in what a form hides."""

from __future__ import annotations

import http.client
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from scanner.pages.asked import COOKIE, PROOF
from tests.agent.killing import HOST, trusting


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    cookies: tuple[str, ...]
    body: bytes

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()


@dataclass
class Browser:
    """One person's browser at a hub over TLS. ``own`` is the file of a client certificate."""

    certificate: Path
    port: int
    own: Path | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, b"", {})

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form as a page of this hub would; ``headers`` replace what the browser says of it (``_`` for ``-``)."""
        usual = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"https://{HOST}:{self.port}",
            "Sec-Fetch-Site": "same-origin",
        }
        return self._ask("POST", path, urlencode(fields).encode(), usual | {name.replace("_", "-"): v for name, v in headers.items()})

    def fill(self, page: str, path: str, fields: dict[str, str]) -> Answer:
        """Open a page, and send its form with what it hides."""
        return self.post(path, {PROOF: self.proof(page), **fields})

    def proof(self, page: str = "/machines") -> str:
        """Give what the forms of this session hide."""
        found = re.search(rf'name="{PROOF}" value="([0-9a-f]+)"', self.get(page).text)
        assert found
        return found[1]

    def log_in(self, name: str, password: str, code: str) -> Answer:
        """Fill in the form of the log-in."""
        return self.post("/login", {"user": name, "password": password, "code": code})

    @property
    def session(self) -> str:
        """The session that the hub gave."""
        return self.cookies.get(COOKIE, "")

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        context: ssl.SSLContext = trusting(self.certificate)
        if self.own:
            context.load_cert_chain(self.own)
        connection = http.client.HTTPSConnection(HOST, self.port, context=context, timeout=30)
        if self.cookies:
            headers = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            set_ = tuple(answer.headers.get_all("Set-Cookie") or ())
            for cookie in set_:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value.strip('"')
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, set_, answer.read())
        finally:
            connection.close()
