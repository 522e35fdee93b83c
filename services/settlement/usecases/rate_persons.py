"""Persons' settled stays are computed again with what is known now (追溯重算).

Room: use cases of settlement. Next hop: services/settlement/domain/rerating.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from common.core.citizen_number import name_check_of
from common.core.ids import PersonId
from common.core.money import Money
from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.settlement.adapters import corrections, patients, persons
from services.settlement.adapters.corrections import StandingStay
from services.settlement.adapters.reratings import Rerating
from services.settlement.domain.discharge import Insurance
from services.settlement.domain.policy import CountyPolicy, PolicyNotInForce
from services.settlement.domain.recognition import KnownPerson, PersonDeceased, Recognition, recognise
from services.settlement.domain.replay import frozen_version
from services.settlement.domain.rerating import Difference, Now, rerate_year
from services.settlement.usecases.assess_discharge import Rules


@dataclass(frozen=True, slots=True)
class Rating:
    """What re-rating needs beside the database: the rules, the seal of names, up to what a recovery is waived."""

    rules: Rules
    seal: Seal
    waive_up_to: Money


@dataclass(frozen=True, slots=True)
class Rated:
    """One person's differences; `stays` counts what was asked about."""

    person_id: UUID
    stays: int
    found: list[Difference]


async def rate_persons(uow: UnitOfWork, *, case: Rerating, person_ids: Sequence[UUID], rating: Rating) -> list[Rated]:
    """Return the differences of some persons in the case's days, and in the later stays that these change.

    Insurance, institution and bill stay as they were; categories, the policy and the accounts before a stay are looked
    at anew. Ids that were merged are gone through each by itself.
    """
    policy = rating.rules.policies.get(case.county)
    if policy is None:
        return []
    stays = await corrections.stays_of(
        uow.connection,
        person_ids=person_ids,
        county=case.county,
        first=case.discharged_from,
        last=case.discharged_to,
    )
    rated = []
    for person_id, own in groupby(stays, key=lambda each: each.person_id):
        found: list[Difference] = []
        asked = 0
        for _, of_year in groupby(own, key=lambda each: each.standing.year):
            in_order = list(of_year)
            now = {}
            for stay in in_order:
                is_asked = case.discharged_from <= stay.discharged_on <= case.discharged_to
                asked += is_asked
                known = await (_now if is_asked else _as_settled)(uow, stay, policy, rating)
                if known is not None:
                    now[stay.standing.settlement_id] = known
            standing = [each.standing for each in in_order]
            found += rerate_year(stays=standing, now=now, waive_up_to=rating.waive_up_to)
        rated.append(Rated(person_id, asked, found))
    return rated


async def _now(uow: UnitOfWork, stay: StandingStay, policy: CountyPolicy, rating: Rating) -> Now | None:
    """Return what counts today; None where no policy is in force for the stay any more."""
    frozen = stay.standing.first.stay
    try:
        version = policy.version_on(day=frozen.on(policy.version_day))
    except PolicyNotInForce:
        return None
    status_day = frozen.on(version.days.status)
    known = await persons.known_person(
        uow.connection, person_id=stay.person_id, county=policy.county, on=status_day, reach=version.reach
    )
    recognition = _recognised(stay, known)
    if recognition is None or known is None:
        return Now(version, frozen_recognition(stay))
    return Now(version, recognition, names_differ=await _names_differ(uow, stay, known, rating))


async def _as_settled(_uow: UnitOfWork, stay: StandingStay, policy: CountyPolicy, rating: Rating) -> Now | None:
    """Return what counted when the stay was settled or last corrected; None where that policy is gone."""
    version = frozen_version(frozen=stay.standing.inputs, policies=rating.rules.policies, county=policy.county)
    return None if version is None else Now(version, frozen_recognition(stay))


def _recognised(stay: StandingStay, known: KnownPerson | None) -> Recognition | None:
    """Return as what the registry's person counts now, whatever name the window gave; None when it knows nobody."""
    if known is None:
        return None
    own_id = PersonId(stay.person_id)
    try:
        return recognise(
            own_id=own_id,
            name_check=known.name_check,
            known=known,
            provisional_id=own_id,
            stated=_insurance(stay),
            on=stay.discharged_on,
        )
    except PersonDeceased:
        return None


def frozen_recognition(stay: StandingStay) -> Recognition:
    """Return as what the patient was settled."""
    entitlement = stay.standing.answer["entitlement"]
    list_date = entitlement["list_date"]
    return Recognition(
        person_id=PersonId(stay.person_id),
        categories=tuple(entitlement["categories"]),
        counting_category=entitlement["counting_category"],
        list_date=date.fromisoformat(list_date) if list_date else None,
        insurance=_insurance(stay),
        is_open=entitlement["identity_open"],
        is_provisional=False,
    )


def _insurance(stay: StandingStay) -> Insurance:
    frozen = stay.standing.first.stay
    return Insurance(frozen.scheme, frozen.insurance, frozen.insured_years, frozen.claim_free_years)


async def _names_differ(uow: UnitOfWork, stay: StandingStay, known: KnownPerson, rating: Rating) -> bool:
    """Say whether the window named somebody else; only where nobody could compare the names when it was settled."""
    if known.name_check is None or not stay.standing.answer["entitlement"]["identity_open"]:
        return False
    sent = await patients.patient_of(uow.connection, discharge_id=stay.discharge_id, seal=rating.seal)
    own_id = PersonId(stay.person_id)
    return name_check_of(own_id, sent.name, person_key=rating.rules.person_key) != known.name_check
