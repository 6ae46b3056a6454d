"""The migrations add up to the tables that the code names."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sycee_ingestion.schema import metadata
from sycee_service.migrations import migrate
from sycee_service.schema import metadata as standard


async def test_migrations_and_tables_agree(postgres_url: str) -> None:
    await migrate(postgres_url, "sycee_ingestion.migrations", upgrade=True)
    engine = create_async_engine(make_url(postgres_url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    whole = MetaData()
    for tables in (metadata, standard):
        for table in tables.tables.values():
            table.to_metadata(whole)
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), whole))
