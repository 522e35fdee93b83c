"""Corrections of settled stays reach the archive."""

import sqlalchemy as sa
from alembic import op

revision = "0006_episode_changes"
down_revision = "0005_operator_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "episode_change",
        sa.Column("supplement_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False, comment="Added to the patient's share"),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["episode.settlement_id"], name=op.f("fk_episode_change_settlement_id_episode")
        ),
        sa.PrimaryKeyConstraint("supplement_id", name=op.f("pk_episode_change")),
        comment="Insert-only: what corrections changed in the share of a stay",
    )
    op.create_index(op.f("ix_episode_change_settlement_id"), "episode_change", ["settlement_id"])


def downgrade() -> None:
    op.drop_table("episode_change")
