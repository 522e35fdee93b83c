"""The gateway's worker: every fact of the four topics enters the outward log, what is too old leaves it.

Next hop: gateway/consumers.py
"""

from __future__ import annotations

import structlog

from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.serve import database_of, work
from common.kit.settings import load_settings
from common.kit.worker import Job, WorkerParts, run_worker
from common.published.catalogue import PRODUCERS, topic_of
from gateway.consumers import handlers
from gateway.settings import Settings
from gateway.usecases.prune_events import prune_events

PRUNE_EVERY_SECONDS = 3600.0
PRUNED_AT_ONCE = 5_000

log = structlog.get_logger(__name__)


def worker_parts(settings: Settings) -> WorkerParts:
    """Return what the worker is made of."""
    database = database_of(settings, name="gateway-worker")

    async def prune() -> None:
        count = PRUNED_AT_ONCE
        while count == PRUNED_AT_ONCE:
            async with database.unit_of_work(Cause("prune")) as uow:
                count = await prune_events(uow=uow, now=utc_now(), at_most=PRUNED_AT_ONCE)
            log.info("outward_events_pruned", count=count)

    return WorkerParts(
        settings=settings,
        database=database,
        clock=utc_now,
        consumer_name="gateway.outward",
        handlers=handlers(clock=utc_now),
        topics=[topic_of(producer) for producer in PRODUCERS],
        jobs=[Job("prune_events", PRUNE_EVERY_SECONDS, prune)],
    )


def main() -> None:
    """Run the process."""
    settings = load_settings(Settings)

    async def run() -> None:
        await run_worker(worker_parts(settings))

    work(run, settings)


if __name__ == "__main__":
    main()
