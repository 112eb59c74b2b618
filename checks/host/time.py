"""Checks of the clock: does one program keep it, from the right sources, closely enough, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from checks.common import also, first_missing, listed, value_not_set
from scanner.facts.time_sync import TimeProgram, TimeSync
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

TIME_MOST_OFFSET = Value(
    "time.most-offset-seconds",
    default=1.0,
    text=Text(ja="時計のずれの上限", en="largest error of a clock"),
    unit="s",
    least=0.001,
    most=3600,
)

TIME_SERVERS = Value[tuple[str, ...]](
    "time.servers",
    default=(),
    text=Text(ja="組織が定めた時刻サーバの名前又はアドレス", en="names or addresses of the organisation's time servers"),
)

TIME_SERVING = Value(
    "time.serving",
    default="unset",
    text=Text(
        ja="他の機器への時刻の提供（allowed：認める、refused：認めない、unset：未定）",
        en="giving time to other machines (allowed, refused, or unset: not decided)",
    ),
    choices=("allowed", "refused", "unset"),
)


HOST_CLOCK = Text(ja="コンテナであり、時刻は収容する機器のものである", en="a container, whose clock is its host's")
NO_PROGRAM = Text(ja="時刻を合わせるプログラムが動作していない", en="no program that sets the clock runs")


def _in_use(time: TimeSync) -> tuple[TimeProgram, ...] | Unobserved:
    """Give the programs that run, or on an image those that will."""
    if isinstance(time.programs, Unobserved):
        return time.programs
    states = [(program, program.starts if program.running is None else program.running) for program in time.programs]
    if why := first_missing(state for _, state in states):
        return why
    return tuple(program for program, state in states if state is True)


def _of_each(time: TimeSync, judge: Callable[[tuple[TimeProgram, ...]], Judgement]) -> Judgement:
    """Judge the programs in use; a container without any is its host's affair."""
    programs = _in_use(time)
    if isinstance(programs, Unobserved):
        return programs
    if not programs:
        if isinstance(time.host_clock, Unobserved):
            return time.host_clock
        return not_applicable("HOST_CLOCK") if time.host_clock else failed("NO_PROGRAM")
    return judge(programs)


MACOS_TIME_PROGRAM = Text(
    ja=(
        "macOS：「systemsetup -setusingnetworktime on」と「systemsetup -setnetworktimeserver サーバ名」、又は構成プロファイル "
        "com.apple.MCX の timeServer。"
    ),
    en=(
        'macOS: "systemsetup -setusingnetworktime on" and "systemsetup -setnetworktimeserver NAME", or timeServer in a '
        "profile for com.apple.MCX."
    ),
)


@check(
    "host.time.program",
    severity=Severity.MEDIUM,
    title=Text(ja="時刻を合わせるプログラムが一つ動作し、再起動後も動作する", en="One program keeps the clock, now and after a restart"),
    why=Text(
        ja=(
            "時刻がずれるとログの前後関係が分からなくなり、証明書や認証の期限の判断も誤る。二つのプログラムが同時に時計を動かすと"
            "時刻が安定しない。"
        ),
        en=(
            "With a wrong clock, logs cannot be put in order and certificates are judged wrongly. Two programs that set it fight "
            "each other."
        ),
    ),
    remedy=also(
        Text(
            ja=(
                "chrony を入れ（apt install chrony、dnf install chrony）、systemctl enable --now で有効にする。ほかの時刻同期プログラムは "
                "disable --now で止める。Windows：Windows Time サービス（W32Time）を有効にする（sc.exe config w32time start= auto）。"
            ),
            en=(
                "Install chrony and enable it with systemctl enable --now; stop any other with systemctl disable --now."
                " Windows: enable the Windows Time service (sc.exe config w32time start= auto)."
            ),
        ),
        MACOS_TIME_PROGRAM,
    ),
    says={
        "ONE_PROGRAM": Text(ja="{program} が時刻を合わせている", en="{program} keeps the clock"),
        "SEVERAL_PROGRAMS": Text(
            ja="複数のプログラムが同時に時刻を合わせている：{programs}", en="several programs set the clock: {programs}"
        ),
        "NOT_AFTER_RESTART": Text(
            ja="{program} は今は動作しているが、再起動後は起動しない", en="{program} runs but does not start with the machine"
        ),
        "NOT_RUNNING": Text(ja="起動する設定であるが、今は動作していない：{programs}", en="set to start, but not running now: {programs}"),
        "NO_PROGRAM": NO_PROGRAM,
        "HOST_CLOCK": HOST_CLOCK,
    },
)
def time_program(time: TimeSync) -> Judgement:
    programs = _in_use(time)
    if isinstance(programs, Unobserved):
        return programs
    if len(programs) > 1:
        return failed("SEVERAL_PROGRAMS", programs=listed(program.name for program in programs))
    if not programs and not isinstance(time.programs, Unobserved):
        idle = [program.name for program in time.programs if program.starts is True]
        if idle:
            return failed("NOT_RUNNING", programs=listed(idle))
    return _of_each(time, _starts)


