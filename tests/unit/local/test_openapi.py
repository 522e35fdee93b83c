"""One document of the whole surface, made from every service's own."""

from __future__ import annotations

import json

import pytest

from gateway.domain.route import routes_of
from local.openapi import TARGET, SurfaceUnclear, merged, rendered


def an_operation(**changes):
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}}
    return {"operationId": "show", "x-scopes": ["his"], "responses": answer, **changes}


def a_document(path="/v1/things", **changes):
    shapes = {"Page": {"items": {"$ref": "#/components/schemas/Item"}}, "Item": {}, "Problem": {"title": "Problem"}}
    return {"paths": {path: {"get": an_operation(**changes), "parameters": []}}, "components": {"schemas": shapes}}


class TestMerged:
    def test_keeps_the_shapes_of_services_apart_and_shares_the_problem(self):
        document = merged({"one": a_document(), "two": a_document("/v1/others")})

        assert set(document["components"]["schemas"]) == {"one_Page", "one_Item", "two_Page", "two_Item", "Problem"}
        assert document["components"]["schemas"]["one_Page"]["items"]["$ref"] == "#/components/schemas/one_Item"
        call = document["paths"]["/v1/others"]["get"]
        assert (call["operationId"], call["x-service"]) == ("two_show", "two")
        assert list(document["components"]["securitySchemes"]["bearer"]["flows"]["clientCredentials"]["scopes"]) == [
            "his"
        ]

    def test_leaves_out_what_is_between_the_services(self):
        assert merged({"one": a_document("/internal/things")})["paths"] == {}

    def test_refuses_two_services_for_one_call(self):
        with pytest.raises(SurfaceUnclear, match="by two and by another"):
            merged({"one": a_document(), "two": a_document()})

    def test_refuses_a_call_that_does_not_say_who_may_make_it(self):
        document = a_document()
        del document["paths"]["/v1/things"]["get"]["x-scopes"]

        with pytest.raises(SurfaceUnclear, match="names no scopes"):
            merged({"one": document})


class TestCommittedDocument:
    def test_is_what_the_services_say(self):
        assert TARGET.read_text(encoding="utf-8") == rendered(), "run `make openapi` and commit gateway/openapi.json"

    def test_gives_every_call_of_a_service_to_somebody_but_the_one_that_anybody_may_make(self):
        routes = routes_of(json.loads(TARGET.read_text(encoding="utf-8")))

        open_to_all = [route.template for route in routes if not route.scopes and route.service != "gateway"]
        assert open_to_all == ["/v1/slips/{code}"]
