"""Logging in with the system's own OpenSSH client, for what paramiko does not speak.

Secrets stand neither in its words nor in its environment.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from scanner.hosts.ssh.hostkeys import files_of
from scanner.hosts.ssh.pipes import PipeShell
from scanner.hosts.ssh.secretfile import check_private
from scanner.hosts.ssh.shell import Hop, Route
from scanner.model.reason import CannotObserve, Reason

LOGIN = 30.0
"""Seconds from the start of the client to the end of authentication, for each hop."""
ASK = '#!/bin/sh\nexec head -n 1 -- "$TENKEN_PASSWORD_FILE"\n'
SETTINGS = {
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
    "CheckHostIP": "no",
    "VerifyHostKeyDNS": "no",
    "CanonicalizeHostname": "no",
    "KnownHostsCommand": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "ControlMaster": "no",
    "ControlPath": "none",
    "AddKeysToAgent": "no",
    "EscapeChar": "none",
    "NumberOfPasswordPrompts": "1",
    "ConnectionAttempts": "1",
    "ServerAliveInterval": "15",
    "GSSAPIAuthentication": "no",
    "HostbasedAuthentication": "no",
    "LogLevel": "DEBUG1",  # its standard error tells how far a login came, and the server's key
}
_REASONS = (
    (
        "IDENTIFICATION HAS CHANGED",
        Reason.UNVERIFIED,
        "BUT ANOTHER KEY IS KNOWN. Somebody may stand between, or the server was set up anew",
    ),
    ("is marked as revoked", Reason.UNVERIFIED, "WHICH IS MARKED AS REVOKED"),
    ("host key is known for", Reason.UNVERIFIED, "which is not known"),
    ("Host key verification failed", Reason.UNVERIFIED, "which cannot be verified"),
    ("Permission denied (", Reason.ACCESS_DENIED, "login refused"),
    ("Too many authentication failures", Reason.ACCESS_DENIED, "login refused"),
    ("Unable to negotiate", Reason.UNSUPPORTED, "no algorithm in common"),
    ("Connection refused", Reason.REFUSED, "refused"),
    ("No route to host", Reason.UNREACHABLE, "no route to the host, or filtered"),
    ("Network is unreachable", Reason.UNREACHABLE, "no route to the network"),
    ("timed out", Reason.TIMEOUT, "no answer in time"),
    ("administratively prohibited", Reason.REFUSED, "the host before it refused the way"),
    ("kex_exchange_identification", Reason.PROTOCOL_VIOLATION, "not an SSH server, or none that answers"),
    ("Connection closed by", Reason.RESET, "cut off"),
    ("Connection reset by", Reason.RESET, "cut off"),
)


class OpenSshShell(PipeShell):
    """The ``Shell`` behind a client; takes its files away at the end."""

    def __init__(self, argv: list[str], env: dict[str, str], files: Path) -> None:
        super().__init__(argv, env)
        self._files = files

    def close(self) -> None:
        """See ``Shell.close``."""
        super().close()
        shutil.rmtree(self._files, ignore_errors=True)


def open_by_openssh(route: Route, until: float) -> OpenSshShell:
    """Log in and start ``sh``, or a device's command line. Raises ``CannotObserve``."""
    program = shutil.which("ssh")
    if program is None:
        raise CannotObserve(Reason.UNSUPPORTED, "the OpenSSH client (ssh) is not installed on the scanner's machine")
    if route.password is not None and not route.login.password_file:
        raise CannotObserve(
            Reason.UNSUPPORTED,
            f"{route.hops[-1]}: a password that was asked for cannot be handed to OpenSSH; use password_file, a key or an agent",
        )
    files = Path(tempfile.mkdtemp(prefix="tenken-ssh-"))
    try:
        config = files / "config"
        config.write_text(_config(route), encoding="utf-8")
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": os.path.expanduser("~")}
        if route.login.agent and "SSH_AUTH_SOCK" in os.environ:
            env["SSH_AUTH_SOCK"] = os.environ["SSH_AUTH_SOCK"]
        if route.password is not None:
            ask = files / "ask"
            ask.write_text(ASK, encoding="ascii")
            ask.chmod(0o700)
            env |= {
                "SSH_ASKPASS": str(ask),
                "SSH_ASKPASS_REQUIRE": "force",
                "TENKEN_PASSWORD_FILE": check_private(route.login.password_file),
            }
        shell = OpenSshShell([program, *_session(route, config)], env, files)
    except BaseException:
        shutil.rmtree(files, ignore_errors=True)
        raise
    try:
        _logged_in(shell, route, min(until, time.monotonic() + LOGIN * len(route.hops)))
    except BaseException:
        shell.close()
        raise
    return shell


