"""``tenken hosts``: what is read on machines, what needs sudo there, and the keys by which they are known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.cli import console
from scanner.cli.catalogue import ListFormat
from scanner.cli.network import network_settings
from scanner.cli.scan import InventoryFile, Lang, Only
from scanner.cli.setup import set_up
from scanner.cli.words import Language, usual_language
from scanner.engine.catalogue import catalogue
from scanner.hosts.base import Collector, Files, Names, Run, Source, what
from scanner.ledger.entries import HostEntry
from scanner.ledger.inventory import INTERNET, Inventory
from scanner.ledger.words import host
from scanner.model.check import Check
from scanner.model.login import Login
from scanner.model.platform import Platform
from scanner.model.reason import WORDS, CannotObserve
from scanner.model.target import Host
from scanner.model.text import Text
from scanner.model.version import VERSION
from scanner.net.network import Network

if TYPE_CHECKING:  # loads what SSH needs
    from scanner.hosts.ssh.shell import Hop

hosts_app = typer.Typer(no_args_is_help=True, help="機器に入って読むもの / Looking at machines from within")

KEY_SECONDS = 20.0
_KINDS = {
    Files: Text(ja="ファイル", en="file"),
    Names: Text(ja="一覧", en="listing"),
    Run: Text(ja="コマンド", en="command"),
}
_KNOWN = Text(ja="known_hosts にある鍵と同じ", en="the one in known_hosts")
_NEW = Text(
    ja="known_hosts にない。機器のコンソールで ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub が示す指紋と照合してから、次の行を加える",
    en="not in known_hosts. Compare it with what ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub shows on the machine, then add the next line",
)
_OTHER = Text(
    ja="known_hosts にある鍵と異なる。なりすまし又は再構築の疑いがあり、原因を確かめるまで加えない",
    en="NOT the one in known_hosts: an impostor, or the machine was set up anew. Find out which before it is accepted",
)
_REVOKED = Text(ja="失効した鍵（@revoked）。受け入れない", en="revoked (@revoked); do not accept it")


@hosts_app.command("sudoers")
def sudoers(
    user: Annotated[str, typer.Option("--user", help="点検に使うアカウント / The account that scans log in with")] = "audit",
    only: Only = None,
) -> None:
    """sudo で読むものだけを許す sudoers ファイルを示す / Print the sudoers file that permits exactly what is read by sudo."""
    from scanner.cli.ways import permitted  # loads what SSH needs
    from scanner.hosts.ssh import sudo

    if not user.replace("-", "a").replace("_", "a").replace(".", "a").isalnum() or not user.isascii() or user[0] in "-.":
        console.refuse(f"--user {user}: アカウント名として書けない / not the name of an account")
    sources = [source for collector in _collectors(only or []) for source in collector.sources]
    console.out.out(sudo.sudoers(user, permitted().lines(sources), VERSION), end="")


@hosts_app.command("sources")
def sources(
    format: Annotated[ListFormat, typer.Option("--format", help="出力の形 / Output format")] = ListFormat.TABLE,  # noqa: A002  the option's name
    only: Only = None,
    lang: Lang = None,
) -> None:
    """Linux の機器で読むもの、root の要否、使う点検項目 / What is read on Linux machines, what needs root, and for which checks."""
    language = lang or usual_language()
    uses: dict[Source, dict[str, None]] = {}
    for collector in _collectors(only or []):
        checks = [check.id for check in catalogue().checks.values() if _needs(check, collector)]
        for source in collector.sources:
            uses.setdefault(source, {}).update(dict.fromkeys(checks))
    ordered = sorted(uses, key=lambda source: (what(source), type(source).__name__))
    if format is ListFormat.JSON:
        console.print_json([{"kind": type(s).__name__.lower(), "what": what(s), "root": s.root, "checks": list(uses[s])} for s in ordered])
        return
    heads = Text(ja="種類|読むもの|root|点検項目", en="kind|what|root|checks")
    root = Text(ja="要", en="yes")
    rows = ((language.of(_KINDS[type(s)]), what(s), language.of(root) if s.root else "", " ".join(uses[s])) for s in ordered)
    console.print_table(language.of(heads).split("|"), rows)


@hosts_app.command("keys")
def keys(
    names: Annotated[list[str], typer.Argument(metavar="HOST...", help="ホスト名又はアドレス / Host names or addresses")],
    inventory: InventoryFile = None,
    zone: Annotated[str, typer.Option("--zone", help="観測点 / The vantage point")] = INTERNET,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="台帳にないときのポート / Port of hosts that are not listed")] = 22,
    lang: Lang = None,
) -> None:
    """ホスト鍵の指紋と、known_hosts に加える行を示す / Show hosts' key fingerprints and the lines for known_hosts."""
    targets = []
    for name in names:
        try:
            targets.append(Host(host(name)))
        except ValueError:
            console.refuse(f"{name}: ホスト名でも IP アドレスでもない / neither a host name nor an address")
    found = set_up(None, inventory or Inventory.of_targets(targets), None, None).inventory
    if zone not in found.zones:
        console.refuse(f"--zone {zone}: 台帳にない観測点 / not a zone of the inventory")
    unseen = asyncio.run(_show_keys(targets, found, zone, port, lang or usual_language()))
    raise typer.Exit(1 if unseen else 0)


