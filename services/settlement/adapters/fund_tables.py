"""Tables of the budgets that bureaus give their funds, and of what they set aside.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON

from services.settlement.adapters.tables import metadata

__all__ = ["budget_change", "fund_reservation", "metadata", "reported_total"]

budget_change = Table(
    "budget_change",
    metadata,
    Column("change_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("change_no", Integer, nullable=False, comment="Counts the changes of the fund's year from 1"),
    Column("ledger", Text, nullable=False, comment="Sub-ledger; empty for the fund itself"),
    Column("layer", Text, comment="What the money is said to be for"),
    Column("effective_on", Date, nullable=False, comment="China day from which it counts"),
    Column("amount_fen", BigInteger, nullable=False, comment="Added to the budget; negative takes away"),
    Column("source", Text, nullable=False, comment="Document that grants it"),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    Column("booked_by", Text, nullable=False),
    CheckConstraint("amount_fen <> 0", name="amount"),
    CheckConstraint("extract(year FROM effective_on) = year", name="year"),
    UniqueConstraint("county", "fund", "year", "change_no"),
    comment="Insert-only",
)

fund_reservation = Table(
    "fund_reservation",
    metadata,
    Column("reservation_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("ledger", Text, nullable=False, comment="Sub-ledger; empty for the fund itself"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("expires_on", Date, nullable=False, comment="Last China day on which it counts"),
    Column("reserved_at", DateTime(timezone=True), nullable=False),
    Column("reserved_by", Text, nullable=False),
    Column("released_at", DateTime(timezone=True)),
    Column("released_by", Text),
    CheckConstraint("amount_fen > 0", name="amount"),
    CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
    Index(None, "county", "fund", "year", "expires_on"),
)

reported_total = Table(
    "reported_total",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("parts", JSON, nullable=False, comment="Fund, name and fen of each"),
    Column("source", Text, nullable=False),
    Column("reported_at", DateTime(timezone=True), nullable=False),
    Column("reported_by", Text, nullable=False),
    Index(None, "county", "year"),
    comment="Insert-only",
)
