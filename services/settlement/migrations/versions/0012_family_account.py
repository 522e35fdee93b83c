"""Households' accounts and their moves; who lives in which household, as of which day."""

import sqlalchemy as sa
from alembic import op

revision = "0012_family_account"
down_revision = "0011_declared_records"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('settlement', 'reversal', 'clearing', 'repayment')"
_BEFORE = f"{_KINDS} OR kind ~ '^(correction_[1-9][0-9]*|relief|relief_cut_[1-9][0-9]*)(_reversal)?$'"
_NOW = f"{_KINDS} OR kind ~ '^(correction_[1-9][0-9]*|(relief|family_account)(_cut_[1-9][0-9]*)?)(_reversal)?$'"


def upgrade() -> None:
    _set_kinds(_NOW)
    op.add_column("known_person", sa.Column("household_as_of", sa.Date(), comment="Day of the newest move told"))
    op.create_index(op.f("ix_known_person_household_id"), "known_person", ["household_id"])
    op.create_table(
        "family_account",
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("since_year", sa.Integer(), nullable=False, comment="Year in which the household became known"),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.CheckConstraint("balance_fen >= 0", name=op.f("ck_family_account_positive")),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_family_account")),
    )
    _create_moves()
    op.execute(
        "INSERT INTO family_account (household_id, county, since_year) "
        "SELECT household_id, min(county), extract(year FROM now() AT TIME ZONE 'Asia/Shanghai')::int "
        "FROM known_person WHERE household_id IS NOT NULL GROUP BY household_id"
    )
    op.execute(
        "CREATE TRIGGER never_taken_away BEFORE DELETE OR TRUNCATE ON family_account "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON family_account_move "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _create_moves() -> None:
    op.create_table(
        "family_account_move",
        sa.Column("move_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("settlement_id", sa.Uuid()),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="Into the account positive"),
        sa.Column("source", sa.Text(), nullable=False, server_default="", comment="Paper of an opening"),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("kind IN ('credit', 'opening', 'draw', 'return')", name=op.f("ck_family_account_move_kind")),
        sa.CheckConstraint(
            "(settlement_id IS NOT NULL) = (kind IN ('draw', 'return'))", name=op.f("ck_family_account_move_settlement")
        ),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_family_account_move_amount")),
        sa.CheckConstraint(
            "kind = 'opening' OR (amount_fen > 0) = (kind <> 'draw')", name=op.f("ck_family_account_move_direction")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["family_account.household_id"],
            name=op.f("fk_family_account_move_household_id_family_account"),
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlement.settlement_id"],
            name=op.f("fk_family_account_move_settlement_id_settlement"),
        ),
        sa.PrimaryKeyConstraint("move_id", name=op.f("pk_family_account_move")),
        sa.UniqueConstraint("settlement_id", "move_id", name=op.f("uq_family_account_move_settlement_id_move_id")),
        comment="Insert-only",
    )
    op.create_index(
        "uq_family_account_move_credit",
        "family_account_move",
        ["household_id", "year"],
        unique=True,
        postgresql_where=sa.text("kind = 'credit'"),
    )
    op.create_index(
        op.f("ix_family_account_move_household_id_booked_at"), "family_account_move", ["household_id", "booked_at"]
    )


def downgrade() -> None:
    op.drop_table("family_account_move")
    op.drop_table("family_account")
    op.drop_index(op.f("ix_known_person_household_id"), "known_person")
    op.drop_column("known_person", "household_as_of")
    _set_kinds(_BEFORE)


def _set_kinds(text: str) -> None:
    op.drop_constraint(op.f("ck_journal_entry_kind"), "journal_entry")
    op.create_check_constraint(op.f("ck_journal_entry_kind"), "journal_entry", text)
