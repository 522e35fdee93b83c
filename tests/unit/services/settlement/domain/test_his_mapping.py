"""The national interface's fields made of ours and ours of its: ids, yuan, codes, nodes, envelopes."""

from datetime import date, datetime
from decimal import Decimal
from itertools import count
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.money import Money
from services.settlement.adapters.his_codes import load_codes
from services.settlement.domain.his_id import national_id, uuid_of
from services.settlement.domain.his_message import Message, failure, success
from services.settlement.domain.his_node import FieldWrong, Node, node_of, nodes_of
from services.settlement.domain.his_person import age_text
from services.settlement.domain.his_settlement import settlement_details, settlement_info, yuan
from services.settlement.domain.his_stay import diagnoses_of
from services.settlement.domain.vocabulary import Scheme

NAMESPACE = UUID(int=1)
LAYERS = ("basic", "large_amount", "critical_illness", "medical_assistance", "tilted_assistance", "local_one")
FUNDS = ("resident_basic", "employee_basic", "critical_illness_insurer", "medical_assistance", "finance")
CODES = load_codes()
FUND_FIELDS = ("hifp_pay", "hifob_pay", "hifmi_pay", "cvlserv_pay", "maf_pay", "hifes_pay", "hifdm_pay", "oth_pay")


def a_layer(layer="basic", paid=100, *, fund="resident_basic", **fields):
    usual = {"layer": layer, "fund": fund, "base_fen": paid * 2, "deductible_fen": 5, "paid_fen": paid, "steps": []}
    return usual | fields


def an_answer(*layers, patient=7, borne=0, in_scope=None, **fields):
    paid = sum(layer["paid_fen"] for layer in layers)
    total = paid + patient + borne
    usual = {
        "county": "211381",
        "total_fen": total,
        "own_expense_fen": 0,
        "over_limit_fen": 0,
        "first_self_pay_fen": 0,
        "in_scope_fen": total if in_scope is None else in_scope,
        "layers": list(layers),
        "fund_paid_fen": paid,
        "hospital_borne_fen": borne,
        "patient_pays_fen": patient,
    }
    return usual | fields


def a_message(**fields):
    usual = {
        "transaction": "2304",
        "message_id": "H21138100001201706011000000001",
        "institution_code": "H21138100001",
        "insured_in": "211381",
        "treated_in": "211381",
        "given": {"data": {"a": "1", "b": ["2"]}},
    }
    return Message(**(usual | fields))


class TestIds:
    @given(st.uuids())
    def test_are_read_as_they_were_written_and_short_enough(self, value):
        assert uuid_of(national_id(value)) == value
        assert len(national_id(value)) <= 30

    @pytest.mark.parametrize("text", ["", "A" * 25, "a" * 26, "1" * 26, str(NAMESPACE), "A" * 25 + "B"])
    def test_of_nobody_are_none(self, text):
        assert uuid_of(text) is None


class TestYuan:
    @given(st.integers(min_value=0, max_value=10**13))
    def test_is_read_as_it_is_written_to_the_fen(self, fen):
        assert Node("data", {"a": yuan(fen=fen)}).money("a") == Money(fen)

    @pytest.mark.parametrize(("text", "fen"), [("0", 0), ("0.5", 50), ("12.34", 1234), (" 100.00 ", 10_000)])
    def test_may_lack_decimals(self, text, fen):
        assert Node("data", {"a": text}).money("a") == Money(fen)

    @pytest.mark.parametrize(
        "value",
        ["", None, "1.234", "-1", "+1", "1e2", "NaN", "１００", "1,000", ".5", "5.", 5, True, "100000000000.01"],
    )
    def test_is_nothing_else(self, value):
        with pytest.raises(FieldWrong) as refusal:
            Node("data", {"a": value}).money("a")

        assert refusal.value.detail_zh.startswith("data.a ")


