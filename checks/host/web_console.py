"""Checks of how web servers are managed over the network: pages for that, their accounts, and ports that take orders."""

from __future__ import annotations

from collections.abc import Callable

from checks.common import listed
from checks.host.programs import each_of, in_use
from checks.host.web import NONE
from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

NO_CONSOLE = Text(
    ja="ネットワークから管理する仕組みを持つウェブサーバが動いていない", en="no web server in use can be managed over the network"
)


def _judge(web: WebConfiguration, part: Callable[[WebProgram], Places | None], good: str, bad: str) -> Judgement:
    def one(program: WebProgram) -> Judgement | None:
        places = part(program)
        if places is None:
            return None
        if places.found:
            return failed(bad, program=program.name, places=listed(places.found))
        return places.unseen or passed(good, program=program.name)

    idle = isinstance(web.programs, Unobserved) or all(in_use(program) is False for program in web.programs)
    return each_of(web.programs, one, "NO_WEB_PROGRAM" if idle else "NO_CONSOLE")


@check(
    "host.web.console",
    severity=Severity.HIGH,
    title=Text(ja="ウェブサーバの管理画面が決めた接続元だけに応じる", en="Pages that manage the web server answer named networks only"),
    why=Text(
        ja="管理画面からはプログラムを送り込んで動かせる。パスワードの総当たりを誰でも試せる状態にしない。",
        en="Such pages put programs onto the server and run them; nobody outside should be able to guess passwords there.",
    ),
    remedy=Text(
        ja="使わないなら外す（Tomcat：tomcat-admin のパッケージ、webapps の manager と host-manager）。使うなら Context に "
        'RemoteCIDRValve を書き、allow="127.0.0.0/8, ::1/128" 等とする。'
        "HAProxy：stats admin を除くか、bind を 127.0.0.1 とする。",
        en="Remove them where they are not used (Tomcat: the package tomcat-admin, manager and host-manager in webapps); else write a "
        'RemoteCIDRValve with allow="127.0.0.0/8, ::1/128" or the like into their Context. '
        "HAProxy: no stats admin, or bind 127.0.0.1.",
    ),
    says={
        "CONSOLE_LIMITED": Text(ja="{program} にどこからでも使える管理画面はない", en="{program} has none that answers everybody"),
        "CONSOLE_OPEN": Text(
            ja="{program} の管理画面がどこからの接続にも応じる：{places}", en="those of {program} answer everybody: {places}"
        ),
        "NO_CONSOLE": NO_CONSOLE,
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_console(web: WebConfiguration) -> Judgement:
    return _judge(web, lambda p: p.consoles, "CONSOLE_LIMITED", "CONSOLE_OPEN")


@check(
    "host.web.console-password",
    severity=Severity.CRITICAL,
    title=Text(
        ja="ウェブサーバの管理画面のアカウントが初期又は見本のパスワードのままでない",
        en="No account that manages the web server has a password of the examples",
    ),
    why=Text(
        ja="見本や初期のパスワードは誰でも知っており、最初に試される。管理者になれればサーバで任意のプログラムを動かせる。",
        en="Everybody knows those passwords and tries them first; whoever gets in can run programs on the server.",
    ),
    remedy=Text(
        ja="パスワードを推測できないものに変え、使わないアカウントを消す（Tomcat：tomcat-users.xml の user。HAProxy：stats auth）。",
        en="Set passwords that cannot be guessed and delete accounts not in use (Tomcat: user in tomcat-users.xml; HAProxy: stats auth).",
    ),
    says={
        "PASSWORDS_OWN": Text(ja="{program} にそのようなアカウントはない", en="{program} has none such"),
        "PASSWORDS_KNOWN": Text(
            ja="{program} に誰でも知るパスワードのアカウントがある：{places}",
            en="{program} has accounts whose password everybody knows: {places}",
        ),
        "NO_CONSOLE": NO_CONSOLE,
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_console_password(web: WebConfiguration) -> Judgement:
    return _judge(web, lambda p: p.console_passwords, "PASSWORDS_OWN", "PASSWORDS_KNOWN")


@check(
    "host.web.orders",
    severity=Severity.MEDIUM,
    title=Text(ja="ウェブサーバが認証なしの命令を受け付けない", en="The web server takes no orders without authentication"),
    why=Text(
        ja="命令を受けるポートに届く者は、認証なしにサーバを止めたり、利用者を名乗ったりできる。",
        en="Whoever reaches such a port stops the server, or acts as any user, without a login.",
    ),
    remedy=Text(
        ja='Tomcat：Server の port="-1" とする（止めるには systemctl を使う）。'
        "AJP の Connector は使わないなら消し、使うなら secret を書く。"
        "HAProxy：stats socket をファイルとし、mode 660 とする。",
        en='Tomcat: port="-1" of Server (systemctl stops it all the same); delete AJP connectors not in use, give the others a secret. '
        "HAProxy: let stats socket be a file with mode 660.",
    ),
    says={
        "ORDERS_NONE": Text(ja="{program} は受け付けない", en="{program} takes none"),
        "ORDERS_TAKEN": Text(ja="{program} が受け付ける：{places}", en="{program} takes them at {places}"),
        "NO_CONSOLE": NO_CONSOLE,
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_orders(web: WebConfiguration) -> Judgement:
    return _judge(web, lambda p: p.orders, "ORDERS_NONE", "ORDERS_TAKEN")
