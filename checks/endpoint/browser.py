"""Checks of web browsers: are the settings that protect their users kept, by policy or by the product itself. Not their proxies."""

from __future__ import annotations

from checks.common import first_missing, listed
from checks.endpoint.common import whose
from scanner.facts.browsers import Browser, BrowserMatter, Browsers, BrowserSetting
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

SAYS = {
    "BROWSER_KEPT": Text(ja="ポリシーで固定されている（{where}）", en="held by policy ({where})"),
    "BROWSER_SO_FAR": Text(
        ja="現在はそのとおりだが、利用者が変更できる（{where}）", en="so at present, though users could change it ({where})"
    ),
    "BROWSER_POLICY_LOOSE": Text(ja="ポリシーが弱い設定を定めている（{where}）", en="policy itself holds the weak setting ({where})"),
    "BROWSER_LOOSENED": Text(ja="利用者が弱い設定にしている（{where}）", en="users chose the weak setting ({where})"),
    "BROWSER_LEFT": Text(
        ja="ポリシーがなく、製品の初期値は弱い設定である（{where}）",
        en="no policy speaks of it, and the product's default is the weak setting ({where})",
    ),
    "NO_BROWSER": Text(ja="該当するウェブブラウザが入っていない", en="no web browser with this setting is installed"),
}
PLACES_JA = (
    "（Firefox：Linux は /etc/firefox/policies/policies.json、Windows はグループポリシー又は distribution フォルダーの policies.json、"
    "macOS は構成プロファイル org.mozilla.firefox。Chromium：/etc/chromium/policies/managed/。Chrome：/etc/opt/chrome/policies/managed/、"
    "グループポリシー「コンピューターの構成＞管理用テンプレート＞Google＞Google Chrome」。Edge：同じく「Microsoft Edge」）"
)
PLACES_EN = (
    " (Firefox: /etc/firefox/policies/policies.json on Linux, Group Policy or policies.json in the folder distribution on Windows, the "
    "configuration profile org.mozilla.firefox on macOS. Chromium: /etc/chromium/policies/managed/. Chrome: "
    "/etc/opt/chrome/policies/managed/, Computer Configuration > Administrative Templates > Google > Google Chrome. Edge: the same under "
    "Microsoft Edge)"
)


def _judge(found: Browsers, matter: BrowserMatter, wished: bool) -> Judgement:
    """Judge one matter over all browsers: one that is weak anywhere fails, a pass needs all that have the setting."""
    if isinstance(found.browsers, Unobserved):
        return found.browsers
    settings = [(browser, setting) for browser in found.browsers for setting in browser.settings if setting.matter is matter]
    if not settings:
        return not_applicable("NO_BROWSER")
    loose = [b.name for b, s in settings if s.policy is (not wished)]
    if loose:
        return failed("BROWSER_POLICY_LOOSE", where=listed(loose))
    free = [(b, s) for b, s in settings if s.policy is None]
    chosen = [who for b, s in free for who in _choosing(b, s, not wished)]
    if chosen:
        return failed("BROWSER_LOOSENED", where=listed(chosen))
    left = [b.name for b, s in free if (s.preset if s.advised is None else s.advised) is (not wished)]
    if left:
        return failed("BROWSER_LEFT", where=listed(left))
    if why := first_missing([s.policy for _, s in settings] + [part for _, s in free for part in (s.advised, s.own)]):
        return why
    if free:
        return passed("BROWSER_SO_FAR", where=listed(b.name for b, _ in free))
    return passed("BROWSER_KEPT", where=listed(b.name for b, _ in settings))


def _choosing(browser: Browser, setting: BrowserSetting, value: bool) -> list[str]:
    if isinstance(setting.own, Unobserved):
        return []
    return [whose(browser.name, own.account) for own in setting.own if own.value is value]


