"""Documents and what was read in them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
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

documents = Table(
    "documents",
    metadata,
    name("document_id"),
    Column(
        "merchant_no", Integer, ForeignKey("merchants.merchant_no", name="documents_merchant_no_fkey"), nullable=False
    ),
    Column("kind", SmallInteger, nullable=False),  # the contract's numbers, as of state
    Column("state", SmallInteger, nullable=False),
    # Who uploaded it under which request_id: the same upload again is the same document.
    name("caller"),
    name("request_id"),
    Column("sha256", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("picture_sealed", LargeBinary, nullable=False),  # never compressed: what is sealed does not shrink
    Column("findings_sealed", LargeBinary, nullable=True),  # JSON; NULL until it was read
    # Codes and strengths of what speaks against it: no personal data, so portraits can show it.
    Column("signs", JSONB, nullable=False, server_default=text("'[]'")),
    Column("error", Text, nullable=False),
    Column("crash_count", SmallInteger, nullable=False),  # how often the reader died or hung over it
    name("reader_version"),
    moment("received_at"),
    moment("read_at", nullable=True),
    PrimaryKeyConstraint("document_id", name="documents_pkey"),
    UniqueConstraint("caller", "request_id", name="documents_request_key"),
)
Index("documents_merchant_idx", documents.c.merchant_no, documents.c.received_at, documents.c.document_id)
Index(
    "documents_waiting_idx",
    documents.c.received_at,
    documents.c.document_id,
    postgresql_where=text("state = 1"),
)
