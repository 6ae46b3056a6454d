"""Portraits as made last, and what was read in reviews."""

from __future__ import annotations

from alembic import op

revision = "portraits"
down_revision = "first"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table review_facts (
        merchant_no integer not null,
        day date not null,
        source text collate "C" not null,
        event_id text collate "C" not null,
        revision integer not null,
        withdrawn boolean not null,
        occurred_at timestamptz not null,
        received_on date not null,
        superseded_on date,
        order_key bigint not null,
        stars smallint not null,
        complaint boolean not null,
        has_text boolean not null,
        read_by smallint,
        sentiment_milli smallint,
        topics integer,
        sketch bytea,
        constraint review_facts_pkey primary key (merchant_no, day, source, event_id, revision)
    )
    """,
    "create index review_facts_unread_idx on review_facts (merchant_no, day) where has_text and read_by is null",
    """
    create table portraits (
        merchant_no integer not null,
        day date not null,
        past_version bigint not null,
        feature_version text not null,
        profile bytea not null,
        made_at timestamptz not null,
        constraint portraits_pkey primary key (merchant_no)
    )
    """,
)

_TABLES = ("portraits", "review_facts")


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.execute(f"drop table {table}")
