"""What is wrong with a merchant, and what may be shown of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sycee_ingestion.domain.merchant import (
    BorrowerKind,
    Merchant,
    Operator,
    RegisterEntry,
    SettlementAccount,
    Shop,
    flaws,
    masked_name,
    masked_operator,
    opened_on,
    refuse_erased,
)
from sycee_service.errors import FailedPrecondition

NOW = datetime(2026, 3, 15, 4, tzinfo=UTC)
TODAY = date(2026, 3, 15)
TOMORROW = TODAY + timedelta(days=1)
GOOD = Merchant(
    merchant_id="m-1",
    name="某某服饰店",
    borrower_kind=BorrowerKind.SOLE_TRADER,
    uscc="92330106MA27777771",
    category="apparel",
    province_code="33",
    shops=(Shop("taobao", "1", date(2021, 5, 1)), Shop("douyin", "1", None), Shop("douyin", "2", date(2020, 1, 1))),
    employee_count=2,
    operator=Operator("测试甲", "330106199001011234", ""),
    register_entry=RegisterEntry(1, date(2020, 1, 1), "gsxt", NOW),
    simulated=False,
    created_at=NOW,
)


def test_a_good_one_has_no_flaw() -> None:
    assert flaws(GOOD, NOW) == []
    assert flaws(replace(GOOD, borrower_kind=BorrowerKind.INDIVIDUAL, uscc="", shops=()), NOW) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"uscc": ""}, "uscc"),
        ({"name": ""}, "name"),
        ({"borrower_kind": BorrowerKind.UNSPECIFIED}, "borrower_kind"),
        ({"uscc": "", "borrower_kind": BorrowerKind.ENTERPRISE}, "uscc"),
        ({"shops": (Shop("taobao", "1", None), Shop("taobao", "1", None))}, "shops[1]"),
        ({"shops": (Shop("taobao", "1", TOMORROW),)}, "shops[0].opened_on"),
        ({"register_entry": RegisterEntry(1, TOMORROW, "gsxt", None)}, "register_entry.registered_on"),
        ({"register_entry": RegisterEntry(1, None, "", NOW + timedelta(seconds=1))}, "register_entry.checked_at"),
    ],
)
def test_each_flaw_names_its_field(changes: dict[str, object], field: str) -> None:
    assert [flaw.field for flaw in flaws(replace(GOOD, **changes), NOW)] == [field]


def test_the_oldest_shop_counts() -> None:
    assert opened_on(GOOD.shops) == date(2020, 1, 1)
    assert opened_on(()) is None


def test_masks_show_the_first_character_and_the_last_two() -> None:
    assert masked_name("测试甲") == "测**"
    assert masked_operator(Operator("测试甲", "330106199001011234", "13800000000")) == "测** ****************34"


def test_an_operator_never_shows_in_a_log_line() -> None:
    assert "330106" not in repr(GOOD)
    assert "测试甲" not in repr(GOOD.operator)
    assert "6222" not in repr(SettlementAccount("taobao", "6222000000000001"))


def test_an_erased_merchant_is_refused() -> None:
    refuse_erased("m-1", None)
    with pytest.raises(FailedPrecondition) as error:
        refuse_erased("m-1", NOW)
    assert (error.value.reason, error.value.metadata) == ("MERCHANT_ERASED", {"merchant_id": "m-1"})
