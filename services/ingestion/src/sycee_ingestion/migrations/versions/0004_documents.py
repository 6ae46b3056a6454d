"""Documents and what was read in them."""

from __future__ import annotations

from alembic import op

revision = "documents"
down_revision = "quarantine"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table documents (
        document_id text collate "C" not null,
        merchant_no integer not null,
        kind smallint not null,
        state smallint not null,
        caller text collate "C" not null,
        request_id text collate "C" not null,
        sha256 bytea not null,
        size_bytes bigint not null,
        picture_sealed bytea not null,
        findings_sealed bytea,
        error text not null,
        crash_count smallint not null,
        reader_version text collate "C" not null,
        received_at timestamptz not null,
        read_at timestamptz,
        constraint documents_pkey primary key (document_id),
        constraint documents_request_key unique (caller, request_id),
        constraint documents_merchant_no_fkey foreign key (merchant_no) references merchants (merchant_no)
    )
    """,
    "alter table documents alter column picture_sealed set storage external",
    "create index documents_merchant_idx on documents (merchant_no, received_at, document_id)",
    "create index documents_waiting_idx on documents (received_at, document_id) where state = 1",
)

_TABLES = ("documents",)


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.execute(f"drop table {table}")
