"""The collector for the configuration of mail server programs: Postfix and Dovecot, as they print it themselves.

On a mounted root only what main.cf writes is known: defaults depend on the version and on how the package was built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from ipaddress import ip_network

from scanner.facts.mail_configuration import MailboxProgram, MailConfiguration, MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.hosts.base import Files, Reader, Run, collector
from scanner.hosts.linux.base import Process, applied, needed, parsed, processes, runs, seen, shown
from scanner.hosts.linux.services import PROCESSES, UNITS, Found, Program, installed, paths
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import postfix
from scanner.wire.addresses import wide
from scanner.wire.postfix import Relaying, Service

POSTFIX = Program("postfix", ("/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master"), ("postfix.service",), ("master",))
DOVECOT = Program("dovecot", ("/usr/sbin/dovecot",), ("dovecot.service",), ("dovecot",))
MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
PARAMETERS = ("postconf", "-x")
SERVICES = ("postconf", "-M")
OVERRIDES = ("postconf", "-P")
SETTINGS = ("doveconf", "-a")
DOVECOT_FILES = ("/etc/dovecot/dovecot.conf",)
DMARC_PROGRAMS = ("opendmarc", "rspamd", "rspamd: main", "authentication_m", "amavisd")
MOST_LISTENERS = 100
_RANK = {Relaying.REFUSED: 0, Relaying.BY_TABLE: 1, Relaying.OPEN_END: 2, Relaying.PERMITTED: 3}


@collector(
    Platform.LINUX,
    *PROCESSES,
    *UNITS,
    *paths((POSTFIX, DOVECOT)),
    Files(MAIN),
    Files(MASTER),
    *(Files(path) for path in DOVECOT_FILES),
    Files("/etc/dovecot/conf.d/*.conf"),
    *(Run(argv) for argv in (PARAMETERS, SERVICES, OVERRIDES, SETTINGS)),
)
def mail_configuration(read: Reader) -> MailConfiguration:
    """See what the configurations say."""
    running = processes(read)
    found = seen(partial(installed, read, (POSTFIX, DOVECOT), running))
    if isinstance(found, Unobserved):
        return MailConfiguration(found, found)
    return MailConfiguration(
        tuple(_postfix(read, one, running) for one in found if one.program is POSTFIX),
        tuple(_dovecot(read, one, running) for one in found if one.program is DOVECOT),
    )


def _printed(read: Reader, argv: tuple[str, ...]) -> bytes | None:
    said = read.command(argv) if read.live else None
    return said.stdout if said is not None and said.status == 0 and said.stdout else None


def _postfix(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> MailProgram:
    printed = seen(partial(_printed, read, PARAMETERS))
    values: Mapping[str, str] | Unobserved
    if isinstance(printed, Unobserved) or printed is None:
        values, source = seen(partial(_written, read)), MAIN
    else:
        values, source = parsed("postconf", printed, postfix.parameters), " ".join(PARAMETERS)
    files = (MAIN, MASTER)
    value = partial(_value, values)
    banner, version = value("smtpd_banner"), value("mail_version")
    return MailProgram(
        name="postfix",
        version=version,
        running=found.running,
        starts=found.starts,
        # smtpd processes read main.cf anew when they start, master only when told: a file that is older than master is in force
        applied=applied(read, running, POSTFIX.processes, files) if found.running is True else None,
        source=source,
        listeners=seen(partial(_listeners, read, values)),
        networks=_networks(value("mynetworks")),
        sends_with_tls=_with_tls(value("smtp_tls_security_level"), value("smtp_use_tls")),
        answers_vrfy=_is(value("disable_vrfy_command"), "no"),
        tells_version=_tells(banner, version),
        judges_senders=_judges(value("smtpd_milters"), running),
        keeps_line_ends=_keeps(value("smtpd_forbid_bare_newline")),
    )


def _written(read: Reader) -> dict[str, str]:
    data = read.file(MAIN, limit=4_000_000)
    if data is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{MAIN} is not there")
    return needed(parsed(MAIN, data, postfix.parameters))


def _value(values: Mapping[str, str] | Unobserved, name: str) -> str | Unobserved:
    if isinstance(values, Unobserved):
        return values
    if name not in values:
        return Unobserved(Reason.VALUE_NOT_SET, f"{name} is not written, and postconf cannot be asked for its default")
    return postfix.expanded(values[name], values)


def _is(value: str | Unobserved, wanted: str) -> bool | Unobserved:
    return value if isinstance(value, Unobserved) else value.lower() == wanted


def _tells(banner: str | Unobserved, version: str | Unobserved) -> bool | Unobserved:
    if isinstance(banner, Unobserved):
        return banner
    return bool(re.search(r"\$\{?mail_version", banner)) or (not isinstance(version, Unobserved) and version in banner)


def _with_tls(level: str | Unobserved, old: str | Unobserved) -> str | Unobserved:
    if isinstance(level, Unobserved):
        return level
    return level.lower() or ("may" if _is(old, "yes") is True else "none")


def _keeps(value: str | Unobserved) -> bool | Unobserved:
    return value if isinstance(value, Unobserved) else value.lower() not in {"no", ""}


def _judges(milters: str | Unobserved, running: tuple[Process, ...] | Unobserved | None) -> bool | Unobserved:
    """Filters are known by their sockets only, so a program that evaluates DMARC has to run beside a filter that is attached."""
    if isinstance(milters, Unobserved):
        return milters
    if not postfix.words(milters):
        return False
    there = runs(running, *DMARC_PROGRAMS)
    if there is True:
        return True
    return there if isinstance(there, Unobserved) else Unobserved(Reason.UNSUPPORTED, "a filter is attached; what it does is not known")


def _networks(value: str | Unobserved) -> tuple[str, ...] | Unobserved:
    if isinstance(value, Unobserved):
        return value
    found = postfix.networks(value)
    return Unobserved(Reason.UNSUPPORTED, "mynetworks is kept in a table or has patterns") if found is None else found


def _listeners(read: Reader, values: Mapping[str, str] | Unobserved) -> tuple[MailListener, ...]:
    """Take every smtpd that listens to the network, with the settings that master.cf gives it alone. Raises ``CannotObserve``."""
    main = needed(values)
    printed, overriding = _printed(read, SERVICES), _printed(read, OVERRIDES) if read.live else None
    if printed is None:
        raise CannotObserve(Reason.UNSUPPORTED, "postconf cannot be asked for the services of master.cf and their settings")
    own = needed(parsed("postconf -P", overriding or b"", postfix.parameters))
    found = []
    for service in needed(parsed("postconf -M", printed, postfix.services)):
        if service.kind == "inet" and service.command == "smtpd":
            prefix = f"{service.name}/inet/"
            found.append(_listener(service, {**main, **{k.removeprefix(prefix): v for k, v in own.items() if k.startswith(prefix)}}))
    return tuple(found[:MOST_LISTENERS])


def _listener(service: Service, values: Mapping[str, str]) -> MailListener:
    value = partial(_value, values)
    level, wrapped = value("smtpd_tls_security_level"), _is(value("smtpd_tls_wrappermode"), "yes")
    tls: str | Unobserved = "wrapped" if wrapped is True else level if isinstance(level, Unobserved) else level.lower() or "none"
    if tls == "none" and _is(value("smtpd_use_tls"), "yes") is True:
        tls = "may"
    authenticates = _is(value("smtpd_sasl_auth_enable"), "yes")
    only_tls = _is(value("smtpd_tls_auth_only"), "yes")
    clear: bool | Unobserved = False
    if authenticates is not False and tls not in {"encrypt", "wrapped"}:
        clear = authenticates if isinstance(authenticates, Unobserved) else only_tls if isinstance(only_tls, Unobserved) else not only_tls
    return MailListener(shown(service.name), _relays(value), tls, authenticates, clear)


def _relays(value: partial[str | Unobserved]) -> Audience | Unobserved:
    """A stranger needs the leave of both lists; ``mynetworks`` may make strangers one's own."""
    lists = [value("smtpd_relay_restrictions"), value("smtpd_recipient_restrictions")]
    known = [postfix.relaying(postfix.words(one)) for one in lists if not isinstance(one, Unobserved)]
    best = min(known, key=_RANK.__getitem__, default=None)
    if best is Relaying.REFUSED:
        networks = _networks(value("mynetworks"))
        if isinstance(networks, Unobserved):
            return networks
        if any(wide(ip_network(network)) for network in networks):
            return Audience.EVERYBODY
        return Audience.SOME if any(not network.startswith(("127.", "::1")) for network in networks) else Audience.ITSELF
    if missing := next((one for one in lists if isinstance(one, Unobserved)), None):
        return missing
    if best is Relaying.BY_TABLE:
        return Unobserved(Reason.UNSUPPORTED, "a table or a policy service decides before strangers are refused")
    return Audience.EVERYBODY


