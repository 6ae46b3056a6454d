"""Imports on a real server: progress, rejects, many merchants, idempotence, and crashes in mid-file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import grpc
import polars as pl
import pytest
from import_calls import finished, imported, start
from ingestion_calls import NOW, Stub, profile_of, publish, register
from ingestion_events import order
from shared_files import shared_file
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion import importing
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_service.clock import ManualClock
from sycee_service.testing import running, until

CDNOW = """
file: {header: false, columns: [buyer, day, pieces, dollars]}
source: cdnow
merchant: {constant: cdnow, register: {borrower_kind: ENTERPRISE, category: music, simulated: true}}
occurred_at: {column: day, format: "%Y%m%d", time_zone: America/New_York}
events:
  - kind: order
    fields:
      buyer_id: {column: buyer}
      item_count: {column: pieces}
      amount: {column: dollars, from: USD, rate: "8.28"}
"""

LEDGER = """
source: ledger
merchant: {column: firm, prefix: "firm-"}
occurred_at: {column: date}
event_id: {columns: [firm, no]}
skip: [{column: valid, equals: false}]
events:
  - kind: refund
    when: [{column: gross, below: 0}]
    fields: {amount: {column: gross, absolute: true}}
  - kind: order
    fields: {buyer_id: {column: party}, amount: {column: gross}}
