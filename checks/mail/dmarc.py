"""Checks of the DMARC policy that applies to a domain (RFC 9989, RFC 7489 in mind). Its reach and its reports have modules of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from checks.common import listed
from checks.mail.common import problem, shown
from checks.reading import remembered
from scanner.facts.mail import TextAnswer
from scanner.facts.mail_sender import DmarcRecords
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire import dmarc
from scanner.wire.dmarc import DmarcFlaw, DmarcRecord, Policy, Reach
from scanner.wire.dmarc_discovery import AppliedPolicy, policy_for
from scanner.wire.report_uri import UriFlaw
from scanner.wire.tags import TagFlaw

MAIL_DMARC_LEAST_POLICY = Value(
    "mail.dmarc.least-policy",
    default="quarantine",
    text=Text(ja="DMARC で求める最も緩いポリシー", en="mildest DMARC policy that is enough"),
    choices=("none", "quarantine", "reject"),
)


NO_RECORD: Final = Text(ja="適用される DMARC レコードがない", en="no DMARC record applies")
INHERITED: Final = Text(
    ja="上位の {domain} のレコードが適用されるため、そちらで判定する",
    en="the record of {domain} applies and is judged there",
)
RANK: Final = {Policy.NONE: 0, Policy.QUARANTINE: 1, Policy.REJECT: 2}
_NOTED: Final = frozenset(
    {
        TagFlaw.NAME_CASE,
        TagFlaw.EMPTY_TAG,
        DmarcFlaw.FO_WITHOUT_RUF,
        DmarcFlaw.UNKNOWN_TAG,
    }
)
_ELSEWHERE: Final = frozenset(
    {
        DmarcFlaw.P_MISSING,  # mail.dmarc.legacy
        DmarcFlaw.P_NOT_SECOND,
        DmarcFlaw.REMOVED_TAG,
        DmarcFlaw.SCHEME_UNUSED,  # mail.dmarc.reports
        *UriFlaw,
    }
)


@dataclass(frozen=True, slots=True)
class Own:
    """The domain's own answer: how many records, and those that receivers drop."""

    records: tuple[bytes, ...]
    near: tuple[bytes, ...]


@remembered
def own(records: DmarcRecords) -> Own | Unobserved:
    """Give what stands at the domain itself."""
    answer = records.steps[0].answer
    if isinstance(answer, Unobserved):
        return answer
    chosen = dmarc.select(answer.octets)
    return Own(chosen.records, chosen.near)


@remembered
def applied(records: DmarcRecords) -> AppliedPolicy | Unobserved | None:
    """Give the policy that receivers apply to the domain, ``None`` where there is none, or why it cannot be told.

    A record of the domain itself settles it; without one every step of the walk must have been answered.
    """
    found: dict[str, DmarcRecord] = {}
    missing: Unobserved | None = None
    for step in records.steps:
        if isinstance(step.answer, Unobserved):
            missing = missing or step.answer
            continue
        record = dmarc.select(step.answer.octets).record
        if record is not None:
            found[step.domain] = dmarc.parse(record)
    if records.domain not in found and missing is not None:
        return missing
    if isinstance(records.exists, Unobserved):
        policy = policy_for(records.domain, found, exists=True)
        return policy if policy is None or policy.reach is Reach.ITSELF else records.exists
    return policy_for(records.domain, found, exists=records.exists)


def text_of(records: DmarcRecords, domain: str) -> str:
    """Give the one record at a name of the walk, for sentences."""
    answer = next(step.answer for step in records.steps if step.domain == domain)
    assert isinstance(answer, TextAnswer)
    record = dmarc.select(answer.octets).record
    return shown(record) if record else ""


@check(
    "mail.dmarc.record",
    severity=Severity.HIGH,
    title=Text(ja="DMARC レコードが適用されている", en="A DMARC record applies to the domain"),
    why=Text(
        ja="DMARC がないと、差出人（From）のなりすましを受信側がどう扱うべきかを示せず、なりすましの実態を知るレポートも届かない。",
        en="Without DMARC receivers are not told what to do with mail that forges the From address, and the owner gets no reports of it.",
    ),
    remedy=Text(
        ja='「_dmarc.example.lg.jp. IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.lg.jp"」を 1 件だけ公開する。',
        en='Publish exactly one record: _dmarc.example.lg.jp. IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.lg.jp".',
    ),
    says={
        "DMARC_FOUND": Text(ja="DMARC レコード：{record}", en="DMARC record: {record}"),
        "DMARC_INHERITED": Text(ja="上位の {domain} のレコードが適用される：{record}", en="the record of {domain} applies: {record}"),
        "DMARC_NONE": Text(ja="このドメインにも上位にも DMARC レコードがない", en="there is no DMARC record at the domain or above it"),
        "DMARC_SEVERAL": Text(
            ja="DMARC レコードが複数あり、すべて無視される：{records}",
            en="there are several DMARC records, so all are dropped: {records}",
        ),
        "DMARC_NEAR_MISS": Text(
            ja="受信側が無視する形のレコードしかない：{records}",
            en="only records of a form that receivers drop: {records}",
        ),
    },
)
def dmarc_record(records: DmarcRecords) -> Judgement:
    here = own(records)
    if isinstance(here, Unobserved):
        return here
    if len(here.records) > 1:
        return failed("DMARC_SEVERAL", records=listed(map(shown, here.records)))
    if here.records:
        return passed("DMARC_FOUND", record=shown(here.records[0]))
    if here.near:
        return failed("DMARC_NEAR_MISS", records=listed(map(shown, here.near)))
    policy = applied(records)
    if policy is None:
        return failed("DMARC_NONE")
    if isinstance(policy, Unobserved):
        return policy
    return passed("DMARC_INHERITED", domain=policy.name, record=text_of(records, policy.name))


