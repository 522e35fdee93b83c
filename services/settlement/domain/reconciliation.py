"""Comparing a hospital's own sheet with what stands here (对账): totals, and line by line why they differ.

Room: domain of settlement. Lines meet by record number; a record has one live settlement at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from common.core.money import ZERO, Money
from services.settlement.domain.vocabulary import Scheme, VisitType


class Reason(StrEnum):
    """Why a line differs (差异原因)."""

    AMOUNTS_DIFFER = "amounts_differ"
    LISTED_TWICE = "listed_twice"
    NOT_LISTED = "not_listed"
    """Settled here in the period, not in the hospital's details."""
    NOT_SETTLED = "not_settled"
    """In the details, never settled here."""
    REVERSED = "reversed"
    SETTLED_OUTSIDE_PERIOD = "settled_outside_period"


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a hospital's settlements is compared.

    Attributes:
        county: 清算机构, the county that pays; None counts all.
        insurance: 险种; None counts all.
        visit_types: Kinds of care; empty counts all.
    """

    county: str | None = None
    insurance: InsuranceKind | None = None
    visit_types: frozenset[VisitType] = frozenset()


@dataclass(frozen=True, slots=True)
class InsuranceKind:
    """A kind of insurance as the national interface asks for it.

    Attributes:
        code: 险种类型: counts the stays that were admitted by message under this code.
        scheme: Counts what other calls settled by this scheme; None where another code names the scheme.
    """

    code: str
    scheme: Scheme | None


WHOLE = Part()


@dataclass(frozen=True, slots=True)
class Amounts:
    """What both sides count: the total, what funds pay, what the patient pays."""

    total: Money
    fund_paid: Money
    patient_paid: Money


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a period."""

    count: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class OurStay:
    """The newest attempt of a record as it stands here; `settled_on` is a China day."""

    record_no: str
    settlement_id: str
    amounts: Amounts
    settled_on: date
    is_live: bool


@dataclass(frozen=True, slots=True)
class TheirStay:
    """A line of the hospital's details."""

    record_no: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Difference:
    """One record on which the sides differ; a side that does not have it is None."""

    record_no: str
    reason: Reason
    ours: OurStay | None
    theirs: TheirStay | None


def totals_of(*, ours: Sequence[OurStay], first: date, last: date) -> Totals:
    """Return the sums of what lives and was settled from `first` to `last`, both included."""
    counted = [each.amounts for each in ours if _counts(each, first, last)]
    return Totals(
        len(counted),
        Amounts(
            sum((each.total for each in counted), ZERO),
            sum((each.fund_paid for each in counted), ZERO),
            sum((each.patient_paid for each in counted), ZERO),
        ),
    )


def differences(
    *, ours: Sequence[OurStay], theirs: Sequence[TheirStay], first: date, last: date
) -> tuple[Difference, ...]:
    """Return every record on which the sides differ, in the order of the hospital's details, then of ours.

    Args:
        ours: What was settled in the period, and whatever stands here under a record of theirs.
        theirs: The hospital's details of the period.
        first: First China day.
        last: Last China day, included.
    """
    known = {each.record_no: each for each in ours}
    return (*_of_theirs(known, theirs, first, last), *_not_listed(known, theirs, first, last))


def _of_theirs(
    known: Mapping[str, OurStay], theirs: Sequence[TheirStay], first: date, last: date
) -> Iterator[Difference]:
    seen: Counter[str] = Counter()
    for line in theirs:
        seen[line.record_no] += 1
        own = known.get(line.record_no)
        reason = Reason.LISTED_TWICE if seen[line.record_no] > 1 else _reason(own, line, first, last)
        if reason is not None:
            yield Difference(line.record_no, reason, own, line)


def _reason(own: OurStay | None, line: TheirStay, first: date, last: date) -> Reason | None:
    if own is None:
        return Reason.NOT_SETTLED
    if not own.is_live:
        return Reason.REVERSED
    if not first <= own.settled_on <= last:
        return Reason.SETTLED_OUTSIDE_PERIOD
    return None if own.amounts == line.amounts else Reason.AMOUNTS_DIFFER


def _not_listed(
    known: Mapping[str, OurStay], theirs: Sequence[TheirStay], first: date, last: date
) -> Iterator[Difference]:
    listed = {line.record_no for line in theirs}
    for own in known.values():
        if own.record_no not in listed and _counts(own, first, last):
            yield Difference(own.record_no, Reason.NOT_LISTED, own, None)


def _counts(own: OurStay, first: date, last: date) -> bool:
    return own.is_live and first <= own.settled_on <= last
