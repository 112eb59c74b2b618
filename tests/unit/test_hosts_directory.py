"""OpenLDAP as administrators set it up, to what the collector makes of it; slapd's own tools read, convert and judge the same files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.directory_configuration import DirectoryConfiguration, DirectoryServer, Policy, RootPassword, Shown
from scanner.facts.readings import Audience
from scanner.hosts.linux.directory_programs import directory_configuration
from scanner.model.fact import Unobserved
from scanner.wire import slapd, slapdaccess
from scanner.wire.slapdaccess import Person
from tests.unit.host_trees import Machine, age, running

STARTED = 1_700_000_500
BEGIN = "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload ppolicy\n"
DATABASE = "database mdb\nsuffix dc=town,dc=example\n"


def tool(name: str, *argv: str) -> str:
    """Run one of slapd's tools, which have to be there."""
    program = shutil.which(name) or f"/usr/sbin/{name}"
    done = subprocess.run([program, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def machine(room: Path, files: Mapping[str, str] | None = None, argv: str = "-h ldap:/// -F /etc/ldap/slapd.d") -> Machine:
    """A running machine with slapd; files written already stay."""
    made = Machine(room).write(
        {
            "/usr/sbin/slapd": "",
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\nopenldap:x:104:112::/:/bin/false\n",
            "/var/lib/ldap/data.mdb": "",
            **(files or {}),
        }
    )
    running(made, slapd=STARTED)
    made.write({"/proc/2/cmdline": "/usr/sbin/slapd\0" + argv.replace(" ", "\0").replace("+", " ") + "\0"})
    for path in room.rglob("*"):
        os.utime(path, (STARTED - 100, STARTED - 100))
    return made


def server(read: Machine) -> DirectoryServer:
    fact = directory_configuration.run(read)
    assert isinstance(fact, DirectoryConfiguration)
    assert not isinstance(fact.servers, Unobserved)
    (found,) = fact.servers
    return found


def both(room: Path, text: str, argv: str = "-h ldap:///") -> DirectoryServer:
    """Read a slapd.conf, and the cn=config that slaptest makes of it, and see that both say the same."""
    conf = room / "real.conf"
    data = room / "data"
    data.mkdir(parents=True)
    conf.write_text(BEGIN + text.replace("suffix ", f"directory {data}\nsuffix "))
    (room / "made/etc/ldap/slapd.d").mkdir(parents=True)
    tool("slapadd", "-f", str(conf), "-l", "/dev/null")  # slaptest wants the database to be there
    tool("slaptest", "-f", str(conf), "-F", str(room / "made/etc/ldap/slapd.d"))
    by_directory = server(machine(room / "made", argv=f"{argv} -F /etc/ldap/slapd.d"))
    by_file = server(machine(room / "plain", {"/etc/ldap/slapd.conf": BEGIN + text}, argv=f"{argv} -f /etc/ldap/slapd.conf"))
    parts = ["listens", "tls", "clear_passwords", "directories", "root_passwords", "password_forms", "running", "applied"]
    # Where nothing is written slapd logs "stats", and slaptest writes the nought that tools have.
    parts += ["logs"] if "loglevel" in text else []
    assert {part: getattr(by_directory, part) for part in parts} == {part: getattr(by_file, part) for part in parts}
    return by_file


def test_what_nobody_wrote_lets_everybody_read(tmp_path: Path) -> None:
    found = both(tmp_path, DATABASE)
    (town,) = found.directories if isinstance(found.directories, tuple) else ()
    assert (town.suffix, town.anonymous, town.passwords, town.policy) == ("dc=town,dc=example", Shown.ALL, Shown.ALL, Policy.NONE)
    assert (found.listens, found.tls, found.clear_passwords, found.logs) == (Audience.EVERYBODY, False, True, True)
    assert (found.root_passwords, found.password_forms) == ((), ("SSHA",))


KEPT = """password-hash {CRYPT}
password-crypt-salt-format "$6$%.16s"
loglevel sync stats
security simple_bind=128
access to dn.base="" by * read
"""
RULES = """rootdn cn=admin,dc=town,dc=example
rootpw {CRYPT}$6$abc$def
access to attrs=userPassword
    by self write
    by anonymous auth
    by * none
access to *
    by users read
# by * read
    by * none
overlay ppolicy
ppolicy_default cn=default,dc=town,dc=example
"""


def test_a_well_kept_server_says_the_same_in_both_forms(tmp_path: Path) -> None:
    found = both(tmp_path, KEPT + DATABASE + RULES, argv="-h ldap://0.0.0.0/+ldapi:///")
    (town,) = found.directories if isinstance(found.directories, tuple) else ()
    assert (town.anonymous, town.passwords, town.policy) == (Shown.NOTHING, Shown.NOTHING, Policy.DEFAULT)
    assert (found.clear_passwords, found.logs, found.password_forms) == (False, True, ("CRYPT $6$",))
    assert found.root_passwords == (RootPassword("dc=town,dc=example", "CRYPT $6$"),)
    assert "abc" not in str(found)


@pytest.mark.parametrize(
    ("text", "part", "value"),
    [
        ("loglevel none\n" + DATABASE, "logs", False),
        ("loglevel 0x80 128\n" + DATABASE, "logs", False),
        ("loglevel 0x100 1\n" + DATABASE, "logs", True),
        ("loglevel any\n" + DATABASE, "logs", True),
        ("loglevel 0400\n" + DATABASE, "logs", True),
        ("loglevel 0256\n" + DATABASE, "logs", False),
        ("disallow bind_simple\n" + DATABASE, "clear_passwords", False),
        ("security tls=0 update_ssf=128\n" + DATABASE, "clear_passwords", True),
        (DATABASE + "security ssf=128\n", "clear_passwords", False),
        ("security tls=1\n" + DATABASE, "clear_passwords", False),
        (DATABASE + "security ssf=128\ndatabase config\nrootpw secret\n", "clear_passwords", True),
        (
            DATABASE + "rootdn cn=a,dc=town,dc=example\nrootpw secret\n",
            "root_passwords",
            (RootPassword("dc=town,dc=example", "CLEARTEXT"),),
        ),
        ("password-hash {SSHA} {MD5}\n" + DATABASE, "password_forms", ("SSHA", "MD5")),
    ],
)
def test_single_settings_say_the_same_in_both_forms(tmp_path: Path, text: str, part: str, value: object) -> None:
    assert getattr(both(tmp_path, text), part) == value


def anonymous(found: DirectoryServer) -> object:
    assert isinstance(found.directories, tuple)
    return found.directories[0].anonymous


def test_rights_are_known_in_capital_letters_too(tmp_path: Path) -> None:
    found = both(tmp_path, DATABASE + "access to * by * READ\n")
    assert anonymous(found) == anonymous(both(tmp_path / "small", DATABASE + "access to * by * read\n"))
    rules = [slapdaccess.parse("to * by users Read by * +RS Break"), slapdaccess.parse("to * by * none")]
    assert slapdaccess.outcomes(rules[:1], Person.USER, "cn", "") == {"dxcsr"}
    assert slapdaccess.outcomes(rules, Person.ANONYMOUS, "cn", "") == {""}


def test_what_the_server_or_the_database_requires_is_required(tmp_path: Path) -> None:
    assert anonymous(both(tmp_path / "a", "require authc\n" + DATABASE)) is Shown.NOTHING
    assert anonymous(both(tmp_path / "b", DATABASE + "require authc\n")) is Shown.NOTHING
    assert anonymous(both(tmp_path / "c", "require authc\n" + DATABASE + "require none\n")) is Shown.NOTHING


@pytest.mark.parametrize(
    ("urls", "listens", "clear"),
    [
        ("ldap:///", Audience.EVERYBODY, True),
        ("ldaps:///+ldapi:///", Audience.EVERYBODY, False),
        ("ldapi:///", Audience.NOBODY, False),
        ("ldap://127.0.0.1:389/+ldap://[::1]/", Audience.ITSELF, False),
        ("ldap://192.0.2.1+ldap://localhost", Audience.SOME, True),
    ],
)
def test_the_running_servers_addresses_tell_who_reaches_it(tmp_path: Path, urls: str, listens: Audience, clear: bool) -> None:
    found = server(machine(tmp_path, {"/etc/ldap/slapd.conf": DATABASE}, argv=f"-u openldap -h {urls} -f /etc/ldap/slapd.conf"))
    assert (found.listens, found.clear_passwords) == (listens, clear)


def test_start_up_files_tell_where_it_does_not_run(tmp_path: Path) -> None:
    files = {"/etc/ldap/slapd.conf": DATABASE, "/etc/default/slapd": '#SLAPD_SERVICES="ldap:///"\nSLAPD_SERVICES="ldaps:/// ldapi:///"\n'}
    image = machine(tmp_path / "a", files)
    image.live = False
    found = server(image)
    assert (found.running, found.listens, found.clear_passwords, found.source) == (None, Audience.EVERYBODY, False, "/etc/ldap/slapd.conf")
    silent = machine(tmp_path / "b", {"/etc/ldap/slapd.conf": DATABASE})
    silent.live = False
    found = server(silent)
    assert isinstance(found.listens, Unobserved)
    assert isinstance(found.clear_passwords, Unobserved)
    odd = server(machine(tmp_path / "c", {"/etc/ldap/slapd.conf": DATABASE}, argv="-r /srv/jail -f /slapd.conf"))
    assert isinstance(odd.directories, Unobserved)


def test_what_cannot_be_read_or_was_edited_by_hand_leaves_passes_open(tmp_path: Path) -> None:
    assert isinstance(
        server(machine(tmp_path / "a", {"/etc/ldap/slapd.conf": "include /none\n"}, argv="-f /etc/ldap/slapd.conf")).logs, Unobserved
    )
    made = tmp_path / "b"
    both(made, DATABASE)
    root = made / "made"
    database = "/etc/ldap/slapd.d/cn=config/olcDatabase={1}mdb.ldif"
    read = machine(root, argv="-F /etc/ldap/slapd.d")
    age(read, database, STARTED + 10)
    assert server(read).applied is None  # slapd's own work, in force at once
    path = root / database[1:]
    path.write_text(path.read_text() + "olcReadOnly: TRUE\n")
    age(read, database, STARTED + 10)
    assert isinstance(server(read).applied, Unobserved)
    path.unlink()
    assert isinstance(server(read).directories, tuple)
    (root / "etc/ldap/slapd.d/cn=config.ldif").unlink()
    assert isinstance(server(read).directories, Unobserved)


WHAT = st.sampled_from(
    [
        "*",
        "attrs=userPassword",
        "attrs=userPassword,cn",
        "attrs=entry",
        "attrs=cn,entry",
        'dn.subtree="dc=town,dc=example"',
        'dn.exact=""',
        'dn.base="cn=Subschema" attrs=cn',
        "attrs=@person",
        'dn.children="ou=people,dc=town,dc=example"',
        "filter=(objectClass=person)",
    ]
)
WHO = st.sampled_from(
    ["*", "anonymous", "users", "self", 'dn.exact="cn=boss,dc=town,dc=example"', "ssf=1", 'dn.regex=".+"', 'dn.regex=".*"']
)
RIGHTS = st.sampled_from(["none", "auth", "read", "write", "search", "=rscx", "+r", "-r", "selfwrite", "+0", ""])
CONTROL = st.sampled_from(["", "", "stop", "continue", "break"])
BY = st.tuples(WHO, RIGHTS, CONTROL).map(lambda parts: " ".join(("by", *filter(None, parts))))
RULE = st.tuples(WHAT, st.lists(BY, min_size=1, max_size=3)).map(lambda parts: f"to {parts[0]} {' '.join(parts[1])}")


@settings(max_examples=40, deadline=None)
@given(st.lists(RULE, min_size=1, max_size=4))
def test_what_slapd_itself_grants_is_among_what_we_say_may_come_out(tmp_path_factory: pytest.TempPathFactory, rules: list[str]) -> None:
    room = tmp_path_factory.mktemp("acl")
    conf = room / "slapd.conf"
    conf.write_text(f"{BEGIN}{DATABASE}directory {room}\n" + "".join(f"access {rule}\n" for rule in rules))
    ours = [slapdaccess.parse(rule) for rule in rules]
    for person, bound in ((Person.ANONYMOUS, ()), (Person.USER, ("-D", "cn=clerk,dc=town,dc=example"))):
        asked = ("sn", "userPassword", "entry", "cn")
        said = tool("slapacl", "-f", str(conf), "-u", *bound, "-b", "cn=x,ou=other,dc=town,dc=example", *(f"{name}/read" for name in asked))
        real = {name: allowed == "ALLOWED" for name, allowed in re.findall(r"^read access to (\w+): (ALLOWED|DENIED)$", said, re.MULTILINE)}
        assert set(real) == set(asked)
        for name, allowed in real.items():
            ends = {"r" in end for end in slapdaccess.outcomes(ours, person, name.lower(), "dc=town,dc=example")}
            assert allowed in ends, (rules, person, name)
            if not any(word in rule for rule in rules for word in ("filter", "children", "@", ".+", "ssf")):
                assert len(ends) == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=80))
