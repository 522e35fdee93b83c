"""Tables of the kit that stand in every service's database: outbox, inbox, idempotency records.

Each service adds them to its own metadata; its migrations build them edition by edition (common/kit/editions.py).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Return metadata with the project's naming convention and the kit's tables in it."""
    metadata = MetaData(naming_convention=NAMING)
    add_outbox_tables(metadata)
    add_inbox_tables(metadata)
    add_parked_table(metadata)
    add_recovery_tables(metadata)
    add_baseline_table(metadata)
    add_operator_table(metadata)
    add_idempotency_table(metadata)
    return metadata


def add_outbox_tables(metadata: MetaData) -> None:
    """Add the outbox: the last sequence of every key, the insert-only log, and what is still to be sent."""
    Table(
        "outbox_key",
        metadata,
        Column("key", Text, primary_key=True),
        Column("last_sequence", BigInteger, nullable=False),
    )
    Table(
        "outbox_event",
        metadata,
        Column("log_id", BigInteger, Identity(always=True), primary_key=True),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("sequence", BigInteger, comment="None for a dead-letter copy, which has no place in the key's order"),
        Column("headers", Text, nullable=False, comment="CloudEvents headers as a JSON object, without the sequence"),
        Column("data", LargeBinary, nullable=False),
        UniqueConstraint("event_id"),
        UniqueConstraint("key", "sequence"),
        Index(None, "recorded_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    )
    Table(
        "outbox_pending",
        metadata,
        Column("log_id", BigInteger, primary_key=True, autoincrement=False),
        Column("shard", SmallInteger, nullable=False),
        Index(None, "shard", "log_id"),
        postgresql_with={
            "fillfactor": "70",
            "autovacuum_vacuum_scale_factor": "0.01",
            "autovacuum_vacuum_threshold": "50",
        },
    )


def add_inbox_tables(metadata: MetaData) -> None:
    """Add the inbox: handled events, watermarks, and the keys that wait."""
    Table(
        "inbox",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("event_id", Uuid, primary_key=True),
        Column("handled_on", Date, nullable=False, server_default=text("CURRENT_DATE")),
        Index(None, "handled_on", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    )
    Table(
        "inbox_key",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("producer", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("last_sequence", BigInteger, nullable=False),
    )
    Table(
        "diverted_key",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("producer", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("reason", Text, nullable=False, comment="failed, gap or poison"),
        Column("since", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


def add_parked_table(metadata: MetaData) -> None:
    """Add the events set aside, each with its place."""
    Table(
        "parked_event",
        metadata,
        Column("parked_id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("producer", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("sequence", BigInteger, comment="None for poison, whose sequence cannot be read"),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("broker_offset", BigInteger, nullable=False),
        Column("headers", Text, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("first_failed_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("next_attempt_at", DateTime(timezone=True), nullable=False),
        Column("error_code", Text, nullable=False),
        Column("state", Text, nullable=False, comment="waiting, dead, done or skipped"),
        UniqueConstraint("consumer", "event_id"),
        Index(None, "consumer", "producer", "key", "sequence"),
        Index("ix_parked_event_due", "next_attempt_at", postgresql_where=text("state = 'waiting'")),
    )


def add_recovery_tables(metadata: MetaData) -> None:
    """Add what recovery remembers: when a consumer was born, and how far it compared."""
    Table(
        "consumer_birth",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("born_at", DateTime(timezone=True), nullable=False),
        Column("finished_at", DateTime(timezone=True), comment="None while the producers' logs are still being read"),
        Column("is_replayable", Boolean, nullable=False),
        Column(
            "known_types", JSONB, nullable=False, comment="Handled event type to the instant since when it is handled"
        ),
    )
    Table(
        "consumer_source",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("producer", Text, primary_key=True),
        Column(
            "read_key",
            Text,
            nullable=False,
            server_default="",
            comment="How far the birth has read the log: after this key and sequence",
        ),
        Column("read_sequence", BigInteger, nullable=False, server_default="0"),
        Column("is_read", Boolean, nullable=False, server_default=text("false")),
        Column(
            "compared_at", DateTime(timezone=True), comment="Producer's clock at the last comparison of changed heads"
        ),
        Column("proved_at", DateTime(timezone=True), comment="Producer's clock at the last comparison of all heads"),
    )


def add_baseline_table(metadata: MetaData) -> None:
    """Add where a key went on after events that nobody has any more."""
    Table(
        "key_baseline",
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("producer", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("first_available_sequence", BigInteger, primary_key=True, autoincrement=False),
        Column(
            "last_sequence",
            BigInteger,
            nullable=False,
            comment="The watermark before: what lies between was never taken in",
        ),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    )


def add_operator_table(metadata: MetaData) -> None:
    """Add what operators decided about parked events, by whom and why; kept for ever."""
    Table(
        "operator_action",
        metadata,
        Column("action_id", BigInteger, Identity(always=True), primary_key=True),
        Column("consumer", Text, nullable=False),
        Column("producer", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("attempts", Integer, nullable=False, comment="Attempts made before: a decision counts once per attempt"),
        Column("action", Text, nullable=False, comment="retry or skip"),
        Column("reason", Text, comment="None for a retry"),
        Column("client_id", Text, nullable=False),
        Column("request_id", Text, nullable=False),
        Column("happened_at", DateTime(timezone=True), nullable=False),
        UniqueConstraint("consumer", "event_id", "action", "attempts"),
    )


def add_idempotency_table(metadata: MetaData) -> None:
    """Add the record of answered requests."""
    Table(
        "idempotency_record",
        metadata,
        Column("caller", Text, primary_key=True),
        Column("method", Text, primary_key=True),
        Column("route", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Index(None, "created_at"),
    )
