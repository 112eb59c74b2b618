"""The collector for the rules of logging in on Linux: PAM's stacks walked through, faillock, umask, su, limits, hours of use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from scanner.facts.login_rules import Lockout, LoginRules, LoginService, Mask
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux import pam
from scanner.hosts.linux.base import drop_ins, needed, one_file, parsed, seen, shown
from scanner.hosts.linux.shells import umasks
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import pam as wire
from scanner.wire.pam import FAILURE, IGNORE, SUCCESS, UNKNOWN_USER, Module, NotPam, Stack

T = TypeVar("T")

ENTRANCES: Final = ("login", "sshd", "gdm-password", "lightdm", "sddm", "xrdp-sesman", "cockpit", "sudo", "su")
"""Services in which people prove who they are, as distributions name them."""
FACTORS: Final = frozenset(
    {
        "pam_google_authenticator",
        "pam_oath",
        "pam_u2f",
        "pam_yubico",
        "pam_duo",
        "pam_pkcs11",
        "pam_p11",
        "pam_privacyidea",
        "pam_rsa_securid",
    }
)
ABSENT_ALLOWED: Final = ("nullok", "nouserok")
"""Arguments with which a module of a second factor lets those in who have none."""
ELSEWHERE: Final = frozenset(
    {
        "pam_sss",
        "pam_ldap",
        "pam_krb5",
        "pam_winbind",
        "pam_lsass",
        "pam_systemd_home",
        "pam_fprintd",
        "pam_ssh_agent_auth",
        "pam_gnome_keyring",
    }
)
"""Modules that know nothing of a local account with a password."""
LOCAL: Final = frozenset({"pam_unix", "pam_pwdb", "pam_tcb", "pam_unix2"})
WILD: Final = frozenset({"pam_succeed_if", "pam_exec", "pam_access", "pam_time", "pam_listfile", "pam_shells", "pam_python", "pam_script"})
TALLIES: Final = frozenset({"pam_tally", "pam_tally2"})
FAILLOCK_CONF: Final = "/etc/security/faillock.conf"
FAILLOCK: Final = {"deny": "3", "unlock_time": "600", "fail_interval": "900"}
LIMITS: Final = "/etc/security/limits.conf"
LIMITS_D: Final = "/etc/security/limits.d"
TIME: Final = "/etc/security/time.conf"
DEFAULT_BITS: Final = 0o022
"""The umask of what systemd and init start."""


@collector(
    Platform.LINUX,
    *pam.SOURCES,
    Files(FAILLOCK_CONF),
    Files("/etc/login.defs"),
    Files("/etc/default/login"),
    Files("/etc/profile"),
    Files("/etc/bash.bashrc"),
    Files("/etc/bashrc"),
    Files("/etc/profile.d/*.sh"),
    Names("/etc/profile.d"),
    Files(LIMITS),
    Files(f"{LIMITS_D}/*.conf"),
    Names(LIMITS_D),
    Files(TIME),
)
def login_rules(read: Reader) -> LoginRules:
    """See the rules for logging in."""
    found = seen(lambda: _services(read))
    if not isinstance(found, Unobserved):
        for service in found:
            read.keep(service.source, f"{service.name}: lockout {service.lockout}, second factor {service.second_factor}")
    return LoginRules(
        services=found,
        masks=seen(lambda: _masks(read)),
        become_restricted=seen(lambda: _become(read)),
        most_sessions=seen(lambda: _sessions(read)),
        hours=seen(lambda: _hours(read)),
    )


def _services(read: Reader) -> tuple[LoginService, ...]:
    there = pam.services(read)
    if not there:
        raise CannotObserve(Reason.UNSUPPORTED, "/etc/pam.d is not there: the machine does not use PAM")
    return tuple(_service(read, name) for name in ENTRANCES if name in there)


def _service(read: Reader, name: str) -> LoginService:
    auth = pam.stack(read, name, "auth")
    source = f"/etc/pam.d/{name}"
    if auth is None:
        auth = Unobserved(Reason.UNSUPPORTED, f"{source} is not there")
    if isinstance(auth, Unobserved):
        return LoginService(name, auth, auth, auth, auth, source)
    stack = auth
    return LoginService(
        name,
        lockout=_answered(lambda: _lockout(read, stack)),
        empty_password=_answered(lambda: _empty(stack, name)),
        second_factor=_answered(lambda: _factor_needed(stack)),
        second_alone=_answered(lambda: _factor_alone(stack)),
        source=source,
    )


def _answered(ask: Callable[[], T]) -> T | Unobserved:
    try:
        return seen(ask)
    except NotPam as error:
        return Unobserved(Reason.UNSUPPORTED, shown(f"PAM: {error}"))


def usual(module: Module, *, root: bool = False) -> str:
    """Give what a module answers to a local account of a person with the right password and every proof."""
    name = module.name
    if name in {"pam_deny"} or name in ELSEWHERE:
        return FAILURE if name == "pam_deny" else UNKNOWN_USER
    if name == "pam_rootok":
        return SUCCESS if root else FAILURE
    if name == "pam_usertype":
        return FAILURE if "issystem" in module.arguments else SUCCESS
    return SUCCESS


def _lockout(read: Reader, stack: Stack) -> Lockout | None:
    """Give the lock that failures lead to: a locked account must be refused and a wrong password be counted, whatever else happens."""
    counting = [m for m in stack.modules() if m.name == "pam_faillock" or m.name in TALLIES]
    if not counting:
        return None

    def locked(module: Module) -> str:
        return FAILURE if module in counting else usual(module)

    def wrong(module: Module) -> str:
        if module in counting:
            return FAILURE if "authfail" in module.arguments else SUCCESS
        return FAILURE if module.name in LOCAL else usual(module)

    refused = wire.always(stack, locked, WILD, lambda opened, _: not opened)
    counted = wire.always(stack, wrong, WILD, lambda _, asked: any("authfail" in m.arguments or m.name in TALLIES for m in asked))
    if not (refused and counted):
        return None
    first = next((m for m in counting if "preauth" in m.arguments), counting[0])
    if first.name in TALLIES:
        return Lockout(
            _whole(first.argument("deny") or "0"),
            _whole(first.argument("unlock_time") or "0") or None,
            0,
            "even_deny_root" in first.arguments,
        )
    path = first.argument("conf") or FAILLOCK_CONF
    data = read.file(path)
    held = dict(needed(parsed(path, data, wire.settings))) if data is not None else {}
    words = {key: first.argument(key) or held.get(key) or default for key, default in FAILLOCK.items()}
    seconds = 0 if words["unlock_time"] == "never" else _whole(words["unlock_time"])
    # pam_faillock(8): a time for root implies that root is locked
    root = any(key in held or first.argument(key) is not None for key in ("even_deny_root", "root_unlock_time"))
    if (group := first.argument("admin_group") or held.get("admin_group")) and not root:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"{path}: members of {group} are not locked, and who they are is not looked at"))
    return Lockout(_whole(words["deny"]), seconds or None, _whole(words["fail_interval"]), root)


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{shown(text[:40])!r} is no number")
    return int(text)


def _empty(stack: Stack, name: str) -> bool:
    """Tell whether an account with an empty password could be opened by it; for faillock such a login is a success like others."""

    def answer(module: Module) -> str:
        if module.name in LOCAL:
            accepts = "nullok" in module.arguments or ("nullok_secure" in module.arguments and name == "login")
            return SUCCESS if accepts else FAILURE
        return FAILURE if module.name in FACTORS and not _may_lack(module) else usual(module)

    return not wire.always(stack, answer, WILD, lambda opened, _: not opened)


def _may_lack(module: Module) -> bool:
    return any(word in module.arguments for word in ABSENT_ALLOWED)


def _factor_needed(stack: Stack) -> bool:
    """Tell whether everybody needs a further proof: nothing opens without it, also not for those who have none set up."""
    if not any(module.name in FACTORS for module in stack.modules()):
        return False

    def answer(module: Module) -> str:
        if module.name in FACTORS:
            return (IGNORE if module.name == "pam_google_authenticator" else SUCCESS) if _may_lack(module) else FAILURE
        return usual(module)

    return wire.always(stack, answer, WILD, lambda opened, _: not opened)


def _factor_alone(stack: Stack) -> bool:
    """Tell whether the further proof opens without the password."""
    if not any(module.name in FACTORS for module in stack.modules()):
        return False
    if not any(module.name in LOCAL for module in stack.modules()):
        return True

    def answer(module: Module) -> str:
        return FAILURE if module.name in LOCAL else usual(module)

    return not wire.always(stack, answer, WILD, lambda opened, _: not opened)


def _become(read: Reader) -> bool | None:
    auth = pam.stack(read, "su", "auth")
    if auth is None:
        return None
    stack = needed(auth)

    def answer(module: Module) -> str:
        if module.name != "pam_wheel":
            return usual(module)
        if "trust" in module.arguments:
            return IGNORE
        return IGNORE if "deny" in module.arguments else FAILURE

    try:
        return wire.always(stack, answer, WILD, lambda opened, _: not opened)
    except NotPam as error:
        raise CannotObserve(Reason.UNSUPPORTED, str(error)) from error


def _masks(read: Reader) -> tuple[Mask, ...]:
    """Give the umask of a login: pam_umask's, then what the shells' start-up files make of it."""
    service = "sshd" if "sshd" in pam.services(read) else "login"
    session = needed(pam.stack(read, service, "session"))
    first = Mask(DEFAULT_BITS, False, True, f"{service}: no pam_umask")
    data = read.file("/etc/login.defs") or b""
    module = next((m for m in session.modules() if m.name == "pam_umask"), None) if session is not None else None
    written = wire.variable(data, "UMASK", last=False)
    if module is not None:
        given = module.argument("umask")
        defaults = (read.file("/etc/default/login") or b"").replace(b"=", b" ") if given is None and written is None else b""
        text = given or written or wire.variable(defaults, "UMASK", last=False)
        source = module.source if given else "/etc/login.defs UMASK"
        own = "usergroups" in module.arguments
        if given is None and written is not None and (wire.variable(data, "USERGROUPS_ENAB", last=False) or "").lower() == "yes":
            own = "nousergroups" not in module.arguments
        first = Mask(_octal(text, source), own, True, source) if text else first
    masks = [first]
    for change in umasks(read):
        mask = Mask(_octal(change.value, change.source), False, not change.conditional, change.source)
        masks = [*masks, mask] if change.conditional else [mask]
    return tuple(masks)


def _octal(text: str, source: str) -> int:
    if not re.fullmatch(r"[0-7]{1,4}", text):
        raise CannotObserve(Reason.UNSUPPORTED, f"{source}: the umask {shown(text[:40])!r} is not in octal figures")
    return int(text, 8)


def _sessions(read: Reader) -> int | None:
    """Give the limit on sessions that holds for everybody (``*``), the later line counting; single users are not looked at."""
    if not _called(read, "session", "pam_limits"):
        return None
    files = drop_ins(read, (LIMITS_D,), ".conf")
    main = one_file(read, LIMITS)
    most = None
    for text in (*((main,) if main else ()), *needed(files)):
        for row in needed(text.data).decode("utf-8", "replace").split("\n"):
            words = row.partition("#")[0].split()
            if len(words) == 4 and words[0] == "*" and words[1] in {"hard", "-"} and words[2] == "maxlogins":
                most = int(words[3]) if re.fullmatch(r"\d{1,6}", words[3]) else None
    return most


def _hours(read: Reader) -> bool:
    if not _called(read, "account", "pam_time"):
        return False
    rows = (read.file(TIME) or b"").decode("utf-8", "replace").split("\n")
    return any(row.partition("#")[0].count(";") == 3 for row in rows)


def _called(read: Reader, kind: str, module: str) -> bool:
    """Whether the main entrance asks a module."""
    service = "sshd" if "sshd" in pam.services(read) else "login"
    found = pam.stack(read, service, kind)
    return found is not None and any(m.name == module for m in needed(found).modules())
