"""Members of one household who draw at the same moment: no interleaving passes the account or loses a draw.

Drawn from a seed: visits at several hospitals, repeats, reversals, an opening of the bureau. RACES / 10 households.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest

from common.core.money import Money
from common.kit.cause import Cause
from common.published.identity import HouseholdChanged
from services.settlement.adapters import family_accounts
from services.settlement.domain.condition import Condition, Origin
from services.settlement.domain.policy import CountyPolicy, FamilyAccount
from services.settlement.usecases.verify_books import verify_books
from tests.integration.settlement.relief_desk import CHARTS
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import BEIPIAO, a_bill, a_person, a_stay
from tests.races.test_races import CHUNK, FIRST_SEED, RACES

HOUSEHOLDS = RACES // 10
CREDITED = 12_000
"""60.00 for 2016, when the county's first version begins, and as much for 2017, in which the window stands."""
EXPECTED = {200, 201, 409}


@pytest.fixture(scope="module")
def policies(policies: Mapping[str, CountyPolicy]) -> Mapping[str, CountyPolicy]:
    """The counties as they ship; Beipiao's households have an account for every care."""
    account = FamilyAccount(Money(CREDITED // 2), Condition({}, {}), Origin("文件", date(2016, 1, 1), is_assumed=False))
    policy = policies[BEIPIAO]
    versions = tuple(replace(each, family_account=account) for each in policy.versions)
    return {**policies, BEIPIAO: replace(policy, versions=versions)}


@dataclass(slots=True)
class Household:
    """One household's calls and what they were answered."""

    seed: int
    random: Random
    household_id: UUID
    members: list[Any] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    opening: int = 0

    def a_visit(self) -> dict[str, Any]:
        """Return a visit of one of the members, for 10 to 90 yuan, at a hospital of any level."""
        cost = str(self.random.randrange(10, 90))
        level = self.random.choice(["township", "county", "prefecture"])
        day = {"admitted_on": "2017-06-01", "on": "2017-06-01"}
        member = self.random.choice(self.members)
        return a_stay(member, level=level, bill=a_bill(cost), visit_type="outpatient", **day)


async def begun(window: Window, seed: int) -> Household:
    """Register a household of two to four members and let it make up to two visits."""
    random = Random(seed)  # noqa: S311 - a test's draws
    household = Household(seed, random, UUID(int=seed))
    for number in range(random.randrange(2, 5)):
        household.members.append(await window.register(a_person((seed * 4 + number) % 1000)))
    joined = [each.person_id for each in household.members]
    home = {"county": BEIPIAO, "household_id": household.household_id, "change_id": UUID(int=seed)}
    await window.tell(HouseholdChanged(**home, joined=joined, as_of=date(2015, 3, 1)))
    for _ in range(random.randrange(3)):
        household.answers.append(await window.discharge(household.a_visit()))
    return household


async def meeting(window: Window, household: Household) -> None:
    """Let four to ten calls of the household meet."""
    random, calls = household.random, []
    for answer in list(household.answers):
        if random.random() < 0.5:
            calls += [window.reverse(answer.json()) for _ in range(random.randrange(1, 3))]
    for _ in range(random.randrange(3, 7)):
        visit, key = household.a_visit(), f"{household.seed}-{len(calls)}"
        calls += [window.discharge(visit, key=key) for _ in range(random.choice([1, 1, 2]))]
    if random.random() < 0.3:
        household.opening = random.randrange(1, 6_000)
        body = {"county": BEIPIAO, "amount_fen": household.opening, "source": "原系统"}
        calls.append(window.post(f"/v1/family-accounts/{household.household_id}/openings", body, window.bureau))
    random.shuffle(calls)
    household.answers += await asyncio.gather(*calls)


async def faults_of(window: Window, households: list[Household]) -> list[str]:
    """Return what is wrong: an answer nobody may get, an account that is not what its draws left, unsound books."""
    found = []
    for each in households:
        found += [f"{each.seed} is told {one.status_code}" for one in each.answers if one.status_code not in EXPECTED]
        [[balance]] = await window.sql(
            "SELECT balance_fen FROM family_account WHERE household_id = :h", h=each.household_id
        )
        live = {
            row[0]
            for row in await window.sql(
                "SELECT settlement_id::text FROM settlement WHERE state = 'settled' AND person_id = ANY (:members)",
                members=[member.person_id for member in each.members],
            )
        }
        told = {one.json()["settlement_id"]: one.json() for one in each.answers if "family_account_fen" in one.text}
        drawn = sum(answer["family_account_fen"] for name, answer in told.items() if name in live)
        if balance != CREDITED + each.opening - drawn or live - set(told):
            found.append(f"{each.seed}: {balance} fen are left, {drawn} were drawn of {CREDITED + each.opening}")
        found += [
            f"{each.seed}: a share is not what bears it"
            for answer in told.values()
            if answer["family_account_fen"] + answer["cash_fen"] != answer["patient_pays_fen"] or answer["cash_fen"] < 0
        ]
    async with window.database.unit_of_work(Cause("test")) as uow:
        found += [str(each) for each in await verify_books(uow, charts=CHARTS)]
    return found


async def met(window: Window, seeds: range) -> list[Household]:
    """Begin the households and let their calls meet, three households beside each other."""
    households = [await begun(window, seed) for seed in seeds]
    left = iter(households)

    async def work() -> None:
        for household in left:
            await meeting(window, household)

    await asyncio.gather(*(work() for _ in range(3)))
    return households


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + HOUSEHOLDS, CHUNK))
async def test_after_any_interleaving_the_account_is_right(window: Window, first: int) -> None:
    households = await met(window, range(first, min(first + CHUNK, FIRST_SEED + HOUSEHOLDS)))

    assert await faults_of(window, households) == []
    assert sum(len(each.answers) for each in households) > 4 * len(households)


async def test_the_check_finds_an_account_that_nobody_holds(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = family_accounts.find

    async def unheld(connection, household_id, *, holding=False):
        assert holding in {True, False}
        return await finding(connection, household_id)

    monkeypatch.setattr(family_accounts, "find", unheld)

    faults = await faults_of(window, await met(window, range(FIRST_SEED, FIRST_SEED + 12)))

    assert [fault for fault in faults if "is told 5" in fault or "fen are left" in fault]
