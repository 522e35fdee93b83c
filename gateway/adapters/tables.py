"""Tables of the gateway: clients, signing keys, the outward event log; the audit record in a schema apart."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from common.kit.tables import NAMING, new_metadata

metadata = new_metadata()

client = Table(
    "client",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("scope", Text, nullable=False, comment="Scopes separated by spaces"),
    Column("institution_code", Text),
    Column("county", Text),
    Column("township", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
)

client_secret = Table(
    "client_secret",
    metadata,
    Column("secret_id", Uuid, primary_key=True),
    Column("client_id", Text, ForeignKey("client.client_id"), nullable=False),
    Column("secret_hash", Text, nullable=False, comment="argon2id, with its parameters and salt"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index(None, "client_id"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("public_key", JSONB, nullable=False, comment="JWK as published"),
    Column("sealed_private_key", LargeBinary, nullable=False, comment="AES-256-GCM under DATA_KEY"),
    Column("signs_from", DateTime(timezone=True), nullable=False),
    UniqueConstraint("signs_from"),
)

outward_event = Table(
    "outward_event",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="Dense, in the order of commits"),
    Column("event_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("headers", Text, nullable=False, comment="CloudEvents headers as a JSON object"),
    Column("data", LargeBinary, nullable=False, comment="Whole data; readers get a projection"),
    UniqueConstraint("event_id"),
    Index(None, "county", "position"),
    Index(None, "county", "type", "position"),
    Index(None, "recorded_at"),
)

outward_log = Table(
    "outward_log",
    metadata,
    Column("only_row", SmallInteger, primary_key=True, autoincrement=False),
    Column("last_position", BigInteger, nullable=False),
    Column("pruned_to", BigInteger, nullable=False, comment="Highest position no longer kept"),
    CheckConstraint("only_row = 1", name="one_row"),
    CheckConstraint("pruned_to <= last_position", name="pruned_before_last"),
)

audit_metadata = MetaData(schema="audit", naming_convention=NAMING)
"""Kept apart from the business tables; a trigger refuses every change of what was written."""

audit_entry = Table(
    "audit_entry",
    audit_metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("route", Text, nullable=False, comment="Path template"),
    Column("resource_ids", JSONB, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("request_id", Text, nullable=False),
    Index(None, "client_id", "entry_id"),
)
