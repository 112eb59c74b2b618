"""PHP as web servers run it: php.ini, the files beside it, the pools of PHP-FPM, the server's own lines (php.net/manual/ini)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from scanner.facts.web_configuration import PhpProgram, Places
from scanner.hosts.base import Files, Names, Reader, Source
from scanner.hosts.linux.base import Process, needed, parsed, seen, shown
from scanner.hosts.linux.named_paths import matching
from scanner.hosts.linux.services import Found, Program, installed
from scanner.hosts.linux.web_reading import Found as Finding
from scanner.hosts.linux.web_reading import Look, unsupported
from scanner.hosts.linux.web_reloads import in_force
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import phpini
from scanner.wire.phpini import Setting

DEBIAN = "/etc/php"
BUILT_IN = {"expose_php": True, "display_errors": True, "allow_url_include": False}
"""What holds where no file says anything: main/main.c of PHP 5 to 8. The php.ini that packages bring sets the first two otherwise."""
MOST_VERSIONS = 20
READS: tuple[Source, ...] = (
    Names(DEBIAN),
    *(Files(f"{DEBIAN}/*/{sapi}/php.ini") for sapi in ("fpm", "apache2")),
    *(Files(f"{DEBIAN}/*/{sapi}/conf.d/*.ini") for sapi in ("fpm", "apache2")),
    Files(f"{DEBIAN}/*/fpm/php-fpm.conf"),
    Files(f"{DEBIAN}/*/fpm/pool.d/*.conf"),
    Names("/usr/sbin/php-fpm*"),
    Files("/etc/php.ini"),
    Files("/etc/php.d/*.ini"),
    Files("/etc/php-fpm.conf"),
    Files("/etc/php-fpm.d/*.conf"),
)


@dataclass(frozen=True)
class _Home:
    """Where one PHP keeps its files."""

    ini: str
    folder: str
    pools: str = ""


def php_programs(
    read: Reader, servers: Iterable[tuple[Found, Look]], running: tuple[Process, ...] | Unobserved | None
) -> tuple[PhpProgram, ...]:
    """See every PHP that a web server runs. Raises ``CannotObserve``."""
    versions = [name for name in read.names(DEBIAN) or () if re.fullmatch(r"\d{1,2}\.\d{1,2}", name)]
    if len(versions) > MOST_VERSIONS:
        raise CannotObserve(Reason.TOO_LARGE, f"{DEBIAN}: more than {MOST_VERSIONS} versions")
    homes = {
        f"php-fpm{v}": _Home(f"{DEBIAN}/{v}/fpm/php.ini", f"{DEBIAN}/{v}/fpm/conf.d", f"{DEBIAN}/{v}/fpm/php-fpm.conf") for v in versions
    }
    known = [Program(f"php-fpm{v}", (f"/usr/sbin/php-fpm{v}",), (f"php{v}-fpm.service",), (f"php-fpm{v}",)) for v in versions]
    homes["php-fpm"] = _Home("/etc/php.ini", "/etc/php.d", "/etc/php-fpm.conf")
    # Debian's name without a version is a link to one of them
    known.append(Program("php-fpm", () if versions else ("/usr/sbin/php-fpm",), ("php-fpm.service",), ("php-fpm",)))
    found = [_program(read, homes[one.program.name], one, running, ()) for one in installed(read, known, running)]
    for server, look in servers:
        if look.runs_php:
            named = Found(Program("mod_php", (), server.program.units, server.program.processes), server.running, server.starts)
            places = [v for v in versions if read.names(f"{DEBIAN}/{v}/apache2") is not None]
            home = _Home(f"{DEBIAN}/{places[0]}/apache2/php.ini", f"{DEBIAN}/{places[0]}/apache2/conf.d") if places else homes["php-fpm"]
            if len(places) > 1:
                home = _Home("", "")
            found.append(_program(read, _Home(home.ini, home.folder), named, running, look.php))
    return tuple(found)


def _program(
    read: Reader, home: _Home, found: Found, running: tuple[Process, ...] | Unobserved | None, lines: tuple[tuple[str, str, str], ...]
) -> PhpProgram:
    files: list[str] = []
    settings = seen(lambda: tuple(_settings(read, home, files))) if found.unread is None else found.unread
    pools = seen(lambda: tuple(_pools(read, home.pools, files)))
    parts = {name: _judge(name, settings, pools, lines) for name in BUILT_IN}
    read.keep(home.ini or found.program.name, "; ".join(f"{name}: {', '.join(part.found) or '-'}" for name, part in parts.items()))
    return PhpProgram(
        name=found.program.name,
        running=found.running,
        starts=found.starts,
        applied=in_force(read, running, found.program, files) if found.running is True else None,
        source=home.ini,
        version_told=parts["expose_php"],
        errors_shown=parts["display_errors"],
        addresses_included=parts["allow_url_include"],
    )


def _settings(read: Reader, home: _Home, files: list[str]) -> Iterator[Setting]:
    """Give the settings of php.ini and of the files beside it, later ones first to last. Raises ``CannotObserve``."""
    if not home.ini:
        raise CannotObserve(Reason.UNSUPPORTED, "several versions of PHP have settings for the web server")
    names = read.names(home.folder) or ()
    for path in (home.ini, *(f"{home.folder}/{name}" for name in names if name.endswith(".ini"))):
        data = read.file(path)
        if data is not None:
            files.append(shown(path))
            yield from needed(parsed(path, data, phpini.parse))


def _pools(read: Reader, main: str, files: list[str]) -> Iterator[Setting]:
    """Give the lines of PHP-FPM's own file and of those that it includes. Raises ``CannotObserve``."""
    data = read.file(main) if main else None
    if data is None:
        return
    files.append(shown(main))
    for setting in needed(parsed(main, data, phpini.parse)):
        yield setting
        if setting.name == "include":
            for path in matching(read, setting.value):
                files.append(shown(path))
                yield from needed(parsed(path, read.file(path) or b"", phpini.parse))


