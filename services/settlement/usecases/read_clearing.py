"""Batches are read by the bureau of the county and by the hospital they are about (清算查询).

Room: use cases of settlement. Next hop: services/settlement/adapters/clearings.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from common.core.errors import NotFound
from common.kit.db import UnitOfWork
from services.settlement.adapters import clearings, exposures
from services.settlement.adapters.clearings import Clearing
from services.settlement.adapters.exposures import Exposure
from services.settlement.domain.clearing import ClearingLine, DeclaredDifference
from services.settlement.usecases.read_settlement import Reader


class ClearingNotFound(NotFound):
    """No batch of that id is the caller's, or the caller speaks for neither hospital nor county."""

    code = "not_found"
    zh = "没有找到该清算批次"


async def read_clearing(uow: UnitOfWork, *, clearing_id: UUID, reader: Reader, lock: bool = False) -> Clearing:
    """Return a batch of the reader's, its row held when asked.

    Raises:
        ClearingNotFound: If there is none of that id that is the reader's.
    """
    found = await clearings.find(uow.connection, clearing_id, lock=lock)
    _check(reader)
    if found is None or reader.institution_code not in {None, found.institution_code}:
        raise ClearingNotFound("no clearing of that id")
    if reader.county not in {None, found.county}:
        raise ClearingNotFound("no clearing of that id")
    return found


async def read_clearing_lines(
    uow: UnitOfWork, *, clearing_id: UUID, reader: Reader, after: int, limit: int
) -> Sequence[ClearingLine]:
    """Return at most `limit` lines of a batch of the reader's behind a line number.

    Raises:
        ClearingNotFound: If there is none of that id that is the reader's.
    """
    await read_clearing(uow, clearing_id=clearing_id, reader=reader)
    return await clearings.lines_of(uow.connection, clearing_id, after=after, limit=limit)


async def read_declared_differences(uow: UnitOfWork, *, clearing: Clearing) -> Sequence[DeclaredDifference]:
    """Return the records of a batch that the hospital declared otherwise."""
    return await clearings.differences_of(uow.connection, clearing.clearing_id)


async def list_clearings(
    uow: UnitOfWork,
    *,
    reader: Reader,
    institution_code: str | None,
    fund: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Clearing]:
    """Return at most `limit` of the reader's batches behind a position, in the order opened.

    Raises:
        ClearingNotFound: If the reader speaks for neither a hospital nor a county.
    """
    _check(reader)
    institution = reader.institution_code or institution_code
    return await clearings.page(
        uow.connection, county=reader.county, institution_code=institution, fund=fund, after=after, limit=limit
    )


async def read_exposures(
    uow: UnitOfWork, *, reader: Reader, institution_code: str | None, today: date
) -> Sequence[Exposure]:
    """Return what funds owe the reader's hospital, or one or all hospitals for the reader's county, by age.

    Raises:
        ClearingNotFound: If the reader speaks for neither a hospital nor a county.
    """
    _check(reader)
    return await exposures.exposures(
        uow.connection,
        county=reader.county,
        institution_code=reader.institution_code or institution_code,
        today=today,
    )


def _check(reader: Reader) -> None:
    if reader.institution_code is None and reader.county is None:
        raise ClearingNotFound("the caller speaks for no institution and no county")
