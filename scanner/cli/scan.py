"""``tenken scan`` and ``tenken judge``: from targets, or from facts seen before, to results."""

from __future__ import annotations

import asyncio
import importlib
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import console
from scanner.cli.network import network_settings
from scanner.cli.outputs import Formats, OpenStore, Out, Outputs, StorePath, open_store
from scanner.cli.setup import Setup, set_up
from scanner.cli.sinks import RecordSink, TerminalSink
from scanner.cli.ways import Ways
from scanner.cli.words import Language, usual_language
from scanner.engine.collect import Collecting
from scanner.engine.factsfile import FactsFile
from scanner.engine.keys import judges_the_run
from scanner.engine.run import Judging, RunEnd, RunStart, Sink, judge_again, new_run_id
from scanner.engine.scan import WORKERS, Taker, see
from scanner.engine.scan import scan as run_scan
from scanner.engine.shares import Sharing, Writer, scan_in_shares, shares_of
from scanner.hosts.machine import holds_a_system
from scanner.ledger.declared import declarations
from scanner.ledger.inventory import INTERNET, Inventory
from scanner.ledger.inventory import targets as listed_targets
from scanner.ledger.scope import COMMAND_LINE
from scanner.ledger.words import A_TARGET, name_in
from scanner.ledger.words import target as parse_target
from scanner.model.problem import shown
from scanner.model.target import LOCAL, WHOLE_RUN, Target
from scanner.net.network import Network, Settings

BUDGET = 120.0
"""Seconds that one target may take."""
THREADS = 200
"""Machines that are looked at from within side by side, each in a thread."""

Run = Callable[[Judging, Writer], RunEnd]
"""Makes a whole run; told how the record of a target is written, where that is done in another process."""

Baselines = Annotated[
    list[str] | None, typer.Option("--baseline", help="基準文書（既定は五つすべて） / Baseline, repeatable; all five by default")
]
ProfileFile = Annotated[Path | None, typer.Option("--profile", help="組織の方針の値 / The policy profile")]
ExceptionsFile = Annotated[Path | None, typer.Option("--exceptions", help="例外措置の台帳 / The register of exceptions")]
InventoryFile = Annotated[Path | None, typer.Option("--inventory", help="情報システム台帳 / The inventory")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="PREFIX", help="点検項目を絞る / Only checks that begin so, repeatable")]
Lang = Annotated[Language | None, typer.Option("--lang", help="言語 / Language")]


def scan(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET]...", help="ドメイン、host:port/protocol、local / Domains, host:port/protocol, local"),
    ] = None,
    inventory: InventoryFile = None,
    baseline: Baselines = None,
    profile: ProfileFile = None,
    exceptions: ExceptionsFile = None,
    zone: Annotated[str, typer.Option("--zone", help="観測点 / The vantage point of this scan")] = INTERNET,
    only: Only = None,
    format: Formats = None,  # noqa: A002  the option's name
    out: Out = None,
    lang: Lang = None,
    resolver: Annotated[
        list[str] | None, typer.Option("--resolver", metavar="ADDRESS", help="使う名前解決サーバ / The resolver to ask, repeatable")
    ] = None,
    ca_file: Annotated[Path | None, typer.Option("--ca-file", help="信頼する追加の認証局 / Further trusted roots (PEM)")] = None,
    contact: Annotated[str, typer.Option("--contact", help="名乗りに添える連絡先 / Contact named in the User-Agent")] = "",
    called: Annotated[
        str, typer.Option("--called", metavar="NAME", help="EHLO で名乗る名前（既定はアドレス） / Name given in EHLO; else the address")
    ] = "",
    root: Annotated[
        Path | None, typer.Option("--root", help="local の代わりに読むルートディレクトリ / Read this root directory as `local`")
    ] = None,
    budget: Annotated[float, typer.Option("--budget", min=1, help="対象ごとの秒数 / Seconds for each target")] = BUDGET,
    workers: Annotated[int, typer.Option("--workers", min=1, max=512, help="同時に見る対象の数 / Targets seen at once")] = WORKERS,
    store: StorePath = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="実行記録を残さない / Keep no run record")] = False,
) -> None:
    """対象を点検する / Scan targets: domains, services, or this machine (local)."""
    outputs = Outputs.asked(format, out, lang or usual_language())
    named = _parse(targets or [])
    if not named and inventory is None:
        console.refuse("対象又は --inventory を指定する / name a target, or give --inventory")
    setup = set_up(baseline, inventory or Inventory.of_targets(named), profile, exceptions, only)
    if zone not in setup.inventory.zones:
        console.refuse(f"--zone {zone}: 台帳にない観測点 / not a zone of the inventory: {', '.join(setup.inventory.zones)}")
    chosen = _chosen(setup.inventory, named, zone)
    if root is not None:
        _check_root(root, chosen)
    network = network_settings(setup.inventory, zone, resolvers=resolver or [], ca_file=ca_file, contact=contact, called=called)
    ways = Ways(setup.inventory, chosen)
    now = datetime.now(UTC)
    approvers = dict.fromkeys(e.approved_by for e in setup.inventory.permissions.scope.allowed if e.approved_by)
    whole = judges_the_run(setup.plan, chosen)
    start = setup.start(
        new_run_id(now, secrets.token_hex(2)),
        _in_utc(now),
        zone,
        ", ".join(approvers) or COMMAND_LINE,
        len(chosen) + whole,
    )

    @asynccontextmanager
    async def looking(network: Settings) -> AsyncIterator[Collecting]:
        with ThreadPoolExecutor(min(THREADS, max(8, workers)), thread_name_prefix="collector") as threads:
            async with Network(network) as net, _telling_that_it_ends():
                yield Collecting(
                    plan=setup.plan,
                    observers=setup.catalogue.observers,
                    network=net,
                    declare=declarations(setup.inventory, zone),
                    machine_for=ways.into(net, root),
                    threads=threads,
                )

    async def alone(judging: Judging, ended: list[RunEnd]) -> None:
        async with looking(network) as collecting:
            ended.append(await run_scan(judging, collecting, chosen, budget, workers))

    async def share(taker: Taker, targets: Iterator[Target], room: asyncio.Semaphore, shares: int) -> None:
        async with looking(replace(network, pace=network.pace.share(shares), memory=network.memory.share(shares))) as collecting:
            await see(taker, collecting, targets, budget, workers=workers, room=room)

    def run(judging: Judging, writer: Writer) -> RunEnd:
        shares = shares_of(setup.plan, chosen)
        if shares == 1:
            ended: list[RunEnd] = []  # handed over so, because asyncio.run writes out what its coroutine returns, to forget it at once
            asyncio.run(alone(judging, ended))
            return ended[0]
        with suppress(ImportError):  # not everywhere installed; where it is, it is loaded once and not by each process
            importlib.import_module("scanner.net.http")
        return scan_in_shares(judging, chosen, Sharing(shares, share, writer), lambda: _in_utc(datetime.now(UTC)))

    produce(setup, start, outputs, None if no_store else partial(open_store, store), run, whole=whole)


