"""How merchants of one operator are told from strangers, without a database."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sycee_ingestion.domain import addresses, business_names
from sycee_ingestion.domain.addresses import AddressMatch
from sycee_ingestion.domain.linking import (
    PROPOSE_FROM,
    SMALLEST_POPULATION,
    Holders,
    Judgement,
    KeyKind,
    Party,
    judge,
    keys_of,
)
from sycee_ingestion.evaluations.linking import measured

POPULATION = 100_000
STREET = "浙江省杭州市西湖区文三路90号3幢2单元501室"


def party(merchant_id: str, **said: object) -> Party:
    """A merchant of whom only this is known."""
    known = {"name": "", "uscc": "", "resident_id": None, "phone": None, "accounts": (), "address": ""} | said
    return Party.of(merchant_id, **known)


def judged(one: Party, other: Party, **counts: int) -> Judgement:
    """The judgement where two merchants hold each shared key but for those that are counted otherwise, by kind."""
    holders: Holders = {key: counts.get(key[0].name.lower(), 2) for key in keys_of(one)}
    return judge(one, other, holders, POPULATION)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("杭州小明堂（浙江）服饰有限公司", "小明堂服饰"),
        ("浙江省杭州市西湖区小明堂服饰店", "小明堂服饰（个体工商户）"),
        ("ＡＢＣ　Store Co., Ltd.", "abc"),
        ("义乌市大发饰品厂", "浙江义乌大发饰品有限责任公司"),
        ("朝阳区小李服饰店", "小李服饰经营部"),
    ],
)
def test_place_brackets_width_and_form_are_no_part_of_a_name(one: str, other: str) -> None:
    assert business_names.core(one) == business_names.core(other) != ""


def test_a_name_of_nothing_but_place_and_form_keeps_something() -> None:
    assert business_names.core("杭州市") == "杭州市"
    assert business_names.core("上海店")
    assert business_names.core("") == ""
    assert business_names.core("！！") == ""


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        (STREET, "杭州西湖区文三路９０号 3栋2单元501", AddressMatch.SAME_ROOM),
        (STREET, "文三路九十号三幢501室", AddressMatch.SAME_ROOM),
        (STREET, "文三璐90号3幢2单元501", AddressMatch.SAME_ROOM),
        (STREET, "西湖区文三路90号", AddressMatch.SAME_NUMBER),
        (STREET, "西湖区文三路90号4幢501室", AddressMatch.OTHER_ROOM),
        (STREET, "西湖区文三路91号3幢2单元501室", AddressMatch.DIFFERENT),
        (STREET, "浙江省金华市义乌市文三路90号3幢2单元501室", AddressMatch.DIFFERENT),
        (STREET, "浙江省杭州市西湖区", AddressMatch.UNKNOWN),
        (STREET, "", AddressMatch.UNKNOWN),
        ("广州白云区石井街双桥村12号", "广东省广州市白云区石井街道双桥村十二号", AddressMatch.SAME_NUMBER),
        ("义乌市北苑街道柳青八区12幢3单元401室", "义乌柳青八区12栋3单元401", AddressMatch.SAME_ROOM),
        ("北京市朝阳区建国路88号", "北京市北京市朝阳区建国路88号", AddressMatch.SAME_NUMBER),
    ],
)
def test_addresses_are_compared_by_their_levels(one: str, other: str, match: AddressMatch) -> None:
    assert addresses.compare(addresses.parse(one), addresses.parse(other)) is match
    assert addresses.compare(addresses.parse(other), addresses.parse(one)) is match


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_an_address_and_a_name(one: str, other: str) -> None:
    addresses.compare(addresses.parse(one), addresses.parse(other))
    business_names.grams(business_names.core(one))


def test_one_resident_id_is_one_operator() -> None:
    assert judged(party("a", resident_id=b"1"), party("b", resident_id=b"1")).score > 0.99


def test_an_agents_phone_says_nothing() -> None:
    one, other = party("a", phone=b"1"), party("b", phone=b"1")
    assert judged(one, other).score > PROPOSE_FROM
    assert judged(one, other, phone=200).score < 0.01


def test_a_phone_says_less_where_resident_ids_differ() -> None:
    alone = judged(party("a", phone=b"1"), party("b", phone=b"1"))
    apart = judged(party("a", phone=b"1", resident_id=b"1"), party("b", phone=b"1", resident_id=b"2"))
    assert apart.score < PROPOSE_FROM < alone.score
    assert {reason.code for reason in apart.reasons if reason.weight < 0} == {"DIFFERENT_RESIDENT_ID", "BASE_RATE"}


def test_a_shared_address_or_name_alone_proposes_nothing() -> None:
    assert judged(party("a", address=STREET), party("b", address=STREET)).score < PROPOSE_FROM
    assert judged(party("a", name="小明堂服饰"), party("b", name="小明堂服饰店")).score < PROPOSE_FROM


def test_a_family_at_one_address_is_not_one_operator() -> None:
    one = party("a", address=STREET, resident_id=b"1", phone=b"1", name="小明堂服饰")
    other = party("b", address=STREET, resident_id=b"2", phone=b"2", name="青禾茶业")
    assert judged(one, other).score < 0.01


def test_common_words_weigh_less_than_rare_ones() -> None:
    one, other = party("a", name="小明堂服饰"), party("b", name="小明糖果服饰")
    rare, common = judged(one, other), judged(one, other, gram=2_000)
    assert rare.score > common.score


def test_names_that_sound_alike_are_similar() -> None:
    reasons = judged(party("a", name="小明堂服饰"), party("b", name="小鸣堂服饰")).reasons
    assert ("SIMILAR_NAME", "字号同音") in [(reason.code, reason.text_zh) for reason in reasons]


def test_names_without_a_sound_do_not_sound_alike() -> None:
    codes = [reason.code for reason in judged(party("a", name="na"), party("b", name="nb")).reasons]
    assert codes == ["DIFFERENT_NAME", "BASE_RATE"]


def test_an_imported_merchants_id_is_no_name() -> None:
    assert keys_of(party("firm-1", name="firm-1")) == []


def test_only_payouts_that_agree_speak() -> None:
    one, other = replace(party("a"), payouts=frozenset({b"1"})), replace(party("b"), payouts=frozenset({b"2"}))
    assert [reason.code for reason in judged(one, other).reasons] == ["BASE_RATE"]
    assert judged(one, replace(other, payouts=one.payouts)).reasons[0].code == "SAME_PAYOUT"


VALUES = st.sampled_from([None, b"1", b"2"])
PARTIES = st.builds(
    lambda uscc, resident_id, phone, accounts, name, address: {
        "uscc": uscc,
        "resident_id": resident_id,
        "phone": phone,
        "accounts": accounts,
        "name": name,
        "address": address,
    },
    st.sampled_from(["", "1", "2"]),
    VALUES,
    VALUES,
    st.sets(st.sampled_from([b"1", b"2", b"3"])),
    st.sampled_from(["", "小明堂服饰", "小鸣堂服饰", "小明堂皮具店", "青禾茶业"]),
    st.sampled_from(["", STREET, "文三路90号", "文三路90号4幢501室", "博云路2号"]),
)


@settings(max_examples=200)
@given(PARTIES, PARTIES, st.integers(1, 300), st.integers(0, 10_000_000))
def test_the_reasons_add_up_and_the_order_of_the_two_does_not_matter(
    mine: dict[str, object], theirs: dict[str, object], count: int, population: int
) -> None:
    one, other = party("a", **mine), party("b", **theirs)
    holders: Holders = dict.fromkeys((*keys_of(one), *keys_of(other)), count)
    judgement = judge(one, other, holders, population)
    assert 0 < judgement.score <= 1
    odds = log(judgement.score / (1 - judgement.score)) if judgement.score < 1 - 1e-12 else None
    if odds is not None:
        assert sum(reason.weight for reason in judgement.reasons) == pytest.approx(odds, abs=1e-3)
    assert judge(other, one, holders, population).score == pytest.approx(judgement.score)
    assert judgement.reasons[-1].code == "BASE_RATE"
    shown = "".join(f"{reason.text_zh}{reason.text_en}" for reason in judgement.reasons)
    for name in ("小明堂", "青禾", "文三路"):
        assert name not in shown


def test_frequencies_of_few_merchants_are_taken_as_of_a_thousand() -> None:
    one, other = party("a", phone=b"1"), party("b", phone=b"1")
    holders: Holders = {(KeyKind.PHONE, b"1"): 2}
    assert judge(one, other, holders, 5) == judge(one, other, holders, SMALLEST_POPULATION)


def test_most_merchants_of_one_operator_are_found_and_hardly_a_stranger() -> None:
    report = measured(2_000, seed=7)
    at = {figures.threshold: figures for figures in report.figures}
    assert at[PROPOSE_FROM].precision >= 0.97
    assert at[PROPOSE_FROM].recall >= 0.75  # of all pairs, those that share nothing but a name or an address as well
    assert at[0.95].precision >= 0.99
    by_resident_id = [pairs for name, pairs in report.shared_by_pairs.items() if "resident_id" in name]
    assert sum(right for _, right in by_resident_id) >= 0.98 * sum(total for total, _ in by_resident_id)
