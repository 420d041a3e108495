"""Zones with their demand are kept, so that a unit is not sent where its leaving costs most.

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Without zones nothing changes: coverage is counted once they are imported."""
    op.create_table(
        "zone",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("demand", sa.Double(), nullable=False),
        sa.CheckConstraint("demand >= 0", name=op.f("ck_zone_demand_not_negative")),
        sa.CheckConstraint("lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_zone_on_earth")),
        sa.ForeignKeyConstraint(["jurisdiction_id"], ["jurisdiction.id"], name=op.f("fk_zone_jurisdiction_id")),
        sa.PrimaryKeyConstraint("jurisdiction_id", "name", name=op.f("pk_zone")),
    )


def downgrade() -> None:
    """The imported zones are gone; their file can be imported again."""
    op.drop_table("zone")
