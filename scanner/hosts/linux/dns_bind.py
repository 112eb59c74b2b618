"""How BIND means its configuration: views, inheritance and the defaults of its versions (BIND 9 Administrator Reference Manual)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scanner.facts.dns_configuration import ServedZone
from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.audience import narrowest, widest
from scanner.hosts.linux.base import file_needed, needed, parsed, seen, shown
from scanner.hosts.linux.dns_reading import Read, among, hints
from scanner.hosts.linux.named_paths import absolute
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import named
from scanner.wire.named import Statement, find, reaches, value

PLACES = ("/etc/bind/named.conf", "/etc/named.conf")
CHECKED = ("named-checkconf", "-px")
"""Prints everything included, secrets left out; it says nothing of defaults."""
VERSION = ("named", "-v")
SERVED = frozenset({"primary", "master", "secondary", "slave", "mirror"})
OWN = frozenset({"localhost", "127.in-addr.arpa", "0.in-addr.arpa", "255.in-addr.arpa", "localhost.localdomain"})
"""Zones that packages bring along; RFC 6303."""
MOST_FILES = 200
DEEPEST = 8
_WORDS = {"everybody": Audience.EVERYBODY, "most": Audience.EVERYBODY, "some": Audience.SOME, "itself": Audience.ITSELF}

Block = tuple[Statement, ...]


def bind(read: Reader) -> Read:
    """Read BIND's configuration: as its own checker prints it, else from its files. Raises ``CannotObserve``."""
    main = next((path for path in PLACES if read.state(path) is not None), None)
    if main is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"no configuration at {' or '.join(PLACES)}")
    files: list[str] = []
    from_files = seen(lambda: _from_files(read, main, files))
    printed = read.command(CHECKED) if read.live else None
    if printed is not None and printed.status == 0 and printed.stdout:
        top = needed(parsed("named-checkconf", printed.stdout, named.parse))
        source = " ".join(CHECKED)
    else:
        top, source = needed(from_files), main
    return _meaning(read, top, source, tuple(files), _version(read))


def _from_files(read: Reader, path: str, files: list[str], depth: int = 0) -> Block:
    if depth > DEEPEST or len(files) >= MOST_FILES:
        raise CannotObserve(Reason.TOO_LARGE, f"{path}: too many files are included")
    data = file_needed(read, path, limit=8_000_000)
    files.append(shown(path))

    def opened(block: Block) -> Iterator[Statement]:
        for statement in block:
            if statement.name == "include" and len(statement.words) > 1:
                yield from _from_files(read, statement.words[1], files, depth + 1)
            elif statement.block is not None:
                yield Statement(statement.words, tuple(opened(statement.block)))
            else:
                yield statement

    return tuple(opened(needed(parsed(path, data, named.parse))))


def _version(read: Reader) -> tuple[int, int] | Unobserved:
    said = seen(lambda: read.command(VERSION))
    if isinstance(said, Unobserved):
        return said
    found = re.match(rb"BIND (\d{1,3})\.(\d{1,3})\.", said.stdout) if said is not None else None
    return (int(found[1]), int(found[2])) if found else Unobserved(Reason.UNSUPPORTED, "named does not tell its version")


def _meaning(read: Reader, top: Block, source: str, files: tuple[str, ...], version: tuple[int, int] | Unobserved) -> Read:
    options = (find(top, "options") or Statement((), ())).block or ()
    acls = {s.words[1].lower(): s.block for s in top if s.name == "acl" and len(s.words) > 1 and s.block is not None}
    views: list[tuple[str, Block]] = [(shown(s.words[1]), s.block or ()) for s in top if s.name == "view" and len(s.words) > 1] or [
        ("", ())
    ]
    recursion = seen(partial(_recursion, options, views, acls))
    zones = seen(partial(_zones, top, options, views, acls, version))
    recurses = recursion is not Audience.NOBODY
    resolving = [(_inherited("dnssec-validation", options, view), view) for _, view in views if _recurses(options, view)]
    given = [
        path
        for block in (top, *(block for _, block in views))
        for s in block
        if s.name == "zone" and s.words[1:2] == (".",) and value(s.block, "type") == "hint" and (path := value(s.block, "file"))
    ]
    directory = value(options, "directory") or "/"
    return Read(
        source=source,
        files=files,
        version=".".join(map(str, version)) if not isinstance(version, Unobserved) else version,
        recursion=recursion,
        zones=zones if isinstance(zones, Unobserved) else among(zones, _added(top, options, views)),
        rate_limit=all(_limited(_inherited_statement("rate-limit", options, block)) for _, block in views),
        hides_version=(told := value(options, "version")) is not None and not re.search(r"\d\.\d", told),
        validates=_every([_validates(said, version) for said, _ in resolving]) if recurses else None,
        anchor_kept=_every([_anchor_kept(said, (*top, *view), version) for said, view in resolving]) if recurses else None,
        hints=seen(partial(hints, read, absolute(directory, given[-1]))) if given and recurses else None,
    )


