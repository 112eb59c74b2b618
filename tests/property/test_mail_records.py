"""Properties of the mail record parsers: junk ends in a value or the format's own exception, and what is written is read back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire import bimi, der, dkim, dmarc, dmarc_discovery, mta_sts, tls_rpt
from scanner.wire.report_uri import MAX_URIS, read_uris
from scanner.wire.tags import DKIM_LIST, DMARC_LIST, FIELD_LIST, MAX_TAGS, read_tags
from scanner.wire.txt import MAX_EXCERPT, Choice, Selection, excerpt

bounded = settings(max_examples=120, deadline=None)


class Oddity(Protocol):
    """The parts of a problem that people see."""

    @property
    def tag(self) -> str: ...

    @property
    def excerpt(self) -> str: ...


class HasProblems(Protocol):
    """What every parser gives."""

    @property
    def problems(self) -> tuple[Oddity, ...]: ...


PARSERS: dict[str, tuple[Callable[[Iterable[bytes]], Selection], Callable[[bytes], HasProblems], type[ValueError]]] = {
    "dmarc": (dmarc.select, dmarc.parse, dmarc.NotDmarc),
    "dkim": (dkim.select, dkim.parse, dkim.NotDkim),
    "mta-sts": (mta_sts.select, mta_sts.parse, mta_sts.NotMtaSts),
    "tls-rpt": (tls_rpt.select, tls_rpt.parse, tls_rpt.NotTlsRpt),
    "bimi": (bimi.select, bimi.parse, bimi.NotBimi),
}

STARTS = {"dmarc": b"v=DMARC1;", "dkim": b"v=DKIM1;", "mta-sts": b"v=STSv1;", "tls-rpt": b"v=TLSRPTv1;", "bimi": b"v=BIMI1;"}

# Pieces that lead deep into the parsers, between pieces that lead astray.
PIECES = (
    b"; |;|=| |\t|\r\n |:|,|!|%|@|p|sp|np|psd|t|rua|ruf|fo|pct|id|k|h|s|l|a|avp|n|g|v|mx: |mode: |\n|"
    b"DMARC1|reject|none|y|0:1:d:s|mailto:a@example.jp|https://r.example.jp/|!10m|DKIM1|rsa|ed25519|sha256|email|"
    b"MIGfMA0GCSqGSIb3DQEBAQUAA4GN|AAAA|==|999999999999999999999|\0|\xff|\x7f"
).split(b"|")
bent = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4)), max_size=40).map(b"".join)
led = st.builds(bytes.__add__, st.sampled_from(list(STARTS.values())), bent)
junk = st.one_of(st.binary(max_size=300), bent, led)


@pytest.mark.parametrize("name", PARSERS)
@bounded
@given(records=st.lists(junk, max_size=4))
def test_any_bytes_end_in_a_value_or_the_exception_of_the_format(name: str, records: list[bytes]) -> None:
    select, parse, refusal = PARSERS[name]
    chosen = select(records)
    taken = []
    for record in records:
        try:
            read = parse(record)
        except refusal:
            continue
        taken.append(record)
        for problem in read.problems:
            assert f"{problem.tag}{problem.excerpt}".isprintable()
            assert max(len(problem.tag), len(problem.excerpt)) <= MAX_EXCERPT
    assert list(chosen.records) == taken
    assert chosen.choice is (Choice.NONE, Choice.ONE, Choice.SEVERAL)[min(len(taken), 2)]


@bounded
@given(junk)
def test_derived_values_never_fail(record: bytes) -> None:
    if dmarc.is_dmarc(record):
        read = dmarc.parse(record)
        assert all(read.effective(reach) is read.stated(reach) or read.testing for reach in dmarc.Reach)
        assert read.standing is dmarc.Standing.APPLIES or read.effective(dmarc.Reach.ITSELF) is dmarc.Policy.NONE
    if dkim.is_key(record):
        key = dkim.parse(record)
        assert not (key.usable and key.bits is None)
        assert key.exponent is None or key.exponent.bit_length() <= dkim.LARGEST_EXPONENT_BITS
    policy = mta_sts.parse_policy(record)
    assert not policy.valid or (policy.mode is not None and policy.max_age is not None)
    assert not policy.valid or policy.mx or policy.mode is mta_sts.Mode.NONE


@bounded
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: b"\x30\x81" + tail)))
def test_any_octets_are_der_or_refused(data: bytes) -> None:
    for read in (der.take, der.read_rsa_key, der.subject_public_key_info):
        try:
            taken = read(data)
        except der.NotDer:
            continue
        assert taken
        assert len(data) >= 2


@bounded
@given(st.text(max_size=300))
def test_an_excerpt_is_always_short_printable_ascii(text: str) -> None:
    seen = excerpt(text)
    assert len(seen) <= MAX_EXCERPT
    assert seen.removesuffix("…").isascii()
    assert seen.isprintable()


@bounded
@given(junk)
def test_lists_and_addresses_stay_below_their_caps(record: bytes) -> None:
    for grammar in (DKIM_LIST, DMARC_LIST, FIELD_LIST):
        listed = read_tags(record, grammar)
        assert len(listed.tags) <= MAX_TAGS
        assert len(listed.problems) <= 3 * MAX_TAGS
    uris, _ = read_uris(record.decode("latin-1"), "rua")
    assert len(uris) <= MAX_URIS


LONG = 200_000
HOSTILE = [
    b";" * LONG,
    b" " * LONG,
    b"=" * LONG,
    b"," * LONG,
    b"\0" * LONG,
    b"a=" * LONG,
    b"a=1;" * LONG,
    b"p= " + b" " * LONG + b"x",
    b"p=" + b"A" * LONG,
    b"p=" + b"A " * LONG,
    b"rua=" + b"mailto:" * LONG,
    b"rua=mailto:" + b"a." * LONG + b"@",
    b"rua=mailto:a@" + b"a-" * LONG,
    b"rua=mailto:a@" + b"a." * 1000 + b"!" + b"1" * LONG,
    b"rua=" + b"mailto:a@example.jp," * LONG,
    b"rua=https://" + b"a@" * LONG,
    b"fo=" + b"0:" * LONG,
    b"h=" + b"sha256:" * LONG,
    b"t=" + b"\t" * LONG + b"x",
    b"\r\n " * LONG,
    b"mx: " + b" " * LONG + b"x",
    b"mx: " + b"a." * LONG,
    b"mx: a\n" * LONG,
    b":" * LONG,
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_records_take_no_time_worth_mention(body: bytes) -> None:
    for name, (select, parse, _) in PARSERS.items():
        record = STARTS[name] + body
        assert record in select([record, body]).records
        assert len(parse(record).problems) < 5 * MAX_TAGS
    assert not mta_sts.parse_policy(body).valid


# Written and read back

label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
domains = st.lists(label, min_size=1, max_size=12).map(".".join)
local_part = st.from_regex(r"[A-Za-z0-9._+-]{1,20}", fullmatch=True)
mailto = st.builds("mailto:{}@{}".format, local_part, domains)
blank = st.text(" \t", max_size=2)
TAGS = {
    "p": st.sampled_from(dmarc.Policy),
    "sp": st.sampled_from(dmarc.Policy),
    "np": st.sampled_from(dmarc.Policy),
    "psd": st.sampled_from(dmarc.Psd),
    "t": st.sampled_from(["y", "n"]),
    "adkim": st.sampled_from(dmarc.Alignment),
    "aspf": st.sampled_from(dmarc.Alignment),
}


@bounded
@given(st.data(), blank, blank)
def test_a_written_dmarc_record_is_read_back(data: st.DataObject, before: str, after: str) -> None:
    said = {name: str(data.draw(values)) for name, values in TAGS.items() if name == "p" or data.draw(st.booleans())}
    rua = data.draw(st.lists(mailto, max_size=4, unique=True))
    listed = [*said.items(), *([("rua", ",".join(rua))] if rua else [])]
    text = f"{before};{after}".join(["v=DMARC1", *(f"{name}{before}={after}{value}" for name, value in listed)])
    read = dmarc.parse(text.encode())
    assert read.problems == ()
    assert (read.p, read.sp, read.np) == (said["p"], said.get("sp"), said.get("np"))
    assert (read.psd, read.testing) == (said.get("psd", "u"), said.get("t") == "y")
    assert (read.adkim, read.aspf) == (said.get("adkim", "r"), said.get("aspf", "r"))
    assert [uri.uri for uri in read.rua] == rua


def rsa_der(modulus: int, exponent: int) -> bytes:
    def element(tag: int, contents: bytes) -> bytes:
        size = len(contents).to_bytes(4).lstrip(b"\0") or b"\0"
        return bytes([tag]) + (size if len(contents) < 0x80 else bytes([0x80 | len(size)]) + size) + contents

    numbers = b"".join(element(der.INTEGER, n.to_bytes(n.bit_length() // 8 + 1)) for n in (modulus, exponent))
    key = element(der.BIT_STRING, b"\0" + element(der.SEQUENCE, numbers))
    return element(der.SEQUENCE, element(der.SEQUENCE, bytes.fromhex("06092a864886f70d0101010500")) + key)


@bounded
@given(st.integers(64, 4096), st.integers(1, 2**31), st.data())
def test_a_written_dkim_key_is_measured(bits: int, half: int, data: st.DataObject) -> None:
    modulus = (1 << (bits - 1)) | data.draw(st.integers(0, 2 ** (bits - 1) - 1)) | 1
    exponent = 2 * half + 1
    wire = rsa_der(modulus, exponent)
    coded = base64.b64encode(wire).decode()
    step = data.draw(st.integers(1, 100))
    text = "v=DKIM1; k=rsa; p=" + " ".join(coded[at : at + step] for at in range(0, len(coded), step))
    key = dkim.parse(text.encode())
    assert (key.bits, key.exponent, key.key, key.problems) == (bits, exponent, wire, ())
    for cut in range(len(wire)):
        with pytest.raises(der.NotDer):
            der.read_rsa_key(wire[:cut])


@bounded
@given(
    st.sampled_from(mta_sts.Mode),
    st.integers(0, mta_sts.LONGEST_MAX_AGE),
    st.lists(domains, min_size=1, max_size=5, unique=True),
    st.booleans(),
)
def test_a_written_mta_sts_policy_is_read_back(mode: mta_sts.Mode, seconds: int, hosts: list[str], wild: bool) -> None:
    patterns = [f"*.{host}" if wild else host for host in hosts]
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}" for pattern in patterns), f"max_age: {seconds}"]
    for end in ("\n", "\r\n"):
        read = mta_sts.parse_policy((end.join(lines) + end).encode())
        assert (read.mode, read.max_age, list(read.mx), read.problems) == (mode, seconds, patterns, ())
        assert all(read.covers(f"a.{host}" if wild else host.upper() + ".") for host in hosts)
        assert not any(mta_sts.mx_matches(f"*.{host}", host) or mta_sts.mx_matches(f"*.{host}", f"a.b.{host}") for host in hosts)


@bounded
@given(st.lists(mailto, min_size=1, max_size=5, unique=True))
def test_a_written_tls_rpt_record_is_read_back(rua: list[str]) -> None:
    read = tls_rpt.parse(f"v=TLSRPTv1; rua={','.join(rua)}".encode())
    assert ([uri.uri for uri in read.rua], read.problems) == (rua, ())


@bounded
@given(domains, st.data())
def test_a_tree_walk_is_short_and_its_answers_lie_on_the_path(domain: str, data: st.DataObject) -> None:
    names = dmarc_discovery.walk_names(domain)
    assert len(names) <= dmarc_discovery.MAX_QUERIES
    assert names[0] == domain
    assert names[-1] == domain.rpartition(".")[2]
    assert all(longer.endswith("." + shorter) for longer, shorter in pairwise(names))
    found = {
        name: dmarc.parse(f"v=DMARC1; p=reject; psd={data.draw(st.sampled_from(dmarc.Psd))}".encode())
        for name in data.draw(st.lists(st.sampled_from(names), unique=True))
    }
    organizational = dmarc_discovery.organizational_domain(domain, found)
    assert domain == organizational or domain.endswith("." + organizational)
    assert dmarc_discovery.organizational_domain(domain.upper() + ".", found) == organizational
    applied = dmarc_discovery.policy_for(domain, found, exists=True)
    assert (applied is None) is (not found)
    assert applied is None or (applied.name in found and applied.effective is dmarc.Policy.REJECT)
