"""Money goes to the purpose of its fund, and a budget is never below zero on any day."""

from datetime import date

import pytest

from common.core.money import Money
from common.core.period import Period
from services.settlement.domain.budget import (
    BudgetBelowZero,
    BudgetChange,
    BudgetChangeEmpty,
    DayOutsideYear,
    budget_on,
    lowest_budget,
    require_change,
)
from services.settlement.domain.chart import Chart, FundAccount, FundUnknown, PurposeMismatch, require_purpose

BEGIN, END = date(2016, 7, 1), date(2017, 1, 1)
CHART = Chart(
    (
        FundAccount("finance", "", "财政资金", frozenset({"supplement", "bottom_guarantee"}), Period(BEGIN, END)),
        FundAccount(
            "finance", "relief", "救助", frozenset({"supplement"}), Period(BEGIN, END), "poverty_relief", "救助"
        ),
    )
)
YEAR = Period(date(2016, 1, 1), date(2017, 1, 1))


def change(fen, day=date(2016, 3, 1), ledger=""):
    return BudgetChange(ledger, day, Money(fen))


class TestRequirePurpose:
    @pytest.mark.parametrize(
        ("ledger", "layer"), [("", None), ("", "bottom_guarantee"), ("relief", None), ("relief", "supplement")]
    )
    def test_lets_the_fund_s_own_purposes_through(self, ledger, layer):
        require_purpose(chart=CHART, fund="finance", ledger=ledger, layer=layer, within=YEAR)

    @pytest.mark.parametrize(("ledger", "layer"), [("", "basic"), ("relief", "bottom_guarantee")])
    def test_refuses_another_purpose(self, ledger, layer):
        with pytest.raises(PurposeMismatch) as refused:
            require_purpose(chart=CHART, fund="finance", ledger=ledger, layer=layer, within=YEAR)

        assert refused.value.facts["layer"] == layer

    @pytest.mark.parametrize(
        ("fund", "ledger", "within"),
        [
            ("civil_affairs", "", YEAR),
            ("finance", "other", YEAR),
            ("finance", "", Period(date(2016, 1, 1), BEGIN)),
            ("finance", "", Period(END, None)),
        ],
        ids=["fund", "ledger", "the day before", "the day of the end"],
    )
    def test_refuses_what_the_chart_does_not_have(self, fund, ledger, within):
        with pytest.raises(FundUnknown):
            require_purpose(chart=CHART, fund=fund, ledger=ledger, layer=None, within=within)


@pytest.mark.parametrize(
    ("day", "layer", "pays"),
    [
        (date(2016, 6, 30), "supplement", False),
        (BEGIN, "supplement", True),
        (date(2016, 12, 31), "supplement", True),
        (END, "supplement", False),
        (BEGIN, "basic", False),
    ],
)
def test_a_fund_pays_its_layers_from_the_first_day_until_the_last(day, layer, pays):
    assert CHART.pays(fund="finance", layer=layer, day=day) is pays


class TestRequireChange:
    @pytest.mark.parametrize(
        ("before", "new"),
        [
            ([], change(100)),
            ([change(100)], change(-100)),
            ([change(100, date(2016, 5, 1))], change(50, date(2016, 1, 1))),
            ([change(100), change(5, ledger="relief")], change(-5, ledger="relief")),
        ],
        ids=["first", "all of it", "earlier", "of the ledger"],
    )
    def test_lets_through_what_leaves_zero_or_more(self, before, new):
        require_change(year=2016, before=before, change=new)

    @pytest.mark.parametrize(
        ("before", "new", "lowest"),
        [
            ([], change(-1), -1),
            ([change(100)], change(-101), -1),
            ([change(100)], change(-1, date(2016, 2, 29)), -1),
            ([change(100)], change(-1, ledger="relief"), -1),
            ([change(100), change(-40, date(2016, 6, 1))], change(-70, date(2016, 4, 1)), -10),
        ],
        ids=["from nothing", "too much", "the day before", "another ledger", "later"],
    )
    def test_refuses_what_leaves_less_than_nothing_on_some_day(self, before, new, lowest):
        with pytest.raises(BudgetBelowZero) as refused:
            require_change(year=2016, before=before, change=new)

        assert refused.value.facts == {"lowest_fen": lowest}

    def test_refuses_nothing_and_another_year(self):
        with pytest.raises(BudgetChangeEmpty):
            require_change(year=2016, before=[], change=change(0))
        with pytest.raises(DayOutsideYear):
            require_change(year=2016, before=[], change=change(1, date(2017, 1, 1)))


def test_changes_of_one_day_count_together_whatever_their_order():
    assert lowest_budget(changes=[change(-50), change(100)]) == Money(50)


@pytest.mark.parametrize(("day", "given"), [(date(2016, 2, 29), 0), (date(2016, 3, 1), 100), (date(2016, 6, 1), 70)])
def test_a_change_counts_from_its_day(day, given):
    changes = [change(100), change(-30, date(2016, 6, 1)), change(7, date(2016, 6, 1), "relief")]

    assert budget_on(changes=changes, day=day)[""] == Money(given)
