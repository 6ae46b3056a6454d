"""What every service with a database has: outbox and remembered answers."""

from __future__ import annotations

from alembic import op
from sycee_service.schema import add_standard_tables, drop_standard_tables

revision = "first"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_standard_tables(op)


def downgrade() -> None:
    drop_standard_tables(op)
