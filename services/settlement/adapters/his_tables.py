"""Tables of the national interface: whom 1101 told, the stays between admission and settlement, the messages answered.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.settlement.adapters.tables import metadata

__all__ = ["his_message", "his_person", "his_stay", "metadata"]

_INSTANT = DateTime(timezone=True)

his_person = Table(
    "his_person",
    metadata,
    Column("institution_code", Text, primary_key=True),
    Column("psn_no", Text, primary_key=True, comment="人员编号: made of number and name by our key"),
    Column("patient_sealed", LargeBinary, nullable=False, comment="Number and name as the hospital asked"),
    Column("asked_at", _INSTANT, nullable=False, comment="The first time"),
)

his_stay = Table(
    "his_stay",
    metadata,
    Column("mdtrt_id", Text, primary_key=True, comment="就诊ID, the record number of the stay's settlements"),
    Column("institution_code", Text, nullable=False),
    Column("psn_no", Text, nullable=False),
    Column("ipt_no", Text, nullable=False, comment="住院号, the hospital's own"),
    Column("county", Text, nullable=False, comment="参保地"),
    Column("insutype", Text, nullable=False),
    Column("med_type", Text, nullable=False),
    Column("mdtrt_cert_type", Text, nullable=False),
    Column("admitted_on", Date, nullable=False),
    Column("discharged_on", Date),
    Column("dscg_way", Text, comment="离院方式"),
    Column("diagnoses", ARRAY(Text), nullable=False, comment="ICD-10, the main one first"),
    Column("patient_sealed", LargeBinary, nullable=False, comment="Number and name as of the admission"),
    Column("state", Text, nullable=False),
    Column("registered_at", _INSTANT, nullable=False),
    CheckConstraint("state IN ('admitted', 'discharged', 'cancelled')", name="state"),
    CheckConstraint("state <> 'discharged' OR discharged_on IS NOT NULL", name="discharged"),
    Index(
        "uq_his_stay_admitted", "institution_code", "ipt_no", unique=True, postgresql_where=text("state = 'admitted'")
    ),
    Index(None, "institution_code", "psn_no"),
)

his_message = Table(
    "his_message",
    metadata,
    Column("msgid", Text, primary_key=True, comment="发送方报文ID"),
    Column("institution_code", Text, nullable=False),
    Column("infno", Text, nullable=False, comment="交易编号"),
    Column("body_hash", LargeBinary, nullable=False, comment="SHA-256 of what the message says"),
    Column("answer_sealed", LargeBinary, nullable=False, comment="The answer byte for byte"),
    Column("mdtrt_id", Text, ForeignKey("his_stay.mdtrt_id"), comment="The stay it was about"),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), comment="What it settled or reversed"),
    Column("received_at", _INSTANT, nullable=False),
    CheckConstraint("length(msgid) = 30", name="msgid"),
    CheckConstraint("left(msgid, 12) = institution_code", name="sender"),
    Index("ix_his_message_old", "received_at", postgresql_where=text("infno NOT IN ('2304', '2401')")),
    comment="Successes only: a refused message left nothing and may be sent again",
)
