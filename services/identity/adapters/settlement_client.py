"""Asks settlement who a patient is; the only call identity makes, always from the worker and never in a transaction.

Room: adapters of identity.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from services.identity.adapters.verification import Patient

TIMEOUT_SECONDS = 5.0
_RENEW_BEFORE_SECONDS = 30.0
_SCOPE = "service:identity"


class PatientUnreachable(Exception):
    """Settlement or the token endpoint did not answer as agreed; the text names the step and holds no personal data."""


class _Token(BaseModel):
    access_token: str
    expires_in: float


class _Patient(BaseModel):
    citizen_id: str | None = None
    name: str | None = None
    township: str | None = None


class SettlementClient:
    """Fetches patients with a service token of its own, renewed before it runs out."""

    def __init__(
        self, *, http: httpx.AsyncClient, settlement_url: str, gateway_url: str, client_id: str, client_secret: str
    ) -> None:
        self._http = http
        self._settlement_url = settlement_url.rstrip("/")
        self._gateway_url = gateway_url.rstrip("/")
        self._credentials = (client_id, client_secret)
        self._token = ""
        self._token_ends_at = float("-inf")

    async def patient_of(self, discharge_id: UUID) -> Patient:
        """Return number, name and township of a discharge's patient.

        Raises:
            PatientUnreachable: If either call fails or answers something else.
        """
        try:
            answer = await self._ask(discharge_id)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                self._token_ends_at = float("-inf")
                answer = await self._ask(discharge_id)
            answer.raise_for_status()
            told = _Patient.model_validate_json(answer.content)
        except httpx.HTTPStatusError as error:
            raise PatientUnreachable(f"settlement answered {error.response.status_code}") from error
        except (httpx.HTTPError, ValidationError) as error:
            raise PatientUnreachable(f"settlement did not answer: {type(error).__name__}") from error
        return Patient(told.citizen_id, told.name, told.township)

    async def _ask(self, discharge_id: UUID) -> httpx.Response:
        token = await self._current_token()
        return await self._http.get(
            f"{self._settlement_url}/internal/discharges/{discharge_id}/patient",
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )

    async def _current_token(self) -> str:
        if time.monotonic() >= self._token_ends_at:
            answer = await self._http.post(
                f"{self._gateway_url}/oauth/token",
                data={"grant_type": "client_credentials", "scope": _SCOPE},
                auth=self._credentials,
                timeout=TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
            granted = _Token.model_validate_json(answer.content)
            self._token = granted.access_token
            self._token_ends_at = time.monotonic() + granted.expires_in - _RENEW_BEFORE_SECONDS
        return self._token
