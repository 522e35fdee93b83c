"""The table of who may do what names every route of every process, and every route says the same of itself."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from common.kit.http import public, public_router, secured, secured_router
from gateway.domain.route import routes_of
from local.openapi import merged
from tests.authority.rules import CATCH_ALL, HEALTH, OF_EVERY_PRODUCER, RULES
from tests.authority.surface import Call, all_calls, applications, calls_of


def undeclared(calls: Iterable[Call]) -> list[str]:
    """Return every call that no line of the table is about, or about which it says something else."""
    found = []
    for call in calls:
        what = f"{call.method} {call.path}"
        rule = RULES.get(what)
        if what in HEALTH or call.name == CATCH_ALL:
            continue
        if rule is None:
            found.append(f"{call.name} has no line in the table")
        elif what in OF_EVERY_PRODUCER and call.service != "gateway" and rule.scopes == call.scopes:
            continue
        elif (rule.service, rule.scopes) != (call.service, call.scopes):
            found.append(f"{call.name} declares {call.scopes}, the table says {rule}")
    return found


def test_every_route_of_every_process_stands_in_the_table() -> None:
    assert undeclared(all_calls()) == []


def test_every_line_of_the_table_is_a_route() -> None:
    there = {f"{call.method} {call.path}" for call in all_calls()}

    assert RULES.keys() - there == set()


def test_every_process_answers_for_its_health_and_for_nothing_else_without_a_rule() -> None:
    health = {call.name for call in all_calls() if f"{call.method} {call.path}" in HEALTH}

    services = {call.service for call in all_calls()}
    assert health == {f"{service} {what}" for service in services for what in HEALTH}


def test_the_gateway_forwards_the_outward_lines_and_no_other() -> None:
    table = routes_of(merged({name: app.openapi() for name, app in applications().items()}))

    forwarded = {f"{each.method} {each.template}": (each.service, each.scopes) for each in table}

    assert forwarded == {what: (rule.service, rule.scopes) for what, rule in RULES.items() if rule.is_outward}


@pytest.mark.parametrize("service", ["contracts", "gateway"])
def test_a_new_route_without_a_line_is_found(service: str) -> None:
    apps = applications()
    secret, door = secured_router(), public_router()
    secret.add_api_route("/v1/planted/{thing_id}", lambda: None, methods=["DELETE"], **secured("funds"))
    door.add_api_route("/planted", lambda: None, include_in_schema=False, **public())
    apps[service].include_router(secret)
    apps[service].include_router(door)

    assert undeclared(calls_of(apps)) == [
        f"{service} DELETE /v1/planted/{{thing_id}} has no line in the table",
        f"{service} GET /planted has no line in the table",
    ]


def test_a_route_that_lets_in_one_scope_more_is_found() -> None:
    apps = applications()
    wider = secured_router()
    wider.add_api_route("/v1/alerts", lambda: None, methods=["GET"], **secured("monitoring", "his"))
    apps["monitoring"].include_router(wider)

    assert [each.split(" declares")[0] for each in undeclared(calls_of(apps))] == ["monitoring GET /v1/alerts"]
