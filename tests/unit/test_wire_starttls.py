"""Dialogues that lead to TLS: every protocol's way to yes, to no offer and to no; and peers that say anything."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.tls import Upgrade
from scanner.model.target import STARTTLS
from scanner.wire.starttls import LONGEST_LINE, MOST_LINES, MOST_OCTETS, Dialogue, Ended, NotTheProtocol, TurnedAway, printable
from scanner.wire.starttls_binary import TdsFrames, dialogue

LDAP_OK = bytes.fromhex("300c02010178070a010004000400")
LDAP_UNKNOWN = bytes.fromhex("300c02010178070a010204000400")
LDAP_BUSY = bytes.fromhex("300c02010178070a013404000400")
LDAP_LONG = bytes.fromhex("308400000010020101788400000007") + bytes.fromhex("0a010004000400")
FEATURES = (
    b"<?xml version='1.0'?><stream:stream from='x' xmlns='jabber:client' version='1.0'><stream:features>"
    b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
)
NO_FEATURES = b"<stream:stream version='1.0'><stream:features><mechanisms/></stream:features>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
FAILURE = b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def mysql(flags: int) -> bytes:
    body = b"\x0a8.0.36\0" + b"\x01\0\0\0" + b"saltsalt\0" + flags.to_bytes(2, "little") + bytes(20)
    return len(body).to_bytes(3, "little") + b"\0" + body


def rdp(kind: int, value: int) -> bytes:
    return bytes.fromhex("030000130ed000001234") + b"\0" + bytes([kind, 0, 8, 0]) + value.to_bytes(4, "little")


def prelogin(encryption: int) -> bytes:
    body = bytes.fromhex("00000b00060100110001ff") + bytes(6) + bytes([encryption])
    return b"\x04\x01" + (8 + len(body)).to_bytes(2, "big") + bytes(4) + body


SMTP = [b"220 mx.test ESMTP\r\n", b"250-mx.test\r\n250-SIZE 1\r\n250 STARTTLS\r\n"]
YES = {
    "smtp": [*SMTP, b"220 2.0.0 go ahead\r\n"],
    "submission": [b"220-one\r\n220 two\r\n", b"250-x\r\n250-starttls\r\n250 HELP\r\n", b"220-go\r\n220 on\r\n"],
    "lmtp": [*SMTP, b"220 go\r\n"],
    "imap": [b"* OK ready\r\n", b"* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n", b"a2 OK begin\r\n"],
    "pop3": [b"+OK ready\r\n", b"+OK\r\nUIDL\r\nSTLS\r\n.\r\n", b"+OK begin\r\n"],
    "ftp": [b"220-a\r\n odd line\r\n220 b\r\n", b"234 AUTH TLS ok\r\n"],
    "nntp": [b"200 hello\r\n", b"101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n", b"382 go\r\n"],
    "sieve": [b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK "ready"\r\n', b"OK\r\n"],
    "xmpp-client": [FEATURES, PROCEED],
    "xmpp-server": [FEATURES.replace(b"client", b"server"), PROCEED],
    "ldap": [LDAP_OK],
    "postgresql": [b"S"],
    "mysql": [mysql(0xFFFF)],
    "rdp": [rdp(2, 1)],
    "mssql": [prelogin(1)],
}
NOT_OFFERED = [
    ("smtp", [SMTP[0], b"250-mx\r\n250 SIZE 1\r\n"]),
    ("smtp", [SMTP[0], b"250 STARTTLS\r\n"]),  # the first line is the server's name
    ("smtp", [SMTP[0], b"502 what?\r\n"]),
    ("imap", [b"* OK x\r\n", b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"]),
    ("imap", [b"* PREAUTH x\r\n"]),
    ("pop3", [b"+OK\r\n", b"+OK\r\nUIDL\r\n.\r\n"]),
    ("pop3", [b"+OK\r\n", b"-ERR\r\n", b"-ERR what\r\n"]),
    ("ftp", [b"220 x\r\n", b"530 Please login with USER and PASS.\r\n"]),
    ("ftp", [b"220 x\r\n", b"500 what\r\n"]),
    ("nntp", [b"201 x\r\n", b"101 x\r\nVERSION 2\r\n.\r\n"]),
    ("nntp", [b"201 x\r\n", b"500 what\r\n", b"500 what\r\n"]),
    ("sieve", [b'"SASL" "PLAIN"\r\nOK\r\n']),
    ("xmpp-client", [NO_FEATURES]),
    ("xmpp-client", [b"<stream:stream><stream:features/>"]),
    ("ldap", [LDAP_UNKNOWN]),
    ("postgresql", [b"N"]),
    ("mysql", [mysql(0xF7FF)]),
    ("mysql", [b"\x07\0\0\0\x093.23\0\0"]),
    ("rdp", [bytes.fromhex("0300000b06d00000123400")]),
    ("rdp", [rdp(3, 2)]),
    ("rdp", [rdp(2, 0)]),
    ("mssql", [prelogin(2)]),
]
REFUSED = [
    ("smtp", [*SMTP, b"454 4.7.0 TLS not available\r\n"]),
    ("imap", [b"* OK x\r\n", b"* CAPABILITY STARTTLS\r\na1 OK\r\n", b"a2 NO not now\r\n"]),
    ("pop3", [b"+OK\r\n", b"+OK\r\nSTLS\r\n.\r\n", b"-ERR\r\n"]),
    ("ftp", [b"220 x\r\n", b"431 no certificate\r\n"]),
    ("nntp", [b"200 x\r\n", b"101 x\r\nSTARTTLS\r\n.\r\n", b"580 no\r\n"]),
    ("sieve", [b'"STARTTLS"\r\nOK\r\n', b'NO "no"\r\n']),
    ("xmpp-client", [FEATURES, FAILURE]),
    ("ldap", [LDAP_BUSY]),
    ("postgresql", [b"EFATAL\0"]),
    ("rdp", [rdp(3, 5)]),
]
TURNED_AWAY = [
    ("smtp", [b"554 5.7.1 go away\r\n"]),
    ("smtp", [SMTP[0], b"421 too many\r\n"]),
    ("imap", [b"* BYE\r\n"]),
    ("pop3", [b"-ERR busy\r\n"]),
    ("ftp", [b"421 busy\r\n"]),
    ("nntp", [b"400 busy\r\n"]),
    ("sieve", [b"BYE busy\r\n"]),
    ("xmpp-client", [b"<stream:stream><stream:error/></stream:stream>"]),
    ("ldap", [bytes.fromhex("300c02010078070a013404000400")]),
    ("mysql", [b"\x10\0\0\0\xff\x10\x04Too many conn"]),
]
OTHERS = [
    ("smtp", [b"SSH-2.0-OpenSSH_9.2\r\n"]),
    ("smtp", [b"220-a\r\n250 b\r\n"]),
    ("imap", [b"220 ftp\r\n"]),
    ("imap", [b"* OK\r\n", b"a7 OK\r\n"]),
    ("pop3", [b"220 x\r\n"]),
    ("ftp", [b"HTTP/1.1 400\r\n"]),
    ("nntp", [b"+OK\r\n"]),
    ("sieve", [b"+OK\r\n"]),
    ("xmpp-client", [b"HTTP/1.1 400 Bad Request\r\n" * 4000]),
    ("ldap", [b"HTTP/1.1 400 Bad Request\r\n"]),
    ("ldap", [b"\x30\x84\x7f\xff\xff\xff"]),
    ("postgresql", [b"HTTP"]),
    ("mysql", [b"SSH-2.0-x\r\n"]),
    ("rdp", [b"HTTP/1.1"]),
    ("mssql", [b"HTTP/1.1 400"]),
]


def run(protocol: str, says: list[bytes], *, step: int = 0) -> Ended | None:
    """Play the peer; ``step`` octets at a time."""
    talk = dialogue(protocol, name="www.lab.test", called="scanner.test")
    said = talk.begin()
    for saying in says:
        assert talk.ended is None
        for part in [saying[at : at + step] for at in range(0, len(saying), step)] if step else [saying]:
            said += talk.take(part)
    return talk.ended


def test_every_protocol_has_its_dialogue() -> None:
    assert set(YES) == STARTTLS


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize("protocol", sorted(YES))
def test_the_way_to_tls(protocol: str, step: int) -> None:
    ended = run(protocol, YES[protocol], step=step)
    assert ended is not None
    assert (ended.upgrade, ended.early) == (Upgrade.OFFERED, b"")


@pytest.mark.parametrize(("protocol", "says"), NOT_OFFERED)
def test_no_offer(protocol: str, says: list[bytes]) -> None:
    ended = run(protocol, says)
    assert ended is not None
    assert ended.upgrade is Upgrade.NOT_OFFERED


@pytest.mark.parametrize(("protocol", "says"), REFUSED)
def test_an_offer_that_is_not_kept(protocol: str, says: list[bytes]) -> None:
    ended = run(protocol, says)
    assert ended is not None
    assert ended.upgrade is Upgrade.REFUSED


@pytest.mark.parametrize(("protocol", "says"), TURNED_AWAY)
def test_a_peer_that_does_not_want_us(protocol: str, says: list[bytes]) -> None:
    with pytest.raises(TurnedAway):
        run(protocol, says)


@pytest.mark.parametrize(("protocol", "says"), OTHERS)
def test_another_protocol(protocol: str, says: list[bytes]) -> None:
    with pytest.raises(NotTheProtocol):
        run(protocol, says)


@pytest.mark.parametrize("protocol", sorted(set(YES) - {"postgresql"}))
def test_words_behind_the_go_ahead_are_seen(protocol: str) -> None:
    ended = run(protocol, [*YES[protocol][:-1], YES[protocol][-1] + b"250 injected\r\n"])
    assert ended is not None
    assert (ended.upgrade, ended.early) == (Upgrade.OFFERED, b"250 injected\r\n")


def test_words_behind_the_go_ahead_of_postgresql_are_seen() -> None:
    ended = run("postgresql", [b"SR\0\0\0\x08"])
    assert ended is not None
    assert ended.early == b"R\0\0\0\x08"


def test_what_is_said_in_turn() -> None:
    talk = dialogue("smtp", name="mx.test", called="[192.0.2.1]")
    assert [talk.begin(), *map(talk.take, YES["smtp"])] == [b"", b"EHLO [192.0.2.1]\r\n", b"STARTTLS\r\n", b""]
    talk = dialogue("lmtp", name="mx.test", called="scanner.test")
    assert [talk.begin(), talk.take(SMTP[0])] == [b"", b"LHLO scanner.test\r\n"]


def test_mysql_sends_its_request_with_the_end() -> None:
    talk = dialogue("mysql", name="", called="")
    assert talk.begin() == b""
    said = talk.take(mysql(0xFFFF))
    assert (said[:4], len(said), int.from_bytes(said[4:8], "little") & 0x0800) == (b"\x20\0\0\x01", 36, 0x0800)
    assert talk.ended is not None


def test_ldap_knows_long_lengths() -> None:
    ended = run("ldap", [LDAP_LONG])
    assert ended is not None
    assert ended.upgrade is Upgrade.OFFERED


@pytest.mark.parametrize("says", [b"220 " + b"x" * LONGEST_LINE * 2, b"220-x\r\n" * (MOST_LINES + 1), b"220-" + b"x" * MOST_OCTETS * 2])
def test_a_peer_that_does_not_end_is_cut_off(says: bytes) -> None:
    with pytest.raises(NotTheProtocol):
        run("smtp", [says])


@given(st.sampled_from(sorted(YES)), st.lists(st.binary(max_size=120), max_size=6), st.integers(0, 3))
def test_any_octets_end_in_an_end_a_wish_for_more_or_an_error_of_ours(protocol: str, junk: list[bytes], good: int) -> None:
    talk: Dialogue = dialogue(protocol, name="x", called="y")
    talk.begin()
    with contextlib.suppress(NotTheProtocol, TurnedAway):
        for says in [*YES[protocol][:good], *junk]:
            if talk.ended is None:
                talk.take(says)


@given(st.binary(min_size=1, max_size=20_000), st.integers(1, 5000))
def test_tds_frames_carry_octets(records: bytes, step: int) -> None:
    packets = TdsFrames().put(records)
    frames = TdsFrames()
    assert b"".join(frames.take(packets[at : at + step]) for at in range(0, len(packets), step)) == records


@given(st.binary(max_size=300))
def test_tds_frames_take_any_octets(junk: bytes) -> None:
    with contextlib.suppress(NotTheProtocol):
        assert len(TdsFrames().take(junk)) <= len(junk)


def test_words_are_printable() -> None:
    assert printable(b"\x1b[2J220 hi\r\n\xff" + b"x" * 500, 20) == "?[2J220 hi  ?xxxxxx~"
