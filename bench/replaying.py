"""Row l: results computed again from their frozen inputs, read from the database, one process on one core."""

from __future__ import annotations

import time
from itertools import islice
from statistics import median

import asyncpg

from bench.discharges import HOSPITAL_CLIENT, discharges
from bench.request_path import http_side
from bench.stand import Stand
from bench.table import Line
from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.wake import plain_dsn
from services.settlement.adapters.policy_files import load_policies
from services.settlement.usecases.replay_settlements import Replay, replay_settlements

TARGET_A_SECOND = 2_000
REAL = 64
"""Settlements made by the service; the others are copies of them under ids of their own."""
_COPY = """
WITH real AS (
    SELECT s.*, r.inputs, r.inputs_hash, r.answer, r.trace, r.changes, row_number() OVER () AS place
    FROM settlement s JOIN settlement_record r USING (settlement_id) WHERE record_no LIKE 'L-%'
), made AS (
    SELECT real.*, gen_random_uuid() AS new_id, n FROM real JOIN generate_series(1, $1) n ON n % $2 = place - 1
), s AS (
    INSERT INTO settlement (settlement_id, discharge_id, person_id, county, institution_code, record_no, attempt, state,
      settled_at, discharged_on, year, total_fen, fund_paid_fen, hospital_borne_fen, patient_pays_fen, body_hash,
      payee)
    SELECT new_id, discharge_id, person_id, county, institution_code, record_no || '-' || n, attempt, state, settled_at,
      discharged_on, year, total_fen, fund_paid_fen, hospital_borne_fen, patient_pays_fen, body_hash, payee FROM made
)
INSERT INTO settlement_record (settlement_id, inputs, inputs_hash, answer, trace, changes)
SELECT new_id, inputs, inputs_hash, answer, trace, changes FROM made
"""


class ReplayDiffers(Exception):
    """A result came out otherwise, or not all were computed: the figure would say nothing."""


async def measure(stand: Stand, *, rounds: int, settlements: int) -> list[Line]:
    """Return the line of row l.

    Args:
        stand: Prepared, settlement and gateway running.
        rounds: Replays of the whole; the median of their rates counts.
        settlements: How many lie in the database.

    Raises:
        ReplayDiffers: If a result comes out otherwise than it was told.
    """
    await _fill(stand, settlements)
    policies = load_policies()
    database = Database(stand.installation.databases["settlement"], application_name="bench-replay")
    rates = []
    for _ in range(rounds):
        counts, began = Replay(), time.perf_counter()
        async with database.unit_of_work(Cause("bench")) as uow:
            wrong = [each async for each in replay_settlements(uow, policies=policies, counts=counts)]
        took = time.perf_counter() - began
        if wrong or counts.without_policy or counts.replayed < settlements:
            raise ReplayDiffers(f"{counts.replayed} of {settlements} computed again, {len(wrong)} come out otherwise")
        rates.append(counts.replayed / took)
    await database.close()
    rate = median(rates)
    what = f"replay of {counts.replayed:,} settlements, read and computed again, a second"
    return [Line("l", what, f"> {TARGET_A_SECOND:,}/s", "-", f"{rate:,.0f}/s", "-", rate > TARGET_A_SECOND)]


async def _fill(stand: Stand, settlements: int) -> None:
    port = stand.installation.ports["settlement"]
    bodies = discharges("L")
    side = await http_side(stand, "L", port, client=HOSPITAL_CLIENT, bodies=islice(bodies, REAL))
    await side.time_together(REAL)
    connection = await asyncpg.connect(plain_dsn(stand.installation.databases["settlement"]))
    await connection.execute(_COPY, settlements, REAL)
    await connection.execute("ANALYZE settlement, settlement_record")
    await connection.close()
