"""A contract is ended (解约) on a day and for a reason.

Room: use cases of contracts. Next hop: services/contracts/domain/contract.py
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.contracts.adapters import contracts, persons
from services.contracts.domain.contract import Contract, EndReason, end
from services.contracts.domain.viewing import UnknownHere, Viewer
from services.contracts.usecases.close_contract import close_contract


async def end_contract(
    uow: UnitOfWork, *, viewer: Viewer, contract_id: UUID, ended_on: date, reason: EndReason, now: datetime
) -> Contract:
    """Return the ended contract; ending it again alike changes nothing.

    Raises:
        UnknownHere: If the caller may see no such contract.
        ContractAlreadyEnded: If it was ended on another day or for another reason.
        DatesImpossible: If the day lies in the future or outside the contract.
    """
    seen = await contracts.contract_of_id(uow.connection, contract_id)
    person = await persons.person_of(uow.connection, seen.person_id, lock=True) if seen else None
    contract = await contracts.contract_of_id(uow.connection, contract_id)
    if contract is None or person is None:
        raise UnknownHere("no such contract among the caller's")
    if not viewer.may_see(county=contract.county, townships=(contract.township, person.township)):
        raise UnknownHere("no such contract among the caller's")
    ended = end(contract=contract, ended_on=ended_on, reason=reason, today=china_date(now))
    if not contract.is_ended:
        await close_contract(uow, contract=ended, now=now)
    return ended
