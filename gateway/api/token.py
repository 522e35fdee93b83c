"""OAuth 2 client credentials: the token endpoint and the key set."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated
from urllib.parse import unquote_plus
from uuid import uuid4

from fastapi import Form
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from common.kit.fields import ResponseModel
from gateway.api.deps import CurrentDoor, Now, call_entry, json_answer, public, public_router
from gateway.domain.grant import TOKEN_SECONDS, ClientInvalid, GrantInvalid
from gateway.domain.rate_limit import RateLimited
from gateway.usecases.issue_token import TokenRequest, issue_token

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
NO_STORE = {"Cache-Control": "no-store"}
KEY_SET_FRESH = {"Cache-Control": "public, max-age=5"}

router = public_router(tag="gateway")

FormText = Annotated[str | None, Form()]


class TokenAnswer(ResponseModel):
    """RFC 6749's successful answer."""

    access_token: str = Field(description="Signed JWT")
    token_type: str = "Bearer"  # noqa: S105 - its kind
    expires_in: int = Field(description="Seconds")
    scope: str = Field(description="Scopes separated by spaces")


@router.post(
    TOKEN_PATH,
    summary="Get a token",
    response_model=TokenAnswer,
    **public(problems=(GrantInvalid, ClientInvalid, RateLimited)),
)
async def give_token(
    request: Request,
    door: CurrentDoor,
    now: Now,
    grant_type: FormText = None,
    client_id: FormText = None,
    client_secret: FormText = None,
    scope: FormText = None,
) -> Response:
    """Give a token of ten minutes for client credentials, sent as Basic or in the form."""
    basic_id, basic_secret = _basic(request.headers.get("authorization", ""))
    asked = TokenRequest(grant_type, basic_id or client_id, basic_secret or client_secret, scope)
    token = await issue_token(request=asked, issuer=door.issuer, token_id=uuid4(), now=now)
    await door.audit.add(call_entry(door, request, token.client_id, route=TOKEN_PATH, status=200, parameters={}))
    answer = TokenAnswer(access_token=token.access_token, expires_in=TOKEN_SECONDS, scope=token.scope)
    return json_answer(answer, headers=NO_STORE)


@router.get("/.well-known/jwks.json", summary="Keys that sign tokens", **public())
async def show_key_set(door: CurrentDoor) -> Response:
    """Return the public halves of the keys whose tokens are good."""
    return json_answer(await door.issuer.keys.key_set(), headers=KEY_SET_FRESH)


def _basic(authorization: str) -> tuple[str | None, str | None]:
    """Return client id and secret of a Basic header; both parts are form-encoded (RFC 6749 section 2.3.1)."""
    kind, _, credentials = authorization.partition(" ")
    if kind.lower() != "basic":
        return None, None
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None, None
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)
