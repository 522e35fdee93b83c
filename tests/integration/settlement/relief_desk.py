"""What the tests of relief ask of the service, and how they let the worker book it."""

from common.kit.testing import bearer
from services.settlement.adapters.charts import load_charts
from services.settlement.worker import relieve_step
from tests.integration.settlement.conftest import BILL, COUNTY, ELSEWHERE, FAR_HOSPITAL
from tests.integration.settlement.rerating_desk import POLICIES

FUND, LEDGER = "medical_assistance", "precise_relief"
CHARTS = load_charts(POLICIES)
NAMED = {"document": "核实预警〔2016〕3号", "named_by": "甲"}
APPROVED = {"decision": "approved", "decided_by": "乙", "reason": "领导小组纪要"}
FAR = bearer("his", client_id="h3", institution_code=FAR_HOSPITAL, county=ELSEWHERE)
# 41055.00 of basic and 4850.00 of assistance are 88 % of 52000.00.
FAR_STAY = {
    "county": ELSEWHERE,
    "institution_code": FAR_HOSPITAL,
    "bill": BILL | {"own_expense_fen": 300_000, "in_scope_fen": 4_850_000},
}


def grant(settled, fen=100_000, **fields):
    usual = {
        "settlement_id": settled["settlement_id"],
        "relief_class": "still_heavy",
        "weighed": ["payments_made", "burden", "means"],
        "amount_fen": fen,
        "note": "王某某家三口人患病",
    }
    return usual | fields


def a_plan(*grants, **fields):
    usual = {"county": COUNTY, "fund": FUND, "ledger": LEDGER, "document": "救助方案〔2016〕1号", "proposed_by": "甲"}
    return usual | {"grants": list(grants)} | fields


async def named(counter, settled, headers=None):
    """Let the bureau name a stay as a case."""
    answer = await counter.post(
        "/v1/gap-cases", headers or counter.bureau, settlement_id=settled["settlement_id"], **NAMED
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def heavy(counter, record_no="R1", **fields):
    """Settle a stay and name it as a case."""
    settled = await counter.settle(record_no, **fields)
    await named(counter, settled)
    return settled


async def cases(counter, headers=None, **query):
    return (await counter.get("/v1/gap-cases", headers or counter.bureau, **query)).json()["items"]


async def give(counter, fen=1_000_000, *, ledger=LEDGER, **fields):
    """Give the fund, or its sub-ledger, money for the year."""
    body = {
        "county": COUNTY,
        "year": 2016,
        "effective_on": "2016-01-01",
        "amount_fen": fen,
        "source": "财社〔2016〕1号",
    }
    answer = await counter.post(
        f"/v1/funds/{FUND}/budgets", counter.bureau, **body | ({"ledger": ledger} if ledger else {}) | fields
    )
    assert answer.status_code == 201, answer.text


async def planned(counter, *grants, **fields):
    answer = await counter.post("/v1/relief-plans", counter.bureau, **a_plan(*grants, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def approved(counter, *grants, **fields):
    """Put a plan forward and let the second person approve it."""
    plan = await planned(counter, *grants, **fields)
    answer = await decided(counter, plan)
    assert answer.status_code == 200, answer.text
    return plan


async def decided(counter, plan, **fields):
    return await counter.post(f"/v1/relief-plans/{plan['plan_id']}/decision", counter.bureau, **APPROVED | fields)


async def work(counter, charts=CHARTS):
    """Let the worker book until nothing moves."""
    while await relieve_step(counter.database, charts=charts, clock=lambda: counter.now):
        pass


async def results(counter, plan):
    """Return what became of each grant of a plan."""
    answer = await counter.get(f"/v1/relief-plans/{plan['plan_id']}", counter.bureau)
    return [each["result"] for each in answer.json()["grants"]]


async def relief(counter, settled, headers=None):
    return await counter.get(f"/v1/settlements/{settled['settlement_id']}/relief", headers)


async def share(counter, settled):
    """Return what the journal says the patient bears of a stay."""
    found = await counter.rows(
        "SELECT sum(amount_fen)::bigint FROM posting JOIN journal_entry USING (entry_id) "  # noqa: S608 - ours
        f"WHERE account = 'patient_share' AND settlement_id = '{settled['settlement_id']}'"
    )
    return found[0][0]
