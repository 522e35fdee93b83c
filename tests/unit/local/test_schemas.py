"""The documents of the events are held to code and to what was released."""

from __future__ import annotations

import json
import shutil

import pytest

from common.kit.schemas import all_schemas, asyncapi_document
from common.published.catalogue import CATALOGUE
from local.schemas import ROOT, Shelf, refusals, release, write_today

TYPE = "settlement.discharge_settled.v1"


@pytest.fixture
def shelf(tmp_path):
    shutil.copytree(ROOT / "docs" / "schemas", tmp_path / "schemas")
    shutil.copy(ROOT / "docs" / "asyncapi.json", tmp_path)
    return Shelf(tmp_path)


def rewrite(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


class TestRefusals:
    def test_are_none_for_what_is_committed(self, shelf):
        assert list(refusals(shelf, all_schemas())) == []

    @pytest.mark.parametrize(
        ("plant", "says"),
        [
            (lambda s: rewrite(s.today(TYPE), lambda d: d["properties"].pop("attempt")), "is not what the model says"),
            (lambda s: rewrite(s.asyncapi, lambda d: d["channels"].pop("identity")), "is not what the catalogue says"),
            (lambda s: shutil.copy(s.today(TYPE), s.today("settlement.forgotten.v1")), "belongs to no type"),
            (lambda s: shutil.rmtree(s.docs / "schemas" / "released" / TYPE), "was never released"),
            (lambda s: shutil.rmtree(s.docs / "schemas" / "examples" / TYPE), "one golden example"),
            (
                lambda s: shutil.copytree(
                    s.docs / "schemas" / "released" / TYPE, s.docs / "schemas" / "released" / "settlement.gone.v1"
                ),
                "was released and is gone",
            ),
            (
                lambda s: rewrite(s.released(TYPE)[0], lambda d: d["required"].append("note_code")),
                "breaks its release 1",
            ),
            (
                lambda s: rewrite(s.example(TYPE, s.released(TYPE)[0]), lambda d: d.update(total_fen="1")),
                "does not fit today's schema",
            ),
            (
                lambda s: rewrite(s.example(TYPE, s.released(TYPE)[0]), lambda d: d.pop("diagnoses")),
                "is not read by today's code",
            ),
        ],
    )
    def test_name_the_planted_violation(self, shelf, plant, says):
        plant(shelf)

        assert any(says in each for each in refusals(shelf, all_schemas()))


class TestRelease:
    def test_adds_only_what_differs_as_the_next_version(self, shelf):
        schemas = all_schemas()
        schemas[TYPE]["properties"]["note_code"] = {"type": "string", "default": ""}

        write_today(shelf, schemas)
        added = release(shelf, schemas)

        assert added == [f"{TYPE} release 2"]
        assert [path.name for path in shelf.released(TYPE)] == ["1.json", "2.json"]


class TestAsyncapiDocument:
    def test_names_every_type_in_the_channel_of_its_producer(self):
        document = asyncapi_document()

        told = {name for channel in document["channels"].values() for name in channel["messages"]}
        assert told == {line.event_type for line in CATALOGUE}
        assert document["channels"]["settlement"]["address"] == "settlement.events"

    def test_leads_every_reference_somewhere(self):
        document = asyncapi_document()
        for message in document["components"]["messages"].values():
            message.pop("payload")

        for reference in references_in(document):
            found = document
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
            assert found


def references_in(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from references_in(each)


class TestSchemaOf:
    def test_is_true_for_a_reader_who_sees_less(self):
        schema = all_schemas()[TYPE]

        assert "diagnoses" not in schema["required"]
        assert schema["properties"]["diagnoses"]["x-outward"] == "events:diagnosis"
        assert schema["x-required-inside"] == ["diagnoses"]
