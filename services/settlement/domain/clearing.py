"""Clearing (清算): what a fund owes a hospital is gathered into a batch, judged line by line, closed and paid once.

Room: domain of settlement. Sources: policies.md 5.1 and 5.3, decision D9 of the programme.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.discharge import PAID_BY_PATIENT
from services.settlement.domain.ledger import RECEIVABLE, JournalEntry, Posting

HOSPITAL_BANK, PATIENT_BANK = "hospital_bank", "patient_bank"
REFUSED_LOSS = "clearing_refused"
CENTRE_BANK = "centre_bank"
CENTRE_CLAIM = "centre_claim"
_MONTHS_OF_QUARTER = 3


class Calendar(StrEnum):
    """With what a batch ends."""

    MONTH = "month"
    QUARTER = "quarter"


class Verdict(StrEnum):
    """What the auditor says of a line (审核结论).

    ACCEPTED is paid; REFUSED is borne by the hospital, never by the patient afterwards; POSTPONED waits for a later
    batch with its difference.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    POSTPONED = "postponed"


class EmptyFund(StrEnum):
    """What a county decided about a fund whose budget is used up (policies.md 5.2); no layer ever waits for it.

    OVERDRAFT: its batches are paid as ever (透支). OWED: they wait until the budget covers them (欠付).
    """

    OVERDRAFT = "overdraft"
    OWED = "owed"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a county clears.

    Attributes:
        calendar: With what a batch ends.
        centre: The fund whose centre pays first for the others; None where each payer pays itself.
        waive_up_to: Up to which difference of a stay nothing is asked back from somebody listed (免予追回).
        empty_fund: What happens to batches of a fund whose budget is used up.
    """

    calendar: Calendar
    centre: str | None
    waive_up_to: Money = ZERO
    empty_fund: EmptyFund = EmptyFund.OVERDRAFT


@dataclass(frozen=True, slots=True)
class ClearingLine:
    """One stay's part of a fund (清算明细).

    Attributes:
        kind: `settlement`, `correction_1` and so on of a re-rating, or the `reversal` (`correction_1_reversal`) of what
            an earlier batch has paid.
        amount: Negative for a reversal, and for a correction that takes back.
        verdict: None until judged; closing accepts what nobody judged.
    """

    line_no: int
    settlement_id: UUID
    record_no: str
    kind: str
    amount: Money
    verdict: Verdict | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """How many lines and how much the hospital asks for."""

    line_count: int
    total: Money


class Reason(StrEnum):
    """Why a record of a batch is on the list of differences (差异原因)."""

    AMOUNT_DIFFERS = "amount_differs"
    NOT_DECLARED = "not_declared"
    NOT_OWED = "not_owed"


@dataclass(frozen=True, slots=True)
class DeclaredDifference:
    """A record on which hospital and county disagree; None: that side does not have it."""

    record_no: str
    ours: Money | None
    declared: Money | None

    @property
    def reason(self) -> Reason:
        """Why it is on the list."""
        if self.ours is None:
            return Reason.NOT_OWED
        return Reason.NOT_DECLARED if self.declared is None else Reason.AMOUNT_DIFFERS


def declared_differences(
    *, lines: Iterable[ClearingLine], declared: Mapping[str, Money]
) -> tuple[DeclaredDifference, ...]:
    """Return the records that the hospital declares otherwise than they stand here, by record number.

    Args:
        lines: Of the batch; those of one record count together.
        declared: Record number -> what the hospital asks of the fund for it.
    """
    ours: dict[str, Money] = {}
    for line in lines:
        ours[line.record_no] = ours.get(line.record_no, ZERO) + line.amount
    return tuple(
        DeclaredDifference(record_no, ours.get(record_no), declared.get(record_no))
        for record_no in sorted({*ours, *declared})
        if ours.get(record_no) != declared.get(record_no)
    )


def is_end_of(calendar: Calendar, day: date) -> bool:
    """Say whether a period of the calendar ends with the day.

    >>> is_end_of(Calendar.QUARTER, date(2016, 9, 30)), is_end_of(Calendar.QUARTER, date(2016, 8, 31))
    (True, False)
    """
    is_month_end = (day + timedelta(days=1)).day == 1
    return is_month_end and (calendar is Calendar.MONTH or day.month % _MONTHS_OF_QUARTER == 0)


def declaration_of(lines: Iterable[ClearingLine]) -> Declaration:
    """Return count and sum of the lines."""
    amounts = [line.amount for line in lines]
    return Declaration(len(amounts), sum(amounts, ZERO))


def lines_hash(lines: Iterable[ClearingLine]) -> str:
    """Return the SHA-256 over the lines in their order: number, settlement, kind and fen."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line.line_no} {line.settlement_id} {line.kind} {line.amount.fen}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def sum_of(lines: Iterable[ClearingLine], verdict: Verdict) -> Money:
    """Return the sum of the lines so judged."""
    return sum((line.amount for line in lines if line.verdict is verdict), ZERO)


def closing_entry(
    *, entry_id: UUID, fund: str, lines: Sequence[ClearingLine], terms: Terms, payee: str
) -> JournalEntry:
    """Return the entry that pays a judged batch.

    What is accepted comes to the bank of the hospital, or of the patients who have paid; what is refused becomes the
    hospital's loss; both leave the fund's receivable. Where another fund's centre pays first, the payer owes it to the
    centre.
    """
    paid, lost = sum_of(lines, Verdict.ACCEPTED), sum_of(lines, Verdict.REFUSED)
    sides = [
        Posting(PATIENT_BANK if payee == PAID_BY_PATIENT else HOSPITAL_BANK, paid),
        Posting(REFUSED_LOSS, lost),
        Posting(f"{RECEIVABLE}:{fund}", -paid - lost),
    ]
    if terms.centre is not None and terms.centre != fund:
        sides += [Posting(f"{CENTRE_CLAIM}:{fund}", paid), Posting(CENTRE_BANK, -paid)]
    return JournalEntry(entry_id, "clearing", tuple(side for side in sides if side.amount))


def repayment_entry(*, entry_id: UUID, fund: str, amount: Money) -> JournalEntry:
    """Return the entry by which a payer repays the centre what it paid first (垫付归还)."""
    sides = (Posting(CENTRE_BANK, amount), Posting(f"{CENTRE_CLAIM}:{fund}", -amount))
    return JournalEntry(entry_id, "repayment", tuple(side for side in sides if side.amount))
