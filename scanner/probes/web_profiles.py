"""Gets the pages of the profiles in social media that the ledger lists for a site, where the scope allows those hosts: the links back.

One GET for each profile, over HTTPS, without following redirects. A host that the scope does not name is not asked.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from scanner.facts.ledger import DeclaredWebService
from scanner.facts.web_content import WebProfile, WebProfiles, WebProfileSeen
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import part, together

MOST_PROFILES = 20
MOST_OCTETS = 4 * 1024 * 1024
"""Pages of social media are programs for the greater part; what they say of the account often stands at the end."""
SECONDS = 15.0


@probe(limit=120.0)
async def web_profiles(service: Service, net: Net, ledger: DeclaredWebService) -> WebProfiles:
    """See each profile once, at most ``MOST_PROFILES`` of them."""
    listed = ledger.profiles or ()
    name = re.compile(rb"(?<![a-z0-9_-])" + re.escape(service.host.removeprefix("www.").encode("ascii")) + rb"(?![a-z0-9_-]|\.[a-z0-9])")
    seen = await together(part(_profile(url, name, net)) for url in listed[:MOST_PROFILES])
    found = tuple(WebProfileSeen(url, page) for url, page in zip(listed, seen, strict=False))
    return WebProfiles(found, max(0, len(listed) - MOST_PROFILES))


async def _profile(url: str, name: re.Pattern[bytes], net: Net) -> WebProfile:
    reply = await net.fetch(url, limit=MOST_OCTETS, seconds=SECONDS)
    if reply.certificate_problem:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{url}: {reply.certificate_problem}")
    # The name itself has no character that HTML, JSON or a URL writes in another way; a slash before it may be written so.
    octets = unquote_to_bytes(reply.body).lower().replace(rb"\u002f", b"/")
    return WebProfile(reply.status, name.search(octets) is not None)
