"""The agent's configuration: a small TOML file. Unknown keys are refused, and nothing in it can widen what is sent."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from agent import guard
from agent.trouble import BadConfig

T = TypeVar("T")

LARGEST = 65_536
SPOOL_REPORTS = 500
SPOOL_OCTETS = 20_000_000
USUAL_INTERVAL = 4 * 3600
"""Seconds between reports where neither the configuration nor a policy says otherwise."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the machine's administrator may set."""

    hub: str = ""
    """``https://hub.example.lg.jp:8443``; plain HTTP is for loopback only."""
    state: Path = Path()
    ca_file: str = ""
    """Certificates of the CA that the hub's certificate comes from; empty for the system's own."""
    client_certificate: str = ""
    client_key: str = ""
    proxy: str = ""
    """``http://[user:password@]proxy.example:8080``, reached by CONNECT."""
    interval: int = 0
    """Seconds between reports; 0 leaves it to the hub's policy."""
    withhold: tuple[str, ...] = ()
    """Facts that are never sent, whatever the policy asks."""
    spool_reports: int = SPOOL_REPORTS
    spool_octets: int = SPOOL_OCTETS


def usual_places() -> tuple[Path, Path]:
    """Give where configuration and state are on this platform."""
    match sys.platform:
        case "win32":  # both below ProgramData with rights of their own, see docs/agent.md
            return Path(r"C:\ProgramData\Tenken\agent.toml"), Path(r"C:\ProgramData\Tenken\state")
        case "darwin":
            return Path("/Library/Application Support/Tenken/agent.toml"), Path("/Library/Application Support/Tenken/state")
        case _:
            return Path("/etc/tenken-agent/agent.toml"), Path("/var/lib/tenken-agent")


def load(path: Path | None) -> Config:
    """Read the file, or take what is usual where none is given and none stands in its usual place. Raises ``BadConfig``."""
    usual, state = usual_places()
    if path is None:
        if not usual.exists():
            return Config(state=state)
        _check_fixed(usual)
    path = path or usual
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise BadConfig(f"{path}：大きすぎる", f"{path}: too large")
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadConfig(f"{path}：設定を読めない（{error}）", f"{path}: the configuration cannot be read: {error}") from error
    return _config(table, path, state)


def _check_fixed(usual: Path) -> None:
    """Raise ``BadConfig`` where anybody could have written what the service would follow."""
    for place in (usual.parent, usual):
        if not guard.is_fixed(place):
            raise BadConfig(
                f"{place}：一般の利用者が変更できるため、使わない。権限を直す",
                f"{place}: ordinary accounts can change it, so it is not used; mend its rights",
            )


def _config(table: Mapping[str, object], path: Path, state: Path) -> Config:
    texts = {key: _typed(table, key, str, "", path) for key in ("hub", "ca_file", "client_certificate", "client_key", "proxy")}
    withhold = _typed(table, "withhold", list, [], path)
    if not all(isinstance(name, str) for name in withhold):
        raise BadConfig(f"{path}：withhold は事実の名前の並びである", f"{path}: withhold is a list of names of facts")
    interval, reports, octets = (
        _typed(table, key, int, usual, path)
        for key, usual in (("interval", 0), ("spool_reports", SPOOL_REPORTS), ("spool_octets", SPOOL_OCTETS))
    )
    known = {"state", "withhold", "interval", "spool_reports", "spool_octets", *texts}
    if unknown := sorted(table.keys() - known):
        raise BadConfig(f"{path}：知らない項目 {', '.join(unknown)}", f"{path}: unknown keys {', '.join(unknown)}")
    if interval < 0 or reports < 1 or octets < 1_048_576:
        raise BadConfig(
            f"{path}：interval は 0 以上、spool_reports は 1 以上、spool_octets は 1048576 以上",
            f"{path}: interval from 0, spool_reports from 1, spool_octets from 1048576 on",
        )
    check_hub(texts["hub"], str(path))
    return Config(
        hub=texts["hub"],
        state=Path(_typed(table, "state", str, str(state), path)),
        ca_file=texts["ca_file"],
        client_certificate=texts["client_certificate"],
        client_key=texts["client_key"],
        proxy=texts["proxy"],
        interval=interval,
        withhold=tuple(withhold),
        spool_reports=reports,
        spool_octets=octets,
    )


def check_hub(url: str, where: str) -> None:
    """Raise ``BadConfig`` unless the URL is one that a report may go to."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname, parts.port
    except ValueError:
        name, parts = None, urlsplit("")
    loopback = name in {"127.0.0.1", "::1", "localhost"}
    if not name or parts.scheme not in {"https", "http"} or (parts.scheme == "http" and not loopback) or parts.query or parts.username:
        raise BadConfig(f"{where}：hub は https:// で始まる URL とする：{url}", f"{where}: hub must be an https:// URL: {url}")


def _typed(table: Mapping[str, object], key: str, kind: type[T], usual: T, path: Path) -> T:
    value = table.get(key, usual)
    if type(value) is not kind:
        raise BadConfig(f"{path}：{key} の型が違う", f"{path}: {key} has the wrong type")
    return value
