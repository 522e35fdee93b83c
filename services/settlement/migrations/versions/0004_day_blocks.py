"""The journal's days, each sealed with the one before."""

import sqlalchemy as sa
from alembic import op

revision = "0004_day_blocks"
down_revision = "0003_operator_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_block",
        sa.Column("day", sa.Date(), nullable=False, comment="China day on which the entries were booked"),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column(
            "debit_fen", sa.BigInteger(), nullable=False, comment="Sum of the debits, which is that of the credits"
        ),
        sa.Column(
            "previous_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="Of the block before; 32 zero bytes for the first",
        ),
        sa.Column(
            "block_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the block before, the day and its entries",
        ),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("entry_count > 0", name=op.f("ck_day_block_entries")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_block")),
        comment="Insert-only: the journal's days, each sealed with the one before",
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON day_block "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_index(op.f("ix_journal_entry_booked_at"), "journal_entry", ["booked_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_journal_entry_booked_at"), "journal_entry")
    op.drop_table("day_block")
