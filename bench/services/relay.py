"""Mail servers of the laboratory, over IPv4 and IPv6, beside nmap's scripts: who is an open relay, and what else is wrong.

Left out are the servers that only waste time (``WASTERS``): nmap spends minutes with each of them, and the comparison would be theirs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.services.faults import Compared, Fault, compare, failing, fault
from bench.services.nmap import nmap_both
from scanner.facts.smtp import SmtpTestNames
from scanner.net.pacing import Pace
from scanner.net.scope import Level
from tests.lab.mail.expected import EXPECTED
from tests.lab.mail.lab import MailLab
from tests.lab.mail.scan import PROTOCOLS, consent, scan
from tests.lab.mail.scenarios import CANARY, DOMAIN, OUTSIDE, PEOPLE, SERVERS, VICTIM

WASTERS = frozenset({"tarpit", "silent", "endless"})
NAMES = tuple(name for name in SERVERS if name not in WASTERS)
DELIVERY = ("open-blind", "front", "bounce")
"""Servers at which acceptance proves nothing: the first two relay, the third returns everything later."""
SCRIPTS = "banner,smtp-open-relay,smtp-commands,smtp-enum-users,smtp-strangeport,imap-capabilities,pop3-capabilities"


def _with(check: str, tag: str) -> Iterator[str]:
    """Servers of which the laboratory's ground truth says so."""
    names = (service.partition(":")[0] for service, truth in EXPECTED.items() if truth.fails.get(check) == tag)
    return (name for name in names if name not in WASTERS)


def _faults() -> tuple[Fault, ...]:
    relays = {*_with("relay.recipients", "RELAY_OPEN"), *_with("relay.tricks", "TRICKS_ACCEPTED"), "open-blind", "front"}
    return (
        fault("relays", "RELAY_OPEN TRICKS_ACCEPTED", "Server is an open relay", relays),
        fault("relays over one family only", "FAMILIES_DIFFER", "", _with("relay.families", "FAMILIES_DIFFER")),
        fault("AUTH in clear", "AUTH_IN_CLEAR", r"smtp-commands:.* AUTH ", _with("submission.encrypted", "AUTH_IN_CLEAR"), accuses=False),
        fault(
            "SMTP without STARTTLS",
            "STARTTLS_NONE",
            r"smtp-commands:(?!.*STARTTLS)",
            _with("starttls.offered", "STARTTLS_NONE"),
            accuses=False,
        ),
        fault("STARTTLS that fails", "STARTTLS_BROKEN", "", _with("starttls.offered", "STARTTLS_BROKEN")),
        fault("STARTTLS demanded of everybody", "PUBLIC_TLS_DEMANDED", "", _with("starttls.public", "PUBLIC_TLS_DEMANDED")),
        fault("commands smuggled in behind STARTTLS", "INJECTION_RUN", "", _with("starttls.injection", "INJECTION_RUN")),
        fault(
            "VRFY tells mailboxes", "VRFY_TELLS", r"smtp-commands:.*VRFY|VRFY, \w", _with("disclosure.vrfy", "VRFY_TELLS"), accuses=False
        ),
        fault("EXPN on", "EXPN_ON", r"smtp-commands:.*EXPN|EXPN, \w", _with("disclosure.expn", "EXPN_ON"), accuses=False),
        fault("version told", "SOFTWARE_VERSION", r"banner: .*\d\.\d", _with("disclosure.software", "SOFTWARE_VERSION"), accuses=False),
        fault("internal name told", "NAMES_INTERNAL", r"banner: .*\.local\b", _with("disclosure.names", "NAMES_INTERNAL"), accuses=False),
        fault("name that is not its own", "NAME_ELSEWHERE NAME_UNRESOLVED", "", _misnamed()),
        fault(
            "mailboxes in clear",
            "ACCESS_IN_CLEAR ACCESS_LOGGED_IN",
            r"imap-capabilities:(?!.*LOGINDISABLED)|pop3-capabilities:(?!.*STLS)|PREAUTH",
            {*_with("access.encrypted", "ACCESS_IN_CLEAR"), *_with("access.encrypted", "ACCESS_LOGGED_IN")},
            accuses=False,
        ),
        fault(
            "mailboxes without TLS",
            "ACCESS_TLS_NONE",
            r"imap-capabilities:(?!.*STARTTLS)|pop3-capabilities:(?!.*STLS)",
            _with("access.starttls", "ACCESS_TLS_NONE"),
            accuses=False,
        ),
        fault(
            "weak login mechanisms",
            "ACCESS_MECHANISMS_WEAK",
            r"capabilities:.*(?:CRAM-MD5|ANONYMOUS)",
            _with("access.mechanisms", "ACCESS_MECHANISMS_WEAK"),
            accuses=False,
        ),
        fault("mailbox server tells its version", "ACCESS_SOFTWARE_VERSION", r"banner: .*\d\.\d", ("dovecot-bad",), accuses=False),
        fault("IMAP commands smuggled in behind STARTTLS", "ACCESS_INJECTION_RUN", "", _with("access.injection", "ACCESS_INJECTION_RUN")),
    )


def _misnamed() -> set[str]:
    return {*_with("server.name", "NAME_ELSEWHERE"), *_with("server.name", "NAME_UNRESOLVED")}


def relay(lab: MailLab) -> Compared:
    """Compare the faults found, and the time; then prove by delivery what acceptance cannot, which no script of nmap does."""
    services = {f"{SERVERS[name].host}:{port}/{PROTOCOLS[port]}": name for name in NAMES for port in SERVERS[name].ports}
    start = time.monotonic()
    results = scan(lab, list(services), pace=Pace())
    ours = time.monotonic() - start
    named: dict[str, set[str]] = {name: set() for name in NAMES}
    for service, name in services.items():
        named[name] |= failing(results[service])

    people = lab.folder / "people"
    people.write_text("".join(f"{name}\n" for name in PEOPLE))
    arguments = f"smtp.domain={DOMAIN},smtp-open-relay.domain={VICTIM},userdb={people}"
    # By RCPT every server that knows its mailboxes tells them, as it should (RFC 5321 section 3.3): what it takes it need not return.
    arguments += ",smtp-enum-users.methods={VRFY,EXPN}"
    options = ("-p", ",".join(map(str, PROTOCOLS)), "--script", SCRIPTS, "--script-args", arguments)
    four, six = ({name: SERVERS[name].addresses[family] for name in NAMES} for family in (0, 1))
    print(f"{len(services)} mail services")
    printed, theirs = nmap_both(lab.run, options, four, six)
    compared = compare(_faults(), named, printed, (ours, theirs))
    _deliver(lab)
    return compared


def _deliver(lab: MailLab) -> None:
    for name in DELIVERY:
        service = f"{SERVERS[name].addresses[0]}:25/smtp"
        start = time.monotonic()
        rows = scan(
            lab,
            [service],
            only=("mail.relay.delivery",),
            names=SmtpTestNames(canary=CANARY, listen=(OUTSIDE[0],)),
            level=Level.INTRUSIVE,
            consents=(consent("mail.relay.delivery"),),
        )[service]
        told = ", ".join(row.ending.tag or str(row.ending.reason) for row in rows)
        print(f"  one marked message by consent through {name}: {told} in {time.monotonic() - start:.1f} s")
