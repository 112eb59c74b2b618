"""Guidelines for TLS and lists of algorithms as data: what is shipped, and how every mistake in such data is explained."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest

from baselines.loader import load
from baselines.profiles import algorithms, loader
from checks.dns.dnssec import DNS_DNSSEC_LEAST_RSA_BITS
from checks.mail.dkim import MAIL_DKIM_LEAST_RSA_BITS
from checks.tls.cryptrec import TLS_CRYPTREC_LEVEL
from checks.tls.key_exchange import TLS_LEAST_DH_BITS
from checks.tls.settings import GOOD_SUITES, ONLY_NEW, ciphers, settings_for, versions
from checks.tls.suites import standing_of
from scanner.engine.catalogue import catalogue
from scanner.engine.references import KINDS, with_choices
from scanner.facts.tls import TlsSurvey
from scanner.ledger.profile import parse_profile
from scanner.model.algorithms import Family, Standing, Use
from scanner.model.check import BadCheck, Judgement, Reference, check
from scanner.model.problem import BadFile
from scanner.model.text import Text
from scanner.model.tls_profile import Ask, Confidence, Duty, Provenance, TlsProfile
from scanner.model.verdict import Severity, passed
from scanner.wire import dnssec
from scanner.wire.tls.groups import GROUPS
from scanner.wire.tls.suites import SUITES

LEVELS = ("high", "recommended", "exception")
SUITE_NAMES = {suite.name for suite in SUITES.values()}
WORDS = Text(ja="文", en="text")
OTHER_VALUE = replace(TLS_CRYPTREC_LEVEL, default="exception")


@pytest.mark.parametrize("name", loader.profile_names())
def test_every_suite_and_group_of_a_profile_is_registered(name: str) -> None:
    profile = loader.profile(name)
    assert set(profile.classes()) <= SUITE_NAMES
    for item in profile.items:
        if item.ask is Ask.ONE_OF:
            assert set(item.names) <= SUITE_NAMES
    assert set(loader.guideline(name.partition("/")[0]).named_groups) <= {group.name for group in GROUPS.values()}


@pytest.mark.parametrize("name", loader.profile_names())
def test_every_item_has_words_a_source_and_a_fitting_confidence(name: str) -> None:
    for item in loader.profile(name).items:
        assert item.text.ja.strip()
        assert not item.text.ja.isascii(), item.id
        assert item.text.en.isascii(), item.id
        assert item.source, item.id
        assert item.firm or item.provenance is Provenance.REMEMBERED


def test_the_guideline_has_three_levels_that_classify_every_registered_suite() -> None:
    cryptrec = loader.guideline("cryptrec")
    assert (
        tuple(level.id for level in cryptrec.levels)
        == tuple(f"cryptrec/{name}" for name in LEVELS)
        == tuple(f"cryptrec/{name}" for name in TLS_CRYPTREC_LEVEL.choices)
    )
    for level in cryptrec.levels:
        assert len(level.of_class("recommended")) == 28
        assert len(level.of_class("forbidden")) == 94
    recommended = cryptrec.level("recommended")
    assert recommended.of_class("recommended")[:2] == ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256")
    assert cryptrec.level("high").of_class("recommended")[0] == "TLS_AES_256_GCM_SHA384"
    assert "TLS_RSA_WITH_3DES_EDE_CBC_SHA" not in recommended.classes()  # neutral


def test_what_is_remembered_without_certainty_is_never_firm() -> None:
    firm = {item.id for item in loader.profile("cryptrec/high").items if item.firm and item.duty is Duty.COMPLIANCE}
    assert "suites.forbidden-off" not in firm
    assert "protocol.tls1.3-on" not in firm
    assert {"protocol.tls1.0-off", "protocol.ssl3-off", "key-exchange.dhe-bits"} <= firm
    item = loader.profile("cryptrec/high").item("protocol.tls1.0-off")
    assert (item.provenance, item.confidence) == (Provenance.REMEMBERED, Confidence.HIGH)


def test_the_lines_to_set_come_from_the_profile() -> None:
    recommended = loader.profile("cryptrec/recommended")
    lines = settings_for(recommended)
    assert "nginx: ssl_protocols TLSv1.2 TLSv1.3;" in lines
    assert {line.partition(":")[0] for line in lines} == {"nginx", "Apache", "Postfix", "Dovecot", "HAProxy"}
    for text in (ONLY_NEW.ja, ONLY_NEW.en):
        assert " ".join(versions(recommended)) in text
    for text in (GOOD_SUITES.ja, GOOD_SUITES.en):
        assert ":".join(ciphers(recommended)) in text
    assert versions(loader.profile("cryptrec/exception"))[0] == "TLSv1"
    assert "HAProxy: ssl-default-bind-options ssl-min-ver TLSv1.0" in settings_for(loader.profile("cryptrec/exception"))
    assert not set(ciphers(loader.profile("cryptrec/high"))) - set(ciphers(recommended))


def test_the_list_of_algorithms_answers_for_every_protocol() -> None:
    listed = algorithms.algorithm_list("ls-0001-2022r2")
    assert listed.standing("SHA-256") is Standing.RECOMMENDED
    assert listed.standing("SHA-1") is listed.standing("3-key Triple DES") is Standing.MONITORED
    assert listed.standing("ML-KEM-768") is Standing.RECOMMENDED_PQC
    assert listed.standing("ML-KEM-512") is listed.standing("RC4") is Standing.UNLISTED
    assert [listed.strength(Family.RSA, bits) for bits in (1024, 2047, 2048, 3072, 4096, 15360)] == [0, 0, 112, 128, 128, 256]
    assert listed.strength(Family.EC, 521) == 256
    assert (listed.use(112, 2026), listed.use(112, 2031), listed.use(128, 2045)) == (Use.TRANSITION, Use.UNUSABLE, Use.TRANSITION)
    assert (listed.use(112, 2026, existing=True), listed.use(80, 2026), listed.use(112, 2100)) == (Use.TOLERATED, Use.UNUSABLE, None)
    assert (listed.last_year(112), listed.last_year(128), listed.last_year(0)) == (2030, 2050, None)
    with pytest.raises(KeyError):
        listed.least_bits(Family.RSA, 512)


def test_shipped_key_lengths_are_those_of_the_list() -> None:
    listed = algorithms.algorithm_list("ls-0001-2022r2")
    least = listed.least_bits(Family.RSA, 112)
    assert least == DNS_DNSSEC_LEAST_RSA_BITS.default == MAIL_DKIM_LEAST_RSA_BITS.default
    for key, value in catalogue().values.items():
        if key.endswith("least-rsa-bits"):
            assert value.default == least, key
        if key.endswith("least-ec-bits"):
            assert value.default == listed.least_bits(Family.EC, 128), key


def test_dnssec_and_tls_name_algorithms_as_the_list_does() -> None:
    listed = algorithms.algorithm_list("ls-0001-2022r2")
    for number, rule in dnssec.ALGORITHMS.items():
        standings = [listed.standing(part) for part in dnssec.PARTS[number]]
        if rule.level is not dnssec.Level.FORBIDDEN:
            assert set(standings) == {Standing.RECOMMENDED}, rule.name
    assert {number for number, parts in dnssec.PARTS.items() if any(listed.standing(p) is Standing.UNLISTED for p in parts)} == {
        1,
        12,
        17,
        23,
    }
    standing = {name: standing_of(suite, listed)[0] for suite in SUITES.values() if (name := suite.name)}
    assert standing["TLS_AES_256_GCM_SHA384"] is standing["TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384"] is Standing.RECOMMENDED
    assert standing["TLS_RSA_WITH_AES_128_GCM_SHA256"] is standing["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"] is Standing.MONITORED
    assert standing["TLS_RSA_WITH_ARIA_128_GCM_SHA256"] is standing["TLS_RSA_WITH_SEED_CBC_SHA"] is Standing.UNLISTED
    # 356 suites of the reference that the data were made from (171 unlisted), and six registered since, none of them on the list.
    assert Counter(standing.values()) == {Standing.RECOMMENDED: 115, Standing.MONITORED: 70, Standing.UNLISTED: 171 + 6}
    assert listed.least_bits(Family.DH, 112) == TLS_LEAST_DH_BITS.default


def broken(tmp_path: Path, old: str, new: str, *, file: str = "server.yaml") -> list[str]:
    """Give the problems, in English, of RFC 9325's folder with one passage of a file replaced."""
    folder = tmp_path / "rfc9325"
    shutil.copytree(loader.HERE / "rfc9325", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        loader.load(folder)
    assert all(problem.message.ja != problem.message.en for problem in caught.value.problems)
    return [f"{p.line} {p.key_path}: {p.message.en} [{p.nearest or ''}]" for p in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ask: version-off", "ask: version-of", "[version-off]"),
        ("of: [SSLv3]", "of: [SSLv33]", "'SSLv33' cannot go with version-off [SSLv3]"),
        ("provenance: sourced", "provenence: sourced", "[provenance]"),
        ("duty: compliance", "duty: complience", "[compliance]"),
        ("least: 2048", "", "least goes with items that ask for a length"),
        ("of: [SSLv2]", "", "of is needed with version-off"),
        ("ask: newest-first\n", "ask: newest-first\n    of: [TLSv1.3]\n", "of does not go with newest-first"),
        ("of: [forbidden]", "of: [forbiden]", "[forbidden]"),
        ("confidence: high", "", "a remembered item needs its confidence"),
        ("id: protocol.ssl3-off", "id: protocol.ssl2-off", "'protocol.ssl2-off' is at line"),
        ("TLS_AES_256_GCM_SHA384", "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_RC4_128_SHA stands in two groups"),
        ("of: [compression]", "of: [compresion]", "[compression]"),
        ("en: SSL 2.0 is off", "", "'en' is missing"),
    ],
)
def test_a_mistake_in_a_level_is_told_with_line_key_and_nearest_name(tmp_path: Path, old: str, new: str, said: str) -> None:
    problems = broken(tmp_path, old, new)
    assert any(said in problem for problem in problems), problems


