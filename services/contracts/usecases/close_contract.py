"""A contract's end is written and told; the team's open visits go back to the township.

Room: use cases of contracts.
"""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.contracts import ContractEnded
from services.contracts.adapters import contracts, follow_ups
from services.contracts.domain.contract import Contract


async def close_contract(uow: UnitOfWork, *, contract: Contract, now: datetime) -> None:
    """Write and tell the end of a contract that the domain has ended.

    Raises:
        ValueError: If the contract was not ended.
    """
    if contract.ended_on is None or contract.reason is None:
        raise ValueError("the contract was not ended")
    await contracts.save_end(uow.connection, contract)
    await follow_ups.release_team(uow.connection, contract.person_id)
    uow.publish(
        ContractEnded(
            county=contract.county,
            contract_id=contract.contract_id,
            person_id=contract.person_id,
            team_id=contract.terms.team_id,
            ended_on=contract.ended_on,
            reason_code=contract.reason,
        ),
        occurred_at=now,
    )
