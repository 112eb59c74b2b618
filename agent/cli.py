"""The command ``tenken-agent``: the only place of the agent that prints and exits."""

from __future__ import annotations

import argparse
import codecs
import io
import locale
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from typing import IO

from agent.config import Config, check_hub, load
from agent.trouble import HubAway, HubRefuses, NotEnrolled, Trouble
from scanner.model.text import Text

FINE, WRONG_USE, NOT_SENT, DEFECT, INTERRUPTED = 0, 2, 3, 70, 130

_ABOUT = (
    "端末の状態を集めて集約サーバに送る。判定せず、設定を変えず、待ち受けない / Reports facts of this machine; judges and changes nothing."
)


def main() -> None:
    """Run the command."""
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Run one command and give its exit status: 0, 2 wrong use, 3 not sent yet, 70 a defect of ours."""
    given = _parser().parse_args(words)
    say = _say(given.lang or _language())
    logging.basicConfig(level=logging.INFO if given.verbose else logging.WARNING, stream=sys.stderr, format="%(levelname)s %(message)s")
    try:
        status: int = given.command(given, load(given.config), say)
    except (HubAway, HubRefuses) as error:
        say([error.text], sys.stderr)
        return NOT_SENT
    except Trouble as error:
        say([error.text], sys.stderr)
        return WRONG_USE
    except BrokenPipeError:  # the reader of what was printed has seen enough
        sys.stdout = None  # nothing is flushed at the end
        return FINE
    except OSError as error:
        text = f"{error.filename or ''}: {error.strerror or error}"
        say([Text(ja=text, en=text)], sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        logging.getLogger(__name__).exception("点検エージェントの不具合 / a defect of the agent")
        return DEFECT
    return status


Say = Callable[..., None]


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Write what a console's code page has not as JSON does, so that what ``show`` prints stays what is sent."""
    assert isinstance(error, UnicodeEncodeError)
    wide = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{wide[at]:02x}{wide[at + 1]:02x}" for at in range(0, len(wide), 2)), error.end


def _say(language: str) -> Say:
    codecs.register_error("tenken-escape", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="tenken-escape")

    def say(texts: Iterable[Text], to: IO[str] | None = None) -> None:
        for text in texts:
            (to or sys.stdout).write((text.ja if language == "ja" else text.en) + "\n")

    return say


def _language() -> str:
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "ja" if named.lower().startswith("ja") else "en"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tenken-agent", description=_ABOUT)
    parser.add_argument("--config", type=Path, help="設定ファイル / configuration file")
    parser.add_argument("--lang", choices=("ja", "en"), help="表示の言語 / language")
    parser.add_argument("--verbose", action="store_true", help="経過を詳しく記す / log what is done")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace, Config, Say], int], words: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=words, description=words)
        one.set_defaults(command=command)
        return one

    one = add("enroll", _enroll, "集約サーバに登録する / Enrol with a hub by its one-time token")
    one.add_argument("--hub", help="集約サーバの URL / URL of the hub")
    one.add_argument("--token", help="登録用の符号（- は標準入力から） / the token; - reads it from standard input", default="-")
    one.add_argument("--again", action="store_true", help="登録し直す / enrol anew")
    add("run", _run, "報告を続ける（サービス） / Report on schedule; this is the service")
    one = add("report", _report, "今すぐ報告する / Report now")
    one.add_argument("--once", action="store_true", help="一度だけ（既定） / once, which is all there is")
    add("show", _show, "送る内容をそのまま示す / Print exactly what would be sent")
    add("status", _status, "登録と送信の状況 / How things stand")
    one = add("export", _export, "送信待ちの報告を媒体用のファイルに書く / Write what waits to a file for approved media")
    one.add_argument("file", type=Path)
    one.add_argument("--report", action="store_true", help="先に報告を一つ作る / make a report first")
    one = add("receipts", _receipts, "媒体で戻った受領証を取り込む / Take receipts that came back on media")
    one.add_argument("file", type=Path)
    return parser


def _enroll(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import service

    hub = given.hub or config.hub
    if not hub:
        raise Trouble("--hub 又は設定の hub が必要である", "--hub, or hub in the configuration, is needed")
    check_hub(hub, "--hub")
    token = sys.stdin.readline() if given.token == "-" else given.token  # noqa: S105  not a secret: a dash
    with service.locked(config.state):
        identity = service.enrol(config, hub.rstrip("/"), token, anew=given.again)
    agent = identity.enrolment.agent
    say([Text(ja=f"登録した。端末の番号 {agent}", en=f"enrolled as {agent}")])
    return FINE


def _run(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import service

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with service.at_work(config) as agent:
        agent.run(stop, random.Random())  # noqa: S311  spreads load, guards nothing
    return FINE


def _report(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import service

    with service.at_work(config) as agent:
        report = agent.report()
        say([Text(ja=f"報告 {report.sequence} 番を作成した", en=f"report {report.sequence} made")])
        if agent.deliver():
            agent.report()
            agent.deliver()
    say([Text(ja="集約サーバが受領した", en="acknowledged by the hub")])
    return FINE


def _show(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import service, show

    try:
        report, enrolled = service.Agent(config).preview(), True
    except (NotEnrolled, PermissionError):
        report, enrolled = service.first_report(config), False
    say(show.shown(report, enrolled=enrolled))
    return FINE


def _status(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import service, show

    say(show.status(service.Agent(config)))
    return FINE


def _export(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import export, service

    with service.at_work(config) as agent:
        if given.report:
            agent.report()
        count = export.export(agent, given.file)
    say([Text(ja=f"{count} 件を書いた", en=f"{count} written")])
    return FINE


def _receipts(given: argparse.Namespace, config: Config, say: Say) -> int:
    from agent import export, service

    with service.at_work(config) as agent:
        count = export.take_receipts(agent, given.file)
    say([Text(ja=f"{count} 件の受領を確認した", en=f"{count} acknowledged")])
    return FINE


if __name__ == "__main__":
    main()
