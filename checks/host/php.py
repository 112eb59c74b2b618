"""Checks of PHP behind web servers: what it tells of itself and of its errors, and programs taken from the network."""

from __future__ import annotations

from collections.abc import Callable

from checks.common import listed
from checks.host.programs import each
from scanner.facts.web_configuration import PhpProgram, Places, WebConfiguration
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_NONE = Text(ja="ウェブサーバの PHP が動いていない", en="no PHP of a web server is in use")


def _without(web: WebConfiguration, part: Callable[[PhpProgram], Places], good: str, bad: str) -> Judgement:
    if isinstance(web.php, Unobserved):
        return web.php

    def one(program: PhpProgram) -> Judgement:
        places = part(program)
        if places.found:
            return failed(bad, program=program.name, places=listed(places.found), source=program.source)
        return places.unseen or passed(good, program=program.name)

    return each(web.php, one) or not_applicable("NO_PHP")


@check(
    "host.php.version-hidden",
    severity=Severity.LOW,
    title=Text(ja="PHP が応答に版を書かない", en="PHP does not write its version into answers"),
    why=Text(ja="版が分かると、既知の欠陥を狙いやすい。", en="A known version makes known faults easy to aim at."),
    remedy=Text(
        ja="php.ini に expose_php = Off と書く（書かなければ On）。",
        en="Write expose_php = Off into php.ini (the default is On).",
    ),
    says={
        "PHP_VERSION_HIDDEN": Text(ja="{program} は書かない", en="{program} does not"),
        "PHP_VERSION_TOLD": Text(ja="{program} が X-Powered-By に書く：{places}（{source}）", en="{program} does: {places} ({source})"),
        "NO_PHP": _NONE,
    },
)
def php_version_hidden(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.version_told, "PHP_VERSION_HIDDEN", "PHP_VERSION_TOLD")


@check(
    "host.php.errors-hidden",
    severity=Severity.MEDIUM,
    title=Text(ja="PHP がエラーの内容を画面に出さない", en="PHP does not show errors on pages"),
    why=Text(
        ja="エラーの内容には、ファイルの場所、SQL 文、ときにパスワードまで含まれる。",
        en="Errors name files and SQL statements, and now and then passwords.",
    ),
    remedy=Text(
        ja="php.ini に display_errors = Off、log_errors = On と書く（display_errors は書かなければ On）。",
        en="Write display_errors = Off and log_errors = On into php.ini (display_errors is On where nothing is written).",
    ),
    says={
        "PHP_ERRORS_HIDDEN": Text(ja="{program} の設定は出さない", en="{program} is set not to"),
        "PHP_ERRORS_SHOWN": Text(ja="{program} の設定が出す：{places}（{source}）", en="{program} is set to: {places} ({source})"),
        "NO_PHP": _NONE,
    },
)
def php_errors_hidden(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.errors_shown, "PHP_ERRORS_HIDDEN", "PHP_ERRORS_SHOWN")


@check(
    "host.php.remote-include",
    severity=Severity.HIGH,
    title=Text(ja="PHP がネットワーク上のプログラムを取り込まない", en="PHP includes no programs from the network"),
    why=Text(
        ja="取り込むファイル名を外から変えられる欠陥が一つあれば、攻撃者のプログラムを実行させられる。",
        en="One fault that lets strangers choose what is included then runs a program of theirs.",
    ),
    remedy=Text(ja="php.ini の allow_url_include を Off に戻す。", en="Set allow_url_include back to Off in php.ini."),
    says={
        "PHP_INCLUDES_LOCAL": Text(ja="{program} は取り込まない", en="{program} does not"),
        "PHP_INCLUDES_REMOTE": Text(ja="{program} が取り込む：{places}（{source}）", en="{program} does: {places} ({source})"),
        "NO_PHP": _NONE,
    },
)
def php_remote_include(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.addresses_included, "PHP_INCLUDES_LOCAL", "PHP_INCLUDES_REMOTE")
