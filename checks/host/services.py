"""Checks of what a machine offers and runs: is it what the ledger lists, is there anything needless."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from checks.common import also, listed
from scanner.facts.ledger import DeclaredMachine, DeclaredPort
from scanner.facts.services import ListeningSocket, ListeningSockets, Services
from scanner.facts.software import InstalledSoftware
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

SERVICES_NEEDLESS = Value[tuple[str, ...]](
    "services.needless",
    default=(
        "avahi-daemon",
        "cups",
        "cups-browsed",
        "rpcbind",
        "rsh",
        "rlogin",
        "rexec",
        "telnet",
        "inetutils-telnetd",
        "tftp",
        "tftpd-hpa",
        "ypserv",
        "ypbind",
        "nis",
        "xinetd",
        "openbsd-inetd",
        "inetutils-inetd",
        "talk",
        "ntalk",
        "tlntsvr",
        "simptcp",
        "ftpsvc",
        "lpdsvc",
        "fax",
        "remoteregistry",
        "finger",
        "fingerd",
        "vsftpd",
        "proftpd",
        "autofs",
        "bluetooth",
        "isc-dhcp-server",
        "kea-dhcp4-server",
        "snmpd",
    ),
    text=Text(
        ja="台帳に用途が記されていない限り動かさないサービスの名前",
        en="names of services that are not run unless the ledger names their use",
    ),
)


_WHY = Text(
    ja="使わないサービスも攻撃の入口となる。動かさなければ、その脆弱性は問題にならない。",
    en="Every service is a way in, also one that nobody uses. What does not run cannot be attacked.",
)
_CLIENTS = frozenset({("udp", 68), ("udp", 546)})
"""Ports on which clients of DHCP wait for answers."""
_DISPLAYS = ("xserver-xorg-core", "xorg-x11-server-Xorg", "xorg-x11-server-Xwayland", "xwayland", "gdm3", "gdm", "lightdm", "sddm", "xdm")
_GUARDS = (
    "aide*", "apparmor", "apt-daily*", "auditd", "chrony*", "clam*", "dailyaidecheck", "dnf-automatic*", "fail2ban", "falcon-sensor",
    "firewalld", "freshclam*", "mdatp", "nftables", "ntp*", "rsyslog", "selinux*", "sssd", "syslog-ng", "systemd-journal*",
    "systemd-timesyncd", "ufw", "unattended-upgrades", "usbguard",
    "bfe", "eventlog", "mpssvc", "sense", "w32time", "windefend", "wscsvc",
)  # fmt: skip
"""Services that protect the machine or write down what happens on it."""


def _port(socket: ListeningSocket) -> str:
    program = socket.program if isinstance(socket.program, str) else ""
    return f"{socket.port}/{socket.protocol}" + (f" ({program})" if program else "")


def _is_listed(socket: ListeningSocket, services: tuple[DeclaredPort, ...]) -> bool:
    return any(s.port == socket.port and (s.tcp if socket.protocol == "tcp" else s.udp) for s in services)


@check(
    "host.services.listed",
    severity=Severity.MEDIUM,
    title=Text(ja="台帳に記したサービスだけが待ち受けている", en="Only services that the ledger lists listen"),
    why=_WHY,
    remedy=Text(
        ja=(
            "使わないサービスは systemctl disable --now で止め、自機だけが使うものは 127.0.0.1 で待ち受けさせる。使うものは台帳に記す。"
            "Windows：「sc.exe config 名前 start= disabled」で止める。"
        ),
        en=(
            'Stop what is not used ("systemctl disable --now"), bind what only the machine itself uses to 127.0.0.1, and enter the rest '
            'in the ledger. Windows: stop them with "sc.exe config NAME start= disabled".'
        ),
    ),
    says={
        "SOCKETS_LISTED": Text(ja="待ち受けはすべて台帳にある：{sockets}", en="all that listens is in the ledger: {sockets}"),
        "SOCKETS_UNLISTED": Text(ja="台帳にない待ち受けがある：{sockets}", en="not in the ledger: {sockets}"),
    },
)
def services_listed(sockets: ListeningSockets, ledger: DeclaredMachine) -> Judgement:
    first, last = sockets.short_lived
    # An unconnected UDP socket on a short-lived port is a client that waits for an answer.
    open_ = [
        s
        for s in sockets.sockets
        if not s.loopback and (s.protocol, s.port) not in _CLIENTS and not (s.protocol == "udp" and first <= s.port <= last)
    ]
    if ledger.services is None:
        if not open_:
            return passed("SOCKETS_LISTED", sockets=())
        ja, en = "台帳にこの機器のサービスが記されていない", "the ledger lists no services of this machine"
        return cannot_tell(Reason.NOT_DECLARED, ja, en)
    unlisted = [s for s in open_ if not _is_listed(s, ledger.services)]
    if unlisted:
        return failed("SOCKETS_UNLISTED", sockets=listed(map(_port, unlisted)))
    return passed("SOCKETS_LISTED", sockets=listed(map(_port, open_)))


MACOS_SERVICES_NEEDLESS = Text(
    ja="macOS：「launchctl disable system/名前」と「launchctl bootout system/名前」。",
    en='macOS: "launchctl disable system/NAME" and "launchctl bootout system/NAME".',
)


@check(
    "host.services.needless",
    severity=Severity.MEDIUM,
    title=Text(ja="不要なサービスが動かない", en="No needless services run"),
    why=_WHY,
    remedy=also(
        Text(
            ja=(
                "systemctl disable --now で止める。socket で起動されるものは、service と socket の両方を止める。"
                "使うものは方針ファイルの services.needless から除く。"
                "Windows：「sc.exe config 名前 start= disabled」で止める。"
            ),
            en=(
                'Stop them with "systemctl disable --now", service and socket both; take out of services.needless in the profile what is '
                'needed. Windows: stop them with "sc.exe config NAME start= disabled".'
            ),
        ),
        MACOS_SERVICES_NEEDLESS,
    ),
    says={
        "NEEDLESS_NONE": Text(ja="不要なサービスはない", en="there are none"),
        "NEEDLESS_RUNNING": Text(ja="不要なサービスが動いている：{names}", en="needless services run: {names}"),
        "NEEDLESS_STARTING": Text(ja="不要なサービスが起動時に始まる：{names}", en="needless services start with the machine: {names}"),
        "NEEDLESS_ACTIVATED": Text(
            ja="不要なサービスが、接続等を受けると始まる：{names}",
            en="needless services start on the first connection or the like: {names}",
        ),
    },
)
def services_needless(
    services: Services, *, needless: Annotated[tuple[str, ...], SERVICES_NEEDLESS] = SERVICES_NEEDLESS.default
) -> Judgement:
    if isinstance(services.services, Unobserved):
        return services.services
    # case means nothing in the names of Windows' services, and nobody has two that differ in it elsewhere
    found = [s for s in services.services if any(fnmatchcase(s.name.lower(), pattern.lower()) for pattern in needless)]
    by_tag = {
        "NEEDLESS_RUNNING": [s for s in found if s.running is True and s.kind == "service"],
        "NEEDLESS_ACTIVATED": [s for s in found if s.kind != "service" and (s.starts is True or s.running is True)],
        "NEEDLESS_STARTING": [s for s in found if s.starts is True],
    }
    for tag, bad in by_tag.items():
        if bad:
            return failed(tag, names=listed(f"{s.name}.{s.kind}" for s in bad))
    unseen = next((part for s in found for part in (s.starts, s.running) if isinstance(part, Unobserved)), None)
    return unseen or passed("NEEDLESS_NONE")


@check(
    "host.services.failed",
    severity=Severity.MEDIUM,
    title=Text(ja="機器を守るサービスが異常終了していない", en="No protective service has failed"),
    why=Text(
        ja="記録、時刻、ファイアウォール、更新等のサービスが止まったままでは、対策がないのと同じである。",
        en="A firewall, a log or an updater that has failed protects as little as none.",
    ),
    remedy=Text(
        ja=(
            "systemctl status と journalctl -u で原因を調べて直し、systemctl restart で動かす。"
            "Windows：「sc.exe start 名前」で動かし、イベント ビューアーで原因を調べる。"
        ),
        en=(
            'Find the cause with "systemctl status" and "journalctl -u", mend it and run "systemctl restart".'
            ' Windows: start them with "sc.exe start NAME" and find the cause in Event Viewer.'
        ),
    ),
    says={
        "GUARDS_FINE": Text(ja="異常終了したものはない", en="none has failed"),
        "GUARDS_FAILED": Text(ja="異常終了している：{names}", en="failed: {names}"),
    },
)
def services_failed(services: Services) -> Judgement:
    if isinstance(services.services, Unobserved):
        return services.services
    bad = [s.name for s in services.services if s.failed and any(fnmatchcase(s.name.lower(), pattern) for pattern in _GUARDS)]
    if bad:
        return failed("GUARDS_FAILED", names=listed(bad))
    unseen = next((s.running for s in services.services if isinstance(s.running, Unobserved)), None)
    return unseen or passed("GUARDS_FINE")


@check(
    "host.services.display",
    severity=Severity.LOW,
    title=Text(ja="サーバに画面の仕組みがない", en="A server has no graphical display"),
    why=_WHY,
    remedy=Text(
        ja="サーバからデスクトップ環境と X サーバを削除する（apt-get purge、dnf remove）。",
        en='Remove the desktop and the X server from servers ("apt-get purge", "dnf remove").',
    ),
    says={
        "DISPLAY_NONE": Text(ja="画面の仕組みはない", en="there is none"),
        "DISPLAY_INSTALLED": Text(ja="画面の仕組みがある：{names}", en="installed: {names}"),
    },
)
def services_display(software: InstalledSoftware) -> Judgement:
    if isinstance(software.packages, Unobserved):
        return software.packages
    if software.manager not in {"dpkg", "rpm", ""}:
        return cannot_tell(
            Reason.UNSUPPORTED, "画面の仕組みが一覧に現れない OS である", "on this system a display is in no list of software"
        )
    found = [p.name for p in software.packages if p.name in _DISPLAYS]
    return failed("DISPLAY_INSTALLED", names=listed(found)) if found else passed("DISPLAY_NONE")
