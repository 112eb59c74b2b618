"""Accounts of database servers, asked of the servers themselves by their own administrators' way in, which needs no password.

The queries give of a password only its form: no hash leaves the server. Where that way in is closed or wants a password, nothing is told.
Sources: PostgreSQL's pages on pg_authid and predefined roles, MariaDB's on mysql.global_priv and mysql.proxies_priv, MySQL's on its
grant tables, static and dynamic privileges, roles and partial revokes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from scanner.facts.database_configuration import DatabaseAccount, Entrance
from scanner.facts.readings import Audience
from scanner.hosts.base import Reader, Run, Source
from scanner.hosts.linux.audience import audience_of
from scanner.hosts.linux.base import shown
from scanner.model.reason import CannotObserve, Reason

MOST = 2_000
"""Accounts of one server; the queries stop behind one more."""
PORTS = (5432, 5433)
"""Ports of the clusters that are asked: Debian counts up from the first."""
_ROLES = (
    "select json_build_object('home', current_setting('data_directory'), 'roles', (select json_agg(json_build_object("
    "'name', rolname, 'login', rolcanlogin, 'form', case when rolpassword is null then null when left(rolpassword, 3) = 'md5' then 'md5' "
    "when left(rolpassword, 14) = 'SCRAM-SHA-256$' then 'scram-sha-256' else 'plain' end, "
    "'super', exists (select from pg_roles s where (s.rolsuper or s.rolname in ('pg_execute_server_program', 'pg_write_server_files') "
    # before 16 whoever makes roles may join any but a superuser's, those two among them
    "or (s.rolcreaterole and current_setting('server_version_num')::int < 160000)) "
    "and pg_has_role(r.oid, s.oid, 'member')))) from (select * from pg_authid order by oid limit 2001) r))"
)
_AS_POSTGRES = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "psql", "-X", "-w", "-At", "-d", "postgres")
ROLES = {port: Run((*_AS_POSTGRES, "-p", str(port), "-c", _ROLES), root=True, needs="psql") for port in PORTS}
_USERS = (
    "select json_object('user', User, 'host', Host, 'plugin', json_value(Priv, '$.plugin'), 'string', "
    "case ifnull(json_value(Priv, '$.authentication_string'), '') when '' then 'none' when 'invalid' then 'invalid' else 'set' end, "
    "'others', json_extract(Priv, '$.auth_or[*].plugin'), "
    "'blank', ifnull(json_contains(json_extract(Priv, '$.auth_or[*].authentication_string'), json_quote('')), 0), "
    "'access', json_value(Priv, '$.access'), 'locked', json_value(Priv, '$.account_locked'), 'role', json_value(Priv, '$.is_role'), "
    "'tls', json_value(Priv, '$.ssl_type'), "
    "'roles', (select json_arrayagg(concat(m.Role, '@')) from mysql.roles_mapping m where m.User = g.User and m.Host = g.Host), "
    "'proxied', (select json_arrayagg(p.Proxied_user) from mysql.proxies_priv p where p.User = g.User and p.Host = g.Host), "
    "'tables', exists (select 1 from mysql.db d where d.User = g.User and d.Host = g.Host and 'mysql' like d.Db "
    "and 'Y' in (d.Insert_priv, d.Update_priv)) or exists (select 1 from mysql.tables_priv t where t.User = g.User and t.Host = g.Host "
    "and t.Db = 'mysql' and (find_in_set('Insert', t.Table_priv) or find_in_set('Update', t.Table_priv)))) "
    "from mysql.global_priv g limit 2001"
)
USERS = Run(("mariadb", "--no-defaults", "-BNre", _USERS), root=True)
# The same in MySQL's tables, its rights in MariaDB's bits. Any account of MySQL may be a role of another, and what was taken back of a
# right on everything (partial_revokes) stands beside it.
_MYSQL_USERS = (
    "select json_object('user', User, 'host', Host, 'plugin', plugin, 'string', if(ifnull(authentication_string, '') = '', 'none', 'set'), "
    "'access', (Create_user_priv = 'Y') << 25 | (Super_priv = 'Y') << 15 "
    "| (Update_priv = 'Y' and not ifnull(json_contains(User_attributes, "
    "json_object('Database', 'mysql', 'Privileges', json_array('UPDATE')), '$.Restrictions'), 0)) << 2 "
    "| (Insert_priv = 'Y' and not ifnull(json_contains(User_attributes, "
    "json_object('Database', 'mysql', 'Privileges', json_array('INSERT')), '$.Restrictions'), 0)) << 1, "
    "'dynamic', (select json_arrayagg(PRIV) from mysql.global_grants g where g.USER = u.User and g.HOST = u.Host), "
    "'locked', account_locked = 'Y', 'tls', ssl_type, 'everybodys', @@global.mandatory_roles, "
    "'roles', (select json_arrayagg(concat(FROM_USER, '@', FROM_HOST)) from mysql.role_edges where TO_USER = u.User and TO_HOST = u.Host), "
    "'proxied', (select json_arrayagg(p.Proxied_user) from mysql.proxies_priv p where p.User = u.User and p.Host = u.Host), "
    "'named', exists (select 1 from performance_schema.global_variables where VARIABLE_NAME like '%proxy_users' "
    "and VARIABLE_NAME <> 'check_proxy_users' and VARIABLE_VALUE = 'ON'), "
    "'tables', exists (select 1 from mysql.db d where d.User = u.User and d.Host = u.Host and 'mysql' like d.Db "
    "and 'Y' in (d.Insert_priv, d.Update_priv)) or exists (select 1 from mysql.tables_priv t where t.User = u.User and t.Host = u.Host "
    "and t.Db = 'mysql' and (find_in_set('Insert', t.Table_priv) or find_in_set('Update', t.Table_priv)))) "
    "from mysql.user u limit 2001"
)
MYSQL_USERS = Run(("mysql", "--no-defaults", "-BNre", _MYSQL_USERS), root=True)
SOURCES: tuple[Source, ...] = (*ROLES.values(), USERS, MYSQL_USERS)
RULING = (1 << 25) | (1 << 15) | (1 << 2) | (1 << 1)
"""Rights on everything that make an administrator: CREATE USER, which changes others' passwords too; SUPER; UPDATE and INSERT, since
accounts stand in a table (sql/privilege.h)."""
TAKING = frozenset({"ROLE_ADMIN", "SET_USER_ID", "SET_ANY_DEFINER"})
"""Dynamic privileges of MySQL by which an account takes another's rights, as a role or as the definer of a program."""
SHIELD = "SYSTEM_USER"
"""The one without which rights cannot be taken from an account that has it."""
EVERYBODYS = "PUBLIC@"
"""The role that everybody has, from MariaDB 10.11 on."""
NATIVE = frozenset({"", "mysql_native_password", "mysql_old_password", "sha256_password", "caching_sha2_password"})
"""Methods that let in without a password where none is set."""
SOCKET = frozenset({"unix_socket", "auth_socket"})
OWN_NAME = NATIVE | SOCKET | {"none", "ed25519", "parsec"}
"""Methods that always give an account its own name. Others, PAM among them, may name one that it has the right to stand for."""
_TRUE = ("true", "1", 1)  # no set: what a server says need not be hashable
T = TypeVar("T")


