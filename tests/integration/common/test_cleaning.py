"""Old rows leave every database in small steps; what is still needed stays, and recovery goes on from what is left."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from common.kit import cleaning
from common.kit.cause import Cause
from common.kit.cleaning import clean_database

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ROWS = {
    "outbox_event": (
        396,
        (
            "INSERT INTO outbox_event (recorded_at, event_id, topic, type, key, sequence, headers, data) "
            "SELECT $1, gen_random_uuid(), 't', 't', gen_random_uuid()::text, 1, '{}', '' FROM generate_series(1, $2)"
        ),
    ),
    "inbox": (
        60,
        (
            "INSERT INTO inbox (consumer, event_id, handled_on) "
            "SELECT 'c', gen_random_uuid(), $1::timestamptz::date FROM generate_series(1, $2)"
        ),
    ),
    "parked_event": (
        400,
        (
            "INSERT INTO parked_event (consumer, event_id, producer, key, topic, partition, broker_offset, headers, "
            "data, next_attempt_at, error_code, state) "
            "SELECT 'c', gen_random_uuid(), 'p', 'k', 't', 0, 0, '{}', '', $1, 'e', 'done' FROM generate_series(1, $2)"
        ),
    ),
    "idempotency_record": (
        30,
        (
            "INSERT INTO idempotency_record (caller, method, route, key, fingerprint, status, body, created_at) "
            "SELECT 'c', 'POST', '/', gen_random_uuid()::text, '', 200, '', $1 FROM generate_series(1, $2)"
        ),
    ),
}


async def add(database, table, *, days, count):
    async with database.unit_of_work(Cause("t")) as uow:
        await uow.connection.exec_driver_sql(ROWS[table][1], (NOW - timedelta(days=days), count))


async def ask(database, query):
    async with database.unit_of_work(Cause("t")) as uow:
        return (await uow.connection.exec_driver_sql(query)).scalar_one()


@pytest.mark.parametrize("table", ROWS)
async def test_what_is_older_goes_and_what_is_not_stays(table, fresh_database):
    database, (days, _) = await fresh_database(), ROWS[table]
    await add(database, table, days=days + 1, count=3)
    await add(database, table, days=days - 1, count=2)

    gone = await clean_database(database, now=NOW)

    assert gone == {name: 3 if name == table else 0 for name in ROWS}
    assert await ask(database, f"SELECT count(*) FROM {table}") == 2  # noqa: S608 - the table above


async def test_steps_are_small_and_a_run_ends(fresh_database, monkeypatch):
    monkeypatch.setattr(cleaning, "STEP_ROWS", 10)
    monkeypatch.setattr(cleaning, "MOST_STEPS", 3)
    monkeypatch.setattr(cleaning, "PAUSE_SECONDS", 0)
    database = await fresh_database()
    await add(database, "inbox", days=61, count=45)

    gone = [(await clean_database(database, now=NOW))["inbox"] for _ in range(3)]

    assert gone == [30, 15, 0]


async def test_a_run_that_stops_in_between_leaves_no_hole_in_the_log(fresh_database, monkeypatch):
    monkeypatch.setattr(cleaning, "STEP_ROWS", 2)
    monkeypatch.setattr(cleaning, "MOST_STEPS", 1)
    database = await fresh_database()
    await add(database, "outbox_event", days=500, count=5)
    async with database.unit_of_work(Cause("t")) as uow:  # The first row now lies behind the others.
        first = (await uow.connection.exec_driver_sql("SELECT min(log_id) FROM outbox_event")).scalar_one()
        await uow.connection.exec_driver_sql("UPDATE outbox_event SET topic = 'u' WHERE log_id = $1", (first,))

    await clean_database(database, now=NOW)

    assert await ask(database, "SELECT min(log_id) FROM outbox_event") == first + 2


async def test_two_may_clean_at_once(fresh_database, monkeypatch):
    monkeypatch.setattr(cleaning, "STEP_ROWS", 10)
    database = await fresh_database()
    for table, (days, _) in ROWS.items():
        await add(database, table, days=days + 1, count=105)

    both = await asyncio.gather(*(clean_database(database, now=NOW) for _ in range(2)))

    again = await clean_database(database, now=NOW)  # One may have ended early because the other held the rows left.
    assert {table: sum(gone[table] for gone in (*both, again)) for table in ROWS} == dict.fromkeys(ROWS, 105)


async def test_what_the_broker_has_not_taken_stays_however_old(fresh_database):
    database = await fresh_database()
    await add(database, "outbox_event", days=500, count=2)
    async with database.unit_of_work(Cause("t")) as uow:
        await uow.connection.exec_driver_sql(
            "INSERT INTO outbox_pending (log_id, shard) SELECT min(log_id), 0 FROM outbox_event"
        )

    assert (await clean_database(database, now=NOW))["outbox_event"] == 1
    assert await ask(database, "SELECT count(*) FROM outbox_pending JOIN outbox_event USING (log_id)") == 1


@pytest.mark.parametrize("state", ["waiting", "dead"])
async def test_a_parked_event_that_is_not_done_stays(state, fresh_database):
    database = await fresh_database()
    await add(database, "parked_event", days=500, count=1)
    async with database.unit_of_work(Cause("t")) as uow:
        await uow.connection.exec_driver_sql("UPDATE parked_event SET state = $1", (state,))

    assert (await clean_database(database, now=NOW))["parked_event"] == 0


@pytest.mark.parametrize("service", ["gateway", "identity", "settlement", "contracts", "monitoring"])
async def test_every_database_can_be_cleaned(service, fresh_database):
    database = await fresh_database(service)
    for table, (days, _) in ROWS.items():
        await add(database, table, days=days + 1, count=1)

    assert await clean_database(database, now=NOW) == dict.fromkeys(ROWS, 1)
