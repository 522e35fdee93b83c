"""Row e: from a discharge's commit to the last effect over the whole chain, against one way through the same broker.

Also the whole suite: p99 of the chain at 20 discharges a second, and 60 a second with every consumer keeping up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from uuid import uuid4

from bench.caller import Caller
from bench.discharges import HOSPITAL_CLIENT, discharges
from bench.running import Effects, RunningSuite, effects_of
from bench.stand import token_of
from bench.table import Line, percentile
from common.kit.broker import Consumer, OutboundRecord, Producer

HOPS = 2
CALLERS = 16
STEADY, BUSY = 20, 60
"""Discharges a second: the usual load, and the one that must be sustained."""
CHAIN_P99_MS = 100.0
_EVENT_BYTES = 900

OneWay = tuple[Producer, Consumer, str]


@dataclass(frozen=True, slots=True)
class Load:
    """What was sent: instants by call, and when the sending ended."""

    sent_at: Mapping[str, datetime]
    answered_at: Mapping[str, datetime]
    ended_at: datetime


async def measure_hops(
    running: RunningSuite, broker: str, open_one_way: Callable[[], Awaitable[OneWay]], *, rounds: int, calls: int
) -> list[Line]:
    """Return the lines of row e on one broker."""
    producer, consumer, topic = await open_one_way()
    await one_way(producer, consumer, topic, calls)
    await effects_of(running, "WARM", len((await send(running, "WARM", per_second=20, count=calls)).sent_at))
    raw: list[list[float]] = []
    ours: list[list[float]] = []
    for number in range(rounds):
        raw.append(await one_way(producer, consumer, topic, calls))
        series = f"HOP{number}"
        await send(running, series, per_second=10, count=calls)
        found = await effects_of(running, series, calls)
        ours.append([_ms(each.last_at, each.told_at) for each in found.values()])
    await producer.close()
    await consumer.close()
    return [
        _hop_line(broker, "p50", [percentile(each, 0.5) for each in raw], [percentile(each, 0.5) for each in ours], 2),
        _hop_line(
            broker, "p99", [percentile(each, 0.99) for each in raw], [percentile(each, 0.99) for each in ours], 4
        ),
    ]


async def measure_rates(running: RunningSuite, broker: str, *, seconds: float) -> list[Line]:
    """Return the lines on the whole suite at 20 and at 60 discharges a second."""
    lines = []
    for per_second, length in ((STEADY, seconds / 3), (BUSY, seconds)):
        series = f"RATE{per_second}"
        load = await send(running, series, per_second=per_second, count=int(per_second * length))
        found = await effects_of(running, series, len(load.sent_at))
        lines += _rate_lines(broker, per_second, load, found)
    return lines


def _rate_lines(broker: str, per_second: int, load: Load, found: Mapping[str, Effects]) -> list[Line]:
    took = [_ms(found[call].last_at, sent) for call, sent in load.sent_at.items()]
    answer = [_ms(load.answered_at[call], sent) for call, sent in load.sent_at.items()]
    what = f"{broker}: {per_second} discharges/s"
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    both = f"{p50:.0f} / {p99:.0f} ms"
    if per_second <= STEADY:
        lines = [
            Line("w", f"{what}, sent to last effect, p50 / p99", "p99 < 100 ms", "-", both, "-", p99 < CHAIN_P99_MS)
        ]
    else:
        backlog = sum(each.last_at > load.ended_at for each in found.values())
        drain = max(0.0, *((each.last_at - load.ended_at).total_seconds() for each in found.values()))
        is_kept_up = backlog <= per_second and drain <= 1.0
        told = f"{len(took)} sent, {backlog} open at the end, drained in {drain:.2f} s"
        lines = [
            Line("w", f"{what}, every consumer keeping up", "<= 1 s behind", "-", told, "-", is_kept_up),
            Line("w", f"{what}, sent to last effect, p50 / p99", "-", "-", both, "-", None),
        ]
    answered = f"{percentile(answer, 0.5):.0f} / {percentile(answer, 0.99):.0f} ms"
    return [*lines, Line("w", f"{what}, the hospital's answer, p50 / p99", "-", "-", answered, "-", None)]


async def send(running: RunningSuite, series: str, *, per_second: int, count: int) -> Load:
    """Send discharges at a steady rate, whether or not earlier ones are answered."""
    clients = running.suite.clients
    token = await asyncio.to_thread(token_of, running.suite.base_url, clients, HOSPITAL_CLIENT)
    callers = [await Caller.opened(running.port, token=token) for _ in range(CALLERS)]
    idle: asyncio.Queue[Caller] = asyncio.Queue()
    for caller in callers:
        idle.put_nowait(caller)
    sent_at: dict[str, datetime] = {}
    answered_at: dict[str, datetime] = {}

    async def one(call: str, content: bytes) -> None:
        sent_at[call] = datetime.now(UTC)
        caller = await idle.get()
        await caller.settle(content)
        answered_at[call] = datetime.now(UTC)
        idle.put_nowait(caller)

    bodies = list(islice(discharges(series), count))
    calls = [(body["record_no"], callers[0].settle_call(body)) for body in bodies]
    began, running_calls = time.monotonic(), []
    for number, (call, content) in enumerate(calls):
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
        running_calls.append(asyncio.create_task(one(call, content)))
    await asyncio.gather(*running_calls)
    ended_at = datetime.now(UTC)
    for caller in callers:
        await caller.close()
    return Load(sent_at, answered_at, ended_at)


async def one_way(producer: Producer, consumer: Consumer, topic: str, count: int) -> list[float]:
    """Return the milliseconds from handing one record to the producer until the consumer has it, one at a time."""
    taken = []
    while await consumer.fetch(500, 0.1):
        pass
    for _ in range(count):
        waiting = asyncio.create_task(consumer.fetch(1, 10.0))
        await asyncio.sleep(0.005)
        record = OutboundRecord(
            topic=topic, partition=0, key=b"k", value=uuid4().bytes * (_EVENT_BYTES // 16), headers=()
        )
        began = time.perf_counter()
        await producer.publish([record])
        if not await waiting:
            raise RuntimeError("a record did not arrive within ten seconds")
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _hop_line(broker: str, what: str, raw: list[float], ours: list[float], times: int) -> Line:
    limit = times * HOPS
    ratio = median(our / plain for plain, our in zip(raw, ours, strict=True))
    name = f"{broker}: settled to last effect over {HOPS} hops, {what}"
    return Line(
        "e", name, f"<= {limit}x", f"{median(raw):.1f} ms", f"{median(ours):.1f} ms", f"{ratio:.1f}x", ratio <= limit
    )


def _ms(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds() * 1000
