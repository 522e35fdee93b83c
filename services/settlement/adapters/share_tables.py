"""Table of what hospitals note about shares that were not paid at discharge.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, DateTime, ForeignKey, Index, Table, Text, Uuid, text

from services.settlement.adapters.tables import metadata

__all__ = ["metadata", "share_note"]

share_note = Table(
    "share_note",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("noted_on", Date, nullable=False, comment="Until when it is promised, or when it came"),
    Column("reference", Text, nullable=False, comment="Agreement or receipt"),
    Column("noted_at", DateTime(timezone=True), nullable=False),
    Column("noted_by", Text, nullable=False),
    CheckConstraint("kind IN ('deferred', 'received')", name="kind"),
    CheckConstraint("amount_fen > 0", name="amount"),
    Index(None, "settlement_id"),
    Index("uq_share_note_deferred", "settlement_id", unique=True, postgresql_where=text("kind = 'deferred'")),
    comment="Insert-only",
)
