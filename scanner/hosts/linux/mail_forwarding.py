"""The collector for mail that programs send on by themselves. What makes each do so is in ``mail_forwarding_*``."""

from __future__ import annotations

from scanner.facts.mail_forwarding import ForwardingProgram, MailForwarding
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.linux import mail_destinations, mail_forwarding_dovecot, mail_forwarding_postfix
from scanner.hosts.linux.base import Process
from scanner.hosts.linux.mail_dovecot import DOVECOT, SETTINGS
from scanner.hosts.linux.mail_exim import EXIM
from scanner.hosts.linux.mail_exim import READS as OF_EXIM
from scanner.hosts.linux.mail_forwarding_dovecot import forwarding_of_dovecot
from scanner.hosts.linux.mail_forwarding_exim import forwarding_of_exim
from scanner.hosts.linux.mail_forwarding_postfix import forwarding_of_postfix
from scanner.hosts.linux.mail_postfix import MAIN, MASTER, PARAMETERS, POSTFIX
from scanner.hosts.linux.mail_programs import PROGRAMS, mail_servers
from scanner.hosts.linux.services import Found
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import Reason

KNOWN = {POSTFIX: forwarding_of_postfix, EXIM: forwarding_of_exim, DOVECOT: forwarding_of_dovecot}


@collector(
    Platform.LINUX,
    *PROGRAMS,
    Files(MAIN),
    Files(MASTER),
    Run(PARAMETERS),
    Run(SETTINGS),
    *OF_EXIM,
    *mail_destinations.READS,
    *mail_forwarding_postfix.READS,
    *mail_forwarding_dovecot.READS,
)
def mail_forwarding(read: Reader) -> MailForwarding:
    """See where mail is sent on to."""
    running, found = mail_servers(read)
    return MailForwarding(found if isinstance(found, Unobserved) else tuple(_program(read, one, running) for one in found))


def _program(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> ForwardingProgram:
    if found.program in KNOWN:
        return KNOWN[found.program](read, found, running)
    why = Unobserved(Reason.UNSUPPORTED, f"where {found.program.name} sends mail on to is not read")
    return ForwardingProgram(found.program.name, found.running, found.starts, None, why)