def roles(read: Reader, home: str) -> tuple[DatabaseAccount, ...]:
    """Give the roles of the PostgreSQL cluster whose data stand in ``home``. Raises ``CannotObserve``."""
    for run in ROLES.values():
        said = _answer_to(read, run)
        told = _object(said) if said is not None else {}
        if told.get("home") == home:
            found = [_role(one) for one in _objects(told.get("roles"))]
            return _capped(found)
    raise CannotObserve(Reason.ACCESS_DENIED, "PostgreSQL does not let its own administrator in by the socket without a password")


def users(read: Reader, asked: Run = USERS) -> tuple[tuple[DatabaseAccount, ...], tuple[Entrance, ...]]:
    """Give the accounts of MariaDB, or by ``MYSQL_USERS`` those of MySQL from 8.0 on, and the ways in that they make.

    Raises ``CannotObserve``.
    """
    said = _answer_to(read, asked)
    if said is None:
        name = "MariaDB" if asked is USERS else "MySQL"
        raise CannotObserve(Reason.ACCESS_DENIED, f"{name} does not let root in by the socket without a password")
    rows = _capped([_object(line) for line in said.split(b"\n") if line.strip()])
    roles_ = {f"{row.get('user')}@{row.get('host')}": row for row in rows}
    accounts = [row for row in rows if row.get("role") not in _TRUE]
    rulers = [row for row in rows if _rules(row, roles_)]
    people = [(row, row in rulers or _stands_for(row, rulers) or _takes(row, rulers)) for row in accounts]
    return tuple(_user(row, rules) for row, rules in people), tuple(way for row, rules in people for way in _ways(row, rules))


def _answer_to(read: Reader, run: Run) -> bytes | None:
    """Give the answer of a server; ``None``: it gave none. Raises ``CannotObserve``."""
    said = read.command(run.argv, seconds=run.seconds)
    return said.stdout if said is not None and said.status == 0 else None


