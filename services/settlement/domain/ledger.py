"""The journal (记账): entries whose debits and credits balance by construction, mirrored and never changed.

Room: domain of settlement. A fund owes the hospital, the patient pays at the window, the charges are what was earned
(policies.md 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.calculation import Calculation
from services.settlement.domain.earmark import Earmark

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
        ledger: The sub-ledger of the fund that bears it; empty for the fund itself.
    """

    account: str
    amount: Money
    layer: str = ""
    ledger: str = ""


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
        return JournalEntry(entry_id, kind, tuple(replace(each, amount=-each.amount) for each in self.postings))


def mirror_kind(kind: str) -> str:
    """Return the kind of the entry that mirrors one of a settlement.

    >>> mirror_kind("settlement"), mirror_kind("correction_1")
    ('reversal', 'correction_1_reversal')
    """
    return "reversal" if kind == "settlement" else f"{kind}_reversal"


def settlement_entry(*, entry_id: UUID, calculation: Calculation, earmarks: Iterable[Earmark] = ()) -> JournalEntry:
    """Return the entry of a settlement: every fund's receivable and the patient's share against the charges."""
    funds = [Posting(f"{RECEIVABLE}:{each.fund}", each.paid, each.layer) for each in calculation.layers]
    return JournalEntry(
        entry_id,
        "settlement",
        folded(
            [
                *funds,
                *earmarked(earmarks),
                Posting(HOSPITAL_BORNE, calculation.hospital_borne),
                Posting(PATIENT, calculation.patient_pays),
                Posting(CHARGES, -calculation.bill.total),
            ]
        ),
    )


def earmarked(earmarks: Iterable[Earmark]) -> Iterator[Posting]:
    """Give the postings that put parts of funds' payments on their sub-ledgers; together they change no fund."""
    for each in earmarks:
        account = f"{RECEIVABLE}:{each.fund}"
        yield Posting(account, -each.amount, each.layer)
        yield Posting(account, each.amount, each.layer, each.ledger)


def folded(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Return the postings with those of one place added up, in the order met; what comes to nothing is left out."""
    sums: dict[tuple[str, str, str], Money] = {}
    for each in postings:
        place = (each.account, each.layer, each.ledger)
        sums[place] = sums.get(place, ZERO) + each.amount
    return tuple(Posting(account, amount, *place) for (account, *place), amount in sums.items() if amount)
