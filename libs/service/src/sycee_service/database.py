"""PostgreSQL for a service: one pool, and a transaction that a whole RPC shares.

asyncpg serves hot statements (`tx.driver.fetchrow("select … $1", x)`); SQLAlchemy Core serves schema, migrations and
cold statements (`tx.execute(select(table))`).

The unit is `Work`. The idempotency step opens one for each mutating RPC; `Database.transaction()` and `reading()` then
join it, so that the mutation, its events and the remembered answer commit together. It begins when first needed.
A handler must not use one transaction from two tasks at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sycee_client import calls

from sycee_service.clock import Clock
from sycee_service.errors import Unavailable
from sycee_service.outbox import Event, to_body

ACQUIRE_TIMEOUT_S = 5.0
ROLLBACK_TIMEOUT_S = 2.0
RETRY_AFTER_MS = 500
PING_TIMEOUT_S = 1.0

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves dialect constructors untyped

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby that was not promoted yet
    OSError,
)

_EMIT = "insert into outbox (event_id, subject, body) select * from unnest($1::text[], $2::text[], $3::bytea[])"
_REMEMBER = "insert into idempotency (caller, method, request_id, digest, answer) values ($1, $2, $3, $4, $5)"
_REMEMBER_AND_EMIT = (
    f"with remembered as ({_REMEMBER}) {_EMIT.replace('$3', '$8').replace('$2', '$7').replace('$1', '$6')}"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an RPC answered, to be remembered under its caller, method and request_id."""

    caller: str
    method: str
    request_id: str
    digest: bytes
    answer: bytes


class Transaction:
    """A connection inside a transaction or, from `Database.reading()`, in autocommit."""

    __slots__ = ("_events", "driver")

    def __init__(self, driver: Any, events: list[Event] | None) -> None:
        self.driver: asyncpg.Connection = driver
        self._events = events

    async def execute(self, statement: ClauseElement) -> list[asyncpg.Record]:
        """Runs a SQLAlchemy Core statement; rows as asyncpg gives them (`row["column"]`), none for a plain write."""
        text, arguments = compile_statement(statement)
        rows: list[asyncpg.Record] = await self.driver.fetch(text, *arguments)
        return rows

    def emit(self, event: Event) -> None:
        """Has the event written to the outbox when, and only when, this transaction commits."""
        if self._events is None:
            raise RuntimeError("emit wants Database.transaction(), not reading()")
        self._events.append(event)

    def savepoint(self) -> Savepoint:
        """A context whose work is undone when it raises, while the transaction lives on."""
        return Savepoint(self.driver)


class Savepoint:
    """`async with tx.savepoint():` — undone alone when the block raises. They nest."""

    __slots__ = ("_driver",)

    def __init__(self, driver: asyncpg.Connection) -> None:
        self._driver = driver

    async def __aenter__(self) -> None:
        await self._driver.execute("savepoint inner_step")

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            await self._driver.execute("release savepoint inner_step")
        elif not is_closed(self._driver):
            await self._driver.execute("rollback to savepoint inner_step; release savepoint inner_step")


def compile_statement(statement: ClauseElement) -> tuple[str, list[object]]:
    """The text and positional arguments of a Core statement, in asyncpg's style."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("not a statement with parameters")
    values = compiled.params
    processors = compiled._bind_processors  # no public name for it; JSON and decorated types need it
    arguments: list[object] = []
    for name in compiled.positiontup or ():
        process = processors.get(name)
        value = values[name]
        arguments.append(process(value) if callable(process) else value)
    return compiled.string, arguments


class Database:
    """The service's database. Made by `Host.database`."""

    def __init__(self, pool: asyncpg.Pool, source: str, clock: Clock) -> None:
        self.pool = pool
        self.source = source
        self.clock = clock
        # What to call when events were committed: the relay of this process, when there is one.
        self.on_events: Callable[[], None] = _nobody

    def transaction(self) -> TransactionContext:
        """`async with database.transaction() as tx:` at READ COMMITTED.

        Joins the RPC's transaction when there is one, else begins its own and commits it at the end of the block.
        An error inside a joined block dooms the whole RPC's transaction, even if it is caught further out: use
        `tx.savepoint()` where a failure is expected. Raises Unavailable when PostgreSQL cannot be reached.
        """
        return TransactionContext(self)

    def reading(self) -> ReadingContext:
        """`async with database.reading() as tx:` for single statements that only read, in autocommit.

        Joins the RPC's transaction when there is one. Raises Unavailable when PostgreSQL cannot be reached.
        """
        return ReadingContext(self)

    async def acquire(self) -> Any:
        """A pooled connection, or Unavailable."""
        try:
            if calls.deadline.get() is not None:  # the RPC's own deadline ends the wait
                return await self.pool.acquire()
            async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                return await self.pool.acquire()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # OSError covers TimeoutError
            raise _unavailable() from error

    async def release(self, driver: Any) -> None:
        """Gives a connection back."""
        await self.pool.release(driver)

    async def ping(self) -> None:
        """Raises unless PostgreSQL answers a statement."""
        driver = await self.acquire()
        try:
            await driver.fetchval("select 1")
        finally:
            await self.release(driver)


