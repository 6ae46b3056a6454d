"""The tables of this service. The migrations make them; hot statements in `store` name their columns themselves.

Text that names things compares by bytes (collation "C"): cheaper than a language's order, and the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def _name(column: str, *, nullable: bool = False) -> Column[str]:
    return Column(column, Text(collation="C"), nullable=nullable)


def _moment(column: str, *, nullable: bool = False) -> Column[object]:
    return Column(column, DateTime(timezone=True), nullable=nullable)


merchants = Table(
    "merchants",
    metadata,
    # What other tables name a merchant by: four bytes instead of sixty-four in every row and index of theirs.
    Column("merchant_no", Integer, Identity(always=True), primary_key=True),
    _name("merchant_id"),
    Column("name", Text, nullable=True),  # NULL for an individual, whose name is sealed
    Column("name_sealed", LargeBinary, nullable=True),
    Column("borrower_kind", SmallInteger, nullable=False),
    _name("uscc"),
    _name("category"),
    _name("province_code"),
    Column("shops", JSONB, nullable=False),
    Column("opened_on", Date, nullable=True),
    Column("employee_count", Integer, nullable=True),
    Column("register_status", SmallInteger, nullable=True),  # NULL: no entry known
    Column("registered_on", Date, nullable=True),
    Column("register_source", Text, nullable=True),
    _moment("register_checked_at", nullable=True),
    # The operator: sealed (AES-256-GCM), or all NULL. The digests (keyed) tell equal ones apart without opening them.
    Column("operator_name_sealed", LargeBinary, nullable=True),
    Column("resident_id_sealed", LargeBinary, nullable=True),
    Column("phone_sealed", LargeBinary, nullable=True),
    Column("resident_id_digest", LargeBinary, nullable=True),
    Column("phone_digest", LargeBinary, nullable=True),
    Column("simulated", Boolean, nullable=False),
    _moment("created_at"),
    UniqueConstraint("merchant_id", name="merchants_merchant_id_key"),
)

# One row for each event ever taken: what makes it count once. Kept apart from `events` so that those can be partitioned
# by month of occurred_at (a unique key must hold the partition key) while (source, event_id) stays unique over all.
event_keys = Table(
    "event_keys",
    metadata,
    _name("source"),
    _name("event_id"),
    Column("digest", LargeBinary, nullable=False),
    Column("entered_by", BigInteger, nullable=False),  # a number of the batch that brought it
    PrimaryKeyConstraint("source", "event_id", name="event_keys_pkey"),
)

# The events as they came: only ever appended to; `body` is the serialised body of its kind.
events = Table(
    "events",
    metadata,
    _name("source"),
    _name("event_id"),
    Column("merchant_no", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    _moment("occurred_at"),
    _moment("received_at"),
    Column("body", LargeBinary, nullable=False),
)

# Kinds that are few, each kept to be read.
snapshots = Table(
    "snapshots",
    metadata,
    Column("merchant_no", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("ends_on", Date, nullable=False),  # the day that it tells of: of the report, or the last of the period
    Column("day", Date, nullable=False),  # the business day of occurred_at
    _name("source"),
    _name("event_id"),
    _moment("occurred_at"),
    Column("facts", JSONB, nullable=False),
    # Holds all that counting by kind needs, so that it is read out of the index alone.
    PrimaryKeyConstraint("merchant_no", "kind", "ends_on", "day", "source", "event_id", name="snapshots_pkey"),
)

DAY_SUMS: tuple[str, ...] = (
    "order_count",
    "order_fen",
    "buyer_count",
    "refund_count",
    "refund_fen",
    "return_count",
    "dispute_count",
    "review_count",
    "star_sum",
    "low_star_count",
    "complaint_count",
    "parcel_count",
    "weighed_count",
    "routed_count",
    "weight_g",
    "late_count",
    "gram_km_unknown",
    "gram_km_road_light",
    "gram_km_road_medium",
    "gram_km_road_heavy",
    "gram_km_rail",
    "packaging_unknown",
    "packaging_single_use",
    "packaging_recycled",
    "packaging_reusable",
    "settlement_count",
    "settlement_fen",
    "fee_fen",
    "traffic_count",
    "page_views",
    "visitors",
    "social_count",
    "posts",
    "interactions",
)
"""Columns of `merchant_days` that add up; the order in which events came cannot matter."""


def _sums(names: Sequence[str]) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


# What happened to a merchant on a business day (Asia/Shanghai).
merchant_days = Table(
    "merchant_days",
    metadata,
    Column("merchant_no", Integer, nullable=False),
    Column("day", Date, nullable=False),
    *_sums(DAY_SUMS),
    Column("followers_mark", BigInteger, nullable=False),  # the greatest is the newest: see domain.event
    PrimaryKeyConstraint("merchant_no", "day", name="merchant_days_pkey"),
    postgresql_with={"fillfactor": "80"},
)

# The buyers of a merchant on a day, so that each is counted once.
buyer_days = Table(
    "buyer_days",
    metadata,
    Column("merchant_no", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("buyer", BigInteger, nullable=False),
    PrimaryKeyConstraint("merchant_no", "day", "buyer", name="buyer_days_pkey"),
)

FEED_KINDS: tuple[str, ...] = ("order", "refund", "review", "shipment", "settlement", "traffic", "social_activity")
"""The kinds that `feeds` counts: those of `merchant_days`, in the order of their numbers."""


def _feed_columns() -> list[Column[object]]:
    columns: list[Column[object]] = []
    for kind in FEED_KINDS:
        columns.append(Column(f"{kind}_count", BigInteger, nullable=False))
        columns.append(Column(f"{kind}_first", Date, nullable=True))
        columns.append(Column(f"{kind}_last", Date, nullable=True))
    return columns


# What one source has sent for a merchant over all time, and whether somebody is yet to be told of the newest of it.
feeds = Table(
    "feeds",
    metadata,
    Column("merchant_no", Integer, ForeignKey("merchants.merchant_no", name="feeds_merchant_no_fkey"), nullable=False),
    _name("source"),
    *_feed_columns(),
    Column("version", BigInteger, nullable=False),  # grows with each batch: unchanged means nothing new
    Column("unannounced", Boolean, nullable=False),
    PrimaryKeyConstraint("merchant_no", "source", name="feeds_pkey"),
    postgresql_with={"fillfactor": "50"},
)
Index("feeds_unannounced_idx", feeds.c.merchant_no, feeds.c.source, postgresql_where=text("unannounced"))

imports = Table(
    "imports",
    metadata,
    _name("import_id"),
    Column("path", Text, nullable=False),
    Column("mapping_yaml", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("file_digest", LargeBinary, nullable=True),  # NULL until the file was read through once
    Column("row_count", BigInteger, nullable=True),
    Column("done_count", BigInteger, nullable=False),
    Column("accepted_count", BigInteger, nullable=False),
    Column("duplicate_count", BigInteger, nullable=False),
    Column("reject_count", BigInteger, nullable=False),
    Column("first_rejects", JSONB, nullable=False),
    Column("error", Text, nullable=False),
    _moment("created_at"),
    _moment("ended_at", nullable=True),
    PrimaryKeyConstraint("import_id", name="imports_pkey"),
)
Index("imports_running_idx", imports.c.created_at, postgresql_where=imports.c.state == text("1"))
