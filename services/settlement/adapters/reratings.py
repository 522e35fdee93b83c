"""Re-ratings in the database: opened, listed person by person, decided by a second person, booked (追溯重算).

Room: adapters of settlement.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.statements import Row, fetch, fetch_one
from services.settlement.adapters.settlements import as_text
from services.settlement.domain.rerating import Difference

_COLUMNS = """
rerating_id, county, discharged_from, discharged_to, person_id, cause, document, proposed_by, opened_at, opened_by,
state, reached, stay_count, decided_by, decided_at, reason
"""
_OPEN = """
INSERT INTO rerating (rerating_id, county, discharged_from, discharged_to, person_id, cause, document, proposed_by,
  opened_at, opened_by, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'listing')
"""
_FIND = f"SELECT {_COLUMNS} FROM rerating WHERE rerating_id = $1"  # noqa: S608 - our own column list
_DUE = f"""
SELECT {_COLUMNS} FROM rerating WHERE state IN ('listing', 'approved')
ORDER BY opened_at, rerating_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - our own column list
_PAGE = f"""
SELECT {_COLUMNS} FROM rerating
WHERE county = $1 AND ($2::timestamptz IS NULL OR (opened_at, rerating_id) > ($2, $3))
ORDER BY opened_at, rerating_id LIMIT $4
"""  # noqa: S608 - our own column list
_PERSONS = """
SELECT DISTINCT person_id FROM settlement
WHERE county = $1 AND discharged_on BETWEEN $2 AND $3 AND state = 'settled'
  AND ($4::uuid IS NULL OR person_id = $4) AND ($5::uuid IS NULL OR person_id > $5)
ORDER BY person_id LIMIT $6
"""
_LISTED = """
SELECT DISTINCT person_id FROM rerating_line
WHERE rerating_id = $1 AND result = 'open' ORDER BY person_id LIMIT 1
"""
_LIST = """
INSERT INTO rerating_line (rerating_id, line_no, settlement_id, person_id, outcome, class_before, class_after, layers,
  hospital_borne_fen, patient_fen, patient_pays_fen)
SELECT $1, coalesce((SELECT max(line_no) FROM rerating_line WHERE rerating_id = $1), 0) + t.place, t.settlement_id, $2,
  t.outcome, t.class_before, t.class_after, t.layers::json, t.borne, t.patient, t.pays
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[])
  WITH ORDINALITY AS t(settlement_id, outcome, class_before, class_after, layers, borne, patient, pays, place)
"""
_LINES = """
SELECT l.line_no, l.settlement_id, l.person_id, s.institution_code, s.record_no, s.year, s.discharged_on, l.outcome,
  l.class_before, l.class_after, l.layers::text AS layers, l.hospital_borne_fen, l.patient_fen, l.patient_pays_fen,
  l.result
FROM rerating_line l JOIN settlement s USING (settlement_id)
WHERE l.rerating_id = $1 AND l.line_no > $2 AND ($3::uuid IS NULL OR l.person_id = $3) ORDER BY l.line_no LIMIT $4
"""
_SUMS = """
SELECT outcome, result, count(*) AS lines, count(DISTINCT person_id) AS persons, sum(patient_fen)::bigint AS patient_fen
FROM rerating_line WHERE rerating_id = $1 GROUP BY outcome, result ORDER BY outcome, result
"""
_FUNDS = """
SELECT t.value->>'fund' AS fund, sum((t.value->>'fen')::bigint)::bigint AS fen
FROM rerating_line l, json_array_elements(l.layers) t
WHERE l.rerating_id = $1 AND l.outcome IN ('supplement', 'recovery', 'shifted') AND l.result <> 'outdated'
GROUP BY 1 ORDER BY 1
"""
_STEP = "UPDATE rerating SET state = $2, reached = $3, stay_count = stay_count + $4 WHERE rerating_id = $1"
_DECIDE = """
UPDATE rerating SET state = $2, reached = NULL, decided_by = $3, decided_at = $4, reason = $5 WHERE rerating_id = $1
"""
_RESULT = "UPDATE rerating_line SET result = $3 WHERE rerating_id = $1 AND settlement_id = ANY ($2::uuid[])"
ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Rerating:
    """A case as it stands; `reached` is the last person listed."""

    rerating_id: UUID
    county: str
    discharged_from: date
    discharged_to: date
    person_id: UUID | None
    cause: str
    document: str
    proposed_by: str
    opened_at: datetime
    opened_by: str
    state: str = "listing"
    reached: UUID | None = None
    stay_count: int = 0
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReratingLine:
    """A stay's difference as it was listed, and what became of it."""

    line_no: int
    settlement_id: UUID
    person_id: UUID
    institution_code: str
    record_no: str
    year: int
    discharged_on: date
    outcome: str
    class_before: str
    class_after: str
    layers: tuple[dict[str, Any], ...]
    hospital_borne_fen: int
    patient_fen: int
    patient_pays_fen: int
    result: str


