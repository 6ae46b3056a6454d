"""The real program, killed with SIGKILL in the middle of an import and of a stream."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import grpc
import pytest
from event_books import open_books
from ingestion_calls import Stub, iter_async, profile_of, register
from ingestion_events import order, said_again
from sycee.ingestion.v1 import event_pb2, ingestion_pb2, ingestion_pb2_grpc
from sycee_ingestion.settings import Settings
from sycee_service.testing import until

MAPPING = """
file: {header: false, columns: [day, amount]}
source: file
merchant: {constant: filed, register: {borrower_kind: INDIVIDUAL}}
occurred_at: {column: day}
events: [{kind: order, fields: {amount: {column: amount}}}]
"""
AS_OPERATOR = (("x-test-peer", "operator"),)
ROWS = 12_000


class Program:
    """`sycee-ingestion` as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        assert settings.database_url is not None
        given = {
            "LISTEN": self.address,
            "ALLOW_PLAINTEXT": "true",
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "NATS_URL": settings.nats_url,
            "DATA_KEY_FILE": settings.data_key_file,
            "IMPORT_ROOT": settings.import_root,
            "IMPORT_POLL_MS": 20,
            "WATCH_INTERVAL_MS": 10,
            "LOG_LEVEL": "ERROR",
        }
        self._environment = os.environ | {f"SYCEE_INGESTION_{name}": str(value) for name, value in given.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-c", "from sycee_ingestion.server import main; main()"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


class AsOperator(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc] # grpc.aio's is untyped
    """Names the peer of each unary call."""

    async def intercept_unary_unary(self, continuation, details, request):  # type: ignore[no-untyped-def]
        return await continuation(details._replace(metadata=grpc.aio.Metadata(*AS_OPERATOR)), request)


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    program = Program(settings)
    try:
        yield program
    finally:
        program.kill()


@pytest.fixture
async def operator(program: Program) -> AsyncIterator[Stub]:
    async with grpc.aio.insecure_channel(
        program.address, interceptors=[AsOperator()], options=[("grpc.max_reconnect_backoff_ms", 100)]
    ) as channel:
        yield ingestion_pb2_grpc.IngestionServiceStub(channel)


async def ready(stub: Stub) -> None:
    async def answers() -> bool:
        try:
            await stub.ListMerchants(ingestion_pb2.ListMerchantsRequest(), timeout=2)
        except grpc.aio.AioRpcError:
            return False
        return True

    await until(answers, timeout_s=30)


DAY = date(2026, 3, 1)


def told(batch: int) -> list[event_pb2.Event]:
    """A hundred orders, and of the batch before ten at another price and ten that were cancelled."""
    made = [order(f"{batch}-{n}", DAY, 100) for n in range(100)]
    if batch:
        before = [order(f"{batch - 1}-{n}", DAY, 7) for n in range(20)]
        made += [said_again(changed, 1, withdrawn=n >= 10) for n, changed in enumerate(before)]
    return made


async def test_a_killed_server_loses_and_doubles_nothing(
    program: Program, operator: Stub, import_root: Path, settings: Settings
) -> None:
    (import_root / "rows.txt").write_text("".join(f"2026-03-{n % 14 + 1:02} {n % 9}.00\n" for n in range(ROWS)))
    program.start()
    await ready(operator)
    await register(operator)
    begun = await operator.ImportFile(
        ingestion_pb2.ImportFileRequest(request_id="import-of-rows", path="rows.txt", mapping_yaml=MAPPING)
    )
    get = ingestion_pb2.GetImportRequest(import_id=begun.file_import.import_id)
    batches = [ingestion_pb2.PublishEventsRequest(batch_id=b, events=told(b)) for b in range(60)]
    acknowledged: set[int] = set()

    async def publish_until_killed() -> None:
        async for answer in operator.PublishEvents(iter_async(batches), metadata=AS_OPERATOR):
            assert answer.accepted_count == (120 if answer.batch_id else 100)
            acknowledged.add(answer.batch_id)
            if len(acknowledged) >= 5 and (await operator.GetImport(get)).file_import.done_count:
                program.kill()

    with pytest.raises(grpc.aio.AioRpcError):
        await publish_until_killed()
    assert 5 <= len(acknowledged) < 60

    program.start()
    await ready(operator)
    left = [batch for batch in batches if batch.batch_id not in acknowledged]
    stored = [answer async for answer in operator.PublishEvents(iter_async(left), metadata=AS_OPERATOR)]
    doubled = sum(answer.duplicate_count for answer in stored)
    assert sum(answer.accepted_count for answer in stored) + doubled == sum(len(batch.events) for batch in left)
    assert settings.database_url is not None
    async with open_books(settings.database_url.get_secret_value()) as books:
        counted = {"order_count": 5_410, "order_fen": 59 * (80 * 100 + 10 * 7) + 100 * 100, "orders_h12": 5_410}
        assert await books.days("m-1") == {("m-1", DAY): counted}
        ((counts),) = (await books.feeds("m-1")).values()
        assert counts[0] == 5_410

    async def ended() -> bool:
        return (await operator.GetImport(get)).file_import.state != 1

    await until(ended, timeout_s=30)
    done = (await operator.GetImport(get)).file_import
    assert (done.state, done.done_count, done.accepted_count, done.duplicate_count) == (2, ROWS, ROWS, 0)
    assert (await profile_of(operator, "filed")).sources[0].event_count == ROWS


LEDGER = """
connector: invoices
options: {direction: sale}
file: {format: csv}
source: ledger
merchant: {column: firm, register: {borrower_kind: ENTERPRISE}}
"""


async def test_a_ledger_that_is_killed_again_and_again_counts_every_invoice_once(
    program: Program, operator: Stub, import_root: Path
) -> None:
    """Every tenth row is a copy, every fifteenth voids an invoice, and every hundredth cannot be read."""
    lines = ["firm,invoice_no,date,counterparty,net_amount,tax,valid"]
    for n in range(ROWS):
        number, valid = (n - 1, "true") if n % 10 == 9 else (n - 2, "false") if n % 15 == 14 else (n, "true")
        amount = "much" if n % 100 == 0 else f"{number % 90}.00"
        lines.append(f"f-{number % 7},{number},2026-02-{number % 28 + 1:02},c-{number % 30},{amount},1.00,{valid}")
    (import_root / "ledger.csv").write_text("\n".join(lines))
    program.start()
    await ready(operator)
    request = ingestion_pb2.ImportFileRequest(request_id="import-of-ledger", path="ledger.csv", mapping_yaml=LEDGER)
    get = ingestion_pb2.GetImportRequest(import_id=(await operator.ImportFile(request)).file_import.import_id)
    seen = 0
    for _ in range(3):

        async def moved_on(after: int = seen) -> bool:
            return (await operator.GetImport(get)).file_import.done_count > after

        await until(moved_on, timeout_s=30)
        program.kill()
        program.start()
        await ready(operator)
        seen = (await operator.GetImport(get)).file_import.done_count
    assert 0 < seen < ROWS, "the server was not killed in mid-file"

    async def ended() -> bool:
        return (await operator.GetImport(get)).file_import.state != 1

    await until(ended, timeout_s=30)
    done = (await operator.GetImport(get)).file_import
    unreadable = ROWS // 100
    copies = sum(n % 10 == 9 for n in range(ROWS))
    assert (done.state, done.done_count, done.held_count, done.reject_count) == (2, ROWS, unreadable, unreadable)
    assert done.duplicate_count == copies
    assert done.accepted_count == ROWS - copies - unreadable
    held = ingestion_pb2.ListQuarantineRequest(import_id=done.import_id, page_size=500)
    assert len((await operator.ListQuarantine(held)).rows) == unreadable
