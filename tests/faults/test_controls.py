"""The checker holds when everything is whole, and finds out every broken build at the point named (events.md 16, 8)."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from common.kit import relay as relay_module
from common.kit.broker import OutboundRecord, partition_of
from common.kit.cause import Cause
from common.kit.consumer import EventConsumer
from common.kit.db import UnitOfWork
from common.kit.envelope import read_record, wire_headers
from common.kit.idempotency import _FIND, _KEEP, _fingerprint, _replay, _route_of, require_key
from common.kit.outbox import PendingEvent
from common.kit.parking import Place, park_failed
from common.kit.relay import Relay
from services.settlement.adapters import settlements
from services.settlement.api import discharges
from services.settlement.domain.ledger import JournalEntry
from tests.faults.checker import check
from tests.faults.stage import Crash, Running, Stage, add, small_suite
from tests.integration.settlement_api.vocabulary import a_stay


@pytest.fixture
async def stage(fresh_database, postgres_server):
    async with small_suite(fresh_database, postgres_server) as made:
        yield made


async def found_points(stage: Stage) -> set[int]:
    findings = check(await stage.evidence())
    for finding in findings:
        print(finding)  # noqa: T201 - read when a control is not found out
    return {finding.point for finding in findings}


class OnceThenCrash:
    """Raises `Crash` at its first passing only: what comes afterwards is the next life of the process."""

    def __init__(self) -> None:
        self.has_crashed = False

    def __call__(self) -> None:
        if not self.has_crashed:
            self.has_crashed = True
            raise Crash


class TestTheChecker:
    async def test_finds_nothing_where_everything_is_whole(self, stage):
        settled = await stage.discharge(6)
        await stage.desk.reverse(json.loads(settled[0].body), uuid4().hex)
        await stage.run(stage.relay(), stage.consumer(), stage.drainer())

        assert await found_points(stage) == set()
        assert len((await stage.evidence()).found) == 7

    async def test_finds_nothing_after_a_crash_between_database_and_offset(self, stage):
        crash = OnceThenCrash()

        class Crashing(EventConsumer):
            async def _commit(self, offsets):
                crash()
                await super()._commit(offsets)

        await stage.discharge(6)
        await stage.run(stage.relay(), stage.consumer(Crashing))
        assert crash.has_crashed
        await stage.run(stage.relay(), stage.consumer())

        assert await found_points(stage) == set()

    async def test_finds_nothing_when_the_broker_forgets_and_heads_are_compared(self, stage):
        await stage.discharge(4)
        await stage.run(stage.relay(), until_rest=False, seconds=1.0)
        await stage.forget()
        await stage.run(stage.consumer(), until_rest=False, seconds=1.5)
        assert await stage.compare_heads() == 4
        await stage.run(stage.drainer(), until_rest=False, seconds=1.5)

        assert await found_points(stage) == set()


class TestABrokenBuildIsFoundOut:
    async def test_that_does_not_compare_heads_while_the_broker_forgets(self, stage):
        await stage.discharge(4)
        await stage.run(stage.relay(), until_rest=False, seconds=1.0)
        await stage.forget()
        await stage.run(stage.consumer(), stage.drainer(), until_rest=False, seconds=1.5)

        assert await found_points(stage) == {3, 6}

    async def test_without_inbox_and_watermark(self, stage):
        crash = OnceThenCrash()

        class Forgetful(EventConsumer):
            async def _in_one_transaction(self, records):
                async with self._database.unit_of_work(Cause("batch")) as uow:
                    for record in records:
                        await add(uow, read_record(record.headers, record.value))

            async def _commit(self, offsets):
                crash()
                await super()._commit(offsets)

        await stage.discharge(6)
        await stage.run(stage.relay(), stage.consumer(Forgetful))
        await stage.run(stage.relay(), stage.consumer(Forgetful))

        assert await found_points(stage) == {3, 6}

    async def test_with_the_offset_committed_before_the_effect(self, stage):
        crash = OnceThenCrash()

        class Hasty(EventConsumer):
            async def handle_batch(self, records):
                await self._commit({(each.topic, each.partition): each.broker_offset + 1 for each in records})
                crash()
                await super().handle_batch(records)

        await stage.discharge(6)
        await stage.send_all()
        await stage.run(stage.consumer(Hasty))
        await stage.run(stage.consumer(Hasty))

        assert await found_points(stage) == {3, 6}

    async def test_with_a_relay_that_reads_the_log_behind_a_cursor(self, stage):
        relay = CursorRelay(stage)
        async with stage.settlement.unit_of_work(Cause("slow")) as uow:
            await uow.connection.exec_driver_sql("SELECT nextval(pg_get_serial_sequence('outbox_event', 'log_id'))")
            # The id is taken, the row appears only when the quick ones behind it have been read.
            await stage.discharge(2)
            await stage.run(relay, stage.consumer())
            await late_event(uow)
        await stage.run(relay, until_rest=False, seconds=0.5)

        assert await found_points(stage) == {4}

    async def test_with_publishing_before_the_commit(self, stage, monkeypatch):
        async def hasty(uow, event, *, occurred_at):
            pending = PendingEvent.of(event, occurred_at=occurred_at, cause=uow.cause)
            record = OutboundRecord(
                topic=pending.topic,
                partition=partition_of(pending.key.encode()),
                key=pending.key.encode(),
                value=pending.data,
                headers=wire_headers(pending.headers, 1),
            )
            await (await stage.producer()).publish([record])
            raise RuntimeError("and then the transaction fails")

        sending: list[asyncio.Task] = []

        def publish(uow, event, *, occurred_at):
            sending.append(asyncio.ensure_future(hasty(uow, event, occurred_at=occurred_at)))

        with monkeypatch.context() as broken:
            broken.setattr(UnitOfWork, "publish", publish)
            broken.setattr(UnitOfWork, "flush", lambda _uow: sending.pop())
            await stage.discharge(1)
        await stage.run(stage.consumer())

        assert 4 in await found_points(stage)

    async def test_with_two_relays_that_skip_locked_rows(self, stage):
        await stage.discharge(6, persons=1)
        slow = SkippingRelay(stage, limit=2, waits_seconds=1.0)
        quick = SkippingRelay(stage, limit=10, waits_seconds=0.0)

        await stage.run(
            slow, Running(lambda stop: after(slow.has_read, quick.run(stop))), until_rest=False, seconds=2.0
        )

        await stage.run(stage.consumer(), stage.drainer(), until_rest=False, seconds=2.5)

        assert await found_points(stage) == {5}

    async def test_that_parks_an_event_and_does_not_divert_its_key(self, stage):
        class Careless(EventConsumer):
            async def _park(self, record, error):
                event = read_record(record.headers, record.value)
                place = Place(record.topic, record.partition, record.broker_offset)
                async with self._database.unit_of_work(event.cause) as uow:
                    await park_failed(uow, self.name, event, place, error, now=self._clock())
                    await uow.connection.exec_driver_sql("DELETE FROM diverted_key")
                    await uow.connection.exec_driver_sql(
                        "UPDATE inbox_key SET last_sequence = $1 WHERE key = $2", (event.sequence, event.key)
                    )

        await stage.discharge(3, persons=1)
        failing = FailingOnce()
        consumer = stage.consumer(Careless)
        consumer._handlers = dict.fromkeys(consumer._handlers, failing)
        await stage.run(stage.relay(), consumer, stage.drainer())

        assert await found_points(stage) & {6, 7}

    async def test_with_the_idempotency_record_in_a_transaction_of_its_own(self, stage, monkeypatch):
        crash = OnceThenCrash()

        async def keeps_first(uow, request, caller, body, effect):
            place = (caller.client_id, request.method, _route_of(request), require_key(request))
            fingerprint = _fingerprint(request.url.path, body)
            kept = (await uow.connection.exec_driver_sql(_FIND, place)).one_or_none()
            if kept is not None:
                return _replay(kept.fingerprint, fingerprint, kept.status, kept.body)
            answer = await effect()
            async with stage.settlement.unit_of_work(Cause("own")) as own:
                await own.connection.exec_driver_sql(
                    _KEEP, (*place, fingerprint, answer.status_code, bytes(answer.body))
                )
            try:
                crash()
            except Crash as end:
                raise RuntimeError("the process ends here") from end
            return answer

        monkeypatch.setattr(discharges, "answer_once", keeps_first)
        stay, key = a_stay(), uuid4().hex
        assert (await stage.desk.discharge(stay, key)).outcome == "unknown"
        assert (await stage.desk.discharge(stay, key)).outcome == "ok"

        assert await found_points(stage) == {1}

    async def test_that_drops_a_leg_when_a_call_is_repeated(self, stage, monkeypatch):
        crash, enter = OnceThenCrash(), settlements.enter

        async def drops_a_leg(connection, entry, **given):
            try:
                crash()
            except Crash as end:
                raise RuntimeError("the process ends here") from end
            legless = object.__new__(JournalEntry)  # Past the check that makes every entry balance.
            for name, value in {"entry_id": entry.entry_id, "kind": entry.kind, "postings": entry.postings[1:]}.items():
                object.__setattr__(legless, name, value)
            await enter(connection, legless, **given)

        monkeypatch.setattr(settlements, "enter", drops_a_leg)
        stay, key = a_stay(), uuid4().hex
        assert (await stage.desk.discharge(stay, key)).outcome == "unknown"
        assert (await stage.desk.discharge(stay, key)).outcome == "ok"
        await stage.run(stage.relay(), stage.consumer())

        assert await found_points(stage) == {1, 2}

    async def test_that_does_not_poll_while_a_wake_is_dropped(self, stage):
        class Sleeping(Relay):
            async def _idle(self, stop):
                await relay_module._either(self._woken, stop)
                self._woken.clear()

        relay = Sleeping(database_url=stage.settlement.url, open_producer=stage.producer)
        await stage.run(relay, Running(lambda _stop: later(0.5, stage.discharge(2))), seconds=2.0, until_rest=False)

        assert 7 in await found_points(stage)


class FailingOnce:
    """A handler that fails for the first event it sees, however often that one comes."""

    def __init__(self) -> None:
        self.failing: UUID | None = None

    async def __call__(self, uow, received):
        self.failing = self.failing or received.event_id
        if received.event_id == self.failing:
            raise LookupError("planted")
        await add(uow, received)


class CursorRelay:
    """Reads the log by `log_id > last`, as nobody may."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.last = stage, 0

    async def run(self, stop: asyncio.Event) -> None:
        producer = await self.stage.producer()
        while not stop.is_set():
            async with self.stage.settlement.engine.connect() as connection:
                rows = (
                    await connection.exec_driver_sql(
                        "SELECT * FROM outbox_event WHERE log_id > $1 ORDER BY log_id",
                        (self.last,),
                    )
                ).all()
            if rows:
                await producer.publish([as_record(row) for row in rows])
                self.last = rows[-1].log_id
                await self.stage.in_settlement("DELETE FROM outbox_pending")
            await asyncio.sleep(0.05)


