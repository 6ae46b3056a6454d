"""Transactions outside of RPCs, Core statements, and PostgreSQL going away and coming back."""

# ruff: noqa: PT012 - what a whole block does when it raises is what is tested

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import asyncpg
import grpc
import notes_pb2
import notes_pb2_grpc
import pytest
import sqlalchemy as sa
from grpc_health.v1 import health_pb2, health_pb2_grpc
from sqlalchemy.dialects.postgresql import JSONB
from sycee_notes.refusals import refused
from sycee_notes.server import Settings, build
from sycee_service.clock import ManualClock
from sycee_service.database import Database, open_pool
from sycee_service.errors import Unavailable
from sycee_service.outbox import Event
from sycee_service.schema import metadata
from sycee_service.testing import Postgres, running, until

T = sa.Table("t", sa.MetaData(), sa.Column("k", sa.Text, primary_key=True), sa.Column("v", JSONB))


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    pool = await open_pool(postgres_url, 3)
    async with pool.acquire() as driver:
        await driver.execute("create table t (k text primary key, v jsonb)")
        for table in metadata.sorted_tables:
            await driver.execute(str(sa.schema.CreateTable(table).compile(dialect=sa.dialects.postgresql.dialect())))
    yield Database(pool, "sycee-test", ManualClock(datetime(2026, 3, 1, tzinfo=UTC)))
    await pool.close()


async def keys(database: Database) -> list[str]:
    async with database.reading() as tx:
        return [row["k"] for row in await tx.driver.fetch("select k from t order by k")]


async def test_a_block_commits_or_leaves_nothing(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.driver.execute("insert into t (k) values ('kept')")
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await tx.driver.execute("insert into t (k) values ('gone')")
            tx.emit(Event("sycee.thing.done.v1", "x", {}))
            raise ZeroDivisionError
    assert await keys(database) == ["kept"]
    async with database.reading() as tx:
        assert await tx.driver.fetchval("select count(*) from outbox") == 0


async def test_an_error_of_a_statement_keeps_its_name_outside_of_an_rpc(database: Database) -> None:
    """A deadlock or a duplicate is no reason to say that the database is away."""
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction() as tx:
            await tx.driver.execute("insert into t (k) values ('twice'), ('twice')")
    assert await keys(database) == []


async def test_a_cancelled_block_leaves_nothing_and_no_broken_connection(database: Database) -> None:
    for _ in range(4):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.transaction() as tx:
                await tx.driver.execute("insert into t (k) values ('gone')")
                await tx.driver.execute("select pg_sleep(30)")
    assert await keys(database) == []
    assert database.pool.get_idle_size() == database.pool.get_size()


async def test_blocks_inside_a_block_join_it(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            async with database.transaction() as inner:
                await inner.driver.execute("insert into t (k) values ('gone')")
            assert await keys(database) == ["gone"]
            raise ZeroDivisionError
    assert await keys(database) == []


async def test_a_savepoint_is_undone_alone(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.driver.execute("insert into t (k) values ('a')")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with tx.savepoint():
                await tx.driver.execute("insert into t (k) values ('b')")
                await tx.driver.execute("insert into t (k) values ('a')")
        async with tx.savepoint(), tx.savepoint():
            await tx.driver.execute("insert into t (k) values ('c')")
    assert await keys(database) == ["a", "c"]


async def test_a_swallowed_sql_error_is_not_taken_for_a_commit(database: Database) -> None:
    with pytest.raises(RuntimeError, match="nothing was committed"):
        async with database.transaction() as tx:
            await tx.driver.execute("insert into t (k) values ('a')")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await tx.driver.execute("select 1 / 0")
    assert await keys(database) == []


async def test_core_statements_run_on_asyncpg(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.insert(T).values(k="a", v={"n": 1}))
        await tx.execute(sa.insert(T).values([{"k": "b", "v": [1, 2]}, {"k": "c", "v": None}]))
        await tx.execute(sa.update(T).where(T.c.k == "b").values(v={"n": 2}))
    async with database.reading() as tx:
        rows = await tx.execute(
            sa.select(T.c.k, T.c.v["n"].astext.label("n")).where(T.c.k.in_(["a", "b"])).order_by(T.c.k)
        )
        assert [(row["k"], row["n"]) for row in rows] == [("a", "1"), ("b", "2")]
        assert (await tx.execute(sa.select(sa.func.count()).select_from(T)))[0]["count_1"] == 3
        assert await tx.execute(sa.select(T).where(T.c.k.in_([]))) == []


async def test_reading_takes_no_events(database: Database) -> None:
    async with database.reading() as tx:
        with pytest.raises(RuntimeError, match="transaction"):
            tx.emit(Event("sycee.thing.done.v1", "x", {}))


async def test_a_connection_that_is_cut_is_unavailable(database: Database) -> None:
    for context in (database.transaction(), database.reading()):
        with pytest.raises(Unavailable) as caught:
            async with context as tx:
                await tx.driver.execute("select pg_terminate_backend(pg_backend_pid())")
        assert (caught.value.reason, caught.value.retry_after_ms) == ("DATABASE_UNAVAILABLE", 500)
    assert await keys(database) == []


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


async def test_postgres_goes_away_and_comes_back(own_server: Postgres) -> None:
    settings = Settings(database_url=own_server.fresh_database(), health_interval_ms=50, health_timeout_ms=500)
    async with running(settings, build, peer="gateway") as channel:
        stub, health = notes_pb2_grpc.NotesServiceStub(channel), health_pb2_grpc.HealthStub(channel)

        async def status(name: str = "") -> int:
            return int((await health.Check(health_pb2.HealthCheckRequest(service=name))).status)

        seen: list[int] = []

        async def watch() -> None:
            asked = health_pb2.HealthCheckRequest(service="sycee.notes.v1.NotesService")
            async for answer in health.Watch(asked):
                seen.append(answer.status)

        watching = asyncio.create_task(watch())
        await stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a", text="kept"))
        assert await status() == health_pb2.HealthCheckResponse.SERVING
        await asyncio.to_thread(own_server.stop)
        for call in (
            stub.ReadNote(notes_pb2.ReadNoteRequest(note_id="a")),
            stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0002", note_id="b")),
        ):
            found = await refused(call)
            assert (found.code, found.info.reason) == (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
            assert found.retry_after_ms == 500

        async def not_serving() -> bool:
            name = "sycee.notes.v1.NotesService"
            return {await status(), await status(name)} == {health_pb2.HealthCheckResponse.NOT_SERVING}

        await until(not_serving)
        await asyncio.to_thread(own_server.start)

        async def serving() -> bool:
            return await status() == health_pb2.HealthCheckResponse.SERVING

        await until(serving)
        assert (await stub.ReadNote(notes_pb2.ReadNoteRequest(note_id="a"))).text == "kept"
        await stub.WriteNote(notes_pb2.WriteNoteRequest(request_id="r-0002", note_id="b"))
        await until(lambda: seen == [1, 2, 1])
        watching.cancel()


async def test_a_start_waits_for_postgres(own_server: Postgres) -> None:
    settings = Settings(database_url=own_server.fresh_database(), database_wait_s=20)
    await asyncio.to_thread(own_server.stop)

    async def start_later() -> None:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_server.start)

    later = asyncio.create_task(start_later())
    async with running(settings, build, peer="gateway") as channel:
        await notes_pb2_grpc.NotesServiceStub(channel).WriteNote(
            notes_pb2.WriteNoteRequest(request_id="r-0001", note_id="a")
        )
    await later
