"""Checks of what a DNS server tells about itself."""

from __future__ import annotations

import re
from typing import Final

from checks.common import first_missing, listed
from scanner.facts.dns_server import IdentityAnswer, ServerIdentity
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

VERSION_NAMES: Final = ("version.bind", "version.server")
HOST_NAMES: Final = ("hostname.bind", "id.server")
_NUMBER: Final = re.compile(r"[0-9]+\.[0-9]+")
_PRODUCT: Final = re.compile(
    r"\b(bind|named|nsd|unbound|knot|powerdns|pdns|dnsmasq|microsoft|windows|coredns|maradns|djbdns|yadifa|gdnsd|dnsdist|infoblox)\b",
    re.IGNORECASE,
)
LONGEST_SHOWN: Final = 80


def _texts(seen: ServerIdentity, names: tuple[str, ...]) -> list[tuple[str, str]]:
    answers = [p.answer for p in seen.parts if p.name in names and isinstance(p.answer, IdentityAnswer)]
    return [(a.name, text.strip()) for a in answers for text in a.texts if text.strip()]


def _missing(seen: ServerIdentity, names: tuple[str, ...]) -> Unobserved | None:
    return first_missing(p.answer for p in seen.parts if p.name in names)


def _shown(name: str, text: str) -> str:
    kept = "".join(c if c.isprintable() else "?" for c in text)
    return f"{name} “{kept[:LONGEST_SHOWN]}”"


@check(
    "dns.disclosure.version",
    severity=Severity.LOW,
    title=Text(ja="DNS サーバがソフトウェアのバージョンを明かさない", en="The DNS server does not tell its software and version"),
    why=Text(
        ja="ソフトウェアとそのバージョンが分かると、攻撃者は悪用できる脆弱性を直ちに選べる。",
        en="Software and version let an attacker pick the fitting exploit at once.",
    ),
    remedy=Text(
        ja='バージョンを応答しない設定にする（BIND「version none;」、NSD・Unbound「hide-version: yes」、Knot「version: ""」）。',
        en='Do not answer for the version (BIND "version none;", NSD and Unbound "hide-version: yes", Knot an empty "version:").',
    ),
    says={
        "VERSION_HIDDEN": Text(ja="バージョンを応答しない", en="no version is told"),
        "VERSION_MASKED": Text(
            ja="バージョンの分からない文字列を応答する：{answers}", en="it answers with a text that tells nothing: {answers}"
        ),
        "VERSION_SHOWN": Text(ja="ソフトウェアを明かしている：{answers}", en="it tells its software: {answers}"),
    },
)
def disclosure_version(seen: ServerIdentity) -> Judgement:
    said = _texts(seen, VERSION_NAMES)
    if telling := [(n, t) for n, t in said if _NUMBER.search(t) or _PRODUCT.search(t)]:
        return failed("VERSION_SHOWN", answers=listed(_shown(n, t) for n, t in telling))
    if (missing := _missing(seen, VERSION_NAMES)) is not None:
        return missing
    return passed("VERSION_MASKED", answers=listed(_shown(n, t) for n, t in said)) if said else passed("VERSION_HIDDEN")


@check(
    "dns.disclosure.identity",
    severity=Severity.INFO,
    title=Text(ja="DNS サーバが内部のホスト名を明かさない", en="The DNS server does not tell its internal host name"),
    why=Text(
        ja="hostname.bind や id.server で内部のホスト名が分かると、構成を推測する手がかりになる。",
        en="Internal host names told by hostname.bind or id.server help to guess how the network is built.",
    ),
    remedy=Text(
        ja=(
            "ホスト名を応答しない設定にする（BIND「hostname none; server-id none;」、NSD・Unbound「hide-identity: yes」、Knot「identity: "
            '""」）。'
        ),
        en=(
            'Do not answer for the host name (BIND "hostname none; server-id none;", NSD and Unbound "hide-identity: yes", Knot an '
            'empty "identity:").'
        ),
    ),
    says={
        "IDENTITY_HIDDEN": Text(ja="ホスト名を応答しない", en="no host name is told"),
        "IDENTITY_KNOWN": Text(ja="公開済みのサーバ名だけを応答する：{answers}", en="it tells no more than its public name: {answers}"),
        "IDENTITY_SHOWN": Text(ja="ホスト名等を明かしている：{answers}", en="it tells a name of its own: {answers}"),
    },
)
def disclosure_identity(seen: ServerIdentity) -> Judgement:
    said = _texts(seen, HOST_NAMES)
    if telling := [(n, t) for n, t in said if t.lower().rstrip(".") != seen.host]:
        return failed("IDENTITY_SHOWN", answers=listed(_shown(n, t) for n, t in telling))
    if (missing := _missing(seen, HOST_NAMES)) is not None:
        return missing
    return passed("IDENTITY_KNOWN", answers=listed(_shown(n, t) for n, t in said)) if said else passed("IDENTITY_HIDDEN")
