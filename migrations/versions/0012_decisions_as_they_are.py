"""A decision is stored as it is: squeezing it on the way in costs a sixth of storing a call.

Revision: 0012
After: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Decisions that are stored from now on are not compressed; earlier ones stay as they are and are read alike."""
    op.execute("alter table triage_decision alter column decision set storage external")


def downgrade() -> None:
    op.execute("alter table triage_decision alter column decision set storage extended")
