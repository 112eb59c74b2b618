"""Answers of PowerShell and of Windows' services, as tests of several subjects give them."""

from __future__ import annotations

import json

from scanner.hosts.base import CommandOutput
from scanner.hosts.windows import answers, base
from scanner.hosts.windows.powershell import Script
from tests.unit.test_hosts_windows_accounts import windows

SERVICES = base.SERVICES
SERVER = windows("20348", "ServerStandard", server=True)


def said(script: Script, answer: object) -> dict[str, bytes | CommandOutput]:
    """What PowerShell prints, in UTF-8."""
    return {" ".join(script.argv): json.dumps({"answer": answer}, ensure_ascii=False).encode() + b"\r\n"}


def error(script: Script, code: int) -> dict[str, bytes | CommandOutput]:
    """What PowerShell prints where a class or a right is missing."""
    return {" ".join(script.argv): json.dumps({"error": code}).encode()}


def states(*running: str) -> tuple[answers.Api[answers.RunningServices], answers.RunningServices]:
    """Services that run."""
    return answers.SERVICE_STATES, answers.RunningServices(tuple(answers.RunningService(name, 4, 0) for name in running))
