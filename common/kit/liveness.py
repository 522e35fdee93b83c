"""Liveness (活性): a consumer that brings nothing about any more is thrown away and made anew (events.md section 10).

A client may be alive but silent, after a broker's restart or a rebalance. Its own view is stale then, so how far the
group is behind is asked by a second, short-lived client.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from common.kit import metrics
from common.kit.broker import BrokerUnavailable, Consumer, GroupPlace, TopicPartition

STUCK_STATUS = 75
"""Status of a process whose consumer was made anew in vain; its supervisor starts another process."""
TICK_SECONDS = 1.0
CUT_SECONDS = 2.0
LOOK_SECONDS_AT_MOST = 20.0
HEARD_WITHIN_SECONDS = 15.0
"""A fetch returns every few seconds, empty or not; after this long without one a worker counts as not ready."""

Places = Mapping[TopicPartition, GroupPlace]
log = structlog.get_logger(__name__)


class ConsumerStuck(Exception):
    """The consumer was made anew as often as is sensible and is stuck again: only a new process may help."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a consumer may bring nothing about, and how often it is made anew; all times in seconds.

    Attributes:
        silent_seconds: Longest time without any progress.
        starved_seconds: Longest time of empty fetches while the group does not move on in a partition that has records.
        look_seconds: Time between two looks at how far the group is.
        rebuilds: How often it is made anew within `rebuilds_within_seconds` before the process ends.
        finish_seconds: What a running batch and its offset commit get when the process is asked to stop.
        close_seconds: What leaving the group may take.
    """

    silent_seconds: float = 60.0
    starved_seconds: float = 60.0
    look_seconds: float = 30.0
    rebuilds: int = 3
    rebuilds_within_seconds: float = 600.0
    finish_seconds: float = 25.0
    close_seconds: float = 10.0


class Pulse:
    """When a worker last heard from its broker, whichever of its consumer's lives heard it."""

    def __init__(self) -> None:
        self.heard_at: float | None = None

    async def check(self) -> None:
        """Pass when the broker answered lately.

        Raises:
            BrokerUnavailable: If it did not, or was not asked yet.
        """
        if self.heard_at is None or time.monotonic() - self.heard_at > HEARD_WITHIN_SECONDS:
            raise BrokerUnavailable(f"the broker has not answered for {HEARD_WITHIN_SECONDS:.0f} s")


class Progress:
    """What a consumer last brought about."""

    def __init__(
        self, consumer: str, clock: Callable[[], float] = time.monotonic, *, pulse: Pulse | None = None
    ) -> None:
        self._consumer = consumer
        self._clock = clock
        self._pulse = pulse or Pulse()
        self.made_at = self.fed_at = clock()

    def fetched(self, records: int) -> None:
        """Note that a fetch returned, with so many records."""
        self._pulse.heard_at = self._clock()
        self.made()
        if records:
            self.fed_at = self.made_at

    def made(self) -> None:
        """Note that a batch was committed or an event parked."""
        self.tried()
        metrics.CONSUMER_PROGRESS.labels(self._consumer).set(time.time())

    def tried(self) -> None:
        """Note that broker or database answered, if only with a refusal: they are in trouble then, not the consumer."""
        self.made_at = self._clock()


class Starvation:
    """Since when the group has not moved on in a partition that has records for it."""

    def __init__(self) -> None:
        self._since: dict[TopicPartition, tuple[int, float]] = {}

    def saw(self, places: Places, *, now: float) -> None:
        """Take in what a look has shown; a partition whose place has moved begins anew."""
        before = self._since
        self._since = {}
        for partition, place in places.items():
            if place.end > place.next_offset:
                offset, since = before.get(partition, (place.next_offset, now))
                self._since[partition] = (place.next_offset, since if offset == place.next_offset else now)

    def longest(self, *, now: float) -> float:
        """Return for how many seconds at most a partition has stood still; 0 when none does."""
        return max((now - since for _, since in self._since.values()), default=0.0)


def stuck_reason(progress: Progress, starvation: Starvation, limits: Limits, *, now: float) -> str | None:
    """Return why a consumer counts as stuck, None while it does not."""
    if now - progress.made_at >= limits.silent_seconds:
        return "silent"
    starved = limits.starved_seconds
    if now - progress.fed_at >= starved and starvation.longest(now=now) >= starved:
        return "starved"
    return None


