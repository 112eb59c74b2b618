"""Facts of zones for the cases: a well-kept zone, and functions that change one thing about it. No case stands here."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.dns import (
    AnswerSeen,
    Delegation,
    EdnsHandling,
    EdnsSeen,
    Glue,
    NameServer,
    ParentView,
    ServerContent,
    ServerView,
    SizeSeen,
    SoaAnswer,
    SoaTimers,
    ZoneServers,
)
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason

ZONE = "kakuu.lg.jp"
NS1, NS2 = "ns1.kakuu.lg.jp", "ns2.example.jp"
A1, A2, B1, B2 = "192.0.2.53", "198.51.100.53", "2001:db8:a::53", "2001:db8:b::53"
SILENT = Unobserved(Reason.TIMEOUT, "no answer")
SHUT = Unobserved(Reason.REFUSED, "connection refused")
OUT = Unobserved(Reason.OUT_OF_SCOPE, "not in scope")

SOA = SoaTimers(serial=2026112201, refresh=3600, retry=900, expire=1209600, minimum=300)
GOOD = SoaAnswer("NOERROR", True, SOA)
LAME = SoaAnswer("REFUSED", False, None)
TRUNCATED = SoaAnswer("NOERROR", True, None, truncated=True)
EDNS = EdnsSeen(EdnsHandling.SUPPORTED, 1232)


def view(name: str, address: str, **changed: object) -> ServerView:
    """One server address that does everything right, but for what is changed."""
    return replace(ServerView(name, address, GOOD, GOOD, EDNS), **changed)  # type: ignore[arg-type]  # a test's shorthand


ANSWERS = (AnswerSeen(ZONE, "A", "found", "aa"), AnswerSeen(ZONE, "MX", "found", "bb"))


def content(name: str, address: str, **changed: object) -> ServerContent:
    """What one server holds, but for what is changed."""
    good = ServerContent(name, address, (NS1, NS2), ANSWERS, None, SizeSeen("DNSKEY", 40, 600, False), SizeSeen("ANY", 40, 500, False))
    return replace(good, **changed)  # type: ignore[arg-type]  # a test's shorthand


VIEWS = (view(NS1, A1), view(NS1, B1), view(NS2, A2), view(NS2, B2))
CONTENTS = (content(NS1, A1), content(NS2, A2))
KEPT = ZoneServers(ZONE, True, VIEWS, CONTENTS)
ABSENT = ZoneServers("lg.jp", False, (), ())
DEAD = ZoneServers(
    ZONE, True, (view(NS1, A1, udp=SILENT, tcp=SILENT, edns=SILENT),), (content(NS1, A1, names=SILENT, answers=(), missing=SILENT),)
)
NOWHERE = ZoneServers(ZONE, True, (), (), (NameServer(NS1, ()),))
UNFOUND = ZoneServers(ZONE, True, (), (), (NameServer(NS1, SILENT),))


def zone(*views: ServerView, contents: tuple[ServerContent, ...] = CONTENTS, **changed: object) -> ZoneServers:
    """The kept zone with other views."""
    return replace(KEPT, views=views, contents=contents, **changed)  # type: ignore[arg-type]  # a test's shorthand


GLUE = (Glue(NS1, A1), Glue(NS1, B1))
PARENT = ParentView("a.dns.jp", "192.0.2.1", (NS1, NS2), GLUE)
SERVERS = (NameServer(NS1, (A1, B1)), NameServer(NS2, (A2, B2)))
TREE = Delegation(ZONE, True, ZONE, "lg.jp", (PARENT,), (NS1, NS2), SERVERS)
NO_TREE = Delegation("nothing.lg.jp", False, "lg.jp", "jp", (), ("a.dns.jp",), ())


def tree(**changed: object) -> Delegation:
    """The kept delegation, but for what is changed."""
    return replace(TREE, **changed)  # type: ignore[arg-type]  # a test's shorthand


def parent(*names: str, glue: tuple[Glue, ...] = GLUE) -> ParentView:
    """A parent's view of other names."""
    return ParentView("a.dns.jp", "192.0.2.1", names, glue)
