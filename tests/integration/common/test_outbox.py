"""The outbox on real PostgreSQL: dense numbers per key, whatever writers do beside each other."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from common.kit.cause import Cause
from common.kit.db import Database
from common.published.identity import PersonMoved

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_move(person: UUID, day: int) -> PersonMoved:
    return PersonMoved(
        county="211381", person_id=person, township="211381101", moved_on=date.fromordinal(730_000 + day)
    )


async def sequences_of(database: Database) -> dict[str, list[int]]:
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT key, sequence FROM outbox_event ORDER BY log_id")
        found: dict[str, list[int]] = {}
        for row in rows:
            found.setdefault(row.key, []).append(row.sequence)
    return found


class TestPublish:
    async def test_numbers_each_key_from_one_in_the_order_told(self, fresh_database):
        database = await fresh_database()
        person, other = uuid4(), uuid4()

        async with database.unit_of_work(Cause("c")) as uow:
            for day in range(3):
                uow.publish(a_move(person, day), occurred_at=NOW)
            uow.publish(a_move(other, 9), occurred_at=NOW)

        assert await sequences_of(database) == {str(person): [1, 2, 3], str(other): [1]}

    async def test_leaves_nothing_behind_when_the_unit_fails(self, fresh_database):
        database = await fresh_database()

        with pytest.raises(RuntimeError):
            async with database.unit_of_work(Cause("c")) as uow:
                uow.publish(a_move(uuid4(), 1), occurred_at=NOW)
                await uow.flush()
                raise RuntimeError

        assert await sequences_of(database) == {}

    async def test_sixteen_writers_on_eight_keys_leave_no_gap_and_no_inversion(self, fresh_database):
        database = await fresh_database()
        people = [uuid4() for _ in range(8)]

        async def write(writer: int) -> None:
            for turn in range(12):
                chosen = [people[(writer + turn) % 8], people[(writer * 3 + turn) % 8]]
                try:
                    async with database.unit_of_work(Cause("c")) as uow:
                        for place, person in enumerate(chosen):
                            uow.publish(a_move(person, writer * 1000 + turn * 10 + place), occurred_at=NOW)
                        await uow.flush()
                        if (writer + turn) % 5 == 0:
                            raise LookupError
                except LookupError:
                    continue

        await asyncio.gather(*(write(n) for n in range(16)))

        found = await sequences_of(database)
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())
        assert sum(map(len, found.values())) > 200

    async def test_every_logged_event_is_pending_in_the_shard_of_its_key(self, fresh_database):
        database = await fresh_database()

        async with database.unit_of_work(Cause("c", "cause-1", "00-trace")) as uow:
            uow.publish(a_move(uuid4(), 1), occurred_at=NOW)

        async with database.engine.connect() as connection:
            row = (
                await connection.exec_driver_sql(
                    "SELECT e.headers, p.shard FROM outbox_event e JOIN outbox_pending p USING (log_id)"
                )
            ).one()
        assert 0 <= row.shard < 12
        assert '"ce_causationid":"cause-1"' in row.headers
        assert "ce_sequence" not in row.headers
