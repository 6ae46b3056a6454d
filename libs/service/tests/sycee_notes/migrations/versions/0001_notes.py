"""Notes, the outbox and the remembered answers."""

import sqlalchemy as sa
from alembic import op
from sycee_service import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.add_standard_tables(op)
    op.create_table(
        "notes",
        sa.Column("note_id", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("serial", sa.BigInteger, sa.Identity(always=True)),
    )


def downgrade() -> None:
    op.drop_table("notes")
    schema.drop_standard_tables(op)
