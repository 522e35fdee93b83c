"""Recovery (补齐): finds and fetches what the broker did not bring, beside the consumer in every worker.

Three watches: gaps that have waited long enough; keys changed since the last comparison less an hour, at the start,
when the broker is back and every five minutes; once a day all keys, the last events included (events.md 4 and 5).
Next hop: common/kit/pulling.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from common.kit import metrics
from common.kit.broker import BrokerUnavailable
from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.heads import Behind, GroupPlaces, keys_ahead, keys_behind, read_up_to_the_ends
from common.kit.inbox import KeyOf
from common.kit.producer_api import HeadsOut
from common.kit.producer_client import ProducerLogs, ProducerUnreachable
from common.kit.pulling import Puller
from common.published.catalogue import topic_of

LOOK_BACK = timedelta(hours=1)
PROVE_EVERY = timedelta(hours=24)
LONGEST_LOOK_SECONDS = 5.0
log = structlog.get_logger(__name__)

_GAPS = """
SELECT d.producer, d.key, first.sequence FROM diverted_key d
JOIN inbox_key i USING (consumer, producer, key)
CROSS JOIN LATERAL (
    SELECT p.sequence, p.state FROM parked_event p
    WHERE p.consumer = d.consumer AND p.producer = d.producer AND p.key = d.key AND p.state IN ('waiting', 'dead')
    ORDER BY p.sequence NULLS FIRST LIMIT 1
) first
WHERE d.consumer = $1 AND d.since <= now() - make_interval(secs => $2)
  AND first.state = 'waiting' AND first.sequence > i.last_sequence + 1
"""
_TIMES = "SELECT compared_at, proved_at FROM consumer_source WHERE consumer = $1 AND producer = $2"
_COMPARED = """
INSERT INTO consumer_source AS s (consumer, producer, compared_at, proved_at)
VALUES ($1, $2, $3::timestamptz, CASE WHEN $4::bool THEN $3::timestamptz END)
ON CONFLICT (consumer, producer) DO UPDATE
SET compared_at = excluded.compared_at, proved_at = coalesce(excluded.proved_at, s.proved_at)
"""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long recovery waits, in seconds: before a gap is pulled, and between two comparisons."""

    gap_seconds: float = 30.0
    compare_seconds: float = 300.0


