"""Decisions, the outbox and remembered answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPROVED = 1


def upgrade() -> None:
    """Makes the tables."""
    add_standard_tables(op)
    op.create_table(
        "decision",
        # Made of caller and request_id, so that this key is what makes a request idempotent.
        sa.Column("decision_id", sa.Text, primary_key=True),
        # 1 EVALUATED, 2 DECIDED, 3 SEALED; only ever grows.
        sa.Column("state", sa.SmallInteger, nullable=False),
        # What was asked.
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("product_id", sa.Text, nullable=False),
        sa.Column("requested_fen", sa.BigInteger, nullable=False),
        sa.Column("term_months", sa.SmallInteger, nullable=False),
        sa.Column("repayment_method", sa.SmallInteger, nullable=False),
        sa.Column("hypothetical", sa.Boolean, nullable=False),
        # What it stands on. The bytes are the other services' answers as received; no personal data is among them.
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("borrower_kind", sa.SmallInteger, nullable=False),
        sa.Column("purpose", sa.SmallInteger, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("debts", sa.Text, nullable=False, server_default="{}"),
        sa.Column("profile", sa.LargeBinary, nullable=False),
        sa.Column("score", sa.LargeBinary),
        sa.Column("assessment", sa.LargeBinary),
        sa.Column("party", sa.LargeBinary),
        sa.Column("quote_request", sa.LargeBinary),
        # How it came out; null until DECIDED.
        sa.Column("outcome", sa.SmallInteger),
        sa.Column("reasons", sa.Text),
        sa.Column("record", sa.LargeBinary),
        sa.Column("quote", sa.LargeBinary),
        sa.Column("rules", sa.LargeBinary),
        sa.Column("release_due", sa.Boolean),
        # The offer; null unless approved.
        sa.Column("lender_id", sa.Text),
        sa.Column("lender_kind", sa.SmallInteger),
        sa.Column("amount_fen", sa.BigInteger),
        sa.Column("offer_term_months", sa.SmallInteger),
        sa.Column("offer_repayment_method", sa.SmallInteger),
        sa.Column("nominal_rate_bp", sa.Integer),
        sa.Column("effective_rate_bp", sa.Integer),
        sa.Column("first_payment_fen", sa.BigInteger),
        sa.Column("total_cost_fen", sa.BigInteger),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        # The proof; null until SEALED.
        sa.Column("leaf_index", sa.BigInteger),
        sa.Column("inclusion_path", sa.LargeBinary),
        sa.Column("tree_head", sa.LargeBinary),
        # The acceptance: the request that claimed it, then what the ledger made of it.
        sa.Column("accept_key", sa.LargeBinary),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("facility_id", sa.Text),
        sa.Column("facility", sa.LargeBinary),
        # When somebody should finish what is still owed; null when nothing is.
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        # Rows grow once or twice soon after they are made: room on the page keeps them together.
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("decision_newest", "decision", [sa.text("decided_at desc"), sa.text("decision_id desc")])
    op.create_index(
        "decision_of_merchant",
        "decision",
        ["merchant_id", sa.text("decided_at desc"), sa.text("decision_id desc")],
    )
    op.create_index("decision_due", "decision", ["retry_at"], postgresql_where=sa.text("retry_at is not null"))
    op.create_index(
        "decision_debt",
        "decision",
        ["merchant_id"],
        postgresql_where=sa.text(f"outcome = {APPROVED} and not hypothetical"),
    )
    op.create_index(
        "decision_accept_key",
        "decision",
        ["accept_key"],
        unique=True,
        postgresql_where=sa.text("accept_key is not null"),
    )


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("decision")
    drop_standard_tables(op)
