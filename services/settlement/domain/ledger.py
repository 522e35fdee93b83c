"""The journal (记账): entries whose debits and credits balance by construction, mirrored and never changed.

Room: domain of settlement. A fund owes the hospital, the patient pays at the window, the charges are what was earned
(policies.md 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.calculation import Calculation

CHARGES = "hospital_charges"
PATIENT = "patient_share"
HOSPITAL_BORNE = "hospital_borne"
RECEIVABLE = "receivable"


class EntryUnbalanced(ValueError):
    """Debits and credits of an entry differ; the text says by how much."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry (分录): a debit (借) is positive, a credit (贷) negative.

    Attributes:
        account: What the money stands on, such as `receivable:rural_cooperative`.
        layer: The layer that caused it; empty for charges and the patient's share.
    """

    account: str
    amount: Money
    layer: str = ""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Postings that sum to zero (复式记账).

    Raises:
        EntryUnbalanced: If they do not.
    """

    entry_id: UUID
    kind: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        difference = sum((posting.amount for posting in self.postings), ZERO)
        if difference:
            raise EntryUnbalanced(f"entry {self.entry_id} is out of balance by {difference.fen} fen")

    def mirrored(self, *, entry_id: UUID, kind: str) -> JournalEntry:
        """Return the exact negative under an id of its own."""
        return JournalEntry(
            entry_id, kind, tuple(Posting(each.account, -each.amount, each.layer) for each in self.postings)
        )


def mirror_kind(kind: str) -> str:
    """Return the kind of the entry that mirrors one of a settlement.

    >>> mirror_kind("settlement"), mirror_kind("correction_1")
    ('reversal', 'correction_1_reversal')
    """
    return "reversal" if kind == "settlement" else f"{kind}_reversal"


def settlement_entry(*, entry_id: UUID, calculation: Calculation) -> JournalEntry:
    """Return the entry of a settlement: every fund's receivable and the patient's share against the charges."""
    funds = [Posting(f"{RECEIVABLE}:{each.fund}", each.paid, each.layer) for each in calculation.layers]
    return JournalEntry(
        entry_id,
        "settlement",
        _without_zeros(
            [
                *funds,
                Posting(HOSPITAL_BORNE, calculation.hospital_borne),
                Posting(PATIENT, calculation.patient_pays),
                Posting(CHARGES, -calculation.bill.total),
            ]
        ),
    )


def _without_zeros(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.amount)
