"""Checks of web servers by their own configuration: what they serve, to whom, as whom, and what they tell. TLS: ``web_tls``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from checks.common import listed, value_not_set
from checks.host.programs import each_of, own_account
from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

WEB_CGI_PATHS = Value[tuple[str, ...]](
    "web.cgi-paths",
    default=(),
    text=Text(ja="CGI を動かすことを認めたパス（/cgi-bin/ 等）", en="paths at which CGI programs may run (/cgi-bin/ for example)"),
)

WEB_MODULES = Value[tuple[str, ...]](
    "web.modules",
    default=(),
    text=Text(
        ja="ウェブサーバに読み込んでよいモジュール（Apache の ssl_module、nginx の ngx_stream_module 等）",
        en="modules that web servers may load (ssl_module of Apache, ngx_stream_module of nginx and so on)",
    ),
)


NONE = Text(ja="ウェブサーバが動いていない", en="no web server is in use")


def programs(web: WebConfiguration, judge: Callable[[WebProgram], Judgement | None]) -> Judgement:
    """Judge every web server in use."""
    return each_of(web.programs, judge, "NO_WEB_PROGRAM")


def _without(web: WebConfiguration, part: Callable[[WebProgram], Places], good: str, bad: str) -> Judgement:
    """Judge what should be nowhere: a place that is known fails, whatever could not be read besides."""

    def one(program: WebProgram) -> Judgement:
        places = part(program)
        if places.found:
            return failed(bad, program=program.name, places=listed(places.found))
        return places.unseen or passed(good, program=program.name)

    return programs(web, one)


@check(
    "host.web.listing",
    severity=Severity.MEDIUM,
    title=Text(ja="ウェブサーバの設定がフォルダの一覧を見せない", en="The web server is set not to list folders"),
    why=Text(
        ja="一覧からは、どこからもリンクしていないファイルや古い版まで見つけられてしまう。",
        en="A list shows files that nothing links to, old versions among them.",
    ),
    remedy=Text(
        ja="Apache：Options から Indexes を除くか Options -Indexes とする（Debian の /var/www は既定で Indexes "
        'が付く）。nginx：autoindex off。lighttpd：dir-listing.activate = "disable"。',
        en="Apache: take Indexes out of Options, or write Options -Indexes (Debian sets Indexes for /var/www). nginx: autoindex off. "
        'lighttpd: dir-listing.activate = "disable".',
    ),
    says={
        "LISTING_OFF": Text(ja="{program} は一覧を見せない", en="{program} lists none"),
        "LISTING_ON": Text(ja="{program} が一覧を見せる：{places}", en="{program} lists {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_listing(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.listing, "LISTING_OFF", "LISTING_ON")


@check(
    "host.web.cgi",
    severity=Severity.MEDIUM,
    title=Text(ja="ウェブサーバで CGI を認めたパスだけで動かす", en="The web server runs CGI programs at approved paths only"),
    why=Text(
        ja="CGI はサーバ上でプログラムを動かす仕組みであり、使わないまま有効にしておくと、見本や置き忘れたスクリプトが攻撃の入口になる。",
        en="CGI runs programs on the server; left on without need, samples and forgotten scripts are a way in.",
    ),
    remedy=Text(
        ja="使わないなら止める（Apache：a2dismod cgi cgid、ScriptAlias と Options ExecCGI を除く。nginx："
        "fcgiwrap への fastcgi_pass を除く。lighttpd：mod_cgi を読み込まない）。"
        "使うパスは web.cgi-paths に書く。",
        en="Switch it off where it is not used (Apache: a2dismod cgi cgid, no ScriptAlias, no Options ExecCGI; nginx: no fastcgi_pass to "
        "fcgiwrap; lighttpd: no mod_cgi). Name the paths that are used in web.cgi-paths.",
    ),
    says={
        "CGI_OFF": Text(ja="{program} は CGI を動かさない", en="{program} runs none"),
        "CGI_APPROVED": Text(ja="{program} は認めたパスだけで動かす：{places}", en="{program} runs them at approved paths only: {places}"),
        "CGI_ON": Text(ja="{program} が認めていないパスで CGI を動かす：{places}", en="{program} runs CGI at paths not approved: {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_cgi(web: WebConfiguration, *, approved: Annotated[tuple[str, ...], WEB_CGI_PATHS] = WEB_CGI_PATHS.default) -> Judgement:
    def one(program: WebProgram) -> Judgement:
        found = program.cgi.found
        if found and not approved:
            return value_not_set(WEB_CGI_PATHS)
        if others := [place for place in found if not {place, *place.split()} & set(approved)]:
            return failed("CGI_ON", program=program.name, places=listed(others))
        if program.cgi.unseen:
            return program.cgi.unseen
        return passed("CGI_APPROVED", program=program.name, places=listed(found)) if found else passed("CGI_OFF", program=program.name)

    return programs(web, one)


@check(
    "host.web.modules",
    severity=Severity.LOW,
    title=Text(ja="ウェブサーバが認めたモジュールだけを読み込む", en="The web server loads approved modules only"),
    why=Text(
        ja="使わない機能のモジュールは、設定の誤りや欠陥によって攻撃の入口になる。",
        en="A module for something that nobody uses is a way in through its faults or a slip in its settings.",
    ),
    remedy=Text(
        ja="使わないモジュールを外し（Apache：a2dismod 又は LoadModule の行。nginx：load_module の行。lighttpd：server.modules）、"
        "使うものを web.modules に書く。",
        en="Take out those not used (Apache: a2dismod or the LoadModule line; nginx: the load_module line; lighttpd: server.modules) "
        "and name the others in web.modules.",
    ),
    says={
        "MODULES_NONE": Text(ja="{program} は組込み以外のモジュールを読み込まない", en="{program} loads none besides those built in"),
        "MODULES_APPROVED": Text(ja="{program} は認めたものだけを読み込む", en="{program} does"),
        "MODULES_OTHER": Text(ja="{program} が認めていないものを読み込む：{modules}", en="{program} loads others: {modules}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_modules(web: WebConfiguration, *, approved: Annotated[tuple[str, ...], WEB_MODULES] = WEB_MODULES.default) -> Judgement:
    def one(program: WebProgram) -> Judgement:
        if isinstance(program.modules, Unobserved):
            return program.modules
        if program.modules and not approved:
            return value_not_set(WEB_MODULES)
        if others := [name for name in program.modules if name not in approved]:
            return failed("MODULES_OTHER", program=program.name, modules=listed(others))
        return program.unread or passed("MODULES_APPROVED" if program.modules else "MODULES_NONE", program=program.name)

    return programs(web, one)


@check(
    "host.web.trace",
    severity=Severity.LOW,
    title=Text(ja="ウェブサーバの設定が TRACE に応じない", en="The web server is set not to answer TRACE"),
    why=Text(
        ja="TRACE は要求をそのまま送り返し、Cookie 等を盗む手掛かりになる。使う場面はない。",
        en="TRACE sends a request back as it came, which helps to steal cookies; nobody needs it.",
    ),
    remedy=Text(ja="Apache：TraceEnable Off（既定は On）。", en="Apache: TraceEnable Off (the default is On)."),
    says={
        "TRACE_OFF": Text(ja="{program} は応じない", en="{program} does not"),
        "TRACE_ON": Text(ja="{program} が応じる：{places}", en="{program} answers it: {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_trace(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.trace, "TRACE_OFF", "TRACE_ON")


@check(
    "host.web.writing",
    severity=Severity.HIGH,
    title=Text(ja="ウェブサーバが誰にでもは書込みを許さない", en="The web server does not let everybody write"),
    why=Text(
        ja="PUT、DELETE 又は WebDAV が誰にでも開かれていると、公開している内容を書き換えられる。",
        en="PUT, DELETE or WebDAV open to everybody lets strangers change what is published.",
    ),
    remedy=Text(
        ja='使わないなら止める（Apache：Dav Off、a2dismod dav。nginx：dav_methods off。lighttpd：webdav.is-readonly = "enable" 又は '
        "mod_webdav を外す）。使うなら認証と送信元で絞る。",
        en="Switch it off where it is not used (Apache: Dav Off, a2dismod dav; nginx: dav_methods off; lighttpd: "
        'webdav.is-readonly = "enable" or no mod_webdav); else ask for a login and limit sources.',
    ),
    says={
        "WRITING_CLOSED": Text(ja="{program} には誰にでも書ける所がない", en="{program} has no place where everybody can"),
        "WRITING_OPEN": Text(ja="{program} に誰でも書ける所がある：{places}", en="with {program} everybody can write at {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_writing(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.writing, "WRITING_CLOSED", "WRITING_OPEN")


@check(
    "host.web.version-hidden",
    severity=Severity.LOW,
    title=Text(ja="ウェブサーバの設定が版を明かさない", en="The web server is set not to tell its version"),
    why=Text(ja="版が分かると、既知の欠陥を狙いやすい。", en="A known version makes known faults easy to aim at."),
    remedy=Text(
        ja='nginx：server_tokens off。Apache：ServerTokens Prod。lighttpd：server.tag = "lighttpd"。',
        en='nginx: server_tokens off. Apache: ServerTokens Prod. lighttpd: server.tag = "lighttpd".',
    ),
    says={
        "VERSION_HIDDEN": Text(ja="{program} は明かさない", en="{program} does not"),
        "VERSION_TOLD": Text(ja="{program} が応答に版を書く：{places}", en="{program} writes it into its answers: {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_version_hidden(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.version_told, "VERSION_HIDDEN", "VERSION_TOLD")


@check(
    "host.web.status",
    severity=Severity.MEDIUM,
    title=Text(ja="ウェブサーバの状態を示すページを誰にでもは見せない", en="Pages with the web server's state are not open to everybody"),
    why=Text(
        ja="利用者のアドレス、要求された URL、設定の内容等が見える。",
        en="They show the addresses of visitors, the URLs that they asked for and how the server is set up.",
    ),
    remedy=Text(
        ja="Apache：server-status と server-info に Require local 等を付けるか、モジュールを止める。nginx："
        "stub_status の location に allow と "
        'deny all を書く。lighttpd：mod_status を外すか、$HTTP["remoteip"] の条件の中に status.status-url を書く。',
        en="Apache: Require local or the like on server-status and server-info, or switch the modules off. nginx: allow and deny all where "
        'stub_status stands. lighttpd: no mod_status, or status.status-url under a condition on $HTTP["remoteip"].',
    ),
    says={
        "STATUS_CLOSED": Text(ja="{program} は誰にでもは見せない", en="those of {program} are not"),
        "STATUS_OPEN": Text(ja="{program} が誰にでも見せる：{places}", en="those of {program} are: {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_status(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.status_open, "STATUS_CLOSED", "STATUS_OPEN")


@check(
    "host.web.samples",
    severity=Severity.LOW,
    title=Text(
        ja="ウェブサーバに付属の説明書、見本及び初期ページを公開しない",
        en="Manuals, samples and first pages of the web server are not served",
    ),
    why=Text(
        ja="何も載せていないサーバや手入れされていないサーバだと分かり、見本の欠陥も攻撃に使われる。",
        en="They mark a server that nobody looks after, and samples have faults of their own.",
    ),
    remedy=Text(
        ja="初期ページ（index.html、index.nginx-debian.html 等）を消し、説明書への Alias と使わない既定のサイトを外す。",
        en="Delete the first pages (index.html, index.nginx-debian.html and the like), the Alias to the manual "
        "and default sites not in use.",
    ),
    says={
        "SAMPLES_NONE": Text(ja="{program} に公開しているものはない", en="{program} serves none"),
        "SAMPLES_SERVED": Text(ja="{program} が公開している：{places}", en="{program} serves {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_samples(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.samples, "SAMPLES_NONE", "SAMPLES_SERVED")


@check(
    "host.web.log",
    severity=Severity.MEDIUM,
    title=Text(
        ja="ウェブサーバがサイトごとにアクセスログとエラーログを残す", en="The web server keeps access and error logs for every site"
    ),
    why=Text(
        ja="記録がなければ、改ざんや情報の持出しがいつ、どこから行われたかを調べられない。",
        en="Without them nobody can find out when, and from where, content was changed or taken.",
    ),
    remedy=Text(
        ja="nginx：サイト全体への access_log off を除く。Apache：CustomLog を書く（書かなければアクセスログは残らない）。"
        "lighttpd：mod_accesslog を読み込み accesslog.filename を書く（既定では残らない）。Tomcat：AccessLogValve。HAProxy：log global。",
        en="nginx: no access_log off for a whole site. Apache: write CustomLog (without it there is no access log). "
        "lighttpd: load mod_accesslog and write accesslog.filename (there is none by default). "
        "Tomcat: an AccessLogValve. HAProxy: log global.",
    ),
    says={
        "LOG_KEPT": Text(ja="{program} は全てのサイトで残す", en="{program} does for all sites"),
        "LOG_MISSING": Text(ja="{program} に残さないサイトがある：{places}", en="{program} does not for {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_log(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.unlogged, "LOG_KEPT", "LOG_MISSING")


@check(
    "host.web.alias",
    severity=Severity.HIGH,
    title=Text(ja="nginx の alias から外のフォルダへ出られない", en="No alias of nginx lets requests leave its folder"),
    why=Text(
        ja="location /files に alias /srv/files/ と書くと、/files../ という要求で一つ上のフォルダを読まれる。",
        en="With location /files and alias /srv/files/ a request for /files../ reads the folder above.",
    ),
    remedy=Text(ja="location と alias の両方を「/」で終わらせる。", en="Let both location and alias end in a slash."),
    says={
        "ALIAS_CLOSED": Text(ja="{program} に出られる所はない", en="{program} has none that does"),
        "ALIAS_OPEN": Text(ja="{program} に出られる所がある：{places}", en="{program} has: {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_alias(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.escaping, "ALIAS_CLOSED", "ALIAS_OPEN")


@check(
    "host.web.slow-requests",
    severity=Severity.LOW,
    title=Text(ja="ウェブサーバが遅い要求をいつまでも待たない", en="The web server does not wait for slow requests without end"),
    why=Text(
        ja="少しずつ送られる要求を待ち続けると、わずかな通信で接続を使い切られて応答できなくなる。",
        en="A server that waits for requests sent bit by bit runs out of connections with hardly any traffic.",
    ),
    remedy=Text(
        ja="Apache：mod_reqtimeout を有効にし、RequestReadTimeout header=20-40,MinRate=500 等とする。nginx：client_header_timeout "
        "を既定の 60 秒以下に戻す。HAProxy：timeout http-request 10s 等とする。",
        en="Apache: enable mod_reqtimeout, with RequestReadTimeout header=20-40,MinRate=500 or the like. nginx: client_header_timeout "
        "back to 60 seconds, its default, or less. HAProxy: timeout http-request 10s or the like.",
    ),
    says={
        "SLOW_LIMITED": Text(ja="{program} は待つ時間を限っている", en="{program} limits how long"),
        "SLOW_WAITED_FOR": Text(ja="{program} に待ち続けるサイトがある：{places}", en="{program} does for {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_slow_requests(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.slow, "SLOW_LIMITED", "SLOW_WAITED_FOR")


@check(
    "host.web.root-rights",
    severity=Severity.HIGH,
    title=Text(ja="公開フォルダをウェブサーバ自身が書き換えられない", en="The web server cannot change what it publishes"),
    why=Text(
        ja="ウェブアプリケーションの欠陥を一つ突かれただけで、公開している内容を改ざんされる。",
        en="One fault in a web application is then enough to have the published content changed.",
    ),
    remedy=Text(
        ja="公開フォルダの所有者を更新用のアカウントとし、サーバの実行アカウントには読む権利だけを与える。"
        "書き込ませるフォルダは中に別に設ける。",
        en="Let the account that publishes own the folder and give the server's account reading only; keep a "
        "folder for uploads apart inside.",
    ),
    says={
        "ROOT_KEPT": Text(
            ja="{program} は公開フォルダとその直下を書き換えられない",
            en="{program} cannot change its document roots nor what lies directly in them",
        ),
        "ROOT_WRITABLE": Text(ja="{program} が書き換えられる：{places}", en="{program}, or everybody, can change {places}"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_root_rights(web: WebConfiguration) -> Judgement:
    return _without(web, lambda p: p.roots_writable, "ROOT_KEPT", "ROOT_WRITABLE")


@check(
    "host.web.account",
    severity=Severity.HIGH,
    title=Text(ja="ウェブサーバが root 以外のアカウントで応答する", en="The web server answers as another account than root"),
    why=Text(
        ja="root で動くサーバの欠陥を突かれると、サーバ装置の全てを奪われる。",
        en="A fault in a server that runs as root hands over the whole machine.",
    ),
    remedy=Text(
        ja='nginx：user www-data 等。Apache：User www-data 等。lighttpd：server.username = "www-data" 等。',
        en='nginx: user www-data or the like. Apache: User www-data. lighttpd: server.username = "www-data".',
    ),
    says={
        "ACCOUNT_OWN": Text(ja="{program} は {account} で応答する", en="{program} answers as {account}"),
        "ACCOUNT_ROOT": Text(ja="{program} は root で応答する", en="{program} answers as root"),
        "NO_WEB_PROGRAM": NONE,
    },
)
def web_account(web: WebConfiguration) -> Judgement:
    return programs(web, lambda program: own_account(program, unread=program.unread))
