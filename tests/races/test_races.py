"""Calls that meet: identical discharges, two hospitals at a cap, a reversal and its repeat, and whatever a seed draws.

RACES says how many interleavings are drawn (500), RACES_SEED from where on.
"""

from __future__ import annotations

import asyncio
import os

import pytest

from services.settlement.adapters import accumulators, settlements
from services.settlement.usecases import reverse_settlement
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import a_bill, a_person, a_stay, amounts_of, refusal_of
from tests.races.books import faults_of
from tests.races.interleaving import Story, Teller, begin

RACES = int(os.environ.get("RACES", "500"))
FIRST_SEED = int(os.environ.get("RACES_SEED", "20160912"))
CHUNK = 50
AT_ONCE = 3
STORIES = range(20160912, 20160937)
"""Seeds whose stories show a broken build."""


async def told(window: Window, seeds: range) -> list[Story]:
    """Tell the stories of the seeds, some persons beside each other."""
    stories = [begin(seed) for seed in seeds]
    left = iter(stories)

    async def work() -> None:
        for story in left:
            await Teller(window, story).tell()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return stories


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + RACES, CHUNK))
async def test_after_any_interleaving_the_books_are_right(window: Window, first: int) -> None:
    stories = await told(window, range(first, min(first + CHUNK, FIRST_SEED + RACES)))

    assert await faults_of(window, stories) == []
    assert (await window.sql("SELECT coalesce(sum(amount_fen), 0) FROM posting"))[0][0] == 0


class TestTheCheck:
    """The same stories and the same check on broken builds: each must be found."""

    async def test_finds_accounts_that_are_read_without_a_lock(
        self, window: Window, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        locking = accumulators.lock_balances

        async def unlocked(connection, *, accounts, **whose):
            await connection.exec_driver_sql("SAVEPOINT peek")
            held = await locking(connection, accounts=accounts, **whose)
            await connection.exec_driver_sql("ROLLBACK TO SAVEPOINT peek")
            return held

        monkeypatch.setattr(accumulators, "lock_balances", unlocked)

        faults = await faults_of(window, await told(window, STORIES))

        assert [fault for fault in faults if "instead of" in fault or "accumulated" in fault]

    async def test_finds_records_that_nobody_holds(self, window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
        async def not_held(*_: object, **__: object) -> bool:
            return True

        monkeypatch.setattr(settlements, "hold_record", not_held)

        faults = await faults_of(window, await told(window, STORIES))

        assert [fault for fault in faults if "settle is told 500" in fault]

    async def test_finds_reversals_that_do_not_wait_for_each_other(
        self, window: Window, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finding = settlements.find

        async def unheld(connection, settlement_id, *, lock=False):
            assert lock in {True, False}
            return await finding(connection, settlement_id)

        async def not_held(*_words: object) -> None:
            pass

        monkeypatch.setattr(settlements, "find", unheld)
        monkeypatch.setattr(reverse_settlement, "hold", not_held)

        faults = await faults_of(window, await told(window, STORIES))

        assert [fault for fault in faults if "undo is told 500" in fault or "accumulated" in fault]


@pytest.mark.parametrize("keys", [["k"] * 10, [f"k{number}" for number in range(10)]], ids=["one key", "ten keys"])
async def test_ten_identical_discharges_at_once_are_one_settlement(window: Window, keys: list[str]) -> None:
    stay = a_stay()

    answers = await asyncio.gather(*(window.discharge(stay, key=key) for key in keys))

    good = [each for each in answers if each.is_success]
    assert len({each.json()["settlement_id"] for each in good}) == 1
    assert {refusal_of(each) for each in answers if not each.is_success} <= {(409, "in_progress")}
    counts = await window.row_counts()
    assert [counts[table] for table in ("settlement", "discharge", "journal_entry", "outbox_event")] == [1, 1, 1, 1]


async def test_two_hospitals_at_the_same_instant_never_pass_the_yearly_cap(window: Window) -> None:
    for turn in range(10):
        person = a_person(turn + 1)
        stays = [a_stay(person, level=level, bill=a_bill("200000")) for level in ("county", "prefecture")]

        answers = await asyncio.gather(*(window.discharge(stay) for stay in stays))

        # County first: 199700 x 70 % = 139790, then what is left of 150000; prefecture first: 199400 x 55 % = 109670,
        # then 150000 - 109670 of the other's 139790. Either way the fund pays the cap, to the fen.
        basic = {amounts_of(each.json())[1]["basic"] for each in answers}
        assert basic in ({"139790.00", "10210.00"}, {"109670.00", "40330.00"})


async def test_a_reversal_that_meets_its_repeats_moves_money_once(window: Window) -> None:
    settled = await window.settle(a_stay())

    answers = await asyncio.gather(*(window.reverse(settled, key=f"r{number % 5}") for number in range(10)))

    good = [each for each in answers if each.is_success]
    assert len({each.json()["reversal_id"] for each in good}) == 1
    assert {refusal_of(each) for each in answers if not each.is_success} <= {(409, "in_progress")}
    assert await window.accumulated(settled["person_id"]) == {}
    counts = await window.row_counts()
    assert [counts[table] for table in ("reversal", "journal_entry", "outbox_event")] == [1, 2, 2]
