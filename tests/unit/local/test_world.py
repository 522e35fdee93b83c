"""The demo world: made-up people that look like the field's, the same ones every time."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from common.core.citizen_number import CitizenNumberInvalid, parse_citizen_number
from local.world import World, world_from_text
from local.world_discharges import YEAR_DAYS
from local.world_people import Population, first_person_of, household_of
from local.world_places import COUNTIES
from local.world_rosters import (
    CIVIL_AFFAIRS,
    ERRORS,
    POVERTY_RELIEF,
    SOURCES,
    csv_bytes,
    header_of,
    list_date,
    roster_files,
    roster_rows,
    xlsx_bytes,
)

TODAY = date(2026, 11, 23)
ROOT = Path(__file__).resolve().parents[3]


def a_population(*, size: int = 300, seed: int = 7, today: date = TODAY) -> Population:
    return Population(seed=seed, size=size, today=today)


class TestPopulation:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        assert list(a_population().persons()) == list(a_population().persons())
        assert list(a_population().persons()) != list(a_population(seed=8).persons())

    @pytest.mark.parametrize("size", [0, 1, 2, 24, 25, 300])
    def test_has_exactly_as_many_persons_as_asked(self, size: int) -> None:
        population = a_population(size=size)

        members = [person for household in population.households() for person in household.members]

        assert members == list(population.persons())
        assert len(members) == size

    def test_gives_every_person_a_valid_number_of_their_own(self) -> None:
        persons = list(a_population(size=3000).persons())

        numbers = [parse_citizen_number(person.citizen_id, today=TODAY) for person in persons]

        assert len({number.value for number in numbers}) == 3000
        assert [(number.born_on, number.sex) for number in numbers] == [(each.born_on, each.sex) for each in persons]

    def test_never_gives_a_number_twice_beyond_the_slots_of_a_year(self) -> None:
        population = a_population(size=400_000)

        near = [population.person(index) for index in range(3000)]
        far = [population.person(182_135 + index) for index in range(3000)]

        assert len({person.citizen_id for person in near + far}) == 6000

    def test_makes_a_far_person_without_making_the_others(self) -> None:
        person = a_population(size=100_000_000).person(99_999_999)

        assert person.index == 99_999_999

    def test_knows_where_a_household_begins(self) -> None:
        assert [household_of(first_person_of(index)) for index in range(50)] == list(range(50))

    def test_lives_in_both_counties_in_households_with_one_head(self) -> None:
        households = list(a_population().households())

        assert {household.county for household in households} == set(COUNTIES)
        for household in households:
            assert [person.relation for person in household.members].count("户主") == 1
            assert {(person.township, person.county) for person in household.members} == {
                (household.township, household.county)
            }

    def test_holds_every_category_and_people_on_no_list(self) -> None:
        held = Counter(category for person in a_population().persons() for category in (person.categories or ("",)))

        assert set(held) == {
            "",
            "registered_poor",
            "allowance_recipient",
            "destitute",
            "low_income_edge",
            "orphan",
            "family_planning_household",
        }

    @pytest.mark.parametrize("index", [-1, 300])
    def test_has_nobody_outside_its_size(self, index: int) -> None:
        with pytest.raises(IndexError):
            a_population().person(index)

    def test_has_no_household_outside_its_size(self) -> None:
        population = a_population()

        with pytest.raises(IndexError):
            population.household(population.household_count)


class TestPlaces:
    def test_stand_in_the_division_tables_of_identity(self) -> None:
        for county in COUNTIES:
            path = ROOT / "services" / "identity" / "counties" / f"{county.code}.yaml"
            table = yaml.safe_load(path.read_text(encoding="utf-8"))["townships"]
            names = {row["code"]: row["names"] for row in table}

            assert all(township.name in names[township.code] for township in county.townships)

    def test_stand_in_the_institution_tables_of_settlement(self) -> None:
        for county in COUNTIES:
            path = ROOT / "services" / "settlement" / "policies" / f"{county.code}.yaml"
            table = yaml.safe_load(path.read_text(encoding="utf-8"))["institutions"]
            levels = {row["code"]: row["level"] for row in table}

            assert all(levels[institution.code] == institution.level for institution in county.institutions)


class TestLists:
    @pytest.mark.parametrize("source", SOURCES)
    def test_are_wrong_in_about_three_rows_of_a_hundred(self, source: str) -> None:
        rows = list(roster_rows(population=a_population(size=8000), county="211381", source=source))

        wrong = [row for row in rows if row.error]

        assert 20 <= 1000 * len(wrong) // len(rows) <= 50
        assert {row.error for row in wrong} == set(ERRORS if source == CIVIL_AFFAIRS else ERRORS[:-1])

    def test_hold_the_wrong_they_say(self) -> None:
        rows = list(roster_rows(population=a_population(size=8000), county="522632", source=CIVIL_AFFAIRS))
        townships = {township.name for township in COUNTIES[1].townships}

        for row in rows:
            is_number = _is_number(row.citizen_id)
            assert is_number is (row.error not in {"check_digit_wrong", "number_missing"})
            assert (row.citizen_id == "") is (row.error == "number_missing")
            assert (row.township in townships) is (row.error != "township_unknown")
            assert (row.category_text == "困难群众") is (row.error == "category_unknown")
        doubled = Counter(row.citizen_id for row in rows if row.error in {"name_wrong", "number_in_two_households"})
        assert set(doubled.values()) == {2}

    def test_name_a_person_of_two_categories_in_both_sources(self) -> None:
        population = a_population()
        poor, civil = (
            {row.person_index for row in roster_rows(population=population, county="211381", source=source)}
            for source in (POVERTY_RELIEF, CIVIL_AFFAIRS)
        )

        assert poor & civil
        assert civil - poor

    def test_begin_before_the_year_of_discharges(self) -> None:
        rows = roster_rows(population=a_population(), county="211381", source=POVERTY_RELIEF)

        assert list_date(TODAY) < TODAY - timedelta(days=YEAR_DAYS)
        assert all(row.recognised_on <= list_date(TODAY) for row in rows)

    def test_read_back_from_csv_and_xlsx_as_they_were_written(self) -> None:
        rows = list(islice(roster_rows(population=a_population(), county="211381", source=CIVIL_AFFAIRS), 20))

        lines = list(csv.reader(io.StringIO(csv_bytes(rows, CIVIL_AFFAIRS).decode("utf-8-sig"))))
        sheet = load_workbook(io.BytesIO(xlsx_bytes(rows, CIVIL_AFFAIRS)), read_only=True).worksheets[0]
        cells = [[str(cell or "") for cell in line] for line in sheet.iter_rows(values_only=True)]

        assert lines == cells == [header_of(CIVIL_AFFAIRS), *(row.cells(CIVIL_AFFAIRS) for row in rows)]

    def test_come_as_one_full_list_or_as_several_of_changes(self) -> None:
        population = a_population()

        whole = list(roster_files(population=population, county="211381", source=POVERTY_RELIEF))
        parts = list(roster_files(population=population, county="211381", source=POVERTY_RELIEF, most_rows=20))

        assert [file.kind for file in whole] == ["full"]
        assert {file.kind for file in parts} == {"changes"}
        assert [each for file in parts for each in file.person_indexes] == list(whole[0].person_indexes)
        assert len({file.file_name for file in parts}) == len(parts)


class TestStays:
    def test_fill_the_twelve_months_before_today_in_order(self) -> None:
        stays = list(World(today=TODAY).stays())

        days = [stay.discharged_on for stay in stays]
        assert len(stays) == 200
        assert days == sorted(days)
        assert (days[0], days[-1] < TODAY) == (TODAY - timedelta(days=YEAR_DAYS), True)
        assert all(stay.admitted_on <= stay.discharged_on for stay in stays)

    def test_have_bills_that_add_up_to_the_fen(self) -> None:
        for stay in World(today=TODAY, discharge_count=1000).stays():
            bill = stay.bill
            parts = (bill.own_expense_fen, bill.over_limit_fen, bill.first_self_pay_fen, bill.in_scope_fen)

            assert bill.total_fen == sum(parts)
            assert min(parts) >= 0

    def test_carry_a_few_households_past_the_line_by_own_expense_alone(self) -> None:
        grave = [stay for stay in World(today=TODAY).stays() if stay.is_grave]

        assert 2 <= len(grave) <= 20
        assert {stay.person.county for stay in grave} == set(COUNTIES)
        assert all(stay.bill.own_expense_fen > stay.person.county.warning_line_fen for stay in grave)
        assert all(stay.person.categories for stay in grave)

    def test_come_from_hospitals_of_the_persons_county(self) -> None:
        for stay in World(today=TODAY).stays():
            assert stay.institution_code in {each.code for each in stay.person.county.institutions}
            assert stay.institution_code[1:7] == stay.person.county.code

    def test_hold_one_name_that_does_not_match_and_some_reversals(self) -> None:
        stays = list(World(today=TODAY).stays())

        assert sum(stay.stated_name != stay.person.name for stay in stays) == 1
        assert sum(stay.is_reversed for stay in stays) == 5
        assert any(not stay.is_insured for stay in stays)
        assert any(not stay.person.categories for stay in stays)

    def test_name_the_diseases_that_are_followed_up(self) -> None:
        main = {stay.diagnoses[0] for stay in World(today=TODAY).stays()}

        assert {"I10", "E11.9", "F20.9", "A15.0", "I63.9"} <= main

    def test_are_sent_under_keys_and_record_numbers_of_their_own(self) -> None:
        stays = list(World(today=TODAY).stays())

        assert len({stay.record_no for stay in stays}) == len({stay.idempotency_key for stay in stays}) == 200

    def test_make_a_request_with_one_main_diagnosis(self) -> None:
        body = World(today=TODAY).year.stay(0).as_request()

        assert [each["main"] for each in body["diagnoses"]].count(True) == 1
        assert set(body["bill"]) == {
            "total_fen",
            "own_expense_fen",
            "over_limit_fen",
            "first_self_pay_fen",
            "in_scope_fen",
        }

    @pytest.mark.parametrize("index", [-1, 200])
    def test_end_with_the_year(self, index: int) -> None:
        with pytest.raises(IndexError):
            World(today=TODAY).year.stay(index)

    def test_are_possible_in_a_world_of_one_person(self) -> None:
        assert len(list(World(today=TODAY, person_count=1, discharge_count=30).stays())) == 30


class TestWorld:
    def test_is_the_same_after_being_written_down(self) -> None:
        world = World(today=TODAY, seed=3, person_count=10, discharge_count=2)

        assert world_from_text(world.as_text()) == world

    def test_has_lists_of_both_sources_in_both_counties(self) -> None:
        lists = [(file.county, file.source) for file in World(today=TODAY).lists()]

        assert lists == [(county.code, source) for county in COUNTIES for source in SOURCES]

    def test_has_a_team_in_every_township_and_most_listed_people_signed(self) -> None:
        world = World(today=TODAY)
        listed = [person for person in world.population.persons() if person.categories]

        signed = list(world.signed_persons())

        assert {team.township for team in world.teams()} == {each for county in COUNTIES for each in county.townships}
        assert 70 <= 100 * len(signed) // len(listed) <= 95


def _is_number(text: str) -> bool:
    try:
        parse_citizen_number(text, today=TODAY)
    except CitizenNumberInvalid:
        return False
    return True
