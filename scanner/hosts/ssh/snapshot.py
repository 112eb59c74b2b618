"""The reader of a far machine: it answers from what was gathered, and notes what a collector asked beyond that."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.hosts.base import LIMIT, CommandOutput, FileKind, FileState, Run
from scanner.hosts.keeping import Keeping
from scanner.hosts.linux.base import needed
from scanner.hosts.ssh.answer import Gathered
from scanner.hosts.ssh.batch import Request, Wanted
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason


class SnapshotReader(Keeping):
    """A ``Reader`` for one collector. What is not known is noted in ``missed`` and answered as "not there" for the moment, so that
    the outcome has to be thrown away; where nothing more can be asked, ``over`` says why and is raised instead."""

    live = True

    def __init__(self, gathered: Gathered, over: Unobserved | None) -> None:
        super().__init__()
        self._gathered = gathered
        self._over = over
        self.missed: dict[Request, None] = {}

    def file(self, path: str, *, limit: int = LIMIT) -> bytes | None:
        """Give a file's bytes; see ``Reader.file``."""
        place = self._gathered.canonical(path)
        known = self._gathered.contents.get(place)
        if known is not None:
            asked, content = known
            larger = isinstance(content, Unobserved) and content.reason is Reason.TOO_LARGE and limit > asked
            if not larger:
                data = needed(content)
                if data is not None and len(data) > limit:
                    raise CannotObserve(Reason.TOO_LARGE, f"{path!r}: more than {limit} octets")
                return data
        elif self._is_absent(place) or "\0" in path:
            return None
        elif isinstance(state := self._gathered.states.get(place), FileState) and state.kind is FileKind.DIRECTORY:
            raise CannotObserve(Reason.UNSUPPORTED, f"{path!r}: directory where a file is expected")
        self._miss(Wanted("file", place, limit))
        return None

    def names(self, directory: str) -> tuple[str, ...] | None:
        """Give the names in a directory; see ``Reader.names``."""
        place = self._gathered.canonical(directory)
        if place in self._gathered.listings:
            return needed(self._gathered.listings[place])
        state = self._gathered.states.get(place)
        known_otherwise = isinstance(state, FileState) and state.kind not in {FileKind.DIRECTORY, FileKind.LINK}
        if known_otherwise or self._is_absent(place) or "\0" in directory:
            return None
        self._miss(Wanted("names", place))
        return None

    def state(self, path: str) -> FileState | None:
        """Give the state of a path; see ``Reader.state``."""
        place = self._gathered.canonical(path)
        if place in self._gathered.states:
            return needed(self._gathered.states[place])
        if not self._is_absent(place) and "\0" not in path:
            self._miss(Wanted("state", place))
        return None

    def command(self, argv: Sequence[str], *, seconds: float = 10.0) -> CommandOutput | None:
        """Give a command's output; see ``Reader.command``. Its standard error is not gathered."""
        words = tuple(argv)
        if words in self._gathered.outputs:
            return needed(self._gathered.outputs[words])
        self._miss(Run(words, seconds))
        return None

    def _miss(self, request: Request) -> None:
        if self._over is not None:
            raise CannotObserve(self._over.reason, self._over.detail)
        self.missed[request] = None

    def _is_absent(self, place: str) -> bool:
        """Tell whether the path is known not to be there: from its own state, or from what is known above it."""
        gathered = self._gathered
        path = place
        while path:
            if path in gathered.states:
                state = gathered.states[path]
                if state is None:
                    return True
                if path != place and isinstance(state, FileState) and state.kind in {FileKind.FILE, FileKind.OTHER}:
                    return True
            above, _, name = path.rpartition("/")
            names = gathered.listings.get(above or "/")
            if isinstance(names, tuple) and name and name not in names:
                return True
            path = above
        unfound = (search for search in gathered.searched if place not in gathered.states and search.decides(place))
        return any(not self._by_link(place, search.base) for search in unfound)

    def _by_link(self, place: str, top: str) -> bool:
        """Tell whether a directory between ``top`` and the path is a link, behind which a search does not look."""
        path = place.rpartition("/")[0]
        while len(path) > len(top):
            state = self._gathered.states.get(path)
            if isinstance(state, FileState) and state.kind is FileKind.LINK:
                return True
            path = path.rpartition("/")[0]
        return False
