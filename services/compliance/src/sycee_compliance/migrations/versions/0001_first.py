"""Consents and the append-only log.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates every table."""
    add_standard_tables(op)
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.Text, primary_key=True),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.SmallInteger, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("text_version", sa.Text, nullable=False),
        sa.Column("evidence_sha256", sa.LargeBinary, nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("expires_at > given_at", name="consents_expire_after_given"),
        sa.CheckConstraint("purpose between 1 and 3", name="consents_purpose_known"),
    )
    op.create_index(
        "consents_newest",
        "consents",
        ["merchant_id", "purpose", "recipient", sa.text("given_at desc"), sa.text("recorded_at desc")],
    )
    # One row: how far the log has grown, and the lock that serialises appending. `frontier` is the hashes of the whole
    # nodes along the right edge, one after another, largest first.
    op.create_table(
        "log_state",
        sa.Column("only_one", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("log_id", sa.Text, nullable=False),
        sa.Column("tree_size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("only_one", name="log_state_one_row"),
    )
    # `tree_size` is the size of the tree whose head was answered to this leaf's caller.
    op.create_table(
        "log_leaves",
        sa.Column("leaf_index", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tree_size", sa.BigInteger, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("caller", "request_id", name="log_leaves_once_a_request"),
        sa.CheckConstraint("leaf_index >= 0 and leaf_index < tree_size", name="log_leaves_in_their_tree"),
    )
    # Hashes of whole nodes: level 0 holds the leaves.
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("node_index", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "node_index", name="log_nodes_pkey"),
    )
    op.create_table(
        "log_heads",
        sa.Column("tree_size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root_hash", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Removes every table."""
    for table in ("log_heads", "log_nodes", "log_leaves", "log_state", "consents"):
        op.drop_table(table)
    drop_standard_tables(op)
