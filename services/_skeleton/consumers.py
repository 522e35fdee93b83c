"""Which event leads to which use case of skeleton.

Next hop: services/_skeleton/usecases/record_stay.py
"""

from __future__ import annotations

from common.kit.consumer import Handler
from services._skeleton.usecases.record_stay import record_stay


def handlers() -> dict[str, Handler]:
    """Return the table: event type to use case."""
    return {"settlement.discharge_settled.v1": record_stay}
