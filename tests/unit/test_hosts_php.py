"""Configurations of PHP in trees: what pools, files and Apache say, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.web_configuration import PhpProgram, Places
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.host_trees import Machine
from tests.unit.web_trees import ACCOUNTS, APACHE, DEBIAN, fact


def php(machine: Machine) -> PhpProgram:
    found = fact(machine).php
    assert not isinstance(found, Unobserved)
    (one,) = found
    return one


FPM = {
    "/usr/sbin/nginx": "",
    "/etc/nginx/nginx.conf": "http { }",
    "/usr/sbin/php-fpm8.2": "",
    "/etc/php/8.2/fpm/php-fpm.conf": "[global]\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n",
    **ACCOUNTS,
}


def test_php_without_settings_is_as_it_was_built(tmp_path: Path) -> None:
    found = php(Machine(tmp_path, live=False).write(FPM))
    assert (found.name, found.addresses_included) == ("php-fpm8.2", Places())
    assert (found.version_told.found, found.errors_shown.found) == (("expose_php (default)",), ("display_errors (default)",))


def test_later_files_of_php_and_pools(tmp_path: Path) -> None:
    files = {
        "/etc/php/8.2/fpm/php.ini": "[PHP]\nexpose_php = On\n;display_errors = On\ndisplay_errors = Off\r\nallow_url_include = Off\n"
        "[HOST=old.test]\ndisplay_errors = On\n",
        "/etc/php/8.2/fpm/conf.d/99-own.ini": "expose_php = 0\n",
        "/etc/php/8.2/fpm/pool.d/www.conf": "[www]\nphp_admin_flag[allow_url_include] = on\n;php_flag[expose_php] = on\n",
    }
    found = php(Machine(tmp_path, live=False).write({**FPM, **files}))
    assert found.version_told == Places()
    assert found.errors_shown.found == ("display_errors ([HOST=old.test])",)
    assert found.addresses_included.found == ("allow_url_include ([www])",)


@pytest.mark.parametrize(
    ("ini", "pools", "told"),
    [
        ("expose_php = On\n", {"www": "php_admin_flag[expose_php] = off\n"}, ()),
        ("", {"a": "php_admin_value[expose_php] = 0\n", "b": "php_flag[expose_php] = no\n"}, ()),
        ("expose_php = On\n", {"a": "php_admin_flag[expose_php] = off\n", "b": ""}, ("expose_php (php.ini)",)),
        ("expose_php = Off\n", {"a": "", "b": "php_admin_flag[expose_php] = on\n"}, ("expose_php ([b])",)),
        ("expose_php = Off\n", {"a": "php_flag[expose_php] = on\nphp_admin_flag[expose_php] = off\n"}, None),
        ("[HOST=www.example.jp]\nexpose_php = On\n", {"a": "php_admin_flag[expose_php] = off\n"}, ("expose_php ([HOST=www.example.jp])",)),
    ],
)
def test_what_every_pool_says_holds_over_php_ini(tmp_path: Path, ini: str, pools: dict[str, str], told: tuple[str, ...] | None) -> None:
    files = {f"/etc/php/8.2/fpm/pool.d/{name}.conf": f"[{name}]\npm = static\n{lines}" for name, lines in pools.items()}
    found = php(Machine(tmp_path, live=False).write({**FPM, "/etc/php/8.2/fpm/php.ini": ini, **files})).version_told
    assert (None if found.unseen else found.found) == told


def test_a_line_for_the_whole_server_holds_over_php_ini(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            "/usr/sbin/apache2": "",
            "/etc/apache2/apache2.conf": f"{APACHE}LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so\n"
            "php_admin_flag expose_php off\n",
            "/etc/php/8.2/apache2/php.ini": "expose_php = On\ndisplay_errors = On\n",
        }
    )
    found = php(machine)
    assert (found.version_told.found, found.errors_shown.found) == ((), ("display_errors (php.ini)",))


def test_too_many_versions_of_php_are_not_cut(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write({"/usr/sbin/apache2": "", "/etc/apache2/apache2.conf": APACHE})
    machine.write({f"/etc/php/{number // 10 + 1}.{number % 10}/x": "" for number in range(21)})
    why = fact(machine).php
    assert isinstance(why, Unobserved)
    assert why.reason is Reason.TOO_LARGE


def test_an_expression_of_php_is_not_decided(tmp_path: Path) -> None:
    found = php(Machine(tmp_path, live=False).write({**FPM, "/etc/php/8.2/fpm/php.ini": "expose_php = ${SHOW}\ndisplay_errors = 0\n"}))
    assert found.version_told.unseen is not None


def test_php_within_apache(tmp_path: Path) -> None:
    machine = Machine(tmp_path, live=False).write(
        {
            **DEBIAN,
            "/etc/apache2/apache2.conf": f"{APACHE}LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so\n"
            "<Directory /srv/www>\nphp_admin_flag display_errors On\n</Directory>\n",
            "/etc/php/8.2/apache2/php.ini": "expose_php = Off\ndisplay_errors = Off\n",
        }
    )
    found = php(machine)
    assert (found.name, found.starts, found.version_told.found) == ("mod_php", True, ())
    assert found.errors_shown.found == ("display_errors (directory /srv/www)",)
