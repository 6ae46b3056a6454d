"""Brings a service's schema to its newest revision with Alembic, one process at a time.

A service's `migrations/env.py` is two lines: `from sycee_service.migrations import run_env` and `run_env()`.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import asyncpg
import structlog
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOCK_TIMEOUT_S = 60


class SchemaBehindError(RuntimeError):
    """The schema is not at the newest revision, and migrating was not asked for."""


def run_env() -> None:
    """What `env.py` runs: the revisions asked for, on the connection that `migrate` gave or on `sqlalchemy.url`."""
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise SystemExit("migrations run through sycee_service.migrations: start the service, which migrates")
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def migrate(url: str, migrations: str, *, upgrade: bool) -> None:
    """Upgrades the database at `url` to the newest revision in the package path `migrations`, under an advisory lock.

    Without `upgrade` it only looks, and raises SchemaBehindError unless the schema is there. A schema that is ahead,
    left by a newer version of the service, is taken: migrations expand before they contract.
    """
    # asyncpg reads the address itself, so that it means here what it means to the pool (sslmode and all).
    connect = partial(asyncpg.connect, url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, migrations, upgrade)
    finally:
        await engine.dispose()


def script_config(migrations: str, connection: Connection | None = None) -> Config:
    """Alembic's configuration for a package path such as `sycee_limits.migrations`."""
    package, _, folder = migrations.rpartition(".")
    config = Config()
    config.set_main_option("script_location", f"{package}:{folder}")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection, migrations: str, upgrade: bool) -> None:
    config = script_config(migrations, connection)
    scripts = ScriptDirectory.from_config(config)
    if not _is_behind(connection, scripts):
        return
    if not upgrade:
        raise SchemaBehindError(f"the schema is not at {scripts.get_current_head()} of {migrations}: migrate it first")
    key = zlib.crc32(migrations.encode())
    connection.execute(text("select set_config('lock_timeout', :bound, false)"), {"bound": f"{LOCK_TIMEOUT_S}s"})
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": key})
    connection.commit()  # the lock is the session's: migrations may commit in between
    try:
        if _is_behind(connection, scripts):
            connection.commit()
            command.upgrade(config, "head")
            structlog.get_logger().info("schema upgraded", migrations=migrations, head=scripts.get_current_head())
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": key})
        connection.commit()


def _is_behind(connection: Connection, scripts: ScriptDirectory) -> bool:
    """Whether there are revisions here that the database has not; a revision that we do not know is a newer one."""
    current: Any = MigrationContext.configure(connection).get_current_heads()
    known = {revision.revision for revision in scripts.walk_revisions()}
    ahead = [revision for revision in current if revision not in known]
    if ahead:
        structlog.get_logger().warning("schema is ahead of this version", revisions=ahead)
        return False
    return set(current) != set(scripts.get_heads())
