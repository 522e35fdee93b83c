"""What a hospital declared of its records and a batch found otherwise, kept beside the batch."""

import sqlalchemy as sa
from alembic import op

revision = "0011_declared_records"
down_revision = "0010_relief"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clearing_difference",
        sa.Column("clearing_id", sa.Uuid(), nullable=False),
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column("ours_fen", sa.BigInteger(), comment="Owed here; none: nothing to clear"),
        sa.Column("declared_fen", sa.BigInteger(), comment="None: the hospital did not declare it"),
        sa.CheckConstraint("ours_fen IS DISTINCT FROM declared_fen", name=op.f("ck_clearing_difference_differs")),
        sa.ForeignKeyConstraint(
            ["clearing_id"], ["clearing.clearing_id"], name=op.f("fk_clearing_difference_clearing_id_clearing")
        ),
        sa.PrimaryKeyConstraint("clearing_id", "record_no", name=op.f("pk_clearing_difference")),
        comment="Insert-only: records of a batch on which hospital and county disagree",
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON clearing_difference "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("clearing_difference")
