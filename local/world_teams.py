"""Family-doctor teams (家庭医生团队) per township and who of the made-up people signs with them.

Next hop: local/demo_load.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from local.world_people import Person, Population, dice
from local.world_places import COUNTIES, Township

SIGNED_PERMILLE = 820
CONTRACT_DAYS_BEFORE = 380
CONTRACT_YEARS = 3


@dataclass(frozen=True, slots=True)
class Team:
    """A team of one township."""

    name: str
    county: str
    township: Township


def teams() -> Iterator[Team]:
    """Yield the teams: one per township."""
    for county in COUNTIES:
        for township in county.townships:
            yield Team(f"{township.name}家庭医生团队", county.code, township)


def has_signed(*, population: Population, person: Person) -> bool:
    """Say whether a person has signed; most have, and nobody on no list."""
    own = dice(population.seed, "contract", person.index)
    return bool(person.categories) and own.randrange(1000) < SIGNED_PERMILLE


def contract_days(*, population: Population, person: Person) -> tuple[date, date]:
    """Return first and last day of a person's contract, which covers the whole year of discharges and more."""
    own = dice(population.seed, "contract_days", person.index)
    first = population.today - timedelta(days=CONTRACT_DAYS_BEFORE + own.randrange(60))
    return first, first + timedelta(days=CONTRACT_YEARS * 366)
