"""What follows a correction: its reversal, its clearing, its races with the counter, its interruption."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from services.settlement import books
from services.settlement.adapters import settlements
from tests.integration.settlement.clearing_desk import IN_NOVEMBER, OCTOBER, SEPTEMBER, of_fund
from tests.integration.settlement.clearing_desk import closed as clearing_closed
from tests.integration.settlement.clearing_desk import lines as clearing_lines
from tests.integration.settlement.clearing_desk import opened as clearing_opened
from tests.integration.settlement.conftest import BILL
from tests.integration.settlement.rerating_desk import (
    YEAR,
    booked,
    case,
    corrections,
    decided,
    lines,
    opened,
    withdraw_all,
    work,
)

IN_OCTOBER = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)
FUND = "rural_cooperative"
ANOTHER_AMOUNT = """
UPDATE posting p SET amount_fen = amount_fen + CASE account WHEN 'patient_share' THEN 5 ELSE -5 END FROM journal_entry e
WHERE e.entry_id = p.entry_id AND e.kind = 'correction_1' AND (account = 'patient_share' OR p.line_no = 1)
"""


@pytest.fixture
async def late(counter):
    """A stay settled as ordinary whose patient turns out to have been on the list."""
    settled = await counter.settle("R1")
    await counter.hold()
    return settled


async def receivable(counter):
    [(fen,)] = await counter.rows(
        "SELECT coalesce(sum(amount_fen), 0)::bigint FROM posting WHERE account LIKE 'receiv%'"
    )
    return fen


class TestReversal:
    async def test_takes_the_corrections_back_as_well(self, counter, late):
        await booked(counter, await opened(counter))
        [correction] = await corrections(counter, late)

        await counter.reverse(late)

        left = await counter.rows("SELECT account FROM posting GROUP BY account, layer HAVING sum(amount_fen) <> 0")
        moved = await counter.rows(
            "SELECT account FROM accumulator WHERE (base_fen, paid_fen, stay_count) <> (0, 0, 0)"
        )
        [(told,)] = await counter.rows(
            "SELECT convert_from(data, 'UTF8')::json FROM outbox_event WHERE type = 'settlement.settlement_reversed.v1'"
        )
        assert (left, moved) == ([], [])
        assert told["patient_pays_fen"] == -correction["result"]["patient_pays_fen"]
        assert await books.verify(counter.database) == []
        [shown] = await corrections(counter, late)
        assert shown["result"]["state"] == "reversed"

    async def test_of_a_stay_corrected_twice(self, counter, late):
        await booked(counter, await opened(counter))
        await withdraw_all(counter)
        await booked(counter, await opened(counter))

        assert [each["patient_fen"] > 0 for each in await corrections(counter, late)] == [False, True]
        assert await books.verify(counter.database) == []
        await counter.reverse(late)
        assert await receivable(counter) == 0
        assert await books.verify(counter.database) == []


class TestClearing:
    async def test_of_a_correction_is_a_line_of_the_next_batch_and_so_is_its_reversal(self, counter, late):
        counter.now = IN_OCTOBER
        first = (await clearing_opened(counter)).json()
        await clearing_closed(counter, first)
        done = await booked(counter, await opened(counter))
        more = {each["fund"]: each["fen"] for each in done["funds"]}[FUND]

        counter.now = IN_NOVEMBER
        second = (await clearing_opened(counter, until=OCTOBER)).json()
        await clearing_closed(counter, second)
        await counter.reverse(late)
        counter.now = datetime(2016, 12, 2, 2, 0, tzinfo=UTC)
        third = (await clearing_opened(counter, until="2016-11-30")).json()
        await clearing_closed(counter, third)

        shown = [
            [(each["kind"], each["amount_fen"]) for each in await clearing_lines(counter, batch)]
            for batch in (first, second, third)
        ]
        paid = of_fund(late)
        assert shown == [
            [("settlement", paid)],
            [("correction_1", more)],
            [("correction_1_reversal", -more), ("reversal", -paid)],
        ]
        assert (await counter.get("/v1/exposures", counter.bureau)).json()["owed_fen"] == await receivable(counter)
        assert await books.verify(counter.database) == []

    async def test_leaves_what_was_reversed_before_it_was_cleared(self, counter, late):
        await booked(counter, await opened(counter))
        await counter.reverse(late)
        counter.now = IN_OCTOBER

        answer = await clearing_opened(counter, until=SEPTEMBER)

        assert answer.json()["code"] == "clearing_empty"

    async def test_is_in_the_statement_of_the_fund(self, counter, late):
        done = await booked(counter, await opened(counter))
        more = {each["fund"]: each["fen"] for each in done["funds"]}[FUND]

        statement = await counter.get(
            f"/v1/funds/{FUND}/statement",
            counter.bureau,
            **{"county": "211381", "from": "2016-09-01", "to": "2016-09-30"},
        )

        assert statement.json()["booked_fen"] == of_fund(late) + more


class TestInterruption:
    async def test_leaves_a_person_whole_or_untouched(self, counter, late, monkeypatch):
        told = await opened(counter)
        await decided(counter, told)
        entering = settlements.enter

        async def cut(*_args, **_named):
            raise ConnectionError

        monkeypatch.setattr(settlements, "enter", cut)
        with pytest.raises(ConnectionError):
            await work(counter)
        before = await corrections(counter, late)
        monkeypatch.setattr(settlements, "enter", entering)
        await work(counter)

        assert before == []
        assert len(await corrections(counter, late)) == 1
        assert (await case(counter, told))["state"] == "booked"

    async def test_two_workers_book_once(self, counter, late):
        told = await opened(counter)
        await decided(counter, told)

        await asyncio.gather(*(work(counter) for _ in range(4)))
        await work(counter)

        assert len(await corrections(counter, late)) == 1
        assert await books.verify(counter.database) == []


class TestRaces:
    @pytest.mark.parametrize("seed", range(6))
    async def test_with_stays_and_reversals_keep_the_books_sound(self, counter, late, seed):
        """Whoever comes first, the books agree and a later look finds nothing that was forgotten."""
        told = await opened(counter)
        await decided(counter, told)
        deeds = [
            work(counter),
            counter.settle("R2", bill=BILL),
            counter.reverse(late),
            counter.settle("R3", bill=BILL),
        ]
        turned = deeds[seed % 4 :] + deeds[: seed % 4]
        if seed >= 4:
            deeds[2].close()
            turned = [each for each in turned if each is not deeds[2]]

        await asyncio.gather(*turned)
        await work(counter)

        assert await books.verify(counter.database) == []
        assert (await case(counter, told))["state"] == "booked"
        assert (await opened(counter, **YEAR))["outcomes"] == []


@pytest.mark.usefixtures("late")
class TestTheDatabase:
    @pytest.mark.parametrize("change", ["UPDATE correction SET ordinal = 2", "DELETE FROM rerating_line"])
    async def test_refuses_to_change_what_was_booked(self, counter, change):
        await booked(counter, await opened(counter))

        with pytest.raises(DBAPIError):
            await counter.rows(change)

    @pytest.mark.parametrize(
        "harm",
        [
            ANOTHER_AMOUNT,
            "DELETE FROM correction",
            "UPDATE correction SET changes = '{}'",
        ],
        ids=["another amount", "no correction", "other changes"],
    )
    async def test_harm_is_found(self, counter, harm):
        await booked(counter, await opened(counter))
        async with counter.database.engine.begin() as connection:
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            await connection.exec_driver_sql(harm)

        assert await books.verify(counter.database) != []


async def test_a_stay_that_carries_on_is_charged_after_the_corrected_start_line(counter, late):
    """The start line that the earlier stay was charged is that of its newest result."""
    await booked(counter, await opened(counter))
    found = await corrections(counter, late)
    carried = await counter.settle(
        "R2", continues={"kind": "transfer", "institution_code": late["institution_code"], "record_no": "R1"}
    )

    [(charged,)] = await counter.rows(
        "SELECT inputs->'charged_before_fen' FROM settlement_record "  # noqa: S608 - ours
        f"WHERE settlement_id = '{carried['settlement_id']}'"
    )
    sums = {}
    for layer in found[-1]["result"]["layers"]:
        sums[layer["layer"]] = sums.get(layer["layer"], 0) + layer["deductible_fen"]
    assert charged == sums
    assert [line["record_no"] for line in await lines(counter, await opened(counter))] == []
