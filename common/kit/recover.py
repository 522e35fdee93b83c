"""Recovery by hand, in the environment of the consumer's worker: `python -m common.kit.recover prove|replay`.

`prove` compares all keys with every producer at once instead of tomorrow; `replay --since 2026-11-01T00:00:00+00:00`
pulls what the consumer lacks of everything told since then. The worker takes in what they find. docs/recovery.md
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import datetime

from common.kit.broker import BrokerUnavailable
from common.kit.clock import utc_now
from common.kit.db import Database
from common.kit.joining import producer_logs, recovery_of
from common.kit.producer_client import ProducerUnreachable
from common.kit.pulling import Puller
from common.kit.replay import ReplayRefused, replay
from common.kit.serve import database_of
from common.kit.settings import ServiceSettings, load_settings
from common.kit.telemetry import configure_logging
from common.published.catalogue import PRODUCERS, topic_of

_CONSUMERS = "SELECT consumer FROM consumer_birth ORDER BY consumer"
_SOURCES = "SELECT producer FROM consumer_source WHERE consumer = $1"


async def recover(settings: ServiceSettings, *, since: datetime | None) -> str:
    """Replay since an instant, or prove all heads when there is none; return what was found in one line per consumer.

    Raises:
        ReplayRefused: With the reason; nothing was done for that consumer.
        ProducerUnreachable: If a producer does not answer.
        BrokerUnavailable: If the broker does not, and a key is behind.
    """
    database = database_of(settings, name="recover")
    try:
        async with database.engine.connect() as connection:
            consumers = list((await connection.exec_driver_sql(_CONSUMERS)).scalars())
        return "\n".join([await _recover_one(settings, database, name, since) for name in consumers])
    finally:
        await database.close()


async def _recover_one(settings: ServiceSettings, database: Database, consumer: str, since: datetime | None) -> str:
    async with database.engine.connect() as connection:
        heard = set((await connection.exec_driver_sql(_SOURCES, (consumer,))).scalars())
    producers = [name for name in PRODUCERS if name in heard]
    async with producer_logs(settings, consumer) as logs:
        if since is not None:
            puller = Puller(consumer=consumer, database=database, logs=logs, clock=utc_now)
            found = await replay(puller=puller, database=database, logs=logs, producers=producers, since=since)
            return (
                f"{consumer}: {found} events pulled from the logs of {', '.join(producers)}; its worker takes them in"
            )
        topics = [topic_of(name) for name in producers]
        recovery = recovery_of(settings, database, utc_now, consumer, logs, topics)
        lost = sum([await recovery.compare(name, all_keys=True) for name in producers])
        return f"{consumer}: {lost} events were missing in all keys of {', '.join(producers)}"


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant names its zone: 2026-11-01T00:00:00+00:00")
    return instant


def main() -> None:
    """Read the command line and recover."""
    parser = argparse.ArgumentParser(prog="python -m common.kit.recover", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("prove", help="compare the heads of all keys, pull what is missing")
    actions.add_parser("replay", help="pull what is missing since an instant").add_argument(
        "--since", type=_instant, required=True, help="RFC 3339 with its zone"
    )
    arguments = parser.parse_args()
    settings = load_settings(ServiceSettings)
    configure_logging(settings.log_level)
    try:
        said = asyncio.run(recover(settings, since=getattr(arguments, "since", None)))
    except (ReplayRefused, ProducerUnreachable, BrokerUnavailable) as refusal:
        sys.exit(f"recover: {refusal}")
    sys.stdout.write(said + "\n")


if __name__ == "__main__":
    main()
