"""Why something happens: the request or event at the start of the chain, carried through every hop."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to a unit of work.

    Attributes:
        correlation_id: Request id that began the chain.
        causation_id: Id of the event that led here; None at the door.
        traceparent: W3C trace context; None when nobody gave one.
    """

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None