class Recovery:
    """Watches over one consumer."""

    def __init__(
        self,
        *,
        puller: Puller,
        database: Database,
        logs: ProducerLogs,
        places: GroupPlaces,
        producers: Sequence[str],
        waits: Waits,
    ) -> None:
        self.name = puller.consumer
        self._puller = puller
        self._database = database
        self._logs = logs
        self._places = places
        self.producers = producers
        self._waits = waits
        self._asked = asyncio.Event()
        self._is_ended = False

    def end(self) -> None:
        """Let the running turn be the last."""
        self._is_ended = True

    def compare_soon(self) -> None:
        """Ask for a comparison at once: the broker is back, or does not keep our place any more."""
        self._asked.set()

    async def run(self) -> None:
        """Watch until ended, or cancelled, which is safe at any point; what fails is tried again at the next turn."""
        self._asked.set()
        loop = asyncio.get_running_loop()
        next_comparison = 0.0
        while not self._is_ended:
            await asyncio.sleep(min(self._waits.gap_seconds / 3 + 0.05, LONGEST_LOOK_SECONDS))
            try:
                await self.heal_gaps()
                if self._asked.is_set() or loop.time() >= next_comparison:
                    self._asked.clear()
                    next_comparison = loop.time() + self._waits.compare_seconds
                    await self.compare_all()
            except Exception:
                log.exception("recovery_failed", consumer=self.name)

    async def heal_gaps(self) -> None:
        """Pull what is missing in front of every key that has waited long enough for it."""
        async with self._database.engine.connect() as connection:
            gaps = (await connection.exec_driver_sql(_GAPS, (self.name, self._waits.gap_seconds))).all()
        for gap in gaps:
            try:
                await self._pull_lost((gap.producer, gap.key), up_to=gap.sequence - 1)
            except ProducerUnreachable as error:
                log.warning("gap_waits", consumer=self.name, producer=gap.producer, key=gap.key, error=str(error))

    async def compare_all(self) -> None:
        """Compare with every producer: all keys when the daily proof is due, else those changed since the last time."""
        for producer in self.producers:
            try:
                await self.compare(producer)
            except (ProducerUnreachable, BrokerUnavailable) as error:
                log.warning("heads_not_compared", consumer=self.name, producer=producer, error=str(error))

    async def compare(self, producer: str, *, all_keys: bool = False) -> int:
        """Compare the heads with one producer's and pull what the broker lost; return how many events that were.

        The time of the comparison is kept only when it was carried through, so that a failed one is made up for.

        Raises:
            ProducerUnreachable: If the producer does not answer.
            BrokerUnavailable: If the broker does not, and a key is behind.
        """
        async with self._database.engine.connect() as connection:
            times = (await connection.exec_driver_sql(_TIMES, (self.name, producer))).one_or_none()
            here = (await connection.exec_driver_sql("SELECT now()")).scalar_one()
        since = None if all_keys or times is None else _since(times.compared_at, times.proved_at, here)
        found, is_whole, as_of = 0, True, None
        async for page in self._logs.heads(producer, changed_since=since):
            as_of = as_of or page.as_of
            if since is None:
                await self._tell_ahead(producer, page)
            lost = await self._lost(producer, page)
            is_whole = is_whole and lost is not None
            for behind in lost or ():
                found += await self._pull_lost((producer, behind.key), up_to=behind.head)
        if is_whole:
            async with self._database.unit_of_work(Cause("compare")) as uow:
                await uow.connection.exec_driver_sql(_COMPARED, (self.name, producer, as_of, since is None))
        return found

    async def _lost(self, producer: str, page: HeadsOut) -> list[Behind] | None:
        """Return the keys of which the broker lost something; None when the group is too far back to say."""
        behind = await self._behind(producer, page)
        if not behind:
            return []
        if not await read_up_to_the_ends(self._places, topic_of(producer), [each.key for each in behind]):
            log.warning("heads_undecided", consumer=self.name, producer=producer, keys=len(behind))
            return None
        return await self._behind(producer, page)

    async def _behind(self, producer: str, page: HeadsOut) -> list[Behind]:
        async with self._database.engine.connect() as connection:
            return await keys_behind(connection, self.name, producer, page.items)

    async def _pull_lost(self, key: KeyOf, *, up_to: int) -> int:
        found = await self._puller.pull(key, up_to=up_to)
        if found:
            metrics.HEADS_MISMATCH.labels(self.name).inc(found)
            log.error("broker_lost_events", consumer=self.name, producer=key[0], key=key[1], events=found, up_to=up_to)
        return found

    async def _tell_ahead(self, producer: str, page: HeadsOut) -> None:
        """Alarm when a producer knows of fewer events than we took in: its database was set back."""
        async with self._database.engine.connect() as connection:
            ahead = await keys_ahead(connection, self.name, producer, page.items)
        for key, watermark in ahead.items():
            log_of_key = await self._logs.events_of(producer, key, after_sequence=watermark)
            if (log_of_key.last_sequence or 0) < watermark:
                metrics.SEQUENCE_REUSED.labels(self.name).inc()
                log.error(
                    "producer_set_back",
                    consumer=self.name,
                    producer=producer,
                    key=key,
                    watermark=watermark,
                    last_sequence=log_of_key.last_sequence,
                )


def _since(compared_at: datetime | None, proved_at: datetime | None, now: datetime) -> datetime | None:
    """Return from when on changed keys are compared, None for all keys: never compared or proof due."""
    if compared_at is None or proved_at is None or proved_at < now - PROVE_EVERY:
        return None
    return compared_at - LOOK_BACK
