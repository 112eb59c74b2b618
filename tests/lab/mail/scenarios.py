"""The servers of the mail laboratory: a name, an address pair, what is wrong with each. Data only; how they are started stands beside it.

Every server has a host name of its own below ``DOMAIN``, which is also the domain that the Postfix instances take mail for. Addresses are
public ones in which nobody lives (see ``tests.lab.plan``), inside namespaces without a way out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

DOMAIN = "lab.kakuu.lg.jp"
VICTIM = "elsewhere.or.jp"
"""A domain that none of the servers takes mail for; the laboratory's DNS gives it an exchanger that is never there."""
CANARY = "canary@relay-canary.kakuu.lg.jp"
"""The organisation's own mailbox; its exchanger is the scanner outside."""

RESOLVER = ("192.52.193.53", "3ffe:c::53")
STORE, STORE_PORT = "192.52.193.99", 2500
"""Where everything ends that a server delivers to a mailbox of its own."""
OUTSIDE = ("192.52.193.200", "3ffe:c::200")
INSIDE = ("10.20.0.10", "fd20:20::10")
OFFICE = ("10.20.0.0/24", "fd20:20::/64")
GATEWAY = ("10.20.0.1", "fd20:20::1")


@unique
class Program(StrEnum):
    """What answers at the addresses of a server."""

    POSTFIX = "postfix"
    FRONT = "front"
    """A Postfix that hands everything for its domain to another, which undoes old addresses: the two of a percent hack."""
    BACK = "back"
    EXIM = "exim"
    OPENSMTPD = "opensmtpd"
    DOVECOT = "dovecot"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Server:
    """One server. ``settings`` are Postfix's own words, or the name of a behaviour of ``odd``; ``ports`` what it listens at."""

    name: str
    number: int
    program: Program
    about: str
    settings: tuple[str, ...] = ()
    ports: tuple[int, ...] = (25,)

    @property
    def host(self) -> str:
        """Its host name."""
        return f"{self.name}.{DOMAIN}"

    @property
    def addresses(self) -> tuple[str, str]:
        """Both addresses, IPv4 first."""
        return f"192.52.193.{self.number}", f"3ffe:c::{self.number}"


_EVERYBODY = "mynetworks=0.0.0.0/0,[::]/0"
_RELAYS = "smtpd_relay_restrictions=permit_mynetworks,reject_unauth_destination"
_NO_USERS = "local_recipient_maps="
_TLS = ("smtpd_tls_security_level=may",)
_SASL = ("smtpd_sasl_auth_enable=yes",)

