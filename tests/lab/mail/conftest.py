"""The mail laboratory, raised once for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.mail.lab import MailLab, why_not


@pytest.fixture(scope="session")
def mail_lab(request: pytest.FixtureRequest) -> Iterator[MailLab]:
    """Raise it, and see at the end that no message is left that nobody was meant to send."""
    mode = request.config.getoption("--lab")
    reason = "switched off by --lab=off" if mode == "off" else why_not()
    if reason is not None:
        if mode == "require":
            pytest.fail(f"--lab=require, but {reason}", pytrace=False)
        pytest.skip(reason)
    with MailLab.up() as raised:
        yield raised
        assert raised.messages() == [], "a message was delivered in the laboratory"
