"""Where mail is sent on to: inside only, with redirects of Sieve forbidden; and to outside by an alias and by a person's own file."""

from __future__ import annotations

from tests.lab.hosts.state import State

OWN = {"mail.forwarding.domains": ("example.jp",)}
SIEVE = "protocol lda {\n  mail_plugins = $mail_plugins sieve\n}\n"
ALIASES = "postconf -e alias_maps=hash:/etc/aliases && postalias /etc/aliases"

STATES = (
    State(
        "servers-kept",
        files={
            "/etc/aliases": "postmaster: root\nroot: audit, kiroku@archive.example.jp\n",
            "/home/audit/.dovecot.sieve": 'redirect :copy "audit@mail.example.com";\n',
            "/etc/dovecot/conf.d/98-sieve.conf": SIEVE + "plugin {\n  sieve_max_redirects = 0\n}\n",
        },
        before=(ALIASES,),
        values=OWN,
        expects={"host.mail.forwarding": "FORWARDING_INSIDE"},
        args={"host.mail.forwarding": {"program": "postfix", "domains": ("archive.example.jp",)}},
    ),
    State(
        "servers-bad",
        files={
            "/etc/aliases": "root: audit\nsoumu: soumu@mail.example.com,\n  kiroku@archive.example.jp\n",
            "/home/audit/.forward": "\\audit\naudit@example.net\n",
        },
        before=(ALIASES,),
        values=OWN,
        expects={"host.mail.forwarding": "FORWARDING_OUTSIDE"},
        args={
            "host.mail.forwarding": {
                "places": ("alias_maps hash:/etc/aliases → mail.example.com", "/home/audit/.forward → example.net"),
            }
        },
    ),
    State(
        "few-kept",
        files={"/etc/aliases": "root: audit, kiroku@example.jp\n"},
        values=OWN,
        expects={"host.mail.forwarding": "FORWARDING_NONE"},
    ),
    State(
        "few-bad",
        files={"/etc/aliases": "root: audit\nsoumu soumu@mail.example.com\n", "/home/audit/.forward": "|/usr/bin/vacation\n"},
        values=OWN,
        expects={"host.mail.forwarding": "FORWARDING_OUTSIDE"},
        args={"host.mail.forwarding": {"places": ("action local alias → mail.example.com",)}},
    ),
    State(
        "newer",  # with the routers of Exim that ``mail_servers`` writes
        tree="trixie",
        boots=False,
        files={"/etc/aliases": "# 転送\nroot: audit@example.jp\nsoumu: soumu@mail.example.com\n"},
        values=OWN,
        expects={"host.mail.forwarding": "FORWARDING_OUTSIDE"},
        args={"host.mail.forwarding": {"places": ("router system_aliases /etc/aliases → mail.example.com",)}},
    ),
)
