"""What operators decided about parked events."""

from alembic import op

from common.kit.editions import lower_kit_tables, raise_kit_tables

revision = "0005_operator_actions"
down_revision = "0004_kit_recovery"
branch_labels = None
depends_on = None


def upgrade() -> None:
    raise_kit_tables(op, 3)


def downgrade() -> None:
    lower_kit_tables(op, 3)
