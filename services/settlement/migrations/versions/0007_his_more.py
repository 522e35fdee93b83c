"""Old messages of the national interface are found by their age, a hospital's stays by their person."""

import sqlalchemy as sa
from alembic import op

revision = "0007_his_more"
down_revision = "0006_clearing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_his_message_old",
        "his_message",
        ["received_at"],
        postgresql_where=sa.text("infno NOT IN ('2304', '2401')"),
    )
    op.create_index(op.f("ix_his_stay_institution_code_psn_no"), "his_stay", ["institution_code", "psn_no"])


def downgrade() -> None:
    op.drop_index(op.f("ix_his_stay_institution_code_psn_no"), table_name="his_stay")
    op.drop_index("ix_his_message_old", table_name="his_message")
