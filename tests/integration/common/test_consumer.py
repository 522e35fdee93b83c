"""The consumer on real PostgreSQL: once in effect, in order per key, nothing dropped."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from common.core.errors import NotFound, Refused
from common.kit.broker import InboundRecord
from common.kit.cause import Cause
from common.kit.consumer import EventConsumer
from common.kit.drainer import Drainer
from common.kit.envelope import event_data, stored_headers, wire_headers
from common.published.catalogue import line_for
from common.published.identity import PersonMoved

NAME = "contracts.test"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def dies(*_: object) -> None:
    raise SystemError("the process ends here")


class Stage:
    """A consumer over a real database with a handler that notes what it saw and fails when told to."""

    def __init__(self, database) -> None:
        self.database = database
        self.now = START
        self.failures: dict[UUID, list[Exception]] = {}
        handlers = {"identity.person_moved.v1": self._handle}
        self.consumer = EventConsumer(
            name=NAME, database=database, consumer=None, handlers=handlers, clock=lambda: self.now
        )
        self.drainer = Drainer(name=NAME, database=database, handlers=handlers, clock=lambda: self.now)

    async def _handle(self, uow, received) -> None:
        moved = received.event()
        pending = self.failures.get(received.event_id)
        await uow.connection.exec_driver_sql(
            "INSERT INTO seen (key, sequence, event_id) VALUES ($1, $2, $3)",
            (received.key, received.sequence, received.event_id),
        )
        if pending:
            raise pending.pop(0)
        assert isinstance(moved, PersonMoved)

    async def seen(self, key: UUID) -> list[int]:
        rows = await self.rows("SELECT sequence FROM seen WHERE key = $1 ORDER BY n", str(key))
        return [row.sequence for row in rows]

    async def rows(self, statement: str, *values: object):
        async with self.database.engine.connect() as connection:
            return (await connection.exec_driver_sql(statement, values)).all()


@pytest.fixture
async def stage(fresh_database) -> Stage:
    database = await fresh_database()
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "CREATE TABLE seen (n bigserial PRIMARY KEY, key text, sequence bigint, event_id uuid UNIQUE)"
        )
    return Stage(database)


def a_record(person: UUID, sequence: int, *, offset: int | None = None) -> InboundRecord:
    event = PersonMoved(
        county="211381", person_id=person, township="211381101", moved_on=date.fromordinal(730_000 + sequence)
    )
    headers = json.dumps(stored_headers(line_for(event), event, occurred_at=START, cause=Cause("c")))
    return InboundRecord(
        topic="identity.events",
        partition=0,
        key=str(person).encode(),
        value=event_data(event),
        headers=wire_headers(headers, sequence),
        broker_offset=sequence if offset is None else offset,
        appended_at=START,
    )


def id_of(record: InboundRecord) -> UUID:
    return UUID(dict(record.headers)["ce_id"].decode())


class TestHandleBatch:
    async def test_handles_a_batch_in_order_and_its_repetition_not_again(self, stage):
        person = uuid4()
        batch = [a_record(person, n) for n in (1, 2, 3)]

        await stage.consumer.handle_batch(batch)
        await stage.consumer.handle_batch(batch)

        assert await stage.seen(person) == [1, 2, 3]

    async def test_parks_behind_a_gap_and_catches_up_when_the_missing_one_comes(self, stage):
        person, other = uuid4(), uuid4()

        await stage.consumer.handle_batch(
            [a_record(person, 1), a_record(person, 3), a_record(other, 1), a_record(person, 4)]
        )
        assert await stage.seen(person) == [1]
        assert await stage.seen(other) == [1]

        await stage.consumer.handle_batch([a_record(person, 2)])
        stage.now += timedelta(seconds=1)
        await stage.drainer.drain_due()

        assert await stage.seen(person) == [1, 2, 3, 4]
        assert await stage.rows("SELECT * FROM diverted_key") == []

    async def test_a_key_whose_last_event_was_worked_off_before_a_crash_is_set_free(self, stage):
        person = uuid4()
        await stage.consumer.handle_batch([a_record(person, 2), a_record(person, 1)])
        undivert, stage.drainer._undivert = stage.drainer._undivert, dies
        with pytest.raises(SystemError):
            await stage.drainer.drain_due()
        assert await stage.seen(person) == [1, 2]
        assert len(await stage.rows("SELECT * FROM diverted_key")) == 1

        stage.drainer._undivert = undivert
        await stage.drainer.drain_due()

        assert await stage.rows("SELECT * FROM diverted_key") == []

    async def test_a_failing_event_holds_its_key_only(self, stage):
        person, other = uuid4(), uuid4()
        bad = a_record(person, 1)
        stage.failures[id_of(bad)] = [NotFound("not told yet")] * 2

        await stage.consumer.handle_batch([bad, a_record(person, 2), a_record(other, 1)])

        assert await stage.seen(person) == []
        assert await stage.seen(other) == [1]
        stage.now += timedelta(seconds=2)
        await stage.drainer.drain_due()
        assert await stage.seen(person) == [1, 2]

    async def test_a_rule_that_says_no_is_dead_at_once_with_a_copy_for_people(self, stage):
        person = uuid4()
        bad = a_record(person, 1)
        stage.failures[id_of(bad)] = [Refused("never")] * 2

        await stage.consumer.handle_batch([bad, a_record(person, 2)])
        stage.now += timedelta(days=2)
        await stage.drainer.drain_due()

        assert await stage.seen(person) == []
        states = await stage.rows("SELECT sequence, state, error_code FROM parked_event ORDER BY sequence")
        assert [tuple(row) for row in states] == [(1, "dead", "refused"), (2, "waiting", "behind_diverted_key")]
        copies = await stage.rows("SELECT topic, sequence, headers FROM outbox_event")
        assert [(row.topic, row.sequence) for row in copies] == [("contracts.dead", None)]
        assert json.loads(copies[0].headers)["origin_offset"] == "1"

    async def test_an_unknown_error_is_tried_three_times_in_place(self, stage):
        person = uuid4()
        flaky = a_record(person, 1)
        stage.failures[id_of(flaky)] = [KeyError("x")] * 3

        await stage.consumer.handle_batch([flaky])

        assert await stage.seen(person) == [1]

    async def test_poison_is_parked_by_its_place_with_its_bytes(self, stage):
        person = uuid4()
        poison = InboundRecord(
            topic="identity.events",
            partition=0,
            key=str(person).encode(),
            value=b"\xff\x00",
            headers=(("content-type", b"text/plain"), ("odd", b"\x00\xff")),
            broker_offset=7,
            appended_at=START,
        )

        await stage.consumer.handle_batch([poison, a_record(person, 1)])
        await stage.consumer.handle_batch([poison])

        parked = await stage.rows("SELECT data, state, broker_offset FROM parked_event WHERE sequence IS NULL")
        assert [(bytes(row.data), row.state, row.broker_offset) for row in parked] == [(b"\xff\x00", "dead", 7)]
        assert await stage.seen(person) == []
        assert (await stage.rows("SELECT reason FROM diverted_key"))[0].reason == "poison"

    async def test_data_that_does_not_fit_its_model_is_dead(self, stage):
        person = uuid4()
        good = a_record(person, 1)
        broken = InboundRecord(
            **{**{f: getattr(good, f) for f in good.__dataclass_fields__}, "value": b'{"county": 1}'}
        )

        await stage.consumer.handle_batch([broken])

        assert [row.state for row in await stage.rows("SELECT state FROM parked_event")] == ["dead"]

    async def test_an_event_given_up_after_its_pauses_is_copied_once(self, stage):
        person = uuid4()
        bad = a_record(person, 1)
        stage.failures[id_of(bad)] = [NotFound("x")] * 50

        await stage.consumer.handle_batch([bad])
        for _ in range(12):
            stage.now += timedelta(hours=2)
            await stage.drainer.drain_due()

        assert [row.state for row in await stage.rows("SELECT state FROM parked_event")] == ["dead"]
        assert len(await stage.rows("SELECT 1 FROM outbox_event")) == 1
