"""Checks of LDAP directory servers by their own configuration: OpenLDAP. What is in a directory, policies among it, is not judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from checks.common import first_missing, listed
from checks.host.programs import ACCOUNT_SAYS, WHY_NOT_ROOT, each_of, own_account, switch
from scanner.facts.directory_configuration import Directory, DirectoryConfiguration, DirectoryServer, Policy, Shown
from scanner.facts.readings import Audience
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_NONE = Text(ja="ディレクトリのサーバが動いていない", en="no directory server is in use")
_NO_DATA = Text(ja="ディレクトリを持たない", en="it holds no directory")
_WEAK: Final = frozenset({"MD5", "SMD5", "SHA", "SSHA", "SHA256", "SHA384", "SHA512", "LANMAN", "CRYPT DES", "CRYPT $1$"})
"""Without a seed, of one round of MD5 or SHA-1, or of the oldest crypt(3)."""
_STRONG: Final = frozenset(
    {
        *("ARGON2", "PBKDF2", "PBKDF2-SHA256", "PBKDF2-SHA512", "SSHA256", "SSHA384", "SSHA512", "BCRYPT", "SASL", "KERBEROS"),
        *(f"CRYPT ${kind}$" for kind in ("2a", "2b", "2y", "5", "6", "7", "y", "gy")),
    }
)


def _each(directory: DirectoryConfiguration, judge: Callable[[DirectoryServer], Judgement | None]) -> Judgement:
    return each_of(directory.servers, judge, "NO_DIRECTORY")


def _each_holding(directory: DirectoryConfiguration, judge: Callable[[DirectoryServer, tuple[Directory, ...]], Judgement]) -> Judgement:
    """Judge the directories that each server holds."""

    def one(server: DirectoryServer) -> Judgement:
        if isinstance(server.directories, Unobserved):
            return server.directories
        return judge(server, server.directories) if server.directories else not_applicable("NO_DATA")

    return _each(directory, one)


@check(
    "host.directory.anonymous",
    severity=Severity.HIGH,
    title=Text(ja="ディレクトリの内容を匿名で読めない", en="The directory is not read without logging in"),
    why=Text(
        ja="匿名で読めると、職員の名前、所属、アカウントの一覧を誰にでも渡すことになる。規則を書かない OpenLDAP は全てを読ませる。",
        en="Whoever reads without logging in has a list of staff, units and accounts. Without rules OpenLDAP lets all be read.",
    ),
    remedy=Text(
        ja="olcAccess の「to * by * read」を「to * by users read by * none」に替えるか、olcRequires: authc とする。",
        en='Replace "to * by * read" in olcAccess by "to * by users read by * none", or set olcRequires: authc.',
    ),
    says={
        "ANONYMOUS_NOTHING": Text(ja="匿名では読めない（{suffixes}）", en="nothing is read anonymously ({suffixes})"),
        "ANONYMOUS_READS": Text(ja="匿名で読める：{suffixes}（{source}）", en="read anonymously: {suffixes} ({source})"),
        "NO_DATA": _NO_DATA,
        "NO_DIRECTORY": _NONE,
    },
)
def directory_anonymous(directory: DirectoryConfiguration) -> Judgement:
    return _nothing_shown(directory, lambda one: one.anonymous, "ANONYMOUS_READS", "ANONYMOUS_NOTHING")


def _nothing_shown(directory: DirectoryConfiguration, of: Callable[[Directory], Shown | Unobserved], shown: str, hidden: str) -> Judgement:
    """Pass with the tag ``hidden`` where no directory of any server shows anything, fail with ``shown`` where one shows all."""

    def judge(server: DirectoryServer, directories: tuple[Directory, ...]) -> Judgement:
        if read := [one.suffix for one in directories if of(one) is Shown.ALL]:
            return failed(shown, suffixes=listed(read), source=server.source)
        if why := first_missing(map(of, directories)):
            return why
        if partly := [one.suffix for one in directories if of(one) is Shown.SOME]:
            return cannot_tell(
                Reason.UNSUPPORTED,
                ja="読めるものが項目、属性又は接続元によって異なる：{suffixes}",
                en="what may be read depends on the entry, the attribute or where one comes from: {suffixes}",
                suffixes=listed(partly),
            )
        return passed(hidden, suffixes=listed(one.suffix for one in directories))

    return _each_holding(directory, judge)


@check(
    "host.directory.password-attribute",
    severity=Severity.CRITICAL,
    title=Text(ja="ディレクトリのパスワードをほかの者が読めない", en="Passwords in the directory are not read by others"),
    why=Text(
        ja="ハッシュであっても、手に入れた者は手元で総当たりができる。",
        en="Even hashes can be tried at leisure by whoever has them.",
    ),
    remedy=Text(
        ja="olcAccess の先頭に「to attrs=userPassword by self write by anonymous auth by * none」を置く。",
        en='Put "to attrs=userPassword by self write by anonymous auth by * none" first in olcAccess.',
    ),
    says={
        "PASSWORDS_HIDDEN": Text(ja="userPassword は読めない（{suffixes}）", en="userPassword is not shown ({suffixes})"),
        "PASSWORDS_SHOWN": Text(
            ja="userPassword を誰でも、又はログインした者なら読める：{suffixes}（{source}）",
            en="userPassword is shown to anybody, or to whoever logs in: {suffixes} ({source})",
        ),
        "NO_DATA": _NO_DATA,
        "NO_DIRECTORY": _NONE,
    },
)
def directory_password_attribute(directory: DirectoryConfiguration) -> Judgement:
    return _nothing_shown(directory, lambda one: one.passwords, "PASSWORDS_SHOWN", "PASSWORDS_HIDDEN")


@check(
    "host.directory.encryption",
    severity=Severity.HIGH,
    title=Text(
        ja="ディレクトリのサーバがパスワードを暗号化した接続でだけ受け取る", en="The directory server takes passwords over TLS only"
    ),
    why=Text(ja="平文の接続で送ったパスワードは途中で読み取られる。", en="A password sent in clear text can be read on the way."),
    remedy=Text(
        ja="olcTLSCertificateFile と olcTLSCertificateKeyFile を書き、olcSecurity: simple_bind=128（又は ssf=128）とするか、"
        "ldaps:/// だけで待ち受ける。",
        en="Set olcTLSCertificateFile and olcTLSCertificateKeyFile, and olcSecurity: simple_bind=128 (or ssf=128), "
        "or listen on ldaps:/// only.",
    ),
    says={
        "BINDS_ENCRYPTED": Text(ja="暗号化した接続でだけ受け取る", en="over encrypted connections only"),
        "BINDS_CLEAR": Text(ja="平文の接続でも受け取る（{source}）", en="in clear text too ({source})"),
        "ENCRYPTION_OFF": Text(ja="TLS を使わない（{source}）", en="it does not use TLS ({source})"),
        "LOCAL_ONLY": Text(ja="ネットワークから接続を受け付けない", en="it takes no connections from the network"),
        "NO_DIRECTORY": _NONE,
    },
)
def directory_encryption(directory: DirectoryConfiguration) -> Judgement:
    def one(server: DirectoryServer) -> Judgement:
        if server.listens in {Audience.NOBODY, Audience.ITSELF}:
            return not_applicable("LOCAL_ONLY")
        if isinstance(server.clear_passwords, Unobserved):
            return server.clear_passwords
        if not server.clear_passwords:
            return server.listens if isinstance(server.listens, Unobserved) else passed("BINDS_ENCRYPTED")
        if isinstance(server.listens, Unobserved):
            return server.listens
        return failed("ENCRYPTION_OFF" if server.tls is False else "BINDS_CLEAR", source=server.source)

    return _each(directory, one)


def _forms(forms: tuple[str, ...], weak: Callable[[tuple[str, ...]], Judgement], good: Callable[[], Judgement]) -> Judgement:
    if bad := tuple(form for form in forms if form in _WEAK or form == "CLEARTEXT"):
        return weak(bad)
    if unknown := [form for form in forms if form not in _STRONG]:
        return cannot_tell(
            Reason.UNSUPPORTED, ja="知らない形がある：{forms}", en="forms that are not known: {forms}", forms=listed(unknown)
        )
    return good()


@check(
    "host.directory.root-password",
    severity=Severity.HIGH,
    title=Text(
        ja="ディレクトリの管理者のパスワードを設定に平文や弱いハッシュで書いていない",
        en="The directory administrator's password does not stand in the configuration in clear or weakly hashed",
    ),
    why=Text(
        ja="設定やその控えを読んだ者が、ディレクトリの全てを書き換えられるようになる。",
        en="Whoever reads the configuration, or a copy of it, can change everything in the directory.",
    ),
    remedy=Text(
        ja="slappasswd で ARGON2（モジュール argon2）の値を作り olcRootPW に書くか、olcRootPW を除き、ldapi の SASL EXTERNAL で管理する。",
        en="Let slappasswd make a value by ARGON2 (module argon2) for olcRootPW, or remove it and administer by SASL EXTERNAL over ldapi.",
    ),
    says={
        "ROOT_PASSWORD_HASHED": Text(ja="{forms} のハッシュである", en="hashed by {forms}"),
        "ROOT_PASSWORD_NONE": Text(ja="設定にパスワードはない", en="the configuration holds none"),
        "ROOT_PASSWORD_CLEAR": Text(ja="平文である：{of}（{source}）", en="in clear text: {of} ({source})"),
        "ROOT_PASSWORD_WEAK": Text(ja="弱いハッシュ（{forms}）である（{source}）", en="weakly hashed by {forms} ({source})"),
        "NO_DIRECTORY": _NONE,
    },
)
def directory_root_password(directory: DirectoryConfiguration) -> Judgement:
    def one(server: DirectoryServer) -> Judgement:
        kept = server.root_passwords
        if isinstance(kept, Unobserved):
            return kept
        if clear := [one.of for one in kept if one.form == "CLEARTEXT"]:
            return failed("ROOT_PASSWORD_CLEAR", of=listed(clear), source=server.source)
        if not kept:
            return passed("ROOT_PASSWORD_NONE")
        forms = tuple(dict.fromkeys(one.form for one in kept))
        return _forms(
            forms,
            lambda bad: failed("ROOT_PASSWORD_WEAK", forms=listed(bad), source=server.source),
            lambda: passed("ROOT_PASSWORD_HASHED", forms=listed(forms)),
        )

    return _each(directory, one)


@check(
    "host.directory.password-hash",
    severity=Severity.MEDIUM,
    title=Text(ja="ディレクトリのサーバがパスワードを強いハッシュで保存する", en="The directory server keeps passwords in strong hashes"),
    why=Text(
        ja="既定の SSHA は SHA-1 を 1 回使うだけで、盗まれたハッシュからパスワードが短時間で割り出される。",
        en="The default, SSHA, is one round of SHA-1: from stolen hashes passwords are soon found.",
    ),
    remedy=Text(
        ja="モジュール argon2 を読み込み、olcPasswordHash に ARGON2 を書く。",
        en="Load the module argon2 and name ARGON2 in olcPasswordHash.",
    ),
    says={
        "HASH_STRONG": Text(ja="{forms} で保存する", en="kept as {forms}"),
        "HASH_WEAK": Text(ja="{forms} で保存する（{source}）", en="kept as {forms} ({source})"),
        "NO_DIRECTORY": _NONE,
    },
)
def directory_password_hash(directory: DirectoryConfiguration) -> Judgement:
    def one(server: DirectoryServer) -> Judgement:
        forms = server.password_forms
        if isinstance(forms, Unobserved):
            return forms
        return _forms(
            forms,
            lambda bad: failed("HASH_WEAK", forms=listed(bad), source=server.source),
            lambda: passed("HASH_STRONG", forms=listed(forms)),
        )

    return _each(directory, one)


@check(
    "host.directory.password-policy",
    severity=Severity.MEDIUM,
    title=Text(ja="ディレクトリのサーバがパスワードの方針を用いる", en="The directory server keeps to a password policy"),
    why=Text(
        ja="方針がなければ、短いパスワードも、総当たりも止められない。",
        en="Without one, neither short passwords nor endless guessing are stopped.",
    ),
    remedy=Text(
        ja="オーバーレイ ppolicy を加え、olcPPolicyDefault に方針の項目（pwdMinLength、pwdMaxFailure、pwdLockout 等）の名前を書く。",
        en="Add the overlay ppolicy, with the name of the entry that holds the policy (pwdMinLength, pwdMaxFailure, pwdLockout) in "
        "olcPPolicyDefault.",
    ),
    says={
        "POLICY_ON": Text(
            ja="全ての項目に方針がある（{suffixes}。方針の値は見ていない）", en="one for every entry ({suffixes}; its values were not seen)"
        ),
        "POLICY_OFF": Text(ja="方針がない：{suffixes}（{source}）", en="none: {suffixes} ({source})"),
        "NO_DATA": _NO_DATA,
        "NO_DIRECTORY": _NONE,
    },
)
def directory_password_policy(directory: DirectoryConfiguration) -> Judgement:
    def judge(server: DirectoryServer, directories: tuple[Directory, ...]) -> Judgement:
        if without := [one.suffix for one in directories if one.policy is Policy.NONE]:
            return failed("POLICY_OFF", suffixes=listed(without), source=server.source)
        if partly := [one.suffix for one in directories if one.policy is Policy.BY_ENTRY]:
            return cannot_tell(
                Reason.UNSUPPORTED,
                ja="方針を示す項目だけが対象で、どの項目が示すかはディレクトリの中にある：{suffixes}",
                en="it binds entries that name a policy; which do stands in the directory: {suffixes}",
                suffixes=listed(partly),
            )
        return passed("POLICY_ON", suffixes=listed(one.suffix for one in directories))

    return _each_holding(directory, judge)


@check(
    "host.directory.log",
    severity=Severity.MEDIUM,
    title=Text(ja="ディレクトリのサーバが接続と操作を記録する", en="The directory server logs connections and operations"),
    why=Text(
        ja="記録がなければ、パスワードの総当たりや大量の取得に気付けない。",
        en="Without a log, guessing of passwords and bulk reading go unnoticed.",
    ),
    remedy=Text(ja="olcLogLevel: stats とする（none や 0 にしない）。", en="Set olcLogLevel: stats, not none or 0."),
    says={
        "OPERATIONS_LOGGED": Text(ja="記録する", en="they are logged"),
        "OPERATIONS_UNLOGGED": Text(ja="記録しない（{source}）", en="they are not logged ({source})"),
        "NO_DIRECTORY": _NONE,
    },
)
def directory_log(directory: DirectoryConfiguration) -> Judgement:
    return _each(directory, lambda s: switch(s.logs, passed("OPERATIONS_LOGGED"), failed("OPERATIONS_UNLOGGED", source=s.source)))


@check(
    "host.directory.account",
    severity=Severity.HIGH,
    title=Text(ja="ディレクトリのサーバを管理者以外のアカウントで動かす", en="The directory server does not run as root"),
    why=WHY_NOT_ROOT,
    remedy=Text(
        ja="slapd -u openldap -g openldap（Debian は /etc/default/slapd の SLAPD_USER）。",
        en="slapd -u openldap -g openldap (on Debian SLAPD_USER in /etc/default/slapd).",
    ),
    says={
        **ACCOUNT_SAYS,
        "NO_DIRECTORY": _NONE,
    },
)
def directory_account(directory: DirectoryConfiguration) -> Judgement:
    return _each(directory, own_account)


@check(
    "host.directory.data-rights",
    severity=Severity.HIGH,
    title=Text(
        ja="ディレクトリのファイルをほかのアカウントが読み書きできない",
        en="Other accounts can neither read nor change the directory's files",
    ),
    why=Text(
        ja="ファイルを直接読めると、規則も記録も意味を失い、パスワードのハッシュも手に入る。",
        en="Whoever can read the files has no need of the rules, leaves no trace in the log, and has the hashes of passwords.",
    ),
    remedy=Text(
        ja="データのディレクトリをサーバのアカウントの所有とし chmod 700、slapd.conf は chmod 640 とする。",
        en="Give the data directory to the server's account and chmod 700 it; chmod 640 slapd.conf.",
    ),
    says={
        "DATA_CLOSED": Text(ja="ほかのアカウントに閉じている（{paths}）", en="closed to others ({paths})"),
        "DATA_OPEN": Text(ja="ほかのアカウントに開いている：{paths}", en="open to others: {paths}"),
        "NO_DATA": _NO_DATA,
        "NO_DIRECTORY": _NONE,
    },
)
def directory_data_rights(directory: DirectoryConfiguration) -> Judgement:
    def one(server: DirectoryServer) -> Judgement:
        if isinstance(server.data, Unobserved):
            return server.data
        if bad := [right for right in server.data if right.mode & (0o006 if right.path.endswith((".mdb", ".conf")) else 0o002)]:
            return failed("DATA_OPEN", paths=listed(f"{right.path} {right.mode:04o}" for right in bad))
        return passed("DATA_CLOSED", paths=listed(right.path for right in server.data)) if server.data else not_applicable("NO_DATA")

    return _each(directory, one)
