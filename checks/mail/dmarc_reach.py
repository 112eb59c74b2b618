"""Checks of how far a DMARC policy reaches: subdomains, names that do not exist, public suffixes, domains that send no mail (RFC 9989)."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing
from checks.mail.common import sends_mail, use_undeclared
from checks.mail.dmarc import INHERITED, MAIL_DMARC_LEAST_POLICY, NO_RECORD, RANK, applied
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers
from scanner.facts.mail_sender import DmarcRecords, SpfPolicy
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, doubtful, failed, not_applicable, passed
from scanner.wire.dmarc import Policy, Psd, Reach


def _reach(records: DmarcRecords, reach: Reach, words: str, *, least: str, not_milder: bool) -> Judgement:
    """Judge what the domain's own record asks for names below it; the tags begin with ``words``."""
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable(f"{words}_NO_RECORD")
    if policy.name != records.domain:
        return not_applicable(f"{words}_INHERITED", domain=policy.name)
    stated = policy.record.stated(reach)
    if not_milder and RANK[stated] < RANK[policy.stated]:
        return failed(f"{words}_MILDER", policy=stated.value, own=policy.stated.value)
    if RANK[stated] < RANK[Policy(least)]:
        return failed(f"{words}_WEAK", policy=stated.value, least=least)
    return passed(f"{words}_COVERED", policy=stated.value)


@check(
    "mail.dmarc.subdomains",
    severity=Severity.MEDIUM,
    title=Text(ja="サブドメインにも DMARC のポリシーが及ぶ", en="The DMARC policy covers subdomains as well"),
    why=Text(
        ja="sp=none のように緩めると、実在するサブドメインを差出人とするなりすましメールが、隔離も拒否もされずに届く。",
        en="With a milder sp mail that forges an existing subdomain goes through.",
    ),
    remedy=Text(
        ja="「sp=」を削除して p に従わせるか、「sp={least}」以上とする。",
        en='Remove "sp=" so that p applies, or set "sp={least}" or stricter.',
    ),
    says={
        "DMARC_SUBDOMAINS_COVERED": Text(ja="サブドメインのポリシーは {policy}", en="the policy for subdomains is {policy}"),
        "DMARC_SUBDOMAINS_MILDER": Text(
            ja="サブドメインのポリシー {policy} が、ドメイン自身の {own} より緩い",
            en="the policy for subdomains, {policy}, is milder than the domain's own, {own}",
        ),
        "DMARC_SUBDOMAINS_WEAK": Text(
            ja="サブドメインのポリシー {policy} が、求める {least} より緩い",
            en="the policy for subdomains, {policy}, is milder than {least}",
        ),
        "DMARC_SUBDOMAINS_INHERITED": INHERITED,
        "DMARC_SUBDOMAINS_NO_RECORD": NO_RECORD,
    },
)
def dmarc_subdomains(
    records: DmarcRecords,
    *,
    least: Annotated[str, MAIL_DMARC_LEAST_POLICY] = MAIL_DMARC_LEAST_POLICY.default,
    not_milder: bool = True,
) -> Judgement:
    """``not_milder`` also holds the policy to that of the domain itself."""
    return _reach(records, Reach.SUBDOMAIN, "DMARC_SUBDOMAINS", least=least, not_milder=not_milder)


@check(
    "mail.dmarc.nonexistent",
    severity=Severity.MEDIUM,
    title=Text(ja="存在しないサブドメインにも DMARC のポリシーが及ぶ", en="The DMARC policy covers subdomains that do not exist"),
    why=Text(
        ja="存在しない名前は正規のメールに使われないため、差出人に使われれば必ずなりすましである。緩める理由がない。",
        en="Names that do not exist send no genuine mail, so whatever claims to come from them is forged; there is no reason to be mild.",
    ),
    remedy=Text(
        ja="「np=」を削除して sp 又は p に従わせるか、「np=reject」とする。",
        en='Remove "np=" so that sp or p applies, or set "np=reject".',
    ),
    says={
        "DMARC_NONEXISTENT_COVERED": Text(
            ja="存在しないサブドメインのポリシーは {policy}",
            en="the policy for names that do not exist is {policy}",
        ),
        "DMARC_NONEXISTENT_MILDER": Text(
            ja="存在しないサブドメインのポリシー {policy} が、ドメイン自身の {own} より緩い",
            en="the policy for names that do not exist, {policy}, is milder than the domain's own, {own}",
        ),
        "DMARC_NONEXISTENT_WEAK": Text(
            ja="存在しないサブドメインのポリシー {policy} が、求める {least} より緩い",
            en="the policy for names that do not exist, {policy}, is milder than {least}",
        ),
        "DMARC_NONEXISTENT_INHERITED": INHERITED,
        "DMARC_NONEXISTENT_NO_RECORD": NO_RECORD,
    },
)
def dmarc_nonexistent(
    records: DmarcRecords,
    *,
    least: Annotated[str, MAIL_DMARC_LEAST_POLICY] = MAIL_DMARC_LEAST_POLICY.default,
    not_milder: bool = True,
) -> Judgement:
    """``not_milder`` also holds the policy to that of the domain itself."""
    return _reach(records, Reach.NONEXISTENT, "DMARC_NONEXISTENT", least=least, not_milder=not_milder)


