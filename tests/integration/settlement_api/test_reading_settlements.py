"""What is read back: preview beside settlement, the list with its day-end sums, slip, trace, the published facts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import uuid4

from common.kit.testing import bearer
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    BEIPIAO,
    HOSPITAL,
    OTHER_HOSPITAL,
    RONGJIANG,
    STROKE,
    a_bill,
    a_line,
    a_person,
    a_stay,
    refusal_of,
    yuan,
)

PATH = "/v1/settlements"
POOR, ALLOWANCE = "registered_poor", "allowance_recipient"
FUNDS = bearer("funds", client_id="bureau", county=BEIPIAO)
OTHER_FUNDS = bearer("funds", client_id="other-bureau", county=RONGJIANG)


async def test_a_preview_is_the_settlement_without_ids_and_stores_nothing(window: Window) -> None:
    listed = await window.register(a_person(), POOR, ALLOWANCE)
    stays = [
        a_stay(listed, bill=a_bill("80000", own="12.34")),
        a_stay(listed, bill=a_bill("80000", prior_relief_fen=100)),
        a_stay(a_person(2), bill=None, lines=[a_line()]),
        a_stay(a_person(3), county=RONGJIANG, on="2015-03-03", visit_type="outpatient", bill=a_bill("900")),
    ]
    no_ids = {"settlement_id": None, "discharge_id": None, "attempt": None, "settled_at": None, "state": "preview"}

    for stay in stays:
        stored = await window.row_counts()
        answers = [await window.preview(stay) for _ in range(2)]
        assert await window.row_counts() == stored
        assert [each.status_code for each in answers] == [200, 200]
        assert answers[0].json() == answers[1].json() == await window.settle(stay) | no_ids


async def _world(window: Window) -> list[dict[str, Any]]:
    """Settle five stays around midnight in China, in two hospitals, and reverse one of them."""
    moments = [
        (HOSPITAL, datetime(2016, 9, 12, 15, 59, 59, tzinfo=UTC)),
        (HOSPITAL, datetime(2016, 9, 12, 16, 0, 0, tzinfo=UTC)),
        (HOSPITAL, datetime(2016, 9, 12, 16, 0, 0, tzinfo=UTC)),
        (OTHER_HOSPITAL, datetime(2016, 9, 13, 2, 0, tzinfo=UTC)),
        (HOSPITAL, datetime(2016, 9, 13, 15, 59, 59, 999_999, tzinfo=UTC)),
        (HOSPITAL, datetime(2016, 9, 13, 16, 0, 0, tzinfo=UTC)),
    ]
    settled = []
    for order, (code, instant) in enumerate(moments, start=1):
        window.now = instant
        bill = a_bill(f"{order}0000.0{order}", own="7.77")
        settled.append(
            await window.settle(a_stay(a_person(order), institution_code=code, record_no=f"R{order}", bill=bill))
        )
    await window.reverse(settled[2])
    settled[2] |= {"state": "reversed"}
    return settled


def _sums(settled: list[dict[str, Any]]) -> dict[str, int]:
    live = [each for each in settled if each["state"] == "settled"]
    sums = {name: sum(each[name] for each in live) for name in ("total_fen", "fund_paid_fen", "patient_pays_fen")}
    return sums | {"count": len(live), "reversed_count": len(settled) - len(live)}


async def test_the_list_answers_full_items_and_the_sums_of_the_whole_filter(window: Window) -> None:
    before, *day, last, after = await _world(window)
    own = [each for each in (before, *day, last, after) if each["institution_code"] == HOSPITAL]
    hospital, other = window.hospital(HOSPITAL), window.hospital(OTHER_HOSPITAL)
    the_day = {"settled_from": "2016-09-13", "settled_to": "2016-09-13"}
    cases = [
        (hospital, {}, own),
        (hospital, the_day, [day[0], day[1], last]),
        (hospital, {"settled_to": "2016-09-12"}, [before]),
        (hospital, {"settled_from": "2016-09-14"}, [after]),
        (hospital, {"record_no": "R2"}, [day[0]]),
        (hospital, {"record_no": "R4"}, []),
        (hospital, the_day | {"record_no": "R1"}, []),
        (other, {}, [day[2]]),
        (FUNDS, the_day, [*day, last]),
        (OTHER_FUNDS, {}, []),
    ]

    for headers, query, expected in cases:
        answer = await window.get(PATH, headers, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert _by_record(page["items"]) == _by_record(expected), query
        assert {name: page[name] for name in _sums(expected)} == _sums(expected), query
        assert page["next_cursor"] is None


async def test_pages_hold_every_item_once_and_all_of_them_the_same_sums(window: Window) -> None:
    settled = [each for each in await _world(window) if each["institution_code"] == HOSPITAL]
    seen, cursor, sums = [], None, []
    for _ in range(10):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await window.get(PATH, window.hospital(HOSPITAL), **query)).json()
        seen += page["items"]
        sums.append({name: page[name] for name in _sums(settled)})
        assert len(page["items"]) <= 2
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert cursor is None
    assert sorted(each["record_no"] for each in seen) == sorted(each["record_no"] for each in settled)
    assert sums == [_sums(settled)] * 3


async def test_a_list_is_refused_for_what_it_does_not_know(window: Window) -> None:
    await _world(window)
    hospital = window.hospital(HOSPITAL)
    own = (await window.get(PATH, hospital, limit=1)).json()["next_cursor"]
    cases = [
        ({"colour": "red"}, "malformed_body"),
        ({"limit": "many"}, "malformed_body"),
        ({"limit": 0}, "malformed_body"),
        ({"limit": -1}, "malformed_body"),
        ({"settled_from": "2016-02-30"}, "malformed_body"),
        ({"settled_from": "yesterday"}, "malformed_body"),
        ({"record_no": "a\x00b"}, "malformed_body"),
        ({"cursor": "forged"}, "cursor_invalid"),
        ({"cursor": own[:-3] + "AAA"}, "cursor_invalid"),
        ({"cursor": "\x00"}, "cursor_invalid"),
    ]

    for query, code in cases:
        answer = await window.get(PATH, hospital, **query)
        told = refusal_of(answer)
        assert told == (422, code) or (query["cursor"] == "\x00" and told[0] == 422), (query, told)
    foreign = await window.get(PATH, window.hospital(OTHER_HOSPITAL), limit=1, cursor=own)
    assert refusal_of(foreign) == (422, "cursor_invalid")
    cut = await window.get(PATH, hospital, limit=100_000)
    assert (cut.status_code, len(cut.json()["items"])) == (200, 5)


async def test_only_the_hospital_and_the_county_s_bureau_read_a_settlement(window: Window) -> None:
    settled = await window.settle()

    for part in ("", "/slip", "/trace"):
        path = f"{PATH}/{settled['settlement_id']}{part}"
        for headers in (window.hospital(HOSPITAL), FUNDS):
            assert (await window.get(path, headers)).status_code == 200
        for headers in (window.hospital(OTHER_HOSPITAL), OTHER_FUNDS):
            assert refusal_of(await window.get(path, headers)) == (404, "not_found")
        unknown = path.replace(settled["settlement_id"], str(uuid4()))
        assert refusal_of(await window.get(unknown, FUNDS)) == (404, "not_found")
        for odd in ("1", "%00", "a%2Fb", "x" * 3000, "%FF%FE"):
            status, _ = refusal_of(await window.get(f"{PATH}/{odd}{part}", FUNDS))
            assert status in {404, 422}


async def test_the_slip_shows_the_amounts_and_nobody_s_number_in_clear(window: Window) -> None:
    person = await window.register(a_person(), POOR, ALLOWANCE)
    settled = await window.settle(a_stay(person, bill=a_bill("50000.01", own="1500", first="500")))

    answer = await window.get(f"{PATH}/{settled['settlement_id']}/slip", window.hospital(HOSPITAL))

    page = unescape(answer.text)
    assert answer.headers["content-type"].startswith("text/html")
    wanted = [settled[name] for name in ("total_fen", "fund_paid_fen", "patient_pays_fen")]
    wanted += [layer["paid_fen"] for layer in settled["layers"]]
    plain = page.replace(",", "")
    assert [each for each in wanted if yuan(each) not in plain] == []
    assert person.number not in page
    assert re.search(r"[1-9][0-9]{16}[0-9Xx]", page) is None
    assert settled["record_no"] in page


async def test_the_trace_lists_every_parameter_with_source_and_mark(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    settled = await window.settle(a_stay(person))

    answer = await window.get(f"{PATH}/{settled['settlement_id']}/trace", FUNDS)

    reads = list(_reads(answer.json()))
    assert all(each["source"] and each["since"] and isinstance(each["assumed"], bool) for each in reads)
    told = {(str(each["value"]), each["assumed"]) for each in reads}
    # 3.1 gives start line and ratio of critical illness and the ten points; 3.8 assumes the rest.
    assert {value for value, assumed in told if not assumed} >= {"0.10", "0.70"}
    assert {value for value, assumed in told if assumed} >= {"0.70"}
    assert any(each["assumed"] for each in reads)
    assert person.number not in answer.text


def _reads(part: Any) -> Any:
    """Yield every object that looks like a parameter read."""
    if isinstance(part, dict):
        if {"source", "value"} <= part.keys():
            yield part
        for each in part.values():
            yield from _reads(each)
    elif isinstance(part, list):
        for each in part:
            yield from _reads(each)


async def test_the_published_facts_carry_ids_amounts_and_codes_and_nobody_s_name(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    settled = await window.settle(a_stay(person, referral={"kind": "filed"}))
    undone = (await window.reverse(settled)).json()

    told = await window.sql("SELECT type, key, convert_from(data, 'UTF8') FROM outbox_event ORDER BY log_id")

    assert [row[0] for row in told] == ["settlement.discharge_settled.v1", "settlement.settlement_reversed.v1"]
    assert {row[1] for row in told} == {str(person.person_id)}
    assert not any(person.number in row[2] or person.name in row[2] or settled["record_no"] in row[2] for row in told)
    fact, mirror = (json.loads(row[2]) for row in told)
    same = ("settlement_id", "discharge_id", "person_id", "county", "institution_code", "total_fen", "in_scope_fen")
    assert {name: fact[name] for name in same} == {name: settled[name] for name in same}
    assert (fact["visit_type"], fact["referral_kind"], fact["diagnoses"]) == ("inpatient", "filed", [STROKE])
    paid = [{name: layer[name] for name in ("layer", "fund", "paid_fen")} for layer in settled["layers"]]
    assert fact["layers"] == paid
    assert (fact["patient_pays_fen"], fact["benefit_class"], fact["identity_open"]) == (
        settled["patient_pays_fen"],
        ALLOWANCE,
        False,
    )
    assert (mirror["settlement_id"], mirror["reversal_id"]) == (settled["settlement_id"], undone["reversal_id"])
    assert mirror["layers"] == [each | {"paid_fen": -each["paid_fen"]} for each in paid]
    assert mirror["patient_pays_fen"] == -settled["patient_pays_fen"]


def _by_record(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda each: each["record_no"])
