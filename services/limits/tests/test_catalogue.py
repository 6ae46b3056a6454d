"""The catalogue that ships, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sycee_limits.catalogue_files import CatalogueError, load_catalogue
from sycee_limits.domain.catalogue import Catalogue
from sycee_limits.domain.kinds import BUSINESS_PURPOSES, LenderKind
from sycee_service.host import StartRefusedError


def test_four_products_and_three_lenders_ship(catalogue: Catalogue) -> None:
    names = {product.product_id: product.name_zh for product in catalogue.products.values()}
    assert names == {"shopkeeper": "店主贷", "festival": "节日贷", "startup": "启动资金包", "green": "绿色贷"}
    assert catalogue.products["shopkeeper"].max_fen == 50_000_000
    assert catalogue.products["startup"].min_months_of_history == 0
    assert {lender.kind for lender in catalogue.lenders.values()} == set(LenderKind) - {LenderKind.UNSPECIFIED}


def test_the_consumer_finance_company_is_there_and_funds_no_business(catalogue: Catalogue) -> None:
    lender = catalogue.lenders["lake-consumer"]
    assert not BUSINESS_PURPOSES & lender.appetite.keys()


def test_names_cannot_be_mistaken_for_real_institutions(catalogue: Catalogue) -> None:
    for lender in catalogue.lenders.values():
        assert lender.name_zh.startswith("示例")
        assert lender.name_en.startswith("Example")


def test_the_version_changes_with_any_byte(catalogue: Catalogue, catalogue_with: Callable[..., Path]) -> None:
    assert load_catalogue(catalogue_with()).version == catalogue.version
    other = load_catalogue(catalogue_with(lenders={"cost_of_funds_bp: 210": "cost_of_funds_bp: 211"}))
    assert other.version != catalogue.version
    assert other.version.startswith("catalogue-2026.1+")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("products", "max_yuan: 500000", "max_yuan: -1", r"products\.0\.max_yuan"),
        ("products", "max_yuan: 500000", "max_yuan: 500000.5", r"products\.0\.max_yuan"),
        ("products", "max_yuan: 500000", "max_yuan: '500000'", r"products\.0\.max_yuan"),
        ("products", "min_yuan: 5000", "min_yuan: 600000", "min_yuan is above max_yuan"),
        ("products", "name_zh: 店主贷", "name_zh: 店主贷\n    colour: red", r"products\.0\.colour"),
        ("products", "name_zh: 店主贷", "", r"products\.0\.name_zh"),
        ("products", "terms_months: [3, 6,", "terms_months: [6, 3,", "ascend"),
        ("products", "purpose: WORKING_CAPITAL", "purpose: SECURITIES_OR_PROPERTY", "CN-MICRO-05"),
        ("products", "purpose: WORKING_CAPITAL", "purpose: GAMBLING", r"products\.0\.purpose"),
        ("products", "sales_multiple: 1.5", "sales_multiple: 2.5", r"products\.0\.sales_multiple"),
        ("products", "sales_multiple: 1.5", "sales_multiple: 0.1", "LM-01"),
        ("products", "repay_by: 2025-03-10", "repay_by: 2025-06-10", "LM-03"),
        ("products", "repay_by: 2025-03-10", "repay_by: 20250310", r"seasons\.0\.repay_by"),
        ("products", "sales_multiple: 1.5", "sales_multiple: '1.5'", r"products\.0\.sales_multiple"),
        ("products", "product_id: green", "product_id: startup", "written twice: startup"),
        ("lenders", "lender_id: hill-microloan", "lender_id: river-bank", "written twice: river-bank"),
        ("lenders", "{CONSUMPTION: C}", "{CONSUMPTION: C, STOCKING: C}", "CN-CFC-01"),
        ("lenders", "{CONSUMPTION: C}", "{CONSUMPTION: E}", "not lendable"),
        ("lenders", "    kind: BANK\n", "    kind: BANK\n    kind: BANK\n", "written twice: kind"),
        ("lenders", "cost_of_funds_bp: 210", "cost_of_funds_bp: true", r"lenders\.0\.cost_of_funds_bp"),
        ("lenders", "day: 2024-12-31, yuan: 1900000000", "day: 2026-12-31, yuan: 1900000000", "ascend"),
        ("policy", "nominal_cap_bp: 2400", "nominal_cap_bp: 3600", "nominal_cap_bp"),
        ("policy", "esg_discount_max_bp: 50", "esg_discount_max_bp: 51", "esg_discount_max_bp"),
        ("policy", "{A: 1000,", "{", "names every grade"),
        ("policy", "E: 0}", "E: 10}", "grade E earns nothing"),
        ("policy", "from_months: 0,", "from_months: 1,", "begin at 0"),
        ("policy", "season_share_max_milli: 500", "season_share_max_milli: 900", "season_share_max_milli"),
        ("policy", "debt_service_cover_milli: 1300", "debt_service_cover_milli: 1000", "debt_service_cover_milli"),
        ("policy", "merchant_cap_yuan: 1000000", "merchant_cap_yuan: [", "policy.yaml"),
    ],
)
def test_a_wrong_catalogue_is_refused_by_name(
    catalogue_with: Callable[..., Path], file: str, old: str, new: str, told: str
) -> None:
    with pytest.raises(CatalogueError, match=told) as refused:
        load_catalogue(catalogue_with(**{file: {old: new}}))
    assert f"{file}.yaml" in str(refused.value)


async def test_a_service_with_a_wrong_catalogue_does_not_start(start: Any, catalogue_with: Callable[..., Path]) -> None:
    folder = catalogue_with(policy={"nominal_cap_bp: 2400": "nominal_cap_bp: 3600"})
    with pytest.raises(StartRefusedError, match="nominal_cap_bp"):
        async with start(folder):
            pass


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"products\.yaml"):
        load_catalogue(tmp_path)
