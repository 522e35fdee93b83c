"""The worker of settlement: relay, and identity's events: `python -m services.settlement.worker`.

Next hop: services/settlement/consumers.py
"""

from __future__ import annotations

from common.kit.clock import Clock, utc_now
from common.kit.idempotency import forgetting
from common.kit.serve import database_of, work
from common.kit.settings import load_settings
from common.kit.worker import Job, WorkerParts, run_worker
from services.settlement.consumers import handlers
from services.settlement.settings import Settings

CONSUMER = "settlement.recognition"
FORGET_EVERY_SECONDS = 3600.0


def make_parts(settings: Settings, *, clock: Clock = utc_now) -> WorkerParts:
    """Return what the worker is made of."""
    database = database_of(settings, name="settlement-worker")
    return WorkerParts(
        settings=settings,
        database=database,
        clock=clock,
        consumer_name=CONSUMER,
        handlers=handlers(),
        jobs=[Job("forget_old_answers", FORGET_EVERY_SECONDS, forgetting(database))],
    )


def main() -> None:
    """Read the settings and run until told to stop."""
    settings = load_settings(Settings)

    async def run() -> None:
        await run_worker(make_parts(settings))

    work(run, settings)


if __name__ == "__main__":
    main()
