"""Cases of the checks of PHP behind web servers."""

from __future__ import annotations

from dataclasses import replace

from scanner.facts.web_configuration import PhpProgram, Places, WebConfiguration
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.checks.cases import Case, case

DENIED = Unobserved(Reason.ACCESS_DENIED)
STALE = Unobserved(Reason.STALE)
FPM = PhpProgram("php-fpm8.2", True, True, None, "/etc/php/8.2/fpm/php.ini", Places(), Places(), Places())


def php(**changes: object) -> WebConfiguration:
    """The well kept PHP, with changes."""
    return WebConfiguration((), (replace(FPM, **changes),))  # type: ignore[arg-type]  # fields of the fact


def cases(part: str, good: str, bad: str) -> list[Case]:
    """What holds for every check of PHP."""
    return [
        case(php(), says=good),
        case(php(**{part: Places(("x (php.ini)",))}), says=bad, args={"places": ("x (php.ini)",)}),
        case(php(**{part: Places((), DENIED)}), outcome="undetermined", reason=Reason.ACCESS_DENIED),
        case(php(applied=STALE), outcome="undetermined", reason=Reason.STALE),
        case(php(running=False, starts=False), says="NO_PHP"),
        case(WebConfiguration((), ()), says="NO_PHP"),
        case(WebConfiguration((), DENIED), outcome="undetermined", reason=Reason.ACCESS_DENIED),
    ]


CASES: dict[str, list[Case]] = {
    "host.php.version-hidden": cases("version_told", "PHP_VERSION_HIDDEN", "PHP_VERSION_TOLD"),
    "host.php.errors-hidden": cases("errors_shown", "PHP_ERRORS_HIDDEN", "PHP_ERRORS_SHOWN"),
    "host.php.remote-include": cases("addresses_included", "PHP_INCLUDES_LOCAL", "PHP_INCLUDES_REMOTE"),
}
