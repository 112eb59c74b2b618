"""Makes the golden report: a small record judged by the engine from hand-made facts, and the HTML made of it.

``python -m tests.golden.report_record`` writes ``record/town.jsonl`` and ``report.html`` anew; read the difference before committing it.
The checks, documents and people are made up; what strangers write into the facts is as hostile as it gets.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar

from baselines.model import Baseline, Status, Strength, Use
from scanner.cli.sinks import RecordSink
from scanner.engine.catalogue import Catalogue, Checks, Observers
from scanner.engine.factset import FactSet
from scanner.engine.plan import make_plan
from scanner.engine.run import Judging, RunStart, Seen, Sink, judge_again
from scanner.ledger.attestations import Attestation, Choice, Decision
from scanner.ledger.exceptions import ApprovedException, Article, Exceptions
from scanner.ledger.grading import Grade, SystemClass
from scanner.ledger.inventory import Inventory, System
from scanner.ledger.profile import Profile, ProfileSetting
from scanner.model.check import Value, check
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Domain, Kind, Service, Target
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, doubtful, failed, not_applicable, passed
from scanner.report.html import write_html
from scanner.report.record import Line
from tests.unit.frame import control

FOLDER = Path(__file__).parent
RECORD = FOLDER / "record" / "town.jsonl"
REPORT = FOLDER / "report.html"
AT = "2026-11-22T00:00:00Z"
HOSTILE = (
    "</code></pre><script>alert(1)</script><img src=x onerror=alert(2)> \"'&amp; {{ 7*7 }} \x00\x1b[31m\x7f\x85 "
    "\u202egpj.exe\u202c \u200b\u2066x\u2069 e" + "\u0301" * 60
)


@dataclass(frozen=True, slots=True)
class Policy(Fact):
    """What a domain publishes of its mail, and its servers."""

    of: ClassVar[Kind] = Kind.DOMAIN
    leads_to: ClassVar[tuple[Kind, ...]] = (Kind.DNS_SERVICE, Kind.SMTP_SERVICE)
    record: str
    bits: int = 2048
    sends: bool = True
    servers: tuple[str, ...] = ()
    mailers: tuple[str, ...] = ()

    def leads(self) -> tuple[Target, ...]:
        """Name the servers."""
        names = (Service(host, 53, "dns", "192.0.2.53") for host in self.servers)
        return (*names, *(Service(host, 25, "smtp") for host in self.mailers))


@dataclass(frozen=True, slots=True)
class Transfer(Fact):
    """Whether a server gives its zone away."""

    of: ClassVar[Kind] = Kind.DNS_SERVICE
    given: bool


@dataclass(frozen=True, slots=True)
class Greeting(Fact):
    """How a mail server speaks TLS."""

    of: ClassVar[Kind] = Kind.SMTP_SERVICE
    offered: bool
    versions: tuple[str, ...] = ()


BITS = Value("golden.least-bits", 2048, Text(ja="鍵の長さの下限", en="least key length"), unit="bit", least=512)
ENDINGS = Value[tuple[str, ...]]("golden.endings", ("-",), Text(ja="認める末尾", en="endings allowed"))


@check(
    "golden.record.ending",
    severity=Severity.HIGH,
    title=Text(ja="送信元の記録が、列挙した送信元以外を拒む", en="The sender record turns other senders away"),
    why=Text(ja="列挙しない送信元を拒まないと、なりすましを止められない。", en="Unless others are refused, forged mail is not stopped."),
    remedy=Text(
        ja='末尾を「-all」とする（例「example.lg.jp. IN TXT "v=spf1 mx -all"」）。認める末尾：{endings}',
        en='End it in "-all": example.lg.jp. IN TXT "v=spf1 mx -all"; endings allowed: {endings}',
    ),
    says={
        "ENDING_OK": Text(ja="末尾は適切である", en="the ending is as wished"),
        "ENDING_OPEN": Text(ja="公開されている記録：{record}", en="the record published: {record}"),
        "ENDING_ODD": Text(ja="見慣れない末尾である", en="the ending is unfamiliar"),
        "ENDING_UNUSED": Text(ja="メールを送信しないドメインである", en="the domain sends no mail"),
    },
)
def ending(seen: Policy, *, endings: Annotated[tuple[str, ...], ENDINGS] = ENDINGS.default) -> Verdict:
    """Judge the ending of a record."""
    if not seen.sends:
        return not_applicable("ENDING_UNUSED")
    if "odd" in seen.record:
        return doubtful("ENDING_ODD")
    return passed("ENDING_OK") if any(seen.record.endswith(f"{e}all") for e in endings) else failed("ENDING_OPEN", record=seen.record)


@check(
    "golden.key.length",
    severity=Severity.MEDIUM,
    title=Text(ja="鍵の長さが十分である", en="The key is long enough"),
    why=Text(ja="短い鍵は割り出される。", en="Short keys can be found out."),
    remedy=Text(ja="{least} ビット以上の鍵に改める。", en="Use a key of {least} bits or more."),
    says={
        "LENGTH_OK": Text(ja="{bits} ビット", en="{bits} bits"),
        "LENGTH_SHORT": Text(ja="{bits} ビットは {least} ビットに満たない", en="{bits} bits are fewer than {least}"),
    },
)
def length(seen: Policy, *, least: Annotated[int, BITS] = BITS.default, strict: bool = False) -> Verdict:
    """Judge the length of a key."""
    enough = seen.bits > least if strict else seen.bits >= least
    return passed("LENGTH_OK", bits=seen.bits) if enough else failed("LENGTH_SHORT", bits=seen.bits, least=least)


@check(
    "golden.transfer",
    severity=Severity.CRITICAL,
    title=Text(ja="外部からのゾーン転送を拒否する", en="Zone transfer is refused to outsiders"),
    why=Text(ja="内部の名前がすべて知られる。", en="All names become known."),
    remedy=Text(ja="転送先をアドレスと TSIG 鍵で限る。", en="Limit transfers by address and TSIG key."),
    says={
        "TRANSFER_REFUSED": Text(ja="拒否した", en="was refused"),
        "TRANSFER_GIVEN": Text(ja="ゾーン全体を渡した", en="gave the whole zone"),
    },
)
def transfer(seen: Transfer) -> Verdict:
    """Judge a transfer."""
    return failed("TRANSFER_GIVEN") if seen.given else passed("TRANSFER_REFUSED")


@check(
    "golden.declared",
    severity=Severity.LOW,
    title=Text(ja="用途が台帳に記されている", en="The ledger says what it is for"),
    why=Text(ja="用途が分からないと要否を判断できない。", en="Without it nobody can tell what is needed."),
    remedy=Text(ja="台帳に記す。", en="Enter it into the ledger."),
    says={"DECLARED": Text(ja="記されている", en="it does")},
)
def declared(seen: Policy) -> Verdict | Unobserved:
    """Judge whether the ledger speaks of the domain."""
    return passed("DECLARED") if seen.bits == 2048 else Unobserved(Reason.VALUE_NOT_SET, "golden.use")


@check(
    "golden.tls.offered",
    severity=Severity.HIGH,
    title=Text(ja="暗号化を提供する", en="TLS is offered"),
    why=Text(ja="提供しなければ平文で届く。", en="Without it mail comes in the clear."),
    remedy=Text(ja="STARTTLS を有効にする。", en="Turn STARTTLS on."),
    says={"OFFERED": Text(ja="提供する", en="it is"), "NOT_OFFERED": Text(ja="提供しない", en="it is not")},
)
def offered(seen: Greeting) -> Verdict:
    """Judge whether TLS is offered."""
    return passed("OFFERED") if seen.offered else failed("NOT_OFFERED")


@check(
    "golden.tls.versions",
    severity=Severity.MEDIUM,
    title=Text(ja="古い版を使わない", en="No old version is spoken"),
    why=Text(ja="古い版は破られる。", en="Old versions can be broken."),
    remedy=Text(ja="TLS 1.2 以上だけを有効にする。", en="Leave TLS 1.2 and above on only."),
    says={
        "VERSIONS_OK": Text(ja="古い版を使わない", en="no old version"),
        "VERSIONS_OLD": Text(ja="古い版を使う：{versions}", en="old versions are spoken: {versions}"),
    },
)
def versions(seen: Greeting) -> Verdict:
    """Judge the versions."""
    old = tuple(v for v in seen.versions if v in {"TLSv1", "TLSv1.1"})
    return failed("VERSIONS_OLD", versions=old, settings=LINES) if old else passed("VERSIONS_OK")


@check(
    "golden.tls.newest",
    severity=Severity.LOW,
    title=Text(ja="最新の版を使う", en="The newest version is spoken"),
    why=Text(ja="最新の版は破られにくい。", en="It is the hardest to break."),
    remedy=Text(ja="TLS 1.3 を有効にする。", en="Turn TLS 1.3 on."),
    says={"NEWEST": Text(ja="使う", en="it is"), "NEWEST_NOT": Text(ja="使わない", en="it is not")},
)
def newest(seen: Greeting) -> Verdict:
    """Judge the newest version."""
    return passed("NEWEST") if "TLSv1.3" in seen.versions else failed("NEWEST_NOT")


LINES = (
    "Postfix: smtpd_tls_protocols = >=TLSv1.2",
    "Postfix: smtpd_tls_ciphers = high",
    "nginx: ssl_protocols TLSv1.2 TLSv1.3;",
    "nginx: </pre><script>alert(3)</script> \u202e",
)
CHECKS = {c.id: c for c in (ending, length, transfer, declared, offered, versions, newest)}


def _text(ja: str, en: str) -> Text:
    return Text(ja=ja, en=en)


TOWN = Baseline(
    "town",
    _text("架空市 情報セキュリティ対策基準", "Kakuu City: standard of security measures"),
    "架空市",
    _text("令和8年4月1日施行", "in force from 2026-04-01"),
    None,
    (
        control("town-10-1", "golden.record.ending", title="なりすましの防止", summary=_text("送信元を限る。", "Limit the senders.")),
        control(
            "town-10-2",
            title="鍵の管理",
            summary=_text("十分な長さの鍵を用いる。", "Use keys of sufficient length."),
            checks=(Use("golden.key.length", {"least": 3072}),),
            status=Status.AUTOMATED,
            duty_holder=("情報システムセキュリティ責任者",),
        ),
        control("town-11", "golden.transfer", strength=Strength.PROHIBITION, title="内部情報の保護", status=Status.PARTIAL),
        control("town-12", "golden.declared", tier="追加", title="台帳の整備", strength=Strength.REQUIRED),
        control("town-13", "golden.declared", strength=Strength.AS_NEEDED, title="用途の記録"),
        control("town-15", "golden.tls.offered", "golden.tls.versions", "golden.tls.newest", title="通信の暗号化"),
        control("town-14", "golden.transfer", info_class=("要機密情報",), title="要機密情報を扱う場合の措置"),
    ),
    "sha256:" + "1" * 64,
)
PREFECTURE = Baseline(
    "pref",
    _text("架空県 共同利用規程", "Kakuu Prefecture: rules of joint use"),
    "架空県",
    _text("第2版 <b>", "second edition <b>"),
    None,
    (
        control("pref-3", title="なりすまし対策", ref="第3条"),
        control("pref-3-1", "golden.key.length", ref="第3条第1号", strength=Strength.EXAMPLE, supports=("第3条",), title="鍵の例"),
        control("pref-3-2", "golden.record.ending", ref="第3条第2号", strength=Strength.EXAMPLE, supports=("第3条",), title="記録の例"),
        control("pref-9", title="点検項目のない条", status=Status.EVIDENCE),
    ),
    "sha256:" + "2" * 64,
)
SYSTEMS = (
    System("mail", "電子メール", Grade(2, 2, 2), SystemClass.HIGH, targets=("domain:a.example.jp", "domain:xn--f4v75n.jp")),
    System("web", "公開サイト", Grade(1, 2, 2), SystemClass.MIDDLE, targets=("domain:a.example.jp", "domain:b.example.jp")),
)


def _seen(fact: Fact, *evidence: tuple[str, str]) -> Observed[Fact]:
    return Observed(fact, AT, tuple(Evidence(*e) for e in evidence or (("TXT a.example.jp", "1 record\na.example.jp TXT v=spf1 mx -all"),)))


def _target(
    name: str,
    policy: Observation[Fact],
    servers: Mapping[str, Observation[Fact]],
    mailers: Mapping[str, Observation[Fact]] = MappingProxyType({}),
) -> Seen:
    facts = FactSet(Domain(name))
    facts.put(facts.target, Policy, policy)
    for host, observation in servers.items():
        facts.put(Service(host, 53, "dns", "192.0.2.53"), Transfer, observation)
    for host, observation in mailers.items():
        facts.put(Service(host, 25, "smtp"), Greeting, observation)
    return Seen(facts, AT, AT)


def _targets() -> list[Seen]:
    given, refused = _seen(Transfer(True), ("AXFR @192.0.2.53:53/tcp", "NOERROR, 212 records")), _seen(Transfer(False))
    silent = Unobserved(Reason.TIMEOUT, "no answer from 192.0.2.53:53/tcp within 5 s (2 tries)", AT)
    hostile = Policy("v=spf1 " + HOSTILE, 1024, servers=("ns1.example.jp", "ns2.example.jp"), mailers=("mx1.example.jp", "mx2.example.jp"))
    old = _seen(Greeting(True, ("TLSv1", "TLSv1.2")), ("STARTTLS mx2.example.jp:25", "TLSv1 TLSv1.2"))
    closed = Unobserved(Reason.REFUSED, "192.0.2.25:25/tcp: refused (Connection refused)", AT)
    mailers: dict[str, Observation[Fact]] = {"mx1.example.jp": closed, "mx2.example.jp": old}
    return [
        _target(
            "a.example.jp",
            _seen(hostile, ("TXT a.example.jp " + HOSTILE, HOSTILE)),
            {"ns1.example.jp": given, "ns2.example.jp": silent},
            mailers,
        ),
        _target(
            "b.example.jp",
            _seen(Policy("v=spf1 mx -all", 4096, servers=("ns1.example.jp",), mailers=("mx1.example.jp", "mx2.example.jp"))),
            {"ns1.example.jp": refused},
            mailers,
        ),
        _target("xn--f4v75n.jp", _seen(Policy("v=spf1 ?all", 2048)), {}),
        _target("parked.example.jp", _seen(Policy("", 2048, sends=False)), {}),
        _target("odd.example.jp", _seen(Policy("odd", 3072)), {}),
        _target("long.example.jp", _seen(Policy("v=spf1 " + "a" * 20_000, 2048), ("TXT long.example.jp", "a" * 20_000)), {}),
        _target("lame.example.jp", Unobserved(Reason.SERVER_FAILURE, "SERVFAIL from 192.0.2.1:53/udp", AT), {}),
    ]


def judge_into(sink: Callable[[RunStart, Exceptions], Sink]) -> None:
    """Judge the made-up facts into a sink."""
    observers = Observers({Policy: (), Transfer: (), Greeting: ()}, {})
    catalogue = Catalogue(Checks({"golden": lambda: CHECKS}), observers, "sha256:" + "0" * 64)
    profile = Profile(
        values={ENDINGS.key: ProfileSetting(("-", "~"), "profile", "profile.yaml", 4)},
        decisions=(Decision("town-13", Choice.NOT_NEEDED, "情報政策課長", date(2026, 10, 1), "用途は自明である"),),
        attestations=(
            Attestation(
                "pref-9", "規程どおりに運用している", "点検記録 <b>10月</b>", date(2026, 10, 1), date(2027, 3, 31), "情報政策課 主査"
            ),
        ),
    )
    exceptions = Exceptions(
        (
            ApprovedException(
                id="rei-2026-001",
                article=Article("town", "第town-10-1条", ("town-10-1",)),
                targets=("domain:xn--f4v75n.jp",),
                systems=(),
                check="golden.record.ending",
                reason="移行中",
                impact="小",
                substitute="監視",
                applicant="広報課",
                approver="総務部長",
                start=date(2026, 10, 1),
                end=date(2027, 3, 31),
                end_report="書面",
                file="exceptions.yaml",
                line=2,
            ),
        )
    )
    targets = _targets()
    members = {key: tuple(s.id for s in SYSTEMS if key in s.targets) for s in SYSTEMS for key in s.targets}
    inventory = replace(
        Inventory.of_targets([t.facts.target for t in targets]),
        systems=MappingProxyType({s.id: s for s in SYSTEMS}),
        member_of=MappingProxyType(members),
    )
    plan = make_plan(catalogue, [TOWN, PREFECTURE], profile)
    start = RunStart(
        run="20261122T000000Z-gold",
        started_at=AT,
        zone="internet",
        approved_by="総務部長 <2026-10-01>",
        version="0.1.0",
        catalogue_digest=catalogue.digest,
        baselines=(TOWN, PREFECTURE),
        profile_file="profile.yaml",
        profile_digest="sha256:" + "3" * 64,
        inventory_file="",
        inventory_digest="",
        systems=SYSTEMS,
        planned_targets=len(targets),
        planned_checks=len(plan.variants),
        values=(ENDINGS, BITS),
    )
    judging = Judging(start, plan, inventory, profile, exceptions, [sink(start, exceptions)])
    judge_again(judging, iter(targets), lambda: "2026-11-22T00:00:09Z")


def make_record() -> bytes:
    """Give the record."""
    out = io.BytesIO()
    judge_into(lambda start, exceptions: RecordSink(start, exceptions, [out], None))
    return out.getvalue()


def lines_of(record: bytes) -> Callable[[], Iterator[Line]]:
    """Give the lines of a record as ``write_html`` takes them."""
    return lambda: (json.loads(line) for line in record.splitlines())


def make_report(record: bytes, language: str = "ja", beside: bytes | None = None) -> bytes:
    """Give the HTML of a record, or of two side by side."""
    out = io.BytesIO()
    write_html(lines_of(record), out, language, lines_of(beside) if beside else None)
    return out.getvalue()


if __name__ == "__main__":
    RECORD.write_bytes(make_record())
    REPORT.write_bytes(make_report(RECORD.read_bytes()))
