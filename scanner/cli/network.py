"""How the command line's options become the settings of the network: scope, resolvers, roots and the name it gives itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from scanner.cli import console
from scanner.ledger.inventory import Inventory
from scanner.model.target import NotATarget, domain_name
from scanner.net.budget import Allowance
from scanner.net.net import DnsServer
from scanner.net.network import Settings, agent_name
from scanner.net.pacing import Pace


def network_settings(
    inventory: Inventory, zone: str, *, resolvers: Sequence[str], ca_file: Path | None, contact: str, called: str = ""
) -> Settings:
    """Give the settings of a run; refuses addresses, files and contacts that cannot be used."""
    try:
        agent_name(contact)
    except ValueError as error:
        console.refuse(f"--contact: {error}")
    if ca_file is not None and not ca_file.is_file():
        console.refuse(f"--ca-file {ca_file}: ファイルがない / no such file")
    return Settings(
        scope=inventory.permissions.scope,
        consents=inventory.permissions.consents,
        pace=Pace(own=inventory.permissions.pace),
        allowance=_allowance(inventory),
        zone=zone,
        resolvers=tuple(_server(text) for text in resolvers),
        contact=contact,
        called=_called(called),
        ca_file=str(ca_file) if ca_file else None,
    )


def _called(name: str) -> str:
    try:
        return domain_name(name) if name else ""
    except NotATarget as error:
        console.refuse(f"--called: {error}")


def _allowance(inventory: Inventory) -> Allowance:
    usual = Allowance()
    connections = {**dict(usual.tls_connections_of), **dict(inventory.permissions.tls_connections)}
    return replace(usual, tls_connections_of=tuple(connections.items()))


def _server(text: str) -> DnsServer:
    try:
        return DnsServer("", str(ip_address(text)))
    except ValueError:
        console.refuse(f"--resolver {text}: IP アドレスではない / not an IP address")
