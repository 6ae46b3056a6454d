"""Identifiers are valid in form and belong to nobody."""

import re
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc
from sycee.common.v1 import common_pb2
from sycee_simulator import Marketplace, identifiers
from sycee_simulator.cities import CITIES

END = date(2026, 11, 20)
PROVINCES = sorted({city.province_code for city in CITIES})


@pytest.mark.parametrize(
    ("body", "check"),
    [("D2143569", "X"), ("M000100Y", "4"), ("60003734", "1")],  # GB 11714's own example and two codes of real firms
)
def test_organisation_check_agrees_with_known_codes(body: str, check: str) -> None:
    assert identifiers.organisation_check(body) == check


@given(seed=st.integers(0, 2**32), province=st.sampled_from(PROVINCES), sole_trader=st.booleans())
def test_social_credit_codes_have_both_check_characters(seed: int, province: str, sole_trader: bool) -> None:
    code = identifiers.social_credit_code(Random(seed), province, sole_trader=sole_trader)
    assert uscc.validate(code) == code
    assert code.startswith(("92" if sole_trader else "91") + province + "9999")
    assert code[16] == identifiers.organisation_check(code[8:16])


@given(index=st.integers(0, 10_000_000), province=st.sampled_from(PROVINCES))
def test_resident_ids_are_valid_of_age_and_of_no_county(index: int, province: str) -> None:
    number = identifiers.resident_id(index, province)
    assert ric.validate(number) == number
    assert number[2:6] == "0000"
    born = ric.get_birth_date(number)
    assert born.replace(year=born.year + 18, day=min(born.day, 28)) < date(2020, 6, 1)


@given(index=st.integers(0, 10**9))
def test_phones_look_right_and_are_unassigned(index: int) -> None:
    assert re.fullmatch(r"1[3-9]\d{9}", identifiers.phone(index))
    assert identifiers.phone(index).startswith("164")


def test_no_two_shops_share_an_identifier() -> None:
    requests = [shop.registration() for shop in Marketplace(11, END).shops(400)]
    for values in (
        [request.merchant_id for request in requests],
        [request.operator.resident_id for request in requests],
        [request.operator.phone for request in requests],
        [request.uscc for request in requests if request.uscc],
    ):
        assert len(set(values)) == len(values)


def test_every_licensed_shop_has_a_code_of_its_kind() -> None:
    prefixes = {common_pb2.BORROWER_KIND_SOLE_TRADER: "92", common_pb2.BORROWER_KIND_ENTERPRISE: "91"}
    for shop in Marketplace(12, END).shops(100):
        request = shop.registration()
        assert ric.is_valid(request.operator.resident_id)
        if request.borrower_kind == common_pb2.BORROWER_KIND_INDIVIDUAL:
            assert not request.uscc
        else:
            assert uscc.is_valid(request.uscc)
            assert request.uscc.startswith(prefixes[request.borrower_kind])
