"""Tables of the households' accounts: what stands in each, and every move that led there.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from services.settlement.adapters.tables import metadata

__all__ = ["family_account", "family_account_move", "metadata"]

family_account = Table(
    "family_account",
    metadata,
    Column("household_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("since_year", Integer, nullable=False, comment="Year in which the household became known"),
    Column("balance_fen", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("balance_fen >= 0", name="positive"),
)

family_account_move = Table(
    "family_account_move",
    metadata,
    Column("move_id", Uuid, primary_key=True),
    Column("household_id", Uuid, ForeignKey("family_account.household_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id")),
    Column("amount_fen", BigInteger, nullable=False, comment="Into the account positive"),
    Column("source", Text, nullable=False, server_default="", comment="Paper of an opening"),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    Column("booked_by", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('credit', 'opening', 'draw', 'return')", name="kind"),
    CheckConstraint("(settlement_id IS NOT NULL) = (kind IN ('draw', 'return'))", name="settlement"),
    CheckConstraint("amount_fen <> 0", name="amount"),
    CheckConstraint("kind = 'opening' OR (amount_fen > 0) = (kind <> 'draw')", name="direction"),
    UniqueConstraint("settlement_id", "move_id"),
    Index(
        "uq_family_account_move_credit", "household_id", "year", unique=True, postgresql_where=text("kind = 'credit'")
    ),
    Index(None, "household_id", "booked_at"),
    comment="Insert-only",
)
