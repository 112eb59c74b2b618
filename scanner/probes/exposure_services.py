"""Names the services that were found listening at a host and that the ledger does not list, so that they are judged as services too.

Nothing is sent here. What is listed is a target of its own, and is not named a second time.
"""

from __future__ import annotations

from scanner.facts.exposure import HostListeners, Listener, Speaks, Spoken, Trait, UnlistedServices
from scanner.facts.ledger import DeclaredHost
from scanner.model.fact import Unobserved
from scanner.model.target import Host, Service
from scanner.net.net import Net
from scanner.probes.base import probe
from scanner.probes.dns_asking import is_address

MOST_SERVICES = 12
"""Of one host: each is looked at as long as a listed one."""
_BY_ANSWER = {
    Speaks.SSH: "ssh",
    Speaks.SMTP: "smtp",
    Speaks.IMAP: "imap",
    Speaks.POP3: "pop3",
    Speaks.FTP: "ftp",
    Speaks.LDAP: "ldap",
    Speaks.POSTGRESQL: "postgresql",
    Speaks.MYSQL: "mysql",
    Speaks.RDP: "rdp",
}
_CHANGING = frozenset({Speaks.FTP, Speaks.LDAP, Speaks.POSTGRESQL, Speaks.MYSQL, Speaks.RDP})
"""Of these only the TLS is looked at, and so only where they offer it."""
_BY_NUMBER = {465: "submissions", 636: "ldaps", 993: "imaps", 995: "pop3s", 5986: "https", 6443: "https", 10250: "https"}
"""Ports that wait for a TLS hello and were not spoken to: what they are shows in the TLS survey."""
SUBMISSION_PORT = 587


@probe(limit=10.0)
async def unlisted_services(host: Host, net: Net, listeners: HostListeners | Unobserved, ledger: DeclaredHost) -> UnlistedServices:
    """Give them in the order of addresses and ports, at most ``MOST_SERVICES``. Where no listener is known, none is named."""
    if isinstance(listeners, Unobserved):  # the checks of ports say so
        return UnlistedServices(())
    found: dict[Service, None] = {}
    for listener in listeners.listeners:
        if isinstance(listener.seen, Spoken) and not _listed(ledger, listener) and (protocol := _protocol(listener.port, listener.seen)):
            found[_service(host, ledger, listener, protocol)] = None
    services = tuple(found)
    return UnlistedServices(tuple(service.key for service in services[:MOST_SERVICES]), max(0, len(services) - MOST_SERVICES))


def _listed(ledger: DeclaredHost, listener: Listener) -> bool:
    return any(s.tcp and s.port == listener.port and s.address in {"", listener.address} for s in ledger.services or ())


def _protocol(port: int, seen: Spoken) -> str:
    if seen.speaks is Speaks.UNKNOWN:
        return _BY_NUMBER.get(port, "")
    if seen.speaks is Speaks.HTTP:
        return "https" if Trait.TLS in seen.traits else ""
    if seen.speaks in _CHANGING and not {Trait.TLS, Trait.NLA} & set(seen.traits):
        return ""
    protocol = _BY_ANSWER.get(seen.speaks, "")
    return "submission" if protocol == "smtp" and port == SUBMISSION_PORT else protocol


def _service(host: Host, ledger: DeclaredHost, listener: Listener, protocol: str) -> Service:
    """Write the service as the ledger would: with an address only where the name does not lead there."""
    if is_address(host.name):
        return Service(listener.address, listener.port, protocol)
    return Service(host.name, listener.port, protocol, listener.address if ledger.addresses else "")
