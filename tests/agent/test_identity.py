"""The private key on the disk: who may read it, what becomes of a damaged or copied one. Windows' way is in ``test_windows``."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import identity
from agent.trouble import NotEnrolled, Trouble
from scanner.protocol.keys import SigningKey
from tests.agent.enrolled import enrolled, put_key

KEY = SigningKey.make()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state of an enrolled machine."""
    place = tmp_path / "state"
    enrolled(place, KEY)
    return place


def test_the_key_is_kept_for_its_owner_only(state: Path) -> None:
    assert identity.load(state).key.id == KEY.id
    assert (state / identity.IDENTITY_FILE).stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    state.chmod(0o755)
    identity.prepare(state)
    assert state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_read_or_write_is_refused(state: Path, mode: int) -> None:
    (state / identity.IDENTITY_FILE).chmod(mode)
    with pytest.raises(Trouble, match="may have leaked"):
        identity.load(state)
    identity.next_key(state)
    (state / identity.NEXT_KEY_FILE).chmod(mode)
    with pytest.raises(Trouble, match="may have leaked"):
        identity.next_key(state)


@pytest.mark.parametrize(
    "kept",
    ["", "AAAA", "dpapi:AAAA", "鍵", None, 1, ["x"], KEY.secret + "A"],
    ids=["empty", "short", "of Windows", "no base64", "null", "number", "list", "too long"],
)
def test_a_damaged_key_is_told_in_both_languages_and_stays_where_it_is(state: Path, kept: object) -> None:
    put_key(state, kept)
    before = (state / identity.IDENTITY_FILE).read_bytes()
    with pytest.raises(Trouble, match="enrol this machine again") as told:
        identity.load(state)
    assert "登録し直す" in told.value.text.ja
    assert (state / identity.IDENTITY_FILE).read_bytes() == before


def test_an_enrolment_that_was_broken_off_goes_on_with_the_same_key(state: Path) -> None:
    assert identity.next_key(state).id == identity.next_key(state).id
    (state / identity.NEXT_KEY_FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(Trouble, match="remove it"):
        identity.next_key(state)


def test_no_state_is_no_enrolment(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled):
        identity.load(tmp_path / "nothing")