def _starts(programs: tuple[TimeProgram, ...]) -> Judgement:
    only = programs[0]
    if isinstance(only.starts, Unobserved):
        return only.starts
    return passed("ONE_PROGRAM", program=only.name) if only.starts else failed("NOT_AFTER_RESTART", program=only.name)


@check(
    "host.time.sources",
    severity=Severity.MEDIUM,
    title=Text(ja="組織が定めた時刻源を参照している", en="The clock follows the organisation's own time sources"),
    why=Text(
        ja="機器ごとに異なる時刻源を参照すると、システム内の時刻が揃わない。利用者が定めていない時刻源は、偽の時刻を与えることもできる。",
        en="Machines that follow different sources disagree, and a source nobody chose can hand out a false time.",
    ),
    remedy=also(
        Text(
            ja=(
                "/etc/chrony/chrony.conf（RHEL 系は /etc/chrony.conf）の server 行、又は timesyncd.conf の NTP= に組織の時刻サーバを書き、"
                "プログラムを再起動する。Windows：グループポリシー「コンピューターの構成＞管理用テンプレート＞システム＞Windows タイム "
                "サービス＞タイム プロバイダー」の「Windows NTP クライアントを構成する」に組織の時刻サーバを書く。"
            ),
            en=(
                "Name the organisation's servers in server lines of chrony.conf, or in NTP= of timesyncd.conf, and restart the program."
                " Windows: Group Policy, Computer Configuration > Administrative Templates > System > Windows Time Service "
                "> Time Providers: Configure Windows NTP Client, with the organisation's servers."
            ),
        ),
        MACOS_TIME_PROGRAM,
    ),
    says={
        "SOURCES_OWN": Text(ja="組織の時刻源だけを参照している：{sources}", en="only the organisation's sources: {sources}"),
        "SOURCES_OTHER": Text(
            ja="組織の定めにない時刻源がある：{sources}（{place}）", en="sources that the organisation did not name: {sources} ({place})"
        ),
        "NO_SOURCES": Text(ja="時刻源の設定がない（{place}）", en="no source of time is set ({place})"),
        "NO_PROGRAM": NO_PROGRAM,
        "HOST_CLOCK": HOST_CLOCK,
    },
)
def time_sources(time: TimeSync, *, servers: Annotated[tuple[str, ...], TIME_SERVERS] = TIME_SERVERS.default) -> Judgement:
    def judge(programs: tuple[TimeProgram, ...]) -> Judgement:
        wanted = {server.lower().rstrip(".") for server in servers}
        unseen: Unobserved | None = None
        names: list[str] = []
        for program in programs:
            if isinstance(program.sources, Unobserved):
                unseen = unseen or program.sources
                continue
            if not program.sources:
                return failed("NO_SOURCES", place=program.source)
            others = [source.name for source in program.sources if source.name.lower().rstrip(".") not in wanted]
            if others and wanted:
                return failed("SOURCES_OTHER", sources=listed(others), place=program.source)
            names.extend(source.name for source in program.sources)
        if unseen:
            return unseen
        return passed("SOURCES_OWN", sources=listed(names)) if wanted else value_not_set(TIME_SERVERS)

    return _of_each(time, judge)


