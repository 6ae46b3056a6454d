"""Merchants, events, their sums by day, imports, the outbox and remembered answers."""

from __future__ import annotations

from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "first"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
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
        address_sealed bytea,
        account_digests bytea[] not null,
        erased_at timestamptz,
        simulated boolean not null,
        created_at timestamptz not null,
        primary key (merchant_no),
        constraint merchants_merchant_id_key unique (merchant_id)
    )
    """,
    """
    create table merchant_keys (
        merchant_no integer not null,
        identity_key bytea not null,
        contact_key bytea,
        primary key (merchant_no),
        constraint merchant_keys_merchant_no_fkey foreign key (merchant_no) references merchants (merchant_no)
    )
    """,
    """
    create table service_keys (
        use text collate "C" not null,
        key bytea not null,
        constraint service_keys_pkey primary key (use)
    )
    """,
    """
    create table event_keys (
        place bigint not null,
        hash bigint not null,
        digest bigint not null,
        entered_by bigint not null,
        revision integer not null,
        constraint event_keys_pkey primary key (place, hash)
    )
    """,
    """
    create table events (
        source text collate "C" not null,
        event_id text collate "C" not null,
        merchant_no integer not null,
        kind smallint not null,
        revision integer not null,
        withdrawn boolean not null,
        occurred_at timestamptz not null,
        received_at timestamptz not null,
        day date not null,
        received_on date not null,
        superseded_on date,
        first bigint not null,
        second bigint not null,
        third bigint not null,
        order_key bigint not null,
        party bigint not null,
        goods bigint not null,
        address bigint not null,
        device bigint not null,
        body bytea not null
    )
     partition by range (occurred_at)
    """,
    "create index events_merchant_idx on events (merchant_no, occurred_at)",
    """
    create table snapshots (
        merchant_no integer not null,
        kind smallint not null,
        ends_on date not null,
        day date not null,
        source text collate "C" not null,
        event_id text collate "C" not null,
        revision integer not null,
        withdrawn boolean not null,
        occurred_at timestamptz not null,
        received_on date not null,
        superseded_on date,
        facts jsonb not null,
        constraint snapshots_pkey primary key (merchant_no, kind, ends_on, day, source, event_id, revision)
    )
    """,
    """
    create table merchant_days (
        merchant_no integer not null,
        day date not null,
        received_on date not null,
        order_count bigint default 0 not null,
        order_fen bigint default 0 not null,
        item_count bigint default 0 not null,
        orders_h00 bigint default 0 not null,
        orders_h04 bigint default 0 not null,
        orders_h08 bigint default 0 not null,
        orders_h12 bigint default 0 not null,
        orders_h16 bigint default 0 not null,
        orders_h20 bigint default 0 not null,
        refund_count bigint default 0 not null,
        refund_fen bigint default 0 not null,
        return_count bigint default 0 not null,
        dispute_count bigint default 0 not null,
        review_count bigint default 0 not null,
        star_sum bigint default 0 not null,
        low_star_count bigint default 0 not null,
        complaint_count bigint default 0 not null,
        parcel_count bigint default 0 not null,
        weighed_count bigint default 0 not null,
        routed_count bigint default 0 not null,
        covered_count bigint default 0 not null,
        odd_route_count bigint default 0 not null,
        weight_g bigint default 0 not null,
        late_count bigint default 0 not null,
        gram_km_unknown bigint default 0 not null,
        gram_km_road_light bigint default 0 not null,
        gram_km_road_medium bigint default 0 not null,
        gram_km_road_heavy bigint default 0 not null,
        gram_km_rail bigint default 0 not null,
        packaging_unknown bigint default 0 not null,
        packaging_single_use bigint default 0 not null,
        packaging_recycled bigint default 0 not null,
        packaging_reusable bigint default 0 not null,
        settlement_count bigint default 0 not null,
        settlement_fen bigint default 0 not null,
        fee_fen bigint default 0 not null,
        traffic_count bigint default 0 not null,
        page_views bigint default 0 not null,
        visitors bigint default 0 not null,
        social_count bigint default 0 not null,
        posts bigint default 0 not null,
        interactions bigint default 0 not null,
        sale_invoice_count bigint default 0 not null,
        sale_net_fen bigint default 0 not null,
        sale_tax_fen bigint default 0 not null,
        sale_red_count bigint default 0 not null,
        sale_red_fen bigint default 0 not null,
        sale_void_count bigint default 0 not null,
        purchase_invoice_count bigint default 0 not null,
        purchase_net_fen bigint default 0 not null,
        purchase_tax_fen bigint default 0 not null,
        purchase_red_count bigint default 0 not null,
        purchase_red_fen bigint default 0 not null,
        purchase_void_count bigint default 0 not null,
        daily_count_count bigint default 0 not null,
        payment_count bigint default 0 not null,
        payment_fen bigint default 0 not null,
        followers_mark bigint default 0 not null,
        constraint merchant_days_pkey primary key (merchant_no, day, received_on)
    )
     with (fillfactor = 80)
    """,
    """
    create table day_splits (
        key bigint not null,
        count bigint not null,
        fen bigint not null,
        merchant_no integer not null,
        day date not null,
        received_on date not null,
        dimension smallint not null
    )
    """,
    "create index day_splits_merchant_idx on day_splits (merchant_no, day)",
    """
    create table feeds (
        merchant_no integer not null,
        source text collate "C" not null,
        order_count bigint default 0 not null,
        order_first date,
        order_last date,
        refund_count bigint default 0 not null,
        refund_first date,
        refund_last date,
        review_count bigint default 0 not null,
        review_first date,
        review_last date,
        shipment_count bigint default 0 not null,
        shipment_first date,
        shipment_last date,
        settlement_count bigint default 0 not null,
        settlement_first date,
        settlement_last date,
        traffic_count bigint default 0 not null,
        traffic_first date,
        traffic_last date,
        social_activity_count bigint default 0 not null,
        social_activity_first date,
        social_activity_last date,
        invoice_count bigint default 0 not null,
        invoice_first date,
        invoice_last date,
        daily_count_count bigint default 0 not null,
        daily_count_first date,
        daily_count_last date,
        version bigint not null,
        past_version bigint not null,
        unportrayed boolean not null,
        constraint feeds_pkey primary key (merchant_no, source),
        constraint feeds_merchant_no_fkey foreign key(merchant_no) references merchants (merchant_no)
    )
     with (fillfactor = 50)
    """,
    "create index feeds_unportrayed_idx on feeds (merchant_no, source) where unportrayed",
    """
    create table imports (
        import_id text collate "C" not null,
        connector text collate "C" not null,
        path text not null,
        mapping_yaml text not null,
        state smallint not null,
        file_digest bytea,
        row_count bigint,
        done_count bigint not null,
        accepted_count bigint not null,
        duplicate_count bigint not null,
        reject_count bigint not null,
        held_count bigint not null,
        first_rejects jsonb not null,
        error text not null,
        created_at timestamptz not null,
        ended_at timestamptz,
        constraint imports_pkey primary key (import_id)
    )
    """,
    "create index imports_running_idx on imports (created_at) where state = 1",
)

_TABLES = (
    "imports",
    "feeds",
    "day_splits",
    "merchant_days",
    "snapshots",
    "events",
    "event_keys",
    "service_keys",
    "merchant_keys",
    "merchants",
)


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
