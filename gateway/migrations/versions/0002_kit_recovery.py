"""The kit's tables for recovery: births, comparisons, baselines."""

from alembic import op

from common.kit.editions import lower_kit_tables, raise_kit_tables

revision = "0002_kit_recovery"
down_revision = "0001_the_door"
branch_labels = None
depends_on = None


def upgrade() -> None:
    raise_kit_tables(op, 2)


def downgrade() -> None:
    lower_kit_tables(op, 2)
