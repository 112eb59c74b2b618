"""Which web sites a domain has. What they show is in ``web_entry`` and its neighbours, and in ``tls``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scanner.model.fact import Fact, Unobserved
from scanner.model.target import Kind, Service

HTTPS_PORT = 443
HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class WebSite:
    """A name that may be a web site's. ``https`` and ``http``: whether some address takes connections at that port; false: all refuse."""

    name: str
    https: bool | Unobserved
    http: bool | Unobserved


@dataclass(frozen=True, slots=True)
class WebSites(Fact):
    """The web sites that go with a domain by custom: at its own name and at ``www``. Names without addresses are left out.

    ``declared`` repeats from the ledger whether a site for the public is served under the domain's name.
    """

    of: ClassVar[Kind] = Kind.DOMAIN
    leads_to: ClassVar[tuple[Kind, ...]] = (Kind.TLS_SERVICE, Kind.WEB_SERVICE)

    sites: tuple[WebSite, ...]
    declared: bool | None = None

    def leads(self) -> tuple[Service, ...]:
        """The sites: those that were met, and where the ledger declares one also those that could not be seen.

        The HTTPS service stands for the whole site. One that has plain HTTP and certainly no HTTPS is an HTTP service.
        """
        secure = [
            Service(site.name, HTTPS_PORT, "https")
            for site in self.sites
            if site.https is True or (self.declared is True and isinstance(site.https, Unobserved))
        ]
        plain = [Service(site.name, HTTP_PORT, "http") for site in self.sites if site.https is False and site.http is True]
        return (*secure, *plain)
