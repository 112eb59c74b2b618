"""The forms in which Windows stores and exports its rules: audit policy, exports of security settings, accounts, times.

No Windows was at hand. The text of ``auditpol /backup`` and of ``secedit /export`` follows Microsoft's documentation; the stored forms
are written here field by field as [MS-SAMR] names them and public descriptions of the registry place them.
"""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.wire import auditpolicy, filetime, sam, secedit
from scanner.wire.auditpolicy import NotAuditPolicy
from scanner.wire.sam import NotSam
from scanner.wire.secedit import NotExport

LOGON, LOCKOUT = auditpolicy.guid(0x15), auditpolicy.guid(0x17)
ENGLISH = (
    "Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,Exclusion Setting,Setting Value\r\n"
    "PC1,System,Logon,{0CCE9215-69AE-11D9-BED3-505054503030},Success and Failure,,3\r\n"
    "PC1,System,Account Lockout,{0CCE9217-69AE-11D9-BED3-505054503030},Failure,,2\r\n"
    "PC1,System,Security State Change,{0CCE9210-69AE-11D9-BED3-505054503030},No Auditing,,0\r\n"
    "PC1,,Option:CrashOnAuditFail,,Disabled,,0\r\n"
)
JAPANESE = (
    "コンピューター名,ポリシー ターゲット,サブカテゴリ,サブカテゴリ GUID,包含の設定,除外の設定,設定値\r\n"
    "端末表１,システム,ログオン,{0CCE9215-69AE-11D9-BED3-505054503030},成功および失敗,,3\r\n"
    "端末表１,システム,アカウント ロックアウト,{0CCE9217-69AE-11D9-BED3-505054503030},失敗,,2\r\n"
    "端末表１,システム,セキュリティ状態の変更,{0CCE9210-69AE-11D9-BED3-505054503030},監査なし,,0\r\n"
    "端末表１,,Option:CrashOnAuditFail,,無効,,0\r\n"
)


@pytest.mark.parametrize(
    "octets",
    [
        ENGLISH.encode(),
        JAPANESE.encode("cp932"),
        JAPANESE.encode("utf-16-le"),
        b"\xff\xfe" + JAPANESE.encode("utf-16-le"),
        ENGLISH.encode("utf-16-le"),
        ENGLISH.replace("\r\n", "\n").encode(),
    ],
)
def test_a_backup_of_the_audit_policy_is_the_same_in_every_language(octets: bytes) -> None:
    assert auditpolicy.parse_backup(octets) == {LOGON: 3, LOCKOUT: 2, auditpolicy.guid(0x10): 0}


@pytest.mark.parametrize(
    "octets", [b"", b"a,b\r\n", ENGLISH.replace(",3", ",7").encode(), (ENGLISH + ENGLISH.replace(",3", ",1")).encode()]
)
def test_what_is_no_backup_is_refused(octets: bytes) -> None:
    with pytest.raises(NotAuditPolicy):
        auditpolicy.parse_backup(octets)


def stored(counts: tuple[int, ...], values: list[int]) -> bytes:
    """An audit policy as the SECURITY hive holds it."""
    body = struct.pack(f"<{len(values)}H", *values) + b"\0\0"
    return struct.pack("<HHII", 0x100, 0, len(counts), 12 + len(body)) + body + struct.pack(f"<{len(counts)}H", *counts)


WINDOWS_10 = (5, 11, 14, 3, 6, 6, 6, 4, 4)


