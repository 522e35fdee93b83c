"""The made-up people: households and persons of any number, each made from its index alone.

Person and household number n are the same in every world with the same seed, size and day, whatever was asked before,
so a world of 100,000 persons costs no memory. All names and numbers are made up. Next hop: local/world_rosters.py
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from common.core.citizen_number import check_character
from local.world_places import COUNTIES, County, Township

HOUSEHOLD_SIZES = (3, 4, 2, 5, 1, 3, 4, 2)
_FIRST_PERSON = tuple(sum(HOUSEHOLD_SIZES[:position]) for position in range(len(HOUSEHOLD_SIZES)))
_BLOCK = sum(HOUSEHOLD_SIZES)
_DAYS = 365
_ORDERS = 499
_SLOTS = _DAYS * _ORDERS
_ADULT_YEARS, _CHILD_YEARS, _ELDER_YEARS = (26, 58), (1, 17), (61, 88)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗石潘龙吴姜欧"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红鹏飞秀梅建国凤春生文德福"
_RELATIONS = ("户主", "配偶", "子女", "父母", "子女")
_KINDS = ("poor", "poor", "poor_allowance", "allowance", "edge", "destitute", "family_planning", "unlisted")


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person; `categories` are what the lists will say, empty for one on no list."""

    index: int
    household_index: int
    county: County
    township: Township
    village: str
    name: str
    citizen_id: str
    sex: str
    born_on: date
    relation: str
    phone: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Household:
    """A made-up household (户), its head first."""

    index: int
    county: County
    township: Township
    members: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """All persons of a world; made one by one, on demand."""

    seed: int
    size: int
    today: date

    @property
    def household_count(self) -> int:
        """How many households the persons live in; the last may be smaller than planned."""
        return household_of(self.size - 1) + 1 if self.size else 0

    def person(self, index: int) -> Person:
        """Return person number `index`, from zero.

        Raises:
            IndexError: If the world has no such person.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        household_index = household_of(index)
        place = dice(self.seed, "household", household_index)
        county = _county_of_household(household_index)
        township = place.choice(county.townships)
        village = place.choice(township.villages)
        surname = place.choice(_SURNAMES)
        kind = place.choice(_KINDS)
        position = index - first_person_of(household_index)
        own = dice(self.seed, "person", index)
        relation = _RELATIONS[position]
        years = _years(relation, kind, own)
        sex = ("male", "female")[own.randrange(2)]
        born_on, order = self._birth(index, years, sex)
        seventeen = f"{county.code}{born_on:%Y%m%d}{order:03d}"
        given = "".join(own.sample(_GIVEN, own.choice((1, 2, 2))))
        return Person(
            index=index,
            household_index=household_index,
            county=county,
            township=township,
            village=village,
            name=(own.choice(_SURNAMES) if relation == "配偶" else surname) + given,
            citizen_id=seventeen + check_character(seventeen),
            sex=sex,
            born_on=born_on,
            relation=relation,
            phone=f"1990{own.randrange(10**7):07d}",
            categories=_categories(kind, years, position),
        )

    def household(self, index: int) -> Household:
        """Return household number `index`, from zero.

        Raises:
            IndexError: If the world has no such household.
        """
        if not 0 <= index < self.household_count:
            raise IndexError(index)
        first = first_person_of(index)
        last = min(first + HOUSEHOLD_SIZES[index % len(HOUSEHOLD_SIZES)], self.size)
        members = tuple(self.person(each) for each in range(first, last))
        return Household(index, members[0].county, members[0].township, members)

    def persons(self) -> Iterator[Person]:
        """Yield every person in order."""
        return (self.person(index) for index in range(self.size))

    def households(self) -> Iterator[Household]:
        """Yield every household in order."""
        return (self.household(index) for index in range(self.household_count))

    def _birth(self, index: int, years: int, sex: str) -> tuple[date, int]:
        """Return birth day and order code; together with the year's class they are never given twice in a county."""
        generation, slot = divmod(index, _SLOTS)
        generations = -(-self.size // _SLOTS)
        wanted = self.today.year - 1 - years
        year = wanted - (wanted - generation) % generations
        day = date(year, 1, 1) + timedelta(days=slot * 97 % _DAYS)
        order = 2 * (slot // _DAYS) + (1 if sex == "male" else 2)
        return day, order


def dice(seed: int, *parts: object) -> random.Random:
    """Return the random source of one thing, the same for the same seed and parts on every machine."""
    return random.Random("/".join(map(str, (seed, *parts))))  # noqa: S311 - made-up people, nothing secret


def household_of(person_index: int) -> int:
    """Return the number of the household in which a person lives."""
    block, within = divmod(person_index, _BLOCK)
    position = sum(1 for first in _FIRST_PERSON if first <= within) - 1
    return block * len(HOUSEHOLD_SIZES) + position


def first_person_of(household_index: int) -> int:
    """Return the number of a household's head."""
    block, position = divmod(household_index, len(HOUSEHOLD_SIZES))
    return block * _BLOCK + _FIRST_PERSON[position]


def _county_of_household(index: int) -> County:
    """Spread sizes over counties: they take turns, and turn about in every block."""
    return COUNTIES[(index + index // len(HOUSEHOLD_SIZES)) % len(COUNTIES)]


def _years(relation: str, kind: str, own: random.Random) -> int:
    bounds = {"子女": _CHILD_YEARS, "父母": _ELDER_YEARS}.get(relation, _ADULT_YEARS)
    if kind == "destitute" and relation == "户主":
        bounds = _ELDER_YEARS
    return own.randint(*bounds)


def _categories(kind: str, years: int, position: int) -> tuple[str, ...]:
    """Return what the lists say of one member; a destitute household's child is its orphan."""
    if kind == "destitute":
        return ("orphan",) if position and years <= _CHILD_YEARS[1] else ("destitute",)
    return {
        "poor": ("registered_poor",),
        "poor_allowance": ("registered_poor", "allowance_recipient"),
        "allowance": ("allowance_recipient",),
        "edge": ("low_income_edge",),
        "family_planning": ("family_planning_household",),
        "unlisted": (),
    }[kind]
