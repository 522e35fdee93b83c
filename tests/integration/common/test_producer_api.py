"""What a producer answers its consumers: the log by key and sequence, byte for byte, and heads."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from common.kit.broker import partition_of
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.envelope import wire_headers
from common.kit.http import build_app
from common.kit.producer_api import EventsOut
from common.kit.producer_client import record_of
from common.kit.settings import ServiceSettings
from common.kit.testing import bearer, client_of, verifier_for_tests
from common.published.identity import PersonMoved

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS, HEADS = "/internal/events", "/internal/events/heads"
SERVICE = bearer("service:contracts", client_id="service-contracts")


def an_app(database, *, name="identity", heads_age_seconds=0.0):
    settings = ServiceSettings(database_url=database.url, cursor_key="00" * 32, heads_age_seconds=heads_age_seconds)
    return build_app(
        name=name, database=database, verifier=verifier_for_tests(), clock=utc_now, routers=[], settings=settings
    )


async def tell(database, key: UUID, days: range) -> None:
    async with database.unit_of_work(Cause("c")) as uow:
        for day in days:
            moved = PersonMoved(
                county="211381", person_id=key, township="211381101", moved_on=date.fromordinal(730_000 + day)
            )
            uow.publish(moved, occurred_at=NOW)


async def run(database, statement: str, *values: object) -> list:
    async with database.engine.begin() as connection:
        found = await connection.exec_driver_sql(statement, values)
        return found.all() if found.returns_rows else []


@pytest.fixture
async def producer(fresh_database):
    database = await fresh_database()
    async with client_of(an_app(database)) as client:
        yield database, client


async def ask(client, path: str, **params: object) -> dict:
    answer = await client.get(path, params=params, headers=SERVICE)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestEvents:
    async def test_of_a_key_are_those_after_a_number_as_the_relay_would_send_them(self, producer):
        database, client = producer
        person = uuid4()
        await tell(database, person, range(4))
        await tell(database, uuid4(), range(2))

        answer = await client.get(EVENTS, params={"key": str(person), "after_sequence": 1}, headers=SERVICE)

        records = [record_of(event) for event in EventsOut.model_validate_json(answer.content).items]
        rows = await run(
            database,
            "SELECT sequence, headers, data FROM outbox_event WHERE key = $1 AND sequence > 1 ORDER BY sequence",
            str(person),
        )
        assert [(r.headers, r.value) for r in records] == [
            (wire_headers(row.headers, row.sequence), bytes(row.data)) for row in rows
        ]
        assert {(r.key, r.partition) for r in records} == {(str(person).encode(), partition_of(str(person).encode()))}
        assert (answer.json()["first_available_sequence"], answer.json()["last_sequence"]) == (None, 4)

    async def test_cleaned_away_are_answered_by_the_first_one_left(self, producer):
        database, client = producer
        person, gone = uuid4(), uuid4()
        await tell(database, person, range(4))
        await tell(database, gone, range(2))
        await run(database, "DELETE FROM outbox_event WHERE sequence < 3")

        first = await ask(client, EVENTS, key=str(person), after_sequence=1)
        last = await ask(client, EVENTS, key=str(gone), after_sequence=0)

        assert first["first_available_sequence"] == 3
        assert [event["sequence"] for event in first["items"]] == [3, 4]
        assert (last["first_available_sequence"], last["items"]) == (3, [])

    async def test_stop_before_a_hole_inside(self, producer):
        database, client = producer
        person = uuid4()
        await tell(database, person, range(4))
        await run(database, "DELETE FROM outbox_event WHERE sequence = 2")

        before = await ask(client, EVENTS, key=str(person))
        behind = await ask(client, EVENTS, key=str(person), after_sequence=1)

        assert [event["sequence"] for event in before["items"]] == [1]
        assert behind["first_available_sequence"] == 3

    async def test_of_all_keys_come_in_pages_each_once(self, producer):
        database, client = producer
        for _ in range(3):
            await tell(database, uuid4(), range(5))

        found, key, sequence = [], "", 0
        while page := (await ask(client, EVENTS, after_key=key, after_sequence=sequence, limit=4))["items"]:
            found += [(event["key"], event["sequence"]) for event in page]
            key, sequence = found[-1]

        assert len(found) == 15
        assert found == sorted(set(found))


class TestHeads:
    async def test_of_changed_keys_leave_out_what_is_young_old_or_not_yet_sent(self, fresh_database):
        database = await fresh_database()
        old, young, sent, half = (uuid4() for _ in range(4))
        for key in (old, young, sent):
            await tell(database, key, range(2))
        await tell(database, half, range(3))
        await run(
            database, "UPDATE outbox_event SET recorded_at = now() - interval '1 min' WHERE key <> $1", str(young)
        )
        await run(database, "UPDATE outbox_event SET recorded_at = now() - interval '1 day' WHERE key = $1", str(old))
        await run(
            database,
            "DELETE FROM outbox_pending USING outbox_event e WHERE e.log_id = outbox_pending.log_id "
            "AND (e.key <> $1 OR e.sequence = 1)",
            str(half),
        )

        async with client_of(an_app(database, heads_age_seconds=30)) as client:
            since = (utc_now() - timedelta(hours=1)).isoformat()
            heads = await ask(client, HEADS, changed_since=since)

        assert {h["key"]: h["last_sequence"] for h in heads["items"]} == {str(sent): 2, str(half): 1}
        assert datetime.fromisoformat(heads["as_of"]) - utc_now() < timedelta(seconds=5)

    async def test_of_all_keys_include_the_last_and_come_in_pages(self, producer):
        database, client = producer
        keys = sorted(str(uuid4()) for _ in range(5))
        for key in keys:
            await tell(database, UUID(key), range(2))
        await run(database, "DELETE FROM outbox_pending")

        first = await ask(client, HEADS, limit=3)
        second = await ask(client, HEADS, limit=3, after_key=first["next_key"])

        assert [h["key"] for h in first["items"] + second["items"]] == keys
        assert second["next_key"] is None


class TestDoor:
    @pytest.mark.parametrize("path", [f"{EVENTS}?key=x", HEADS])
    async def test_lets_only_our_own_services_in(self, producer, path):
        _, client = producer

        refused = [
            (await client.get(path, headers=bearer(scope))).status_code for scope in ("operator", "his", "events")
        ]

        assert refused == [403, 403, 403]
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=SERVICE)).status_code == 200

    @pytest.mark.parametrize(
        "query",
        ["limit=0", "after_sequence=-1", "after_sequence=x", "key=", "unknown=1", "key=a&after_key=b", "key=a%00"],
    )
    async def test_refuses_what_it_does_not_understand(self, producer, query):
        _, client = producer

        answer = await client.get(f"{EVENTS}?{query}", headers=SERVICE)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    @pytest.mark.parametrize("instant", ["yesterday", "2026-01-01", "2026-01-01T00:00:00"])
    async def test_takes_instants_with_their_zone_only(self, producer, instant):
        _, client = producer

        answer = await client.get(f"{HEADS}?changed_since={quote(instant)}", headers=SERVICE)

        assert answer.status_code == 422

    async def test_is_not_there_at_the_gateway(self, fresh_database):
        async with client_of(an_app(await fresh_database(), name="gateway")) as client:
            answers = await asyncio.gather(*(client.get(path, headers=SERVICE) for path in (EVENTS, HEADS)))

        assert [answer.status_code for answer in answers] == [404, 404]
