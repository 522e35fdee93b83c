"""Gap cases, plans of relief and what they grant; relief is an entry of the settlement that it relieves."""

import sqlalchemy as sa
from alembic import op

revision = "0010_relief"
down_revision = "0009_reratings"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('settlement', 'reversal', 'clearing', 'repayment')"
_BEFORE = f"{_KINDS} OR kind ~ '^correction_[1-9][0-9]*(_reversal)?$'"
_NOW = f"{_KINDS} OR kind ~ '^(correction_[1-9][0-9]*|relief|relief_cut_[1-9][0-9]*)(_reversal)?$'"


def upgrade() -> None:
    _set_kinds(_NOW)
    op.create_table(
        "gap_case",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "missing_fen", sa.BigInteger(), comment="To the county's target as the stay stands; none: no target says"
        ),
        sa.Column("document", sa.Text(), comment="On what a bureau named the stay; none: settling found it"),
        sa.Column("named_by", sa.Text()),
        sa.CheckConstraint("missing_fen >= 0", name=op.f("ck_gap_case_missing")),
        sa.CheckConstraint("(document IS NULL) = (named_by IS NULL)", name=op.f("ck_gap_case_named")),
        sa.CheckConstraint("missing_fen IS NOT NULL OR document IS NOT NULL", name=op.f("ck_gap_case_origin")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_gap_case_settlement_id_settlement")
        ),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_gap_case")),
        comment="A settled stay whose share is looked at by itself",
    )
    op.create_index(
        op.f("ix_gap_case_county_found_at_settlement_id"), "gap_case", ["county", "found_at", "settlement_id"]
    )
    _create_plans()
    _create_grants()
    for table in ("gap_case", "relief_plan", "relief_grant"):
        op.execute(
            f"CREATE TRIGGER never_taken_away BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_plans() -> None:
    op.create_table(
        "relief_plan",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), nullable=False, comment="Sub-ledger; empty for the fund itself"),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="proposed"),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'declined')", name=op.f("ck_relief_plan_state")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_relief_plan_two_people")),
        sa.CheckConstraint("(decided_by IS NULL) = (state = 'proposed')", name=op.f("ck_relief_plan_decided")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_relief_plan")),
        comment="What the leading group is asked to give, decided once by a second person",
    )
    op.create_index(op.f("ix_relief_plan_county_opened_at_plan_id"), "relief_plan", ["county", "opened_at", "plan_id"])


def _create_grants() -> None:
    op.create_table(
        "relief_grant",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("relief_class", sa.Text(), nullable=False),
        sa.Column("weighed", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default="", comment="Never published"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False, server_default="open"),
        sa.Column("booked_at", sa.DateTime(timezone=True)),
        sa.Column(
            "cut_fen", sa.BigInteger(), nullable=False, server_default="0", comment="Taken back by later corrections"
        ),
        sa.CheckConstraint("amount_fen > 0 AND cut_fen BETWEEN 0 AND amount_fen", name=op.f("ck_relief_grant_amount")),
        sa.CheckConstraint(
            "result IN ('open', 'waiting', 'booked', 'declined', 'outdated')", name=op.f("ck_relief_grant_result")
        ),
        sa.CheckConstraint("(booked_at IS NULL) = (result <> 'booked')", name=op.f("ck_relief_grant_booked")),
        sa.ForeignKeyConstraint(["plan_id"], ["relief_plan.plan_id"], name=op.f("fk_relief_grant_plan_id_relief_plan")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["gap_case.settlement_id"], name=op.f("fk_relief_grant_settlement_id_gap_case")
        ),
        sa.PrimaryKeyConstraint("plan_id", "line_no", name=op.f("pk_relief_grant")),
        comment="What a plan gives one stay; the same costs are relieved once",
    )
    op.create_index(
        "uq_relief_grant_live",
        "relief_grant",
        ["settlement_id"],
        unique=True,
        postgresql_where=sa.text("result IN ('open', 'waiting', 'booked')"),
    )


def downgrade() -> None:
    for table in ("relief_grant", "relief_plan", "gap_case"):
        op.drop_table(table)
    _set_kinds(_BEFORE)


def _set_kinds(text: str) -> None:
    op.drop_constraint(op.f("ck_journal_entry_kind"), "journal_entry")
    op.create_check_constraint(op.f("ck_journal_entry_kind"), "journal_entry", text)
