"""OpenSSL's configuration language, config(5ssl): lines to sections, and the commands that the library runs for every program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MOST_LINES = 20_000
LONGEST_LINE = 16_384
DEEPEST = 4
"""Files that may include each other in a row."""
_INCLUDE = re.compile(r"\s*\.include(?:\s*=\s*|\s+)(\S.*?)\s*\Z")
Sections = Mapping[str, Mapping[str, str]]


class NotOpensslConf(ValueError):
    """The text is beyond the caps or refers to what cannot be followed."""


def parse(data: bytes, included: Callable[[str], bytes]) -> Sections:
    """Read a file with those that it includes: section → name → value, the last of a name counts. Raises ``NotOpensslConf``.

    ``included`` gives the text of a path. What it holds goes on in the section of the line that names it.
    """
    sections: dict[str, dict[str, str]] = {"default": {}}
    current = "default"
    for line in _lines(data, included, DEEPEST):
        text = re.sub(r"(?<!\\)#.*", "", line).strip()
        if text.startswith("["):
            current = text[1:].partition("]")[0].strip()
            sections.setdefault(current, {})
            continue
        name, equals, value = text.partition("=")
        if equals and not text.startswith("."):
            section, colons, own = name.strip().partition("::")
            place = sections.setdefault(section, {}) if colons else sections[current]
            key = own if colons else section
            place.pop(key, None)  # a name that comes again takes its place at the end
            place[key] = re.sub(r"[\"'\\]", "", value.strip())
    return sections


def _lines(data: bytes, included: Callable[[str], bytes], depth: int) -> list[str]:
    if not depth:
        raise NotOpensslConf("files include each other too deeply")
    joined = re.sub(r"\\\n", "", data.decode("utf-8", "replace").replace("\r\n", "\n"))
    found: list[str] = []
    for line in joined.split("\n"):
        if len(line) > LONGEST_LINE:
            raise NotOpensslConf("a line beyond the cap")
        if named := _INCLUDE.match(re.sub(r"#.*", "", line)):
            found += _lines(included(named[1]), included, depth - 1)
        else:
            found.append(line)
        if len(found) > MOST_LINES:
            raise NotOpensslConf(f"more than {MOST_LINES} lines")
    return found


def system_default(sections: Sections) -> tuple[tuple[str, str], ...]:
    """Give the commands for every TLS context in order, names in small letters and without a module's prefix (``TLS.MinProtocol``).

    Empty where the file sets none. Raises ``NotOpensslConf`` where a variable stands in the way.
    """
    section = sections["default"]
    for name in ("openssl_conf", "ssl_conf", "system_default"):
        if name not in section:
            return ()
        section = sections.get(_plain(name, section), {})
    return tuple((name.rpartition(".")[2].lower(), _plain(name, section)) for name in section)


def _plain(name: str, section: Mapping[str, str]) -> str:
    value = section[name]
    if "$" in value:
        raise NotOpensslConf(f"{name} is made of a variable")
    return value
