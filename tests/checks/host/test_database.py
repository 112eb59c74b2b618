"""Cases of the checks of database servers by their own configuration."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.database_configuration import DatabaseAccount, DatabaseConfiguration, DatabaseServer, Entrance
from scanner.facts.readings import Audience, FileRights
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
UNSET = Unobserved(Reason.VALUE_NOT_SET)
SOCKET = Entrance("pg_hba.conf:1", Audience.ITSELF, True, False, False, "peer", "named")
OFFICE = Entrance("pg_hba.conf:2", Audience.SOME, False, False, True, "scram-sha-256", "")
OWNER = DatabaseAccount("postgres", "", administers=True, login=True, password=None)
OWNER_BY_PASSWORD = (DatabaseAccount("postgres", "", administers=True, login=True, password="scram-sha-256"),)
STAFF = DatabaseAccount("staff", "", administers=False, login=True, password="scram-sha-256")
RULER = replace(STAFF, name="ruler", administers=True)
POSTGRESQL = DatabaseServer(
    name="postgresql 15/main",
    version="15",
    running=True,
    starts=True,
    applied=None,
    source="/etc/postgresql/15/main/postgresql.conf",
    listens=Audience.EVERYBODY,
    entrances=(SOCKET, OFFICE),
    accounts=(OWNER, STAFF),
    unguarded=False,
    superuser="postgres",
    tls=True,
    tls_required=None,
    tls_least="TLSv1.2",
    password_form="scram-sha-256",
    logs_connections=True,
    logs_statements=True,
    names_users=True,
    reads_client_files=None,
    file_directory=None,
    account="postgres",
    data=(FileRights("/var/lib/postgresql/15/main", 0o700, 104, 112),),
)
MARIADB = replace(
    POSTGRESQL,
    name="mariadb",
    version="10.11.19",
    source="/etc/mysql/my.cnf",
    listens=Audience.ITSELF,
    entrances=None,
    accounts=DENIED,
    superuser=None,
    tls_required=True,
    password_form=None,
    reads_client_files=False,
    file_directory="/var/lib/mysql-files",
    account="mysql",
    data=(FileRights("/var/lib/mysql", 0o755, 101, 101), FileRights("/var/lib/mysql/ibdata1", 0o660, 101, 101)),
)


def postgresql(**changes: object) -> DatabaseConfiguration:
    """The well kept PostgreSQL, with changes."""
    return DatabaseConfiguration((replace(POSTGRESQL, **changes),), None)  # type: ignore[arg-type]  # fields of the fact


def mariadb(**changes: object) -> DatabaseConfiguration:
    """The well kept MariaDB, with changes."""
    return DatabaseConfiguration((replace(MARIADB, **changes),), None)  # type: ignore[arg-type]  # fields of the fact


def rule(**changes: object) -> DatabaseConfiguration:
    """The well kept PostgreSQL, its rule for the office changed."""
    return postgresql(entrances=(SOCKET, replace(OFFICE, **changes)))  # type: ignore[arg-type]  # fields of the fact


def ruled(accounts: tuple[DatabaseAccount, ...] | Unobserved, **changes: object) -> DatabaseConfiguration:
    """The well kept PostgreSQL with other accounts, its rule for the office changed."""
    return postgresql(accounts=accounts, entrances=(SOCKET, replace(OFFICE, **changes)))  # type: ignore[arg-type]  # fields of the fact


def way(special: str, *, clear: bool = True, method: str = "mysql_native_password") -> DatabaseConfiguration:
    """A MariaDB that listens everywhere, with an account for everywhere."""
    entrance = Entrance("root@%", Audience.EVERYBODY, False, clear, True, method, special)
    return mariadb(listens=Audience.EVERYBODY, tls_required=False, entrances=(entrance,))


def memcached(reach: Audience) -> DatabaseConfiguration:
    """A server without accounts and without files."""
    entrance = Entrance("TCP 11211", reach, False, True, False, "none", "")
    return mariadb(name="memcached", listens=reach, entrances=(entrance,), accounts=(), data=None)


def in_use(good: str, fact: DatabaseConfiguration, bad: DatabaseConfiguration, wrong: str) -> list[Case]:
    """What holds where the server may not be in use, does not go by its files, or may not be the only one."""
    server = fact.servers[0]
    return [
        case(DatabaseConfiguration((replace(server, applied=STALE),), None), outcome="undetermined", reason=Reason.STALE),
        case(DatabaseConfiguration((replace(bad.servers[0], applied=STALE),), None), says=wrong),
        case(DatabaseConfiguration((replace(server, running=False),), None), says=good),
        case(DatabaseConfiguration((replace(server, running=False, starts=False),), None), says="NO_DATABASE"),
        case(DatabaseConfiguration((), None), says="NO_DATABASE"),
        case(DatabaseConfiguration((server,), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(DatabaseConfiguration(bad.servers, DENIED), says=wrong),
        case(DatabaseConfiguration((), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "host.database.login": [
        case(postgresql(), says="LOGIN_PROVED"),
        case(mariadb(), says="LOGIN_BY_ACCOUNTS"),
        case(memcached(Audience.ITSELF), says="NOT_CONCERNED"),
        case(memcached(Audience.EVERYBODY), says="LOGIN_TRUSTED", args={"rules": ("TCP 11211 none",)}),
        case(way(""), says="LOGIN_PROVED"),
        case(way("", method="none"), says="LOGIN_TRUSTED", args={"rules": ("root@% none",)}),
        case(mariadb(unguarded=True), says="LOGIN_UNCHECKED"),
        case(mariadb(unguarded=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(rule(method="trust"), says="LOGIN_TRUSTED", args={"rules": ("pg_hba.conf:2 trust",)}),
        case(rule(method="ident"), says="LOGIN_TRUSTED"),
        case(rule(method="ident", who=Audience.ITSELF), says="LOGIN_PROVED"),
        case(rule(method="trust", who=Audience.ITSELF), says="LOGIN_TRUSTED"),
        case(rule(method="trust", who=Audience.ITSELF, socket=True), says="LOGIN_TRUSTED"),
        case(rule(method="trust", who=Audience.NOBODY, socket=True), says="LOGIN_PROVED"),
        case(postgresql(entrances=(replace(OFFICE, method="trust"),), listens=Audience.NOBODY), says="LOGIN_PROVED"),
        case(postgresql(entrances=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(
            DatabaseConfiguration((MARIADB, replace(POSTGRESQL, entrances=(replace(SOCKET, method="trust"),))), None), says="LOGIN_TRUSTED"
        ),
        *in_use("LOGIN_PROVED", postgresql(), rule(method="trust"), "LOGIN_TRUSTED"),
    ],
    "host.database.reach": [
        case(postgresql(), says="REACH_LIMITED"),
        case(postgresql(entrances=(SOCKET,)), says="REACH_LOCAL"),
        case(postgresql(listens=Audience.ITSELF), says="REACH_LOCAL"),
        case(rule(who=Audience.EVERYBODY), says="REACH_ANYBODY"),
        case(postgresql(listens=Audience.ITSELF, entrances=(replace(OFFICE, who=Audience.EVERYBODY),)), says="REACH_LOCAL"),
        case(postgresql(listens=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(entrances=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mariadb(), says="REACH_LOCAL"),
        case(mariadb(listens=Audience.NOBODY), says="REACH_LOCAL"),
        case(mariadb(listens=Audience.EVERYBODY), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(way(""), says="REACH_ANYBODY", args={"rules": ("root@% mysql_native_password",)}),
        *in_use("REACH_LIMITED", postgresql(), rule(who=Audience.EVERYBODY), "REACH_ANYBODY"),
    ],
    "host.database.superuser": [
        case(postgresql(), says="SUPERUSER_LOCAL"),
        case(rule(superuser="named"), says="SUPERUSER_REMOTE", args={"account": "postgres"}),
        case(rule(superuser="all", method="trust"), says="SUPERUSER_REMOTE"),
        case(rule(superuser="all"), says="SUPERUSER_LOCAL"),  # it has no password
        case(rule(superuser="all", method="ldap"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(ruled(OWNER_BY_PASSWORD, superuser="all"), says="SUPERUSER_REMOTE", args={"account": "postgres"}),
        case(ruled(DENIED, superuser="all"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(ruled((STAFF,), superuser="all"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(rule(superuser="named", who=Audience.ITSELF), says="SUPERUSER_LOCAL"),
        case(postgresql(superuser=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mariadb(), says="SUPERUSER_LOCAL"),
        case(mariadb(listens=Audience.SOME), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(way("named"), says="SUPERUSER_REMOTE", args={"account": "root@%"}),
        case(way(""), says="SUPERUSER_LOCAL"),
        case(memcached(Audience.EVERYBODY), says="NOT_CONCERNED"),
        *in_use("SUPERUSER_LOCAL", postgresql(), rule(superuser="named"), "SUPERUSER_REMOTE"),
    ],
    "host.database.encryption": [
        case(postgresql(), says="ENCRYPTED_ONLY"),
        case(rule(clear=True), says="CLEAR_TAKEN", args={"rules": ("pg_hba.conf:2 scram-sha-256",)}),
        case(postgresql(tls=False, entrances=(replace(OFFICE, clear=True),)), says="ENCRYPTION_OFF"),
        case(postgresql(tls=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(listens=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(entrances=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(listens=Audience.ITSELF), says="LOCAL_ONLY"),
        case(postgresql(entrances=(SOCKET,)), says="LOCAL_ONLY"),
        case(mariadb(), says="LOCAL_ONLY"),
        case(mariadb(listens=Audience.EVERYBODY), says="ENCRYPTED_ONLY"),
        case(mariadb(listens=Audience.EVERYBODY, tls=False, tls_required=False), says="ENCRYPTION_OFF"),
        case(mariadb(listens=Audience.EVERYBODY, tls_required=False), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(way(""), says="CLEAR_TAKEN", args={"rules": ("root@% mysql_native_password",)}),
        case(way("", clear=False), says="ENCRYPTED_ONLY"),
        case(mariadb(listens=Audience.EVERYBODY, tls_required=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mariadb(listens=Audience.EVERYBODY, tls=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(DatabaseConfiguration((replace(MARIADB, listens=Audience.ITSELF), POSTGRESQL), None), says="ENCRYPTED_ONLY"),
        *in_use("ENCRYPTED_ONLY", postgresql(), rule(clear=True), "CLEAR_TAKEN"),
    ],
    "host.database.tls-version": [
        case(postgresql(), says="TLS_NEW", args={"version": "TLSv1.2"}),
        case(postgresql(tls_least="TLSv1"), says="TLS_OLD"),
        case(postgresql(tls_least="TLSv1", tls=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(tls_least=UNSET), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(postgresql(tls=False), says="TLS_UNUSED"),
        case(mariadb(), says="TLS_UNUSED"),
        case(mariadb(listens=Audience.SOME, tls_least="TLSv1.1"), says="TLS_OLD"),
        *in_use("TLS_NEW", postgresql(), postgresql(tls_least="TLSv1.1"), "TLS_OLD"),
    ],
    "host.database.password-form": [
        case(postgresql(), says="FORM_STRONG"),
        case(postgresql(password_form="md5"), says="FORM_WEAK", args={"form": "md5"}),
        case(postgresql(password_form="plain"), says="FORM_WEAK"),
        case(postgresql(password_form=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(password_form=DENIED, entrances=(replace(OFFICE, clear=True, method="password"),)), says="PASSWORD_SENT"),
        case(rule(clear=True, method="ldap"), says="PASSWORD_SENT"),
        case(rule(method="ldap"), says="FORM_STRONG"),
        case(rule(method="md5"), says="FORM_STRONG"),  # nobody has an old one
        case(ruled(DENIED, method="md5"), outcome="undetermined", reason=Reason.UNSUPPORTED),
        case(postgresql(accounts=(OWNER, replace(STAFF, password="md5"))), says="FORM_LEFT", args={"accounts": ("staff (md5)",)}),
        case(postgresql(accounts=(OWNER, replace(STAFF, password="md5", login=False))), says="FORM_STRONG"),
        case(postgresql(accounts=DENIED), says="FORM_STRONG"),
        case(postgresql(entrances=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(listens=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(mariadb(), says="NOT_CONCERNED"),
        *in_use("FORM_STRONG", postgresql(), postgresql(password_form="md5"), "FORM_WEAK"),
    ],
    "host.database.connection-log": [
        case(postgresql(), says="CONNECTIONS_LOGGED"),
        case(postgresql(logs_connections=False), says="CONNECTIONS_UNLOGGED"),
        case(postgresql(logs_connections=None), says="NOT_CONCERNED"),
        case(postgresql(logs_connections=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use("CONNECTIONS_LOGGED", postgresql(), postgresql(logs_connections=False), "CONNECTIONS_UNLOGGED"),
    ],
    "host.database.statement-log": [
        case(postgresql(), says="STATEMENTS_LOGGED"),
        case(postgresql(logs_statements=False), says="STATEMENTS_UNLOGGED"),
        case(postgresql(logs_statements=None), says="NOT_CONCERNED"),
        case(postgresql(names_users=False), says="STATEMENTS_NAMELESS"),
        case(postgresql(names_users=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(logs_statements=DENIED, names_users=False), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use("STATEMENTS_LOGGED", postgresql(), postgresql(logs_statements=False), "STATEMENTS_UNLOGGED"),
    ],
    "host.database.client-files": [
        case(mariadb(), says="CLIENT_FILES_OFF"),
        case(mariadb(reads_client_files=True), says="CLIENT_FILES_ON"),
        case(mariadb(reads_client_files=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(), says="NOT_CONCERNED"),
        *in_use("CLIENT_FILES_OFF", mariadb(), mariadb(reads_client_files=True), "CLIENT_FILES_ON"),
    ],
    "host.database.server-files": [
        case(mariadb(), says="SERVER_FILES_LIMITED", args={"directory": "/var/lib/mysql-files"}),
        case(mariadb(file_directory="NULL"), says="SERVER_FILES_LIMITED"),
        case(mariadb(file_directory=""), says="SERVER_FILES_ANYWHERE"),
        case(mariadb(file_directory="/"), says="SERVER_FILES_ANYWHERE"),
        case(mariadb(file_directory=UNSET), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(postgresql(), says="NOT_CONCERNED"),
        *in_use("SERVER_FILES_LIMITED", mariadb(), mariadb(file_directory=""), "SERVER_FILES_ANYWHERE"),
    ],
    "host.database.account": [
        case(postgresql(), says="ACCOUNT_OWN", args={"account": "postgres"}),
        case(mariadb(account="root"), says="ACCOUNT_ROOT"),
        case(mariadb(account=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use("ACCOUNT_OWN", postgresql(), mariadb(account="root"), "ACCOUNT_ROOT"),
    ],
    "host.database.data-rights": [
        case(postgresql(), says="DATA_CLOSED"),
        case(mariadb(), says="DATA_CLOSED"),
        case(postgresql(data=(FileRights("/data", 0o777, 104, 112),)), says="DATA_OPEN", args={"paths": ("/data 0777",)}),
        case(mariadb(data=(MARIADB.data[0], FileRights("/x", 0o664, 101, 101))), says="DATA_OPEN"),  # type: ignore[index]  # a tuple above
        case(mariadb(data=(FileRights("/d", 0o750, 101, 101), FileRights("/x", 0o664, 101, 101))), says="DATA_CLOSED"),
        case(memcached(Audience.ITSELF), says="NOT_CONCERNED"),
        case(postgresql(data=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        *in_use("DATA_CLOSED", postgresql(), mariadb(data=(FileRights("/data", 0o777, 1, 1),)), "DATA_OPEN"),
    ],
    "host.database.administrators": [
        case(postgresql(), says="ADMINISTRATORS_APPROVED"),
        case(memcached(Audience.ITSELF), says="NOT_CONCERNED"),
        case(mariadb(accounts=(replace(OWNER, name="root"), replace(OWNER, name="mysql"))), says="ADMINISTRATORS_APPROVED"),
        case(postgresql(accounts=(OWNER, RULER)), outcome="undetermined", reason=Reason.VALUE_NOT_SET),
        case(postgresql(accounts=(OWNER, replace(RULER, login=False))), says="ADMINISTRATORS_APPROVED"),
        case(postgresql(accounts=(OWNER, RULER)), says="ADMINISTRATORS_APPROVED", with_={"approved": ("ruler",)}),
        case(
            mariadb(accounts=(replace(RULER, host="%"),)),
            says="ADMINISTRATORS_OTHER",
            args={"accounts": ("ruler@%",)},
            with_={"approved": ("other",)},
        ),
        case(mariadb(), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(superuser=DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(postgresql(running=False, starts=False), says="NO_DATABASE"),
    ],
}
