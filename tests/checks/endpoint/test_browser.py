"""Cases of the checks of web browsers."""

from __future__ import annotations

from scanner.facts.browsers import Browser, BrowserMatter, Browsers, BrowserSetting, OwnChoice
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case
from tests.checks.endpoint import DENIED

Three = bool | Unobserved | None


def browser(
    matter: BrowserMatter,
    policy: Three = None,
    *,
    preset: bool,
    advised: Three = None,
    own: tuple[OwnChoice, ...] | Unobserved = (),
    name: str = "firefox",
) -> Browser:
    """A browser of which one setting is known."""
    return Browser(name, (BrowserSetting(matter, policy, advised, preset, own, "policies.json" if policy is not None else ""),))


def cases(matter: BrowserMatter, wished: bool, preset: bool) -> list[Case]:
    """The same table for every matter: what is wished, what the product does by itself."""
    weak = not wished
    chosen = (OwnChoice("taro", weak),)

    def one(policy: Three = None, **rest: Three | tuple[OwnChoice, ...]) -> Browser:
        return browser(matter, policy, preset=preset, **rest)  # type: ignore[arg-type]  # a table of keywords

    other = browser(matter, wished, preset=preset, name="chromium")
    return [
        case(Browsers((one(wished), other)), says="BROWSER_KEPT", args={"where": ("firefox", "chromium")}),
        case(Browsers((one(wished, own=chosen), other)), says="BROWSER_KEPT"),
        case(Browsers((one(weak), other)), says="BROWSER_POLICY_LOOSE", args={"where": ("firefox",)}),
        case(Browsers((one(None, own=chosen), other)), says="BROWSER_LOOSENED", args={"where": ("firefox:taro",)}),
        case(Browsers((one(None, advised=weak), other)), says="BROWSER_LEFT"),
        case(Browsers((one(None, advised=wished), other)), says="BROWSER_SO_FAR", args={"where": ("firefox",)}),
        case(Browsers((one(), other)), says="BROWSER_SO_FAR" if preset is wished else "BROWSER_LEFT"),
        case(Browsers((one(DENIED), other)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Browsers((one(None, advised=wished, own=DENIED), other)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Browsers((one(None, advised=DENIED), other)), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(Browsers((one(DENIED), browser(matter, weak, preset=preset, name="edge"))), says="BROWSER_POLICY_LOOSE"),
        case(Browsers(()), says="NO_BROWSER"),
        case(Browsers(DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "endpoint.browser.fraud-warnings": cases(BrowserMatter.WARNS_OF_FRAUD, wished=True, preset=True),
    "endpoint.browser.certificate-errors": cases(BrowserMatter.PASSES_CERTIFICATE_ERRORS, wished=False, preset=True),
    "endpoint.browser.tls-versions": cases(BrowserMatter.OLD_TLS, wished=False, preset=False),
    "endpoint.browser.extensions": cases(BrowserMatter.FREE_EXTENSIONS, wished=False, preset=True),
    "endpoint.browser.passwords": cases(BrowserMatter.KEEPS_PASSWORDS, wished=False, preset=True),
    "endpoint.browser.https-only": cases(BrowserMatter.HTTPS_ONLY, wished=True, preset=False),
    "endpoint.browser.synchronisation": cases(BrowserMatter.SYNCHRONISES, wished=False, preset=True),
    "endpoint.browser.popups": cases(BrowserMatter.BLOCKS_POPUPS, wished=True, preset=True),
}
