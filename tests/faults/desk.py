"""A hospital's desk that remembers every try of every call with what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import httpx

from local.outside_client import problem_of
from tests.faults.evidence import Attempt, Outcome

HeadersOf = Callable[[str], Awaitable[Mapping[str, str]]]
"""From an institution's code to what its calls carry."""


class Desk:
    """Calls the suite and keeps the history; one try is one HTTP request, never repeated silently."""

    def __init__(self, http: httpx.AsyncClient, headers_of: HeadersOf) -> None:
        self.history: list[Attempt] = []
        self._http = http
        self._headers_of = headers_of

    async def discharge(self, body: Mapping[str, Any], key: str) -> Attempt:
        """Try the main call once."""
        return await self._try(
            "discharge", "/v1/discharges", body, key, (body["institution_code"], body["record_no"]), body["bill"]
        )

    async def reverse(self, settled: Mapping[str, Any], key: str) -> Attempt:
        """Try once to reverse a settlement by its id."""
        path = f"/v1/settlements/{settled['settlement_id']}/reversal"
        record = (settled["institution_code"], settled["record_no"])
        return await self._try(
            "reversal", path, {"reason": "录入错误"}, key, record, {}, UUID(settled["settlement_id"])
        )

    async def reverse_record(self, institution_code: str, record_no: str, key: str) -> Attempt:
        """Try once to reverse by the record's number, as a hospital does that never received an answer."""
        body = {"record_no": record_no, "reason": "录入错误"}
        return await self._try("reversal", "/v1/reversals", body, key, (institution_code, record_no), {})

    async def _try(
        self,
        kind: Literal["discharge", "reversal"],
        path: str,
        body: Mapping[str, Any],
        key: str,
        record: tuple[str, str],
        bill: Mapping[str, int],
        settlement_id: UUID | None = None,
    ) -> Attempt:
        status, answered = None, b""
        outcome: Outcome = "unknown"
        try:
            headers = {**await self._headers_of(record[0]), "Idempotency-Key": key}
            answer = await self._http.post(path, json=body, headers=headers)
            status, answered, outcome = answer.status_code, answer.content, outcome_of(answer)
        except (httpx.TransportError, NoToken):
            pass  # A cut line says nothing about what was booked.
        attempt = Attempt(key, kind, *record, outcome, status, answered, bill.get("total_fen", 0), settlement_id)
        self.history.append(attempt)
        return attempt


class NoToken(Exception):
    """The gateway gave no token now."""


def outcome_of(answer: httpx.Response) -> Outcome:
    """Return what an answer says about the books."""
    if answer.is_success:
        return "ok"
    if answer.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT} or answer.is_server_error:
        return "unknown"
    return "unknown" if problem_of(answer).get("code") == "in_progress" else "refused"
