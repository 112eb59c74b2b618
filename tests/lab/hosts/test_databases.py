"""Database and directory servers are seen over SSH as from within, where only root reads their files; without sudo nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scanner.facts.database_configuration import DatabaseConfiguration
from scanner.facts.directory_configuration import DirectoryConfiguration
from scanner.hosts.linux.database_programs import database_configuration
from scanner.hosts.linux.directory_programs import directory_configuration
from scanner.hosts.ssh import sudo
from scanner.hosts.ssh.session import ROUNDS
from scanner.model.fact import Observed, Unobserved
from tests.lab.hosts.lab import HostsLab
from tests.lab.hosts.test_ssh import Place

pytestmark = pytest.mark.lab
BOTH = (database_configuration, directory_configuration)
FILE = "/etc/sudoers.d/databases"


@pytest.fixture
def place(hosts_lab: HostsLab) -> Iterator[Place]:
    found = Place(hosts_lab, hosts_lab.machines["servers-kept"])
    text = sudo.sudoers("audit", [source for collector in BOTH for source in collector.sources], "test")
    found.inside(f"cat > {FILE}; chmod 440 {FILE}; visudo -c -q", text)
    yield found
    found.inside(f"rm {FILE}")


def test_with_sudo_everything_is_seen_in_three_rounds_and_without_it_nothing_is_guessed(place: Place) -> None:
    seen, machine = place.see(replace(place.login, sudo=True), BOTH)
    assert machine.counts["rounds"] <= ROUNDS
    reader = place.machine.reader()
    inside = {DatabaseConfiguration: database_configuration.run(reader), DirectoryConfiguration: directory_configuration.run(reader)}
    assert {kind: found.fact for kind, found in seen.items() if isinstance(found, Observed)} == inside
    bare, _ = place.see(place.login, BOTH)
    facts = {kind: found.fact for kind, found in bare.items() if isinstance(found, Observed)}
    databases, directories = facts[DatabaseConfiguration], facts[DirectoryConfiguration]
    assert isinstance(databases, DatabaseConfiguration)
    assert isinstance(databases.servers[0].tls, Unobserved)
    assert isinstance(directories, DirectoryConfiguration)
    assert not isinstance(directories.servers, Unobserved)
    assert isinstance(directories.servers[0].directories, Unobserved)
