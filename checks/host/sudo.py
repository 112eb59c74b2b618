"""Checks of sudo: whether it asks, whom it lets do everything, what it records, and who may change its rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from checks.common import listed
from scanner.facts.sudo import SudoRule, SudoRules, SudoSetting
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, failed, not_applicable, passed

SUDO_MOST_MINUTES = Value(
    "sudo.most-minutes",
    default=15,
    text=Text(ja="sudo が再びパスワードを求めるまでの時間の上限", en="most time before sudo asks for the password again"),
    unit="min",
    least=0,
)

SUDO_WITHOUT_PASSWORD = Value[tuple[str, ...]](
    "sudo.without-password",
    default=(),
    text=Text(
        ja="パスワードを求めない sudo の規則を認めたアカウント及び群（群は「%」で始める）",
        en="accounts and groups (with a leading %) for which sudo may ask for no password",
    ),
)


NO_SUDO = {"NO_SUDO": Text(ja="sudo が導入されていない", en="sudo is not installed")}
PTY_DEFAULT = (1, 9, 14)
"""The version since which ``use_pty`` is on by default, sudoers(5)."""
MINUTES_BUILT = 15.0
"""What distributions build in at most; upstream's own is 5, so that an unset value is not judged against a lower limit."""


def _absent(sudo: SudoRules) -> Verdict | Unobserved | None:
    if sudo.installed is False:
        return not_applicable("NO_SUDO")
    return sudo.installed if isinstance(sudo.installed, Unobserved) else None


def rules_elsewhere(sudo: SudoRules) -> Unobserved | None:
    """Say that rules also come from places that were not looked at; ``None`` where they do not."""
    if not sudo.elsewhere:
        return None
    return cannot_tell(
        Reason.UNSUPPORTED,
        "規則は別の場所（{places}）からも読まれ、そこは見ていない",
        "rules also come from {places}, which was not looked at",
        places=listed(sudo.elsewhere),
    )


def _general(settings: Iterable[SudoSetting], name: str) -> str | None:
    """Give the value of a setting that holds for all, the last one; ``None`` where it is not set."""
    return next((s.value for s in reversed(tuple(settings)) if s.name == name and not s.binding), None)


def _bound(settings: Iterable[SudoSetting], name: str, value: str) -> list[str]:
    """Give whom a setting of this value is bound to, the later line counting for each."""
    last = {word: s.value for s in settings if s.name == name for word in s.binding}
    return [word for word, given in last.items() if given == value]


@check(
    "host.sudo.password",
    severity=Severity.HIGH,
    title=Text(ja="sudo は本人のパスワード等を求める", en="sudo asks for a proof"),
    why=Text(
        ja="求めないと、離席中の端末や盗まれた鍵一つで管理者の操作ができる。",
        en="Otherwise an unattended session or one stolen key acts as administrator.",
    ),
    remedy=Text(
        ja="sudoers から「NOPASSWD」と「!authenticate」を除く。自動化に要る規則は命令を限り、sudo.without-password に登録する。",
        en='Remove "NOPASSWD" and "!authenticate" from sudoers; limit rules that automation needs to commands and list them.',
    ),
    says={
        "PASSWORD_SKIPPED": Text(ja="パスワードを求めない：{rules}", en="no password is asked for: {rules}"),
        "PASSWORD_SKIPPED_ALLOWED": Text(ja="求めない規則は認めたものだけである：{rules}", en="only permitted rules ask for none: {rules}"),
        "PASSWORD_ASKED": Text(ja="全ての規則で求める", en="every rule asks for one"),
        **NO_SUDO,
    },
)
def host_sudo_password(
    sudo: SudoRules, *, allowed: Annotated[tuple[str, ...], SUDO_WITHOUT_PASSWORD] = SUDO_WITHOUT_PASSWORD.default
) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.rules, Unobserved):
        return sudo.rules
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    silent = _general(sudo.settings, "authenticate") == "no"
    skipped = [(rule, who) for rule in sudo.rules for who in rule.users if _skips(rule, who, silent)]
    # sudo asks root for nothing, whatever the rules say
    bound = [word for word in _bound(sudo.settings, "authenticate", "no") if word != ":root"]
    bound += [f"exempt_group=%{group}" for group in filter(None, [_general(sudo.settings, "exempt_group")])]
    wrong = [f"{who}: {', '.join(rule.commands)}" for rule, who in skipped if who not in allowed]
    wrong += [f"!authenticate {word}" for word in bound if word.lstrip(":>!@") not in allowed]
    if wrong:
        return failed("PASSWORD_SKIPPED", rules=listed(wrong))
    if (elsewhere := rules_elsewhere(sudo)) is not None:
        return elsewhere
    rules = [f"{who}: {', '.join(rule.commands)}" for rule, who in skipped]
    return passed("PASSWORD_SKIPPED_ALLOWED", rules=listed(rules)) if rules else passed("PASSWORD_ASKED")


