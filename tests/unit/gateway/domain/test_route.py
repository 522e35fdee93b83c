"""What is forwarded where, and what never is."""

from __future__ import annotations

import pytest

from gateway.domain.route import MethodNotAllowed, Route, RouteTable, RouteUnknown, routes_of

DOCUMENT = {
    "paths": {
        "/v1/settlements/{settlement_id}": {
            "get": {"x-service": "settlement", "x-scopes": ["his", "funds"]},
            "parameters": [],
        },
        "/v1/settlements/{settlement_id}/reversal": {"post": {"x-service": "settlement", "x-scopes": ["his"]}},
        "/v1/discharges/{discharge_id}": {"get": {"x-service": "settlement", "x-scopes": ["his"]}},
        "/v1/discharges/preview": {"post": {"x-service": "settlement", "x-scopes": ["his"]}},
        "/docs": {"get": {"x-service": "gateway"}},
        "/internal/discharges/{discharge_id}/patient": {
            "get": {"x-service": "settlement", "x-scopes": ["service:identity"]}
        },
    }
}
TABLE = RouteTable(routes_of(DOCUMENT))


class TestRoutesOf:
    def test_takes_service_and_scopes_of_every_operation(self):
        routes = routes_of(DOCUMENT)

        assert Route("GET", "/v1/settlements/{settlement_id}", "settlement", frozenset({"his", "funds"})) in routes
        assert Route("GET", "/docs", "gateway", frozenset()) in routes

    def test_never_holds_what_is_between_the_services_only(self):
        assert not [route for route in routes_of(DOCUMENT) if route.template.startswith("/internal")]


class TestRouteTable:
    def test_finds_a_route_with_its_parameters(self):
        match = TABLE.find(method="POST", raw_path="/v1/settlements/a%20b/reversal")

        assert match.route.template == "/v1/settlements/{settlement_id}/reversal"
        assert match.parameters == {"settlement_id": "a b"}
        assert match.path == "/v1/settlements/a%20b/reversal"

    def test_prefers_a_written_segment_to_a_parameter(self):
        assert TABLE.find(method="POST", raw_path="/v1/discharges/preview").parameters == {}

    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/v1",
            "/v1/settlements",
            "/v1/settlements/",
            "/v1//x",
            "/v1/settlements/x/y",
            "/internal/discharges/x/patient",
            "/v1/settlements/..",
            "/v1/settlements/%2e%2e",
            "/v1/settlements/a%2Fslip",
            "/v1/settlements/a%5Cslip",
            "/v1/settlements/a%3Fx=1",
            "/v1/settlements/a%00",
            "/v1/settlements/%0d%0aX",
            "/v1/settlements/%ff%fe",
            "/V1/settlements/x",
        ],
    )
    def test_knows_nothing_of_a_path_that_could_mean_another(self, path):
        with pytest.raises(RouteUnknown):
            TABLE.find(method="GET", raw_path=path)

    def test_names_the_methods_of_a_known_path(self):
        with pytest.raises(MethodNotAllowed) as refusal:
            TABLE.find(method="DELETE", raw_path="/v1/settlements/x")

        assert refusal.value.facts["allow"] == "GET"