def _judge(
    name: str, settings: tuple[Setting, ...] | Unobserved, pools: tuple[Setting, ...] | Unobserved, lines: tuple[tuple[str, str, str], ...]
) -> Places:
    """Say where a switch is on: everywhere, for a host or path, in a pool, in a part of the web server."""
    found = Finding()
    report = partial(_on, name, found)
    said = {} if isinstance(pools, Unobserved) else _by_pool(name, pools)
    if isinstance(settings, Unobserved):
        found.doubt(settings)
    else:
        plain = [s.value for s in settings if s.name == name and not s.section.upper().startswith(("PATH=", "HOST="))]
        # the web server's own line for all of it, or one of every pool, holds over php.ini
        covered = any(place == "" and written == name for place, written, _ in lines) or (bool(said) and all(said.values()))
        if (plain or BUILT_IN[name]) and not covered:
            report(plain[-1] if plain else "on", "php.ini" if plain else "default")
        for setting in settings:
            if setting.name == name and setting.section.upper().startswith(("PATH=", "HOST=")):
                report(setting.value, f"[{setting.section}]")
    if isinstance(pools, Unobserved):
        found.doubt(pools)
    for pool, values in said.items():
        if len({phpini.is_on(value) for value in values}) > 1:
            found.doubt(unsupported(f"[{pool}]: {name} is set both ways"))
        else:
            report(values[-1] if values else "off", f"[{pool}]")
    for place, written, value in lines:
        if written == name:
            report(value, place or "httpd")
    return found.places()


def _by_pool(name: str, lines: Iterable[Setting]) -> dict[str, list[str]]:
    """Give what each pool of PHP-FPM says of a switch; nothing: it takes php.ini's."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.section not in {"", "global"}:
            said = found.setdefault(line.section, [])
            if line.for_pool == name:
                said.append(line.value)
    return found


def _on(name: str, found: Finding, value: str, place: str) -> None:
    on = phpini.is_on(value)
    if on is None:
        found.doubt(unsupported(f"{place}: {name} = {value} is an expression"))
    elif on:
        found.at(f"{name} ({place})")
