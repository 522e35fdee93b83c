"""What the tests of clearing ask of the service, and how they read the answers."""

from datetime import UTC, datetime

from common.kit.cause import Cause
from tests.integration.settlement.conftest import COUNTY, HOSPITAL

FUND = "rural_cooperative"
SEPTEMBER, OCTOBER = "2016-09-30", "2016-10-31"
IN_NOVEMBER = datetime(2016, 11, 2, 2, 0, tzinfo=UTC)


def of_fund(*answers, fund=FUND):
    return sum(layer["paid_fen"] for answer in answers for layer in answer["layers"] if layer["fund"] == fund)


async def opened(counter, until=SEPTEMBER, **fields):
    body = {"county": COUNTY, "institution_code": HOSPITAL, "fund": FUND, "until": until} | fields
    return await counter.post("/v1/clearings", counter.bureau, **body)


async def closed(counter, batch):
    answer = await counter.post(f"/v1/clearings/{batch['clearing_id']}/closing", counter.bureau)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def judged(counter, batch, *verdicts):
    said = [
        {"line_no": number, "verdict": verdict, **({} if verdict == "accepted" else {"reason": "病历不全"})}
        for number, verdict in verdicts
    ]
    return await counter.post(f"/v1/clearings/{batch['clearing_id']}/verdicts", counter.bureau, verdicts=said)


async def lines(counter, batch, headers=None):
    return (await counter.get(f"/v1/clearings/{batch['clearing_id']}/lines", headers or counter.bureau)).json()["items"]


async def board(counter, headers=None):
    return (await counter.get("/v1/exposures", headers or counter.bureau)).json()


async def balances(counter, *accounts):
    async with counter.database.unit_of_work(Cause("t")) as uow:
        rows = await uow.connection.exec_driver_sql(
            "SELECT account, sum(amount_fen) AS fen FROM posting GROUP BY account"
        )
        found = {row.account: row.fen for row in rows}
    return [found.get(account, 0) for account in accounts]
