"""The worker of skeleton: its relay, its consumer and its periodic jobs.

Next hop: services/_skeleton/consumers.py
"""

from __future__ import annotations

from common.kit.clock import utc_now
from common.kit.serve import database_of, work
from common.kit.settings import load_settings
from common.kit.worker import WorkerParts, run_worker
from services._skeleton.consumers import handlers
from services._skeleton.settings import Settings


def parts_of(settings: Settings) -> WorkerParts:
    """Return what this worker is made of."""
    database = database_of(settings, name="skeleton-worker")
    return WorkerParts(
        settings=settings,
        database=database,
        clock=utc_now,
        consumer_name="skeleton.stays",
        handlers=handlers(),
    )


def main() -> None:
    """Work until told to stop."""
    settings = load_settings(Settings)

    async def run() -> None:
        await run_worker(parts_of(settings))

    work(run, settings)


if __name__ == "__main__":
    main()
