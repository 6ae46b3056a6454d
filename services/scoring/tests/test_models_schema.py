"""The migration makes the tables that the code names."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sycee_scoring.schema import models
from sycee_service.migrations import migrate

TABLES = (models.models, models.model_standings, models.model_role_changes, models.model_trainings)


async def test_the_migration_and_the_tables_agree(postgres_url: str) -> None:
    await migrate(postgres_url, "sycee_scoring.migrations", upgrade=True)
    engine = create_async_engine(make_url(postgres_url).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    named = MetaData()
    for table in TABLES:
        table.to_metadata(named)
    options = {"compare_type": True, "include_name": _is_of_models}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), named))


def _is_of_models(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name in {table.name for table in TABLES}
