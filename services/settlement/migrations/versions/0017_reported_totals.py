"""Totals of a county's years before it came here, as reported."""

import sqlalchemy as sa
from alembic import op

revision = "0017_reported_totals"
down_revision = "0016_unpaid_shares"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reported_total",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False, comment="Fund, name and fen of each"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reported_total")),
        comment="Insert-only",
    )
    op.create_index(op.f("ix_reported_total_county_year"), "reported_total", ["county", "year"])
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON reported_total "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("reported_total")
