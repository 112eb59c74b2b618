"""What Postfix makes of its configuration, as it prints it itself: main.cf, and each service of master.cf with settings of its own.

On a mounted root only what main.cf writes is known: defaults depend on the version and on how the package was built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import ip_network

from scanner.facts.mail_configuration import MailListener, MailProgram
from scanner.facts.readings import Audience
from scanner.hosts.base import Reader
from scanner.hosts.linux.arguments import Grammar, leads_elsewhere
from scanner.hosts.linux.base import Process, applied, file_needed, needed, parsed, printed, seen, shown
from scanner.hosts.linux.mail_filters import evaluates_dmarc
from scanner.hosts.linux.services import Found, Program
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import postfix as wire
from scanner.wire.addresses import wide
from scanner.wire.postfix import Relaying, Service

POSTFIX = Program("postfix", ("/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master"), ("postfix.service",), ("master",))
MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
# Without its main file postconf sleeps a second before it fails.
PARAMETERS, SERVICES, OVERRIDES = (("sh", "-c", f"[ -e {MAIN} ] && exec postconf {option}") for option in ("-x", "-M", "-P"))
MOST_LISTENERS = 100
_RANK = {Relaying.REFUSED: 0, Relaying.BY_TABLE: 1, Relaying.OPEN_END: 2, Relaying.PERMITTED: 3}
ARGUMENTS = Grammar("c:Dde:istvw", ("-c",))
_PEOPLE = frozenset({"permit_mynetworks", "permit_sasl_authenticated", "permit_inet_interfaces"})
_LISTS = tuple(f"smtpd_{name}_restrictions" for name in ("client", "helo", "sender", "relay", "recipient"))


Values = Mapping[str, str]


def postfix(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> MailProgram:
    """See what its configuration says."""
    if found.unread:
        return MailProgram("postfix", found.unread, found.running, found.starts, None, MAIN, *(found.unread,) * 6)
    main, source = parameters(read)
    services = seen(partial(_services, read, main))
    value = partial(value_of, main)
    everywhere = partial(_everywhere, read, main, services)
    return MailProgram(
        name="postfix",
        version=value("mail_version"),
        running=found.running,
        starts=found.starts,
        applied=in_force(read, found, running),
        source=source,
        listeners=services if isinstance(services, Unobserved) else tuple(_listener(service, values) for service, values in services),
        sends_with_tls=_with_tls(value("smtp_tls_security_level"), value("smtp_use_tls")),
        answers_vrfy=everywhere(name="disable_vrfy_command", decisive=True, ask=lambda v: _is(value_of(v, "disable_vrfy_command"), "no")),
        tells_version=everywhere(
            name="smtpd_banner", decisive=True, ask=lambda v: _tells(value_of(v, "smtpd_banner"), value_of(v, "mail_version"))
        ),
        judges_senders=_judges(read, main, services),
        keeps_line_ends=everywhere(
            name="smtpd_forbid_bare_newline", decisive=False, ask=lambda v: _keeps(value_of(v, "smtpd_forbid_bare_newline"))
        ),
    )


def parameters(read: Reader) -> tuple[Values | Unobserved, str]:
    """Give the parameters as Postfix prints them, else as main.cf writes them, and which of the two it was."""
    said = seen(partial(printed, read, PARAMETERS))
    if isinstance(said, Unobserved) or said is None:
        return seen(partial(_written, read)), MAIN
    return parsed("postconf", said, wire.parameters), "postconf -x"


def in_force(read: Reader, found: Found, running: tuple[Process, ...] | Unobserved | None) -> Unobserved | None:
    """Tell why a running Postfix may not go by its files: its processes read main.cf when they start, master only when told."""
    if found.running is not True:
        return None
    return _others(read) or applied(read, running, POSTFIX.processes, (MAIN, MASTER))


def _others(read: Reader) -> Unobserved | None:
    """Tell why the usual configuration is not all that Postfix goes by: another instance runs with its own (postmulti(1))."""
    return seen(partial(leads_elsewhere, read, POSTFIX.processes, ARGUMENTS, ("/etc/postfix", "/etc/postfix/")))


def _everywhere(
    read: Reader,
    main: Values | Unobserved,
    services: tuple[tuple[Service, Values], ...] | Unobserved,
    *,
    name: str,
    ask: Callable[[Values | Unobserved], bool | Unobserved],
    decisive: bool,
) -> bool | Unobserved:
    """Put the answers for all services that listen together: a ``decisive`` one decides, then one that is not known.

    Where the services cannot be printed, main.cf speaks for them unless master.cf sets the parameter for one of them.
    """
    if isinstance(services, Unobserved):
        master = seen(partial(read.file, MASTER))
        if isinstance(master, Unobserved) or master is None:
            return services
        if re.search(rb"-o\s*\{?\s*" + name.encode() + rb"\s*=", master):
            return services
        return ask(main)
    answers = [ask(values) for _, values in services] or [ask(main)]
    if decisive in answers:
        return decisive
    return next((answer for answer in answers if isinstance(answer, Unobserved)), not decisive)


def _written(read: Reader) -> dict[str, str]:
    data = file_needed(read, MAIN, limit=4_000_000)
    return needed(parsed(MAIN, data, wire.parameters))


def value_of(values: Values | Unobserved, name: str) -> str | Unobserved:
    """Give one parameter with the names in it put in, or why it is not known."""
    if isinstance(values, Unobserved):
        return values
    if name not in values:
        return Unobserved(Reason.VALUE_NOT_SET, f"{name} is not written, and postconf cannot be asked for its default")
    return wire.expanded(values[name], values)


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


def _judges(read: Reader, main: Values | Unobserved, services: tuple[tuple[Service, Values], ...] | Unobserved) -> bool | Unobserved | None:
    """Whether each service that takes strangers' mail evaluates DMARC; ``None``: there is none that does."""
    if not isinstance(services, Unobserved):
        services = tuple((service, values) for service, values in services if not _own_people_only(values))
        if not services:
            return None

    def ask(values: Values | Unobserved) -> bool | Unobserved:
        milters, queue = value_of(values, "smtpd_milters"), value_of(values, "queue_directory")
        if isinstance(milters, Unobserved):
            return milters
        found = evaluates_dmarc(read, wire.words(milters), "/var/spool/postfix" if isinstance(queue, Unobserved) else queue)
        maps = value_of(values, "smtpd_milter_maps")  # from 3.2
        if found is True and not isinstance(maps, Unobserved) and maps:
            return Unobserved(Reason.UNSUPPORTED, "smtpd_milter_maps keeps the filters from some clients")
        return found

    return _everywhere(read, main, services, name="smtpd_milters", ask=ask, decisive=False)


