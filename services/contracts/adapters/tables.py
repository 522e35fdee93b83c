"""Tables of contracts.

Room: adapters of contracts. Every invariant the database can hold stands here as a constraint.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

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
    Column("ended_on", Date),
    Column("merged_into", Uuid),
    comment="Read model of identity's events: where a person lives",
)

stay = Table(
    "stay",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.person_id"), nullable=False),
    Column("county", Text, nullable=False),
    Column("discharged_on", Date, nullable=False),
    Column("diseases", ARRAY(Text), nullable=False, comment="Disease groups only, no diagnosis codes"),
    Column("identity_open", Boolean, nullable=False),
    Column("is_provisional", Boolean, nullable=False),
    Column("is_reversed", Boolean, nullable=False, server_default="false"),
    Index(None, "person_id"),
)

team = Table(
    "team",
    metadata,
    Column("team_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("township", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("township", "name"),
    Index(None, "county", "township"),
)

contract = Table(
    "contract",
    metadata,
    Column("contract_id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.person_id"), nullable=False),
    Column("county", Text, nullable=False),
    Column("township", Text, comment="Of the person while it is live, then the one that saw it end"),
    Column("team_id", Uuid, ForeignKey("team.team_id"), nullable=False),
    Column("package_codes", ARRAY(Text), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False, comment="Last day"),
    Column("signed_at", _INSTANT, nullable=False),
    Column("ended_on", Date),
    Column("reason_code", Text),
    CheckConstraint("valid_to >= valid_from", name="period"),
    CheckConstraint("(ended_on IS NULL) = (reason_code IS NULL)", name="ended"),
    Index("uq_contract_live", "person_id", unique=True, postgresql_where=text("ended_on IS NULL")),
    Index(None, "person_id"),
    Index(None, "county", "signed_at", "contract_id"),
    Index("ix_contract_running_out", "valid_to", postgresql_where=text("ended_on IS NULL")),
)

follow_up = Table(
    "follow_up",
    metadata,
    Column("follow_up_id", Uuid, primary_key=True),
    Column("person_id", Uuid, ForeignKey("person.person_id"), nullable=False),
    Column("county", Text, nullable=False),
    Column("township", Text, comment="Of the person while it is open, then the one that closed it"),
    Column("team_id", Uuid, ForeignKey("team.team_id")),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("disease", Text, nullable=False),
    Column("window_from", Date, nullable=False),
    Column("window_to", Date, nullable=False),
    Column("settlement_id", Uuid, ForeignKey("stay.settlement_id"), nullable=False),
    Column("discharged_on", Date, nullable=False),
    Column("planned_at", _INSTANT, nullable=False),
    Column("closed", Text, comment="None while it is open"),
    Column("visited_on", Date),
    Column("outcome_code", Text),
    Column("note", Text),
    Column("overdue_told", Boolean, nullable=False, server_default="false"),
    CheckConstraint("kind IN ('follow_up', 'sign_contract', 'verify')", name="kind"),
    CheckConstraint("closed IN ('done', 'withdrawn')", name="closed"),
    CheckConstraint("(closed IS NOT DISTINCT FROM 'done') = (outcome_code IS NOT NULL)", name="outcome"),
    CheckConstraint("window_to >= window_from", name="window"),
    Index(
        "uq_follow_up_live",
        "person_id",
        "rule",
        "window_to",
        unique=True,
        postgresql_where=text("closed IS DISTINCT FROM 'withdrawn'"),
    ),
    Index(None, "county", "window_to", "follow_up_id"),
    Index(None, "county", "township", "window_to"),
    Index(None, "settlement_id"),
    Index("ix_follow_up_overdue", "window_to", postgresql_where=text("closed IS NULL AND NOT overdue_told")),
)

follow_up_reason = Table(
    "follow_up_reason",
    metadata,
    Column("follow_up_id", Uuid, ForeignKey("follow_up.follow_up_id"), primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("stay.settlement_id"), primary_key=True),
    Index(None, "settlement_id"),
    comment="Which settlements ask for a task; it is withdrawn when all of them are reversed",
)
