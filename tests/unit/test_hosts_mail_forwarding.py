"""Mail that Postfix, OpenSMTPD and Dovecot send on, as people write it, to what the collector makes of it. Exim is in the laboratory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.mail_forwarding import ForwardingProgram, MailForwarding
from scanner.hosts.linux import mail_forwarding_dovecot
from scanner.hosts.linux.mail_forwarding import mail_forwarding
from scanner.model.fact import Unobserved
from scanner.model.reason import CannotObserve, Reason
from scanner.wire import aliases, sieve
from scanner.wire.aliases import What
from tests.unit.host_trees import Machine
from tests.unit.test_hosts_mail import FILES
from tests.unit.test_hosts_mail import machine as postfix

MAIN = "mydestination = example.jp, localhost\nmyorigin = example.jp\nalias_maps = hash:/etc/aliases\nforward_path = $home/.forward\n"
PASSWD = "root:x:0:0::/root:/bin/sh\ntanaka:x:1000:1000::/home/tanaka:/bin/sh\n"
OUTSIDE = "taro.private@mail.example.com"


def indexed(read: Machine, path: str, text: str) -> None:
    """Write a table and, later, what postmap would make of it."""
    read.write({path: text, path + ".db": "x"})
    os.utime(read.root / path.lstrip("/"), (1, 1))


def found(read: Machine, name: str = "postfix") -> ForwardingProgram:
    fact = mail_forwarding.run(read)
    assert isinstance(fact, MailForwarding)
    assert "private" not in repr(fact) + repr(read.evidence())
    assert not isinstance(fact.programs, Unobserved)
    return next(one for one in fact.programs if one.name == name)


def places(program: ForwardingProgram) -> dict[str, tuple[str, ...]]:
    """What goes where, all of it known."""
    assert not isinstance(program.forwardings, Unobserved)
    assert [one.unread for one in program.forwardings if one.unread] == []
    return {one.source: one.domains for one in program.forwardings if one.domains}


def unknown(program: ForwardingProgram) -> list[str]:
    assert not isinstance(program.forwardings, Unobserved)
    return [f"{one.source}: {one.unread.detail}" for one in program.forwardings if one.unread]


def server(room: Path, main: str = "", files: Mapping[str, str] | None = None, tables: Mapping[str, str] | None = None) -> Machine:
    read = postfix(room, MAIN + main).write({"/etc/passwd": PASSWD, **(files or {})})
    for path, text in {"/etc/aliases": "root: tanaka\n", **(tables or {})}.items():
        indexed(read, path, text)
    return read


def test_what_stays_here_is_not_sent_on(tmp_path: Path) -> None:
    text = 'root: tanaka, Tanaka <tanaka@Example.JP>\nbin: /dev/null\nx: \\root, "quoted name"@localhost\n'
    assert places(found(server(tmp_path, tables={"/etc/aliases": text}))) == {}


@pytest.mark.parametrize(
    "text",
    [
        f"staff: tanaka, {OUTSIDE}\n",
        f"staff: tanaka,\n  # note\n  Taro <{OUTSIDE}>\n",
        '"two words": taro.private%mail.example.com@localhost\n',
        "staff: mail.example.com!private\n",
        "staff: :include:/etc/staff\n",
        "staff: team: <taro.private@mail.example.com> (Taro, a@b.example);\n",
    ],
)
def test_addresses_of_other_domains_in_aliases(tmp_path: Path, text: str) -> None:
    read = server(tmp_path, files={"/etc/staff": f"tanaka\n{OUTSIDE}\n"}, tables={"/etc/aliases": text})
    assert places(found(read)) == {"alias_maps hash:/etc/aliases": ("mail.example.com",)}


@pytest.mark.parametrize(
    ("main", "text", "source"),
    [
        ("virtual_alias_maps = hash:/etc/postfix/t\n", f"info@example.jp {OUTSIDE}\n", "virtual_alias_maps hash:/etc/postfix/t"),
        ("virtual_alias_maps = proxy:texthash:/etc/postfix/t\n", f"@a {OUTSIDE}\n", "virtual_alias_maps proxy:texthash:/etc/postfix/t"),
        (
            "virtual_alias_maps = regexp:/etc/postfix/t\n",
            "if /x/\n/^(.*)@a$/i  $1@mail.example.com\nendif\n",
            "virtual_alias_maps regexp:/etc/postfix/t",
        ),
        ("recipient_bcc_maps = hash:/etc/postfix/t\n", f"@example.jp {OUTSIDE}\n", "recipient_bcc_maps hash:/etc/postfix/t"),
        (
            "recipient_canonical_maps = hash:/etc/postfix/t\n",
            "@example.jp @mail.example.com\n",
            "recipient_canonical_maps hash:/etc/postfix/t",
        ),
        ("header_checks = regexp:/etc/postfix/t\n", f"/^To:/ REDIRECT {OUTSIDE}\n/^X:/ REJECT ask a@b.example\n", "regexp:/etc/postfix/t"),
        (
            "smtpd_recipient_restrictions = check_recipient_access hash:/etc/postfix/t, reject_unauth_destination\n",
            f"tanaka@ BCC {OUTSIDE}\nsuzuki@ REJECT see a@b.example\n",
            "hash:/etc/postfix/t",
        ),
    ],
)
def test_other_tables(tmp_path: Path, main: str, text: str, source: str) -> None:
    assert places(found(server(tmp_path, main, tables={"/etc/postfix/t": text}))) == {source: ("mail.example.com",)}


@pytest.mark.parametrize("name", ["always_bcc", "luser_relay"])
def test_parameters_that_are_an_address(tmp_path: Path, name: str) -> None:
    assert places(found(server(tmp_path, f"{name} = {OUTSIDE}\n"))) == {name: ("mail.example.com",)}


def test_what_master_cf_sets_for_single_services_is_said(tmp_path: Path) -> None:
    line = "cleanup unix n - y - 0 cleanup\n#  -o always_bcc=a@b.example\n  -o header_checks=\n  -o smtpd_banner=x\n"
    read = server(tmp_path, files={"/etc/postfix/master.cf": line})
    assert places(found(read)) == {}
    read.write({"/etc/postfix/master.cf": line + f"  -o {{ always_bcc = {OUTSIDE} }}\n"})
    assert unknown(found(read)) == ["/etc/postfix/master.cf: always_bcc is set for single services"]


def test_domains_of_tables_are_delivered_here(tmp_path: Path) -> None:
    main = "virtual_mailbox_domains = hash:/etc/postfix/domains\n"
    tables = {"/etc/postfix/domains": "mail.example.com ok\n", "/etc/aliases": f"x: {OUTSIDE}\n"}
    assert places(found(server(tmp_path, main, tables=tables))) == {}
    assert "it may be delivered here" in unknown(found(server(tmp_path / "b", main.replace("hash:", "mysql:"), tables=tables)))[0]


@pytest.mark.parametrize(
    ("main", "tables", "why"),
    [
        ("virtual_alias_maps = ldap:/etc/postfix/ldap.cf\n", {}, "ldap is not asked"),
        ("virtual_alias_maps = inline:{ a=b@c, d=e@f }\n", {}, "inline is not asked"),
        ("virtual_alias_maps = regexp:/etc/r\n", {"/etc/r": "/^(.*)@old\\.(.*)$/ $1@$2\n"}, "put together when mail comes"),
        ("", {"/etc/aliases": 'list: "|/usr/bin/procmail -p private"\n'}, "procmail is handed mail"),
        ("mailbox_command = /usr/bin/procmail -a private\n", {}, "mailbox_command hands mail to a program"),
        ("forward_path = /srv/$domain/$user\n", {}, "is not worked out"),
    ],
)
def test_what_cannot_be_told_is_said(tmp_path: Path, main: str, tables: Mapping[str, str], why: str) -> None:
    (said,) = unknown(found(server(tmp_path, main, tables=tables)))
    assert why in said


@pytest.mark.parametrize(
    ("alias", "looked_at"), [("tanaka: root", False), ("tanaka: \\tanaka, root", True), ("Tanaka: tanaka@localhost", True)]
)
def test_a_file_counts_unless_an_alias_takes_the_mail(tmp_path: Path, alias: str, looked_at: bool) -> None:
    read = server(tmp_path, files={"/home/tanaka/.forward": OUTSIDE}, tables={"/etc/aliases": alias + "\n"})
    assert bool(places(found(read))) is looked_at


def test_a_table_that_was_not_made_anew_is_not_what_holds(tmp_path: Path) -> None:
    read = server(tmp_path)
    os.utime(read.root / "etc/aliases.db", (0, 0))
    assert "was changed after" in unknown(found(read))[0]
    (read.root / "etc/aliases").unlink()
    assert "is a database" in unknown(found(read))[0]
    (read.root / "etc/aliases.db").unlink()
    assert unknown(found(read)) == []


@pytest.mark.parametrize(
    ("main", "files", "sources"),
    [
        ("", {"/home/tanaka/.forward": f"\\tanaka, {OUTSIDE}\n"}, ["/home/tanaka/.forward"]),
        ("", {"/home/tanaka/.forward": "tanaka\n"}, []),
        ("forward_path =\n", {"/home/tanaka/.forward": OUTSIDE}, []),
        ("forward_path = /etc/forwards/${user}, $(home)/.redirect\n", {"/etc/forwards/tanaka": OUTSIDE}, ["/etc/forwards/tanaka"]),
        ("", {"/root/.forward": OUTSIDE}, []),  # an alias takes root's mail before
        ("", {"/home/elsewhere/.forward": OUTSIDE}, ["/home/elsewhere/.forward"]),  # of an account of a directory
        ("", {"/home/tanaka/.forward+list": OUTSIDE}, []),
        (
            "forward_path = $home/.forward${recipient_delimiter}${extension}, $home/.forward\nrecipient_delimiter = +\n",
            {"/home/tanaka/.forward+list": OUTSIDE},
            ["/home/tanaka/.forward+list"],
        ),
    ],
)
def test_files_of_people(tmp_path: Path, main: str, files: Mapping[str, str], sources: list[str]) -> None:
    assert list(places(found(server(tmp_path, main, files=files)))) == sources


DOVECOT = """# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf
first_valid_uid = 500
mail_home = /srv/%u
plugin {{
{plugin}
}}
protocol lmtp {{
  mail_plugins = " {plugins}"
}}
userdb {{
  driver = {userdb}
}}
"""
SCRIPT = f'require "copy";\nif true {{ redirect :copy "{OUTSIDE}"; }}\n'
PLUGIN = "  sieve = file:~/sieve;active=~/.dovecot.sieve"


def dovecot(
    room: Path, files: Mapping[str, str], plugin: str = PLUGIN, plugins: str = "sieve", userdb: str = "passwd"
) -> ForwardingProgram:
    said = DOVECOT.format(plugin=plugin, plugins=plugins, userdb=userdb)
    read = Machine(room, commands={"doveconf -a": said}).write({**FILES, "/usr/sbin/dovecot": "", "/etc/passwd": PASSWD, **files})
    return found(read, "dovecot")


@pytest.mark.parametrize(
    ("files", "plugin", "sources"),
    [
        ({"/home/tanaka/.dovecot.sieve": SCRIPT}, PLUGIN, ["/home/tanaka/.dovecot.sieve"]),
        ({"/home/tanaka/.dovecot.sieve": 'keep; # redirect "a@b";\n'}, PLUGIN, []),
        ({"/home/tanaka/.dovecot.sieve": SCRIPT.replace("if true", "if false # rule\n")}, PLUGIN, []),
        ({"/home/tanaka/.dovecot.sieve": SCRIPT}, PLUGIN + "\n  sieve_max_redirects = 0", []),
        (
            {"/home/tanaka/.dovecot.sieve": 'include "more";', "/home/tanaka/sieve/more.sieve": SCRIPT},
            PLUGIN,
            ["/home/tanaka/sieve/more.sieve"],
        ),
        ({"/root/.dovecot.sieve": SCRIPT}, PLUGIN, []),
        ({"/srv/tanaka.sieve": SCRIPT}, "  sieve = /srv/%u.sieve", ["/srv/tanaka.sieve"]),
        ({"/etc/dovecot/first/10.sieve": SCRIPT}, PLUGIN + "\n  sieve_before2 = /etc/dovecot/first", ["/etc/dovecot/first/10.sieve"]),
        ({"/etc/dovecot/d.sieve": SCRIPT}, PLUGIN + "\n  sieve_default = file:/etc/dovecot/d.sieve;name=d", ["/etc/dovecot/d.sieve"]),
    ],
)
def test_redirects_of_sieve(tmp_path: Path, files: Mapping[str, str], plugin: str, sources: list[str]) -> None:
    assert list(places(dovecot(tmp_path, files, plugin))) == sources


NEWER = """# 2.4.1-4 (7d8c0e5759): /etc/dovecot/dovecot.conf
mail_plugins =
sieve_max_redirects = {most}
userdb passwd {{
}}
protocol lmtp {{
  mail_plugins {{
    sieve = {on}
  }}
}}
"""


@pytest.mark.parametrize(("most", "on", "known"), [(4, "yes", False), (0, "yes", True), (4, "no", True)])
def test_where_scripts_of_newer_versions_stand_is_not_told(tmp_path: Path, most: int, on: str, known: bool) -> None:
    """What it prints is from Debian 13."""
    read = Machine(tmp_path, commands={"doveconf -a": NEWER.format(most=most, on=on)}).write({**FILES, "/usr/sbin/dovecot": ""})
    assert (found(read, "dovecot").forwardings == ()) is known


class Closed(Machine):
    """A machine on which root's reading does not follow people's links, as over SSH."""

    def file(self, path: str, *, limit: int = 1_000_000) -> bytes | None:
        if (self.root / path.lstrip("/")).is_symlink():
            raise CannotObserve(Reason.ACCESS_DENIED, path)
        return super().file(path, limit=limit)


@pytest.mark.parametrize(("link", "sources"), [("sieve/on.sieve", ["/home/tanaka/sieve/on.sieve"]), ("sieve/off.sieve", [])])
def test_a_link_names_the_script_in_use(tmp_path: Path, link: str, sources: list[str]) -> None:
    said = {"doveconf -a": DOVECOT.format(plugin=PLUGIN, plugins="sieve", userdb="passwd")}
    said[" ".join(mail_forwarding_dovecot.LINKS.argv)] = f"/home/tanaka/.dovecot.sieve\t{link}\n"
    files = {"/usr/sbin/dovecot": "", "/etc/passwd": PASSWD, "/home/tanaka/sieve/on.sieve": SCRIPT, "/home/tanaka/sieve/off.sieve": "keep;"}
    read = Closed(tmp_path, commands=said).write({**FILES, **files})
    (tmp_path / "home/tanaka/.dovecot.sieve").symlink_to(link)
    assert list(places(found(read, "dovecot"))) == sources
    read.commands.popitem()
    assert len(unknown(found(read, "dovecot"))) == 1


def test_sieve_that_is_not_used_sends_nothing_on(tmp_path: Path) -> None:
    assert places(dovecot(tmp_path, {"/home/tanaka/.dovecot.sieve": SCRIPT}, plugins="quota")) == {}


@pytest.mark.parametrize(
    ("script", "plugin", "userdb", "why"),
    [
        ("keep;", PLUGIN, "sql", "kept in sql"),
        ("keep;", PLUGIN, "passwd\n  override_fields = home=/srv/%u", "kept in home=/srv/%u"),
        ("keep;", "  sieve = ldap:/etc/x", "passwd", "are not read"),
        ("keep;", PLUGIN + "\n  sieve_after = dict:x", "passwd", "are not read"),
        ('redirect "${to}@${where}";', PLUGIN, "passwd", "put together when mail comes"),
        ('if execute "x" { pipe "y"; }', PLUGIN, "passwd", "execute is handed mail"),
        ('include :global "x";', PLUGIN, "passwd", "includes a script"),
        ("redirect {", PLUGIN, "passwd", "in the middle"),
    ],
)
def test_what_cannot_be_told_of_scripts_is_said(tmp_path: Path, script: str, plugin: str, userdb: str, why: str) -> None:
    (said,) = unknown(dovecot(tmp_path, {"/home/tanaka/.dovecot.sieve": script}, plugin, userdb=userdb))
    assert why in said


SMTPD = """table people file:/etc/mail/people
table compiled db:/etc/mail/people.db
table inside { "a" = "taro.private@mail.example.com", "b" = "tanaka" }
table kept { "example.jp", "*.example.jp" }
action "in" {action}
action "out" relay
match from any for domain <kept> action "in"
match for local action "in"
match for any action "out"
"""


def opensmtpd(room: Path, action: str, files: Mapping[str, str], rules: str = "") -> ForwardingProgram:
    files = {"/usr/sbin/smtpctl": "", "/etc/smtpd.conf": SMTPD.replace("{action}", action) + rules, "/etc/passwd": PASSWD, **files}
    return found(Machine(room).write(files), "opensmtpd")


@pytest.mark.parametrize(
    ("action", "files", "sources"),
    [
        ("mbox alias <people>", {"/etc/mail/people": "root: tanaka, a@example.jp, b@w.example.jp\n"}, []),
        ("mbox alias <people>", {"/etc/mail/people": f"root {OUTSIDE}\n"}, ["action in alias"]),
        ("mbox virtual <people>", {"/etc/mail/people": f"@example.jp {OUTSIDE}\nb error:550 no, a@b.example\n"}, ["action in virtual"]),
        ("maildir alias <inside>", {}, ["action in alias"]),
        ("mbox", {"/home/tanaka/.forward": OUTSIDE}, ["/home/tanaka/.forward"]),
        ("mbox alias <people>", {"/etc/mail/people": "tanaka: root\n", "/home/tanaka/.forward": OUTSIDE}, []),
    ],
)
def test_actions_of_opensmtpd(tmp_path: Path, action: str, files: Mapping[str, str], sources: list[str]) -> None:
    assert list(places(opensmtpd(tmp_path, action, files))) == sources


@pytest.mark.parametrize(
    ("action", "rules", "why"),
    [
        ("mbox alias <compiled>", "", "was changed after"),
        ("mbox alias <kept_elsewhere>", "", "is not one of those that are read"),
        ('mda "/usr/bin/procmail private"', "", "is handed mail"),
        ("mbox userbase <people>", "", "in a table of their own"),
        ("mbox alias <inside>", 'match from any for domain <people> action "in"\n', "it may be delivered here"),
        ("mbox alias <inside>", 'match from any for any action "in"\n', "it may be delivered here"),
    ],
)
def test_what_cannot_be_told_of_opensmtpd_is_said(tmp_path: Path, action: str, rules: str, why: str) -> None:
    (said,) = unknown(opensmtpd(tmp_path, action, {"/etc/mail/people": "root: tanaka\n"}, rules))
    assert why in said


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab@.,:|/\\"<> \t\n#%!$include', max_size=200))
def test_any_text_is_read_as_destinations(text: str) -> None:
    data = text.encode()
    for entries in (aliases.aliases(data), aliases.table(data), aliases.patterns(data), aliases.searched(data)):
        assert all(one.domain == one.domain.lower() for entry in entries for one in entry.destinations)
    assert all(one.what in What for one in aliases.own(data))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab"{};:#/*\n[] redirectincludefalse', max_size=200))
def test_any_text_is_a_script_or_none(text: str) -> None:
    with suppress(sieve.NotSieve):
        assert len(sieve.script(text.encode()).redirects) <= text.count("redirect")
