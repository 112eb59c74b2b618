"""Runs nmap over hosts of a laboratory, the way its manual recommends for a good network, and takes apart what it prints."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

Run = Callable[[Sequence[str]], subprocess.CompletedProcess[str]]

FIXED = ("nmap", "-T4", "-n", "-Pn", "-vv", "-sV", "--version-light")


def nmap(run: Run, options: Sequence[str], hosts: Mapping[str, str]) -> tuple[dict[str, str], float]:
    """Look at all hosts (name → address or host name) in one command: what it prints of each, and the seconds."""
    start = time.monotonic()
    done = run([*FIXED, *options, *hosts.values()])
    seconds = time.monotonic() - start
    if done.returncode:
        raise RuntimeError(f"nmap: {done.stderr.strip()}")
    parts = re.split(r"^Nmap scan report for (\S+)", done.stdout, flags=re.MULTILINE)
    by_host = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {name: by_host[host] for name, host in hosts.items()}, seconds


def nmap_both(
    run: Run, options: Sequence[str], four: Mapping[str, str], six: Mapping[str, str]
) -> tuple[dict[str, tuple[str, str]], float]:
    """Look over IPv4 and then, in a second command as nmap needs it, over IPv6: what both print, and the seconds of both, also printed."""
    over4, seconds4 = nmap(run, options, four)
    over6, seconds6 = nmap(run, ("-6", *options), six)
    print(f"nmap {seconds4:.1f} s over IPv4 and {seconds6:.1f} s over IPv6")
    return {name: (over4[name], over6[name]) for name in over4}, seconds4 + seconds6
