"""Values on Chinese forms."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from licence_drawings import invented_card, registration_number, valid_code, valid_number
from sycee_ingestion.documents import values
from sycee_ingestion.documents.masking import masked
from sycee_ingestion.documents.model import DocumentKind, Field


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2019年01月01日", date(2019, 1, 1)),
        ("2019年1月1日", date(2019, 1, 1)),
        ("2015.06.30-2035.06.30", date(2015, 6, 30)),
        ("20190101", date(2019, 1, 1)),
        ("二〇一九年十二月三十一日", date(2019, 12, 31)),
        ("二○一四年二月十日", date(2014, 2, 10)),
        ("2019年02月29日", None),
        ("22017.01.22", date(2017, 1, 22)),  # a stray digit of the line before
        ("330106199001011234", None),
        ("长期", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert values.day(text) == day


def test_terms() -> None:
    open_ended = values.term("自2019年01月01日至长期")
    assert (open_ended.since, open_ended.until, open_ended.open_ended) == (date(2019, 1, 1), None, True)
    closed = values.term("2015.01.02-2035.01.02")
    assert (closed.since, closed.until, closed.open_ended) == (date(2015, 1, 2), date(2035, 1, 2), False)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("壹佰万元整", 100_000_000),
        ("贰佰万元(人民币)", 200_000_000),
        ("人民币壹仟贰佰叁拾肆万伍仟元", 1_234_500_000),
        ("壹亿贰仟万元", 12_000_000_000),
        ("拾万元整", 10_000_000),
        ("100万元人民币", 100_000_000),
        ("50.000000万人民币", 50_000_000),
        ("1,000.5元", 100_050),
        ("100万美元", None),
        ("元整", None),
    ],
)
def test_amounts(text: str, fen: int | None) -> None:
    assert values.amount_fen(text) == fen


def test_credit_codes() -> None:
    assert values.credit_code("91350100M000100Y43") == ("91350100M000100Y43", True)  # rules, worked case 9
    assert values.credit_code("91350100M000100Y4Z")[1] is False
    assert values.credit_code("9135 0100 M00O 100Y 43") == ("91350100M000100Y43", True)
    assert values.credit_code("10440119MA06M8503") == ("10440119MA06M8503", False)


@given(st.integers(0, 2**32), st.integers(0, 17))
def test_a_changed_digit_breaks_a_code(seed: int, place: int) -> None:
    code = valid_code(Random(seed))
    assert values.credit_code(code) == (code, True)
    other = "3" if code[place] != "3" else "7"
    assert not values.credit_code(code[:place] + other + code[place + 1 :])[1]


def test_resident_ids() -> None:
    number = valid_number(Random(1), date(1990, 2, 28), male=False)
    told = values.resident_id(number)
    assert (told.number, told.valid, told.born_on, told.male) == (number, True, date(1990, 2, 28), False)
    assert not values.resident_id("330106199002291237").valid  # rules, worked case 10: the check digit passes
    assert not values.resident_id("").valid
    assert values.resident_id("11010519491231002x").valid


def test_registration_numbers() -> None:
    number = registration_number(Random(1))
    assert values.registration_number(number) == (number, True)
    assert not values.registration_number(number[:-1] + str((int(number[-1]) + 1) % 10))[1]


@given(st.text(max_size=40))
def test_any_text_is_judged(text: str) -> None:
    values.day(text)
    values.term(text)
    values.amount_fen(text)
    values.credit_code(text)
    values.resident_id(text)
    values.registration_number(text)


def test_masks_hide_who_it_is() -> None:
    card = invented_card(Random(2))
    shown = {
        name: masked(Field(name, value, 1.0), DocumentKind.RESIDENT_ID_FRONT).value
        for name, value in {
            "name": card.name,
            "resident_id": card.number,
            "address": card.address,
            "birth_date": card.birth_date.isoformat(),
            "sex": card.sex,
        }.items()
    }
    assert shown["name"] == card.name[0] + "**"
    assert shown["resident_id"] == "*" * 16 + card.number[-2:]
    assert shown["birth_date"] == f"{card.birth_date.year}-**-**"
    assert shown["sex"] == "*"
    assert card.address[1:] not in shown["address"]
    assert masked(Field("name", "某公司", 1.0), DocumentKind.BUSINESS_LICENCE).value == "某公司"
    assert masked(Field("resident_id", "12", 1.0), DocumentKind.RESIDENT_ID_FRONT).value == "**"
