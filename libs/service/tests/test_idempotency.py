"""One request_id, one answer: in a row, side by side, after a restart, after errors, and per caller."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import grpc
import notes_pb2
import notes_pb2_grpc
import pytest
from sycee_notes.refusals import refused
from sycee_notes.server import NotesHandlers, NotesStore, Settings, add, build
from sycee_service.clock import SystemClock
from sycee_service.database import Database, open_pool
from sycee_service.errors import FailedPrecondition
from sycee_service.host import Host
from sycee_service.idempotency import purge
from sycee_service.outbox import Event
from sycee_service.testing import hosting, running
from sycee_service.testing.postgres import connect

Request = notes_pb2.WriteNoteRequest


async def rows(url: str, query: str) -> list[Any]:
    driver = await connect(url)
    try:
        return [tuple(row) for row in await driver.fetch(query)]
    finally:
        await driver.close()


async def test_the_same_request_gets_the_same_answer_over_a_restart(postgres_url: str) -> None:
    settings = Settings(database_url=postgres_url)
    request = Request(request_id="r-0001", note_id="a", text="hello", labels={"x": "1", "y": "2"})
    async with running(settings, build, peer="gateway") as channel:
        first = await notes_pb2_grpc.NotesServiceStub(channel).WriteNote(request)
        assert await notes_pb2_grpc.NotesServiceStub(channel).WriteNote(request) == first
    async with running(settings, build, peer="gateway") as channel:
        again = Request(request_id="r-0001", note_id="a", text="hello", labels={"y": "2", "x": "1"})
        assert await notes_pb2_grpc.NotesServiceStub(channel).WriteNote(again) == first
    assert await rows(postgres_url, "select note_id from notes") == [("a",)]
    assert await rows(postgres_url, "select count(*) from outbox") == [(1,)]


async def test_another_payload_under_the_same_request_id_is_refused(postgres_url: str) -> None:
    async with running(Settings(database_url=postgres_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        await stub.WriteNote(Request(request_id="r-0001", note_id="a", text="hello"))
        for other in (Request(request_id="r-0001", note_id="a"), Request(request_id="r-0001", note_id="b")):
            found = await refused(stub.WriteNote(other))
            assert (found.code, found.info.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
            assert found.info.metadata["request_id"] == "r-0001"
    assert await rows(postgres_url, "select note_id, text from notes") == [("a", "hello")]


async def test_a_refused_request_is_not_remembered(postgres_url: str) -> None:
    async with running(Settings(database_url=postgres_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        await stub.WriteNote(Request(request_id="r-0001", note_id="a"))
        found = await refused(stub.WriteNote(Request(request_id="r-0002", note_id="a")))
        assert (found.code, found.info.reason) == (grpc.StatusCode.ALREADY_EXISTS, "NOTE_EXISTS")
        assert (await stub.WriteNote(Request(request_id="r-0002", note_id="b"))).note_id == "b"


async def test_duplicates_side_by_side_get_one_answer(postgres_url: str) -> None:
    settings = Settings(database_url=postgres_url)
    async with (
        running(settings, build, peer="gateway") as here,
        running(settings, build, peer="gateway") as there,
    ):
        stubs = [notes_pb2_grpc.NotesServiceStub(channel) for channel in (here, there)]
        for round_ in range(5):
            request = Request(request_id=f"r-{round_:04}", note_id=f"n-{round_}", text="x")
            calls = [stubs[i % 2].WriteNote(request) for i in range(12)]
            answers = await asyncio.gather(*calls)
            assert all(answer == answers[0] for answer in answers)
    assert await rows(postgres_url, "select count(*) from notes") == [(5,)]
    assert await rows(postgres_url, "select count(*) from outbox") == [(5,)]


async def test_callers_do_not_share_request_ids(postgres_url: str) -> None:
    async with running(Settings(database_url=postgres_url), build) as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        jwt = "eyJzdWIiOiJnYXRld2F5Iiwic2NvcGUiOiJub3Rlcy53cml0ZSJ9"  # {"sub":"gateway","scope":"notes.write"}
        edge = (("x-test-peer", "edge"), ("x-jwt-payload", jwt))
        await stub.WriteNote(Request(request_id="r-0001", note_id="a"), metadata=(("x-test-peer", "gateway"),))
        await stub.WriteNote(Request(request_id="r-0001", note_id="b"), metadata=edge)
    assert await rows(postgres_url, "select caller from idempotency order by 1") == [("edge/gateway",), ("gateway",)]


class Scripted(NotesHandlers):
    """Runs what a test gives it in place of WriteNote."""

    def __init__(self, database: Database, write: Any) -> None:
        super().__init__(NotesStore(database))
        self.database = database
        self._write = write

    async def WriteNote(self, request: Any, context: Any) -> Any:
        return await self._write(self, request)


def scripted(write: Any) -> Any:
    async def build_it(host: Host[Settings]) -> None:
        add(host, Scripted(await host.database("sycee_notes.migrations"), write))

    return build_it


async def test_an_error_after_the_work_undoes_work_events_and_memory(postgres_url: str) -> None:
    async def write(self: Scripted, request: Any) -> Any:
        await self.store.write(request.note_id, request.text)
        raise FailedPrecondition("TOO_LATE", "too late")

    async with running(Settings(database_url=postgres_url), scripted(write), peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        assert (await refused(stub.WriteNote(Request(request_id="r-0001", note_id="a")))).info.reason == "TOO_LATE"
    for table in ("notes", "outbox", "idempotency"):
        assert await rows(postgres_url, f"select count(*) from {table}") == [(0,)]


async def test_a_swallowed_error_inside_the_transaction_commits_nothing(postgres_url: str) -> None:
    async def by_store(self: Scripted, request: Any) -> Any:
        await self.store.write("kept?", "")
        try:
            async with self.database.transaction() as tx:
                await tx.driver.execute("insert into notes (note_id, text) values ('half', '')")
                raise FailedPrecondition("NO", "no")
        except FailedPrecondition:
            return notes_pb2.WriteNoteResponse(note_id="pretended")

    async def by_sql(self: Scripted, request: Any) -> Any:
        async with self.database.transaction() as tx:
            try:
                await tx.driver.execute("select 1 / 0")
            except asyncpg.DivisionByZeroError:
                return notes_pb2.WriteNoteResponse(note_id="pretended")

    for write in (by_store, by_sql):
        async with running(Settings(database_url=postgres_url), scripted(write), peer="gateway") as channel:
            found = await refused(
                notes_pb2_grpc.NotesServiceStub(channel).WriteNote(Request(request_id="r-0001", note_id="a"))
            )
            assert found.code is grpc.StatusCode.INTERNAL
        for table in ("notes", "outbox", "idempotency"):
            assert await rows(postgres_url, f"select count(*) from {table}") == [(0,)]


async def test_an_rpc_that_writes_nothing_is_remembered_too(postgres_url: str) -> None:
    runs: list[int] = []

    async def write(self: Scripted, request: Any) -> Any:
        runs.append(1)
        return notes_pb2.WriteNoteResponse(serial=len(runs))

    async with running(Settings(database_url=postgres_url), scripted(write), peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        answers = [await stub.WriteNote(Request(request_id="r-0001", note_id="a")) for _ in range(3)]
        assert [answer.serial for answer in answers] == [1, 1, 1]


async def test_what_rpcs_share_reads_their_own_writes(postgres_url: str) -> None:
    async def write(self: Scripted, request: Any) -> Any:
        serial = await self.store.write(request.note_id, request.text)
        assert await self.store.read(request.note_id) == request.text
        async with self.database.transaction() as tx:
            tx.emit(Event("sycee.note.seen.v1", request.note_id, {}))
        return notes_pb2.WriteNoteResponse(note_id=request.note_id, serial=serial)

    async with running(Settings(database_url=postgres_url), scripted(write), peer="gateway") as channel:
        await notes_pb2_grpc.NotesServiceStub(channel).WriteNote(Request(request_id="r-0001", note_id="a", text="mine"))
    subjects = await rows(postgres_url, "select subject from outbox order by seq")
    assert subjects == [("sycee.note.written.v1",), ("sycee.note.seen.v1",)]


async def test_lost_races_run_again_and_give_up_in_the_end(postgres_url: str) -> None:
    runs: list[int] = []

    async def write(self: Scripted, request: Any) -> Any:
        runs.append(1)
        await self.store.write(request.note_id, request.text)
        if len(runs) < int(request.text):
            async with self.database.transaction() as tx:
                await tx.driver.execute("do $$ begin raise exception using errcode = '40001'; end $$")
        return notes_pb2.WriteNoteResponse(note_id=request.note_id)

    async with running(Settings(database_url=postgres_url), scripted(write), peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        assert (await stub.WriteNote(Request(request_id="r-0001", note_id="a", text="3"))).note_id == "a"
        assert len(runs) == 3
        runs.clear()
        found = await refused(stub.WriteNote(Request(request_id="r-0002", note_id="b", text="100")))
        assert (found.code, found.info.reason) == (grpc.StatusCode.ABORTED, "CONFLICT")
        assert len(runs) == 6
    assert await rows(postgres_url, "select note_id from notes") == [("a",)]


async def test_real_deadlocks_are_resolved(postgres_url: str) -> None:
    first_locks = asyncio.Barrier(2)
    met: set[str] = set()

    async def write(self: Scripted, request: Any) -> Any:
        order = ("a", "b") if request.note_id == "x" else ("b", "a")
        async with self.database.transaction() as tx:
            await tx.driver.execute("update notes set text = text || $2 where note_id = $1", order[0], request.note_id)
            if request.note_id not in met:
                met.add(request.note_id)
                await first_locks.wait()
            await tx.driver.execute("update notes set text = text || $2 where note_id = $1", order[1], request.note_id)
        return notes_pb2.WriteNoteResponse(note_id=request.note_id)

    async with hosting(Settings(database_url=postgres_url), scripted(write), peer="gateway") as host:
        driver = await connect(postgres_url)
        await driver.execute("insert into notes (note_id, text) values ('a', ''), ('b', '')")
        await driver.close()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{host.port}") as channel:
            stub = notes_pb2_grpc.NotesServiceStub(channel)
            calls = [stub.WriteNote(Request(request_id=f"r-{name}000", note_id=name)) for name in "xy"]
            assert {answer.note_id for answer in await asyncio.gather(*calls)} == {"x", "y"}
    texts = await rows(postgres_url, "select text from notes order by note_id")
    assert sorted(texts[0][0]) == sorted(texts[1][0]) == ["x", "y"]


@pytest.mark.parametrize("text", ["\x00", "with \x00 inside"])
async def test_text_that_postgres_cannot_store_names_its_field(postgres_url: str, text: str) -> None:
    async with running(Settings(database_url=postgres_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        found = await refused(stub.WriteNote(Request(request_id="r-0001", note_id="a", text=text)))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT
        assert found.fields.keys() == {"text"}


async def test_old_answers_are_forgotten(postgres_url: str) -> None:
    async with running(Settings(database_url=postgres_url), build, peer="gateway") as channel:
        stub = notes_pb2_grpc.NotesServiceStub(channel)
        for i in range(3):
            await stub.WriteNote(Request(request_id=f"r-000{i}", note_id=f"n{i}"))
    pool = await open_pool(postgres_url, 1)
    try:
        database = Database(pool, "sycee-notes", SystemClock())
        await pool.execute(
            "update idempotency set created_at = now() - interval '31 days' where request_id <> 'r-0001'"
        )
        assert await purge(database, 30) == 2
        assert await purge(database, 30) == 0
    finally:
        await pool.close()
    assert await rows(postgres_url, "select request_id from idempotency") == [("r-0001",)]
