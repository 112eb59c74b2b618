"""HTTPS to the hub by the standard library: own CA, client certificate, proxy by CONNECT, a cap on every answer and every wait."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from agent.config import Config
from agent.trouble import BadConfig, HubAway, HubRefuses
from scanner.codec import Plain
from scanner.protocol.refusal import REFUSAL_WORDS, Refusal

SECONDS = 30.0
"""For each wait on the network."""
LARGEST_ANSWER = 1_048_576
PATIENCE = 3600.0
"""The longest wait that a hub can ask for."""
REPORTS = "/agent/1/reports"
ENROL = "/agent/1/enrol"
_PORTS = {"https": 443, "http": 80}


@dataclass
class Transport:
    """One hub. A connection is kept over several questions and made anew when it is gone."""

    config: Config
    url: str

    def __post_init__(self) -> None:
        self._connection: http.client.HTTPConnection | None = None
        self._parts = urlsplit(self.url)

    def close(self) -> None:
        """Let the connection go."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def post(self, path: str, body: bytes) -> Plain:
        """Send an envelope and give the hub's answer. Raises ``HubAway`` or ``HubRefuses``."""
        fresh = self._connection is None
        try:
            status, patience, answer = self._ask(path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if fresh:
                raise _away(self.url, error) from error
            return self.post(path, body)  # the hub had closed a kept connection; whatever it received, sending again is harmless
        try:
            plain = json.loads(answer)
        except (ValueError, RecursionError):
            plain = None
        if not isinstance(plain, dict):
            plain = {}
        if status == http.client.OK and plain:
            return plain
        refused = plain.get("refused")
        if refused in set(Refusal):
            words = REFUSAL_WORDS[Refusal(refused)]
            raise HubRefuses(f"集約サーバが拒否した：{words.ja}", f"the hub refuses: {words.en}", refused)
        raise HubAway(f"{self.url}：応答 {status}", f"{self.url}: answer {status}", patience)

    def _ask(self, path: str, body: bytes) -> tuple[int, float, bytes]:
        connection = self._connection = self._connection or self._connect()
        headers = {"Content-Type": "application/json", "User-Agent": "tenken-agent"}
        connection.request("POST", self._parts.path.rstrip("/") + path, body=body, headers=headers)
        response = connection.getresponse()
        answer = response.read(LARGEST_ANSWER + 1)
        if len(answer) > LARGEST_ANSWER:
            raise http.client.HTTPException(f"an answer of more than {LARGEST_ANSWER} octets")
        wait = response.headers.get("Retry-After", "")
        patience = min(float(wait), PATIENCE) if wait.isascii() and wait.isdigit() and len(wait) < 8 else 0.0
        return response.status, patience, answer

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port or _PORTS[self._parts.scheme]
        proxy = urlsplit(self.config.proxy) if self.config.proxy else None
        at = (proxy.hostname or "", proxy.port or 8080) if proxy else (host, port)
        connection: http.client.HTTPConnection
        if self._parts.scheme == "https":
            connection = http.client.HTTPSConnection(*at, timeout=SECONDS, context=self._context())
        else:  # loopback only, see config.check_hub
            connection = http.client.HTTPConnection(*at, timeout=SECONDS)
        if proxy:
            headers = {}
            if proxy.username:
                word = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
                headers["Proxy-Authorization"] = "Basic " + base64.b64encode(word.encode()).decode()
            connection.set_tunnel(host, port, headers)
        return connection

    def _context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.config.ca_file or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self.config.client_certificate:
                context.load_cert_chain(self.config.client_certificate, self.config.client_key or None)
        except (OSError, ssl.SSLError) as error:
            raise BadConfig(f"証明書を読めない：{error}", f"certificates cannot be read: {error}") from error
        return context


def _away(url: str, error: Exception) -> HubAway:
    note = f"{type(error).__name__}: {error}"[:300]
    if isinstance(error, ssl.SSLCertVerificationError):
        return HubAway(
            f"{url}：証明書を検証できない（{error.verify_message}）。ca_file を確かめる",
            f"{url}: its certificate does not verify ({error.verify_message}); see ca_file",
        )
    return HubAway(f"{url}：到達できない（{note}）", f"{url} cannot be reached: {note}")
