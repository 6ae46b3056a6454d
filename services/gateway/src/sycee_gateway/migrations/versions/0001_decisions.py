"""Decisions, the outbox and remembered answers.

Nothing of a decision is ever changed: each step that it takes is a row of its own, and how far it is follows from which
of them there are. Rows are written once, so they are stored as they come: whole on their page, not compressed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("unfinished", "acceptance", "receipt", "offer", "conclusion", "decision")


def upgrade() -> None:
    """Makes the tables."""
    add_standard_tables(op)
    _add_decision()
    _add_conclusion()
    _add_later_steps()
    for table in ("decision", "conclusion"):
        op.execute(f"alter table {table} set (toast_tuple_target = 8160)")


def _add_decision() -> None:
    op.create_table(
        "decision",
        # Made of caller and request_id, so that this key is what makes a request idempotent.
        sa.Column("decision_id", sa.Text, primary_key=True),
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
        sa.Column("debts", sa.Text, nullable=False),
        sa.Column("profile", sa.LargeBinary, nullable=False),
        sa.Column("score", sa.LargeBinary),
        sa.Column("assessment", sa.LargeBinary),
        sa.Column("party", sa.LargeBinary),
        sa.Column("quote_request", sa.LargeBinary),
    )
    newest = [sa.text("decided_at desc"), sa.text("decision_id desc")]
    op.create_index("decision_newest", "decision", newest)
    op.create_index("decision_of_merchant", "decision", ["merchant_id", *newest])


def _add_conclusion() -> None:
    op.create_table(
        "conclusion",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("outcome", sa.SmallInteger, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        # Steps of the flow after those of the evaluation.
        sa.Column("more_steps", sa.Text, nullable=False),
        # The leaf of the log.
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("quote", sa.LargeBinary),
        sa.Column("rules", sa.LargeBinary),
        # Whether there is a hold that nobody may take.
        sa.Column("release_due", sa.Boolean, nullable=False),
    )
    op.create_table(
        "offer",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("lender_id", sa.Text, nullable=False),
        sa.Column("lender_kind", sa.SmallInteger, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("offer_term_months", sa.SmallInteger, nullable=False),
        sa.Column("offer_repayment_method", sa.SmallInteger, nullable=False),
        sa.Column("nominal_rate_bp", sa.Integer, nullable=False),
        sa.Column("effective_rate_bp", sa.Integer, nullable=False),
        sa.Column("first_payment_fen", sa.BigInteger, nullable=False),
        sa.Column("total_cost_fen", sa.BigInteger, nullable=False),
        # Null when hypothetical: nothing is held.
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        # The decision's own, to find a merchant's debts without it.
        sa.Column("debtor_id", sa.Text, nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consumption", sa.Boolean, nullable=False),
    )
    op.create_index("offer_of_debtor", "offer", ["debtor_id"], postgresql_where=sa.text("expires_at is not null"))


def _add_later_steps() -> None:
    op.create_table(
        "receipt",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
        # Hashes of 32 bytes, one after another.
        sa.Column("inclusion_path", sa.LargeBinary, nullable=False),
        sa.Column("tree_head", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "acceptance",
        sa.Column("decision_id", sa.Text, primary_key=True),
        # Names the request that claimed the offer; one request serves one decision.
        sa.Column("accept_key", sa.LargeBinary, nullable=False, unique=True),
        # Null until the ledger captured the hold.
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("facility_id", sa.Text),
        sa.Column("facility", sa.LargeBinary),
    )
    op.create_table(
        "unfinished",
        sa.Column("decision_id", sa.Text, primary_key=True),
        # When somebody should take it up.
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        # Whether a claimed acceptance is owed, so that sealing does not strike the decision off.
        sa.Column("accepting", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("unfinished_due", "unfinished", ["retry_at"])


def downgrade() -> None:
    """Drops the tables."""
    for table in TABLES:
        op.drop_table(table)
    drop_standard_tables(op)
