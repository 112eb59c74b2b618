"""Checks of an SPF policy as a whole: is there one record, can it be read, does evaluating it end, how does it end (RFC 7208)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from checks.common import listed
from checks.mail.common import cut, sends_mail, use_undeclared
from scanner.facts.ledger import DeclaredDomain
from scanner.facts.mail import MailExchangers, Status
from scanner.facts.mail_sender import SpfPolicy, SpfProblem, SpfState, SpfTerm
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed
from scanner.wire.spf import DEFAULT_LIMITS, SYNTAX_ERRORS, ProblemKind

MAIL_SPF_ENDINGS = Value(
    "mail.spf.endings",
    default=("-", "~"),
    text=Text(ja="SPF の末尾の all に認める限定子", en="qualifiers accepted for the all at the end of an SPF policy"),
    choices=("-", "~", "?"),
)


NOT_PUBLISHED: Final = Text(ja="評価できる SPF レコードがない", en="there is no SPF record to judge")
_ALL_OF_IPV4: Final = 2**32
_ODDITIES: Final = frozenset({ProblemKind.TERM_AFTER_ALL, ProblemKind.REDIRECT_IGNORED, ProblemKind.UNKNOWN_MODIFIER})


def terms(found: Iterable[SpfTerm]) -> tuple[str, ...]:
    """Write terms for a sentence, each with the owner of its record."""
    return listed(f"{cut(term.term)} ({term.domain})" for term in found)


def problems(found: Iterable[SpfProblem]) -> tuple[str, ...]:
    """Write problems for a sentence, each with its word and the owner of its record."""
    return listed(f"{p.kind}: {cut(p.detail)} ({p.domain})" if p.detail else f"{p.kind} ({p.domain})" for p in found)


def unseen(policy: SpfPolicy) -> Unobserved | None:
    """Give the reason why a part of the policy could not be seen: a question without answer, or a cap."""
    if policy.unanswered:
        return policy.unanswered[0].why
    if policy.truncated:
        return cannot_tell(
            Reason.BUDGET_SPENT,
            "{domain} の SPF レコードが、たどる上限を超えている",
            "the SPF records of {domain} go beyond the caps of the walk",
            domain=policy.root.domain,
        )
    return None


def opened(policy: SpfPolicy) -> tuple[SpfTerm, ...]:
    """Give the terms that let every client pass, or every client of an address family, alone or together."""
    all_of_ipv4 = policy.ipv4_addresses >= _ALL_OF_IPV4
    whole = (r for r in policy.ranges if r.network == "::/0" or (all_of_ipv4 and ":" not in r.network))
    return (*policy.open_terms, *(SpfTerm(r.domain, r.term) for r in whole))


def hidden(policy: SpfPolicy) -> Unobserved | None:
    """Give the reason why records may be missing: an include or redirect whose name depends on the mail was not followed."""
    followed = [term.term for term in policy.dynamic if term.term.lstrip("+-~?").lower().startswith(("include:", "redirect="))]
    if not followed:
        return None
    return cannot_tell(
        Reason.NOT_DISCOVERABLE,
        "{domain} の {term} がどのレコードを指すかは、メールによって変わる",
        "which record {term} of {domain} leads to depends on the mail",
        domain=policy.root.domain,
        term=followed[0],
    )


@check(
    "mail.spf.record",
    severity=Severity.HIGH,
    title=Text(ja="SPF レコードがちょうど 1 件公開されている", en="Exactly one SPF record is published"),
    why=Text(
        ja=(
            "SPF レコードがないと、受信側は送信元アドレスのなりすましを見分けられない。2 件以上あると評価は誤り（permerror）となり、"
            "ないのと同じである。"
        ),
        en=(
            "Without an SPF record receivers cannot tell forged senders; with two or more evaluation ends in permerror, which is as good "
            "as none."
        ),
    ),
    remedy=Text(
        ja=(
            '送信元をすべて含む 1 件だけを公開する（例「example.lg.jp. IN TXT "v=spf1 ip4:203.0.113.25 include:_spf.provider.example '
            '-all"」）。送信しないドメインは「v=spf1 -all」とする。'
        ),
        en=(
            'Publish one record that holds all sources: example.lg.jp. IN TXT "v=spf1 ip4:203.0.113.25 include:_spf.provider.example '
            '-all"; "v=spf1 -all" where nothing is sent.'
        ),
    ),
    says={
        "SPF_FOUND": Text(ja="SPF レコード：{record}", en="SPF record: {record}"),
        "SPF_NONE": Text(ja="SPF レコードがない", en="there is no SPF record"),
        "SPF_NEAR_MISS": Text(
            ja="SPF レコードと思われるが、受信側に無視される形のものしかない：{records}",
            en="only records that look meant for SPF but that receivers ignore: {records}",
        ),
        "SPF_SEVERAL": Text(ja="SPF レコードが複数ある：{records}", en="there are several SPF records: {records}"),
        "SPF_NO_DOMAIN": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
        "SPF_TOP_LEVEL": Text(ja="1 ラベルの名前では SPF は評価されない", en="SPF is not evaluated for names of one label"),
    },
)
def spf_record(declared: DeclaredDomain, policy: SpfPolicy) -> Judgement:
    match policy.root.state:
        case SpfState.FOUND:
            return passed("SPF_FOUND", record=cut(policy.root.records[0]))
        case SpfState.SEVERAL:
            return failed("SPF_SEVERAL", records=listed(map(cut, policy.root.records)))
        case SpfState.MALFORMED:
            return not_applicable("SPF_TOP_LEVEL")
        case SpfState.ABSENT:
            if policy.root.status is Status.NXDOMAIN and not declared.sends_mail:
                return not_applicable("SPF_NO_DOMAIN")
            near = [p.detail for p in policy.problems if p.kind == ProblemKind.NEAR_MISS and p.domain == policy.root.domain]
            return failed("SPF_NEAR_MISS", records=listed(map(cut, near))) if near else failed("SPF_NONE")
        case _:
            ja, en = "{domain} の SPF レコードが長すぎて読み取れない", "the SPF record of {domain} is too long to be read"
            return unseen(policy) or cannot_tell(Reason.TOO_LARGE, ja, en, domain=policy.root.domain)


@check(
    "mail.spf.syntax",
    severity=Severity.HIGH,
    title=Text(ja="SPF レコードの文法が正しい", en="The SPF records follow the grammar"),
    why=Text(
        ja="文法の誤りが 1 か所でもあると評価全体が permerror となり、受信側はなりすましを見分けられない。",
        en="One error of grammar anywhere makes the whole evaluation a permerror, and receivers cannot tell forged senders.",
    ),
    remedy=Text(
        ja=(
            "誤った項を RFC 7208 の書き方に直す（例「ipv4:」でなく「ip4:203.0.113.25」、「include:_spf.provider.example」"
            "のコロンの後に空白を置かない）。"
        ),
        en=(
            'Write the terms as RFC 7208 has them: "ip4:203.0.113.25" and not "ipv4:", no space after the colon of '
            '"include:_spf.provider.example".'
        ),
    ),
    says={
        "SPF_SYNTAX_OK": Text(ja="文法の誤りはない", en="no error of grammar"),
        "SPF_SYNTAX_ODD": Text(ja="誤りではないが、効果のない記述がある：{problems}", en="no error, yet terms without effect: {problems}"),
        "SPF_SYNTAX_BROKEN": Text(ja="文法の誤り（permerror）：{problems}", en="errors of grammar (permerror): {problems}"),
        "SPF_SYNTAX_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_syntax(policy: SpfPolicy) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_SYNTAX_NO_RECORD")
    if broken := [p for p in policy.problems if p.kind in SYNTAX_ERRORS]:
        return failed("SPF_SYNTAX_BROKEN", problems=problems(broken))
    if missing := unseen(policy) or hidden(policy):
        return missing
    if odd := [p for p in policy.problems if p.kind in _ODDITIES]:
        return passed("SPF_SYNTAX_ODD", problems=problems(odd))
    return passed("SPF_SYNTAX_OK")


@check(
    "mail.spf.lookups",
    severity=Severity.HIGH,
    title=Text(ja="SPF の評価に要する DNS 参照が 10 回以内である", en="Evaluating SPF takes at most ten DNS look-ups"),
    why=Text(
        ja="入れ子の include を含めて 10 回を超えると、受信側は permerror として SPF を無効に扱う（RFC 7208 4.6.4）。",
        en=(
            "Beyond ten look-ups, those of nested includes counted, receivers end in permerror and SPF counts for nothing (RFC 7208 "
            "section 4.6.4)."
        ),
    ),
    remedy=Text(
        ja=(
            "使わなくなった include、a、mx を削り、固定アドレスは「ip4:203.0.113.0/28」のように直接書く。"
            "送信サービスごとにサブドメインを分ける方法もある。"
        ),
        en=(
            'Remove includes, a and mx no longer used, write fixed addresses as "ip4:203.0.113.0/28", or give each sending service a '
            "subdomain of its own."
        ),
    ),
    says={
        "SPF_LOOKUPS_OK": Text(ja="DNS 参照は {lookups} 回（上限 {limit} 回）", en="look-ups: {lookups} of at most {limit}"),
        "SPF_LOOKUPS_MANY": Text(ja="DNS 参照が {lookups} 回で、上限 {limit} 回を超える", en="look-ups: {lookups}, more than {limit}"),
        "SPF_LOOKUPS_LOOP": Text(
            ja="include 又は redirect が循環し、上限に達するまで終わらない：{problems}",
            en="includes or redirects go in a circle until the limit is met: {problems}",
        ),
        "SPF_LOOKUPS_MX": Text(
            ja="mx 機構の指す MX が 10 件を超える（permerror）：{problems}",
            en="an mx term meets more than ten MX records (permerror): {problems}",
        ),
        "SPF_LOOKUPS_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_lookups(policy: SpfPolicy) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_LOOKUPS_NO_RECORD")
    if loops := [p for p in policy.problems if p.kind == ProblemKind.LOOP]:
        return failed("SPF_LOOKUPS_LOOP", problems=problems(loops))
    if policy.lookups > DEFAULT_LIMITS.lookups:  # a lower bound where something was not seen
        return failed("SPF_LOOKUPS_MANY", lookups=policy.lookups, limit=DEFAULT_LIMITS.lookups)
    if many := [p for p in policy.problems if p.kind == ProblemKind.TOO_MANY_MX_NAMES]:
        return failed("SPF_LOOKUPS_MX", problems=problems(many))
    return unseen(policy) or hidden(policy) or passed("SPF_LOOKUPS_OK", lookups=policy.lookups, limit=DEFAULT_LIMITS.lookups)


@check(
    "mail.spf.void",
    severity=Severity.MEDIUM,
    title=Text(ja="SPF の評価で、該当のない DNS 参照（void lookup）が 2 回以内である", en="Evaluating SPF meets at most two void look-ups"),
    why=Text(
        ja=(
            "存在しない名前等への参照が 2 回を超えると、受信側は permerror として扱ってよい（RFC 7208 4.6.4）。"
            "放置された名前は乗っ取りの対象にもなる。"
        ),
        en=(
            "After more than two look-ups without a result receivers may end in permerror (RFC 7208 section 4.6.4); names left behind "
            "may also be taken over."
        ),
    ),
    remedy=Text(
        ja="存在しない名前を指す a、mx、exists、include を SPF レコードから削除する。",
        en="Remove a, mx, exists and include terms that name what does not exist.",
    ),
    says={
        "SPF_VOID_OK": Text(ja="該当のない参照は {voids} 回（上限 {limit} 回）", en="void look-ups: {voids} of at most {limit}"),
        "SPF_VOID_MANY": Text(ja="該当のない参照が {voids} 回で、上限 {limit} 回を超える", en="void look-ups: {voids}, more than {limit}"),
        "SPF_VOID_IPV6": Text(
            ja="該当のない参照は上限以内だが、IPv6 の送信元に対しては {voids} 回で上限 {limit} 回を超える",
            en="within the limit, except that clients with IPv6 meet {voids} void look-ups, more than {limit}",
        ),
        "SPF_VOID_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_void(policy: SpfPolicy, *, limit: int = DEFAULT_LIMITS.void_lookups) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_VOID_NO_RECORD")
    voids = max(policy.void_lookups, policy.void_ipv4)
    if voids > limit:
        return failed("SPF_VOID_MANY", voids=voids, limit=limit)
    if missing := unseen(policy) or hidden(policy):
        return missing
    # Names with IPv4 addresses only are void to clients with IPv6, none of which is allowed to send anyway: a note.
    if policy.void_ipv6 > limit:
        return passed("SPF_VOID_IPV6", voids=policy.void_ipv6, limit=limit)
    return passed("SPF_VOID_OK", voids=voids, limit=limit)


@check(
    "mail.spf.all",
    severity=Severity.HIGH,
    title=Text(ja="SPF が、列挙した送信元以外を拒む all で終わる", en="The SPF policy ends in an all that turns other senders away"),
    why=Text(
        ja="末尾が +all では誰でも正規の送信元となり、?all や all の欠落では何も主張しないため、なりすましを止められない。",
        en="+all makes anybody a permitted sender, and ?all or no all asserts nothing: forged mail is not stopped.",
    ),
    remedy=Text(
        ja="SPF レコードの末尾を「-all」とする。移行中は「~all」とし、DMARC のレポートで漏れがないことを確認してから「-all」に改める。",
        en='End the record in "-all"; use "~all" while moving, until DMARC reports show that no sender is missing.',
    ),
    says={
        "SPF_ALL_OK": Text(ja="末尾は {ending}all（{domain}）", en="the policy ends in {ending}all ({domain})"),
        "SPF_ALL_ANYBODY": Text(
            ja="末尾が +all で、誰でも送信できる（{domain}）",
            en="the policy ends in +all, so anybody may send ({domain})",
        ),
        "SPF_ALL_OPENED": Text(
            ja="末尾の all に達する前に、すべての送信元を通す項（IPv4 又は IPv6 の全アドレスを含む）がある：{terms}",
            en="before the final all, terms let every sender pass, or every one with IPv4 or IPv6: {terms}",
        ),
        "SPF_ALL_WEAK": Text(
            ja="末尾が {ending}all で、認める限定子（{accept}）に含まれない（{domain}）",
            en="the policy ends in {ending}all, which is not among those accepted, {accept} ({domain})",
        ),
        "SPF_ALL_MISSING": Text(
            ja="all で終わらず、列挙した送信元以外については何も主張していない",
            en="there is no all, so nothing is said of other senders",
        ),
        "SPF_ALL_UNREACHED": Text(
            ja="redirect の先にレコードがなく、末尾に達しない（mail.spf.includes で判定する）：{places}",
            en="a redirect leads to no record, so the end is not reached (judged with the includes): {places}",
        ),
        "SPF_ALL_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_all(policy: SpfPolicy, *, accept: Annotated[tuple[str, ...], MAIL_SPF_ENDINGS] = MAIL_SPF_ENDINGS.default) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_ALL_NO_RECORD")
    if policy.ending == "+":
        return failed("SPF_ALL_ANYBODY", domain=policy.ending_domain)
    if found := opened(policy):
        return failed("SPF_ALL_OPENED", terms=terms(found))
    if policy.ending and policy.ending not in accept:
        return failed("SPF_ALL_WEAK", ending=policy.ending, accept=accept, domain=policy.ending_domain)
    if missing := unseen(policy) or hidden(policy):
        return missing
    if policy.ending:
        return passed("SPF_ALL_OK", ending=policy.ending, domain=policy.ending_domain)
    lost = [place for place in policy.places[1:] if place.via.lower().startswith("redirect=") and place.state is not SpfState.FOUND]
    return not_applicable("SPF_ALL_UNREACHED", places=listed(cut(place.via) for place in lost)) if lost else failed("SPF_ALL_MISSING")


@check(
    "mail.spf.ptr",
    severity=Severity.LOW,
    title=Text(ja="SPF で ptr 機構を使っていない", en="SPF uses no ptr mechanism"),
    why=Text(
        ja="ptr は遅く信頼できないため公開してはならないとされ（RFC 7208 5.5）、無視する受信側もある。",
        en="ptr is slow and unreliable and should not be published (RFC 7208 section 5.5); some receivers skip it.",
    ),
    remedy=Text(
        ja="ptr を削除し、送信元を「ip4:203.0.113.25」や「a:mail.example.lg.jp」で書く。",
        en='Replace ptr by the senders themselves: "ip4:203.0.113.25" or "a:mail.example.lg.jp".',
    ),
    says={
        "SPF_PTR_NONE": Text(ja="ptr 機構はない", en="there is no ptr mechanism"),
        "SPF_PTR_USED": Text(ja="ptr 機構がある：{terms}", en="ptr mechanisms: {terms}"),
        "SPF_PTR_NO_RECORD": NOT_PUBLISHED,
    },
)
def spf_ptr(policy: SpfPolicy) -> Judgement:
    if not policy.published:
        return not_applicable("SPF_PTR_NO_RECORD")
    if policy.ptr_terms:
        return failed("SPF_PTR_USED", terms=terms(policy.ptr_terms))
    return unseen(policy) or hidden(policy) or passed("SPF_PTR_NONE")


@check(
    "mail.spf.no-mail",
    severity=Severity.MEDIUM,
    title=Text(
        ja="メールを送信しないドメインの SPF が、すべての送信元を拒む",
        en="The SPF record of a domain that sends no mail turns every sender away",
    ),
    why=Text(
        ja="使っていないドメインは監視されにくく、なりすましに悪用されやすい。「-all」だけの SPF があれば受信側で拒否できる。",
        en="Nobody watches unused domains, so forgers like them; with nothing but -all receivers can refuse such mail.",
    ),
    remedy=Text(ja='「example.lg.jp. IN TXT "v=spf1 -all"」を公開する。', en='Publish example.lg.jp. IN TXT "v=spf1 -all".'),
    says={
        "SPF_NO_MAIL_REFUSED": Text(ja="どの送信元も許可せず -all で終わる", en="no sender is permitted and the policy ends in -all"),
        "SPF_NO_MAIL_NONE": Text(
            ja="送信しないドメインだが、有効な SPF レコードがない",
            en="the domain sends no mail but has no usable SPF record",
        ),
        "SPF_NO_MAIL_WEAK": Text(
            ja="送信しないドメインだが、末尾が -all でない（{record}）",
            en="the domain sends no mail but the policy does not end in -all ({record})",
        ),
        "SPF_NO_MAIL_PERMITS": Text(
            ja="送信しないドメインだが、送信元を許可している：{terms}",
            en="the domain sends no mail but permits senders: {terms}",
        ),
        "SPF_NO_MAIL_SENDS": Text(ja="メールを送信するドメイン", en="the domain sends mail"),
        "SPF_NO_MAIL_NO_DOMAIN": Text(ja="名前が DNS に存在しない", en="the name does not exist in the DNS"),
    },
)
def spf_no_mail(declared: DeclaredDomain, mx: MailExchangers | Unobserved, policy: SpfPolicy) -> Judgement:
    if policy.root.status is Status.NXDOMAIN:
        return not_applicable("SPF_NO_MAIL_NO_DOMAIN")
    match sends_mail(declared, mx, policy):
        case True:
            return not_applicable("SPF_NO_MAIL_SENDS")
        case None:
            return mx if isinstance(mx, Unobserved) and declared.sends_mail is None else use_undeclared(policy.root.domain, "sends")
        case False:
            pass
    if not policy.published:
        return failed("SPF_NO_MAIL_NONE")
    permitted = [*policy.open_terms, *(SpfTerm(r.domain, r.term) for r in policy.ranges), *policy.ptr_terms, *policy.dynamic]
    if permitted:
        return failed("SPF_NO_MAIL_PERMITS", terms=terms(permitted))
    if policy.ending and policy.ending != "-":
        return failed("SPF_NO_MAIL_WEAK", record=cut(policy.root.records[0]))
    if missing := unseen(policy):
        return missing
    if any(p.kind in SYNTAX_ERRORS for p in policy.problems):
        return failed("SPF_NO_MAIL_NONE")
    return passed("SPF_NO_MAIL_REFUSED") if policy.ending else failed("SPF_NO_MAIL_WEAK", record=cut(policy.root.records[0]))
