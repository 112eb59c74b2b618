r"""The collector for the firewall that Windows brings along. Its three profiles stand for the networks that a machine may meet.

Sources of truth: for each profile the policy's value before the local one; the rules of both, the local ones only where the policy does not
forbid them; the service ``mpssvc``, without which nothing is filtered. Missing default actions are "refuse" inwards and "let through"
outwards. Where the firewall is off on a workstation another product may stand in, which is asked of Windows' security centre.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from scanner.facts.firewall import Filter, FilterProgram, Firewall, Opening
from scanner.facts.readings import Readings
from scanner.hosts.base import Key, collector
from scanner.hosts.seeing import seen, shown
from scanner.hosts.windows.answers import SERVICE_STATES
from scanner.hosts.windows.base import AUTOMATIC, POLICIES, SERVICES, WindowsReader, first_set, number, service_runs, service_start, version
from scanner.hosts.windows.powershell import Script, ask, rows, whole
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import windowsfirewall

POLICY = POLICIES + r"\Microsoft\WindowsFirewall"
LOCAL = SERVICES + r"\SharedAccess\Parameters\FirewallPolicy"
SERVICE = "mpssvc"
PROFILES = {
    "domain": ("DomainProfile", "DomainProfile"),
    "private": ("PrivateProfile", "StandardProfile"),
    "public": ("PublicProfile", "PublicProfile"),
}
"""What a profile is called, and its keys in the policy and in the local settings."""
ALLOW, BLOCK = 0, 1
MOST_RULES = 20_000
MOST_OPENINGS, MOST_UNCLEAR = 500, 20
ENABLED = 0x1000
"""In productState of the security centre, under 0xF000: the product works."""


@dataclass(frozen=True, slots=True)
class _Profile:
    """How one profile is set."""

    name: str
    on: bool
    refuses: tuple[bool, bool]
    """Whether what no rule names is refused, inwards and outwards."""
    no_exceptions: bool
    logs: bool
    local_rules: bool


@dataclass(frozen=True, slots=True)
class _Rules:
    """Rules from the two places, and what could not be understood of them."""

    local: tuple[windowsfirewall.Rule, ...]
    policy: tuple[windowsfirewall.Rule, ...]
    unclear: tuple[str, ...]


PRODUCTS = Script(
    "FirewallProduct",
    "$a=@(Get-CimInstance -Namespace root/SecurityCenter2 -ClassName FirewallProduct|ForEach-Object{"
    "@{name=[string]$_.displayName;state=[long]$_.productState}})",
)


@collector(
    Platform.WINDOWS,
    PRODUCTS.source,
    Key(POLICY),
    Key(POLICY + r"\*"),
    Key(POLICY + r"\*\Logging"),
    Key(LOCAL + r"\*"),
    Key(LOCAL + r"\*\Logging"),
    Key(rf"{SERVICES}\{SERVICE}"),
    SERVICE_STATES.source,
)
def firewall(read: WindowsReader) -> Firewall:
    """See what becomes of connections in and out."""
    start = service_start(read, SERVICE)
    if start is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{SERVICE}: there is no such service, though every Windows has it")
    running = service_runs(read, SERVICE)
    profiles = seen(lambda: tuple(_profile(read, name) for name in PROFILES))
    rules = seen(lambda: _rules(read))
    asked = partial(_readings, read, profiles, rules, (running, start in AUTOMATIC))
    for one in profiles if isinstance(profiles, tuple) else ():
        read.keep(rf"{LOCAL}, {POLICY}", f"{one.name}: on {one.on}, refuses {one.refuses}, logs {one.logs}")
    return Firewall(
        (FilterProgram("windows-firewall", start in AUTOMATIC, running),),
        asked(inbound=True, v6=False),
        asked(inbound=True, v6=True),
        asked(inbound=False, v6=False),
        asked(inbound=False, v6=True),
    )


def _profile(read: WindowsReader, name: str) -> _Profile:
    by_policy, own = (POLICY + "\\" + PROFILES[name][0], LOCAL + "\\" + PROFILES[name][1])

    def value(setting: str, below: str = "") -> int | None:
        return first_set(read, ((by_policy + below, setting, True), (own + below, setting, False))).value

    on = value("EnableFirewall")
    if on is None:
        raise CannotObserve(Reason.UNSUPPORTED, rf"{own}\EnableFirewall: it is not there, and what holds without it is not documented")
    return _Profile(
        name,
        on == 1,
        (value("DefaultInboundAction") != ALLOW, value("DefaultOutboundAction") == BLOCK),
        value("DoNotAllowExceptions") == 1,
        value("LogDroppedPackets", r"\Logging") == 1,
        number(read, by_policy, "AllowLocalPolicyMerge") != 0,
    )


def _rules(read: WindowsReader) -> _Rules:
    unclear: list[str] = []
    local = tuple(_read_rules(read, LOCAL + r"\FirewallRules", unclear))
    policy = tuple(_read_rules(read, POLICY + r"\FirewallRules", unclear))
    return _Rules(local, policy, tuple(unclear))


def _read_rules(read: WindowsReader, key: str, unclear: list[str]) -> Iterator[windowsfirewall.Rule]:
    held = read.values(key) or {}
    if len(held) > MOST_RULES:
        raise CannotObserve(Reason.TOO_LARGE, f"{key}: more than {MOST_RULES} rules")
    for name, written in sorted(held.items()):
        try:
            rule = windowsfirewall.parse(written if isinstance(written, str) else "")
        except windowsfirewall.NotARule as error:
            unclear.append(shown(f"{name}: {error}"))
        else:
            if rule.active:
                yield rule


def _readings(
    read: WindowsReader,
    profiles: tuple[_Profile, ...] | Unobserved,
    rules: _Rules | Unobserved,
    service: tuple[bool | Unobserved | None, bool],
    *,
    inbound: bool,
    v6: bool,
) -> Readings[Filter]:
    source = rf"{LOCAL}, {POLICY}"
    running, starts = service
    made: Filter | Unobserved
    if isinstance(profiles, Unobserved):
        made = profiles
    elif isinstance(rules, Unobserved):
        made = rules
    else:
        made = _filter(profiles, rules, inbound=inbound, v6=v6)
    nothing = Filter(False, ("*",), (), False, ())
    now = made if running is True else nothing if running is False else running
    later = made if starts else nothing
    bare = isinstance(profiles, tuple) and not all(one.on for one in profiles)
    off_now, off_later = running is not None and (bare or running is False), bare or not starts
    other = _other(read) if off_now or off_later else None
    if other is not None:
        now, later = (other if off_now else now), (other if off_later else later)
    return Readings(made, now, later, source)


def _other(read: WindowsReader) -> Unobserved | None:
    """Say why Windows' own firewall does not tell, where another product may filter; servers have no security centre to ask."""
    if seen(lambda: version(read).server) is True:
        return None
    on = seen(lambda: [p for p in rows(ask(read, PRODUCTS), PRODUCTS.about) if whole(p.get("state"), "productState") & 0xF000 == ENABLED])
    if isinstance(on, Unobserved):
        return Unobserved(on.reason, f"Windows' own firewall is off; whether another stands in is not known: {on.detail}")
    if not on:
        return None
    return Unobserved(Reason.UNSUPPORTED, f"another firewall works here, whose rules are not read: {shown(str(on[0].get('name')))}")


