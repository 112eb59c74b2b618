"""Checks of what a machine asks of new passwords, and for how long they may be used."""

from __future__ import annotations

from typing import Annotated

from checks.common import also
from scanner.facts.login_rules import PasswordRules
from scanner.model.check import Judgement, Value, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

PASSWORD_HISTORY = Value(
    "password.history",
    default=5,
    text=Text(ja="再使用させない以前のパスワードの数", en="earlier passwords that may not be used again"),
    least=1,
)

PASSWORD_LEAST_CLASSES = Value(
    "password.least-classes",
    default=3,
    text=Text(
        ja="パスワードに求める文字の種類の数（英小文字、英大文字、数字、記号）",
        en="kinds of characters asked for in passwords (small, capital, digits, others)",
    ),
    least=0,
    most=4,
)

PASSWORD_LEAST_LENGTH = Value(
    "password.least-length",
    default=10,
    text=Text(ja="パスワードの最小の長さ", en="least length of passwords"),
    least=1,
    most=255,
)

PASSWORD_LEAST_WARNING = Value(
    "password.least-warning-days",
    default=5,
    text=Text(ja="パスワードの期限を前もって知らせる日数", en="days for which people are told beforehand that their password will end"),
    unit="d",
    least=1,
)

PASSWORD_MOST_DAYS = Value(
    "password.most-days",
    default=0,
    text=Text(
        ja="パスワードを変更させる期間（0：定期の変更を求めない）", en="period within which passwords are changed (0: no regular change)"
    ),
    unit="d",
    least=0,
)


STRONG = frozenset({"yescrypt", "gost_yescrypt", "gost-yescrypt", "scrypt", "bcrypt", "blowfish", "sha512", "sha256", "pbkdf2-sha512"})
"""Hashes that cost time: those that crypt(5) calls fit for new passwords, and SHA-2 with rounds."""
WEAK = frozenset({"md5", "des", "bigcrypt", "bsdi", "sha1", "sunmd5", "nt"})


MACOS_PASSWORD_LENGTH = Text(
    ja="macOS：構成プロファイル com.apple.mobiledevice.passwordpolicy の minLength、minComplexChars、pinHistory。",
    en="macOS: minLength, minComplexChars and pinHistory in a configuration profile for com.apple.mobiledevice.passwordpolicy.",
)


@check(
    "host.password.length",
    severity=Severity.MEDIUM,
    title=Text(ja="パスワードの最小の長さを守らせる", en="A least length of passwords is enforced"),
    why=Text(ja="短いパスワードは総当たりで求められる。", en="Short passwords are found by trying."),
    remedy=also(
        Text(
            ja=(
                "libpam-pwquality を導入し、/etc/security/pwquality.conf に「minlen = {least}」と書く。Windows：グループポリシー"
                "「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント ポリシー＞パスワードのポリシー」の"
                "「最小パスワード長」を {least} 文字以上とする。"
            ),
            en=(
                'Install libpam-pwquality and write "minlen = {least}" into /etc/security/pwquality.conf.'
                " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
                "> Password Policy: Minimum password length, {least} or more."
            ),
        ),
        MACOS_PASSWORD_LENGTH,
    ),
    says={
        "LENGTH_FREE": Text(ja="長さを守らせる仕組みがない（{place}）", en="nothing enforces a length ({place})"),
        "LENGTH_SHORT": Text(
            ja="{found} 文字で足りる（下限 {least} 文字、{place}）", en="{found} characters are enough (at least {least}, {place})"
        ),
        "LENGTH_ENOUGH": Text(ja="{found} 文字以上（{place}）", en="{found} characters or more ({place})"),
    },
)
def host_password_length(
    rules: PasswordRules, *, least: Annotated[int, PASSWORD_LEAST_LENGTH] = PASSWORD_LEAST_LENGTH.default
) -> Judgement:
    found = rules.least_length
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return failed("LENGTH_FREE", place=rules.source)
    if found < least:
        return failed("LENGTH_SHORT", found=found, least=least, place=rules.source)
    return passed("LENGTH_ENOUGH", found=found, place=rules.source)


