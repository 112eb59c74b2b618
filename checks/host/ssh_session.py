"""Checks of what a login over SSH may do and leave behind: forwarding, idle ends, logs, notices, and settings not yet in force."""

from __future__ import annotations

from typing import Annotated

from checks.each import Judged
from checks.host.ssh_common import NONE_THERE, REMEDY_EN, REMEDY_JA, absent, each_setup, number, one
from scanner.facts.ssh_server import SshServer, SshSetup
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

SSH_FORWARDING = Value(
    "ssh.forwarding",
    default="refused",
    text=Text(
        ja="SSH サーバでのポート転送（allowed：認める、refused：認めない）", en="port forwarding through SSH servers (allowed, refused)"
    ),
    choices=("allowed", "refused"),
)

SSH_IDLE_SECONDS = Value(
    "ssh.idle-seconds",
    default=900,
    text=Text(ja="応答のない SSH の接続を終えるまでの上限", en="most time before an SSH connection without an answer is ended"),
    unit="s",
    least=1,
)


_VERBOSE = frozenset({"INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3"})


def _off(setup: SshSetup, keyword: str, on: str, off: str) -> Judged:
    """Judge a keyword that is wished to be off; ``DisableForwarding`` switches every kind of forwarding off."""
    value = one(setup, keyword)
    if isinstance(value, Unobserved):
        return value
    if value == "no" or one(setup, "disableforwarding") == "yes":
        return passed(off)
    return failed(on, value=value)


