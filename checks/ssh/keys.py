"""Checks of an SSH service's host keys: strength, the hash that signs, and that all addresses show the same."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.each import Judged
from checks.ssh.common import OLD_ONLY, each, each_offer
from scanner.facts.ssh import SshAddress, SshOffer, SshSurvey
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

SSH_LEAST_RSA_BITS = Value(
    "ssh.least-rsa-bits",
    default=2048,
    text=Text(ja="SSH のホスト鍵に使う RSA 鍵の最小の長さ", en="least length of RSA host keys for SSH"),
    unit="bit",
    least=1024,
    most=8192,
)


@check(
    "ssh.host-key.strength",
    severity=Severity.HIGH,
    title=Text(ja="ホスト鍵の強度が十分である", en="Host keys are strong enough"),
    why=Text(
        ja="弱い鍵は偽造され、利用者は偽のサーバに気付かずに接続する。",
        en="A weak key can be forged, and users connect to a false server unaware.",
    ),
    remedy=Text(
        ja="ホスト鍵を作り直し（「ssh-keygen -t ed25519」又は「-t rsa -b {least_rsa_bits}」以上）、指紋を利用者に知らせる。",
        en='Make a new host key ("ssh-keygen -t ed25519", or "-t rsa -b {least_rsa_bits}" or longer) and tell users its fingerprint.',
    ),
    says={
        "KEY_WEAK": Text(ja="{address} のホスト鍵が弱い：{keys}", en="{address} has weak host keys: {keys}"),
        "KEY_STRONG": Text(ja="ホスト鍵の強度は十分である：{keys}", en="host keys are strong enough: {keys}"),
    },
)
def ssh_host_key_strength(
    survey: SshSurvey, *, least_rsa_bits: Annotated[int, SSH_LEAST_RSA_BITS] = SSH_LEAST_RSA_BITS.default
) -> Judgement:
    def one(seen: SshAddress) -> Judged:
        if isinstance(seen.keys, Unobserved):
            return seen.keys
        if not seen.keys:
            return OLD_ONLY
        weak = [k for k in seen.keys if k.type.startswith("ssh-dss") or (k.type.startswith("ssh-rsa") and k.bits < least_rsa_bits)]
        shown = listed(f"{k.type} {k.bits} bit" for k in weak or seen.keys)
        if weak:
            return failed("KEY_WEAK", keys=shown)
        return seen.keys_unseen or passed("KEY_STRONG", keys=shown)

    return each(survey, one)


@check(
    "ssh.host-key.sha2",
    severity=Severity.LOW,
    title=Text(ja="ホスト鍵の署名に SHA-1 だけを使わない", en="Host keys do not sign with SHA-1 only"),
    why=Text(
        ja="SHA-1 の署名は偽造のおそれがあり、新しいクライアントは接続を拒む（RFC 8332）。",
        en="Signatures with SHA-1 may be forged, and newer clients refuse them (RFC 8332).",
    ),
    remedy=Text(
        ja="サーバを rsa-sha2-256／512 に対応した版（OpenSSH 7.2 以降）に更新するか、Ed25519 又は ECDSA の鍵を加える。",
        en="Update the server to one with rsa-sha2-256/512 (OpenSSH 7.2), or add an Ed25519 or ECDSA key.",
    ),
    says={
        "SHA1_ONLY": Text(ja="{address} のホスト鍵の署名方式は SHA-1 だけである：{names}", en="{address} signs with SHA-1 only: {names}"),
        "SHA1_KEPT": Text(
            ja="SHA-1 の署名（{names}）も互換のため受け付ける", en="signatures with SHA-1 ({names}) are kept for old clients"
        ),
        "SHA2": Text(ja="SHA-1 の署名を使わない", en="no signature with SHA-1 is offered"),
    },
)
def ssh_host_key_sha2(survey: SshSurvey) -> Judgement:
    def one(offer: SshOffer) -> Judged:
        old = [name for name in offer.host_keys if name.startswith(("ssh-rsa", "ssh-dss"))]
        if old and len(old) == len(offer.host_keys):
            return failed("SHA1_ONLY", names=listed(old))
        return passed("SHA1_KEPT", names=listed(old)) if old else passed("SHA2")

    return each_offer(survey, one, worst_first=("SHA1_KEPT",))


@check(
    "ssh.addresses.agree",
    severity=Severity.MEDIUM,
    title=Text(ja="全てのアドレスで同じホスト鍵と方式を示す", en="All addresses show the same host keys and algorithms"),
    why=Text(
        ja="アドレスごとに異なると、利用者は鍵の変化を攻撃と区別できず、設定の漏れも残る。",
        en="Where they differ, users cannot tell a changed key from an attack, and one address may lack the settings of the other.",
    ),
    remedy=Text(
        ja="同じ名前のサーバには同じホスト鍵と設定を置く。別のサーバであれば名前を分ける。",
        en="Give servers of one name the same host keys and settings, or give them names of their own.",
    ),
    says={
        "ADDRESSES_DIFFER": Text(ja="アドレスにより異なる：{parts}", en="addresses differ in {parts}"),
        "ADDRESSES_AGREE": Text(ja="全てのアドレスで同じである", en="all addresses show the same"),
        "ADDRESS_ALONE": Text(ja="アドレスは一つである", en="there is one address"),
    },
)
def ssh_addresses_agree(survey: SshSurvey) -> Judgement:
    if len(survey.addresses) == 1:
        return not_applicable("ADDRESS_ALONE")
    seen = [a for a in survey.addresses if isinstance(a.offer, SshOffer)]
    keys = {frozenset(k.fingerprint for k in a.keys) for a in seen if isinstance(a.keys, tuple) and a.keys_unseen is None}
    offers = {(a.offer.kex, a.offer.host_keys, a.offer.ciphers_out, a.offer.macs_out) for a in seen if isinstance(a.offer, SshOffer)}
    parts = [what for what, kinds in (("HostKey", keys), ("KexAlgorithms, HostKeyAlgorithms, Ciphers, MACs", offers)) if len(kinds) > 1]
    if parts:
        return failed("ADDRESSES_DIFFER", parts=listed(parts))
    missing = first_missing(part for a in survey.addresses for part in (a.offer, a.keys, a.keys_unseen))
    return missing or passed("ADDRESSES_AGREE")