def _skips(rule: SudoRule, who: str, silent: bool) -> bool:
    if who in {"root", "#0"} or who.startswith("!"):
        return False
    return rule.asks is False or (rule.asks is None and silent)


@check(
    "host.sudo.everything",
    severity=Severity.MEDIUM,
    title=Text(ja="全ての利用者に全ての操作を認める規則がない", en="No rule lets everybody do everything"),
    why=Text(
        ja="「ALL」を利用者に書くと、作られた全てのアカウントが管理者となる。",
        en='With "ALL" as user, every account ever made is an administrator.',
    ),
    remedy=Text(
        ja="「ALL ALL=」の規則を除き、群（sudo、wheel）に限る。",
        en='Remove rules that begin with "ALL ALL=" and use a group such as sudo or wheel.',
    ),
    says={
        "EVERYBODY_EVERYTHING": Text(ja="誰でも全ての操作ができる：{rules}", en="everybody may do everything: {rules}"),
        "EVERYBODY_SOMETHING": Text(ja="誰でもできるのは限られた操作である：{rules}", en="everybody may do some things: {rules}"),
        "NAMED_ONLY": Text(ja="利用者と群を限っている", en="all rules name users or groups"),
        **NO_SUDO,
    },
)
def host_sudo_everything(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.rules, Unobserved):
        return sudo.rules
    anybody = [rule for rule in sudo.rules if "ALL" in rule.users]
    # with rootpw or targetpw the other's password is asked for, so that the rule alone gives nothing; see host.sudo.own-password
    borrowed = not isinstance(sudo.settings, Unobserved) and any(_general(sudo.settings, n) == "yes" for n in ("targetpw", "rootpw"))
    all_of_it = [rule for rule in anybody if "ALL" in rule.commands]
    if all_of_it and not borrowed:
        return failed("EVERYBODY_EVERYTHING", rules=listed(f"ALL: {', '.join(rule.commands)}" for rule in all_of_it))
    if (elsewhere := rules_elsewhere(sudo)) is not None:
        return elsewhere
    rules = listed(", ".join(rule.commands) for rule in anybody)
    return passed("EVERYBODY_SOMETHING", rules=rules) if anybody else passed("NAMED_ONLY")


@check(
    "host.sudo.exceptions",
    severity=Severity.MEDIUM,
    title=Text(ja="「ALL」から命令を除く規則に頼らない", en="No rule tries to except commands from ALL"),
    why=Text(
        ja="命令を別の名前に写せば実行でき、除いたことにならない（sudoers(5)）。",
        en="A copy under another name runs all the same, so that nothing is excepted (sudoers(5)).",
    ),
    remedy=Text(ja="認める命令を一つずつ書く。", en="Name the commands that are permitted instead."),
    says={
        "EXCEPTION_VAIN": Text(ja="除いたつもりの規則がある：{rules}", en="rules that except in vain: {rules}"),
        "EXCEPTION_NONE": Text(ja="そのような規則がない", en="there is no such rule"),
        **NO_SUDO,
    },
)
def host_sudo_exceptions(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.rules, Unobserved):
        return sudo.rules
    everything = {(rule.users, rule.hosts) for rule in sudo.rules if "ALL" in rule.commands}
    vain = [
        f"{', '.join(rule.users)}: {command}"
        for rule in sudo.rules
        for command in rule.commands
        if command.startswith("!") and (rule.users, rule.hosts) in everything
    ]
    if vain:
        return failed("EXCEPTION_VAIN", rules=listed(vain))
    return rules_elsewhere(sudo) or passed("EXCEPTION_NONE")


