"""Identity: GB 32100 and GB 11643 numbers, age on the day, register status (rules.md worked cases 9, 10, 11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sycee.common.v1 import common_pb2
from sycee_compliance.domain.identity import (
    BorrowerKind,
    IdentityClaim,
    Person,
    RegisterStatus,
    age_years,
    organisation_code_is_valid,
    resident_birth_date,
    uscc_is_valid,
    verify,
)
from sycee_compliance.domain.outcome import Outcome, worst

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DAY = date(2026, 11, 20)
ENTERPRISE_CODE = "91350100M000100Y43"

GOOD = IdentityClaim(
    borrower_kind=BorrowerKind.ENTERPRISE,
    name="云杉服饰有限公司",
    uscc=ENTERPRISE_CODE,
    operator=Person("测试人", "330000199002281238"),
    register_status=RegisterStatus.ACTIVE,
)


def resident_id(body: str) -> str:
    """Ends seventeen digits with their check digit (rules.md CN-ID-03), written out as the standard has it."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(c) for w, c in zip(weights, body, strict=True)) % 11]


def credit_code(body: str) -> str:
    """Ends seventeen characters with their check character (rules.md CN-ID-01)."""
    total = sum(3**at % 31 * ALPHABET.index(char) for at, char in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def test_good_identity_passes_every_check() -> None:
    checks = verify(GOOD, DAY)
    assert [(check.code, check.outcome) for check in checks] == [
        ("NAME", Outcome.PASS),
        ("USCC", Outcome.PASS),
        ("RESIDENT_ID", Outcome.PASS),
        ("AGE", Outcome.PASS),
        ("REGISTER_STATUS", Outcome.PASS),
    ]
    assert all(check.reason is None for check in checks)


def test_worked_case_9() -> None:
    assert uscc_is_valid("91350100M000100Y43")
    assert not uscc_is_valid("91350100M000100Y4Z")


def test_worked_case_10() -> None:
    assert resident_id("33010619900229123") == "330106199002291237"
    assert resident_birth_date("330106199002291237") is None


def test_worked_case_11() -> None:
    checks = {check.code: check for check in verify(replace(GOOD, register_status=RegisterStatus.REVOKED), DAY)}
    assert checks["REGISTER_STATUS"].outcome is Outcome.BLOCK
    assert checks["REGISTER_STATUS"].reason.code == "REGISTER_REVOKED"


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("91350100M000100Y43", True),
        ("9135-0100-M000100Y43", False),
        (" 91350100M000100Y43", False),
        ("91350100m000100y43", False),
        ("91350100I000100Y43", False),
        ("9135010M0000100Y43", False),
        ("91350100M000100Y4", False),
        ("91350100M000100Y433", False),
        ("", False),
        ("９1350100M000100Y43", False),
    ],
)
def test_credit_code_forms(code: str, valid: bool) -> None:
    assert uscc_is_valid(code) is valid


@given(st.text(ALPHABET, min_size=9, max_size=9), st.integers(0, 16), st.sampled_from(ALPHABET))
def test_any_change_of_one_character_breaks_a_credit_code(entity: str, at: int, other: str) -> None:
    code = credit_code(f"91350100{entity}")
    assert uscc_is_valid(code)
    changed = code[:at] + other + code[at + 1 :]
    assert uscc_is_valid(changed) is (changed == code)


@pytest.mark.parametrize(
    ("kind", "code", "outcome", "reason"),
    [
        (BorrowerKind.ENTERPRISE, credit_code("91350100M000100Y4"), Outcome.PASS, None),
        (BorrowerKind.ENTERPRISE, credit_code("93350100M000100Y4"), Outcome.PASS, None),
        (BorrowerKind.SOLE_TRADER, credit_code("92350100M000100Y4"), Outcome.PASS, None),
        (BorrowerKind.SOLE_TRADER, ENTERPRISE_CODE, Outcome.REFER, "USCC_KIND_MISMATCH"),
        (BorrowerKind.ENTERPRISE, credit_code("52350100M000100Y4"), Outcome.REFER, "USCC_KIND_MISMATCH"),
        (BorrowerKind.INDIVIDUAL, ENTERPRISE_CODE, Outcome.REFER, "USCC_KIND_MISMATCH"),
        (BorrowerKind.ENTERPRISE, credit_code("91350100M000100Y5"), Outcome.WARN, "USCC_ORGANISATION_CODE"),
        (BorrowerKind.ENTERPRISE, "91350100M000100Y4Z", Outcome.BLOCK, "USCC_INVALID"),
        (BorrowerKind.ENTERPRISE, "", Outcome.REFER, "IDENTITY_UNKNOWN"),
        (BorrowerKind.UNSPECIFIED, ENTERPRISE_CODE, Outcome.REFER, "IDENTITY_UNKNOWN"),
    ],
)
def test_credit_code_check(kind: BorrowerKind, code: str, outcome: Outcome, reason: str | None) -> None:
    (check,) = (c for c in verify(replace(GOOD, borrower_kind=kind, uscc=code), DAY) if c.code == "USCC")
    assert (check.outcome, check.reason and check.reason.code) == (outcome, reason)


