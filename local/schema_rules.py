"""When a new shape of an event would hurt somebody (FULL_TRANSITIVE): pure rules over JSON Schemas.

Old readers must read new events and new readers old ones, so only optional fields may come and go.
Next hop: local/schemas.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_TOLD_TO_PEOPLE = frozenset({"title", "description", "default", "examples", "$schema", "$id", "$defs", "$comment"})
_STRUCTURE = frozenset({"type", "properties", "required"})
_DEFINITION = "#/$defs/"


def breaking_changes(*, released: Schema, today: Schema) -> list[str]:
    """Return what in today's schema breaks readers or events of a released version; nothing when all is well.

    Allowed: an optional field is added, or dropped; words for people change. Everything else is breaking: a required
    field added, removed or made optional, an optional one made required, and any change of what a value may be.
    """
    return _compare("", released, today, released, today)


def _compare(place: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> list[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if "properties" in old and "properties" in new:
        return [*_own_changes(place, old, new), *_field_changes(place, old, new, old_root, new_root)]
    found = _keyword_changes(place, old, new)
    for keyword in ("items", "additionalProperties"):
        if isinstance(old.get(keyword), Mapping) and isinstance(new.get(keyword), Mapping):
            found += _compare(f"{place}[]", old[keyword], new[keyword], old_root, new_root)
    for number, (one, other) in enumerate(zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=False)):
        found += _compare(f"{place}|{number}", one, other, old_root, new_root)
    return found


def _own_changes(place: str, old: Schema, new: Schema) -> list[str]:
    names = (set(old) | set(new)) - _TOLD_TO_PEOPLE - _STRUCTURE
    changed = sorted(name for name in names if old.get(name) != new.get(name))
    return [f"{place or '/'}: {name} changed" for name in changed]


def _field_changes(place: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema) -> list[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    found = [f"{place}/{name}: required before, not any more" for name in sorted(before - after)]
    found += [f"{place}/{name}: required now, not before" for name in sorted(after - before)]
    for name in sorted(set(old["properties"]) & set(new["properties"])):
        found += _compare(f"{place}/{name}", old["properties"][name], new["properties"][name], old_root, new_root)
    return found


def _keyword_changes(place: str, old: Schema, new: Schema) -> list[str]:
    found = []
    for name in sorted((set(old) | set(new)) - _TOLD_TO_PEOPLE):
        one, other = old.get(name), new.get(name)
        if name == "anyOf" and len(one or ()) == len(other or ()):
            continue
        if one != other and not (isinstance(one, Mapping) and isinstance(other, Mapping)):
            found.append(f"{place}: {name} was {one!r}, is {other!r}")
    return found


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref", "")
    if not reference.startswith(_DEFINITION):
        return schema
    definition: Schema = root["$defs"][reference.removeprefix(_DEFINITION)]
    return {**definition, **{name: value for name, value in schema.items() if name != "$ref"}}
