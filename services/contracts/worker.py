"""The worker of contracts: relay, consumers and what time alone brings about: `python -m services.contracts.worker`.

Next hop: services/contracts/consumers.py
"""

from __future__ import annotations

from common.kit.cause import Cause
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.serve import work
from common.kit.settings import load_settings
from common.kit.worker import Job, WorkerParts, run_worker
from services.contracts.adapters.rule_file import load_rules
from services.contracts.consumers import handlers
from services.contracts.settings import Settings
from services.contracts.usecases.end_expired_contracts import end_expired_contracts
from services.contracts.usecases.tell_overdue import tell_overdue

CONSUMER = "contracts.care"
LOOK_EVERY_SECONDS = 600.0
ROWS_AT_ONCE = 200


def make_parts(settings: Settings, *, clock: Clock = utc_now) -> WorkerParts:
    """Return what the worker is made of."""
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        application_name="contracts-worker",
    )

    async def daily() -> None:
        await look_daily(database, clock)

    return WorkerParts(
        settings=settings,
        database=database,
        clock=clock,
        consumer_name=CONSUMER,
        handlers=handlers(clock=clock, versions=load_rules()),
        jobs=[Job("daily", LOOK_EVERY_SECONDS, daily)],
    )


async def look_daily(database: Database, clock: Clock) -> None:
    """End contracts that ran out and tell of overdue tasks, some rows per transaction until none are left."""
    for story in (end_expired_contracts, tell_overdue):
        done = ROWS_AT_ONCE
        while done == ROWS_AT_ONCE:
            async with database.unit_of_work(Cause("daily")) as uow:
                done = await story(uow, now=clock(), limit=ROWS_AT_ONCE)


def main() -> None:
    """Read the settings and run until told to stop."""
    settings = load_settings(Settings)

    async def run() -> None:
        await run_worker(make_parts(settings))

    work(run, settings)


if __name__ == "__main__":
    main()