@check(
    "mail.dmarc.syntax",
    severity=Severity.HIGH,
    title=Text(ja="DMARC レコードの文法が正しい", en="The DMARC record follows the grammar"),
    why=Text(
        ja="p 等の値が誤っていると p=none とみなされるか、レコード全体が無視される。",
        en="With a wrong value of p, sp or np the record counts as p=none, or is ignored altogether.",
    ),
    remedy=Text(
        ja="「v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@example.lg.jp」のように、セミコロンで区切った tag=value の形に直す。",
        en='Write tag=value pairs separated by semicolons: "v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@example.lg.jp".',
    ),
    says={
        "DMARC_SYNTAX_OK": Text(ja="文法の誤りはない", en="no error of grammar"),
        "DMARC_SYNTAX_ODD": Text(ja="誤りではないが、効果のない記述がある：{problems}", en="no error, yet text without effect: {problems}"),
        "DMARC_SYNTAX_BROKEN": Text(ja="文法の誤り：{problems}", en="errors of grammar: {problems}"),
        "DMARC_SYNTAX_NO_RECORD": NO_RECORD,
    },
)
def dmarc_syntax(records: DmarcRecords) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_SYNTAX_NO_RECORD")
    found = [p for p in policy.record.problems if p.kind not in _ELSEWHERE]
    if broken := [problem(p) for p in found if p.kind not in _NOTED]:
        return failed("DMARC_SYNTAX_BROKEN", problems=listed(broken))
    return passed("DMARC_SYNTAX_ODD", problems=listed(problem(p) for p in found)) if found else passed("DMARC_SYNTAX_OK")


@check(
    "mail.dmarc.policy",
    severity=Severity.HIGH,
    title=Text(ja="DMARC ポリシーが、組織の定める強さ以上である", en="The DMARC policy is at least as strict as the organisation asks for"),
    why=Text(
        ja=(
            "p=none は監視だけで、なりすましメールはそのまま届く。quarantine（隔離）又は reject（拒否）とすることで、初めて受信側で止まる。"
        ),
        en="p=none only watches: forged mail is delivered. Receivers stop it with quarantine or reject.",
    ),
    remedy=Text(
        ja=("レポートで正規のメールが合格していることを確かめ、「_dmarc.example.lg.jp. IN TXT」のポリシーを「p={least}」以上に改める。"),
        en='Once reports show that genuine mail passes, set "p={least}" or stricter in the TXT record at _dmarc.example.lg.jp.',
    ),
    says={
        "DMARC_POLICY_MET": Text(ja="ポリシーは {policy}（{domain} の {by}）", en="the policy is {policy} ({by} of {domain})"),
        "DMARC_POLICY_WEAK": Text(
            ja="ポリシーは {policy}（{domain} の {by}）で、求める {least} より緩い",
            en="the policy is {policy} ({by} of {domain}), milder than {least}",
        ),
        "DMARC_POLICY_INVALID": Text(
            ja="ポリシーの値が誤っており、効力がない（{domain}）",
            en="a policy tag is not valid, so no policy is in force ({domain})",
        ),
        "DMARC_POLICY_NO_RECORD": NO_RECORD,
    },
)
def dmarc_policy(records: DmarcRecords, *, least: Annotated[str, MAIL_DMARC_LEAST_POLICY] = MAIL_DMARC_LEAST_POLICY.default) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_POLICY_NO_RECORD")
    if policy.record.invalid:
        return failed("DMARC_POLICY_INVALID", domain=policy.name)
    if RANK[policy.stated] < RANK[Policy(least)]:
        return failed("DMARC_POLICY_WEAK", policy=policy.stated.value, domain=policy.name, by=policy.reach.value, least=least)
    return passed("DMARC_POLICY_MET", policy=policy.stated.value, domain=policy.name, by=policy.reach.value)


