"""Which version, institution, disease list and row meets a day."""

from datetime import date

import pytest

from common.core.money import Money
from services.settlement.domain.assessment import day_of
from services.settlement.domain.condition import ALWAYS, Facts, Origin, ParameterMissing, Row, Table
from services.settlement.domain.policy import CountyUnknown, InstitutionNotListed, PolicyNotInForce, policy_of
from services.settlement.domain.stay import DatesImpossible, check_dates, facts_of
from services.settlement.domain.vocabulary import DecidingDay, Fact


class TestVersionOn:
    def test_is_the_old_one_on_the_day_before(self, policies):
        assert policies["211381"].version_on(day=date(2016, 6, 30)).starts_on == date(2016, 1, 1)

    def test_is_the_new_one_on_the_day_itself(self, policies):
        assert policies["211381"].version_on(day=date(2016, 7, 1)).starts_on == date(2016, 7, 1)

    def test_runs_until_a_next_one_comes(self, policies):
        assert policies["522632"].version_on(day=date(2030, 1, 1)).starts_on == date(2015, 1, 1)

    def test_refuses_a_day_before_the_first(self, policies):
        with pytest.raises(PolicyNotInForce):
            policies["211381"].version_on(day=date(2015, 12, 31))


class TestTables:
    def test_refuse_an_unknown_county(self, policies):
        with pytest.raises(CountyUnknown):
            policy_of(policies=policies, county="000000")

    def test_find_a_known_county(self, policies):
        assert policy_of(policies=policies, county="211381").name == "北票市"

    def test_refuse_an_institution_that_is_not_listed(self, policies):
        with pytest.raises(InstitutionNotListed):
            policies["211381"].institution_on(code="H52263200001", day=date(2016, 9, 1))

    def test_refuse_an_institution_before_its_period(self, policies):
        with pytest.raises(InstitutionNotListed):
            policies["211381"].institution_on(code="H21138100001", day=date(2009, 12, 31))

    def test_name_the_parameter_that_is_missing(self):
        table = Table("basic.ratio", ())

        with pytest.raises(ParameterMissing) as refusal:
            table.get(Facts({}, {}))

        assert refusal.value.facts == {"parameter": "basic.ratio"}

    def test_show_a_row_as_it_was_read(self):
        row = Row(ALWAYS, Money(30_000), Origin("文件", date(2016, 1, 1), is_assumed=True))

        read = Table("start_line", (row,)).as_read(row)

        assert (read.value, read.source, read.is_assumed) == ("300.00", "文件", True)

    def test_show_a_flag_as_written(self):
        row = Row(ALWAYS, value=True, origin=Origin("文件", date(2016, 1, 1), is_assumed=False))

        assert Table("deposit_waived", (row,)).as_read(row).value == "yes"

    def test_lock_accounts_in_one_order(self, policies):
        accounts = policies["522632"].versions[0].accounts

        assert accounts == (
            "basic",
            "critical_illness",
            "listed_outpatient",
            "medical_assistance",
            "outpatient_pool",
        )


class TestFactsOf:
    def test_names_the_lists_the_main_diagnosis_is_on(self, policies, make_stay, make_bill):
        stay = make_stay("522632", diagnosis="N18.5")

        facts = facts_of(
            version=policies["522632"].versions[0], stay=stay, benefit_class="ordinary", bill=make_bill(), before={}
        )

        assert facts.words[Fact.DISEASE_LIST] == {"listed_outpatient"}

    def test_names_no_list_without_a_diagnosis(self, policies, make_stay, make_bill):
        stay = make_stay("522632", diagnosis="")

        facts = facts_of(
            version=policies["522632"].versions[0], stay=stay, benefit_class="ordinary", bill=make_bill(), before={}
        )

        assert facts.words[Fact.DISEASE_LIST] == frozenset()


class TestCheckDates:
    def test_lets_a_discharge_today_pass(self):
        today = date(2016, 9, 12)

        check_dates(admitted_on=today, discharged_on=today, today=today)

    def test_refuses_discharge_before_admission(self):
        with pytest.raises(DatesImpossible):
            check_dates(admitted_on=date(2016, 9, 2), discharged_on=date(2016, 9, 1), today=date(2016, 9, 3))

    def test_refuses_tomorrow(self):
        with pytest.raises(DatesImpossible):
            check_dates(admitted_on=date(2016, 9, 1), discharged_on=date(2016, 9, 4), today=date(2016, 9, 3))


class TestDayOf:
    @pytest.mark.parametrize(
        ("kind", "day"),
        [("admission", date(2016, 9, 1)), ("discharge", date(2016, 9, 12)), ("settlement", date(2016, 9, 13))],
    )
    def test_gives_the_day_the_county_names(self, kind, day, make_stay):
        stay = make_stay(on=date(2016, 9, 12), admitted_on=date(2016, 9, 1))

        assert day_of(DecidingDay(kind), discharge=stay, settled_on=date(2016, 9, 13)) == day
