"""Re-ratings, their lines and the corrections they book; accounts remember the newest correction that moved them."""

import sqlalchemy as sa
from alembic import op

revision = "0009_reratings"
down_revision = "0008_budgets"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('settlement', 'reversal', 'clearing', 'repayment')"


def upgrade() -> None:
    op.add_column(
        "accumulator",
        sa.Column(
            "corrected_by",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="Number of the newest correction that moved it",
        ),
    )
    op.drop_constraint(op.f("ck_journal_entry_kind"), "journal_entry")
    op.create_check_constraint(
        op.f("ck_journal_entry_kind"), "journal_entry", f"{_KINDS} OR kind ~ '^correction_[1-9][0-9]*(_reversal)?$'"
    )
    _create_cases()
    op.create_table(
        "correction",
        sa.Column("correction_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment="Counts the corrections of a settlement from 1"),
        sa.Column("rerating_id", sa.Uuid(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inputs", sa.dialects.postgresql.JSON(), nullable=False, comment="What differs from the first ones"),
        sa.Column("answer", sa.dialects.postgresql.JSON(), nullable=False, comment="The corrected result"),
        sa.Column("trace", sa.dialects.postgresql.JSON(), nullable=False),
        sa.Column("changes", sa.dialects.postgresql.JSON(), nullable=False, comment="What it added to the accounts"),
        sa.ForeignKeyConstraint(
            ["rerating_id"], ["rerating.rerating_id"], name=op.f("fk_correction_rerating_id_rerating")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_correction_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("correction_no", name=op.f("pk_correction")),
        sa.UniqueConstraint("rerating_id", "settlement_id", name=op.f("uq_correction_rerating_id_settlement_id")),
        sa.UniqueConstraint("settlement_id", "ordinal", name=op.f("uq_correction_settlement_id_ordinal")),
        comment="Insert-only: a later result of a settlement, beside the first",
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON correction "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for table in ("rerating", "rerating_line"):
        op.execute(
            f"CREATE TRIGGER never_taken_away BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_cases() -> None:
    op.create_table(
        "rerating",
        sa.Column("rerating_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("discharged_from", sa.Date(), nullable=False),
        sa.Column("discharged_to", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), comment="The one person asked about; none: all"),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reached", sa.Uuid(), comment="Last person listed"),
        sa.Column("stay_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint(
            "state IN ('listing', 'proposed', 'approved', 'declined', 'booked')", name=op.f("ck_rerating_state")
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_rerating_two_people")),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (state IN ('listing', 'proposed'))", name=op.f("ck_rerating_decided")
        ),
        sa.PrimaryKeyConstraint("rerating_id", name=op.f("pk_rerating")),
        comment="Settled stays computed again; listed, decided by a second person, booked",
    )
    op.create_index(
        op.f("ix_rerating_county_opened_at_rerating_id"), "rerating", ["county", "opened_at", "rerating_id"]
    )
    op.create_table(
        "rerating_line",
        sa.Column("rerating_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("class_before", sa.Text(), nullable=False),
        sa.Column("class_after", sa.Text(), nullable=False),
        sa.Column("layers", sa.dialects.postgresql.JSON(), nullable=False, comment="Layer, fund and fen of each"),
        sa.Column("hospital_borne_fen", sa.BigInteger(), nullable=False),
        sa.Column("patient_fen", sa.BigInteger(), nullable=False, comment="Negative: the patient gets money back"),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False, comment="The share by today's knowledge"),
        sa.Column("result", sa.Text(), nullable=False, server_default="open"),
        sa.CheckConstraint("result IN ('open', 'booked', 'let_go', 'outdated')", name=op.f("ck_rerating_line_result")),
        sa.ForeignKeyConstraint(
            ["rerating_id"], ["rerating.rerating_id"], name=op.f("fk_rerating_line_rerating_id_rerating")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_rerating_line_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("rerating_id", "line_no", name=op.f("pk_rerating_line")),
        sa.UniqueConstraint("rerating_id", "settlement_id", name=op.f("uq_rerating_line_rerating_id_settlement_id")),
        comment="A stay whose result is another by today's knowledge",
    )
    op.create_index(op.f("ix_rerating_line_settlement_id"), "rerating_line", ["settlement_id"])


def downgrade() -> None:
    for table in ("correction", "rerating_line", "rerating"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_journal_entry_kind"), "journal_entry")
    op.create_check_constraint(op.f("ck_journal_entry_kind"), "journal_entry", _KINDS)
    op.drop_column("accumulator", "corrected_by")
