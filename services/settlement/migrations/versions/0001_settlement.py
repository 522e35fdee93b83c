"""The kit's tables, the read model of persons, accumulators, settlements, the journal."""

import sqlalchemy as sa
from alembic import op

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_settlement"
down_revision = None
branch_labels = None
depends_on = None

INSERT_ONLY = ("journal_entry", "posting", "opening", "reversal", "patient_reading")


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
    for table in ("patient_reading", "opening", "posting", "journal_entry", "reversal", "settlement", "discharge"):
        op.drop_table(table)
    for table in ("accumulator", "insurance", "entitlement", "person"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
    drop_kit_tables(op)


def _create_read_model() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("township", sa.Text),
        sa.Column("name_check", sa.Text),
        sa.Column("ended_on", sa.Date),
        sa.Column("surviving_person_id", sa.Uuid, comment="Whom this id was merged into"),
    )
    op.create_table(
        "entitlement",
        sa.Column("entitlement_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False, index=True),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("counting_category", sa.Text),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("effective_to", sa.Date),
        sa.Column("list_date", sa.Date, nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_table(
        "insurance",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("scheme", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("effective_to", sa.Date),
    )


def _create_accumulator() -> None:
    op.create_table(
        "accumulator",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("county", sa.Text, primary_key=True),
        sa.Column("year", sa.SmallInteger, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("base_fen", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("deductible_fen", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("paid_fen", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("stay_count", sa.Integer, nullable=False, server_default="0"),
        sa.CheckConstraint(
            "base_fen >= 0 AND deductible_fen >= 0 AND paid_fen >= 0 AND stay_count >= 0", name="not_negative"
        ),
        postgresql_with={"fillfactor": "70"},
    )


def _create_settlement() -> None:
    op.create_table(
        "discharge",
        sa.Column("discharge_id", sa.Uuid, primary_key=True),
        sa.Column("institution_code", sa.Text, nullable=False),
        sa.Column("record_no", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False, index=True),
        sa.Column("township", sa.Text),
        sa.Column("sealed_number", sa.LargeBinary, comment="None for temporary patients"),
        sa.Column("sealed_name", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "settlement",
        sa.Column("settlement_id", sa.Uuid, primary_key=True),
        sa.Column("discharge_id", sa.Uuid, sa.ForeignKey("discharge.discharge_id"), nullable=False, index=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("institution_code", sa.Text, nullable=False),
        sa.Column("record_no", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("person_id", sa.Uuid, nullable=False, index=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_on", sa.Date, nullable=False, comment="China day of settled_at"),
        sa.Column("discharged_on", sa.Date, nullable=False),
        sa.Column("total_fen", sa.BigInteger, nullable=False),
        sa.Column("fund_paid_fen", sa.BigInteger, nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger, nullable=False),
        sa.Column("request_fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.Text, nullable=False, comment="The answer as first given, JSON"),
        sa.Column("frozen", sa.Text, nullable=False, comment="Everything the calculation saw, JSON, never updated"),
        sa.Column("frozen_hash", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("state IN ('settled', 'reversed')", name="state_known"),
        sa.UniqueConstraint("institution_code", "record_no", "attempt"),
    )
    live = sa.text("state = 'settled'")
    op.create_index(
        "uq_settlement_live_record",
        "settlement",
        ["institution_code", "record_no"],
        unique=True,
        postgresql_where=live,
    )
    order = ["settled_on", "settled_at", "settlement_id"]
    op.create_index("ix_settlement_institution_settled", "settlement", ["institution_code", *order])
    op.create_index("ix_settlement_county_settled", "settlement", ["county", *order])
    op.create_table(
        "reversal",
        sa.Column("reversal_id", sa.Uuid, primary_key=True),
        sa.Column("settlement_id", sa.Uuid, sa.ForeignKey("settlement.settlement_id"), nullable=False, unique=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
    )


def _create_journal() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("institution_code", sa.Text, nullable=False),
        sa.Column("settlement_id", sa.Uuid, nullable=False, index=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.Uuid, sa.ForeignKey("journal_entry.entry_id"), primary_key=True),
        sa.Column("line", sa.SmallInteger, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name="moves_money"),
    )


def _create_opening() -> None:
    op.create_table(
        "opening",
        sa.Column("opening_id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column(
            "correction", sa.Integer, nullable=False, comment="0 for the first statement, n for the n-th correction"
        ),
        sa.Column("balances", sa.Text, nullable=False, comment="JSON: account -> base, deductible, paid, stay count"),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.UniqueConstraint("person_id", "county", "year", "correction"),
    )
    op.create_table(
        "patient_reading",
        sa.Column("reading_id", sa.BigInteger, primary_key=True, autoincrement=True),
        sa.Column("discharge_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    )
