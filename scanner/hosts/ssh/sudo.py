"""What is read by ``sudo``: the fixed argument lists, for the batch and for the sudoers file that permits exactly them.

Wildcards in sudoers(5) match spaces and slashes too, so there are none: every argument is written out and escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scanner.hosts.base import Files, Names, Run, Source
from scanner.hosts.secrets import CUTS

FIND_SECONDS = 20
FILE_SECONDS = 10  # written in far.sh as well
_WILD = re.compile(r"[*?\[]")
SECURE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where root looks for programs that a command starts: never in places of the account's own."""
STATE = "%f/%s/%u/%g/%Y/%n"


def wild(pattern: str) -> bool:
    """Tell whether a path holds a wildcard of the shell."""
    return bool(_WILD.search(pattern))


def levels(pattern: str) -> tuple[str, ...]:
    """Give the parts of a pattern that a look at it passes: its first wildcard's directory and everything from there on."""
    parts = pattern.split("/")
    first = next(i for i, part in enumerate(parts) if wild(part))
    return tuple("/".join(parts[:n]) or "/" for n in range(first, len(parts) + 1))


def holders(pattern: str) -> tuple[str, ...]:
    """Give the directories in which a part of the pattern stands that holds a wildcard."""
    parts = pattern.split("/")
    return tuple("/".join(parts[:n]) or "/" for n, part in enumerate(parts) if wild(part))


def listing(source: Names | Files) -> tuple[str, ...]:
    """Give the command that lists a directory, or what fits a pattern, with states; links on the way are listed too."""
    stat = ("-exec", "/usr/bin/stat", "-c", STATE, "{}", "+")
    if not wild(source.pattern):
        return (str(FIND_SECONDS), "/usr/bin/find", "-H", source.pattern, "-maxdepth", "1", *stat)
    base, *rest = levels(source.pattern)
    depth = str(len(rest))
    if depth == "1":
        return (str(FIND_SECONDS), "/usr/bin/find", "-H", base, "-maxdepth", "1", *stat)
    chosen = ("(", "-path", source.pattern, "-o", "-type", "l", ")")
    return (str(FIND_SECONDS), "/usr/bin/find", "-H", base, "-mindepth", "1", "-maxdepth", depth, *chosen, *stat)


def contents(source: Files) -> tuple[str, ...]:
    """Give the command that prints the files that fit a pattern, each below a heading; links are not followed."""
    base, *rest = levels(source.pattern)
    depth = str(len(rest))
    head = ("-exec", "/usr/bin/head", "-v", "-c", str(source.limit + 1), "{}", "+")
    chosen = ("-mindepth", depth, "-maxdepth", depth, "-path", source.pattern, "-type", "f")
    return (str(FIND_SECONDS), "/usr/bin/find", "-H", base, *chosen, *head)


def cutter(path: str) -> tuple[str, ...]:
    """Give the words of the program that cuts the secrets of a file, without its path; empty where there are none."""
    how = CUTS.get(path)
    return ("sed", *(word for command in how.sed for word in ("-e", command))) if how else ()


def one(source: Files) -> tuple[str, ...]:
    """Give the command that prints one file."""
    cut = cutter(source.pattern)
    words = (f"/usr/bin/{cut[0]}", *cut[1:]) if cut else ("/usr/bin/head", "-c", str(source.limit + 1))
    return (str(FILE_SECONDS), *words, "--", source.pattern)


def seconds_of(run: Run) -> int:
    """Give the whole seconds that a command may take."""
    return max(1, -(-int(run.seconds * 1000) // 1000))


def permitted(sources: Iterable[Source]) -> tuple[tuple[str, ...], ...]:
    """Give every command line, as words, that the given sources need ``sudo`` for; sorted, each once.

    Programs of ``Run`` are looked for in /usr/sbin and /usr/bin; a line for a program that is not there permits nothing.
    """
    found: set[tuple[str, ...]] = set()
    for source in sources:
        match source:
            case Files(root=True, pattern=pattern):
                found |= {listing(source), contents(source)} if wild(pattern) else {one(source)}
            case Names(root=True):
                found.add(listing(source))
            case Run(root=True, argv=(program, *words)):
                found |= {(str(seconds_of(source)), f"{place}/{program}", *words) for place in ("/usr/bin", "/usr/sbin")}
            case _:
                pass
    return tuple(("/usr/bin/timeout", "-s", "KILL", *words) for words in sorted(found))


def line(words: Sequence[str]) -> str:
    r"""Write a command as sudoers(5) has it.

    It is read twice: the file's reader takes the backslash from ``: , = #`` and blanks and from itself, and leaves it before what
    fnmatch(3) knows, which then takes it. So a backslash is written four times.
    """
    return " ".join(re.sub(r"([*?\[\]!^:,=# \t])", r"\\\1", word.replace("\\", "\\" * 4)) for word in words)


def sudoers(user: str, sources: Iterable[Source], version: str) -> str:
    """Write the file for /etc/sudoers.d that lets ``user`` read what the sources need root for, and nothing else."""
    commands = permitted(sources)
    lines = [
        f"# Tenken {version}: 点検用アカウント {user} が sudo で読むもののすべて。書き込む命令はない。",
        f"# Tenken {version}: all that the account {user} may read by sudo. No command writes.",
        "# /etc/sudoers.d/tenken (mode 0440);  visudo -cf FILE",
        f'Defaults:{user} !requiretty, env_reset, secure_path="{SECURE_PATH}"',
    ]
    lines += [f"{user} ALL=(root) NOPASSWD: {line(words)}" for words in commands]
    return "\n".join(lines) + "\n"
