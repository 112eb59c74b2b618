"""A look at many services: how they are divided, that what each has seen comes back, and that it stays when the look is killed."""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Sequence

import pytest

from scanner.cli import look_shares
from scanner.cli.look_shares import ShareLost, Tell, divided, look_in_shares, pace_of
from scanner.model.target import Service
from scanner.net.pacing import Pace, operator_of
from tests.unit.tls_servers import openssl_server

MANY = 2 * look_shares.LEAST


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def services(count: int, *, operators: int, addressed: bool = True) -> list[Service]:
    hosts = [f"www{number}.city{number % operators}.lg.jp" for number in range(count)]
    return [Service.parse(f"{host}{f'=192.0.2.{n + 1}' if addressed else ''}:443/https") for n, host in enumerate(hosts)]


def test_services_are_divided_by_their_operators() -> None:
    every = services(MANY, operators=10)
    shares = divided(every)
    assert [len(share) for share in shares] == [MANY // 2, MANY // 2]
    assert sorted(service.key for share in shares for service in share) == sorted(service.key for service in every)
    first, second = ({operator_of(service.host, service.address) for service in share} for share in shares)
    assert not first & second


@pytest.mark.parametrize("every", [services(MANY - 1, operators=10), services(MANY, operators=1)], ids=["few", "one-operator"])
def test_what_does_not_pay_or_cannot_be_divided_stays_in_one(every: list[Service]) -> None:
    assert len(divided(every)) == 1


def test_no_address_gets_more_turns_than_from_one_process() -> None:
    known = divided(services(MANY, operators=10))
    assert pace_of(known) == Pace()
    unknown = pace_of(divided(services(MANY, operators=10, addressed=False)))
    assert unknown.address == Pace().address.share(2)
    assert unknown.operator == Pace().operator
    shared = [[Service.parse("a.example=192.0.2.1:443/https")], [Service.parse("b.test=192.0.2.1:443/https")]]
    assert pace_of(shared).address == Pace().address.share(2)


def test_what_each_process_sees_comes_back_whole() -> None:
    every = services(MANY, operators=10)
    told: list[tuple[bool, str]] = []

    async def work(share: Sequence[Service], _pace: Pace, tell: Tell) -> None:
        for service in share:
            await asyncio.sleep(0)
            tell(service.host.startswith("www1"), f"点検 {service.key} {os.getpid()}\n" + "x" * 100_000)

    look_in_shares(divided(every), work, lambda seen, text: told.append((seen, text)))
    assert sorted(text.split()[1] for _, text in told) == sorted(service.key for service in every)
    assert all(seen == ("www1" in text) and text.endswith("x" * 100_000) for seen, text in told)
    assert len({text.split()[2] for _, text in told}) == 2


def test_a_process_that_ends_early_is_no_end_of_its_services() -> None:
    every = services(MANY, operators=10)

    async def work(share: Sequence[Service], _pace: Pace, tell: Tell) -> None:
        tell(True, share[0].key)
        if every[0] in share:
            os._exit(0)
        await asyncio.sleep(60)

    with pytest.raises(ShareLost):
        look_in_shares(divided(every), work, lambda _seen, _text: None)


def test_a_look_that_is_killed_keeps_every_finished_server() -> None:
    with openssl_server() as port, socket.create_server(("127.0.0.1", 0)) as deaf:
        named = [f"127.0.0.1:{deaf.getsockname()[1]}/https", f"127.0.0.1:{port}/https"]
        command = [sys.executable, "-c", "from scanner.cli.entry import main; main()", "look", *named]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running, selectors.DefaultSelector() as ready:
            assert running.stdout is not None
            ready.register(running.stdout, selectors.EVENT_READ)
            assert ready.select(timeout=30)
            running.kill()  # the first one named has not answered yet
            text = running.stdout.read()
    assert text.startswith(f"service:{named[1]}\n")
    assert text.count("service:") == 1
    assert "TLS_AES_256_GCM_SHA384" in text
    assert text.endswith("\n")
