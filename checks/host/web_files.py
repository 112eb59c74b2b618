"""Checks of files that web servers need kept: private keys. Document roots are in ``web``."""

from __future__ import annotations

from checks.common import listed
from checks.host.web import NONE, programs
from scanner.facts.web_configuration import WebConfiguration, WebProgram
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed


@check(
    "host.web.tls-key",
    severity=Severity.HIGH,
    title=Text(ja="ウェブサーバの秘密鍵をほかのアカウントが読めない", en="No other account can read the web server's private keys"),
    why=Text(
        ja="秘密鍵を読めた者は、サーバになりすまして通信を読み書きできる。",
        en="Whoever reads a private key can pose as the server and read what is sent to it.",
    ),
    remedy=Text(
        ja="所有者を root、権限を 0600（鍵のグループを設けるなら 0640）とする。サーバは root "
        "のうちに鍵を読むため、実行アカウントに読ませる必要はない。",
        en="Let root own them, mode 0600 (0640 with a group of their own). The server reads keys while it still "
        "is root; its account need not.",
    ),
    says={
        "KEY_KEPT": Text(ja="{program} の鍵はほかのアカウントから読めない", en="those of {program} cannot be read by others"),
        "KEY_OPEN": Text(
            ja="{program} の鍵を余計なアカウントが読めるか書き換えられる：{places}",
            en="{program}: more accounts than needed read or change {places}",
        ),
        "NO_WEB_TLS": Text(ja="TLS を使うサイトが設定にない", en="no site is set to speak TLS"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_tls_key(web: WebConfiguration) -> Judgement:
    def one(program: WebProgram) -> Judgement | None:
        if program.keys_open.found:
            return failed("KEY_OPEN", program=program.name, places=listed(program.keys_open.found))
        if program.keys_open.unseen:
            return program.keys_open.unseen
        return passed("KEY_KEPT", program=program.name) if program.tls else not_applicable("NO_WEB_TLS")

    return programs(web, one)
