"""Cases of the checks of sudo."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.readings import FileRights
from scanner.facts.sudo import SudoRule, SudoRules, SudoSetting
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
ADMINS = SudoRule(("%sudo",), ("ALL",), ("ALL",), ("ALL",), None)
FILE = FileRights("/etc/sudoers", 0o440, 0, 0)


def setting(name: str, value: str = "yes", *binding: str) -> SudoSetting:
    """A setting."""
    return SudoSetting(name, value, binding)


PATH = setting("secure_path", "/usr/sbin:/usr/bin:/sbin:/bin")
SUDO = SudoRules(True, "1.9.13", (ADMINS,), (setting("env_reset"), PATH), (FILE,))


def rule(*users: str, commands: tuple[str, ...] = ("ALL",), asks: bool | None = None) -> SudoRule:
    """A rule on all hosts as all."""
    return SudoRule(users, ("ALL",), ("ALL",), commands, asks)


def sudo(*rules: SudoRule) -> SudoRules:
    """With these rules beside that of the group."""
    return replace(SUDO, rules=(ADMINS, *rules))


def with_(*settings: SudoSetting, version: str = "1.9.13") -> SudoRules:
    """With these settings."""
    return replace(SUDO, settings=(setting("env_reset"), PATH, *settings), version=version)


NONE = SudoRules(False, "", (), (), ())
UNREAD = SudoRules(True, "1.9.13", DENIED, DENIED, DENIED)
UNKNOWN = SudoRules(DENIED, "", DENIED, DENIED, DENIED)
LDAP = replace(SUDO, elsewhere=("ldap",))
ABSENT = [
    case(NONE, says="NO_SUDO"),
    case(UNREAD, outcome="undetermined", reason=Reason.ACCESS_DENIED),
    case(UNKNOWN, outcome="undetermined", reason=Reason.ACCESS_DENIED),
]
ELSEWHERE = case(LDAP, outcome="undetermined", reason=Reason.UNSUPPORTED)

CASES: dict[str, list[Case]] = {
    "host.sudo.password": [
        case(SUDO, says="PASSWORD_ASKED"),
        case(sudo(rule("taro", asks=False)), says="PASSWORD_SKIPPED", args={"rules": ("taro: ALL",)}),
        case(sudo(rule("root", asks=False)), says="PASSWORD_ASKED"),
        case(sudo(rule("taro", asks=True)), says="PASSWORD_ASKED"),
        case(with_(setting("authenticate", "no")), says="PASSWORD_SKIPPED"),
        case(with_(setting("authenticate", "no"), setting("authenticate", "yes")), says="PASSWORD_ASKED"),
        case(with_(setting("authenticate", "no", ":taro")), says="PASSWORD_SKIPPED"),
        case(with_(setting("exempt_group", "staff")), says="PASSWORD_SKIPPED"),
        case(
            sudo(rule("tenken", commands=("/usr/sbin/sshd -T",), asks=False)),
            says="PASSWORD_SKIPPED_ALLOWED",
            with_={"allowed": ("tenken",)},
        ),
        ELSEWHERE,
        case(replace(SUDO, settings=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *ABSENT,
    ],
    "host.sudo.everything": [
        case(SUDO, says="NAMED_ONLY"),
        case(sudo(rule("ALL")), says="EVERYBODY_EVERYTHING"),
        case(sudo(rule("ALL", commands=("/usr/bin/uptime",))), says="EVERYBODY_SOMETHING"),
        # openSUSE: ALL ALL=(ALL) ALL with targetpw
        case(replace(sudo(rule("ALL")), settings=(setting("targetpw"),)), says="EVERYBODY_SOMETHING"),
        ELSEWHERE,
        *ABSENT,
    ],
    "host.sudo.exceptions": [
        case(SUDO, says="EXCEPTION_NONE"),
        case(sudo(rule("taro", commands=("ALL", "!/bin/su"))), says="EXCEPTION_VAIN", args={"rules": ("taro: !/bin/su",)}),
        case(sudo(rule("taro"), rule("taro", commands=("!/bin/su",))), says="EXCEPTION_VAIN"),
        case(sudo(rule("taro", commands=("/bin/passwd", "!/bin/passwd root"))), says="EXCEPTION_NONE"),
        ELSEWHERE,
        *ABSENT,
    ],
    "host.sudo.own-password": [
        case(SUDO, says="OWN_PASSWORD"),
        case(with_(setting("rootpw")), says="OTHERS_PASSWORD", args={"names": ("rootpw",)}),
        case(with_(setting("rootpw"), setting("rootpw", "no")), says="OWN_PASSWORD"),
        ELSEWHERE,
        *ABSENT,
    ],
    "host.sudo.pty": [
        case(with_(setting("use_pty")), says="PTY_ON"),
        case(with_(setting("use_pty", "no")), says="PTY_OFF"),
        case(SUDO, says="PTY_UNSET", args={"version": "1.9.13"}),
        case(with_(version="1.9.14"), says="PTY_ON"),
        case(with_(version=""), outcome="undetermined", reason=Reason.UNSUPPORTED),
        *ABSENT,
    ],
    "host.sudo.log": [
        case(SUDO, says="SUDO_LOGGED", args={"places": ("syslog",)}),
        case(with_(setting("logfile", "/var/log/sudo.log")), says="SUDO_LOGGED", args={"places": ("syslog", "/var/log/sudo.log")}),
        case(with_(setting("syslog", "no")), says="SUDO_UNLOGGED"),
        case(with_(setting("syslog", "no"), setting("logfile", "/var/log/sudo.log")), says="SUDO_LOGGED"),
        case(with_(setting("log_allowed", "no")), says="SUDO_UNLOGGED"),
        ELSEWHERE,
        *ABSENT,
    ],
    "host.sudo.recording": [
        case(SUDO, says="RECORDING_OFF"),
        case(with_(setting("log_output")), says="RECORDING_ON", args={"names": ("log_output",)}),
        case(with_(setting("log_output", "no")), says="RECORDING_OFF"),
        *ABSENT,
    ],
    "host.sudo.timeout": [
        case(SUDO, says="TIMEOUT_SHORT", args={"minutes": 15}),
        case(SUDO, outcome="undetermined", reason=Reason.UNSUPPORTED, with_={"most": 5}),
        case(with_(setting("timestamp_timeout", "5")), says="TIMEOUT_SHORT", with_={"most": 5}),
        case(with_(setting("timestamp_timeout", "60")), says="TIMEOUT_LONG", args={"minutes": 60}),
        case(with_(setting("timestamp_timeout", "-1")), says="TIMEOUT_ENDLESS"),
        case(with_(setting("timestamp_timeout", "no")), says="TIMEOUT_SHORT", args={"minutes": 0}),
        case(with_(setting("timestamp_timeout", "soon")), outcome="undetermined", reason=Reason.PROTOCOL_VIOLATION),
        ELSEWHERE,
        *ABSENT,
    ],
    "host.sudo.environment": [
        case(SUDO, says="ENVIRONMENT_RESET"),
        case(with_(setting("env_reset", "no")), says="ENVIRONMENT_KEPT"),
        case(with_(setting("env_keep", "+=LD_PRELOAD HOME")), says="ENVIRONMENT_KEPT", args={"names": ("env_keep LD_PRELOAD",)}),
        case(with_(setting("env_keep", "-=LD_PRELOAD")), says="ENVIRONMENT_RESET"),
        case(with_(setting("setenv")), says="ENVIRONMENT_KEPT"),
        case(replace(SUDO, settings=()), says="ENVIRONMENT_KEPT", args={"names": ("secure_path",)}),
        ELSEWHERE,
        *ABSENT,
    ],
    "host.sudo.files": [
        case(SUDO, says="RULES_CLOSED", args={"count": 1}),
        case(replace(SUDO, files=(FileRights("/etc/sudoers", 0o442, 0, 0),)), says="RULES_OPEN"),
        case(replace(SUDO, files=(FileRights("/etc/sudoers", 0o440, 1000, 0),)), says="RULES_OPEN"),
        case(replace(SUDO, files=(FileRights("/etc/sudoers", 0o460, 0, 100),)), says="RULES_OPEN"),
        case(replace(SUDO, files=(FileRights("/etc/sudoers.d/x", 0o644, 0, 0),)), says="RULES_READABLE"),
        case(replace(SUDO, files=(FILE, FileRights("/etc/sudoers.d", 0o755, 0, 0))), says="RULES_CLOSED"),
        *ABSENT,
    ],
}