@check(
    "host.time.synchronised",
    severity=Severity.MEDIUM,
    title=Text(ja="時計が時刻源に同期している", en="The clock is synchronised with a source"),
    why=Text(
        ja="時刻源を設定していても、届かない、又は選ばれていなければ、時計は合っていない。",
        en="A configured source that cannot be reached, or is not selected, keeps no clock right.",
    ),
    remedy=Text(
        ja=(
            "chronyc sources -v（又は ntpq -p、timedatectl timesync-status）で時刻源への到達を確かめ、UDP 123 番の経路とサーバ名を直す。"
            "Windows：「w32tm /query /status」と「w32tm /resync」で確かめる。"
        ),
        en=(
            "Look at chronyc sources -v (or ntpq -p, timedatectl timesync-status); mend the way to the servers on UDP port 123 and their "
            'names. Windows: look with "w32tm /query /status" and "w32tm /resync".'
        ),
    ),
    says={
        "SYNCHRONISED": Text(ja="{selected} に同期している", en="synchronised with {selected}"),
        "NOT_SYNCHRONISED": Text(
            ja="{program} は動作しているが、時計は同期していない", en="{program} runs, but the clock is not synchronised"
        ),
        "NO_PROGRAM": NO_PROGRAM,
        "HOST_CLOCK": HOST_CLOCK,
        "IMAGE": Text(
            ja="動作していない機器（イメージ）であり、同期の状態はない", en="the machine does not run (an image), so there is no state"
        ),
    },
)
def time_synchronised(time: TimeSync) -> Judgement:
    def judge(programs: tuple[TimeProgram, ...]) -> Judgement:
        states = [(program, program.state) for program in programs]
        for program, state in states:
            if state is not None and not isinstance(state, Unobserved) and not (state.synchronised and state.selected):
                return failed("NOT_SYNCHRONISED", program=program.name)
        if why := first_missing(state for _, state in states):
            return why
        selected = [state.selected for _, state in states if state is not None and not isinstance(state, Unobserved)]
        return passed("SYNCHRONISED", selected=listed(selected)) if selected else not_applicable("IMAGE")

    return _of_each(time, judge)


@check(
    "host.time.offset",
    severity=Severity.MEDIUM,
    title=Text(ja="時計のずれが上限以内である", en="The clock is within the limit"),
    why=Text(
        ja="機器の間で時刻が揃っていないと、複数の機器のログから一つの出来事を追えない。",
        en="Where clocks disagree, one event cannot be followed through the logs of several machines.",
    ),
    remedy=Text(
        ja=(
            "時刻源への到達を確かめ、chronyc makestep 等で時計を合わせる。ずれが続く場合は、近い時刻源を加えるか、機器の時計を調べる。"
            "上限は {limit} 秒。Windows：「w32tm /resync」を実行する。"
        ),
        en=(
            "See that the sources are reached and step the clock (chronyc makestep). If it drifts again, add a nearer source. The limit "
            'is {limit} s. Windows: run "w32tm /resync".'
        ),
    ),
    says={
        "OFFSET_SMALL": Text(
            ja="ずれは {milliseconds} ミリ秒、誤差の限界は {error} ミリ秒である",
            en="{milliseconds} ms off, at most {error} ms from true time",
        ),
        "OFFSET_LARGE": Text(
            ja="ずれが {milliseconds} ミリ秒であり、上限 {limit} 秒を超える", en="{milliseconds} ms off, beyond the limit of {limit} s"
        ),
        "ERROR_LARGE": Text(
            ja="ずれは小さいが、誤差の限界が {error} ミリ秒であり、上限 {limit} 秒を保証できない",
            en="the possible error is {error} ms, so the limit of {limit} s is not assured",
        ),
        "NOT_SYNCHRONISED": Text(
            ja="{program} は動作しているが、時計は同期していない", en="{program} runs, but the clock is not synchronised"
        ),
        "NO_PROGRAM": NO_PROGRAM,
        "HOST_CLOCK": HOST_CLOCK,
        "IMAGE": Text(ja="動作していない機器（イメージ）であり、時計はない", en="the machine does not run (an image) and has no clock"),
    },
)
def time_offset(time: TimeSync, *, limit: Annotated[float, TIME_MOST_OFFSET] = TIME_MOST_OFFSET.default) -> Judgement:
    return _of_each(time, lambda programs: _offset(programs, limit))


def _offset(programs: tuple[TimeProgram, ...], limit: float) -> Judgement:
    missing: Unobserved | None = None
    verdict: Judgement = not_applicable("IMAGE")
    for program in programs:
        state = program.state
        if state is None:
            continue
        if isinstance(state, Unobserved):
            missing = missing or state
            continue
        if not (state.synchronised and state.selected):
            return failed("NOT_SYNCHRONISED", program=program.name)
        if isinstance(state.offset_seconds, Unobserved):
            missing = missing or state.offset_seconds
            continue
        milliseconds = round(state.offset_seconds * 1000, 3)
        if state.offset_seconds > limit:
            return failed("OFFSET_LARGE", milliseconds=milliseconds, limit=limit)
        if isinstance(state.distance_seconds, Unobserved):
            missing = missing or state.distance_seconds
            continue
        error = round(state.distance_seconds * 1000, 3)
        if state.distance_seconds > limit:
            return failed("ERROR_LARGE", error=error, limit=limit)
        verdict = passed("OFFSET_SMALL", milliseconds=milliseconds, error=error)
    return missing or verdict


