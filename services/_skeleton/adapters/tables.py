"""Tables of skeleton's database."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Table, Text, Uuid

from common.kit.tables import new_metadata

metadata = new_metadata()

stay = Table(
    "stay",
    metadata,
    Column("settlement_id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("county", Text, nullable=False),
    Column("discharged_on", Date, nullable=False),
    Index(None, "person_id"),
)
