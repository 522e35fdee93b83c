"""Persons, stays and messages of the national interface."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_his"
down_revision = "0004_day_blocks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "his_person",
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("psn_no", sa.Text(), nullable=False, comment="人员编号: made of number and name by our key"),
        sa.Column("patient_sealed", sa.LargeBinary(), nullable=False, comment="Number and name as the hospital asked"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="The first time"),
        sa.PrimaryKeyConstraint("institution_code", "psn_no", name=op.f("pk_his_person")),
    )
    op.create_table(
        "his_stay",
        sa.Column("mdtrt_id", sa.Text(), nullable=False, comment="就诊ID, the record number of the stay's settlements"),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("psn_no", sa.Text(), nullable=False),
        sa.Column("ipt_no", sa.Text(), nullable=False, comment="住院号, the hospital's own"),
        sa.Column("county", sa.Text(), nullable=False, comment="参保地"),
        sa.Column("insutype", sa.Text(), nullable=False),
        sa.Column("med_type", sa.Text(), nullable=False),
        sa.Column("mdtrt_cert_type", sa.Text(), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date()),
        sa.Column("dscg_way", sa.Text(), comment="离院方式"),
        sa.Column("diagnoses", postgresql.ARRAY(sa.Text()), nullable=False, comment="ICD-10, the main one first"),
        sa.Column("patient_sealed", sa.LargeBinary(), nullable=False, comment="Number and name as of the admission"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('admitted', 'discharged', 'cancelled')", name=op.f("ck_his_stay_state")),
        sa.CheckConstraint("state <> 'discharged' OR discharged_on IS NOT NULL", name=op.f("ck_his_stay_discharged")),
        sa.PrimaryKeyConstraint("mdtrt_id", name=op.f("pk_his_stay")),
    )
    op.create_index(
        "uq_his_stay_admitted",
        "his_stay",
        ["institution_code", "ipt_no"],
        unique=True,
        postgresql_where=sa.text("state = 'admitted'"),
    )
    op.create_table(
        "his_message",
        sa.Column("msgid", sa.Text(), nullable=False, comment="发送方报文ID"),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("infno", sa.Text(), nullable=False, comment="交易编号"),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of what the message says"),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=False, comment="The answer byte for byte"),
        sa.Column("mdtrt_id", sa.Text(), comment="The stay it was about"),
        sa.Column("settlement_id", sa.Uuid(), comment="What it settled or reversed"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(msgid) = 30", name=op.f("ck_his_message_msgid")),
        sa.CheckConstraint("left(msgid, 12) = institution_code", name=op.f("ck_his_message_sender")),
        sa.ForeignKeyConstraint(["mdtrt_id"], ["his_stay.mdtrt_id"], name=op.f("fk_his_message_mdtrt_id")),
        sa.ForeignKeyConstraint(
            ["settlement_id"], ["settlement.settlement_id"], name=op.f("fk_his_message_settlement_id")
        ),
        sa.PrimaryKeyConstraint("msgid", name=op.f("pk_his_message")),
        comment="Successes only: a refused message left nothing and may be sent again",
    )


def downgrade() -> None:
    op.drop_table("his_message")
    op.drop_table("his_stay")
    op.drop_table("his_person")
