"""Requests of the wrong form: each is refused with its stable code, and nothing is stored."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import HOSPITAL, a_bill, a_line, a_number, a_person, a_stay, refusal_of

MALFORMED, NO_NUMBER = (422, "malformed_body"), (422, "citizen_id_invalid")
GONE = object()
NEWBORN = {"name": "王小", "birth_date": "2016-09-08", "sex": "female", "head_citizen_id": a_number()}
INSURED = {"scheme": "rural_cooperative", "state": "insured"}
TOO_LONG = "长" * 201


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return a good stay with one place changed, `GONE` taking it out."""
    stay: dict[str, Any] = copy.deepcopy(a_stay(record_no="R1", lines=[]))
    *parents, last = path.split(".")
    place: Any = stay
    for each in parents:
        place = place[int(each)] if isinstance(place, list) else place[each]
    if value is GONE:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return stay


NOT_TEXTS = (None, 7, 1.5, True, [], {}, ["a"])
NOT_AMOUNTS = (None, "5000000", 5000000.0, 0.5, True, [], {}, -1, 10**15, 2**63, -(2**63))
NOT_DAYS = (
    None,
    0,
    20160912,
    True,
    "",
    "2016-02-30",
    "2016-13-01",
    "2016-9-1",
    "20160912",
    "2016-09-12T00:00:00Z",
    "今天",
)
NOT_NUMBERS = (
    "",
    " ",
    "1",
    "abc",
    "211381196503150010",
    "211381196513150013",
    "21138119650315001",
    "X" * 18,
    "9" * 200,
)

WRONG: Mapping[str, tuple[Any, ...]] = {
    "record_no": (*NOT_TEXTS, "", "x" * 201, "a\x00b", "\ud800"),
    "institution_code": (*NOT_TEXTS, "", "x" * 201, "H\x00", "H 1"),
    "county": (*NOT_TEXTS, "", "21138", "2113811", "二一一三八一", "211381\n", "\uff12\uff11\uff11\uff13\uff18\uff11"),
    "patient": (None, 7, "王某", [], {}, {"name": "王某"}, {"citizen_id": a_number()}),
    "patient.name": (*NOT_TEXTS, "", TOO_LONG, "王\x00某"),
    "patient.citizen_id": (7, 1.5, True, [], {}),
    "patient.phone": ("13900000001",),
    "patient.township": (7, "2113811", "21138110x"),
    "patient.insurance": (
        7,
        "insured",
        [],
        {},
        {"scheme": "rural_cooperative"},
        {"state": "insured"},
        INSURED | {"insured_years": 101},
        INSURED | {"insured_years": "3"},
        INSURED | {"claim_free_years": -1},
    ),
    "patient.temporary": (NEWBORN, {}),
    "contracted": (1, "yes", []),
    "third_party": (7, "", "somebody"),
    "continues": (7, [], {}, {"kind": "mid_stay"}, {"kind": "other", "institution_code": "H1111", "record_no": "R"}),
    "visit_type": (*NOT_TEXTS, "", "INPATIENT", "住院"),
    "admitted_on": NOT_DAYS,
    "discharged_on": NOT_DAYS,
    "referral": (None, "none", [], {}, {"kind": "other"}, {"kind": None}, {"kind": "none", "to": "x"}),
    "diagnoses": (None, "I63.9", {}, [], ["I63.9"], [{"icd10": "I63.9", "main": True}] * 5000),
    "diagnoses.0.icd10": (*NOT_TEXTS, "", "63.9", "I63.9\x00", "I" * 300),
    "diagnoses.0.main": (1, 0, "true", "yes", [], {}),
    "bill": (7, "5000000", [], {}, {"total_fen": 5}),
    "lines": (7, "none", {}, [None], [[]], [{}], [7]),
    "prices": ([],),
    "__proto__": ({},),
} | {f"bill.{name}": NOT_AMOUNTS for name in (*a_bill("1"), "prior_relief_fen")}