@check(
    "host.password.classes",
    severity=Severity.LOW,
    title=Text(ja="パスワードに求める文字の種類を守らせる", en="The kinds of characters in passwords are enforced"),
    why=Text(
        ja="文書は文字の種類と組合せの条件を守らせることを求める。条件の数は組織が定め、長い語句を使わせる場合は 0 としてよい。",
        en="The documents ask for conditions on kinds of characters. How many is the organisation's to say; with long phrases it may be 0.",
    ),
    remedy=also(
        Text(
            ja=(
                "libpam-pwquality を導入し、/etc/security/pwquality.conf に「minclass = {least}」と書く。Windows：グループポリシー"
                "「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント ポリシー＞パスワードのポリシー」の"
                "「複雑さの要件を満たす必要があるパスワード」を有効にする。"
            ),
            en=(
                'Install libpam-pwquality and write "minclass = {least}" into /etc/security/pwquality.conf.'
                " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
                "> Password Policy: Password must meet complexity requirements."
            ),
        ),
        MACOS_PASSWORD_LENGTH,
    ),
    says={
        "CLASSES_FREE": Text(ja="種類を守らせる仕組みがない（{place}）", en="nothing enforces them ({place})"),
        "CLASSES_FEW": Text(ja="{found} 種類で足りる（下限 {least}、{place}）", en="{found} kinds are enough (at least {least}, {place})"),
        "CLASSES_ENOUGH": Text(ja="{found} 種類以上", en="{found} kinds or more"),
    },
)
def host_password_classes(
    rules: PasswordRules, *, least: Annotated[int, PASSWORD_LEAST_CLASSES] = PASSWORD_LEAST_CLASSES.default
) -> Judgement:
    found = rules.least_classes
    if isinstance(found, Unobserved):
        return found
    if (found or 0) >= least:
        return passed("CLASSES_ENOUGH", found=found or 0)
    return (
        failed("CLASSES_FREE", place=rules.source) if found is None else failed("CLASSES_FEW", found=found, least=least, place=rules.source)
    )


@check(
    "host.password.guessable",
    severity=Severity.MEDIUM,
    title=Text(ja="辞書にあるパスワードを拒む", en="Passwords from dictionaries are refused"),
    why=Text(ja="よく使われる語は最初に試される。", en="Common words are tried first."),
    remedy=Text(
        ja=(
            "libpam-pwquality と cracklib-runtime を導入し、/etc/security/pwquality.conf に「dictcheck = 0」があれば除く。"
            "Windows：Microsoft Entra パスワード保護等のパスワード フィルターを入れる。"
        ),
        en=(
            'Install libpam-pwquality and cracklib-runtime, and remove "dictcheck = 0" from /etc/security/pwquality.conf.'
            " Windows: install a password filter such as Microsoft Entra Password Protection."
        ),
    ),
    says={
        "DICTIONARY_UNUSED": Text(ja="辞書と比べない（{place}）", en="no dictionary is consulted ({place})"),
        "DICTIONARY_USED": Text(ja="辞書にある語を拒む（{place}）", en="words of a dictionary are refused ({place})"),
    },
)
def host_password_guessable(rules: PasswordRules) -> Judgement:
    if isinstance(rules.dictionary, Unobserved):
        return rules.dictionary
    return passed("DICTIONARY_USED", place=rules.source) if rules.dictionary else failed("DICTIONARY_UNUSED", place=rules.source)


@check(
    "host.password.administrator",
    severity=Severity.LOW,
    title=Text(ja="管理者が定めるパスワードにも条件が働く", en="The conditions also bind passwords set by the administrator"),
    why=Text(
        ja="管理者のパスワードや、管理者が配る初期のパスワードが弱くなる。",
        en="Otherwise the administrator's own password and initial ones may be weak.",
    ),
    remedy=Text(
        ja="libpam-pwquality を導入し、/etc/security/pwquality.conf に「enforce_for_root」と書く。",
        en='Install libpam-pwquality and write "enforce_for_root" into /etc/security/pwquality.conf.',
    ),
    says={
        "ADMINISTRATOR_FREE": Text(ja="管理者には働かない（{place}）", en="they do not bind the administrator ({place})"),
        "ADMINISTRATOR_BOUND": Text(ja="管理者にも働く", en="they bind the administrator as well"),
    },
)
def host_password_administrator(rules: PasswordRules) -> Judgement:
    if isinstance(rules.administrators, Unobserved):
        return rules.administrators
    return passed("ADMINISTRATOR_BOUND") if rules.administrators else failed("ADMINISTRATOR_FREE", place=rules.source)