def _own_people_only(values: Values) -> bool:
    """Tell whether a service takes mail from one's own people and networks only: a list that permits those and then refuses all."""
    for one in (value_of(values, name) for name in _LISTS):
        words = [] if isinstance(one, Unobserved) else wire.words(one)
        if "reject" in words and set(words[: words.index("reject")]) <= _PEOPLE:
            return True
    return False


def _networks(value: str | Unobserved) -> tuple[str, ...] | Unobserved:
    if isinstance(value, Unobserved):
        return value
    found = wire.networks(value)
    return Unobserved(Reason.UNSUPPORTED, "mynetworks is kept in a table or has patterns") if found is None else found


def _services(read: Reader, values: Values | Unobserved) -> tuple[tuple[Service, Values], ...]:
    """Take every smtpd that the network reaches, by itself or behind postscreen, with the settings that hold for it.

    Raises ``CannotObserve``.
    """
    main = needed(values)
    said, overriding = printed(read, SERVICES), printed(read, OVERRIDES)
    if said is None:
        raise CannotObserve(Reason.UNSUPPORTED, "postconf cannot be asked for the services of master.cf and their settings")
    own = needed(parsed("postconf -P", overriding or b"", wire.parameters))
    found = []
    for service in needed(parsed("postconf -M", said, wire.services)):
        if service.kind in {"inet", "pass"} and service.command == "smtpd":
            prefix = f"{service.name}/{service.kind}/"
            found.append((service, {**main, **{k.removeprefix(prefix): v for k, v in own.items() if k.startswith(prefix)}}))
    if len(found) > MOST_LISTENERS:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST_LISTENERS} services listen")
    return tuple(found)


def _listener(service: Service, values: Values) -> MailListener:
    value = partial(value_of, values)
    level, wrapped = value("smtpd_tls_security_level"), _is(value("smtpd_tls_wrappermode"), "yes")
    tls: str | Unobserved = "wrapped" if wrapped is True else level if isinstance(level, Unobserved) else level.lower() or "none"
    if tls == "none" and _is(value("smtpd_use_tls"), "yes") is True:
        tls = "may"
    authenticates = _is(value("smtpd_sasl_auth_enable"), "yes")
    only_tls = _is(value("smtpd_tls_auth_only"), "yes")
    clear: bool | Unobserved = False
    if authenticates is not False and tls not in {"encrypt", "wrapped"} and not _no_plain(value("smtpd_sasl_security_options")):
        clear = authenticates if isinstance(authenticates, Unobserved) else only_tls if isinstance(only_tls, Unobserved) else not only_tls
    return MailListener(shown(service.name), _relays(value), tls, authenticates, clear)


def _no_plain(options: str | Unobserved) -> bool:
    return not isinstance(options, Unobserved) and "noplaintext" in wire.words(options)


def _relays(value: partial[str | Unobserved]) -> Audience | Unobserved:
    """A stranger needs the leave of both lists; ``mynetworks`` may make strangers one's own."""
    lists = [value("smtpd_relay_restrictions"), value("smtpd_recipient_restrictions")]
    known = [wire.relaying(wire.words(one)) for one in lists if not isinstance(one, Unobserved)]
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
