"""One set of scenarios, two brokers; every expectation is written by hand."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from common.kit.broker import CommitRefused, OutboundRecord, RecordTooLarge
from tests.contract.conftest import read

ROOT = Path(__file__).resolve().parents[2]


def numbers_by_key(records) -> dict[bytes, list[int]]:
    found = defaultdict(list)
    for record in records:
        found[record.key].append(int(record.value))
    return dict(found)


class TestPublishAndFetch:
    async def test_keeps_the_order_of_each_key_and_its_bytes(self, stage):
        producer, consumer = await stage.producer(), await stage.consumer("g.order")
        sent = stage.records(["a", "b", "c"], 600)

        outcomes = await producer.publish(sent)
        found = await read(consumer, 600)

        assert outcomes == [None] * 600
        assert numbers_by_key(found) == {
            b"a": list(range(0, 600, 3)),
            b"b": list(range(1, 600, 3)),
            b"c": list(range(2, 600, 3)),
        }
        assert found[0].headers == (("n", found[0].value), ("raw", bytes(range(8))))
        await producer.close()
        await consumer.close()

    async def test_offsets_of_a_partition_are_exact(self, stage):
        producer, consumer = await stage.producer(), await stage.consumer("g.ends")
        await producer.publish(stage.records(["only"], 7))

        ends = await consumer.end_offsets()
        found = await read(consumer, 7)

        assert ends[stage.topic, 0] == 7
        assert [record.broker_offset for record in found] == list(range(7))
        assert await consumer.lag() == 0
        await producer.close()
        await consumer.close()

    async def test_refuses_a_record_above_the_limit_and_takes_the_others(self, stage):
        producer, consumer = await stage.producer(), await stage.consumer("g.large")
        small, large = stage.records(["k"], 1)[0], OutboundRecord(stage.topic, 0, b"k", b"x" * 262_145, ())

        outcomes = await producer.publish([large, small])

        assert isinstance(outcomes[0], RecordTooLarge)
        assert outcomes[1] is None
        assert [record.value for record in await read(consumer, 1)] == [b"0"]
        await producer.close()
        await consumer.close()

    async def test_a_waiting_fetch_wakes_on_append(self, stage):
        producer, consumer = await stage.producer(), await stage.consumer("g.wake")
        await producer.publish(stage.records(["k"], 1))
        await read(consumer, 1)
        waiting = asyncio.create_task(consumer.fetch(10, 10.0))
        await asyncio.sleep(0.3)

        started = time.monotonic()
        await producer.publish(stage.records(["k"], 1))
        found = await waiting

        assert len(found) == 1
        assert time.monotonic() - started < 1.0
        await producer.close()
        await consumer.close()

    async def test_an_idle_fetch_does_not_spin(self, stage):
        consumer = await stage.consumer("g.idle")
        await consumer.fetch(10, 0.5)
        before = time.process_time()

        for _ in range(3):
            await consumer.fetch(10, 1.0)

        assert time.process_time() - before < 0.3
        await consumer.close()


class TestGroups:
    async def test_a_new_group_starts_at_the_beginning_and_each_group_has_its_own_place(self, stage):
        producer = await stage.producer()
        await producer.publish(stage.records(["k"], 5))
        first = await stage.consumer("g.first")
        assert len(await read(first, 5)) == 5

        second = await stage.consumer("g.second")

        assert [int(r.value) for r in await read(second, 5)] == [0, 1, 2, 3, 4]
        await asyncio.gather(first.close(), second.close(), producer.close())

    async def test_what_was_not_committed_comes_again(self, stage):
        producer, first = await stage.producer(), await stage.consumer("g.again")
        await producer.publish(stage.records(["k"], 4))
        found = await read(first, 4, commit=False)
        await first.commit({(stage.topic, 0): found[1].broker_offset + 1})
        await first.close()

        second = await stage.consumer("g.again")

        assert [int(r.value) for r in await read(second, 2)] == [2, 3]
        await asyncio.gather(second.close(), producer.close())

    async def test_a_second_member_takes_over_and_everything_is_read_once(self, stage):
        producer, first = await stage.producer(), await stage.consumer("g.members")
        await producer.publish(stage.records([str(n) for n in range(12)], 120))
        seen = await read(first, 120)
        second = await stage.consumer("g.members")
        taking = asyncio.create_task(read(second, 1, seconds=1))
        seen += await read(first, 1, seconds=1)
        seen += await taking
        await first.close()

        await producer.publish(stage.records([str(n) for n in range(12)], 240)[120:])
        seen += await read(second, 120)

        assert sorted(int(r.value) for r in seen) == list(range(240))
        await asyncio.gather(second.close(), producer.close())

    async def test_a_member_that_lost_its_place_cannot_commit(self, stage, cut_sessions):
        if stage.kind != "embedded":
            pytest.skip("on Kafka a paused member's late commit may succeed (events.md 9); the inbox covers it")
        producer, consumer = await stage.producer(), await stage.consumer("g.lost")
        await producer.publish(stage.records(["k"], 3))
        found = await read(consumer, 3, commit=False)

        await cut_sessions(stage.address, "%broker_record r%")
        await asyncio.sleep(0.2)

        with pytest.raises(CommitRefused):
            await consumer.commit({(stage.topic, 0): found[-1].broker_offset + 1})
        assert len(await read(consumer, 3)) == 3
        await asyncio.gather(consumer.close(), producer.close())


PUBLISHER = """
import asyncio, sys
from common.kit.broker import OutboundRecord
from common.kit.broker_kafka import KafkaProducer
from common.kit.broker_store import EmbeddedProducer

