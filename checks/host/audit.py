"""Checks of the operating system's own record of what users do: is it on, what does it cover, can it be switched off or run out of room."""

from __future__ import annotations

from typing import Annotated, Final

from checks.common import also, first_missing, listed
from scanner.facts.audit_trail import AuditSwitch, AuditTrail
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

AUDIT_SUBJECTS = Value[tuple[str, ...]](
    "audit.subjects",
    default=("identities", "privilege-rules", "privilege-use", "logins", "time", "modules"),
    text=Text(
        ja=(
            "監査記録の対象（identities：アカウント、privilege-rules：権限の設定、privilege-use：権限の行使、logins、time：時刻、"
            "modules：カーネルモジュール、rights：ファイルの権限、deletion：削除、policy：強制アクセス制御）"
        ),
        en="what the audit record must cover (identities, privilege-rules, privilege-use, logins, time, modules, rights, deletion, policy)",
    ),
    choices=("identities", "privilege-rules", "privilege-use", "logins", "time", "modules", "rights", "deletion", "policy"),
)


CONTAINER = Text(ja="コンテナであり、カーネルの監査記録は収容する機器のものである", en="a container: the kernel's record is its host's")
NOT_INSTALLED = Text(ja="監査デーモン（auditd）が入っていない", en="auditd is not installed")
LOSES: Final = frozenset({"ignore", "suspend"})
"""Actions on a full disk after which records are dropped and nobody is told."""
RULES = Text(
    ja=(
        "/etc/audit/rules.d/ に規則を書き、augenrules --load を実行する。例：「-w /etc/passwd -p wa -k identity」（group、shadow、gshadow "
        "も）、「-w /etc/sudoers -p wa」「-w /etc/sudoers.d -p wa」、「-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0」、"
        "「-w /var/log/lastlog -p wa」、「-a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime」、「-a always,exit -F "
        "arch=b64 -S init_module,finit_module,delete_module」。"
    ),
    en=(
        "Write rules into /etc/audit/rules.d and run augenrules --load: -w /etc/passwd -p wa -k identity (and group, shadow, gshadow); "
        "-w /etc/sudoers -p wa; -w /etc/sudoers.d -p wa; -a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0; "
        "-w /var/log/lastlog -p wa; -a always,exit -F arch=b64 -S adjtimex,settimeofday,clock_settime; "
        "-a always,exit -F arch=b64 -S init_module,finit_module,delete_module."
    ),
)


def _outside(trail: AuditTrail) -> Judgement | None:
    """Give the ending where there is no audit system of the machine's own."""
    if trail.container is True:
        return not_applicable("CONTAINER")
    if isinstance(trail.installed, Unobserved):
        return trail.installed
    if trail.installed is False:
        return failed("NOT_INSTALLED")
    return trail.container if isinstance(trail.container, Unobserved) else None


MACOS_AUDIT_RUNNING = Text(
    ja=(
        "macOS（14 以降は既定で無効）：/etc/security/audit_control.example を audit_control に写し、「launchctl enable "
        "system/com.apple.auditd」を実行して再起動する。"
    ),
    en=(
        'macOS (off by itself from 14 on): copy /etc/security/audit_control.example to audit_control, run "launchctl '
        'enable system/com.apple.auditd" and restart.'
    ),
)


@check(
    "host.audit.running",
    severity=Severity.MEDIUM,
    title=Text(ja="監査記録が有効であり、再起動後も有効である", en="The audit record is on, now and after a restart"),
    why=Text(
        ja="監査記録は、誰がどのファイルや権限に触れたかを、プログラムの協力なしに残す。止まっていれば、内部の不正を後から調べられない。",
        en="The audit record keeps who touched which file or right, without any program's help; without it, misuse cannot be traced.",
    ),
    remedy=also(
        Text(
            ja=(
                "auditd を入れ（apt install auditd、dnf install audit）、systemctl enable --now auditd を実行する。カーネルの起動に "
                "audit=0 を付けない。"
            ),
            en="Install auditd and run systemctl enable --now auditd; do not start the kernel with audit=0.",
        ),
        MACOS_AUDIT_RUNNING,
    ),
    says={
        "AUDIT_ON": Text(ja="有効である（{place}）", en="on ({place})"),
        "AUDIT_OFF": Text(ja="無効である（{place}）", en="off ({place})"),
        "AUDIT_OFF_LATER": Text(ja="今は有効であるが、再起動後は無効となる（{place}）", en="on now, but off after a restart ({place})"),
        "DAEMON_STOPPED": Text(ja="記録を書く auditd が動作していない", en="auditd, which writes the records, does not run"),
        "NOT_INSTALLED": NOT_INSTALLED,
        "CONTAINER": CONTAINER,
    },
)
def audit_running(trail: AuditTrail) -> Judgement:
    if ending := _outside(trail):
        return ending
    switch = trail.switch
    if switch.in_force is AuditSwitch.OFF:
        return failed("AUDIT_OFF", place=switch.source)
    if trail.running is False:
        return failed("DAEMON_STOPPED")
    if switch.after_restart is AuditSwitch.OFF:
        return failed("AUDIT_OFF_LATER" if switch.in_force is not None else "AUDIT_OFF", place=switch.source)
    unseen = switch.missing() or (trail.running if isinstance(trail.running, Unobserved) else None)
    return unseen or passed("AUDIT_ON", place=switch.source)


