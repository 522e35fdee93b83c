"""Nobody gets at what is another institution's, county's or township's: 403 where it is named, 404 where guessed."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.authority.belongings import COUNTY, TOWNSHIP, Belongings
from tests.authority.cases import CASES, Case
from tests.authority.rules import BINDINGS, RULES
from tests.conftest import Door

HOSPITALS = ("211381-hospital-1", ["211381-hospital-2", "522632-hospital-1"])
TOWNSHIPS = ("211381-township-1", ["211381-township-2", "522632-township-1"])
COUNTIES = {
    scope: (f"211381-{client}", [f"522632-{client}"])
    for scope, client in {
        "funds": "bureau-funds",
        "identity:read": "bureau-identity",
        "identity:write": "bureau-identity",
        "contracts": "bureau-contracts",
        "monitoring": "bureau-monitoring",
        "events": "subscriber",
    }.items()
}
"""Scope to the demo client that owns the belongings, and those that hold the same scope elsewhere."""

_ID_FIELDS = (
    "id",
    "alert_id",
    "follow_up_id",
    "clearing_id",
    "rerating_id",
    "contract_id",
    "team_id",
    "task_id",
    "settlement_id",
    "plan_id",
    "report_id",
    "person_id",
    "record_no",
    "institution_code",
)
REFUSED = {"named": (403, "not_yours"), "guessed": (404, "not_found")}
HALF_BOUND = [
    {},
    {"county": "522632"},
    {"township": "522632101"},
    {"institution_code": "H21138100002"},
    {"institution_code": "H21138100002", "county": COUNTY},
    {"institution_code": "H52263200001", "county": COUNTY, "township": TOWNSHIP},
    {"county": "522632", "township": TOWNSHIP[:6] + "999"},
]
"""Bindings that give no right to the belongings, whatever the scope; some the registry would not even enter."""

HalfBound = dict[str, list[tuple[dict[str, str], str]]]


@pytest.fixture(scope="module")
def half_bound(door: Door) -> HalfBound:
    """Scope to such bindings, each with a token that says it."""
    scopes = {case.scope for case in CASES}
    return {scope: [(bound, door.signed(scope=scope, **bound)) for bound in HALF_BOUND] for scope in scopes}


def test_every_route_has_a_case_for_all_that_its_callers_are_bound_to() -> None:
    wanted = {
        (what, scope) for what, rule in RULES.items() if rule.bindings and rule.is_outward for scope in rule.scopes
    }

    assert {(case.what, case.scope) for case in CASES} == wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.what} {case.scope} {case.verdict}")
class TestBelongings:
    def test_are_refused_to_strangers_and_given_to_their_owner(
        self, door: Door, belongings: Belongings, case: Case
    ) -> None:
        for owner, strangers in _clients(case.scope):
            refused = [_sent(door, belongings, case, door.bearer(each, case.scope)) for each in strangers]
            given = _sent(door, belongings, case, door.bearer(owner, case.scope))

            assert case.is_met_by(given), given.text
            assert case.verdict != "unseen" or _ids(given)
            for answer in refused:
                assert _is_kept_away(case, answer, _ids(given)), answer.text

    def test_are_refused_to_whoever_is_bound_to_nothing_or_to_something_else(
        self, door: Door, belongings: Belongings, half_bound: HalfBound, case: Case
    ) -> None:
        owners = [owner for owner, _ in _clients(case.scope)]
        given = [_ids(_sent(door, belongings, case, door.bearer(each, case.scope))) for each in owners]
        for bound, token in half_bound[case.scope]:
            answer = _sent(door, belongings, case, {"Authorization": f"Bearer {token}"})

            is_refused = (answer.status_code, answer.json().get("code")) in REFUSED.values()
            is_empty = case.verdict == "unseen" and not any(_ids(answer) & ids for ids in given)
            assert is_refused or is_empty, (bound, answer.text)


def test_a_township_s_subscriber_does_not_read_its_whole_county(door: Door) -> None:
    token = door.signed(scope="events", county=COUNTY, township=TOWNSHIP)

    answer = door.call("GET", "/v1/events", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == REFUSED["named"]


def _clients(scope: str) -> list[tuple[str, list[str]]]:
    """Return the owners of the belongings among the clients of a scope, each with the strangers of its kind."""
    of = {"institution": HOSPITALS, "county": COUNTIES.get(scope), "township": TOWNSHIPS}
    return [found for binding in sorted(BINDINGS[scope]) if (found := of[binding])]


def _is_kept_away(case: Case, answer: httpx.Response, given: set[str]) -> bool:
    if case.verdict == "unseen":
        return answer.is_success and not _ids(answer) & given
    return (answer.status_code, answer.json().get("code")) == REFUSED[case.verdict]


def _sent(door: Door, belongings: Belongings, case: Case, headers: dict[str, str]) -> httpx.Response:
    method, template = case.what.split()
    request = case.asked(belongings)
    path = request.pop("path", template)
    return door.call(method, path, headers=headers | {"Idempotency-Key": uuid4().hex}, **request)


def _ids(answer: httpx.Response) -> set[str]:
    """Return the ids of a list's items; nothing for what is no list."""
    if answer.headers["Content-Type"] != "application/json":
        return set()
    told = answer.json()
    items = told.get("items", ()) or told.get("differences", ())
    return {next(str(item[name]) for name in _ID_FIELDS if name in item) for item in items}
