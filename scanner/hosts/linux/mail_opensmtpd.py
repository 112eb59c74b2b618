"""How OpenSMTPD means its configuration: listeners, and for whom the first fitting rule relays (smtpd.conf(5) of 6.4 to 7.6).

``smtpd -n`` only says whether the files are right, so they are read; a test has the real program check what the tests read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from scanner.facts.mail_configuration import MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.hosts.base import Files, Reader, Source
from scanner.hosts.linux.audience import audience_of, narrowest, widest
from scanner.hosts.linux.base import Process, applied, exists, file_needed, runs, seen, shown
from scanner.hosts.linux.mail_filters import RSPAMD
from scanner.hosts.linux.services import Found, Program
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import smtpd_conf
from scanner.wire.smtpd_conf import Directive

OPENSMTPD = Program("opensmtpd", ("/usr/sbin/smtpctl",), ("opensmtpd.service", "smtpd.service"), ("smtpd",))
PLACES = ("/etc/smtpd.conf", "/etc/opensmtpd/smtpd.conf", "/etc/mail/smtpd.conf")
READS: tuple[Source, ...] = tuple(Files(path) for path in PLACES)
MOST_FILES = 50
DEEPEST = 10
LOCAL = frozenset({"mbox", "maildir", "lmtp"})
"""Methods that keep a message on the machine whoever it is for; others may send it on."""
HOME = re.compile(r"lo\d*|localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1")


@dataclass
class Configuration:
    """The directives by name, in order, and what was read."""

    directives: list[Directive] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[Directive]:
        """Give the directives of one name."""
        return [one for one in self.directives if one.name == name]

    def action(self, name: str) -> Directive | None:
        """Give the action of a name, with its method."""
        return next((one for one in self.all("action") if one.words[1:2] == (name,) and len(one.words) > 2), None)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A match rule as far as a stranger with a foreign recipient goes."""

    fits: bool | None
    """``None``: it cannot be told."""
    source: Audience
    """From whose addresses it takes mail; everybody's where it does not say."""
    sends: bool | None
    """Whether its action sends mail on; ``False`` too where it refuses."""


def opensmtpd(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> MailProgram:
    """See what its configuration says."""
    source = place(read)
    conf = seen(partial(configuration, read, source)) if found.unread is None else found.unread
    if isinstance(conf, Unobserved):
        return MailProgram("opensmtpd", conf, found.running, found.starts, None, source, *(conf,) * 6)
    return MailProgram(
        name="opensmtpd",
        version=Unobserved(Reason.UNSUPPORTED, "smtpd does not tell its version"),
        running=found.running,
        starts=found.starts,
        applied=in_force(read, found, running, conf),
        source=source,
        listeners=seen(partial(_listeners, conf)),
        sends_with_tls=_sends(conf),
        answers_vrfy=False,  # smtp_session.c knows no such command
        tells_version=False,  # the greeting says "ESMTP OpenSMTPD" and no more
        judges_senders=_judges(conf, running),
        keeps_line_ends=Unobserved(Reason.UNSUPPORTED, "the manual does not say what OpenSMTPD does with lone line feeds"),
    )


def place(read: Reader) -> str:
    """Give the path of its configuration."""
    found = seen(partial(exists, read, *PLACES))
    return found if isinstance(found, str) else PLACES[0]


def in_force(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None, conf: Configuration) -> Unobserved | None:
    """Tell why a running OpenSMTPD may not go by its files, which it reads at its start."""
    return applied(read, running, OPENSMTPD.processes, conf.files) if found.running is True else None


def configuration(read: Reader, path: str) -> Configuration:
    """Read the files, includes in place. Raises ``CannotObserve``."""
    conf = Configuration()
    try:
        conf.directives += _directives(read, path, conf.files, {}, 0)
    except smtpd_conf.NotSmtpd as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, shown(f"{conf.files[-1]}: {error}")) from error
    return conf


