"""Parsers of sshd_config, PAM, sudoers and authorized_keys: their grammar, PAM's walk through a stack, and any octets at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire import authorized_keys, pam, shellvars, sshd_config, sudoers
from scanner.wire.pam import FAILURE, IGNORE, SUCCESS, Module, NotPam, Stack
from scanner.wire.sshd_config import Connection, NotSshdConfig
from scanner.wire.sudoers import NotSudoers, Rule, Setting

WORDS = rb"""Match User ! * \ " = : , ( ) ALL NOPASSWD Defaults # auth [ ] success=1 required pam_unix.so @include umask ' x 1 $( include"""
PIECES = (*WORDS.split(), b"\n", b"\r\n", b" ", b"\xff")
JUNK = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=30).map(b" ".join))


def test_sshd_reads_keywords_in_any_case_with_an_equals_sign_quotations_and_windows_line_ends() -> None:
    lines = sshd_config.parse(b'# c\r\nPermitRootLogin "no"\r\n\tMAXAUTHTRIES=3\r\nAllowUsers a b # c\r\nBanner "/a b"\r\n\r\n')
    assert [(d.keyword, d.arguments) for d in lines] == [
        ("permitrootlogin", ("no",)),
        ("maxauthtries", ("3",)),
        ("allowusers", ("a", "b")),
        ("banner", ("/a b",)),
    ]
    assert [d.line for d in lines] == [2, 3, 4, 5]


@pytest.mark.parametrize(("text", "fits"), [("a", True), ("b", False), ("web1", True), ("webx", False), ("", False)])
def test_one_negated_pattern_is_final_and_one_plain_one_is_needed(text: str, fits: bool) -> None:
    assert sshd_config.listed(text, "!webx,a,web?") is fits


def test_match_lines_are_asked_with_a_connection_that_fits_them() -> None:
    members, groups = {"web": ["hanako"]}, {"hanako": ["web"]}
    for words, user in (
        (("User", "bob,root"), "root"),
        (("User", "!root,w*"), "wx"),
        (("Group", "web"), "hanako"),
        (("Address", "198.51.100.0/24,!198.51.100.1", "User", "*"), None),
        (("Address", "2001:db8::/32"), "root"),
        (("LocalPort", "2222"), "root"),
        (("Host", "*.example"), "root"),
    ):
        pairs = sshd_config.criteria(words)
        assert pairs is not None
        made = sshd_config.example(pairs, members, groups)
        assert (None if made is None else made.user) == user
        assert made is None or sshd_config.fits(pairs, made)
    assert sshd_config.criteria(("Exec", "true")) is None
    assert sshd_config.criteria(("ALL",)) == ()
    assert sshd_config.example((("group", "nobody"),), members, groups) is None
    assert not sshd_config.fits((("address", "192.0.2.0/24"),), Connection("root", address="198.51.100.1"))


def test_what_sshd_prints_gathers_repeated_keywords_and_anything_else_is_refused() -> None:
    told = sshd_config.dumped(b"port 22\nport 2222\npermitrootlogin no\nbanner none\n")
    assert told["port"] == ("22", "2222")
    for other in (b"", b"usage: sshd [-46]\n", b"port 22\n"):
        with pytest.raises(NotSshdConfig):
            sshd_config.dumped(other)


def stack(text: str, of: Mapping[str, str] | None = None) -> Stack:
    """A stack of auth lines; ``substack NAME`` takes the text of that name."""
    items: list[Module | Stack] = []
    for line in pam.parse(text.encode()):
        if line.control == "substack":
            items.append(stack((of or {})[line.module]))
        else:
            items.append(Module(pam.module_name(line.module), line.arguments, pam.actions(line.control), str(line.line)))
    return Stack(tuple(items))


def answers(**said: str) -> Callable[[Module], str]:
    """Modules that answer as named, all others with success."""
    return lambda module: said.get(module.name, SUCCESS)


DEBIAN = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"


