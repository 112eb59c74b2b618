"""Probe for what authorities say of a service's own certificates, over OCSP and by revocation list. Staples come with the handshake.

Authorities are strangers to whom every question tells which server is looked at: nothing is sent unless the scope grants it.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator, Sequence
from urllib.parse import quote

from scanner.facts.tls import CertificateSeen, CertificateStatus, ChainSeen, Revocation, RevocationSeen, TlsRevocation, TlsSurvey
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import HttpReply, Net, Post
from scanner.net.scope import Purpose
from scanner.probes.base import probe
from scanner.wire.x509 import Certificate, answer, question, recall, revocation_list
from scanner.wire.x509.crl import LARGEST as LARGEST_LIST
from scanner.wire.x509.ocsp import LARGEST as LARGEST_ANSWER
from scanner.wire.x509.ocsp import issuer_among

MOST_CERTIFICATES = 8
MOST_PLACES = 2
"""URLs of one kind that are tried for one certificate."""
SECONDS_ANSWER = 5.0
SECONDS_LIST = 15.0
_HTTP_OK = 200
_SCHEMES = ("http://", "https://")
_NO_POST = (400, 404, 405, 501)
"""How a responder that knows no POST may answer one."""


@probe(limit=45.0)
async def tls_revocation(service: Service, net: Net, survey: TlsSurvey) -> TlsRevocation:
    """Ask the authorities of the service's certificates. A way that the scope does not grant is ``Unobserved(OUT_OF_SCOPE)``."""
    found: list[CertificateStatus] = []
    for own, chain in _own_certificates(survey):
        if len(found) == MOST_CERTIFICATES:
            missing = Unobserved(Reason.BUDGET_SPENT, f"more than {MOST_CERTIFICATES} certificates")
            found.append(CertificateStatus(own.sha256, missing, missing))
            break
        found.append(await _status(net, own, chain))
    return TlsRevocation(tuple(found))


def _own_certificates(survey: TlsSurvey) -> Iterator[tuple[CertificateSeen, ChainSeen]]:
    """Every certificate that an address showed as its own for this name, each once."""
    met: set[str] = set()
    for address in survey.addresses:
        chains = () if isinstance(address.tls, Unobserved) or isinstance(address.tls.chains, Unobserved) else address.tls.chains
        for chain in chains:
            if chain.certificates and (chain.sni or not survey.name) and chain.certificates[0].sha256 not in met:
                met.add(chain.certificates[0].sha256)
                yield chain.certificates[0], chain


async def _status(net: Net, own: CertificateSeen, chain: ChainSeen) -> CertificateStatus:
    certificate = recall(own.sha256)
    if certificate is None:
        gone = Unobserved(Reason.STALE, "the certificate's octets are no longer at hand")
        return CertificateStatus(own.sha256, gone if own.ocsp_urls else None, gone if own.crl_urls else None)
    others = [one for seen in chain.certificates[1:] if (one := recall(seen.sha256)) is not None]
    issuer = issuer_among(certificate, others, net.roots())
    return CertificateStatus(
        own.sha256,
        await _first(lambda url: _over_ocsp(net, url, certificate, issuer), own.ocsp_urls),
        await _first(lambda url: _by_list(net, url, certificate, issuer), own.crl_urls),
    )


async def _first(ask: Callable[[str], Awaitable[RevocationSeen]], urls: Sequence[str]) -> RevocationSeen | Unobserved | None:
    """Ask one place after the other until one tells something that counts; else give what came last, ``None`` without any place."""
    last: RevocationSeen | Unobserved | None = None
    if urls and not (urls := [url for url in urls if url.lower().startswith(_SCHEMES)]):
        return Unobserved(Reason.UNSUPPORTED, "the certificate names no place that can be asked over HTTP")
    for url in urls[:MOST_PLACES]:
        try:
            said = await ask(url)
        except CannotObserve as why:
            last = Unobserved(why.reason, why.detail)
            continue
        if said.signed_by_issuer and said.state is not Revocation.UNKNOWN:
            return said
        last = said
    return last


async def _over_ocsp(net: Net, url: str, certificate: Certificate, issuer: Certificate | None) -> RevocationSeen:
    if issuer is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{url}: the issuer's certificate is not at hand, without which nobody can be asked")
    asked = question(certificate, issuer)
    reply = await _fetch(net, url, LARGEST_ANSWER, SECONDS_ANSWER, Post(asked, "application/ocsp-request"))
    if reply.status in _NO_POST:
        written = quote(base64.b64encode(asked).decode("ascii"), safe="")  # RFC 6960 appendix A.1
        reply = await _fetch(net, f"{url.rstrip('/')}/{written}", LARGEST_ANSWER, SECONDS_ANSWER)
    return answer(_body(url, reply), certificate, issuer)


async def _by_list(net: Net, url: str, certificate: Certificate, issuer: Certificate | None) -> RevocationSeen:
    return revocation_list(_body(url, await _fetch(net, url, LARGEST_LIST, SECONDS_LIST)), certificate, issuer)


async def _fetch(net: Net, url: str, limit: int, seconds: float, post: Post | None = None) -> HttpReply:
    return await net.fetch(url, limit=limit, seconds=seconds, purpose=Purpose.REVOCATION, post=post)


def _body(url: str, reply: HttpReply) -> bytes:
    if reply.certificate_problem is not None:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{url}: the certificate of the authority's server: {reply.certificate_problem}")
    if reply.truncated:
        raise CannotObserve(Reason.TOO_LARGE, f"{url}: more than {len(reply.body)} octets")
    if reply.status != _HTTP_OK:
        raise CannotObserve(Reason.SERVER_FAILURE, f"{url}: status {reply.status}")
    return reply.body
