"""The configuration of rsyslog, old lines and RainerScript mixed as people have them, to ``syslogconf``.

Conditions other than selectors are not evaluated: what stands under them counts as conditional.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from scanner.wire.syslogconf import Action, Listener, NotSyslogConf, SyslogConf, Way

MOST_STATEMENTS = 20_000
LONGEST = 2_000_000
DEEPEST = 24
MOST_INCLUDES = 64
_OBJECT = re.compile(r"([A-Za-z_]+)\s*\(")
_OBJECTS = frozenset(
    {"module", "input", "action", "global", "main_queue", "template", "include", "ruleset", "timezone", "parser", "lookup_table"}
    | {"dyn_stats", "ratelimit", "percentile_stats"}
)
_PARAMETER = re.compile(r'([A-Za-z0-9_.]+)\s*=\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^\s()]+)')
_SELECTOR = re.compile(r"([A-Za-z0-9*][A-Za-z0-9*,]*\.[!=]*[A-Za-z0-9*]+(?:;[A-Za-z0-9*,]+\.[!=]*[A-Za-z0-9*]+)*;?)[ \t]*")
_WORD = re.compile(r"[A-Za-z]+")
_OLD_TARGET = re.compile(r"(@@?)(?:\([^)]*\))?(\[[0-9A-Fa-f:.%]+\]|[^:;\s]+)(?::([0-9]{1,5}))?")
_DRIVERS = frozenset({"gtls", "ossl", "mbedtls"})
_PROVEN = frozenset({"x509/name", "x509/fingerprint", "x509/certvalid", "name", "fingerprint", "certvalid"})
_LISTENING = {"imudp": "udp", "imtcp": "tcp", "imptcp": "tcp", "imrelp": "relp", "im3195": "beep"}
_LOCAL = frozenset({"imuxsock", "imjournal"})


@dataclass(slots=True)
class _State:
    """Old directives that hold until the next action, and those that hold throughout."""

    values: dict[str, str] = field(default_factory=dict)
    actions: dict[str, list[Action | str]] = field(default_factory=lambda: {"": []})
    listeners: list[Listener] = field(default_factory=list)
    modules: dict[str, Mapping[str, str]] = field(default_factory=dict)
    odd: int = 0
    main_queue: bool = False
    default_ruleset: str = ""
    statements: int = 0
    includes: int = 0


@dataclass(frozen=True, slots=True)
class _Under:
    """The conditions that a statement stands under."""

    selectors: tuple[str, ...] = ()
    conditional: bool = False
    ruleset: str = ""


def parse(data: bytes, include: Callable[[str], Iterable[bytes]] = lambda _: ()) -> SyslogConf:
    """Read a configuration; ``include`` gives the texts that a path or pattern stands for. Raises ``NotSyslogConf``."""
    state = _State()
    _Reader(data, state, include).block(_Under(), 0)
    actions: list[Action] = []
    _called(state, state.default_ruleset, _Under(), actions, 0)
    return SyslogConf(tuple(actions), tuple(state.listeners), bool(_LOCAL & set(state.modules)), state.odd)


def _called(state: _State, name: str, under: _Under, into: list[Action], depth: int) -> None:
    """Put together what a ruleset does, with the rulesets that it calls."""
    if depth > DEEPEST:
        raise NotSyslogConf("rulesets call each other without end")
    for held in state.actions.get(name, ()):
        if len(into) > MOST_STATEMENTS:
            raise NotSyslogConf("more actions than are followed")
        if isinstance(held, Action):
            merged = replace(held, selectors=(*under.selectors, *held.selectors), conditional=held.conditional or under.conditional)
            into.append(merged)
        else:
            called, _, rest = held.partition("\0")
            selectors = tuple(one for one in rest.split("\0")[1:] if one)
            inner = _Under((*under.selectors, *selectors), under.conditional or rest.startswith("?"))
            _called(state, called, inner, into, depth + 1)


class _Reader:
    """Reads one text; ``state`` is shared with the texts that it includes."""

    def __init__(self, data: bytes, state: _State, include: Callable[[str], Iterable[bytes]]) -> None:
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if len(text) > LONGEST:
            raise NotSyslogConf(f"longer than {LONGEST} characters")
        self._text = text.replace("\\\n", "")
        self._at = 0
        self._state = state
        self._include = include

    def block(self, under: _Under, depth: int) -> None:
        """Read statements up to the end or the closing brace."""
        if depth > DEEPEST:
            raise NotSyslogConf("blocks are too deep")
        last = under
        while self._skip() and not self._take("}"):
            self._state.statements += 1
            if self._state.statements > MOST_STATEMENTS:
                raise NotSyslogConf(f"more than {MOST_STATEMENTS} statements")
            last = self._statement(under, last, depth)

    def _skip(self) -> bool:
        """Pass over blanks and comments; tell whether something is left."""
        text = self._text
        while self._at < len(text):
            if text[self._at].isspace() or text[self._at] == ";":
                self._at += 1
            elif text[self._at] == "#":
                self._line()
            elif text.startswith("/*", self._at):
                end = text.find("*/", self._at)
                self._at = len(text) if end < 0 else end + 2
            else:
                return True
        return False

    def _take(self, piece: str) -> bool:
        if self._text.startswith(piece, self._at):
            self._at += len(piece)
            return True
        return False

    def _line(self) -> str:
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        line, self._at = self._text[self._at : end], end
        return line.strip()

    def _statement(self, under: _Under, last: _Under, depth: int) -> _Under:
        text = self._text
        if text[self._at] == "$" and not text.startswith(("$!", "$."), self._at):
            self._directive(self._line())
        elif text[self._at] == "&":
            self._at += 1
            self._action(last, depth)
            return last
        elif text[self._at] == ":" and (found := re.compile(r':[^,\n]*,\s*!?[a-z]+\s*,\s*"(?:[^"\\\n]|\\.)*"\s*').match(text, self._at)):
            self._at = found.end()
            inside = replace(under, conditional=True)
            self._action(inside, depth)
            return inside
        elif text[self._at] in "!+-" and not text.startswith("-/", self._at):
            self._line()  # a block for one program or host in the BSD way: what follows is for it only, and is rare
            self._state.odd += 1
        elif (found := _OBJECT.match(text, self._at)) and found[1].lower() in _OBJECTS:
            self._object(found[1].lower(), found.end(), under, depth)
        elif found := _SELECTOR.match(text, self._at):
            self._at = found.end()
            inside = replace(under, selectors=(*under.selectors, found[1]))
            self._action(inside, depth)
            return inside
        else:
            self._script(under, depth)
        return last

    def _script(self, under: _Under, depth: int) -> None:
        word = _WORD.match(self._text, self._at)
        match word[0].lower() if word else "":
            case "if":
                self._condition()
                self._action(replace(under, conditional=True), depth)
            case "else":
                self._at += 4
                self._skip()
                if self._text.startswith("if", self._at):
                    self._script(under, depth)
                else:
                    self._action(replace(under, conditional=True), depth)
            case "foreach":
                self._at = max(self._text.find("{", self._at), self._at + 7)
                self._action(replace(under, conditional=True), depth)
            case "set" | "unset" | "reset":
                end = self._text.find(";", self._at)
                self._at = len(self._text) if end < 0 else end + 1
            case "call" | "stop":
                self._action(under, depth)
            case _:
                self._state.odd += 1
                self._line()

    def _condition(self) -> None:
        """Pass over the condition of an ``if`` up to its ``then``."""
        found = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\bthen\b').search(self._text, self._at)
        while found and found[0] != "then":
            found = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\bthen\b').search(self._text, found.end())
        self._at = found.end() if found else len(self._text)

    def _parameters(self, start: int) -> dict[str, str]:
        """Read ``name="value"`` up to the closing parenthesis."""
        at, quoted = start, False
        while at < len(self._text) and (quoted or self._text[at] != ")"):
            if self._text[at] == "\\":
                at += 1
            elif self._text[at] == '"':
                quoted = not quoted
            at += 1
        if at >= len(self._text):
            raise NotSyslogConf("a parenthesis is left open")
        self._at = at + 1
        body = re.sub(r'("(?:[^"\\]|\\.)*")|#[^\n]*', lambda m: m[1] or "", self._text[start:at])
        return {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(body)}

    def _object(self, name: str, start: int, under: _Under, depth: int) -> None:
        given = self._parameters(start)
        match name:
            case "module":
                self._state.modules[given.get("load", "").rpartition("/")[2].removesuffix(".so")] = given
            case "input":
                self._listener(given)
            case "action":
                self._put(under, self._new(given))
            case "global":
                self._state.values |= {f"global.{key}": value for key, value in given.items()}
            case "main_queue":
                self._state.main_queue = _on_disk(given)
            case "include":
                self._included(given.get("file", ""), under, depth)
            case "ruleset":
                self._skip()
                if self._take("{"):
                    self.block(_Under(ruleset=given.get("name", "?")), depth + 1)
            case "template":
                self._skip()
                if self._take("{"):
                    self._pass_block()
            case _:
                pass

    def _pass_block(self) -> None:
        depth = 1
        for found in re.compile(r'"(?:[^"\\]|\\.)*"|[{}]').finditer(self._text, self._at):
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if depth == 0:
                self._at = found.end()
                return
        self._at = len(self._text)

    def _included(self, pattern: str, under: _Under, depth: int) -> None:
        self._state.includes += 1
        if self._state.includes > MOST_INCLUDES or depth > DEEPEST:
            raise NotSyslogConf("too many files are included")
        for text in self._include(pattern):
            _Reader(text, self._state, self._include).block(under, depth + 1)

    def _directive(self, line: str) -> None:
        """Take an old directive, ``$Name value``."""
        name, _, value = line[1:].partition(" ") if " " in line else line[1:].partition("\t")
        key, value = name.lower(), value.split("#")[0].strip()
        state = self._state
        match key:
            case "includeconfig":
                self._included(value, _Under(), 0)
            case "modload":
                state.modules[value.rpartition("/")[2].removesuffix(".so")] = {}
            case "udpserverrun":
                state.listeners.append(Listener("udp", _port(value), False))
            case "inputtcpserverrun" | "inputptcpserverrun":
                encrypted = state.values.get("inputtcpserverstreamdrivermode") == "1"
                state.listeners.append(Listener("tcp", _port(value), encrypted))
            case "inputrelpserverrun":
                state.listeners.append(Listener("relp", _port(value), False))
            case "defaultruleset":
                state.default_ruleset = value
            case "ruleset":
                state.odd += 1  # old rulesets are for records of inputs that are bound to them
            case "mainmsgqueuefilename":
                state.main_queue = True
            case _:
                state.values[key] = value

    def _listener(self, given: Mapping[str, str]) -> None:
        kind = given.get("type", "")
        if kind not in _LISTENING:
            return
        module = self._state.modules.get(kind, {})
        mode = given.get("streamdriver.mode", module.get("streamdriver.mode", ""))
        driver = given.get("streamdriver.name", module.get("streamdriver.name", self._driver()))
        encrypted = given.get("tls") == "on" or (mode == "1" and driver in _DRIVERS)
        ports = re.findall(r"[0-9]{1,5}", given.get("port", "514"))
        self._state.listeners.extend(Listener(_LISTENING[kind], int(port), encrypted) for port in ports)

    def _driver(self) -> str:
        values = self._state.values
        return values.get("global.defaultnetstreamdriver", values.get("defaultnetstreamdriver", "")).lower()

    def _put(self, under: _Under, action: Action) -> None:
        held = self._state.actions.setdefault(under.ruleset, [])
        held.append(replace(action, selectors=under.selectors, conditional=under.conditional or action.conditional))

    def _action(self, under: _Under, depth: int) -> None:
        """Read what follows a condition: a block, an object or an old action."""
        while self._at < len(self._text) and self._text[self._at] in " \t":
            self._at += 1
        if under.conditional and not under.selectors:
            self._skip()  # after "then" the action may stand on the next line
        found = _OBJECT.match(self._text, self._at)
        if self._take("{"):
            self.block(under, depth + 1)
        elif found and found[1].lower() == "action":
            self._put(under, self._new(self._parameters(found.end())))
        else:
            end = min((at for at in (self._text.find("\n", self._at), self._text.find("}", self._at)) if at >= 0), default=len(self._text))
            line, self._at = self._text[self._at : end].strip(), end
            self._old(under, line)

    def _old(self, under: _Under, line: str) -> None:
        if line.split(" ", maxsplit=1)[0] in {"stop", "~", "stop;"}:
            self._put(under, Action(Way.DISCARD, ""))
        elif line.startswith("call "):
            mark = "?" if under.conditional else ""
            name = line[5:].split("#", maxsplit=1)[0].strip().rstrip(";")
            self._state.actions.setdefault(under.ruleset, []).append("\0".join((name, mark, *under.selectors)))
        elif line.startswith("@"):
            self._put(under, self._old_forward(line))
        elif line.startswith(("/", "-/")):
            path = line.lstrip("-").split(";")[0].split("#")[0].strip()
            self._put(under, Action(Way.FILE, path, mode=self._mode()))
        elif line:
            self._put(under, Action(Way.OTHER, line.split(";", maxsplit=1)[0][:100]))

    def _mode(self) -> int | None:
        """Give the rights of a new file: $FileCreateMode under $Umask."""
        text = self._state.values.get("filecreatemode", "0644")
        mask = self._state.values.get("umask", "")
        if not re.fullmatch(r"[0-7]{1,5}", text):
            return None
        return int(text, 8) & ~(int(mask, 8) if re.fullmatch(r"[0-7]{1,5}", mask) else 0)

    def _old_forward(self, line: str) -> Action:
        found = _OLD_TARGET.match(line)
        if not found:
            return Action(Way.OTHER, line[:100])
        values = self._state.values
        encrypted = len(found[1]) == 2 and values.get("actionsendstreamdrivermode") == "1" and self._driver() in _DRIVERS
        queued = bool(values.pop("actionqueuefilename", "")) and values.pop("actionqueuetype", "direct").lower() != "direct"
        return Action(
            Way.FORWARD,
            found[2].strip("[]"),
            protocol="tcp" if len(found[1]) == 2 else "udp",
            port=_port(found[3] or "514"),
            encrypted=encrypted,
            verified=encrypted and values.get("actionsendstreamdriverauthmode", "").lower() in _PROVEN,
            queued=queued or self._state.main_queue,
        )

    def _new(self, given: Mapping[str, str]) -> Action:
        kind = given.get("type", "").lower()
        if kind in {"omfile", "builtin:omfile"} and "file" in given:
            mode = given.get("filecreatemode", "")
            return Action(Way.FILE, given["file"], mode=int(mode, 8) if re.fullmatch(r"[0-7]{1,5}", mode) else self._mode())
        queued = _on_disk(given) or self._state.main_queue
        target = given.get("target", given.get("server", ""))
        if kind in {"omfwd", "builtin:omfwd"}:
            protocol = given.get("protocol", "udp").lower()
            driver = given.get("streamdriver", self._driver()).lower()
            encrypted = protocol == "tcp" and given.get("streamdrivermode") == "1" and driver in _DRIVERS
            verified = encrypted and given.get("streamdriverauthmode", "").lower() in _PROVEN
            return Action(Way.FORWARD, target, (), False, protocol, _port(given.get("port", "514")), encrypted, verified, queued)
        if kind == "omrelp":
            encrypted = given.get("tls", "off").lower() == "on"
            verified = encrypted and given.get("tls.authmode", "").lower() in _PROVEN
            return Action(Way.FORWARD, target, (), False, "relp", _port(given.get("port", "514")), encrypted, verified, queued)
        if kind == "omdiscard":
            return Action(Way.DISCARD, "")
        return Action(Way.OTHER, kind[:100])


def _port(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0


def _on_disk(given: Mapping[str, str]) -> bool:
    """Tell whether a queue goes to disk: of type disk, or in memory with a file's name for what does not fit."""
    kind = given.get("queue.type", "direct").lower()
    return kind == "disk" or (bool(given.get("queue.filename")) and kind != "direct")
