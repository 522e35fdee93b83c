"""Calls from one of our processes to another, with the caller's own service token, renewed before it runs out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus

import httpx
from pydantic import BaseModel

TIMEOUT_SECONDS = 5.0
_RENEW_BEFORE_SECONDS = 30.0


class _Token(BaseModel):
    access_token: str
    expires_in: float


class ServiceCaller:
    """Asks other services as one client of the gateway.

    Args:
        http: The connections.
        gateway_url: Where tokens come from.
        client_id: Our client there.
        client_secret: Its secret.
        scope: What the token shall be good for, `service:<name>`.
    """

    def __init__(
        self, *, http: httpx.AsyncClient, gateway_url: str, client_id: str, client_secret: str, scope: str
    ) -> None:
        self._http = http
        self._scope = scope
        self._gateway_url = gateway_url.rstrip("/")
        self._credentials = (client_id, client_secret)
        self._token = ""
        self._token_ends_at = float("-inf")

    async def get(self, url: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        """Return the answer to a GET; a token that is refused is renewed once.

        Raises:
            httpx.HTTPError: If the token or the answer cannot be had, or the answer is no 2xx.
            pydantic.ValidationError: If the token endpoint answers something else.
        """
        answer = await self._ask(url, params)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._token_ends_at = float("-inf")
            answer = await self._ask(url, params)
        answer.raise_for_status()
        return answer

    async def _ask(self, url: str, params: Mapping[str, str | int] | None) -> httpx.Response:
        token = await self._current_token()
        return await self._http.get(
            url, params=params, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS
        )

    async def _current_token(self) -> str:
        if time.monotonic() >= self._token_ends_at:
            answer = await self._http.post(
                f"{self._gateway_url}/oauth/token",
                data={"grant_type": "client_credentials", "scope": self._scope},
                auth=self._credentials,
                timeout=TIMEOUT_SECONDS,
            )
            answer.raise_for_status()
            granted = _Token.model_validate_json(answer.content)
            self._token = granted.access_token
            self._token_ends_at = time.monotonic() + granted.expires_in - _RENEW_BEFORE_SECONDS
        return self._token
