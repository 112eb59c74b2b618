"""Asks a web server what readers never ask: methods, a stranger's origin, pages that are missing, requests that are malformed.

Only methods that change nothing are sent. What PUT and DELETE would do is told by the list of methods that the server itself names.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from scanner.facts.web_server import WebError, WebMethod, WebMethods, WebMethodsAddress
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, service_addresses, together
from scanner.probes.web_talk import MOST_ADDRESSES, Caller, Place, Site
from scanner.probes.web_visit import text_of
from scanner.wire.web import marks
from scanner.wire.web.http1 import Answer

S = TypeVar("S")
BODY = 64 * 1024
ORIGIN = "https://tenken.invalid"
MARK = "X-Tenken-Trace"
_METHOD = re.compile(r"[A-Z][A-Z-]{1,20}\Z")


@probe(limit=120.0)
async def web_methods(service: Service, net: Net) -> WebMethods:
    """See every address, over HTTPS where it answers there, else over plain HTTP."""
    site = Site.of(service)
    addresses = await service_addresses(service, net)
    seen = await together(_address(net, site, address) for address in addresses[:MOST_ADDRESSES])
    return WebMethods(tuple(protocol for protocols in seen for protocol in protocols), max(0, len(addresses) - MOST_ADDRESSES))


async def open_side(net: Net, site: Site, address: str) -> tuple[Place, Answer]:
    """Give the side of an address that answers, HTTPS first, and its answer to the start page. Raises ``CannotObserve``."""
    unseen: CannotObserve | None = None
    for tls in (True, False):
        place = site.place(address, tls=tls)
        if not place.port:
            continue
        try:
            async with Caller(net, place) as caller:
                return place, await caller.ask("/", limit=BODY)
        except CannotObserve as why:
            unseen = unseen or why
            if why.reason in {Reason.OUT_OF_SCOPE, Reason.BUDGET_SPENT}:
                break
    assert unseen is not None
    raise unseen


async def both_protocols(net: Net, place: Place, see: Callable[[Caller], Awaitable[S]], unseen: Callable[[Unobserved], S]) -> tuple[S, ...]:
    """See a side over HTTP/1.1, and over HTTP/2 where it is chosen; `unseen` says that nobody knows whether it is."""
    async with Caller(net, place) as caller:
        usual = await see(caller)
    if not place.tls:
        return (usual,)
    async with Caller(net, place, over_http2=True) as caller:
        chosen = await part(caller.chooses_http2())
        if isinstance(chosen, Unobserved):
            return usual, unseen(chosen)
        return (usual, await see(caller)) if chosen else (usual,)


async def _address(net: Net, site: Site, address: str) -> tuple[WebMethodsAddress, ...]:
    side = await part(open_side(net, site, address))
    if isinstance(side, Unobserved):
        return (WebMethodsAddress(address, side),)
    place, _ = side
    return await both_protocols(
        net, place, lambda caller: _asked(caller, net), lambda why: WebMethodsAddress(address, why, over_http2=True)
    )


async def _asked(caller: Caller, net: Net) -> WebMethodsAddress:
    address = caller.place.address
    secret = f"{net.rng.getrandbits(64):016x}"
    methods = [
        await part(_method(caller, "OPTIONS")),
        await part(_method(caller, "TRACE", (MARK, secret))),
        await part(_method(caller, "PROPFIND", ("Depth", "0"))),
        await part(_method(caller, "TENKEN")),
        # Where "/" is mapped to an index file, Apache shows WebDAV everywhere but there.
        await part(_method(caller, "OPTIONS", path=f"/tenken-{net.rng.getrandbits(48):012x}/")),
    ]
    errors = [await part(_error(caller, "missing", f"/tenken-{net.rng.getrandbits(48):012x}.html"))]
    if not caller.over_http2:  # where a malformed request need not be answered (RFC 9113 section 8.1.1)
        errors.append(await part(_error(caller, "malformed", "/%")))
    foreign = await part(caller.ask("/", more=[("Origin", ORIGIN)], limit=BODY))
    if isinstance(foreign, Unobserved):
        return WebMethodsAddress(address, tuple(methods), tuple(errors), foreign, over_http2=caller.over_http2)
    return WebMethodsAddress(
        address,
        tuple(methods),
        tuple(errors),
        (foreign.header("access-control-allow-origin") or "")[:100],
        (foreign.header("access-control-allow-credentials") or "").lower() == "true",
        over_http2=caller.over_http2,
    )


async def _method(caller: Caller, method: str, more: tuple[str, str] | None = None, path: str = "/") -> WebMethod:
    answer = await caller.ask(path, method=method, more=[more] if more else [], limit=BODY)
    named = [word.strip().upper() for value in answer.all("allow") for word in value.split(",")]
    return WebMethod(
        method,
        answer.status,
        tuple(dict.fromkeys(word for word in named if _METHOD.match(word)))[:30],
        "".join(c if c.isprintable() else " " for c in answer.header("dav") or "")[:60],
        more is not None and answer.status == 200 and more[1].encode() in answer.body,
        path,
    )


async def _error(caller: Caller, cause: str, target: str) -> WebError:
    answer = await caller.ask(target, limit=BODY)
    text = text_of(answer) or ""
    trace = marks.find(marks.ERRORS, text)
    server = "".join(c if c.isprintable() else " " for c in answer.header("server") or "")[:100]
    return WebError(cause, answer.status, marks.versions(text), trace.name if trace else "", server)
