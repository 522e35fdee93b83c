"""Writes on versioned things: strong `ETag` = version; `If-Match` is checked in the UPDATE's condition."""

from __future__ import annotations

from starlette.requests import Request

from common.core.errors import Conflict, Refused


class IfMatchMissing(Refused):
    """The write must name the version it saw."""

    code = "if_match_missing"
    zh = "缺少 If-Match"


class StaleVersion(Conflict):
    """Somebody else changed the thing since it was read."""

    code = "stale_version"
    zh = "数据已被他人修改，请重新读取"


def etag_of(version: int) -> str:
    """Return the `ETag` of a version.

    >>> etag_of(3)
    '"3"'
    """
    return f'"{version}"'


def version_from(request: Request) -> int:
    """Return the version named by `If-Match`.

    Raises:
        IfMatchMissing: If the header is absent.
        StaleVersion: If it is no version of ours (a weak or foreign tag matches nothing).
    """
    given = request.headers.get("if-match")
    if given is None:
        raise IfMatchMissing("If-Match with the ETag of the version you saw is needed")
    digits = given.strip().removeprefix('"').removesuffix('"')
    if not digits.isdecimal() or given.strip() != f'"{digits}"' or len(digits) > len(str(2**63)) - 1:
        raise StaleVersion("If-Match names no version of this")
    return int(digits)