@check(
    "host.password.history",
    severity=Severity.LOW,
    title=Text(ja="以前のパスワードに戻させない", en="Earlier passwords cannot be used again"),
    why=Text(
        ja="定期の変更を求めても、前のものに戻せるのでは意味がない。",
        en="A demand to change is empty where the old password may be set again.",
    ),
    remedy=also(
        Text(
            ja=(
                "password で pam_pwhistory を「required」で呼び出し、「remember={least}」を付ける。Windows：グループポリシー"
                "「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント ポリシー＞パスワードのポリシー」の"
                "「パスワードの履歴を記録する」を {least} 以上とする。"
            ),
            en=(
                'Call pam_pwhistory as "required" with "remember={least}" in password.'
                " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
                "> Password Policy: Enforce password history, {least} or more."
            ),
        ),
        MACOS_PASSWORD_LENGTH,
    ),
    says={
        "HISTORY_NONE": Text(ja="以前のパスワードを覚えていない", en="earlier passwords are not remembered"),
        "HISTORY_SHORT": Text(ja="{found} 個を覚えている（下限 {least}）", en="{found} are remembered (at least {least})"),
        "HISTORY_KEPT": Text(ja="{found} 個を覚えている", en="{found} are remembered"),
    },
)
def host_password_history(rules: PasswordRules, *, least: Annotated[int, PASSWORD_HISTORY] = PASSWORD_HISTORY.default) -> Judgement:
    found = rules.history
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return failed("HISTORY_NONE")
    return failed("HISTORY_SHORT", found=found, least=least) if found < least else passed("HISTORY_KEPT", found=found)


@check(
    "host.password.hash",
    severity=Severity.HIGH,
    title=Text(ja="新しいパスワードを強い方式で保存する", en="New passwords are stored with a strong hash"),
    why=Text(
        ja="弱い方式では、盗まれた保存値から短時間で元のパスワードが求められる。",
        en="With a weak one, passwords are computed quickly from stolen hashes.",
    ),
    remedy=Text(
        ja=(
            "PAM の pam_unix.so に「yescrypt」（対応しない版では「sha512」）を指定し、/etc/login.defs の ENCRYPT_METHOD も合わせる。"
            "Windows：グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント "
            "ポリシー＞パスワードのポリシー」の「暗号化を元に戻せる状態でパスワードを保存する」を無効に、同「セキュリティ オプション」の"
            "「ネットワーク セキュリティ: 次回のパスワードの変更時に LAN Manager のハッシュ値を保存しない」を有効にする。"
        ),
        en=(
            'Give "yescrypt" ("sha512" where it is not known) to pam_unix.so in PAM and set ENCRYPT_METHOD in /etc/login.defs alike.'
            " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
            "> Password Policy: disable Store passwords using reversible encryption; Security Options: enable Network "
            "security: Do not store LAN Manager hash value on next password change."
        ),
    ),
    says={
        "HASH_WEAK": Text(ja="方式が {method} である", en="the method is {method}"),
        "HASH_STRONG": Text(ja="方式は {method} である", en="the method is {method}"),
    },
)
def host_password_hash(rules: PasswordRules) -> Judgement:
    method = rules.hash
    if isinstance(method, Unobserved):
        return method
    if method in STRONG:
        return passed("HASH_STRONG", method=method)
    if method in WEAK:
        return failed("HASH_WEAK", method=method)
    return cannot_tell(Reason.UNSUPPORTED, "知らない方式である：{method}", "the method {method} is not known", method=method)


