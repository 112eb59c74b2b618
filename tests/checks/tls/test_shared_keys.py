"""Cases: keys that several servers of a run share."""

from __future__ import annotations

from scanner.facts.keys import KeysInUse, SharedKey
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

TWO = SharedKey("ab" * 32, ("service:a.example.jp:443/https", "service:b.example.jp:443/https"))

CASES: dict[str, list[Case]] = {
    "tls.certificate.key-shared": [
        case(KeysInUse(3, (TWO,), 0, ()), says="KEY_SHARED", outcome="undetermined"),
        case(KeysInUse(3, (), 2, (TWO,)), says="KEY_OWN", args={"services": 3}),
        case(KeysInUse(0, (), 2, ()), says="KEY_NONE"),
        case(KeysInUse(3, (), 2, (), tls_unseen=1), outcome="undetermined", reason=Reason.UNREACHABLE),
    ],
    "ssh.host-key.shared": [
        case(KeysInUse(0, (), 3, (TWO,)), says="HOST_KEY_SHARED", args={"services": ("a.example.jp:443/https = b.example.jp:443/https",)}),
        case(KeysInUse(3, (TWO,), 2, ()), says="HOST_KEY_OWN", args={"services": 2}),
        case(KeysInUse(3, (), 0, ()), says="HOST_KEY_NONE"),
        case(KeysInUse(3, (TWO,), 2, (), ssh_unseen=1), outcome="undetermined", reason=Reason.UNREACHABLE),
    ],
}
