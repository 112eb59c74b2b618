"""Canonical keys of targets as people write them, for whatever a person reads. The keys themselves are made in ``scanner.model.target``."""

from __future__ import annotations

import re

from scanner.model.target import WHOLE_RUN, unicode_name

_SERVICE = re.compile(r"service:(?P<host>[^=]+)(?:=(?P<address>.+))?:(?P<port>[0-9]{1,5})/(?P<protocol>[a-z0-9-]+)")


def bare(key: str) -> str:
    """Give a canonical key without its kind."""
    return key.partition(":")[2] or key


def readable(key: str) -> str:
    """Give a canonical key without its kind as people write it: ``www.example.jp:443 https``, IDN labels decoded.

    The address by which one of several servers of a name is picked follows in parentheses.
    """
    if key == WHOLE_RUN.key:
        return "全対象 / all targets"
    service = _SERVICE.fullmatch(key)
    if service is None:
        return unicode_name(bare(key))
    address = f" ({service['address'].strip('[]')})" if service["address"] else ""
    return f"{unicode_name(service['host'])}:{service['port']} {service['protocol']}{address}"
