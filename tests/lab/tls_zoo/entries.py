"""All entries of the zoo, their addresses and names. One entry is one line in a ``kinds_*`` module; nothing else has to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.lab.tls_zoo import kinds_mail, kinds_odd, kinds_openssl, kinds_own, kinds_services, world
from tests.lab.tls_zoo.certificates import DOMAIN
from tests.lab.tls_zoo.entry import Entry

FIRST_FEW = 8
LIMITS = {
    "rate-limited": "\n".join(
        f"{family} daddr {address} tcp dport 443 tcp flags & (syn | ack) == syn limit rate over 4/second burst {FIRST_FEW} packets drop"
        for family, address in (("ip", "$4"), ("ip6", "$6"))
    ),
    "refuses-later": "\n".join(
        f"{family} daddr {address} tcp dport 443 tcp flags & (syn | ack) == syn "
        f"limit rate over 1/hour burst {FIRST_FEW} packets reject with tcp reset"
        for family, address in (("ip", "$4"), ("ip6", "$6"))
    ),
}
"""Entry → firewall rules before it; ``$4`` and ``$6`` stand for its addresses."""

HERD = kinds_openssl.herd("herd", "200 addresses at which an nginx answers", world.HERD)
_ALL = (
    *kinds_openssl.ENTRIES,
    *kinds_own.ENTRIES,
    *kinds_mail.ENTRIES,
    *kinds_services.ENTRIES,
    *kinds_odd.ENTRIES,
    kinds_openssl.nginx("rate-limited", "a firewall drops connections beyond four a second", kinds_openssl.STRONG),
    kinds_openssl.nginx("refuses-later", f"a firewall resets every connection after the first {FIRST_FEW}", kinds_openssl.STRONG),
    HERD,
)
ENTRIES: tuple[Entry, ...] = _ALL
BY_NAME: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES}
assert len(BY_NAME) == len(ENTRIES)


def addresses() -> dict[str, tuple[str, str]]:
    """Each entry that has addresses of its own, and the resolver → its IPv4 and IPv6 address."""
    own = ["resolver", *(entry.name for entry in ENTRIES if not entry.lives_with)]
    return {name: (world.address4(number), world.address6(number)) for number, name in enumerate(own, 1)}


def names() -> Iterator[tuple[str, str, str]]:
    """The records of the zoo's resolver: owner, type, address."""
    where = addresses()
    for entry in ENTRIES:
        if entry.lives_with:
            continue
        for kind, family, address in zip(("A", "AAAA"), ("v4", "v6"), where[entry.name], strict=True):
            if family in entry.answers:
                yield entry.host, kind, address
    yield f"ocsp.{DOMAIN}", "A", where["crl"][0]
    for number, address in enumerate((*world.HERD, *world.DEAF), 1):
        yield f"h{number}.{DOMAIN}", "A", address
