"""The worker fetches number and name of patients to be visited and opens the tasks (入户核实任务).

The call lies between two units of work. When settlement cannot be reached the wish is repeated with growing pauses;
after the last one the task is opened without number and name, so that nobody is forgotten.
Room: use cases of identity. Next hop: services/identity/api/verification_tasks.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from uuid import UUID

from common.core.citizen_number import CitizenNumberInvalid, parse_citizen_number, person_id_of
from common.kit.clock import Clock, china_date
from common.kit.db import UnitOfWork
from services.identity.adapters import persons, verification
from services.identity.adapters.sealing import Keys
from services.identity.adapters.settlement_client import PatientUnreachable
from services.identity.adapters.verification import Patient, VerificationRequest
from services.identity.domain.patience import pause_after

LEASE = timedelta(seconds=60)
MOST_AT_ONCE = 5
_NOBODY = Patient(None, None, None)


async def open_verification_tasks(
    *,
    open_unit: Callable[[], AbstractAsyncContextManager[UnitOfWork]],
    fetch_patient: Callable[[UUID], Awaitable[Patient]],
    keys: Keys,
    clock: Clock,
) -> int:
    """Carry out the wishes that are due; return how many tasks were opened."""
    async with open_unit() as uow:
        due = await verification.claim_requests(uow.connection, now=clock(), lease=LEASE, limit=MOST_AT_ONCE)
    opened = 0
    for wanted in due:
        patient, error = await _fetched(fetch_patient, wanted)
        async with open_unit() as uow:
            opened += await _carry_out(uow, wanted, patient, error, keys, clock())
    return opened


async def _fetched(
    fetch_patient: Callable[[UUID], Awaitable[Patient]], wanted: VerificationRequest
) -> tuple[Patient | None, str]:
    try:
        return await fetch_patient(wanted.discharge_id), ""
    except PatientUnreachable as error:
        return None, str(error)


async def _carry_out(
    uow: UnitOfWork, wanted: VerificationRequest, patient: Patient | None, error: str, keys: Keys, now: datetime
) -> bool:
    """Open the task, or put the wish off; return whether a task was opened."""
    pause = pause_after(attempts=wanted.attempts)
    if patient is None and pause is not None:
        await verification.postpone_request(uow.connection, wanted.settlement_id, until=now + pause, error=error)
        return False
    state = "failed" if patient is None else "done"
    if not await verification.end_request(uow.connection, wanted.settlement_id, state=state):
        return False
    found = patient or _NOBODY
    due_on = china_date(now) + timedelta(days=wanted.due_days)
    await verification.add_task(uow.connection, keys.seal, wanted, found, due_on=due_on, now=now)
    await _note_number(uow, wanted, found, keys, now)
    return True


async def _note_number(
    uow: UnitOfWork, wanted: VerificationRequest, patient: Patient, keys: Keys, now: datetime
) -> None:
    """Put the number into the archive it belongs to; a number that makes another id stays in the task alone."""
    try:
        number = parse_citizen_number(patient.citizen_id or "", today=china_date(now))
    except CitizenNumberInvalid:
        return
    if person_id_of(number, person_key=keys.person_key) == wanted.person_id:
        await persons.note_number(uow.connection, keys, wanted.person_id, number)
