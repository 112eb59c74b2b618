"""Checks of the way mail takes to a domain: its MX records, the hosts they name and the addresses of these."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.mail.common import ADDRESSES, MX_HOSTS, beyond_cap, takes_mail, use_undeclared
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import Addresses, MailExchangers, MailHost, MailHosts, MailReverse, Status
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.addresses import Reach, is_address, published, tunnelled

MAIL_MX_IPV6_REQUIRED = Value(
    "mail.mx.ipv6-required",
    default=False,
    text=Text(ja="メールの受信に IPv6 を求めるか", en="whether mail must be taken over IPv6"),
)


_NO_HOSTS = Text(ja="MX ホストがない", en="there is no MX host")


@check(
    "mail.mx.published",
    severity=Severity.MEDIUM,
    title=Text(ja="メールの受信先（MX レコード）が明示されている", en="MX records state where mail for the domain goes"),
    why=Text(
        ja=(
            "MX がないと、送信側はドメイン自身の A/AAAA レコード（多くはウェブサーバ）へ配送しようとし、"
            "メールの不達や想定外の受信につながる。"
        ),
        en="Without MX records senders deliver to the domain's own address, often a web server: mail is lost or taken by the wrong host.",
    ),
    remedy=Text(
        ja=(
            "受信するドメインには「example.lg.jp. IN MX 10 mx1.example.lg.jp.」、受信しないドメインには「example.lg.jp. IN MX 0 .」"
            "を公開する。"
        ),
        en=(
            'Publish "example.lg.jp. IN MX 10 mx1.example.lg.jp." where the domain takes mail, "example.lg.jp. IN MX 0 ." where it does '
            "not."
        ),
    ),
    says={
        "MX_FOUND": Text(ja="MX ホスト：{hosts}", en="MX hosts: {hosts}"),
        "MX_NULL": Text(ja="null MX により、メールを受信しないことが明示されている", en="a null MX states that the domain takes no mail"),
        "MX_NONE": Text(ja="メールを受信するドメインだが MX レコードがない", en="the domain takes mail but has no MX record"),
        "MX_DOMAIN_MISSING": Text(
            ja="メールを受信するドメインだが、名前が DNS に存在しない", en="the domain takes mail but does not exist in the DNS"
        ),
        "MX_NOT_NEEDED": Text(ja="メールを受信しないドメインで、MX レコードもない", en="the domain takes no mail and has no MX record"),
        "MX_NO_DOMAIN": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
    },
)
def mx_published(declared: DeclaredDomain, mx: MailExchangers) -> Judgement:
    if mx.hosts:
        return passed("MX_FOUND", hosts=listed(mx.hosts))
    if mx.refuses_mail:
        return passed("MX_NULL")
    if declared.receives_mail:
        return failed("MX_DOMAIN_MISSING" if mx.status is Status.NXDOMAIN else "MX_NONE")
    if mx.status is Status.NXDOMAIN:
        return not_applicable("MX_NO_DOMAIN")
    if takes_mail(declared, mx) is False:
        return not_applicable("MX_NOT_NEEDED")
    return use_undeclared(mx.name, "takes")


@check(
    "mail.mx.null",
    severity=Severity.LOW,
    title=Text(ja="メールを受信しないドメインは null MX で明示している", en="A domain that takes no mail says so with a null MX"),
    why=Text(
        ja="null MX（RFC 7505）があれば、送信側は配送を試みずに直ちに配送不能とし、なりすましメールの送信元としても信用しない。",
        en="With a null MX (RFC 7505) senders give up at once, and receivers distrust mail that claims to come from the domain.",
    ),
    remedy=Text(
        ja="受信しないドメインの MX は「example.lg.jp. IN MX 0 .」の 1 件だけとする。受信するドメインでは null MX を削除する。",
        en='Publish "example.lg.jp. IN MX 0 ." as the only MX record where no mail is taken; remove it where mail is taken.',
    ),
    says={
        "NULL_MX_FOUND": Text(ja="null MX が公開されている", en="a null MX is published"),
        "NULL_MX_NO_ROUTE": Text(
            ja="MX も A/AAAA もなく、配送される経路がない", en="there is neither MX nor address, so nothing can be delivered"
        ),
        "NULL_MX_MISSING": Text(
            ja="受信しないドメインだが null MX がなく、{addresses} へ配送される",
            en="the domain takes no mail but has no null MX, so mail goes to {addresses}",
        ),
        "NULL_MX_CONTRADICTED": Text(
            ja="台帳では受信しないとあるが、MX ホスト {hosts} が公開されている",
            en="the ledger says that no mail is taken, yet MX hosts {hosts} are published",
        ),
        "NULL_MX_RECEIVES": Text(
            ja="台帳では受信するとあるが、null MX が公開されている", en="the ledger says that mail is taken, yet a null MX is published"
        ),
        "NULL_MX_MIXED": Text(ja="null MX と通常の MX（{hosts}）が併存している", en="a null MX stands beside real ones ({hosts})"),
        "NULL_MX_FORM": Text(
            ja="null MX の形式が誤っている（優先度 0 の 1 件だけとする）：優先度 {preferences}",
            en="the null MX is of the wrong form (one record, preference 0): preference {preferences}",
        ),
        "NULL_MX_RECEIVER": Text(ja="メールを受信するドメイン", en="the domain takes mail"),
        "NULL_MX_NO_DOMAIN": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
    },
)
def mx_null(declared: DeclaredDomain, mx: MailExchangers, hosts: MailHosts | Unobserved) -> Judgement:
    if mx.has_null and mx.hosts:
        return failed("NULL_MX_MIXED", hosts=listed(mx.hosts))
    if mx.has_null:
        if declared.receives_mail:
            return failed("NULL_MX_RECEIVES")
        if len(mx.records) > 1 or mx.records[0].preference != 0:  # RFC 7505 section 3
            return failed("NULL_MX_FORM", preferences=listed(str(record.preference) for record in mx.records))
        return passed("NULL_MX_FOUND")
    if mx.hosts:
        if declared.receives_mail is False:
            return failed("NULL_MX_CONTRADICTED", hosts=listed(mx.hosts))
        return not_applicable("NULL_MX_RECEIVER")
    if mx.status is Status.NXDOMAIN:
        return not_applicable("NULL_MX_NO_DOMAIN")
    match takes_mail(declared, mx):
        case True:
            return not_applicable("NULL_MX_RECEIVER")
        case None:
            return use_undeclared(mx.name, "takes")
        case False:
            return _without_route(hosts)


def _without_route(hosts: MailHosts | Unobserved) -> Judgement:
    if isinstance(hosts, Unobserved):
        return hosts
    addresses = [a for host in hosts.hosts for a in host.addresses]
    if addresses:
        return failed("NULL_MX_MISSING", addresses=listed(addresses))
    return first_missing(host.missing for host in hosts.hosts) or passed("NULL_MX_NO_ROUTE")


@check(
    "mail.mx.resolves",
    severity=Severity.HIGH,
    title=Text(ja="すべての MX ホストの名前を解決できる", en="Every MX host name leads to an address"),
    why=Text(
        ja="解決できない MX ホストにはメールが届かず、名前が第三者に取得されるとメールを奪われる。",
        en="Mail to a host that does not resolve is lost, and whoever registers the name receives it.",
    ),
    remedy=Text(
        ja=(
            "MX には A/AAAA レコードを持つホスト名を指定し（例「mx1.example.lg.jp. IN A 203.0.113.25」）、使わない MX は削除する。IP "
            "アドレスは指定できない。"
        ),
        en=(
            'Name hosts that have address records ("mx1.example.lg.jp. IN A 203.0.113.25"), never an IP address, and remove MX records '
            "no longer used."
        ),
    ),
    says={
        "MX_RESOLVED": Text(ja="すべての MX ホストを解決できる（{count} 件）", en="every MX host resolves ({count})"),
        "MX_UNRESOLVED": Text(ja="解決できない MX ホスト：{hosts}", en="MX hosts that do not resolve: {hosts}"),
        "MX_IS_ADDRESS": Text(
            ja="ホスト名でなく IP アドレスが MX に指定されている：{hosts}", en="MX records hold an IP address in place of a name: {hosts}"
        ),
        "MX_BAD_NAME": Text(
            ja="ホスト名として使えない名前が MX に指定されている：{hosts}", en="MX records hold a name that no host can have: {hosts}"
        ),
        "MX_RESOLVES_NO_HOSTS": _NO_HOSTS,
    },
)
def mx_resolves(mx: MailExchangers, hosts: MailHosts) -> Judgement:
    if not mx.hosts:
        return not_applicable("MX_RESOLVES_NO_HOSTS")
    if literals := [host for host in mx.hosts if is_address(host.strip("[]"))]:
        return failed("MX_IS_ADDRESS", hosts=listed(literals))
    lost = [host.name for host in hosts.hosts if not host.addresses and host.missing is None]
    if lost:
        return failed("MX_UNRESOLVED", hosts=listed(lost))
    if odd := [host for host in mx.hosts if not _is_host_name(host)]:
        return failed("MX_BAD_NAME", hosts=listed(odd))
    # One family is enough: a host with IPv4 resolves even where nobody answered for IPv6.
    missing = first_missing(host.missing for host in hosts.hosts if not host.addresses)
    return missing or beyond_cap(hosts.left_out, MX_HOSTS) or passed("MX_RESOLVED", count=len(hosts.hosts))


def _is_host_name(host: str) -> bool:
    """RFC 1123 section 2.1: letters, digits and inner hyphens."""
    labels = host.split(".")
    return all(label.replace("-", "").isalnum() and label.isascii() and label[0] != "-" and label[-1] != "-" for label in labels)


@check(
    "mail.mx.cname",
    severity=Severity.LOW,
    title=Text(ja="MX ホストが別名（CNAME）でない", en="No MX host is an alias (CNAME)"),
    why=Text(
        ja="MX の指す名前が CNAME であることは規格違反（RFC 2181 10.3）で、配送を拒む送信側があり、DANE の照合先も定まらない。",
        en="An MX target must not be an alias (RFC 2181 section 10.3): some senders refuse it, and DANE cannot tell which name counts.",
    ),
    remedy=Text(
        ja="MX には CNAME の指す先のホスト名を直接指定する（例「example.lg.jp. IN MX 10 mx1.provider.example.」）。",
        en='Name the final host itself in the MX record ("example.lg.jp. IN MX 10 mx1.provider.example.").',
    ),
    says={
        "MX_CNAME_NONE": Text(ja="別名の MX ホストはない", en="no MX host is an alias"),
        "MX_CNAME_FOUND": Text(ja="別名の MX ホスト：{aliases}", en="MX hosts that are aliases: {aliases}"),
        "MX_CNAME_NO_HOSTS": _NO_HOSTS,
    },
)
def mx_cname(mx: MailExchangers, hosts: MailHosts) -> Judgement:
    if not mx.hosts:
        return not_applicable("MX_CNAME_NO_HOSTS")
    if aliases := [f"{host.name} → {host.aliases[-1]}" for host in hosts.hosts if host.aliases]:
        return failed("MX_CNAME_FOUND", aliases=listed(aliases))
    # A CNAME shows in the answer for either family.
    missing = first_missing(host.missing for host in hosts.hosts if isinstance(host.v4, Unobserved) and isinstance(host.v6, Unobserved))
    return missing or beyond_cap(hosts.left_out, MX_HOSTS) or passed("MX_CNAME_NONE")


def _special(text: str) -> bool:
    """Tell whether an address is of no use to senders on the Internet."""
    block = published(text)
    return block is not None and block.reach is not Reach.RELAYED  # mail.mx.ipv6 speaks of tunnels


@check(
    "mail.mx.addresses",
    severity=Severity.MEDIUM,
    title=Text(ja="MX ホストのアドレスがインターネットから到達できるものである", en="MX hosts have addresses that the Internet can reach"),
    why=Text(
        ja="プライベートアドレス等では受信できず、内部の構成も外部に漏れる。送信側が自組織内の同じアドレスへ誤配送するおそれもある。",
        en=(
            "Private and other special addresses take no mail, show internal structure, and may lead to a host inside the sender's own "
            "network."
        ),
    ),
    remedy=Text(
        ja="公開 DNS から該当の A/AAAA レコードを削除し、受信サーバのグローバルアドレスを公開する。内部用の名前は内部 DNS だけに置く。",
        en=(
            "Remove these address records from the public DNS, publish the public address of the mail host, and keep internal names in "
            "the internal DNS."
        ),
    ),
    says={
        "MX_ADDRESSES_PUBLIC": Text(ja="MX ホストのアドレスはすべてグローバルである", en="all addresses of MX hosts are public"),
        "MX_ADDRESSES_SPECIAL": Text(
            ja="インターネットから到達できないアドレス：{addresses}", en="addresses that the Internet cannot reach: {addresses}"
        ),
        "MX_ADDRESSES_NO_HOSTS": _NO_HOSTS,
        "MX_ADDRESSES_NONE": Text(ja="MX ホストにアドレスがない", en="the MX hosts have no address"),
    },
)
def mx_addresses(mx: MailExchangers, hosts: MailHosts) -> Judgement:
    if not mx.hosts:
        return not_applicable("MX_ADDRESSES_NO_HOSTS")
    if special := [f"{host.name} {a}" for host in hosts.hosts for a in host.addresses if _special(a)]:
        return failed("MX_ADDRESSES_SPECIAL", addresses=listed(special))
    if missing := first_missing(host.missing for host in hosts.hosts) or beyond_cap(hosts.left_out, MX_HOSTS):
        return missing
    return passed("MX_ADDRESSES_PUBLIC") if any(host.addresses for host in hosts.hosts) else not_applicable("MX_ADDRESSES_NONE")


@check(
    "mail.mx.reverse",
    severity=Severity.LOW,
    title=Text(ja="MX ホストのアドレスに、正引きと一致する逆引き名がある", en="Each MX address has a reverse name that leads back to it"),
    why=Text(
        ja="受信サーバは送信も兼ねることが多く、逆引きのない、又は正引きと一致しないアドレスからのメールは多くの受信側で拒否される。",
        en="Receiving hosts often send too, and many receivers refuse mail from addresses without a confirmed reverse name.",
    ),
    remedy=Text(
        ja=(
            "アドレスの管理者（回線事業者等）に、ホスト名と一致する PTR レコードの設定を依頼する（例「25.113.0.203.in-addr.arpa. IN PTR "
            "mx1.example.lg.jp.」）。プライベートアドレスは、先に受信サーバのグローバルアドレスに改める。"
        ),
        en=(
            'Have the network provider set a PTR record that matches the host ("25.113.0.203.in-addr.arpa. IN PTR mx1.example.lg.jp."). '
            "Where the address is private, publish the host's public address first."
        ),
    ),
    says={
        "MX_REVERSE_CONFIRMED": Text(
            ja="すべてのアドレスに、正引きと一致する逆引き名がある（{count} 件）", en="every address has a confirmed reverse name ({count})"
        ),
        "MX_REVERSE_MISSING": Text(ja="逆引き名がない：{addresses}", en="no reverse name: {addresses}"),
        "MX_REVERSE_UNCONFIRMED": Text(
            ja="逆引き名が元のアドレスに戻らない：{addresses}", en="the reverse name does not lead back to the address: {addresses}"
        ),
        "MX_REVERSE_NO_ADDRESS": Text(ja="MX ホストのアドレスがない", en="there is no address of an MX host"),
    },
)
def mx_reverse(reverse: MailReverse) -> Judgement:
    if not reverse.addresses:
        return not_applicable("MX_REVERSE_NO_ADDRESS")
    if missing := [f"{a.host} {a.address}" for a in reverse.addresses if a.names == ()]:
        return failed("MX_REVERSE_MISSING", addresses=listed(missing))
    if astray := [f"{a.address} → {a.names[0]}" for a in reverse.addresses if isinstance(a.names, tuple) and a.confirmed == ()]:
        return failed("MX_REVERSE_UNCONFIRMED", addresses=listed(astray))
    unseen = first_missing(part for a in reverse.addresses for part in (a.names, a.confirmed))
    return unseen or beyond_cap(reverse.left_out, ADDRESSES) or passed("MX_REVERSE_CONFIRMED", count=len(reverse.addresses))


@check(
    "mail.mx.ipv6",
    severity=Severity.LOW,
    title=Text(ja="MX ホストの IPv6 アドレスの公開が適切である", en="The IPv6 addresses of MX hosts are fit for use"),
    why=Text(
        ja="6to4 や Teredo 等の自動トンネルのアドレスは到達が不安定で、第三者の中継を経る。IPv6 での受信を求めるかは組織の方針による。",
        en=(
            "Addresses of automatic tunnels such as 6to4 or Teredo are unreliable and pass through strangers. Whether IPv6 is wanted is "
            "for the organisation to say."
        ),
    ),
    remedy=Text(
        ja=(
            "自動トンネルのアドレスを削除し、事業者から割り当てられたアドレスを「mx1.example.lg.jp. IN AAAA 2001:db8::25」"
            "のように公開する。IPv4 のアドレス（A）も残す。"
        ),
        en=(
            'Remove tunnel addresses, publish one that the provider assigned ("mx1.example.lg.jp. IN AAAA 2001:db8::25"), and keep an '
            "IPv4 address (A) beside it."
        ),
    ),
    says={
        "MX_IPV6_FOUND": Text(ja="IPv6 アドレスを持つ MX ホスト：{hosts}", en="MX hosts with an IPv6 address: {hosts}"),
        "MX_IPV6_NONE": Text(
            ja="IPv6 アドレスを持つ MX ホストはない（組織の方針では必須でない）",
            en="no MX host has an IPv6 address; the organisation does not ask for one",
        ),
        "MX_IPV6_MISSING": Text(ja="IPv6 アドレスを持つ MX ホストがない", en="no MX host has an IPv6 address"),
        "MX_IPV6_ONLY": Text(
            ja="MX ホストが IPv6 アドレスしか持たず、IPv4 だけの送信側から届かない：{hosts}",
            en="MX hosts have IPv6 addresses only and cannot be reached by senders with IPv4: {hosts}",
        ),
        "MX_IPV6_TUNNEL": Text(ja="自動トンネルのアドレス：{addresses}", en="addresses of automatic tunnels: {addresses}"),
        "MX_IPV6_NO_HOSTS": _NO_HOSTS,
    },
)
def mx_ipv6(
    mx: MailExchangers, hosts: MailHosts, *, required: Annotated[bool, MAIL_MX_IPV6_REQUIRED] = MAIL_MX_IPV6_REQUIRED.default
) -> Judgement:
    if not mx.hosts:
        return not_applicable("MX_IPV6_NO_HOSTS")
    with_v6 = [host for host in hosts.hosts if isinstance(host.v6, Addresses) and host.v6.addresses]
    if tunnels := [f"{host.name} {a}" for host in with_v6 for a in host.addresses if tunnelled(a)]:
        return failed("MX_IPV6_TUNNEL", addresses=listed(tunnels))
    if with_v6 and hosts.hosts and all(_only_v6(host) for host in hosts.hosts):
        return failed("MX_IPV6_ONLY", hosts=listed(host.name for host in with_v6))
    if missing := first_missing(host.v6 for host in hosts.hosts) or beyond_cap(hosts.left_out, MX_HOSTS):
        return missing
    if with_v6:
        return passed("MX_IPV6_FOUND", hosts=listed(host.name for host in with_v6))
    return failed("MX_IPV6_MISSING") if required else passed("MX_IPV6_NONE")


def _only_v6(host: MailHost) -> bool:
    return isinstance(host.v4, Addresses) and not host.v4.addresses and isinstance(host.v6, Addresses) and bool(host.v6.addresses)
