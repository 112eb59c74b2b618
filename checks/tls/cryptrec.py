"""The levels of CRYPTREC's guideline for TLS, and any other profile as a whole. How items are judged is in ``items`` and ``levels``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from checks.tls.levels import level_seen, notes, spoken
from checks.tls.settings import ONLY_NEW, settings_for
from scanner.facts.tls import TlsSurvey
from scanner.model.algorithms import AlgorithmList
from scanner.model.check import Judgement, Reference, Value, check
from scanner.model.text import Text
from scanner.model.tls_profile import TlsGuideline, TlsProfile
from scanner.model.verdict import Severity, not_applicable

TLS_CRYPTREC_LEVEL = Value(
    "tls.cryptrec.level",
    default="recommended",
    text=Text(
        ja="TLS 暗号設定ガイドラインの型（high：高セキュリティ型、recommended：推奨セキュリティ型、exception：セキュリティ例外型）",
        en="level of CRYPTREC's guideline for TLS (high, recommended, or exception)",
    ),
    choices=("high", "recommended", "exception"),
)

TLS_PROFILE = Value(
    "tls.profile",
    default="rfc9325/server",
    text=Text(
        ja="TLS 暗号設定ガイドラインのほかに従う TLS のプロファイル", en="profile of TLS settings to follow beside CRYPTREC's guideline"
    ),
)


ALGORITHMS: Final = Reference("algorithm-list", "ls-0001-2022r2")
CRYPTREC: Final = Reference("tls-guideline", "cryptrec")

_NO_TLS: Final = Text(ja="TLS で通信できない", en="TLS cannot be spoken")
_LEVELS: Final = {
    "high": Text(ja="高セキュリティ型", en="high security"),
    "recommended": Text(ja="推奨セキュリティ型", en="recommended security"),
    "exception": Text(ja="セキュリティ例外型", en="security exception"),
}
_TABLE: Final = Text(
    ja="型ごとの結果は、高 {high_mark}、推奨 {recommended_mark}、例外 {exception_mark}（✓ 満たす、✗ 満たさない、? 要確認、- 未確認）",
    en=(
        "By level: high {high_mark}, recommended {recommended_mark}, exception {exception_mark} (a tick is met, a cross is not, ? is to be "
        "confirmed, - was not seen)"
    ),
)
_ADVICE: Final = Text(ja="行われていない推奨項目：{advice}。参考：{notes}", en="Advised items not done: {advice}. To note: {notes}")
_LINES: Final = Text(
    ja="nginx、Apache、Postfix、Dovecot、HAProxy の設定行の全体を結果に添える（レポートの「設定例」、JSON では args.settings）",
    en="All lines for nginx, Apache, Postfix, Dovecot and HAProxy come with the result (in the report below it, in JSON as args.settings)",
)


def _says() -> Mapping[str, Text]:
    said = {"LEVEL_NO_TLS": _NO_TLS}
    for name, words in _LEVELS.items():
        tag = name.upper()
        said[f"{tag}_MET"] = Text(
            ja=f"{words.ja}の遵守項目をすべて満たす。{_ADVICE.ja}。{_TABLE.ja}",
            en=f'meets every compliance item of the level "{words.en}". {_ADVICE.en}. {_TABLE.en}',
        )
        said[f"{tag}_BROKEN"] = Text(
            ja=f"{words.ja}を満たさない（{{address}}）：{{breaks}}。{_TABLE.ja}",
            en=f'does not meet the level "{words.en}" ({{address}}): {{breaks}}. {_TABLE.en}',
        )
        said[f"{tag}_DOUBTED"] = Text(
            ja=f"{words.ja}を満たさないとみられるが、根拠とした項目の原文を確認できていない（{{address}}）：{{breaks}}。{_TABLE.ja}",
            en=(
                f'seems not to meet the level "{words.en}", by items whose text is yet to be confirmed ({{address}}): {{breaks}}. '
                f"{_TABLE.en}"
            ),
        )
    return said


@check(
    "tls.cryptrec.level",
    severity=Severity.HIGH,
    title=Text(
        ja="TLS の設定が CRYPTREC の TLS 暗号設定ガイドラインの定めた型を満たす",
        en="TLS is set up to the level chosen of CRYPTREC's guideline",
    ),
    why=Text(
        ja=(
            "TLS 暗号設定ガイドラインは、政府機関等の対策基準策定のためのガイドラインがサーバの設定の拠り所とする文書であり、遵守項目を"
            "一つでも欠くと、その型に準拠しているとはいえない。"
        ),
        en=(
            "The guideline is what the government's own guideline sends servers to for their settings; a level may be claimed only when "
            "every one of its compliance items is met."
        ),
    ),
    remedy=Text(
        ja=(
            f"結果が挙げた項目から直す。まず TLS 1.2 と 1.3 だけを有効にし（{ONLY_NEW.ja}）、暗号スイートと鍵交換を選んだ型に絞る。"
            f"{_LINES.ja}。"
        ),
        en=(
            f"Begin with the items that the result names. First leave TLS 1.2 and 1.3 on only ({ONLY_NEW.en}), then bring suites and key "
            f"exchange down to the chosen level. {_LINES.en}."
        ),
    ),
    says=_says(),
)
def cryptrec_level(
    survey: TlsSurvey,
    *,
    level: Annotated[str, TLS_CRYPTREC_LEVEL] = TLS_CRYPTREC_LEVEL.default,
    guideline: Annotated[TlsGuideline, CRYPTREC],
    algorithms: Annotated[AlgorithmList, ALGORITHMS],
) -> Judgement:
    if not spoken(survey):
        return not_applicable("LEVEL_NO_TLS")
    seen = {name: level_seen(guideline.level(name), survey) for name in _LEVELS}
    tag = level.upper()
    return seen[level].verdict(
        (f"{tag}_MET", f"{tag}_BROKEN", f"{tag}_DOUBTED"),
        level=level,
        edition=guideline.edition,
        **{name: found.summary for name, found in seen.items()},
        **{f"{name}_mark": found.mark for name, found in seen.items()},
        notes=notes(survey, dict(guideline.named_groups), algorithms) or ("-",),
        settings=() if seen[level].summary == ("✓",) else settings_for(guideline.level(level)),
    )


@check(
    "tls.profile.met",
    severity=Severity.MEDIUM,
    title=Text(ja="TLS の設定が選んだプロファイルを満たす", en="TLS is set up to the chosen profile"),
    why=Text(
        ja="RFC 9325（BCP 195）等、組織の選んだ基準の必須の項目を欠く設定は、既に知られた攻撃を許すか、ほかと通信できなくなる。",
        en="Settings that lack what RFC 9325 (BCP 195) or another chosen profile demands admit known attacks, or cannot talk to others.",
    ),
    remedy=Text(
        ja=(
            "プロファイル {profile} のうち、結果が挙げた項目を直す（nginx「ssl_protocols TLSv1.2 TLSv1.3;」、Apache「SSLProtocol -all "
            f"+TLSv1.2 +TLSv1.3」等）。{_LINES.ja}。"
        ),
        en=(
            'Mend the items of the profile {profile} that the result names, such as nginx "ssl_protocols TLSv1.2 TLSv1.3;" or Apache '
            f'"SSLProtocol -all +TLSv1.2 +TLSv1.3". {_LINES.en}.'
        ),
    ),
    says={
        "PROFILE_NO_TLS": _NO_TLS,
        "PROFILE_MET": Text(
            ja="{profile} の必須の項目をすべて満たす。行われていない推奨の項目：{advice}",
            en="meets all that {profile} demands. Advised items not done: {advice}",
        ),
        "PROFILE_BROKEN": Text(
            ja="{profile} を満たさない（{address}）：{breaks}。行われていない推奨の項目：{advice}",
            en="does not meet {profile} ({address}): {breaks}. Advised items not done: {advice}",
        ),
        "PROFILE_DOUBTED": Text(
            ja="{profile} を満たさないとみられるが、根拠とした項目の原文を確認できていない（{address}）：{breaks}。推奨の項目：{advice}",
            en=(
                "seems not to meet {profile}, by items whose text is yet to be confirmed ({address}): {breaks}. Advised items not done: "
                "{advice}"
            ),
        ),
    },
)
def profile_met(
    survey: TlsSurvey, *, profile: Annotated[TlsProfile, Reference("tls-profile", TLS_PROFILE.default), TLS_PROFILE]
) -> Judgement:
    if not spoken(survey):
        return not_applicable("PROFILE_NO_TLS")
    seen = level_seen(profile, survey)
    settings = () if seen.summary == ("✓",) else settings_for(profile)
    return seen.verdict(("PROFILE_MET", "PROFILE_BROKEN", "PROFILE_DOUBTED"), profile=profile.id, settings=settings)