@pytest.mark.parametrize(
    ("text", "said", "opens"),
    [
        # pam.conf(5), and libpam's way with jumps, which count as if the module were not there
        (DEBIAN, {"pam_deny": FAILURE}, True),
        (DEBIAN, {"pam_deny": FAILURE, "pam_unix": FAILURE}, False),
        ("auth required a.so\nauth sufficient b.so\nauth required pam_deny.so", {"pam_deny": FAILURE}, True),
        ("auth required a.so\nauth sufficient b.so\nauth required pam_deny.so", {"pam_deny": FAILURE, "a": FAILURE}, False),
        ("auth sufficient b.so\nauth required c.so", {"b": FAILURE}, True),
        ("auth sufficient b.so\nauth required c.so", {"c": FAILURE}, True),
        ("auth optional b.so\nauth required c.so", {"b": FAILURE}, True),
        ("auth optional b.so", {"b": IGNORE}, False),
        ("auth [default=die] b.so\nauth required c.so", {}, False),
        ("auth requisite b.so\nauth sufficient c.so", {"b": FAILURE}, False),
        ("", {}, False),
    ],
)
def test_a_stack_opens_as_libpam_would(text: str, said: dict[str, str], opens: bool) -> None:
    assert pam.walk(stack(text), answers(**said))[0] is opens


def test_done_and_die_end_a_substack_only() -> None:
    inner = {"inner": "auth sufficient a.so\nauth required b.so"}
    opened, asked = pam.walk(stack("auth substack inner\nauth required c.so", inner), answers())
    assert (opened, [m.name for m in asked]) == (True, ["a", "c"])
    inner = {"inner": "auth requisite a.so\nauth required b.so"}
    opened, asked = pam.walk(stack("auth substack inner\nauth required c.so", inner), answers(a=FAILURE))
    assert (opened, [m.name for m in asked]) == (False, ["a", "c"])
    # a jump counts the whole substack as one module
    opened, asked = pam.walk(stack("auth [success=1 default=ignore] x.so\nauth substack inner\nauth required c.so", inner), answers())
    assert [m.name for m in asked] == ["x", "c"]


def test_what_depends_on_more_than_the_configuration_is_tried_both_ways() -> None:
    text = "auth [success=1 default=ignore] pam_succeed_if.so\nauth requisite lock.so\nauth required pam_unix.so"
    wild = frozenset({"pam_succeed_if"})
    assert not pam.always(stack(text), answers(lock=FAILURE), wild, lambda opened, _: not opened)
    many = "auth optional pam_succeed_if.so\n" * (pam.MOST_FREE + 1)
    with pytest.raises(NotPam):
        pam.always(stack(many), answers(), wild, lambda opened, _: opened)


def test_lines_of_pam_are_joined_and_brackets_are_one_word() -> None:
    (line,) = pam.parse(b"-auth [success=ok \\\n default=ignore] /lib/security/pam_x.so [a=b c] d # e\n")
    assert (line.type, line.optional, pam.module_name(line.module), line.arguments) == ("auth", True, "pam_x", ("a=b c", "d"))
    for wrong in (b"auth required\n", b"nothing required x.so\n", b"@include\n"):
        with pytest.raises(NotPam):
            pam.parse(wrong)
    with pytest.raises(NotPam):
        pam.actions("maybe")


def test_login_defs_counts_the_last_line_for_shadow_and_the_first_for_pam() -> None:
    data = b'#UMASK 077\nUMASK 027\nUmask 022\nUMASK\t002\nPASS_MAX_DAYS "60"\n'
    assert pam.variable(data, "UMASK", last=True) == "002"
    assert pam.variable(data, "UMASK", last=False) == "027"
    assert pam.variable(data, "PASS_MAX_DAYS", last=True) == "60"
    assert pam.variable(data, "NOTHING", last=True) is None