class Work:
    """One transaction, begun when first needed, with the events that commit with it."""

    __slots__ = ("_database", "_events", "_lock", "_tx", "closed", "doomed")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events: list[Event] = []
        self._tx: Transaction | None = None
        self._lock = asyncio.Lock()
        self.closed = False
        self.doomed = False

    async def transaction(self) -> Transaction:
        """The transaction, begun now if it was not."""
        if self._tx is not None:
            return self._tx
        async with self._lock:
            if self._tx is None:
                self._tx = await self._begin()
            return self._tx

    async def _begin(self) -> Transaction:
        driver = await self._database.acquire()
        try:
            await driver.execute("begin")
        except BaseException as error:
            lost = is_lost(error, driver)  # asked first: a connection that was given back looks lost
            await self._database.release(driver)
            if lost:
                raise _unavailable() from error
            raise
        return Transaction(driver, self._events)

    async def commit(self, answer: Answer | None = None) -> None:
        """Writes events and the answer in one statement and commits. Raises when anything failed before."""
        if self.doomed:
            raise RuntimeError("an error inside the transaction was swallowed; nothing may commit")
        if self._tx is None and (self._events or answer is not None):
            await self._write_alone(answer)
        elif self._tx is not None:
            await self._write(self._tx.driver, answer)
            await self._commit(self._tx.driver)
            self.closed = True
            await self._database.release(self._tx.driver)
        self.closed = True
        if self._events:
            self._database.on_events()

    async def _write_alone(self, answer: Answer | None) -> None:
        """Nothing else was written: the one statement is its own transaction."""
        driver = await self._database.acquire()
        try:
            await self._write(driver, answer)
        finally:
            await self._database.release(driver)

    async def _write(self, driver: Any, answer: Answer | None) -> None:
        try:
            if answer is None:
                if self._events:
                    await driver.execute(_EMIT, *self._event_columns())
                return
            memory = (answer.caller, answer.method, answer.request_id, answer.digest, answer.answer)
            if self._events:
                await driver.execute(_REMEMBER_AND_EMIT, *memory, *self._event_columns())
            else:
                await driver.execute(_REMEMBER, *memory)
        except Exception as error:
            raise_if_lost(error, driver)
            raise

    async def _commit(self, driver: Any) -> None:
        try:
            status = await driver.execute("commit")
        except Exception as error:
            raise_if_lost(error, driver)
            raise
        # PostgreSQL answers ROLLBACK to a commit after an error. Taken for success, a write would be lost in silence.
        if status != "COMMIT":
            raise RuntimeError("an SQL error inside the transaction was swallowed; nothing was committed")

    async def rollback(self) -> None:
        """Undoes everything; safe to call in any state and under cancellation."""
        if self.closed:
            return
        self.closed = True
        if self._tx is not None:
            await asyncio.shield(_abandon(self._database, self._tx.driver))

    def _event_columns(self) -> tuple[list[str], list[str], list[bytes]]:
        database, events = self._database, self._events
        now, trace = database.clock.now(), calls.traceparent.get()
        bodies = [to_body(event, database.source, now, trace) for event in events]
        return [event.id for event in events], [event.type for event in events], bodies


