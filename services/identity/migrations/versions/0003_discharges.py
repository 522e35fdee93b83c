"""Episodes of the archive, verification, and the record of every read."""

import sqlalchemy as sa
from alembic import op

revision = "0003_discharges"
down_revision = "0002_rosters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_episode()
    _create_verification_request()
    _create_verification_task()
    _create_read_audit()
    for table in ("read_audit",):
        _forbid_changes(table)


def downgrade() -> None:
    op.drop_table("read_audit")
    op.drop_table("verification_task")
    op.drop_table("verification_request")
    op.drop_table("episode")


def _create_episode() -> None:
    op.create_table(
        "episode",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("discharge_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("institution_code", sa.Text(), nullable=False),
        sa.Column("visit_type", sa.Text(), nullable=False),
        sa.Column("admitted_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("diagnoses", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("benefit_class", sa.Text(), nullable=False),
        sa.Column("identity_open", sa.Boolean(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.Column(
            "reversed_since", sa.DateTime(timezone=True), nullable=True, comment="Since when we know of the reversal"
        ),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_episode")),
    )
    op.create_index(op.f("ix_episode_person_id_discharged_on"), "episode", ["person_id", "discharged_on"], unique=False)


def _create_verification_request() -> None:
    op.create_table(
        "verification_request",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("discharge_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True, comment="As the discharge named it"),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("line_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, done, withdrawn, or failed after the last try"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'withdrawn', 'failed')", name=op.f("ck_verification_request_state")
        ),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_verification_request")),
        comment="Number and name still to be fetched from settlement before a task can be opened",
    )
    op.create_index(
        "ix_verification_request_due",
        "verification_request",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _create_verification_task() -> None:
    op.create_table(
        "verification_task",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), nullable=True, comment="None: the county desk"),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("discharged_on", sa.Date(), nullable=False),
        sa.Column("patient_pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("line_fen", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="open, registered once a list names the person, withdrawn"
        ),
        sa.CheckConstraint("state IN ('open', 'registered', 'withdrawn')", name=op.f("ck_verification_task_state")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_verification_task")),
        sa.UniqueConstraint("settlement_id", name=op.f("uq_verification_task_settlement_id")),
    )
    op.create_index(
        op.f("ix_verification_task_county_township"), "verification_task", ["county", "township"], unique=False
    )
    op.create_index(op.f("ix_verification_task_person_id"), "verification_task", ["person_id"], unique=False)


def _create_read_audit() -> None:
    op.create_table(
        "read_audit",
        sa.Column("audit_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("person_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True, comment="Household or roster that was read"),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_read_audit")),
        comment="Append-only: who read about whom",
    )
    op.create_index(
        op.f("ix_read_audit_person_ids"), "read_audit", ["person_ids"], unique=False, postgresql_using="gin"
    )


def _forbid_changes(table: str) -> None:
    """Let the database itself refuse to change or remove a row."""
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
