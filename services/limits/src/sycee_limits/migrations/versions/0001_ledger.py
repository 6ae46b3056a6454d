"""Accounts, holds, facilities, and the entries they are derived from."""

import sqlalchemy as sa
from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FEN = sa.BigInteger
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    add_standard_tables(op)
    _accounts()
    _reservations()
    _facilities()
    _entries()
    _append_only()


def downgrade() -> None:
    for table in ("movement", "entry", "facility", "reservation", "account"):
        op.drop_table(table)
    op.execute("drop function ledger_is_append_only()")
    drop_standard_tables(op)


def _accounts() -> None:
    """Running balances. They are derived from `movement`; `revision` grows with each change of them."""
    op.create_table(
        "account",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("held_fen", FEN, nullable=False, server_default="0"),
        sa.Column("drawn_fen", FEN, nullable=False, server_default="0"),
        sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint("held_fen >= 0 and drawn_fen >= 0", name="account_not_negative"),
        # Balances change with every hold: room on the page keeps the new version beside the old (heap-only tuples).
        postgresql_with={"fillfactor": "50"},
    )


def _reservations() -> None:
    """Holds, with the terms they were quoted at."""
    op.create_table(
        "reservation",
        sa.Column("reservation_id", sa.Text, primary_key=True),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("product_id", sa.Text, nullable=False),
        sa.Column("lender_id", sa.Text, nullable=False),
        sa.Column("amount_fen", FEN, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.Column("nominal_rate_bp", sa.Integer, nullable=False),
        sa.Column("rate_bp", sa.Integer, nullable=False),
        sa.Column("term_months", sa.SmallInteger, nullable=False),
        sa.Column("repayment_method", sa.SmallInteger, nullable=False),
        sa.Column("service_fen", FEN, nullable=False),
        sa.Column("catalogue_version", sa.Text, nullable=False),
        sa.Column("captured_fen", FEN, nullable=False, server_default="0"),
        sa.Column("facility_id", sa.Text),
        sa.CheckConstraint("amount_fen > 0 and service_fen >= 0", name="reservation_amounts"),
        sa.CheckConstraint("state in ('HELD', 'CAPTURED', 'VOIDED', 'EXPIRED')", name="reservation_state"),
        sa.CheckConstraint("(state = 'CAPTURED') = (facility_id is not null)", name="reservation_facility"),
        sa.CheckConstraint("captured_fen between 0 and amount_fen", name="reservation_captured"),
    )
    held = sa.text("state = 'HELD'")
    # Both columns, so that no statistics can make the planner look for a merchant's holds by their time alone.
    op.create_index("reservation_held_merchant", "reservation", ["merchant_id", "expires_at"], postgresql_where=held)
    op.create_index("reservation_held_expiry", "reservation", ["expires_at"], postgresql_where=held)


def _facilities() -> None:
    """Loans in being."""
    op.create_table(
        "facility",
        sa.Column("facility_id", sa.Text, primary_key=True),
        sa.Column("reservation_id", sa.Text, sa.ForeignKey("reservation.reservation_id"), nullable=False, unique=True),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("product_id", sa.Text, nullable=False),
        sa.Column("lender_id", sa.Text, nullable=False),
        sa.Column("limit_fen", FEN, nullable=False),
        sa.Column("drawn_fen", FEN, nullable=False),
        sa.Column("nominal_rate_bp", sa.Integer, nullable=False),
        sa.Column("term_months", sa.SmallInteger, nullable=False),
        sa.Column("repayment_method", sa.SmallInteger, nullable=False),
        sa.Column("service_fen", FEN, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.CheckConstraint("limit_fen > 0 and drawn_fen between 0 and limit_fen", name="facility_amounts"),
    )
    op.create_index("facility_drawn_merchant", "facility", ["merchant_id"], postgresql_where=sa.text("drawn_fen > 0"))


def _entries() -> None:
    """The ledger. A movement is what an entry does to one account; its three parts sum to zero, so every entry does."""
    op.create_table(
        "entry",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reservation_id", sa.Text, nullable=False),
        sa.Column("merchant_id", sa.Text, nullable=False),
        sa.Column("posted_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind in ('RESERVE', 'CAPTURE', 'RELEASE', 'EXPIRE')", name="entry_kind"),
    )
    op.create_table(
        "movement",
        sa.Column("entry_id", sa.BigInteger, sa.ForeignKey("entry.entry_id"), primary_key=True),
        sa.Column("account", sa.Text, sa.ForeignKey("account.account"), primary_key=True),
        sa.Column("available_fen", FEN, nullable=False),
        sa.Column("held_fen", FEN, nullable=False),
        sa.Column("drawn_fen", FEN, nullable=False),
        sa.CheckConstraint("available_fen + held_fen + drawn_fen = 0", name="movement_sums_to_zero"),
        sa.CheckConstraint("held_fen <> 0 or drawn_fen <> 0", name="movement_moves"),
    )
    op.create_index("movement_account", "movement", ["account", "entry_id"])


def _append_only() -> None:
    """Entries are never changed or removed."""
    op.execute(
        "create function ledger_is_append_only() returns trigger language plpgsql as "
        "$$ begin raise exception 'the ledger is append-only'; end $$"
    )
    for table in ("entry", "movement"):
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function ledger_is_append_only()"
        )
