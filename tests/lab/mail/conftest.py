"""The mail laboratory, raised once for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.mail.lab import MailLab, why_not
from tests.lab.needed import need_lab


@pytest.fixture(scope="session")
def mail_lab(request: pytest.FixtureRequest) -> Iterator[MailLab]:
    """Raise it, and see at the end that no message is left that nobody was meant to send."""
    need_lab(request.config, why_not())
    with MailLab.up() as raised:
        yield raised
        assert raised.messages() == [], "a message was delivered in the laboratory"
