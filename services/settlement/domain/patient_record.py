"""The patient of a discharge as it is sealed: number and name, or the temporary identity.

Room: domain of settlement.
"""

from __future__ import annotations

import json
from typing import Any

from services.settlement.domain.discharge import Patient


def patient_as_text(*, patient: Patient) -> str:
    """Return the text that is encrypted and kept with the discharge."""
    temporary = patient.temporary
    whole: dict[str, Any] = {
        "citizen_id": patient.number.value if patient.number else None,
        "name": patient.name,
        "birth_date": temporary.birth_date.isoformat() if temporary else None,
        "sex": temporary.sex if temporary else None,
        "head_citizen_id": temporary.head_number.value if temporary else None,
    }
    return json.dumps(whole, ensure_ascii=False)


def patient_from_text(*, text: str) -> dict[str, str | None]:
    """Return the fields written by `patient_as_text`."""
    whole: dict[str, str | None] = json.loads(text)
    return whole