NEEDED = (
    *("record_no", "institution_code", "county", "patient", "visit_type", "admitted_on", "discharged_on"),
    *("referral", "diagnoses", "referral.kind", "diagnoses.0.icd10", "patient.name", "patient.citizen_id"),
    *(f"bill.{name}" for name in a_bill("1")),
)
WRONG_LINES: Mapping[str, tuple[Any, ...]] = {
    "item_code": (*NOT_TEXTS, "", TOO_LONG),
    "name": (*NOT_TEXTS, "", TOO_LONG),
    "category": NOT_TEXTS,
    "catalogue_class": (*NOT_TEXTS, "", "a", "D", "甲"),
    "quantity": (None, 1, 1.5, "", "one", "-1", "NaN", "Infinity", "1e3", "0x1", "9" * 60),
    "unit_price": (None, 100, "", "100元", "-1", "NaN", "1_000"),
    "limit_price": (100, "", "-1", "NaN"),
    "self_pay_ratio": (0.1, "", "-0.1", "1.1", "10%", "NaN"),
    "amount_fen": NOT_AMOUNTS,
    "occurred_on": NOT_DAYS,
    "discount": ("0.9",),
}
NEEDED_OF_A_LINE = (
    "item_code",
    "name",
    "category",
    "catalogue_class",
    "quantity",
    "unit_price",
    "amount_fen",
    "occurred_on",
)
WRONG_NEWBORNS: Mapping[str, tuple[Any, ...]] = {
    "name": (*NOT_TEXTS, "", TOO_LONG),
    "birth_date": NOT_DAYS,
    "sex": (*NOT_TEXTS, "", "f", "女"),
    "head_citizen_id": (7, 1.5, True, []),
    "weight": (3,),
}


def _bodies() -> list[tuple[str, Any, tuple[int, str]]]:
    """Return every ill-formed discharge with the refusal that it must meet."""
    cases = [
        (f"{path} = {value!r:.60}", changed(path, value), MALFORMED) for path, each in WRONG.items() for value in each
    ]
    cases += [(f"{path} missing", changed(path, GONE), MALFORMED) for path in NEEDED]
    for name, values in WRONG_LINES.items():
        cases += [(f"line {name} = {each!r:.60}", _with_line(a_line() | {name: each}), MALFORMED) for each in values]
    for name in NEEDED_OF_A_LINE:
        cases.append((f"line {name} missing", _with_line({k: v for k, v in a_line().items() if k != name}), MALFORMED))
    for name, values in WRONG_NEWBORNS.items():
        cases += [(f"newborn {name} = {each!r:.60}", _with_newborn({name: each}), MALFORMED) for each in values]
    cases += [(f"number {each!r:.60}", changed("patient.citizen_id", each), NO_NUMBER) for each in NOT_NUMBERS]
    cases += [(f"head {each!r:.60}", _with_newborn({"head_citizen_id": each}), NO_NUMBER) for each in NOT_NUMBERS]
    cases += [(f"body {each!r}", each, MALFORMED) for each in (None, [], [a_stay()], "text", 7, True, {})]
    return cases


def _with_line(line: dict[str, Any]) -> dict[str, Any]:
    return changed("lines", [line])


def _with_newborn(fields: dict[str, Any]) -> dict[str, Any]:
    return changed("patient", {"temporary": NEWBORN | fields})


async def test_every_ill_formed_discharge_is_refused_and_nothing_is_stored(window: Window) -> None:
    stored = await window.row_counts()
    hospital = window.hospital(HOSPITAL) | {"Content-Type": "application/json"}
    wrong = {}

    for name, body, expected in _bodies():
        content = json.dumps(body).encode()
        for path in ("/v1/discharges", "/v1/discharges/preview"):
            answer = await window.client.post(path, content=content, headers=hospital | {"Idempotency-Key": "k"})
            if (told := _told(answer)) != expected:
                wrong[f"{path} {name}"] = told

    assert wrong == {}
    assert await window.row_counts() == stored
    # The key that all of them used is still free.
    assert (await window.discharge(changed("lines", []), key="k")).status_code == 201


def _told(answer: Any) -> Any:
    try:
        return refusal_of(answer)
    except AssertionError as broken:
        return f"{answer.status_code} {broken}"[:300]


