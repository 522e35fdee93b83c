"""The audit record (审计记录): who did what, when, with which result; ids only, never personal data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z_]+)*(\.v[0-9]+)?")
_LONGEST_WORD = 64
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One call.

    Attributes:
        happened_at: When it was answered.
        client_id: Who called.
        method: In capitals.
        route: Path template, never the path itself.
        resource_ids: Parameter name to id.
        status: HTTP status of the answer.
        request_id: Joins the entry with logs and events.
    """

    happened_at: datetime
    client_id: str
    method: str
    route: str
    resource_ids: Mapping[str, str]
    status: int
    request_id: str


def resource_ids(*, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the ids of a path as the audit record keeps them: made-up ids and words of ours, all else hidden.

    A caller may write a citizen number where an id belongs; it must not enter a record that is never deleted.

    >>> resource_ids(parameters={"fund": "medical_assistance", "person_id": "211381196503150011"})
    {'fund': 'medical_assistance', 'person_id': 'hidden'}
    """
    return {name: value if _is_harmless(value) else HIDDEN for name, value in parameters.items()}


def _is_harmless(value: str) -> bool:
    return bool(_ID.fullmatch(value)) or (len(value) <= _LONGEST_WORD and bool(_WORD.fullmatch(value)))