@pytest.mark.parametrize(
    ("counts", "length"), [((5, 9, 12, 3, 4, 6, 6, 4, 4), 138), (WINDOWS_10, 150), ((5, 12, 14, 3, 6, 6, 6, 4, 4), 152)]
)
def test_a_stored_audit_policy_is_read_by_its_own_counts(counts: tuple[int, ...], length: int) -> None:
    octets = stored(counts, [place % 4 for place in range(sum(counts))])
    assert len(octets) == length  # 138 is Windows 7, 150 Windows 10 from 1607 on
    found = auditpolicy.parse_stored(octets)
    assert (found[LOGON], found[auditpolicy.guid(0x1B)]) == (5 % 4, 9 % 4)
    assert found[auditpolicy.guid(0x42)] == (sum(counts) - 1) % 4
    assert found[auditpolicy.guid(0x1D)] == (counts[0] + counts[1]) % 4
    assert len(found) == sum(min(count, len(known)) for count, known in zip(counts, auditpolicy.CATEGORIES, strict=True))


def test_every_subcategory_has_one_place() -> None:
    flat = [last for category in auditpolicy.CATEGORIES for last in category]
    assert len(flat) == len(set(flat)) == 59


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_octets_are_an_audit_policy_or_refused(octets: bytes) -> None:
    good = stored(WINDOWS_10, [0] * 59)
    for junk in (octets, good[: len(octets)], octets + good[len(octets) :]):
        with suppress(NotAuditPolicy):
            auditpolicy.parse_stored(junk)
        with suppress(NotAuditPolicy):
            auditpolicy.parse_backup(junk)


EXPORT = (
    "[Unicode]\r\nUnicode=yes\r\n[System Access]\r\nMinimumPasswordAge = 0\r\nMaximumPasswordAge = -1\r\nMinimumPasswordLength = 14\r\n"
    "PasswordComplexity = 1\r\nLockoutBadCount = 5\r\nClearTextPassword = 0\r\n"
    'NewAdministratorName = "管理者"\r\n[Registry Values]\r\nMACHINE\\System\\X=4,1\r\n'
    '[Version]\r\nsignature="$CHICAGO$"\r\nRevision=1\r\n'
)


@pytest.mark.parametrize(
    "octets", [b"\xff\xfe" + EXPORT.encode("utf-16-le"), EXPORT.encode("utf-16-le"), b"\xfe\xff" + EXPORT.encode("utf-16-be")]
)
def test_an_export_of_security_settings_is_read_in_utf_16(octets: bytes) -> None:
    read = secedit.parse_export(octets)
    assert secedit.number(read, "MinimumPasswordLength") == 14
    assert secedit.number(read, "MaximumPasswordAge") == -1
    assert secedit.number(read, "PasswordHistorySize") is None
    assert read["System Access"]["NewAdministratorName"] == "管理者"


def test_an_empty_answer_is_no_export() -> None:
    for octets in (b"", b"\xff\xfe", EXPORT.replace("$CHICAGO$", "").encode("utf-16-le")):
        with pytest.raises(NotExport):
            secedit.parse_export(octets)
    with pytest.raises(NotExport):
        secedit.number({"System Access": {"LockoutBadCount": "many"}}, "LockoutBadCount")


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_octets_are_an_export_or_refused(octets: bytes) -> None:
    for junk in (octets, EXPORT.encode("utf-16-le")[: len(octets) * 2] + octets):
        with suppress(NotExport):
            secedit.parse_export(junk)


DAY = 86_400
NEVER = -(2**63)


def rules(most: int, lockout: int, length: int = 8, properties: int = 1, attempts: int = 5) -> bytes:
    """``F`` of the domain of the machine's own accounts, with spans in seconds (``NEVER``: the stored word for it)."""
    spans = (
        most if most == NEVER else -most * 10_000_000,
        0,
        0,
        lockout if lockout == NEVER else -lockout * 10_000_000,
        -900 * 10_000_000,
        0,
    )
    return bytes(24) + struct.pack("<qqqqqqIIHHH", *spans, 1001, properties, length, 24, attempts) + bytes(40)


def account(rid: int, flags: int, logon: int = 0, changed: int = 0, expires: int = 2**63 - 1) -> bytes:
    """``F`` of an account, with times in 100 ns since 1601."""
    return bytes(8) + struct.pack("<QQQQQIIH", logon, 0, changed, expires, 0, rid, 0x201, flags) + bytes(22)


