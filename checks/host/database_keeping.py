"""Checks of what database servers keep and log, and as whom they run, by their own configuration. Who gets in is in ``database``."""

from __future__ import annotations

from checks.common import listed
from checks.host.database_common import NONE, NOT_CONCERNED, each_server
from checks.host.programs import ACCOUNT_SAYS, WHY_NOT_ROOT, opposite, own_account, switch
from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed


@check(
    "host.database.connection-log",
    severity=Severity.MEDIUM,
    title=Text(ja="データベースへの接続を記録する", en="Connections to the database are logged"),
    why=Text(
        ja="誰がいつ接続したかの記録がなければ、不正な利用に気付けず、後から調べることもできない。",
        en="Without a record of who connected when, misuse goes unnoticed and cannot be looked into later.",
    ),
    remedy=Text(
        ja="PostgreSQL：log_connections = on。MariaDB：server_audit（server-audit-logging = ON）。"
        "MySQL：監査のプラグイン又は general-log = ON。",
        en="PostgreSQL: log_connections = on. MariaDB: server_audit with server-audit-logging = ON. "
        "MySQL: an audit plugin or general-log = ON.",
    ),
    says={
        "CONNECTIONS_LOGGED": Text(ja="{program} は接続を記録する", en="{program} logs them"),
        "CONNECTIONS_UNLOGGED": Text(ja="{program} は接続を記録しない（{source}）", en="{program} does not log them ({source})"),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_connection_log(db: DatabaseConfiguration) -> Judgement:
    return each_server(
        db,
        lambda s: switch(
            s.logs_connections,
            passed("CONNECTIONS_LOGGED", program=s.name),
            failed("CONNECTIONS_UNLOGGED", program=s.name, source=s.source),
        ),
        "NOT_CONCERNED",
    )


@check(
    "host.database.statement-log",
    severity=Severity.MEDIUM,
    title=Text(ja="データベースの操作を、誰のものか分かる形で記録する", en="Operations on the database are logged with whose they are"),
    why=Text(
        ja="操作の記録がなければ、権限を持つ者による不正な操作を検知できない。",
        en="Without a record of operations, misuse by those who hold rights cannot be detected.",
    ),
    remedy=Text(
        ja="PostgreSQL：pgaudit（pgaudit.log に write, ddl, role）又は log_statement = mod とし、log_line_prefix に %u を含める。"
        "MariaDB：server_audit（server-audit-events に CONNECT,QUERY）。",
        en="PostgreSQL: pgaudit (write, ddl, role in pgaudit.log) or log_statement = mod, with %u in log_line_prefix. "
        "MariaDB: server_audit with CONNECT,QUERY in server-audit-events.",
    ),
    says={
        "STATEMENTS_LOGGED": Text(ja="{program} はデータを変える操作を記録する", en="{program} logs operations that change data"),
        "STATEMENTS_UNLOGGED": Text(ja="{program} は操作を記録しない（{source}）", en="{program} does not log them ({source})"),
        "STATEMENTS_NAMELESS": Text(
            ja="{program} の記録には利用者の名前がない（{source}）", en="what {program} logs names no user ({source})"
        ),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_statement_log(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        logged = switch(
            server.logs_statements,
            passed("STATEMENTS_LOGGED", program=server.name),
            failed("STATEMENTS_UNLOGGED", program=server.name, source=server.source),
        )
        if server.logs_statements is not True:
            return logged
        return switch(
            server.names_users,
            passed("STATEMENTS_LOGGED", program=server.name),
            failed("STATEMENTS_NAMELESS", program=server.name, source=server.source),
        )

    return each_server(db, one, "NOT_CONCERNED")


@check(
    "host.database.client-files",
    severity=Severity.LOW,
    title=Text(ja="利用者の機器のファイルを読み込ませない設定である", en="Clients are not asked for files of theirs"),
    why=Text(
        ja="LOAD DATA LOCAL が使えると、SQL インジェクションやなりすましのサーバが、接続してきた機器のファイルを取り出せる。",
        en="With LOAD DATA LOCAL, SQL injection or a forged server can fetch files of the machine that connects.",
    ),
    remedy=Text(ja="MariaDB・MySQL：local-infile = 0。", en="MariaDB, MySQL: local-infile = 0."),
    says={
        "CLIENT_FILES_OFF": Text(ja="{program} は読み込ませない", en="{program} does not"),
        "CLIENT_FILES_ON": Text(ja="{program} は local-infile を許す（{source}）", en="{program} allows local-infile ({source})"),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_client_files(db: DatabaseConfiguration) -> Judgement:
    return each_server(
        db,
        lambda s: switch(
            None if s.reads_client_files is None else opposite(s.reads_client_files),
            passed("CLIENT_FILES_OFF", program=s.name),
            failed("CLIENT_FILES_ON", program=s.name, source=s.source),
        ),
        "NOT_CONCERNED",
    )


@check(
    "host.database.server-files",
    severity=Severity.MEDIUM,
    title=Text(ja="SQL で読み書きできるファイルの場所を限っている", en="Files that SQL can read and write are limited to one place"),
    why=Text(
        ja="制限がないと、FILE 権限を得た者が機器の上のファイルを読み、ウェブの公開場所などに書き込める。",
        en="Without a limit, whoever gains the FILE privilege reads files of the machine and writes into places such as a web root.",
    ),
    remedy=Text(
        ja="MariaDB・MySQL：secure-file-priv に専用のディレクトリを書く（MySQL は NULL で禁止できる）。",
        en="MariaDB, MySQL: a directory of its own in secure-file-priv (in MySQL, NULL forbids it).",
    ),
    says={
        "SERVER_FILES_LIMITED": Text(ja="{program} は {directory} に限る", en="{program} limits them to {directory}"),
        "SERVER_FILES_ANYWHERE": Text(ja="{program} は場所を限らない（{source}）", en="{program} sets no limit ({source})"),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_server_files(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        directory = server.file_directory
        if directory is None or isinstance(directory, Unobserved):
            return directory
        if directory.rstrip("/"):
            return passed("SERVER_FILES_LIMITED", program=server.name, directory=directory)
        return failed("SERVER_FILES_ANYWHERE", program=server.name, source=server.source)

    return each_server(db, one, "NOT_CONCERNED")


@check(
    "host.database.account",
    severity=Severity.HIGH,
    title=Text(ja="データベースのサーバを管理者以外のアカウントで動かす", en="The database server does not run as root"),
    why=WHY_NOT_ROOT,
    remedy=Text(ja="MariaDB・MySQL：user = mysql。", en="MariaDB, MySQL: user = mysql."),
    says={
        **ACCOUNT_SAYS,
        "NO_DATABASE": NONE,
    },
)
def database_account(db: DatabaseConfiguration) -> Judgement:
    return each_server(db, own_account)


@check(
    "host.database.data-rights",
    severity=Severity.HIGH,
    title=Text(
        ja="データベースのファイルをほかのアカウントが読み書きできない",
        en="Other accounts can neither read nor change the database's files",
    ),
    why=Text(
        ja="ファイルを直接読めると、データベースの権限も記録も意味を失う。",
        en="Whoever can read the files has no need of the database's rights, and leaves no trace in its log.",
    ),
    remedy=Text(
        ja="データのディレクトリをサーバのアカウントの所有とし、chmod 700 とする。",
        en="Give the data directory to the server's account and chmod 700 it.",
    ),
    says={
        "DATA_CLOSED": Text(
            ja="{program} のデータはほかのアカウントに閉じている（{paths}）", en="that of {program} is closed to others ({paths})"
        ),
        "DATA_OPEN": Text(
            ja="{program} のデータがほかのアカウントに開いている：{paths}", en="that of {program} is open to others: {paths}"
        ),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_data_rights(db: DatabaseConfiguration) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        if server.data is None or isinstance(server.data, Unobserved):
            return server.data
        directory, *files = server.data
        # Behind a directory that others may not enter, the rights of files say nothing.
        bad = [directory] if directory.mode & 0o002 else [file for file in files if directory.mode & 0o001 and file.mode & 0o006]
        if bad:
            return failed("DATA_OPEN", program=server.name, paths=listed(f"{right.path} {right.mode:04o}" for right in bad))
        return passed("DATA_CLOSED", program=server.name, paths=listed(right.path for right in server.data))

    return each_server(db, one, "NOT_CONCERNED")