@check(
    "host.audit.subjects",
    severity=Severity.MEDIUM,
    title=Text(ja="監査記録が定めた対象を含む", en="The audit record covers what it has to"),
    why=Text(
        ja="規則のない監査記録には、アカウントの変更、権限の行使、時刻やカーネルへの操作が残らない。",
        en="Without rules it holds nothing of changed accounts, used privileges, the clock or the kernel.",
    ),
    remedy=RULES,
    says={
        "COVERED": Text(ja="対象を全て含む：{subjects}", en="all are covered: {subjects}"),
        "NOT_COVERED": Text(ja="含まれない対象がある：{subjects}（{place}）", en="not covered: {subjects} ({place})"),
        "NOT_LOADED": Text(
            ja="規則は書かれているが、今は読み込まれていない：{subjects}（{place}）", en="written, but not loaded now: {subjects} ({place})"
        ),
        "NOT_AFTER_RESTART": Text(
            ja="今は記録されるが、再起動後は記録されない：{subjects}（{place}）",
            en="covered now, but not after a restart: {subjects} ({place})",
        ),
        "NOT_INSTALLED": NOT_INSTALLED,
        "CONTAINER": CONTAINER,
    },
)
def audit_subjects(trail: AuditTrail, *, wanted: Annotated[tuple[str, ...], AUDIT_SUBJECTS] = AUDIT_SUBJECTS.default) -> Judgement:
    if ending := _outside(trail):
        return ending
    now, later = trail.subjects.in_force, trail.subjects.after_restart
    missing = [{name for name in wanted if name not in part} if isinstance(part, tuple) else set() for part in (now, later)]
    absent_now, absent_later = ([name for name in wanted if name in names] for names in missing)
    place = trail.subjects.source
    if absent_now and isinstance(later, tuple) and not absent_later:
        return failed("NOT_LOADED", subjects=listed(absent_now), place=place)
    if absent_now:
        return failed("NOT_COVERED", subjects=listed(absent_now), place=place)
    if absent_later:
        return failed("NOT_AFTER_RESTART" if isinstance(now, tuple) else "NOT_COVERED", subjects=listed(absent_later), place=place)
    return trail.subjects.missing() or passed("COVERED", subjects=listed(wanted))


@check(
    "host.audit.32-bit",
    severity=Severity.LOW,
    title=Text(
        ja="監査記録の対象が、32 ビットの形のシステムコールも含む", en="The audit record covers system calls of the 32-bit form as well"
    ),
    why=Text(
        ja="64 ビットの機器でも、32 ビットの形で呼び出すと番号が異なり、arch=b64 だけの規則には記録されない。",
        en="On a 64-bit machine too, calls may be made in the 32-bit form, which has other numbers: rules for arch=b64 alone miss them.",
    ),
    remedy=Text(
        ja=(
            "「-S」を持つ規則ごとに「-F arch=b32」の規則も書き、augenrules --load を実行する。32 ビットのプログラムが要らなければ、"
            "カーネル 6.7 以降では起動時に ia32_emulation=0 を付ける。"
        ),
        en=(
            "Write each rule with -S a second time with -F arch=b32 and run augenrules --load. Where no 32-bit programs are needed, start "
            "a kernel from 6.7 on with ia32_emulation=0."
        ),
    ),
    says={
        "FORM_COVERED": Text(ja="32 ビットの形でも対象を全て含む：{subjects}", en="all are covered in the 32-bit form: {subjects}"),
        "FORM_MISSED": Text(
            ja="32 ビットの形では含まれない対象がある：{subjects}（{place}）", en="not covered in the 32-bit form: {subjects} ({place})"
        ),
        "FORM_REFUSED": Text(ja="このカーネルは 32 ビットの形の呼出しを受け付けない", en="this kernel takes no calls of the 32-bit form"),
        "NOT_INSTALLED": NOT_INSTALLED,
        "CONTAINER": CONTAINER,
    },
)
def audit_32_bit(trail: AuditTrail, *, wanted: Annotated[tuple[str, ...], AUDIT_SUBJECTS] = AUDIT_SUBJECTS.default) -> Judgement:
    if ending := _outside(trail):
        return ending
    taken, recorded = trail.compat, trail.compat_subjects
    if all(part is False for part in taken.effective()):
        return not_applicable("FORM_REFUSED")
    unseen: Unobserved | None = None
    for may, part in ((taken.in_force, recorded.in_force), (taken.after_restart, recorded.after_restart)):
        if may is False or part is None:
            continue
        if isinstance(part, Unobserved):
            unseen = unseen or part
        elif missed := [name for name in wanted if name not in part]:
            if may is True:
                return failed("FORM_MISSED", subjects=listed(missed), place=recorded.source)
            unseen = unseen or first_missing((may,))
    return unseen or passed("FORM_COVERED", subjects=listed(wanted))