@check(
    "host.password.days",
    severity=Severity.INFO,
    title=Text(ja="組織が定めた期間でパスワードを変更させる", en="Passwords are changed within the organisation's period"),
    why=Text(
        ja="定期の変更を求める組織では、変更の有無を仕組みで確かめる。求めない組織は期間を 0 とする。",
        en="Where regular changes are asked for, the system checks them. Organisations that do not ask set the period to 0.",
    ),
    remedy=Text(
        ja=(
            "/etc/login.defs に「PASS_MAX_DAYS {most}」と書き、今あるアカウントには「chage -M {most} 名前」を実行する。Windows："
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞アカウント ポリシー＞パスワードのポリシー」の"
            "「パスワードの有効期間」を {most} 日以下とする。"
        ),
        en=(
            'Write "PASS_MAX_DAYS {most}" into /etc/login.defs and run "chage -M {most}" for each account there is.'
            " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Account Policies "
            "> Password Policy: Maximum password age, {most} days or less."
        ),
    ),
    says={
        "DAYS_UNASKED": Text(ja="組織は定期の変更を求めていない", en="the organisation does not ask for regular changes"),
        "DAYS_ENDLESS": Text(ja="新しいアカウントのパスワードに期限がない", en="passwords of new accounts never end"),
        "DAYS_LONG": Text(ja="期限は {found} 日である（上限 {most} 日）", en="they end after {found} days (limit {most})"),
        "DAYS_SET": Text(ja="期限は {found} 日である", en="they end after {found} days"),
    },
)
def host_password_days(rules: PasswordRules, *, most: Annotated[int, PASSWORD_MOST_DAYS] = PASSWORD_MOST_DAYS.default) -> Judgement:
    if most == 0:
        return not_applicable("DAYS_UNASKED")
    found = rules.most_days
    if isinstance(found, Unobserved):
        return found
    if found is None:
        return failed("DAYS_ENDLESS")
    return failed("DAYS_LONG", found=found, most=most) if found > most else passed("DAYS_SET", found=found)


@check(
    "host.password.warning",
    severity=Severity.INFO,
    title=Text(ja="パスワードの期限が近いことを本人に知らせる", en="People are told before their password ends"),
    why=Text(
        ja="知らせがなければ、期限の日に慌てて弱いパスワードを選ぶか、締め出される。",
        en="Without a word in time people choose a weak one in haste on the last day, or are shut out.",
    ),
    remedy=Text(
        ja=(
            "/etc/login.defs に「PASS_WARN_AGE {least}」と書き、今あるアカウントには「chage -W {least} 名前」を実行する。Windows："
            "グループポリシー「コンピューターの構成＞Windows の設定＞セキュリティの設定＞ローカル ポリシー＞セキュリティ オプション」の"
            "「対話型ログオン: パスワードが無効になる前にユーザーに変更を促す」を {least} 日以上とする。"
        ),
        en=(
            'Write "PASS_WARN_AGE {least}" into /etc/login.defs and run "chage -W {least}" for each account there is.'
            " Windows: Group Policy, Computer Configuration > Windows Settings > Security Settings > Local Policies > Security Options: "
            "Interactive logon: Prompt user to change password before expiration, {least} days or more."
        ),
    ),
    says={
        "WARNING_UNASKED": Text(ja="組織は定期の変更を求めていない", en="the organisation does not ask for regular changes"),
        "WARNING_NONE": Text(ja="新しいアカウントの利用者には知らせない", en="holders of new accounts are not told"),
        "WARNING_LATE": Text(ja="{found} 日前に知らせる（下限 {least} 日）", en="they are told {found} days before (at least {least})"),
        "WARNING_GIVEN": Text(ja="{found} 日前から知らせる", en="they are told from {found} days before"),
    },
)
def host_password_warning(
    rules: PasswordRules,
    *,
    least: Annotated[int, PASSWORD_LEAST_WARNING] = PASSWORD_LEAST_WARNING.default,
    most: Annotated[int, PASSWORD_MOST_DAYS] = PASSWORD_MOST_DAYS.default,
) -> Judgement:
    if most == 0:
        return not_applicable("WARNING_UNASKED")
    found = rules.warn_days
    if isinstance(found, Unobserved):
        return found
    if not found:
        return failed("WARNING_NONE")
    return failed("WARNING_LATE", found=found, least=least) if found < least else passed("WARNING_GIVEN", found=found)
