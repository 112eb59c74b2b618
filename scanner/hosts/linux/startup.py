"""The collector for how a Linux machine starts: firmware, boot loader, console keys, rescue mode, processor flaws."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scanner.facts.kernel import BootFile, Flaw, Startup
from scanner.facts.readings import Readings
from scanner.hosts.base import FileKind, Files, Names, Reader, Run, collector
from scanner.hosts.linux import systemd_conf
from scanner.hosts.linux.base import agreed, boot_options, drop_ins, exists, first_line, init, needed, one_file, option, parsed, seen, shown
from scanner.hosts.linux.container import READS as CONTAINER
from scanner.hosts.linux.container import container
from scanner.model.fact import Unobserved
from scanner.model.platform import Platform
from scanner.model.reason import CannotObserve, Reason

SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
GRUB = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
GRUB_USER = ("/boot/grub/user.cfg", "/boot/grub2/user.cfg")
SYSTEMD_BOOT = ("/boot/loader/loader.conf", "/efi/loader/loader.conf", "/boot/efi/loader/loader.conf")
KEYS_UNIT = Run(("systemctl", "show", "-p", "LoadState", "ctrl-alt-del.target"))
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
FLAWS = "/sys/devices/system/cpu/vulnerabilities"
MOST_FLAWS = 100
LOCKDOWN = "/sys/kernel/security/lockdown"
OFF: Mapping[str, frozenset[str | None]] = {
    "mitigations": frozenset({"off"}),
    "pti": frozenset({"off"}),
    "nopti": frozenset({"", None}),
    "spectre_v2": frozenset({"off"}),
    "nospectre_v1": frozenset({"", None}),
    "nospectre_v2": frozenset({"", None}),
    "mds": frozenset({"off"}),
    "l1tf": frozenset({"off"}),
    "tsx_async_abort": frozenset({"off"}),
    "mmio_stale_data": frozenset({"off"}),
    "retbleed": frozenset({"off"}),
    "spec_store_bypass_disable": frozenset({"off"}),
}
"""Kernel options that leave a processor flaw open (Documentation/admin-guide/kernel-parameters.txt)."""


@collector(
    Platform.LINUX,
    *CONTAINER,
    Names("/sys/firmware/efi"),
    Files(SECURE_BOOT),
    *(Files(path, limit=4_000_000, root=True) for path in GRUB),
    *(Files(path, root=True) for path in GRUB_USER),
    *(Names(path) for path in (*GRUB, *GRUB_USER)),
    *(Files(path, root=True) for path in SYSTEMD_BOOT),
    KEYS_UNIT,
    Files("/etc/systemd/system.conf"),
    Files("/etc/systemd/system.conf.d/*.conf"),
    Files("/etc/systemd/system/rescue.service"),
    Files("/etc/systemd/system/rescue.service.d/*.conf"),
    Files("/usr/lib/systemd/system/rescue.service"),
    Files("/proc/cmdline"),
    Files(LOCKDOWN),
    Files(f"{FLAWS}/*"),
)
def startup(read: Reader) -> Startup:
    """See how the machine starts and what a person at its console can do to that."""
    loader = seen(lambda: _loader(read))
    password = loader if isinstance(loader, Unobserved) else seen(lambda: _password(read, loader))
    firmware = seen(lambda: ("uefi" if read.names("/sys/firmware/efi") is not None else "bios") if read.live else None)
    fact = Startup(
        container=container(read),
        firmware=firmware,
        secure_boot=firmware if isinstance(firmware, Unobserved) else seen(lambda: _secure_boot(read)) if firmware == "uefi" else None,
        loader=loader,
        loader_password=password,
        loader_files=seen(lambda: _files(read)),
        restarts_on_keys=_keys(read),
        rescue_asks=seen(lambda: _rescue(read)),
        lockdown=seen(lambda: _lockdown(read)),
        flaws=seen(lambda: _flaws(read)),
        mitigations_off=_mitigations(read),
    )
    read.keep("/boot, /sys/firmware", f"firmware {firmware}, secure boot {fact.secure_boot}, loader {loader}, password {password}")
    return fact


def _secure_boot(read: Reader) -> bool:
    data = read.file(SECURE_BOOT, limit=64)
    if data is None:
        raise CannotObserve(Reason.UNSUPPORTED, f"{SECURE_BOOT}: the firmware's variables are not to be seen")
    return len(data) > 4 and data[4] == 1  # four octets of attributes come first


def _loader(read: Reader) -> str:
    if exists(read, *GRUB):
        return "grub"
    return "systemd-boot" if exists(read, *SYSTEMD_BOOT) else ""


def _password(read: Reader, loader: str) -> bool | None:
    if loader == "grub":
        return _grub_password(read)
    if loader == "systemd-boot":  # loader.conf(5): whether the kernel's options can be edited; it has no password
        lines = [line.split() for path in SYSTEMD_BOOT for line in (read.file(path) or b"").decode("utf-8", "replace").split("\n")]
        editor = next((words[1] for words in reversed(lines) if len(words) > 1 and words[0] == "editor"), "yes")
        return editor.lower() in {"no", "n", "false", "f", "off", "0"}
    return None


def _grub_password(read: Reader) -> bool:
    """Tell whether grub.cfg names super users and gives one of them a password. No hash leaves this function. Raises ``CannotObserve``."""
    user = any(
        line.partition("=")[2].strip()
        for path in GRUB_USER
        for line in (read.file(path) or b"").decode("utf-8", "replace").split("\n")
        if line.strip().startswith("GRUB2_PASSWORD=")
    )
    path = next(path for path in GRUB if read.state(path) is not None)
    supers: set[str] = set()
    protected: set[str] = set()
    conditions: list[bool | None] = []  # of the ``if`` blocks around a line; None: it cannot be told
    unsure = False
    for line in (read.file(path, limit=4_000_000) or b"").decode("utf-8", "replace").split("\n"):
        words = line.strip().split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "if":
            conditions.append(_condition(line, user))
        elif words[0] == "fi" and conditions:
            conditions.pop()
        elif words[0] in {"else", "elif"} and conditions:
            conditions[-1] = None
        elif words[0] in {"password_pbkdf2", "password"} or re.match(r"set\s+superusers=", line.strip()):
            if None in conditions:
                unsure = True
            elif False not in conditions:
                if words[0] == "set":
                    supers = set(re.split(r"[ ,;&|]+", line.partition("=")[2].strip().strip("\"'")))
                elif len(words) > 2:
                    protected.add(words[1])
    if supers & protected:
        return True
    if unsure:
        raise CannotObserve(Reason.UNSUPPORTED, f"{path}: the password stands under a condition that cannot be told")
    return False


def _condition(line: str, user: bool) -> bool | None:
    """Tell how the conditions of Red Hat's /etc/grub.d/01_users end: is there a user.cfg, does it hold a password."""
    if "GRUB2_PASSWORD" in line or "user.cfg" in line:
        return user
    return None


