"""Persons, stays, teams, contracts and follow-up tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_care"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_kit_tables(op)
    _create_person()
    _create_team()
    _create_contract()
    _create_stay()
    _create_follow_up()
    _create_follow_up_reason()


def downgrade() -> None:
    op.drop_table("follow_up_reason")
    op.drop_table("follow_up")
    op.drop_table("stay")
    op.drop_table("contract")
    op.drop_table("team")
    op.drop_table("person")
    drop_kit_tables(op)


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True, comment="None: the county desk"),
        sa.Column("is_registered", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        comment="Read model of identity's events: where a person lives",
    )


def _create_team() -> None:
    op.create_table(
        "team",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_team")),
        sa.UniqueConstraint("township", "name", name=op.f("uq_team_township_name")),
    )
    op.create_index(op.f("ix_team_county_township"), "team", ["county", "township"], unique=False)


def _create_contract() -> None:
    op.create_table(
        "contract",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column(
            "township", sa.Text(), nullable=True, comment="Of the person while it is live, then the one that saw it end"
        ),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("package_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False, comment="Last day"),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.CheckConstraint("(ended_on IS NULL) = (reason_code IS NULL)", name=op.f("ck_contract_ended")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_contract_period")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_contract_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.team_id"], name=op.f("fk_contract_team_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_contract")),
    )
    op.create_index(
        op.f("ix_contract_county_signed_at_contract_id"),
        "contract",
        ["county", "signed_at", "contract_id"],
        unique=False,
    )
    op.create_index(op.f("ix_contract_person_id"), "contract", ["person_id"], unique=False)
    op.create_index(
        "ix_contract_running_out", "contract", ["valid_to"], unique=False, postgresql_where=sa.text("ended_on IS NULL")
    )
    op.create_index(
        "uq_contract_live", "contract", ["person_id"], unique=True, postgresql_where=sa.text("ended_on IS NULL")
    )


def _create_stay() -> None:
    op.create_table(
        "stay",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column(
            "diseases", postgresql.ARRAY(sa.Text()), nullable=False, comment="Disease groups only, no diagnosis codes"
        ),
        sa.Column("identity_open", sa.Boolean(), nullable=False),
        sa.Column("is_provisional", sa.Boolean(), nullable=False),
        sa.Column("is_reversed", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_stay_person_id")),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_stay")),
    )
    op.create_index(op.f("ix_stay_person_id"), "stay", ["person_id"], unique=False)


def _create_follow_up() -> None:
    op.create_table(
        "follow_up",
        sa.Column("follow_up_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column(
            "township", sa.Text(), nullable=True, comment="Of the person while it is open, then the one that closed it"
        ),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("disease", sa.Text(), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("window_to", sa.Date(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed", sa.Text(), nullable=True, comment="None while it is open"),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("outcome_code", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("overdue_told", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "(closed IS NOT DISTINCT FROM 'done') = (outcome_code IS NOT NULL)", name=op.f("ck_follow_up_outcome")
        ),
        sa.CheckConstraint("closed IN ('done', 'withdrawn')", name=op.f("ck_follow_up_closed")),
        sa.CheckConstraint("kind IN ('follow_up', 'sign_contract', 'verify')", name=op.f("ck_follow_up_kind")),
        sa.CheckConstraint("window_to >= window_from", name=op.f("ck_follow_up_window")),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_follow_up_person_id")),
        sa.ForeignKeyConstraint(["settlement_id"], ["stay.settlement_id"], name=op.f("fk_follow_up_settlement_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.team_id"], name=op.f("fk_follow_up_team_id")),
        sa.PrimaryKeyConstraint("follow_up_id", name=op.f("pk_follow_up")),
    )
    op.create_index(op.f("ix_follow_up_settlement_id"), "follow_up", ["settlement_id"], unique=False)
    op.create_index(
        op.f("ix_follow_up_county_township_window_to"), "follow_up", ["county", "township", "window_to"], unique=False
    )
    op.create_index(
        op.f("ix_follow_up_county_window_to_follow_up_id"),
        "follow_up",
        ["county", "window_to", "follow_up_id"],
        unique=False,
    )
    op.create_index(
        "ix_follow_up_overdue",
        "follow_up",
        ["window_to"],
        unique=False,
        postgresql_where=sa.text("closed IS NULL AND NOT overdue_told"),
    )
    op.create_index(
        "uq_follow_up_live",
        "follow_up",
        ["person_id", "rule", "window_to"],
        unique=True,
        postgresql_where=sa.text("closed IS DISTINCT FROM 'withdrawn'"),
    )


def _create_follow_up_reason() -> None:
    op.create_table(
        "follow_up_reason",
        sa.Column("follow_up_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_up.follow_up_id"], name=op.f("fk_follow_up_reason_follow_up_id")
        ),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["stay.settlement_id"], name=op.f("fk_follow_up_reason_settlement_id")
        ),
        sa.PrimaryKeyConstraint("follow_up_id", "settlement_id", name=op.f("pk_follow_up_reason")),
        comment="Which settlements ask for a task; it is withdrawn when all of them are reversed",
    )
    op.create_index(op.f("ix_follow_up_reason_settlement_id"), "follow_up_reason", ["settlement_id"], unique=False)