def test_a_mistake_in_a_guideline_is_told(tmp_path: Path) -> None:
    assert any("[edition]" in p for p in broken(tmp_path, "edition:", "editoin:", file="guideline.yaml"))


def test_a_mistake_in_a_list_of_algorithms_is_told(tmp_path: Path) -> None:
    text = (algorithms.HERE / "ls-0001-2022r2.yaml").read_text(encoding="utf-8")
    path = tmp_path / "list.yaml"
    path.write_text(text.replace("status: monitored", "status: monitord", 1), encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        algorithms.load(path)
    assert [p.nearest for p in caught.value.problems] == ["monitored"]
    path.write_text(text.replace("name: MISTY1", "name: CIPHERUNICORN-E"), encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        algorithms.load(path)
    assert "stands here twice" in caught.value.problems[0].message.en


def test_a_further_profile_needs_no_code(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(loader.HERE / "rfc9325", folder)
    (folder / "strict.yaml").write_text(
        (folder / "server.yaml").read_text(encoding="utf-8").replace("least: 2048", "least: 3072"), encoding="utf-8"
    )
    about = (folder / "guideline.yaml").read_text(encoding="utf-8")
    (folder / "guideline.yaml").write_text(
        about.replace("[server]", "[strict, server]").replace("id: rfc9325", "id: own"), encoding="utf-8"
    )
    own = loader.load(folder)
    assert [level.id for level in own.levels] == ["own/strict", "own/server"]
    assert own.level("strict").item("key-exchange.dh-bits").least == 3072


def test_a_name_that_is_not_shipped_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        loader.guideline("cryptrek")
    with pytest.raises(KeyError):
        loader.profile("cryptrec/hi")
    with pytest.raises(KeyError):
        algorithms.algorithm_list("ls-0001")
    with pytest.raises(BadFile) as caught:
        parse_profile("profile.yaml", "values: {tls.profile: rfc9325/servr}", catalogue().values)
    assert [p.nearest for p in caught.value.problems] == ["rfc9325/server"]
    assert (
        parse_profile("profile.yaml", "values: {tls.profile: cryptrec/high}", catalogue().values).values["tls.profile"].value
        == "cryptrec/high"
    )


def test_a_baseline_may_name_a_profile_and_a_wrong_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "document.yaml").write_text(
        "{id: own, title_ja: 標準, title_en: own, issuer: o, edition_ja: 一, edition_en: one}", encoding="utf-8"
    )
    row = (
        "controls: [{id: own-1, ref: '1', section: s, title: t, summary_ja: 要約, summary_en: s, area: tls-crypto, strength: required, "
        "verification: [remote], confidence: high, status: automated, checks: [{use: tls.profile.met, with: {profile: NAME}}]}]"
    )
    (folder / "controls.yaml").write_text(row.replace("NAME", "cryptrec/high"), encoding="utf-8")
    assert load(folder, catalogue().checks).controls[0].checks[0].settings == {"profile": "cryptrec/high"}
    (folder / "controls.yaml").write_text(row.replace("NAME", "cryptrec/hihg"), encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        load(folder, catalogue().checks)
    assert [p.nearest for p in caught.value.problems] == ["cryptrec/high"]


def test_reference_data_that_is_not_there_is_a_defect_of_the_check() -> None:
    good = catalogue().checks["tls.profile.met"]
    parameter = good.parameters["profile"]
    assert with_choices(good) == good
    with pytest.raises(BadCheck, match="no tls-profile cryptrec/hi"):
        with_choices(replace(good, parameters={"profile": replace(parameter, default="cryptrec/hi")}))
    with pytest.raises(BadCheck, match="no reference data of the kind profiles"):
        with_choices(replace(good, parameters={"profile": replace(parameter, reference="profiles")}))


def test_the_default_of_a_reference_stands_in_the_reference_alone() -> None:
    with pytest.raises(BadCheck, match="is the one of its reference"):

        @check("tls.test.default", severity=Severity.LOW, title=WORDS, why=WORDS, remedy=WORDS, says={"SEEN": WORDS})
        def judge(survey: TlsSurvey, *, profile: Annotated[str, Reference("tls-profile", "cryptrec/high")] = "cryptrec/high") -> Judgement:
            return passed("SEEN")

    with pytest.raises(BadCheck, match="is the one of its reference"):

        @check("tls.test.value", severity=Severity.LOW, title=WORDS, why=WORDS, remedy=WORDS, says={"SEEN": WORDS})
        def other(
            survey: TlsSurvey, *, profile: Annotated[TlsProfile, Reference("tls-profile", "cryptrec/high"), OTHER_VALUE]
        ) -> Judgement:
            return passed("SEEN")


def test_every_kind_of_reference_data_has_names_that_lead_to_it() -> None:
    for source in KINDS.values():
        assert source.names()
        assert all(source.value(name) is source.value(name) for name in source.names())