class SkippingRelay:
    """Takes pending rows with SKIP LOCKED, as relays beside each other may not."""

    def __init__(self, stage: Stage, *, limit: int, waits_seconds: float) -> None:
        self.stage, self.limit, self.waits_seconds = stage, limit, waits_seconds
        self.has_read = asyncio.Event()

    async def run(self, _stop: asyncio.Event) -> None:
        producer = await self.stage.producer()
        async with self.stage.settlement.engine.begin() as connection:
            rows = (
                await connection.exec_driver_sql(
                    "SELECT e.* FROM outbox_pending p JOIN outbox_event e USING (log_id) "
                    "ORDER BY log_id LIMIT $1 FOR UPDATE OF p SKIP LOCKED",
                    (self.limit,),
                )
            ).all()
            self.has_read.set()
            await asyncio.sleep(self.waits_seconds)
            await producer.publish([as_record(row) for row in rows])
            await connection.exec_driver_sql(
                "DELETE FROM outbox_pending WHERE log_id = ANY($1::bigint[])", ([row.log_id for row in rows],)
            )


def as_record(row) -> OutboundRecord:
    return OutboundRecord(
        topic=row.topic,
        partition=partition_of(row.key.encode()),
        key=row.key.encode(),
        value=bytes(row.data),
        headers=wire_headers(row.headers, row.sequence),
    )


async def late_event(uow) -> None:
    await uow.connection.exec_driver_sql(
        "INSERT INTO outbox_event (log_id, event_id, topic, type, key, sequence, headers, data) "
        "OVERRIDING SYSTEM VALUE VALUES (currval(pg_get_serial_sequence('outbox_event', 'log_id')), "
        "$1, 'settlement.events', 'settlement.late.v1', 'late', 1, '{}', '{}')",
        (uuid4(),),
    )


async def after(event: asyncio.Event, then) -> None:
    await event.wait()
    await then


async def later(seconds: float, then) -> None:
    await asyncio.sleep(seconds)
    await then
    await asyncio.sleep(60)
