"""What looks like fraud, and what would have changed a decline, beside the other evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = ("fraud", "recourse")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("decision", sa.Column(name, sa.LargeBinary))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("decision", name)