def _dovecot(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> MailboxProgram:
    printed = seen(partial(_printed, read, SETTINGS))
    unread = Unobserved(Reason.UNSUPPORTED, "doveconf cannot be asked, and defaults differ between versions")
    values: dict[str, str] = {}
    version: str | Unobserved = unread
    if isinstance(printed, Unobserved):
        unread = printed
    elif printed is not None:
        # Top-level settings stand at the margin; what is indented belongs to a protocol, a listener or a rule.
        lines = printed.decode("utf-8", "replace").split("\n")
        values = {
            name.strip(): text.strip() for line in lines if line[:1].isalpha() for name, equals, text in [line.partition("=")] if equals
        }
        head = re.match(r"# (\d[\d.]*)", lines[0])
        version = head[1] if head else unread
    cleartext = values.get("auth_allow_cleartext")  # from 2.4
    return MailboxProgram(
        name="dovecot",
        version=version,
        running=found.running,
        starts=found.starts,
        applied=applied(read, running, DOVECOT.processes, (*DOVECOT_FILES, *_below(read))) if found.running is True else None,
        source=" ".join(SETTINGS),
        tls=values.get("ssl", unread),
        clear_authentication=(cleartext == "yes")
        if cleartext
        else values["disable_plaintext_auth"] == "no"
        if "disable_plaintext_auth" in values
        else unread,
        least_version=values.get("ssl_min_protocol", unread),
    )


def _below(read: Reader) -> tuple[str, ...]:
    names = seen(partial(read.names, "/etc/dovecot/conf.d"))
    return () if isinstance(names, Unobserved) else tuple(f"/etc/dovecot/conf.d/{name}" for name in names or () if name.endswith(".conf"))
