"""What the checks of kernel settings share: one setting or several judged over their readings, and the words for it. No check is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from checks.common import listed
from scanner.facts.kernel import KernelSetting, KernelSettings
from scanner.facts.readings import Readings
from scanner.model.check import Judgement
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import failed, not_applicable, passed

IN_CONTAINER = Text(
    ja="コンテナの中であり、カーネルは {keeper} を動かしている機器のものである",
    en="it is a container; the kernel is that of the machine that runs {keeper}",
)
WORDS = {
    "SETTING_GOOD": Text(ja="設定されている：{seen}", en="it is set: {seen}"),
    "SETTING_BAD": Text(ja="値が適切でない：{seen}", en="the value is not as it should be: {seen}"),
    "SETTING_NOT_APPLIED": Text(
        ja="設定ファイルには書かれているが、動作中のカーネルには反映されていない：{seen}（{places}）",
        en="files ask for it, but the running kernel does not have it: {seen} ({places})",
    ),
    "SETTING_RETURNS": Text(
        ja="今は設定されているが、再起動すると失われる：{seen}（{places}）",
        en="it is set now and lost with the next start: {seen} ({places})",
    ),
    "SETTING_ABSENT": Text(ja="このカーネルにはこの設定がない：{names}", en="this kernel has no such setting: {names}"),
}
"""The words of a check that ``judged`` answers."""
KERNEL_WORDS = {**WORDS, "IN_CONTAINER": IN_CONTAINER}
"""The same for settings that a container shares with the machine below it."""

Good = Callable[[str], bool]


def sysctl_lines(path: str, lines: str) -> Text:
    """Write the remedy of kernel settings: the lines for a file of sysctl.d."""
    return Text(
        ja=f"{path} に {lines} を書き、sysctl --system を実行する。",
        en=f'In {path} write "{lines}", then run "sysctl --system".',
    )


def of(settings: KernelSettings, *names: str) -> list[KernelSetting]:
    """Give settings by name, in the order of the names; those that the fact does not hold are left out."""
    held = {setting.name: setting for setting in settings.settings}
    return [held[name] for name in names if name in held]


def in_container(keeper: str | Unobserved) -> Judgement | None:
    """Say that the question does not arise in a container, or cannot be told; ``None``: the machine has a kernel of its own."""
    if isinstance(keeper, Unobserved):
        return keeper
    return not_applicable("IN_CONTAINER", keeper=keeper) if keeper else None


def judged(parts: Sequence[tuple[str, Readings[str]]], good: Good, *, any_of: bool = False) -> Judgement:
    """Judge settings that all have to be good, now and after a restart; ``any_of``: one of them is enough.

    A failure outranks what could not be seen, which outranks a pass. An empty value is a setting that the kernel does not have.
    """
    there = [(name, value) for name, value in parts if "" not in value.effective()]
    if not there:
        return not_applicable("SETTING_ABSENT", names=listed(name for name, _ in parts))
    bad: dict[str, list[tuple[str, Readings[str]]]] = {"SETTING_BAD": [], "SETTING_NOT_APPLIED": [], "SETTING_RETURNS": []}
    unseen: Unobserved | None = None
    fine = []
    for name, value in there:
        now, later = value.in_force, value.after_restart
        now_bad = isinstance(now, str) and not good(now)
        later_bad = isinstance(later, str) and not good(later)
        if now_bad:
            asked = isinstance(value.configured, str) and good(value.configured)
            bad["SETTING_NOT_APPLIED" if asked else "SETTING_BAD"].append((name, value))
        elif later_bad:
            bad["SETTING_BAD" if now is None else "SETTING_RETURNS"].append((name, value))
        elif missing := value.missing():
            unseen = unseen or missing
        else:
            fine.append((name, value))
    if any_of and fine:
        return passed("SETTING_GOOD", seen=_with_values(fine))
    for tag, found in bad.items():
        if found:
            places = {} if tag == "SETTING_BAD" else {"places": listed(value.source for _, value in found)}
            return failed(tag, seen=_with_values(found, later=tag == "SETTING_RETURNS"), **places)
    return unseen or passed("SETTING_GOOD", seen=_with_values(fine))


def _with_values(parts: Iterable[tuple[str, Readings[str]]], *, later: bool = False) -> tuple[str, ...]:
    return listed(f"{name}={value.after_restart if later or value.in_force is None else value.in_force}" for name, value in parts)


def named(settings: Sequence[KernelSetting]) -> list[tuple[str, Readings[str]]]:
    """Give settings as ``judged`` takes them."""
    return [(setting.name, setting.value) for setting in settings]


def combined(names: str, first: Readings[str], second: Readings[str], by: Callable[[str, str], str]) -> tuple[str, Readings[str]]:
    """Make the value that the kernel goes by of two: that of an interface and that of all interfaces (ip-sysctl.rst)."""

    def one(a: str | Unobserved, b: str | Unobserved) -> str | Unobserved:
        if isinstance(a, Unobserved):
            return a
        if isinstance(b, Unobserved):
            return b
        return "" if a == "" or b == "" else by(a, b)

    now = None if first.in_force is None or second.in_force is None else one(first.in_force, second.in_force)
    configured = None if first.configured is None or second.configured is None else one(first.configured, second.configured)
    source = first.source if first.source == second.source else f"{first.source}, {second.source}"
    return names, Readings(configured, now, one(first.after_restart, second.after_restart), source)


def number(value: str) -> int:
    """Read a setting's number; what is none counts as -1."""
    return int(value) if value.lstrip("-").isdecimal() else -1
