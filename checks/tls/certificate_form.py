"""Check of whether certificates are written as the standard says; what a broken part means is for the check of that part."""

from __future__ import annotations

from checks.common import listed
from checks.tls.certificates import NO_CERTIFICATE, each_chain, label, sent_below_roots
from checks.tls.each import Judged
from scanner.facts.tls import ChainSeen, TlsSurvey
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed


@check(
    "tls.certificate.well-formed",
    severity=Severity.LOW,
    title=Text(ja="規格どおりに書かれた証明書", en="Certificates written as the standard says"),
    why=Text(
        ja="規格（RFC 5280）に反する証明書は、利用者のソフトウェアによって拒否されたり、違う意味に読まれたりする。",
        en="A certificate that breaks RFC 5280 is refused by some clients and read differently by others.",
    ),
    remedy=Text(
        ja="規格に従う認証局又はツールで証明書の発行を受け直す。",
        en="Have the certificate issued anew by an authority or a tool that follows the standard.",
    ),
    says={
        "FORM_GOOD": Text(ja="規格どおりに書かれている", en="written as the standard says"),
        "FORM_ODD": Text(
            ja="規格に反する、又は読み取れない箇所がある（{address}）：{problems}",
            en="there are parts that break the standard or cannot be read ({address}): {problems}",
        ),
        **NO_CERTIFICATE,
    },
)
def well_formed(survey: TlsSurvey) -> Judgement:
    def judge(chain: ChainSeen) -> Judged:
        problems = [f"{label(one)}: {problem}" for one in sent_below_roots(chain) for problem in one.problems]
        return failed("FORM_ODD", problems=listed(problems)) if problems else passed("FORM_GOOD")

    return each_chain(survey, judge)
