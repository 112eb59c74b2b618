"""Checks of who gets into database servers and how, by their own configuration. Logs, files and rights are in ``database_keeping``."""

from __future__ import annotations

from checks.common import listed
from checks.host.database_common import NONE, NOT_CONCERNED, each_server, from_network, in_database, is_local
from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer, Entrance
from scanner.facts.readings import Audience
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

_LOCAL = Text(ja="ネットワークから接続を受け付けない", en="it takes no connections from the network")
_CLEAR_METHODS = frozenset({"password", "ldap", "radius", "pam", "bsd"})
"""Methods of pg_hba.conf by which the password itself is sent."""
_UNPROVED = frozenset({"trust", "ident", "none"})
_BY_PASSWORD = frozenset({"password", "md5", "scram-sha-256"})
_OLD_FORMS = frozenset({"md5", "plain", "mysql_old_password"})
_OLD_TLS = frozenset({"TLSv1", "TLSv1.0", "TLSv1.1"})


def _places(entrances: tuple[Entrance, ...]) -> tuple[str, ...]:
    return listed(f"{entrance.place} {entrance.method}" for entrance in entrances)


@check(
    "host.database.login",
    severity=Severity.CRITICAL,
    title=Text(
        ja="データベースのサーバの設定が認証を省いていない", en="The database server's configuration lets nobody in without authentication"
    ),
    why=Text(
        ja="認証なしで接続できると、誰でも全てのデータを読み、書き換えられる。",
        en="Whoever can connect without authentication can read and change all data.",
    ),
    remedy=Text(
        ja="PostgreSQL：pg_hba.conf の trust（ネットワークからは ident も）を scram-sha-256 又は peer に替える。"
        "MariaDB・MySQL：skip-grant-tables を除き、パスワードのないアカウントと名前のないアカウントを消す（DROP USER）。"
        "Redis・Valkey：requirepass 又は user default off と、パスワードを持つ user。",
        en="PostgreSQL: replace trust (from the network ident too) in pg_hba.conf by scram-sha-256 or peer. "
        "MariaDB, MySQL: remove skip-grant-tables, and drop accounts without a password or a name (DROP USER). "
        "Redis, Valkey: requirepass, or user default off and users with passwords.",
    ),
    says={
        "LOGIN_PROVED": Text(ja="{program} は全ての接続に認証を求める", en="{program} asks for authentication of every connection"),
        "LOGIN_BY_ACCOUNTS": Text(
            ja="{program} はアカウントを確かめる（アカウント自体はデータベースの中にあり、見られなかった）",
            en="{program} checks accounts (the accounts themselves stand in the database and could not be seen)",
        ),
        "LOGIN_TRUSTED": Text(ja="{program} に認証を省く規則がある：{rules}", en="{program} has rules without authentication: {rules}"),
        "LOGIN_UNCHECKED": Text(
            ja="{program} はアカウントを確かめない（skip-grant-tables）", en="{program} does not check accounts (skip-grant-tables)"
        ),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_login(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        if server.accounts == () and is_local(server):
            return None  # a program without accounts is a part of those on the machine that use it
        if server.unguarded is True:
            return failed("LOGIN_UNCHECKED", program=server.name)
        if isinstance(server.unguarded, Unobserved):
            return server.unguarded
        if server.entrances is None:
            return passed("LOGIN_BY_ACCOUNTS", program=server.name)
        if isinstance(server.entrances, Unobserved):
            return server.entrances
        reached = tuple(e for e in server.entrances if _reached(server, e))
        if bad := tuple(e for e in reached if e.method in _UNPROVED and e.who is not Audience.NOBODY and not _safe_ident(e)):
            return failed("LOGIN_TRUSTED", program=server.name, rules=_places(bad))
        return passed("LOGIN_PROVED", program=server.name)

    return each_server(db, one, "NOT_CONCERNED")


def _reached(server: DatabaseServer, entrance: Entrance) -> bool:
    """Tell whether connections can come to a rule: where only the loopback is listened on, those for other networks never decide."""
    if entrance.socket:
        return True
    if server.listens is Audience.ITSELF:
        return entrance.who is not Audience.SOME
    return server.listens is not Audience.NOBODY


def _safe_ident(entrance: Entrance) -> bool:
    """Asking the same machine whose connection it is can be relied on; asking the other one cannot."""
    return entrance.method == "ident" and entrance.who is Audience.ITSELF


@check(
    "host.database.reach",
    severity=Severity.HIGH,
    title=Text(
        ja="データベースのサーバが接続元を限っている", en="The database server takes connections from named networks or itself only"
    ),
    why=Text(
        ja="どこからでも接続を受け付けると、パスワードの総当たりや欠陥の悪用を誰でも試せる。",
        en="Where connections from anywhere are taken, anybody can guess passwords and try known faults.",
    ),
    remedy=Text(
        ja="PostgreSQL：pg_hba.conf のアドレスを接続元のネットワークに限る（listen_addresses も）。"
        "MariaDB・MySQL：bind-address を 127.0.0.1 又は内部のアドレスにする。"
        "Redis・Valkey：bind 127.0.0.1 -::1 又は内部のアドレスとし、protected-mode no を除く。memcached：-l 127.0.0.1。",
        en="PostgreSQL: name the networks of clients in pg_hba.conf (and set listen_addresses). "
        "MariaDB, MySQL: set bind-address to 127.0.0.1 or an internal address. "
        "Redis, Valkey: bind 127.0.0.1 -::1 or an internal address, and no protected-mode no. memcached: -l 127.0.0.1.",
    ),
    says={
        "REACH_LOCAL": Text(ja="{program} はこの機器の中からだけ接続を受け付ける", en="{program} takes connections of this machine only"),
        "REACH_LIMITED": Text(ja="{program} は決めたネットワークからだけ受け付ける", en="{program} takes them from named networks only"),
        "REACH_ANYBODY": Text(ja="{program} はどこからでも受け付ける：{rules}", en="{program} takes them from anywhere: {rules}"),
        "NO_DATABASE": NONE,
    },
)
def database_reach(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement:
        if is_local(server):
            return passed("REACH_LOCAL", program=server.name)
        entrances = from_network(server)
        if isinstance(entrances, Unobserved):
            return entrances
        if open_ := tuple(entrance for entrance in entrances if entrance.who is Audience.EVERYBODY):
            return failed("REACH_ANYBODY", program=server.name, rules=_places(open_))
        return passed("REACH_LIMITED" if entrances else "REACH_LOCAL", program=server.name)

    return each_server(db, one)


@check(
    "host.database.superuser",
    severity=Severity.HIGH,
    title=Text(
        ja="データベースの初期の管理者アカウントがネットワークから接続できない",
        en="The database's first superuser cannot connect from the network",
    ),
    why=Text(
        ja="管理者アカウントは全てのデータを読め、機器の上で命令を実行できるものもある。",
        en="A superuser reads everything, and may be able to run commands on the machine.",
    ),
    remedy=Text(
        ja="PostgreSQL：pg_hba.conf の host の行より前に「host all postgres all reject」を置き、管理は local の peer で行う。",
        en='PostgreSQL: put "host all postgres all reject" before the host lines of pg_hba.conf and administer by local with peer.',
    ),
    says={
        "SUPERUSER_LOCAL": Text(
            ja="{program} の初期の管理者はこの機器の中からだけ接続できる", en="that of {program} connects on the machine only"
        ),
        "SUPERUSER_REMOTE": Text(
            ja="{program} の {account} がネットワークから接続できる：{rules}",
            en="{account} of {program} can connect from the network: {rules}",
        ),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_superuser(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        if server.accounts == ():
            return None
        if is_local(server):
            return passed("SUPERUSER_LOCAL", program=server.name)
        entrances = from_network(server)
        if isinstance(entrances, Unobserved):
            return entrances
        if isinstance(server.superuser, Unobserved):
            return server.superuser
        password = _password(server)
        certain = tuple(e for e in entrances if e.superuser == "named" or (e.superuser == "all" and (e.method == "trust" or password)))
        if certain:
            account = server.superuser or ", ".join(listed(e.place for e in certain))
            return failed("SUPERUSER_REMOTE", program=server.name, account=account, rules=_places(certain))
        if any(e.superuser and not (password is False and e.method in _BY_PASSWORD) for e in entrances):
            return cannot_tell(
                Reason.UNSUPPORTED,
                ja="全てのアカウントを許す規則があり、管理者にパスワードがあるかはデータベースの中にある",
                en="a rule lets all accounts in; whether the superuser has a password stands in the database",
            )
        return passed("SUPERUSER_LOCAL", program=server.name)

    return each_server(db, one, "NOT_CONCERNED")


def _password(server: DatabaseServer) -> bool | None:
    """Tell whether the account that the server was made with has a password; ``None``: it is not known."""
    if isinstance(server.accounts, Unobserved):
        return None
    return next((one.login and one.password is not None for one in server.accounts if one.name == server.superuser), None)


@check(
    "host.database.encryption",
    severity=Severity.HIGH,
    title=Text(ja="ネットワークからの接続を暗号化したものに限る", en="Connections from the network are taken with encryption only"),
    why=Text(
        ja="平文の接続では、問い合わせの内容と取り出したデータを途中で読み取られる。",
        en="In clear text, queries and the data they fetch can be read on the way.",
    ),
    remedy=Text(
        ja="PostgreSQL：ssl = on とし、pg_hba.conf の host を hostssl に替える。MariaDB・MySQL：ssl-cert と ssl-key、"
        "require-secure-transport = ON。Redis・Valkey：port 0 と tls-port 6379。",
        en="PostgreSQL: ssl = on, and hostssl instead of host in pg_hba.conf. MariaDB, MySQL: ssl-cert, ssl-key and "
        "require-secure-transport = ON. Redis, Valkey: port 0 and tls-port 6379.",
    ),
    says={
        "ENCRYPTED_ONLY": Text(ja="{program} は暗号化した接続だけを受け付ける", en="{program} takes encrypted connections only"),
        "CLEAR_TAKEN": Text(ja="{program} は平文の接続も受け付ける：{rules}", en="{program} takes clear text too: {rules}"),
        "ENCRYPTION_OFF": Text(ja="{program} は TLS を使わない（{source}）", en="{program} does not use TLS ({source})"),
        "LOCAL_ONLY": _LOCAL,
        "NO_DATABASE": NONE,
    },
)
def database_encryption(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        if is_local(server):
            return None
        if isinstance(server.listens, Unobserved):
            return server.listens
        if server.tls_required is None:
            return _by_rules(server)
        if server.tls is False:
            return failed("ENCRYPTION_OFF", program=server.name, source=server.source)
        if server.tls_required is True:
            return server.tls if isinstance(server.tls, Unobserved) else passed("ENCRYPTED_ONLY", program=server.name)
        if server.tls_required is False and server.entrances is not None:
            return _by_rules(server)
        return server.tls_required or in_database("アカウントごとの TLS の要求", "whether each account requires TLS")

    return each_server(db, one, "LOCAL_ONLY")


def _by_rules(server: DatabaseServer) -> Judgement | None:
    entrances = from_network(server)
    if isinstance(entrances, Unobserved):
        return entrances
    if not entrances:
        return None
    if clear := tuple(entrance for entrance in entrances if entrance.clear):
        if server.tls is False:
            return failed("ENCRYPTION_OFF", program=server.name, source=server.source)
        return failed("CLEAR_TAKEN", program=server.name, rules=_places(clear))
    return server.tls if isinstance(server.tls, Unobserved) else passed("ENCRYPTED_ONLY", program=server.name)


@check(
    "host.database.tls-version",
    severity=Severity.MEDIUM,
    title=Text(ja="データベースのサーバの設定が TLS 1.2 より前を断る", en="The database server is set against TLS before 1.2"),
    why=Text(ja="TLS 1.1 以前には破られた仕組みが残る。", en="TLS 1.1 and before rest on broken constructions."),
    remedy=Text(
        ja="PostgreSQL：ssl_min_protocol_version = TLSv1.2。MariaDB・MySQL：tls-version = TLSv1.2,TLSv1.3。",
        en="PostgreSQL: ssl_min_protocol_version = TLSv1.2. MariaDB, MySQL: tls-version = TLSv1.2,TLSv1.3.",
    ),
    says={
        "TLS_NEW": Text(ja="{program} は {version} 以降だけ", en="{program}: {version} and later only"),
        "TLS_OLD": Text(ja="{program} は {version} も受け付ける（{source}）", en="{program} takes {version} too ({source})"),
        "TLS_UNUSED": Text(ja="ネットワークからの接続に TLS を使わない", en="no connection from the network uses TLS"),
        "NO_DATABASE": NONE,
    },
)
def database_tls_version(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        if is_local(server) or server.tls is False:
            return None
        version = server.tls_least
        if isinstance(version, Unobserved):
            return version
        if version in _OLD_TLS:
            return (
                server.tls
                if isinstance(server.tls, Unobserved)
                else failed("TLS_OLD", program=server.name, version=version, source=server.source)
            )
        return passed("TLS_NEW", program=server.name, version=version)

    return each_server(db, one, "TLS_UNUSED")


@check(
    "host.database.password-form",
    severity=Severity.MEDIUM,
    title=Text(
        ja="データベースのパスワードを破られにくい形で保存し、送る",
        en="The database keeps and sends passwords in a form that is hard to break",
    ),
    why=Text(
        ja="MD5 の値は盗まれるとそのまま使え、元のパスワードも割り出されやすい。平文で送ったパスワードは途中で読み取られる。",
        en="A stolen MD5 value can be used as it is, and the password is soon found; one sent in clear text can be read on the way.",
    ),
    remedy=Text(
        ja="password_encryption = scram-sha-256 とし、パスワードを設定し直してから、"
        "pg_hba.conf の md5 と password を scram-sha-256 に替える。",
        en="Set password_encryption = scram-sha-256, have passwords set anew, then replace md5 and password in pg_hba.conf by "
        "scram-sha-256.",
    ),
    says={
        "FORM_STRONG": Text(ja="{program} は {form} で保存する", en="{program} keeps them as {form}"),
        "FORM_WEAK": Text(ja="{program} は {form} で保存する（{source}）", en="{program} keeps them as {form} ({source})"),
        "FORM_LEFT": Text(
            ja="{program} に古い形のパスワードが残る：{accounts}", en="{program} has passwords left in an old form: {accounts}"
        ),
        "PASSWORD_SENT": Text(ja="{program} は平文のパスワードを受け取る：{rules}", en="{program} takes passwords in clear text: {rules}"),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_password_form(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        form, entrances = server.password_form, server.entrances
        accounts = () if isinstance(server.accounts, Unobserved) else server.accounts
        if old := [f"{one.name} ({one.password})" for one in accounts if one.login and one.password in _OLD_FORMS]:
            return failed("FORM_LEFT", program=server.name, accounts=listed(old))
        if form is None or entrances is None:
            return None
        if isinstance(form, str) and form in {"md5", "plain"}:
            return failed("FORM_WEAK", program=server.name, form=form, source=server.source)
        network = () if is_local(server) else from_network(server)
        if not isinstance(network, Unobserved) and (sent := tuple(e for e in network if e.clear and e.method in _CLEAR_METHODS)):
            return failed("PASSWORD_SENT", program=server.name, rules=_places(sent))
        for part in (form, entrances, network):
            if isinstance(part, Unobserved):
                return part
        by_md5 = not isinstance(entrances, Unobserved) and any(entrance.method == "md5" for entrance in entrances)
        if by_md5 and isinstance(server.accounts, Unobserved):
            return in_database(
                "md5 の規則が受け付ける古い形のパスワードの有無", "whether any password is left in the old form, which md5 rules take,"
            )
        return passed("FORM_STRONG", program=server.name, form=str(form))

    return each_server(db, one, "NOT_CONCERNED")