def _inherited_statement(name: str, *blocks: Block) -> Statement | None:
    """Give a statement of the innermost block that has it; the blocks come from the outside in."""
    return next((found for block in reversed(blocks) if (found := find(block, name))), None)


def _inherited(name: str, *blocks: Block) -> str | None:
    found = _inherited_statement(name, *blocks)
    return found.words[1].lower() if found and len(found.words) > 1 else None


def _audience(statement: Statement | None, acls: dict[str, Block]) -> Audience | None:
    """Say whom a statement with an address match list lets in; ``None``: it is not there. Raises ``CannotObserve``."""
    if statement is None or statement.block is None:
        return None
    try:
        found = reaches(statement.block, acls)
    except named.NotNamed as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, str(error)) from error
    return widest(_WORDS[word] for word in found)


def _recursion(options: Block, views: list[tuple[str, Block]], acls: dict[str, Block]) -> Audience:
    """Say for whom any view recurses: not more than may ask and than the view takes in.

    Without ``allow-recursion`` the list of ``allow-query-cache`` holds, without it that of ``allow-query``, else the machine's networks.
    """
    found = [Audience.NOBODY]
    for _, view in views:
        if not _recurses(options, view):
            continue
        lists = [_inherited_statement(name, options, view) for name in ("allow-recursion", "allow-query-cache", "allow-query")]
        first = next((who for one in lists if (who := _audience(one, acls)) is not None), Audience.ITSELF)
        bounds = [first]
        for other in (lists[2], find(view, "match-clients")):
            who = _audience(other, acls)
            if who is not None:
                bounds.append(who)
        found.append(narrowest(bounds))
    return widest(found)


def _recurses(options: Block, view: Block) -> bool:
    return _inherited("recursion", options, view) not in {"no", "false", "0"}


def _every(parts: list[bool | Unobserved | None]) -> bool | Unobserved | None:
    """Put what holds for each view together: one that does not hold decides, then one that is not known; ``None`` where none is asked."""
    if False in parts:
        return False
    return next((part for part in parts if isinstance(part, Unobserved)), True if True in parts else None)


def _added(top: Block, options: Block, views: list[tuple[str, Block]]) -> Unobserved | None:
    """Say why there may be zones that the text does not name: those added by ``rndc addzone`` and by catalog zones."""
    for block in (top, options, *(view for _, view in views)):
        if value(block, "allow-new-zones") in {"yes", "true", "1"} or find(block, "catalog-zones") is not None:
            return Unobserved(Reason.UNSUPPORTED, "zones may be added while it runs (allow-new-zones or catalog-zones), which are not read")
    return None


def _zones(
    top: Block, options: Block, views: list[tuple[str, Block]], acls: dict[str, Block], version: tuple[int, int] | Unobserved
) -> tuple[ServedZone, ...]:
    found = []
    for where, block in [("", top)] if views == [("", ())] else views:
        for statement in block:
            name = statement.words[1].lower().rstrip(".") if statement.name == "zone" and len(statement.words) > 1 else ""
            if not name or name in OWN or value(statement.block, "type") not in SERVED:
                continue
            allowed = _inherited_statement("allow-transfer", options, () if block is top else block, statement.block or ())
            who: Audience | Unobserved | None = _audience(allowed, acls)
            if who is None:  # the default changed from any to none in 9.20
                who = version if isinstance(version, Unobserved) else Audience.NOBODY if version >= (9, 20) else Audience.EVERYBODY
            found.append(ServedZone(shown(name), where, who))
    return tuple(found)


def _limited(statement: Statement | None) -> bool:
    return statement is not None and (value(statement.block, "responses-per-second") or "0") != "0"


def _validates(said: str | None, version: tuple[int, int] | Unobserved) -> bool | Unobserved:
    if said is not None:
        return said not in {"no", "false", "0"}
    if isinstance(version, Unobserved):
        return version
    return (
        True
        if version >= (9, 13)
        else Unobserved(Reason.VALUE_NOT_SET, "dnssec-validation is not written, and its default needs an anchor")
    )


def _anchor_kept(said: str | None, top: Block, version: tuple[int, int] | Unobserved) -> bool | Unobserved | None:
    """With ``auto``, the default from 9.13, BIND keeps its own anchor; with ``yes`` it uses those of the file."""
    validates = _validates(said, version)
    if isinstance(validates, Unobserved) or not validates:
        return None if validates is False else validates
    if said in {None, "auto"}:
        return True
    kinds = {s.words[1].lower() for b in top if b.name == "trust-anchors" for s in b.block or () if len(s.words) > 1}
    return any(kind.startswith("initial-") for kind in kinds) or any(b.name == "managed-keys" for b in top)