def judge(
    facts: Annotated[Path, typer.Argument(metavar="FACTS", help="tenken facts export の出力 / What tenken facts export wrote")],
    inventory: InventoryFile = None,
    baseline: Baselines = None,
    profile: ProfileFile = None,
    exceptions: ExceptionsFile = None,
    only: Only = None,
    format: Formats = None,  # noqa: A002  the option's name
    out: Out = None,
    lang: Lang = None,
) -> None:
    """以前に得た事実を、通信せずに判定し直す / Judge facts seen before, without any traffic."""
    judge_file(
        facts,
        set_up(baseline, inventory or Inventory.of_targets([]), profile, exceptions, only),
        Outputs.asked(format, out, lang or usual_language()),
        None,
    )


def judge_file(facts: Path, setup: Setup, outputs: Outputs, store: OpenStore | None) -> None:
    """Judge a facts file and make the outputs. The file is read through once before, so that a broken one gives nothing at all."""
    with facts.open("rb") as source:
        file = FactsFile(source, str(facts))
        count = sum(1 for _ in file.targets())
        head = file.head
    start = setup.start(head.run, head.started_at, head.zone, head.approved_by, count)

    def run(judging: Judging, _: object) -> RunEnd:
        with facts.open("rb") as source:
            again = FactsFile(source, str(facts))
            return judge_again(judging, again.targets(), lambda: again.ended_at)

    produce(setup, start, outputs, store, run)


def produce(setup: Setup, start: RunStart, outputs: Outputs, store: OpenStore | None, run: Run, *, whole: bool = False) -> None:
    """Make a run and its outputs, keep it in the store, and end with its exit status."""
    terminal = TerminalSink(outputs.language, summary=outputs.text)
    try:
        with _ended_as_by_hand(), outputs.record() as files, closing(RecordSink(start, setup.exceptions, files, store)) as record:
            sinks: Sequence[Sink] = (record, terminal)
            judging = Judging(start, setup.plan, setup.inventory, setup.profile, setup.exceptions, sinks, whole)
            end = run(judging, record)
    finally:
        terminal.close()
    outputs.tell()
    raise typer.Exit(end.exit_status)


@contextmanager
def _ended_as_by_hand() -> Iterator[None]:
    """Take SIGTERM, by which service managers end a run, for Ctrl+C: unfinished files are removed then."""

    def end(*_: object) -> None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job that a shell started in the background
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    usual = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)


@asynccontextmanager
async def _telling_that_it_ends() -> AsyncIterator[None]:
    """Say at once that a run that is broken off will end: a look from within that has begun is not cut off, and may take a while."""
    try:
        yield
    except asyncio.CancelledError:
        console.err.print("中断する。始めた読取りの終わりを待つ / breaking off when the looks that have begun end", markup=False)
        raise


def _parse(texts: Sequence[str]) -> list[Target]:
    found = []
    for text in texts:
        try:
            target = parse_target(text)
        except ValueError:
            meant = name_in(text)
            said = f"「{shown(text)}」は{A_TARGET.ja}ではない / '{shown(text)}' is not {A_TARGET.en}"
            console.refuse(said + (f" → {meant}" if meant else ""))
        if target == WHOLE_RUN:
            console.refuse(f"{target.key}: 対象として指定できない / cannot be named as a target")
        found.append(target)
    return list(dict.fromkeys(found))


def _chosen(inventory: Inventory, named: Sequence[Target], zone: str) -> Sequence[Target]:
    """Give the named targets, or all that the inventory lists for the zone. What the inventory does not know is not touched."""
    for target in named:
        if not inventory.knows(target):
            console.refuse(f"{target.key}: 台帳にない対象 / not listed in the inventory")
    chosen = named or listed_targets(inventory, zone)
    if not chosen:
        console.refuse(f"観測点 {zone} から見る対象がない / no target is to be seen from the zone {zone}")
    return chosen


def _check_root(root: Path, chosen: Sequence[Target]) -> None:
    """Refuse what holds no system: nothing would be found in it, and its absence would be judged."""
    if LOCAL not in chosen:
        console.refuse("--root: 対象に local がない / local is not among the targets")
    if not holds_a_system(root):
        console.refuse(
            f"--root {root}: 機器のルートディレクトリではない（/etc がない等） / not a machine's root directory: no /etc, for example"
        )


def _in_utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
