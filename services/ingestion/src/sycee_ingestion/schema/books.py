"""Events and what they add up to. Hot statements in `store` name their columns themselves.

Two times everywhere: `day` is the business day (Asia/Shanghai) on which something occurred, `received_on` the one on
which it came. What was known at the start of day K is what has `received_on` before K; of rows that a later revision
supersedes, those whose `superseded_on` is not before K either. Sums take a correction in as the difference, under the
day on which it came.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from sycee_ingestion.domain.day_sums import DAY_SUMS
from sycee_ingestion.schema.base import metadata, moment, name

# One row for each event ever taken: what makes it count once. Kept apart from `events` so that those can be partitioned
# by month of occurred_at (a unique key must hold the partition key) while (source, event_id) stays unique over all.
# The key is sixteen bytes that stand for that name (`domain.event_names.event_key`): its index is what grows with every
# event and is read for every event, so it is kept small, and arranged so that a feed writes where it wrote last. It
# holds no name and is never deleted from: what was erased does not come back.
event_keys = Table(
    "event_keys",
    metadata,
    Column("place", BigInteger, nullable=False),
    Column("hash", BigInteger, nullable=False),
    Column("digest", BigInteger, nullable=False),  # of the revision that counts
    Column("entered_by", BigInteger, nullable=False),  # a number of the batch that brought it
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("place", "hash", name="event_keys_pkey"),
)

# The events as they came, a partition for each month of Asia/Shanghai, made when the first event of it comes. `body` is
# the serialised body of the kind; the numbers beside it are those of `domain.event`, so that a merchant's details are
# read without opening bodies. A correction adds a row and sets `superseded_on` of the row that it replaces.
events = Table(
    "events",
    metadata,
    name("source"),
    name("event_id"),
    Column("merchant_no", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    moment("occurred_at"),
    moment("received_at"),
    Column("day", Date, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("superseded_on", Date, nullable=True),
    Column("first", BigInteger, nullable=False),
    Column("second", BigInteger, nullable=False),
    Column("third", BigInteger, nullable=False),
    # Hashes; 0 is not said. `party` is the buyer of an order, the other side of
    # an invoice, or the account that a settlement went to.
    Column("order_key", BigInteger, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("goods", BigInteger, nullable=False),
    Column("address", BigInteger, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (occurred_at)",
)
Index("events_merchant_idx", events.c.merchant_no, events.c.occurred_at)

# Kinds that are few, each kept to be read, a row a revision.
snapshots = Table(
    "snapshots",
    metadata,
    Column("merchant_no", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("ends_on", Date, nullable=False),  # the day that it tells of: of the report, or the last of the period
    Column("day", Date, nullable=False),  # the business day of occurred_at
    name("source"),
    name("event_id"),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    moment("occurred_at"),
    Column("received_on", Date, nullable=False),
    Column("superseded_on", Date, nullable=True),
    Column("facts", JSONB, nullable=False),
    PrimaryKeyConstraint(
        "merchant_no", "kind", "ends_on", "day", "source", "event_id", "revision", name="snapshots_pkey"
    ),
)

# Reviews, a row a revision; what was read in their texts is filled in soon after they came.
review_facts = Table(
    "review_facts",
    metadata,
    Column("merchant_no", Integer, nullable=False),
    Column("day", Date, nullable=False),
    name("source"),
    name("event_id"),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    moment("occurred_at"),
    Column("received_on", Date, nullable=False),
    Column("superseded_on", Date, nullable=True),
    Column("order_key", BigInteger, nullable=False),
    Column("stars", SmallInteger, nullable=False),
    Column("complaint", Boolean, nullable=False),
    Column("has_text", Boolean, nullable=False),
    Column("read_by", SmallInteger, nullable=True),  # version of the reader; NULL: not read yet
    Column("sentiment_milli", SmallInteger, nullable=True),  # 0 bad to 1000 good; NULL: nothing to read
    Column("topics", Integer, nullable=True),
    Column("sketch", LargeBinary, nullable=True),  # of the text, to find near copies
    PrimaryKeyConstraint("merchant_no", "day", "source", "event_id", "revision", name="review_facts_pkey"),
)
Index(
    "review_facts_unread_idx",
    review_facts.c.merchant_no,
    review_facts.c.day,
    postgresql_where=text("has_text and read_by is null"),
)


def _sums(names: Sequence[str]) -> list[Column[int]]:
    return [Column(sum_, BigInteger, nullable=False, server_default=text("0")) for sum_ in names]


# What happened to a merchant on a business day, by the day on which it was received.
merchant_days = Table(
    "merchant_days",
    metadata,
    Column("merchant_no", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("received_on", Date, nullable=False),
    *_sums(DAY_SUMS),
    # The greatest is the newest: see domain.event.
    Column("followers_mark", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("merchant_no", "day", "received_on", name="merchant_days_pkey"),
    postgresql_with={"fillfactor": "80"},
)

# What a day's trade splits into, by the numbers of `domain.event.Dimension`: buyers, goods, customers, suppliers. Rows
# add up: a batch appends what it brings, and a split may stand in several rows of one `received_on`. Nothing is unique,
# so that nothing is looked up on the way in, and the index holds one entry for many rows.
day_splits = Table(
    "day_splits",
    metadata,
    Column("key", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("fen", BigInteger, nullable=False),
    Column("merchant_no", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("dimension", SmallInteger, nullable=False),
)
Index("day_splits_merchant_idx", day_splits.c.merchant_no, day_splits.c.day)

FEED_KINDS: tuple[str, ...] = (
    "order",
    "refund",
    "review",
    "shipment",
    "settlement",
    "traffic",
    "social_activity",
    "invoice",
    "daily_count",
)
"""The kinds that `feeds` counts: those of `merchant_days`, in the order of their numbers."""


def _feed_columns() -> list[Column[object]]:
    columns: list[Column[object]] = []
    for kind in FEED_KINDS:
        columns.append(Column(f"{kind}_count", BigInteger, nullable=False, server_default=text("0")))
        columns.append(Column(f"{kind}_first", Date, nullable=True))
        columns.append(Column(f"{kind}_last", Date, nullable=True))
    return columns


# What one source has sent for a merchant over all time. A withdrawn event counts in no `_count`; its day stays in
# `_first` and `_last`, which say on which days the feed has spoken.
feeds = Table(
    "feeds",
    metadata,
    Column("merchant_no", Integer, ForeignKey("merchants.merchant_no", name="feeds_merchant_no_fkey"), nullable=False),
    name("source"),
    *_feed_columns(),
    Column("version", BigInteger, nullable=False),  # grows with each batch: unchanged means nothing new
    # Grows with each batch that moves a portrait: one with events of days before the one on which it came, or with
    # kinds that count at once. Unchanged means that a portrait made today still holds.
    Column("past_version", BigInteger, nullable=False),
    Column("unportrayed", Boolean, nullable=False),  # `past_version` has grown since a portrait was made
    PrimaryKeyConstraint("merchant_no", "source", name="feeds_pkey"),
    postgresql_with={"fillfactor": "50"},
)
Index("feeds_unportrayed_idx", feeds.c.merchant_no, feeds.c.source, postgresql_where=text("unportrayed"))

# The newest portrait of each merchant, as it was made last.
portraits = Table(
    "portraits",
    metadata,
    Column("merchant_no", Integer, nullable=False, autoincrement=False),
    Column("day", Date, nullable=False),  # the business day that it looks from
    Column("past_version", BigInteger, nullable=False),  # sum over the merchant's feeds, when it was made
    Column("feature_version", Text, nullable=False),
    Column("profile", LargeBinary, nullable=False),  # a serialised sycee.ingestion.v1.Profile
    moment("made_at"),
    PrimaryKeyConstraint("merchant_no", name="portraits_pkey"),
)
