"""Imports, and what could not be read of them and of subscriptions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from sycee_ingestion.schema.base import metadata, moment, name

imports = Table(
    "imports",
    metadata,
    name("import_id"),
    name("connector"),
    Column("path", Text, nullable=False),
    Column("mapping_yaml", Text, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("file_digest", LargeBinary, nullable=True),  # NULL until the file was read through once
    Column("row_count", BigInteger, nullable=True),
    Column("done_count", BigInteger, nullable=False),
    Column("accepted_count", BigInteger, nullable=False),
    Column("duplicate_count", BigInteger, nullable=False),
    Column("reject_count", BigInteger, nullable=False),
    Column("held_count", BigInteger, nullable=False),  # of the rejects: held in quarantine
    Column("first_rejects", JSONB, nullable=False),
    Column("error", Text, nullable=False),
    moment("created_at"),
    moment("ended_at", nullable=True),
    PrimaryKeyConstraint("import_id", name="imports_pkey"),
)
Index("imports_running_idx", imports.c.created_at, postgresql_where=imports.c.state == text("1"))

quarantine_keys = Table(
    "quarantine_keys",
    metadata,
    name("origin"),  # an import's id or a subscription's name
    Column("wrapped_key", LargeBinary, nullable=False),  # seals what is held of it
    PrimaryKeyConstraint("origin", name="quarantine_keys_pkey"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_no", BigInteger, Identity(always=True), nullable=False),
    name("origin"),
    name("subject"),  # empty for a file
    Column("place", BigInteger, nullable=False),  # row in the file, or sequence of the message
    Column("item", Integer, nullable=False),  # row in the message
    Column("digest", LargeBinary, nullable=False),  # keyed, of the content: a stream that began anew reuses sequences
    Column("merchant_digest", LargeBinary, nullable=True),  # keyed: what stands for the merchant may be anything
    Column("state", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=True),  # NULL once it is released
    moment("held_at"),
    moment("released_at", nullable=True),
    name("request_id", nullable=True),  # of the call that released it
    Column("was_stored", SmallInteger, nullable=True),  # 1: it became an event, 2: the event was there before
    PrimaryKeyConstraint("quarantine_no", name="quarantine_pkey"),
    UniqueConstraint("origin", "place", "item", "digest", name="quarantine_place_key"),
)
Index(
    "quarantine_held_idx",
    quarantine.c.origin,
    quarantine.c.tries,
    quarantine.c.quarantine_no,
    postgresql_where=quarantine.c.state == text("1"),
)
Index("quarantine_origin_idx", quarantine.c.origin, quarantine.c.quarantine_no)
Index("quarantine_age_idx", quarantine.c.held_at)
Index("quarantine_merchant_idx", quarantine.c.merchant_digest)
Index("quarantine_request_idx", quarantine.c.request_id, postgresql_where=quarantine.c.request_id.is_not(None))
