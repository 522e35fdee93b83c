"""Good calls with one thing changed: odd values in every parameter and field, and bodies that are no sound JSON.

Machines that draw from a document seldom get past a check digit; these calls are right but for one place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.authority.belongings import Belongings
from tests.authority.cases import CASES, Case
from tests.conftest import Door
from tests.fuzz.surface import CHECKS, CLIENTS, DOCUMENT, FUZZ, OPERATIONS, SEED, scopes_of

ODD_TEXTS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1e5",
        "null",
        "true",
        "x" * 201,
        "x" * 4000,
        "%00",
        "%",
        "\u202e",
        "１２",
        "٢٠١٦-٠١-٠١",
        "😀",
    ),
    *("0000-00-00", "0001-01-01", "9999-12-31", "2016-02-30", "2016-1-1", "2016-01-01T00:00:00Z", "10000-01-01"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2016-01-01T00:00:00", "211381", "999999999"),
    *("00000000-0000-0000-0000-000000000000", "{00000000000000000000000000000000}", "' OR 1=1 --", "../x", "A" * 11),
    *(str(2**31), str(2**63 - 1), str(2**63), "9" * 40, "-" + "9" * 30, "1.5", "NaN", "Infinity"),
)
ODD_VALUES: tuple[Any, ...] = (
    *ODD_TEXTS,
    *(None, True, False, 0, -1, 1, 1.5, 1e20, 10**13, 10**13 + 1, 2**31, 2**63 - 1, -(2**63)),
    *([], {}, [[]], [None], {"a": 1}, [{}] * 60, ["x"] * 300, "\x00", "\x1f", "\ud800", "a\nb"),
)
BODIES = {
    "nothing": b"",
    "a word": b"word",
    "half": b'{"a": ',
    "a list": b"[]",
    "null": b"null",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": [-Infinity]}',
    "out of range": b'{"a": 1e400}',
    "a giant integer": b'{"a": ' + b"9" * 5000 + b"}",
    "beyond 64 bits": b'{"a": 9223372036854775808}',
    "a long fraction": b'{"a": 0.' + b"1" * 5000 + b"}",
    "a duplicate member": b'{"a": 1, "a": 1}',
    "an escaped duplicate": b'{"a": 1, "\\u0061": 2}',
    "an inner duplicate": b'{"b": [{"a": 1, "a": 1}]}',
    "NUL": b'{"a": "\x00"}',
    "escaped NUL": b'{"a": "\\u0000"}',
    "NUL in a name": b'{"\\u0000": 1}',
    "invalid UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "an overlong form": b'{"a": "\xc0\xaf"}',
    "half a character": b'{"a": "\\ud800"}',
    "33 levels": b"[" * 33 + b"]" * 33,
    "33 levels of objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "many levels": b"[" * 100_000 + b"]" * 100_000,
    "two values": b"{} {}",
    "a comment": b"{} // x",
    "a trailing comma": b'{"a": 1,}',
    "a single quote": b"{'a': 1}",
}
"""What the framework alone answers with 400 or 500, takes for something else, or lets through."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
Change = tuple[tuple[str | int, ...], Any]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.what} {case.scope} {case.verdict}")
class TestGoodCall:
    def test_is_answered_as_documented_each_time(self, door: Door, belongings: Belongings, case: Case) -> None:
        request = case.asked(belongings)
        answers = [_sent(door, case, deepcopy(request)) for _ in range(2)]

        assert case.is_met_by(answers[0]), answers[0].text
        for answer in answers:
            _check(case, answer)

    def test_with_an_odd_value_in_one_place_is_answered_as_documented(
        self, door: Door, belongings: Belongings, case: Case
    ) -> None:
        random = Random(SEED)  # noqa: S311 - the same in every run
        good = case.asked(belongings)
        changes = list(_changes(good))

        for where, value in random.sample(changes, min(len(changes), FUZZ * 12)):
            try:
                _check(case, _sent(door, case, _changed(good, where, value)))
            except Exception as fault:
                raise AssertionError(f"{where} = {value!r}"[:300]) from fault


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.what} {case.scope} {case.verdict}")
def test_with_every_day_at_an_end_of_time_is_answered_as_documented(
    door: Door, belongings: Belongings, case: Case, day: str
) -> None:
    """One odd day among good ones is mostly refused for its order; all of them together reach the reckoning."""
    request = case.asked(belongings)
    days = [where for where, value in _changes(request) if value is ... and _DAY.fullmatch(str(_at(request, where)))]
    for where in days:
        request = _changed(request, where, day)

    if days:
        _check(case, _sent(door, case, request))


