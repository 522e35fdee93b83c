"""The kit's tables as they were released, edition by edition: what migrations build.

`tables.py` says how they are today; an edition, once released, is never edited. A change of the kit's tables is a new
edition here and one migration in each service (`raise_kit_tables(op, edition)`).
"""

from __future__ import annotations

from alembic.operations import Operations

_FIRST_UP = """
CREATE TABLE diverted_key (
    consumer TEXT NOT NULL,
    producer TEXT NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_diverted_key PRIMARY KEY (consumer, producer, key)
);
COMMENT ON COLUMN diverted_key.reason IS 'failed, gap or poison';
CREATE TABLE idempotency_record (
    caller TEXT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status SMALLINT NOT NULL,
    body BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_record PRIMARY KEY (caller, method, route, key)
);
CREATE INDEX ix_idempotency_record_created_at ON idempotency_record (created_at);
CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    handled_on DATE DEFAULT CURRENT_DATE NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);
CREATE TABLE inbox_key (
    consumer TEXT NOT NULL,
    producer TEXT NOT NULL,
    key TEXT NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT pk_inbox_key PRIMARY KEY (consumer, producer, key)
);
CREATE TABLE outbox_event (
    log_id BIGINT GENERATED ALWAYS AS IDENTITY,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    event_id UUID NOT NULL,
    topic TEXT NOT NULL,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    sequence BIGINT,
    headers TEXT NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT pk_outbox_event PRIMARY KEY (log_id),
    CONSTRAINT uq_outbox_event_event_id UNIQUE (event_id),
    CONSTRAINT uq_outbox_event_key_sequence UNIQUE (key, sequence)
);
COMMENT ON COLUMN outbox_event.sequence IS 'None for a dead-letter copy, which has no place in the key''s order';
COMMENT ON COLUMN outbox_event.headers IS 'CloudEvents headers as a JSON object, without the sequence';
CREATE TABLE outbox_key (
    key TEXT NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT pk_outbox_key PRIMARY KEY (key)
);
CREATE TABLE outbox_pending (
    log_id BIGINT NOT NULL,
    shard SMALLINT NOT NULL,
    CONSTRAINT pk_outbox_pending PRIMARY KEY (log_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 50);
CREATE INDEX ix_outbox_pending_shard_log_id ON outbox_pending (shard, log_id);
CREATE TABLE parked_event (
    parked_id BIGINT GENERATED ALWAYS AS IDENTITY,
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    producer TEXT NOT NULL,
    key TEXT NOT NULL,
    sequence BIGINT,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    broker_offset BIGINT NOT NULL,
    headers TEXT NOT NULL,
    data BYTEA NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    first_failed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL,
    error_code TEXT NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_parked_event PRIMARY KEY (parked_id),
    CONSTRAINT uq_parked_event_consumer_event_id UNIQUE (consumer, event_id)
);
CREATE INDEX ix_parked_event_consumer_producer_key_sequence ON parked_event (consumer, producer, key, sequence);
CREATE INDEX ix_parked_event_due ON parked_event (next_attempt_at) WHERE state = 'waiting';
COMMENT ON COLUMN parked_event.sequence IS 'None for poison, whose sequence cannot be read';
COMMENT ON COLUMN parked_event.state IS 'waiting, dead, done or skipped';
"""
_FIRST_DOWN = """
DROP TABLE parked_event;
DROP TABLE outbox_pending;
DROP TABLE outbox_key;
DROP TABLE outbox_event;
DROP TABLE inbox_key;
DROP TABLE inbox;
DROP TABLE idempotency_record;
DROP TABLE diverted_key;
"""
_SECOND_UP = """
CREATE TABLE consumer_birth (
    consumer TEXT NOT NULL,
    born_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    is_replayable BOOLEAN NOT NULL,
    known_types JSONB NOT NULL,
    CONSTRAINT pk_consumer_birth PRIMARY KEY (consumer)
);
COMMENT ON COLUMN consumer_birth.finished_at IS 'None while the producers'' logs are still being read';
COMMENT ON COLUMN consumer_birth.known_types IS 'Handled event type to the instant since when it is handled';
CREATE TABLE consumer_source (
    consumer TEXT NOT NULL,
    producer TEXT NOT NULL,
    read_key TEXT DEFAULT '' NOT NULL,
    read_sequence BIGINT DEFAULT '0' NOT NULL,
    is_read BOOLEAN DEFAULT false NOT NULL,
    compared_at TIMESTAMP WITH TIME ZONE,
    proved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_consumer_source PRIMARY KEY (consumer, producer)
);
COMMENT ON COLUMN consumer_source.read_key IS 'How far the birth has read the log: after this key and sequence';
COMMENT ON COLUMN consumer_source.compared_at IS 'Producer''s clock at the last comparison of changed heads';
COMMENT ON COLUMN consumer_source.proved_at IS 'Producer''s clock at the last comparison of all heads';
CREATE TABLE key_baseline (
    consumer TEXT NOT NULL,
    producer TEXT NOT NULL,
    key TEXT NOT NULL,
    first_available_sequence BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_key_baseline PRIMARY KEY (consumer, producer, key, first_available_sequence)
);
COMMENT ON COLUMN key_baseline.last_sequence IS 'The watermark before: what lies between was never taken in';
CREATE INDEX ix_outbox_event_recorded_at ON outbox_event USING brin (recorded_at) WITH (autosummarize = on);
CREATE INDEX ix_inbox_handled_on ON inbox USING brin (handled_on) WITH (autosummarize = on);
"""
_SECOND_DOWN = """
DROP INDEX ix_inbox_handled_on;
DROP INDEX ix_outbox_event_recorded_at;
DROP TABLE key_baseline;
DROP TABLE consumer_source;
DROP TABLE consumer_birth;
"""
_THIRD_UP = """
CREATE TABLE operator_action (
    action_id BIGINT GENERATED ALWAYS AS IDENTITY,
    consumer TEXT NOT NULL,
    producer TEXT NOT NULL,
    key TEXT NOT NULL,
    event_id UUID NOT NULL,
    attempts INTEGER NOT NULL,
    action TEXT NOT NULL,
    reason TEXT,
    client_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_operator_action PRIMARY KEY (action_id),
    CONSTRAINT uq_operator_action_consumer_event_id_action_attempts UNIQUE (consumer, event_id, action, attempts)
);
COMMENT ON COLUMN operator_action.attempts IS 'Attempts made before: a decision counts once per attempt';
COMMENT ON COLUMN operator_action.action IS 'retry or skip';
COMMENT ON COLUMN operator_action.reason IS 'None for a retry';
"""
_THIRD_DOWN = """
DROP TABLE operator_action;
"""
_EDITIONS = {1: (_FIRST_UP, _FIRST_DOWN), 2: (_SECOND_UP, _SECOND_DOWN), 3: (_THIRD_UP, _THIRD_DOWN)}


def raise_kit_tables(op: Operations, edition: int) -> None:
    """Bring the kit's tables from the edition before to this one."""
    _run(op, _EDITIONS[edition][0])


def lower_kit_tables(op: Operations, edition: int) -> None:
    """Take the kit's tables back to the edition before."""
    _run(op, _EDITIONS[edition][1])


def _run(op: Operations, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
