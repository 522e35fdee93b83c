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
from common.kit.broker_open import forget_expired, group_places, open_consumer, open_producer
from common.kit.cleaning import CLEAN_EVERY_SECONDS, cleaning
from common.kit.clock import Clock
from common.kit.consumer import EventConsumer, Handler
from common.kit.db import Database
from common.kit.drainer import Drainer
from common.kit.health import judged, outbox_flows
from common.kit.joining import Watched, watched
from common.kit.liveness import Limits, Lives, Progress, Pulse
from common.kit.relay import Relay
from common.kit.settings import ServiceSettings
from common.kit.wake import listen
from common.kit.watchdog import end_within
from common.kit.worker_http import answering
from common.published.catalogue import BY_TYPE, topic_of

FINISH_SECONDS = 20.0
MARK_SECONDS = 5.0
CLOSE_SECONDS = 10.0
CUT_SECONDS = 2.0
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
        is_replayable: Whether an operator may replay it; not one with effects outside, as a message to a patient.
        jobs: Periodic work of the service.
        limits: When its consumer counts as stuck.
        pulse: When its broker last answered.
    """

    settings: ServiceSettings
    database: Database
    clock: Clock
    consumer_name: str
    handlers: Mapping[str, Handler]
    topics: Sequence[str] = ()
    is_replayable: bool = True
    jobs: Sequence[Job] = field(default_factory=tuple)
    limits: Limits = field(default_factory=Limits)
    pulse: Pulse = field(default_factory=Pulse)

    def all_topics(self) -> list[str]:
        """Return every topic to read."""
        return sorted({topic_of(BY_TYPE[name].producer) for name in self.handlers} | set(self.topics))


async def run_worker(parts: WorkerParts) -> None:
    """Run until SIGTERM or SIGINT; returns when everything is closed, and the process ends if that takes too long.

    Raises:
        ConsumerStuck: If making the consumer anew did not help.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with answering(parts.settings, lambda: readiness(parts, stop)):
        await run_parts(parts, stop, stopping=end_within)


async def readiness(parts: WorkerParts, stop: asyncio.Event) -> tuple[int, Mapping[str, object]]:
    """Return status and body of the worker's `/readyz`: it needs database and broker, and wishes that events leave."""
    if stop.is_set():
        return 503, {"status": "stopping"}
    needed = {"database": parts.database.ping, "broker": parts.pulse.check}
    return await judged(needed, {"outbox": outbox_flows(parts.database)})


async def run_parts(parts: WorkerParts, stop: asyncio.Event, *, stopping: Callable[[], None] = lambda: None) -> None:
    """Run relay, consumer, drainer and jobs until `stop` is set, then end them in the order of events.md section 11.

    Args:
        parts: What the worker is made of.
        stop: Set by whoever wants it to end.
        stopping: Called when the end begins.
    """
    relay = Relay(database_url=parts.database.url, open_producer=lambda: open_producer(parts.settings))
    listener = asyncio.create_task(listen(parts.database.url, relay.wake))
    drainer = Drainer(name=parts.consumer_name, database=parts.database, handlers=parts.handlers, clock=parts.clock)
    consuming = asyncio.create_task(_run_consumer(parts, stop), name="consumer")
    beside = [
        asyncio.create_task(drainer.run(stop), name="drainer"),
        *(asyncio.create_task(_run_job(job, stop), name=job.name) for job in [*_own_jobs(parts), *parts.jobs]),
    ]
    relay_stop = asyncio.Event()
    relaying = asyncio.create_task(relay.run(relay_stop), name="relay")
    log.info("worker_started", consumer=parts.consumer_name, topics=parts.all_topics())
    asked = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([asked, relaying, consuming, *beside], return_when=asyncio.FIRST_COMPLETED)
    stopping()
    stop.set()
    limits = parts.limits
    await asyncio.gather(
        _end([consuming], limits.finish_seconds + limits.close_seconds + 2 * CUT_SECONDS), _end(beside, FINISH_SECONDS)
    )
    relay_stop.set()
    relay.wake()
    await _end_relay(relay, relaying)
    listener.cancel()
    await asyncio.wait([listener], timeout=1)
    await parts.database.close()
    for task in done - {asked}:
        # A part ended although nobody asked: the process must not live on without it.
        task.result()
    log.info("worker_stopped", consumer=parts.consumer_name)


async def _end_relay(relay: Relay, relaying: asyncio.Task[None]) -> None:
    """Let the relay mark what was acknowledged; it gives back its shards and closes its producer even when cut off."""
    finished = asyncio.create_task(relay.finished.wait())
    await asyncio.wait([finished, relaying], timeout=MARK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    if not finished.done():
        relaying.cancel()
    finished.cancel()
    await _end([relaying], 2 * CLOSE_SECONDS)


async def _run_consumer(parts: WorkerParts, stop: asyncio.Event) -> None:
    async with watched(
        parts.settings,
        database=parts.database,
        clock=parts.clock,
        consumer=parts.consumer_name,
        handlers=parts.handlers,
        topics=parts.all_topics(),
        is_replayable=parts.is_replayable,
        stop=stop,
    ) as beside:
        await _consume(parts, stop, beside)


async def _consume(parts: WorkerParts, stop: asyncio.Event, beside: Watched) -> None:
    async def consume(member: Consumer, progress: Progress) -> None:
        await EventConsumer(
            name=parts.consumer_name,
            database=parts.database,
            consumer=member,
            handlers=parts.handlers,
            clock=parts.clock,
            known_since=beside.known_since,
            missed=beside.missed,
            progress=progress,
        ).run(stop)

    await Lives(
        parts.consumer_name,
        open_member=lambda: _opened(parts, stop),
        consume=consume,
        look=lambda: group_places(parts.settings, group=parts.consumer_name, topics=parts.all_topics()),
        rebuilt=beside.missed,
        pulse=parts.pulse,
        limits=parts.limits,
    ).run(stop)


async def _opened(parts: WorkerParts, stop: asyncio.Event) -> Consumer | None:
    """Open the consumer, however long the broker stays away; None when asked to stop meanwhile."""
    asked = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            opening = asyncio.create_task(
                open_consumer(parts.settings, group=parts.consumer_name, topics=parts.all_topics())
            )
            try:
                await asyncio.wait([opening, asked], return_when=asyncio.FIRST_COMPLETED)
                if opening.done():
                    return opening.result()
            except Exception as error:  # noqa: BLE001 - an absent broker must not end the worker: relay and jobs go on
                log.warning("consumer_not_opened", consumer=parts.consumer_name, error=str(error)[:200])
                await asyncio.wait([asked], timeout=BROKER_RETRY_SECONDS)
            finally:
                opening.cancel()
    finally:
        asked.cancel()
    return None


def _own_jobs(parts: WorkerParts) -> list[Job]:
    return [
        Job("broker_retention", RETENTION_SECONDS, lambda: forget_expired(parts.settings, parts.clock)),
        Job("cleaning", CLEAN_EVERY_SECONDS, cleaning(parts.database, parts.clock)),
    ]


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
        await asyncio.wait(late, timeout=CUT_SECONDS)
