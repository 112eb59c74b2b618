"""The laboratory by hand: ``python -m tests.lab up``, ``… run COMMAND``, ``… exec COMMAND``, ``… domains``, ``… scan``."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab import Lab, LabUnavailable, table
from tests.lab.lab import PREFIX

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "kakuu"
TOWN = (("kakuu", "internet", "outside"), ("kakuu-office", "office", "inside"))
"""The scans of the town: folder of the reports, zone of the inventory, namespace."""
TENKEN = (str(Path(sys.executable).with_name("tenken")), "scan")


def _newest() -> Path:
    running = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*/keeper.pid"), key=lambda file: file.stat().st_mtime)
    if not running:
        raise LabUnavailable("no laboratory is up: start one with `python -m tests.lab up`")
    return running[-1].parent


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    sub = parser.add_subparsers(dest="verb", required=True)
    up = sub.add_parser("up", help="raise the laboratory and hold it until Ctrl+C")
    up.add_argument("--bulk", type=int, default=0, help="add that many generated domains")
    run = sub.add_parser("run", help="raise it, run COMMAND inside, take it down; ends with the command's status")
    run.add_argument("--bulk", type=int, default=0)
    for verb in (run, sub.add_parser("exec", help="run COMMAND inside the laboratory that is up")):
        verb.add_argument("--where", default="outside", help="namespace: outside, inside, or a server's host")
        verb.add_argument("command", nargs=argparse.REMAINDER)
    sub.add_parser("domains", help="list the domains and what is wrong with them")
    scan = sub.add_parser("scan", help="scan this machine, then the fictional town, and write the reports below a folder")
    scan.add_argument("--out", type=Path, default=Path("out"))
    arguments = parser.parse_args()
    if getattr(arguments, "command", [])[:1] == ["--"]:
        del arguments.command[0]
    return arguments


def _status(lab: Lab, arguments: argparse.Namespace) -> int:
    """Run the command; it finds the laboratory's files (ca.pem, root.anchor) in the folder $TENKEN_LAB."""
    environment = {**os.environ, "TENKEN_LAB": str(lab.folder)}
    return subprocess.run(lab.command(arguments.command, arguments.where), check=False, env=environment).returncode


def _scan(out: Path) -> int:
    """Scan this machine from outside the laboratory, where its own network shows, then the town from its internet and from its office.

    Findings are what this is for, so only a defect or wrong use makes it fail.
    """
    statuses = [subprocess.run([*TENKEN, "local", "--out", str(out / "local")], check=False).returncode]
    files = [f"--{name}={EXAMPLE / name}.yaml" for name in ("inventory", "profile", "exceptions")]
    with Lab.up() as lab:
        common = [*TENKEN, *files, f"--resolver={lab.resolver}", f"--ca-file={lab.ca_file}"]
        for name, zone, where in TOWN:
            command = [*common, f"--zone={zone}", f"--out={out / name}"]
            statuses.append(subprocess.run(lab.command(command, where), check=False).returncode)
    for name in ("local", *(name for name, _, _ in TOWN)):
        print((out / name / "report.html").resolve())
    return max((status for status in statuses if status not in {0, 1, 3}), default=0)


def main() -> int:
    """Give the exit status."""
    arguments = _arguments()
    match arguments.verb:
        case "domains":
            for entry in table.load().values():
                print(f"{entry.name:40} {entry.fault}")
            return 0
        case "scan":
            return _scan(arguments.out)
        case "exec":
            with Lab.attach(_newest()) as lab:
                return _status(lab, arguments)
        case "run":
            with Lab.up(bulk=arguments.bulk) as lab:
                return _status(lab, arguments)
        case _:
            with Lab.up(bulk=arguments.bulk) as lab:
                print(
                    f"up: {len(lab.domains)} domains, resolver {lab.resolver}, files in {lab.folder}; Ctrl+C ends it",
                    flush=True,
                )
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
            return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabUnavailable as error:
        print(f"no laboratory: {error}", file=sys.stderr)
        sys.exit(2)
