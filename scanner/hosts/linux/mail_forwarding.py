"""The collector for mail that programs send on by themselves. What makes each do so is in ``mail_forwarding_*``."""

from __future__ import annotations

from scanner.facts.mail_forwarding import MailForwarding
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.linux import mail_destinations, mail_forwarding_dovecot, mail_forwarding_opensmtpd, mail_forwarding_postfix
from scanner.hosts.linux.mail_dovecot import DOVECOT, SETTINGS
from scanner.hosts.linux.mail_exim import EXIM
from scanner.hosts.linux.mail_exim import READS as OF_EXIM
from scanner.hosts.linux.mail_forwarding_dovecot import forwarding_of_dovecot
from scanner.hosts.linux.mail_forwarding_exim import forwarding_of_exim
from scanner.hosts.linux.mail_forwarding_opensmtpd import forwarding_of_opensmtpd
from scanner.hosts.linux.mail_forwarding_postfix import forwarding_of_postfix
from scanner.hosts.linux.mail_opensmtpd import OPENSMTPD
from scanner.hosts.linux.mail_opensmtpd import READS as OF_OPENSMTPD
from scanner.hosts.linux.mail_postfix import MAIN, MASTER, PARAMETERS, POSTFIX
from scanner.hosts.linux.mail_programs import PROGRAMS, mail_servers
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform

KNOWN = {POSTFIX: forwarding_of_postfix, EXIM: forwarding_of_exim, OPENSMTPD: forwarding_of_opensmtpd, DOVECOT: forwarding_of_dovecot}


@collector(
    Platform.LINUX,
    *PROGRAMS,
    Files(MAIN),
    Files(MASTER),
    Run(PARAMETERS),
    Run(SETTINGS),
    *OF_EXIM,
    *OF_OPENSMTPD,
    *mail_destinations.READS,
    *mail_forwarding_postfix.READS,
    *mail_forwarding_opensmtpd.READS,
    *mail_forwarding_dovecot.READS,
)
def mail_forwarding(read: Reader) -> MailForwarding:
    """See where mail is sent on to."""
    running, found = mail_servers(read)
    if isinstance(found, Unobserved):
        return MailForwarding(found)
    return MailForwarding(tuple(KNOWN[one.program](read, one, running) for one in found))
