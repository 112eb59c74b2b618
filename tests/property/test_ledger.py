"""Whatever stands in a file of the ledger, reading it ends in values or in ``BadLedger``: soon, and within bounded memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.ledger.exceptions import parse_exceptions
from scanner.ledger.inventory import Inventory, targets
from scanner.ledger.inventory_file import parse_inventory
from scanner.ledger.known import Known
from scanner.ledger.profile import AnyValue, parse_profile
from scanner.ledger.yamlfile import BadLedger
from scanner.model.check import Setting, Value
from scanner.model.problem import MOST_PROBLEMS, UNFIT
from scanner.model.text import Text

EXAMPLE = Path(__file__).parents[2] / "examples" / "kakuu"
W = Text(ja="値", en="value")
WORDS: Value[tuple[str, ...]] = Value("some.words", default=("a",), text=W)
VALUES: dict[str, AnyValue] = {
    "some.flag": Value("some.flag", default=True, text=W),
    "some.whole": Value("some.whole", default=1, text=W, least=-5, most=10**12),
    "some.number": Value("some.number", default=1.0, text=W),
    "some.text": Value("some.text", default="a", text=W),
    "some.words": WORDS,
}
KNOWN = Known(
    controls={"nite-1": ("nite", "第1条"), "kochi-1": ("kochi", "第1条")},
    checks={"mail.spf.all"},
    inventory=parse_inventory("k", "domains: [a.jp]\nsystems: [{id: x, name: x}]"),
)


def read_inventory(content: bytes | str) -> None:
    inventory = parse_inventory("f.yaml", content)
    assert isinstance(inventory, Inventory)
    for zone in inventory.zones:
        for target in targets(inventory, zone):
            assert inventory.knows(target)
            assert inventory.systems_of(target) is not None


def read_profile(content: bytes | str) -> None:
    profile = parse_profile("f.yaml", content, VALUES, KNOWN)
    for key, value in VALUES.items():
        assert value.accepts(profile.setting(value).value) is None, key


def read_exceptions(content: bytes | str) -> None:
    for entry in parse_exceptions("f.yaml", content, KNOWN).entries:
        assert entry.reason
        assert entry.approver
        assert entry.start <= entry.end


Read = Callable[[bytes | str], None]
READERS: list[Read] = [read_inventory, read_profile, read_exceptions]


def ends_well(read: Read, content: bytes | str) -> None:
    """Values, or problems that all have a place, words and a file."""
    bad = None
    try:
        read(content)
    except BadLedger as error:
        bad = error
    if bad is None:
        return
    assert 0 < len(bad.problems) <= MOST_PROBLEMS
    for problem in bad.problems:
        assert problem.file == "f.yaml"
        assert problem.line >= 0
        assert problem.message.ja
        assert problem.message.en
        assert not UNFIT.search(problem.text.ja + problem.text.en)
        assert not {"\n", "\t"} & {*problem.text.ja, *problem.text.en}


@settings(deadline=None)  # the processor is shared; the hostile files below have the time limits
@given(st.sampled_from(READERS), st.text(max_size=300) | st.binary(max_size=300))
def test_any_text_ends_in_values_or_in_problems(read: Read, content: bytes | str) -> None:
    ends_well(read, content)


YAMLISH = st.lists(
    st.sampled_from(
        [
            "- ",
            ": ",
            "\n",
            "\n  ",
            "[",
            "]",
            "{",
            "}",
            ",",
            "&a ",
            "*a",
            "? ",
            "|\n",
            ">\n",
            "'",
            '"',
            "\\",
            "#",
            "!",
            "%",
            "\t",
            "---\n",
            "...\n",
            "<<",
        ]
    )
    | st.sampled_from(
        ["domains", "name", "a.jp", "values", "exceptions", "~", "true", "2026-04-01", "1", "あ", "\ud800", "\x00", "\x85", "\ufeff"]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(st.sampled_from(READERS), YAMLISH)
def test_any_row_of_yaml_signs_ends_in_values_or_in_problems(read: Read, content: str) -> None:
    ends_well(read, content)


ORIGINALS: dict[Read, bytes] = {
    read_inventory: (EXAMPLE / "inventory.yaml").read_bytes(),
    read_profile: (EXAMPLE / "profile.yaml").read_bytes(),
    read_exceptions: (EXAMPLE / "exceptions.yaml").read_bytes(),
}


@given(
    st.sampled_from(READERS),
    st.lists(
        st.tuples(
            st.integers(0, 10_000),
            st.integers(0, 40),
            st.binary(max_size=8) | st.sampled_from([b"\n", b"  ", b": ", b"- ", b"[", b"'", b"&a ", b"*a", b"null", b"9" * 30]),
        ),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=100, deadline=None)
def test_a_damaged_example_ends_in_values_or_in_problems(read: Read, damages: list[tuple[int, int, bytes]]) -> None:
    content = ORIGINALS[read]
    for drawn, length, put in damages:
        where = drawn % len(content)
        content = content[:where] + put + content[where + length :]
    ends_well(read, content)


@given(st.sampled_from(READERS), st.data())
@settings(max_examples=100, deadline=None)
def test_an_example_with_lines_moved_about_ends_in_values_or_in_problems(read: Read, data: st.DataObject) -> None:
    lines = ORIGINALS[read].decode().splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        begin, to = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines)))
        taken = lines[begin : begin + data.draw(st.integers(1, 4))]
        lines[to:to] = taken
    ends_well(read, "".join(lines))


KEYS = """
organisation zones name outside networks domains sends_mail receives_mail dkim_selectors outbound_addresses internal_names public_site
domain_exception hosts addresses services at authoritative_for resolver_for endpoints id systems grade confidentiality integrity
availability class owner duty targets scope approved_by allow domain host network level window from until hours weekdays utc_offset
forbid reason control_networks third_parties revocation consents target tests values value source document clause date grading names
protected_from decisions control decision by decided substitute attestations statement valid_from valid_until exceptions baseline ref
check impact applicant approver start end end_report
""".split()  # noqa: SIM905  a hundred quotes would hide the words
SECTIONS = ["zones", "domains", "hosts", "services", "endpoints", "systems", "scope"]
SECTIONS += ["values", "grading", "decisions", "attestations", "exceptions"]
NAMES = ["a.jp", "架空市.jp", "192.0.2.1", "10.0.0.0/8", "::1/200", "a.jp:53/dns", "endpoint:x", "internet", "x", "高", "unknown", "2"]
NAMES += [
    "mon",
    "normal",
    "not-needed",
    "2026-04-01",
    "9999-12-31",
    "2026-04-01T00:00+09:00",
    "22:00-05:00",
    "nite-1",
    "nite",
    "第1条",
    "",
    "%",
]
NAMES += ["1" * 400, "ß" * 300, "xn--" + "a" * 60]
SCALARS = st.sampled_from(NAMES) | st.booleans() | st.integers(-3, 10**30) | st.none() | st.floats() | st.text(max_size=6)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*KEYS, *VALUES]), inner, max_size=8),
    max_leaves=30,
)
TOPS = st.dictionaries(
    st.sampled_from(SECTIONS),
    TREES | st.lists(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=12), max_size=3),
    min_size=1,
    max_size=5,
)


@given(st.sampled_from(READERS), TOPS)
@settings(max_examples=100, deadline=None)
def test_any_tree_of_known_keys_ends_in_values_or_in_problems(read: Read, tree: object) -> None:
    ends_well(read, json.dumps(tree, ensure_ascii=False))


PLAIN_TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=30)


@given(
    st.fixed_dictionaries(
        {
            "some.flag": st.booleans(),
            "some.whole": st.integers(-5, 10**12),
            "some.number": st.integers(0, 10**6).map(lambda n: n / 64),
            "some.text": PLAIN_TEXT,
            "some.words": st.lists(st.text("abc-.~", min_size=1, max_size=5), max_size=4).map(tuple),
        }
    )
)  # fmt: skip
def test_values_that_are_written_are_read_back(values: dict[str, Setting]) -> None:
    profile = parse_profile("f.yaml", json.dumps({"values": values}, ensure_ascii=False), VALUES)
    assert {key: setting.value for key, setting in profile.values.items()} == values


def rows(row: str, count: int) -> str:
    """A line many times, with its number in the place of #."""
    return "".join(row.replace("#", str(i)) + "\n" for i in range(count))