def _session(route: Route, config: Path) -> list[str]:
    goal = ["-F", str(config), f"tenken-{len(route.hops) - 1}"]
    return ["-tt", *goal] if route.login.terminal else ["-T", *goal, "sh"]


def _logged_in(shell: OpenSshShell, route: Route, until: float) -> None:
    """Wait until the client says that every hop has let us in."""
    goal = route.hops[-1]
    while shell.said().count("Authenticated to ") < len(route.hops):
        try:
            more = shell.listen(until)
        except CannotObserve as why:
            raise CannotObserve(why.reason, f"a login to {goal} by OpenSSH: no answer in time") from why
        if not more:
            raise _why(shell.said(), goal)


def _why(said: str, goal: Hop) -> CannotObserve:
    shown = " ".join(
        line.strip() for line in said.replace("\r", "").split("\n") if line.strip() and not line.startswith(("debug1:", "OpenSSH_", "@"))
    )
    for words, reason, told in _REASONS:
        if words in said:
            keys = re.findall(r"debug1: Server host key: (\S+ \S+)", said)
            key = f": the server shows the key {keys[-1]}, {told}" if reason is Reason.UNVERIFIED and keys else f": {told}"
            return CannotObserve(reason, f"a login to {goal} by OpenSSH{key} ({shown[:400]})")
    return CannotObserve(Reason.UNSUPPORTED, f"a login to {goal} by OpenSSH did not succeed ({shown[:400]})")


def _config(route: Route) -> str:
    """Write a configuration for the hops alone: neither the account's nor the machine's own one is read."""
    login = route.login
    lines = []
    for number, hop in enumerate(route.hops):
        settings = {"HostName": hop.address, "HostKeyAlias": hop.known_as, "Port": str(hop.port), "User": hop.user}
        if number:
            settings["ProxyJump"] = f"tenken-{number - 1}"
        lines += [f"Host tenken-{number}", *(f"  {name} {_word(value)}" for name, value in settings.items())]
    known = " ".join(_word(name) for name in files_of(login.known_hosts))
    methods = ["publickey"] * bool(login.key or login.agent) + ["password,keyboard-interactive"] * (route.password is not None)
    everywhere = {
        **SETTINGS,
        "BatchMode": "no" if route.password is not None else "yes",
        "PreferredAuthentications": ",".join(methods) or "none",
        "IdentitiesOnly": "no" if login.agent else "yes",
        "IdentityAgent": "SSH_AUTH_SOCK" if login.agent else "none",
        "IdentityFile": _word(check_private(login.key)) if login.key else "none",
        "RequestTTY": "force" if login.terminal else "no",
        **({"CertificateFile": _word(os.path.expanduser(login.certificate))} if login.certificate else {}),
        "ConnectTimeout": str(int(LOGIN)),
    }
    lines += ["Host *", f"  UserKnownHostsFile {known}", "  GlobalKnownHostsFile none"]
    lines += [f"  {name} {value}" for name, value in everywhere.items()]
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    if any(c in text for c in '"\n\\$') or not text.isprintable():
        raise CannotObserve(Reason.UNSUPPORTED, f"{text!r} cannot be written into a configuration of OpenSSH")
    return '"' + text.replace("%", "%%") + '"'
