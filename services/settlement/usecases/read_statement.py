"""A fund's statement of a period (基金对账单): opening balance, each line, closing balance, totals per hospital.

The balance is what the fund's layers came to, reversals taken off. Room: use cases of settlement.
Next hop: services/settlement/adapters/statements.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common.core.errors import Refused
from common.core.money import ZERO, Money
from common.core.period import Period
from common.kit.db import UnitOfWork
from services.settlement.adapters import statements
from services.settlement.adapters.statements import HospitalSums, Place, StatementFilter, StatementLine
from services.settlement.domain.chart import WHOLE, Chart, require_purpose
from services.settlement.usecases.change_budget import chart_of

MOST_DAYS = 366
MOST_SHEET_LINES = 20_000
_YEARS = range(2000, 2101)


class StatementPeriodImpossible(Refused):
    """The period ends before it begins, is longer than a year, or lies outside 2000 to 2100."""

    code = "dates_impossible"
    zh = "对账单期间有误：止日不得早于起日，最长一年"


class StatementTooLong(Refused):
    """The period has more lines than one file holds."""

    code = "statement_too_long"
    zh = "该期间分录过多，请缩短期间，或用 JSON 分页读取"


@dataclass(frozen=True, slots=True)
class AskedStatement:
    """What a bureau asks for; both days are China days and count."""

    county: str
    fund: str
    institution_code: str | None
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Statement:
    """A fund's period; the sums are those of the whole period, the lines may be one page of it."""

    hospitals: Sequence[HospitalSums]
    lines: Sequence[StatementLine]

    @property
    def opening(self) -> Money:
        """Balance before the first day (期初余额)."""
        return sum((each.before for each in self.hospitals), ZERO)

    @property
    def booked(self) -> Money:
        """Settled in the period."""
        return sum((each.booked for each in self.hospitals), ZERO)

    @property
    def reversed(self) -> Money:
        """Reversed in the period, zero or below."""
        return sum((each.reversed for each in self.hospitals), ZERO)

    @property
    def closing(self) -> Money:
        """Balance after the last day (期末余额)."""
        return self.opening + self.booked + self.reversed

    @property
    def line_count(self) -> int:
        """How many lines the whole period has."""
        return sum(each.line_count for each in self.hospitals)


async def read_statement(
    uow: UnitOfWork, *, asked: AskedStatement, charts: Mapping[str, Chart], after: Place | None, limit: int
) -> Statement:
    """Return the statement with at most `limit` lines behind a place, all from one state of the books.

    Raises:
        StatementPeriodImpossible: If the period is none.
        CountyUnknown, FundUnknown: If the county's chart does not have the fund in the period.
    """
    wanted = _wanted(asked, charts)
    await statements.freeze(uow.connection)
    return await _read(uow, wanted, after, limit)


async def read_whole_statement(uow: UnitOfWork, *, asked: AskedStatement, charts: Mapping[str, Chart]) -> Statement:
    """Return the statement with all lines, for a file.

    Raises:
        StatementTooLong: If it has more than `MOST_SHEET_LINES` lines.
        StatementPeriodImpossible, CountyUnknown, FundUnknown: As `read_statement` says.
    """
    found = await read_statement(uow, asked=asked, charts=charts, after=None, limit=MOST_SHEET_LINES)
    if found.line_count > MOST_SHEET_LINES:
        raise StatementTooLong(
            f"{found.line_count} lines are more than a file's {MOST_SHEET_LINES}; shorten the period or page by JSON",
            line_count=found.line_count,
        )
    return found


async def _read(uow: UnitOfWork, wanted: StatementFilter, after: Place | None, limit: int) -> Statement:
    return Statement(
        hospitals=await statements.sums(uow.connection, wanted=wanted),
        lines=await statements.lines(uow.connection, wanted=wanted, after=after, limit=limit),
    )


def _wanted(asked: AskedStatement, charts: Mapping[str, Chart]) -> StatementFilter:
    first, last = asked.first, asked.last
    if not 0 <= (last - first).days < MOST_DAYS or first.year not in _YEARS or last.year not in _YEARS:
        raise StatementPeriodImpossible(f"from {first} to {last} is no period of 1 to {MOST_DAYS} days")
    end = last + timedelta(days=1)
    chart = chart_of(charts=charts, county=asked.county)
    require_purpose(chart=chart, fund=asked.fund, ledger=WHOLE, layer=None, within=Period(first, end))
    return StatementFilter(asked.county, asked.fund, asked.institution_code, first, end)
