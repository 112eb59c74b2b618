"""Checks of database servers' accounts. By which ways they come in is in ``database``."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed, value_not_set
from checks.host.database_common import NONE, NOT_CONCERNED, each_server
from scanner.facts.database_configuration import DatabaseConfiguration, DatabaseServer
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

DATABASE_ADMINISTRATORS = Value[tuple[str, ...]](
    "database.administrators",
    default=(),
    text=Text(
        ja="データベースの管理者権限を持つことを認めたアカウント（導入時からのもののほかに）",
        en="accounts of databases that may have an administrator's rights, besides those that came with the server",
    ),
)
OF_THE_SERVER = frozenset({"root", "mysql", "mariadb.sys", "debian-sys-maint", "default"})
"""Administrators that MariaDB's and MySQL's packages make for the machine itself, and the user that Redis has by itself."""


@check(
    "host.database.administrators",
    severity=Severity.MEDIUM,
    title=Text(
        ja="データベースの管理者権限を認めたアカウントだけが持つ", en="Only approved accounts have the rights of a database administrator"
    ),
    why=Text(
        ja="管理者権限を持つアカウントは全てのデータを読み書きでき、記録も消せる。"
        "業務用のアカウントが持つと、内部不正や一つの欠陥で全てを失う。",
        en="Such accounts read and change all data and can remove their traces; given to an application, one fault gets everything.",
    ),
    remedy=Text(
        ja="不要な権限を外す（PostgreSQL：ALTER ROLE … NOSUPERUSER、REVOKE。MariaDB：REVOKE ALL PRIVILEGES ON *.* …。"
        "Redis：ACL SETUSER）。必要なものは "
        "database.administrators に書く。",
        en="Take the rights away (PostgreSQL: ALTER ROLE ... NOSUPERUSER, REVOKE; MariaDB: REVOKE ALL PRIVILEGES ON *.* ...; "
        "Redis: ACL SETUSER); name those that need them in database.administrators.",
    ),
    says={
        "ADMINISTRATORS_APPROVED": Text(
            ja="{program} の管理者権限は認めたアカウントだけが持つ", en="only approved accounts of {program} have them"
        ),
        "ADMINISTRATORS_OTHER": Text(
            ja="{program} で認めていないアカウントが管理者権限を持つ：{accounts}", en="other accounts of {program} have them: {accounts}"
        ),
        "NOT_CONCERNED": NOT_CONCERNED,
        "NO_DATABASE": NONE,
    },
)
def database_administrators(
    db: DatabaseConfiguration, *, approved: Annotated[tuple[str, ...], DATABASE_ADMINISTRATORS] = DATABASE_ADMINISTRATORS.default
) -> Judgement:
    def one(server: DatabaseServer) -> Judgement | None:
        if server.accounts == ():
            return None
        if isinstance(server.accounts, Unobserved):
            return server.accounts
        if isinstance(server.superuser, Unobserved):
            return server.superuser
        own = OF_THE_SERVER if server.superuser is None else {server.superuser}
        others = [account for account in server.accounts if account.administers and account.login and account.name not in own]
        if others and not approved:
            return value_not_set(DATABASE_ADMINISTRATORS)
        if wrong := [f"{a.name}@{a.host}" if a.host else a.name for a in others if a.name not in approved]:
            return failed("ADMINISTRATORS_OTHER", program=server.name, accounts=listed(wrong))
        return passed("ADMINISTRATORS_APPROVED", program=server.name)

    return each_server(db, one, "NOT_CONCERNED")
