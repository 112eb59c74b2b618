"""Which domain of a name somebody has registered, by the Public Suffix List. Only that: whose servers stand there is not known here."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import publicsuffixlist
from publicsuffixlist import PublicSuffixList

_PLAIN = re.compile(r"[a-z]+")


def registrable(name: str) -> str | None:
    """Give the registrable domain of a host name; ``None`` for a public suffix, and for what is no name."""
    top = name.rpartition(".")[2].lower()
    return _below(top if _PLAIN.fullmatch(top) else "").privatesuffix(name)


@cache
def _all() -> bytes:
    return Path(publicsuffixlist.PSLFILE).read_bytes()


@cache
def _below(top: str) -> PublicSuffixList:
    """The part of the list below one top-level domain (empty: the whole): to read all of it takes 30 ms, and few are ever asked for."""
    if not top:
        return PublicSuffixList()
    rules = re.findall(rb"(?m)^(?:[^/\s]\S*\.)?" + top.encode() + rb"(?=\s|$)", _all())
    # Names come in Punycode too. To have every rule spelt so takes longest, and changes none of those that are ASCII.
    spelt = [b"!" * rule.startswith(b"!") + rule.decode().lstrip("!").encode("idna") for rule in rules if not rule.isascii()]
    return PublicSuffixList(source=[*rules, *spelt], accept_encoded_idn=False)
