"""Table of the budgets that bureaus give their funds.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, Integer, Table, Text, UniqueConstraint, Uuid

from services.settlement.adapters.tables import metadata

__all__ = ["budget_change", "metadata"]

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
