"""The worker process of identity: `python -m services.identity.worker`; relay, consumer, and two jobs."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial

import httpx

from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.db import Database, UnitOfWork
from common.kit.serve import work
from common.kit.settings import load_settings
from common.kit.worker import Job, WorkerParts, run_worker
from services.identity.adapters.county_files import load_counties
from services.identity.adapters.settlement_client import SettlementClient
from services.identity.consumers import handlers
from services.identity.settings import Settings
from services.identity.usecases.continue_rosters import continue_rosters
from services.identity.usecases.open_verification_tasks import open_verification_tasks

CONSUMER = "identity.archive"
ROSTERS_EVERY_SECONDS = 0.5
VERIFY_EVERY_SECONDS = 2.0


async def run(settings: Settings) -> None:
    """Run until told to stop."""
    database = Database(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        application_name="identity-worker",
    )
    counties, keys = load_counties(), settings.keys()
    async with httpx.AsyncClient() as http:
        client = SettlementClient(
            http=http,
            settlement_url=settings.settlement_url,
            gateway_url=settings.gateway_url,
            client_id=settings.service_client_id,
            client_secret=settings.service_client_secret.get_secret_value(),
        )

        def open_verification_unit() -> AbstractAsyncContextManager[UnitOfWork]:
            return database.unit_of_work(Cause("open-verification-tasks"))

        async def rosters() -> None:
            await continue_rosters(open_unit=database.unit_of_work, counties=counties, keys=keys, clock=utc_now)

        async def verify() -> None:
            await open_verification_tasks(
                open_unit=open_verification_unit, fetch_patient=client.patient_of, keys=keys, clock=utc_now
            )

        parts = WorkerParts(
            settings=settings,
            database=database,
            clock=utc_now,
            consumer_name=CONSUMER,
            handlers=handlers(counties=counties, clock=utc_now),
            jobs=(
                Job("continue_rosters", ROSTERS_EVERY_SECONDS, rosters),
                Job("open_verification_tasks", VERIFY_EVERY_SECONDS, verify),
            ),
        )
        await run_worker(parts)


def main() -> None:
    """Read the settings and work."""
    settings = load_settings(Settings)
    work(partial(run, settings), settings)


if __name__ == "__main__":
    main()
