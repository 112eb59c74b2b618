"""Checks of DANE for SMTP (RFC 7672) as the DNS shows it, and of protection against downgrade by DANE or MTA-STS together.

Whether a TLSA record matches the certificate is seen in a TLS handshake and judged elsewhere.
"""

from __future__ import annotations

from typing import Final

from checks.common import first_missing, listed
from checks.mail.common import MX_HOSTS, beyond_cap, problem, takes_mail, use_undeclared
from checks.mail.mta_sts import NO_MAIL, is_text, usable_policy
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import HostTlsa, MailExchangers, MailHosts, MailTlsa, MtaStsPolicy, Status, TlsaAnswer
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire import tlsa as wire
from scanner.wire.mta_sts import Mode

_NO_HOSTS: Final = Text(ja="MX ホストがない", en="there is no MX host")
_NOT_USED: Final = Text(ja="TLSA レコードがなく、DANE を使っていない", en="there is no TLSA record; DANE is not used")


def _records(one: HostTlsa) -> tuple[wire.Tlsa, ...]:
    if isinstance(one.answer, Unobserved):
        return ()
    return tuple(wire.parse(r.usage, r.selector, r.matching, bytes.fromhex(r.data)) for r in one.answer.records)


def _publishing(tlsa: MailTlsa) -> tuple[HostTlsa, ...]:
    return tuple(one for one in tlsa.hosts if isinstance(one.answer, TlsaAnswer) and one.answer.status is Status.FOUND)


def _dead(hosts: MailHosts) -> frozenset[str]:
    """The hosts without any address: nobody can connect to them, so nobody misses their TLSA records."""
    return frozenset(host.name for host in hosts.hosts if not host.addresses and host.missing is None)


@check(
    "mail.dane.tlsa",
    severity=Severity.LOW,
    title=Text(ja="MX ホストの TLSA レコードが正しく公開されている", en="The TLSA records of the MX hosts are proper"),
    why=Text(
        ja=(
            "DANE は、DNSSEC で守られた TLSA レコードにより受信サーバの鍵を送信側に示し、盗聴や偽サーバへの配送を防ぐ。"
            "誤ったレコードがあると配送が止まる。"
        ),
        en=(
            "DANE tells senders the key of the mail host through DNSSEC and so keeps out eavesdroppers and false hosts; wrong records "
            "stop delivery."
        ),
    ),
    remedy=Text(
        ja="すべての MX ホストに「_25._tcp.mx1.example.lg.jp. IN TLSA 3 1 1 （公開鍵の SHA-256）」を公開する。用途 0 と 1 は使わない。",
        en='Publish "_25._tcp.mx1.example.lg.jp. IN TLSA 3 1 1 (SHA-256 of the public key)" for every MX host; do not use usages 0 and 1.',
    ),
    says={
        "DANE_FOUND": Text(ja="TLSA レコードのある MX ホスト：{hosts}", en="MX hosts with TLSA records: {hosts}"),
        "DANE_NOT_USED": _NOT_USED,
        "DANE_MISSING": Text(ja="TLSA レコードがない", en="there is no TLSA record"),
        "DANE_PARTIAL": Text(ja="一部の MX ホストに TLSA レコードがない：{hosts}", en="some MX hosts have no TLSA record: {hosts}"),
        "DANE_UNUSABLE": Text(ja="送信側が使えるレコードがない：{problems}", en="no record that senders can use: {problems}"),
        "DANE_ODD": Text(
            ja="有効なレコードはあるが、送信側が使えない、又は推奨されない形のものもある：{problems}",
            en="usable, beside records that are not or are of a form not advised: {problems}",
        ),
        "DANE_NO_HOSTS": _NO_HOSTS,
    },
)
def dane_tlsa(mx: MailExchangers, hosts: MailHosts, tlsa: MailTlsa, *, required: bool = False) -> Judgement:
    """``required`` makes a domain without any TLSA record fail; else DANE counts as not used."""
    if not mx.hosts:
        return not_applicable("DANE_NO_HOSTS")
    publishing = _publishing(tlsa)
    if unusable := [one for one in publishing if not wire.usable(_records(one))]:
        return failed("DANE_UNUSABLE", problems=_problems(unusable))
    without = [
        one.host
        for one in tlsa.hosts
        if isinstance(one.answer, TlsaAnswer) and one.answer.status is not Status.FOUND and one.host not in _dead(hosts)
    ]
    if publishing and without:
        return failed("DANE_PARTIAL", hosts=listed(without))
    if missing := first_missing(one.answer for one in tlsa.hosts) or beyond_cap(len(mx.hosts) - len(tlsa.hosts), MX_HOSTS):
        return missing
    if not publishing:
        return failed("DANE_MISSING") if required else not_applicable("DANE_NOT_USED")
    if odd := _problems(publishing):
        return passed("DANE_ODD", problems=odd)
    return passed("DANE_FOUND", hosts=listed(one.host for one in publishing))