def _filter(profiles: tuple[_Profile, ...], rules: _Rules, *, inbound: bool, v6: bool) -> Filter:
    through = tuple(f"profile:{one.name}" for one in profiles if not one.on or not one.refuses[0 if inbound else 1])
    held: dict[Opening, set[str]] = {}
    for one in profiles:
        if f"profile:{one.name}" in through or (inbound and one.no_exceptions):
            continue
        for opening in _openings(one, [*rules.policy, *(rules.local if one.local_rules else ())], inbound=inbound, v6=v6):
            held.setdefault(opening, set()).add(f"profile:{one.name}")
    openings = [
        Opening(one.protocol, one.first, one.last, one.sources, () if len(where) == len(profiles) else tuple(sorted(where)))
        for one, where in held.items()
    ]
    openings.sort(key=lambda o: (o.protocol, o.first, o.last, o.sources, o.interfaces))
    unclear = rules.unclear[:MOST_UNCLEAR]
    if len(openings) > MOST_OPENINGS:
        unclear = (f"more than {MOST_OPENINGS} openings", *unclear)
    return Filter(
        any(one.on for one in profiles),
        ("*",) if len(through) == len(profiles) else through,
        tuple(openings[:MOST_OPENINGS]),
        all(one.logs for one in profiles if one.on),
        tuple(unclear),
    )


def _openings(profile: _Profile, rules: Iterable[windowsfirewall.Rule], *, inbound: bool, v6: bool) -> Iterator[Opening]:
    """Give what a profile lets through. A rule that blocks beats those that allow; only one without any condition is heeded."""
    meant = [rule for rule in rules if rule.inbound == inbound and (not rule.profiles or profile.name in rule.profiles)]
    blocked = [
        (rule.protocol, part.first, part.last)
        for rule in meant
        if not rule.allow and not rule.narrowed and not rule.program and (rule.remote6 if v6 else rule.remote4) == ()
        for part in rule.ports or (windowsfirewall.Ports(0, 65_535),)
        if not part.word
    ]
    for rule in meant:
        sources = rule.remote6 if v6 else rule.remote4
        if not rule.allow or sources is None or (rule.protocol and rule.protocol not in {"tcp", "udp"}):
            continue  # neither TCP nor UDP: control messages, which carry no connections
        for part in rule.ports or (None,):
            protocol, first, last = rule.protocol or "any", 0, 65_535
            if part is not None and not part.word:
                first, last = part.first, part.last
            elif part is not None or rule.program:
                name = part.word if part is not None else _file_name(rule.program)
                protocol, first, last = shown(name)[:60], 0, 0
            if not any(kind in {"", protocol} and low <= first and last <= high for kind, low, high in blocked):
                yield Opening(protocol, first, last, tuple(sorted(shown(source) for source in sources)), ())


def _file_name(program: str) -> str:
    """Name a program by its file; packages of the store have a SID only, which says nothing to anybody."""
    return "store-app" if program.upper().startswith("S-1-15-2-") else program.replace("/", "\\").rpartition("\\")[2]
