"""Migrations: once, by whoever comes first; behind refuses, ahead is taken."""

from __future__ import annotations

import asyncio

import pytest
from sycee_notes.server import Settings, build
from sycee_service.host import StartRefusedError
from sycee_service.migrations import SchemaBehindError, migrate
from sycee_service.testing import running
from sycee_service.testing.postgres import connect

NOTES = "sycee_notes.migrations"


async def test_many_starters_migrate_once(postgres_url: str) -> None:
    await asyncio.gather(*(migrate(postgres_url, NOTES, upgrade=True) for _ in range(4)))
    await migrate(postgres_url, NOTES, upgrade=False)
    driver = await connect(postgres_url)
    assert await driver.fetchval("select version_num from alembic_version") == "0001"
    assert await driver.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0
    await driver.close()


async def test_a_schema_behind_refuses_the_start(postgres_url: str) -> None:
    with pytest.raises(SchemaBehindError, match="0001"):
        await migrate(postgres_url, NOTES, upgrade=False)
    with pytest.raises(StartRefusedError, match="migrate it first"):
        async with running(Settings(database_url=postgres_url, migrate_on_start=False), build):
            raise AssertionError("it must not start")


async def test_a_schema_ahead_is_taken(postgres_url: str) -> None:
    await migrate(postgres_url, NOTES, upgrade=True)
    driver = await connect(postgres_url)
    await driver.execute("update alembic_version set version_num = '0002'")
    await driver.close()
    for upgrade in (True, False):
        await migrate(postgres_url, NOTES, upgrade=upgrade)
