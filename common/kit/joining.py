"""What a consumer does before it joins its topics, and what watches beside it: birth and recovery, put together.

Next hop: common/kit/births.py
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import structlog

from common.kit.births import be_born, enter
from common.kit.broker_open import group_places
from common.kit.clock import Clock
from common.kit.consumer import EventConsumer, Handler
from common.kit.db import Database
from common.kit.producer_client import ProducerLogs
from common.kit.pulling import Puller
from common.kit.recovery import Recovery, Waits
from common.kit.service_caller import ServiceCaller
from common.kit.settings import ServiceSettings
from common.published.catalogue import PRODUCERS, topic_of

END_TRIES, END_SECONDS = 3, 2.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """What the consumer is given: since when it handles each type, and whom to tell that events may be missed."""

    known_since: Mapping[str, datetime] = field(default_factory=dict)
    missed: Callable[[], None] = lambda: None


@asynccontextmanager
async def producer_logs(settings: ServiceSettings, consumer: str) -> AsyncIterator[ProducerLogs]:
    """Open the view of the producers' logs with the service token of the consumer's service."""
    async with httpx.AsyncClient(trust_env=False) as http:
        caller = ServiceCaller(
            http=http,
            gateway_url=settings.gateway_url,
            client_id=settings.service_client_id,
            client_secret=settings.service_client_secret.get_secret_value(),
            scope=f"service:{consumer.partition('.')[0]}",
        )
        yield ProducerLogs(caller, settings.service_urls)


def recovery_of(
    settings: ServiceSettings, database: Database, clock: Clock, consumer: str, logs: ProducerLogs, topics: list[str]
) -> Recovery:
    """Return the recovery of a consumer that reads these topics."""
    return Recovery(
        puller=Puller(consumer=consumer, database=database, logs=logs, clock=clock),
        database=database,
        logs=logs,
        places=lambda wanted: group_places(settings, group=consumer, topics=wanted),
        producers=[name for name in PRODUCERS if topic_of(name) in topics],
        waits=Waits(gap_seconds=settings.gap_wait_seconds, compare_seconds=settings.compare_seconds),
    )


async def _ended(recovery: Recovery, watching: asyncio.Task[None]) -> None:
    """End the watch; where the database's adapter swallows the cancelling, the end of the turn does it."""
    recovery.end()
    for _ in range(END_TRIES):
        watching.cancel()
        if (await asyncio.wait([watching], timeout=END_SECONDS))[0]:
            return
    log.warning("recovery_cut_off", consumer=recovery.name)


@asynccontextmanager
async def watched(
    settings: ServiceSettings,
    *,
    database: Database,
    clock: Clock,
    consumer: str,
    handlers: Mapping[str, Handler],
    topics: list[str],
    is_replayable: bool,
    stop: asyncio.Event,
) -> AsyncIterator[Watched]:
    """Let the consumer be born if it is new, then run its recovery while the block runs.

    Without GATEWAY_URL nothing can be asked: the consumer works, what a broker loses stays lost, and that is said.
    """
    if not settings.gateway_url:
        log.warning("recovery_is_off", consumer=consumer, reason="GATEWAY_URL is not set")
        yield Watched()
        return
    async with producer_logs(settings, consumer) as logs:
        recovery = recovery_of(settings, database, clock, consumer, logs, topics)
        birth = await enter(database, consumer, types=handlers, is_replayable=is_replayable, now=clock())
        if not birth.is_finished:
            unborn = EventConsumer(name=consumer, database=database, handlers=handlers, clock=clock)
            await be_born(
                consumer=unborn, database=database, logs=logs, producers=recovery.producers, clock=clock, stop=stop
            )
        watching = asyncio.create_task(recovery.run(), name="recovery")
        try:
            yield Watched(birth.known_since, recovery.compare_soon)
        finally:
            await _ended(recovery, watching)
