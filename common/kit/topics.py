"""The topics of the suite at a Kafka: made by a deployment step, checked at start, never by a producer.

`python -m common.kit.topics --bootstrap host:port` makes what is missing and refuses what differs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from common.kit.broker import PARTITIONS, RETENTION
from common.published.catalogue import PRODUCERS, topic_of

RETENTION_MS = int(RETENTION.total_seconds()) * 1000
PATIENCE_SECONDS = 60.0


class TopicDiffers(RuntimeError):
    """A topic stands with another number of partitions; adding one would move keys and break their order."""


def all_topics() -> list[str]:
    """Return every topic: one per producer, one per service for dead letters."""
    return [*(topic_of(name) for name in PRODUCERS), *(f"{name}.dead" for name in (*PRODUCERS, "gateway"))]


async def make_topics(bootstrap: str, *, replication: int = 1, min_in_sync: int = 1, prefix: str = "") -> None:
    """Make the missing topics.

    Raises:
        TopicDiffers: If one stands with another number of partitions.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await asyncio.wait_for(admin.start(), 10)
    names = [prefix + name for name in all_topics()]
    settings = {
        "retention.ms": str(RETENTION_MS),
        "cleanup.policy": "delete",
        "min.insync.replicas": str(min_in_sync),
        "unclean.leader.election.enable": "false",
    }
    try:
        standing = set(await admin.list_topics())
        missing = [name for name in names if name not in standing]
        if missing:
            await _create(admin, [NewTopic(n, PARTITIONS, replication, topic_configs=settings) for n in missing])
        for topic in await admin.describe_topics(names):
            count = len(topic["partitions"])
            if count not in {0, PARTITIONS}:
                raise TopicDiffers(f"{topic['topic']} has {count} partitions, not {PARTITIONS}")
    finally:
        await asyncio.wait_for(admin.close(), 10)


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    try:
        await admin.create_topics(topics)
    except TopicAlreadyExistsError:
        return


async def _patiently(bootstrap: str, replication: int, min_in_sync: int) -> None:
    """Make the topics as soon as the broker answers."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            await make_topics(bootstrap, replication=replication, min_in_sync=min_in_sync)
        except (KafkaError, OSError, TimeoutError) as error:
            if asyncio.get_running_loop().time() > deadline:
                sys.exit(f"no Kafka answers at {bootstrap}: {error}")
            await asyncio.sleep(1)
        else:
            return


def main() -> None:
    """Read the command line and make the topics."""
    parser = argparse.ArgumentParser(prog="python -m common.kit.topics", description=__doc__)
    parser.add_argument("--bootstrap", default=os.environ.get("KAFKA_BOOTSTRAP", ""), help="host:port")
    parser.add_argument("--replication", type=int, default=1)
    parser.add_argument("--min-in-sync", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.bootstrap:
        sys.exit("--bootstrap or KAFKA_BOOTSTRAP must name the broker as host:port")
    asyncio.run(_patiently(arguments.bootstrap, arguments.replication, arguments.min_in_sync))
    sys.stdout.write(f"topics ready: {', '.join(all_topics())}\n")


if __name__ == "__main__":
    main()
