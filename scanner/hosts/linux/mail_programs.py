"""The collector for the configuration of mail server programs. What each means is in ``mail_postfix``, ``mail_exim``, ``mail_opensmtpd``
and ``mail_dovecot``.
"""

from __future__ import annotations

from functools import partial

from scanner.facts.mail_configuration import MailConfiguration
from scanner.hosts.base import Files, Reader, Run, Source, collector
from scanner.hosts.linux.base import Process, exists, processes, seen
from scanner.hosts.linux.mail_dovecot import DOVECOT, SETTINGS, dovecot
from scanner.hosts.linux.mail_dovecot import FILES as DOVECOT_FILES
from scanner.hosts.linux.mail_exim import EXIM, exim_program
from scanner.hosts.linux.mail_exim import READS as OF_EXIM
from scanner.hosts.linux.mail_filters import FILES as FILTER_FILES
from scanner.hosts.linux.mail_opensmtpd import OPENSMTPD, opensmtpd
from scanner.hosts.linux.mail_opensmtpd import READS as OF_OPENSMTPD
from scanner.hosts.linux.mail_postfix import MAIN, MASTER, OVERRIDES, PARAMETERS, POSTFIX, SERVICES, postfix
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform

PROGRAMS: tuple[Source, ...] = (*PROCESSES, *UNITS, *paths((POSTFIX, EXIM, OPENSMTPD, DOVECOT)))
"""What ``mail_servers`` reads."""
SENDERS = {POSTFIX: postfix, EXIM: exim_program, OPENSMTPD: opensmtpd}


@collector(
    Platform.LINUX,
    *PROGRAMS,
    Files(MAIN),
    Files(MASTER),
    *(Files(path) for path in (*DOVECOT_FILES, *FILTER_FILES)),
    Files("/etc/dovecot/conf.d/*.conf"),
    *(Run(argv) for argv in (PARAMETERS, SERVICES, OVERRIDES, SETTINGS)),
    *OF_EXIM,
    *OF_OPENSMTPD,
)
def mail_configuration(read: Reader) -> MailConfiguration:
    """See what the configurations say."""
    running, found = mail_servers(read)
    if isinstance(found, Unobserved):
        return MailConfiguration(found, found)
    return MailConfiguration(
        tuple(SENDERS[one.program](read, one, running) for one in found if one.program is not DOVECOT),
        tuple(dovecot(read, one, running) for one in found if one.program is DOVECOT),
    )


def mail_servers(read: Reader) -> tuple[tuple[Process, ...] | Unobserved | None, tuple[Found, ...] | Unobserved]:
    """Give the running processes, and the programs for mail that are there."""
    running = _without_other_masters(processes(read))
    return running, seen(partial(_installed, read, running))


def _without_other_masters(running: tuple[Process, ...] | Unobserved | None) -> tuple[Process, ...] | Unobserved | None:
    """Leave out what is called master where nothing is called qmgr: Postfix always has both (qmgr(8)), Cyrus IMAP the first only."""
    if not isinstance(running, tuple) or any(process.name == "qmgr" for process in running):
        return running
    return tuple(process for process in running if process.name not in POSTFIX.processes)


def _installed(read: Reader, running: tuple[Process, ...] | Unobserved | None) -> tuple[Found, ...]:
    """Give the programs that are there. Postfix too has processes called smtpd, so OpenSMTPD is there only where its files are."""
    known = [one for one in (*SENDERS, DOVECOT) if one is not OPENSMTPD or exists(read, *one.files)]
    return installed(read, known, running)
