"""Merchants and the keys that seal what is personal of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from sycee_ingestion.schema.base import metadata, moment, name

merchants = Table(
    "merchants",
    metadata,
    # What other tables name a merchant by: four bytes instead of sixty-four in every row and index of theirs.
    Column("merchant_no", Integer, Identity(always=True), primary_key=True),
    name("merchant_id"),
    Column("name", Text, nullable=True),  # NULL for an individual, whose name is sealed
    Column("name_sealed", LargeBinary, nullable=True),
    Column("borrower_kind", SmallInteger, nullable=False),
    name("uscc"),
    name("category"),
    name("province_code"),
    Column("shops", JSONB, nullable=False),
    Column("opened_on", Date, nullable=True),
    Column("employee_count", Integer, nullable=True),
    Column("register_status", SmallInteger, nullable=True),  # NULL: no entry known
    Column("registered_on", Date, nullable=True),
    Column("register_source", Text, nullable=True),
    moment("register_checked_at", nullable=True),
    # The operator: sealed (see `sealing`), or all NULL. The digests (keyed) tell equal ones apart without opening them.
    Column("operator_name_sealed", LargeBinary, nullable=True),
    Column("resident_id_sealed", LargeBinary, nullable=True),
    Column("phone_sealed", LargeBinary, nullable=True),
    Column("resident_id_digest", LargeBinary, nullable=True),
    Column("phone_digest", LargeBinary, nullable=True),
    Column("address_sealed", LargeBinary, nullable=True),
    Column("account_digests", ARRAY(LargeBinary), nullable=False),  # of settlement accounts; their numbers are not kept
    # Set: no events and no portrait. What was personal here is gone, or stands sealed in `erasures` while law wants it.
    moment("erased_at", nullable=True),
    Column("simulated", Boolean, nullable=False),
    moment("created_at"),
    UniqueConstraint("merchant_id", name="merchants_merchant_id_key"),
)

# The keys of each merchant, wrapped by the master key. Apart from what they seal: a backup of everything else opens
# nothing without this table, and a key that is gone from here takes its sealed values with it.
merchant_keys = Table(
    "merchant_keys",
    metadata,
    Column(
        "merchant_no",
        Integer,
        ForeignKey("merchants.merchant_no", name="merchant_keys_merchant_no_fkey"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("identity_key", LargeBinary, nullable=False),
    Column("contact_key", LargeBinary, nullable=True),  # NULL once erased
)

# Keys of the service itself, wrapped alike: "digest" makes the keyed digests.
service_keys = Table(
    "service_keys",
    metadata,
    name("use"),
    Column("key", LargeBinary, nullable=False),
    PrimaryKeyConstraint("use", name="service_keys_pkey"),
)
