"""A draft of a policy is tried on what was really settled: who would gain, who would lose, what each fund pays (试算).

Nothing is written. Room: use cases of settlement. Next hop: services/settlement/domain/rerating.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from uuid import UUID

from common.core.money import ZERO, Money
from common.kit.db import UnitOfWork
from services.settlement.adapters import corrections, reratings
from services.settlement.adapters.corrections import StandingStay
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.rerating import Now, rerate_year
from services.settlement.usecases.rate_persons import frozen_recognition

PERSONS_A_STEP = 50


@dataclass(slots=True)
class Trial:
    """What a version would have changed, against the results that stand.

    Attributes:
        stays: Live stays of the days, and `persons` whose they are.
        gaining: Persons who would have paid less over all their stays, and `gained` by how much together.
        losing: Persons who would have paid more, and `lost` by how much.
        funds: Fund -> what it would have paid more (less: negative).
        hospital_borne: What hospitals would have borne more.
    """

    stays: int = 0
    persons: int = 0
    gaining: int = 0
    gained: Money = ZERO
    losing: int = 0
    lost: Money = ZERO
    funds: dict[str, Money] = field(default_factory=dict)
    hospital_borne: Money = ZERO

    def count_patient(self, more: Money) -> None:
        """Count a person by what they would have paid more; negative: less."""
        if more < ZERO:
            self.gaining, self.gained = self.gaining + 1, self.gained - more
        if more > ZERO:
            self.losing, self.lost = self.losing + 1, self.lost + more


async def try_version(uow: UnitOfWork, *, county: str, version: PolicyVersion, first: date, last: date) -> Trial:
    """Return what a version would have changed for stays discharged between two days, both included.

    Each stay is computed with what the patient held when it was settled; a year's stays in the order settled, so that
    start lines and caps count as the version says. Tables of the version that are dated by themselves count as dated.
    """
    trial, after = Trial(), None
    while True:
        person_ids = await reratings.persons_between(
            uow.connection, county=county, first=first, last=last, person_id=None, after=after, limit=PERSONS_A_STEP
        )
        await _count(uow, trial, person_ids, county, version, (first, last))
        if len(person_ids) < PERSONS_A_STEP:
            return trial
        after = person_ids[-1]


async def _count(
    uow: UnitOfWork,
    trial: Trial,
    person_ids: Sequence[UUID],
    county: str,
    version: PolicyVersion,
    days: tuple[date, date],
) -> None:
    found = await corrections.stays_of(
        uow.connection, person_ids=person_ids, county=county, first=days[0], last=days[1]
    )
    for _, own in groupby(found, key=lambda each: each.person_id):
        trial.persons += 1
        of_years = [list(of_year) for _, of_year in groupby(own, key=lambda each: each.standing.year)]
        trial.count_patient(sum((_year(trial, of_year, version, days) for of_year in of_years), ZERO))


def _year(trial: Trial, stays: list[StandingStay], version: PolicyVersion, days: tuple[date, date]) -> Money:
    """Count one person's year; return what the person would have paid more."""
    asked = [each for each in stays if days[0] <= each.discharged_on <= days[1]]
    trial.stays += len(asked)
    now = {each.standing.settlement_id: Now(version, frozen_recognition(each)) for each in asked}
    found = rerate_year(stays=[each.standing for each in stays], now=now, waive_up_to=ZERO)
    for difference in found:
        trial.hospital_borne += difference.hospital_borne
        for layer in difference.layers:
            trial.funds[layer.fund] = trial.funds.get(layer.fund, ZERO) + layer.amount
    return sum((each.patient for each in found), ZERO)
