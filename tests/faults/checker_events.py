"""Points 4 to 7 of the checker: logs against topics, order, inboxes against effects, everything at rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from uuid import UUID

from tests.faults.evidence import Consumer, Evidence, Finding, Harm, KeyOf, ParkedRow


def logs_and_topics(evidence: Evidence) -> Iterator[Finding]:
    """Point 4: what was told lies in the topics, and nothing lies there that was not told."""
    told = {row.event_id: row for row in evidence.told}
    lying = {row.event_id for row in evidence.found if row.event_id is not None}
    for event_id in told.keys() - lying - evidence.forgotten:
        row = told[event_id]
        what = f"event {event_id} ({row.type}, key {row.key}, sequence {row.sequence})"
        yield Finding(4, f"{what} is in no topic, expected there", "lost")
    for event_id in lying - told.keys():
        yield Finding(4, f"event {event_id} lies in a topic, expected not: no log holds it, a ghost")
    for row in evidence.found:
        if row.event_id is None and row.place not in evidence.planted_poison:
            yield Finding(4, f"the record at {row.place} is no envelope, and nobody planted it")


def order_of_keys(evidence: Evidence) -> Iterator[Finding]:
    """Point 5: the first occurrences of a key's events carry 1, 2, 3 ... in the order in which they lie."""
    spoiled = evidence.reordered | {
        (row.producer, row.key) for row in evidence.told if row.event_id in evidence.forgotten
    }
    sequences: dict[KeyOf, list[int]] = defaultdict(list)
    seen: set[UUID] = set()
    for row in sorted(evidence.found, key=lambda each: each.place):
        if row.event_id is None or row.sequence is None or row.event_id in seen:
            continue
        seen.add(row.event_id)
        sequences[row.producer, row.key].append(row.sequence)
    for key, numbers in sequences.items():
        if key not in spoiled and numbers != list(range(1, len(numbers) + 1)):
            yield Finding(5, f"the events of {key} first occur as {numbers}, expected 1 to {len(numbers)} in order")


def inboxes_and_effects(evidence: Evidence) -> Iterator[Finding]:
    """Point 6: every consumer has handled or parked what lies in its topics, once in effect; positions are dense."""
    there = {row.event_id for row in evidence.found if row.event_id is not None} | evidence.forgotten
    for consumer in evidence.consumers:
        due = {r.event_id for r in evidence.told if r.event_id in there and r.type in consumer.types and r.sequence}
        set_aside = {row.event_id for row in consumer.parked if row.state != "done"}
        for event_id in due - consumer.handled - set_aside:
            what = f"{consumer.name} has neither handled nor parked event {event_id}"
            yield Finding(6, f"{what}, expected one of them", "lost")
        for event_id in consumer.handled - {row.event_id for row in evidence.told}:
            yield Finding(6, f"{consumer.name} has handled event {event_id}, which nobody told")
        for event_id in consumer.handled & set_aside:
            yield Finding(6, f"{consumer.name} has event {event_id} both handled and set aside, expected one of them")
    yield from _effects(evidence)
    if evidence.positions and sorted(evidence.positions) != list(range(1, len(evidence.positions) + 1)):
        gaps = sorted(set(range(1, max(evidence.positions) + 1)) - evidence.positions.keys())
        yield Finding(
            6, f"the outward positions lack {gaps[:5]}, expected 1 to {max(evidence.positions)} without a hole"
        )


def _effects(evidence: Evidence) -> Iterator[Finding]:
    types = {row.event_id: row.type for row in evidence.told}
    handled = {consumer.name: consumer.handled for consumer in evidence.consumers}
    for projection in evidence.projections:
        due = {event_id for event_id in handled[projection.consumer] if types.get(event_id) in projection.types}
        for event_id in due | projection.effects.keys():
            count, expected = projection.effects[event_id], int(event_id in due)
            if count != expected:
                effect = f"{projection.consumer} shows the effect of event {event_id} {count} times"
                harm: Harm = "double" if count > expected else "lost"
                yield Finding(6, f"{effect}, expected {expected} as its inbox says", harm)


def at_rest(evidence: Evidence) -> Iterator[Finding]:
    """Point 7: nothing pending, no lag, no key diverted but for planted poison, which is parked once."""
    for producer, count in evidence.pending.items():
        if count:
            yield Finding(7, f"{producer} has {count} events still to be sent, expected 0")
    for consumer in evidence.consumers:
        if consumer.lag:
            yield Finding(7, f"{consumer.name} has still {consumer.lag} records to read, expected 0")
        yield from _set_aside(evidence, consumer)


def _set_aside(evidence: Evidence, consumer: Consumer) -> Iterator[Finding]:
    poison = [row for row in consumer.parked if row.place in evidence.planted_poison]
    poisoned = {(row.producer, row.key) for row in poison}
    for place, count in Counter(row.place for row in poison).items():
        if count != 1:
            yield Finding(7, f"{consumer.name} has parked the poison at {place} {count} times, expected once")
    for place in evidence.planted_poison - {row.place for row in poison}:
        if place[0] in consumer.topics:
            yield Finding(7, f"{consumer.name} has not parked the poison at {place}")
    for key in consumer.diverted - poisoned:
        yield Finding(7, f"{consumer.name} still diverts {key}, expected only keys of planted poison")
    for row in consumer.parked:
        if row.state in {"waiting", "dead"} and (row.producer, row.key) not in poisoned:
            about = f"event {row.event_id} of key {row.key} ({row.state}, {row.error_code})"
            yield Finding(7, f"{consumer.name} still has {about} parked, expected it handled")
    yield from _behind_poison(evidence, consumer, poison)


def _behind_poison(evidence: Evidence, consumer: Consumer, poison: Iterable[ParkedRow]) -> Iterator[Finding]:
    for row in poison:
        key = (row.producer, row.key)
        if key not in consumer.diverted:
            yield Finding(7, f"{consumer.name} no longer diverts {key}, expected it to wait behind its poison")
        for behind in evidence.found:
            is_behind = (behind.producer, behind.key) == key and behind.place > row.place
            if is_behind and behind.event_id in consumer.handled:
                late = f"{consumer.name} has handled event {behind.event_id} of {key}"
                yield Finding(7, f"{late}, expected it to wait behind the poison at {row.place}")
