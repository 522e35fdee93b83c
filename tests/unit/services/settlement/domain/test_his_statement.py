"""Reconciliation in the fields of the national interface: what a region's own codes and long sheets come to."""

from dataclasses import replace

import pytest

from common.core.money import Money
from services.settlement.adapters.his_codes import load_codes
from services.settlement.domain.his_node import FieldWrong, Node
from services.settlement.domain.his_statement import MOST_DETAILS, Stated, part_of, stated_stays, totals_told
from services.settlement.domain.reconciliation import Amounts, InsuranceKind, Totals
from services.settlement.domain.vocabulary import Scheme

CODES = load_codes()
OURS = Totals(2, Amounts(Money(300), Money(200), Money(100)))


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        (Stated(Money(300), Money(200), Money(0), 2), "000000"),
        (Stated(Money(301), Money(200), Money(0), 2), "9"),
        (Stated(Money(300), Money(199), Money(0), 2), "9"),
        (Stated(Money(300), Money(200), Money(1), 2), "9"),
        (Stated(Money(300), Money(200), Money(0), 3), "9"),
    ],
)
def test_the_result_is_told_in_the_code_of_the_region(stated, code):
    codes = replace(CODES, results={True: ("000000", "平"), False: ("9", "不平")})

    assert totals_told(stated=stated, ours=OURS, office="211381", codes=codes)["stmt_rslt"] == code


@pytest.mark.parametrize(("insutype", "scheme"), [("390", Scheme.RESIDENT), ("391", None)])
def test_other_calls_count_under_the_first_code_of_their_scheme_only(insutype, scheme):
    node = Node("data", {"insutype": insutype, "clr_type": "21"})

    assert part_of(node=node, county="211381", codes=CODES).insurance == InsuranceKind(insutype, scheme)


def test_a_sheet_is_as_long_as_the_other_call_takes_it():
    amounts = dict.fromkeys(("medfee_sumamt", "fund_pay_sumamt", "cash_payamt"), "0.00")
    row = Node("detail[0]", {"mdtrt_id": "A", **amounts})

    assert len(stated_stays(rows=[row] * MOST_DETAILS)) == MOST_DETAILS
    with pytest.raises(FieldWrong, match="20000"):
        stated_stays(rows=[row] * (MOST_DETAILS + 1))
