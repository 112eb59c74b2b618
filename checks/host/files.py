"""Checks of the rights of files: what guards the machine, what runs with others' rights, what everybody may change."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Annotated

from checks.common import listed
from scanner.facts.files import FileRights, FileWalk, FoundFile, SensitiveFiles
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

FILES_SETUID_PERMITTED = Value[tuple[str, ...]](
    "files.setuid-permitted",
    default=(),
    text=Text(
        ja="配布元のものに加えて setuid・setgid を認めるプログラム（* を含んでよい）",
        en="programs that may be setuid or setgid beside those of the distribution (may hold *)",
    ),
)


_HASHES = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/security/opasswd")
"""What holds hashes of passwords."""
_SECRET = (
    *_HASHES, "/etc/sudoers", "/etc/krb5.keytab",
    "/etc/ssh/ssh_host_*_key", "/root/.ssh", "/etc/ssl/private", "/etc/pki/tls/private", "/var/log/btmp", "/var/log/audit",
    "/var/spool/cron/crontabs", "/etc/sudoers.d/*",
)  # fmt: skip
"""What only the administrator, and a group for it, may read."""
_LOGS = ("/var/log/auth.log", "/var/log/secure", "/var/log/syslog", "/var/log/messages")
_WRITING_GROUPS = {
    "/var/log": {"syslog", "adm", "root"},  # Ubuntu's /var/log is 775 root:syslog
    "/var/spool/cron/crontabs": {"crontab"},
    "/var/spool/cron": {"crontab", "root"},
    "/var/log/journal": {"systemd-journal", "root"},
    "/var/log/btmp": {"utmp"},
}
"""Groups that distributions let write beside the administrator."""
_READING_GROUPS = {"root", "shadow", "ssh_keys", "ssl-cert", "adm", "utmp", "crontab", "systemd-journal", "syslog"}
_OWNERS = {"/var/log/syslog": "syslog", "/var/log/auth.log": "syslog"}
_KNOWN = (
    "su", "sudo", "sudoedit", "sg", "passwd", "chsh", "chfn", "gpasswd", "newgrp", "chage", "expiry", "mount", "umount", "mount.nfs",
    "mount.cifs", "pkexec", "polkit-agent-helper-1", "dbus-daemon-launch-helper", "ssh-keysign", "ssh-agent", "unix_chkpwd",
    "pam_extrausers_chkpwd", "pam_timestamp_check", "crontab", "at", "wall", "write", "bsd-write", "fusermount", "fusermount3", "ping",
    "ping6", "traceroute6.iputils", "postdrop", "postqueue", "utempter", "plocate", "mlocate", "locate", "dotlockfile", "exim4", "sendmail",
    "sendmail.sendmail", "sendmail.postfix", "pppd", "snap-confine", "newuidmap", "newgidmap", "userhelper", "usernetctl",
    "cockpit-session", "grub2-set-bootflag", "Xorg.wrap", "ksu", "procmail", "lockfile", "screen", "ldap_child", "krb5_child",
    "selinux_child", "proxy_child", "sssd_pam", "p11_child", "staprun", "suexec", "chrome-sandbox", "VBoxNetAdpCtl", "ntfs-3g",
    "mount.ntfs-3g", "dumpcap", "lxc-user-nic", "qemu-bridge-helper", "ubuntu-core-launcher", "ssh-askpass", "mail-lock", "mail-unlock",
    "mail-touchlock", "camel-lock-helper-1.2", "hwloc-dump-hwdata", "usb_modeswitch", "auth_pam_tool",
)  # fmt: skip
"""Names of programs that Debian, Ubuntu and the Red Hat family ship setuid or setgid."""
_PLACES = ("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/lib/", "/usr/lib64/", "/usr/libexec/", "/lib/", "/opt/google/chrome/")


def _written(file: FileRights | FoundFile) -> str:
    return f"{file.path} {file.mode:04o} {file.owner}:{file.group}"


def _fault(file: FileRights) -> bool:
    """Tell whether rights go beyond what distributions give: who may write, and for secrets who may read."""
    if file.owner not in {"root", _OWNERS.get(file.path, "root"), "0"}:
        return True
    if file.mode & 0o002:
        return True
    if file.mode & 0o020 and file.group not in {*_WRITING_GROUPS.get(file.path, ()), "root", "0"}:
        return True
    if any(fnmatchcase(file.path, pattern) for pattern in _SECRET):
        return bool(file.mode & 0o007) or bool(file.mode & 0o040 and file.group not in _READING_GROUPS)
    return file.path in _LOGS and bool(file.mode & 0o004)


@check(
    "host.files.rights",
    severity=Severity.HIGH,
    title=Text(ja="重要なファイルの権限が適切である", en="Sensitive files have the right owners and modes"),
    why=Text(
        ja="設定、パスワードのハッシュ、鍵、記録を一般利用者が読み書きできると、権限を奪われ、又は痕跡を消される。",
        en="Who can write settings or read hashes, keys and logs takes over the machine or covers the traces.",
    ),
    remedy=Text(
        ja="示されたファイルの所有者と権限を、配布元の初期値に戻す（chown root:root、chmod go-w、秘密は chmod o=）。",
        en='Set them back to what the distribution gives: "chown root:root", "chmod go-w", and "chmod o=" for secrets.',
    ),
    says={
        "RIGHTS_FINE": Text(ja="{count} 件のいずれも適切である", en="all {count} are in order"),
        "RIGHTS_WRONG": Text(ja="権限が緩い：{files}", en="too open: {files}"),
    },
)
def files_rights(files: SensitiveFiles) -> Judgement:
    wrong = [file for file in files.files if _fault(file)]
    if wrong:
        return failed("RIGHTS_WRONG", files=listed(map(_written, wrong)))
    return _unread(files.unseen) or passed("RIGHTS_FINE", count=len(files.files))


def _unread(paths: Iterable[str]) -> Unobserved | None:
    """Why nothing is told of rights, where some could not be read."""
    named = listed(paths)
    ja, en = "権限を読み取れないファイルがある：{paths}", "the rights of some files cannot be read: {paths}"
    return cannot_tell(Reason.ACCESS_DENIED, ja, en, paths=named) if named else None


@check(
    "host.files.password-hashes",
    severity=Severity.HIGH,
    title=Text(
        ja="パスワードのハッシュのファイルを一般利用者が読めない", en="Files with hashes of passwords are closed to ordinary accounts"
    ),
    why=Text(
        ja="ハッシュを読める者は、ログインを試みずにパスワードを割り出せる。",
        en="Whoever reads the hashes finds out passwords without ever trying to log in.",
    ),
    remedy=Text(
        ja=(
            "示されたファイルを配布元の初期値に戻す。Debian・Ubuntu：「chown root:shadow」と「chmod 640」。"
            "Red Hat 系：「chown root:root」と「chmod 0」。opasswd は「chmod 600」。"
        ),
        en=(
            'Set them back to what the distribution gives. Debian and Ubuntu: "chown root:shadow" and "chmod 640". '
            'Red Hat family: "chown root:root" and "chmod 0". opasswd: "chmod 600".'
        ),
    ),
    says={
        "HASHES_CLOSED": Text(ja="{count} 件のいずれも閉じている", en="all {count} are closed"),
        "HASHES_OPEN": Text(ja="権限が緩い：{files}", en="too open: {files}"),
        "HASHES_NOWHERE": Text(ja="ハッシュを別に置くファイルがない", en="there is no file that holds hashes apart"),
    },
)
def files_password_hashes(files: SensitiveFiles) -> Judgement:
    hashes = [file for file in files.files if file.path in _HASHES]
    wrong = [file for file in hashes if _fault(file)]
    if wrong:
        return failed("HASHES_OPEN", files=listed(map(_written, wrong)))
    unread = _unread(path for path in files.unseen if path in _HASHES)
    return unread or (passed("HASHES_CLOSED", count=len(hashes)) if hashes else not_applicable("HASHES_NOWHERE"))


@check(
    "host.files.command-path",
    severity=Severity.HIGH,
    title=Text(
        ja="管理者のコマンド検索先に他人が書き込めない", en="Nobody else can write where the administrator's commands are looked for"
    ),
    why=Text(
        ja="管理者のコマンド検索先（PATH）に一般利用者が書き込めると、偽のコマンドを管理者に実行させられる。",
        en="Whoever can write into a directory of the administrator's PATH has commands of their own run as administrator.",
    ),
    remedy=Text(
        ja="/etc/login.defs の ENV_SUPATH から相対的な場所を除き、示されたディレクトリに chown root:root と chmod go-w を実行する。",
        en=(
            'Remove relative places from ENV_SUPATH in /etc/login.defs; run "chown root:root" and "chmod go-w" on '
            "the directories that are named."
        ),
    ),
    says={
        "PATH_SAFE": Text(ja="管理者だけが書き込める：{directories}", en="only the administrator can write: {directories}"),
        "PATH_OPEN": Text(ja="他人が書き込める：{directories}", en="others can write: {directories}"),
        "PATH_RELATIVE": Text(ja="相対的な場所が含まれる：{directories}", en="it holds relative places: {directories}"),
    },
)
def files_command_path(files: SensitiveFiles) -> Judgement:
    if isinstance(files.command_directories, Unobserved):
        return files.command_directories
    relative = [d.path for d in files.command_directories if d.mode < 0]
    if relative:
        return failed("PATH_RELATIVE", directories=listed(relative))
    wrong = [
        d for d in files.command_directories if d.owner not in {"root", "0"} or d.mode & 0o002 or (d.mode & 0o020 and d.group != "root")
    ]
    if wrong:
        return failed("PATH_OPEN", directories=listed(map(_written, wrong)))
    return passed("PATH_SAFE", directories=listed(d.path for d in files.command_directories))


@check(
    "host.files.schedulers",
    severity=Severity.LOW,
    title=Text(ja="定時実行を使える利用者を限っている", en="Only named accounts may have programs run at set times"),
    why=Text(
        ja="cron と at を誰でも使えると、侵入者が居続けるための仕掛けを一般利用者の権限で残せる。",
        en="Where every account may use cron and at, an intruder with any account can leave something behind that starts again.",
    ),
    remedy=Text(
        ja="/etc/cron.allow と /etc/at.allow を作り、使ってよい利用者だけを記す（chmod 640、chown root:root）。",
        en='Make /etc/cron.allow and /etc/at.allow with the accounts that may ("chmod 640", "chown root:root").',
    ),
    says={
        "SCHEDULERS_LIMITED": Text(ja="限っている：{names}", en="limited: {names}"),
        "SCHEDULERS_OPEN": Text(ja="誰でも使える：{names}", en="open to every account: {names}"),
        "SCHEDULERS_NONE": Text(ja="定時実行の仕組みがない", en="there are none"),
    },
)
def files_schedulers(files: SensitiveFiles) -> Judgement:
    if isinstance(files.schedulers, Unobserved):
        return files.schedulers
    if not files.schedulers:
        return not_applicable("SCHEDULERS_NONE")
    if isinstance(files.open_schedulers, Unobserved):
        return files.open_schedulers
    if files.open_schedulers:
        return failed("SCHEDULERS_OPEN", names=files.open_schedulers)
    return passed("SCHEDULERS_LIMITED", names=files.schedulers)


def _walked(walk: FileWalk, tag: str) -> Judgement:
    """Answer for a walk that found nothing wrong: only one that came to its end shows that there is nothing."""
    if not walk.complete:
        ja, en = (
            "{seconds} 秒の上限又は権限のため、すべてのファイルを見ていない",
            "not all files were looked at, for lack of rights or within {seconds} s",
        )
        return cannot_tell(Reason.BUDGET_SPENT, ja, en, seconds=walk.seconds)
    return passed(tag, left_out=listed(walk.left_out))


def _remaining(files: Iterable[FoundFile], permitted: tuple[str, ...]) -> list[FoundFile]:
    def known(file: FoundFile) -> bool:
        path, _, program = file.path.rpartition("/")
        return (program in _KNOWN and f"{path}/".startswith(_PLACES)) or any(fnmatchcase(file.path, pattern) for pattern in permitted)

    return [file for file in files if not known(file)]


@check(
    "host.files.setuid",
    severity=Severity.HIGH,
    title=Text(ja="他者の権限で動くプログラムが既知のものに限られる", en="Only known programs run with the rights of others"),
    why=Text(
        ja="setuid・setgid のプログラムは、欠陥や仕掛けがあれば、一般利用者に管理者の権限を与える。",
        en="A setuid or setgid program with a flaw, or planted by an intruder, hands its rights to everybody.",
    ),
    remedy=Text(
        ja="示されたプログラムに chmod u-s,g-s を実行するか、必要なものを方針ファイルの files.setuid-permitted に加える。",
        en='Run "chmod u-s,g-s" on them, or add what is needed to files.setuid-permitted in the profile.',
    ),
    says={
        "SETUID_KNOWN": Text(ja="既知のものだけである（見ていない場所：{left_out}）", en="all are known (not looked at: {left_out})"),
        "SETUID_UNKNOWN": Text(ja="既知でないものがある：{files}", en="not known: {files}"),
    },
)
def files_setuid(walk: FileWalk, *, permitted: Annotated[tuple[str, ...], FILES_SETUID_PERMITTED] = ()) -> Judgement:
    unknown = _remaining(walk.privileged, permitted)
    return failed("SETUID_UNKNOWN", files=listed(map(_written, unknown))) if unknown else _walked(walk, "SETUID_KNOWN")


@check(
    "host.files.world-writable",
    severity=Severity.MEDIUM,
    title=Text(ja="誰でも書き換えられるファイルとディレクトリがない", en="Nothing is writable for everybody"),
    why=Text(
        ja="誰でも書き換えられるファイルや、削除を防ぐ印（スティッキービット）のない共用ディレクトリは、改ざんと権限の奪取に使われる。",
        en="Files that everybody may write, and shared directories without the sticky bit, serve to forge data and to take over accounts.",
    ),
    remedy=Text(
        ja="示されたファイルに chmod o-w、共用が必要なディレクトリに chmod +t を実行する。",
        en='Run "chmod o-w" on the files and "chmod +t" on directories that have to be shared.',
    ),
    says={
        "WRITABLE_NONE": Text(ja="ない（見ていない場所：{left_out}）", en="there is nothing (not looked at: {left_out})"),
        "WRITABLE_FILES": Text(ja="誰でも書き換えられるファイルがある：{files}", en="files: {files}"),
        "WRITABLE_DIRECTORIES": Text(
            ja="スティッキービットのない共用ディレクトリがある：{files}", en="directories without the sticky bit: {files}"
        ),
    },
)
def files_world_writable(walk: FileWalk) -> Judgement:
    if walk.open_files:
        return failed("WRITABLE_FILES", files=listed(map(_written, walk.open_files)))
    if walk.open_directories:
        return failed("WRITABLE_DIRECTORIES", files=listed(map(_written, walk.open_directories)))
    return _walked(walk, "WRITABLE_NONE")


@check(
    "host.files.unowned",
    severity=Severity.LOW,
    title=Text(ja="所有者のいないファイルがない", en="Every file has an owner"),
    why=Text(
        ja="削除した利用者のファイルは、同じ番号で作られた別の利用者のものとなる。",
        en="Files of a removed account fall to the next account that gets its number.",
    ),
    remedy=Text(
        ja="示されたファイルを削除するか、chown で所有者を定める。",
        en='Delete them or give them an owner with "chown".',
    ),
    says={
        "OWNERS_KNOWN": Text(
            ja="すべてのファイルに所有者がいる（見ていない場所：{left_out}）", en="all have one (not looked at: {left_out})"
        ),
        "OWNERS_GONE": Text(ja="所有者のいないファイルがある：{files}", en="without an owner: {files}"),
    },
)
def files_unowned(walk: FileWalk) -> Judgement:
    return failed("OWNERS_GONE", files=listed(map(_written, walk.unowned))) if walk.unowned else _walked(walk, "OWNERS_KNOWN")