@check(
    "host.audit.fixed",
    severity=Severity.LOW,
    title=Text(ja="監査の設定を、再起動なしに変えられない", en="The audit rules cannot be changed before a restart"),
    why=Text(
        ja="管理者の権限を得た者は、規則を消してから操作することで、痕跡を残さずに済む。",
        en="Whoever gains an administrator's rights can otherwise delete the rules first and leave no trace.",
    ),
    remedy=Text(ja="/etc/audit/rules.d/99-finalize.rules に「-e 2」と書く。", en="Write -e 2 into /etc/audit/rules.d/99-finalize.rules."),
    says={
        "FIXED": Text(ja="再起動するまで変えられない（{place}）", en="fixed until the next restart ({place})"),
        "NOT_FIXED": Text(ja="動作中に変えられる（{place}）", en="it can be changed while the machine runs ({place})"),
        "FIXED_LATER": Text(ja="再起動後は変えられなくなるが、今は変えられる（{place}）", en="fixed only after a restart ({place})"),
        "NOT_INSTALLED": NOT_INSTALLED,
        "CONTAINER": CONTAINER,
    },
)
def audit_fixed(trail: AuditTrail) -> Judgement:
    if ending := _outside(trail):
        return ending
    switch = trail.switch
    if isinstance(switch.in_force, AuditSwitch) and switch.in_force is not AuditSwitch.FIXED:
        return failed("FIXED_LATER" if switch.after_restart is AuditSwitch.FIXED else "NOT_FIXED", place=switch.source)
    if isinstance(switch.after_restart, AuditSwitch) and switch.after_restart is not AuditSwitch.FIXED:
        return failed("NOT_FIXED", place=switch.source)
    return switch.missing() or passed("FIXED", place=switch.source)


@check(
    "host.audit.full",
    severity=Severity.LOW,
    title=Text(
        ja="監査記録の領域が不足したときの動作が定められている", en="What happens when the audit record runs out of room is settled"
    ),
    why=Text(
        ja="領域が不足したときに記録を捨てるだけの設定では、誰も気付かないまま証拠が失われる。",
        en="Where records are just dropped when room runs out, the evidence is lost and nobody notices.",
    ),
    remedy=Text(
        ja=(
            "/etc/audit/auditd.conf に max_log_file_action = keep_logs（又は rotate）、space_left_action = email、"
            "disk_full_action = syslog（高い可用性より記録を優先する機器は halt）と書く。"
        ),
        en=(
            "In /etc/audit/auditd.conf set max_log_file_action = keep_logs (or rotate), space_left_action = email and "
            "disk_full_action = syslog (halt where records matter most)."
        ),
    ),
    says={
        "SETTLED": Text(
            ja="ファイルが満ちたとき {when_full}、空きが少ないとき {when_short}、ディスクが満ちたとき {when_disk_full}",
            en="when a file is full {when_full}, when room is short {when_short}, when the disk is full {when_disk_full}",
        ),
        "NOT_SETTLED": Text(ja="記録を捨てるだけの設定がある：{settings}", en="records are just dropped: {settings}"),
        "NOT_INSTALLED": NOT_INSTALLED,
        "CONTAINER": CONTAINER,
    },
)
def audit_full(trail: AuditTrail) -> Judgement:
    if ending := _outside(trail):
        return ending
    store = trail.store
    if isinstance(store, Unobserved):
        return store
    rows = {
        "max_log_file_action": (store.when_full, LOSES),
        "space_left_action": (store.when_short, frozenset({"ignore"})),
        "disk_full_action": (store.when_disk_full, LOSES),
    }
    bad = [f"{name} = {value}" for name, (value, losing) in rows.items() if value in losing]
    if bad:
        return failed("NOT_SETTLED", settings=listed(bad))
    return passed("SETTLED", when_full=store.when_full, when_short=store.when_short, when_disk_full=store.when_disk_full)
