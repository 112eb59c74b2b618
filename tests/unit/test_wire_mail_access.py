"""IMAP, POP3 and ManageSieve before a login: lines, endings, capabilities, and octets that are none of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.mail_access import (
    LONGEST_LINE,
    Login,
    NotMailAccess,
    Status,
    imap_capabilities,
    imap_login,
    imap_status,
    pop3_login,
    pop3_status,
    read_line,
    read_sieve,
    sieve_login,
)


@settings(max_examples=150)
@given(st.binary(max_size=200))
def test_any_octets_end_in_a_value_a_wish_for_more_or_the_parsers_own_error(junk: bytes) -> None:
    for parse in (read_line, read_sieve, imap_status, imap_capabilities, pop3_status):
        with suppress(NotMailAccess):
            parse(junk)


def test_lines_end_with_or_without_cr_and_not_beyond_the_cap() -> None:
    assert read_line(b"a\r\nb") == (b"a", b"b")
    assert read_line(b"a\nb") == (b"a", b"b")
    assert read_line(b"a\r") is None
    with pytest.raises(NotMailAccess, match="octets or more"):
        read_line(b"x" * LONGEST_LINE)


def test_imap_statuses_have_tag_word_code_and_text() -> None:
    assert imap_status(b"* OK [CAPABILITY IMAP4rev1] ready") == Status(True, "OK", "ready", "CAPABILITY IMAP4rev1", "*")
    assert imap_status(b"* PREAUTH hello") == Status(True, "PREAUTH", "hello", "", "*")
    assert imap_status(b"t1 NO no") == Status(False, "NO", "no", "", "t1")
    assert imap_status(b"* BYE gone") == Status(False, "BYE", "gone", "", "*")
    assert imap_status(b"* CAPABILITY IMAP4rev1") is None
    with pytest.raises(NotMailAccess, match="no line of IMAP"):
        imap_status(b"220 smtp here")


def test_imap_capabilities_stand_in_a_line_or_in_a_greeting() -> None:
    assert imap_capabilities(b"* CAPABILITY IMAP4rev1 starttls LOGINDISABLED") == ("IMAP4REV1", "STARTTLS", "LOGINDISABLED")
    assert imap_capabilities(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi") == ("IMAP4REV1", "AUTH=PLAIN")
    assert imap_capabilities(b"* OK hi") is None
    assert imap_login(("IMAP4REV1", "AUTH=PLAIN", "AUTH=CRAM-MD5")) == Login(("CRAM-MD5", "PLAIN"), True, False)
    assert imap_login(("STARTTLS", "LOGINDISABLED")) == Login((), False, True)


def test_pop3_capabilities_tell_sasl_user_and_stls() -> None:
    assert pop3_status(b"+OK ready") == Status(True, "+OK", "ready")
    assert pop3_status(b"-ERR no").good is False
    assert pop3_login(("TOP", "USER", "SASL PLAIN LOGIN", "STLS")) == Login(("LOGIN", "PLAIN"), True, True)
    assert pop3_login(("SASL",)) == Login((), False, False)
    with pytest.raises(NotMailAccess, match="no answer of POP3"):
        pop3_status(b"* OK imap here")


def test_sieve_lines_are_strings_literals_and_endings() -> None:
    wire = b'"IMPLEMENTATION" "D \\"x\\""\r\n"SASL" {5}\r\nPLAIN\r\n"STARTTLS"\r\nOK (TAG "t") "done"\r\nrest'
    lines, status = [], None
    while status is None:
        found = read_sieve(wire)
        assert found is not None
        line, wire = found
        status = line.status
        lines += [line.strings] if line.strings else []
    assert lines == [("IMPLEMENTATION", 'D "x"'), ("SASL", "PLAIN"), ("STARTTLS",)]
    assert (status.good, status.word, status.code, status.text, wire) == (True, "OK", 'TAG "t"', "done", b"rest")
    assert sieve_login(tuple(lines)) == Login(("PLAIN",), False, True)
    assert sieve_login((("SASL", ""),)) == Login((), False, False)


@pytest.mark.parametrize("wire", [b'"a" {99999}\r\n', b"hello\r\n", b'"a" b\r\n', b"\r\n"])
def test_what_is_no_line_of_sieve_is_refused(wire: bytes) -> None:
    with pytest.raises(NotMailAccess):
        read_sieve(wire)


@pytest.mark.parametrize("wire", [b'"a" {4}\r\nab', b'"a', b'"a" "b"', b""])
def test_a_line_that_is_not_whole_asks_for_more(wire: bytes) -> None:
    try:
        assert read_sieve(wire) is None
    except NotMailAccess:
        pytest.fail("it could still become a line")
