"""Checks of the passwords that a machine's accounts have now: empty ones, weak hashes, their age, that of root."""

from __future__ import annotations

from typing import Annotated

from checks.common import first_missing, listed
from checks.host.password import PASSWORD_MOST_DAYS
from scanner.facts.accounts import OPENS, Accounts, Password
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

ADMINISTRATOR = "0"
STRONG = frozenset({"yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "sha512", "sha256", "pbkdf2-sha512"})


@check(
    "host.accounts.empty-password",
    severity=Severity.CRITICAL,
    title=Text(ja="パスワードが空のアカウントがない", en="No account has an empty password"),
    why=Text(ja="名前を知るだけで誰でもログインできる。", en="Anybody who knows the name can log in."),
    remedy=Text(
        ja=(
            "「passwd -l 名前」でロックするか、パスワードを設定する。"
            "Windows：「net user 名前 *」でパスワードを設定するか、「net user 名前 /active:no」で止める。"
        ),
        en=(
            'Lock the account with "passwd -l" or set a password. Windows: set one with "net user NAME *", or close the account with "net '
            'user NAME /active:no".'
        ),
    ),
    says={
        "PASSWORD_EMPTY": Text(ja="パスワードが空である：{names}", en="the password is empty: {names}"),
        "PASSWORD_NOT_EMPTY": Text(ja="空のものはない（{count} 個）", en="none is empty ({count} accounts)"),
    },
)
def host_accounts_empty_password(accounts: Accounts) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    empty = [a.name for a in found if a.password is Password.EMPTY]
    if empty:
        return failed("PASSWORD_EMPTY", names=listed(empty))
    if why := first_missing(a.password for a in found):
        return why
    if any(a.password is Password.SET_OR_EMPTY for a in found):
        return cannot_tell(
            Reason.ACCESS_DENIED,
            "パスワードが空かどうかはアカウントのデータベースにだけあり、読む権限がなかった",
            "whether a password is empty stands in the accounts database only, which could not be read",
        )
    return passed("PASSWORD_NOT_EMPTY", count=len(found))


@check(
    "host.accounts.hash",
    severity=Severity.HIGH,
    title=Text(ja="保存されたパスワードが強い方式で守られている", en="Stored passwords are protected by strong hashes"),
    why=Text(
        ja="方式の設定を変えても、変更されていないパスワードは古い方式のまま残る。",
        en="Passwords that were not changed since keep their old hash, whatever the setting is now.",
    ),
    remedy=Text(
        ja="該当するアカウントに「chage -d 0 名前」を実行し、次のログインで変更させる。",
        en='Run "chage -d 0" for those accounts so that they are changed at the next login.',
    ),
    says={
        "STORED_WEAK": Text(ja="弱い方式で保存されている：{items}", en="stored with weak hashes: {items}"),
        "STORED_STRONG": Text(ja="全て強い方式である：{methods}", en="all hashes are strong: {methods}"),
        "STORED_NONE": Text(ja="パスワードを持つアカウントがない", en="no account has a password"),
    },
)
def host_accounts_hash(accounts: Accounts) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    weak = [f"{a.name} ({a.hash})" for a in found if isinstance(a.hash, str) and a.hash and a.hash not in STRONG]
    if weak:
        return failed("STORED_WEAK", items=listed(weak))
    if missing := first_missing(a.hash for a in found):
        return missing
    methods = sorted({a.hash for a in found if isinstance(a.hash, str) and a.hash})
    return passed("STORED_STRONG", methods=listed(methods)) if methods else not_applicable("STORED_NONE")


@check(
    "host.accounts.password-age",
    severity=Severity.LOW,
    title=Text(
        ja="今あるアカウントのパスワードが組織の期間内に変更されている", en="Passwords were changed within the organisation's period"
    ),
    why=Text(
        ja="新しいアカウントの設定を変えても、今あるアカウントには働かない。",
        en="Settings for new accounts do not reach those that are there.",
    ),
    remedy=Text(
        ja=(
            "「chage -M {most} 名前」とし、期間を過ぎたものは「chage -d 0 名前」で変更させる。"
            "Windows：「パスワードを無期限にする」を外し（lusrmgr.msc）、グループポリシー「コンピューターの構成＞Windows "
            "の設定＞セキュリティの設定＞アカウント ポリシー＞パスワードのポリシー」の「パスワードの有効期間」を {most} "
            "日以下とする。"
        ),
        en=(
            'Run "chage -M {most}" for each account, and "chage -d 0" for those beyond the period.'
            " Windows: clear Password never expires (lusrmgr.msc), and Group Policy, Computer Configuration > Windows "
            "Settings > Security Settings > Account Policies > Password Policy: Maximum password age, {most} days "
            "or less."
        ),
    ),
    says={
        "AGE_UNASKED": Text(ja="組織は定期の変更を求めていない", en="the organisation does not ask for regular changes"),
        "AGE_OVER": Text(ja="{most} 日を超えて変更されていない：{names}", en="unchanged for more than {most} days: {names}"),
        "AGE_UNENFORCED": Text(ja="期限が設定されていない：{names}", en="no period is set: {names}"),
        "AGE_WITHIN": Text(ja="全て {most} 日以内である", en="all are within {most} days"),
    },
)
def host_accounts_password_age(accounts: Accounts, *, most: Annotated[int, PASSWORD_MOST_DAYS] = PASSWORD_MOST_DAYS.default) -> Judgement:
    if most == 0:
        return not_applicable("AGE_UNASKED")
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    held = [a for a in found if a.password in {Password.SET, Password.SET_OR_EMPTY} and a.login]
    over = [a for a in held if isinstance(a.age_days, int) and a.age_days > most]
    if over:
        return failed("AGE_OVER", most=most, names=listed(f"{a.name} ({a.age_days})" for a in over))
    free = [a.name for a in held if a.most_days is None or (isinstance(a.most_days, int) and a.most_days > most)]
    if free:
        return failed("AGE_UNENFORCED", names=listed(free))
    missing = first_missing(part for a in found if a.login for part in (a.password, a.age_days, a.most_days))
    return missing or passed("AGE_WITHIN", most=most)


@check(
    "host.accounts.root-password",
    severity=Severity.LOW,
    title=Text(ja="初期の管理者（root）のパスワードを止めている", en="The password of the first administrator (root) is switched off"),
    why=Text(
        ja="root のパスワードを共用すると誰の操作か分からない。各自のアカウントから sudo を使う。",
        en="With a shared password of root nobody can tell who acted; sudo from personal accounts does.",
    ),
    remedy=Text(
        ja="sudo で管理できることを確かめ、「passwd -l root」を実行する。復旧の手順（レスキュー起動）も決めておく。",
        en='See that sudo works, then run "passwd -l root"; decide on the way of recovery (rescue boot) as well.',
    ),
    says={
        "ROOT_OPEN": Text(ja="root のパスワードが使える", en="the password of root can be used"),
        "ROOT_LOCKED": Text(ja="root のパスワードは止められている", en="the password of root is switched off"),
        "ROOT_ABSENT": Text(ja="root がない", en="there is no root"),
    },
)
def host_accounts_root_password(accounts: Accounts) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    root = next((a for a in found if a.number == ADMINISTRATOR), None)
    if root is None:
        return not_applicable("ROOT_ABSENT")
    if isinstance(root.password, Unobserved):
        return root.password
    return failed("ROOT_OPEN") if root.password in OPENS else passed("ROOT_LOCKED")