class TestDays:
    @pytest.mark.parametrize("text", ["2016-09-12", "2016-09-12 23:59:59"])
    def test_are_china_days(self, text):
        assert Node("data", {"on": text}).day("on") == date(2016, 9, 12)

    @pytest.mark.parametrize(
        "text", ["2016-02-30", "20160912", "2016-09-12T10:00:00", "2016-09-12 25:00:00", "2016-9-1", "2016-09-12 10:00"]
    )
    def test_are_nothing_else(self, text):
        with pytest.raises(FieldWrong):
            Node("data", {"on": text}).day("on")


class TestNodes:
    @pytest.mark.parametrize("given", [{}, {"data": None}, {"data": []}, {"data": "x"}])
    def test_must_be_objects(self, given):
        with pytest.raises(FieldWrong):
            node_of(given=given, name="data")

    @pytest.mark.parametrize("given", [{"rows": {}}, {"rows": [1]}, {"rows": "x"}])
    def test_in_a_list_must_be_objects(self, given):
        with pytest.raises(FieldWrong):
            nodes_of(given=given, name="rows")

    @pytest.mark.parametrize("given", [{}, {"rows": None}, {"rows": []}])
    def test_in_a_list_may_be_none(self, given):
        assert nodes_of(given=given, name="rows") == ()

    def test_tell_where_a_field_is_wrong(self):
        (row,) = nodes_of(given={"rows": [{"a": 1}]}, name="rows")

        with pytest.raises(FieldWrong) as refusal:
            row.text("a")

        assert refusal.value.detail_zh == "rows[0].a 须为文本"


class TestDiagnoses:
    def test_begin_with_the_main_one_and_pass_over_traditional_ones(self):
        rows = [
            Node("d", {"maindiag_flag": "0", "diag_code": "i10"}),
            Node("d", {"maindiag_flag": "1", "diag_code": "Ｉ63.9 ", "diag_type": "1"}),
            Node("d", {"maindiag_flag": "1", "diag_code": "BNG080", "diag_type": "2"}),
        ]

        assert diagnoses_of(rows=rows) == ("I63.9", "I10")


class TestAges:
    @pytest.mark.parametrize(
        ("on", "text"),
        [
            ("2016-03-14", "0.0"),
            ("2016-03-15", "0.0"),
            ("2016-09-15", "0.5"),
            ("2017-03-14", "0.9"),
            ("2017-03-15", "1.0"),
        ],
    )
    def test_are_years_with_one_decimal_rounded_down(self, on, text):
        assert age_text(born_on=date(2016, 3, 15), on=date.fromisoformat(on)) == text