def _files(read: Reader) -> tuple[BootFile, ...]:
    found = []
    for path in (*GRUB, *GRUB_USER):
        state = read.state(path)
        if state is not None and state.kind is FileKind.FILE:
            found.append(BootFile(path, state.mode, state.uid, state.gid))
    return tuple(found)


def _keys(read: Reader) -> Readings[bool] | Unobserved:
    """Tell what Ctrl-Alt-Del does: systemd starts a target, and restarts at once where the keys are pressed seven times in two seconds."""
    started = seen(lambda: init(read))
    if isinstance(started, Unobserved):
        return started
    if started == "sysvinit":
        lines = seen(lambda: read.file("/etc/inittab") or b"")
        if isinstance(lines, Unobserved):
            return lines
        on = any(line.split(b":")[2:3] == [b"ctrlaltdel"] for line in lines.split(b"\n") if not line.startswith(b"#"))
        return Readings(on, on if read.live else None, on, "/etc/inittab")
    if started != "systemd":
        return Unobserved(Reason.UNSUPPORTED, "what the keys do depends on a program that is not known here")
    burst = _burst(read)
    lasting = seen(lambda: _masked_for_good(read))
    later: bool | Unobserved = (
        burst if isinstance(burst, Unobserved) else burst or (lasting if isinstance(lasting, Unobserved) else not lasting)
    )
    now: bool | Unobserved | None = None
    if read.live:
        said = seen(lambda: read.command(KEYS_UNIT.argv))
        if said is None or isinstance(said, Unobserved):
            now = said or Unobserved(Reason.UNSUPPORTED, "systemctl is not there")
        elif b"LoadState=" not in said.stdout:
            now = Unobserved(Reason.UNSUPPORTED, "systemctl does not answer")
        else:
            now = burst if isinstance(burst, Unobserved) else burst or b"LoadState=masked" not in said.stdout
    return Readings(None, now, later, "ctrl-alt-del.target, CtrlAltDelBurstAction")


