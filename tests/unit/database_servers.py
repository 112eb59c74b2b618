"""The one database server that the collector sees on a machine. No expectation stands here."""

from __future__ import annotations

from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer
from scanner.hosts.linux.database_programs import database_configuration
from tests.unit.host_trees import Machine


def only_server(read: Machine) -> DatabaseServer:
    """Give the server; there is one, and nothing was left unseen beside it."""
    fact = database_configuration.run(read)
    assert isinstance(fact, DatabaseConfiguration)
    assert fact.unseen is None
    (found,) = fact.servers
    return found
