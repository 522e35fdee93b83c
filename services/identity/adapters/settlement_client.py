"""Asks settlement who a patient is; the only call identity makes, always from the worker and never in a transaction.

Room: adapters of identity.
"""

from __future__ import annotations

from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from common.kit.service_caller import ServiceCaller
from services.identity.adapters.verification import Patient

_SCOPE = "service:identity"


class PatientUnreachable(Exception):
    """Settlement or the token endpoint did not answer as agreed; the text names the step and holds no personal data."""


class _Patient(BaseModel):
    citizen_id: str | None = None
    name: str | None = None
    township: str | None = None


class SettlementClient:
    """Fetches patients with identity's service token."""

    def __init__(
        self, *, http: httpx.AsyncClient, settlement_url: str, gateway_url: str, client_id: str, client_secret: str
    ) -> None:
        self._settlement_url = settlement_url.rstrip("/")
        self._caller = ServiceCaller(
            http=http, gateway_url=gateway_url, client_id=client_id, client_secret=client_secret, scope=_SCOPE
        )

    async def patient_of(self, discharge_id: UUID) -> Patient:
        """Return number, name and township of a discharge's patient.

        Raises:
            PatientUnreachable: If either call fails or answers something else.
        """
        try:
            answer = await self._caller.get(f"{self._settlement_url}/internal/discharges/{discharge_id}/patient")
            told = _Patient.model_validate_json(answer.content)
        except httpx.HTTPStatusError as error:
            raise PatientUnreachable(f"settlement answered {error.response.status_code}") from error
        except (httpx.HTTPError, ValidationError) as error:
            raise PatientUnreachable(f"settlement did not answer: {type(error).__name__}") from error
        return Patient(told.citizen_id, told.name, told.township)
