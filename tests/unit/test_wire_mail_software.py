"""Greetings of mail servers as they are in use: which tell a product, which a version, which a name from inside."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire.mail_software import internal_names, is_internal, told


@pytest.mark.parametrize(
    ("text", "products", "versions"),
    [
        ("mx.a.jp ESMTP Postfix (3.7.11)", ("Postfix",), ("3.7.11",)),
        ("mx.a.jp ESMTP Postfix (Debian/GNU)", ("Postfix", "Debian"), ()),
        ("mx.a.jp ESMTP Exim 4.96 Sun, 22 Nov 2026 09:00:00 +0900", ("Exim",), ("4.96",)),
        ("mx.a.jp ESMTP Sendmail 8.17.1/8.17.1; Sun, 22 Nov 2026 09:00:00 +0900", ("Sendmail",), ("8.17.1",)),
        ("mx.a.jp ESMTP OpenSMTPD", ("OpenSMTPD",), ()),
        ("mx.a.jp Microsoft ESMTP MAIL Service ready at Sun, 22 Nov 2026 09:00:00 +0900", ("Microsoft ESMTP MAIL Service",), ()),
        ("mx.a.jp Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready", ("Microsoft ESMTP MAIL Service",), ("6.0.3790.4675",)),
        ("postfix.a.jp ESMTP", (), ()),
        ("mx2.4.a.jp ESMTP [192.0.2.25] ready", (), ()),
        ("2.0.0 This is OpenSMTPD / 2.0.0 End of HELP info", ("OpenSMTPD",), ()),
        ("Dovecot (Ubuntu) ready.", ("Dovecot", "Ubuntu"), ()),
        ("POP3 mx Cyrus POP3 3.8.1-Debian server ready", ("Cyrus",), ("3.8.1-Debian",)),
        ("ready", (), ()),
    ],
)
def test_products_and_versions_of_greetings(text: str, products: tuple[str, ...], versions: tuple[str, ...]) -> None:
    assert (told(text).products, told(text).versions) == (products, versions)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("mail01.kakuu.local ESMTP", ("mail01.kakuu.local",)),
        ("mx.kakuu.lg.jp at [10.1.2.3] via 192.168.0.1", ("10.1.2.3", "192.168.0.1")),
        ("mx.kakuu.lg.jp Hello [IPv6:fd00::1]", ("fd00::1",)),
        ("mx.kakuu.lg.jp Hello [2001:4860:4860::8888] 8.8.8.8", ()),
        ("mx.kakuu.lg.jp 999.1.1.1 [::zz]", ()),
    ],
)
def test_names_and_addresses_from_inside(text: str, names: tuple[str, ...]) -> None:
    assert internal_names(text) == names


def test_names_that_cannot_be_public() -> None:
    assert [is_internal(name) for name in ("MAIL01", "a.corp", "a.home.arpa.", "a.lg.jp")] == [True, True, True, False]


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_any_text_is_read_without_trouble(text: str) -> None:
    told(text)
    assert isinstance(internal_names(text), tuple)
