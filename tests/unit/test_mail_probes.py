"""Mail probes against a resolver written for the test: hostile sizes, lying servers, caps and the questions that are asked.

What real servers say is tested in ``tests/lab/test_mail.py``.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.mail.dkim import proven_empty
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import (
    Addresses,
    Exchanger,
    MailExchangers,
    MailHost,
    MailHosts,
    MailReverse,
    MtaStsPolicy,
    MtaStsRecord,
    Status,
    TextAnswer,
    TlsReportRecord,
)
from scanner.facts.mail_sender import (
    BimiRecord,
    DkimKeys,
    DmarcRecords,
    DmarcReportHosts,
    DmarcStep,
    MailRoute,
    SpfOfHosts,
    SpfPolicy,
    SpfResult,
    SpfSenders,
    SpfState,
)
from scanner.model.fact import Fact, Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.model.target import Domain
from scanner.net.net import HttpReply, Net
from scanner.net.net import Status as DnsStatus
from scanner.probes import mail, mail_sender
from scanner.probes.base import Probe
from scanner.probes.mail_ask import MAX_TEXT_OCTETS, plain, presented
from scanner.wire.dns import Mx, RData, Type
from tests.unit.resolver_table import FakeNet, Zone, txt

NAME = "example.lg.jp"
DOMAIN = Domain(NAME)
F = TypeVar("F", bound=Fact)


def run(kind: type[F], probe: Probe, net: FakeNet, *facts: Fact | Unobserved) -> F:
    """Run one probe to its fact, which must be of the kind."""

    async def go() -> Fact:
        return await probe.run(DOMAIN, cast(Net, net), *facts)

    fact = asyncio.run(go())
    assert isinstance(fact, kind)
    return fact


def ledger(*, selectors: tuple[str, ...] = (), outbound: tuple[str, ...] = (), receives: bool | None = None) -> DeclaredDomain:
    """What the ledger says."""
    return DeclaredDomain(None, receives, selectors, outbound, (), None, "", True)


def text_at(name: str, *texts: str) -> TextAnswer:
    """TXT records at a name; without any it does not exist."""
    return TextAnswer(name, Status.FOUND if texts else Status.NXDOMAIN, texts)


NOTHING = Unobserved(Reason.TIMEOUT)
MX = MailExchangers(NAME, Status.FOUND, (Exchanger(10, f"mx1.{NAME}"), Exchanger(20, "mx.provider.example")))


def test_a_flood_of_records_of_one_format_is_too_large_and_unrelated_text_is_not() -> None:
    name = f"_dmarc.{NAME}"
    flood = txt(*(b"v=DMARC1; p=none; x=" + bytes(str(n), "ascii") * 900 for n in range(40)))
    net = FakeNet({(name, Type.TXT): flood})
    records = run(DmarcRecords, mail_sender.dmarc_records, net, MX)
    first = records.steps[0].answer
    assert isinstance(first, Unobserved)
    assert first.reason is Reason.TOO_LARGE
    beside = FakeNet({(name, Type.TXT): txt(b"v=DMARC1; p=reject", b"x" * MAX_TEXT_OCTETS)})
    seen = run(DmarcRecords, mail_sender.dmarc_records, beside, MX)
    assert isinstance(seen.steps[0].answer, TextAnswer)
    assert (seen.steps[0].answer.texts, seen.steps[0].answer.others) == (("v=DMARC1; p=reject",), 1)


def test_the_order_of_records_does_not_change_the_fact() -> None:
    records = txt(b"v=spf1 -all", b"v=spf1 mx -all", b"v=spf1 a -all")
    facts = {run(SpfPolicy, mail_sender.spf_policy, FakeNet({(NAME, Type.TXT): order})) for order in (records, records[::-1])}
    assert len(facts) == 1


def test_the_walk_stops_where_psd_says_so_and_goes_to_the_top_otherwise() -> None:
    stops = run(DmarcRecords, mail_sender.dmarc_records, FakeNet({(f"_dmarc.{NAME}", Type.TXT): txt(b"v=DMARC1; p=none; psd=n")}), MX)
    walks = run(DmarcRecords, mail_sender.dmarc_records, FakeNet({}), NOTHING)
    assert [step.domain for step in stops.steps] == [NAME]
    assert [step.domain for step in walks.steps] == [NAME, "lg.jp", "jp"]
    assert isinstance(walks.exists, Unobserved)


def test_a_root_record_without_answer_is_the_reason_for_the_whole_policy() -> None:
    with pytest.raises(CannotObserve) as why:
        run(SpfPolicy, mail_sender.spf_policy, FakeNet({(NAME, Type.TXT): Reason.SERVER_FAILURE}))
    assert why.value.reason is Reason.SERVER_FAILURE


def test_an_include_without_answer_is_kept_with_its_reason() -> None:
    zone: Zone = {(NAME, Type.TXT): txt(b"v=spf1 include:_spf.example -all"), ("_spf.example", Type.TXT): Reason.TIMEOUT}
    policy = run(SpfPolicy, mail_sender.spf_policy, FakeNet(zone))
    assert [(u.question, u.why.reason) for u in policy.unanswered] == [("TXT _spf.example", Reason.TIMEOUT)]
    assert [place.state for place in policy.places] == [SpfState.FOUND, SpfState.UNANSWERED]


def test_a_server_that_denies_empty_non_terminals_does_not_hide_a_usual_selector() -> None:
    key = txt(b"v=DKIM1; p=abcd")
    net = FakeNet({(f"google._domainkey.{NAME}", Type.TXT): key})
    keys = run(DkimKeys, mail_sender.dkim_keys, net, ledger(), NOTHING)
    assert [s.selector for s in keys.found] == ["google"]
    assert "selector2" in keys.tried


def test_a_proven_absence_asks_for_nothing_more() -> None:
    net = FakeNet({}, secure=frozenset({f"_domainkey.{NAME}"}))
    keys = run(DkimKeys, mail_sender.dkim_keys, net, ledger(), NOTHING)
    assert net.asked == [(f"_domainkey.{NAME}", Type.TXT)]
    assert (keys.wildcard, keys.tried) == (None, ())


@pytest.mark.parametrize(("others", "selectors", "asked"), [(DnsStatus.NXDOMAIN, (), False), (DnsStatus.EMPTY, ("x.y",), True)])
def test_a_wildcard_is_looked_for_unless_a_selector_shows_that_there_is_none(
    others: DnsStatus, selectors: tuple[str, ...], asked: bool
) -> None:
    class Alike(dict[tuple[str, Type], list[RData] | DnsStatus | Reason]):
        def get(self, key: tuple[str, Type], default: object = None) -> list[RData] | DnsStatus | Reason:
            if key[0] in {f"_domainkey.{NAME}", f"x.y._domainkey.{NAME}"}:  # one of several labels shows nothing
                return DnsStatus.EMPTY if key[0].startswith("_") else DnsStatus.NXDOMAIN
            return others

    net = FakeNet(Alike())
    keys = run(DkimKeys, mail_sender.dkim_keys, net, ledger(selectors=selectors), NOTHING)
    assert (keys.wildcard is not None) == asked == any(name.startswith("tenken-") for name, _ in net.asked)


def test_a_wildcard_hides_no_declared_selector_and_invents_no_other() -> None:
    class Wild(dict[tuple[str, Type], list[RData] | DnsStatus | Reason]):
        def get(self, key: tuple[str, Type], default: object = None) -> list[RData] | DnsStatus | Reason:
            if key == (f"own._domainkey.{NAME}", Type.TXT):
                return txt(b"v=DKIM1; p=abcd")
            return txt(b"v=DKIM1; p=") if "_domainkey" in key[0] else DnsStatus.NXDOMAIN

    keys = run(DkimKeys, mail_sender.dkim_keys, FakeNet(Wild()), ledger(selectors=("own", "gone")), NOTHING)
    assert [s.selector for s in keys.selectors] == ["gone", "own"]
    assert keys.catch_all == {"v=DKIM1; p="}


def test_an_alias_to_nothing_hides_no_selector_below_it() -> None:
    zone = {(f"google._domainkey.{NAME}", Type.TXT): txt(b"v=DKIM1; p=AAAA")}
    net = FakeNet(zone, secure=frozenset({f"_domainkey.{NAME}"}), aliases={f"_domainkey.{NAME}": "_domainkey.gone.example"})
    found = run(DkimKeys, mail_sender.dkim_keys, net, ledger(), NOTHING)
    assert [s.selector for s in found.found] == ["google"]
    nothing = run(DkimKeys, mail_sender.dkim_keys, FakeNet({}, secure=net.secure, aliases=net.aliases), ledger(), NOTHING)
    assert not proven_empty(nothing, trust_unsigned=True)


def test_selectors_of_a_sending_service_are_tried_when_spf_names_it() -> None:
    zone: Zone = {
        (NAME, Type.TXT): txt(b"v=spf1 include:spf.mandrillapp.com -all"),
        ("spf.mandrillapp.com", Type.TXT): txt(b"v=spf1 ip4:192.175.48.1 ?all"),
        (f"_domainkey.{NAME}", Type.TXT): DnsStatus.EMPTY,
    }
    policy = run(SpfPolicy, mail_sender.spf_policy, FakeNet(zone))
    keys = run(DkimKeys, mail_sender.dkim_keys, FakeNet(zone), ledger(), policy)
    assert {"mandrill", "mte1"} <= set(keys.tried)


def test_a_domain_with_keys_costs_at_most_twenty_questions() -> None:
    zone: Zone = {
        (NAME, Type.MX): [Mx(10, f"mx1.{NAME}")],
        (NAME, Type.TXT): txt(b"v=spf1 mx -all"),
        (f"_domainkey.{NAME}", Type.TXT): DnsStatus.EMPTY,
    }
    net = FakeNet(zone)
    run(MailExchangers, mail.mail_exchangers, net)
    policy = run(SpfPolicy, mail_sender.spf_policy, net)
    run(DkimKeys, mail_sender.dkim_keys, net, ledger(), policy)
    dmarc = run(DmarcRecords, mail_sender.dmarc_records, net, MX)
    run(DmarcReportHosts, mail_sender.dmarc_report_hosts, net, dmarc)
    record = run(MtaStsRecord, mail.mta_sts_record, net)
    run(MtaStsPolicy, mail.mta_sts_policy, net, record)
    run(TlsReportRecord, mail.tls_report_record, net)
    run(BimiRecord, mail_sender.bimi_record, net)
    own = {(name, kind) for name, kind in net.asked if name == NAME or name.endswith("." + NAME)}
    assert len(own) <= 20


def test_exchangers_beyond_the_cap_are_counted_and_a_literal_is_asked_for_like_a_name() -> None:
    many = MailExchangers(NAME, Status.FOUND, tuple(Exchanger(n, f"mx{n}.{NAME}") for n in range(mail.MAX_HOSTS + 3)))
    hosts = run(MailHosts, mail.mail_hosts, FakeNet({}), many, ledger())
    assert (len(hosts.hosts), hosts.left_out) == (mail.MAX_HOSTS, 3)
    assert hosts.leads() == ()


def test_own_mail_hosts_beyond_the_cap_are_counted() -> None:
    mx = MailExchangers(NAME, Status.FOUND, tuple(Exchanger(10, f"mx{n}.{NAME}") for n in range(11)))
    seen = run(SpfOfHosts, mail_sender.spf_of_hosts, FakeNet({}), mx)
    assert (len(seen.hosts), seen.left_out) == (8, 3)


def test_a_reverse_name_beyond_the_cap_may_lead_back() -> None:
    names: list[RData] = [f"h{n}.provider.example" for n in range(5)]
    zone: Zone = {("53.2.0.192.in-addr.arpa", Type.PTR): names, ("h4.provider.example", Type.A): ["192.0.2.53"]}
    hosts = MailHosts((MailHost(f"mx1.{NAME}", Addresses(Status.FOUND, ("192.0.2.53",)), Addresses(Status.EMPTY)),))
    (seen,) = run(MailReverse, mail.mail_reverse, FakeNet(zone), hosts).addresses
    assert isinstance(seen.confirmed, Unobserved)
    assert seen.confirmed.reason is Reason.BUDGET_SPENT
    (lost,) = run(MailReverse, mail.mail_reverse, FakeNet({("53.2.0.192.in-addr.arpa", Type.PTR): names[:4]}), hosts).addresses
    assert lost.confirmed == ()


def test_the_domain_itself_is_a_mail_server_only_where_the_ledger_says_so() -> None:
    none = MailExchangers(NAME, Status.EMPTY)
    zone: Zone = {(NAME, Type.A): ["192.175.48.80"], (NAME, Type.AAAA): DnsStatus.EMPTY}
    silent, said = (run(MailHosts, mail.mail_hosts, FakeNet(zone), none, ledger(receives=receives)) for receives in (None, True))
    assert silent.leads() == ()
    assert [lead.key for lead in said.leads()] == [f"service:{NAME}:25/smtp"]


def test_a_name_that_no_service_can_have_leads_nowhere() -> None:
    odd = MailExchangers(NAME, Status.FOUND, (Exchanger(10, "a\\032b.example"),))
    hosts = run(MailHosts, mail.mail_hosts, FakeNet({("a\\032b.example", Type.A): ["192.175.48.1"]}), odd, ledger())
    assert hosts.hosts[0].addresses == ("192.175.48.1",)
    assert hosts.leads() == ()


def test_only_a_single_valid_record_leads_to_a_fetch() -> None:
    good = HttpReply(200, "text/plain", "", b"version: STSv1\n\xff", None, False)
    for records, fetched in (((), 0), (("v=STSv1; id=1;", "v=STSv1; id=2;"), 0), (("v=STSv1; id=a-b;",), 0), (("v=STSv1; id=1;",), 1)):
        net = FakeNet({(f"mta-sts.{NAME}", Type.A): ["192.175.48.80"], (f"mta-sts.{NAME}", Type.AAAA): DnsStatus.EMPTY}, reply=good)
        policy = run(MtaStsPolicy, mail.mta_sts_policy, net, MtaStsRecord(TextAnswer(f"_mta-sts.{NAME}", Status.FOUND, records)))
        assert (len(net.fetched), policy.announced) == (fetched, bool(fetched))
        assert not fetched or (policy.reply is not None and policy.reply.body.encode("latin-1") == good.body)


def test_reports_to_a_host_whose_consent_name_would_be_too_long_are_not_granted() -> None:
    host = ".".join(["x" * 60] * 4)
    zone: Zone = {(f"_dmarc.{NAME}", Type.TXT): txt(f"v=DMARC1; p=none; rua=mailto:a@{host}".encode())}
    records = run(DmarcRecords, mail_sender.dmarc_records, FakeNet(zone), MX)
    reports = run(DmarcReportHosts, mail_sender.dmarc_report_hosts, FakeNet(zone), records)
    assert reports.hosts[0].consent == TextAnswer("", Status.NXDOMAIN)
    assert reports.hosts[0].route is MailRoute.NXDOMAIN


def test_a_host_that_may_be_the_organisations_own_is_not_called_foreign_for_want_of_an_answer() -> None:
    sub = f"sub.{NAME}"
    record = text_at(f"_dmarc.{sub}", f"v=DMARC1; p=reject; rua=mailto:d@{NAME},mailto:d@reports.example")
    walk = DmarcRecords(NAME, True, (DmarcStep(sub, record), DmarcStep(NAME, NOTHING), DmarcStep("lg.jp", text_at("_dmarc.lg.jp"))))
    net = FakeNet({(NAME, Type.MX): [Mx(10, f"mx1.{NAME}")]})

    async def go() -> Fact:
        return await mail_sender.dmarc_report_hosts.run(Domain(sub), cast(Net, net), walk)

    seen = asyncio.run(go())
    assert isinstance(seen, DmarcReportHosts)
    own, foreign = seen.hosts
    assert (own.host, own.consent) == (NAME, NOTHING)
    assert isinstance(foreign.consent, TextAnswer)


def test_an_unseen_record_says_nothing_about_report_hosts() -> None:
    zone: Zone = {(f"_dmarc.{NAME}", Type.TXT): Reason.TIMEOUT}
    records = run(DmarcRecords, mail_sender.dmarc_records, FakeNet(zone), MX)
    with pytest.raises(CannotObserve):
        run(DmarcReportHosts, mail_sender.dmarc_report_hosts, FakeNet(zone), records)


def test_networks_of_senders_are_sampled_at_both_ends_and_nonsense_is_kept() -> None:
    zone: Zone = {(NAME, Type.TXT): txt(b"v=spf1 ip4:192.175.48.0/25 -all")}
    outbound = ("192.175.48.1", "192.175.48.64/30", "192.175.48.0/24", "2620:4f:8000::/48", "nonsense", "192.175.48.0/33")
    senders = run(SpfSenders, mail_sender.spf_senders, FakeNet(zone), ledger(outbound=outbound))
    results = {one.address: one.result for one in senders.results}
    assert len(results) == 1 + 4 + 2 + 2 - 1  # 192.175.48.1 is in two of them
    assert results["192.175.48.1"] is SpfResult.PASS
    assert results["192.175.48.254"] is SpfResult.FAIL
    assert senders.unreadable == ("nonsense", "192.175.48.0/33")
    with pytest.raises(CannotObserve) as why:
        run(SpfSenders, mail_sender.spf_senders, FakeNet({}), ledger())
    assert why.value.reason is Reason.NOT_DECLARED


@given(
    st.lists(
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="."), min_size=1, max_size=20),
        min_size=1,
        max_size=5,
    )
)
def test_a_name_of_any_printable_octets_survives_presentation(labels: list[str]) -> None:
    name = ".".join(labels)
    shown = presented(name)
    assert plain(shown) == name
    assert not set(shown) & set(' "();@$')


@given(st.text(max_size=60))
def test_undoing_escapes_never_fails(text: str) -> None:
    assert isinstance(plain(text), str)