def named(name: str, password: int) -> bytes:
    """``V`` of an account whose stored password has a length."""
    head = bytearray(0xCC)
    text = name.encode("utf-16-le")
    struct.pack_into("<II", head, 0x0C, 0, len(text))
    struct.pack_into("<II", head, 0xA8, len(text), password)
    return bytes(head) + text + b"S" * password


def sid(text: str) -> bytes:
    """A SID as octets."""
    _, revision, authority, *parts = text.split("-")
    return bytes([int(revision), len(parts)]) + int(authority).to_bytes(6, "big") + struct.pack(f"<{len(parts)}I", *map(int, parts))


def group(name: str, members: tuple[str, ...]) -> bytes:
    """``C`` of a local group."""
    text, body = name.encode("utf-16-le"), b"".join(map(sid, members))
    head = bytearray(0x34)
    struct.pack_into("<II", head, 0x10, 0, len(text))
    struct.pack_into("<III", head, 0x28, len(text), len(body), len(members))
    return bytes(head) + text + body


def test_the_rules_for_passwords_are_read_from_the_accounts_database() -> None:
    assert sam.parse_rules(rules(42 * DAY, 1800)) == sam.StoredRules(42 * DAY, 0, 8, 24, 1, 5, 1800, 900)
    endless = sam.parse_rules(rules(NEVER, NEVER))
    assert (endless.most_age, endless.lockout_seconds) == (None, None)
    assert sam.parse_rules(rules(0, 0)).most_age is None
    with pytest.raises(NotSam):
        sam.parse_rules(rules(-5, 0))


def test_accounts_names_and_members_are_read() -> None:
    ticks = 133_000_000_000_000_000
    assert sam.parse_account(account(500, 0x211, ticks, ticks)) == sam.StoredAccount(1_655_526_400, 1_655_526_400, None, 0x211)
    assert [sam.parse_name(named("管理者", length)).has_password for length in (0, 4, 24, 20, 56, 40)] == [
        False,
        False,
        False,
        True,
        True,
        None,
    ]
    assert sam.parse_name(named("管理者", 20)).name == "管理者"
    members = ("S-1-5-21-1-2-3-500", "S-1-5-21-4-5-6-512", "S-1-12-1-7-8-9-10")
    assert sam.parse_members(group("Administrators", members)) == members
    assert sam.parse_group_name(group("Administrators", members)) == "Administrators"
    assert sam.parse_domain_sid(bytes(40) + struct.pack("<3I", 7, 8, 9)) == "S-1-5-21-7-8-9"


@given(st.binary(max_size=260), st.integers(0, 200))
@settings(max_examples=200)
def test_any_octets_are_an_account_or_refused(octets: bytes, cut: int) -> None:
    for good in (rules(1, 1), account(1, 1), named("x", 20), group("g", ("S-1-5-32-544",))):
        for junk in (octets, good[:cut], good[:cut] + octets):
            for parse in (
                sam.parse_rules,
                sam.parse_account,
                sam.parse_name,
                sam.parse_members,
                sam.parse_group_name,
                sam.parse_domain_sid,
            ):
                with suppress(NotSam):
                    parse(junk)


def test_times_are_read_in_every_form_windows_writes_them() -> None:
    assert filetime.seconds(133_000_000_000_000_000) == 1_655_526_400
    assert [filetime.seconds(ticks) for ticks in (0, filetime.NEVER, 1)] == [None, None, None]
    assert filetime.stored((133_000_000_000_000_000).to_bytes(8, "little")) == 1_655_526_400
    assert filetime.written("/Date(1655526400000)/") == filetime.written("2022-06-18T04:26:40Z") == 1_655_526_400
    assert filetime.written("2022/06/18 13:26:40 午後") is None
    with pytest.raises(ValueError, match="eight"):
        filetime.stored(b"12")