async def main(kind, address, topic):
    producer = EmbeddedProducer(address) if kind == "embedded" else await KafkaProducer.connected(address)
    n = 0
    while True:
        batch = [OutboundRecord(topic, 0, b"k", str(n + i).encode(), ()) for i in range(20)]
        outcomes = await producer.publish(batch)
        if all(outcome is None for outcome in outcomes):
            n += 20
            print(n, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


class TestKills:
    async def test_a_killed_publisher_loses_nothing_acknowledged(self, stage):
        consumer = await stage.consumer("g.kill")
        process = subprocess.Popen(  # noqa: ASYNC220 - read line by line on purpose: it must be killed mid-way
            [sys.executable, "-c", PUBLISHER, stage.kind, stage.address, stage.topic],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        acknowledged = 0
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged >= 400:
                os.kill(process.pid, signal.SIGKILL)
                break
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.strip().isdigit())])
        process.stdout.close()
        process.wait()

        found = await read(consumer, acknowledged)
        found += await read(consumer, 10_000, seconds=1)

        numbers = [int(r.value) for r in found]
        assert numbers[:acknowledged] == list(range(acknowledged))
        await consumer.close()

    async def test_a_killed_broker_comes_back_with_everything_acknowledged(self, stage, request):
        if stage.kind != "kafka":
            pytest.skip(
                "the embedded broker's kill is the database's: tests/integration/common/kit/test_postgres_server.py"
            )
        server = request.getfixturevalue("kafka_server")
        producer = await stage.producer()
        await producer.publish(stage.records(["k"], 300))
        server.kill()
        server.start()  # From the main thread: a child ends with the thread that started it.

        consumer = await stage.consumer("g.broker-kill")
        found = await read(consumer, 300, seconds=40)

        assert [int(r.value) for r in found] == list(range(300))
        await asyncio.gather(consumer.close(), producer.close())


class TestTheSuiteItself:
    async def test_sees_a_consumer_that_commits_before_it_hands_out(self, stage):
        """A planted break: records vanish when their offset is stored first and the member then dies."""
        producer, consumer = await stage.producer(), await stage.consumer("g.broken")
        await producer.publish(stage.records(["k"], 4))
        await read(consumer, 4, commit=True)
        await consumer.close()

        again = await stage.consumer("g.broken")

        assert await read(again, 4, seconds=3) == []
        await asyncio.gather(again.close(), producer.close())
