"""What only the Kafka adapter has to stand: a broker that falls silent, a topic that nobody made."""

import asyncio
import signal
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from common.kit import broker_kafka, kafka_client
from common.kit.broker import BrokerUnavailable, OutboundRecord, ProducerBroken
from common.kit.broker_kafka import KafkaConsumer, KafkaProducer
from tests.contract.pausing import pause

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).resolve().parents[2]
MEMBER = """
import asyncio, sys
from common.kit.broker_kafka import KafkaConsumer

async def main(bootstrap, group, *topics):
    member = await KafkaConsumer.connected(bootstrap, group=group, topics=topics, session_seconds=6)
    print("joined", flush=True)
    while True:
        await member.fetch(10, 1)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_publish_comes_back_in_time_from_a_silent_broker_and_a_new_producer_goes_on(kafka_server, monkeypatch):
    monkeypatch.setattr(broker_kafka, "SEND_SECONDS", 1.5)
    monkeypatch.setattr(kafka_client, "STOP_SECONDS", 1.0)
    record = OutboundRecord("identity.events", 0, b"k", b"v", ())
    first = await KafkaProducer.connected(kafka_server.bootstrap)
    assert await first.publish([record]) == [None]

    pause(kafka_server.process)
    started = time.monotonic()
    try:
        outcomes = await first.publish([record, record])
        await first.close()
        took = time.monotonic() - started
    finally:
        kafka_server.process.send_signal(signal.SIGCONT)
    second = await KafkaProducer.connected(kafka_server.bootstrap)
    afterwards = await second.publish([record])

    assert [type(outcome) for outcome in outcomes] == [ProducerBroken, ProducerBroken]
    assert took < 6
    assert afterwards == [None]
    await second.close()


async def test_a_topic_that_nobody_made_is_named_with_the_remedy(kafka_bootstrap):
    with pytest.raises(BrokerUnavailable, match=r"nobody\.events has 0 partitions: run python -m common\.kit\.topics"):
        await KafkaConsumer.connected(kafka_bootstrap, group="g.nobody", topics=["nobody.events"])


async def test_joining_waits_for_a_member_that_died_without_a_word(kafka_bootstrap, monkeypatch):
    monkeypatch.setattr(broker_kafka, "START_SECONDS", 1.0)
    topics, group = ["contracts.events"], f"g.{uuid4().hex}"
    member = await asyncio.create_subprocess_exec(
        sys.executable, "-c", MEMBER, kafka_bootstrap, group, *topics, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert await member.stdout.readline() == b"joined\n"
    member.kill()
    await member.wait()

    began = time.monotonic()
    successor = await KafkaConsumer.connected(kafka_bootstrap, group=group, topics=topics, session_seconds=6)

    assert 1 < time.monotonic() - began < 20
    await successor.close()


async def test_an_absent_broker_is_said_in_time():
    async with asyncio.timeout(20):
        with pytest.raises(BrokerUnavailable):
            await KafkaProducer.connected("127.0.0.1:1")
