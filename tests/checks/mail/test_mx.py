"""Cases of the checks of MX records and mail hosts."""

from __future__ import annotations

from scanner.facts.mail import MailHosts, MailReverse, ReverseName
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.mail import (
    FAILURE,
    GOOD_HOSTS,
    MX,
    NAME,
    NO_DOMAIN,
    NO_HOSTS,
    NO_MX,
    NULL_MX,
    SILENT,
    addresses,
    declared,
    host,
    mx,
)

WEB = MailHosts((host(NAME, addresses("192.175.48.80")),), implicit=True)
LOST = MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25")), host("mx2.example.lg.jp")))
UNSEEN = MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25")), host("mx2.example.lg.jp", SILENT, SILENT)))
MANY = MailHosts(GOOD_HOSTS.hosts, left_out=14)


def one(*found: str) -> MailHosts:
    """One host with the addresses."""
    v4 = addresses(*(a for a in found if ":" not in a))
    return MailHosts((host("mx1.example.lg.jp", v4, addresses(*(a for a in found if ":" in a))),))


ONE_MX = mx("10 mx1.example.lg.jp")

CASES: dict[str, list[Case]] = {
    "mail.mx.published": [
        case(declared(), MX, says="MX_FOUND", args={"hosts": ("mx1.example.lg.jp", "mx2.example.lg.jp")}),
        case(declared(), NULL_MX, says="MX_NULL"),
        case(declared(receives=True), NO_MX, says="MX_NONE"),
        case(declared(receives=True), NO_DOMAIN, says="MX_DOMAIN_MISSING"),
        case(declared(), NO_DOMAIN, says="MX_NO_DOMAIN"),
        case(declared(receives=False), NO_MX, says="MX_NOT_NEEDED"),
        case(declared(sends=False), NO_MX, says="MX_NOT_NEEDED"),
        case(declared(), NO_MX, outcome="undetermined", reason=Reason.NOT_DECLARED),
        case(declared(), FAILURE, outcome="undetermined", reason=Reason.SERVER_FAILURE),
    ],
    "mail.mx.null": [
        case(declared(), NULL_MX, NO_HOSTS, says="NULL_MX_FOUND"),
        case(declared(receives=False), NULL_MX, SILENT, says="NULL_MX_FOUND"),
        case(declared(), mx("0 .", "10 mx1.example.lg.jp"), GOOD_HOSTS, says="NULL_MX_MIXED"),
        case(declared(), mx("10 ."), NO_HOSTS, says="NULL_MX_FORM"),
        case(declared(), mx("0 .", "10 ."), NO_HOSTS, says="NULL_MX_FORM"),
        case(declared(receives=True), NULL_MX, NO_HOSTS, says="NULL_MX_RECEIVES"),
        case(declared(receives=False), MX, GOOD_HOSTS, says="NULL_MX_CONTRADICTED"),
        case(declared(), MX, GOOD_HOSTS, says="NULL_MX_RECEIVER"),
        case(declared(sends=False), MX, GOOD_HOSTS, says="NULL_MX_RECEIVER"),
        case(declared(receives=True), NO_MX, WEB, says="NULL_MX_RECEIVER"),
        case(declared(receives=False), NO_MX, WEB, says="NULL_MX_MISSING", args={"addresses": ("192.175.48.80",)}),
        case(declared(sends=False), NO_MX, WEB, says="NULL_MX_MISSING"),
        case(declared(receives=False), NO_MX, MailHosts((host(NAME),), implicit=True), says="NULL_MX_NO_ROUTE"),
        case(
            declared(receives=False), NO_MX, MailHosts((host(NAME, SILENT),), implicit=True), outcome="undetermined", reason=Reason.TIMEOUT
        ),
        case(declared(receives=False), NO_MX, SILENT, outcome="undetermined", reason=Reason.TIMEOUT),
        case(declared(), NO_DOMAIN, NO_HOSTS, says="NULL_MX_NO_DOMAIN"),
        case(declared(), NO_MX, WEB, outcome="undetermined", reason=Reason.NOT_DECLARED),
    ],
    "mail.mx.resolves": [
        case(MX, GOOD_HOSTS, says="MX_RESOLVED", args={"count": 2}),
        case(MX, LOST, says="MX_UNRESOLVED", args={"hosts": ("mx2.example.lg.jp",)}),
        case(mx("10 192.175.48.25"), MailHosts((host("192.175.48.25"),)), says="MX_IS_ADDRESS"),
        case(mx("10 mail_1.example.lg.jp"), MailHosts((host("mail_1.example.lg.jp", addresses("192.175.48.25")),)), says="MX_BAD_NAME"),
        case(mx("10 a\\032b.example.lg.jp"), MailHosts((host("a\\032b.example.lg.jp", addresses("192.175.48.25")),)), says="MX_BAD_NAME"),
        case(NULL_MX, NO_HOSTS, says="MX_RESOLVES_NO_HOSTS"),
        case(NO_MX, WEB, says="MX_RESOLVES_NO_HOSTS"),
        case(MX, UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        case(ONE_MX, MailHosts((host("mx1.example.lg.jp", addresses("192.175.48.25"), SILENT),)), says="MX_RESOLVED"),
        case(ONE_MX, MailHosts((host("mx1.example.lg.jp", addresses(), SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT),
        case(MX, MANY, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.mx.cname": [
        case(MX, GOOD_HOSTS, says="MX_CNAME_NONE"),
        case(
            ONE_MX,
            MailHosts((host("mx1.example.lg.jp", SILENT, addresses("2620:4f:8000::25", aliases=("a.example", "b.example"))),)),
            says="MX_CNAME_FOUND",
            args={"aliases": ("mx1.example.lg.jp → b.example",)},
        ),
        case(NULL_MX, NO_HOSTS, says="MX_CNAME_NO_HOSTS"),
        case(MX, UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        case(MX, MANY, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.mx.addresses": [
        case(MX, GOOD_HOSTS, says="MX_ADDRESSES_PUBLIC"),
        *(
            case(ONE_MX, one("192.175.48.25", special), says="MX_ADDRESSES_SPECIAL")
            for special in (
                "10.20.0.25",
                "172.16.0.1",
                "192.168.1.25",
                "127.0.0.1",
                "169.254.1.1",
                "100.64.0.1",
                "192.0.2.1",
                "198.51.100.1",
                "0.0.0.0",
                "224.0.0.1",
                "240.0.0.1",
                "::1",
                "fe80::1",
                "fd20:20::25",
                "fec0::1",
                "2001:db8::1",
                "::ffff:192.175.48.25",
                "64:ff9b::c0af:3019",
                "ff02::1",
            )
        ),
        case(NULL_MX, NO_HOSTS, says="MX_ADDRESSES_NO_HOSTS"),
        case(NO_MX, WEB, says="MX_ADDRESSES_NO_HOSTS"),
        case(ONE_MX, one(), says="MX_ADDRESSES_NONE"),
        case(MX, UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        case(MX, MANY, outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
    "mail.mx.reverse": [
        case(
            MailReverse((ReverseName("mx1.example.lg.jp", "192.175.48.25", ("mx1.example.lg.jp",), ("mx1.example.lg.jp",)),)),
            says="MX_REVERSE_CONFIRMED",
        ),
        case(MailReverse((ReverseName("mx1.example.lg.jp", "192.175.48.25", (), ()),)), says="MX_REVERSE_MISSING"),
        case(MailReverse((ReverseName("mx1.example.lg.jp", "192.175.48.25", ("pool.example",), ()),)), says="MX_REVERSE_UNCONFIRMED"),
        case(
            MailReverse(
                (
                    ReverseName("mx1.example.lg.jp", "192.175.48.25", SILENT, SILENT),
                    ReverseName("mx2.example.lg.jp", "192.31.196.25", (), ()),
                )
            ),
            says="MX_REVERSE_MISSING",
        ),
        case(MailReverse(()), says="MX_REVERSE_NO_ADDRESS"),
        case(
            MailReverse((ReverseName("mx1.example.lg.jp", "192.175.48.25", SILENT, SILENT),)), outcome="undetermined", reason=Reason.TIMEOUT
        ),
        case(
            MailReverse((ReverseName("mx1.example.lg.jp", "192.175.48.25", ("pool.example",), FAILURE),)),
            outcome="undetermined",
            reason=Reason.SERVER_FAILURE,
        ),
    ],
    "mail.mx.ipv6": [
        case(MX, GOOD_HOSTS, says="MX_IPV6_FOUND", args={"hosts": ("mx1.example.lg.jp",)}),
        case(ONE_MX, one("192.175.48.25"), says="MX_IPV6_NONE"),
        case(ONE_MX, one("192.175.48.25"), says="MX_IPV6_MISSING", with_={"required": True}),
        case(ONE_MX, one("2620:4f:8000::25"), says="MX_IPV6_ONLY"),
        case(ONE_MX, one("192.175.48.25", "2002:c0af:3019::1"), says="MX_IPV6_TUNNEL"),
        case(ONE_MX, one("192.175.48.25", "2001:0:4136:e378:8000:63bf:3fff:fdd2"), says="MX_IPV6_TUNNEL"),
        case(NULL_MX, NO_HOSTS, says="MX_IPV6_NO_HOSTS"),
        case(MX, UNSEEN, outcome="undetermined", reason=Reason.TIMEOUT),
        case(MX, Unobserved(Reason.BUDGET_SPENT), outcome="undetermined", reason=Reason.BUDGET_SPENT),
    ],
}
