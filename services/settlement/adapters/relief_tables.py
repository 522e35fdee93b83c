"""Tables of relief: the stays that stay too heavy, the leading group's plans, what each plan grants.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from services.settlement.adapters.tables import metadata

__all__ = ["gap_case", "metadata", "relief_grant", "relief_plan"]

_INSTANT = DateTime(timezone=True)

gap_case = Table(
    "gap_case",
    metadata,
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), primary_key=True),
    Column("county", Text, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("found_at", _INSTANT, nullable=False),
    Column("missing_fen", BigInteger, comment="To the county's target as the stay stands; none: no target says"),
    Column("document", Text, comment="On what a bureau named the stay; none: settling found it"),
    Column("named_by", Text),
    CheckConstraint("missing_fen >= 0", name="missing"),
    CheckConstraint("(document IS NULL) = (named_by IS NULL)", name="named"),
    CheckConstraint("missing_fen IS NOT NULL OR document IS NOT NULL", name="origin"),
    Index(None, "county", "found_at", "settlement_id"),
    comment="A settled stay whose share is looked at by itself",
)

relief_plan = Table(
    "relief_plan",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("ledger", Text, nullable=False, comment="Sub-ledger; empty for the fund itself"),
    Column("document", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("decided_by", Text),
    Column("decided_at", _INSTANT),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('proposed', 'approved', 'declined')", name="state"),
    CheckConstraint("decided_by <> proposed_by", name="two_people"),
    CheckConstraint("(decided_by IS NULL) = (state = 'proposed')", name="decided"),
    Index(None, "county", "opened_at", "plan_id"),
    comment="What the leading group is asked to give, decided once by a second person",
)

relief_grant = Table(
    "relief_grant",
    metadata,
    Column("plan_id", Uuid, ForeignKey("relief_plan.plan_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("settlement_id", Uuid, ForeignKey("gap_case.settlement_id"), nullable=False),
    Column("relief_class", Text, nullable=False),
    Column("weighed", ARRAY(Text), nullable=False),
    Column("note", Text, nullable=False, server_default="", comment="Never published"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("result", Text, nullable=False, server_default="open"),
    Column("booked_at", _INSTANT),
    Column("cut_fen", BigInteger, nullable=False, server_default="0", comment="Taken back by later corrections"),
    CheckConstraint("amount_fen > 0 AND cut_fen BETWEEN 0 AND amount_fen", name="amount"),
    CheckConstraint("result IN ('open', 'waiting', 'booked', 'declined', 'outdated')", name="result"),
    CheckConstraint("(booked_at IS NULL) = (result <> 'booked')", name="booked"),
    Index(
        "uq_relief_grant_live",
        "settlement_id",
        unique=True,
        postgresql_where=text("result IN ('open', 'waiting', 'booked')"),
    ),
    comment="What a plan gives one stay; the same costs are relieved once",
)
