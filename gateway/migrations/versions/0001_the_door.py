"""Clients, signing keys, the outward event log, and the audit record in a schema of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common.kit.migrations import create_kit_tables, drop_kit_tables

revision = "0001_the_door"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# Entries are only ever added: whoever holds the application's login can neither change nor remove one by mistake.
REFUSE_CHANGES = """
CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit entries are only ever added';
END $$
"""
ON_ROWS = """
CREATE TRIGGER audit_entry_rows_stay BEFORE UPDATE OR DELETE ON audit.audit_entry
FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()
"""
ON_TABLE = """
CREATE TRIGGER audit_entry_table_stays BEFORE TRUNCATE ON audit.audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()
"""


def upgrade() -> None:
    create_kit_tables(op)
    _create_registry()
    _create_outward_log()
    _create_audit()


def _create_registry() -> None:
    op.create_table(
        "client",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False, comment="Scopes separated by spaces"),
        sa.Column("institution_code", sa.Text),
        sa.Column("county", sa.Text),
        sa.Column("township", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("client_id", name="pk_client"),
    )
    op.create_table(
        "client_secret",
        sa.Column("secret_id", sa.Uuid, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False, comment="argon2id, with its parameters and salt"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("secret_id", name="pk_client_secret"),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_client_secret_client_id"),
    )
    op.create_index("ix_client_secret_client_id", "client_secret", ["client_id"])
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("public_key", postgresql.JSONB, nullable=False, comment="JWK as published"),
        sa.Column("sealed_private_key", sa.LargeBinary, nullable=False, comment="AES-256-GCM under DATA_KEY"),
        sa.Column("signs_from", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_signing_key"),
        sa.UniqueConstraint("signs_from", name="uq_signing_key_signs_from"),
    )


def _create_outward_log() -> None:
    op.create_table(
        "outward_event",
        sa.Column(
            "position", sa.BigInteger, nullable=False, autoincrement=False, comment="Dense, in the order of commits"
        ),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("county", sa.Text, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("headers", sa.Text, nullable=False, comment="CloudEvents headers as a JSON object"),
        sa.Column("data", sa.LargeBinary, nullable=False, comment="Whole data; readers get a projection"),
        sa.PrimaryKeyConstraint("position", name="pk_outward_event"),
        sa.UniqueConstraint("event_id", name="uq_outward_event_event_id"),
    )
    op.create_index("ix_outward_event_county_position", "outward_event", ["county", "position"])
    op.create_index("ix_outward_event_county_type_position", "outward_event", ["county", "type", "position"])
    op.create_index("ix_outward_event_recorded_at", "outward_event", ["recorded_at"])
    op.create_table(
        "outward_log",
        sa.Column("only_row", sa.SmallInteger, nullable=False, autoincrement=False),
        sa.Column("last_position", sa.BigInteger, nullable=False),
        sa.Column("pruned_to", sa.BigInteger, nullable=False, comment="Highest position no longer kept"),
        sa.PrimaryKeyConstraint("only_row", name="pk_outward_log"),
        sa.CheckConstraint("only_row = 1", name="ck_outward_log_one_row"),
        sa.CheckConstraint("pruned_to <= last_position", name="ck_outward_log_pruned_before_last"),
    )
    op.execute("INSERT INTO outward_log (only_row, last_position, pruned_to) VALUES (1, 0, 0)")


def _create_audit() -> None:
    op.execute("CREATE SCHEMA audit")
    op.create_table(
        "audit_entry",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False, comment="Path template"),
        sa.Column("resource_ids", postgresql.JSONB, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_audit_entry"),
        schema="audit",
    )
    op.create_index("ix_audit_entry_client_id_entry_id", "audit_entry", ["client_id", "entry_id"], schema="audit")
    op.execute(REFUSE_CHANGES)
    op.execute(ON_ROWS)
    op.execute(ON_TABLE)


def downgrade() -> None:
    op.execute("DROP SCHEMA audit CASCADE")
    for table in ("outward_log", "outward_event", "signing_key", "client_secret", "client"):
        op.drop_table(table)
    drop_kit_tables(op)
