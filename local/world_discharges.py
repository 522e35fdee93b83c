"""A year of discharges of the made-up people, in order of days, each made from its index alone.

Every 25th is grave enough to carry its household past the county's warning line, every 40th is booked by mistake and
reversed, one bears a name that does not match its number. Next hop: local/demo_load.py
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from local.world_illness import (
    INPATIENT,
    OUTPATIENT,
    SPECIAL_OUTPATIENT,
    Bill,
    diagnoses_of,
    grave_bill,
    usual_bill,
)
from local.world_people import Person, Population, dice

YEAR_DAYS = 365
GRAVE_EVERY, GRAVE_AT = 25, 7
REVERSED_EVERY, REVERSED_AT = 40, 11
NOT_INSURED_EVERY, NOT_INSURED_AT = 60, 43
_VISIT_TYPES = (*(INPATIENT,) * 7, OUTPATIENT, SPECIAL_OUTPATIENT, SPECIAL_OUTPATIENT)
_OFTEN_ILL_EVERY = 6
_LONGEST_STAY_DAYS = 21
_GRAVEST_STAY_DAYS = 45


@dataclass(frozen=True, slots=True)
class Stay:
    """One discharge (出院) as its hospital will send it, and whether the hospital takes it back afterwards."""

    index: int
    record_no: str
    institution_code: str
    person: Person
    stated_name: str
    visit_type: str
    admitted_on: date
    discharged_on: date
    diagnoses: tuple[str, ...]
    bill: Bill
    is_insured: bool
    is_grave: bool
    is_reversed: bool

    @property
    def idempotency_key(self) -> str:
        """The key under which the stay is always sent, so that a second load changes nothing."""
        return f"demo-{self.institution_code}-{self.record_no}"

    def as_request(self) -> dict[str, Any]:
        """Return the body of `POST /v1/discharges`."""
        scheme = {"scheme": "rural_cooperative", "state": "insured" if self.is_insured else "not_insured"}
        codes = enumerate(self.diagnoses)
        return {
            "record_no": self.record_no,
            "institution_code": self.institution_code,
            "county": self.person.county.code,
            "patient": {"citizen_id": self.person.citizen_id, "name": self.stated_name, "insurance": scheme},
            "visit_type": self.visit_type,
            "admitted_on": self.admitted_on.isoformat(),
            "discharged_on": self.discharged_on.isoformat(),
            "referral": {"kind": "none"},
            "diagnoses": [{"icd10": code, "main": position == 0} for position, code in codes],
            "bill": self.bill.as_request(),
            "lines": [],
        }


@dataclass(frozen=True, slots=True)
class Year:
    """The discharges of the twelve months before `population.today`; made one by one, on demand."""

    population: Population
    count: int

    def stays(self) -> Iterator[Stay]:
        """Yield every stay in order of discharge days."""
        return (self.stay(index) for index in range(self.count))

    def stay(self, index: int) -> Stay:
        """Return stay number `index`, from zero.

        Raises:
            IndexError: If the year has no such stay.
        """
        if not 0 <= index < self.count:
            raise IndexError(index)
        own = dice(self.population.seed, "stay", index)
        is_grave = index % GRAVE_EVERY == GRAVE_AT
        is_mismatch = index == self.mismatch_index
        person = self._patient(own, must_be_listed=is_grave or is_mismatch)
        visit_type = INPATIENT if is_grave or is_mismatch else own.choice(_VISIT_TYPES)
        institution = own.choice(person.county.institutions[:1] if is_grave else person.county.institutions)
        discharged_on = self.population.today - timedelta(days=YEAR_DAYS - index * YEAR_DAYS // self.count)
        stay_days = own.randint(2, _GRAVEST_STAY_DAYS if is_grave else _LONGEST_STAY_DAYS)
        usual = usual_bill(own, institution=institution, visit_type=visit_type)
        return Stay(
            index=index,
            record_no=f"W{self.population.seed}-{discharged_on.year}-{index:07d}",
            institution_code=institution.code,
            person=person,
            stated_name=_other_name(person.name) if is_mismatch else person.name,
            visit_type=visit_type,
            admitted_on=discharged_on - timedelta(days=stay_days if visit_type == INPATIENT else 0),
            discharged_on=discharged_on,
            diagnoses=diagnoses_of(own, years=_years(person, discharged_on), visit_type=visit_type, is_grave=is_grave),
            bill=grave_bill(own, county=person.county) if is_grave else usual,
            is_insured=index % NOT_INSURED_EVERY != NOT_INSURED_AT,
            is_grave=is_grave,
            is_reversed=index % REVERSED_EVERY == REVERSED_AT,
        )

    @property
    def mismatch_index(self) -> int:
        """The one stay whose name does not match its number."""
        return self.count // 3

    def _patient(self, own: random.Random, *, must_be_listed: bool) -> Person:
        """Return who is ill: often one of the often ill, so that yearly accumulators fill; listed where asked."""
        size = self.population.size
        start = own.randrange(size)
        if own.randrange(2):
            start -= start % _OFTEN_ILL_EVERY
        if must_be_listed:
            following = (self.population.person((start + step) % size) for step in range(size))
            return next((person for person in following if person.categories), self.population.person(start))
        return self.population.person(start)


def _years(person: Person, on: date) -> int:
    return on.year - person.born_on.year - ((on.month, on.day) < (person.born_on.month, person.born_on.day))


def _other_name(name: str) -> str:
    """Return a name that is surely another one."""
    return f"{name}云"
