"""Words that several files of the ledger share: identifiers, names, addresses and targets as people write them, and what they meant."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from scanner.model.target import Domain, Host, NotATarget, Service, Target, domain_name, host_name, parse_target
from scanner.model.text import Text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST = 1_000  # characters of anything that is parsed as a name: far beyond every name, and short enough for IDNA
IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")

A_DOMAIN = Text(ja="ドメイン名（example.lg.jp の形）", en="a domain name such as example.lg.jp")
A_HOST = Text(ja="ホスト名又は IP アドレス", en="a host name or an IP address")
A_NETWORK = Text(
    ja="アドレス範囲（192.0.2.0/24、2001:db8::/32 又は一つのアドレス）",
    en="a network such as 192.0.2.0/24 or 2001:db8::/32, or one address",
)
A_SERVICE = Text(ja="サービス（ns1.example.lg.jp:53/dns の形）", en="a service such as ns1.example.lg.jp:53/dns")
A_TARGET = Text(
    ja="対象（ドメイン名、IP アドレス、ホスト名:ポート/プロトコル、host:名前、endpoint:ID）",
    en="a target: a domain name, an IP address, host:port/protocol, host:name or endpoint:id",
)
AN_IDENTIFIER = Text(
    ja="識別子（英小文字・数字・ハイフン・アンダースコア・点）", en="an identifier of small letters, digits, hyphens, underscores and dots"
)


def identifier(text: str) -> str:
    """Read an identifier. Raises ``ValueError``."""
    if not IDENTIFIER.match(text):
        raise ValueError(text)
    return text


def domain(text: str) -> str:
    """Read a domain name of at least two labels. Raises ``ValueError``."""
    name = _no_address_gone_wrong(domain_name(_short(text)))
    if "." not in name:
        raise NotATarget(f"{text!r} has one label only")
    return name


def host(text: str) -> str:
    """Read a host name or an address. Raises ``ValueError``."""
    if "%" in text:  # ipaddress takes zone ids of IPv6 (RFC 4007), which mean nothing to another machine
        raise ValueError(text)
    return _no_address_gone_wrong(host_name(_short(text)))


def service(text: str) -> Service:
    """Read ``host:port/protocol``, with or without the prefix of the canonical key. Raises ``ValueError``."""
    found = target("service:" + text.removeprefix("service:"))
    assert isinstance(found, Service)
    return found


def target(text: str) -> Target:
    """Read a target. Raises ``ValueError``."""
    if "%" in text:
        raise ValueError(text)
    found = parse_target(_short(text))
    if isinstance(found, Domain | Host):
        _no_address_gone_wrong(found.name)
    elif isinstance(found, Service):
        _no_address_gone_wrong(found.host)
    return found


def network(text: str) -> str:
    """Read a network or an address, and give it in canonical form: ``192.0.2.0/24``, or ``192.0.2.1`` for one address.

    Raises ``ValueError``, also where bits beyond the prefix are set.
    """
    if "%" in text:
        raise ValueError(text)
    found = ipaddress.ip_network(_short(text))
    return str(found.network_address) if found.num_addresses == 1 else str(found)


def as_network(text: str) -> Network:
    """Give a canonical network as a value."""
    return ipaddress.ip_network(text)


def _no_address_gone_wrong(name: str) -> str:
    """Refuse what passes for a name and is an address mistyped, such as 192.0.2.300: no top-level domain is a number."""
    if name.rpartition(".")[2].isdigit():
        ipaddress.ip_address(name)
    return name


def _short(text: str) -> str:
    if len(text) > LONGEST:
        raise NotATarget(f"{len(text)} characters are too many for a name")
    return text


def name_in(text: str) -> str | None:
    """Give the name that somebody meant who wrote a web address, a mail address or a wildcard."""
    if "://" in text:
        try:
            found = urlsplit(text[:LONGEST]).hostname or ""
        except ValueError:
            return None
    else:
        found = text.rpartition("@")[2].removeprefix("*.").partition("/")[0]
    try:
        return host(found) if found != text else None
    except ValueError:
        return None


def network_around(text: str) -> str | None:
    """Give the network that contains what was written, where only bits beyond the prefix were set."""
    try:
        return str(ipaddress.ip_network(_short(text), strict=False)) if "%" not in text else None
    except ValueError:
        return None
