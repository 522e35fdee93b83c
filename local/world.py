"""The demo world (演示数据): a made-up population of two counties, its lists, teams and a year of discharges.

Pure: the same seed, sizes and day give the same world on every machine; nothing here reads a clock or sends anything.
Everything is made on demand, so that a world may have 100,000 persons. Next hop: local/demo_load.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from local.world_discharges import Stay, Year
from local.world_people import Person, Population
from local.world_places import COUNTIES
from local.world_rosters import SOURCES, ListFile, roster_files
from local.world_teams import Team, has_signed, teams

SEED, PERSON_COUNT, DISCHARGE_COUNT = 7, 300, 200


@dataclass(frozen=True, slots=True)
class World:
    """A whole demo world.

    Attributes:
        today: The China date at which the year of discharges ends.
        seed: Which world it is.
        person_count: Persons in both counties together.
        discharge_count: Discharges of the twelve months before `today`.
    """

    today: date
    seed: int = SEED
    person_count: int = PERSON_COUNT
    discharge_count: int = DISCHARGE_COUNT

    @property
    def population(self) -> Population:
        """Everybody, in households."""
        return Population(seed=self.seed, size=self.person_count, today=self.today)

    @property
    def year(self) -> Year:
        """The discharges."""
        return Year(population=self.population, count=self.discharge_count)

    def stays(self) -> Iterator[Stay]:
        """Yield the discharges in order of their days."""
        return self.year.stays()

    def lists(self) -> Iterator[ListFile]:
        """Yield the lists as files, per county poverty relief's before civil affairs'."""
        for county in COUNTIES:
            for source in SOURCES:
                yield from roster_files(population=self.population, county=county.code, source=source)

    def teams(self) -> Iterator[Team]:
        """Yield the family-doctor teams."""
        return teams()

    def signed_persons(self) -> Iterator[Person]:
        """Yield everybody who has signed a contract."""
        population = self.population
        return (person for person in population.persons() if has_signed(population=population, person=person))

    def as_text(self) -> dict[str, Any]:
        """Return what makes this world, fit for JSON."""
        return asdict(self) | {"today": self.today.isoformat()}


def world_from_text(text: dict[str, Any]) -> World:
    """Return the world that `as_text` described."""
    return World(**(text | {"today": date.fromisoformat(str(text["today"]))}))
