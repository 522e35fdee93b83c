"""What only our own services may ask; the gateway never forwards it and the OpenAPI does not show it.

Room: api of settlement. Next hop: services/settlement/usecases/read_patient.py
"""

from __future__ import annotations

from uuid import UUID

from common.kit.fields import ResponseModel
from common.kit.http import secured, secured_router
from services.settlement.adapters.patients import DischargeUnknown
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.usecases.read_patient import read_patient

router = secured_router(tag="settlement")


class PatientOut(ResponseModel):
    """Number and name in clear; `citizen_id` is null for a temporary identity."""

    citizen_id: str | None
    name: str
    township: str | None


@router.get(
    "/internal/discharges/{discharge_id}/patient",
    include_in_schema=False,
    **secured("service:identity", problems=(DischargeUnknown,)),
)
async def get_patient(discharge_id: UUID, caller: CurrentCaller, context: Context, uow: Uow, now: Now) -> PatientOut:
    """Answer whom a hospital named, for the verification task of an unknown person."""
    patient = await read_patient(uow, discharge_id=discharge_id, client_id=caller.client_id, seal=context.seal, now=now)
    return PatientOut(citizen_id=patient.citizen_id, name=patient.name, township=patient.township)
