"""The tables that every service with a database has: the outbox and the remembered answers.

A service's first migration makes them: `sycee_service.schema.add_standard_tables(op)`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()

# Events that committed and that the bus has not acknowledged yet. `body` is the whole CloudEvent as it will be sent.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

# The answer that each request_id got, by caller and RPC. `digest` is SHA-256 of the request.
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("caller", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("caller", "method", "request_id", name="idempotency_pkey"),
    sa.Index("idempotency_created_at", "created_at"),
)


def add_standard_tables(op: Any) -> None:
    """Creates `outbox` and `idempotency`; `op` is alembic's operations module."""
    metadata.create_all(op.get_bind(), checkfirst=False)


def drop_standard_tables(op: Any) -> None:
    """Undoes `add_standard_tables`."""
    metadata.drop_all(op.get_bind(), checkfirst=False)
