"""Entries that misbehave. What each does stands in ``servers/odd.py``; the expectations are the tests' own."""

from __future__ import annotations

import json

from tests.lab.tls_zoo import world
from tests.lab.tls_zoo.entry import SERVERS, Entry, Place, Program

BEHAVIOURS = {
    "silent": "accepts and says nothing",
    "mute": "reads the hello and says nothing",
    "half-close": "ends its own direction at once",
    "reset": "resets when the hello has come",
    "close": "closes when the hello has come",
    "drip": "a good answer, one octet a second",
    "http": "HTTP without TLS",
    "ssh": "speaks first, and no TLS",
    "noise": "octets without sense",
    "endless-records": "a message in records of one octet that never ends",
    "endless-hellos": "HelloRequest for ever",
    "huge-certificate": "a Certificate message of 16 megabytes",
    "no-sni": "answers only without a server name",
    "only-sni": "answers only with a server name",
    "intolerant": "closes on long hellos and on whatever is newer than TLS 1.2",
}


def _start(place: Place) -> list[Program]:
    behind = place.neighbours["nginx-modern"]
    config = [
        (behaviour, address, 443, behind[family])
        for behaviour in BEHAVIOURS
        for family, address in enumerate(place.neighbours[f"odd-{behaviour}"])
    ]
    config += [("silent", address, 443, "") for address in world.DEAF]
    return [Program(["python3", SERVERS / "odd.py", place.write("config.json", json.dumps(config))])]


ENTRIES: tuple[Entry, ...] = tuple(
    Entry(f"odd-{behaviour}", about, _start if behaviour == "silent" else None, certificates=()) for behaviour, about in BEHAVIOURS.items()
)
"""One process plays all of them."""
