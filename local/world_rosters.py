"""The two bureaus' lists of the made-up people, with the errors that real lists have (conventions.md 5.3).

Poverty relief writes CSV and numbers households its way, civil affairs writes XLSX and numbers them another way.
About 3 % of the rows are wrong; every wrong row says in `error` what was done to it. Next hop: local/demo_load.py
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from openpyxl import Workbook

from common.core.citizen_number import check_character
from local.world_people import Person, Population, dice

POVERTY_RELIEF = "poverty_relief"
CIVIL_AFFAIRS = "civil_affairs"
SOURCES = (POVERTY_RELIEF, CIVIL_AFFAIRS)
HEADER = ("户编号", "姓名", "身份证号", "与户主关系", "镇街", "村", "电话", "识别日期")
CATEGORY_COLUMN = "救助身份"
ERROR_PERMILLE = 30
ERRORS = (
    "check_digit_wrong",
    "number_missing",
    "name_wrong",
    "number_in_two_households",
    "township_unknown",
    "category_unknown",
)
_LONGEST_RECOGNITION_DAYS = 900
_WORDS = {
    "allowance_recipient": ("低保", "农村低保"),
    "destitute": ("特困", "五保户"),
    "orphan": ("孤儿",),
    "low_income_edge": ("低保边缘", "低收入"),
    "family_planning_household": ("计生两户", "双女户"),
}


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of a list as its bureau wrote it; `error` names what is wrong with it, None for a good one."""

    household_no: str
    name: str
    citizen_id: str
    relation: str
    township: str
    village: str
    phone: str
    recognised_on: date
    category_text: str
    person_index: int
    error: str | None = None

    def cells(self, source: str) -> list[str]:
        """Return the line's cells in the order of `header_of`."""
        cells = [self.household_no, self.name, self.citizen_id, self.relation, self.township, self.village, self.phone]
        cells.append(self.recognised_on.isoformat())
        return [*cells, self.category_text] if source == CIVIL_AFFAIRS else cells


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file as a bureau sends it: the terms, the name, its bytes, and of whom each row speaks."""

    source: str
    kind: str
    county: str
    as_of: date
    file_name: str
    media_type: str
    content: bytes
    person_indexes: tuple[int, ...]


def roster_rows(*, population: Population, county: str, source: str) -> Iterator[ListRow]:
    """Yield one bureau's rows of one county, good and bad, in order of households."""
    for household in population.households():
        if household.county.code == county:
            for person in household.members:
                yield from rows_of(population=population, person=person, source=source)


def rows_of(*, population: Population, person: Person, source: str) -> Iterator[ListRow]:
    """Yield what one bureau's list says of one person: a row per category, and what its mistakes added."""
    for category in person.categories:
        if (category == "registered_poor") is (source == POVERTY_RELIEF):
            yield from _with_errors(population, _row(population, person, category, source), source)


def is_faultless(*, population: Population, person: Person) -> bool:
    """Say whether a person is on a list and nothing is wrong with it in any source."""
    rows = [row for source in SOURCES for row in rows_of(population=population, person=person, source=source)]
    return bool(rows) and not any(row.error for row in rows)


def roster_files(*, population: Population, county: str, source: str, most_rows: int = 20_000) -> Iterator[ListFile]:
    """Yield one bureau's list as files: one full list, or, where it is longer than `most_rows`, lists of changes."""
    rows = roster_rows(population=population, county=county, source=source)
    part = list(islice(rows, most_rows))
    following = list(islice(rows, most_rows))
    kind = "changes" if following else "full"
    number = 1
    while part:
        yield _file(part, population.today, county, source, kind=kind, number=number)
        part, following, number = following, list(islice(rows, most_rows)), number + 1


def header_of(source: str) -> list[str]:
    """Return the column titles of a source's list."""
    return [*HEADER, CATEGORY_COLUMN] if source == CIVIL_AFFAIRS else list(HEADER)


def list_date(today: date) -> date:
    """Return the `as_of` of the lists: before the year of discharges begins, so that every stay finds its class."""
    return (today - timedelta(days=400)).replace(day=1)


def csv_bytes(rows: Iterable[ListRow], source: str) -> bytes:
    """Return rows as a CSV file in UTF-8 with BOM, as Excel writes it."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(header_of(source))
    writer.writerows(row.cells(source) for row in rows)
    return sheet.getvalue().encode("utf-8-sig")


def xlsx_bytes(rows: Iterable[ListRow], source: str) -> bytes:
    """Return rows as an XLSX file, numbers kept as text."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("名单")
    sheet.append(header_of(source))
    for row in rows:
        sheet.append(row.cells(source))
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def _file(rows: list[ListRow], today: date, county: str, source: str, *, kind: str, number: int) -> ListFile:
    is_sheet = source == CIVIL_AFFAIRS
    return ListFile(
        source=source,
        kind=kind,
        county=county,
        as_of=list_date(today),
        file_name=f"{source}-{county}-{number}.{'xlsx' if is_sheet else 'csv'}",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" if is_sheet else "text/csv",
        content=xlsx_bytes(rows, source) if is_sheet else csv_bytes(rows, source),
        person_indexes=tuple(row.person_index for row in rows),
    )


def _row(population: Population, person: Person, category: str, source: str) -> ListRow:
    own = dice(population.seed, "row", source, person.index)
    prefix = "P" if source == POVERTY_RELIEF else "M"
    return ListRow(
        household_no=f"{prefix}{person.household_index + 1:07d}",
        name=person.name,
        citizen_id=person.citizen_id,
        relation=person.relation,
        township=person.township.name,
        village=person.village,
        phone=person.phone,
        recognised_on=list_date(population.today) - timedelta(days=own.randrange(_LONGEST_RECOGNITION_DAYS)),
        category_text=own.choice(_WORDS[category]) if source == CIVIL_AFFAIRS else "",
        person_index=person.index,
    )


def _with_errors(population: Population, row: ListRow, source: str) -> Iterator[ListRow]:
    """Yield the row as the bureau wrote it; two of the mistakes write a second row for the same number."""
    own = dice(population.seed, "error", source, row.person_index)
    if own.randrange(1000) >= ERROR_PERMILLE:
        yield row
        return
    error = own.choice(ERRORS if source == CIVIL_AFFAIRS else ERRORS[:-1])
    row = replace(row, error=error)
    if error == "number_in_two_households":
        yield from (row, replace(row, household_no=row.household_no + "B", relation="其他"))
    elif error == "name_wrong":
        yield from (row, replace(row, name=row.name + "福"))
    else:
        yield _mistaken(error, row)


def _mistaken(error: str, row: ListRow) -> ListRow:
    """Return the row with one cell wrong."""
    seventeen = row.citizen_id[:17]
    if error == "check_digit_wrong":
        wrong_check = "5" if check_character(seventeen) != "5" else "6"
        return replace(row, citizen_id=seventeen + wrong_check)
    if error == "number_missing":
        return replace(row, citizen_id="")
    if error == "township_unknown":
        return replace(row, township="无名镇")
    return replace(row, category_text="困难群众")
