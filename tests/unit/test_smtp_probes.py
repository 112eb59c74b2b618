"""The SMTP and mailbox probes against servers on loopback that do anything: what is sent, what is never sent, how every trouble ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.mail_access import MailAccess
from scanner.facts.smtp import LineEnd, RelaySeen, Said, Shape, SmtpGreeting, SmtpRelay, SmtpTestNames, Stage, Upgrade
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.net.network import Network, Settings
from scanner.net.scope import Entry, Match, Scope
from scanner.probes import mail_channel, smtp_session, smtp_trials
from scanner.probes.mail_access import mail_access
from scanner.probes.smtp import smtp_greeting, smtp_input, submission_opening
from scanner.probes.smtp_relay import smtp_relay
from scanner.probes.smtp_session import FORBIDDEN, session

T = TypeVar("T")
LOOPBACK = Scope((Entry(Match.NETWORK, "127.0.0.0/8"),))
OUTSIDER = DeclaredSmtpService(("own.example",), None, Vantage.OUTSIDER)
NAMES = SmtpTestNames(victim="victim.example")
Answer = Callable[[str], str | None]


@dataclass
class Server:
    """A server whose answer to each line a test writes; ``None`` closes. ``heard`` is every line, one list for each connection."""

    answer: Answer
    greeting: str = "220 mx.own.example ESMTP"
    heard: list[list[str]] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines: list[str] = []
        self.heard.append(lines)
        try:
            writer.write(self.greeting.encode("latin-1") + b"\r\n")
            while line := await reader.readline():
                lines.append(line.decode("latin-1").rstrip("\r\n"))
                said = self.answer(lines[-1])
                if said is None:
                    return
                writer.write(said.encode("latin-1") + b"\r\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


def closed(line: str) -> str:
    """A well-kept server."""
    match line[:4].upper():
        case "EHLO":
            return "250-mx.own.example\r\n250-PIPELINING\r\n250 SIZE 1000"
        case "RCPT" if "postmaster" in line:
            return "250 2.1.5 ok"
        case "RCPT" if line.upper() == "RCPT TO:<>":
            return "501 5.1.3 syntax"
        case "RCPT":
            return "554 5.7.1 Relay access denied"
        case "VRFY" | "EXPN" | "HELP":
            return "502 5.5.1 no"
        case "QUIT":
            return "221 bye"
        case _:
            return "250 ok"


def seen_by(server: Server, look: Callable[[Service, Net], Awaitable[T]], protocol: str = "smtp") -> T:
    """What a probe sees of the server."""

    async def run() -> T:
        async with server.running() as port, Network(Settings(scope=LOOPBACK)) as network:
            return await look(Service("127.0.0.1", port, protocol), network.view("test"))

    return asyncio.run(run())


async def relay_of(service: Service, net: Net) -> RelaySeen:
    """Greet, then try to relay."""
    greeting = await smtp_greeting.run(service, net)
    assert isinstance(greeting, SmtpGreeting)
    relay = await smtp_relay.run(service, net, NAMES, OUTSIDER, greeting)
    assert isinstance(relay, SmtpRelay)
    (at,) = relay.addresses
    assert isinstance(at.seen, RelaySeen)
    return at.seen


def test_every_relay_session_resets_and_quits_and_no_message_is_ever_begun() -> None:
    server = Server(closed)
    seen = seen_by(server, relay_of)
    assert (seen.own, seen.stopped) == ("own.example", None)
    assert {t.ended for t in seen.of(Shape.FOREIGN, Shape.TRICK, Shape.ROUTE)} == {Said.REFUSED}
    verbs = {line[:4].upper() for lines in server.heard for line in lines}
    assert verbs == {"EHLO", "HELO", "MAIL", "RCPT", "RSET", "QUIT", "VRFY", "EXPN", "HELP"}
    for lines in server.heard:
        assert lines[-1] == "QUIT"
        if any(line.startswith("RCPT") for line in lines):
            assert lines[-2] == "RSET"


@pytest.mark.parametrize("line", [*sorted(FORBIDDEN), "data", " DATA", "NOOP\r\nDATA", "NOOP\nBDAT 5 LAST", "RSET\rAUTH PLAIN"])
def test_what_transmits_a_message_or_a_credential_cannot_be_sent(line: str) -> None:
    server = Server(closed)

    async def say(service: Service, net: Net) -> None:
        async with session(net, service, "127.0.0.1") as one:
            with pytest.raises(ValueError, match="never sent"):
                await one.command(line)
            with pytest.raises(ValueError, match="no message"):
                await one.content(b"text")

    seen_by(server, say)
    assert server.heard == [["QUIT"]]


def test_a_server_that_ends_the_session_after_some_refusals_is_tried_to_the_end() -> None:
    refused = 0

    def impatient(line: str) -> str | None:
        nonlocal refused
        if line[:4] in {"EHLO", "HELO"}:
            refused = 0
        said = closed(line)
        refused += said.startswith("5")
        return "421 4.7.0 too many errors" if refused > 3 else said

    seen = seen_by(Server(impatient), relay_of)
    assert seen.stopped is None
    assert not [t for t in seen.trials if isinstance(t.ended, Unobserved)]


def test_a_server_that_turns_us_away_in_the_middle_leaves_the_rest_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_trials, "PAUSE_SECONDS", 0.01)
    connections = 0

    def tired(line: str) -> str | None:
        nonlocal connections
        connections += line.startswith("EHLO")
        return "421 4.7.0 come back later" if connections > 3 else closed(line)

    seen = seen_by(Server(tired), relay_of)
    assert seen.stopped is not None
    assert seen.stopped.reason is Reason.REFUSED
    assert seen.trials[0].ended is Said.REFUSED
    assert isinstance(seen.trials[-1].ended, Unobserved)
    assert len(seen.trials) > 50  # none is lost


def test_greylisting_is_heard_and_nonsense_that_is_taken_ends_the_trials() -> None:
    grey = seen_by(Server(lambda line: "450 4.2.0 Greylisted" if line.startswith("RCPT") else closed(line)), relay_of)
    assert {t.ended for t in grey.of(Shape.FOREIGN)} == {Said.LATER}
    yes = seen_by(Server(lambda line: closed(line) if line[:4] in {"EHLO", "QUIT"} else "250 yes"), relay_of)
    assert all(t.accepted for t in yes.of(Shape.NONSENSE))
    assert yes.sessions == 1


def test_a_server_that_refuses_the_null_sender_is_tried_with_another() -> None:
    def picky(line: str) -> str:
        return "550 5.7.1 null sender not accepted" if line == "MAIL FROM:<>" else closed(line)

    seen = seen_by(Server(picky), relay_of)
    plain = [t for t in seen.trials if t.name == "plain" and t.stage is Stage.EHLO]
    assert [(t.sender, t.ended) for t in plain] == [("<>", Said.SENDER), ("<postmaster@own.example>", Said.REFUSED)]


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        ("554 no", Reason.REFUSED),
        ("421 busy", Reason.REFUSED),
        ("450 later", Reason.SERVER_FAILURE),
        ("* OK imap here", Reason.PROTOCOL_VIOLATION),
        ("220-" + "x" * 3000, Reason.PROTOCOL_VIOLATION),
        ("220-\r\n" * 200, Reason.PROTOCOL_VIOLATION),
    ],
)
def test_greetings_that_lead_nowhere_end_with_their_reason(greeting: str, reason: Reason) -> None:
    with pytest.raises(CannotObserve) as caught:
        seen_by(Server(closed, greeting), smtp_greeting.run)
    assert caught.value.reason is reason


def test_silence_after_the_greeting_is_a_timeout_and_a_closed_connection_a_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_channel, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(smtp_session.Session.command, "__defaults__", (0.2,))
    with pytest.raises(CannotObserve) as caught:
        seen_by(Server(lambda line: None), smtp_greeting.run)
    assert caught.value.reason is Reason.RESET
    server = Server(closed)

    async def unanswered(service: Service, net: Net) -> None:
        async with session(net, service, "127.0.0.1") as one:
            await one.reply(0.1)

    with pytest.raises(CannotObserve) as caught:
        seen_by(server, unanswered)
    assert caught.value.reason is Reason.TIMEOUT
    assert server.heard == [[]]  # nothing is said to a server that does not answer, not even goodbye


def test_a_server_without_ehlo_is_greeted_with_helo() -> None:
    server = Server(lambda line: "502 what" if line.startswith("EHLO") else closed(line))
    fact = seen_by(server, smtp_greeting.run)
    assert isinstance(fact, SmtpGreeting)
    talk = fact.addresses[0].seen
    assert not isinstance(talk, Unobserved)
    assert (talk.offer.name, talk.upgrade) == ("", Upgrade.NOT_OFFERED)
    assert [line[:4] for line in server.heard[0]][:2] == ["EHLO", "HELO"]


def test_a_starttls_that_comes_to_nothing_is_told_apart() -> None:
    def broken(answer: str | None) -> Answer:
        def say(line: str) -> str | None:
            if line.startswith("EHLO"):
                return "250-mx\r\n250 STARTTLS"
            return answer if line == "STARTTLS" else closed(line)

        return say

    ends = {}
    for answer in ("454 not now", "220 go\r\nthis is no TLS at all", None):
        fact = seen_by(Server(broken(answer)), smtp_greeting.run)
        assert isinstance(fact, SmtpGreeting)
        talk = fact.addresses[0].seen
        assert not isinstance(talk, Unobserved)
        ends[answer] = talk.upgrade
    assert list(ends.values()) == [Upgrade.REFUSED, Upgrade.FAILED, Upgrade.UNKNOWN]


async def _input(service: Service, net: Net) -> tuple[object, object, object]:
    greeting = await smtp_greeting.run(service, net)
    fact = await smtp_input.run(service, net, greeting)
    seen = fact.addresses[0].seen  # type: ignore[attr-defined]  # the probe's own fact type
    return seen.bare_lf, seen.bare_cr, seen.pipelined


def test_bare_line_feeds_are_counted_by_answers() -> None:
    assert seen_by(Server(closed), _input) == (LineEnd.ACCEPTED, LineEnd.WITHIN, True)
    picky = Server(lambda line: "521 5.5.2 bare <CR> received" if "\r" in line else closed(line))
    assert seen_by(picky, _input) == (LineEnd.ACCEPTED, LineEnd.REFUSED, True)


def test_submission_is_tried_without_a_login() -> None:
    async def opening(service: Service, net: Net) -> tuple[object, ...]:
        greeting = await smtp_greeting.run(service, net)
        fact = await submission_opening.run(service, net, NAMES, OUTSIDER, greeting)
        at = fact.addresses[0]  # type: ignore[attr-defined]  # the probe's own fact type
        return fact.trusted, at.mail_said, at.own, at.foreign  # type: ignore[attr-defined]  # the same

    assert seen_by(Server(closed), opening, "submission") == (False, Said.ACCEPTED, Said.ACCEPTED, Said.REFUSED)
    shut = Server(lambda line: "530 5.7.0 Authentication required" if line.startswith("MAIL") else closed(line))
    assert seen_by(shut, opening, "submission") == (False, Said.AUTH, None, None)


@pytest.mark.parametrize(
    ("protocol", "greeting", "reason"),
    [
        ("imap", "* BYE no", Reason.REFUSED),
        ("imap", "220 smtp here", Reason.PROTOCOL_VIOLATION),
        ("pop3", "-ERR no", Reason.REFUSED),
        ("pop3", "hello", Reason.PROTOCOL_VIOLATION),
        ("sieve", "NO no", Reason.REFUSED),
        ("sieve", "hello", Reason.PROTOCOL_VIOLATION),
        ("imap", "* OK " + "x" * 9000, Reason.PROTOCOL_VIOLATION),
        ("pop3s", "+OK", Reason.PROTOCOL_VIOLATION),
    ],
)
def test_mailbox_services_that_lead_nowhere_end_with_their_reason(protocol: str, greeting: str, reason: Reason) -> None:
    with pytest.raises(CannotObserve) as caught:
        seen_by(Server(lambda line: None, greeting), mail_access.run, protocol)
    assert caught.value.reason is reason


def test_a_pop3_server_from_before_capa_takes_logins_in_clear() -> None:
    server = Server(lambda line: "-ERR what" if line == "CAPA" else "+OK", "+OK ready")
    fact = seen_by(server, mail_access.run, "pop3")
    assert isinstance(fact, MailAccess)
    seen = fact.addresses[0].seen
    assert not isinstance(seen, Unobserved)
    assert not isinstance(seen.open, Unobserved)
    assert (seen.open.ways, seen.upgrade) == (("LOGIN/USER",), Upgrade.NOT_OFFERED)
    assert server.heard == [["CAPA", "QUIT"]]
