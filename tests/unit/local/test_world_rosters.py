"""The demo lists as identity reads them: every planted mistake is found, and nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from local.world_people import Population
from local.world_places import BEIPIAO, RONGJIANG
from local.world_rosters import CIVIL_AFFAIRS, POVERTY_RELIEF, csv_bytes, list_date, roster_rows, xlsx_bytes
from services.identity.adapters.county_files import load_counties
from services.identity.adapters.roster_file import read_table
from services.identity.domain.roster import RosterTerms
from services.identity.domain.staging import read_rows

TODAY = date(2026, 11, 23)
REASON_OF_ERROR = {
    None: [],
    "check_digit_wrong": ["citizen_id_invalid"],
    "number_missing": ["citizen_id_missing"],
    "name_wrong": ["names_differ_in_file"],
    "number_in_two_households": ["number_in_two_households"],
    "township_unknown": ["township_unknown"],
    "category_unknown": ["category_unknown"],
}


@pytest.mark.parametrize("county", [BEIPIAO.code, RONGJIANG.code])
@pytest.mark.parametrize("source", [POVERTY_RELIEF, CIVIL_AFFAIRS])
class TestDemoLists:
    def test_are_rejected_exactly_where_a_mistake_was_planted(self, county: str, source: str) -> None:
        population = Population(seed=7, size=6000, today=TODAY)
        rows = list(roster_rows(population=population, county=county, source=source))
        content = (xlsx_bytes if source == CIVIL_AFFAIRS else csv_bytes)(rows, source)
        terms = RosterTerms(county=county, source=source, kind="full", as_of=list_date(TODAY))

        table = read_table(content)
        read = read_rows(
            header=table.header, lines=table.lines, terms=terms, rules=load_counties()[county], today=TODAY
        )

        found = {row.row_no: [reason.code for reason in row.reasons] for row in read}
        assert found == {number: REASON_OF_ERROR[row.error] for number, row in enumerate(rows, start=2)}
