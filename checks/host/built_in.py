"""Checks of the accounts that a Windows comes with. They are told by the end of their SID, which no renaming changes."""

from __future__ import annotations

from typing import Final

from checks.host.accounts import open_to_use
from scanner.facts.accounts import Account, Accounts
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

ADMINISTRATOR: Final = "-500"
GUEST: Final = "-501"
FIRST_NAMES: Final = frozenset({"administrator", "administrateur", "administrador", "administratör", "järjestelmänvalvoja"})
"""What the account is called from the start, in the languages that do not say Administrator."""
NO_SUCH = Text(ja="このようなアカウントを持たない機器", en="the machine has no such account")


def _built_in(accounts: Accounts, end: str) -> Account | Unobserved | None:
    if isinstance(accounts.accounts, Unobserved):
        return accounts.accounts
    return next((a for a in accounts.accounts if a.number.startswith("S-1-5-21-") and a.number.endswith(end)), None)


@check(
    "host.accounts.guest",
    severity=Severity.HIGH,
    title=Text(ja="Guest アカウントが使えない", en="The guest account is closed"),
    why=Text(
        ja="誰のものでもないアカウントで、パスワードなしに機器やその共有フォルダを使える。",
        en="Anybody can use the machine or its shared folders by it, without a password and without a name.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞セキュリティ オプション」の"
            "「アカウント: Guest アカウントの状態」を無効とする。"
        ),
        en=(
            "Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: "
            "Accounts: Guest account status, disabled."
        ),
    ),
    says={
        "GUEST_OPEN": Text(ja="使える（名前 {name}）", en="it can be used (name {name})"),
        "GUEST_CLOSED": Text(ja="使えない（名前 {name}）", en="it cannot be used (name {name})"),
        "NO_SUCH": NO_SUCH,
    },
)
def host_accounts_guest(accounts: Accounts) -> Judgement:
    guest = _built_in(accounts, GUEST)
    if guest is None or isinstance(guest, Unobserved):
        return guest or not_applicable("NO_SUCH")
    used = open_to_use(guest)
    if isinstance(used, Unobserved):
        return used
    return failed("GUEST_OPEN", name=guest.name) if used else passed("GUEST_CLOSED", name=guest.name)


@check(
    "host.accounts.built-in-administrator",
    severity=Severity.MEDIUM,
    title=Text(
        ja="初期の管理者アカウントが止められ、又は名前を変えられている", en="The administrator account of the start is closed or renamed"
    ),
    why=Text(
        ja="名前が知られた管理者のアカウントはパスワードの試行の的となり、複数の者が共用すると誰の操作か分からない。",
        en="An administrator whose name is known is where passwords are tried; used by several people, nobody can tell who acted.",
    ),
    remedy=Text(
        ja=(
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞セキュリティ オプション」の"
            "「アカウント: Administrator アカウントの状態」を無効とする。使う場合は「アカウント: Administrator "
            "アカウント名の変更」で名前を変え、"
            "Windows LAPS でパスワードを機器ごとに変える。"
        ),
        en=(
            "Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: "
            "Accounts: Administrator account status, disabled. Where it is used: Accounts: Rename administrator account, and let Windows "
            "LAPS give it a password of its own on every machine."
        ),
    ),
    says={
        "BUILT_IN_OPEN": Text(ja="初めの名前（{name}）のまま使える", en="it can be used by its first name ({name})"),
        "BUILT_IN_RENAMED": Text(ja="使えるが、名前が変えられている（{name}）", en="it can be used, but was renamed ({name})"),
        "BUILT_IN_CLOSED": Text(ja="止められている（名前 {name}）", en="it is closed (name {name})"),
        "NO_SUCH": NO_SUCH,
    },
)
def host_accounts_built_in_administrator(accounts: Accounts) -> Judgement:
    found = _built_in(accounts, ADMINISTRATOR)
    if found is None or isinstance(found, Unobserved):
        return found or not_applicable("NO_SUCH")
    used = open_to_use(found)
    if used is False:
        return passed("BUILT_IN_CLOSED", name=found.name)
    if found.name.lower() not in FIRST_NAMES:
        return passed("BUILT_IN_RENAMED", name=found.name)
    return used if isinstance(used, Unobserved) else failed("BUILT_IN_OPEN", name=found.name)
