"""A person signs with a team (签约): the task to sign is done, and the visits it stood for are planned.

Room: use cases of contracts. Next hop: services/contracts/domain/contract.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.published.contracts import ContractSigned
from services.contracts.adapters import contracts, follow_ups, persons, stays, teams
from services.contracts.domain.contract import Contract, EndReason, Terms, check_terms, end_by_rule, running, sign
from services.contracts.domain.follow_up import Kind, Visit
from services.contracts.domain.follow_up_rule import RuleVersion, version_on
from services.contracts.domain.person import Person
from services.contracts.domain.plan import visits_after
from services.contracts.domain.viewing import UnknownHere, Viewer
from services.contracts.domain.visit import SIGNED
from services.contracts.usecases.close_contract import close_contract
from services.contracts.usecases.close_task import close_task
from services.contracts.usecases.file_tasks import file_tasks


async def sign_contract(
    uow: UnitOfWork,
    *,
    viewer: Viewer,
    person_id: UUID,
    terms: Terms,
    versions: Sequence[RuleVersion],
    now: datetime,
) -> tuple[Contract, bool]:
    """Return the person's contract and whether it is new: the same terms again are answered with the live one.

    Raises:
        UnknownHere: If the caller may see no such person or team.
        ContractAlreadyLive: If the person has another contract that still runs.
        ContractTooShort: If it would run for less than a year.
        DatesImpossible: If its days contradict each other or today.
        PersonIsEnded: If the person died or left.
    """
    today = china_date(now)
    check_terms(terms=terms, today=today)
    person = await _person_seen(uow, viewer, person_id)
    await _check_team(uow, viewer, terms)
    live = await contracts.live_contract_of(uow.connection, person.person_id)
    if live is not None and live.terms == terms:
        return live, False
    if live is not None and running(contract=live, day=today) is None:
        await close_contract(uow, contract=end_by_rule(contract=live, on=today, reason=EndReason.EXPIRED), now=now)
        live = None
    count = await contracts.contract_count_of(uow.connection, person.person_id)
    signed = sign(person=person, terms=terms, live=live, earlier_count=count, signed_at=now, today=today)
    await contracts.add_contract(uow.connection, signed)
    uow.publish(_signed(signed), occurred_at=now)
    await _plan_what_waited(uow, person, signed, versions, now)
    return signed, True


async def _person_seen(uow: UnitOfWork, viewer: Viewer, person_id: UUID) -> Person:
    known = await persons.person_of(uow.connection, person_id)
    if known is None or not viewer.may_see(county=known.county, townships=(known.township,)):
        raise UnknownHere("no such person among the caller's")
    locked = await persons.lock_persons(uow.connection, [person_id], county=known.county)
    return locked[person_id]


async def _check_team(uow: UnitOfWork, viewer: Viewer, terms: Terms) -> None:
    team = await teams.team_of_id(uow.connection, terms.team_id)
    if team is None or not viewer.may_see(county=team.county, townships=(team.township,)):
        raise UnknownHere("no such team among the caller's")


async def _plan_what_waited(
    uow: UnitOfWork, person: Person, signed: Contract, versions: Sequence[RuleVersion], now: datetime
) -> None:
    today = china_date(now)
    for task in await follow_ups.open_tasks_of(uow.connection, person.person_id, kind=Kind.SIGN_CONTRACT):
        await close_task(uow, task=task, visit=Visit(today, SIGNED), now=now)
        for stay in await stays.stays_behind(uow.connection, task.follow_up_id):
            version = version_on(versions=versions, day=stay.discharged_on)
            visits = visits_after(stay=stay, version=version, not_before=today)
            await file_tasks(uow, tasks=visits, stay=stay, person=person, contract=signed, now=now)


def _signed(contract: Contract) -> ContractSigned:
    return ContractSigned(
        county=contract.county,
        contract_id=contract.contract_id,
        person_id=contract.person_id,
        team_id=contract.terms.team_id,
        package_codes=list(contract.terms.package_codes),
        valid_from=contract.terms.valid_from,
        valid_to=contract.terms.valid_to,
    )