async def _show_keys(targets: Sequence[Host], inventory: Inventory, zone: str, port: int, language: Language) -> int:
    from scanner.hosts.ssh.hostkeys import as_line  # loads what SSH needs
    from scanner.hosts.ssh.key_of import key_of
    from scanner.hosts.ssh.leave import NetworkLeave
    from scanner.hosts.ssh.shell import Hop
    from scanner.wire.known_hosts import fingerprint

    settings = network_settings(inventory, zone, resolvers=[], ca_file=None, contact="")
    unseen = 0
    with ThreadPoolExecutor(1) as threads:
        async with Network(settings) as network:
            for target in targets:
                entry = inventory.entries.get(target.key)
                listed = entry if isinstance(entry, HostEntry) else HostEntry(target)
                login = listed.login or Login("", port=port)
                leave = NetworkLeave(network.view(target.key), {target.name: listed.addresses} if listed.addresses else {})

                def look(name: str = target.name, login: Login = login, leave: NetworkLeave = leave) -> tuple[Hop, str, bytes]:
                    until = time.monotonic() + KEY_SECONDS
                    hop = Hop(name, leave.take(name, login.port, until), login.port, "")
                    return hop, *key_of(hop, until)

                try:
                    hop, kind, key = await asyncio.get_running_loop().run_in_executor(threads, look)
                except CannotObserve as why:
                    unseen += 1
                    console.err.print(f"{target.name}: {language.of(WORDS[why.reason])}: {why.detail}", markup=False)
                    continue
                standing = _standing(login.known_hosts, hop, kind, key, language)
                console.out.print(f"# {hop.known_as} {kind} {fingerprint(key)}: {standing}", markup=False)
                console.out.print(as_line(hop.known_as, kind, key), markup=False)
    return unseen


def _standing(file: str, hop: Hop, kind: str, key: bytes, language: Language) -> str:
    """Say whether a key is known already."""
    from scanner.hosts.ssh.hostkeys import HostKeys  # loads what SSH needs

    try:
        HostKeys(file).check(hop.known_as, kind, key)
    except CannotObserve as why:
        return language.of(_REVOKED if "REVOKED" in why.detail else _OTHER if "ANOTHER" in why.detail else _NEW)
    return language.of(_KNOWN)


def _collectors(only: Sequence[str]) -> Iterable[Collector[Any]]:
    """Give the collectors for Linux, those alone that checks with such ids need where some are given."""
    for collector in catalogue().collectors_on(Platform.LINUX):
        checks = [check.id for check in catalogue().checks.values() if _needs(check, collector)]
        if not only or any(check.startswith(prefix) for check in checks for prefix in only):
            yield collector


def _needs(check: Check, collector: Collector[Any]) -> bool:
    return any(need.fact is collector.makes for need in check.needs)
