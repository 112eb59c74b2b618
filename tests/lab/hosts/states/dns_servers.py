"""DNS server programs side by side on one machine, each on a port of its own, set up well and badly."""

from __future__ import annotations

from tests.lab.hosts.state import State

ZONE_FILE = "$TTL 3600\n@ IN SOA ns.example.jp. hostmaster.example.jp. 1 3600 600 604800 300\n@ IN NS ns.example.jp.\nns IN A 192.0.2.53\n"
OLD_HINTS = ". 3600000 NS b.root-servers.net.\nb.root-servers.net. 3600000 A 128.9.0.107\n"
BIND_KEPT = """options {
    directory "/var/cache/bind";
    version none;
    dnssec-validation auto;
    allow-recursion { 10.78.0.0/24; localhost; };
    allow-transfer { none; };
    rate-limit { responses-per-second 10; };
};
"""
BIND_BAD = """options {
    directory "/var/cache/bind";
    // version none;
    # dnssec-validation auto;
    dnssec-validation no;
    allow-query { any; };
    allow-query-cache { any; };
};
zone "." { type hint; file "/etc/bind/old.hints"; };
"""
BIND_ZONE = 'zone "example.jp" { type primary; file "/etc/bind/db.example"; };\n'
UNBOUND_BAD = """server:
    interface: 0.0.0.0
    port: 5301
    access-control: 10.0.0.0/8 allow
    access-control: 0.0.0.0/0 allow
    module-config: "iterator"
"""
FIXED_ANCHOR = 'server:\r\n    hide-version: yes\r\n    trust-anchor-file: "/usr/share/dns/root.key"\r\n'
KNOT = """server:
    rundir: "/run/knot"
    user: knot:knot
    listen: 127.0.0.1@5303
{version}database:
    storage: "/var/lib/knot"
acl:
  - id: everybody
    action: transfer
template:
  - id: default
    storage: "/etc/knot"
{template}zone:
  - domain: example.jp
    file: db.example
"""
CHECKS = ("recursion", "transfer", "rate-limit", "version-hidden", "validation", "trust-anchor", "root-hints", "account")

STATES = (
    State(
        "servers-kept",
        files={
            "/etc/bind/named.conf.options": BIND_KEPT,
            "/etc/bind/named.conf.local": BIND_ZONE,
            "/etc/bind/db.example": ZONE_FILE,
        },
        before=("systemctl enable named",),
        expects=dict(
            zip(
                [f"host.dns.{name}" for name in CHECKS],
                (
                    *("RECURSION_LIMITED", "TRANSFER_LIMITED", "RATE_LIMITED", "VERSION_HIDDEN"),
                    *("VALIDATES", "ANCHOR_KEPT", "HINTS_CURRENT", "ACCOUNT_OWN"),
                ),
                strict=True,
            )
        ),
        args={"host.dns.account": {"program": "bind", "account": "bind"}},
    ),
    State(
        "servers-bad",
        files={
            "/etc/bind/named.conf.options": BIND_BAD,
            "/etc/bind/named.conf.local": BIND_ZONE,
            "/etc/bind/named.conf.default-zones": "",  # it names the root hints of the package too, and one such zone is allowed
            "/etc/bind/db.example": ZONE_FILE,
            "/etc/bind/old.hints": OLD_HINTS,
            "/etc/default/named": 'OPTIONS="-u root"\n',
            "/etc/unbound/unbound.conf.d/open.conf": UNBOUND_BAD,
            "/etc/knot/knot.conf": KNOT.format(version="", template="    acl: everybody\n"),
            "/etc/knot/db.example": ZONE_FILE,
        },
        before=("systemctl enable named unbound knot",),
        expects=dict(
            zip(
                [f"host.dns.{name}" for name in CHECKS if name != "trust-anchor"],
                (
                    *("RECURSION_OPEN", "TRANSFER_OPEN", "RATE_UNLIMITED", "VERSION_TOLD"),
                    *("VALIDATES_NOT", "HINTS_OLD", "ACCOUNT_ROOT"),
                ),
                strict=True,
            )
        ),
        args={"host.dns.recursion": {"program": "bind"}},
    ),
    State(
        "resolver-unbound",
        files={"/etc/unbound/unbound.conf.d/zz.conf": FIXED_ANCHOR},  # written on Windows, as a copied example is
        before=("rm /etc/unbound/unbound.conf.d/root-auto-trust-anchor-file.conf", "systemctl enable unbound"),
        expects={
            "host.dns.recursion": "RECURSION_LIMITED",
            "host.dns.version-hidden": "VERSION_HIDDEN",
            "host.dns.validation": "VALIDATES",
            "host.dns.trust-anchor": "ANCHOR_FIXED",
            "host.dns.root-hints": "HINTS_BUILT_IN",
            "host.dns.account": "ACCOUNT_OWN",
            "host.dns.transfer": "NOT_CONCERNED",
        },
    ),
)
