"""Does a certificate name the server that was asked for: RFC 9525 for names, RFC 9110 section 4.3.5 for addresses. Texts in, yes or no out.

The common name of the subject never counts (RFC 9525 section 2). Nothing here reads certificates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
WILDCARD = "*."


def names_server(host: str, dns_names: Iterable[str], ip_names: Iterable[str]) -> bool:
    """Tell whether one of the alternative names is that of the host, a DNS name (A-labels) or an IP address.

    An address is looked for among ``ip_names`` only, a name among ``dns_names`` only.
    """
    address = _address(host)
    if address is not None:
        return any(_address(name) == address for name in ip_names)
    return any(covers(name, host) for name in dns_names)


def covers(presented: str, host: str) -> bool:
    """Tell whether a DNS name of a certificate, perhaps with a wildcard, stands for the host (RFC 9525 section 6.3).

    Letters of either case are the same. ``*`` counts as the whole left-most label only, stands for exactly one label, and needs at least
    two labels behind it: clients take no ``*.jp``. A final dot is passed over in the host, as users write it, and never in the certificate.
    """
    wanted = _labels(host.removesuffix("."))
    given = presented.lower()
    if given.startswith(WILDCARD):
        behind = _labels(given[len(WILDCARD) :])
        return behind is not None and len(behind) >= 2 and wanted is not None and wanted[1:] == behind
    found = _labels(given)
    return found is not None and found == wanted


def _labels(name: str) -> list[str] | None:
    """The labels in lower case; ``None`` where the text is no host name in A-labels."""
    if not name.isascii() or len(name) > LONGEST_NAME:
        return None
    labels = name.lower().split(".")
    return labels if all(map(_LABEL.match, labels)) and not labels[-1].isdigit() else None


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        return None
