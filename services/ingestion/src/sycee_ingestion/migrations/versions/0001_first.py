"""Merchants, events, their sums by day, imports, the outbox and remembered answers."""

from __future__ import annotations

from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    create table buyer_days (
        merchant_no integer not null,
        day date not null,
        buyer bigint not null,
        constraint buyer_days_pkey primary key (merchant_no, day, buyer)
    )
    """,
    """
    create table event_keys (
        source text collate "C" not null,
        event_id text collate "C" not null,
        digest bytea not null,
        entered_by bigint not null,
        constraint event_keys_pkey primary key (source, event_id)
    )
    """,
    """
    create table events (
        source text collate "C" not null,
        event_id text collate "C" not null,
        merchant_no integer not null,
        kind smallint not null,
        occurred_at timestamptz not null,
        received_at timestamptz not null,
        body bytea not null
    )
    """,
    """
    create table imports (
        import_id text collate "C" not null,
        path text not null,
        mapping_yaml text not null,
        state smallint not null,
        file_digest bytea,
        row_count bigint,
        done_count bigint not null,
        accepted_count bigint not null,
        duplicate_count bigint not null,
        reject_count bigint not null,
        first_rejects jsonb not null,
        error text not null,
        created_at timestamptz not null,
        ended_at timestamptz,
        constraint imports_pkey primary key (import_id)
    )
    """,
    "create index imports_running_idx on imports (created_at) where state = 1",
    """
    create table merchant_days (
        merchant_no integer not null,
        day date not null,
        order_count bigint not null,
        order_fen bigint not null,
        buyer_count bigint not null,
        refund_count bigint not null,
        refund_fen bigint not null,
        return_count bigint not null,
        dispute_count bigint not null,
        review_count bigint not null,
        star_sum bigint not null,
        low_star_count bigint not null,
        complaint_count bigint not null,
        parcel_count bigint not null,
        weighed_count bigint not null,
        routed_count bigint not null,
        weight_g bigint not null,
        late_count bigint not null,
        gram_km_unknown bigint not null,
        gram_km_road_light bigint not null,
        gram_km_road_medium bigint not null,
        gram_km_road_heavy bigint not null,
        gram_km_rail bigint not null,
        packaging_unknown bigint not null,
        packaging_single_use bigint not null,
        packaging_recycled bigint not null,
        packaging_reusable bigint not null,
        settlement_count bigint not null,
        settlement_fen bigint not null,
        fee_fen bigint not null,
        traffic_count bigint not null,
        page_views bigint not null,
        visitors bigint not null,
        social_count bigint not null,
        posts bigint not null,
        interactions bigint not null,
        followers_mark bigint not null,
        constraint merchant_days_pkey primary key (merchant_no, day)
    ) with (fillfactor = 80)
    """,
    """
    create table merchants (
        merchant_no integer generated always as identity,
        merchant_id text collate "C" not null,
        name text,
        name_sealed bytea,
        borrower_kind smallint not null,
        uscc text collate "C" not null,
        category text collate "C" not null,
        province_code text collate "C" not null,
        shops jsonb not null,
        opened_on date,
        employee_count integer,
        register_status smallint,
        registered_on date,
        register_source text,
        register_checked_at timestamptz,
        operator_name_sealed bytea,
        resident_id_sealed bytea,
        phone_sealed bytea,
        resident_id_digest bytea,
        phone_digest bytea,
        simulated boolean not null,
        created_at timestamptz not null,
        constraint merchants_pkey primary key (merchant_no),
        constraint merchants_merchant_id_key unique (merchant_id)
    )
    """,
    """
    create table snapshots (
        merchant_no integer not null,
        kind smallint not null,
        ends_on date not null,
        day date not null,
        source text collate "C" not null,
        event_id text collate "C" not null,
        occurred_at timestamptz not null,
        facts jsonb not null,
        constraint snapshots_pkey primary key (merchant_no, kind, ends_on, day, source, event_id)
    )
    """,
    """
    create table feeds (
        merchant_no integer not null,
        source text collate "C" not null,
        order_count bigint not null,
        order_first date,
        order_last date,
        refund_count bigint not null,
        refund_first date,
        refund_last date,
        review_count bigint not null,
        review_first date,
        review_last date,
        shipment_count bigint not null,
        shipment_first date,
        shipment_last date,
        settlement_count bigint not null,
        settlement_first date,
        settlement_last date,
        traffic_count bigint not null,
        traffic_first date,
        traffic_last date,
        social_activity_count bigint not null,
        social_activity_first date,
        social_activity_last date,
        version bigint not null,
        unannounced boolean not null,
        constraint feeds_pkey primary key (merchant_no, source),
        constraint feeds_merchant_no_fkey foreign key(merchant_no) references merchants (merchant_no)
    ) with (fillfactor = 50)
    """,
    "create index feeds_unannounced_idx on feeds (merchant_no, source) where unannounced",
)

_TABLES = ("feeds", "buyer_days", "merchant_days", "snapshots", "events", "event_keys", "imports", "merchants")


def upgrade() -> None:
    """Makes the tables."""
    add_standard_tables(op)
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Undoes `upgrade`."""
    for table in _TABLES:
        op.execute(f"drop table {table}")
    drop_standard_tables(op)