@check(
    "host.sudo.own-password",
    severity=Severity.MEDIUM,
    title=Text(ja="sudo は root でなく本人のパスワードを求める", en="sudo asks for the user's own password, not that of root"),
    why=Text(
        ja="root のパスワードを求めると、それを皆で共有することになる。",
        en="Asking for the password of root means that all share it.",
    ),
    remedy=Text(ja="sudoers から rootpw、targetpw、runaspw を除く。", en="Remove rootpw, targetpw and runaspw from sudoers."),
    says={
        "OTHERS_PASSWORD": Text(
            ja="他のアカウントのパスワードを求める：{names}", en="the password of another account is asked for: {names}"
        ),
        "OWN_PASSWORD": Text(ja="本人のパスワードを求める", en="the user's own password is asked for"),
        **NO_SUDO,
    },
)
def host_sudo_own_password(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    on = [name for name in ("rootpw", "targetpw", "runaspw") if _general(sudo.settings, name) == "yes"]
    return failed("OTHERS_PASSWORD", names=listed(on)) if on else rules_elsewhere(sudo) or passed("OWN_PASSWORD")


@check(
    "host.sudo.pty",
    severity=Severity.LOW,
    title=Text(ja="sudo の命令を専用の端末で動かす", en="Commands of sudo run in a terminal of their own"),
    why=Text(
        ja="同じ端末を使うと、悪意ある命令が終わった後に利用者の端末へ入力を送れる。",
        en="Within the user's terminal a malicious command can feed input to the shell after it has ended.",
    ),
    remedy=Text(ja="visudo で「Defaults use_pty」と書く。", en='Write "Defaults use_pty" with visudo.'),
    says={
        "PTY_OFF": Text(ja="使わない設定である", en="it is switched off"),
        "PTY_UNSET": Text(
            ja="設定がなく、この版（{version}）の既定は使わない", en="it is not set, and this version ({version}) does not by default"
        ),
        "PTY_ON": Text(ja="専用の端末で動かす", en="they do"),
        **NO_SUDO,
    },
)
def host_sudo_pty(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    value = _general(sudo.settings, "use_pty")
    if value == "no":
        return failed("PTY_OFF")
    if value is not None:
        return rules_elsewhere(sudo) or passed("PTY_ON")
    if not sudo.version:
        return cannot_tell(
            Reason.UNSUPPORTED, "sudo の版が分からず、既定を決められない", "the version of sudo, and so its default, is unknown"
        )
    version = tuple(int(part) for part in sudo.version.split("."))
    if version < PTY_DEFAULT:
        return failed("PTY_UNSET", version=sudo.version)
    return rules_elsewhere(sudo) or passed("PTY_ON")


@check(
    "host.sudo.log",
    severity=Severity.MEDIUM,
    title=Text(ja="sudo の実行を記録する", en="What is done through sudo is logged"),
    why=Text(
        ja="記録がないと、誰が管理者として何をしたか追えない。",
        en="Without a log nobody can tell who did what as administrator.",
    ),
    remedy=Text(
        ja="sudoers から「!syslog」「!log_allowed」を除くか、「Defaults logfile=/var/log/sudo.log」と書く。",
        en='Remove "!syslog" and "!log_allowed" from sudoers, or write "Defaults logfile=/var/log/sudo.log".',
    ),
    says={
        "SUDO_UNLOGGED": Text(ja="記録しない設定である：{names}", en="logging is switched off: {names}"),
        "SUDO_LOGGED": Text(ja="記録する（{places}）", en="it is logged ({places})"),
        **NO_SUDO,
    },
)
def host_sudo_log(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    logfile = _general(sudo.settings, "logfile")
    syslog = _general(sudo.settings, "syslog")  # on by default, sudoers(5)
    allowed = _general(sudo.settings, "log_allowed")
    if allowed == "no":
        return failed("SUDO_UNLOGGED", names=("!log_allowed",))
    places = [place for place in ("syslog" if syslog != "no" else "", logfile if logfile not in {None, "no"} else "") if place]
    if not places:
        return failed("SUDO_UNLOGGED", names=("!syslog",))
    return rules_elsewhere(sudo) or passed("SUDO_LOGGED", places=listed(places))


@check(
    "host.sudo.recording",
    severity=Severity.INFO,
    title=Text(ja="管理者の操作の内容を記録する", en="Sessions through sudo are recorded"),
    why=Text(
        ja="シェルを開いた後の操作は、実行の記録だけでは分からない。",
        en="What is done within a shell that was opened does not show in the log of commands.",
    ),
    remedy=Text(
        ja="sudoers に「Defaults log_output」又は「Defaults log_subcmds」（1.9.8 以降）と書く。",
        en='Write "Defaults log_output" or, since 1.9.8, "Defaults log_subcmds" in sudoers.',
    ),
    says={
        "RECORDING_OFF": Text(ja="記録しない", en="they are not"),
        "RECORDING_ON": Text(ja="記録する（{names}）", en="they are ({names})"),
        **NO_SUDO,
    },
)
def host_sudo_recording(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    on = [name for name in ("log_output", "log_input", "log_subcmds", "log_servers") if _general(sudo.settings, name) not in {None, "no"}]
    return rules_elsewhere(sudo) or passed("RECORDING_ON", names=listed(on)) if on else failed("RECORDING_OFF")


@check(
    "host.sudo.timeout",
    severity=Severity.LOW,
    title=Text(ja="sudo は一定の時間で再びパスワードを求める", en="sudo asks for the password again before long"),
    why=Text(
        ja="一度の入力が長く効くと、離席中に管理者の操作をされる。",
        en="Where one proof lasts long, others act as administrator while the user is away.",
    ),
    remedy=Text(
        ja="sudoers に「Defaults timestamp_timeout={most}」と書く（負の値は無期限）。",
        en='Write "Defaults timestamp_timeout={most}" in sudoers (below zero means for ever).',
    ),
    says={
        "TIMEOUT_ENDLESS": Text(ja="再び求めることがない", en="it never asks again"),
        "TIMEOUT_LONG": Text(ja="{minutes} 分の間は求めない（上限 {most} 分）", en="it does not ask for {minutes} min (limit {most} min)"),
        "TIMEOUT_SHORT": Text(ja="{minutes} 分で再び求める", en="it asks again after {minutes} min"),
        **NO_SUDO,
    },
)
def host_sudo_timeout(sudo: SudoRules, *, most: Annotated[int, SUDO_MOST_MINUTES] = SUDO_MOST_MINUTES.default) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    value = _general(sudo.settings, "timestamp_timeout")
    if value is None:
        # 5 minutes upstream, 15 in Debian's build: both are known, which of them this is is not
        if most < MINUTES_BUILT:
            return cannot_tell(
                Reason.UNSUPPORTED,
                "設定がなく、既定は配布元により 5 分又は 15 分である",
                "it is not set, and the default is 5 or 15 min by build",
            )
        return rules_elsewhere(sudo) or passed("TIMEOUT_SHORT", minutes=int(MINUTES_BUILT))
    if value == "no":
        return rules_elsewhere(sudo) or passed("TIMEOUT_SHORT", minutes=0)
    try:
        minutes = float(value)
    except ValueError:
        return cannot_tell(Reason.PROTOCOL_VIOLATION, "値が数でない：{value}", "the value is no number: {value}", value=value)
    if minutes < 0:
        return failed("TIMEOUT_ENDLESS")
    shown = int(minutes) if minutes == int(minutes) else minutes
    if minutes > most:
        return failed("TIMEOUT_LONG", minutes=shown, most=most)
    return rules_elsewhere(sudo) or passed("TIMEOUT_SHORT", minutes=shown)


@check(
    "host.sudo.environment",
    severity=Severity.MEDIUM,
    title=Text(ja="sudo は利用者の環境変数を引き継がない", en="sudo does not take over the user's environment"),
    why=Text(
        ja="LD_PRELOAD、PATH 等を通じて、認めた命令が別のものを実行させられる。",
        en="Through LD_PRELOAD, PATH and the like a permitted command is made to run something else.",
    ),
    remedy=Text(
        ja="sudoers に「Defaults env_reset」と「Defaults secure_path=…」を置き、「!env_reset」と env_keep の LD_* を除く。",
        en='Keep "Defaults env_reset" and a secure_path in sudoers, and remove "!env_reset" and LD_* from env_keep.',
    ),
    says={
        "ENVIRONMENT_KEPT": Text(ja="引き継ぐ：{names}", en="it does: {names}"),
        "ENVIRONMENT_RESET": Text(ja="引き継がない", en="it does not"),
        **NO_SUDO,
    },
)
def host_sudo_environment(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.settings, Unobserved):
        return sudo.settings
    kept = [] if _general(sudo.settings, "env_reset") != "no" else ["!env_reset"]  # on by default, sudoers(5)
    if _general(sudo.settings, "setenv") == "yes":
        kept.append("setenv")
    loader = ("LD_", "DYLD_", "PYTHONPATH", "PERL5LIB", "BASH_ENV")
    for setting in sudo.settings:
        if setting.name == "env_keep" and not setting.value.startswith("-="):
            words = setting.value.removeprefix("+=").replace('"', " ").split()
            kept += [f"env_keep {word}" for word in words if word.startswith(loader) or word in {"PATH", "*"}]
    if _general(sudo.settings, "secure_path") in {None, "no"}:
        kept.append("secure_path")
    return failed("ENVIRONMENT_KEPT", names=listed(kept)) if kept else rules_elsewhere(sudo) or passed("ENVIRONMENT_RESET")


@check(
    "host.sudo.files",
    severity=Severity.CRITICAL,
    title=Text(ja="sudo の規則を root だけが書き換えられる", en="Only root may change the rules of sudo"),
    why=Text(ja="書き換えられる者は、自分を管理者にできる。", en="Whoever may write them can make themselves administrator."),
    remedy=Text(
        ja="「chown root:root /etc/sudoers /etc/sudoers.d/*; chmod 440 /etc/sudoers /etc/sudoers.d/*」とする。",
        en='Run "chown root:root /etc/sudoers /etc/sudoers.d/*; chmod 440 /etc/sudoers /etc/sudoers.d/*".',
    ),
    says={
        "RULES_OPEN": Text(ja="root 以外が書き換えられる：{paths}", en="others than root may write {paths}"),
        "RULES_READABLE": Text(ja="誰でも読める：{paths}", en="anybody may read {paths}"),
        "RULES_CLOSED": Text(ja="root だけが書き換えられる（{count} 個）", en="only root may write them ({count})"),
        **NO_SUDO,
    },
)
def host_sudo_files(sudo: SudoRules) -> Judgement:
    if (ending := _absent(sudo)) is not None:
        return ending
    if isinstance(sudo.files, Unobserved):
        return sudo.files
    loose = [f for f in sudo.files if f.mode & 0o002 or (f.mode & 0o020 and f.gid != 0) or f.uid != 0]
    if loose:
        return failed("RULES_OPEN", paths=listed(f"{f.path} ({f.mode:04o}, uid {f.uid})" for f in loose))
    readable = [f for f in sudo.files if f.mode & 0o004 and not f.mode & 0o111]
    if readable:
        return failed("RULES_READABLE", paths=listed(f"{f.path} ({f.mode:04o})" for f in readable))
    return passed("RULES_CLOSED", count=len(sudo.files))
