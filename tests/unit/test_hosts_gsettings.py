"""GSettings read from files say what ``gsettings`` itself says: databases, locks, profiles, schema defaults and overrides."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scanner.facts.readings import Readings
from scanner.hosts.linux.base import Account
from scanner.hosts.linux.gsettings import GSettings, Key, gsettings
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from tests.unit.host_trees import Machine, gnome

IDLE = Key("org.gnome.desktop.session", "idle-delay")
LOCK = Key("org.gnome.desktop.screensaver", "lock-enabled")
DELAY = Key("org.gnome.desktop.screensaver", "lock-delay")
NEVER = Key("org.gnome.desktop.media-handling", "autorun-never")
KEYS = (IDLE, LOCK, DELAY, NEVER)

TREES = {
    "nothing set": ("", ""),
    "values": ("[org/gnome/desktop/session]\nidle-delay=uint32 600\n[org/gnome/desktop/screensaver]\nlock-enabled=false\n", ""),
    "values and locks": (
        "[org/gnome/desktop/session]\nidle-delay=uint32 600\n[org/gnome/desktop/media-handling]\nautorun-never=true\n",
        "/org/gnome/desktop/session/idle-delay\n/org/gnome/desktop/media-handling/autorun-never\n",
    ),
    "a lock on the default": ("", "/org/gnome/desktop/session/idle-delay\n"),
    "a lock on a directory, which dconf never asks for": (
        "[org/gnome/desktop/session]\nidle-delay=uint32 1\n",
        "/org/gnome/desktop/session/\n",
    ),
    "zero": ("[org/gnome/desktop/session]\nidle-delay=uint32 0\n", ""),
}
USERS = {
    "no settings of one's own": "",
    "own values": "[org/gnome/desktop/session]\nidle-delay=uint32 7200\n[org/gnome/desktop/screensaver]\nlock-delay=uint32 60\n",
}


def asked(machine: Machine, key: Key, home: Path, desktop: str = "GNOME") -> tuple[str, str]:
    """What the real program says of a key, and whether it may be written."""
    profile = machine.root / "oracle"
    profile.write_text(f"user-db:user\nfile-db:{machine.root}/etc/dconf/db/local\n")
    settings = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "DCONF_PROFILE": str(profile),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CURRENT_DESKTOP": desktop,
        "GSETTINGS_SCHEMA_DIR": str(machine.root / "usr/share/glib-2.0/schemas"),
        "GSETTINGS_BACKEND": "dconf",
    }

    def run(verb: str) -> str:
        argv = ["gsettings", verb, key.schema, key.name]
        return subprocess.run(argv, env=settings, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()

    return run("get"), run("writable")


def as_text(value: object) -> str:
    """Write a value as ``gsettings`` does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"uint32 {value}"


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("user", USERS)
def test_what_is_read_is_what_the_real_program_says(tmp_path: Path, tree: str, user: str) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf(*TREES[tree])
    home = machine.person("hanako")
    if USERS[user]:
        machine.own_dconf("hanako", USERS[user])
    settings = gsettings(machine, ("GNOME",))
    for key in KEYS:
        kind = int if key in {IDLE, DELAY} else bool
        readings, fixed = settings.machine(key, kind)
        own = settings.own(key, kind, Account("hanako", "/home/hanako"))
        effective = readings.after_restart if own is None else own
        assert (as_text(effective), as_text(fixed is False)) == asked(machine, key, home)
        assert readings.in_force == readings.after_restart


def test_a_distributions_override_for_one_desktop_counts_there_only(tmp_path: Path) -> None:
    override = "[org.gnome.desktop.session:ubuntu]\nidle-delay=uint32 111\n[org.gnome.desktop.screensaver]\nlock-delay=uint32 30\n"
    machine = gnome(tmp_path / "root").schemas(override).dconf("")
    home = machine.person("hanako")
    for desktops, written in ((("ubuntu", "GNOME"), "ubuntu:GNOME"), (("GNOME",), "GNOME")):
        settings = gsettings(machine, desktops)
        assert as_text(settings.machine(IDLE, int)[0].after_restart) == asked(machine, IDLE, home, written)[0]
        assert settings.machine(DELAY, int)[0].after_restart == 30


