"""Which changes of an event break somebody."""

from __future__ import annotations

import copy

import pytest

from local.schema_rules import breaking_changes

RELEASED = {
    "title": "settlement.discharge_settled.v1",
    "type": "object",
    "required": ["county", "layers"],
    "properties": {
        "county": {"type": "string", "pattern": "^[0-9]{6}$"},
        "layers": {"type": "array", "items": {"$ref": "#/$defs/Layer"}},
        "township": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "ratio": {"type": "integer", "minimum": 0},
        "diagnoses": {"type": "array", "items": {"type": "string"}, "x-outward": "events:diagnosis"},
    },
    "$defs": {"Layer": {"type": "object", "required": ["paid_fen"], "properties": {"paid_fen": {"type": "integer"}}}},
}


def changed(change):
    today = copy.deepcopy(RELEASED)
    change(today)
    return today


def harmless(schema):
    schema["title"] = "other words"
    schema["properties"]["county"]["description"] = "the same county"
    schema["properties"]["note_code"] = {"type": "string", "default": ""}
    del schema["properties"]["township"]


PLANTED = {
    "a new required field": lambda s: (s["properties"].update(new={"type": "string"}), s["required"].append("new")),
    "a required field removed": lambda s: (s["properties"].pop("county"), s["required"].remove("county")),
    "a required field renamed": lambda s: (
        s["properties"].update(county_code=s["properties"].pop("county")),
        s.update(required=["county_code", "layers"]),
    ),
    "a required field made optional": lambda s: s["required"].remove("county"),
    "an optional field made required": lambda s: s["required"].append("ratio"),
    "another type": lambda s: s["properties"]["ratio"].update(type="string"),
    "a narrower range": lambda s: s["properties"]["ratio"].update(minimum=1),
    "a range where there was none": lambda s: s["properties"]["ratio"].update(maximum=5),
    "another pattern": lambda s: s["properties"]["county"].update(pattern="^[0-9]{9}$"),
    "a closed list of values": lambda s: s["properties"]["county"].update(enum=["211381"]),
    "no more null": lambda s: s["properties"].update(township={"type": "string"}),
    "another kind beside null": lambda s: s["properties"]["township"]["anyOf"].__setitem__(0, {"type": "integer"}),
    "a third kind": lambda s: s["properties"]["township"]["anyOf"].append({"type": "integer"}),
    "another type inside a list": lambda s: s["properties"]["diagnoses"]["items"].update(type="integer"),
    "a required field inside a list's items": lambda s: s["$defs"]["Layer"]["required"].append("fund"),
    "another type inside a list's items": lambda s: s["$defs"]["Layer"]["properties"]["paid_fen"].update(type="string"),
    "a field no longer withheld": lambda s: s["properties"]["diagnoses"].pop("x-outward"),
    "unknown fields refused": lambda s: s.update(additionalProperties=False),
    "an object made a list": lambda s: (s.pop("properties"), s.update(type="array")),
}


class TestBreakingChanges:
    def test_lets_optional_fields_come_and_go_and_words_change(self):
        assert breaking_changes(released=RELEASED, today=changed(harmless)) == []

    @pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED)
    def test_finds_the_planted_violation(self, change):
        assert breaking_changes(released=RELEASED, today=changed(change))

    @pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED)
    def test_finds_it_in_the_other_direction_too(self, change):
        assert breaking_changes(released=changed(change), today=RELEASED)
