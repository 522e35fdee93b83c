"""Identity's worker fetches number and name of an unknown patient; the read is recorded with the answer.

Room: use cases of settlement. Next hop: services/settlement/adapters/patients.py
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.settlement.adapters import patients
from services.settlement.adapters.patients import SentPatient


async def read_patient(
    uow: UnitOfWork, *, discharge_id: UUID, client_id: str, seal: Seal, now: datetime
) -> SentPatient:
    """Return the patient of a discharge in clear.

    Raises:
        DischargeUnknown: If there is no such discharge.
    """
    patient = await patients.patient_of(uow.connection, discharge_id=discharge_id, seal=seal)
    await patients.note_read(
        uow.connection,
        client_id=client_id,
        correlation_id=uow.cause.correlation_id,
        action="read_patient",
        subject_id=discharge_id,
        now=now,
    )
    return patient
