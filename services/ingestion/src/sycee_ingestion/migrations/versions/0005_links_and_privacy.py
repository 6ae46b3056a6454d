"""Links between merchants, erasures, legal holds, the access log."""

from __future__ import annotations

from alembic import op

revision = "links"
down_revision = "documents"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table shop_links (
        link_id text collate "C" not null,
        first_no integer not null,
        second_no integer not null,
        score double precision not null,
        reasons jsonb not null,
        state smallint not null,
        decided_by text not null,
        note text not null,
        found_at timestamptz not null,
        decided_at timestamptz,
        constraint shop_links_pkey primary key (link_id),
        constraint shop_links_pair_key unique (first_no, second_no),
        constraint shop_links_first_no_fkey foreign key (first_no) references merchants (merchant_no),
        constraint shop_links_second_no_fkey foreign key (second_no) references merchants (merchant_no)
    )
    """,
    "create index shop_links_score_idx on shop_links (score, link_id)",
    "create index shop_links_second_idx on shop_links (second_no)",
    """
    create table link_keys (
        kind smallint not null,
        key bigint not null,
        merchant_no integer not null,
        constraint link_keys_pkey primary key (kind, key, merchant_no)
    )
    """,
    "create index link_keys_merchant_idx on link_keys (merchant_no)",
    """
    create table erasures (
        merchant_no integer not null,
        erased_at timestamptz not null,
        relationship_ended_on date not null,
        reason text not null,
        requested_by text not null,
        erased text[] not null,
        identity_sealed bytea not null,
        primary key (merchant_no),
        constraint erasures_merchant_no_fkey foreign key (merchant_no) references merchants (merchant_no)
    )
    """,
    """
    create table holds (
        merchant_no integer not null,
        what text collate "C" not null,
        rule_id text collate "C" not null,
        until date not null,
        constraint holds_pkey primary key (merchant_no, what),
        constraint holds_merchant_no_fkey foreign key (merchant_no) references erasures (merchant_no)
    )
    """,
    "create index holds_until_idx on holds (until)",
    """
    create table accesses (
        access_id bigint generated always as identity,
        merchant_no integer not null,
        at timestamptz not null,
        caller text not null,
        method text not null,
        what text not null,
        purpose text not null,
        primary key (access_id)
    )
    """,
    "create index accesses_at_idx on accesses (at)",
    "create index accesses_merchant_idx on accesses (merchant_no, at, access_id)",
)

_TABLES = ("accesses", "holds", "erasures", "link_keys", "shop_links")


def upgrade() -> None:
    """Makes the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.execute(f"drop table {table}")
