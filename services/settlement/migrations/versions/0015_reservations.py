"""Money of a fund's year that a bureau sets aside until a day."""

import sqlalchemy as sa
from alembic import op

revision = "0015_reservations"
down_revision = "0014_payee"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fund_reservation",
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False, comment="Sub-ledger; empty for the fund itself"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False, comment="Last China day on which it counts"),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reserved_by", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_by", sa.Text()),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_fund_reservation_amount")),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_fund_reservation_released")),
        sa.PrimaryKeyConstraint("reservation_id", name=op.f("pk_fund_reservation")),
    )
    op.create_index(
        op.f("ix_fund_reservation_county_fund_year_expires_on"),
        "fund_reservation",
        ["county", "fund", "year", "expires_on"],
    )
    op.execute(
        "CREATE TRIGGER never_taken_away BEFORE DELETE OR TRUNCATE ON fund_reservation "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("fund_reservation")
