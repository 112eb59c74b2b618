"""The family of address tricks is whole, and a refusal is read for what it is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.smtp import Said, Shape
from scanner.wire.relay import NULL, Names, controls, family, home_of, plain, said_of, short_family
from scanner.wire.smtp import Reply, read_reply

NAMES = Names("t", "victim.example", "own.example", "mx.own.example", "192.0.2.25", "nobody")
V6 = Names("t", "victim.example", "own.example", "mx.own.example", "2001:db8::25", "nobody")

# What the published documentation and source of nmap's smtp-open-relay try, in our names: (sender, recipient).
NMAP = {
    ("<>", "<t@victim.example>"),
    ("<t@victim.example>", "<t@victim.example>"),
    ("<postmaster@mx.own.example>", "<t@victim.example>"),
    ("<postmaster@[192.0.2.25]>", "<t@victim.example>"),
    ("*", "<t%victim.example@[192.0.2.25]>"),
    ("*", "<t%victim.example@mx.own.example>"),
    ("*", '<"t@victim.example">'),
    ("*", '<"t%victim.example">'),
    ("*", "<t@victim.example@[192.0.2.25]>"),
    ("*", '<"t@victim.example"@[192.0.2.25]>'),
    ("*", "<t@victim.example@mx.own.example>"),
    ("*", "<@[192.0.2.25]:t@victim.example>"),
    ("*", "<@mx.own.example:t@victim.example>"),
    ("*", "<victim.example!t>"),
    ("*", "<victim.example!t@[192.0.2.25]>"),
    ("*", "<victim.example!t@mx.own.example>"),
}


def test_every_variant_of_the_usual_lists_is_tried_and_more_than_ten_besides() -> None:
    trials = family(NAMES)
    pairs = {(t.sender, t.recipient) for t in trials} | {("*", t.recipient) for t in trials}
    assert pairs >= NMAP
    others = {(t.sender, t.recipient) for t in trials} - NMAP - {(NULL, recipient) for _, recipient in NMAP}
    assert len(others) >= 25
    assert len({t.name for t in trials}) == len(trials)


def test_ipv6_servers_are_named_by_the_literal_of_their_family() -> None:
    assert "<t%victim.example@[IPv6:2001:db8::25]>" in {t.recipient for t in family(V6)}
    assert "<postmaster@[IPv6:2001:db8::25]>" in {t.sender for t in family(V6)}


def test_every_trial_is_one_line_of_ascii_that_leads_nowhere_but_to_the_victim() -> None:
    for trial in (*family(NAMES), *short_family(NAMES), plain(NAMES)):
        line = f"MAIL FROM:{trial.sender} RCPT TO:{trial.recipient}"
        assert line.isascii()
        assert line.isprintable()
        assert "victim.example" in trial.recipient.lower()


def test_a_trick_in_a_place_has_a_control_in_the_same_place() -> None:
    homes = {home_of(t.recipient) for t in controls(NAMES) if t.shape is Shape.UNKNOWN}
    tricks = {t.name: home_of(t.recipient) for t in family(NAMES) if t.shape is Shape.TRICK}
    assert {name for name, home in tricks.items() if home not in homes} == {"bang-at", "own-at-victim"}  # these end in the victim's domain
    assert all(tricks[name] == "victim.example" for name in ("bang-at", "own-at-victim"))


@pytest.mark.parametrize(
    ("recipient", "home"),
    [
        ("<t%v@Own.example>", "own.example"),
        ('<"t@v">', ""),
        ('<"t@v"@own.example>', "own.example"),
        ("<v!t>", ""),
        ("<t@v@[192.0.2.1]>", "[192.0.2.1]"),
        ("<>", ""),
        ("<t@v@>", ""),
    ],
)
def test_the_home_of_an_address_is_what_stands_behind_the_last_at(recipient: str, home: str) -> None:
    assert home_of(recipient) == home


# Answers as servers of these makes give them.
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("250 2.1.5 Ok", Said.ACCEPTED),
        ("251 User not local; will forward", Said.ACCEPTED),
        ("421 4.7.0 mx.a.jp Error: too many errors", Said.CLOSED),
        ("450 4.2.0 <t@v>: Recipient address rejected: Greylisted", Said.LATER),
        ("451 Temporary local problem - please try later", Said.LATER),
        ("554 5.7.1 <t@v>: Relay access denied", Said.REFUSED),
        ("454 4.7.1 <t@v>: Relay access denied", Said.REFUSED),
        ("550 relay not permitted", Said.REFUSED),
        ("550 5.7.1 Relaying denied", Said.REFUSED),
        ("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", Said.REFUSED),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Said.REFUSED),
        ("550 5.1.1 <t@v>: Recipient address rejected: User unknown in local recipient table", Said.REFUSED),
        ("550 Invalid recipient: <t@v>", Said.REFUSED),
        ("550 not local host v, not a gateway", Said.REFUSED),
        ("530 5.7.0 Must issue a STARTTLS command first", Said.TLS),
        ("530 5.7.0 Authentication required", Said.AUTH),
        ("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", Said.AUTH),
        ("550 5.7.1 Authentication required for relay", Said.REFUSED),
        ("503 5.5.1 authentication required", Said.AUTH),
        ("501 5.1.3 Bad recipient address syntax", Said.SYNTAX),
        ("553 5.1.3 Invalid route address", Said.SYNTAX),
        ("555 5.5.4 Unsupported option", Said.SYNTAX),
        ("550 5.1.2 <t@v>: Recipient address rejected: Domain not found", Said.NAME),
        ("556 5.1.10 <t@v>: Recipient address rejected: Domain v does not accept mail (nullMX)", Said.NAME),
        ("550 Unrouteable address", Said.NAME),
        ("550 5.1.8 <p@x>: Sender address rejected: Domain not found", Said.SENDER),
        ("550 5.7.23 SPF check failed", Said.SENDER),
        ("550 5.7.1 <p@own>: Sender address rejected: not logged in", Said.SENDER),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", Said.CLIENT),
        ("554 5.7.1 <[192.0.2.1]>: Helo command rejected: need fully-qualified hostname", Said.CLIENT),
        ("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", Said.CLIENT),
        ("550 5.7.25 Client host rejected: cannot find your reverse hostname", Said.CLIENT),
        ("550 5.7.1 Your IP has been banned", Said.CLIENT),
    ],
)
def test_what_an_answer_to_rcpt_is_about(line: str, said: Said) -> None:
    found = read_reply(f"{line}\r\n".encode())
    assert found is not None
    assert said_of(found[0]) is said


def test_a_refusal_at_mail_is_about_the_sender_unless_it_says_otherwise() -> None:
    assert said_of(Reply(550, ("no",)), to_mail=True) is Said.SENDER
    assert said_of(Reply(550, ("authentication required",)), to_mail=True) is Said.AUTH
    assert said_of(Reply(550, ("blocked by our list of bad hosts",)), to_mail=True) is Said.CLIENT


@settings(max_examples=100)
@given(st.integers(200, 599), st.text(max_size=60))
def test_every_answer_is_about_something(code: int, text: str) -> None:
    assert said_of(Reply(code, (text,))) in Said
