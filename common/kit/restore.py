"""After a producer's database was set back: `python -m common.kit.restore settlement`, before the service starts.

Lifts `outbox_key.last_sequence` of every key above what any consumer has taken in or set aside, so that no number is
given out twice. Reads `<NAME>_DATABASE_URL` of every service, as migrations do; repeating it changes nothing more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping

import asyncpg

from common.kit.names import SERVICES
from common.kit.wake import plain_dsn

ROWS_AT_ONCE = 5_000

_TAKEN_IN = """
SELECT key, max(last_sequence) AS last_sequence FROM (
    SELECT key, last_sequence FROM inbox_key WHERE producer = $1
    UNION ALL
    SELECT key, sequence FROM parked_event WHERE producer = $1 AND sequence IS NOT NULL
) taken WHERE key > $2 GROUP BY key ORDER BY key LIMIT $3
"""
_LIFT = """
INSERT INTO outbox_key AS k (key, last_sequence)
SELECT * FROM unnest($1::text[], $2::bigint[]) AS t(key, last_sequence) WHERE last_sequence > 0 ORDER BY key
ON CONFLICT (key) DO UPDATE SET last_sequence = excluded.last_sequence WHERE k.last_sequence < excluded.last_sequence
"""


async def lift(producer: str, urls: Mapping[str, str]) -> int:
    """Lift the producer's numbers above those of every consumer; return how many keys were below.

    Args:
        producer: The service whose database was set back; it must not be running.
        urls: Service name to the address of its database, for every service.
    """
    source = await asyncpg.connect(plain_dsn(urls[producer]), timeout=10)
    try:
        return sum([await _lift_above(source, producer, url) for url in urls.values()])
    finally:
        await source.close()


async def _lift_above(source: asyncpg.Connection, producer: str, url: str) -> int:
    consumer = await asyncpg.connect(plain_dsn(url), timeout=10)
    lifted, after = 0, ""
    try:
        while rows := await consumer.fetch(_TAKEN_IN, producer, after, ROWS_AT_ONCE):
            told = await source.execute(_LIFT, [row["key"] for row in rows], [row["last_sequence"] for row in rows])
            lifted += int(told.split()[-1])
            after = rows[-1]["key"]
    finally:
        await consumer.close()
    return lifted


def main() -> None:
    """Read the command line and lift."""
    parser = argparse.ArgumentParser(prog="python -m common.kit.restore", description=__doc__)
    parser.add_argument("producer", choices=SERVICES)
    producer = parser.parse_args().producer
    urls = {name: os.environ.get(f"{name.upper()}_DATABASE_URL", "") for name in SERVICES}
    missing = [f"{name.upper()}_DATABASE_URL" for name, url in urls.items() if not url]
    if missing:
        sys.exit(f"restore: {', '.join(missing)} not set; every consumer must be asked")
    sys.stdout.write(f"restore: {asyncio.run(lift(producer, urls))} keys of {producer} lifted\n")


if __name__ == "__main__":
    main()
