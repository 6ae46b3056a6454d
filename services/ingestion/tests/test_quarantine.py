"""Quarantine on a real server: what is held and how, and releasing it once, whatever comes in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from export_files import SECRETS, taobao_row, write_taobao
from import_calls import imported
from ingestion_calls import NOW, Stub, register
from sycee.ingestion.v1 import ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion import releasing
from sycee_ingestion.domain.quarantine import Held, Origin
from sycee_ingestion.sealing import Keyring, Sealer
from sycee_ingestion.server import build
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.quarantine import QuarantineStore
from sycee_service.clock import ManualClock
from sycee_service.database import Database, open_pool
from sycee_service.migrations import migrate
from sycee_service.testing import running

LEDGER = """
file: {format: csv}
source: ledger
merchant: {column: firm}
occurred_at: {column: date}
events: [{kind: order, fields: {amount: {column: gross}, buyer_id: {column: party}}}]
"""
IN_DOLLARS = LEDGER.replace("column: gross", 'column: gross, map: {much: "7"}, otherwise: "1"')
HELD, RELEASED = ingestion_pb2.QuarantinedRow.STATE_HELD, ingestion_pb2.QuarantinedRow.STATE_RELEASED


async def list_rows(stub: Stub, **asked: object) -> list[ingestion_pb2.QuarantinedRow]:
    """Every page of the quarantine."""
    found: list[ingestion_pb2.QuarantinedRow] = []
    token = ""
    while True:
        request = ingestion_pb2.ListQuarantineRequest(page_token=token, page_size=3, **asked)  # type: ignore[arg-type]
        page = await stub.ListQuarantine(request)
        found += page.rows
        token = page.next_page_token
        if not token:
            return found


async def release(stub: Stub, request_id: str, **asked: Any) -> tuple[int, int, int, bool]:
    done = await stub.ReleaseQuarantine(ingestion_pb2.ReleaseQuarantineRequest(request_id=request_id, **asked))
    return done.released_count, done.duplicate_count, done.held_count, done.more


async def get(stub: Stub, import_id: str) -> ingestion_pb2.Import:
    return (await stub.GetImport(ingestion_pb2.GetImportRequest(import_id=import_id))).file_import


def write(root: Path, *rows: str, name: str = "ledger.csv") -> None:
    (root / name).write_text("\n".join(["firm,date,gross,party", *rows]))


async def stored(settings: Settings, statement: str, *arguments: object) -> list[asyncpg.Record]:
    assert settings.database_url is not None
    driver = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        return await driver.fetch(statement, *arguments)
    finally:
        await driver.close()


async def everything(settings: Settings) -> str:
    """All that is stored, table by table, as text."""
    names = await stored(settings, "select tablename from pg_tables where schemaname = 'public'")
    found = [await stored(settings, f'select t::text from "{name["tablename"]}" as t') for name in names]
    return "\n".join(row["t"] for rows in found for row in rows)


async def test_what_cannot_be_read_is_held_with_its_reason_and_sealed(
    stub: Stub, settings: Settings, import_root: Path
) -> None:
    await register(stub, "m-1")
    write(
        import_root, "m-1,2026-03-01,5,b", "m-1,2026-03-01,much,secret", "m-9,2026-03-01,5,b", "m-1,2027-01-01,5,b", "1"
    )
    done = await imported(stub, "ledger.csv", LEDGER + "skip: [{column: party, equals: none}]\n")
    assert (done.accepted_count, done.reject_count, done.held_count) == (1, 4, 4)
    rows = await list_rows(stub, import_id=done.import_id)
    assert [(row.index, row.reason, row.field) for row in rows] == [
        (1, "INVALID_FIELD", "order.amount"),
        (2, "UNKNOWN_MERCHANT", "merchant_id"),
        (3, "OCCURRED_IN_FUTURE", "occurred_at"),
        (4, "INVALID_FIELD", ""),
    ]
    assert {row.state for row in rows} == {HELD}
    assert {row.import_id for row in rows} == {done.import_id}
    assert not any(row.HasField("released_at") for row in rows)
    assert await list_rows(stub, import_id="other") == []
    assert await list_rows(stub, state=RELEASED) == []
    assert len(await list_rows(stub, state=HELD)) == 4
    assert "secret" not in await everything(settings)
    again = await imported(stub, "ledger.csv", LEDGER)
    assert (again.duplicate_count, again.held_count) == (1, 4)
    assert len(await list_rows(stub)) == 8


async def test_released_rows_become_events_under_the_names_that_they_would_have_had(
    stub: Stub, settings: Settings, import_root: Path
) -> None:
    await register(stub, "m-1")
    write(import_root, "m-1,2026-03-01,5,b", "m-1,2026-03-02,much,b", "m-1,2026-03-03,very much,b", "1,2")
    before = await imported(stub, "ledger.csv", LEDGER)
    assert before.held_count == 3
    assert await release(stub, "release-1", import_id=before.import_id) == (0, 0, 3, False)
    done = await release(stub, "release-2", import_id=before.import_id, mapping_yaml=IN_DOLLARS)
    assert done == (2, 0, 1, False)
    assert await release(stub, "release-2", import_id=before.import_id, mapping_yaml=IN_DOLLARS) == done
    assert await release(stub, "release-3", import_id=before.import_id, mapping_yaml=IN_DOLLARS) == (0, 0, 1, False)
    after = await get(stub, before.import_id)
    assert (after.accepted_count, after.reject_count, after.held_count) == (3, 1, 1)
    assert after.done_count == after.accepted_count + after.duplicate_count + after.reject_count
    rows = await list_rows(stub, import_id=before.import_id)
    assert [(row.index, row.state) for row in rows] == [(1, RELEASED), (2, RELEASED), (3, HELD)]
    assert rows[0].released_at.ToDatetime() == NOW.replace(tzinfo=None)
    digest = (await stored(settings, "select file_digest from imports"))[0]["file_digest"].hex()
    events = await stored(settings, "select event_id, first from events order by event_id")
    assert [tuple(row) for row in events] == [(f"{digest}-0", 500), (f"{digest}-1", 700), (f"{digest}-2", 100)]
    # The file again, with the mended mapping: all there.
    again = await imported(stub, "ledger.csv", IN_DOLLARS.replace('"1"', '"5"'))
    assert (again.accepted_count, again.duplicate_count, again.held_count) == (0, 2, 2)  # 5 yuan contradict 1 yuan
    (sealed,) = await stored(settings, "select count(*) from quarantine where state = 2 and sealed is not null")
    assert sealed["count"] == 0


async def test_rows_are_released_by_their_ids_and_with_the_old_mapping(stub: Stub, import_root: Path) -> None:
    write(import_root, "m-7,2026-03-01,5,b", "m-8,2026-03-01,5,b")
    done = await imported(stub, "ledger.csv", LEDGER)
    first, second = [row.quarantine_id for row in await list_rows(stub)]
    assert await release(stub, "release-1", quarantine_ids=[first, second]) == (0, 0, 2, False)
    await register(stub, "m-7")
    assert await release(stub, "release-2", quarantine_ids=[first, second]) == (1, 0, 1, False)
    assert (await get(stub, done.import_id)).held_count == 1
    assert [row.reason for row in await list_rows(stub, state=HELD)] == ["UNKNOWN_MERCHANT"]


async def test_a_row_whose_event_is_there_already_is_a_duplicate(stub: Stub, import_root: Path) -> None:
    write(import_root, "m-7,2026-03-01,5,b")
    first = await imported(stub, "ledger.csv", LEDGER)
    await register(stub, "m-7")
    second = await imported(stub, "ledger.csv", LEDGER + "# again\n")
    assert second.accepted_count == 1
    assert await release(stub, "release-1", import_id=first.import_id) == (0, 1, 0, False)
    after = await get(stub, first.import_id)
    assert (after.accepted_count, after.duplicate_count, after.reject_count, after.held_count) == (0, 1, 0, 0)


async def test_what_cannot_be_released_is_refused(stub: Stub, import_root: Path) -> None:
    write(import_root, "m-7,2026-03-01,5,b")
    done = await imported(stub, "ledger.csv", LEDGER)
    (row,) = await list_rows(stub)
    invalid, missing = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
    refusals: Sequence[tuple[dict[str, object], grpc.StatusCode, str]] = [
        ({}, invalid, "import_id"),
        ({"import_id": done.import_id, "quarantine_ids": [row.quarantine_id]}, invalid, "import_id"),
        ({"import_id": "none"}, missing, "none"),
        ({"quarantine_ids": ["q-999"]}, missing, "q-999"),
        ({"quarantine_ids": ["q-x"]}, invalid, "quarantine_ids[0]"),
        ({"import_id": done.import_id, "mapping_yaml": "nonsense"}, invalid, "mapping_yaml"),
        ({"import_id": done.import_id, "mapping_yaml": LEDGER.replace("gross", "net")}, invalid, "amount.column"),
        (
            {"import_id": done.import_id, "mapping_yaml": LEDGER.replace("format: csv", 'separator: ";"')},
            invalid,
            "mapping_yaml.file",
        ),
        (
            {"import_id": done.import_id, "mapping_yaml": "connector: orders\n" + LEDGER},
            invalid,
            "mapping_yaml.connector",
        ),
    ]
    for number, (asked, code, told) in enumerate(refusals):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await release(stub, f"release-{number}", **asked)
        assert (error.value.code(), told in (error.value.details() or "")) == (code, True), error.value.details()
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await stub.ListQuarantine(ingestion_pb2.ListQuarantineRequest(page_token="x"))
    assert error.value.code() is invalid


async def test_personal_data_is_nowhere_and_a_released_buyer_is_the_same_one(
    stub: Stub, settings: Settings, import_root: Path
) -> None:
    await register(stub, "m-1")
    rows = [
        taobao_row(1),
        taobao_row(2, 买家实际支付金额="much"),
        taobao_row(3, 退款金额="x"),
        taobao_row(4, 退款金额="3"),
    ]
    write_taobao(import_root / "orders.csv", *rows)
    mapping = "connector: orders\nfile: {format: csv, encoding: gbk}\nmerchant: m-1\n"
    done = await imported(stub, "orders.csv", mapping)
    assert (done.connector, done.accepted_count, done.held_count) == ("orders", 3, 1)
    mended = mapping + (
        "events: [{kind: order, fields: {order_id: {column: 订单编号}, buyer_id: {column: 买家会员名},"
        ' amount: {column: 买家实际支付金额, map: {much: "8"}}}}]\n'
    )
    assert (await release(stub, "release-1", import_id=done.import_id, mapping_yaml=mended))[0] == 1
    events = await stored(settings, "select kind, first, party from events order by kind, first")
    assert [(row["kind"], row["first"]) for row in events] == [
        (1, 800),
        (1, 10_000),
        (1, 10_000),
        (1, 10_000),
        (2, 300),
    ]
    assert len({row["party"] for row in events if row["kind"] == 1}) == 1
    whole = await everything(settings)
    assert not [secret for secret in SECRETS if secret in whole]


async def test_releases_that_run_side_by_side_count_each_row_once(
    stub: Stub, import_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "BATCH_ROWS", 20)
    write(import_root, *(f"m-7,2026-03-01,{n},b" for n in range(90)))
    done = await imported(stub, "ledger.csv", LEDGER)
    assert done.held_count == 90
    await register(stub, "m-7")
    answers = await asyncio.gather(*(release(stub, f"release-{n}", import_id=done.import_id) for n in range(3)))
    assert sum(released for released, _, _, _ in answers) == 90
    assert sum(duplicates for _, duplicates, _, _ in answers) == 0
    after = await get(stub, done.import_id)
    assert (after.accepted_count, after.reject_count, after.held_count) == (90, 0, 0)


async def test_a_release_that_is_cut_off_goes_on_where_it_was(
    settings: Settings, clock: ManualClock, import_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "BATCH_ROWS", 10)
    write(import_root, *(f"m-7,2026-03-01,{n},b" for n in range(35)))
    stored_batches = 0
    store = releasing.Releaser._store

    async def fail_third(self: releasing.Releaser, *arguments: Any) -> bool:
        nonlocal stored_batches
        stored_batches += 1
        if stored_batches == 3:
            raise RuntimeError("cut off")
        return await store(self, *arguments)

    async with running(settings, build, clock=clock, peer="operator") as channel:
        stub = ingestion_pb2_grpc.IngestionServiceStub(channel)
        import_id = (await imported(stub, "ledger.csv", LEDGER)).import_id
        await register(stub, "m-7")
        with monkeypatch.context() as cut:
            cut.setattr(releasing.Releaser, "_store", fail_third)
            with pytest.raises(grpc.aio.AioRpcError):
                await release(stub, "release-1", import_id=import_id)
        assert (await get(stub, import_id)).accepted_count == 20
        assert await release(stub, "release-1", import_id=import_id) == (35, 0, 0, False)


async def test_a_call_reads_so_many_rows_and_says_whether_there_are_more(
    stub: Stub, import_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "MOST_READ_AT_ONCE", 10)
    write(import_root, *(f"m-{n % 2},2026-03-01,{n},b" for n in range(24)))
    import_id = (await imported(stub, "ledger.csv", LEDGER)).import_id
    await register(stub, "m-1")
    answers = []
    while not answers or answers[-1][3]:
        answers.append(await release(stub, f"release-{len(answers)}", import_id=import_id))
    assert sum(released for released, _, _, _ in answers) == 12
    assert answers[-1][2] == 12
    assert len(answers) <= 4


async def test_rows_of_an_erased_merchant_are_not_kept(stub: Stub, import_root: Path) -> None:
    await register(stub, "m-1")
    write(import_root, "m-1,2026-03-01,much,b", "m-2,2026-03-01,5,b", name="before.csv")
    before = await imported(stub, "before.csv", LEDGER)
    assert before.held_count == 2
    erase = ingestion_pb2.EraseMerchantDataRequest(request_id="erase-m-1", merchant_id="m-1", reason="asked for")
    await stub.EraseMerchantData(erase)
    assert [row.index for row in await list_rows(stub)] == [1]
    write(import_root, "m-1,2026-03-01,5,b", "m-1,2026-03-01,much,b")
    done = await imported(stub, "ledger.csv", LEDGER)
    assert (done.reject_count, done.held_count) == (2, 0)
    assert {reject.reason for reject in done.first_rejects} == {"MERCHANT_ERASED"}
    assert len(await list_rows(stub)) == 1


async def test_the_quarantine_is_purged_and_its_keys_change_with_the_master_key(
    postgres_url: str, clock: ManualClock
) -> None:
    await migrate(postgres_url, "sycee_ingestion.migrations", upgrade=True)
    pool = await open_pool(postgres_url, 2)
    try:
        database = Database(pool, "test", clock)
        old, new = b"o" * 32, b"n" * 32
        rows = [Held(n, 0, f"m-{n}", "INVALID_FIELD", "", "", f'{{"n": {n}}}') for n in range(3)]
        origin = Origin("import-1")
        store = QuarantineStore(database, Sealer(Keyring([old]), b"d" * 32))
        await store.prepare(origin)
        await store.hold(origin, rows, NOW)
        await store.hold(origin, rows[:1], NOW + timedelta(days=1))
        later = QuarantineStore(database, Sealer(Keyring([old, new]), b"d" * 32))
        assert await later.rewrap() == 1
        assert await later.rewrap() == 0
        newest = QuarantineStore(database, Sealer(Keyring([new]), b"d" * 32))
        opened = await newest.next_held("import-1", [], 10)
        assert [(row.place, row.content) for row in opened] == [(n, f'{{"n": {n}}}') for n in range(3)]
        assert await newest.purge_merchant("m-1") == 1
        assert await newest.purge_before(NOW) == 0
        assert await newest.purge_before(NOW + timedelta(seconds=1)) == 2
        assert await newest.next_held("import-1", [], 10) == []
    finally:
        await pool.close()
