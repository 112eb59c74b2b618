"""The names of a mail server as the DNS has them: what cannot be looked up, or stands beyond a cap, contradicts nothing."""

from __future__ import annotations

import asyncio
from typing import cast

from scanner.facts.smtp import NameAt, Offer, ReplySeen, SmtpGreeting, SmtpNames, SmtpTalk, TalkAt, Upgrade
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Service
from scanner.net.net import Net
from scanner.probes.smtp import MOST_NAMES, smtp_names
from scanner.wire.dns import RData, Type
from tests.unit.resolver_table import FakeNet, Zone

NAME, V4, V6 = "mx1.example.lg.jp", "192.0.2.25", "2001:db8::25"
REVERSE = "25.2.0.192.in-addr.arpa"


def named(address: str, zone: Zone) -> NameAt:
    """What is seen of a server at the address that calls itself ``NAME``, in capitals."""
    talk = SmtpTalk(ReplySeen(220, "", "ready"), Offer(NAME.upper(), ()), Upgrade.NOT_OFFERED)
    greeting = SmtpGreeting(NAME, 25, "smtp", (TalkAt(address, talk),))

    async def go() -> SmtpNames:
        fact = await smtp_names.run(Service(NAME, 25, "smtp"), cast(Net, FakeNet(zone)), greeting)
        assert isinstance(fact, SmtpNames)
        return fact

    return asyncio.run(go()).addresses[0]


def test_the_reverse_name_that_a_server_goes_by_is_kept_among_very_many() -> None:
    names: list[RData] = [f"a{n:02}.provider.example" for n in range(MOST_NAMES)]
    reverse = named(V4, {(REVERSE, Type.PTR): [*names, NAME]}).reverse
    assert isinstance(reverse, tuple)
    assert NAME in reverse


def test_a_name_whose_family_cannot_be_looked_up_is_not_said_to_lead_elsewhere() -> None:
    zone: Zone = {(NAME, Type.A): [V4], (NAME, Type.AAAA): Reason.TIMEOUT}
    elsewhere = named(V6, zone).forward
    assert isinstance(elsewhere, Unobserved)
    assert elsewhere.reason is Reason.TIMEOUT
    assert named(V4, zone).forward == (V4,)
