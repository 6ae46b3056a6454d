"""Documents against what is known."""

from __future__ import annotations

from datetime import date

import pytest
from sycee_ingestion.documents.checking import Known, compare, folded
from sycee_ingestion.documents.model import CheckResult, DocumentKind, Field, Reading

TODAY = date(2026, 3, 15)
KNOWN = Known("杭州云帆服饰有限公司", "91350100M000100Y43", "测试甲", "11010519491231002X", date(2019, 1, 1))
AGREES, DIFFERS, CANNOT_TELL = CheckResult.AGREES, CheckResult.DIFFERS, CheckResult.CANNOT_TELL
LICENCE, SHOP = DocumentKind.BUSINESS_LICENCE, DocumentKind.SHOP_PHOTO


def results(kind: DocumentKind, *fields: Field, known: Known = KNOWN) -> dict[str, CheckResult]:
    return {check.code: check.result for check in compare(Reading(fields, ()), kind, known, TODAY)}


def sure(name: str, value: str, *, valid: bool | None = None, confidence: float = 0.99) -> Field:
    return Field(name, value, confidence, valid)


def test_a_licence_that_agrees() -> None:
    assert results(
        LICENCE,
        sure("uscc", KNOWN.uscc, valid=True),
        sure("name", "杭州云帆服饰有限责任公司"),
        sure("operator", "测试甲"),
        sure("established_on", "2019-01-01", valid=True),
        sure("valid_from", "2019-01-01", valid=True),
        sure("valid_until", "长期", valid=True),
    ) == dict.fromkeys(("USCC", "NAME", "OPERATOR", "ESTABLISHED_ON", "VALIDITY"), AGREES)


def test_what_is_missing_or_unsure_tells_nothing() -> None:
    assert set(results(LICENCE).values()) == {CANNOT_TELL}
    assert results(LICENCE, sure("uscc", "1", valid=False))["USCC"] is CANNOT_TELL
    assert results(LICENCE, sure("name", "别的公司", confidence=0.5))["NAME"] is CANNOT_TELL
    assert results(LICENCE, sure("uscc", KNOWN.uscc, valid=True), known=Known())["USCC"] is CANNOT_TELL


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("杭州云帆服饰有限公司", AGREES),
        ("杭州云帆服饰(有限公司)", AGREES),
        ("杭州云帆服飾有限公司", DIFFERS),  # six characters are left: one of them is a sixth of the name
        ("杭州青禾食品有限公司", DIFFERS),
    ],
)
def test_names(name: str, result: CheckResult) -> None:
    assert results(LICENCE, sure("name", name))["NAME"] is result


def test_a_long_name_may_have_one_character_misread() -> None:
    known = Known("杭州西湖区云帆电子商务科技发展有限公司")
    assert results(LICENCE, sure("name", "杭州西湖区云帆电子商务料技发展有限公司"), known=known)["NAME"] is AGREES


def test_two_people_of_like_names_are_two() -> None:
    assert results(LICENCE, sure("operator", "测试乙"))["OPERATOR"] is DIFFERS


def test_a_term_that_is_over_or_not_begun() -> None:
    over = (sure("valid_from", "2006-01-01", valid=True), sure("valid_until", "2026-03-14", valid=True))
    assert results(DocumentKind.RESIDENT_ID_BACK, *over) == {"VALIDITY": DIFFERS}
    last_day = (over[0], sure("valid_until", "2026-03-15", valid=True))
    assert results(DocumentKind.RESIDENT_ID_BACK, *last_day) == {"VALIDITY": AGREES}
    to_come = (sure("valid_from", "2026-03-16", valid=True), sure("valid_until", "长期", valid=True))
    assert results(DocumentKind.RESIDENT_ID_BACK, *to_come) == {"VALIDITY": DIFFERS}
    assert results(DocumentKind.RESIDENT_ID_BACK) == {}


def test_an_id_card() -> None:
    front = DocumentKind.RESIDENT_ID_FRONT
    assert results(front, sure("name", "测试甲"), sure("resident_id", KNOWN.resident_id, valid=True)) == {
        "OPERATOR": AGREES,
        "RESIDENT_ID": AGREES,
    }


def test_a_sign_need_not_carry_the_name() -> None:
    assert results(SHOP, sure("signboard", "云帆服饰"))["SIGNBOARD"] is AGREES
    assert results(SHOP, sure("signboard", "开业大吉"))["SIGNBOARD"] is CANNOT_TELL
    assert results(SHOP, sure("uscc", "91350100M000100Y44", valid=True))["USCC"] is DIFFERS


def test_no_text_says_anything_personal() -> None:
    told = compare(Reading((sure("operator", "测试乙"),), ()), LICENCE, KNOWN, TODAY)
    texts = " ".join(check.text_zh + check.text_en for check in told)
    for personal in (KNOWN.operator_name, "测试乙", KNOWN.uscc, KNOWN.name):
        assert personal not in texts
    assert all(check.text_zh and check.text_en for check in told)


def test_folding() -> None:
    assert folded("杭州云帆服饰(有限公司)") == folded("杭州云帆服饰【有限公司】") == "杭州云帆服饰"
    assert folded("有限公司") == "有限公司"
    assert folded("ＡＢＣ商店") == "abc商店"
