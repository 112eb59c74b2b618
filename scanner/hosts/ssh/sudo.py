"""What is read by ``sudo``: the fixed argument lists, for the batch and for the sudoers file that permits exactly them.

Wildcards in sudoers(5) match spaces and slashes too, so there are none: every argument is written out and escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from scanner.hosts.base import Files, Names, Run, Source
from scanner.hosts.secrets import CUTS
from scanner.hosts.ssh.search import Search, levels, pattern_of, printing, searches, wild

FIND_SECONDS = 20
FILE_SECONDS = 10  # written in far.sh as well
SECURE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where root looks for programs that a command starts: never in places of the account's own."""


def listing(search: Search) -> tuple[str, ...]:
    """Give the command that lists what a search finds, with states."""
    return (str(FIND_SECONDS), *search.listing())


def contents(source: Files) -> tuple[str, ...]:
    """Give the command that prints the files that fit a pattern."""
    return (str(FIND_SECONDS), *printing(source))


def cutter(path: str) -> tuple[str, ...]:
    """Give the words of the program that cuts the secrets of a file, without its path; empty where there are none."""
    how = CUTS.get(path)
    return how.argv if how else ()


def one(source: Files) -> tuple[str, ...]:
    """Give the command that prints one file."""
    cut = cutter(source.pattern)
    words = (f"/usr/bin/{cut[0]}", *cut[1:]) if cut else ("/usr/bin/head", "-c", str(source.limit + 1))
    return (str(FILE_SECONDS), *words, "--", source.pattern)


def seconds_of(run: Run) -> int:
    """Give the whole seconds that a command may take."""
    return max(1, -(-int(run.seconds * 1000) // 1000))


class Permitted:
    """What may be read by ``sudo`` on a machine whose sudoers file was printed for these sources.

    A search serves all sources below its directory, so its words follow from all of them, whichever a look needs.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._searches = searches(sources)

    def search(self, source: Files | Names) -> Search:
        """Give the search that lists what the source asks for."""
        pattern = pattern_of(source)
        return self._searches.get(pattern) or Search(levels(pattern)[0], (pattern,))

    def lines(self, sources: Iterable[Source]) -> tuple[tuple[str, ...], ...]:
        """Give every command line, as words, that the given sources need ``sudo`` for; sorted, each once.

        Programs of ``Run`` are looked for in /usr/sbin and /usr/bin; a line for a program that is not there permits nothing.
        """
        found: set[tuple[str, ...]] = set()
        for source in sources:
            match source:
                case Files(root=True, pattern=pattern) if wild(pattern):
                    found |= {listing(self.search(source)), contents(source)}
                case Files(root=True):
                    found.add(one(source))
                case Names(root=True):
                    found.add(listing(self.search(source)))
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


def sudoers(user: str, commands: Iterable[Sequence[str]], version: str) -> str:
    """Write the file for /etc/sudoers.d that lets ``user`` run these commands, and nothing else."""
    lines = [
        f"# Tenken {version}: 点検用アカウント {user} が sudo で読むもののすべて。書き込む命令はない。",
        f"# Tenken {version}: all that the account {user} may read by sudo. No command writes.",
        "# /etc/sudoers.d/tenken (mode 0440);  visudo -cf FILE",
        f'Defaults:{user} !requiretty, env_reset, secure_path="{SECURE_PATH}"',
    ]
    lines += [f"{user} ALL=(root) NOPASSWD: {line(words)}" for words in commands]
    return "\n".join(lines) + "\n"