@check(
    "host.ssh.x11",
    severity=Severity.LOW,
    title=Text(ja="SSH で X11 を転送しない", en="X11 is not forwarded over SSH"),
    why=Text(
        ja="サーバの側から利用者の画面を見たりキー入力を盗んだりできる。",
        en="From the server's side the user's screen could be watched and keys be caught.",
    ),
    remedy=Text(ja="sshd_config に「X11Forwarding no」と書く。" + REMEDY_JA, en='Write "X11Forwarding no" in sshd_config. ' + REMEDY_EN),
    says={
        "X11_ON": Text(ja="X11 を転送する（{where}）", en="X11 is forwarded ({where})"),
        "X11_OFF": Text(ja="X11 を転送しない", en="X11 is not forwarded"),
        **NONE_THERE,
    },
)
def host_ssh_x11(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        ending = _off(setup, "x11forwarding", "X11_ON", "X11_OFF")
        return ending if isinstance(ending, Unobserved) else ending._replace(args={})

    return each_setup(server, judge)


@check(
    "host.ssh.forwarding",
    severity=Severity.LOW,
    title=Text(ja="SSH で他の通信を中継させない", en="SSH does not relay other traffic"),
    why=Text(
        ja="ポート転送を使うと、ファイアウォールの内側へ許可されていない通信を通せる。",
        en="With port forwarding, traffic that no firewall rule allows gets inside.",
    ),
    remedy=Text(
        ja="sshd_config に「AllowTcpForwarding no」と書き、要る者だけを Match で認める。踏み台では組織の値で認める。" + REMEDY_JA,
        en='Write "AllowTcpForwarding no" in sshd_config and allow those who need it by Match. On jump hosts set the value to allow it. '
        + REMEDY_EN,
    ),
    says={
        "FORWARDING_ON": Text(ja="中継を認める（{where}：{value}）", en="forwarding is allowed ({where}: {value})"),
        "FORWARDING_ALLOWED": Text(ja="中継を認める（組織の値で認める）", en="forwarding is allowed, as the organisation decided"),
        "FORWARDING_OFF": Text(ja="中継を認めない", en="forwarding is refused"),
        **NONE_THERE,
    },
)
def host_ssh_forwarding(server: SshServer, *, forwarding: Annotated[str, SSH_FORWARDING] = SSH_FORWARDING.default) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        ending = _off(setup, "allowtcpforwarding", "FORWARDING_ON", "FORWARDING_OFF")
        if not isinstance(ending, Unobserved) and ending.tag == "FORWARDING_ON" and forwarding == "allowed":
            return passed("FORWARDING_ALLOWED")
        return ending

    return each_setup(server, judge, worst_first=("FORWARDING_ALLOWED",))


@check(
    "host.ssh.agent",
    severity=Severity.LOW,
    title=Text(ja="SSH で鍵のエージェントを転送しない", en="Key agents are not forwarded over SSH"),
    why=Text(
        ja="サーバの管理者又は侵入者が、接続中の利用者の鍵で他のサーバに入れる。",
        en="The server's administrator or an intruder could use the connected user's keys on other servers.",
    ),
    remedy=Text(
        ja="sshd_config に「AllowAgentForwarding no」と書き、多段の接続には ProxyJump を使う。" + REMEDY_JA,
        en='Write "AllowAgentForwarding no" in sshd_config and use ProxyJump for further hops. ' + REMEDY_EN,
    ),
    says={
        "AGENT_ON": Text(ja="エージェントを転送する（{where}：{value}）", en="agents are forwarded ({where}: {value})"),
        "AGENT_OFF": Text(ja="エージェントを転送しない", en="agents are not forwarded"),
        **NONE_THERE,
    },
)
def host_ssh_agent(server: SshServer) -> Judgement:
    return each_setup(server, lambda setup: _off(setup, "allowagentforwarding", "AGENT_ON", "AGENT_OFF"))


@check(
    "host.ssh.tunnel",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH でネットワークのトンネルを作らせない", en="SSH carries no network tunnel and opens no port to others"),
    why=Text(
        ja="トンネルや外部に開かれた転送口は、境界の防御を越える管理外の経路となる。",
        en="A tunnel, or a forwarded port open to others, is a path past the perimeter that nobody watches.",
    ),
    remedy=Text(
        ja="sshd_config で「PermitTunnel no」「GatewayPorts no」とする。" + REMEDY_JA,
        en='Set "PermitTunnel no" and "GatewayPorts no" in sshd_config. ' + REMEDY_EN,
    ),
    says={
        "TUNNEL_ON": Text(ja="{keyword} が {value} である（{where}）", en="{keyword} is {value} ({where})"),
        "TUNNEL_OFF": Text(ja="トンネルも外部に開く転送口も認めない", en="neither is allowed"),
        **NONE_THERE,
    },
)
def host_ssh_tunnel(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        unseen: Unobserved | None = None
        for keyword, shown in (("permittunnel", "PermitTunnel"), ("gatewayports", "GatewayPorts")):
            ending = _off(setup, keyword, "TUNNEL_ON", "TUNNEL_OFF")
            if isinstance(ending, Unobserved):
                unseen = ending
            elif ending.tag == "TUNNEL_ON":
                return ending._replace(args={**ending.args, "keyword": shown})
        return unseen or passed("TUNNEL_OFF")

    return each_setup(server, judge)


@check(
    "host.ssh.idle",
    severity=Severity.LOW,
    title=Text(ja="応答のない SSH の接続を終える", en="SSH connections that no longer answer are ended"),
    why=Text(
        ja="切れた回線の先に残った接続は、ログインしたままの状態を残す。",
        en="Connections left behind by a broken line stay logged in.",
    ),
    remedy=Text(
        ja="sshd_config に「ClientAliveInterval 300」「ClientAliveCountMax 3」のように、積が {most} 秒以下となる値を書く。" + REMEDY_JA,
        en=('Write values whose product is {most} s or less, such as "ClientAliveInterval 300" and "ClientAliveCountMax 3". ' + REMEDY_EN),
    ),
    says={
        "IDLE_ENDLESS": Text(
            ja="応答を確かめないか、応答がなくても終えない（{where}）",
            en="answers are not asked for, or silence has no consequence ({where})",
        ),
        "IDLE_LONG": Text(ja="終えるまで {seconds} 秒（上限 {most} 秒、{where}）", en="ended after {seconds} s (limit {most} s, {where})"),
        "IDLE_ENDED": Text(ja="応答がなければ {seconds} 秒で終える", en="ended after {seconds} s without an answer"),
        **NONE_THERE,
    },
)
def host_ssh_idle(server: SshServer, *, most: Annotated[int, SSH_IDLE_SECONDS] = SSH_IDLE_SECONDS.default) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        interval, count = number(setup, "clientaliveinterval"), number(setup, "clientalivecountmax")
        if isinstance(interval, Unobserved):
            return interval
        if isinstance(count, Unobserved):
            return count
        if interval == 0 or count == 0:  # since OpenSSH 8.2 a count of zero ends nothing
            return failed("IDLE_ENDLESS")
        seconds = interval * count
        return failed("IDLE_LONG", seconds=seconds, most=most) if seconds > most else passed("IDLE_ENDED", seconds=seconds)

    return each_setup(server, judge, worst_first=("IDLE_ENDLESS",))


@check(
    "host.ssh.log-level",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH のログインを記録する", en="Logins over SSH are logged"),
    why=Text(
        ja="ログインの成否と接続元が残らないと、不正なログインを見つけられない。",
        en="Without logins and their sources in the log, illicit ones go unnoticed.",
    ),
    remedy=Text(
        ja="sshd_config に「LogLevel VERBOSE」又は「LogLevel INFO」と書く。" + REMEDY_JA,
        en='Write "LogLevel VERBOSE" or "LogLevel INFO" in sshd_config. ' + REMEDY_EN,
    ),
    says={
        "LOG_LITTLE": Text(ja="LogLevel が {level} である（{where}）", en="LogLevel is {level} ({where})"),
        "LOG_ENOUGH": Text(ja="LogLevel は {level} である", en="LogLevel is {level}"),
        **NONE_THERE,
    },
)
def host_ssh_log_level(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        level = one(setup, "loglevel")
        if isinstance(level, Unobserved):
            return level
        return passed("LOG_ENOUGH", level=level) if level in _VERBOSE else failed("LOG_LITTLE", level=level)

    return each_setup(server, judge)


@check(
    "host.ssh.banner",
    severity=Severity.INFO,
    title=Text(ja="SSH のログイン前に利用の条件を示す", en="A notice of use is shown before SSH logins"),
    why=Text(
        ja="許可された者だけが使えることと記録されることを、ログインの前に知らせる。",
        en="It tells before the login that use is for permitted persons only and is recorded.",
    ),
    remedy=Text(
        ja="/etc/issue.net に版数を含まない文言を書き、sshd_config に「Banner /etc/issue.net」と書く。" + REMEDY_JA,
        en='Write a notice without version numbers into /etc/issue.net and "Banner /etc/issue.net" into sshd_config. ' + REMEDY_EN,
    ),
    says={
        "BANNER_NONE": Text(ja="何も示さない（{where}）", en="nothing is shown ({where})"),
        "BANNER_SHOWN": Text(ja="{path} の内容を示す", en="it shows {path}"),
        **NONE_THERE,
    },
)
def host_ssh_banner(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        path = one(setup, "banner")
        if isinstance(path, Unobserved):
            return path
        return failed("BANNER_NONE") if path.lower() in {"none", ""} else passed("BANNER_SHOWN", path=path)

    return each_setup(server, judge)


@check(
    "host.ssh.environment",
    severity=Severity.MEDIUM,
    title=Text(ja="利用者が SSH の環境変数を決められない", en="Users cannot set the environment of SSH sessions"),
    why=Text(
        ja="LD_PRELOAD 等により、制限されたコマンドやシェルを迂回される。",
        en="LD_PRELOAD and the like get around restricted commands and shells.",
    ),
    remedy=Text(
        ja="sshd_config から「PermitUserEnvironment」を除く。" + REMEDY_JA,
        en='Remove "PermitUserEnvironment" from sshd_config. ' + REMEDY_EN,
    ),
    says={
        "ENVIRONMENT_FREE": Text(ja="利用者が決められる（{where}：{value}）", en="users may set it ({where}: {value})"),
        "ENVIRONMENT_FIXED": Text(ja="利用者は決められない", en="users may not set it"),
        **NONE_THERE,
    },
)
def host_ssh_environment(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        value = one(setup, "permituserenvironment")
        if isinstance(value, Unobserved):
            return value
        return passed("ENVIRONMENT_FIXED") if value == "no" else failed("ENVIRONMENT_FREE", value=value)

    return each_setup(server, judge, wanted=lambda setup: not setup.match)


@check(
    "host.ssh.strict-modes",
    severity=Severity.MEDIUM,
    title=Text(ja="他者が書き込める鍵ファイルを SSH が信用しない", en="SSH does not trust key files that others may write"),
    why=Text(
        ja="他者が書き換えられる authorized_keys を信用すると、鍵を加えた者がその利用者としてログインできる。",
        en="Whoever may write another's authorized_keys could add a key and log in as that user.",
    ),
    remedy=Text(ja="sshd_config から「StrictModes no」を除く。" + REMEDY_JA, en='Remove "StrictModes no" from sshd_config. ' + REMEDY_EN),
    says={
        "MODES_IGNORED": Text(ja="権限を確かめない（{where}）", en="rights are not looked at ({where})"),
        "MODES_CHECKED": Text(ja="権限を確かめる", en="rights are looked at"),
        **NONE_THERE,
    },
)
def host_ssh_strict_modes(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        value = one(setup, "strictmodes")
        if isinstance(value, Unobserved):
            return value
        return passed("MODES_CHECKED") if value == "yes" else failed("MODES_IGNORED")

    return each_setup(server, judge, wanted=lambda setup: not setup.match)


@check(
    "host.ssh.applied",
    severity=Severity.MEDIUM,
    title=Text(ja="動作中の SSH サーバが現在の設定ファイルを読み込んでいる", en="The running SSH server has read its files as they are"),
    why=Text(
        ja="ファイルを直しても、読み込むまで古い設定が効き続ける。",
        en="A corrected file changes nothing until the server reads it.",
    ),
    remedy=Text(
        ja="「sshd -t」で誤りがないことを確かめ、「systemctl reload ssh」（Red Hat 系は sshd）を実行する。",
        en='See that "sshd -t" finds no mistake, then run "systemctl reload ssh" (sshd in the Red Hat family).',
    ),
    says={
        "FILES_NEWER": Text(ja="設定ファイルは読み込まれた後に変更されている", en="the files were changed after the server had read them"),
        "FILES_READ": Text(ja="現在の設定ファイルを読み込んでいる", en="the server has read the files as they are"),
        "SSHD_NOT_RUNNING": Text(ja="SSH サーバは動いていない", en="the SSH server does not run"),
        **NONE_THERE,
    },
)
def host_ssh_applied(server: SshServer) -> Judgement:
    if (ending := absent(server)) is not None:
        return ending
    if server.applied is None:
        return not_applicable("SSHD_NOT_RUNNING")
    if isinstance(server.applied, Unobserved):
        return server.applied
    return passed("FILES_READ") if server.applied else failed("FILES_NEWER")


@check(
    "host.ssh.pam",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH のログインに PAM の規則が働く", en="PAM's rules apply to SSH logins"),
    why=Text(
        ja="PAM を使わないと、アカウントの停止、失効及びロックの規則が鍵のログインに働かない。",
        en="Without PAM, rules on disabled, expired and locked accounts do not reach logins by key.",
    ),
    remedy=Text(ja="sshd_config に「UsePAM yes」と書く。" + REMEDY_JA, en='Write "UsePAM yes" in sshd_config. ' + REMEDY_EN),
    says={
        "PAM_OFF": Text(ja="PAM を使わない（{where}）", en="PAM is not used ({where})"),
        "PAM_ON": Text(ja="PAM を使う", en="PAM is used"),
        **NONE_THERE,
    },
)
def host_ssh_pam(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        value = one(setup, "usepam")
        if isinstance(value, Unobserved):
            return value
        return passed("PAM_ON") if value == "yes" else failed("PAM_OFF")

    return each_setup(server, judge, wanted=lambda setup: not setup.match)
