"""Suggested mappings: what they know of a file, and that they import as they stand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import grpc
import polars as pl
import pytest
from export_files import SECRETS, report, taobao_row, write_invoices, write_json, write_taobao
from import_calls import imported
from ingestion_calls import Stub, register
from shared_files import shared_file
from sycee.ingestion.v1 import ingestion_pb2
from sycee_ingestion.connectors.proposing import MERCHANT_TO_NAME


async def suggest(stub: Stub, path: str, connector: str = "") -> ingestion_pb2.SuggestMappingResponse:
    return await stub.SuggestMapping(ingestion_pb2.SuggestMappingRequest(path=path, connector=connector))


async def taken_as_suggested(stub: Stub, path: str, merchant: str = "") -> ingestion_pb2.Import:
    """Imports by the mapping that is suggested, with nothing but the merchant put in where the file names none."""
    found = await suggest(stub, path)
    assert (MERCHANT_TO_NAME in found.mapping_yaml) == bool(merchant)
    assert all(row.HasField("event") or row.HasField("reject") for row in found.rows)
    return await imported(stub, path, found.mapping_yaml.replace(MERCHANT_TO_NAME, merchant))


async def test_an_order_export_in_gbk_is_known_and_imports_as_suggested(stub: Stub, import_root: Path) -> None:
    write_taobao(import_root / "三月.csv", *(taobao_row(n) for n in range(12)), taobao_row(12, 退款金额="3"))
    found = await suggest(stub, "三月.csv")
    assert found.connector == "orders"
    assert "encoding: gb18030" in found.mapping_yaml
    assert len(found.open_points) == 1
    assert "merchant" in found.open_points[0]
    assert len(found.rows) == 10
    assert not any(secret in str(found) for secret in SECRETS)
    await register(stub, "m-1")
    done = await taken_as_suggested(stub, "三月.csv", "m-1")
    assert (done.connector, done.accepted_count, done.held_count) == ("orders", 13, 0)


async def test_a_ledger_tells_its_direction_by_its_name_or_asks(stub: Stub, import_root: Path) -> None:
    await register(stub, "m-1")
    row = ("044", "001", "2026-01-05", "某公司", "100.00", "13.00", "113.00", "正常")
    for name, direction in (("2026销项.csv", "sale"), ("purchases.csv", "purchase")):
        write_invoices(import_root / name, row)
        found = await suggest(stub, name)
        assert (found.connector, len(found.open_points)) == ("invoices", 1)
        assert f"direction: {direction}" in found.mapping_yaml
        assert (await taken_as_suggested(stub, name, "m-1")).accepted_count == 1
    write_invoices(import_root / "ledger.csv", row)
    assert any("options.direction" in point for point in (await suggest(stub, "ledger.csv")).open_points)


async def test_nested_json_lines_are_flattened_to_paths(stub: Stub, import_root: Path) -> None:
    rows = [
        {"shop": {"shop_id": f"s-{n % 2}"}, "order_no": n, "paid": {"amount": 12.5, "pay_time": 1_773_538_200 + n}}
        for n in range(20)
    ]
    (import_root / "pushed.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    found = await suggest(stub, "pushed.jsonl")
    assert found.connector == "table"
    assert found.rows[0].event.merchant_id == "s-0"
    assert found.rows[0].event.order.amount.units == 12
    done = await taken_as_suggested(stub, "pushed.jsonl")
    assert done.accepted_count == 20


async def test_reports_counts_and_shops_are_known(stub: Stub, import_root: Path) -> None:
    await register(stub, "m-1")
    write_json(import_root / "reports.json", [report(), report(report_no="2")])
    assert (await taken_as_suggested(stub, "reports.json")).accepted_count == 2
    frame = {"shop_id": [1, 2, 2], "time_stamp": ["2016-01-02", "2016-01-02", "2016-01-03"], "count": [188, 0, 3]}
    pl.DataFrame(frame).write_parquet(import_root / "counts.parquet")
    (import_root / "shops.csv").write_text("shop_id,city,cate_1\n1,湖州,美食\n2,杭州,超市便利店\n")
    shops = await taken_as_suggested(stub, "shops.csv")
    assert (shops.connector, shops.accepted_count, shops.duplicate_count) == ("merchants", 2, 0)
    counts = await taken_as_suggested(stub, "counts.parquet")
    assert (counts.connector, counts.accepted_count) == ("daily_counts", 3)
    merchant = (await stub.GetMerchant(ingestion_pb2.GetMerchantRequest(merchant_id="1"))).merchant
    assert merchant.category == "food"
    again = await imported(stub, "shops.csv", (await suggest(stub, "shops.csv")).mapping_yaml + "# again\n")
    assert (again.accepted_count, again.duplicate_count) == (0, 2)


async def test_what_a_file_lacks_is_said(stub: Stub, import_root: Path) -> None:
    (import_root / "thin.csv").write_text("order_id,customer_id\na,b\nc,d\n")
    found = await suggest(stub, "thin.csv")
    said = " ".join(found.open_points)
    assert "amount" in said
    assert "times" in said
    assert all(row.reject.reason == "INVALID_FIELD" for row in found.rows)


async def test_what_cannot_be_looked_at_is_refused(stub: Stub, import_root: Path) -> None:
    (import_root / "empty.csv").write_text("")
    (import_root / "noise.parquet").write_bytes(b"PAR1 and nothing")
    (import_root / "good.csv").write_text("a,b\n1,2\n")
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    for path, connector, code in [
        ("none.csv", "", grpc.StatusCode.NOT_FOUND),
        ("empty.csv", "", invalid),
        ("noise.parquet", "", invalid),
        ("good.csv", "nonsense", invalid),
        ("good.xlsx", "", invalid),
    ]:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await suggest(stub, path, connector)
        assert error.value.code() is code, path
    forced = await suggest(stub, "good.csv", "invoices")  # it does not fit, and says so
    assert forced.connector == "invoices"
    assert any("connector" in point for point in forced.open_points)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "rows", "connector", "merchant"),
    [
        ("cumcm302_sales.parquet", 3_000, "invoices", ""),
        ("cumcm302_purchases.parquet", 3_000, "invoices", ""),
        ("koubei_daily.parquet", 3_000, "daily_counts", ""),
        ("koubei_shops.csv", 1_500, "merchants", ""),
    ],
)
async def test_real_files_import_as_suggested(  # noqa: PLR0917 - a case and two fixtures
    stub: Stub, import_root: Path, name: str, rows: int, connector: str, merchant: str
) -> None:
    source = shared_file(name)
    if name.endswith(".parquet"):
        pl.scan_parquet(source).head(rows).sink_parquet(import_root / name)
    else:
        shutil.copyfile(source, import_root / name)
    done = await taken_as_suggested(stub, name, merchant)
    assert (done.connector, done.row_count) == (connector, rows)
    assert done.reject_count == 0


@pytest.mark.shared_data
async def test_orders_without_amounts_say_so(stub: Stub, import_root: Path) -> None:
    shutil.copyfile(shared_file("olist/orders.parquet"), import_root / "orders.parquet")
    found = await suggest(stub, "orders.parquet")
    assert found.connector == "orders"
    assert any("what was paid" in point for point in found.open_points)
    assert {row.reject.field for row in found.rows} == {"order.amount"}
