"""What hospitals note about shares that were not paid at discharge."""

import sqlalchemy as sa
from alembic import op

revision = "0016_unpaid_shares"
down_revision = "0015_reservations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share_note",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False, comment="Until when it is promised, or when it came"),
        sa.Column("reference", sa.Text(), nullable=False, comment="Agreement or receipt"),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('deferred', 'received')", name=op.f("ck_share_note_kind")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_share_note_amount")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_share_note_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_share_note")),
        comment="Insert-only",
    )
    op.create_index(op.f("ix_share_note_settlement_id"), "share_note", ["settlement_id"])
    op.create_index(
        "uq_share_note_deferred",
        "share_note",
        ["settlement_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'deferred'"),
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON share_note "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("share_note")
