"""Who applied, what they share, and what investigations found. The bytes of an attribute are keyed digests."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from sycee_scoring.schema.base import metadata, moment, name


def _merchant_key(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["merchant_no"], ["fraud_merchants.merchant_no"], name=f"{table}_merchant_fkey")


fraud_merchants = Table(
    "fraud_merchants",
    metadata,
    Column("merchant_no", BigInteger, Identity(always=True), nullable=False),
    name("merchant_id"),
    Column("opened_on", Date),
    moment("first_applied_at", nullable=True),
    moment("last_applied_at", nullable=True),
    Column("revision", BigInteger, nullable=False),
    Column("verdict", SmallInteger, nullable=False),
    moment("found_at", nullable=True),
    PrimaryKeyConstraint("merchant_no", name="fraud_merchants_pkey"),
    UniqueConstraint("merchant_id", name="fraud_merchants_merchant_id_key"),
)
"""Whoever applied or was investigated, with the newest finding. `revision` counts the applications that wrote it."""

fraud_attributes = Table(
    "fraud_attributes",
    metadata,
    Column("attribute_no", BigInteger, Identity(always=True), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("merchant_count", Integer, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("attribute_no", name="fraud_attributes_pkey"),
    UniqueConstraint("kind", "digest", name="fraud_attributes_key"),
)
"""What was shared or may be; a trigger keeps `merchant_count`. `revision` counts the applications that wrote it."""

fraud_links = Table(
    "fraud_links",
    metadata,
    Column("attribute_no", BigInteger, nullable=False),
    Column("merchant_no", BigInteger, nullable=False),
    moment("linked_at"),
    PrimaryKeyConstraint("attribute_no", "merchant_no", name="fraud_links_pkey"),
    ForeignKeyConstraint(["attribute_no"], ["fraud_attributes.attribute_no"], name="fraud_links_attribute_fkey"),
    _merchant_key("fraud_links"),
    Index("fraud_links_merchant_idx", "merchant_no", "linked_at", "attribute_no"),
)
"""Which merchant has which attribute, since it was first seen."""

fraud_applications = Table(
    "fraud_applications",
    metadata,
    Column("merchant_no", BigInteger, nullable=False),
    name("application_id"),
    moment("applied_at"),
    PrimaryKeyConstraint("merchant_no", "application_id", name="fraud_applications_pkey"),
    _merchant_key("fraud_applications"),
    Index("fraud_applications_time_idx", "merchant_no", "applied_at"),
)
"""Applications, each once, when it was first assessed."""

fraud_findings = Table(
    "fraud_findings",
    metadata,
    Column("finding_no", BigInteger, Identity(always=True), nullable=False),
    Column("merchant_no", BigInteger, nullable=False),
    Column("verdict", SmallInteger, nullable=False),
    moment("found_at"),
    name("found_by"),
    PrimaryKeyConstraint("finding_no", name="fraud_findings_pkey"),
    _merchant_key("fraud_findings"),
    Index("fraud_findings_merchant_idx", "merchant_no", "finding_no"),
)
"""Every finding; the newest is on the merchant too."""
