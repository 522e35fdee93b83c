"""A bill adds up or is refused; a line is rounded by itself."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.money import Money
from services.settlement.domain.bill import BillInconsistent, BillLine, CatalogueClass, bill_of_line, consistent_bill


class TestBillOfLine:
    def test_leaves_class_a_whole_in_scope(self, make_line):
        bill = bill_of_line(line=make_line("A", self_pay_ratio=Decimal("0.5")))

        assert bill.in_scope == Money(10_000)

    def test_takes_class_c_whole_out_of_scope(self, make_line):
        bill = bill_of_line(line=make_line("C", limit_price=Decimal(1)))

        assert (bill.own_expense, bill.over_limit, bill.in_scope) == (Money(10_000), Money(0), Money(0))

    def test_takes_the_first_share_of_class_b_after_the_ceiling(self, make_line):
        bill = bill_of_line(line=make_line("B", limit_price=Decimal(80), self_pay_ratio=Decimal("0.1")))

        assert (bill.over_limit, bill.first_self_pay, bill.in_scope) == (Money(2_000), Money(800), Money(7_200))

    def test_counts_a_ceiling_per_piece(self, make_line):
        line = make_line(amount=10_000, quantity=Decimal(4), unit_price=Decimal(25), limit_price=Decimal("24.999"))

        assert bill_of_line(line=line).over_limit == Money(0)

    def test_never_exceeds_the_line_itself(self, make_line):
        line = make_line(amount=100, quantity=Decimal(9), unit_price=Decimal(50), limit_price=Decimal(1))

        assert bill_of_line(line=line).over_limit == Money(100)

    @given(
        st.sampled_from(CatalogueClass),
        st.integers(0, 10**9),
        st.decimals(0, 1, places=4),
        st.decimals(0, 1000, places=4),
        st.decimals(0, 1000, places=4),
        st.decimals(0, 100, places=2),
    )
    def test_always_adds_up(self, catalogue_class, amount, ratio, price, limit, quantity):
        line = BillLine(catalogue_class, Money(amount), quantity, price, limit, ratio)

        bill = bill_of_line(line=line)

        assert bill.total == bill.out_of_scope + bill.in_scope
        assert min(bill.own_expense, bill.over_limit, bill.first_self_pay, bill.in_scope) >= Money(0)


class TestConsistentBill:
    def test_adds_up_lines_when_no_bill_is_stated(self, make_line):
        bill = consistent_bill(stated=None, lines=[make_line("A"), make_line("C", 5)])

        assert (bill.total, bill.in_scope) == (Money(10_005), Money(10_000))

    def test_takes_a_stated_bill_without_lines(self, make_bill):
        assert consistent_bill(stated=make_bill(), lines=[]) == make_bill()

    def test_takes_both_when_they_agree(self, make_bill, make_line):
        stated = make_bill(10_000, outside=0, prior_relief=50)

        assert consistent_bill(stated=stated, lines=[make_line()]) == stated

    def test_refuses_a_difference_of_a_fen_to_the_lines(self, make_bill, make_line):
        with pytest.raises(BillInconsistent):
            consistent_bill(stated=make_bill(10_001, outside=0), lines=[make_line()])

    def test_refuses_quantities_that_do_not_add_up(self, make_bill):
        stated = replace(make_bill(), total=Money(1))

        with pytest.raises(BillInconsistent) as refusal:
            consistent_bill(stated=stated, lines=[])

        assert refusal.value.facts == {"total_fen": 1, "sum_fen": 5_200_000}

    def test_refuses_relief_above_the_total(self, make_bill):
        with pytest.raises(BillInconsistent):
            consistent_bill(stated=make_bill(prior_relief=5_200_001), lines=[])

    def test_refuses_neither_bill_nor_lines(self):
        with pytest.raises(BillInconsistent):
            consistent_bill(stated=None, lines=[])