def test_an_individual_needs_neither_code_nor_register_entry() -> None:
    claim = replace(GOOD, borrower_kind=BorrowerKind.INDIVIDUAL, uscc="", register_status=RegisterStatus.UNSPECIFIED)
    checks = verify(claim, DAY)
    assert [check.code for check in checks] == ["NAME", "RESIDENT_ID", "AGE"]
    assert worst(check.outcome for check in checks) is Outcome.PASS


@pytest.mark.parametrize(
    ("code", "valid"),
    [("M000100Y4", True), ("M000100Y5", False), ("D2143569X", True), ("D21435690", False), ("000000000", True)],
)
def test_organisation_code(code: str, valid: bool) -> None:
    # D2143569X is the example of GB 11714-1997 itself.
    assert organisation_code_is_valid(code) is valid


@pytest.mark.parametrize(
    ("number", "born"),
    [
        (resident_id("33000019900228123"), date(1990, 2, 28)),
        (resident_id("33000020000229123"), date(2000, 2, 29)),
        (resident_id("33000019000229123"), None),
        (resident_id("33000018991231123"), None),
        (resident_id("33000019901301123"), None),
        (resident_id("33000019900228123")[:-1] + "?", None),
        (resident_id("33000019900228123").lower() + " ", None),
        ("330000900228123", None),
        ("", None),
        ("３30106199002281232", None),
        # A county that is not in any table of places is still somebody's.
        (resident_id("99999919900228123"), date(1990, 2, 28)),
    ],
)
def test_birth_date(number: str, born: date | None) -> None:
    assert resident_birth_date(number) == born


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 16), st.integers(1, 9))
def test_any_change_of_one_digit_breaks_a_resident_id(born: date, at: int, step: int) -> None:
    number = resident_id(f"330000{born:%Y%m%d}123")
    assert resident_birth_date(number) == born
    changed = number[:at] + str((int(number[at]) + step) % 10) + number[at + 1 :]
    assert resident_birth_date(changed) is None


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 11, 20), date(2026, 11, 20), 18),
        (date(2008, 11, 21), date(2026, 11, 20), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2000, 12, 31), date(2001, 1, 1), 0),
    ],
)
def test_age(born: date, day: date, age: int) -> None:
    assert age_years(born, day) == age


@pytest.mark.parametrize(
    ("birth_day", "outcome", "reason"),
    [
        ("20081120", Outcome.PASS, None),
        ("20081121", Outcome.BLOCK, "UNDER_AGE"),
        ("20261121", Outcome.BLOCK, "RESIDENT_ID_INVALID"),
    ],
)
def test_operator_must_be_of_age(birth_day: str, outcome: Outcome, reason: str | None) -> None:
    checks = verify(replace(GOOD, operator=Person("测试人", resident_id(f"330000{birth_day}123"))), DAY)
    assert worst(check.outcome for check in checks) is outcome
    assert [check.reason.code for check in checks if check.reason] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (RegisterStatus.UNSPECIFIED, Outcome.REFER),
        (RegisterStatus.ACTIVE, Outcome.PASS),
        (RegisterStatus.ABNORMAL, Outcome.REFER),
        (RegisterStatus.REVOKED, Outcome.BLOCK),
        (RegisterStatus.DEREGISTERED, Outcome.BLOCK),
        (RegisterStatus.SERIOUS_VIOLATION, Outcome.BLOCK),
    ],
)
def test_register_status(status: RegisterStatus, outcome: Outcome) -> None:
    (check,) = (c for c in verify(replace(GOOD, register_status=status), DAY) if c.code == "REGISTER_STATUS")
    assert check.outcome is outcome
    assert (check.reason is None) is (outcome is Outcome.PASS)


@pytest.mark.parametrize("operator", [None, Person("", "330000199002281238"), Person("测试人", "")])
def test_an_operator_who_is_not_named_refers(operator: Person | None) -> None:
    (check,) = (c for c in verify(replace(GOOD, operator=operator), DAY) if c.code == "RESIDENT_ID")
    assert (check.outcome, check.reason.code) == (Outcome.REFER, "IDENTITY_UNKNOWN")


def test_nothing_prints_personal_data() -> None:
    shown = repr(GOOD)
    assert "云杉" not in shown
    assert "测试人" not in shown
    assert "330000" not in shown


def test_numbers_are_those_of_the_contract() -> None:
    assert {f"BORROWER_KIND_{kind.name}": kind.value for kind in BorrowerKind} == dict(common_pb2.BorrowerKind.items())
    assert {f"REGISTER_STATUS_{s.name}": s.value for s in RegisterStatus} == dict(common_pb2.RegisterStatus.items())
