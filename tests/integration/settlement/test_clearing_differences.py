"""Hospital and county disagree on records of a batch: these are listed and wait, the rest is cleared (SE-8)."""

import asyncio

import pytest

from services.settlement import books
from tests.integration.settlement.clearing_desk import (
    IN_NOVEMBER,
    OCTOBER,
    closed,
    judged,
    lines,
    of_fund,
    opened,
)
from tests.integration.settlement.rerating_desk import booked
from tests.integration.settlement.rerating_desk import opened as rerated


def declared(*answers, **otherwise):
    """Return what a hospital declares of stays: as they stand, or otherwise by record number."""
    records = {answer["record_no"]: of_fund(answer) for answer in answers} | otherwise
    return [{"record_no": number, "amount_fen": fen} for number, fen in records.items() if fen is not None]


async def whole(counter, batch):
    return (await counter.get(f"/v1/clearings/{batch['clearing_id']}", counter.bureau)).json()


class TestDifferences:
    async def test_are_listed_and_wait_while_the_rest_is_paid(self, counter, settled):
        first, second, third = settled
        said = declared(first, R2=of_fund(second) + 1, R3=None, R9=500)

        batch = (await opened(counter, declared_records=said)).json()
        done = await closed(counter, batch)

        assert batch["differences"] == [
            {
                "record_no": "R2",
                "ours_fen": of_fund(second),
                "declared_fen": of_fund(second) + 1,
                "reason": "amount_differs",
            },
            {"record_no": "R3", "ours_fen": of_fund(third), "declared_fen": None, "reason": "not_declared"},
            {"record_no": "R9", "ours_fen": None, "declared_fen": 500, "reason": "not_owed"},
        ]
        assert (done["accepted_fen"], done["postponed_fen"]) == (of_fund(first), of_fund(second, third))
        assert (await whole(counter, batch))["differences"] == batch["differences"]
        assert await books.verify(counter.database) == []

    async def test_wait_for_this_batch_before_another_may_take_them(self, counter, settled):
        await opened(counter, declared_records=declared(settled[0]))

        answer = await opened(counter)

        assert (answer.status_code, answer.json()["code"]) == (409, "clearing_empty")

    async def test_come_with_the_next_batch_once_both_sides_agree(self, counter, settled):
        batch = (await opened(counter, declared_records=declared(settled[0], settled[1]))).json()
        await closed(counter, batch)
        counter.now = IN_NOVEMBER

        again = (await opened(counter, OCTOBER, declared_records=declared(settled[2]))).json()

        assert (again["line_count"], again["sum_fen"], again["differences"]) == (1, of_fund(settled[2]), [])

    async def test_may_be_judged_otherwise_before_the_batch_is_closed(self, counter, settled):
        batch = (await opened(counter, declared_records=declared(*settled[:2]))).json()
        [line] = [each for each in await lines(counter, batch) if each["record_no"] == "R3"]
        answer = await judged(counter, batch, (line["line_no"], "accepted"))
        done = await closed(counter, batch)

        assert (line["verdict"], line["reason"]) == ("postponed", "与机构申报不符: not_declared")
        assert answer.status_code == 200
        assert done["accepted_fen"] == of_fund(*settled)

    async def test_of_none_leave_the_batch_as_it_is(self, counter, settled):
        batch = (await opened(counter, declared_records=declared(*settled))).json()

        assert (batch["differences"], batch["line_count"]) == ([], 3)
        assert (await closed(counter, batch))["accepted_fen"] == of_fund(*settled)

    async def test_of_a_corrected_record_count_all_its_lines_together(self, counter):
        late = await counter.settle("R1")
        other = await counter.settle("R2")
        await counter.hold()
        await booked(counter, await rerated(counter))
        counter.now = IN_NOVEMBER
        owed = await counter.rows(
            "SELECT sum(amount_fen)::bigint FROM posting JOIN journal_entry USING (entry_id) "
            "JOIN settlement USING (settlement_id) WHERE record_no = 'R1' AND account = 'receivable:rural_cooperative'"
        )

        batch = (await opened(counter, OCTOBER, declared_records=declared(late, other, R1=owed[0][0], R2=None))).json()

        assert [each["record_no"] for each in batch["differences"]] == ["R2"]


class TestRefused:
    async def test_when_no_record_agrees_nothing_is_kept(self, counter, settled):
        answer = await opened(counter, declared_records=declared(**{each["record_no"]: 1 for each in settled}))

        assert (answer.status_code, answer.json()["code"]) == (409, "declaration_differs")
        assert await counter.rows("SELECT (SELECT count(*) FROM clearing), (SELECT count(*) FROM clearing_line)") == [
            (0, 0)
        ]

    @pytest.mark.parametrize(
        "fields",
        [
            {"declared_records": []},
            {"declared_records": [{"record_no": "R1", "amount_fen": 1}] * 2},
            {"declared_records": [{"record_no": "R1", "amount_fen": 1.5}]},
            {"declared_records": [{"record_no": "", "amount_fen": 1}]},
            {"declared_records": [{"record_no": "R1"}]},
            {
                "declared_records": [{"record_no": "R1", "amount_fen": 1}],
                "declared": {"line_count": 1, "sum_fen": 1},
            },
        ],
        ids=["none", "twice", "no fen", "no number", "no amount", "two ways"],
    )
    async def test_of_no_form(self, counter, settled, fields):
        assert settled
        answer = await opened(counter, **fields)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    async def test_a_list_is_never_changed(self, counter, settled):
        await opened(counter, declared_records=declared(settled[0]))

        for statement in ("DELETE FROM clearing_difference", "UPDATE clearing_difference SET ours_fen = 1"):
            with pytest.raises(Exception, match="only ever added"):
                await counter.rows(statement)

    async def test_the_same_call_at_the_same_moment_opens_one_batch(self, counter, settled):
        calls = (opened(counter, declared_records=declared(settled[0])) for _ in range(5))

        answers = await asyncio.gather(*calls)

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
        assert await counter.rows("SELECT count(*) FROM clearing") == [(1,)]
