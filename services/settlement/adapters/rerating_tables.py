"""Tables of re-rating: the cases, their lines, the corrections that they book.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from services.settlement.adapters.tables import metadata

__all__ = ["correction", "metadata", "rerating", "rerating_line"]

_INSTANT = DateTime(timezone=True)

rerating = Table(
    "rerating",
    metadata,
    Column("rerating_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("discharged_from", Date, nullable=False),
    Column("discharged_to", Date, nullable=False),
    Column("person_id", Uuid, comment="The one person asked about; none: all"),
    Column("cause", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reached", Uuid, comment="Last person listed"),
    Column("stay_count", Integer, nullable=False, server_default="0"),
    Column("decided_by", Text),
    Column("decided_at", _INSTANT),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('listing', 'proposed', 'approved', 'declined', 'booked')", name="state"),
    CheckConstraint("decided_by <> proposed_by", name="two_people"),
    CheckConstraint("(decided_by IS NULL) = (state IN ('listing', 'proposed'))", name="decided"),
    Index(None, "county", "opened_at", "rerating_id"),
    comment="Settled stays computed again; listed, decided by a second person, booked",
)

rerating_line = Table(
    "rerating_line",
    metadata,
    Column("rerating_id", Uuid, ForeignKey("rerating.rerating_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("class_before", Text, nullable=False),
    Column("class_after", Text, nullable=False),
    Column("layers", JSON, nullable=False, comment="Layer, fund and fen of each"),
    Column("hospital_borne_fen", BigInteger, nullable=False),
    Column("patient_fen", BigInteger, nullable=False, comment="Negative: the patient gets money back"),
    Column("patient_pays_fen", BigInteger, nullable=False, comment="The share by today's knowledge"),
    Column("result", Text, nullable=False, server_default="open"),
    CheckConstraint("result IN ('open', 'booked', 'let_go', 'outdated')", name="result"),
    UniqueConstraint("rerating_id", "settlement_id"),
    Index(None, "settlement_id"),
    comment="A stay whose result is another by today's knowledge",
)

correction = Table(
    "correction",
    metadata,
    Column("correction_no", BigInteger, Identity(always=True), primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), nullable=False),
    Column("ordinal", Integer, nullable=False, comment="Counts the corrections of a settlement from 1"),
    Column("rerating_id", Uuid, ForeignKey("rerating.rerating_id"), nullable=False),
    Column("booked_at", _INSTANT, nullable=False),
    Column("inputs", JSON, nullable=False, comment="What differs from the first ones"),
    Column("answer", JSON, nullable=False, comment="The corrected result"),
    Column("trace", JSON, nullable=False),
    Column("changes", JSON, nullable=False, comment="What it added to the accounts"),
    UniqueConstraint("rerating_id", "settlement_id"),
    UniqueConstraint("settlement_id", "ordinal"),
    comment="Insert-only: a later result of a settlement, beside the first",
)
