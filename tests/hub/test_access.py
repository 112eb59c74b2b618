"""Who may ask the hub what: second factor, certificates, roles, and the audit log of it all."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import delete, update
from starlette.applications import Starlette

from scanner.hub import access, audit, clock
from scanner.hub.access import BadUser, NotAdmitted, Role
from scanner.hub.admin import Admin
from scanner.hub.database import Database
from scanner.hub.door import Door
from scanner.hub.logins import Logins
from scanner.hub.permission import Permission
from scanner.hub.schema import audit as audit_table
from scanner.hub.schema import users
from tests.hub import asking as asking_app
from tests.hub.simulated import Simulated
from tests.hub.test_chain import send

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as usual, but with little memory: these tests are about everything around it."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(access, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def secret_of(uri: str) -> str:
    return parse_qs(urlsplit(uri).query)["secret"][0]


def code(secret: str, steps: int = 0) -> str:
    return access.one_time_code(secret, int(time.time()) // access.STEP + steps)


def test_one_time_codes_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # appendix B: 12345678901234567890
    assert [access.one_time_code(secret, t // 30) for t in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]
    assert access.matching_step(secret, "287082", 59 + 30) == 1
    assert access.matching_step(secret, "287082", 59 + 90) is None
    assert access.matching_step(secret, "２８７０８２", 59) is None


def test_password_and_code_let_in_and_each_code_only_once(database: Database) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    token = access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
    assert access.by_session(database, token).role is Role.AUDITOR
    for name, password, number in (
        ("aoki", PASSWORD, code(secret)),  # used
        ("aoki", "wrong", code(secret, 1)),
        ("aoki", PASSWORD, "000000"),
        ("nobody", PASSWORD, code(secret, 1)),
    ):
        with pytest.raises(NotAdmitted):
            access.log_in(database, name, password, number, "192.0.2.1")
    access.log_out(database, token)
    with pytest.raises(NotAdmitted):
        access.by_session(database, token)


def test_guessing_locks_the_user_out_even_with_the_right_password(database: Database) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    for _ in range(access.FREE_FAILURES):
        with pytest.raises(NotAdmitted):
            access.log_in(database, "aoki", "wrong", code(secret), "192.0.2.1")
    with pytest.raises(NotAdmitted):
        access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
    assert audit.entries(database)[-1].detail.startswith("locked until")


def guess(database: Database, name: str, address: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotAdmitted):
            access.log_in(database, name, "wrong", "000000", address)


def test_nobody_elsewhere_keeps_a_user_out_of_a_place_where_they_are_known(database: Database) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    access.log_in(database, "aoki", PASSWORD, code(secret, -1), "192.0.2.1")
    guess(database, "aoki", "198.51.100.9", access.FREE_FAILURES + 1)
    assert audit.entries(database)[-1].detail.startswith("locked until")
    access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
    guess(database, "aoki", "198.51.100.9", 1)
    assert audit.entries(database)[-1].detail.startswith("locked until"), "a log-in elsewhere gives no further tries here"
    guess(database, "aoki", "192.0.2.1", access.FREE_FAILURES)
    with pytest.raises(NotAdmitted):
        access.log_in(database, "aoki", PASSWORD, code(secret, 1), "192.0.2.1")
    assert audit.entries(database)[-1].detail.startswith("locked until"), "who guesses there is locked out there"


def test_a_place_is_forgotten_after_a_while(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    access.log_in(database, "aoki", PASSWORD, code(secret, -1), "192.0.2.1")
    guess(database, "aoki", "198.51.100.9", access.FREE_FAILURES)
    monkeypatch.setattr(access, "KNOWN", timedelta(0))
    with pytest.raises(NotAdmitted):
        access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")


def test_what_was_written_while_the_clock_ran_ahead_does_not_last(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    access.add_user(database, "test", "ito", Role.AUDITOR, password=PASSWORD)
    ahead = datetime.now(UTC) + timedelta(days=365)
    with monkeypatch.context() as wrong:
        wrong.setattr(clock, "now", lambda: clock.written(ahead))
        token = access.log_in(database, "aoki", PASSWORD, access.one_time_code(secret, int(ahead.timestamp()) // access.STEP), "192.0.2.1")
        assert access.by_session(database, token)
        guess(database, "ito", "192.0.2.1", access.FREE_FAILURES + 1)
    with pytest.raises(NotAdmitted):
        access.by_session(database, token)
    guess(database, "ito", "192.0.2.1", 1)
    assert not audit.entries(database)[-1].detail.startswith("locked")
    with pytest.raises(NotAdmitted):  # a code is good once, whatever the clock says: the way on is a new factor
        access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
    renewed = secret_of(access.renew_user(database, "test", "aoki", PASSWORD + "2"))
    assert access.log_in(database, "aoki", PASSWORD + "2", code(renewed), "192.0.2.1")


def test_a_clock_set_back_a_little_ends_no_session(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    token = access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
    monkeypatch.setattr(clock, "now", lambda: clock.written(datetime.now(UTC) - timedelta(minutes=5)))
    assert access.by_session(database, token)


def test_a_user_who_is_renewed_is_another_one_to_old_secrets(database: Database) -> None:
    secret = secret_of(access.add_user(database, "test", "aoki", Role.AUDITOR, password=PASSWORD))
    token = access.log_in(database, "aoki", PASSWORD, code(secret), "192.0.2.1")
    access.disable_user(database, "test", "aoki")
    with pytest.raises(BadUser):
        access.renew_user(database, "test", "aoki", "short")
    with pytest.raises(BadUser):
        access.renew_user(database, "test", "nobody", PASSWORD)
    renewed = secret_of(access.renew_user(database, "test", "aoki", "another long password"))
    for password, number in ((PASSWORD, code(renewed)), ("another long password", code(secret, 1))):
        with pytest.raises(NotAdmitted):
            access.log_in(database, "aoki", password, number, "192.0.2.1")
    with pytest.raises(NotAdmitted):
        access.by_session(database, token)
    assert access.log_in(database, "aoki", "another long password", code(renewed), "192.0.2.1")
    assert list(audit.faults(database)) == []


def test_a_certificate_stands_for_one_user_only(database: Database) -> None:
    access.add_user(database, "test", "aoki", Role.AUDITOR, certificate="ab" * 32)
    with pytest.raises(BadUser, match="aoki"):
        access.add_user(database, "test", "ito", Role.ADMINISTRATOR, certificate="AB:" * 31 + "AB")


def test_weak_users_are_not_made(database: Database) -> None:
    for wrong in ({"password": "short"}, {}, {"certificate": "abc"}):
        with pytest.raises(BadUser):
            access.add_user(database, "test", "aoki", Role.AUDITOR, **wrong)


@pytest.fixture
def asking(door: Door) -> Callable[..., tuple[int, dict[str, object]]]:
    """Give a way to ask as one of three users; the machine ``PC`` belongs to the system ``mail``."""
    systems: dict[str, list[str]] = {}
    permission = Permission(door.database, lambda agent: systems.get(agent, []))
    app = Starlette(routes=Admin(door.hub_key, permission, Logins(door.database)).routes())
    mine, other = Simulated.enrol(door, "PC"), Simulated.enrol(door, "other")
    systems[mine.agent] = ["mail"]
    send(door, mine.report(), other.report())
    tokens = {}
    for name, role in (("root", Role.ADMINISTRATOR), ("eye", Role.AUDITOR), ("owner", Role.OWNER)):
        uri = access.add_user(door.database, "test", name, role, password=PASSWORD, systems=["mail"] if role is Role.OWNER else [])
        body = {"user": name, "password": PASSWORD, "code": code(secret_of(uri))}
        tokens[name] = asking_app.ask(app, "POST", "/admin/1/login", body)[1]["token"]

    def ask(name: str, method: str, path: str, body: object = None, site: str = "") -> tuple[int, dict[str, object]]:
        path = path.replace("MINE", mine.agent).replace("OTHER", other.agent)
        return asking_app.ask(app, method, "/admin/1" + path, body, f"Bearer {tokens[name]}" if name in tokens else "", site=site)

    return ask


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/agents", (200, 200, 200)),
        ("GET", "/agents/MINE", (200, 200, 200)),
        ("GET", "/agents/OTHER", (200, 403, 200)),
        ("GET", "/agents/OTHER/results", (200, 403, 200)),
        ("GET", "/agents/MINE/changes", (200, 200, 200)),
        ("GET", "/agents/OTHER/changes", (200, 403, 200)),
        ("GET", "/refusals", (200, 403, 200)),
        ("GET", "/audit", (200, 403, 200)),
        ("POST", "/tokens", (403, 403, 200)),
        ("POST", "/agents/MINE/revoke", (403, 403, 200)),
    ],
)
def test_each_role_may_what_it_may(
    asking: Callable[..., tuple[int, dict[str, object]]], method: str, path: str, expected: tuple[int, int, int]
) -> None:
    body = {"note": "n", "why": "w"} if method == "POST" else None
    answers = [asking(name, method, path, body)[0] for name in ("eye", "owner", "root", "nobody")]
    assert answers == [*expected, 401]


def test_a_system_owner_sees_the_machines_of_own_systems_only(asking: Callable[..., tuple[int, dict[str, object]]]) -> None:
    def names(who: str) -> list[str]:
        agents = asking(who, "GET", "/agents")[1]["agents"]
        assert isinstance(agents, list)
        return sorted(row["note"] for row in agents)

    assert names("eye") == ["PC", "other"]
    assert names("owner") == ["PC"]


def test_texts_that_no_database_keeps_are_refused(asking: Callable[..., tuple[int, dict[str, object]]]) -> None:
    for odd in ("a\0b", "\ud800"):
        assert asking("nobody", "POST", "/login", {"user": odd, "password": "p", "code": "0"})[0] == 400
        assert asking("root", "POST", "/tokens", {"note": odd})[0] == 400
        assert asking("root", "GET", f"/agents/{odd.encode('utf-8', 'replace').decode()}")[0] == 404


@pytest.mark.parametrize(
    "body", [{"facts": [], "interval": 1}, {"facts": [], "interval": 10**9}, {"facts": ["\ud800"], "interval": 3600}, {"facts": [7]}]
)
def test_a_policy_that_agents_would_refuse_is_not_made(asking: Callable[..., tuple[int, dict[str, object]]], body: object) -> None:
    assert asking("root", "POST", "/policy", body)[0] == 400
    assert asking("root", "POST", "/policy", {"facts": [], "interval": 3600}) == (200, {"serial": 1})


def test_no_other_site_has_a_browser_ask_for_a_change(asking: Callable[..., tuple[int, dict[str, object]]]) -> None:
    assert asking("root", "POST", "/tokens", {"note": "n"}, "cross-site")[0] == 403
    assert asking("root", "POST", "/tokens", {"note": "n"}, "none")[0] == 200


def test_a_client_certificate_stands_for_its_user(database: Database) -> None:
    access.add_user(database, "test", "card", Role.AUDITOR, certificate=hashlib.sha256(b"der").hexdigest())
    assert access.by_certificate(database, b"der").name == "card"
    with pytest.raises(NotAdmitted):
        access.by_certificate(database, b"another")
    access.disable_user(database, "test", "card")
    with pytest.raises(NotAdmitted):
        access.by_certificate(database, b"der")
    with database.reading() as db:
        assert db.execute(users.select()).one().password == ""


def test_every_access_is_in_the_audit_log_and_a_change_of_it_shows(
    door: Door, asking: Callable[..., tuple[int, dict[str, object]]]
) -> None:
    asking("owner", "GET", "/agents/OTHER")
    asking("root", "POST", "/agents/MINE/revoke", {"why": "lost"})
    found = [(e.actor, e.action) for e in audit.entries(door.database)]
    assert ("user:owner", "agent.read.deny") in found
    assert ("user:root", "agent.revoke") in found
    assert list(audit.faults(door.database)) == []
    with door.database.writing() as db:
        db.execute(update(audit_table).where(audit_table.c.id == 3).values(detail="nothing"))
        db.execute(delete(audit_table).where(audit_table.c.id == 5))
    assert list(audit.faults(door.database)) == ["entry 3 was changed", "entries 5 to 5 are missing"]
