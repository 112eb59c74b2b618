"""One question of a browser: what it sends along, its form, and the proof that the form is ours."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from scanner.hub.access import User
from scanner.hub.body import body_of
from scanner.hub.origin import is_foreign
from scanner.hub.serve import CERTIFICATE
from scanner.protocol.texts import is_fit

COOKIE = "__Host-tenken"
"""RFC 6265bis section 4.1.3.2: browsers take such a cookie over TLS only, for this host alone."""
LANGUAGE_COOKIE = "tenken-language"
LANGUAGES = ("ja", "en")
LARGEST_FORM = 16_384
MOST_FIELDS = 20
PROOF = "proof"
"""The field of every form that changes something."""


class Forged(Exception):
    """The question does not come from a page of ours."""


class BadForm(Exception):
    """The form cannot be read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question. ``user`` is who asks, ``session`` what their cookie says; empty before somebody has logged in."""

    request: Request
    form: Mapping[str, str]
    user: User | None = None
    session: str = ""

    @property
    def address(self) -> str:
        """Where it comes from."""
        return self.request.client.host if self.request.client else ""

    @property
    def certificate(self) -> bytes | None:
        """The client certificate that TLS has verified."""
        found: bytes | None = getattr(self.request.state, CERTIFICATE, None)
        return found

    @property
    def language(self) -> str:
        """The language asked for: by a link, else as the last time, else by the browser."""
        for wanted in (self.query("lang"), self.request.cookies.get(LANGUAGE_COOKIE, "")):
            if wanted in LANGUAGES:
                return wanted
        return "en" if self.request.headers.get("accept-language", "").lower().startswith("en") else "ja"

    def in_language(self, language: str) -> str:
        """Give the address of the same page in a language; of the first one where the page is the answer to a form."""
        if self.request.method != "GET":
            return f"/machines?lang={language}"
        others = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        return "?" + urlencode([*others, ("lang", language)])

    @property
    def proof(self) -> str:
        """What a form must carry to be taken: nobody can know it who does not know the session."""
        return hmac.digest(self.session.encode(), b"tenken form", sha256).hex()

    def query(self, name: str, most: int = 100) -> str:
        """Give a value of the address, cut."""
        return self.request.query_params.get(name, "")[:most]

    def number(self, name: str) -> int:
        """Give a number of the address; 0 for anything else."""
        text = self.query(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0

    def check_form(self) -> None:
        """See that a page of ours was filled in. Raises ``Forged``."""
        sent = self.form.get(PROOF, "")
        if is_foreign(self.request.headers) or (self.session and not hmac.compare_digest(sent.encode(), self.proof.encode())):
            raise Forged


async def form_of(request: Request) -> Mapping[str, str]:
    """Read a form. Raises ``BadForm`` and ``BadBody``."""
    body = await body_of(request, LARGEST_FORM)
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise BadForm from error
    if not all(map(is_fit, fields.values())):
        raise BadForm
    return fields
