"""What was found in documents that is no personal data, beside the sealed findings: portraits show it."""

from __future__ import annotations

from alembic import op

revision = "document_signs"
down_revision = "links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column. What was read before stays without: it is read again by the next reader."""
    op.execute("alter table documents add column signs jsonb not null default '[]'")


def downgrade() -> None:
    """Undoes `upgrade`."""
    op.execute("alter table documents drop column signs")
