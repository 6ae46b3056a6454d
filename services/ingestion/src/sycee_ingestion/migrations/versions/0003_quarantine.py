"""What could not be read, kept with its reason."""

from __future__ import annotations

from alembic import op

revision = "quarantine"
down_revision = "portraits"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table quarantine_keys (
        origin text collate "C" not null,
        wrapped_key bytea not null,
        constraint quarantine_keys_pkey primary key (origin)
    )
    """,
    """
    create table quarantine (
        quarantine_no bigint generated always as identity,
        origin text collate "C" not null,
        subject text collate "C" not null,
        place bigint not null,
        item integer not null,
        digest bytea not null,
        merchant_digest bytea,
        state smallint not null,
        reason text not null,
        field text not null,
        description text not null,
        tries integer not null,
        sealed bytea,
        held_at timestamptz not null,
        released_at timestamptz,
        request_id text collate "C",
        was_stored smallint,
        constraint quarantine_pkey primary key (quarantine_no),
        constraint quarantine_place_key unique (origin, place, item, digest)
    )
    """,
    "create index quarantine_age_idx on quarantine (held_at)",
    "create index quarantine_held_idx on quarantine (origin, tries, quarantine_no) where state = 1",
    "create index quarantine_merchant_idx on quarantine (merchant_digest)",
    "create index quarantine_origin_idx on quarantine (origin, quarantine_no)",
    "create index quarantine_request_idx on quarantine (request_id) where request_id is not null",
)

_TABLES = ("quarantine", "quarantine_keys")


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.execute(f"drop table {table}")
