"""Accounts of database servers, asked of the servers themselves by their own administrators' way in, which needs no password.

The queries give of a password only its form: no hash leaves the server. Where that way in is closed or wants a password, nothing is told.
Sources: PostgreSQL's pages on pg_authid and predefined roles, MariaDB's on mysql.global_priv and mysql.proxies_priv.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
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
    "'roles', (select json_arrayagg(m.Role) from mysql.roles_mapping m where m.User = g.User and m.Host = g.Host), "
    "'proxied', (select json_arrayagg(p.Proxied_user) from mysql.proxies_priv p where p.User = g.User and p.Host = g.Host), "
    "'tables', exists (select 1 from mysql.db d where d.User = g.User and d.Host = g.Host and 'mysql' like d.Db "
    "and 'Y' in (d.Insert_priv, d.Update_priv)) or exists (select 1 from mysql.tables_priv t where t.User = g.User and t.Host = g.Host "
    "and t.Db = 'mysql' and (find_in_set('Insert', t.Table_priv) or find_in_set('Update', t.Table_priv)))) "
    "from mysql.global_priv g limit 2001"
)
USERS = Run(("mariadb", "--no-defaults", "-BNre", _USERS), root=True)
SOURCES: tuple[Source, ...] = (*ROLES.values(), USERS)
RULING = (1 << 25) | (1 << 15) | (1 << 2) | (1 << 1)
"""Rights on everything that make an administrator: CREATE USER, which changes others' passwords too; SUPER; UPDATE and INSERT, since
accounts stand in a table (sql/privilege.h)."""
EVERYBODYS = "PUBLIC"
"""The role that everybody has, from MariaDB 10.11 on."""
NATIVE = frozenset({"", "mysql_native_password", "mysql_old_password"})
"""Methods that let in without a password where none is set."""
SOCKET = "unix_socket"
OWN_NAME = NATIVE | {"none", SOCKET, "ed25519", "parsec"}
"""Methods that always give an account its own name. Others, PAM among them, may name one that it has the right to stand for."""
_TRUE = ("true", "1", 1)  # no set: what a server says need not be hashable
T = TypeVar("T")


def roles(read: Reader, home: str) -> tuple[DatabaseAccount, ...]:
    """Give the roles of the PostgreSQL cluster whose data stand in ``home``. Raises ``CannotObserve``."""
    for run in ROLES.values():
        said = _said(read, run)
        told = _object(said) if said is not None else {}
        if told.get("home") == home:
            found = [_role(one) for one in _objects(told.get("roles"))]
            return _capped(found)
    raise CannotObserve(Reason.ACCESS_DENIED, "PostgreSQL does not let its own administrator in by the socket without a password")


def users(read: Reader) -> tuple[tuple[DatabaseAccount, ...], tuple[Entrance, ...]]:
    """Give the accounts of MariaDB, and the ways in that they make. Raises ``CannotObserve``."""
    said = _said(read, USERS)
    if said is None:
        raise CannotObserve(Reason.ACCESS_DENIED, "MariaDB does not let root in by the socket without a password")
    rows = _capped([_object(line) for line in said.split(b"\n") if line.strip()])
    roles_ = {str(row.get("user")): row for row in rows if row.get("role") in _TRUE}
    accounts = [row for row in rows if row.get("role") not in _TRUE]
    rulers = [str(row.get("user")) for row in accounts if _rules(row, roles_)]
    people = [(row, _rules(row, roles_) or _stands_for(row, rulers)) for row in accounts]
    return tuple(_user(row, rules) for row, rules in people), tuple(way for row, rules in people for way in _ways(row, rules))


def _said(read: Reader, run: Run) -> bytes | None:
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
    waiting, known = [row, roles_.get(EVERYBODYS, {})], {EVERYBODYS}
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


def _stands_for(row: Mapping[str, object], rulers: Sequence[str]) -> bool:
    """Tell whether an account may become one that administers: the right names accounts by a pattern of LIKE, empty for all."""
    proxied = row.get("proxied")
    patterns = [_like(str(one)) for one in proxied] if isinstance(proxied, list) else []
    named = any(pattern.fullmatch(name) for pattern in patterns for name in rulers)
    return named and any(method not in OWN_NAME for method in _methods(row))


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
        socket = method == SOCKET or host == "localhost"
        who = Audience.ITSELF if socket else Audience.EVERYBODY if not host.strip("%_.:") else audience_of(host)
        clear = not socket and not encrypted_only
        found.append(Entrance(f"{name or repr('')}@{shown(host)}", who, socket, clear, not socket, method, special))
    return tuple(found)