SUDOERS = rb"""Defaults env_reset, !use_pty, secure_path="/usr/sbin:/usr/bin" # a comment
Defaults:taro !authenticate
Defaults>root timestamp_timeout=5
User_Alias OPERATORS = jiro, %web, \
    !hanako : OTHERS = OPERATORS
Cmnd_Alias SHELLS = /bin/sh, !/bin/bash
OTHERS ALL = (ALL : ALL) NOPASSWD: SHELLS, PASSWD: /bin/id : web1 = /bin/x
"DOMAIN\\users" ALL=(root) NOTBEFORE=20260101000000Z NOPASSWD:NOEXEC: /usr/bin/vi /etc/a\,b, sha224:0Gom+8mN== /bin/true
#1001 ALL=(#0) /bin/date
+netgr ALL = (:staff) /bin/y
@includedir /etc/sudoers.d
#include "/etc/su doers"
"""


def test_sudoers_is_read_as_cvtsudoers_of_1_9_13_reads_it() -> None:
    entries = sudoers.parse(SUDOERS)
    # aliases written out, a negated alias negated member by member; each command on its own
    who = ("jiro", "%web", "!hanako")
    domain = ("DOMAIN\\\\users",)
    assert sudoers.resolved(entries) == (
        Rule(who, ("ALL",), ("ALL",), ("/bin/sh", "!/bin/bash"), False),
        Rule(who, ("ALL",), ("ALL",), ("/bin/id",), True),
        Rule(who, ("web1",), ("root",), ("/bin/x",), None),
        Rule(domain, ("ALL",), ("root",), ("/usr/bin/vi /etc/a,b",), False),
        Rule(domain, ("ALL",), ("root",), ("/bin/true",), False),
        Rule(("#1001",), ("ALL",), ("#0",), ("/bin/date",), None),
        Rule(("+netgr",), ("ALL",), ("",), ("/bin/y",), None),
    )
    assert [e for e in entries if isinstance(e, Setting)] == [
        Setting("env_reset", "yes", ()),
        Setting("use_pty", "no", ()),
        Setting("secure_path", "/usr/sbin:/usr/bin", ()),
        Setting("authenticate", "no", (":taro",)),
        Setting("timestamp_timeout", "5", (">root",)),
    ]
    assert [(e.path, e.directory) for e in entries if isinstance(e, sudoers.Include)] == [
        ("/etc/sudoers.d", True),
        ("/etc/su doers", False),
    ]


def test_aliases_that_multiply_and_long_lines_end_soon() -> None:
    start = time.process_time()
    doubling = "".join(f"User_Alias A{n} = A{n + 1}, A{n + 1}\n" for n in range(19)) + "User_Alias A19 = x\nA0 ALL=ALL\n"
    with pytest.raises(NotSudoers):
        sudoers.resolved(sudoers.parse(doubling.encode()))
    with pytest.raises(NotSudoers):
        sudoers.parse(b"taro ALL=" + b"PASSWD:" * 20_000)
    assert time.process_time() - start < 5.0


def test_quotations_without_anything_stay_and_backslashes_go_outside_of_quotations() -> None:
    (rule,) = sudoers.resolved(sudoers.parse(rb"""%:dom\\ops,"dom\\taro" ALL=/bin/echo "" """))
    assert (rule.users, rule.commands) == (("%:dom\\ops", r"dom\\taro"), ('/bin/echo ""',))