@dataclass(frozen=True, slots=True)
class OutcomeSum:
    """So many lines and persons of one outcome and result, and what their patients pay more together."""

    outcome: str
    result: str
    lines: int
    persons: int
    patient_fen: int


async def keep(connection: AsyncConnection, case: Rerating) -> None:
    """Write a new case."""
    await fetch(
        connection,
        _OPEN,
        case.rerating_id,
        case.county,
        case.discharged_from,
        case.discharged_to,
        case.person_id,
        case.cause,
        case.document,
        case.proposed_by,
        case.opened_at,
        case.opened_by,
    )


async def find(connection: AsyncConnection, rerating_id: UUID, *, lock: bool = False) -> Rerating | None:
    """Return a case, its row held when asked."""
    row = await fetch_one(connection, _FIND + (" FOR UPDATE" if lock else ""), rerating_id)
    return None if row is None else _case(row)


async def due(connection: AsyncConnection) -> Rerating | None:
    """Return the oldest case with work to do that nobody else holds, its row held."""
    row = await fetch_one(connection, _DUE)
    return None if row is None else _case(row)


async def page(
    connection: AsyncConnection, *, county: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[Rerating]:
    """Return at most `limit` cases of a county behind a position, in the order opened."""
    return [_case(row) for row in await fetch(connection, _PAGE, county, *(after or (None, None)), limit)]


async def persons_between(
    connection: AsyncConnection,
    *,
    county: str,
    first: date,
    last: date,
    person_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """Return the next persons, or one, with a live settlement discharged between two days, both included."""
    rows = await fetch(connection, _PERSONS, county, first, last, person_id, after, limit)
    return [UUID(str(row.person_id)) for row in rows]


async def person_to_book(connection: AsyncConnection, case: Rerating) -> UUID | None:
    """Return the next person with open lines."""
    row = await fetch_one(connection, _LISTED, case.rerating_id)
    return None if row is None else UUID(str(row.person_id))


async def list_person(
    connection: AsyncConnection, rerating_id: UUID, person_id: UUID, found: Sequence[Difference]
) -> None:
    """Add a person's differences as the next lines."""
    await fetch(
        connection,
        _LIST,
        rerating_id,
        person_id,
        [each.standing.settlement_id for each in found],
        [each.outcome.value for each in found],
        [each.standing.answer["entitlement"]["benefit_class"] for each in found],
        [each.answer["entitlement"]["benefit_class"] for each in found],
        [as_text(layers_of(each)) for each in found],
        [each.hospital_borne.fen for each in found],
        [each.patient.fen for each in found],
        [each.answer["patient_pays_fen"] for each in found],
    )


def layers_of(difference: Difference) -> list[dict[str, Any]]:
    """Return the differences of the layers as they are written."""
    return [{"layer": each.layer, "fund": each.fund, "fen": each.amount.fen} for each in difference.layers]


async def lines_of(
    connection: AsyncConnection, rerating_id: UUID, *, person_id: UUID | None = None, after: int = 0, limit: int = ALL
) -> list[ReratingLine]:
    """Return a case's lines behind a number, in their order; of one person when asked."""
    rows = await fetch(connection, _LINES, rerating_id, after, person_id, limit)
    return [
        ReratingLine(
            **{
                **dict(row.items()),
                "settlement_id": UUID(str(row.settlement_id)),
                "person_id": UUID(str(row.person_id)),
                "layers": tuple(json.loads(row.layers)),
            }
        )
        for row in rows
    ]


async def sums_of(connection: AsyncConnection, rerating_id: UUID) -> list[OutcomeSum]:
    """Return how many lines there are of each outcome and result."""
    return [OutcomeSum(*tuple(row.values())) for row in await fetch(connection, _SUMS, rerating_id)]


async def funds_of(connection: AsyncConnection, rerating_id: UUID) -> dict[str, int]:
    """Return what each fund pays more (less: negative) by the lines that are booked or can be, in fen."""
    return {row.fund: row.fen for row in await fetch(connection, _FUNDS, rerating_id)}


async def step(connection: AsyncConnection, case: Rerating, *, state: str, reached: UUID | None, stays: int) -> None:
    """Note how far a case has come."""
    await fetch(connection, _STEP, case.rerating_id, state, reached, stays)


async def decide(
    connection: AsyncConnection, case: Rerating, *, state: str, decided_by: str, reason: str, now: datetime
) -> None:
    """Write the second person's word."""
    await fetch(connection, _DECIDE, case.rerating_id, state, decided_by, now, reason)


async def note_result(
    connection: AsyncConnection, rerating_id: UUID, settlement_ids: Sequence[UUID], result: str
) -> None:
    """Write what became of lines."""
    await fetch(connection, _RESULT, rerating_id, list(settlement_ids), result)


def _case(row: Row) -> Rerating:
    values = dict(row.items())
    values["rerating_id"] = UUID(str(row.rerating_id))
    for name in ("person_id", "reached"):
        values[name] = UUID(str(values[name])) if values[name] else None
    return Rerating(**values)
