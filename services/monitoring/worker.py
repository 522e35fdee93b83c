"""The worker of monitoring: relay, consumers and what time alone brings about: `python -m services.monitoring.worker`.

Next hop: services/monitoring/consumers.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from common.kit.cause import Cause
from common.kit.clock import Clock, china_date, utc_now
from common.kit.db import Database
from common.kit.serve import work
from common.kit.settings import load_settings
from common.kit.worker import Job, WorkerParts, run_worker
from services.monitoring.adapters.line_files import load_lines
from services.monitoring.consumers import handlers
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.settings import Settings
from services.monitoring.usecases.let_windows_run_out import let_windows_run_out

CONSUMER = "monitoring.watch"
LOOK_EVERY_SECONDS = 600.0
ROWS_AT_ONCE = 50


def make_parts(settings: Settings, *, clock: Clock = utc_now) -> WorkerParts:
    """Return what the worker is made of."""
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        application_name="monitoring-worker",
    )
    lines = load_lines()

    async def daily() -> None:
        await look_daily(database, clock, lines)

    return WorkerParts(
        settings=settings,
        database=database,
        clock=clock,
        consumer_name=CONSUMER,
        handlers=handlers(clock=clock, lines=lines),
        jobs=[Job("daily", LOOK_EVERY_SECONDS, daily)],
    )


async def look_daily(database: Database, clock: Clock, lines: Mapping[str, Sequence[WarningLine]]) -> None:
    """Let windows run out, once a China day, some households per transaction."""
    after: UUID | None = None
    day = china_date(clock())
    while True:
        async with database.unit_of_work(Cause("daily")) as uow:
            after = await let_windows_run_out(uow, lines=lines, after=after, day=day, now=clock(), limit=ROWS_AT_ONCE)
        if after is None:
            return


def main() -> None:
    """Read the settings and run until told to stop."""
    settings = load_settings(Settings)

    async def run() -> None:
        await run_worker(make_parts(settings))

    work(run, settings)


if __name__ == "__main__":
    main()
