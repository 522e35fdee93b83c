"""A county of its own with the switches that need the history of a year: continued stays, repeated ones, hospitals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from services.settlement.adapters.policy_files import load_county, load_policies
from services.settlement.domain.policy import CountyPolicy
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import a_bill, a_person, a_stay, amounts_of, layer_of, refusal_of

COUNTY, ONE, OTHER = "999901", "H9901", "H9902"
FILE = """
county: "999901"
name: 样例县
sources: {plan: 样例文件}
institutions:
  - {code: H9901, name: 第一示范医院, level: county, region: inside, designated: "yes", from: 2010-01-01}
  - {code: H9902, name: 第二示范医院, level: county, region: inside, designated: "yes", from: 2010-01-01}
versions:
  - from: 2016-01-01
    known_since: 2016-01-01
    source: plan
    approved_by: 样例
    year_of: settlement
    classes: [{class: destitute, label: 特困, categories: [destitute]}]
    layers:
      - layer: basic
        label: 基本医保
        fund: resident_basic
        rules:
          - rule: inpatient
            label: 住院
            when: {visit_type: [inpatient]}
            account: basic
            base: in_scope
            start_line: {value: 400, source: plan}
            start_line_share: {when: {stay: {from: 3}}, value: 0.5, source: plan}
            start_line_window: per_hospital
            start_line_shared_with: [transfer]
            ratio: {value: 0.5, source: plan}
          - rule: drugs
            label: 门诊药费
            when: {visit_type: [outpatient]}
            account: outpatient
            base: in_scope
            base_items: [西药费, 中成药费]
            ratio: {value: 0.8, source: plan}
    examples:
      - {name: 首次, by_hand: (1000 - 400) x 50 %, discharged_on: 2016-02-01, institution: H9901,
         total: 1000, in_scope: 1000, expect: {class: ordinary, paid: {basic: 300.00}, patient: 700.00}}
"""


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, CountyPolicy]:
    """The counties as they ship, which the chart of accounts speaks of, and this one."""
    path: Path = tmp_path_factory.mktemp("policies") / f"{COUNTY}.yaml"
    path.write_text(FILE, encoding="utf-8")
    return {**load_policies(), COUNTY: load_county(path).policy}


def stay(hospital: str, **fields: Any) -> dict[str, Any]:
    """A stay of one patient that costs 1000, all in scope."""
    return a_stay(a_person(7), **({"county": COUNTY, "institution_code": hospital, "bill": a_bill("1000")} | fields))


def carries_on(earlier: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"kind": kind, "institution_code": earlier["institution_code"], "record_no": earlier["record_no"]}


async def charged(window: Window, body: dict[str, Any]) -> int:
    return int(layer_of(await window.settle(body), "basic")["deductible_fen"])


async def test_a_start_line_is_charged_once_in_each_hospital(window: Window) -> None:
    assert [await charged(window, stay(each)) for each in (ONE, ONE, OTHER, OTHER)] == [40_000, 0, 20_000, 0]


async def test_a_reversal_gives_the_first_stay_of_a_hospital_back(window: Window) -> None:
    first = await window.settle(stay(ONE))
    assert (await window.reverse(first)).status_code == 201

    assert await charged(window, stay(ONE)) == 40_000


async def test_a_transfer_shares_the_start_line_of_the_stay_it_carries_on(window: Window) -> None:
    first = await window.settle(stay(ONE, bill=a_bill("300")))  # 300 of 400 are met

    assert await charged(window, stay(OTHER, continues=carries_on(first, "transfer"))) == 10_000


async def test_a_mid_stay_settlement_is_shared_only_where_the_county_says_so(window: Window) -> None:
    first = await window.settle(stay(ONE))

    assert await charged(window, stay(OTHER, continues=carries_on(first, "mid_stay"))) == 40_000


async def test_what_is_carried_on_must_be_settled_for_this_person(window: Window) -> None:
    foreign = await window.settle(a_stay(a_person(8), county=COUNTY, institution_code=ONE, bill=a_bill("1000")))
    undone = await window.settle(stay(ONE))
    await window.reverse(undone)

    for earlier in (foreign, undone, {"institution_code": ONE, "record_no": "nobody's"}):
        refused = await window.discharge(stay(OTHER, continues=carries_on(earlier, "transfer")))
        assert refusal_of(refused) == (409, "continued_stay_unknown")


async def test_the_accounts_are_of_the_year_the_county_names(window: Window) -> None:
    settled = await window.settle(stay(ONE, on="2016-12-20"))  # settled in 2017

    rows = await window.accumulated(settled["person_id"])

    assert {key[0] for key in rows} == {2017}
    amounts_of(settled)


async def test_a_body_without_the_later_fields_is_the_body_it_was(window: Window) -> None:
    body = stay(ONE)
    settled = await window.settle(body)

    again = await window.discharge(body | {"contracted": None, "third_party": None, "continues": None})

    assert again.status_code == 200
    assert again.json()["settlement_id"] == settled["settlement_id"]


async def test_lines_of_a_category_are_paid_by_their_own_ratio(window: Window) -> None:
    lines = [
        {
            "item_code": f"I{place}",
            "name": "项目",
            "category": category,
            "catalogue_class": "A",
            "quantity": "1",
            "unit_price": "100",
            "amount_fen": 10_000,
            "occurred_on": "2016-09-12",
        }
        for place, category in enumerate(("西药费", "西药费", "床位费", "中成药费"))
    ]
    told = stay(ONE, visit_type="outpatient", bill=None, lines=lines)

    preview = (await window.preview(told)).json()
    settled = await window.settle(told)

    assert layer_of(settled, "basic")["paid_fen"] == layer_of(preview, "basic")["paid_fen"] == 24_000
    assert settled["patient_pays_fen"] == 16_000
