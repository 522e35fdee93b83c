"""A settlement is undone: mirrored entry, accumulators as before, the fact told; a repeat moves nothing (冲正).

Room: use cases of settlement. Next hop: common/kit/outbox.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common.core.errors import NotFound
from common.core.ids import named_id
from common.kit.clock import china_date, rfc3339
from common.kit.db import UnitOfWork
from common.kit.failpoints import failpoint
from common.published.settlement import LayerPaid, SettlementReversed
from services.settlement.adapters import accumulators, corrections, persons, reversals, settlements
from services.settlement.adapters.locks import hold
from services.settlement.adapters.settlements import Kept
from services.settlement.domain.accumulator import mirrored_changes, moved
from services.settlement.domain.discharge import PAID_BY_PATIENT
from services.settlement.domain.ledger import mirror_kind
from services.settlement.domain.replay import balances_from
from services.settlement.usecases.draw_family_account import give_back
from services.settlement.usecases.settle_discharge import RecordInProgress

BY_HOSPITAL = "by_hospital"


class SettlementNotFound(NotFound):
    """No settlement of that id or record is the caller's."""

    code = "not_found"
    zh = "没有找到该结算"


@dataclass(frozen=True, slots=True)
class Reversed:
    """The answer, and whether this call reversed it."""

    answer: dict[str, Any]
    is_new: bool


async def reverse_settlement(
    uow: UnitOfWork, *, settlement_id: UUID, institution_code: str, reason: str, client_id: str, now: datetime
) -> Reversed:
    """Reverse one of the hospital's settlements by its id.

    Raises:
        SettlementNotFound: If there is none, or it is another hospital's.
    """
    kept = await settlements.find(uow.connection, settlement_id)
    if kept is None or kept.payee != institution_code:
        raise SettlementNotFound("no settlement of that id")
    return await _reversed(uow, kept, reason, client_id, now)


async def reverse_claim(
    uow: UnitOfWork, *, settlement_id: UUID, county: str | None, reason: str, client_id: str, now: datetime
) -> Reversed:
    """Reverse a claim of a county's home office; what the patient already received is taken off the next batch.

    Raises:
        SettlementNotFound: If there is no claim of that id in the county.
    """
    kept = await settlements.find(uow.connection, settlement_id)
    if kept is None or (kept.payee, kept.county) != (PAID_BY_PATIENT, county):
        raise SettlementNotFound("no claim of that id")
    return await _reversed(uow, kept, reason, client_id, now)


async def reverse_record(
    uow: UnitOfWork, *, institution_code: str, record_no: str, reason: str, client_id: str, now: datetime
) -> Reversed:
    """Reverse what is settled under a record number, for a hospital that never received our answer.

    Raises:
        RecordInProgress: If the settlement is still running.
        SettlementNotFound: If nothing is settled under the number; a delayed discharge may still arrive.
    """
    place = {"institution_code": institution_code, "record_no": record_no}
    if not await settlements.hold_record(uow.connection, **place):
        raise RecordInProgress("the settlement of this record is still running", retry_after_seconds=1)
    latest = await settlements.latest_of_record(uow.connection, **place)
    if latest is None or latest.payee != institution_code:
        raise SettlementNotFound(
            "nothing is settled under this record number; if its discharge was sent and is delayed, "
            "repeat the reversal after the discharge has answered",
            zh="该病案号没有结算；若出院请求仍在途中，请在其答复之后重发冲正",
        )
    return await _reversed(uow, latest, reason, client_id, now)


async def _reversed(uow: UnitOfWork, found: Kept, reason: str, client_id: str, now: datetime) -> Reversed:
    await hold(uow.connection, "person", str(found.person_id))  # No correction is booked meanwhile.
    kept = await settlements.find(uow.connection, found.settlement_id, lock=True) or found
    if not kept.is_live:
        return Reversed(await reversals.answer_of(uow.connection, kept.settlement_id), is_new=False)
    connection, settlement_id = uow.connection, kept.settlement_id
    reversal_id = named_id("reversal", settlement_id)
    await reversals.flip(
        connection, settlement_id=settlement_id, reversal_id=reversal_id, reason=reason, now=now, client_id=client_id
    )
    failpoint("settlement.reversal_after_flip")
    for entry in await reversals.entries_of(connection, settlement_id):
        kind = mirror_kind(entry.kind)
        mirror = entry.mirrored(entry_id=named_id("journal_entry", settlement_id, kind), kind=kind)
        await settlements.enter(connection, mirror, settlement_id=settlement_id, booked_at=now)
    await give_back(uow, settlement_id=settlement_id, now=now)
    changes = balances_from(told=await settlements.stored_part(connection, settlement_id, "changes"))
    corrected = (await corrections.of(connection, [settlement_id])).get(settlement_id, [])
    for each in corrected:
        changes = moved(before=changes, changes=each.changes)
    await accumulators.move_balances(
        connection,
        person_id=await persons.surviving_of(connection, kept.person_id),
        county=kept.county,
        year=kept.year,
        changes=mirrored_changes(changes=changes),
    )
    told = corrected[-1].answer if corrected else kept.first_answer
    uow.publish(_told(kept, told, reversal_id, now), occurred_at=now)
    answer = {
        "reversal_id": str(reversal_id),
        "settlement_id": str(settlement_id),
        "state": "reversed",
        "reversed_at": rfc3339(now),
    }
    return Reversed(answer, is_new=True)


def _told(kept: Kept, told: Mapping[str, Any], reversal_id: UUID, now: datetime) -> SettlementReversed:
    return SettlementReversed(
        county=kept.county,
        reversal_id=reversal_id,
        settlement_id=kept.settlement_id,
        discharge_id=kept.discharge_id,
        person_id=kept.person_id,
        institution_code=kept.institution_code,
        discharged_on=kept.discharged_on,
        reversed_on=china_date(now),
        total_fen=-told["total_fen"],
        patient_pays_fen=-told["patient_pays_fen"],
        layers=[
            LayerPaid(layer=each["layer"], fund=each["fund"], paid_fen=-each["paid_fen"]) for each in told["layers"]
        ],
        reason_code=BY_HOSPITAL,
    )
