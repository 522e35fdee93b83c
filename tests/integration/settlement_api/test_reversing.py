"""Reversal by id and by record number: mirrored to the fen, once, and only by the hospital itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    HOSPITAL,
    OTHER_HOSPITAL,
    a_bill,
    a_person,
    a_stay,
    amounts_of,
    refusal_of,
)

ALLOWANCE = "allowance_recipient"
_POSTINGS = """
SELECT entry.entry_id::text, entry.kind, posting.account, posting.amount_fen
FROM journal_entry entry JOIN posting USING (entry_id) WHERE entry.settlement_id = CAST(:settlement_id AS uuid)
"""


async def _by_record(window: Window, record_no: str, code: str = HOSPITAL, *, reason: str = "未收到应答"):
    return await window.post("/v1/reversals", {"record_no": record_no, "reason": reason}, window.hospital(code))


async def test_a_reversal_is_told_once_and_repeated_with_the_same(window: Window) -> None:
    settled = await window.settle()

    first = await window.reverse(settled, reason="录错")
    stored = await window.row_counts()
    again = await window.reverse(settled, reason="另一个理由")
    by_record = await _by_record(window, settled["record_no"])

    told = first.json()
    assert first.status_code == 201
    assert set(told) == {"reversal_id", "settlement_id", "state", "reversed_at"}
    assert (told["settlement_id"], told["state"]) == (settled["settlement_id"], "reversed")
    assert told["reversed_at"] == "2017-06-01T02:00:00Z"
    assert [(each.status_code, each.json()) for each in (again, by_record)] == [(200, told)] * 2
    kept = {name: rows for name, rows in (await window.row_counts()).items() if name != "idempotency_record"}
    assert kept == {name: rows for name, rows in stored.items() if name != "idempotency_record"}
    assert await window.sql("SELECT reason FROM reversal") == [("录错",)]
    read = await window.get(f"/v1/settlements/{settled['settlement_id']}", window.hospital(HOSPITAL))
    assert read.json() == settled | {"state": "reversed"}


async def test_a_reversal_s_key_replays_byte_for_byte(window: Window) -> None:
    settled = await window.settle()

    first = await window.reverse(settled, key="k")
    again = await window.reverse(settled, key="k")
    other = await window.reverse(settled, key="k", reason="另一个理由")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert refusal_of(other) == (422, "idempotency_key_reused")


async def test_by_record_number_the_live_attempt_is_reversed(window: Window) -> None:
    stay = a_stay(record_no="R1")
    first = await window.settle(stay)
    undone = await _by_record(window, "R1")
    second = await window.settle(stay)
    redone = await _by_record(window, "R1")

    assert (undone.status_code, undone.json()["settlement_id"]) == (201, first["settlement_id"])
    assert (redone.status_code, redone.json()["settlement_id"]) == (201, second["settlement_id"])


async def test_what_is_not_there_or_somebody_else_s_is_not_found(window: Window) -> None:
    settled = await window.settle()
    stored = await window.row_counts()
    foreign = window.hospital(OTHER_HOSPITAL)
    reason = {"reason": "录错"}

    refusals = {
        "unknown id": await window.post(f"/v1/settlements/{uuid4()}/reversal", reason, window.hospital(HOSPITAL)),
        "foreign id": await window.post(f"/v1/settlements/{settled['settlement_id']}/reversal", reason, foreign),
        "unknown record": await _by_record(window, "nobody"),
        "foreign record": await _by_record(window, settled["record_no"], OTHER_HOSPITAL),
    }

    assert {name: refusal_of(each) for name, each in refusals.items()} == dict.fromkeys(refusals, (404, "not_found"))
    assert await window.row_counts() == stored
    assert "repeat" in refusals["unknown record"].json()["detail"]


async def test_the_journal_of_a_reversed_settlement_sums_to_zero_on_every_account(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    settled = await window.settle(a_stay(person))
    booked = await window.sql(_POSTINGS, settlement_id=settled["settlement_id"])
    await window.reverse(settled)

    both = await window.sql(_POSTINGS, settlement_id=settled["settlement_id"])

    by_entry, by_account, one_sided = Counter(), Counter(), Counter()
    for entry_id, kind, account, amount in both:
        by_entry[entry_id] += amount
        by_account[account] += amount
        one_sided[kind] += max(amount, 0)
    assert len(by_entry) == 2
    assert set(by_entry.values()) == {0}
    assert set(by_account.values()) == {0}
    assert len(set(one_sided.values())) == 1
    mirrored = sorted((account, -amount) for _, kind, account, amount in both if kind == "reversal")
    assert mirrored == sorted((account, amount) for _, _, account, amount in booked)
    by_account = Counter()
    for *_, account, amount in booked:
        by_account[account] += amount
    paid = {f"receivable:{layer['fund']}": layer["paid_fen"] for layer in settled["layers"]}
    assert by_account == paid | {
        "patient_share": settled["patient_pays_fen"],
        "hospital_charges": -settled["total_fen"],
    }


async def test_accumulators_return_to_what_they_were(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    await window.settle(a_stay(person, bill=a_bill("100000")))
    before = await window.accumulated(person.person_id)
    stay = a_stay(person, bill=a_bill("100000"))
    second = await window.settle(stay)

    await window.reverse(second)

    assert await window.accumulated(person.person_id) == before
    assert amounts_of(await window.settle(stay)) == amounts_of(second)


async def test_an_earlier_stay_s_reversal_leaves_the_later_one_s_share(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    first, second = [await window.settle(a_stay(person, bill=a_bill("100000"))) for _ in range(2)]

    await window.reverse(first)

    left = await window.accumulated(person.person_id)
    paid = {layer["layer"]: layer["paid_fen"] for layer in second["layers"]}
    assert {account: balance[2] for (_, account), balance in left.items()} == paid
    await window.reverse(second)
    assert await window.accumulated(person.person_id) == {}


async def test_reversals_at_the_same_moment_make_one(window: Window) -> None:
    settled = await window.settle()

    answers = await asyncio.gather(
        *(window.reverse(settled) for _ in range(5)), *(_by_record(window, settled["record_no"]) for _ in range(5))
    )

    done = [each for each in answers if each.status_code in {200, 201}]
    assert [each.status_code for each in done].count(201) == 1
    assert len({each.json()["reversal_id"] for each in done}) == 1
    assert {refusal_of(each) for each in answers if each not in done} <= {(409, "in_progress")}
    counts = await window.row_counts()
    assert (counts["reversal"], counts["journal_entry"], counts["outbox_event"]) == (1, 2, 2)


async def test_what_was_booked_cannot_be_changed_by_sql(window: Window) -> None:
    settled = await window.settle()
    await window.reverse(settled)
    columns = {
        "journal_entry": "kind",
        "posting": "amount_fen",
        "settlement_record": "inputs_hash",
        "reversal": "reason",
    }
    changes = ("UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE")

    for table, column in columns.items():
        for change in changes:
            with pytest.raises(DBAPIError, match="only ever added"):
                await window.sql(change.format(table=table, column=column))