def test_key_files_that_nobody_compiled_are_configured_and_not_in_force(tmp_path: Path) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf("[org/gnome/desktop/session]\nidle-delay=uint32 600\n", compiled=False)
    assert gsettings(machine, ()).machine(IDLE, int)[0] == Readings(
        600, 300, 300, "org.gnome.desktop.session idle-delay (dconf profile: user-db:user, system-db:local)"
    )


def test_the_key_file_whose_name_comes_last_is_the_configured_one_as_dconf_compiles_it(tmp_path: Path) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf("[org/gnome/desktop/session]\nidle-delay=uint32 600\n")
    machine.write(
        {
            "/etc/dconf/db/local.d/90-later.bak": "[org/gnome/desktop/session]\nidle-delay=uint32 900\n",
            "/etc/dconf/db/local.d/.hidden": "[org/gnome/desktop/session]\nidle-delay=uint32 1\n",
        }
    )
    machine.compile("/etc/dconf/db/local", "/etc/dconf/db/local.d")
    readings = gsettings(machine, ()).machine(IDLE, int)[0]
    assert (readings.configured, readings.in_force) == (900, 900)


def test_a_database_that_no_profile_names_does_not_count(tmp_path: Path) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf("[org/gnome/desktop/session]\nidle-delay=uint32 600\n")
    (machine.root / "etc/dconf/profile/user").unlink()
    assert gsettings(machine, ()).machine(IDLE, int) == (
        Readings(None, 300, 300, f"{IDLE.schema} {IDLE.name} (dconf profile: user-db:user)"),
        False,
    )


def test_a_profile_named_for_all_sessions_is_the_one_that_counts(tmp_path: Path) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf("[org/gnome/desktop/session]\nidle-delay=uint32 600\n")
    machine.write({"/etc/environment": 'DCONF_PROFILE="kiosk"\n', "/etc/dconf/profile/kiosk": "system-db:local\n"})
    readings, fixed = gsettings(machine, ()).machine(IDLE, int)
    assert readings.after_restart == 600
    assert fixed is True  # without a user's database nothing can be written


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"/etc/dconf/db/local": b"GVariant but not quite"}, Reason.PROTOCOL_VIOLATION),
        ({"/usr/share/glib-2.0/schemas/gschemas.compiled": b"\0" * 100}, Reason.PROTOCOL_VIOLATION),
        ({"/etc/dconf/profile/user": "user-db:user\nnonsense\n"}, Reason.PROTOCOL_VIOLATION),
        ({"/etc/dconf/profile/user": "user-db:user\nservice-db:keyfile/user\n"}, Reason.UNSUPPORTED),
        ({"/etc/environment": "DCONF_PROFILE=none\n"}, Reason.UNSUPPORTED),
    ],
)
def test_what_is_broken_is_unobserved_and_never_the_default(tmp_path: Path, files: dict[str, str | bytes], reason: Reason) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf("").write(files)
    value = gsettings(machine, ()).machine(IDLE, int)[0].after_restart
    assert isinstance(value, Unobserved)
    assert value.reason is reason


def test_a_value_of_another_type_is_unobserved(tmp_path: Path) -> None:
    machine = gnome(tmp_path / "root").schemas().dconf("[org/gnome/desktop/session]\nidle-delay='soon'\n")
    readings = gsettings(machine, ()).machine(IDLE, int)[0]
    for part in (readings.configured, readings.in_force, readings.after_restart):
        assert isinstance(part, Unobserved)
        assert part.reason is Reason.PROTOCOL_VIOLATION


def test_without_the_schema_the_key_is_unknown(tmp_path: Path) -> None:
    settings: GSettings = gsettings(gnome(tmp_path / "root").dconf(""), ())
    value = settings.machine(IDLE, int)[0].after_restart
    assert isinstance(value, Unobserved)
    assert value.reason is Reason.UNSUPPORTED
    assert settings.installed(IDLE) is False
