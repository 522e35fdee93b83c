"""The page of the surface."""

from __future__ import annotations

from gateway.api.docs_page import docs_page

DOCUMENT = {
    "info": {"title": "Yizhan"},
    "paths": {
        "/v1/discharges": {
            "post": {
                "tags": ["settlement"],
                "summary": "<Settle> a discharge",
                "x-scopes": ["his"],
                "parameters": [{"name": "Idempotency-Key", "in": "header", "required": True, "description": "k"}],
                "requestBody": {"content": {"application/json": {}}},
                "responses": {"201": {"description": "Settled"}},
            }
        }
    },
    "components": {"schemas": {"Problem": {"type": "object"}}},
}


class TestDocsPage:
    def test_shows_calls_scopes_and_shapes_and_escapes_their_texts(self):
        page = docs_page(DOCUMENT)

        for shown in ("/v1/discharges", "&lt;Settle&gt;", "his", "Idempotency-Key", "Problem"):
            assert shown in page

    def test_asks_no_other_host_for_anything(self):
        page = docs_page(DOCUMENT)

        assert "//" not in page.replace("<!doctype html>", "")
        assert "<script" not in page
