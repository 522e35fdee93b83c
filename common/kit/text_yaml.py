"""Dated data files: YAML read as text only, with keys that stand once and entries that have exactly their keys.

Nothing is guessed: a loader of a service turns each text into a value itself, so `no` is never false and `010` never 8.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from common.core.period import Period

MARKS = frozenset({"verified", "assumed"})


class DataFileInvalid(ValueError):
    """A data file cannot be used; the text names file, place and remedy."""


class _TextLoader(yaml.BaseLoader):
    """Reads every scalar as text and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [str(self.construct_object(key, deep=True)) for key, _ in node.value]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            raise DataFileInvalid(
                f"line {node.start_mark.line + 1}: {', '.join(sorted(doubled))} stands twice; keep one"
            )
        return super().construct_mapping(node, deep=deep)


def load_text_yaml(path: Path) -> Any:  # noqa: ANN401 - the loaders of the services check what it is
    """Return the file's lists, mappings and texts.

    Raises:
        DataFileInvalid: If it is no YAML or a key stands twice.
    """
    try:
        # The loader makes texts, lists and mappings only; it is a BaseLoader, not the one that builds objects.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)  # nosec B506  # noqa: S506
    except (DataFileInvalid, yaml.YAMLError, ValueError) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error


def entry(value: object, place: str, keys: Collection[str]) -> Mapping[str, Any]:
    """Return a mapping that has exactly these keys.

    Raises:
        DataFileInvalid: If one is missing or unknown, or it is no mapping.
    """
    if not isinstance(value, Mapping):
        raise DataFileInvalid(f"{place} must have the keys {', '.join(sorted(keys))}")
    missing, unknown = set(keys) - set(value), set(value) - set(keys)
    if missing or unknown:
        raise DataFileInvalid(f"{place} lacks {sorted(missing)} and has unknown {sorted(unknown)}")
    return value


def marked(value: object, place: str, keys: Collection[str]) -> Mapping[str, Any]:
    """Return a mapping that has these keys, a `mark` (verified or assumed) and a `source`.

    Raises:
        DataFileInvalid: If it is not so.
    """
    found = entry(value, place, {*keys, "mark", "source"})
    if found["mark"] not in MARKS or not found["source"]:
        raise DataFileInvalid(f"{place}: mark is verified or assumed, and the source says where it stands")
    return found


def versions_of(entries: Sequence[Mapping[str, Any]], place: str) -> list[tuple[Period, Mapping[str, Any]]]:
    """Return each version with its period: from its own `from` until the next one's.

    Raises:
        DataFileInvalid: If there is none, or they are not in order.
    """
    try:
        begins = [date.fromisoformat(each["from"]) for each in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileInvalid(f"{place}: every version needs a day in `from`") from error
    if not begins or any(later <= earlier for earlier, later in pairwise(begins)):
        raise DataFileInvalid(f"{place} must be in order of `from`, each day once, and at least one")
    ends = [*begins[1:], None]
    return [(Period(begin, end), each) for begin, end, each in zip(begins, ends, entries, strict=True)]