HOSTILE = {
    "unknown keys": rows("kye#: 1", 60_000),
    "the same key": "domains: 1\n" * 120_000,
    "unknown targets": f"domains:\n{rows('- d#.a.jp', 40_000)}systems:\n- id: s\n  name: s\n  targets:\n{rows('  - e#.a.jp', 40_000)}",
    "the same target": "domains:\n" + "- a.jp\n" * 60_000,
    "many zones": f"zones:\n{rows('- {name: z#, outside: no}', 20_000)}domains: [a.jp]\n",
    "unknown zones": f"domains:\n- name: a.jp\n  zones:\n{rows('  - z#', 80_000)}",
    "forbidden and allowed": f"domains: [a.jp]\nscope:\n  approved_by: x\n  allow:\n{rows('  - domain: d#.jp', 20_000)}"
    f"  forbid:\n{rows('  - domain: d#.jp', 20_000)}",
    "one target in many systems": f"domains: [a.jp]\nsystems:\n{rows('- {id: s#, name: s, targets: [a.jp]}', 15_000)}",
    "decisions on one control": f"decisions:\n{rows('- {control: c, decision: needed, by: a, decided: 2026-04-01, reason: b}', 10_000)}",
    "a long name": "domains: [" + "あ" * 1_600_000 + "]\n",
    "a long key": "a" * 4_900_000 + ": 1\n",
    "a long number": "values: {some.whole: " + "9" * 4_900_000 + "}\n",
    "deep lists": "domains: " + "[" * 4_000_000,
    "deep mappings": "domains: " + "{a: " * 1_000_000,
    "questions": "? " * 2_000_000,
    "anchors": f"domains:\n{rows('- &a# a#.jp', 60_000)}",
    "quotes": "'" * 4_900_000,
    "comments": "#\n" * 2_400_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_within_seconds(name: str) -> None:
    before = time.process_time()
    ends_well(read_profile if "decision" in name or "number" in name else read_inventory, HOSTILE[name])
    assert time.process_time() - before < 10


def test_hostile_files_end_within_bounded_memory(tmp_path: Path) -> None:
    largest = {
        "keys": rows("kye#: 1", 300_000),
        "targets": f"domains:\n{rows('- d#.example.jp', 240_000)}",
        "names": HOSTILE["a long name"],
        "lists": HOSTILE["deep lists"],
    }
    for name, content in largest.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    program = """
import sys
from pathlib import Path
from scanner.ledger.inventory_file import load_inventory
from scanner.ledger.yamlfile import BadLedger
for file in sorted(Path(sys.argv[1]).iterdir()):
    try:
        load_inventory(file)
        print(file.name, "loaded")
    except BadLedger as bad:
        print(file.name, bad.problems[0].line)
"""
    limit = 600 * 1024 * 1024  # of address space, the interpreter and its libraries included
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stdout.split("\n")) == (0, ["keys 125000", "lists 1", "names 1", "targets loaded", ""]), done.stderr[
        -2000:
    ]
