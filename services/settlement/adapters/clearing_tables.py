"""Tables of clearing: batches per hospital and fund, their lines, what payers gave back.

Room: adapters of settlement.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)

from services.settlement.adapters.tables import metadata

__all__ = ["clearing", "clearing_difference", "clearing_line", "metadata", "repayment"]

_INSTANT = DateTime(timezone=True)

repayment = Table(
    "repayment",
    metadata,
    Column("repayment_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("until", Date, nullable=False),
    Column("batch_count", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("booked_at", _INSTANT, nullable=False),
    Column("booked_by", Text, nullable=False),
    comment="Insert-only: a payer gives back to the centre what it paid the hospitals first",
)

clearing = Table(
    "clearing",
    metadata,
    Column("clearing_id", Uuid, primary_key=True),
    Column("county", Text, nullable=False),
    Column("institution_code", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("until", Date, nullable=False, comment="Last China day"),
    Column("line_count", Integer, nullable=False),
    Column("sum_fen", BigInteger, nullable=False),
    Column("lines_hash", Text, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("closed_at", _INSTANT),
    Column("closed_by", Text),
    Column("accepted_fen", BigInteger),
    Column("refused_fen", BigInteger),
    Column("postponed_fen", BigInteger),
    Column("repaid_by", Uuid, ForeignKey("repayment.repayment_id")),
    CheckConstraint(
        "(closed_at IS NULL) = (accepted_fen IS NULL) AND "
        "sum_fen = coalesce(accepted_fen + refused_fen + postponed_fen, sum_fen)",
        name="sums",
    ),
    CheckConstraint("repaid_by IS NULL OR closed_at IS NOT NULL", name="repaid"),
    Index(None, "county", "opened_at", "clearing_id"),
    Index(None, "institution_code", "opened_at", "clearing_id"),
    comment="A batch of one hospital and fund; written once, closed once, repaid once",
)

clearing_line = Table(
    "clearing_line",
    metadata,
    Column("clearing_id", Uuid, ForeignKey("clearing.clearing_id"), primary_key=True),
    Column("line_no", Integer, primary_key=True, autoincrement=False),
    Column("settlement_id", Uuid, ForeignKey("settlement.settlement_id"), nullable=False),
    Column("fund", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("verdict", Text),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("verdict IN ('accepted', 'refused', 'postponed')", name="verdict"),
    Index(
        "uq_clearing_line_live",
        "settlement_id",
        "fund",
        "kind",
        unique=True,
        postgresql_where=text("verdict IS DISTINCT FROM 'postponed'"),
    ),
    comment="A stay's part of a fund; in one batch alone unless a verdict postponed it",
)

clearing_difference = Table(
    "clearing_difference",
    metadata,
    Column("clearing_id", Uuid, ForeignKey("clearing.clearing_id"), primary_key=True),
    Column("record_no", Text, primary_key=True),
    Column("ours_fen", BigInteger, comment="Owed here; none: nothing to clear"),
    Column("declared_fen", BigInteger, comment="None: the hospital did not declare it"),
    CheckConstraint("ours_fen IS DISTINCT FROM declared_fen", name="differs"),
    comment="Insert-only: records of a batch on which hospital and county disagree",
)
