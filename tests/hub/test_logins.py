"""How fast anybody may try to log in."""

from __future__ import annotations

import threading

import pytest

from scanner.hub import access, audit, logins
from scanner.hub.access import NotAdmitted
from scanner.hub.database import Database
from scanner.hub.logins import TRIES, WINDOW, Logins, TooManyTries
from scanner.hub.place import place_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every try fails, at no cost."""

    def refuse(*_: object) -> str:
        raise NotAdmitted

    monkeypatch.setattr(access, "log_in", refuse)


def fail(door: Logins, address: str) -> None:
    with pytest.raises(NotAdmitted):
        door.log_in("aoki", "p", "c", address)


@pytest.mark.usefixtures("refused")
def test_too_many_tries_from_one_place_wait_and_others_do_not(database: Database) -> None:
    clock = Clock()
    door = Logins(database, clock)
    for n in range(TRIES):
        clock.now = float(n)
        fail(door, "2001:db8::1")
    for address in ("2001:db8::1", "2001:db8::ffff:1"):
        with pytest.raises(TooManyTries) as many:
            door.log_in("aoki", "p", "c", address)
    assert many.value.seconds == int(WINDOW) - TRIES + 2
    fail(door, "2001:db8:0:1::1")
    fail(door, "192.0.2.1")
    clock.now = 2 * WINDOW
    fail(door, "2001:db8::1")
    assert [entry.action for entry in audit.entries(database)] == ["login.limit"], "a flood is one entry"


def test_who_gets_in_is_not_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "log_in", lambda *_: "token")
    door = Logins(database, Clock())
    assert {door.log_in("aoki", "p", "c", "192.0.2.1") for _ in range(TRIES * 3)} == {"token"}


def test_a_place_is_an_address_of_ipv4_or_a_network_of_ipv6() -> None:
    places = [place_of(address) for address in ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2", "2001:db8::9", "media")]
    assert places == ["192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::/64", "media"]


@pytest.mark.usefixtures("refused")
def test_what_is_remembered_of_places_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "MOST_PLACES", 3)
    door = Logins(database, Clock())
    for n in range(9):
        fail(door, f"192.0.2.{n}")
    assert len(door._failed) == 3


def test_passwords_are_tried_a_few_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "AT_ONCE", 1)
    monkeypatch.setattr(logins, "WAIT", 0.05)
    inside, leave = threading.Event(), threading.Event()

    def slow(*_: object) -> str:
        inside.set()
        assert leave.wait(30)
        return "token"

    monkeypatch.setattr(access, "log_in", slow)
    door = Logins(database, Clock())
    first = threading.Thread(target=door.log_in, args=("aoki", "p", "c", "192.0.2.1"))
    first.start()
    assert inside.wait(30)
    with pytest.raises(TooManyTries):
        door.log_in("aoki", "p", "c", "192.0.2.2")
    leave.set()
    first.join()
