"""How a connection that began in clear text changes to TLS: one short dialogue for each protocol, octets in, octets out.

No sockets, no clock: ``Dialogue`` is told what came and says what to send. The protocols whose messages are binary stand in
``starttls_binary``; both kinds are read with the ``Inbox`` of this module. Which protocols there are: ``dialogue``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from scanner.facts.tls import Upgrade

LONGEST_LINE = 8192
MOST_LINES = 256
MOST_OCTETS = 65536
"""What the peer may say before TLS begins, all in all."""
LONGEST_WORDS = 160
"""Characters of the peer's words that are kept."""


class NotTheProtocol(ValueError):
    """What came does not follow the protocol, or exceeds the caps; the message has a printable excerpt."""


class TurnedAway(ValueError):
    """The peer speaks the protocol and will not talk with us at all (``554 5.7.1 go away``); the message has its words."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the dialogue ended, with the peer's last words. TLS may begin when ``upgrade`` is OFFERED.

    ``early`` is what came together with the go-ahead, in clear: a well-made server says nothing more before our first hello, so a client
    that reads it after the change takes a stranger's words for the server's (CVE-2011-0411, CVE-2021-38371).
    """

    upgrade: Upgrade
    words: str
    early: bytes = b""


Talk = Generator[bytes, None, Ended]
"""A dialogue under way: it yields what is to be sent (nothing: it only wants to hear more) and returns its end."""


