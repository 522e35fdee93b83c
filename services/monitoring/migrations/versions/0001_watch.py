"""Persons, who belongs where, stays, subjects and their alerts."""

import sqlalchemy as sa
from alembic import op

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_watch"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op)
    _create_day_done()
    _create_person()
    _create_subject()
    _create_alert()
    _create_membership_statement()
    _create_stay()
    _create_supplement()


def downgrade() -> None:
    op.drop_table("supplement")
    op.drop_table("stay")
    op.drop_table("membership_statement")
    op.drop_table("alert")
    op.drop_table("subject")
    op.drop_table("person")
    op.drop_table("day_done")
    drop_kit_tables(op)


def _create_day_done() -> None:
    op.create_table(
        "day_done",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_day_done")),
        comment="Last China day on which a daily job went through",
    )


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True, comment="None: the county desk"),
        sa.Column("is_registered", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        comment="Read model of identity's events: where a person lives",
    )


def _create_subject() -> None:
    op.create_table(
        "subject",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True, comment="None for a lone person"),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("head_person_id", sa.Uuid(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True, comment="Where the head lives now; None: the county desk"),
        sa.Column("judged_through", sa.Date(), nullable=True, comment="Windows ran out up to this day"),
        sa.CheckConstraint("household_id IS NULL OR household_id = subject_id", name=op.f("ck_subject_household")),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_subject")),
        comment="Whose sum is watched; its row is the lock under which the sum is judged",
    )
    op.create_index(op.f("ix_subject_head_person_id"), "subject", ["head_person_id"], unique=False)


def _create_alert() -> None:
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column(
            "township",
            sa.Text(),
            nullable=True,
            comment="Of the head while it is open, then the one that saw it closed",
        ),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("window_to", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("line_fen", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why it was withdrawn"),
        sa.CheckConstraint("(state = 'withdrawn') = (reason IS NOT NULL)", name=op.f("ck_alert_reason")),
        sa.CheckConstraint("state IN ('open', 'withdrawn')", name=op.f("ck_alert_state")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name=op.f("fk_alert_subject_id")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alert")),
    )
    op.create_index(
        op.f("ix_alert_county_raised_at_alert_id"), "alert", ["county", "raised_at", "alert_id"], unique=False
    )
    op.create_index(op.f("ix_alert_subject_id"), "alert", ["subject_id"], unique=False)
    op.create_index("uq_alert_open", "alert", ["subject_id"], unique=True, postgresql_where=sa.text("state = 'open'"))


def _create_membership_statement() -> None:
    op.create_table(
        "membership_statement",
        sa.Column("statement_id", sa.Uuid(), nullable=False, comment="Made of the fact and the person"),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True, comment="None only where the person ended"),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(said = 'ended') = (household_id IS NULL)", name=op.f("ck_membership_statement_household")),
        sa.CheckConstraint(
            "said IN ('registered', 'joined', 'left', 'ended')", name=op.f("ck_membership_statement_said")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_membership_statement_person_id")),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_membership_statement")),
        comment="Facts about who belongs where; periods are derived, so that the order of arrival does not matter",
    )
    op.create_index(
        op.f("ix_membership_statement_household_id"), "membership_statement", ["household_id"], unique=False
    )
    op.create_index(op.f("ix_membership_statement_person_id"), "membership_statement", ["person_id"], unique=False)


def _create_stay() -> None:
    op.create_table(
        "stay",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False, comment="Supplements included"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_reversed", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_stay_person_id")),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_stay")),
    )
    op.create_index(op.f("ix_stay_person_id"), "stay", ["person_id"], unique=False)


def _create_supplement() -> None:
    op.create_table(
        "supplement",
        sa.Column("supplement_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False, comment="Change of the share"),
        sa.ForeignKeyConstraint(["settlement_id"], ["stay.settlement_id"], name=op.f("fk_supplement_settlement_id")),
        sa.PrimaryKeyConstraint("supplement_id", name=op.f("pk_supplement")),
        comment="What was already added to a stay",
    )
    op.create_index(op.f("ix_supplement_settlement_id"), "supplement", ["settlement_id"], unique=False)
