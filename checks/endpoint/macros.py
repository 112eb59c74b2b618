"""Checks of macros in office documents: which run, who decides on it, and from where."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.endpoint.common import whose
from scanner.facts.office_macros import OfficeMacros, OfficeProgram
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

OFFICE_MACRO_RULES = Value[tuple[str, ...]](
    "office.macro-rules",
    default=("never", "trusted-places", "signed"),
    text=Text(
        ja="マクロの実行について認める設定（never：実行しない、trusted-places：信頼できる場所のみ、signed：署名付きのみ、asks：確認する、all：全て）",
        en="what may be set about macros (never, trusted-places, signed, asks, all)",
    ),
    choices=("never", "trusted-places", "signed", "asks", "all"),
)


NO_OFFICE = Text(ja="マクロを扱うオフィスソフトが入っていない", en="no office program with macros is installed")
REMEDY = Text(
    ja=(
        "LibreOffice：/etc/libreoffice/registry/ 等に置く .xcd で MacroSecurityLevel を 3（信頼できる場所のみ。少なくとも 2）とし、"
        'oor:finalized="true" で固定する。Microsoft Office：グループポリシー「ユーザーの構成＞管理用テンプレート＞Microsoft Excel '
        "ほか＞Excel のオプション＞セキュリティ＞セキュリティセンター」の「VBA マクロ通知設定」を「デジタル署名されたマクロを除き、"
        "すべてのマクロを無効にする」とし、「インターネットから取得した Office ファイル内のマクロの実行をブロックする」を有効にする。"
        "macOS：構成プロファイル com.microsoft.office の VisualBasicMacroExecutionState を DisabledWithoutWarnings とする。"
    ),
    en=(
        "LibreOffice: in an .xcd file under /etc/libreoffice/registry/ set MacroSecurityLevel to 3 (trusted places only; 2 at least) with "
        'oor:finalized="true". Microsoft Office: User Configuration > Administrative Templates > Microsoft Excel (and the others) > Excel '
        'Options > Security > Trust Center: VBA Macro Notification Settings "Disable all except digitally signed macros", and enable '
        '"Block macros from running in Office files from the internet". macOS: VisualBasicMacroExecutionState DisabledWithoutWarnings in a '
        "profile for com.microsoft.office."
    ),
)


def _where(programs: list[OfficeProgram]) -> tuple[str, ...]:
    return listed(whose(p.name, p.account) for p in programs)


@check(
    "endpoint.office-macros.rule",
    severity=Severity.MEDIUM,
    title=Text(
        ja="文書のマクロが無条件に、又は利用者の一存で実行されない", en="Macros in documents do not run freely or at a user's click"
    ),
    why=Text(
        ja="マクロ付きの文書はメールで届く不正プログラムの代表的な形であり、確認画面だけでは利用者は実行を選んでしまう。",
        en="Documents with macros are the usual form of malicious programs in mail, and a question alone makes users agree.",
    ),
    remedy=REMEDY,
    says={
        "MACROS_BARRED": Text(ja="認められた設定である：{rules}（{where}）", en="as permitted: {rules} ({where})"),
        "MACROS_OPEN": Text(ja="認められない設定である：{rules}（{where}）", en="not permitted: {rules} ({where})"),
        "NO_OFFICE": NO_OFFICE,
    },
)
def office_macros_rule(
    macros: OfficeMacros, *, accepted: Annotated[tuple[str, ...], OFFICE_MACRO_RULES] = OFFICE_MACRO_RULES.default
) -> Judgement:
    if isinstance(macros.programs, Unobserved):
        return macros.programs
    if not macros.programs:
        return not_applicable("NO_OFFICE")
    told = [(p, p.rule.value) for p in macros.programs if not isinstance(p.rule, Unobserved)]
    wrong = [(p, rule) for p, rule in told if rule not in accepted]
    if wrong:
        return failed("MACROS_OPEN", rules=listed(rule for _, rule in wrong), where=_where([p for p, _ in wrong]))
    return first_missing(p.rule for p in macros.programs) or passed(
        "MACROS_BARRED", rules=listed(rule for _, rule in told), where=_where([p for p, _ in told])
    )


@check(
    "endpoint.office-macros.foreign",
    severity=Severity.MEDIUM,
    title=Text(ja="インターネットから得た文書のマクロが遮断される", en="Macros of documents from the internet are blocked"),
    why=Text(
        ja="外部から届いた文書のマクロは、署名や利用者の確認にかかわらず実行させないことが最も確かな対策である。",
        en="To bar macros of what comes from outside, signed or not, is the surest measure.",
    ),
    remedy=REMEDY,
    says={
        "FOREIGN_BLOCKED": Text(ja="遮断される（{where}）", en="they are blocked ({where})"),
        "FOREIGN_RUN": Text(ja="遮断されない（{where}）", en="they are not blocked ({where})"),
        "FOREIGN_UNKNOWN": Text(ja="入っている製品にこの機能がない（{where}）", en="what is installed has no such function ({where})"),
        "NO_OFFICE": NO_OFFICE,
    },
)
def office_macros_foreign(macros: OfficeMacros) -> Judgement:
    if isinstance(macros.programs, Unobserved):
        return macros.programs
    if not macros.programs:
        return not_applicable("NO_OFFICE")
    able = [p for p in macros.programs if p.blocks_foreign is not None]
    if not able:
        return not_applicable("FOREIGN_UNKNOWN", where=_where(list(macros.programs)))
    loose = [p for p in able if p.blocks_foreign is False]
    if loose:
        return failed("FOREIGN_RUN", where=_where(loose))
    return first_missing(p.blocks_foreign for p in able) or passed("FOREIGN_BLOCKED", where=_where(able))


@check(
    "endpoint.office-macros.enforced",
    severity=Severity.LOW,
    title=Text(ja="マクロの設定を利用者が変更できない", en="Users cannot change what is set about macros"),
    why=Text(
        ja="利用者が設定を緩められると、届いた文書に「マクロを有効にせよ」と書くだけで対策が外れる。",
        en='Where users can loosen it, a document that says "enable macros" undoes the measure.',
    ),
    remedy=REMEDY,
    says={
        "MACROS_FIXED": Text(ja="利用者は変更できない（{where}）", en="users cannot change it ({where})"),
        "MACROS_CHANGEABLE": Text(ja="利用者が変更できる（{where}）", en="users can change it ({where})"),
        "NO_OFFICE": NO_OFFICE,
    },
)
def office_macros_enforced(macros: OfficeMacros) -> Judgement:
    if isinstance(macros.programs, Unobserved):
        return macros.programs
    if not macros.programs:
        return not_applicable("NO_OFFICE")
    loose = [p for p in macros.programs if p.fixed is False]
    if loose:
        return failed("MACROS_CHANGEABLE", where=_where(loose))
    return first_missing(p.fixed for p in macros.programs) or passed("MACROS_FIXED", where=_where(list(macros.programs)))


@check(
    "endpoint.office-macros.trusted-places",
    severity=Severity.LOW,
    title=Text(ja="マクロが自由に実行される「信頼できる場所」を追加していない", en="No further places are trusted with macros"),
    why=Text(
        ja=(
            "信頼できる場所に置かれた文書は、設定にかかわらずマクロを実行する。利用者が書き込めるフォルダーや共有フォルダーは特に"
            "危険である。"
        ),
        en="Documents in trusted places run their macros whatever else is set; folders that users may write, and shares, above all.",
    ),
    remedy=Text(
        ja=(
            "不要な場所を除く。LibreOffice：「ツール＞オプション＞セキュリティ＞マクロセキュリティ＞信頼するソース」。"
            "Microsoft Office：「セキュリティセンター＞信頼できる場所」。"
        ),
        en="Remove what is not needed. LibreOffice: Tools > Options > Security > Macro Security > Trusted Sources. Microsoft Office: Trust "
        "Center > Trusted Locations.",
    ),
    says={
        "PLACES_NONE": Text(ja="追加された場所はない", en="none was added"),
        "PLACES_ADDED": Text(ja="追加された場所がある：{places}（{where}）", en="added: {places} ({where})"),
        "NO_OFFICE": NO_OFFICE,
    },
)
def office_macros_trusted_places(macros: OfficeMacros) -> Judgement:
    if isinstance(macros.programs, Unobserved):
        return macros.programs
    if not macros.programs:
        return not_applicable("NO_OFFICE")
    with_places = [(p, p.trusted_places) for p in macros.programs if not isinstance(p.trusted_places, Unobserved) and p.trusted_places]
    if with_places:
        places = listed(place for _, found in with_places for place in found)
        return failed("PLACES_ADDED", places=places, where=_where([p for p, _ in with_places]))
    return first_missing(p.trusted_places for p in macros.programs) or passed("PLACES_NONE")
