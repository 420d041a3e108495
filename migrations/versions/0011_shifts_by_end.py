"""Who is on duty is found by when shifts end, however many have ended.

Revision: 0011
After: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The roster is read for every fresh copy of it; without this it read every shift that ever was."""
    op.create_index("ix_shift_ends", "shift", ["jurisdiction_id", "ends_at"])


def downgrade() -> None:
    """Slower again."""
    op.drop_index("ix_shift_ends", table_name="shift")