GOOD = json.dumps(a_stay(record_no="R1"))
UNREADABLE: Mapping[str, bytes] = {
    "empty object twice": b"{}{}",
    "no JSON": b"record_no=R1",
    "cut off": GOOD[:-1].encode(),
    "trailing comma": (GOOD[:-1] + ",}").encode(),
    "single quotes": GOOD.replace('"', "'").encode(),
    "comment": (GOOD + "// all").encode(),
    "NaN": GOOD.replace("5000000", "NaN").encode(),
    "Infinity": GOOD.replace("5000000", "Infinity").encode(),
    "minus Infinity": GOOD.replace("5000000", "-Infinity").encode(),
    "infinite by exponent": GOOD.replace("5000000", "1e999").encode(),
    "huge exponent": GOOD.replace("5000000", "1e99999999999999999999").encode(),
    "thousands of digits": GOOD.replace("5000000", "9" * 20_000).encode(),
    "thousands of decimals": GOOD.replace("5000000", "5000000." + "0" * 20_000).encode(),
    "leading zero": GOOD.replace("5000000", "05000000").encode(),
    "NUL byte": GOOD.replace("R1", "R\x00").encode(),
    "NUL escaped": GOOD.replace("R1", "R\\u0000").encode(),
    "NUL in a member's name": GOOD.replace("record_no", "record\\u0000no").encode(),
    "lone surrogate": GOOD.replace("R1", "R\\ud800").encode(),
    "surrogate as bytes": GOOD.encode().replace(b"R1", b"R\xed\xa0\x80"),
    "invalid UTF-8": GOOD.encode().replace(b"R1", b"R\xff\xfe"),
    "overlong UTF-8": GOOD.encode().replace(b"R1", b"R\xc0\x80"),
    "GBK": json.dumps(a_stay(), ensure_ascii=False).encode("gbk"),
    "UTF-16": GOOD.encode("utf-16"),
    "raw line break in a text": GOOD.replace("R1", "R\n1").encode(),
    "duplicate member": (GOOD[:-1] + ', "record_no": "R2"}').encode(),
    "duplicate member, escaped": (GOOD[:-1] + ', "record\\u005fno": "R2"}').encode(),
    "duplicate member deep inside": GOOD.replace('"kind": "none"', '"kind": "none", "kind": "referred"').encode(),
    "33 levels": (GOOD[:-1] + ', "lines": ' + "[" * 32 + "]" * 32 + "}").encode(),
    "thousands of levels": b"[" * 100_000 + b"]" * 100_000,
    "thousands of objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}


async def test_every_unreadable_body_is_refused_on_every_post_and_nothing_is_stored(window: Window) -> None:
    settled = await window.settle(a_stay(a_person(2)))
    stored = await window.row_counts()
    paths = (
        *("/v1/discharges", "/v1/discharges/preview", "/v1/reversals", "/v1/entitlements/check", "/v1/openings"),
        f"/v1/settlements/{settled['settlement_id']}/reversal",
    )
    wrong = {}

    for path in paths:
        headers = _poster(window, path) | {"Content-Type": "application/json", "Idempotency-Key": "k"}
        for name, content in UNREADABLE.items():
            answer = await window.client.post(path, content=content, headers=headers)
            if (told := _told(answer)) != MALFORMED:
                wrong[f"{path} {name}"] = told
        answer = await window.client.post(path, content=b"", headers=headers)
        if (told := _told(answer)) != MALFORMED:
            wrong[f"{path} empty"] = told

    assert wrong == {}
    assert await window.row_counts() == stored


def _poster(window: Window, path: str) -> dict[str, str]:
    return window.bureau if path == "/v1/openings" else window.hospital(HOSPITAL)


async def test_every_ill_formed_reversal_is_refused_and_nothing_is_stored(window: Window) -> None:
    settled = await window.settle()
    stored = await window.row_counts()
    by_id = f"/v1/settlements/{settled['settlement_id']}/reversal"
    reasons = (*NOT_TEXTS, "", TOO_LONG, "a\x00b")
    bodies = [(by_id, {"reason": each}) for each in reasons]
    bodies += [("/v1/reversals", {"record_no": settled["record_no"], "reason": each}) for each in reasons]
    bodies += [("/v1/reversals", {"record_no": each, "reason": "录错"}) for each in (*NOT_TEXTS, "", "a\x00b")]
    bodies += [(by_id, {}), (by_id, []), (by_id, {"reason": "录错", "record_no": "R1"})]
    bodies += [("/v1/reversals", {"reason": "录错"}), ("/v1/reversals", {"record_no": "R1"})]
    wrong = {}

    for path, body in bodies:
        answer = await window.post(path, body, window.hospital(HOSPITAL))
        if (told := _told(answer)) != MALFORMED:
            wrong[f"{path} {body!r}"] = told

    assert wrong == {}
    assert await window.row_counts() == stored


async def test_the_pointer_names_the_place_and_the_detail_is_chinese_where_preferred(window: Window) -> None:
    body = changed("diagnoses.0.icd10", 7)

    english = (await window.discharge(body)).json()
    chinese = (await window.discharge(body, **{"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})).json()

    assert [each["pointer"] for each in english["errors"]] == ["#/diagnoses/0/icd10"]
    assert english["detail"].isascii()
    assert (chinese["code"], chinese["detail"].isascii()) == ("malformed_body", False)
