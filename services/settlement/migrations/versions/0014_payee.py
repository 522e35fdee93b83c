"""A settlement says whom the funds owe: the hospital that advanced, or the patient who paid and claims."""

import sqlalchemy as sa
from alembic import op

revision = "0014_payee"
down_revision = "0013_posting_ledger"
branch_labels = None
depends_on = None

_OLD = op.f("ix_settlement_institution_code_settled_at_settlement_id")
_NEW = op.f("ix_settlement_payee_settled_at_settlement_id")


def upgrade() -> None:
    op.add_column(
        "settlement",
        sa.Column("payee", sa.Text(), comment="Whom the funds owe: the institution, or `patient` for a claim"),
    )
    op.execute("UPDATE settlement SET payee = institution_code")
    op.alter_column("settlement", "payee", nullable=False)
    op.create_index(_NEW, "settlement", ["payee", "settled_at", "settlement_id"])
    op.drop_index(_OLD, "settlement")


def downgrade() -> None:
    op.create_index(_OLD, "settlement", ["institution_code", "settled_at", "settlement_id"])
    op.drop_index(_NEW, "settlement")
    op.drop_column("settlement", "payee")
