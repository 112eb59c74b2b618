"""What the commands of ``tenken hub`` do: they open the hub's database, do one thing, write it into the audit log and print."""

from __future__ import annotations

import getpass
import logging
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from baselines.model import Baseline
from scanner.cli import console
from scanner.cli.outputs import OpenStore, Outputs
from scanner.cli.scan import produce
from scanner.cli.setup import Setup, set_up
from scanner.cli.words import Language
from scanner.engine.run import judge_again, new_run_id
from scanner.hub import access, audit, enrolment, media
from scanner.hub.access import BadUser, Role
from scanner.hub.clock import written
from scanner.hub.database import Database, DatabaseTrouble
from scanner.hub.door import Door
from scanner.hub.enrolment import NoSuchAgent
from scanner.hub.keyfile import BadKeyFile, load_or_make
from scanner.hub.permission import Permission
from scanner.hub.posture import Judge, Posture, Rules
from scanner.hub.serve import BadServer, Hub, Listen
from scanner.ledger.inventory import Inventory
from scanner.model.target import Endpoint
from scanner.model.text import Text
from scanner.pages.app import people
from scanner.pages.names import Names, documents_of
from scanner.protocol.keys import SigningKey
from scanner.protocol.refusal import REFUSAL_WORDS, Refused
from scanner.report.files import whole_file

log = logging.getLogger(__name__)

__all__ = ["Listen"]  # the options of ``serve`` are its fields