def _object(data: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CannotObserve(Reason.PROTOCOL_VIOLATION, "the server's answer is no JSON") from error
    return found if isinstance(found, dict) else {}


def _objects(value: object) -> list[Mapping[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _capped(found: Sequence[T]) -> tuple[T, ...]:
    if len(found) > MOST:
        raise CannotObserve(Reason.TOO_LARGE, f"more than {MOST} accounts")
    return tuple(found)


def _role(one: Mapping[str, object]) -> DatabaseAccount:
    form = one.get("form")
    kept = None if form is None else shown(str(form))
    return DatabaseAccount(shown(str(one.get("name"))), "", one.get("super") is True, one.get("login") is True, kept)


def _user(row: Mapping[str, object], rules: bool) -> DatabaseAccount:
    methods = _methods(row)
    form = None if "none" in methods else next(iter(methods), None)
    return DatabaseAccount(shown(str(row.get("user"))), shown(str(row.get("host"))), rules, bool(methods), form)


def _rules(row: Mapping[str, object], roles_: Mapping[str, Mapping[str, object]]) -> bool:
    """Tell whether an account administers, by rights of its own or of a role that it may take, which may be in other roles."""
    known = {EVERYBODYS, *_mandatory(row)}
    waiting = [row, *(roles_[name] for name in known if name in roles_)]
    while waiting:
        one = waiting.pop()
        access = str(one.get("access") or 0)
        if one.get("tables") in _TRUE or not access.lstrip("-").isdecimal() or int(access[:20]) & RULING:
            return True
        taken = one.get("roles")
        names = {str(name) for name in taken} - known if isinstance(taken, list) else set()
        known |= names
        waiting += [roles_[name] for name in names if name in roles_]
    return False


def _mandatory(row: Mapping[str, object]) -> Iterator[str]:
    """Give the roles that MySQL gives to everybody: ``role``, ``role@host``, each part in quotes of any kind or none."""
    for role in str(row.get("everybodys") or "").split(","):
        name, _, host = role.partition("@")
        yield f"{_bare(name)}@{_bare(host) or '%'}"


def _bare(name: str) -> str:
    return name.strip().strip("`'\"")


def _takes(row: Mapping[str, object], rulers: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether an account may take the rights of one that administers."""
    own = _dynamic(row)
    return bool(own & TAKING) and any(SHIELD in own or SHIELD not in _dynamic(ruler) for ruler in rulers)


def _dynamic(row: Mapping[str, object]) -> frozenset[str]:
    found = row.get("dynamic")
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _stands_for(row: Mapping[str, object], rulers: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether an account may become one that administers: the right names accounts by a pattern of LIKE, empty for all."""
    proxied = row.get("proxied")
    patterns = [_like(str(one)) for one in proxied] if isinstance(proxied, list) else []
    named = any(pattern.fullmatch(str(ruler.get("user"))) for pattern in patterns for ruler in rulers)
    return named and any(method not in OWN_NAME or row.get("named") in _TRUE for method in _methods(row))


def _like(pattern: str) -> re.Pattern[str]:
    wild = {"%": ".*", "_": "."}
    letters = re.findall(r"\\?.", pattern or "%", re.DOTALL)
    return re.compile("".join(wild.get(one) or re.escape(one[-1]) for one in letters), re.DOTALL)


def _methods(row: Mapping[str, object]) -> tuple[str, ...]:
    """Give the methods by which an account gets in: ``none`` where it needs no password."""
    if row.get("locked") in _TRUE:
        return ()
    main, string = str(row.get("plugin") or ""), row.get("string")
    others = row.get("others")
    more = tuple(shown(str(one)) for one in others) if isinstance(others, list) else ()
    if string == "invalid":
        return more
    first = "none" if string == "none" and main in NATIVE else shown(main) or "mysql_native_password"
    blank = row.get("blank") in {1, "1"} and any(one in NATIVE for one in more)
    return (first, *more, *(("none",) if blank else ()))


def _ways(row: Mapping[str, object], rules: bool) -> tuple[Entrance, ...]:
    name, host = shown(str(row.get("user"))), str(row.get("host"))
    special = "named" if rules else ""
    encrypted_only = str(row.get("tls") or "0") not in {"0", "NONE"}
    found = []
    for method in _methods(row):
        socket = method in SOCKET or host == "localhost"
        who = Audience.ITSELF if socket else Audience.EVERYBODY if not host.strip("%_.:") else audience_of(host)
        clear = not socket and not encrypted_only
        found.append(Entrance(f"{name or repr('')}@{shown(host)}", who, socket, clear, not socket, method, special))
    return tuple(found)
