"""The kit's tables and the stays."""

import sqlalchemy as sa
from alembic import op

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_stays"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op)
    op.create_table(
        "stay",
        sa.Column("settlement_id", sa.Uuid, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("discharged_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", name="pk_stay"),
    )
    op.create_index("ix_stay_person_id", "stay", ["person_id"])


def downgrade() -> None:
    op.drop_index("ix_stay_person_id", "stay")
    op.drop_table("stay")
    drop_kit_tables(op)
