"""The probe that looks at a TLS service: which addresses, side by side, the fact. What is done at one of them stands in ``tls_survey``."""

from __future__ import annotations

from datetime import UTC

from scanner.facts.tls import TlsSurvey
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address, service_addresses, together
from scanner.probes.tls_issuers import Issuers
from scanner.probes.tls_survey import survey_address, unobserved
from scanner.probes.tls_talk import Talker

MOST_ADDRESSES = 8


@probe(limit=150.0)
async def tls_survey(service: Service, net: Net) -> TlsSurvey:
    """See what each address of the service agrees to. Raises ``CannotObserve`` where nothing could be seen at any of them."""
    addresses = await service_addresses(service, net)
    at = net.now().astimezone(UTC)
    name = "" if is_address(service.host) else service.host
    seen = await together(
        survey_address(Talker(net, name, each, service.port, service.protocol), at) for each in addresses[:MOST_ADDRESSES]
    )
    issuers = Issuers(net, at)
    seen = [await issuers.complete(each) for each in seen]
    nothing = unobserved(seen)
    if nothing is not None:
        raise nothing.error()
    return TlsSurvey(
        name=name,
        port=service.port,
        protocol=service.protocol,
        at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        addresses=tuple(seen),
        left_out=max(0, len(addresses) - MOST_ADDRESSES),
    )
