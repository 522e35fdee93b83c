"""Points 1 to 3 of the checker: answers against bookings, the journal against the accounts, the projections."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from tests.faults.evidence import Account, Attempt, Entry, Evidence, Finding, Posting, Settlement

ZERO = (0, 0, 0, 0)
Record = tuple[str, str]
"""Institution and record number."""


def answers_and_bookings(evidence: Evidence) -> Iterator[Finding]:
    """Point 1: an answered call stands in the books once and whole, a refused one nowhere, an unknown one maybe."""
    calls: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in evidence.history:
        calls[attempt.key].append(attempt)
    for key, tries in calls.items():
        yield from _replays(key, tries)
        if tries[0].kind == "discharge":
            yield from _discharge_call(evidence, key, tries)
        else:
            yield from _reversal_call(evidence, key, tries)
    yield from _records(evidence, calls)


def _replays(key: str, tries: Sequence[Attempt]) -> Iterator[Finding]:
    bodies = {attempt.body for attempt in tries if attempt.outcome == "ok"}
    if len(bodies) > 1:
        yield Finding(1, f"call {key} was answered in {len(bodies)} different ways, expected the same bytes each time")


def _discharge_call(evidence: Evidence, key: str, tries: Sequence[Attempt]) -> Iterator[Finding]:
    answers = [attempt for attempt in tries if attempt.outcome == "ok"]
    if not answers:
        return
    answer = json.loads(answers[0].body)
    wanted = UUID(answer["settlement_id"])
    rows = [row for row in evidence.books.settlements if row.settlement_id == wanted]
    if len(rows) != 1:
        what = f"call {key} was answered with settlement {wanted}, of which there are {len(rows)}, expected 1"
        yield Finding(1, what, "double" if rows else "lost")
        return
    yield from _amounts(key, answer, rows[0], answers[0].total_fen)
    if rows[0].discharge_id not in evidence.books.discharges:
        yield Finding(1, f"settlement {wanted} of call {key} has no discharge {rows[0].discharge_id}")
    booked = [entry for entry in evidence.books.entries if entry.settlement_id == wanted and entry.kind == "settlement"]
    expected = _postings_of(answer)
    if expected and [_summed(entry.postings) for entry in booked] != [expected]:
        have = [sorted(entry.postings) for entry in booked]
        yield Finding(
            1, f"settlement {wanted} of call {key} has the postings {have}, expected {sorted(expected.items())}"
        )


def _amounts(key: str, answer: dict[str, Any], row: Settlement, billed_fen: int) -> Iterator[Finding]:
    told = (answer["total_fen"], answer["patient_pays_fen"], answer["hospital_borne_fen"])
    kept = (row.total_fen, row.patient_pays_fen, row.hospital_borne_fen)
    if told != kept or row.total_fen != billed_fen:
        yield Finding(1, f"call {key}: billed {billed_fen}, answered {told}, kept {kept}: expected to be the same")


def _postings_of(answer: dict[str, Any]) -> dict[tuple[str, str], int]:
    lines = [(f"receivable:{layer['fund']}", layer["layer"], layer["paid_fen"]) for layer in answer["layers"]]
    lines += [
        ("hospital_borne", "", answer["hospital_borne_fen"]),
        ("patient_share", "", answer["patient_pays_fen"]),
        ("hospital_charges", "", -answer["total_fen"]),
    ]
    return _summed(lines)


def _summed(lines: Iterable[Posting]) -> dict[tuple[str, str], int]:
    """Return what stands on each account for each layer; a fund and its sub-ledgers may share a payment."""
    sums: Counter[tuple[str, str]] = Counter()
    for account, layer, amount in lines:
        sums[account, layer] += amount
    return {place: amount for place, amount in sums.items() if amount}


def _reversal_call(evidence: Evidence, key: str, tries: Sequence[Attempt]) -> Iterator[Finding]:
    answers = [attempt for attempt in tries if attempt.outcome == "ok"]
    if not answers:
        return
    target = UUID(json.loads(answers[0].body)["settlement_id"])
    count = evidence.books.reversed_ids.count(target)
    if count != 1 or tries[0].settlement_id not in {None, target}:
        yield Finding(1, f"reversal {key} was answered, settlement {target} has {count} reversals, expected 1")


def _records(evidence: Evidence, calls: Mapping[str, Sequence[Attempt]]) -> Iterator[Finding]:
    """No settlement that nobody was told of and nobody can still be unsure about, and no reversal nobody asked for."""
    answered: dict[Record, set[UUID]] = defaultdict(set)
    unsure: Counter[Record] = Counter()
    for tries in calls.values():
        if tries[0].kind == "discharge":
            told = {UUID(json.loads(attempt.body)["settlement_id"]) for attempt in tries if attempt.outcome == "ok"}
            answered[_record_of(tries)] |= told
            unsure[_record_of(tries)] += not told and any(attempt.outcome == "unknown" for attempt in tries)
    standing: dict[Record, set[UUID]] = defaultdict(set)
    for row in evidence.books.settlements:
        standing[row.institution_code, row.record_no].add(row.settlement_id)
    for record, ids in standing.items():
        strange = ids - answered[record]
        if len(strange) > unsure[record]:
            expected = f"at most {unsure[record]} that no answer names"
            what = f"record {record} has the settlements {_texts(strange)} beside those answered, {expected}"
            yield Finding(1, what, "double")
    yield from _unasked_reversals(evidence, calls)


def _unasked_reversals(evidence: Evidence, calls: Mapping[str, Sequence[Attempt]]) -> Iterator[Finding]:
    asked = {
        _record_of(tries)
        for tries in calls.values()
        if tries[0].kind == "reversal" and any(attempt.outcome != "refused" for attempt in tries)
    }
    for row in evidence.books.settlements:
        if not row.is_live and (row.institution_code, row.record_no) not in asked:
            yield Finding(1, f"settlement {row.settlement_id} is reversed, expected not: nobody asked for it")


def _record_of(tries: Sequence[Attempt]) -> Record:
    return tries[0].institution_code, tries[0].record_no


def journal_and_accounts(evidence: Evidence) -> Iterator[Finding]:
    """Point 2: entries sum to zero and mirror each other, accounts are the sum of what moved them, the old stands."""
    by_settlement: dict[UUID, dict[str, Entry]] = defaultdict(dict)
    for entry in evidence.books.entries:
        by_settlement[entry.settlement_id][entry.kind] = entry
        if rest := sum(amount for _, _, amount in entry.postings):
            yield Finding(
                2, f"entry {entry.entry_id} of settlement {entry.settlement_id} sums to {rest} fen, expected 0"
            )
    for settlement_id in evidence.books.reversed_ids:
        first, mirror = (by_settlement[settlement_id].get(kind) for kind in ("settlement", "reversal"))
        if first and (mirror is None or Counter(mirror.postings) != _mirrored(first)):
            yield Finding(2, f"the reversal of settlement {settlement_id} is not the mirror of entry {first.entry_id}")
    yield from _balances(evidence)
    now = {entry.entry_id: entry.postings for entry in evidence.books.entries}
    for entry_id, postings in evidence.earlier.items():
        if now.get(entry_id) != postings:
            yield Finding(2, f"entry {entry_id} was {postings}, is {now.get(entry_id)}, expected unchanged")


def _mirrored(entry: Entry) -> Counter[Posting]:
    return Counter((account, layer, -amount) for account, layer, amount in entry.postings)


def _balances(evidence: Evidence) -> Iterator[Finding]:
    expected: dict[Account, tuple[int, ...]] = defaultdict(lambda: ZERO)
    moved = [(row.person_id, row.county, row.year, row.changes) for row in evidence.books.settlements if row.is_live]
    for person_id, county, year, changes in (*moved, *evidence.books.openings):
        for account, change in changes.items():
            place = (person_id, county, year, account)
            expected[place] = tuple(a + b for a, b in zip(expected[place], change, strict=True))
    for place in {*expected, *evidence.books.balances}:
        have = evidence.books.balances.get(place, ZERO)
        if have != expected[place]:
            yield Finding(2, f"account {place} stands at {have}, expected {expected[place]}: the sum of what moved it")
        limit = evidence.limits.get(place[3])
        if limit is not None and have[2] > limit:
            yield Finding(2, f"account {place} has paid {have[2]} fen, expected at most {limit}")


def projections_and_states(evidence: Evidence) -> Iterator[Finding]:
    """Point 3: what others add up per person is what was settled, and each discharge has one state that all know."""
    live = {row.settlement_id for row in evidence.books.settlements if row.is_live}
    paid: Counter[UUID] = Counter()
    for row in evidence.books.settlements:
        if row.is_live:
            paid[row.person_id] += row.patient_pays_fen
    for projection in evidence.projections:
        if projection.paid_by_person is not None:
            for person_id in {*paid, *projection.paid_by_person}:
                have = projection.paid_by_person.get(person_id, 0)
                if have != paid[person_id]:
                    whose = f"{projection.consumer} has {have} fen for person {person_id}"
                    yield Finding(3, f"{whose}, expected {paid[person_id]} as settled")
        if projection.live is not None and (strange := projection.live ^ live):
            yield Finding(3, f"{projection.consumer} and settlement differ about what is valid: {_texts(strange)}")
    yield from _states(evidence)


def _states(evidence: Evidence) -> Iterator[Finding]:
    of_discharge = Counter(row.discharge_id for row in evidence.books.settlements)
    for discharge_id in evidence.books.discharges | of_discharge.keys():
        if of_discharge[discharge_id] != 1 or discharge_id not in evidence.books.discharges:
            yield Finding(3, f"discharge {discharge_id} has {of_discharge[discharge_id]} settlements, expected 1")
    reversals = Counter(evidence.books.reversed_ids)
    kinds = Counter((entry.settlement_id, entry.kind) for entry in evidence.books.entries)
    facts = Counter(
        (told.data.get("settlement_id"), told.type) for told in evidence.told if told.producer == "settlement"
    )
    for row in evidence.books.settlements:
        is_reversed = int(not row.is_live)
        name = str(row.settlement_id)
        seen = (
            reversals[row.settlement_id],
            kinds[row.settlement_id, "reversal"] if kinds[row.settlement_id, "settlement"] else is_reversed,
            facts[name, "settlement.settlement_reversed.v1"],
            facts[name, "settlement.discharge_settled.v1"],
        )
        if seen != (is_reversed, is_reversed, is_reversed, 1):
            yield Finding(3, f"settlement {name} is {row.state}, but (reversals, entries, facts told) are {seen}")


def _texts(ids: set[UUID]) -> str:
    return ", ".join(sorted(map(str, ids))[:5])