def test_any_octets_end_in_values_or_a_refusal(junk: bytes, text: str) -> None:
    def tried(ask: object) -> bool:
        assert callable(ask)
        try:
            ask()
        except (slapd.NotSlapd, slapdaccess.NotAccess):
            return False
        return True

    for ask in (
        lambda: slapd.of_directory(slapd.ldif(junk)),
        lambda: slapd.of_file([line for line in slapd.directives(junk) if isinstance(line, tuple)]),
        lambda: slapdaccess.outcomes([slapdaccess.parse("to * by " + text)], Person.USER, "cn", ""),
    ):
        assert tried(ask) in {True, False}


@pytest.mark.parametrize(
    ("urls", "listens", "clear"),
    [
        ("pldap:///", Audience.EVERYBODY, True),
        ("pldaps://0.0.0.0:1636/", Audience.EVERYBODY, False),
        ("PLDAP://127.0.0.1/ ldapi://%2Frun%2Fldapi/x", Audience.ITSELF, False),
        ("ldapi:///", Audience.NOBODY, False),
        ("cldap:///", None, None),
        ("ldap:// new://x", None, None),
    ],
)
def test_every_kind_of_address_counts(tmp_path: Path, urls: str, listens: Audience | None, clear: bool | None) -> None:
    argv = f"-h {urls.replace(' ', '+')} -f /etc/ldap/slapd.conf"
    found = server(machine(tmp_path, {"/etc/ldap/slapd.conf": BEGIN + DATABASE}, argv))
    assert (None if isinstance(found.listens, Unobserved) else found.listens) is listens
    assert (None if isinstance(found.clear_passwords, Unobserved) else found.clear_passwords) is clear