@check(
    "mail.dmarc.testing",
    severity=Severity.MEDIUM,
    title=Text(ja="DMARC ポリシーが試行中（t=y）でない", en="The DMARC policy is not in test mode (t=y)"),
    why=Text(
        ja="t=y では受信側が一段緩いポリシーを適用し（RFC 9989）、quarantine は none と同じになる。",
        en="With t=y receivers apply the next milder policy (RFC 9989), so quarantine is as good as none.",
    ),
    remedy=Text(ja="試行を終えたら「t=y」を削除する。", en='Remove "t=y" once the trial is over.'),
    says={
        "DMARC_IN_FORCE": Text(ja="試行中でない", en="the policy is not in test mode"),
        "DMARC_TESTING": Text(
            ja="t=y により、{stated} が {effective} として扱われる（{domain}）",
            en="t=y turns {stated} into {effective} ({domain})",
        ),
        "DMARC_TESTING_NO_RECORD": NO_RECORD,
    },
)
def dmarc_testing(records: DmarcRecords) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_TESTING_NO_RECORD")
    if policy.record.testing:
        return failed("DMARC_TESTING", stated=policy.stated.value, effective=policy.effective.value, domain=policy.name)
    return passed("DMARC_IN_FORCE")


@check(
    "mail.dmarc.alignment",
    severity=Severity.INFO,
    title=Text(ja="DMARC の識別名の一致条件（参考）", en="Alignment modes of DMARC (noted)"),
    why=Text(
        ja=(
            "strict では SPF・DKIM のドメインが差出人と完全に一致する必要があり、relaxed では組織ドメインが同じであればよい。"
            "どちらも規格に適合する。"
        ),
        en=(
            "Strict mode wants the domains of SPF and DKIM to equal that of the author, relaxed mode the same organizational domain; "
            "both are proper."
        ),
    ),
    remedy=Text(
        ja="サブドメインの管理を委ねている場合は「adkim=s; aspf=s」を検討する。",
        en='Where subdomains are run by others, consider "adkim=s; aspf=s".',
    ),
    says={
        "DMARC_ALIGNMENT": Text(
            ja="DKIM は {adkim}、SPF は {aspf}（r は relaxed、s は strict）",
            en="DKIM {adkim}, SPF {aspf} (r is relaxed, s is strict)",
        ),
        "DMARC_ALIGNMENT_NO_RECORD": NO_RECORD,
    },
)
def dmarc_alignment(records: DmarcRecords) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_ALIGNMENT_NO_RECORD")
    return passed("DMARC_ALIGNMENT", adkim=policy.record.adkim.value, aspf=policy.record.aspf.value)


@check(
    "mail.dmarc.legacy",
    severity=Severity.INFO,
    title=Text(ja="旧規格（RFC 7489）の受信側での扱いの違い（参考）", en="Differences for receivers of RFC 7489 (noted)"),
    why=Text(
        ja="RFC 9989 は pct、rf、ri を廃止し、p の欠落を p=none とみなす。旧規格の受信側は pct に従い、p のないレコードを無効とする。",
        en=(
            "RFC 9989 dropped pct, rf and ri and reads a missing p as none; older receivers obey pct and take a record without p for "
            "invalid."
        ),
    ),
    remedy=Text(
        ja="「v=DMARC1; p=…」の順に書き、pct、rf、ri を削除する。試行中であることは「t=y」で示す。",
        en='Write "v=DMARC1; p=reject" in this order and remove pct, rf and ri; state a trial with "t=y".',
    ),
    says={
        "DMARC_LEGACY_NONE": Text(ja="旧規格の受信側でも同じに扱われる", en="older receivers read the record in the same way"),
        "DMARC_LEGACY_TAGS": Text(ja="廃止されたタグがある：{tags}", en="tags that were dropped: {tags}"),
        "DMARC_LEGACY_NO_P": Text(
            ja="p がなく、旧規格の受信側はレコードを無効とする",
            en="p is missing, so older receivers take the record for invalid",
        ),
        "DMARC_LEGACY_ORDER": Text(
            ja="p が v の直後になく、旧規格に厳格な受信側は無視するおそれがある",
            en="p does not follow v, so strict older receivers may ignore the record",
        ),
        "DMARC_LEGACY_NO_RECORD": NO_RECORD,
    },
)
def dmarc_legacy(records: DmarcRecords) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_LEGACY_NO_RECORD")
    kinds = {p.kind for p in policy.record.problems}
    if DmarcFlaw.P_MISSING in kinds:
        return passed("DMARC_LEGACY_NO_P")
    if policy.record.removed:
        return passed("DMARC_LEGACY_TAGS", tags=listed(shown(f"{tag.name}={tag.value}") for tag in policy.record.removed))
    return passed("DMARC_LEGACY_ORDER" if DmarcFlaw.P_NOT_SECOND in kinds else "DMARC_LEGACY_NONE")
