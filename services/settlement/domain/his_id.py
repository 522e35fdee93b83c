"""Ids as the national interface takes them (就诊ID、结算ID、人员编号), at most 30 characters: a UUID written short.

Room: domain of settlement.
"""

from __future__ import annotations

import base64
import re
from uuid import UUID

_SHAPE = re.compile(r"[A-Z2-7]{26}")


def national_id(value: UUID) -> str:
    """Return the UUID in 26 capital letters and digits (base32, RFC 4648).

    >>> national_id(UUID("6f1c1c0e-52ab-5f0e-9a39-7d2d0b1c7a11"))
    'N4OBYDSSVNPQ5GRZPUWQWHD2CE'
    """
    return base64.b32encode(value.bytes).decode().rstrip("=")


def uuid_of(text: str) -> UUID | None:
    """Return the UUID that `national_id` wrote; None for any other text.

    >>> uuid_of("N4OBYDSSVNPQ5GRZPUWQWHD2CE")
    UUID('6f1c1c0e-52ab-5f0e-9a39-7d2d0b1c7a11')
    """
    if not _SHAPE.fullmatch(text):
        return None
    found = UUID(bytes=base64.b32decode(text + "======"))
    return found if national_id(found) == text else None
