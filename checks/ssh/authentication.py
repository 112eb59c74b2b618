"""Checks of the ways in which an SSH service lets people in, and of what it tells before."""

from __future__ import annotations

from checks.each import Judged
from checks.ssh.common import OLD_ONLY, each
from scanner.facts.ledger import DeclaredSshService
from scanner.facts.ssh import SshAddress, SshOffer, SshSurvey
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved, cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed

PASSWORD = "password"  # noqa: S105  the RFC's name of a method
INTERACTIVE = "keyboard-interactive"


@check(
    "ssh.auth.required",
    severity=Severity.CRITICAL,
    title=Text(ja="認証なしでログインできない", en="Nobody is let in without authentication"),
    why=Text(ja="誰でもサーバを操作できる。", en="Anybody could operate the server."),
    remedy=Text(
        ja="直ちに外部からの接続を止め、「PermitEmptyPasswords no」とし、認証なしの利用者を無くす。",
        en='Cut the service off at once, set "PermitEmptyPasswords no" and remove users without authentication.',
    ),
    says={
        "AUTH_NONE": Text(
            ja="{address} が存在しない利用者を認証なしで受け入れた", en="{address} let an unknown user in without authentication"
        ),
        "AUTH_ASKED": Text(ja="認証を求める（{methods}）", en="it asks for authentication ({methods})"),
    },
)
def ssh_auth_required(survey: SshSurvey) -> Judgement:
    def one(seen: SshAddress) -> Judged:
        if isinstance(seen.offer, Unobserved):
            return seen.offer
        if seen.methods is None:
            return OLD_ONLY
        if isinstance(seen.methods, Unobserved):
            return seen.methods
        return passed("AUTH_ASKED", methods=seen.methods) if seen.methods else failed("AUTH_NONE")

    return each(survey, one)


@check(
    "ssh.auth.password",
    severity=Severity.HIGH,
    title=Text(ja="組織の外からパスワードだけでログインできない", en="No login with a password alone from outside"),
    why=Text(
        ja="インターネットからのパスワードの総当たりは絶えず行われている。一つの弱いパスワードで侵入される。",
        en="Passwords are tried from the Internet all the time; one weak password is enough.",
    ),
    remedy=Text(
        ja="「PasswordAuthentication no」とし公開鍵認証に移す。多要素認証とするか、接続元を限る。",
        en='Set "PasswordAuthentication no" and use keys; or require a second factor, or limit who can connect.',
    ),
    says={
        "PASSWORD_OUTSIDE": Text(ja="{address} が外部からパスワード認証を受け付ける", en="{address} accepts passwords from outside"),
        "PASSWORD_INSIDE": Text(
            ja="パスワード認証を受け付けるが、この観測点は組織の内側である", en="it accepts passwords, and this vantage point is inside"
        ),
        "PASSWORD_REFUSED": Text(ja="パスワード認証を受け付けない（{methods}）", en="it accepts no passwords ({methods})"),
    },
)
def ssh_auth_password(survey: SshSurvey, ledger: DeclaredSshService) -> Judgement:
    def one(seen: SshAddress) -> Judged:
        if isinstance(seen.offer, Unobserved):
            return seen.offer
        if seen.methods is None:
            return OLD_ONLY
        if isinstance(seen.methods, Unobserved):
            return seen.methods
        if PASSWORD in seen.methods:
            if ledger.vantage_outside is None:
                ja, en = "この観測点が組織の外にあるかどうかが台帳にない", "the ledger does not say whether this vantage point is outside"
                return cannot_tell(Reason.NO_VANTAGE, ja, en)
            return failed("PASSWORD_OUTSIDE") if ledger.vantage_outside else passed("PASSWORD_INSIDE")
        if INTERACTIVE in seen.methods:
            ja = "keyboard-interactive がパスワードだけを求めるか、ほかの要素も求めるかは外から分からない"
            en = "whether keyboard-interactive asks for a password alone or for another factor too cannot be seen from outside"
            return cannot_tell(Reason.NOT_DISCOVERABLE, ja, en)
        return passed("PASSWORD_REFUSED", methods=seen.methods)

    return each(survey, one, worst_first=("PASSWORD_INSIDE",))


@check(
    "ssh.disclosure.system",
    severity=Severity.LOW,
    title=Text(ja="接続時の名乗りで OS の版を明かさない", en="The greeting does not tell the system's version"),
    why=Text(
        ja="OS の配布元や修正版の番号は、攻撃者が使える欠陥を選ぶ手がかりになる。",
        en="The distribution and its patch level help attackers choose a defect that works.",
    ),
    remedy=Text(
        ja="Debian 系では sshd_config に「DebianBanner no」を加える。", en='On Debian and Ubuntu add "DebianBanner no" to sshd_config.'
    ),
    says={
        "SYSTEM_SHOWN": Text(ja="{address} が名乗りに「{comment}」を含める", en='{address} adds "{comment}" to its greeting'),
        "SYSTEM_HIDDEN": Text(
            ja="規格で必要なソフトウェアの版（{software}）だけを名乗る", en="it names only its software, as the protocol asks ({software})"
        ),
    },
)
def ssh_disclosure_system(survey: SshSurvey) -> Judgement:
    def one(seen: SshAddress) -> Judged:
        if not isinstance(seen.offer, SshOffer):
            return seen.offer
        if seen.offer.comment:
            return failed("SYSTEM_SHOWN", comment=seen.offer.comment)
        return passed("SYSTEM_HIDDEN", software=seen.offer.software)

    return each(survey, one)
