"""Answers of database servers about their accounts: what they are made to, and what is refused. The lab asks real servers."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.facts.readings import Audience
from scanner.hosts.linux.database_accounts import MOST, MYSQL_USERS, ROLES, USERS, roles, users
from scanner.model.reason import CannotObserve, Reason
from tests.unit.host_trees import Machine

HOME = "/var/lib/postgresql/15/main"


def answering(room: Path, answers: dict[str, str]) -> Machine:
    return Machine(room, commands=answers)


def postgresql(room: Path, *found: dict[str, object], home: str = HOME, port: int = 5432) -> Machine:
    return answering(room, {" ".join(ROLES[port].argv): json.dumps({"home": home, "roles": found})})


def mariadb(room: Path, **row: object) -> Machine:
    usual = {"user": "a", "host": "%", "plugin": "mysql_native_password", "string": "set", "others": None, "blank": 0, "access": "0"}
    return answering(room, {" ".join(USERS.argv): json.dumps({**usual, **row}) + "\n"})


@pytest.mark.parametrize("port", [5432, 5433])
def test_the_cluster_that_keeps_its_data_there_is_the_one(tmp_path: Path, port: int) -> None:
    machine = postgresql(tmp_path, {"name": "a", "login": True, "form": "md5", "super": False}, port=port)
    (one,) = roles(machine, HOME)
    assert (one.name, one.login, one.password, one.administers) == ("a", True, "md5", False)
    with pytest.raises(CannotObserve) as refused:
        roles(machine, "/other")
    assert refused.value.reason is Reason.ACCESS_DENIED


def test_a_server_that_does_not_answer_tells_nothing(tmp_path: Path) -> None:
    for ask in (lambda: roles(answering(tmp_path, {}), HOME), lambda: users(answering(tmp_path, {}))):
        with pytest.raises(CannotObserve) as refused:
            ask()
        assert refused.value.reason is Reason.ACCESS_DENIED


def test_too_many_accounts_are_not_judged(tmp_path: Path) -> None:
    with pytest.raises(CannotObserve) as refused:
        roles(postgresql(tmp_path, *[dict[str, object](name=number) for number in range(MOST + 1)]), HOME)
    assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("row", "ways"),
    [
        ({}, [("mysql_native_password", Audience.EVERYBODY, True)]),
        ({"string": "none"}, [("none", Audience.EVERYBODY, True)]),
        ({"string": "none", "plugin": None}, [("none", Audience.EVERYBODY, True)]),
        ({"string": "none", "plugin": "pam"}, [("pam", Audience.EVERYBODY, True)]),
        ({"string": "invalid"}, []),
        ({"string": "invalid", "others": ["unix_socket"]}, [("unix_socket", Audience.ITSELF, False)]),
        (
            {"others": ["mysql_native_password"], "blank": 1, "plugin": "ed25519"},
            [
                ("ed25519", Audience.EVERYBODY, True),
                ("mysql_native_password", Audience.EVERYBODY, True),
                ("none", Audience.EVERYBODY, True),
            ],
        ),
        ({"locked": "1"}, []),
        ({"locked": "true"}, []),
        ({"host": "localhost"}, [("mysql_native_password", Audience.ITSELF, False)]),
        ({"host": "127.0.0.1"}, [("mysql_native_password", Audience.ITSELF, True)]),
        ({"host": "192.0.2.0/255.255.255.0"}, [("mysql_native_password", Audience.SOME, True)]),
        ({"host": "%.%.%.%"}, [("mysql_native_password", Audience.EVERYBODY, True)]),
        ({"host": "%.example.jp"}, [("mysql_native_password", Audience.SOME, True)]),
        ({"host": "", "tls": "1"}, [("mysql_native_password", Audience.EVERYBODY, False)]),
        ({"role": "1"}, []),
    ],
)
def test_ways_in_of_an_account(tmp_path: Path, row: dict[str, object], ways: list[tuple[str, Audience, bool]]) -> None:
    _, found = users(mariadb(tmp_path, **row))
    assert [(one.method, one.who, one.clear) for one in found] == ways


@pytest.mark.parametrize(
    ("access", "rules"),
    [
        ("0", False),
        ("1", False),
        ("32768", True),
        ("4", True),
        ("33554432", True),
        ("18446744073709551615", True),
        ("-1", True),
        ("?", True),
    ],
)
def test_who_may_write_into_every_table_administers(tmp_path: Path, access: str, rules: bool) -> None:
    ((one,), _) = users(mariadb(tmp_path, access=access))
    assert one.administers is rules


@pytest.mark.parametrize(
    ("account", "others", "rules"),
    [
        ({"tables": 1}, [], True),
        ({"roles": ["r@"]}, [{"user": "r", "access": "32768"}], True),
        ({"roles": ["r@"]}, [{"user": "r", "roles": ["s@"]}, {"user": "s", "tables": 1, "roles": ["r@"]}], True),
        ({"roles": ["r@"]}, [{"user": "r", "roles": ["r@"]}, {"user": "s", "access": "32768"}], False),
        ({}, [{"user": "PUBLIC", "access": "4"}], True),
        ({"roles": None}, [{"user": "PUBLIC", "roles": None}], False),
    ],
)
def test_rights_of_roles_are_those_of_who_may_take_them(
    tmp_path: Path, account: dict[str, object], others: list[dict[str, object]], rules: bool
) -> None:
    lines = [{"user": "one", "host": "%", **account}, *({"role": "true", "host": "", **other} for other in others)]
    said = "\n".join(map(json.dumps, lines))
    ((one,), (way,)) = users(answering(tmp_path, {" ".join(USERS.argv): said}))
    assert (one.administers, bool(way.superuser)) == (rules, rules)


@pytest.mark.parametrize(
    ("account", "rules"),
    [
        ({"plugin": "pam", "proxied": [""]}, True),
        ({"plugin": "pam", "proxied": ["app", "chief"]}, True),
        ({"plugin": "pam", "proxied": ["c%f"]}, True),
        ({"plugin": "gssapi", "proxied": ["_hief"]}, True),
        ({"plugin": "pam", "proxied": [r"\_hief", "hief", "CHIEF"]}, False),
        ({"plugin": "ed25519", "others": ["pam"], "proxied": ["chief"]}, True),
        ({"plugin": "mysql_native_password", "proxied": ["chief"]}, False),  # always itself
        ({"plugin": "pam", "proxied": ["chief"], "locked": 1}, False),
        ({"plugin": "pam", "proxied": None}, False),
    ],
)
def test_who_may_stand_for_an_administrator_administers(tmp_path: Path, account: dict[str, object], rules: bool) -> None:
    lines = [{"user": "one", "host": "%", "string": "set", **account}, {"user": "chief", "host": "localhost", "access": "32768"}]
    ((one, _), _) = users(answering(tmp_path, {" ".join(USERS.argv): "\n".join(map(json.dumps, lines))}))
    assert one.administers is rules


@pytest.mark.parametrize(
    ("account", "chief", "rules"),
    [
        ({"dynamic": ["ROLE_ADMIN"]}, {}, True),
        ({"dynamic": ["SET_ANY_DEFINER"]}, {"dynamic": ["SYSTEM_USER"]}, False),
        ({"dynamic": ["SET_USER_ID", "SYSTEM_USER"]}, {"dynamic": ["SYSTEM_USER"]}, True),
        ({"dynamic": ["SYSTEM_USER", "BACKUP_ADMIN"]}, {}, False),
        ({"everybodys": "`chief`@localhost"}, {}, True),
        ({"everybodys": "other, 'chief'@'localhost'"}, {}, True),
        ({"everybodys": "chief"}, {}, False),
        ({"everybodys": "chief"}, {"host": "%"}, True),
        ({"plugin": "caching_sha2_password", "proxied": ["chief"]}, {}, False),
        ({"plugin": "mysql_native_password", "proxied": ["chief"], "named": 1}, {}, True),
    ],
)
def test_who_takes_an_administrators_rights_in_mysql(
    tmp_path: Path, account: dict[str, object], chief: dict[str, object], rules: bool
) -> None:
    lines = [{"user": "one", "host": "%", "string": "set", **account}, {"user": "chief", "host": "localhost", "access": "32768", **chief}]
    said = "\n".join(map(json.dumps, lines))
    ((one, _), _) = users(answering(tmp_path, {" ".join(MYSQL_USERS.argv): said}), MYSQL_USERS)
    assert one.administers is rules


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=40), st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps))
)
def test_no_answer_breaks_the_reader(tmp_path: Path, said: str) -> None:
    with suppress(CannotObserve):
        roles(answering(tmp_path, {" ".join(ROLES[5432].argv): said}), HOME)
    with suppress(CannotObserve):
        users(answering(tmp_path, {" ".join(USERS.argv): said}))
