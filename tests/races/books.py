"""Holds the books to what must be so after any interleaving, whoever came first; returns what is wrong."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.second_calculation import SecondCalculation
from tests.integration.settlement_api.vocabulary import BEIPIAO, yuan
from tests.races.interleaving import BUSY, Story

ALLOWED = {
    "settle": {(201, ""), (200, ""), BUSY, (409, "discharge_already_settled")},
    "undo": {(201, ""), (200, ""), BUSY},
    "open": {(201, ""), BUSY, (409, "opening_exists")},
}
CAPS = {"basic": Decimal(150000), "medical_assistance": Decimal(20000)}
"""Yearly caps of Beipiao in yuan (policies.md 3.8); assistance's is that of the allowance recipients."""

_SETTLEMENTS = """
SELECT s.person_id, s.settlement_id, s.record_no, s.institution_code, s.attempt, s.state,
  r.answer::text, r.changes::text
FROM settlement s JOIN settlement_record r USING (settlement_id)
"""
_EVENTS = "SELECT key, sequence, type, convert_from(data, 'UTF8') FROM outbox_event ORDER BY key, sequence"
_ENTRIES = """
SELECT e.settlement_id, e.kind, coalesce(sum(p.amount_fen), 0)::bigint
FROM journal_entry e LEFT JOIN posting p USING (entry_id) GROUP BY e.entry_id
"""
_UNMIRRORED = """
SELECT e.settlement_id FROM journal_entry e JOIN posting p USING (entry_id) JOIN settlement s USING (settlement_id)
WHERE s.state = 'reversed' GROUP BY e.settlement_id, p.account, p.layer HAVING sum(p.amount_fen) <> 0
"""
_ACCUMULATED = "SELECT person_id, account, base_fen, deductible_fen, paid_fen, stay_count FROM accumulator"
_OPENINGS = "SELECT person_id, changes::text FROM opening"

Figures = tuple[int, ...]


@dataclass(slots=True)
class Told:
    """What the database holds of one person."""

    settlements: dict[str, tuple[str, str, str, int, str, Any, Any]] = field(default_factory=dict)
    events: list[tuple[int, str, Mapping[str, Any]]] = field(default_factory=list)
    accumulated: dict[str, Figures] = field(default_factory=dict)
    openings: list[Mapping[str, Sequence[int]]] = field(default_factory=list)


async def faults_of(window: Window, stories: Sequence[Story]) -> list[str]:
    """Return everything that is wrong with the stories' answers and books, each fault with its seed."""
    told = await _told(window)
    entries: defaultdict[str, Counter[str]] = defaultdict(Counter)
    faults = []
    for settlement_id, kind, total in await window.sql(_ENTRIES):
        entries[str(settlement_id)][kind] += 1
        faults += [f"an entry of {settlement_id} sums to {total} fen"] if total else []
    faults += [f"{row[0]} is reversed but not mirrored" for row in await window.sql(_UNMIRRORED)]
    for story in stories:
        person = told[story.person_id]
        for fault in (*_answered(story), *_live(person, entries), *_moved(person), *_paid(story, person)):
            faults.append(f"seed {story.seed}: {fault}")
    return faults


def _answered(story: Story) -> Iterator[str]:
    """Every answer is one that the call may get, and one record is never settled twice under one attempt."""
    for what, answer in story.answers:
        code = "" if answer.is_success else str(answer.json().get("code"))
        if (answer.status_code, code) not in ALLOWED[what]:
            yield f"{what} is told {answer.status_code} {answer.text[:200]}"
    if sum(what == "open" and answer.status_code == 201 for what, answer in story.answers) > 1:
        yield "the year was opened twice"
    told = [answer for what, answer in story.answers if what == "settle" and answer.status_code == 201]
    first = [answer.json()["settlement_id"] for answer in told if "Idempotent-Replayed" not in answer.headers]
    if len(first) != len(set(first)):
        yield "one settlement was told as new to two calls"