class Inbox:
    """What has come and was not read yet, and what is to be said before the next octet is awaited."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._looked = 0
        self._came = 0
        self._lines = 0
        self._saying = b""

    def add(self, data: bytes) -> None:
        """Take what came. Raises ``NotTheProtocol`` beyond ``MOST_OCTETS``."""
        self._came += len(data)
        if self._came > MOST_OCTETS:
            raise NotTheProtocol(f"more than {MOST_OCTETS} octets before TLS: {printable(bytes(self._octets))}")
        self._octets += data

    def say(self, data: bytes) -> None:
        """Have something sent before more is read."""
        self._saying += data

    def saying(self) -> bytes:
        """Hand over what is to be sent."""
        saying, self._saying = self._saying, b""
        return saying

    def rest(self) -> bytes:
        """Everything that is left."""
        return bytes(self._octets)

    def exactly(self, count: int) -> Generator[bytes, None, bytes]:
        """Read so many octets."""
        while self._saying or len(self._octets) < count:
            yield self.saying()
        return self._cut(count)

    def line(self) -> Generator[bytes, None, bytes]:
        """Read one line, without its end."""
        while self._saying or (end := self._octets.find(b"\n", self._looked)) < 0:
            if not self._saying:
                self._looked = len(self._octets)
            if len(self._octets) > LONGEST_LINE:
                raise NotTheProtocol(f"a line of more than {LONGEST_LINE} octets: {printable(bytes(self._octets))}")
            yield self.saying()
        self._lines += 1
        if self._lines > MOST_LINES:
            raise NotTheProtocol(f"more than {MOST_LINES} lines before TLS")
        return self._cut(end + 1).rstrip(b"\r\n")

    def until(self, pattern: re.Pattern[bytes], longest: int) -> Generator[bytes, None, bytes]:
        """Read up to the end of the first match, which must be at most ``longest`` octets long."""
        while self._saying or not (found := pattern.search(self._octets, self._looked)):
            if not self._saying:
                self._looked = max(0, len(self._octets) - longest)
            yield self.saying()
        return self._cut(found.end())

    def _cut(self, count: int) -> bytes:
        octets = bytes(self._octets[:count])
        del self._octets[:count]
        self._looked = 0
        return octets


class Dialogue:
    """One dialogue. ``ended`` is set when it is over; until then ``take`` wants to hear more."""

    def __init__(self, talk: Callable[[Inbox], Talk]) -> None:
        self._inbox = Inbox()
        self._talk = talk(self._inbox)
        self.ended: Ended | None = None

    def begin(self) -> bytes:
        """Give what is to be sent first; empty where the server speaks first."""
        return self._go()

    def take(self, data: bytes) -> bytes:
        """Take what came and give what to send, if anything. Raises ``NotTheProtocol`` or ``TurnedAway``."""
        self._inbox.add(data)
        return self._go()

    def _go(self) -> bytes:
        try:
            return next(self._talk)
        except StopIteration as end:
            ended: Ended = end.value
            self.ended = ended
            return self._inbox.saying()


def printable(data: bytes, limit: int = LONGEST_WORDS) -> str:
    """Write octets from a stranger as printable ASCII of at most ``limit`` characters."""
    text = data[: limit * 2].decode("latin-1").strip()
    shown = "".join(c if " " <= c <= "~" else " " if c in "\r\n\t" else "?" for c in text)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}~"


_REPLY = re.compile(rb"([0-9]{3})(?:([ -])(.*))?\Z", re.DOTALL)


def _reply(inbox: Inbox, protocol: str) -> Generator[bytes, None, tuple[int, list[bytes], str]]:
    """Read a reply of SMTP or FTP, of one or many lines: its code, the text of each line, and the whole as words."""
    texts: list[bytes] = []
    code = b""
    while True:
        line = yield from inbox.line()
        found = _REPLY.match(line)
        if found is None or (code and found[1] != code):
            if code and protocol == "FTP":  # RFC 959 section 4.2: lines between the first and the last may look like anything
                texts.append(line)
                continue
            raise NotTheProtocol(f"no {protocol} reply: {printable(line)}")
        code = found[1]
        texts.append(found[3] or b"")
        if found[2] != b"-":
            return int(code), texts, printable(code + b" " + b" ".join(texts))


def smtp(called: str, *, hello: str = "EHLO") -> Callable[[Inbox], Talk]:
    """SMTP and submission (RFC 3207), LMTP with ``LHLO`` (RFC 2033). ``called`` is our name or address literal."""

    def talk(inbox: Inbox) -> Talk:
        code, _, words = yield from _reply(inbox, "SMTP")
        if code != 220:
            raise TurnedAway(words)
        inbox.say(f"{hello} {called}\r\n".encode("ascii"))
        code, texts, words = yield from _reply(inbox, "SMTP")
        if code == 421:
            raise TurnedAway(words)
        if code != 250 or not any(text.split(b" ")[0].upper() == b"STARTTLS" for text in texts[1:]):
            return Ended(Upgrade.NOT_OFFERED, words)
        inbox.say(b"STARTTLS\r\n")
        code, _, words = yield from _reply(inbox, "SMTP")
        return Ended(Upgrade.OFFERED if code == 220 else Upgrade.REFUSED, words, inbox.rest())

    return talk


def _tagged(inbox: Inbox, tag: bytes) -> Generator[bytes, None, tuple[bytes, list[bytes], str]]:
    """Read lines of IMAP up to the one with our tag: its state, the untagged lines, and its words."""
    untagged: list[bytes] = []
    while True:
        line = yield from inbox.line()
        first, _, rest = line.partition(b" ")
        if first == tag:
            return rest.split(b" ")[0].upper(), untagged, printable(line)
        if first != b"*":
            raise NotTheProtocol(f"no IMAP response: {printable(line)}")
        if rest[:3].upper() == b"BYE":
            raise TurnedAway(printable(line))
        untagged.append(rest)


def imap(inbox: Inbox) -> Talk:
    """IMAP (RFC 9051 section 6.2.1)."""
    line = yield from inbox.line()
    first, _, rest = line.partition(b" ")
    state = rest.split(b" ")[0].upper()
    if first != b"*" or state not in {b"OK", b"PREAUTH", b"BYE"}:
        raise NotTheProtocol(f"no IMAP greeting: {printable(line)}")
    if state == b"BYE":
        raise TurnedAway(printable(line))
    if state == b"PREAUTH":
        return Ended(Upgrade.NOT_OFFERED, printable(line))  # STARTTLS is valid before authentication only
    inbox.say(b"a1 CAPABILITY\r\n")
    state, untagged, words = yield from _tagged(inbox, b"a1")
    known = [text.upper().split() for text in untagged]
    if state != b"OK" or not any(text[:1] == [b"CAPABILITY"] and b"STARTTLS" in text for text in known):
        return Ended(Upgrade.NOT_OFFERED, words)
    inbox.say(b"a2 STARTTLS\r\n")
    state, _, words = yield from _tagged(inbox, b"a2")
    return Ended(Upgrade.OFFERED if state == b"OK" else Upgrade.REFUSED, words, inbox.rest())


def _status(inbox: Inbox) -> Generator[bytes, None, tuple[bool, str]]:
    """Read the first line of a POP3 response."""
    line = yield from inbox.line()
    if not line.startswith((b"+OK", b"-ERR")):
        raise NotTheProtocol(f"no POP3 response: {printable(line)}")
    return line.startswith(b"+OK"), printable(line)


def pop3(inbox: Inbox) -> Talk:
    """POP3 (RFC 2595 section 4). A server without CAPA is asked for STLS nevertheless."""
    good, words = yield from _status(inbox)
    if not good:
        raise TurnedAway(words)
    inbox.say(b"CAPA\r\n")
    listed, words = yield from _status(inbox)
    if listed:
        capabilities = yield from _dotted(inbox)
        if not any(line.upper() == b"STLS" for line in capabilities):
            return Ended(Upgrade.NOT_OFFERED, words)
    inbox.say(b"STLS\r\n")
    good, words = yield from _status(inbox)
    if not good:
        return Ended(Upgrade.REFUSED if listed else Upgrade.NOT_OFFERED, words)
    return Ended(Upgrade.OFFERED, words, inbox.rest())


def _dotted(inbox: Inbox) -> Generator[bytes, None, list[bytes]]:
    """Read lines up to the one that is a dot."""
    lines: list[bytes] = []
    while (line := (yield from inbox.line())) != b".":
        lines.append(line.strip())
    return lines


def ftp(inbox: Inbox) -> Talk:
    """FTP (RFC 4217). FEAT is not asked: many servers list AUTH TLS only where they also take it, and some do not list it."""
    code, _, words = yield from _reply(inbox, "FTP")
    while code == 120:  # ready in some minutes; the deadline is the caller's
        code, _, words = yield from _reply(inbox, "FTP")
    if code != 220:
        raise TurnedAway(words)
    inbox.say(b"AUTH TLS\r\n")
    code, _, words = yield from _reply(inbox, "FTP")
    if code == 234:
        return Ended(Upgrade.OFFERED, words, inbox.rest())
    # 530: servers without TLS ask for a login before they look at the command.
    return Ended(Upgrade.NOT_OFFERED if code in {500, 501, 502, 504, 530} else Upgrade.REFUSED, words)


def nntp(inbox: Inbox) -> Talk:
    """NNTP (RFC 4642). A server without CAPABILITIES is asked nevertheless."""
    code, words = yield from _answer(inbox)
    if code not in {200, 201}:
        raise TurnedAway(words)
    inbox.say(b"CAPABILITIES\r\n")
    code, words = yield from _answer(inbox)
    listed = code == 101
    if listed:
        capabilities = yield from _dotted(inbox)
        if not any(line.upper().split()[:1] == [b"STARTTLS"] for line in capabilities):
            return Ended(Upgrade.NOT_OFFERED, words)
    inbox.say(b"STARTTLS\r\n")
    code, words = yield from _answer(inbox)
    if code != 382:
        return Ended(Upgrade.REFUSED if listed else Upgrade.NOT_OFFERED, words)
    return Ended(Upgrade.OFFERED, words, inbox.rest())


def _answer(inbox: Inbox) -> Generator[bytes, None, tuple[int, str]]:
    """Read the first line of an NNTP response: one line always."""
    line = yield from inbox.line()
    if not re.match(rb"[0-9]{3}(?: |\Z)", line):
        raise NotTheProtocol(f"no NNTP response: {printable(line)}")
    return int(line[:3]), printable(line)


def sieve(inbox: Inbox) -> Talk:
    """ManageSieve (RFC 5804 section 2.2)."""
    state, capabilities, words = yield from _sieve(inbox)
    if state != b"OK":
        raise TurnedAway(words)
    if not any(line.upper().split()[:1] == [b'"STARTTLS"'] for line in capabilities):
        return Ended(Upgrade.NOT_OFFERED, words)
    inbox.say(b"STARTTLS\r\n")
    state, _, words = yield from _sieve(inbox)
    return Ended(Upgrade.OFFERED if state == b"OK" else Upgrade.REFUSED, words, inbox.rest())


def _sieve(inbox: Inbox) -> Generator[bytes, None, tuple[bytes, list[bytes], str]]:
    lines: list[bytes] = []
    while True:
        line = yield from inbox.line()
        state = re.match(rb"(OK|NO|BYE)(?:[ (]|\Z)", line, re.IGNORECASE)
        if state:
            return state[1].upper(), lines, printable(line)
        if not line.startswith(b'"'):
            raise NotTheProtocol(f"no ManageSieve response: {printable(line)}")
        lines.append(line)


_FEATURES = re.compile(rb"</(?:[a-z]+:)?features\s{0,8}>|<(?:[a-z]+:)?features\s{0,8}/>|</(?:[a-z]+:)?stream\s{0,8}>")
_STARTTLS = re.compile(rb"<starttls\s[^>]{0,200}urn:ietf:params:xml:ns:xmpp-tls")
_PROCEED = re.compile(rb"<(proceed|failure)\b[^>]{0,200}>|</(?:[a-z]+:)?stream\s{0,8}>")


def xmpp(name: str, *, to: str = "client") -> Callable[[Inbox], Talk]:
    """XMPP (RFC 6120 section 5) towards ``name``; ``to`` is ``client`` or ``server``, as in the name spaces."""

    def talk(inbox: Inbox) -> Talk:
        inbox.say(
            f"<?xml version='1.0'?><stream:stream xmlns='jabber:{to}' xmlns:stream='http://etherx.jabber.org/streams' "
            f"to='{name}' version='1.0'>".encode("ascii")
        )
        seen = yield from inbox.until(_FEATURES, 64)
        if b"features" not in seen:
            raise (TurnedAway if b"stream" in seen else NotTheProtocol)(printable(seen))
        if not _STARTTLS.search(seen):
            return Ended(Upgrade.NOT_OFFERED, printable(seen[-LONGEST_WORDS:]))
        inbox.say(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        seen = yield from inbox.until(_PROCEED, 256)
        return Ended(Upgrade.OFFERED if b"<proceed" in seen else Upgrade.REFUSED, printable(seen), inbox.rest())

    return talk
