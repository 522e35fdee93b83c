"""Idempotency by key, the one live settlement per record number, and calls at the same moment."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    HOSPITAL,
    OTHER_HOSPITAL,
    UNLISTED,
    a_bill,
    a_line,
    a_person,
    a_stay,
    amounts_of,
    refusal_of,
)

ALLOWANCE = "allowance_recipient"


async def test_the_same_key_and_body_get_the_first_answer_byte_for_byte(window: Window) -> None:
    stay = a_stay(await window.register(a_person(), ALLOWANCE))
    first = await window.discharge(stay, key="k")
    stored = await window.row_counts()
    window.now = datetime(2017, 7, 1, tzinfo=UTC)

    again = await window.discharge(dict(reversed(stay.items())), key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await window.row_counts() == stored


async def test_a_replay_shows_the_answer_of_its_time_even_after_a_reversal(window: Window) -> None:
    stay = a_stay()
    first = await window.discharge(stay, key="k")
    await window.reverse(first.json())

    again = await window.discharge(stay, key="k")

    assert (again.status_code, again.content) == (201, first.content)


async def test_the_same_key_with_another_body_is_refused(window: Window) -> None:
    stay = a_stay()
    await window.discharge(stay, key="k")
    stored = await window.row_counts()

    other = [
        await window.discharge(stay | {"bill": a_bill("50000.01")}, key="k"),
        await window.discharge(a_stay(), key="k"),
    ]

    assert [refusal_of(each) for each in other] == [(422, "idempotency_key_reused")] * 2
    assert await window.row_counts() == stored


async def test_a_key_belongs_to_one_client(window: Window) -> None:
    first = await window.discharge(a_stay(), key="k")
    other = await window.discharge(a_stay(institution_code=OTHER_HOSPITAL), key="k")

    assert [first.status_code, other.status_code] == [201, 201]


async def test_a_refused_call_frees_its_key(window: Window) -> None:
    stored = await window.row_counts()
    refused = [
        await window.discharge(a_stay(on="2015-12-31"), key="k"),
        await window.discharge(a_stay(bill=a_bill(total_fen=1)), key="k"),
        await window.discharge(a_stay(record_no=7), key="k"),
    ]
    assert [refusal_of(each) for each in refused] == [
        (409, "policy_not_in_force"),
        (422, "bill_inconsistent"),
        (422, "malformed_body"),
    ]
    assert await window.row_counts() == stored

    answer = await window.discharge(a_stay(), key="k")

    assert answer.status_code == 201


async def test_every_post_that_moves_money_asks_for_a_key(window: Window) -> None:
    settled = await window.settle()
    stored = await window.row_counts()
    moving = {
        "/v1/discharges": a_stay(),
        "/v1/reversals": {"record_no": settled["record_no"], "reason": "录错"},
        f"/v1/settlements/{settled['settlement_id']}/reversal": {"reason": "录错"},
    }
    ill_formed = ([], [""], ["k" * 129], ["键"], ["a\tb"], ["a", "b"])

    for path, body in moving.items():
        for keys in ill_formed:
            headers = window.hospital(HOSPITAL) | {"Content-Type": "application/json"}
            sent = [*headers.items(), *(("Idempotency-Key", key) for key in keys)]
            raw = [(name.encode(), value.encode()) for name, value in sent]
            answer = await window.client.post(path, content=json.dumps(body).encode(), headers=raw)
            assert refusal_of(answer) == (400, "idempotency_key_missing"), (path, keys)

    assert await window.row_counts() == stored


async def test_a_key_may_be_128_printable_characters(window: Window) -> None:
    key = "".join(chr(code) for code in range(0x21, 0x7F)).ljust(128, "~")
    stay = a_stay()

    first = await window.discharge(stay, key=key)
    again = await window.discharge(stay, key=key)

    assert (first.status_code, again.headers.get("idempotent-replayed")) == (201, "true")


async def test_an_equal_body_under_a_new_key_is_answered_with_the_live_settlement(window: Window) -> None:
    person = a_person(next(order for order in range(1, 999) if a_person(order).number.endswith("X")))
    stay = a_stay(person)
    first = await window.settle(stay)
    equal = [
        dict(reversed(stay.items())),
        stay | {"lines": []},
        stay | {"patient": {"name": person.name, "citizen_id": person.number.lower()}},
    ]

    answers = [await window.discharge(body) for body in equal]
    escaped = json.dumps(stay, ensure_ascii=True, indent=3).encode()
    sent = window.hospital(HOSPITAL) | {"Idempotency-Key": "escaped", "Content-Type": "application/json"}
    answers.append(await window.client.post("/v1/discharges", content=escaped, headers=sent))

    assert [each.status_code for each in answers] == [200] * 4
    assert all(each.json() == first for each in answers)
    assert (await window.row_counts())["settlement"] == 1


async def test_another_body_for_a_live_record_is_refused_with_its_link(window: Window) -> None:
    stay = a_stay()
    first = await window.settle(stay)
    stored = await window.row_counts()
    others = [
        stay | {"bill": a_bill("50000.01")},
        stay | {"patient": a_person(2).at_the_counter()},
        stay | {"referral": {"kind": "filed"}},
        stay | {"lines": [a_line(amount_fen=5_000_000)]},
    ]

    answers = [await window.discharge(body) for body in others]

    assert [refusal_of(each) for each in answers] == [(409, "discharge_already_settled")] * 4
    assert all(f"/v1/settlements/{first['settlement_id']}" in each.text for each in answers)
    assert await window.row_counts() == stored


async def test_after_a_reversal_the_record_is_settled_again_with_ids_of_its_own(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    stay = a_stay(person)
    attempts = []
    for _ in range(3):
        attempts.append(await window.settle(stay))
        assert (await window.reverse(attempts[-1])).status_code == 201

    assert [each["attempt"] for each in attempts] == [1, 2, 3]
    assert len({each["settlement_id"] for each in attempts}) == 3
    assert len({each["discharge_id"] for each in attempts}) == 3
    assert len({repr(amounts_of(each)) for each in attempts}) == 1


async def test_a_record_number_belongs_to_its_institution(window: Window) -> None:
    answers = [
        await window.settle(a_stay(record_no="R1", institution_code=code)) for code in (HOSPITAL, OTHER_HOSPITAL)
    ]

    assert [each["attempt"] for each in answers] == [1, 1]
    assert answers[0]["settlement_id"] != answers[1]["settlement_id"]


@pytest.mark.parametrize("keys", [["k"] * 10, [f"k{number}" for number in range(10)]], ids=["one key", "ten keys"])
async def test_ten_identical_calls_at_once_make_one_settlement(window: Window, keys: list[str]) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    stay = a_stay(person)

    answers = await asyncio.gather(*(window.discharge(stay, key=key) for key in keys))

    settled = [each for each in answers if each.status_code in {200, 201}]
    assert settled
    assert len({each.json()["settlement_id"] for each in settled}) == 1
    for busy in (each for each in answers if each not in settled):
        assert refusal_of(busy) == (409, "in_progress")
        assert int(busy.headers["retry-after"]) >= 1
    counts = await window.row_counts()
    assert [counts[table] for table in ("settlement", "discharge", "journal_entry", "outbox_event")] == [1, 1, 1, 1]
    repeated = [await window.discharge(stay, key=key) for key in keys]
    assert {each.json()["settlement_id"] for each in repeated} == {settled[0].json()["settlement_id"]}
    accumulated = await window.accumulated(person.person_id)
    assert {stays for *_, stays in accumulated.values()} == {1}


async def test_bodies_that_differ_at_once_make_one_settlement(window: Window) -> None:
    stays = [a_stay(record_no="R1", bill=a_bill(f"{number}000")) for number in range(1, 6)]

    answers = await asyncio.gather(*(window.discharge(stay) for stay in stays))

    assert [each.status_code for each in answers].count(201) == 1
    refused = [refusal_of(each) for each in answers if each.status_code != 201]
    assert set(refused) <= {(409, "in_progress"), (409, "discharge_already_settled")}
    assert (await window.row_counts())["settlement"] == 1


async def test_a_refusal_by_the_rules_leaves_nothing_behind_however_often(window: Window) -> None:
    stored = await window.row_counts()
    unlisted = a_stay(institution_code=UNLISTED)

    answers = await asyncio.gather(*(window.discharge(unlisted) for _ in range(5)))

    told = {refusal_of(each) for each in answers}
    assert (409, "institution_not_listed") in told
    assert told <= {(409, "institution_not_listed"), (409, "in_progress")}
    assert await window.row_counts() == stored
