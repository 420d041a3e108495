"""A token says whose it is, and a policy that was rolled back says by whom and why.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = (("access_token", "person"), ("policy_version", "withdrawn_by"), ("policy_version", "withdrawn_reason"))


def upgrade() -> None:
    """Old rows keep NULL: nobody said."""
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))


def downgrade() -> None:
    """Nobody knows any more whose tokens are."""
    for table, column in reversed(COLUMNS):
        op.execute(f"-- squawk-ignore ban-drop-column\nalter table {table} drop column {column}")