SERVERS = {
    server.name: server
    for server in (
        Server("closed", 101, Program.POSTFIX, "relays for nobody; no STARTTLS"),
        Server("open", 102, Program.POSTFIX, "relays for everybody, knows its own mailboxes", (_EVERYBODY, _RELAYS)),
        Server("open6", 103, Program.POSTFIX, "relays for everybody who comes over IPv6", ("mynetworks=[::]/0", _RELAYS)),
        Server("open-blind", 104, Program.POSTFIX, "relays for everybody and takes any mailbox", (_EVERYBODY, _RELAYS, _NO_USERS)),
        Server(
            "bounce",
            105,
            Program.POSTFIX,
            "takes every recipient and returns the message later",
            (_EVERYBODY, _RELAYS, _NO_USERS, "content_filter=error:5.1.1_no_such_mailbox"),
        ),
        Server(
            "version", 106, Program.POSTFIX, "tells product and version", ("smtpd_banner=$myhostname ESMTP $mail_name ($mail_version)",)
        ),
        Server("novrfy", 107, Program.POSTFIX, "VRFY off", ("disable_vrfy_command=yes",)),
        Server("tls", 108, Program.POSTFIX, "STARTTLS offered", _TLS),
        Server("tls-demanded", 109, Program.POSTFIX, "demands STARTTLS from everybody", ("smtpd_tls_security_level=encrypt",)),
        Server(
            "open-tls",
            110,
            Program.POSTFIX,
            "relays for everybody, demands STARTTLS",
            (_EVERYBODY, _RELAYS, "smtpd_tls_security_level=encrypt"),
        ),
        Server("grey", 111, Program.POSTFIX, "defers every recipient", ("smtpd_relay_restrictions=defer,reject_unauth_destination",)),
        Server(
            "deferring",
            119,
            Program.POSTFIX,
            "refuses relaying with 454, Postfix's default",
            ("smtpd_relay_restrictions=defer_unauth_destination",),
        ),
        Server("impatient", 112, Program.POSTFIX, "ends the session after three errors", ("smtpd_hard_error_limit=3",)),
        Server(
            "open-checks",
            113,
            Program.POSTFIX,
            "relays for everybody, but refuses domains without mail",
            (_EVERYBODY, _RELAYS, "smtpd_recipient_restrictions=reject_unknown_recipient_domain"),
        ),
        Server("office", 114, Program.POSTFIX, "relays for the office", ("mynetworks=10.20.0.0/24,[fd20:20::]/64", _RELAYS)),
        Server("catchall", 115, Program.POSTFIX, "relays for nobody, takes any mailbox of its own", (_NO_USERS,)),
        Server("naming", 116, Program.POSTFIX, "gives an internal name", ("myhostname=mail01.kakuu.local",)),
        Server("unloved", 117, Program.POSTFIX, "refuses the scanner itself", ("smtpd_client_restrictions=reject",)),
        Server("size", 118, Program.POSTFIX, "no limit of size", ("message_size_limit=0", "virtual_mailbox_limit=0")),
        Server(
            "submission",
            121,
            Program.POSTFIX,
            "submission as it should be",
            (
                "smtpd_tls_security_level=encrypt",
                "smtpd_tls_auth_only=yes",
                *_SASL,
                "smtpd_client_restrictions=permit_sasl_authenticated,reject",
            ),
            (587,),
        ),
        Server(
            "submissions",
            122,
            Program.POSTFIX,
            "submission within TLS",
            ("smtpd_tls_wrappermode=yes", *_SASL, "smtpd_client_restrictions=permit_sasl_authenticated,reject"),
            (465,),
        ),
        Server(
            "submission-bad",
            123,
            Program.POSTFIX,
            "offers AUTH in clear, takes local mail without it, relays for everybody",
            (_EVERYBODY, _RELAYS, "smtpd_tls_auth_only=no", *_TLS, *_SASL),
            (587, 2525),
        ),
        Server("front", 131, Program.FRONT, "refuses what is plainly foreign, hands old addresses to back"),
        Server(
            "percent",
            130,
            Program.FRONT,
            "the same, but knows its mailboxes and lets what has a percent sign pass",
            ("relay_recipient_maps=texthash:$queue_directory/../etc/people,regexp:$queue_directory/../etc/percent",),
        ),
        Server("back", 132, Program.BACK, "undoes old addresses and relays for front"),
        Server("exim", 133, Program.EXIM, "takes any mailbox of its own, those with a bang among them; EXPN on"),
        Server("opensmtpd", 134, Program.OPENSMTPD, "relays for nobody"),
        Server("dovecot", 135, Program.DOVECOT, "mailboxes as they should be", (), (143, 993, 110, 995, 4190)),
        Server("dovecot-bad", 136, Program.DOVECOT, "logins in clear, weak mechanisms, version told", ("bad",), (143, 110, 4190)),
        Server("tarpit", 141, Program.ODD, "says yes to everything, one slow answer after the other", ("tarpit",)),
        Server("babbler", 142, Program.ODD, "says yes to everything at once", ("babbler",)),
        Server("silent", 143, Program.ODD, "says nothing", ("silent",)),
        Server("endless", 144, Program.ODD, "a greeting without an end", ("endless",)),
        Server("turned-away", 145, Program.ODD, "greets with 554", ("turned-away",)),
        Server("busy", 146, Program.ODD, "greets with 421", ("busy",)),
        Server("injectable", 147, Program.ODD, "carries out what came in clear behind STARTTLS", ("injectable",)),
        Server("gossip", 148, Program.ODD, "VRFY and EXPN tell who is there", ("gossip",)),
        Server("strict", 149, Program.ODD, "takes CR LF only", ("strict",)),
        Server("wrong-codes", 150, Program.ODD, "codes that no protocol has", ("wrong-codes",)),
        Server("imap-injectable", 151, Program.ODD, "IMAP: carries out what came in clear behind STARTTLS", ("imap-injectable",), (143,)),
        Server("imap-preauth", 152, Program.ODD, "IMAP: everybody is logged in", ("imap-preauth",), (143,)),
    )
}

PEOPLE = ("postmaster", "alice")
"""Mailboxes that the Postfix instances know."""
