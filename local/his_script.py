"""Conversations of the national interface (交易会话) as data files: messages, and what is to be answered to them.

A step sends a message (its own, or a named one with `use`), or counts the settlements of a record. A message's name
stands for one `msgid`: the same name again is the same message again. Next hop: local/his_talk.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from common.kit.text_yaml import DataFileInvalid, load_text_yaml

FOLDER = Path(__file__).with_name("his_conversations")
ANSWERED, CUT, LOST, TWICE, AT_ONCE, HELD = "answered", "cut", "lost", "twice", "at_once", "held"
FAULTS = frozenset({ANSWERED, CUT, LOST, TWICE, AT_ONCE, HELD})
"""Cut: the line ends after the sending · lost: the answer is thrown away · at_once: sent twice at the same moment ·
held: numbered, not sent."""
_FILE_KEYS = frozenset({"messages", "conversations"})
_TALK_KEYS = frozenset({"title", "begin", "steps", "every_point"})
_STEP_KEYS = frozenset(
    {"name", "transaction", "message", "use", "fault", "input", "change", "envelope", "expect", "keep", "facts"}
)
_COUNT_KEYS = frozenset({"name", "settlements", "live", "booked"})


@dataclass(frozen=True, slots=True)
class Step:
    """One message to send.

    Attributes:
        name: What it does, for people.
        message: Name that stands for its `msgid`; empty takes a new one each time.
        given: The input, with facts in braces; `change` replaces single fields of it by their paths.
        envelope: Fields of the envelope that are not as usual.
        expect: Path into the answer -> text, `*` for any; `status` is that of HTTP, `infcode` that of the envelope.
        keep: Fact -> path into the answer it is taken from.
        facts: Facts to set before.
    """

    name: str
    transaction: str
    given: Any
    message: str = ""
    fault: str = ANSWERED
    change: Mapping[str, Any] = field(default_factory=dict)
    envelope: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Count:
    """How many settlements of a record there must be: living ones, and ever booked."""

    name: str
    record_no: str
    live: int
    booked: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """Steps in order, under the name of their file and their own."""

    name: str
    title: str
    steps: tuple[Step | Count, ...]


def read_conversations(folder: Path = FOLDER) -> list[Conversation]:
    """Return all conversations of a folder, each fault at every point as one of its own.

    Raises:
        DataFileInvalid: If a file is not as this module says.
    """
    files = {path.stem: _mapping(load_text_yaml(path), path.name, _FILE_KEYS) for path in sorted(folder.glob("*.yaml"))}
    messages = {
        name: _step(fields, f"{stem}.{name}", {})
        for stem, content in files.items()
        for name, fields in content.get("messages", {}).items()
    }
    return [
        talk
        for stem, content in files.items()
        for name, fields in content.get("conversations", {}).items()
        for talk in _talks(fields, f"{stem}/{name}", messages)
    ]


def _talks(fields: object, name: str, messages: Mapping[str, Step]) -> Iterator[Conversation]:
    found = _mapping(fields, name, _TALK_KEYS)
    begin: list[Step | Count] = [_named(messages, each, name) for each in found.get("begin", [])]
    steps = [_any_step(each, f"{name}, step {at}", messages) for at, each in enumerate(found["steps"], start=1)]
    if "every_point" not in found:
        yield Conversation(name, found["title"], (*begin, *steps))
        return
    for at, step in enumerate(begin):
        assert isinstance(step, Step)  # noqa: S101 - `begin` names messages only
        for fault in found["every_point"]:
            faulty = [*begin[:at], *_with_fault(step, fault, name), *begin[at + 1 :], *steps]
            yield Conversation(f"{name}/{step.transaction}-{fault}", found["title"], tuple(faulty))


def _with_fault(step: Step, fault: str, place: str) -> Sequence[Step]:
    if fault not in FAULTS:
        raise DataFileInvalid(f"{place}: fault is one of {', '.join(sorted(FAULTS))}, not {fault}")
    if fault == AT_ONCE:
        return [replace(step, fault=fault)]
    if fault == TWICE:
        return [step, step]
    return [replace(step, fault=fault), step]


def _any_step(fields: object, place: str, messages: Mapping[str, Step]) -> Step | Count:
    if isinstance(fields, Mapping) and "settlements" in fields:
        found = _mapping(fields, place, _COUNT_KEYS)
        return Count(found["name"], found["settlements"], int(found["live"]), int(found["booked"]))
    return _step(fields, place, messages)


def _step(fields: object, place: str, messages: Mapping[str, Step]) -> Step:
    found = dict(_mapping(fields, place, _STEP_KEYS))
    fault = found.pop("fault", ANSWERED)
    if fault not in FAULTS:
        raise DataFileInvalid(f"{place}: fault is one of {', '.join(sorted(FAULTS))}, not {fault}")
    if "use" in found:
        return replace(_named(messages, found.pop("use"), place), fault=fault, **found)
    if missing := {"name", "transaction", "input"} - set(found):
        raise DataFileInvalid(f"{place} lacks {', '.join(sorted(missing))}")
    return Step(given=found.pop("input"), fault=fault, **found)


def _named(messages: Mapping[str, Step], name: str, place: str) -> Step:
    if name not in messages:
        raise DataFileInvalid(f"{place}: no message is called {name}; there are {', '.join(sorted(messages))}")
    step = messages[name]
    return replace(step, message=step.message or name)


def _mapping(value: object, place: str, keys: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or set(value) - keys:
        raise DataFileInvalid(f"{place} must have keys out of {', '.join(sorted(keys))} only")
    return value
