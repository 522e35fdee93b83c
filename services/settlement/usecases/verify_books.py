"""The books are checked against themselves: entries, mirrors, accumulators, budgets, purposes, inputs, days (查账).

Everything is computed anew from what is only ever added. Room: use cases of settlement.
Next hop: services/settlement/adapters/books.py
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from common.kit.db import UnitOfWork
from services.settlement.adapters import books, budgets
from services.settlement.domain.chart import Chart
from services.settlement.domain.day_block import FIRST
from services.settlement.usecases.seal_days import day_block


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be.

    Attributes:
        check: Which check found it: `unbalanced`, `entries`, `amounts`, `corrections`, `mirrors`, `clearings`,
            `cleared_lines`, `inputs`, `accumulators`, `budgets`, `purposes`, `blocks`.
        subject: Id of the entry or settlement, the account, or the day.
    """

    check: str
    subject: str
    text: str


async def verify_books(uow: UnitOfWork, *, charts: Mapping[str, Chart]) -> list[Finding]:
    """Return everything that does not agree, at most a hundred findings of most checks; none in sound books.

    Args:
        uow: Repeatable read, so that all checks see one state of the books.
        charts: County code -> chart of accounts, which says what each fund may pay.
    """
    found = [
        Finding(question.name, subject, text)
        for question in books.QUESTIONS
        for subject, text in await books.ask(uow.connection, question)
    ]
    found += [Finding("budgets", subject, text) for subject, text in await budgets.unsound(uow.connection)]
    found += [each async for each in _off_purpose(uow, charts)]
    return found + [each async for each in _broken_blocks(uow)]


async def _off_purpose(uow: UnitOfWork, charts: Mapping[str, Chart]) -> AsyncIterator[Finding]:
    for county, fund, layer, day, ledger in await budgets.paid(uow.connection):
        chart = charts.get(county)
        if chart is None or not chart.pays(fund=fund, layer=layer, day=day, ledger=ledger):
            yield Finding(
                "purposes", f"{county} {fund} {ledger}".rstrip(), f"{layer} was paid for a stay that ended on {day}"
            )


async def _broken_blocks(uow: UnitOfWork) -> AsyncIterator[Finding]:
    previous, unsealed = FIRST, None
    sealed = await books.blocks(uow.connection)
    for block in sealed:
        unsealed = block.day
        now = await day_block(uow, day=block.day, previous_hash=previous)
        if block.previous_hash != previous:
            yield Finding("blocks", str(block.day), "a sealed day before it is missing or another")
        elif now != block:
            counts = f"{block.entry_count} entries of {block.debit_fen} fen were sealed, {now.entry_count} of "
            yield Finding("blocks", str(block.day), f"{counts}{now.debit_fen} fen stand there")
        previous = block.block_hash
    if unsealed is None:
        return
    known = {block.day for block in sealed}
    for day in await books.days_with_entries(uow.connection, since=None):
        if day < unsealed and day not in known:
            yield Finding("blocks", str(day), "entries of a day that was sealed as empty")