def _burst(read: Reader) -> bool | Unobserved:
    files = systemd_conf.conf_files(read, "system.conf")
    if isinstance(files, Unobserved):
        return files
    action = "reboot-force"
    for file in files:
        held = file.data if isinstance(file.data, Unobserved) else parsed(file.path, file.data, systemd_conf.parse)
        if isinstance(held, Unobserved):
            return held
        for _, entry in held.entries("Manager", "CtrlAltDelBurstAction"):
            action = entry.value or "reboot-force"
    return action != "none"


def _masked_for_good(read: Reader) -> bool:
    place = next((f"{d}/ctrl-alt-del.target" for d in (UNITS[0], *UNITS[2:]) if read.state(f"{d}/ctrl-alt-del.target") is not None), None)
    return place is None or read.file(place) == b""


def _rescue(read: Reader) -> bool | None:
    """Tell whether rescue mode asks for root's password: it does unless a unit starts a bare shell or tells sulogin to."""
    if init(read) != "systemd":
        return None
    unit = next((text for where in (UNITS[0], *UNITS[2:]) if (text := one_file(read, f"{where}/rescue.service"))), None)
    if unit is None:
        return None
    texts = [unit, *needed(drop_ins(read, [f"{where}/rescue.service.d" for where in (UNITS[0], *UNITS[2:])], ".conf"))]
    command, forced = "", False
    for text in texts:
        for line in needed(text.data).decode("utf-8", "replace").split("\n"):
            name, equals, value = line.strip().partition("=")
            if equals and name.strip() == "ExecStart":
                command = value.strip() or command
            if equals and name.strip() == "Environment" and re.search(r"SYSTEMD_SULOGIN_FORCE=\"?(1|yes|true|on)", value):
                forced = True
    return "sulogin" in command and not forced


def _lockdown(read: Reader) -> str | None:
    line = first_line(read, LOCKDOWN) if read.live else None
    if line is None:
        return None
    chosen = re.search(r"\[([a-z]+)\]", line)
    return chosen[1] if chosen else None


def _flaws(read: Reader) -> tuple[Flaw, ...] | None:
    if not read.live:
        return None
    names = read.names(FLAWS) or ()
    if len(names) > MOST_FLAWS:
        raise CannotObserve(Reason.TOO_LARGE, f"{FLAWS}: more than {MOST_FLAWS} files")
    return tuple(Flaw(shown(name), shown(first_line(read, f"{FLAWS}/{name}") or "")) for name in names)


def _mitigations(read: Reader) -> Readings[bool] | Unobserved:
    now, later = boot_options(read)
    after = later if isinstance(later, Unobserved) else agreed([_leaves_open(words) for words in later], "mitigations")
    running: bool | Unobserved | None = now if now is None or isinstance(now, Unobserved) else _leaves_open(now)
    return Readings(None, running, after, "kernel options: mitigations and others")


def _leaves_open(words: tuple[str, ...]) -> bool:
    named = {word.partition("=")[0].replace("-", "_") for word in words}
    return any(name in named and (option(words, name) or "") in {value or "" for value in values} for name, values in OFF.items())
