"""`python -m local.schemas [--check | --release]`: the published events as documents, held to what was released.

docs/schemas/<type>.json            the event today
docs/schemas/released/<type>/n.json every version that was ever released; never changed
docs/schemas/examples/<type>/n.json one golden example of each; today's code reads all of them
docs/asyncapi.json                  the topics
Next hop: common/kit/schemas.py
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
from pydantic import ValidationError

from common.kit.schemas import all_schemas, asyncapi_document
from common.published.catalogue import BY_TYPE
from local.schema_rules import breaking_changes

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the documents lie.

    Attributes:
        docs: The folder `docs`.
    """

    docs: Path

    def today(self, event_type: str) -> Path:
        """Return the file of an event as it is today."""
        return self.docs / "schemas" / f"{event_type}.json"

    def released(self, event_type: str) -> list[Path]:
        """Return the files of all released versions, oldest first."""
        return sorted((self.docs / "schemas" / "released" / event_type).glob("*.json"), key=_number)

    def example(self, event_type: str, version: Path) -> Path:
        """Return the file of the golden example of a released version."""
        return self.docs / "schemas" / "examples" / event_type / version.name

    def released_types(self) -> set[str]:
        """Return the types that have a released version."""
        return {path.parent.name for path in (self.docs / "schemas" / "released").glob("*/*.json")}

    @property
    def asyncapi(self) -> Path:
        """The document of the topics."""
        return self.docs / "asyncapi.json"


def refusals(shelf: Shelf, schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield, in words, everything in which files and code disagree; nothing when all is well."""
    for event_type, schema in schemas.items():
        if _read(shelf.today(event_type)) != schema:
            yield f"docs/schemas/{event_type}.json is not what the model says; run `python -m local.schemas`"
        yield from _release_refusals(shelf, event_type, schema)
    known = set(schemas)
    for path in sorted((shelf.docs / "schemas").glob("*.json")):
        if path.stem not in known:
            yield f"docs/schemas/{path.name} belongs to no type of the catalogue"
    for event_type in sorted(shelf.released_types() - known):
        yield f"{event_type} was released and is gone: tell it beside its successor until nobody listens"
    if _read(shelf.asyncapi) != asyncapi_document():
        yield "docs/asyncapi.json is not what the catalogue says; run `python -m local.schemas`"


def _release_refusals(shelf: Shelf, event_type: str, schema: Mapping[str, Any]) -> Iterator[str]:
    versions = shelf.released(event_type)
    for version in versions:
        for change in breaking_changes(released=_read(version) or {}, today=schema):
            yield f"{event_type} breaks its release {version.stem}: {change}; a breaking change is a new type (.v2)"
        yield from _example_refusals(event_type, shelf.example(event_type, version), schema)
    if not versions or _read(versions[-1]) != schema:
        yield f"{event_type} as it is today was never released; run `python -m local.schemas --release`"


def _example_refusals(event_type: str, path: Path, schema: Mapping[str, Any]) -> Iterator[str]:
    example = _read(path)
    where = f"docs/schemas/examples/{event_type}/{path.name}"
    if example is None:
        yield f"{where} is missing: one golden example per released version"
        return
    for error in jsonschema.Draft202012Validator(schema).iter_errors(example):
        yield f"{where} does not fit today's schema: {error.message}"
    try:
        BY_TYPE[event_type].model.model_validate(example)
    except ValidationError as error:
        yield f"{where} is not read by today's code: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}"


def write_today(shelf: Shelf, schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what the code says today; released versions are not touched."""
    for event_type, schema in schemas.items():
        _write(shelf.today(event_type), schema)
    _write(shelf.asyncapi, asyncapi_document())


def release(shelf: Shelf, schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Add every schema that differs from its newest release as the next version; return what was added."""
    added = []
    for event_type, schema in schemas.items():
        versions = shelf.released(event_type)
        if versions and _read(versions[-1]) == schema:
            continue
        number = _number(versions[-1]) + 1 if versions else 1
        _write(shelf.docs / "schemas" / "released" / event_type / f"{number}.json", schema)
        added.append(f"{event_type} release {number}")
    return added


def _number(path: Path) -> int:
    return int(path.stem)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Write, release or check."""
    parser = argparse.ArgumentParser(prog="python -m local.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when files and code disagree")
    parser.add_argument("--release", action="store_true", help="add today's schemas to the released ones")
    arguments = parser.parse_args()
    shelf, schemas = Shelf(ROOT / "docs"), all_schemas()
    if arguments.check:
        found = list(refusals(shelf, schemas))
        if found:
            sys.exit("\n".join(found))
        print(f"schemas: {len(schemas)} event types are as released")
        return
    write_today(shelf, schemas)
    if arguments.release:
        print("\n".join(release(shelf, schemas)) or "schemas: nothing new to release")
    print(f"schemas: wrote {len(schemas)} schemas and docs/asyncapi.json")


if __name__ == "__main__":
    main()