@check(
    "endpoint.browser.fraud-warnings",
    severity=Severity.MEDIUM,
    title=Text(ja="ブラウザが危険なサイトやダウンロードを警告する", en="Browsers warn of harmful sites and downloads"),
    why=Text(
        ja="警告を切ると、偽サイトへの入力や不正プログラムのダウンロードを利用者の目だけで見分けることになる。",
        en="Without warnings, users have to tell false sites and malicious downloads by eye alone.",
    ),
    remedy=Text(
        ja=(
            "ポリシーで固定する。Chromium・Chrome：SafeBrowsingProtectionLevel=1（又は 2）。Edge：SmartScreenEnabled=1。Firefox："
            "Preferences の "
            "browser.safebrowsing.malware.enabled と browser.safebrowsing.phishing.enabled を locked の true にする。" + PLACES_JA
        ),
        en=(
            "Hold it by policy. Chromium, Chrome: SafeBrowsingProtectionLevel=1 (or 2). Edge: SmartScreenEnabled=1. Firefox: under "
            "Preferences browser.safebrowsing.malware.enabled and browser.safebrowsing.phishing.enabled true and locked" + PLACES_EN + "."
        ),
    ),
    says=SAYS,
)
def browser_fraud_warnings(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.WARNS_OF_FRAUD, wished=True)


@check(
    "endpoint.browser.certificate-errors",
    severity=Severity.MEDIUM,
    title=Text(ja="証明書に誤りのあるサイトへ利用者が進めない", en="Users cannot go on to sites whose certificate is not valid"),
    why=Text(
        ja="警告を無視して進めると、通信を中継する偽サイトに認証情報や機密情報を渡してしまう。",
        en="Whoever goes on past the warning may hand credentials and secrets to a false site in between.",
    ),
    remedy=Text(
        ja=(
            "ポリシーで固定する。Chromium・Chrome・Edge：SSLErrorOverrideAllowed=false。Firefox：DisableSecurityBypass の "
            "InvalidCertificate を true。"
        )
        + PLACES_JA,
        en="Hold it by policy. Chromium, Chrome, Edge: SSLErrorOverrideAllowed=false. Firefox: InvalidCertificate true under "
        "DisableSecurityBypass" + PLACES_EN + ".",
    ),
    says=SAYS,
)
def browser_certificate_errors(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.PASSES_CERTIFICATE_ERRORS, wished=False)


@check(
    "endpoint.browser.tls-versions",
    severity=Severity.MEDIUM,
    title=Text(ja="ブラウザが TLS 1.0・1.1 を使わない", en="Browsers do not speak TLS 1.0 or 1.1"),
    why=Text(
        ja="古い版を認めると、通信を弱い方式に引き下げる攻撃が成り立つ。",
        en="Where old versions are taken, an attacker can bring a connection down to them.",
    ),
    remedy=Text(
        ja=(
            "最小の版を下げるポリシーを除く。Chromium・Chrome・Edge：SSLVersionMin=tls1.2。Firefox：SSLVersionMin=tls1.2（利用者が "
            "security.tls.version.min を下げている場合も、これで固定される）。" + PLACES_JA
        ),
        en=(
            "Take back what lowers the least version. Chromium, Chrome, Edge: SSLVersionMin=tls1.2. Firefox: SSLVersionMin=tls1.2, which "
            "also overrules a user's security.tls.version.min" + PLACES_EN + "."
        ),
    ),
    says=SAYS,
)
def browser_tls_versions(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.OLD_TLS, wished=False)


@check(
    "endpoint.browser.extensions",
    severity=Severity.LOW,
    title=Text(ja="ブラウザの拡張機能を利用者が自由に追加できない", en="Users cannot add any extension to the browser"),
    why=Text(
        ja="拡張機能は閲覧する全てのページを読み書きでき、承認のないソフトウェアが情報を外部へ送る経路になる。",
        en="An extension may read and change every page: unapproved software that can send information out.",
    ),
    remedy=Text(
        ja=(
            'ポリシーで許可したものに限る。Chromium・Chrome・Edge：ExtensionInstallBlocklist=["*"] と ExtensionInstallAllowlist。'
            'Firefox：ExtensionSettings の "*" を "installation_mode": "blocked" とする。' + PLACES_JA
        ),
        en=(
            'Admit approved ones only. Chromium, Chrome, Edge: ExtensionInstallBlocklist=["*"] with ExtensionInstallAllowlist. Firefox: '
            '"installation_mode": "blocked" for "*" in ExtensionSettings' + PLACES_EN + "."
        ),
    ),
    says=SAYS,
)
def browser_extensions(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.FREE_EXTENSIONS, wished=False)


