"""lighttpd: its language, and what its settings are taken to mean. The real program's own print is held against this in the lab."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.facts.web_configuration import Places, WebConfiguration, WebProgram
from scanner.hosts.linux.web_lighttpd_files import Files
from scanner.hosts.linux.web_programs import web_configuration
from scanner.model.fact import Unobserved
from scanner.model.reason import Reason
from scanner.wire import lighttpd
from scanner.wire.lighttpd import Assignment, Block, Condition, Include, Items, Name, Sum
from tests.unit.host_trees import Machine, running

MAIN = "/etc/lighttpd/lighttpd.conf"
BASE = {
    "/usr/sbin/lighttpd": "",
    "/etc/passwd": "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n",
    "/etc/group": "root:x:0:\nwww-data:x:33:\n",
    "/usr/lib/x86_64-linux-gnu/libssl.so.3": "",
}
GOOD = """server.modules = ("mod_access", "mod_accesslog", "mod_status", "mod_cgi", "mod_webdav", "mod_auth", "mod_openssl")
server.document-root = "/srv/www"
server.username = "www-data"
server.tag = "lighttpd"
accesslog.filename = "/var/log/lighttpd/access.log"
"""


def program(room: Path, text: str, version: str = "1.4.69", more: dict[str, str] | None = None) -> WebProgram:
    machine = Machine(room, commands={"lighttpd -v": f"lighttpd/{version} (ssl) - a light and fast webserver\n"} if version else {})
    machine.write({**BASE, MAIN: text, **(more or {})})
    running(machine)
    fact = web_configuration.run(machine)
    assert isinstance(fact, WebConfiguration)
    assert not isinstance(fact.programs, Unobserved)
    (found,) = fact.programs
    return found


def scopes(room: Path, text: str, more: dict[str, str] | None = None) -> Files:
    return Files(Machine(room).write({MAIN: text, **(more or {})}), MAIN)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).filter(lambda t: t[-1:] != "\\")
NAMES = st.from_regex(r"[a-z]{1,6}\.[a-z-]{1,6}", fullmatch=True)
TERMS = st.recursive(
    st.one_of(TEXT, st.integers(0, 10**9), NAMES.map(Name)),
    lambda inner: st.lists(st.tuples(st.none() | TEXT.map(lambda t: Sum((t,))), inner.map(lambda t: Sum((t,)))), max_size=3).map(
        lambda items: Items(tuple(items))
    ),
    max_leaves=5,
)
SUMS = st.lists(TERMS, min_size=1, max_size=3).map(lambda terms: Sum(tuple(terms)))
LINES = st.one_of(
    st.builds(Assignment, NAMES, st.sampled_from(sorted(lighttpd.ASSIGNMENTS)), SUMS), st.builds(Include, SUMS, st.booleans())
)
CONDITIONS = st.builds(Condition, st.just("HTTP[url]"), st.sampled_from(sorted(lighttpd.COMPARISONS)), TEXT.map(lambda t: Sum((t,))))
BLOCKS = st.lists(st.one_of(LINES, st.builds(Block, CONDITIONS, st.lists(LINES, max_size=2).map(tuple))), max_size=4).map(tuple)


def _term(term: object) -> str:
    match term:
        case Name(name=name):
            return name
        case Items(items=items):
            return (
                "(" + ",\n".join(f"{_sum(key)} => {_sum(value)}" if key else _sum(value) for key, value in items) + (",)" if items else ")")
            )
        case str():
            return '"' + term.replace('"', '\\"') + '"'
        case _:
            return str(term)


def _sum(what: Sum) -> str:
    return " + ".join(map(_term, what.terms))


def _line(one: lighttpd.Statement) -> str:
    match one:
        case Assignment():
            return f"{one.name} {one.how} {_sum(one.value)} # comment"
        case Include():
            return f"{'include_shell' if one.shell else 'include'} {_sum(one.what)}"
        case Block(condition=Condition() as fits):
            return f'$HTTP["url"] {fits.how} {_sum(fits.value)} {{\r\n' + "\n".join(map(_line, one.statements)) + "\n}"
        case _:
            raise AssertionError(one)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(BLOCKS)
def test_what_is_written_is_read_back(statements: tuple[lighttpd.Statement, ...]) -> None:
    assert lighttpd.parse("\r\n".join(map(_line, statements)).encode()) == statements


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a.b", "=", "+=", '"x"', "(", ")", "{", "}", "=>", "$", "[", "]", "HTTP", "else", "global", "\n", "==", "é", '"', ","]
        ),
        max_size=20,
    )
)
def test_junk_is_refused_or_read(pieces: list[str]) -> None:
    with suppress(lighttpd.NotLighttpd):
        lighttpd.parse(" ".join(pieces).encode())


@pytest.mark.parametrize("words", ["else", "else if", "elif", "elsif", "elseif"])
def test_newer_versions_have_more_words_for_a_chain(words: str) -> None:
    first, second = lighttpd.parse(f'if $HTTP["url"] == "a" {{\n}}\n{words} $HTTP["url"] == "b" {{\n}}\n'.encode())
    assert isinstance(first, Block)
    assert isinstance(second, Block)
    assert second.condition == Condition("HTTP[url]", "==", Sum(("b",)))
    assert (first.otherwise, second.otherwise) == (False, True)


def test_what_stands_too_deep_is_refused() -> None:
    with pytest.raises(lighttpd.NotLighttpd, match="deeper"):
        lighttpd.parse(b"a.b = " + b"(" * 5_000)
    with pytest.raises(lighttpd.NotLighttpd, match="deeper"):
        lighttpd.parse(b"global {\n" * 5_000)


def test_values_add_up_as_the_program_has_it(tmp_path: Path) -> None:
    text = 'name = "x"\na.b = name + 1 + "y"\na.c = (1)\na.c += ("k" => "v")\n$HTTP["host"] == "h" {\n a.c += (2)\n a.b := "z"\n}\n'
    found = scopes(tmp_path, text)
    inner = next(scope for conditions, scope in found.scopes.items() if conditions)
    assert found.doubt is None
    assert found.all.values["a.b"] == "x1y"
    assert inner.values == {"a.c": ((None, 1), ("k", "v"), (None, 2)), "a.b": "z"}


@pytest.mark.parametrize(
    "text",
    [
        'a.b = "1"\na.b = "2"\n',
        "a.b = env.HOME\n",
        'a.b = ("x") + 1\n',
        'a.b = ("x" => "1") + ("x" => "2")\n',
        'include "gone.conf"\n',
        'include_shell "cat /etc/lighttpd/more"\n',
        'include "{a,b}.conf"\n',
        "a.b = \n",
        "list = (1)\na.b = (list)\n",
        'a.b = "x"\n' + "a.b += a.b\n" * 40,
        'include "lighttpd.conf"\n',
    ],
)
def test_what_cannot_be_followed_leaves_everything_open(tmp_path: Path, text: str) -> None:
    assert scopes(tmp_path, text).doubt is not None
    found = program(tmp_path, GOOD + text)
    assert found.unread is not None
    assert found.listing == Places((), found.unread)


def test_files_beside_the_main_one_hold_and_else_turns_a_condition_round(tmp_path: Path) -> None:
    more = {"/etc/lighttpd/conf-enabled/10-a.conf": '$HTTP["host"] == "a" {\r\n x.y = "1"\r\n}\r\nelse {\r\n x.y = "2"\r\n}\r\n'}
    found = scopes(tmp_path, 'include "/etc/lighttpd/conf-enabled/*.conf"\ninclude_shell "/usr/share/lighttpd/create-mime.conf.pl"\n', more)
    assert found.doubt is None
    assert found.names == [MAIN, "/etc/lighttpd/conf-enabled/10-a.conf"]
    assert {(conditions[0].how, scope.values["x.y"]) for conditions, scope in found.scopes.items() if conditions} == {
        ("==", "1"),
        ("!=", "2"),
    }


def test_a_well_kept_server_has_nothing_open(tmp_path: Path) -> None:
    found = program(tmp_path, GOOD)
    assert found.unread is None
    for part in ("listing", "cgi", "trace", "writing", "version_told", "status_open", "samples", "unlogged", "escaping"):
        assert getattr(found, part) == Places(), part
    assert (found.account, found.version, found.tls) == ("www-data", "1.4.69", ())
    assert found.slow.unseen is not None


def test_what_is_not_written_is_the_programs_default(tmp_path: Path) -> None:
    found = program(tmp_path, 'server.document-root = "/srv/www"\n')
    assert (found.account, found.version_told.found, found.unlogged.found) == ("root", ("*:80",), ("*:80 (accesslog)",))


@pytest.mark.parametrize(
    ("text", "part", "places"),
    [
        ('dir-listing.activate = "enable"\n', "listing", ("*:80",)),
        ('dir-listing.activate = "Enabled"\n', "listing", ("*:80",)),
        ('dir-listing.activate = "1"\n', "listing", ("*:80",)),
        ('$HTTP["host"] == "a" { server.dir-listing = "enable" }\n', "listing", ("a",)),
        ('$HTTP["remoteip"] =~ "^127\\.0\\.0\\.1$|^::1$" { dir-listing.activate = "enable" }\n', "listing", ()),
        ('$HTTP["remoteip"] == "127.0.0.1" { } else { dir-listing.activate = "enable" }\n', "listing", ("!=127.0.0.1",)),
        ('server.bind = "127.0.0.1"\ndir-listing.activate = "enable"\n', "listing", ()),
        ('server.bind = "127.0.0.1"\n$SERVER["socket"] == ":81" { }\ndir-listing.activate = "enable"\n', "listing", ("127.0.0.1:80",)),
        ('$HTTP["url"] =~ "^/cgi-bin/" { cgi.assign = ("" => "") }\n', "cgi", ("=~^/cgi-bin/ (*)",)),
        ('$HTTP["url"] =^ "/up/" { webdav.activate = "enable" }\n', "writing", ("=^/up/ /up/",)),
        ('$HTTP["url"] =^ "/up/" {\n webdav.activate = "enable"\n webdav.is-readonly = "enable"\n}\n', "writing", ()),
        ('$HTTP["url"] =^ "/up/" {\n webdav.activate = "enable"\n auth.require = ("" => ("method" => "digest"))\n}\n', "writing", ()),
        ('status.status-url = "/s"\n', "status_open", ("*:80 /s",)),
        ('status.status-url = "/s"\nauth.require = ("/s" => ("method" => "basic"))\n', "status_open", ()),
        ('status.status-url = "/s"\nauth.require = ("/t" => ("method" => "basic"))\n', "status_open", ("*:80 /s",)),
        (
            'status.status-url = "/s"\n$HTTP["remoteip"] != "10.0.0.0/8" { $HTTP["url"] =^ "/s" { url.access-deny = ("") } }\n',
            "status_open",
            (),
        ),
        ('status.status-url = "/s"\n$HTTP["remoteip"] != "0.0.0.0/0" { url.access-deny = ("") }\n', "status_open", ("*:80 /s",)),
        ('status.status-url = "/s"\n$HTTP["host"] == "a" { url.access-deny = ("") }\n', "status_open", ("*:80 /s",)),
        ('$HTTP["remoteip"] == "192.0.2.0/24" { status.status-url = "/s" }\n', "status_open", ()),
        ('server.errorlog = "/dev/null"\n', "unlogged", ("*:80 (server.errorlog)",)),
        ("server.max-read-idle = 600\n", "slow", ("*:80 (600 s)",)),
    ],
)
def test_one_setting_each(tmp_path: Path, text: str, part: str, places: tuple[str, ...]) -> None:
    found = getattr(program(tmp_path, GOOD + text), part)
    assert found.found == places
    assert part == "slow" or found.unseen is None


def test_a_log_is_only_written_by_its_module(tmp_path: Path) -> None:
    found = program(tmp_path, GOOD.replace('"mod_accesslog", ', "")).unlogged
    assert found.found == ("*:80 (accesslog)",)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('$HTTP["remoteip"] =~ "^10" { dir-listing.activate = "enable" }\n', "listing"),
        ('status.status-url = "/s"\n$HTTP["url"] =~ "(a|s)" { url.access-deny = ("") }\n', "status_open"),
        ('fastcgi.server = ("/app" => (("socket" => "/run/app")))\n', "cgi"),
        ('evhost.path-pattern = "/srv/%_"\n', "roots_writable"),
        ('evhost.path-pattern = "/srv/%_"\n', "samples"),
        ('server.chroot = "/srv/jail"\n', "roots_writable"),
    ],
)
def test_what_is_not_followed_is_neither_open_nor_closed(tmp_path: Path, text: str, part: str) -> None:
    found = getattr(program(tmp_path, GOOD + text), part)
    assert (found.found, found.unseen is None) == ((), False)


def test_a_prefix_without_its_slash_leaves_the_folder_before_1_4_50_only(tmp_path: Path) -> None:
    text = GOOD + 'alias.url = ("/files" => "/srv/files/")\n'
    assert program(tmp_path / "new", text).escaping == Places()
    assert program(tmp_path / "old", text, "1.4.45").escaping.found == ("*:80 /files",)
    assert program(tmp_path / "unknown", text, "").escaping.unseen is not None


TLS = GOOD + 'ssl.pemfile = "/etc/lighttpd/server.pem"\n$SERVER["socket"] == ":443" {\n ssl.engine = "enable"\n'


def test_a_socket_without_settings_of_its_own_has_those_of_the_main_scope(tmp_path: Path) -> None:
    text = TLS.replace(
        "$SERVER",
        'ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv1", "CipherString" => "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")\n$SERVER',
    )
    (one,) = tls(program(tmp_path / "main", text + "}\n"))
    assert one == (":443", ("TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"))
    own = '  ssl.pemfile = "/etc/lighttpd/other.pem"\n}\n'
    found = program(tmp_path / "own", text + own, more={"/etc/lighttpd/other.pem": "", "/etc/lighttpd/server.pem": ""})
    assert tls(found) == [(":443", ("TLS 1.2", "TLS 1.3"))]
    assert len(found.keys_open.found) == 2


@pytest.mark.parametrize(("version", "known"), [("1.4.56", True), ("1.4.55", False), ("", False)])
def test_tls_without_a_word_is_the_versions(tmp_path: Path, version: str, known: bool) -> None:
    ((_, versions),) = tls(program(tmp_path, TLS + "}\n", version))
    assert versions == ("TLS 1.2", "TLS 1.3") if known else isinstance(versions, Unobserved)


def test_tls_by_another_library_is_not_told(tmp_path: Path) -> None:
    ((_, versions),) = tls(program(tmp_path, TLS.replace("mod_openssl", "mod_gnutls") + "}\n"))
    assert isinstance(versions, Unobserved)
    assert versions.reason is Reason.UNSUPPORTED


def tls(found: WebProgram) -> list[tuple[str, tuple[str, ...] | Unobserved]]:
    assert not isinstance(found.tls, Unobserved)
    return [(one.site, one.versions) for one in found.tls]


@pytest.mark.parametrize(
    ("module", "line"), [("mod_auth", 'auth.require = ("/s" => ("method" => "basic"))'), ("mod_access", 'url.access-deny = ("")')]
)
def test_without_its_module_nothing_closes_a_path(tmp_path: Path, module: str, line: str) -> None:
    text = GOOD + f'status.status-url = "/s"\n{line}\n'
    assert program(tmp_path / "with", text).status_open.found == ()
    assert program(tmp_path / "without", text.replace(f'"{module}", ', "")).status_open.found == ("*:80 /s",)
