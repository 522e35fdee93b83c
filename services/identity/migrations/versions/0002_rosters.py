"""Lists that came in, their rows and what they propose to end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002_rosters"
down_revision = "0001_persons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_roster()
    _create_roster_row()
    _create_end_proposal()


def downgrade() -> None:
    op.drop_table("end_proposal")
    op.drop_table("roster_row")
    op.drop_table("roster")


def _create_roster() -> None:
    op.create_table(
        "roster",
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the file"),
        sa.Column(
            "same_file_as", sa.Uuid(), nullable=True, comment="An earlier published list with the same file and terms"
        ),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True, comment="When it was decided to publish"),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column(
            "correlation_id",
            sa.Text(),
            nullable=True,
            comment="Request that decided to publish; its later slices carry it on",
        ),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('comparing', 'staged', 'publishing', 'published')", name=op.f("ck_roster_state")),
        sa.PrimaryKeyConstraint("roster_id", name=op.f("pk_roster")),
    )
    op.create_index(op.f("ix_roster_digest"), "roster", ["digest"], unique=False)
    op.create_index(
        "ix_roster_unfinished",
        "roster",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('comparing', 'publishing')"),
    )


def _create_roster_row() -> None:
    op.create_table(
        "roster_row",
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("household_no", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number_masked", sa.Text(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True, comment="As delivered"),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="None where the number is not valid"),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("township", sa.Text(), nullable=True),
        sa.Column("village", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recognised_on", sa.Date(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True, comment="None while a long list is still being compared"),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_applied", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'changed', 'unchanged', 'rejected')", name=op.f("ck_roster_row_verdict")
        ),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.roster_id"], name=op.f("fk_roster_row_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "row_no", name=op.f("pk_roster_row")),
    )
    op.create_index(
        op.f("ix_roster_row_roster_id_verdict_row_no"), "roster_row", ["roster_id", "verdict", "row_no"], unique=False
    )
    op.create_index(
        "ix_roster_row_waiting",
        "roster_row",
        ["roster_id", "household_no", "row_no"],
        unique=False,
        postgresql_where=sa.text("NOT is_applied AND verdict IS DISTINCT FROM 'rejected'"),
    )


def _create_end_proposal() -> None:
    op.create_table(
        "end_proposal",
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="open, or lapsed once a newer list names the person again"
        ),
        sa.CheckConstraint("state IN ('open', 'lapsed')", name=op.f("ck_end_proposal_state")),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.roster_id"], name=op.f("fk_end_proposal_roster_id")),
        sa.PrimaryKeyConstraint("entitlement_id", "roster_id", name=op.f("pk_end_proposal")),
        comment="A person missing from a full list: proposed to end, never ended by the list itself",
    )
    op.create_index(
        op.f("ix_end_proposal_roster_id_entitlement_id"), "end_proposal", ["roster_id", "entitlement_id"], unique=False
    )
