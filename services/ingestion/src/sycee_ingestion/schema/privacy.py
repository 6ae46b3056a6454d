"""Erasures, legal holds and the access log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from sycee_ingestion.schema.base import metadata, moment, name

# Merchants whose data was erased, while law wants something of theirs kept.
erasures = Table(
    "erasures",
    metadata,
    Column(
        "merchant_no",
        Integer,
        ForeignKey("merchants.merchant_no", name="erasures_merchant_no_fkey"),
        primary_key=True,
        autoincrement=False,
    ),
    moment("erased_at"),
    Column("relationship_ended_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("erased", ARRAY(Text), nullable=False),  # the kinds of what is gone
    Column("identity_sealed", LargeBinary, nullable=False),  # what was known of who it is, as one JSON text
)

# What of an erased merchant is kept, under which rule, and its last day.
holds = Table(
    "holds",
    metadata,
    Column("merchant_no", Integer, ForeignKey("erasures.merchant_no", name="holds_merchant_no_fkey"), nullable=False),
    name("what"),
    name("rule_id"),
    Column("until", Date, nullable=False),
    PrimaryKeyConstraint("merchant_no", "what", name="holds_pkey"),
)
Index("holds_until_idx", holds.c.until)

# Readings of personal data. Rows outlive their merchant until they are three years old.
accesses = Table(
    "accesses",
    metadata,
    Column("access_id", BigInteger, Identity(always=True), primary_key=True),
    Column("merchant_no", Integer, nullable=False),
    moment("at"),
    Column("caller", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("purpose", Text, nullable=False),
)
Index("accesses_merchant_idx", accesses.c.merchant_no, accesses.c.at, accesses.c.access_id)
Index("accesses_at_idx", accesses.c.at)
