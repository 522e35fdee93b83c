"""What a tilt for the poor costs is booked apart, on the sub-ledger that pays for it, and undone with the stay."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from common.kit.cause import Cause
from common.kit.sealing import Seal
from services.settlement.usecases.assess_discharge import Rules
from services.settlement.usecases.rate_persons import Rating
from services.settlement.usecases.verify_books import verify_books
from tests.integration.settlement.conftest import COUNTY, PERSON_KEY
from tests.integration.settlement.relief_desk import CHARTS
from tests.integration.settlement.rerating_desk import POLICIES, TERMS, booked, categorise, opened, withdraw_all

# Worked by hand: in_scope 50000, county hospital. Tilted 80 %: 39760; general 70 %: 34790. Critical illness tilted
# (10240 - 5000) x 70 % = 3668; general (15210 - 10000) x 50 % = 2605.
BASIC, CRITICAL = 497_000, 106_300
LEDGERS = {"rural_cooperative": "poverty_subsidy", "critical_illness_insurer": "poverty_premium"}


def rating(county):
    return Rating(Rules(POLICIES, PERSON_KEY, CHARTS), Seal(bytes(32)), TERMS.of(county).waive_up_to)


async def on_ledgers(counter):
    """Return fund -> what its sub-ledger bears in the year, and what the fund bears itself."""
    found = {}
    for fund, ledger in LEDGERS.items():
        answer = await counter.get(f"/v1/funds/{fund}/budgets", counter.bureau, county=COUNTY, year=2016)
        accounts = {each["ledger"]: each for each in answer.json()["accounts"]}
        assert sum(each["booked_fen"] for each in accounts.values()) == answer.json()["booked_fen"]
        found[fund] = (accounts[ledger]["booked_fen"], accounts[None]["booked_fen"])
    return found


async def findings(counter):
    async with counter.database.unit_of_work(Cause("test")) as uow:
        return await verify_books(uow, charts=CHARTS)


async def test_a_tilt_is_booked_on_the_sub_ledger_that_pays_for_it(counter):
    await counter.hold()

    settled = await counter.settle()

    assert [each["paid_fen"] for each in settled["layers"]] == [3_976_000, 366_800, 0]
    assert await on_ledgers(counter) == {
        "rural_cooperative": (BASIC, 3_976_000 - BASIC),
        "critical_illness_insurer": (CRITICAL, 366_800 - CRITICAL),
    }
    assert await findings(counter) == []


async def test_whom_the_general_rule_meets_costs_no_sub_ledger_anything(counter):
    settled = await counter.settle()

    assert settled["entitlement"]["benefit_class"] == "ordinary"
    assert await on_ledgers(counter) == {
        "rural_cooperative": (0, 3_479_000),
        "critical_illness_insurer": (0, 260_500),
    }


async def test_a_statement_shows_what_of_each_line_is_earmarked(counter):
    await counter.hold()
    settled = await counter.settle()
    await counter.reverse(settled)

    answer = await counter.get(
        "/v1/funds/rural_cooperative/statement",
        counter.bureau,
        county=COUNTY,
        **{"from": "2016-09-01", "to": "2016-09-30"},
    )

    told = [(each["amount_fen"], each["ledger"], each["earmarked_fen"]) for each in answer.json()["items"]]
    assert sorted(told) == [(-3_976_000, "poverty_subsidy", -BASIC), (3_976_000, "poverty_subsidy", BASIC)]


async def test_a_reversal_empties_the_sub_ledger_again(counter):
    await counter.hold()
    settled = await counter.settle()

    await counter.reverse(settled)

    assert await on_ledgers(counter) == {"rural_cooperative": (0, 0), "critical_illness_insurer": (0, 0)}
    assert await findings(counter) == []


async def test_a_layer_that_pays_less_because_of_the_tilt_before_it_gives_to_the_sub_ledger(counter):
    """The second stay of the year: tilted 10240 x 70 % = 7168; general, met by the same year, 15210 x 50 % = 7605."""
    await counter.hold()
    await counter.settle("R1")

    await counter.settle("R2")

    basic, critical = (await on_ledgers(counter)).values()
    assert basic == (2 * BASIC, 2 * (3_976_000 - BASIC))
    assert critical == (CRITICAL + 716_800 - 760_500, 366_800 - CRITICAL + 760_500)
    assert await findings(counter) == []


@pytest.mark.parametrize("is_late", [True, False])
async def test_a_correction_moves_what_the_tilt_turns_out_to_cost(counter, is_late):
    await counter.hold()
    if is_late:
        await withdraw_all(counter)
    settled = await counter.settle()
    assert (await on_ledgers(counter))["rural_cooperative"][0] == (0 if is_late else BASIC)
    if is_late:
        await categorise(counter, withdrawn=False)
    else:
        await withdraw_all(counter)
    counter.now = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)

    await booked(counter, await opened(counter, rating), rating)

    assert await on_ledgers(counter) == {
        "rural_cooperative": (BASIC, 3_976_000 - BASIC) if is_late else (0, 3_479_000),
        "critical_illness_insurer": (CRITICAL, 366_800 - CRITICAL) if is_late else (0, 260_500),
    }
    await counter.reverse(settled)
    assert await on_ledgers(counter) == {"rural_cooperative": (0, 0), "critical_illness_insurer": (0, 0)}
    assert await findings(counter) == []


async def test_a_posting_on_a_sub_ledger_of_another_purpose_is_found(counter):
    await counter.hold()
    await counter.settle()
    async with counter.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE posting DISABLE TRIGGER ALL"))
        await connection.execute(text("UPDATE posting SET ledger = 'poverty_premium' WHERE ledger = 'poverty_subsidy'"))
        await connection.execute(text("ALTER TABLE posting ENABLE TRIGGER ALL"))

    assert [(each.check, each.subject) for each in await findings(counter)] == [
        ("purposes", "211381 rural_cooperative poverty_premium")
    ]
