"""Every server of the mail laboratory is judged as it is, over IPv4 and IPv6, and not one message is sent to find out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from scanner.codec import observation_in, observation_out
from scanner.engine.judge import Result
from scanner.facts.ledger import DeclaredSmtpService, Vantage
from scanner.facts.smtp import RelayDelivery, RelaySeen, SmtpRelay, SmtpTestNames
from scanner.model.fact import Observed
from scanner.model.reason import Reason
from scanner.model.verdict import Outcome
from scanner.net.scope import Level
from scanner.probes import smtp_delivery
from tests.lab.mail.expected import EXPECTED
from tests.lab.mail.lab import MailLab
from tests.lab.mail.scan import NETWORKS, PROTOCOLS, consent, scan
from tests.lab.mail.scenarios import CANARY, DOMAIN, OUTSIDE, SERVERS

pytestmark = pytest.mark.lab

SERVICES = [f"{server.host}:{port}/{PROTOCOLS[port]}" for server in SERVERS.values() for port in server.ports]
FORBIDDEN = ("DATA", "BDAT", "AUTH")
Results = dict[str, list[Result]]


@pytest.fixture(scope="module")
def results(mail_lab: MailLab) -> Results:
    """All services seen from outside, side by side."""
    return scan(mail_lab, SERVICES)


def _told(rows: list[Result], *outcomes: Outcome) -> dict[str, str]:
    return {row.variant.check.id.removeprefix("mail."): row.ending.tag for row in rows if row.ending.outcome in outcomes}


@pytest.mark.timeout(240)  # the first of them waits for the scan of all, a tarpit among them
@pytest.mark.parametrize("service", SERVICES)
def test_a_server_is_judged_as_it_is(results: Results, service: str) -> None:
    name = service.replace(f".{DOMAIN}", "").partition("/")[0]
    expected, rows = EXPECTED[name], results[service]
    assert _told(rows, Outcome.FAIL) == expected.fails
    still_open = _told(rows, Outcome.UNDETERMINED)
    if "*" in expected.open:
        everything = {row.variant.check.id.removeprefix("mail.") for row in rows} - {"relay.delivery"}
        assert still_open == dict.fromkeys(everything, expected.open["*"])
    else:
        assert still_open == expected.open
    said = _told(rows, *Outcome)
    assert {check: said.get(check) for check in expected.says} == expected.says


def test_every_server_has_its_ground_truth() -> None:
    assert set(EXPECTED) == {service.replace(f".{DOMAIN}", "").partition("/")[0] for service in SERVICES}


def test_what_was_seen_survives_the_codec_and_has_evidence(results: Results) -> None:
    kinds = set()
    for kind, observation in {id(o): (k, o) for rows in results.values() for r in rows for k, o in r.basis}.values():
        plain = json.loads(json.dumps(observation_out(observation)))
        assert observation_in(kind.__name__, plain) == observation
        if isinstance(observation, Observed):
            kinds.add(kind.__name__)
            assert observation.evidence or kind in {SmtpTestNames, RelayDelivery}
    assert {"SmtpGreeting", "SmtpRelay", "SmtpInput", "SmtpNames", "SubmissionOpening", "MailAccess"} <= kinds


def test_both_families_are_tried_and_every_way_into_a_transaction(results: Results) -> None:
    seen = next(o.fact for r in results[f"tls.{DOMAIN}:25/smtp"] for k, o in r.basis if k is SmtpRelay and isinstance(o, Observed))
    assert isinstance(seen, SmtpRelay)
    assert [at.address for at in seen.addresses] == list(SERVERS["tls"].addresses)
    for at in seen.addresses:
        assert isinstance(at.seen, RelaySeen)
        assert {trial.stage for trial in at.seen.trials} == {"ehlo", "helo", "starttls"}
        assert len({trial.recipient for trial in at.seen.trials}) > 40


def test_a_tarpit_is_told_by_its_slowness(results: Results) -> None:
    seen = next(o.fact for r in results[f"tarpit.{DOMAIN}:25/smtp"] for k, o in r.basis if k is SmtpRelay and isinstance(o, Observed))
    assert isinstance(seen, SmtpRelay)
    assert all(isinstance(at.seen, RelaySeen) and at.seen.slowest >= 4 for at in seen.addresses)


def test_no_message_no_login_and_a_polite_end(mail_lab: MailLab, results: Results) -> None:
    assert mail_lab.messages() == []
    log = mail_lab.log("postfix")
    ends = [line for line in log.splitlines() if "disconnect from" in line and " ehlo=" in line]
    assert len(ends) > 100
    assert not [line for line in ends if any(f" {verb.lower()}=" in line for verb in FORBIDDEN)]
    served = [line for line in ends if " rcpt=" in line and not line.partition("disconnect")[0].rstrip().endswith("impatient")]
    # Postfix counts what it was asked: RCPT without RSET and QUIT happens only where it ended the session itself.
    impolite = [line for line in served if " quit=1" not in line or " rset=" not in line]
    assert [line for line in impolite if "impatient" not in line] == []


def test_a_default_victim_that_takes_no_mail_leaves_the_question_open(mail_lab: MailLab) -> None:
    rows = scan(mail_lab, [f"open-checks.{DOMAIN}:25/smtp"], only=("mail.relay",), names=SmtpTestNames())[f"open-checks.{DOMAIN}:25/smtp"]
    assert {r.variant.check.id: r.ending.reason for r in rows if r.variant.check.id == "mail.relay.recipients"} == {
        "mail.relay.recipients": Reason.NOT_DECLARED
    }


def test_from_a_network_that_may_relay_nothing_is_concluded(mail_lab: MailLab) -> None:
    target = f"office.{DOMAIN}:25/smtp"
    client = DeclaredSmtpService(None, ("10.20.0.0/24",), Vantage.CLIENT)
    inside = scan(mail_lab, [target], where="inside", only=("mail.relay.recipients",), ledger=client)[target]
    assert [r.ending.reason for r in inside] == [Reason.NO_VANTAGE]
    # The same seen by a ledger that lets nobody relay: then the office is an outsider, and taken all the same.
    nobody = DeclaredSmtpService(None, (), Vantage.UNKNOWN)
    undeclared = scan(mail_lab, [target], where="inside", only=("mail.relay.recipients",), ledger=nobody)[target]
    assert [r.ending.tag for r in undeclared] == ["RELAY_OPEN"]
    assert mail_lab.messages() == []


def test_nothing_is_said_to_a_server_outside_the_scope(mail_lab: MailLab) -> None:
    target = f"closed.{DOMAIN}:25/smtp"
    before = mail_lab.log("postfix").count("connect from")
    rows = scan(mail_lab, [target], networks=("192.0.2.0/24",))[target]
    assert {r.ending.reason for r in rows if r.variant.check.id != "mail.relay.delivery"} == {Reason.OUT_OF_SCOPE}
    assert mail_lab.log("postfix").count("connect from") == before


CANARY_NAMES = SmtpTestNames(canary=CANARY, listen=(OUTSIDE[0],))


def _settled(done: Callable[[], bool]) -> None:
    """Wait until the servers have written down what they did and emptied their queues; the assertions behind it judge."""
    end = time.monotonic() + 10
    while not done() and time.monotonic() < end:
        time.sleep(0.05)


def test_without_consent_no_message_is_sent(mail_lab: MailLab) -> None:
    target = f"{SERVERS['open'].addresses[0]}:25/smtp"
    for level, consents in ((Level.NORMAL, ()), (Level.INTRUSIVE, ()), (Level.INTRUSIVE, (consent("mail.other"),))):
        rows = scan(mail_lab, [target], only=("mail.relay.delivery",), names=CANARY_NAMES, level=level, consents=consents)[target]
        assert [(r.ending.outcome, r.ending.reason) for r in rows] == [(Outcome.UNDETERMINED, Reason.NO_CONSENT)]
    assert mail_lab.messages() == []


@pytest.mark.parametrize(
    ("server", "tag"),
    # open-blind takes everybody's every mailbox: at RCPT it looks just like bounce.
    [
        ("open", "DELIVERY_ARRIVED"),
        ("open-blind", "DELIVERY_ARRIVED"),
        ("percent", "DELIVERY_ARRIVED"),
        ("front", "DELIVERY_ARRIVED"),
        ("closed", "DELIVERY_REFUSED"),
    ],
)
def test_with_consent_one_marked_message_proves_a_relay(mail_lab: MailLab, server: str, tag: str) -> None:
    target = f"{SERVERS[server].addresses[0]}:25/smtp"
    log = "back" if server in {"percent", "front"} else "postfix"
    before = mail_lab.log(log).count("status=sent")
    rows = scan(
        mail_lab,
        [target],
        only=("mail.relay.delivery",),
        names=CANARY_NAMES,
        level=Level.INTRUSIVE,
        consents=(consent("mail.relay.delivery"),),
        networks=NETWORKS,
    )[target]
    assert [r.ending.tag for r in rows] == [tag]
    wanted = int(tag == "DELIVERY_ARRIVED")
    _settled(lambda: mail_lab.log(log).count("status=sent") >= before + wanted and not mail_lab.messages())
    assert mail_lab.log(log).count("status=sent") - before == wanted  # exactly one, to the canary mailbox, and none stays behind
    assert mail_lab.messages() == []


def test_what_is_taken_and_returned_later_is_no_relay(mail_lab: MailLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_delivery, "WAIT_SECONDS", 3.0)
    target = f"{SERVERS['bounce'].addresses[0]}:25/smtp"
    rows = scan(
        mail_lab,
        [target],
        only=("mail.relay.delivery",),
        names=CANARY_NAMES,
        level=Level.INTRUSIVE,
        consents=(consent("mail.relay.delivery"),),
    )[target]
    assert [(r.ending.outcome, r.ending.reason) for r in rows] == [(Outcome.UNDETERMINED, Reason.TIMEOUT)]
    _settled(lambda: not mail_lab.messages())
    assert "status=bounced" in mail_lab.log("postfix")
    assert mail_lab.messages() == []