"""


def cdnow_file(root: Path, count: int) -> None:
    lines = [
        f" {n % 97:05} {1997 + n % 2}{n % 12 + 1:02}{n % 28 + 1:02}  {n % 4 + 1}  {n % 50}.97\n" for n in range(count)
    ]
    (root / "cdnow.txt").write_text("".join(lines))


async def test_a_file_of_blanks_becomes_a_merchants_history(stub: Stub, import_root: Path) -> None:
    cdnow_file(import_root, 2_000)
    begun = await start(stub, "cdnow.txt", CDNOW)
    assert (begun.state, begun.path) == (1, "cdnow.txt")
    seen = await finished(stub, begun.import_id)
    done = seen[-1]
    assert (done.state, done.row_count, done.done_count, done.accepted_count) == (2, 2_000, 2_000, 2_000)
    assert all(i.done_count == i.accepted_count + i.duplicate_count + i.reject_count for i in seen)
    assert [i.done_count for i in seen] == sorted(i.done_count for i in seen)
    assert done.ended_at.ToDatetime(tzinfo=UTC) == NOW
    read = (await stub.GetImport(ingestion_pb2.GetImportRequest(import_id=begun.import_id))).file_import
    assert read == done

    profile = await profile_of(stub, "cdnow", datetime(1998, 7, 1, tzinfo=UTC))
    within = [n for n in range(2_000) if (1997 + n % 2, n % 12 + 1) < (1998, 7)]
    assert profile.sources[0].event_count == len(within)
    assert profile.traits.simulated
    assert profile.traits.category == "music"
    asked = ingestion_pb2.GetProfileRequest(merchant_id="cdnow", include_identity=True)
    assert not (await stub.GetProfile(asked)).identity.HasField("operator")

    again = await start(stub, "cdnow.txt", CDNOW, "another-request")
    done = (await finished(stub, again.import_id))[-1]
    assert (done.accepted_count, done.duplicate_count, done.reject_count) == (0, 2_000, 0)
    dearer = await start(stub, "cdnow.txt", CDNOW.replace("8.28", "8.29"), "third-request")
    done = (await finished(stub, dearer.import_id))[-1]
    assert {r.reason for r in done.first_rejects} == {"CONFLICTING_DUPLICATE"}
    assert (done.accepted_count, done.duplicate_count + done.reject_count, len(done.first_rejects)) == (0, 2_000, 20)


async def test_the_same_request_begins_one_import(stub: Stub, import_root: Path) -> None:
    cdnow_file(import_root, 10)
    first, second = await start(stub, "cdnow.txt", CDNOW), await start(stub, "cdnow.txt", CDNOW)
    assert first.import_id == second.import_id
    await finished(stub, first.import_id)


async def test_a_ledger_of_many_firms(stub: Stub, import_root: Path) -> None:
    await register(stub, "firm-E1")
    await register(stub, "firm-E2")
    day = date(2026, 3, 1)
    ledger = pl.DataFrame(
        {
            "firm": ["E1", "E2", "E1", "E1", "E9", "E2", "E1"],
            "no": [1, 1, 2, 3, 1, 2, 1],
            "date": [day, day, day, day, day, day, day],
            "party": ["D1", "D1", "D2", "D2", "D3", None, "D1"],
            "gross": [100.0, 50.0, -30.0, 70.0, 1.0, None, 100.0],
            "valid": [True, True, True, False, True, True, True],
        }
    )
    ledger.write_parquet(import_root / "ledger.parquet")
    done = (await finished(stub, (await start(stub, "ledger.parquet", LEDGER)).import_id))[-1]
    assert (done.state, done.done_count, done.accepted_count, done.duplicate_count, done.reject_count) == (
        2,
        7,
        3,
        1,
        3,
    )
    assert [(r.index, r.reason) for r in done.first_rejects] == [
        (3, "SKIPPED_BY_MAPPING"),
        (4, "UNKNOWN_MERCHANT"),
        (5, "INVALID_FIELD"),
    ]
    assert done.first_rejects[2].field == "order.amount"
    assert (await profile_of(stub, "firm-E1")).trade.refund_rate_180d == 0.3
    assert (await profile_of(stub, "firm-E2")).trade.order_count_90d == 1


async def test_rejects_are_all_counted_and_twenty_are_shown(stub: Stub, import_root: Path) -> None:
    await register(stub, "firm-E1")
    lines = ["firm,no,date,party,gross,valid"]
    lines += [f"E1,{n},2026-01-0{n % 9 + 1},D,{'x' if n % 2 else n},{n % 5 != 0}".lower() for n in range(200)]
    (import_root / "ledger.csv").write_text("\n".join(lines))
    done = (await finished(stub, (await start(stub, "ledger.csv", LEDGER)).import_id))[-1]
    skipped, unreadable = 40, 80
    assert (done.done_count, done.reject_count) == (200, skipped + unreadable + 80)  # firm-e1 is not registered
    assert len(done.first_rejects) == 20
    reasons = [r.reason for r in done.first_rejects]
    assert reasons.count("SKIPPED_BY_MAPPING") == 1


async def test_a_row_of_another_width_is_held_and_the_others_are_read(stub: Stub, import_root: Path) -> None:
    await register(stub, "firm-1")
    rows = ["1,1,2026-03-01,D,5,true", "1,2,2026-03-01,D,5,true,13800000000", "1,3", '1,4,2026-03-01,"D,5', "1,5"]
    (import_root / "ragged.csv").write_text("\n".join(["firm,no,date,party,gross,valid", *rows]))
    done = (await finished(stub, (await start(stub, "ragged.csv", LEDGER)).import_id))[-1]
    assert (done.state, done.done_count, done.accepted_count, done.reject_count, done.held_count) == (2, 4, 1, 3, 3)
    assert [reject.index for reject in done.first_rejects] == [1, 2, 3]
    assert "138" not in str(done)


async def test_a_file_that_is_not_its_format_fails_with_its_reason(stub: Stub, import_root: Path) -> None:
    pl.DataFrame({"a": [n * 7_919 % 9_973 for n in range(50_000)]}).write_parquet(import_root / "whole.parquet")
    mapping = (
        "{source: s, merchant: m, occurred_at: '2026-01-01', events: [{kind: order, fields: {amount: {column: a}}}]}"
    )
    whole = (import_root / "whole.parquet").read_bytes()
    (import_root / "cut.parquet").write_bytes(whole[:200] + bytes(10_000) + whole[10_200:])
    done = (await finished(stub, (await start(stub, "cut.parquet", mapping)).import_id))[-1]
    assert (done.state, done.connector) == (3, "table")
    assert "UNREADABLE_FILE" in done.error


async def test_a_mapping_that_reads_next_to_nothing_fails_before_it_fills_the_quarantine(
    settings: Settings, clock: ManualClock, import_root: Path
) -> None:
    cdnow_file(import_root, 3_000)
    bounded = settings.model_copy(update={"import_held_most": 1_500})
    async with running(bounded, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        wrong = CDNOW.replace("column: dollars", "column: buyer, prefix: x")
        done = (await finished(stub, (await start(stub, "cdnow.txt", wrong)).import_id))[-1]
    assert (done.state, done.held_count, done.done_count) == (3, 1_000, 1_000)
    assert "QUARANTINE_FULL" in done.error


async def test_a_request_that_does_not_fit_is_refused_at_once(stub: Stub, import_root: Path) -> None:
    cdnow_file(import_root, 1)
    (import_root / "other.csv").write_text("a,b\n1,2\n")
    outside = import_root.parent / "outside.csv"
    outside.write_text("a\n")
    refusals = [
        ("none.txt", CDNOW, grpc.StatusCode.NOT_FOUND, "none.txt"),
        ("../outside.csv", CDNOW, grpc.StatusCode.NOT_FOUND, "outside"),
        ("cdnow.doc", CDNOW, grpc.StatusCode.INVALID_ARGUMENT, "path"),
        ("cdnow.txt", "nonsense", grpc.StatusCode.INVALID_ARGUMENT, "mapping_yaml"),
        (
            "cdnow.txt",
            CDNOW.replace("column: day", "column: date"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "occurred_at.column",
        ),
        ("other.csv", LEDGER, grpc.StatusCode.INVALID_ARGUMENT, "mapping_yaml.merchant.column"),
        ("a\x00b.csv", CDNOW, grpc.StatusCode.INVALID_ARGUMENT, "path"),
        ("cdnow.txt", CDNOW + "\x00", grpc.StatusCode.INVALID_ARGUMENT, "mapping_yaml"),
        ("", CDNOW, grpc.StatusCode.INVALID_ARGUMENT, "path"),
    ]
    for path, mapping, code, told in refusals:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await start(stub, path, mapping)
        assert (error.value.code(), told in (error.value.details() or "")) == (code, True), (
            path,
            error.value.details(),
        )


async def test_without_a_folder_there_are_no_imports(settings: Settings, clock: ManualClock) -> None:
    without = settings.model_copy(update={"import_root": None})
    async with running(without, build, clock=clock, peer="operator") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await start(ingestion_pb2_grpc.IngestionServiceStub(channel), "a.csv", CDNOW)
    assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_crash_in_mid_file_loses_and_doubles_nothing(
    settings: Settings, clock: ManualClock, import_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers are stopped at whatever they were doing, again and again; the last one finds every row counted once."""
    monkeypatch.setattr(importing, "CHUNK_ROWS", 50)
    cdnow_file(import_root, 3_000)
    import_id, seen = "", 0
    for _ in range(4):
        async with running(settings, build, clock=clock, peer="operator") as channel:
            stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
            import_id = import_id or (await start(stub, "cdnow.txt", CDNOW)).import_id
            async for answer in stub.WatchImport(ingestion_pb2.WatchImportRequest(import_id=import_id)):
                now = answer.file_import
                if now.done_count >= seen + 200 or now.state != 1:
                    seen = now.done_count
                    break
    assert 0 < seen < 3_000, "the servers were not stopped in mid-file"
    async with running(settings, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        done = (await finished(stub, import_id))[-1]
        assert (done.state, done.done_count, done.accepted_count, done.duplicate_count) == (2, 3_000, 3_000, 0)
        profile = await profile_of(stub, "cdnow")
        assert profile.sources[0].event_count == 3_000


async def test_a_chunk_whose_count_is_lost_is_not_stored_either(
    settings: Settings, clock: ManualClock, import_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers that both believe to hold the import: what one counts, the other must not."""
    monkeypatch.setattr("sycee_ingestion.store.imports.ImportStore.claim", _claim_always)
    monkeypatch.setattr(importing, "CHUNK_ROWS", 20)
    cdnow_file(import_root, 1_000)
    async with (
        running(settings, build, clock=clock, peer="operator") as one,
        running(settings, build, clock=clock, peer="operator"),
    ):
        stub = ingestion_pb2_grpc.IngestionServiceStub(one)
        done = (await finished(stub, (await start(stub, "cdnow.txt", CDNOW)).import_id))[-1]
        assert (done.state, done.done_count, done.accepted_count, done.duplicate_count) == (2, 1_000, 1_000, 0)
        assert (await profile_of(stub, "cdnow")).sources[0].event_count == 1_000


class _claim_always:  # noqa: N801 - stands in for a method
    def __init__(self, *_: object) -> None:
        """Claims nothing."""

    async def __aenter__(self) -> bool:
        return True

    async def __aexit__(self, *_: object) -> None:
        """Gives nothing back."""


async def test_a_file_that_changes_under_its_import_fails_it(
    settings: Settings, clock: ManualClock, import_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 10)
    cdnow_file(import_root, 3_000)
    async with running(settings, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        begun = await start(stub, "cdnow.txt", CDNOW)
        async for answer in stub.WatchImport(ingestion_pb2.WatchImportRequest(import_id=begun.import_id)):
            if answer.file_import.done_count:
                break
    cdnow_file(import_root, 2_999)
    async with running(settings, build, clock=clock, peer="operator") as channel:
        done = (await finished(ingestion_pb2_grpc.IngestionServiceStub(channel), begun.import_id))[-1]
    assert done.state == 3
    assert "FILE_CHANGED" in done.error
    assert done.accepted_count == done.done_count < 3_000


async def test_an_import_and_a_stream_of_the_same_events_count_once(stub: Stub, import_root: Path) -> None:
    await register(stub, "firm-E1")
    days = [NOW.date() - timedelta(days=n) for n in range(1, 60)]
    lines = ["firm,no,date,party,gross,valid", *(f"E1,{n},{day},D,5,true" for n, day in enumerate(days))]
    (import_root / "ledger.csv").write_text("\n".join(lines))
    done = (await finished(stub, (await start(stub, "ledger.csv", LEDGER)).import_id))[-1]
    assert done.accepted_count == len(days)
    events = [order(f"E1-{n}", day, 500, source="ledger", merchant_id="firm-E1") for n, day in enumerate(days)]
    (answer,) = await publish(stub, events)
    assert answer.accepted_count == 0
    assert answer.duplicate_count + len(answer.rejects) == len(days)

    async def counted() -> bool:
        return (await profile_of(stub, "firm-E1")).trade.order_count_90d == len(days)

    await until(counted)


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "direction"), [("sales", "sale"), ("purchases", "purchase")])
async def test_real_ledgers_are_reconciled_to_the_row(stub: Stub, import_root: Path, name: str, direction: str) -> None:
    """The two firms whose rows are doubled in the file, some exactly, some with another counterparty, some voided."""
    ledger = pl.read_parquet(shared_file(f"cumcm302_{name}.parquet")).filter(pl.col("firm").is_in(["E160", "E197"]))
    ledger.write_parquet(import_root / "ledger.parquet")
    counted: Counter[str] = Counter()
    invoices: dict[tuple[object, ...], dict[int, tuple[object, ...]]] = {}
    for row in ledger.iter_rows(named=True):
        said = invoices.setdefault((row["firm"], row["invoice_no"], row["date"]), {})
        revision, content = int(not row["valid"]), (row["counterparty"], row["net_amount"], row["tax"])
        if revision in said and said[revision] != content:
            counted["held"] += 1
        elif revision in said or any(known > revision for known in said):
            counted["duplicates"] += 1
        else:
            counted["accepted"] += 1
            said[revision] = content
    mapping = f"""
connector: invoices
options: {{direction: {direction}}}
merchant: {{column: firm, register: {{borrower_kind: ENTERPRISE}}}}
"""
    done = await imported(stub, "ledger.parquet", mapping)
    assert (done.accepted_count, done.duplicate_count, done.held_count) == (
        counted["accepted"],
        counted["duplicates"],
        counted["held"],
    )
    assert done.row_count == ledger.height == sum(counted.values())
    assert counted["duplicates"] >= ledger.height - ledger.unique().height > 1_000