@check(
    "host.time.authentication",
    severity=Severity.LOW,
    title=Text(ja="時刻源からの応答を認証している", en="Answers of time sources are authenticated"),
    why=Text(
        ja="認証のない NTP の応答は、経路上の者が書き換えて時刻をずらすことができる。",
        en="Whoever sits on the way can alter plain NTP answers and shift the clock.",
    ),
    remedy=Text(
        ja=(
            "chrony の server 行に nts（NTS に対応する時刻サーバ）又は key（共通鍵、/etc/chrony/chrony.keys）を付ける。"
            "Windows：ドメインに参加した機器は時刻源をドメイン階層（NT5DS）とする。"
        ),
        en=(
            "Add nts to chrony's server lines (servers that speak NTS), or key with a shared key in chrony.keys."
            " Windows: let members of a domain follow the domain hierarchy (NT5DS)."
        ),
    ),
    says={
        "AUTHENTICATED": Text(ja="全ての時刻源を NTS 又は鍵で認証している：{sources}", en="all sources by NTS or key: {sources}"),
        "NOT_AUTHENTICATED": Text(
            ja="認証のない時刻源がある：{sources}（{place}）", en="sources without authentication: {sources} ({place})"
        ),
        "NO_SOURCES": Text(ja="時刻源の設定がない（{place}）", en="no source of time is set ({place})"),
        "NO_PROGRAM": NO_PROGRAM,
        "HOST_CLOCK": HOST_CLOCK,
    },
)
def time_authentication(time: TimeSync) -> Judgement:
    def judge(programs: tuple[TimeProgram, ...]) -> Judgement:
        names: list[str] = []
        for program in programs:
            if isinstance(program.sources, Unobserved):
                continue
            if not program.sources:
                return failed("NO_SOURCES", place=program.source)
            if plain := [source.name for source in program.sources if not source.authenticated]:
                return failed("NOT_AUTHENTICATED", sources=listed(plain), place=program.source)
            names.extend(source.name for source in program.sources)
        return first_missing(program.sources for program in programs) or passed("AUTHENTICATED", sources=listed(names))

    return _of_each(time, judge)


@check(
    "host.time.serving",
    severity=Severity.LOW,
    title=Text(ja="時刻サーバでない機器が時刻を配らない", en="Only time servers give time to others"),
    why=Text(
        ja="必要のない NTP の応答は、攻撃の踏み台（増幅）に使われ、誤った時刻を広めることもある。",
        en="An NTP service that nobody needs can be used to amplify attacks and may spread a wrong time.",
    ),
    remedy=Text(
        ja=(
            "chrony は allow 行を除く（port 0 で応答を止める）。ntpd は「restrict default ignore」（-4 と -6 の両方）とする。"
            "時刻サーバであれば、方針ファイルの time.serving を allowed とする。Windows：グループポリシー"
            "「コンピューターの構成＞管理用テンプレート＞システム＞Windows タイム サービス＞タイム プロバイダー」の「Windows NTP "
            "サーバーを有効にする」を無効とする。"
        ),
        en=(
            "chrony: remove allow lines, or set port 0. ntpd: restrict default ignore for both families. "
            "For a machine that is meant to serve, set time.serving to allowed in the profile."
            " Windows: Group Policy, Computer Configuration > Administrative Templates > System > Windows Time Service "
            "> Time Providers: Enable Windows NTP Server, disabled."
        ),
    ),
    says={
        "SERVES_NOBODY": Text(ja="他の機器に時刻を配っていない", en="gives time to nobody else"),
        "SERVES": Text(ja="他の機器に時刻を配る設定である：{programs}（{place}）", en="gives time to other machines: {programs} ({place})"),
        "SERVING_MEANT": Text(ja="時刻を配ることを組織が認めている", en="the organisation means it to give time"),
    },
)
def time_serving(time: TimeSync, *, serving: Annotated[str, TIME_SERVING] = TIME_SERVING.default) -> Judgement:
    if serving == "allowed":
        return not_applicable("SERVING_MEANT")
    programs = _in_use(time)
    if isinstance(programs, Unobserved):
        return programs
    serves = [program for program in programs if program.serves is True]
    if not serves:
        return first_missing(program.serves for program in programs) or passed("SERVES_NOBODY")
    if serving == "unset":
        return value_not_set(TIME_SERVING)
    return failed("SERVES", programs=listed(program.name for program in serves), place=serves[0].source)
