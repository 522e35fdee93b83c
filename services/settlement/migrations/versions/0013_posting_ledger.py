"""A posting names the sub-ledger that bears it."""

import sqlalchemy as sa
from alembic import op

revision = "0013_posting_ledger"
down_revision = "0012_family_account"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "posting",
        sa.Column(
            "ledger", sa.Text(), nullable=False, server_default="", comment="Sub-ledger; empty for the fund itself"
        ),
    )


def downgrade() -> None:
    op.drop_column("posting", "ledger")
