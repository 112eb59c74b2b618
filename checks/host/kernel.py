"""Checks of the kernel's self-protection: what ordinary accounts and programs can learn from it and do to each other."""

from __future__ import annotations

from functools import partial

from checks.host.settings import KERNEL_WORDS, in_container, judged, named, number, of, sysctl_lines
from scanner.facts.kernel import KernelSettings
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Outcome, Severity, Verdict

_remedy = partial(sysctl_lines, "/etc/sysctl.d/60-kernel.conf")
_MILD_SYSRQ = 2 | 4 | 16 | 32 | 128 | 256
"""SysRq keys that do no harm: log level, keyboard, sync, read-only remount, restart, nicing; 8 dumps memory, 64 kills (sysrq.rst)."""


@check(
    "host.kernel.pointers",
    severity=Severity.LOW,
    title=Text(ja="カーネルのアドレスを一般利用者に見せない", en="Kernel addresses are hidden from ordinary accounts"),
    why=Text(
        ja="カーネル内のアドレスが読めると、配置の無作為化を避けて脆弱性を攻撃しやすくなる。",
        en="Who can read kernel addresses gets around their randomisation when attacking a flaw.",
    ),
    remedy=_remedy("kernel.kptr_restrict=1"),
    says=KERNEL_WORDS,
)
def kernel_pointers(settings: KernelSettings) -> Judgement:
    return in_container(settings.container) or judged(named(of(settings, "kernel.kptr_restrict")), lambda value: value in {"1", "2"})


@check(
    "host.kernel.messages",
    severity=Severity.LOW,
    title=Text(ja="カーネルのメッセージを一般利用者に見せない", en="Kernel messages are hidden from ordinary accounts"),
    why=Text(
        ja="カーネルのメッセージには、アドレスや機器の構成など攻撃の手掛かりが含まれる。",
        en="Kernel messages hold addresses and details of the machine that help an attacker.",
    ),
    remedy=_remedy("kernel.dmesg_restrict=1"),
    says=KERNEL_WORDS,
)
def kernel_messages(settings: KernelSettings) -> Judgement:
    return in_container(settings.container) or judged(named(of(settings, "kernel.dmesg_restrict")), lambda value: value == "1")


@check(
    "host.kernel.aslr",
    severity=Severity.HIGH,
    title=Text(ja="プログラムの配置が無作為化される", en="Programs are placed at random addresses"),
    why=Text(
        ja="配置の無作為化（ASLR）が無効又は部分的であると、未知の脆弱性も含め、メモリを壊す攻撃が成功しやすくなる。",
        en="Without full randomisation attacks that corrupt memory succeed far more easily, also those on flaws nobody knows yet.",
    ),
    remedy=_remedy("kernel.randomize_va_space=2"),
    says=KERNEL_WORDS,
)
def kernel_aslr(settings: KernelSettings) -> Judgement:
    return in_container(settings.container) or judged(named(of(settings, "kernel.randomize_va_space")), lambda value: value == "2")


@check(
    "host.kernel.ptrace",
    severity=Severity.LOW,
    title=Text(ja="プログラムが互いの中身を読めない", en="Programs cannot read each other's memory"),
    why=Text(
        ja="同じ利用者のプログラムが互いのメモリを読めると、一つの侵害から鍵やパスワードが盗まれる。",
        en="Where programs of one account can read each other, one that is taken over steals keys and passwords from the rest.",
    ),
    remedy=_remedy("kernel.yama.ptrace_scope=1"),
    says=KERNEL_WORDS,
)
def kernel_ptrace(settings: KernelSettings) -> Judgement:
    return in_container(settings.container) or judged(
        named(of(settings, "kernel.yama.ptrace_scope")), lambda value: 1 <= number(value) <= 3
    )


@check(
    "host.kernel.bpf",
    severity=Severity.MEDIUM,
    title=Text(ja="一般利用者はカーネル内でプログラムを動かせない", en="Ordinary accounts cannot load programs into the kernel"),
    why=Text(
        ja="一般利用者に BPF を認めると、検証器の欠陥によりカーネルの権限を奪われ得る。",
        en="Flaws of its verifier have let ordinary accounts take over the kernel through BPF.",
    ),
    remedy=_remedy("kernel.unprivileged_bpf_disabled=1"),
    says=KERNEL_WORDS,
)
def kernel_bpf(settings: KernelSettings) -> Judgement:
    found = named(of(settings, "kernel.unprivileged_bpf_disabled"))
    return in_container(settings.container) or judged(found, lambda value: value in {"1", "2"})


