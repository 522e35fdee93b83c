"""Replay (重放): everything a producer told since an instant is held against one consumer, and what it lacks is pulled.

For a consumer whose own database was set back, or of which somebody doubts that it has everything. What was taken in
before is dropped by watermark and inbox (events.md section 6). Next hop: common/kit/recover.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from common.core.errors import Refused
from common.kit.births import birth_of
from common.kit.db import Database
from common.kit.heads import keys_behind
from common.kit.producer_client import ProducerLogs
from common.kit.pulling import Puller

log = structlog.get_logger(__name__)


class ReplayRefused(Refused):
    """The window cannot be replayed safely, or the consumer has effects outside that must not be repeated."""

    code = "replay_refused"
    zh = "不允许重放"


async def replay(
    *, puller: Puller, database: Database, logs: ProducerLogs, producers: Sequence[str], since: datetime
) -> int:
    """Pull what the consumer lacks of the events recorded since then; return how many events that were.

    Raises:
        ReplayRefused: If the consumer is not replayable or not yet born, or the window reaches back before its birth or
            before the first event a producer has kept. Nothing is done then.
        ProducerUnreachable: If a producer does not answer; what was pulled so far stays, repeating goes on.
    """
    await _check_consumer(database, puller.consumer, since)
    for producer in producers:
        await _check_log(logs, producer, since)
    found = 0
    for producer in producers:
        async for page in logs.heads(producer, changed_since=since):
            async with database.engine.connect() as connection:
                behind = await keys_behind(connection, puller.consumer, producer, page.items)
            for each in behind:
                found += await puller.pull((producer, each.key), up_to=each.head)
    log.info("replayed", consumer=puller.consumer, producers=list(producers), since=since.isoformat(), events=found)
    return found


async def _check_consumer(database: Database, consumer: str, since: datetime) -> None:
    async with database.engine.connect() as connection:
        birth = await birth_of(connection, consumer)
    if birth is None or not birth.is_finished:
        raise ReplayRefused(f"{consumer} is not born yet: its worker reads the producers' logs by itself")
    if not birth.is_replayable:
        raise ReplayRefused(f"{consumer} has effects outside and declares itself not replayable")
    if since < birth.born_at:
        raise ReplayRefused(
            f"the window begins before {consumer} was born, {birth.born_at.isoformat()}: what it has taken in of the "
            "time before is not known"
        )


async def _check_log(logs: ProducerLogs, producer: str, since: datetime) -> None:
    async for page in logs.heads(producer, changed_since=since):
        if page.first_recorded_at is not None and since < page.first_recorded_at:
            raise ReplayRefused(
                f"the window begins before the first event that {producer} has kept, "
                f"{page.first_recorded_at.isoformat()}"
            )
        break
