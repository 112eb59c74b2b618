"""The domains of the laboratory are what their entries say: loaded, served with every record, signed or broken as wished."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from tests.lab import Lab, policies, table, zones
from tests.lab.asking import ask
from tests.lab.plan import Kind

Question = tuple[str, str, str]  # name, type, address of the server
BOGUS = {"wrong-ds", "ds-without-key", "expired", "future"}
INSECURE = {"unsigned", "no-ds"}
UNREACHABLE = {"ns-no-glue.lg.jp", "ns-all-lame.lg.jp"}
SECONDS = 5.0


def ask_all(
    lab: Lab, questions: Iterable[Question], *, where: str = "outside", recurse: bool = False
) -> dict[Question, dns.message.Message | None]:
    """The answers to many questions at once; ``None`` for silence or an unreadable message."""
    answers: dict[Question, dns.message.Message | None] = {}

    async def one(question: Question, turn: asyncio.Semaphore) -> None:
        name, kind, server = question
        query = dns.message.make_query(name, kind, want_dnssec=True)
        if not recurse:
            query.flags &= ~dns.flags.RD
        async with turn:
            try:
                answers[question], _ = await dns.asyncquery.udp_with_fallback(query, server, timeout=SECONDS)
            except (dns.exception.DNSException, OSError, EOFError):
                answers[question] = None

    async def all_of_them() -> None:
        turn = asyncio.Semaphore(30)
        async with asyncio.TaskGroup() as group:
            for question in questions:
                group.create_task(one(question, turn))

    lab.run_async(all_of_them, where)
    return answers


def carriers(lab: Lab, entry: table.Domain) -> list[str]:
    """Addresses of the sound servers that carry the domain."""
    hosts = set(entry.loaded_on) if entry.loaded_on is not None else None
    found = [lab.servers[name] for name in entry.servers if name in lab.servers]
    return [server.v4 for server in found if server.kind is not Kind.ODD and (hosts is None or server.host in hosts)]


def test_every_server_that_should_knows_its_zones(lab: Lab) -> None:
    questions = [(entry.name, "SOA", server) for entry in lab.domains.values() for server in carriers(lab, entry)]
    answers = ask_all(lab, questions)
    wrong = [question for question, reply in answers.items() if reply is None or not (reply.flags & dns.flags.AA and reply.answer)]
    assert len(questions) > 400
    assert wrong == []


def test_every_record_of_the_table_is_served(lab: Lab) -> None:
    expected: dict[Question, int] = {}
    # dnspython refuses whole messages with a TLSA record of the wrong length, and BIND adds it to the MX answer.
    for entry in (entry for entry in lab.domains.values() if entry.name != "tlsa-garbage.lg.jp"):
        for (owner, kind), values in zones.parse(entry.records).items():
            name = f"{owner.replace('*', 'any-name')}.{entry.name}".removeprefix("@.")
            if kind not in {"DNSKEY", "NS"} and (servers := carriers(lab, entry)):
                expected[name, kind, servers[0]] = len(values)
    answers = ask_all(lab, expected)
    wrong = []
    for question, reply in answers.items():
        wanted = dns.rdatatype.from_text(question[1])
        found = [len(rrset) for rrset in (reply.answer if reply else ()) if rrset.rdtype == wanted]
        if not found or found[0] != expected[question]:
            wrong.append((question, found, expected[question]))
    assert len(expected) > 300
    assert wrong == []


def test_a_record_of_the_wrong_length_is_served_as_it_is(lab: Lab) -> None:
    found = lab.run(
        ["dig", "+short", "+unknownformat", f"@{lab.servers['ns2.hosting.or.jp'].v4}", "_25._tcp.mx.tlsa-garbage.lg.jp", "TLSA"]
    )
    assert sorted(found.stdout.splitlines()) == [r"\# 11 0301010123456789ABCDEF", r"\# 4 09090900"]


def test_left_out_records_are_not_served(lab: Lab) -> None:
    questions = {
        (f"{word.split()[0]}.{entry.name}".removeprefix("@."), word.split()[1], carriers(lab, entry)[0]): entry
        for entry in lab.domains.values()
        for word in entry.without
        if not word.startswith("*") and "wildcard" not in entry.name and entry.name != "upper.lg.jp"
        and tuple(word.split()) not in zones.parse(entry.records)
    }  # fmt: skip
    assert len(questions) > 30
    assert [question for question, reply in ask_all(lab, questions).items() if reply is None or reply.answer] == []


def test_the_resolver_sees_each_chain_as_its_entry_says(lab: Lab) -> None:
    entries = [entry for entry in lab.domains.values() if not any(name.endswith("odd.or.jp") for name in entry.servers)]
    entries = [entry for entry in entries if not entry.name.startswith("probe")]
    answers = ask_all(lab, [(e.name, "SOA", lab.resolver) for e in entries], recurse=True)
    # A client asks again where the resolver is not done with servers that are down: on a busy machine that takes longer than one question.
    answers |= ask_all(lab, [question for question, reply in answers.items() if reply is None], recurse=True)
    seen = {name: reply for (name, _, _), reply in answers.items()}
    wrong = []
    for entry in entries:
        reply = seen[entry.name]
        rcode = None if reply is None else reply.rcode()
        secure = bool(reply and reply.flags & dns.flags.AD)
        broken = entry.dnssec in BOGUS or entry.name in UNREACHABLE
        wanted = (dns.rcode.SERVFAIL if broken else dns.rcode.NOERROR, not broken and entry.dnssec not in INSECURE)
        if (rcode, secure) != wanted:
            wrong.append((entry.name, rcode, secure))
    assert wrong == []


def test_well_kept_domains_have_mail_hosts_that_resolve(lab: Lab) -> None:
    entries = [entry for entry in lab.domains.values() if entry.well_kept]
    replies = ask_all(lab, [(entry.name, "MX", lab.resolver) for entry in entries], recurse=True)
    hosts = {
        rdata.exchange.to_text()
        for reply in replies.values()
        if reply
        for rrset in reply.answer
        if rrset.rdtype == dns.rdatatype.MX
        for rdata in rrset
    }
    hosts.discard(".")
    addresses = ask_all(lab, [(host, "A", lab.resolver) for host in hosts], recurse=True)
    assert len(entries) > 30
    assert len(hosts) > 4
    assert [question for question, reply in addresses.items() if reply is None or not reply.answer] == []


def test_servers_that_should_differ_differ(lab: Lab) -> None:
    def both(name: str, kind: str) -> list[str]:
        return [ask(lab, name, kind, f"{server}.hosting.or.jp").answer[0].to_text() for server in ("ns1", "ns2")]

    for name, kind in (("ns-serial.lg.jp", "SOA"), ("ns-differ.lg.jp", "MX"), ("ns-differ.lg.jp", "A"), ("ns-differ-ns.lg.jp", "NS")):
        first, second = both(name, kind)
        assert first != second
    first, second = both("ns-differ.lg.jp", "SOA")
    assert first == second


def test_empty_nonterminals_differ_from_names_that_do_not_exist(lab: Lab) -> None:
    """How a scanner tells "there is some DKIM key" from "there is none" (RFC 8020)."""
    for server in ("ns1.hosting.or.jp", "ns2.hosting.or.jp"):
        assert ask(lab, "_domainkey.dkim-unlisted.lg.jp", "TXT", server).rcode() == dns.rcode.NOERROR
        assert ask(lab, "_domainkey.dkim-none.lg.jp", "TXT", server).rcode() == dns.rcode.NXDOMAIN


def fetch(lab: Lab, domain: str, seconds: float = 3.0) -> tuple[int, bytes]:
    """Status and body of the domain's MTA-STS policy, as a strict sender would fetch it."""
    context = ssl.create_default_context(cafile=str(lab.ca_file))
    host = f"mta-sts.{domain}"

    def get() -> tuple[int, bytes]:
        address = ask_address(lab, host)
        with (
            socket.create_connection((address, 443), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            tls.sendall(f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            with http.client.HTTPResponse(tls) as response:
                response.begin()
                return response.status, response.read()

    return lab.call(get)


def ask_address(lab: Lab, host: str) -> str:
    """IPv4 address of a name."""
    return str(ask(lab, host, "A").answer[0][0].address)


@pytest.mark.parametrize("domain", ["kakuu.lg.jp", "spf-none.lg.jp", "架空市.lg.jp".encode("idna").decode(), "kakuu-ministry.go.jp"])
def test_good_policies_name_the_mail_hosts(lab: Lab, domain: str) -> None:
    status, body = fetch(lab, domain)
    hosts = {line.removeprefix("mx: ") for line in body.decode().splitlines() if line.startswith("mx: ")}
    published = {rdata.exchange.to_text(omit_final_dot=True) for rdata in ask(lab, domain, "MX").answer[0]}
    assert status == 200
    assert hosts == published


@pytest.mark.parametrize(
    ("domain", "status", "words"),
    [
        ("sts-404.lg.jp", 404, b""),
        ("sts-500.lg.jp", 500, b""),
        ("sts-redirect.lg.jp", 301, b""),
        ("sts-testing.lg.jp", 200, b"mode: testing\r\n"),
        ("sts-mode-none.lg.jp", 200, b"mode: none\r\n"),
        ("sts-mismatch.lg.jp", 200, b"mx: mail.elsewhere.or.jp\r\n"),
        ("sts-short.lg.jp", 200, b"max_age: 3600\r\n"),
        ("sts-html.lg.jp", 200, b"<!DOCTYPE html>"),
        ("sts-bad-policy.lg.jp", 200, b"\x00"),
        ("sts-huge.lg.jp", 200, b"x" * 9_000_000),
    ],
)
def test_faulty_policies(lab: Lab, domain: str, status: int, words: bytes) -> None:
    seen, body = fetch(lab, domain)
    assert seen == status
    assert words in body


@pytest.mark.parametrize(
    ("domain", "error", "words"),
    [
        ("sts-wrong-name.lg.jp", ssl.SSLCertVerificationError, "Hostname mismatch"),
        ("sts-expired.lg.jp", ssl.SSLCertVerificationError, "expired"),
        ("sts-self-signed.lg.jp", ssl.SSLCertVerificationError, "self-signed"),
        ("sts-refused.lg.jp", ConnectionRefusedError, "refused"),
        ("sts-unreachable.lg.jp", TimeoutError, "timed out"),
        ("sts-silent.lg.jp", TimeoutError, "timed out"),
        ("sts-tls-silent.lg.jp", TimeoutError, "timed out"),
        ("sts-slow.lg.jp", TimeoutError, "timed out"),
    ],
)
def test_policies_that_cannot_be_fetched(lab: Lab, domain: str, error: type[OSError], words: str) -> None:
    with pytest.raises(error, match=words):
        fetch(lab, domain, seconds=1.0)


def test_every_policy_of_the_web_server_is_used() -> None:
    assert {entry.policy for entry in table.load().values()} == set(policies.POLICIES)


def test_every_dnssec_mode_is_used() -> None:
    assert {entry.dnssec for entry in table.load().values()} == set(table.DNSSEC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x.lg.jp: {records: ''}", "fault"),
        ("x.lg.jp: {fault: f, recrods: ''}", "recrods"),
        ("x.lg.jp: {fault: f, base: keep}", "keep"),
        ("x.lg.jp: {fault: f, dnssec: no}", "dnssec"),
        ("X.LG.JP: {fault: f}\nx.lg.jp: {fault: f}", "twice"),
        ("- x.lg.jp", "mapping"),
    ],
)
def test_mistakes_in_the_table_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(table.BadTable, match=words):
        table.load(tmp_path)