class TestSettlements:
    def test_show_what_the_household_s_account_pays_of_the_share(self):
        told = an_answer(a_layer(), patient=5_000) | {"family_account_fen": 1_234, "cash_fen": 3_766}

        node = settlement_info(told=told, sign=-1)

        assert (node["psn_part_amt"], node["acct_mulaid_pay"], node["psn_cash_pay"]) == ("-50.00", "-12.34", "-37.66")

    @given(
        st.lists(st.tuples(st.sampled_from(LAYERS), st.sampled_from(FUNDS), st.integers(0, 10**9)), max_size=8),
        st.integers(0, 10**9),
        st.integers(0, 10**9),
        st.sampled_from([1, -1]),
    )
    def test_keep_the_identities_of_the_interface(self, layers, patient, borne, sign):
        told = an_answer(*(a_layer(name, paid, fund=fund) for name, fund, paid in layers), patient=patient, borne=borne)

        node = settlement_info(told=told, sign=sign)
        details = settlement_details(told=told, codes=CODES, sign=sign)

        amounts = {name: Decimal(node[name]) for name in node if name.endswith(("_pay", "_amt", "_sumamt", "balc"))}
        funds = sum(amounts[name] for name in FUND_FIELDS)
        assert amounts["medfee_sumamt"] == funds + amounts["hosp_part_amt"] + amounts["psn_part_amt"]
        assert amounts["fund_pay_sumamt"] == funds == sum(Decimal(row["fund_payamt"]) for row in details)
        assert amounts["psn_part_amt"] == amounts["psn_cash_pay"]
        assert amounts["medfee_sumamt"] == sign * Decimal(told["total_fen"]) / 100

    def test_put_a_layer_without_a_field_of_its_own_into_other_payments(self):
        told = an_answer(a_layer("tilted_assistance", 300), a_layer("supplement", 500))

        assert settlement_info(told=told)["oth_pay"] == "8.00"

    def test_name_the_start_line_of_the_basic_layer_alone(self):
        told = an_answer(a_layer(deductible_fen=30_000), a_layer("critical_illness", deductible_fen=500_000))

        assert settlement_info(told=told)["act_pay_dedc"] == "300.00"

    @pytest.mark.parametrize(("in_scope", "share"), [(0, "0.0000"), (300, "0.3333"), (600, "0.1667")])
    def test_tell_the_pooled_fund_s_share_with_four_decimals(self, in_scope, share):
        told = an_answer(a_layer("basic", 100), in_scope=in_scope)

        assert settlement_info(told=told)["pool_prop_selfpay"] == share

    def test_tell_each_paying_layer_s_fund_and_steps(self):
        steps = [{"text": "甲" * 3000, "fen": 1}, {"text": "乙" * 3000, "fen": 2}]
        layers = [
            a_layer("basic", 1, fund="employee_basic", steps=steps),
            a_layer("critical_illness", 0),
            a_layer("extra_assistance", 2, fund="finance"),
            a_layer("local_one", 3, fund="poverty_relief"),
        ]

        rows = settlement_details(told=an_answer(*layers), codes=CODES)

        assert [row["fund_pay_type"] for row in rows] == ["310100", "640100", "999997"]
        assert len(rows[0]["setl_proc_info"]) == 4000


class TestMessages:
    def test_are_equal_when_they_say_the_same_in_another_order(self):
        assert a_message().body_hash == a_message(given={"data": {"b": ["2"], "a": "1"}}).body_hash

    @pytest.mark.parametrize(
        "fields", [{"transaction": "2303"}, {"insured_in": ""}, {"treated_in": ""}, {"given": {"data": {"a": "1"}}}]
    )
    def test_differ_when_they_say_something_else(self, fields):
        assert a_message(**fields).body_hash != a_message().body_hash

    def test_are_answered_with_numbers_of_thirty_characters(self):
        now = datetime(2017, 6, 1, 10, 0, 0, 123_456)  # noqa: DTZ001 - written as given, China time

        told = success(message=a_message(), output={"a": "1"}, now=now)
        nowhere = failure(message_id="M", treated_in="", reason="否" * 500, now=now)

        assert (told["infcode"], told["err_msg"], told["output"]) == ("0", "", {"a": "1"})
        assert told["refmsg_time"] == told["respond_time"] == "20170601100000123"
        assert (len(told["inf_refmsgid"]), told["inf_refmsgid"][:20]) == (30, "21138120170601100000")
        assert (len(nowhere["inf_refmsgid"]), nowhere["inf_refmsgid"][:6]) == (30, "000000")
        assert (nowhere["infcode"], nowhere["output"], len(nowhere["err_msg"])) == ("-1", {}, 200)

    def test_of_one_second_are_numbered_apart(self):
        now = datetime(2017, 6, 1, 10, 0, 0)  # noqa: DTZ001 - the same
        ids = [str(uuid5(NAMESPACE, str(each))) for each, _ in zip(count(), range(500), strict=False)]

        numbers = {failure(message_id=each, treated_in="", reason="", now=now)["inf_refmsgid"] for each in ids}

        assert len(numbers) == len(ids)


class TestCodes:
    def test_name_a_scheme_by_its_first_code(self):
        assert [CODES.insurance_code(scheme) for scheme in (Scheme.RESIDENT, Scheme.EMPLOYEE)] == ["390", "310"]

    def test_keep_our_word_for_a_category_without_a_national_code(self):
        assert CODES.category_code("destitute") == ("7131", "特困人员")
        assert CODES.category_code("registered_poor") == ("registered_poor", "registered_poor")
