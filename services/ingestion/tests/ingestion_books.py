"""What tests look up in a server's database."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import asyncpg
from sycee_ingestion.schema import metadata
from sycee_ingestion.settings import Settings


async def fetch(settings: Settings, statement: str, *values: object) -> list[asyncpg.Record]:
    """The rows of a statement."""
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def keep_events(settings: Settings) -> None:
    """Has the database keep a copy of whatever goes through the outbox from now on."""
    for statement in (
        "create table kept_events (seq bigint, subject text, body bytea)",
        """
        create function keep_event() returns trigger language plpgsql as $$
        begin insert into kept_events values (new.seq, new.subject, new.body); return new; end $$
        """,
        "create trigger keep_events after insert on outbox for each row execute function keep_event()",
    ):
        await fetch(settings, statement)


async def outbox_of(settings: Settings, kind: str) -> list[dict[str, object]]:
    """The data of the events of a type since `keep_events`, in order."""
    rows = await fetch(settings, "select body from kept_events where subject = $1 order by seq", kind)
    return [json.loads(row["body"])["data"] for row in rows]


async def whole_outbox(settings: Settings) -> str:
    """Every event since `keep_events`, as text."""
    rows = await fetch(settings, "select body from kept_events order by seq")
    return "".join(row["body"].decode() for row in rows)


async def tables_with(
    fetch_rows: Callable[..., Awaitable[list[asyncpg.Record]]], merchant_id: str, merchant_no: int
) -> set[str]:
    """The tables that hold anything under a merchant's id or number; `fetch_rows` runs a statement with its values."""
    found = set()
    for table in metadata.tables.values():
        for column, value in (("merchant_no", merchant_no), ("merchant_id", merchant_id)):
            if column in table.columns and await fetch_rows(
                f"select from {table.name} where {column} = $1 limit 1", value
            ):
                found.add(table.name)
    return found
