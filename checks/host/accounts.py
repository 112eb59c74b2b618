"""Checks of a machine's accounts: who there is, whether they are still used, who is administrator. Their passwords are judged elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from checks.common import also, first_missing, listed, value_not_set
from checks.host.sudo import rules_elsewhere
from scanner.facts.accounts import OPENS, Account, Accounts
from scanner.facts.administrators import SUPERUSER, who_administers
from scanner.facts.readings import FileRights
from scanner.facts.sudo import SudoRule, SudoRules
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

ACCOUNTS_ADMINISTRATORS = Value[tuple[str, ...]](
    "accounts.administrators",
    default=(),
    text=Text(ja="管理者の権限を認めたアカウント", en="accounts that may hold an administrator's rights"),
)

ACCOUNTS_DEFAULT_NAMES = Value[tuple[str, ...]](
    "accounts.default-names",
    default=(
        "admin",
        "administrator",
        "centos",
        "debian",
        "demo",
        "ec2-user",
        "ftpuser",
        "guest",
        "install",
        "oracle",
        "pi",
        "setup",
        "support",
        "test",
        "tester",
        "ubnt",
        "ubuntu",
        "user",
        "vagrant",
        "vendor",
    ),
    text=Text(
        ja="製品の初期設定や構築時に作られるアカウントの名前", en="names of accounts that products bring along or builders leave behind"
    ),
)

ACCOUNTS_IDLE_DAYS = Value(
    "accounts.idle-days",
    default=90,
    text=Text(ja="使われないアカウントを残してよい日数", en="days for which an unused account may remain"),
    unit="d",
    least=1,
)

ACCOUNTS_PERMITTED = Value[tuple[str, ...]](
    "accounts.permitted",
    default=(),
    text=Text(ja="ログインを認めたアカウント（台帳にあるもの）", en="accounts that may log in, as the ledger has them"),
)

ACCOUNTS_SERVICES = Value[tuple[str, ...]](
    "accounts.services",
    default=(),
    text=Text(ja="人でなくプログラムが使うものとして登録したアカウント", en="accounts registered for programs instead of persons"),
)


BUILT_IN = "-500"
"""The end of the SID of the account that a Windows comes with as its administrator."""


def open_to_use(account: Account) -> bool | Unobserved:
    """Tell whether somebody can log in as an account: it has a shell and has not ended, and a password or a key opens it."""
    if not account.login:
        return False
    if account.expired is True:
        return False
    if isinstance(account.expired, Unobserved):
        return account.expired
    if account.password in OPENS or account.keys is True:
        return True
    return first_missing((account.password, account.keys)) or False


def usable(accounts: Iterable[Account]) -> tuple[list[Account], Unobserved | None]:
    """Give the accounts that are open to use, and why others could not be told."""
    told = [(account, open_to_use(account)) for account in accounts]
    return [account for account, answer in told if answer is True], first_missing(answer for _, answer in told)


def _directories(accounts: Accounts) -> Unobserved | None:
    if not accounts.directories:
        return None
    return cannot_tell(
        Reason.UNSUPPORTED,
        "ディレクトリサービス（{names}）のアカウントは見ていない",
        "accounts of a directory service ({names}) were not looked at",
        names=listed(accounts.directories),
    )


@check(
    "host.accounts.root",
    severity=Severity.CRITICAL,
    title=Text(ja="管理者の番号（UID 0）を持つアカウントは一つだけである", en="Only one account has the administrator's number (UID 0)"),
    why=Text(
        ja="同じ番号の別名は、管理者のパスワードを変えても残る裏口となる。",
        en="A second name with that number is a back door that a change of the administrator's password leaves open.",
    ),
    remedy=Text(
        ja="別のアカウントを「userdel」で除くか、番号を変える。", en='Remove the other account with "userdel" or give it another number.'
    ),
    says={
        "ROOT_SEVERAL": Text(ja="UID 0 のアカウントが複数ある：{names}", en="several accounts have UID 0: {names}"),
        "ROOT_ONE": Text(ja="UID 0 は {names} だけである", en="only {names} has UID 0"),
        "ROOT_NONE": Text(ja="UID 0 のアカウントがない", en="no account has UID 0"),
    },
)
def host_accounts_root(accounts: Accounts) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    names = [a.name for a in found if a.number == SUPERUSER]
    if not names:
        return not_applicable("ROOT_NONE")
    return failed("ROOT_SEVERAL", names=listed(names)) if len(names) > 1 else passed("ROOT_ONE", names=listed(names))


@check(
    "host.accounts.unique",
    severity=Severity.HIGH,
    title=Text(ja="アカウント及び群の名前と番号が重複しない", en="Names and numbers of accounts and groups are unique"),
    why=Text(
        ja="番号が同じだと、記録や権限から誰かを区別できない。",
        en="With the same number, neither records nor rights tell two persons apart.",
    ),
    remedy=Text(
        ja="「usermod -u」「groupmod -g」で番号を分け、持ち物の所有者を直す。",
        en='Give each its own number by "usermod -u" and "groupmod -g", and mend ownership.',
    ),
    says={
        "SHARED": Text(ja="重複している：{items}", en="there are duplicates: {items}"),
        "UNIQUE": Text(
            ja="重複がない（アカウント {accounts}、群 {groups}）", en="there are none among {accounts} accounts and {groups} groups"
        ),
    },
)
def host_accounts_unique(accounts: Accounts) -> Judgement:
    users, groups = accounts.accounts, accounts.groups
    items: list[str] = []
    if not isinstance(users, Unobserved):
        items += [f"{name} (passwd)" for name in _twice(a.name for a in users)]
        # several names of number 0 are a finding of their own
        items += [f"uid {number}: {_of(users, number)}" for number in _twice(a.number for a in users) if number != SUPERUSER]
    if not isinstance(groups, Unobserved):
        items += [f"{name} (group)" for name in _twice(g.name for g in groups)]
        items += [f"gid {number}: {', '.join(g.name for g in groups if g.number == number)}" for number in _twice(g.number for g in groups)]
    if items:
        return failed("SHARED", items=listed(items))
    if isinstance(users, Unobserved):
        return users
    return groups if isinstance(groups, Unobserved) else passed("UNIQUE", accounts=len(users), groups=len(groups))


def _twice(words: Iterable[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def _of(users: tuple[Account, ...], number: str) -> str:
    return ", ".join(a.name for a in users if a.number == number)


@check(
    "host.accounts.default",
    severity=Severity.MEDIUM,
    title=Text(ja="製品の初期設定や構築時のアカウントが残っていない", en="No accounts of products or builders are left"),
    why=Text(
        ja="名前と初期のパスワードが知られており、最初に試される。",
        en="Their names and first passwords are known and tried first.",
    ),
    remedy=Text(
        ja=(
            "「userdel 名前」で除くか、「usermod -L -e 1 名前」で止める。要るものは役割の分かる名前にする。"
            "Windows：「net user 名前 /active:no」で止める。"
        ),
        en=(
            'Remove them with "userdel" or close them with "usermod -L -e 1"; give those that are needed a name of their own.'
            ' Windows: close it with "net user NAME /active:no".'
        ),
    ),
    says={
        "DEFAULT_OPEN": Text(ja="使える状態で残っている：{names}", en="still open: {names}"),
        "DEFAULT_CLOSED": Text(ja="残っているが使えない：{names}", en="there, but closed: {names}"),
        "DEFAULT_NONE": Text(ja="残っていない", en="none is left"),
    },
)
def host_accounts_default(
    accounts: Accounts, *, names: Annotated[tuple[str, ...], ACCOUNTS_DEFAULT_NAMES] = ACCOUNTS_DEFAULT_NAMES.default
) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    suspects = [a for a in found if a.name.lower() in names and a.login]
    opened, unseen = usable(suspects)
    if opened:
        return failed("DEFAULT_OPEN", names=listed(a.name for a in opened))
    if unseen is not None:
        return unseen
    return passed("DEFAULT_CLOSED", names=listed(a.name for a in suspects)) if suspects else passed("DEFAULT_NONE")


@check(
    "host.accounts.idle",
    severity=Severity.MEDIUM,
    title=Text(ja="長く使われていないアカウントが残っていない", en="No account is left that nobody has used for long"),
    why=Text(
        ja="使われないアカウントは、盗用されても誰も気付かない。",
        en="Nobody notices when an unused account is taken over.",
    ),
    remedy=Text(
        ja=(
            "不要であれば「usermod -L -e 1 名前」で止める。プログラムが使うものは accounts.services に登録する。"
            "Windows：「net user 名前 /active:no」で止める。"
        ),
        en=(
            'Close those not needed with "usermod -L -e 1"; register those that programs use under accounts.services.'
            ' Windows: close it with "net user NAME /active:no".'
        ),
    ),
    says={
        "IDLE_LONG": Text(ja="{limit} 日を超えてログインの記録がない：{names}", en="no login recorded for over {limit} days: {names}"),
        "IDLE_NEVER": Text(
            ja="作られてから {limit} 日を超えて一度も使われた記録がない：{names}",
            en="no login is recorded since it was made over {limit} days ago: {names}",
        ),
        "IDLE_NONE": Text(ja="{limit} 日以内に全て使われている", en="all were used within {limit} days"),
    },
)
def host_accounts_idle(
    accounts: Accounts,
    *,
    limit: Annotated[int, ACCOUNTS_IDLE_DAYS] = ACCOUNTS_IDLE_DAYS.default,
    services: Annotated[tuple[str, ...], ACCOUNTS_SERVICES] = ACCOUNTS_SERVICES.default,
) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    opened, unseen = usable(a for a in found if a.person and a.name not in services)
    # A key can be used without a terminal, which neither lastlog nor wtmp records.
    sure = [a for a in opened if a.keys is False]
    reach = accounts.recorded_days
    short = isinstance(reach, int) and reach < limit
    late = [a for a in sure if isinstance(a.idle_days, int) and a.idle_days > limit]
    if late and not short:
        return failed("IDLE_LONG", limit=limit, names=listed(f"{a.name} ({a.idle_days})" for a in late))
    unused = [a for a in sure if a.idle_days is None and (a.age_days is None or (isinstance(a.age_days, int) and a.age_days > limit))]
    never = [a for a in unused if a.age_days is not None]
    if never and not short and not isinstance(reach, Unobserved):
        return failed("IDLE_NEVER", limit=limit, names=listed(a.name for a in never))
    if missing := unseen or first_missing(part for a in opened for part in (a.idle_days, a.keys)):
        return missing
    if unknown := [*late, *unused]:
        return cannot_tell(
            Reason.UNSUPPORTED,
            "ログインの記録がないが、記録が {limit} 日前まで遡らないか、いつ作られたか分からない：{names}",
            "no login is recorded, but the record does not reach back {limit} days, or when they were made is not known: {names}",
            limit=limit,
            names=listed(a.name for a in unknown),
        )
    doubt = [a.name for a in opened if a.keys is True and (a.idle_days is None or (isinstance(a.idle_days, int) and a.idle_days > limit))]
    if doubt:
        return cannot_tell(
            Reason.UNSUPPORTED,
            "端末を使わない鍵でのログインは記録に残らないため、使われているか分からない：{names}",
            "logins by key without a terminal are not recorded, so their use is unknown: {names}",
            names=listed(doubt),
        )
    return passed("IDLE_NONE", limit=limit)


@check(
    "host.accounts.system-shells",
    severity=Severity.LOW,
    title=Text(ja="プログラム用のアカウントでログインできない", en="Accounts of programs cannot log in"),
    why=Text(
        ja="プログラムの欠陥からシェルを得た者に、ログインの手段を与えない。",
        en="Whoever breaks into a program shall not get a login from its account.",
    ),
    remedy=Text(ja="「usermod -s /usr/sbin/nologin 名前」を実行する。", en='Run "usermod -s /usr/sbin/nologin" for them.'),
    says={
        "SHELLS_OPEN": Text(ja="ログインできる：{names}", en="a login is possible: {names}"),
        "SHELLS_WITHOUT_PROOF": Text(
            ja="シェルはあるが、パスワードも鍵もない：{names}", en="there is a shell, but neither password nor key: {names}"
        ),
        "SHELLS_NONE": Text(ja="シェルを持つものがない", en="none has a shell"),
    },
)
def host_accounts_system_shells(
    accounts: Accounts, *, services: Annotated[tuple[str, ...], ACCOUNTS_SERVICES] = ACCOUNTS_SERVICES.default
) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    suspects = [a for a in found if not a.person and a.login and a.number != SUPERUSER and a.name not in services]
    opened, unseen = usable(suspects)
    if opened:
        return failed("SHELLS_OPEN", names=listed(a.name for a in opened))
    if unseen is not None:
        return unseen
    return passed("SHELLS_WITHOUT_PROOF", names=listed(a.name for a in suspects)) if suspects else passed("SHELLS_NONE")


@check(
    "host.accounts.homes",
    severity=Severity.MEDIUM,
    title=Text(ja="ホームディレクトリを他者が書き換えられず、読めない", en="Homes cannot be written or read by others"),
    why=Text(
        ja="他者が書き込めるとログイン時に実行されるファイルを置かれ、読めると情報が漏れる。",
        en="Others who may write put files there that run at login; others who may read see what is kept.",
    ),
    remedy=Text(ja="「chmod 700 ディレクトリ」とし、所有者を本人とする。", en='Run "chmod 700" and let the account own it.'),
    says={
        "HOMES_WRITABLE": Text(ja="他者が書き込める：{paths}", en="others may write: {paths}"),
        "HOMES_READABLE": Text(ja="他者が読める：{paths}", en="others may read: {paths}"),
        "HOMES_CLOSED": Text(ja="本人だけが使える（{count} 個）", en="only their owners may use them ({count})"),
    },
)
def host_accounts_homes(accounts: Accounts) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    homes = [(a, a.home) for a in found if a.person or a.number == SUPERUSER]
    there = [(a, h) for a, h in homes if h is not None and not isinstance(h, Unobserved)]
    shared = [(h, _shared(accounts, a, h) if h.mode & 0o070 else False) for a, h in there]
    writable = [h for a, h in there if h.mode & 0o002 or h.uid not in {0, int(a.number)}]
    writable += [h for h, others in shared if others is True and h.mode & 0o020 and h not in writable]
    if writable:
        return failed("HOMES_WRITABLE", paths=listed(f"{h.path} ({h.mode:04o}, uid {h.uid})" for h in writable))
    readable = [h for h, others in shared if h.mode & 0o005 or (others is True and h.mode & 0o050)]
    if readable:
        return failed("HOMES_READABLE", paths=listed(f"{h.path} ({h.mode:04o})" for h in readable))
    if missing := first_missing(others for _, others in shared):
        return missing
    return first_missing(h for _, h in homes) or passed("HOMES_CLOSED", count=len(there))


def _shared(accounts: Accounts, account: Account, home: FileRights) -> bool | Unobserved:
    """Tell whether others than the account (and the administrator, whom no bits bind) are in the group of its home."""
    number, users = str(home.gid), () if isinstance(accounts.accounts, Unobserved) else accounts.accounts
    own = {a.name for a in users if a.number in {account.number, SUPERUSER}}
    if any(a.group == number and a.name not in own for a in users):
        return True
    if isinstance(accounts.groups, Unobserved):
        return accounts.groups
    return any(g.number == number and set(g.members) - own for g in accounts.groups)


@check(
    "host.accounts.trust-files",
    severity=Severity.HIGH,
    title=Text(
        ja="証明なしに他者を入れるファイルや、パスワードを書いたファイルがない",
        en="No file lets others in without a proof or holds passwords",
    ),
    why=Text(
        ja=".rhosts と hosts.equiv は接続元の名乗りだけで人を入れ、.netrc は平文のパスワードを持つ。",
        en=".rhosts and hosts.equiv let people in by what their host claims, .netrc holds passwords in clear text.",
    ),
    remedy=Text(ja="これらのファイルを除き、SSH の鍵を使う。", en="Remove these files and use SSH keys."),
    says={
        "TRUST_FOUND": Text(ja="ある：{paths}", en="found: {paths}"),
        "FORWARD_FOUND": Text(ja="メールを転送するファイルがある：{paths}", en="files that send mail away: {paths}"),
        "TRUST_NONE": Text(ja="ない", en="none is there"),
    },
)
def host_accounts_trust_files(accounts: Accounts) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    paths = [(a.name, name) for a in found if isinstance(a.trusts, tuple) for name in a.trusts]
    bad = [f"{who}: {name}" for who, name in paths if name != ".forward"]
    bad += list(accounts.trusted_hosts) if isinstance(accounts.trusted_hosts, tuple) else []
    if bad:
        return failed("TRUST_FOUND", paths=listed(bad))
    if missing := first_missing((*(a.trusts for a in found), accounts.trusted_hosts)):
        return missing
    return passed("FORWARD_FOUND", paths=listed(f"{who}: {name}" for who, name in paths)) if paths else passed("TRUST_NONE")


@check(
    "host.accounts.permitted",
    severity=Severity.MEDIUM,
    title=Text(ja="ログインできるアカウントは全て認めたものである", en="Every account that can log in is a permitted one"),
    why=Text(
        ja="誰のものか分からないアカウントは、責任も不要になった時期も分からない。",
        en="Nobody answers for an account that nobody knows, and nobody knows when it is no longer needed.",
    ),
    remedy=Text(
        ja=(
            "認めたものは accounts.permitted に加え、それ以外は「usermod -L -e 1 名前」で止める。"
            "Windows：「net user 名前 /active:no」で止める。"
        ),
        en=(
            'Enter permitted ones under accounts.permitted; close others with "usermod -L -e 1".'
            ' Windows: close it with "net user NAME /active:no".'
        ),
    ),
    says={
        "ACCOUNTS_UNKNOWN": Text(ja="認めていないアカウントがある：{names}", en="accounts that nobody permitted: {names}"),
        "ACCOUNTS_KNOWN": Text(ja="全て認めたものである（{count} 個）", en="all are permitted ones ({count})"),
    },
)
def host_accounts_permitted(
    accounts: Accounts,
    *,
    permitted: Annotated[tuple[str, ...], ACCOUNTS_PERMITTED] = ACCOUNTS_PERMITTED.default,
    administrators: Annotated[tuple[str, ...], ACCOUNTS_ADMINISTRATORS] = ACCOUNTS_ADMINISTRATORS.default,
    services: Annotated[tuple[str, ...], ACCOUNTS_SERVICES] = ACCOUNTS_SERVICES.default,
) -> Judgement:
    found = accounts.accounts
    if isinstance(found, Unobserved):
        return found
    if not permitted:
        return value_not_set(ACCOUNTS_PERMITTED)
    known = {"root", *permitted, *administrators, *services}
    opened, unseen = usable(found)
    unknown = [a.name for a in opened if a.name not in known]
    if unknown:
        return failed("ACCOUNTS_UNKNOWN", names=listed(unknown))
    return unseen or _directories(accounts) or passed("ACCOUNTS_KNOWN", count=len(opened))


MACOS_ACCOUNTS_ADMINISTRATORS = Text(
    ja="macOS：「dseditgroup -o edit -d 名前 -t user admin」で外す。",
    en='macOS: take them out by "dseditgroup -o edit -d NAME -t user admin".',
)


@check(
    "host.accounts.administrators",
    severity=Severity.HIGH,
    title=Text(ja="管理者の権限を持つ者は全て認めたものである", en="Everybody with an administrator's rights is a permitted one"),
    why=Text(
        ja="管理者の権限は必要最小限の者に限ることが求められる。",
        en="An administrator's rights are to be held by as few as possible.",
    ),
    remedy=also(
        Text(
            ja=(
                "認めた者は accounts.administrators に加え、それ以外は群（sudo、wheel、docker 等）及び sudoers から除く。"
                "Windows：「net localgroup Administrators 名前 /delete」等で管理者の群から除く。"
            ),
            en=(
                "Enter permitted ones under accounts.administrators; take others out of sudo, wheel, docker and the like, and of sudoers."
                ' Windows: take them out of the group of administrators, "net localgroup Administrators NAME /delete".'
            ),
        ),
        MACOS_ACCOUNTS_ADMINISTRATORS,
    ),
    says={
        "ADMINISTRATORS_UNKNOWN": Text(ja="認めていない者が権限を持つ：{names}", en="held by others than those permitted: {names}"),
        "ADMINISTRATORS_KNOWN": Text(ja="全て認めた者である：{names}", en="all are permitted ones: {names}"),
    },
)
def host_accounts_administrators(
    accounts: Accounts,
    sudo: SudoRules | Unobserved,
    *,
    administrators: Annotated[tuple[str, ...], ACCOUNTS_ADMINISTRATORS] = ACCOUNTS_ADMINISTRATORS.default,
) -> Judgement:
    users, groups = accounts.accounts, accounts.groups
    if isinstance(users, Unobserved):
        return users
    if isinstance(groups, Unobserved):
        return groups
    if not administrators:
        return value_not_set(ACCOUNTS_ADMINISTRATORS)
    rules: tuple[SudoRule, ...] = ()
    unseen: Unobserved | None = None
    if isinstance(sudo, Unobserved):
        unseen = None if sudo.reason is Reason.OTHER_PLATFORM else sudo
    elif isinstance(sudo.rules, Unobserved):
        unseen = sudo.rules
    else:
        rules, unseen = sudo.rules, rules_elsewhere(sudo)
    holders = who_administers(users, groups, rules)
    known = {"root", *administrators, *(a.name for a in users if a.number.startswith("S-1-5-21-") and a.number.endswith(BUILT_IN))}
    unknown = [f"{name} ({by})" for name, by in holders.items() if name not in known]
    if unknown:
        return failed("ADMINISTRATORS_UNKNOWN", names=listed(unknown))
    return unseen or _directories(accounts) or passed("ADMINISTRATORS_KNOWN", names=listed(holders))
