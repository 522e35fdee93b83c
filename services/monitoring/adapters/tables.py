"""Tables of monitoring.

Room: adapters of monitoring. Every invariant the database can hold stands here as a constraint.
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
    Index,
    Table,
    Text,
    Uuid,
    text,
)

from common.kit.tables import new_metadata

metadata = new_metadata()
_INSTANT = DateTime(timezone=True)

person = Table(
    "person",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("township", Text, comment="None: the county desk"),
    Column("is_registered", Boolean, nullable=False, server_default="false"),
    Column("merged_into", Uuid),
    comment="Read model of identity's events: where a person lives",
)

membership_statement = Table(
    "membership_statement",
    metadata,
    Column("statement_id", Uuid, primary_key=True, comment="Made of the fact and the person"),
    Column("person_id", Uuid, ForeignKey("person.person_id"), nullable=False),
    Column("household_id", Uuid, comment="None only where the person ended"),
    Column("said", Text, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("told_at", _INSTANT, nullable=False),
    CheckConstraint("said IN ('registered', 'joined', 'left', 'ended')", name="said"),
    CheckConstraint("(said = 'ended') = (household_id IS NULL)", name="household"),
    Index(None, "person_id"),
    Index(None, "household_id"),
    comment="Facts about who belongs where; periods are derived, so that the order of arrival does not matter",
)

stay = Table(
    "stay",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.person_id"), nullable=False),
    Column("county", Text, nullable=False),
    Column("discharged_on", Date, nullable=False),
    Column("patient_pays_fen", BigInteger, nullable=False, comment="Supplements included"),
    Column("settled_at", _INSTANT, nullable=False),
    Column("is_reversed", Boolean, nullable=False, server_default="false"),
    Index(None, "person_id"),
)

supplement = Table(
    "supplement",
    metadata,
    Column("supplement_id", Uuid, primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("stay.settlement_id"), nullable=False),
    Column("patient_pays_fen", BigInteger, nullable=False, comment="Change of the share"),
    Index(None, "settlement_id"),
    comment="What was already added to a stay",
)

subject = Table(
    "subject",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("household_id", Uuid, comment="None for a lone person"),
    Column("county", Text, nullable=False),
    Column("head_person_id", Uuid),
    Column("township", Text, comment="Where the head lives now; None: the county desk"),
    Column("judged_through", Date, comment="Windows ran out up to this day"),
    CheckConstraint("household_id IS NULL OR household_id = subject_id", name="household"),
    Index(None, "head_person_id"),
    comment="Whose sum is watched; its row is the lock under which the sum is judged",
)

alert = Table(
    "alert",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("subject_id", Uuid, ForeignKey("subject.subject_id"), nullable=False),
    Column("household_id", Uuid),
    Column("person_id", Uuid, nullable=False),
    Column("county", Text, nullable=False),
    Column("township", Text, comment="Of the head while it is open, then the one that saw it closed"),
    Column("rule", Text, nullable=False),
    Column("window_from", Date, nullable=False),
    Column("window_to", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("line_fen", BigInteger, nullable=False),
    Column("settlement_id", Uuid, nullable=False),
    Column("raised_at", _INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, comment="Why it was withdrawn"),
    CheckConstraint("state IN ('open', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'withdrawn') = (reason IS NOT NULL)", name="reason"),
    Index("uq_alert_open", "subject_id", unique=True, postgresql_where=text("state = 'open'")),
    Index(None, "subject_id"),
    Index(None, "county", "raised_at", "alert_id"),
)

day_done = Table(
    "day_done",
    metadata,
    Column("job", Text, primary_key=True),
    Column("done_on", Date, nullable=False),
    comment="Last China day on which a daily job went through",
)
