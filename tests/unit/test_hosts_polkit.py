"""Rules of polkit as products and administrators write them, to what they let people do without a password."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.polkit import Polkit
from scanner.hosts.linux.polkit import polkit
from scanner.model.fact import Unobserved
from scanner.wire import polkitrules
from scanner.wire.polkitrules import NotKnown, Way
from tests.unit.host_trees import Machine

RULE = "polkit.addRule(function(action, subject) {{ {0} }});\n"
EXEC = 'action.id == "org.freedesktop.policykit.exec"'
FREE = f'if ({EXEC} && subject.isInGroup("wheel")) {{{{ return polkit.Result.YES; }}}}'.replace("{{", "{").replace("}}", "}")
PASSWD = "root:x:0:0::/root:/bin/sh\nproxy:x:13:13::/:/bin/sh\ntaro:x:1000:1000::/home/taro:/bin/sh\n"
GROUP = "wheel:x:10:taro\nempty:x:11:\nprivate:x:1000:\n"


def granted(*bodies: str) -> tuple[Way, ...]:
    return polkitrules.ways([one for body in bodies for one in polkitrules.rules(RULE.format(body).encode())])


def machine(room: Path, files: dict[str, str]) -> Polkit:
    """A mounted root with polkit."""
    made = Machine(room, live=False).write({"/usr/lib/polkit-1/polkitd": "", "/etc/passwd": PASSWD, "/etc/group": GROUP, **files})
    fact = polkit.run(made)
    assert isinstance(fact, Polkit)
    return fact


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        (FREE, [Way("org.freedesktop.policykit.exec", ("group:wheel",))]),
        ("return polkit.Result.YES;", [Way("*", ())]),
        ("return 'yes'", [Way("*", ())]),
        ("return polkit.Result.AUTH_SELF_KEEP;", []),
        ("/* return polkit.Result.YES; */ // return polkit.Result.YES;\n return null;", []),
        ('if (subject.user === "a" || subject.user === "b") return "yes";', [Way("*", ("user:a",)), Way("*", ("user:b",))]),
        (
            'if ((action.id.startsWith("a.") || action.id == "b") && subject.local && subject.active === true) return polkit.Result.YES',
            [Way("a.*", ()), Way("b", ())],
        ),
        ('if (action.id == "a") { if (subject.isInGroup("g")) { return polkit.Result.YES; } }', [Way("a", ("group:g",))]),
        ('if (action.id == "a") { return polkit.Result.NO; } else { return polkit.Result.YES; }', [Way("*", ())]),
        ('if (action.id == "a") { polkit.log("x"); } else { return "no"; } if (action.id == "a") return "yes";', [Way("a", ())]),
        # what an earlier answer settles
        ('if (action.id.indexOf("a.") == 0) return polkit.Result.NO; if (action.id == "a.b") return polkit.Result.YES;', []),
        ('if (action.id == "a" && subject.user == "x") return "no"; if (action.id == "a") return "yes";', [Way("a", ())]),
        ('if (action.id == "a" && action.lookup("unit") == "x.service") return "yes";', [Way("a", (), narrowed=True)]),
        ('polkit.log("a" + action); if (action.id == "a") return polkit.Result.NOT_HANDLED; return;', []),
    ],
)
def test_rules_of_known_shapes(body: str, ways: list[Way]) -> None:
    assert list(granted(body)) == ways


@pytest.mark.parametrize(
    "body",
    [
        'if (!subject.isInGroup("a")) return polkit.Result.YES;',
        'if (action.id != "a") return polkit.Result.YES;',
        'var ids = ["a"]; if (ids.indexOf(action.id) >= 0) return polkit.Result.YES;',
        'if (action.id.match("a")) return polkit.Result.YES;',
        'if (action.id.indexOf("a") != -1) return polkit.Result.YES;',
        'return polkit.spawn(["/usr/bin/ask"]);',
        'return polkit.Result["YES"];',
        "return subject.isInGroup('a') ? polkit.Result.YES : null;",
        'if (subject.user == "\\u0061") return "yes";',
        "while (true) { return polkit.Result.YES; }",
        "if (" + "(" * 50 + EXEC,
        " && ".join(["if ("] + ['(action.id == "a" || action.id == "b")'] * 12) + ") return 'yes';",
    ],
)
def test_other_shapes_are_not_known_and_may_grant(body: str) -> None:
    data = RULE.format(body).encode()
    with pytest.raises(NotKnown):
        polkitrules.rules(data)
    assert polkitrules.may_grant(data) or "(((" in body


def test_an_unknown_rule_that_never_says_yes_leaves_nothing_open_by_itself() -> None:
    data = RULE.format('for (var i in ["a"]) { return polkit.Result.AUTH_ADMIN; }').encode()
    assert not polkitrules.may_grant(data)


def test_files_go_by_their_names_whatever_their_directory(tmp_path: Path) -> None:
    own = RULE.format(f"if ({EXEC}) return polkit.Result.AUTH_ADMIN;")
    product = RULE.format(FREE)
    first = {"/etc/polkit-1/rules.d/10-a.rules": own, "/usr/share/polkit-1/rules.d/50-b.rules": product}
    assert machine(tmp_path / "a", first).grants == ()
    later = machine(tmp_path / "b", {"/etc/polkit-1/rules.d/60-a.rules": own, "/usr/share/polkit-1/rules.d/50-b.rules": product})
    assert not isinstance(later.grants, Unobserved)
    assert [(one.action, one.whom, one.people) for one in later.grants] == [("org.freedesktop.policykit.exec", ("%wheel",), True)]


def test_what_follows_an_unknown_rule_is_open(tmp_path: Path) -> None:
    odd = RULE.format('if (action.id != "a") return polkit.Result.AUTH_ADMIN;')
    files = {"/etc/polkit-1/rules.d/10-odd.rules": odd, "/etc/polkit-1/rules.d/20-free.rules": RULE.format(FREE)}
    found = machine(tmp_path, files)
    assert (found.grants, found.undecided) == ((), ("/etc/polkit-1/rules.d/20-free.rules",))


@pytest.mark.parametrize(
    ("whom", "people"),
    [
        ('subject.user == "taro"', True),
        ('subject.user == "proxy"', False),
        ('subject.user == "nobody-here"', False),
        ('subject.isInGroup("empty")', False),
        ('subject.isInGroup("private")', True),  # by the account's own group
        ('subject.isInGroup("wheel") && subject.user == "proxy"', False),
    ],
)
def test_whether_people_are_meant(tmp_path: Path, whom: str, people: bool) -> None:
    rule = {"/etc/polkit-1/rules.d/a.rules": RULE.format(f"if ({whom}) return polkit.Result.YES;")}
    found = machine(tmp_path / "a", rule).grants
    assert not isinstance(found, Unobserved)
    assert [one.people for one in found] == [people]
    found = machine(tmp_path / "b", {**rule, "/etc/nsswitch.conf": "passwd: files sss\ngroup: files [NOTFOUND=return] systemd\n"}).grants
    assert not isinstance(found, Unobserved)
    assert [one.people is True for one in found] == [people]
    assert people or isinstance(found[0].people, Unobserved)


PKLA = "[a]\nIdentity=unix-group:wheel;unix-user:*\nAction=org.freedesktop.policykit.exec;b.*\nResultAny=no\nResultActive=yes\n"
PKLA += "[b]\nIdentity=unix-user:*\nAction=c\nResultAny=auth_admin\n"


def test_the_local_authority_counts_where_it_is_asked(tmp_path: Path) -> None:
    files = {"/etc/polkit-1/localauthority/50-local.d/a.pkla": PKLA}
    assert machine(tmp_path / "new", files).grants == ()
    compatible = {"/usr/share/polkit-1/rules.d/49-polkit-pkla-compat.rules": RULE.format('return polkit.spawn(["x"]);')}
    old = {"/etc/polkit-1/localauthority.conf.d/50-localauthority.conf": "", "/etc/polkit-1/rules.d/a.rules": RULE.format(FREE)}
    for name, more in (("compatible", compatible), ("old", old)):
        found = machine(tmp_path / name, files | more)
        assert not isinstance(found.grants, Unobserved)
        assert {(one.action, one.whom) for one in found.grants} == {
            ("org.freedesktop.policykit.exec", ("%wheel",)),
            ("org.freedesktop.policykit.exec", ()),
            ("b.*", ("%wheel",)),
            ("b.*", ()),
        }
        assert found.undecided == ()


def test_a_machine_without_polkit(tmp_path: Path) -> None:
    fact = polkit.run(Machine(tmp_path, live=False))
    assert fact == Polkit(False, (), ())


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                *"(){};.,!",
                "polkit",
                "addRule",
                "function",
                "action",
                "subject",
                "id",
                "user",
                "==",
                "&&",
                "||",
                '"a"',
                "if",
                "else",
                "return",
                "YES",
                "Result",
            ]
        ),
        max_size=60,
    )
)
def test_any_words_end_in_decisions_or_are_not_known(words: list[str]) -> None:
    text = " ".join(words).encode()
    for data in (text, RULE.format(" ".join(words)).encode()):
        with suppress(NotKnown):
            assert isinstance(polkitrules.ways(polkitrules.rules(data)), tuple)
        assert polkitrules.may_grant(data) in {True, False}
    with suppress(NotKnown):
        polkitrules.local_authority(text)
