"""Contracts in the database.

Room: adapters of contracts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import ContractId, PersonId, TeamId
from common.kit.statements import Row as Fetched
from common.kit.statements import fetch_one
from services.contracts.adapters.tables import contract, person
from services.contracts.domain.contract import Contract, EndReason, Terms
from services.contracts.domain.viewing import Viewer

_LIVE = "SELECT * FROM contract WHERE person_id = $1 AND ended_on IS NULL"


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """What a list of contracts is narrowed to; None narrows nothing."""

    person_id: UUID | None = None
    team_id: UUID | None = None
    township: str | None = None
    is_ended: bool | None = None


async def add_contract(connection: AsyncConnection, signed: Contract) -> None:
    """Add a signed contract."""
    await connection.execute(
        insert(contract).values(
            contract_id=signed.contract_id,
            person_id=signed.person_id,
            county=signed.county,
            township=signed.township,
            team_id=signed.terms.team_id,
            package_codes=list(signed.terms.package_codes),
            valid_from=signed.terms.valid_from,
            valid_to=signed.terms.valid_to,
            signed_at=signed.signed_at,
        )
    )


async def save_end(connection: AsyncConnection, ended: Contract) -> None:
    """Write how a contract ended."""
    await connection.execute(
        update(contract)
        .where(contract.c.contract_id == ended.contract_id)
        .values(ended_on=ended.ended_on, reason_code=ended.reason)
    )


async def live_contract_of(connection: AsyncConnection, person_id: UUID) -> Contract | None:
    """Return the contract of a person that was not ended; the person is locked by the caller."""
    row = await fetch_one(connection, _LIVE, person_id)
    return _contract(row) if row else None


async def contract_count_of(connection: AsyncConnection, person_id: UUID) -> int:
    """Return how many contracts a person ever had."""
    query = select(func.count()).select_from(contract).where(contract.c.person_id == person_id)
    return (await connection.execute(query)).scalar_one()


async def contract_of_id(connection: AsyncConnection, contract_id: UUID) -> Contract | None:
    """Return one contract, or None."""
    row = (await connection.execute(select(contract).where(contract.c.contract_id == contract_id))).one_or_none()
    return _contract(row) if row else None


async def hand_over_contracts(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Let the surviving person own the contracts of the retired one."""
    await connection.execute(update(contract).where(contract.c.person_id == retired).values(person_id=surviving))


async def ran_out(connection: AsyncConnection, *, before: date, limit: int) -> list[Contract]:
    """Return contracts whose last day lies before a day and that nobody ended, locked; others' are passed over."""
    query = (
        select(contract)
        .where(contract.c.ended_on.is_(None), contract.c.valid_to < before)
        .order_by(contract.c.valid_to)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_contract(row) for row in await connection.execute(query)]


async def contracts_seen(
    connection: AsyncConnection,
    *,
    viewer: Viewer,
    wanted: ContractFilter,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Contract]:
    """Return the viewer's contracts in the order of signing, `limit` of them after a position."""
    query = select(contract).join(person, person.c.person_id == contract.c.person_id)
    query = query.where(contract.c.county == viewer.county, *_narrowed(wanted))
    for place in (viewer.township, wanted.township):
        if place is not None:
            query = query.where(stands_under(contract.c, place))
    if after is not None:
        query = query.where(tuple_(contract.c.signed_at, contract.c.contract_id) > tuple_(*after))
    rows = await connection.execute(query.order_by(contract.c.signed_at, contract.c.contract_id).limit(limit))
    return [_contract(row) for row in rows]


def stands_under(columns: Any, township: str) -> Any:  # noqa: ANN401 - SQLAlchemy's column collections and conditions
    """Return the condition that work stands under a township: it closed the work, or its person lives there now."""
    return or_(columns.township == township, person.c.township == township)


def _narrowed(wanted: ContractFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.person_id is not None:
        conditions.append(contract.c.person_id == wanted.person_id)
    if wanted.team_id is not None:
        conditions.append(contract.c.team_id == wanted.team_id)
    if wanted.is_ended is not None:
        conditions.append(contract.c.ended_on.is_not(None) if wanted.is_ended else contract.c.ended_on.is_(None))
    return conditions


def _contract(row: Row[tuple[object, ...]] | Fetched) -> Contract:
    return Contract(
        contract_id=ContractId(UUID(str(row.contract_id))),
        person_id=PersonId(UUID(str(row.person_id))),
        county=row.county,
        township=row.township,
        terms=Terms(TeamId(UUID(str(row.team_id))), tuple(row.package_codes), row.valid_from, row.valid_to),
        signed_at=row.signed_at,
        ended_on=row.ended_on,
        reason=EndReason(row.reason_code) if row.reason_code else None,
    )
