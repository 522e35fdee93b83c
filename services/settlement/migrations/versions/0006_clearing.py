"""Clearing batches, their lines, repayments, and journal entries that belong to them."""

import sqlalchemy as sa
from alembic import op

revision = "0006_clearing"
down_revision = "0005_his"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repayment",
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("batch_count", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("repayment_id", name=op.f("pk_repayment")),
        comment="Insert-only: a payer gives back to the centre what it paid the hospitals first",
    )
    _create_batches()
    op.add_column("journal_entry", sa.Column("clearing_id", sa.Uuid()))
    op.add_column("journal_entry", sa.Column("repayment_id", sa.Uuid()))
    op.alter_column("journal_entry", "settlement_id", nullable=True)
    for table in ("clearing", "repayment"):
        name = f"{table}_id"
        op.create_foreign_key(op.f(f"fk_journal_entry_{name}_{table}"), "journal_entry", table, [name], [name])
        op.create_unique_constraint(op.f(f"uq_journal_entry_{name}"), "journal_entry", [name])
    op.drop_constraint(op.f("ck_journal_entry_kind"), "journal_entry")
    op.create_check_constraint(
        op.f("ck_journal_entry_kind"), "journal_entry", "kind IN ('settlement', 'reversal', 'clearing', 'repayment')"
    )
    op.create_check_constraint(
        op.f("ck_journal_entry_subject"),
        "journal_entry",
        "num_nonnulls(settlement_id, clearing_id, repayment_id) = 1",
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON repayment "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    for table in ("clearing", "clearing_line"):
        op.execute(
            f"CREATE TRIGGER never_taken_away BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_batches() -> None:
    op.create_table(
        "clearing",
        sa.Column("clearing_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False, comment="Last China day"),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("sum_fen", sa.BigInteger(), nullable=False),
        sa.Column("lines_hash", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Text()),
        sa.Column("accepted_fen", sa.BigInteger()),
        sa.Column("refused_fen", sa.BigInteger()),
        sa.Column("postponed_fen", sa.BigInteger()),
        sa.Column("repaid_by", sa.Uuid()),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (accepted_fen IS NULL) AND "
            "sum_fen = coalesce(accepted_fen + refused_fen + postponed_fen, sum_fen)",
            name=op.f("ck_clearing_sums"),
        ),
        sa.CheckConstraint("repaid_by IS NULL OR closed_at IS NOT NULL", name=op.f("ck_clearing_repaid")),
        sa.ForeignKeyConstraint(
            ["repaid_by"], ["repayment.repayment_id"], name=op.f("fk_clearing_repaid_by_repayment")
        ),
        sa.PrimaryKeyConstraint("clearing_id", name=op.f("pk_clearing")),
        comment="A batch of one hospital and fund; written once, closed once, repaid once",
    )
    for who in ("county", "institution_code"):
        op.create_index(op.f(f"ix_clearing_{who}_opened_at_clearing_id"), "clearing", [who, "opened_at", "clearing_id"])
    op.create_table(
        "clearing_line",
        sa.Column("clearing_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("verdict IN ('accepted', 'refused', 'postponed')", name=op.f("ck_clearing_line_verdict")),
        sa.ForeignKeyConstraint(
            ["clearing_id"], ["clearing.clearing_id"], name=op.f("fk_clearing_line_clearing_id_clearing")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_clearing_line_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("clearing_id", "line_no", name=op.f("pk_clearing_line")),
        comment="A stay's part of a fund; in one batch alone unless a verdict postponed it",
    )
    op.create_index(
        "uq_clearing_line_live",
        "clearing_line",
        ["settlement_id", "fund", "kind"],
        unique=True,
        postgresql_where=sa.text("verdict IS DISTINCT FROM 'postponed'"),
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_journal_entry_subject"), "journal_entry")
    op.drop_constraint(op.f("ck_journal_entry_kind"), "journal_entry")
    op.create_check_constraint(op.f("ck_journal_entry_kind"), "journal_entry", "kind IN ('settlement', 'reversal')")
    op.alter_column("journal_entry", "settlement_id", nullable=False)
    op.drop_column("journal_entry", "repayment_id")
    op.drop_column("journal_entry", "clearing_id")
    for table in ("clearing_line", "clearing", "repayment"):
        op.drop_table(table)
