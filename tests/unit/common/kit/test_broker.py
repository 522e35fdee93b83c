"""Partitions as Kafka's own clients choose them, and a broker that is chosen but not named."""

import pytest

from common.kit.broker import PARTITIONS, murmur2, partition_of
from common.kit.broker_open import BrokerNotConfigured, open_consumer, open_producer
from common.kit.settings import ServiceSettings


class TestPartitionOf:
    @pytest.mark.parametrize(
        ("key", "signed"),
        [
            (b"21", -973932308),
            (b"foobar", -790332482),
            (b"a-little-bit-long-string", -985981536),
            (b"a-little-bit-longer-string", -1486304829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
            (b"abc", 479470107),
        ],
    )
    def test_hashes_as_kafkas_own_tests_say(self, key, signed):
        assert murmur2(key) == signed % 2**32

    def test_makes_the_hash_positive_before_it_divides(self):
        assert partition_of(b"foobar") == (-790332482 & 0x7FFFFFFF) % 12

    def test_stays_within_the_twelve_partitions(self):
        assert {partition_of(str(n).encode()) for n in range(500)} == set(range(PARTITIONS))


class TestOpening:
    @pytest.mark.parametrize(("broker", "missing"), [("kafka", "KAFKA_BOOTSTRAP"), ("embedded", "BROKER_DATABASE_URL")])
    async def test_never_falls_back_to_the_other_broker(self, broker, missing):
        given = {"kafka": {"broker_database_url": "postgresql://x"}, "embedded": {"kafka_bootstrap": "x:1"}}[broker]
        settings = ServiceSettings(database_url="postgresql://x", broker=broker, **given)

        with pytest.raises(BrokerNotConfigured, match=missing):
            await open_producer(settings)
        with pytest.raises(BrokerNotConfigured, match=missing):
            await open_consumer(settings, group="g", topics=["t"])
