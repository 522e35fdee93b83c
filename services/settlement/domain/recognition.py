"""Who the patient is and what they hold (身份识别): known by number, the name compared by its keyed check.

Room: domain of settlement. Nobody is turned away: who is not known for certain is settled as ordinary and marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.core.errors import Refused
from common.core.ids import PersonId
from services.settlement.domain.discharge import Insurance
from services.settlement.domain.vocabulary import InsuranceState, Scheme

DEATH = "death"


class PersonDeceased(Refused):
    """The registry says that the person died before the day of discharge."""

    code = "person_deceased"
    zh = "登记显示该人员在出院日之前已死亡"


@dataclass(frozen=True, slots=True)
class Category:
    """One category (身份类别) in force on the day, with the newest list it rests on."""

    name: str
    list_date: date


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What the read model of identity's events says about a number, as of one day.

    Attributes:
        person_id: Id to settle under; another than the number's own after a merge.
        name_check: Keyed check of the listed name; None when no list and no verified archive gave one.
        counting_category: The category as which identity counts the head.
        insurance: The registry's entry of the day.
    """

    person_id: PersonId
    name_check: str | None
    counting_category: str | None
    ended_on: date | None
    end_reason: str | None
    categories: tuple[Category, ...]
    insurance: Insurance | None
    household_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Recognition:
    """Under whom and as what a stay is settled.

    Attributes:
        categories: Sorted names.
        list_date: Day of the newest list on which the counting category rests.
        is_open: Whether somebody still has to find out who this is (身份待核).
        is_provisional: Whether the id stands for this one stay only.
    """

    person_id: PersonId
    categories: tuple[str, ...]
    counting_category: str | None
    list_date: date | None
    insurance: Insurance
    is_open: bool
    is_provisional: bool
    household_id: UUID | None = None


ASSUMED_INSURANCE = Insurance(Scheme.RURAL_COOPERATIVE, InsuranceState.INSURED)


def recognise(
    *,
    own_id: PersonId | None,
    name_check: str | None,
    known: KnownPerson | None,
    provisional_id: PersonId,
    stated: Insurance | None,
    on: date,
) -> Recognition:
    """Return under whom the stay is settled.

    Args:
        own_id: Id made of the citizen number; None for a temporary identity.
        name_check: Keyed check of the name on the request.
        known: What the registry says about the number; None when nobody told of it.
        provisional_id: Id for this one stay, taken when the name does not match or there is no number.
        stated: Insurance as the card read said; None lets the registry decide.
        on: Day of discharge.

    Raises:
        PersonDeceased: If the person died before that day.
    """
    if own_id is None or _is_somebody_else(known, name_check):
        return _unknown(provisional_id, stated, is_provisional=True)
    if known is None:
        return _unknown(own_id, stated, is_provisional=False)
    if known.end_reason == DEATH and known.ended_on is not None and on > known.ended_on:
        raise PersonDeceased(f"the person died on {known.ended_on}", ended_on=known.ended_on)
    counting = counting_of(known=known)
    insurance = stated or known.insurance
    return Recognition(
        person_id=known.person_id,
        categories=tuple(sorted({category.name for category in known.categories})),
        counting_category=counting,
        list_date=max((each.list_date for each in known.categories if each.name == counting), default=None),
        insurance=insurance or ASSUMED_INSURANCE,
        is_open=known.name_check is None or insurance is None,
        is_provisional=False,
        household_id=known.household_id,
    )


def counting_of(*, known: KnownPerson) -> str | None:
    """Return the category that counts on the day: the one identity named, else the first that is held."""
    names: Sequence[str] = sorted(category.name for category in known.categories)
    if known.counting_category in names:
        return known.counting_category
    return names[0] if names else None


def _is_somebody_else(known: KnownPerson | None, name_check: str | None) -> bool:
    return known is not None and known.name_check is not None and known.name_check != name_check


def _unknown(person_id: PersonId, stated: Insurance | None, *, is_provisional: bool) -> Recognition:
    """Return an ordinary insured person who still has to be recognised."""
    return Recognition(
        person_id=person_id,
        categories=(),
        counting_category=None,
        list_date=None,
        insurance=stated or ASSUMED_INSURANCE,
        is_open=True,
        is_provisional=is_provisional,
    )