@dataclass(frozen=True, slots=True)
class Place:
    """Where the hub's database and key are; ``state`` is where they are by default."""

    url: str
    key_file: Path | None
    state: Path

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open the database; what is wrong with it ends the command with status 2."""
        try:
            with Database(self.url or f"sqlite:///{self.state / 'hub.sqlite3'}") as found:
                yield found
        except (DatabaseTrouble, BadKeyFile, BadServer, BadUser) as error:
            console.refuse(str(error))
        except NoSuchAgent as error:
            console.refuse(f"{error}: そのような端末はない / no such agent")
        except Refused as error:
            words = REFUSAL_WORDS[error.reason]
            console.refuse(f"{words.ja} / {words.en}: {error.detail}")

    def key(self) -> SigningKey:
        """Give the hub's signing key."""
        return load_or_make(self.key_file or self.state / "hub.key")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What reports are judged with, as named on the command line."""

    inventory: Path | None
    baselines: list[str] | None
    profile: Path | None
    exceptions: Path | None
    only: list[str] | None = None

    def load(self) -> tuple[Setup, Rules]:
        """Load everything. Raises ``BadFile``."""
        setup = set_up(self.baselines, self.inventory or Inventory.of_targets([]), self.profile, self.exceptions, self.only)
        start = setup.start("", "", "", "", 0)
        digests = (start.catalogue_digest, *(b.digest for b in setup.baselines), start.profile_digest, start.inventory_digest)
        return setup, Rules.of(setup.plan, setup.inventory, *digests)


def serve(place: Place, listen: Listen, ledger: Ledger | None) -> None:
    """Serve until told to end."""
    with place.database() as database:
        key = place.key()
        inventory, judge = Inventory.of_targets([]), None
        baselines: tuple[Baseline, ...] = ()
        if ledger:
            setup, rules = ledger.load()
            inventory, baselines = setup.inventory, setup.baselines
            judge = Judge(Posture(database, rules))
            judge.start()

        def systems_of(agent: str) -> Sequence[str]:
            return [system.id for system in inventory.systems_of(Endpoint(agent))]

        names = Names(documents_of(baselines), {system.id: system.name for system in inventory.systems.values()})
        rest = people(key, Permission(database, systems_of), names)
        hub = Hub(database, key, rest, judge.wake if judge else lambda: None)
        try:
            hub.serve(listen, lambda port: _tell_ready(listen, port))
        finally:
            if judge:
                judge.stop()


def _tell_ready(listen: Listen, port: int) -> None:
    scheme = "https" if listen.certificate else "http"
    console.err.print(f"{scheme}://{listen.host}:{port} で受け付ける / listening", markup=False)


def enroll(place: Place, note: str, agent: str, days: int) -> None:
    """Print a token."""
    with place.database() as database:
        token = enrolment.make_token(database, place.key(), _actor(), note=note, agent=agent or None, life=timedelta(days=days))
    sys.stdout.write(token.text + "\n")


def revoke(place: Place, agent: str, why: str) -> None:
    """Revoke an agent."""
    with place.database() as database:
        enrolment.revoke(database, _actor(), agent, why)


def policy(place: Place, facts: list[str], interval: int) -> None:
    """Set the policy."""
    with place.database() as database:
        made = enrolment.set_policy(database, place.key(), _actor(), facts, interval)
    sys.stdout.write(f"{made.serial}\n")


def import_reports(place: Place, file: Path, receipts: Path | None, language: Language) -> None:
    """Take a file of reports. Status 1 where something was refused."""
    refused = 0
    with place.database() as database, file.open("rb") as source:
        door = Door(database, place.key())
        if receipts:
            with whole_file(receipts) as out:
                lines = list(media.take(door, source, out))
        else:
            lines = list(media.take(door, source, None))
        note(database, "media.import", file.name)
    for line in lines:
        if isinstance(line.outcome, Refused):
            refused += 1
            console.err.print(f"{file.name}:{line.number}: {language.of(REFUSAL_WORDS[line.outcome.reason])}", markup=False)
    taken = len(lines) - refused
    console.err.print(language.of(Text(ja=f"受領 {taken} 件、拒否 {refused} 件", en=f"{taken} taken, {refused} refused")), markup=False)
    if refused:
        raise typer.Exit(1)


def judge(place: Place, ledger: Ledger, zone: str, outputs: Outputs, store: OpenStore | None) -> None:
    """Judge all agents as one run, with the outputs and the store of any other run."""
    with place.database() as database:
        setup, rules = ledger.load()
        if zone not in setup.inventory.zones:
            console.refuse(f"--zone {zone}: 台帳にない観測点 / not a zone of the inventory: {', '.join(setup.inventory.zones)}")
        posture = Posture(database, rules)
        posture.bring_up_to_date()
        now = datetime.now(UTC)
        seen = list(posture.seen())
        if not seen:
            console.refuse("登録された端末がない / no agent is enrolled")
        start = setup.start(new_run_id(now, secrets.token_hex(2)), written(now), zone, _actor(), len(seen))
        produce(setup, start, outputs, store, lambda judging, _: judge_again(judging, iter(seen), lambda: written(datetime.now(UTC))))


def add_user(place: Place, name: str, role: str, certificate: str, systems: list[str], *, with_password: bool) -> None:
    """Add a user and print the URI of the second factor, which is shown once."""
    if role not in set(Role):
        console.refuse(f"--role {role}: {', '.join(Role)}")
    password = _asked_password() if with_password else ""
    with place.database() as database:
        uri = access.add_user(database, _actor(), name, Role(role), password=password, certificate=certificate, systems=systems)
    if uri:
        sys.stdout.write(uri + "\n")


def renew_user(place: Place, name: str) -> None:
    """Give a user a new password and print the URI of a new second factor, which is shown once."""
    password = _asked_password()
    with place.database() as database:
        uri = access.renew_user(database, _actor(), name, password)
    sys.stdout.write(uri + "\n")


def _asked_password() -> str:
    return getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def disable_user(place: Place, name: str) -> None:
    """Let a user in no more."""
    with place.database() as database:
        access.disable_user(database, _actor(), name)


def _actor() -> str:
    try:
        return "local:" + getpass.getuser()
    except (KeyError, OSError):
        return "local:?"


def note(database: Database, action: str, object_: str = "") -> None:
    with database.writing() as db:
        audit.note(db, _actor(), action, object_)
