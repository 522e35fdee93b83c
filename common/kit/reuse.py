"""A number given out twice: how a consumer notices that a producer's database was set back (events.md section 4).

A producer restored from a backup numbers new facts with numbers that older, forgotten ones had. The consumer sees a
number at or below its watermark with an event id it does not know. Such an event is set aside for a person; nothing is
dropped and nothing is handled out of its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from common.core.errors import Refused
from common.kit import metrics
from common.kit.envelope import Received

INBOX_REMEMBERS = timedelta(days=59)
"""Younger events must be in the inbox, whose rows live 60 days; one day is left for clocks and time zones."""

log = structlog.get_logger(__name__)


class SequenceReused(Refused):
    """The number of this event was taken in before with another event: the producer's database was set back."""

    code = "sequence_reused"
    zh = "事件序号已被另一事件使用，生产方数据库可能被回退"

    @classmethod
    def of(cls, event: Received) -> SequenceReused:
        """Return the refusal of an event."""
        return cls(
            "a number at or below the watermark with an unknown event id",
            producer=event.producer,
            key=event.key,
            sequence=event.sequence,
        )


def must_be_known(
    event: Received, appended_at: datetime, *, known_since: Mapping[str, datetime], now: datetime
) -> bool:
    """Say whether a repeated event would have an inbox row: it came lately, and after its type was first handled."""
    since = known_since.get(event.type)
    return since is not None and appended_at > max(since, now - INBOX_REMEMBERS)


def tell_reuse(consumer: str, refusal: SequenceReused) -> None:
    """Count and log a reused number."""
    metrics.SEQUENCE_REUSED.labels(consumer).inc()
    log.error("sequence_reused", consumer=consumer, **refusal.facts)
