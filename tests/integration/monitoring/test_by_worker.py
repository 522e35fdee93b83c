"""Two real workers on the embedded broker: stays of one household come by different partitions at the same time."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from common.kit.broker_open import open_producer
from common.kit.broker_store import create
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.relay import Relay
from common.kit.worker import run_parts
from common.published.identity import PersonRegistered
from services.monitoring.settings import Settings
from services.monitoring.worker import make_parts
from tests.integration.monitoring.conftest import COUNTY, HERE, Watch, a_discharge

PATIENCE_SECONDS = 30.0
HOUSEHOLDS, MEMBERS = 8, 4


@pytest.fixture
async def settings(watch: Watch, postgres_server) -> Settings:
    """Return settings of workers over the test's database and a broker of its own."""
    name = f"broker_{uuid4().hex[:10]}"
    await postgres_server.run(f'CREATE DATABASE "{name}"')
    url = postgres_server.url_of(name)
    await create(url)
    yield Settings(database_url=SecretStr(watch.database.url), broker="embedded", broker_database_url=SecretStr(url))
    await postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def tell(fresh_database, settings: Settings, homes: dict[UUID, list[UUID]], stop: asyncio.Event) -> None:
    """Commit the facts in the outboxes of their producers and carry them to the broker."""
    identity, settlement = await fresh_database(), await fresh_database()
    for home, members in homes.items():
        async with identity.unit_of_work(Cause("test")) as uow:
            for person_id in members:
                told = PersonRegistered(county=COUNTY, person_id=person_id, household_id=home, township=HERE)
                uow.publish(told, occurred_at=utc_now())
        async with settlement.unit_of_work(Cause("test")) as uow:
            for person_id in members:
                uow.publish(a_discharge(1600, person_id), occurred_at=utc_now())
    relays = [
        Relay(database_url=source.url, open_producer=lambda: open_producer(settings))
        for source in (identity, settlement)
    ]
    await asyncio.gather(*(relay.run(stop) for relay in relays))


class TestWorkers:
    async def test_raise_one_alert_for_each_household_with_the_sum_of_all_members(
        self, watch: Watch, settings: Settings, fresh_database
    ):
        homes = {uuid4(): [uuid4() for _ in range(MEMBERS)] for _ in range(HOUSEHOLDS)}
        stop, relays_stop = asyncio.Event(), asyncio.Event()
        workers = [asyncio.create_task(run_parts(make_parts(settings), stop)) for _ in range(2)]
        telling = asyncio.create_task(tell(fresh_database, settings, homes, relays_stop))

        until = time.monotonic() + PATIENCE_SECONDS
        while len(found := await watch.alerts(state="open", limit=200)) < HOUSEHOLDS or any(
            each["household_id"] is None for each in found
        ):
            assert time.monotonic() < until, "the alerts were not raised in time"
            await asyncio.sleep(0.05)
        stop.set()
        relays_stop.set()
        await asyncio.gather(*workers, telling)

        by_household = {each["household_id"]: each["amount_fen"] for each in await watch.alerts(state="open")}
        assert by_household == dict.fromkeys(map(str, homes), 1600 * 100 * MEMBERS)
