"""Links between merchants of one operator, and what they are found by."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from sycee_ingestion.schema.base import metadata, moment, name

# Pairs of merchants, each pair once: `first_no` has the smaller merchant_id.
shop_links = Table(
    "shop_links",
    metadata,
    name("link_id"),
    Column("first_no", Integer, ForeignKey("merchants.merchant_no", name="shop_links_first_no_fkey"), nullable=False),
    Column("second_no", Integer, ForeignKey("merchants.merchant_no", name="shop_links_second_no_fkey"), nullable=False),
    Column("score", Double, nullable=False),
    Column("reasons", JSONB, nullable=False),  # never the values themselves
    Column("state", SmallInteger, nullable=False),  # the contract's numbers
    Column("decided_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    moment("found_at"),
    moment("decided_at", nullable=True),
    PrimaryKeyConstraint("link_id", name="shop_links_pkey"),
    UniqueConstraint("first_no", "second_no", name="shop_links_pair_key"),
)
Index("shop_links_second_idx", shop_links.c.second_no)
Index("shop_links_score_idx", shop_links.c.score, shop_links.c.link_id)

# What merchants are found by, by the numbers of `domain.linking.KeyKind`: eight bytes of a keyed digest each, so that
# the table tells nothing of the values.
link_keys = Table(
    "link_keys",
    metadata,
    Column("kind", SmallInteger, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("merchant_no", Integer, nullable=False),
    PrimaryKeyConstraint("kind", "key", "merchant_no", name="link_keys_pkey"),
)
Index("link_keys_merchant_idx", link_keys.c.merchant_no)
