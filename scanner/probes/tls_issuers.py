"""Intermediates that a server does not send, fetched from where the certificate below says (AIA, RFC 5280 section 4.2.2.1).

Authorities are strangers: nothing is fetched unless the scope grants it. What was fetched stands apart, as most clients do not fetch.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from scanner.facts.tls import AddressSeen, ChainSeen, Path
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve
from scanner.net.net import Net
from scanner.net.scope import Purpose
from scanner.wire.x509 import Certificate, NotCertificate, bundled, dead_end, parse, path, recall
from scanner.wire.x509.distinguished import same_name
from scanner.wire.x509.signature import Checked

MOST_FETCHED = 3
"""Certificates fetched for one chain; public authorities have one or two between a server and a root."""
MOST_PLACES = 2
"""URLs that are tried for one certificate."""
MOST_ASKED = 8
"""URLs that are tried for one service: certificates that name slow places without end would cost the whole survey."""
LARGEST = 256 * 1024
SECONDS = 5.0
_HTTP_OK = 200
_TRUSTED = (Path.PUBLIC, Path.ORGANISATION)


class Issuers:
    """The certificates of authorities that one survey has fetched, each place asked once."""

    def __init__(self, net: Net, at: datetime) -> None:
        self._net = net
        self._at = at
        self._got: dict[str, tuple[bytes, ...]] = {}

    async def complete(self, address: AddressSeen) -> AddressSeen:
        """Give what was seen of an address, with what was fetched for chains that end in the middle and so come to a trusted root."""
        tls = address.tls
        if isinstance(tls, Unobserved) or isinstance(tls.chains, Unobserved):
            return address
        chains = tuple([await self._completed(chain) if chain.path.end is Path.INCOMPLETE else chain for chain in tls.chains])
        return address if chains == tls.chains else replace(address, tls=replace(tls, chains=chains))

    async def _completed(self, chain: ChainSeen) -> ChainSeen:
        sent = [certificate.der for seen in chain.certificates if (certificate := recall(seen.sha256)) is not None]
        if len(sent) < len(chain.certificates):
            return chain  # octets that are no certificate, or so many that they are no longer at hand
        known, places, way = list(sent), list[str](), chain.path
        while way.end is Path.INCOMPLETE and len(places) < MOST_FETCHED:
            found = await self._issuer(dead_end(known))
            if found is None:
                return chain
            place, der = found
            places.append(place)
            known.append(der)
            way = path(known, self._net.roots(), self._at)
        if way.end not in _TRUSTED or any(place >= len(sent) for place in way.expired):
            return chain
        extra = tuple(place for place in way.extra if place < len(sent))
        return replace(chain, path=replace(way, in_order=chain.path.in_order, extra=extra, fetched=tuple(places)))

    async def _issuer(self, below: Certificate) -> tuple[str, bytes] | None:
        for url in [url for url in below.issuer_urls if url.lower().startswith(("http://", "https://"))][:MOST_PLACES]:
            if url not in self._got and len(self._got) < MOST_ASKED:
                self._got[url] = await self._fetch(url)
            for der in self._got.get(url, ()):
                try:
                    issuer = parse(der)
                except NotCertificate:
                    continue
                if same_name(issuer.subject, below.issuer) and below.signed_by(issuer) is Checked.HOLDS:
                    return url, der
        return None

    async def _fetch(self, url: str) -> tuple[bytes, ...]:
        try:
            reply = await self._net.fetch(url, limit=LARGEST, seconds=SECONDS, purpose=Purpose.REVOCATION)
        except CannotObserve:
            return ()  # the chain stays what it is: incomplete
        whole = reply.status == _HTTP_OK and not reply.truncated and reply.certificate_problem is None
        return bundled(reply.body) if whole else ()