@check(
    "host.kernel.core-dumps",
    severity=Severity.LOW,
    title=Text(ja="特権プログラムのメモリが書き出されない", en="Privileged programs leave no core dumps"),
    why=Text(
        ja="特権を持つプログラムの異常終了時にメモリが一般利用者の権限で書き出されると、秘密が読まれる。",
        en="A core dump of a privileged program that its caller can read gives its secrets away.",
    ),
    remedy=_remedy("fs.suid_dumpable=0"),
    says=KERNEL_WORDS,
)
def kernel_core_dumps(settings: KernelSettings) -> Judgement:
    # 2 is safe where the dump goes to a program or an absolute path (proc_sys_fs(5)); systemd-coredump sets it so
    dumps, patterns = of(settings, "fs.suid_dumpable"), of(settings, "kernel.core_pattern")
    handed_over = bool(patterns) and all(pattern[:1] in {"|", "/"} for one in patterns for pattern in one.value.seen())
    good = {"0", "2"} if handed_over else {"0"}
    found = in_container(settings.container) or judged(named(dumps), lambda value: value in good)
    if isinstance(found, Verdict) and found.outcome is Outcome.PASS and any("2" in one.value.seen() for one in dumps):
        return next((why for one in patterns if (why := one.value.missing())), found)
    return found


@check(
    "host.kernel.sysrq",
    severity=Severity.LOW,
    title=Text(ja="コンソールのキーでカーネルを操作できない", en="Console keys do not command the kernel"),
    why=Text(
        ja="SysRq のすべての機能が有効であると、コンソールに触れる者がプログラムを止め、メモリの内容を表示させられる。",
        en="With all SysRq functions on, whoever reaches the console can kill programs and show memory.",
    ),
    remedy=_remedy("kernel.sysrq=0"),
    says=KERNEL_WORDS,
)
def kernel_sysrq(settings: KernelSettings) -> Judgement:
    def mild(value: str) -> bool:
        return value == "0" or (number(value) > 1 and not number(value) & ~_MILD_SYSRQ)

    return in_container(settings.container) or judged(named(of(settings, "kernel.sysrq")), mild)


@check(
    "host.kernel.links",
    severity=Severity.MEDIUM,
    title=Text(ja="共用ディレクトリのリンクを使った攻撃を防ぐ", en="Links in shared directories cannot be used for attacks"),
    why=Text(
        ja="共用の /tmp 等に置かれたリンクをたどらせる攻撃により、特権を持つプログラムが別のファイルを書き換える。",
        en="Links planted in shared directories make privileged programs overwrite other files.",
    ),
    remedy=_remedy("fs.protected_symlinks=1, fs.protected_hardlinks=1"),
    says=KERNEL_WORDS,
)
def kernel_links(settings: KernelSettings) -> Judgement:
    found = named(of(settings, "fs.protected_symlinks", "fs.protected_hardlinks"))
    return in_container(settings.container) or judged(found, lambda value: value == "1")


@check(
    "host.kernel.shared-files",
    severity=Severity.LOW,
    title=Text(
        ja="共用ディレクトリの他人のファイルに書き込まない", en="Programs do not write into files that others made in shared directories"
    ),
    why=Text(
        ja="共用の /tmp 等で先に作られたファイルに特権プログラムが書き込むと、情報が漏れ、又は改変される。",
        en="Privileged programs that write to a file or FIFO that somebody else made first leak data or have it changed.",
    ),
    remedy=_remedy("fs.protected_fifos=1, fs.protected_regular=2"),
    says=KERNEL_WORDS,
)
def kernel_shared_files(settings: KernelSettings) -> Judgement:
    found = named(of(settings, "fs.protected_fifos", "fs.protected_regular"))
    return in_container(settings.container) or judged(found, lambda value: value in {"1", "2"})
