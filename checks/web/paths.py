"""Checks of files and pages that a site should not serve. Each finding rests on proof in the content, never on a status alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from checks.common import listed
from checks.each import Judged
from checks.web.common import ELSEWHERE, each_page, each_protocol, unread
from scanner.facts.ledger import DeclaredWebService
from scanner.facts.web_entry import WebAnswer, WebEntry, WebPage
from scanner.facts.web_server import WebPath, WebPaths, WebPathsAddress
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_UNANSWERED: Final = frozenset({0, 429, 500, 502, 503, 504})
_CLOSED: Final = frozenset({401, 403, 407, 429, 451, 503})
_UNKNOWN_ZONE: Final = cannot_tell(
    Reason.NOT_DECLARED,
    "観測点が組織の内か外かが台帳にない",
    "the ledger does not say whether this vantage point is inside or outside",
)


def _each(paths: WebPaths, topics: Collection[str], found_tag: str, none_tag: str) -> Judged:
    """Fail where something of these topics is there; pass where all was asked for, answered and without proof."""

    def one(seen: WebPathsAddress) -> Judged:
        asked = [path for path in seen.paths if path.topic in topics]
        if found := [path for path in asked if path.proof]:
            return failed(found_tag, paths=listed(f"{path.path} ({path.proof})" for path in found))
        return _unseen(seen, asked) or passed(none_tag, count=len(asked))

    return each_protocol(((seen.address, seen.over_http2, one(seen)) for seen in paths.addresses), left_out=paths.left_out)


def _unseen(seen: WebPathsAddress, asked: list[WebPath]) -> Unobserved | None:
    """Say why the absence of proof proves nothing here, ``None`` where it does."""
    if isinstance(seen.control, Unobserved):
        return seen.control
    if seen.control.statuses and all(status in _CLOSED for status in seen.control.statuses):
        return cannot_tell(
            Reason.ACCESS_DENIED,
            "ありえない名前にも {status} を返す。認証や WAF により拒まれており、何があるかは分からない",
            "even made-up names are answered with {status}: a login or firewall stands before it, and what is behind is unknown",
            status=seen.control.statuses[0],
        )
    if seen.ended is not None:
        return seen.ended
    if silent := [path.path for path in asked if path.status in _UNANSWERED]:
        return cannot_tell(
            Reason.TIMEOUT,
            "応答が得られなかったパスがある：{paths}",
            "there was no usable answer for {paths}",
            paths=listed(silent),
        )
    if not asked:
        return cannot_tell(Reason.UNREACHABLE, "調べていない", "nothing was asked for")
    return None


_NONE_FOUND: Final = Text(ja="調べた {count} 件のパスに該当するものはない", en="none of the {count} paths asked for has any")


@check(
    "web.paths.repository",
    severity=Severity.HIGH,
    title=Text(ja="版管理の情報を公開しない", en="No repository is published"),
    why=Text(
        ja="版管理のフォルダからは、ソースコードの全体と、過去に書かれたパスワード等を取り出せる。",
        en="From the folder of a version control system all sources can be had, and passwords once written there.",
    ),
    remedy=Text(
        ja="公開用ディレクトリから .git、.svn 等を除き、「.」で始まる名前への要求を拒み、含まれていた認証情報を変更する。",
        en="Remove .git, .svn and the like, refuse names that begin with a dot, and change credentials that they held.",
    ),
    says={
        "REPOSITORY_NONE": _NONE_FOUND,
        "REPOSITORY_PUBLIC": Text(ja="{address} が版管理の情報を公開している：{paths}", en="{address} publishes a repository: {paths}"),
    },
)
def web_paths_repository(paths: WebPaths) -> Judgement:
    return _each(paths, {"repository"}, "REPOSITORY_PUBLIC", "REPOSITORY_NONE")


@check(
    "web.paths.settings",
    severity=Severity.CRITICAL,
    title=Text(ja="設定ファイルや鍵を公開しない", en="No settings or keys are published"),
    why=Text(
        ja="設定ファイルには、データベース等の認証情報や鍵が書かれている。",
        en="Settings hold credentials of databases and services, and keys.",
    ),
    remedy=Text(
        ja="公開用ディレクトリの外へ移し、書かれていた認証情報と鍵を直ちに変更する。",
        en="Move them out of the document root, and change every credential and key in them at once.",
    ),
    says={
        "SETTINGS_NONE": _NONE_FOUND,
        "SETTINGS_PUBLIC": Text(
            ja="{address} が設定ファイル又は鍵を公開している：{paths}", en="{address} publishes settings or keys: {paths}"
        ),
    },
)
def web_paths_settings(paths: WebPaths) -> Judgement:
    return _each(paths, {"settings", "key"}, "SETTINGS_PUBLIC", "SETTINGS_NONE")


@check(
    "web.paths.backup",
    severity=Severity.HIGH,
    title=Text(ja="バックアップや編集の残りを公開しない", en="No backups or leftovers of editors are published"),
    why=Text(
        ja="バックアップからは、内容の全体やプログラムのソースを取り出せる。",
        en="Backups give away whole contents, and the sources of programs.",
    ),
    remedy=Text(ja="公開用ディレクトリから除き、別の場所に保管する。", en="Remove them from the document root and keep them elsewhere."),
    says={
        "BACKUP_NONE": _NONE_FOUND,
        "BACKUP_PUBLIC": Text(
            ja="{address} がバックアップ等を公開している：{paths}", en="{address} publishes backups or leftovers: {paths}"
        ),
    },
)
def web_paths_backup(paths: WebPaths) -> Judgement:
    return _each(paths, {"backup"}, "BACKUP_PUBLIC", "BACKUP_NONE")


@check(
    "web.paths.status",
    severity=Severity.MEDIUM,
    title=Text(ja="サーバの状態を示すページを公開しない", en="No page about the server's state is published"),
    why=Text(
        ja="設定、版、ほかの利用者の要求や接続元が分かる。",
        en="Such pages tell settings, versions, and who asks for what.",
    ),
    remedy=Text(
        ja="server-status、phpinfo 等を除くか、管理用のアドレスだけに許す（Apache「Require local」）。",
        en='Remove server-status, phpinfo and the like, or allow them to addresses of administration only (Apache: "Require local").',
    ),
    says={
        "STATUS_NONE": _NONE_FOUND,
        "STATUS_PUBLIC": Text(ja="{address} がサーバの状態を公開している：{paths}", en="{address} publishes its state: {paths}"),
    },
)
def web_paths_status(paths: WebPaths) -> Judgement:
    return _each(paths, {"status"}, "STATUS_PUBLIC", "STATUS_NONE")


@check(
    "web.paths.cgi",
    severity=Severity.MEDIUM,
    title=Text(ja="試験用の CGI を置かない", en="No CGI programs for trial are left"),
    why=Text(
        ja="見本の CGI は環境を表示し、既知の脆弱性を持つことがある。CGI は必要なものだけにする。",
        en="CGI samples show the server's environment and may have known weaknesses; only what is needed should run.",
    ),
    remedy=Text(
        ja="printenv、test-cgi 等を除く。CGI を使わないサーバでは機能を止める（Apache「a2dismod cgi cgid」）。",
        en='Remove printenv, test-cgi and the like; where none is used, switch CGI off (Apache: "a2dismod cgi cgid").',
    ),
    says={
        "CGI_NOT_SEEN": _NONE_FOUND,
        "CGI_SAMPLE": Text(
            ja="{address} に試験用の CGI 又はその一覧がある：{paths}", en="{address} has CGI samples, or lists its programs: {paths}"
        ),
    },
)
def web_paths_cgi(paths: WebPaths) -> Judgement:
    return _each(paths, {"cgi"}, "CGI_SAMPLE", "CGI_NOT_SEEN")


@check(
    "web.paths.cms",
    severity=Severity.LOW,
    title=Text(
        ja="CMS の不要な機能と導入用の画面を閉じる", en="Needless functions and installers of content management systems are closed"
    ),
    why=Text(
        ja="導入用の画面は乗っ取りに、利用者名の一覧や XML-RPC はパスワードの総当たりに使われる。",
        en="Installers can be used to take a site over; lists of users and XML-RPC serve guessing of passwords.",
    ),
    remedy=Text(
        ja="xmlrpc.php、利用者の一覧、readme、install 等への要求を拒むか、ファイルを除く。",
        en="Refuse requests for xmlrpc.php, lists of users, readme and install pages, or remove them.",
    ),
    says={
        "CMS_NONE": _NONE_FOUND,
        "CMS_OPEN": Text(ja="{address} で CMS の不要な機能等が開いている：{paths}", en="{address} has needless functions open: {paths}"),
    },
)
def web_paths_cms(paths: WebPaths) -> Judgement:
    return _each(paths, {"cms"}, "CMS_OPEN", "CMS_NONE")


@check(
    "web.listing.off",
    severity=Severity.MEDIUM,
    title=Text(ja="ディレクトリの一覧を表示しない", en="Directories are not listed"),
    why=Text(
        ja="一覧からは、公開を意図しないファイルも見つけられる。",
        en="A listing shows files that nobody meant to publish.",
    ),
    remedy=Text(
        ja="Apache「Options -Indexes」、nginx「autoindex off;」とする。", en='Apache: "Options -Indexes"; nginx: "autoindex off;".'
    ),
    says={
        "LISTING_NONE": Text(ja="調べた {count} 件のディレクトリに一覧はない", en="none of the {count} directories asked for is listed"),
        "LISTING_SHOWN": Text(ja="{address} がディレクトリの一覧を表示する：{paths}", en="{address} lists directories: {paths}"),
    },
)
def web_listing_off(paths: WebPaths) -> Judgement:
    return _each(paths, {"listing"}, "LISTING_SHOWN", "LISTING_NONE")


@check(
    "web.default-page.samples",
    severity=Severity.LOW,
    title=Text(ja="初期の見本や説明書を残さない", en="No samples or manuals of the product are left"),
    why=Text(
        ja="見本のプログラムは脆弱性を持つことがあり、説明書からは製品と版が分かる。",
        en="Samples may have weaknesses, and manuals tell product and version.",
    ),
    remedy=Text(
        ja="導入時に置かれた見本、説明書、API の試験画面を除く。",
        en="Remove samples, manuals and API consoles that came with the installation.",
    ),
    says={
        "SAMPLES_NONE": _NONE_FOUND,
        "SAMPLES_LEFT": Text(ja="{address} に見本等が残っている：{paths}", en="{address} still has samples: {paths}"),
    },
)
def web_default_page_samples(paths: WebPaths) -> Judgement:
    return _each(paths, {"sample"}, "SAMPLES_LEFT", "SAMPLES_NONE")


@check(
    "web.default-page.replaced",
    severity=Severity.LOW,
    title=Text(ja="製品の初期ページを公開しない", en="The product's default page is replaced"),
    why=Text(
        ja="初期ページは、管理されていないサーバであることと、製品を示す。",
        en="A default page says that nobody looks after the server, and tells the product.",
    ),
    remedy=Text(
        ja="自組織のページに替えるか、使わないサーバは公開をやめる。",
        en="Put a page of your own there, or take a server that is not used off the network.",
    ),
    says={
        **ELSEWHERE,
        "DEFAULT_PAGE": Text(ja="{address} は {product} の初期ページを返す", en="{address} shows the default page of {product}"),
        "DEFAULT_LISTING": Text(
            ja="{address} のトップページはディレクトリの一覧である（{product}）", en="the start page of {address} is a listing ({product})"
        ),
        "OWN_PAGE": Text(ja="初期ページではない", en="it is no default page"),
    },
)
def web_default_page_replaced(entry: WebEntry) -> Judgement:
    def one(answer: WebAnswer, page: WebPage) -> Judged:
        if page.default_page:
            return failed("DEFAULT_PAGE", product=page.default_page)
        if page.listing:
            return failed("DEFAULT_LISTING", product=page.listing)
        return unread(page) or passed("OWN_PAGE")

    return each_page(entry, one)


@check(
    "web.admin.exposed",
    severity=Severity.MEDIUM,
    title=Text(ja="管理用の画面を組織外に公開しない", en="No page of administration is open to the outside"),
    why=Text(
        ja="管理用の画面が公開されていると、パスワードの総当たりや脆弱性の悪用により乗っ取られる。",
        en="Pages of administration that anybody can reach are taken over by guessed passwords or known weaknesses.",
    ),
    remedy=Text(
        ja="更新を行う接続元のアドレスだけに許す。例（Apache）：「Require ip 192.0.2.0/24」",
        en='Allow only the addresses from which the site is edited. Apache: "Require ip 192.0.2.0/24".',
    ),
    says={
        "ADMIN_NOT_SEEN": _NONE_FOUND,
        "ADMIN_EXPOSED": Text(
            ja="{address} の管理用の画面に組織外から届く：{paths}",
            en="pages of administration at {address} can be reached from outside: {paths}",
        ),
        "ADMIN_INSIDE": Text(
            ja="組織の内側からの点検では問わない。外から届くかは、組織の外の観測点から見る",
            en="not asked from inside: whether the outside can reach any is seen from a zone outside",
        ),
    },
)
def web_admin_exposed(paths: WebPaths, ledger: DeclaredWebService) -> Judgement:
    found = _each(paths, {"admin"}, "ADMIN_EXPOSED", "ADMIN_NOT_SEEN")
    if isinstance(found, Unobserved) or ledger.vantage_outside:
        return found
    if ledger.vantage_outside is None:
        return _UNKNOWN_ZONE
    return not_applicable("ADMIN_INSIDE")
