"""Persons, households and categories, with everything ever said about them."""

import sqlalchemy as sa
from alembic import op

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_persons"
down_revision = None
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    create_kit_tables(op)
    op.execute(_REFUSE)
    _create_person()
    _create_person_statement()
    _create_household()
    _create_household_number()
    _create_entitlement_statement()
    for table in ("person_statement", "entitlement_statement"):
        _forbid_changes(table)


def downgrade() -> None:
    op.drop_table("entitlement_statement")
    op.drop_table("household_number")
    op.drop_table("household")
    op.drop_table("person_statement")
    op.drop_table("person")
    op.execute("DROP FUNCTION refuse_change()")
    drop_kit_tables(op)


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Uuid(), autoincrement=False, nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="Statements about name and place so far"),
        sa.Column("known_by", sa.Text(), nullable=False, comment="list, or discharge for somebody on no list"),
        sa.Column(
            "provisional", sa.Boolean(), server_default="false", nullable=False, comment="Stands for one stay only"
        ),
        sa.Column("number_hash", sa.Text(), nullable=True, comment="Keyed hash of the citizen number"),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_plain", sa.Text(), nullable=True, comment="The name as compared"),
        sa.Column("name_check", sa.Text(), nullable=True),
        sa.Column("named_by", sa.Text(), nullable=True),
        sa.Column("named_as_of", sa.Date(), nullable=True),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("is_head", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("placed_by", sa.Text(), nullable=True),
        sa.Column("placed_as_of", sa.Date(), nullable=True),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("known_by IN ('list', 'discharge')", name=op.f("ck_person_known_by")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_person_number_hash")),
    )
    op.create_index(op.f("ix_person_household_id"), "person", ["household_id"], unique=False)
    op.create_index(op.f("ix_person_name_plain_village"), "person", ["name_plain", "village"], unique=False)


def _create_person_statement() -> None:
    op.create_table(
        "person_statement",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_check", sa.Text(), nullable=True),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("is_head", sa.Boolean(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "version", name=op.f("pk_person_statement")),
        comment="Append-only: every name and place a list gave",
    )


def _create_household() -> None:
    op.create_table(
        "household",
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("head_person_id", sa.Uuid(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("first_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_household")),
    )


def _create_household_number() -> None:
    op.create_table(
        "household_number",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("household_no", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.household_id"], name=op.f("fk_household_number_household_id")
        ),
        sa.PrimaryKeyConstraint("county", "source", "household_no", name=op.f("pk_household_number")),
        comment="Under which number each source knows a household",
    )
    op.create_index(op.f("ix_household_number_household_id"), "household_number", ["household_id"], unique=False)


def _create_entitlement_statement() -> None:
    op.create_table(
        "entitlement_statement",
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("list_date", sa.Date(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to >= effective_from", name=op.f("ck_entitlement_statement_period")
        ),
        sa.PrimaryKeyConstraint("entitlement_id", "version", name=op.f("pk_entitlement_statement")),
        comment="Append-only: the n-th thing said about one period",
    )
    op.create_index(
        op.f("ix_entitlement_statement_county_source"), "entitlement_statement", ["county", "source"], unique=False
    )
    op.create_index(op.f("ix_entitlement_statement_person_id"), "entitlement_statement", ["person_id"], unique=False)


def _forbid_changes(table: str) -> None:
    """Let the database itself refuse to change or remove a row."""
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