def test_aliases_that_name_themselves_and_lines_without_sense_are_refused() -> None:
    with pytest.raises(NotSudoers):
        sudoers.resolved(sudoers.parse(b"User_Alias A = B\nUser_Alias B = A\nA ALL=ALL\n"))
    for wrong in (b"taro\n", b"taro ALL\n", b"User_Alias = x\n", b"User_Alias A =\n", b"Defaultsx y\n", b"taro ALL=(root)\n"):
        with pytest.raises(NotSudoers):
            sudoers.parse(wrong)
    for wrong in (b"", b"[]", b"{", b"[" * 100_000):
        with pytest.raises(NotSudoers):
            sudoers.printed(wrong)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("@include /etc/sudoers.own # ours", "/etc/sudoers.own"),
        ("#include /etc/sudoers.own # ours", "/etc/sudoers.own"),
        ("\t@includedir /etc/own\\ rules behind", "/etc/own rules"),
        ('@include "/etc/own rules" # ours', "/etc/own rules"),
        (" #include /etc/sudoers.own", None),  # a comment, unlike one that begins its line
        ("#includes are below", None),
    ],
)
def test_includes_end_with_their_path(text: str, path: str | None) -> None:
    assert [e.path for e in sudoers.parse(f"{text}\n".encode()) if isinstance(e, sudoers.Include)] == ([path] if path else [])


@pytest.mark.parametrize("text", ["Defaults:taro\t!authenticate", 'Defaults: "taro"\t !authenticate', "Defaults:taro , jiro !authenticate"])
def test_settings_for_somebody_are_told_from_who_it_is(text: str) -> None:
    ((first, *_),) = [e.binding for e in sudoers.parse(f"{text}\n".encode()) if isinstance(e, Setting) and e.value == "no"]
    assert first == ":taro"


RSA = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7" + "A" * 132 + "=="
ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 42 + "A"


def test_keys_are_named_by_type_and_options_and_nothing_else_is_kept() -> None:
    options = 'from="192.0.2.1,*.example",command="a \\"b\\", c",restrict'
    text = f"# c\n\nssh-ed25519 {ED25519} taro@example\n{options} ssh-ed25519 {ED25519}\nodd line\n"
    found = authorized_keys.parse(text.encode())
    assert [(k.type, k.bits, k.options) for k in found] == [
        ("ssh-ed25519", 256, ()),
        ("ssh-ed25519", 256, ("from", "command", "restrict")),
    ]
    assert "taro" not in repr(found)
    for everywhere in ("*", "192.0.2.1,*", "0.0.0.0/0", "::/0", "0.0.0.0/1,128.0.0.0/1"):
        (open_,) = authorized_keys.parse(f'restrict,from="{everywhere}" ssh-ed25519 {ED25519}\n'.encode())
        assert open_.options == ("restrict",)
    (broken,) = authorized_keys.parse(b"ssh-rsa AAAA!\n")
    assert (broken.type, broken.bits) == ("ssh-rsa", 0)


def test_calls_in_start_up_files_are_found_with_what_they_hang_on() -> None:
    text = 'umask 022\nif [ `umask` -eq 0 ]; then\n  umask 002\nfi\n[ "$UID" = 0 ] && umask 077\necho "umask 000"\n'
    found = shellvars.commands(text, "umask")
    assert [(c.words, c.conditional) for c in found] == [(("022",), False), (("002",), True), (("077",), True)]
    assert "umask" in found[1].condition
    assert "UID" in found[2].condition


@settings(max_examples=150)
@given(JUNK)
def test_any_octets_end_in_values_or_the_parsers_own_refusal(junk: bytes) -> None:
    with suppress(NotSshdConfig):
        for line in sshd_config.parse(junk):
            pairs = sshd_config.criteria(line.arguments)
            if pairs:
                made = sshd_config.example(pairs, {}, {})
                assert made is None or sshd_config.fits(pairs, made)
    with suppress(NotPam):
        lines = pam.parse(junk)
        pam.walk(Stack(tuple(Module(pam.module_name(x.module), x.arguments, pam.actions(x.control), "") for x in lines)), answers())
    with suppress(NotSudoers):
        sudoers.resolved(sudoers.parse(junk))
    with suppress(NotSudoers):
        sudoers.printed(junk)
    with suppress(authorized_keys.NotKeys):
        authorized_keys.parse(junk)
    with suppress(NotPam):
        pam.settings(junk)
    with suppress(shellvars.NotShell):
        shellvars.commands(junk.decode("utf-8", "replace"), "umask")
    pam.variable(junk, "UMASK", last=False)
