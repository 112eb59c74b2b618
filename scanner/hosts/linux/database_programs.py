"""The collector for the configuration of database servers; how each program means its files is in the module of its name."""

from __future__ import annotations

from functools import partial

from scanner.facts.database_configuration import DatabaseConfiguration
from scanner.hosts.base import Files, Reader, collector
from scanner.hosts.linux import database_accounts, mariadb, memcached, postgresql, redis
from scanner.hosts.linux.base import processes, seen
from scanner.hosts.linux.services import PROCESSES, UNITS
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    Files("/etc/passwd", limit=10_000_000),
    *postgresql.PLACES,
    *mariadb.SOURCES,
    *redis.SOURCES,
    *memcached.SOURCES,
    *database_accounts.SOURCES,
)
def database_configuration(read: Reader) -> DatabaseConfiguration:
    """See what the configurations say; each server that is installed stands for itself."""
    running = processes(read)
    parts = [seen(partial(look, read, running)) for look in (postgresql.clusters, mariadb.servers, redis.redis, memcached.memcached)]
    found = [one for part in parts for one in ((part,) if isinstance(part, Unobserved) else part)]
    unseen = next((one for one in found if isinstance(one, Unobserved)), None)
    return DatabaseConfiguration(tuple(one for one in found if not isinstance(one, Unobserved)), unseen)
