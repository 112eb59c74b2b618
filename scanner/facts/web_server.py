"""What a web server does beside serving its pages: methods, error pages, files and pages that are not meant for the public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind


@dataclass(frozen=True, slots=True)
class WebMethod:
    """How the server answered a method at ``path``: the start page, or a name that nobody has given out.

    ``allow`` is what it names as allowed; ``echoed``: TRACE gave back a header that we had sent.
    """

    method: str
    status: int
    allow: tuple[str, ...] = ()
    dav: str = ""
    echoed: bool = False
    path: str = "/"


@dataclass(frozen=True, slots=True)
class WebError:
    """An error page: what provoked it (missing, malformed, method), its status, and what it gives away.

    ``versions`` are products with version in its text, ``trace`` the kind of error trace, ``server`` its Server header.
    """

    cause: str
    status: int
    versions: tuple[str, ...] = ()
    trace: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class WebMethodsAddress:
    """One address, over HTTP/1.1 or over HTTP/2: where the server chooses that, the address stands twice.

    ``origin_answer`` is the Access-Control-Allow-Origin that a stranger's origin was given, ``credentials`` whether it may send cookies.
    """

    address: str
    methods: tuple[WebMethod | Unobserved, ...] | Unobserved
    errors: tuple[WebError | Unobserved, ...] = ()
    origin_answer: str | Unobserved = ""
    credentials: bool = False
    over_http2: bool = False


@dataclass(frozen=True, slots=True)
class WebMethods(Fact):
    """How every address of a site answers methods and questions that no reader has; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    addresses: tuple[WebMethodsAddress, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class WebControl:
    """How the server answered names that nobody has given out: ``statuses`` of all of them, in order."""

    statuses: tuple[int, ...]

    @property
    def tells(self) -> bool:
        """Whether missing pages are told from others by their status."""
        return bool(self.statuses) and all(status in {404, 410} for status in self.statuses)


@dataclass(frozen=True, slots=True)
class WebPath:
    """One path that was asked for, what it is a matter of, and the answer's status (0: none came).

    ``proof`` is the name of what proves that the thing is there, or empty.
    """

    path: str
    topic: str
    status: int
    proof: str = ""


@dataclass(frozen=True, slots=True)
class WebPathsAddress:
    """One address: the control, the paths asked for, and why the asking ended early, if it did.

    Where the server chooses HTTP/2 the address stands twice; over HTTP/2 only some paths of each topic are asked for.
    """

    address: str
    control: WebControl | Unobserved
    paths: tuple[WebPath, ...] = ()
    ended: Unobserved | None = None
    over_http2: bool = False


@dataclass(frozen=True, slots=True)
class WebPaths(Fact):
    """Files and pages that are not meant for publication, asked for at every address; ``left_out`` counts addresses beyond the cap."""

    of: ClassVar[Kind] = Kind.WEB_SERVICE

    addresses: tuple[WebPathsAddress, ...]
    left_out: int = 0
