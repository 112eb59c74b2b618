"""Checks of the rules for logging in to a machine: locking, empty passwords, further proofs, masks of new files, sessions, hours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from checks.common import also, first_missing, listed
from scanner.facts.login_rules import Lockout, LoginRules, LoginService
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

LOGIN_LOCKOUT_SECONDS = Value(
    "login.lockout-seconds",
    default=600,
    text=Text(ja="失敗が続いたアカウントをロックする時間の下限", en="least time for which an account stays locked after failures"),
    unit="s",
    least=1,
)

LOGIN_LOCKOUT_TRIES = Value(
    "login.lockout-tries",
    default=5,
    text=Text(ja="アカウントをロックするまでの失敗の上限", en="most failures before an account is locked"),
    least=1,
    most=100,
)

LOGIN_MOST_SESSIONS = Value(
    "login.most-sessions",
    default=10,
    text=Text(ja="一つのアカウントの同時のログインの上限", en="most sessions that one account may have at once"),
    least=1,
)

LOGIN_UMASK = Value(
    "login.umask",
    default="027",
    text=Text(ja="ログイン時の umask に求める値", en="umask asked for at logins"),
    choices=("022", "027", "077"),
)


PAM_JA = "（Debian 系は pam-auth-update、Red Hat 系は authselect で設定する）"
PAM_EN = " (by pam-auth-update in the Debian family, authselect in the Red Hat family)"
BECOMING = frozenset({"sudo", "su"})
"""Ways into another account from within; a session has to be there already."""


def _services(rules: LoginRules, wanted: Callable[[LoginService], bool] = lambda service: True) -> tuple[LoginService, ...] | Unobserved:
    if isinstance(rules.services, Unobserved):
        return rules.services
    found = tuple(service for service in rules.services if wanted(service))
    return found or cannot_tell(Reason.UNSUPPORTED, "ログインの入口が見当たらない", "no way in was found")


MACOS_LOGIN_LOCKOUT = Text(
    ja="macOS：構成プロファイル com.apple.mobiledevice.passwordpolicy の maxFailedAttempts と minutesUntilFailedLoginReset。",
    en="macOS: maxFailedAttempts and minutesUntilFailedLoginReset in a configuration profile for com.apple.mobiledevice.passwordpolicy.",
)


@check(
    "host.login.lockout",
    severity=Severity.MEDIUM,
    title=Text(ja="ログインの失敗が続くとアカウントをロックする", en="Accounts are locked after repeated failures"),
    why=Text(
        ja="失敗を制限しないと、パスワードを総当たりで求められる。",
        en="Where failures have no consequence, passwords can be found by trying.",
    ),
    remedy=also(
        Text(
            ja=(
                "pam_faillock を auth の前後（preauth、authfail）と account で呼び出し" + PAM_JA + "、/etc/security/faillock.conf に"
                "「deny = {tries}」「unlock_time = {seconds}」と書く。"
                + "Windows：グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント ポリシー＞"
                + "アカウント ロックアウトのポリシー」の「アカウントのロックアウトのしきい値」を {tries} 以下、「ロックアウト期間」を "
                + "{seconds} 秒以上とする。"
            ),
            en=(
                "Call pam_faillock before and after the password (preauth, authfail) and in account"
                + PAM_EN
                + ', and write "deny = {tries}" and "unlock_time = {seconds}" into /etc/security/faillock.conf.'
                + " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
                + "> Account Lockout Policy: Account lockout threshold {tries} or less (not 0), Account lockout duration "
                + "{seconds} s or more."
            ),
        ),
        MACOS_LOGIN_LOCKOUT,
    ),
    says={
        "LOCKOUT_NONE": Text(ja="失敗してもロックされない：{services}", en="failures lock nothing: {services}"),
        "LOCKOUT_LATE": Text(
            ja="{found} 回の失敗でロックする（上限 {tries} 回：{services}）", en="locked after {found} failures (limit {tries}: {services})"
        ),
        "LOCKOUT_SHORT": Text(
            ja="ロックは {found} 秒で解ける（下限 {seconds} 秒：{services}）",
            en="the lock ends after {found} s (at least {seconds} s: {services})",
        ),
        "LOCKOUT_SET": Text(ja="{found} 回の失敗でロックする：{services}", en="locked after {found} failures: {services}"),
        "LOCKOUT_WITHIN": Text(
            ja="{within} 秒の間に {found} 回失敗するとロックする：{services}",
            en="locked after {found} failures within {within} s: {services}",
        ),
    },
)
def host_login_lockout(
    rules: LoginRules,
    *,
    tries: Annotated[int, LOGIN_LOCKOUT_TRIES] = LOGIN_LOCKOUT_TRIES.default,
    seconds: Annotated[int, LOGIN_LOCKOUT_SECONDS] = LOGIN_LOCKOUT_SECONDS.default,
) -> Judgement:
    services = _services(rules, lambda service: service.name not in BECOMING)
    if isinstance(services, Unobserved):
        return services
    none = [s.name for s in services if s.lockout is None or (isinstance(s.lockout, Lockout) and s.lockout.tries == 0)]
    if none:
        return failed("LOCKOUT_NONE", services=listed(none))
    locks = [(s.name, s.lockout) for s in services if isinstance(s.lockout, Lockout)]
    late = [(name, lock.tries) for name, lock in locks if lock.tries > tries]
    if late:
        return failed("LOCKOUT_LATE", found=max(n for _, n in late), tries=tries, services=listed(name for name, _ in late))
    short = [(name, lock.seconds) for name, lock in locks if lock.seconds is not None and lock.seconds < seconds]
    if short:
        return failed("LOCKOUT_SHORT", found=min(n for _, n in short), seconds=seconds, services=listed(name for name, _ in short))
    if missing := first_missing(service.lockout for service in services):
        return missing
    found, named = max(lock.tries for _, lock in locks), listed(name for name, _ in locks)
    within = min((lock.interval_seconds for _, lock in locks if lock.interval_seconds), default=0)
    return (
        passed("LOCKOUT_WITHIN", found=found, within=within, services=named)
        if within
        else passed("LOCKOUT_SET", found=found, services=named)
    )


@check(
    "host.login.lockout-administrator",
    severity=Severity.LOW,
    title=Text(ja="管理者のアカウントもロックの対象とする", en="The administrator's account is locked as well"),
    why=Text(ja="管理者だけがロックされないと、その名前が総当たりの的になる。", en="Where it never locks, guessing goes for that name."),
    remedy=Text(
        ja=(
            "/etc/security/faillock.conf に「even_deny_root」と「root_unlock_time = 60」を書く。Windows：グループポリシー"
            "「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント ポリシー＞アカウント ロックアウトのポリシー」の"
            "「管理者アカウントのロックアウトを許可する」を有効にする。"
        ),
        en=(
            'Write "even_deny_root" and "root_unlock_time = 60" into /etc/security/faillock.conf.'
            " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
            "> Account Lockout Policy: Allow Administrator account lockout."
        ),
    ),
    says={
        "ADMINISTRATOR_EXEMPT": Text(ja="管理者はロックされない：{services}", en="the administrator is exempt: {services}"),
        "ADMINISTRATOR_LOCKED": Text(ja="管理者もロックされる", en="the administrator is locked as well"),
        "LOCKOUT_ABSENT": Text(ja="ロックの設定がない", en="no lock is set up"),
    },
)
def host_login_lockout_administrator(rules: LoginRules) -> Judgement:
    services = _services(rules, lambda service: service.name not in BECOMING)
    if isinstance(services, Unobserved):
        return services
    locks = [(s.name, s.lockout) for s in services if isinstance(s.lockout, Lockout) and s.lockout.tries]
    exempt = [name for name, lock in locks if lock.administrators is False]
    if exempt:
        return failed("ADMINISTRATOR_EXEMPT", services=listed(exempt))
    missing = first_missing((*(service.lockout for service in services), *(lock.administrators for _, lock in locks)))
    return missing or (passed("ADMINISTRATOR_LOCKED") if locks else not_applicable("LOCKOUT_ABSENT"))


MACOS_LOGIN_EMPTY_PASSWORD = Text(
    ja=(
        "macOS：構成プロファイル com.apple.MCX の DisableGuestAccount=true と com.apple.loginwindow の "
        "com.apple.login.mcx.DisableAutoLoginClient=true。"
    ),
    en=(
        "macOS: DisableGuestAccount true in a profile for com.apple.MCX, and "
        "com.apple.login.mcx.DisableAutoLoginClient true in one for com.apple.loginwindow."
    ),
)


@check(
    "host.login.empty-password",
    severity=Severity.HIGH,
    title=Text(ja="空のパスワードでログインできない", en="Empty passwords open nothing"),
    why=Text(
        ja="空のパスワードを認めると、設定を忘れたアカウントに誰でも入れる。",
        en="Where they are accepted, an account whose password was forgotten lets anybody in.",
    ),
    remedy=also(
        Text(
            ja=(
                "PAM の pam_unix.so の行から「nullok」を除く"
                + PAM_JA
                + "。"
                + "Windows：グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞"
                + "セキュリティ オプション」の「アカウント: ローカル アカウントの空のパスワードの使用を"
                + "コンソール ログオンのみに制限する」を有効にし、"
                + "「最小パスワード長」を 1 以上とする。"
            ),
            en=(
                'Remove "nullok" from the lines of pam_unix.so in PAM'
                + PAM_EN
                + "."
                + " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies "
                + "> Security Options: Accounts: Limit local account use of blank passwords to console logon only; and a "
                + "minimum password length of 1 or more."
            ),
        ),
        MACOS_LOGIN_EMPTY_PASSWORD,
    ),
    says={
        "EMPTY_ACCEPTED": Text(ja="空のパスワードを認める：{services}", en="empty passwords are accepted: {services}"),
        "EMPTY_REFUSED": Text(ja="空のパスワードを認めない", en="empty passwords are refused"),
    },
)
def host_login_empty_password(rules: LoginRules) -> Judgement:
    services = _services(rules)
    if isinstance(services, Unobserved):
        return services
    accepting = [service.name for service in services if service.empty_password is True]
    if accepting:
        return failed("EMPTY_ACCEPTED", services=listed(accepting))
    return first_missing(service.empty_password for service in services) or passed("EMPTY_REFUSED")


@check(
    "host.login.second-factor",
    severity=Severity.LOW,
    title=Text(ja="ログインにパスワード以外の要素も求める", en="Logins ask for a proof beside the password"),
    why=Text(
        ja="パスワードだけでは、漏れたときに防ぐものがない。",
        en="With a password alone, nothing is left once it leaks.",
    ),
    remedy=Text(
        ja=(
            "pam_google_authenticator、pam_u2f、pam_oath 等を「required」で呼び出し、「nullok」を付けない"
            + PAM_JA
            + "。"
            + "Windows：グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞"
            + "セキュリティ オプション」の「対話型ログオン: Windows Hello for Business またはスマート カードが必要」を有効にする。"
        ),
        en=(
            'Call pam_google_authenticator, pam_u2f, pam_oath or the like as "required" and without "nullok"'
            + PAM_EN
            + "."
            + " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies "
            + "> Security Options: Interactive logon: Require Windows Hello for Business or smart card."
        ),
    ),
    says={
        "FACTOR_ONE": Text(ja="パスワードだけでログインできる：{services}", en="a password is enough: {services}"),
        "FACTOR_OTHER": Text(ja="別の要素だけでログインできる：{services}", en="the other proof is enough: {services}"),
        "FACTOR_TWO": Text(ja="全ての入口で二つの要素を求める", en="every way in asks for two proofs"),
    },
)
def host_login_second_factor(rules: LoginRules) -> Judgement:
    # over SSH keys may stand in for one of the proofs, which host.ssh.second-factor judges
    services = _services(rules, lambda service: service.name not in BECOMING and service.name != "sshd")
    if isinstance(services, Unobserved):
        return services
    one = [service.name for service in services if service.second_factor is False]
    if one:
        return failed("FACTOR_ONE", services=listed(one))
    other = [service.name for service in services if service.second_alone is True]
    if other:
        return failed("FACTOR_OTHER", services=listed(other))
    return first_missing(part for s in services for part in (s.second_factor, s.second_alone)) or passed("FACTOR_TWO")


@check(
    "host.login.become",
    severity=Severity.LOW,
    title=Text(ja="su で管理者になれる者を限る", en="Only members of a group become administrator by su"),
    why=Text(
        ja="root のパスワードを知る者なら誰でも管理者になれ、誰が行ったかも残りにくい。",
        en="Whoever knows the password of root becomes administrator, and little shows who it was.",
    ),
    remedy=Text(
        ja="/etc/pam.d/su に「auth required pam_wheel.so use_uid」を書き、認めた者だけを群に入れる。",
        en='Write "auth required pam_wheel.so use_uid" into /etc/pam.d/su and put only permitted users into the group.',
    ),
    says={
        "BECOME_ANYBODY": Text(ja="su の利用者を限っていない", en="anybody may use su"),
        "BECOME_RESTRICTED": Text(ja="su の利用者を群で限っている", en="a group says who may use su"),
        "BECOME_ABSENT": Text(ja="su がない", en="there is no su"),
    },
)
def host_login_become(rules: LoginRules) -> Judgement:
    if isinstance(rules.become_restricted, Unobserved):
        return rules.become_restricted
    if rules.become_restricted is None:
        return not_applicable("BECOME_ABSENT")
    return passed("BECOME_RESTRICTED") if rules.become_restricted else failed("BECOME_ANYBODY")


@check(
    "host.login.umask",
    severity=Severity.MEDIUM,
    title=Text(ja="作成するファイルを他者が読めない", en="New files are not readable by others"),
    why=Text(
        ja="既定の権限が緩いと、利用者の気付かないうちに情報が他者に読まれる。",
        en="Where the default is loose, others read files while their owner does not know.",
    ),
    remedy=Text(
        ja="/etc/login.defs に「UMASK {mask}」と書き、セッションの PAM で pam_umask を呼び出す。/etc/profile 等の umask も直す。",
        en='Write "UMASK {mask}" into /etc/login.defs, call pam_umask in the session stack, and mend umask in /etc/profile and the like.',
    ),
    says={
        "MASK_LOOSE": Text(
            ja="umask が {found} である（{place}、求める値 {mask}）", en="the umask is {found} ({place}; {mask} is asked for)"
        ),
        "MASK_TIGHT": Text(ja="umask は {found} である（{place}）", en="the umask is {found} ({place})"),
    },
)
def host_login_umask(rules: LoginRules, *, mask: Annotated[str, LOGIN_UMASK] = LOGIN_UMASK.default) -> Judgement:
    if isinstance(rules.masks, Unobserved):
        return rules.masks
    wanted = int(mask, 8)
    # a private group holds nobody else, so its bits may be as the owner's
    loose = [m for m in rules.masks if (wanted & ~m.bits & (0o707 if m.own_group else 0o777))]
    if not loose:
        last = rules.masks[-1]
        return passed("MASK_TIGHT", found=f"{last.bits:03o}", place=last.source)
    if len(loose) < len(rules.masks) and not all(m.certain for m in rules.masks):
        return cannot_tell(
            Reason.UNSUPPORTED,
            "umask が条件により異なる：{places}",
            "the umask depends on a condition: {places}",
            places=listed(f"{m.source} {m.bits:03o}" for m in rules.masks),
        )
    return failed("MASK_LOOSE", found=f"{loose[0].bits:03o}", place=loose[0].source, mask=mask)


@check(
    "host.login.sessions",
    severity=Severity.INFO,
    title=Text(ja="同じアカウントの同時のログインを制限する", en="One account has few sessions at once"),
    why=Text(
        ja="貸し借りや盗用による同時の利用を抑える。文書が例に挙げる手段の一つ。",
        en="It keeps shared and stolen accounts from being used at once. One of the means that the documents give as examples.",
    ),
    remedy=Text(
        ja="/etc/security/limits.d/ に「* hard maxlogins {most}」と書く。",
        en='Write "* hard maxlogins {most}" into a file in /etc/security/limits.d/.',
    ),
    says={
        "SESSIONS_ENDLESS": Text(ja="制限がない", en="there is no limit"),
        "SESSIONS_MANY": Text(ja="{found} まで認める（上限 {most}）", en="{found} are allowed (limit {most})"),
        "SESSIONS_FEW": Text(ja="{found} まで", en="{found} at most"),
    },
)
def host_login_sessions(rules: LoginRules, *, most: Annotated[int, LOGIN_MOST_SESSIONS] = LOGIN_MOST_SESSIONS.default) -> Judgement:
    found = rules.most_sessions
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return failed("SESSIONS_ENDLESS")
    return failed("SESSIONS_MANY", found=found, most=most) if found > most else passed("SESSIONS_FEW", found=found)


@check(
    "host.login.hours",
    severity=Severity.INFO,
    title=Text(ja="利用時間帯によるログインの制限", en="Logins are limited to hours of use"),
    why=Text(
        ja="業務時間外の不正な利用を抑える。文書が例に挙げる手段の一つ。",
        en="It keeps illicit use outside working hours down. One of the means that the documents give as examples.",
    ),
    remedy=Text(
        ja="account で pam_time を呼び出し、/etc/security/time.conf に時間帯を書く。",
        en="Call pam_time in account and write the hours into /etc/security/time.conf.",
    ),
    says={
        "HOURS_SET": Text(ja="時間帯を定めている", en="hours are set"),
        "HOURS_ANY": Text(ja="時間帯を定めていない", en="no hours are set"),
    },
)
def host_login_hours(rules: LoginRules) -> Judgement:
    if isinstance(rules.hours, Unobserved):
        return rules.hours
    return passed("HOURS_SET") if rules.hours else failed("HOURS_ANY")
