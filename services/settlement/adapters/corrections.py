"""Corrections of settlements in the database, and the settlements as they stand with them (补差、追回).

Room: adapters of settlement.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.statements import Row, fetch, fetch_one
from services.settlement.adapters.settlements import Kept, as_text
from services.settlement.domain.accumulator import Balances
from services.settlement.domain.receipt import balances_as_told
from services.settlement.domain.receipt import trace_of as trace_as_told
from services.settlement.domain.replay import balances_from, frozen_of
from services.settlement.domain.rerating import Correction, Difference, Standing

_STAYS = """
SELECT s.settlement_id, s.discharge_id, s.person_id, s.institution_code, s.record_no, s.year, s.discharged_on,
  r.inputs::text AS inputs, r.answer::text AS answer, r.changes::text AS changes
FROM settlement s JOIN settlement_record r USING (settlement_id)
WHERE s.person_id = ANY ($1::uuid[]) AND s.county = $2 AND s.state = 'settled'
  AND (s.person_id, s.year) IN (SELECT a.person_id, a.year FROM settlement a
    WHERE a.person_id = ANY ($1::uuid[]) AND a.county = $2 AND a.state = 'settled'
      AND a.discharged_on BETWEEN $3 AND $4)
ORDER BY s.person_id, s.year, s.settled_at, s.settlement_id
"""
_OF = """
SELECT settlement_id, correction_no, ordinal, rerating_id, booked_at, inputs::text AS inputs, answer::text AS answer,
  changes::text AS changes
FROM correction WHERE settlement_id = ANY ($1::uuid[]) ORDER BY correction_no
"""
_RESULTS = """
SELECT settlement_id, s.county, r.inputs::text AS inputs, r.answer::text AS answer
FROM settlement s JOIN settlement_record r USING (settlement_id)
WHERE settlement_id > $1 ORDER BY settlement_id LIMIT $2
"""
STEP_ROWS = 1_000
_LET_GO = """
SELECT settlement_id, patient_pays_fen FROM rerating_line WHERE settlement_id = ANY ($1::uuid[]) AND result = 'let_go'
"""
_ADD = """
INSERT INTO correction (settlement_id, ordinal, rerating_id, booked_at, inputs, answer, trace, changes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING correction_no
"""
_TRACE = "SELECT trace::text AS trace FROM correction WHERE settlement_id = $1 AND ordinal = $2"


@dataclass(frozen=True, slots=True)
class KeptCorrection:
    """A correction as read back; `answer` is the corrected result in the form of the first answer."""

    correction_no: int
    ordinal: int
    rerating_id: UUID
    booked_at: datetime
    inputs: dict[str, Any]
    answer: dict[str, Any]
    changes: Balances


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A result as it was told, and everything it was computed from."""

    settlement_id: UUID
    county: str
    inputs: dict[str, Any]
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StandingStay:
    """A live settlement as it stands, with whose it is and where it lies."""

    standing: Standing
    discharge_id: UUID
    person_id: UUID
    discharged_on: date


async def stays_of(
    connection: AsyncConnection, *, person_ids: Sequence[UUID], county: str, first: date, last: date
) -> list[StandingStay]:
    """Return the live settlements of every year in which a person was discharged between two days, as they stand.

    They come person by person, year by year, in the order settled.
    """
    rows = await fetch(connection, _STAYS, list(person_ids), county, first, last)
    ids = [UUID(str(row.settlement_id)) for row in rows]
    corrected = await of(connection, ids)
    let_go: dict[UUID, set[int]] = {}
    for row in await fetch(connection, _LET_GO, ids):
        let_go.setdefault(UUID(str(row.settlement_id)), set()).add(row.patient_pays_fen)
    return [
        StandingStay(
            _standing(row, corrected.get(settlement_id, []), frozenset(let_go.get(settlement_id, ()))),
            UUID(str(row.discharge_id)),
            UUID(str(row.person_id)),
            row.discharged_on,
        )
        for row, settlement_id in zip(rows, ids, strict=True)
    ]


def _standing(row: Row, later: Sequence[KeptCorrection], let_go: frozenset[int]) -> Standing:
    inputs = json.loads(row.inputs)
    continues = inputs.get("continues")
    first = frozen_of(inputs=inputs)
    return Standing(
        settlement_id=UUID(str(row.settlement_id)),
        record=(row.institution_code, row.record_no),
        year=row.year,
        continues=(continues[0], continues[1]) if continues else None,
        first=first,
        inputs=frozen_of(inputs={**inputs, **later[-1].inputs}) if later else first,
        answer=later[-1].answer if later else json.loads(row.answer),
        changes=balances_from(told=json.loads(row.changes)),
        corrections=tuple(Correction(each.correction_no, each.changes) for each in later),
        waived=let_go,
    )


async def of(connection: AsyncConnection, settlement_ids: Iterable[UUID]) -> Mapping[UUID, list[KeptCorrection]]:
    """Return the corrections of some settlements, oldest first."""
    found: dict[UUID, list[KeptCorrection]] = {}
    for row in await fetch(connection, _OF, list(settlement_ids)):
        found.setdefault(UUID(str(row.settlement_id)), []).append(
            KeptCorrection(
                correction_no=row.correction_no,
                ordinal=row.ordinal,
                rerating_id=UUID(str(row.rerating_id)),
                booked_at=row.booked_at,
                inputs=json.loads(row.inputs),
                answer=json.loads(row.answer),
                changes=balances_from(told=json.loads(row.changes)),
            )
        )
    return found


async def standing_answer(connection: AsyncConnection, kept: Kept) -> dict[str, Any]:
    """Return the newest result of a settlement: that of its last correction, else the first answer."""
    later = (await of(connection, [kept.settlement_id])).get(kept.settlement_id)
    return later[-1].answer if later else kept.first_answer


async def results(connection: AsyncConnection) -> AsyncIterator[KeptResult]:
    """Give every result there is, the corrected ones after the first of the same settlement, a thousand at a time."""
    after = UUID(int=0)
    while rows := await fetch(connection, _RESULTS, after, STEP_ROWS):
        ids = [UUID(str(row.settlement_id)) for row in rows]
        corrected = await of(connection, ids)
        for row, settlement_id in zip(rows, ids, strict=True):
            inputs = json.loads(row.inputs)
            yield KeptResult(settlement_id, row.county, inputs, json.loads(row.answer))
            for each in corrected.get(settlement_id, ()):
                yield KeptResult(settlement_id, row.county, {**inputs, **each.inputs}, each.answer)
        after = ids[-1]


async def add(
    connection: AsyncConnection, difference: Difference, *, ordinal: int, rerating_id: UUID, booked_at: datetime
) -> int:
    """Write a correction and return its number, which is above all earlier ones of the same person's year."""
    texts = [
        as_text(difference.inputs),
        as_text(difference.answer),
        as_text(trace_as_told(judgement=difference.judgement, categories=difference.inputs["categories"])),
        as_text(balances_as_told(balances=difference.changes)),
    ]
    settlement_id = difference.standing.settlement_id
    row = await fetch_one(connection, _ADD, settlement_id, ordinal, rerating_id, booked_at, *texts)
    assert row is not None  # noqa: S101 - RETURNING of one inserted row
    return int(row.correction_no)


async def trace_of(connection: AsyncConnection, *, settlement_id: UUID, ordinal: int) -> dict[str, Any]:
    """Return the trace of one correction that is there."""
    row = await fetch_one(connection, _TRACE, settlement_id, ordinal)
    assert row is not None  # noqa: S101 - the caller has read the correction
    trace: dict[str, Any] = json.loads(row.trace)
    return trace
