"""X.509: certificates, the way to a trusted root, names of servers, OCSP, revocation lists, signed certificate timestamps. No network here.

This module only names what the room offers. ``names`` is not among it: checks use it alone, and what the rest needs loads ``socket``,
which checks must not. For that reason the others are loaded on first use; no module may bear the name of a function offered here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.wire.x509.bundle import bundled
    from scanner.wire.x509.certificate import Certificate, NotCertificate, parse, recall, seen
    from scanner.wire.x509.chain import dead_end, path
    from scanner.wire.x509.crl import revocation_list
    from scanner.wire.x509.ocsp import answer, find_issuer, ocsp_scts, question, staple
    from scanner.wire.x509.roots import BadRoots, Roots
    from scanner.wire.x509.sct import scts
else:
    _WHERE = {
        **dict.fromkeys(("Certificate", "NotCertificate", "parse", "recall", "seen"), "certificate"),
        "revocation_list": "crl",
        **dict.fromkeys(("answer", "find_issuer", "ocsp_scts", "question", "staple"), "ocsp"),
        **dict.fromkeys(("dead_end", "path"), "chain"),
        "bundled": "bundle",
        **dict.fromkeys(("BadRoots", "Roots"), "roots"),
        "scts": "sct",
    }

    def __getattr__(name):
        if name not in _WHERE:
            raise AttributeError(name)
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


__all__ = [
    "BadRoots",
    "Certificate",
    "NotCertificate",
    "Roots",
    "answer",
    "bundled",
    "dead_end",
    "find_issuer",
    "ocsp_scts",
    "parse",
    "path",
    "question",
    "recall",
    "revocation_list",
    "scts",
    "seen",
    "staple",
]
