"""Fields out of lines of text, as a perfect reader and as a real one gives them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from licence_drawings import (
    Licence,
    Sheet,
    card_back,
    card_front,
    invented_card,
    invented_licence,
    landscape_licence,
    old_licence,
    portrait_licence,
    registration_number,
)
from sycee_ingestion.documents.id_card import back_fields, front_fields
from sycee_ingestion.documents.licence import is_licence, licence_fields
from sycee_ingestion.documents.model import Box, Field
from sycee_ingestion.documents.ocr import Line
from sycee_ingestion.documents.shop_photo import shop_fields

SEEDS = range(12)


def by_name(fields: Sequence[Field]) -> dict[str, str]:
    return {field.name: field.value for field in fields}


def line(text: str, left: float, top: float, right: float, bottom: float) -> Line:
    box = Box(left, top, right, bottom)
    return Line(text, 1.0, box, box)


def said(licence: Licence, *, limited: bool) -> dict[str, str]:
    """What the fields of a licence must be; one that is `limited` has a capital and a term."""
    facts = {
        "uscc": licence.code,
        "name": licence.name,
        "type": licence.type,
        "operator": licence.operator,
        "address": licence.address,
        "scope": licence.scope,
        "established_on": licence.established_on.isoformat(),
        "issued_on": licence.issued_on.isoformat(),
    }
    if limited:
        until = "长期" if licence.valid_until is None else licence.valid_until.isoformat()
        facts |= {"capital": licence.capital, "valid_from": facts["established_on"], "valid_until": until}
    return facts


@pytest.mark.parametrize("seed", SEEDS)
def test_two_columns(seed: int) -> None:
    licence = invented_licence(Random(seed), sole_trader=seed % 2 == 0)
    fields = by_name(licence_fields(landscape_licence(licence).lines))
    assert said(licence, limited=not licence.sole_trader).items() <= fields.items()
    if licence.sole_trader:
        assert fields["composition"] == "个人经营"


@pytest.mark.parametrize("seed", SEEDS)
def test_one_column(seed: int) -> None:
    licence = invented_licence(Random(seed))
    assert said(licence, limited=True).items() <= by_name(licence_fields(portrait_licence(licence).lines)).items()


def test_the_layout_before_2015() -> None:
    licence, number = invented_licence(Random(3)), registration_number(Random(3))
    fields = by_name(licence_fields(old_licence(licence, number).lines))
    facts = said(licence, limited=True) | {"registration_no": number}
    del facts["uscc"]
    assert facts.items() <= fields.items()
    assert "uscc" not in fields


def test_a_real_reader_joins_and_parts_words() -> None:
    """First characters of labels as one column, a label's end with its value, a value with the label before it."""
    lines = [
        line("统一社会信用代码", 298, 360, 520, 397),
        line("91350100M000100Y43", 540, 362, 835, 397),
        line("名类住", 131, 461, 178, 642),
        line("称苏州市虎丘区某某家居用品店", 258, 466, 682, 499),
        line("型 个体工商户", 256, 531, 469, 569),
        line("所", 259, 604, 294, 634),
        line("江苏省苏州市虎丘区某某路935号", 328, 602, 858, 635),
        line("20幢600室", 329, 642, 480, 674),
        line("法定代表人测试辛", 136, 680, 415, 716),
        line("成立日期2019年09月23日", 136, 805, 533, 842),
    ]
    assert by_name(licence_fields(lines)) == {
        "uscc": "91350100M000100Y43",
        "name": "苏州市虎丘区某某家居用品店",
        "type": "个体工商户",
        "address": "江苏省苏州市虎丘区某某路935号20幢600室",
        "operator": "测试辛",
        "established_on": "2019-09-23",
    }


def test_a_label_that_was_misread_is_known_and_less_sure() -> None:
    lines = [line("经营范固 服装零售", 100, 100, 400, 130)]
    (scope,) = licence_fields(lines)
    assert (scope.name, scope.value) == ("scope", "服装零售")
    assert scope.confidence < 1


def test_a_code_that_fails_its_check_says_so() -> None:
    lines = [line("统一社会信用代码", 100, 100, 320, 130), line("10440119MA06M8503", 100, 140, 330, 170)]
    (code,) = licence_fields(lines)
    assert (code.value, code.valid) == ("10440119MA06M8503", False)
    assert code.confidence < 0.5


def test_a_day_whose_digits_stand_apart_from_its_form() -> None:
    lines = [
        line("登记机关", 1024, 770, 1181, 802),
        line("年", 1243, 854, 1273, 886),
        line("2019", 1187, 882, 1238, 908),
        line("01", 1280, 881, 1309, 908),
        line("03", 1367, 885, 1393, 911),
    ]
    assert by_name(licence_fields(lines)) == {"issued_on": date(2019, 1, 3).isoformat()}


@pytest.mark.parametrize("seed", SEEDS)
def test_id_cards(seed: int) -> None:
    card = invented_card(Random(seed))
    assert by_name(front_fields(card_front(card).lines)) == {
        "name": card.name,
        "sex": card.sex,
        "ethnicity": card.ethnicity,
        "birth_date": card.birth_date.isoformat(),
        "address": card.address,
        "resident_id": card.number,
    }
    assert by_name(back_fields(card_back(card).lines)) == {
        "authority": card.authority,
        "valid_from": card.valid_from.isoformat(),
        "valid_until": card.valid_until.isoformat(),
    }


def test_an_id_card_that_contradicts_itself() -> None:
    card = invented_card(Random(1))
    other = "女" if card.sex == "男" else "男"
    lines = [
        line(f"性别{other}民族{card.ethnicity}", 60, 130, 300, 165),
        line("出生1900年1月1日", 60, 200, 300, 235),
        line(f"公民身份号码 {card.number}", 60, 490, 700, 530),
    ]
    fields = {field.name: field for field in front_fields(lines)}
    assert fields["ethnicity"].value == card.ethnicity
    assert fields["resident_id"].valid
    assert fields["sex"].valid is False
    assert fields["birth_date"].valid is False


def test_a_shop_and_the_licence_on_its_wall() -> None:
    licence = invented_licence(Random(4))
    sign = Sheet(1800, 1200)
    sign.write("云帆服饰", 500, 100, 120)
    sign.write("推 拉", 300, 900, 40)
    assert by_name(shop_fields(sign.lines)) == {"signboard": "云帆服饰"}
    fields = by_name(shop_fields([*sign.lines, *landscape_licence(licence).lines]))
    assert (fields["uscc"], fields["name"]) == (licence.code, licence.name)
    assert shop_fields([]) == ()


def test_what_is_no_licence() -> None:
    assert is_licence(landscape_licence(invented_licence(Random(5))).lines)
    assert not is_licence(card_front(invented_card(Random(5))).lines)
    assert licence_fields([]) == ()
    assert front_fields([]) == ()
