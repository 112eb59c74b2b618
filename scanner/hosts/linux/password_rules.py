"""The collector for the rules on new passwords on Linux: PAM's password stack, libpwquality, login.defs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from scanner.facts.login_rules import PasswordRules
from scanner.hosts.base import Files, Names, Reader, collector
from scanner.hosts.linux import pam
from scanner.hosts.linux.base import drop_ins, needed, one_file, parsed, seen, shown
from scanner.hosts.linux.login_rules import LOCAL, WILD, usual
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import pam as wire
from scanner.wire.pam import FAILURE, Module, NotPam, Stack

QUALITY: Final = "/etc/security/pwquality.conf"
QUALITY_D: Final = "/etc/security/pwquality.conf.d"
HISTORY: Final = "/etc/security/pwhistory.conf"
HISTORY_MODULES: Final = tuple(
    f"/usr/{place}/security/pam_pwhistory.so" for place in ("lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib64", "lib")
)
DEFS: Final = "/etc/login.defs"
QUALITY_DEFAULTS: Final = {"minlen": "8", "minclass": "0", "dictcheck": "1", "enforcing": "1"}
"""pwquality.conf(5), libpwquality 1.4. Less than six characters are never accepted."""
SHORTEST: Final = 6
CREDITS: Final = ("dcredit", "ucredit", "lcredit", "ocredit")
HISTORY_DEFAULT: Final = 10
UNIX_LEAST: Final = 6
"""What pam_unix itself asks for where ``minlen=`` does not say otherwise, pam_unix(8)."""
HASHES: Final = ("md5", "bigcrypt", "sha256", "sha512", "blowfish", "gost_yescrypt", "yescrypt")
NO_LIMIT: Final = 99_998
"""From here on a number of days means "never": 99999 is what distributions write."""
PASSWORD_SERVICES: Final = ("passwd", "common-password", "system-auth", "other")


@collector(
    Platform.LINUX,
    *pam.SOURCES,
    Files(QUALITY),
    Files(f"{QUALITY_D}/*.conf"),
    Names(QUALITY_D),
    Files(HISTORY),
    Files(DEFS),
)
def password_rules(read: Reader) -> PasswordRules:
    """See what a new password has to be."""
    stack = seen(lambda: _stack(read))
    shape = stack if isinstance(stack, Unobserved) else seen(lambda: _shape(read, stack))
    defs = seen(lambda: read.file(DEFS))
    if isinstance(shape, Unobserved):
        length: int | Unobserved | None = shape
        classes: int | Unobserved | None = shape
        dictionary: bool | Unobserved = shape
        administrators: bool | Unobserved = shape
        source = "/etc/pam.d/passwd"
    else:
        length, classes, dictionary, administrators, source = shape
    read.keep(source, f"length {length}, kinds of characters {classes}")
    return PasswordRules(
        least_length=length,
        least_classes=classes,
        dictionary=dictionary,
        administrators=administrators,
        history=stack if isinstance(stack, Unobserved) else seen(lambda: _history(read, stack)),
        hash=stack if isinstance(stack, Unobserved) else seen(lambda: _hash(defs, stack)),
        most_days=of_defs(defs, "PASS_MAX_DAYS"),
        least_days=of_defs(defs, "PASS_MIN_DAYS"),
        warn_days=of_defs(defs, "PASS_WARN_AGE"),
        source=source,
    )


def _stack(read: Reader) -> Stack:
    there = pam.services(read)
    for service in PASSWORD_SERVICES:
        if service in there and (found := pam.stack(read, service, "password")) is not None:
            return needed(found)
    raise CannotObserve(Reason.UNSUPPORTED, "PAM has no stack for setting passwords")


def _enforced(stack: Stack, refusing: Module) -> bool:
    """Tell whether no password is set that a module refuses, though all others agree."""

    def answer(module: Module) -> str:
        return FAILURE if module is refusing else usual(module)

    try:
        return wire.always(stack, answer, WILD, lambda opened, _: not opened)
    except NotPam as error:
        raise CannotObserve(Reason.UNSUPPORTED, shown(f"PAM: {error}")) from error


def _shape(read: Reader, stack: Stack) -> tuple[int | None, int | None, bool, bool, str]:
    """Give least length, least number of kinds of characters, dictionary, whether root is bound, and where it stands."""
    for module in stack.modules():
        if module.name == "pam_pwquality" and _enforced(stack, module):
            return _pwquality(read, module)
        if module.name == "pam_cracklib" and _enforced(stack, module):
            # pam_cracklib(8): each kind of character earns one by default, so that nine may mean six
            words = {"minlen": "9", **dict.fromkeys(CREDITS, "1"), **_arguments(module)}
            return _length(words), _classes(words), True, "enforce_for_root" in module.arguments, module.source
        if module.name == "pam_passwdqc" and module.argument("enforce") != "none" and _enforced(stack, module):
            if module.argument("config"):
                raise CannotObserve(Reason.UNSUPPORTED, f"{module.source}: the file that config= names is not read")
            return _passwdqc(module), None, True, "everyone" in (module.argument("enforce") or "everyone"), module.source
    for module in stack.modules():
        if module.name in LOCAL:
            return _whole(module.argument("minlen") or str(UNIX_LEAST)), None, False, False, module.source
    return None, None, False, False, "/etc/pam.d/passwd"


def _arguments(module: Module) -> dict[str, str]:
    return {key: value for key, _, value in (argument.partition("=") for argument in module.arguments)}


def _pwquality(read: Reader, module: Module) -> tuple[int | None, int | None, bool, bool, str]:
    """Put together what libpwquality goes by: the directory in order, then the main file, then the arguments, the last one counting."""
    words = dict(QUALITY_DEFAULTS)
    source = f"{module.source}, the defaults of libpwquality"
    main = one_file(read, QUALITY)
    for text in (*needed(drop_ins(read, (QUALITY_D,), ".conf")), *((main,) if main else ())):
        held = dict(needed(parsed(text.path, needed(text.data), wire.settings)))
        words.update(held)
        source = text.path if "minlen" in held else source
    given = _arguments(module)
    words.update(given)
    source = module.source if "minlen" in given else source
    if _whole(words["enforcing"] or "1") == 0:
        return None, None, False, False, source
    return _length(words), _classes(words), _whole(words["dictcheck"] or "1") != 0, "enforce_for_root" in words, source


def _length(words: Mapping[str, str]) -> int:
    """Give the length of the shortest password that passes: a positive credit makes it shorter for each kind of character used."""
    credit = sum(max(0, _signed(words.get(name) or "0")) for name in CREDITS)
    return max(SHORTEST, _whole(words["minlen"]) - credit)


def _classes(words: Mapping[str, str]) -> int:
    """Give how many kinds of characters are asked for: ``minclass``, or the number of kinds with a negative credit."""
    return max(_whole(words.get("minclass") or "0"), sum(_signed(words.get(name) or "0") < 0 for name in CREDITS))


def _passwdqc(module: Module) -> int | None:
    """Give the least length among those that are not disabled: ``min=N0,N1,N2,N3,N4``, pam_passwdqc(8)."""
    parts = (module.argument("min") or "disabled,24,11,8,7").split(",")
    lengths = [_whole(part) for part in parts if part != "disabled"]
    return min(lengths) if lengths else None


def _history(read: Reader, stack: Stack) -> int | None:
    for module in stack.modules():
        if module.name == "pam_pwhistory" and _enforced(stack, module):
            return _whole(module.argument("remember") or _history_by_file(read, module) or str(HISTORY_DEFAULT)) or None
        if module.name in LOCAL and (kept := module.argument("remember")):
            return _whole(kept) or None
    return None


def _history_by_file(read: Reader, module: Module) -> str | None:
    """Give what the module's file says, where the module reads one: that of Debian 12 (1.5.2) does not, that of Debian 13 (1.7.0) does.

    The Red Hat family brought the file to older versions, so that the module itself is looked into, not its version. Raises
    ``CannotObserve``.
    """
    path = module.argument("conf") or HISTORY
    data = read.file(path)
    held = dict(needed(parsed(path, data, wire.settings))) if data is not None else {}
    if "remember" not in held:
        return None
    programs = [program for place in HISTORY_MODULES if (program := read.file(place)) is not None]
    if not programs:
        raise CannotObserve(Reason.UNSUPPORTED, f"{shown(path)}: whether pam_pwhistory reads it is not told, since the module is not there")
    return held["remember"] if any(HISTORY.encode() in program for program in programs) else None


def _hash(defs: bytes | Unobserved | None, stack: Stack) -> str:
    """Give how pam_unix hashes: its argument, or ENCRYPT_METHOD of login.defs as PAM's modules read it (the first line)."""
    for module in stack.modules():
        if module.name in LOCAL:
            given = [word for word in module.arguments if word in HASHES]
            if given:
                return given[-1]
            written = wire.variable(needed(defs) or b"", "ENCRYPT_METHOD", last=False)
            if written:
                return written.lower()
            raise CannotObserve(Reason.UNSUPPORTED, f"{module.source}: neither it nor {DEFS} says how passwords are hashed")
    raise CannotObserve(Reason.UNSUPPORTED, "no module of PAM sets local passwords")


def of_defs(defs: bytes | Unobserved | None, name: str) -> int | Unobserved | None:
    """Read a number of days of login.defs as useradd(8) does: the last line counts, nothing or -1 means never."""
    return defs if isinstance(defs, Unobserved) else seen(lambda: _days(wire.variable(defs or b"", name, last=True)))


def _days(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    days = _signed(text)
    return None if days < 0 or days > NO_LIMIT else days


def _whole(text: str) -> int:
    number = _signed(text)
    if number < 0:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{text!r} is negative")
    return number


def _signed(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,9}", text.strip()):
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, f"{shown(text[:40])!r} is no number")
    return int(text)