def _problems(hosts: tuple[HostTlsa, ...] | list[HostTlsa]) -> tuple[str, ...]:
    return listed(f"{one.host}: {record.text[:12]} {problem(p)}" for one in hosts for record in _records(one) for p in record.problems)


@check(
    "mail.dane.dnssec",
    severity=Severity.MEDIUM,
    title=Text(ja="TLSA レコードが DNSSEC で守られている", en="TLSA records are protected by DNSSEC"),
    why=Text(
        ja="MX、アドレス及び TLSA の応答がすべて DNSSEC で検証できなければ、送信側は TLSA レコードを無視する（RFC 7672 2.2）。",
        en="Senders ignore TLSA records unless the answers for MX, addresses and TLSA are all secure by DNSSEC (RFC 7672 section 2.2).",
    ),
    remedy=Text(
        ja=(
            "ドメインのゾーンと MX ホストのゾーンの両方を DNSSEC で署名し、上位ゾーンに DS レコードを登録する（例「example.lg.jp. IN DS "
            "12345 13 2 …」）。"
        ),
        en=(
            'Sign both the zone of the domain and that of the MX hosts, and have the DS record entered at the parent ("example.lg.jp. IN '
            'DS 12345 13 2 (digest)").'
        ),
    ),
    says={
        "DANE_SECURE": Text(
            ja="MX、アドレス及び TLSA の応答がすべて検証できる",
            en="the answers for MX, addresses and TLSA are all secure",
        ),
        "DANE_INSECURE": Text(
            ja="TLSA レコードがあるが、DNSSEC で検証できない応答がある：{parts}",
            en="there are TLSA records, but answers that are not secure: {parts}",
        ),
        "DANE_MX_UNSIGNED": Text(
            ja="MX ホストの管理者は TLSA レコードを公開しているが、このドメインは DNSSEC で署名されておらず、その保護は及ばない",
            en="the operator of the MX hosts publishes TLSA records, but this domain is not signed and so does not profit from them",
        ),
        "DANE_DNSSEC_NOT_USED": _NOT_USED,
        "DANE_DNSSEC_NO_HOSTS": _NO_HOSTS,
    },
)
def dane_dnssec(mx: MailExchangers, hosts: MailHosts, tlsa: MailTlsa) -> Judgement:
    if not mx.hosts:
        return not_applicable("DANE_DNSSEC_NO_HOSTS")
    publishing = {one.host for one in _publishing(tlsa)}
    missing = first_missing(one.answer for one in tlsa.hosts) or beyond_cap(len(mx.hosts) - len(tlsa.hosts), MX_HOSTS)
    if not publishing:
        return missing or not_applicable("DANE_DNSSEC_NOT_USED")
    if isinstance(tlsa.validating, Unobserved):
        return tlsa.validating
    if not tlsa.validating:
        ja, en = "問い合わせた名前解決サーバが DNSSEC を検証しない", "the resolver that was asked does not validate DNSSEC"
        return cannot_tell(Reason.UNSUPPORTED, ja, en)
    insecure = [f"A/AAAA {h.name}" for h in hosts.hosts if h.name in publishing and h.addresses and not h.authenticated]
    insecure += [
        f"TLSA {one.host}"
        for one in tlsa.hosts
        if isinstance(one.answer, TlsaAnswer) and one.host in publishing and not one.answer.authenticated
    ]
    if not mx.authenticated:
        # An organisation whose mail is hosted did not choose DANE itself: a flaw only where the hosts are its own.
        if not insecure and not any(host == mx.name or host.endswith("." + mx.name) for host in publishing):
            return missing or not_applicable("DANE_MX_UNSIGNED")
        insecure.insert(0, f"MX {mx.name}")
    if insecure:
        return failed("DANE_INSECURE", parts=listed(insecure))
    return missing or first_missing(h.missing for h in hosts.hosts if h.name in publishing) or passed("DANE_SECURE")


