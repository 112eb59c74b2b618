"""The note on BIMI: no article asks for it, so it never fails."""

from __future__ import annotations

from checks.common import listed
from checks.mail.common import problem, shown
from scanner.facts.mail_sender import BimiRecord
from scanner.model.check import Judgement, check
from scanner.model.text import Text
from scanner.model.verdict import Severity, not_applicable, passed
from scanner.wire import bimi


@check(
    "mail.bimi.record",
    severity=Severity.INFO,
    title=Text(ja="BIMI レコードの有無（参考）", en="BIMI record (noted)"),
    why=Text(
        ja="BIMI は、DMARC に合格したメールにロゴを表示させる仕組みで、なりすまし対策そのものではない。",
        en="BIMI has a logo shown beside mail that passes DMARC; it does not stop forged mail by itself.",
    ),
    remedy=Text(
        ja=(
            '使う場合は「default._bimi.example.lg.jp. IN TXT "v=BIMI1; l=https://www.example.lg.jp/logo.svg; '
            'a=https://www.example.lg.jp/logo.pem"」とする。'
        ),
        en=(
            'If wanted, publish default._bimi.example.lg.jp. IN TXT "v=BIMI1; l=https://www.example.lg.jp/logo.svg; '
            'a=https://www.example.lg.jp/logo.pem".'
        ),
    ),
    says={
        "BIMI_FOUND": Text(ja="BIMI のロゴ：{location}", en="BIMI logo: {location}"),
        "BIMI_DECLINED": Text(ja="ロゴを表示しないことを明示している", en="the record states that no logo is to be shown"),
        "BIMI_ODD": Text(ja="BIMI のレコードに誤りがある：{problems}", en="the BIMI record has errors: {problems}"),
        "BIMI_SEVERAL": Text(ja="BIMI のレコードが {count} 件あり、使われない", en="there are {count} BIMI records, so none is used"),
        "BIMI_NONE": Text(ja="BIMI のレコードはない", en="there is no BIMI record"),
    },
)
def bimi_record(record: BimiRecord) -> Judgement:
    chosen = bimi.select(record.answer.octets)
    if len(chosen.records) > 1:
        return passed("BIMI_SEVERAL", count=len(chosen.records))
    if chosen.record is None:
        return passed("BIMI_ODD", problems=listed(map(shown, chosen.near))) if chosen.near else not_applicable("BIMI_NONE")
    read = bimi.parse(chosen.record)
    if read.declined:
        return passed("BIMI_DECLINED")
    if read.problems or not read.location:
        return passed("BIMI_ODD", problems=listed(map(problem, read.problems)) or ("l=",))
    return passed("BIMI_FOUND", location=shown(read.location))
