"""The only map from errors to HTTP: RFC 9457 problem documents with a stable English `code`.

What an error is called decides its status: a code of the table below, else its kind (not found 404, conflict and
refusal 409). Anything that is no `DomainError` is trouble that passes (503) or our fault (500, without internals).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import httpx
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from common.core.errors import DomainError, NotFound, Refused
from common.kit.failures import is_transient
from common.kit.wording import chinese_of

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
RETRY_SECONDS = 1
_RESERVED = frozenset({"type", "title", "status", "detail", "code", "errors", "trace_id"})

STATUS_OF_CODE: Mapping[str, int] = {
    "idempotency_key_missing": 400,
    "grant_invalid": 400,
    "token_invalid": 401,
    "client_invalid": 401,
    "scope_missing": 403,
    "not_yours": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "in_progress": 409,
    "cursor_expired": 410,
    "stale_version": 412,
    "body_too_large": 413,
    "media_type_unsupported": 415,
    "malformed_body": 422,
    "citizen_id_invalid": 422,
    "dates_impossible": 422,
    "bill_inconsistent": 422,
    "cursor_invalid": 422,
    "idempotency_key_reused": 422,
    "if_match_missing": 428,
    "rate_limited": 429,
    "upstream_unavailable": 503,
}
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
_OWN_CODES = frozenset({"citizen_id_invalid"})


class MalformedBody(Refused):
    """The request's form is wrong: type, pattern, range, unknown or missing field."""

    code = "malformed_body"
    zh = "请求内容格式不正确"


class UpstreamUnavailable(Refused):
    """Something this process needs does not answer; the same request may succeed soon."""

    code = "upstream_unavailable"
    zh = "服务暂时不可用，请稍后用同一个键重试"


class ServerFault(Refused):
    """We failed; nothing was stored and nothing about the inside is said."""

    code = "internal_error"
    zh = "服务器内部错误"


def status_of(error: type[DomainError] | DomainError) -> int:
    """Return the HTTP status of an error or of its class."""
    if error.code == ServerFault.code:
        return 500
    kind = error if isinstance(error, type) else type(error)
    return STATUS_OF_CODE.get(error.code, 404 if issubclass(kind, NotFound) else 409)


def as_domain_error(error: BaseException) -> DomainError:
    """Return what a caller may be told about any error."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, RequestValidationError):
        return _malformed(error.errors())
    if isinstance(error, HTTPException):
        return _from_framework(error)
    if isinstance(error, httpx.TransportError) or is_transient(error):
        return UpstreamUnavailable("something this service needs did not answer in time; repeat with the same key")
    return ServerFault("an internal error; nothing was stored")


def problem(error: BaseException, *, accept_language: str = "", trace_id: str = "") -> Response:
    """Return the problem document of an error, in Chinese where the caller prefers it.

    The facts of a `DomainError` become members of the document; `retry_after_seconds` becomes the `Retry-After` header,
    and a list called `errors` stands as it is.
    """
    told = as_domain_error(error)
    status = status_of(told)
    document: dict[str, Any] = {
        "type": f"urn:yizhan:problem:{told.code}",
        "title": _title(status),
        "status": status,
        "detail": told.detail_zh if prefers_chinese(accept_language) else told.detail,
        "code": told.code,
    }
    document.update((name, value) for name, value in told.facts.items() if name not in _RESERVED)
    if "errors" in told.facts:
        document["errors"] = _worded(told.facts["errors"], chinese=prefers_chinese(accept_language))
    if trace_id:
        document["trace_id"] = trace_id
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str)
    # A lone surrogate echoed in a text cannot be written as UTF-8; it is shown as a question mark.
    return Response(body.encode(errors="replace"), status, _headers(error, told, status), media_type=MEDIA_TYPE)


def prefers_chinese(accept_language: str) -> bool:
    """Say whether an `Accept-Language` header prefers Chinese to everything else.

    >>> prefers_chinese("zh-CN,zh;q=0.9,en;q=0.8"), prefers_chinese("en, zh;q=0.5"), prefers_chinese("")
    (True, False, False)
    """
    best, best_weight = "", 0.0
    for item in accept_language.split(",") if accept_language else ():
        tag, _, weight = item.strip().partition(";q=")
        try:
            value = float(weight) if weight else 1.0
        except ValueError:
            continue
        if value > best_weight:
            best, best_weight = tag, value
    return best.lower().startswith("zh")


def document_problems(errors: Sequence[type[DomainError]]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of the errors a route may answer."""
    grouped: dict[int, list[str]] = {}
    for error in errors:
        grouped.setdefault(status_of(error), []).append(error.code)
    return {
        status: {
            "description": f"{_title(status)}: " + ", ".join(f"`{code}`" for code in dict.fromkeys(codes)),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, codes in sorted(grouped.items())
    }


PROBLEM_SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem document",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable English code"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}


def _malformed(errors: Sequence[Any]) -> DomainError:
    listed = [
        {"pointer": _pointer(each["loc"]), "code": str(each["type"]), "detail": str(each["msg"])}
        for each in errors[:MOST_ERRORS]
    ]
    if all(each["loc"][0] == "path" for each in errors):
        return NotFound("no such thing: what the address names cannot be an id", zh=chinese_of("not_found"))
    codes = {each["code"] for each in listed}
    if len(codes) == 1 and codes <= _OWN_CODES:
        return _refusal_of(codes.pop(), listed[0]["detail"], errors=listed)
    return MalformedBody("the request is not well formed; `errors` names each place", errors=listed)


def _refusal_of(code: str, detail: str, **facts: object) -> DomainError:
    answer = Refused(detail, zh=chinese_of(code), **facts)
    answer.code = code
    return answer


def _pointer(location: Sequence[str | int]) -> str:
    where, *path = location
    if where == "body":
        return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return f"{where}:" + "/".join(map(str, path))


def _from_framework(error: HTTPException) -> DomainError:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFault("an internal error; nothing was stored")
    code = _CODE_OF_STATUS.get(error.status_code)
    if code is None:
        detail = "the request could not be read"
        return MalformedBody(detail, errors=[{"pointer": "#", "code": "unreadable", "detail": detail}])
    return _refusal_of(code, _title(error.status_code))


def _worded(errors: object, *, chinese: bool) -> object:
    if not chinese or not isinstance(errors, list):
        return errors
    return [{**each, "detail": chinese_of(each["code"], each["detail"])} for each in errors]


def _headers(error: BaseException, told: DomainError, status: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    if isinstance(error, HTTPException) and error.headers:
        headers.update(error.headers)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    pause = told.facts.get("retry_after_seconds", RETRY_SECONDS if status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    if pause is not None:
        headers["Retry-After"] = str(pause)
    return headers


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