class Lives:
    """Runs a consumer through as many lives as it needs.

    Args:
        name: The consumer.
        open_member: Returns a fresh member of the group, however long that takes; None when asked to stop meanwhile.
        consume: Fetches and handles until asked to stop, noting its progress.
        look: Says how far the group is, without the member's help.
        rebuilt: Called when a stuck consumer has been thrown away.
        pulse: Where every life notes that the broker answered.
    """

    def __init__(
        self,
        name: str,
        *,
        open_member: Callable[[], Awaitable[Consumer | None]],
        consume: Callable[[Consumer, Progress], Awaitable[None]],
        look: Callable[[], Awaitable[Places]],
        rebuilt: Callable[[], None] = lambda: None,
        pulse: Pulse | None = None,
        limits: Limits,
    ) -> None:
        self._name = name
        self._pulse = pulse
        self._open_member = open_member
        self._consume = consume
        self._look = look
        self._rebuilt = rebuilt
        self._limits = limits

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until asked to stop.

        Raises:
            ConsumerStuck: If making it anew did not help.
        """
        thrown_away_at: list[float] = []
        while not stop.is_set() and (member := await self._open_member()) is not None:
            reason = await self._one_life(member, stop)
            if reason is None:
                return
            now = time.monotonic()
            thrown_away_at = [at for at in thrown_away_at if now - at < self._limits.rebuilds_within_seconds]
            if len(thrown_away_at) >= self._limits.rebuilds:
                raise ConsumerStuck(f"{self._name} is {reason} again after {len(thrown_away_at)} attempts")
            thrown_away_at.append(now)
            log.error("consumer_rebuilt", consumer=self._name, reason=reason)
            metrics.CONSUMER_REBUILT.labels(self._name).inc()
            self._rebuilt()

    async def _one_life(self, member: Consumer, stop: asyncio.Event) -> str | None:
        """Consume with one member until asked to stop (None) or stuck (why)."""
        progress, starvation = Progress(self._name, pulse=self._pulse), Starvation()
        consuming = asyncio.ensure_future(self._consume(member, progress))
        looking = asyncio.create_task(self._keep_looking(starvation))
        stopping = asyncio.create_task(stop.wait())
        limits = self._limits
        tick = min(TICK_SECONDS, limits.silent_seconds / 4, limits.starved_seconds / 4)
        try:
            while not (consuming.done() or stopping.done()):
                await asyncio.wait([consuming, stopping], timeout=tick, return_when=asyncio.FIRST_COMPLETED)
                reason = stuck_reason(progress, starvation, limits, now=time.monotonic())
                if reason and not (consuming.done() or stopping.done()):
                    return reason
            await asyncio.wait([consuming], timeout=limits.finish_seconds)
            if consuming.done():
                consuming.result()
            return None
        finally:
            await self._cut(consuming, looking, stopping)
            with contextlib.suppress(Exception):
                await asyncio.wait_for(member.close(), limits.close_seconds)

    async def _keep_looking(self, starvation: Starvation) -> None:
        while True:
            await asyncio.sleep(self._limits.look_seconds)
            try:
                places = await asyncio.wait_for(self._look(), LOOK_SECONDS_AT_MOST)
            except (BrokerUnavailable, TimeoutError) as error:
                log.info("group_not_seen", consumer=self._name, error=str(error) or type(error).__name__)
                continue
            starvation.saw(places, now=time.monotonic())
            lag = sum(max(0, place.end - place.next_offset) for place in places.values())
            metrics.CONSUMER_LAG.labels(self._name).set(lag)

    async def _cut(self, *tasks: asyncio.Future[None] | asyncio.Task[bool]) -> None:
        """Cancel what still runs; what does not end soon is left behind, inbox and watermark bear it."""
        for task in tasks:
            task.cancel()
        done, left = await asyncio.wait(tasks, timeout=CUT_SECONDS)
        if left:
            log.warning("part_left_behind", consumer=self._name, parts=len(left))
        for task in done:
            if not task.cancelled():
                task.exception()
