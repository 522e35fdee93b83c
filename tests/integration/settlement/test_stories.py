"""The stories of the programme, each told once from end to end at the service's own interface (`make programme`).

Every rule behind them has tests of its own; what is not built yet stands as missing in docs/programme.yaml.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from common.kit.cause import Cause
from common.kit.testing import bearer
from services.settlement import books
from services.settlement.adapters.charts import load_charts
from services.settlement.adapters.cost_control import COST_FILE, load_cost_rules
from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county
from services.settlement.adapters.policy_files_text import PolicyFileInvalid
from services.settlement.domain.chart import off_purpose
from services.settlement.domain.cost_control import CostKind
from services.settlement.usecases.read_cost_control import read_cost_control
from tests.integration.settlement.clearing_desk import FUND, board, closed, judged, of_fund
from tests.integration.settlement.clearing_desk import opened as batch_opened
from tests.integration.settlement.conftest import (
    BILL,
    COUNTY,
    ELSEWHERE,
    HOSPITAL,
    NAME,
    NUMBER,
    OTHER_HOSPITAL,
    a_discharge,
)
from tests.integration.settlement.relief_desk import FAR, FAR_STAY, a_plan, approved, cases, grant, results
from tests.integration.settlement.relief_desk import work as relieved
from tests.integration.settlement.rerating_desk import POLICIES, booked, corrections, opened, rating, with_ratio_of

ASKED = {"citizen_id": NUMBER, "name": NAME, "county": COUNTY, "institution_code": HOSPITAL, "on": "2016-09-12"}
OCTOBER = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)


async def test_se_1_a_poor_patient_pays_no_deposit_and_who_pays_one_is_told_why(counter):
    await counter.hold()

    waived = (await counter.post("/v1/entitlements/check", **ASKED)).json()
    asked = (await counter.post("/v1/entitlements/check", **ASKED | {"on": "2016-06-30"})).json()

    assert (waived["deposit_waived"], asked["deposit_waived"]) == (True, False)
    assert waived["deposit_reason"]["zh"]
    assert asked["deposit_reason"]["zh"]


async def test_se_2_the_window_gets_one_answer_with_each_payer_s_part_and_turns_nobody_away(counter):
    unknown = await counter.settle("R1")
    await counter.hold()
    known = await counter.settle("R2")
    await counter.die(date(2016, 9, 11))
    refused = await counter.post("/v1/discharges", **a_discharge("R3"))

    assert unknown["entitlement"]["identity_open"]
    for answer in (unknown, known):
        paid = sum(layer["paid_fen"] for layer in answer["layers"])
        assert paid + answer["hospital_borne_fen"] + answer["patient_pays_fen"] == answer["total_fen"]
    assert refused.json()["code"] == "person_deceased"


async def test_se_3_every_amount_follows_from_a_dated_rule(counter):
    await counter.hold()
    settled = await counter.settle("R1")
    trace = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/trace")).json()

    chosen = next(each for each in trace["compared"] if each["benefit_class"] == trace["benefit_class"])
    for told, layer in zip(settled["layers"], chosen["layers"], strict=True):
        assert layer["paid_fen"] == told["paid_fen"] == layer["steps"][-1]["fen"]
        assert all(read["source"] and read["since"] for step in layer["steps"] for read in step["reads"])


async def test_se_4_who_goes_elsewhere_without_a_referral_is_told_what_it_cost(counter):
    stay = a_discharge("R1", county="360100", institution_code="H36010000005", discharged_on="2025-03-10")
    stay |= {"admitted_on": "2025-03-01", "patient": {"citizen_id": NUMBER, "name": NAME}}
    counter.now = datetime(2025, 3, 12, 2, 0, tzinfo=UTC)
    far = bearer("his", client_id="far", institution_code="H36010000005", county="360100")
    shares = {}
    for kind in ("self_referred", "referred"):
        answer = await counter.post("/v1/discharges/preview", far, **stay | {"referral": {"kind": kind}})
        assert answer.status_code == 200, answer.text
        shares[kind] = answer.json()

    assert shares["referred"]["patient_pays_fen"] < shares["self_referred"]["patient_pays_fen"]
    assert any("转诊" in each["zh"] for each in shares["self_referred"]["explanation"])


async def test_se_5_a_mistake_is_undone_completely_and_a_late_list_is_put_right(counter):
    settled = await counter.settle("R1")
    await counter.reverse(settled)
    path = f"/v1/settlements/{settled['settlement_id']}/reversal"
    again = await counter.post(path, reason="录错")
    left = await counter.rows("SELECT account FROM posting GROUP BY account HAVING sum(amount_fen) <> 0")
    second = await counter.settle("R1")
    await counter.hold()
    await booked(counter, await opened(counter))

    assert (again.status_code, left) == (200, [])
    assert (await corrections(counter, second))[0]["patient_fen"] < 0
    assert await books.verify(counter.database) == []


async def test_se_6_a_heavy_share_is_found_relieved_in_the_open_and_never_beyond_the_money(counter):
    counter.bureau, counter.other_bureau = counter.other_bureau, counter.bureau
    await counter.hold(county=ELSEWHERE)
    settled = await counter.settle("R1", FAR, **FAR_STAY)
    [found] = await cases(counter)
    plan = await approved(counter, grant(settled, found["missing_fen"]), county=ELSEWHERE, fund="finance", ledger=None)
    again = await counter.post(
        "/v1/relief-plans",
        counter.bureau,
        **a_plan(grant(settled, 1), county=ELSEWHERE, fund="finance", ledger=None),
    )
    await relieved(counter)
    waits = await results(counter, plan)
    body = {"county": ELSEWHERE, "year": 2016, "effective_on": "2016-01-01", "source": "财社〔2016〕9号"}
    await counter.post("/v1/funds/finance/budgets", counter.bureau, **body, amount_fen=found["missing_fen"])
    await relieved(counter)
    public = await counter.get(f"/v1/relief-plans/{plan['plan_id']}/publication", counter.bureau)

    assert again.json()["code"] == "already_relieved"
    assert (waits, await results(counter, plan)) == (["waiting"], ["booked"])
    assert public.json()["grants"][0]["relief_class"]["zh"] == "各项救助后负担仍然较重"
    assert settled["settlement_id"] not in public.text
    assert await books.verify(counter.database) == []


async def test_se_7_a_fund_pays_nothing_off_its_purpose_and_each_yuan_is_in_its_statement(counter):
    await counter.hold()
    settled = await counter.settle("R1")
    charts = load_charts(POLICIES)

    statement = await counter.get(
        f"/v1/funds/{FUND}/statement", counter.bureau, **{"county": COUNTY, "from": "2016-09-01", "to": "2016-09-30"}
    )

    assert statement.json()["closing_fen"] == of_fund(settled)
    assert not off_purpose(policies=POLICIES, charts=charts)
    assert not charts[COUNTY].pays(fund="medical_assistance", layer="basic", day=date(2016, 9, 12))


async def test_se_8_a_hospital_gets_its_advance_back_once_and_the_patient_never_pays_for_a_refusal(counter):
    await counter.hold()
    first, second = [await counter.settle(record) for record in ("R1", "R2")]
    counter.now = OCTOBER
    batch = (await batch_opened(counter)).json()
    await judged(counter, batch, (1, "accepted"), (2, "refused"))
    done = await closed(counter, batch)

    third, fourth = [await counter.settle(record) for record in ("R3", "R4")]
    counter.now = datetime(2016, 11, 2, 2, 0, tzinfo=UTC)
    said = [{"record_no": "R3", "amount_fen": of_fund(third)}, {"record_no": "R4", "amount_fen": 1}]
    disputed = (await batch_opened(counter, "2016-10-31", declared_records=said)).json()
    rest = await closed(counter, disputed)

    assert [each["record_no"] for each in disputed["differences"]] == ["R4"]
    assert (rest["accepted_fen"], rest["postponed_fen"]) == (of_fund(third), of_fund(fourth))
    assert (done["accepted_fen"], done["refused_fen"]) == (of_fund(first), of_fund(second))
    assert [item["owed_fen"] for item in (await board(counter))["items"] if item["fund"] == FUND] == [of_fund(fourth)]
    shown = (await counter.get(f"/v1/settlements/{second['settlement_id']}")).json()
    assert shown["patient_pays_fen"] == second["patient_pays_fen"]
    assert (await batch_opened(counter)).json()["code"] == "clearing_empty"


async def test_se_9_a_yearly_cap_holds_over_two_hospitals_and_is_full_again_next_year(counter):
    await counter.hold()
    great = BILL | {"total_fen": 40_000_000, "own_expense_fen": 0, "first_self_pay_fen": 0, "in_scope_fen": 40_000_000}
    for record, hospital, headers in (("R1", HOSPITAL, None), ("R2", OTHER_HOSPITAL, counter.other_hospital)):
        await counter.settle(record, headers, institution_code=hospital, bill=great)
    third = await counter.settle("R3", bill=great)
    counter.now = datetime(2017, 1, 20, 2, 0, tzinfo=UTC)
    next_year = await counter.settle("R4", bill=great, admitted_on="2017-01-02", discharged_on="2017-01-12")

    assert of_fund(third) == 0
    assert of_fund(next_year) > 0


async def test_se_11_avoidable_cost_is_seen_per_hospital_and_no_patient_pays_otherwise(counter, tmp_path):
    await counter.hold()
    dear = [("西药费", 3_000_000), ("检查费", 1_000_000), ("床位费", 1_000_000)]
    items = [
        {"item_code": word, "name": word, "category": word, "catalogue_class": "A", "quantity": "1"}
        | {"unit_price": f"{fen / 100:.2f}", "amount_fen": fen, "occurred_on": "2016-09-02"}
        for word, fen in dear
    ]
    settled = await counter.settle("R1", bill=None, lines=items)
    rules = COST_FILE.read_text(encoding="utf-8")
    limit = '  - {county: "211381", kind: drug, limit: 0.50, from: 2016-01-01, to: "", mark: verified, source: 文件}'
    (tmp_path / "limits.yaml").write_text(rules.replace("limits: []", f"limits:\n{limit}"), encoding="utf-8")
    with_limit = load_cost_rules(POLICIES, tmp_path / "limits.yaml")
    [seen] = await seen_in_september(counter, with_limit)
    [drug] = [each for each in seen.shares if each.kind is CostKind.DRUG]
    again = await counter.post("/v1/discharges/preview", **a_discharge("R2", bill=None, lines=items))

    assert (str(drug.share), drug.is_over) == ("0.6000", True)
    assert again.status_code == 200
    assert (
        settled["patient_pays_fen"]
        == (await counter.get(f"/v1/settlements/{settled['settlement_id']}")).json()["patient_pays_fen"]
    )


async def seen_in_september(counter, rules):
    async with counter.database.unit_of_work(Cause("test")) as uow:
        return await read_cost_control(
            uow, county=COUNTY, month=date(2016, 9, 1), institution_code=HOSPITAL, rules=rules
        )


async def test_se_10_a_rule_starts_on_its_day_with_its_paper_and_a_past_start_lists_who_it_meets(counter, tmp_path):
    await counter.hold()
    before = await counter.settle("R1", admitted_on="2016-06-20", discharged_on="2016-06-30")
    after = await counter.settle("R2", admitted_on="2016-06-20", discharged_on="2016-07-01")
    listed = await opened(
        counter, rating(with_ratio_of(POLICIES, "basic", Decimal("0.05"))), discharged_from="2016-07-01"
    )

    assert [each["policy"]["version_from"] for each in (before, after)] == ["2016-01-01", "2016-07-01"]
    assert (listed["state"], listed["stay_count"]) == ("proposed", 1)
    unsigned = (POLICY_FOLDER / "211381.yaml").read_text(encoding="utf-8").replace("    approved_by: ", "    by: ", 1)
    (tmp_path / "211381.yaml").write_text(unsigned, encoding="utf-8")
    with pytest.raises(PolicyFileInvalid):
        load_county(tmp_path / "211381.yaml")
