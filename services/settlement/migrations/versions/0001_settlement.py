"""The kit's tables, the read model of persons, accumulators, settlements, the journal."""

import sqlalchemy as sa
from alembic import op

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_settlement"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "known_person",
    "known_category",
    "known_insurance",
    "accumulator",
    "discharge",
    "settlement",
    "settlement_record",
    "reversal",
    "journal_entry",
    "posting",
    "opening",
    "read_audit",
)
INSERT_ONLY = ("settlement_record", "reversal", "journal_entry", "posting", "opening", "read_audit")


def upgrade() -> None:
    create_kit_tables(op)
    _create_read_model()
    _create_accumulator()
    _create_settlement()
    _create_journal()
    _create_opening()
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$"
    )
    for table in INSERT_ONLY:
        op.execute(
            f"CREATE TRIGGER only_ever_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
    drop_kit_tables(op)


def _create_read_model() -> None:
    op.create_table(
        "known_person",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("name_check", sa.Text(), nullable=True, comment="Keyed check of the listed name"),
        sa.Column("counting_category", sa.Text(), nullable=True, comment="As identity last counted the head"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True, comment="The surviving archive of two"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_known_person")),
    )
    op.create_table(
        "known_category",
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="Newest statement about the period"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("list_date", sa.Date(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("pk_known_category")),
    )
    op.create_index(op.f("ix_known_category_person_id"), "known_category", ["person_id"], unique=False)
    op.create_table(
        "known_insurance",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", "scheme", "effective_from", name=op.f("pk_known_insurance")),
    )


def _create_accumulator() -> None:
    op.create_table(
        "accumulator",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("base_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deductible_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stay_count", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "base_fen >= 0 AND deductible_fen >= 0 AND paid_fen >= 0 AND stay_count >= 0",
            name=op.f("ck_accumulator_positive"),
        ),
        sa.PrimaryKeyConstraint("person_id", "county", "year", "account", name=op.f("pk_accumulator")),
        postgresql_with={"fillfactor": "80"},
    )


def _create_settlement() -> None:
    op.create_table(
        "discharge",
        sa.Column("discharge_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True, comment="As the request named it"),
        sa.Column(
            "patient_sealed", sa.LargeBinary(), nullable=False, comment="Number and name, or the temporary identity"
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("discharge_id", name=op.f("pk_discharge")),
    )
    op.create_table(
        "settlement",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("discharge_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("record_no", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("fund_paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("hospital_borne_fen", sa.BigInteger(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the canonical request"),
        sa.CheckConstraint("state IN ('settled', 'reversed')", name=op.f("ck_settlement_state")),
        sa.CheckConstraint(
            "patient_pays_fen >= 0 AND fund_paid_fen >= 0 AND hospital_borne_fen >= 0",
            name=op.f("ck_settlement_positive"),
        ),
        sa.CheckConstraint(
            "total_fen = fund_paid_fen + hospital_borne_fen + patient_pays_fen", name=op.f("ck_settlement_sum")
        ),
        sa.ForeignKeyConstraint(["discharge_id"], ["discharge.discharge_id"], name=op.f("fk_settlement_discharge_id")),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settlement")),
        sa.UniqueConstraint(
            "institution_code", "record_no", "attempt", name=op.f("uq_settlement_institution_code_record_no_attempt")
        ),
    )
    op.create_index(
        op.f("ix_settlement_county_settled_at_settlement_id"),
        "settlement",
        ["county", "settled_at", "settlement_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_settlement_institution_code_settled_at_settlement_id"),
        "settlement",
        ["institution_code", "settled_at", "settlement_id"],
        unique=False,
    )
    op.create_index(op.f("ix_settlement_person_id_year"), "settlement", ["person_id", "year"], unique=False)
    op.create_index(
        "uq_settlement_live",
        "settlement",
        ["institution_code", "record_no"],
        unique=True,
        postgresql_where=sa.text("state = 'settled'"),
    )
    op.create_table(
        "settlement_record",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "inputs",
            sa.JSON(),
            nullable=False,
            comment="Everything the calculation read, frozen",
        ),
        sa.Column("inputs_hash", sa.Text(), nullable=False, comment="sha256 of the inputs as stored"),
        sa.Column("answer", sa.JSON(), nullable=False, comment="What the hospital was told"),
        sa.Column(
            "trace",
            sa.JSON(),
            nullable=False,
            comment="Every step with the parameters it read",
        ),
        sa.Column(
            "changes",
            sa.JSON(),
            nullable=False,
            comment="What the stay added to the accumulators",
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_settlement_record_settlement_id")
        ),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settlement_record")),
        comment="Insert-only",
    )
    op.create_table(
        "reversal",
        sa.Column("reversal_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_reversal_settlement_id")
        ),
        sa.PrimaryKeyConstraint("reversal_id", name=op.f("pk_reversal")),
        sa.UniqueConstraint("settlement_id", name=op.f("uq_reversal_settlement_id")),
        comment="Insert-only",
    )


def _create_journal() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('settlement', 'reversal')", name=op.f("ck_journal_entry_kind")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_journal_entry_settlement_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("settlement_id", "kind", name=op.f("uq_journal_entry_settlement_id_kind")),
        comment="Insert-only",
    )
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False, comment="Debit positive, credit negative"),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_posting_amount")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.entry_id"], name=op.f("fk_posting_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "line_no", name=op.f("pk_posting")),
        comment="Insert-only",
    )
    op.create_index(op.f("ix_posting_account"), "posting", ["account"], unique=False)


def _create_opening() -> None:
    op.create_table(
        "opening",
        sa.Column("opening_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("mirror_of", sa.Uuid(), nullable=True, comment="The opening this one takes back"),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="Where the figures come from, or why they are taken back"
        ),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("booked_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mirror_of"], ["opening.opening_id"], name=op.f("fk_opening_mirror_of")),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_opening")),
        sa.UniqueConstraint("mirror_of", name=op.f("uq_opening_mirror_of")),
        comment="Insert-only: balances of a county that goes live in mid-year",
    )
    op.create_index(op.f("ix_opening_person_id_county_year"), "opening", ["person_id", "county", "year"], unique=False)
    op.create_table(
        "read_audit",
        sa.Column("audit_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_read_audit")),
        comment="Insert-only: who read whose number and name",
    )
