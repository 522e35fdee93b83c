"""Calls about one person that meet: drawn from a seed, some made before, the others all at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import httpx

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.second_calculation import ORDER, Case
from tests.integration.settlement_api.vocabulary import BEIPIAO, COLD, Person, a_bill, a_number, a_stay, fen

BUSY = (409, "in_progress")
MOST_TURNS = 12
COSTS = ("300", "2345.67", "30000.05", "77777.77", "160000.01", "250000")
_LEVELS = ("township", "county", "prefecture", "province")

Call = Callable[[], Awaitable[httpx.Response]]


@dataclass(slots=True)
class Story:
    """One person's calls, and what came of them.

    Attributes:
        cases: Record number to the stay as the second calculation takes it.
        opening: Account to yuan of the opening that was asked for, if any.
        answers: Every answer with what was asked.
    """

    seed: int
    random: Random
    person: Person
    categories: tuple[str, ...]
    cases: dict[str, Case] = field(default_factory=dict)
    opening: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, httpx.Response]] = field(default_factory=list)

    @property
    def person_id(self) -> UUID:
        """Whose story it is."""
        return self.person.person_id

    def a_stay(self, *, cost: str | None = None) -> dict[str, Any]:
        """Return the body of a discharge, and remember the stay."""
        case = Case(
            county=BEIPIAO,
            level=self.random.choice(_LEVELS),
            referral="none",
            visit_type="inpatient",
            is_listed_disease=False,
            discharged_on=date(2016, 7, 1) + timedelta(days=self.random.randrange(150)),
            in_scope=Decimal(cost or self.random.choice(COSTS)),
            prior_relief=Decimal(0),
        )
        stay = a_stay(
            self.person,
            level=case.level,
            on=case.discharged_on.isoformat(),
            diagnoses=[{"icd10": COLD, "main": True}],
            bill=a_bill(str(case.in_scope)),
            record_no=f"S{self.seed}-{len(self.cases)}",
        )
        self.cases[stay["record_no"]] = case
        return stay

    def an_opening(self) -> dict[str, Any]:
        """Return the body of an opening of the year, and remember it."""
        self.opening = {"basic": "60000", "critical": "4000", "assistance": "9000"}
        layer = {"base_fen": 0, "deductible_fen": 0, "paid_fen": 0, "stay_count": 1}
        return {
            "citizen_id": self.person.number,
            "name": self.person.name,
            "county": BEIPIAO,
            "year": 2016,
            "source": "上线前台账",
            "layers": [
                layer | {"account": "basic", "base_fen": fen("90000"), "paid_fen": fen("60000")},
                layer | {"account": "critical_illness", "base_fen": fen("4000")},
                layer | {"account": "medical_assistance", "paid_fen": fen("9000")},
            ],
        }


def begin(seed: int) -> Story:
    """Return the story of a seed, nothing told yet; each has a person of its own."""
    random = Random(seed)  # noqa: S311 - the same story for the same seed
    number = a_number(seed % 900 + 1, born=f"{1930 + seed // 900 % 80}0315")
    return Story(seed, random, Person(number), tuple(random.sample(ORDER[BEIPIAO], k=random.choice((0, 0, 1, 2)))))


class Teller:
    """Tells a story to the service."""

    def __init__(self, window: Window, story: Story) -> None:
        self._window = window
        self._story = story

    async def tell(self) -> None:
        """Make the calls of one kind of story, drawn by its seed."""
        story = self._story
        if story.categories:
            await self._window.register(story.person, *story.categories)
        kinds = (
            self.same_discharge,
            self.same_discharge,
            self.several_hospitals,
            self.several_hospitals,
            self.repeated_reversal,
            self.reversal_and_discharge,
            self.opening_and_discharges,
            self.everything,
        )
        await story.random.choice(kinds)()

    async def same_discharge(self) -> None:
        """The same discharge up to ten times, under one key or under several."""
        random, stay = self._story.random, self._story.a_stay()
        keys = random.choice((1, 2, 10))
        calls = [self._settling(stay, key=f"k{number % keys}") for number in range(random.randint(2, 10))]
        await self._at_once(calls)
        await calls[0]()

    async def several_hospitals(self) -> None:
        """Stays in several hospitals, dear enough for the caps of the year."""
        stays = [self._story.a_stay() for _ in range(self._story.random.randint(2, 5))]
        await self._at_once([self._settling(stay) for stay in stays])

    async def repeated_reversal(self) -> None:
        """A reversal that meets its repeats, by id and by record number, while another stay is settled."""
        random, stay = self._story.random, self._story.a_stay()
        settled = await self._settled(stay)
        await self._settled(self._story.a_stay())
        undoing = [self._undoing(settled, key=random.choice((None, "r1", "r2"))) for _ in range(random.randint(2, 6))]
        await self._at_once([*undoing, self._settling(self._story.a_stay())])

    async def reversal_and_discharge(self) -> None:
        """A settlement is undone and asked for again in the same moment."""
        random, stay = self._story.random, self._story.a_stay()
        settled = await self._settled(stay)
        calls = [self._undoing(settled), self._undoing(settled)]
        calls += [self._settling(stay) for _ in range(random.randint(1, 4))]
        await self._at_once(calls)

    async def opening_and_discharges(self) -> None:
        """The bureau brings the year's opening while hospitals settle; twice, and one of them must be refused."""
        opening = self._story.an_opening()
        stays = [self._story.a_stay() for _ in range(self._story.random.randint(1, 3))]
        await self._at_once([self._opening(opening), self._opening(opening), *map(self._settling, stays)])

    async def everything(self) -> None:
        """All of it, with no order at all."""
        random = self._story.random
        stays = [self._story.a_stay() for _ in range(3)]
        settled = [await self._settled(stay) for stay in stays[:2]]
        calls = [self._settling(random.choice(stays)) for _ in range(random.randint(2, 5))]
        calls += [self._undoing(random.choice(settled)) for _ in range(random.randint(1, 3))]
        if random.random() < 0.3:
            calls.append(self._opening(self._story.an_opening()))
        await self._at_once(calls)

    async def _at_once(self, calls: list[Call]) -> None:
        """Make all calls, each after some turns of the loop."""
        random = self._story.random
        random.shuffle(calls)
        turns = [random.randrange(MOST_TURNS) for _ in calls]
        await asyncio.gather(*(_after(count, call) for count, call in zip(turns, calls, strict=True)))

    async def _settled(self, stay: dict[str, Any]) -> dict[str, Any]:
        answer = await self._settling(stay)()
        assert answer.status_code == 201, answer.text
        settled: dict[str, Any] = answer.json()
        return settled

    def _settling(self, stay: dict[str, Any], *, key: str | None = None) -> Call:
        key = key and f"{self._story.seed}-{key}"
        return self._noted("settle", lambda: self._window.discharge(stay, key=key))

    def _undoing(self, settled: dict[str, Any], *, key: str | None = None) -> Call:
        key = key and f"{self._story.seed}-{key}"
        if key is None and self._story.random.random() < 0.5:
            body = {"record_no": settled["record_no"], "reason": "录入错误"}
            headers = self._window.hospital(settled["institution_code"])
            return self._noted("undo", lambda: self._window.post("/v1/reversals", body, headers))
        return self._noted("undo", lambda: self._window.reverse(settled, key=key))

    def _opening(self, body: dict[str, Any]) -> Call:
        return self._noted("open", lambda: self._window.post("/v1/openings", body, self._window.bureau))

    def _noted(self, what: str, call: Call) -> Call:
        async def noted() -> httpx.Response:
            answer = await call()
            self._story.answers.append((what, answer))
            return answer

        return noted


async def _after(turns: int, call: Call) -> httpx.Response:
    for _ in range(turns):
        await asyncio.sleep(0)
    return await call()
