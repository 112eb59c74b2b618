"""Checks of accounts that close by themselves when their password is not changed in time."""

from __future__ import annotations

from typing import Annotated

from checks.common import listed
from checks.host.password import PASSWORD_MOST_DAYS
from scanner.facts.account_closing import AccountClosing, ClosingRule
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

PASSWORD_MOST_CLOSE_DAYS = Value(
    "password.most-close-days",
    default=30,
    text=Text(
        ja="変更期限を過ぎたパスワードのアカウントを止めるまでの日数の上限",
        en="most days from the end of a password's period until its account closes",
    ),
    unit="d",
    least=0,
)
SUPERUSER = "0"
UNASKED = Text(ja="組織は定期の変更を求めていない", en="the organisation does not ask for regular changes")
WHY = Text(
    ja="期限が切れても、止まらない限り、古いパスワードを知る者は次のログインで新しいものを設定して使い続けられる。",
    en="After its end whoever knows the old password may still log in by setting a new one, for as long as the account does not close.",
)


def _late(rule: ClosingRule, limit: int) -> bool:
    return rule.password_days is None or rule.close_days is None or rule.close_days > limit


def _words(rule: ClosingRule) -> str:
    days = [str(number) if number is not None else "-" for number in (rule.password_days, rule.close_days)]
    return " + ".join(days)


@check(
    "host.password.closing",
    severity=Severity.LOW,
    title=Text(
        ja="新しいアカウントは、パスワードが期限内に変更されなければ止まる",
        en="New accounts close when their password is not changed in time",
    ),
    why=WHY,
    remedy=Text(
        ja="「useradd -D -f {limit}」を実行し、/etc/login.defs の PASS_MAX_DAYS に期間を書く。",
        en='Run "useradd -D -f {limit}" and set PASS_MAX_DAYS in /etc/login.defs.',
    ),
    says={
        "NEW_UNASKED": UNASKED,
        "NEW_OPEN": Text(ja="止まらないか、止まるのが遅い（期間 + 日数：{rule}）", en="they do not, or late (period + days: {rule})"),
        "NEW_CLOSE": Text(ja="期限から {days} 日で止まる", en="they do, {days} days after its end"),
    },
)
def password_closing(
    closing: AccountClosing,
    *,
    most: Annotated[int, PASSWORD_MOST_DAYS] = PASSWORD_MOST_DAYS.default,
    limit: Annotated[int, PASSWORD_MOST_CLOSE_DAYS] = PASSWORD_MOST_CLOSE_DAYS.default,
) -> Judgement:
    if most == 0:
        return not_applicable("NEW_UNASKED")
    rule = closing.default
    if isinstance(rule, Unobserved):
        return rule
    if rule.close_days is None or _late(rule, limit):
        return failed("NEW_OPEN", rule=_words(rule))
    return passed("NEW_CLOSE", days=rule.close_days)


@check(
    "host.accounts.closing",
    severity=Severity.LOW,
    title=Text(
        ja="今あるアカウントは、パスワードが期限内に変更されなければ止まる", en="Accounts close when their password is not changed in time"
    ),
    why=WHY,
    remedy=Text(
        ja="「chage -M {most} -I {limit} 名前」を実行する。復旧に使う root は除く。",
        en='Run "chage -M {most} -I {limit} NAME", except for root, which recovery needs.',
    ),
    says={
        "CLOSING_UNASKED": UNASKED,
        "CLOSING_OPEN": Text(
            ja="止まらないか、止まるのが遅い（期間 + 日数）：{names}", en="these do not, or late (period + days): {names}"
        ),
        "CLOSING_SET": Text(ja="全て止まる（{count} 個）", en="all do ({count})"),
        "CLOSING_NOBODY": Text(
            ja="root のほかにパスワードでログインできるアカウントがない", en="nobody but root can log in by a password of this machine"
        ),
    },
)
def accounts_closing(
    closing: AccountClosing,
    *,
    most: Annotated[int, PASSWORD_MOST_DAYS] = PASSWORD_MOST_DAYS.default,
    limit: Annotated[int, PASSWORD_MOST_CLOSE_DAYS] = PASSWORD_MOST_CLOSE_DAYS.default,
) -> Judgement:
    if most == 0:
        return not_applicable("CLOSING_UNASKED")
    if isinstance(closing.accounts, Unobserved):
        return closing.accounts
    held = [one for one in closing.accounts if one.number != SUPERUSER]
    if late := [one for one in held if _late(one.rule, limit)]:
        return failed("CLOSING_OPEN", names=listed(f"{one.name} ({_words(one.rule)})" for one in late))
    return passed("CLOSING_SET", count=len(held)) if held else not_applicable("CLOSING_NOBODY")
