"""Tables of settlement's database: the read model of people, accumulators, settlements, the journal.

What was settled, booked or reversed is only ever added to; a settlement's state alone changes, once.
Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from common.kit.tables import new_metadata

metadata = new_metadata()

_INSTANT = DateTime(timezone=True)

known_person = Table(
    "known_person",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("household_id", Uuid),
    Column("household_as_of", Date, comment="Day of the newest move told"),
    Column("township", Text),
    Column("name_check", Text, comment="Keyed check of the listed name"),
    Column("counting_category", Text, comment="As identity last counted the head"),
    Column("ended_on", Date),
    Column("end_reason", Text),
    Column("merged_into", Uuid, comment="The surviving archive of two"),
    Index(None, "household_id"),
)

known_category = Table(
    "known_category",
    metadata,
    Column("entitlement_id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("county", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="Newest statement about the period"),
    Column("category", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("effective_to", Date),
    Column("authority", Text, nullable=False),
    Column("list_date", Date, nullable=False),
    Column("known_since", _INSTANT, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Index(None, "person_id"),
)

known_insurance = Table(
    "known_insurance",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("effective_to", Date),
)

accumulator = Table(
    "accumulator",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("county", Text, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("account", Text, primary_key=True),
    Column("base_fen", BigInteger, nullable=False, server_default="0"),
    Column("deductible_fen", BigInteger, nullable=False, server_default="0"),
    Column("paid_fen", BigInteger, nullable=False, server_default="0"),
    Column("stay_count", Integer, nullable=False, server_default="0"),
    Column(
        *("corrected_by", BigInteger),
        nullable=False,
        server_default="0",
        comment="Number of the newest correction that moved it",
    ),
    CheckConstraint("base_fen >= 0 AND deductible_fen >= 0 AND paid_fen >= 0 AND stay_count >= 0", name="positive"),
    postgresql_with={"fillfactor": "80"},
)

discharge = Table(
    "discharge",
    metadata,
    Column("discharge_id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("county", Text, nullable=False),
    Column("township", Text, comment="As the request named it"),
    Column("patient_sealed", LargeBinary, nullable=False, comment="Number and name, or the temporary identity"),
    Column("received_at", _INSTANT, nullable=False),
)

settlement = Table(
    "settlement",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("discharge_id", Uuid, ForeignKey("discharge.discharge_id"), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("county", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("record_no", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at", _INSTANT, nullable=False),
    Column("discharged_on", Date, nullable=False),
    Column("year", Integer, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("fund_paid_fen", BigInteger, nullable=False),
    Column("hospital_borne_fen", BigInteger, nullable=False),
    Column("patient_pays_fen", BigInteger, nullable=False),
    Column("body_hash", LargeBinary, nullable=False, comment="SHA-256 of the canonical request"),
    Column("payee", Text, nullable=False, comment="Whom the funds owe: the institution, or `patient` for a claim"),
    CheckConstraint("state IN ('settled', 'reversed')", name="state"),
    CheckConstraint("total_fen = fund_paid_fen + hospital_borne_fen + patient_pays_fen", name="sum"),
    CheckConstraint("patient_pays_fen >= 0 AND fund_paid_fen >= 0 AND hospital_borne_fen >= 0", name="positive"),
    UniqueConstraint("institution_code", "record_no", "attempt"),
    Index(
        "uq_settlement_live", "institution_code", "record_no", unique=True, postgresql_where=text("state = 'settled'")
    ),
    Index(None, "payee", "settled_at", "settlement_id"),
    Index(None, "county", "settled_at", "settlement_id"),
    Index(None, "person_id", "year"),
)

settlement_record = Table(
    "settlement_record",
    metadata,
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), primary_key=True),
    Column("inputs", JSON, nullable=False, comment="Everything the calculation read, frozen"),
    Column("inputs_hash", Text, nullable=False, comment="sha256 of the inputs as stored"),
    Column("answer", JSON, nullable=False, comment="What the hospital was told"),
    Column("trace", JSON, nullable=False, comment="Every step with the parameters it read"),
    Column("changes", JSON, nullable=False, comment="What the stay added to the accumulators"),
    comment="Insert-only",
)

reversal = Table(
    "reversal",
    metadata,
    Column("reversal_id", Uuid, primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("reversed_at", _INSTANT, nullable=False),
    Column("reversed_by", Text, nullable=False),
    UniqueConstraint("settlement_id"),
    comment="Insert-only",
)

journal_entry = Table(
    "journal_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id")),
    Column("kind", Text, nullable=False),
    Column("booked_at", _INSTANT, nullable=False),
    Column("clearing_id", Uuid, ForeignKey("clearing.clearing_id")),
    Column("repayment_id", Uuid, ForeignKey("repayment.repayment_id")),
    CheckConstraint(
        "kind IN ('settlement', 'reversal', 'clearing', 'repayment') "
        "OR kind ~ '^(correction_[1-9][0-9]*|(relief|family_account)(_cut_[1-9][0-9]*)?)(_reversal)?$'",
        name="kind",
    ),
    CheckConstraint("num_nonnulls(settlement_id, clearing_id, repayment_id) = 1", name="subject"),
    UniqueConstraint("settlement_id", "kind"),
    UniqueConstraint("clearing_id"),
    UniqueConstraint("repayment_id"),
    Index(None, "booked_at"),
    comment="Insert-only",
)

posting = Table(
    "posting",
    metadata,
    Column("entry_id", Uuid, ForeignKey("journal_entry.entry_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False, comment="Debit positive, credit negative"),
    Column("ledger", Text, nullable=False, server_default="", comment="Sub-ledger; empty for the fund itself"),
    CheckConstraint("amount_fen <> 0", name="amount"),
    Index(None, "account"),
    comment="Insert-only",
)

day_block = Table(
    "day_block",
    metadata,
    Column("day", Date, primary_key=True, comment="China day on which the entries were booked"),
    Column("entry_count", BigInteger, nullable=False),
    Column("debit_fen", BigInteger, nullable=False, comment="Sum of the debits, which is that of the credits"),
    Column("previous_hash", LargeBinary, nullable=False, comment="Of the block before; 32 zero bytes for the first"),
    Column("block_hash", LargeBinary, nullable=False, comment="SHA-256 of the block before, the day and its entries"),
    Column("sealed_at", _INSTANT, nullable=False),
    CheckConstraint("entry_count > 0", name="entries"),
    comment="Insert-only: the journal's days, each sealed with the one before",
)

opening = Table(
    "opening",
    metadata,
    Column("opening_id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("county", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("mirror_of", Uuid, ForeignKey("opening.opening_id"), comment="The opening this one takes back"),
    Column("source", Text, nullable=False, comment="Where the figures come from, or why they are taken back"),
    Column("changes", JSON, nullable=False),
    Column("booked_at", _INSTANT, nullable=False),
    Column("booked_by", Text, nullable=False),
    UniqueConstraint("mirror_of"),
    Index(None, "person_id", "county", "year"),
    comment="Insert-only: balances of a county that goes live in mid-year",
)

read_audit = Table(
    "read_audit",
    metadata,
    Column("audit_id", BigInteger, Identity(always=True), primary_key=True),
    Column("read_at", _INSTANT, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    comment="Insert-only: who read whose number and name",
)
