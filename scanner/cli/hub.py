"""``tenken hub``: the options of its commands. What they do stands in ``hub_work``, which loads the database and the server."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli.outputs import Formats, Out, Outputs, StorePath, open_store
from scanner.cli.scan import Baselines, ExceptionsFile, InventoryFile, Lang, Only, ProfileFile
from scanner.cli.words import usual_language
from scanner.ledger.inventory import INTERNET

hub_app = typer.Typer(no_args_is_help=True, help="端末の報告を受ける集約サーバ / The hub that receives agents' reports")
user_app = typer.Typer(no_args_is_help=True, help="集約サーバの利用者 / Users of the hub")
hub_app.add_typer(user_app, name="user")

DATABASE = "TENKEN_HUB_DATABASE"

Database = Annotated[
    str, typer.Option("--database", envvar=DATABASE, metavar="URL", help="sqlite:///ファイル 又は postgresql://… / SQLite or PostgreSQL")
]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="集約サーバの署名鍵 / The hub's signing key")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON で出力 / Print JSON")]


def _state() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "tenken"


@hub_app.command("serve")
def serve(
    database: Database = "",
    key_file: KeyFile = None,
    host: Annotated[str, typer.Option("--host", help="待ち受けるアドレス / Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="ポート / Port")] = 8443,
    certificate: Annotated[str, typer.Option("--certificate", help="サーバ証明書（PEM） / The server's certificate")] = "",
    private_key: Annotated[str, typer.Option("--private-key", help="その秘密鍵 / Its private key")] = "",
    client_ca: Annotated[str, typer.Option("--client-ca", help="クライアント証明書の認証局 / CA of client certificates")] = "",
    require_certificate: Annotated[
        bool, typer.Option("--require-certificate", help="クライアント証明書を必須とする / Refuse clients without certificate")
    ] = False,
    share_port: Annotated[
        bool, typer.Option("--share-port", help="同じポートで複数のプロセスを動かす / Several processes on one port (PostgreSQL)")
    ] = False,
    receive_only: Annotated[
        bool, typer.Option("--receive-only", help="受け取るだけで判定しない / Only receive; another process judges")
    ] = False,
    inventory: InventoryFile = None,
    baseline: Baselines = None,
    profile: ProfileFile = None,
    exceptions: ExceptionsFile = None,
) -> None:
    """報告を受け、判定する / Receive reports and judge them. Without TLS only loopback is listened on."""
    from scanner.cli import hub_work

    listen = hub_work.Listen(host, port, certificate, private_key, client_ca, require_certificate, share_port)
    ledger = None if receive_only else hub_work.Ledger(inventory, baseline, profile, exceptions)
    hub_work.serve(hub_work.Place(database, key_file, _state()), listen, ledger)


@hub_app.command("enroll")
def enroll(
    note: Annotated[str, typer.Argument(metavar="NOTE", help="端末の管理番号、設置場所等 / What the machine is called here")],
    database: Database = "",
    key_file: KeyFile = None,
    agent: Annotated[str, typer.Option("--agent", help="登録し直す端末の番号 / An agent that is enrolled anew")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="符号の有効日数 / Days for which the token is good")] = 7,
) -> None:
    """端末を登録するための使い切りの符号を作る / Make a one-time token for a machine."""
    from scanner.cli import hub_work

    hub_work.enroll(hub_work.Place(database, key_file, _state()), note, agent, days)


@hub_app.command("agents")
def list_agents(database: Database = "", lang: Lang = None, json: AsJson = False) -> None:
    """端末の一覧 / List the agents and how they stand."""
    from scanner.cli import hub_view, hub_work

    hub_view.list_agents(hub_work.Place(database, None, _state()), lang or usual_language(), as_json=json)


@hub_app.command("show")
def show(agent: str, database: Database = "", lang: Lang = None, json: AsJson = False) -> None:
    """一台の端末：報告の連なり、欠けた報告、判定 / One agent: its chain, what is missing, its results."""
    from scanner.cli import hub_view, hub_work

    hub_view.show(hub_work.Place(database, None, _state()), agent, lang or usual_language(), as_json=json)


@hub_app.command("revoke")
def revoke(
    agent: str,
    why: Annotated[str, typer.Option("--why", help="理由 / The reason")],
    database: Database = "",
) -> None:
    """端末の登録を取り消す / Take no further report of an agent."""
    from scanner.cli import hub_work

    hub_work.revoke(hub_work.Place(database, None, _state()), agent, why)


@hub_app.command("policy")
def policy(
    interval: Annotated[int, typer.Option("--interval", min=60, max=604800, help="報告の間隔（秒） / Seconds between reports")],
    fact: Annotated[list[str] | None, typer.Option("--fact", help="求める事実（既定は全部） / Facts wanted; all by default")] = None,
    database: Database = "",
    key_file: KeyFile = None,
) -> None:
    """端末に求める事実と間隔を定める / Say which built-in facts agents report, and how often."""
    from scanner.cli import hub_work

    hub_work.policy(hub_work.Place(database, key_file, _state()), fact or [], interval)


@hub_app.command("import")
def import_reports(
    file: Annotated[Path, typer.Argument(help="tenken-agent export の出力 / What tenken-agent export wrote")],
    receipts: Annotated[Path | None, typer.Option("--receipts", help="受領証の出力先 / Where the receipts go")] = None,
    database: Database = "",
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """媒体で届いた報告を取り込む / Take reports that came on media."""
    from scanner.cli import hub_work

    hub_work.import_reports(hub_work.Place(database, key_file, _state()), file, receipts, lang or usual_language())


@hub_app.command("judge")
def judge(
    database: Database = "",
    inventory: InventoryFile = None,
    baseline: Baselines = None,
    profile: ProfileFile = None,
    exceptions: ExceptionsFile = None,
    only: Only = None,
    zone: Annotated[str, typer.Option("--zone", help="記録する観測点 / The zone to record")] = INTERNET,
    format: Formats = None,  # noqa: A002  the option's name
    out: Out = None,
    lang: Lang = None,
    store: StorePath = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="実行記録を残さない / Keep no run record")] = False,
) -> None:
    """全端末の報告を一つの実行として判定する（毎夜） / Judge all agents as one run, every night."""
    from scanner.cli import hub_work

    ledger = hub_work.Ledger(inventory, baseline, profile, exceptions, only)
    outputs = Outputs.asked(format, out, lang or usual_language())
    hub_work.judge(hub_work.Place(database, None, _state()), ledger, zone, outputs, None if no_store else partial(open_store, store))


@hub_app.command("refusals")
def list_refusals(database: Database = "", lang: Lang = None, json: AsJson = False) -> None:
    """拒否した報告 / What was refused, and why."""
    from scanner.cli import hub_view, hub_work

    hub_view.list_refusals(hub_work.Place(database, None, _state()), lang or usual_language(), as_json=json)


@hub_app.command("audit")
def audit(database: Database = "", json: AsJson = False) -> None:
    """監査記録を示し、連なりを確かめる / Print the audit log and see that its chain is whole."""
    from scanner.cli import hub_view, hub_work

    hub_view.audit_log(hub_work.Place(database, None, _state()), as_json=json)


@user_app.command("add")
def add_user(
    name: str,
    role: Annotated[str, typer.Option("--role", help="administrator, auditor, owner")],
    certificate: Annotated[
        str, typer.Option("--certificate", help="クライアント証明書の SHA-256 / SHA-256 of the client certificate")
    ] = "",
    system: Annotated[list[str] | None, typer.Option("--system", help="owner が見る情報システム / Systems that an owner sees")] = None,
    password: Annotated[
        bool, typer.Option("--password", help="標準入力からパスワードを読む / Read a password from standard input")
    ] = False,
    database: Database = "",
) -> None:
    """利用者を加える / Add a user with password and second factor, or with a client certificate."""
    from scanner.cli import hub_work

    place = hub_work.Place(database, None, _state())
    hub_work.add_user(place, name, role, certificate, system or [], with_password=password)


@user_app.command("renew")
def renew_user(name: str, database: Database = "") -> None:
    """新しいパスワード（標準入力）と認証コードの鍵を与え、停止やロックを解く / Give a new password and second factor; lets in again."""
    from scanner.cli import hub_work

    hub_work.renew_user(hub_work.Place(database, None, _state()), name)


@user_app.command("disable")
def disable_user(name: str, database: Database = "") -> None:
    """利用者を止める / Let a user in no more."""
    from scanner.cli import hub_work

    hub_work.disable_user(hub_work.Place(database, None, _state()), name)