@check(
    "mail.dmarc.psd",
    severity=Severity.LOW,
    title=Text(ja="公共サフィックスでないドメインが psd=y を名乗らない", en="Only public suffixes say psd=y in DMARC"),
    why=Text(
        ja=(
            "psd=y は lg.jp のような登録の単位となる名前だけが使う。誤って付けると、サブドメインが別組織とみなされ、"
            "ポリシーも識別名の一致（アラインメント）も及ばなくなる。"
        ),
        en=(
            "psd=y is for names under which others register, such as lg.jp. Elsewhere it cuts subdomains off from the policy and from "
            "alignment."
        ),
    ),
    remedy=Text(
        ja="「psd=y」を削除する。組織ドメインであることを明示するなら「psd=n」とする。",
        en='Remove "psd=y"; to state that this is the organizational domain, write "psd=n".',
    ),
    says={
        "DMARC_PSD_NO": Text(ja="psd=y を名乗っていない", en="the record does not say psd=y"),
        "DMARC_PSD_CLAIMED": Text(
            ja="psd=y を名乗っている。公共サフィックスの管理者でなければ誤り",
            en="the record says psd=y, which is wrong unless the name is a public suffix",
        ),
        "DMARC_PSD_INHERITED": INHERITED,
        "DMARC_PSD_NO_RECORD": NO_RECORD,
    },
)
def dmarc_psd(records: DmarcRecords) -> Judgement:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return not_applicable("DMARC_PSD_NO_RECORD")
    if policy.name != records.domain:
        return not_applicable("DMARC_PSD_INHERITED", domain=policy.name)
    return doubtful("DMARC_PSD_CLAIMED") if policy.record.psd is Psd.YES else passed("DMARC_PSD_NO")


@check(
    "mail.dmarc.no-mail",
    severity=Severity.MEDIUM,
    title=Text(
        ja="メールを送信しないドメインの DMARC ポリシーが reject である",
        en="The DMARC policy of a domain that sends no mail is reject",
    ),
    why=Text(
        ja="送信しないドメインを差出人とするメールはすべてなりすましであり、拒否して支障がない。",
        en="All mail that claims to come from such a domain is forged; refusing it harms nobody.",
    ),
    remedy=Text(
        ja='「_dmarc.example.lg.jp. IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.lg.jp"」を公開する。',
        en='Publish _dmarc.example.lg.jp. IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.lg.jp".',
    ),
    says={
        "DMARC_NO_MAIL_REJECT": Text(ja="ポリシーは reject（{domain}）", en="the policy is reject ({domain})"),
        "DMARC_NO_MAIL_WEAK": Text(
            ja="送信しないドメインだが、ポリシーが {policy} である（{domain}）",
            en="the domain sends no mail but the policy is {policy} ({domain})",
        ),
        "DMARC_NO_MAIL_NONE": Text(
            ja="送信しないドメインだが、DMARC レコードが適用されない",
            en="the domain sends no mail but no DMARC record applies",
        ),
        "DMARC_NO_MAIL_SENDS": Text(ja="メールを送信するドメイン", en="the domain sends mail"),
        "DMARC_NO_MAIL_NO_DOMAIN": Text(
            ja="名前が DNS に存在しない（mail.dmarc.policy で判定する）",
            en="the name does not exist in the DNS (judged by mail.dmarc.policy)",
        ),
    },
)
def dmarc_no_mail(
    declared: DeclaredDomain, mx: MailExchangers | Unobserved, spf: SpfPolicy | Unobserved, records: DmarcRecords
) -> Judgement:
    if records.exists is False and declared.sends_mail is None:
        return not_applicable("DMARC_NO_MAIL_NO_DOMAIN")
    match sends_mail(declared, mx, spf):
        case True:
            return not_applicable("DMARC_NO_MAIL_SENDS")
        case None:
            unseen = first_missing((mx, spf))
            return unseen or use_undeclared(records.domain, "sends")
        case False:
            return _reject_wanted(records)


def _reject_wanted(records: DmarcRecords) -> Verdict | Unobserved:
    policy = applied(records)
    if isinstance(policy, Unobserved):
        return policy
    if policy is None:
        return failed("DMARC_NO_MAIL_NONE")
    if policy.effective is not Policy.REJECT:
        return failed("DMARC_NO_MAIL_WEAK", policy=policy.effective.value, domain=policy.name)
    return passed("DMARC_NO_MAIL_REJECT", domain=policy.name)