class TransactionContext:
    """What `Database.transaction()` returns."""

    __slots__ = ("_database", "_joined", "_token", "_tx", "_work")

    def __init__(self, database: Database) -> None:
        self._database = database
        self._token: Token[Work | None] | None = None

    async def __aenter__(self) -> Transaction:
        work = _work.get()
        self._joined = work is not None and not work.closed and work._database is self._database
        if not self._joined or work is None:
            work = Work(self._database)
            self._token = _work.set(work)
        self._work = work
        try:
            self._tx = await work.transaction()
        except BaseException:
            self._leave()
            raise
        return self._tx

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                if not self._joined:
                    await self._finish()
                return
            lost = is_lost(error, self._tx.driver)  # asked first: a connection that was given back looks lost
            if self._joined:
                self._work.doomed = True
            else:
                await self._work.rollback()
            if lost:
                raise _unavailable() from error
        finally:
            self._leave()

    async def _finish(self) -> None:
        try:
            await self._work.commit()
        except BaseException:
            await self._work.rollback()
            raise

    def _leave(self) -> None:
        if self._token is not None:
            _work.reset(self._token)
            self._token = None


class ReadingContext:
    """What `Database.reading()` returns."""

    __slots__ = ("_database", "_driver", "_own")

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __aenter__(self) -> Transaction:
        work = _work.get()
        if work is not None and not work.closed and work._database is self._database:
            self._own = False
            tx = await work.transaction()
            self._driver = tx.driver
            return tx
        self._own = True
        self._driver = await self._database.acquire()
        return Transaction(self._driver, None)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                raise_if_lost(error, self._driver)
        finally:
            if self._own:
                await self._database.release(self._driver)


class RpcWork:
    """`async with RpcWork(database) as work:` — blocks inside join it. Leaving it undoes what did not commit."""

    __slots__ = ("_token", "_work")

    def __init__(self, database: Database) -> None:
        self._work = Work(database)

    async def __aenter__(self) -> Work:
        self._token = _work.set(self._work)
        return self._work

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        _work.reset(self._token)
        await self._work.rollback()


def raise_if_lost(error: BaseException, driver: Any) -> None:
    """Raises Unavailable in place of an error that means that PostgreSQL went away."""
    if is_lost(error, driver):
        raise _unavailable() from error


def is_lost(error: BaseException, driver: Any) -> bool:
    """Whether the error means that PostgreSQL went away."""
    if isinstance(error, _LOST) and not isinstance(error, TimeoutError):
        return True
    return isinstance(error, (asyncpg.PostgresError, asyncpg.InterfaceError)) and is_closed(driver)


def is_closed(driver: Any) -> bool:
    """Whether the connection is gone. The pool takes a lost connection out of its proxy, which then only raises."""
    try:
        return bool(driver.is_closed())
    except asyncpg.InterfaceError:
        return True


async def _abandon(database: Database, driver: Any) -> None:
    """Rolls back within a bound; a connection that cannot is closed, which rolls back as well."""
    try:
        async with asyncio.timeout(ROLLBACK_TIMEOUT_S):
            if not is_closed(driver):
                await driver.execute("rollback")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        if not is_closed(driver):
            driver.terminate()
    finally:
        await database.release(driver)


def _unavailable() -> Unavailable:
    return Unavailable("DATABASE_UNAVAILABLE", "the database cannot be reached", RETRY_AFTER_MS)


def _nobody() -> None:
    """Nobody waits for events."""


_work: ContextVar[Work | None] = ContextVar("sycee_work", default=None)


async def open_pool(url: str, size: int) -> asyncpg.Pool:
    """A pool that connects on demand and again after a restart of PostgreSQL. Raises when it cannot connect now."""
    pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        reset=_keep,
        max_inactive_connection_lifetime=0,
        max_cached_statement_lifetime=0,
        timeout=ACQUIRE_TIMEOUT_S,
        server_settings={"jit": "off", "timezone": "UTC"},
    )
    try:
        await pool.release(await pool.acquire())
    except BaseException:
        pool.terminate()
        raise
    return pool


async def _keep(driver: Any) -> None:
    """Spares each release a round trip: no session state is ever set, and asyncpg rolls open transactions back."""
