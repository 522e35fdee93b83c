"""The books are sealed day by day, and every kind of tampering is found; who may switch triggers off cannot hide it."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from common.kit.cause import Cause
from services.settlement import books
from services.settlement.adapters.books import blocks

OTHER_DAY = datetime(2016, 9, 13, 2, 0, tzinfo=UTC)
BOTH_SIDES = """
UPDATE posting p SET amount_fen = amount_fen + CASE account WHEN 'patient_share' THEN 5 ELSE -5 END
FROM journal_entry e JOIN settlement s USING (settlement_id)
WHERE e.entry_id = p.entry_id AND s.state = 'settled' AND account IN ('patient_share', 'hospital_charges')
"""
ANOTHER_FUND = """
UPDATE posting p SET account = 'receivable:finance' FROM journal_entry e
WHERE e.entry_id = p.entry_id AND e.kind = 'reversal' AND p.layer = 'basic'
"""


@pytest.fixture
async def booked(counter):
    """Three settlements on two days, one of them reversed, both days sealed."""
    await counter.hold()
    settled = await counter.settle("R1")
    counter.now = OTHER_DAY
    await counter.settle("R2")
    await counter.reverse(settled)
    await counter.settle("R3")
    await books.seal(counter.database, clock=lambda: datetime(2016, 9, 14, 2, 0, tzinfo=UTC))
    return counter


async def tamper(counter, statement):
    """Change what the database refuses to change, as a superuser could."""
    async with counter.database.unit_of_work(Cause("thief")) as uow:
        await uow.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await uow.connection.exec_driver_sql(statement)


async def checks(counter):
    return {line.split(" ")[0] for line in await books.verify(counter.database)}


class TestSeal:
    async def test_takes_finished_days_alone_each_with_the_one_before(self, counter):
        await counter.hold()
        for place in range(3):
            await counter.settle(f"R{place}")
            counter.now += timedelta(days=2)
        just_over = datetime(2016, 9, 16, 16, 59, tzinfo=UTC)

        first = await books.seal(counter.database, clock=lambda: just_over)
        second = await books.seal(counter.database, clock=lambda: just_over)
        third = await books.seal(counter.database, clock=lambda: just_over + timedelta(minutes=1))

        async with counter.database.unit_of_work(Cause("c")) as uow:
            kept = await blocks(uow.connection)
        assert [len(first), len(second), len(third)] == [2, 0, 1]
        assert [block.day for block in kept] == [date(2016, 9, 12), date(2016, 9, 14), date(2016, 9, 16)]
        assert [block.previous_hash for block in kept] == [bytes(32), kept[0].block_hash, kept[1].block_hash]
        assert {block.entry_count for block in kept} == {1}
        assert min(block.debit_fen for block in kept) == 5_200_000

    async def test_twice_at_once_makes_one_chain(self, counter):
        await counter.hold()
        await counter.settle()

        await asyncio.gather(*(books.seal(counter.database, clock=lambda: OTHER_DAY) for _ in range(4)))

        assert await counter.rows("SELECT count(*) FROM day_block") == [(1,)]
        assert await books.verify(counter.database) == []

    async def test_is_kept_for_good(self, booked):
        for statement in ("DELETE FROM day_block", "UPDATE day_block SET entry_count = 9"):
            with pytest.raises(Exception, match="only ever added"):
                await booked.rows(statement)


class TestVerify:
    async def test_finds_nothing_in_sound_books(self, booked):
        assert await booked.rows("SELECT entry_count FROM day_block ORDER BY day") == [(1,), (3,)]
        assert await books.verify(booked.database) == []

    async def test_finds_nothing_where_nothing_was_booked(self, counter):
        assert await books.verify(counter.database) == []

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            (
                "UPDATE posting SET amount_fen = amount_fen + 1 WHERE line_no = 1",
                {"unbalanced", "amounts", "mirrors", "blocks"},
            ),
            (BOTH_SIDES, {"amounts", "blocks"}),
            ("DELETE FROM journal_entry WHERE kind = 'reversal'", {"entries", "mirrors", "blocks"}),
            ("UPDATE settlement SET state = 'settled' WHERE record_no = 'R1'", {"entries", "accumulators"}),
            (ANOTHER_FUND, {"mirrors", "purposes", "blocks"}),
            ("UPDATE settlement_record SET inputs = '{}'", {"inputs"}),
            ("UPDATE accumulator SET paid_fen = paid_fen + 1 WHERE account = 'basic'", {"accumulators"}),
            ("DELETE FROM accumulator WHERE account = 'basic'", {"accumulators"}),
            ("DELETE FROM day_block WHERE day = '2016-09-12'", {"blocks"}),
            ("UPDATE journal_entry SET booked_at = booked_at - interval '3 days' WHERE kind = 'reversal'", {"blocks"}),
        ],
        ids=["one side", "both sides", "no entry", "state", "mirror", "inputs", "more", "gone", "block", "day"],
    )
    async def test_finds_what_was_changed(self, booked, statement, found):
        await tamper(booked, statement)

        assert await checks(booked) == found

    async def test_counts_openings_and_merged_persons(self, booked):
        await tamper(booked, "UPDATE accumulator SET person_id = '00000000-0000-0000-0000-000000000001'")
        before = await checks(booked)

        await tamper(
            booked,
            "UPDATE known_person SET merged_into = '00000000-0000-0000-0000-000000000001' WHERE county = '211381'",
        )

        assert before == {"accumulators"}
        assert await books.verify(booked.database) == []
