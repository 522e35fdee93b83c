"""Budgets of the funds, in dated changes."""

import sqlalchemy as sa
from alembic import op

revision = "0008_budgets"
down_revision = "0007_his_more"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_change",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("change_no", sa.Integer(), nullable=False, comment="Counts the changes of the fund's year from 1"),
        sa.Column("ledger", sa.Text(), nullable=False, comment="Sub-ledger; empty for the fund itself"),
        sa.Column("layer", sa.Text(), comment="What the money is said to be for"),
        sa.Column("effective_on", sa.Date(), nullable=False, comment="China day from which it counts"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="Added to the budget; negative takes away"),
        sa.Column("source", sa.Text(), nullable=False, comment="Document that grants it"),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_budget_change_amount")),
        sa.CheckConstraint("extract(year FROM effective_on) = year", name=op.f("ck_budget_change_year")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_budget_change")),
        sa.UniqueConstraint(
            "county", "fund", "year", "change_no", name=op.f("uq_budget_change_county_fund_year_change_no")
        ),
        comment="Insert-only",
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON budget_change "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("budget_change")
