"""What is judged over a whole run: whose keys are whose, when the run itself is a target, and that a later judgement says the same."""

from __future__ import annotations

import random

from scanner.engine.factset import FactSet
from scanner.engine.keys import KeyUse, Register, judges_the_run, keys_of
from scanner.engine.plan import make_plan
from scanner.engine.run import systems_of
from scanner.facts.keys import KeysInUse, SharedKey
from scanner.facts.ssh import SshAddress, SshHostKey, SshOffer, SshSurvey
from scanner.ledger.inventory import Inventory
from scanner.ledger.profile import EMPTY
from scanner.model.fact import Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import WHOLE_RUN, Domain, Kind, Service, parse_target
from tests.unit.frame import AT, doors, world

OFFER = SshOffer("2.0", "OpenSSH", "", kex=("curve25519-sha256",))


def ssh(host: str, *addresses: str, key: str = "SHA256:a", picked: str = "") -> FactSet:
    facts = FactSet(Service(host, 22, "ssh", picked))
    seen = tuple(SshAddress(address, OFFER, (SshHostKey("ssh-ed25519", "ssh-ed25519", 256, key),)) for address in addresses)
    facts.put(facts.target, SshSurvey, Observed(SshSurvey(seen), AT))
    return facts


def register(*seen: FactSet) -> KeysInUse:
    gathered = Register()
    for facts in seen:
        gathered.take(keys_of(facts))
    return gathered.fact()


def test_a_key_on_two_servers_is_shared() -> None:
    fact = register(ssh("a.jp", "192.0.2.1"), ssh("b.jp", "192.0.2.2"), ssh("c.jp", "192.0.2.3", key="SHA256:c"))
    assert fact == KeysInUse(0, (), 3, (SharedKey("SHA256:a", ("service:a.jp:22/ssh", "service:b.jp:22/ssh")),))


def test_two_names_of_one_server_share_with_nobody() -> None:
    assert register(ssh("a.jp", "192.0.2.1", "2001:db8::1"), ssh("b.jp", "2001:db8::1")).ssh == ()


def test_one_name_listed_by_each_of_its_addresses_is_one_server() -> None:
    ways = [ssh("a.jp", address, picked=address) for address in ("192.0.2.1", "2001:db8::1")]
    assert register(*ways).ssh == ()


def test_servers_that_touch_through_a_third_are_one() -> None:
    assert register(ssh("a.jp", "192.0.2.1"), ssh("b.jp", "192.0.2.2"), ssh("c.jp", "192.0.2.1", "192.0.2.2")).ssh == ()


def test_keys_that_could_not_be_seen_are_counted() -> None:
    silent = FactSet(Service("d.jp", 22, "ssh"))
    silent.put(silent.target, SshSurvey, Unobserved(Reason.TIMEOUT, "no answer"))
    part = ssh("e.jp", "192.0.2.5", key="SHA256:e")
    seen = part.seen[part.target][SshSurvey]
    assert isinstance(seen, Observed)
    assert isinstance(seen.fact, SshSurvey)
    unseen = SshAddress("192.0.2.6", Unobserved(Reason.TIMEOUT), Unobserved(Reason.TIMEOUT))
    part.put(part.target, SshSurvey, Observed(SshSurvey((*seen.fact.addresses, unseen)), AT))
    fact = register(ssh("a.jp", "192.0.2.1"), silent, part)
    assert (fact.ssh_services, fact.ssh, fact.ssh_unseen) == (2, (), 2)


def test_the_order_of_the_targets_makes_no_difference() -> None:
    seen = [ssh(f"h{n}.jp", f"192.0.2.{n}", key=f"SHA256:{n % 3}") for n in range(1, 12)]
    shuffled = random.Random(1).sample(seen, len(seen))
    assert register(*seen) == register(*shuffled)


def test_one_service_that_many_targets_lead_to_counts_once() -> None:
    use = KeyUse(Kind.TLS_SERVICE, "aa", "service:mx.jp:25/smtp", ("192.0.2.1",))
    gathered = Register()
    for _ in range(3):
        gathered.take((use,))
    assert gathered.fact() == KeysInUse(1, (), 0, ())


def test_only_a_run_with_keys_and_checks_for_them_is_judged() -> None:
    both = [Service("a.jp", 22, "ssh"), Service("b.jp", 22, "ssh")]
    plan = make_plan(world(doors), [], EMPTY)
    assert not judges_the_run(plan, both)  # nothing judges the run
    assert not judges_the_run(plan, [Domain("a.jp"), Domain("b.jp")])


def test_the_run_is_a_target_by_its_key() -> None:
    assert parse_target(WHOLE_RUN.key) == WHOLE_RUN


def test_its_systems_are_those_of_the_services_that_share() -> None:
    facts = FactSet(WHOLE_RUN)
    facts.put(WHOLE_RUN, KeysInUse, Observed(KeysInUse(0, (), 0, ()), AT))
    assert [system.id for system in systems_of(facts, Inventory.of_targets([]))] == ["unlisted"]
