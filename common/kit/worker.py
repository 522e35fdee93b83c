"""The worker process: relay, consumer, drainer and periodic jobs, started together and stopped in order.

An orderly stop only saves duplicates; a kill at any point is the normal case and every start is a recovery.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from common.kit.broker import Consumer
from common.kit.broker_open import forget_expired, open_consumer, open_producer
from common.kit.clock import Clock
from common.kit.consumer import EventConsumer, Handler
from common.kit.db import Database
from common.kit.drainer import Drainer
from common.kit.relay import Relay
from common.kit.settings import ServiceSettings
from common.kit.wake import listen
from common.published.catalogue import BY_TYPE, topic_of

FINISH_BATCH_SECONDS = 20.0
CLOSE_SECONDS = 10.0
BROKER_RETRY_SECONDS = 2.0
RETENTION_SECONDS = 3600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again: `work` is called every `every_seconds`, and at once when the worker starts."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What one service's worker is made of.

    Attributes:
        consumer_name: `<service>.<purpose>`, the group at the broker and the name in the inbox.
        handlers: Event type to use case; the topics follow from the types.
        topics: Further topics to read whole, whatever their types (the gateway's outward log).
        jobs: Periodic work of the service.
    """

    settings: ServiceSettings
    database: Database
    clock: Clock
    consumer_name: str
    handlers: Mapping[str, Handler]
    topics: Sequence[str] = ()
    jobs: Sequence[Job] = field(default_factory=tuple)

    def all_topics(self) -> list[str]:
        """Return every topic to read."""
        return sorted({topic_of(BY_TYPE[name].producer) for name in self.handlers} | set(self.topics))


async def run_worker(parts: WorkerParts) -> None:
    """Run until SIGTERM or SIGINT; returns when everything is closed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run_parts(parts, stop)


async def run_parts(parts: WorkerParts, stop: asyncio.Event) -> None:
    """Run relay, consumer, drainer and jobs until `stop` is set."""
    relay = Relay(database_url=parts.database.url, open_producer=lambda: open_producer(parts.settings))
    listener = asyncio.create_task(listen(parts.database.url, relay.wake))
    tasks = [
        asyncio.create_task(_run_consumer(parts, stop), name="consumer"),
        asyncio.create_task(
            Drainer(name=parts.consumer_name, database=parts.database, handlers=parts.handlers, clock=parts.clock).run(
                stop
            ),
            name="drainer",
        ),
        *(asyncio.create_task(_run_job(job, stop), name=job.name) for job in [_retention(parts), *parts.jobs]),
    ]
    relay_stop = asyncio.Event()
    relay_task = asyncio.create_task(relay.run(relay_stop), name="relay")
    log.info("worker_started", consumer=parts.consumer_name, topics=parts.all_topics())
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, relay_task, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await _end(tasks, FINISH_BATCH_SECONDS)
    relay_stop.set()
    relay.wake()
    await _end([relay_task], CLOSE_SECONDS)
    listener.cancel()
    await asyncio.wait([listener], timeout=1)
    await parts.database.close()
    for task in done - {stopping}:
        # A part ended although nobody asked: the process must not live on without it.
        task.result()
    log.info("worker_stopped", consumer=parts.consumer_name)


async def _run_consumer(parts: WorkerParts, stop: asyncio.Event) -> None:
    consumer = await _opened(parts, stop)
    if consumer is None:
        return
    try:
        await EventConsumer(
            name=parts.consumer_name,
            database=parts.database,
            consumer=consumer,
            handlers=parts.handlers,
            clock=parts.clock,
        ).run(stop)
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(consumer.close(), CLOSE_SECONDS)


async def _opened(parts: WorkerParts, stop: asyncio.Event) -> Consumer | None:
    """Open the consumer, however long the broker stays away; None when asked to stop meanwhile."""
    while not stop.is_set():
        try:
            return await open_consumer(parts.settings, group=parts.consumer_name, topics=parts.all_topics())
        except Exception as error:  # noqa: BLE001 - an absent broker must not end the worker: the relay and jobs go on
            log.warning("consumer_not_opened", consumer=parts.consumer_name, error=str(error)[:200])
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BROKER_RETRY_SECONDS)
    return None


def _retention(parts: WorkerParts) -> Job:
    return Job("broker_retention", RETENTION_SECONDS, lambda: forget_expired(parts.settings, parts.clock))


async def _run_job(job: Job, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await job.work()
        except Exception:
            log.exception("job_failed", job=job.name)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), job.every_seconds)


async def _end(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        log.warning("part_cut_off", part=task.get_name())
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=2)
