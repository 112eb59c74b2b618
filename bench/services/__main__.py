"""The command: ``python -m bench.services SUBJECT``. Raises what a subject needs, runs it, and for ``whole`` adds the subjects up."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench.services.faults import Compared
from bench.services.findings import findings
from bench.services.ports import ports
from bench.services.relay import relay
from bench.services.ssh import ssh
from bench.services.web import web
from tests.lab.exposure.lab import ExposureLab
from tests.lab.mail.lab import MailLab
from tests.lab.web.lab import WebLab


def _ports() -> None:
    with ExposureLab.up() as lab:
        ports(lab)


def _findings() -> Compared:
    with ExposureLab.up() as lab:
        return findings(lab)


def _relay() -> Compared:
    with MailLab.up() as lab:
        return relay(lab)


def _web() -> Compared:
    with WebLab.up() as lab:
        return web(lab)


COMPARED: dict[str, Callable[[], Compared]] = {"findings": _findings, "relay": _relay, "web": _web, "ssh": ssh}
"""The subjects that have faults to find."""


def whole() -> None:
    """Run everything but the rate of ports, which has no faults to find, and add up."""
    total = Compared()
    for name, run in COMPARED.items():
        print(f"\n{name}:")
        total += run()
    print(f"\nin all: {total.line('nmap and ssh-audit')}")


def main() -> None:
    """Run what is asked for."""
    subjects = {"ports": _ports, **COMPARED, "whole": whole}
    match sys.argv[1:]:
        case [subject] if subject in subjects:
            subjects[subject]()
        case _:
            sys.exit(f"usage: python -m bench.services {'|'.join(subjects)}")


if __name__ == "__main__":
    main()