@check(
    "mail.transport.downgrade",
    severity=Severity.LOW,
    title=Text(ja="サーバ間の暗号化が外されないよう守られている", en="Encryption between mail servers is protected against downgrade"),
    why=Text(
        ja=(
            "STARTTLS だけでは、通信路の攻撃者が暗号化を外して盗聴・改ざんできる。DANE 又は enforce の MTA-STS があれば、"
            "送信側は平文での配送をやめる。"
        ),
        en=(
            "STARTTLS alone can be stripped by an attacker on the way; with DANE, or MTA-STS in enforce mode, senders refuse to go on in "
            "the clear."
        ),
    ),
    remedy=Text(
        ja=(
            "MTA-STS のポリシーを「mode: enforce」とするか、DNSSEC で署名したゾーンに「_25._tcp.mx1.example.lg.jp. IN TLSA 3 1 1 …」"
            "を公開する。"
        ),
        en='Set "mode: enforce" in the MTA-STS policy, or publish "_25._tcp.mx1.example.lg.jp. IN TLSA 3 1 1 (digest)" in a signed zone.',
    ),
    says={
        "DOWNGRADE_DANE": Text(
            ja="DNSSEC で守られた TLSA レコードがすべての MX ホストにある",
            en="every MX host has TLSA records secured by DNSSEC",
        ),
        "DOWNGRADE_MTA_STS": Text(ja="MTA-STS が enforce で公開されている", en="MTA-STS is published in enforce mode"),
        "DOWNGRADE_OPEN": Text(
            ja="DANE も、どの送信側も使える enforce の MTA-STS もなく、暗号化を外され得る",
            en="there is neither DANE nor MTA-STS in enforce mode that every sender can use, so encryption can be stripped",
        ),
        "DOWNGRADE_NO_MAIL": NO_MAIL,
    },
)
def transport_downgrade(
    declared: DeclaredDomain,
    mx: MailExchangers,
    hosts: MailHosts | Unobserved,
    tlsa: MailTlsa | Unobserved,
    policy: MtaStsPolicy | Unobserved,
) -> Judgement:
    match takes_mail(declared, mx):
        case False:
            return not_applicable("DOWNGRADE_NO_MAIL")
        case None:
            return use_undeclared(mx.name, "takes")
        case True:
            pass
    # Some senders take a policy of another media type all the same; it protects nothing from the others.
    is_heeded = isinstance(policy, MtaStsPolicy) and policy.reply is not None and is_text(policy.reply)
    read = usable_policy(policy) if isinstance(policy, MtaStsPolicy) and is_heeded else None
    if read is not None and read.mode is Mode.ENFORCE:
        return passed("DOWNGRADE_MTA_STS")
    if isinstance(tlsa, Unobserved) or isinstance(hosts, Unobserved):
        return first_missing((tlsa, hosts)) or failed("DOWNGRADE_OPEN")
    usable = bool(tlsa.hosts) and all(wire.usable(_records(one)) for one in tlsa.hosts)
    if usable:
        secure = dane_dnssec.judge(mx, hosts, tlsa)
        if isinstance(secure, Unobserved):
            return secure
        if secure.tag == "DANE_SECURE":
            return passed("DOWNGRADE_DANE")
    missing = first_missing((policy, *(one.answer for one in tlsa.hosts)))
    return missing or failed("DOWNGRADE_OPEN")