def _directives(read: Reader, path: str, files: list[str], macros: dict[str, str], depth: int) -> Iterator[Directive]:
    if depth > DEEPEST or len(files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"{shown(path)}: too many files are included")
    data = file_needed(read, path, limit=smtpd_conf.MOST_OCTETS)
    files.append(shown(path))
    for one in smtpd_conf.parse(data, macros):
        if one.name == "include":
            yield from _directives(read, one.behind("include"), files, macros, depth + 1)
        else:
            yield one


def _listeners(conf: Configuration) -> tuple[MailListener, ...]:
    """Take every listener on the network; none where it listens to the machine itself alone. Raises ``CannotObserve``."""
    found = []
    for one in conf.all("listen"):
        interface = one.behind("on")
        if interface == "socket" or HOME.fullmatch(interface):
            continue
        options = set(one.words[3:])
        tls = "wrapped" if "smtps" in options else "encrypt" if "tls-require" in options else "may" if "tls" in options else "none"
        port = one.behind("port") or ("465" if tls == "wrapped" else "25")
        login = bool({"auth", "auth-optional"} & options)
        # parse.y refuses a login without TLS, and smtp_session.c offers it within TLS only.
        found.append(MailListener(shown(f"{interface}:{port}"), _relays(conf, one), tls, login, clear_authentication=False))
    return tuple(found)


def _relays(conf: Configuration, listener: Directive) -> Audience | Unobserved:
    """Follow the rules in order for a stranger who names a recipient of a foreign domain: the first that fits decides."""
    if "auth" in listener.words:
        return Audience.NOBODY  # nobody gets as far as a recipient without having logged in
    lets_in = Audience.ITSELF
    open_: Unobserved | None = None
    refusing: Unobserved | None = None
    for directive in conf.all("match"):
        rule = _rule(conf, directive, listener)
        if rule.fits is None or (rule.fits and rule.sends is None):
            what = f"whether strangers' mail fits the rule {' '.join(directive.words)[:120]} is not followed"
            unknown = Unobserved(Reason.UNSUPPORTED, shown(what))
            if rule.sends is False:
                refusing = refusing or unknown
            else:
                open_ = open_ or unknown
        elif rule.fits:
            lets_in = widest((lets_in, rule.source)) if rule.sends else lets_in
            if rule.source is Audience.EVERYBODY:
                break
    if lets_in is Audience.EVERYBODY and "filter" in listener.words:
        refusing = refusing or Unobserved(Reason.UNSUPPORTED, "filters stand before the rules that relay for everybody")
    return open_ or (refusing if refusing and lets_in is Audience.EVERYBODY else lets_in)


def _rule(conf: Configuration, directive: Directive, listener: Directive) -> _Rule:
    """Take a rule's options one by one."""
    words = list(directive.words[1:])
    fits: list[bool | None] = []
    written: set[str] = set()
    source = Audience.EVERYBODY
    while words and words[0] not in {"action", "reject"}:
        negated = words[0] == "!"
        del words[: int(negated)]
        kind = words.pop(0) if words else ""
        if kind in {"from", "for"} and words:
            written.add(kind)
            kind = f"{kind} {words.pop(0)}"
        pattern = bool(words) and words[0] == "regex"
        del words[: int(pattern)]
        values = values_of(conf, words, kind)
        answer, who = _answer(kind, values, listener)
        if pattern:
            answer, who = None, Audience.EVERYBODY
        if negated and who is not Audience.EVERYBODY:
            answer, who = False, Audience.EVERYBODY  # a stranger is not among those few
        fits.append(None if answer is None else answer is not negated)
        source = narrowest((source, who))
    if "from" not in written:
        source = Audience.ITSELF if source is Audience.EVERYBODY else source
    if "for" not in written:
        fits.append(False)
    together = False if False in fits else None if None in fits else True
    return _Rule(together, source, _sends_on(conf, words))


_VALUED = frozenset({"from src", "from rdns", "from mail-from", "for domain", "for rcpt-to", "helo", "mail-from", "rcpt-to", "tag"})