@check(
    "endpoint.browser.passwords",
    severity=Severity.LOW,
    title=Text(ja="ブラウザにパスワードを保存させない", en="Passwords are not stored in the browser"),
    why=Text(
        ja="ブラウザに保存されたパスワードは、端末に入り込んだ不正プログラムが最初に集めるものの一つである。",
        en="Passwords in the browser are among the first things that malicious programs gather.",
    ),
    remedy=Text(
        ja="ポリシーで切る。Chromium・Chrome・Edge：PasswordManagerEnabled=false。Firefox：PasswordManagerEnabled=false。" + PLACES_JA,
        en="Switch it off by policy: PasswordManagerEnabled=false in all of them" + PLACES_EN + ".",
    ),
    says=SAYS,
)
def browser_passwords(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.KEEPS_PASSWORDS, wished=False)


@check(
    "endpoint.browser.https-only",
    severity=Severity.LOW,
    title=Text(ja="ブラウザが平文の HTTP のサイトを警告なしに開かない", en="Browsers do not open plain HTTP sites without a warning"),
    why=Text(
        ja="平文の通信では、入力した内容を読まれ、表示される内容を書き換えられる。",
        en="What is typed into a plain site can be read on the way, and what is shown can be altered.",
    ),
    remedy=Text(
        ja="ポリシーで固定する。Chromium・Chrome・Edge：HttpsOnlyMode=force_enabled。Firefox：HttpsOnlyMode=force_enabled。" + PLACES_JA,
        en="Hold it by policy: HttpsOnlyMode=force_enabled in all of them" + PLACES_EN + ".",
    ),
    says=SAYS,
)
def browser_https_only(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.HTTPS_ONLY, wished=True)


@check(
    "endpoint.browser.synchronisation",
    severity=Severity.LOW,
    title=Text(ja="ブラウザの内容を製造者のアカウントに同期しない", en="Browser contents are not synchronised to an account at the maker"),
    why=Text(
        ja="ブックマーク、履歴、パスワード等が組織の管理しないサーバと私物の端末に渡る。",
        en="Bookmarks, history and passwords go to servers and private machines that the organisation does not manage.",
    ),
    remedy=Text(
        ja="ポリシーで切る。Chromium・Chrome：SyncDisabled=true。Edge：SyncDisabled=1。Firefox：DisableFirefoxAccounts=true。" + PLACES_JA,
        en="Switch it off by policy. Chromium, Chrome, Edge: SyncDisabled=true. Firefox: DisableFirefoxAccounts=true" + PLACES_EN + ".",
    ),
    says=SAYS,
)
def browser_synchronisation(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.SYNCHRONISES, wished=False)


@check(
    "endpoint.browser.popups",
    severity=Severity.LOW,
    title=Text(ja="ブラウザがポップアップを遮断する", en="Browsers block pop-up windows"),
    why=Text(
        ja="勝手に開く窓は、偽の警告（サポート詐欺）や偽の入力画面に使われる。",
        en="Windows that open by themselves are used for false warnings and false forms.",
    ),
    remedy=Text(
        ja=(
            "ポリシーで固定する。Chromium・Chrome・Edge：DefaultPopupsSetting=2。Firefox：PopupBlocking の Default と "
            "Locked を true にする。"
        )
        + PLACES_JA,
        en="Hold it by policy. Chromium, Chrome, Edge: DefaultPopupsSetting=2. Firefox: Default and Locked true under PopupBlocking"
        + PLACES_EN
        + ".",
    ),
    says=SAYS,
)
def browser_popups(found: Browsers) -> Judgement:
    return _judge(found, BrowserMatter.BLOCKS_POPUPS, wished=True)
