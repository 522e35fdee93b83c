"""Every finished day of the journal is sealed with the one before (日结封账).

Room: use cases of settlement. Next hop: services/settlement/domain/day_block.py
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import books
from services.settlement.domain.day_block import FIRST, BookedEntry, DayBlock, block_of

SETTLES_AFTER = timedelta(hours=1)
"""How long after its end a day is sealed: a booking carries the instant it began, and none runs so long."""


async def seal_days(uow: UnitOfWork, *, now: datetime) -> list[DayBlock]:
    """Seal the days that are over and not yet sealed, oldest first; two at once seal the same.

    Returns:
        The blocks made, none when there was nothing to seal.
    """
    last = await books.last_block(uow.connection)
    sealed = last.block_hash if last else FIRST
    made = []
    for day in await books.days_with_entries(uow.connection, since=last.day + timedelta(days=1) if last else None):
        if day >= china_date(now - SETTLES_AFTER):
            break
        block = await day_block(uow, day=day, previous_hash=sealed)
        await books.seal(uow.connection, block, now=now)
        sealed = block.block_hash
        made.append(block)
    return made


async def day_block(uow: UnitOfWork, *, day: date, previous_hash: bytes) -> DayBlock:
    """Return the block of a day as its entries stand now."""
    entries: list[BookedEntry] = [each async for each in books.entries_of(uow.connection, day)]
    return block_of(day=day, previous_hash=previous_hash, entries=entries)
