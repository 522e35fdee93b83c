"""Retention of the embedded broker, and a worker whose place has been forgotten meanwhile."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from common.kit import metrics
from common.kit.broker import RETENTION, OutboundRecord
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_open import forget_expired
from common.kit.broker_store import EmbeddedProducer, create
from common.kit.clock import utc_now
from common.kit.consumer import EventConsumer
from common.kit.settings import ServiceSettings
from common.kit.wake import plain_dsn

TOPIC = "identity.events"


@pytest.fixture
async def settings(postgres_server):
    name = f"broker_{uuid4().hex[:10]}"
    await postgres_server.run(f'CREATE DATABASE "{name}"')
    url = postgres_server.url_of(name)
    await create(url)
    yield ServiceSettings(database_url=url, broker="embedded", broker_database_url=url)
    await postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def publish(url: str, count: int) -> None:
    producer = EmbeddedProducer(url)
    await producer.publish([OutboundRecord(TOPIC, 0, b"k", b"{}", ()) for _ in range(count)])
    await producer.close()


async def kept(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(plain_dsn(url))
    row = await connection.fetchrow("SELECT first_offset, (SELECT count(*) FROM broker_record) FROM broker_partition")
    await connection.close()
    return tuple(row)


class TestRetention:
    async def test_forgets_only_what_is_older_than_the_retention_in_steps(self, settings):
        url = settings.broker_database_url.get_secret_value()
        await publish(url, 2_300)

        await forget_expired(settings, utc_now)
        young = await kept(url)
        await forget_expired(settings, lambda: utc_now() + RETENTION + timedelta(seconds=1))

        assert young == (0, 2_300)
        assert await kept(url) == (2_300, 0)

    async def test_goes_on_with_the_numbers_afterwards(self, settings):
        url = settings.broker_database_url.get_secret_value()
        await publish(url, 2)
        await forget_expired(settings, lambda: utc_now() + RETENTION + timedelta(seconds=1))

        await publish(url, 1)

        assert await kept(url) == (2, 1)


class TestLostPlace:
    async def test_is_counted_and_the_consumer_goes_on(self, settings, fresh_database):
        url = settings.broker_database_url.get_secret_value()
        await publish(url, 3)
        reader = EmbeddedConsumer(url, group="contracts.lost", topics=[TOPIC])
        await reader.fetch(10, 1.0)
        await reader.commit({(TOPIC, 0): 1})
        await reader.close()
        await forget_expired(settings, lambda: utc_now() + RETENTION + timedelta(seconds=1))
        member = EmbeddedConsumer(url, group="contracts.lost", topics=[TOPIC])
        consumer = EventConsumer(
            name="contracts.lost", database=await fresh_database(), consumer=member, handlers={}, clock=utc_now
        )
        counter, stop = metrics.OUT_OF_RANGE.labels("contracts.lost"), asyncio.Event()
        running = asyncio.create_task(consumer.run(stop))

        async with asyncio.timeout(10):
            while counter._value.get() < 1 or not metrics.CONSUMER_PROGRESS.labels("contracts.lost")._value.get():
                await asyncio.wait([running], timeout=0.02)
                assert not running.done()
        stop.set()
        await running

        assert counter._value.get() == 1
        await member.close()
