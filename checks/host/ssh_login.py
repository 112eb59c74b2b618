"""Checks of who may log in to a machine's SSH server, and by which proof."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed
from checks.each import Judged
from checks.host.ssh_common import NONE_THERE, REMEDY_EN, REMEDY_JA, each_setup, number, one
from scanner.facts.login_rules import LoginRules
from scanner.facts.ssh_server import SshServer, SshSetup
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

SSH_GRACE_SECONDS = Value(
    "ssh.login-grace-seconds",
    default=60,
    text=Text(ja="SSH の認証の完了を待つ時間の上限", en="most time for which an SSH server waits for a login to be finished"),
    unit="s",
    least=1,
)

SSH_MOST_TRIES = Value(
    "ssh.most-tries",
    default=4,
    text=Text(ja="SSH の一接続で試せる回数の上限", en="most attempts within one SSH connection"),
    least=1,
)

SSH_PASSWORDS = Value(
    "ssh.passwords",
    default="refused",
    text=Text(
        ja="SSH のパスワードだけによるログイン（allowed：認める、refused：認めない）",
        en="logins over SSH with a password alone (allowed, refused)",
    ),
    choices=("allowed", "refused"),
)

SSH_ROOT_LOGIN = Value(
    "ssh.root-login",
    default="no",
    text=Text(
        ja="SSH による root のログイン（no：認めない、key：鍵による場合だけ認める）",
        en="logins as root over SSH (no, or key: with a key only)",
    ),
    choices=("no", "key"),
)


@check(
    "host.ssh.root-login",
    severity=Severity.HIGH,
    title=Text(ja="SSH で root に直接ログインできない", en="Nobody logs in as root over SSH"),
    why=Text(
        ja="root への直接のログインは誰の操作かが残らず、既知の名前であるため総当たりの的にもなる。",
        en="A direct login as root does not show who acted, and the well-known name invites guessing.",
    ),
    remedy=Text(
        ja="sshd_config に「PermitRootLogin no」と書き、各自のアカウントから sudo を使う。" + REMEDY_JA,
        en='Write "PermitRootLogin no" in sshd_config and use sudo from personal accounts. ' + REMEDY_EN,
    ),
    says={
        "ROOT_PASSWORD": Text(ja="root がパスワードでログインできる（{where}）", en="root may log in with a password ({where})"),
        "ROOT_KEY": Text(ja="root が鍵でログインできる（{where}、値：{value}）", en="root may log in with a key ({where}, value {value})"),
        "ROOT_KEY_ALLOWED": Text(
            ja="root は鍵でだけログインできる（組織の値で認める）", en="root may log in with a key only, as the organisation allows"
        ),
        "ROOT_COMMANDS": Text(ja="root は鍵に結び付けたコマンドだけを実行できる", en="root may only run commands that are tied to a key"),
        "ROOT_REFUSED": Text(ja="root のログインを拒む", en="logins as root are refused"),
        **NONE_THERE,
    },
)
def host_ssh_root_login(server: SshServer, *, allowed: Annotated[str, SSH_ROOT_LOGIN] = SSH_ROOT_LOGIN.default) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        value = one(setup, "permitrootlogin")
        if isinstance(value, Unobserved):
            return value
        match value:
            case "no":
                return passed("ROOT_REFUSED")
            case "forced-commands-only":
                return passed("ROOT_COMMANDS")
            case "yes":
                ways = single_ways(setup)
                if isinstance(ways, Unobserved):  # by key or by password, root gets in
                    return ways if allowed == "key" else failed("ROOT_KEY", value=value)
                if {"password", "keyboard-interactive"} & ways:
                    return failed("ROOT_PASSWORD")
        return passed("ROOT_KEY_ALLOWED") if allowed == "key" else failed("ROOT_KEY", value=value)

    return each_setup(
        server, judge, wanted=lambda setup: setup.user in {"", "root"}, worst_first=("ROOT_PASSWORD", "ROOT_KEY_ALLOWED", "ROOT_COMMANDS")
    )


@check(
    "host.ssh.password",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH のログインにパスワードだけを使わない", en="A password alone does not open SSH"),
    why=Text(
        ja="パスワードは推測や使い回しで破られる。鍵は推測できない。",
        en="Passwords are guessed and reused; keys cannot be guessed.",
    ),
    remedy=Text(
        ja="鍵を配った上で、sshd_config に「PasswordAuthentication no」「KbdInteractiveAuthentication no」と書く。" + REMEDY_JA,
        en='Hand out keys, then write "PasswordAuthentication no" and "KbdInteractiveAuthentication no" in sshd_config. ' + REMEDY_EN,
    ),
    says={
        "PASSWORD_ENOUGH": Text(ja="パスワードだけでログインできる（{where}：{ways}）", en="a password is enough ({where}: {ways})"),
        "PASSWORD_ALLOWED": Text(ja="パスワードを受け付ける（組織の値で認める）", en="passwords are accepted, as the organisation allows"),
        "PASSWORD_NEVER_ALONE": Text(ja="パスワードは他の方法と併せてだけ使う", en="a password counts only together with another proof"),
        "PASSWORD_REFUSED": Text(ja="パスワードを受け付けない", en="passwords are not accepted"),
        **NONE_THERE,
    },
)
def host_ssh_password(server: SshServer, *, passwords: Annotated[str, SSH_PASSWORDS] = SSH_PASSWORDS.default) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        ways = single_ways(setup)
        if isinstance(ways, Unobserved):
            return ways
        alone = [way for way in ("password", "keyboard-interactive") if way in ways]
        if not alone:
            on = [one(setup, k) == "yes" for k in ("passwordauthentication", "kbdinteractiveauthentication")]
            return passed("PASSWORD_NEVER_ALONE") if any(on) else passed("PASSWORD_REFUSED")
        return passed("PASSWORD_ALLOWED") if passwords == "allowed" else failed("PASSWORD_ENOUGH", ways=listed(alone))

    return each_setup(server, judge, worst_first=("PASSWORD_ALLOWED", "PASSWORD_NEVER_ALONE"))


def single_ways(setup: SshSetup) -> frozenset[str] | Unobserved:
    """Give the methods each of which alone lets somebody in."""
    switches = {
        "password": one(setup, "passwordauthentication"),
        "keyboard-interactive": one(setup, "kbdinteractiveauthentication"),
        "publickey": one(setup, "pubkeyauthentication"),
        "hostbased": one(setup, "hostbasedauthentication"),
    }
    missing = next((value for value in switches.values() if isinstance(value, Unobserved)), None)
    if missing is not None:
        return missing
    on = {method for method, value in switches.items() if value == "yes"}
    lists = setup.get("authenticationmethods")
    if isinstance(lists, Unobserved):
        return lists
    if not lists or "any" in lists:
        return frozenset(on)
    alone = {words[0].partition(":")[0] for text in lists if len(words := text.split(",")) == 1}
    return frozenset(alone & on)


@check(
    "host.ssh.second-factor",
    severity=Severity.MEDIUM,
    title=Text(ja="SSH のログインに多要素の主体認証を用いる", en="SSH asks for two different proofs"),
    why=Text(
        ja="遠隔からの保守は、盗まれた鍵又はパスワード一つで侵入されないことが求められる。",
        en="Remote maintenance must not fall to one stolen key or password.",
    ),
    remedy=Text(
        ja="sshd_config に「AuthenticationMethods publickey,keyboard-interactive」と書き、PAM でワンタイムパスワード等を必須にする。"
        + REMEDY_JA,
        en='Write "AuthenticationMethods publickey,keyboard-interactive" in sshd_config and require one-time codes or the like in PAM. '
        + REMEDY_EN,
    ),
    says={
        "ONE_PROOF": Text(ja="一つの方法だけでログインできる（{where}：{ways}）", en="one proof is enough ({where}: {ways})"),
        "TWO_PROOFS": Text(ja="二つの方法を続けて求める", en="two proofs are asked for, one after the other"),
        "CODE_IN_PAM": Text(ja="PAM が第二の要素を求める", en="PAM asks for the second factor"),
        "KEY_WITH_PIN": Text(
            ja="PIN 等で解錠する認証器の鍵だけを受け付ける", en="only keys on authenticators unlocked by a PIN or the like are accepted"
        ),
        **NONE_THERE,
    },
)
def host_ssh_second_factor(server: SshServer, rules: LoginRules | Unobserved) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        ways = single_ways(setup)
        if isinstance(ways, Unobserved):
            return ways
        weak = set(ways)
        by_key = "publickey" in weak and _only_with_pin(setup)
        if by_key:
            weak.discard("publickey")
        unseen: Unobserved | None = None
        if weak & {"keyboard-interactive", "password"} and one(setup, "usepam") == "yes":
            asked = _code(rules)
            if isinstance(asked, Unobserved):
                unseen = asked
            elif asked:
                weak -= {"keyboard-interactive", "password"}
        sure = weak - {"keyboard-interactive", "password"} if unseen else weak
        if sure:
            return failed("ONE_PROOF", ways=listed(sorted(sure)))
        if unseen is not None:
            return unseen
        lists = setup.get("authenticationmethods")
        if isinstance(lists, tuple) and any(_same_kind(text) for text in lists if "," in text):
            return failed("ONE_PROOF", ways=listed(text for text in lists if _same_kind(text)))
        return passed("KEY_WITH_PIN") if by_key else passed("CODE_IN_PAM") if ways else passed("TWO_PROOFS")

    return each_setup(server, judge)


def _same_kind(text: str) -> bool:
    """Whether a list asks for the same kind of proof each time, such as two keys."""
    return (
        len({word.partition(":")[0].replace("keyboard-interactive", "password") for word in text.split(",")}) < 2 and "keyboard" not in text
    )


def _only_with_pin(setup: SshSetup) -> bool:
    accepted, options = setup.get("pubkeyacceptedalgorithms"), setup.get("pubkeyauthoptions")
    if isinstance(accepted, Unobserved) or isinstance(options, Unobserved) or not accepted:
        return False
    return all(name.startswith("sk-") for name in accepted) and any("verify-required" in value for value in options)


def _code(rules: LoginRules | Unobserved) -> bool | Unobserved:
    if isinstance(rules, Unobserved):
        return rules
    if isinstance(rules.services, Unobserved):
        return rules.services
    return next((service.second_factor for service in rules.services if service.name == "sshd"), False)


@check(
    "host.ssh.empty-password",
    severity=Severity.CRITICAL,
    title=Text(ja="SSH は空のパスワードを受け付けない", en="SSH accepts no empty password"),
    why=Text(
        ja="空のパスワードのアカウントがあれば、誰でも名前だけでログインできる。",
        en="An account with an empty password would let anybody in by its name.",
    ),
    remedy=Text(
        ja="sshd_config から「PermitEmptyPasswords yes」を除く。" + REMEDY_JA,
        en='Remove "PermitEmptyPasswords yes" from sshd_config. ' + REMEDY_EN,
    ),
    says={
        "EMPTY_ACCEPTED": Text(ja="空のパスワードを受け付ける（{where}）", en="empty passwords are accepted ({where})"),
        "EMPTY_REFUSED": Text(ja="空のパスワードを受け付けない", en="empty passwords are refused"),
        **NONE_THERE,
    },
)
def host_ssh_empty_password(server: SshServer) -> Judgement:
    return each_setup(server, lambda setup: _switch(setup, "permitemptypasswords", "EMPTY_ACCEPTED", "EMPTY_REFUSED"))


def _switch(setup: SshSetup, keyword: str, on: str, off: str) -> Judged:
    value = one(setup, keyword)
    if isinstance(value, Unobserved):
        return value
    return passed(off) if value == "no" else failed(on)


@check(
    "host.ssh.tries",
    severity=Severity.LOW,
    title=Text(ja="一接続で試せる回数を制限する", en="Few attempts are allowed in one connection"),
    why=Text(ja="一接続で多く試せると、総当たりの速さが増す。", en="Many attempts in one connection make guessing faster."),
    remedy=Text(
        ja="sshd_config に「MaxAuthTries {most}」と書く。" + REMEDY_JA, en='Write "MaxAuthTries {most}" in sshd_config. ' + REMEDY_EN
    ),
    says={
        "TRIES_MANY": Text(ja="{tries} 回まで試せる（上限 {most}、{where}）", en="{tries} attempts are allowed (limit {most}, {where})"),
        "TRIES_FEW": Text(ja="{tries} 回まで", en="{tries} attempts at most"),
        **NONE_THERE,
    },
)
def host_ssh_tries(server: SshServer, *, most: Annotated[int, SSH_MOST_TRIES] = SSH_MOST_TRIES.default) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        tries = number(setup, "maxauthtries")
        if isinstance(tries, Unobserved):
            return tries
        return failed("TRIES_MANY", tries=tries, most=most) if tries > most else passed("TRIES_FEW", tries=tries)

    return each_setup(server, judge)


@check(
    "host.ssh.grace",
    severity=Severity.LOW,
    title=Text(ja="認証の完了を待つ時間を制限する", en="Logins that are not finished are cut off soon"),
    why=Text(
        ja="認証を終えない接続が溜まると、正当な利用者が接続できなくなる。",
        en="Connections that never finish logging in keep others out.",
    ),
    remedy=Text(
        ja="sshd_config に「LoginGraceTime {most}」と書く（0 は無制限）。" + REMEDY_JA,
        en='Write "LoginGraceTime {most}" in sshd_config (0 means for ever). ' + REMEDY_EN,
    ),
    says={
        "GRACE_ENDLESS": Text(ja="制限がない（{where}）", en="there is no limit ({where})"),
        "GRACE_LONG": Text(ja="{seconds} 秒待つ（上限 {most} 秒、{where}）", en="it waits {seconds} s (limit {most} s, {where})"),
        "GRACE_SHORT": Text(ja="{seconds} 秒で打ち切る", en="cut off after {seconds} s"),
        **NONE_THERE,
    },
)
def host_ssh_grace(server: SshServer, *, most: Annotated[int, SSH_GRACE_SECONDS] = SSH_GRACE_SECONDS.default) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        seconds = number(setup, "logingracetime")
        if isinstance(seconds, Unobserved):
            return seconds
        if seconds == 0:
            return failed("GRACE_ENDLESS")
        return failed("GRACE_LONG", seconds=seconds, most=most) if seconds > most else passed("GRACE_SHORT", seconds=seconds)

    return each_setup(server, judge, wanted=lambda setup: not setup.match, worst_first=("GRACE_ENDLESS",))


@check(
    "host.ssh.host-based",
    severity=Severity.HIGH,
    title=Text(ja="接続元のホストを信頼するだけの認証を行わない", en="No login rests on the client's host alone"),
    why=Text(
        ja="接続元のホストが乗っ取られると、その利用者全員になりすまされる。",
        en="Whoever takes over the client's host can pose as all of its users.",
    ),
    remedy=Text(
        ja="sshd_config で「HostbasedAuthentication no」「IgnoreRhosts yes」とする。" + REMEDY_JA,
        en='Set "HostbasedAuthentication no" and "IgnoreRhosts yes" in sshd_config. ' + REMEDY_EN,
    ),
    says={
        "HOST_TRUSTED": Text(ja="接続元のホストによる認証を認める（{where}）", en="logins by trusted hosts are allowed ({where})"),
        "RHOSTS_READ": Text(
            ja="各自の .rhosts を読む設定である（{where}）。認証方法が有効になれば使われる",
            en="personal .rhosts files are read ({where}) as soon as that method is switched on",
        ),
        "HOST_NOT_TRUSTED": Text(ja="接続元のホストだけでは認証しない", en="the client's host alone opens nothing"),
        **NONE_THERE,
    },
)
def host_ssh_host_based(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        trusted, ignored = one(setup, "hostbasedauthentication"), one(setup, "ignorerhosts")
        if isinstance(trusted, Unobserved):
            return trusted
        if trusted == "yes":
            return failed("HOST_TRUSTED")
        if isinstance(ignored, Unobserved):
            return ignored
        return failed("RHOSTS_READ") if ignored == "no" else passed("HOST_NOT_TRUSTED")

    return each_setup(server, judge, worst_first=("HOST_TRUSTED",))


@check(
    "host.ssh.who",
    severity=Severity.LOW,
    title=Text(ja="SSH でログインできる利用者を限る", en="Only named users or groups log in over SSH"),
    why=Text(
        ja="指定がないと、後から作られたアカウントも全てログインできる。",
        en="Without a list, every account made later may log in as well.",
    ),
    remedy=Text(
        ja="sshd_config に「AllowGroups ssh-users」のように書き、認めた者だけをその群に入れる。" + REMEDY_JA,
        en='Write a line such as "AllowGroups ssh-users" in sshd_config and put only permitted users into that group. ' + REMEDY_EN,
    ),
    says={
        "ANYBODY": Text(ja="利用者を限る設定がない（{where}）", en="no list of users or groups is set ({where})"),
        "NAMED": Text(ja="利用者又は群を指定している：{names}", en="users or groups are named: {names}"),
        **NONE_THERE,
    },
)
def host_ssh_who(server: SshServer) -> Judgement:
    def judge(setup: SshSetup) -> Judged:
        names: list[str] = []
        for keyword in ("allowusers", "allowgroups"):
            values = setup.get(keyword)
            if isinstance(values, Unobserved):
                return values
            names.extend(values)
        # a list that every name fits limits nobody
        return passed("NAMED", names=listed(names)) if any(name not in {"*", "*@*"} for name in names) else failed("ANYBODY")

    return each_setup(server, judge, wanted=lambda setup: not setup.match)