def values_of(conf: Configuration, words: list[str], kind: str) -> tuple[str, ...] | None:
    """Take an option's value off the words: a text, a list in braces or a table; ``None``: what it holds is not known."""
    optional = kind in {"from auth", "auth", "from rdns"}
    if kind not in _VALUED and not optional:
        return ()
    if words[:1] == ["{"]:
        end = words.index("}") if "}" in words else len(words)
        found = tuple(word for word in words[1:end] if word != ",")
        del words[: end + 1]
        return found
    if not words or (
        optional and words[0] in {"action", "reject", "from", "for", "!", "tag", "tls", "auth", "mail-from", "rcpt-to", "helo"}
    ):
        return ()
    word = words.pop(0)
    return _table(conf, word[1:-1]) if word.startswith("<") else (word,)


def _table(conf: Configuration, name: str) -> tuple[str, ...] | None:
    """Give the values of a table that stands in the configuration itself."""
    written = next((one.words for one in conf.all("table") if one.words[1:2] == (name,)), ())
    return tuple(word for word in written[3:-1] if word != ",") if written[2:3] == ("{",) else None


def _answer(kind: str, values: tuple[str, ...] | None, listener: Directive) -> tuple[bool | None, Audience]:
    """Tell whether an option fits a stranger and a foreign recipient, and whom it is limited to."""
    match kind:
        case "from any" | "for any":
            return True, Audience.EVERYBODY
        case "from local":
            return True, Audience.ITSELF
        case "from socket" | "from auth" | "auth" | "for local":
            return False, Audience.EVERYBODY
        case "from src":
            return (None, Audience.EVERYBODY) if values is None else (True, widest(map(audience_of, values)))
        case "for domain" | "for rcpt-to" | "rcpt-to":
            return (None if values is None or any("*" in value for value in values) else False), Audience.EVERYBODY
        case "tag":
            return (None if values is None else listener.behind("tag") in values), Audience.EVERYBODY
        case _:
            # Names that strangers may have, or may choose as they like. ``tls`` too: ruleset.c of all versions up to 7.7 knows the word
            # and puts the mail off, whatever the session; the manual says otherwise, and a later version may do what it says.
            return None, Audience.EVERYBODY


def _sends_on(conf: Configuration, words: list[str]) -> bool | None:
    if words[:1] != ["action"]:
        return False
    action = conf.action(words[1]) if len(words) > 1 else None
    if action is None:
        return None
    method = action.words[2]
    return True if method == "relay" else False if method in LOCAL and not {"alias", "virtual"} & set(action.words) else None


def _sends(conf: Configuration) -> str | Unobserved:
    """Relaying uses STARTTLS where the other server offers it, unless the relay host's address says otherwise."""
    relays = [set(one.words) for one in conf.all("action") if "relay" in one.words[2:3]]
    if not relays:
        return Unobserved(Reason.UNSUPPORTED, "no action sends mail on to other servers")
    if any(word.startswith("smtp+notls:") for words in relays for word in words):
        return "none"
    forced = all("tls" in words or any(word.startswith(("smtp+tls:", "smtps:")) for word in words) for words in relays)
    return "encrypt" if forced else "may"


def _judges(conf: Configuration, running: tuple[Process, ...] | Unobserved | None) -> bool | Unobserved | None:
    """Tell whether a filter that evaluates DMARC stands wherever strangers' mail comes in."""
    strangers = [
        one
        for one in conf.all("listen")
        if one.behind("on") != "socket" and not HOME.fullmatch(one.behind("on")) and "auth" not in one.words
    ]
    if not strangers:
        return None
    if any("filter" not in one.words for one in strangers):
        return False
    programs = [one.words for one in conf.all("filter") if "proc-exec" in one.words or "proc" in one.words]
    by_rspamd = any("rspamd" in word for words in (*programs, *(one.words for one in conf.all("proc"))) for word in words)
    if by_rspamd and runs(running, *RSPAMD) is True:
        return True
    return Unobserved(Reason.UNSUPPORTED, "filters are attached; what they do is not known") if programs else False