@pytest.mark.parametrize("label", [each for each in OPERATIONS if each.startswith("GET")])
def test_every_odd_parameter_is_answered_as_documented(door: Door, belongings: Belongings, label: str) -> None:
    path = label.split()[1]
    for scope in scopes_of(label) or [""]:
        case = next((each for each in CASES if (each.what, each.scope) == (label, scope)), None)
        good = case.asked(belongings).get("path", path) if case else _filled(path, {})
        for parameter in DOCUMENT["paths"][path]["get"].get("parameters", ()):
            for text in ODD_TEXTS:
                if parameter["in"] == "path" and not text.strip("./ "):
                    continue  # Another address.
                is_path = parameter["in"] == "path"
                url = _filled(path, {parameter["name"]: text}) if is_path else good
                request = {"path": url, "params": {} if is_path else {parameter["name"]: text}}
                asked = Case(label, scope, "unseen", lambda _: {})
                answer = _sent(door, asked, request)
                try:
                    _check(asked, answer)
                except Exception as fault:
                    raise AssertionError(f"{parameter['name']} = {text!r}: {answer.status_code}"[:300]) from fault


@pytest.mark.parametrize("label", [each for each in OPERATIONS if each.startswith("POST /v1")])
def test_every_body_that_is_no_sound_json_is_malformed(door: Door, label: str) -> None:
    method, path = label.split()
    operation = DOCUMENT["paths"][path][method.lower()]
    if "application/json" not in operation.get("requestBody", {}).get("content", ()):
        pytest.skip("takes no JSON")
    case = Case(label, scopes_of(label)[0], "named", lambda _: {})

    for what, body in BODIES.items():
        headers = {"Content-Type": "application/json"}
        answer = _sent(door, case, {"path": _filled(path, {}), "content": body, "headers": headers})

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body"), (what, answer.text)
        assert answer.json()["errors"], what
        _check(case, answer)


def test_refused_calls_leave_nothing_behind(door: Door, belongings: Belongings) -> None:
    random = Random(SEED)  # noqa: S311 - the same in every run
    refused = []
    for case in CASES:
        good = case.asked(belongings)
        changes = [each for each in _changes(good) if case.what.startswith("POST")]
        for where, value in random.sample(changes, min(len(changes), FUZZ * 3)):
            request = _changed(good, where, value)
            if _sent(door, case, deepcopy(request)).is_error:
                refused.append((case, request))
    assert len(refused) > FUZZ * 20
    before: list[dict[str, int]] = []

    def is_quiet() -> bool:
        before.append(door.row_counts())
        return before[-1:] == before[-2:-1]

    door.until(is_quiet)
    again = [_sent(door, case, request) for case, request in refused]

    assert [each.text for each in again if each.is_success] == []
    after = door.row_counts()
    assert {name: count for name, count in after.items() if count != before[-1][name]} == {}


def _changes(request: dict[str, Any]) -> Iterator[Change]:
    """Yield every place of a request with every odd value, `...` for leaving it out."""
    for part in ("json", "params", "data"):
        if part in request:
            values = ODD_VALUES if part == "json" else ODD_TEXTS
            yield from (((part, *where), value) for where in _places(request[part]) for value in (*values, ...))
            yield (part, "surprise"), 1


def _places(value: Any) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (name,)
        yield from ((name, *rest) for rest in _places(inner))


def _at(request: dict[str, Any], where: tuple[str | int, ...]) -> Any:
    inner: Any = request
    for name in where:
        inner = inner[name]
    return inner


def _changed(request: dict[str, Any], where: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    changed = deepcopy(request)
    inner = changed
    for name in where[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[where[-1]]
    else:
        inner[where[-1]] = value
    return changed


def _sent(door: Door, case: Case, request: dict[str, Any]) -> httpx.Response:
    method, template = case.what.split()
    headers = door.bearer(CLIENTS[case.scope], case.scope) if case.scope else {}
    headers |= {"Idempotency-Key": uuid4().hex} | request.pop("headers", {})
    if "json" in request:
        # As bytes: the strict reader must see what a client can write, lone surrogates and NaN included.
        request["content"] = json.dumps(request.pop("json")).encode()
        headers["Content-Type"] = "application/json"
    return door.call(method, request.pop("path", template), headers=headers, **request)


def _check(case: Case, answer: httpx.Response) -> None:
    """Hold an answer to the document."""
    answer.request.read()
    some = dict.fromkeys(re.findall(r"{(\w+)}", case.what), "x")
    OPERATIONS[case.what].Case(path_parameters=some).validate_response(answer, checks=CHECKS)


def _filled(path: str, parameters: dict[str, str]) -> str:
    """Return the path with its parameters, unknown ids where none is given."""
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", quote(parameters.get(name, str(uuid4())), safe=""))
    return path