def _live(person: Told, entries: Mapping[str, Counter[str]]) -> Iterator[str]:
    """One live settlement per record; one entry and one numbered event for each settlement and each reversal."""
    live = Counter((row[1], row[2]) for row in person.settlements.values() if row[4] == "settled")
    yield from (f"{record} lives {count} times" for record, count in live.items() if count > 1)
    events = Counter((kind.split(".")[1], data["settlement_id"]) for _, kind, data in person.events)
    wanted: Counter[tuple[str, str]] = Counter()
    for settlement_id, row in person.settlements.items():
        is_reversed = row[4] == "reversed"
        wanted["discharge_settled", settlement_id] += 1
        wanted["settlement_reversed", settlement_id] += is_reversed
        if entries[settlement_id] != Counter(settlement=1, reversal=int(is_reversed)):
            yield f"{settlement_id} has the entries {dict(entries[settlement_id])}"
    if +wanted != events:
        yield f"events {events} for {+wanted}"
    if [sequence for sequence, _, _ in person.events] != list(range(1, len(person.events) + 1)):
        yield "the events' numbers have gaps"


def _moved(person: Told) -> Iterator[str]:
    """The accumulators are what the live settlements and the openings come to."""
    rebuilt: defaultdict[str, Figures] = defaultdict(lambda: (0, 0, 0, 0))
    live = [row[6] for row in person.settlements.values() if row[4] == "settled"]
    for changes in (*live, *person.openings):
        for account, figures in changes.items():
            rebuilt[account] = tuple(a + b for a, b in zip(rebuilt[account], figures, strict=True))
    if _filled(rebuilt) != _filled(person.accumulated):
        yield f"accumulated {_filled(person.accumulated)}, live settlements come to {_filled(rebuilt)}"


def _paid(story: Story, person: Told) -> Iterator[str]:
    """In the order of the events, every settlement paid what the second calculation says; no cap was passed."""
    turns = range(len(person.events) + 1) if person.openings else [len(person.events)]
    replays = [list(_replayed(story, person, turn)) for turn in turns]
    if all(replays):
        yield min(replays, key=len)[0]
    for layer, cap in CAPS.items():
        live = [row[5]["layers"] for row in person.settlements.values() if row[4] == "settled"]
        paid = sum((each["paid_fen"] for layers in live for each in layers if each["layer"] == layer), 0)
        is_capped = layer == "basic" or "destitute" not in story.categories
        if is_capped and Decimal(paid) / 100 > cap:
            yield f"{layer} paid {yuan(paid)}, above the cap of {cap}"


def _replayed(story: Story, person: Told, opened_before: int) -> Iterator[str]:
    """Yield where the second calculation differs, if the opening came before the event of that place."""
    years, booked = SecondCalculation(), {}
    for place in range(len(person.events) + 1):
        if place == opened_before and person.openings:
            years.used.update({(BEIPIAO, 2016, name): Decimal(paid) for name, paid in story.opening.items()})
        if place == len(person.events):
            return
        _, kind, data = person.events[place]
        row = person.settlements[data["settlement_id"]]
        if kind == "settlement.settlement_reversed.v1":
            years.used.subtract(booked[data["settlement_id"]])
            continue
        before = Counter(years.used)
        benefit_class, layers = years.settle(story.cases[row[1]], story.categories)
        booked[data["settlement_id"]] = {name: each - before[name] for name, each in years.used.items()}
        answer = row[5]
        paid = {each["layer"]: yuan(each["paid_fen"]) for each in answer["layers"] if each["paid_fen"]}
        wanted = {name: f"{each:.2f}" for name, each in layers.items()}
        if (answer["entitlement"]["benefit_class"], paid) != (benefit_class, wanted):
            yield f"event {place + 1} paid {paid} instead of {wanted}"


async def _told(window: Window) -> defaultdict[UUID, Told]:
    told: defaultdict[UUID, Told] = defaultdict(Told)
    for person_id, settlement_id, *rest, answer, changes in await window.sql(_SETTLEMENTS):
        row = (str(settlement_id), *rest, json.loads(answer), json.loads(changes))
        told[person_id].settlements[str(settlement_id)] = row
    for key, sequence, kind, data in await window.sql(_EVENTS):
        told[UUID(key)].events.append((sequence, kind, json.loads(data)))
    for person_id, account, *figures in await window.sql(_ACCUMULATED):
        told[person_id].accumulated[account] = tuple(figures)
    for person_id, changes in await window.sql(_OPENINGS):
        told[person_id].openings.append(json.loads(changes))
    return told


def _filled(balances: Mapping[str, Figures]) -> dict[str, Figures]:
    return {account: figures for account, figures in balances.items() if any(figures)}
